//! Use cases: what a command does, without its words on the terminal.

pub mod bill_books;
pub mod bill_store;
pub mod body;
pub mod demo;
pub mod export;
pub mod folder;
pub mod import;
pub mod issue;
pub mod open_books;
pub mod outcome;
pub mod output;
pub mod paper;
pub mod pdf;
pub mod proof;
pub mod run;
pub mod stored;
pub mod verify;
pub mod warnings;
