//! Held overage: released as the client said, or written off.

use askama::Template;
use axum::extract::{Form, Path, State};
use serde::Deserialize;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::held::{Held, HeldFilter, Verdict};
use crate::app::money;
use crate::error::AppError;
use crate::web::billing::statement_path;
use crate::web::client_head::client_path;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, Done, Failure, page};

struct Row {
    held: Held,
    amount: String,
    started: String,
    client_path: String,
    statement_path: String,
    decided: String,
}

impl Row {
    fn of(held: Held) -> Self {
        let amount = held.money().map_or_else(|| held.amount.to_string(), |currency| money::shown(held.amount, currency));
        let decided = match (&held.decided_by, &held.reason) {
            (Some(by), reason) => format!("{} by {by}: {}", held.state, reason.as_deref().unwrap_or("")),
            (None, _) => String::new(),
        };
        Self {
            started: crate::dates::wall(held.started),
            client_path: client_path(&held.client),
            statement_path: statement_path(&held.client, held.period),
            amount,
            decided,
            held,
        }
    }
}

#[derive(Template)]
#[template(path = "billing/held.html")]
pub(super) struct HeldPage {
    frame: Frame,
    waiting: Vec<Row>,
    decided: Vec<Row>,
    can_bill: bool,
}

pub(super) async fn list(State(app): State<App>, here: Here) -> Answer<HeldPage> {
    let actor = here.actor();
    let can_bill = actor.may(Permission::Bill);
    let all = app.run(move |app| app.held_list(&actor, HeldFilter::default())).await?;
    let (waiting, decided): (Vec<Held>, Vec<Held>) = all.into_iter().partition(Held::is_undecided);
    let rows = |list: Vec<Held>, most: usize| list.into_iter().take(most).map(Row::of).collect();
    page(HeldPage {
        frame: here.frame(&app, "billing", "Held overage"),
        waiting: rows(waiting, usize::MAX),
        decided: rows(decided, 50),
        can_bill,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct VerdictForm {
    by: String,
    reason: String,
}

pub(super) async fn release(state: State<App>, here: Here, number: Path<String>, form: Form<VerdictForm>) -> Result<Done, Failure> {
    decide(state, here, number, form, Verdict::Release).await
}

pub(super) async fn write_off(state: State<App>, here: Here, number: Path<String>, form: Form<VerdictForm>) -> Result<Done, Failure> {
    decide(state, here, number, form, Verdict::WriteOff).await
}

async fn decide(
    State(app): State<App>,
    here: Here,
    Path(number): Path<String>,
    Form(form): Form<VerdictForm>,
    verdict: Verdict,
) -> Result<Done, Failure> {
    let actor = here.actor();
    let number: i64 = number.parse().map_err(|_| AppError::not_found("held overage of this number"))?;
    let held = app.run(move |app| app.decide_held(&actor, number, verdict, &form.by, &form.reason)).await?;
    let text = format!("Number {number} of {} is {}: {}.", held.client_name, held.state, verdict.consequence());
    Ok(Done::at("/billing/held").saying(text))
}
