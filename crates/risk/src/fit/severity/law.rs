//! The laws of hours that can be fitted: density, distribution function, mean and draws. They fit nothing.

use std::f64::consts::PI;

use rand::Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

use super::Family;
use crate::rising::shortfall;
use crate::special::{gamma_p, gamma_q, ln_gamma, normal_cdf};

/// The law of the hours of one ticket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SeverityLaw {
    /// P(X > x) = exp(-x / mean).
    Exponential {
        /// Hours.
        mean: f64,
    },
    /// The logarithm is normal.
    Lognormal {
        /// The mean of the logarithm of hours.
        mu: f64,
        /// Its standard deviation.
        sigma: f64,
    },
    /// The mean is shape x scale.
    Gamma {
        /// Above 0.
        shape: f64,
        /// Hours.
        scale: f64,
    },
    /// P(X > x) = exp(-(x / scale)^shape).
    Weibull {
        /// Above 0.
        shape: f64,
        /// Hours.
        scale: f64,
    },
    /// Burr XII: P(X > x) = (1 + (x / scale)^power)^-tail. Elsewhere power is c or shape 1, tail is k or shape 2.
    Burr {
        /// How fast it rises from nought.
        power: f64,
        /// How thin the tail is.
        tail: f64,
        /// Hours.
        scale: f64,
    },
}

impl SeverityLaw {
    /// Its family.
    #[must_use]
    pub fn family(self) -> Family {
        match self {
            Self::Exponential { .. } => Family::Exponential,
            Self::Lognormal { .. } => Family::Lognormal,
            Self::Gamma { .. } => Family::Gamma,
            Self::Weibull { .. } => Family::Weibull,
            Self::Burr { .. } => Family::Burr,
        }
    }

    /// The logarithm of the density at some hours above 0; minus infinity elsewhere.
    #[must_use]
    pub fn ln_density(self, hours: f64) -> f64 {
        if !(hours > 0.0 && hours < f64::INFINITY) {
            return f64::NEG_INFINITY;
        }
        let log = hours.ln();
        match self {
            Self::Exponential { mean } => -mean.ln() - hours / mean,
            Self::Lognormal { mu, sigma } => {
                let z = (log - mu) / sigma;
                -log - sigma.ln() - (2.0 * PI).ln() / 2.0 - z * z / 2.0
            }
            Self::Gamma { shape, scale } => gamma_constant(shape) - log - shape * above_log(hours / (shape * scale)),
            Self::Weibull { shape, scale } => {
                let z = shape * (hours / scale).ln();
                shape.ln() - log + z - z.exp()
            }
            Self::Burr { power, tail, scale } => {
                let z = power * (hours / scale).ln();
                (power * tail).ln() - log + z - (tail + 1.0) * ln_one_plus_exp(z)
            }
        }
    }

    /// P(X <= hours).
    #[must_use]
    pub fn cdf(self, hours: f64) -> f64 {
        if hours <= 0.0 {
            return 0.0;
        }
        if hours == f64::INFINITY {
            return 1.0;
        }
        match self {
            Self::Exponential { mean } => -(-hours / mean).exp_m1(),
            Self::Lognormal { mu, sigma } => normal_cdf((hours.ln() - mu) / sigma),
            Self::Gamma { shape, scale } => {
                if hours / scale < f64::INFINITY {
                    gamma_p(shape, hours / scale)
                } else {
                    1.0
                }
            }
            Self::Weibull { shape, scale } => -(-(hours / scale).powf(shape)).exp_m1(),
            Self::Burr { power, tail, scale } => -(-tail * ln_one_plus_exp(power * (hours / scale).ln())).exp_m1(),
        }
    }

    /// P(X > hours), without loss in the tail.
    #[must_use]
    pub fn survival(self, hours: f64) -> f64 {
        if hours <= 0.0 {
            return 1.0;
        }
        if hours == f64::INFINITY {
            return 0.0;
        }
        match self {
            Self::Exponential { mean } => (-hours / mean).exp(),
            Self::Lognormal { mu, sigma } => normal_cdf((mu - hours.ln()) / sigma),
            Self::Gamma { shape, scale } => {
                if hours / scale < f64::INFINITY {
                    gamma_q(shape, hours / scale)
                } else {
                    0.0
                }
            }
            Self::Weibull { shape, scale } => (-(hours / scale).powf(shape)).exp(),
            Self::Burr { power, tail, scale } => (-tail * ln_one_plus_exp(power * (hours / scale).ln())).exp(),
        }
    }

    /// The mean, hours; infinite for a Burr with power x tail of 1 or less.
    #[must_use]
    pub fn mean(self) -> f64 {
        match self {
            Self::Exponential { mean } => mean,
            Self::Lognormal { mu, sigma } => (mu + sigma * sigma / 2.0).exp(),
            Self::Gamma { shape, scale } => shape * scale,
            Self::Weibull { shape, scale } => scale * ln_gamma(1.0 + 1.0 / shape).exp(),
            Self::Burr { power, tail, scale } => {
                let step = 1.0 / power;
                if tail <= step {
                    return f64::INFINITY;
                }
                scale * (ln_gamma(1.0 + step) + ln_gamma(tail - step) - ln_gamma(tail)).exp()
            }
        }
    }

    /// One draw, hours.
    pub fn sample(self, random: &mut impl Rng) -> f64 {
        match self {
            Self::Exponential { mean } => mean * exponential(random),
            Self::Lognormal { mu, sigma } => (mu + sigma * Distribution::<f64>::sample(&StandardNormal, random)).exp(),
            Self::Gamma { shape, scale } => rand_distr::Gamma::new(shape, scale).map_or(f64::NAN, |gamma| gamma.sample(random)),
            Self::Weibull { shape, scale } => scale * exponential(random).powf(1.0 / shape),
            Self::Burr { power, tail, scale } => scale * (exponential(random) / tail).exp_m1().powf(1.0 / power),
        }
    }

    /// Are all parameters numbers that the law can have?
    pub(super) fn is_usable(self) -> bool {
        let above = |value: f64| value.is_finite() && value > 0.0;
        match self {
            Self::Exponential { mean } => above(mean),
            Self::Lognormal { mu, sigma } => mu.is_finite() && above(sigma),
            Self::Gamma { shape, scale } | Self::Weibull { shape, scale } => above(shape) && above(scale),
            Self::Burr { power, tail, scale } => above(power) && above(tail) && above(scale),
        }
    }
}

fn exponential(random: &mut impl Rng) -> f64 {
    Exp1.sample(random)
}

/// ln(1 + e^z), for any z.
pub(super) fn ln_one_plus_exp(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// t - 1 - ln t for t > 0, without loss near 1.
pub(super) fn above_log(t: f64) -> f64 {
    let distance = t - 1.0;
    if distance.abs() < 0.5 { distance * distance * shortfall(distance) } else { distance - t.ln() }
}

/// shape ln shape - shape - ln Γ(shape), without loss for large shapes (Stirling).
fn gamma_constant(shape: f64) -> f64 {
    if shape < 20.0 {
        return shape * shape.ln() - shape - ln_gamma(shape);
    }
    let square = 1.0 / (shape * shape);
    let series =
        (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1_260.0 - square * (1.0 / 1_680.0 - square / 1_188.0)))) / shape;
    (shape / (2.0 * PI)).ln() / 2.0 - series
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::number::{mean, sum};

    const LAWS: [SeverityLaw; 7] = [
        SeverityLaw::Exponential { mean: 0.8 },
        SeverityLaw::Lognormal { mu: -0.4, sigma: 0.9 },
        SeverityLaw::Gamma { shape: 1.7, scale: 0.4 },
        SeverityLaw::Gamma { shape: 60.0, scale: 0.02 },
        SeverityLaw::Weibull { shape: 0.8, scale: 0.7 },
        SeverityLaw::Weibull { shape: 3.0, scale: 1.2 },
        SeverityLaw::Burr { power: 1.8, tail: 2.5, scale: 1.1 },
    ];

    #[test]
    fn a_density_is_the_slope_of_the_distribution_function() {
        for law in LAWS {
            for hours in [0.1, 0.7, 1.2, 3.0] {
                let step = 1e-4 * hours;
                let slope = (law.cdf(hours + step) - law.cdf(hours - step)) / (2.0 * step);
                let density = law.ln_density(hours).exp();
                assert!((slope - density).abs() < 1e-6 * density.max(1e-3), "{law:?} at {hours}: {slope} is not {density}");
                assert!((law.cdf(hours) + law.survival(hours) - 1.0).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn draws_follow_the_law() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        for law in LAWS {
            let drawn: Vec<f64> = (0..40_000).map(|_| law.sample(&mut random)).collect();
            for hours in [0.4, 1.1] {
                let share = sum(drawn.iter().map(|value| f64::from(u8::from(*value <= hours)))) / 40_000.0;
                assert!((share - law.cdf(hours)).abs() < 0.01, "{law:?} at {hours}: {share}");
            }
            assert!((mean(&drawn) / law.mean() - 1.0).abs() < 0.05, "{law:?}: {} is not {}", mean(&drawn), law.mean());
        }
    }

    #[test]
    fn edges_are_plain() {
        for law in LAWS {
            assert_eq!((law.cdf(0.0), law.cdf(-1.0), law.cdf(f64::INFINITY)), (0.0, 0.0, 1.0), "{law:?}");
            assert_eq!((law.survival(0.0), law.survival(f64::INFINITY)), (1.0, 0.0), "{law:?}");
            assert!(law.cdf(1e300) == 1.0 && law.cdf(1e-300) < 1e-100 && law.is_usable(), "{law:?}");
            assert_eq!(law.ln_density(0.0), f64::NEG_INFINITY);
        }
        assert_eq!(SeverityLaw::Burr { power: 0.5, tail: 2.0, scale: 1.0 }.mean(), f64::INFINITY);
        assert!(!SeverityLaw::Gamma { shape: f64::INFINITY, scale: 0.0 }.is_usable());
    }

    #[test]
    fn seams_do_not_show() {
        assert!((gamma_constant(20.0) - gamma_constant(20.0 - 1e-14)).abs() < 1e-13);
        assert!((above_log(1.5) - above_log(1.5 - 1e-15)).abs() < 1e-14);
        assert_eq!(above_log(1.0), 0.0);
        assert_eq!((ln_one_plus_exp(800.0), ln_one_plus_exp(-800.0)), (800.0, 0.0));
    }
}
