//! The caller's own timer.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::answer::{Answer, Created, Nothing};
use crate::api::endpoints::{Endpoints, PREFIX, named};
use crate::api::extract::{Body, Caller};
use crate::api::problem::Problem;
use crate::api::time_entry::TimeEntry;
use crate::api::words::{instant, segment, text};
use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::time_entry::Draft;
use crate::app::timer::{Former, Started, TimerStart};
use crate::error::AppError;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let log = Access::May(Permission::LogTime);
    Endpoints::of("Timer", "The caller's own timer; it survives a restart.")
        .get("/timer", log, named("getTimer", "Read the timer that runs"), show)
        .post("/timer", log, named("startTimer", "Start the timer"), start)
        .post("/timer/stop", log, named("stopTimer", "Stop the timer: it becomes a time entry"), stop)
        .delete("/timer", log, named("discardTimer", "Throw the timer away"), discard)
}

/// A timer that runs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Timer {
    /// The client's code.
    client: String,
    ticket: String,
    tier: String,
    work_type: String,
    note: String,
    /// Since when.
    #[schema(format = DateTime)]
    started_at: String,
    /// Minutes until now, rounded up.
    minutes: u32,
}

impl Timer {
    fn new(it: Draft) -> Self {
        let started_at = jiff::Timestamp::from_second(it.started_at).map(|at| at.to_string()).unwrap_or_default();
        let Draft { client, ticket, tier, work_type, note, minutes, .. } = it;
        Self { client, ticket, tier, work_type, note, started_at, minutes }
    }
}

/// What becomes of a timer that runs already.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IfRunning {
    /// Nothing is started: `409`.
    #[default]
    Refuse,
    /// It becomes a time entry.
    Save,
    /// It is thrown away.
    Discard,
}

/// A timer to be started.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTimer {
    /// The client's code.
    #[schema(example = "acme", max_length = 200)]
    client: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    ticket: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    tier: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    work_type: String,
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: String,
    /// When the work began; left out: now.
    #[serde(default)]
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// What becomes of a timer that runs already.
    #[serde(default)]
    if_running: IfRunning,
}

async fn show(State(app): State<App>, Caller(actor): Caller) -> Result<Answer<Timer>, Problem> {
    Ok(Answer(Timer::new(app.run(move |app| app.timer_draft(&actor)).await?)))
}

async fn start(State(app): State<App>, Caller(actor): Caller, Body(body): Body<NewTimer>) -> Result<Created<Timer>, Problem> {
    for (name, value) in [("ticket", &body.ticket), ("tier", &body.tier), ("work_type", &body.work_type)] {
        text(name, value, 200)?;
    }
    text("note", &body.note, 2000)?;
    let started_at = body.started_at.as_deref().map(|text| instant("started_at", text)).transpose()?.map(jiff::Timestamp::as_second);
    let NewTimer { client, ticket, tier, work_type, note, if_running, .. } = body;
    let former = match if_running {
        IfRunning::Refuse => Former::Ask,
        IfRunning::Save => Former::Save,
        IfRunning::Discard => Former::Discard,
    };
    let draft = app
        .run(move |app| {
            let start = TimerStart { client, ticket, tier, work_type, note, started_at };
            match app.start_timer(&actor, &start, former)? {
                Started::Running(_) => app.timer_draft(&actor),
                Started::Asking(_) => Err(AppError::conflict("another timer runs", "stop it, or say `if_running`")),
            }
        })
        .await?;
    Ok(Created { at: format!("{PREFIX}/timer"), view: Timer::new(draft) })
}

async fn stop(State(app): State<App>, Caller(actor): Caller) -> Result<Created<TimeEntry>, Problem> {
    let (entry, _) = app
        .run(move |app| {
            let (_, saved) = app.stop_timer(&actor)?;
            app.standing_entry(&saved.id)
        })
        .await?;
    Ok(Created { at: format!("{PREFIX}/time-entries/{}", segment(&entry.id)), view: TimeEntry::standing(&entry) })
}

async fn discard(State(app): State<App>, Caller(actor): Caller) -> Result<Nothing, Problem> {
    app.run(move |app| app.discard_timer(&actor)).await?;
    Ok(Nothing)
}
