//! What handlers give: one thing with its version, a page of a list, a file, a word that it will be done.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Content, ResponseBuilder};

use crate::api::describe::{Draft, Output, text_header};
use crate::api::problem::{self, Problem};
use crate::app::seen::mark_of;
use crate::error::AppError;
use crate::web::respond::Download;

const JSON: &str = "application/json";

/// The strong tag of a body.
#[must_use]
pub fn etag_of(body: &[u8]) -> String {
    format!("\"{}\"", mark_of(body))
}

fn json(status: StatusCode, value: &impl Serialize, headers: &[(HeaderName, String)]) -> Response {
    let body = match serde_json::to_vec(value) {
        Ok(body) => body,
        Err(error) => return Problem::from(AppError::fault(error)).into_response(),
    };
    let etag = etag_of(&body);
    let mut response = (status, body).into_response();
    let sent = response.headers_mut();
    sent.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    // What an answer holds belongs to one account; it may be kept there, but not shown without asking.
    sent.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    for (name, value) in headers.iter().cloned().chain([(ETAG, etag)]) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            sent.insert(name, value);
        }
    }
    response
}

const ETAG_TEXT: (&str, &str) = ("ETag", "The version, for `If-None-Match` and `If-Match`.");
const LOCATION_TEXT: (&str, &str) = ("Location", "Where it is.");

/// One thing.
#[derive(Debug)]
pub struct Answer<V>(pub V);

impl<V: Serialize> IntoResponse for Answer<V> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0, &[])
    }
}

impl<V: ToSchema> Output for Answer<V> {
    fn describe(draft: &mut Draft) {
        let schema = draft.schema::<V>();
        draft.answer(200, "It is in the body.", Some(schema), &[ETAG_TEXT]);
        draft.problems.push(&problem::NOT_FOUND);
        if draft.reads {
            let text = "Answer `304` without a body if it is still the version with this `ETag`.";
            draft.header("If-None-Match", text, ObjectBuilder::new().schema_type(Type::String));
            draft.answer(304, "It is still that version.", None, &[]);
        }
    }
}

/// Something new.
#[derive(Debug)]
pub struct Created<V> {
    /// Where it is.
    pub at: String,
    /// What it is.
    pub view: V,
}

impl<V: Serialize> IntoResponse for Created<V> {
    fn into_response(self) -> Response {
        json(StatusCode::CREATED, &self.view, &[(LOCATION, self.at)])
    }
}

impl<V: ToSchema> Output for Created<V> {
    fn describe(draft: &mut Draft) {
        let schema = draft.schema::<V>();
        draft.answer(201, "It is there now.", Some(schema), &[ETAG_TEXT, LOCATION_TEXT]);
    }
}

/// Work that goes on by itself.
#[derive(Debug)]
pub struct Accepted<V> {
    /// Where to look how far it is.
    pub at: String,
    /// What it is.
    pub view: V,
}

impl<V: Serialize> IntoResponse for Accepted<V> {
    fn into_response(self) -> Response {
        json(StatusCode::ACCEPTED, &self.view, &[(LOCATION, self.at)])
    }
}

impl<V: ToSchema> Output for Accepted<V> {
    fn describe(draft: &mut Draft) {
        let schema = draft.schema::<V>();
        draft.answer(202, "It goes on by itself; `Location` says where to look.", Some(schema), &[ETAG_TEXT, LOCATION_TEXT]);
    }
}

/// Done, and nothing to say.
#[derive(Debug)]
pub struct Nothing;

impl IntoResponse for Nothing {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl Output for Nothing {
    fn describe(draft: &mut Draft) {
        draft.answer(204, "It is done.", None, &[]);
    }
}

/// A page of a list.
#[derive(Debug)]
pub struct Listed<V> {
    /// The things.
    pub items: Vec<V>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// The cursor of the next page, for the header `Link`.
#[derive(Clone, Debug)]
pub struct NextPage(pub String);

#[derive(Serialize)]
struct ListedBody<'a, V> {
    items: &'a [V],
    next: Option<&'a str>,
}

impl<V: Serialize> IntoResponse for Listed<V> {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::OK, &ListedBody { items: &self.items, next: self.next.as_deref() }, &[]);
        if let Some(next) = self.next {
            response.extensions_mut().insert(NextPage(next));
        }
        response
    }
}

impl<V: ToSchema> Output for Listed<V> {
    fn describe(draft: &mut Draft) {
        let items = ArrayBuilder::new().items(draft.schema::<V>()).description(Some("The page."));
        let nullable = SchemaType::from_iter([Type::String, Type::Null]);
        let next = ObjectBuilder::new().schema_type(nullable).description(Some("`after` of the next page; null on the last one."));
        let body = ObjectBuilder::new().property("items", items).required("items").property("next", next).required("next");
        let link = ("Link", "`rel=\"next\"`: the next page, if there is one.");
        draft.answer(200, "A page of the list.", Some(body.into()), &[ETAG_TEXT, link]);
    }
}

/// All of a short list.
#[derive(Debug)]
pub struct All<V>(pub Vec<V>);

impl<V: Serialize> IntoResponse for All<V> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &ListedBody { items: &self.0, next: None }, &[])
    }
}

impl<V: ToSchema> Output for All<V> {
    fn describe(draft: &mut Draft) {
        <Listed<V> as Output>::describe(draft);
    }
}

/// A table as CSV.
#[derive(Debug)]
pub struct CsvFile(pub Download);

impl IntoResponse for CsvFile {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl Output for CsvFile {
    fn describe(draft: &mut Draft) {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        let response = ResponseBuilder::new().description("The table.").content("text/csv; charset=utf-8", Content::new(Some(schema)));
        let header = text_header("The name of the file.");
        draft.answers.push((200, response.header("Content-Disposition", header).build()));
    }
}

/// A PDF.
#[derive(Debug)]
pub struct Pdf(pub Download);

impl IntoResponse for Pdf {
    fn into_response(self) -> Response {
        // A program keeps it; pages show it.
        Download { inline: false, ..self.0 }.into_response()
    }
}

impl Output for Pdf {
    fn describe(draft: &mut Draft) {
        let schema = ObjectBuilder::new().schema_type(Type::String).content_media_type("application/pdf");
        let response = ResponseBuilder::new().description("The document.").content("application/pdf", Content::new(Some(schema)));
        let header = text_header("The name of the file.");
        draft.answers.push((200, response.header("Content-Disposition", header).build()));
        draft.problems.push(&problem::BUSY);
    }
}
