//! Parts of the comparison page: its charts, and what only a whole report has: own months, scenarios and fitted laws.

use quarterhour_risk::advice::{AtMargin, Ratio};
use quarterhour_risk::evidence::{LawEvidence, Range};
use quarterhour_risk::number::float_i64;

use crate::app::money::{exact, rounded};
use crate::app::risk::comparison::Report;
use crate::dates;
use crate::hours::whole_percent;
use crate::web::chart::{Chart, CostCurve, Fan, FanMonth, Series};

pub(crate) fn cost_curve(report: &Report) -> Chart {
    let series = report.contenders.iter().enumerate().map(|(at, contender)| Series {
        label: contender.name.clone(),
        costs: report.curve.iter().filter_map(|point| point.costs.get(at)).copied().collect(),
    });
    let tickets: Vec<f64> = report.curve.iter().map(|point| point.tickets).collect();
    CostCurve {
        id: "cost-curve".to_owned(),
        title: "What a year costs with fewer or more tickets".to_owned(),
        tickets,
        series: series.collect(),
        expected: report.tickets,
        crossings: Vec::new(),
    }
    .chart()
}

pub(crate) fn fan(report: &Report) -> Option<Chart> {
    if report.month_hours.is_empty() {
        return None;
    }
    let hours: Vec<f64> = report.month_hours.iter().map(|(_, hours)| *hours).collect();
    let first = report.plan.first;
    let past = report.past_hours.iter().rev().take(8).rev();
    let mut months: Vec<FanMonth> =
        past.map(|(period, hours)| FanMonth { label: dates::month_short(*period), hours: vec![*hours] }).collect();
    months.extend((0..6).map(|number| FanMonth { label: dates::month_short(first.plus(number)), hours: hours.clone() }));
    Some(
        Fan {
            id: "month-fan".to_owned(),
            title: "Billable hours a month: the last ones, and what is likely".to_owned(),
            months,
            allowance: Some(report.allowance_hours()).filter(|hours| *hours > 0.0),
        }
        .chart(),
    )
}

/// What only a whole report has.
pub(crate) struct WholeParts {
    /// The names of the programs, above the columns.
    pub(crate) names: Vec<String>,
    /// By month: its name, and what it would have cost under each program.
    pub(crate) months: Vec<(String, Vec<String>)>,
    /// The same over all months, less what is left in blocks.
    pub(crate) totals: Vec<String>,
    /// By program: its months with their lines.
    pub(crate) why: Vec<(String, Vec<WhyMonth>)>,
    /// By scenario.
    pub(crate) scenarios: Vec<ScenarioRow>,
    /// What the past says by itself: what, the value, and the interval.
    pub(crate) seen: Vec<[String; 3]>,
    /// Laws of a ticket's hours: name with parameters, distances, and the word.
    pub(crate) laws: Vec<[String; 5]>,
}

/// A month under one program: what it cost, and for what.
pub(crate) struct WhyMonth {
    pub(crate) month: String,
    pub(crate) total: String,
    pub(crate) lines: Vec<(String, String)>,
}

/// What a year costs if something happens.
pub(crate) struct ScenarioRow {
    pub(crate) name: String,
    pub(crate) needs: String,
    /// By program: the cost, and the change against what is expected.
    pub(crate) costs: Vec<(String, String)>,
}

impl WholeParts {
    pub(crate) fn new(report: &Report) -> Self {
        let minor = report.minor();
        let money = rounded;
        let of_minor = |amount: i64| money(float_i64(amount) / minor);
        let cents = |amount: i64| exact(float_i64(amount) / minor, &report.currency);
        let replays: Vec<_> = report.contenders.iter().filter_map(|it| it.replay.as_ref()).collect();
        let first = replays.first().map_or(&[][..], |replay| &replay.months);
        let month = |(at, month): (usize, &quarterhour_risk::replay::ReplayedMonth)| {
            let costs = replays.iter().filter_map(|replay| replay.months.get(at)).map(|month| of_minor(month.cost.net));
            (dates::month_short(month.period), costs.collect())
        };
        let why = |replay: &&quarterhour_risk::replay::Replay| {
            let month = |month: &quarterhour_risk::replay::ReplayedMonth| WhyMonth {
                month: dates::month_short(month.period),
                total: cents(month.cost.net),
                lines: month.lines.iter().map(|(text, amount)| (text.clone(), cents(*amount))).collect(),
            };
            (replay.name.clone(), replay.months.iter().map(month).collect())
        };
        let scenario = |scenario: &crate::app::risk::scenario::Scenario| {
            let cost = |(cost, contender): (&quarterhour_risk::estimate::Estimate, &crate::app::risk::comparison::Contender)| {
                let before = contender.figures.mean.value;
                let change = match (cost.value / before - 1.0) * 100.0 {
                    _ if before <= 0.0 => String::new(),
                    change if change.abs() < 0.5 => "0 %".to_owned(),
                    change => format!("{change:+.0} %").replace('-', "\u{2212}"),
                };
                (money(cost.value), change)
            };
            ScenarioRow {
                name: scenario.name.clone(),
                needs: format!("{:.0} tickets, {:.1} hours a month", scenario.tickets, scenario.hours),
                costs: scenario.costs.iter().zip(&report.contenders).map(cost).collect(),
            }
        };
        let evidence = report.evidence.as_ref();
        Self {
            names: report.contenders.iter().map(|it| it.name.clone()).collect(),
            months: first.iter().enumerate().map(month).collect(),
            totals: replays.iter().map(|replay| of_minor(replay.total)).collect(),
            why: replays.iter().map(why).collect(),
            scenarios: report.scenarios.iter().map(scenario).collect(),
            seen: evidence.map(seen).unwrap_or_default(),
            laws: evidence.map(|evidence| evidence.laws.iter().map(law).collect()).unwrap_or_default(),
        }
    }
}

fn seen(evidence: &quarterhour_risk::evidence::Evidence) -> Vec<[String; 3]> {
    let row = |what: &str, range: Option<Range>, digits: usize| {
        let range = range?;
        let Range { observed, low, high } = range;
        Some([what.to_owned(), format!("{observed:.digits$}"), format!("{low:.digits$} to {high:.digits$}")])
    };
    let counts = evidence.counts;
    let dispersion = counts.map(|counts| {
        let range = counts.dispersion_range.map_or(String::new(), |range| format!("{:.3} to {:.3}", range.low, range.high));
        ["Dispersion of a month's tickets".to_owned(), format!("{:.3}", counts.dispersion), range]
    });
    let rows = [
        row("Tickets a workstation a month", evidence.rate, 2),
        row("Hours a ticket", evidence.hours_per_ticket, 2),
        row("Hours a month", evidence.month_hours, 1),
        dispersion,
    ];
    rows.into_iter().flatten().collect()
}

fn law(law: &LawEvidence) -> [String; 5] {
    let parameters: Vec<String> = law.parameters.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
    let distance = |(distance, share): (f64, Option<f64>)| match share {
        Some(share) => format!("{distance:.3} (p {share:.2})"),
        None => format!("{distance:.3}"),
    };
    [
        format!("{} ({})", law.family, parameters.join(", ")),
        format!("{:.1}", law.aic),
        distance(law.kolmogorov_smirnov),
        distance(law.anderson_darling),
        law.verdict.to_owned(),
    ]
}

/// The cells of a ratio's row behind its minutes.
pub(crate) fn ratio_cells(ratio: &Ratio) -> [String; 8] {
    let money = rounded;
    [
        format!("{:.1}", ratio.hours),
        money(ratio.fee),
        money(ratio.mean),
        money(ratio.p95),
        money(ratio.regret),
        whole_percent(ratio.overage_chance),
        format!("{:.0}", ratio.lost_hours),
        whole_percent(ratio.margin),
    ]
}

/// The cells of a program's row at the provider's margin.
pub(crate) fn margin_cells(program: &AtMargin) -> [String; 4] {
    [program.raised, program.mean, program.p95, program.regret].map(rounded)
}
