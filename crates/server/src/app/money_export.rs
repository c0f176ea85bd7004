//! What an accounting program wants: invoices, their lines, payments and credit notes of a range of months, as CSV.

use jiff::civil::Date;
use quarterhour_billing::Period;
use quarterhour_books::csv::write_record;
use quarterhour_store::statements::{credit_note, payment};

use crate::app::actor::{Actor, Permission};
use crate::app::bill_store;
use crate::app::context::Context;
use crate::app::credit_note::credit_number_text;
use crate::app::output::{free, invoices_csv, lines_csv};
use crate::app::paper::number_text;
use crate::app::payment::currency_of;
use crate::error::AppError;

/// The most months at once.
const MONTHS_MAX: i32 = 36;

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// One row an invoice; open statements of a single month stand there without a number.
    Invoices,
    /// One row a line.
    Lines,
    /// One row a payment, refund or reversal, by its day.
    Payments,
    /// One row a credit note, by its day.
    CreditNotes,
}

impl What {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Invoices => "invoices",
            Self::Lines => "lines",
            Self::Payments => "payments",
            Self::CreditNotes => "credit-notes",
        }
    }

    /// What a file of a range of months is called.
    #[must_use]
    pub fn file_name(self, from: Period, until: Period) -> String {
        let span = if from == until { from.to_string() } else { format!("{from}-{until}") };
        format!("{}-{span}.csv", self.name())
    }

    /// What a name means.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Invoices, Self::Lines, Self::Payments, Self::CreditNotes].into_iter().find(|what| what.name() == name)
    }
}

impl Context {
    /// The rows of a range of months as CSV.
    ///
    /// # Errors
    ///
    /// Refuses who may not see billing, and ranges that are too long or the wrong way round.
    pub fn export_money(&self, actor: &Actor, what: What, (from, until): (Period, Period)) -> Result<String, AppError> {
        actor.require(Permission::SeeBilling)?;
        let months = until.since(from);
        if !(0..MONTHS_MAX).contains(&months) {
            return Err(AppError::field("until", format!("expected a month from {from} on, at most {MONTHS_MAX} months together")));
        }
        let within = |day: Date| (from.first_day().date()..until.end().date()).contains(&day);
        match what {
            What::Invoices | What::Lines => {
                let mut outcomes = bill_store::preview(&self.store, (from, until), &[], true)?.outcomes;
                if from != until {
                    outcomes.retain(|outcome| outcome.issue.is_some());
                }
                let write = if what == What::Invoices { invoices_csv } else { lines_csv };
                Ok(write(&outcomes, self.today()))
            }
            What::Payments => self.payments_csv(actor, within),
            What::CreditNotes => self.credit_notes_csv(actor, within),
        }
    }

    fn payments_csv(&self, actor: &Actor, within: impl Fn(Date) -> bool) -> Result<String, AppError> {
        let books = self.books()?;
        let rows = self.store.read(|tx| payment::list_all(tx, actor.provider))?;
        let mut text = String::new();
        let head =
            ["received_on", "invoice", "client", "kind", "method", "reference", "currency", "amount", "recorded_by", "recorded_at"];
        write_record(&mut text, &head);
        for row in rows.iter().filter(|row| within(row.received_on)) {
            let position = books.positions.get(&row.client_id).and_then(|position| books.setup.clients.get(*position));
            let currency = position.map_or(books.setup.provider.currency, |client| client.client.currency);
            let fields = [
                row.received_on.to_string(),
                number_text(row.number),
                free(books.code(row.client_id)),
                row.kind.clone(),
                free(&row.method),
                free(&row.reference),
                currency.code().to_owned(),
                currency.format(row.amount),
                free(&row.recorded_by),
                row.recorded_at.to_string(),
            ];
            write_record(&mut text, &fields.each_ref().map(String::as_str));
        }
        Ok(text)
    }

    fn credit_notes_csv(&self, actor: &Actor, within: impl Fn(Date) -> bool) -> Result<String, AppError> {
        let books = self.books()?;
        let rows = self.store.read(|tx| credit_note::list_all(tx, actor.provider))?;
        let mut text = String::new();
        write_record(
            &mut text,
            &["number", "issued_on", "invoice", "client", "currency", "net", "tax", "total", "reason", "issued_by"],
        );
        for row in rows.iter().filter(|row| within(row.issued_on)) {
            let currency = currency_of(&row.currency)?;
            let fields = [
                credit_number_text(row.credit_number),
                row.issued_on.to_string(),
                number_text(row.number),
                free(books.code(row.client_id)),
                row.currency.clone(),
                currency.format(row.net),
                currency.format(row.tax),
                currency.format(row.total),
                free(&row.reason),
                free(&row.issued_by),
            ];
            write_record(&mut text, &fields.each_ref().map(String::as_str));
        }
        Ok(text)
    }
}
