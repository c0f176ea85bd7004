//! The time entries of a folder: checked, joined with their clients, sorted, on all cores.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::io::{self, Cursor, Read, Seek};
use std::iter;
use std::sync::Arc;

use compact_str::CompactString;
use foldhash::fast::RandomState;
use quarterhour_billing::{Device, TimeEntry, Word, Words, WorkedOn};
use rayon::prelude::*;

use crate::blocks::Blocks;
use crate::problem::{Problem, Problems, shown};
use crate::rows::{self, ENTRY_COLUMNS, EntryRow};
use crate::setup::Setup;
use crate::table::{Row, Table, decode, plain_text};

const FILE: &str = "time_entries.csv";
/// About the length of a row.
const ROW_BYTES: usize = 80;
/// Shares of the clients whose entries are put together at a time.
const SHARES: usize = 32;

/// Turns rows into entries of the engine.
#[derive(Debug)]
pub struct EntryReader<'s> {
    setup: &'s Setup,
    /// The words of the setup and those met since.
    pub words: Words,
    last_tier: Option<Word>,
    last_work_type: Option<Word>,
}

impl<'s> EntryReader<'s> {
    /// A reader for the clients of a setup.
    #[must_use]
    pub fn new(setup: &'s Setup) -> Self {
        Self { setup, words: setup.words.clone(), last_tier: None, last_work_type: None }
    }

    /// The client's position and the entry; nothing for an unknown client.
    pub fn entry(&mut self, row: &EntryRow<'_>) -> Option<(u32, TimeEntry)> {
        let (position, client) = self.setup.client(row.client)?;
        let entry = TimeEntry {
            id: CompactString::from(row.id),
            ticket: CompactString::from(row.ticket),
            started_at: row.started_at,
            minutes: row.minutes,
            tier: intern(&mut self.words, &mut self.last_tier, row.tier),
            work_type: intern(&mut self.words, &mut self.last_work_type, row.work_type),
            device: worked_on(&client.client.devices, row.device),
            billing: row.billing(),
        };
        Some((position, entry))
    }
}

/// The word of a name, which most often is that of the row before.
fn intern(words: &mut Words, last: &mut Option<Word>, name: &str) -> Word {
    let same = last.filter(|word| words.name(*word) == name);
    *last.insert(same.unwrap_or_else(|| words.intern(name)))
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

/// Reads `time_entries.csv` for billing, on all cores.
///
/// # Errors
///
/// Fails when the source cannot be read; or lists what is wrong in the file.
pub fn read_from(setup: &Setup, mut source: impl Read + Seek + Send) -> io::Result<Result<EntryBook, Vec<Problem>>> {
    let pieces = read_pieces(setup, Blocks::new(&mut source))?;
    let found = pieces.map(|pieces| {
        let ascend = pieces.is_sorted_by(|one, next| precedes(&one.ids.last, &next.ids.first));
        let ascend = ascend && pieces.iter().all(|piece| piece.ids.ascend);
        let book = join(setup, pieces);
        (if ascend { None } else { find_duplicate(&book.by_client) }).map_or(Ok(book), Err)
    });
    if let Some(Ok(book)) = found {
        return Ok(Ok(book));
    }
    let mut bytes = Vec::new();
    source.rewind()?;
    source.read_to_end(&mut bytes)?;
    Ok(Err(list_problems(setup, &bytes)))
}

/// [`read_from`] memory.
///
/// # Errors
///
/// Lists what is wrong in the file.
pub fn read(setup: &Setup, bytes: &[u8]) -> Result<EntryBook, Vec<Problem>> {
    let unread = |error: io::Error| vec![Problem { file: FILE.to_owned(), line: None, column: None, message: error.to_string() }];
    read_from(setup, Cursor::new(bytes)).map_err(unread)?
}

/// Calls `each` with every row of a file that [`read`] has accepted.
///
/// # Errors
///
/// Lists what is wrong in the file.
pub fn each_row(bytes: &[u8], mut each: impl FnMut(&EntryRow<'_>)) -> Result<(), Vec<Problem>> {
    let problems = reread(bytes, |row| {
        if let Some(entry) = rows::entry(row) {
            each(&entry);
        }
    });
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The entries of a piece of the file.
struct Piece {
    /// Share by share, with the clients' positions.
    shares: Vec<Vec<(usize, TimeEntry)>>,
    /// How many entries each client has.
    counts: Vec<usize>,
    words: Words,
    ids: Ids,
}

/// The ids of a piece, as far as they tell that there is none twice.
#[derive(Default)]
struct Ids {
    first: String,
    last: String,
    ascend: bool,
}

impl Ids {
    fn add(&mut self, id: &str) {
        if self.first.is_empty() {
            self.first.push_str(id);
            self.ascend = true;
        } else {
            self.ascend &= precedes(&self.last, id);
        }
        self.last.clear();
        self.last.push_str(id);
    }
}

/// Does an id come before another? Shorter ones do, so that 9 precedes 10.
fn precedes(one: &str, other: &str) -> bool {
    (one.len(), one) < (other.len(), other)
}

/// How many clients belong to one share.
fn clients_per_share(setup: &Setup) -> usize {
    setup.clients.len().div_ceil(SHARES).max(1)
}

/// Reads all pieces of the file, in order; nothing when anything is wrong in any of them.
fn read_pieces(setup: &Setup, mut blocks: Blocks<impl Read + Send>) -> io::Result<Option<Vec<Piece>>> {
    let problems = Problems::default();
    let first = blocks.next().transpose()?.unwrap_or_default();
    let text = decode(FILE, &first).ok();
    let Some(table) = text.and_then(|text| Table::open(FILE, ENTRY_COLUMNS, text, &problems)) else { return Ok(None) };
    let blocks = iter::once(Ok(table.body.as_bytes().to_vec())).chain(blocks);
    let read = |(number, block): (usize, io::Result<Vec<u8>>)| -> Result<(usize, Piece), Option<io::Error>> {
        let block = block.map_err(Some)?;
        let piece = plain_text(&block).and_then(|text| read_piece(setup, &table, text));
        Ok((number, piece.ok_or(None)?))
    };
    match blocks.enumerate().par_bridge().map(read).collect::<Result<Vec<_>, _>>() {
        Ok(mut pieces) => {
            pieces.sort_unstable_by_key(|(number, _)| *number);
            Ok(Some(pieces.into_iter().map(|(_, piece)| piece).collect()))
        }
        Err(error) => error.map_or(Ok(None), Err),
    }
}

/// Reads a piece of rows; nothing when any of them is wrong.
fn read_piece(setup: &Setup, table: &Table<'_>, text: &str) -> Option<Piece> {
    let problems = Problems::default();
    let mut reader = EntryReader::new(setup);
    let capacity = text.len() / ROW_BYTES / SHARES;
    let mut shares: Vec<_> = (0..SHARES).map(|_| Vec::with_capacity(capacity)).collect();
    let per_share = clients_per_share(setup);
    let mut counts = vec![0; setup.clients.len()];
    let (mut ids, mut unknown) = (Ids::default(), false);
    table.rows(text, 1, &problems, |row| {
        let entry = rows::entry(row).and_then(|row| reader.entry(&row));
        let entry = entry.and_then(|(position, entry)| Some((usize::try_from(position).ok()?, entry)));
        match entry.and_then(|(at, entry)| Some((shares.get_mut(at / per_share)?, counts.get_mut(at)?, (at, entry)))) {
            Some((share, count, entry)) => {
                ids.add(&entry.1.id);
                share.push(entry);
                *count += 1;
            }
            None => unknown = true,
        }
    });
    (problems.is_empty() && !unknown).then_some(Piece { shares, counts, words: reader.words, ids })
}

/// Puts pieces together; words that a piece met get their numbers in the order of the file.
fn join(setup: &Setup, pieces: Vec<Piece>) -> EntryBook {
    let mut words = setup.words.clone();
    let mut counts = vec![0; setup.clients.len()];
    let mut shares: Vec<Vec<Renamed>> = (0..SHARES).map(|_| Vec::with_capacity(pieces.len())).collect();
    for piece in pieces {
        let names: Arc<[Word]> = piece.words.all().map(|(_, name)| words.intern(name)).collect();
        counts.iter_mut().zip(piece.counts).for_each(|(count, more)| *count += more);
        for (share, entries) in shares.iter_mut().zip(piece.shares) {
            share.push(Renamed { names: Arc::clone(&names), entries });
        }
    }
    let per_share = clients_per_share(setup);
    let starts = (0..).step_by(per_share);
    let shares: Vec<_> = starts.zip(counts.chunks(per_share)).zip(shares).collect();
    let by_client = shares.into_par_iter().flat_map_iter(|((first, counts), parts)| gather(first, counts, parts)).collect();
    EntryBook { by_client, words, rows: counts.iter().sum() }
}

/// A share of a piece, with the words of the book for the numbers of the piece.
struct Renamed {
    names: Arc<[Word]>,
    entries: Vec<(usize, TimeEntry)>,
}

/// The sorted entries of the clients from `first` on, who have so many.
fn gather(first: usize, counts: &[usize], parts: Vec<Renamed>) -> Vec<Vec<TimeEntry>> {
    let mut by_client: Vec<Vec<TimeEntry>> = counts.iter().map(|count| Vec::with_capacity(*count)).collect();
    for part in parts {
        let name = |word: Word| part.names.get(word.index()).copied().unwrap_or(word);
        for (position, mut entry) in part.entries {
            (entry.tier, entry.work_type) = (name(entry.tier), name(entry.work_type));
            if let Some(own) = by_client.get_mut(position - first) {
                own.push(entry);
            }
        }
    }
    by_client.iter_mut().for_each(|own| sort(own));
    by_client
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
    let state = RandomState::default();
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

/// Reads everything once more, this time to say what is wrong where: fields, unknown clients, ids that are there twice.
fn list_problems(setup: &Setup, bytes: &[u8]) -> Vec<Problem> {
    let mut lines: HashMap<String, usize> = HashMap::new();
    let list = reread(bytes, |row| {
        let (id, client) = (row.get(0), row.get(1));
        rows::entry(row);
        if setup.client(client).is_none() {
            row.problem(1, format!("{}; expected a code of clients.csv", shown(client)));
        }
        match lines.get(id) {
            Some(line) => row.problem(0, format!("{} is already in line {line}; expected each id once", shown(id))),
            None => drop(lines.insert(id.to_owned(), row.line)),
        }
    });
    assert!(!list.is_empty(), "a file was refused without a reason");
    list
}

/// Calls `each` with every row of the whole file, in order; returns all problems.
fn reread(bytes: &[u8], each: impl FnMut(&Row<'_, '_>)) -> Vec<Problem> {
    let problems = Problems::default();
    match decode(FILE, bytes) {
        Err(problem) => problems.add(problem),
        Ok(text) => {
            if let Some(table) = Table::open(FILE, ENTRY_COLUMNS, text, &problems) {
                table.rows(table.body, table.first_line, &problems, each);
            }
        }
    }
    problems.into_list()
}
