//! Long work that goes on when a tab closes.
//! Not the work itself; whoever does it holds a lease and renews it.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `jobs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The id, a UUIDv7, so that ids are in order of time.
    pub job_id: Uuid,
    /// What is to be done.
    pub kind: String,
    /// With what.
    pub arguments_json: String,
    /// `queued`, `running`, `done` or `failed`.
    pub state: String,
    /// How many steps are done.
    pub done: i64,
    /// Of how many, or 0 when that is not known.
    pub total: i64,
    /// What came of it.
    pub result_json: Option<String>,
    /// Why it failed.
    pub fault: Option<String>,
    /// Who asked for it.
    pub created_by: String,
    /// When it was asked for; kept to the microsecond.
    pub created_at: Timestamp,
    /// Until when its worker has it; afterwards another may take it up.
    pub leased_until: Option<Timestamp>,
    /// When it was done or failed.
    pub finished_at: Option<Timestamp>,
}

const INSERT: Sql = sql!(
    "insert into jobs (
        provider_id, job_id, kind, arguments_json, state, done, total, result_json, fault,
        created_by, created_at, leased_until, finished_at
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
    )"
);

/// Adds a job.
///
/// # Errors
///
/// Fails when the id exists already, the provider is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Job) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the job")
}

/// The job with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, job_id: Uuid) -> Result<Option<Job>, StoreError> {
    let sql = sql!(
        "select
            job_id, kind, arguments_json, state, done, total, result_json, fault, created_by,
            created_at, leased_until, finished_at
        from jobs where provider_id = $1 and job_id = $2"
    );
    tx.opt(sql, &[&provider.0, &job_id], read)
}

/// The newest jobs, the newest first.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_recent(tx: &mut Tx, provider: ProviderId, limit: i64) -> Result<Vec<Job>, StoreError> {
    let sql = sql!(
        "select
            job_id, kind, arguments_json, state, done, total, result_json, fault, created_by,
            created_at, leased_until, finished_at
        from jobs where provider_id = $1 order by job_id desc limit $2"
    );
    tx.list(sql, &[&provider.0, &limit], read)
}

/// Is there a job that is queued or whose lease is over? It only looks, so that nobody waits for it.
///
/// # Errors
///
/// Fails when the database does.
pub fn is_waiting(tx: &mut Tx, provider: ProviderId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = sql!(
        "select job_id from jobs
        where provider_id = $1 and finished_at is null
            and (state = 'queued' or leased_until <= $2)
        order by job_id limit 1"
    );
    Ok(tx.opt(sql, &[&provider.0, &now], |row| row.next::<Uuid>())?.is_some())
}

/// Takes the oldest job that is queued or whose lease is over, if there is one. However
/// many workers ask at once, each job goes to one of them.
///
/// # Errors
///
/// Fails when the database does.
pub fn claim(tx: &mut Tx, provider: ProviderId, now: Timestamp, leased_until: Timestamp) -> Result<Option<Job>, StoreError> {
    let next = sql!(
        "select job_id from jobs
        where provider_id = $1 and finished_at is null
            and (state = 'queued' or leased_until <= $2)
        order by job_id limit 1"
    );
    let take = sql!(
        "update jobs set state = 'running', leased_until = $4
        where provider_id = $1 and job_id = $2 and finished_at is null
            and (state = 'queued' or leased_until <= $3)
        returning
            job_id, kind, arguments_json, state, done, total, result_json, fault, created_by,
            created_at, leased_until, finished_at"
    );
    while let Some(job_id) = tx.opt(next, &[&provider.0, &now], |row| row.next::<Uuid>())? {
        // In PostgreSQL another worker may have taken it since; then this takes nothing,
        // and the next look sees what the other one did.
        let taken = tx.opt(take, &[&provider.0, &job_id, &now, &leased_until], read)?;
        if taken.is_some() {
            return Ok(taken);
        }
    }
    Ok(None)
}

/// Notes how far a running job is, and renews its lease.
///
/// # Errors
///
/// Fails when there is no such job that is running, or the database fails.
pub fn progress(
    tx: &mut Tx,
    provider: ProviderId,
    job_id: Uuid,
    done: i64,
    total: i64,
    leased_until: Timestamp,
) -> Result<(), StoreError> {
    let sql = sql!(
        "update jobs set done = $3, total = $4, leased_until = $5
        where provider_id = $1 and job_id = $2 and state = 'running'"
    );
    tx.exec_one(sql, &[&provider.0, &job_id, &done, &total, &leased_until], "a running job of this id")
}

/// Notes that a job is done, and what came of it.
///
/// # Errors
///
/// Fails when there is no such job that is unfinished, or the database fails.
pub fn finish(tx: &mut Tx, provider: ProviderId, job_id: Uuid, result_json: &str, at: Timestamp) -> Result<(), StoreError> {
    let sql = sql!(
        "update jobs set state = 'done', result_json = $3, finished_at = $4, leased_until = null
        where provider_id = $1 and job_id = $2 and finished_at is null"
    );
    tx.exec_one(sql, &[&provider.0, &job_id, &result_json, &at], "an unfinished job of this id")
}

/// Notes that a job failed, and why.
///
/// # Errors
///
/// Fails when there is no such job that is unfinished, or the database fails.
pub fn fail(tx: &mut Tx, provider: ProviderId, job_id: Uuid, fault: &str, at: Timestamp) -> Result<(), StoreError> {
    let sql = sql!(
        "update jobs set state = 'failed', fault = $3, finished_at = $4, leased_until = null
        where provider_id = $1 and job_id = $2 and finished_at is null"
    );
    tx.exec_one(sql, &[&provider.0, &job_id, &fault, &at], "an unfinished job of this id")
}

fn params<'a>(provider: &'a ProviderId, row: &'a Job) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.job_id,
        &row.kind,
        &row.arguments_json,
        &row.state,
        &row.done,
        &row.total,
        &row.result_json,
        &row.fault,
        &row.created_by,
        &row.created_at,
        &row.leased_until,
        &row.finished_at,
    ]
}

fn read(row: &mut Row) -> Result<Job, StoreError> {
    Ok(Job {
        job_id: row.next()?,
        kind: row.next()?,
        arguments_json: row.next()?,
        state: row.next()?,
        done: row.next()?,
        total: row.next()?,
        result_json: row.next()?,
        fault: row.next()?,
        created_by: row.next()?,
        created_at: row.next()?,
        leased_until: row.next()?,
        finished_at: row.next()?,
    })
}
