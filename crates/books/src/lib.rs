//! Books: the folder of CSV and TOML files that a provider brings (section 12 of the rules).
//!
//! Pure: bytes in, checked books or a list of problems out. It reads no files and knows no database.

pub mod agreement;
mod blocks;
pub mod csv;
pub mod entries;
mod problem;
pub mod provider;
pub mod rows;
mod section;
pub mod setup;
mod table;

pub use entries::{EntryBook, EntryReader};
pub use problem::{PROBLEMS_MAX, Problem};
pub use setup::{BookClient, Setup, SetupFiles};
