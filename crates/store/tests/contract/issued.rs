//! Closings, terms, statements, invoices, ledgers and holds.

use jiff::civil::date;
use quarterhour_store::StoreError;
use quarterhour_store::statements::closing::{self, Closing};
use quarterhour_store::statements::hold::{self, Decision, Hold};
use quarterhour_store::statements::invoice::{self, Invoice};
use quarterhour_store::statements::ledger::{self, LedgerEntry};
use quarterhour_store::statements::statement::{self, Statement};
use quarterhour_store::statements::terms::{self, Terms};
use quarterhour_store::statements::time_entry::{self, HeldOf, TimeEntry};
use quarterhour_store::statements::{audit, credit_note, payment, receivable};
use quarterhour_store::testing::TestDatabase;
use uuid::Uuid;

use crate::office::sample_audit_entry;
use crate::receivables::{sample_credit_note, sample_payment, sample_receivable};
use crate::support::{APPEND_ONLY, Books, instant, on_both, sample_entry};

fn sample_closing(client_id: Uuid, period: &str) -> Closing {
    Closing {
        client_id,
        period: period.to_owned(),
        closed_at: instant("2026-04-01T08:00:00.000001Z"),
        carried_json: "{\"pool\":[1,2]}".to_owned(),
        terms_hash: "ab12".to_owned(),
        ledger_seq: 7,
        ledger_hash: "cd34".to_owned(),
    }
}

fn sample_statement(client_id: Uuid, period: &str, agreement: &str) -> Statement {
    Statement {
        client_id,
        period: period.to_owned(),
        agreement: agreement.to_owned(),
        body_json: "{}".to_owned(),
        sha256: "ef56".to_owned(),
    }
}

fn sample_invoice(number: i64, client_id: Uuid, period: &str) -> Invoice {
    Invoice {
        number,
        client_id,
        period: period.to_owned(),
        agreement: "gold".to_owned(),
        issued_on: date(2026, 4, 1),
        due_on: date(2026, 4, 15),
        currency: "EUR".to_owned(),
        net: 9_007_199_254_740_993,
        tax: -19,
        total: 9_007_199_254_740_974,
        body_json: "{\"lines\":[]}".to_owned(),
    }
}

fn sample_ledger_entry(client_id: Uuid, seq: i64) -> LedgerEntry {
    LedgerEntry {
        client_id,
        seq,
        fields: format!("seq={seq}\namount=1.00"),
        kind: "charge".to_owned(),
        period: "2026-03".to_owned(),
        hash: format!("h{seq}"),
        prev_hash: format!("h{}", seq - 1),
    }
}

fn sample_hold(client_id: Uuid, hold_id: &str) -> Hold {
    Hold {
        client_id,
        hold_id: hold_id.to_owned(),
        period: "2026-03".to_owned(),
        agreement: "gold".to_owned(),
        entry_id: "e1".to_owned(),
        state: "held".to_owned(),
        decided_by: None,
        decided_at: None,
        reason: None,
        body_json: "{}".to_owned(),
        billed_in: None,
    }
}

/// One row in each table that only grows.
pub fn fill(books: &Books) {
    let [acme, _] = books.clients;
    books.write(|tx| {
        terms::insert_new(tx, books.provider, &Terms { hash: "ab12".to_owned(), content: "x".to_owned() })?;
        closing::insert(tx, books.provider, &sample_closing(acme, "2026-03"))?;
        statement::insert_many(tx, books.provider, [sample_statement(acme, "2026-03", "")])?;
        invoice::insert_many(tx, books.provider, [sample_invoice(1, acme, "2026-03")])?;
        ledger::append_many(tx, books.provider, [sample_ledger_entry(acme, 1)])?;
        receivable::insert_many(tx, books.provider, [sample_receivable(1, acme, 1000)])?;
        payment::insert(tx, books.provider, &sample_payment(1, acme, 1000))?;
        credit_note::insert(tx, books.provider, &sample_credit_note(1, 1, acme))?;
        audit::insert(tx, books.provider, &sample_audit_entry("1"))
    });
}

on_both! {
    fn the_last_closing_of_each_client_is_found(books: &Books) {
        let [acme, zeta] = books.clients;
        let stranger = books.stranger();
        assert!(books.read(|tx| closing::list_last(tx, books.provider)).is_empty());
        let rows = [("2025-12", acme), ("2026-01", acme), ("2025-11", zeta)]
            .map(|(period, client)| sample_closing(client, period));
        for row in &rows {
            books.write(|tx| closing::insert(tx, books.provider, row));
        }
        assert_eq!(books.read(|tx| closing::list_last(tx, books.provider)), rows[1..]);
        assert_eq!(books.read(|tx| closing::find_last(tx, books.provider, acme)).as_ref(), Some(&rows[1]));
        assert_eq!(books.read(|tx| closing::find_last(tx, books.provider, Uuid::now_v7())), None);
        assert_eq!(books.read(|tx| closing::list_of_client(tx, books.provider, acme)), rows[..2]);
        assert!(books.read(|tx| closing::list_of_client(tx, stranger, acme)).is_empty());
        assert_eq!(books.read(|tx| closing::list_all(tx, books.provider)), rows);
        let find = |period: &'static str| books.read(|tx| closing::find(tx, books.provider, acme, period));
        assert_eq!(find("2025-12").as_ref(), rows.first());
        assert_eq!(find("2026-02"), None);
        let refused = books.refused(|tx| closing::insert(tx, books.provider, &rows[0]));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}

on_both! {
    fn an_instant_keeps_its_microseconds(books: &Books) {
        let [acme, _] = books.clients;
        let mut row = sample_closing(acme, "2026-03");
        row.closed_at = instant("2026-04-01T08:00:00.123456789Z");
        books.write(|tx| closing::insert(tx, books.provider, &row));
        let found = books.read(|tx| closing::find(tx, books.provider, acme, "2026-03"));
        assert_eq!(found.expect("the closing").closed_at, instant("2026-04-01T08:00:00.123456Z"));
    }
}

on_both! {
    fn terms_are_kept_once(books: &Books) {
        let row = Terms { hash: "ab12".to_owned(), content: "price = 1".to_owned() };
        books.write(|tx| terms::insert_new(tx, books.provider, &row));
        books.write(|tx| terms::insert_new(tx, books.provider, &row));
        assert_eq!(books.read(|tx| terms::load(tx, books.provider, "ab12")), row);
        assert_eq!(books.read(|tx| terms::list_all(tx, books.provider)), [row]);
        let refused = books.store.read(|tx| terms::load(tx, books.provider, "none"));
        assert!(matches!(refused, Err(StoreError::NotFound { .. })));
    }
}

on_both! {
    fn statements_are_found_by_period(books: &Books) {
        let [acme, zeta] = books.clients;
        let stranger = books.stranger();
        let rows = [(acme, ""), (acme, "gold"), (zeta, "")]
            .map(|(client, agreement)| sample_statement(client, "2026-03", agreement));
        let earlier = sample_statement(acme, "2026-02", "");
        books.write(|tx| statement::insert_many(tx, books.provider, rows.iter().chain([&earlier])));
        assert_eq!(books.read(|tx| statement::list_by_period(tx, books.provider, "2026-03")), rows);
        let of_acme = books.read(|tx| statement::list_of_client(tx, books.provider, acme));
        assert_eq!(of_acme, [earlier.clone(), rows[0].clone(), rows[1].clone()]);
        let of_period = |provider| books.read(|tx| statement::list_of_client_period(tx, provider, acme, "2026-03"));
        assert_eq!(of_period(books.provider), rows[..2]);
        assert!(of_period(stranger).is_empty());
        let found = books.read(|tx| statement::find(tx, books.provider, acme, "2026-02", ""));
        assert_eq!(found, Some(earlier));
        assert_eq!(books.read(|tx| statement::find(tx, books.provider, zeta, "2026-03", "gold")), None);
        let refused = books.refused(|tx| statement::insert_many(tx, books.provider, &rows[..1]));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}

on_both! {
    fn invoices_are_issued_once_for_a_period(books: &Books) {
        let [acme, zeta] = books.clients;
        let stranger = books.stranger();
        let rows = [sample_invoice(1, acme, "2026-03"), sample_invoice(2, zeta, "2026-03")];
        let later = sample_invoice(10, acme, "2026-04");
        books.write(|tx| invoice::insert_many(tx, books.provider, rows.iter().chain([&later])));
        assert_eq!(books.read(|tx| invoice::list_by_period(tx, books.provider, "2026-03")), rows);
        let all = books.read(|tx| invoice::list_all(tx, books.provider));
        assert_eq!(all.iter().map(|it| it.number).collect::<Vec<_>>(), [1, 2, 10]);
        assert_eq!(books.read(|tx| invoice::find_by_number(tx, books.provider, 10)).as_ref(), Some(&later));
        let of_acme = |provider| books.read(|tx| invoice::list_of_client(tx, provider, acme));
        assert_eq!(of_acme(books.provider), [rows[0].clone(), later]);
        assert!(of_acme(stranger).is_empty());
        let page = |before, limit| {
            let rows = books.read(|tx| invoice::list_page(tx, books.provider, before, limit));
            rows.iter().map(|it| it.number).collect::<Vec<_>>()
        };
        assert_eq!((page(None, 2), page(Some(2), 2), page(Some(1), 2)), (vec![10, 2], vec![1], vec![]));
        assert!(books.read(|tx| invoice::list_page(tx, stranger, None, 9)).is_empty());
        assert_eq!(books.read(|tx| invoice::find_by_number(tx, books.provider, 3)), None);
        let again = sample_invoice(11, acme, "2026-03");
        let refused = books.refused(|tx| invoice::insert_many(tx, books.provider, [again]));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let mut wrong = sample_invoice(11, acme, "2026-05");
        wrong.total += 1;
        let refused = books.refused(|tx| invoice::insert_many(tx, books.provider, [wrong]));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
    }
}

on_both! {
    fn ledgers_are_chains_with_a_head(books: &Books) {
        let [acme, zeta] = books.clients;
        assert!(books.read(|tx| ledger::list_heads(tx, books.provider)).is_empty());
        let rows: Vec<LedgerEntry> = (1..=12).map(|seq| sample_ledger_entry(acme, seq)).collect();
        let other = sample_ledger_entry(zeta, 1);
        books.write(|tx| ledger::append_many(tx, books.provider, rows.iter().rev().chain([&other])));
        let head = |client| books.read(|tx| ledger::find_head(tx, books.provider, client));
        assert_eq!(head(acme).as_ref(), rows.last());
        assert_eq!(head(Uuid::now_v7()), None);
        let heads = books.read(|tx| ledger::list_heads(tx, books.provider));
        assert_eq!(heads, [rows[11].clone(), other]);
        let mut chain = Vec::new();
        books.read(|tx| ledger::each_of_client(tx, books.provider, acme, |row| {
            chain.push(row);
            Ok::<(), StoreError>(())
        }));
        assert_eq!(chain, rows);
        let refused = books.refused(|tx| ledger::append_many(tx, books.provider, &rows[11..]));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}

on_both! {
    fn a_hold_is_decided_once_and_billed_once(books: &Books) {
        let [acme, zeta] = books.clients;
        let stranger = books.stranger();
        let mut rows = [sample_hold(acme, "h1"), sample_hold(acme, "h2"), sample_hold(zeta, "h1")];
        books.write(|tx| hold::insert_many(tx, books.provider, &rows));
        let decision = Decision {
            state: "released".to_owned(),
            decided_by: "Eve".to_owned(),
            decided_at: instant("2026-04-02T00:00:00Z"),
            reason: "agreed by phone".to_owned(),
        };
        let bill = |tx: &mut _| hold::mark_billed(tx, books.provider, acme, "h2", "2026-04");
        assert!(books.refused(bill).contains("a decided hold"), "not yet decided");
        let decide = |tx: &mut _| hold::decide(tx, books.provider, acme, "h2", &decision);
        books.write(decide);
        assert!(books.refused(decide).contains("still held"), "decided once");
        let open = |books: &Books| {
            let rows = books.read(|tx| hold::list_open(tx, books.provider));
            rows.into_iter().map(|it| (it.client_id, it.hold_id)).collect::<Vec<_>>()
        };
        let ids = rows.each_ref().map(|it| (it.client_id, it.hold_id.clone()));
        assert_eq!(open(books), ids, "a decided one is open until it is billed");
        books.write(bill);
        assert!(books.refused(bill).contains("not yet billed"), "billed once");
        assert_eq!(open(books), [ids[0].clone(), ids[2].clone()]);
        rows[1].state = decision.state.clone();
        rows[1].decided_by = Some(decision.decided_by.clone());
        rows[1].decided_at = Some(decision.decided_at);
        rows[1].reason = Some(decision.reason.clone());
        rows[1].billed_in = Some("2026-04".to_owned());
        assert_eq!(books.read(|tx| hold::list_all(tx, books.provider)), rows);
        assert_eq!(books.read(|tx| hold::list_of_client(tx, books.provider, acme)), rows[..2]);
        assert!(books.read(|tx| hold::list_of_client(tx, stranger, acme)).is_empty());
        assert!(books.read(|tx| hold::list_open(tx, stranger)).is_empty());
        let found = books.read(|tx| hold::find(tx, books.provider, acme, "h2"));
        assert_eq!(found.as_ref(), Some(&rows[1]));
        let mut wrong = sample_hold(zeta, "h9");
        wrong.state = "lost".to_owned();
        let refused = books.refused(|tx| hold::insert_many(tx, books.provider, [wrong]));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
    }
}

on_both! {
    fn held_entries_are_listed_as_they_are_now(books: &Books) {
        let [acme, zeta] = books.clients;
        let entry = |client, id: &str| sample_entry(client, id, 100);
        let later = TimeEntry { revision: 1, note: "moved".to_owned(), late_for: Some("2026-03".to_owned()), ..entry(acme, "b") };
        let entries = [entry(acme, "a"), entry(acme, "b"), later, entry(zeta, "c"), entry(zeta, "d")];
        books.write(|tx| time_entry::insert_many(tx, books.provider, &entries));
        let held = |client, hold: &str, entry: &str| hold::Hold { entry_id: entry.to_owned(), ..sample_hold(client, hold) };
        let billed = hold::Hold {
            state: "written-off".to_owned(),
            decided_by: Some("Eve".to_owned()),
            decided_at: Some(instant("2026-04-02T00:00:00Z")),
            reason: Some("goodwill".to_owned()),
            billed_in: Some("2026-04".to_owned()),
            ..held(acme, "3", "a")
        };
        let rows = [held(acme, "1", "b"), held(acme, "2", "b"), billed, held(zeta, "4", "c")];
        books.write(|tx| hold::insert_many(tx, books.provider, &rows));
        let list = |held| {
            let rows = books.read(|tx| time_entry::list_held(tx, books.provider, held));
            let mut rows: Vec<_> = rows.into_iter().map(|row| (row.entry_id, row.revision)).collect();
            rows.sort();
            rows
        };
        let named = |rows: &[(&str, i64)]| rows.iter().map(|(id, revision)| ((*id).to_owned(), *revision)).collect::<Vec<_>>();
        assert_eq!(list(HeldOf::Client(acme)), named(&[("a", 0), ("b", 1), ("b", 1)]));
        assert_eq!(list(HeldOf::Open), named(&[("b", 1), ("b", 1), ("c", 0)]));
        assert_eq!(list(HeldOf::All), named(&[("a", 0), ("b", 1), ("b", 1), ("c", 0)]));
    }
}

on_both! {
    fn issued_documents_refuse_to_change(books: &Books) {
        fill(books);
        for table in APPEND_ONLY {
            let mut changes = vec![
                format!("update {table} set provider_id = provider_id"),
                format!("delete from {table}"),
            ];
            if books.database.is_postgres() {
                changes.push(format!("truncate {table}"));
            }
            for change in changes {
                let refused = books.refused(|tx| tx.raw(&change));
                assert!(refused.contains("kept for ever"), "{change}: {refused}");
            }
        }
        if books.database.is_postgres() {
            let refused = books.refused(|tx| tx.raw("truncate providers cascade"));
            assert!(refused.contains("kept for ever"), "{refused}");
        }
        assert_eq!(books.read(|tx| invoice::list_all(tx, books.provider)).len(), 1);
    }
}
