//! What a program risks, in numbers: demand, the exact laws of hours and cost, simulation through the
//! billing engine, fitting, forecasts and staffing.
//!
//! Pure: no IO, no clock, no random source of its own; every draw follows from a seed that is an argument.
//! Floats are used for hours, probabilities and expectations; what a bill says comes from `billing` alone.
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::as_conversions, clippy::expect_used))]

pub mod advice;
pub mod backtest;
pub mod band;
pub mod blend;
pub mod book;
pub mod candidate;
pub mod comparison;
pub mod control;
pub mod curve;
pub mod demand;
mod drift;
pub mod estimate;
pub mod evidence;
pub mod field;
pub mod fit;
pub mod forecast;
pub mod frequency;
pub mod history;
pub mod law;
pub mod number;
pub mod outlook;
pub mod path;
pub mod portfolio;
pub mod priced;
pub mod replay;
pub mod resample;
mod rising;
pub mod score;
pub mod seen;
pub mod severity;
pub mod sliced;
pub mod special;
pub mod staffing;
pub mod standard;
pub mod visits;
mod workday;
pub mod years;
