//! The hour ledger says what the statements say, and any change of it is found.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/random.rs"]
mod random_books;
#[path = "common/work.rs"]
mod random_work;

use common::{Books, Files, read};
use proptest::prelude::*;
use quarterhour_billing::ledger::{
    LedgerChecker, LedgerEntry, LedgerFault, LedgerHead, LedgerWriter, entry_hash, read_record, sha256_hex,
};
use quarterhour_billing::{Period, Statement};
use random_books::files;

type Billed = Vec<(Period, Vec<Statement>)>;

fn bill(books: &Books) -> Billed {
    books.bill_all(Period::parse("2026-01").unwrap(), Period::parse("2026-05").unwrap())
}

/// The text whose hash closes a statement; any text will do here.
fn text_hash(statement: &Statement) -> String {
    sha256_hex(format!("{:?}", statement.lines).as_bytes())
}

fn write(books: &Books, billed: &Billed) -> (Vec<LedgerEntry>, LedgerHead) {
    let mut writer = LedgerWriter::new("acme", &books.client().client.clock, LedgerHead::default());
    let entries = books.by_period();
    for (period, statements) in billed {
        let own = entries.get(period).map_or(&[][..], Vec::as_slice);
        statements.iter().for_each(|statement| writer.statement(statement, own, &text_hash(statement)));
    }
    let head = writer.head().clone();
    (writer.entries, head)
}

fn check(chain: &[LedgerEntry], head: &LedgerHead) -> Result<LedgerChecker, LedgerFault> {
    let mut checker = LedgerChecker::new("acme");
    chain.iter().try_for_each(|entry| checker.entry(entry))?;
    checker.end(head)?;
    Ok(checker)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_statement_is_the_sum_of_its_ledger_entries((files, _) in files()) {
        let books = read(&files).unwrap();
        let billed = bill(&books);
        let (chain, head) = write(&books, &billed);
        let checker = check(&chain, &head).unwrap();
        for statement in billed.iter().flat_map(|(_, statements)| statements) {
            let agreement = statement.agreement.as_deref().unwrap_or("");
            checker.statement(&statement.period.to_string(), agreement, &statement.time, &text_hash(statement)).unwrap();
        }
        let statements: usize = billed.iter().map(|(_, statements)| statements.len()).sum();
        prop_assert_eq!(checker.statements().count(), statements);
    }

    #[test]
    fn a_chain_goes_on_behind_its_head((files, _) in files(), at in 0..5_usize) {
        let books = read(&files).unwrap();
        let billed = bill(&books);
        let (chain, head) = write(&books, &billed);
        let (first, second) = billed.split_at(at);
        let (mut parts, middle) = write(&books, &first.to_vec());
        let mut writer = LedgerWriter::new("acme", &books.client().client.clock, middle);
        let entries = books.by_period();
        for (period, statements) in second {
            let own = entries.get(period).map_or(&[][..], Vec::as_slice);
            statements.iter().for_each(|statement| writer.statement(statement, own, &text_hash(statement)));
        }
        prop_assert_eq!(writer.head(), &head);
        parts.extend(writer.entries);
        prop_assert_eq!(parts, chain);
    }
}

/// Three months of an allowance: a dozen entries.
fn chain() -> (Vec<LedgerEntry>, LedgerHead) {
    let clauses = "program = \"use-it-or-lose-it\"\nstarts = 2026-01-01\nends = 2026-04-01\n[allowance]\nfixed_minutes = 60\n";
    let mut files = Files::default().agreement("acme", clauses);
    files.entries.push_str("e1,acme,,2026-01-05T09:00:00Z,15,,,,,\ne2,acme,,2026-02-05T09:00:00Z,15,,,,,\n");
    let books = read(&files).unwrap();
    write(&books, &bill(&books))
}

fn fault(change: impl FnOnce(&mut Vec<LedgerEntry>)) -> LedgerFault {
    let (mut entries, head) = chain();
    change(&mut entries);
    check(&entries, &head).unwrap_err()
}

#[test]
fn an_entry_that_was_changed_is_found() {
    let change = |entries: &mut Vec<LedgerEntry>| entries[1].fields = entries[1].fields.replace("3:900,", "3:600,");
    assert_eq!(fault(change), LedgerFault::Hash(2));
    // With its own hash made to fit, the next entry does not continue it.
    let change = |entries: &mut Vec<LedgerEntry>| {
        entries[1].fields = entries[1].fields.replace("3:900,", "3:600,");
        entries[1].hash = entry_hash(&entries[1].prev_hash, &entries[1].fields);
    };
    assert_eq!(fault(change), LedgerFault::Link(3));
}

#[test]
fn an_entry_that_was_removed_added_or_moved_is_found() {
    assert_eq!(fault(|entries| drop(entries.remove(1))), LedgerFault::Sequence { expected: 2, found: 3 });
    assert_eq!(fault(|entries| entries.insert(1, entries[0].clone())), LedgerFault::Sequence { expected: 2, found: 1 });
    assert_eq!(fault(|entries| entries.swap(1, 2)), LedgerFault::Sequence { expected: 2, found: 3 });
}

#[test]
fn a_chain_that_was_cut_off_or_written_anew_does_not_end_at_the_published_head() {
    let cut = fault(|entries| drop(entries.pop()));
    assert!(matches!(cut, LedgerFault::Head { .. }), "{cut}");
    let anew = fault(|entries| {
        let mut prev_hash = entries[0].prev_hash.clone();
        for entry in entries.iter_mut() {
            entry.fields = entry.fields.replace("3:900,", "3:600,");
            entry.prev_hash = prev_hash;
            entry.hash = entry_hash(&entry.prev_hash, &entry.fields);
            prev_hash = entry.hash.clone();
        }
    });
    assert!(matches!(anew, LedgerFault::Head { .. }), "{anew}");
}

#[test]
fn a_chain_of_another_client_is_found() {
    let (entries, _) = chain();
    let mut checker = LedgerChecker::new("beta");
    assert_eq!(checker.entry(&entries[0]), Err(LedgerFault::Foreign(1)));
}

#[test]
fn a_statement_that_says_something_else_is_found() {
    let clauses = "program = \"use-it-or-lose-it\"\nstarts = 2026-01-01\n[allowance]\nfixed_minutes = 60\n";
    let books = read(&Files::default().agreement("acme", clauses)).unwrap();
    let billed = bill(&books);
    let (chain, head) = write(&books, &billed);
    let checker = check(&chain, &head).unwrap();
    let statement = &billed[0].1[0];
    let hash = text_hash(statement);
    let mut time = statement.time;
    assert_eq!(checker.statement("2026-01", "acme", &time, &hash), Ok(()));
    time.forfeited -= 60;
    let message = |found: Result<(), LedgerFault>| found.unwrap_err().to_string();
    let said = message(checker.statement("2026-01", "acme", &time, &hash));
    assert_eq!(said, "the statement of 2026-01, acme: it says forfeited 3540 s, the ledger adds up to 3600 s");
    let said = message(checker.statement("2026-01", "acme", &statement.time, "another"));
    assert_eq!(said, "the statement of 2026-01, acme: its text was changed: the ledger has another hash of it");
    let said = message(checker.statement("2026-09", "", &statement.time, &hash));
    assert_eq!(said, "the statement of 2026-09, no agreement: it is not in the ledger");
}

/// The canonical form, so that no later version writes another: computed by hand with sha256sum.
#[test]
fn the_canonical_form_stays() {
    let (entries, _) = chain();
    let fields = "3:qh1,4:acme,1:1,7:2026-01,10:2026-01-01,4:acme,5:grant,1:0,0:,4:3600,1:s,20:allowance of 2026-01,";
    assert_eq!(entries[0].fields, fields);
    assert_eq!(entries[0].hash, "a9e512dfc0be745151ab20b4d94c30f1ed17360942c34445fcecf7a0ff93c84a");
    let record = read_record(fields).unwrap();
    assert_eq!((record.kind.as_str(), record.quantity, record.note.as_str()), ("grant", 3600, "allowance of 2026-01"));
    for broken in ["", "3:qh1,", "4:qh1,", "3:qh2,4:acme", "x", "99:qh1,", "3:qh1"] {
        assert_eq!(read_record(broken), None, "{broken}");
    }
}
