//! The quick line: what is read, what is told, and what is refused.

use super::*;

const CLIENTS: [(&str, &str); 6] = [
    ("acme", "Acme Dental"),
    ("alder", "Alder Law"),
    ("aspen", "Aspen Studio"),
    ("north", "Northgate Books"),
    ("northb", "Northgate Bank"),
    ("zed", "Zed & Sons"),
];

fn line(text: &str) -> Quick {
    let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (tiers, work_types) = (list(&["helpdesk", "technician", "senior"]), list(&["remote", "onsite", "project"]));
    let (devices, tickets) = (list(&["acme-srv1", "acme-ws001", "acme-ws002", "acme-ws003"]), list(&["acme-00017", "T-1001"]));
    let today = Some(jiff::civil::date(2026, 11, 25));
    let vocabulary = Vocabulary { tiers: &tiers, work_types: &work_types, devices: &devices, tickets: &tickets, today };
    read(text, &vocabulary)
}

fn found(text: &str) -> Result<(&'static str, String), String> {
    client(text, &CLIENTS).map(|(index, rest)| (CLIENTS[index].0, rest.trim().to_owned())).map_err(|mistake| mistake.message)
}

fn refused(text: &str, word: &str, part: &str) {
    let mistakes = line(text).mistakes;
    assert!(mistakes.iter().any(|it| it.word == word && it.message.contains(part)), "{text}: {mistakes:?}");
}

#[test]
fn the_client_is_found_by_its_code_or_the_start_of_its_name() {
    assert_eq!(found("acme printer 25m"), Ok(("acme", "printer 25m".to_owned())));
    assert_eq!(found("  ACME printer"), Ok(("acme", "printer".to_owned())));
    assert_eq!(found("ac printer"), Ok(("acme", "printer".to_owned())));
    assert_eq!(found("acme dental printer"), Ok(("acme", "printer".to_owned())));
    assert_eq!(found("northgate bo printer"), Ok(("north", "printer".to_owned())));
    assert_eq!(found("northgate bank books audited"), Ok(("northb", "books audited".to_owned())));
    assert_eq!(found("north bank printer"), Ok(("north", "bank printer".to_owned())), "a code is a code");
    assert_eq!(found("zed"), Ok(("zed", String::new())));
}

#[test]
fn a_client_that_is_unknown_or_could_be_several_is_told() {
    assert_eq!(found("a printer"), Err("could be acme, alder, aspen; type more of it".to_owned()));
    assert_eq!(found("acne printer"), Err("no client begins with \u{201c}acne\u{201d}; did you mean acme?".to_owned()));
    assert!(found("qqqqqq").is_err_and(|it| it.contains("expected a code or the start of a name first")));
    assert!(found("  ").is_err_and(|it| it.contains("expected a client first")));
}

#[test]
fn a_line_gives_note_minutes_and_tier() {
    let quick = line("printer offline 25m helpdesk");
    assert_eq!((quick.note.as_str(), quick.minutes, quick.tier.as_deref()), ("printer offline", Some(25), Some("helpdesk")));
    assert_eq!((quick.time, quick.date, quick.ticket, quick.mistakes.len()), (None, None, None, 0));
}

#[test]
fn durations_are_read_in_every_form() {
    let forms = [
        ("25m", 25),
        ("25min", 25),
        ("1h", 60),
        ("1h30", 90),
        ("1h30m", 90),
        ("1h5", 65),
        ("1.5h", 90),
        ("1,5h", 90),
        (".5h", 30),
        ("0.25h", 15),
        ("0:45", 45),
        ("24h", 1440),
    ];
    for (word, minutes) in forms {
        assert_eq!(line(word).minutes, Some(minutes), "{word}");
    }
    for word in ["25", "m", "h", "1h60", "1:5", "10x", "v1.5", "2nd"] {
        assert_eq!((line(word).minutes, line(word).note.as_str()), (None, word), "{word}");
    }
    refused("0m", "0m", "no time at all");
    refused("25h", "25h", "more than a day");
    refused("0.33h", "0.33h", "expected one such as 20m");
    refused("1.5m", "1.5m", "no whole number of minutes");
    refused("25m 10m", "10m", "second duration");
    refused("99999999999m", "99999999999m", "no whole number");
}

#[test]
fn times_and_spans_are_read() {
    let time = |text: &str| line(text).time.map(|time| time.to_string());
    assert_eq!(time("9:15").as_deref(), Some("09:15:00"));
    assert_eq!(time("14:05").as_deref(), Some("14:05:00"));
    assert_eq!(time("2pm").as_deref(), Some("14:00:00"));
    assert_eq!(time("12am").as_deref(), Some("00:00:00"));
    assert_eq!(time("9:15am").as_deref(), Some("09:15:00"));
    assert_eq!(time("@9:15").as_deref(), Some("09:15:00"));
    let span = line("9:15-9:40 printer");
    assert_eq!((span.time.map(|it| it.hour()), span.until.map(|it| it.minute()), span.note.as_str()), (Some(9), Some(40), "printer"));
    assert_eq!(line("9:15\u{2013}9:40").until.map(|it| it.minute()), Some(40));
    refused("25:10", "25:10", "no time of day");
    refused("9:15 9:40", "9:40", "second time");
    assert_eq!(line("see https://example.com windows 10-11").note, "see https://example.com windows 10-11");
}

#[test]
fn a_space_between_number_and_unit_is_no_matter() {
    for (text, minutes) in [("printer 25 min", 25), ("printer 1.5 h", 90), ("1 hour printer", 60)] {
        assert_eq!((line(text).minutes, line(text).note.as_str()), (Some(minutes), "printer"), "{text}");
    }
    assert_eq!(line("2 printers 25m").note, "2 printers");
}

#[test]
fn a_time_that_looks_like_a_duration_is_told() {
    assert_eq!(line("1:30 printer").told, ["1:30 is read as a time of day; write 1h30 for a duration"]);
    assert!(line("1:30 25m").told.is_empty());
    assert!(line("9:15").told.is_empty());
}

#[test]
fn days_are_read_from_today() {
    let day = |text: &str| line(text).date.map(|date| date.to_string());
    assert_eq!(day("@yesterday").as_deref(), Some("2026-11-24"));
    assert_eq!(day("@today").as_deref(), Some("2026-11-25"));
    assert_eq!(day("@mon").as_deref(), Some("2026-11-23"));
    assert_eq!(day("@Wednesday").as_deref(), Some("2026-11-18"), "the last one before today");
    assert_eq!(day("@2026-11-20").as_deref(), Some("2026-11-20"));
    refused("@someday", "@someday", "no day");
    refused("@2026-13-01", "@2026-13-01", "no day");
    refused("@mon @tue", "@tue", "second day");
}

#[test]
fn tickets_devices_and_marks_are_read() {
    let quick = line("#T-1001 on acme-ws003 cable !free onsite");
    assert_eq!((quick.ticket.as_deref(), quick.device.as_deref(), quick.free), (Some("T-1001"), Some("acme-ws003"), true));
    assert_eq!((quick.note.as_str(), quick.work_type.as_deref()), ("cable", Some("onsite")));
    assert_eq!(line("acme-00017 reboot").ticket.as_deref(), Some("acme-00017"));
    assert_eq!(line("#t-1001").ticket.as_deref(), Some("T-1001"), "as the ticket is written");
    let bare = line("reboot acme-srv1 twice");
    assert_eq!((bare.device.as_deref(), bare.note.as_str()), (Some("acme-srv1"), "reboot acme-srv1 twice"));
    assert_eq!(line("on acme-s reboot").device.as_deref(), Some("acme-srv1"));
    assert_eq!(line("worked on backup").note, "worked on backup");
    assert!(line("!our-error").our_error);
    refused("!fee", "!fee", "expected !free or !our-error");
    refused("#", "#", "names no ticket");
    refused("#1 #2", "#2", "second ticket beside 1");
    refused("helpdesk senior", "senior", "second tier beside helpdesk");
    refused("onsite remote", "remote", "second work type beside onsite");
    refused("acme-ws001 acme-ws002", "acme-ws002", "second device");
}

#[test]
fn words_of_the_note_that_were_perhaps_meant_otherwise_are_told() {
    let told = |text: &str| line(text).told.join("; ");
    for (text, part) in [
        ("printer yesterday 25m", "write @yesterday"),
        ("printer monday 25m", "write @monday"),
        ("printer 25m seniro", "did you mean senior?"),
        ("printer 25m helpdsk", "did you mean helpdesk?"),
        ("printer 90", "write 90m"),
        ("printer -5", "write 5m"),
        ("printer yesteday 25m", "did you mean @yesterday?"),
    ] {
        assert!(told(text).contains(part), "{text}: {}", told(text));
    }
    for text in ["printer @yesterday 9:15 25m", "printer on the 3rd floor 25m", "remove a virus 25m", "\"back yesterday\" 25m"] {
        assert_eq!(line(text).told, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn quoted_words_are_always_note() {
    let quick = line("\"project plan\" with \"senior\" partner 25m");
    assert_eq!((quick.note.as_str(), quick.tier, quick.work_type), ("project plan with senior partner", None, None));
}
