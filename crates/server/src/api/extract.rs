//! What handlers take from a request: who asks, the path, the query, the body, the version that it names.

use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Json, Path, Query, Request};
use axum::http::HeaderMap;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

use crate::api::answer::etag_of;
use crate::api::describe::{Draft, Input, query};
use crate::api::problem::{self, Problem};
use crate::api::shape::list_for_object;
use crate::app::actor::{Actor, Channel};
use crate::app::context::App;
use crate::app::session::Visit;
use crate::error::AppError;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Caller(pub Actor);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let visit = parts.extensions.get::<Visit>().ok_or(AppError::SignedOut)?;
        Ok(Self(visit.actor.clone()))
    }
}

impl Input for Caller {
    fn describe(_: &mut Draft) {}
}

/// Somebody who is signed in and, in a browser, proved lately who it is: for steps that give access away.
#[derive(Clone, Debug)]
pub struct Proved(pub Actor);

impl FromRequestParts<App> for Proved {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let visit = parts.extensions.get::<Visit>().ok_or(AppError::SignedOut)?;
        if matches!(visit.actor.channel, Channel::Session(_)) && !app.is_proved(visit) {
            let said = "confirm who you are at /confirm first, or use a token".to_owned();
            return Err(Problem::Refused(&problem::FORBIDDEN, said));
        }
        Ok(Self(visit.actor.clone()))
    }
}

impl Input for Proved {
    fn describe(_: &mut Draft) {}
}

/// The parameters of the path.
#[derive(Debug)]
pub struct Segment<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segment<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => Err(Problem::not_found("such thing")),
            Err(error) => Err(Problem::malformed(error.to_string())),
        }
    }
}

impl<T> Input for Segment<T> {
    fn describe(draft: &mut Draft) {
        draft.problems.extend([&problem::NOT_FOUND, &problem::MALFORMED]);
    }
}

/// The parameters of the query.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = Query::<T>::from_request_parts(parts, state).await;
        match found {
            Ok(Query(value)) => Ok(Self(value)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => Err(Problem::malformed(error.body_text())),
            Err(error) => Err(Problem::malformed(error.to_string())),
        }
    }
}

impl<T: IntoParams> Input for Params<T> {
    fn describe(draft: &mut Draft) {
        query::<T>(draft);
    }
}

/// A body of JSON.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + ToSchema> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let whole = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
        let bytes = whole.map_err(|error| refused(&error.into()))?;
        let Json(value) =
            Json::<T>::from_request(Request::from_parts(parts, bytes.clone().into()), state).await.map_err(|error| refused(&error))?;
        let place = serde_json::from_slice(&bytes).ok().and_then(|body| list_for_object(&body, &T::name()));
        match place {
            Some(place) => Err(Problem::field(place, "is a list; expected an object")),
            None => Ok(Self(value)),
        }
    }
}

impl<T: ToSchema> Input for Body<T> {
    fn describe(draft: &mut Draft) {
        draft.body = Some(draft.schema::<T>());
        draft.problems.extend([&problem::MALFORMED, &problem::TOO_LARGE, &problem::MEDIA_TYPE, &problem::INVALID]);
    }
}

/// Why a body cannot be taken.
fn refused(error: &JsonRejection) -> Problem {
    let text = error.body_text();
    match error {
        JsonRejection::JsonDataError(_) => {
            let (field, message) = field_of(text.split_once("target type: ").map_or(text.as_str(), |(_, said)| said));
            Problem::field(field, message)
        }
        JsonRejection::JsonSyntaxError(_) => {
            let place = text.split_once(": ").map_or(text.as_str(), |(_, place)| place);
            Problem::malformed(format!("the body is no JSON: {place}"))
        }
        JsonRejection::MissingJsonContentType(_) => {
            Problem::Refused(&problem::MEDIA_TYPE, "expected `Content-Type: application/json`".to_owned())
        }
        _ if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::Refused(&problem::TOO_LARGE, "the body is larger than 1 MB".to_owned())
        }
        _ => Problem::malformed(text),
    }
}

/// The field and the fault of serde's words, such as `entries[1]: missing field `minutes` at line 1 column 99`.
fn field_of(said: &str) -> (String, String) {
    let (path, said) = said.split_once(": ").filter(|(path, _)| !path.contains(' ')).unwrap_or(("", said));
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    let mut path = path.replace('[', ".").replace(']', "");
    // Serde names the object that misses a field, or has one too many; we name the field.
    for (start, message) in [
        ("missing field `", "is missing"),
        ("unknown field `", "is not known; leave it out or correct its name"),
        ("duplicate field `", "comes twice"),
    ] {
        if let Some((name, _)) = said.strip_prefix(start).and_then(|rest| rest.split_once('`')) {
            let own = path == name || path.ends_with(&format!(".{name}"));
            if !own {
                path = if matches!(path.as_str(), "" | ".") { name.to_owned() } else { format!("{path}.{name}") };
            }
            return (path, message.to_owned());
        }
    }
    let words = [
        ("u32", "a whole number from 0 on"),
        ("i64", "a whole number"),
        ("u64", "a whole number from 0 on"),
        ("u16", "a whole number from 0 on"),
        ("struct ", "an object: "),
    ];
    let message = words
        .into_iter()
        .fold(said.to_owned(), |said, (word, plain)| said.replace(&format!("expected {word}"), &format!("expected {plain}")));
    (path.trim_matches('.').to_owned(), message)
}

/// The version that a change is meant for.
#[derive(Clone, Debug, Default)]
pub struct IfMatch(Vec<String>);

impl IfMatch {
    /// Is a version named?
    #[must_use]
    pub fn is_given(&self) -> bool {
        !self.0.is_empty()
    }

    /// Goes on only if what is there is what the caller has seen.
    ///
    /// # Errors
    ///
    /// Refuses another version.
    pub fn check<V: Serialize>(&self, current: &V) -> Result<(), AppError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let etag = etag_of(&serde_json::to_vec(current).unwrap_or_default());
        if self.0.iter().any(|named| named == "*" || *named == etag) { Ok(()) } else { Err(AppError::Changed) }
    }
}

/// The tags of a header such as `If-Match`; weak ones never match a strong one.
#[must_use]
pub fn tags(headers: &HeaderMap, name: axum::http::HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect()
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(tags(&parts.headers, IF_MATCH)))
    }
}

impl Input for IfMatch {
    fn describe(draft: &mut Draft) {
        let text = "Only if it is still the version with this `ETag`.";
        draft.header("If-Match", text, ObjectBuilder::new().schema_type(Type::String));
        draft.problems.push(&problem::CHANGED);
    }
}

#[cfg(test)]
mod tests {
    use super::field_of;

    #[test]
    fn words_of_serde_name_the_field() {
        for (said, field, message) in [
            (".: missing field `minutes` at line 1 column 99", "minutes", "is missing"),
            ("missing field `minutes` at line 1 column 99", "minutes", "is missing"),
            ("entries[1]: missing field `minutes` at line 1 column 99", "entries.1.minutes", "is missing"),
            (
                "entries[1].foo: unknown field `foo`, expected one of `a`, `b`",
                "entries.1.foo",
                "is not known; leave it out or correct its name",
            ),
            (
                "entries[0].minutes: invalid type: string \"x\", expected u32 at line 1 column 4",
                "entries.0.minutes",
                "invalid type: string \"x\", expected a whole number from 0 on",
            ),
        ] {
            assert_eq!(field_of(said), (field.to_owned(), message.to_owned()));
        }
    }
}
