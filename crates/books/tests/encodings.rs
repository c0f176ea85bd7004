//! Files that are no text, no CSV, cut off or enormous: refused with the place, never repaired in silence.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{HEADER, entries_of, files, row_problems, setup_problems};
use quarterhour_books::SetupFiles;

const ROW: &str = "e1,acme,T-1,ann,2026-01-05T09:00:00-05:00,15,,,,,,\n";

fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(|unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let with_mark = |text: &str| format!("\u{feff}{text}").into_bytes();
    assert_eq!(entries_of(&with_mark(&format!("{HEADER}{ROW}"))).unwrap().rows, 1);
    let files = SetupFiles {
        provider: with_mark(common::PROVIDER),
        clients: with_mark("code,name\nacme,Acme\n"),
        devices: with_mark("client,name,class,in_service\nacme,ws-1,workstation,2026-01-01\n"),
        agreements: vec![("a".to_owned(), with_mark("client = \"acme\"\nprogram = \"ad-hoc\"\nstarts = 2026-01-01\n"))],
    };
    assert!(setup_problems(&files).is_empty());
}

#[test]
fn line_ends_of_windows_are_read_and_a_missing_last_one_too() {
    let windows = format!("{HEADER}{ROW}").replace('\n', "\r\n");
    assert_eq!(entries_of(windows.as_bytes()).unwrap().rows, 1);
    assert_eq!(entries_of(windows.trim_end().as_bytes()).unwrap().rows, 1);
    let one = entries_of(windows.as_bytes()).unwrap();
    let other = entries_of(format!("{HEADER}{ROW}").as_bytes()).unwrap();
    assert_eq!(one.by_client, other.by_client);
}

#[test]
fn empty_lines_are_passed_over_and_counted() {
    assert_eq!(entries_of(format!("{HEADER}\n\n{ROW}\n\n").as_bytes()).unwrap().rows, 1);
    let problems = row_problems("\n\ne1,nobody,,,2026-01-05T09:00:00Z,15,,,,,,\n");
    assert_eq!(problems, ["time_entries.csv:4: client: `nobody`; expected a code of clients.csv"]);
}

#[test]
fn utf_16_is_named_in_every_file() {
    for big_endian in [false, true] {
        let message = "the file is UTF-16; expected UTF-8 (in a spreadsheet: save it as \"CSV UTF-8\")";
        let problems = entries_of(&utf16(HEADER, big_endian)).unwrap_err();
        assert_eq!(problems, [format!("time_entries.csv:1: character 1: {message}")]);
        let files = SetupFiles { clients: utf16("code,name\nacme,Acme\n", big_endian), ..files() };
        assert_eq!(setup_problems(&files), [format!("clients.csv:1: character 1: {message}")]);
    }
}

#[test]
fn a_nul_byte_is_found() {
    let problems = entries_of(format!("{HEADER}{}", ROW.replace("ann", "a\0n")).as_bytes()).unwrap_err();
    assert_eq!(problems, ["time_entries.csv:2: character 14: a NUL byte; expected text"]);
}

#[test]
fn latin_1_is_found_at_its_character() {
    let mut bytes = format!("{HEADER}{ROW}e2,acme,,Andr").into_bytes();
    bytes.push(0xE9);
    bytes.extend_from_slice(b",2026-01-05T09:00:00-05:00,15,,,,,,\n");
    let problems = entries_of(&bytes).unwrap_err();
    assert_eq!(problems, ["time_entries.csv:3: character 14: a byte that is not UTF-8; save the file as UTF-8"]);
    let files = SetupFiles { clients: b"code,name\nacme,Caf\xE9\n".to_vec(), ..files() };
    assert_eq!(setup_problems(&files), ["clients.csv:2: character 9: a byte that is not UTF-8; save the file as UTF-8"]);
}

#[test]
fn a_file_that_is_cut_off_within_a_quote_is_not_a_shorter_file() {
    let problems = row_problems(&format!("{ROW}e2,acme,,,2026-01-05T09:00:00-05:00,15,,,,,,\"printer ag"));
    let message = "expected a closing quote before the end of the file; is the file cut off?";
    assert_eq!(problems, [format!("time_entries.csv:3: field 12: {message}")]);
}

#[test]
fn a_file_that_is_cut_off_within_a_row_is_not_a_shorter_file() {
    let problems = row_problems(&format!("{ROW}e2,acme,,,2026-01-05T0"));
    assert_eq!(problems, ["time_entries.csv:3: 5 fields; expected 12 as in the header"]);
}

#[test]
fn a_quote_inside_a_plain_field_is_refused() {
    let problems = row_problems("e1,acme,,,2026-01-05T09:00:00-05:00,15,,,,,,19\" screen\n");
    let message = "expected a field with a quote in it to be quoted, and the quote doubled";
    assert_eq!(problems, [format!("time_entries.csv:2: field 12: {message}")]);
}

#[test]
fn text_behind_a_closing_quote_is_refused() {
    let problems = row_problems("e1,acme,,\"ann\"a,2026-01-05T09:00:00-05:00,15,,,,,,\n");
    assert_eq!(problems, ["time_entries.csv:2: field 4: expected a comma or the end of the line behind a field"]);
}

#[test]
fn quotes_commas_and_line_ends_within_quotes_are_text() {
    let rows = format!("e0,acme,,,2026-01-05T09:00:00Z,15,,,,,,\"a \"\"b\"\", c\nd\"\n{ROW}x\n");
    assert_eq!(row_problems(&rows), ["time_entries.csv:5: 1 field; expected 12 as in the header"]);
    assert_eq!(entries_of(format!("{HEADER}{}", rows.replace("x\n", "")).as_bytes()).unwrap().rows, 2);
}

#[test]
fn an_empty_file_and_a_file_of_a_header_only() {
    let problems = entries_of(b"").unwrap_err();
    let columns = "id, client, ticket, technician, started_at, minutes, tier, work_type, device, billable, cause, note";
    assert_eq!(problems, [format!("time_entries.csv:1: the file is empty; expected a header: {columns}")]);
    assert_eq!(entries_of(HEADER.as_bytes()).unwrap().rows, 0);
}

#[test]
fn a_field_of_a_hundred_megabytes_is_refused_without_being_repeated() {
    let mut text = format!("{HEADER}e1,acme,,,2026-01-05T09:00:00-05:00,15,,,,,,");
    text.push_str(&"x".repeat(100 << 20));
    text.push('\n');
    let problems = entries_of(text.as_bytes()).unwrap_err();
    assert_eq!(problems, ["time_entries.csv:2: note: 104857600 characters; expected at most 20000"]);
}

#[test]
fn an_id_of_a_megabyte_is_refused() {
    let rows = format!("{},acme,,,2026-01-05T09:00:00-05:00,15,,,,,,\n", "x".repeat(1 << 20));
    assert_eq!(row_problems(&rows), ["time_entries.csv:2: id: 1048576 characters; expected at most 200"]);
}

#[test]
fn control_characters_are_refused_but_a_note_may_have_lines() {
    let problems = row_problems("e1,acme,\"T\n1\",a\u{7}n,2026-01-05T09:00:00Z,15,,,,,,\"one\ntwo\tthree\"\n");
    let expected = [
        "time_entries.csv:2: ticket: a control character in `T\\n1`; expected plain text",
        "time_entries.csv:2: technician: a control character in `a\\u{7}n`; expected plain text",
    ];
    assert_eq!(problems, expected);
}
