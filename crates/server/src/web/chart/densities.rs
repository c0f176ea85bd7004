//! Densities of a year's cost above each other on one axis, with the middle and the bad year marked.

use std::fmt::Write as _;

use crate::web::chart::{Chart, begun, escape, text};

/// Densities on one axis of money.
#[derive(Clone, Debug, Default)]
pub struct Densities {
    /// The id of the figure.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// From top to bottom.
    pub ridges: Vec<Ridge>,
}

/// One density.
#[derive(Clone, Debug, Default)]
pub struct Ridge {
    /// Beside it.
    pub label: String,
    /// Cost at the first value, and between values.
    pub from: f64,
    /// Cost between values.
    pub step: f64,
    /// Densities.
    pub values: Vec<f64>,
    /// In half of the years it costs less.
    pub median: f64,
    /// In nineteen of twenty years it costs less.
    pub p95: f64,
    /// The same in words.
    pub words: [String; 2],
}

const ROW: f64 = 46.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 30.0;

impl Densities {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let rows = self.ridges.iter().map(|ridge| {
            let [median, p95] = &ridge.words;
            vec![ridge.label.clone(), median.clone(), p95.clone()]
        });
        Chart {
            id: self.id.clone(),
            title: self.title.clone(),
            svg: [("chart-wide", 720.0, 150.0), ("chart-small", 390.0, 0.0)].map(|it| self.draw(it.0, it.1, it.2)).concat(),
            legend: vec![("median", "half of the years cost less"), ("p95", "nineteen of twenty years cost less")],
            head: vec!["Program", "Median year", "Bad year (P95)"],
            rows: rows.collect(),
        }
    }

    /// The least and the most on the axis.
    fn span(&self) -> (f64, f64) {
        let low = self.ridges.iter().map(|ridge| ridge.from).fold(f64::INFINITY, f64::min);
        let high = self.ridges.iter().map(|ridge| ridge.from + ridge.step * ridge.values.len() as f64).fold(0.0, f64::max);
        if low.is_finite() && high > low { (low, high) } else { (0.0, 1.0) }
    }

    fn draw(&self, class: &str, width: f64, left: f64) -> String {
        let (low, high) = self.span();
        // On a narrow page the label stands above its density.
        let row = if left > 0.0 { ROW } else { ROW + 16.0 };
        let (first, room) = (if left > 0.0 { left } else { 6.0 }, width - if left > 0.0 { left + 16.0 } else { 14.0 });
        let height = TOP + row * self.ridges.len() as f64 + BOTTOM;
        let x = |cost: f64| first + (cost - low) / (high - low) * room;
        let words: Vec<String> = self
            .ridges
            .iter()
            .map(|ridge| format!("{}: median {}, bad year {}", ridge.label, ridge.words[0], ridge.words[1]))
            .collect();
        let mut svg = begun((class, width, height), &self.title, &format!("{}. {}", self.title, words.join("; ")));
        let base = height - BOTTOM;
        for tick in ticks(low, high, if left > 0.0 { 6 } else { 3 }) {
            let at = x(tick);
            let _ = write!(svg, "<path class=\"c-grid\" d=\"M{at:.1} {TOP:.1}V{base:.1}\"/>");
            text(&mut svg, "t-soft", at, base + 18.0, "middle", &short(tick));
        }
        for (index, ridge) in self.ridges.iter().enumerate() {
            let floor = TOP + row * (index + 1) as f64 - 8.0;
            if left > 0.0 {
                let _ = write!(
                    svg,
                    "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                    left - 12.0,
                    floor - 3.0,
                    escape(&ridge.label)
                );
            } else {
                let _ = write!(svg, "<text x=\"{first:.1}\" y=\"{:.1}\">{}</text>", floor - ROW + 10.0, escape(&ridge.label));
            }
            let _ = write!(svg, "<path class=\"c-grid\" d=\"M{first:.1} {floor:.1}H{:.1}\"/>", first + room);
            ridge_path(&mut svg, ridge, floor, &x);
            let _ = write!(svg, "<circle class=\"c-median\" cx=\"{:.1}\" cy=\"{floor:.1}\" r=\"4\"/>", x(ridge.median));
            let at = x(ridge.p95);
            let _ = write!(svg, "<path class=\"c-p95\" d=\"M{at:.1} {:.1}V{:.1}\"/>", floor - 15.0, floor + 3.0);
        }
        svg.push_str("</svg>");
        svg
    }
}

fn ridge_path(svg: &mut String, ridge: &Ridge, floor: f64, x: &impl Fn(f64) -> f64) {
    let peak = ridge.values.iter().copied().fold(0.0, f64::max);
    if peak <= 0.0 {
        return;
    }
    let _ = write!(svg, "<path class=\"c-ridge\" d=\"M{:.1} {floor:.1}", x(ridge.from));
    for (number, value) in ridge.values.iter().enumerate() {
        let _ = write!(svg, "L{:.1} {:.1}", x(ridge.from + ridge.step * number as f64), floor - value / peak * (ROW - 14.0));
    }
    let _ = write!(svg, "V{floor:.1}Z\"/>");
}

/// Round numbers between two, at most so many.
pub(super) fn ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let rough = (high - low) / most.max(1) as f64;
    if !rough.is_finite() || rough <= 0.0 {
        return Vec::new();
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough).unwrap_or(10.0 * power);
    let mut at = (low / step).ceil() * step;
    let mut ticks = Vec::new();
    while at <= high + step * 1e-9 {
        ticks.push(at);
        at += step;
    }
    ticks
}

/// A number on an axis: `12,500`, `1.25 M`.
pub(super) fn short(value: f64) -> String {
    if value.abs() >= 1e6 {
        let text = format!("{:.2}", value / 1e6);
        return format!("{} M", text.trim_end_matches('0').trim_end_matches('.'));
    }
    if value.abs() < 10.0 && value.fract().abs() > 1e-9 {
        return format!("{value:.1}");
    }
    crate::app::money::grouped(&format!("{value:.0}"))
}
