//! A bill run on a database: what is issued comes from the record, the rest is computed.

use std::collections::HashMap;

use quarterhour_billing::Period;
use quarterhour_store::statements::{invoice, statement};
use quarterhour_store::{Store, Tx};
use rayon::prelude::*;

use crate::app::bill_books::check_codes;
use crate::app::body::{Freezer, StatementBody};
use crate::app::open_books;
use crate::app::outcome::{Outcome, RunResult, Warning, bill_client};
use crate::app::paper::Issue;
use crate::app::stored::{self, StoredBooks};
use crate::error::AppError;
use crate::hours::hours;

/// Previews periods: issued statements as they are, open ones as they would be.
///
/// # Errors
///
/// Fails for a client that the books do not have, or when the database fails.
pub fn preview(store: &Store, periods: (Period, Period), codes: &[String], frozen: bool) -> Result<RunResult, AppError> {
    store.read(|tx| {
        let books = stored::read(tx)?;
        check_codes(&books.setup, codes)?;
        let mut issued = read_issued(tx, &books, periods, codes)?;
        let ids: Vec<_> = codes.iter().filter_map(|code| books.setup.positions.get(code)).collect();
        let ids: Vec<_> = ids.iter().filter_map(|position| books.client_ids.get(usize::try_from(**position).ok()?).copied()).collect();
        let open = open_books::read(tx, &books, periods.1, (!codes.is_empty()).then_some(&ids[..]))?;
        let freezer = Freezer { setup: &books.setup, words: &open.words, details: &open.details };
        let freezer = frozen.then_some(&freezer);
        let billed: Result<Vec<(usize, RunResult)>, AppError> = (0..books.client_ids.len())
            .into_par_iter()
            .filter_map(|position| Some((position, open.clients.get(position)?.open(&books, position)?)))
            .filter(|(_, ready)| codes.is_empty() || codes.contains(&ready.client.row.code))
            .map(|(position, ready)| {
                let billed = bill_client(&books.setup.provider.terms, &open.words, ready, periods, freezer)?;
                Ok((position, billed))
            })
            .collect();
        let clients = billed?.into_iter().map(|(position, mut billed)| {
            if let Some(mut before) = issued.remove(&position) {
                billed.warnings.extend(before.iter().filter_map(held_warning));
                before.append(&mut billed.outcomes);
                billed.outcomes = before;
            }
            billed
        });
        Ok(RunResult::collect(clients))
    })
}

/// An issued statement with overage that waits for the client.
fn held_warning(outcome: &Outcome) -> Option<Warning> {
    let (held, client) = (outcome.report.time.held, outcome.report.client.clone());
    let text = format!("{} of overage held for approval, see `quarterhour held`", hours(held));
    (held > 0).then_some(Warning { period: outcome.period, client, text })
}

/// The issued statements of periods, by the client's position.
fn read_issued(
    tx: &mut Tx,
    books: &StoredBooks,
    (from, until): (Period, Period),
    codes: &[String],
) -> Result<HashMap<usize, Vec<Outcome>>, AppError> {
    let mut issued: HashMap<usize, Vec<Outcome>> = HashMap::new();
    let last = books.closed.iter().flatten().map(|closed| closed.period).max();
    let mut period = from;
    while period <= until && last.is_some_and(|last| period <= last) {
        let text = period.to_string();
        let invoices = invoice::list_by_period(tx, books.provider_id, &text)?;
        let invoices: HashMap<_, _> = invoices.iter().map(|it| ((it.client_id, it.agreement.as_str()), it)).collect();
        for row in statement::list_by_period(tx, books.provider_id, &text)? {
            let Some(position) = books.positions.get(&row.client_id).copied() else { continue };
            if !codes.is_empty() && !codes.iter().any(|code| code == books.code(row.client_id)) {
                continue;
            }
            let invoice = invoices.get(&(row.client_id, row.agreement.as_str()));
            let issue = Issue {
                number: invoice.map(|invoice| invoice.number),
                issued_on: invoice.map_or_else(|| period.end().date(), |invoice| invoice.issued_on),
                due_on: invoice.map_or_else(|| period.end().date(), |invoice| invoice.due_on),
            };
            let body = read_body(&row)?;
            let outcome = Outcome { period, report: body.statement.clone(), issue: Some(issue), body: Some(body) };
            issued.entry(position).or_default().push(outcome);
        }
        period = period.next();
    }
    for outcomes in issued.values_mut() {
        outcomes.sort_by(|one, other| (one.period, &one.report.agreement).cmp(&(other.period, &other.report.agreement)));
    }
    Ok(issued)
}

/// Reads a stored statement.
///
/// # Errors
///
/// Names the row that makes no sense.
pub fn read_body(row: &statement::Statement) -> Result<StatementBody, AppError> {
    serde_json::from_str(&row.body_json).map_err(|error| {
        let message = format!("the statement of {} for client {} cannot be read: {error}", row.period, row.client_id);
        AppError::user(message, "restore the database from a backup")
    })
}
