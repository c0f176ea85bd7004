//! Held overage of the own account: an approver releases it or refuses it, with a reason and the name on record.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::held::{Held, HeldFilter, Verdict};
use crate::app::money::price;
use crate::dates;
use crate::error::AppError;
use crate::hours::hours;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::portal::OWN;
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

pub(super) fn area() -> Area {
    let decide = Access::May(Permission::DecideOwnHeld);
    Area::default().get("/portal/approvals", OWN, list).post("/portal/approvals/release", decide, release).post(
        "/portal/approvals/refuse",
        decide,
        refuse,
    )
}

#[derive(Template)]
#[template(path = "portal/approvals.html")]
struct ApprovalsPage {
    frame: Frame,
    code: String,
    person: String,
    may_decide: bool,
    /// Seconds held in the month that runs: to be decided once it is issued.
    held_now: i64,
    month: String,
    /// By month.
    waiting: Vec<Waiting>,
    decided: Vec<HeldView>,
    /// The month whose form was sent, what was typed, what is wrong.
    sent: Decision,
    problems: Problems,
}

/// What is held of one month.
struct Waiting {
    period: String,
    month: String,
    amount: String,
    /// The currency's code, and the digits of its minor unit.
    currency: (String, u8),
    time: String,
    /// Those that nobody refused.
    open: Vec<HeldView>,
    /// Those that were refused.
    refused: Vec<HeldView>,
    /// What those cost.
    refused_amount: String,
}

impl Waiting {
    /// By month, the latest first.
    fn list(held: &[Held], zone: &str) -> Vec<Self> {
        let mut periods: Vec<_> = held.iter().map(|it| it.period).collect();
        periods.sort_unstable();
        periods.dedup();
        periods.reverse();
        let of = |period| {
            let own: Vec<&Held> = held.iter().filter(|it| it.period == period).collect();
            let currency = own.first().and_then(|it| it.money());
            // What was refused is the provider's turn.
            let waits = || own.iter().filter(|it| it.refusal.is_none());
            let amount: i64 = waits().map(|it| it.amount).sum();
            let refused: i64 = own.iter().filter(|it| it.refusal.is_some()).map(|it| it.amount).sum();
            let shown = |amount| currency.map(|currency| crate::app::money::shown(amount, currency)).unwrap_or_default();
            let view =
                |refused: bool| own.iter().filter(|it| it.refusal.is_some() == refused).map(|it| HeldView::of(it, zone)).collect();
            Self {
                period: period.to_string(),
                month: dates::month(period),
                amount: shown(amount),
                refused_amount: shown(refused),
                currency: currency.map(|currency| (currency.code().to_owned(), currency.digits())).unwrap_or_default(),
                time: hours(waits().map(|it| it.seconds).sum()),
                open: view(false),
                refused: view(true),
            }
        };
        periods.into_iter().map(of).collect()
    }
}

impl ApprovalsPage {
    /// Is a number of a form that was sent ticked? None is at first: a release cannot be taken back.
    fn is_ticked(&self, period: &str, number: &i64) -> bool {
        self.sent.period == period && self.sent.number.contains(number)
    }

    /// What is wrong with a field of the form of a month.
    fn problem(&self, period: &str, field: &str) -> &str {
        if self.sent.period == period { self.problems.of(field) } else { "" }
    }
}

struct HeldView {
    number: i64,
    seconds: i64,
    /// What it costs, in minor units.
    minor: i64,
    amount: String,
    time: String,
    rate: String,
    when: String,
    ticket: String,
    note: String,
    who: String,
    work: String,
    /// By whom, when, why.
    refusal: Option<(String, String, String)>,
    answer: String,
    state: &'static str,
    tone: &'static str,
    decision: String,
}

impl HeldView {
    fn of(held: &Held, zone: &str) -> Self {
        let amount = held.money().map(|currency| crate::app::money::shown(held.amount, currency)).unwrap_or_default();
        let (state, tone) = match held.state.as_str() {
            "released" => ("released", "good"),
            "written-off" => ("written off", "lost"),
            _ => ("waits for you", "over"),
        };
        let by = held.decided_by.clone().unwrap_or_default();
        let at = held.decided_at.map(|at| dates::moment(at, zone)).unwrap_or_default();
        let after = if held.band == quarterhour_billing::Band::AfterHours { ", after hours" } else { "" };
        Self {
            number: held.number,
            seconds: held.seconds,
            minor: held.amount,
            time: hours(held.seconds),
            rate: format!("{} {} an hour", held.currency, price(&held.hourly, &held.currency)),
            when: dates::wall(held.started),
            ticket: held.ticket.clone(),
            note: held.note.clone(),
            who: held.technician.clone(),
            work: format!("{}, {}{after}", held.tier, held.work_type),
            refusal: held.refusal.as_ref().map(|it| (it.by.clone(), dates::moment(it.at, zone), it.reason.clone())),
            answer: held.refusal.as_ref().and_then(|it| it.answer.clone()).unwrap_or_default(),
            state,
            tone,
            decision: held.reason.as_ref().map(|reason| format!("{by}, {at}: {reason}")).unwrap_or_default(),
            amount,
        }
    }
}

async fn list(State(app): State<App>, here: Here) -> Answer<ApprovalsPage> {
    page(approvals_page(&app, &here, Decision::default(), Problems::default()).await?)
}

async fn approvals_page(app: &App, here: &Here, sent: Decision, problems: Problems) -> Result<ApprovalsPage, AppError> {
    let actor = here.actor();
    let frame = here.frame(app, "portal-approvals", "Approvals");
    app.run(move |app| {
        let (_, code) = app.own_account(&actor)?;
        let overview = app.own_overview(&actor)?;
        let books = app.books()?;
        let zone = books.setup.client(&code).map_or("UTC", |(_, client)| client.client.clock.name());
        let all = app.held_list(&actor, HeldFilter::default())?;
        let (waiting, decided): (Vec<Held>, Vec<Held>) = all.into_iter().partition(Held::is_undecided);
        Ok(ApprovalsPage {
            frame,
            code,
            person: actor.name.clone(),
            may_decide: actor.may(Permission::DecideOwnHeld),
            held_now: overview.statements.iter().map(|body| body.statement.time.held).sum(),
            month: dates::month(overview.summary.running),
            waiting: Waiting::list(&waiting, zone),
            decided: decided.iter().map(|held| HeldView::of(held, zone)).collect(),
            sent,
            problems,
        })
    })
    .await
}

/// A decision about some of what is held of a month.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Decision {
    period: String,
    number: Vec<i64>,
    reason: String,
}

async fn release(State(app): State<App>, here: Here, Form(form): Form<Decision>) -> Result<Response, Failure> {
    let (actor, sent) = (here.actor(), form.clone());
    let done = app.run(move |app| app.decide_held_all(&actor, &sent.number, Verdict::Release, "", &sent.reason)).await;
    let said = format!("{} released, to be billed on your next statement.", pieces(form.number.len()));
    answer(&app, &here, form, done.map(|()| said)).await
}

async fn refuse(State(app): State<App>, here: Here, Form(form): Form<Decision>) -> Result<Response, Failure> {
    let (actor, sent) = (here.actor(), form.clone());
    let done = app.run(move |app| app.refuse_held_all(&actor, &sent.number, &sent.reason)).await;
    let said = format!("{} refused, to stay unbilled. We will come back to you.", pieces(form.number.len()));
    answer(&app, &here, form, done.map(|()| said)).await
}

fn pieces(number: usize) -> String {
    if number == 1 { "1 piece of work".to_owned() } else { format!("{number} pieces of work") }
}

async fn answer(app: &App, here: &Here, form: Decision, done: Result<String, AppError>) -> Result<Response, Failure> {
    match done {
        Ok(said) => Ok(Done::at("/portal/approvals").saying(said).into_response()),
        Err(error) => {
            let problems = Problems::of_error(error)?;
            Ok(page_with_problems(approvals_page(app, here, form, problems).await?)?.into_response())
        }
    }
}
