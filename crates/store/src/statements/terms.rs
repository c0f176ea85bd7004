//! The texts of agreements and rate cards that issued periods used.
//! They are kept once for each content, and never changed.

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::Row;

/// A row of `terms`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The hash of the content.
    pub hash: String,
    /// The texts as they were.
    pub content: String,
}

/// Keeps a text, unless it is kept already.
///
/// # Errors
///
/// Fails when the database does.
pub fn insert_new(tx: &mut Tx, provider: ProviderId, row: &Terms) -> Result<(), StoreError> {
    let sql = sql!(
        "insert into terms (provider_id, hash, content) values ($1, $2, $3)
        on conflict (provider_id, hash) do nothing"
    );
    tx.exec(sql, &[&provider.0, &row.hash, &row.content]).map(drop)
}

/// The text with this hash, which must be there.
///
/// # Errors
///
/// Fails when it is not kept, or the database fails.
pub fn load(tx: &mut Tx, provider: ProviderId, hash: &str) -> Result<Terms, StoreError> {
    let sql = sql!("select hash, content from terms where provider_id = $1 and hash = $2");
    tx.one(sql, &[&provider.0, &hash], read, "the text of the terms")
}

/// All texts, by hash.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Terms>, StoreError> {
    let sql = sql!(
        "select
            hash, content
        from terms where provider_id = $1 order by hash"
    );
    tx.list(sql, &[&provider.0], read)
}

fn read(row: &mut Row) -> Result<Terms, StoreError> {
    Ok(Terms { hash: row.next()?, content: row.next()? })
}
