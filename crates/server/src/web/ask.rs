//! Steps that cannot be taken back ask first. Where a script runs it asks beside the button; elsewhere the button says what
//! to ask, and this page does.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, REFERER};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::session::Visit;
use crate::web::assets::asset;
use crate::web::respond::page;
use crate::web::visitor::safe_next;

/// The field that holds the question.
const FIELD: &str = "ask";
/// The longest question.
const LETTERS_MAX: usize = 1_000;

#[derive(Template)]
#[template(path = "confirm/ask.html")]
struct AskPage {
    question: String,
    action: String,
    fields: Vec<(String, String)>,
    back: String,
}

impl AskPage {
    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    fn asset(&self, name: &str) -> String {
        asset(name)
    }
}

/// Asks what a form wants to be asked; the answer is the same form without the question.
pub async fn first(request: Request, next: Next) -> Response {
    let is_form =
        request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if request.method() != Method::POST || !is_form || request.extensions().get::<Visit>().is_none() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await else {
        return crate::web::respond::refused(axum::http::StatusCode::PAYLOAD_TOO_LARGE);
    };
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(&bytes).into_owned().collect();
    let question = fields.iter().find(|(name, _)| name == FIELD).map(|(_, question)| question.as_str());
    let Some(question) = question.filter(|question| !question.is_empty() && question.chars().count() <= LETTERS_MAX) else {
        return next.run(Request::from_parts(parts, bytes.into())).await;
    };
    let question = question.replace("{chosen}", "what you chose");
    let (action, back) = (parts.uri.path().to_owned(), came_from(&parts.headers));
    let fields = fields.into_iter().filter(|(name, _)| name != FIELD).collect();
    page(AskPage { question, action, fields, back }).into_response()
}

/// The page of this site on which the form was.
fn came_from(headers: &HeaderMap) -> String {
    let from = headers.get(REFERER).and_then(|from| url::Url::parse(from.to_str().ok()?).ok());
    safe_next(from.as_ref().map_or("/", |from| from.path()))
}
