//! How many technicians answer within the target: formulas for a steady queue, the day with its closed nights,
//! a simulated desk of several tiers, and a plan with its costs.
//!
//! It does not bill and reads no books: rates, handle times and costs come in as arguments.
//!
//! * [`erlang`]: Erlang B and C; [`erlang_a`]: Erlang A, where tickets give up waiting.
//! * [`day`]: one tier with business hours and nights in which tickets arrive but nobody works.
//! * [`desk`]: tiers, escalation, priorities and skills, by simulation from a seed.
//! * [`plan`]: the least staffing that reaches a target, and what each technician more or less changes.

pub mod day;
mod day_flow;
pub mod desk;
mod desk_run;
#[cfg(test)]
mod desk_tests;
mod desk_tickets;
mod desk_week;
pub mod erlang;
pub mod erlang_a;
mod error;
mod fixed_point;
pub mod outcome;
pub mod plan;
mod plan_guess;
mod plan_search;
mod poisson;

pub use error::StaffingError;
