//! `verify` and `doctor`.

use std::path::Path;
use std::process::ExitCode;

use crate::session::Session;
use crate::show::out::out;
use crate::show::progress;
use crate::show::style;
use crate::show::table::{Align, Table, plain};
use quarterhour_server::app::{proof, stored, verify};
use quarterhour_server::error::AppError;

/// Checks the ledger of the database and prints the heads to publish.
///
/// # Errors
///
/// Fails when the database cannot be read.
pub fn verify(session: &Session) -> Result<ExitCode, AppError> {
    let (report, _) = read_report(session)?;
    let mut table = Table::new(&[("client", Align::Left), ("entries", Align::Right), ("head", Align::Left)]);
    for (code, head) in &report.heads {
        table.row(vec![plain(code), head.seq.to_string(), head.hash.clone()]);
    }
    out(&table.render())?;
    conclude(
        &report.faults,
        &format!("{} ledger entries and {} statements are as they were written.", report.entries, report.statements),
    )
}

/// Checks everything and says in a line each what is well.
///
/// # Errors
///
/// Fails when the database cannot be read.
pub fn doctor(session: &Session) -> Result<ExitCode, AppError> {
    let (report, place) = read_report(session)?;
    let well = report.faults.is_empty();
    let (adds_up, gapless) = if well {
        (", each adds up: opening + granted + restored = used + forfeited + closing", ", numbered without a gap")
    } else {
        ("", "")
    };
    let rows = [
        format!("database    {place}"),
        format!("clients     {}", report.heads.len()),
        format!("ledger      {} entries", report.entries),
        format!("statements  {}{adds_up}", report.statements),
        format!("invoices    {}{gapless}", report.invoices),
    ];
    out(&(rows.join("\n") + "\n"))?;
    conclude(&report.faults, "All is well.")
}

/// Checks the database; returns what was found, and where it is.
fn read_report(session: &Session) -> Result<(verify::Report, String), AppError> {
    let store = stored::open(&session.db)?;
    let bar = progress::bar(session.quiet, "Checking", 0);
    let report = verify::verify(&store, || {
        bar.inc_length(1);
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    Ok((report, store.place().to_owned()))
}

/// Checks a proof file.
///
/// # Errors
///
/// Fails when the file is no proof.
pub fn verify_proof(path: &Path, head: Option<&str>) -> Result<ExitCode, AppError> {
    let text = std::fs::read(path).map_err(|error| AppError::file("read", path, error))?;
    let proof = proof::read(&text)?;
    let faults = proof::faults(&proof, head);
    let (client, period) = (plain(&proof.client), plain(&proof.period));
    out(&format!("client {client}, period {period}, {} ledger entries, head {}\n", proof.head.seq, plain(&proof.head.hash)))?;
    if head.is_none() {
        out("Compare the head with the one that your provider published.\n")?;
    }
    conclude(&faults, "The statement and the ledger are as they were written.")
}

fn conclude(faults: &[String], well: &str) -> Result<ExitCode, AppError> {
    if faults.is_empty() {
        out(&(style::good(well) + "\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    for fault in faults {
        out(&format!("{} {}\n", style::warn("!"), plain(fault)))?;
    }
    out(&(style::warn(&format!("{} faults found.", faults.len())) + "\n"))?;
    Ok(ExitCode::from(1))
}
