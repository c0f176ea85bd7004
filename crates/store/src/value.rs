//! What goes into a statement and what comes out of a row, for both drivers.
//! Not a mapper: each noun reads its own columns in order.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::{FromSql as FromSqlite, ToSql as ToSqlite, ToSqlOutput};
use tokio_postgres::types::{FromSql as FromPostgres, ToSql as ToPostgres};
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;

/// A value that both drivers take.
pub(crate) trait Param: Sync {
    /// The value for SQLite.
    fn for_sqlite(&self) -> rusqlite::Result<ToSqlOutput<'_>>;
    /// The value for PostgreSQL.
    fn for_postgres(&self) -> &(dyn ToPostgres + Sync);

    /// The value as text, if it is one.
    fn as_text(&self) -> Option<&str> {
        None
    }
}

/// PostgreSQL keeps no text with a zero byte, so neither database gets one.
pub(crate) fn refuse_zero_bytes(params: &Params) -> Result<(), StoreError> {
    let holds = params.iter().any(|param| param.as_text().is_some_and(|text| text.as_bytes().contains(&0)));
    if holds { Err(StoreError::ZeroByte) } else { Ok(()) }
}

/// Values that SQLite keeps as its driver gives them; behind the colon, how the text of one is reached.
macro_rules! as_it_is {
    ($($kind:ty $(: |$it:ident| $text:expr)?),+) => {
        $(impl Param for $kind {
            fn for_sqlite(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                ToSqlite::to_sql(self)
            }

            fn for_postgres(&self) -> &(dyn ToPostgres + Sync) {
                self
            }

            $(fn as_text(&self) -> Option<&str> {
                let $it = self;
                $text
            })?
        })+
    };
}

as_it_is!(bool, i64, Option<i64>, Date, Option<Date>, Uuid, Option<Uuid>);
as_it_is!(&str: |it| Some(*it), String: |it| Some(it.as_str()), Option<&str>: |it| *it, Option<String>: |it| it.as_deref());
as_it_is!(Vec<u8>, Option<&[u8]>, Option<Vec<u8>>);

/// SQLite keeps instants as text, so all are written with six digits behind the second:
/// then they are in order, and as exact as in PostgreSQL, which counts microseconds.
impl Param for Timestamp {
    fn for_sqlite(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(format!("{self:.6}").into())
    }

    fn for_postgres(&self) -> &(dyn ToPostgres + Sync) {
        self
    }
}

impl Param for Option<Timestamp> {
    fn for_sqlite(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.as_ref().map_or(Ok(rusqlite::types::Null.into()), Param::for_sqlite)
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
