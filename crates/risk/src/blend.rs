//! A cost that goes with two sums at once: what is burned of an allowance, and what is charged for work that never draws from it. The
//! law of both together is not known, but courses are drawn quickly and billed slowly: many more are drawn than billed
//! (double sampling; as an approximate control: Gorodetsky, Geraci, Eldred and Jakeman 2020).

use quarterhour_billing::BillingError;
use rayon::prelude::*;

use crate::comparison::Run;
use crate::control::Weights;
use crate::estimate::{Control, FOLLOWS, closest, correlation, covariance, quantile_with, tail_mean_with};
use crate::field::Field;
use crate::number::{index, mean};
use crate::path::Path;

/// So many tickets are drawn at most.
const TICKETS: usize = 2_000_000;
/// So many courses are drawn at most.
const COURSES: usize = 4_096;
/// Fewer courses than so many times the billed ones say little more.
const TIMES: usize = 4;

/// A sum of two sums, each with a factor.
#[derive(Clone, Debug)]
pub struct Blend([(f64, Weights); 2]);

impl Blend {
    /// What a course comes to.
    #[must_use]
    pub fn of(&self, path: &Path) -> f64 {
        self.0.iter().map(|(factor, weights)| factor * weights.of(path)).sum()
    }

    /// The blend that goes with a candidate's costs by course, with what is known of it; nothing where it says no more than one sum.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up, which is a fault of the engine.
    pub fn new(field: &Field<'_>, run: &Run, (candidate, costs): (usize, &[f64])) -> Result<Option<(Self, Control)>, BillingError> {
        let alone = correlation(costs, &run.lean(costs).drawn).abs();
        let courses = (TICKETS / index(mean(&run.tickets)).max(1)).min(COURSES);
        if alone >= FOLLOWS || courses < run.count() * TIMES {
            return Ok(None);
        }
        let Some(parts) = field.burned_and_charged(candidate)? else { return Ok(None) };
        let [burned, charged] = &parts;
        let drawn: Vec<(f64, f64)> = field.drawn(run.plan.seed, courses).map(|path| (burned.of(&path), charged.of(&path))).collect();
        let drawn: [Vec<f64>; 2] = drawn.into_iter().unzip::<_, _, Vec<f64>, Vec<f64>>().into();
        let Some(factors) = factors(costs, &drawn) else { return Ok(None) };
        let [burned, charged] = &drawn;
        let all: Vec<f64> = burned.iter().zip(charged).map(|(burned, charged)| factors[0] * burned + factors[1] * charged).collect();
        let own = all.get(..costs.len()).unwrap_or_default();
        if correlation(costs, own) <= alone {
            return Ok(None);
        }
        // What is known of each sum alone says more of both than their courses would.
        let mut known = parts.each_ref().map(|part| part.control(field.demand, run.plan));
        let mean = factors[0] * known[0].mean + factors[1] * known[1].mean;
        let error = (factors[0] * known[0].error).hypot(factors[1] * known[1].error);
        for (control, drawn) in known.iter_mut().zip(drawn) {
            control.drawn = drawn;
        }
        let lean = closest(&all, known.iter()).cloned().unwrap_or_default();
        let control = Control {
            drawn: own.to_vec(),
            mean,
            error,
            quantiles: [0.5, 0.9, 0.95].map(|share| (share, quantile_with(&all, share, &lean))).to_vec(),
            tail_mean: Some((0.95, tail_mean_with(&all, 0.95, &lean))),
            above: None,
        };
        let [burned, charged] = parts;
        Ok(Some((Self([(factors[0], burned), (factors[1], charged)]), control)))
    }
}

/// The factors of two sums that go with costs best (least squares); nothing where they do not spread, or only together.
fn factors(costs: &[f64], drawn: &[Vec<f64>; 2]) -> Option<[f64; 2]> {
    let [one, other] = drawn.each_ref().map(|drawn| drawn.get(..costs.len()));
    let (one, other) = one.zip(other)?;
    let (first, second, both) = (covariance(one, one), covariance(other, other), covariance(one, other));
    let spread = first * second - both * both;
    if spread <= 1e-9 * first * second {
        return None;
    }
    let (with_one, with_other) = (covariance(costs, one), covariance(costs, other));
    Some([(with_one * second - with_other * both) / spread, (with_other * first - with_one * both) / spread])
}
