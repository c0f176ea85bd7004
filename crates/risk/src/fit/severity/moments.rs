//! The method of moments for hours. Likelihoods are in [`likelihood`](super::likelihood) and [`burr`](super::burr).

use std::f64::consts::PI;

use super::law::SeverityLaw;
use super::{Sample, SeverityError};
use crate::number::{root, sum};
use crate::special::{digamma, ln_gamma, trigamma};

/// The variance of the hours (divided by n) over the square of their mean.
fn relative_variance(sample: &Sample) -> f64 {
    sum(sample.values.iter().map(|value| (value / sample.mean - 1.0).powi(2))) / sample.count()
}

/// sigma^2 = ln(1 + relative variance).
pub(super) fn lognormal(sample: &Sample) -> SeverityLaw {
    let square = relative_variance(sample).ln_1p();
    SeverityLaw::Lognormal { mu: sample.mean.ln() - square / 2.0, sigma: square.sqrt() }
}

/// shape = 1 / relative variance.
pub(super) fn gamma(sample: &Sample) -> SeverityLaw {
    let relative = relative_variance(sample);
    SeverityLaw::Gamma { shape: 1.0 / relative, scale: sample.mean * relative }
}

/// The inverse shape p solves ln Γ(1 + 2p) - 2 ln Γ(1 + p) = ln(1 + relative variance).
pub(super) fn weibull(sample: &Sample) -> SeverityLaw {
    let wanted = relative_variance(sample).ln_1p();
    // The left side is above p^2 / 2 while p is below 1 / 2, and above p / 4 beyond it; and below 2 p^2 everywhere.
    let most = (2.0 * wanted).sqrt().max(4.0 * wanted);
    let inverse = root(|p| weibull_spread(p) - wanted, (wanted / 2.0).sqrt().min(most), most);
    SeverityLaw::Weibull { shape: 1.0 / inverse, scale: sample.mean * (-ln_gamma(1.0 + inverse)).exp() }
}

/// ln Γ(1 + 2p) - 2 ln Γ(1 + p), without cancelling for small p: a series in the zeta values of 2 to 9.
fn weibull_spread(p: f64) -> f64 {
    if p > 0.01 {
        return ln_gamma(1.0 + 2.0 * p) - 2.0 * ln_gamma(1.0 + p);
    }
    const ZETA: [(i32, f64); 8] = [
        (2, PI * PI / 6.0),
        (3, 1.202_056_903_159_594_3),
        (4, 1.082_323_233_711_138_2),
        (5, 1.036_927_755_143_37),
        (6, 1.017_343_061_984_449),
        (7, 1.008_349_277_381_922_8),
        (8, 1.004_077_356_197_944_3),
        (9, 1.002_008_392_826_082_2),
    ];
    sum(ZETA.iter().map(|(power, zeta)| zeta * (2.0_f64.powi(*power) - 2.0) / f64::from(*power) * (-p).powi(*power)))
}

/// The logarithm of a Burr has the cumulants ln(scale) + (ψ(1) - ψ(k)) / c, (ψ'(1) + ψ'(k)) / c^2 and
/// (ψ''(1) - ψ''(k)) / c^3, with c the power and k the tail. Its skewness falls from 2 to -1.14 as k rises.
pub(super) fn burr(sample: &Sample) -> Result<SeverityLaw, SeverityError> {
    let mean_power = |power: i32| sum(sample.logs.iter().map(|log| log.powi(power))) / sample.count();
    let variance = mean_power(2);
    let wanted = mean_power(3) / variance.powf(1.5);
    let skewness = |ln_tail: f64| {
        let tail = ln_tail.exp();
        (tetragamma(1.0) - tetragamma(tail)) / (trigamma(1.0) + trigamma(tail)).powf(1.5)
    };
    if wanted >= skewness(-LN_TAIL_MAX) {
        return Err(SeverityError::ParetoLimit);
    }
    if wanted <= skewness(LN_TAIL_MAX) {
        return Err(SeverityError::WeibullLimit);
    }
    let tail = root(|ln_tail| skewness(ln_tail) - wanted, -LN_TAIL_MAX, LN_TAIL_MAX).exp();
    let power = ((trigamma(1.0) + trigamma(tail)) / variance).sqrt();
    let scale = (sample.log_mean - (digamma(1.0) - digamma(tail)) / power).exp();
    Ok(SeverityLaw::Burr { power, tail, scale })
}

/// Beyond e^12 or below e^-12 a tail cannot be told from its limit.
const LN_TAIL_MAX: f64 = 12.0;

/// The second derivative of the digamma function: recurrence up to 15, then the asymptotic series.
fn tetragamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < 15.0 {
        below -= 2.0 / (x * x * x);
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = square * (0.5 - square * (1.0 / 6.0 - square * (1.0 / 6.0 - square * (0.3 - square * (5.0 / 6.0)))));
    below - square * (1.0 + 1.0 / x + series)
}

#[cfg(test)]
mod tests {
    use super::super::{Family, fit_by_moments};
    use super::*;
    use crate::number::{float, mean};

    const HOURS: [f64; 8] = [0.2, 0.4, 0.9, 1.1, 1.6, 2.0, 3.3, 6.1];

    #[test]
    fn the_law_has_the_moments_of_the_hours() -> Result<(), SeverityError> {
        let close: Vec<f64> = HOURS.iter().map(|hours| 100.0 + 1e-3 * hours).collect();
        let wild: Vec<f64> = HOURS.iter().map(|hours| hours.powi(6)).collect();
        for hours in [HOURS.as_slice(), &close, &wild] {
            let mean = mean(hours);
            let variance = sum(hours.iter().map(|value| (value - mean).powi(2))) / float(hours.len());
            let relative = variance / (mean * mean);
            for family in [Family::Lognormal, Family::Gamma, Family::Weibull] {
                let law = fit_by_moments(family, hours)?.law;
                let got = match law {
                    SeverityLaw::Lognormal { sigma, .. } => (sigma * sigma).exp_m1(),
                    SeverityLaw::Gamma { shape, .. } => 1.0 / shape,
                    SeverityLaw::Weibull { shape, .. } => weibull_spread(1.0 / shape).exp_m1(),
                    _ => f64::NAN,
                };
                assert!((law.mean() / mean - 1.0).abs() < 1e-12, "{law:?}");
                assert!((got / relative - 1.0).abs() < 1e-11, "{law:?}: {got} is not {relative}");
            }
        }
        Ok(())
    }

    /// The moments of the logarithm, once more from the density.
    #[test]
    fn the_burr_has_the_moments_of_the_logarithms() -> Result<(), SeverityError> {
        let law = fit_by_moments(Family::Burr, &HOURS)?.law;
        let step = 0.005;
        let at = |number: i32| f64::from(number) * step;
        let moment = |power: i32, centre: f64| {
            sum((-8_000..8_000)
                .map(|number| step * (at(number) - centre).powi(power) * (law.ln_density(at(number).exp()) + at(number)).exp()))
        };
        let logs: Vec<f64> = HOURS.iter().map(|hours| hours.ln()).collect();
        let centre = mean(&logs);
        assert!((moment(0, 0.0) - 1.0).abs() < 1e-9 && (moment(1, 0.0) - centre).abs() < 1e-9, "{law:?}");
        for power in [2, 3] {
            let wanted = sum(logs.iter().map(|log| (log - centre).powi(power))) / 8.0;
            assert!((moment(power, centre) - wanted).abs() < 1e-8, "{law:?}: {} is not {wanted}", moment(power, centre));
        }
        Ok(())
    }

    #[test]
    fn logarithms_more_skewed_than_any_burr_are_a_limit() {
        let mut pareto = vec![1.0; 60];
        pareto.push(1e6);
        assert_eq!(fit_by_moments(Family::Burr, &pareto), Err(SeverityError::ParetoLimit));
        let mut weibull = vec![1.0; 60];
        weibull.push(1e-6);
        assert_eq!(fit_by_moments(Family::Burr, &weibull), Err(SeverityError::WeibullLimit));
    }

    #[test]
    fn series_are_exact() {
        let apery = 1.202_056_903_159_594_3;
        assert!((tetragamma(1.0) + 2.0 * apery).abs() < 1e-14);
        assert!((tetragamma(0.5) + 14.0 * apery).abs() < 1e-13);
        let (below, above) = (weibull_spread(0.01), weibull_spread(0.01 + 1e-12));
        assert!(((above - below) / below).abs() < 1e-9 && above > below, "{below} {above}");
    }
}
