//! One tier on business days that are all alike: tickets arrive by the hour and overnight, and work stands still at
//! night. The wait counts business hours only. Not for weekends, skills or escalation; that is [`super::desk`].
//!
//! The number in the system at opening is the same every day in the long run. From it follow the numbers that each
//! ticket finds, and from those its wait: with c servers and k tickets ahead it waits for k - c + 1 endings, which come
//! at the rate of all servers in business time, so that the wait has an Erlang law however many nights it spans.

use serde::{Deserialize, Serialize};

use crate::number::{float, index, root, sum};

use super::day_flow::DayFlow;
use super::erlang::checked_servers;
use super::error::{StaffingError, above_nought, not_negative, reachable_share};
use super::fixed_point::{stationary, steady_queue};
use super::poisson::PoissonWeights;

/// The most tickets in the system that are reckoned with.
const STATES_MAX: usize = 8_000;
/// The most servers that are reckoned with.
const SERVERS_MAX: usize = 4_000;
/// The most arrivals and endings in one slot.
const EVENTS_MAX: f64 = 1e6;
/// The chance of a full system that makes no difference.
const FULL_MAX: f64 = 1e-14;

/// A stretch of business time with one arrival rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// Tickets an hour.
    pub rate_per_hour: f64,
    /// Its length.
    pub hours: f64,
}

/// When tickets arrive on each business day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BusinessDay {
    /// The business time in its order; nobody works outside it.
    pub slots: Vec<Slot>,
    /// Tickets an hour between closing and the next opening.
    pub overnight_rate: f64,
    /// Hours between closing and the next opening in which tickets arrive.
    pub overnight_hours: f64,
}

impl BusinessDay {
    /// A day with a rate for each of its business hours.
    #[must_use]
    pub fn hourly(rates_per_hour: &[f64], overnight_rate: f64, overnight_hours: f64) -> Self {
        let slots = rates_per_hour.iter().map(|rate| Slot { rate_per_hour: *rate, hours: 1.0 }).collect();
        Self { slots, overnight_rate, overnight_hours }
    }

    /// The length of the business time.
    #[must_use]
    pub fn business_hours(&self) -> f64 {
        sum(self.slots.iter().map(|slot| slot.hours))
    }

    /// The mean number of tickets that arrive in business time.
    #[must_use]
    pub fn business_tickets(&self) -> f64 {
        sum(self.slots.iter().map(|slot| slot.rate_per_hour * slot.hours))
    }

    /// The mean number of tickets that arrive overnight.
    #[must_use]
    pub fn overnight_tickets(&self) -> f64 {
        self.overnight_rate * self.overnight_hours
    }

    fn check(&self) -> Result<(), StaffingError> {
        if self.slots.is_empty() {
            return Err(StaffingError::Missing { what: "business hour" });
        }
        for slot in &self.slots {
            not_negative("an arrival rate", slot.rate_per_hour)?;
            above_nought("the hours of a slot", slot.hours)?;
        }
        not_negative("the overnight rate", self.overnight_rate)?;
        not_negative("the overnight hours", self.overnight_hours)?;
        Ok(())
    }
}

/// Shares of tickets whose wait is within a limit; nothing where no tickets arrive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DayShares {
    /// Of all tickets.
    pub all: Option<f64>,
    /// Of those that arrive in business time.
    pub business: Option<f64>,
    /// Of those that arrive overnight.
    pub overnight: Option<f64>,
}

/// The day that repeats itself in the long run, with exponential handle times.
#[derive(Clone, Debug, PartialEq)]
pub struct SteadyDay {
    servers: usize,
    /// Endings an hour when all servers are busy.
    full_rate: f64,
    utilisation: f64,
    opening: Vec<f64>,
    closing: Vec<f64>,
    /// Mean tickets a day that arrive in business time, by the number that they find in the system.
    business_finding: Vec<f64>,
    /// The same of those that arrive overnight.
    overnight_finding: Vec<f64>,
}

impl SteadyDay {
    /// The steady day of some servers, each taking `mean_handle_hours` a ticket.
    ///
    /// It is exact but for rounding, and takes milliseconds; above a utilisation of 0.98 it may take seconds.
    ///
    /// # Errors
    ///
    /// Fails with [`StaffingError::Overloaded`] when a day's work is not less than the servers' business time, with
    /// [`StaffingError::NearlyOverloaded`] when it is less by so little that thousands of tickets wait, and for
    /// numbers that make no sense.
    pub fn new(day: &BusinessDay, servers: usize, mean_handle_hours: f64) -> Result<Self, StaffingError> {
        let load = checked_load(day, servers, mean_handle_hours)?;
        let too_long = StaffingError::NearlyOverloaded { load, servers };
        let mut states = likely_states(day, servers, mean_handle_hours, load);
        while states <= STATES_MAX {
            let flow = DayFlow::new(day, servers, 1.0 / mean_handle_hours, states);
            let found = stationary(|opening| flow.whole_day(opening), steady_queue(load, servers, states));
            let Some(opening) = found else { return Err(too_long) };
            let steady = Self::from_opening(&flow, opening, servers, mean_handle_hours);
            if steady.full() <= FULL_MAX {
                return Ok(Self { utilisation: load / float(servers), ..steady });
            }
            states *= 2;
        }
        Err(too_long)
    }

    fn from_opening(flow: &DayFlow, opening: Vec<f64>, servers: usize, mean_handle_hours: f64) -> Self {
        let business = flow.business(&opening);
        let overnight_finding = flow.overnight_arrivals_finding(&business.closing);
        Self {
            servers,
            full_rate: float(servers) / mean_handle_hours,
            utilisation: f64::NAN,
            opening,
            closing: business.closing,
            business_finding: business.arrivals_finding,
            overnight_finding,
        }
    }

    /// The largest chance of a system so full that tickets are lost.
    fn full(&self) -> f64 {
        let vectors = [&self.opening, &self.closing, &self.business_finding, &self.overnight_finding];
        vectors.iter().filter_map(|chances| chances.last()).copied().fold(0.0, f64::max)
    }

    /// The shares of tickets whose first response comes within some business hours.
    ///
    /// # Errors
    ///
    /// Fails when the limit is negative or not a number.
    pub fn within(&self, business_hours: f64) -> Result<DayShares, StaffingError> {
        not_negative("the limit of the wait", business_hours)?;
        Ok(self.within_checked(business_hours))
    }

    fn within_checked(&self, business_hours: f64) -> DayShares {
        let waiting = self.opening.len().saturating_sub(self.servers);
        let endings = PoissonWeights::new(self.full_rate * business_hours).at_least(waiting);
        let chance =
            |found: usize| (found + 1).checked_sub(self.servers).map_or(1.0, |ahead| endings.get(ahead).copied().unwrap_or(0.0));
        let business = weighted(&self.business_finding, chance);
        let overnight = weighted(&self.overnight_finding, chance);
        DayShares { all: self.of_all(business, overnight), business: share_of(business), overnight: share_of(overnight) }
    }

    /// The share of all tickets that wait at all; nothing where no tickets arrive.
    #[must_use]
    pub fn delayed(&self) -> Option<f64> {
        self.within_checked(0.0).all.map(|at_once| 1.0 - at_once)
    }

    /// The mean wait of all tickets in business hours; nothing where no tickets arrive.
    #[must_use]
    pub fn mean_wait(&self) -> Option<f64> {
        let wait = |found: usize| float((found + 1).saturating_sub(self.servers)) / self.full_rate;
        self.of_all(weighted(&self.business_finding, wait), weighted(&self.overnight_finding, wait))
    }

    /// The business hours within which a share of all tickets is answered; nothing where no tickets arrive.
    ///
    /// # Errors
    ///
    /// Fails when the share is not from 0 to below 1.
    pub fn wait_quantile(&self, share: f64) -> Result<Option<f64>, StaffingError> {
        reachable_share("the share", share)?;
        let missing = |hours: f64| self.within_checked(hours).all.map_or(0.0, |within| within - share);
        if self.within_checked(0.0).all.is_none() {
            return Ok(None);
        }
        let mut most = 1.0 / self.full_rate;
        while missing(most) < 0.0 && most < 1e9 {
            most *= 2.0;
        }
        Ok(Some(if missing(0.0) >= 0.0 { 0.0 } else { root(missing, 0.0, most) }))
    }

    /// The mean number of tickets in the system at opening, those in work included.
    #[must_use]
    pub fn mean_at_opening(&self) -> f64 {
        mean_number(&self.opening)
    }

    /// The mean number of tickets in the system at closing, those in work included.
    #[must_use]
    pub fn mean_at_closing(&self) -> f64 {
        mean_number(&self.closing)
    }

    /// The share of business time in which a server is busy.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        self.utilisation
    }

    fn of_all(&self, business: Weighted, overnight: Weighted) -> Option<f64> {
        share_of(Weighted { total: business.total + overnight.total, tickets: business.tickets + overnight.tickets })
    }
}

/// A sum over tickets, and how many tickets there are.
#[derive(Clone, Copy)]
struct Weighted {
    total: f64,
    tickets: f64,
}

fn weighted(finding: &[f64], value: impl Fn(usize) -> f64) -> Weighted {
    Weighted {
        total: sum(finding.iter().enumerate().map(|(found, tickets)| tickets * value(found))),
        tickets: sum(finding.iter().copied()),
    }
}

fn share_of(weighted: Weighted) -> Option<f64> {
    (weighted.tickets > 0.0).then(|| weighted.total / weighted.tickets)
}

fn mean_number(chances: &[f64]) -> f64 {
    sum(chances.iter().enumerate().map(|(count, chance)| float(count) * chance))
}

/// The load of a day in erlangs, when it and all numbers can be reckoned with.
fn checked_load(day: &BusinessDay, servers: usize, mean_handle_hours: f64) -> Result<f64, StaffingError> {
    day.check()?;
    checked_servers(servers)?;
    above_nought("the mean handle time", mean_handle_hours)?;
    if servers > SERVERS_MAX {
        return Err(StaffingError::TooMany { what: "servers of a day", count: float(servers), most: float(SERVERS_MAX) });
    }
    let events = |slot: &Slot| (slot.rate_per_hour + float(servers) / mean_handle_hours) * slot.hours;
    let most_events = day.slots.iter().map(events).fold(0.0, f64::max);
    if most_events > EVENTS_MAX {
        return Err(StaffingError::TooMany { what: "arrivals and endings in a slot", count: most_events, most: EVENTS_MAX });
    }
    let load = (day.business_tickets() + day.overnight_tickets()) * mean_handle_hours / day.business_hours();
    if not_negative("the load", load)? >= float(servers) { Err(StaffingError::Overloaded { load, servers }) } else { Ok(load) }
}

/// How many states are likely to be enough. Tickets beyond the servers have a tail of (load / servers)^k, as the
/// change of a day with all servers busy is a difference of two Poisson counts; to that come the longest queue of a
/// day that goes by its means, and a fluctuation.
fn likely_states(day: &BusinessDay, servers: usize, mean_handle_hours: f64, load: f64) -> usize {
    let full_rate = float(servers) / mean_handle_hours;
    let (mut queue, mut longest) = (day.overnight_tickets(), day.overnight_tickets());
    for slot in &day.slots {
        queue = (queue + (slot.rate_per_hour - full_rate) * slot.hours).max(0.0);
        longest = longest.max(queue);
    }
    let tail = 36.0 / (float(servers) / load).ln();
    index(longest + tail + 9.0 * (longest + load).sqrt()).saturating_add(servers + 20)
}

#[cfg(test)]
mod tests {
    use super::super::erlang::{ErlangC, Workload};
    use super::*;

    fn near(got: Option<f64>, wanted: f64, tolerance: f64) {
        let got = got.unwrap_or(f64::NAN);
        assert!((got - wanted).abs() <= tolerance * (1.0 + wanted.abs()), "{got} is not {wanted}");
    }

    #[test]
    fn a_desk_that_never_closes_is_erlang_c() -> Result<(), StaffingError> {
        for (rate, servers, handle) in [(6.0, 4, 0.5), (1.0, 1, 0.8), (0.97, 1, 1.0), (30.0, 40, 1.0), (0.001, 2, 0.5)] {
            let day = SteadyDay::new(&BusinessDay::hourly(&[rate; 24], 0.0, 0.0), servers, handle)?;
            let steady = ErlangC::new(Workload::new(rate, handle)?, servers)?;
            near(day.delayed(), steady.delayed(), 1e-11);
            near(day.mean_wait(), steady.mean_wait(), 1e-10);
            near(day.within(0.7)?.all, steady.within(0.7)?, 1e-11);
            near(Some(day.mean_at_opening()), steady.mean_queue() + rate * handle, 1e-10);
            assert_eq!(day.within(0.7)?.overnight, None);
        }
        Ok(())
    }

    #[test]
    fn a_day_near_capacity_is_found_or_refused() -> Result<(), StaffingError> {
        let nearly = SteadyDay::new(&BusinessDay::hourly(&[0.985; 10], 0.0, 0.0), 1, 1.0)?;
        near(nearly.mean_wait(), 0.985 / 0.015, 1e-8);
        let full = BusinessDay::hourly(&[1.0; 10], 0.0, 0.0);
        assert!(matches!(SteadyDay::new(&full, 1, 1.0), Err(StaffingError::Overloaded { servers: 1, .. })));
        let over = BusinessDay::hourly(&[0.5; 10], 1.0, 15.0);
        assert!(matches!(SteadyDay::new(&over, 2, 1.0), Err(StaffingError::Overloaded { .. })));
        let almost = BusinessDay::hourly(&[0.9999; 10], 0.0, 0.0);
        assert!(matches!(SteadyDay::new(&almost, 1, 1.0), Err(StaffingError::NearlyOverloaded { .. })));
        Ok(())
    }

    #[test]
    fn what_flows_in_overnight_is_what_closing_lacks() -> Result<(), StaffingError> {
        let day = BusinessDay::hourly(&[8.0, 14.0, 16.0, 13.0, 9.0, 11.0, 13.0, 11.0, 7.0], 0.8, 15.0);
        let steady = SteadyDay::new(&day, 9, 0.55)?;
        near(Some(steady.mean_at_opening() - steady.mean_at_closing()), 12.0, 1e-11);
        near(Some(steady.utilisation()), 114.0 * 0.55 / 81.0, 1e-14);
        Ok(())
    }

    #[test]
    fn quantiles_undo_shares() -> Result<(), StaffingError> {
        let steady = SteadyDay::new(&BusinessDay::hourly(&[4.0, 7.0, 5.0, 6.0], 0.3, 20.0), 5, 0.5)?;
        let quantile = steady.wait_quantile(0.95)?;
        near(steady.within(quantile.unwrap_or(f64::NAN))?.all, 0.95, 1e-12);
        assert_eq!(steady.wait_quantile(0.0)?, Some(0.0));
        assert!(steady.wait_quantile(1.0).is_err());
        Ok(())
    }

    #[test]
    fn a_desk_without_tickets_has_no_shares() -> Result<(), StaffingError> {
        let steady = SteadyDay::new(&BusinessDay::hourly(&[0.0; 8], 0.0, 16.0), 1, 0.5)?;
        assert_eq!(steady.within(1.0)?, DayShares { all: None, business: None, overnight: None });
        assert_eq!((steady.mean_wait(), steady.delayed(), steady.wait_quantile(0.9)?), (None, None, None));
        assert_eq!((steady.mean_at_opening(), steady.utilisation()), (0.0, 0.0));
        Ok(())
    }

    #[test]
    fn tickets_of_the_night_alone_queue_at_opening() -> Result<(), StaffingError> {
        // Three tickets a night on average and ten long hours: nearly always empty at closing, so that the share that
        // starts at once with two servers is E[min(M, 2)] / 3 for a Poisson count M.
        let steady = SteadyDay::new(&BusinessDay::hourly(&[0.0; 10], 0.3, 10.0), 2, 0.1)?;
        let e = (-3.0_f64).exp();
        near(steady.within(0.0)?.overnight, (3.0 * e + 2.0 * (1.0 - 4.0 * e)) / 3.0, 1e-12);
        assert_eq!(steady.within(0.0)?.business, None);
        Ok(())
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        let day = BusinessDay::hourly(&[1.0; 8], 0.1, 16.0);
        assert_eq!(SteadyDay::new(&day, 0, 0.5), Err(StaffingError::Missing { what: "server" }));
        assert!(SteadyDay::new(&day, 2, 0.0).is_err() && SteadyDay::new(&day, 2, f64::NAN).is_err());
        assert!(SteadyDay::new(&BusinessDay::hourly(&[], 0.1, 16.0), 2, 0.5).is_err());
        assert!(SteadyDay::new(&BusinessDay::hourly(&[-1.0], 0.1, 16.0), 2, 0.5).is_err());
        assert!(SteadyDay::new(&BusinessDay::hourly(&[1.0], f64::NAN, 16.0), 2, 0.5).is_err());
        assert!(SteadyDay::new(&day, 2, 0.5).is_ok_and(|steady| steady.within(-1.0).is_err()));
        for (servers, handle) in [(5_000, 0.5), (2, 1e-9)] {
            assert!(matches!(SteadyDay::new(&day, servers, handle), Err(StaffingError::TooMany { .. })));
        }
        let flood = BusinessDay::hourly(&[1.0; 8], 1e5, 16.0);
        assert!(matches!(SteadyDay::new(&flood, 1_000, 0.002), Err(StaffingError::NearlyOverloaded { .. })));
    }
}
