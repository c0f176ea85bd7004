//! Held overage of the own account: an approver releases it or refuses it, with a reason and the name on record.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::held::{Held, HeldFilter, Verdict};
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
    Area::default().get("/portal/approvals", OWN, list).post("/portal/approvals/{number}/release", decide, release).post(
        "/portal/approvals/{number}/refuse",
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
    waiting: Vec<HeldView>,
    decided: Vec<HeldView>,
    /// The number whose form was sent, what was typed, what is wrong.
    sent: i64,
    reason: String,
    problems: Problems,
}

struct HeldView {
    number: i64,
    amount: String,
    time: String,
    rate: String,
    when: String,
    ticket: String,
    note: String,
    who: String,
    work: String,
    why: String,
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
            time: hours(held.seconds),
            rate: format!("{} {} an hour", held.currency, held.hourly),
            when: dates::wall(held.started),
            ticket: held.ticket.clone(),
            note: held.note.clone(),
            who: held.technician.clone(),
            work: format!("{}, {}{after}", held.tier, held.work_type),
            why: format!(
                "The prepaid hours of {} were used up, and the overage had reached the cap of your agreement: this was worked, but is not billed without you.",
                dates::month(held.period)
            ),
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
    page(approvals_page(&app, &here, (0, String::new()), Problems::default()).await?)
}

async fn approvals_page(app: &App, here: &Here, (sent, reason): (i64, String), problems: Problems) -> Result<ApprovalsPage, AppError> {
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
            waiting: waiting.iter().map(|held| HeldView::of(held, zone)).collect(),
            decided: decided.iter().map(|held| HeldView::of(held, zone)).collect(),
            sent,
            reason,
            problems,
        })
    })
    .await
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Decision {
    reason: String,
}

async fn release(
    State(app): State<App>,
    here: Here,
    Path(number): Path<i64>,
    Form(form): Form<Decision>,
) -> Result<Response, Failure> {
    let (actor, reason) = (here.actor(), form.reason.clone());
    let done = app.run(move |app| app.decide_held(&actor, number, Verdict::Release, "", &reason)).await;
    answer(&app, &here, number, form, done.map(|held| format!("{} released. It is on your next statement.", hours(held.seconds))))
        .await
}

async fn refuse(State(app): State<App>, here: Here, Path(number): Path<i64>, Form(form): Form<Decision>) -> Result<Response, Failure> {
    let (actor, reason) = (here.actor(), form.reason.clone());
    let done = app.run(move |app| app.refuse_held(&actor, number, &reason)).await;
    let said = done.map(|held| format!("{} refused. It stays unbilled, and we will come back to you.", hours(held.seconds)));
    answer(&app, &here, number, form, said).await
}

async fn answer(app: &App, here: &Here, number: i64, form: Decision, done: Result<String, AppError>) -> Result<Response, Failure> {
    match done {
        Ok(said) => Ok(Done::at("/portal/approvals").saying(said).into_response()),
        Err(error) => {
            let problems = Problems::of_error(error)?;
            Ok(page_with_problems(approvals_page(app, here, (number, form.reason), problems).await?)?.into_response())
        }
    }
}
