//! Writes that name a key happen once: sent again, they get the answer of the first time.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::api::describe::{Draft, Input};
use crate::api::problem::{self, Problem};
use crate::api::surround::Application;
use crate::app::actor::Actor;
use crate::app::context::App;
use crate::app::idempotency::{Kept, Keyed, Known};
use crate::app::session::Visit;

const NAME: &str = "idempotency-key";
const KEY_LETTERS_MAX: usize = 100;
const BODY_BYTES_MAX: usize = 1 << 20;

/// Describes the header.
pub fn describe(draft: &mut Draft) {
    let text = "A text of your own, new for each request. Sent again within 24 hours with the same request, it gets the first answer.";
    let schema =
        ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(KEY_LETTERS_MAX)).pattern(Some("^[!-~]+$"));
    draft.header("Idempotency-Key", text, schema);
    draft.problems.extend([&problem::MALFORMED, &problem::IN_PROGRESS, &problem::KEY_REUSED]);
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(NAME) else { return Ok(None) };
    let key =
        value.to_str().ok().filter(|key| (1..=KEY_LETTERS_MAX).contains(&key.len()) && key.bytes().all(|it| it.is_ascii_graphic()));
    let wrong = || Problem::malformed(format!("the header Idempotency-Key takes 1 to {KEY_LETTERS_MAX} visible ASCII letters"));
    key.map(|key| Some(key.to_owned())).ok_or_else(wrong)
}

/// A known key as an answer; none: go on.
///
/// # Errors
///
/// Refuses a key of another request and one that is at work.
fn answer_of(known: Known) -> Result<Option<Response>, Problem> {
    match known {
        Known::New => Ok(None),
        Known::Done(kept) => Ok(Some(replayed(kept))),
        Known::AtWork => Err(Problem::Refused(&problem::IN_PROGRESS, problem::IN_PROGRESS.text.to_owned())),
        Known::Other => Err(Problem::Refused(&problem::KEY_REUSED, problem::KEY_REUSED.text.to_owned())),
    }
}

fn replayed(kept: Kept) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, kept.body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
    headers.extend(kept.location.and_then(|it| HeaderValue::from_str(&it).ok()).map(|it| (LOCATION, it)));
    response
}

/// Runs a write once for its key: the key is taken before, and the answer is kept after.
pub async fn once(request: Request, next: Next) -> Response {
    let key = match key_of(request.headers()) {
        Ok(Some(key)) => key,
        Ok(None) => return next.run(request).await,
        Err(problem) => return problem.into_response(),
    };
    let found = (request.extensions().get::<Application>().cloned(), request.extensions().get::<Visit>().cloned());
    let (Some(Application(app)), Some(visit)) = found else { return next.run(request).await };
    // A task of its own: it ends even when whoever asked goes away.
    let task = tokio::spawn(run_once(app, visit.actor, key, request, next));
    match task.await {
        Ok(Ok(response)) => response,
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => Problem::App(crate::error::AppError::fault("a step broke off")).into_response(),
    }
}

async fn run_once(app: App, actor: Actor, key: String, request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let too_large = |_| Problem::Refused(&problem::TOO_LARGE, "the body is larger than 1 MB".to_owned());
    let body: Bytes = to_bytes(body, BODY_BYTES_MAX).await.map_err(too_large)?;
    let keyed = Keyed::new(&actor, key, &[parts.method.as_str().as_bytes(), parts.uri.to_string().as_bytes(), &body]);
    let reserved = keyed.clone();
    if let Some(answer) = answer_of(app.run(move |app| app.reserve(&reserved)).await?)? {
        return Ok(answer);
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !response.status().is_success() {
        app.run(move |app| app.free(&keyed)).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let location = parts.headers.get(LOCATION).and_then(|it| it.to_str().ok()).map(str::to_owned);
    let kept = Kept { status: parts.status.as_u16(), location, body: String::from_utf8_lossy(&body).into_owned() };
    // What was done is done: an answer that cannot be kept is given all the same.
    if let Err(error) = app.run(move |app| app.complete(&keyed, &kept)).await {
        tracing::error!("the answer to a write cannot be kept: {error}");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// The key of a write whose handler keeps it in its own transaction.
#[derive(Clone, Debug)]
pub struct Once {
    key: Option<String>,
    path: String,
}

impl Once {
    /// The key together with what was asked.
    #[must_use]
    pub fn keyed(&self, actor: &Actor, body: &impl Serialize) -> Option<Keyed> {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Some(Keyed::new(actor, self.key.clone()?, &[self.path.as_bytes(), &body]))
    }

    /// The answer of the first time, if there is one.
    ///
    /// # Errors
    ///
    /// Refuses a key of another request.
    pub fn answer(known: Known) -> Result<Option<Response>, Problem> {
        answer_of(known)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Once {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self { key: key_of(&parts.headers)?, path: parts.uri.to_string() })
    }
}

impl Input for Once {
    fn describe(draft: &mut Draft) {
        describe(draft);
    }
}

/// An answer that is new, or the one of the first time.
#[derive(Debug)]
pub enum Maybe<O> {
    /// It was done now.
    Now(O),
    /// It was done before.
    Again(Response),
}

impl<O: IntoResponse> IntoResponse for Maybe<O> {
    fn into_response(self) -> Response {
        match self {
            Self::Now(now) => now.into_response(),
            Self::Again(again) => again,
        }
    }
}

impl<O: crate::api::describe::Output> crate::api::describe::Output for Maybe<O> {
    fn describe(draft: &mut Draft) {
        O::describe(draft);
    }
}
