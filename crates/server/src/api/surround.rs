//! What surrounds all operations: limits, versions, links to the next page, and problems instead of empty refusals.

use std::num::NonZeroU32;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::answer::NextPage;
use crate::api::extract::tags;
use crate::api::problem::{self, PROBLEM_JSON, Problem};
use crate::app::actor::Channel;
use crate::app::context::App;
use crate::app::rate::Rate;
use crate::app::session::{Origin, Visit};
use crate::error::AppError;

/// The application, for layers that have no state.
#[derive(Clone)]
pub struct Application(pub App);

fn is_of_api(uri: &Uri) -> bool {
    uri.path().starts_with("/api/v1/")
}

/// Counts requests to the API, and refuses those that are too many.
pub async fn limit(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if !is_of_api(request.uri()) {
        return next.run(request).await;
    }
    let (payer, weight) = payer(&request);
    match app.rate.check(&payer, app.settings.requests_a_minute, weight) {
        Ok(rate) => {
            request.extensions_mut().insert(Application(app));
            with_rate(next.run(request).await, rate)
        }
        Err(rate) => with_rate(Problem::from(AppError::TooMany { seconds: rate.seconds }).into_response(), rate),
    }
}

/// Finishes answers of the API: versions, links, and problems for whatever refused without one.
pub async fn finish(request: Request, next: Next) -> Response {
    if !is_of_api(request.uri()) {
        return next.run(request).await;
    }
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let seen = tags(request.headers(), IF_NONE_MATCH);
    finished(&method, &uri, &seen, next.run(request).await)
}

/// Who pays for a request: a token, a person, or an address. What a stranger asks weighs ten times as much.
fn payer(request: &Request) -> (String, NonZeroU32) {
    const OF_A_STRANGER: NonZeroU32 = NonZeroU32::new(10).unwrap();
    match request.extensions().get::<Visit>().map(|visit| (&visit.actor.channel, visit.actor.user_id)) {
        Some((Channel::Token(id, _), _)) => (format!("t{id}"), NonZeroU32::MIN),
        Some((_, user_id)) => (format!("u{user_id}"), NonZeroU32::MIN),
        None => {
            let address = request.extensions().get::<Origin>().map(|origin| format!("a{}", origin.address));
            (address.unwrap_or_default(), OF_A_STRANGER)
        }
    }
}

fn finished(method: &Method, uri: &Uri, seen: &[String], mut response: Response) -> Response {
    let status = response.status();
    if let Some(NextPage(cursor)) = response.extensions_mut().remove::<NextPage>()
        && let Ok(link) = HeaderValue::from_str(&format!("<{}>; rel=\"next\"", next_uri(uri, &cursor)))
    {
        response.headers_mut().insert(LINK, link);
    }
    if matches!(*method, Method::GET | Method::HEAD) && status == StatusCode::OK && is_seen(seen, response.headers().get(ETAG)) {
        return not_modified(response);
    }
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|it| it == PROBLEM_JSON);
    if is_problem || !(status.is_client_error() || status.is_server_error()) { response } else { as_problem(method, response) }
}

fn is_seen(seen: &[String], etag: Option<&HeaderValue>) -> bool {
    let etag = etag.and_then(|etag| etag.to_str().ok());
    etag.is_some_and(|etag| seen.iter().any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag))
}

fn not_modified(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.body_mut() = Body::empty();
    response.headers_mut().remove(CONTENT_TYPE);
    response.headers_mut().remove(CONTENT_LENGTH);
    response
}

/// A refusal that came without a body.
fn as_problem(method: &Method, response: Response) -> Response {
    let allow = response.headers().get(ALLOW).cloned();
    if *method == Method::OPTIONS && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let mut answer = StatusCode::NO_CONTENT.into_response();
        answer.headers_mut().extend(allow.map(|allow| (ALLOW, allow)));
        return answer;
    }
    let kind = match response.status().as_u16() {
        404 => &problem::NOT_FOUND,
        405 => &problem::METHOD,
        413 => &problem::TOO_LARGE,
        415 => &problem::MEDIA_TYPE,
        403 => &problem::FORBIDDEN,
        503 => &problem::BUSY,
        500.. => &problem::FAULT,
        _ => &problem::MALFORMED,
    };
    let mut answer = Problem::Refused(kind, kind.text.to_owned()).into_response();
    answer.headers_mut().extend(allow.map(|allow| (ALLOW, allow)));
    answer
}

fn next_uri(uri: &Uri, cursor: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).filter(|(name, _)| name != "after") {
        query.append_pair(&name, &value);
    }
    query.append_pair("after", cursor);
    format!("{}?{}", uri.path(), query.finish())
}

fn with_rate(mut response: Response, rate: Rate) -> Response {
    let headers = response.headers_mut();
    if let Some((limit, remaining)) = rate.limit.zip(rate.remaining) {
        headers.insert(HeaderName::from_static("ratelimit-limit"), HeaderValue::from(limit));
        headers.insert(HeaderName::from_static("ratelimit-remaining"), HeaderValue::from(remaining));
        headers.insert(HeaderName::from_static("ratelimit-reset"), HeaderValue::from(rate.seconds));
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(rate.seconds));
        }
    }
    response
}
