//! One client's period on its way into the record: billed, frozen, and written with its ledger.

use std::collections::BTreeMap;

use jiff::civil::Date;
use quarterhour_billing::ledger::{LedgerHead, LedgerWriter, read_record, sha256_hex};
use quarterhour_billing::{Carried, Fate, Part, Period, Statement, TimeEntry, Words, due_from};
use quarterhour_books::BookClient;
use quarterhour_store::Tx;
use quarterhour_store::statements::{closing, counter, hold, invoice, ledger, receivable, statement, terms, time_entry};
use serde::Serialize;
use uuid::Uuid;

use crate::app::audit::{self, Change};
use crate::app::body::{Details, Freezer};
use crate::app::issue::{Order, Told};
use crate::app::open_books::{ClientBooks, HeldPart, Taken, TermsText};
use crate::app::output::add_days;
use crate::app::paper::number_text;
use crate::app::run::bill_open_periods;
use crate::app::stored::{Closed, StoredBooks};
use crate::error::AppError;

/// The counter of invoice numbers.
pub const INVOICES: &str = "invoice";
const HOLDS: &str = "hold";

/// What statements are made from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Provider, clients, devices, agreements.
    pub books: &'a StoredBooks,
    /// All tiers and work types.
    pub words: &'a Words,
    /// Words of the entries.
    pub details: &'a Details,
}

/// A client's period, billed.
pub enum Billed<'a> {
    /// It was issued before.
    Before,
    /// An earlier period has statements that are not issued.
    Skips {
        /// The client.
        client: String,
        /// The earlier period.
        earlier: Period,
        /// The period that was to be issued.
        period: Period,
    },
    /// It can be written.
    Ready(Pending<'a>),
}

/// A client's period, billed and not yet written.
pub struct Pending<'a> {
    /// The client.
    pub client_id: Uuid,
    period: Period,
    client: &'a BookClient,
    words: &'a Words,
    statements: Vec<Statement>,
    frozen: Vec<Frozen>,
    entries: &'a [TimeEntry],
    carried: Carried,
    taken: &'a Taken,
}

/// A statement's text for ever.
struct Frozen {
    text: String,
    sha256: String,
    payment_days: u32,
}

impl Pending<'_> {
    /// The client's code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.client.row.code
    }
}

impl<'a> Billed<'a> {
    /// Bills a client's period.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up.
    pub fn new(
        source: Source<'a>,
        own: &'a ClientBooks,
        position: usize,
        closed: Option<&Closed>,
        period: Period,
    ) -> Result<Self, AppError> {
        let Source { books, words, details } = source;
        let (Some(client), Some(client_id)) = (books.setup.clients.get(position), books.client_ids.get(position).copied()) else {
            return Ok(Self::Before);
        };
        let ready = own.open_for(client, closed, &own.entries);
        if ready.first_open.is_some_and(|first| first > period) {
            return Ok(Self::Before);
        }
        let (statements, frozen) = Default::default();
        let (carried, taken) = (ready.carried.clone(), &own.taken);
        let mut pending = Pending { client_id, period, client, words, statements, frozen, entries: &[], carried, taken };
        let mut skipped = None;
        bill_open_periods(&books.setup.provider.terms, words, ready, period, |billed| {
            if billed.period < period && !billed.statements.is_empty() {
                skipped.get_or_insert(billed.period);
            }
            pending.statements = billed.statements;
            pending.entries = billed.entries;
            pending.carried = billed.carried.clone();
        })?;
        if let Some(earlier) = skipped {
            return Ok(Self::Skips { client: client.row.code.clone(), earlier, period });
        }
        pending.freeze(&Freezer { setup: &books.setup, words, details })?;
        Ok(Self::Ready(pending))
    }

    /// Why the period cannot be issued yet.
    #[must_use]
    pub fn skipped(&self) -> Option<AppError> {
        let Self::Skips { client, earlier, period } = self else { return None };
        let message = format!("client {client}: {earlier} is not issued yet");
        Some(AppError::user(message, format!("issue the earlier periods first: bill {earlier}..{period} --issue")))
    }
}

impl Pending<'_> {
    fn freeze(&mut self, freezer: &Freezer<'_>) -> Result<(), AppError> {
        for billed in &self.statements {
            let body = freezer.freeze(self.client, billed, self.entries);
            let text = serde_json::to_string(&body).map_err(AppError::fault)?;
            let sha256 = sha256_hex(text.as_bytes());
            self.frozen.push(Frozen { text, sha256, payment_days: body.payment_days });
        }
        Ok(())
    }

    /// Writes it all, in a transaction that holds the client. Returns the number of invoices.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn write(&self, tx: &mut Tx, books: &StoredBooks, order: &Order<'_>) -> Result<usize, AppError> {
        let (id, client_id) = (books.provider_id, self.client_id);
        let mut writer = LedgerWriter::new(&self.client.row.code, &self.client.client.clock, head(tx, books, client_id)?);
        let mut rows = Rows::default();
        for (billed, frozen) in self.statements.iter().zip(&self.frozen) {
            writer.statement(billed, self.entries, &frozen.sha256);
            let agreement = billed.agreement.clone().unwrap_or_default();
            if !billed.lines.is_empty() {
                let number = counter::next_number(tx, id, INVOICES)?;
                rows.invoices.push(self.invoice(billed, number, order.issued_on, frozen.payment_days));
            }
            for held in self.held(billed) {
                let hold_id = counter::next_number(tx, id, HOLDS)?.to_string();
                rows.holds.push(held.row(client_id, hold_id, self.period, &agreement)?);
            }
            let (period, body_json, sha256) = (self.period.to_string(), frozen.text.clone(), frozen.sha256.clone());
            rows.statements.push(statement::Statement { client_id, period, agreement, body_json, sha256 });
        }
        let invoices = rows.invoices.len();
        let record = Record::of(&rows);
        if let Some(tell) = order.tell {
            let told = Told { client: &self.client.row.code, period: self.period, invoices: &rows.invoices, holds: &rows.holds };
            tell(tx, &told)?;
        }
        self.write_rows(tx, books, rows, &writer)?;
        let change = Change::new("issued", "period", self.period.to_string()).of_client(client_id).after(&record);
        audit::write(tx, order.actor, order.now, change)?;
        Ok(invoices)
    }

    fn write_rows(&self, tx: &mut Tx, books: &StoredBooks, rows: Rows, writer: &LedgerWriter<'_>) -> Result<(), AppError> {
        let (id, client_id, period) = (books.provider_id, self.client_id, self.period.to_string());
        statement::insert_many(tx, id, rows.statements)?;
        let receivables: Vec<receivable::Receivable> = rows.invoices.iter().map(receivable_of).collect();
        invoice::insert_many(tx, id, rows.invoices)?;
        receivable::insert_many(tx, id, receivables)?;
        hold::insert_many(tx, id, rows.holds)?;
        ledger::append_many(tx, id, writer.entries.iter().map(|entry| ledger_row(client_id, entry)))?;
        let content = self.terms_text(books);
        let terms_hash = sha256_hex(content.as_bytes());
        terms::insert_new(tx, id, &terms::Terms { hash: terms_hash.clone(), content })?;
        let carried_json = serde_json::to_string(&self.carried).map_err(AppError::fault)?;
        let head = writer.head();
        let closing = closing::Closing {
            client_id,
            period: period.clone(),
            closed_at: jiff::Timestamp::now(),
            carried_json,
            terms_hash,
            ledger_seq: head.seq,
            ledger_hash: head.hash.clone(),
        };
        closing::insert(tx, id, &closing)?;
        for (entry, revision) in &self.taken.rows {
            time_entry::mark_late_billed(tx, id, entry, *revision, &period)?;
        }
        for hold_id in &self.taken.holds {
            hold::mark_billed(tx, id, client_id, hold_id, &period)?;
        }
        Ok(())
    }

    fn invoice(&self, billed: &Statement, number: i64, today: Date, payment_days: u32) -> invoice::Invoice {
        let agreements = self.client.client.agreements.as_slice();
        let agreement = agreements.iter().find(|agreement| Some(&agreement.name) == billed.agreement.as_ref());
        let from = due_from(agreement, self.period).date().max(today);
        invoice::Invoice {
            number,
            client_id: self.client_id,
            period: self.period.to_string(),
            agreement: billed.agreement.clone().unwrap_or_default(),
            issued_on: today,
            due_on: add_days(from, payment_days),
            currency: billed.currency.code().to_owned(),
            net: billed.net,
            tax: billed.tax,
            total: billed.total,
            body_json: "{}".to_owned(),
        }
    }

    fn terms_text(&self, books: &StoredBooks) -> String {
        let names = self.client.client.agreements.as_slice().iter().map(|agreement| agreement.name.clone());
        let agreements: BTreeMap<String, String> =
            names.filter_map(|name| Some((name.clone(), books.agreement_texts.get(&name)?.clone()))).collect();
        let text = TermsText { provider: books.provider_text.clone(), agreements };
        serde_json::to_string(&text).unwrap_or_default()
    }

    /// The held parts of a statement.
    fn held(&self, billed: &Statement) -> Vec<Held> {
        let of = |entries: &[TimeEntry], part: &Part| {
            let Fate::Held(price) = part.fate else { return None };
            let entry = entries.get(usize::try_from(part.entry).ok()?)?;
            let (tier, work_type) = (self.words.name(entry.tier).to_owned(), self.words.name(entry.work_type).to_owned());
            let part = HeldPart { tier, work_type, band: part.band, hourly: price.hourly, seconds: part.seconds };
            Some(Held { entry: entry.id.to_string(), part })
        };
        let own = billed.parts.iter().filter_map(|part| of(self.entries, part));
        let late = billed.late.iter().flat_map(|late| late.parts.iter().filter_map(|part| of(&late.entries, part)));
        own.chain(late).collect()
    }
}

#[derive(Default)]
struct Rows {
    statements: Vec<statement::Statement>,
    invoices: Vec<invoice::Invoice>,
    holds: Vec<hold::Hold>,
}

/// What the audit log keeps of an issue.
#[derive(Serialize)]
struct Record {
    statements: usize,
    invoices: Vec<String>,
    holds: usize,
}

impl Record {
    fn of(rows: &Rows) -> Self {
        let invoices = rows.invoices.iter().map(|row| number_text(row.number)).collect();
        Self { statements: rows.statements.len(), invoices, holds: rows.holds.len() }
    }
}

struct Held {
    entry: String,
    part: HeldPart,
}

impl Held {
    fn row(self, client_id: Uuid, hold_id: String, period: Period, agreement: &str) -> Result<hold::Hold, AppError> {
        let body_json = serde_json::to_string(&self.part).map_err(AppError::fault)?;
        Ok(hold::Hold {
            client_id,
            hold_id,
            period: period.to_string(),
            agreement: agreement.to_owned(),
            entry_id: self.entry,
            state: "held".to_owned(),
            decided_by: None,
            decided_at: None,
            reason: None,
            body_json,
            billed_in: None,
        })
    }
}

fn receivable_of(row: &invoice::Invoice) -> receivable::Receivable {
    receivable::Receivable {
        number: row.number,
        client_id: row.client_id,
        issued_on: row.issued_on,
        due_on: row.due_on,
        currency: row.currency.clone(),
        total: row.total,
        paid: 0,
        credited: 0,
        is_open: row.total != 0,
        sent_at: None,
        sent_by: None,
    }
}

fn head(tx: &mut Tx, books: &StoredBooks, client_id: Uuid) -> Result<LedgerHead, AppError> {
    let last = ledger::find_head(tx, books.provider_id, client_id)?;
    Ok(last.map_or_else(LedgerHead::default, |row| LedgerHead { seq: row.seq, hash: row.hash }))
}

fn ledger_row(client_id: Uuid, entry: &quarterhour_billing::ledger::LedgerEntry) -> ledger::LedgerEntry {
    let record = read_record(&entry.fields);
    ledger::LedgerEntry {
        client_id,
        seq: entry.seq,
        fields: entry.fields.clone(),
        kind: record.as_ref().map(|record| record.kind.clone()).unwrap_or_default(),
        period: record.map(|record| record.period).unwrap_or_default(),
        hash: entry.hash.clone(),
        prev_hash: entry.prev_hash.clone(),
    }
}
