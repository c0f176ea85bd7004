//! Signing in and out: password, second factor, passkey, single sign-on.

use askama::Template;
use axum::Json;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::api::problem::Problem;
use crate::app::context::App;
use crate::app::passkey::Ceremony;
use crate::error::AppError;
use crate::web::assets::asset;
use crate::web::filters;
use crate::web::frame::Here;
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, Page, page, wait};
use crate::web::routes::{Access, Area};
use crate::web::visitor::{Visitor, carrying, go_on, no_session, safe_next, with_next};

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default()
        .get("/sign-in", Access::Anyone, show)
        .post("/sign-in", Access::Anyone, submit)
        .get("/sign-in/code", Access::Anyone, show_code)
        .post("/sign-in/code", Access::Anyone, submit_code)
        .get("/sign-in/passkey", Access::Anyone, show_passkey)
        .post("/sign-in/passkey/options", Access::Anyone, passkey_options)
        .post("/sign-in/passkey", Access::Anyone, submit_passkey)
        .get("/sign-in/oidc", Access::Anyone, depart)
        .get("/sign-in/oidc/return", Access::Anyone, arrive)
        .post("/sign-out", Access::SignedIn, leave)
}

/// Where to go on afterwards.
#[derive(Debug, Default, Deserialize)]
pub struct Back {
    /// A path of this site.
    #[serde(default)]
    pub next: String,
}

#[derive(Template)]
#[template(path = "sign_in/show.html")]
struct SignInPage {
    provider: String,
    email: String,
    next: String,
    has_passkeys: bool,
    /// The words of the button for single sign-on; empty without it.
    single: String,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct CodePage {
    provider: String,
    next: String,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "sign_in/passkey.html")]
struct PasskeyPage {
    provider: String,
    next: String,
}

macro_rules! with_assets {
    ($($page:ty),*) => {
        $(impl $page {
            fn asset(&self, name: &str) -> String {
                asset(name)
            }
        })*
    };
}
with_assets!(SignInPage, CodePage, PasskeyPage);

impl SignInPage {
    fn new(app: &App, email: String, next: String, problems: Problems) -> Self {
        let single = app.settings.oidc.as_ref().map(|oidc| oidc.label.clone()).unwrap_or_default();
        Self { provider: app.provider_name(), email, next, has_passkeys: app.has_passkeys(), single, problems }
    }

    fn again(&self, path: &str) -> String {
        with_next(path, &self.next)
    }
}

#[derive(Deserialize)]
struct SignIn {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

/// The form again with what is wrong; tries that came too quickly stay on the form, too.
pub fn again<T: Template>(error: AppError, render: impl FnOnce(Problems) -> T) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let (said, quick) = match error {
        AppError::TooMany { .. } => (AppError::user(error.to_string(), ""), Some(error)),
        other => (other, None),
    };
    match Problems::of_error(said) {
        Ok(problems) => {
            let mut response = Page(render(problems), status).into_response();
            if let Some(quick) = quick {
                wait(&quick, &mut response);
            }
            response
        }
        Err(error) => Failure(error).into_response(),
    }
}

async fn show(State(app): State<App>, here: Option<Here>, Query(back): Query<Back>) -> Response {
    let next = safe_next(&back.next);
    if let Some(here) = here {
        let home = if here.visit.actor.role.is_of_client() { "/portal" } else { "/" };
        return Done::at(if next == "/" { home } else { &next }).into_response();
    }
    page(SignInPage::new(&app, String::new(), next, Problems::default())).into_response()
}

async fn submit(State(app): State<App>, visitor: Visitor, Form(form): Form<SignIn>) -> Response {
    let (email, next) = (form.email.clone(), safe_next(&form.next));
    match app.run(move |app| app.sign_in(&form.email, &form.password, &visitor.browser)).await {
        Ok(step) => go_on(&app, step, &next).into_response(),
        Err(error) => again(error, |problems| SignInPage::new(&app, email, next, problems)),
    }
}

async fn show_code(State(app): State<App>, visitor: Visitor, Query(back): Query<Back>) -> Response {
    let next = safe_next(&back.next);
    if !app.is_pending(&visitor.carried) {
        return Done::at(with_next("/sign-in", &next)).into_response();
    }
    page(CodePage { provider: app.provider_name(), next, problems: Problems::default() }).into_response()
}

async fn submit_code(State(app): State<App>, visitor: Visitor, Form(form): Form<Code>) -> Response {
    let next = safe_next(&form.next);
    if !app.is_pending(&visitor.carried) {
        return Done::at(with_next("/sign-in", &next)).into_response();
    }
    match app.run(move |app| app.sign_in_code(&visitor.carried, &form.code, &visitor.browser)).await {
        Ok(step) => go_on(&app, step, &next).into_response(),
        Err(error) => again(error, |problems| CodePage { provider: app.provider_name(), next, problems }),
    }
}

async fn show_passkey(State(app): State<App>, Query(back): Query<Back>) -> Answer<PasskeyPage> {
    if !app.has_passkeys() {
        return Err(Failure(AppError::not_found("way to sign in by passkey")));
    }
    page(PasskeyPage { provider: app.provider_name(), next: safe_next(&back.next) })
}

#[derive(Deserialize)]
struct Email {
    #[serde(default)]
    email: String,
}

async fn passkey_options(State(app): State<App>, Form(form): Form<Email>) -> Result<Json<Ceremony>, Problem> {
    Ok(Json(app.run(move |app| app.begin_passkey_sign_in(&form.email)).await?))
}

/// What a browser sends after a passkey was shown.
#[derive(Deserialize)]
pub struct Shown {
    /// What it carried for us.
    #[serde(default)]
    pub carried: String,
    /// What the passkey said.
    pub credential: Value,
    /// Where to go on.
    #[serde(default)]
    pub next: String,
}

async fn submit_passkey(State(app): State<App>, visitor: Visitor, Json(shown): Json<Shown>) -> Result<Response, Problem> {
    let next = safe_next(&shown.next);
    let step = app.run(move |app| app.passkey_sign_in(&shown.carried, shown.credential, &visitor.browser)).await?;
    Ok(go_on(&app, step, &next).as_json())
}

async fn depart(State(app): State<App>, Query(back): Query<Back>) -> Result<Done, Failure> {
    let next = safe_next(&back.next);
    let departure = app.run(move |app| app.begin_oidc(&next)).await?;
    Ok(Done::at(departure.url).with_cookie(carrying(&app, &departure.carried)))
}

#[derive(Deserialize)]
struct Arrival {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
}

async fn arrive(State(app): State<App>, visitor: Visitor, Query(arrival): Query<Arrival>) -> Response {
    let (carried, browser) = (visitor.carried, visitor.browser);
    match app.run(move |app| app.finish_oidc(&carried, &arrival.state, &arrival.code, &browser)).await {
        Ok((step, next)) => go_on(&app, step, &safe_next(&next)).into_response(),
        Err(error) => again(error, |problems| SignInPage::new(&app, String::new(), "/".to_owned(), problems)),
    }
}

async fn leave(State(app): State<App>, here: Here) -> Result<Done, Failure> {
    let actor = here.actor();
    app.run(move |app| app.end_session(&actor)).await?;
    Ok(Done::at("/sign-in").with_cookie(no_session(&app)))
}
