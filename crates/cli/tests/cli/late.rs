//! Late time and corrections: what was issued stays, and the next statement makes up for it.

use crate::books::Books;
use crate::support::{Office, lines, on_both, seconds};

const FEE: &str = "fee 1 month 1250 1250.00";

/// The texts of the lines of the only statement of a period.
fn texts(period: &serde_json::Value) -> String {
    period["statements"][0]["lines"].to_string()
}

on_both! {
    fn late_time_first_restores_what_its_period_forfeited(office: &Office) {
        // January: 10 h granted, 8 h used, 2 h lost. 3 h come late: 2 h are restored, 1 h is overage.
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 480)]);
        office.import();
        office.issue("2026-01");
        let issued = office.run("bill 2026-01 --json").ok();
        books.add_entry("e2", "acme", "2026-01-20T10", 180);
        let summary = office.import();
        assert!(summary.contains("1 new entries belong to issued periods"), "{summary}");
        for _ in ["preview", "issued"] {
            assert_eq!(office.run("bill 2026-01 --json").ok(), issued);
            let february = office.json("bill 2026-02 --json");
            assert_eq!(lines(&february), [FEE, "late 1 hour 187.5 187.50"]);
            assert!(texts(&february).contains("2026-01"), "the line names its period");
            assert_eq!(["restored", "used", "overage"].map(|field| seconds(&february, field)), [7200, 7200, 3600]);
            assert_eq!(lines(&office.json("bill 2026-03 --json")), [FEE]);
            office.issue("2026-02");
        }
        assert!(!office.import().contains("issued periods"), "it was billed once and is the same now");
        office.is_well();
    }
}

on_both! {
    fn late_time_of_two_imports_is_restored_once(office: &Office) {
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 480)]);
        office.import();
        office.issue("2026-01");
        books.add_entry("e2", "acme", "2026-01-20T10", 90);
        office.import();
        office.issue("2026-02");
        assert_eq!(seconds(&office.json("bill 2026-02 --json"), "restored"), 5400);
        books.add_entry("e3", "acme", "2026-01-21T10", 60);
        office.import();
        let march = office.json("bill 2026-03 --json");
        assert_eq!(seconds(&march, "restored"), 1800, "half an hour was left of what January lost");
        assert_eq!(lines(&march), [FEE, "late 0.5 hour 187.5 93.75"]);
        office.issue("2026-03");
        office.is_well();
    }
}

on_both! {
    fn an_issued_entry_that_shrinks_is_credited_next_month(office: &Office) {
        // January: 11 h, of which 1 h is overage. Corrected to 10 h: the overage is credited.
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 660), ("f1", "2026-02-03T10", 60)]);
        office.import();
        office.issue("2026-01");
        let issued = office.run("bill 2026-01 --json").ok();
        books.replace("time_entries.csv", "Z,660,", "Z,600,");
        let summary = office.import();
        assert!(summary.contains("1 changed entries belong to issued periods: corrections on the next statement"), "{summary}");
        assert_eq!(office.run("bill 2026-01 --json").ok(), issued);
        let february = office.json("bill 2026-02 --json");
        assert_eq!(lines(&february), [FEE, "adjustment -1 hour 187.5 -187.50"]);
        assert!(texts(&february).contains("2026-01"));
        office.issue("2026-02");
        assert_eq!(office.json("bill 2026-02 --json"), february);
        assert_eq!(lines(&office.json("bill 2026-03 --json")), [FEE]);
        office.is_well();
    }
}

on_both! {
    fn an_issued_entry_that_grows_is_billed_next_month(office: &Office) {
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 600)]);
        office.import();
        office.issue("2026-01");
        books.replace("time_entries.csv", "Z,600,", "Z,720,");
        office.import();
        assert_eq!(lines(&office.json("bill 2026-02 --json")), [FEE, "late 2 hour 187.5 375.00"]);
        office.issue("2026-02");
        books.replace("time_entries.csv", "Z,720,", "Z,660,");
        office.import();
        let march = office.json("bill 2026-03 --json");
        let late: i64 = lines(&march).iter().filter(|line| !line.starts_with("fee")).map(|line| cents(line)).sum();
        assert_eq!(late, -18750, "an hour of the two is given back: {march}");
        office.issue("2026-03");
        office.is_well();
    }
}

/// The amount at the end of a line.
fn cents(line: &str) -> i64 {
    let amount = line.rsplit(' ').next().unwrap_or_default().replace('.', "");
    amount.parse().expect("an amount")
}

on_both! {
    fn a_correction_that_is_taken_back_before_it_is_billed_leaves_no_trace(office: &Office) {
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 660)]);
        office.import();
        office.issue("2026-01");
        let before = office.run("bill 2026-02 --json").ok();
        books.replace("time_entries.csv", "Z,660,", "Z,900,");
        office.import();
        assert_ne!(office.run("bill 2026-02 --json").ok(), before);
        books.replace("time_entries.csv", "Z,900,", "Z,660,");
        office.import();
        assert_eq!(office.run("bill 2026-02 --json").ok(), before);
    }
}

on_both! {
    fn time_from_before_the_first_issued_period_is_late_by_its_rate_card(office: &Office) {
        // Nothing was issued for December, but January was: December is over.
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 480)]);
        office.import();
        office.issue("2026-01");
        books.add_entry("old", "acme", "2025-12-15T10", 60);
        office.import();
        let february = office.json("bill 2026-02 --json");
        let billed = february["statements"].to_string();
        assert!(billed.contains("\"kind\":\"late\"") && billed.contains("\"150.00\"") && billed.contains("2025-12"), "{billed}");
        office.issue("2026-02");
        assert_eq!(office.json("bill 2026-02 --json"), february);
        office.is_well();
    }
}

on_both! {
    fn time_of_a_month_that_had_nothing_to_issue_is_late_too(office: &Office) {
        // Without an agreement: work in January and March, and none in February when March was issued.
        let books = Books::acme(office, &[]);
        books.add("clients.csv", "adhoc,By the Hour,USD,UTC,0\n");
        std::fs::remove_file(books.path().join("agreements/acme.toml")).expect("removed");
        books.add_entry("j1", "adhoc", "2026-01-12T10", 60);
        books.add_entry("m1", "adhoc", "2026-03-12T10", 60);
        office.import();
        office.issue("2026-01");
        office.issue("2026-03");
        books.add_entry("f1", "adhoc", "2026-02-12T10", 30);
        office.import();
        let april = office.json("bill 2026-04 --json");
        assert_eq!(lines(&april), ["late 0.5 hour 150 75.00"]);
        assert!(texts(&april).contains("2026-02"));
        office.issue("2026-04");
        assert_eq!(office.json("bill 2026-04 --json"), april);
        office.is_well();
    }
}

on_both! {
    fn a_client_that_comes_later_is_issued_from_its_first_period(office: &Office) {
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 480)]);
        office.import();
        office.issue("2026-01");
        books.add("clients.csv", "zeta,Zeta Works,USD,UTC,0\n");
        books.write("agreements/zeta.toml", &books.read("agreements/acme.toml").replace("acme", "zeta"));
        books.add_entry("z1", "zeta", "2026-01-12T10", 60);
        office.import();
        let said = office.run("bill 2026-02 --issue").fails(2);
        assert!(said.contains("client zeta: 2026-01 is not issued yet"), "{said}");
        office.issue("2026-01..2026-02");
        let (folder, database) = ("bill 2026-01..2026-03 --books books --json", "bill 2026-01..2026-03 --json");
        assert_eq!(office.json(folder), office.json(database));
        office.is_well();
    }
}

on_both! {
    fn late_time_warns_before_it_is_issued(office: &Office) {
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 480)]);
        office.import();
        office.issue("2026-01");
        books.add_entry("e2", "acme", "2026-01-20T10", 180);
        office.import();
        let answer = office.run("bill 2026-02 --json");
        assert!(answer.err.contains("! 2026-02 acme: acme: late time of 2026-01 (1 entry)"), "{}", answer.err);
        serde_json::from_str::<serde_json::Value>(&answer.ok()).expect("warnings are not on standard output");
    }
}
