//! The provider's side: what all its agreements together may earn or lose, and whether its staff can do what was promised.
//! A shock that meets all clients in the same month is part of it.

use quarterhour_billing::{BillingError, Client, Period};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::Distribution;
use rayon::prelude::*;
use serde::Serialize;

use crate::candidate::{Candidate, Ground};
use crate::curve::{Density, densities};
use crate::demand::Demand;
use crate::estimate::{Estimate, share};
use crate::field::Field;
use crate::number::{float, float_i64, mean, quantile_of_sorted, sorted, sum};

/// One client under its agreement.
#[derive(Clone, Debug)]
pub struct Position {
    /// The client's code.
    pub code: String,
    /// The client.
    pub client: Client,
    /// Its agreement.
    pub candidate: Candidate,
    /// What it will need.
    pub demand: Demand,
    /// Minor units of one unit of its currency.
    pub minor: f64,
    /// What an hour of its work costs, as a share of the usual cost of an hour.
    pub hour: f64,
}

/// How the provider's side is computed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BookPlan {
    /// All draws follow from it.
    pub seed: u64,
    /// The first month.
    pub first: Period,
    /// Months of a course.
    pub months: u32,
    /// Courses.
    pub courses: usize,
    /// The relative standard deviation of the shock that is common to all clients in a month.
    pub shock: f64,
    /// What an hour of staff costs, whole units of the currency.
    pub hour_cost: f64,
    /// Hours that the staff can work in a month; none: not looked at.
    pub staff_hours: Option<f64>,
}

/// One client's year for the provider, whole units of the currency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClientMargin {
    /// The client's code.
    pub client: String,
    /// What it pays on average.
    pub revenue: f64,
    /// What is left after the staff's hours, on average.
    pub mean: f64,
    /// In one of twenty years it is less.
    pub p5: f64,
    /// The chance of a loss.
    pub loss_chance: Estimate,
    /// Hours worked a year, on average.
    pub hours: f64,
}

/// All clients together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BookFigures {
    /// By client, the thinnest margin first.
    pub clients: Vec<ClientMargin>,
    /// What all pay on average.
    pub revenue: f64,
    /// What is left on average.
    pub mean: f64,
    /// The standard deviation of it.
    pub spread: f64,
    /// In one of twenty years it is less.
    pub p5: f64,
    /// In one of a hundred years it is less.
    pub p1: f64,
    /// The chance of a loss on all of them together.
    pub loss_chance: Estimate,
    /// The density of what is left of a year; none without clients.
    pub density: Option<Density>,
    /// Hours of a month over all clients: quantiles at 50, 90, 95 and 99 percent.
    pub month_hours: Vec<(f64, f64)>,
    /// The chance that a month needs more hours than the staff has.
    pub short_month: Option<Estimate>,
    /// The chance of at least one such month in a year.
    pub short_year: Option<Estimate>,
}

/// Values of a density.
const DENSITY_POINTS: usize = 128;

/// What one client pays and needs in one course.
#[derive(Clone, Debug)]
struct Outcome {
    revenue: f64,
    hours: Vec<f64>,
    /// What an hour costs, as a share of the usual cost.
    hour: f64,
}

impl Outcome {
    fn margin(&self, hour_cost: f64) -> f64 {
        self.revenue - sum(self.hours.iter().copied()) * self.hour * hour_cost
    }
}

/// Simulated years of all clients. What an hour costs and how many the staff has can be asked of the same years again and again.
#[derive(Clone, Debug)]
pub struct Years {
    codes: Vec<String>,
    /// By client, then by course.
    outcomes: Vec<Vec<Outcome>>,
    courses: usize,
    months: usize,
}

/// Simulates all clients on the same months, and reads the figures off.
///
/// # Errors
///
/// Fails when a statement does not add up, which is a fault of the engine.
pub fn simulate(ground: Ground<'_>, positions: &[Position], plan: BookPlan) -> Result<BookFigures, BillingError> {
    Ok(draw(ground, positions, plan)?.figures(plan.hour_cost, plan.staff_hours))
}

/// Simulates all clients on the same months; the cost of an hour and the hours of the staff change nothing in it.
///
/// # Errors
///
/// Fails when a statement does not add up, which is a fault of the engine.
pub fn draw(ground: Ground<'_>, positions: &[Position], plan: BookPlan) -> Result<Years, BillingError> {
    let shocks: Vec<Vec<f64>> = (0..plan.courses).map(|course| shocks(plan, course)).collect();
    let outcomes: Result<Vec<Vec<Outcome>>, BillingError> =
        positions.par_iter().enumerate().map(|(number, position)| client(ground, (number, position), plan, &shocks)).collect();
    let codes = positions.iter().map(|position| position.code.clone()).collect();
    Ok(Years { codes, outcomes: outcomes?, courses: plan.courses, months: usize::try_from(plan.months).unwrap_or(0) })
}

impl Years {
    /// What the years come to at a cost of an hour, and whether so many hours a month are enough.
    #[must_use]
    pub fn figures(&self, hour_cost: f64, staff_hours: Option<f64>) -> BookFigures {
        let mut clients: Vec<ClientMargin> =
            self.codes.iter().zip(&self.outcomes).map(|(code, outcomes)| client_margin(code, outcomes, hour_cost)).collect();
        clients.sort_by(|one, other| ratio(one).total_cmp(&ratio(other)));
        let together = |of: &dyn Fn(&Outcome) -> f64| -> Vec<f64> {
            (0..self.courses).map(|course| sum(self.outcomes.iter().filter_map(|own| own.get(course)).map(of))).collect()
        };
        let (margins, revenue) = (sorted(together(&|outcome| outcome.margin(hour_cost))), together(&|outcome| outcome.revenue));
        let years = self.hours();
        let hours = sorted(years.iter().flatten().copied().collect());
        let at = |values: &[f64], share: f64| quantile_of_sorted(values, share).unwrap_or(0.0);
        let short = |staff: f64| move |hours: &f64| *hours > staff;
        let density = if clients.is_empty() { None } else { densities(std::slice::from_ref(&margins), DENSITY_POINTS).pop() };
        BookFigures {
            revenue: mean_or_nought(&revenue),
            mean: mean_or_nought(&margins),
            spread: crate::estimate::deviation(&margins),
            p5: at(&margins, 0.05),
            p1: at(&margins, 0.01),
            loss_chance: share(margins.iter().map(|margin| *margin < 0.0)),
            density,
            month_hours: [0.5, 0.9, 0.95, 0.99].map(|share| (share, at(&hours, share))).to_vec(),
            short_month: staff_hours.map(|staff| share(hours.iter().map(short(staff)))),
            short_year: staff_hours.map(|staff| share(years.iter().map(|year| year.iter().any(short(staff))))),
            clients,
        }
    }

    /// Hours over all clients, by course and month.
    fn hours(&self) -> Vec<Vec<f64>> {
        let month = |course: usize, month: usize| {
            sum(self.outcomes.iter().filter_map(|outcomes| outcomes.get(course)?.hours.get(month)).copied())
        };
        (0..self.courses).map(|course| (0..self.months).map(|number| month(course, number)).collect()).collect()
    }
}

/// The factor of each month of a course, with mean 1.
fn shocks(plan: BookPlan, course: usize) -> Vec<f64> {
    let months = usize::try_from(plan.months).unwrap_or(0);
    if plan.shock <= 0.0 {
        return vec![1.0; months];
    }
    let mut random = ChaCha8Rng::seed_from_u64(plan.seed ^ 0x5348_4f43_4b53);
    random.set_stream(u64::try_from(course).unwrap_or(0));
    let shape = 1.0 / plan.shock.powi(2);
    let law = rand_distr::Gamma::new(shape, 1.0 / shape).ok();
    (0..months).map(|_| law.map_or(1.0, |law| law.sample(&mut random))).collect()
}

fn client(
    ground: Ground<'_>,
    (number, position): (usize, &Position),
    plan: BookPlan,
    shocks: &[Vec<f64>],
) -> Result<Vec<Outcome>, BillingError> {
    let field =
        Field::new(ground, &position.client, (&position.demand, plan.first, plan.months), std::slice::from_ref(&position.candidate))?;
    // Each client has a seed of its own, so that one more client changes nobody else's years.
    let seed = plan.seed.wrapping_add(u64::try_from(number).unwrap_or(0).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let one = |(course, shock): (usize, &Vec<f64>)| {
        let (path, billed) = field.course((seed, course), shock)?;
        let revenue = billed.first().map_or(0.0, |course| float_i64(course.cost())) / position.minor;
        Ok(Outcome { revenue, hours: path.month_hours(&position.demand), hour: position.hour })
    };
    shocks.iter().enumerate().map(one).collect()
}

fn client_margin(code: &str, outcomes: &[Outcome], hour_cost: f64) -> ClientMargin {
    let margins = sorted(outcomes.iter().map(|outcome| outcome.margin(hour_cost)).collect());
    ClientMargin {
        client: code.to_owned(),
        revenue: mean_or_nought(&outcomes.iter().map(|outcome| outcome.revenue).collect::<Vec<_>>()),
        mean: mean_or_nought(&margins),
        p5: quantile_of_sorted(&margins, 0.05).unwrap_or(0.0),
        loss_chance: share(margins.iter().map(|margin| *margin < 0.0)),
        hours: sum(outcomes.iter().flat_map(|outcome| &outcome.hours).copied()) / float(outcomes.len().max(1)),
    }
}

fn ratio(client: &ClientMargin) -> f64 {
    if client.revenue > 0.0 { client.mean / client.revenue } else { f64::NEG_INFINITY }
}

fn mean_or_nought(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { mean(values) }
}

/// The common shock that a portfolio's past shows: the swings of all clients' tickets together beyond those of chance and of
/// single clients. By client, then by month: tickets that came, tickets that were expected, and the variance of the latter.
#[must_use]
pub fn seen_shock(clients: &[Vec<(f64, f64, f64)>]) -> f64 {
    // One or two clients cannot show what is common to all.
    if clients.len() < 3 {
        return 0.0;
    }
    let months = clients.iter().map(Vec::len).max().unwrap_or(0);
    let month = |back: usize| {
        clients
            .iter()
            .filter_map(|own| own.iter().rev().nth(back))
            .fold((0.0, 0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1, sum.2 + own.2))
    };
    let excess: Vec<f64> = (0..months)
        .map(month)
        .filter(|(_, expected, _)| *expected > 0.0)
        .map(|(came, expected, variance)| ((came / expected - 1.0).powi(2)) - variance / (expected * expected))
        .collect();
    if excess.len() < 3 { 0.0 } else { mean(&excess).max(0.0).sqrt().min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_that_swing_together_show_a_shock() {
        let month = |factor: f64| (100.0 * factor, 100.0, 100.0);
        let own: Vec<(f64, f64, f64)> = [0.7, 1.3, 0.7, 1.3, 0.7, 1.3].map(month).to_vec();
        let shock = seen_shock(&vec![own; 20]);
        assert!((shock - 0.3).abs() < 0.01, "{shock}");
        assert_eq!(seen_shock(&[vec![month(1.0); 6]]), 0.0);
        assert_eq!(seen_shock(&[]), 0.0);
    }

    /// Two clients of two years: one pays 1,000 for 10 or 30 hours, the other 100 for 2.
    fn years() -> Years {
        let outcome = |revenue: f64, hours: f64| Outcome { revenue, hours: vec![hours / 2.0; 2], hour: 1.0 };
        let outcomes = vec![vec![outcome(1_000.0, 10.0), outcome(1_000.0, 30.0)], vec![outcome(100.0, 2.0), outcome(100.0, 2.0)]];
        Years { codes: vec!["big".to_owned(), "small".to_owned()], outcomes, courses: 2, months: 2 }
    }

    #[test]
    fn margins_follow_the_cost_of_an_hour_and_the_thinnest_comes_first() {
        let figures = years().figures(40.0, Some(10.0));
        assert_eq!((figures.revenue, figures.mean), (1_100.0, 1_100.0 - 22.0 * 40.0));
        assert_eq!(figures.clients.iter().map(|it| it.client.as_str()).collect::<Vec<_>>(), ["big", "small"]);
        assert_eq!((figures.loss_chance.value, figures.clients.first().map(|it| it.loss_chance.value)), (0.5, Some(0.5)));
        assert_eq!((figures.short_month.map(|it| it.value), figures.short_year.map(|it| it.value)), (Some(0.5), Some(0.5)));
        let free = years().figures(0.0, None);
        assert_eq!((free.mean, free.loss_chance.value, free.short_year), (1_100.0, 0.0, None));
    }

    #[test]
    fn the_density_of_margins_lies_around_them() {
        let outcome = |year: u32| Outcome { revenue: 1_100.0, hours: vec![f64::from(year % 37) / 2.0; 2], hour: 1.0 };
        let many = Years { codes: vec!["big".to_owned()], outcomes: vec![(0..370).map(outcome).collect()], courses: 370, months: 2 };
        let figures = many.figures(20.0, None);
        let density = figures.density.unwrap_or_else(|| unreachable!("a client has one"));
        let total = sum(density.values.iter().copied()) * density.step;
        let middle = sum(density.values.iter().enumerate().map(|(at, value)| value * (density.from + density.step * float(at))));
        assert!((total - 1.0).abs() < 0.05, "{total}");
        assert!((middle * density.step / total - figures.mean).abs() < 15.0, "{middle}");
        assert_eq!(Years { codes: Vec::new(), outcomes: Vec::new(), ..years() }.figures(20.0, None).density, None);
    }
}
