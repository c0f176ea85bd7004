//! `import`: twice is once, and what changed is taken over.

use crate::books::Books;
use crate::support::{Office, on_both, row};

on_both! {
    fn importing_twice_is_importing_once(office: &Office) {
        Books::example(office);
        let first = office.import();
        for (name, count) in [("clients", 4), ("devices", 61), ("agreements", 4), ("time entries", 88)] {
            assert_eq!(row(&first, name), format!("{name} {count} 0 0 0"));
        }
        let bill = "bill 2026-01..2026-04 --json";
        let before = office.run(bill).ok();
        let second = office.import();
        for (name, count) in [("clients", 4), ("devices", 61), ("agreements", 4), ("time entries", 88)] {
            assert_eq!(row(&second, name), format!("{name} 0 0 {count} 0"));
        }
        assert_eq!(office.run(bill).ok(), before);
    }
}

on_both! {
    fn importing_again_after_issuing_changes_nothing(office: &Office) {
        Books::example(office);
        office.import();
        office.issue("2026-01..2026-03");
        let bill = "bill 2026-01..2026-05 --json";
        let before = office.run(bill).ok();
        let summary = office.import();
        assert_eq!(row(&summary, "time entries"), "time entries 0 0 88 0");
        assert!(!summary.contains("issued periods"), "{summary}");
        assert_eq!(office.run(bill).ok(), before);
        office.is_well();
    }
}

on_both! {
    fn changes_of_open_books_are_taken_over(office: &Office) {
        let books = Books::example(office);
        office.import();
        books.replace("time_entries.csv", "e0005,harbor,T-1002,lee,2026-01-09T09:55:00-05:00,45,", "e0005,harbor,T-1002,lee,2026-01-09T09:55:00-05:00,95,");
        books.replace("clients.csv", "lakeside,Lakeside School,", "lakeside,Lakeside High School,");
        books.replace("devices.csv", "acme,acme-ws05,workstation,2025-06-01,,", "acme,acme-ws05,workstation,2025-06-01,2026-02-01,");
        books.replace("agreements/summit.toml", "workstation = \"65.00\"", "workstation = \"70.00\"");
        books.replace("provider.toml", "hourly = \"185.00\"", "hourly = \"190.00\"");
        let summary = office.import();
        assert_eq!(row(&summary, "clients"), "clients 0 1 3 0");
        assert_eq!(row(&summary, "devices"), "devices 0 1 60 0");
        assert_eq!(row(&summary, "agreements"), "agreements 0 1 3 0");
        assert_eq!(row(&summary, "time entries"), "time entries 0 1 87 0");
        assert!(summary.contains("provider.toml changed: open periods are billed by the new one"), "{summary}");
        assert!(summary.contains("agreement summit: open periods are billed by the new text"), "{summary}");
        let (folder, database) = ("bill 2026-01..2026-04 --books books --json", "bill 2026-01..2026-04 --json");
        assert_eq!(office.json(folder), office.json(database));
        office.issue("2026-01..2026-04");
        assert_eq!(office.json(folder), office.json(database));
        assert!(office.run("statement lakeside 2026-01").ok().starts_with("Lakeside High School"));
    }
}

on_both! {
    fn a_changed_agreement_leaves_issued_periods_alone(office: &Office) {
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 660)]);
        office.import();
        office.issue("2026-01");
        let issued = office.run("bill 2026-01 --json").ok();
        books.replace("agreements/acme.toml", "187.50", "210.00");
        books.replace("provider.toml", "150.00", "160.00");
        books.add_entry("e2", "acme", "2026-01-13T10", 60);
        office.import();
        assert_eq!(office.run("bill 2026-01 --json").ok(), issued);
        let february = office.json("bill 2026-02 --json");
        assert_eq!(crate::support::lines(&february), ["fee 1 month 1250 1250.00", "late 1 hour 187.5 187.50"], "at the rate of the issued period");
    }
}

on_both! {
    fn rows_that_are_missing_in_the_folder_stay(office: &Office) {
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 60), ("e2", "2026-01-13T10", 60)]);
        office.import();
        books.replace("time_entries.csv", "e2,acme,T-1,kim,2026-01-13T10:00:00Z,60,,,,,,\n", "");
        let summary = office.import();
        assert_eq!(row(&summary, "time entries"), "time entries 0 0 1 1");
        assert!(summary.contains("set their minutes to 0 to take them out"), "{summary}");
        assert_eq!(crate::support::seconds(&office.json("bill 2026-01 --json"), "used"), 7200);
        books.add_entry("e2", "acme", "2026-01-13T10", 0);
        office.import();
        assert_eq!(crate::support::seconds(&office.json("bill 2026-01 --json"), "used"), 3600);
    }
}
