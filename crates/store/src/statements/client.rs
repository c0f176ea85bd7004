//! Who is billed. Free columns are kept as they were written; empty is allowed.
//! Not the check of what they mean.

use std::borrow::Borrow;

use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `clients`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The id, which stays when everything else changes.
    pub client_id: Uuid,
    /// The short name in the books, unique for the provider.
    pub code: String,
    /// The name on invoices.
    pub name: String,
    /// Where invoices go.
    pub email: String,
    /// The currency of invoices.
    pub currency: String,
    /// The time zone that cuts days and periods.
    pub time_zone: String,
    /// The tax, as written.
    pub tax_percent: String,
    /// Street and number.
    pub street: String,
    /// City.
    pub city: String,
    /// Postcode.
    pub postcode: String,
    /// State or region.
    pub region: String,
    /// Country.
    pub country: String,
    /// The tax number of the client.
    pub tax_id: String,
}

const INSERT: Sql = sql!(
    "insert into clients (
        provider_id, client_id, code, name, email, currency, time_zone, tax_percent, street,
        city, postcode, region, country, tax_id
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
    )"
);

/// Adds clients and says how many.
///
/// # Errors
///
/// Fails when an id or code exists already, or the database fails.
pub fn insert_many<R: Borrow<Client>>(
    tx: &mut Tx,
    provider: ProviderId,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, StoreError> {
    tx.insert_many(INSERT, provider, rows, params)
}

/// Adds a client.
///
/// # Errors
///
/// Fails when its id or code exists already, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Client) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the client")
}

/// Replaces all columns of the client.
///
/// # Errors
///
/// Fails when it is not there, or the database fails.
pub fn update(tx: &mut Tx, provider: ProviderId, row: &Client) -> Result<(), StoreError> {
    let sql = sql!(
        "update clients set
            code = $3, name = $4, email = $5, currency = $6, time_zone = $7,
            tax_percent = $8, street = $9, city = $10, postcode = $11, region = $12,
            country = $13, tax_id = $14
        where provider_id = $1 and client_id = $2"
    );
    tx.exec_one(sql, &params(&provider, row), "the client")
}

/// Deletes a client that nothing refers to; false when it is not there.
///
/// # Errors
///
/// Refuses a client with devices, agreements, documents or people.
pub fn delete(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<bool, StoreError> {
    let sql = sql!(
        "delete from clients where provider_id = $1 and client_id = $2",
        scans = "the people and timers that may refer to it are few, and clients are deleted rarely"
    );
    Ok(tx.exec(sql, &[&provider.0, &client_id])? == 1)
}

/// The client with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Option<Client>, StoreError> {
    let sql = sql!(
        "select
            client_id, code, name, email, currency, time_zone, tax_percent, street, city,
            postcode, region, country, tax_id
        from clients where provider_id = $1 and client_id = $2"
    );
    tx.opt(sql, &[&provider.0, &client_id], read)
}

/// The client with this code.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_by_code(tx: &mut Tx, provider: ProviderId, code: &str) -> Result<Option<Client>, StoreError> {
    let sql = sql!(
        "select
            client_id, code, name, email, currency, time_zone, tax_percent, street, city,
            postcode, region, country, tax_id
        from clients where provider_id = $1 and code = $2"
    );
    tx.opt(sql, &[&provider.0, &code], read)
}

/// All clients, by code.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Client>, StoreError> {
    let sql = sql!(
        "select
            client_id, code, name, email, currency, time_zone, tax_percent, street, city,
            postcode, region, country, tax_id
        from clients where provider_id = $1 order by code"
    );
    tx.list(sql, &[&provider.0], read)
}

/// The ids of all clients, in their order.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_ids(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Uuid>, StoreError> {
    let sql = sql!("select client_id from clients where provider_id = $1 order by client_id");
    tx.list(sql, &[&provider.0], |row| row.next())
}

/// Whether there is a client with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn exists(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<bool, StoreError> {
    let sql = sql!("select client_id from clients where provider_id = $1 and client_id = $2");
    Ok(tx.opt(sql, &[&provider.0, &client_id], |row| row.next::<Uuid>())?.is_some())
}

fn params<'a>(provider: &'a ProviderId, row: &'a Client) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.client_id,
        &row.code,
        &row.name,
        &row.email,
        &row.currency,
        &row.time_zone,
        &row.tax_percent,
        &row.street,
        &row.city,
        &row.postcode,
        &row.region,
        &row.country,
        &row.tax_id,
    ]
}

fn read(row: &mut Row) -> Result<Client, StoreError> {
    Ok(Client {
        client_id: row.next()?,
        code: row.next()?,
        name: row.next()?,
        email: row.next()?,
        currency: row.next()?,
        time_zone: row.next()?,
        tax_percent: row.next()?,
        street: row.next()?,
        city: row.next()?,
        postcode: row.next()?,
        region: row.next()?,
        country: row.next()?,
        tax_id: row.next()?,
    })
}
