//! Seconds for people: `10:30 h`. Never clipped, never empty.

/// Hours and minutes, with seconds only where there are any: `120:00`, `0:07`, `1:00:30`.
pub fn hours(seconds: i64) -> String {
    let (sign, seconds) = (if seconds < 0 { "-" } else { "" }, seconds.unsigned_abs());
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { format!("{sign}{hours}:{minutes:02} h") } else { format!("{sign}{hours}:{minutes:02}:{rest:02} h") }
}
