//! Signing in and out.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use crate::app::context::App;
use crate::app::guard::Attempt;
use crate::app::session::Origin;
use crate::error::AppError;
use crate::web::assets::asset;
use crate::web::filters;
use crate::web::frame::Here;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/sign-in", Access::Anyone, show).post("/sign-in", Access::Anyone, submit).post(
        "/sign-out",
        Access::SignedIn,
        leave,
    )
}

#[derive(Template)]
#[template(path = "sign_in/show.html")]
struct SignInPage {
    provider: String,
    email: String,
    next: String,
    problem: Option<String>,
}

impl SignInPage {
    fn asset(&self, name: &str) -> String {
        asset(name)
    }
}

#[derive(Debug, Deserialize)]
struct Back {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct SignIn {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// A path of this site to go on to; anything else leads to the start page.
#[must_use]
pub fn safe_next(next: &str) -> String {
    let local = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && !next.chars().any(char::is_control);
    if local { next.to_owned() } else { "/".to_owned() }
}

async fn show(State(app): State<App>, Query(back): Query<Back>) -> Answer<SignInPage> {
    page(SignInPage { provider: app.provider_name(), email: String::new(), next: safe_next(&back.next), problem: None })
}

async fn submit(State(app): State<App>, Extension(origin): Extension<Origin>, jar: CookieJar, Form(form): Form<SignIn>) -> Response {
    let _ = jar;
    let attempt = Attempt { account: form.email.trim().to_lowercase(), address: origin.address.clone(), known_device: None };
    let (email, password) = (form.email.clone(), form.password);
    let signed = app.run(move |app| app.sign_in(&email, &password, &attempt, &origin)).await;
    match signed {
        Ok(token) => {
            let secure = if app.settings.is_secure() { "; Secure" } else { "" };
            let age = i64::from(app.settings.session_hours) * 3600;
            let name = app.settings.cookie_name();
            let cookie = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
            Done::at(safe_next(&form.next)).with_cookie(cookie).into_response()
        }
        Err(error @ (AppError::Invalid(_) | AppError::User { .. } | AppError::TooMany { .. })) => {
            let (provider, next) = (app.provider_name(), safe_next(&form.next));
            page_with_problems(SignInPage { provider, email: form.email, next, problem: Some(error.to_string()) }).into_response()
        }
        Err(error) => Failure(error).into_response(),
    }
}

async fn leave(State(app): State<App>, here: Here) -> Result<Done, Failure> {
    let name = app.settings.cookie_name();
    let actor = here.actor();
    app.run(move |app| app.end_session(&actor)).await?;
    Ok(Done::at("/sign-in").with_cookie(format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")))
}
