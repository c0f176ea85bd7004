//! Programs beside each other on the same simulated years: what each costs, how far that spreads, and who carries the risk.

use quarterhour_billing::{BillingError, Period};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::blend::Blend;
use crate::candidate::{Course, MonthCost};
use crate::estimate::{
    Control, Estimate, closest, covariance, deviation, mean_with, quantile_with, share, share_with, tail_mean_with,
};
use crate::field::Field;
use crate::number::{float_i64, mean};

/// How a comparison is computed. The same plan on the same inputs gives the same numbers, on any number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// All draws follow from it.
    pub seed: u64,
    /// Months of a course, usually 12.
    pub months: u32,
    /// The first month.
    pub first: Period,
    /// Stop when the standard error of every P95 is below this share of it.
    pub precision: f64,
    /// At least so many courses.
    pub courses_min: usize,
    /// At most so many.
    pub courses_max: usize,
    /// Stop when so many tickets were drawn, whatever the precision.
    pub tickets_max: usize,
}

impl Plan {
    /// The usual one: twelve months from `first`, P95 to 1 %.
    #[must_use]
    pub fn usual(first: Period, seed: u64) -> Self {
        Self { seed, months: 12, first, precision: 0.01, courses_min: 256, courses_max: 4_096, tickets_max: 2_000_000 }
    }
}

/// After the least number, courses are drawn in rounds of so many, or of a quarter of those before.
const ROUND: usize = 128;

/// What all candidates made of the same courses.
#[derive(Clone, Debug)]
pub struct Run {
    /// The plan.
    pub plan: Plan,
    /// By candidate, then by course.
    pub courses: Vec<Vec<Course>>,
    /// Hours of each course with their exact mean and quantiles.
    pub hours: Control,
    /// The same of other sums that are known exactly and go with the candidates' costs.
    pub sums: Vec<Control>,
    /// Tickets of each course.
    pub tickets: Vec<f64>,
    /// The names of the candidates.
    pub names: Vec<String>,
}

impl Field<'_> {
    /// Draws courses and bills them under every candidate until the plan's precision is met.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up, which is a fault of the engine.
    pub fn run(&self, plan: Plan) -> Result<Run, BillingError> {
        let names: Vec<String> = self.names().map(str::to_owned).collect();
        let weights = self.sums()?;
        let mut sums: Vec<Control> = weights.par_iter().map(|weights| weights.control(self.demand, plan)).collect();
        let hours = sums.remove(0);
        let mut run = Run { plan, courses: vec![Vec::new(); names.len()], hours, sums, tickets: Vec::new(), names };
        let (mut tickets, mut blends) = (0, Vec::new());
        while !run.is_enough(tickets) {
            if blends.is_empty() && run.count() > 0 {
                blends = self.blends(&mut run)?;
                if run.is_enough(tickets) {
                    break;
                }
            }
            let from = run.tickets.len();
            let wanted = if from < plan.courses_min { plan.courses_min - from } else { ROUND.max(from / 4) };
            let numbers = from..from + wanted.min(plan.courses_max.max(1) - from);
            let one = |number: usize| {
                let (path, courses) = self.course((plan.seed, number), &[])?;
                let sums = weights.iter().skip(1).map(|weights| weights.of(&path));
                let sums: Vec<f64> = sums.chain(blends.iter().map(|blend| blend.of(&path))).collect();
                Ok((path.hours, path.tickets, sums, courses))
            };
            let round: Result<Vec<_>, BillingError> = numbers.into_par_iter().map(one).collect();
            for (hours, drawn, sums, courses) in round? {
                tickets += usize::try_from(drawn).unwrap_or(0);
                run.hours.drawn.push(hours);
                run.sums.iter_mut().zip(sums).for_each(|(control, sum)| control.drawn.push(sum));
                run.tickets.push(f64::from(drawn));
                run.courses.iter_mut().zip(courses).for_each(|(all, course)| all.push(course));
            }
        }
        Ok(run)
    }

    /// What the costs that are not known well enough go with, beside the sums.
    fn blends(&self, run: &mut Run) -> Result<Vec<Blend>, BillingError> {
        let mut found = Vec::new();
        for (candidate, costs) in run.costs(1.0).iter().enumerate().filter(|(_, costs)| !run.is_precise(costs)) {
            if let Some((blend, control)) = Blend::new(self, run, (candidate, costs))? {
                found.push((blend, control));
            }
        }
        let (blends, controls): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        run.sums.extend(controls);
        Ok(blends)
    }
}

/// The numbers of one candidate. Money in the client's currency, whole units with a fraction; hours in hours.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Its name.
    pub name: String,
    /// A year's cost on average.
    pub mean: Estimate,
    /// In half of the years it costs less.
    pub median: Estimate,
    /// In nine of ten years it costs less.
    pub p90: Estimate,
    /// In nineteen of twenty years it costs less.
    pub p95: Estimate,
    /// The mean of the dearest twentieth.
    pub tail_mean95: Estimate,
    /// The standard deviation of a year's cost.
    pub spread: f64,
    /// The dearest month of a year: in nineteen of twenty years it costs less.
    pub worst_month_p95: Estimate,
    /// The chance of at least one month with overage.
    pub overage_chance: Estimate,
    /// Hours of overage a year.
    pub overage_hours: f64,
    /// Hours that end unused, a year.
    pub lost_hours: Estimate,
    /// What those hours had cost, at the price of a granted one; a reserve that ended unused counts whole.
    pub lost_money: f64,
    /// Hours left in blocks at the end of the year, whose price is taken off the cost.
    pub left_hours: f64,
    /// Cost of the year by billable hours worked; none where nothing was worked.
    pub price_per_hour: Option<f64>,
    /// Cost of a month by seats: workstations, firewalls and servers; none without any.
    pub price_per_seat: Option<f64>,
    /// How much more than the cheapest candidate of the same year, on average.
    pub regret: Estimate,
    /// The chance that it is the cheapest.
    pub cheapest: Estimate,
    /// The share of the swings of the work's value that the client's cost follows; the provider carries the rest.
    /// None where the work's value does not swing.
    pub carried_by_client: Option<f64>,
    /// What the provider keeps after the cost of its staff's hours, on average a year.
    pub margin: Estimate,
    /// The chance that the provider loses money.
    pub loss_chance: Estimate,
}

/// What figures need beside the courses.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Minor units of one unit of the currency.
    pub minor: f64,
    /// Workstations, firewalls and servers.
    pub seats: f64,
    /// What an hour of the provider's staff costs it.
    pub hour_cost: f64,
    /// The position of the candidate whose price is the value of the work: the rate card's.
    pub value: usize,
}

impl Run {
    /// Is it enough? Looks at precision after the least number of courses.
    fn is_enough(&self, tickets: usize) -> bool {
        let count = self.tickets.len();
        if count >= self.plan.courses_max.max(1) || (count > 0 && tickets >= self.plan.tickets_max) {
            return true;
        }
        count >= self.plan.courses_min && self.costs(1.0).iter().all(|costs| self.is_precise(costs))
    }

    fn is_precise(&self, costs: &[f64]) -> bool {
        let p95 = self.quantile(costs, 0.95);
        p95.error <= self.plan.precision * p95.value.abs()
    }

    /// What values of the courses lean on best.
    pub(crate) fn lean(&self, values: &[f64]) -> &Control {
        closest(values, std::iter::once(&self.hours).chain(&self.sums)).unwrap_or(&self.hours)
    }

    /// The mean of values by course, which leans on the sum that they go with.
    #[must_use]
    pub fn mean(&self, values: &[f64]) -> Estimate {
        mean_with(values, self.lean(values))
    }

    /// A quantile of values by course, which leans on the sum that they go with.
    #[must_use]
    pub fn quantile(&self, values: &[f64], share: f64) -> Estimate {
        quantile_with(values, share, self.lean(values))
    }

    /// How many courses were drawn.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tickets.len()
    }

    /// The months of a candidate's courses, all together.
    pub fn months(&self, candidate: usize) -> impl Iterator<Item = &MonthCost> {
        self.courses.get(candidate).into_iter().flatten().flat_map(|course| &course.months)
    }

    /// The costs by candidate and course, minor units divided by `minor`.
    #[must_use]
    pub fn costs(&self, minor: f64) -> Vec<Vec<f64>> {
        let cost = |course: &Course| float_i64(course.cost()) / minor;
        self.courses.iter().map(|courses| courses.iter().map(cost).collect()).collect()
    }

    /// The figures of every candidate.
    #[must_use]
    pub fn figures(&self, measure: Measure) -> Vec<Figures> {
        let costs = self.costs(measure.minor);
        let cheapest: Vec<f64> =
            (0..self.count()).map(|at| costs.iter().filter_map(|own| own.get(at)).copied().fold(f64::INFINITY, f64::min)).collect();
        let value = costs.get(measure.value).cloned().unwrap_or_default();
        let all = self.courses.iter().zip(&costs).zip(&self.names);
        all.map(|((courses, costs), name)| self.one(name, courses, costs, (&cheapest, &value, measure))).collect()
    }

    fn one(&self, name: &str, courses: &[Course], costs: &[f64], (cheapest, value, measure): (&[f64], &[f64], Measure)) -> Figures {
        let years = f64::from(self.plan.months) / 12.0;
        let each = |of: &dyn Fn(&Course) -> i64| -> Vec<f64> { courses.iter().map(|course| float_i64(of(course))).collect() };
        let total = |of: fn(&MonthCost) -> i64| each(&|course| course.months.iter().map(of).sum());
        let lost: Vec<f64> = total(|month| month.forfeited).iter().map(|seconds| seconds / 3_600.0).collect();
        let granted = mean(&total(|month| month.granted)) / 3_600.0;
        let worked = mean(&total(|month| month.worked)) / 3_600.0;
        let fixed: Vec<f64> = total(|month| month.net - month.beyond);
        let worst: Vec<f64> = each(&Course::worst_month).iter().map(|minor| minor / measure.minor).collect();
        let regret: Vec<f64> = costs.iter().zip(cheapest).map(|(cost, least)| cost - least).collect();
        let margins: Vec<f64> = costs.iter().zip(&self.hours.drawn).map(|(cost, hours)| cost - hours * measure.hour_cost).collect();
        let lean = self.lean(costs);
        let [median, p90, p95, tail_mean95] = in_order(costs, lean);
        let lost_hours = self.mean(&lost).above_nought();
        let mean_cost = mean_with(costs, lean);
        let swing = deviation(value).powi(2);
        let reserve = mean(&total(|month| month.forfeited_money)) / measure.minor;
        let hour_price = if granted > 0.0 { mean(&fixed) / measure.minor / granted } else { 0.0 };
        Figures {
            name: name.to_owned(),
            mean: mean_cost,
            median,
            p90,
            p95,
            tail_mean95,
            spread: deviation(costs),
            worst_month_p95: quantile_with(&worst, 0.95, &Control::default()),
            overage_chance: share_with(courses.iter().map(Course::has_overage), self.sums.iter()),
            overage_hours: mean(&total(|month| month.overage)) / 3_600.0,
            lost_money: lost_hours.value * hour_price + reserve,
            lost_hours,
            left_hours: mean(&each(&|course| course.left_seconds)) / 3_600.0,
            price_per_hour: (worked > 0.0).then(|| mean_cost.value / worked),
            price_per_seat: (measure.seats > 0.0).then(|| mean_cost.value / years / 12.0 / measure.seats),
            regret: self.mean(&regret),
            cheapest: share(regret.iter().map(|regret| *regret <= 0.0)),
            carried_by_client: (swing > 0.0).then(|| covariance(costs, value) / swing),
            margin: self.mean(&margins),
            loss_chance: share(margins.iter().map(|margin| *margin < 0.0)),
        }
    }
}

/// Median, P90, P95 and the mean beyond it. Each leans on the control by itself; where that puts them out of order by more than their
/// errors the law of the control does not tell that of the costs, and the courses speak for themselves.
fn in_order(costs: &[f64], lean: &Control) -> [Estimate; 4] {
    let all = |control: &Control| {
        let [median, p90, p95] = [0.5, 0.9, 0.95].map(|share| quantile_with(costs, share, control));
        [median, p90, p95, tail_mean_with(costs, 0.95, control)]
    };
    let mut found = all(lean);
    let is_off = |pair: &[Estimate]| match pair {
        [low, high] => low.value - high.value > 2.0 * low.error.hypot(high.error) + 1e-6 * high.value.abs(),
        _ => false,
    };
    if found.windows(2).any(is_off) {
        found = all(&Control::default());
    }
    let mut least = f64::NEG_INFINITY;
    for estimate in &mut found {
        estimate.value = estimate.value.max(least);
        least = estimate.value;
    }
    found
}
