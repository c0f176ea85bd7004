//! The answers to writes that named a key, so that sending one again does it once.
//! Not the decision whether two requests are the same.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `idempotency_keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Who sent it: a user or a token.
    pub owner_id: Uuid,
    /// The key, unique for the owner.
    pub idempotency_key: String,
    /// The hash of what was asked.
    pub request_hash: String,
    /// The status that was answered, or 0 while the work goes on.
    pub status: i64,
    /// What was answered.
    pub answer: String,
    /// When it was first sent; kept to the microsecond.
    pub created_at: Timestamp,
}

/// Takes a key, and says whether it was free.
///
/// # Errors
///
/// Fails when the provider is missing, or the database fails.
pub fn insert_new(tx: &mut Tx, provider: ProviderId, row: &IdempotencyKey) -> Result<bool, StoreError> {
    let sql = sql!(
        "insert into idempotency_keys (
            provider_id, owner_id, idempotency_key, request_hash, status, answer, created_at
        ) values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (provider_id, owner_id, idempotency_key) do nothing"
    );
    Ok(tx.exec(sql, &params(&provider, row))? == 1)
}

/// What is known of a key.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, owner_id: Uuid, key: &str) -> Result<Option<IdempotencyKey>, StoreError> {
    let sql = sql!(
        "select
            owner_id, idempotency_key, request_hash, status, answer, created_at
        from idempotency_keys where provider_id = $1 and owner_id = $2 and idempotency_key = $3"
    );
    tx.opt(sql, &[&provider.0, &owner_id, &key], read)
}

/// Keeps what was answered.
///
/// # Errors
///
/// Fails when the key was not taken, or the database fails.
pub fn complete(tx: &mut Tx, provider: ProviderId, owner_id: Uuid, key: &str, status: i64, answer: &str) -> Result<(), StoreError> {
    let sql = sql!(
        "update idempotency_keys set status = $4, answer = $5
        where provider_id = $1 and owner_id = $2 and idempotency_key = $3"
    );
    tx.exec_one(sql, &[&provider.0, &owner_id, &key, &status, &answer], "the idempotency key")
}

/// Frees a key, and says whether it was taken.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, owner_id: Uuid, key: &str) -> Result<bool, StoreError> {
    let sql = sql!(
        "delete from idempotency_keys
        where provider_id = $1 and owner_id = $2 and idempotency_key = $3"
    );
    Ok(tx.exec(sql, &[&provider.0, &owner_id, &key])? == 1)
}

/// Removes the keys that were first sent before an instant, and says how many.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete_before(tx: &mut Tx, provider: ProviderId, at: Timestamp) -> Result<u64, StoreError> {
    let sql = sql!("delete from idempotency_keys where provider_id = $1 and created_at < $2");
    tx.exec(sql, &[&provider.0, &at])
}

fn params<'a>(provider: &'a ProviderId, row: &'a IdempotencyKey) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.owner_id, &row.idempotency_key, &row.request_hash, &row.status, &row.answer, &row.created_at]
}

fn read(row: &mut Row) -> Result<IdempotencyKey, StoreError> {
    Ok(IdempotencyKey {
        owner_id: row.next()?,
        idempotency_key: row.next()?,
        request_hash: row.next()?,
        status: row.next()?,
        answer: row.next()?,
        created_at: row.next()?,
    })
}
