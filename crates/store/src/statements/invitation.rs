//! Links by which a person sets a first or a new password.
//! Not the links themselves: only their hashes are kept.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `invitations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The hash of the token in the link.
    pub token_hash: String,
    /// Who is invited.
    pub user_id: Uuid,
    /// When the link was made; kept to the microsecond.
    pub created_at: Timestamp,
    /// From when on it does not work any more.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

const INSERT: Sql = sql!(
    "insert into invitations (
        provider_id, token_hash, user_id, created_at, expires_at, used_at
    ) values (
        $1, $2, $3, $4, $5, $6
    )"
);

/// Adds an invitation.
///
/// # Errors
///
/// Fails when the token exists already, the user is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Invitation) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the invitation")
}

/// The invitation with this token.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, token_hash: &str) -> Result<Option<Invitation>, StoreError> {
    let sql = sql!(
        "select
            token_hash, user_id, created_at, expires_at, used_at
        from invitations where provider_id = $1 and token_hash = $2"
    );
    tx.opt(sql, &[&provider.0, &token_hash], read)
}

/// Uses the invitation, and says whether that was possible: unused until now, and not
/// expired.
///
/// # Errors
///
/// Fails when the database does.
pub fn use_once(tx: &mut Tx, provider: ProviderId, token_hash: &str, at: Timestamp) -> Result<bool, StoreError> {
    let sql = sql!(
        "update invitations set used_at = $3
        where provider_id = $1 and token_hash = $2 and used_at is null and expires_at > $3"
    );
    Ok(tx.exec(sql, &[&provider.0, &token_hash, &at])? == 1)
}

/// Takes the unused invitations of a user back, and says how many.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete_of_user(tx: &mut Tx, provider: ProviderId, user_id: Uuid) -> Result<u64, StoreError> {
    let sql = sql!("delete from invitations where provider_id = $1 and user_id = $2 and used_at is null");
    tx.exec(sql, &[&provider.0, &user_id])
}

fn params<'a>(provider: &'a ProviderId, row: &'a Invitation) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.token_hash, &row.user_id, &row.created_at, &row.expires_at, &row.used_at]
}

fn read(row: &mut Row) -> Result<Invitation, StoreError> {
    Ok(Invitation {
        token_hash: row.next()?,
        user_id: row.next()?,
        created_at: row.next()?,
        expires_at: row.next()?,
        used_at: row.next()?,
    })
}
