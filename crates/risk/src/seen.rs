//! A client's visits by month, and what kind of day each of its days is.

use quarterhour_billing::{Calendar, Client, Day, Period};

use crate::number::{float, sum};
use crate::visits::Visit;
use crate::workday::kinds;

/// Months of the past that count: older ones say little about today's rate.
const MONTHS_MAX: usize = 18;

/// A month of a client.
#[derive(Clone, Debug)]
pub struct Month {
    /// Which one.
    pub period: Period,
    /// The kind of each day, from the first on.
    kinds: Vec<usize>,
    /// The visits, by day.
    visits: Vec<Visit>,
}

impl Month {
    /// The visits before a day.
    pub(crate) fn before(&self, day: Day) -> &[Visit] {
        self.visits.get(..self.visits.partition_point(|visit| visit.day < day)).unwrap_or(&[])
    }

    /// All visits.
    pub(crate) fn visits(&self) -> &[Visit] {
        &self.visits
    }

    /// The kinds of the days from one to the day before another.
    pub(crate) fn kinds(&self, from: Day, until: Day) -> &[usize] {
        let place = |day: Day| usize::try_from(day.since(self.period.first_day())).unwrap_or(0).min(self.kinds.len());
        self.kinds.get(place(from)..place(until)).unwrap_or(&[])
    }

    /// The kind of each day, and its visits.
    pub(crate) fn days(&self) -> impl Iterator<Item = (usize, f64)> {
        let mut left = self.visits.as_slice();
        let days = std::iter::successors(Some(self.period.first_day()), |day| Some(day.next()));
        self.kinds.iter().zip(days).map(move |(kind, day)| {
            let own = left.partition_point(|visit| visit.day <= day);
            left = left.get(own..).unwrap_or(&[]);
            (*kind, float(own))
        })
    }
}

/// One client's visits by month.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The months, in order and without gaps.
    pub months: Vec<Month>,
}

impl Seen {
    /// Sorts visits into the months from `first` to `until`.
    #[must_use]
    pub fn new(client: &Client, calendar: &Calendar, visits: &[Visit], (first, until): (Period, Period)) -> Self {
        let mut months = Vec::new();
        let mut period = first;
        while period <= until {
            let from = visits.partition_point(|visit| visit.day < period.first_day());
            let to = visits.partition_point(|visit| visit.day < period.end());
            let visits = visits.get(from..to).unwrap_or(&[]).to_vec();
            months.push(Month { period, kinds: kinds(client, calendar, period), visits });
            period = period.next();
        }
        Self { months }
    }

    /// The months before one, the latest so many.
    pub(crate) fn before(&self, period: Period) -> impl Iterator<Item = &Month> {
        let past = self.months.iter().filter(move |own| own.period < period).count();
        self.months.iter().take(past).skip(past.saturating_sub(MONTHS_MAX))
    }

    /// Hours of a month.
    #[must_use]
    pub fn hours(&self, period: Period) -> f64 {
        self.month(period).map_or(0.0, |month| sum(month.visits.iter().map(|visit| visit.hours)))
    }

    /// The day of a month on which so many hours were used up that serve from a day on, as seen on the morning of another; none if
    /// they are not.
    #[must_use]
    pub fn day_of(&self, (period, from, on): (Period, Day, Day), hours: f64) -> Option<Day> {
        let mut left = hours;
        let ends = |visit: &&Visit| {
            left -= visit.hours;
            left <= 1e-9
        };
        self.month(period)?.before(on).iter().filter(|visit| visit.day >= from).find(ends).map(|visit| visit.day)
    }

    /// A month, if it is known.
    pub(crate) fn month(&self, period: Period) -> Option<&Month> {
        self.months.iter().find(|month| month.period == period)
    }
}
