//! The PostgreSQL side: a small pool and its own runtime behind a synchronous face.
//! Only this file and `postgres_error.rs` know the driver.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::TryStreamExt;
use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::{Client, Config, NoTls, Statement};

use crate::error::StoreError;
use crate::postgres_error::{explain, explain_commit, explain_connect, refuse_old_server};
use crate::provider_id::ProviderId;
use crate::sql::Sql;
use crate::tx::{Engine, Tx};
use crate::value::{Params, Row, RowParams, refuse_zero_bytes};

/// How many idle connections are kept.
const CONNECTIONS_MAX: usize = 8;

/// What each connection is told first. A waiting writer gives up after a minute,
/// and plans are made for one provider at a time.
const SESSION: &str = "set lock_timeout = '60s'; set client_min_messages = warning;";

/// A database on a server and the connections to it.
pub(crate) struct PostgresServer {
    /// `None` only while the store is dropped.
    runtime: Option<Runtime>,
    handle: Handle,
    config: Config,
    place: Arc<str>,
    idle: Mutex<Vec<Link>>,
}

/// A connection and what was prepared on it.
struct Link {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl PostgresServer {
    /// Connects once, so that a wrong URL is told at the start.
    ///
    /// # Errors
    ///
    /// Fails when the server is away, too old, or refuses the user.
    pub(crate) fn open(config: Config, place: &str) -> Result<Self, StoreError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("quarterhour-postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::CannotOpen { place: place.to_owned(), detail: error.to_string() })?;
        let handle = runtime.handle().clone();
        let idle = Mutex::new(Vec::new());
        let server = Self { runtime: Some(runtime), handle, config, place: place.into(), idle };
        let link = server.connect()?;
        server.keep(link);
        Ok(server)
    }

    /// Runs a writing transaction: committed at `Ok`, rolled back at `Err`.
    pub(crate) fn write<T, E: From<StoreError>>(&self, step: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        self.transact("begin", step)
    }

    /// Runs a reading transaction, which sees one state of the database.
    pub(crate) fn read<T, E: From<StoreError>>(&self, step: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        self.transact("begin isolation level repeatable read read only", step)
    }

    fn transact<T, E: From<StoreError>>(&self, begin: &str, step: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        // A closure that panics drops the link, which closes the connection and rolls back.
        let link = self.begin(begin)?;
        let mut tx = Tx::new(Engine::Postgres(PostgresTx { link, handle: self.handle.clone(), place: Arc::clone(&self.place) }));
        let result = step(&mut tx);
        let Engine::Postgres(PostgresTx { link, .. }) = tx.into_engine() else {
            return result;
        };
        match result {
            Ok(value) => {
                self.commit(&link)?;
                self.keep(link);
                Ok(value)
            }
            Err(error) => {
                if self.run(link.client.batch_execute("rollback")).is_ok() {
                    self.keep(link);
                }
                Err(error)
            }
        }
    }

    /// Opens a transaction on an idle connection, or on a fresh one when the idle
    /// one has died meanwhile: nothing has happened on it yet.
    fn begin(&self, begin: &str) -> Result<Link, StoreError> {
        while let Some(link) = self.take_idle() {
            if self.run(link.client.batch_execute(begin)).is_ok() {
                return Ok(link);
            }
        }
        let link = self.connect()?;
        self.run(link.client.batch_execute(begin)).map_err(|error| explain(&self.place, &error))?;
        Ok(link)
    }

    /// Commits. A transaction in which a statement failed ends as a rollback
    /// without an error, so a closure that swallowed one is found out here.
    fn commit(&self, link: &Link) -> Result<(), StoreError> {
        let ended = self.run(link.client.simple_query("select 1; commit"));
        ended.map(drop).map_err(|error| explain_commit(&self.place, &error))
    }

    fn connect(&self) -> Result<Link, StoreError> {
        let fault = |error| explain_connect(&self.place, &error);
        let (client, connection) = self.run(self.config.connect(NoTls)).map_err(fault)?;
        refuse_old_server(&self.place, connection.parameter("server_version").unwrap_or("unknown"))?;
        // Its end is seen by the client, so its result is not needed here.
        drop(self.handle.spawn(connection));
        self.run(client.batch_execute(SESSION)).map_err(fault)?;
        Ok(Link { client, statements: HashMap::new() })
    }

    fn take_idle(&self) -> Option<Link> {
        self.links().pop()
    }

    fn keep(&self, link: Link) {
        let mut links = self.links();
        if links.len() < CONNECTIONS_MAX && !link.client.is_closed() {
            links.push(link);
        }
    }

    fn links(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run<F: Future>(&self, future: F) -> F::Output {
        wait(&self.handle, future)
    }
}

/// Waits for the driver. On a thread that serves requests, its other tasks move elsewhere meanwhile.
fn wait<F: Future>(handle: &Handle, future: F) -> F::Output {
    match Handle::try_current().map(|current| current.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(|| handle.block_on(future)),
        _ => handle.block_on(future),
    }
}

impl Drop for PostgresServer {
    /// Waits for nothing, so that a store may be dropped anywhere.
    fn drop(&mut self) {
        self.links().clear();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// An open transaction on a PostgreSQL server.
pub(crate) struct PostgresTx {
    link: Link,
    handle: Handle,
    place: Arc<str>,
}

impl PostgresTx {
    /// Runs a statement and says how many rows it changed.
    pub(crate) fn exec(&mut self, sql: Sql, params: &Params) -> Result<u64, StoreError> {
        let statement = self.prepare(sql)?;
        refuse_zero_bytes(params)?;
        let values = params.iter().map(|param| param.for_postgres());
        wait(&self.handle, self.link.client.execute_raw(&statement, values)).map_err(|error| explain(&self.place, &error))
    }

    /// Streams the rows of an answer.
    pub(crate) fn each<E: From<StoreError>>(
        &mut self,
        sql: Sql,
        params: &Params,
        mut each: impl FnMut(&mut Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let statement = self.prepare(sql)?;
        refuse_zero_bytes(params)?;
        let fault = |error| explain(&self.place, &error);
        let values = params.iter().map(|param| param.for_postgres());
        wait(&self.handle, async {
            let rows = self.link.client.query_raw(&statement, values).await.map_err(fault)?;
            let mut rows = pin!(rows);
            while let Some(row) = rows.try_next().await.map_err(fault)? {
                each(&mut Row::postgres(&row))?;
            }
            Ok(())
        })
    }

    /// Inserts the rows by a binary `COPY` into the table and columns of the insert.
    pub(crate) fn insert_many<T, R: Borrow<T>>(
        &mut self,
        sql: Sql,
        provider: ProviderId,
        rows: impl Iterator<Item = R>,
        params: RowParams<T>,
    ) -> Result<u64, StoreError> {
        let statement = self.prepare(sql)?;
        let copy = format!("copy {} from stdin (format binary)", sql.target());
        let fault = |error| explain(&self.place, &error);
        wait(&self.handle, async {
            let sink = self.link.client.copy_in(&copy).await.map_err(fault)?;
            let mut writer = pin!(BinaryCopyInWriter::new(sink, statement.params()));
            for row in rows {
                let values = params(&provider, row.borrow());
                refuse_zero_bytes(&values)?;
                let values = values.iter().map(|value| value.for_postgres());
                writer.as_mut().write_raw(values).await.map_err(fault)?;
            }
            writer.finish().await.map_err(fault)
        })
    }

    /// Runs a text of several statements.
    pub(crate) fn batch(&mut self, text: &str) -> Result<(), StoreError> {
        wait(&self.handle, self.link.client.batch_execute(text)).map_err(|error| explain(&self.place, &error))
    }

    /// What PostgreSQL makes of a statement.
    #[cfg(feature = "testing")]
    pub(crate) fn inspect(&mut self, text: &str) -> Result<crate::testing::Inspection, StoreError> {
        let statement = wait(&self.handle, self.link.client.prepare(text));
        let statement = statement.map_err(|error| explain(&self.place, &error))?;
        Ok(crate::testing::Inspection {
            parameters: statement.params().len(),
            columns: statement.columns().iter().map(|column| column.name().to_owned()).collect(),
            plan: Vec::new(),
        })
    }

    fn prepare(&mut self, sql: Sql) -> Result<Statement, StoreError> {
        if let Some(statement) = self.link.statements.get(sql.text()) {
            return Ok(statement.clone());
        }
        let statement = wait(&self.handle, self.link.client.prepare(sql.text())).map_err(|error| explain(&self.place, &error))?;
        self.link.statements.insert(sql.text(), statement.clone());
        Ok(statement)
    }
}
