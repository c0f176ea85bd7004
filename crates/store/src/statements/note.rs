//! What the provider's people tell each other about a client.
//! Not for the client, who never sees it.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `notes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The client it is about.
    pub client_id: Uuid,
    /// The id, a UUIDv7, so that ids are in order of time.
    pub note_id: Uuid,
    /// The text.
    pub body: String,
    /// Who wrote it.
    pub author: String,
    /// When it was written; kept to the microsecond.
    pub created_at: Timestamp,
}

const INSERT: Sql = sql!(
    "insert into notes (
        provider_id, client_id, note_id, body, author, created_at
    ) values (
        $1, $2, $3, $4, $5, $6
    )"
);

/// Adds a note.
///
/// # Errors
///
/// Fails when the id exists already, the client is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Note) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the note")
}

/// All notes about a client, the newest first.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<Note>, StoreError> {
    let sql = sql!(
        "select
            client_id, note_id, body, author, created_at
        from notes where provider_id = $1 and client_id = $2
        order by note_id desc"
    );
    tx.list(sql, &[&provider.0, &client_id], read)
}

/// Removes a note, and says whether it was there.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, client_id: Uuid, note_id: Uuid) -> Result<bool, StoreError> {
    let sql = sql!("delete from notes where provider_id = $1 and client_id = $2 and note_id = $3");
    Ok(tx.exec(sql, &[&provider.0, &client_id, &note_id])? == 1)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Note) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.client_id, &row.note_id, &row.body, &row.author, &row.created_at]
}

fn read(row: &mut Row) -> Result<Note, StoreError> {
    Ok(Note { client_id: row.next()?, note_id: row.next()?, body: row.next()?, author: row.next()?, created_at: row.next()? })
}
