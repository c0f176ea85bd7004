//! Texts of requests as values: instants, dates, periods, money, free text. Each refusal names its field.

use jiff::Timestamp;
use jiff::civil::Date;
use quarterhour_billing::agreement::Program;
use quarterhour_billing::{Currency, Period};

use crate::api::problem::Problem;
use crate::app::money;

/// An instant with an offset.
///
/// # Errors
///
/// Says what was expected.
pub fn instant(field: &str, text: &str) -> Result<Timestamp, Problem> {
    let within = |at: &Timestamp| (0..=253_402_300_799).contains(&at.as_second());
    let found = text.parse::<Timestamp>().ok().filter(within);
    found.ok_or_else(|| Problem::field(field, "expected a time with its offset, such as 2026-11-20T14:05:00+01:00"))
}

/// A date.
///
/// # Errors
///
/// Says what was expected.
pub fn date(field: &str, text: &str) -> Result<Date, Problem> {
    let found = text.parse::<Date>().ok().filter(|date| text.len() == 10 && (1970..=9998).contains(&date.year()));
    found.ok_or_else(|| Problem::field(field, "expected a date such as 2026-11-20"))
}

/// A period.
///
/// # Errors
///
/// Says what was expected.
pub fn period(field: &str, text: &str) -> Result<Period, Problem> {
    Period::parse(text).ok_or_else(|| Problem::field(field, "expected a period such as 2026-11"))
}

/// A program.
///
/// # Errors
///
/// Lists the programs.
pub fn program(field: &str, text: &str) -> Result<Program, Problem> {
    Program::parse(text).ok_or_else(|| Problem::field(field, one_of(Program::ALL.map(Program::name))))
}

/// One of the words that a field takes.
///
/// # Errors
///
/// Lists the words.
pub fn word(field: &str, text: String, known: &[&str]) -> Result<String, Problem> {
    if known.contains(&text.as_str()) { Ok(text) } else { Err(Problem::field(field, one_of(known.iter().copied()))) }
}

fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    format!("expected one of {}", words.into_iter().collect::<Vec<_>>().join(", "))
}

/// An amount in minor units.
///
/// # Errors
///
/// Says what was expected.
pub fn amount(field: &str, text: &str, currency: Currency) -> Result<i64, Problem> {
    money::parse(text, currency).map_err(|said| Problem::field(field, said))
}

/// Free text without control letters that no database takes, and not too long.
///
/// # Errors
///
/// Says what was expected.
pub fn text(field: &str, text: &str, letters_max: usize) -> Result<(), Problem> {
    if text.contains('\0') {
        return Err(Problem::field(field, "holds a zero byte; expected text"));
    }
    if text.chars().count() > letters_max {
        return Err(Problem::field(field, format!("longer than {letters_max} letters")));
    }
    Ok(())
}

/// A text as a part of a path.
#[must_use]
pub fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_path_holds_no_letters_of_paths() {
        assert_eq!(segment("a/b c?d%"), "a%2Fb%20c%3Fd%25");
        assert_eq!(segment("ümlaut-1_2"), "%C3%BCmlaut-1_2");
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for wrong in ["", "2026-11-20", "2026-11-20T14:05:00", "1969-12-31T00:00:00Z", "now"] {
            assert!(instant("at", wrong).is_err(), "{wrong}");
        }
        assert!(instant("at", "2026-11-20T14:05:00+01:00").is_ok());
        assert!(date("on", "2026-11-20").is_ok() && date("on", "20261120").is_err());
    }
}
