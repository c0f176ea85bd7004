//! The time entries of a folder: checked, joined with their clients, sorted, on all cores.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use compact_str::CompactString;
use quarterhour_billing::{Device, TimeEntry, Word, Words, WorkedOn};
use rayon::prelude::*;

use crate::csv;
use crate::problem::{Problem, Problems, shown};
use crate::rows::{self, ENTRY_COLUMNS, EntryRow};
use crate::setup::Setup;
use crate::table::{Table, decode};

const FILE: &str = "time_entries.csv";

/// Turns rows into entries of the engine.
#[derive(Debug)]
pub struct EntryReader<'s> {
    setup: &'s Setup,
    /// The words of the setup and those met since.
    pub words: Words,
}

impl<'s> EntryReader<'s> {
    /// A reader for the clients of a setup.
    #[must_use]
    pub fn new(setup: &'s Setup) -> Self {
        Self { setup, words: setup.words.clone() }
    }

    /// The client's position and the entry; nothing for an unknown client.
    pub fn entry(&mut self, row: &EntryRow<'_>) -> Option<(u32, TimeEntry)> {
        let (position, client) = self.setup.client(row.client)?;
        let entry = TimeEntry {
            id: CompactString::from(row.id),
            ticket: CompactString::from(row.ticket),
            started_at: row.started_at,
            minutes: row.minutes,
            tier: self.words.intern(row.tier),
            work_type: self.words.intern(row.work_type),
            device: worked_on(&client.client.devices, row.device),
            billing: row.billing(),
        };
        Some((position, entry))
    }
}

fn worked_on(devices: &[Device], name: &str) -> WorkedOn {
    if name.is_empty() {
        return WorkedOn::NoDevice;
    }
    let first = devices.partition_point(|device| device.name.as_str() < name);
    let listed = devices.get(first).is_some_and(|device| device.name == name);
    if listed { u32::try_from(first).map_or(WorkedOn::Unlisted, WorkedOn::Listed) } else { WorkedOn::Unlisted }
}

/// The entries of all clients.
#[derive(Debug)]
pub struct EntryBook {
    /// For each client of the setup its entries by start and id.
    pub by_client: Vec<Vec<TimeEntry>>,
    /// All tiers and work types.
    pub words: Words,
    /// How many rows there are.
    pub rows: usize,
}

/// Reads `time_entries.csv` for billing; both cores work on one half each.
///
/// # Errors
///
/// Lists what is wrong in it.
pub fn read(setup: &Setup, bytes: &[u8]) -> Result<EntryBook, Vec<Problem>> {
    let text = decode(FILE, bytes).map_err(|problem| vec![problem])?;
    let problems = Problems::default();
    let Some(table) = Table::open(FILE, ENTRY_COLUMNS, text, &problems) else { return Err(problems.into_list()) };
    let (front, back) = csv::halves(table.body).unwrap_or((table.body, ""));
    let (first, second) = rayon::join(|| read_stretch(setup, &table, front), || read_stretch(setup, &table, back));
    let (Some(first), Some(second)) = (first, second) else { return Err(list_problems(setup, &table)) };
    let book = join(first, second);
    if let Some(id) = find_duplicate(&book.by_client) {
        return Err(list_duplicates(&table, &id));
    }
    Ok(book)
}

/// Calls `each` with every row of a file that [`read`] has accepted.
///
/// # Errors
///
/// Lists what is wrong in the file.
pub fn each_row(bytes: &[u8], mut each: impl FnMut(&EntryRow<'_>)) -> Result<(), Vec<Problem>> {
    let text = decode(FILE, bytes).map_err(|problem| vec![problem])?;
    let problems = Problems::default();
    if let Some(table) = Table::open(FILE, ENTRY_COLUMNS, text, &problems) {
        table.rows(table.body, table.first_line, &problems, |row| {
            if let Some(entry) = rows::entry(row) {
                each(&entry);
            }
        });
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.into_list()) }
}

/// Reads a stretch of rows; nothing when any of them is wrong.
fn read_stretch(setup: &Setup, table: &Table<'_>, stretch: &str) -> Option<EntryBook> {
    let problems = Problems::default();
    let mut reader = EntryReader::new(setup);
    let mut by_client = vec![Vec::new(); setup.clients.len()];
    let (mut unknown, mut rows) = (false, 0);
    table.rows(stretch, 1, &problems, |row| {
        rows += 1;
        let entry = rows::entry(row).and_then(|row| reader.entry(&row));
        let own = entry.and_then(|(position, entry)| Some((by_client.get_mut(usize::try_from(position).ok()?)?, entry)));
        match own {
            Some((own, entry)) => own.push(entry),
            None => unknown = true,
        }
    });
    (problems.is_empty() && !unknown).then_some(EntryBook { by_client, words: reader.words, rows })
}

/// Puts two halves together; the words of the second are those of the first where they are known there.
fn join(first: EntryBook, second: EntryBook) -> EntryBook {
    let mut words = first.words;
    let known = second.words.len();
    let renamed: Vec<Word> = second.words.all().map(|(_, name)| words.intern(name)).collect();
    let same = second.words.all().zip(&renamed).take(known).all(|((word, _), other)| word == *other);
    let rename = |word: Word| renamed.get(word.index()).copied().unwrap_or(word);
    let pairs = first.by_client.into_par_iter().zip(second.by_client);
    let by_client = pairs.map(|(mut own, mut more)| {
        if !same {
            for entry in &mut more {
                (entry.tier, entry.work_type) = (rename(entry.tier), rename(entry.work_type));
            }
        }
        own.append(&mut more);
        sort(&mut own);
        own
    });
    EntryBook { by_client: by_client.collect(), words, rows: first.rows + second.rows }
}

/// Sorts entries by start and id.
pub fn sort(entries: &mut [TimeEntry]) {
    let order = |one: &TimeEntry, other: &TimeEntry| one.started_at.cmp(&other.started_at).then_with(|| one.id.cmp(&other.id));
    if !entries.is_sorted_by(|one, other| order(one, other).is_le()) {
        entries.sort_unstable_by(order);
    }
}

/// An id that two entries have, if there is one. Compares hashes first: they are quick to sort.
fn find_duplicate(by_client: &[Vec<TimeEntry>]) -> Option<CompactString> {
    let state = RandomState::new();
    let mut hashes: Vec<u64> = by_client.par_iter().flatten_iter().map(|entry| state.hash_one(entry.id.as_str())).collect();
    hashes.par_sort_unstable();
    let twice: Vec<u64> = hashes.windows(2).filter_map(|pair| (pair.first() == pair.last()).then(|| pair.first().copied())?).collect();
    if twice.is_empty() {
        return None;
    }
    let suspects = by_client.iter().flatten().map(|entry| &entry.id);
    let mut suspects: Vec<_> = suspects.filter(|id| twice.binary_search(&state.hash_one(id.as_str())).is_ok()).collect();
    suspects.sort_unstable();
    suspects.windows(2).find_map(|pair| (pair.first() == pair.last()).then(|| pair.first().map(|id| (*id).clone()))?)
}

/// Reads everything once more, this time to say what is wrong where.
fn list_problems(setup: &Setup, table: &Table<'_>) -> Vec<Problem> {
    let problems = Problems::default();
    table.rows(table.body, table.first_line, &problems, |row| {
        if let Some(entry) = rows::entry(row)
            && setup.client(entry.client).is_none()
        {
            row.problem(1, format!("{}; expected a code of clients.csv", shown(entry.client)));
        }
    });
    problems.into_list()
}

/// Names the lines of ids that are there twice.
fn list_duplicates(table: &Table<'_>, example: &str) -> Vec<Problem> {
    let problems = Problems::default();
    let mut lines: HashMap<String, usize> = HashMap::new();
    table.rows(table.body, table.first_line, &problems, |row| {
        if let Some(line) = lines.insert(row.get(0).to_owned(), row.line) {
            row.problem(0, format!("{} is already in line {line}; expected each id once", shown(row.get(0))));
        }
    });
    assert!(!problems.is_empty(), "the id {example} was found twice");
    problems.into_list()
}
