//! Hours of which some come in steps and the others are smooth: rounded tickets, and now and then a crash. What is in steps keeps its
//! atoms; the rest is turned back from its transform at the distance of each.

use num_complex::Complex64;

use crate::law::{Compound, Lattice, inversion};

/// At most so many steps lie below a value that is asked for.
const STEPS_MAX: usize = 4_000;

/// A law of both kinds.
#[derive(Debug)]
pub(crate) struct Mixed {
    steps: Lattice,
    smooth: Compound,
    mean: f64,
    variance: f64,
    none: f64,
    width: f64,
}

impl Mixed {
    /// The law up to so many hours; nothing where the parts are not of these two kinds, or the steps are too many.
    pub(crate) fn new(compound: &Compound, hours: f64) -> Option<Self> {
        let (steps, smooth): (Vec<_>, Vec<_>) = compound.parts.iter().cloned().partition(|part| part.severity.step().is_some());
        let is_mixed = !steps.is_empty() && !smooth.is_empty() && smooth.iter().all(|part| part.severity.is_smooth());
        let (steps, smooth) = (Compound { parts: steps }, Compound { parts: smooth });
        let steps = if is_mixed { Lattice::new(&steps, hours)? } else { return None };
        if steps.probabilities().len() > STEPS_MAX {
            return None;
        }
        let [mean, variance, _] = smooth.cumulants();
        let (none, width) = (smooth.none(), smooth.narrowest());
        Some(Self { steps, smooth, mean, variance, none, width })
    }

    fn transform(&self) -> impl Fn(Complex64) -> Complex64 + '_ {
        |s| self.smooth.transform(s).unwrap_or(Complex64::new(f64::NAN, 0.0))
    }

    /// The sum over the steps up to a value of their chances and a function of what is left above them.
    fn total(&self, x: f64, of: impl Fn(f64) -> f64) -> f64 {
        self.steps.below(x).map(|(at, chance)| if chance > 0.0 { chance * of((x - at).max(0.0)) } else { 0.0 }).sum()
    }

    /// P(S <= x).
    pub(crate) fn cdf(&self, x: f64) -> f64 {
        let own = |left: f64| {
            // A step may lie at the value itself, but for rounding.
            if left < 1e-9 { self.none } else { 1.0 - inversion::survival(self.transform(), left, self.width).clamp(0.0, 1.0) }
        };
        self.total(x, own)
    }

    /// E[(x - S)+].
    pub(crate) fn shortfall(&self, x: f64) -> f64 {
        self.total(x, |left| left - self.mean + self.smooth_excess(left))
    }

    /// E[(S - x)+].
    pub(crate) fn excess(&self, x: f64) -> f64 {
        let above = 1.0 - self.steps.cdf(x);
        self.total(x, |left| self.smooth_excess(left)) + self.steps.excess(x) + above * self.mean
    }

    /// E[((S - x)+)^2].
    pub(crate) fn excess_square(&self, x: f64) -> f64 {
        let second = self.variance + self.mean * self.mean;
        let own = |left: f64| {
            if left < 1e-9 { second } else { inversion::excess_square(self.transform(), (self.mean, second), left, self.width) }
        };
        let above = 1.0 - self.steps.cdf(x);
        self.total(x, own) + self.steps.excess_square(x) + 2.0 * self.mean * self.steps.excess(x) + above * second
    }

    fn smooth_excess(&self, left: f64) -> f64 {
        if left < 1e-9 { self.mean } else { inversion::excess(self.transform(), self.mean, left, self.width) }
    }

    /// The step at which a share is reached by a jump, if it is: there the law has an atom as large as the chance of no smooth hours.
    pub(crate) fn atom(&self, x: f64, share: f64) -> Option<f64> {
        let at = (x / self.steps.step()).round() * self.steps.step();
        let chance = self.steps.below(at).last()?.1 * self.none;
        let above = self.cdf(at);
        ((at - x).abs() < 1e-6 && above >= share - 1e-14 && above - chance < share).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frequency::Frequency;
    use crate::law::{Exact, Part};
    use crate::number::sum;
    use crate::severity::Severity;
    use crate::special::gamma_p;

    /// Up to two tickets of an hour, and crashes of an exponential number of hours, whose sums have gamma laws.
    #[test]
    fn atoms_stay_where_they_are_beside_smooth_hours() {
        let tickets = Part { frequency: Frequency::Binomial { trials: 2, share: 0.5 }, severity: Severity::Points(vec![(1.0, 1.0)]) };
        let crashes = Part { frequency: Frequency::Poisson { mean: 0.3 }, severity: Severity::Exponential { mean: 2.0 } };
        let compound = Compound { parts: vec![tickets, crashes] };
        let exact = Exact::new(&compound, 1.0);
        let smooth = |x: f64| match x {
            x if x < 0.0 => 0.0,
            x => sum((0..16).map(|count| {
                let chance = Frequency::Poisson { mean: 0.3 }.probability(count);
                chance * if count == 0 { 1.0 } else { gamma_p(f64::from(count), x / 2.0) }
            })),
        };
        let cdf = |x: f64| 0.25 * smooth(x) + 0.5 * smooth(x - 1.0) + 0.25 * smooth(x - 2.0);
        // Past the hours that were asked for, too.
        for x in [0.0, 0.5, 1.0, 1.5, 2.0, 4.0, 9.5] {
            assert!((exact.cdf(x) - cdf(x)).abs() < 1e-9, "{x}: {} is not {}", exact.cdf(x), cdf(x));
        }
        // Half of the law lies within the atom at one hour, nine tenths beyond all atoms.
        assert_eq!(exact.quantile(0.5), 1.0);
        let high = exact.quantile(0.95);
        assert!((cdf(high) - 0.95).abs() < 1e-9 && high > 2.0, "{high}");
        // The mean is what lies above nought, and the excess is the tail added up.
        let step = 2e-3;
        let tail = |from: f64| sum((0..20_000).map(|at| step * (1.0 - cdf(from + (f64::from(at) + 0.5) * step))));
        for x in [0.25, 1.0, 3.0] {
            assert!((exact.excess(x) - tail(x)).abs() < 1e-6, "{x}: {} is not {}", exact.excess(x), tail(x));
            assert!((exact.shortfall(x) - (x - 1.6 + exact.excess(x))).abs() < 1e-9, "{x}");
        }
        let whole = exact.excess_deviation(1e-12).expect("a deviation");
        assert!((whole - compound.deviation()).abs() < 1e-9, "{whole}");
    }
}
