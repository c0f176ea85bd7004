//! Special functions, from `libm` and `statrs` where those are exact enough.

use std::f64::consts::{PI, SQRT_2};

/// The logarithm of the gamma function, for arguments above nought.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The derivative of [`ln_gamma`], to fifteen digits: recurrence up to 8, then the asymptotic series.
#[must_use]
pub fn digamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < 10.0 {
        below -= 1.0 / x;
        x += 1.0;
    }
    let (inverse, square) = (1.0 / x, 1.0 / (x * x));
    let series = square
        * (1.0 / 12.0
            - square
                * (1.0 / 120.0
                    - square * (1.0 / 252.0 - square * (1.0 / 240.0 - square * (1.0 / 132.0 - square * (691.0 / 32_760.0))))));
    below + x.ln() - inverse / 2.0 - series
}

/// The derivative of [`digamma`].
#[must_use]
pub fn trigamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < 10.0 {
        below += 1.0 / (x * x);
        x += 1.0;
    }
    let (inverse, square) = (1.0 / x, 1.0 / (x * x));
    let series = 1.0 / 6.0
        - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square * (1.0 / 30.0 - square * (5.0 / 66.0 - square * (691.0 / 2_730.0)))));
    below + inverse + square / 2.0 + inverse * square * series
}

/// The regularised lower incomplete gamma function, the distribution function of a gamma with scale 1.
#[must_use]
pub fn gamma_p(shape: f64, x: f64) -> f64 {
    if x <= 0.0 { 0.0 } else { statrs::function::gamma::gamma_lr(shape, x) }
}

/// 1 - [`gamma_p`], without loss in the tail.
#[must_use]
pub fn gamma_q(shape: f64, x: f64) -> f64 {
    if x <= 0.0 { 1.0 } else { statrs::function::gamma::gamma_ur(shape, x) }
}

/// The quantile of a gamma law with scale 1.
#[must_use]
pub fn gamma_quantile(shape: f64, share: f64) -> f64 {
    let reach = shape + 12.0 * shape.sqrt() + 12.0;
    crate::number::root(|x| gamma_p(shape, x) - share, 0.0, reach)
}

/// The distribution function of the standard normal.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    libm::erfc(-z / SQRT_2) / 2.0
}

/// The density of the standard normal.
#[must_use]
pub fn normal_pdf(z: f64) -> f64 {
    (-z * z / 2.0).exp() / (2.0 * PI).sqrt()
}

/// The quantile of the standard normal: the guess of `statrs`, mended by two steps of Halley's.
#[must_use]
pub fn normal_quantile(share: f64) -> f64 {
    if share <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let mut z = -SQRT_2 * statrs::function::erf::erfc_inv(2.0 * share);
    for _ in 0..2 {
        let step = (normal_cdf(z) - share) / normal_pdf(z);
        z -= step / (1.0 + z * step / 2.0);
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, wanted: f64) {
        assert!((got - wanted).abs() <= 2e-14 * wanted.abs().max(1.0), "{got} is not {wanted}");
    }

    #[test]
    fn published_values_are_met() {
        near(digamma(1.0), -0.577_215_664_901_532_9);
        near(digamma(0.5), -1.963_510_026_021_423_5);
        near(trigamma(1.0), PI * PI / 6.0);
        near(gamma_p(3.0, 2.5), 1.0 - (-2.5_f64).exp() * (1.0 + 2.5 + 3.125));
        near(gamma_q(1.5, 0.3) + gamma_p(1.5, 0.3), 1.0);
        near(gamma_q(1.0, 30.0) / (-30.0_f64).exp(), 1.0);
        near(normal_cdf(-1.959_963_984_540_054), 0.025);
        near(normal_quantile(0.975), 1.959_963_984_540_054);
        near(normal_quantile(1e-12), -7.034_483_825_301_131);
    }
}
