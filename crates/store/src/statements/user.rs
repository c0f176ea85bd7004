//! The people who sign in, of the provider and of its clients.
//! Not what their roles allow.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id, which stays when everything else changes.
    pub user_id: Uuid,
    /// The client of an approver or contact; nobody else has one.
    pub client_id: Option<Uuid>,
    /// The address as it was written.
    pub email: String,
    /// The address in lower case, unique for the provider.
    pub email_key: String,
    /// The name for people.
    pub name: String,
    /// The name that the person's time entries carry, or empty.
    pub technician: String,
    /// `owner`, `book-keeper`, `dispatcher`, `technician`, `approver` or `contact`.
    pub role: String,
    /// The hash of the password, once one is set.
    pub password_hash: Option<String>,
    /// The sealed secret of the second factor.
    pub totp_sealed: Option<Vec<u8>>,
    /// The last time step whose code was used.
    pub totp_step_last: i64,
    /// Who the person is at the identity provider, unique for the provider.
    pub oidc_subject: Option<String>,
    /// When the user was added; kept to the microsecond.
    pub created_at: Timestamp,
    /// Since when the user may not sign in.
    pub disabled_at: Option<Timestamp>,
}

const INSERT: Sql = sql!(
    "insert into users (
        provider_id, user_id, client_id, email, email_key, name, technician, role,
        password_hash, totp_sealed, totp_step_last, oidc_subject, created_at, disabled_at
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
    )"
);

/// Adds a user.
///
/// # Errors
///
/// Fails when the id, address or subject exists already, the client is missing or does not
/// go with the role, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &User) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the user")
}

/// Replaces who the user is and what the role is: client, address, names and role. All
/// other columns have their own way to change.
///
/// # Errors
///
/// Fails when there is no such user, the address exists already, or the database fails.
pub fn update(tx: &mut Tx, provider: ProviderId, row: &User) -> Result<(), StoreError> {
    let sql = sql!(
        "update users set
            client_id = $3, email = $4, email_key = $5, name = $6, technician = $7, role = $8
        where provider_id = $1 and user_id = $2"
    );
    tx.exec_one(
        sql,
        &[&provider.0, &row.user_id, &row.client_id, &row.email, &row.email_key, &row.name, &row.technician, &row.role],
        "the user",
    )
}

/// Replaces the hash of the password.
///
/// # Errors
///
/// Fails when there is no such user, or the database fails.
pub fn update_password(tx: &mut Tx, provider: ProviderId, user_id: Uuid, hash: &str) -> Result<(), StoreError> {
    let sql = sql!("update users set password_hash = $3 where provider_id = $1 and user_id = $2");
    tx.exec_one(sql, &[&provider.0, &user_id, &hash], "the user")
}

/// Replaces the second factor, or takes it away, with the last step that was used.
///
/// # Errors
///
/// Fails when there is no such user, or the database fails.
pub fn update_totp(tx: &mut Tx, provider: ProviderId, user_id: Uuid, sealed: Option<&[u8]>, step_last: i64) -> Result<(), StoreError> {
    let sql = sql!("update users set totp_sealed = $3, totp_step_last = $4 where provider_id = $1 and user_id = $2");
    tx.exec_one(sql, &[&provider.0, &user_id, &sealed, &step_last], "the user")
}

/// Notes the step whose code is used, and says whether it is later than the last: a
/// code works once, also when it comes twice at the same moment.
///
/// # Errors
///
/// Fails when the database does.
pub fn update_totp_step(tx: &mut Tx, provider: ProviderId, user_id: Uuid, step: i64) -> Result<bool, StoreError> {
    let sql = sql!(
        "update users set totp_step_last = $3
        where provider_id = $1 and user_id = $2 and totp_step_last < $3"
    );
    Ok(tx.exec(sql, &[&provider.0, &user_id, &step])? == 1)
}

/// Replaces who the person is at the identity provider.
///
/// # Errors
///
/// Fails when there is no such user, another has the subject, or the database fails.
pub fn update_oidc_subject(tx: &mut Tx, provider: ProviderId, user_id: Uuid, subject: Option<&str>) -> Result<(), StoreError> {
    let sql = sql!("update users set oidc_subject = $3 where provider_id = $1 and user_id = $2");
    tx.exec_one(sql, &[&provider.0, &user_id, &subject], "the user")
}

/// Keeps the user from signing in since an instant, or lets the user sign in again.
///
/// # Errors
///
/// Fails when there is no such user, or the database fails.
pub fn set_disabled(tx: &mut Tx, provider: ProviderId, user_id: Uuid, disabled_at: Option<Timestamp>) -> Result<(), StoreError> {
    let sql = sql!("update users set disabled_at = $3 where provider_id = $1 and user_id = $2");
    tx.exec_one(sql, &[&provider.0, &user_id, &disabled_at], "the user")
}

/// The user with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, user_id: Uuid) -> Result<Option<User>, StoreError> {
    let sql = sql!(
        "select
            user_id, client_id, email, email_key, name, technician, role, password_hash,
            totp_sealed, totp_step_last, oidc_subject, created_at, disabled_at
        from users where provider_id = $1 and user_id = $2"
    );
    tx.opt(sql, &[&provider.0, &user_id], read)
}

/// The user with this address, given in lower case.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_by_email_key(tx: &mut Tx, provider: ProviderId, email_key: &str) -> Result<Option<User>, StoreError> {
    let sql = sql!(
        "select
            user_id, client_id, email, email_key, name, technician, role, password_hash,
            totp_sealed, totp_step_last, oidc_subject, created_at, disabled_at
        from users where provider_id = $1 and email_key = $2"
    );
    tx.opt(sql, &[&provider.0, &email_key], read)
}

/// The user whom the identity provider knows by this subject.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_by_oidc_subject(tx: &mut Tx, provider: ProviderId, subject: &str) -> Result<Option<User>, StoreError> {
    let sql = sql!(
        "select
            user_id, client_id, email, email_key, name, technician, role, password_hash,
            totp_sealed, totp_step_last, oidc_subject, created_at, disabled_at
        from users where provider_id = $1 and oidc_subject = $2"
    );
    tx.opt(sql, &[&provider.0, &subject], read)
}

/// All users, by address.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<User>, StoreError> {
    let sql = sql!(
        "select
            user_id, client_id, email, email_key, name, technician, role, password_hash,
            totp_sealed, totp_step_last, oidc_subject, created_at, disabled_at
        from users where provider_id = $1
        order by email_key"
    );
    tx.list(sql, &[&provider.0], read)
}

/// How many owners can sign in: neither shut out nor merely invited. To keep at least one, take
/// [`lock_provider`](crate::statements::counter::lock_provider) before counting.
///
/// # Errors
///
/// Fails when the database does.
pub fn count_owners(tx: &mut Tx, provider: ProviderId) -> Result<i64, StoreError> {
    let sql = sql!(
        "select count(*) as owners from users
        where provider_id = $1 and role = 'owner' and disabled_at is null
            and (password_hash is not null or oidc_subject is not null)",
        scans = "a provider has few people, and owners change rarely"
    );
    tx.one(sql, &[&provider.0], |row| row.next(), "the number of owners")
}

fn params<'a>(provider: &'a ProviderId, row: &'a User) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.user_id,
        &row.client_id,
        &row.email,
        &row.email_key,
        &row.name,
        &row.technician,
        &row.role,
        &row.password_hash,
        &row.totp_sealed,
        &row.totp_step_last,
        &row.oidc_subject,
        &row.created_at,
        &row.disabled_at,
    ]
}

/// Reads the columns of a user, in the order of the struct.
pub(super) fn read(row: &mut Row) -> Result<User, StoreError> {
    Ok(User {
        user_id: row.next()?,
        client_id: row.next()?,
        email: row.next()?,
        email_key: row.next()?,
        name: row.next()?,
        technician: row.next()?,
        role: row.next()?,
        password_hash: row.next()?,
        totp_sealed: row.next()?,
        totp_step_last: row.next()?,
        oidc_subject: row.next()?,
        created_at: row.next()?,
        disabled_at: row.next()?,
    })
}
