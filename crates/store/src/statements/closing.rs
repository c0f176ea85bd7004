//! The issued periods of clients, one row each. They are never changed.
//! Not the meaning of what is carried.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::Row;

/// A row of `closings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The client.
    pub client_id: Uuid,
    /// The issued period, as `2026-03`.
    pub period: String,
    /// When it was issued; kept to the microsecond.
    pub closed_at: Timestamp,
    /// What is carried into the next period.
    pub carried_json: String,
    /// The terms it used.
    pub terms_hash: String,
    /// The place of the ledger's last entry then.
    pub ledger_seq: i64,
    /// The hash of the ledger's last entry then.
    pub ledger_hash: String,
}

/// Adds the closing of a client's period.
///
/// # Errors
///
/// Fails when the period is closed already, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Closing) -> Result<(), StoreError> {
    let sql = sql!(
        "insert into closings (
            provider_id, client_id, period, closed_at, carried_json, terms_hash, ledger_seq, ledger_hash
        ) values ($1, $2, $3, $4, $5, $6, $7, $8)"
    );
    tx.exec_one(
        sql,
        &[
            &provider.0,
            &row.client_id,
            &row.period,
            &row.closed_at,
            &row.carried_json,
            &row.terms_hash,
            &row.ledger_seq,
            &row.ledger_hash,
        ],
        "the closing",
    )
}

/// The closing of a client's period.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, client_id: Uuid, period: &str) -> Result<Option<Closing>, StoreError> {
    let sql = sql!(
        "select
            client_id, period, closed_at, carried_json, terms_hash, ledger_seq, ledger_hash
        from closings where provider_id = $1 and client_id = $2 and period = $3"
    );
    tx.opt(sql, &[&provider.0, &client_id, &period], read)
}

/// The last closing of a client.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_last(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Option<Closing>, StoreError> {
    let sql = sql!(
        "select
            client_id, period, closed_at, carried_json, terms_hash, ledger_seq, ledger_hash
        from closings where provider_id = $1 and client_id = $2 order by period desc limit 1"
    );
    tx.opt(sql, &[&provider.0, &client_id], read)
}

/// All closings of a client, by period.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<Closing>, StoreError> {
    let sql = sql!(
        "select
            client_id, period, closed_at, carried_json, terms_hash, ledger_seq, ledger_hash
        from closings where provider_id = $1 and client_id = $2 order by period"
    );
    tx.list(sql, &[&provider.0, &client_id], read)
}

/// The last closing of every client that has one, by client.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_last(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Closing>, StoreError> {
    let sql = sql!(
        "select
            c.client_id, c.period, c.closed_at, c.carried_json, c.terms_hash, c.ledger_seq,
            c.ledger_hash
        from clients k
        join closings c on c.provider_id = $1 and c.client_id = k.client_id and c.period = (
            select max(n.period) from closings n where n.provider_id = $1 and n.client_id = k.client_id
        )
        where k.provider_id = $1
        order by k.client_id"
    );
    tx.list(sql, &[&provider.0], read)
}

/// All closings, by client and period.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Closing>, StoreError> {
    let sql = sql!(
        "select
            client_id, period, closed_at, carried_json, terms_hash, ledger_seq, ledger_hash
        from closings where provider_id = $1 order by client_id, period"
    );
    tx.list(sql, &[&provider.0], read)
}

fn read(row: &mut Row) -> Result<Closing, StoreError> {
    Ok(Closing {
        client_id: row.next()?,
        period: row.next()?,
        closed_at: row.next()?,
        carried_json: row.next()?,
        terms_hash: row.next()?,
        ledger_seq: row.next()?,
        ledger_hash: row.next()?,
    })
}
