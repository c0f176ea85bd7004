//! How a period will end if work goes on as it did: by business hours that have passed and those that remain.
//! A plain rule of three, not a distribution.

use quarterhour_billing::{Band, Calendar, DAY_SECONDS, Day, LocalClock, Period};

use crate::app::body::BurnStep;

/// Business time of a period, day by day.
#[derive(Clone, Debug)]
pub struct Pace {
    period: Period,
    /// Business seconds of each day.
    days: Vec<i64>,
    /// Business seconds that have passed.
    passed: i64,
    today: Day,
}

/// How a period is likely to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Seconds taken from pools and beyond them at the end.
    pub demand: i64,
    /// Seconds beyond the pools at the end.
    pub overage: i64,
    /// Seconds of the allowance that end unused.
    pub unused: i64,
    /// The day on which the pools run dry, or ran dry.
    pub exhausted_on: Option<Day>,
    /// Whether that day is in the past.
    pub is_exhausted: bool,
}

impl Pace {
    /// The business time of a period, seen at an instant.
    #[must_use]
    pub fn new(calendar: &Calendar, clock: &LocalClock, period: Period, now: i64) -> Self {
        let (first, today) = (period.first_day(), clock.day(now));
        let mut days = vec![0; usize::try_from(period.days()).unwrap_or(0)];
        let mut passed = 0;
        let mut parts = Vec::new();
        // Local midnight in UTC is found from the offset at noon's side; a day's shift changes nothing that a person would see.
        let start = first.since(Day::of_local(0)) * DAY_SECONDS;
        let start = start - (clock.local(start).0 - start);
        calendar.cut(clock, start, period.days() * DAY_SECONDS, &mut parts);
        for part in parts.iter().filter(|part| part.band == Band::Business) {
            passed += (now - part.started_at).clamp(0, part.seconds);
            let index = usize::try_from(part.day.since(first)).ok();
            if let Some(day) = index.and_then(|index| days.get_mut(index)) {
                *day += part.seconds;
            }
        }
        Self { period, days, passed, today }
    }

    /// Business seconds of the whole period.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.days.iter().sum()
    }

    /// Days of the period after today.
    #[must_use]
    pub fn days_left(&self) -> i64 {
        self.period.end().previous().since(self.today).max(0)
    }

    /// Business days of the period after today.
    #[must_use]
    pub fn business_days_left(&self) -> usize {
        let after = usize::try_from(self.today.since(self.period.first_day()) + 1).unwrap_or(0);
        self.days.iter().skip(after).filter(|seconds| **seconds > 0).count()
    }

    /// What has passed of the business time, in percent.
    #[must_use]
    pub fn percent_passed(&self) -> i64 {
        if self.total() == 0 { 100 } else { self.passed * 100 / self.total() }
    }

    /// The end of a period with `available` seconds in pools of which some are used, and some work beyond them.
    /// None before a business day has passed: there is nothing to go by.
    #[must_use]
    pub fn forecast(&self, available: i64, used: i64, beyond: i64, steps: &[BurnStep]) -> Option<Forecast> {
        let total = self.total();
        let first_day = self.days.iter().copied().find(|seconds| *seconds > 0)?;
        if self.passed < first_day.min(total) || total == 0 {
            return None;
        }
        let so_far = used + beyond;
        let demand = i64::try_from(i128::from(so_far) * i128::from(total) / i128::from(self.passed)).unwrap_or(i64::MAX).max(so_far);
        let is_exhausted = beyond > 0 || (used > 0 && used >= available);
        let exhausted_on = if is_exhausted { self.ran_dry_on(steps) } else { self.runs_dry_on(available, demand) };
        let overage = (demand - available).max(beyond).max(0);
        Some(Forecast { demand, overage, unused: (available - demand).max(0), exhausted_on, is_exhausted })
    }

    /// The first day with nothing left and work beyond.
    fn ran_dry_on(&self, steps: &[BurnStep]) -> Option<Day> {
        let dry = steps.iter().find(|step| step.overage > 0 || (step.at > 0 && step.left <= 0))?;
        Some(Day::of_local(self.period.first_day().since(Day::of_local(0)) * DAY_SECONDS + dry.at))
    }

    /// The day on which the pace reaches what is available.
    fn runs_dry_on(&self, available: i64, demand: i64) -> Option<Day> {
        if demand <= available {
            return None;
        }
        let total = i128::from(self.total());
        let mut sum = 0_i128;
        let mut day = self.period.first_day();
        for seconds in &self.days {
            sum += i128::from(*seconds);
            if sum * i128::from(demand) > i128::from(available) * total {
                return Some(day.max(self.today));
            }
            day = day.next();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(now: &str) -> Pace {
        let week = [8, 8, 8, 8, 8, 0, 0].map(|hours| if hours > 0 { vec![(9 * 3600, (9 + hours) * 3600)] } else { Vec::new() });
        let calendar = Calendar::new(week, Vec::new());
        let clock = LocalClock::new("UTC", &jiff::tz::TimeZone::UTC);
        let now: jiff::Timestamp = now.parse().expect("an instant");
        Pace::new(&calendar, &clock, Period::parse("2026-06").expect("a period"), now.as_second())
    }

    #[test]
    fn business_time_passes_day_by_day() {
        // June 2026 begins on a Monday and has 22 business days.
        assert_eq!(pace("2026-06-01T00:00:00Z").total(), 22 * 8 * 3600);
        assert_eq!(pace("2026-06-15T17:00:00Z").percent_passed(), 50);
        assert_eq!(pace("2026-06-29T12:00:00Z").days_left(), 1);
        assert_eq!(pace("2026-06-26T12:00:00Z").business_days_left(), 2);
        assert_eq!(pace("2026-07-09T12:00:00Z").percent_passed(), 100);
    }

    #[test]
    fn a_pace_that_is_too_quick_runs_dry() {
        let half = pace("2026-06-15T17:00:00Z");
        let forecast = half.forecast(36_000, 27_000, 0, &[]).expect("half a month has passed");
        assert_eq!((forecast.demand, forecast.overage, forecast.unused), (54_000, 18_000, 0));
        assert_eq!(forecast.exhausted_on.map(|day| day.to_string()).as_deref(), Some("2026-06-19"));
        let calm = half.forecast(36_000, 9_000, 0, &[]).expect("half a month has passed");
        assert_eq!((calm.demand, calm.overage, calm.unused, calm.exhausted_on), (18_000, 0, 18_000, None));
    }

    #[test]
    fn nothing_is_foretold_on_the_first_morning() {
        assert_eq!(pace("2026-06-01T10:00:00Z").forecast(36_000, 3_600, 0, &[]), None);
    }
}
