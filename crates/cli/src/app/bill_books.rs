//! A bill run straight from a folder, with no database: everything is open, nothing is issued.

use std::path::Path;

use quarterhour_billing::{Carried, Period, Statement, TimeEntry};
use quarterhour_books::{BookClient, EntryBook, Setup, entries};
use rayon::prelude::*;

use crate::app::folder;
use crate::app::run::{OpenClient, bill_open_periods};
use crate::error::AppError;

/// A folder's books, read and checked.
pub struct Books {
    /// Provider, clients, devices and agreements.
    pub setup: Setup,
    /// Time entries.
    pub entries: EntryBook,
}

/// Reads and checks a whole folder. Both groups of files are checked, so that all mistakes are listed at once.
///
/// # Errors
///
/// Lists what is wrong.
pub fn read(path: &Path) -> Result<Books, AppError> {
    let (setup, bytes) = rayon::join(|| folder::read_setup(path), || folder::read_entries_file(path));
    let setup = setup?;
    let entries = entries::read(&setup, &bytes?).map_err(|problems| folder::books_error(path, problems))?;
    Ok(Books { setup, entries })
}

/// Statements of one client's period, with the entries they speak of.
pub struct Billed<'a> {
    /// The period.
    pub period: Period,
    /// The client.
    pub client: &'a BookClient,
    /// Its statements.
    pub statements: Vec<Statement>,
    /// The entries of the period; a statement's positions count from the first.
    pub entries: &'a [TimeEntry],
}

/// Bills the clients over `from..=until`, on all cores; the result is in order of period and client.
///
/// # Errors
///
/// Fails when a statement does not add up.
pub fn bill<'a>(
    books: &'a Books,
    (from, until): (Period, Period),
    wanted: impl Fn(&BookClient) -> bool + Sync,
) -> Result<Vec<Billed<'a>>, AppError> {
    let clients: Vec<(&BookClient, &[TimeEntry])> =
        books.setup.clients.iter().zip(books.entries.by_client.iter().map(Vec::as_slice)).collect();
    let clients = clients.into_par_iter().filter(|(client, _)| wanted(client));
    let billed: Result<Vec<Vec<Billed<'a>>>, AppError> = clients
        .map(|(client, entries)| {
            let open = OpenClient { client, carried: Carried::default(), first_open: None, entries, late: Vec::new() };
            let mut periods = Vec::new();
            bill_open_periods(&books.setup.provider.terms, &books.entries.words, open, until, |billed| {
                if billed.period >= from && !billed.statements.is_empty() {
                    let entries = entries.get(billed.first_entry..).unwrap_or(&[]);
                    periods.push(Billed { period: billed.period, client, statements: billed.statements, entries });
                }
            })?;
            Ok(periods)
        })
        .collect();
    let mut billed: Vec<Billed<'a>> = billed?.into_iter().flatten().collect();
    billed.sort_by_key(|billed| billed.period);
    Ok(billed)
}
