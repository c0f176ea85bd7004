//! The description of the API as OpenAPI 3.1, put together from its operations once.

use std::sync::{Arc, LazyLock};

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths};

use crate::api::answer::etag_of;
use crate::api::endpoints::Endpoints;
use crate::app::context::App;

const TEXT: &str = "Everything that the pages of Quarterhour do, as JSON.\n\n\
Times are RFC 3339, durations are seconds, periods are months such as `2026-11`. Money is a text with the digits of the \
currency's minor unit (`\"1250.00\"`). Lists come in pages: `limit` and `after`, with the cursor of the next page in `next`. \
Single things have an `ETag`. A `POST` with an `Idempotency-Key` is done once, however often it is sent. \
Errors are `application/problem+json`.";

/// The document with its bytes and its version.
pub struct Document {
    /// The document.
    pub openapi: OpenApi,
    json: Vec<u8>,
    etag: String,
}

static DOCUMENT: LazyLock<Arc<Document>> = LazyLock::new(|| Arc::new(Document::new(super::endpoints())));

/// The document of this version.
#[must_use]
pub fn document() -> Arc<Document> {
    Arc::clone(&DOCUMENT)
}

impl Document {
    fn new(endpoints: Endpoints) -> Self {
        let info = InfoBuilder::new()
            .title("Quarterhour")
            .version(concat!("1 (", env!("CARGO_PKG_VERSION"), ")"))
            .description(Some(TEXT))
            .contact(Some(ContactBuilder::new().name(Some("Quarterhour")).build()))
            .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()));
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("qh_…")
            .description(Some("A token from Settings, API tokens."))
            .build();
        let cookie = ApiKeyValue::with_description("quarterhour", "The session of a browser.");
        let mut components = Components::new();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        components.schemas.extend(endpoints.schemas);
        let mut paths = Paths::new();
        for (method, path, operation) in endpoints.operations {
            paths.add_path_operation(path, vec![method], operation);
        }
        let tags = endpoints.tags.into_iter().map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build());
        let none: [&str; 0] = [];
        let openapi = OpenApiBuilder::new()
            .info(info)
            .paths(paths)
            .components(Some(components))
            .tags(Some(tags.collect::<Vec<_>>()))
            .security(Some([SecurityRequirement::new("token", none), SecurityRequirement::new("session", none)]))
            .build();
        let json = serde_json::to_vec_pretty(&openapi).unwrap_or_default();
        let etag = etag_of(&json);
        Self { openapi, json, etag }
    }
}

/// Serves the document.
pub async fn serve(State(_): State<App>) -> Response {
    let document = document();
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (ETAG, document.etag.clone()),
        (CACHE_CONTROL, "public, max-age=300".to_owned()),
    ];
    (headers, document.json.clone()).into_response()
}
