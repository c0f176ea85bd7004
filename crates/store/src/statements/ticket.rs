//! The tickets of clients: references with titles.
//! Not the work on them, which is in the time entries that name them.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `tickets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The client.
    pub client_id: Uuid,
    /// The reference, unique for the client.
    pub ticket: String,
    /// The title.
    pub title: String,
    /// When it was first seen; kept to the microsecond.
    pub created_at: Timestamp,
}

/// Adds a ticket, or replaces the title of the one that is there.
///
/// # Errors
///
/// Fails when the client is missing, or the database fails.
pub fn upsert(tx: &mut Tx, provider: ProviderId, row: &Ticket) -> Result<(), StoreError> {
    let sql = sql!(
        "insert into tickets (
            provider_id, client_id, ticket, title, created_at
        ) values ($1, $2, $3, $4, $5)
        on conflict (provider_id, client_id, ticket) do update set title = excluded.title"
    );
    tx.exec_one(sql, &params(&provider, row), "the ticket")
}

/// The ticket of a client with this reference.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, client_id: Uuid, ticket: &str) -> Result<Option<Ticket>, StoreError> {
    let sql = sql!(
        "select
            client_id, ticket, title, created_at
        from tickets where provider_id = $1 and client_id = $2 and ticket = $3"
    );
    tx.opt(sql, &[&provider.0, &client_id, &ticket], read)
}

/// Deletes all titles of a client's tickets; says how many.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<u64, StoreError> {
    let sql = sql!("delete from tickets where provider_id = $1 and client_id = $2");
    tx.exec(sql, &[&provider.0, &client_id])
}

/// All tickets of a client, by reference.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<Ticket>, StoreError> {
    let sql = sql!(
        "select
            client_id, ticket, title, created_at
        from tickets where provider_id = $1 and client_id = $2
        order by ticket"
    );
    tx.list(sql, &[&provider.0, &client_id], read)
}

/// All tickets, by client and reference.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Ticket>, StoreError> {
    let sql = sql!(
        "select
            client_id, ticket, title, created_at
        from tickets where provider_id = $1
        order by client_id, ticket"
    );
    tx.list(sql, &[&provider.0], read)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Ticket) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.client_id, &row.ticket, &row.title, &row.created_at]
}

fn read(row: &mut Row) -> Result<Ticket, StoreError> {
    Ok(Ticket { client_id: row.next()?, ticket: row.next()?, title: row.next()?, created_at: row.next()? })
}
