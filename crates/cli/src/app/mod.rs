//! Use cases: what a command does, without its words on the terminal.

pub mod bill_books;
pub mod folder;
pub mod run;
