//! What went wrong, as `application/problem+json` (RFC 9457), and the list of all kinds for the reference.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{AppError, FieldProblem};
use crate::web::respond::{log, public_message, wait};

/// The media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name: the anchor of the reference page.
    pub name: &'static str,
    /// The status that it comes with.
    pub status: u16,
    /// What it means and what to do.
    pub text: &'static str,
}

const fn kind(name: &'static str, status: u16, text: &'static str) -> Kind {
    Kind { name, status, text }
}

/// The request cannot be read.
pub const MALFORMED: Kind =
    kind("malformed", 400, "The request cannot be read: broken JSON, an unknown parameter, a cursor of another list.");
/// Nobody is signed in.
pub const SIGNED_OUT: Kind =
    kind("signed-out", 401, "No token, or one that is unknown, over or revoked. Send `Authorization: Bearer qh_…`.");
/// Not allowed.
pub const FORBIDDEN: Kind = kind("forbidden", 403, "The person's role or the token's scopes do not allow it.");
/// Not there.
pub const NOT_FOUND: Kind = kind("not-found", 404, "There is no such thing, or it is not for this account.");
/// Another method.
pub const METHOD: Kind = kind("method", 405, "The path exists, but not with this method. The header `Allow` lists those that it has.");
/// Not as the caller believes.
pub const CONFLICT: Kind = kind("conflict", 409, "It is other than the request takes for granted. Read it again.");
/// The same key is at work.
pub const IN_PROGRESS: Kind = kind(
    "in-progress",
    409,
    "A request with this idempotency key is at work, or broke off. Wait; after a minute, look whether it was done.",
);
/// Changed since it was read.
pub const CHANGED: Kind = kind("changed", 412, "It changed since the version that `If-Match` names. Read it again, then decide.");
/// A body that is too large.
pub const TOO_LARGE: Kind = kind("too-large", 413, "The body is larger than this operation takes.");
/// Another media type.
pub const MEDIA_TYPE: Kind = kind("media-type", 415, "The body is of another media type than this operation takes.");
/// Fields that cannot be taken.
pub const INVALID: Kind = kind("invalid", 422, "The request can be read, but not taken. `fields` names what is wrong.");
/// A key with another request.
pub const KEY_REUSED: Kind =
    kind("key-reused", 422, "This idempotency key was used with another request. Take a new key for a new request.");
/// Too quick.
pub const TOO_MANY: Kind =
    kind("too-many", 429, "More requests than the limit allows. `Retry-After` says in how many seconds to go on.");
/// A fault of the program.
pub const FAULT: Kind = kind("fault", 500, "A fault of the program or of the machine. Nothing was saved. The server's log says more.");
/// The database is busy.
pub const BUSY: Kind = kind("busy", 503, "The server is busy. Nothing was saved. Send the request again.");

/// All kinds, by status.
pub const KINDS: [&Kind; 15] = [
    &MALFORMED,
    &SIGNED_OUT,
    &FORBIDDEN,
    &NOT_FOUND,
    &METHOD,
    &CONFLICT,
    &IN_PROGRESS,
    &CHANGED,
    &TOO_LARGE,
    &MEDIA_TYPE,
    &INVALID,
    &KEY_REUSED,
    &TOO_MANY,
    &FAULT,
    &BUSY,
];

/// A failed request.
#[derive(Debug)]
pub enum Problem {
    /// A use case failed.
    App(AppError),
    /// The request was refused before a use case.
    Refused(&'static Kind, String),
}

impl<E: Into<AppError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::App(error.into())
    }
}

/// The body of a failed request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// What kind of problem, as a place of the reference.
    #[schema(format = "uri-reference", example = "/api/reference#invalid")]
    pub r#type: String,
    /// The kind in words.
    #[schema(example = "invalid")]
    pub title: String,
    /// The status.
    #[schema(example = 422, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened, and how to mend it.
    pub detail: String,
    /// The fields that cannot be taken as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<FieldProblemBody>, required = false)]
    pub fields: Vec<FieldProblem>,
}

/// A field that cannot be taken as it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldProblem)]
pub struct FieldProblemBody {
    /// Its name; in lists with its position before it, such as `entries.3.minutes`.
    pub field: String,
    /// What was found and what was expected.
    pub message: String,
}

/// The kind of a use case's failure.
fn kind_of(error: &AppError) -> &'static Kind {
    match error.status() {
        401 => &SIGNED_OUT,
        403 => &FORBIDDEN,
        404 => &NOT_FOUND,
        409 => &CONFLICT,
        412 => &CHANGED,
        422 => &INVALID,
        429 => &TOO_MANY,
        503 => &BUSY,
        _ => &FAULT,
    }
}

fn fields_of(error: &AppError) -> Vec<FieldProblem> {
    match error {
        AppError::Invalid(fields) => fields.clone(),
        AppError::Books { problems, .. } => {
            problems.iter().map(|it| FieldProblem::new(it.column.clone().unwrap_or_default(), it.to_string())).collect()
        }
        _ => Vec::new(),
    }
}

impl Problem {
    /// A field that cannot be taken.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::App(AppError::field(field, message))
    }

    /// Something that is not there.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::App(AppError::not_found(what))
    }

    /// A request that cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::Refused(&MALFORMED, detail.into())
    }

    fn parts(&self) -> (&'static Kind, String, Vec<FieldProblem>) {
        match self {
            Self::Refused(kind, detail) => (kind, detail.clone(), Vec::new()),
            Self::App(error) => {
                let kind = kind_of(error);
                let message = public_message(error);
                let hint = error.hint();
                (kind, if hint.is_empty() { message } else { format!("{message}; {hint}") }, fields_of(error))
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (kind, detail, fields) = self.parts();
        let status = StatusCode::from_u16(kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let title = kind.name.replace('-', " ");
        let body = ProblemBody { r#type: format!("/api/reference#{}", kind.name), title, status: kind.status, detail, fields };
        let mut response = (status, serde_json::to_vec(&body).unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(self, Self::Refused(kind, _) if *kind == IN_PROGRESS) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Self::App(error) = &self {
            log(error, status);
            wait(error, &mut response);
        }
        response
    }
}
