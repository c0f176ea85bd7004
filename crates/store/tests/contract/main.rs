//! The contract: every statement does the same on SQLite and on PostgreSQL.
//! Each test gets a fresh database.

mod books;
mod entries;
mod faults;
mod issued;
mod lint;
mod locks;
mod office;
mod people;
mod postgres_faults;
mod prepared;
mod receivables;
mod schema;
mod source;
mod support;
mod work;
