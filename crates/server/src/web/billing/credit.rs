//! Credit notes: the form, and the PDF.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use quarterhour_billing::Currency;
use std::collections::HashMap;

use crate::app::context::App;
use crate::app::credit_note::{Extent, NewCreditNote, credit_number_text, credited_by_line, left};
use crate::app::invoice::InvoiceView;
use crate::app::money;
use crate::error::{AppError, FieldProblem};
use crate::web::billing::{invoice_crumbs, number_of};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Download, Failure, page, page_with_problems};

/// A line that can be credited.
struct Line {
    text: String,
    hint: String,
    /// What is typed.
    value: String,
    can: bool,
    field: String,
}

#[derive(Template)]
#[template(path = "billing/credit.html")]
pub(super) struct CreditPage {
    frame: Frame,
    crumbs: Vec<(String, String)>,
    number: String,
    client: String,
    currency: Currency,
    lines: Vec<Line>,
    total: String,
    left: String,
    is_taxed: bool,
    extent: String,
    amount: String,
    reason: String,
    after: usize,
    problems: Problems,
}

type Typed = HashMap<String, String>;

impl CreditPage {
    fn new(app: &App, here: &Here, view: &InvoiceView, typed: &Typed) -> Self {
        let (row, currency) = (&view.row, view.row.currency);
        let credited = credited_by_line(&view.credit_notes, view.body.statement.lines.len());
        let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
        let lines = view.body.statement.lines.iter().zip(credited).enumerate().map(|(index, (line, credited))| {
            let whole = money::minor(&line.amount).unwrap_or(0);
            Line {
                text: line.text.clone(),
                hint: match money::shown(whole, currency) {
                    shown if credited == 0 => shown,
                    shown => format!("{shown}, {} left", money::shown(whole - credited, currency)),
                },
                value: text(&format!("line-{index}")),
                can: whole - credited > 0,
                field: format!("line-{index}"),
            }
        });
        let rest = left(&row.invoice, &view.credit_notes).total();
        let extent = text("extent");
        Self {
            frame: here.frame(app, "billing", "Write a credit note"),
            crumbs: invoice_crumbs(&[(&format!("/billing/invoices/{}", row.number()), &row.number())]),
            number: row.number(),
            client: row.name.clone(),
            currency,
            lines: lines.collect(),
            total: money::shown(row.invoice.total, currency),
            left: money::shown(rest, currency),
            is_taxed: row.invoice.tax != 0,
            extent: if extent.is_empty() { "full".to_owned() } else { extent },
            amount: text("amount"),
            reason: text("reason"),
            after: view.credit_notes.len(),
            problems: Problems::default(),
        }
    }
}

pub(super) async fn form(State(app): State<App>, here: Here, Path(number): Path<String>) -> Answer<CreditPage> {
    let (actor, number) = (here.actor(), number_of(&number)?);
    let view = app.run(move |app| app.invoice(&actor, number)).await?;
    page(CreditPage::new(&app, &here, &view, &Typed::new()))
}

pub(super) async fn write(State(app): State<App>, here: Here, Path(number): Path<String>, Form(typed): Form<Typed>) -> Response {
    let written = async {
        let number = number_of(&number)?;
        let (actor, fields) = (here.actor(), typed.clone());
        let done = app
            .run(move |app| {
                let view = app.invoice(&actor, number)?;
                let new = new_note(&fields, &view);
                Ok((new.and_then(|new| app.credit(&actor, number, &new)), view))
            })
            .await?;
        match done {
            (Ok(row), _) => {
                let text = format!("{} written.", credit_number_text(row.credit_number));
                Ok::<_, AppError>(Done::at(format!("/billing/invoices/{number}")).saying(text).into_response())
            }
            (Err(error), view) => {
                let problems = Problems::of_error(error)?;
                Ok(page_with_problems(CreditPage { problems, ..CreditPage::new(&app, &here, &view, &typed) }).into_response())
            }
        }
    };
    written.await.unwrap_or_else(|error| Failure(error).into_response())
}

fn new_note(typed: &Typed, view: &InvoiceView) -> Result<NewCreditNote, AppError> {
    let text = |name: &str| typed.get(name).map(String::as_str).unwrap_or("").trim();
    let currency = view.row.currency;
    let extent = match text("extent") {
        "amount" => Extent::Amount(money::parse(text("amount"), currency).map_err(|message| AppError::field("amount", message))?),
        "lines" => Extent::Lines(lines(typed, view, currency)?),
        "full" => Extent::Full,
        other => return Err(AppError::field("extent", format!("`{other}`; expected full, lines or amount"))),
    };
    let after = text("after").parse().unwrap_or(view.credit_notes.len());
    Ok(NewCreditNote { extent, reason: text("reason").to_owned(), after })
}

fn lines(typed: &Typed, view: &InvoiceView, currency: Currency) -> Result<Vec<(usize, i64)>, AppError> {
    let (mut lines, mut problems) = (Vec::new(), Vec::new());
    for index in 0..view.body.statement.lines.len() {
        let field = format!("line-{index}");
        let value = typed.get(&field).map(String::as_str).unwrap_or("").trim();
        if value.is_empty() {
            continue;
        }
        match money::parse(value, currency) {
            Ok(amount) => lines.push((index, amount)),
            Err(message) => problems.push(FieldProblem::new(field, message)),
        }
    }
    if lines.is_empty() && problems.is_empty() {
        problems.push(FieldProblem::new("amount", "expected an amount at one of the lines"));
    }
    if problems.is_empty() { Ok(lines) } else { Err(AppError::Invalid(problems)) }
}

pub(super) async fn pdf(State(app): State<App>, here: Here, Path(number): Path<String>) -> Result<Download, Failure> {
    let actor = here.actor();
    let digits = number.trim_start_matches("CN-");
    let number: i64 = digits.parse().map_err(|_| AppError::not_found("credit note"))?;
    let content = app.run(move |app| app.credit_note_pdf(&actor, number)).await?;
    Ok(Download::pdf(format!("{}.pdf", credit_number_text(number)), content))
}
