//! The hash-chained ledgers of clients. They only grow.
//! Not the hashing.

use std::borrow::Borrow;

use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `ledger_entries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Whose ledger it is.
    pub client_id: Uuid,
    /// The place in the chain of the client.
    pub seq: i64,
    /// The canonical text that is hashed.
    pub fields: String,
    /// What was posted.
    pub kind: String,
    /// The period it was posted for.
    pub period: String,
    /// The hash of this entry.
    pub hash: String,
    /// The hash of the entry before.
    pub prev_hash: String,
}

const INSERT: Sql = sql!(
    "insert into ledger_entries (
        provider_id, client_id, seq, fields, kind, period, hash, prev_hash
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8
    )"
);

/// Adds entries and says how many.
///
/// # Errors
///
/// Fails when a place in a chain is taken, or the database fails.
pub fn append_many<R: Borrow<LedgerEntry>>(
    tx: &mut Tx,
    provider: ProviderId,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, StoreError> {
    tx.insert_many(INSERT, provider, rows, params)
}

/// The last entry of a client's ledger.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_head(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Option<LedgerEntry>, StoreError> {
    let sql = sql!(
        "select
            client_id, seq, fields, kind, period, hash, prev_hash
        from ledger_entries where provider_id = $1 and client_id = $2 order by seq desc limit 1"
    );
    tx.opt(sql, &[&provider.0, &client_id], read)
}

/// The last entry of every client's ledger, by client.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_heads(tx: &mut Tx, provider: ProviderId) -> Result<Vec<LedgerEntry>, StoreError> {
    let sql = sql!(
        "select
            e.client_id, e.seq, e.fields, e.kind, e.period, e.hash, e.prev_hash
        from clients k
        join ledger_entries e on e.provider_id = $1 and e.client_id = k.client_id and e.seq = (
            select max(n.seq) from ledger_entries n where n.provider_id = $1 and n.client_id = k.client_id
        )
        where k.provider_id = $1
        order by k.client_id"
    );
    tx.list(sql, &[&provider.0], read)
}

/// Streams a client's ledger from its first entry on.
///
/// # Errors
///
/// Fails when the database or the closure does.
pub fn each_of_client<E: From<StoreError>>(
    tx: &mut Tx,
    provider: ProviderId,
    client_id: Uuid,
    mut each: impl FnMut(LedgerEntry) -> Result<(), E>,
) -> Result<(), E> {
    let sql = sql!(
        "select
            client_id, seq, fields, kind, period, hash, prev_hash
        from ledger_entries where provider_id = $1 and client_id = $2 order by seq"
    );
    tx.each(sql, &[&provider.0, &client_id], |row| each(read(row)?))
}

fn params<'a>(provider: &'a ProviderId, row: &'a LedgerEntry) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.client_id, &row.seq, &row.fields, &row.kind, &row.period, &row.hash, &row.prev_hash]
}

fn read(row: &mut Row) -> Result<LedgerEntry, StoreError> {
    Ok(LedgerEntry {
        client_id: row.next()?,
        seq: row.next()?,
        fields: row.next()?,
        kind: row.next()?,
        period: row.next()?,
        hash: row.next()?,
        prev_hash: row.next()?,
    })
}
