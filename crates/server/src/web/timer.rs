//! The timer: started from a page or the quick line, stopped into a form or saved at once, thrown away.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::timer::{Former, Started, TimerStart};
use crate::web::client_head::in_query;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Done, Failure, page};
use crate::web::routes::{Access, Area};
use crate::web::time;

/// The routes.
#[must_use]
pub fn area() -> Area {
    let log = Access::May(Permission::LogTime);
    Area::default().post("/time/timer/start", log, start).post("/time/timer/stop", log, stop).post("/time/timer/discard", log, discard)
}

/// What a timer is started for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct StartForm {
    client: String,
    ticket: String,
    tier: String,
    work_type: String,
    note: String,
    started_at: Option<i64>,
    /// `save` or `discard`: what becomes of the one that runs.
    former: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct StopForm {
    /// `save`: at once, without a look at the form.
    then: String,
}

#[derive(Template)]
#[template(path = "time/switch.html")]
struct SwitchPage {
    frame: Frame,
    /// The client and ticket of the one that runs.
    running: String,
    minutes: u32,
    start: TimerStart,
}

async fn start(
    State(app): State<App>,
    here: Here,
    Query(undone): Query<StartForm>,
    Form(form): Form<StartForm>,
) -> Result<Response, Failure> {
    let form = if form.client.is_empty() { undone } else { form };
    let former = match form.former.as_str() {
        "save" => Former::Save,
        "discard" => Former::Discard,
        _ => Former::Ask,
    };
    let StartForm { client, ticket, tier, work_type, note, started_at, .. } = form;
    start_or_ask(&app, &here, TimerStart { client, ticket, tier, work_type, note, started_at }, former).await
}

/// Starts a timer; asks first what becomes of another one that runs.
pub(super) async fn start_or_ask(app: &App, here: &Here, start: TimerStart, former: Former) -> Result<Response, Failure> {
    let (actor, wanted) = (here.actor(), start.clone());
    let started = app.run(move |app| app.start_timer(&actor, &wanted, former)).await?;
    Ok(match started {
        Started::Running(None) => Done::at("/time").saying(format!("The timer for {} runs.", start.client)).into_response(),
        Started::Running(Some(saved)) => {
            let said = format!("The timer for {} runs; the one before is saved.", start.client);
            Done::at("/time").saying_with_undo(said, format!("/time/entries/{}/delete", saved.id)).into_response()
        }
        Started::Asking(draft) => {
            let ticket = if draft.ticket.is_empty() { String::new() } else { format!(", {}", draft.ticket) };
            let running = format!("{}{ticket}", draft.client);
            let frame = here.frame(app, "time", "Another timer runs");
            page(SwitchPage { frame, running, minutes: draft.minutes, start })?.into_response()
        }
    })
}

async fn stop(State(app): State<App>, here: Here, Form(form): Form<StopForm>) -> Result<Done, Failure> {
    if form.then != "save" {
        // The timer ends when the form is saved, so that nothing is lost by a closed tab.
        return Ok(Done::at("/time/entries/new?timer=1"));
    }
    let actor = here.actor();
    let (draft, saved, back) = app
        .run(move |app| {
            let (draft, saved) = app.stop_timer(&actor)?;
            let back = time::back_to(app, draft.started_at, "")?;
            Ok((draft, saved, back))
        })
        .await?;
    let said = format!("{} min for {} saved.", draft.minutes, draft.client);
    Ok(Done::at(back).saying_with_undo(said, format!("/time/entries/{}/delete", saved.id)))
}

async fn discard(State(app): State<App>, here: Here) -> Result<Done, Failure> {
    let actor = here.actor();
    let draft = app.run(move |app| app.discard_timer(&actor)).await?;
    let said = format!("The timer of {} min for {} is thrown away.", draft.minutes, draft.client);
    // It can be started anew from the moment at which it began.
    let fields = [("client", &draft.client), ("ticket", &draft.ticket), ("tier", &draft.tier), ("work_type", &draft.work_type)];
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", in_query(value))).collect();
    let undo = format!("/time/timer/start?{}&note={}&started_at={}", fields.join("&"), in_query(&draft.note), draft.started_at);
    Ok(Done::at("/time").saying_with_undo(said, undo))
}
