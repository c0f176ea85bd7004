//! Brings a folder into the database: all of it or nothing, twice is once, and what was issued stays.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use quarterhour_billing::{Day, Period};
use quarterhour_books::rows::{ClientRow, EntryRow};
use quarterhour_books::{BookClient, Problem, Setup, SetupFiles, entries, setup};
use quarterhour_store::statements::{agreement, client, counter, device, provider, time_entry};
use quarterhour_store::{ProviderId, Store, Tx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::actor::Actor;
use crate::app::audit::{self, Change};
use crate::app::folder;
use crate::app::revision::{self, Latest, Step};
use crate::app::stored::{self, BOOKS_VERSION, StoredBooks};
use crate::error::AppError;

/// New, changed and untouched rows of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Not there before.
    pub new: usize,
    /// Other than before.
    pub changed: usize,
    /// As before.
    pub same: usize,
    /// In the database, and not in the folder.
    pub kept: usize,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Was the provider's file new or other?
    pub provider_changed: bool,
    /// Clients.
    pub clients: Tally,
    /// Devices.
    pub devices: Tally,
    /// Agreements.
    pub agreements: Tally,
    /// Time entries.
    pub entries: Tally,
    /// New entries of issued periods: late time on the next statement.
    pub late: usize,
    /// Changed entries of issued periods: corrections on the next statement.
    pub corrections: usize,
    /// What else the book-keeper should know.
    pub remarks: Vec<String>,
}

/// The files of the books, read and not looked at.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    /// Where they came from, for messages.
    pub name: String,
    /// All files but the time entries.
    pub files: SetupFiles,
    /// `time_entries.csv`.
    pub entries: Vec<u8>,
}

/// Whether an import is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything is looked at, nothing is kept.
    Try,
    /// Everything is kept.
    Keep,
}

/// How an import ended inside its transaction: failed, or undone on purpose.
enum Undone {
    Failed(AppError),
    Seen(Box<Summary>),
}

impl From<quarterhour_store::StoreError> for Undone {
    fn from(error: quarterhour_store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<AppError> for Undone {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

/// Imports a folder; `done` is called with the number of entries looked at since the last call.
///
/// # Errors
///
/// Lists the mistakes of the folder, or says why the database refused; nothing is changed then.
pub fn import(store: &Store, path: &Path, done: impl Fn(u64)) -> Result<Summary, AppError> {
    let (files, entries) = (folder::read_setup_files(path)?, folder::read_entries_file(path)?);
    let archive = Archive { name: path.display().to_string(), files, entries };
    import_archive(store, &archive, Mode::Keep, None, done)
}

/// Imports the files of the books for somebody (none: the command line), or only looks what that would change.
///
/// # Errors
///
/// Lists the mistakes of the files, or says why the database refused; nothing is changed then.
pub fn import_archive(
    store: &Store,
    archive: &Archive,
    mode: Mode,
    actor: Option<&Actor>,
    done: impl Fn(u64),
) -> Result<Summary, AppError> {
    let problems = |problems| AppError::Books { folder: archive.name.clone(), problems };
    let setup = setup::read(&archive.files).map_err(problems)?;
    let rows = entries::read(&setup, &archive.entries).map_err(problems)?.rows;
    let imported = store.write(|tx| {
        let summary = import_in(tx, archive, &setup, rows, actor, &done)?;
        match mode {
            Mode::Keep => Ok(summary),
            Mode::Try => Err(Undone::Seen(Box::new(summary))),
        }
    });
    match imported {
        Ok(summary) => Ok(summary),
        Err(Undone::Seen(summary)) => Ok(*summary),
        Err(Undone::Failed(error)) => Err(error),
    }
}

fn import_in(
    tx: &mut Tx,
    archive: &Archive,
    setup: &Setup,
    rows: usize,
    actor: Option<&Actor>,
    done: &impl Fn(u64),
) -> Result<Summary, AppError> {
    let problems = |problems| AppError::Books { folder: archive.name.clone(), problems };
    let mut summary = Summary::default();
    let provider_id = import_provider(tx, setup, &archive.files, &mut summary)?;
    counter::lock_provider(tx, provider_id)?;
    counter::next_number(tx, provider_id, BOOKS_VERSION)?;
    let ids = import_clients(tx, provider_id, setup, &mut summary)?;
    import_devices(tx, provider_id, setup, &ids, &mut summary)?;
    import_agreements(tx, provider_id, setup, &archive.files, &ids, &mut summary)?;
    let books = stored::read(tx).map_err(|error| in_archive(error, archive))?;
    remark_on_issued(&books, &mut summary);
    let mut plan = EntryPlan::read(tx, &books, rows)?;
    let mut seen = 0;
    let mut wrong = Vec::new();
    let read = entries::each_row(&archive.entries, |row| {
        plan.row(row, &mut summary, &mut wrong);
        seen += 1;
        if seen % 4096 == 0 {
            done(4096);
        }
    });
    read.map_err(problems)?;
    if !wrong.is_empty() {
        return Err(problems(wrong));
    }
    plan.write(tx, provider_id, &mut summary)?;
    done(seen % 4096);
    let command_line = Actor::command_line(provider_id);
    let change = Change::new("imported", "books", archive.name.clone()).after(&summary);
    audit::write(tx, actor.unwrap_or(&command_line), jiff::Timestamp::now(), change)?;
    Ok(summary)
}

/// Books that fit by themselves, but not with what the database has.
fn in_archive(error: AppError, archive: &Archive) -> AppError {
    match error {
        AppError::Books { problems, .. } => AppError::Books { folder: archive.name.clone(), problems },
        other => other,
    }
}

fn import_provider(tx: &mut Tx, setup: &Setup, files: &SetupFiles, summary: &mut Summary) -> Result<ProviderId, AppError> {
    let text = String::from_utf8_lossy(&files.provider).into_owned();
    let name = &setup.provider.name;
    let Some(before) = provider::find_first(tx)? else {
        let row = provider::Provider {
            provider_id: ProviderId(Uuid::now_v7()),
            name: name.clone(),
            settings_toml: text,
            created_at: jiff::Timestamp::now(),
        };
        provider::insert(tx, &row)?;
        summary.provider_changed = true;
        return Ok(row.provider_id);
    };
    if before.name != *name {
        summary.remarks.push(format!("the provider's name changed from `{}` to `{name}`: is this the right database?", before.name));
    }
    if before.settings_toml != text {
        provider::update_settings(tx, before.provider_id, name, &text)?;
        summary.provider_changed = true;
        summary.remarks.push("provider.toml changed: open periods are billed by the new one".to_owned());
    }
    Ok(before.provider_id)
}

fn client_of(row: &ClientRow, client_id: Uuid) -> client::Client {
    let field = |name: &str| row.field(name).to_owned();
    client::Client {
        client_id,
        code: row.code.clone(),
        name: field("name"),
        email: field("email"),
        currency: field("currency"),
        time_zone: field("time_zone"),
        tax_percent: field("tax_percent"),
        street: field("street"),
        city: field("city"),
        postcode: field("postcode"),
        region: field("region"),
        country: field("country"),
        tax_id: field("tax_id"),
    }
}

/// Clients in; returns the id of each code.
fn import_clients(tx: &mut Tx, id: ProviderId, setup: &Setup, summary: &mut Summary) -> Result<HashMap<String, Uuid>, AppError> {
    let mut before: HashMap<String, client::Client> =
        client::list_all(tx, id)?.into_iter().map(|row| (row.code.clone(), row)).collect();
    let mut ids = HashMap::new();
    let mut new = Vec::new();
    for BookClient { row, .. } in &setup.clients {
        let known = before.remove(&row.code);
        let client_id = known.as_ref().map_or_else(Uuid::now_v7, |known| known.client_id);
        ids.insert(row.code.clone(), client_id);
        let now = client_of(row, client_id);
        match known {
            None => new.push(now),
            Some(known) if known == now => summary.clients.same += 1,
            Some(known) => {
                if known.time_zone != now.time_zone || known.currency != now.currency {
                    summary.remarks.push(format!("client {}: time zone or currency changed for open periods", row.code));
                }
                client::update(tx, id, &now)?;
                summary.clients.changed += 1;
            }
        }
    }
    summary.clients.new = new.len();
    summary.clients.kept = before.len();
    client::insert_many(tx, id, new)?;
    Ok(ids)
}

/// Devices in. Rows of one name are paired in order of their dates; one too many is retired on its first day.
fn import_devices(
    tx: &mut Tx,
    id: ProviderId,
    setup: &Setup,
    ids: &HashMap<String, Uuid>,
    summary: &mut Summary,
) -> Result<(), AppError> {
    let mut before: HashMap<(Uuid, String), Vec<device::Device>> = HashMap::new();
    for row in device::list_all(tx, id)? {
        before.entry((row.client_id, row.name.clone())).or_default().push(row);
    }
    for rows in before.values_mut() {
        rows.sort_by_key(|row| std::cmp::Reverse(row.in_service_on));
    }
    let mut new = Vec::new();
    for BookClient { row, client } in &setup.clients {
        let Some(client_id) = ids.get(&row.code).copied() else { continue };
        for device in &client.devices {
            let known = before.get_mut(&(client_id, device.name.clone())).and_then(Vec::pop);
            let now = device::Device {
                device_id: known.as_ref().map_or_else(Uuid::now_v7, |known| known.device_id),
                client_id,
                name: device.name.clone(),
                class: device.class.name().to_owned(),
                in_service_on: device.in_service.date(),
                retired_on: device.retired.map(Day::date),
                serial: device.serial.clone(),
                site: device.site.clone(),
            };
            match known {
                None => new.push(now),
                Some(known) if known == now => summary.devices.same += 1,
                Some(_) => {
                    device::update(tx, id, &now)?;
                    summary.devices.changed += 1;
                }
            }
        }
        for device in &client.devices {
            for mut extra in before.remove(&(client_id, device.name.clone())).unwrap_or_default() {
                extra.retired_on = Some(extra.in_service_on);
                device::update(tx, id, &extra)?;
                summary.devices.changed += 1;
            }
        }
    }
    summary.devices.new = new.len();
    summary.devices.kept = before.values().map(Vec::len).sum();
    device::insert_many(tx, id, new)?;
    Ok(())
}

fn import_agreements(
    tx: &mut Tx,
    id: ProviderId,
    setup: &Setup,
    files: &SetupFiles,
    ids: &HashMap<String, Uuid>,
    summary: &mut Summary,
) -> Result<(), AppError> {
    let mut before: HashMap<String, agreement::Agreement> =
        agreement::list_all(tx, id)?.into_iter().map(|row| (row.name.clone(), row)).collect();
    let texts: HashMap<&str, &[u8]> = files.agreements.iter().map(|(name, text)| (name.as_str(), text.as_slice())).collect();
    let mut new = Vec::new();
    for BookClient { row, client } in &setup.clients {
        for signed in client.agreements.as_slice() {
            let text = texts.get(signed.name.as_str()).copied().unwrap_or_default();
            let known = before.remove(&signed.name);
            let now = agreement::Agreement {
                agreement_id: known.as_ref().map_or_else(Uuid::now_v7, |known| known.agreement_id),
                client_id: ids.get(&row.code).copied().unwrap_or_default(),
                name: signed.name.clone(),
                starts_on: signed.starts.date(),
                source_toml: String::from_utf8_lossy(text).into_owned(),
            };
            match known {
                None => new.push(now),
                Some(known) if known == now => summary.agreements.same += 1,
                Some(known) => {
                    agreement::update(tx, id, &now)?;
                    summary.agreements.changed += 1;
                    summary.remarks.push(format!("agreement {}: open periods are billed by the new text", known.name));
                }
            }
        }
    }
    summary.agreements.new = new.len();
    summary.agreements.kept = before.len();
    agreement::insert_many(tx, id, new)?;
    Ok(())
}

/// Says where the device list now gives an issued period another count: the invoice stays as it is.
fn remark_on_issued(books: &StoredBooks, summary: &mut Summary) {
    let issued = books.closed.iter().flatten().count();
    if issued > 0 && summary.devices.changed > 0 {
        let remark = "devices changed: issued periods keep the count that their statements list".to_owned();
        summary.remarks.push(remark);
    }
}

/// The stored state of an entry's latest revision.
struct Known {
    revision: i64,
    client_id: Uuid,
    digest: u64,
    /// The digest of the revision before, if there is one.
    before: Option<u64>,
    /// The period that it belongs to.
    period: Period,
    late: bool,
    billed_late: bool,
    seen: bool,
}

/// What an import does with the entries.
struct EntryPlan<'b> {
    books: &'b StoredBooks,
    hasher: RandomState,
    known: HashMap<String, Known>,
    insert: Vec<time_entry::TimeEntry>,
    update: Vec<time_entry::TimeEntry>,
    take_back: Vec<(String, i64)>,
}

impl<'b> EntryPlan<'b> {
    fn read(tx: &mut Tx, books: &'b StoredBooks, rows: usize) -> Result<Self, AppError> {
        let hasher = RandomState::new();
        let mut known: HashMap<String, Known> = HashMap::with_capacity(rows);
        time_entry::each_revision(tx, books.provider_id, |row| {
            let digest = digest(&hasher, &stored::entry_row(&row, books.code(row.client_id)));
            let before = known.get(&row.entry_id).map(|known| known.digest);
            let own = row.late_for.as_deref().and_then(Period::parse);
            let period = own.unwrap_or_else(|| period_of(books, row.client_id, row.started_at));
            let (late, billed_late) = (row.late_for.is_some(), row.billed_in.is_some());
            let (revision, client_id) = (row.revision, row.client_id);
            let state = Known { revision, client_id, digest, before, period, late, billed_late, seen: false };
            known.insert(row.entry_id, state);
            Ok::<(), AppError>(())
        })?;
        Ok(Self { books, hasher, known, insert: Vec::new(), update: Vec::new(), take_back: Vec::new() })
    }

    fn row(&mut self, row: &EntryRow<'_>, summary: &mut Summary, wrong: &mut Vec<Problem>) {
        let Some(client_id) = self.client_id(row.client) else { return };
        let period = period_of(self.books, client_id, row.started_at);
        let issued = self.last_issued(client_id);
        let late_for = revision::is_issued(period, issued).then(|| period.to_string());
        let Some(known) = self.known.get_mut(row.id) else {
            summary.entries.new += 1;
            summary.late += usize::from(late_for.is_some());
            self.insert.push(stored_row(row, client_id, 0, late_for));
            return;
        };
        known.seen = true;
        let now = digest(&self.hasher, row);
        if known.digest == now {
            summary.entries.same += 1;
            return;
        }
        summary.entries.changed += 1;
        let latest = Latest { revision: known.revision, period: known.period, late: known.late, billed_late: known.billed_late };
        match revision::step(latest, period, issued, known.client_id == client_id, known.before == Some(now)) {
            Step::RefuseOtherClient => wrong.push(Problem {
                file: "time_entries.csv".to_owned(),
                line: Some(row.line),
                column: Some("client".to_owned()),
                message: format!(
                    "`{}` was issued to another client; expected minutes 0 here and a new id for `{}`",
                    row.id, row.client
                ),
            }),
            Step::Correct { revision, late_for } => {
                summary.corrections += 1;
                self.insert.push(stored_row(row, client_id, revision, Some(late_for.to_string())));
            }
            Step::TakeBack => self.take_back.push((row.id.to_owned(), known.revision)),
            Step::Replace { late_for } => {
                self.update.push(stored_row(row, client_id, known.revision, late_for.map(|period| period.to_string())));
            }
        }
    }

    fn client_id(&self, code: &str) -> Option<Uuid> {
        let (position, _) = self.books.setup.client(code)?;
        self.books.client_ids.get(usize::try_from(position).ok()?).copied()
    }

    fn last_issued(&self, client_id: Uuid) -> Option<Period> {
        let position = *self.books.positions.get(&client_id)?;
        self.books.closed.get(position)?.as_ref().map(|closed| closed.period)
    }

    fn write(self, tx: &mut Tx, id: ProviderId, summary: &mut Summary) -> Result<(), AppError> {
        summary.entries.kept = self.known.values().filter(|known| !known.seen).count();
        for row in &self.update {
            time_entry::update_open(tx, id, row)?;
        }
        for (entry, revision) in &self.take_back {
            time_entry::delete_pending_revision(tx, id, entry, *revision)?;
        }
        time_entry::insert_many(tx, id, self.insert)?;
        Ok(())
    }
}

/// The period of an instant on a client's wall clock.
pub fn period_of(books: &StoredBooks, client_id: Uuid, started_at: i64) -> Period {
    let client = books.positions.get(&client_id).and_then(|position| books.setup.clients.get(*position));
    client.map_or_else(|| Day::of_local(started_at), |client| client.client.clock.day(started_at)).period()
}

fn digest(hasher: &RandomState, row: &EntryRow<'_>) -> u64 {
    let words = (row.client, row.ticket, row.technician, row.tier, row.work_type, row.device, row.note);
    hasher.hash_one((words, row.started_at, row.minutes, row.billable, row.provider_cause))
}

/// A row of the books as it is stored.
pub fn stored_row(row: &EntryRow<'_>, client_id: Uuid, revision: i64, late_for: Option<String>) -> time_entry::TimeEntry {
    time_entry::TimeEntry {
        entry_id: row.id.to_owned(),
        revision,
        client_id,
        ticket: row.ticket.to_owned(),
        technician: row.technician.to_owned(),
        started_at: row.started_at,
        minutes: i64::from(row.minutes),
        tier: row.tier.to_owned(),
        work_type: row.work_type.to_owned(),
        device: row.device.to_owned(),
        billable: row.billable,
        cause: if row.provider_cause { "provider" } else { "client" }.to_owned(),
        note: row.note.to_owned(),
        late_for,
        billed_in: None,
    }
}
