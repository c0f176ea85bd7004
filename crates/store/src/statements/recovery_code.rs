//! Codes that stand in for a lost second factor, each of them once.
//! Not the codes themselves: only their hashes are kept.

use std::borrow::Borrow;

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::Param;

/// A row of `recovery_codes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryCode {
    /// Whose code it is.
    pub user_id: Uuid,
    /// The hash of the code.
    pub code_hash: String,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

const INSERT: Sql = sql!(
    "insert into recovery_codes (
        provider_id, user_id, code_hash, used_at
    ) values (
        $1, $2, $3, $4
    )"
);

/// Adds codes and says how many.
///
/// # Errors
///
/// Fails when a code exists already, its user is missing, or the database fails.
pub fn insert_many<R: Borrow<RecoveryCode>>(
    tx: &mut Tx,
    provider: ProviderId,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, StoreError> {
    tx.insert_many(INSERT, provider, rows, params)
}

/// Uses a code, and says whether that was possible: it is the user's, and unused.
///
/// # Errors
///
/// Fails when the database does.
pub fn use_once(tx: &mut Tx, provider: ProviderId, user_id: Uuid, code_hash: &str, at: Timestamp) -> Result<bool, StoreError> {
    let sql = sql!(
        "update recovery_codes set used_at = $4
        where provider_id = $1 and user_id = $2 and code_hash = $3 and used_at is null"
    );
    Ok(tx.exec(sql, &[&provider.0, &user_id, &code_hash, &at])? == 1)
}

/// How many codes of the user are unused.
///
/// # Errors
///
/// Fails when the database does.
pub fn count_unused(tx: &mut Tx, provider: ProviderId, user_id: Uuid) -> Result<i64, StoreError> {
    let sql = sql!(
        "select count(*) as unused from recovery_codes
        where provider_id = $1 and user_id = $2 and used_at is null"
    );
    tx.one(sql, &[&provider.0, &user_id], |row| row.next(), "the number of codes")
}

/// Removes all codes of a user, used or not, and says how many.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete_of_user(tx: &mut Tx, provider: ProviderId, user_id: Uuid) -> Result<u64, StoreError> {
    let sql = sql!("delete from recovery_codes where provider_id = $1 and user_id = $2");
    tx.exec(sql, &[&provider.0, &user_id])
}

fn params<'a>(provider: &'a ProviderId, row: &'a RecoveryCode) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.user_id, &row.code_hash, &row.used_at]
}
