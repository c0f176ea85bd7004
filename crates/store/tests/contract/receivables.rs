//! Receivables, payments and credit notes.

use std::sync::Barrier;
use std::thread;

use jiff::civil::date;
use quarterhour_store::statements::credit_note::{self, CreditNote};
use quarterhour_store::statements::payment::{self, Payment};
use quarterhour_store::statements::receivable::{self, Receivable};
use quarterhour_store::testing::TestDatabase;
use quarterhour_store::{Store, StoreError};
use uuid::Uuid;

use crate::support::{Books, instant, on_both};

pub fn sample_receivable(number: i64, client_id: Uuid, total: i64) -> Receivable {
    Receivable {
        number,
        client_id,
        issued_on: date(2026, 4, 1),
        due_on: date(2026, 4, 15),
        currency: "EUR".to_owned(),
        total,
        paid: 0,
        credited: 0,
        is_open: total != 0,
        sent_at: None,
        sent_by: None,
    }
}

pub fn sample_payment(number: i64, client_id: Uuid, amount: i64) -> Payment {
    Payment {
        payment_id: Uuid::now_v7(),
        number,
        client_id,
        received_on: date(2026, 4, 10),
        amount,
        kind: if amount < 0 { "refund" } else { "payment" }.to_owned(),
        method: "transfer".to_owned(),
        reference: "E2E-1".to_owned(),
        recorded_by: "Ann".to_owned(),
        recorded_at: instant("2026-04-11T09:00:00.000001Z"),
    }
}

pub fn sample_credit_note(credit_number: i64, number: i64, client_id: Uuid) -> CreditNote {
    CreditNote {
        credit_number,
        number,
        client_id,
        issued_on: date(2026, 4, 12),
        currency: "EUR".to_owned(),
        net: 100,
        tax: 19,
        total: 119,
        reason: "two seats too many".to_owned(),
        issued_by: "Ann".to_owned(),
        body_json: "{}".to_owned(),
    }
}

/// Three receivables, the last of them of nothing.
fn fill(books: &Books) -> [Receivable; 3] {
    let [acme, zeta] = books.clients;
    let rows = [sample_receivable(1, acme, 1000), sample_receivable(2, zeta, 500), sample_receivable(10, acme, 0)];
    assert_eq!(books.write(|tx| receivable::insert_many(tx, books.provider, &rows)), 3);
    rows
}

on_both! {
    fn a_balance_is_open_until_it_is_even(books: &Books) {
        let [first, ..] = fill(books);
        let stranger = books.stranger();
        books.write(|tx| receivable::insert_many(tx, stranger, [&first]));
        let apply = |paid, credited| {
            let row = books.write(|tx| receivable::apply(tx, books.provider, 1, paid, credited));
            assert_eq!(books.read(|tx| receivable::find(tx, books.provider, 1)), Some(row.clone()), "it gives the new row");
            (row.paid, row.credited, row.is_open)
        };
        assert_eq!(apply(600, 0), (600, 0, true));
        assert_eq!(apply(281, 119), (881, 119, false));
        assert_eq!(apply(1, 0), (882, 119, true), "too much was paid");
        assert_eq!(apply(-1, 0), (881, 119, false));
        assert_eq!(apply(0, -119), (881, 0, true));
        let refused = books.refused(|tx| receivable::apply(tx, books.provider, 3, 1, 0));
        assert_eq!(refused, "the receivable is not in the database");
        assert!(books.store.write(|tx| receivable::apply(tx, books.provider, 1, i64::MAX, 0)).is_err());
        assert_eq!(apply(0, 0), (881, 0, true), "nothing came of it");
        assert_eq!(books.read(|tx| receivable::find(tx, stranger, 1)), Some(first));
    }
}

on_both! {
    fn receivables_are_listed_open_by_client_and_in_pages(books: &Books) {
        let [mut first, second, third] = fill(books);
        let stranger = books.stranger();
        let [acme, _] = books.clients;
        first.due_on = date(2026, 5, 1);
        let open = || books.read(|tx| receivable::list_open(tx, books.provider));
        assert_eq!(open().iter().map(|it| it.number).collect::<Vec<_>>(), [1, 2], "both due that day");
        books.write(|tx| receivable::insert_many(tx, books.provider, [Receivable { number: 4, ..first.clone() }]));
        assert_eq!(open().iter().map(|it| it.number).collect::<Vec<_>>(), [1, 2, 4], "by the day it is due");
        books.write(|tx| receivable::apply(tx, books.provider, 1, 1000, 0));
        assert_eq!(open().iter().map(|it| it.number).collect::<Vec<_>>(), [2, 4]);
        let of_acme = books.read(|tx| receivable::list_of_client(tx, books.provider, acme));
        assert_eq!(of_acme.iter().map(|it| it.number).collect::<Vec<_>>(), [1, 4, 10]);
        let page = |before, limit| {
            let rows = books.read(|tx| receivable::list_page(tx, books.provider, before, limit));
            rows.iter().map(|it| it.number).collect::<Vec<_>>()
        };
        assert_eq!(page(None, 2), [10, 4]);
        assert_eq!(page(Some(4), 9), [2, 1]);
        let at = instant("2026-04-02T07:00:00.000001Z");
        books.write(|tx| receivable::mark_sent(tx, books.provider, 2, Some((at, "Ann"))));
        let sent = Receivable { sent_at: Some(at), sent_by: Some("Ann".to_owned()), ..second };
        assert_eq!(books.read(|tx| receivable::find(tx, books.provider, 2)), Some(sent));
        let refused = books.refused(|tx| receivable::mark_sent(tx, books.provider, 3, Some((at, "Ann"))));
        assert_eq!(refused, "the receivable is not in the database");
        let wrong = Receivable { number: 11, is_open: true, ..third };
        let refused = books.refused(|tx| receivable::insert_many(tx, books.provider, [wrong]));
        assert!(refused.contains("breaks a rule of its schema"), "an even one is not open: {refused}");
        assert!(books.read(|tx| receivable::list_page(tx, stranger, None, 9)).is_empty());
    }
}

on_both! {
    fn payments_at_once_are_all_counted(books: &Books) {
        fill(books);
        let other = Store::open(books.database.location()).expect("a second store");
        let [acme, _] = books.clients;
        let barrier = Barrier::new(2);
        let pay = |store: &Store| {
            barrier.wait();
            for _ in 0..20 {
                let paid = store.write(|tx| {
                    payment::insert(tx, books.provider, &sample_payment(1, acme, 25))?;
                    receivable::apply(tx, books.provider, 1, 25, 0)
                });
                paid.expect("the payment is taken");
            }
        };
        thread::scope(|scope| {
            let threads = [&books.store, &other].map(|store| scope.spawn(move || pay(store)));
            threads.into_iter().for_each(|it| it.join().expect("no panic"));
        });
        let row = books.read(|tx| receivable::find(tx, books.provider, 1)).expect("the receivable");
        assert_eq!((row.paid, row.is_open), (1000, false));
        assert_eq!(books.read(|tx| payment::list_of_invoice(tx, books.provider, 1)).len(), 40);
    }
}

on_both! {
    fn payments_are_listed_as_they_were_recorded(books: &Books) {
        fill(books);
        let stranger = books.stranger();
        let [acme, zeta] = books.clients;
        let rows = [sample_payment(1, acme, 600), sample_payment(2, zeta, 500), sample_payment(1, acme, -600)];
        books.write(|tx| rows.iter().try_for_each(|row| payment::insert(tx, books.provider, row)));
        assert_eq!(books.read(|tx| payment::list_all(tx, books.provider)), rows);
        let of_first = books.read(|tx| payment::list_of_invoice(tx, books.provider, 1));
        assert_eq!(of_first, [rows[0].clone(), rows[2].clone()]);
        let found = |provider| books.read(|tx| payment::find(tx, provider, rows[1].payment_id));
        assert_eq!((found(books.provider).as_ref(), found(stranger)), (Some(&rows[1]), None));
        let refused = books.refused(|tx| payment::insert(tx, books.provider, &rows[0]));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let wrong = Payment { kind: "gift".to_owned(), ..sample_payment(1, acme, 1) };
        for row in [wrong, sample_payment(3, acme, 1)] {
            let refused = books.refused(|tx| payment::insert(tx, books.provider, &row));
            assert!(refused.contains("breaks a rule of its schema"), "{refused}");
        }
        let refused = books.refused(|tx| payment::insert(tx, stranger, &sample_payment(1, acme, 1)));
        assert!(refused.contains("breaks a rule of its schema"), "the invoice is another provider's: {refused}");
    }
}

on_both! {
    fn credit_notes_go_with_an_invoice(books: &Books) {
        let [first, ..] = fill(books);
        let stranger = books.stranger();
        let [acme, zeta] = books.clients;
        let rows = [(1, 1, acme), (2, 2, zeta), (3, 1, acme)]
            .map(|(credit_number, number, client)| sample_credit_note(credit_number, number, client));
        books.write(|tx| rows.iter().rev().try_for_each(|row| credit_note::insert(tx, books.provider, row)));
        books.write(|tx| receivable::insert_many(tx, stranger, [first]));
        books.write(|tx| credit_note::insert(tx, stranger, &rows[0]));
        assert_eq!(books.read(|tx| credit_note::list_all(tx, books.provider)), rows);
        let of_acme = [rows[0].clone(), rows[2].clone()];
        assert_eq!(books.read(|tx| credit_note::list_of_invoice(tx, books.provider, 1)), of_acme);
        assert_eq!(books.read(|tx| credit_note::list_of_client(tx, books.provider, acme)), of_acme);
        let found = |number| books.read(|tx| credit_note::find(tx, books.provider, number));
        assert_eq!((found(2).as_ref(), found(4)), (Some(&rows[1]), None));
        assert_eq!(books.read(|tx| credit_note::list_all(tx, stranger)), rows[..1]);
        let refused = books.refused(|tx| credit_note::insert(tx, books.provider, &rows[0]));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let wrong = CreditNote { total: 120, ..sample_credit_note(4, 1, acme) };
        for row in [wrong, sample_credit_note(4, 3, acme)] {
            let refused = books.refused(|tx| credit_note::insert(tx, books.provider, &row));
            assert!(refused.contains("breaks a rule of its schema"), "{refused}");
        }
    }
}

/// A payment that fails to be counted is not recorded either.
#[test]
fn a_payment_and_its_balance_are_saved_together() {
    let books = Books::on(TestDatabase::sqlite());
    fill(&books);
    let refused: Result<(), StoreError> = books.store.write(|tx| {
        payment::insert(tx, books.provider, &sample_payment(1, books.clients[0], 5))?;
        receivable::apply(tx, books.provider, 77, 5, 0).map(drop)
    });
    assert!(matches!(refused, Err(StoreError::NotFound { .. })));
    assert!(books.read(|tx| payment::list_all(tx, books.provider)).is_empty());
}
