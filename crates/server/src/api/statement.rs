//! Statements: the JSON of section 13 of the rules, with every entry and why each of its seconds counted.

use std::collections::BTreeMap;

use axum::extract::State;
use jiff::Timestamp;
use quarterhour_billing::{LineReport, ReserveReport, Returned, StatementReport, TimeTotals};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::answer::{Answer, Listed};
use crate::api::endpoints::{Endpoints, named};
use crate::api::extract::{Caller, Params, Segment};
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::time_entry::Part;
use crate::api::words::period;
use crate::app::actor::Permission;
use crate::app::body::{EntryBody, StatementBody};
use crate::app::client_statements::{StatementHead, WholeStatement};
use crate::app::context::App;
use crate::error::AppError;
use crate::web::routes::Access;

/// A preview looks so many months ahead at most: each is computed from the one before.
const MONTHS_AHEAD: i32 = 24;

/// The operations.
pub fn endpoints() -> Endpoints {
    let see = Access::May(Permission::SeeBilling);
    Endpoints::of("Statements", "A client's period on one page: issued ones as they are on record, open ones as they stand now.")
        .get("/clients/{client}/statements", see, named("listStatements", "List a client's statements, the newest first"), list)
        .get(
            "/clients/{client}/statements/{period}",
            see,
            named("getStatements", "Read a period's statements with every entry and why"),
            show,
        )
        .get(
            "/periods/{period}",
            see,
            named("previewPeriod", "Read a period as a bill run gives it: issued statements as they are, open ones as a preview"),
            preview,
        )
}

/// Seconds of a statement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TimeView {
    /// Left from earlier periods.
    opening: i64,
    /// Granted in this period.
    granted: i64,
    /// Given back for late time.
    restored: i64,
    /// Taken from pools.
    used: i64,
    /// Ended unused.
    forfeited: i64,
    /// What rolls on.
    closing: i64,
    /// Beyond the pools, billed.
    overage: i64,
    /// Charged by the hour.
    charged: i64,
    /// Covered by a fixed rate.
    included: i64,
    /// Done by the client's own staff.
    internal: i64,
    /// Worked for nothing.
    courtesy: i64,
    /// Waits for approval.
    held: i64,
    /// Worked.
    actual: i64,
    /// After rounding, without courtesy.
    billable: i64,
}

impl From<&TimeTotals> for TimeView {
    fn from(it: &TimeTotals) -> Self {
        Self {
            opening: it.opening,
            granted: it.granted,
            restored: it.restored,
            used: it.used,
            forfeited: it.forfeited,
            closing: it.closing,
            overage: it.overage,
            charged: it.charged,
            included: it.included,
            internal: it.internal,
            courtesy: it.courtesy,
            held: it.held,
            actual: it.actual,
            billable: it.billable,
        }
    }
}

/// Money of a reserve.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Reserve {
    opening: String,
    granted: String,
    used: String,
    forfeited: String,
    closing: String,
}

impl From<&ReserveReport> for Reserve {
    fn from(it: &ReserveReport) -> Self {
        let (opening, granted, used) = (it.opening.clone(), it.granted.clone(), it.used.clone());
        Self { opening, granted, used, forfeited: it.forfeited.clone(), closing: it.closing.clone() }
    }
}

/// A printed line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Line {
    /// fee, service, block, ticket, time, overage, reserve, late or adjustment.
    kind: String,
    /// For people.
    text: String,
    tier: Option<String>,
    work_type: Option<String>,
    /// business or after-hours.
    band: Option<String>,
    seconds: Option<i64>,
    /// A decimal.
    #[schema(example = "0.75")]
    quantity: String,
    unit: String,
    /// A decimal.
    #[schema(example = "1250")]
    price: String,
    /// With the digits of the minor unit.
    #[schema(example = "1250.00")]
    amount: String,
}

impl From<&LineReport> for Line {
    fn from(it: &LineReport) -> Self {
        Self {
            kind: it.kind.to_string(),
            text: it.text.clone(),
            tier: it.tier.clone(),
            work_type: it.work_type.clone(),
            band: it.band.as_ref().map(ToString::to_string),
            seconds: it.seconds,
            quantity: it.quantity.clone(),
            unit: it.unit.to_string(),
            price: it.price.clone(),
            amount: it.amount.clone(),
        }
    }
}

/// The numbers of a statement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Statement {
    /// The client's code.
    client: String,
    /// The agreement's name; null: the rate card.
    agreement: Option<String>,
    /// ad-hoc, block-of-time, use-it-or-lose-it, budget, fixed-rate or customized.
    program: String,
    currency: String,
    /// Devices by class.
    #[schema(example = json!({ "workstation": 40 }))]
    count: BTreeMap<String, i64>,
    /// Seconds.
    time: TimeView,
    /// Money of the reserve.
    reserve: Option<Reserve>,
    /// What the invoice prints.
    lines: Vec<Line>,
    /// Sum of the lines.
    net: String,
    /// Tax on it.
    tax: String,
    /// Both.
    total: String,
}

impl From<&StatementReport> for Statement {
    fn from(it: &StatementReport) -> Self {
        Self {
            client: it.client.clone(),
            agreement: it.agreement.clone(),
            program: it.program.to_string(),
            currency: it.currency.to_string(),
            count: it.count.listed().map(|(class, number)| (class.name().to_owned(), number)).collect(),
            time: (&it.time).into(),
            reserve: it.reserve.as_ref().map(Into::into),
            lines: it.lines.iter().map(Into::into).collect(),
            net: it.net.clone(),
            tax: it.tax.clone(),
            total: it.total.clone(),
        }
    }
}

/// A bill run's result for one period.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PeriodResult {
    /// The period.
    #[schema(example = "2026-11")]
    period: String,
    /// By client, then agreement.
    statements: Vec<Statement>,
}

/// A statement in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatementInList {
    /// The period.
    #[schema(example = "2026-11")]
    period: String,
    /// Is it final?
    issued: bool,
    /// Its numbers.
    statement: Statement,
}

impl StatementInList {
    /// One of a list.
    #[must_use]
    pub fn new(head: &StatementHead) -> Self {
        Self { period: head.period.to_string(), issued: head.issued, statement: (&head.statement).into() }
    }
}

/// A time entry on a statement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatedEntry {
    /// Its id.
    id: String,
    /// Set for late time and released overage: the issued period that it belongs to.
    late_for: Option<String>,
    /// Is it overage that was held in that period and is released? Its time was counted there, so it has none here.
    released: bool,
    /// Set where it corrects an entry that is on an issued statement already.
    replaces: Option<Replaced>,
    ticket: String,
    technician: String,
    tier: String,
    work_type: String,
    note: String,
    /// When the work began.
    #[schema(format = DateTime)]
    started_at: String,
    /// The same on the client's wall clock, without offset.
    #[schema(example = "2026-11-20T14:05:00")]
    started_local: String,
    /// Seconds worked.
    actual: i64,
    /// Seconds after rounding.
    billable: i64,
    /// Where they went, and why.
    parts: Vec<Part>,
}

/// What a corrected entry had counted on the statement that was issued before; this statement's sums are without it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Replaced {
    /// Seconds drawn from pools.
    burn: i64,
    /// Seconds worked.
    actual: i64,
    /// Seconds after rounding.
    billable: i64,
}

impl From<Returned> for Replaced {
    fn from(it: Returned) -> Self {
        Self { burn: it.burn, actual: it.actual, billable: it.billable }
    }
}

impl From<&EntryBody> for StatedEntry {
    fn from(it: &EntryBody) -> Self {
        Self {
            id: it.id.clone(),
            late_for: it.late_for.map(|it| it.to_string()),
            released: it.released,
            replaces: it.replaces.map(Replaced::from),
            ticket: it.ticket.clone(),
            technician: it.technician.clone(),
            tier: it.tier.clone(),
            work_type: it.work_type.clone(),
            note: it.note.clone(),
            started_at: Timestamp::from_second(it.started_at).map(|at| at.to_string()).unwrap_or_default(),
            started_local: it.started_local.to_string(),
            actual: it.actual,
            billable: it.billable,
            parts: it.parts.iter().map(Part::new).collect(),
        }
    }
}

/// A device behind a count.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CountedDevice {
    /// workstation, server, firewall, switch, printer or other.
    class: String,
    name: String,
    site: String,
    /// The first day it counts.
    #[schema(format = Date)]
    in_service: String,
}

/// A moment at which the pools changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BurnStep {
    /// Seconds on the client's wall clock since the period began.
    at: i64,
    /// Seconds left in the pools after it.
    left: i64,
    /// Seconds of overage up to it.
    overage: i64,
}

/// A statement with everything that it says.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatementDetail {
    /// Is it final?
    issued: bool,
    /// The number of its invoice.
    invoice: Option<i64>,
    /// Its numbers.
    statement: Statement,
    /// The devices behind the count.
    devices: Vec<CountedDevice>,
    /// Every entry.
    entries: Vec<StatedEntry>,
    /// The pools, as the period ran.
    burn_down: Vec<BurnStep>,
    /// Sentences for the client.
    notes: Vec<String>,
    /// Thresholds that were crossed.
    alerts: Vec<String>,
}

impl StatementDetail {
    fn new(whole: &WholeStatement) -> Self {
        let StatementBody { statement, devices, entries, burn_down, notes, alerts, .. } = &whole.body;
        Self {
            issued: whole.issued,
            invoice: whole.invoice,
            statement: statement.into(),
            devices: devices
                .iter()
                .map(|it| CountedDevice {
                    class: it.class.clone(),
                    name: it.name.clone(),
                    site: it.site.clone(),
                    in_service: it.in_service.to_string(),
                })
                .collect(),
            entries: entries.iter().map(Into::into).collect(),
            burn_down: burn_down.iter().map(|it| BurnStep { at: it.at, left: it.left, overage: it.overage }).collect(),
            notes: notes.clone(),
            alerts: alerts.clone(),
        }
    }
}

/// The statements of a client's period.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatementsOfPeriod {
    /// The client's code.
    client: String,
    /// The period.
    #[schema(example = "2026-11")]
    period: String,
    /// By agreement.
    statements: Vec<StatementDetail>,
}

impl StatementsOfPeriod {
    /// Those of a client.
    #[must_use]
    pub fn new(client: String, period: String, found: &[WholeStatement]) -> Self {
        Self { client, period, statements: found.iter().map(StatementDetail::new).collect() }
    }
}

async fn list(
    State(app): State<App>,
    _: Caller,
    Segment(client): Segment<String>,
    Params(page): Params<Page>,
) -> Result<Listed<StatementInList>, Problem> {
    let heads = app.run(move |app| app.statement_heads(app.client_by_code(&client)?)).await?;
    in_pages(heads, &page)
}

/// Statements in pages, the newest first.
///
/// # Errors
///
/// Refuses a limit or cursor that is none.
pub fn in_pages(heads: Vec<StatementHead>, page: &Page) -> Result<Listed<StatementInList>, Problem> {
    let key = |it: &StatementHead| {
        let months = it.period.since(quarterhour_billing::Day::of_local(0).period());
        format!("{:08} {}", 1_000_000 - months, it.statement.agreement.as_deref().unwrap_or(""))
    };
    page.cut(heads, key, |head| StatementInList::new(&head))
}

async fn show(
    State(app): State<App>,
    _: Caller,
    Segment((client, of)): Segment<(String, String)>,
) -> Result<Answer<StatementsOfPeriod>, Problem> {
    let of = period("period", &of).map_err(|_| Problem::not_found("period of this name"))?;
    let code = client.clone();
    let found = app.run(move |app| app.whole_statements(app.client_by_code(&client)?, of)).await?;
    Ok(Answer(StatementsOfPeriod::new(code, of.to_string(), &found)))
}

/// Whose statements.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PreviewOf {
    /// Of this client only.
    client: Option<String>,
}

async fn preview(
    State(app): State<App>,
    _: Caller,
    Segment(of): Segment<String>,
    Params(whose): Params<PreviewOf>,
) -> Result<Answer<PeriodResult>, Problem> {
    let of = period("period", &of).map_err(|_| Problem::not_found("period of this name"))?;
    let result = app.run(move |app| {
        let today = app.clock.today(&quarterhour_billing::LocalClock::new("UTC", &jiff::tz::TimeZone::UTC)).period();
        if of.since(today) > MONTHS_AHEAD {
            return Err(AppError::field("period", format!("more than {MONTHS_AHEAD} months ahead")));
        }
        let codes: Vec<String> = whose.client.into_iter().collect();
        codes.iter().try_for_each(|code| app.client_by_code(code).map(drop))?;
        crate::app::bill_store::preview(&app.store, (of, of), &codes, false)
    });
    let result = result.await?;
    let statements = result.outcomes.iter().map(|outcome| (&outcome.report).into()).collect();
    Ok(Answer(PeriodResult { period: of.to_string(), statements }))
}
