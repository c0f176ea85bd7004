//! What a year costs under each program when there are fewer or more tickets, as lines.

use std::fmt::Write as _;

use crate::web::chart::densities::{short, ticks};
use crate::web::chart::{Chart, across, begun, escape, text};

/// Lines of cost against tickets.
#[derive(Clone, Debug, Default)]
pub struct CostCurve {
    /// The id of the figure.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// Tickets a month at each point.
    pub tickets: Vec<f64>,
    /// The lines.
    pub series: Vec<Series>,
    /// Tickets a month that are expected.
    pub expected: f64,
    /// Where lines cross: tickets and cost.
    pub crossings: Vec<(f64, f64)>,
}

/// One line.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// At its end.
    pub label: String,
    /// Cost of a year at each point.
    pub costs: Vec<f64>,
}

impl CostCurve {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let head = ["Tickets a month"].into_iter();
        let rows = self.tickets.iter().enumerate().map(|(at, tickets)| {
            let costs = self.series.iter().map(|series| series.costs.get(at).map_or(String::new(), |cost| short(*cost)));
            std::iter::once(format!("{tickets:.0}")).chain(costs).collect()
        });
        Chart {
            id: self.id.clone(),
            title: self.title.clone(),
            svg: [("chart-wide", 720.0, 330.0, 160.0), ("chart-small", 390.0, 300.0, 12.0)].map(|it| self.draw(it)).concat(),
            legend: Vec::new(),
            head: head.chain(self.series.iter().map(|series| shown_head(&series.label))).collect(),
            rows: rows.collect(),
        }
    }

    fn draw(&self, (class, width, height, right): (&str, f64, f64, f64)) -> String {
        let (left, top, bottom) = (58.0, 16.0, 40.0);
        let most = self.tickets.iter().copied().fold(0.0, f64::max).max(1.0);
        let high = self.series.iter().flat_map(|series| &series.costs).copied().fold(0.0, f64::max).max(1.0) * 1.04;
        let x = |tickets: f64| left + tickets / most * (width - left - right);
        let y = |cost: f64| height - bottom - cost / high * (height - top - bottom);
        let mut svg = begun((class, width, height), &self.title, &self.title);
        for tick in ticks(0.0, high, 5) {
            let at = y(tick);
            across(&mut svg, at, (left, width - right), &short(tick));
        }
        for tick in ticks(0.0, most, if width > 500.0 { 8 } else { 4 }) {
            let at = x(tick);
            text(&mut svg, "t-soft", at, height - bottom + 18.0, "middle", &short(tick));
        }
        text(&mut svg, "t-soft", width - right, height - 4.0, "end", "tickets a month");
        let now = x(self.expected);
        let _ = write!(svg, "<path class=\"c-today\" d=\"M{now:.1} {top:.1}V{:.1}\"/>", height - bottom);
        for (number, series) in self.series.iter().enumerate() {
            let points: Vec<String> =
                self.tickets.iter().zip(&series.costs).map(|(tickets, cost)| format!("{:.1},{:.1}", x(*tickets), y(*cost))).collect();
            let _ = write!(svg, "<polyline class=\"c-series s{}\" points=\"{}\"/>", number % 8, points.join(" "));
        }
        // Over the lines, not under them.
        text(&mut svg, "t-strong t-halo", now + 5.0, top + 10.0, "start", "expected");
        for (tickets, cost) in &self.crossings {
            let _ = write!(svg, "<circle class=\"c-cross\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"/>", x(*tickets), y(*cost));
        }
        self.labels(&mut svg, (width - right, top, height - bottom), &y);
        svg.push_str("</svg>");
        svg
    }

    /// The names at the lines' ends, moved apart; on a narrow page at their middles.
    fn labels(&self, svg: &mut String, (right, top, bottom): (f64, f64, f64), y: &impl Fn(f64) -> f64) {
        let mut ends: Vec<(f64, usize)> =
            self.series.iter().enumerate().filter_map(|(number, series)| Some((y(*series.costs.last()?), number))).collect();
        ends.sort_by(|one, other| one.0.total_cmp(&other.0));
        let gap = 15.0;
        let mut last = top - gap;
        for end in &mut ends {
            end.0 = end.0.max(last + gap);
            last = end.0;
        }
        let over = (last - bottom).max(0.0);
        let is_wide = right < 600.0 && right > 400.0;
        for (at, number) in ends {
            let Some(series) = self.series.get(number) else { continue };
            let (x, anchor) = if is_wide { (right + 8.0, "start") } else { (right - 2.0, "end") };
            let _ = write!(
                svg,
                "<text class=\"t-series s{} t-halo\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
                number % 8,
                at - over + 4.0,
                escape(&series.label)
            );
        }
    }
}

/// A column's head lives as long as the program: the programs' names do, others are shown as what they are.
fn shown_head(label: &str) -> &'static str {
    let known = quarterhour_billing::agreement::Program::ALL.into_iter().find(|program| program.name() == label);
    known.map_or("Other agreement", quarterhour_billing::agreement::Program::name)
}
