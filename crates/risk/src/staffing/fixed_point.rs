//! The probabilities that a day leaves as they were: GMRES on the difference that one day makes, restarted.
//! It knows nothing of tickets.
//!
//! Source: Saad and Schultz (1986). For days near capacity it needs some dozens of days where plain repetition needs
//! thousands.

use crate::number::{float, sum};

/// Vectors of one round; their number grows with the square root of the days that a disturbance lasts.
const VECTORS: usize = 300;
/// Rounds after which the search is given up.
const ROUNDS: usize = 12;
/// The change in one day, summed over all states, that counts as none.
const UNCHANGED: f64 = 2e-15;
/// The change that rounding alone can make in long days.
const NEARLY_UNCHANGED: f64 = 1e-13;

/// The probabilities that `step`, which is linear and keeps sums, does not change; from a start with a sum above nought.
/// Nothing when they are not found.
pub(super) fn stationary(step: impl Fn(&[f64]) -> Vec<f64>, start: Vec<f64>) -> Option<Vec<f64>> {
    let mut current = normalised(start);
    let mut last_change = f64::INFINITY;
    for _ in 0..ROUNDS {
        let next = normalised(step(&current));
        let change: Vec<f64> = next.iter().zip(&current).map(|(next, current)| next - current).collect();
        let size = sum(change.iter().map(|value| value.abs()));
        if size <= UNCHANGED || (size <= NEARLY_UNCHANGED && size > last_change / 2.0) {
            return Some(next);
        }
        last_change = size;
        let correction = correction(&step, &change);
        let corrected = current.iter().zip(&correction).map(|(current, correction)| (current + correction).max(0.0)).collect();
        current = normalised(step(&normalised(corrected)));
    }
    None
}

fn normalised(mut values: Vec<f64>) -> Vec<f64> {
    let total = sum(values.iter().copied());
    values.iter_mut().for_each(|value| *value /= total);
    values
}

/// The vector d with d - step(d) = `change`, as near as one round of GMRES gets.
fn correction(step: &impl Fn(&[f64]) -> Vec<f64>, change: &[f64]) -> Vec<f64> {
    let size = norm(change);
    let mut basis = vec![scaled(change, 1.0 / size)];
    let mut triangle = Triangle { columns: Vec::new(), rotations: Vec::new(), right: Vec::new(), left_over: size };
    while let (true, Some(newest)) = (triangle.columns.len() < VECTORS, basis.last()) {
        let moved = step(newest);
        let mut vector: Vec<f64> = newest.iter().zip(&moved).map(|(before, after)| before - after).collect();
        let column: Vec<f64> = basis.iter().map(|unit| remove(&mut vector, unit)).collect();
        let below = norm(&vector);
        triangle.push(column, below);
        if triangle.left_over.abs() < 1e-13 * size || triangle.left_over.abs() < 1e-17 || below < 1e-15 {
            break;
        }
        basis.push(scaled(&vector, 1.0 / below));
    }
    let mut total = vec![0.0; change.len()];
    for (unit, factor) in basis.iter().zip(triangle.solve()) {
        total.iter_mut().zip(unit).for_each(|(total, value)| *total += factor * value);
    }
    total
}

/// The least-squares problem of a round, made triangular by rotations as its columns come in.
struct Triangle {
    columns: Vec<Vec<f64>>,
    rotations: Vec<(f64, f64)>,
    right: Vec<f64>,
    /// What the columns so far cannot explain.
    left_over: f64,
}

impl Triangle {
    fn push(&mut self, mut column: Vec<f64>, below: f64) {
        for (place, (cosine, sine)) in self.rotations.iter().enumerate() {
            if let Some([upper, lower]) = column.get_mut(place..place + 2) {
                (*upper, *lower) = (cosine * *upper + sine * *lower, cosine * *lower - sine * *upper);
            }
        }
        let Some(diagonal) = column.last_mut() else { return };
        let length = diagonal.hypot(below);
        let (cosine, sine) = if length > 0.0 { (*diagonal / length, below / length) } else { (1.0, 0.0) };
        *diagonal = length;
        self.rotations.push((cosine, sine));
        self.right.push(cosine * self.left_over);
        self.left_over *= -sine;
        self.columns.push(column);
    }

    /// The factors of the basis vectors, by substitution from the last column.
    fn solve(mut self) -> Vec<f64> {
        let mut factors = Vec::with_capacity(self.columns.len());
        while let (Some(column), Some(right)) = (self.columns.pop(), self.right.pop()) {
            let Some((diagonal, above)) = column.split_last() else { break };
            let factor = if *diagonal > 0.0 { right / diagonal } else { 0.0 };
            self.right.iter_mut().zip(above).for_each(|(right, value)| *right -= factor * value);
            factors.push(factor);
        }
        factors.reverse();
        factors
    }
}

/// Takes the part along a unit vector out of a vector, and gives its length.
fn remove(vector: &mut [f64], unit: &[f64]) -> f64 {
    let along: f64 = vector.iter().zip(unit).map(|(value, unit)| value * unit).sum();
    vector.iter_mut().zip(unit).for_each(|(value, unit)| *value -= along * unit);
    along
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

fn scaled(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|value| value * factor).collect()
}

/// The probabilities of a steady queue with one arrival rate, as a start: load in erlangs, not above the servers.
pub(super) fn steady_queue(load: f64, servers: usize, states: usize) -> Vec<f64> {
    let mut logs = Vec::with_capacity(states);
    let mut log = 0.0;
    for state in 0..states {
        logs.push(log);
        log += load.ln() - float((state + 1).min(servers)).ln();
    }
    let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    normalised(logs.into_iter().map(|log| (log - highest).exp()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_chain_is_solved() {
        // A walk on 0..200 that goes up with 0.199 and down with 0.2: geometric, and slow to forget its start.
        let step = |from: &[f64]| -> Vec<f64> {
            let last = from.len() - 1;
            let at = |place: Option<usize>| place.and_then(|place| from.get(place)).copied().unwrap_or(0.0);
            let stay = |place: usize| 1.0 - if place < last { 0.199 } else { 0.0 } - if place > 0 { 0.2 } else { 0.0 };
            let moved = |place: usize| 0.199 * at(place.checked_sub(1)) + stay(place) * at(Some(place)) + 0.2 * at(Some(place + 1));
            (0..=last).map(moved).collect()
        };
        let found = stationary(step, vec![1.0; 201]).unwrap_or_default();
        assert_eq!(found.len(), 201);
        for (this, next) in found.iter().zip(found.iter().skip(1)) {
            assert!((next / this - 0.995).abs() < 1e-9, "{next} after {this}");
        }
    }

    #[test]
    fn a_steady_queue_has_a_geometric_tail() {
        let steady = steady_queue(1.5, 2, 30);
        assert!((sum(steady.iter().copied()) - 1.0).abs() < 1e-14);
        let (third, fourth) = (steady.get(3).copied().unwrap_or(0.0), steady.get(4).copied().unwrap_or(0.0));
        assert!((fourth / third - 0.75).abs() < 1e-14);
        assert_eq!(steady_queue(0.0, 1, 3), [1.0, 0.0, 0.0]);
    }
}
