//! The few conversions between counts and floats, so that nothing else casts.

use quarterhour_billing::{Currency, Decimal};

/// A count as a float; exact below 2^32, and no count here is larger.
#[must_use]
pub fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A whole number of seconds, cents or the like as a float.
#[must_use]
#[expect(clippy::as_conversions, reason = "the nearest float is what is wanted, and i64 has no From for it")]
pub fn float_i64(value: i64) -> f64 {
    value as f64
}

/// The whole part of a float as an index; not a number and below nought are nought.
#[must_use]
#[expect(clippy::as_conversions, reason = "the cast saturates, which is what is wanted here")]
pub fn index(value: f64) -> usize {
    value as usize
}

/// The nearest whole number.
#[must_use]
#[expect(clippy::as_conversions, reason = "the cast saturates, which is what is wanted here")]
pub fn round_i64(value: f64) -> i64 {
    value.round() as i64
}

/// A price, a weight or the like as a float, for what is no bill.
#[must_use]
pub fn decimal(value: Decimal) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

/// The minor units of one unit of a currency.
#[must_use]
pub fn minor_units(currency: Currency) -> f64 {
    10_f64.powi(i32::from(currency.digits()))
}

/// Values from the least to the most.
#[must_use]
pub fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// A sum that keeps what the plain one would lose (Neumaier).
#[must_use]
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() { (total - next) + value } else { (value - next) + total };
        total = next;
    }
    total + lost
}

/// The mean of some values; not a number for none.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    sum(values.iter().copied()) / float(values.len())
}

/// The `share` quantile of sorted values, between neighbours by their distance (type 7 of Hyndman and Fan);
/// nothing for none.
#[must_use]
pub fn quantile_of_sorted(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = float(last) * share.clamp(0.0, 1.0);
    let below = *sorted.get(index(at))?;
    let above = *sorted.get(index(at) + 1).unwrap_or(&below);
    Some(below + (above - below) * at.fract())
}

/// A root of a function that changes its sign between two points, to the last digits (Brent).
/// Where the sign does not change, the end that is nearer to nought is returned.
pub fn root(mut function: impl FnMut(f64) -> f64, from: f64, to: f64) -> f64 {
    let (mut a, mut b) = (from, to);
    let (mut at_a, mut at_b) = (function(a), function(b));
    if at_a.abs() < at_b.abs() {
        (a, b, at_a, at_b) = (b, a, at_b, at_a);
    }
    if at_a * at_b > 0.0 {
        return b;
    }
    let (mut c, mut at_c, mut before, mut bisected) = (a, at_a, a, true);
    for _ in 0..200 {
        if at_b == 0.0 || (b - a).abs() <= 4.0 * f64::EPSILON * b.abs() {
            break;
        }
        let mut next = if at_a != at_c && at_b != at_c {
            a * at_b * at_c / ((at_a - at_b) * (at_a - at_c))
                + b * at_a * at_c / ((at_b - at_a) * (at_b - at_c))
                + c * at_a * at_b / ((at_c - at_a) * (at_c - at_b))
        } else {
            b - at_b * (b - a) / (at_b - at_a)
        };
        let (low, high) = ((3.0 * a + b) / 4.0, b);
        let outside = next < low.min(high) || next > low.max(high) || next.is_nan();
        let slow = if bisected { (next - b).abs() >= (b - c).abs() / 2.0 } else { (next - b).abs() >= (c - before).abs() / 2.0 };
        bisected = outside || slow;
        if bisected {
            next = f64::midpoint(a, b);
        }
        let at_next = function(next);
        (before, c, at_c) = (c, b, at_b);
        if at_a * at_next < 0.0 {
            (b, at_b) = (next, at_next)
        } else {
            (a, at_a) = (next, at_next)
        }
        if at_a.abs() < at_b.abs() {
            (a, b, at_a, at_b) = (b, a, at_b, at_a);
        }
    }
    b
}

/// The place and the value of the least value of a function of several variables (Nelder and Mead), from a start
/// with a step for each variable.
pub fn minimise(mut function: impl FnMut(&[f64]) -> f64, start: &[f64], steps: &[f64]) -> (Vec<f64>, f64) {
    let mut simplex: Vec<(Vec<f64>, f64)> = Vec::with_capacity(start.len() + 1);
    simplex.push((start.to_vec(), function(start)));
    for (position, step) in steps.iter().enumerate() {
        let moved: Vec<f64> = start.iter().enumerate().map(|(at, value)| if at == position { value + step } else { *value }).collect();
        let value = function(&moved);
        simplex.push((moved, value));
    }
    let finite = |value: f64| if value.is_nan() { f64::INFINITY } else { value };
    for _ in 0..(400 * start.len().max(1)) {
        simplex.sort_by(|one, other| finite(one.1).total_cmp(&finite(other.1)));
        let Some((worst, rest)) = simplex.split_last() else { break };
        let (Some(best), Some(second)) = (rest.first(), rest.last()) else { break };
        if (finite(worst.1) - finite(best.1)).abs() <= 1e-15 * best.1.abs().max(1e-300) {
            break;
        }
        let centre: Vec<f64> =
            (0..start.len()).map(|at| sum(rest.iter().filter_map(|(point, _)| point.get(at)).copied()) / float(rest.len())).collect();
        let along = |factor: f64| -> Vec<f64> {
            centre.iter().zip(&worst.0).map(|(centre, worst)| centre + factor * (worst - centre)).collect()
        };
        let (best_value, second_value, worst_value) = (best.1, second.1, worst.1);
        let reflected = along(-1.0);
        let at_reflected = finite(function(&reflected));
        let taken = if at_reflected < best_value {
            let expanded = along(-2.0);
            let at_expanded = finite(function(&expanded));
            if at_expanded < at_reflected { Some((expanded, at_expanded)) } else { Some((reflected, at_reflected)) }
        } else if at_reflected < second_value {
            Some((reflected, at_reflected))
        } else {
            let contracted = along(if at_reflected < worst_value { -0.5 } else { 0.5 });
            let at_contracted = finite(function(&contracted));
            (at_contracted < at_reflected.min(worst_value)).then_some((contracted, at_contracted))
        };
        match taken {
            Some(point) => {
                if let Some(last) = simplex.last_mut() {
                    *last = point;
                }
            }
            None => {
                let best = best.0.clone();
                for point in simplex.iter_mut().skip(1) {
                    let shrunk: Vec<f64> = point.0.iter().zip(&best).map(|(value, best)| f64::midpoint(*value, *best)).collect();
                    *point = (shrunk.clone(), function(&shrunk));
                }
            }
        }
    }
    simplex.into_iter().min_by(|one, other| finite(one.1).total_cmp(&finite(other.1))).unwrap_or((start.to_vec(), f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_found_to_the_last_digits() {
        let found = root(|x| x * x - 2.0, 0.0, 2.0);
        assert!((found - std::f64::consts::SQRT_2).abs() < 1e-15, "{found}");
    }

    #[test]
    fn the_valley_of_rosenbrock_is_found() {
        let (at, value) = minimise(|p| (1.0 - p[0]).powi(2) + 100.0 * (p[1] - p[0] * p[0]).powi(2), &[-1.2, 1.0], &[0.5, 0.5]);
        assert!(value < 1e-12 && (at[0] - 1.0).abs() < 1e-5, "{at:?} {value}");
    }

    #[test]
    fn a_sum_keeps_small_terms() {
        assert_eq!(sum([1e16, 1.0, -1e16]), 1.0);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile_of_sorted(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile_of_sorted(&[], 0.5), None);
    }
}
