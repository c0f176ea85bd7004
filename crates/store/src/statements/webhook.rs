//! Where other systems are told what happened.
//! Not the telling, which is the deliveries.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `webhooks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The id.
    pub webhook_id: Uuid,
    /// Where to.
    pub url: String,
    /// What is told: words between spaces.
    pub events: String,
    /// The sealed secret that signs what is told.
    pub secret_sealed: Vec<u8>,
    /// Whether anything is told at all.
    pub is_active: bool,
    /// When it was added; kept to the microsecond.
    pub created_at: Timestamp,
}

const INSERT: Sql = sql!(
    "insert into webhooks (
        provider_id, webhook_id, url, events, secret_sealed, is_active, created_at
    ) values (
        $1, $2, $3, $4, $5, $6, $7
    )"
);

/// Adds a webhook.
///
/// # Errors
///
/// Fails when the id exists already, the provider is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Webhook) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the webhook")
}

/// Replaces the place, the events, the secret and whether it is active.
///
/// # Errors
///
/// Fails when it is not there, or the database fails.
pub fn update(tx: &mut Tx, provider: ProviderId, row: &Webhook) -> Result<(), StoreError> {
    let sql = sql!(
        "update webhooks set url = $3, events = $4, secret_sealed = $5, is_active = $6
        where provider_id = $1 and webhook_id = $2"
    );
    tx.exec_one(sql, &[&provider.0, &row.webhook_id, &row.url, &row.events, &row.secret_sealed, &row.is_active], "the webhook")
}

/// The webhook with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, webhook_id: Uuid) -> Result<Option<Webhook>, StoreError> {
    let sql = sql!(
        "select
            webhook_id, url, events, secret_sealed, is_active, created_at
        from webhooks where provider_id = $1 and webhook_id = $2"
    );
    tx.opt(sql, &[&provider.0, &webhook_id], read)
}

/// All webhooks, in the order of their ids.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Webhook>, StoreError> {
    let sql = sql!(
        "select
            webhook_id, url, events, secret_sealed, is_active, created_at
        from webhooks where provider_id = $1
        order by webhook_id"
    );
    tx.list(sql, &[&provider.0], read)
}

/// Removes a webhook with its deliveries, and says whether it was there.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, webhook_id: Uuid) -> Result<bool, StoreError> {
    let sql = sql!("delete from webhooks where provider_id = $1 and webhook_id = $2");
    Ok(tx.exec(sql, &[&provider.0, &webhook_id])? == 1)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Webhook) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.webhook_id, &row.url, &row.events, &row.secret_sealed, &row.is_active, &row.created_at]
}

fn read(row: &mut Row) -> Result<Webhook, StoreError> {
    Ok(Webhook {
        webhook_id: row.next()?,
        url: row.next()?,
        events: row.next()?,
        secret_sealed: row.next()?,
        is_active: row.next()?,
        created_at: row.next()?,
    })
}
