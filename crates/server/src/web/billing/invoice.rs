//! An invoice: what was issued, what came in, what was credited, and what was done to it.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use quarterhour_billing::Currency;
use quarterhour_store::statements::audit::AuditEntry;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::credit_note::{credit_number_text, left};
use crate::app::invoice::InvoiceView;
use crate::app::money;
use crate::app::money::price;
use crate::app::paper::quantity_words;
use crate::app::payment::{self, Direction, NewPayment, currency_of, reverses};
use crate::dates;
use crate::dates::moment;
use crate::error::{AppError, FieldProblem};
use crate::web::billing::invoices::standing;
use crate::web::billing::{invoice_crumbs, number_of, statement_path};
use crate::web::client_head::client_path;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Download, Failure, page, page_with_problems};

/// The form of a payment, a refund or a note that the invoice was sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MoneyForm {
    id: String,
    on: String,
    amount: String,
    method: String,
    reference: String,
}

struct PaymentRow {
    path: String,
    confirm: String,
    on: Date,
    kind: String,
    method: String,
    reference: String,
    by: String,
    amount: String,
    can_reverse: bool,
    is_reversed: bool,
}

struct NoteRow {
    number: String,
    on: Date,
    reason: String,
    by: String,
    total: String,
}

struct Deed {
    at: String,
    text: String,
    by: String,
}

#[derive(Template)]
#[template(path = "billing/invoice.html")]
pub(super) struct InvoicePage {
    frame: Frame,
    number: String,
    view: InvoiceView,
    crumbs: Vec<(String, String)>,
    statement_path: String,
    standing: (String, &'static str),
    currency: Currency,
    lines: Vec<(String, String, String, String)>,
    net: String,
    tax: String,
    total: String,
    paid: String,
    credited: String,
    balance: String,
    left: i64,
    payments: Vec<PaymentRow>,
    notes: Vec<NoteRow>,
    deeds: Vec<Deed>,
    sent: Option<String>,
    can_bill: bool,
    can_credit: bool,
    today: String,
    form: MoneyForm,
    /// Does the form take money back instead of receiving it?
    gives_back: bool,
    problems: Problems,
}

impl InvoicePage {
    fn new(app: &App, here: &Here, view: InvoiceView) -> Self {
        let (row, currency) = (&view.row, view.row.currency);
        let shown = |amount: i64| money::shown(amount, currency);
        let zone = app.provider_zone();
        let lines = view.body.statement.lines.iter().map(|line| {
            let amount = money::minor(&line.amount).map_or_else(|| line.amount.clone(), shown);
            (
                view.body.line_text(line),
                quantity_words(&line.quantity, line.unit.as_ref()),
                price(&line.price, currency.code()),
                amount,
            )
        });
        let can_bill = here.visit.actor.may(Permission::Bill);
        let today = app.today().to_string();
        let left_to_pay = row.balance();
        Self {
            number: row.number(),
            frame: here.frame(app, "billing", row.number()),
            crumbs: invoice_crumbs(&[(&client_path(&row.code), &row.name)]),
            statement_path: statement_path(&row.code, view.body.period),
            standing: standing(row.standing),
            lines: lines.collect(),
            net: shown(row.invoice.net),
            tax: shown(row.invoice.tax),
            total: shown(row.invoice.total),
            paid: shown(row.receivable.paid),
            credited: shown(row.receivable.credited),
            balance: shown(left_to_pay.abs()),
            left: left_to_pay,
            payments: payments(&view, currency),
            notes: notes(&view, currency),
            deeds: deeds(&view, &zone, currency),
            sent: row.receivable.sent_at.map(|at| sent_words(at, &zone, row.receivable.sent_by.as_deref())),
            can_bill,
            can_credit: can_bill && left(&row.invoice, &view.credit_notes).total() > 0,
            form: MoneyForm {
                id: Uuid::now_v7().to_string(),
                on: today.clone(),
                amount: currency.format(left_to_pay.abs()),
                ..MoneyForm::default()
            },
            gives_back: left_to_pay < 0,
            problems: Problems::default(),
            currency,
            today,
            view,
        }
    }
}

fn sent_words(at: jiff::Timestamp, zone: &str, by: Option<&str>) -> String {
    let day = crate::dates::day_in(at, zone);
    by.map_or(day.clone(), |by| format!("{day}, by {by}"))
}

fn payments(view: &InvoiceView, currency: Currency) -> Vec<PaymentRow> {
    let reversed: Vec<Uuid> = view.payments.iter().filter_map(reverses).collect();
    let rows = view.payments.iter().map(|row| {
        let is_reversed = reversed.contains(&row.payment_id);
        let reference = match reverses(row) {
            Some(_) => row.reference.split_once(' ').map_or("", |(_, reason)| reason).to_owned(),
            None => row.reference.clone(),
        };
        PaymentRow {
            path: format!("/billing/payments/{}/reverse", row.payment_id),
            confirm: format!("Take back the {} of {}? The record keeps both.", row.kind, money::shown(row.amount, currency)),
            on: row.received_on,
            kind: if row.kind == "reversal" { "taken back".to_owned() } else { row.kind.clone() },
            method: row.method.clone(),
            reference,
            by: row.recorded_by.clone(),
            amount: money::shown(row.amount, currency),
            can_reverse: !is_reversed && row.kind != "reversal",
            is_reversed,
        }
    });
    rows.collect()
}

fn notes(view: &InvoiceView, currency: Currency) -> Vec<NoteRow> {
    let rows = view.credit_notes.iter().map(|row| NoteRow {
        number: credit_number_text(row.credit_number),
        on: row.issued_on,
        reason: row.reason.clone(),
        by: row.issued_by.clone(),
        total: money::shown(row.total, currency),
    });
    rows.collect()
}

fn deeds(view: &InvoiceView, zone: &str, currency: Currency) -> Vec<Deed> {
    let deeds = view.activity.iter().map(|entry| {
        let what = match entry.subject_kind.as_str() {
            "period" => format!("issued with {}", dates::month_of(&entry.subject_id)),
            "invoice" if entry.action == "sent" => "sent to the client".to_owned(),
            "invoice" => format!("noted as {}", entry.action),
            "credit note" => format!("{} {}", entry.subject_id, entry.action),
            "payment" => payment_words(entry, currency),
            kind => format!("{kind} {}", entry.action),
        };
        Deed { at: moment(entry.at, zone), text: what, by: entry.actor_name.clone() }
    });
    deeds.collect()
}

/// What the audit log kept of money: `refund of USD 20.00 recorded`.
fn payment_words(entry: &AuditEntry, currency: Currency) -> String {
    let kept: serde_json::Value = entry
        .before_json
        .as_deref()
        .or(entry.after_json.as_deref())
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let kind = kept["kind"].as_str().unwrap_or("payment");
    let amount = kept["amount"].as_i64().map(|amount| format!(" of {}", money::shown(amount.abs(), currency))).unwrap_or_default();
    format!("{kind}{amount} {}", entry.action)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ShowQuery {
    /// Record a payment, whatever is left.
    pay: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    here: Here,
    Path(number): Path<String>,
    Query(query): Query<ShowQuery>,
) -> Answer<InvoicePage> {
    let mut shown = open(&app, &here, number_of(&number)?).await?;
    if query.pay && shown.gives_back {
        shown.gives_back = false;
        shown.form.amount = String::new();
    }
    page(shown)
}

async fn open(app: &App, here: &Here, number: i64) -> Result<InvoicePage, AppError> {
    let actor = here.actor();
    let view = app.run(move |app| app.invoice(&actor, number)).await?;
    Ok(InvoicePage::new(app, here, view))
}

pub(super) async fn pdf(State(app): State<App>, here: Here, Path(number): Path<String>) -> Result<Download, Failure> {
    let (actor, number) = (here.actor(), number_of(&number)?);
    let content = app.run(move |app| app.invoice_pdf(&actor, number)).await?;
    let name = format!("{}.pdf", crate::app::paper::number_text(number));
    Ok(Download::pdf(name, content.as_ref().clone()))
}

pub(super) async fn pay(State(app): State<App>, here: Here, Path(number): Path<String>, Form(form): Form<MoneyForm>) -> Response {
    move_money(app, here, number, form, Direction::In).await
}

pub(super) async fn refund(State(app): State<App>, here: Here, Path(number): Path<String>, Form(form): Form<MoneyForm>) -> Response {
    move_money(app, here, number, form, Direction::Back).await
}

async fn move_money(app: App, here: Here, number: String, form: MoneyForm, direction: Direction) -> Response {
    let moved = async {
        let number = number_of(&number)?;
        let (actor, typed) = (here.actor(), form.clone());
        let done = app
            .run(move |app| {
                let currency = app.invoice(&actor, number)?.row.currency;
                let new = new_payment(&typed, currency)?;
                app.record_payment(&actor, number, &new, direction).map(|after| (new, after))
            })
            .await;
        match done {
            Ok((new, after)) => {
                let currency = currency_of(&after.currency)?;
                let (shown, left) = (money::shown(new.amount, currency), payment::balance(&after));
                let text = match direction {
                    Direction::In if left < 0 => {
                        format!("{shown} received: {} more than was due. Give it back below.", money::shown(-left, currency))
                    }
                    Direction::In => format!("{shown} received."),
                    Direction::Back => format!("{shown} given back."),
                };
                let path = format!("/billing/invoices/{number}");
                Ok::<_, AppError>(
                    Done::at(path).saying_with_undo(text, format!("/billing/payments/{}/reverse", new.id)).into_response(),
                )
            }
            Err(error) => {
                let problems = Problems::of_error(error)?;
                Ok(page_with_problems(InvoicePage {
                    problems,
                    form,
                    gives_back: direction == Direction::Back,
                    ..open(&app, &here, number).await?
                })
                .into_response())
            }
        }
    };
    moved.await.unwrap_or_else(|error| Failure(error).into_response())
}

fn new_payment(form: &MoneyForm, currency: Currency) -> Result<NewPayment, AppError> {
    let (amount, on) = (money::parse(&form.amount, currency), form.on.trim().parse::<Date>());
    let mut problems = Vec::new();
    if let Err(message) = &amount {
        problems.push(FieldProblem::new("amount", message.clone()));
    }
    if on.is_err() {
        problems.push(FieldProblem::new("received_on", "expected a day such as 2026-11-02"));
    }
    match (amount, on) {
        (Ok(amount), Ok(received_on)) => Ok(NewPayment {
            id: Uuid::parse_str(form.id.trim()).unwrap_or_else(|_| Uuid::now_v7()),
            received_on,
            amount,
            method: form.method.clone(),
            reference: form.reference.clone(),
        }),
        _ => Err(AppError::Invalid(problems)),
    }
}

pub(super) async fn sent(
    State(app): State<App>,
    here: Here,
    Path(number): Path<String>,
    Form(form): Form<MoneyForm>,
) -> Result<Done, Failure> {
    let (actor, number) = (here.actor(), number_of(&number)?);
    let on: Date = form.on.trim().parse().map_err(|_| AppError::field("on", "expected a day such as 2026-11-02"))?;
    app.run(move |app| app.mark_sent(&actor, number, Some(on))).await?;
    let path = format!("/billing/invoices/{number}");
    Ok(Done::at(&path).saying_with_undo("Noted as sent.", format!("{path}/not-sent")))
}

pub(super) async fn not_sent(State(app): State<App>, here: Here, Path(number): Path<String>) -> Result<Done, Failure> {
    let (actor, number) = (here.actor(), number_of(&number)?);
    app.run(move |app| app.mark_sent(&actor, number, None)).await?;
    Ok(Done::at(format!("/billing/invoices/{number}")).saying("Noted as not sent."))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReverseForm {
    reason: String,
}

pub(super) async fn reverse(
    State(app): State<App>,
    here: Here,
    Path(id): Path<String>,
    Form(form): Form<ReverseForm>,
) -> Result<Done, Failure> {
    let actor = here.actor();
    let id = Uuid::parse_str(&id).map_err(|_| AppError::not_found("payment"))?;
    let reason = if form.reason.trim().is_empty() { "recorded by mistake".to_owned() } else { form.reason };
    let after = app.run(move |app| app.reverse_payment(&actor, id, &reason)).await?;
    Ok(Done::at(format!("/billing/invoices/{}", after.number)).saying("Taken back: the record keeps both."))
}
