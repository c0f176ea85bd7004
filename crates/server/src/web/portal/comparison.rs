//! Comparisons of programs that the provider shares.

use askama::Template;
use axum::extract::{Path, State};
use uuid::Uuid;

use crate::app::context::App;
use crate::app::risk::kept::KeptComparison;
use crate::dates;
use crate::web::frame::{Frame, Here};
use crate::web::portal::OWN;
use crate::web::respond::{Answer, Download, Failure, page};
use crate::web::routes::Area;

pub(super) fn area() -> Area {
    Area::default().get("/portal/programs", OWN, show).get("/portal/programs/{id}/pdf", OWN, pdf)
}

#[derive(Template)]
#[template(path = "portal/programs.html")]
struct ProgramsPage {
    frame: Frame,
    kept: Vec<(String, KeptComparison)>,
}

async fn show(State(app): State<App>, here: Here) -> Answer<ProgramsPage> {
    let (actor, frame) = (here.actor(), here.frame(&app, "portal-programs", "Programs"));
    let zone = frame.zone.clone();
    let kept = app.run(move |app| app.own_comparisons(&actor)).await?;
    let kept = kept.into_iter().map(|kept| (dates::day_in(kept.made_at, &zone), kept)).collect();
    page(ProgramsPage { frame, kept })
}

async fn pdf(State(app): State<App>, here: Here, Path(id): Path<Uuid>) -> Result<Download, Failure> {
    let actor = here.actor();
    let content = app.run(move |app| app.own_comparison_pdf(&actor, id)).await?;
    Ok(Download::pdf("programs.pdf".to_owned(), content))
}
