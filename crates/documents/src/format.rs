//! How dates and times are written, and how bytes travel in JSON.
//!
//! Amounts are not formatted here: they arrive as text.

use jiff::civil::{Date, DateTime};

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// `31 March 2026`.
pub(crate) fn long_date(date: Date) -> String {
    format!("{} {} {}", date.day(), month(date), date.year())
}

/// `31 Mar 2026`.
pub(crate) fn short_date(date: Date) -> String {
    format!("{} {}", day_and_month(date), date.year())
}

/// `31 Mar`.
pub(crate) fn day_and_month(date: Date) -> String {
    format!("{} {}", date.day(), month(date).get(..3).unwrap_or_default())
}

/// `31 Mar, 14:05`.
pub(crate) fn moment(at: DateTime) -> String {
    format!("{}, {:02}:{:02}", day_and_month(at.date()), at.hour(), at.minute())
}

/// `1 to 31 March 2026`, or with both months where they differ.
pub(crate) fn date_range(first: Date, last: Date) -> String {
    if first == last {
        long_date(first)
    } else if (first.year(), first.month()) == (last.year(), last.month()) {
        format!("{} to {}", first.day(), long_date(last))
    } else if first.year() == last.year() {
        format!("{} {} to {}", first.day(), month(first), long_date(last))
    } else {
        format!("{} to {}", long_date(first), long_date(last))
    }
}

/// Hours and minutes, `12:30`; the seconds too where there are some, `12:30:05`.
pub(crate) fn duration(seconds: i64) -> String {
    let sign = if seconds < 0 { "\u{2212}" } else { "" };
    let all = seconds.unsigned_abs();
    let (hours, minutes, rest) = (all / 3600, all / 60 % 60, all % 60);
    if rest == 0 { format!("{sign}{hours}:{minutes:02}") } else { format!("{sign}{hours}:{minutes:02}:{rest:02}") }
}

fn month(date: Date) -> &'static str {
    let index = usize::from(date.month().unsigned_abs()).saturating_sub(1);
    MONTHS.get(index).copied().unwrap_or_default()
}

/// Bytes as base64 text in JSON.
pub(crate) mod base64_bytes {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}
