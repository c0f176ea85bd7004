//! The rules of the programs as cases that an accountant can read: `tests/cases/*.txt`.
//! How a case is written stands in `tests/cases/README.md`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "case/parse.rs"]
mod parse;
#[path = "case/render.rs"]
mod render;
#[path = "case/run.rs"]
mod run;

mod common;

use std::fs;
use std::path::Path;

/// Runs every case of a file, and lists all that differ.
fn check(section: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/{section}.txt"));
    let text = fs::read_to_string(&path).unwrap();
    let cases = parse::cases(&format!("tests/cases/{section}.txt"), &text);
    assert!(!cases.is_empty(), "{section}.txt has no cases");
    let failures: Vec<String> = cases.iter().filter_map(|case| run::check(case).err()).collect();
    assert!(failures.is_empty(), "{} of {} cases of {section}.txt:\n\n{}", failures.len(), cases.len(), failures.join("\n"));
}

macro_rules! sections {
    ($($test:ident: $section:literal;)*) => {
        $(#[test]
        fn $test() {
            check($section);
        })*

        #[test]
        fn every_case_file_is_checked() {
            let mut checked = vec![$($section.to_owned()),*];
            checked.sort();
            assert_eq!(checked, case_files());
        }
    };
}

sections! {
    devices_are_counted: "count";
    time_and_money_are_granted: "grants";
    actual_time_becomes_billable_time: "rounding";
    entries_are_cut_at_the_edges_of_business_hours: "bands";
    slices_find_their_way: "routing";
    slices_burn_and_draw: "burn";
    time_is_priced: "prices";
    fees_are_charged: "fees";
    periods_and_agreements_close: "close";
    late_time_and_corrections_are_billed: "late";
    lines_add_up: "money";
    overage_is_guarded: "guard";
    statements_are_in_order: "statement";
    impossible_agreements_are_refused: "refused";
}

/// The names of all case files, sorted.
fn case_files() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(".txt").map(str::to_owned)).collect();
    names.sort();
    names
}

#[test]
#[should_panic(expected = "made-up:5: `colour` is no word of a case")]
fn an_unknown_word_fails_loudly() {
    parse::cases("made-up", "case: a statement with a colour\nagreement:\n  program = \"ad-hoc\"\nexpect 2026-01:\n  colour blue\n");
}

#[test]
#[should_panic(expected = "made-up:3: `sometimes` is no word of an entry")]
fn an_unknown_word_of_an_entry_fails_loudly() {
    parse::cases("made-up", "case: work\nwork:\n  e1 2026-01-05 09:00 15 min sometimes\nexpect 2026-01: nothing\n");
}

#[test]
#[should_panic(expected = "made-up:1: a case without `expect` or `refused`")]
fn a_case_that_expects_nothing_fails_loudly() {
    parse::cases("made-up", "case: work\nwork:\n  e1 2026-01-05 09:00 15 min\n");
}
