//! Comparisons of programs that were kept: what was asked, and the document that came of it.
//! Not the computing, which the risk crate does.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `comparisons`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The client it is about.
    pub client_id: Uuid,
    /// The id, a UUIDv7, so that ids are in order of time.
    pub comparison_id: Uuid,
    /// What was asked, seed and all, as JSON.
    pub question_json: String,
    /// The document, as JSON.
    pub paper_json: String,
    /// What the books held then, in a line; empty for one that was kept before there were such lines.
    pub books_mark: String,
    /// May the client see it?
    pub is_shared: bool,
    /// Who made it.
    pub made_by: String,
    /// When it was made; kept to the microsecond.
    pub made_at: Timestamp,
}

const INSERT: Sql = sql!(
    "insert into comparisons (
        provider_id, client_id, comparison_id, question_json, paper_json, books_mark, is_shared, made_by, made_at
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9
    )"
);

/// Keeps a comparison.
///
/// # Errors
///
/// Fails when the id exists already, the client is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Comparison) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the comparison")
}

/// The comparisons of a client, the newest first, at most so many.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid, limit: i64) -> Result<Vec<Comparison>, StoreError> {
    let sql = sql!(
        "select
            client_id, comparison_id, question_json, paper_json, books_mark, is_shared, made_by, made_at
        from comparisons where provider_id = $1 and client_id = $2
        order by comparison_id desc limit $3"
    );
    tx.list(sql, &[&provider.0, &client_id, &limit], read)
}

/// One comparison of a client.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, client_id: Uuid, comparison_id: Uuid) -> Result<Option<Comparison>, StoreError> {
    let sql = sql!(
        "select
            client_id, comparison_id, question_json, paper_json, books_mark, is_shared, made_by, made_at
        from comparisons where provider_id = $1 and client_id = $2 and comparison_id = $3"
    );
    tx.opt(sql, &[&provider.0, &client_id, &comparison_id], read)
}

/// Shows a comparison to the client or hides it, and says whether it was there.
///
/// # Errors
///
/// Fails when the database does.
pub fn update_shared(
    tx: &mut Tx,
    provider: ProviderId,
    client_id: Uuid,
    comparison_id: Uuid,
    is_shared: bool,
) -> Result<bool, StoreError> {
    let sql = sql!("update comparisons set is_shared = $4 where provider_id = $1 and client_id = $2 and comparison_id = $3");
    Ok(tx.exec(sql, &[&provider.0, &client_id, &comparison_id, &is_shared])? == 1)
}

/// Removes a comparison, and says whether it was there.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, client_id: Uuid, comparison_id: Uuid) -> Result<bool, StoreError> {
    let sql = sql!("delete from comparisons where provider_id = $1 and client_id = $2 and comparison_id = $3");
    Ok(tx.exec(sql, &[&provider.0, &client_id, &comparison_id])? == 1)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Comparison) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.client_id,
        &row.comparison_id,
        &row.question_json,
        &row.paper_json,
        &row.books_mark,
        &row.is_shared,
        &row.made_by,
        &row.made_at,
    ]
}

fn read(row: &mut Row) -> Result<Comparison, StoreError> {
    Ok(Comparison {
        client_id: row.next()?,
        comparison_id: row.next()?,
        question_json: row.next()?,
        paper_json: row.next()?,
        books_mark: row.next()?,
        is_shared: row.next()?,
        made_by: row.next()?,
        made_at: row.next()?,
    })
}
