//! `import` of books with mistakes: all are listed with their place, and nothing is changed.

use crate::books::Books;
use crate::support::{Office, on_both, row};

on_both! {
    fn mistakes_are_listed_with_file_line_and_column_and_nothing_is_changed(office: &Office) {
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 60)]);
        office.import();
        let before = office.run("bill 2026-01 --json").ok();
        books.add_entry("good", "acme", "2026-01-13T10", 60);
        books.add("time_entries.csv", "bad,acme,T-1,kim,2026-01-13T10:00:00Z,many,,,,,,\n");
        books.add("time_entries.csv", "worse,acme,T-1,kim,yesterday,5,,,,perhaps,,\n");
        books.add("time_entries.csv", "worst,nobody,T-1,kim,2026-01-14T10:00:00Z,5,,,,,,\n");
        let answer = office.run("import books");
        assert_eq!(answer.out, "");
        let said = answer.fails(2);
        for place in [
            "time_entries.csv:4: minutes: `many`; expected",
            "time_entries.csv:5: started_at: `yesterday`; expected",
            "time_entries.csv:5: billable: `perhaps`; expected",
            "time_entries.csv:6: client: `nobody`; expected",
            "error: the books in books have mistakes; nothing was changed\nhint: ",
        ] {
            assert!(said.contains(place), "{place}\n{said}");
        }
        assert_eq!(office.run("bill 2026-01 --json").ok(), before);
    }
}

on_both! {
    fn an_id_that_is_there_twice_is_a_mistake(office: &Office) {
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 60), ("e1", "2026-01-13T10", 60)]);
        let said = office.run("import books").fails(2);
        assert!(said.contains("time_entries.csv:3: id: "), "{said}");
        books.replace("time_entries.csv", "e1,acme,T-1,kim,2026-01-13", "e2,acme,T-1,kim,2026-01-13");
        office.import();
    }
}

on_both! {
    fn mistakes_in_the_first_import_leave_an_empty_database(office: &Office) {
        let books = Books::acme(office, &[]);
        books.add("devices.csv", "acme,ws99,workstation,someday\n");
        let said = office.run("import books").fails(2);
        assert!(said.contains("devices.csv:42: in_service: "), "{said}");
        let said = office.run("bill 2026-01").err;
        assert!(said.contains("hint: bring a folder in with `quarterhour import DIR`"), "{said}");
    }
}

on_both! {
    fn unknown_columns_and_clauses_are_named(office: &Office) {
        let books = Books::acme(office, &[]);
        books.replace("clients.csv", "tax_percent\n", "taxpercent\n");
        let said = office.run("import books").fails(2);
        assert!(said.contains("clients.csv:1") && said.contains("taxpercent"), "{said}");
        books.replace("clients.csv", "taxpercent\n", "tax_percent\n");
        books.replace("agreements/acme.toml", "environment", "enviroment");
        let said = office.run("import books").fails(2);
        assert!(said.contains("agreements/acme.toml:7") && said.contains("enviroment"), "{said}");
    }
}

on_both! {
    fn a_folder_that_overlaps_with_the_database_is_refused(office: &Office) {
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 60)]);
        office.import();
        let before = office.run("bill 2026-01 --json").ok();
        std::fs::rename(books.path().join("agreements/acme.toml"), books.path().join("agreements/other.toml")).expect("renamed");
        books.add_entry("e2", "acme", "2026-01-13T10", 60);
        office.run("bill 2026-01 --books books").ok();
        let said = office.run("import books").fails(2);
        assert!(said.contains("agreements `acme` and `other` are both in force on 2026-01-01"), "{said}");
        assert!(said.contains("nothing was changed"), "{said}");
        assert_eq!(office.run("bill 2026-01 --json").ok(), before);
        books.replace("agreements/other.toml", "starts = 2026-01-01", "starts = 2026-02-01");
        books.write("agreements/acme.toml", &(books.read("agreements/other.toml").replace("starts = 2026-02-01", "starts = 2026-01-01\nends = 2026-02-01")));
        let summary = office.import();
        assert_eq!(row(&summary, "agreements"), "agreements 1 1 0 0");
        assert_eq!(office.json("bill 2026-01..2026-03 --json"), office.json("bill 2026-01..2026-03 --books books --json"));
    }
}

on_both! {
    fn an_issued_entry_cannot_move_to_another_client(office: &Office) {
        let books = Books::acme(office, &[("e1", "2026-01-12T10", 60)]);
        books.add("clients.csv", "zeta,Zeta Works,USD,UTC,0\n");
        office.import();
        office.issue("2026-01");
        books.replace("time_entries.csv", "e1,acme,", "e1,zeta,");
        let said = office.run("import books").fails(2);
        assert!(said.contains("time_entries.csv:2: client: `e1` was issued to another client"), "{said}");
        office.is_well();
    }
}
