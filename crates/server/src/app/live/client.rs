//! One client with its open entries, billed up to the running period.

use std::sync::Arc;

use quarterhour_billing::{Period, TimeEntry, Words};
use quarterhour_books::BookClient;
use quarterhour_store::statements::{closing, counter};
use quarterhour_store::{Store, Tx};
use uuid::Uuid;

use crate::app::body::{Details, Freezer};
use crate::app::open_books::{self, ClientBooks, OneClient};
use crate::app::outcome::{Outcome, RunResult, bill_client};
use crate::app::stored::{self, Closed, StoredBooks, client_version};
use crate::error::AppError;

/// A client with its open entries and statements.
pub struct ClientLive {
    /// Provider, clients, devices, agreements.
    pub books: Arc<StoredBooks>,
    /// The client's position in the books.
    pub position: usize,
    /// Its id.
    pub client_id: Uuid,
    /// The version of its entries.
    pub version: i64,
    /// The period that runs today.
    pub running: Period,
    /// The last issued period.
    pub closed: Option<Closed>,
    /// The statements of all open periods up to the running one, with their entries, and what to look at.
    pub result: RunResult,
    own: ClientBooks,
    words: Words,
    details: Details,
}

impl ClientLive {
    /// Reads and bills a client.
    ///
    /// # Errors
    ///
    /// Fails when the database or the engine does.
    pub fn read(store: &Store, books: &Arc<StoredBooks>, client_id: Uuid, running: Period) -> Result<Self, AppError> {
        store.read(|tx| Self::read_in(tx, books, client_id, running))
    }

    /// As [`ClientLive::read`], inside a transaction: with what it has written so far.
    ///
    /// # Errors
    ///
    /// Fails when the database or the engine does.
    pub fn read_in(tx: &mut Tx, books: &Arc<StoredBooks>, client_id: Uuid, running: Period) -> Result<Self, AppError> {
        let id = books.provider_id;
        let position = *books.positions.get(&client_id).ok_or_else(|| AppError::not_found("client"))?;
        let version = counter::find_last_number(tx, id, &client_version(client_id))?.unwrap_or(0);
        let closed = closing::find_last(tx, id, client_id)?.map(|row| stored::read_closing(&row)).transpose()?;
        let OneClient { client: own, words, details } = open_books::read_client(tx, books, position, closed.as_ref(), running)?;
        let (books, result) = (Arc::clone(books), RunResult::default());
        let mut live = Self { books, position, client_id, version, running, closed, result, own, words, details };
        live.result = live.bill(live.client()?, &live.own.entries, &live.words)?;
        Ok(live)
    }

    /// Is it still what the database holds?
    pub(super) fn is_of(&self, books: &StoredBooks, version: i64, running: Period) -> bool {
        self.books.version == books.version && self.version >= version && self.running == running
    }

    /// The client in the books.
    ///
    /// # Errors
    ///
    /// Fails when the books do not have it.
    pub fn client(&self) -> Result<&BookClient, AppError> {
        self.books.setup.clients.get(self.position).ok_or_else(|| AppError::not_found("client"))
    }

    /// The open entries, by start and id.
    #[must_use]
    pub fn entries(&self) -> &[TimeEntry] {
        &self.own.entries
    }

    /// All tiers and work types.
    #[must_use]
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Is there late time of issued periods for the first open statement?
    #[must_use]
    pub fn has_late(&self) -> bool {
        self.own.has_late()
    }

    /// Is a period issued?
    #[must_use]
    pub fn is_issued(&self, period: Period) -> bool {
        self.closed.as_ref().is_some_and(|closed| period <= closed.period)
    }

    /// Bills the open periods with another client (other agreements or devices) or other entries, to see what would be.
    ///
    /// # Errors
    ///
    /// Fails when the engine does.
    pub fn bill(&self, client: &BookClient, entries: &[TimeEntry], words: &Words) -> Result<RunResult, AppError> {
        let freezer = Freezer { setup: &self.books.setup, words, details: &self.details };
        let open = self.own.open_for(client, self.closed.as_ref(), entries);
        let from = open.first_open.unwrap_or_else(|| first_period(client, entries).unwrap_or(self.running));
        bill_client(&self.books.setup.provider.terms, words, open, (from, self.running), Some(&freezer))
    }

    /// The open statements of a period.
    pub fn outcomes(&self, period: Period) -> impl Iterator<Item = &Outcome> {
        self.result.outcomes.iter().filter(move |outcome| outcome.period == period)
    }

    /// The statement of the running period under the agreement that is in force today, or the one that shows most.
    #[must_use]
    pub fn running_outcome(&self) -> Option<&Outcome> {
        let named = |outcome: &&Outcome| outcome.report.agreement.is_some();
        self.outcomes(self.running).filter(named).last().or_else(|| self.outcomes(self.running).last())
    }
}

fn first_period(client: &BookClient, entries: &[TimeEntry]) -> Option<Period> {
    let entry = entries.first().map(|entry| client.client.clock.day(entry.started_at).period());
    let agreement = client.client.agreements.as_slice().first().map(|agreement| agreement.starts.period());
    [entry, agreement].into_iter().flatten().min()
}
