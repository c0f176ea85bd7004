//! The peak of a negative binomial likelihood in its dispersion, with a rate for each group of cells.
//! It says nothing of what the cells are: months of a client, or clients of a portfolio.
//!
//! A cell has a count n and an exposure w; n has the mean m = r w and the variance m + k m^2. For each k every group
//! has its best rate r, and the score in k at those rates is the slope of the profile likelihood. Its sign is
//! looked at from nought upwards, each fall through nought is a peak, and the highest counts. So more than one
//! peak does no harm, and a likelihood that is highest at nought gives nought: Poisson.

use crate::number::{root, sum};
use crate::rising::{log_ratio, rising_log, rising_score, score_ratio};

/// A count, and the exposure that it came from, which is above nought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) count: f64,
    pub(super) exposure: f64,
}

/// The best dispersion of all groups together.
#[derive(Clone, Debug)]
pub(super) struct Peak {
    /// k; nought is the Poisson limit.
    pub(super) dispersion: f64,
    /// The rate of each group, in their order.
    pub(super) rates: Vec<f64>,
    /// Without the terms ln n! and n ln w.
    pub(super) log_likelihood: f64,
}

/// The first dispersion that is looked at is 4^-14, one part in 3 x 10^8.
const FIRST_POWER: i32 = -14;
/// Dispersions are looked at up to here, and beyond for as long as the likelihood rises.
const USUAL_POWER: i32 = 12;
/// A likelihood does not rise for longer than this: the size would be 10^-24.
const LAST_POWER: i32 = 40;
/// The score at nought is a difference of sums; below this share of them it is rounding.
const ROUNDING: f64 = 1e-13;

/// The highest peak. A group without cells has the rate nought.
pub(super) fn peak(groups: &[Vec<Cell>]) -> Peak {
    let mut best = at(groups, 0.0);
    let mut below = (0.0, score_at_nought(groups));
    for power in FIRST_POWER..=LAST_POWER {
        let above = 4.0_f64.powi(power);
        let above = (above, profile_score(groups, above));
        if below.1 > 0.0 && above.1 <= 0.0 {
            let found = at(groups, root(|k| profile_score(groups, k), below.0, above.0));
            if found.log_likelihood > best.log_likelihood {
                best = found;
            }
        }
        if power >= USUAL_POWER && above.1 <= 0.0 {
            break;
        }
        below = above;
    }
    best
}

/// The rates and the likelihood at one dispersion.
fn at(groups: &[Vec<Cell>], dispersion: f64) -> Peak {
    let rates: Vec<f64> = groups.iter().map(|cells| rate(cells, dispersion)).collect();
    let each =
        groups.iter().zip(&rates).flat_map(|(cells, rate)| cells.iter().map(move |cell| log_likelihood(*cell, *rate, dispersion)));
    let log_likelihood = sum(each);
    Peak { dispersion, rates, log_likelihood }
}

/// The slope of the profile likelihood of all groups.
fn profile_score(groups: &[Vec<Cell>], dispersion: f64) -> f64 {
    sum(groups.iter().map(|cells| group_score(cells, dispersion)))
}

/// The slope of the profile likelihood of one group.
pub(super) fn group_score(cells: &[Cell], dispersion: f64) -> f64 {
    let rate = rate(cells, dispersion);
    sum(cells.iter().map(|cell| score(*cell, rate, dispersion)))
}

/// The slope at nought; nought where it cannot be told from it.
fn score_at_nought(groups: &[Vec<Cell>]) -> f64 {
    let score = profile_score(groups, 0.0);
    let size = sum(groups.iter().flatten().map(|cell| cell.count * cell.count));
    if score > ROUNDING * size { score } else { 0.0 }
}

/// The best rate of a group at one dispersion: the root of the sum of (n - r w) / (1 + k r w).
///
/// That sum falls and is convex in r, so Newton's steps from the left never pass the root, and one from the right
/// lands on the left of it, at times below nought: then r is cut to an eighth instead.
pub(super) fn rate(cells: &[Cell], dispersion: f64) -> f64 {
    let (counts, exposures) = (sum(cells.iter().map(|cell| cell.count)), sum(cells.iter().map(|cell| cell.exposure)));
    if counts <= 0.0 || exposures <= 0.0 {
        return 0.0;
    }
    let mut rate = counts / exposures;
    for _ in 0..100 {
        let part = |cell: &Cell| 1.0 + dispersion * rate * cell.exposure;
        let value = sum(cells.iter().map(|cell| (cell.count - rate * cell.exposure) / part(cell)));
        let slope = sum(cells.iter().map(|cell| cell.exposure * (1.0 + dispersion * cell.count) / part(cell).powi(2)));
        let next = (rate + value / slope).max(rate / 8.0);
        let done = (next - rate).abs() <= 2.0 * f64::EPSILON * rate;
        rate = next;
        if done {
            break;
        }
    }
    rate
}

/// The log-likelihood of one cell, without ln n! and n ln w.
fn log_likelihood(cell: Cell, rate: f64, dispersion: f64) -> f64 {
    let Cell { count, exposure } = cell;
    let mean = rate * exposure;
    let swell = dispersion * mean;
    let hits = if count > 0.0 { rising_log(dispersion, count) + count * (rate.ln() - swell.ln_1p()) } else { 0.0 };
    hits - mean * log_ratio(swell)
}

/// Its derivative in the dispersion, at a fixed rate.
fn score(cell: Cell, rate: f64, dispersion: f64) -> f64 {
    let Cell { count, exposure } = cell;
    let mean = rate * exposure;
    let swell = dispersion * mean;
    rising_score(dispersion, count) - count * mean / (1.0 + swell) + mean * mean * score_ratio(swell)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(of: &[(f64, f64)]) -> Vec<Cell> {
        of.iter().map(|(count, exposure)| Cell { count: *count, exposure: *exposure }).collect()
    }

    #[test]
    fn the_score_is_the_slope_of_the_profile() {
        let groups = [cells(&[(3.0, 1.0), (9.0, 2.0), (0.0, 0.5)]), cells(&[(40.0, 10.0), (90.0, 12.0)])];
        for k in [1e-3, 0.2, 3.0] {
            let step = 1e-5 * k;
            let slope = (at(&groups, k + step).log_likelihood - at(&groups, k - step).log_likelihood) / (2.0 * step);
            assert!((profile_score(&groups, k) - slope).abs() < 1e-6 * slope.abs().max(1.0), "{k}");
        }
    }

    #[test]
    fn a_rate_is_the_root_of_its_equation() {
        // The second begins right of its root, from where a step of Newton's leads below nought.
        for group in [cells(&[(3.0, 1.0), (9.0, 20.0), (0.0, 0.5), (1000.0, 7.0)]), cells(&[(0.0, 1.0), (0.0, 1.0), (1000.0, 100.0)])]
        {
            for k in [0.0, 0.3, 20.0, 1e4] {
                let rate = rate(&group, k);
                let left = sum(group.iter().map(|cell| (cell.count - rate * cell.exposure) / (1.0 + k * rate * cell.exposure)));
                let size = sum(group.iter().map(|cell| cell.count / (1.0 + k * rate * cell.exposure)));
                assert!(rate > 0.0 && left.abs() < 1e-13 * size, "{k}: {left} of {size}");
            }
        }
        assert_eq!(super::rate(&[], 1.0), 0.0);
        assert_eq!(super::rate(&cells(&[(0.0, 3.0)]), 1.0), 0.0);
    }

    #[test]
    fn a_variance_equal_to_the_mean_is_poisson() {
        let equal = peak(&[cells(&[(0.0, 1.0), (2.0, 1.0)])]);
        assert_eq!(equal.dispersion, 0.0);
        assert!((equal.log_likelihood + 2.0).abs() < 1e-15);
        assert_eq!(peak(&[]).dispersion, 0.0);
    }

    #[test]
    fn one_giant_among_noughts_has_a_finite_peak() {
        let mut group = vec![Cell { count: 0.0, exposure: 1.0 }; 1_000];
        group.push(Cell { count: 1e6, exposure: 1.0 });
        let peak = peak(&[group.clone()]);
        assert!(peak.dispersion > 1e3 && peak.dispersion < 1e5, "{}", peak.dispersion);
        let (below, above) =
            (group_score(&group, peak.dispersion * (1.0 - 1e-9)), group_score(&group, peak.dispersion * (1.0 + 1e-9)));
        assert!(below > 0.0 && above < 0.0, "{below} {above}");
    }
}
