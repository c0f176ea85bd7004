//! How far a statistic can be trusted: percentile intervals from samples drawn anew (bootstrap).
//! It knows nothing of the statistic; what belongs together is drawn together as a block.
//! Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13; the quantiles are of type 7.

use rand::{Rng, RngExt};

use crate::fit::Replicates;
use crate::number::quantile_of_sorted;

/// Where a statistic may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The share of replicates between both, for example 0.9.
    pub share: f64,
    /// The statistic of what was observed.
    pub observed: f64,
    /// Replicates in which the statistic was a finite number; only they count.
    pub replicates: usize,
}

/// There is no interval.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum IntervalError {
    /// There is nothing to draw from.
    #[error("there is nothing to draw from")]
    Empty,
    /// The share is not between 0 and 1.
    #[error("the share {0} is not between 0 and 1")]
    BadShare(f64),
    /// The statistic is not a finite number for what was observed.
    #[error("the statistic is not a finite number for what was observed")]
    NotFinite,
    /// Less than half of the replicates gave a finite number, or none was asked for.
    #[error("only {finite} of {asked} replicates gave a finite number")]
    TooFewReplicates {
        /// Replicates that did.
        finite: usize,
        /// All replicates.
        asked: usize,
    },
}

/// The interval of a statistic over items that are drawn anew one by one, as many as there are.
///
/// # Errors
///
/// Fails without items, for a share outside 0 to 1 (both excluded), and when the statistic is mostly not finite.
pub fn bootstrap<T: Clone>(
    items: &[T],
    share: f64,
    replicates: Replicates,
    statistic: impl Fn(&[T]) -> f64,
) -> Result<Interval, IntervalError> {
    percentile(items.len(), share, replicates, |drawn| statistic(&gather(items, drawn)))
}

/// The interval of a statistic over the items of blocks that are drawn anew as a whole, as many as there are: months
/// of a client, or all work on an incident. The statistic sees the items of all drawn blocks one after another, so
/// their number may differ from draw to draw.
///
/// # Errors
///
/// As [`bootstrap`], with blocks for items.
pub fn bootstrap_blocks<T: Clone>(
    blocks: &[Vec<T>],
    share: f64,
    replicates: Replicates,
    statistic: impl Fn(&[T]) -> f64,
) -> Result<Interval, IntervalError> {
    percentile(blocks.len(), share, replicates, |drawn| statistic(&gather(blocks, drawn).concat()))
}

fn gather<T: Clone>(items: &[T], positions: &[usize]) -> Vec<T> {
    positions.iter().filter_map(|position| items.get(*position)).cloned().collect()
}

/// The interval of a statistic of positions.
fn percentile(
    length: usize,
    share: f64,
    replicates: Replicates,
    statistic: impl Fn(&[usize]) -> f64,
) -> Result<Interval, IntervalError> {
    if length == 0 {
        return Err(IntervalError::Empty);
    }
    if !(share > 0.0 && share < 1.0) {
        return Err(IntervalError::BadShare(share));
    }
    let all: Vec<usize> = (0..length).collect();
    let observed = statistic(&all);
    if !observed.is_finite() {
        return Err(IntervalError::NotFinite);
    }
    let drawn = replicates.streams().map(|mut stream| statistic(&positions(length, &mut stream)));
    let mut values: Vec<f64> = drawn.filter(|value| value.is_finite()).collect();
    let too_few = IntervalError::TooFewReplicates { finite: values.len(), asked: replicates.count };
    if values.len() < replicates.count.div_ceil(2) {
        return Err(too_few);
    }
    values.sort_by(f64::total_cmp);
    let outside = (1.0 - share) / 2.0;
    let (Some(low), Some(high)) = (quantile_of_sorted(&values, outside), quantile_of_sorted(&values, 1.0 - outside)) else {
        return Err(too_few);
    };
    Ok(Interval { low, high, share, observed, replicates: values.len() })
}

/// So many positions below a length, each as likely as the others.
fn positions(length: usize, stream: &mut impl Rng) -> Vec<usize> {
    (0..length).map(|_| stream.random_range(0..length)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::{float, mean, sum};

    const MANY: Replicates = Replicates { count: 2_000, seed: 11 };

    #[test]
    fn the_interval_of_a_mean_is_that_of_its_standard_error() -> Result<(), IntervalError> {
        let items: Vec<f64> = (0..100).map(f64::from).collect();
        let interval = bootstrap(&items, 0.9, MANY, mean)?;
        // The standard deviation is 28.87, so the mean has an error of 2.887, and 1.645 of them are 4.75.
        assert!((interval.low - 44.75).abs() < 0.4 && (interval.high - 54.25).abs() < 0.4, "{interval:?}");
        assert_eq!((interval.observed, interval.share, interval.replicates), (49.5, 0.9, 2_000));
        Ok(())
    }

    #[test]
    fn the_same_seed_is_the_same_interval() -> Result<(), IntervalError> {
        let items = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0];
        let with = |seed: u64| bootstrap(&items, 0.8, Replicates { count: 300, seed }, mean);
        assert_eq!(with(3)?, with(3)?);
        assert_ne!(with(3)?, with(4)?);
        Ok(())
    }

    #[test]
    fn blocks_stay_together() -> Result<(), IntervalError> {
        // Within a block all is equal, so five blocks say no more than five items.
        let blocks: Vec<Vec<f64>> = (0..5).map(|value| vec![f64::from(value); 40]).collect();
        let items: Vec<f64> = blocks.concat();
        let (of_blocks, of_items) = (bootstrap_blocks(&blocks, 0.9, MANY, mean)?, bootstrap(&items, 0.9, MANY, mean)?);
        let width = |interval: Interval| interval.high - interval.low;
        assert!(width(of_blocks) > 4.0 * width(of_items), "{of_blocks:?} {of_items:?}");
        let uneven = [vec![1.0], Vec::new(), vec![2.0, 3.0]];
        let total = bootstrap_blocks(&uneven, 0.5, MANY, |drawn| sum(drawn.iter().copied()))?;
        assert_eq!(total.observed, 6.0);
        Ok(())
    }

    #[test]
    fn one_item_has_an_interval_of_no_width() -> Result<(), IntervalError> {
        let interval = bootstrap(&[2.5], 0.9, MANY, mean)?;
        assert_eq!((interval.low, interval.high), (2.5, 2.5));
        Ok(())
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let none: [f64; 0] = [];
        assert_eq!(bootstrap(&none, 0.9, MANY, mean), Err(IntervalError::Empty));
        assert_eq!(bootstrap_blocks::<f64>(&[], 0.9, MANY, mean), Err(IntervalError::Empty));
        assert_eq!(bootstrap(&[1.0], 1.0, MANY, mean), Err(IntervalError::BadShare(1.0)));
        assert!(matches!(bootstrap(&[1.0], f64::NAN, MANY, mean), Err(IntervalError::BadShare(_))));
        assert_eq!(bootstrap(&[1.0], 0.9, MANY, |_| f64::NAN), Err(IntervalError::NotFinite));
        let none_asked = Replicates { count: 0, seed: 1 };
        assert_eq!(bootstrap(&[1.0], 0.9, none_asked, mean), Err(IntervalError::TooFewReplicates { finite: 0, asked: 0 }));
        // All but the sample itself has no spread to divide by.
        let items: Vec<f64> = (0..20).map(f64::from).collect();
        let rare = bootstrap(&items, 0.9, MANY, |drawn| {
            let distinct = drawn.windows(2).all(|pair| pair.first() != pair.last());
            if distinct && drawn.first() == Some(&0.0) { float(drawn.len()) } else { f64::INFINITY }
        });
        assert!(matches!(rare, Err(IntervalError::TooFewReplicates { asked: 2_000, .. })), "{rare:?}");
    }
}
