//! Charts: plain numbers in, SVG out. Colours come from the classes of `app.css`; behind each chart is its table.
//! What the numbers mean is decided elsewhere.

mod aging;
mod books;
mod burn_down;
mod cost_curve;
mod densities;
mod desk;
mod fan;
mod margins;
mod multiples;
#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::fmt::Write as _;

pub use aging::{Aging, Bar};
pub use books::seconds_into;
pub use burn_down::{AfterHours, BurnDown, Outlook, Step};
pub use cost_curve::{CostCurve, Series};
pub use densities::{Densities, Ridge};
pub use desk::{Arrivals, StaffingColumn, Staffings};
pub use fan::{Fan, FanMonth};
pub use margins::Margins;
pub use multiples::{Month, Multiple, Multiples};

use quarterhour_billing::{Currency, plain_hours};

use crate::app::money;
use crate::hours::hours;

/// What the numbers of a chart count.
#[derive(Clone, Copy, Debug, Default)]
pub enum Unit {
    /// Seconds of work in pools.
    #[default]
    Time,
    /// Minor units of money in a reserve.
    Money(Currency),
}

impl Unit {
    /// A number in words: `4:30 h`, `USD 450.00`.
    #[must_use]
    pub fn words(self, number: i64) -> String {
        match self {
            Self::Time => hours(number),
            Self::Money(currency) => money::shown(number, currency),
        }
    }

    /// The same without what a forecast cannot know: whole minutes, whole units of money.
    #[must_use]
    pub fn about(self, number: i64) -> String {
        let one = self.one();
        match self {
            Self::Time => hours(number / 60 * 60),
            Self::Money(currency) => {
                let text = money::shown(number / one * one, currency);
                text.split_once('.').map_or(text.clone(), |(whole, _)| whole.to_owned())
            }
        }
    }

    /// A whole number on an axis.
    fn tick(self, number: i64) -> String {
        let (sign, number) = (if number < 0 { "+" } else { "" }, number.abs());
        match self {
            Self::Time => format!("{sign}{} h", number / 3600),
            Self::Money(_) => format!("{sign}{}", self.about(number).split_once(' ').map_or("", |(_, number)| number)),
        }
    }

    /// An hour, or one unit of money.
    fn one(self) -> i64 {
        match self {
            Self::Time => 3600,
            Self::Money(currency) => 10_i64.pow(u32::from(currency.digits())),
        }
    }
}

/// A chart with what stands beside and behind it.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// The id of its figure, so that it can be replaced when numbers change.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The drawings: one for wide pages and one for phones.
    pub svg: String,
    /// Swatches with words.
    pub legend: Vec<(&'static str, &'static str)>,
    /// The heads of the table.
    pub head: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

/// Used, left and overage of a period as a bar with its words; all in seconds.
#[must_use]
pub fn month_bar(used: impl Borrow<i64>, available: impl Borrow<i64>, beyond: impl Borrow<i64>) -> String {
    let (used, available, beyond) = (*used.borrow(), *available.borrow(), *beyond.borrow());
    bar(used, available, beyond, &month_words(used, available, beyond))
}

/// What was charged of a reserve, in percent of it; past 100 once it is empty.
#[must_use]
pub fn reserve_bar(percent: i64) -> String {
    let words = match percent {
        ..100 => format!("{} % of the reserve left", 100 - percent),
        100 => "reserve used up".to_owned(),
        _ => format!("{} % over the reserve", percent - 100),
    };
    bar(percent.min(100), 100, (percent - 100).max(0), &words)
}

fn bar(used: i64, available: i64, beyond: i64, words: &str) -> String {
    if available <= 0 && beyond <= 0 {
        return format!("<span class=\"monthbar\"><span>{words}</span></span>");
    }
    let whole = (available.max(0) + beyond.max(0)).max(1);
    let share = |seconds: i64| seconds.clamp(0, whole) as f64 * 200.0 / whole as f64;
    // Overage is never too thin to be seen.
    let end = if beyond > 0 { 195.0 } else { 200.0 };
    let (limit, taken) = (share(available).min(end), share(used.min(available)).min(end));
    let mut svg = String::from("<svg viewBox=\"0 0 200 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    rect(&mut svg, "m-rest", 0.0, 0.0, limit, 8.0);
    rect(&mut svg, "m-used", 0.0, 0.0, taken, 8.0);
    if beyond > 0 {
        rect(&mut svg, "m-over", limit, 0.0, 200.0 - limit, 8.0);
        rect(&mut svg, "m-mark", (limit - 1.0).max(0.0), 0.0, 2.0, 8.0);
    }
    svg.push_str("</svg>");
    let tone = if beyond > 0 { " class=\"over\"" } else { "" };
    format!("<span class=\"monthbar\">{svg}<span{tone}>{words}</span></span>")
}

fn month_words(used: i64, available: i64, beyond: i64) -> String {
    match (available, beyond) {
        (..=0, ..=0) => "no prepaid time".to_owned(),
        (..=0, _) => format!("{} beyond", hours(beyond)),
        (_, 1..) => format!("{} over {}", plain_hours(beyond), hours(available)),
        _ => format!("{} left of {}", plain_hours(available - used), hours(available)),
    }
}

/// A line of a few numbers, without axes; the numbers stand beside it.
#[must_use]
pub fn sparkline(values: &[i64]) -> String {
    let (low, high) = (values.iter().copied().min().unwrap_or(0).min(0), values.iter().copied().max().unwrap_or(0));
    let (span, count) = ((high - low).max(1) as f64, values.len().saturating_sub(1).max(1) as f64);
    let point = |(index, value): (usize, &i64)| {
        format!("{:.1},{:.1}", index as f64 * 100.0 / count, 22.0 - (*value - low) as f64 * 20.0 / span)
    };
    let points: Vec<String> = values.iter().enumerate().map(point).collect();
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 100 24\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><line x1=\"0\" y1=\"23\" x2=\"100\" y2=\"23\"/><polyline points=\"{}\"/></svg>",
        points.join(" ")
    )
}

fn rect(svg: &mut String, class: &str, x: f64, y: f64, width: f64, height: f64) {
    if width > 0.0 && height > 0.0 {
        let _ = write!(svg, "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>");
    }
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, anchor: &str, words: &str) {
    let _ = write!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>", escape(words));
}

/// The beginning of a drawing of a class and a size, with its title, and what it shows in words.
fn begun((class, width, height): (&str, f64, f64), title: &str, words: &str) -> String {
    format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{}\"><title>{}</title>",
        escape(words),
        escape(title)
    )
}

/// A line across at a height, from a place to another, with its words on the left.
fn across(svg: &mut String, at: f64, (from, to): (f64, f64), words: &str) {
    let _ = write!(svg, "<path class=\"c-grid\" d=\"M{from:.1} {at:.1}H{to:.1}\"/>");
    text(svg, "t-soft", from - 8.0, at + 4.0, "end", words);
}

/// A text inside SVG.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
