//! The store: opens a database and runs transactions on it.
//! It knows no noun and no rule of billing.

use std::fmt;

use crate::error::StoreError;
use crate::location::Location;
use crate::migrations;
use crate::postgres::PostgresServer;
use crate::sqlite::SqliteFile;
use crate::tx::Tx;

/// An open database, SQLite or PostgreSQL, with its schema up to date.
///
/// Share one by reference or `Arc`; it is cheap to use from many threads. All
/// calls block, so an async caller runs them on a blocking thread.
///
/// ```
/// use quarterhour_store::{ProviderId, Store, StoreError};
/// use quarterhour_store::statements::provider::{self, Provider};
///
/// # fn main() -> Result<(), StoreError> {
/// # let path = std::env::temp_dir().join(format!("{}.db", uuid::Uuid::now_v7()));
/// let store = Store::open(&path.display().to_string())?;
/// let id = ProviderId(uuid::Uuid::now_v7());
/// store.write(|tx| {
///     provider::insert(tx, &Provider {
///         provider_id: id,
///         name: "Acme Support".into(),
///         settings_toml: String::new(),
///         created_at: "2026-01-01T00:00:00Z".parse().expect("a fixed instant"),
///     })
/// })?;
/// let found = store.read(provider::find_first)?;
/// assert_eq!(found.map(|it| it.provider_id), Some(id));
/// # drop(store);
/// # std::fs::remove_file(path).ok();
/// # Ok(())
/// # }
/// ```
pub struct Store {
    place: String,
    database: Database,
}

enum Database {
    Sqlite(Box<SqliteFile>),
    Postgres(Box<PostgresServer>),
}

/// Whether a missing database may be made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Create,
    Refuse,
}

impl Store {
    /// Opens a database and brings its schema up to date. A path is a SQLite file,
    /// made when missing; `postgres://` or `postgresql://` is a database on a server.
    ///
    /// # Errors
    ///
    /// Fails with a sentence for the operator; see [`StoreError`].
    pub fn open(location: &str) -> Result<Self, StoreError> {
        Self::open_with(location, Missing::Create)
    }

    /// Like [`Store::open`], but never makes a database: one that has not been set
    /// up is [`StoreError::Missing`].
    ///
    /// # Errors
    ///
    /// Fails with a sentence for the operator; see [`StoreError`].
    pub fn open_existing(location: &str) -> Result<Self, StoreError> {
        Self::open_with(location, Missing::Refuse)
    }

    fn open_with(location: &str, missing: Missing) -> Result<Self, StoreError> {
        let location = Location::parse(location)?;
        let place = location.place();
        let database = match location {
            Location::File(path) => Database::Sqlite(Box::new(SqliteFile::open(&path, &place, missing == Missing::Create)?)),
            Location::Server(config) => Database::Postgres(Box::new(PostgresServer::open(*config, &place)?)),
        };
        let store = Self { place, database };
        if missing == Missing::Refuse && !store.read(migrations::is_set_up)? {
            return Err(StoreError::Missing { place: store.place });
        }
        migrations::run(&store)?;
        Ok(store)
    }

    /// Runs a closure in one transaction: committed at `Ok`, rolled back at `Err`
    /// and when the closure panics. Writers of a SQLite file take turns; writers of
    /// a provider do too, once they called `counter::lock_provider`.
    ///
    /// # Errors
    ///
    /// Gives the closure's error, or the store's own turned into its type. Run the
    /// step again when [`StoreError::is_retryable`] says so.
    pub fn write<T, E: From<StoreError>>(&self, step: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        match &self.database {
            Database::Sqlite(file) => file.write(step),
            Database::Postgres(server) => server.write(step),
        }
    }

    /// Runs a closure that only reads. All its statements see the same moment, and
    /// it never waits for a writer.
    ///
    /// # Errors
    ///
    /// Gives the closure's error, or the store's own turned into its type.
    pub fn read<T, E: From<StoreError>>(&self, step: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        match &self.database {
            Database::Sqlite(file) => file.read(step),
            Database::Postgres(server) => server.read(step),
        }
    }

    /// The path, or `postgres://user@host:port/name` without the password.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Store").field("place", &self.place).finish_non_exhaustive()
    }
}
