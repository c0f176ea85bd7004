//! The JSON API, version 1. It knows no pages; each handler extracts, calls a use case and answers.

pub mod problem;
