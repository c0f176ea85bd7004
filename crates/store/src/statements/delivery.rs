//! What is to be told to webhooks, and how that went.
//! Not the sending.

use std::borrow::Borrow;

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `deliveries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The id, a UUIDv7, so that ids are in order of time.
    pub delivery_id: Uuid,
    /// Who is told.
    pub webhook_id: Uuid,
    /// What happened.
    pub event: String,
    /// What is sent.
    pub payload_json: String,
    /// `waiting`, `delivered` or `given-up`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is to be tried next.
    pub due_at: Timestamp,
    /// The status that was last answered.
    pub status: Option<i64>,
    /// Why the last try failed.
    pub fault: Option<String>,
    /// When it happened; kept to the microsecond.
    pub created_at: Timestamp,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
}

/// What a try left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// `waiting`, `delivered` or `given-up`.
    pub state: String,
    /// How often it was tried until now.
    pub attempts: i64,
    /// When it is to be tried next, if it waits.
    pub due_at: Timestamp,
    /// The status that was answered, if anything was.
    pub status: Option<i64>,
    /// Why it failed, if it did.
    pub fault: Option<String>,
    /// When it arrived, if it did; kept to the microsecond.
    pub delivered_at: Option<Timestamp>,
}

const INSERT: Sql = sql!(
    "insert into deliveries (
        provider_id, delivery_id, webhook_id, event, payload_json, state, attempts, due_at,
        status, fault, created_at, delivered_at
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
    )"
);

/// Adds deliveries and says how many.
///
/// # Errors
///
/// Fails when an id exists already, its webhook is missing, or the database fails.
pub fn insert_many<R: Borrow<Delivery>>(
    tx: &mut Tx,
    provider: ProviderId,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, StoreError> {
    tx.insert_many(INSERT, provider, rows, params)
}

/// The delivery with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, delivery_id: Uuid) -> Result<Option<Delivery>, StoreError> {
    let sql = sql!(
        "select
            delivery_id, webhook_id, event, payload_json, state, attempts, due_at, status,
            fault, created_at, delivered_at
        from deliveries where provider_id = $1 and delivery_id = $2"
    );
    tx.opt(sql, &[&provider.0, &delivery_id], read)
}

/// The deliveries that wait and are due, the longest waiting first.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_due(tx: &mut Tx, provider: ProviderId, now: Timestamp, limit: i64) -> Result<Vec<Delivery>, StoreError> {
    let sql = sql!(
        "select
            delivery_id, webhook_id, event, payload_json, state, attempts, due_at, status,
            fault, created_at, delivered_at
        from deliveries where provider_id = $1 and state = 'waiting' and due_at <= $2
        order by due_at, delivery_id limit $3"
    );
    tx.list(sql, &[&provider.0, &now, &limit], read)
}

/// The newest deliveries of a webhook, the newest first.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_webhook(tx: &mut Tx, provider: ProviderId, webhook_id: Uuid, limit: i64) -> Result<Vec<Delivery>, StoreError> {
    let sql = sql!(
        "select
            delivery_id, webhook_id, event, payload_json, state, attempts, due_at, status,
            fault, created_at, delivered_at
        from deliveries where provider_id = $1 and webhook_id = $2
        order by delivery_id desc limit $3"
    );
    tx.list(sql, &[&provider.0, &webhook_id, &limit], read)
}

/// Notes how a try went, or that a delivery is to be tried again.
///
/// # Errors
///
/// Fails when there is no such delivery, or the database fails.
pub fn record(tx: &mut Tx, provider: ProviderId, delivery_id: Uuid, attempt: &Attempt) -> Result<(), StoreError> {
    let sql = sql!(
        "update deliveries set
            state = $3, attempts = $4, due_at = $5, status = $6, fault = $7, delivered_at = $8
        where provider_id = $1 and delivery_id = $2"
    );
    let Attempt { state, attempts, due_at, status, fault, delivered_at } = attempt;
    tx.exec_one(sql, &[&provider.0, &delivery_id, state, attempts, due_at, status, fault, delivered_at], "the delivery")
}

/// Removes the deliveries that arrived or were given up and happened before an instant, and says how many.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete_finished_before(tx: &mut Tx, provider: ProviderId, at: Timestamp) -> Result<u64, StoreError> {
    let sql = sql!(
        "delete from deliveries where provider_id = $1 and state <> 'waiting' and created_at < $2",
        scans = "once an hour, and what is left is a month of deliveries"
    );
    tx.exec(sql, &[&provider.0, &at])
}

fn params<'a>(provider: &'a ProviderId, row: &'a Delivery) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.delivery_id,
        &row.webhook_id,
        &row.event,
        &row.payload_json,
        &row.state,
        &row.attempts,
        &row.due_at,
        &row.status,
        &row.fault,
        &row.created_at,
        &row.delivered_at,
    ]
}

fn read(row: &mut Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        delivery_id: row.next()?,
        webhook_id: row.next()?,
        event: row.next()?,
        payload_json: row.next()?,
        state: row.next()?,
        attempts: row.next()?,
        due_at: row.next()?,
        status: row.next()?,
        fault: row.next()?,
        created_at: row.next()?,
        delivered_at: row.next()?,
    })
}
