//! Issues a period: one transaction a client, in order of their codes, so that an interrupted run goes on
//! where it stopped and two runs at once issue everything once. Work that is logged meanwhile is on the
//! statement or late, never lost: a client that changed since it was read is billed anew in its transaction.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use quarterhour_billing::Period;
use quarterhour_store::statements::{closing, counter, hold, invoice, kept_back};
use quarterhour_store::{Store, Tx};
use rayon::prelude::*;
use uuid::Uuid;

use crate::app::actor::Actor;
use crate::app::issue_client::{Billed, Pending, Source};
use crate::app::keep_back::{KeptMonths, kept_words};
use crate::app::open_books::{self, OneClient};
use crate::app::stored::{self, BOOKS_VERSION, CLIENT_VERSIONS, StoredBooks, client_version};
use crate::error::AppError;

/// How often a step is tried again when the database is busy.
const TRIES: u32 = 8;

/// What to issue, when and for whom.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// The period.
    pub period: Period,
    /// The codes of the clients; none: all.
    pub codes: &'a [String],
    /// The date on the invoices.
    pub issued_on: Date,
    /// Who issues.
    pub actor: &'a Actor,
    /// The moment, for the record.
    pub now: Timestamp,
    /// Tells others what is issued, in its transaction.
    pub tell: Option<&'a Tell<'a>>,
}

/// Tells others what is issued for a client, in its transaction.
pub type Tell<'a> = dyn Fn(&mut Tx, &Told<'_>) -> Result<(), AppError> + 'a;

/// What is issued for a client.
pub struct Told<'a> {
    /// The client's code.
    pub client: &'a str,
    /// The period.
    pub period: Period,
    /// Its invoices.
    pub invoices: &'a [invoice::Invoice],
    /// Overage that is held.
    pub holds: &'a [hold::Hold],
}

/// What an issue did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issued {
    /// Clients whose period was closed.
    pub clients: usize,
    /// Clients whose period had been closed before.
    pub before: usize,
    /// Invoices written.
    pub invoices: usize,
    /// Clients that were left out because of work that was logged meanwhile, with the reason.
    pub left_out: Vec<String>,
    /// Clients whose month is kept back, with who keeps it and why.
    pub kept_back: Vec<String>,
}

/// A client that a run is through with.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The client, and the new version of its entries, when something was written.
    pub written: Option<(Uuid, i64)>,
    /// How many clients are through.
    pub done: usize,
    /// How many there are.
    pub total: usize,
}

/// Issues one period for all clients, or for these, from the command line.
///
/// # Errors
///
/// Fails for a client with earlier periods that are not issued, before anything is written.
pub fn issue(store: &Store, period: Period, codes: &[String], today: Date, done: impl Fn(u64)) -> Result<Issued, AppError> {
    let actor = Actor::command_line(store.read(stored::provider)?.provider_id);
    let order = Order { period, codes, issued_on: today, actor: &actor, now: Timestamp::now(), tell: None };
    run(store, &order, |_| {
        done(1);
        Ok(())
    })
}

/// Issues what an order says; `each` is called after each client, and ends the run by an error.
///
/// # Errors
///
/// Fails for a client with earlier periods that are not issued, before anything is written.
pub fn run(store: &Store, order: &Order<'_>, mut each: impl FnMut(Step) -> Result<(), AppError>) -> Result<Issued, AppError> {
    let Order { period, codes, .. } = *order;
    let (books, open, versions, kept) = store.read(|tx| {
        let books = stored::read(tx)?;
        crate::app::bill_books::check_codes(&books.setup, codes)?;
        let open = open_books::read(tx, &books, period, None)?;
        let versions: HashMap<String, i64> = counter::list_versions(tx, books.provider_id, CLIENT_VERSIONS)?.into_iter().collect();
        let kept = KeptMonths::read(tx, books.provider_id)?;
        Ok::<_, AppError>((books, open, versions, kept))
    })?;
    let wanted = |position: &usize| {
        let code = books.setup.clients.get(*position).map(|client| &client.row.code);
        codes.is_empty() || code.is_some_and(|code| codes.contains(code))
    };
    let positions: Vec<usize> = (0..books.client_ids.len()).filter(wanted).collect();
    let source = Source { books: &books, words: &open.words, details: &open.details };
    let billed: Result<Vec<Billed<'_>>, AppError> = positions
        .par_iter()
        .filter_map(|position| Some((*position, open.clients.get(*position)?, books.closed.get(*position)?.as_ref())))
        .map(|(position, own, closed)| Billed::new(source, own, position, closed, period))
        .collect();
    let billed = billed?;
    let mut run = Run { store, order, read: source, renewed: None, issued: Issued::default() };
    for billed in &billed {
        let Billed::Skips { client, earlier, .. } = billed else { continue };
        let id = books.setup.client(client).and_then(|(position, _)| books.client_ids.get(usize::try_from(position).ok()?));
        // What waits behind a month that is kept back waits with it.
        match id.and_then(|id| kept.of(*id, *earlier)) {
            Some(kept) => run.issued.kept_back.push(kept_words(client, kept)),
            None => return billed.skipped().map_or(Ok(Issued::default()), Err),
        }
    }
    let total = billed.len();
    for (index, billed) in billed.into_iter().enumerate() {
        let written = match billed {
            Billed::Ready(pending) => {
                let version = versions.get(&client_version(pending.client_id)).copied().unwrap_or(0);
                run.client(&pending, version)?
            }
            Billed::Skips { .. } => None,
            Billed::Before => {
                run.issued.before += 1;
                None
            }
        };
        each(Step { written, done: index + 1, total })?;
    }
    Ok(run.issued)
}

/// What became of a client in its transaction.
enum Written {
    Before,
    LeftOut(String),
    KeptBack(String),
    Issued { version: i64, invoices: usize },
}

/// A run under way.
struct Run<'a> {
    store: &'a Store,
    order: &'a Order<'a>,
    read: Source<'a>,
    /// The books as they are now, once they changed under the run.
    renewed: Option<StoredBooks>,
    issued: Issued,
}

impl Run<'_> {
    /// Writes one client; gives its id and new version when something was written.
    fn client(&mut self, pending: &Pending<'_>, version: i64) -> Result<Option<(Uuid, i64)>, AppError> {
        let (store, order, read) = (self.store, self.order, self.read);
        let renewed = &mut self.renewed;
        let written = again(|| store.write(|tx| write(tx, order, read, pending, version, renewed)))?;
        match written {
            Written::Before => self.issued.before += 1,
            Written::LeftOut(why) => self.issued.left_out.push(why),
            Written::KeptBack(why) => self.issued.kept_back.push(why),
            Written::Issued { version, invoices } => {
                self.issued.clients += 1;
                self.issued.invoices += invoices;
                return Ok(Some((pending.client_id, version)));
            }
        }
        Ok(None)
    }
}

/// One client's transaction. It holds the client, so that nobody logs time for it until the commit.
fn write(
    tx: &mut Tx,
    order: &Order<'_>,
    read: Source<'_>,
    pending: &Pending<'_>,
    version: i64,
    renewed: &mut Option<StoredBooks>,
) -> Result<Written, AppError> {
    let (id, client_id) = (read.books.provider_id, pending.client_id);
    counter::lock_provider(tx, id)?;
    if closing::find(tx, id, client_id, &order.period.to_string())?.is_some() {
        return Ok(Written::Before);
    }
    if let Some(kept) = kept_back::find(tx, id, client_id, &order.period.to_string())? {
        return Ok(Written::KeptBack(kept_words(pending.code(), &kept)));
    }
    let held = counter::next_number(tx, id, &client_version(client_id))?;
    let books_version = counter::find_last_number(tx, id, BOOKS_VERSION)?.unwrap_or(0);
    if books_version == read.books.version && held == version + 1 {
        let invoices = pending.write(tx, read.books, order)?;
        return Ok(Written::Issued { version: held, invoices });
    }
    let books = if books_version == read.books.version { read.books } else { renew(tx, renewed, books_version)? };
    let Some(position) = books.positions.get(&client_id).copied() else { return Ok(Written::Before) };
    let closed = closing::find_last(tx, id, client_id)?.map(|row| stored::read_closing(&row)).transpose()?;
    let OneClient { client: own, words, details } = open_books::read_client(tx, books, position, closed.as_ref(), order.period)?;
    let source = Source { books, words: &words, details: &details };
    match Billed::new(source, &own, position, closed.as_ref(), order.period)? {
        Billed::Ready(pending) => {
            let invoices = pending.write(tx, books, order)?;
            Ok(Written::Issued { version: held, invoices })
        }
        Billed::Before => Ok(Written::Before),
        skips @ Billed::Skips { .. } => Ok(Written::LeftOut(skips.skipped().map(|error| error.to_string()).unwrap_or_default())),
    }
}

/// The books as they are now, read once for each version.
fn renew<'b>(tx: &mut Tx, renewed: &'b mut Option<StoredBooks>, version: i64) -> Result<&'b StoredBooks, AppError> {
    let fresh = renewed.take().filter(|books| books.version == version);
    let books = match fresh {
        Some(books) => books,
        None => stored::read(tx)?,
    };
    Ok(renewed.insert(books))
}

/// Tries a step again while the database is busy with others.
///
/// # Errors
///
/// Gives the last error.
pub fn again<T>(mut step: impl FnMut() -> Result<T, AppError>) -> Result<T, AppError> {
    let mut tries = 0;
    loop {
        match step() {
            Err(AppError::Store(error)) if error.is_retryable() && tries < TRIES => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(20) * tries);
            }
            other => return other,
        }
    }
}
