//! Which program, and which ratio of minutes a workstation, suits a client at a margin that the provider sets.
//!
//! Programs are compared at the price at which the provider keeps its margin on average: one that would earn less is raised by the same
//! amount in every year.
//! Every ratio meets the same simulated months; its fee follows from the price of a committed hour, and is raised where the provider
//! would otherwise earn less than its margin.

use serde::Serialize;

use crate::comparison::Run;
use crate::estimate::Estimate;
use crate::number::{float, sum};
use crate::special::normal_cdf;

/// Ratios that are tried, minutes a workstation a month.
const MINUTES: [u32; 9] = [0, 5, 10, 15, 20, 30, 40, 50, 60];

/// What prices and margins follow from. Money in whole units of the currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Workstations.
    pub workstations: f64,
    /// Workstations, servers and firewalls.
    pub endpoints: f64,
    /// The price of an hour that is paid every month.
    pub committed_hour: f64,
    /// The price of an hour beyond the allowance.
    pub overage_hour: f64,
    /// What a billable hour costs the provider.
    pub hour_cost: f64,
    /// The least share of the price that the provider keeps on average.
    pub margin: f64,
}

/// One ratio. A year's money in whole units of the currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// Minutes a workstation a month.
    pub minutes: u32,
    /// Hours a month.
    pub hours: f64,
    /// The fee of a month.
    pub fee: f64,
    /// A year's cost on average.
    pub mean: f64,
    /// In nineteen of twenty years it costs less.
    pub p95: f64,
    /// How much more than the best ratio of the same year, on average.
    pub regret: f64,
    /// The chance of a month with overage in a year.
    pub overage_chance: f64,
    /// Hours that end unused in a year.
    pub lost_hours: f64,
    /// The share of the price that the provider keeps.
    pub margin: f64,
}

/// What is advised, and the evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advice {
    /// All ratios that were tried.
    pub ratios: Vec<Ratio>,
    /// The ratio with the lowest mean.
    pub lowest_mean: u32,
    /// The ratio with the lowest P95.
    pub lowest_p95: u32,
    /// The ratio with the lowest regret.
    pub lowest_regret: u32,
    /// How sure it is that the lowest mean is lower than that of the next best ratio: from 0.5 to 1.
    pub sure: f64,
    /// Billable hours a workstation a month, minutes.
    pub minutes_used: Option<f64>,
    /// Reactive hours an endpoint a month.
    pub hours_per_endpoint: Option<f64>,
    /// Stable up to twenty minutes a workstation, else heavy.
    pub is_heavy: bool,
}

/// How numbers of simulated courses are judged: their mean, and a quantile of them.
pub trait Judge {
    /// The mean.
    fn mean(&self, values: &[f64]) -> Estimate;
    /// What the share of them does not pass.
    fn quantile(&self, values: &[f64], share: f64) -> f64;
}

impl Judge for Run {
    fn mean(&self, values: &[f64]) -> Estimate {
        Self::mean(self, values)
    }

    fn quantile(&self, values: &[f64], share: f64) -> f64 {
        Self::quantile(self, values, share).value
    }
}

/// Tries all ratios on simulated courses, each a list of billable hours by month; nothing without courses.
#[must_use]
pub fn advise(courses: &[Vec<f64>], terms: Terms, judge: &impl Judge) -> Option<Advice> {
    let first = courses.first()?;
    let months = float(first.len().max(1));
    let worked: Vec<f64> = courses.iter().map(|course| sum(course.iter().copied())).collect();
    let used = judge.mean(&worked).value / months;
    let tried: Vec<(Ratio, Vec<f64>)> = MINUTES.iter().map(|minutes| try_ratio((courses, used), *minutes, terms, judge)).collect();
    let least: Vec<f64> = (0..courses.len())
        .map(|at| tried.iter().filter_map(|(_, costs)| costs.get(at)).copied().fold(f64::INFINITY, f64::min))
        .collect();
    let ratios: Vec<Ratio> = tried
        .iter()
        .map(|(ratio, costs)| {
            let regrets: Vec<f64> = costs.iter().zip(&least).map(|(cost, least)| cost - least).collect();
            Ratio { regret: judge.mean(&regrets).value, ..*ratio }
        })
        .collect();
    let lowest =
        |of: fn(&Ratio) -> f64| ratios.iter().min_by(|one, other| of(one).total_cmp(&of(other))).map_or(0, |ratio| ratio.minutes);
    Some(Advice {
        lowest_mean: lowest(|ratio| ratio.mean),
        lowest_p95: lowest(|ratio| ratio.p95),
        lowest_regret: lowest(|ratio| ratio.regret),
        sure: sureness(&tried, judge),
        minutes_used: (terms.workstations > 0.0).then(|| used / terms.workstations * 60.0),
        hours_per_endpoint: (terms.endpoints > 0.0).then(|| used / terms.endpoints),
        is_heavy: terms.workstations > 0.0 && used / terms.workstations * 60.0 > 20.0,
        ratios,
    })
}

fn try_ratio((courses, used): (&[Vec<f64>], f64), minutes: u32, terms: Terms, judge: &impl Judge) -> (Ratio, Vec<f64>) {
    let allowance = f64::from(minutes) / 60.0 * terms.workstations;
    let over = |course: &Vec<f64>| sum(course.iter().map(|hours| (hours - allowance).max(0.0)));
    let overs: Vec<f64> = courses.iter().map(over).collect();
    let months = float(courses.first().map_or(1, Vec::len));
    let cost = used * months * terms.hour_cost;
    let overage = judge.mean(&overs).value * terms.overage_hour;
    let fee = (allowance * terms.committed_hour * months).max(cost / (1.0 - terms.margin) - overage).max(0.0);
    let costs: Vec<f64> = overs.iter().map(|over| fee + over * terms.overage_hour).collect();
    let lost: Vec<f64> = courses.iter().map(|course| sum(course.iter().map(|hours| (allowance - hours).max(0.0)))).collect();
    let price = fee + overage;
    let ratio = Ratio {
        minutes,
        hours: allowance,
        fee: fee / months,
        mean: price,
        p95: judge.quantile(&costs, 0.95),
        regret: 0.0,
        overage_chance: float(overs.iter().filter(|over| **over > 1e-9).count()) / float(courses.len()),
        lost_hours: judge.mean(&lost).value,
        margin: if price > 0.0 { 1.0 - cost / price } else { 0.0 },
    };
    (ratio, costs)
}

/// One program at the provider's margin. A year's money in whole units of the currency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtMargin {
    /// The program's name.
    pub name: String,
    /// What a year had to be raised by.
    pub raised: f64,
    /// A year's cost on average.
    pub mean: f64,
    /// In nineteen of twenty years it costs less.
    pub p95: f64,
    /// How much more than the cheapest program of the same year, on average.
    pub regret: f64,
}

/// Which program is advised, by what the client wants least of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProgramAdvice {
    /// All programs.
    pub programs: Vec<AtMargin>,
    /// The least share of the price that the provider keeps on average.
    pub margin: f64,
    /// The program with the lowest mean.
    pub lowest_mean: String,
    /// The program with the lowest P95.
    pub lowest_p95: String,
    /// The program with the lowest regret.
    pub lowest_regret: String,
    /// How sure it is that the lowest mean is lower than that of the next best program: from 0.5 to 1.
    pub sure: f64,
}

/// Puts all programs of a run at the provider's margin; nothing without any. An hour of staff costs `hour_cost`, and money has `minor`
/// minor units.
#[must_use]
pub fn programs(run: &Run, (hour_cost, margin, minor): (f64, f64, f64)) -> Option<ProgramAdvice> {
    let work = run.hours.mean * hour_cost;
    let raise = |costs: Vec<f64>| {
        let mean = run.mean(&costs).value;
        let raised = (work / (1.0 - margin) - mean).max(0.0);
        (raised, costs.into_iter().map(|cost| cost + raised).collect::<Vec<f64>>())
    };
    let raised: Vec<(f64, Vec<f64>)> = run.costs(minor).into_iter().map(raise).collect();
    let least: Vec<f64> = (0..run.count())
        .map(|at| raised.iter().filter_map(|(_, costs)| costs.get(at)).copied().fold(f64::INFINITY, f64::min))
        .collect();
    let one = |((raised, costs), name): (&(f64, Vec<f64>), &String)| {
        let regrets: Vec<f64> = costs.iter().zip(&least).map(|(cost, least)| cost - least).collect();
        AtMargin {
            name: name.clone(),
            raised: *raised,
            mean: run.mean(costs).value,
            p95: run.quantile(costs, 0.95).value,
            regret: run.mean(&regrets).value,
        }
    };
    let programs: Vec<AtMargin> = raised.iter().zip(&run.names).map(one).collect();
    let lowest = |of: fn(&AtMargin) -> f64| programs.iter().min_by(|one, other| of(one).total_cmp(&of(other)));
    let name = |of: fn(&AtMargin) -> f64| lowest(of).map(|program| program.name.clone());
    let mut order: Vec<(f64, &Vec<f64>)> = programs.iter().zip(&raised).map(|(program, (_, costs))| (program.mean, costs)).collect();
    order.sort_by(|one, other| one.0.total_cmp(&other.0));
    Some(ProgramAdvice {
        lowest_mean: name(|program| program.mean)?,
        lowest_p95: name(|program| program.p95)?,
        lowest_regret: name(|program| program.regret)?,
        sure: match order[..] {
            [best, next, ..] => sure_lower(&gaps(best.1, next.1), |gaps| run.mean(gaps)),
            _ => 1.0,
        },
        margin,
        programs,
    })
}

/// How much more the second costs than the first, on the same courses.
fn gaps(best: &[f64], next: &[f64]) -> Vec<f64> {
    next.iter().zip(best).map(|(next, best)| next - best).collect()
}

/// How sure the mean of gaps is above nought.
fn sure_lower(gaps: &[f64], mean: impl Fn(&[f64]) -> Estimate) -> f64 {
    let gap = mean(gaps);
    if gap.error > 0.0 { normal_cdf(gap.value / gap.error) } else { 1.0 }
}

/// How sure the lowest mean is lower than the next: by the differences on the same courses.
fn sureness(tried: &[(Ratio, Vec<f64>)], judge: &impl Judge) -> f64 {
    let mut order: Vec<&(Ratio, Vec<f64>)> = tried.iter().collect();
    order.sort_by(|one, other| one.0.mean.total_cmp(&other.0.mean));
    let [best, next, ..] = order[..] else { return 0.5 };
    sure_lower(&gaps(&best.1, &next.1), |gaps| judge.mean(gaps))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::{Control, mean_with};

    /// As they are.
    struct Plainly;

    impl Judge for Plainly {
        fn mean(&self, values: &[f64]) -> Estimate {
            mean_with(values, &Control::default())
        }

        fn quantile(&self, values: &[f64], share: f64) -> f64 {
            crate::number::quantile_of_sorted(&crate::number::sorted(values.to_vec()), share).unwrap_or(f64::NAN)
        }
    }

    const TERMS: Terms =
        Terms { workstations: 40.0, endpoints: 43.0, committed_hour: 100.0, overage_hour: 140.0, hour_cost: 20.0, margin: 0.1 };

    /// A client that always needs ten hours is served best by exactly ten: 15 minutes on each of 40 workstations.
    #[test]
    fn steady_hours_want_exactly_their_allowance() {
        let advice = advise(&vec![vec![10.0; 12]; 50], TERMS, &Plainly);
        let Some(advice) = advice else { unreachable!("there are courses") };
        assert_eq!((advice.lowest_mean, advice.lowest_p95, advice.lowest_regret), (15, 15, 15));
        assert!(!advice.is_heavy && advice.minutes_used == Some(15.0));
    }

    /// The newsvendor: the best allowance is passed with the chance committed / overage.
    #[test]
    fn hours_that_vary_want_the_critical_share() {
        let courses: Vec<Vec<f64>> = (0..200_u32).map(|number| vec![f64::from(number % 40); 12]).collect();
        let Some(advice) = advise(&courses, TERMS, &Plainly) else { unreachable!("there are courses") };
        // P(hours > a) = 100 / 140 at a = 11.4 hours: of the ratios, 15 minutes (10 hours) or 20 (13.3 hours).
        assert!([15, 20].contains(&advice.lowest_mean), "{advice:?}");
    }

    /// Years of 10 and of 30 hours under a fee of 2,000 and under an hour's price of 100: at a margin of a half with 80 an hour the work of
    /// 20 hours has to bring 3,200.
    #[test]
    fn programs_meet_at_the_margin() {
        let course = |net: i64| {
            let month = crate::candidate::MonthCost { net, ..Default::default() };
            crate::candidate::Course { months: vec![month], left: 0, left_seconds: 0 }
        };
        let hours = Control { drawn: vec![10.0, 30.0], mean: 20.0, ..Control::default() };
        let first = quarterhour_billing::Period::parse("2027-01").unwrap_or_else(|| unreachable!("a period"));
        let run = Run {
            plan: crate::comparison::Plan::usual(first, 1),
            courses: vec![vec![course(200_000), course(200_000)], vec![course(100_000), course(300_000)]],
            hours,
            sums: Vec::new(),
            tickets: vec![1.0, 3.0],
            names: vec!["fee".to_owned(), "hourly".to_owned()],
        };
        let Some(advice) = programs(&run, (80.0, 0.5, 100.0)) else { unreachable!("there are programs") };
        let means: Vec<f64> = advice.programs.iter().map(|program| program.mean).collect();
        assert!(means.iter().all(|mean| (mean - 3_200.0).abs() < 1e-9), "{means:?}");
        assert!(advice.programs.iter().all(|program| (program.raised - 1_200.0).abs() < 1e-9), "{advice:?}");
        assert_eq!(advice.lowest_p95, "fee");
    }

    #[test]
    fn the_provider_keeps_its_margin() {
        let terms = Terms { hour_cost: 120.0, margin: 0.3, ..TERMS };
        let Some(advice) = advise(&vec![vec![10.0; 12]; 5], terms, &Plainly) else { unreachable!("there are courses") };
        assert!(advice.ratios.iter().all(|ratio| ratio.margin > 0.3 - 1e-9), "{advice:?}");
        assert!(advise(&[], terms, &Plainly).is_none());
    }
}
