//! The pages of billing: months, runs, statements, invoices, money, the ledger, and the long work behind them.

mod aging;
mod credit;
mod export;
mod held;
mod import;
mod invoice;
mod invoices;
mod issue;
mod job;
mod ledger;
mod months;
mod run;
mod statement;
mod why;

use quarterhour_billing::{Currency, Period};

pub(crate) use self::import::{BYTES_MAX as UPLOAD_BYTES_MAX, read as read_upload};

use crate::app::actor::Permission;
use crate::app::billing::Sum;
use crate::app::money;
use crate::error::AppError;
use crate::web::routes::{Access, Area};

/// The pages beside each other.
pub const TABS: [(&str, &str); 8] = [
    ("/billing", "Months"),
    ("/billing/invoices", "Invoices"),
    ("/billing/aging", "Aging"),
    ("/billing/held", "Held"),
    ("/billing/ledger", "Ledger"),
    ("/billing/portfolio", "Portfolio"),
    ("/billing/staffing", "Staffing"),
    ("/jobs", "Jobs"),
];

/// The routes.
#[must_use]
pub fn area() -> Area {
    let (see, bill) = (Access::May(Permission::SeeBilling), Access::May(Permission::Bill));
    Area::default()
        .get("/billing", see, months::show)
        .get("/billing/export", see, export::range)
        .get("/billing/{period}", see, run::show)
        .get("/billing/{period}/invoices.csv", see, export::invoices)
        .get("/billing/{period}/lines.csv", see, export::lines)
        .get("/billing/{period}/issue", bill, issue::confirm)
        .post("/billing/{period}/issue", bill, issue::order)
        .get("/billing/statements/{code}/{period}", see, statement::show)
        .post("/billing/statements/{code}/{period}/keep-back", bill, statement::keep_back)
        .post("/billing/statements/{code}/{period}/release", bill, statement::release)
        .get("/billing/statements/{code}/{period}/why", see, why::show)
        .get("/billing/statements/{code}/{period}/draft.pdf", see, statement::draft)
        .get("/billing/statements/{code}/{period}/proof.json", see, statement::proof)
        .get("/billing/invoices", see, invoices::list)
        .get("/billing/invoices/{number}", see, invoice::show)
        .get("/billing/invoices/{number}/pdf", see, invoice::pdf)
        .post("/billing/invoices/{number}/payments", bill, invoice::pay)
        .post("/billing/invoices/{number}/refunds", bill, invoice::refund)
        .post("/billing/invoices/{number}/sent", bill, invoice::sent)
        .post("/billing/invoices/{number}/not-sent", bill, invoice::not_sent)
        .get("/billing/invoices/{number}/credit", bill, credit::form)
        .post("/billing/invoices/{number}/credit", bill, credit::write)
        .get("/billing/credit-notes/{number}/pdf", see, credit::pdf)
        .post("/billing/payments/{id}/reverse", bill, invoice::reverse)
        .get("/billing/aging", see, aging::show)
        .get("/billing/aging.csv", see, aging::csv)
        .get("/billing/held", see, held::list)
        .post("/billing/held/write-off", bill, held::write_off)
        .post("/billing/held/release", bill, held::release)
        .get("/billing/ledger", see, ledger::show)
        .get("/billing/ledger.json", see, ledger::json)
        .get("/billing/ledger.csv", see, ledger::csv)
        .post("/billing/ledger/verify", see, ledger::verify)
        .and(job::area())
        .and(import::area())
}

/// The path of a client's statements of a period.
#[must_use]
pub fn statement_path(code: &str, period: Period) -> String {
    let code = crate::web::client_head::client_path(code);
    format!("/billing/statements/{}/{period}", code.trim_start_matches("/clients/"))
}

/// The way back to a month and on.
fn crumbs(period: Period, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let month = (format!("/billing/{period}"), crate::dates::month(period));
    let more = more.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    [("/billing".to_owned(), "Billing".to_owned()), month].into_iter().chain(more).collect()
}

/// The way back to the list of invoices and on.
fn invoice_crumbs(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let more = more.iter().copied();
    let all = [("/billing", "Billing"), ("/billing/invoices", "Invoices")].into_iter().chain(more);
    all.map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

/// The period of a path.
fn period_of(text: &str) -> Result<Period, AppError> {
    Period::parse(text).ok_or_else(|| AppError::not_found("month"))
}

/// The number of a path: with or without what is printed before it.
fn number_of(text: &str) -> Result<i64, AppError> {
    crate::app::invoice::read_number(text).ok_or_else(|| AppError::not_found("invoice"))
}

/// An amount in the digits of its currency, without its code.
fn plain(amount: i64, currency: Currency) -> String {
    money::shown(amount, currency).replacen(&format!("{} ", currency.code()), "", 1)
}

/// Totals in words: `USD 1,250.00 and EUR 30.00`.
fn totals(sums: &[Sum]) -> String {
    let texts: Vec<String> = sums.iter().map(|sum| money::shown(sum.total, sum.currency)).collect();
    match texts.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
