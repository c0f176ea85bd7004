//! The exact law of hours that come in steps, by Panjer's recursion. Probabilities of nought, one, two... steps.

use crate::frequency::Frequency;
use crate::law::{Compound, Part};
use crate::number::{float, index, sum};

/// Values between here and its inverse are not scaled.
const LARGE: f64 = 1e200;

/// The recursion takes as many steps as there are points, times those of the longest ticket: at most so many.
const WORK_MAX: usize = 1 << 28;

/// Probabilities of the first so many steps.
#[derive(Clone, Debug)]
pub struct Lattice {
    step: f64,
    probabilities: Vec<f64>,
    mean: f64,
    second: f64,
}

impl Lattice {
    /// The law of a compound whose hours all lie on one lattice, up to so many hours; nothing for others, or where those are very many
    /// steps.
    #[must_use]
    pub fn new(compound: &Compound, hours: f64) -> Option<Self> {
        let steps: Option<Vec<f64>> = compound.parts.iter().map(|part| part.severity.step()).collect();
        let step = crate::severity::Severity::Points(steps?.into_iter().map(|step| (step, 1.0)).collect()).step()?;
        let points = index(hours / step + 1e-9) + 2;
        let longest = compound.parts.iter().map(|part| part.severity.lattice(step, points).len()).max().unwrap_or(0);
        if points.saturating_mul(longest) > WORK_MAX {
            return None;
        }
        let mut probabilities = vec![1.0];
        for part in &compound.parts {
            probabilities = convolve(&probabilities, &recursion(part, step, points), points);
        }
        let [mean, variance, _] = compound.cumulants();
        Some(Self { step, probabilities, mean, second: variance + mean * mean })
    }

    /// Hours of a step.
    #[must_use]
    pub fn step(&self) -> f64 {
        self.step
    }

    /// The probabilities of 0, 1, 2... steps.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The steps up to a value with their chances.
    pub(crate) fn below(&self, x: f64) -> impl Iterator<Item = (f64, f64)> + '_ {
        let last = if x < 0.0 { 0 } else { index(x / self.step + 1e-9) + 1 };
        self.probabilities.iter().take(last).enumerate().map(|(at, share)| (float(at) * self.step, *share))
    }

    /// P(S <= x).
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        sum(self.below(x).map(|(_, share)| share))
    }

    /// E[(x - S)+].
    #[must_use]
    pub fn shortfall(&self, x: f64) -> f64 {
        sum(self.below(x).map(|(at, share)| (x - at) * share))
    }

    /// E[(S - x)+].
    #[must_use]
    pub fn excess(&self, x: f64) -> f64 {
        self.mean - x + self.shortfall(x)
    }

    /// E[((S - x)+)^2].
    #[must_use]
    pub fn excess_square(&self, x: f64) -> f64 {
        self.second - 2.0 * x * self.mean + x * x - sum(self.below(x).map(|(at, share)| (x - at).powi(2) * share))
    }

    /// The least value with P(S <= x) of at least the share; nothing if it is past the hours that are known.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let mut below = 0.0;
        let at = self.probabilities.iter().position(|own| {
            below += own;
            below >= share - 1e-14
        });
        at.map(|at| float(at) * self.step)
    }
}

/// The first so many probabilities of one kind of tickets. Where the chance of none is too small for a float, the
/// recursion runs on scaled values.
fn recursion(part: &Part, step: f64, points: usize) -> Vec<f64> {
    let severity = part.severity.lattice(step, points);
    let nought = severity.first().copied().unwrap_or(0.0);
    let (a, b) = part.frequency.panjer();
    let inverse = 1.0 / (1.0 - a * nought);
    let mut scale = part.frequency.ln_generating(num_complex::Complex64::new(nought, 0.0)).re;
    let mut values: Vec<f64> = Vec::with_capacity(points);
    if scale > -690.0 {
        values.push(scale.exp());
        scale = 0.0;
    } else {
        values.push(1.0 / LARGE);
        scale += LARGE.ln();
    }
    for at in 1..points {
        let steps = severity.iter().enumerate().skip(1).take(at);
        let terms = steps.zip(values.iter().rev());
        let next: f64 = terms.map(|((jump, share), before)| (a + b * float(jump) / float(at)) * share * before).sum::<f64>() * inverse;
        values.push(next);
        if next > LARGE {
            values.iter_mut().for_each(|value| *value /= LARGE);
            scale += LARGE.ln();
        }
    }
    if scale != 0.0 {
        // A value times e^scale, in two parts, because e^scale alone may be below what a float holds.
        let half = (scale / 2.0).exp();
        values.iter_mut().for_each(|value| *value = *value * half * half);
    }
    if let Frequency::Binomial { trials, .. } = part.frequency {
        let last = severity.len().saturating_sub(1).saturating_mul(usize::try_from(trials).unwrap_or(usize::MAX));
        values.iter_mut().skip(last.saturating_add(1)).for_each(|value| *value = 0.0);
    }
    values
}

fn convolve(one: &[f64], other: &[f64], points: usize) -> Vec<f64> {
    if let [only] = one {
        return other.iter().map(|value| value * only).collect();
    }
    let at = |position: usize| one.iter().take(position + 1).zip(other.iter().take(position + 1).rev()).map(|(a, b)| a * b).sum();
    (0..points.min(other.len())).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::severity::Severity;

    /// Enumerated by hand: at most two tickets of one or two steps.
    #[test]
    fn two_tickets_are_enumerated() {
        let severity = Severity::Points(vec![(0.25, 0.75), (0.5, 0.25)]);
        let lattice = Lattice::new(&Compound::of(Frequency::Binomial { trials: 2, share: 0.5 }, severity), 2.0).expect("a lattice");
        let wanted = [0.25, 0.375, 0.125 + 0.140_625, 0.093_75, 0.015_625, 0.0];
        for (got, wanted) in lattice.probabilities().iter().zip(wanted) {
            assert!((got - wanted).abs() < 1e-15, "{got} is not {wanted}");
        }
        assert!((lattice.excess(0.5) - (0.25 * 0.093_75 + 0.5 * 0.015_625)).abs() < 1e-15);
    }

    #[test]
    fn a_thousand_tickets_do_not_vanish() {
        let severity = Severity::Points(vec![(0.25, 0.5), (0.5, 0.5)]);
        let lattice = Lattice::new(&Compound::of(Frequency::Poisson { mean: 2_000.0 }, severity), 1_500.0).expect("a lattice");
        assert!((sum(lattice.probabilities().iter().copied()) - 1.0).abs() < 1e-9);
        assert!((lattice.quantile(0.5).expect("the median") - 750.0).abs() < 1.0);
    }
}
