//! Who did what, when and from where. The entries only grow.
//! Not the choice of what is worth an entry.

use std::borrow::Borrow;

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `audit_entries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The id, a UUIDv7, so that ids are in order of time.
    pub audit_id: Uuid,
    /// When it happened; kept to the microsecond.
    pub at: Timestamp,
    /// The user who did it, if it was one.
    pub actor_id: Option<Uuid>,
    /// Who did it, in words that outlive the user.
    pub actor_name: String,
    /// By which way: web, api, cli or job.
    pub channel: String,
    /// The network address, or empty.
    pub address: String,
    /// What was done.
    pub action: String,
    /// The client it is about, if it is about one.
    pub client_id: Option<Uuid>,
    /// What kind of thing was changed.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: String,
    /// What it was before.
    pub before_json: Option<String>,
    /// What it was after.
    pub after_json: Option<String>,
}

const INSERT: Sql = sql!(
    "insert into audit_entries (
        provider_id, audit_id, at, actor_id, actor_name, channel, address, action, client_id,
        subject_kind, subject_id, before_json, after_json
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
    )"
);

/// Adds an entry.
///
/// # Errors
///
/// Fails when the id exists already, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &AuditEntry) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the audit entry")
}

/// Adds entries and says how many.
///
/// # Errors
///
/// Fails when an id exists already, or the database fails.
pub fn insert_many<R: Borrow<AuditEntry>>(
    tx: &mut Tx,
    provider: ProviderId,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, StoreError> {
    tx.insert_many(INSERT, provider, rows, params)
}

/// Later than any entry, and within what both databases can say: the year 3000.
const FAR: Timestamp = Timestamp::constant(32_503_680_000, 0);

/// A page of entries, the newest first: those before an id, or the newest of all; with `until` only those made before that moment.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_page(
    tx: &mut Tx,
    provider: ProviderId,
    before: Option<Uuid>,
    until: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<AuditEntry>, StoreError> {
    let sql = sql!(
        "select
            audit_id, at, actor_id, actor_name, channel, address, action, client_id,
            subject_kind, subject_id, before_json, after_json
        from audit_entries where provider_id = $1 and audit_id < $2 and at < $3
        order by audit_id desc limit $4"
    );
    tx.list(sql, &[&provider.0, &before.unwrap_or(Uuid::max()), &until.unwrap_or(FAR), &limit], read)
}

/// The newest entries about one thing, the newest first.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_subject(tx: &mut Tx, provider: ProviderId, kind: &str, id: &str, limit: i64) -> Result<Vec<AuditEntry>, StoreError> {
    let sql = sql!(
        "select
            audit_id, at, actor_id, actor_name, channel, address, action, client_id,
            subject_kind, subject_id, before_json, after_json
        from audit_entries where provider_id = $1 and subject_kind = $2 and subject_id = $3
        order by audit_id desc limit $4"
    );
    tx.list(sql, &[&provider.0, &kind, &id, &limit], read)
}

/// Streams all entries, the oldest first.
///
/// # Errors
///
/// Fails when the database or the closure does.
pub fn each_in_order<E: From<StoreError>>(
    tx: &mut Tx,
    provider: ProviderId,
    mut each: impl FnMut(AuditEntry) -> Result<(), E>,
) -> Result<(), E> {
    let sql = sql!(
        "select
            audit_id, at, actor_id, actor_name, channel, address, action, client_id,
            subject_kind, subject_id, before_json, after_json
        from audit_entries where provider_id = $1 order by audit_id"
    );
    tx.each(sql, &[&provider.0], |row| each(read(row)?))
}

fn params<'a>(provider: &'a ProviderId, row: &'a AuditEntry) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.audit_id,
        &row.at,
        &row.actor_id,
        &row.actor_name,
        &row.channel,
        &row.address,
        &row.action,
        &row.client_id,
        &row.subject_kind,
        &row.subject_id,
        &row.before_json,
        &row.after_json,
    ]
}

fn read(row: &mut Row) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        audit_id: row.next()?,
        at: row.next()?,
        actor_id: row.next()?,
        actor_name: row.next()?,
        channel: row.next()?,
        address: row.next()?,
        action: row.next()?,
        client_id: row.next()?,
        subject_kind: row.next()?,
        subject_id: row.next()?,
        before_json: row.next()?,
        after_json: row.next()?,
    })
}
