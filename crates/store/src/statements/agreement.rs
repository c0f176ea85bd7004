//! The agreements with clients, kept as they were written.
//! Not their meaning.

use std::borrow::Borrow;

use jiff::civil::Date;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `agreements`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The id.
    pub agreement_id: Uuid,
    /// Whose agreement it is.
    pub client_id: Uuid,
    /// The name in the books, unique for the provider.
    pub name: String,
    /// The first day it covers.
    pub starts_on: Date,
    /// The agreement as it was written.
    pub source_toml: String,
}

const INSERT: Sql = sql!(
    "insert into agreements (
        provider_id, agreement_id, client_id, name, starts_on, source_toml
    ) values (
        $1, $2, $3, $4, $5, $6
    )"
);

/// Adds agreements and says how many.
///
/// # Errors
///
/// Fails when a row exists already or its client is missing, or the database fails.
pub fn insert_many<R: Borrow<Agreement>>(
    tx: &mut Tx,
    provider: ProviderId,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, StoreError> {
    tx.insert_many(INSERT, provider, rows, params)
}

/// Replaces all columns of the agreement.
///
/// # Errors
///
/// Fails when it is not there, or the database fails.
pub fn update(tx: &mut Tx, provider: ProviderId, row: &Agreement) -> Result<(), StoreError> {
    let sql = sql!(
        "update agreements set
            client_id = $3, name = $4, starts_on = $5, source_toml = $6
        where provider_id = $1 and agreement_id = $2"
    );
    tx.exec_one(sql, &params(&provider, row), "the agreement")
}

/// All agreements, by name.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Agreement>, StoreError> {
    let sql = sql!(
        "select
            agreement_id, client_id, name, starts_on, source_toml
        from agreements where provider_id = $1 order by name"
    );
    tx.list(sql, &[&provider.0], read)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Agreement) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.agreement_id, &row.client_id, &row.name, &row.starts_on, &row.source_toml]
}

fn read(row: &mut Row) -> Result<Agreement, StoreError> {
    Ok(Agreement {
        agreement_id: row.next()?,
        client_id: row.next()?,
        name: row.next()?,
        starts_on: row.next()?,
        source_toml: row.next()?,
    })
}
