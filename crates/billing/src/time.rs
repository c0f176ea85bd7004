//! Local time: days, periods, a time zone as a table of offsets, and the business calendar.
//! It knows no clock: every instant arrives as an argument, in Unix seconds.

use std::fmt;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Seconds of a day on the wall clock.
pub const DAY_SECONDS: i64 = 86_400;
/// Instants are accepted from this one, 1990-01-01T00:00:00Z.
pub const EARLIEST: i64 = 631_152_000;
/// Instants are accepted before this one, 2100-01-01T00:00:00Z.
pub const LATEST: i64 = 4_102_444_800;

/// A stretch of the clock's index has two to the power of this many seconds: 24 days.
const STRETCH_BITS: u32 = 21;

/// A day of the calendar, as days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day that a civil date names.
    #[must_use]
    pub fn from_date(date: Date) -> Self {
        Self(date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24)
    }

    /// The civil date of this day.
    #[must_use]
    pub fn date(self) -> Date {
        let days = jiff::Span::new().try_days(self.0);
        days.and_then(|span| Date::constant(1970, 1, 1).checked_add(span)).unwrap_or(Date::MAX)
    }

    /// The day that holds a moment of local time, given in seconds since 1970-01-01T00:00 on the wall clock.
    #[must_use]
    pub fn of_local(local_seconds: i64) -> Self {
        Self(local_seconds.div_euclid(DAY_SECONDS))
    }

    /// The next day.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The day before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0 - 1)
    }

    /// So many days later.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// Days from `earlier` to this day.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Monday is 0.
    #[must_use]
    pub fn weekday(self) -> usize {
        usize::try_from((self.0 + 3).rem_euclid(7)).unwrap_or(0)
    }

    /// The day `months` later, clamped to the month's last day.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        let span = jiff::Span::new().try_months(months);
        Self::from_date(span.and_then(|span| self.date().checked_add(span)).unwrap_or(Date::MAX))
    }

    /// The period that holds this day.
    #[must_use]
    pub fn period(self) -> Period {
        let date = self.date();
        Period(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(formatter)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self::from_date).map_err(serde::de::Error::custom)
    }
}

/// One calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(i32);

impl Period {
    /// Reads `2026-10`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
            return None;
        }
        let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
        ((1990..2100).contains(&year) && (1..=12).contains(&month)).then_some(Self(year * 12 + month - 1))
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> Day {
        let year = i16::try_from(self.0.div_euclid(12)).unwrap_or(i16::MAX);
        let month = i8::try_from(self.0.rem_euclid(12) + 1).unwrap_or(1);
        Day::from_date(Date::new(year, month, 1).unwrap_or(Date::MAX))
    }

    /// The first day that is no longer in it.
    #[must_use]
    pub fn end(self) -> Day {
        self.next().first_day()
    }

    /// Its days.
    #[must_use]
    pub fn days(self) -> i64 {
        self.end().since(self.first_day())
    }

    /// The next period.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The period before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0 - 1)
    }

    /// The period `count` later.
    #[must_use]
    pub fn plus(self, count: u32) -> Self {
        Self(self.0.saturating_add(i32::try_from(count).unwrap_or(i32::MAX)))
    }

    /// Periods from `earlier` to this one.
    #[must_use]
    pub fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

impl Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("expected a period such as 2026-10"))
    }
}

/// A time zone as a table of offsets from 1990 to 2100, so that local time is one look-up.
#[derive(Clone, Debug)]
pub struct LocalClock {
    name: String,
    /// Where an offset begins (Unix seconds) and the offset in seconds; the first begins before everything.
    offsets: Vec<(i64, i64)>,
    /// For each stretch of time from [`EARLIEST`] on: how many offsets began before it.
    begun: Vec<usize>,
}

impl LocalClock {
    /// Tabulates a time zone.
    #[must_use]
    pub fn new(name: &str, zone: &TimeZone) -> Self {
        let start = Timestamp::constant(EARLIEST - 2 * DAY_SECONDS, 0);
        let offset = |at: Timestamp| i64::from(zone.to_offset(at).seconds());
        let mut offsets = vec![(i64::MIN, offset(start))];
        let until = LATEST + 400 * DAY_SECONDS;
        for transition in zone.following(start).take_while(|transition| transition.timestamp().as_second() < until) {
            let (at, now) = (transition.timestamp(), i64::from(transition.offset().seconds()));
            if offsets.last().is_some_and(|(_, before)| *before != now) {
                offsets.push((at.as_second(), now));
            }
        }
        let starts = (0..=(until - EARLIEST) >> STRETCH_BITS).map(|stretch| EARLIEST + (stretch << STRETCH_BITS));
        let begun = starts.map(|start| offsets.partition_point(|(from, _)| *from <= start)).collect();
        Self { name: name.to_owned(), offsets, begun }
    }

    /// The zone's IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seconds on the wall clock since 1970-01-01T00:00, and the instant at which the offset changes next.
    #[must_use]
    pub fn local(&self, instant: i64) -> (i64, i64) {
        let next = self.next_offset(instant);
        let offset = self.offsets.get(next.saturating_sub(1)).map_or(0, |(_, offset)| *offset);
        let until = self.offsets.get(next).map_or(i64::MAX, |(from, _)| *from);
        (instant + offset, until)
    }

    /// The position of the offset that begins next. An offset lasts for months, so that the count of those
    /// begun before the instant's stretch of days is it or nearly so.
    fn next_offset(&self, instant: i64) -> usize {
        let begun = |(from, _): &(i64, i64)| *from <= instant;
        let stretch = usize::try_from(instant.saturating_sub(EARLIEST) >> STRETCH_BITS).ok();
        match stretch.and_then(|stretch| self.begun.get(stretch)) {
            Some(before) => before + self.offsets.iter().skip(*before).take_while(|offset| begun(offset)).count(),
            None => self.offsets.partition_point(begun),
        }
    }

    /// The local day of an instant.
    #[must_use]
    pub fn day(&self, instant: i64) -> Day {
        Day::of_local(self.local(instant).0)
    }
}

/// Inside or outside the provider's business hours. Sorted by name, as lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Band {
    /// Outside business hours.
    AfterHours,
    /// Inside business hours.
    Business,
}

impl Band {
    /// Its name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AfterHours => "after-hours",
            Self::Business => "business",
        }
    }
}

/// A stretch of time within one band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its start in Unix seconds.
    pub started_at: i64,
    /// The local day of its start.
    pub day: Day,
    /// Its seconds.
    pub seconds: i64,
    /// Its band.
    pub band: Band,
}

/// The provider's business hours by weekday, and its holidays.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    week: [Vec<(i64, i64)>; 7],
    holidays: Vec<Day>,
}

impl Calendar {
    /// A calendar from hours by weekday (Monday first; seconds of the day, in order, not touching each other
    /// twice) and holidays.
    #[must_use]
    pub fn new(week: [Vec<(i64, i64)>; 7], mut holidays: Vec<Day>) -> Self {
        holidays.sort_unstable();
        Self { week, holidays }
    }

    /// The business hours of a weekday (Monday is 0) that is no holiday, in seconds of the day.
    #[must_use]
    pub fn hours(&self, weekday: usize) -> &[(i64, i64)] {
        self.week.get(weekday).map_or(&[], Vec::as_slice)
    }

    /// Is it one of the holidays?
    #[must_use]
    pub fn is_holiday(&self, day: Day) -> bool {
        self.holidays.binary_search(&day).is_ok()
    }

    /// The band at a second of a local day, and the second of the day at which it may change next.
    fn at(&self, day: Day, second: i64) -> (Band, i64) {
        let hours = self.week.get(day.weekday()).map_or(&[][..], Vec::as_slice);
        if hours.is_empty() || self.is_holiday(day) {
            return (Band::AfterHours, DAY_SECONDS);
        }
        for (open, close) in hours {
            if second < *open {
                return (Band::AfterHours, *open);
            }
            if second < *close {
                return (Band::Business, *close);
            }
        }
        (Band::AfterHours, DAY_SECONDS)
    }

    /// Cuts the interval `[start, start + seconds)` at the edges of business hours; touching parts of one band
    /// are one part. An interval of no length is one part in the band of its start.
    pub fn cut(&self, clock: &LocalClock, start: i64, seconds: i64, parts: &mut Vec<Stretch>) {
        parts.clear();
        let end = start + seconds;
        let mut at = start;
        while at < end || parts.is_empty() {
            let (local, offset_until) = clock.local(at);
            let (day, second) = (Day::of_local(local), local.rem_euclid(DAY_SECONDS));
            let (band, edge) = self.at(day, second);
            let until = (at + edge - second).min(offset_until).min(end);
            match parts.last_mut() {
                Some(last) if last.band == band => last.seconds += until - at,
                _ => parts.push(Stretch { started_at: at, day, seconds: until - at, band }),
            }
            at = until;
            if seconds == 0 {
                break;
            }
        }
    }
}
