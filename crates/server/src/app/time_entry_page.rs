//! Time entries in pages: client by client, by start. It changes nothing.

use std::ops::Range;

use quarterhour_billing::{DAY_SECONDS, Day, Period};
use quarterhour_store::Tx;
use quarterhour_store::statements::{closing, time_entry};
use uuid::Uuid;

use crate::app::context::Context;
use crate::app::import::period_of;
use crate::app::revision::Latest;
use crate::app::stored::StoredBooks;
use crate::app::time_entry::Draft;
use crate::error::AppError;

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct EntryQuery {
    /// Of one client.
    pub client_id: Option<Uuid>,
    /// Of one technician.
    pub technician: String,
    /// That began in these seconds.
    pub span: Option<Range<i64>>,
    /// In one period of the client's time zone.
    pub period: Option<Period>,
    /// From behind this one on: client's code, start, id.
    pub after: Option<(String, i64, String)>,
    /// How many.
    pub limit: usize,
}

/// An entry as it stands.
#[derive(Clone, Debug)]
pub struct StandingEntry {
    /// Its id.
    pub id: String,
    /// What somebody wrote.
    pub draft: Draft,
    /// The period that it belongs to.
    pub period: Period,
    /// The issued period that it came too late for.
    pub late_for: Option<Period>,
    /// Does it stand on an issued statement?
    pub issued: bool,
}

impl StandingEntry {
    fn new(books: &StoredBooks, row: &time_entry::TimeEntry, issued: Option<Period>) -> Self {
        let period = period_of(books, row.client_id, row.started_at);
        let late_for = row.late_for.as_deref().and_then(Period::parse);
        let (late, billed_late) = (late_for.is_some(), row.billed_in.is_some());
        let latest = Latest { revision: row.revision, period: late_for.unwrap_or(period), late, billed_late };
        let draft = Draft::of(row, books.code(row.client_id));
        Self { id: row.entry_id.clone(), draft, period, late_for, issued: latest.is_frozen(issued) }
    }
}

impl Context {
    /// A page of entries.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn entry_page(&self, query: &EntryQuery) -> Result<Vec<StandingEntry>, AppError> {
        let books = self.books()?;
        let mut clients: Vec<(&str, Uuid)> = books.client_ids.iter().map(|id| (books.code(*id), *id)).collect();
        clients.sort_unstable();
        clients.retain(|(code, id)| {
            let wanted = query.client_id.is_none_or(|client_id| client_id == *id);
            wanted && query.after.as_ref().is_none_or(|(after, ..)| *code >= after.as_str())
        });
        self.store.read(|tx| {
            let mut page = Vec::new();
            for (code, client_id) in clients {
                if page.len() >= query.limit {
                    break;
                }
                let left = query.limit - page.len();
                page.extend(of_client(tx, &books, query, (code, client_id), left)?);
            }
            Ok(page)
        })
    }

    /// An entry as it stands.
    ///
    /// # Errors
    ///
    /// Fails for an unknown id.
    pub fn standing_entry(&self, id: &str) -> Result<(StandingEntry, Uuid), AppError> {
        let books = self.books()?;
        self.store.read(|tx| {
            let rows = time_entry::list_revisions(tx, books.provider_id, id)?;
            let last = rows.last().ok_or_else(|| AppError::not_found("time entry"))?;
            Ok((StandingEntry::new(&books, last, issued(tx, &books, last.client_id)?), last.client_id))
        })
    }
}

fn issued(tx: &mut Tx, books: &StoredBooks, client_id: Uuid) -> Result<Option<Period>, AppError> {
    Ok(closing::find_last(tx, books.provider_id, client_id)?.and_then(|row| Period::parse(&row.period)))
}

fn of_client(
    tx: &mut Tx,
    books: &StoredBooks,
    query: &EntryQuery,
    (code, client_id): (&str, Uuid),
    left: usize,
) -> Result<Vec<StandingEntry>, AppError> {
    let mut span = query.span.clone().unwrap_or(i64::MIN..i64::MAX);
    if let Some(period) = query.period {
        // Local days are at most a day off; the period itself is looked at below.
        let second = |day: Day| day.since(Day::of_local(0)) * DAY_SECONDS;
        span = span.start.max(second(period.first_day()) - DAY_SECONDS)..span.end.min(second(period.end()) + DAY_SECONDS);
    }
    let mut after = String::new();
    if let Some((_, started_at, id)) = query.after.as_ref().filter(|(after, ..)| after == code) {
        span.start = span.start.max(*started_at);
        if span.start == *started_at {
            after.clone_from(id);
        }
    }
    let last = issued(tx, books, client_id)?;
    let mut found = Vec::new();
    loop {
        let limit = i64::try_from(left).unwrap_or(i64::MAX);
        let rows = time_entry::list_latest_after(tx, books.provider_id, client_id, span.clone(), (&after, &query.technician), limit)?;
        let complete = rows.len() < left;
        if let Some(row) = rows.last() {
            (span.start, after) = (row.started_at, row.entry_id.clone());
        }
        let entries = rows.iter().map(|row| StandingEntry::new(books, row, last));
        found.extend(entries.filter(|entry| query.period.is_none_or(|period| entry.period == period)));
        if complete || found.len() >= left {
            found.truncate(left);
            return Ok(found);
        }
    }
}
