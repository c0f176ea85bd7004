//! Small files that the provider brings, such as its logo.
//! Not the documents that are made from them.

use jiff::Timestamp;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its place, such as `logo`.
    pub name: String,
    /// The media type, such as `image/png`.
    pub media_type: String,
    /// The bytes.
    pub content: Vec<u8>,
    /// When it was last replaced; kept to the microsecond.
    pub changed_at: Timestamp,
}

/// Adds a file, or replaces the one that is there.
///
/// # Errors
///
/// Fails when the provider is missing, or the database fails.
pub fn upsert(tx: &mut Tx, provider: ProviderId, row: &File) -> Result<(), StoreError> {
    let sql = sql!(
        "insert into files (
            provider_id, name, media_type, content, changed_at
        ) values ($1, $2, $3, $4, $5)
        on conflict (provider_id, name) do update set
            media_type = excluded.media_type, content = excluded.content,
            changed_at = excluded.changed_at"
    );
    tx.exec_one(sql, &params(&provider, row), "the file")
}

/// The file at this place.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, name: &str) -> Result<Option<File>, StoreError> {
    let sql = sql!(
        "select
            name, media_type, content, changed_at
        from files where provider_id = $1 and name = $2"
    );
    tx.opt(sql, &[&provider.0, &name], read)
}

/// Removes a file, and says whether it was there.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, name: &str) -> Result<bool, StoreError> {
    let sql = sql!("delete from files where provider_id = $1 and name = $2");
    Ok(tx.exec(sql, &[&provider.0, &name])? == 1)
}

fn params<'a>(provider: &'a ProviderId, row: &'a File) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.name, &row.media_type, &row.content, &row.changed_at]
}

fn read(row: &mut Row) -> Result<File, StoreError> {
    Ok(File { name: row.next()?, media_type: row.next()?, content: row.next()?, changed_at: row.next()? })
}
