//! The program from outside: every test runs the binary as a person or a script would,
//! on SQLite and, where a database matters, on PostgreSQL too.

mod books;
mod durability;
mod held;
mod import;
mod import_mistakes;
mod issue;
mod late;
mod ledger;
mod manners;
mod proof;
mod risk;
mod round_trip;
mod support;
mod terminal;
mod users;
