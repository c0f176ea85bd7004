//! How many tickets come in a month. It knows nothing of their hours.

use num_complex::Complex64;
use rand::{Rng, RngExt};
use rand_distr::Distribution;
use serde::{Deserialize, Serialize};

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
            Self::NegativeBinomial { mean, size } => -(Complex64::ONE - (z - 1.0) * (mean / size)).ln() * size,
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

    /// P(N = count).
    #[must_use]
    pub fn probability(self, count: u32) -> f64 {
        let n = f64::from(count);
        match self {
            Self::Poisson { mean: 0.0 } => f64::from(u8::from(count == 0)),
            Self::Poisson { mean } => (n * mean.ln() - mean - ln_gamma(n + 1.0)).exp(),
            Self::NegativeBinomial { mean, size } => {
                let ways = ln_gamma(size + n) - ln_gamma(size) - ln_gamma(n + 1.0);
                let hits = if count == 0 { 0.0 } else { n * (mean / (mean + size)).ln() };
                (ways + hits - size * (mean / size).ln_1p()).exp()
            }
            Self::Binomial { trials, share } => {
                if count > trials {
                    return 0.0;
                }
                let all = f64::from(trials);
                let ways = ln_gamma(all + 1.0) - ln_gamma(n + 1.0) - ln_gamma(all - n + 1.0);
                ways.exp() * share.powf(n) * (1.0 - share).powf(all - n)
            }
        }
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
    u32::try_from(crate::number::index(drawn)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
