//! The JSON API, version 1. It knows no pages; each handler extracts, calls a use case and answers.
//! The description at `/api/v1/openapi.json` is read from the types of the handlers.

pub mod answer;
pub mod describe;
pub mod document;
pub mod endpoints;
pub mod extract;
pub mod once;
pub mod page;
pub mod problem;
pub mod surround;
mod time_entry;
pub mod words;

use crate::api::endpoints::{Endpoints, PREFIX};
use crate::web::routes::{Access, Area};

/// All operations.
fn endpoints() -> Endpoints {
    time_entry::endpoints()
}

/// The routes.
#[must_use]
pub fn area() -> Area {
    endpoints().into_area().get(&format!("{PREFIX}/openapi.json"), Access::Anyone, document::serve)
}
