//! The editor of agreements: a form of clauses with what this month would be under it.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use quarterhour_billing::agreement::Program;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::agreement::{Mode, Standing, Versions};
use crate::app::agreement_form::AgreementForm;
use crate::app::agreement_preview::Preview;
use crate::app::agreement_start::{Start, Vocabulary, usual_form};
use crate::app::agreement_words::title;
use crate::app::context::{App, Context};
use crate::app::template::Template as StartingPoint;
use crate::error::{AppError, FieldProblem};
use crate::web::agreement::{Crumbs, crumbs, path};
use crate::web::agreement_fields::{Applies, Clause, Source, clauses, dates};
use crate::web::client_head::client_path;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, Page, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// The fields of a form as a browser sends them.
pub(super) type Pairs = Form<Vec<(String, String)>>;

/// The routes.
#[must_use]
pub fn area() -> Area {
    let edit = Access::May(Permission::EditAgreements);
    Area::default()
        .get("/clients/{code}/agreements/new", edit, choose)
        .post("/clients/{code}/agreements/new", edit, create)
        .post("/clients/{code}/agreements/new/preview", edit, preview_new)
        .get("/clients/{code}/agreements/{name}/edit", edit, edit_form)
        .post("/clients/{code}/agreements/{name}/edit", edit, save)
        .post("/clients/{code}/agreements/{name}/edit/preview", edit, preview_edit)
}

#[derive(Debug, Default, Deserialize)]
struct StartQuery {
    template: Option<Uuid>,
    program: Option<String>,
    from: Option<String>,
}

#[derive(Template)]
#[template(path = "agreement/choose.html")]
struct ChoosePage {
    frame: Frame,
    versions: Versions,
    templates: Vec<StartingPoint>,
    programs: Vec<(&'static str, &'static str)>,
}

/// What the aside of the editor shows.
#[derive(Template)]
#[template(path = "agreement/preview.html")]
pub(super) struct PreviewPart {
    preview: Option<Preview>,
    clauses: Vec<crate::app::agreement_words::ClauseWords>,
    /// What must be mended first.
    waiting: Vec<Waiting>,
    /// What is worth a thought before it is saved.
    note: String,
}

/// A version that starts within a month makes that month bill two of them.
fn mid_month(form: &AgreementForm) -> String {
    let from = form.get("from").parse::<jiff::civil::Date>().ok().filter(|day| day.day() > 1 && form.get("apply") != "place");
    from.map_or_else(String::new, |from| {
        format!(
            "{} is within a month: that month gets two statements, and each version bills its whole fee and grants its whole \
             hours unless its clauses are prorated. A version usually starts on the first of a month.",
            crate::dates::full(&from)
        )
    })
}

/// Something that keeps a form from being saved.
struct Waiting {
    clause: &'static str,
    field: String,
    message: String,
}

/// What is edited, and where it goes.
pub(super) struct Editing {
    /// The client's code and name; none: a template.
    pub(super) client: Option<(String, String)>,
    /// The path that takes the form.
    pub(super) action: String,
    /// Where one goes without saving.
    pub(super) back: String,
    /// The button.
    pub(super) button: &'static str,
    /// A sentence under the title.
    pub(super) lede: String,
}

#[derive(Template)]
#[template(path = "agreement/edit.html")]
pub(super) struct EditPage {
    pub(super) frame: Frame,
    pub(super) editing: Editing,
    pub(super) form: AgreementForm,
    pub(super) clauses: Vec<Clause>,
    pub(super) programs: Vec<(&'static str, &'static str)>,
    pub(super) vocabulary: Vocabulary,
    pub(super) problems: Problems,
    pub(super) aside: PreviewPart,
}

/// Programs with what they are, in a few words.
pub(super) fn programs() -> Vec<(&'static str, &'static str)> {
    let about = |program: Program| match program {
        Program::AdHoc => "Each hour worked, in arrears.",
        Program::BlockOfTime => "Hours in advance, at a lower rate.",
        Program::UseItOrLoseIt => "A fixed fee for hours by workstation; unused ones are lost.",
        Program::Budget => "A base fee and a reserve of money that rolls on.",
        Program::FixedRate => "A fee for each listed device, unlimited work on it.",
        Program::Customized => "Services, and any of the clauses.",
    };
    Program::ALL.map(|program| (program.name(), about(program))).into()
}

impl PreviewPart {
    /// What a form would do, with everything that keeps it from being saved.
    pub(super) fn of(app: &Context, actor: &Actor, code: &str, form: &AgreementForm, editing: Option<&str>) -> Result<Self, AppError> {
        let tried = app.save_agreement(actor, code, editing, form, Mode::Try).map(drop);
        let mut problems = match tried {
            Ok(()) => Vec::new(),
            Err(AppError::Invalid(problems)) => problems,
            Err(AppError::Conflict { message, .. }) => vec![FieldProblem::new("", message)],
            Err(other) => return Err(other),
        };
        match app.preview_agreement(actor, code, form, editing) {
            Ok(preview) => {
                let part = Self::waiting(&problems);
                let note = editing.map(|_| mid_month(form)).unwrap_or_default();
                Ok(Self { clauses: preview.clauses.clone(), preview: Some(preview), note, ..part })
            }
            Err(AppError::Invalid(found)) => {
                problems.extend(found.into_iter().filter(|it| !problems.contains(it)).collect::<Vec<_>>());
                Ok(Self::waiting(&problems))
            }
            Err(other) => Err(other),
        }
    }

    pub(super) fn words(clauses: Result<Vec<crate::app::agreement_words::ClauseWords>, AppError>) -> Result<Self, AppError> {
        match clauses {
            Ok(clauses) => Ok(Self { preview: None, clauses, waiting: Vec::new(), note: String::new() }),
            Err(AppError::Invalid(problems)) => Ok(Self::waiting(&problems)),
            Err(other) => Err(other),
        }
    }

    fn waiting(problems: &[FieldProblem]) -> Self {
        let named = |it: &FieldProblem| Waiting {
            clause: title(it.field.split('.').next().unwrap_or_default()),
            field: it.field.clone(),
            message: it.message.clone(),
        };
        Self { preview: None, clauses: Vec::new(), waiting: problems.iter().map(named).collect(), note: String::new() }
    }
}

/// Does a step of the form only change what is shown, without saving?
pub(super) fn is_step(form: &mut AgreementForm) -> bool {
    let add = form.get("add").to_owned();
    if !add.is_empty() {
        form.add_row(&add);
        return true;
    }
    match form.get("step") {
        "program" => {
            let usual = usual_form(form.get("program"), "");
            form.fill_from(&usual);
            true
        }
        "preview" => true,
        _ => false,
    }
}

/// The fields of a form, with blank rows left out.
pub(super) fn form_of(pairs: Vec<(String, String)>) -> AgreementForm {
    let mut form = AgreementForm::from_pairs(pairs);
    form.tidy_rows();
    form
}

async fn choose(
    State(app): State<App>,
    here: Here,
    Path(code): Path<String>,
    Query(query): Query<StartQuery>,
) -> Result<Response, Failure> {
    let actor = here.actor();
    let start = match query {
        StartQuery { template: Some(id), .. } => Some(Start::Template(id)),
        StartQuery { program: Some(program), .. } => Some(Start::Program(program)),
        StartQuery { from: Some(name), .. } => Some(Start::Copy(name)),
        StartQuery { .. } => None,
    };
    if let Some(start) = start {
        let page =
            app.run(move |app| new_page(app, &here, &code, app.start_agreement(&actor, &code, &start)?, Problems::default())).await?;
        return Ok(page.into_response());
    }
    let (versions, templates) = app.run(move |app| Ok((app.agreements_of(&actor, &code)?, app.templates(&actor)?))).await?;
    let frame = here.frame(&app, "clients", format!("New agreement for {}", versions.client));
    Ok(page(ChoosePage { frame, versions, templates, programs: programs() }).into_response())
}

async fn create(State(app): State<App>, here: Here, Path(code): Path<String>, Form(pairs): Pairs) -> Result<Response, Failure> {
    let mut form = form_of(pairs);
    app.run(move |app| {
        if is_step(&mut form) {
            return Ok(new_page(app, &here, &code, form, Problems::default())?.into_response());
        }
        match app.save_agreement(&here.actor(), &code, None, &form, Mode::Keep) {
            Ok(name) => Ok(Done::at(path(&code, &name)).saying(format!("{name} was added.")).into_response()),
            Err(error) => Ok(with_problems(new_page(app, &here, &code, form, Problems::of_error(error)?)?)),
        }
    })
    .await
    .map_err(Failure)
}

async fn edit_form(State(app): State<App>, here: Here, Path((code, name)): Path<(String, String)>) -> Result<Response, Failure> {
    let made = app.run(move |app| {
        let versions = app.agreements_of(&here.actor(), &code)?;
        let view = app.agreement(&here.actor(), &code, &name)?;
        // What starts where this one ends is its next version, and the one to change.
        let ends = view.version.ends.filter(|ends| *ends <= versions.usual_start());
        if let Some(next) = ends.and_then(|ends| versions.versions.iter().find(|it| it.starts == ends)) {
            let said = format!("{name} ends before {}: this is the version after it.", crate::dates::full(&next.starts));
            return Ok(Done::at(format!("{}/edit", path(&code, &next.name))).saying(said).into_response());
        }
        let books = app.books()?;
        let form = AgreementForm::of_edit(&view, &versions, |name| books.agreement_texts.contains_key(name));
        Ok(page(edit_page(app, &here, &code, &name, form, Problems::default())?).into_response())
    });
    Ok(made.await?)
}

async fn save(
    State(app): State<App>,
    here: Here,
    Path((code, name)): Path<(String, String)>,
    Form(pairs): Pairs,
) -> Result<Response, Failure> {
    let mut form = form_of(pairs);
    app.run(move |app| {
        if is_step(&mut form) {
            return Ok(edit_page(app, &here, &code, &name, form, Problems::default())?.into_response());
        }
        match app.save_agreement(&here.actor(), &code, Some(&name), &form, Mode::Keep) {
            Ok(saved) => {
                let said =
                    if saved == name { format!("{name} was changed.") } else { format!("{saved} starts on {}.", form.get("from")) };
                Ok(Done::at(path(&code, &saved)).saying(said).into_response())
            }
            Err(error) => Ok(with_problems(edit_page(app, &here, &code, &name, form, Problems::of_error(error)?)?)),
        }
    })
    .await
    .map_err(Failure)
}

async fn preview_new(State(app): State<App>, here: Here, Path(code): Path<String>, Form(pairs): Pairs) -> Answer<PreviewPart> {
    let actor = here.actor();
    page(app.run(move |app| PreviewPart::of(app, &actor, &code, &form_of(pairs), None)).await?)
}

async fn preview_edit(
    State(app): State<App>,
    here: Here,
    Path((code, name)): Path<(String, String)>,
    Form(pairs): Pairs,
) -> Answer<PreviewPart> {
    let actor = here.actor();
    page(app.run(move |app| PreviewPart::of(app, &actor, &code, &form_of(pairs), Some(&name))).await?)
}

fn with_problems(page: EditPage) -> Response {
    page_with_problems(page).into_response()
}

impl IntoResponse for EditPage {
    fn into_response(self) -> Response {
        Page(self, axum::http::StatusCode::OK).into_response()
    }
}

fn new_page(app: &App, here: &Here, code: &str, form: AgreementForm, problems: Problems) -> Result<EditPage, AppError> {
    let actor = here.actor();
    let versions = app.agreements_of(&actor, code)?;
    let aside = PreviewPart::of(app, &actor, code, &form, None)?;
    let editing = Editing {
        action: format!("{}/agreements/new", client_path(code)),
        back: format!("{}/agreements", client_path(code)),
        button: "Save the agreement",
        lede: "Nothing is saved until you say so.".to_owned(),
        client: Some((versions.code.clone(), versions.client.clone())),
    };
    let frame = here.frame(app, "clients", format!("New agreement for {}", versions.client));
    let shell = Shell { frame, editing, aside, currency: versions.currency.code() };
    assemble(app, shell, Some(Applies::New), form, problems)
}

fn edit_page(
    app: &App,
    here: &Here,
    code: &str,
    name: &str,
    mut form: AgreementForm,
    problems: Problems,
) -> Result<EditPage, AppError> {
    let actor: Actor = here.actor();
    let versions = app.agreements_of(&actor, code)?;
    let version = versions.version(name).ok_or_else(|| AppError::not_found("agreement"))?;
    let applies = if version.is_locked { Applies::NewVersion } else { Applies::Either };
    if version.is_locked {
        form.set("apply", "version");
    }
    let lede = match (version.is_locked, version.standing) {
        (true, _) => "Statements were issued under it, so an edit starts a new version on a day.",
        (false, Standing::Future) => "It has not begun.",
        (false, _) => "Nothing of it is issued yet.",
    };
    let aside = PreviewPart::of(app, &actor, code, &form, Some(name))?;
    let editing = Editing {
        action: format!("{}/edit", path(code, name)),
        back: path(code, name),
        button: "Save",
        lede: lede.to_owned(),
        client: Some((versions.code.clone(), versions.client.clone())),
    };
    let frame = here.frame(app, "clients", format!("Edit {name}"));
    let shell = Shell { frame, editing, aside, currency: versions.currency.code() };
    assemble(app, shell, Some(applies), form, problems)
}

/// What surrounds the fields of a form.
pub(super) struct Shell {
    pub(super) frame: Frame,
    pub(super) editing: Editing,
    pub(super) aside: PreviewPart,
    /// The currency's code.
    pub(super) currency: &'static str,
}

impl ChoosePage {
    fn crumbs(&self) -> Crumbs {
        crumbs(&self.versions.code, &self.versions.client)
    }
}

impl EditPage {
    fn crumbs(&self) -> Crumbs {
        let of_template = || {
            [("/settings", "Settings"), ("/settings/templates", "Templates")]
                .map(|(path, label)| (path.to_owned(), label.to_owned()))
                .into()
        };
        self.editing.client.as_ref().map_or_else(of_template, |(code, client)| crumbs(code, client))
    }

    /// What is wrong with the form as a whole, and with fields that are not drawn.
    fn general(&self) -> String {
        let shown: Vec<String> = self.clauses.iter().flat_map(Clause::names).collect();
        let mut shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        shown.extend(["program", "name", "summary"]);
        let beside = self.problems.beside(&shown);
        let beside = beside.trim_start_matches(": ");
        if beside.is_empty() { self.problems.general().to_owned() } else { beside.to_owned() }
    }
}

/// Puts the page of a form together. Without `applies` it is a template's.
pub(super) fn assemble(
    app: &Context,
    shell: Shell,
    applies: Option<Applies>,
    form: AgreementForm,
    problems: Problems,
) -> Result<EditPage, AppError> {
    let Shell { frame, editing, aside, currency } = shell;
    let vocabulary = app.vocabulary()?;
    let source = Source { form: &form, problems: &problems, vocabulary: &vocabulary, currency, is_template: applies.is_none() };
    let mut drawn: Vec<Clause> = applies.map(|applies| dates(&source, applies)).into_iter().collect();
    drawn.extend(clauses(&source));
    Ok(EditPage { frame, editing, clauses: drawn, programs: programs(), vocabulary, form, problems, aside })
}
