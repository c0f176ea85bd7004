//! Books in by upload: the files of a folder, looked at first, then imported.

use askama::Template;
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::job::Work;
use crate::error::AppError;
use crate::jobs::{FILES_MAX, check_files, is_wanted};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// The largest upload.
pub(crate) const BYTES_MAX: usize = 200 << 20;

/// The routes.
pub(super) fn area() -> Area {
    let manage = Access::May(Permission::ManageSettings);
    Area::default()
        .get("/settings/import", manage, form)
        .post("/settings/import", manage, upload.layer(DefaultBodyLimit::max(BYTES_MAX)))
        .post("/settings/import/{id}", manage, keep)
}

#[derive(Template)]
#[template(path = "billing/import.html")]
struct ImportPage {
    frame: Frame,
    problems: Problems,
}

async fn form(State(app): State<App>, here: Here) -> Answer<ImportPage> {
    page(ImportPage { frame: here.frame(&app, "settings", "Import books"), problems: Problems::default() })
}

async fn upload(State(app): State<App>, here: Here, multipart: Multipart) -> Response {
    let uploaded = async {
        let files = read(multipart).await.and_then(check_files);
        let actor = here.actor();
        let ordered = match files {
            Ok(files) => app.run(move |app| app.order_job_with(&actor, &Work::TryImport, files)).await,
            Err(error) => Err(error),
        };
        match ordered {
            Ok(id) => Ok::<_, AppError>(Done::at(format!("/jobs/{id}")).into_response()),
            Err(error) => {
                let problems = Problems::of_error(error)?;
                Ok(page_with_problems(ImportPage { frame: here.frame(&app, "settings", "Import books"), problems }).into_response())
            }
        }
    };
    uploaded.await.unwrap_or_else(|error| Failure(error).into_response())
}

/// The files of an upload that the books have; all others are left alone.
pub(crate) async fn read(mut multipart: Multipart) -> Result<Vec<(String, Vec<u8>)>, AppError> {
    let broken = |error: axum::extract::multipart::MultipartError| {
        AppError::field("files", format!("the upload broke off or is larger than {} MB: {}", BYTES_MAX >> 20, error.body_text()))
    };
    let mut files = Vec::new();
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        let Some(name) = field.file_name().and_then(is_wanted) else { continue };
        let content = field.bytes().await.map_err(broken)?;
        files.push((name, content.to_vec()));
        if files.len() > FILES_MAX {
            return Err(AppError::field("files", format!("more than {FILES_MAX} files")));
        }
    }
    Ok(files)
}

async fn keep(State(app): State<App>, here: Here, Path(id): Path<String>) -> Result<Done, Failure> {
    let actor = here.actor();
    let inputs = Uuid::parse_str(&id).map_err(|_| AppError::not_found("job"))?;
    let id = app.run(move |app| app.order_import(&actor, inputs)).await?;
    Ok(Done::at(format!("/jobs/{id}")))
}
