//! The small books of the shared rules with the results that they give, where that folder is at hand.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking and says what it skips")]

use std::fs;
use std::path::{Path, PathBuf};

use quarterhour_billing::{Carried, Period, bill_period, statement_report};
use quarterhour_books::{SetupFiles, entries, setup};
use serde_json::{Value, json};

/// The folder beside the repository.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/rules/cases")
}

fn setup_files(books: &Path) -> SetupFiles {
    let bytes = |name: &str| fs::read(books.join(name)).unwrap();
    let listed = fs::read_dir(books.join("agreements")).unwrap().map(|entry| entry.unwrap().path());
    let mut agreements: Vec<(String, Vec<u8>)> =
        listed.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())).collect();
    agreements.sort();
    SetupFiles { provider: bytes("provider.toml"), clients: bytes("clients.csv"), devices: bytes("devices.csv"), agreements }
}

/// The statements of all clients in one period, as JSON without the texts for people.
fn bill(books: &Path, until: Period) -> Vec<(Period, Value)> {
    let setup = setup::read(&setup_files(books)).unwrap();
    let book = entries::read(&setup, &fs::read(books.join("time_entries.csv")).unwrap()).unwrap();
    let mut periods: Vec<(Period, Vec<Value>)> = Vec::new();
    for (client, all) in setup.clients.iter().zip(&book.by_client) {
        let day = |index: usize| all.get(index).map(|entry| client.client.clock.day(entry.started_at));
        let starts = client.client.agreements.as_slice().first().map(|agreement| agreement.starts.period());
        let first = day(0).map(|day| day.period()).into_iter().chain(starts).min();
        let (mut period, mut carried, mut rest) = (first.unwrap_or(until), Carried::default(), &all[..]);
        while period <= until {
            let own = rest.partition_point(|entry| client.client.clock.day(entry.started_at) < period.end());
            let (own, behind) = rest.split_at(own);
            let billed = bill_period(&setup.provider.terms, &book.words, &client.client, period, carried, own, &[]).unwrap();
            let reports = billed.statements.iter().map(|statement| without_text(&statement_report(&client.client.code, statement)));
            match periods.iter_mut().find(|(other, _)| *other == period) {
                Some((_, statements)) => statements.extend(reports),
                None => periods.push((period, reports.collect())),
            }
            (carried, rest, period) = (billed.carried, behind, period.next());
        }
    }
    periods.into_iter().map(|(period, statements)| (period, Value::Array(statements))).collect()
}

fn without_text(report: &impl serde::Serialize) -> Value {
    let mut report = json!(report);
    for line in report["lines"].as_array_mut().unwrap() {
        line.as_object_mut().unwrap().remove("text");
    }
    report
}

#[test]
fn the_shared_books_give_the_shared_results() {
    let Ok(listed) = fs::read_dir(folder()) else {
        eprintln!("skipped: there is no {}", folder().display());
        return;
    };
    for path in listed.map(|entry| entry.unwrap().path()) {
        let expected: Vec<Value> = serde_json::from_slice(&fs::read(path.join("expected.json")).unwrap()).unwrap();
        let period = |value: &Value| Period::parse(value["period"].as_str().unwrap()).unwrap();
        let until = expected.iter().map(period).max().unwrap();
        let found = bill(&path.join("books"), until);
        for expected in &expected {
            let found = found.iter().find(|(period, _)| period.to_string() == expected["period"]).map(|(_, statements)| statements);
            let wanted = expected["statements"].as_array().unwrap();
            let found = found.and_then(Value::as_array).cloned().unwrap_or_default();
            for (wanted, found) in wanted.iter().zip(&found) {
                assert_eq!(wanted, found, "{} of {}", expected["period"], path.display());
            }
            assert_eq!(wanted.len(), found.len(), "statements of {} in {}", expected["period"], path.display());
        }
    }
}
