//! The store of Quarterhour: one body of SQL over SQLite and PostgreSQL.
//! It holds no rule of billing and uses no other crate of the workspace.
//!
//! [`Store::open`] opens a file or a server and brings its schema up to date.
//! [`Store::write`] and [`Store::read`] hand a [`Tx`] to a closure, and the functions
//! of [`statements`], a module for each noun, do the work in it.
//!
//! # Kept for ever
//!
//! Closings, terms, statements, invoices, ledger entries, payments, credit notes and the
//! audit log only grow. No statement of this crate updates or deletes them (a test reads
//! all statements). SQLite, and PostgreSQL without Citus, refuse UPDATE and DELETE on
//! them by triggers, PostgreSQL also TRUNCATE. Citus allows no triggers on distributed
//! tables: there the application's role lacks the rights; see `citus/roles.sql`, which is
//! good practice on plain PostgreSQL too.
//!
//! # Distributed by Citus
//!
//! Every key, index and foreign key leads with `provider_id` and every statement
//! binds it. To distribute, let the program set up the schema through the
//! coordinator, then run [`CITUS_DISTRIBUTE`] and [`CITUS_ROLES`] with `psql` there.

mod dialect;
mod error;
mod location;
mod migrations;
mod postgres;
mod postgres_error;
mod provider_id;
mod sorted;
mod sql;
mod sqlite;
mod sqlite_error;
pub mod statements;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod tx;
mod value;

pub use error::StoreError;
pub use provider_id::ProviderId;
pub use store::Store;
pub use tx::Tx;

/// Distributes all tables over the nodes of Citus, by provider and colocated.
pub const CITUS_DISTRIBUTE: &str = include_str!("../citus/citus.sql");

/// Makes the role `quarterhour_app`, which can add to the issued documents only.
pub const CITUS_ROLES: &str = include_str!("../citus/roles.sql");
