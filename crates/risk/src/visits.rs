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
        let alone = counting.rounding.scope == RoundingScope::Entry || entry.ticket.is_empty();
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

/// Business days of a month, and those before a day.
#[must_use]
pub fn business_days(client: &Client, calendar: &Calendar, period: Period, before: Day) -> (f64, f64) {
    let (mut all, mut gone) = (0.0, 0.0);
    let mut day = period.first_day();
    while day < period.end() {
        if is_business(client, calendar, day) {
            all += 1.0;
            gone += f64::from(u8::from(day < before));
        }
        day = day.next();
    }
    (all, gone)
}

/// Does the provider work on a day at all?
#[must_use]
pub fn is_business(client: &Client, calendar: &Calendar, day: Day) -> bool {
    let mut parts = Vec::new();
    let midnight = day.since(Day::of_local(0)) * quarterhour_billing::DAY_SECONDS;
    let offset = client.clock.local(midnight).0 - midnight;
    calendar.cut(&client.clock, midnight - offset, quarterhour_billing::DAY_SECONDS - 1, &mut parts);
    parts.iter().any(|part| part.band == Band::Business)
}
