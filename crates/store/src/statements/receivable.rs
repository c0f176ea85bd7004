//! What is still to be received for each invoice: a running balance beside it.
//! Not the invoices, which never change, nor the payments.

use std::borrow::Borrow;

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `receivables`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receivable {
    /// The number of the invoice.
    pub number: i64,
    /// The client.
    pub client_id: Uuid,
    /// The day of issue.
    pub issued_on: Date,
    /// The day by which it is to be paid.
    pub due_on: Date,
    /// The currency.
    pub currency: String,
    /// The total of the invoice, in minor units.
    pub total: i64,
    /// What was paid until now, less what was paid back.
    pub paid: i64,
    /// What was taken off by credit notes until now.
    pub credited: i64,
    /// Whether something is left to pay, or too much was paid.
    pub is_open: bool,
    /// When the invoice was last sent.
    pub sent_at: Option<Timestamp>,
    /// Who sent it.
    pub sent_by: Option<String>,
}

const INSERT: Sql = sql!(
    "insert into receivables (
        provider_id, number, client_id, issued_on, due_on, currency, total, paid, credited,
        is_open, sent_at, sent_by
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
    )"
);

/// Adds receivables, one for each invoice that is issued, and says how many.
///
/// # Errors
///
/// Fails when a number exists already, its client is missing, or the database fails.
pub fn insert_many<R: Borrow<Receivable>>(
    tx: &mut Tx,
    provider: ProviderId,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, StoreError> {
    tx.insert_many(INSERT, provider, rows, params)
}

/// The receivable of the invoice with this number.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, number: i64) -> Result<Option<Receivable>, StoreError> {
    let sql = sql!(
        "select
            number, client_id, issued_on, due_on, currency, total, paid, credited, is_open,
            sent_at, sent_by
        from receivables where provider_id = $1 and number = $2"
    );
    tx.opt(sql, &[&provider.0, &number], read)
}

/// The receivables that are open, by due date and number.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_open(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Receivable>, StoreError> {
    let sql = sql!(
        "select
            number, client_id, issued_on, due_on, currency, total, paid, credited, is_open,
            sent_at, sent_by
        from receivables where provider_id = $1 and is_open
        order by due_on, number"
    );
    tx.list(sql, &[&provider.0], read)
}

/// All receivables of a client, by number.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<Receivable>, StoreError> {
    let sql = sql!(
        "select
            number, client_id, issued_on, due_on, currency, total, paid, credited, is_open,
            sent_at, sent_by
        from receivables where provider_id = $1 and client_id = $2
        order by number"
    );
    tx.list(sql, &[&provider.0, &client_id], read)
}

/// A page of receivables, the newest first: those before a number, or the newest of all.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_page(tx: &mut Tx, provider: ProviderId, before: Option<i64>, limit: i64) -> Result<Vec<Receivable>, StoreError> {
    let sql = sql!(
        "select
            number, client_id, issued_on, due_on, currency, total, paid, credited, is_open,
            sent_at, sent_by
        from receivables where provider_id = $1 and number < $2
        order by number desc limit $3"
    );
    tx.list(sql, &[&provider.0, &before.unwrap_or(i64::MAX), &limit], read)
}

/// Adds to what was paid and credited, either of which may be negative, and gives the
/// new balance. Two that come at once take turns, so that none is lost.
///
/// # Errors
///
/// Fails when there is no such receivable, an amount is too large, or the database fails.
pub fn apply(tx: &mut Tx, provider: ProviderId, number: i64, paid: i64, credited: i64) -> Result<Receivable, StoreError> {
    let sql = sql!(
        "update receivables set
            paid = paid + $3, credited = credited + $4,
            is_open = (paid + $3 + credited + $4 <> total)
        where provider_id = $1 and number = $2
        returning
            number, client_id, issued_on, due_on, currency, total, paid, credited, is_open,
            sent_at, sent_by"
    );
    tx.one(sql, &[&provider.0, &number, &paid, &credited], read, "the receivable")
}

/// Notes when and by whom the invoice was sent; nothing where it was not.
///
/// # Errors
///
/// Fails when there is no such receivable, or the database fails.
pub fn mark_sent(tx: &mut Tx, provider: ProviderId, number: i64, sent: Option<(Timestamp, &str)>) -> Result<(), StoreError> {
    let (sent_at, sent_by) = sent.unzip();
    let sql = sql!("update receivables set sent_at = $3, sent_by = $4 where provider_id = $1 and number = $2");
    tx.exec_one(sql, &[&provider.0, &number, &sent_at, &sent_by], "the receivable")
}

fn params<'a>(provider: &'a ProviderId, row: &'a Receivable) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.number,
        &row.client_id,
        &row.issued_on,
        &row.due_on,
        &row.currency,
        &row.total,
        &row.paid,
        &row.credited,
        &row.is_open,
        &row.sent_at,
        &row.sent_by,
    ]
}

fn read(row: &mut Row) -> Result<Receivable, StoreError> {
    Ok(Receivable {
        number: row.next()?,
        client_id: row.next()?,
        issued_on: row.next()?,
        due_on: row.next()?,
        currency: row.next()?,
        total: row.next()?,
        paid: row.next()?,
        credited: row.next()?,
        is_open: row.next()?,
        sent_at: row.next()?,
        sent_by: row.next()?,
    })
}
