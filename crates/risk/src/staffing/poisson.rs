//! The probabilities of a Poisson count, as far as they are not negligible. Built outwards from the likeliest count,
//! so that no mean is too large: e^-mean is never formed. It is not a frequency model of tickets.

use crate::number::{float, index, sum};

/// A probability, relative to the likeliest, that is left out.
const NEGLIGIBLE: f64 = 1e-19;

/// The probabilities of the counts from `first` on.
#[derive(Clone, Debug)]
pub(super) struct PoissonWeights {
    pub(super) first: usize,
    pub(super) weights: Vec<f64>,
}

impl PoissonWeights {
    /// Of a mean, nought or above.
    pub(super) fn new(mean: f64) -> Self {
        let mode = index(mean);
        let (mut weights, mut count, mut weight) = (Vec::new(), mode, 1.0);
        while count > 0 && weight > NEGLIGIBLE {
            weight *= float(count) / mean;
            weights.push(weight);
            count -= 1;
        }
        let first = mode - weights.len();
        weights.reverse();
        (count, weight) = (mode, 1.0);
        while weight > NEGLIGIBLE {
            weights.push(weight);
            count += 1;
            weight *= mean / float(count);
        }
        let total = sum(weights.iter().copied());
        weights.iter_mut().for_each(|weight| *weight /= total);
        Self { first, weights }
    }

    /// P(count >= n) for n = 0, 1, ... `most`.
    pub(super) fn at_least(&self, most: usize) -> Vec<f64> {
        let mut from_top: Vec<f64> = Vec::with_capacity(self.weights.len());
        let mut total = 0.0;
        for weight in self.weights.iter().rev() {
            total += weight;
            from_top.push(total);
        }
        from_top.reverse();
        let above = |count: usize| count.checked_sub(self.first).map_or(1.0, |place| from_top.get(place).copied().unwrap_or(0.0));
        (0..=most).map(above).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::gamma_p;

    #[test]
    fn small_and_large_means_meet_the_gamma_function() {
        for mean in [0.3, 1.0, 12.0, 2_000.5] {
            let tails = PoissonWeights::new(mean).at_least(4_000);
            for (count, tail) in tails.iter().enumerate().skip(1).step_by(7) {
                let wanted = gamma_p(float(count), mean);
                assert!((tail - wanted).abs() < 1e-12, "mean {mean}, count {count}: {tail} is not {wanted}");
            }
        }
    }

    #[test]
    fn a_mean_of_nought_is_surely_nought() {
        let none = PoissonWeights::new(0.0);
        assert_eq!((none.first, none.weights.as_slice()), (0, [1.0].as_slice()));
        assert_eq!(none.at_least(2), [1.0, 0.0, 0.0]);
    }

    #[test]
    fn a_huge_mean_neither_underflows_nor_drifts() {
        let weights = PoissonWeights::new(1e6);
        let mean = sum(weights.weights.iter().enumerate().map(|(place, weight)| float(weights.first + place) * weight));
        assert!((mean - 1e6).abs() < 1e-6, "{mean}");
    }
}
