//! What the costs of many years say. It draws nothing.

use serde::Serialize;

use crate::estimate::Estimate;
use crate::number::{float, index};
use crate::years::{Run, Sums};

/// Bins of the first look at the costs, by which ranks are found without sorting all of them.
const BINS: usize = 4_096;

/// A year under a tariff, each number with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The mean of a year's cost, money.
    pub mean: Estimate,
    /// The standard deviation of a year's cost, money.
    pub deviation: f64,
    /// The cost that half of the years do not pass.
    pub median: Estimate,
    /// The cost that nine of ten years do not pass.
    pub p90: Estimate,
    /// The cost that 95 of a hundred years do not pass.
    pub p95: Estimate,
    /// The mean cost of the worst five of a hundred years.
    pub tail95: Estimate,
    /// The chance of overage in a month.
    pub overage_chance: Estimate,
    /// Hours a year that were paid ahead and lost.
    pub lost_hours: Estimate,
    /// Hours that were paid ahead and are left at the year's end.
    pub left_hours: Estimate,
}

impl Figures {
    pub(super) fn new(costs: &[f64], sums: &Sums, run: Run) -> Self {
        let count = float(costs.len());
        // Sums of differences from a cost among them do not cancel.
        let pivot = costs.first().copied().unwrap_or(0.0);
        let [first, second] = sums_of(costs, |cost| cost - pivot);
        let mean = estimate([first, second], count);
        let shares = [0.5, 0.9, 0.95];
        let [median, p90, p95] = quantiles(costs, shares);
        // TVaR = quantile + E[(cost - quantile)+] / (1 - 0.95).
        let tail = estimate(sums_of(costs, |cost| if cost > p95.value { cost - p95.value } else { 0.0 }), count);
        let months = float(run.months);
        let over = estimate(sums.over, count);
        Self {
            mean: Estimate { value: pivot + mean.value, error: mean.error },
            deviation: mean.error * count.sqrt(),
            median,
            p90,
            p95,
            tail95: Estimate { value: p95.value + tail.value / 0.05, error: tail.error / 0.05 },
            overage_chance: Estimate { value: over.value / months, error: over.error / months },
            lost_hours: estimate(sums.lost, count),
            left_hours: estimate(sums.left, count),
        }
    }
}

/// The mean of a number of values with its standard error, from their sum and the sum of their squares.
fn estimate([first, second]: [f64; 2], count: f64) -> Estimate {
    let value = first / count;
    let variance = ((second - first * value) / (count - 1.0)).max(0.0);
    Estimate { value, error: (variance / count).sqrt() }
}

/// The sum and the sum of squares of what a function makes of values; eight sums run beside each other.
pub(super) fn sums_of(values: &[f64], function: impl Fn(f64) -> f64) -> [f64; 2] {
    let (mut first, mut second) = ([0.0; 8], [0.0; 8]);
    let (eights, rest) = values.as_chunks::<8>();
    for eight in eights {
        for ((first, second), value) in first.iter_mut().zip(&mut second).zip(eight) {
            let value = function(*value);
            *first += value;
            *second += value * value;
        }
    }
    let mut total = [first.iter().sum::<f64>(), second.iter().sum::<f64>()];
    for value in rest {
        let value = function(*value);
        total.iter_mut().zip([value, value * value]).for_each(|(sum, own)| *sum += own);
    }
    total
}

/// Quantiles, the least cost that a share of years does not pass. The standard error is half the distance of the costs that lie a
/// standard error of the share below and above.
fn quantiles<const N: usize>(values: &[f64], shares: [f64; N]) -> [Estimate; N] {
    let count = float(values.len());
    let rank = |share: f64| index((share * count - 1e-9).ceil().clamp(1.0, count)) - 1;
    let wide = |share: f64| (share * (1.0 - share) / count).sqrt();
    let ranks: Vec<usize> = shares.iter().flat_map(|share| [share - wide(*share), *share, share + wide(*share)].map(rank)).collect();
    let found = of_ranks(values, &ranks);
    let mut threes = found.chunks_exact(3);
    shares.map(|_| match threes.next() {
        Some([low, middle, high]) => Estimate { value: *middle, error: (high - low) / 2.0 },
        _ => Estimate { value: f64::NAN, error: f64::NAN },
    })
}

/// The values of some ranks, from nought: what lies in the bins of the ranks is sorted, the rest is only counted.
fn of_ranks(values: &[f64], ranks: &[usize]) -> Vec<f64> {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        least = if *value < least { *value } else { least };
        most = if *value > most { *value } else { most };
    }
    let scale = float(BINS - 1) / (most - least);
    if !scale.is_finite() {
        return vec![least; ranks.len()];
    }
    let bin = |value: f64| bin((value - least) * scale);
    let mut counts = vec![0_usize; BINS];
    for value in values {
        if let Some(count) = counts.get_mut(bin(*value)) {
            *count += 1;
        }
    }
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut below = 0;
    for (bin, count) in counts.into_iter().enumerate() {
        if ranks.iter().any(|rank| (below..below + count).contains(rank)) {
            wanted.push(Wanted { bin, below, count, values: Vec::new() });
        }
        below += count;
    }
    // A bin that is full may hold one cost only, as blocks make few different ones.
    for one in wanted.iter_mut().filter(|one| one.count > values.len() / 16) {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            let is_own = bin(*value) == one.bin;
            low = if is_own && *value < low { *value } else { low };
            high = if is_own && *value > high { *value } else { high };
        }
        if low == high {
            one.values = vec![low];
        }
    }
    let mut places = vec![usize::MAX; BINS];
    for (place, one) in wanted.iter().enumerate().filter(|(_, one)| one.values.is_empty()) {
        places.iter_mut().skip(one.bin).take(1).for_each(|slot| *slot = place);
    }
    for value in values {
        let place = places.get(bin(*value)).copied().unwrap_or(usize::MAX);
        if let Some(one) = wanted.get_mut(place) {
            one.values.push(*value);
        }
    }
    wanted.iter_mut().for_each(|one| one.values.sort_unstable_by(f64::total_cmp));
    let of = |rank: &usize| {
        let one = wanted.iter().rev().find(|one| one.below <= *rank)?;
        one.values.get(rank - one.below).or(one.values.last()).copied()
    };
    ranks.iter().map(|rank| of(rank).unwrap_or(f64::NAN)).collect()
}

/// A bin that holds a rank.
struct Wanted {
    bin: usize,
    /// How many values lie in the bins before it.
    below: usize,
    count: usize,
    /// Its values, or the one that all of them are.
    values: Vec<f64>,
}

/// The whole number nearest to a float that is not above [`BINS`], from its last bits: several times as fast as a cast.
fn bin(value: f64) -> usize {
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    const _: () = assert!(BINS.is_power_of_two());
    usize::try_from((value + WHOLE).to_bits()).unwrap_or(0) & (BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_sorted_values() {
        // Bunched, with an outlier and ties.
        let values: Vec<f64> = (0..5_000_u32).map(|number| f64::from(number * 7_919 % 5_003 / 3)).chain([1e9]).collect();
        let sorted = crate::number::sorted(values.clone());
        let ranks = [0, 1, 17, 2_500, 2_501, 4_999, 5_000];
        assert_eq!(of_ranks(&values, &ranks), ranks.map(|rank| sorted[rank]));
        assert_eq!(of_ranks(&[3.0; 9], &[0, 8]), [3.0, 3.0]);
        let spread: Vec<f64> = (0..1_000_u32).map(|number| f64::from(number * 7 % 1_000)).collect();
        assert_eq!(of_ranks(&spread, &[0, 499, 998, 999]), [0.0, 499.0, 998.0, 999.0]);
    }

    #[test]
    fn figures_of_a_hundred_costs_are_counted_by_hand() {
        let costs: Vec<f64> = (1..=100_u32).rev().map(f64::from).collect();
        let sums = Sums { over: [300.0, 1_200.0], lost: [50.0, 100.0], left: [0.0, 0.0] };
        let figures = Figures::new(&costs, &sums, Run { years: 100, months: 12, seed: 0 });
        assert!((figures.mean.value - 50.5).abs() < 1e-12);
        assert!((figures.deviation - (100.0 * 101.0 / 12.0_f64).sqrt()).abs() < 1e-9, "{figures:?}");
        assert_eq!((figures.median.value, figures.p90.value, figures.p95.value), (50.0, 90.0, 95.0));
        assert!((figures.tail95.value - 98.0).abs() < 1e-9);
        assert_eq!((figures.median.error, figures.overage_chance.value, figures.lost_hours.value), (5.0, 0.25, 0.5));
    }
}
