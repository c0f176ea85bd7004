//! `compare`: the programs beside each other for one client, as a table and sentences, or as JSON.

use std::path::Path;

use quarterhour_risk::estimate::Estimate;
use quarterhour_risk::standard::Pricing;
use quarterhour_server::app::folder::write_file;
use quarterhour_server::app::money::{exact, rounded};
use quarterhour_server::app::risk::comparison::{Detail, Report, compare};
use quarterhour_server::app::risk::everyone::{Choice, everyone};
use quarterhour_server::app::risk::office::Office;
use quarterhour_server::app::risk::question::{Draft, Question};
use quarterhour_server::app::risk::{paper, rests_on, words};
use quarterhour_server::app::stored;
use quarterhour_server::error::AppError;
use quarterhour_server::hours::whole_percent;

use crate::args::{BooksSource, CompareArguments};
use crate::session::Session;
use crate::show::out::out;
use crate::show::progress;
use crate::show::style;
use crate::show::table::{Align, Table, plain, plain_lines};

/// Reads the books for a question about risk, from a folder or the database.
///
/// # Errors
///
/// Lists what is wrong in them.
pub fn office(session: &Session, source: &BooksSource) -> Result<Office, AppError> {
    let today = source.date.unwrap_or_else(|| session.today());
    match &source.books {
        Some(folder) => Office::from_folder(folder, today),
        None => stored::open(&session.db)?.read(|tx| Office::from_store(tx, today)),
    }
}

/// Writes a value as JSON with a line's end.
///
/// # Errors
///
/// Fails when standard output cannot be written.
pub fn json<T: serde::Serialize>(value: &T) -> Result<(), AppError> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| AppError::file("write", Path::new("standard output"), error.into()))?;
    out(&(text + "\n"))
}

/// Runs the command.
///
/// # Errors
///
/// Fails as the use case does.
pub fn run(session: &Session, arguments: &CompareArguments) -> Result<(), AppError> {
    let office = office(session, &arguments.source)?;
    let Some(client) = &arguments.client else { return all(session, &office, arguments) };
    let drafts: Result<Vec<Draft>, AppError> = arguments.drafts.iter().map(|path| draft(path)).collect();
    let report = compare(&office, client, &question(arguments), &drafts?, Detail::Whole)?;
    if let Some(path) = &arguments.pdf {
        write_file(path, &paper::render(&office, &report)?)?;
        session.say(&format!("{} is written.", path.display()));
    }
    if arguments.source.json { json(&report) } else { out(&text(&report)) }
}

/// All clients, in a line each.
fn all(session: &Session, office: &Office, arguments: &CompareArguments) -> Result<(), AppError> {
    let count = u64::try_from(office.setup.clients.len()).unwrap_or(0);
    let bar = progress::bar(session.quiet, "Comparing", count);
    let lines = everyone(office, &question(arguments), || bar.inc(1))?;
    bar.finish_and_clear();
    if arguments.source.json {
        return json(&lines);
    }
    let columns = [
        ("client", Align::Left),
        ("tickets", Align::Right),
        ("today", Align::Right),
        ("P95", Align::Right),
        ("least on average", Align::Left),
        ("mean", Align::Right),
        ("best in a bad year", Align::Left),
        ("P95", Align::Right),
        ("", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for line in &lines {
        let today = |of: fn(&Choice) -> f64| line.today.as_ref().map_or("-".to_owned(), |today| rounded(of(today)));
        table.row(vec![
            plain(&line.client),
            format!("{:.0}", line.tickets),
            today(|choice| choice.mean),
            today(|choice| choice.p95),
            plain(&line.cheapest.name),
            rounded(line.cheapest.mean),
            plain(&line.calmest.name),
            rounded(line.calmest.p95),
            line.currency.clone(),
        ]);
    }
    out(&format!("A year of each client under the six programs and today's agreement\n{}", table.render()))
}

fn draft(path: &Path) -> Result<Draft, AppError> {
    let text = std::fs::read_to_string(path).map_err(|error| AppError::file("read", path, error))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Draft { name, text })
}

fn question(arguments: &CompareArguments) -> Question {
    let usual = Pricing::default();
    Question {
        seasons: arguments.seasons,
        longest: arguments.longest,
        law: arguments.law,
        seed: arguments.seed,
        workstations: arguments.workstations,
        servers: arguments.servers,
        tickets: arguments.tickets,
        hours: arguments.hours,
        crashes: arguments.crashes,
        viruses: arguments.viruses,
        growth: arguments.growth,
        pricing: Pricing {
            allowance_minutes: arguments.allowance_minutes,
            margin: arguments.margin.unwrap_or(usual.margin),
            cost_share: arguments.cost_share.unwrap_or(usual.cost_share),
            ..usual
        },
        precision: arguments.precision,
        ..Question::default()
    }
}

fn text(report: &Report) -> String {
    let mut text = format!(
        "{}\n{}\n\n",
        style::bold(&format!("{}: a year under each program, {}", plain(&report.client_name), report.currency)),
        plain_lines(&report.sentences.join("\n"))
    );
    text += &figures(report);
    text += &format!("\n{}\n", style::bold("How the programs are priced"));
    for contender in &report.contenders {
        text += &format!("  {}: {}\n", plain(&contender.name), plain(&contender.because));
    }
    text += &format!("\n{}\n", style::bold("With fewer or more tickets"));
    for sentence in words::by_demand(report) {
        text += &format!("  {}\n", plain(&sentence));
    }
    text += &format!("\n{}\n", style::bold("Advice"));
    for sentence in &report.advice_sentences {
        text += &format!("  {}\n", plain(sentence));
    }
    if !report.scenarios.is_empty() {
        text += &format!("\n{}\n{}", style::bold("What would happen if: an average year"), scenarios(report));
    }
    text += &format!("\n{}\n", style::bold("What this rests on"));
    for assumption in report.assumptions.iter().chain(&rests_on::fitted(report)).chain(&rests_on::redrawn(report)) {
        text += &format!("  {}\n", plain(assumption));
    }
    text
}

fn scenarios(report: &Report) -> String {
    let names: Vec<String> = report.contenders.iter().map(|contender| plain(&contender.name)).collect();
    let columns = std::iter::once(("if", Align::Left)).chain(names.iter().map(|name| (name.as_str(), Align::Right)));
    let mut table = Table::new(&columns.collect::<Vec<_>>());
    for scenario in &report.scenarios {
        let costs = scenario.costs.iter().map(|cost| rounded(cost.value));
        table.row(std::iter::once(plain(&scenario.name)).chain(costs).collect());
    }
    table.render()
}

fn figures(report: &Report) -> String {
    let columns = [
        ("program", Align::Left),
        ("mean", Align::Right),
        ("median", Align::Right),
        ("P90", Align::Right),
        ("P95", Align::Right),
        ("+-", Align::Right),
        ("worst 5 %", Align::Right),
        ("worst month", Align::Right),
        ("overage", Align::Right),
        ("lost h", Align::Right),
        ("an hour", Align::Right),
        ("a seat", Align::Right),
        ("regret", Align::Right),
        ("client carries", Align::Right),
    ];
    let mut table = Table::new(&columns);
    let of = |estimate: Estimate| rounded(estimate.value);
    for contender in &report.contenders {
        let it = &contender.figures;
        table.row(vec![
            plain(&contender.name),
            of(it.mean),
            of(it.median),
            of(it.p90),
            of(it.p95),
            rounded(it.p95.error.ceil()),
            of(it.tail_mean95),
            of(it.worst_month_p95),
            words::overage(contender, whole_percent),
            format!("{:.1}", it.lost_hours.value),
            it.price_per_hour.map_or("-".to_owned(), |price| exact(price, &report.currency)),
            it.price_per_seat.map_or("-".to_owned(), |price| exact(price, &report.currency)),
            of(it.regret),
            it.carried_by_client.map_or("-".to_owned(), whole_percent),
        ]);
    }
    table.render()
}
