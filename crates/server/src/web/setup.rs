//! The first run: until there is a provider and an owner, every page leads here.

use std::net::{IpAddr, SocketAddr};

use askama::Template;
use axum::extract::{ConnectInfo, FromRequestParts, Query, Request, State};
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::context::App;
use crate::app::setup::{DAYS, OwnerDraft, ProviderDraft, Stage, time_zones};
use crate::error::AppError;
use crate::web::assets::asset;
use crate::web::filters;
use crate::web::invitation::password_hint;
use crate::web::problems::Problems;
use crate::web::respond::{Done, Failure, Refusal, page};
use crate::web::routes::{Access, Area};
use crate::web::sign_in::again;
use crate::web::visitor::{Visitor, go_on};

const PATH: &str = "/setup";
/// What is there before the first run, too.
const ALWAYS: [&str; 5] = ["/assets/", "/health", "/ready", "/metrics", PATH];

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get(PATH, Access::Anyone, show).post(PATH, Access::Anyone, submit)
}

/// Leads every page to the first run until it is done.
pub async fn first(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if app.is_set_up() || ALWAYS.iter().any(|always| path.starts_with(always)) {
        return next.run(request).await;
    }
    match app.run(|app| app.stage()).await {
        Ok(Stage::Done) => next.run(request).await,
        Ok(_) if path.starts_with("/api/") => {
            let error = AppError::user("there is no provider yet", "open the address in a browser and set one up");
            Refusal::of(&request, error).into_response()
        }
        Ok(_) => Done::at(PATH).into_response(),
        Err(error) => Refusal::of(&request, error).into_response(),
    }
}

/// Does the request come from this machine, by its own name? A proxy in between, or a name that somebody else made
/// up for this machine, is not near.
#[derive(Clone, Copy, Debug)]
struct Near(bool);

impl FromRequestParts<App> for Near {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
        let here = peer.is_some_and(|address| address.to_canonical().is_loopback());
        let proxied = ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via"];
        // Browsers speak no HTTP/1.0; a proxy that says nothing else of itself does.
        let own = !app.settings.trust_proxy && is_own(app.settings.public_url.host_str().unwrap_or_default());
        let direct = own && parts.version != Version::HTTP_10 && !proxied.iter().any(|name| parts.headers.contains_key(*name));
        Ok(Self(here && direct && is_own_name(&parts.headers)))
    }
}

fn is_own_name(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    is_own(name.unwrap_or_default())
}

/// A name of this machine that nobody else can give it.
fn is_own(name: &str) -> bool {
    let name = name.trim_matches(['[', ']']);
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[derive(Template)]
#[template(path = "setup/show.html")]
struct SetupPage {
    /// Is the provider asked for, too?
    asks_provider: bool,
    /// The provider's name, where it is known.
    provider: String,
    /// Is the code asked for?
    asks_code: bool,
    form: Typed,
    zones: Vec<String>,
    /// May the browser put its own time zone in?
    guesses_zone: bool,
    days: [(&'static str, &'static str); 7],
    advice: String,
    problems: Problems,
}

impl SetupPage {
    fn new(app: &App, stage: Stage, near: Near, form: Typed, problems: Problems) -> Self {
        let asks_provider = stage == Stage::Nothing;
        let zones = if asks_provider { time_zones() } else { Vec::new() };
        let provider = app.provider_name();
        Self {
            asks_provider,
            provider,
            asks_code: !near.0,
            guesses_zone: form.name.is_empty() && problems.is_empty(),
            form,
            zones,
            days: DAYS,
            advice: password_hint(),
            problems,
        }
    }

    fn asset(&self, name: &str) -> String {
        asset(name)
    }

    fn opens_on(&self, day: &str) -> bool {
        self.form.day.iter().any(|other| other == day)
    }
}

/// The form, with its values as they were typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    code: String,
    name: String,
    country: String,
    currency: String,
    time_zone: String,
    day: Vec<String>,
    opens: String,
    closes: String,
    hourly: String,
    owner_name: String,
    email: String,
    password: String,
}

impl Typed {
    /// What stands there before anybody typed: the usual.
    fn usual(code: String) -> Self {
        let day = DAYS.iter().take(5).map(|(day, _)| (*day).to_owned()).collect();
        let texts = ["US", "USD", "America/New_York", "08:00", "18:00", "125.00"].map(str::to_owned);
        let [country, currency, time_zone, opens, closes, hourly] = texts;
        Self { code, country, currency, time_zone, day, opens, closes, hourly, ..Self::default() }
    }

    fn drafts(&self) -> (ProviderDraft, OwnerDraft) {
        let form = self.clone();
        let provider = ProviderDraft {
            name: form.name,
            country: form.country,
            currency: form.currency,
            time_zone: form.time_zone,
            days: form.day,
            opens: form.opens,
            closes: form.closes,
            hourly: form.hourly,
        };
        (provider, OwnerDraft { name: form.owner_name, email: form.email, password: form.password })
    }
}

#[derive(Debug, Deserialize)]
struct ShownCode {
    #[serde(default)]
    code: String,
}

async fn show(State(app): State<App>, near: Near, Query(shown): Query<ShownCode>) -> Response {
    match app.run(|app| app.stage()).await {
        Ok(Stage::Done) => Done::at("/").into_response(),
        Ok(stage) => page(SetupPage::new(&app, stage, near, Typed::usual(shown.code), Problems::default())).into_response(),
        Err(error) => Failure(error).into_response(),
    }
}

async fn submit(State(app): State<App>, near: Near, visitor: Visitor, Form(form): Form<Typed>) -> Response {
    let (provider, owner) = form.drafts();
    let code = form.code.clone();
    let set_up = app
        .run(move |app| {
            let stage = app.stage()?;
            if stage == Stage::Done {
                return Ok((
                    stage,
                    Err(AppError::conflict("this was set up meanwhile", "sign in, or ask the owner for an invitation")),
                ));
            }
            let admitted = app.admit_to_setup(near.0, &code, &visitor.browser);
            let books = (stage == Stage::Nothing).then_some(&provider);
            Ok((stage, admitted.and_then(|()| app.set_up(books, &owner, &visitor.browser))))
        })
        .await;
    match set_up {
        Ok((_, Ok(step))) => go_on(&app, step, "/").saying("Welcome. Your company is set up, and you are its owner").into_response(),
        Ok((Stage::Done, Err(_))) => Done::at("/").into_response(),
        Ok((stage, Err(error))) => again(error, |problems| SetupPage::new(&app, stage, near, form, problems)),
        Err(error) => Failure(error).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().expect("a header"));
        is_own_name(&headers)
    }

    #[test]
    fn a_name_that_somebody_made_up_for_this_machine_is_not_near() {
        assert!(own("localhost:8080") && own("127.0.0.1:8080") && own("[::1]:8080"));
        assert!(!own("evil.example") && !own("127.0.0.1.evil.example") && !own("localhost.evil.example:8080"));
        assert!(!is_own_name(&HeaderMap::new()));
    }
}
