//! The tickets of a simulation, drawn before anybody works on them: when each joins, how urgent it is, and how long
//! each tier will work on it. So every staffing that is tried meets the same tickets.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1};

use crate::number::{float, index};

use super::desk::{Desk, HandleTime};
use super::desk_week::{Stretch, Week};

/// A ticket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ticket {
    /// When it joins its first tier, in business time from the first week on.
    pub(super) joined_at: f64,
    /// The place of its first tier.
    pub(super) tier: usize,
    /// The place of its priority.
    pub(super) priority: usize,
    /// Where its hours begin.
    first_hours: usize,
    /// How many tiers work on it.
    pub(super) stages: usize,
}

/// Tickets in the order in which they join.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tickets {
    pub(super) all: Vec<Ticket>,
    hours: Vec<f64>,
}

impl Tickets {
    /// The hours that the tier of a stage works on a ticket.
    pub(super) fn hours(&self, ticket: &Ticket, stage: usize) -> f64 {
        self.hours.get(ticket.first_hours + stage).copied().unwrap_or(0.0)
    }
}

/// Draws the tickets of some weeks: a Poisson stream whose rate follows the week.
pub(super) fn draw_tickets(desk: &Desk, week: &Week, weeks: usize, seed: u64) -> Tickets {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut tickets = Tickets::default();
    let arriving: Vec<&Stretch> = week.stretches.iter().filter(|stretch| stretch.rate_per_hour > 0.0).collect();
    let mut to_next: f64 = Exp1.sample(&mut random);
    for number in 0..weeks {
        for stretch in &arriving {
            let expected = stretch.hours * stretch.rate_per_hour;
            let mut left = expected;
            while to_next <= left {
                left -= to_next;
                let joined_at = week.business_time(number, stretch, (expected - left) / stretch.rate_per_hour);
                draw_ticket(desk, joined_at, &mut tickets, &mut random);
                to_next = Exp1.sample(&mut random);
            }
            to_next -= left;
        }
    }
    tickets
}

fn draw_ticket(desk: &Desk, joined_at: f64, tickets: &mut Tickets, random: &mut ChaCha8Rng) {
    let tier = choose(desk.tiers.iter().map(|tier| tier.new_share), random.random());
    let priority = choose(desk.priorities.iter().map(|priority| priority.share), random.random());
    let first_hours = tickets.hours.len();
    for tier in desk.tiers.iter().skip(tier) {
        tickets.hours.push(draw_hours(&tier.handle, random));
        if random.random::<f64>() >= tier.escalated_share {
            break;
        }
    }
    let stages = tickets.hours.len() - first_hours;
    tickets.all.push(Ticket { joined_at, tier, priority, first_hours, stages });
}

fn draw_hours(handle: &HandleTime, random: &mut ChaCha8Rng) -> f64 {
    match handle {
        HandleTime::Observed { hours } => {
            let place = index(random.random::<f64>() * float(hours.len()));
            hours.get(place).or(hours.last()).copied().unwrap_or(0.0)
        }
        HandleTime::Exponential { mean_hours } => {
            let one: f64 = Exp1.sample(random);
            mean_hours * one
        }
    }
}

/// The place of the share into which a draw from 0 to 1 falls; the last one with a share takes what rounding leaves.
fn choose(shares: impl Iterator<Item = f64>, draw: f64) -> usize {
    let (mut below, mut chosen) = (0.0, 0);
    for (place, share) in shares.enumerate().filter(|(_, share)| *share > 0.0) {
        chosen = place;
        below += share;
        if draw < below {
            break;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::super::desk::{ArrivalPattern, OpeningHours, Tier};
    use super::*;

    fn desk() -> Desk {
        let tier = |name: &str, new_share, escalated_share, handle| Tier {
            name: name.to_owned(),
            new_share,
            escalated_share,
            handle,
            target_hours: 1.0,
        };
        Desk {
            tiers: vec![
                tier("helpdesk", 0.8, 0.25, HandleTime::Observed { hours: vec![0.25, 0.5, 1.5] }),
                tier("senior", 0.2, 0.0, HandleTime::Exponential { mean_hours: 2.0 }),
            ],
            priorities: Vec::new(),
            opening: OpeningHours::weekdays(8.0, 17.0),
            arrivals: ArrivalPattern::constant(1.0),
        }
    }

    #[test]
    fn the_draws_have_the_means_that_were_asked_for() -> Result<(), super::super::StaffingError> {
        let desk = desk();
        let tickets = draw_tickets(&desk, &desk.check()?, 400, 7);
        let count = float(tickets.all.len());
        assert!((count - 67_200.0).abs() < 4.0 * 67_200.0_f64.sqrt(), "{count}");
        let share = |wanted: &dyn Fn(&Ticket) -> bool| float(tickets.all.iter().filter(|ticket| wanted(ticket)).count()) / count;
        assert!((share(&|ticket| ticket.tier == 1) - 0.2).abs() < 0.01);
        assert!((share(&|ticket| ticket.stages == 2) - 0.2).abs() < 0.01);
        // 123 of 168 hours are closed; their tickets join at an opening, which is a multiple of nine hours.
        assert!((share(&|ticket| (ticket.joined_at / 9.0).fract() == 0.0) - 123.0 / 168.0).abs() < 0.01);
        let first: Vec<f64> = tickets.all.iter().filter(|ticket| ticket.tier == 0).map(|ticket| tickets.hours(ticket, 0)).collect();
        assert!((crate::number::mean(&first) - 0.75).abs() < 0.01);
        assert!(tickets.all.iter().zip(tickets.all.iter().skip(1)).all(|(one, next)| one.joined_at <= next.joined_at));
        Ok(())
    }

    #[test]
    fn the_same_seed_draws_the_same_tickets() -> Result<(), super::super::StaffingError> {
        let desk = desk();
        let week = desk.check()?;
        assert_eq!(draw_tickets(&desk, &week, 5, 1), draw_tickets(&desk, &week, 5, 1));
        assert_ne!(draw_tickets(&desk, &week, 5, 1), draw_tickets(&desk, &week, 5, 2));
        Ok(())
    }

    #[test]
    fn a_draw_falls_into_its_share() {
        let shares = || [0.0, 0.5, 0.5, 0.0].into_iter();
        assert_eq!((choose(shares(), 0.0), choose(shares(), 0.5), choose(shares(), 1.0)), (1, 2, 2));
        assert_eq!(choose(std::iter::empty(), 0.3), 0);
    }
}
