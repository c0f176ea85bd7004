//! Wall clocks: what a typed date and time mean in a time zone, and what an instant reads there.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};

/// What a wall clock's reading stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// One instant, in Unix seconds.
    Once(i64),
    /// It comes twice: clocks go back.
    Twice {
        /// The first time.
        first: i64,
        /// The second time.
        second: i64,
    },
    /// It never comes: clocks go forward.
    Never,
}

/// A time zone by its IANA name, as the books have checked it.
#[must_use]
pub fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap_or(TimeZone::UTC)
}

/// The instants of a wall clock's reading.
#[must_use]
pub fn moment(zone: &TimeZone, local: DateTime) -> Moment {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let at = |offset: jiff::tz::Offset| offset.to_timestamp(local).map_or(0, Timestamp::as_second);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } => Moment::Once(at(offset)),
        AmbiguousOffset::Fold { before, after } => Moment::Twice { first: at(before), second: at(after) },
        AmbiguousOffset::Gap { .. } => Moment::Never,
    }
}

/// An instant on a wall clock.
#[must_use]
pub fn reading(zone: &TimeZone, instant: i64) -> Zoned {
    Timestamp::from_second(instant).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone())
}

/// Why a reading never comes, and what to write instead.
#[must_use]
pub fn never_words(zone: &TimeZone, local: DateTime) -> String {
    let name = zone.iana_name().unwrap_or("this time zone");
    let time = local.time().strftime("%H:%M");
    format!(
        "{time} does not exist on {} in {name}: the clocks go forward then; expected a time before or after that hour",
        local.date()
    )
}

/// That a reading comes twice.
#[must_use]
pub fn twice_words(zone: &TimeZone, local: DateTime, second: bool) -> String {
    let name = zone.iana_name().unwrap_or("this time zone");
    let time = local.time().strftime("%H:%M");
    let taken = if second { "second" } else { "first" };
    format!("{time} comes twice on {} in {name}, where the clocks go back: the {taken} one is taken", local.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        moment(&zone("America/New_York"), text.parse().expect("a date and a time"))
    }

    #[test]
    fn an_hour_that_is_skipped_or_comes_twice_is_told_apart() {
        let seconds = |text: &str| text.parse::<Timestamp>().expect("an instant").as_second();
        assert_eq!(at("2026-03-08T02:30"), Moment::Never);
        assert_eq!(at("2026-03-08T03:00"), Moment::Once(seconds("2026-03-08T07:00:00Z")));
        let twice = Moment::Twice { first: seconds("2026-11-01T05:30:00Z"), second: seconds("2026-11-01T06:30:00Z") };
        assert_eq!(at("2026-11-01T01:30"), twice);
    }
}
