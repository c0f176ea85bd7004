//! The page behind an invitation: a person sets a first or a new password.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::HeaderValue;
use axum::http::header::REFERRER_POLICY;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::context::App;
use crate::app::password::LENGTH_MIN;
use crate::app::user::User;
use crate::error::AppError;
use crate::web::assets::asset;
use crate::web::filters;
use crate::web::problems::Problems;
use crate::web::respond::{Failure, page};
use crate::web::routes::{Access, Area};
use crate::web::sign_in::again;
use crate::web::visitor::{Visitor, go_on};

/// The path of a link, without its token: it is not logged and not told to other sites.
pub const PATH: &str = "/invitations/";

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/invitations/{token}", Access::Anyone, show).post("/invitations/{token}", Access::Anyone, accept)
}

#[derive(Template)]
#[template(path = "invitation/show.html")]
struct InvitationPage {
    provider: String,
    person: String,
    email: String,
    /// Had the person a password before?
    is_new: bool,
    advice: String,
    problems: Problems,
}

impl InvitationPage {
    fn new(app: &App, user: User, problems: Problems) -> Self {
        let (person, email, is_new) = (user.name, user.email, user.password_hash.is_none());
        Self { provider: app.provider_name(), person, email, is_new, advice: password_hint(), problems }
    }

    fn asset(&self, name: &str) -> String {
        asset(name)
    }
}

/// What a new password needs, under its field.
#[must_use]
pub fn password_hint() -> String {
    format!("At least {LENGTH_MIN} characters; a few unrelated words do well.")
}

#[derive(Deserialize)]
struct NewPassword {
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

/// The token in the path goes nowhere else.
fn hushed(mut response: Response) -> Response {
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

async fn show(State(app): State<App>, Path(token): Path<String>) -> Response {
    hushed(match app.run(move |app| app.invited(&token)).await {
        Ok(user) => page(InvitationPage::new(&app, user, Problems::default())).into_response(),
        Err(error) => Failure(error).into_response(),
    })
}

async fn accept(State(app): State<App>, Path(token): Path<String>, visitor: Visitor, Form(form): Form<NewPassword>) -> Response {
    let accepted = app
        .run(move |app| {
            let user = app.invited(&token)?;
            let step = if form.password == form.again {
                app.accept_invitation(&token, &form.password, &visitor.browser)
            } else {
                Err(AppError::field("again", "the two are not the same"))
            };
            Ok((user, step))
        })
        .await;
    hushed(match accepted {
        Ok((_, Ok(step))) => go_on(&app, step, "/").into_response(),
        Ok((user, Err(error))) => again(error, |problems| InvitationPage::new(&app, user, problems)),
        Err(error) => Failure(error).into_response(),
    })
}
