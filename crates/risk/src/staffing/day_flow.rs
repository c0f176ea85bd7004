//! How the number of tickets in the system moves through one day: uniformised hours of work, then a night in which
//! tickets arrive and nobody works. It moves vectors of probabilities; what they mean for waits is in [`super::day`].
//!
//! Source: uniformisation as in Jensen (1953) and Grassmann (1977): with events at one rate that bounds all others, the
//! state after a time is a Poisson mixture of the states after 0, 1, 2 ... events. All terms are positive.

use crate::number::{float, sum};

use super::day::BusinessDay;
use super::poisson::PoissonWeights;

/// A day's movement of the probabilities of 0, 1, ... `states - 1` tickets in the system.
pub(super) struct DayFlow {
    slots: Vec<SlotFlow>,
    night: PoissonWeights,
}

/// A stretch of business time with one arrival rate.
struct SlotFlow {
    arrival_rate: f64,
    /// Rate of the uniformised events.
    event_rate: f64,
    /// Chance that an event is an arrival.
    up: f64,
    /// Chance that an event changes nothing, by state.
    stay: Vec<f64>,
    /// Chance that an event ends a ticket in the state above, by state.
    down_from_above: Vec<f64>,
    events: PoissonWeights,
}

/// What a business day leads to.
pub(super) struct BusinessFlow {
    /// The probabilities at closing.
    pub(super) closing: Vec<f64>,
    /// Tickets that arrive in business time, by the number that they find.
    pub(super) arrivals_finding: Vec<f64>,
}

impl DayFlow {
    /// The flow of a day with so many servers, each ending `service_rate` tickets an hour; arrivals at a full system
    /// are lost.
    pub(super) fn new(day: &BusinessDay, servers: usize, service_rate: f64, states: usize) -> Self {
        let slot = |slot: &super::day::Slot| SlotFlow::new(slot.rate_per_hour, slot.hours, (servers, service_rate), states);
        Self { slots: day.slots.iter().map(slot).collect(), night: PoissonWeights::new(day.overnight_tickets()) }
    }

    /// From opening to the next opening.
    pub(super) fn whole_day(&self, opening: &[f64]) -> Vec<f64> {
        let closing = self.slots.iter().fold(opening.to_vec(), |start, slot| slot.end(&start));
        self.overnight(&closing)
    }

    /// From opening to closing, with what arriving tickets find.
    pub(super) fn business(&self, opening: &[f64]) -> BusinessFlow {
        let mut flow = BusinessFlow { closing: opening.to_vec(), arrivals_finding: vec![0.0; opening.len()] };
        for slot in &self.slots {
            let time = slot.time_spent(&flow.closing);
            add_scaled(&mut flow.arrivals_finding, &time, slot.arrival_rate);
            flow.closing = slot.end(&flow.closing);
        }
        flow
    }

    /// From closing to opening; what would exceed the states is kept in the last one.
    pub(super) fn overnight(&self, closing: &[f64]) -> Vec<f64> {
        shifted(closing, self.night.first, &self.night.weights)
    }

    /// Tickets that arrive overnight, by the number that they find: the k-th of a night finds k - 1 more than closing.
    pub(super) fn overnight_arrivals_finding(&self, closing: &[f64]) -> Vec<f64> {
        let last = self.night.first + self.night.weights.len();
        let so_many: Vec<f64> = self.night.at_least(last).into_iter().skip(1).collect();
        shifted(closing, 0, &so_many)
    }
}

impl SlotFlow {
    fn new(arrival_rate: f64, hours: f64, (servers, service_rate): (usize, f64), states: usize) -> Self {
        let event_rate = arrival_rate + float(servers) * service_rate;
        let leaving = |state: usize| float(state.min(servers)) * service_rate;
        let arriving = |state: usize| if state + 1 < states { arrival_rate } else { 0.0 };
        Self {
            arrival_rate,
            event_rate,
            up: arrival_rate / event_rate,
            stay: (0..states).map(|state| (event_rate - arriving(state) - leaving(state)) / event_rate).collect(),
            down_from_above: (0..states).map(|state| leaving(state + 1) / event_rate).collect(),
            events: PoissonWeights::new(event_rate * hours),
        }
    }

    /// The probabilities at the end of the slot.
    fn end(&self, start: &[f64]) -> Vec<f64> {
        let weights = std::iter::repeat_n(0.0, self.events.first).chain(self.events.weights.iter().copied());
        self.mixture(start, weights)
    }

    /// The expected hours spent in each state within the slot.
    fn time_spent(&self, start: &[f64]) -> Vec<f64> {
        let last = self.events.first + self.events.weights.len();
        let beyond = self.events.at_least(last);
        self.mixture(start, beyond.into_iter().skip(1).map(|chance| chance / self.event_rate))
    }

    /// The states after 0, 1, 2 ... events, each times its weight.
    fn mixture(&self, start: &[f64], weights: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut total = vec![0.0; start.len()];
        let mut now = Vec::with_capacity(start.len() + 2);
        now.push(0.0);
        now.extend_from_slice(start);
        now.push(0.0);
        let mut next = vec![0.0; now.len()];
        for (event, weight) in weights.enumerate() {
            if event > 0 {
                self.event(&now, &mut next);
                std::mem::swap(&mut now, &mut next);
            }
            if let (true, Some(inner)) = (weight != 0.0, now.get(1..=start.len())) {
                add_scaled(&mut total, inner, weight);
            }
        }
        total
    }

    /// One event. Both vectors have a nought before and behind the states.
    fn event(&self, now: &[f64], next: &mut [f64]) {
        let states = self.stay.len();
        let (Some(below), Some(here), Some(above)) = (now.get(..states), now.get(1..=states), now.get(2..)) else { return };
        let moved = below.iter().zip(here).zip(above).zip(&self.stay).zip(&self.down_from_above);
        for (next, ((((below, here), above), stay), down)) in next.iter_mut().skip(1).zip(moved) {
            *next = below * self.up + here * stay + above * down;
        }
    }
}

/// The sum of `start` moved up by `first`, `first + 1`, ... states, each times its weight; the last state keeps what
/// would leave.
fn shifted(start: &[f64], first: usize, weights: &[f64]) -> Vec<f64> {
    let mut total = vec![0.0; start.len()];
    for (place, weight) in weights.iter().enumerate() {
        let shift = (first + place).min(start.len());
        let (staying, leaving) = start.split_at(start.len() - shift);
        if let Some(shifted) = total.get_mut(shift..) {
            add_scaled(shifted, staying, *weight);
        }
        if let Some(last) = total.last_mut() {
            *last += weight * sum(leaving.iter().copied());
        }
    }
    total
}

/// Adds `values` times `factor`.
fn add_scaled(total: &mut [f64], values: &[f64], factor: f64) {
    for (total, value) in total.iter_mut().zip(values) {
        *total += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, wanted: f64) {
        assert!((got - wanted).abs() < 1e-13 * (1.0 + wanted.abs()), "{got} is not {wanted}");
    }

    #[test]
    fn an_hour_without_arrivals_only_empties() {
        // One server, two tickets, one ended an hour: after one hour none has ended with e^-1, one with e^-1.
        let slot = SlotFlow::new(0.0, 1.0, (1, 1.0), 4);
        let end = slot.end(&[0.0, 0.0, 1.0, 0.0]);
        let e = (-1.0_f64).exp();
        for (got, wanted) in end.iter().zip([1.0 - 2.0 * e, e, e, 0.0]) {
            near(*got, wanted);
        }
        near(sum(slot.time_spent(&[0.0, 0.0, 1.0, 0.0])), 1.0);
    }

    #[test]
    fn a_night_adds_its_tickets_and_loses_none() {
        let day = BusinessDay::hourly(&[1.0], 0.1, 15.0);
        let flow = DayFlow::new(&day, 1, 2.0, 40);
        let mut closing = vec![0.0; 40];
        if let Some(empty) = closing.first_mut() {
            *empty = 1.0;
        }
        let mean = |chances: &[f64]| sum(chances.iter().enumerate().map(|(count, chance)| float(count) * chance));
        let opening = flow.overnight(&closing);
        near(sum(opening.iter().copied()), 1.0);
        near(mean(&opening), 1.5);
        let finding = flow.overnight_arrivals_finding(&closing);
        near(sum(finding.iter().copied()), 1.5);
        // The k-th of M tickets finds k - 1, so that the sum is E[M (M - 1) / 2].
        near(mean(&finding), 1.5 * 1.5 / 2.0);
        near(sum(shifted(&[0.0, 1.0], 1, &[0.25, 0.75])), 1.0);
    }
}
