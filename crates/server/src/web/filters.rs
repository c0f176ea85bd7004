//! Filters of templates: how times, money and dates are written. askama finds them as `filters`.
#![expect(clippy::unnecessary_wraps, reason = "askama calls filters as functions that may fail")]

use std::borrow::Borrow;

use askama::Values;
use quarterhour_billing::{Currency, Period};

use crate::app::money;
use crate::dates;

/// Seconds as `10:30`.
#[askama::filter_fn]
pub fn hours(seconds: impl Borrow<i64>, _: &dyn Values) -> askama::Result<String> {
    Ok(crate::hours::hours(*seconds.borrow()).trim_end_matches(" h").to_owned())
}

/// Seconds as `10:30 h`.
#[askama::filter_fn]
pub fn hours_unit(seconds: impl Borrow<i64>, _: &dyn Values) -> askama::Result<String> {
    Ok(crate::hours::hours(*seconds.borrow()))
}

/// Minor units as `USD 1,250.00`.
#[askama::filter_fn]
pub fn money_in(amount: impl Borrow<i64>, _: &dyn Values, currency: &Currency) -> askama::Result<String> {
    Ok(money::shown(*amount.borrow(), *currency))
}

/// The first letter in upper case.
#[askama::filter_fn]
pub fn capitalize_first(text: &str, _: &dyn Values) -> askama::Result<String> {
    Ok(crate::hours::capital(text))
}

/// A number with its noun: `1 client`, `3 clients`, `2 entries`.
#[askama::filter_fn]
pub fn count_of(number: impl Borrow<usize>, _: &dyn Values, noun: &str) -> askama::Result<String> {
    Ok(crate::hours::counted(*number.borrow(), noun))
}

/// A day that is near, as `Thu 19 Nov`.
#[askama::filter_fn]
pub fn on_day(day: impl dates::HasDay, _: &dyn Values) -> askama::Result<String> {
    Ok(dates::near(&day))
}

/// A day of any year, as `19 Nov 2026`.
#[askama::filter_fn]
pub fn on_date(day: impl dates::HasDay, _: &dyn Values) -> askama::Result<String> {
    Ok(dates::full(&day))
}

/// A period as `November 2026`.
#[askama::filter_fn]
pub fn month(period: impl Borrow<Period>, _: &dyn Values) -> askama::Result<String> {
    Ok(dates::month(*period.borrow()))
}

/// Are two values written alike? For the choices of forms, whose values come as texts and as numbers.
pub fn is_same(one: impl std::fmt::Display, other: impl std::fmt::Display) -> bool {
    one.to_string() == other.to_string()
}
