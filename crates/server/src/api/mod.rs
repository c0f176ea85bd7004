//! The JSON API, version 1. It knows no pages; each handler extracts, calls a use case and answers.
//! The description at `/api/v1/openapi.json` is read from the types of the handlers.

mod account;
mod agreement;
pub mod answer;
mod billing;
mod client;
pub mod describe;
mod desk;
mod device;
pub mod document;
pub mod endpoints;
mod export;
pub mod extract;
mod held;
mod kept_back;
mod ledger;
pub mod once;
pub mod page;
mod people;
pub mod problem;
mod risk;
mod settings;
mod shape;
mod statement;
pub mod surround;
mod time_entry;
mod timer;
pub mod told;
mod upload;
mod webhook;
pub mod words;

use crate::api::endpoints::{Endpoints, PREFIX};
use crate::web::routes::{Access, Area};

/// All operations.
fn endpoints() -> Endpoints {
    client::endpoints()
        .and(device::endpoints())
        .and(agreement::endpoints())
        .and(time_entry::endpoints())
        .and(timer::endpoints())
        .and(desk::endpoints())
        .and(statement::endpoints())
        .and(billing::endpoints())
        .and(held::endpoints())
        .and(kept_back::endpoints())
        .and(export::endpoints())
        .and(ledger::endpoints())
        .and(risk::endpoints())
        .and(settings::endpoints())
        .and(upload::endpoints())
        .and(people::endpoints())
        .and(webhook::endpoints())
        .and(account::endpoints())
}

/// The routes.
#[must_use]
pub fn area() -> Area {
    endpoints().into_area().get(&format!("{PREFIX}/openapi.json"), Access::Anyone, document::serve)
}
