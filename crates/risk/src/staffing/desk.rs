//! A desk of tiers, simulated: its own rhythm of arrivals, its business hours, tickets that are escalated, technicians
//! whose skills reach into other tiers. It does not look for a staffing; that is [`super::plan`].
//!
//! Outside business hours nobody works: work in progress pauses at closing and goes on at opening, and all waits
//! count business hours only, as in [`super::day`].

use serde::{Deserialize, Serialize};

use crate::number::{float, mean, sum};

use super::desk_run::{Measured, Team, run};
use super::desk_tickets::{Tickets, draw_tickets};
use super::desk_week::Week;
use super::error::{StaffingError, above_nought, not_negative, share};
use super::outcome::DeskOutcome;

/// The most tickets of one simulation.
const TICKETS_MAX: f64 = 2e7;
/// The most tiers of a desk.
const TIERS_MAX: usize = 8;
/// How far shares may be from one together.
const SHARES_APART: f64 = 1e-6;

/// What arrives at a desk, and when it works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    /// From the first tier on; each escalates to the next one.
    pub tiers: Vec<Tier>,
    /// The most urgent first; none when all tickets are alike.
    pub priorities: Vec<Priority>,
    /// When technicians work.
    pub opening: OpeningHours,
    /// When new tickets arrive.
    pub arrivals: ArrivalPattern,
}

/// A tier: the skill that its tickets need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tier {
    /// Its name, such as `helpdesk`.
    pub name: String,
    /// The share of new tickets that start here; 1 for all tiers together.
    pub new_share: f64,
    /// The share of its tickets that go on to the next tier when it has done its part.
    pub escalated_share: f64,
    /// How long a technician works on a ticket of this tier.
    pub handle: HandleTime,
    /// The business hours within which a ticket should be taken up.
    pub target_hours: f64,
}

/// How long tickets take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandleTime {
    /// Hours of tickets that were observed: each is as likely as the others.
    Observed {
        /// The hours.
        hours: Vec<f64>,
    },
    /// Exponential, as the formulas assume.
    Exponential {
        /// The mean.
        mean_hours: f64,
    },
}

/// A priority of tickets. Within it the ticket that joined its tier first is taken first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Priority {
    /// Its name, such as `urgent`.
    pub name: String,
    /// The share of tickets that have it; 1 for all priorities together.
    pub share: f64,
}

/// When technicians work, from Monday to Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpeningHours {
    /// The hours of each day; nothing for a day on which nobody works.
    pub days: [Option<OpenHours>; 7],
}

/// The business hours of one day, on the clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenHours {
    /// From 0 on; half past eight is 8.5.
    pub from_hour: f64,
    /// Up to 24.
    pub to_hour: f64,
}

/// New tickets an hour, by weekday from Monday and by hour of the day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrivalPattern {
    /// `per_hour[0][9]` is the rate on Mondays from nine to ten.
    pub per_hour: [[f64; 24]; 7],
}

/// Technicians who can do the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TechnicianGroup {
    /// The tier that they belong to.
    pub tier: String,
    /// How many they are.
    pub technicians: usize,
    /// The tiers that they can serve; they look for work in this order. None means their own.
    pub serves: Vec<String>,
}

/// How long to simulate, and with which draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Weeks that are measured; at least two.
    pub weeks: usize,
    /// Weeks before them in which the desk fills up.
    pub warm_up_weeks: usize,
    /// The same seed draws the same tickets, whoever works on them.
    pub seed: u64,
}

impl OpeningHours {
    /// The same hours from Monday to Friday.
    #[must_use]
    pub fn weekdays(from_hour: f64, to_hour: f64) -> Self {
        let day = Some(OpenHours { from_hour, to_hour });
        Self { days: [day, day, day, day, day, None, None] }
    }

    /// The same hours on all seven days.
    #[must_use]
    pub fn every_day(from_hour: f64, to_hour: f64) -> Self {
        Self { days: [Some(OpenHours { from_hour, to_hour }); 7] }
    }
}

impl ArrivalPattern {
    /// The rates of tickets counted over some weeks: `counts[0][9]` are those of Mondays from nine to ten.
    ///
    /// # Errors
    ///
    /// Fails when the weeks are not above nought or a count is negative or not a number.
    pub fn from_counts(counts: &[[f64; 24]; 7], weeks: f64) -> Result<Self, StaffingError> {
        above_nought("the weeks of the counts", weeks)?;
        let pattern = Self { per_hour: counts.map(|day| day.map(|count| count / weeks)) };
        pattern.check()?;
        Ok(pattern)
    }

    /// The same rate at all times.
    #[must_use]
    pub fn constant(per_hour: f64) -> Self {
        Self { per_hour: [[per_hour; 24]; 7] }
    }

    /// The same rates on all seven days.
    #[must_use]
    pub fn every_day(per_hour: [f64; 24]) -> Self {
        Self { per_hour: [per_hour; 7] }
    }

    /// The mean number of new tickets in a week.
    #[must_use]
    pub fn tickets_a_week(&self) -> f64 {
        sum(self.per_hour.iter().flatten().copied())
    }

    fn check(&self) -> Result<(), StaffingError> {
        self.per_hour.iter().flatten().try_for_each(|rate| not_negative("an arrival rate", *rate).map(|_| ()))
    }
}

impl HandleTime {
    /// The mean hours of a ticket.
    #[must_use]
    pub fn mean_hours(&self) -> f64 {
        match self {
            Self::Observed { hours } => mean(hours),
            Self::Exponential { mean_hours } => *mean_hours,
        }
    }

    fn check(&self) -> Result<(), StaffingError> {
        if let Self::Observed { hours } = self {
            if hours.is_empty() {
                return Err(StaffingError::Missing { what: "observed handle time" });
            }
            hours.iter().try_for_each(|hours| not_negative("an observed handle time", *hours).map(|_| ()))?;
        }
        above_nought("the mean handle time", self.mean_hours()).map(|_| ())
    }
}

impl Desk {
    /// The technicians that each tier's tickets keep busy all the time, in erlangs of business time.
    ///
    /// # Errors
    ///
    /// Fails for a desk that [`simulate`] refuses.
    pub fn loads(&self) -> Result<Vec<f64>, StaffingError> {
        let week = self.check()?;
        let loads = self.tier_tickets_a_week().into_iter().zip(&self.tiers);
        Ok(loads.map(|(tickets, tier)| tickets * tier.handle.mean_hours() / week.business_hours).collect())
    }

    /// The mean number of tickets that join each tier in a week, escalated ones included.
    pub(super) fn tier_tickets_a_week(&self) -> Vec<f64> {
        let (new, mut escalated) = (self.arrivals.tickets_a_week(), 0.0);
        let joining = self.tiers.iter().map(|tier| {
            let tickets = new * tier.new_share + escalated;
            escalated = tickets * tier.escalated_share;
            tickets
        });
        joining.collect()
    }

    /// The week, when all numbers make sense.
    pub(super) fn check(&self) -> Result<Week, StaffingError> {
        self.arrivals.check()?;
        let last = self.tiers.last().ok_or(StaffingError::Missing { what: "tier" })?;
        if self.tiers.len() > TIERS_MAX {
            return Err(StaffingError::TooMany { what: "tiers", count: float(self.tiers.len()), most: float(TIERS_MAX) });
        }
        if last.escalated_share > 0.0 {
            let (what, rule) = ("the share that the last tier escalates", "0");
            return Err(StaffingError::BadNumber { what, rule, value: last.escalated_share });
        }
        for (place, tier) in self.tiers.iter().enumerate() {
            share("the escalated share of a tier", tier.escalated_share)?;
            not_negative("the target hours of a tier", tier.target_hours)?;
            tier.handle.check()?;
            if self.tiers.iter().take(place).any(|earlier| earlier.name == tier.name) {
                return Err(StaffingError::TwoTiers { name: tier.name.clone() });
            }
        }
        one_together("the share of new tickets of all tiers", self.tiers.iter().map(|tier| tier.new_share))?;
        if !self.priorities.is_empty() {
            one_together("the share of all priorities", self.priorities.iter().map(|priority| priority.share))?;
        }
        Week::new(&self.opening, &self.arrivals)
    }

    /// The place of a tier.
    pub(super) fn tier(&self, name: &str) -> Result<usize, StaffingError> {
        let place = self.tiers.iter().position(|tier| tier.name == name);
        place.ok_or_else(|| StaffingError::UnknownTier { name: name.to_owned() })
    }
}

fn one_together(what: &'static str, shares: impl Iterator<Item = f64>) -> Result<(), StaffingError> {
    let mut total = 0.0;
    for one in shares {
        total += share("a share of tickets", one)?;
    }
    if (total - 1.0).abs() <= SHARES_APART { Ok(()) } else { Err(StaffingError::BadNumber { what, rule: "1 together", value: total }) }
}

/// A desk whose tickets are drawn, so that several staffings work on the same ones.
pub(super) struct DrawnDesk<'a> {
    pub(super) desk: &'a Desk,
    pub(super) week: Week,
    pub(super) span: Span,
    tickets: Tickets,
}

impl<'a> DrawnDesk<'a> {
    pub(super) fn new(desk: &'a Desk, span: Span) -> Result<Self, StaffingError> {
        let week = desk.check()?;
        if span.weeks < 2 {
            return Err(StaffingError::BadNumber { what: "the weeks to measure", rule: "at least 2", value: float(span.weeks) });
        }
        // One week more lets the last measured tickets meet those that come after them.
        let weeks = span.weeks.saturating_add(span.warm_up_weeks).saturating_add(1);
        let count = float(weeks) * (1.0 + desk.arrivals.tickets_a_week());
        if count > TICKETS_MAX {
            return Err(StaffingError::TooMany { what: "simulated tickets", count, most: TICKETS_MAX });
        }
        let tickets = draw_tickets(desk, &week, weeks, span.seed);
        Ok(Self { desk, week, span, tickets })
    }

    pub(super) fn outcome(&self, teams: &[Team]) -> Result<DeskOutcome, StaffingError> {
        for (place, (tier, tickets)) in self.desk.tiers.iter().zip(self.desk.tier_tickets_a_week()).enumerate() {
            if tickets > 0.0 && !teams.iter().any(|team| team.technicians > 0 && team.serves.contains(&place)) {
                return Err(StaffingError::NobodyServes { tier: tier.name.clone() });
            }
        }
        let record = run(&self.tickets, teams, &self.measured());
        Ok(DeskOutcome::new(self, teams, &record))
    }

    fn measured(&self) -> Measured {
        let hours = |weeks: usize| float(weeks) * self.week.business_hours;
        Measured {
            from: hours(self.span.warm_up_weeks),
            to: hours(self.span.warm_up_weeks + self.span.weeks),
            tiers: self.desk.tiers.len(),
            priorities: self.desk.priorities.len().max(1),
        }
    }
}

/// The places of the tiers that each group serves.
pub(super) fn teams(desk: &Desk, groups: &[TechnicianGroup]) -> Result<Vec<Team>, StaffingError> {
    let team = |group: &TechnicianGroup| -> Result<Team, StaffingError> {
        let tier = desk.tier(&group.tier)?;
        let serves: Vec<usize> = group.serves.iter().map(|name| desk.tier(name)).collect::<Result<_, _>>()?;
        Ok(Team { tier, technicians: group.technicians, serves: if serves.is_empty() { vec![tier] } else { serves } })
    };
    groups.iter().map(team).collect()
}

/// Simulates a desk for some weeks.
///
/// A ticket joins its tier when it arrives or is escalated, and waits for a technician. A technician who is free looks
/// through the tiers in the order of `serves` and takes the most urgent ticket there, the oldest among equals; a
/// ticket that finds several technicians free gets one for whom its tier comes earliest in `serves`. Nobody is
/// interrupted. A desk with more work than it can do is not refused: its waits grow with the weeks, and
/// `waiting_at_end` shows it.
///
/// # Errors
///
/// Fails for numbers that make no sense, names that are no tiers, a tier with tickets that nobody serves, and a desk
/// that never opens.
pub fn simulate(desk: &Desk, groups: &[TechnicianGroup], span: Span) -> Result<DeskOutcome, StaffingError> {
    let drawn = DrawnDesk::new(desk, span)?;
    drawn.outcome(&teams(desk, groups)?)
}
