//! Days and months for people: `Thu 19 Nov`, `19 Nov 2026`, `November 2026`.

use jiff::civil::Date;
use quarterhour_billing::{Day, Period};

/// Something that has a day.
pub trait HasDay {
    /// The day.
    fn day(&self) -> Date;
}

impl HasDay for Date {
    fn day(&self) -> Date {
        *self
    }
}

impl HasDay for Day {
    fn day(&self) -> Date {
        self.date()
    }
}

impl HasDay for jiff::civil::DateTime {
    fn day(&self) -> Date {
        self.date()
    }
}

impl<T: HasDay> HasDay for &T {
    fn day(&self) -> Date {
        (**self).day()
    }
}

/// A day that is near: `Thu 19 Nov`.
pub fn near(day: &impl HasDay) -> String {
    day.day().strftime("%a %-d %b").to_string()
}

/// A day of any year: `19 Nov 2026`.
pub fn full(day: &impl HasDay) -> String {
    day.day().strftime("%-d %b %Y").to_string()
}

/// A month: `November 2026`.
pub fn month(period: Period) -> String {
    period.first_day().date().strftime("%B %Y").to_string()
}

/// The month of a stored period, as `November 2026`.
#[must_use]
pub fn month_of(period: &str) -> String {
    Period::parse(period).map_or_else(|| period.to_owned(), month)
}

/// A month in a row of months: `Nov`, and `Jan 27` where a year begins.
pub fn month_short(period: Period) -> String {
    let day = period.first_day().date();
    day.strftime(if day.month() == 1 { "%b %y" } else { "%b" }).to_string()
}

/// A moment on the clock of a time zone: `19 Nov 2026, 15:04`.
pub fn moment(at: jiff::Timestamp, zone: &str) -> String {
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone).strftime("%-d %b %Y, %H:%M").to_string()
}

/// The day of a moment on the clock of a time zone: `19 Nov 2026`.
pub fn day_in(at: jiff::Timestamp, zone: &str) -> String {
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    full(&at.to_zoned(zone).date())
}

/// A moment on a wall clock that is near: `19 Nov, 15:04`.
pub fn wall(at: jiff::civil::DateTime) -> String {
    at.strftime("%-d %b, %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_are_written_for_people() {
        let period = Period::parse("2026-11").expect("a period");
        assert_eq!(near(&period.first_day()), "Sun 1 Nov");
        assert_eq!(full(&period.first_day().date()), "1 Nov 2026");
        assert_eq!((month(period), month_short(period)), ("November 2026".to_owned(), "Nov".to_owned()));
        assert_eq!(month_short(period.plus(2)), "Jan 27");
        let at: jiff::Timestamp = "2026-07-01T12:30:00Z".parse().expect("an instant");
        assert_eq!(moment(at, "America/New_York"), "1 Jul 2026, 08:30");
    }
}
