//! The running timers, one a person.
//! Not the time entries that they become.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `timers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Whose timer it is.
    pub user_id: Uuid,
    /// The client that is worked for.
    pub client_id: Uuid,
    /// The ticket, or empty.
    pub ticket: String,
    /// The tier of the work.
    pub tier: String,
    /// The type of the work.
    pub work_type: String,
    /// The note for the client.
    pub note: String,
    /// When it was started; kept to the microsecond.
    pub started_at: Timestamp,
}

/// The running timer of a user.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, user_id: Uuid) -> Result<Option<Timer>, StoreError> {
    let sql = sql!(
        "select
            user_id, client_id, ticket, tier, work_type, note, started_at
        from timers where provider_id = $1 and user_id = $2"
    );
    tx.opt(sql, &[&provider.0, &user_id], read)
}

/// All running timers, by user.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Timer>, StoreError> {
    let sql = sql!(
        "select
            user_id, client_id, ticket, tier, work_type, note, started_at
        from timers where provider_id = $1
        order by user_id"
    );
    tx.list(sql, &[&provider.0], read)
}

/// Starts a timer, or replaces the one of the user.
///
/// # Errors
///
/// Fails when the user or client is missing, or the database fails.
pub fn upsert(tx: &mut Tx, provider: ProviderId, row: &Timer) -> Result<(), StoreError> {
    let sql = sql!(
        "insert into timers (
            provider_id, user_id, client_id, ticket, tier, work_type, note, started_at
        ) values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (provider_id, user_id) do update set
            client_id = excluded.client_id, ticket = excluded.ticket, tier = excluded.tier,
            work_type = excluded.work_type, note = excluded.note,
            started_at = excluded.started_at"
    );
    tx.exec_one(sql, &params(&provider, row), "the timer")
}

/// Stops the timer of a user, and says whether one was running.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, user_id: Uuid) -> Result<bool, StoreError> {
    let sql = sql!("delete from timers where provider_id = $1 and user_id = $2");
    Ok(tx.exec(sql, &[&provider.0, &user_id])? == 1)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Timer) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.user_id, &row.client_id, &row.ticket, &row.tier, &row.work_type, &row.note, &row.started_at]
}

fn read(row: &mut Row) -> Result<Timer, StoreError> {
    Ok(Timer {
        user_id: row.next()?,
        client_id: row.next()?,
        ticket: row.next()?,
        tier: row.next()?,
        work_type: row.next()?,
        note: row.next()?,
        started_at: row.next()?,
    })
}
