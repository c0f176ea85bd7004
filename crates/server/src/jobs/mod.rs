//! Work beside requests: webhooks are delivered.

pub mod deliver;
mod threshold;
