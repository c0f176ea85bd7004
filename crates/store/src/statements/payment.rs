//! Payments, refunds and payments taken back. They only grow.
//! Not the balance, which is the receivable.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `payments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The id, a UUIDv7, so that ids are in order of time.
    pub payment_id: Uuid,
    /// The number of the invoice.
    pub number: i64,
    /// The client.
    pub client_id: Uuid,
    /// The day it was received.
    pub received_on: Date,
    /// In minor units: positive for a payment, negative for a refund or a reversal.
    pub amount: i64,
    /// `payment`, `refund` or `reversal`.
    pub kind: String,
    /// How it was paid.
    pub method: String,
    /// The reference of the bank, or empty.
    pub reference: String,
    /// Who recorded it.
    pub recorded_by: String,
    /// When it was recorded; kept to the microsecond.
    pub recorded_at: Timestamp,
}

const INSERT: Sql = sql!(
    "insert into payments (
        provider_id, payment_id, number, client_id, received_on, amount, kind, method,
        reference, recorded_by, recorded_at
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
    )"
);

/// Adds a payment. The balance is changed by [`receivable::apply`](crate::statements::receivable::apply),
/// in the same transaction.
///
/// # Errors
///
/// Fails when the id exists already, the receivable is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Payment) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the payment")
}

/// The payment with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, payment_id: Uuid) -> Result<Option<Payment>, StoreError> {
    let sql = sql!(
        "select
            payment_id, number, client_id, received_on, amount, kind, method, reference,
            recorded_by, recorded_at
        from payments where provider_id = $1 and payment_id = $2"
    );
    tx.opt(sql, &[&provider.0, &payment_id], read)
}

/// All payments of an invoice, in the order in which they were recorded.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_invoice(tx: &mut Tx, provider: ProviderId, number: i64) -> Result<Vec<Payment>, StoreError> {
    let sql = sql!(
        "select
            payment_id, number, client_id, received_on, amount, kind, method, reference,
            recorded_by, recorded_at
        from payments where provider_id = $1 and number = $2
        order by payment_id"
    );
    tx.list(sql, &[&provider.0, &number], read)
}

/// All payments, in the order in which they were recorded.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Payment>, StoreError> {
    let sql = sql!(
        "select
            payment_id, number, client_id, received_on, amount, kind, method, reference,
            recorded_by, recorded_at
        from payments where provider_id = $1
        order by payment_id"
    );
    tx.list(sql, &[&provider.0], read)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Payment) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.payment_id,
        &row.number,
        &row.client_id,
        &row.received_on,
        &row.amount,
        &row.kind,
        &row.method,
        &row.reference,
        &row.recorded_by,
        &row.recorded_at,
    ]
}

fn read(row: &mut Row) -> Result<Payment, StoreError> {
    Ok(Payment {
        payment_id: row.next()?,
        number: row.next()?,
        client_id: row.next()?,
        received_on: row.next()?,
        amount: row.next()?,
        kind: row.next()?,
        method: row.next()?,
        reference: row.next()?,
        recorded_by: row.next()?,
        recorded_at: row.next()?,
    })
}
