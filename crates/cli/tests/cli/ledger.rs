//! `verify` and `doctor`: whatever was changed behind the program's back is found and named.

use quarterhour_billing::ledger::entry_hash;

use crate::books::Books;
use crate::support::{Office, on_both, row};

/// The example with January and February issued.
fn issued(office: &Office) -> Books {
    let books = Books::example(office);
    office.import();
    office.issue("2026-01..2026-02");
    books
}

/// Tampers with a table and expects both checks to find it, with these words.
fn found(office: &Office, table: &str, sql: &str, words: &[&str]) {
    let office = &office.another();
    issued(office);
    office.is_well();
    office.tamper(table, &sql.replace("ACME", "client_id = (select client_id from clients where code = 'acme')"));
    for check in ["verify", "doctor"] {
        let said = office.run(check).finds();
        for word in words {
            assert!(said.contains(word), "{check} after {sql}: {word}\n{said}");
        }
        assert!(!said.contains("All is well") && !said.contains("numbered without a gap"), "{said}");
    }
}

on_both! {
    fn healthy_books_are_well(office: &Office) {
        issued(office);
        let said = office.run("verify").ok();
        assert!(said.contains("8 statements are as they were written."), "{said}");
        assert_eq!(row(&said, "acme").len(), "acme 12 ".len() + 64, "client, entries and head to publish: {said}");
        office.is_well();
    }
}

on_both! {
    fn a_changed_ledger_entry_is_found(office: &Office) {
        let sql = "update ledger_entries set fields = replace(fields, '2026-01', '2026-07') where ACME and seq = 2";
        found(office, "ledger_entries", sql, &["client acme: entry 2 was changed"]);
    }
}

on_both! {
    fn a_removed_ledger_entry_is_found(office: &Office) {
        let sql = "delete from ledger_entries where ACME and seq = 2";
        found(office, "ledger_entries", sql, &["client acme: entry 3 stands where entry 2 should be"]);
    }
}

on_both! {
    fn a_ledger_without_its_end_is_found(office: &Office) {
        let sql = "delete from ledger_entries where ACME and seq = (select max(seq) from ledger_entries where ACME)";
        found(office, "ledger_entries", sql, &["client acme: the close of 2026-02 recorded entry", "removed at the end"]);
    }
}

on_both! {
    fn reordered_ledger_entries_are_found(office: &Office) {
        let sql = "update ledger_entries set seq = -2 where ACME and seq = 2;
            update ledger_entries set seq = 2 where ACME and seq = 3;
            update ledger_entries set seq = 3 where ACME and seq = -2";
        found(office, "ledger_entries", sql, &["client acme: entry 2 does not continue entry 1"]);
    }
}

on_both! {
    fn a_copied_ledger_entry_is_found(office: &Office) {
        let sql = "insert into ledger_entries select provider_id, client_id, seq + 1, fields, kind, period, hash, prev_hash
            from ledger_entries where ACME and seq = (select max(seq) from ledger_entries where ACME)";
        found(office, "ledger_entries", sql, &["client acme: entry "]);
    }
}

on_both! {
    fn a_well_forged_ledger_entry_at_the_end_is_found(office: &Office) {
        issued(office);
        let heads = row(&office.run("verify").ok(), "acme");
        let [_, count, head] = heads.split(' ').collect::<Vec<_>>()[..] else { unreachable!("client, entries, head") };
        let seq = count.parse::<u32>().expect("a number") + 1;
        let texts = ["qh1", "acme", &seq.to_string(), "2026-02", "2026-02-28", "acme", "grant", "9", "", "3600", "s", ""];
        let fields: String = texts.iter().map(|text| format!("{}:{text},", text.len())).collect();
        let hash = entry_hash(head, &fields);
        let sql = format!(
            "insert into ledger_entries select provider_id, client_id, {seq}, '{fields}', 'grant', '2026-02', '{hash}', '{head}'
             from clients where code = 'acme'"
        );
        office.sql(&sql).expect("adding is allowed");
        let said = office.run("verify").finds();
        assert!(said.contains("client acme: ") && said.contains("entries were added or removed at the end"), "{said}");
    }
}

on_both! {
    fn a_changed_statement_is_found(office: &Office) {
        let sql = "update statements set body_json = replace(body_json, 'Acme Dental', 'Acme Rental') where ACME and period = '2026-01'";
        found(office, "statements", sql, &["client acme: the statement of 2026-01, acme: its text was changed"]);
    }
}

on_both! {
    fn a_statement_that_cannot_be_read_any_more_is_found(office: &Office) {
        let sql = "update statements set body_json = 'nothing' where ACME and period = '2026-01'";
        found(office, "statements", sql, &["client acme: the statement of 2026-01 cannot be read"]);
    }
}

on_both! {
    fn a_removed_statement_is_found(office: &Office) {
        let sql = "delete from statements where ACME and period = '2026-01'";
        found(office, "statements", sql, &["client acme: the ledger has 2 statements, the database 1"]);
    }
}

on_both! {
    fn changed_and_removed_invoices_are_found(office: &Office) {
        found(office, "invoices", "update invoices set net = net + 1, total = total + 1 where number = 1", &["client acme: invoice 1 has another amount"]);
        found(office, "invoices", "delete from invoices where number = 1", &["client acme: a statement with lines has no invoice", "invoice number 1 is missing"]);
    }
}

on_both! {
    fn a_changed_close_is_found(office: &Office) {
        let sql = "update closings set ledger_hash = 'f' where ACME and period = '2026-01'";
        found(office, "closings", sql, &["client acme: the close of 2026-01 recorded entry"]);
    }
}

on_both! {
    fn the_database_itself_refuses_to_change_what_was_issued(office: &Office) {
        issued(office);
        for table in ["closings", "terms", "statements", "invoices", "ledger_entries"] {
            for sql in [format!("update {table} set provider_id = provider_id"), format!("delete from {table}")] {
                let refusal = office.sql(&sql).expect_err(&sql);
                assert!(refusal.to_string().contains("issued documents are kept for ever"), "{sql}: {refusal}");
            }
        }
        office.is_well();
    }
}
