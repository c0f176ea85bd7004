//! Small multiples: the last months side by side, each a bar of used, lost and overage. In seconds.

use std::fmt::Write as _;

use crate::hours::hours;
use crate::web::chart::{Chart, escape, rect};

/// Months side by side.
#[derive(Clone, Debug, Default)]
pub struct Multiples {
    /// The id of the list.
    pub id: String,
    /// The months, the oldest first.
    pub months: Vec<Month>,
}

/// A month in numbers.
#[derive(Clone, Debug, Default)]
pub struct Month {
    /// Its name, such as `November 2026`.
    pub name: String,
    /// Its name below the bar, such as `Nov` or `Jan 26`.
    pub label: String,
    /// Taken from pools.
    pub used: i64,
    /// Ended unused.
    pub lost: i64,
    /// Still in the pools, or rolled on.
    pub rest: i64,
    /// Beyond the pools.
    pub overage: i64,
    /// Time that no pool was there for: charged or included.
    pub other: i64,
    /// Where its statement is.
    pub path: String,
    /// Does it run?
    pub is_running: bool,
}

impl Month {
    /// The words under the bar.
    #[must_use]
    pub fn figure(&self) -> String {
        let worked = self.used + self.overage + self.other;
        hours(worked / 60 * 60).trim_end_matches(" h").to_owned()
    }

    /// A tone for what deserves a look: overage or lost time.
    #[must_use]
    pub fn tone(&self) -> &'static str {
        if self.overage > 0 { "over" } else { "" }
    }

    /// What the bar shows, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = format!("{}: {} used", self.name, hours(self.used));
        for (seconds, what) in
            [(self.other, "beside prepaid time"), (self.overage, "overage"), (self.lost, "lost"), (self.rest, "left")]
        {
            if seconds > 0 {
                let _ = write!(words, ", {} {what}", hours(seconds));
            }
        }
        words
    }

    fn height(&self) -> i64 {
        [self.used, self.lost, self.rest, self.overage, self.other].iter().map(|seconds| (*seconds).max(0)).sum()
    }
}

/// One month as it is shown.
#[derive(Clone, Debug)]
pub struct Multiple {
    /// The bar.
    pub svg: String,
    /// The month.
    pub month: Month,
}

impl Multiples {
    /// The bars, all to one scale.
    #[must_use]
    pub fn bars(&self) -> Vec<Multiple> {
        let highest = self.months.iter().map(Month::height).max().unwrap_or(0).max(3600);
        self.months.iter().map(|month| Multiple { svg: bar(month, highest), month: month.clone() }).collect()
    }

    /// The numbers behind the bars.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let row = |month: &Month| {
            let mut row = vec![month.name.clone()];
            row.extend([month.used, month.other, month.overage, month.lost, month.rest].map(hours));
            row
        };
        let any = |of: fn(&Month) -> i64| self.months.iter().any(|month| of(month) > 0);
        let all = [
            (any(|month| month.used), "", "used"),
            (any(|month| month.other), "plain", "beside prepaid time"),
            (any(|month| month.overage), "over", "overage"),
            (any(|month| month.lost), "lost", "lost"),
            (any(|month| month.rest), "rest", "left"),
        ];
        let legend = all.into_iter().filter(|(shown, ..)| *shown).map(|(_, tone, words)| (tone, words)).collect();
        Chart {
            id: format!("{}-numbers", self.id),
            title: "The last months".to_owned(),
            svg: String::new(),
            legend,
            head: vec!["Month", "Used", "Beside it", "Overage", "Lost", "Left"],
            rows: self.months.iter().map(row).collect(),
        }
    }
}

const HEIGHT: f64 = 84.0;

fn bar(month: &Month, highest: i64) -> String {
    let share = |seconds: i64| seconds.max(0) as f64 * HEIGHT / highest.max(1) as f64;
    let mut svg = format!("<svg viewBox=\"0 0 72 {:.0}\" role=\"img\" aria-label=\"{}\">", HEIGHT + 2.0, escape(&month.words()));
    let _ = write!(svg, "<path class=\"c-axis\" d=\"M0 {:.1}H72\"/>", HEIGHT + 1.5);
    let mut y = HEIGHT + 1.0;
    let mut part = |svg: &mut String, class: &str, seconds: i64| {
        let height = share(seconds);
        if height > 0.0 {
            y -= height;
            rect(svg, class, 10.0, y, 52.0, height.max(0.5));
        }
        (y, height)
    };
    part(&mut svg, "c-used", month.used);
    part(&mut svg, "c-plain", month.other);
    part(&mut svg, "c-over", month.overage);
    part(&mut svg, "c-rest", month.rest);
    let (top, height) = part(&mut svg, "c-lost-back", month.lost);
    if month.lost > 0 {
        stripes(&mut svg, top, height);
    }
    svg.push_str("</svg>");
    svg
}

/// Slanted lines over what was lost: it is told from the rest without colour.
fn stripes(svg: &mut String, top: f64, height: f64) {
    let mut path = String::new();
    let mut at = 4.0;
    while at < 52.0 + height {
        // A line from the upper edge down to the left, cut at the edges of the bar.
        let (from, to) = ((at.min(52.0), (at - 52.0).max(0.0)), ((at - height).max(0.0), at.min(height)));
        let _ = write!(path, "M{:.1} {:.1}L{:.1} {:.1}", 10.0 + from.0, top + from.1, 10.0 + to.0, top + to.1);
        at += 6.0;
    }
    let _ = write!(svg, "<path class=\"c-lost-line\" d=\"{path}\"/>");
}
