//! Who is signed in, and where.
//! Not the cookies: only their hashes are kept.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::statements::user::{self, User};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `sessions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The hash of the cookie.
    pub session_hash: String,
    /// Who is signed in.
    pub user_id: Uuid,
    /// When the person signed in; kept to the microsecond.
    pub created_at: Timestamp,
    /// When the person was last seen.
    pub seen_at: Timestamp,
    /// From when on the session does not count any more.
    pub expires_at: Timestamp,
    /// When the person last proved who it is.
    pub proved_at: Timestamp,
    /// Whether a second factor or a passkey was shown.
    pub strong: bool,
    /// The network address.
    pub address: String,
    /// The browser, as it calls itself.
    pub agent: String,
}

const INSERT: Sql = sql!(
    "insert into sessions (
        provider_id, session_hash, user_id, created_at, seen_at, expires_at, proved_at, strong,
        address, agent
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
    )"
);

/// Adds a session.
///
/// # Errors
///
/// Fails when the session exists already, the user is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Session) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the session")
}

/// The session with this hash and its user, as they are: whether the session is over or
/// the user disabled is for the caller to look at.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_with_user(tx: &mut Tx, provider: ProviderId, session_hash: &str) -> Result<Option<(Session, User)>, StoreError> {
    let sql = sql!(
        "select
            s.session_hash, s.user_id, s.created_at, s.seen_at, s.expires_at, s.proved_at,
            s.strong, s.address, s.agent,
            u.user_id, u.client_id, u.email, u.email_key, u.name, u.technician, u.role,
            u.password_hash, u.totp_sealed, u.totp_step_last, u.oidc_subject, u.created_at,
            u.disabled_at
        from sessions s
        join users u on u.provider_id = $1 and u.user_id = s.user_id
        where s.provider_id = $1 and s.session_hash = $2"
    );
    tx.opt(sql, &[&provider.0, &session_hash], |row| Ok((read(row)?, user::read(row)?)))
}

/// Notes when the person was last seen. A session that has ended meanwhile stays ended.
///
/// # Errors
///
/// Fails when the database does.
pub fn touch(tx: &mut Tx, provider: ProviderId, session_hash: &str, seen_at: Timestamp) -> Result<(), StoreError> {
    let sql = sql!("update sessions set seen_at = $3 where provider_id = $1 and session_hash = $2");
    tx.exec(sql, &[&provider.0, &session_hash, &seen_at]).map(drop)
}

/// Notes when and how strongly the person last proved who it is.
///
/// # Errors
///
/// Fails when there is no such session, or the database fails.
pub fn update_proved(
    tx: &mut Tx,
    provider: ProviderId,
    session_hash: &str,
    proved_at: Timestamp,
    strong: bool,
) -> Result<(), StoreError> {
    let sql = sql!("update sessions set proved_at = $3, strong = $4 where provider_id = $1 and session_hash = $2");
    tx.exec_one(sql, &[&provider.0, &session_hash, &proved_at, &strong], "the session")
}

/// All sessions of a user, the newest first.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_user(tx: &mut Tx, provider: ProviderId, user_id: Uuid) -> Result<Vec<Session>, StoreError> {
    let sql = sql!(
        "select
            session_hash, user_id, created_at, seen_at, expires_at, proved_at, strong, address,
            agent
        from sessions where provider_id = $1 and user_id = $2
        order by created_at desc, session_hash desc"
    );
    tx.list(sql, &[&provider.0, &user_id], read)
}

/// When each user with a session was last seen.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_last_seen(tx: &mut Tx, provider: ProviderId) -> Result<Vec<(Uuid, Timestamp)>, StoreError> {
    let sql = sql!("select user_id, max(seen_at) as seen_at from sessions where provider_id = $1 group by user_id order by user_id");
    tx.list(sql, &[&provider.0], |row| Ok((row.next()?, row.next()?)))
}

/// Ends a session, and says whether it was there.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, session_hash: &str) -> Result<bool, StoreError> {
    let sql = sql!("delete from sessions where provider_id = $1 and session_hash = $2");
    Ok(tx.exec(sql, &[&provider.0, &session_hash])? == 1)
}

/// Ends the sessions of a user, all or all but one, and says how many.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete_of_user(tx: &mut Tx, provider: ProviderId, user_id: Uuid, except: Option<&str>) -> Result<u64, StoreError> {
    let sql = sql!("delete from sessions where provider_id = $1 and user_id = $2 and session_hash <> $3");
    // No hash is empty.
    tx.exec(sql, &[&provider.0, &user_id, &except.unwrap_or_default()])
}

/// Removes the sessions that are over, and says how many.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete_expired(tx: &mut Tx, provider: ProviderId, now: Timestamp) -> Result<u64, StoreError> {
    let sql = sql!("delete from sessions where provider_id = $1 and expires_at <= $2");
    tx.exec(sql, &[&provider.0, &now])
}

fn params<'a>(provider: &'a ProviderId, row: &'a Session) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.session_hash,
        &row.user_id,
        &row.created_at,
        &row.seen_at,
        &row.expires_at,
        &row.proved_at,
        &row.strong,
        &row.address,
        &row.agent,
    ]
}

fn read(row: &mut Row) -> Result<Session, StoreError> {
    Ok(Session {
        session_hash: row.next()?,
        user_id: row.next()?,
        created_at: row.next()?,
        seen_at: row.next()?,
        expires_at: row.next()?,
        proved_at: row.next()?,
        strong: row.next()?,
        address: row.next()?,
        agent: row.next()?,
    })
}
