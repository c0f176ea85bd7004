//! Published and high-precision values, where the folder with them is there. Other tests need no files.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "the files are elsewhere in a checker's folder, and a bad one ends the test"
)]

mod fit;
mod forecast;
mod grid;
mod ladder;
mod programs;
mod published;
mod staffing;
mod table;
mod years;
