//! The runner of jobs. `try_once` does one job; around it is a dull loop.
//! A job that was cut off by the end of a process is taken up again when its lease is over: all of them may be run twice.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use quarterhour_store::statements::{invoice, job, job_input};
use quarterhour_store::{StoreError, Tx};
use serde_json::json;

use crate::app::context::App;
use crate::app::events::Event;
use crate::app::import::{self, Mode, Summary};
use crate::app::issue::{self, Issued, Order, Told, again};
use crate::app::job::{Claimed, Outcome, Work};
use crate::app::paper::number_text;
use crate::app::payment::currency_of;
use crate::app::{verify, webhook};
use crate::error::AppError;
use crate::hours::counted;
use crate::jobs::archive;

/// How long a job may be silent before another runner takes it up.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How often the lease is renewed while a step takes long.
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// How often progress is stored and told.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// How often the runner looks for jobs that others ordered.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs jobs until the server stops.
pub async fn run(app: App) {
    while !app.jobs.is_stopping() {
        match app.run(try_once).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!("a job cannot be run now: {error}"),
        }
        app.pdfs.end_idle();
        tokio::select! {
            () = app.jobs.wait() => (),
            () = tokio::time::sleep(LOOK_EVERY) => (),
        }
    }
}

/// Does one job, if there is one to do.
///
/// # Errors
///
/// Fails when the database does; a job that fails is no error.
pub fn try_once(app: &App) -> Result<bool, AppError> {
    let Some(provider) = app.find_provider()? else { return Ok(false) };
    let now = app.clock.now();
    if !app.store.read(|tx| job::is_waiting(tx, provider, now))? {
        return Ok(false);
    }
    let Some(row) = app.store.write(|tx| job::claim(tx, provider, now, now + LEASE))? else { return Ok(false) };
    let id = row.job_id;
    app.events.tell(Event::Job(id));
    let progress = Progress { app, id, told: Instant::now() };
    let ended = catch_unwind(AssertUnwindSafe(|| Claimed::read(provider, &row).and_then(|claimed| perform(app, &claimed, progress))));
    let ended = ended.unwrap_or_else(|_| Err(AppError::fault("the job broke off: a fault of the program")));
    match ended {
        Err(error) if app.jobs.is_stopping() => {
            tracing::info!("job {id} goes on after the next start: {error}");
            let (done, total) = (row.done, row.total);
            app.store.write(|tx| job::progress(tx, provider, id, done, total, now))?;
            return Ok(true);
        }
        Err(error) => {
            tracing::warn!("job {id} failed: {error}");
            let fault = fault_text(&error);
            let data = json!({ "id": id, "kind": row.kind, "state": "failed", "fault": fault });
            end(app, &data, |tx| job::fail(tx, provider, id, &fault, app.clock.now()))?;
        }
        Ok(outcome) => {
            let result = serde_json::to_string(&outcome).map_err(AppError::fault)?;
            let data = json!({ "id": id, "kind": row.kind, "state": "done", "faults": outcome.faults });
            end(app, &data, |tx| job::finish(tx, provider, id, &result, app.clock.now()))?;
        }
    }
    app.jobs.forget(id);
    app.events.tell(Event::Job(id));
    Ok(true)
}

/// Notes the end of a job, and tells it. One that another runner has ended meanwhile stays as it is.
fn end(app: &App, data: &serde_json::Value, step: impl Fn(&mut Tx) -> Result<(), StoreError>) -> Result<(), AppError> {
    let ended = again(|| {
        app.store.write(|tx| {
            step(tx)?;
            app.emit(tx, webhook::JOB_FINISHED, data)
        })
    });
    match ended {
        Err(AppError::Store(StoreError::NotFound { .. })) => Ok(()),
        other => other,
    }
}

/// What is shown of an error: all its lines.
fn fault_text(error: &AppError) -> String {
    let problems: Vec<String> = match error {
        AppError::Books { problems, .. } => problems.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let hint = Some(error.hint()).filter(|hint| !hint.is_empty() && problems.is_empty());
    std::iter::once(error.to_string()).chain(problems).chain(hint).collect::<Vec<_>>().join("\n")
}

/// Tells how far a job is.
struct Progress<'a> {
    app: &'a App,
    id: uuid::Uuid,
    told: Instant,
}

impl Progress<'_> {
    /// Notes a step, tells it now and then and renews the lease. Fails when the server stops.
    fn step(&mut self, done: usize, total: usize) -> Result<(), AppError> {
        if self.app.jobs.is_stopping() {
            return Err(AppError::conflict("the server stops", "the job goes on after its next start"));
        }
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (done, total) = (count(done), count(total));
        self.app.jobs.note(self.id, done, total);
        if self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            renew(self.app, self.id, done, total)?;
            self.app.events.tell(Event::Job(self.id));
        }
        Ok(())
    }

    /// Notes a step of work that cannot write now.
    fn note(&self, done: u64, total: usize) {
        let count = i64::try_from(done).unwrap_or(i64::MAX);
        self.app.jobs.note(self.id, count, i64::try_from(total).unwrap_or(i64::MAX));
        self.app.events.tell(Event::Job(self.id));
    }
}

fn renew(app: &App, id: uuid::Uuid, done: i64, total: i64) -> Result<(), AppError> {
    let (provider, until): (_, Timestamp) = (app.provider()?, app.clock.now() + LEASE);
    again(|| Ok(app.store.write(|tx| job::progress(tx, provider, id, done, total, until))?))
}

fn perform(app: &App, claimed: &Claimed, progress: Progress<'_>) -> Result<Outcome, AppError> {
    match &claimed.work {
        Work::Issue { period, clients, issued_on } => {
            let tell = |tx: &mut Tx, told: &Told<'_>| tell_issued(app, tx, told);
            let (codes, actor, now) = (clients.as_slice(), &claimed.actor, app.clock.now());
            let order = Order { period: *period, codes, issued_on: *issued_on, actor, now, tell: Some(&tell) };
            issue_period(app, &order, progress)
        }
        Work::TryImport => {
            let summary = import_files(app, claimed, claimed.id, Mode::Try, &progress)?;
            Ok(Outcome { said: vec!["Nothing is changed yet.".to_owned()], import: Some(summary), ..Outcome::default() })
        }
        Work::Import { inputs } => {
            let summary = import_files(app, claimed, *inputs, Mode::Keep, &progress)?;
            app.store.write(|tx| job_input::delete_of_job(tx, claimed.actor.provider, *inputs))?;
            app.books_changed();
            Ok(Outcome { said: vec!["The books are in.".to_owned()], import: Some(summary), ..Outcome::default() })
        }
        Work::Verify => verify_all(app, progress),
    }
}

/// Tells webhooks what is issued for a client.
fn tell_issued(app: &App, tx: &mut Tx, told: &Told<'_>) -> Result<(), AppError> {
    let numbers: Vec<String> = told.invoices.iter().map(|row| number_text(row.number)).collect();
    let period = json!({ "client": told.client, "period": told.period.to_string(), "invoices": numbers });
    app.emit(tx, webhook::PERIOD_ISSUED, &period)?;
    let amount = |row: &invoice::Invoice, minor: i64| currency_of(&row.currency).map(|currency| currency.format(minor));
    for row in told.invoices {
        let data = json!({
            "number": number_text(row.number), "client": told.client, "period": row.period, "agreement": row.agreement,
            "issued_on": row.issued_on.to_string(), "due_on": row.due_on.to_string(), "currency": row.currency,
            "net": amount(row, row.net)?, "tax": amount(row, row.tax)?, "total": amount(row, row.total)?,
        });
        app.emit(tx, webhook::INVOICE_ISSUED, &data)?;
    }
    let holds = told
        .holds
        .iter()
        .map(|row| json!({ "number": row.hold_id, "client": told.client, "period": row.period, "entry": row.entry_id }));
    app.emit_all(tx, webhook::HOLD_CREATED, holds)
}

fn issue_period(app: &App, order: &Order<'_>, mut progress: Progress<'_>) -> Result<Outcome, AppError> {
    let issued = issue::run(&app.store, order, |step| {
        if let Some((client_id, version)) = step.written {
            app.client_changed(client_id, version);
        }
        progress.step(step.done, step.total)
    })?;
    let Issued { clients, before, invoices, left_out, kept_back } = issued;
    let mut said = vec![format!("{} issued for {}.", counted(invoices, "invoice"), counted(clients, "client"))];
    if before > 0 {
        said.push(format!("{} had been issued before, or had nothing.", counted(before, "client")));
    }
    said.extend(kept_back);
    Ok(Outcome { said, faults: left_out, ..Outcome::default() })
}

/// Reads the files of a job and imports them, or looks what they would change. The database is held meanwhile,
/// so the lease is renewed by a thread beside it, as soon as it gets its turn.
fn import_files(app: &App, claimed: &Claimed, inputs: uuid::Uuid, mode: Mode, progress: &Progress<'_>) -> Result<Summary, AppError> {
    let provider = claimed.actor.provider;
    let archive = app.store.read(|tx| archive::read(tx, provider, inputs))?;
    let total = archive.entries.iter().filter(|byte| **byte == b'\n').count();
    let (over, is_over) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while is_over.recv_timeout(RENEW_EVERY) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                if let Err(error) = renew(app, claimed.id, 0, 0) {
                    tracing::debug!("a lease cannot be renewed now: {error}");
                }
            }
        });
        let seen = std::cell::Cell::new(0);
        let imported = import::import_archive(&app.store, &archive, mode, Some(&claimed.actor), |rows| {
            seen.set(seen.get() + rows);
            progress.note(seen.get(), total);
        });
        drop(over);
        imported
    })
}

fn verify_all(app: &App, progress: Progress<'_>) -> Result<Outcome, AppError> {
    let clients = app.books()?.client_ids.len();
    let seen = std::cell::Cell::new(0);
    let progress = std::cell::RefCell::new(progress);
    let report = verify::verify(&app.store, || {
        seen.set(seen.get() + 1);
        // A stop is noticed behind the loop: a check that was cut off says nothing.
        let _ = progress.borrow_mut().step(seen.get(), clients);
    })?;
    if app.jobs.is_stopping() {
        return Err(AppError::conflict("the server stops", "the job goes on after its next start"));
    }
    let verdict = if report.faults.is_empty() { " All is as it was written." } else { "" };
    let said = format!(
        "{} ledger entries, {} statements and {} invoices checked.{verdict}",
        report.entries, report.statements, report.invoices
    );
    let heads = report.heads.into_iter().map(|(code, head)| (code, head.seq, head.hash)).collect();
    Ok(Outcome { said: vec![said], faults: report.faults, heads, import: None })
}
