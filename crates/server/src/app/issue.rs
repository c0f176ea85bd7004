//! Issues a period: one transaction a client, in order of their codes, so that an interrupted run goes on
//! where it stopped and two runs at once issue everything once.

use std::collections::BTreeMap;

use jiff::civil::Date;
use quarterhour_billing::ledger::{LedgerHead, LedgerWriter, read_record, sha256_hex};
use quarterhour_billing::{Carried, Fate, Part, Period, Statement, TimeEntry, Words, due_from};
use quarterhour_books::BookClient;
use quarterhour_store::statements::{closing, counter, hold, invoice, ledger, statement, terms, time_entry};
use quarterhour_store::{Store, Tx};
use rayon::prelude::*;
use uuid::Uuid;

use crate::app::body::Freezer;
use crate::app::open_books::{self, ClientBooks, HeldPart, OpenBooks, Taken, TermsText};
use crate::app::output::add_days;
use crate::app::run::bill_open_periods;
use crate::app::stored::{self, BOOKS_VERSION, StoredBooks};
use crate::error::AppError;

const INVOICES: &str = "invoice";
const HOLDS: &str = "hold";

/// What an issue did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Issued {
    /// Clients whose period was closed.
    pub clients: usize,
    /// Clients whose period had been closed before.
    pub before: usize,
    /// Invoices written.
    pub invoices: usize,
}

/// Issues one period for all clients, or for these.
///
/// # Errors
///
/// Fails for a client with earlier periods that are not issued, before anything is written.
pub fn issue(store: &Store, period: Period, codes: &[String], today: Date, done: impl Fn(u64)) -> Result<Issued, AppError> {
    let (books, open) = store.read(|tx| {
        let books = stored::read(tx)?;
        crate::app::bill_books::check_codes(&books.setup, codes)?;
        let open = open_books::read(tx, &books, period, None)?;
        Ok::<_, AppError>((books, open))
    })?;
    let wanted = |position: usize| {
        let code = books.setup.clients.get(position).map(|client| &client.row.code);
        codes.is_empty() || code.is_some_and(|code| codes.contains(code))
    };
    let positions: Vec<usize> = (0..books.client_ids.len()).filter(|position| wanted(*position)).collect();
    let pending: Result<Vec<Option<Pending<'_>>>, AppError> =
        positions.par_iter().map(|position| Pending::bill(&books, &open, *position, period)).collect();
    let mut issued = Issued::default();
    for pending in pending? {
        match pending {
            Some(pending) => {
                let written = store.write(|tx| pending.write(tx, &books, &open, today))?;
                issued.clients += usize::from(written.is_some());
                issued.before += usize::from(written.is_none());
                issued.invoices += written.unwrap_or(0);
            }
            None => issued.before += 1,
        }
        done(1);
    }
    Ok(issued)
}

/// A client's period, billed and not yet written.
struct Pending<'a> {
    position: usize,
    period: Period,
    client: &'a BookClient,
    statements: Vec<Statement>,
    entries: &'a [TimeEntry],
    carried: Carried,
    taken: &'a Taken,
}

impl<'a> Pending<'a> {
    /// Bills a client's period; nothing when it is issued already.
    fn bill(books: &'a StoredBooks, open: &'a OpenBooks, position: usize, period: Period) -> Result<Option<Self>, AppError> {
        let Some(own) = open.clients.get(position) else { return Ok(None) };
        let Some(ready) = own.open(books, position).filter(|ready| ready.first_open.is_none_or(|first| first <= period)) else {
            return Ok(None);
        };
        let ClientBooks { taken, .. } = own;
        let mut pending = Self {
            position,
            period,
            client: ready.client,
            statements: Vec::new(),
            entries: &[],
            carried: ready.carried.clone(),
            taken,
        };
        let mut skipped = None;
        bill_open_periods(&books.setup.provider.terms, &open.words, ready, period, |billed| {
            if billed.period < period && !billed.statements.is_empty() {
                skipped.get_or_insert(billed.period);
            }
            pending.statements = billed.statements;
            pending.entries = billed.entries;
            pending.carried = billed.carried.clone();
        })?;
        match skipped {
            Some(earlier) => {
                let message = format!("client {}: {earlier} is not issued yet", pending.client.row.code);
                Err(AppError::user(message, format!("issue the earlier periods first: bill {earlier}..{period} --issue")))
            }
            None => Ok(Some(pending)),
        }
    }

    /// Writes it all; nothing when another run was faster. Returns the number of invoices.
    fn write(&self, tx: &mut Tx, books: &StoredBooks, open: &OpenBooks, today: Date) -> Result<Option<usize>, AppError> {
        let id = books.provider_id;
        counter::lock_provider(tx, id)?;
        let client_id = books.client_ids.get(self.position).copied().unwrap_or_default();
        if closing::find(tx, id, client_id, &self.period.to_string())?.is_some() {
            return Ok(None);
        }
        if counter::find_last_number(tx, id, BOOKS_VERSION)?.unwrap_or(0) != books.version {
            let message = "the books changed while the run was going on; what was issued so far stays";
            return Err(AppError::user(message, "run the command again: it goes on with the new books"));
        }
        let freezer = Freezer { setup: &books.setup, words: &open.words, details: &open.details };
        let mut writer = LedgerWriter::new(&self.client.row.code, &self.client.client.clock, head(tx, books, client_id)?);
        let mut rows = Rows::default();
        for billed in &self.statements {
            let body = freezer.freeze(self.client, billed, self.entries);
            let text = serde_json::to_string(&body).map_err(|error| AppError::user(error.to_string(), "please report it"))?;
            let sha256 = sha256_hex(text.as_bytes());
            writer.statement(billed, self.entries, &sha256);
            let agreement = billed.agreement.clone().unwrap_or_default();
            if !billed.lines.is_empty() {
                let number = counter::next_number(tx, id, INVOICES)?;
                rows.invoices.push(self.invoice(billed, client_id, number, today, &body.payment_days));
            }
            for held in self.held(billed, &open.words) {
                let hold_id = counter::next_number(tx, id, HOLDS)?.to_string();
                rows.holds.push(held.row(client_id, hold_id, self.period, &agreement)?);
            }
            let (period, body_json) = (self.period.to_string(), text);
            rows.statements.push(statement::Statement { client_id, period, agreement, body_json, sha256 });
        }
        let invoices = rows.invoices.len();
        self.write_rows(tx, books, client_id, rows, &writer)?;
        Ok(Some(invoices))
    }

    fn write_rows(
        &self,
        tx: &mut Tx,
        books: &StoredBooks,
        client_id: Uuid,
        rows: Rows,
        writer: &LedgerWriter<'_>,
    ) -> Result<(), AppError> {
        let (id, period) = (books.provider_id, self.period.to_string());
        statement::insert_many(tx, id, rows.statements)?;
        invoice::insert_many(tx, id, rows.invoices)?;
        hold::insert_many(tx, id, rows.holds)?;
        ledger::append_many(tx, id, writer.entries.iter().map(|entry| ledger_row(client_id, entry)))?;
        let content = self.terms_text(books);
        let terms_hash = sha256_hex(content.as_bytes());
        terms::insert_new(tx, id, &terms::Terms { hash: terms_hash.clone(), content })?;
        let carried_json =
            serde_json::to_string(&self.carried).map_err(|error| AppError::user(error.to_string(), "please report it"))?;
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

    fn invoice(&self, billed: &Statement, client_id: Uuid, number: i64, today: Date, payment_days: &u32) -> invoice::Invoice {
        let agreements = self.client.client.agreements.as_slice();
        let agreement = agreements.iter().find(|agreement| Some(&agreement.name) == billed.agreement.as_ref());
        let from = due_from(agreement, self.period).date().max(today);
        invoice::Invoice {
            number,
            client_id,
            period: self.period.to_string(),
            agreement: billed.agreement.clone().unwrap_or_default(),
            issued_on: today,
            due_on: add_days(from, *payment_days),
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
    fn held(&self, billed: &Statement, words: &Words) -> Vec<Held> {
        let of = |entries: &[TimeEntry], part: &Part| {
            let Fate::Held(price) = part.fate else { return None };
            let entry = entries.get(usize::try_from(part.entry).ok()?)?;
            let (tier, work_type) = (words.name(entry.tier).to_owned(), words.name(entry.work_type).to_owned());
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

struct Held {
    entry: String,
    part: HeldPart,
}

impl Held {
    fn row(self, client_id: Uuid, hold_id: String, period: Period, agreement: &str) -> Result<hold::Hold, AppError> {
        let body_json = serde_json::to_string(&self.part).map_err(|error| AppError::user(error.to_string(), "please report it"))?;
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
