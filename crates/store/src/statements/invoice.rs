//! The issued invoices. They are never changed.
//! Not the computing of them.

use std::borrow::Borrow;

use jiff::civil::Date;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `invoices`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// The gapless number.
    pub number: i64,
    /// The client.
    pub client_id: Uuid,
    /// The issued period, as `2026-03`.
    pub period: String,
    /// The agreement, or empty for an invoice of all.
    pub agreement: String,
    /// The day of issue.
    pub issued_on: Date,
    /// The day by which it is to be paid.
    pub due_on: Date,
    /// The currency.
    pub currency: String,
    /// The net amount in minor units.
    pub net: i64,
    /// The tax in minor units.
    pub tax: i64,
    /// Net and tax, in minor units.
    pub total: i64,
    /// The invoice as it was computed.
    pub body_json: String,
}

const INSERT: Sql = sql!(
    "insert into invoices (
        provider_id, number, client_id, period, agreement, issued_on, due_on, currency, net,
        tax, total, body_json
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
    )"
);

/// Adds invoices and says how many.
///
/// # Errors
///
/// Fails when a number, or the invoice of a period, exists already, or the database fails.
pub fn insert_many<R: Borrow<Invoice>>(
    tx: &mut Tx,
    provider: ProviderId,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, StoreError> {
    tx.insert_many(INSERT, provider, rows, params)
}

/// The invoice with this number.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_by_number(tx: &mut Tx, provider: ProviderId, number: i64) -> Result<Option<Invoice>, StoreError> {
    let sql = sql!(
        "select
            number, client_id, period, agreement, issued_on, due_on, currency, net, tax,
            total, body_json
        from invoices where provider_id = $1 and number = $2"
    );
    tx.opt(sql, &[&provider.0, &number], read)
}

/// All invoices of a period, by number.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_by_period(tx: &mut Tx, provider: ProviderId, period: &str) -> Result<Vec<Invoice>, StoreError> {
    let sql = sql!(
        "select
            number, client_id, period, agreement, issued_on, due_on, currency, net, tax,
            total, body_json
        from invoices where provider_id = $1 and period = $2 order by client_id, agreement"
    );
    // In the order of the index; by number, the planner would read the whole table instead.
    let mut rows = tx.list(sql, &[&provider.0, &period], read)?;
    rows.sort_by_key(|row| row.number);
    Ok(rows)
}

/// All invoices of a client, by number.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<Invoice>, StoreError> {
    let sql = sql!(
        "select
            number, client_id, period, agreement, issued_on, due_on, currency, net, tax,
            total, body_json
        from invoices where provider_id = $1 and client_id = $2 order by period, agreement"
    );
    // In the order of the index; by number, the planner would read the whole table instead.
    let mut rows = tx.list(sql, &[&provider.0, &client_id], read)?;
    rows.sort_by_key(|row| row.number);
    Ok(rows)
}

/// A page of invoices, the newest first: those before a number, or the newest of all.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_page(tx: &mut Tx, provider: ProviderId, before: Option<i64>, limit: i64) -> Result<Vec<Invoice>, StoreError> {
    let sql = sql!(
        "select
            number, client_id, period, agreement, issued_on, due_on, currency, net, tax,
            total, body_json
        from invoices where provider_id = $1 and number < $2 order by number desc limit $3"
    );
    tx.list(sql, &[&provider.0, &before.unwrap_or(i64::MAX), &limit], read)
}

/// All invoices, by number.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Invoice>, StoreError> {
    let sql = sql!(
        "select
            number, client_id, period, agreement, issued_on, due_on, currency, net, tax,
            total, body_json
        from invoices where provider_id = $1 order by number"
    );
    tx.list(sql, &[&provider.0], read)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Invoice) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.number,
        &row.client_id,
        &row.period,
        &row.agreement,
        &row.issued_on,
        &row.due_on,
        &row.currency,
        &row.net,
        &row.tax,
        &row.total,
        &row.body_json,
    ]
}

fn read(row: &mut Row) -> Result<Invoice, StoreError> {
    Ok(Invoice {
        number: row.next()?,
        client_id: row.next()?,
        period: row.next()?,
        agreement: row.next()?,
        issued_on: row.next()?,
        due_on: row.next()?,
        currency: row.next()?,
        net: row.next()?,
        tax: row.next()?,
        total: row.next()?,
        body_json: row.next()?,
    })
}
