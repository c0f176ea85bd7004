//! How many tickets come in a month. It knows nothing of their hours.

use num_complex::Complex64;
use rand::{Rng, RngExt};
use rand_distr::Distribution;
use serde::{Deserialize, Serialize};

use crate::number::index;
use crate::rising::{log_ratio, rising_log};
use crate::special::ln_gamma;

/// The number of tickets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Frequency {
    /// Each comes for itself.
    Poisson {
        /// Tickets.
        mean: f64,
    },
    /// They come in bunches: the variance is mean + mean^2 / size.
    NegativeBinomial {
        /// Tickets.
        mean: f64,
        /// The larger, the nearer to Poisson.
        size: f64,
    },
    /// Each of so many comes or does not.
    Binomial {
        /// How many could.
        trials: u32,
        /// The chance of each.
        share: f64,
    },
}

impl Frequency {
    /// Tickets with a mean and the variance mean + dispersion x mean^2.
    #[must_use]
    pub fn dispersed(mean: f64, dispersion: f64) -> Self {
        if dispersion > 0.0 { Self::NegativeBinomial { mean, size: 1.0 / dispersion } } else { Self::Poisson { mean } }
    }

    /// The first three cumulants: mean, variance, third central moment.
    #[must_use]
    pub fn cumulants(self) -> [f64; 3] {
        match self {
            Self::Poisson { mean } => [mean; 3],
            Self::NegativeBinomial { mean, size } => {
                let swell = 1.0 + mean / size;
                [mean, mean * swell, mean * swell * (1.0 + 2.0 * mean / size)]
            }
            Self::Binomial { trials, share } => {
                let mean = f64::from(trials) * share;
                [mean, mean * (1.0 - share), mean * (1.0 - share) * (1.0 - 2.0 * share)]
            }
        }
    }

    /// The mean.
    #[must_use]
    pub fn mean(self) -> f64 {
        let [mean, ..] = self.cumulants();
        mean
    }

    /// The logarithm of E[z^N].
    #[must_use]
    pub fn ln_generating(self, z: Complex64) -> Complex64 {
        match self {
            Self::Poisson { mean } => (z - 1.0) * mean,
            Self::NegativeBinomial { mean, size } => -ln_1p((Complex64::ONE - z) * (mean / size)) * size,
            Self::Binomial { trials, share } => (Complex64::ONE + (z - 1.0) * share).ln() * f64::from(trials),
        }
    }

    /// P(N = 0).
    #[must_use]
    pub fn none(self) -> f64 {
        self.ln_generating(Complex64::ZERO).re.exp()
    }

    /// The constants of Panjer's recursion: P(N = n) = (a + b / n) P(N = n - 1).
    #[must_use]
    pub fn panjer(self) -> (f64, f64) {
        match self {
            Self::Poisson { mean } => (0.0, mean),
            Self::NegativeBinomial { mean, size } => {
                let share = mean / (mean + size);
                (share, (size - 1.0) * share)
            }
            Self::Binomial { trials, share } => {
                let odds = share / (1.0 - share);
                (-odds, (f64::from(trials) + 1.0) * odds)
            }
        }
    }

    /// 1 / size; nought for Poisson, below nought for the binomial.
    #[must_use]
    pub fn dispersion(self) -> f64 {
        match self {
            Self::Poisson { .. } => 0.0,
            Self::NegativeBinomial { size, .. } => 1.0 / size,
            Self::Binomial { trials, .. } => -1.0 / f64::from(trials.max(1)),
        }
    }

    /// The size of the negative binomial; nothing for others, where there is none.
    #[must_use]
    pub fn size(self) -> Option<f64> {
        if let Self::NegativeBinomial { size, .. } = self { Some(size) } else { None }
    }

    /// The variance, tickets squared.
    #[must_use]
    pub fn variance(self) -> f64 {
        let [_, variance, _] = self.cumulants();
        variance
    }

    /// The logarithm of P(N = count); minus infinity where that is nought.
    #[must_use]
    pub fn ln_probability(self, count: u32) -> f64 {
        let n = f64::from(count);
        if let Self::Binomial { trials, share } = self {
            if count > trials {
                return f64::NEG_INFINITY;
            }
            let all = f64::from(trials);
            let ways = ln_gamma(all + 1.0) - ln_gamma(n + 1.0) - ln_gamma(all - n + 1.0);
            let hits = if count == 0 { 0.0 } else { n * share.ln() };
            let misses = if count == trials { 0.0 } else { (all - n) * (-share).ln_1p() };
            return ways + hits + misses;
        }
        let (mean, dispersion) = (self.mean(), self.dispersion());
        let swell = dispersion * mean;
        let hits = if count == 0 { 0.0 } else { rising_log(dispersion, n) + n * (mean.ln() - swell.ln_1p()) - ln_gamma(n + 1.0) };
        hits - mean * log_ratio(swell)
    }

    /// P(N = count).
    #[must_use]
    pub fn probability(self, count: u32) -> f64 {
        self.ln_probability(count).exp()
    }

    /// P(N <= count): the probabilities added from the most likely one outwards, until the rest is below rounding.
    #[must_use]
    pub fn cdf(self, count: u32) -> f64 {
        if self.mean() <= 0.0 {
            return 1.0;
        }
        if let Self::Binomial { trials, .. } = self {
            return crate::number::sum((0..=count.min(trials)).map(|below| self.probability(below))).min(1.0);
        }
        let middle = self.mode().min(count);
        let sum = 1.0 + self.below(middle) + self.above(middle, count);
        (self.probability(middle) * sum).min(1.0)
    }

    /// The most likely count: where Panjer's ratio passes 1.
    fn mode(self) -> u32 {
        let (a, b) = self.panjer();
        u32::try_from(index(((a + b) / (1.0 - a)).max(0.0))).unwrap_or(u32::MAX)
    }

    /// The probabilities below a count that is not above the mode, in units of that count's.
    fn below(self, count: u32) -> f64 {
        let (a, b) = self.panjer();
        let (mut term, mut total) = (1.0, 0.0);
        for n in (1..=count).rev().map(f64::from) {
            term /= a + b / n;
            total += term;
            if term * n <= f64::EPSILON / 16.0 {
                break;
            }
        }
        total
    }

    /// The probabilities above one count up to another, in units of the first one's.
    fn above(self, from: u32, to: u32) -> f64 {
        let (a, b) = self.panjer();
        let (mut term, mut total) = (1.0, 0.0);
        for n in (from..to).map(|n| f64::from(n) + 1.0) {
            let ratio = (a + b / n).max(0.0);
            term *= ratio;
            total += term;
            // Later ratios are no larger than this one, or than their limit.
            let largest = ratio.max(a);
            if largest < 1.0 && term * largest <= (1.0 - largest) * f64::EPSILON / 16.0 {
                break;
            }
        }
        total
    }

    /// The tickets of so many months, each like the others and apart from them.
    #[must_use]
    pub fn over(self, months: u32) -> Self {
        let factor = f64::from(months);
        match self {
            Self::Poisson { mean } => Self::Poisson { mean: mean * factor },
            Self::NegativeBinomial { mean, size } => Self::NegativeBinomial { mean: mean * factor, size: size * factor },
            Self::Binomial { trials, share } => Self::Binomial { trials: trials * months, share },
        }
    }

    /// So many times the tickets, with the same dispersion: another rate of the same client. A chance ends at 1.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        match self {
            Self::Poisson { mean } => Self::Poisson { mean: mean * factor },
            Self::NegativeBinomial { mean, size } => Self::NegativeBinomial { mean: mean * factor, size },
            Self::Binomial { trials, share } => Self::Binomial { trials, share: (share * factor).min(1.0) },
        }
    }

    /// One draw.
    pub fn sample(self, random: &mut impl Rng) -> u32 {
        match self {
            Self::Poisson { mean } => poisson(mean, random),
            Self::NegativeBinomial { mean, size } => {
                let mood = rand_distr::Gamma::new(size, mean / size).map_or(0.0, |gamma| gamma.sample(random));
                poisson(mood, random)
            }
            Self::Binomial { trials, share } => (0..trials).map(|_| u32::from(random.random::<f64>() < share)).sum(),
        }
    }
}

fn poisson(mean: f64, random: &mut impl Rng) -> u32 {
    let drawn = rand_distr::Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(random));
    u32::try_from(index(drawn)).unwrap_or(u32::MAX)
}

/// ln(1 + z) without loss where z is small, for a real part of more than -1.
fn ln_1p(z: Complex64) -> Complex64 {
    Complex64::new((z.re * (2.0 + z.re) + z.im * z.im).ln_1p() / 2.0, z.im.atan2(1.0 + z.re))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::gamma_q;

    const ALL: [Frequency; 3] = [
        Frequency::Poisson { mean: 7.5 },
        Frequency::NegativeBinomial { mean: 6.0, size: 1.5 },
        Frequency::Binomial { trials: 9, share: 0.3 },
    ];

    #[test]
    fn probabilities_have_the_cumulants() {
        for frequency in ALL {
            let probabilities: Vec<f64> = (0..400).map(|count| frequency.probability(count)).collect();
            let moment =
                |power: i32| probabilities.iter().zip(0..).map(|(p, n): (&f64, u32)| p * f64::from(n).powi(power)).sum::<f64>();
            let [mean, variance, _] = frequency.cumulants();
            assert!((moment(0) - 1.0).abs() < 1e-12 && (moment(1) - mean).abs() < 1e-10, "{frequency:?}");
            assert!((moment(2) - mean * mean - variance).abs() < 1e-9, "{frequency:?}");
            assert!((frequency.none() - frequency.probability(0)).abs() < 1e-14, "{frequency:?}");
        }
    }

    #[test]
    fn panjers_constants_lead_from_one_probability_to_the_next() {
        for frequency in ALL {
            let (a, b) = frequency.panjer();
            for count in 1..9 {
                let next = (a + b / f64::from(count)) * frequency.probability(count - 1);
                assert!((next - frequency.probability(count)).abs() < 1e-13, "{frequency:?} at {count}");
            }
        }
    }

    #[test]
    fn no_tickets_are_no_tickets() {
        use rand::SeedableRng;
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        assert_eq!(Frequency::Poisson { mean: 0.0 }.sample(&mut random), 0);
        assert_eq!(Frequency::dispersed(0.0, 0.5).sample(&mut random), 0);
        assert_eq!(Frequency::Poisson { mean: 0.0 }.none(), 1.0);
    }

    #[test]
    fn probabilities_add_up_to_the_distribution_function() {
        let laws = [
            Frequency::Poisson { mean: 3.5 },
            Frequency::NegativeBinomial { size: 0.4, mean: 8.0 },
            Frequency::NegativeBinomial { size: 1.0, mean: 2.0 },
            Frequency::NegativeBinomial { size: 25.0, mean: 300.0 },
            Frequency::Binomial { trials: 40, share: 0.3 },
            Frequency::Binomial { trials: 3, share: 1.0 },
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
            let (got, wanted) = (Frequency::Poisson { mean }.cdf(count), gamma_q(f64::from(count) + 1.0, mean));
            assert!((got / wanted - 1.0).abs() < 1e-10, "{got} is not {wanted}");
        }
    }

    #[test]
    fn the_geometric_has_a_closed_form() {
        let law = Frequency::dispersed(4.0, 1.0);
        for count in [0_u32, 3, 50] {
            let wanted = 1.0 - 0.8_f64.powf(f64::from(count) + 1.0);
            assert!((law.cdf(count) - wanted).abs() < 1e-15);
        }
        assert_eq!(law.variance(), 20.0);
    }

    #[test]
    fn edges_are_plain() {
        let none = Frequency::Poisson { mean: 0.0 };
        assert_eq!((none.cdf(0), none.ln_probability(0), none.ln_probability(1)), (1.0, 0.0, f64::NEG_INFINITY));
        assert_eq!(Frequency::dispersed(2.0, 0.0).size(), None);
        assert_eq!(Frequency::dispersed(2.0, 0.5).size(), Some(2.0));
        let far = Frequency::NegativeBinomial { size: 3.0, mean: 20.0 };
        assert!((far.cdf(u32::MAX) - 1.0).abs() < 1e-13);
        // Nearly Poisson is near Poisson.
        let (nearly, poisson) = (Frequency::dispersed(50.0, 1e-12), Frequency::Poisson { mean: 50.0 });
        assert!((nearly.cdf(45) - poisson.cdf(45)).abs() < 1e-9);
    }
}
