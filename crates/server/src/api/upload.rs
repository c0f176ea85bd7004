//! What comes as files: books to be imported, and the provider's logo.

use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use utoipa::openapi::Content;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use uuid::Uuid;

use crate::api::answer::{Accepted, Nothing};
use crate::api::billing::{Job, accepted};
use crate::api::describe::{Draft, Input};
use crate::api::endpoints::{Endpoints, named};
use crate::api::extract::{Caller, Segment};
use crate::api::problem::{self, Problem};
use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::job::Work;
use crate::app::logo::LOGO_BYTES_MAX;
use crate::jobs::check_files;
use crate::web::billing::{UPLOAD_BYTES_MAX, read_upload};
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let manage = Access::May(Permission::ManageSettings);
    let books = Endpoints::of("Import", "The files of a folder of books: looked at first, then imported.")
        .post_alone(
            "/imports",
            manage,
            named("lookAtBooks", "Look what files of books would change, as a job; nothing is changed yet"),
            look,
        )
        .post("/imports/{job}/keep", manage, named("importBooks", "Import the files that a job looked at, as a job"), keep);
    let logo = Endpoints::of("Logo", "The picture on the portal, the sign-in page and the documents; read it at `/logo`.")
        .put("/logo", manage, named("changeLogo", "Take a PNG or SVG as the logo"), change_logo)
        .delete("/logo", manage, named("removeLogo", "Remove the logo"), remove_logo);
    books.and(logo)
}

/// The files of an upload, by name.
struct Files(Vec<(String, Vec<u8>)>);

impl FromRequest<App> for Files {
    type Rejection = Problem;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, Problem> {
        DefaultBodyLimit::max(UPLOAD_BYTES_MAX).apply(&mut request);
        let wrong = |_| Problem::Refused(&problem::MEDIA_TYPE, "expected `Content-Type: multipart/form-data`".to_owned());
        let parts = Multipart::from_request(request, app).await.map_err(wrong)?;
        Ok(Self(check_files(read_upload(parts).await?)?))
    }
}

impl Input for Files {
    fn describe(draft: &mut Draft) {
        let file = ObjectBuilder::new().schema_type(Type::String).content_media_type("text/plain");
        let text = "Files named as in a folder of books: provider.toml, clients.csv, agreements/acme.toml and so on.";
        let files = ArrayBuilder::new().items(file).description(Some(text));
        let form = ObjectBuilder::new().property("files", files).required("files");
        draft.content = Some(("multipart/form-data", Content::new(Some(form))));
        draft.problems.extend([&problem::MALFORMED, &problem::MEDIA_TYPE, &problem::INVALID]);
    }
}

/// A picture.
struct Picture(Vec<u8>);

impl FromRequest<App> for Picture {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let large = |_| Problem::Refused(&problem::TOO_LARGE, format!("the picture is larger than {} kB", LOGO_BYTES_MAX >> 10));
        Ok(Self(axum::body::to_bytes(request.into_body(), LOGO_BYTES_MAX).await.map_err(large)?.to_vec()))
    }
}

impl Input for Picture {
    fn describe(draft: &mut Draft) {
        let schema = ObjectBuilder::new().schema_type(Type::String).content_media_type("image/png");
        draft.content = Some(("image/*", Content::new(Some(schema))));
        draft.problems.extend([&problem::TOO_LARGE, &problem::INVALID]);
    }
}

async fn look(State(app): State<App>, Caller(actor): Caller, Files(files): Files) -> Result<Accepted<Job>, Problem> {
    let by = actor.clone();
    let id = app.run(move |app| app.order_job_with(&by, &Work::TryImport, files)).await?;
    accepted(&app, actor, id).await
}

async fn keep(State(app): State<App>, Caller(actor): Caller, Segment(looked): Segment<Uuid>) -> Result<Accepted<Job>, Problem> {
    let by = actor.clone();
    let id = app.run(move |app| app.order_import(&by, looked)).await?;
    accepted(&app, actor, id).await
}

async fn change_logo(State(app): State<App>, Caller(actor): Caller, Picture(content): Picture) -> Result<Nothing, Problem> {
    app.run(move |app| app.set_logo(&actor, content)).await?;
    Ok(Nothing)
}

async fn remove_logo(State(app): State<App>, Caller(actor): Caller) -> Result<Nothing, Problem> {
    app.run(move |app| app.remove_logo(&actor)).await?;
    Ok(Nothing)
}
