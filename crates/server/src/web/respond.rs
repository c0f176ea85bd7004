//! Answers: pages, redirects with a word of what was done, and what went wrong as a page or as a JSON problem.

use askama::Template;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quarterhour_store::StoreError;
use serde::{Deserialize, Serialize};

use crate::api::problem::Problem;
use crate::app::session::Visit;
use crate::error::AppError;
use crate::web::assets::asset;
use crate::web::filters;

/// A rendered page, or why there is none.
pub type Answer<T> = Result<Page<T>, Failure>;

/// A page that is ready to be rendered.
#[derive(Debug)]
pub struct Page<T: Template>(pub T, pub StatusCode);

/// A page.
///
/// # Errors
///
/// None; the type fits the end of a handler.
pub fn page<T: Template>(template: T) -> Answer<T> {
    Ok(Page(template, StatusCode::OK))
}

/// A page with a form whose fields have problems.
///
/// # Errors
///
/// None; the type fits the end of a handler.
pub fn page_with_problems<T: Template>(template: T) -> Answer<T> {
    Ok(Page(template, StatusCode::UNPROCESSABLE_ENTITY))
}

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            // What a page shows belongs to one person.
            Ok(html) => (self.1, [(CACHE_CONTROL, "no-store")], Html(html)).into_response(),
            Err(error) => Failure(AppError::fault(format!("a page cannot be rendered: {error}"))).into_response(),
        }
    }
}

/// A word about what was done, shown once on the next page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// The word.
    pub text: String,
    /// A path that undoes it by POST.
    pub undo: Option<String>,
}

impl Flash {
    /// Reads the cookie; nothing for what is not ours.
    #[must_use]
    pub fn read(cookie: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        let flash: Self = serde_json::from_slice(&bytes).ok()?;
        let local = |path: &String| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
        (flash.text.chars().count() <= 300).then(|| Self { undo: flash.undo.filter(local), ..flash })
    }

    /// The value of the cookie that carries it over a redirect.
    #[must_use]
    pub fn written(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }
}

/// A redirect after something was done.
#[derive(Debug)]
pub struct Done {
    to: String,
    flash: Option<Flash>,
    cookies: Vec<String>,
}

impl Done {
    /// Goes on to a path of this site.
    pub fn at(path: impl Into<String>) -> Self {
        Self { to: path.into(), flash: None, cookies: Vec::new() }
    }

    /// Says there what was done.
    #[must_use]
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        self.flash = Some(Flash { text: text.into(), undo: None });
        self
    }

    /// Says there what was done, and offers to undo it by a POST to `path`.
    #[must_use]
    pub fn saying_with_undo(mut self, text: impl Into<String>, path: impl Into<String>) -> Self {
        self.flash = Some(Flash { text: text.into(), undo: Some(path.into()) });
        self
    }

    /// Sets a cookie, given as the whole value of `Set-Cookie`.
    #[must_use]
    pub fn with_cookie(mut self, cookie: String) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// The same for a script: it finds the path as `next`, and goes there.
    #[must_use]
    pub fn as_json(self) -> Response {
        let body = axum::Json(serde_json::json!({ "next": self.to }));
        let mut response = self.into_response();
        response.headers_mut().remove(LOCATION);
        let (parts, _) = response.into_parts();
        let mut response = (StatusCode::OK, parts.headers, body).into_response();
        response.extensions_mut().extend(parts.extensions);
        response
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        let headers = response.headers_mut();
        if let Ok(to) = HeaderValue::from_str(&self.to) {
            headers.insert(LOCATION, to);
        }
        for cookie in &self.cookies {
            if let Ok(cookie) = HeaderValue::from_str(cookie) {
                headers.append(SET_COOKIE, cookie);
            }
        }
        // The word becomes a cookie where the settings are known: `manners::carry_flash`.
        if let Some(flash) = self.flash {
            response.extensions_mut().insert(flash);
        }
        response
    }
}

/// What went wrong, as a page with a way out.
#[derive(Debug)]
pub struct Failure(pub AppError);

impl<E: Into<AppError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    status: u16,
    title: &'static str,
    message: String,
    hint: String,
    problems: Vec<String>,
}

impl FailurePage {
    fn asset(&self, name: &str) -> String {
        asset(name)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let error = self.0;
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        log(&error, status);
        let title = match status.as_u16() {
            401 => "Sign in first",
            403 => "Not allowed",
            404 => "Not here",
            409 => "That cannot be done now",
            412 => "It changed meanwhile",
            422 => "That does not fit",
            429 => "Too quick",
            503 => "Busy",
            _ => "Something broke",
        };
        let problems = match &error {
            AppError::Books { problems, .. } => problems.iter().map(ToString::to_string).collect(),
            AppError::Invalid(problems) => problems.iter().map(|it| format!("{}: {}", it.field, it.message)).collect(),
            _ => Vec::new(),
        };
        let message = public_message(&error);
        let page = FailurePage { status: status.as_u16(), title, message, hint: error.hint(), problems };
        let html = page.render().unwrap_or_else(|_| page.message.clone());
        let mut response = (status, [(CACHE_CONTROL, "no-store")], Html(html)).into_response();
        wait(&error, &mut response);
        response
    }
}

/// A page for a refusal that came from below all handlers, without a word.
pub fn refused(status: StatusCode) -> Response {
    let (title, message, hint) = match status.as_u16() {
        404 => ("Not here", "there is no such page", "the address may have been cut off"),
        405 => ("Not here", "this address only takes forms", "go back and send the form again"),
        408 | 503 => ("Busy", "this took too long", "what was asked for may still be done; look before you try again"),
        413 => ("Too large", "what was sent is larger than is taken here", "send a smaller file"),
        415 => ("That does not fit", "what was sent is not a form that is taken here", ""),
        _ => ("That does not fit", "the address or the form cannot be read", "go back and try again"),
    };
    let page =
        FailurePage { status: status.as_u16(), title, message: message.to_owned(), hint: hint.to_owned(), problems: Vec::new() };
    let html = page.render().unwrap_or_else(|_| page.message.clone());
    (status, [(CACHE_CONTROL, "no-store")], Html(html)).into_response()
}

/// What somebody may read of an error. Of a fault, and of what a database said, nothing of paths, statements or addresses.
#[must_use]
pub fn public_message(error: &AppError) -> String {
    match error {
        AppError::Store(StoreError::Refused { .. }) => {
            "what this belongs to was deleted meanwhile; nothing was saved. Look at the list again".to_owned()
        }
        AppError::Store(error) if error.is_retryable() => "the database is busy; nothing was saved. Try again".to_owned(),
        error if error.status() < 500 => error.to_string(),
        _ => "a fault of the program or of the machine; nothing was saved. The log of the server says more".to_owned(),
    }
}

/// Says a failure once in the log, where it ends.
pub fn log(error: &AppError, status: StatusCode) {
    if status.is_server_error() {
        tracing::error!(status = status.as_u16(), "a request failed: {error}");
    }
}

/// Tells when to come again.
pub fn wait(error: &AppError, response: &mut Response) {
    if let AppError::TooMany { seconds } = error {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
    }
}

/// A refusal before a handler was reached, in the form that the path calls for.
#[derive(Debug)]
pub enum Refusal {
    /// On a page.
    Page(Failure),
    /// In the API.
    Api(Problem),
    /// To another page: for signing in and back, or to the start of the own pages.
    To(String),
}

impl Refusal {
    /// The form that a request calls for.
    #[must_use]
    pub fn of(request: &Request, error: AppError) -> Self {
        let path = request.uri().path();
        if path.starts_with("/api/") {
            return Self::Api(Problem::from(error));
        }
        if matches!(error, AppError::SignedOut) && request.method() == Method::GET {
            let back = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
            return Self::To(format!("/sign-in?next={back}"));
        }
        let is_of_client = request.extensions().get::<Visit>().is_some_and(|visit| visit.actor.role.is_of_client());
        if is_of_client && path == "/" {
            return Self::To("/portal".to_owned());
        }
        Self::Page(Failure(error))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Page(failure) => failure.into_response(),
            Self::Api(problem) => problem.into_response(),
            Self::To(path) => Done::at(path).into_response(),
        }
    }
}

/// A file to be kept: bytes with a name and a type.
#[derive(Debug)]
pub struct Download {
    /// What it is called.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// The bytes.
    pub content: Vec<u8>,
    /// Shown in the browser instead of kept.
    pub inline: bool,
}

impl Download {
    /// A table to be kept.
    #[must_use]
    pub fn csv(name: String, text: String) -> Self {
        Self { name, media_type: "text/csv; charset=utf-8", content: text.into_bytes(), inline: false }
    }

    /// A document that the browser shows.
    #[must_use]
    pub const fn pdf(name: String, content: Vec<u8>) -> Self {
        Self { name, media_type: "application/pdf", content, inline: true }
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let plain: String =
            self.name.chars().map(|it| if it.is_ascii_alphanumeric() || "-_.".contains(it) { it } else { '_' }).collect();
        let how = if self.inline { "inline" } else { "attachment" };
        let headers = [(CONTENT_TYPE, self.media_type.to_owned()), (CACHE_CONTROL, "no-store".to_owned())];
        let mut response = (headers, self.content).into_response();
        if let Ok(value) = HeaderValue::from_str(&format!("{how}; filename=\"{plain}\"")) {
            response.headers_mut().insert(axum::http::header::CONTENT_DISPOSITION, value);
        }
        response
    }
}
