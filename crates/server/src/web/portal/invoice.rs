//! Invoices of the own account: what was billed, what is paid, what is due, and the PDFs.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::context::App;
use crate::app::invoice::{InvoiceFilter, InvoiceRow, Standing};
use crate::app::money::price;
use crate::app::paper::{number_text, quantity_words};
use crate::dates;
use crate::error::AppError;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::portal::OWN;
use crate::web::portal::work::amount;
use crate::web::respond::{Answer, Download, Failure, page};
use crate::web::routes::Area;

pub(super) fn area() -> Area {
    Area::default().get("/portal/invoices", OWN, list).get("/portal/invoices/{number}", OWN, show).get(
        "/portal/credit-notes/{number}",
        OWN,
        credit_note,
    )
}

#[derive(Template)]
#[template(path = "portal/invoices.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<RowView>,
    newer: &'static str,
    older: String,
    is_first: bool,
    due: String,
}

struct RowView {
    number: String,
    path: String,
    pdf: String,
    month: String,
    issued_on: String,
    due_on: String,
    total: String,
    /// What is to be paid, or what was paid too much.
    balance: String,
    balance_label: &'static str,
    state: String,
    tone: &'static str,
}

impl RowView {
    fn of(row: &InvoiceRow) -> Self {
        let shown = |amount: i64| crate::app::money::shown(amount, row.currency);
        let (state, tone) = standing(row.standing);
        Self {
            number: row.number(),
            path: format!("/portal/invoices/{}", row.invoice.number),
            pdf: format!("/portal/invoices/{}.pdf", row.invoice.number),
            month: dates::month_of(&row.invoice.period),
            issued_on: dates::full(&row.invoice.issued_on),
            due_on: dates::full(&row.invoice.due_on),
            total: shown(row.invoice.total),
            balance: shown(row.balance().abs()),
            balance_label: if row.balance() < 0 { "Credit with us" } else { "To pay" },
            state,
            tone,
        }
    }
}

fn standing(standing: Standing) -> (String, &'static str) {
    match standing {
        Standing::Open => ("to pay".to_owned(), "plain"),
        Standing::Overdue(1) => ("1 day overdue".to_owned(), "bad"),
        Standing::Overdue(days) => (format!("{days} days overdue"), "bad"),
        Standing::Paid => ("paid".to_owned(), "good"),
        Standing::Credited => ("credited".to_owned(), "lost"),
        Standing::InCredit => ("in your favour".to_owned(), "good"),
        Standing::Nothing => ("nothing to pay".to_owned(), "lost"),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    before: Option<i64>,
}

async fn list(State(app): State<App>, here: Here, Query(query): Query<ListQuery>) -> Answer<ListPage> {
    let actor = here.actor();
    let frame = here.frame(&app, "portal-statements", "Invoices");
    let is_first = query.before.is_none();
    let (found, open) = app
        .run(move |app| {
            app.own_account(&actor)?;
            let open = app.invoices(&actor, &InvoiceFilter { state: "open".to_owned(), ..InvoiceFilter::default() })?;
            Ok((app.invoices(&actor, &InvoiceFilter { before: query.before, ..InvoiceFilter::default() })?, open))
        })
        .await?;
    let sum: i64 = open.rows.iter().map(InvoiceRow::balance).sum();
    let due = open.rows.first().map(|row| crate::app::money::shown(sum, row.currency)).unwrap_or_default();
    let older = found.next.map(|next| format!("/portal/invoices?before={next}")).unwrap_or_default();
    page(ListPage {
        frame,
        rows: found.rows.iter().map(RowView::of).collect(),
        newer: if is_first { "" } else { "/portal/invoices" },
        older,
        is_first,
        due,
    })
}

#[derive(Template)]
#[template(path = "portal/invoice.html")]
struct ShowPage {
    frame: Frame,
    row: RowView,
    number: i64,
    statement: String,
    /// Text, quantity, price, amount.
    lines: Vec<(String, String, String, String)>,
    net: String,
    tax: String,
    /// Day, what, amount.
    payments: Vec<(String, String, String)>,
    /// Number, path, day, reason, amount.
    credit_notes: Vec<(String, String, String, String, String)>,
}

async fn show(State(app): State<App>, here: Here, Path(number): Path<String>) -> Result<Response, Failure> {
    let none = || AppError::not_found("invoice");
    if let Some(number) = number.strip_suffix(".pdf") {
        let (actor, number): (_, i64) = (here.actor(), number.parse().map_err(|_| none())?);
        let pdf = app.run(move |app| app.own_account(&actor).and_then(|_| app.invoice_pdf(&actor, number))).await?;
        let name = format!("{}.pdf", number_text(number));
        return Ok(Download::pdf(name, pdf.to_vec()).into_response());
    }
    let (actor, number): (_, i64) = (here.actor(), number.parse().map_err(|_| none())?);
    let view = app.run(move |app| app.own_account(&actor).and_then(|_| app.invoice(&actor, number))).await?;
    let report = &view.body.statement;
    let code = report.currency.as_ref();
    let shown = |amount: i64| crate::app::money::shown(amount, view.row.currency);
    let lines = report.lines.iter().map(|line| {
        (
            view.body.line_text(line),
            quantity_words(&line.quantity, line.unit.as_ref()),
            price(&line.price, code),
            amount(&line.amount, code),
        )
    });
    // What was recorded by mistake and taken back is nothing that the client paid.
    let taken_back = |id: &str| view.payments.iter().any(|it| it.kind == "reversal" && it.reference.starts_with(id));
    let kept = view.payments.iter().filter(|it| it.kind != "reversal" && !taken_back(&it.payment_id.to_string()));
    let payments = kept.map(|payment| {
        let kind = crate::hours::capital(&payment.kind);
        let what = if payment.method.is_empty() { kind } else { format!("{kind}, {}", payment.method) };
        (dates::full(&payment.received_on), what, shown(payment.amount))
    });
    let credit_notes = view.credit_notes.iter().map(|note| {
        let path = format!("/portal/credit-notes/{}.pdf", note.credit_number);
        let name = crate::app::credit_note::credit_number_text(note.credit_number);
        (name, path, dates::full(&note.issued_on), note.reason.clone(), shown(-note.total))
    });
    let page = page(ShowPage {
        frame: here.frame(&app, "portal-statements", format!("Invoice {}", view.row.number())),
        statement: format!("/portal/statements/{}", view.row.invoice.period),
        lines: lines.collect(),
        net: amount(&report.net, code),
        tax: amount(&report.tax, code),
        payments: payments.collect(),
        credit_notes: credit_notes.collect(),
        row: RowView::of(&view.row),
        number,
    })?;
    Ok(page.into_response())
}

async fn credit_note(State(app): State<App>, here: Here, Path(number): Path<String>) -> Result<Download, Failure> {
    let digits = number.strip_suffix(".pdf").unwrap_or(&number);
    let (actor, number): (_, i64) = (here.actor(), digits.parse().map_err(|_| AppError::not_found("credit note"))?);
    let content = app.run(move |app| app.own_account(&actor).and_then(|_| app.credit_note_pdf(&actor, number))).await?;
    Ok(Download::pdf(format!("credit-note-{number}.pdf"), content))
}
