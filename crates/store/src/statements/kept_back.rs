//! Months of clients that are kept back from issuing until somebody releases them.
//! Not held overage, which is a part of a statement.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `kept_back`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptBack {
    /// The client.
    pub client_id: Uuid,
    /// The period, as `2026-03`.
    pub period: String,
    /// Why.
    pub reason: String,
    /// Who keeps it back.
    pub kept_by: String,
    /// Since when; kept to the microsecond.
    pub kept_at: Timestamp,
}

const INSERT: Sql = sql!(
    "insert into kept_back (
        provider_id, client_id, period, reason, kept_by, kept_at
    ) values (
        $1, $2, $3, $4, $5, $6
    )"
);

/// Keeps a month back.
///
/// # Errors
///
/// Fails when it is kept back already, the client is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &KeptBack) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the month that is kept back")
}

/// One month, if it is kept back.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, client_id: Uuid, period: &str) -> Result<Option<KeptBack>, StoreError> {
    let sql = sql!(
        "select
            client_id, period, reason, kept_by, kept_at
        from kept_back where provider_id = $1 and client_id = $2 and period = $3"
    );
    tx.opt(sql, &[&provider.0, &client_id, &period], read)
}

/// All months that are kept back; they are few.
///
/// # Errors
///
/// Fails when the database does.
pub fn list(tx: &mut Tx, provider: ProviderId) -> Result<Vec<KeptBack>, StoreError> {
    let sql = sql!(
        "select
            client_id, period, reason, kept_by, kept_at
        from kept_back where provider_id = $1
        order by client_id, period"
    );
    tx.list(sql, &[&provider.0], read)
}

/// Releases a month, and says whether it was kept back.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, client_id: Uuid, period: &str) -> Result<bool, StoreError> {
    let sql = sql!("delete from kept_back where provider_id = $1 and client_id = $2 and period = $3");
    Ok(tx.exec(sql, &[&provider.0, &client_id, &period])? == 1)
}

fn params<'a>(provider: &'a ProviderId, row: &'a KeptBack) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.client_id, &row.period, &row.reason, &row.kept_by, &row.kept_at]
}

fn read(row: &mut Row) -> Result<KeptBack, StoreError> {
    Ok(KeptBack { client_id: row.next()?, period: row.next()?, reason: row.next()?, kept_by: row.next()?, kept_at: row.next()? })
}
