//! Rows of `time_entries.csv` that are wrong: the line, the column, what was found and what was expected.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{HEADER, entries_of, row_problems};
use quarterhour_billing::Billing;

const START: &str = "2026-01-05T09:00:00-05:00";

fn with_minutes(minutes: &str) -> Vec<String> {
    row_problems(&format!("e1,acme,,,{START},{minutes},,,,,,\n"))
}

fn with_start(start: &str) -> Vec<String> {
    row_problems(&format!("e1,acme,,,{start},15,,,,,,\n"))
}

#[test]
fn minutes_are_whole_and_bounded() {
    let wrong = ["-15", "7.5", "1e3", "527041", "99999999999999999999", "15 min", "", " 15", "+15", "0x10", "\u{661}\u{665}"];
    for minutes in wrong {
        let found = if minutes.is_empty() { "nothing".to_owned() } else { format!("`{minutes}`") };
        let message = format!("time_entries.csv:2: minutes: {found}; expected whole minutes from 0 to 527040");
        assert_eq!(with_minutes(minutes), [message]);
    }
    for minutes in ["0", "527040", "015"] {
        assert!(with_minutes(minutes).is_empty(), "{minutes}");
    }
}

#[test]
fn a_start_has_its_offset() {
    let expected = "a time of RFC 3339 with its offset such as 2026-01-31T09:30:00-05:00";
    let wrong = [
        "2026-01-05T09:00:00",       // No offset.
        "2026-01-05 09:00:00-05:00", // A space for the T.
        "2026-01-05T09:00-05:00",    // No seconds.
        "2026-01-05T09:00:00-0500",
        "2026-01-05T09:00:00-05",
        "2026-01-05T09:00:00-25:00",
        "2026-01-05T09:00:00 EST",
        "2026-01-05",
        "05.01.2026 09:00",
        "01/05/2026 9:00 AM",
        "2026-02-29T09:00:00Z", // No leap year.
        "2026-13-01T09:00:00Z",
        "2026-00-01T09:00:00Z",
        "2026-01-32T09:00:00Z",
        "2026-01-00T09:00:00Z",
        "2026-01-05T24:00:00Z",
        "2026-01-05T09:60:00Z",
        "2026-01-05T09:00:60Z", // A leap second.
        "2026-12-31T23:59:60Z",
        "2026-01-05T09:00:00.Z",
        "2026-01-05T09:00:00.1234567891Z",
        "2026-01-05T09:00:00,5Z",
        "\u{662}026-01-05T09:00:00Z",
    ];
    for start in wrong {
        let field = if start.contains(',') { format!("\"{start}\"") } else { start.to_owned() };
        assert_eq!(with_start(&field), [format!("time_entries.csv:2: started_at: `{start}`; expected {expected}")]);
    }
    for start in ["1989-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        assert_eq!(with_start(start), [format!("time_entries.csv:2: started_at: `{start}`; expected a time from 1990 to 2099")]);
    }
}

#[test]
fn a_start_is_the_same_instant_in_every_offset_and_a_fraction_is_dropped() {
    let starts =
        ["2026-01-05T14:00:00Z", START, "2026-01-05t14:00:00z", "2026-01-05T19:45:00+05:45", "2026-01-05T14:00:00.999999999Z"];
    let rows: String = (0..).zip(starts).map(|(at, start)| format!("e{at},acme,,,{start},15,,,,,,\n")).collect();
    let book = entries_of(format!("{HEADER}{rows}").as_bytes()).unwrap();
    let entries = book.by_client.first().unwrap();
    assert_eq!(entries.len(), 5);
    assert!(entries.iter().all(|entry| entry.started_at == 1_767_621_600));
}

#[test]
fn flags_are_words() {
    let problems = row_problems(&format!("e1,acme,,,{START},15,,,,yes,us,\ne2,acme,,,{START},15,,,,TRUE,Client,\n"));
    let expected = [
        "time_entries.csv:2: billable: `yes`; expected true or false",
        "time_entries.csv:2: cause: `us`; expected client or provider",
        "time_entries.csv:3: billable: `TRUE`; expected true or false",
        "time_entries.csv:3: cause: `Client`; expected client or provider",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn what_is_empty_has_its_default() {
    let rows = format!("e1,acme,,,{START},15,,,,,,\ne2,acme,,,{START},15,,,,false,client,\ne3,acme,,,{START},15,,,,,provider,\n");
    let book = entries_of(format!("{HEADER}{rows}").as_bytes()).unwrap();
    let entries = book.by_client.first().unwrap();
    let billing: Vec<Billing> = entries.iter().map(|entry| entry.billing).collect();
    assert_eq!(billing, [Billing::Billable, Billing::NotBillable, Billing::ProviderCause]);
    assert!(entries.iter().all(|entry| book.words.name(entry.tier) == "technician"));
    assert!(entries.iter().all(|entry| book.words.name(entry.work_type) == "remote"));
    let few = format!("minutes,started_at,client,id\n15,{START},acme,e1\n");
    assert_eq!(entries_of(few.as_bytes()).unwrap().by_client.first().unwrap()[0].billing, Billing::Billable);
}

#[test]
fn an_id_must_be_there_and_stand_alone() {
    let problems = row_problems(&format!(",acme,,,{START},15,,,,,,\n e2,acme,,,{START},15,,,,,,\n"));
    let expected = ["time_entries.csv:2: id: nothing; expected a text", "time_entries.csv:3: id: ` e2` begins or ends with a space"];
    assert_eq!(problems, expected);
}

#[test]
fn an_id_is_there_once_even_for_two_clients() {
    let mut files = common::files();
    files.clients = b"code,name\nacme,Acme\nzeta,Zeta\n".to_vec();
    let setup = quarterhour_books::setup::read(&files).unwrap();
    let rows = format!("{HEADER}e1,acme,,,{START},15,,,,,,\ne2,acme,,,{START},15,,,,,,\ne1,zeta,,,{START},30,,,,,,\n");
    let problems = quarterhour_books::entries::read(&setup, rows.as_bytes()).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].to_string(), "time_entries.csv:4: id: `e1` is already in line 2; expected each id once");
}

#[test]
fn an_unknown_client_is_named() {
    let problems = row_problems(&format!("e1,Acme,,,{START},15,,,,,,\ne2,,,,{START},15,,,,,,\n"));
    let expected = [
        "time_entries.csv:2: client: `Acme`; expected a code of clients.csv",
        "time_entries.csv:3: client: nothing; expected a code of clients.csv",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn columns_come_in_any_order_but_are_known_complete_and_single() {
    let known = "id, client, ticket, technician, started_at, minutes, tier, work_type, device, billable, cause, note";
    let problems = entries_of(b"id,client,started_at,Minutes,colour\n").unwrap_err();
    let expected = [
        format!("time_entries.csv:1: `Minutes`: an unknown column; expected {known}"),
        format!("time_entries.csv:1: `colour`: an unknown column; expected {known}"),
        "time_entries.csv:1: minutes: the column is missing from the header".to_owned(),
    ];
    assert_eq!(problems, expected);
    let problems = entries_of(b"id,client,started_at,minutes,id\n").unwrap_err();
    assert_eq!(problems, ["time_entries.csv:1: `id`: the column is there twice"]);
    let problems = entries_of(b"id;client;started_at;minutes\n").unwrap_err();
    assert_eq!(problems, ["time_entries.csv:1: columns separated by semicolons or tabs; expected commas"]);
}

#[test]
fn a_row_has_as_many_fields_as_the_header() {
    let problems = row_problems(&format!("e1,acme,,,{START},15,,,,,,,\ne2,acme\n"));
    let expected =
        ["time_entries.csv:2: 13 fields; expected 12 as in the header", "time_entries.csv:3: 2 fields; expected 12 as in the header"];
    assert_eq!(problems, expected);
}

#[test]
fn all_problems_are_listed_up_to_a_hundred_and_the_rest_is_counted() {
    let rows: String = (0..150).map(|at| format!("e{at},acme,,,{START},-1,,,,,,\n")).collect();
    let problems = row_problems(&rows);
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[0], "time_entries.csv:2: minutes: `-1`; expected whole minutes from 0 to 527040");
    assert_eq!(problems[99], "time_entries.csv:101: minutes: `-1`; expected whole minutes from 0 to 527040");
    assert_eq!(problems[100], "time_entries.csv: and 50 more");
    let hundred: String = (0..100).map(|at| format!("e{at},acme,,,{START},-1,,,,,,\n")).collect();
    assert_eq!(row_problems(&hundred).len(), 100);
}

#[test]
fn problems_of_both_halves_come_in_order_of_their_lines() {
    let row = |at: usize| format!("e{at},acme,,,{START},{},,,,,,\"a, \"\"b\"\"\nc\"\n", if at % 400 == 7 { "x" } else { "15" });
    let rows: String = (0..1000).map(row).collect();
    let line = |at: usize| format!("time_entries.csv:{}: minutes: `x`; expected whole minutes from 0 to 527040", 2 + 2 * at);
    assert_eq!(row_problems(&rows), [line(7), line(407), line(807)]);
}

#[test]
fn a_long_value_is_shortened_in_its_message() {
    let problems = with_minutes(&"9".repeat(100));
    assert_eq!(problems, [format!("time_entries.csv:2: minutes: `{}…`; expected whole minutes from 0 to 527040", "9".repeat(60))]);
}
