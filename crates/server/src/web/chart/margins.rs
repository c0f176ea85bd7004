//! The density of what is left of a year, with its middle, the bad years and the line below which it is a loss.

use std::fmt::Write as _;

use crate::web::chart::densities::{short, ticks};
use crate::web::chart::{Chart, begun, escape, text};

/// A density of margins.
#[derive(Clone, Debug, Default)]
pub struct Margins {
    /// The id of the figure.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The margin at the first value.
    pub from: f64,
    /// What lies between values.
    pub step: f64,
    /// Densities.
    pub values: Vec<f64>,
    /// Marked places from the worst on: what it is called, the margin, the same in words.
    pub marks: Vec<(&'static str, f64, String)>,
}

impl Margins {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        Chart {
            id: self.id.clone(),
            title: self.title.clone(),
            svg: [("chart-wide", 720.0, 230.0), ("chart-small", 390.0, 220.0)].map(|it| self.draw(it)).concat(),
            legend: Vec::new(),
            head: vec!["Year", "Margin"],
            rows: self.marks.iter().map(|(label, _, words)| vec![(*label).to_owned(), words.clone()]).collect(),
        }
    }

    /// The least and the most on the axis.
    fn span(&self) -> (f64, f64) {
        let places = self.marks.iter().map(|(_, at, _)| *at);
        let end = self.from + self.step * self.values.len().saturating_sub(1) as f64;
        let all: Vec<f64> = places.chain([self.from, end]).filter(|at| at.is_finite()).collect();
        let (low, high) = (all.iter().copied().fold(f64::INFINITY, f64::min), all.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        if high > low { (low, high) } else { (0.0, 1.0) }
    }

    fn draw(&self, (class, width, height): (&str, f64, f64)) -> String {
        let (left, right, bottom) = (8.0, 12.0, 28.0);
        // The marks stand above each other, so that near ones can be read.
        let top = 20.0 * self.marks.len() as f64 + 8.0;
        let (low, high) = self.span();
        let peak = self.values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let (base, x) = (height - bottom, |margin: f64| left + (margin - low) / (high - low) * (width - left - right));
        let words: Vec<String> = self.marks.iter().map(|(label, _, words)| format!("{label} {words}")).collect();
        let mut svg = begun((class, width, height), &self.title, &format!("{}. {}", self.title, words.join("; ")));
        for tick in ticks(low, high, if width > 500.0 { 7 } else { 4 }) {
            let at = x(tick);
            let _ = write!(svg, "<path class=\"c-grid\" d=\"M{at:.1} {top:.1}V{base:.1}\"/>");
            let (at, anchor) = if at < 30.0 { (left, "start") } else { (at, if at > width - 40.0 { "end" } else { "middle" }) };
            text(&mut svg, "t-soft", at, base + 18.0, anchor, &short(tick));
        }
        if peak > 0.0 {
            let _ = write!(svg, "<path class=\"c-ridge\" d=\"M{:.1} {base:.1}", x(self.from));
            for (number, value) in self.values.iter().enumerate() {
                let _ = write!(svg, "L{:.1} {:.1}", x(self.from + self.step * number as f64), base - value / peak * (base - top));
            }
            let _ = write!(svg, "V{base:.1}Z\"/>");
        }
        let _ = write!(svg, "<path class=\"c-axis\" d=\"M{left:.1} {base:.1}H{:.1}\"/>", width - right);
        if low < 0.0 && high > 0.0 {
            let _ = write!(svg, "<path class=\"c-limit\" d=\"M{:.1} {top:.1}V{base:.1}\"/>", x(0.0));
        }
        let line = |number: usize| 14.0 + 20.0 * number as f64;
        for (number, (_, margin, _)) in self.marks.iter().enumerate() {
            let tone = if number + 1 == self.marks.len() { "c-today" } else { "c-p95" };
            let _ = write!(svg, "<path class=\"{tone}\" d=\"M{:.1} {:.1}V{base:.1}\"/>", x(*margin), line(number) - 8.0);
        }
        for (number, (label, margin, words)) in self.marks.iter().enumerate() {
            let (at, line) = (x(*margin), line(number));
            let (at, anchor) = if at > width * 0.5 { (at - 6.0, "end") } else { (at + 6.0, "start") };
            let _ = write!(
                svg,
                "<text class=\"t-strong t-halo\" x=\"{at:.1}\" y=\"{line:.1}\" text-anchor=\"{anchor}\">{} {}</text>",
                escape(label),
                escape(words)
            );
        }
        svg.push_str("</svg>");
        svg
    }
}
