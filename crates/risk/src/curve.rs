//! Cost against demand: what each program costs when there are fewer or more tickets, and where one overtakes another.

use quarterhour_billing::BillingError;
use rayon::prelude::*;
use serde::Serialize;

use crate::control::Weights;
use crate::estimate::{Control, closest, mean_with};
use crate::field::Field;
use crate::number::{float, float_i64, mean, sum};

/// The cost of a year at one level of demand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Tickets a month.
    pub tickets: f64,
    /// Hours a month.
    pub hours: f64,
    /// Mean cost of a year by candidate, whole units of the currency.
    pub costs: Vec<f64>,
}

/// Where two programs cost the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakEven {
    /// The program that is cheaper below.
    pub below: String,
    /// The program that is cheaper above.
    pub above: String,
    /// Tickets a month.
    pub tickets: f64,
    /// Hours a month.
    pub hours: f64,
}

/// The cost of a year at several levels of demand, as factors of the expected tickets, from so many courses each: the means lean on
/// exact ones, so that few are enough. `minor` are the minor units of one unit of the currency.
///
/// # Errors
///
/// Fails when a statement does not add up, which is a fault of the engine.
pub fn curve(
    field: &Field<'_>,
    (seed, minor): (u64, f64),
    (factors, courses): (&[f64], usize),
) -> Result<Vec<CurvePoint>, BillingError> {
    let frequencies = &field.demand.usual.tickets;
    let months = float(frequencies.len().max(1));
    let tickets = sum(frequencies.iter().map(|frequency| frequency.mean())) / months;
    let sums: Vec<Weights> = field.sums()?.into_iter().map(|sum| Weights { beyond: None, ..sum }).collect();
    let means: Vec<(f64, f64)> = sums.iter().map(|sum| sum.means(field.demand)).collect();
    let point = |factor: &f64| {
        let shocks = vec![*factor; frequencies.len()];
        let drawn: Result<Vec<_>, BillingError> = (0..courses).map(|number| field.course((seed, number), &shocks)).collect();
        let (paths, drawn): (Vec<_>, Vec<_>) = drawn?.into_iter().unzip();
        let known = |(sum, (usual, severe)): (&Weights, &(f64, f64))| {
            let drawn = paths.iter().map(|path| sum.of(path)).collect();
            Control { drawn, mean: usual * factor + severe, ..Control::default() }
        };
        let known: Vec<Control> = sums.iter().zip(&means).map(known).collect();
        let hours = known.first().map_or(0.0, |hours| hours.mean) / months;
        let cost = |candidate: usize| {
            let own = drawn.iter().filter_map(|courses| Some(float_i64(courses.get(candidate)?.cost()) / minor));
            let own: Vec<f64> = own.collect();
            closest(&own, known.iter()).map_or_else(|| mean(&own), |control| mean_with(&own, control).value)
        };
        Ok(CurvePoint { tickets: tickets * factor, hours, costs: (0..field.names().count()).map(cost).collect() })
    };
    factors.par_iter().map(point).collect()
}

/// Where the curves of two candidates cross, by straight lines between points.
#[must_use]
pub fn break_evens(points: &[CurvePoint], names: &[String]) -> Vec<BreakEven> {
    let mut found = Vec::new();
    for (one, below) in names.iter().enumerate() {
        for (other, above) in names.iter().enumerate().skip(one + 1) {
            for pair in points.windows(2) {
                let [from, to] = pair else { continue };
                let gap = |point: &CurvePoint| Some(point.costs.get(one)? - point.costs.get(other)?);
                let (Some(first), Some(last)) = (gap(from), gap(to)) else { continue };
                if first * last >= 0.0 {
                    continue;
                }
                let share = first / (first - last);
                let between = |from: f64, to: f64| from + (to - from) * share;
                let (below, above) = if first < 0.0 { (below, above) } else { (above, below) };
                found.push(BreakEven {
                    below: below.clone(),
                    above: above.clone(),
                    tickets: between(from.tickets, to.tickets),
                    hours: between(from.hours, to.hours),
                });
            }
        }
    }
    found
}

/// A density of costs, smoothed by a normal kernel (Silverman's width), at equal steps from the least to the most of all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Density {
    /// Cost at the first value, whole units of the currency.
    pub from: f64,
    /// Cost between values.
    pub step: f64,
    /// Densities.
    pub values: Vec<f64>,
}

/// A density is made of about so many values of its sample.
const KERNELS: usize = 500;

/// The densities of several samples on one axis. A sample that does not spread is a single peak.
#[must_use]
pub fn densities(samples: &[Vec<f64>], points: usize) -> Vec<Density> {
    let mut all: Vec<f64> = samples.iter().flatten().copied().filter(|value| value.is_finite()).collect();
    all.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (crate::number::quantile_of_sorted(&all, 0.001), crate::number::quantile_of_sorted(&all, 0.997))
    else {
        return Vec::new();
    };
    let margin = ((high - low) * 0.06).max(high.abs() * 0.01).max(1.0);
    let (from, to) = ((low - margin).max(0.0_f64.min(low)), high + margin);
    let step = (to - from) / float(points.max(2) - 1);
    let one = |sample: &Vec<f64>| {
        let spread = crate::estimate::deviation(sample);
        let width = (1.06 * spread * float(sample.len().max(1)).powf(-0.2)).max(step * 1.2);
        // A kernel as wide as that of all of them needs no more than every so-manyth.
        let few: Vec<f64> = sample.iter().copied().step_by(sample.len().div_ceil(KERNELS).max(1)).collect();
        let kernel =
            |at: f64| sum(few.iter().map(|value| crate::special::normal_pdf((at - value) / width))) / width / float(few.len().max(1));
        // A kernel reaches beyond what is possible, such as a year below its fee: it ends where the sample does.
        let least = sample.iter().copied().fold(f64::INFINITY, f64::min) - step;
        let most = sample.iter().copied().fold(f64::NEG_INFINITY, f64::max) + step;
        let at = |number: usize| from + step * float(number);
        let values: Vec<f64> = (0..points).map(at).map(|at| if (least..=most).contains(&at) { kernel(at) } else { 0.0 }).collect();
        let whole = sum(values.iter().copied()) * step;
        Density { from, step, values: values.into_iter().map(|value| if whole > 0.0 { value / whole } else { 0.0 }).collect() }
    };
    samples.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_cross_break_even_where_they_do() {
        let at = |tickets: f64| CurvePoint { tickets, hours: tickets / 2.0, costs: vec![100.0 * tickets, 500.0] };
        let found = break_evens(&[at(2.0), at(4.0), at(8.0)], &["ad-hoc".to_owned(), "fixed".to_owned()]);
        assert_eq!(found, [BreakEven { below: "ad-hoc".to_owned(), above: "fixed".to_owned(), tickets: 5.0, hours: 2.5 }]);
    }

    #[test]
    fn a_density_adds_up_to_one() {
        let sample: Vec<f64> = (0..500).map(|number| 400.0 + f64::from(number % 97)).collect();
        for density in densities(&[sample, vec![450.0; 10]], 200) {
            let total: f64 = density.values.iter().sum::<f64>() * density.step;
            assert!((total - 1.0).abs() < 0.05, "{total}");
        }
    }
}
