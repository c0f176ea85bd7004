//! How many technicians of each tier answer in time, from the desk's own past. It saves nothing.

use std::collections::BTreeMap;

use quarterhour_billing::{Billing, Calendar, Day, TimeEntry, Word};
use quarterhour_risk::number::{decimal, float};
use quarterhour_risk::staffing::StaffingError;
use quarterhour_risk::staffing::desk::{ArrivalPattern, Desk, HandleTime, OpenHours, OpeningHours, Span, Tier};
use quarterhour_risk::staffing::plan::{Post, StaffingPlan, StaffingQuestion, plan_staffing};
use serde::Serialize;

use crate::app::risk::office::Office;
use crate::error::{AppError, Ranges, Shares};

/// At most so many handle times of a tier are drawn from.
const HANDLE_MAX: usize = 5_000;

/// Weeks that are simulated, where that takes no more tickets than this.
const WEEKS: f64 = 104.0;
/// Many tickets are known as well from fewer weeks.
const TICKETS: f64 = 400_000.0;
/// At least so many weeks, whatever comes.
const WEEKS_MIN: f64 = 13.0;

/// What is asked of the desk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Business hours within which a ticket should be taken up.
    pub hours: f64,
    /// The share of tickets for which that should hold.
    pub share: f64,
    /// What a paid hour of a technician costs, as a share of the rate card's price.
    pub cost_share: f64,
    /// Hours that a technician is paid for in a month.
    pub paid_hours: f64,
    /// Tickets, as a factor of what was seen.
    pub tickets: f64,
    /// All draws follow from it.
    pub seed: u64,
}

impl Default for Target {
    fn default() -> Self {
        Self { hours: 1.0, share: 0.9, cost_share: 0.4, paid_hours: 160.0, tickets: 1.0, seed: 1 }
    }
}

impl Target {
    /// Refuses numbers that make no sense.
    ///
    /// # Errors
    ///
    /// Names each field, and what was expected.
    pub fn checked(self, shares: Shares) -> Result<(), AppError> {
        let mut ranges = Ranges::new(shares);
        ranges.within("within", self.hours, 0.0, 1_000.0);
        ranges.share("share", self.share, 0.0, 1.0);
        ranges.share("cost_share", self.cost_share, 0.0, 10.0);
        ranges.within("paid_hours", self.paid_hours, 1.0, 744.0);
        ranges.share("tickets", self.tickets, 0.0, 10.0);
        ranges.checked()
    }
}

/// A plan with what it was made from.
#[derive(Clone, Debug, Serialize)]
pub struct Staffing {
    /// What the desk sees and what was asked.
    pub question: StaffingQuestion,
    /// Weeks of the past behind it.
    pub weeks_seen: f64,
    /// Tickets in them.
    pub tickets_seen: usize,
    /// The staffings to choose from.
    pub plan: StaffingPlan,
    /// What money is in.
    pub currency: String,
}

/// Plans the desk.
///
/// # Errors
///
/// Fails where there is no work to plan for, and for a target that makes no sense or is out of reach.
pub fn staff(office: &Office, target: Target) -> Result<Staffing, AppError> {
    target.checked(Shares::Plain)?;
    let past = Past::read(office);
    if past.tickets == 0 {
        return Err(AppError::user("there are no tickets to plan for", "log or import time entries first; a few weeks are enough"));
    }
    if !(0..7).any(|weekday| !office.setup.provider.terms.calendar.hours(weekday).is_empty()) {
        let mend = "write them into provider.toml, under [hours]";
        return Err(AppError::user("there are no business hours, and so no time in which to answer", mend));
    }
    let question = past.question(office, target).map_err(|error| refused(&error))?;
    let plan = plan_staffing(&question).map_err(|error| refused(&error))?;
    let currency = office.setup.provider.currency.code().to_owned();
    Ok(Staffing { question, weeks_seen: past.weeks, tickets_seen: past.tickets, plan, currency })
}

fn refused(error: &StaffingError) -> AppError {
    AppError::user(error.to_string(), "ask for another share or time, or for fewer tickets")
}

/// What the desk has seen.
struct Past {
    weeks: f64,
    tickets: usize,
    arrivals: [[f64; 24]; 7],
    /// Work by tier.
    tiers: BTreeMap<Word, TierPast>,
}

/// What one tier has seen.
#[derive(Default)]
struct TierPast {
    /// Tickets that began there.
    new: f64,
    /// Tickets that went on to another tier.
    further: f64,
    /// Hours of each ticket in the tier.
    hours: Vec<f64>,
}

impl Past {
    /// The last year of all clients.
    fn read(office: &Office) -> Self {
        let last = office.until.end();
        let from = (0..12).fold(office.until, |period, _| period.previous()).next().first_day();
        let mut past = Self { weeks: 0.0, tickets: 0, arrivals: [[0.0; 24]; 7], tiers: BTreeMap::new() };
        let mut earliest = last;
        for (client, entries) in office.setup.clients.iter().zip(&office.entries) {
            let clock = &client.client.clock;
            let mut open: BTreeMap<&str, Vec<&TimeEntry>> = BTreeMap::new();
            let counted = entries.iter().filter(|entry| entry.billing != Billing::NotBillable && entry.minutes > 0);
            for entry in counted {
                let day = clock.day(entry.started_at);
                if day < from || day >= last {
                    continue;
                }
                earliest = earliest.min(day);
                if entry.ticket.is_empty() {
                    past.ticket(&[entry], clock.local(entry.started_at).0);
                } else {
                    open.entry(entry.ticket.as_str()).or_default().push(entry);
                }
            }
            for pieces in open.values() {
                let Some(first) = pieces.first() else { continue };
                past.ticket(pieces, clock.local(first.started_at).0);
            }
        }
        past.weeks = (quarterhour_risk::number::float_i64(last.since(earliest)) / 7.0).max(1.0);
        past
    }

    fn ticket(&mut self, pieces: &[&TimeEntry], local: i64) {
        self.tickets += 1;
        let day = Day::of_local(local);
        let hour = usize::try_from(local.rem_euclid(86_400) / 3_600).unwrap_or(0);
        if let Some(slot) = self.arrivals.get_mut(day.weekday()).and_then(|day| day.get_mut(hour)) {
            *slot += 1.0;
        }
        // What one tier did for a ticket, in the order in which tiers came to it.
        let mut stations: Vec<(Word, f64)> = Vec::new();
        for piece in pieces {
            let hours = f64::from(piece.minutes) / 60.0;
            match stations.iter_mut().find(|(tier, _)| *tier == piece.tier) {
                Some((_, sum)) => *sum += hours,
                None => stations.push((piece.tier, hours)),
            }
        }
        for (number, (tier, hours)) in stations.iter().enumerate() {
            let own = self.tiers.entry(*tier).or_default();
            own.new += f64::from(u8::from(number == 0));
            own.further += f64::from(u8::from(number + 1 < stations.len()));
            own.hours.push(*hours);
        }
    }

    fn weeks_to_simulate(&self, target: Target) -> usize {
        let a_week = float(self.tickets) / self.weeks * target.tickets;
        quarterhour_risk::number::index((TICKETS / a_week.max(1.0)).clamp(WEEKS_MIN, WEEKS))
    }

    fn question(&self, office: &Office, target: Target) -> Result<StaffingQuestion, StaffingError> {
        let terms = &office.setup.provider.terms;
        let rate = |tier: Word| -> f64 {
            let found = terms.rates.find(tier, office.trade.work_type);
            found.map_or(0.0, |(_, rate)| decimal(rate.hourly))
        };
        // From the cheapest tier to the dearest: each escalates to the next.
        let mut tiers: Vec<(Word, &TierPast)> = self.tiers.iter().map(|(tier, seen)| (*tier, seen)).collect();
        tiers.sort_by(|one, other| rate(one.0).total_cmp(&rate(other.0)).then(one.0.cmp(&other.0)));
        let last = tiers.len().saturating_sub(1);
        let name = |tier: Word| office.words.name(tier).to_owned();
        let total = float(self.tickets);
        let tier = |(number, (word, TierPast { new, further, hours })): (usize, &(Word, &TierPast))| Tier {
            name: name(*word),
            new_share: new / total,
            escalated_share: if number == last { 0.0 } else { further / float(hours.len().max(1)) },
            handle: HandleTime::Observed { hours: hours.iter().copied().step_by(hours.len().div_ceil(HANDLE_MAX).max(1)).collect() },
            target_hours: target.hours,
        };
        let post = |(number, (word, _)): (usize, &(Word, &TierPast))| Post {
            tier: name(*word),
            hourly_cost: rate(*word) * target.cost_share,
            also_serves: tiers.iter().take(number).rev().map(|(lower, _)| name(*lower)).collect(),
        };
        let arrivals = self.arrivals.map(|day| day.map(|count| count * target.tickets));
        Ok(StaffingQuestion {
            desk: Desk {
                tiers: tiers.iter().enumerate().map(tier).collect(),
                priorities: Vec::new(),
                opening: opening(&terms.calendar),
                arrivals: ArrivalPattern::from_counts(&arrivals, self.weeks)?,
            },
            posts: tiers.iter().enumerate().map(post).collect(),
            paid_hours_a_month: target.paid_hours,
            target_share: target.share,
            span: Span { weeks: self.weeks_to_simulate(target), warm_up_weeks: 4, seed: target.seed },
        })
    }
}

/// Business hours from the first opening of a day to its last closing.
fn opening(calendar: &Calendar) -> OpeningHours {
    let hour = |seconds: i64| quarterhour_risk::number::float_i64(seconds) / 3_600.0;
    let day = |weekday: usize| {
        let hours = calendar.hours(weekday);
        let (from, to) = (hours.first()?.0, hours.last()?.1);
        Some(OpenHours { from_hour: hour(from), to_hour: hour(to) })
    };
    OpeningHours { days: std::array::from_fn(day) }
}
