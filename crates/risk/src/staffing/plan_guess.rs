//! What each tier alone would need, by the steady day of the average weekday: where the search for a staffing begins.
//! It ignores skills and weekends, so that its answer is only a guess.

use crate::number::{float, index, sum};

use super::day::{BusinessDay, Slot, SteadyDay};
use super::desk::{Desk, Tier};
use super::desk_week::Week;
use super::erlang::{Workload, least_servers};
use super::error::StaffingError;

/// The largest share that a guess aims at; more is left to the simulation.
const SHARE_MAX: f64 = 0.999;
/// The utilisation above which no steady day is computed: it would take long, and no target is reached there.
const UTILISATION_MAX: f64 = 0.97;
/// The most technicians that are added to what Erlang C says, a power of two.
const ADDED_MAX: usize = 128;

/// Technicians for each tier; none for a tier without tickets.
pub(super) fn guess(desk: &Desk, week: &Week, target_share: f64) -> Result<Vec<usize>, StaffingError> {
    let rhythm = Rhythm::new(week);
    let (new, joining) = (desk.arrivals.tickets_a_week(), desk.tier_tickets_a_week());
    let one = |(tier, joining): (&Tier, f64)| {
        if joining > 0.0 {
            let own = new * tier.new_share;
            guess_tier(tier, &rhythm.day(tier.new_share, joining - own), joining / week.business_hours, target_share.min(SHARE_MAX))
        } else {
            Ok(0)
        }
    };
    desk.tiers.iter().zip(joining).map(one).collect()
}

fn guess_tier(tier: &Tier, day: &BusinessDay, per_business_hour: f64, target_share: f64) -> Result<usize, StaffingError> {
    let handle = tier.handle.mean_hours();
    let workload = Workload::new(per_business_hour, handle)?;
    let steady = least_servers(workload, tier.target_hours, target_share)?;
    let enough = |servers: usize| {
        let busy = workload.load() / float(servers);
        let day = (busy <= UTILISATION_MAX).then(|| SteadyDay::new(day, servers, handle).ok()).flatten();
        day.and_then(|day| day.within(tier.target_hours).ok()?.all).is_some_and(|share| share >= target_share)
    };
    if enough(steady) {
        return Ok((1..steady).rev().take_while(|servers| enough(*servers)).last().unwrap_or(steady));
    }
    // More servers are never worse, so that the least that are enough lie between the last two doublings.
    let (mut too_few, mut added) = (steady, 1);
    while added < ADDED_MAX && !enough(steady + added) {
        too_few = steady + added;
        added *= 2;
    }
    let mut many = steady + added;
    while many - too_few > 1 {
        let middle = usize::midpoint(too_few, many);
        if enough(middle) { many = middle } else { too_few = middle }
    }
    Ok(many)
}

/// The average weekday on which the desk opens: new tickets in equal parts of its business time, and in between.
struct Rhythm {
    days: f64,
    hours: f64,
    /// New tickets a day in each part of the business time.
    parts: Vec<f64>,
    /// New tickets a day outside business time.
    closed: f64,
}

impl Rhythm {
    fn new(week: &Week) -> Self {
        let open_hours: Vec<f64> = (0..7).map(|weekday| sum(open(week, weekday).map(|(hours, _)| hours))).collect();
        let days = float(open_hours.iter().filter(|hours| **hours > 0.0).count());
        let hours = week.business_hours / days;
        let mut parts = vec![0.0; index(hours.ceil()).max(1)];
        for (weekday, whole) in open_hours.iter().enumerate() {
            let mut passed = 0.0;
            for (hours, rate) in open(week, weekday) {
                spread(&mut parts, (passed / whole, (passed + hours) / whole), rate * hours / days);
                passed += hours;
            }
        }
        let closed = week.stretches.iter().filter(|stretch| !stretch.open).map(|stretch| stretch.hours * stretch.rate_per_hour);
        Self { days, hours, parts, closed: sum(closed) / days }
    }

    /// The day of a tier that gets a share of the new tickets, and so many escalated ones in a week of business time.
    fn day(&self, new_share: f64, escalated_a_week: f64) -> BusinessDay {
        let hours = self.hours / float(self.parts.len());
        let escalated = escalated_a_week.max(0.0) / (self.days * self.hours);
        let slot = |tickets: &f64| Slot { rate_per_hour: tickets * new_share / hours + escalated, hours };
        BusinessDay { slots: self.parts.iter().map(slot).collect(), overnight_rate: self.closed * new_share, overnight_hours: 1.0 }
    }
}

/// The open stretches of a weekday: hours and rate.
fn open(week: &Week, weekday: usize) -> impl Iterator<Item = (f64, f64)> {
    let open = week.stretches.iter().filter(move |stretch| stretch.open && stretch.weekday == weekday);
    open.map(|stretch| (stretch.hours, stretch.rate_per_hour))
}

/// Adds tickets that come between two shares of the business time to its equal parts.
fn spread(parts: &mut [f64], (from, to): (f64, f64), tickets: f64) {
    let count = float(parts.len());
    for (place, part) in parts.iter_mut().enumerate() {
        let shared = (to.min(float(place + 1) / count) - from.max(float(place) / count)).max(0.0);
        *part += tickets * shared / (to - from);
    }
}

#[cfg(test)]
mod tests {
    use super::super::desk::{ArrivalPattern, HandleTime, OpeningHours};
    use super::*;

    fn desk(per_hour: f64, handle: f64) -> Desk {
        let tier = |name: &str, new_share, escalated_share| Tier {
            name: name.to_owned(),
            new_share,
            escalated_share,
            handle: HandleTime::Exponential { mean_hours: handle },
            target_hours: 0.5,
        };
        Desk {
            tiers: vec![tier("helpdesk", 1.0, 0.5), tier("senior", 0.0, 0.0), tier("expert", 0.0, 0.0)],
            priorities: Vec::new(),
            opening: OpeningHours::every_day(0.0, 24.0),
            arrivals: ArrivalPattern::constant(per_hour),
        }
    }

    #[test]
    fn a_desk_that_never_closes_needs_what_erlang_c_says() -> Result<(), StaffingError> {
        let desk = desk(6.0, 0.5);
        let guessed = guess(&desk, &desk.check()?, 0.9)?;
        let alone = |rate: f64| least_servers(Workload::new(rate, 0.5)?, 0.5, 0.9);
        assert_eq!(guessed, [alone(6.0)?, alone(3.0)?, 0]);
        Ok(())
    }

    #[test]
    fn the_average_day_keeps_all_tickets() -> Result<(), StaffingError> {
        let mut desk = desk(1.0, 0.5);
        desk.opening = OpeningHours::weekdays(8.5, 17.0);
        if let Some(friday) = desk.opening.days.iter_mut().flatten().last() {
            friday.to_hour = 14.0;
        }
        let week = desk.check()?;
        let day = Rhythm::new(&week).day(1.0, 10.0);
        assert!((day.business_hours() - 39.5 / 5.0).abs() < 1e-12);
        assert!((day.business_tickets() - (39.5 + 10.0) / 5.0).abs() < 1e-12);
        assert!((day.overnight_tickets() - (168.0 - 39.5) / 5.0).abs() < 1e-12);
        Ok(())
    }

    #[test]
    fn the_morning_backlog_needs_more_than_erlang_c() -> Result<(), StaffingError> {
        let mut desk = desk(3.0, 0.5);
        desk.opening = OpeningHours::every_day(8.0, 17.0);
        let guessed = guess(&desk, &desk.check()?, 0.9)?;
        let erlang = least_servers(Workload::new(8.0, 0.5)?, 0.5, 0.9)?;
        assert!(guessed.first().is_some_and(|guessed| *guessed > erlang), "{guessed:?} {erlang}");
        Ok(())
    }

    #[test]
    fn a_desk_without_tickets_needs_nobody() -> Result<(), StaffingError> {
        let desk = desk(0.0, 0.5);
        assert_eq!(guess(&desk, &desk.check()?, 1.0)?, [0, 0, 0]);
        Ok(())
    }
}
