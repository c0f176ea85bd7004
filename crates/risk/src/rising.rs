//! Sums along 1 + j k, of which the negative binomial likelihood is made. No statistics, only arithmetic.
//!
//! With k = 1 / size, the ratio of gamma functions Γ(size + n) / (Γ(size) size^n) is the product of 1 + j k over
//! j < n. Written so, nothing cancels when k is near nought, which is where the Poisson limit lies: the first
//! terms are added one by one, the rest by the formula of Euler and Maclaurin.

use crate::number::sum;

/// So many terms are added one by one.
const DIRECT: u32 = 32;

/// (u - ln(1 + u)) / u^2 for u > -1; one half at nought.
pub(crate) fn shortfall(u: f64) -> f64 {
    if u.abs() >= 0.05 {
        return (1.0 - u.ln_1p() / u) / u;
    }
    (2_u32..15).rev().fold(0.0, |total, power| 1.0 / f64::from(power) - u * total)
}

/// ln(1 + x) / x; one at nought.
pub(crate) fn log_ratio(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { x.ln_1p() / x }
}

/// (ln(1 + x) - x / (1 + x)) / x^2; one half at nought.
pub(crate) fn score_ratio(x: f64) -> f64 {
    1.0 / (1.0 + x) - shortfall(x)
}

/// The sum of ln(1 + j k) over whole j from 0 to n - 1.
pub(crate) fn rising_log(k: f64, n: f64) -> f64 {
    let direct = direct(n, |j| (j * k).ln_1p());
    let Some(rest) = Rest::new(k, n) else { return direct };
    let growth = rest.growth.ln_1p();
    let integral = rest.width * ((f64::from(DIRECT) * k).ln_1p() + growth - rest.growth * shortfall(rest.growth));
    let odd = |r: f64| r * (1.0 / 12.0 - r * r * (2.0 / 720.0 - r * r * (24.0 / 30_240.0 - r * r * 720.0 / 1_209_600.0)));
    direct + integral - growth / 2.0 + odd(k / rest.end) - odd(k / rest.base)
}

/// The sum of j / (1 + j k) over whole j from 0 to n - 1, which is the derivative of [`rising_log`] in k.
pub(crate) fn rising_score(k: f64, n: f64) -> f64 {
    let direct = direct(n, |j| j / (1.0 + j * k));
    let Some(rest) = Rest::new(k, n) else { return direct };
    let step = rest.width / rest.base;
    let integral = f64::from(DIRECT) * step + step * step * shortfall(rest.growth);
    let odd = |below: f64| {
        let r = k / below;
        (1.0 / 12.0 - r * r * (6.0 / 720.0 - r * r * (120.0 / 30_240.0 - r * r * 5_040.0 / 1_209_600.0))) / (below * below)
    };
    direct + integral - step / rest.end / 2.0 + odd(rest.end) - odd(rest.base)
}

/// The terms that are added one by one.
fn direct(n: f64, term: impl Fn(f64) -> f64) -> f64 {
    sum((0..DIRECT).map(f64::from).take_while(|j| *j < n).map(term))
}

/// The range that is left for Euler and Maclaurin.
struct Rest {
    /// How many terms.
    width: f64,
    /// 1 + j k at the first of them.
    base: f64,
    /// 1 + j k behind the last.
    end: f64,
    /// `end / base - 1`.
    growth: f64,
}

impl Rest {
    fn new(k: f64, n: f64) -> Option<Self> {
        let first = f64::from(DIRECT);
        let (width, base) = (n - first, 1.0 + first * k);
        (width > 0.0).then(|| Self { width, base, end: 1.0 + n * k, growth: width * k / base })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::{digamma, ln_gamma};

    fn near(got: f64, wanted: f64, what: &str) {
        assert!((got - wanted).abs() <= 2e-14 * wanted.abs(), "{what}: {got} is not {wanted}");
    }

    #[test]
    fn long_sums_are_those_of_all_terms() {
        for k in [0.0, 1e-9, 1e-3, 0.7, 40.0, 1e7] {
            for n in [0_u32, 1, 31, 32, 33, 64, 5_000] {
                let logs = sum((0..n).map(|j| (f64::from(j) * k).ln_1p()));
                let scores = sum((0..n).map(|j| f64::from(j) / (1.0 + f64::from(j) * k)));
                near(rising_log(k, f64::from(n)), logs, "logarithms");
                near(rising_score(k, f64::from(n)), scores, "scores");
            }
        }
    }

    #[test]
    fn the_sums_are_ratios_of_gamma_functions() {
        let (size, n) = (2.5_f64, 1e6);
        let logs = ln_gamma(size + n) - ln_gamma(size) - n * size.ln();
        assert!((rising_log(1.0 / size, n) / logs - 1.0).abs() < 1e-14);
        let scores = size * (n - size * (digamma(size + n) - digamma(size)));
        assert!((rising_score(1.0 / size, n) / scores - 1.0).abs() < 1e-14);
    }

    #[test]
    fn ratios_pass_over_their_seams() {
        near(shortfall(0.0), 0.5, "nought");
        assert!((shortfall(0.05) - shortfall(0.05 - 1e-16)).abs() < 1e-14);
        assert!((shortfall(-0.05) - shortfall(-0.05 + 1e-16)).abs() < 1e-14);
        near(shortfall(1.0), 1.0 - 2.0_f64.ln(), "one");
        near(log_ratio(0.0), 1.0, "nought");
        near(score_ratio(0.0), 0.5, "nought");
        near(score_ratio(1.0), 2.0_f64.ln() - 0.5, "one");
    }
}
