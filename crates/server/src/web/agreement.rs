//! The agreements of a client: the list of versions, one of them in plain words, and what can be done with it.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use quarterhour_billing::Day;
use serde::Deserialize;

use crate::app::actor::Permission;
use crate::app::agreement::{AgreementView, Standing, Versions};
use crate::app::context::App;
use crate::error::AppError;
use crate::web::client_head::{ClientHead, client_path};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// The routes.
#[must_use]
pub fn area() -> Area {
    let (see, edit) = (Access::May(Permission::SeeAgreements), Access::May(Permission::EditAgreements));
    Area::default()
        .get("/clients/{code}/agreements", see, list)
        .get("/clients/{code}/agreements/{name}", see, show)
        .post("/clients/{code}/agreements/{name}/end", edit, end)
        .post("/clients/{code}/agreements/{name}/block", edit, sell_block)
        .post("/clients/{code}/agreements/{name}/block/{bought}/{hours}/remove", edit, take_back_block)
        .post("/clients/{code}/agreements/{name}/delete", edit, delete)
        .post("/clients/{code}/agreements/{name}/restore", edit, restore)
}

#[derive(Template)]
#[template(path = "agreement/list.html")]
struct ListPage {
    frame: Frame,
    head: ClientHead,
    versions: Versions,
    may_edit: bool,
    gap: String,
}

#[derive(Template)]
#[template(path = "agreement/show.html")]
struct ShowPage {
    frame: Frame,
    code: String,
    client: String,
    today: Day,
    view: AgreementView,
    may_edit: bool,
    /// The first day that is not issued, for dates to choose from.
    first_open: Option<Day>,
    ends: String,
    block: BlockForm,
    problems: Problems,
}

#[derive(Debug, Default, Deserialize)]
struct EndForm {
    #[serde(default)]
    ends: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct BlockForm {
    #[serde(default)]
    bought: String,
    #[serde(default)]
    hours: String,
    #[serde(default)]
    price: String,
    #[serde(default)]
    expires_months: String,
    #[serde(default)]
    once: String,
}

/// What a book-keeper should see at once: no agreement today.
fn gap(versions: &Versions) -> String {
    let list = &versions.versions;
    if list.is_empty() || list.iter().any(|version| version.standing == Standing::InForce) {
        return String::new();
    }
    let next = list.iter().filter(|version| version.standing == Standing::Future).map(|version| version.starts).min();
    let until = next.map_or_else(String::new, |day| format!(" until {day}"));
    format!("No agreement is in force today{until}: work is charged by the rate card.")
}

async fn list(State(app): State<App>, here: Here, Path(code): Path<String>) -> Answer<ListPage> {
    let actor = here.actor();
    let (head, versions) = app.run(move |app| Ok((ClientHead::of(app, &actor, &code)?, app.agreements_of(&actor, &code)?))).await?;
    let frame = here.frame(&app, "clients", format!("Agreements of {}", versions.client));
    let gap = gap(&versions);
    page(ListPage { frame, head, versions, may_edit: here.actor().may(Permission::EditAgreements), gap })
}

async fn show(State(app): State<App>, here: Here, Path((code, name)): Path<(String, String)>) -> Answer<ShowPage> {
    page(show_page(&app, &here, code, name).await?)
}

async fn show_page(app: &App, here: &Here, code: String, name: String) -> Result<ShowPage, Failure> {
    let actor = here.actor();
    let (versions, view) = app.run(move |app| Ok((app.agreements_of(&actor, &code)?, app.agreement(&actor, &code, &name)?))).await?;
    let months = if view.form.get("block.0.expires_months").is_empty() { "12" } else { view.form.get("block.0.expires_months") };
    let block = BlockForm { bought: versions.today.to_string(), expires_months: months.to_owned(), ..BlockForm::default() };
    Ok(ShowPage {
        frame: here.frame(app, "clients", view.version.name.clone()),
        code: versions.code,
        client: versions.client,
        today: versions.today,
        first_open: versions.first_open,
        ends: view.version.ends.map(|day| day.to_string()).unwrap_or_default(),
        view,
        may_edit: here.actor().may(Permission::EditAgreements),
        block,
        problems: Problems::default(),
    })
}

/// Goes back to the agreement with a word, or shows it again with what is wrong.
async fn answer(
    app: &App,
    here: &Here,
    (code, name): (String, String),
    done: Result<(String, Option<String>), AppError>,
    keep: impl FnOnce(&mut ShowPage),
) -> Result<Response, Failure> {
    match done {
        Ok((said, Some(undo))) => Ok(Done::at(path(&code, &name)).saying_with_undo(said, undo).into_response()),
        Ok((said, None)) => Ok(Done::at(path(&code, &name)).saying(said).into_response()),
        Err(error) => {
            let problems = Problems::of_error(error)?;
            let mut shown = show_page(app, here, code, name).await?;
            shown.problems = problems;
            keep(&mut shown);
            Ok(page_with_problems(shown).into_response())
        }
    }
}

/// The path of an agreement's page.
pub(super) fn path(code: &str, name: &str) -> String {
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("{}/agreements/{}", client_path(code), name.replace('+', "%20"))
}

async fn end(
    State(app): State<App>,
    here: Here,
    Path((code, name)): Path<(String, String)>,
    Form(form): Form<EndForm>,
) -> Result<Response, Failure> {
    let (actor, at) = (here.actor(), (code.clone(), name.clone()));
    let typed = form.ends.trim().to_owned();
    let kept = typed.clone();
    let done = app
        .run(move |app| {
            let parsed = if typed.is_empty() { None } else { Some(typed.parse().map_err(|_| not_a_date(&typed))?) };
            app.end_agreement(&actor, &code, &name, parsed.map(Day::from_date))?;
            let said = if typed.is_empty() { format!("{name} goes on.") } else { format!("{name} ends on {typed}.") };
            Ok((said, None))
        })
        .await;
    answer(&app, &here, at, done, |page| page.ends = kept).await
}

fn not_a_date(text: &str) -> AppError {
    AppError::field("ends", format!("`{text}`; expected a date such as 2026-12-31"))
}

async fn sell_block(
    State(app): State<App>,
    here: Here,
    Path((code, name)): Path<(String, String)>,
    Form(form): Form<BlockForm>,
) -> Result<Response, Failure> {
    let (actor, at, kept) = (here.actor(), (code.clone(), name.clone()), form.clone());
    let done = app
        .run(move |app| {
            let said = format!("A block of {} h was added, bought on {}.", form.hours.trim(), form.bought.trim());
            let BlockForm { bought, hours, price, expires_months, once } = form;
            let typed = [&code, &name, &bought, &hours, &price, &expires_months].map(|text| text.as_bytes());
            let fields = [("bought", &bought), ("hours", &hours), ("price", &price), ("expires_months", &expires_months)];
            let fields = fields.map(|(key, value)| (key.to_owned(), value.clone()));
            let sold = app.once(&actor, (&once, &typed), || app.sell_block(&actor, &code, &name, &fields))?;
            Ok(match sold {
                Some(()) => (said, Some(format!("{}/block/{}/{}/remove", path(&code, &name), bought.trim(), hours.trim()))),
                None => ("The block was added already.".to_owned(), None),
            })
        })
        .await;
    answer(&app, &here, at, done, |page| page.block = kept).await
}

async fn take_back_block(
    State(app): State<App>,
    here: Here,
    Path((code, name, bought, hours)): Path<(String, String, String, String)>,
) -> Result<Done, Failure> {
    let (actor, back) = (here.actor(), path(&code, &name));
    app.run(move |app| app.take_back_block(&actor, &code, &name, (&bought, &hours))).await?;
    Ok(Done::at(back).saying("The block is taken out."))
}

async fn delete(State(app): State<App>, here: Here, Path((code, name)): Path<(String, String)>) -> Result<Response, Failure> {
    let (actor, at) = (here.actor(), (code.clone(), name.clone()));
    match app.run(move |app| app.delete_agreement(&actor, &code, &name, "")).await {
        Ok(()) => {
            let list = format!("{}/agreements", client_path(&at.0));
            Ok(Done::at(list)
                .saying_with_undo(format!("{} was deleted.", at.1), format!("{}/restore", path(&at.0, &at.1)))
                .into_response())
        }
        Err(error) => answer(&app, &here, at, Err(error), |_| ()).await,
    }
}

async fn restore(State(app): State<App>, here: Here, Path((code, name)): Path<(String, String)>) -> Result<Done, Failure> {
    let (actor, at) = (here.actor(), path(&code, &name));
    let said = format!("{name} is back.");
    app.run(move |app| app.restore_agreement(&actor, &code, &name)).await?;
    Ok(Done::at(at).saying(said))
}

impl ShowPage {
    fn path(&self) -> String {
        path(&self.code, &self.view.version.name)
    }

    fn crumbs(&self) -> Crumbs {
        crumbs(&self.code, &self.client)
    }

    fn delete_path(&self) -> String {
        format!("{}/delete", self.path())
    }

    fn delete_words(&self) -> String {
        let name = &self.view.version.name;
        format!("Delete the agreement {name}, with its blocks? A version that ended on its first day goes on in its place.")
    }

    /// Problems that no field of this page shows.
    fn other_problems(&self) -> String {
        let beside = self.problems.beside(&["ends", "bought", "hours", "price", "expires_months"]);
        if beside.is_empty() { self.problems.general().to_owned() } else { beside }
    }
}

impl ListPage {
    fn path(&self, name: &str) -> String {
        path(&self.versions.code, name)
    }

    /// Where the first agreement is made.
    fn way_on(&self) -> String {
        if self.may_edit { self.head.at("agreements/new") } else { String::new() }
    }
}

/// Paths with what they are called.
pub(super) type Crumbs = Vec<(String, String)>;

/// The way to a page about a client's agreements.
pub(super) fn crumbs(code: &str, client: &str) -> Crumbs {
    let at = client_path(code);
    let list = (format!("{at}/agreements"), "Agreements".to_owned());
    vec![("/clients".to_owned(), "Clients".to_owned()), (at, client.to_owned()), list]
}
