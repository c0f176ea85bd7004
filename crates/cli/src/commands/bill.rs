//! `bill`: a preview or an issue, as a table, as JSON, as files.

use std::io::Write as _;
use std::mem::ManuallyDrop;
use std::path::Path;

use quarterhour_billing::Period;
use rayon::prelude::*;

use crate::args::BillArguments;
use crate::session::Session;
use crate::show::progress;
use crate::show::style;
use crate::show::table::{Align, Table, plain};
use quarterhour_server::app::outcome::{Outcome, RunResult};
use quarterhour_server::app::{bill_books, output};
use quarterhour_server::error::AppError;
use quarterhour_server::hours::hours;

/// Runs the command.
///
/// # Errors
///
/// Fails as the use cases do.
pub fn run(session: &Session, arguments: &BillArguments) -> Result<(), AppError> {
    let frozen = arguments.out.is_some();
    let today = arguments.date.unwrap_or_else(|| session.today());
    let result = match &arguments.books {
        Some(folder) => {
            // The process ends behind this: taking millions of entries apart one by one would only cost time.
            let books = ManuallyDrop::new(bill_books::read(folder)?);
            bill_books::bill(&books, arguments.periods, &arguments.clients, frozen)?
        }
        None => crate::commands::bill_store::run(session, arguments, today)?,
    };
    show(session, arguments, &result)?;
    if let Some(folder) = &arguments.out {
        write_files(session, folder, &result.outcomes, today)?;
    }
    Ok(())
}

/// Writes the files of a run, with a progress bar.
///
/// # Errors
///
/// Fails when a file cannot be written or rendered.
pub fn write_files(session: &Session, folder: &Path, outcomes: &[Outcome], today: jiff::civil::Date) -> Result<(), AppError> {
    let count = output::invoiced(outcomes);
    let bar = progress::bar(session.quiet, "Writing invoices", u64::try_from(count).unwrap_or(0));
    output::write(folder, outcomes, today, || bar.inc(1))?;
    bar.finish_and_clear();
    session.say(&format!("{count} PDFs, invoices.csv and lines.csv are in {}.", folder.display()));
    Ok(())
}

fn show(session: &Session, arguments: &BillArguments, result: &RunResult) -> Result<(), AppError> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let text = if arguments.json { json(arguments, result)? } else { text(arguments, result) };
    let written = out.write_all(text.as_bytes());
    written.and_then(|()| out.flush()).or_else(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(AppError::file("write", Path::new("standard output"), error)),
    })?;
    warn(session, result);
    Ok(())
}

/// One object for one period, a list for several. Periods are written on all cores.
fn json(arguments: &BillArguments, result: &RunResult) -> Result<String, AppError> {
    let reports = result.reports(arguments.periods);
    let objects: Result<Vec<String>, _> = reports.par_iter().map(serde_json::to_string).collect();
    let objects = objects.map_err(|error| AppError::file("write", Path::new("standard output"), error.into()))?.join(",");
    let (from, until) = arguments.periods;
    Ok(if from == until { objects + "\n" } else { format!("[{objects}]\n") })
}

fn text(arguments: &BillArguments, result: &RunResult) -> String {
    let (from, until) = arguments.periods;
    let periods = std::iter::successors(Some(from), |period| Some(period.next())).take_while(|period| *period <= until);
    periods.map(|period| period_text(period, result)).collect()
}

fn period_text(period: Period, result: &RunResult) -> String {
    let outcomes: Vec<&Outcome> = result.outcomes.iter().filter(|outcome| outcome.period == period).collect();
    if outcomes.is_empty() {
        return format!("{}\nNothing to bill.\n\n", style::bold(&period.to_string()));
    }
    let issued = outcomes.iter().filter(|outcome| outcome.issue.is_some()).count();
    let state = match issued {
        0 => "preview".to_owned(),
        all if all == outcomes.len() => "issued".to_owned(),
        some => format!("{some} of {} issued", outcomes.len()),
    };
    let columns = [
        ("client", Align::Left),
        ("agreement", Align::Left),
        ("program", Align::Left),
        ("invoice", Align::Left),
        ("available", Align::Right),
        ("used", Align::Right),
        ("lost", Align::Right),
        ("overage", Align::Right),
        ("net", Align::Right),
        ("tax", Align::Right),
        ("total", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for outcome in &outcomes {
        table.row(row(outcome));
    }
    for cells in totals(&outcomes) {
        table.total(cells);
    }
    format!("{}\n{}\n", style::bold(&format!("{period} · {state}")), table.render())
}

fn row(outcome: &Outcome) -> Vec<String> {
    let (report, time) = (&outcome.report, &outcome.report.time);
    let duration = |seconds: i64| if seconds == 0 { "–".to_owned() } else { hours(seconds) };
    let number = outcome.issue.as_ref().and_then(|issue| issue.number);
    vec![
        plain(&report.client),
        plain(report.agreement.as_deref().unwrap_or("(none)")),
        report.program.to_string(),
        number.map_or_else(|| "–".to_owned(), quarterhour_server::app::paper::number_text),
        duration(time.available()),
        duration(time.used),
        duration(time.forfeited),
        duration(time.overage),
        report.net.clone(),
        report.tax.clone(),
        format!("{} {}", report.total, report.currency),
    ]
}

/// A total row for each currency.
fn totals(outcomes: &[&Outcome]) -> Vec<Vec<String>> {
    let mut codes: Vec<&str> = outcomes.iter().map(|outcome| outcome.report.currency.as_ref()).collect();
    codes.sort_unstable();
    codes.dedup();
    let total = |code: &str| {
        let own: Vec<_> = outcomes.iter().filter(|outcome| outcome.report.currency == code).map(|it| &it.report).collect();
        let time = |field: fn(&quarterhour_billing::TimeTotals) -> i64| hours(own.iter().map(|report| field(&report.time)).sum());
        let money = |field: fn(&quarterhour_billing::StatementReport) -> &String| sum(own.iter().map(|report| field(report).as_str()));
        let count = own.len();
        let mut cells = vec![format!("{count} statement{}", if count == 1 { "" } else { "s" })];
        cells.extend([String::new(), String::new(), String::new()]);
        cells.push(time(quarterhour_billing::TimeTotals::available));
        cells.push(time(|time| time.used));
        cells.push(time(|time| time.forfeited));
        cells.push(time(|time| time.overage));
        cells.push(money(|report| &report.net));
        cells.push(money(|report| &report.tax));
        cells.push(format!("{} {code}", money(|report| &report.total)));
        cells
    };
    codes.into_iter().map(total).collect()
}

/// Adds amounts that have the same number of decimals.
fn sum<'a>(amounts: impl Iterator<Item = &'a str>) -> String {
    let (mut total, mut digits) = (0_i128, 0);
    for amount in amounts {
        digits = amount.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        total += amount.replace('.', "").parse::<i128>().unwrap_or(0);
    }
    let scale = 10_u128.pow(u32::try_from(digits).unwrap_or(0));
    let (whole, fraction) = (total.unsigned_abs() / scale, total.unsigned_abs() % scale);
    let sign = if total < 0 { "-" } else { "" };
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction:0digits$}") }
}

fn warn(session: &Session, result: &RunResult) {
    const SHOWN: usize = 40;
    for warning in result.warnings.iter().take(SHOWN) {
        let text = format!("{} {}: {}", warning.period, plain(&warning.client), plain(&warning.text));
        session.say(&format!("{} {text}", style::warn("!")));
    }
    if result.warnings.len() > SHOWN {
        session.say(&format!("and {} more warnings; name a client with --client to see its own", result.warnings.len() - SHOWN));
    }
}
