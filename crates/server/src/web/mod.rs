//! The web application: pages, a file for each area with its routes, handlers and page structs. No SQL, no rules.

mod account;
mod agreement;
mod agreement_editor;
mod agreement_fields;
mod ask;
pub mod assets;
mod audit;
pub(crate) mod billing;
pub mod chart;
mod client;
mod client_entries;
mod client_forecast;
pub mod client_head;
mod client_show;
mod company;
mod comparison;
mod comparison_parts;
mod confirm;
mod dashboard;
mod device;
mod device_import;
pub mod fate;
pub(crate) mod filters;
pub mod frame;
pub mod health;
pub mod identify;
pub mod invitation;
mod live;
mod logo;
mod manners;
pub mod moment;
mod portal;
pub mod problems;
mod provider_side;
mod question;
mod reference;
pub mod respond;
pub mod routes;
mod sessions;
mod settings;
pub mod setup;
pub mod sign_in;
pub mod slider;
mod staffing;
mod template;
mod ticket;
mod time;
mod time_entry;
mod timer;
mod users;
pub mod visitor;
mod webhooks;

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;

use crate::api;
use crate::app::context::App;
use crate::error::AppError;
use crate::web::respond::Refusal;
use crate::web::routes::{Access, Area};

/// The largest body of a request, but where a route allows more.
const BODY_BYTES_MAX: usize = 1 << 20;
/// The longest that a request may take.
const SECONDS_MAX: u64 = 60;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'";

/// All routes of the program.
#[must_use]
pub fn routes() -> Area {
    Area::default()
        .and(api::area())
        .and(agreement::area())
        .and(agreement_editor::area())
        .and(comparison::area())
        .and(company::area())
        .and(logo::area())
        .and(settings::area())
        .and(template::area())
        .and(health::area())
        .and(account::area())
        .and(audit::area())
        .and(confirm::area())
        .and(invitation::area())
        .and(sessions::area())
        .and(setup::area())
        .and(sign_in::area())
        .and(users::area())
        .and(billing::area())
        .and(client::area())
        .and(client_entries::area())
        .and(client_forecast::area())
        .and(client_show::area())
        .and(dashboard::area())
        .and(device::area())
        .and(device_import::area())
        .and(portal::area())
        .and(provider_side::area())
        .and(staffing::area())
        .and(question::area())
        .and(reference::area())
        .and(ticket::area())
        .and(time::area())
        .and(time_entry::area())
        .and(timer::area())
        .and(webhooks::area())
        .get("/live", Access::SignedIn, live::stream)
        .get("/assets/{name}", Access::Anyone, assets::serve)
}

/// The service: all routes with what surrounds them.
///
/// # Errors
///
/// Fails when the public address cannot stand in a header.
pub fn service(app: &App) -> Result<Router, AppError> {
    let origin = app.settings.public_url.origin().ascii_serialization();
    let csrf = CsrfLayer::new().add_trusted_origin(origin.as_str()).map_err(|error| AppError::fault(error.to_string()))?;
    let router = routes().into_router().fallback(nothing_here);
    let id = HeaderName::from_static(manners::REQUEST_ID);
    let router = router
        .layer(middleware::from_fn(ask::first))
        .layer(middleware::from_fn_with_state(app.clone(), api::surround::limit))
        .layer(middleware::from_fn_with_state(app.clone(), manners::carry_flash))
        .layer(middleware::from_fn_with_state(app.clone(), identify::identify))
        .layer(middleware::from_fn_with_state(app.clone(), setup::first))
        .layer(csrf)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(manners::take_body))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(SECONDS_MAX)))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            respond::Failure(AppError::fault("a handler broke off")).into_response()
        }))
        .layer(middleware::from_fn(api::surround::finish))
        .layer(middleware::from_fn(manners::refuse_kindly))
        .layer(middleware::from_fn(surround))
        .layer(CompressionLayer::new().gzip(true))
        .layer(PropagateRequestIdLayer::new(id.clone()))
        .layer(SetRequestIdLayer::new(id, MakeRequestUuid))
        .layer(middleware::from_fn(manners::plain_id));
    Ok(router.with_state(app.clone()))
}

async fn nothing_here(request: Request) -> Response {
    Refusal::of(&request, AppError::not_found("page")).into_response()
}

/// A path as the log shows it: without the token of an invitation.
fn shown_path(path: &str) -> &str {
    if path.starts_with(invitation::PATH) { invitation::PATH } else { path }
}

/// The method, as long as it is one: whoever makes methods up shall not fill log and counters.
fn method_name(method: &Method) -> &'static str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.iter().zip(names).find(|(known, _)| *known == method).map_or("other", |(_, name)| name)
}

/// Headers of every answer, a line in the log, and the counters.
async fn surround(request: Request, next: Next) -> Response {
    let begun = std::time::Instant::now();
    let (method, path) = (method_name(request.method()), shown_path(request.uri().path()).to_owned());
    let id = request.headers().get(manners::REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let matched = request.extensions().get::<axum::extract::MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    let route = matched.unwrap_or_else(|| "none".to_owned());
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.to_string())];
    metrics::counter!("quarterhour_requests_total", &labels).increment(1);
    metrics::histogram!("quarterhour_request_seconds", "route" => labels[1].1.clone()).record(took.as_secs_f64());
    // The path without its query: a query may hold what is private.
    tracing::info!(
        method,
        path,
        status,
        took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        request = id,
        "{method} {path} {status}"
    );
    response
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::method_name;

    #[test]
    fn made_up_methods_are_one_to_the_counters() {
        assert_eq!((method_name(&Method::GET), method_name(&Method::DELETE)), ("GET", "DELETE"));
        let brew = Method::from_bytes(b"BREW").expect("a method");
        assert_eq!(method_name(&brew), "other");
    }
}
