//! The SQLite side: one file, one writer at a time, a few readers.
//! Only this file and `sqlite_error.rs` know the driver.

use std::borrow::Borrow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, Statement};

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, for_sqlite};
use crate::sqlite_error::explain;
use crate::tx::{Engine, Tx};
use crate::value::{Params, Row, RowParams, refuse_zero_bytes};

/// How long a writer waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How many idle readers are kept.
const READERS_MAX: usize = 8;

/// Statements kept prepared on each connection.
const STATEMENTS_MAX: usize = 128;

/// A file and its connections.
pub(crate) struct SqliteFile {
    path: PathBuf,
    place: String,
    /// Held while a transaction writes, so that writers of one process queue.
    writer: Mutex<Option<Connection>>,
    readers: Mutex<Vec<Connection>>,
}

impl SqliteFile {
    /// Opens the file, which is made when `create` is set.
    ///
    /// # Errors
    ///
    /// Fails when the file is missing, locked, no database, or of another program.
    pub(crate) fn open(path: &Path, place: &str, create: bool) -> Result<Self, StoreError> {
        if !create && !path.exists() {
            return Err(StoreError::Missing { place: place.to_owned() });
        }
        if create {
            make_private(path, place)?;
        }
        let writer = connect(path, place, create)?;
        Ok(Self { path: path.to_owned(), place: place.to_owned(), writer: Mutex::new(Some(writer)), readers: Mutex::new(Vec::new()) })
    }

    /// Runs a writing transaction: committed at `Ok`, rolled back at `Err`.
    pub(crate) fn write<T, E: From<StoreError>>(&self, step: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let mut slot = lock(&self.writer);
        // Taken out, so that a panic in the closure closes the connection, which rolls back.
        let connection = match slot.take() {
            Some(connection) => connection,
            None => connect(&self.path, &self.place, false)?,
        };
        let (connection, result) = self.transact(connection, "begin immediate", step);
        *slot = connection;
        result
    }

    /// Runs a reading transaction, which sees one state of the file.
    pub(crate) fn read<T, E: From<StoreError>>(&self, step: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let idle = lock(&self.readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect_reader()?,
        };
        let (connection, result) = self.transact(connection, "begin", step);
        let mut readers = lock(&self.readers);
        if readers.len() < READERS_MAX {
            readers.extend(connection);
        }
        result
    }

    fn connect_reader(&self) -> Result<Connection, StoreError> {
        let connection = connect(&self.path, &self.place, false)?;
        // There are many of these, and most read little.
        run(&connection, &self.place, "pragma query_only = on; pragma cache_size = -2048")?;
        Ok(connection)
    }

    /// Runs the closure between `begin` and the end; gives a sound connection back.
    fn transact<T, E: From<StoreError>>(
        &self,
        connection: Connection,
        begin: &str,
        step: impl FnOnce(&mut Tx) -> Result<T, E>,
    ) -> (Option<Connection>, Result<T, E>) {
        if let Err(error) = run(&connection, &self.place, begin) {
            return (Some(connection), Err(error.into()));
        }
        let mut tx = Tx::new(Engine::Sqlite(SqliteTx { connection, place: self.place.clone() }));
        let mut result = step(&mut tx);
        let Engine::Sqlite(SqliteTx { connection, .. }) = tx.into_engine() else {
            return (None, result);
        };
        if result.is_ok()
            && let Err(error) = run(&connection, &self.place, "commit")
        {
            result = Err(error.into());
        }
        // A disk error may have rolled back already; a connection still inside is dropped.
        let ended = connection.is_autocommit() || run(&connection, &self.place, "rollback").is_ok();
        (ended.then_some(connection), result)
    }
}

/// An open transaction on a SQLite file.
pub(crate) struct SqliteTx {
    connection: Connection,
    place: String,
}

impl SqliteTx {
    /// Runs a statement and says how many rows it changed.
    pub(crate) fn exec(&mut self, sql: Sql, params: &Params) -> Result<u64, StoreError> {
        let mut changed = 0;
        self.steps(sql, params, |_| Ok::<(), StoreError>(()), |count| changed = count)?;
        Ok(changed)
    }

    /// Streams the rows of an answer.
    pub(crate) fn each<E: From<StoreError>>(
        &mut self,
        sql: Sql,
        params: &Params,
        row: impl FnMut(&mut Row) -> Result<(), E>,
    ) -> Result<(), E> {
        self.steps(sql, params, row, |_| ())
    }

    fn steps<E: From<StoreError>>(
        &mut self,
        sql: Sql,
        params: &Params,
        mut each: impl FnMut(&mut Row) -> Result<(), E>,
        changed: impl FnOnce(u64),
    ) -> Result<(), E> {
        let fault = |error| explain(&self.place, &error);
        let text = for_sqlite(sql.text());
        let mut statement = self.connection.prepare_cached(&text).map_err(fault)?;
        refuse_zero_bytes(params)?;
        bind(&mut statement, params).map_err(fault)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(fault)? {
            each(&mut Row::sqlite(row))?;
        }
        drop(rows);
        changed(self.connection.changes());
        Ok(())
    }

    /// Inserts each row with one prepared statement.
    pub(crate) fn insert_many<T, R: Borrow<T>>(
        &mut self,
        sql: Sql,
        provider: ProviderId,
        rows: impl Iterator<Item = R>,
        params: RowParams<T>,
    ) -> Result<u64, StoreError> {
        let fault = |error| explain(&self.place, &error);
        let text = for_sqlite(sql.text());
        let mut statement = self.connection.prepare_cached(&text).map_err(fault)?;
        let mut count = 0;
        for row in rows {
            let params = params(&provider, row.borrow());
            refuse_zero_bytes(&params)?;
            bind(&mut statement, &params).map_err(fault)?;
            statement.raw_execute().map_err(fault)?;
            count += 1;
        }
        Ok(count)
    }

    /// Runs a text of several statements.
    pub(crate) fn batch(&mut self, text: &str) -> Result<(), StoreError> {
        run(&self.connection, &self.place, text)
    }

    /// What SQLite makes of a statement.
    #[cfg(feature = "testing")]
    pub(crate) fn inspect(&mut self, text: &str) -> Result<crate::testing::Inspection, StoreError> {
        let fault = |error| explain(&self.place, &error);
        let text = for_sqlite(text);
        let statement = self.connection.prepare(&text).map_err(fault)?;
        let columns = statement.column_names().map(str::to_owned).collect();
        let mut explain = self.connection.prepare(&format!("explain query plan {text}")).map_err(fault)?;
        let mut rows = explain.raw_query();
        let mut plan = Vec::new();
        while let Some(row) = rows.next().map_err(fault)? {
            plan.push(row.get(3).map_err(fault)?);
        }
        Ok(crate::testing::Inspection { parameters: statement.parameter_count(), columns, plan })
    }
}

fn bind(statement: &mut Statement, params: &Params) -> rusqlite::Result<()> {
    for (index, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, param.for_sqlite()?)?;
    }
    Ok(())
}

fn run(connection: &Connection, place: &str, text: &str) -> Result<(), StoreError> {
    connection.execute_batch(text).map_err(|error| explain(place, &error))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Path, place: &str, create: bool) -> Result<Connection, StoreError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
    let fault = |error| explain(place, &error);
    let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
    refuse_other_programs(&connection, place)?;
    use_wal(&connection, place)?;
    // The writer keeps 8 MB of pages at most, so that a server stays small. An import
    // is not slower for it: its rows come in order, and the system caches the file too.
    run(
        &connection,
        place,
        "pragma synchronous = full; pragma foreign_keys = on; pragma trusted_schema = off;
         pragma cache_size = -8192; pragma temp_store = memory; pragma journal_size_limit = 67108864;",
    )?;
    Ok(connection)
}

/// Makes an empty file that only its owner reads, where there is none; the log beside it gets the same rights.
fn make_private(path: &Path, place: &str) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::CannotOpen { place: place.to_owned(), detail: error.to_string() }),
    }
}

/// A SQLite file with tables but without ours belongs to somebody else.
fn refuse_other_programs(connection: &Connection, place: &str) -> Result<(), StoreError> {
    let count = "select count(*), coalesce(sum(name = 'schema_migrations'), 0) from sqlite_schema where type = 'table'";
    let (tables, ours): (i64, i64) =
        connection.query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(|error| explain(place, &error))?;
    if tables > 0 && ours == 0 {
        return Err(StoreError::NotADatabase { place: place.to_owned() });
    }
    Ok(())
}

/// Turns the write-ahead log on. SQLite may answer "busy" here without waiting,
/// when two processes make the file at once, so the wait is ours.
fn use_wal(connection: &Connection, place: &str) -> Result<(), StoreError> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        let mode: rusqlite::Result<String> = connection.query_row("pragma journal_mode = wal", [], |row| row.get(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                let detail = format!("its file system allows no write-ahead log, only the mode {mode}");
                return Err(StoreError::CannotOpen { place: place.to_owned(), detail });
            }
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(explain(place, &error)),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
