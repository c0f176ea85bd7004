//! Manners of pages: a word is said once, and nobody is refused by a bare line of text.

use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, CONNECTION, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::extract::CookieJar;
use tokio::time::timeout;

use crate::app::context::App;
use crate::web::respond::{Flash, refused};
use crate::web::visitor::{cookie, flash_cookie};

/// The header with the id of a request.
pub const REQUEST_ID: &str = "x-request-id";

fn is(headers: &HeaderMap, name: &HeaderName, kind: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(kind))
}

/// How long a word waits for the page that shows it.
const FLASH_SECONDS: i64 = 60;

/// Carries a word over a redirect in a cookie, and takes the cookie back with the page that showed it.
pub async fn carry_flash(State(app): State<App>, request: Request, next: Next) -> Response {
    let has_flash = CookieJar::from_headers(request.headers()).get(&flash_cookie(&app)).is_some();
    let shows = has_flash && request.method() == Method::GET && !request.headers().contains_key("x-live");
    let mut response = next.run(request).await;
    let shown = shows && response.status().is_success() && is(response.headers(), &CONTENT_TYPE, "text/html");
    let said = response.extensions_mut().remove::<Flash>().map(|flash| (flash.written(), FLASH_SECONDS));
    if let Some((value, seconds)) = said.or_else(|| shown.then(|| (String::new(), 0)))
        && let Ok(cookie) = HeaderValue::from_str(&cookie(&app, &flash_cookie(&app), &value, seconds))
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Keeps the id that a proxy gave a request only if it is short and plain: it stands in the log and in the answer.
pub async fn plain_id(mut request: Request, next: Next) -> Response {
    let is_plain = |id: &HeaderValue| {
        (1..=64).contains(&id.len()) && id.as_bytes().iter().all(|it| it.is_ascii_alphanumeric() || b"-_.:".contains(it))
    };
    if request.headers().get(REQUEST_ID).is_some_and(|id| !is_plain(id)) {
        request.headers_mut().remove(REQUEST_ID);
    }
    next.run(request).await
}

/// The largest body that is read before anybody looks at the request.
const SMALL_BODY: u64 = 64 << 10;
/// How long a small body may take: its sender is not known yet.
const SMALL_BODY_WITHIN: Duration = Duration::from_secs(10);

/// A request may be refused before its body is read, and what is left of it would spoil the connection for the next one:
/// small bodies are read first, and after a refusal of a large one the connection is closed, and says so.
pub async fn take_body(request: Request, next: Next) -> Response {
    let size = request.body().size_hint();
    if size.exact() == Some(0) {
        return next.run(request).await;
    }
    if size.upper().is_some_and(|most| most <= SMALL_BODY) {
        let (parts, body) = request.into_parts();
        return match timeout(SMALL_BODY_WITHIN, axum::body::to_bytes(body, usize::MAX)).await {
            Ok(Ok(bytes)) => next.run(Request::from_parts(parts, bytes.into())).await,
            Ok(Err(_)) => refused(StatusCode::BAD_REQUEST),
            Err(_) => closing(refused(StatusCode::REQUEST_TIMEOUT)),
        };
    }
    let response = next.run(request).await;
    if response.status().is_client_error() || response.status().is_server_error() { closing(response) } else { response }
}

/// The last answer of a connection.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Gives a browser a page with a way out, where something below the handlers refused with a line of text or with nothing.
pub async fn refuse_kindly(request: Request, next: Next) -> Response {
    let is_browser = is(request.headers(), &ACCEPT, "text/html");
    let response = next.run(request).await;
    let (status, headers) = (response.status(), response.headers());
    let is_bare = !headers.contains_key(CONTENT_TYPE) || is(headers, &CONTENT_TYPE, "text/plain");
    if !(is_browser && is_bare && (status.is_client_error() || status.is_server_error())) {
        return response;
    }
    let allow = headers.get(ALLOW).cloned();
    let mut page = refused(status);
    if let Some(allow) = allow {
        page.headers_mut().insert(ALLOW, allow);
    }
    page
}
