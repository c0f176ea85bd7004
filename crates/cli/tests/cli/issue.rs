//! `bill --issue`: what is issued is what was previewed, once, in order, without a gap.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::books::Books;
use crate::support::{Office, on_both};

on_both! {
    fn issuing_month_by_month_gives_what_the_folder_previews(office: &Office) {
        Books::example(office);
        office.import();
        for month in 1..=5 {
            let period = format!("2026-{month:02}");
            let preview = office.json(&format!("bill {period} --books books --json"));
            assert_eq!(preview, office.json(&format!("bill {period} --json")), "the preview of the database, {period}");
            office.issue(&period);
            assert_eq!(preview, office.json(&format!("bill {period} --json")), "issued, {period}");
        }
        let preview = office.json("bill 2026-01..2026-07 --books books --json");
        assert_eq!(preview, office.json("bill 2026-01..2026-07 --json"), "issued and open periods together");
        office.is_well();
    }
}

on_both! {
    fn the_shared_cases_come_out_as_expected(office: &Office) {
        let cases = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/rules/cases"));
        let Ok(folders) = fs::read_dir(&cases) else {
            eprintln!("skipped: there are no shared cases at {}", cases.display());
            return;
        };
        for folder in folders {
            check_case(&office.another(), &folder.expect("a case").path());
        }
    }
}

fn check_case(office: &Office, case: &Path) {
    let text = fs::read_to_string(case.join("expected.json")).expect("a case has an expectation");
    let expected: Vec<Value> = serde_json::from_str(&text).expect("the expectation is JSON");
    office.run(&format!("import {}", case.join("books").display())).ok();
    for period in &expected {
        let name = period["period"].as_str().expect("a period has a name");
        office.issue(name);
        let issued = without_text(office.json(&format!("bill {name} --json")));
        assert_eq!(issued, *period, "{} {name}", case.display());
    }
    office.is_well();
}

/// The texts of lines are for people and not part of the expectation.
fn without_text(mut period: Value) -> Value {
    for statement in period["statements"].as_array_mut().into_iter().flatten() {
        for line in statement["lines"].as_array_mut().into_iter().flatten() {
            line.as_object_mut().expect("a line").remove("text");
        }
    }
    period
}

on_both! {
    fn issuing_twice_adds_nothing(office: &Office) {
        Books::example(office);
        office.import();
        let issue = "bill 2026-01..2026-02 --issue --date 2026-03-01 --json --out";
        let first = office.run(&format!("{issue} first"));
        assert!(first.err.contains("2026-01: 4 invoices issued for 4 clients."), "{}", first.err);
        let again = office.run(&format!("{} again", issue.replace("2026-03-01", "2026-03-09")));
        assert!(again.err.contains("2026-01: 0 invoices issued for 0 clients, 4 clients had been issued before."), "{}", again.err);
        assert_eq!(first.ok(), again.ok());
        for file in ["invoices.csv", "lines.csv"] {
            let read = |run: &str| fs::read_to_string(office.folder.join(run).join(file)).expect("a CSV file");
            assert_eq!(read("first"), read("again"));
        }
        let pdfs = |run: &str| fs::read_dir(office.folder.join(run)).into_iter().flatten().count();
        assert_eq!(pdfs("first"), pdfs("again"));
        office.is_well();
    }
}

on_both! {
    fn skipping_a_period_is_refused_and_changes_nothing(office: &Office) {
        Books::example(office);
        office.import();
        let said = office.run("bill 2026-02 --issue").fails(2);
        assert!(said.contains("error: client acme: 2026-01 is not issued yet"), "{said}");
        assert!(said.contains("hint: issue the earlier periods first: bill 2026-01..2026-02 --issue"), "{said}");
        assert!(office.run("bill 2026-01..2026-02").ok().contains("2026-01 · preview"));
        office.issue("2026-01..2026-02");
        office.is_well();
    }
}

on_both! {
    fn clients_can_be_issued_one_by_one_and_numbers_have_no_gap(office: &Office) {
        Books::example(office);
        office.import();
        office.issue("2026-01 --client summit");
        assert!(office.run("bill 2026-01").ok().contains("1 of 4 issued"));
        office.issue("2026-01..2026-03");
        office.run("bill 2026-01..2026-03 --out invoices").ok();
        let csv = fs::read_to_string(office.folder.join("invoices/invoices.csv")).expect("the invoices");
        let mut numbers: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        let summit = csv.lines().find(|line| line.contains(",summit,"));
        assert!(summit.is_some_and(|line| line.starts_with("INV-000001,2026-01,")), "{csv}");
        numbers.sort_unstable();
        let gapless: Vec<String> = (1..=numbers.len()).map(|number| format!("INV-{number:06}")).collect();
        assert_eq!(numbers, gapless);
        office.is_well();
    }
}
