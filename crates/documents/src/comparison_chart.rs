//! The comparison's charts as places in unit squares, and the same in words.
//!
//! The template draws them; nothing here knows about paper.

use serde::Serialize;

use crate::comparison::{AllowanceLine, BreakEven, ComparisonPaper, Contender, FanMonth};
use crate::comparison_axis::{Axis, Mark, Unit, rounded};
use crate::comparison_words::Shortener;

/// A density below this share of its peak is not to be seen.
const SEEN_MIN: f64 = 0.004;
/// More points than this are not to be seen either.
const POINTS_MAX: usize = 240;
/// Characters of a month's name and of the allowance's.
const MONTH_MAX: usize = 8;
const LINE_MAX: usize = 26;
/// Figures closer together than this, as a share, are one figure.
const SAME: f64 = 0.0005;

/// Points from left to right.
type Path = Vec<(f64, f64)>;

/// A year's cost under each program: from the middle to a bad year, and the average.
#[derive(Debug, Serialize)]
pub(crate) struct IntervalChart {
    /// What the amounts are counted in, such as `million`.
    unit: &'static str,
    marks: Vec<Mark>,
    rows: Vec<Interval>,
}

/// Places on the axis, 0 to 1.
#[derive(Debug, Serialize)]
struct Interval {
    from: f64,
    to: f64,
    mean: f64,
    /// Every year costs the same.
    steady: bool,
}

/// Makes the chart of the first page.
pub(crate) fn interval_chart(contenders: &[Contender]) -> IntervalChart {
    let values = contenders.iter().flat_map(|it| [it.mean_value, it.p50_value, it.p95_value]);
    let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let axis = Axis::exact(low, high, 6.0);
    let unit = Unit::of(high.max(-low));
    let row = |it: &Contender| Interval {
        from: axis.place(it.p50_value.min(it.p95_value)),
        to: axis.place(it.p50_value.max(it.p95_value)),
        mean: axis.place(it.mean_value),
        steady: is_steady(it),
    };
    IntervalChart { unit: unit.word, marks: axis.marks(unit), rows: contenders.iter().map(row).collect() }
}

/// Whether every year costs the same.
pub(crate) fn is_steady(contender: &Contender) -> bool {
    let same = |value: f64| (value - contender.p50_value).abs() <= SAME * contender.p50_value.abs();
    same(contender.p95_value) && same(contender.mean_value)
}

/// How likely each cost of a year is: a small hill for each program, on one axis.
#[derive(Debug, Serialize)]
pub(crate) struct HillChart {
    unit: &'static str,
    marks: Vec<Mark>,
    rows: Vec<Hill>,
}

#[derive(Debug, Serialize)]
struct Hill {
    /// The outline from left to right, 1 at the peak; empty where there is none to be seen.
    shape: Path,
    /// Every year costs the same.
    steady: bool,
    median: f64,
    bad: f64,
}

/// Makes the hills of the second page.
pub(crate) fn hill_chart(contenders: &[Contender]) -> HillChart {
    let hills: Vec<Path> = contenders.iter().map(outline).collect();
    let marked = contenders.iter().flat_map(|it| [it.p50_value, it.p95_value]);
    let costs: Vec<f64> = hills.iter().flatten().map(|point| point.0).chain(marked).collect();
    let high = costs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let low = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let (low, high) = if costs.is_empty() { (0.0, 1.0) } else { (low, high) };
    let margin = (high - low) * 0.03;
    let from = if low >= 0.0 && low - margin < 0.35 * high { 0.0 } else { low - margin };
    let axis = Axis::exact(from, high + margin, 5.0);
    let unit = Unit::of(high.abs().max(low.abs()));
    let rows = contenders.iter().zip(hills).map(|(it, hill)| Hill {
        steady: is_steady(it),
        shape: hill.into_iter().map(|(cost, height)| (axis.place(cost), height)).collect(),
        median: axis.place(it.p50_value),
        bad: axis.place(it.p95_value),
    });
    HillChart { unit: unit.word, marks: axis.marks(unit), rows: rows.collect() }
}

/// The part of a density that is to be seen, as shares of its peak, from the ground to the ground.
fn outline(contender: &Contender) -> Path {
    if is_steady(contender) {
        return Vec::new();
    }
    let mut points = contender.density.clone();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    let peak = points.iter().map(|point| point.1).fold(0.0, f64::max);
    let is_seen = |point: &&(f64, f64)| point.1 > SEEN_MIN * peak;
    let seen: Path = points.iter().filter(is_seen).map(|(cost, density)| (*cost, density / peak)).collect();
    let (Some(first), Some(last), true) = (seen.first(), seen.last(), seen.len() > 2) else {
        return Vec::new();
    };
    let ground = [(first.0, 0.0), (last.0, 0.0)];
    let inside = seen.iter().step_by(seen.len().div_ceil(POINTS_MAX)).copied();
    ground.into_iter().take(1).chain(inside).chain(ground.into_iter().skip(1)).collect()
}

/// What each coming month may need.
#[derive(Debug, Serialize)]
pub(crate) struct FanChart {
    alt: String,
    /// The seven lines from the highest to the lowest; 0 is the top.
    lines: [Path; 7],
    /// What the lines mean, at their right ends.
    ends: Vec<Mark>,
    allowance: Option<Mark>,
    hours: Vec<Mark>,
    months: Vec<Mark>,
    /// Where the last month stands that was; none where all are to come.
    now: Option<f64>,
}

/// What the seven lines are called, from the highest to the lowest.
const LINES: [&str; 7] =
    ["1 in 20 above", "1 in 10 above", "1 in 4 above", "middle", "1 in 4 below", "1 in 10 below", "1 in 20 below"];

/// Makes the fan of the second page from months, of which so many were; none without months.
pub(crate) fn fan_chart(
    (months, past): (&[FanMonth], usize),
    allowance: Option<&AllowanceLine>,
    short: Shortener<'_>,
) -> Option<FanChart> {
    let last = months.last()?;
    let series: [fn(&FanMonth) -> f64; 7] = [|it| it.p95, |it| it.p90, |it| it.p75, |it| it.p50, |it| it.p25, |it| it.p10, |it| it.p5];
    let values = months.iter().flat_map(|month| series.map(|of| of(month))).chain(allowance.map(|line| line.hours));
    let axis = Axis::whole(0.0, values.fold(0.0, f64::max), 5.0);
    let place = |hours: f64| 1.0 - axis.place(hours);
    let at = |index: usize| index as f64 / (months.len() - 1).max(1) as f64;
    // A single month is as wide as the chart.
    let count = months.len().max(2);
    let line = |of: fn(&FanMonth) -> f64| (0..count).map(|index| (at(index), place(of(months.get(index).unwrap_or(last))))).collect();
    let end = |(name, of): (&str, fn(&FanMonth) -> f64)| Mark { at: place(of(last)), text: format!("{name} {}", hours(of(last))) };
    let hours_of = |mark: Mark| Mark { at: 1.0 - mark.at, text: format!("{} h", mark.text) };
    Some(FanChart {
        alt: fan_alt((months, past), allowance, short),
        now: past.checked_sub(1).filter(|_| past < months.len()).map(at),
        lines: series.map(line),
        ends: LINES.into_iter().zip(series).map(end).collect(),
        allowance: allowance.map(|line| Mark { at: place(line.hours), text: short.text(&line.label, LINE_MAX) }),
        hours: axis.marks(Unit::ONE).into_iter().map(hours_of).collect(),
        months: (0..).zip(months).map(|(index, month)| Mark { at: at(index), text: short.text(&month.label, MONTH_MAX) }).collect(),
    })
}

fn fan_alt((months, past): (&[FanMonth], usize), allowance: Option<&AllowanceLine>, short: Shortener<'_>) -> String {
    let month = |(number, month): (usize, &FanMonth)| {
        let (label, middle) = (short.text(&month.label, MONTH_MAX), hours(month.p50));
        if number < past {
            format!("{label} was {middle}")
        } else {
            format!("{label} {middle}, {} to {}", hours(month.p5), hours(month.p95))
        }
    };
    let months: Vec<String> = months.iter().take(12).enumerate().map(month).collect();
    let line = allowance.map(|line| format!(" {}: {}.", short.text(&line.label, LINE_MAX), hours(line.hours))).unwrap_or_default();
    format!("Fan chart of the hours of each month: the middle, and where 18 of 20 cases lie. {}.{line}", months.join("; "))
}

/// `7.5 h` or `34 h`.
fn hours(hours: f64) -> String {
    if hours.abs() < 9.95 { format!("{hours:.1} h") } else { format!("{hours:.0} h") }
}

/// What a year costs against tickets a month.
#[derive(Debug, Serialize)]
pub(crate) struct CurveChart {
    alt: String,
    unit: &'static str,
    costs: Vec<Mark>,
    tickets: Vec<Mark>,
    expected: Option<Mark>,
    lines: Vec<CurveLine>,
    points: Vec<NumberedPoint>,
}

#[derive(Debug, Serialize)]
struct CurveLine {
    name: String,
    today: bool,
    points: Path,
}

/// A break-even point with the number of its sentence.
#[derive(Debug, Serialize)]
struct NumberedPoint {
    number: usize,
    at: (f64, f64),
}

/// Makes the curves of the third page; none where there are less than two levels of demand.
pub(crate) fn curve_chart(paper: &ComparisonPaper, break_evens: &[&BreakEven], names: &[String]) -> Option<CurveChart> {
    let curve = &paper.curve;
    let lines: Vec<Path> = curve.costs.iter().take(names.len()).map(|costs| sorted(&curve.tickets, costs)).collect();
    let all = || lines.iter().flatten();
    let low = all().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let high = all().map(|point| point.0).fold(f64::NEG_INFINITY, f64::max);
    if low >= high || all().next().is_none() {
        return None;
    }
    let (least, most) = all().fold((0.0_f64, 0.0_f64), |(least, most), point| (least.min(point.1), most.max(point.1)));
    let (across, up) = (Axis::exact(low, high, 6.0), Axis::whole(least, most, 5.0));
    let unit = Unit::of(most.max(-least));
    let place = |(tickets, cost): (f64, f64)| (across.place(tickets), 1.0 - up.place(cost));
    let point = |(number, it): (usize, &&BreakEven)| {
        let tickets = it.tickets.filter(|tickets| across.holds(*tickets))?;
        let cost = value_at(lines.get(it.contender?)?, tickets)?;
        Some(NumberedPoint { number, at: place((tickets, cost)) })
    };
    let line = |((points, name), it): ((&Path, &String), &Contender)| CurveLine {
        name: name.clone(),
        today: it.is_today,
        points: points.iter().copied().map(place).collect(),
    };
    let expected = curve.expected.filter(|tickets| across.holds(*tickets));
    Some(CurveChart {
        alt: curve_alt(paper, &lines, names, (low, high)),
        unit: unit.word,
        costs: up.marks(unit).into_iter().map(|mark| Mark { at: 1.0 - mark.at, ..mark }).collect(),
        tickets: across.marks(Unit::ONE),
        expected: expected.map(|tickets| Mark { at: across.place(tickets), text: "expected".to_owned() }),
        points: (1..).zip(break_evens).filter_map(point).collect(),
        lines: lines.iter().zip(names).zip(&paper.contenders).map(line).collect(),
    })
}

fn sorted(tickets: &[f64], costs: &[f64]) -> Path {
    let mut points: Path = tickets.iter().copied().zip(costs.iter().copied()).collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    points
}

/// The cost on a line of straight pieces.
fn value_at(points: &[(f64, f64)], tickets: f64) -> Option<f64> {
    let pair = points.windows(2).find(|pair| pair.iter().any(|point| point.0 >= tickets))?;
    let [(from, first), (to, second)] = pair else { return None };
    let share = if to > from { ((tickets - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 };
    Some(first + (second - first) * share)
}

fn curve_alt(paper: &ComparisonPaper, lines: &[Path], names: &[String], (low, high): (f64, f64)) -> String {
    let line = |(points, name): (&Path, &String)| {
        let (first, last) = (points.first()?, points.last()?);
        Some(format!("{name}: {} to {}", rounded(first.1), rounded(last.1)))
    };
    let lines: Vec<String> = lines.iter().zip(names).filter_map(line).collect();
    let expected = paper.curve.expected.map(|tickets| format!(" Expected are {}.", rounded(tickets))).unwrap_or_default();
    let (low, high) = (rounded(low), rounded(high));
    format!("Line chart of a year's cost from {low} to {high} tickets a month. {}.{expected}", lines.join("; "))
}
