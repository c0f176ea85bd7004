//! What went wrong, as `application/problem+json` (RFC 9457).

use axum::Json;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{AppError, FieldProblem};
use crate::web::respond::{log, public_message, wait};

/// A failed request.
#[derive(Debug)]
pub struct Problem(pub AppError);

impl<E: Into<AppError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The body of a failed request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// What kind of problem, as a page of the reference.
    #[schema(example = "/api/reference#invalid")]
    pub r#type: String,
    /// The kind in words.
    pub title: String,
    /// The status.
    pub status: u16,
    /// What happened, and how to mend it.
    pub detail: String,
    /// The fields that cannot be taken as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<FieldProblemBody>)]
    pub fields: Vec<FieldProblem>,
}

/// A field that cannot be taken as it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblemBody {
    /// Its name.
    pub field: String,
    /// What was found and what was expected.
    pub message: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = self.0;
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        log(&error, status);
        let kind = match status.as_u16() {
            400 => "malformed",
            401 => "signed-out",
            403 => "forbidden",
            404 => "not-found",
            409 => "conflict",
            412 => "changed",
            422 => "invalid",
            429 => "too-many",
            503 => "busy",
            _ => "fault",
        };
        let hint = error.hint();
        let message = if status.is_server_error() { public_message(&error) } else { error.to_string() };
        let fields = match error {
            AppError::Invalid(ref fields) => fields.clone(),
            AppError::Books { ref problems, .. } => {
                problems.iter().map(|it| FieldProblem::new(it.column.clone().unwrap_or_default(), it.to_string())).collect()
            }
            _ => Vec::new(),
        };
        let body = ProblemBody {
            r#type: format!("/api/reference#{kind}"),
            title: kind.replace('-', " "),
            status: status.as_u16(),
            detail: if hint.is_empty() { message } else { format!("{message}; {hint}") },
            fields,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        wait(&error, &mut response);
        response
    }
}
