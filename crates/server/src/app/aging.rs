//! What clients owe, by how long it has been due.

use std::collections::BTreeMap;

use jiff::civil::Date;
use quarterhour_billing::Currency;
use quarterhour_books::csv::write_record;
use quarterhour_store::statements::receivable;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::context::Context;
use crate::app::invoice::days_past;
use crate::app::output::free;
use crate::app::payment::{balance, currency_of};
use crate::error::AppError;

/// The names of the buckets.
pub const BUCKETS: [&str; 5] = ["Not due", "1-30 days", "31-60 days", "61-90 days", "Over 90 days"];

/// What one client owes in one currency.
#[derive(Clone, Debug)]
pub struct AgingRow {
    /// The client's code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Open invoices.
    pub invoices: usize,
    /// What is owed, by bucket.
    pub buckets: [i64; 5],
    /// What the client has in its favour: paid too much, or credited.
    pub in_credit: i64,
}

impl AgingRow {
    /// Everything owed.
    #[must_use]
    pub fn owed(&self) -> i64 {
        self.buckets.iter().sum()
    }

    /// What is past due.
    #[must_use]
    pub fn overdue(&self) -> i64 {
        self.buckets.iter().skip(1).sum()
    }
}

/// All clients of one currency.
#[derive(Clone, Debug)]
pub struct Aging {
    /// The currency.
    pub currency: Currency,
    /// By client; who owes most for longest comes first.
    pub rows: Vec<AgingRow>,
    /// The sum.
    pub sum: AgingRow,
}

fn bucket(days: i64) -> usize {
    match days {
        ..=0 => 0,
        1..=30 => 1,
        31..=60 => 2,
        61..=90 => 3,
        _ => 4,
    }
}

impl Context {
    /// What clients owe today, by currency.
    ///
    /// # Errors
    ///
    /// Refuses who may not see billing.
    pub fn aging(&self, actor: &Actor) -> Result<Vec<Aging>, AppError> {
        actor.require(Permission::SeeBilling)?;
        let (books, today) = (self.books()?, self.today());
        let open = self.store.read(|tx| receivable::list_open(tx, actor.provider))?;
        let mut by_currency: BTreeMap<String, BTreeMap<Uuid, AgingRow>> = BTreeMap::new();
        for row in &open {
            let clients = by_currency.entry(row.currency.clone()).or_default();
            let client = books.positions.get(&row.client_id).and_then(|position| books.setup.clients.get(*position));
            let code = client.map(|client| client.row.code.clone()).unwrap_or_default();
            let name = client.map(|client| client.row.field("name").to_owned()).unwrap_or_default();
            add(clients.entry(row.client_id).or_insert_with(|| nobody(code, name)), row, today);
        }
        by_currency.into_iter().map(|(code, clients)| Ok(aging(currency_of(&code)?, clients.into_values().collect()))).collect()
    }

    /// The same as CSV.
    ///
    /// # Errors
    ///
    /// Refuses who may not see billing.
    pub fn aging_csv(&self, actor: &Actor) -> Result<String, AppError> {
        let mut text = String::new();
        let head = [
            "client",
            "name",
            "currency",
            "invoices",
            "not_due",
            "days_1_30",
            "days_31_60",
            "days_61_90",
            "over_90",
            "owed",
            "in_credit",
        ];
        write_record(&mut text, &head);
        for aging in self.aging(actor)? {
            for row in &aging.rows {
                let mut fields = vec![free(&row.code), free(&row.name), aging.currency.code().to_owned(), row.invoices.to_string()];
                let amounts = row.buckets.into_iter().chain([row.owed(), row.in_credit]);
                fields.extend(amounts.map(|amount| aging.currency.format(amount)));
                write_record(&mut text, &fields.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
        Ok(text)
    }
}

fn nobody(code: String, name: String) -> AgingRow {
    AgingRow { code, name, invoices: 0, buckets: [0; 5], in_credit: 0 }
}

fn add(client: &mut AgingRow, row: &receivable::Receivable, today: Date) {
    let left = balance(row);
    if left < 0 {
        client.in_credit -= left;
        return;
    }
    client.invoices += 1;
    if let Some(slot) = client.buckets.get_mut(bucket(days_past(row.due_on, today))) {
        *slot += left;
    }
}

fn aging(currency: Currency, mut rows: Vec<AgingRow>) -> Aging {
    rows.sort_by(|one, other| {
        (other.overdue(), other.owed()).cmp(&(one.overdue(), one.owed())).then_with(|| one.code.cmp(&other.code))
    });
    let mut sum = nobody(String::new(), String::new());
    for row in &rows {
        sum.invoices += row.invoices;
        sum.in_credit += row.in_credit;
        for (slot, amount) in sum.buckets.iter_mut().zip(row.buckets) {
            *slot += amount;
        }
    }
    Aging { currency, rows, sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debt_grows_older_day_by_day() {
        assert_eq!([-3, 0, 1, 30, 31, 60, 61, 90, 91, 4000].map(bucket), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    }
}
