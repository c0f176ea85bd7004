//! Long work: the list, and the page of one job, which may be closed meanwhile.

use askama::Template;
use axum::extract::{Path, State};
use uuid::Uuid;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::import::Tally;
use crate::app::job::{JobView, Work};
use crate::dates::moment;
use crate::error::AppError;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, page};
use crate::web::routes::{Access, Area};

/// The routes.
pub(super) fn area() -> Area {
    let see = Access::May(Permission::SeeBilling);
    Area::default().get("/jobs", see, list).get("/jobs/{id}", see, show)
}

#[derive(Template)]
#[template(path = "billing/jobs.html")]
struct JobsPage {
    frame: Frame,
    jobs: Vec<(JobView, String)>,
}

async fn list(State(app): State<App>, here: Here) -> Answer<JobsPage> {
    let actor = here.actor();
    let (jobs, zone) = app.run(move |app| Ok((app.recent_jobs(&actor)?, app.books()?.setup.provider.time_zone.clone()))).await?;
    let jobs = jobs.into_iter().map(|job| {
        let at = moment(job.created_at, &zone);
        (job, at)
    });
    page(JobsPage { frame: here.frame(&app, "billing", "Jobs"), jobs: jobs.collect() })
}

#[derive(Template)]
#[template(path = "billing/job.html")]
struct JobPage {
    frame: Frame,
    job: JobView,
    ordered: String,
    finished: String,
    /// What an import did or would do: noun and tally.
    tallies: Vec<(&'static str, Tally)>,
    remarks: Vec<String>,
    faults: Vec<String>,
    back: (String, String),
    phase: &'static str,
    can_import: bool,
    import_path: String,
}

async fn show(State(app): State<App>, here: Here, Path(id): Path<String>) -> Answer<JobPage> {
    let actor = here.actor();
    let id = Uuid::parse_str(&id).map_err(|_| AppError::not_found("job"))?;
    let (job, zone) = app.run(move |app| Ok((app.job(&actor, id)?, app.books()?.setup.provider.time_zone.clone()))).await?;
    let import = job.outcome.as_ref().and_then(|outcome| outcome.import.clone());
    let mut remarks = import.as_ref().map(|import| import.remarks.clone()).unwrap_or_default();
    if let Some(import) = &import {
        let about = [
            (import.late, "new entries of issued months: late time on the next statement"),
            (import.corrections, "changed entries of issued months: corrections on the next statement"),
        ];
        remarks.extend(about.iter().filter(|(number, _)| *number > 0).map(|(number, text)| format!("{number} {text}")));
    }
    let tallies = import.map(|import| {
        vec![
            ("Clients", import.clients),
            ("Devices", import.devices),
            ("Agreements", import.agreements),
            ("Time entries", import.entries),
        ]
    });
    let faults = job.fault.iter().flat_map(|fault| fault.lines().map(str::to_owned));
    let faults = faults.chain(job.outcome.iter().flat_map(|outcome| outcome.faults.iter().cloned())).collect();
    let back = match &job.work {
        Work::Issue { period, .. } => (format!("/billing/{period}"), crate::dates::month(*period)),
        Work::TryImport | Work::Import { .. } => ("/settings/import".to_owned(), "Import".to_owned()),
        Work::Verify => ("/billing/ledger".to_owned(), "Hour ledger".to_owned()),
    };
    page(JobPage {
        frame: here.frame(&app, "billing", job.title()),
        ordered: moment(job.created_at, &zone),
        import_path: format!("/settings/import/{}", job.id),
        finished: job.finished_at.map(|at| moment(at, &zone)).unwrap_or_default(),
        can_import: job.work == Work::TryImport && job.state == "done",
        tallies: tallies.unwrap_or_default(),
        phase: if job.state == "queued" { "Waits for its turn" } else { "Under way" },
        remarks,
        faults,
        back,
        job,
    })
}
