//! `statement`: a client's period entry by entry, and its proof.

use std::path::Path;

use quarterhour_billing::Period;

use crate::session::Session;
use crate::show::chart;
use crate::show::out::out;
use crate::show::table::{Align, Table, plain};
use quarterhour_server::app::body::StatementBody;
use quarterhour_server::app::folder::write_file;
use quarterhour_server::app::{bill_store, proof, stored};
use quarterhour_server::error::AppError;
use quarterhour_server::hours::hours;

/// Shows the statements of a client's period.
///
/// # Errors
///
/// Fails when there is no such client.
pub fn show(session: &Session, code: &str, period: Period) -> Result<(), AppError> {
    let store = stored::open(&session.db)?;
    let result = bill_store::preview(&store, (period, period), &[code.to_owned()], true)?;
    if result.outcomes.is_empty() {
        out(&format!("Nothing on record for {} in {period}.\n", plain(code)))?;
    }
    for outcome in &result.outcomes {
        if let Some(body) = &outcome.body {
            out(&format!("{}\n{}{}\n", chart::statement(body, outcome.issue.is_some()), lines(body), entries(body)))?;
        }
    }
    Ok(())
}

fn lines(body: &StatementBody) -> String {
    let columns =
        [("line", Align::Left), ("quantity", Align::Right), ("unit", Align::Left), ("price", Align::Right), ("amount", Align::Right)];
    let mut table = Table::new(&columns);
    for line in &body.statement.lines {
        table.row(vec![plain(&line.text), line.quantity.clone(), line.unit.to_string(), line.price.clone(), line.amount.clone()]);
    }
    let report = &body.statement;
    for (name, amount) in [("net", &report.net), ("tax", &report.tax), ("total", &report.total)] {
        table.total(vec![name.to_owned(), String::new(), String::new(), String::new(), amount.clone()]);
    }
    table.render() + "\n"
}

fn entries(body: &StatementBody) -> String {
    let columns = [
        ("start", Align::Left),
        ("ticket", Align::Left),
        ("by", Align::Left),
        ("actual", Align::Right),
        ("billable", Align::Right),
        ("why", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for entry in &body.entries {
        for (position, part) in entry.parts.iter().enumerate() {
            let why = format!("{} {}", hours(part.seconds), plain(&part.why));
            let start = entry.started_local.strftime("%Y-%m-%d %H:%M").to_string();
            let cells = [start, plain(&entry.ticket), plain(&entry.technician), hours(entry.actual), hours(entry.billable)];
            let mut cells = if position == 0 { cells.to_vec() } else { vec![String::new(); 5] };
            cells.push(why);
            table.row(cells);
        }
    }
    table.render()
}

/// Writes the proof of an issued statement.
///
/// # Errors
///
/// Fails when the period is not issued.
pub fn write_proof(session: &Session, code: &str, period: Period, path: &Path) -> Result<(), AppError> {
    let store = stored::open(&session.db)?;
    let proof = proof::make(&store, code, period)?;
    let text = serde_json::to_vec_pretty(&proof).map_err(|error| AppError::user(error.to_string(), "please report it"))?;
    write_file(path, &text)?;
    session.say(&format!(
        "{} proves {} statements by {} ledger entries; the head is {}.",
        path.display(),
        proof.statements.len(),
        proof.head.seq,
        proof.head.hash
    ));
    Ok(())
}
