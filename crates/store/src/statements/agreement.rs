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

/// Adds an agreement.
///
/// # Errors
///
/// Fails when its id or name exists already or its client is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Agreement) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the agreement")
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

/// Removes an agreement, and says whether it was there. Whether issued periods used it is
/// for the caller to know.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, agreement_id: Uuid) -> Result<bool, StoreError> {
    let sql = sql!("delete from agreements where provider_id = $1 and agreement_id = $2");
    Ok(tx.exec(sql, &[&provider.0, &agreement_id])? == 1)
}

/// The agreement with this name.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_by_name(tx: &mut Tx, provider: ProviderId, name: &str) -> Result<Option<Agreement>, StoreError> {
    let sql = sql!(
        "select
            agreement_id, client_id, name, starts_on, source_toml
        from agreements where provider_id = $1 and name = $2"
    );
    tx.opt(sql, &[&provider.0, &name], read)
}

/// All agreements of a client, by name.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<Agreement>, StoreError> {
    let sql = sql!(
        "select
            agreement_id, client_id, name, starts_on, source_toml
        from agreements where provider_id = $1 and client_id = $2 order by name"
    );
    tx.list(sql, &[&provider.0, &client_id], read)
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
