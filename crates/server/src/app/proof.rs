//! A proof: one issued statement with the client's whole ledger, to be checked by anyone, offline.

use quarterhour_billing::ledger::{LedgerChecker, LedgerEntry, LedgerHead, STATEMENT_KIND, read_record, sha256_hex};
use quarterhour_store::statements::{client, ledger, statement};
use quarterhour_store::{Store, Tx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::body::StatementBody;
use crate::app::stored;
use crate::error::AppError;

/// The file that a client gets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The form of this file.
    pub form: String,
    /// How to check it.
    pub read_me: String,
    /// The client's code.
    pub client: String,
    /// The period.
    pub period: String,
    /// The statements of the period: agreement and the exact text whose hash the ledger has.
    pub statements: Vec<ProvenStatement>,
    /// The client's ledger from its first entry.
    pub ledger: Vec<LedgerEntry>,
    /// Its end: compare it with the head that the provider published.
    pub head: LedgerHead,
}

/// A statement of a proof.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenStatement {
    /// The agreement; empty for work without one.
    pub agreement: String,
    /// The statement's text.
    pub text: String,
}

const FORM: &str = "quarterhour-proof-1";
const READ_ME: &str = "Check with `quarterhour verify FILE --head HASH`, or by hand: docs/reference/ledger.md describes the hashes.";

/// Makes the proof of a client's issued period.
///
/// # Errors
///
/// Fails when there is no such client, or the period is not issued.
pub fn make(store: &Store, code: &str, period: quarterhour_billing::Period) -> Result<Proof, AppError> {
    store.read(|tx| {
        let provider = stored::provider(tx)?.provider_id;
        let known = client::find_by_code(tx, provider, code)?;
        let known = known.ok_or_else(|| AppError::user(format!("there is no client `{code}`"), "the codes are in clients.csv"))?;
        let rows = statement::list_of_client(tx, provider, known.client_id)?;
        let statements: Vec<ProvenStatement> = (rows.into_iter().filter(|row| row.period == period.to_string()))
            .map(|row| ProvenStatement { agreement: row.agreement, text: row.body_json })
            .collect();
        if statements.is_empty() {
            let message = format!("client {code} has no issued statement of {period}");
            return Err(AppError::user(message, format!("issue it first: quarterhour bill {period} --issue")));
        }
        let ledger = read_ledger(tx, provider, known.client_id)?;
        let head = ledger.last().map_or_else(LedgerHead::default, |last| LedgerHead { seq: last.seq, hash: last.hash.clone() });
        let (form, read_me) = (FORM.to_owned(), READ_ME.to_owned());
        Ok(Proof { form, read_me, client: code.to_owned(), period: period.to_string(), statements, ledger, head })
    })
}

impl crate::app::context::Context {
    /// The head of each client's ledger, by code: the number of entries and the hash of the last.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn ledger_heads(&self) -> Result<Vec<(String, i64, String)>, AppError> {
        let books = self.books()?;
        let rows = self.store.read(|tx| ledger::list_heads(tx, books.provider_id))?;
        let mut heads: Vec<_> = rows.into_iter().map(|row| (books.code(row.client_id).to_owned(), row.seq, row.hash)).collect();
        heads.sort();
        Ok(heads)
    }
}

/// A client's ledger, in order.
///
/// # Errors
///
/// Fails when the database does.
pub fn read_ledger(tx: &mut Tx, provider: quarterhour_store::ProviderId, client_id: Uuid) -> Result<Vec<LedgerEntry>, AppError> {
    let mut entries = Vec::new();
    ledger::each_of_client(tx, provider, client_id, |row| {
        entries.push(LedgerEntry { seq: row.seq, prev_hash: row.prev_hash, fields: row.fields, hash: row.hash });
        Ok::<(), AppError>(())
    })?;
    Ok(entries)
}

/// Reads a proof.
///
/// # Errors
///
/// Says what is no proof about it.
pub fn read(text: &[u8]) -> Result<Proof, AppError> {
    let hint = "expected a file that `quarterhour statement CLIENT PERIOD --proof FILE` wrote";
    let proof: Proof = serde_json::from_slice(text).map_err(|error| AppError::user(format!("not a proof: {error}"), hint))?;
    if proof.form == FORM { Ok(proof) } else { Err(AppError::user(format!("not a proof of the form {FORM}"), hint)) }
}

/// Checks a proof; returns what is wrong with it.
pub fn faults(proof: &Proof, head: Option<&str>) -> Vec<String> {
    let mut checker = LedgerChecker::new(&proof.client);
    let mut faults = Vec::new();
    for entry in &proof.ledger {
        if let Err(fault) = checker.entry(entry) {
            faults.push(fault.to_string());
            return faults;
        }
    }
    faults.extend(checker.end(&proof.head).err().map(|fault| fault.to_string()));
    faults.extend(head.and_then(|head| head_fault(proof, head)));
    for proven in &proof.statements {
        match serde_json::from_str::<StatementBody>(&proven.text) {
            Ok(body) => {
                let hash = sha256_hex(proven.text.as_bytes());
                faults.extend(body_faults(&checker, &body, &proof.period, &proven.agreement, &hash));
            }
            Err(error) => faults.push(format!("the statement's text cannot be read: {error}")),
        }
    }
    let in_ledger = checker.statements().filter(|(period, _)| *period == proof.period).count();
    if proof.statements.is_empty() || proof.statements.len() != in_ledger {
        faults.push(format!("the proof holds {} statements of {}, the ledger {in_ledger}", proof.statements.len(), proof.period));
    }
    faults
}

/// The published head must be in the ledger, behind the statements: it vouches for nothing that follows it.
fn head_fault(proof: &Proof, head: &str) -> Option<String> {
    let Some(position) = proof.ledger.iter().position(|entry| entry.hash == head) else {
        return Some(format!("the published head {head} is not in this ledger, which ends with {}", proof.head.hash));
    };
    let behind = proof.ledger.iter().skip(position + 1).filter_map(|entry| read_record(&entry.fields));
    let newer = behind.into_iter().any(|record| record.kind == STATEMENT_KIND && record.period == proof.period);
    newer.then(|| format!("the published head {head} is older than the statement of {}: it takes a newer one", proof.period))
}

/// What a statement says other than the ledger.
pub fn body_faults(checker: &LedgerChecker, body: &StatementBody, period: &str, agreement: &str, hash: &str) -> Option<String> {
    let own = (body.period.to_string(), body.statement.agreement.as_deref().unwrap_or(""));
    if (own.0.as_str(), own.1) != (period, agreement) {
        return Some(format!("the statement is of {} and not of {period}", own.0));
    }
    let time = &body.statement.time;
    if time.available() != time.used + time.forfeited + time.closing {
        return Some(format!("the statement of {period} does not add up"));
    }
    checker.statement(period, agreement, time, hash).err().map(|fault| fault.to_string())
}
