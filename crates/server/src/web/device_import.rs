//! A device list from a CSV file: upload or paste, look at what it changes, confirm.

use askama::Template;
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::handler::Handler as _;
use axum::response::{IntoResponse, Response};
use quarterhour_books::Problem;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::device_effect::change_words;
use crate::app::device_import::{DeviceFile, ImportPlan};
use crate::error::AppError;
use crate::web::client_head::{ClientHead, client_path};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// The largest file.
const FILE_BYTES_MAX: usize = 5 << 20;
/// The largest request: the file as it was pasted, with what surrounds it.
const BODY_BYTES_MAX: usize = FILE_BYTES_MAX + (1 << 20);
/// Changes that the preview lists one by one.
const LISTED_MAX: usize = 500;

/// The routes.
#[must_use]
pub fn area() -> Area {
    let edit = Access::May(Permission::EditClients);
    let path = "/clients/{code}/import-devices";
    Area::default().get(path, edit, show).post(path, edit, submit.layer(DefaultBodyLimit::max(BODY_BYTES_MAX)))
}

#[derive(Template)]
#[template(path = "device/import.html")]
struct ImportPage {
    frame: Frame,
    head: ClientHead,
    /// What was sent.
    text: String,
    retire: bool,
    retire_on: String,
    problem: String,
    problems: Vec<Problem>,
    plan: Option<Preview>,
}

/// What the file changes, in words.
struct Preview {
    new: usize,
    changed: usize,
    retired: usize,
    same: usize,
    missing: Vec<String>,
    lines: Vec<(&'static str, &'static str, String)>,
    hidden: usize,
    sentences: Vec<String>,
    counts: Vec<(String, String, i64, i64)>,
    digest: String,
    changes_nothing: bool,
}

impl Preview {
    fn of(plan: &ImportPlan) -> Self {
        let lines = plan.changes.iter().take(LISTED_MAX).map(|change| {
            let retires = change
                .before
                .as_ref()
                .zip(change.after.as_ref())
                .is_some_and(|(before, after)| before.retired.is_none() && after.retired.is_some());
            let (kind, tone) = match (&change.before, retires) {
                (None, _) => ("new", "good"),
                (Some(_), true) => ("retired", "lost"),
                (Some(_), false) => ("changed", "night"),
            };
            (kind, tone, change_words(change))
        });
        let counts = plan.effect.periods.iter().flat_map(|effect| {
            effect.count.iter().map(|(class, before, after)| (crate::dates::month(effect.period), class.clone(), *before, *after))
        });
        Self {
            new: plan.new,
            changed: plan.changed,
            retired: plan.retired,
            same: plan.same,
            missing: plan.missing.clone(),
            lines: lines.collect(),
            hidden: plan.changes.len().saturating_sub(LISTED_MAX),
            sentences: plan.effect.sentences.clone(),
            counts: counts.collect(),
            digest: plan.digest.clone(),
            changes_nothing: plan.changes.is_empty(),
        }
    }
}

async fn show(State(app): State<App>, here: Here, Path(code): Path<String>) -> Answer<ImportPage> {
    page(import_page(&app, &here, code, Sent::default()).await?)
}

async fn import_page(app: &App, here: &Here, code: String, sent: Sent) -> Result<ImportPage, Failure> {
    let actor = here.actor();
    let (head, today) = app
        .run(move |app| {
            let books = app.books()?;
            let (_, client) = books.setup.client(&code).ok_or_else(|| AppError::not_found("client"))?;
            Ok((ClientHead::of(app, &actor, &code)?, app.clock.today(&client.client.clock).to_string()))
        })
        .await?;
    Ok(ImportPage {
        frame: here.frame(app, "clients", "Import a device list"),
        head,
        text: String::from_utf8_lossy(&sent.content).into_owned(),
        retire: sent.retire,
        retire_on: if sent.retire_on.is_empty() { today } else { sent.retire_on },
        problem: String::new(),
        problems: Vec::new(),
        plan: None,
    })
}

/// The fields of the form.
#[derive(Clone, Default)]
struct Sent {
    content: Vec<u8>,
    retire: bool,
    retire_on: String,
    digest: String,
}

impl Sent {
    async fn read(mut form: Multipart) -> Result<Self, AppError> {
        let mut sent = Self::default();
        let mut pasted = Vec::new();
        let broken = |error: axum::extract::multipart::MultipartError| match error.status().as_u16() {
            413 => AppError::user("the file is larger than 5 MB", "bring it in by parts"),
            _ => AppError::user("the form came in broken", "send it again"),
        };
        while let Some(field) = form.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(broken)?;
            let text = || String::from_utf8_lossy(&bytes).into_owned();
            match name.as_str() {
                "file" => sent.content = bytes.to_vec(),
                "text" => pasted = bytes.to_vec(),
                "retire" => sent.retire = true,
                "retire_on" => sent.retire_on = text(),
                "digest" => sent.digest = text(),
                _ => {}
            }
        }
        if sent.content.is_empty() {
            sent.content = pasted;
        }
        if sent.content.len() > FILE_BYTES_MAX {
            return Err(AppError::user("the file is larger than 5 MB", "bring it in by parts"));
        }
        Ok(sent)
    }

    fn file(&self) -> DeviceFile {
        DeviceFile { content: self.content.clone(), retire_missing: self.retire.then(|| self.retire_on.clone()) }
    }
}

async fn submit(State(app): State<App>, here: Here, Path(code): Path<String>, form: Multipart) -> Result<Response, Failure> {
    let sent = Sent::read(form).await?;
    let mut shown = import_page(&app, &here, code.clone(), sent.clone()).await?;
    if sent.content.iter().all(u8::is_ascii_whitespace) {
        "choose a file, or paste its lines".clone_into(&mut shown.problem);
        return Ok(page_with_problems(shown).into_response());
    }
    if !sent.digest.is_empty() {
        let (actor, at, file, digest) = (here.actor(), code.clone(), sent.file(), sent.digest.clone());
        match app.run(move |app| app.import_devices(&actor, &at, &file, &digest)).await {
            Ok((plan, undo)) => return Ok(done(&code, &plan, undo).into_response()),
            Err(AppError::Conflict { message, hint }) => shown.problem = format!("{message}. {hint}"),
            Err(AppError::Books { problems, .. }) => shown.problems = problems,
            Err(other) => return Err(other.into()),
        }
    }
    if shown.problems.is_empty() {
        let file = sent.file();
        let plan = app.run(move |app| app.device_import_plan(&code, &file)).await?;
        if plan.problems.is_empty() {
            shown.plan = Some(Preview::of(&plan));
        }
        shown.problems = plan.problems;
    }
    let wrong = !shown.problems.is_empty() || !shown.problem.is_empty();
    Ok(if wrong { page_with_problems(shown).into_response() } else { page(shown).into_response() })
}

fn done(code: &str, plan: &ImportPlan, undo: Option<uuid::Uuid>) -> Done {
    let path = format!("{}/devices", client_path(code));
    let said = format!("{} new, {} changed, {} retired, {} as they were.", plan.new, plan.changed, plan.retired, plan.same);
    match undo {
        Some(id) => Done::at(path.clone()).saying_with_undo(said, format!("{path}/{id}/undo")),
        None => Done::at(path).saying(said),
    }
}
