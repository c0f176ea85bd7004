//! Charges held back until somebody decides: released or written off.
//! Not the reasons for holding.

use std::borrow::Borrow;

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `holds`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The client.
    pub client_id: Uuid,
    /// The id, unique for the client.
    pub hold_id: String,
    /// The period it arose in, as `2026-03`.
    pub period: String,
    /// The agreement.
    pub agreement: String,
    /// The time entry that is held.
    pub entry_id: String,
    /// `held`, `released` or `written-off`.
    pub state: String,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When it was decided; kept to the microsecond.
    pub decided_at: Option<Timestamp>,
    /// Why it was decided so.
    pub reason: Option<String>,
    /// The held charge as it was computed.
    pub body_json: String,
    /// The period whose statement took the decision.
    pub billed_in: Option<String>,
}

/// What somebody decided about a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// `released` or `written-off`.
    pub state: String,
    /// Who decided.
    pub decided_by: String,
    /// When; kept to the microsecond.
    pub decided_at: Timestamp,
    /// Why.
    pub reason: String,
}

const INSERT: Sql = sql!(
    "insert into holds (
        provider_id, client_id, hold_id, period, agreement, entry_id, state,
        decided_by, decided_at, reason, body_json, billed_in
    ) values (
        $1, $2, $3, $4, $5, $6, $7,
        $8, $9, $10, $11, $12
    )"
);

/// Adds holds and says how many.
///
/// # Errors
///
/// Fails when a hold exists already or its client is missing, or the database fails.
pub fn insert_many<R: Borrow<Hold>>(tx: &mut Tx, provider: ProviderId, rows: impl IntoIterator<Item = R>) -> Result<u64, StoreError> {
    tx.insert_many(INSERT, provider, rows, params)
}

/// Decides a hold that is still held.
///
/// # Errors
///
/// Fails when there is no such hold that is still held, or the database fails.
pub fn decide(tx: &mut Tx, provider: ProviderId, client_id: Uuid, hold_id: &str, decision: &Decision) -> Result<(), StoreError> {
    let sql = sql!(
        "update holds set state = $4, decided_by = $5, decided_at = $6, reason = $7
        where provider_id = $1 and client_id = $2 and hold_id = $3 and state = 'held'"
    );
    tx.exec_one(
        sql,
        &[&provider.0, &client_id, &hold_id, &decision.state, &decision.decided_by, &decision.decided_at, &decision.reason],
        "a hold of this id that is still held",
    )
}

/// Notes the period whose statement took a decided hold.
///
/// # Errors
///
/// Fails when there is no such hold that is decided and not yet billed.
pub fn mark_billed(tx: &mut Tx, provider: ProviderId, client_id: Uuid, hold_id: &str, period: &str) -> Result<(), StoreError> {
    let sql = sql!(
        "update holds set billed_in = $4
        where provider_id = $1 and client_id = $2 and hold_id = $3
            and state <> 'held' and billed_in is null"
    );
    let what = "a decided hold of this id that is not yet billed";
    tx.exec_one(sql, &[&provider.0, &client_id, &hold_id, &period], what)
}

/// The hold of a client with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, client_id: Uuid, hold_id: &str) -> Result<Option<Hold>, StoreError> {
    let sql = sql!(
        "select
            client_id, hold_id, period, agreement, entry_id, state,
            decided_by, decided_at, reason, body_json, billed_in
        from holds where provider_id = $1 and client_id = $2 and hold_id = $3"
    );
    tx.opt(sql, &[&provider.0, &client_id, &hold_id], read)
}

/// All holds of a client, by id.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<Hold>, StoreError> {
    let sql = sql!(
        "select
            client_id, hold_id, period, agreement, entry_id, state,
            decided_by, decided_at, reason, body_json, billed_in
        from holds where provider_id = $1 and client_id = $2 order by hold_id"
    );
    tx.list(sql, &[&provider.0, &client_id], read)
}

/// The holds that no statement has taken yet, decided or not, by client and id.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_open(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Hold>, StoreError> {
    let sql = sql!(
        "select
            client_id, hold_id, period, agreement, entry_id, state,
            decided_by, decided_at, reason, body_json, billed_in
        from holds where provider_id = $1 and billed_in is null order by client_id, hold_id"
    );
    tx.list(sql, &[&provider.0], read)
}

/// All holds, by client and id.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Hold>, StoreError> {
    let sql = sql!(
        "select
            client_id, hold_id, period, agreement, entry_id, state,
            decided_by, decided_at, reason, body_json, billed_in
        from holds where provider_id = $1 order by client_id, hold_id"
    );
    tx.list(sql, &[&provider.0], read)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Hold) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.client_id,
        &row.hold_id,
        &row.period,
        &row.agreement,
        &row.entry_id,
        &row.state,
        &row.decided_by,
        &row.decided_at,
        &row.reason,
        &row.body_json,
        &row.billed_in,
    ]
}

fn read(row: &mut Row) -> Result<Hold, StoreError> {
    Ok(Hold {
        client_id: row.next()?,
        hold_id: row.next()?,
        period: row.next()?,
        agreement: row.next()?,
        entry_id: row.next()?,
        state: row.next()?,
        decided_by: row.next()?,
        decided_at: row.next()?,
        reason: row.next()?,
        body_json: row.next()?,
        billed_in: row.next()?,
    })
}
