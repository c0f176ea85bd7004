//! The desk: when tickets come, by weekday and hour, and what each staffing costs beside what it answers in time.

use std::fmt::Write as _;

use crate::web::chart::densities::{short, ticks};
use crate::web::chart::{Chart, across, begun, escape, text};

/// Tickets an hour by weekday and hour.
#[derive(Clone, Debug)]
pub struct Arrivals {
    /// The id of the figure.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// From Monday, from midnight.
    pub per_hour: [[f64; 24]; 7],
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Arrivals {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let hour = |hour: usize| {
            let rates = self.per_hour.iter().map(|day| day.get(hour).map_or(String::new(), |rate| format!("{rate:.2}")));
            std::iter::once(format!("{hour:02}:00")).chain(rates).collect()
        };
        Chart {
            id: self.id.clone(),
            title: self.title.clone(),
            svg: [("chart-wide", 720.0, 24.0), ("chart-small", 390.0, 22.0)].map(|it| self.draw(it)).concat(),
            legend: Vec::new(),
            head: std::iter::once("Hour").chain(DAYS).collect(),
            rows: (0..24).map(hour).collect(),
        }
    }

    fn draw(&self, (class, width, row): (&str, f64, f64)) -> String {
        let (left, top) = (40.0, 4.0);
        let slot = (width - left - 4.0) / 24.0;
        let most = self.per_hour.iter().flatten().copied().fold(0.0, f64::max).max(1e-9);
        let height = top + row * 7.0 + 24.0;
        let mut svg = begun((class, width, height), &self.title, &self.title);
        for (day, (name, rates)) in DAYS.iter().zip(&self.per_hour).enumerate() {
            let y = top + row * day as f64;
            let _ = write!(
                svg,
                "<text class=\"t-soft\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
                left - 8.0,
                y + row / 2.0 + 3.0
            );
            for (hour, rate) in rates.iter().enumerate() {
                let x = left + slot * hour as f64;
                let (width, height) = (slot - 2.0, row - 3.0);
                let _ = write!(
                    svg,
                    "<rect class=\"c-weekend\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"2\"/>"
                );
                let share = (rate / most).clamp(0.0, 1.0);
                // Filled from below, so that it is not told by colour alone.
                let filled = height * share;
                if filled >= 0.3 {
                    let _ = write!(
                        svg,
                        "<rect class=\"c-used\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{filled:.1}\" rx=\"1\"/>",
                        y + height - filled
                    );
                }
            }
        }
        for hour in [0, 6, 12, 18] {
            let _ = write!(
                svg,
                "<text class=\"t-soft\" x=\"{:.1}\" y=\"{:.1}\">{hour:02}:00</text>",
                left + slot * f64::from(hour),
                height - 6.0
            );
        }
        svg.push_str("</svg>");
        svg
    }
}

/// Staffings beside each other, each with one technician more.
#[derive(Clone, Debug, Default)]
pub struct Staffings {
    /// The id of the figure.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// From the fewest on.
    pub columns: Vec<StaffingColumn>,
}

/// One staffing.
#[derive(Clone, Debug, Default)]
pub struct StaffingColumn {
    /// Technicians.
    pub technicians: usize,
    /// Cost a month.
    pub cost: f64,
    /// The share that is answered in time, in words.
    pub in_time: String,
    /// Is it the one to choose?
    pub is_enough: bool,
}

impl Staffings {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let rows = self.columns.iter().map(|it| vec![it.technicians.to_string(), short(it.cost), it.in_time.clone()]);
        Chart {
            id: self.id.clone(),
            title: self.title.clone(),
            svg: [("chart-wide", 720.0, 260.0), ("chart-small", 390.0, 240.0)].map(|it| self.draw(it)).concat(),
            legend: vec![("", "enough"), ("plain", "fewer or more")],
            head: vec!["Technicians", "Cost a month", "In time"],
            rows: rows.collect(),
        }
    }

    fn draw(&self, (class, width, height): (&str, f64, f64)) -> String {
        let (left, right, top, bottom) = (58.0, 8.0, 24.0, 40.0);
        let high = self.columns.iter().map(|it| it.cost).fold(0.0, f64::max).max(1.0) * 1.04;
        let slot = (width - left - right) / self.columns.len().max(1) as f64;
        let y = |cost: f64| height - bottom - cost / high * (height - top - bottom);
        let mut svg = begun((class, width, height), &self.title, &self.title);
        for tick in ticks(0.0, high, 4) {
            let at = y(tick);
            across(&mut svg, at, (left, width - right), &short(tick));
        }
        // Many columns are narrow: then not each has its words.
        let every = (44.0 / slot).ceil().max(1.0) as usize;
        for (number, it) in self.columns.iter().enumerate() {
            let (middle, bar) = (left + slot * (number as f64 + 0.5), (slot * 0.62).min(48.0));
            let tone = if it.is_enough { "c-used" } else { "c-plain" };
            let _ = write!(
                svg,
                "<rect class=\"{tone}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{bar:.1}\" height=\"{:.1}\" rx=\"2\"/>",
                middle - bar / 2.0,
                y(it.cost),
                (height - bottom - y(it.cost)).max(0.5)
            );
            let mut text = |class: &str, y: f64, words: &str| {
                let _ = write!(
                    svg,
                    "<text class=\"{class}\" x=\"{middle:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>",
                    escape(words)
                );
            };
            let is_near = |other: usize| other != number && other.abs_diff(number) < every;
            let crowded = self.columns.iter().enumerate().any(|(other, it)| it.is_enough && is_near(other));
            if it.is_enough || (number % every == 0 && !crowded) {
                let tone = if it.is_enough { "t-strong" } else { "t-soft" };
                text(tone, y(it.cost) - 6.0, &it.in_time);
                text(tone, height - bottom + 16.0, &it.technicians.to_string());
            }
        }
        text(&mut svg, "t-soft", width - right, height - 6.0, "end", "technicians; above each, the share in time");
        svg.push_str("</svg>");
        svg
    }
}
