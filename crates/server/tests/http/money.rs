//! Payments and credit notes: exact, once, and never more than there is.

use quarterhour_server::app::credit_note::{Extent, NewCreditNote};
use quarterhour_server::app::invoice::InvoiceFilter;
use quarterhour_server::app::payment::{Direction, NewPayment};
use uuid::Uuid;

use crate::support::{APPROVER, BOOK_KEEPER, OTHER_CLIENT, Site};

/// An open invoice of the demo: its number and what is left to pay.
fn open_invoice(site: &Site) -> (i64, i64) {
    let actor = site.app.program().expect("the program acts");
    let filter = InvoiceFilter { state: "overdue".to_owned(), ..InvoiceFilter::default() };
    let page = site.app.invoices(&actor, &filter).expect("invoices");
    let row = page.rows.iter().find(|row| row.receivable.paid == 0 && row.invoice.tax > 0).expect("an unpaid invoice");
    (row.invoice.number, row.invoice.total)
}

fn balance(site: &Site, number: i64) -> i64 {
    let actor = site.app.program().expect("the program acts");
    site.app.invoice(&actor, number).expect("the invoice").row.balance()
}

fn shown(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

#[tokio::test]
async fn a_payment_in_parts_too_much_and_back_again() {
    let site = Site::demo();
    let keeper = site.person(BOOK_KEEPER);
    let (number, total) = open_invoice(&site);
    let path = format!("/billing/invoices/{number}");
    let pay = |amount: &str| vec![("on", "2026-11-25".to_owned()), ("amount", amount.to_owned()), ("method", "transfer".to_owned())];
    let form = |fields: &[(&'static str, String)]| -> Vec<(&'static str, String)> { fields.to_vec() };
    let send = async |to: &str, fields: Vec<(&'static str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        keeper.post(&format!("{path}/{to}"), &fields).await
    };
    send("payments", pay("100.00")).await.leads_to();
    assert_eq!(balance(&site, number), total - 10_000);
    // Sent twice by a double click: recorded once.
    let id = Uuid::now_v7().to_string();
    let twice = form(&[("id", id), ("on", "2026-11-25".to_owned()), ("amount", "50".to_owned())]);
    send("payments", twice.clone()).await.leads_to();
    send("payments", twice).await.leads_to();
    assert_eq!(balance(&site, number), total - 15_000);
    // More than is left: the rest is in the client's favour.
    send("payments", pay(&shown(total - 15_000 + 2_500))).await.leads_to();
    assert_eq!(balance(&site, number), -2_500);
    keeper.get(&path).await.ok().shows("Give back what was paid too much").shows("in the client");
    send("refunds", pay("25.01")).await.is(422).shows("More than was paid too much");
    send("refunds", pay("25.00")).await.leads_to();
    assert_eq!(balance(&site, number), 0);
    keeper.get(&path).await.ok().shows("paid");
    for (amount, on) in
        [("0", "2026-11-25"), ("1.005", "2026-11-25"), ("-5", "2026-11-25"), ("ten", "2026-11-25"), ("5", "2026-12-25"), ("5", "soon")]
    {
        send("payments", form(&[("on", on.to_owned()), ("amount", amount.to_owned())])).await.is(422);
    }
    assert_eq!(balance(&site, number), 0);
}

#[tokio::test]
async fn a_mistaken_payment_is_taken_back_once() {
    let site = Site::demo();
    let (app, keeper) = (&site.app, site.person(BOOK_KEEPER));
    let (number, total) = open_invoice(&site);
    let actor = app.program().expect("the program acts");
    let new = NewPayment {
        id: Uuid::now_v7(),
        received_on: jiff::civil::date(2026, 11, 25),
        amount: 777,
        method: "card".to_owned(),
        reference: String::new(),
    };
    app.record_payment(&actor, number, &new, Direction::In).expect("recorded");
    assert_eq!(balance(&site, number), total - 777);
    let path = format!("/billing/payments/{}/reverse", new.id);
    keeper.post(&path, &[]).await.leads_to();
    assert_eq!(balance(&site, number), total);
    keeper.post(&path, &[]).await.is(409);
    assert_eq!(balance(&site, number), total);
    let page = keeper.get(&format!("/billing/invoices/{number}")).await.ok();
    page.shows("taken back").shows("recorded by mistake").shows("Payment of USD 7.77 reversed");
}

#[tokio::test]
async fn payments_at_once_all_count() {
    let site = Site::demo();
    let (number, total) = open_invoice(&site);
    let app = &site.app;
    let actor = app.program().expect("the program acts");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let (id, received_on) = (Uuid::now_v7(), jiff::civil::date(2026, 11, 25));
                    let (method, reference) = Default::default();
                    let new = NewPayment { id, received_on, amount: 101, method, reference };
                    app.record_payment(&actor, number, &new, Direction::In).expect("recorded");
                }
            });
        }
    });
    assert_eq!(balance(&site, number), total - 40 * 101);
}

#[tokio::test]
async fn a_credit_note_never_takes_more_than_is_left() {
    let site = Site::demo();
    let keeper = site.person(BOOK_KEEPER);
    let (number, total) = open_invoice(&site);
    let (path, actor) = (format!("/billing/invoices/{number}/credit"), site.app.program().expect("the program acts"));
    keeper.get(&path).await.ok().shows("All that is left");
    let too_much = shown(total + 1);
    let form = [("extent", "amount"), ("amount", too_much.as_str()), ("reason", "goodwill"), ("after", "0")];
    keeper.post(&path, &form).await.is(422).shows("More than is left of the invoice");
    keeper.post(&path, &[("extent", "full"), ("reason", " "), ("after", "0")]).await.is(422).shows("Expected a reason");
    keeper.post(&path, &[("extent", "lines"), ("reason", "wrong"), ("after", "0")]).await.is(422).shows("at one of the lines");
    keeper.post(&path, &[("extent", "lines"), ("line-0", "99999999"), ("reason", "wrong"), ("after", "0")]).await.is(422);
    // A line of ten, with tax in proportion.
    keeper.post(&path, &[("extent", "lines"), ("line-0", "10.00"), ("reason", "wrong line"), ("after", "0")]).await.leads_to();
    let view = site.app.invoice(&actor, number).expect("the invoice");
    let note = view.credit_notes.first().expect("a credit note");
    let (net, tax) = (view.row.invoice.net, view.row.invoice.tax);
    assert_eq!((note.net, note.tax), (1_000, (1_000 * tax * 2 + net) / (2 * net)), "half up");
    // The form that was opened before the note above would credit twice.
    keeper.post(&path, &[("extent", "full"), ("reason", "again"), ("after", "0")]).await.is(422).shows("meanwhile");
    keeper.post(&path, &[("extent", "full"), ("reason", "the rest"), ("after", "1")]).await.leads_to();
    let view = site.app.invoice(&actor, number).expect("the invoice");
    assert_eq!((view.row.balance(), view.row.receivable.credited), (0, total));
    keeper.post(&path, &[("extent", "amount"), ("amount", "0.01"), ("reason", "more"), ("after", "2")]).await.is(422);
    keeper.get(&format!("/billing/invoices/{number}")).await.ok().shows("credited").shows("CN-000001").shows("CN-000002");
    let pdf = keeper.get("/billing/credit-notes/CN-000002/pdf").await.ok();
    assert!(pdf.body.starts_with(b"%PDF-"));
    keeper.get("/billing/credit-notes/CN-000003/pdf").await.not_found();
}

#[tokio::test]
async fn credit_notes_at_once_credit_once() {
    let site = Site::demo();
    let (number, total) = open_invoice(&site);
    let app = &site.app;
    let actor = app.program().expect("the program acts");
    let written: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let new = NewCreditNote { extent: Extent::Full, reason: "wrong".to_owned(), after: 0 };
                    usize::from(app.credit(&actor, number, &new).is_ok())
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().expect("the writer is well")).sum()
    });
    assert_eq!(written, 1);
    let view = app.invoice(&actor, number).expect("the invoice");
    assert_eq!(view.row.receivable.credited, total);
}

#[tokio::test]
async fn an_invoice_is_found_opened_and_marked_as_sent() {
    let site = Site::demo();
    let keeper = site.person(BOOK_KEEPER);
    let (number, _) = open_invoice(&site);
    keeper.get("/billing/invoices").await.ok().shows("Older").shows("days overdue");
    keeper.get(&format!("/billing/invoices?q={number}")).await.ok().shows(&format!("INV-{number:06}"));
    keeper.get("/billing/invoices?client=cedar&state=paid").await.ok().shows("Cedar Creek Clinic").hides("Willow Bank");
    keeper.get("/billing/invoices?client=nobody").await.not_found();
    keeper.get("/billing/invoices/999999").await.not_found();
    keeper.get(&format!("/billing/invoices/INV-{number:06}")).await.ok();
    let pdf = keeper.get(&format!("/billing/invoices/{number}/pdf")).await.ok();
    assert!(pdf.body.starts_with(b"%PDF-"));
    let again = keeper.get(&format!("/billing/invoices/{number}/pdf")).await.ok();
    assert_eq!(pdf.body, again.body, "the same bytes");
    keeper.post(&format!("/billing/invoices/{number}/sent"), &[("on", "2026-11-24")]).await.leads_to();
    keeper.get(&format!("/billing/invoices/{number}")).await.ok().shows("24 Nov 2026").shows("Sent to the client");
}

#[tokio::test]
async fn a_clients_person_sees_own_papers_only() {
    let site = Site::demo();
    let (app, actor) = (&site.app, site.app.program().expect("the program acts"));
    let filter = InvoiceFilter { client: "cedar".to_owned(), ..InvoiceFilter::default() };
    let number = app.invoices(&actor, &filter).expect("invoices").rows.first().expect("an invoice of cedar").invoice.number;
    let client_id = app.client_by_code("cedar").expect("cedar");
    let mut own = actor.clone();
    own.role = quarterhour_server::app::actor::Role::Contact;
    own.client_id = Some(client_id);
    assert!(app.invoice(&own, number).is_ok() && app.invoice_pdf(&own, number).is_ok());
    let mut other = own.clone();
    other.client_id = Some(app.client_by_code("hazel").expect("hazel"));
    assert!(app.invoice(&other, number).is_err() && app.invoice_pdf(&other, number).is_err());
    let all = app.invoices(&other, &InvoiceFilter::default()).expect("the own ones").rows;
    assert!(all.iter().all(|row| row.code == "hazel") && !all.is_empty());
    for person in [APPROVER, OTHER_CLIENT] {
        site.person(person).get(&format!("/billing/invoices/{number}")).await.forbidden();
    }
}

#[tokio::test]
async fn prices_in_another_currency_are_warned_about_before_they_are_billed() {
    let site = Site::demo();
    let owner = site.person(crate::support::OWNER);
    owner.post("/add-client", &[("code", "lisbon"), ("name", "Lisbon Azulejos"), ("currency", "EUR")]).await.leads_to();
    owner.post("/time/quick", &[("line", "lisbon printer 25m helpdesk")]).await.leads_to();
    owner.get("/billing/2026-11").await.ok().shows("Prices in another currency: 1 client").shows("USD numbers are billed as EUR");
}
