//! Held overage: work past a cap that waits for the client, or was decided.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::answer::{Answer, Listed};
use crate::api::endpoints::{Endpoints, named};
use crate::api::extract::{Body, Caller, Params, Segment};
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::words::text;
use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::held::{Held as HeldView, HeldFilter, Verdict};
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let (see, bill) = (Access::May(Permission::SeeBilling), Access::May(Permission::Bill));
    Endpoints::of("Held overage", "Overage past a cap: worked, shown, and not billed until somebody decides.")
        .get("/held", see, named("listHeld", "List held overage, the undecided first"), list)
        .get("/held/{hold}", see, named("getHeld", "Read one piece of held overage"), show)
        .post("/held/{hold}/release", bill, named("releaseHeld", "Note that the client's approver released it"), release)
        .post("/held/{hold}/write-off", bill, named("writeOffHeld", "Write it off"), write_off)
}

/// A piece of held overage.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Held {
    /// Its number.
    number: i64,
    /// The client's code.
    client: String,
    /// The issued period.
    #[schema(example = "2026-10")]
    period: String,
    /// The agreement's name; empty: the rate card.
    agreement: String,
    /// The time entry.
    entry: String,
    ticket: String,
    technician: String,
    /// What was done.
    note: String,
    /// Its start on the client's wall clock, without offset.
    started_local: String,
    tier: String,
    work_type: String,
    /// business or after-hours.
    band: String,
    /// Seconds that are held.
    seconds: i64,
    /// The price an hour, a decimal.
    hourly: String,
    /// What it costs when it is released, before tax.
    amount: String,
    currency: String,
    /// held, released or written-off.
    state: String,
    decided_by: Option<String>,
    #[schema(format = DateTime)]
    decided_at: Option<String>,
    reason: Option<String>,
    /// The period whose statement took the decision.
    billed_in: Option<String>,
    /// The client's refusal, while the overage is held.
    refusal: Option<RefusalView>,
}

/// A client's refusal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefusalView {
    by: String,
    #[schema(format = DateTime)]
    at: String,
    reason: String,
    /// What the provider answered.
    answer: Option<String>,
}

impl Held {
    /// One of the list.
    #[must_use]
    pub fn new(it: HeldView) -> Self {
        let amount = it.money().map_or_else(|| it.amount.to_string(), |currency| currency.format(it.amount));
        Self {
            number: it.number,
            client: it.client,
            period: it.period.to_string(),
            agreement: it.agreement,
            entry: it.entry,
            ticket: it.ticket,
            technician: it.technician,
            note: it.note,
            started_local: it.started.to_string(),
            tier: it.tier,
            work_type: it.work_type,
            band: it.band.name().to_owned(),
            seconds: it.seconds,
            hourly: it.hourly,
            amount,
            currency: it.currency,
            state: it.state,
            decided_by: it.decided_by,
            decided_at: it.decided_at.map(|at| at.to_string()),
            reason: it.reason,
            billed_in: it.billed_in,
            refusal: it.refusal.map(|it| RefusalView { by: it.by, at: it.at.to_string(), reason: it.reason, answer: it.answer }),
        }
    }
}

/// Which pieces.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct HeldQuery {
    /// Pieces on the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    after: Option<String>,
    /// Of this client.
    client: Option<String>,
    /// Only what still waits for a decision.
    undecided: Option<bool>,
}

/// Pieces in pages: the undecided first, by number.
///
/// # Errors
///
/// Refuses a limit or cursor that is none.
pub fn in_pages(list: Vec<HeldView>, page: &Page) -> Result<Listed<Held>, Problem> {
    page.cut(list, |it| format!("{} {:020}", u8::from(!it.is_undecided()), it.number), Held::new)
}

async fn list(State(app): State<App>, Caller(actor): Caller, Params(query): Params<HeldQuery>) -> Result<Listed<Held>, Problem> {
    let page = Page::of(query.limit, query.after.as_ref());
    let list = app
        .run(move |app| {
            let client_id = query.client.as_deref().map(|code| app.client_by_code(code)).transpose()?;
            app.held_list(&actor, HeldFilter { client_id, undecided: query.undecided.unwrap_or(false) })
        })
        .await?;
    in_pages(list, &page)
}

async fn show(State(app): State<App>, Caller(actor): Caller, Segment(number): Segment<i64>) -> Result<Answer<Held>, Problem> {
    Ok(Answer(Held::new(app.run(move |app| app.held(&actor, number)).await?)))
}

/// A decision of an approver, noted by the provider.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotedRelease {
    /// Who at the client released it.
    #[schema(example = "Ann Lee", min_length = 1, max_length = 200)]
    by: String,
    /// Why; it stays on record.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Why something is decided.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why; it stays on record.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

async fn release(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(number): Segment<i64>,
    Body(body): Body<NotedRelease>,
) -> Result<Answer<Held>, Problem> {
    text("by", &body.by, 200)?;
    text("reason", &body.reason, 500)?;
    let held = app.run(move |app| app.decide_held(&actor, number, Verdict::Release, &body.by, &body.reason)).await?;
    Ok(Answer(Held::new(held)))
}

async fn write_off(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(number): Segment<i64>,
    Body(body): Body<Reason>,
) -> Result<Answer<Held>, Problem> {
    text("reason", &body.reason, 500)?;
    let held = app.run(move |app| app.decide_held(&actor, number, Verdict::WriteOff, "", &body.reason)).await?;
    Ok(Answer(Held::new(held)))
}
