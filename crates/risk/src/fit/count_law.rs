//! The law of a number of tickets: Poisson, or negative binomial. It fits nothing.

use crate::fit::rising::{log_ratio, rising_log};
use crate::number::index;
use crate::special::ln_gamma;

/// The law of a number of tickets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CountLaw {
    /// The variance is the mean; the negative binomial with an infinite size.
    Poisson {
        /// Tickets.
        mean: f64,
    },
    /// The variance is mean + mean^2 / size.
    NegativeBinomial {
        /// The larger, the nearer to Poisson.
        size: f64,
        /// Tickets.
        mean: f64,
    },
}

impl CountLaw {
    /// The law with a mean and the variance mean + dispersion x mean^2; Poisson for a dispersion of nought.
    #[must_use]
    pub fn dispersed(mean: f64, dispersion: f64) -> Self {
        if dispersion > 0.0 { Self::NegativeBinomial { size: 1.0 / dispersion, mean } } else { Self::Poisson { mean } }
    }

    /// The mean, tickets.
    #[must_use]
    pub fn mean(self) -> f64 {
        match self {
            Self::Poisson { mean } | Self::NegativeBinomial { mean, .. } => mean,
        }
    }

    /// 1 / size; nought for Poisson.
    #[must_use]
    pub fn dispersion(self) -> f64 {
        match self {
            Self::Poisson { .. } => 0.0,
            Self::NegativeBinomial { size, .. } => 1.0 / size,
        }
    }

    /// The size; nothing for Poisson, where it is infinite.
    #[must_use]
    pub fn size(self) -> Option<f64> {
        match self {
            Self::Poisson { .. } => None,
            Self::NegativeBinomial { size, .. } => Some(size),
        }
    }

    /// The variance, tickets squared.
    #[must_use]
    pub fn variance(self) -> f64 {
        self.mean() * (1.0 + self.dispersion() * self.mean())
    }

    /// The logarithm of P(N = count); minus infinity where that is nought.
    #[must_use]
    pub fn ln_probability(self, count: u32) -> f64 {
        let (mean, dispersion, n) = (self.mean(), self.dispersion(), f64::from(count));
        let swell = dispersion * mean;
        let hits = if count == 0 { 0.0 } else { rising_log(dispersion, n) + n * (mean.ln() - swell.ln_1p()) - ln_gamma(n + 1.0) };
        hits - mean * log_ratio(swell)
    }

    /// P(N <= count): the probabilities added from the most likely one outwards, until the rest is below rounding.
    #[must_use]
    pub fn cdf(self, count: u32) -> f64 {
        if self.mean() <= 0.0 {
            return 1.0;
        }
        let middle = self.mode().min(count);
        let sum = 1.0 + self.below(middle) + self.above(middle, count);
        (self.ln_probability(middle).exp() * sum).min(1.0)
    }

    /// The most likely count.
    fn mode(self) -> u32 {
        let mode = self.mean() * (1.0 - self.dispersion());
        u32::try_from(index(mode)).unwrap_or(u32::MAX)
    }

    /// The probabilities below a count that is not above the mode, in units of that count's.
    fn below(self, count: u32) -> f64 {
        let (mean, dispersion) = (self.mean(), self.dispersion());
        let (mut term, mut total) = (1.0, 0.0);
        for n in (1..=count).rev().map(f64::from) {
            term *= n * (1.0 + dispersion * mean) / (mean * (1.0 + (n - 1.0) * dispersion));
            total += term;
            if term * n <= f64::EPSILON / 16.0 {
                break;
            }
        }
        total
    }

    /// The probabilities above one count up to another, in units of the first one's.
    fn above(self, from: u32, to: u32) -> f64 {
        let (mean, dispersion) = (self.mean(), self.dispersion());
        let reach = mean / (1.0 + dispersion * mean);
        let (mut term, mut total) = (1.0, 0.0);
        for n in (from..to).map(f64::from) {
            let ratio = reach * (1.0 + n * dispersion) / (n + 1.0);
            term *= ratio;
            total += term;
            // Later ratios are no larger than this one, or than their limit.
            let largest = ratio.max(reach * dispersion);
            if largest < 1.0 && term * largest <= (1.0 - largest) * f64::EPSILON / 16.0 {
                break;
            }
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::gamma_q;

    #[test]
    fn probabilities_add_up_to_the_distribution_function() {
        let laws = [
            CountLaw::Poisson { mean: 3.5 },
            CountLaw::NegativeBinomial { size: 0.4, mean: 8.0 },
            CountLaw::NegativeBinomial { size: 1.0, mean: 2.0 },
            CountLaw::NegativeBinomial { size: 25.0, mean: 300.0 },
        ];
        for law in laws {
            let mut total = 0.0;
            for count in 0..900 {
                total += law.ln_probability(count).exp();
                assert!((law.cdf(count) - total).abs() < 1e-12, "{law:?} at {count}: {} is not {total}", law.cdf(count));
            }
        }
    }

    #[test]
    fn the_distribution_function_of_poisson_is_an_incomplete_gamma() {
        for (mean, count) in [(0.1, 0), (40.0, 55), (9_000.0, 8_900), (9_000.0, 9_400)] {
            let (got, wanted) = (CountLaw::Poisson { mean }.cdf(count), gamma_q(f64::from(count) + 1.0, mean));
            assert!((got / wanted - 1.0).abs() < 1e-10, "{got} is not {wanted}");
        }
    }

    #[test]
    fn the_geometric_has_a_closed_form() {
        let law = CountLaw::dispersed(4.0, 1.0);
        for count in [0_u32, 3, 50] {
            let wanted = 1.0 - 0.8_f64.powf(f64::from(count) + 1.0);
            assert!((law.cdf(count) - wanted).abs() < 1e-15);
        }
        assert_eq!(law.variance(), 20.0);
    }

    #[test]
    fn edges_are_plain() {
        let none = CountLaw::Poisson { mean: 0.0 };
        assert_eq!((none.cdf(0), none.ln_probability(0), none.ln_probability(1)), (1.0, 0.0, f64::NEG_INFINITY));
        assert_eq!(CountLaw::dispersed(2.0, 0.0).size(), None);
        assert_eq!(CountLaw::dispersed(2.0, 0.5).size(), Some(2.0));
        let far = CountLaw::NegativeBinomial { size: 3.0, mean: 20.0 };
        assert!((far.cdf(u32::MAX) - 1.0).abs() < 1e-13);
        // Nearly Poisson is near Poisson.
        let (nearly, poisson) = (CountLaw::dispersed(50.0, 1e-12), CountLaw::Poisson { mean: 50.0 });
        assert!((nearly.cdf(45) - poisson.cdf(45)).abs() < 1e-9);
    }
}
