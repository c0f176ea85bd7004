//! Manners of pages: a word is said once, and nobody is refused by a bare line of text.

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::http::header::{ACCEPT, ALLOW, CONNECTION, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::extract::CookieJar;

use crate::web::respond::{FLASH_COOKIE, refused};

fn is(headers: &HeaderMap, name: &HeaderName, kind: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(kind))
}

/// Takes the cookie of a flash back with the page that showed it.
pub async fn forget_flash(request: Request, next: Next) -> Response {
    let has_flash = CookieJar::from_headers(request.headers()).get(FLASH_COOKIE).is_some();
    let shows = has_flash && request.method() == Method::GET && !request.headers().contains_key("x-live");
    let mut response = next.run(request).await;
    if shows && response.status().is_success() && is(response.headers(), &CONTENT_TYPE, "text/html") {
        let gone = HeaderValue::from_static("flash=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        response.headers_mut().append(SET_COOKIE, gone);
    }
    response
}

/// The largest body that is read before anybody looks at the request.
const SMALL_BODY: u64 = 64 << 10;

/// A request may be refused before its body is read, and what is left of it would spoil the connection for the next one:
/// small bodies are read first, and after a refusal of a large one the connection is closed, and says so.
pub async fn take_body(request: Request, next: Next) -> Response {
    let size = request.body().size_hint();
    if size.exact() == Some(0) {
        return next.run(request).await;
    }
    if size.upper().is_some_and(|most| most <= SMALL_BODY) {
        let (parts, body) = request.into_parts();
        return match axum::body::to_bytes(body, usize::MAX).await {
            Ok(bytes) => next.run(Request::from_parts(parts, bytes.into())).await,
            Err(_) => refused(StatusCode::BAD_REQUEST),
        };
    }
    let mut response = next.run(request).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
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
