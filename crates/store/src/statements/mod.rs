//! The statements, a file for each noun, used by both databases.
//! All take the transaction and the provider first.
//!
//! `find_` may return nothing, `load_` must find, `list_` gives all rows, `each_`
//! streams them, `insert_`, `update_` and the moves of a noun change them.

pub mod agreement;
pub mod api_token;
pub mod audit;
pub mod client;
pub mod closing;
pub mod comparison;
pub mod counter;
pub mod credit_note;
pub mod delivery;
pub mod device;
pub mod file;
pub mod hold;
pub mod idempotency;
pub mod invitation;
pub mod invoice;
pub mod job;
pub mod job_input;
pub mod kept_back;
pub mod ledger;
pub mod note;
pub mod passkey;
pub mod payment;
pub mod provider;
pub mod question;
pub mod receivable;
pub mod recovery_code;
pub mod session;
pub mod statement;
pub mod template;
pub mod terms;
pub mod ticket;
pub mod time_entry;
pub mod timer;
pub mod user;
pub mod webhook;
