//! What the risk crate needs of the books, and what is made of its answers: comparison, forecast, backtest, staffing.

mod asked;
pub mod cache;
pub mod comparison;
pub mod everyone;
pub mod facts;
pub mod forecast;
pub mod kept;
pub mod office;
pub mod paper;
pub mod provider_side;
pub mod question;
pub mod questions;
pub mod rests_on;
pub mod scenario;
pub mod staffing;
pub mod words;
