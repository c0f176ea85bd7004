//! Time entries one by one: what one would do to the client's hours, in, changed, out and back again.

use quarterhour_billing::{Period, TimeEntry as EngineEntry, Words};
use quarterhour_books::csv::write_record;
use quarterhour_books::rows::{ENTRY_COLUMNS, EntryRow};
use quarterhour_books::{EntryReader, entries};
use quarterhour_store::Tx;
use quarterhour_store::statements::{audit, client, closing, counter, hold, time_entry};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::effect::{self, Effect};
use crate::app::import::{period_of, stored_row};
use crate::app::live::ClientLive;
use crate::app::revision::{self, Latest, Step};
use crate::app::seen::{Seen, whatever};
use crate::app::stored::{StoredBooks, client_version};
use crate::app::webhook::{self, entry_data};
use crate::error::{AppError, FieldProblem};

const KIND: &str = "time entry";
/// How far ahead of the clock work may begin: a wrong date is more likely than tomorrow's work.
const AHEAD_SECONDS: i64 = 15 * 60;
/// How far back one may log work: what is older is most likely a slip of the year.
const PAST_SECONDS: i64 = 366 * 86_400;
/// The longest entry: a month.
const MINUTES_MAX: u32 = 31 * 24 * 60;

/// A time entry as somebody writes it. Empty tier and work type take the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The client's code.
    pub client: String,
    /// The ticket; may be empty.
    pub ticket: String,
    /// Who worked.
    pub technician: String,
    /// The start in Unix seconds.
    pub started_at: i64,
    /// Actual minutes.
    pub minutes: u32,
    /// The tier.
    pub tier: String,
    /// The work type.
    pub work_type: String,
    /// The device; may be empty.
    pub device: String,
    /// Does it count?
    pub billable: bool,
    /// Was it the provider's own error or rework?
    pub provider_cause: bool,
    /// For the client.
    pub note: String,
}

/// An entry that was written.
#[derive(Clone, Debug, Serialize)]
pub struct Saved {
    /// Its id.
    pub id: String,
    /// The period that it belongs to.
    pub period: Period,
    /// Set when that period is issued: it is billed on the next open statement.
    pub late_for: Option<Period>,
}

impl Draft {
    /// An entry as it is stored.
    #[must_use]
    pub fn of(row: &time_entry::TimeEntry, code: &str) -> Self {
        Self {
            client: code.to_owned(),
            ticket: row.ticket.clone(),
            technician: row.technician.clone(),
            started_at: row.started_at,
            minutes: u32::try_from(row.minutes).unwrap_or(u32::MAX),
            tier: row.tier.clone(),
            work_type: row.work_type.clone(),
            device: row.device.clone(),
            billable: row.billable,
            provider_cause: row.cause == "provider",
            note: row.note.clone(),
        }
    }

    fn row<'r>(&'r self, id: &'r str) -> EntryRow<'r> {
        let or = |text: &'r str, other: &'r str| if text.is_empty() { other } else { text };
        EntryRow {
            line: 0,
            id,
            client: &self.client,
            ticket: &self.ticket,
            technician: &self.technician,
            started_at: self.started_at,
            minutes: self.minutes,
            tier: or(&self.tier, "technician"),
            work_type: or(&self.work_type, "remote"),
            device: &self.device,
            billable: self.billable,
            provider_cause: self.provider_cause,
            note: &self.note,
        }
    }
}

/// Checks drafts by the rules of the books; the problems name the draft by its position where there are several.
///
/// # Errors
///
/// Lists what is wrong.
pub fn check(books: &StoredBooks, drafts: &[Draft], now: i64) -> Result<(), AppError> {
    let mut text = String::new();
    write_record(&mut text, &ENTRY_COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());
    let mut problems = Vec::new();
    let named = |index: usize, field: &str| if drafts.len() == 1 { field.to_owned() } else { format!("entries.{index}.{field}") };
    for (index, draft) in drafts.iter().enumerate() {
        let started_at = jiff::Timestamp::from_second(draft.started_at).map(|at| at.to_string()).unwrap_or_default();
        let (id, minutes, billable) = (index.to_string(), draft.minutes.to_string(), draft.billable.to_string());
        let cause = if draft.provider_cause { "provider" } else { "client" };
        let fields = [
            &id,
            &draft.client,
            &draft.ticket,
            &draft.technician,
            &started_at,
            &minutes,
            &draft.tier,
            &draft.work_type,
            &draft.device,
            &billable,
            cause,
            &draft.note,
        ];
        write_record(&mut text, &fields);
        if draft.started_at > now + AHEAD_SECONDS {
            problems.push(FieldProblem::new(named(index, "started_at"), "in the future; expected when the work began"));
        } else if draft.started_at + i64::from(draft.minutes) * 60 > now + AHEAD_SECONDS {
            let message = format!("{} minutes from then end in the future; expected work that is done", draft.minutes);
            problems.push(FieldProblem::new(named(index, "minutes"), message));
        } else if draft.minutes > MINUTES_MAX {
            problems.push(FieldProblem::new(named(index, "minutes"), format!("more than 31 days; expected at most {MINUTES_MAX}")));
        }
    }
    if let Err(found) = entries::read(&books.setup, text.as_bytes()) {
        // A note may hold line breaks, so the line does not tell the draft; with one draft it need not.
        let index = |line: Option<usize>| line.map_or(0, |line| line.saturating_sub(2)).min(drafts.len().saturating_sub(1));
        problems.extend(found.into_iter().map(|it| {
            let field = it.column.unwrap_or_default();
            let message = if field == "client" { "there is no such client; expected the code of one".to_owned() } else { it.message };
            FieldProblem::new(named(index(it.line), &field), message)
        }));
    }
    if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
}

/// Refuses new work of long ago; what is there already may be corrected.
fn refuse_long_ago(drafts: &[Draft], now: i64) -> Result<(), AppError> {
    let Some(index) = drafts.iter().position(|draft| draft.started_at < now - PAST_SECONDS) else { return Ok(()) };
    let field = if drafts.len() == 1 { "started_at".to_owned() } else { format!("entries.{index}.started_at") };
    Err(AppError::field(field, "more than a year ago; is the year right? Older work comes in by an import of books"))
}

/// The result of a step that is taken and undone again, or its failure.
enum DryRun {
    Seen(Box<Effect>),
    Failed(AppError),
}

impl From<quarterhour_store::StoreError> for DryRun {
    fn from(error: quarterhour_store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<AppError> for DryRun {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl Context {
    /// What an entry would do to the client's hours and bill. `replacing` names an entry that it changes.
    ///
    /// # Errors
    ///
    /// Refuses drafts that could not be saved.
    pub fn entry_effect(&self, actor: &Actor, draft: &Draft, replacing: Option<&str>) -> Result<Effect, AppError> {
        self.allow(actor, &draft.technician)?;
        let (books, now) = (self.books()?, self.clock.now().as_second());
        check(&books, std::slice::from_ref(draft), now)?;
        if replacing.is_none() {
            refuse_long_ago(std::slice::from_ref(draft), now)?;
        }
        let client_id = client_id(&books, &draft.client)?;
        let live = self.client_live(client_id)?;
        let period = period_of(&books, client_id, draft.started_at);
        let replaced = replacing.map(|id| live.entries().iter().any(|entry| entry.id == id));
        if live.is_issued(period) || period > live.running || replaced == Some(false) {
            return self.effect_by_trying(draft, replacing, &live);
        }
        let id = replacing.unwrap_or("new");
        let (entry, words) = engine_entry(&live, draft, id)?;
        let mut entries: Vec<EngineEntry> = live.entries().iter().filter(|other| other.id != id).cloned().collect();
        entries.push(entry);
        entries::sort(&mut entries);
        let after = live.bill(live.client()?, &entries, &words)?;
        Ok(effect::of(&live, &after, id, period, None))
    }

    /// Saves, looks and takes it back: the one way to see what late time does.
    fn effect_by_trying(&self, draft: &Draft, replacing: Option<&str>, before: &ClientLive) -> Result<Effect, AppError> {
        let books = &before.books;
        let tried: Result<(), DryRun> = self.store.write(|tx| {
            let saved = match replacing {
                Some(id) => change(tx, books, id, draft)?.1,
                None => insert(tx, books, draft)?,
            };
            let until = before.running.max(saved.period);
            let after = ClientLive::read_in(tx, books, client_id(books, &draft.client)?, until)?;
            Err(DryRun::Seen(Box::new(effect::of(before, &after.result, &saved.id, saved.period, saved.late_for))))
        });
        match tried {
            Err(DryRun::Seen(effect)) => Ok(*effect),
            Err(DryRun::Failed(error)) => Err(error),
            Ok(()) => Err(AppError::fault("a trial was saved")),
        }
    }

    /// Saves a new entry.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed or not right; nothing is saved then.
    pub fn save_entry(&self, actor: &Actor, draft: &Draft) -> Result<Saved, AppError> {
        let mut saved = self.save_entries(actor, std::slice::from_ref(draft))?;
        saved.pop().ok_or_else(|| AppError::fault("an entry was not saved"))
    }

    /// Saves new entries, all or none.
    ///
    /// # Errors
    ///
    /// Lists what is not right; nothing is saved then.
    pub fn save_entries(&self, actor: &Actor, drafts: &[Draft]) -> Result<Vec<Saved>, AppError> {
        self.save_entries_in(actor, drafts, |_, _| Ok(()))
    }

    /// As [`Context::save_entries`]; `also` writes more in the same transaction.
    ///
    /// # Errors
    ///
    /// Lists what is not right; nothing is saved then.
    pub fn save_entries_in(
        &self,
        actor: &Actor,
        drafts: &[Draft],
        also: impl FnOnce(&mut Tx, &[Saved]) -> Result<(), AppError>,
    ) -> Result<Vec<Saved>, AppError> {
        for draft in drafts {
            self.allow(actor, &draft.technician)?;
        }
        let (books, now) = (self.books()?, self.clock.now().as_second());
        check(&books, drafts, now)?;
        refuse_long_ago(drafts, now)?;
        let mut clients = drafts.iter().map(|draft| client_id(&books, &draft.client)).collect::<Result<Vec<_>, _>>()?;
        clients.sort_unstable();
        clients.dedup();
        let (saved, versions) = self.store.write(|tx| {
            // In one order everywhere, so that two writers never wait for each other.
            let mut versions = Vec::new();
            for client_id in &clients {
                versions.push((*client_id, hold_client(tx, &books, *client_id)?));
            }
            let mut saved = Vec::with_capacity(drafts.len());
            for draft in drafts {
                let entry = insert(tx, &books, draft)?;
                let change = Change::new("created", KIND, &entry.id).of_client(client_id(&books, &draft.client)?).after(draft);
                self.record(tx, actor, change)?;
                saved.push(entry);
            }
            let told = drafts.iter().zip(&saved).map(|(draft, saved)| entry_data(&saved.id, draft, saved.period, saved.late_for));
            self.emit_all(tx, webhook::ENTRY_CREATED, told)?;
            also(tx, &saved)?;
            Ok::<_, AppError>((saved, versions))
        })?;
        for (client_id, version) in versions {
            self.client_changed(client_id, version);
        }
        Ok(saved)
    }

    /// An entry as it stands, with the client's id and whether it stands on an issued statement.
    ///
    /// # Errors
    ///
    /// Fails for an unknown id.
    pub fn entry(&self, id: &str) -> Result<(Draft, Uuid, bool), AppError> {
        let books = self.books()?;
        self.store.read(|tx| {
            let rows = time_entry::list_revisions(tx, books.provider_id, id)?;
            let last = rows.last().ok_or_else(|| AppError::not_found("time entry"))?;
            let issued = issued(tx, &books, last.client_id)?;
            Ok((Draft::of(last, books.code(last.client_id)), last.client_id, latest(&books, last).is_frozen(issued)))
        })
    }

    /// Changes an entry. On an issued statement that is a correction on the next open one.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed or not right; nothing is saved then.
    pub fn change_entry(&self, actor: &Actor, id: &str, draft: &Draft, seen: Seen<'_, Draft>) -> Result<Saved, AppError> {
        self.allow(actor, &draft.technician)?;
        let books = self.books()?;
        check(&books, std::slice::from_ref(draft), self.clock.now().as_second())?;
        let (saved, versions) = self.store.write(|tx| {
            let rows = time_entry::list_revisions(tx, books.provider_id, id)?;
            let last = rows.last().ok_or_else(|| AppError::not_found("time entry"))?;
            self.allow(actor, &last.technician)?;
            if latest(&books, last).is_frozen(issued(tx, &books, last.client_id)?) {
                actor.may_correct_issued()?;
            }
            let mut clients = vec![last.client_id, client_id(&books, &draft.client)?];
            clients.sort_unstable();
            clients.dedup();
            let mut versions = Vec::new();
            for client_id in clients {
                versions.push((client_id, hold_client(tx, &books, client_id)?));
            }
            let (before, saved) = change(tx, &books, id, draft)?;
            seen(&before)?;
            let client_id = client_id(&books, &draft.client)?;
            self.record(tx, actor, Change::new("changed", KIND, id).of_client(client_id).before(&before).after(draft))?;
            self.emit(tx, webhook::ENTRY_CHANGED, &entry_data(id, draft, saved.period, saved.late_for))?;
            Ok::<_, AppError>((saved, versions))
        })?;
        for (client_id, version) in versions {
            self.client_changed(client_id, version);
        }
        Ok(saved)
    }

    /// Takes an entry out. On an issued statement that is a correction to no minutes, and so it is when a correction waits.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed.
    pub fn delete_entry(&self, actor: &Actor, id: &str, seen: Seen<'_, Draft>) -> Result<Draft, AppError> {
        let (draft, client_id, frozen) = self.entry(id)?;
        self.allow(actor, &draft.technician)?;
        seen(&draft)?;
        let books = self.books()?;
        let is_corrected = self.store.read(|tx| time_entry::list_revisions(tx, books.provider_id, id))?.len() > 1;
        if frozen || is_corrected {
            self.change_entry(actor, id, &Draft { minutes: 0, ..draft.clone() }, seen)?;
            return Ok(draft);
        }
        let version = self.store.write(|tx| {
            let version = hold_client(tx, &books, client_id)?;
            let rows = time_entry::list_revisions(tx, books.provider_id, id)?;
            let last = rows.last().ok_or_else(|| AppError::not_found("time entry"))?;
            seen(&Draft::of(last, books.code(last.client_id)))?;
            if latest(&books, last).is_frozen(issued(tx, &books, client_id)?) {
                return Err(AppError::conflict(
                    "its period was issued meanwhile",
                    "set its minutes to 0: that is billed as a correction",
                ));
            }
            match (last.late_for.is_some(), last.revision) {
                (true, _) => time_entry::delete_pending_revision(tx, books.provider_id, id, last.revision)?,
                (false, _) => time_entry::delete_open(tx, books.provider_id, id)?,
            }
            self.record(tx, actor, Change::new("deleted", KIND, id).of_client(client_id).before(&draft))?;
            let (period, late_for) =
                (period_of(&books, client_id, draft.started_at), last.late_for.as_deref().and_then(Period::parse));
            self.emit(tx, webhook::ENTRY_DELETED, &entry_data(id, &draft, period, late_for))?;
            Ok::<_, AppError>(version)
        })?;
        self.client_changed(client_id, version);
        Ok(draft)
    }

    /// Brings an entry back that was deleted, as it was.
    ///
    /// # Errors
    ///
    /// Fails when it was not deleted, or is there again.
    pub fn restore_entry(&self, actor: &Actor, id: &str) -> Result<Saved, AppError> {
        let books = self.books()?;
        let lost = || AppError::not_found("deleted time entry");
        let (draft, now): (Draft, Option<time_entry::TimeEntry>) = self.store.read(|tx| {
            let last = audit::list_of_subject(tx, books.provider_id, KIND, id, 1)?.pop().ok_or_else(lost)?;
            let of = last.client_id;
            let before = last.before_json.filter(|_| matches!(last.action.as_str(), "deleted" | "changed")).ok_or_else(lost)?;
            let now = time_entry::list_revisions(tx, books.provider_id, id)?.pop();
            let draft: Draft = serde_json::from_str(&before).map_err(|_| lost())?;
            // Another client may have got the code of one that was deleted.
            if client_id(&books, &draft.client).ok() != of {
                return Err(lost());
            }
            Ok::<_, AppError>((draft, now))
        })?;
        self.allow(actor, &draft.technician)?;
        match now {
            // What stood on an issued statement was not deleted but corrected to no minutes.
            Some(now) if now.minutes == 0 && draft.minutes > 0 => return self.change_entry(actor, id, &draft, &whatever),
            Some(_) => return Err(AppError::conflict("the entry is there again", "open it from the timesheet")),
            None => {}
        }
        check(&books, std::slice::from_ref(&draft), self.clock.now().as_second())?;
        let client_id = client_id(&books, &draft.client)?;
        let (saved, version) = self.store.write(|tx| {
            let version = hold_client(tx, &books, client_id)?;
            // Once more, now that nobody else restores it.
            if !time_entry::list_revisions(tx, books.provider_id, id)?.is_empty() {
                return Err(lost());
            }
            let saved = insert_as(tx, &books, id, &draft)?;
            self.record(tx, actor, Change::new("restored", KIND, id).of_client(client_id).after(&draft))?;
            self.emit(tx, webhook::ENTRY_CREATED, &entry_data(id, &draft, saved.period, saved.late_for))?;
            Ok::<_, AppError>((saved, version))
        })?;
        self.client_changed(client_id, version);
        Ok(saved)
    }

    /// Own time, or everybody's.
    fn allow(&self, actor: &Actor, technician: &str) -> Result<(), AppError> {
        actor.require(Permission::LogTime)?;
        if technician == actor.technician { Ok(()) } else { actor.require(Permission::LogTimeOfOthers) }
    }
}

/// The id of a client's code.
///
/// # Errors
///
/// Names the code that no client has.
pub fn client_id(books: &StoredBooks, code: &str) -> Result<Uuid, AppError> {
    let position = books.setup.client(code).and_then(|(position, _)| usize::try_from(position).ok());
    let id = position.and_then(|position| books.client_ids.get(position)).copied();
    id.ok_or_else(|| AppError::field("client", format!("there is no client `{code}`; expected the code of a client")))
}

/// Raises the client's counter, which holds it until the commit: an issue of the same client waits, or is waited for.
///
/// # Errors
///
/// Fails when the database does.
pub fn hold_client(tx: &mut Tx, books: &StoredBooks, client_id: Uuid) -> Result<i64, AppError> {
    if !client::exists(tx, books.provider_id, client_id)? {
        return Err(AppError::field("client", "is deleted meanwhile; expected the code of a client"));
    }
    Ok(counter::next_number(tx, books.provider_id, &client_version(client_id))?)
}

fn issued(tx: &mut Tx, books: &StoredBooks, client_id: Uuid) -> Result<Option<Period>, AppError> {
    Ok(closing::find_last(tx, books.provider_id, client_id)?.and_then(|row| Period::parse(&row.period)))
}

fn latest(books: &StoredBooks, row: &time_entry::TimeEntry) -> Latest {
    let own = row.late_for.as_deref().and_then(Period::parse);
    Latest {
        revision: row.revision,
        period: own.unwrap_or_else(|| period_of(books, row.client_id, row.started_at)),
        late: row.late_for.is_some(),
        billed_late: row.billed_in.is_some(),
    }
}

fn insert(tx: &mut Tx, books: &StoredBooks, draft: &Draft) -> Result<Saved, AppError> {
    insert_as(tx, books, &Uuid::now_v7().to_string(), draft)
}

fn insert_as(tx: &mut Tx, books: &StoredBooks, id: &str, draft: &Draft) -> Result<Saved, AppError> {
    let client_id = client_id(books, &draft.client)?;
    let period = period_of(books, client_id, draft.started_at);
    let late_for = revision::is_issued(period, issued(tx, books, client_id)?).then_some(period);
    time_entry::insert(tx, books.provider_id, &stored_row(&draft.row(id), client_id, 0, late_for.map(|it| it.to_string())))?;
    Ok(Saved { id: id.to_owned(), period, late_for })
}

/// Writes a changed entry; returns what it was.
fn change(tx: &mut Tx, books: &StoredBooks, id: &str, draft: &Draft) -> Result<(Draft, Saved), AppError> {
    let provider = books.provider_id;
    let rows = time_entry::list_revisions(tx, provider, id)?;
    let last = rows.last().ok_or_else(|| AppError::not_found("time entry"))?;
    let before = Draft::of(last, books.code(last.client_id));
    let client_id = client_id(books, &draft.client)?;
    let period = period_of(books, client_id, draft.started_at);
    let issued = issued(tx, books, client_id)?;
    let new = draft.row(id);
    let as_before = rows.iter().rev().nth(1).is_some_and(|row| {
        let before = Draft::of(row, books.code(row.client_id));
        stored_row(&before.row(id), client_id, 0, None) == stored_row(&new, client_id, 0, None)
    });
    let was = latest(books, last);
    let step = revision::step(was, period, issued, last.client_id == client_id, as_before);
    let row = |revision: i64, late_for: Option<Period>| stored_row(&new, client_id, revision, late_for.map(|it| it.to_string()));
    let late_for = match step {
        Step::RefuseOtherClient => {
            return Err(AppError::field(
                "client",
                "it was issued to another client; delete it, which gives its time back, and log it anew for this one",
            ));
        }
        // A correction belongs to the month that was issued: moved on, the work would be in no month of its own.
        Step::Correct { .. } | Step::Replace { .. } if (was.is_frozen(issued) || was.revision > 0) && period != was.period => {
            let month = crate::dates::month(was.period);
            let message = format!(
                "it was issued with {month} and stays there; delete it, which gives its time back, and log it anew on this day"
            );
            return Err(AppError::field("started_at", message));
        }
        Step::Correct { revision, late_for } => {
            refuse_held(tx, provider, last)?;
            time_entry::insert(tx, provider, &row(revision, Some(late_for)))?;
            Some(late_for)
        }
        Step::TakeBack => {
            time_entry::delete_pending_revision(tx, provider, id, last.revision)?;
            None
        }
        Step::Replace { late_for } => {
            time_entry::update_open(tx, provider, &row(last.revision, late_for))?;
            late_for
        }
    };
    Ok((before, Saved { id: id.to_owned(), period, late_for }))
}

/// Refuses to correct work that is partly held: it would be billed by the correction, and once more when it is released.
fn refuse_held(tx: &mut Tx, provider: quarterhour_store::ProviderId, row: &time_entry::TimeEntry) -> Result<(), AppError> {
    let holds = hold::list_of_client(tx, provider, row.client_id)?;
    let waits = |it: &&hold::Hold| it.entry_id == row.entry_id && it.billed_in.is_none() && it.state != "written-off";
    let Some(hold) = holds.iter().find(waits) else { return Ok(()) };
    let (number, done) = (&hold.hold_id, hold.state == "released");
    Err(if done {
        let message = format!("overage of this entry was released under number {number} and is not billed yet");
        AppError::conflict(message, "correct it once the statement with it is issued")
    } else {
        let message = format!("part of this entry is held overage under number {number}");
        AppError::conflict(message, "release it or write it off first; then it can be corrected")
    })
}

fn engine_entry(live: &ClientLive, draft: &Draft, id: &str) -> Result<(EngineEntry, Words), AppError> {
    let mut reader = EntryReader::new(&live.books.setup);
    reader.words = live.words().clone();
    let (_, entry) = reader.entry(&draft.row(id)).ok_or_else(|| AppError::not_found("client"))?;
    Ok((entry, reader.words))
}
