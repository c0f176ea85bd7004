//! What every use case works with: the database, the live books, the clock, the keys. It decides nothing.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use quarterhour_store::statements::provider;
use quarterhour_store::{ProviderId, Store};

use crate::app::actor::Actor;
use crate::app::carried::UsedUp;
use crate::app::clock::Clock;
use crate::app::events::Events;
use crate::app::guard::LoginGuard;
use crate::app::issued_cache::IssuedCache;
use crate::app::job::JobBoard;
use crate::app::keys::Keys;
use crate::app::live::Live;
use crate::app::oidc::Discovered;
use crate::app::pdf::Workers;
use crate::app::rate::Rates;
use crate::app::risk::cache::{LongAnswers, OfficeCache};
use crate::app::settings::Settings;
use crate::app::setup::FirstRun;
use crate::error::AppError;

/// The application, shared by all requests and jobs. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Context>);

/// What is behind an [`App`].
pub struct Context {
    /// The database.
    pub store: Store,
    /// The books in memory, with the open statements.
    pub live: Live,
    /// The time.
    pub clock: Clock,
    /// Secrets.
    pub keys: Keys,
    /// How the program was started.
    pub settings: Settings,
    /// What changed.
    pub events: Events,
    /// Who sends too many requests to the API.
    pub rate: Rates,
    /// Who tried to sign in too often.
    pub login_guard: LoginGuard,
    /// Long work under way.
    pub jobs: JobBoard,
    /// The processes that make PDFs.
    pub pdfs: Workers,
    /// What was issued, in numbers.
    pub issued: IssuedCache,
    /// All entries, for questions about risk.
    pub offices: OfficeCache,
    /// Answers about risk that take long.
    pub long: LongAnswers,
    /// What browsers carried for us and was used.
    pub used_up: UsedUp,
    /// How far the first run has come.
    pub first_run: FirstRun,
    /// What is known of the OpenID Connect provider.
    pub discovered: Discovered,
    provider: OnceLock<ProviderId>,
}

impl Deref for App {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0
    }
}

impl App {
    /// An application on an open database.
    #[must_use]
    pub fn new(store: Store, clock: Clock, keys: Keys, settings: Settings) -> Self {
        let (live, events, rate, login_guard) = Default::default();
        let (jobs, pdfs, issued) = Default::default();
        let (used_up, first_run, discovered, provider) = Default::default();
        let (offices, long) = Default::default();
        let parts = Context {
            store,
            live,
            clock,
            keys,
            settings,
            events,
            rate,
            login_guard,
            jobs,
            pdfs,
            issued,
            offices,
            long,
            used_up,
            first_run,
            discovered,
            provider,
        };
        Self(Arc::new(parts))
    }

    /// Runs a step that blocks, away from the threads that serve requests. Once begun it runs to its end,
    /// whether the browser waits or not.
    ///
    /// # Errors
    ///
    /// Gives the step's error; a panic in it is a fault.
    pub async fn run<T: Send + 'static>(
        &self,
        step: impl FnOnce(&App) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let app = self.clone();
        let ended = tokio::task::spawn_blocking(move || step(&app)).await;
        ended.unwrap_or_else(|_| Err(AppError::fault("a step broke off; nothing of it was saved")))
    }
}

impl Context {
    /// The provider of this database, once it is set up.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn find_provider(&self) -> Result<Option<ProviderId>, AppError> {
        if let Some(provider) = self.provider.get() {
            return Ok(Some(*provider));
        }
        let found = self.store.read(provider::find_first)?.map(|row| row.provider_id);
        Ok(found.map(|id| *self.provider.get_or_init(|| id)))
    }

    /// The provider of this database.
    ///
    /// # Errors
    ///
    /// Fails before the first run.
    pub fn provider(&self) -> Result<ProviderId, AppError> {
        self.find_provider()?.ok_or_else(|| AppError::user("there is no provider yet", "open the address in a browser and set one up"))
    }

    /// The provider's name, for the top of pages; the program's before the first run.
    #[must_use]
    pub fn provider_name(&self) -> String {
        let name = self.held_books().map(|books| books.setup.provider.name.clone());
        name.unwrap_or_else(|_| "Quarterhour".to_owned())
    }

    /// The provider's time zone; UTC before there is a provider.
    #[must_use]
    pub fn provider_zone(&self) -> String {
        let zone = self.held_books().map(|books| books.setup.provider.time_zone.clone());
        zone.unwrap_or_else(|_| "UTC".to_owned())
    }

    /// The code of a client's id; empty for an unknown one.
    #[must_use]
    pub fn client_code(&self, client_id: uuid::Uuid) -> String {
        self.held_books().map(|books| books.code(client_id).to_owned()).unwrap_or_default()
    }

    /// The name of a client's id; empty for an unknown one.
    #[must_use]
    pub fn client_name(&self, client_id: uuid::Uuid) -> String {
        let name = self.books().ok().and_then(|books| {
            let position = *books.positions.get(&client_id)?;
            books.setup.clients.get(position).map(|client| client.row.field("name").to_owned())
        });
        name.unwrap_or_default()
    }

    /// The program itself as the one who acts.
    ///
    /// # Errors
    ///
    /// Fails before the first run.
    pub fn program(&self) -> Result<Actor, AppError> {
        let mut actor = Actor::command_line(self.provider()?);
        actor.channel = crate::app::actor::Channel::Program;
        "Quarterhour".clone_into(&mut actor.name);
        Ok(actor)
    }
}
