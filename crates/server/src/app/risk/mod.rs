//! What the risk crate needs of the books, and what is made of its answers: comparison, forecast, backtest, staffing.

pub mod cache;
pub mod comparison;
pub mod forecast;
pub mod kept;
pub mod office;
pub mod paper;
pub mod provider_side;
pub mod staffing;
pub mod words;
