//! Templates of agreements: the list, and the editor of one.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::app::actor::Permission;
use crate::app::agreement_form::AgreementForm;
use crate::app::agreement_start::usual_form;
use crate::app::context::App;
use crate::app::seen::whatever;
use crate::app::template::{Template as StartingPoint, TemplateDraft};
use crate::error::AppError;
use crate::web::agreement_editor::{EditPage, Editing, Pairs, PreviewPart, Shell, assemble, form_of, is_step};
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// The routes.
#[must_use]
pub fn area() -> Area {
    let edit = Access::May(Permission::EditAgreements);
    Area::default()
        .get("/settings/templates", Access::May(Permission::SeeAgreements), list)
        .get("/settings/templates/new", edit, new)
        .post("/settings/templates/new", edit, create)
        .post("/settings/templates/new/preview", edit, preview_new)
        .get("/settings/templates/{id}", edit, show)
        .post("/settings/templates/{id}", edit, save)
        .post("/settings/templates/{id}/preview", edit, preview)
        .post("/settings/templates/{id}/delete", edit, delete)
}

#[derive(Template)]
#[template(path = "template/list.html")]
struct ListPage {
    frame: Frame,
    templates: Vec<(StartingPoint, String)>,
    may_edit: bool,
}

impl ListPage {
    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    fn delete_path(&self, template: &StartingPoint) -> String {
        format!("/settings/templates/{}/delete", template.template_id)
    }

    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    fn delete_words(&self, template: &StartingPoint) -> String {
        format!("Delete the template {}? Agreements that began with it stay.", template.name)
    }
}

/// The program of a template's text.
fn program_of(text: &str) -> String {
    let table: Option<toml::Table> = toml::from_str(text).ok();
    table.and_then(|table| Some(table.get("program")?.as_str()?.to_owned())).unwrap_or_default()
}

async fn list(State(app): State<App>, here: Here) -> Answer<ListPage> {
    let actor = here.actor();
    let templates = app.run(move |app| app.templates(&actor)).await?;
    let templates = templates
        .into_iter()
        .map(|template| {
            let program = program_of(&template.source_toml);
            (template, program)
        })
        .collect();
    page(ListPage {
        frame: here.frame(&app, "settings", "Templates"),
        templates,
        may_edit: here.actor().may(Permission::EditAgreements),
    })
}

/// The page of a template's form; `id` names one that is there.
fn edit_page(app: &App, here: &Here, id: Option<Uuid>, form: AgreementForm, problems: Problems) -> Result<EditPage, AppError> {
    let aside = PreviewPart::words(app.preview_template(&form))?;
    let action = id.map_or_else(|| "/settings/templates/new".to_owned(), |id| format!("/settings/templates/{id}"));
    let lede = "The client and the dates come with the agreement.".to_owned();
    let editing = Editing { client: None, action, back: "/settings/templates".to_owned(), button: "Save the template", lede };
    let title = if id.is_some() { "Edit a template" } else { "New template" };
    let currency = app.books()?.setup.provider.currency.code();
    assemble(app, Shell { frame: here.frame(app, "settings", title), editing, aside, currency }, None, form, problems)
}

async fn new(State(app): State<App>, here: Here) -> Answer<EditPage> {
    page(app.run(move |app| edit_page(app, &here, None, usual_form("use-it-or-lose-it", ""), Problems::default())).await?)
}

async fn show(State(app): State<App>, here: Here, Path(id): Path<Uuid>) -> Answer<EditPage> {
    let made = app.run(move |app| {
        let (template, mut form) = app.template(&here.actor(), id)?;
        form.set("name", template.name);
        form.set("summary", template.summary);
        edit_page(app, &here, Some(id), form, Problems::default())
    });
    page(made.await?)
}

async fn create(State(app): State<App>, here: Here, Form(pairs): Pairs) -> Result<Response, Failure> {
    save_form(app, here, None, pairs).await
}

async fn save(State(app): State<App>, here: Here, Path(id): Path<Uuid>, Form(pairs): Pairs) -> Result<Response, Failure> {
    save_form(app, here, Some(id), pairs).await
}

async fn save_form(app: App, here: Here, id: Option<Uuid>, pairs: Vec<(String, String)>) -> Result<Response, Failure> {
    let mut form = form_of(pairs);
    let answer = app.run(move |app| {
        if is_step(&mut form) {
            return Ok(edit_page(app, &here, id, form, Problems::default())?.into_response());
        }
        let draft = TemplateDraft { name: form.get("name").to_owned(), summary: form.get("summary").to_owned(), form: form.clone() };
        match app.save_template(&here.actor(), id, &draft, &whatever) {
            Ok(_) => Ok(Done::at("/settings/templates").saying(format!("{} was saved.", draft.name)).into_response()),
            Err(error) => Ok(page_with_problems(edit_page(app, &here, id, form, Problems::of_error(error)?)?).into_response()),
        }
    });
    Ok(answer.await?)
}

async fn preview_new(State(app): State<App>, Form(pairs): Pairs) -> Answer<PreviewPart> {
    page(app.run(move |app| PreviewPart::words(app.preview_template(&form_of(pairs)))).await?)
}

async fn preview(State(app): State<App>, Path(_): Path<Uuid>, Form(pairs): Pairs) -> Answer<PreviewPart> {
    page(app.run(move |app| PreviewPart::words(app.preview_template(&form_of(pairs)))).await?)
}

async fn delete(State(app): State<App>, here: Here, Path(id): Path<Uuid>) -> Result<Done, Failure> {
    let actor = here.actor();
    let gone = app.run(move |app| app.delete_template(&actor, id, &whatever)).await?;
    Ok(Done::at("/settings/templates").saying(format!("{} was deleted.", gone.name)))
}
