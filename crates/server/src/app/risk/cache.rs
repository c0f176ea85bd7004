//! The books as the risk crate reads them, kept in memory until something changes.

use std::sync::{Arc, Mutex, PoisonError};

use quarterhour_billing::Day;

use crate::app::context::Context;
use crate::app::risk::office::Office;
use crate::error::AppError;

/// The version of the books, the count of changes, and the day.
type Key = (i64, u64, Day);

/// What is kept.
#[derive(Default)]
pub struct OfficeCache(Mutex<Option<(Key, Arc<Office>)>>);

impl Context {
    /// The books of this provider for questions about risk. Reading them takes about a second for a million entries; whoever comes
    /// meanwhile waits for the same reading.
    ///
    /// # Errors
    ///
    /// Fails before the first run, or when the database fails.
    pub fn office(&self) -> Result<Arc<Office>, AppError> {
        let books = self.books()?;
        let today = books.setup.clients.first().map(|client| self.clock.today(&client.client.clock));
        let today = today.unwrap_or_else(|| self.clock.today(&quarterhour_billing::LocalClock::new("UTC", &jiff::tz::TimeZone::UTC)));
        let key = (books.version, self.events.count(), today);
        let mut held = self.offices.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, office)) = held.as_ref().filter(|(of, _)| *of == key) {
            return Ok(Arc::clone(office));
        }
        let office = Arc::new(self.store.read(|tx| Office::from_store(tx, today.date()))?);
        *held = Some((key, Arc::clone(&office)));
        Ok(office)
    }
}
