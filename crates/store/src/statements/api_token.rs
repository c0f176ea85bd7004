//! Tokens by which programs act for a person, within scopes.
//! Not the tokens themselves: only their hashes are kept.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::statements::user::{self, User};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `api_tokens`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// The id.
    pub token_id: Uuid,
    /// The hash of the token.
    pub token_hash: String,
    /// For whom it acts.
    pub user_id: Uuid,
    /// What it is for.
    pub name: String,
    /// What it may do: words between spaces.
    pub scopes: String,
    /// When it was made; kept to the microsecond.
    pub created_at: Timestamp,
    /// From when on it does not work any more.
    pub expires_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

const INSERT: Sql = sql!(
    "insert into api_tokens (
        provider_id, token_id, token_hash, user_id, name, scopes, created_at, expires_at,
        used_at, revoked_at
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
    )"
);

/// Adds a token.
///
/// # Errors
///
/// Fails when the id or token exists already, the user is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &ApiToken) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the token")
}

/// The token with this hash and its user, as they are: whether the token is over or
/// revoked, or the user disabled, is for the caller to look at.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_with_user(tx: &mut Tx, provider: ProviderId, token_hash: &str) -> Result<Option<(ApiToken, User)>, StoreError> {
    let sql = sql!(
        "select
            t.token_id, t.token_hash, t.user_id, t.name, t.scopes, t.created_at, t.expires_at,
            t.used_at, t.revoked_at,
            u.user_id, u.client_id, u.email, u.email_key, u.name, u.technician, u.role,
            u.password_hash, u.totp_sealed, u.totp_step_last, u.oidc_subject, u.created_at,
            u.disabled_at
        from api_tokens t
        join users u on u.provider_id = $1 and u.user_id = t.user_id
        where t.provider_id = $1 and t.token_hash = $2"
    );
    tx.opt(sql, &[&provider.0, &token_hash], |row| Ok((read(row)?, user::read(row)?)))
}

/// Notes when the token was last used.
///
/// # Errors
///
/// Fails when there is no such token, or the database fails.
pub fn touch(tx: &mut Tx, provider: ProviderId, token_id: Uuid, at: Timestamp) -> Result<(), StoreError> {
    let sql = sql!("update api_tokens set used_at = $3 where provider_id = $1 and token_id = $2");
    tx.exec_one(sql, &[&provider.0, &token_id, &at], "the token")
}

/// All tokens of a user, the newest first.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_user(tx: &mut Tx, provider: ProviderId, user_id: Uuid) -> Result<Vec<ApiToken>, StoreError> {
    let sql = sql!(
        "select
            token_id, token_hash, user_id, name, scopes, created_at, expires_at, used_at,
            revoked_at
        from api_tokens where provider_id = $1 and user_id = $2
        order by created_at desc, token_id desc"
    );
    tx.list(sql, &[&provider.0, &user_id], read)
}

/// All tokens, in the order of their ids.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<ApiToken>, StoreError> {
    let sql = sql!(
        "select
            token_id, token_hash, user_id, name, scopes, created_at, expires_at, used_at,
            revoked_at
        from api_tokens where provider_id = $1
        order by token_id"
    );
    tx.list(sql, &[&provider.0], read)
}

/// Revokes a token for ever, and says whether it was in force until now.
///
/// # Errors
///
/// Fails when the database does.
pub fn revoke(tx: &mut Tx, provider: ProviderId, token_id: Uuid, at: Timestamp) -> Result<bool, StoreError> {
    let sql = sql!(
        "update api_tokens set revoked_at = $3
        where provider_id = $1 and token_id = $2 and revoked_at is null"
    );
    Ok(tx.exec(sql, &[&provider.0, &token_id, &at])? == 1)
}

fn params<'a>(provider: &'a ProviderId, row: &'a ApiToken) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.token_id,
        &row.token_hash,
        &row.user_id,
        &row.name,
        &row.scopes,
        &row.created_at,
        &row.expires_at,
        &row.used_at,
        &row.revoked_at,
    ]
}

fn read(row: &mut Row) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        token_id: row.next()?,
        token_hash: row.next()?,
        user_id: row.next()?,
        name: row.next()?,
        scopes: row.next()?,
        created_at: row.next()?,
        expires_at: row.next()?,
        used_at: row.next()?,
        revoked_at: row.next()?,
    })
}
