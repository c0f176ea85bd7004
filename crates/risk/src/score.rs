//! How good forecasts were: the continuous ranked probability score (Gneiting and Raftery 2007) and the pinball loss.

use crate::frequency::Frequency;
use crate::law::{Compound, Grid, Grids, Lattice};
use crate::number::{float, sorted, sum};
use crate::special::{gamma_p, ln_gamma, normal_cdf};

/// The loss of a quantile forecast: what came lies above it with weight `share`, below with 1 - `share`.
#[must_use]
pub fn pinball(share: f64, forecast: f64, came: f64) -> f64 {
    if came < forecast { (1.0 - share) * (forecast - came) } else { share * (came - forecast) }
}

/// The score of a gamma law (Scheuerer and Möller 2015).
#[must_use]
pub fn crps_of_gamma(shape: f64, scale: f64, came: f64) -> f64 {
    let below = gamma_p(shape, came / scale);
    let further = gamma_p(shape + 1.0, came / scale);
    let beta = (ln_gamma(shape + 0.5) - ln_gamma(shape) - ln_gamma(0.5)).exp();
    came * (2.0 * below - 1.0) - shape * scale * (2.0 * further - 1.0) - scale * beta
}

/// The score of a lognormal law (Baran and Lerch 2015).
#[must_use]
pub fn crps_of_lognormal(mu: f64, sigma: f64, came: f64) -> f64 {
    let z = (came.ln() - mu) / sigma;
    let mean = (mu + sigma * sigma / 2.0).exp();
    came * (2.0 * normal_cdf(z) - 1.0) - 2.0 * mean * (normal_cdf(z - sigma) + normal_cdf(sigma / std::f64::consts::SQRT_2) - 1.0)
}

/// The score of a number of tickets.
#[must_use]
pub fn crps_of_count(law: Frequency, came: f64) -> f64 {
    let [mean, variance, _] = law.cumulants();
    let reach = mean.max(came) + 40.0 * variance.sqrt() + 40.0;
    let (mut below, mut total, mut count) = (0.0, 0.0, 0_u32);
    while f64::from(count) < reach {
        below += law.probability(count);
        let step = f64::from(u8::from(f64::from(count) >= came));
        total += (below - step).powi(2);
        count += 1;
    }
    total
}

/// The score of the hours of a compound: E|S - y| less half the mean distance of two such months.
#[must_use]
pub fn crps_of_compound(law: &Compound, came: f64) -> f64 {
    let reach = law.mean() + 30.0 * law.deviation();
    if let Some(lattice) = Lattice::new(law, reach.max(came) + 1.0) {
        return crps_of_lattice(&lattice, came);
    }
    let grid = Grid::new(law, reach.max(came * 1.01), 1 << 16, &mut Grids::new());
    // Past the grid's end F is nearly 1, so that the rest of the integral is the excess over it.
    let rest = grid.excess(grid.hours()).max(0.0);
    2.0 * grid.shortfall(came) + law.mean() - came - grid.half_distance() - rest
}

/// The score of a law in steps: the integral of (F - 1{came})^2.
#[must_use]
pub fn crps_of_lattice(law: &Lattice, came: f64) -> f64 {
    let (mut below, mut total) = (0.0, 0.0);
    for (number, share) in law.probabilities().iter().enumerate() {
        below += share;
        let at = float(number) * law.step();
        // What came may lie within a step.
        let before = (came - at).clamp(0.0, law.step());
        total += below * below * before + (1.0 - below) * (1.0 - below) * (law.step() - before);
    }
    total + (-came).max(0.0)
}

/// The score of draws from a law, in any order: what was drawn, and what came. Sorts a copy.
#[must_use]
pub fn crps_of_draws(draws: &[f64], came: f64) -> f64 {
    let sorted = sorted(draws.to_vec());
    let count = float(sorted.len());
    let distance = sum(sorted.iter().map(|value| (value - came).abs())) / count;
    let spread = sum(sorted.iter().enumerate().map(|(at, value)| value * (2.0 * float(at) + 1.0 - count))) / (count * count);
    distance - spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_without_doubt_scores_by_its_distance() {
        assert_eq!(crps_of_draws(&[3.0, 3.0, 3.0], 5.0), 2.0);
        assert!((crps_of_draws(&[1.0, 2.0], 1.5) - 0.25).abs() < 1e-15);
        assert_eq!(pinball(0.9, 12.0, 15.0), 0.9 * 3.0);
    }
}
