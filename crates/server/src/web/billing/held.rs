//! Held overage: released as the client said, or written off.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use quarterhour_billing::Currency;
use serde::Deserialize;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::held::{Held, HeldFilter, Verdict};
use crate::app::money;
use crate::app::money::price;
use crate::web::billing::statement_path;
use crate::web::client_head::client_path;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};

/// Pieces on one page, but a client's month is never torn.
const ROWS_MAX: usize = 150;

struct Row {
    held: Held,
    amount: String,
    /// The price an hour with all digits of the currency.
    hourly: String,
    started: String,
    client_path: String,
    statement_path: String,
    decided: String,
    decided_on: String,
}

impl Row {
    fn of(held: Held, zone: &str) -> Self {
        let amount = held.money().map_or_else(|| held.amount.to_string(), |currency| money::shown(held.amount, currency));
        let decided = match (&held.decided_by, &held.reason) {
            (Some(by), reason) => format!("{} by {by}: {}", held.state.replace('-', " "), reason.as_deref().unwrap_or("")),
            (None, _) => String::new(),
        };
        Self {
            started: crate::dates::wall(held.started),
            client_path: client_path(&held.client),
            statement_path: statement_path(&held.client, held.period),
            hourly: price(&held.hourly, &held.currency),
            amount,
            decided,
            decided_on: held.decided_at.map(|at| crate::dates::day_in(at, zone)).unwrap_or_default(),
            held,
        }
    }
}

impl Row {
    fn ticket(&self) -> &str {
        if self.held.ticket.is_empty() { "No ticket" } else { &self.held.ticket }
    }
}

/// What is held of one client's month.
struct Group {
    id: String,
    name: String,
    client_path: String,
    statement_path: String,
    month: String,
    total: String,
    /// The currency's code, and the digits of its minor unit.
    currency: (String, u8),
    seconds: i64,
    rows: Vec<Row>,
    /// What the client refused of it, in money; empty for nothing.
    refused: String,
}

impl Group {
    fn of(rows: Vec<Row>) -> Option<Self> {
        let first = rows.first()?;
        let sum: i64 = rows.iter().map(|row| row.held.amount).sum();
        let shown = |sum: i64| first.held.money().map_or_else(|| sum.to_string(), |currency| money::shown(sum, currency));
        let refused: i64 = rows.iter().filter(|row| row.held.refusal.is_some()).map(|row| row.held.amount).sum();
        Some(Self {
            id: format!("{}-{}", first.held.client, first.held.period),
            name: first.held.client_name.clone(),
            client_path: first.client_path.clone(),
            statement_path: first.statement_path.clone(),
            month: crate::dates::month(first.held.period),
            seconds: rows.iter().map(|row| row.held.seconds).sum(),
            total: shown(sum),
            refused: if refused == 0 { String::new() } else { shown(refused) },
            currency: (first.held.currency.clone(), first.held.money().map_or(0, Currency::digits)),
            rows,
        })
    }
}

#[derive(Template)]
#[template(path = "billing/held.html")]
pub(super) struct HeldPage {
    frame: Frame,
    groups: Vec<Group>,
    /// Clients' months that follow on the next page, and where it is.
    left: usize,
    next: String,
    decided: Vec<Row>,
    with_decided: bool,
    can_bill: bool,
    /// What was sent, and what is wrong with it.
    sent: VerdictForm,
    problems: Problems,
}

impl HeldPage {
    /// Is the form of this group the one that was sent?
    fn is_sent(&self, group: &Group) -> bool {
        !self.sent.group.is_empty() && self.sent.group == group.id
    }

    fn is_chosen(&self, number: &i64) -> bool {
        self.sent.number.contains(number)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HeldQuery {
    /// With what is decided.
    decided: bool,
    /// Clients' months that were on the pages before.
    skip: usize,
}

pub(super) async fn list(State(app): State<App>, here: Here, Query(query): Query<HeldQuery>) -> Answer<HeldPage> {
    page(held_page(&app, &here, query, VerdictForm::default(), Problems::default()).await?)
}

async fn held_page(app: &App, here: &Here, query: HeldQuery, sent: VerdictForm, problems: Problems) -> Result<HeldPage, Failure> {
    let actor = here.actor();
    let (filter, zone) = (HeldFilter { undecided: !query.decided, ..HeldFilter::default() }, app.provider_zone());
    let can_bill = actor.may(Permission::Bill);
    let all = app.run(move |app| app.held_list(&actor, filter)).await?;
    let (mut waiting, decided): (Vec<Held>, Vec<Held>) = all.into_iter().partition(Held::is_undecided);
    waiting.sort_by(|one, other| (&one.client_name, one.period, one.number).cmp(&(&other.client_name, other.period, other.number)));
    let groups = waiting.chunk_by(|one, other| (one.client_id, one.period) == (other.client_id, other.period));
    let groups: Vec<&[Held]> = groups.skip(query.skip).collect();
    let mut rows = 0;
    let fits = |group: &&&[Held]| {
        rows += group.len();
        rows == group.len() || rows <= ROWS_MAX
    };
    let shown: Vec<Group> = groups
        .iter()
        .take_while(fits)
        .filter_map(|group| Group::of(group.iter().cloned().map(|held| Row::of(held, &zone)).collect()))
        .collect();
    let left = groups.len() - shown.len();
    let next =
        if left > 0 { format!("/billing/held?skip={}&decided={}", query.skip + shown.len(), query.decided) } else { String::new() };
    let groups = shown;
    let decided = decided.into_iter().take(50).map(|held| Row::of(held, &zone)).collect();
    let frame = here.frame(app, "billing", "Held overage");
    Ok(HeldPage { frame, groups, left, next, decided, with_decided: query.decided, can_bill, sent, problems })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct VerdictForm {
    /// The client's month whose form it is.
    group: String,
    number: Vec<i64>,
    by: String,
    reason: String,
}

pub(super) async fn release(state: State<App>, here: Here, form: Form<VerdictForm>) -> Result<Response, Failure> {
    decide(state, here, form, Verdict::Release).await
}

pub(super) async fn write_off(state: State<App>, here: Here, form: Form<VerdictForm>) -> Result<Response, Failure> {
    decide(state, here, form, Verdict::WriteOff).await
}

async fn decide(State(app): State<App>, here: Here, Form(form): Form<VerdictForm>, verdict: Verdict) -> Result<Response, Failure> {
    let (actor, sent, count) = (here.actor(), form.clone(), form.number.len());
    match app.run(move |app| app.decide_held_all(&actor, &form.number, verdict, &form.by, &form.reason)).await {
        Ok(()) => {
            let pieces = if count == 1 { "1 piece is".to_owned() } else { format!("{count} pieces are") };
            let said = format!("{pieces} {}: {}.", verdict.state().replace('-', " "), verdict.consequence());
            Ok(Done::at("/billing/held").saying(said).into_response())
        }
        Err(error) => {
            let problems = Problems::of_error(error)?;
            Ok(page_with_problems(held_page(&app, &here, HeldQuery::default(), sent, problems).await?).into_response())
        }
    }
}
