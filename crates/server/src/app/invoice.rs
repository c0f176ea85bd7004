//! Invoices with what became of them: found, listed, opened, with payments, credit notes and activity. Issued is immutable.

use jiff::civil::Date;
use quarterhour_billing::Currency;
use quarterhour_store::statements::{audit, credit_note, invoice, payment, receivable};
use quarterhour_store::{ProviderId, Tx};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::body::StatementBody;
use crate::app::context::Context;
use crate::app::credit_note::invoice_body;
use crate::app::paper::number_text;
use crate::app::payment::{balance, currency_of, load};
use crate::app::stored::StoredBooks;
use crate::error::AppError;

/// Invoices on a page of the list.
const PAGE: usize = 50;
/// Receivables read at a time while a list is filtered.
const CHUNK: i64 = 500;
/// What the activity of an invoice shows.
const ACTIVITY_MAX: i64 = 50;

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Something is left to pay and not due.
    Open,
    /// Something is left to pay, so many days past due.
    Overdue(i64),
    /// Settled by payments, alone or with credit.
    Paid,
    /// Settled by credit alone.
    Credited,
    /// Too much was paid, or the invoice itself is in the client's favour.
    InCredit,
    /// It comes to nothing.
    Nothing,
}

impl Standing {
    /// Where a receivable stands on a day.
    #[must_use]
    pub fn of(row: &receivable::Receivable, today: Date) -> Self {
        match balance(row) {
            left if left > 0 => match days_past(row.due_on, today) {
                days if days > 0 => Self::Overdue(days),
                _ => Self::Open,
            },
            left if left < 0 => Self::InCredit,
            _ if row.total == 0 => Self::Nothing,
            _ if row.credited == row.total => Self::Credited,
            _ => Self::Paid,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Overdue(_) => "overdue",
            Self::Paid => "paid",
            Self::Credited => "credited",
            Self::InCredit => "in-credit",
            Self::Nothing => "nothing",
        }
    }
}

/// Days from a due day until today; below zero before it.
#[must_use]
pub fn days_past(due_on: Date, today: Date) -> i64 {
    due_on.until(today).map_or(0, |span| i64::from(span.get_days()))
}

/// Which invoices are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvoiceFilter {
    /// A standing's name; empty: all.
    pub state: String,
    /// A client's code; empty: all.
    pub client: String,
    /// A number or the end of one, or part of a client's name; empty: all.
    pub search: String,
    /// Only those before this number: the next page.
    pub before: Option<i64>,
}

/// An invoice of the list.
#[derive(Clone, Debug)]
pub struct InvoiceRow {
    /// What was issued.
    pub invoice: invoice::Invoice,
    /// What is left to receive.
    pub receivable: receivable::Receivable,
    /// The client's code.
    pub code: String,
    /// The client's name.
    pub name: String,
    /// The currency.
    pub currency: Currency,
    /// Where it stands.
    pub standing: Standing,
}

impl InvoiceRow {
    /// The number as it is printed.
    #[must_use]
    pub fn number(&self) -> String {
        number_text(self.invoice.number)
    }

    /// What is left to pay.
    #[must_use]
    pub fn balance(&self) -> i64 {
        balance(&self.receivable)
    }
}

/// A page of the list.
#[derive(Clone, Debug, Default)]
pub struct InvoicePage {
    /// The newest first.
    pub rows: Vec<InvoiceRow>,
    /// The number to go on before; none at the end.
    pub next: Option<i64>,
}

/// An invoice with everything around it.
#[derive(Clone, Debug)]
pub struct InvoiceView {
    /// What was issued, and where it stands.
    pub row: InvoiceRow,
    /// The statement behind it.
    pub body: StatementBody,
    /// Payments, in order.
    pub payments: Vec<payment::Payment>,
    /// Credit notes, in order.
    pub credit_notes: Vec<credit_note::CreditNote>,
    /// What was done to it, the latest first.
    pub activity: Vec<audit::AuditEntry>,
}

/// The provider's people see every client's papers; a client's people their own, and of others not even whether they exist.
///
/// # Errors
///
/// Refuses as if there were nothing.
pub fn may_see(actor: &Actor, client_id: Uuid, what: &str) -> Result<(), AppError> {
    let own = actor.client_id == Some(client_id) && actor.may(Permission::SeeOwnAccount);
    if own || actor.may(Permission::SeeBilling) { Ok(()) } else { Err(AppError::not_found(what)) }
}

/// Reads a number as people write it: `INV-000012`, `000012`, `12`.
#[must_use]
pub fn read_number(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix("INV-").or_else(|| text.strip_prefix("inv-")).unwrap_or(text);
    digits.parse().ok().filter(|number| *number > 0)
}

impl Context {
    /// A page of invoices, the newest first. A client's people see their own.
    ///
    /// # Errors
    ///
    /// Fails for an unknown client.
    pub fn invoices(&self, actor: &Actor, filter: &InvoiceFilter) -> Result<InvoicePage, AppError> {
        let books = self.books()?;
        let client_id = match actor.client_id {
            Some(own) => Some(own).filter(|_| actor.may(Permission::SeeOwnAccount)).ok_or(AppError::SignedOut).map(Some)?,
            None => {
                actor.require(Permission::SeeBilling)?;
                Some(filter.client.trim()).filter(|code| !code.is_empty()).map(|code| self.client_by_code(code)).transpose()?
            }
        };
        let today = self.today();
        let wanted = |row: &receivable::Receivable| {
            let before = filter.before.is_none_or(|before| row.number < before);
            let state = filter.state.is_empty() || matches_state(Standing::of(row, today), &filter.state);
            before && state && matches_search(row, &books, &filter.search)
        };
        self.store.read(|tx| {
            let mut found = match client_id {
                Some(client_id) => newest(receivable::list_of_client(tx, actor.provider, client_id)?, wanted),
                None if matches!(filter.state.as_str(), "open" | "overdue" | "in-credit") => {
                    newest(receivable::list_open(tx, actor.provider)?, wanted)
                }
                None => scan(tx, actor.provider, filter.before, wanted)?,
            };
            let next = (found.len() > PAGE).then(|| found.get(PAGE - 1).map(|row| row.number)).flatten();
            found.truncate(PAGE);
            let rows = found.into_iter().map(|row| invoice_row(tx, actor.provider, &books, row, today));
            Ok(InvoicePage { rows: rows.collect::<Result<_, AppError>>()?, next })
        })
    }

    /// An invoice with its payments, credit notes and activity.
    ///
    /// # Errors
    ///
    /// Fails for an unknown number and, for a client's people, for another client's.
    pub fn invoice(&self, actor: &Actor, number: i64) -> Result<InvoiceView, AppError> {
        let books = self.books()?;
        let today = self.today();
        self.store.read(|tx| {
            let provider = actor.provider;
            let row = load(tx, provider, number)?;
            may_see(actor, row.client_id, "invoice")?;
            let row = invoice_row(tx, provider, &books, row, today)?;
            let body = invoice_body(tx, provider, &row.invoice)?;
            let payments = payment::list_of_invoice(tx, provider, number)?;
            let credit_notes = credit_note::list_of_invoice(tx, provider, number)?;
            let activity = activity(tx, provider, &row, &payments, &credit_notes)?;
            Ok(InvoiceView { row, body, payments, credit_notes, activity })
        })
    }
}

fn matches_state(standing: Standing, state: &str) -> bool {
    // What is overdue is open too.
    standing.name() == state || (state == "open" && matches!(standing, Standing::Overdue(_)))
}

fn matches_search(row: &receivable::Receivable, books: &StoredBooks, search: &str) -> bool {
    let search = search.trim().to_lowercase();
    if search.is_empty() {
        return true;
    }
    let digits = search.trim_start_matches("inv-").trim_start_matches('0');
    if !digits.is_empty() && digits.chars().all(|letter| letter.is_ascii_digit()) && row.number.to_string().contains(digits) {
        return true;
    }
    let client = books.positions.get(&row.client_id).and_then(|position| books.setup.clients.get(*position));
    client.is_some_and(|client| {
        client.row.code.to_lowercase().contains(&search) || client.row.field("name").to_lowercase().contains(&search)
    })
}

/// The wanted ones, the newest first, one more than a page has.
fn newest(mut rows: Vec<receivable::Receivable>, wanted: impl Fn(&receivable::Receivable) -> bool) -> Vec<receivable::Receivable> {
    rows.retain(wanted);
    rows.sort_by_key(|row| std::cmp::Reverse(row.number));
    rows.truncate(PAGE + 1);
    rows
}

fn scan(
    tx: &mut Tx,
    provider: ProviderId,
    mut before: Option<i64>,
    wanted: impl Fn(&receivable::Receivable) -> bool,
) -> Result<Vec<receivable::Receivable>, AppError> {
    let mut found = Vec::new();
    let mut limit = i64::try_from(PAGE + 1).unwrap_or(CHUNK);
    loop {
        let rows = receivable::list_page(tx, provider, before, limit)?;
        let is_last = i64::try_from(rows.len()).unwrap_or(0) < limit;
        before = rows.last().map(|row| row.number);
        found.extend(rows.into_iter().filter(&wanted));
        if is_last || found.len() > PAGE {
            found.truncate(PAGE + 1);
            return Ok(found);
        }
        limit = CHUNK;
    }
}

fn invoice_row(
    tx: &mut Tx,
    provider: ProviderId,
    books: &StoredBooks,
    receivable: receivable::Receivable,
    today: Date,
) -> Result<InvoiceRow, AppError> {
    let invoice = invoice::find_by_number(tx, provider, receivable.number)?.ok_or_else(|| AppError::not_found("invoice"))?;
    let client = books.positions.get(&receivable.client_id).and_then(|position| books.setup.clients.get(*position));
    Ok(InvoiceRow {
        code: client.map(|client| client.row.code.clone()).unwrap_or_default(),
        name: client.map(|client| client.row.field("name").to_owned()).unwrap_or_default(),
        currency: currency_of(&invoice.currency)?,
        standing: Standing::of(&receivable, today),
        invoice,
        receivable,
    })
}

/// What the audit log has of an invoice, its payments and its credit notes.
fn activity(
    tx: &mut Tx,
    provider: ProviderId,
    row: &InvoiceRow,
    payments: &[payment::Payment],
    notes: &[credit_note::CreditNote],
) -> Result<Vec<audit::AuditEntry>, AppError> {
    let mut subjects = vec![("invoice", row.number())];
    subjects.extend(payments.iter().map(|payment| ("payment", payment.payment_id.to_string())));
    subjects.extend(notes.iter().map(|note| ("credit note", crate::app::credit_note::credit_number_text(note.credit_number))));
    let mut entries = Vec::new();
    for (kind, id) in subjects {
        entries.extend(audit::list_of_subject(tx, provider, kind, &id, ACTIVITY_MAX)?);
    }
    let issued = audit::list_of_subject(tx, provider, "period", &row.invoice.period, i64::MAX)?;
    entries.extend(issued.into_iter().filter(|entry| entry.client_id == Some(row.invoice.client_id)));
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.audit_id)));
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receivable(total: i64, paid: i64, credited: i64) -> receivable::Receivable {
        let (issued_on, due_on) = (jiff::civil::date(2026, 6, 1), jiff::civil::date(2026, 6, 15));
        let (number, client_id, currency) = (1, Uuid::nil(), "USD".to_owned());
        let is_open = total != paid + credited;
        let (sent_at, sent_by) = (None, None);
        receivable::Receivable { number, client_id, issued_on, due_on, currency, total, paid, credited, is_open, sent_at, sent_by }
    }

    #[test]
    fn an_invoice_stands_where_its_balance_says() {
        let on = |day| jiff::civil::date(2026, 6, day);
        assert_eq!(Standing::of(&receivable(100, 0, 0), on(15)), Standing::Open);
        assert_eq!(Standing::of(&receivable(100, 40, 0), on(16)), Standing::Overdue(1));
        assert_eq!(Standing::of(&receivable(100, 60, 40), on(30)), Standing::Paid);
        assert_eq!(Standing::of(&receivable(100, 0, 100), on(30)), Standing::Credited);
        assert_eq!(Standing::of(&receivable(100, 120, 0), on(30)), Standing::InCredit);
        assert_eq!(Standing::of(&receivable(0, 0, 0), on(30)), Standing::Nothing);
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(read_number("INV-000012"), Some(12));
        assert_eq!(read_number(" 12 "), Some(12));
        assert_eq!(read_number("inv-7"), Some(7));
        assert_eq!(read_number("-7"), None);
        assert_eq!(read_number("acme"), None);
    }
}
