//! The files of pages: in the program, named by their content, kept by browsers for ever.

use std::io::Write as _;
use std::sync::LazyLock;

use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::app::context::App;
use crate::app::keys::token_hash;

/// One file.
struct Asset {
    /// Its name in the folder.
    name: &'static str,
    /// Its name with the hash of its content.
    hashed: String,
    media_type: &'static str,
    plain: &'static [u8],
    gzip: Vec<u8>,
}

macro_rules! assets {
    ($($name:literal as $media_type:literal),* $(,)?) => {
        [$(Asset::new($name, $media_type, include_bytes!(concat!("../../assets/", $name)))),*].into()
    };
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    assets![
        "app.css" as "text/css; charset=utf-8",
        "pages.css" as "text/css; charset=utf-8",
        "app.js" as "text/javascript; charset=utf-8",
        "passkey.js" as "text/javascript; charset=utf-8",
        "icon.svg" as "image/svg+xml",
    ]
});

impl Asset {
    fn new(name: &'static str, media_type: &'static str, plain: &'static [u8]) -> Self {
        let hash = token_hash(&String::from_utf8_lossy(plain));
        let hash: String = hash.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let gzip = encoder.write_all(plain).and_then(|()| encoder.finish()).unwrap_or_default();
        Self { name, hashed: format!("{stem}-{hash}.{ending}"), media_type, plain, gzip }
    }
}

/// The path of a file, for templates.
#[must_use]
pub fn asset(name: &str) -> String {
    let found = ASSETS.iter().find(|asset| asset.name == name);
    found.map_or_else(|| format!("/assets/{name}"), |asset| format!("/assets/{}", asset.hashed))
}

/// Serves a file.
pub async fn serve(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.hashed == name || asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let of_folder = app.settings.assets_dir.as_ref().and_then(|folder| std::fs::read(folder.join(asset.name)).ok());
    if let Some(content) = of_folder {
        return ([(CONTENT_TYPE, asset.media_type), (CACHE_CONTROL, "no-store")], content).into_response();
    }
    let kept = if asset.hashed == name { "public, max-age=31536000, immutable" } else { "no-cache" };
    let common = [(CONTENT_TYPE, asset.media_type), (CACHE_CONTROL, kept), (VARY, "accept-encoding")];
    let accepts = |value: &str| value.split(',').any(|it| it.trim().starts_with("gzip"));
    if headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(accepts) {
        return (common, [(CONTENT_ENCODING, "gzip")], asset.gzip.as_slice()).into_response();
    }
    (common, asset.plain).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_together_are_small() {
        let bytes: usize = ASSETS.iter().map(|asset| asset.gzip.len()).sum();
        assert!(bytes < 250_000, "{bytes} bytes");
    }

    #[test]
    fn a_name_changes_with_the_content() {
        let one = Asset::new("a.css", "text/css", b"a");
        let other = Asset::new("a.css", "text/css", b"b");
        assert_ne!(one.hashed, other.hashed);
        assert!(one.hashed.starts_with("a-") && one.hashed.ends_with(".css"));
    }
}
