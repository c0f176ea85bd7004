//! The issued credit notes, which take something off an invoice. They are never changed.
//! Not the computing of them.

use jiff::civil::Date;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `credit_notes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditNote {
    /// The gapless number of the credit note.
    pub credit_number: i64,
    /// The number of the invoice.
    pub number: i64,
    /// The client.
    pub client_id: Uuid,
    /// The day of issue.
    pub issued_on: Date,
    /// The currency.
    pub currency: String,
    /// The net amount in minor units: positive, what the client owes less.
    pub net: i64,
    /// The tax in minor units.
    pub tax: i64,
    /// Net and tax, in minor units.
    pub total: i64,
    /// Why it was issued.
    pub reason: String,
    /// Who issued it.
    pub issued_by: String,
    /// The credit note as it was computed.
    pub body_json: String,
}

const INSERT: Sql = sql!(
    "insert into credit_notes (
        provider_id, credit_number, number, client_id, issued_on, currency, net, tax, total,
        reason, issued_by, body_json
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
    )"
);

/// Adds a credit note. The balance is changed by [`receivable::apply`](crate::statements::receivable::apply),
/// in the same transaction.
///
/// # Errors
///
/// Fails when the number exists already, the receivable is missing, the total is not net
/// and tax, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &CreditNote) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the credit note")
}

/// The credit note with this number.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, credit_number: i64) -> Result<Option<CreditNote>, StoreError> {
    let sql = sql!(
        "select
            credit_number, number, client_id, issued_on, currency, net, tax, total, reason,
            issued_by, body_json
        from credit_notes where provider_id = $1 and credit_number = $2"
    );
    tx.opt(sql, &[&provider.0, &credit_number], read)
}

/// All credit notes of an invoice, by number.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_invoice(tx: &mut Tx, provider: ProviderId, number: i64) -> Result<Vec<CreditNote>, StoreError> {
    let sql = sql!(
        "select
            credit_number, number, client_id, issued_on, currency, net, tax, total, reason,
            issued_by, body_json
        from credit_notes where provider_id = $1 and number = $2
        order by credit_number"
    );
    tx.list(sql, &[&provider.0, &number], read)
}

/// All credit notes of a client, by number.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<CreditNote>, StoreError> {
    let sql = sql!(
        "select
            credit_number, number, client_id, issued_on, currency, net, tax, total, reason,
            issued_by, body_json
        from credit_notes where provider_id = $1 and client_id = $2
        order by credit_number"
    );
    tx.list(sql, &[&provider.0, &client_id], read)
}

/// All credit notes, by number.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<CreditNote>, StoreError> {
    let sql = sql!(
        "select
            credit_number, number, client_id, issued_on, currency, net, tax, total, reason,
            issued_by, body_json
        from credit_notes where provider_id = $1
        order by credit_number"
    );
    tx.list(sql, &[&provider.0], read)
}

fn params<'a>(provider: &'a ProviderId, row: &'a CreditNote) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.credit_number,
        &row.number,
        &row.client_id,
        &row.issued_on,
        &row.currency,
        &row.net,
        &row.tax,
        &row.total,
        &row.reason,
        &row.issued_by,
        &row.body_json,
    ]
}

fn read(row: &mut Row) -> Result<CreditNote, StoreError> {
    Ok(CreditNote {
        credit_number: row.next()?,
        number: row.next()?,
        client_id: row.next()?,
        issued_on: row.next()?,
        currency: row.next()?,
        net: row.next()?,
        tax: row.next()?,
        total: row.next()?,
        reason: row.next()?,
        issued_by: row.next()?,
        body_json: row.next()?,
    })
}
