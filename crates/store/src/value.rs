//! What goes into a statement and what comes out of a row, for both drivers.
//! Not a mapper: each noun reads its own columns in order.

use rusqlite::types::{FromSql as FromSqlite, ToSql as ToSqlite};
use tokio_postgres::types::{FromSql as FromPostgres, ToSql as ToPostgres};

use crate::error::StoreError;
use crate::provider_id::ProviderId;

/// A value that both drivers take.
pub(crate) trait Param: Sync {
    /// The value for SQLite.
    fn for_sqlite(&self) -> &dyn ToSqlite;
    /// The value for PostgreSQL.
    fn for_postgres(&self) -> &(dyn ToPostgres + Sync);
}

impl<T: ToSqlite + ToPostgres + Sync> Param for T {
    fn for_sqlite(&self) -> &dyn ToSqlite {
        self
    }

    fn for_postgres(&self) -> &(dyn ToPostgres + Sync) {
        self
    }
}

/// The parameters of one execution, `$1` first.
pub(crate) type Params<'a> = [&'a dyn Param];

/// Turns a row of a noun into parameters, the provider first.
pub(crate) type RowParams<T> = for<'a> fn(&'a ProviderId, &'a T) -> Vec<&'a dyn Param>;

/// A value that both drivers give.
pub(crate) trait Value: FromSqlite + for<'a> FromPostgres<'a> {}

impl<T: FromSqlite + for<'a> FromPostgres<'a>> Value for T {}

/// One row of an answer, read column by column from the left.
pub(crate) struct Row<'a> {
    inner: Driver<'a>,
    next: usize,
}

enum Driver<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl<'a> Row<'a> {
    /// Wraps a row of SQLite.
    pub(crate) const fn sqlite(row: &'a rusqlite::Row<'a>) -> Self {
        Self { inner: Driver::Sqlite(row), next: 0 }
    }

    /// Wraps a row of PostgreSQL.
    pub(crate) const fn postgres(row: &'a tokio_postgres::Row) -> Self {
        Self { inner: Driver::Postgres(row), next: 0 }
    }

    /// The value of the next column.
    pub(crate) fn next<T: Value>(&mut self) -> Result<T, StoreError> {
        let index = self.next;
        self.next += 1;
        match self.inner {
            Driver::Sqlite(row) => row.get(index).map_err(|error| bad_value(index, &error)),
            Driver::Postgres(row) => row.try_get(index).map_err(|error| bad_value(index, &error)),
        }
    }
}

fn bad_value(index: usize, error: &dyn std::error::Error) -> StoreError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    StoreError::BadValue { detail: format!("column {}: {error}{cause}", index + 1) }
}
