//! A client's people and their own account. The client is always the caller's own: no id of a request says which.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::answer::{Answer, Created, Listed};
use crate::api::billing::{self, Invoice, page_of};
use crate::api::client::ClientMonth;
use crate::api::desk::{Question, newest_question};
use crate::api::device::{Device, DeviceFilter};
use crate::api::endpoints::{Endpoints, PREFIX, named};
use crate::api::extract::{Body, Caller, Params, Segment};
use crate::api::held::{self, Held, Reason};
use crate::api::ledger::Proof;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::statement::{StatementInList, StatementsOfPeriod, in_pages};
use crate::api::words::{period, text};
use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::held::{HeldFilter, Verdict};
use crate::app::invoice::InvoiceFilter;
use crate::error::AppError;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let (own, decide) = (Access::May(Permission::SeeOwnAccount), Access::May(Permission::DecideOwnHeld));
    Endpoints::of("Own account", "For the people of a client: what it paid for, used and lost.")
        .get("/account/month", own, named("getOwnMonth", "Read the month: hours left, used, overage, forecast"), month)
        .get("/account/statements", own, named("listOwnStatements", "List the statements, the newest first"), statements)
        .get(
            "/account/statements/{period}",
            own,
            named("getOwnStatements", "Read a period's statements with every entry and why"),
            statement,
        )
        .get("/account/proofs/{period}", own, named("getOwnProof", "Read the proof of an issued period"), proof)
        .get("/account/invoices", own, named("listOwnInvoices", "List the invoices, the newest first"), invoices)
        .get(
            "/account/invoices/{number}",
            own,
            named("getOwnInvoice", "Read an invoice with its payments and credit notes"),
            billing::show,
        )
        .get("/account/invoices/{number}/pdf", own, named("getOwnInvoicePdf", "Read an invoice as a PDF"), billing::pdf)
        .get(
            "/account/credit-notes/{credit}/pdf",
            own,
            named("getOwnCreditNotePdf", "Read a credit note as a PDF"),
            billing::credit_pdf,
        )
        .get("/account/devices", own, named("listOwnDevices", "List the devices, by name"), devices)
        .get("/account/held", own, named("listOwnHeld", "List held overage, the undecided first"), held_list)
        .get("/account/held/{hold}", own, named("getOwnHeld", "Read one piece of held overage"), held_one)
        .post("/account/held/{hold}/release", decide, named("releaseOwnHeld", "Release held overage: it is billed"), release)
        .post("/account/held/{hold}/refuse", decide, named("refuseOwnHeld", "Refuse held overage: the provider is told why"), refuse)
        .get("/account/questions", own, named("listOwnQuestions", "List the questions, the newest first"), questions)
        .post("/account/questions", own, named("askQuestion", "Ask the provider"), ask)
}

async fn month(State(app): State<App>, Caller(actor): Caller) -> Result<Answer<ClientMonth>, Problem> {
    let client_id = actor.own_client()?;
    let summary = app.run(move |app| app.client_summary(client_id)).await?;
    Ok(Answer(ClientMonth::new(&summary, &actor)))
}

async fn statements(
    State(app): State<App>,
    Caller(actor): Caller,
    Params(page): Params<Page>,
) -> Result<Listed<StatementInList>, Problem> {
    in_pages(app.run(move |app| app.statement_heads(actor.own_client()?)).await?, &page)
}

async fn statement(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(of): Segment<String>,
) -> Result<Answer<StatementsOfPeriod>, Problem> {
    let of = period("period", &of).map_err(|_| Problem::not_found("period of this name"))?;
    let (code, found) = app
        .run(move |app| {
            let client_id = actor.own_client()?;
            Ok((app.client_code(client_id), app.whole_statements(client_id, of)?))
        })
        .await?;
    Ok(Answer(StatementsOfPeriod::new(code, of.to_string(), &found)))
}

async fn proof(State(app): State<App>, Caller(actor): Caller, Segment(of): Segment<String>) -> Result<Answer<Proof>, Problem> {
    let of = period("period", &of).map_err(|_| Problem::not_found("period of this name"))?;
    Ok(Answer(app.run(move |app| Proof::make(app, &app.client_code(actor.own_client()?), of)).await?))
}

async fn invoices(State(app): State<App>, Caller(actor): Caller, Params(page): Params<Page>) -> Result<Listed<Invoice>, Problem> {
    page_of(&app, actor, &page, InvoiceFilter::default()).await
}

async fn devices(
    State(app): State<App>,
    Caller(actor): Caller,
    Params(filter): Params<DeviceFilter>,
) -> Result<Listed<Device>, Problem> {
    filter.pages(app.run(move |app| app.devices(actor.own_client()?)).await?)
}

async fn held_list(State(app): State<App>, Caller(actor): Caller, Params(page): Params<Page>) -> Result<Listed<Held>, Problem> {
    held::in_pages(app.run(move |app| app.held_list(&actor, HeldFilter::default())).await?, &page)
}

async fn held_one(State(app): State<App>, Caller(actor): Caller, Segment(number): Segment<i64>) -> Result<Answer<Held>, Problem> {
    Ok(Answer(Held::new(app.run(move |app| app.held(&actor, number)).await?)))
}

async fn release(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(number): Segment<i64>,
    Body(body): Body<Reason>,
) -> Result<Answer<Held>, Problem> {
    text("reason", &body.reason, 500)?;
    Ok(Answer(Held::new(app.run(move |app| app.decide_held(&actor, number, Verdict::Release, "", &body.reason)).await?)))
}

async fn refuse(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(number): Segment<i64>,
    Body(body): Body<Reason>,
) -> Result<Answer<Held>, Problem> {
    text("reason", &body.reason, 500)?;
    Ok(Answer(Held::new(app.run(move |app| app.refuse_held(&actor, number, &body.reason)).await?)))
}

async fn questions(State(app): State<App>, Caller(actor): Caller, Params(page): Params<Page>) -> Result<Listed<Question>, Problem> {
    let found = app.run(move |app| app.questions_of_client(actor.own_client()?)).await?;
    page.cut(found, newest_question, Question::new)
}

/// What a question is about.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// The device list.
    Devices,
    /// A statement; `reference` is its period.
    Statement,
    /// An invoice; `reference` is its number.
    Invoice,
    /// Something else.
    Other,
}

/// A question to the provider.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewQuestion {
    /// What it is about.
    topic: Topic,
    /// Which one; may be empty.
    #[serde(default)]
    #[schema(max_length = 200)]
    reference: String,
    /// The question.
    #[schema(min_length = 1, max_length = 5000)]
    body: String,
}

async fn ask(State(app): State<App>, Caller(actor): Caller, Body(body): Body<NewQuestion>) -> Result<Created<Question>, Problem> {
    text("body", &body.body, 5000)?;
    text("reference", &body.reference, 200)?;
    let topic = match body.topic {
        Topic::Devices => "devices",
        Topic::Statement => "statement",
        Topic::Invoice => "invoice",
        Topic::Other => "other",
    };
    let view = app
        .run(move |app| {
            let id = app.ask_question(&actor, topic, &body.reference, &body.body)?;
            let all = app.questions_of_client(actor.own_client()?)?;
            all.into_iter().find(|it| it.id == id).ok_or_else(|| AppError::not_found("question"))
        })
        .await?;
    Ok(Created { at: format!("{PREFIX}/account/questions"), view: Question::new(view) })
}
