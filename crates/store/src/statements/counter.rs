//! Gapless numbers, and the lock of a provider.
//! A counter that was raised is held until the transaction ends.

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::Row;

/// The counter that stands for the lock.
const LOCK: &str = "write-lock";

/// Makes all other writers of this provider wait until this transaction ends.
/// Call it first in every writing transaction that reads before it writes.
///
/// # Errors
///
/// Fails with [`StoreError::Busy`] when the others do not finish in time.
pub fn lock_provider(tx: &mut Tx, provider: ProviderId) -> Result<(), StoreError> {
    next_number(tx, provider, LOCK).map(drop)
}

/// The next number of a series, from 1. A rollback gives the number back, so that a
/// series has no gaps.
///
/// # Errors
///
/// Fails when the provider is missing, or the database fails.
pub fn next_number(tx: &mut Tx, provider: ProviderId, name: &str) -> Result<i64, StoreError> {
    let sql = sql!(
        "insert into counters (provider_id, name, value) values ($1, $2, 1)
        on conflict (provider_id, name) do update set value = counters.value + 1
        returning value"
    );
    tx.one(sql, &[&provider.0, &name], read, "the counter")
}

/// The last number given in a series, without taking one.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_last_number(tx: &mut Tx, provider: ProviderId, name: &str) -> Result<Option<i64>, StoreError> {
    let sql = sql!("select value from counters where provider_id = $1 and name = $2");
    tx.opt(sql, &[&provider.0, &name], read)
}

/// The counters whose names begin with a prefix, by name, without raising any.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_versions(tx: &mut Tx, provider: ProviderId, prefix: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = sql!(
        "select name, value from counters
        where provider_id = $1 and name >= $2 and name < $3 order by name"
    );
    // Names are ordered by bytes, and no name goes on with the last of all letters.
    let end = format!("{prefix}{}", char::MAX);
    tx.list(sql, &[&provider.0, &prefix, &end], |row| Ok((row.next()?, row.next()?)))
}

fn read(row: &mut Row) -> Result<i64, StoreError> {
    row.next()
}
