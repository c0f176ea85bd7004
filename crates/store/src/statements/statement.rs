//! The issued statements of clients. They are never changed.
//! Not their layout.

use std::borrow::Borrow;

use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `statements`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The client.
    pub client_id: Uuid,
    /// The issued period, as `2026-03`.
    pub period: String,
    /// The agreement, or empty for the statement of all.
    pub agreement: String,
    /// The statement as it was computed.
    pub body_json: String,
    /// The checksum of what was sent.
    pub sha256: String,
}

const INSERT: Sql = sql!(
    "insert into statements (
        provider_id, client_id, period, agreement, body_json, sha256
    ) values (
        $1, $2, $3, $4, $5, $6
    )"
);

/// Adds statements and says how many.
///
/// # Errors
///
/// Fails when a row exists already or its client is missing, or the database fails.
pub fn insert_many<R: Borrow<Statement>>(
    tx: &mut Tx,
    provider: ProviderId,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, StoreError> {
    tx.insert_many(INSERT, provider, rows, params)
}

/// The statement of a client, a period and an agreement (empty for all).
///
/// # Errors
///
/// Fails when the database does.
pub fn find(
    tx: &mut Tx,
    provider: ProviderId,
    client_id: Uuid,
    period: &str,
    agreement: &str,
) -> Result<Option<Statement>, StoreError> {
    let sql = sql!(
        "select
            client_id, period, agreement, body_json, sha256
        from statements
        where provider_id = $1 and client_id = $2 and period = $3 and agreement = $4"
    );
    tx.opt(sql, &[&provider.0, &client_id, &period, &agreement], read)
}

/// All statements of a period, by client and agreement.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_by_period(tx: &mut Tx, provider: ProviderId, period: &str) -> Result<Vec<Statement>, StoreError> {
    let sql = sql!(
        "select
            client_id, period, agreement, body_json, sha256
        from statements where provider_id = $1 and period = $2 order by client_id, agreement"
    );
    tx.list(sql, &[&provider.0, &period], read)
}

/// All statements of a client, by period and agreement.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<Statement>, StoreError> {
    let sql = sql!(
        "select
            client_id, period, agreement, body_json, sha256
        from statements where provider_id = $1 and client_id = $2 order by period, agreement"
    );
    tx.list(sql, &[&provider.0, &client_id], read)
}

/// All statements of a client's period, by agreement.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client_period(tx: &mut Tx, provider: ProviderId, client_id: Uuid, period: &str) -> Result<Vec<Statement>, StoreError> {
    let sql = sql!(
        "select
            client_id, period, agreement, body_json, sha256
        from statements
        where provider_id = $1 and client_id = $2 and period = $3 order by agreement"
    );
    tx.list(sql, &[&provider.0, &client_id, &period], read)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Statement) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.client_id, &row.period, &row.agreement, &row.body_json, &row.sha256]
}

fn read(row: &mut Row) -> Result<Statement, StoreError> {
    Ok(Statement { client_id: row.next()?, period: row.next()?, agreement: row.next()?, body_json: row.next()?, sha256: row.next()? })
}
