//! Where one is signed in, and the tokens by which programs act for one: listed, made, ended.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::api_token::{DAYS, TokenDraft, TokenView, scopes_of};
use crate::app::context::App;
use crate::app::session::SessionView;
use crate::error::AppError;
use crate::web::account::TABS;
use crate::web::confirm;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::moment::{Moments, browser_name};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page};
use crate::web::routes::{Access, Area};
use crate::web::sign_in::again;

const SESSIONS: &str = "/account/sessions";
const TOKENS: &str = "/account/tokens";

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default()
        .get(SESSIONS, Access::SignedIn, show_sessions)
        .post("/account/sessions/{session}/end", Access::SignedIn, end_session)
        .post("/account/sessions/end-others", Access::SignedIn, end_others)
        .get(TOKENS, Access::SignedIn, show_tokens)
        .post(TOKENS, Access::SignedIn, create_token)
        .post("/account/tokens/{token}/revoke", Access::SignedIn, revoke_token)
}

#[derive(Template)]
#[template(path = "account/sessions.html")]
struct SessionsPage {
    frame: Frame,
    tabs: [(&'static str, &'static str); 4],
    moments: Moments,
    sessions: Vec<SessionView>,
}

impl SessionsPage {
    fn browser(&self, session: &SessionView) -> String {
        browser_name(&session.agent)
    }
}

#[derive(Template)]
#[template(path = "account/tokens.html")]
struct TokensPage {
    frame: Frame,
    tabs: [(&'static str, &'static str); 4],
    moments: Moments,
    tokens: Vec<TokenView>,
    /// Scopes with what they allow.
    scopes: Vec<(&'static str, &'static str)>,
    days: Vec<(i64, String)>,
    form: Typed,
    /// The new token, shown this once.
    fresh: String,
    /// May the person make one without another proof?
    is_proved: bool,
    problems: Problems,
}

impl TokensPage {
    fn is_chosen(&self, scope: &str) -> bool {
        self.form.scope.iter().any(|other| other == scope)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Typed {
    name: String,
    scope: Vec<String>,
    days: String,
}

impl Default for Typed {
    fn default() -> Self {
        Self { name: String::new(), scope: vec!["read".to_owned()], days: "90".to_owned() }
    }
}

async fn show_sessions(State(app): State<App>, here: Here) -> Answer<SessionsPage> {
    let actor = here.actor();
    let sessions = app.run(move |app| app.own_sessions(&actor)).await?;
    page(SessionsPage { frame: here.frame(&app, "account", "Sessions"), tabs: TABS, moments: Moments::of(&app), sessions })
}

async fn end_session(State(app): State<App>, here: Here, Path(name): Path<String>) -> Result<Done, Failure> {
    let actor = here.actor();
    app.run(move |app| app.end_own_session(&actor, &name)).await?;
    Ok(Done::at(SESSIONS).saying("That session is ended"))
}

async fn end_others(State(app): State<App>, here: Here) -> Result<Done, Failure> {
    let actor = here.actor();
    let ended = app.run(move |app| app.end_other_sessions(&actor)).await?;
    Ok(Done::at(SESSIONS).saying(match ended {
        0 => "You were signed in nowhere else".to_owned(),
        1 => "You are signed out in one other place".to_owned(),
        more => format!("You are signed out in {more} other places"),
    }))
}

async fn tokens_page(app: &App, here: &Here, form: Typed) -> Result<TokensPage, Failure> {
    let actor = here.actor();
    let tokens = app.run(move |app| app.own_tokens(&actor)).await?;
    Ok(TokensPage {
        frame: here.frame(app, "account", "API tokens"),
        tabs: TABS,
        moments: Moments::of(app),
        tokens,
        scopes: scopes_of(here.visit.actor.role).into_iter().map(|scope| (scope.name(), scope.words())).collect(),
        days: DAYS.iter().map(|days| (*days, if *days == 365 { "1 year".to_owned() } else { format!("{days} days") })).collect(),
        form,
        fresh: String::new(),
        is_proved: app.is_proved(&here.visit),
        problems: Problems::default(),
    })
}

async fn show_tokens(State(app): State<App>, here: Here) -> Answer<TokensPage> {
    page(tokens_page(&app, &here, Typed::default()).await?)
}

async fn create_token(State(app): State<App>, here: Here, Form(form): Form<Typed>) -> Result<Response, Failure> {
    if let Some(first) = confirm::needed(&app, &here, TOKENS) {
        return Ok(first);
    }
    let actor = here.actor();
    let draft = TokenDraft { name: form.name.clone(), scopes: form.scope.clone(), days: form.days.parse().unwrap_or(0) };
    match app.run(move |app| app.create_token(&actor, &draft)).await {
        Ok(fresh) => Ok(page(TokensPage { fresh, ..tokens_page(&app, &here, Typed::default()).await? }).into_response()),
        Err(error) => {
            let shown = tokens_page(&app, &here, form).await?;
            Ok(again(error, |problems| TokensPage { problems, ..shown }))
        }
    }
}

async fn revoke_token(State(app): State<App>, here: Here, Path(token_id): Path<String>) -> Result<Done, Failure> {
    let actor = here.actor();
    let token_id = Uuid::parse_str(&token_id).map_err(|_| AppError::not_found("token"))?;
    app.run(move |app| app.revoke_token(&actor, actor.user_id, token_id)).await?;
    Ok(Done::at(TOKENS).saying("The token is revoked"))
}
