//! `demo`: the main job on made-up books, from a folder to PDFs and to the web application.

use std::cmp::Reverse;
use std::fs;
use std::path::Path;

use quarterhour_billing::Period;
use quarterhour_store::Store;
use quarterhour_store::statements::provider;

use crate::args::{DB_DEFAULT, DemoArguments};
use crate::commands::bill::write_files;
use crate::commands::serve::{keys, serve_app};
use crate::session::Session;
use crate::show::out::out;
use crate::show::table::{Align, Table, plain};
use crate::show::{chart, progress, style};
use quarterhour_server::app::body::StatementBody;
use quarterhour_server::app::clock::Clock;
use quarterhour_server::app::context::App;
use quarterhour_server::app::demo::{Stage, write};
use quarterhour_server::app::demo_office::{self, LOGINS, PASSWORD};
use quarterhour_server::app::keys::Keys;
use quarterhour_server::app::output::add_days;
use quarterhour_server::app::settings::Settings;
use quarterhour_server::app::{bill_store, import, issue};
use quarterhour_server::error::AppError;
use quarterhour_server::hours::hours;
use quarterhour_server::serve::begin_log;

/// The file that marks a folder as one of ours, so that nothing else is ever removed.
const MARK: &str = ".quarterhour-demo";

/// Runs the command.
///
/// # Errors
///
/// Fails when the folder is something else, or cannot be written, or the address is taken.
pub fn run(session: &Session, arguments: &DemoArguments) -> Result<(), AppError> {
    let folder = &arguments.folder;
    make_folder(folder)?;
    let own = folder.join("demo.db").to_string_lossy().into_owned();
    let db = if session.db == DB_DEFAULT { own } else { session.db.clone() };
    let stage = Stage::new(arguments.today.unwrap_or_else(|| session.today()), arguments.times);
    let books = folder.join("books");
    write(&books, stage, arguments.seed)?;
    let store = Store::open(&db)?;
    if store.read(provider::find_first)?.is_some() {
        let message = format!("{} holds books already; nothing was added to it", store.place());
        return Err(AppError::user(message, "name an empty database with --db, or leave --db and QUARTERHOUR_DB out"));
    }
    let keys = if arguments.no_serve { None } else { Some(keys(&db, None)?) };
    let bar = progress::bar(session.quiet, "Importing", 0);
    let summary = import::import(&store, &books, |steps| {
        bar.inc_length(steps);
        bar.inc(steps);
    })?;
    bar.finish_and_clear();
    let (clients, entries, devices) = (summary.clients.new, summary.entries.new, summary.devices.new);
    session.say(&format!("Northgate IT: {clients} clients, {devices} devices, {entries} time entries."));
    let range = (stage.first_period(), stage.last_period());
    issue_all(session, &store, range)?;
    demo_office::fill(&store, stage.today(), arguments.seed)?;
    let result = bill_store::preview(&store, range, &[], true)?;
    let bodies: Vec<&StatementBody> = result.outcomes.iter().filter_map(|outcome| outcome.body.as_ref()).collect();
    summarize(&bodies)?;
    if !arguments.no_pdf {
        write_files(session, &folder.join("invoices"), &result.outcomes, session.today())?;
    }
    let (heading, program) = (style::bold("Go on from here"), format!("quarterhour --db {}", store.place()));
    let last = range.1;
    let crash = stage.first_period().plus(6);
    out(&format!("{heading}\n  {program} bill {last}\n  {program} statement cedar {crash}\n  {program} held\n  {program} verify\n"))?;
    let Some(keys) = keys else { return Ok(()) };
    drop(result);
    serve(session, arguments, store, keys)
}

/// Serves the demo, and says who can sign in.
fn serve(session: &Session, arguments: &DemoArguments, store: Store, keys: Keys) -> Result<(), AppError> {
    let settings = Settings::new(arguments.listen, None)?;
    begin_log("warn", false).map_err(AppError::fault)?;
    let app = App::new(store, Clock::Machine, keys, settings);
    let mut table = Table::new(&[("role", Align::Left), ("e-mail", Align::Left), ("password", Align::Left)]);
    for login in LOGINS {
        let role = login.client.map_or_else(|| login.role.to_owned(), |client| format!("{} of {client}", login.role));
        table.row(vec![role, login.email.to_owned(), PASSWORD.to_owned()]);
    }
    out(&format!("\n{}\n{}\nOpen http://{}/ and sign in.\n", style::bold("Who can sign in"), table.render(), arguments.listen))?;
    serve_app(session, &app)
}

fn make_folder(folder: &Path) -> Result<(), AppError> {
    let filled = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if filled && !folder.join(MARK).exists() {
        let message = format!("{} is there already and is no demo", folder.display());
        return Err(AppError::user(message, "name another folder: quarterhour demo DIR"));
    }
    if filled {
        fs::remove_dir_all(folder).map_err(|error| AppError::file("replace", folder, error))?;
    }
    fs::create_dir_all(folder).map_err(|error| AppError::file("make", folder, error))?;
    quarterhour_server::app::folder::write_file(&folder.join(MARK), b"Made by `quarterhour demo`, which replaces this folder.\n")
}

/// Issues month by month, on the second day of the month after.
fn issue_all(session: &Session, store: &Store, (first, last): (Period, Period)) -> Result<(), AppError> {
    let periods: Vec<Period> =
        std::iter::successors(Some(first), |period| Some(period.next())).take_while(|period| *period <= last).collect();
    let bar = progress::bar(session.quiet, "Billing and issuing", u64::try_from(periods.len()).unwrap_or(0));
    let mut invoices = 0;
    for period in &periods {
        invoices += issue::issue(store, *period, &[], add_days(period.end().date(), 1), |_| ())?.invoices;
        bar.inc(1);
    }
    bar.finish_and_clear();
    session.say(&format!("{invoices} invoices issued for {} months.", periods.len()));
    Ok(())
}

fn summarize(bodies: &[&StatementBody]) -> Result<(), AppError> {
    let overage = ranking(bodies, |body| body.statement.time.overage, "overage");
    let lost = ranking(bodies, |body| body.statement.time.forfeited, "lost");
    out(&format!("\n{}\n{overage}\n{}\n{lost}\n", style::bold("Who paid overage"), style::bold("Who lost hours")))?;
    out(&format!("{}\n\n", style::bold("Three statements to look at")))?;
    interesting(bodies).into_iter().try_for_each(|body| out(&(chart::statement(body, true) + "\n")))
}

/// The five clients with most of something, over all months.
fn ranking(bodies: &[&StatementBody], seconds: fn(&StatementBody) -> i64, title: &'static str) -> String {
    let mut clients: Vec<(&str, &str, i64, i64)> = Vec::new();
    for body in bodies {
        let (name, program) = (body.client.name.as_str(), body.statement.program.as_ref());
        let months = i64::from(seconds(body) > 0);
        match clients.iter_mut().find(|(other, ..)| *other == name) {
            Some((_, _, sum, count)) => (*sum, *count) = (*sum + seconds(body), *count + months),
            None => clients.push((name, program, seconds(body), months)),
        }
    }
    clients.sort_by_key(|(_, _, sum, _)| Reverse(*sum));
    let mut table = Table::new(&[("client", Align::Left), ("program", Align::Left), (title, Align::Right), ("months", Align::Right)]);
    for (name, program, sum, months) in clients.into_iter().filter(|(_, _, sum, _)| *sum > 0).take(5) {
        table.row(vec![plain(name), program.to_owned(), hours(sum), months.to_string()]);
    }
    table.render()
}

/// The month with most overage, the one with most time lost, and the one with most held.
fn interesting<'a>(bodies: &[&'a StatementBody]) -> Vec<&'a StatementBody> {
    let drawn: Vec<&'a StatementBody> =
        bodies.iter().copied().filter(|body| body.draws_time && body.statement.time.granted > 0).collect();
    let mut chosen: Vec<&'a StatementBody> = Vec::new();
    let measures: [fn(&StatementBody) -> i64; 3] =
        [|body| body.statement.time.held, |body| body.statement.time.overage, |body| body.statement.time.forfeited];
    for measure in measures {
        let best = drawn
            .iter()
            .filter(|body| !chosen.iter().any(|other| other.client.code == body.client.code))
            .max_by_key(|body| measure(body));
        chosen.extend(best.copied());
    }
    chosen
}
