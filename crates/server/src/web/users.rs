//! The people: invited, changed, shut out, and let in again by a link.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::app::actor::{Permission, Role};
use crate::app::api_token::TokenView;
use crate::app::context::App;
use crate::app::invitation::LINK_DAYS;
use crate::app::seen::whatever;
use crate::app::user::{Person, UserDraft, UserState};
use crate::error::AppError;
use crate::web::confirm;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::invitation;
use crate::web::moment::Moments;
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page};
use crate::web::routes::{Access, Area};
use crate::web::sign_in::again;

const MAY: Access = Access::May(Permission::ManageUsers);

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default()
        .get("/users", MAY, list)
        .post("/users", MAY, invite)
        .get("/users/new", MAY, show_new)
        .get("/users/{user}", MAY, show)
        .post("/users/{user}", MAY, change)
        .post("/users/{user}/link", MAY, renew_link)
        .post("/users/{user}/disable", MAY, disable)
        .post("/users/{user}/enable", MAY, enable)
        .post("/users/{user}/second-factor", MAY, reset_second_factor)
        .post("/users/{user}/tokens/{token}/revoke", MAY, revoke_token)
}

/// Roles with what people of them do, for a choice.
const ROLES: [(&str, &str, &str); 6] = [
    ("owner", "Owner", "Everything, people and settings too."),
    ("book-keeper", "Book-keeper", "Agreements, issuing, invoices and payments."),
    ("dispatcher", "Dispatcher", "Clients, devices and everybody's time."),
    ("technician", "Technician", "Sees clients, logs the own time."),
    ("approver", "Approver of a client", "Sees the client's account, decides about held overage."),
    ("contact", "Contact of a client", "Sees the client's account."),
];

#[derive(Template)]
#[template(path = "users/list.html")]
struct UsersPage {
    frame: Frame,
    moments: Moments,
    people: Vec<Person>,
}

#[derive(Template)]
#[template(path = "users/new.html")]
struct NewUserPage {
    frame: Frame,
    form: UserDraft,
    roles: [(&'static str, &'static str, &'static str); 6],
    clients: Vec<(String, String)>,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "users/show.html")]
struct UserPage {
    frame: Frame,
    moments: Moments,
    person: Person,
    is_self: bool,
    form: UserDraft,
    roles: [(&'static str, &'static str, &'static str); 6],
    clients: Vec<(String, String)>,
    tokens: Vec<TokenView>,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "users/link.html")]
struct LinkPage {
    frame: Frame,
    person: String,
    email: String,
    back: String,
    link: String,
    days: i64,
    is_new: bool,
}

fn clients(app: &App) -> Result<Vec<(String, String)>, AppError> {
    let books = app.books()?;
    let mut list = vec![(String::new(), "Choose a client".to_owned())];
    list.extend(books.setup.clients.iter().map(|client| (client.row.code.clone(), client.row.field("name").to_owned())));
    Ok(list)
}

fn id(text: &str) -> Result<Uuid, AppError> {
    Uuid::parse_str(text).map_err(|_| AppError::not_found("person"))
}

fn path(user_id: Uuid) -> String {
    format!("/users/{user_id}")
}

async fn list(State(app): State<App>, here: Here) -> Answer<UsersPage> {
    let actor = here.actor();
    let people = app.run(move |app| app.people(&actor)).await?;
    page(UsersPage { frame: here.frame(&app, "settings", "People"), moments: Moments::of(&app), people })
}

async fn new_page(app: &App, here: &Here, form: UserDraft, problems: Problems) -> Result<NewUserPage, Failure> {
    let clients = app.run(clients).await?;
    Ok(NewUserPage { frame: here.frame(app, "settings", "Invite somebody"), form, roles: ROLES, clients, problems })
}

async fn show_new(State(app): State<App>, here: Here) -> Result<Response, Failure> {
    if let Some(first) = confirm::needed(&app, &here, "/users/new") {
        return Ok(first);
    }
    let form = UserDraft { role: Role::Technician.name().to_owned(), ..UserDraft::default() };
    Ok(page(new_page(&app, &here, form, Problems::default()).await?).into_response())
}

fn link_page(app: &App, here: &Here, person: &Person, token: &str) -> LinkPage {
    LinkPage {
        frame: here.frame(app, "settings", format!("Link for {}", person.name)),
        person: person.name.clone(),
        email: person.email.clone(),
        back: path(person.user_id),
        link: app.settings.link(&format!("{}{token}", invitation::PATH)),
        days: LINK_DAYS,
        is_new: person.state == UserState::Invited,
    }
}

async fn invite(State(app): State<App>, here: Here, Form(form): Form<UserDraft>) -> Result<Response, Failure> {
    if let Some(first) = confirm::needed(&app, &here, "/users/new") {
        return Ok(first);
    }
    let (actor, draft) = (here.actor(), form.clone());
    let invited = app
        .run(move |app| {
            let (user_id, token) = app.invite(&actor, &draft)?;
            Ok((app.person(&actor, user_id)?, token))
        })
        .await;
    match invited {
        Ok((person, token)) => Ok(page(link_page(&app, &here, &person, &token)).into_response()),
        Err(error) => {
            let fresh = new_page(&app, &here, form, Problems::default()).await?;
            Ok(again(error, |problems| NewUserPage { problems, ..fresh }))
        }
    }
}

async fn user_page(app: &App, here: &Here, user: &str) -> Result<UserPage, Failure> {
    let (actor, user_id) = (here.actor(), id(user)?);
    let (person, tokens, clients) =
        app.run(move |app| Ok((app.person(&actor, user_id)?, app.tokens(&actor, user_id)?, clients(app)?))).await?;
    let form = UserDraft {
        name: person.name.clone(),
        email: person.email.clone(),
        role: person.role.to_owned(),
        client: person.client.clone(),
        technician: person.technician.clone(),
    };
    let is_self = user_id == here.visit.actor.user_id;
    let frame = here.frame(app, "settings", person.name.clone());
    Ok(UserPage {
        frame,
        moments: Moments::of(app),
        person,
        is_self,
        form,
        roles: ROLES,
        clients,
        tokens,
        problems: Problems::default(),
    })
}

async fn show(State(app): State<App>, here: Here, Path(user): Path<String>) -> Answer<UserPage> {
    page(user_page(&app, &here, &user).await?)
}

async fn change(
    State(app): State<App>,
    here: Here,
    Path(user): Path<String>,
    Form(form): Form<UserDraft>,
) -> Result<Response, Failure> {
    let (actor, user_id, draft) = (here.actor(), id(&user)?, form.clone());
    if let Some(first) = confirm::needed(&app, &here, &path(user_id)) {
        return Ok(first);
    }
    match app.run(move |app| app.change_person(&actor, user_id, &draft, &whatever)).await {
        Ok(()) => Ok(Done::at(path(user_id)).saying("The changes are saved").into_response()),
        Err(error @ AppError::NotFound { .. }) => Err(Failure(error)),
        Err(error) => {
            let fresh = user_page(&app, &here, &user).await?;
            Ok(again(error, |problems| UserPage { problems, form, ..fresh }))
        }
    }
}

async fn renew_link(State(app): State<App>, here: Here, Path(user): Path<String>) -> Result<Response, Failure> {
    let (actor, user_id) = (here.actor(), id(&user)?);
    if let Some(first) = confirm::needed(&app, &here, &path(user_id)) {
        return Ok(first);
    }
    let renewed = app
        .run(move |app| {
            let token = app.renew_link(&actor, user_id)?;
            Ok((app.person(&actor, user_id)?, token))
        })
        .await;
    match renewed {
        Ok((person, token)) => Ok(page(link_page(&app, &here, &person, &token)).into_response()),
        Err(error) => refused(&app, &here, &user, error).await,
    }
}

/// The page of the person again, with why a step was refused.
async fn refused(app: &App, here: &Here, user: &str, error: AppError) -> Result<Response, Failure> {
    if matches!(error, AppError::NotFound { .. }) {
        return Err(Failure(error));
    }
    let fresh = user_page(app, here, user).await?;
    Ok(again(error, |problems| UserPage { problems, ..fresh }))
}

async fn disable(State(app): State<App>, here: Here, Path(user): Path<String>) -> Result<Response, Failure> {
    let (actor, user_id) = (here.actor(), id(&user)?);
    match app.run(move |app| app.disable_person(&actor, user_id)).await {
        Ok(()) => {
            let undo = format!("{}/enable", path(user_id));
            Ok(Done::at(path(user_id))
                .saying_with_undo("Shut out at once: sessions, tokens and links have ended", undo)
                .into_response())
        }
        Err(error) => refused(&app, &here, &user, error).await,
    }
}

async fn enable(State(app): State<App>, here: Here, Path(user): Path<String>) -> Result<Response, Failure> {
    let (actor, user_id) = (here.actor(), id(&user)?);
    match app.run(move |app| app.enable_person(&actor, user_id)).await {
        Ok(()) => {
            let undo = format!("{}/disable", path(user_id));
            Ok(Done::at(path(user_id)).saying_with_undo("May sign in again", undo).into_response())
        }
        Err(error) => refused(&app, &here, &user, error).await,
    }
}

async fn reset_second_factor(State(app): State<App>, here: Here, Path(user): Path<String>) -> Result<Response, Failure> {
    let (actor, user_id) = (here.actor(), id(&user)?);
    if let Some(first) = confirm::needed(&app, &here, &path(user_id)) {
        return Ok(first);
    }
    match app.run(move |app| app.reset_second_factor(&actor, user_id)).await {
        Ok(()) => Ok(Done::at(path(user_id))
            .saying("App, recovery codes and passkeys are removed; the person is signed out")
            .into_response()),
        Err(error) => refused(&app, &here, &user, error).await,
    }
}

async fn revoke_token(State(app): State<App>, here: Here, Path((user, token)): Path<(String, String)>) -> Result<Done, Failure> {
    let (actor, user_id) = (here.actor(), id(&user)?);
    let token_id = Uuid::parse_str(&token).map_err(|_| AppError::not_found("token"))?;
    app.run(move |app| app.revoke_token(&actor, user_id, token_id)).await?;
    Ok(Done::at(path(user_id)).saying("The token is revoked"))
}
