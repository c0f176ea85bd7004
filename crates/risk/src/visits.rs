//! The hours that count against an allowance, in pieces that belong to one day: what was done for a ticket in a day.
//!
//! A month in the middle is forecast from these, not from whole tickets, because a ticket may go on into the next month.

use std::collections::BTreeMap;

use quarterhour_billing::agreement::{Agreement, Prepaid, Rounding, RoundingScope};
use quarterhour_billing::{Band, Billing, Calendar, Client, Day, Period, TimeEntry, Word};

use crate::number::{decimal, float_i64};

/// What was done for a ticket in a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visit {
    /// The local day.
    pub day: Day,
    /// Hours that count: billable time by the agreement's rounding, times its weight.
    pub hours: f64,
}

/// What counts and how: the parts of an agreement that decide it.
#[derive(Clone, Debug)]
pub struct Counting {
    rounding: Rounding,
    after_hours: f64,
    tiers: Vec<(Word, f64)>,
    excludes: Vec<Word>,
}

impl Counting {
    /// As an agreement says; as by default without one.
    #[must_use]
    pub fn of(agreement: Option<&Agreement>) -> Self {
        let Some(agreement) = agreement else {
            return Self { rounding: Rounding::default(), after_hours: 1.0, tiers: Vec::new(), excludes: Vec::new() };
        };
        let excludes = match &agreement.prepaid {
            Prepaid::Time(pools) => pools.allowance.as_ref().map(|allowance| allowance.excludes.clone()).unwrap_or_default(),
            Prepaid::Money(_) | Prepaid::Nothing => Vec::new(),
        };
        Self {
            rounding: agreement.rounding,
            after_hours: agreement.weights.after_hours.map_or(1.0, decimal),
            tiers: agreement.weights.tiers.iter().map(|(tier, weight)| (*tier, decimal(*weight))).collect(),
            excludes,
        }
    }

    fn weight(&self, tier: Word, band: Band) -> f64 {
        let tier = self.tiers.iter().find(|(own, _)| *own == tier).map(|(_, weight)| *weight);
        let band = (band == Band::AfterHours && self.after_hours != 1.0).then_some(self.after_hours);
        match (tier, band) {
            (Some(one), Some(other)) => one.max(other),
            (one, other) => one.or(other).unwrap_or(1.0),
        }
    }
}

/// What is rounded together: a day, a ticket, a tier, a work type, and the entry where each is rounded alone.
type Group<'a> = (Day, &'a str, Word, Word, usize);

/// A client's visits, by day. Work that does not count leaves none.
///
/// Rounding within a ticket's period is taken by the day, and a piece of work across the edge of business hours by its start.
#[must_use]
pub fn visits(client: &Client, calendar: &Calendar, counting: &Counting, entries: &[TimeEntry]) -> Vec<Visit> {
    let mut groups: BTreeMap<Group<'_>, (i64, f64)> = BTreeMap::new();
    let mut parts = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        if entry.billing != Billing::Billable || entry.minutes == 0 || counting.excludes.contains(&entry.work_type) {
            continue;
        }
        let day = client.clock.day(entry.started_at);
        calendar.cut(&client.clock, entry.started_at, 0, &mut parts);
        let band = parts.first().map_or(Band::Business, |part| part.band);
        let alone = counting.rounding.scope == RoundingScope::Entry;
        let key = (day, entry.ticket.as_str(), entry.tier, entry.work_type, if alone { number } else { usize::MAX });
        let (seconds, weight) = groups.entry(key).or_insert((0, 0.0));
        *seconds += entry.seconds();
        *weight += counting.weight(entry.tier, band) * float_i64(entry.seconds());
    }
    let visit = |((day, ..), (seconds, weighted)): (Group<'_>, (i64, f64))| {
        let billable = float_i64(counting.rounding.round(seconds)) / 3_600.0;
        Visit { day, hours: billable * weighted / float_i64(seconds) }
    };
    groups.into_iter().map(visit).collect()
}

/// The days of a month on which the provider works at all; every day where it never does.
#[must_use]
pub fn open_days(client: &Client, calendar: &Calendar, period: Period) -> Vec<Day> {
    let all = || (0..period.days()).map(|offset| period.first_day().plus(offset));
    let open: Vec<Day> = all().filter(|day| is_business(client, calendar, *day)).collect();
    if open.is_empty() { all().collect() } else { open }
}

/// Does the provider work on a day at all?
fn is_business(client: &Client, calendar: &Calendar, day: Day) -> bool {
    let mut parts = Vec::new();
    let midnight = day.since(Day::of_local(0)) * quarterhour_billing::DAY_SECONDS;
    let offset = client.clock.local(midnight).0 - midnight;
    calendar.cut(&client.clock, midnight - offset, quarterhour_billing::DAY_SECONDS - 1, &mut parts);
    parts.iter().any(|part| part.band == Band::Business)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use quarterhour_billing::agreement::Agreements;
    use quarterhour_billing::{Currency, Decimal, LocalClock, Words, WorkedOn};

    use super::*;

    /// A client without devices and agreements, in UTC.
    pub(crate) fn client() -> Client {
        Client {
            code: "acme".to_owned(),
            currency: Currency::parse("USD").expect("a currency"),
            clock: Arc::new(LocalClock::new("UTC", &TimeZone::UTC)),
            tax_percent: Decimal::ZERO,
            devices: Vec::new(),
            agreements: Agreements::default(),
        }
    }

    /// Eight hours on the first weekdays of a week.
    pub(crate) fn week(days: usize) -> [Vec<(i64, i64)>; 7] {
        std::array::from_fn(|weekday| if weekday < days { vec![(9 * 3_600, 17 * 3_600)] } else { Vec::new() })
    }

    #[test]
    fn entries_without_a_ticket_are_rounded_together_as_the_engine_rounds_them() {
        let mut words = Words::default();
        let (tier, work_type) = (words.intern("helpdesk"), words.intern("remote"));
        let midnight = Period::parse("2025-06").expect("a period").first_day().since(Day::of_local(0)) * 86_400;
        let entry = |number: u8| TimeEntry {
            ticket: String::new().as_str().into(),
            id: number.to_string().as_str().into(),
            started_at: midnight + 36_000 + i64::from(number) * 600,
            minutes: 5,
            tier,
            work_type,
            device: WorkedOn::NoDevice,
            billing: Billing::Billable,
        };
        let entries: Vec<TimeEntry> = (0..3).map(entry).collect();
        let calendar = Calendar::new(week(7), Vec::new());
        let rounded = |scope: RoundingScope| {
            let rounding = Rounding { increment: 15, scope, ..Rounding::default() };
            let counting = Counting { rounding, ..Counting::of(None) };
            visits(&client(), &calendar, &counting, &entries).iter().map(|visit| visit.hours).collect::<Vec<_>>()
        };
        assert_eq!(rounded(RoundingScope::Entry), [0.25; 3]);
        assert_eq!(rounded(RoundingScope::TicketDay), [0.25]);
    }
}
