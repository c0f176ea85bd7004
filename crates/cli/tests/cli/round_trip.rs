//! `export`: the books come back as they were.

use std::fs;

use crate::books::Books;
use crate::support::{Office, on_both};

const BILL: &str = "bill 2026-01..2026-05 --json";

on_both! {
    fn exported_books_bill_the_same_bytes_in_a_fresh_database(office: &Office) {
        Books::example(office);
        office.import();
        let before = office.run(BILL).ok();
        assert_eq!(office.run("export copy --quiet").err, "");
        let fresh = office.another();
        fresh.run(&format!("import {}", office.folder.join("copy").display())).ok();
        assert_eq!(fresh.run(BILL).ok(), before);
        assert_eq!(office.run(&format!("{BILL} --books copy")).ok(), before);
        fresh.run("export copy").ok();
        for file in ["provider.toml", "clients.csv", "devices.csv", "time_entries.csv", "agreements/acme.toml"] {
            let read = |office: &Office| fs::read(office.folder.join("copy").join(file)).expect("an exported file");
            assert_eq!(read(office), read(&fresh), "{file}");
        }
    }
}

on_both! {
    fn quotes_line_ends_and_foreign_letters_survive(office: &Office) {
        let books = Books::acme(office, &[]);
        books.replace("clients.csv", "Acme Dental", "\"Ácme, \"\"Dental\"\" 銀杏\"");
        books.add("time_entries.csv", "é1,acme,\"T,1\",Zoë,2026-01-12T10:00:00+05:30,30,,,,,,\"=cmd, \"\"hi\"\"\"\n");
        office.import();
        let before = office.run(BILL).ok();
        office.run("export copy").ok();
        assert_eq!(office.run(&format!("{BILL} --books copy")).ok(), before);
        let summary = office.run("import copy").ok();
        assert_eq!(crate::support::row(&summary, "time entries"), "time entries 0 0 1 0", "{summary}");
        assert_eq!(crate::support::row(&summary, "clients"), "clients 0 0 1 0", "{summary}");
    }
}

on_both! {
    fn export_overwrites_nothing(office: &Office) {
        let books = Books::example(office);
        office.import();
        let before = books.read("time_entries.csv");
        let said = office.run("export books").fails(2);
        assert!(said.contains("error: books is there already and not empty\nhint: name a new folder"), "{said}");
        assert_eq!(books.read("time_entries.csv"), before);
    }
}
