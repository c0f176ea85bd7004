//! The end of a running month, given what has happened so far. It knows business days, not the calendar.

use serde::{Deserialize, Serialize};

use crate::frequency::Frequency;
use crate::law::{Compound, Exact, Part};
use crate::severity::Severity;

/// What is known of the tickets a business day: a gamma law with mean `shape / days`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Tickets that were seen, those that the prior stands for among them.
    pub shape: f64,
    /// The business days in which they were seen.
    pub days: f64,
}

impl Rate {
    /// What is known after more days with more tickets.
    #[must_use]
    pub fn after(self, tickets: f64, days: f64) -> Self {
        Self { shape: self.shape + tickets, days: self.days + days }
    }

    /// The same rate known less surely, by a variance as a share of its square.
    #[must_use]
    pub fn doubted(self, variance: f64) -> Self {
        let shape = 1.0 / (1.0 / self.shape + variance);
        Self { shape, days: shape / self.mean() }
    }

    /// Tickets a business day.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.shape / self.days
    }

    /// The law of the tickets of so many business days to come.
    #[must_use]
    pub fn over(self, days: f64) -> Frequency {
        Frequency::NegativeBinomial { mean: self.mean() * days, size: self.shape }
    }
}

/// A month that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonthSoFar {
    /// Tickets a business day, today's knowledge.
    pub rate: Rate,
    /// Hours of a ticket.
    pub severity: Severity,
    /// Rare severe events, with their number a business day.
    pub severe: Vec<Part>,
    /// Business days that are left.
    pub days_left: f64,
    /// Hours so far.
    pub hours: f64,
    /// How much more the tickets of a day vary than by chance alone: variance / mean - 1.
    pub bunching: f64,
}

impl MonthSoFar {
    /// Tickets of the days that are left.
    fn to_come(&self) -> Frequency {
        let frequency = self.rate.over(self.days_left);
        let mean = frequency.mean();
        if self.bunching <= 0.0 || mean <= 0.0 {
            return frequency;
        }
        Frequency::NegativeBinomial { mean, size: 1.0 / (1.0 / self.rate.shape + self.bunching / mean) }
    }

    /// What the month may end at.
    #[must_use]
    pub fn end(&self) -> MonthEnd {
        let usual = Part { frequency: self.to_come(), severity: self.severity.clone() };
        let severe = self.severe.iter().map(|part| {
            let Part { frequency, severity } = part.clone();
            Part { frequency: Frequency::Poisson { mean: frequency.mean() * self.days_left }, severity }
        });
        MonthEnd { hours: self.hours, to_come: Compound { parts: std::iter::once(usual).chain(severe).collect() } }
    }
}

/// The law of a month's hours at its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonthEnd {
    /// Hours so far.
    pub hours: f64,
    /// What is still to come.
    pub to_come: Compound,
}

impl MonthEnd {
    /// Hours at the month's end, on average.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.hours + self.to_come.mean()
    }

    fn law(&self, hours: f64) -> Exact<'_> {
        Exact::new(&self.to_come, (hours - self.hours).max(0.0))
    }

    /// The chance that the month ends above so many hours: 1 if it is there already.
    #[must_use]
    pub fn chance_above(&self, hours: f64) -> f64 {
        if hours < self.hours { 1.0 } else { 1.0 - self.law(hours).cdf(hours - self.hours) }
    }

    /// Hours above so many, on average.
    #[must_use]
    pub fn overage(&self, hours: f64) -> f64 {
        if hours <= self.hours { self.mean() - hours } else { self.law(hours).excess(hours - self.hours) }
    }

    /// Hours short of so many, on average.
    #[must_use]
    pub fn forfeited(&self, hours: f64) -> f64 {
        if hours <= self.hours { 0.0 } else { self.law(hours).shortfall(hours - self.hours) }
    }

    /// The hours that are not passed with a chance of `share`.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let reach = self.mean() + 12.0 * self.to_come.deviation().min(1e6);
        self.hours + self.law(reach).quantile(share)
    }
}
