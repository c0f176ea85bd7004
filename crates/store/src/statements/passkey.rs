//! The passkeys of people: one key of a device or of a stick each.
//! Not the checking of a signature.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `passkeys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Whose passkey it is.
    pub user_id: Uuid,
    /// The id that the device gave it, unique for the provider.
    pub credential_id: String,
    /// The name that the person gave it.
    pub name: String,
    /// The public key and its counter.
    pub passkey_json: String,
    /// When it was added; kept to the microsecond.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

const INSERT: Sql = sql!(
    "insert into passkeys (
        provider_id, user_id, credential_id, name, passkey_json, created_at, used_at
    ) values (
        $1, $2, $3, $4, $5, $6, $7
    )"
);

/// Adds a passkey.
///
/// # Errors
///
/// Fails when the credential exists already, the user is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Passkey) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the passkey")
}

/// All passkeys of a user, by credential.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_user(tx: &mut Tx, provider: ProviderId, user_id: Uuid) -> Result<Vec<Passkey>, StoreError> {
    let sql = sql!(
        "select
            user_id, credential_id, name, passkey_json, created_at, used_at
        from passkeys where provider_id = $1 and user_id = $2
        order by credential_id"
    );
    tx.list(sql, &[&provider.0, &user_id], read)
}

/// How many passkeys each user has who has any.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_counts(tx: &mut Tx, provider: ProviderId) -> Result<Vec<(Uuid, i64)>, StoreError> {
    let sql = sql!("select user_id, count(*) as passkeys from passkeys where provider_id = $1 group by user_id order by user_id");
    tx.list(sql, &[&provider.0], |row| Ok((row.next()?, row.next()?)))
}

/// The passkey with this credential, whoever has it.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_by_credential(tx: &mut Tx, provider: ProviderId, credential_id: &str) -> Result<Option<Passkey>, StoreError> {
    let sql = sql!(
        "select
            user_id, credential_id, name, passkey_json, created_at, used_at
        from passkeys where provider_id = $1 and credential_id = $2"
    );
    tx.opt(sql, &[&provider.0, &credential_id], read)
}

/// Notes that a passkey was used, with its new counter.
///
/// # Errors
///
/// Fails when the user has no such passkey, or the database fails.
pub fn update_used(
    tx: &mut Tx,
    provider: ProviderId,
    user_id: Uuid,
    credential_id: &str,
    passkey_json: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = sql!(
        "update passkeys set passkey_json = $4, used_at = $5
        where provider_id = $1 and user_id = $2 and credential_id = $3"
    );
    tx.exec_one(sql, &[&provider.0, &user_id, &credential_id, &passkey_json, &at], "the passkey")
}

/// Gives a passkey another name.
///
/// # Errors
///
/// Fails when the user has no such passkey, or the database fails.
pub fn rename(tx: &mut Tx, provider: ProviderId, user_id: Uuid, credential_id: &str, name: &str) -> Result<(), StoreError> {
    let sql = sql!("update passkeys set name = $4 where provider_id = $1 and user_id = $2 and credential_id = $3");
    tx.exec_one(sql, &[&provider.0, &user_id, &credential_id, &name], "the passkey")
}

/// Removes a passkey, and says whether it was there.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, user_id: Uuid, credential_id: &str) -> Result<bool, StoreError> {
    let sql = sql!("delete from passkeys where provider_id = $1 and user_id = $2 and credential_id = $3");
    Ok(tx.exec(sql, &[&provider.0, &user_id, &credential_id])? == 1)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Passkey) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.user_id, &row.credential_id, &row.name, &row.passkey_json, &row.created_at, &row.used_at]
}

fn read(row: &mut Row) -> Result<Passkey, StoreError> {
    Ok(Passkey {
        user_id: row.next()?,
        credential_id: row.next()?,
        name: row.next()?,
        passkey_json: row.next()?,
        created_at: row.next()?,
        used_at: row.next()?,
    })
}
