//! Finds out who sends a request: a session's cookie, or a token of the API. It decides nothing about what is allowed.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;

use crate::app::context::App;
use crate::app::session::{Origin, Visit};
use crate::web::respond::Refusal;

/// Puts a [`Visit`] and an [`Origin`] into the request.
pub async fn identify(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let origin = origin_of(&request, app.settings.trust_proxy);
    request.extensions_mut().insert(origin.clone());
    let path = request.uri().path();
    if path.starts_with("/assets/") {
        return next.run(request).await;
    }
    let in_api = path.starts_with("/api/");
    let bearer = bearer(request.headers()).filter(|_| in_api);
    let cookie = CookieJar::from_headers(request.headers()).get(app.settings.cookie_name()).map(|cookie| cookie.value().to_owned());
    let found = match (bearer, cookie) {
        (Some(token), _) => app.run(move |app| app.bearer(&token, &origin).map(|it| it.map(|actor| visit_of(app, actor)))).await,
        (None, Some(cookie)) => app.run(move |app| app.visit(&cookie, &origin)).await,
        (None, None) => Ok(None),
    };
    match found {
        Ok(visit) => {
            if let Some(visit) = visit {
                request.extensions_mut().insert(visit);
            }
            next.run(request).await
        }
        Err(error) => Refusal::of(&request, error).into_response(),
    }
}

fn visit_of(app: &App, actor: crate::app::actor::Actor) -> Visit {
    Visit { actor, proved_at: app.clock.now(), timer: None }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Where a request comes from. The header of a proxy is believed only when the settings say that there is one.
fn origin_of(request: &Request, trust_proxy: bool) -> Origin {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    // The last address of the last line is what our own proxy added; those before it were sent by whoever asked.
    let mut lines = request.headers().get_all("x-forwarded-for").iter();
    let last = lines.next_back().and_then(|value| value.to_str().ok());
    let forwarded = last.and_then(|list| list.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    let address = forwarded.filter(|_| trust_proxy).or(peer).map(|address| address.to_string()).unwrap_or_default();
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    Origin { address, agent: agent.unwrap_or_default().to_owned() }
}
