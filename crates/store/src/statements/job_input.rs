//! Bytes that a job works on, such as an uploaded archive.
//! Not the job; the bytes go when they were imported, or some days after the job.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `job_inputs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobInput {
    /// The job.
    pub job_id: Uuid,
    /// The name, unique for the job.
    pub name: String,
    /// The bytes.
    pub content: Vec<u8>,
}

const INSERT: Sql = sql!(
    "insert into job_inputs (
        provider_id, job_id, name, content
    ) values (
        $1, $2, $3, $4
    )"
);

/// Adds the bytes of a job.
///
/// # Errors
///
/// Fails when the name exists already, the job is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &JobInput) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the input")
}

/// The bytes of a job with this name.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, job_id: Uuid, name: &str) -> Result<Option<JobInput>, StoreError> {
    let sql = sql!(
        "select
            job_id, name, content
        from job_inputs where provider_id = $1 and job_id = $2 and name = $3"
    );
    tx.opt(sql, &[&provider.0, &job_id, &name], read)
}

/// Removes all bytes of a job, and says how many names they had.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete_of_job(tx: &mut Tx, provider: ProviderId, job_id: Uuid) -> Result<u64, StoreError> {
    let sql = sql!("delete from job_inputs where provider_id = $1 and job_id = $2");
    tx.exec(sql, &[&provider.0, &job_id])
}

/// The jobs that ended before the instant and still have bytes.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_ended_before(tx: &mut Tx, provider: ProviderId, at: Timestamp) -> Result<Vec<Uuid>, StoreError> {
    let sql = sql!(
        "select distinct i.job_id from job_inputs i
        join jobs j on j.provider_id = $1 and j.job_id = i.job_id
        where i.provider_id = $1 and j.finished_at < $2
        order by i.job_id",
        scans = "once an hour, and few jobs have bytes"
    );
    tx.list(sql, &[&provider.0, &at], |row| row.next())
}

fn params<'a>(provider: &'a ProviderId, row: &'a JobInput) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.job_id, &row.name, &row.content]
}

fn read(row: &mut Row) -> Result<JobInput, StoreError> {
    Ok(JobInput { job_id: row.next()?, name: row.next()?, content: row.next()? })
}
