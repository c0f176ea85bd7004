//! Steps that matter ask once more who it is, unless the person proved it within the last quarter of an hour.

use askama::Template;
use axum::Json;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::api::problem::Problem;
use crate::app::context::App;
use crate::app::passkey::Ceremony;
use crate::web::assets::asset;
use crate::web::filters;
use crate::web::frame::Here;
use crate::web::problems::Problems;
use crate::web::respond::{Done, Failure, page};
use crate::web::routes::{Access, Area};
use crate::web::sign_in::{Back, Shown, again};
use crate::web::visitor::{safe_next, with_next};

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default()
        .get("/confirm", Access::SignedIn, show)
        .post("/confirm", Access::SignedIn, submit)
        .post("/confirm/passkey/options", Access::SignedIn, passkey_options)
        .post("/confirm/passkey", Access::SignedIn, submit_passkey)
}

#[derive(Clone, Template)]
#[template(path = "confirm/show.html")]
struct ConfirmPage {
    provider: String,
    person: String,
    next: String,
    has_password: bool,
    has_totp: bool,
    has_passkeys: bool,
    /// The words of the button for single sign-on; empty without it.
    single: String,
    problems: Problems,
}

impl ConfirmPage {
    fn asset(&self, name: &str) -> String {
        asset(name)
    }

    fn single_path(&self) -> String {
        with_next("/sign-in/oidc", &self.next)
    }
}

/// Where a person is sent first who did not prove lately who it is; `back` is a page that can be asked for.
#[must_use]
pub fn needed(app: &App, here: &Here, back: &str) -> Option<Response> {
    (!app.is_proved(&here.visit)).then(|| Done::at(with_next("/confirm", back)).into_response())
}

async fn confirm_page(app: &App, here: &Here, next: String) -> Result<ConfirmPage, Failure> {
    let actor = here.actor();
    let (user, keys) = app.run(move |app| Ok((app.own_user(&actor)?, app.own_passkeys(&actor)?))).await?;
    let single = app.settings.oidc.as_ref().filter(|_| user.oidc_subject.is_some()).map(|oidc| oidc.label.clone());
    Ok(ConfirmPage {
        provider: app.provider_name(),
        person: here.visit.actor.name.clone(),
        next,
        has_password: user.password_hash.is_some(),
        has_totp: user.totp_sealed.is_some(),
        has_passkeys: !keys.is_empty() && app.has_passkeys(),
        single: single.unwrap_or_default(),
        problems: Problems::default(),
    })
}

async fn show(State(app): State<App>, here: Here, Query(back): Query<Back>) -> Result<Response, Failure> {
    let next = safe_next(&back.next);
    if app.is_proved(&here.visit) {
        return Ok(Done::at(next).into_response());
    }
    Ok(page(confirm_page(&app, &here, next).await?).into_response())
}

#[derive(Deserialize)]
struct Secret {
    #[serde(default)]
    secret: String,
    #[serde(default)]
    next: String,
}

async fn submit(State(app): State<App>, here: Here, Form(form): Form<Secret>) -> Result<Response, Failure> {
    let (actor, next) = (here.actor(), safe_next(&form.next));
    match app.run(move |app| app.confirm(&actor, &form.secret)).await {
        Ok(()) => Ok(Done::at(next).into_response()),
        Err(error) => {
            let fresh = confirm_page(&app, &here, next).await?;
            Ok(again(error, |problems| ConfirmPage { problems, ..fresh }))
        }
    }
}

async fn passkey_options(State(app): State<App>, here: Here) -> Result<Json<Ceremony>, Problem> {
    let actor = here.actor();
    Ok(Json(app.run(move |app| app.begin_passkey_confirm(&actor)).await?))
}

async fn submit_passkey(State(app): State<App>, here: Here, Json(shown): Json<Shown>) -> Result<Response, Problem> {
    let (actor, next) = (here.actor(), safe_next(&shown.next));
    app.run(move |app| app.confirm_by_passkey(&actor, &shown.carried, shown.credential)).await?;
    Ok(Json(json!({ "next": next })).into_response())
}
