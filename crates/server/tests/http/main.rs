//! The web application and the API over HTTP, in process: callers as types, each test with a database of its own.

mod access;
mod audit;
mod browser;
mod dashboard;
mod first_run;
mod oidc;
mod people;
mod sign_in;
mod clients;
mod devices;
mod portal;
mod support;
mod surroundings;
mod time;
