//! The law of the hours of a month: tickets of several kinds, each with its hours, added up.
//!
//! Three ways lead to it, and they check each other: [`Lattice`] by Panjer's recursion where hours come in steps,
//! [`inversion`] of the transform at single points where the hours are smooth, and [`Grid`] by Fourier transform,
//! which knows the law everywhere at once.

mod blocks;
mod exact;
mod grid;
pub mod inversion;
mod lattice;
mod mixed;
mod table;
mod uniform;
mod year;

pub use blocks::{ExpiringBlocks, blocks_bought, expiring_blocks};
pub use exact::Exact;
pub use grid::{Grid, Grids};
pub use lattice::Lattice;
pub use table::Table;
pub use year::{Overages, chance_of_less, overage_in_moods};

use num_complex::Complex64;
use serde::{Deserialize, Serialize};

use crate::frequency::Frequency;
use crate::number::sum;
use crate::severity::Severity;

/// Tickets of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// How many.
    pub frequency: Frequency,
    /// How many hours each.
    pub severity: Severity,
}

/// Hours of tickets of several kinds, each apart from the others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Compound {
    /// The kinds.
    pub parts: Vec<Part>,
}

impl Compound {
    /// Tickets of one kind.
    #[must_use]
    pub fn of(frequency: Frequency, severity: Severity) -> Self {
        Self { parts: vec![Part { frequency, severity }] }
    }

    /// The first three cumulants of the hours: mean, variance, third central moment.
    #[must_use]
    pub fn cumulants(&self) -> [f64; 3] {
        let mut total = [0.0; 3];
        for part in &self.parts {
            let [first, second, third] = part.frequency.cumulants();
            if first == 0.0 {
                continue;
            }
            let [m1, m2, m3] = [1, 2, 3].map(|power| part.severity.moment(power));
            let variance = m2 - m1 * m1;
            let skew = m3 - 3.0 * m1 * m2 + 2.0 * m1.powi(3);
            let own =
                [first * m1, first * variance + second * m1 * m1, first * skew + 3.0 * second * m1 * variance + third * m1.powi(3)];
            total.iter_mut().zip(own).for_each(|(slot, value)| *slot += value);
        }
        total
    }

    /// The mean, hours.
    #[must_use]
    pub fn mean(&self) -> f64 {
        sum(self.parts.iter().map(|part| part.frequency.mean() * if part.frequency.mean() > 0.0 { part.severity.mean() } else { 0.0 }))
    }

    /// The standard deviation, hours.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        let [_, variance, _] = self.cumulants();
        variance.sqrt()
    }

    /// The narrowest stretch over which the law changes, hours: its standard deviation, or that of a ticket where tickets are so much
    /// alike that one, two and three of them stand apart.
    pub(crate) fn narrowest(&self) -> f64 {
        let own = |part: &Part| {
            let [mean, square] = [1, 2].map(|power| part.severity.moment(power));
            let deviation = (square - mean * mean).max(0.0).sqrt();
            if deviation < mean / 2.0 { deviation } else { f64::INFINITY }
        };
        let tickets = self.parts.iter().filter(|part| part.frequency.mean() > 0.0).map(own);
        tickets.fold(self.deviation(), f64::min)
    }

    /// P(S = 0), where no single ticket takes nought hours.
    #[must_use]
    pub fn none(&self) -> f64 {
        self.parts.iter().map(|part| part.frequency.none()).product()
    }

    /// The transform of the sum from those of the parts' severities.
    pub(crate) fn generating(&self, severities: &[Complex64]) -> Complex64 {
        self.parts.iter().zip(severities).map(|(part, z)| part.frequency.ln_generating(*z)).sum::<Complex64>().exp()
    }

    /// E[exp(-s S)], where each kind of hours has an exact transform.
    #[must_use]
    pub fn transform(&self, s: Complex64) -> Option<Complex64> {
        let mut total = Complex64::ZERO;
        for part in &self.parts {
            total += part.frequency.ln_generating(part.severity.transform(s)?);
        }
        Some(total.exp())
    }

    /// The hours of so many such months.
    #[must_use]
    pub fn over(&self, months: u32) -> Self {
        let part = |part: &Part| Part { frequency: part.frequency.over(months), severity: part.severity.clone() };
        Self { parts: self.parts.iter().map(part).collect() }
    }

    /// The same with so many times the tickets; see [`Frequency::times`].
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        let part = |part: &Part| Part { frequency: part.frequency.times(factor), severity: part.severity.clone() };
        Self { parts: self.parts.iter().map(part).collect() }
    }

    /// The same with each ticket's hours multiplied: a price an hour makes money of them.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let part = |part: &Part| Part { frequency: part.frequency, severity: part.severity.scaled(factor) };
        Self { parts: self.parts.iter().map(part).collect() }
    }
}
