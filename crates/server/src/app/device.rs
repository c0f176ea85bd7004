//! Devices one by one: in service, corrected, retired, replaced, taken out, and back again.
//! Nothing here counts them.

use jiff::civil::Date;
use quarterhour_billing::Day;
use quarterhour_store::Tx;
use quarterhour_store::statements::device::{self, Device};
use quarterhour_store::statements::{audit, client, counter, statement};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::seen::Seen;
use crate::app::stored::{BOOKS_VERSION, StoredBooks};
use crate::app::trial;
use crate::error::{AppError, FieldProblem};

const KIND: &str = "device";
/// Several devices that changed in one step.
const LIST_KIND: &str = "device list";
/// A step with more devices cannot be undone as a whole: the audit log would grow too much.
pub const UNDO_MAX: usize = 400;

/// A device as somebody writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceDraft {
    /// What the client calls it.
    pub name: String,
    /// What it is.
    pub class: String,
    /// The first day it counts.
    pub in_service: String,
    /// The first day it no longer counts; may be empty.
    pub retired: String,
    /// The serial number; may be empty.
    pub serial: String,
    /// Where it stands; may be empty.
    pub site: String,
}

/// A device as it is stored, as pages show it and as the audit log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// Its id.
    pub id: Uuid,
    /// What the client calls it.
    pub name: String,
    /// What it is.
    pub class: String,
    /// The first day it counts.
    pub in_service: Date,
    /// The first day it no longer counts.
    pub retired: Option<Date>,
    /// The serial number; may be empty.
    pub serial: String,
    /// Where it stands; may be empty.
    pub site: String,
}

impl DeviceRow {
    pub(super) fn of(row: Device) -> Self {
        Self {
            id: row.device_id,
            name: row.name,
            class: row.class,
            in_service: row.in_service_on,
            retired: row.retired_on,
            serial: row.serial,
            site: row.site,
        }
    }

    pub(super) fn stored(&self, client_id: Uuid) -> Device {
        Device {
            device_id: self.id,
            client_id,
            name: self.name.clone(),
            class: self.class.clone(),
            in_service_on: self.in_service,
            retired_on: self.retired,
            serial: self.serial.clone(),
            site: self.site.clone(),
        }
    }

    /// Does it count on a day?
    #[must_use]
    pub fn counts_on(&self, day: Date) -> bool {
        self.in_service <= day && self.retired.is_none_or(|retired| day < retired)
    }

    /// Was it put in service by mistake, so that it counts on no day?
    #[must_use]
    pub fn never_counts(&self) -> bool {
        self.retired == Some(self.in_service)
    }

    /// As it is written, to be corrected.
    #[must_use]
    pub fn draft(&self) -> DeviceDraft {
        DeviceDraft {
            name: self.name.clone(),
            class: self.class.clone(),
            in_service: self.in_service.to_string(),
            retired: self.retired.map(|date| date.to_string()).unwrap_or_default(),
            serial: self.serial.clone(),
            site: self.site.clone(),
        }
    }
}

/// One device before and after a step; none before: it is new; none after: it is taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceChange {
    /// As it was.
    pub before: Option<DeviceRow>,
    /// As it is then.
    pub after: Option<DeviceRow>,
}

impl DeviceChange {
    fn id(&self) -> Uuid {
        self.before.as_ref().or(self.after.as_ref()).map(|row| row.id).unwrap_or_default()
    }

    /// The first day on which it counts otherwise.
    #[must_use]
    pub fn first_day(&self) -> Option<Day> {
        let span = |row: &DeviceRow| (row.class.clone(), row.in_service, row.retired.unwrap_or(Date::MAX));
        let days = match (self.before.as_ref().map(span), self.after.as_ref().map(span)) {
            (Some(before), Some(after)) if before == after => None,
            (Some((class, from, to)), Some((other, from_then, to_then))) if class == other => {
                Some(if from == from_then { to.min(to_then) } else { from.min(from_then) })
            }
            (before, after) => before.into_iter().chain(after).map(|(_, from, _)| from).min(),
        };
        days.map(Day::from_date)
    }
}

/// What somebody wants to do with a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceStep {
    /// A new one.
    Add(DeviceDraft),
    /// Anything about one corrected.
    Correct(Uuid, DeviceDraft),
    /// No longer in service from a day on.
    Retire(Uuid, String),
    /// One retired on a day and another in its place.
    Replace(Uuid, String, DeviceDraft),
    /// Taken out of the list, as if it had never been.
    Delete(Uuid),
}

impl DeviceStep {
    fn action(&self) -> &'static str {
        match self {
            Self::Add(_) => "created",
            Self::Correct(..) => "changed",
            Self::Retire(..) => "retired",
            Self::Replace(..) => "replaced",
            Self::Delete(_) => "deleted",
        }
    }
}

impl Context {
    /// The devices of a client, by name and day.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn devices(&self, client_id: Uuid) -> Result<Vec<DeviceRow>, AppError> {
        let provider = self.provider()?;
        let rows = self.store.read(|tx| device::list_of_client(tx, provider, client_id))?;
        Ok(rows.into_iter().map(DeviceRow::of).collect())
    }

    /// One device of a client.
    ///
    /// # Errors
    ///
    /// Fails when the client has no such device.
    pub fn device(&self, client_id: Uuid, id: Uuid) -> Result<DeviceRow, AppError> {
        let found = self.devices(client_id)?.into_iter().find(|row| row.id == id);
        found.ok_or_else(|| AppError::not_found("device"))
    }

    /// Takes a step; returns what changed and the path part by which it is undone: a device's id, or a list's.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed or not right; nothing is saved then.
    pub fn change_devices(
        &self,
        actor: &Actor,
        code: &str,
        step: &DeviceStep,
        seen: Seen<'_, DeviceRow>,
    ) -> Result<(Vec<DeviceChange>, Uuid), AppError> {
        actor.require(Permission::EditClients)?;
        let client_id = self.client_by_code(code)?;
        let books = self.books()?;
        let done = self.store.write(|tx| {
            counter::next_number(tx, actor.provider, BOOKS_VERSION)?;
            let rows = rows(tx, &books, client_id)?;
            let changes = plan(&books, client_id, &rows, step)?;
            changes.iter().filter_map(|change| change.before.as_ref()).try_for_each(seen)?;
            check_all(tx, &books, client_id, &rows, &changes)?;
            if matches!(step, DeviceStep::Delete(_)) {
                refuse_counted(tx, &books, client_id, &changes)?;
            }
            let undo = self.write_changes(tx, actor, client_id, step.action(), &changes)?;
            Ok::<_, AppError>((changes, undo))
        })?;
        self.books_changed();
        Ok(done)
    }

    /// Writes changes with their audit rows; returns the id by which they are undone.
    pub(super) fn write_changes(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        client_id: Uuid,
        action: &str,
        changes: &[DeviceChange],
    ) -> Result<Uuid, AppError> {
        for change in changes {
            write(tx, &StoredRow { actor, client_id }, change)?;
            let mut row = Change::new(action, KIND, change.id().to_string()).of_client(client_id);
            if let Some(before) = &change.before {
                row = row.before(before);
            }
            if let Some(after) = &change.after {
                row = row.after(after);
            }
            self.record(tx, actor, row)?;
        }
        self.emit_client(tx, &self.client_code(client_id), "devices")?;
        match changes {
            [one] => Ok(one.id()),
            [] => Ok(Uuid::nil()),
            several => {
                let id = Uuid::now_v7();
                if several.len() <= UNDO_MAX {
                    self.record(tx, actor, Change::new(action, LIST_KIND, id.to_string()).of_client(client_id).after(&several))?;
                }
                Ok(id)
            }
        }
    }

    /// Takes the last step of a device or of a list back, if nothing of it changed since.
    ///
    /// # Errors
    ///
    /// Refuses when it changed meanwhile, or there is nothing to take back.
    pub fn undo_devices(&self, actor: &Actor, code: &str, id: Uuid) -> Result<usize, AppError> {
        actor.require(Permission::EditClients)?;
        let client_id = self.client_by_code(code)?;
        let books = self.books()?;
        let lost = || AppError::not_found("change of devices to undo");
        let undone = self.store.write(|tx| {
            counter::next_number(tx, actor.provider, BOOKS_VERSION)?;
            let text = id.to_string();
            let of_list = audit::list_of_subject(tx, actor.provider, LIST_KIND, &text, 1)?.pop();
            let (entry, is_list) = match of_list {
                Some(entry) => (entry, true),
                None => (audit::list_of_subject(tx, actor.provider, KIND, &text, 1)?.pop().ok_or_else(lost)?, false),
            };
            if entry.client_id != Some(client_id) || entry.action == "undone" {
                return Err(lost());
            }
            let made: Vec<DeviceChange> = if is_list {
                entry.after_json.as_deref().and_then(|text| serde_json::from_str(text).ok()).ok_or_else(lost)?
            } else {
                let row = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
                vec![DeviceChange { before: row(entry.before_json), after: row(entry.after_json) }]
            };
            let rows = rows(tx, &books, client_id)?;
            for change in &made {
                if rows.iter().find(|row| row.id == change.id()) != change.after.as_ref() {
                    let name = change.after.as_ref().or(change.before.as_ref()).map(|row| row.name.clone()).unwrap_or_default();
                    return Err(AppError::conflict(format!("`{name}` changed since"), "correct it by hand"));
                }
            }
            let back: Vec<DeviceChange> =
                made.into_iter().map(|change| DeviceChange { before: change.after, after: change.before }).collect();
            check_all(tx, &books, client_id, &rows, &back)?;
            let taken_out: Vec<DeviceChange> = back.iter().filter(|change| change.after.is_none()).cloned().collect();
            refuse_counted(tx, &books, client_id, &taken_out)?;
            for change in &back {
                write(tx, &StoredRow { actor, client_id }, change)?;
                let mut row = Change::new("undone", KIND, change.id().to_string()).of_client(client_id);
                row = if let Some(before) = &change.before { row.before(before) } else { row };
                row = if let Some(after) = &change.after { row.after(after) } else { row };
                self.record(tx, actor, row)?;
            }
            if is_list {
                self.record(tx, actor, Change::new("undone", LIST_KIND, text).of_client(client_id))?;
            }
            self.emit_client(tx, code, "devices")?;
            Ok::<_, AppError>(back.len())
        })?;
        self.books_changed();
        Ok(undone)
    }
}

struct StoredRow<'a> {
    actor: &'a Actor,
    client_id: Uuid,
}

fn write(tx: &mut Tx, to: &StoredRow<'_>, change: &DeviceChange) -> Result<(), AppError> {
    let provider = to.actor.provider;
    match (&change.before, &change.after) {
        (None, Some(after)) => device::insert(tx, provider, &after.stored(to.client_id))?,
        (Some(_), Some(after)) => device::update(tx, provider, &after.stored(to.client_id))?,
        (Some(before), None) => {
            device::delete(tx, provider, before.id)?;
        }
        (None, None) => {}
    }
    Ok(())
}

pub(super) fn rows(tx: &mut Tx, books: &StoredBooks, client_id: Uuid) -> Result<Vec<DeviceRow>, AppError> {
    Ok(device::list_of_client(tx, books.provider_id, client_id)?.into_iter().map(DeviceRow::of).collect())
}

/// What a step changes, with its fields checked.
pub(super) fn plan(
    books: &StoredBooks,
    client_id: Uuid,
    rows: &[DeviceRow],
    step: &DeviceStep,
) -> Result<Vec<DeviceChange>, AppError> {
    let find = |id: &Uuid| rows.iter().find(|row| row.id == *id).cloned().ok_or_else(|| AppError::not_found("device"));
    match step {
        DeviceStep::Add(draft) => {
            let after = check(books, client_id, draft, Uuid::now_v7(), rows)?;
            Ok(vec![DeviceChange { before: None, after: Some(after) }])
        }
        DeviceStep::Correct(id, draft) => {
            let before = find(id)?;
            let others: Vec<DeviceRow> = rows.iter().filter(|row| row.id != *id).cloned().collect();
            let after = check(books, client_id, draft, *id, &others)?;
            Ok(vec![DeviceChange { before: Some(before), after: Some(after) }])
        }
        DeviceStep::Retire(id, on) => Ok(vec![retired(find(id)?, on)?]),
        DeviceStep::Replace(id, on, draft) => {
            let change = retired(find(id)?, on)?;
            let others: Vec<DeviceRow> = rows.iter().filter(|row| row.id != *id).cloned().chain(change.after.clone()).collect();
            let draft = DeviceDraft { in_service: on.clone(), ..draft.clone() };
            let new = check(books, client_id, &draft, Uuid::now_v7(), &others)?;
            Ok(vec![change, DeviceChange { before: None, after: Some(new) }])
        }
        DeviceStep::Delete(id) => Ok(vec![DeviceChange { before: Some(find(id)?), after: None }]),
    }
}

fn retired(before: DeviceRow, on: &str) -> Result<DeviceChange, AppError> {
    let day = date(on).map_err(|expected| AppError::field("on", expected))?;
    if day < before.in_service {
        let message = format!("`{day}` is before {}, when `{}` came into service", before.in_service, before.name);
        return Err(AppError::field("on", message));
    }
    if let Some(earlier) = before.retired.filter(|earlier| *earlier <= day) {
        return Err(AppError::conflict(format!("`{}` is retired since {earlier}", before.name), "correct its dates instead"));
    }
    let after = DeviceRow { retired: Some(day), ..before.clone() };
    Ok(DeviceChange { before: Some(before), after: Some(after) })
}

/// Reads a date as people type it in a form.
///
/// # Errors
///
/// Says what was expected.
pub fn date(text: &str) -> Result<Date, String> {
    let text = text.trim();
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = text.parse::<Date>().ok().filter(|date| plain && (1990..2100).contains(&date.year()));
    let found = if text.is_empty() { "nothing".to_owned() } else { format!("`{text}`") };
    date.ok_or_else(|| format!("{found}; expected a date from 1990 to 2099 such as 2026-01-31"))
}

/// Checks the fields of one device, and that its name is not in service twice at once.
fn check(books: &StoredBooks, client_id: Uuid, draft: &DeviceDraft, id: Uuid, others: &[DeviceRow]) -> Result<DeviceRow, AppError> {
    let mut problems = Vec::new();
    let mut read = |field: &str, text: &str| date(text).map_err(|expected| problems.push(FieldProblem::new(field, expected))).ok();
    let in_service = read("in_service", &draft.in_service);
    let retired = if draft.retired.trim().is_empty() { None } else { read("retired", &draft.retired) };
    let tidy = |text: &str| text.trim().to_owned();
    let row = DeviceRow {
        id,
        name: tidy(&draft.name),
        class: tidy(&draft.class),
        in_service: in_service.or(retired).unwrap_or(Date::constant(2000, 1, 1)),
        retired,
        serial: tidy(&draft.serial),
        site: tidy(&draft.site),
    };
    let found = trial::books_of(books, &nameless(books, client_id), vec![row.stored(client_id)]).err().unwrap_or_default();
    problems.extend(found.into_iter().map(|it| FieldProblem::new(it.column.unwrap_or_else(|| "name".to_owned()), it.message)));
    if problems.is_empty()
        && let Some(other) = others.iter().find(|other| clash(&row, other))
    {
        problems.push(FieldProblem::new("name", clash_words(&row, other)));
    }
    if problems.is_empty() { Ok(row) } else { Err(AppError::Invalid(problems)) }
}

/// The client as the check of its devices needs it: by its code.
fn nameless(books: &StoredBooks, client_id: Uuid) -> client::Client {
    let text = String::new;
    let (code, name) = (books.code(client_id).to_owned(), "client".to_owned());
    client::Client {
        client_id,
        code,
        name,
        email: text(),
        currency: text(),
        time_zone: text(),
        tax_percent: text(),
        street: text(),
        city: text(),
        postcode: text(),
        region: text(),
        country: text(),
        tax_id: text(),
    }
}

/// Are two devices of one name in service at once, or from the same day?
pub(super) fn clash(one: &DeviceRow, other: &DeviceRow) -> bool {
    let (first, second) = if one.in_service <= other.in_service { (one, other) } else { (other, one) };
    let overlaps = first.retired.is_none_or(|retired| retired > second.in_service) || first.in_service == second.in_service;
    one.name == other.name && overlaps
}

pub(super) fn clash_words(row: &DeviceRow, other: &DeviceRow) -> String {
    let until = other.retired.map_or_else(|| "and not retired".to_owned(), |retired| format!("until {retired}"));
    format!("`{}` is in service since {} {until}; expected another name, or that one retired first", row.name, other.in_service)
}

/// Checks the whole list as it would be, by the rules of the books.
pub(super) fn check_all(
    tx: &mut Tx,
    books: &StoredBooks,
    client_id: Uuid,
    rows: &[DeviceRow],
    changes: &[DeviceChange],
) -> Result<StoredBooks, AppError> {
    let row = client::find(tx, books.provider_id, client_id)?.ok_or_else(|| AppError::not_found("client"))?;
    trial::books_of(books, &row, list_after(rows, changes).iter().map(|it| it.stored(client_id)).collect()).map_err(|problems| {
        let problems = problems.into_iter().map(|it| FieldProblem::new(it.column.unwrap_or_else(|| "name".to_owned()), it.message));
        AppError::Invalid(problems.collect())
    })
}

/// The list as it is after changes.
pub(super) fn list_after(rows: &[DeviceRow], changes: &[DeviceChange]) -> Vec<DeviceRow> {
    let changed = std::collections::HashSet::<Uuid>::from_iter(changes.iter().map(DeviceChange::id));
    let kept = rows.iter().filter(|row| !changed.contains(&row.id)).cloned();
    kept.chain(changes.iter().filter_map(|change| change.after.clone())).collect()
}

/// What an issued statement says of its devices, and nothing else of it.
#[derive(Deserialize)]
struct CountedBody {
    devices: Vec<crate::app::body::CountedDevice>,
}

/// A device that stands behind an issued statement's count stays in the list.
fn refuse_counted(tx: &mut Tx, books: &StoredBooks, client_id: Uuid, changes: &[DeviceChange]) -> Result<(), AppError> {
    let gone: Vec<&DeviceRow> = changes.iter().filter(|it| it.after.is_none()).filter_map(|it| it.before.as_ref()).collect();
    if gone.is_empty() {
        return Ok(());
    }
    for row in statement::list_of_client(tx, books.provider_id, client_id)? {
        let Ok(body) = serde_json::from_str::<CountedBody>(&row.body_json) else { continue };
        let counted =
            |gone: &&&DeviceRow| body.devices.iter().any(|it| it.name == gone.name && it.in_service.date() == gone.in_service);
        if let Some(device) = gone.iter().find(counted) {
            let message = format!("`{}` was counted on the issued statement of {}", device.name, row.period);
            return Err(AppError::conflict(message, "retire it instead: issued statements name the devices behind their count"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, from: &str, to: Option<&str>) -> DeviceRow {
        let date = |text: &str| text.parse().expect("a date");
        let (class, serial, site) = ("workstation".to_owned(), String::new(), String::new());
        DeviceRow { id: Uuid::nil(), name: name.to_owned(), class, in_service: date(from), retired: to.map(date), serial, site }
    }

    #[test]
    fn a_name_comes_back_once_it_is_retired() {
        let first = row("PC-1", "2026-01-01", Some("2026-03-01"));
        assert!(!clash(&first, &row("PC-1", "2026-03-01", None)));
        assert!(clash(&first, &row("PC-1", "2026-02-28", None)));
        assert!(clash(&row("PC-1", "2025-06-01", None), &first));
        assert!(!clash(&first, &row("PC-2", "2026-02-01", None)));
        assert!(clash(&row("PC-1", "2026-01-01", Some("2026-01-01")), &first), "the books refuse two rows of one day");
    }

    #[test]
    fn the_first_day_of_a_change_is_where_the_count_differs() {
        let day = |before: Option<DeviceRow>, after: Option<DeviceRow>| {
            DeviceChange { before, after }.first_day().map(|day| day.to_string())
        };
        let old = row("PC-1", "2026-01-01", None);
        assert_eq!(day(None, Some(old.clone())).as_deref(), Some("2026-01-01"));
        assert_eq!(day(Some(old.clone()), Some(row("PC-1", "2026-01-01", Some("2026-05-10")))).as_deref(), Some("2026-05-10"));
        assert_eq!(day(Some(old.clone()), Some(row("PC-1", "2026-02-01", None))).as_deref(), Some("2026-01-01"));
        assert_eq!(day(Some(old.clone()), Some(DeviceRow { serial: "X".to_owned(), ..old })), None);
    }

    #[test]
    fn dates_are_days_from_1990_to_2099() {
        assert!(date("2026-02-28").is_ok());
        for wrong in ["", "2026-02-30", "1989-12-31", "2100-01-01", "28.02.2026", "2026-2-8", "20260208"] {
            assert!(date(wrong).is_err(), "{wrong}");
        }
    }
}
