//! Checks a whole database: every chain, every statement against it, every invoice against its statement.

use std::collections::{HashMap, HashSet};

use quarterhour_billing::ledger::{LedgerChecker, LedgerHead, sha256_hex};
use quarterhour_store::statements::{closing, credit_note, invoice, ledger, payment, receivable, statement};
use quarterhour_store::{ProviderId, Store, Tx};
use uuid::Uuid;

use crate::app::bill_store::read_body;
use crate::app::proof::body_faults;
use crate::app::stored;
use crate::error::AppError;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Ledger entries checked.
    pub entries: usize,
    /// Statements checked.
    pub statements: usize,
    /// Invoices checked.
    pub invoices: usize,
    /// The head of each client's ledger.
    pub heads: Vec<(String, LedgerHead)>,
    /// What is wrong.
    pub faults: Vec<String>,
}

/// Checks a database; `done` is called after each client.
///
/// # Errors
///
/// Fails when the database cannot be read.
pub fn verify(store: &Store, done: impl Fn()) -> Result<Report, AppError> {
    store.read(|tx| {
        let books = stored::read(tx)?;
        let id = books.provider_id;
        let mut report = Report::default();
        let mut closings: HashMap<Uuid, Vec<closing::Closing>> = HashMap::new();
        for row in closing::list_all(tx, id)? {
            closings.entry(row.client_id).or_default().push(row);
        }
        let mut numbers = HashSet::new();
        let mut invoices: HashMap<(Uuid, String, String), invoice::Invoice> = HashMap::new();
        for row in invoice::list_all(tx, id)? {
            numbers.insert(row.number);
            invoices.insert((row.client_id, row.period.clone(), row.agreement.clone()), row);
        }
        report.invoices = invoices.len();
        for client_id in &books.client_ids {
            let code = books.code(*client_id);
            let mut checker = LedgerChecker::new(code);
            let mut hashes = HashMap::new();
            let mut broken = None;
            ledger::each_of_client(tx, id, *client_id, |row| {
                report.entries += 1;
                let entry = quarterhour_billing::ledger::LedgerEntry {
                    seq: row.seq,
                    prev_hash: row.prev_hash,
                    fields: row.fields,
                    hash: row.hash,
                };
                if broken.is_none() {
                    broken = checker.entry(&entry).err();
                    hashes.insert(entry.seq, entry.hash);
                }
                Ok::<(), AppError>(())
            })?;
            let mut faults: Vec<String> = broken.iter().map(ToString::to_string).collect();
            if broken.is_none() {
                let own = closings.remove(client_id).unwrap_or_default();
                faults.extend(closing_faults(&own, &checker, &hashes));
                let rows = statement::list_of_client(tx, id, *client_id)?;
                report.statements += rows.len();
                let in_ledger = checker.statements().count();
                if in_ledger != rows.len() {
                    faults.push(format!("the ledger has {in_ledger} statements, the database {}", rows.len()));
                }
                for row in &rows {
                    let Ok(body) = read_body(row) else {
                        faults.push(format!("the statement of {} cannot be read: its text was changed", row.period));
                        continue;
                    };
                    let hash = sha256_hex(row.body_json.as_bytes());
                    faults.extend(body_faults(&checker, &body, &row.period, &row.agreement, &hash));
                    let key = (*client_id, row.period.clone(), row.agreement.clone());
                    faults.extend(invoice_fault(&body.statement, invoices.remove(&key).as_ref()));
                }
            }
            report.faults.extend(faults.into_iter().map(|fault| format!("client {code}: {fault}")));
            report.heads.push((code.to_owned(), checker.head().clone()));
            done();
        }
        report.faults.extend(balance_faults(tx, id)?);
        let orphans = invoices.values().map(|row| format!("invoice {} has no statement", row.number));
        report.faults.extend(orphans);
        let last = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
        report
            .faults
            .extend((1..=last).find(|number| !numbers.contains(number)).map(|gap| format!("invoice number {gap} is missing")));
        Ok(report)
    })
}

/// The heads that closings recorded must be in the chain, the last one at its end.
fn closing_faults(own: &[closing::Closing], checker: &LedgerChecker, hashes: &HashMap<i64, String>) -> Vec<String> {
    let mut faults = Vec::new();
    for row in own.iter().filter(|row| row.ledger_seq > 0) {
        if hashes.get(&row.ledger_seq) != Some(&row.ledger_hash) {
            faults.push(format!(
                "the close of {} recorded entry {} with another hash, or the entry is gone",
                row.period, row.ledger_seq
            ));
        }
    }
    let last = own.iter().map(|row| row.ledger_seq).max().unwrap_or(0);
    if checker.head().seq != last {
        faults.push(format!(
            "the ledger has {} entries, its last close recorded {last}: entries were added or removed at the end",
            checker.head().seq
        ));
    }
    faults
}

/// The balances must be what invoices, payments and credit notes add up to, and no credit note may be missing.
fn balance_faults(tx: &mut Tx, id: ProviderId) -> Result<Vec<String>, AppError> {
    let mut faults = Vec::new();
    let (mut paid, mut credited): (HashMap<i64, i64>, HashMap<i64, i64>) = Default::default();
    for row in payment::list_all(tx, id)? {
        *paid.entry(row.number).or_default() += row.amount;
    }
    let notes = credit_note::list_all(tx, id)?;
    let numbers: HashSet<i64> = notes.iter().map(|note| note.credit_number).collect();
    for note in &notes {
        *credited.entry(note.number).or_default() += note.total;
    }
    for row in invoice::list_all(tx, id)? {
        let Some(receivable) = receivable::find(tx, id, row.number)? else {
            faults.push(format!("invoice {} has no balance", row.number));
            continue;
        };
        let of = |sums: &HashMap<i64, i64>| sums.get(&row.number).copied().unwrap_or(0);
        let (paid, credited) = (of(&paid), of(&credited));
        if (receivable.total, receivable.paid, receivable.credited) != (row.total, paid, credited) {
            faults.push(format!("invoice {} has another balance than its payments and credit notes add up to", row.number));
        }
        if credited > row.total.max(0) {
            faults.push(format!("invoice {} was credited with more than it came to", row.number));
        }
    }
    let last = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
    let gap = (1..=last).find(|number| !numbers.contains(number));
    faults.extend(gap.map(|gap| format!("credit note number {gap} is missing")));
    Ok(faults)
}

fn invoice_fault(report: &quarterhour_billing::StatementReport, row: Option<&invoice::Invoice>) -> Option<String> {
    let plain = |amount: &str| amount.replace('.', "").parse::<i64>().ok();
    match row {
        None if report.lines.is_empty() => None,
        None => Some("a statement with lines has no invoice".to_owned()),
        Some(row) if plain(&report.total) != Some(row.total) || plain(&report.net) != Some(row.net) => {
            Some(format!("invoice {} has another amount than its statement", row.number))
        }
        Some(_) => None,
    }
}
