//! The provider's logo: served to everybody, taken and removed by whoever manages the settings.

use axum::extract::{Multipart, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::logo::{LOGO_BYTES_MAX, StoredLogo};
use crate::error::AppError;
use crate::web::frame::Here;
use crate::web::respond::{Done, Failure};
use crate::web::routes::{Access, Area};

/// A picture that runs nothing, whatever is in it.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");
/// Shown where there is no logo: our mark.
const MARK: &[u8] = include_bytes!("../../assets/icon.svg");

/// The routes.
#[must_use]
pub fn area() -> Area {
    let manage = Access::May(Permission::ManageSettings);
    Area::default().get("/logo", Access::Anyone, show).post("/settings/logo", manage, take).post(
        "/settings/logo/remove",
        manage,
        remove,
    )
}

async fn show(State(app): State<App>) -> Result<Response, Failure> {
    let logo = app.run(|app| app.stored_logo()).await?;
    let logo = logo.unwrap_or_else(|| StoredLogo { media_type: "image/svg+xml".to_owned(), content: MARK.into() });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_str(&logo.media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"))),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((headers, logo.content).into_response())
}

async fn take(State(app): State<App>, here: Here, mut parts: Multipart) -> Result<Response, Failure> {
    let broken = |_| Failure(AppError::field("logo", "the upload broke off; try again"));
    let mut content = Vec::new();
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        if part.name() != Some("logo") {
            continue;
        }
        // One byte too many is enough to refuse it.
        while let Some(chunk) = part.chunk().await.map_err(broken)?.filter(|_| content.len() <= LOGO_BYTES_MAX) {
            content.extend_from_slice(&chunk);
        }
    }
    let actor = here.actor();
    match app.run(move |app| app.set_logo(&actor, content)).await {
        Ok(()) => Ok(Done::at("/settings/company").saying("The logo was saved.").into_response()),
        Err(error @ AppError::Invalid(_)) => super::company::show_problems(&app, &here, error).await,
        Err(error) => Err(Failure(error)),
    }
}

async fn remove(State(app): State<App>, here: Here) -> Result<Done, Failure> {
    let actor = here.actor();
    app.run(move |app| app.remove_logo(&actor)).await?;
    Ok(Done::at("/settings/company").saying("The logo was removed."))
}
