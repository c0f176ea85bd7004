//! Days, months and moments as people read them. They follow the clock of a client or of the provider.

use jiff::Timestamp;
use jiff::civil::Date;
use quarterhour_billing::Period;

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

fn month_name(month: i8) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or("")
}

fn short_name(month: i8) -> &'static str {
    month_name(month).get(..3).unwrap_or("")
}

/// `November 2026`.
#[must_use]
pub fn month(period: Period) -> String {
    let first = period.first_day().date();
    format!("{} {}", month_name(first.month()), first.year())
}

/// `Nov`.
#[must_use]
pub fn month_short(period: Period) -> String {
    short_name(period.first_day().date().month()).to_owned()
}

/// `19 Nov 2026`.
#[must_use]
pub fn day(date: Date) -> String {
    format!("{} {} {}", date.day(), short_name(date.month()), date.year())
}

/// `19 Nov`, for days of a month that the page names.
#[must_use]
pub fn day_short(date: Date) -> String {
    format!("{} {}", date.day(), short_name(date.month()))
}

/// `19 Nov 2026, 15:04` on the clock of a time zone.
#[must_use]
pub fn moment(at: Timestamp, zone: &str) -> String {
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let local = at.to_zoned(zone);
    format!("{}, {:02}:{:02}", day(local.date()), local.hour(), local.minute())
}

/// `19 Nov, 15:04` for a moment on a wall clock.
#[must_use]
pub fn local_short(at: jiff::civil::DateTime) -> String {
    format!("{}, {:02}:{:02}", day_short(at.date()), at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_days_are_words() {
        let period = Period::parse("2026-02").expect("a period");
        assert_eq!((month(period).as_str(), month_short(period).as_str()), ("February 2026", "Feb"));
        assert_eq!(day(jiff::civil::date(2026, 12, 1)), "1 Dec 2026");
        let at: Timestamp = "2026-07-01T12:30:00Z".parse().expect("an instant");
        assert_eq!(moment(at, "America/New_York"), "1 Jul 2026, 08:30");
    }
}
