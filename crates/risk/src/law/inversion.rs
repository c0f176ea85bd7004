//! Values of a law at single points, from its Laplace transform: the Fourier series method with Euler summation of Abate
//! and Whitt (1992, 2006). For laws that are smooth there. What is turned back is always the tail, which is small where
//! the series comes around, so that little is lost.

use std::f64::consts::PI;

use num_complex::Complex64;

use crate::number::float;

/// What comes around is damped by e^-24; rounding grows by e^12.
const SHIFT: f64 = 24.0;
/// Partial sums that are averaged by binomial shares.
const AVERAGED: usize = 15;
/// Terms before the averaging where the law is wide.
const TERMS_MIN: f64 = 24.0;
/// And at most.
const TERMS_MAX: f64 = 4_000.0;

/// The value at `x` above nought of the function whose Laplace transform is given; `width` is the narrowest stretch over which it
/// changes, such as a standard deviation.
pub fn invert(mut transform: impl FnMut(Complex64) -> Complex64, x: f64, width: f64) -> f64 {
    let ratio = if width.is_finite() && width > 0.0 { x / width } else { 0.0 };
    let terms = crate::number::index((TERMS_MIN + 4.0 * ratio).min(TERMS_MAX));
    let mut term = |number: usize| {
        let value = transform(Complex64::new(SHIFT / 2.0, PI * float(number)) / x).re;
        if number % 2 == 1 { -value } else { value }
    };
    let mut total = term(0) / 2.0;
    for number in 1..=terms {
        total += term(number);
    }
    let (mut averaged, mut ways) = (0.0, 0.5_f64.powi(i32::try_from(AVERAGED).unwrap_or(0)));
    for number in 0..=AVERAGED {
        averaged += ways * total;
        ways *= float(AVERAGED - number) / float(number + 1);
        total += term(terms + number + 1);
    }
    (SHIFT / 2.0).exp() / x * averaged
}

/// P(S > x) of a law with the transform E[exp(-s S)].
pub fn survival(mut transform: impl FnMut(Complex64) -> Complex64, x: f64, width: f64) -> f64 {
    invert(|s| (Complex64::ONE - transform(s)) / s, x, width)
}

/// E[(S - x)+] of a law with a finite mean.
pub fn excess(mut transform: impl FnMut(Complex64) -> Complex64, mean: f64, x: f64, width: f64) -> f64 {
    invert(|s| (transform(s) - 1.0 + s * mean) / (s * s), x, width)
}

/// E[((S - x)+)^2] of a law with a finite mean and second moment, given as a pair.
pub fn excess_square(mut transform: impl FnMut(Complex64) -> Complex64, (mean, second): (f64, f64), x: f64, width: f64) -> f64 {
    invert(|s| (Complex64::ONE - s * mean + s * s * (second / 2.0) - transform(s)) * 2.0 / (s * s * s), x, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponential_comes_back() {
        let transform = |s: Complex64| (Complex64::ONE + s).inv();
        for x in [0.1_f64, 1.0, 5.0, 20.0] {
            let (survival, excess, square) =
                (survival(transform, x, 1.0), excess(transform, 1.0, x, 1.0), excess_square(transform, (1.0, 2.0), x, 1.0));
            assert!((survival - (-x).exp()).abs() < 1e-10, "{x}: {survival}");
            assert!((excess - (-x).exp()).abs() < 1e-10, "{x}: {excess}");
            assert!((square - 2.0 * (-x).exp()).abs() < 1e-9, "{x}: {square}");
        }
    }
}
