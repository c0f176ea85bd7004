//! Work beside requests: long work is done, webhooks are delivered.

mod archive;
pub mod deliver;
pub mod runner;
mod threshold;

pub use archive::{FILES_MAX, check_files, is_wanted};
