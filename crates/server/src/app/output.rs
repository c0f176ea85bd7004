//! The files of a bill run: a PDF for each invoice, and CSV of invoices and lines.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use quarterhour_books::csv::write_record;

use crate::app::folder::write_file;
use crate::app::outcome::Outcome;
use crate::app::paper::{self, Issue};
use crate::app::pdf;
use crate::error::AppError;

/// Writes PDFs and CSV files into a folder; `done` is called after each PDF.
///
/// # Errors
///
/// Fails when a file cannot be written or rendered.
pub fn write(folder: &Path, outcomes: &[Outcome], today: Date, done: impl Fn() + Sync) -> Result<(), AppError> {
    fs::create_dir_all(folder).map_err(|error| AppError::file("make", folder, error))?;
    write_file(&folder.join("invoices.csv"), invoices_csv(outcomes, today).as_bytes())?;
    write_file(&folder.join("lines.csv"), lines_csv(outcomes, today).as_bytes())?;
    let documents = outcomes.iter().filter_map(|outcome| {
        let body = outcome.body.as_ref()?;
        let issue = issue_of(outcome, today);
        (!outcome.report.lines.is_empty()).then(|| (folder.join(file_name(outcome, &issue)), paper::document(body, &issue)))
    });
    pdf::render_all(documents, done)
}

/// Statements with lines, which get an invoice.
pub fn invoiced(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| !outcome.report.lines.is_empty()).count()
}

/// The issue of a statement, or what it would be today.
fn issue_of(outcome: &Outcome, today: Date) -> Issue {
    outcome.issue.clone().unwrap_or_else(|| {
        let days = outcome.body.as_ref().map_or(14, |body| body.payment_days);
        Issue { number: None, issued_on: today, due_on: add_days(today, days) }
    })
}

/// A date so many days later.
pub fn add_days(date: Date, days: u32) -> Date {
    let span = jiff::Span::new().try_days(days);
    span.and_then(|span| date.checked_add(span)).unwrap_or(date)
}

fn file_name(outcome: &Outcome, issue: &Issue) -> PathBuf {
    let report = &outcome.report;
    let number = issue.number.map_or_else(|| "draft".to_owned(), paper::number_text);
    let agreement = report.agreement.as_deref().filter(|name| *name != report.client).map(|name| format!("-{name}"));
    let name = format!("{}-{}{}-{number}.pdf", outcome.period, report.client, agreement.unwrap_or_default());
    let safe = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    PathBuf::from(name.chars().map(|letter| if safe(letter) { letter } else { '_' }).collect::<String>())
}

/// One row for each statement with lines.
pub fn invoices_csv(outcomes: &[Outcome], today: Date) -> String {
    let mut text = String::new();
    write_record(
        &mut text,
        &["number", "period", "client", "name", "agreement", "program", "issued_on", "due_on", "currency", "net", "tax", "total"],
    );
    for outcome in outcomes.iter().filter(|outcome| !outcome.report.lines.is_empty()) {
        let (report, issue) = (&outcome.report, issue_of(outcome, today));
        let name = outcome.body.as_ref().map_or("", |body| body.client.name.as_str());
        let fields = [
            issue.number.map(paper::number_text).unwrap_or_default(),
            outcome.period.to_string(),
            free(&report.client),
            free(name),
            free(report.agreement.as_deref().unwrap_or("")),
            report.program.to_string(),
            issue.issued_on.to_string(),
            issue.due_on.to_string(),
            report.currency.to_string(),
            report.net.clone(),
            report.tax.clone(),
            report.total.clone(),
        ];
        write_record(&mut text, &fields.each_ref().map(String::as_str));
    }
    text
}

/// One row for each line.
pub fn lines_csv(outcomes: &[Outcome], today: Date) -> String {
    let mut text = String::new();
    write_record(
        &mut text,
        &[
            "number",
            "period",
            "client",
            "agreement",
            "kind",
            "text",
            "tier",
            "work_type",
            "band",
            "quantity",
            "unit",
            "price",
            "price_per",
            "currency",
            "amount",
        ],
    );
    for outcome in outcomes {
        let (report, issue) = (&outcome.report, issue_of(outcome, today));
        for line in &report.lines {
            let fields = [
                issue.number.map(paper::number_text).unwrap_or_default(),
                outcome.period.to_string(),
                free(&report.client),
                free(report.agreement.as_deref().unwrap_or("")),
                line.kind.to_string(),
                free(&line.text),
                free(line.tier.as_deref().unwrap_or("")),
                free(line.work_type.as_deref().unwrap_or("")),
                line.band.as_deref().unwrap_or("").to_owned(),
                line.quantity.clone(),
                line.unit.to_string(),
                line.price.clone(),
                // Time is priced by the hour, whatever unit its quantity is told in.
                if matches!(line.unit.as_ref(), "hour" | "minute" | "second") { "hour".to_owned() } else { line.unit.to_string() },
                report.currency.to_string(),
                line.amount.clone(),
            ];
            write_record(&mut text, &fields.each_ref().map(String::as_str));
        }
    }
    text
}

/// Free text for a spreadsheet: a cell that a spreadsheet would run as a formula begins with an apostrophe.
pub fn free(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
