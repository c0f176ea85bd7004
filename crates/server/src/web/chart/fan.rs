//! The hours of months to come as a fan: the middle half, eight of ten, nine of ten, with the allowance as a line.

use std::fmt::Write as _;

use crate::web::chart::densities::{short, ticks};
use crate::web::chart::{Chart, across, begun, text};

/// A fan of months.
#[derive(Clone, Debug, Default)]
pub struct Fan {
    /// The id of the figure.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The months.
    pub months: Vec<FanMonth>,
    /// Hours of the allowance.
    pub allowance: Option<f64>,
}

/// One month: quantiles of its hours at 5, 10, 25, 50, 75, 90 and 95 percent; one number of a month that is over.
#[derive(Clone, Debug, Default)]
pub struct FanMonth {
    /// Its name, such as `Nov`.
    pub label: String,
    /// Seven quantiles, or one number.
    pub hours: Vec<f64>,
}

impl Fan {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let at = |month: &FanMonth, number: usize| month.hours.get(number).map_or(String::new(), |hours| format!("{hours:.1}"));
        let rows = self.months.iter().map(|month| match month.hours.len() {
            7 => vec![month.label.clone(), at(month, 1), at(month, 3), at(month, 5)],
            _ => vec![month.label.clone(), String::new(), at(month, 0), String::new()],
        });
        Chart {
            id: self.id.clone(),
            title: self.title.clone(),
            svg: [("chart-wide", 720.0, 240.0), ("chart-small", 390.0, 230.0)].map(|it| self.draw(it)).concat(),
            legend: vec![("fan-half", "half of all months"), ("fan-most", "nine of ten months"), ("allowance", "allowance")],
            head: vec!["Month", "P10, hours", "Middle, hours", "P90, hours"],
            rows: rows.collect(),
        }
    }

    fn draw(&self, (class, width, height): (&str, f64, f64)) -> String {
        let (left, right, top, bottom) = (44.0, 12.0, 18.0, 26.0);
        let high =
            self.months.iter().flat_map(|month| &month.hours).copied().fold(self.allowance.unwrap_or(0.0), f64::max).max(0.5) * 1.08;
        let slot = (width - left - right) / self.months.len().max(1) as f64;
        let x = |number: usize| left + slot * (number as f64 + 0.5);
        let y = |hours: f64| height - bottom - hours / high * (height - top - bottom);
        let mut svg = begun((class, width, height), &self.title, &self.title);
        for tick in ticks(0.0, high, 4) {
            across(&mut svg, y(tick), (left, width - right), &format!("{} h", short(tick)));
        }
        let every = if width < 500.0 { self.months.len().div_ceil(7).max(1) } else { self.months.len().div_ceil(14).max(1) };
        for (number, month) in self.months.iter().enumerate() {
            let at = x(number);
            if number % every == 0 {
                text(&mut svg, "t-soft", at, height - 8.0, "middle", &month.label);
            }
            if let [only] = month.hours[..] {
                let _ = write!(svg, "<circle class=\"c-used\" cx=\"{at:.1}\" cy=\"{:.1}\" r=\"3\"/>", y(only));
            }
            if let [p5, _, p25, p50, p75, _, p95] = month.hours[..] {
                let wide = (slot * 0.62).min(30.0);
                let mut bar = |class: &str, low: f64, high: f64| {
                    let _ = write!(
                        svg,
                        "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" rx=\"2\"/>",
                        at - wide / 2.0,
                        y(high),
                        (y(low) - y(high)).max(0.5)
                    );
                };
                bar("c-fan-most", p5, p95);
                bar("c-fan-half", p25, p75);
                let _ = write!(svg, "<path class=\"c-left\" d=\"M{:.1} {:.1}h{wide:.1}\"/>", at - wide / 2.0, y(p50));
            }
        }
        if let Some(allowance) = self.allowance {
            let _ = write!(svg, "<path class=\"c-limit\" d=\"M{left:.1} {:.1}H{:.1}\"/>", y(allowance), width - right);
            let _ = write!(
                svg,
                "<text class=\"t-strong t-halo\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{} h allowance</text>",
                width - right,
                y(allowance) - 5.0,
                short(allowance)
            );
        }
        svg.push_str("</svg>");
        svg
    }
}
