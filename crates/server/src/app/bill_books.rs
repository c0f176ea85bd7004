//! A bill run straight from a folder, with no database: everything is open, nothing is issued.

use std::path::{Path, PathBuf};

use quarterhour_billing::{Carried, Period, TimeEntry};
use quarterhour_books::{BookClient, EntryBook, Setup, entries};
use rayon::prelude::*;

use crate::app::body::{Details, EntryDetail, Freezer};
use crate::app::folder;
use crate::app::outcome::{RunResult, bill_client};
use crate::app::run::OpenClient;
use crate::error::AppError;

/// A folder's books, read and checked.
pub struct Books {
    /// Provider, clients, devices and agreements.
    pub setup: Setup,
    /// Time entries.
    pub entries: EntryBook,
    /// The folder.
    folder: PathBuf,
}

/// Reads and checks a whole folder; all mistakes are listed at once where the files allow it.
///
/// # Errors
///
/// Lists what is wrong.
pub fn read(path: &Path) -> Result<Books, AppError> {
    let setup = folder::read_setup(path)?;
    let entries = folder::read_entries(path, &setup)?;
    Ok(Books { setup, entries, folder: path.to_owned() })
}

/// Bills clients over `periods`, on all cores. With `frozen`, statements come with all that is printed.
///
/// # Errors
///
/// Fails for a client that the books do not have, or when a statement does not add up.
pub fn bill(books: &Books, periods: (Period, Period), codes: &[String], frozen: bool) -> Result<RunResult, AppError> {
    check_codes(&books.setup, codes)?;
    let details = if frozen { read_details(books)? } else { Details::default() };
    let words = &books.entries.words;
    let freezer = Freezer { setup: &books.setup, words, details: &details };
    let freezer = frozen.then_some(&freezer);
    let clients: Vec<(&BookClient, &Vec<TimeEntry>)> = books.setup.clients.iter().zip(&books.entries.by_client).collect();
    let wanted = |client: &BookClient| codes.is_empty() || codes.contains(&client.client.code);
    let results: Result<Vec<RunResult>, AppError> = clients
        .into_par_iter()
        .filter(|(client, _)| wanted(client))
        .map(|(client, entries)| {
            let open = OpenClient { client, carried: Carried::default(), first_open: None, entries, late: Vec::new() };
            bill_client(&books.setup.provider.terms, words, open, periods, freezer)
        })
        .collect();
    Ok(RunResult::collect(results?))
}

/// Refuses codes that the books do not have.
///
/// # Errors
///
/// Names the code.
pub fn check_codes(setup: &Setup, codes: &[String]) -> Result<(), AppError> {
    match codes.iter().find(|code| setup.client(code).is_none()) {
        Some(code) => Err(AppError::user(format!("there is no client `{code}`"), "the codes are in the first column of clients.csv")),
        None => Ok(()),
    }
}

fn read_details(books: &Books) -> Result<Details, AppError> {
    let mut details = Details::default();
    let bytes = folder::read_entries_file(&books.folder)?;
    let read = entries::each_row(&bytes, |row| {
        details.insert(row.id.to_owned(), EntryDetail::of(row));
    });
    read.map_err(|problems| folder::books_error(&books.folder, problems))?;
    Ok(details)
}
