//! The statements, a file for each noun, used by both databases.
//! All take the transaction and the provider first.
//!
//! `find_` may return nothing, `load_` must find, `list_` gives all rows, `each_`
//! streams them, `insert_`, `update_` and the moves of a noun change them.

pub mod agreement;
pub mod client;
pub mod closing;
pub mod counter;
pub mod device;
pub mod hold;
pub mod invoice;
pub mod ledger;
pub mod provider;
pub mod statement;
pub mod terms;
pub mod time_entry;

use jiff::Timestamp;

/// An instant as both databases keep it: PostgreSQL counts microseconds.
fn to_microseconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}
