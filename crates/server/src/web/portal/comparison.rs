//! Comparisons of programs that the provider shares.

use askama::Template;
use axum::extract::{Path, State};
use quarterhour_documents::Contender;
use uuid::Uuid;

use crate::app::context::App;
use crate::app::risk::kept::KeptComparison;
use crate::dates;
use crate::web::chart::{Chart, CostCurve, Densities, Ridge, Series};
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
    kept: Vec<Shared>,
}

/// A comparison that is shared, with its charts.
struct Shared {
    day: String,
    comparison: KeptComparison,
    densities: Chart,
    curve: Chart,
}

impl Shared {
    fn new(comparison: KeptComparison, zone: &str) -> Self {
        let paper = &comparison.paper;
        let ridge = |it: &Contender| {
            let [(from, _), (next, _), ..] = it.density[..] else { return None };
            Some(Ridge {
                label: it.name.clone(),
                from,
                step: next - from,
                values: it.density.iter().map(|(_, density)| *density).collect(),
                median: it.p50_value,
                p95: it.p95_value,
                words: [&it.median, &it.p95].map(|money| format!("{} {money}", paper.currency)),
            })
        };
        let densities = Densities {
            id: format!("densities-{}", comparison.id),
            title: "A year's cost under each program".to_owned(),
            ridges: paper.contenders.iter().filter_map(ridge).collect(),
        };
        let series = |(it, costs): (&Contender, &Vec<f64>)| Series { label: it.name.clone(), costs: costs.clone() };
        let curve = CostCurve {
            id: format!("curve-{}", comparison.id),
            title: "What a year costs with fewer or more tickets".to_owned(),
            tickets: paper.curve.tickets.clone(),
            series: paper.contenders.iter().zip(&paper.curve.costs).map(series).collect(),
            expected: paper.curve.expected.unwrap_or(0.0),
            crossings: Vec::new(),
        };
        Self { day: dates::day_in(comparison.made_at, zone), densities: densities.chart(), curve: curve.chart(), comparison }
    }
}

async fn show(State(app): State<App>, here: Here) -> Answer<ProgramsPage> {
    let (actor, frame) = (here.actor(), here.frame(&app, "portal-programs", "Programs"));
    let zone = frame.zone.clone();
    let kept = app.run(move |app| app.own_comparisons(&actor)).await?;
    let kept = kept.into_iter().map(|kept| Shared::new(kept, &zone)).collect();
    page(ProgramsPage { frame, kept })
}

async fn pdf(State(app): State<App>, here: Here, Path(id): Path<Uuid>) -> Result<Download, Failure> {
    let actor = here.actor();
    let content = app.run(move |app| app.own_comparison_pdf(&actor, id)).await?;
    Ok(Download::pdf("programs.pdf".to_owned(), content))
}
