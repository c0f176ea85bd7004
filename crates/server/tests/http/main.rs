//! The web application and the API over HTTP, in process: callers as types, each test with a database of its own.

mod access;
mod agreement;
mod api;
mod audit;
mod billing;
mod browser;
mod clients;
mod comparison;
mod dashboard;
mod devices;
mod first_run;
mod issue;
mod jobs;
mod money;
mod oidc;
mod people;
mod portal;
mod postgres;
mod risk;
mod settings;
mod sign_in;
mod support;
mod surroundings;
mod time;
mod together;
