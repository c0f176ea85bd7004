//! The use cases of Quarterhour, its web application and its JSON API.
//! It holds no rule of billing and no SQL.

pub mod api;
pub mod app;
mod connections;
pub mod dates;
pub mod error;
pub mod hours;
pub mod jobs;
pub mod serve;
pub mod web;
