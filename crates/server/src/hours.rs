//! Seconds, numbers and sentences for people: `10:30 h`, `2 entries`. Never clipped, never empty.

use quarterhour_billing::plain_hours;

/// A number with its noun: `1 entry`, `2 entries`, `3 days`.
#[must_use]
pub fn counted(number: usize, noun: &str) -> String {
    // An entry and entries, but a day and days.
    let stem = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match (number, stem) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}

/// Hours and minutes, with seconds only where there are any: `120:00`, `0:07`, `1:00:30`.
pub fn hours(seconds: i64) -> String {
    format!("{} h", plain_hours(seconds))
}

/// A share of one, to a tenth: `12.5 %`. Nothing is less than nought by a rounding.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.1} %", (share * 1_000.0).round() / 10.0 + 0.0)
}

/// A share of one in whole percent: `13 %`.
#[must_use]
pub fn whole_percent(share: f64) -> String {
    format!("{:.0} %", (share * 100.0).round() + 0.0)
}

/// A sentence with a capital letter at its beginning.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
