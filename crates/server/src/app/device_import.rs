//! A client's device list from a CSV file: what it would change, then all of it or nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use quarterhour_billing::ledger::sha256_hex;
use quarterhour_books::Problem;
use quarterhour_books::csv::{Reader, Record, write_record};
use quarterhour_store::statements::client::Client;
use quarterhour_store::statements::{client, counter};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::context::Context;
use crate::app::device::{self, DeviceChange, DeviceRow};
use crate::app::device_effect::DeviceEffect;
use crate::app::stored::{BOOKS_VERSION, StoredBooks};
use crate::app::trial;
use crate::error::AppError;

const FILE: &str = "devices.csv";
/// The most lines of a file: a client with more devices comes in with the books.
const LINES_MAX: usize = 20_000;

/// A file and what to do with devices that it does not name.
#[derive(Clone, Debug, Default)]
pub struct DeviceFile {
    /// Its bytes.
    pub content: Vec<u8>,
    /// Devices in service that the file does not name are retired on this day; none: they stay.
    pub retire_missing: Option<String>,
}

/// What a file would change.
#[derive(Clone, Debug, Default)]
pub struct ImportPlan {
    /// What is wrong with it; nothing else is said then.
    pub problems: Vec<Problem>,
    /// New, changed and retired devices.
    pub changes: Vec<DeviceChange>,
    /// How many are new.
    pub new: usize,
    /// How many are other than before.
    pub changed: usize,
    /// How many are retired because the file does not name them.
    pub retired: usize,
    /// How many are as before.
    pub same: usize,
    /// Devices in service that the file does not name, and that stay.
    pub missing: Vec<String>,
    /// What it does to counts, prepaid time and fees.
    pub effect: DeviceEffect,
    /// Names the plan: what is confirmed must be what was shown.
    pub digest: String,
}

impl Context {
    /// What a file would change.
    ///
    /// # Errors
    ///
    /// Fails for an unknown client, or when the database does. What is wrong with the file is in the plan.
    pub fn device_import_plan(&self, code: &str, file: &DeviceFile) -> Result<ImportPlan, AppError> {
        let client_id = self.client_by_code(code)?;
        let books = self.books()?;
        let (rows, row) = self.store.read(|tx| {
            let row = client::find(tx, books.provider_id, client_id)?.ok_or_else(|| AppError::not_found("client"))?;
            Ok::<_, AppError>((device::rows(tx, &books, client_id)?, row))
        })?;
        let mut plan = plan(&books, &row, &rows, file);
        if plan.problems.is_empty() {
            plan.effect = self.effect_of_changes(client_id, &plan.changes)?;
        }
        Ok(plan)
    }

    /// Brings a file in, if it still changes what was shown; returns the plan and the id by which it is undone.
    ///
    /// # Errors
    ///
    /// Refuses a file with mistakes, or one that would change something else by now; nothing is saved then.
    pub fn import_devices(
        &self,
        actor: &Actor,
        code: &str,
        file: &DeviceFile,
        digest: &str,
    ) -> Result<(ImportPlan, Option<Uuid>), AppError> {
        actor.require(Permission::EditClients)?;
        let client_id = self.client_by_code(code)?;
        let books = self.books()?;
        let done = self.store.write(|tx| {
            counter::next_number(tx, actor.provider, BOOKS_VERSION)?;
            let rows = device::rows(tx, &books, client_id)?;
            let row = client::find(tx, actor.provider, client_id)?.ok_or_else(|| AppError::not_found("client"))?;
            let mut plan = plan(&books, &row, &rows, file);
            if !plan.problems.is_empty() {
                return Err(AppError::Books { folder: "the file".to_owned(), problems: std::mem::take(&mut plan.problems) });
            }
            if plan.digest != digest {
                return Err(AppError::conflict("the devices changed since this was shown", "look at the preview again"));
            }
            device::check_all(tx, &books, client_id, &rows, &plan.changes)?;
            let undo = self.write_changes(tx, actor, client_id, "imported", &plan.changes)?;
            let undo = (1..=device::UNDO_MAX).contains(&plan.changes.len()).then_some(undo);
            Ok::<_, AppError>((plan, undo))
        })?;
        self.books_changed();
        Ok(done)
    }
}

fn plan(books: &StoredBooks, client: &Client, rows: &[DeviceRow], file: &DeviceFile) -> ImportPlan {
    let wrong = |problems| ImportPlan { problems, ..ImportPlan::default() };
    let retire_on = match file.retire_missing.as_deref().map(device::date).transpose() {
        Ok(day) => day,
        Err(expected) => return wrong(vec![Problem { file: "retire on".to_owned(), line: None, column: None, message: expected }]),
    };
    let table = match table(&file.content, &client.code) {
        Ok(table) => table,
        Err(problems) => return wrong(problems),
    };
    match read(books, client, &table) {
        Ok(listed) => merge(rows, listed, retire_on),
        Err(problems) => wrong(problems),
    }
}

/// A file as the books have it: with the client's column, and the line of each record.
struct Rewritten {
    text: String,
    /// The line in the file of the record that begins at a line of the text.
    lines: HashMap<usize, usize>,
}

/// Adds the client's column where the file lacks it, and checks it where it is there.
fn table(content: &[u8], code: &str) -> Result<Rewritten, Vec<Problem>> {
    let problem =
        |line: usize, column: Option<String>, message: String| Problem { file: FILE.to_owned(), line: Some(line), column, message };
    let body = content.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(content);
    let text = std::str::from_utf8(body)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or_else(|| vec![problem(1, None, "not UTF-8 text; in a spreadsheet, save the file as \"CSV UTF-8\"".to_owned())])?;
    let lines = text.bytes().filter(|byte| *byte == b'\n').count();
    if lines > LINES_MAX {
        return Err(vec![problem(1, None, format!("{lines} lines; expected at most {LINES_MAX}, so bring it in by parts"))]);
    }
    let (mut reader, mut record) = (Reader::new(text, 1), Record::default());
    let (mut out, mut lines, mut at) = (String::with_capacity(text.len() * 2), HashMap::new(), 1);
    let (mut problems, mut own, mut is_header, mut width) = (Vec::new(), None, true, 0);
    while let Some(next) = reader.next(&mut record) {
        let line = match next {
            Ok(line) => line,
            Err(error) => {
                problems.push(problem(error.line, Some(format!("field {}", error.field)), error.message.to_owned()));
                continue;
            }
        };
        let mut fields: Vec<&str> = record.iter().collect();
        if is_header {
            if fields.len() == 1 && text.lines().next().is_some_and(|line| line.contains([';', '\t'])) {
                let message = "columns separated by semicolons or tabs; expected commas".to_owned();
                return Err(vec![problem(line, None, message)]);
            }
            width = fields.len();
            own = fields.iter().position(|name| *name == "client");
            is_header = false;
            if own.is_none() {
                fields.push("client");
            }
        } else if fields.len() != width {
            problems.push(problem(line, None, format!("{} fields; expected {width} as in the header", fields.len())));
        } else if let Some(found) = own.map(|own| fields.get(own).copied().unwrap_or("")) {
            if found != code {
                problems.push(problem(line, Some("client".to_owned()), format!("`{found}`; expected `{code}`, or no such column")));
            }
        } else {
            fields.push(code);
        }
        lines.insert(at, line);
        let before = out.len();
        write_record(&mut out, &fields);
        at += out.get(before..).unwrap_or("").matches('\n').count();
    }
    problems.truncate(quarterhour_books::PROBLEMS_MAX);
    if problems.is_empty() { Ok(Rewritten { text: out, lines }) } else { Err(problems) }
}

/// The devices of the file with their lines, checked by the rules of the books.
fn read(books: &StoredBooks, client: &Client, table: &Rewritten) -> Result<Vec<(DeviceRow, usize)>, Vec<Problem>> {
    let setup = trial::read_devices(books, client, table.text.clone().into_bytes()).map_err(|problems| {
        let lines = |problem: Problem| {
            let line = problem.line.map(|line| table.lines.get(&line).copied().unwrap_or(line));
            Problem { line, ..problem }
        };
        problems.into_iter().map(lines).map(without_client).collect::<Vec<_>>()
    })?;
    let lines = lines_by_name(table);
    let devices = setup.clients.into_iter().flat_map(|it| it.client.devices);
    let rows = devices.map(|it| {
        let row = DeviceRow {
            id: Uuid::now_v7(),
            name: it.name,
            class: it.class.name().to_owned(),
            in_service: it.in_service.date(),
            retired: it.retired.map(quarterhour_billing::Day::date),
            serial: it.serial,
            site: it.site,
        };
        let line = lines.get(&(row.name.clone(), row.in_service.to_string())).copied().unwrap_or(0);
        (row, line)
    });
    Ok(rows.collect())
}

/// The column that was added is nothing that the file could have wrong.
fn without_client(problem: Problem) -> Problem {
    let message = problem
        .message
        .replace("expected client, name,", "expected name,")
        .replace("expected a header: client, ", "expected a header: ");
    Problem { message, ..problem }
}

fn lines_by_name(table: &Rewritten) -> HashMap<(String, String), usize> {
    let (mut reader, mut record) = (Reader::new(&table.text, 1), Record::default());
    let mut header: Option<(usize, usize)> = None;
    let mut lines = HashMap::new();
    while let Some(Ok(line)) = reader.next(&mut record) {
        let position = |name: &str| record.iter().position(|field| field == name).unwrap_or(usize::MAX);
        match header {
            None => header = Some((position("name"), position("in_service"))),
            Some((name, day)) => {
                let field = |at: usize| record.get(at).unwrap_or("").to_owned();
                lines.insert((field(name), field(day)), table.lines.get(&line).copied().unwrap_or(line));
            }
        }
    }
    lines
}

/// Pairs the file's devices with those of the list: by name and day, else a single one left of the name with the latest of it.
fn merge(rows: &[DeviceRow], listed: Vec<(DeviceRow, usize)>, retire_on: Option<Date>) -> ImportPlan {
    let mut by_name: BTreeMap<&str, Vec<&DeviceRow>> = BTreeMap::new();
    for row in rows {
        by_name.entry(&row.name).or_default().push(row);
    }
    let names: HashSet<String> = listed.iter().map(|(row, _)| row.name.clone()).collect();
    let mut plan = ImportPlan::default();
    let mut placed: Vec<(DeviceRow, usize)> = Vec::new();
    let mut rest: BTreeMap<String, Vec<(DeviceRow, usize)>> = BTreeMap::new();
    for (row, line) in listed {
        let known = by_name.get_mut(row.name.as_str());
        let same_day =
            known.and_then(|known| known.iter().position(|old| old.in_service == row.in_service).map(|at| known.remove(at)));
        match same_day {
            Some(old) => placed.push((plan.place(Some(old), row), line)),
            None => rest.entry(row.name.clone()).or_default().push((row, line)),
        }
    }
    for (name, mut left) in rest {
        let single = left.len() == 1;
        for (row, line) in left.drain(..) {
            let latest =
                by_name.get_mut(name.as_str()).filter(|known| single && known.last().is_some_and(|old| old.retired.is_none()));
            let old = latest.and_then(Vec::pop);
            placed.push((plan.place(old, row), line));
        }
    }
    for row in rows.iter().filter(|row| !names.contains(&row.name) && !row.never_counts()) {
        let stays = row.retired.is_some_and(|retired| retire_on.is_none_or(|day| retired <= day));
        match retire_on.filter(|_| !stays) {
            Some(day) if day >= row.in_service => {
                plan.retired += 1;
                let after = DeviceRow { retired: Some(day), ..row.clone() };
                plan.changes.push(DeviceChange { before: Some(row.clone()), after: Some(after) });
            }
            _ if row.retired.is_none() => plan.missing.push(row.name.clone()),
            _ => {}
        }
    }
    plan.problems = clashes(rows, &plan.changes, &placed);
    plan.digest = digest(&plan.changes);
    plan
}

impl ImportPlan {
    /// Notes what becomes of a device of the list, or that it is new.
    fn place(&mut self, old: Option<&DeviceRow>, row: DeviceRow) -> DeviceRow {
        let row = DeviceRow { id: old.map_or(row.id, |old| old.id), ..row };
        match old {
            None => self.new += 1,
            Some(old) if *old == row => {
                self.same += 1;
                return row;
            }
            Some(_) => self.changed += 1,
        }
        self.changes.push(DeviceChange { before: old.cloned(), after: Some(row.clone()) });
        row
    }
}

/// Devices of the file that are in service at once with one of the list that the file does not name.
fn clashes(rows: &[DeviceRow], changes: &[DeviceChange], placed: &[(DeviceRow, usize)]) -> Vec<Problem> {
    let mut by_name: HashMap<String, Vec<DeviceRow>> = HashMap::new();
    for row in device::list_after(rows, changes) {
        by_name.entry(row.name.clone()).or_default().push(row);
    }
    let clash = |row: &DeviceRow| {
        by_name.get(&row.name).and_then(|all| all.iter().find(|other| other.id != row.id && device::clash(row, other))).cloned()
    };
    let found = placed.iter().filter_map(|(row, line)| Some((clash(row)?, row, line)));
    let problems = found.map(|(other, row, line)| Problem {
        file: FILE.to_owned(),
        line: Some(*line).filter(|line| *line > 0),
        column: Some("in_service".to_owned()),
        message: device::clash_words(row, &other),
    });
    problems.take(quarterhour_books::PROBLEMS_MAX).collect()
}

/// A name for a set of changes; the ids of new devices are not part of it.
fn digest(changes: &[DeviceChange]) -> String {
    let nameless = changes.iter().map(|change| {
        let new = change.before.is_none();
        let after = change.after.clone().map(|row| DeviceRow { id: if new { Uuid::nil() } else { row.id }, ..row });
        DeviceChange { before: change.before.clone(), after }
    });
    sha256_hex(&serde_json::to_vec(&nameless.collect::<Vec<_>>()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, from: &str, to: Option<&str>) -> DeviceRow {
        let date = |text: &str| text.parse().expect("a date");
        let (class, serial, site) = ("workstation".to_owned(), String::new(), String::new());
        DeviceRow { id: Uuid::now_v7(), name: name.to_owned(), class, in_service: date(from), retired: to.map(date), serial, site }
    }

    fn listed(rows: &[DeviceRow]) -> Vec<(DeviceRow, usize)> {
        rows.iter().cloned().zip(2..).collect()
    }

    #[test]
    fn a_file_without_the_client_gets_its_column_and_keeps_its_lines() {
        let table = table("name,class,in_service\r\n\r\nPC-1,workstation,2026-01-01\r\n".as_bytes(), "acme").expect("a table");
        assert_eq!(table.text, "name,class,in_service,client\nPC-1,workstation,2026-01-01,acme\n");
        assert_eq!(table.lines.get(&2), Some(&3));
    }

    #[test]
    fn a_file_of_another_client_is_refused_with_its_line() {
        let found = super::table(b"client,name\nacme,PC-1\nbolt,PC-2\n", "acme").err().expect("a problem");
        assert_eq!(found.iter().map(|it| (it.line, it.column.clone())).collect::<Vec<_>>(), [(Some(3), Some("client".to_owned()))]);
    }

    #[test]
    fn the_file_is_compared_by_name_and_day() {
        let list = [
            row("A", "2025-01-01", Some("2026-01-01")),
            row("A", "2026-01-01", None),
            row("B", "2025-01-01", None),
            row("C", "2025-01-01", None),
        ];
        let file = [row("A", "2026-01-01", None), row("B", "2025-02-01", None), row("D", "2026-06-01", None)];
        let plan = merge(&list, listed(&file), None);
        assert_eq!((plan.new, plan.changed, plan.same, plan.retired), (1, 1, 1, 0));
        assert_eq!(plan.missing, ["C"]);
        let plan = merge(&list, listed(&file), Some("2026-06-01".parse().expect("a date")));
        assert_eq!((plan.new, plan.changed, plan.same, plan.retired), (1, 1, 1, 1));
        assert_eq!(merge(&list, listed(&list), None).changes, []);
    }

    #[test]
    fn a_device_of_the_list_that_is_still_in_service_clashes() {
        let list = [row("A", "2025-01-01", None), row("A", "2024-01-01", Some("2024-06-01"))];
        let file = [row("A", "2026-01-01", None), row("A", "2026-03-01", None)];
        let plan = merge(&list, listed(&file), None);
        assert!(!plan.problems.is_empty());
        assert!(plan.problems.iter().all(|it| it.line.is_some()));
    }
}
