//! The hour ledger: heads to publish, proofs to hand out, and a check of everything.

use axum::extract::State;
use quarterhour_billing::Period;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::answer::{All, Answer};
use crate::api::endpoints::{Endpoints, named};
use crate::api::extract::{Caller, Segment};
use crate::api::problem::Problem;
use crate::api::words::period;
use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::{proof, verify};
use crate::error::AppError;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let bill = Access::May(Permission::SeeBilling);
    Endpoints::of("Ledger", "The append-only record of hours, by which a client can check a statement offline.")
        .get("/ledger/heads", bill, named("listLedgerHeads", "List the head of each client's ledger"), heads)
        .get(
            "/ledger/verification",
            bill,
            named("verifyLedger", "Check every chain, statement and invoice of the database"),
            verification,
        )
        .get("/clients/{client}/proofs/{period}", bill, named("getProof", "Read the proof of an issued period"), show)
}

/// The end of a client's ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerHead {
    /// The client's code.
    client: String,
    /// The number of entries.
    seq: i64,
    /// The hash of the last one.
    hash: String,
}

/// What a check found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Verification {
    /// Is everything right?
    sound: bool,
    /// Ledger entries checked.
    entries: usize,
    /// Statements checked.
    statements: usize,
    /// Invoices checked.
    invoices: usize,
    /// What is wrong.
    faults: Vec<String>,
    /// The head of each client's ledger.
    heads: Vec<LedgerHead>,
}

async fn heads(State(app): State<App>, _: Caller) -> Result<All<LedgerHead>, Problem> {
    let heads = app.run(|app| app.ledger_heads()).await?;
    Ok(All(heads.into_iter().map(|(client, seq, hash)| LedgerHead { client, seq, hash }).collect()))
}

async fn verification(State(app): State<App>, _: Caller) -> Result<Answer<Verification>, Problem> {
    let report = app.run(|app| verify::verify(&app.store, || ())).await?;
    let heads = report.heads.into_iter().map(|(client, head)| LedgerHead { client, seq: head.seq, hash: head.hash });
    Ok(Answer(Verification {
        sound: report.faults.is_empty(),
        entries: report.entries,
        statements: report.statements,
        invoices: report.invoices,
        faults: report.faults,
        heads: heads.collect(),
    }))
}

/// A file by which anybody can check a client's period, offline: `quarterhour verify FILE --head HASH`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Proof {
    /// The form of this file.
    form: String,
    /// How to check it.
    read_me: String,
    client: String,
    period: String,
    /// The statements: agreement and the exact text whose hash the ledger has.
    statements: Vec<ProvenStatement>,
    /// The client's ledger from its first entry.
    ledger: Vec<LedgerEntry>,
    /// Its end.
    head: ProofHead,
}

/// A statement of a proof.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProvenStatement {
    agreement: String,
    text: String,
}

/// An entry of the ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerEntry {
    seq: i64,
    prev_hash: String,
    fields: String,
    hash: String,
}

/// The end of the ledger of a proof.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProofHead {
    seq: i64,
    hash: String,
}

impl Proof {
    /// The proof of a client's period.
    ///
    /// # Errors
    ///
    /// Fails when the period is not issued.
    pub fn make(app: &App, code: &str, of: Period) -> Result<Self, AppError> {
        let made = proof::make(&app.store, code, of).map_err(|error| match error {
            AppError::User { .. } => AppError::not_found(format!("issued statement of {of}")),
            other => other,
        })?;
        let ledger = made.ledger.into_iter();
        Ok(Self {
            form: made.form,
            read_me: made.read_me,
            client: made.client,
            period: made.period,
            statements: made.statements.into_iter().map(|it| ProvenStatement { agreement: it.agreement, text: it.text }).collect(),
            ledger: ledger.map(|it| LedgerEntry { seq: it.seq, prev_hash: it.prev_hash, fields: it.fields, hash: it.hash }).collect(),
            head: ProofHead { seq: made.head.seq, hash: made.head.hash },
        })
    }
}

async fn show(State(app): State<App>, _: Caller, Segment((client, of)): Segment<(String, String)>) -> Result<Answer<Proof>, Problem> {
    let of = period("period", &of).map_err(|_| Problem::not_found("period of this name"))?;
    Ok(Answer(
        app.run(move |app| {
            app.client_by_code(&client)?;
            Proof::make(app, &client, of)
        })
        .await?,
    ))
}
