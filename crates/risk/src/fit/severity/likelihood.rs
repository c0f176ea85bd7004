//! Maximum likelihood for the families with a closed form or a single equation. The Burr has a file of its own.
//! Source: Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions, volume 1, 1994.

use super::Sample;
use super::law::{SeverityLaw, above_log};
use crate::number::{root, sum};
use crate::special::digamma;

/// The mean of the hours.
pub(super) fn exponential(sample: &Sample) -> SeverityLaw {
    SeverityLaw::Exponential { mean: sample.mean }
}

/// The mean and the standard deviation of the logarithms, divided by n.
pub(super) fn lognormal(sample: &Sample) -> SeverityLaw {
    let variance = sum(sample.logs.iter().map(|log| log * log)) / sample.count();
    SeverityLaw::Lognormal { mu: sample.log_mean, sigma: variance.sqrt() }
}

/// The shape a solves ln a - digamma(a) = ln(mean) - mean of logarithms, and the scale gives the mean.
///
/// The left side lies between 1 / (2 a) and 1 / a, which brackets the root.
pub(super) fn gamma(sample: &Sample) -> SeverityLaw {
    // ln(mean) - mean(ln x) = mean(x / mean - 1 - ln(x / mean)), without cancelling.
    let gap = sum(sample.values.iter().map(|value| above_log(value / sample.mean))) / sample.count();
    let shape = root(|shape| ln_less_digamma(shape) - gap, 0.5 / gap, 1.0 / gap);
    SeverityLaw::Gamma { shape, scale: sample.mean / shape }
}

/// ln a - digamma(a), without cancelling for large a.
fn ln_less_digamma(a: f64) -> f64 {
    if a < 15.0 {
        return a.ln() - digamma(a);
    }
    let square = 1.0 / (a * a);
    let series = square
        * (1.0 / 12.0
            - square
                * (1.0 / 120.0
                    - square * (1.0 / 252.0 - square * (1.0 / 240.0 - square * (1.0 / 132.0 - square * (691.0 / 32_760.0))))));
    0.5 / a + series
}

/// The shape k solves mean of y weighted by e^(k y) = 1 / k, with y the centred logarithms; the scale follows.
///
/// The left side rises from 0 to the largest y, so it is below 1 / k at k = 1 / largest and above it later.
pub(super) fn weibull(sample: &Sample) -> SeverityLaw {
    let largest = sample.logs.iter().copied().fold(0.0, f64::max);
    let excess = |shape: f64| {
        let weight = |log: &f64| (shape * (log - largest)).exp();
        sum(sample.logs.iter().map(|log| weight(log) * log)) / sum(sample.logs.iter().map(weight)) - 1.0 / shape
    };
    let mut above = 2.0 / largest;
    for _ in 0..1_000 {
        if excess(above) >= 0.0 {
            break;
        }
        above *= 2.0;
    }
    let shape = root(excess, 1.0 / largest, above);
    let power_mean = sum(sample.logs.iter().map(|log| (shape * (log - largest)).exp())) / sample.count();
    SeverityLaw::Weibull { shape, scale: (sample.log_mean + largest + power_mean.ln() / shape).exp() }
}

#[cfg(test)]
mod tests {
    use super::super::{Family, SeverityError, fit};
    use super::*;
    use crate::number::mean;

    const HOURS: [f64; 8] = [0.2, 0.4, 0.9, 1.1, 1.6, 2.0, 3.3, 6.1];

    #[test]
    fn closed_forms_are_closed_forms() -> Result<(), SeverityError> {
        let fitted = fit(Family::Exponential, &HOURS)?;
        assert_eq!(fitted.law, SeverityLaw::Exponential { mean: mean(&HOURS) });
        assert!((fitted.log_likelihood + 8.0 * (mean(&HOURS).ln() + 1.0)).abs() < 1e-12);
        let one = std::f64::consts::E;
        let SeverityLaw::Lognormal { mu, sigma } = fit(Family::Lognormal, &[1.0, one * one])?.law else {
            return Err(SeverityError::Empty);
        };
        assert!((mu - 1.0).abs() < 1e-15 && (sigma - 1.0).abs() < 1e-15);
        Ok(())
    }

    #[test]
    fn both_scores_of_the_gamma_vanish() -> Result<(), SeverityError> {
        let SeverityLaw::Gamma { shape, scale } = fit(Family::Gamma, &HOURS)?.law else { return Err(SeverityError::Empty) };
        let logs: Vec<f64> = HOURS.iter().map(|hours| (hours / scale).ln()).collect();
        assert!((mean(&logs) - digamma(shape)).abs() < 1e-14);
        assert!((shape * scale / mean(&HOURS) - 1.0).abs() < 1e-15);
        Ok(())
    }

    #[test]
    fn both_scores_of_the_weibull_vanish() -> Result<(), SeverityError> {
        let SeverityLaw::Weibull { shape, scale } = fit(Family::Weibull, &HOURS)?.law else { return Err(SeverityError::Empty) };
        let z: Vec<f64> = HOURS.iter().map(|hours| shape * (hours / scale).ln()).collect();
        let in_scale = sum(z.iter().map(|z| z.exp() - 1.0));
        let in_shape = sum(z.iter().map(|z| 1.0 + z - z * z.exp()));
        assert!(in_scale.abs() < 1e-12 && in_shape.abs() < 1e-12, "{in_scale} {in_shape}");
        Ok(())
    }

    /// Of values m (1 + e) and m (1 - e), the gamma's shape is 1 / e^2 and the lognormal's sigma is e, nearly.
    #[test]
    fn values_that_hardly_differ_have_exact_shapes() -> Result<(), SeverityError> {
        let small = 2.0_f64.powi(-20);
        let close = [1.0 - small, 1.0 + small];
        let SeverityLaw::Gamma { shape, .. } = fit(Family::Gamma, &close)?.law else { return Err(SeverityError::Empty) };
        assert!((shape * small * small - 1.0).abs() < 1e-10, "{shape}");
        let SeverityLaw::Lognormal { sigma, .. } = fit(Family::Lognormal, &close)?.law else { return Err(SeverityError::Empty) };
        assert!((sigma / small - 1.0).abs() < 1e-9, "{sigma}");
        Ok(())
    }

    #[test]
    fn the_seam_of_the_digamma_does_not_show() {
        for a in [15.0, 15.5, 40.0] {
            assert!((ln_less_digamma(a) - (f64::ln(a) - digamma(a))).abs() < 1e-14);
        }
        assert!((ln_less_digamma(1e9) * 2e9 - 1.0).abs() < 1e-9);
    }
}
