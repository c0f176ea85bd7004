//! The books as the risk crate reads them, and the last answers that take long, kept in memory until something changes.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use quarterhour_billing::Day;
use tokio::sync::Semaphore;

use crate::app::context::{App, Context};
use crate::app::risk::office::Office;
use crate::app::risk::provider_side::{Book, Draws, Inquiry, ProviderSide};
use crate::app::risk::staffing::{Staffing, Target, staff};
use crate::error::{AppError, Shares};

/// So many long computations run at once. Each uses all cores, so more of them would only make each other late.
const LONG_MAX: usize = 2;
/// A page simulates so many years of clients, in about three seconds on two cores.
const PAGE_CLIENT_YEARS: usize = 16_000;
/// At most so many can be asked for, in about a quarter of a minute on two cores.
const CLIENT_YEARS_MAX: usize = 80_000;
/// The version of the books, the count of changes, and the day.
type Key = (i64, u64, Day);

/// What is kept.
#[derive(Default)]
pub struct OfficeCache(Mutex<Option<(Key, Arc<Office>)>>);

/// The last answer to a long question, for as long as the books stay as they are. Whoever asks the same meanwhile waits for it.
struct Last<K, V>(Mutex<Option<Given<K, V>>>);

/// An answer, with the books that it was made from and what was asked.
struct Given<K, V> {
    office: Weak<Office>,
    asked: K,
    answer: Arc<V>,
}

impl<K, V> Default for Last<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, V> Last<K, V> {
    fn get_or(&self, office: &Arc<Office>, asked: K, make: impl FnOnce() -> Result<V, AppError>) -> Result<Arc<V>, AppError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let office = Arc::downgrade(office);
        if let Some(given) = held.as_ref().filter(|given| given.office.ptr_eq(&office) && given.asked == asked) {
            return Ok(Arc::clone(&given.answer));
        }
        let answer = Arc::new(make()?);
        *held = Some(Given { office, asked, answer: Arc::clone(&answer) });
        Ok(answer)
    }
}

/// Answers that take long, and whose turn it is.
pub struct LongAnswers {
    turns: Arc<Semaphore>,
    books: Last<Draws, Book>,
    staffings: Last<Target, Staffing>,
}

impl Default for LongAnswers {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(LONG_MAX)), books: Last::default(), staffings: Last::default() }
    }
}

impl App {
    /// Runs a step that takes long and uses all cores when it is its turn. Whoever goes away before that is left out, so that a
    /// slider that moves does not line up answers that nobody waits for.
    ///
    /// # Errors
    ///
    /// As [`App::run`].
    pub async fn run_in_turn<T: Send + 'static>(
        &self,
        step: impl FnOnce(&App) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let turn = Arc::clone(&self.long.turns).acquire_owned().await.map_err(AppError::fault)?;
        self.run(move |app| {
            let done = step(app);
            drop(turn);
            done
        })
        .await
    }
}

/// How many years a page simulates for a number of clients: at most 400, and fewer the more clients there are.
#[must_use]
pub fn page_courses(clients: usize) -> usize {
    (PAGE_CLIENT_YEARS / clients.max(1)).clamp(80, 400)
}

impl Context {
    /// The provider's side of today's agreements, from years that are simulated once for every cost of an hour and every staff.
    ///
    /// # Errors
    ///
    /// Refuses numbers that make no sense and more years than a request may take, and fails when a statement does not add up.
    pub fn provider_side(&self, office: &Arc<Office>, inquiry: Inquiry) -> Result<ProviderSide, AppError> {
        inquiry.checked(Shares::Plain)?;
        // So few are quick with any number of clients.
        let most = (CLIENT_YEARS_MAX / office.setup.clients.len().max(1)).max(100);
        if inquiry.courses > most {
            let said = format!("{} is more than the {most} that can be asked for with so many clients", inquiry.courses);
            return Err(AppError::field("courses", said));
        }
        let draws = inquiry.draws(office);
        Ok(self.long.books.get_or(office, draws, || Book::draw(office, draws))?.side(inquiry))
    }

    /// How many technicians answer in time.
    ///
    /// # Errors
    ///
    /// As [`staff`].
    pub fn staffing(&self, office: &Arc<Office>, target: Target) -> Result<Arc<Staffing>, AppError> {
        self.long.staffings.get_or(office, target, || staff(office, target))
    }

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
