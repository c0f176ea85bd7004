//! The books in memory: provider, clients and agreements once, and for each client its open statements.
//!
//! Everything here can be thrown away and read again. What is right is in the database: each use case that writes
//! checks there, and a look at two counters tells whether what is held here is still what is there.

mod client;
mod fate;
mod forecast;
mod summary;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use quarterhour_store::statements::counter;
use rayon::prelude::*;
use uuid::Uuid;

pub use client::ClientLive;
pub use fate::{EntryFate, Fates};
pub use forecast::{Forecast, Pace};
pub use summary::{Flags, OpenStatement, Reserve, Summary};

use crate::app::context::Context;
use crate::app::events::Event;
use crate::app::history::IssuedMonths;
use crate::app::stored::{self, BOOKS_VERSION, StoredBooks, client_version};
use crate::error::AppError;

/// Clients whose entries are kept in memory, those that were looked at last.
const CLIENTS_MAX: usize = 48;

/// The books in memory.
#[derive(Default)]
pub struct Live {
    books: RwLock<Option<Arc<StoredBooks>>>,
    slots: Mutex<HashMap<Uuid, Arc<Slot>>>,
    /// Clients whose entries are held, the latest last.
    recent: Mutex<VecDeque<Uuid>>,
    /// What issued statements say of the months that pages show.
    pub(super) issued_months: IssuedMonths,
}

/// What is held of one client.
#[derive(Default)]
struct Slot {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// The version of the client's entries in the database, as far as it is known.
    version: i64,
    full: Option<Arc<ClientLive>>,
    summary: Option<Arc<Summary>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    fn slot(&self, client_id: Uuid) -> Arc<Slot> {
        Arc::clone(lock(&self.slots).entry(client_id).or_default())
    }

    /// Lets the entries go of the client that was not looked at for the longest.
    fn remember(&self, client_id: Uuid) {
        let oldest = {
            let mut recent = lock(&self.recent);
            recent.retain(|other| *other != client_id);
            recent.push_back(client_id);
            if recent.len() > CLIENTS_MAX { recent.pop_front() } else { None }
        };
        if let Some(slot) = oldest.map(|oldest| self.slot(oldest)) {
            lock(&slot.held).full = None;
        }
    }

    /// Notes a version that a commit gave a client's entries; whether it is news.
    fn note(&self, client_id: Uuid, version: i64) -> bool {
        let slot = self.slot(client_id);
        let mut held = lock(&slot.held);
        let news = held.version < version;
        held.version = held.version.max(version);
        news
    }
}

impl Context {
    /// Provider, clients, devices and agreements as they are in the database now.
    ///
    /// # Errors
    ///
    /// Fails before the first run, or when the database fails.
    pub fn books(&self) -> Result<Arc<StoredBooks>, AppError> {
        let provider = self.provider()?;
        let held = self.live.books.read().unwrap_or_else(PoisonError::into_inner).clone();
        let version = self.store.read(|tx| counter::find_last_number(tx, provider, BOOKS_VERSION))?.unwrap_or(0);
        if let Some(books) = held.filter(|books| books.version == version) {
            return Ok(books);
        }
        let mut slot = self.live.books.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(books) = slot.as_ref().filter(|books| books.version >= version) {
            return Ok(Arc::clone(books));
        }
        let books = Arc::new(self.store.read(stored::read)?);
        *slot = Some(Arc::clone(&books));
        Ok(books)
    }

    /// The books as they are held, without a look at the database: for names on the frame of a page.
    ///
    /// # Errors
    ///
    /// Fails as [`Context::books`] does while nothing is held.
    pub fn held_books(&self) -> Result<Arc<StoredBooks>, AppError> {
        let held = self.live.books.read().unwrap_or_else(PoisonError::into_inner).clone();
        held.map_or_else(|| self.books(), Ok)
    }

    /// A client with its open entries and statements, up to the running period.
    ///
    /// # Errors
    ///
    /// Fails for an unknown client, or when the database or the engine fails.
    pub fn client_live(&self, client_id: Uuid) -> Result<Arc<ClientLive>, AppError> {
        let books = self.books()?;
        let running = self.running_period(&books, client_id)?;
        let slot = self.live.slot(client_id);
        let live = {
            let mut held = lock(&slot.held);
            if let Some(full) = held.full.as_ref().filter(|full| full.is_of(&books, held.version, running)) {
                return Ok(Arc::clone(full));
            }
            let full = Arc::new(ClientLive::read(&self.store, &books, client_id, running)?);
            held.version = held.version.max(full.version);
            held.full = Some(Arc::clone(&full));
            full
        };
        self.live.remember(client_id);
        Ok(live)
    }

    /// A client's running period and open statements in numbers.
    ///
    /// # Errors
    ///
    /// Fails as [`Context::client_live`] does.
    pub fn client_summary(&self, client_id: Uuid) -> Result<Arc<Summary>, AppError> {
        let books = self.books()?;
        self.summary_of(&books, client_id)
    }

    /// The summaries of all clients, by code. Those that are not held are worked out on all cores.
    ///
    /// # Errors
    ///
    /// Fails as [`Context::client_live`] does.
    pub fn summaries(&self) -> Result<Vec<Arc<Summary>>, AppError> {
        let books = self.books()?;
        // Those that are held are quicker taken one by one than shared out to all cores.
        let held: Vec<_> = books.client_ids.iter().map(|client_id| (*client_id, self.held_summary(&books, *client_id))).collect();
        if held.iter().all(|(_, summary)| summary.is_some()) {
            return Ok(held.into_iter().filter_map(|(_, summary)| summary).collect());
        }
        let missing = held.into_par_iter();
        missing.map(|(client_id, summary)| summary.map_or_else(|| self.summary_of(&books, client_id), Ok)).collect()
    }

    /// A summary that is held and still right; none while somebody works on it.
    fn held_summary(&self, books: &StoredBooks, client_id: Uuid) -> Option<Arc<Summary>> {
        let running = self.running_period(books, client_id).ok()?;
        let slot = self.live.slot(client_id);
        let held = slot.held.try_lock().ok()?;
        let now = self.clock.now().as_second();
        held.summary.as_ref().filter(|summary| summary.is_of(books, held.version, running, now)).cloned()
    }

    fn summary_of(&self, books: &Arc<StoredBooks>, client_id: Uuid) -> Result<Arc<Summary>, AppError> {
        let running = self.running_period(books, client_id)?;
        let slot = self.live.slot(client_id);
        let mut held = lock(&slot.held);
        let now = self.clock.now().as_second();
        let fresh = |summary: &&Arc<Summary>| summary.is_of(books, held.version, running, now);
        if let Some(summary) = held.summary.as_ref().filter(fresh) {
            return Ok(Arc::clone(summary));
        }
        let full = match held.full.as_ref().filter(|full| full.is_of(books, held.version, running)) {
            Some(full) => Arc::clone(full),
            // Not kept: a list of all clients would fill the memory with their entries.
            None => Arc::new(ClientLive::read(&self.store, books, client_id, running)?),
        };
        let summary = Arc::new(Summary::new(&full, now));
        held.version = held.version.max(full.version);
        held.summary = Some(Arc::clone(&summary));
        Ok(summary)
    }

    fn running_period(&self, books: &StoredBooks, client_id: Uuid) -> Result<quarterhour_billing::Period, AppError> {
        let position = books.positions.get(&client_id).and_then(|position| books.setup.clients.get(*position));
        let client = position.ok_or_else(|| AppError::not_found("client"))?;
        Ok(self.clock.today(&client.client.clock).period())
    }

    /// To be called after a commit that raised a client's counter: open pages hear of it.
    pub fn client_changed(&self, client_id: Uuid, version: i64) {
        if self.live.note(client_id, version) {
            let code = self.books().map(|books| books.code(client_id).to_owned()).unwrap_or_default();
            self.events.tell(Event::Client { client_id, code });
        }
    }

    /// To be called after a commit that raised the version of the books.
    pub fn books_changed(&self) {
        // Read here and now, so that no page has to wait for it.
        if let Err(error) = self.books() {
            tracing::warn!("the books cannot be read: {error}");
        }
        self.events.tell(Event::Books);
    }

    /// Looks for what other processes changed; returns how many clients are news.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn look_around(&self) -> Result<usize, AppError> {
        let Some(provider) = self.find_provider()? else { return Ok(0) };
        let before = self.live.books.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|books| books.version);
        let prefix = client_version(Uuid::nil());
        let prefix = prefix.trim_end_matches(['0', '-']);
        let versions = self.store.read(|tx| counter::list_versions(tx, provider, prefix))?;
        if before.is_some_and(|before| self.books().is_ok_and(|books| books.version != before)) {
            self.books_changed();
        }
        let mut news = 0;
        for (name, version) in versions {
            let client_id = name.strip_prefix(prefix).and_then(|id| Uuid::parse_str(id).ok());
            if let Some(client_id) = client_id.filter(|client_id| self.live.note(*client_id, version)) {
                news += 1;
                let code = self.books()?.code(client_id).to_owned();
                self.events.tell(Event::Client { client_id, code });
            }
        }
        Ok(news)
    }
}
