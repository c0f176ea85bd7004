//! The heads of the hour ledgers, and their check.

use askama::Template;
use axum::extract::State;

use crate::app::context::App;
use crate::app::job::{JobView, Work};
use crate::app::ledger::Head;
use crate::dates::moment;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, Done, Download, Failure, page};

#[derive(Template)]
#[template(path = "billing/ledger.html")]
pub(super) struct LedgerPage {
    frame: Frame,
    heads: Vec<Head>,
    verified: Option<(JobView, String)>,
    verifying: Option<JobView>,
}

pub(super) async fn show(State(app): State<App>, here: Here) -> Answer<LedgerPage> {
    let actor = here.actor();
    let (found, zone) = app.run(move |app| Ok((app.heads(&actor)?, app.books()?.setup.provider.time_zone.clone()))).await?;
    let verified = found.verified.map(|job| {
        let at = moment(job.finished_at.unwrap_or(job.created_at), &zone);
        (job, at)
    });
    page(LedgerPage { frame: here.frame(&app, "billing", "Hour ledger"), heads: found.heads, verified, verifying: found.verifying })
}

pub(super) async fn json(State(app): State<App>, here: Here) -> Result<Download, Failure> {
    let actor = here.actor();
    let content = app.run(move |app| app.heads_json(&actor)).await?.into_bytes();
    Ok(Download { name: "ledger-heads.json".to_owned(), media_type: "application/json", content, inline: false })
}

pub(super) async fn csv(State(app): State<App>, here: Here) -> Result<Download, Failure> {
    let actor = here.actor();
    let content = app.run(move |app| app.heads_csv(&actor)).await?;
    Ok(Download::csv("ledger-heads.csv".to_owned(), content))
}

pub(super) async fn verify(State(app): State<App>, here: Here) -> Result<Done, Failure> {
    let actor = here.actor();
    let id = app.run(move |app| app.order_job(&actor, &Work::Verify)).await?;
    Ok(Done::at(format!("/jobs/{id}")))
}
