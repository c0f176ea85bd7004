//! The web application and the API over HTTP, in process: callers as types, each test with a database of its own.

mod access;
mod dashboard;
mod support;
mod surroundings;
