//! An end that is set to the first open day, after the month before was closed as if the agreement went on.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Books, Files, read, through_json};
use quarterhour_billing::{BilledPeriod, Carried, MovementKind, Period};

const BLOCK: &str = "program = \"block-of-time\"\nstarts = 2026-01-01\n";
const BOUGHT: &str = "[[block]]\nbought = 2026-01-05\nhours = 10\nprice = 1000\n";

fn january() -> Period {
    Period::parse("2026-01").unwrap()
}

fn books(agreements: &[(&str, String)]) -> Books {
    let files = agreements.iter().fold(Files::default(), |files, (name, text)| files.agreement(name, text));
    read(&files).unwrap()
}

/// January under one set of agreements, February under another.
fn months(before: &[(&str, String)], after: &[(&str, String)]) -> [BilledPeriod; 2] {
    let first = books(before).bill(january(), Carried::default(), &[], &[]).unwrap();
    let second = books(after).bill(january().next(), through_json(&first.carried), &[], &[]).unwrap();
    [first, second]
}

#[test]
fn blocks_pass_on_to_the_version_that_starts_on_the_first_open_day() {
    let old = format!("{BLOCK}ends = 2026-02-01\n{BOUGHT}");
    let new = "program = \"block-of-time\"\nstarts = 2026-02-01\n".to_owned();
    let [first, second] = months(&[("acme", format!("{BLOCK}{BOUGHT}"))], &[("acme", old), ("acme-2", new)]);
    assert_eq!(first.statements[0].time.closing, 36_000);
    let [of_old, of_new] = &second.statements[..] else { unreachable!("two statements: {:?}", second.statements) };
    assert_eq!((of_old.time.opening, of_old.time.forfeited, of_old.time.closing), (36_000, 0, 36_000));
    assert!(of_old.lines.is_empty());
    assert_eq!((of_new.time.opening, of_new.time.closing), (36_000, 36_000));
    let kinds: Vec<MovementKind> = second.statements.iter().flat_map(|it| &it.movements).map(|it| it.kind).collect();
    assert_eq!(kinds, [MovementKind::Pass, MovementKind::Receive]);
    assert!(!second.carried.agreements.contains_key("acme"));
}

#[test]
fn what_has_no_heir_is_forfeited_and_said() {
    let old = format!("{BLOCK}ends = 2026-02-01\n{BOUGHT}");
    let [_, second] = months(&[("acme", format!("{BLOCK}{BOUGHT}"))], &[("acme", old)]);
    let statement = &second.statements[0];
    assert_eq!((statement.time.opening, statement.time.forfeited, statement.time.closing), (36_000, 36_000, 0));
    assert_eq!(statement.notes.len(), 1);
    let third = books(&[("acme", format!("{BLOCK}ends = 2026-02-01\n{BOUGHT}"))]);
    let third = third.bill(january().next().next(), through_json(&second.carried), &[], &[]).unwrap();
    assert!(third.statements.is_empty());
}

#[test]
fn a_reserve_ends_with_its_agreement() {
    let clauses = "[reserve]\nfixed_amount = 100\nrollover = { periods = 2 }\n";
    let old = format!("program = \"budget\"\nstarts = 2026-01-01\nends = 2026-02-01\n{clauses}");
    let [_, second] = months(&[("acme", format!("program = \"budget\"\nstarts = 2026-01-01\n{clauses}"))], &[("acme", old)]);
    let reserve = second.statements[0].reserve.unwrap();
    assert_eq!((reserve.opening, reserve.granted, reserve.forfeited, reserve.closing), (10_000, 0, 10_000, 0));
}
