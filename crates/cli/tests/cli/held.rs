//! Overage past the cap: held, released or written off, each once.

use crate::books::Books;
use crate::support::{Office, lines, on_both, row, seconds};

const CAP: &str = "[guard]\ncap = { amount = \"200.00\", on_cap = \"hold\" }\n";

/// January: 10 h are the allowance, e2 is the first hour of overage, e3 and e4 are past the cap.
fn hold_two(office: &Office) -> Books {
    let entries =
        [("e1", "2026-01-12T08", 600), ("e2", "2026-01-13T10", 60), ("e3", "2026-01-14T10", 60), ("e4", "2026-01-15T10", 30)];
    let books = Books::with_agreement(office, CAP, &entries);
    office.import();
    assert_eq!(office.run("held").ok(), "Nothing is held.\n");
    office.issue("2026-01");
    books
}

/// Decides with a name and a reason that hold spaces.
fn decide(office: &Office, what: &str, number: &str) -> crate::support::Answer {
    let words = ["held", what, number, "--by", "Ann Lee", "--reason", "server crash"];
    crate::support::Answer::of(office.command(&words).output().expect("the program starts"))
}

on_both! {
    fn held_overage_is_listed_and_not_billed(office: &Office) {
        hold_two(office);
        let january = office.json("bill 2026-01 --json");
        assert_eq!(lines(&january), ["fee 1 month 1250 1250.00", "overage 1 hour 187.5 187.50"]);
        assert_eq!(["overage", "held"].map(|field| seconds(&january, field)), [3600, 5400]);
        let list = office.run("held").ok();
        assert_eq!(row(&list, "1"), "1 acme 2026-01 e3 1:00 h 187.50 USD held");
        assert_eq!(row(&list, "2"), "2 acme 2026-01 e4 0:30 h 93.75 USD held");
        office.issue("2026-02..2026-03");
        assert_eq!(lines(&office.json("bill 2026-03 --json")), ["fee 1 month 1250 1250.00"], "nothing without a decision");
        office.is_well();
    }
}

on_both! {
    fn released_overage_is_billed_next_period_as_late_and_once(office: &Office) {
        hold_two(office);
        assert!(decide(office, "release", "1").err.contains("Number 1 is released"));
        assert_eq!(row(&office.run("held").ok(), "1"), "1 acme 2026-01 e3 1:00 h 187.50 USD released by Ann Lee: server crash");
        let february = office.json("bill 2026-02 --json");
        assert_eq!(lines(&february), ["fee 1 month 1250 1250.00", "late 1 hour 187.5 187.50"]);
        assert!(february.to_string().contains("2026-01"), "the line names its period");
        office.issue("2026-02");
        assert_eq!(office.json("bill 2026-02 --json"), february);
        assert_eq!(lines(&office.json("bill 2026-03 --json")), ["fee 1 month 1250 1250.00"]);
        office.is_well();
    }
}

on_both! {
    fn what_is_written_off_is_never_billed(office: &Office) {
        hold_two(office);
        decide(office, "write-off", "1").ok();
        decide(office, "write-off", "2").ok();
        office.issue("2026-02..2026-03");
        for period in ["2026-02", "2026-03"] {
            assert_eq!(lines(&office.json(&format!("bill {period} --json"))), ["fee 1 month 1250 1250.00"]);
        }
        office.is_well();
    }
}

on_both! {
    fn deciding_twice_is_refused(office: &Office) {
        hold_two(office);
        decide(office, "release", "1").ok();
        for what in ["release", "write-off"] {
            let said = decide(office, what, "1").fails(2);
            assert!(said.contains("error: number 1 is released already\nhint: by Ann Lee: server crash"), "{said}");
        }
        let said = decide(office, "release", "7").fails(2);
        assert!(said.contains("nothing is held under number 7"), "{said}");
        let nameless = ["held", "release", "2", "--by", " ", "--reason", "why"];
        assert_eq!(office.command(&nameless).output().expect("the program starts").status.code(), Some(2));
        assert_eq!(row(&office.run("held").ok(), "2"), "2 acme 2026-01 e4 0:30 h 93.75 USD held");
    }
}

on_both! {
    fn of_two_decisions_at_once_one_is_refused(office: &Office) {
        hold_two(office);
        let start = |what: &str| office.start(&format!("held {what} 1 --by ann --reason crash"));
        let runs = [start("release"), start("write-off"), start("release"), start("write-off")];
        let codes = runs.map(|mut run| run.wait().expect("it ends").code());
        assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
        office.issue("2026-02");
        office.is_well();
    }
}
