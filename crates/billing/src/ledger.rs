//! The hour ledger: an append-only chain of dated entries for each client, and its checker.
//!
//! # The canonical form
//!
//! An entry is a list of texts: `qh1`, client, sequence number, period, date, agreement (empty for
//! work without one), kind, pool number (or empty), time entry id (or empty), quantity, unit
//! (`s` for seconds, else a currency's code, whose minor units are meant), note. Each text is written as a
//! netstring: its length in bytes, a colon, its bytes in UTF-8, a comma. The entry's hash is the
//! SHA-256 of the netstring of the hash before (64 zeros for the first entry) followed by those
//! netstrings, written as 64 lower-case hexadecimal digits. Anyone can write a checker from this.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::entry::TimeEntry;
use crate::statement::{Fate, Movement, MovementKind, Statement, TimeTotals};
use crate::time::{LocalClock, Period};

/// The hash before the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// The kind of the entry that closes a statement; its note is the SHA-256 of the statement's text.
pub const STATEMENT_KIND: &str = "statement";
const FIELDS: usize = 12;

/// The end of a client's chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerHead {
    /// The number of entries.
    pub seq: i64,
    /// The hash of the last.
    pub hash: String,
}

impl Default for LedgerHead {
    fn default() -> Self {
        Self { seq: 0, hash: GENESIS.to_owned() }
    }
}

/// One entry of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// From 1.
    pub seq: i64,
    /// The hash of the entry before.
    pub prev_hash: String,
    /// The canonical texts.
    pub fields: String,
    /// This entry's hash.
    pub hash: String,
}

/// The texts of an entry, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRecord {
    /// The client's code.
    pub client: String,
    /// From 1.
    pub seq: i64,
    /// The period whose statement it is on.
    pub period: String,
    /// The local day.
    pub on: String,
    /// The agreement; empty for work without one.
    pub agreement: String,
    /// What happened.
    pub kind: String,
    /// The pool's number or nothing.
    pub pool: String,
    /// The time entry's id or nothing.
    pub entry: String,
    /// Seconds or minor units.
    pub quantity: i64,
    /// `s` or a currency.
    pub unit: String,
    /// A few words; a hash for a statement.
    pub note: String,
}

/// Why a chain is not to be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerFault {
    /// The number does not follow: an entry was removed, added or moved.
    #[error("entry {found} stands where entry {expected} should be: an entry was removed, added or moved")]
    Sequence {
        /// The number that follows.
        expected: i64,
        /// The number that is there.
        found: i64,
    },
    /// The hash before is another.
    #[error("entry {0} does not continue entry {before}: an entry was changed, removed, added or moved", before = .0 - 1)]
    Link(i64),
    /// The hash is not that of the texts.
    #[error("entry {0} was changed: its hash is not that of its content")]
    Hash(i64),
    /// The texts cannot be read.
    #[error("entry {0} cannot be read: its content is not in the canonical form")]
    Form(i64),
    /// It belongs to somebody else.
    #[error("entry {0} belongs to another client or has another number inside")]
    Foreign(i64),
    /// The chain ends elsewhere.
    #[error("the chain ends at entry {found} with {found_hash}; expected entry {expected} with {expected_hash}")]
    Head {
        /// The number of entries found.
        found: i64,
        /// The last hash found.
        found_hash: String,
        /// The number of entries expected.
        expected: i64,
        /// The last hash expected.
        expected_hash: String,
    },
    /// A statement says something else than the ledger.
    #[error("the statement of {period}, {agreement}: {what}")]
    Statement {
        /// The period.
        period: String,
        /// The agreement or `no agreement`.
        agreement: String,
        /// What differs.
        what: String,
    },
}

fn netstring(out: &mut String, text: &str) {
    // Writing to a text cannot fail.
    let _ = write!(out, "{}:{text},", text.len());
}

/// The hash of an entry.
#[must_use]
pub fn entry_hash(prev_hash: &str, fields: &str) -> String {
    let mut text = String::with_capacity(fields.len() + 70);
    netstring(&mut text, prev_hash);
    text.push_str(fields);
    sha256_hex(text.as_bytes())
}

/// The SHA-256 of bytes as 64 lower-case hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Chains the entries of statements behind a head.
#[derive(Debug)]
pub struct LedgerWriter<'a> {
    client: &'a str,
    clock: &'a LocalClock,
    head: LedgerHead,
    /// The new entries.
    pub entries: Vec<LedgerEntry>,
}

impl<'a> LedgerWriter<'a> {
    /// Goes on behind a client's head.
    #[must_use]
    pub fn new(client: &'a str, clock: &'a LocalClock, head: LedgerHead) -> Self {
        Self { client, clock, head, entries: Vec::new() }
    }

    /// The head after all entries.
    #[must_use]
    pub fn head(&self) -> &LedgerHead {
        &self.head
    }

    /// Writes a statement's movements and draws, and last its total with the hash of its text.
    pub fn statement(&mut self, statement: &Statement, entries: &[TimeEntry], text_hash: &str) {
        let mut movements = statement.movements.clone();
        movements.extend(draws(statement, entries, self.clock));
        movements.sort_by_key(|movement| (movement.on, movement.kind));
        let agreement = statement.agreement.as_deref().unwrap_or("");
        for movement in &movements {
            let money = movement.kind >= MovementKind::ReserveGrant;
            let unit = if money { statement.currency.code() } else { "s" };
            self.push(statement.period, agreement, movement, movement.kind.name(), unit);
        }
        let (on, quantity, note) = (statement.period.end(), statement.total, text_hash.to_owned());
        let closing = Movement { kind: MovementKind::Roll, on, pool: None, entry: None, quantity, note };
        self.push(statement.period, agreement, &closing, STATEMENT_KIND, statement.currency.code());
    }

    fn push(&mut self, period: Period, agreement: &str, movement: &Movement, kind: &str, unit: &str) {
        let seq = self.head.seq + 1;
        let pool = movement.pool.map(|number| number.to_string()).unwrap_or_default();
        let mut fields = String::with_capacity(200);
        let texts = [
            "qh1",
            self.client,
            &seq.to_string(),
            &period.to_string(),
            &movement.on.to_string(),
            agreement,
            kind,
            &pool,
            movement.entry.as_deref().unwrap_or(""),
            &movement.quantity.to_string(),
            unit,
            &movement.note,
        ];
        for text in texts {
            netstring(&mut fields, text);
        }
        let hash = entry_hash(&self.head.hash, &fields);
        let prev_hash = std::mem::replace(&mut self.head.hash, hash.clone());
        self.head.seq = seq;
        self.entries.push(LedgerEntry { seq, prev_hash, fields, hash });
    }
}

/// What slices drew from pools, and what is held, as movements in the order of drawing.
fn draws(statement: &Statement, entries: &[TimeEntry], clock: &LocalClock) -> Vec<Movement> {
    let own = statement.parts.iter().filter_map(|part| {
        let (kind, pool, quantity) = match part.fate {
            Fate::Drawn { pool, burn } if burn > 0 => (MovementKind::Draw, pool, burn),
            Fate::Held(_) => (MovementKind::Hold, None, part.seconds),
            _ => return None,
        };
        let entry = usize::try_from(part.entry).ok().and_then(|index| entries.get(index)).map(|entry| entry.id.to_string());
        Some(Movement { kind, on: clock.day(part.started_at), pool, entry, quantity, note: String::new() })
    });
    own.collect()
}

/// Reads the texts of an entry.
#[must_use]
pub fn read_record(fields: &str) -> Option<LedgerRecord> {
    let mut rest = fields;
    let mut texts = Vec::with_capacity(FIELDS);
    while !rest.is_empty() {
        let (length, behind) = rest.split_once(':')?;
        let length: usize = length.parse().ok()?;
        let text = behind.get(..length)?;
        rest = behind.get(length..)?.strip_prefix(',')?;
        texts.push(text.to_owned());
    }
    let [form, client, seq, period, on, agreement, kind, pool, entry, quantity, unit, note] = texts.try_into().ok()?;
    if form != "qh1" {
        return None;
    }
    let (seq, quantity) = (seq.parse().ok()?, quantity.parse().ok()?);
    Some(LedgerRecord { client, seq, period, on, agreement, kind, pool, entry, quantity, unit, note })
}

/// Checks a client's chain entry by entry, and adds up what its statements should say.
#[derive(Debug)]
pub struct LedgerChecker {
    client: String,
    head: LedgerHead,
    balances: BTreeMap<String, i64>,
    open: BTreeMap<(String, String), TimeTotals>,
    statements: BTreeMap<(String, String), (TimeTotals, String)>,
}

impl LedgerChecker {
    /// A checker for the chain of a client.
    #[must_use]
    pub fn new(client: &str) -> Self {
        let (balances, open, statements) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { client: client.to_owned(), head: LedgerHead::default(), balances, open, statements }
    }

    /// The end of what was checked.
    #[must_use]
    pub fn head(&self) -> &LedgerHead {
        &self.head
    }

    /// Checks the next entry.
    ///
    /// # Errors
    ///
    /// Names the entry that was changed, removed, added or moved.
    pub fn entry(&mut self, entry: &LedgerEntry) -> Result<(), LedgerFault> {
        let expected = self.head.seq + 1;
        if entry.seq != expected {
            return Err(LedgerFault::Sequence { expected, found: entry.seq });
        }
        if entry.prev_hash != self.head.hash {
            return Err(LedgerFault::Link(entry.seq));
        }
        if entry_hash(&entry.prev_hash, &entry.fields) != entry.hash {
            return Err(LedgerFault::Hash(entry.seq));
        }
        let record = read_record(&entry.fields).ok_or(LedgerFault::Form(entry.seq))?;
        if record.client != self.client || record.seq != entry.seq {
            return Err(LedgerFault::Foreign(entry.seq));
        }
        self.head = LedgerHead { seq: entry.seq, hash: entry.hash.clone() };
        self.add(record);
        Ok(())
    }

    fn add(&mut self, record: LedgerRecord) {
        let balance = self.balances.entry(record.agreement.clone()).or_default();
        let key = (record.period, record.agreement);
        if record.kind == STATEMENT_KIND {
            let mut totals = self.open.remove(&key).unwrap_or(TimeTotals { opening: *balance, ..TimeTotals::default() });
            totals.closing += *balance;
            self.statements.insert(key, (totals, record.note));
            return;
        }
        let totals = self.open.entry(key).or_insert(TimeTotals { opening: *balance, ..TimeTotals::default() });
        let quantity = record.quantity;
        let (sum, sign) = match record.kind.as_str() {
            "grant" => (&mut totals.granted, 1),
            "receive" => (&mut totals.opening, 1),
            "restore" => (&mut totals.restored, 1),
            "draw" => (&mut totals.used, -1),
            "forfeit" => (&mut totals.forfeited, -1),
            "pass" => (&mut totals.closing, -1),
            _ => return,
        };
        *sum += quantity;
        *balance += sign * quantity;
    }

    /// Checks that a statement says what the ledger says. `agreement` is empty for work without one.
    ///
    /// # Errors
    ///
    /// Says what differs.
    pub fn statement(&self, period: &str, agreement: &str, time: &TimeTotals, text_hash: &str) -> Result<(), LedgerFault> {
        let named = if agreement.is_empty() { "no agreement" } else { agreement };
        let fault = |what: String| Err(LedgerFault::Statement { period: period.to_owned(), agreement: named.to_owned(), what });
        let Some((totals, hash)) = self.statements.get(&(period.to_owned(), agreement.to_owned())) else {
            return fault("it is not in the ledger".to_owned());
        };
        if hash != text_hash {
            return fault("its text was changed: the ledger has another hash of it".to_owned());
        }
        let pairs = [
            ("opening", time.opening, totals.opening),
            ("granted", time.granted, totals.granted),
            ("restored", time.restored, totals.restored),
            ("used", time.used, totals.used),
            ("forfeited", time.forfeited, totals.forfeited),
            ("closing", time.closing, totals.closing),
        ];
        match pairs.into_iter().find(|(_, said, summed)| said != summed) {
            Some((name, said, summed)) => fault(format!("it says {name} {said} s, the ledger adds up to {summed} s")),
            None => Ok(()),
        }
    }

    /// The statements that the ledger has, by period and agreement.
    pub fn statements(&self) -> impl Iterator<Item = &(String, String)> {
        self.statements.keys()
    }

    /// Checks that the chain ends where it should.
    ///
    /// # Errors
    ///
    /// Fails when entries at the end were removed or added.
    pub fn end(&self, expected: &LedgerHead) -> Result<(), LedgerFault> {
        if self.head == *expected {
            return Ok(());
        }
        let (found, found_hash) = (self.head.seq, self.head.hash.clone());
        Err(LedgerFault::Head { found, found_hash, expected: expected.seq, expected_hash: expected.hash.clone() })
    }
}
