//! A transaction: the one way to run statements, the same for both databases.
//! It never commits itself; `Store::write` does.

use std::borrow::Borrow;

use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::postgres::PostgresTx;
use crate::provider_id::ProviderId;
use crate::sql::Sql;
use crate::sqlite::SqliteTx;
use crate::value::{Params, Row, RowParams};

/// From this many rows on, an insert ends with `ANALYZE`, so that the planner
/// knows a table that was empty a moment ago.
const ANALYZE_FROM_ROWS: u64 = 10_000;

/// An open transaction, handed to the closure of `Store::write` or `Store::read`.
///
/// The functions in [`crate::statements`] take it first.
pub struct Tx {
    engine: Engine,
}

pub(crate) enum Engine {
    Sqlite(SqliteTx),
    Postgres(PostgresTx),
}

impl Tx {
    /// Wraps the open transaction of a driver.
    pub(crate) const fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// Gives the driver back at the end.
    pub(crate) fn into_engine(self) -> Engine {
        self.engine
    }

    /// Which database this is, for migrations.
    pub(crate) const fn dialect(&self) -> Dialect {
        match self.engine {
            Engine::Sqlite(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) fn exec(&mut self, sql: Sql, params: &Params) -> Result<u64, StoreError> {
        match &mut self.engine {
            Engine::Sqlite(tx) => tx.exec(sql, params),
            Engine::Postgres(tx) => tx.exec(sql, params),
        }
    }

    /// Runs a statement that must change exactly one row, named in `what`.
    pub(crate) fn exec_one(&mut self, sql: Sql, params: &Params, what: &str) -> Result<(), StoreError> {
        match self.exec(sql, params)? {
            1 => Ok(()),
            _ => Err(StoreError::not_found(what)),
        }
    }

    /// Streams the rows of an answer, for answers of any size.
    pub(crate) fn each<E: From<StoreError>>(
        &mut self,
        sql: Sql,
        params: &Params,
        row: impl FnMut(&mut Row) -> Result<(), E>,
    ) -> Result<(), E> {
        match &mut self.engine {
            Engine::Sqlite(tx) => tx.each(sql, params, row),
            Engine::Postgres(tx) => tx.each(sql, params, row),
        }
    }

    /// All rows of an answer.
    pub(crate) fn list<T>(
        &mut self,
        sql: Sql,
        params: &Params,
        read: fn(&mut Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        self.each(sql, params, |row| {
            rows.push(read(row)?);
            Ok::<(), StoreError>(())
        })?;
        Ok(rows)
    }

    /// The only row of an answer, if there is one.
    pub(crate) fn opt<T>(
        &mut self,
        sql: Sql,
        params: &Params,
        read: fn(&mut Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut rows = self.list(sql, params, read)?;
        assert!(rows.len() <= 1, "a statement for one row must not find more: {}", sql.text());
        Ok(rows.pop())
    }

    /// The only row of an answer, which must be there; `what` names it.
    pub(crate) fn one<T>(
        &mut self,
        sql: Sql,
        params: &Params,
        read: fn(&mut Row) -> Result<T, StoreError>,
        what: &str,
    ) -> Result<T, StoreError> {
        self.opt(sql, params, read)?.ok_or_else(|| StoreError::not_found(what))
    }

    /// Runs `insert into table (columns) values ($1, …)` once for each row, at the
    /// speed of a bulk load: one prepared statement in SQLite, `COPY` in PostgreSQL.
    pub(crate) fn insert_many<T, R: Borrow<T>>(
        &mut self,
        sql: Sql,
        provider: ProviderId,
        rows: impl IntoIterator<Item = R>,
        params: RowParams<T>,
    ) -> Result<u64, StoreError> {
        let rows = rows.into_iter();
        let count = match &mut self.engine {
            Engine::Sqlite(tx) => tx.insert_many(sql, provider, rows, params),
            Engine::Postgres(tx) => tx.insert_many(sql, provider, rows, params),
        }?;
        if count >= ANALYZE_FROM_ROWS {
            self.analyze(sql.table())?;
        }
        Ok(count)
    }

    fn analyze(&mut self, table: &str) -> Result<(), StoreError> {
        match &mut self.engine {
            Engine::Sqlite(tx) => tx.batch(&format!("pragma analysis_limit = 1000; analyze {table}")),
            Engine::Postgres(tx) => tx.batch(&format!("analyze {table}")),
        }
    }

    /// Runs any text: for tests that look behind the statements.
    ///
    /// # Errors
    ///
    /// Fails when the database refuses the text.
    #[cfg(feature = "testing")]
    pub fn raw(&mut self, text: &str) -> Result<(), StoreError> {
        self.batch(text)
    }

    /// What a database makes of a statement, without running it.
    ///
    /// # Errors
    ///
    /// Fails when the database refuses the statement.
    #[cfg(feature = "testing")]
    pub fn inspect(&mut self, text: &str) -> Result<crate::testing::Inspection, StoreError> {
        match &mut self.engine {
            Engine::Sqlite(tx) => tx.inspect(text),
            Engine::Postgres(tx) => tx.inspect(text),
        }
    }

    /// Runs a text of several statements without parameters.
    pub(crate) fn batch(&mut self, text: &str) -> Result<(), StoreError> {
        match &mut self.engine {
            Engine::Sqlite(tx) => tx.batch(text),
            Engine::Postgres(tx) => tx.batch(text),
        }
    }
}
