//! What people see on a terminal. No rules, no files.

pub mod chart;
pub mod out;
pub mod progress;
pub mod style;
pub mod table;
