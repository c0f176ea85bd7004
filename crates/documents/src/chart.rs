//! The burn-down chart as lines in a unit square, and the same in words.
//!
//! The template draws it; nothing here knows about paper.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

use crate::annex::BurnDown;
use crate::error::DocumentError;
use crate::format::{date_range, day_and_month, duration};

/// Moments closer together than this are one point on paper.
const STEPS: f64 = 2_000.0;
/// How far apart the labels of the hours may be, in seconds.
const LABEL_STEPS: [i64; 17] = [
    900, 1800, 3600, 7200, 14_400, 18_000, 36_000, 72_000, 90_000, 180_000, 360_000, 720_000, 900_000, 1_800_000, 3_600_000,
    7_200_000, 18_000_000,
];
/// At most this many spaces between labels.
const SPACES_MAX: i64 = 5;
const HOUR: i64 = 3600;

/// A chart that is ready to draw. Positions run from 0 to 1, left to right and
/// top to bottom.
#[derive(Debug, Serialize)]
pub(crate) struct ChartView {
    alt: String,
    /// The corners of the line of what was left.
    left: Vec<(f64, f64)>,
    /// The corners of the line of overage, below zero; empty without overage.
    over: Vec<(f64, f64)>,
    zero: f64,
    allowance: Option<Mark>,
    hours: Vec<Mark>,
    days: Vec<Mark>,
    table: Vec<Vec<String>>,
}

/// A label at a place on an axis.
#[derive(Debug, Serialize)]
struct Mark {
    at: f64,
    text: String,
}

/// A value that changes in steps: the moments and what holds from then on.
type Steps = Vec<(f64, i64)>;

/// Makes the chart of a period that starts on `first_day`.
pub(crate) fn chart(burn_down: &BurnDown, first_day: Date) -> Result<ChartView, DocumentError> {
    let left = left_steps(burn_down)?;
    let over = overage_steps(burn_down)?;
    let scale = Scale::new(burn_down, &left, &over);
    Ok(ChartView {
        alt: alt(burn_down, first_day, &left, &over),
        left: corners(&left, |value| scale.place(value)),
        over: corners(&over, |value| scale.place(-value)),
        zero: scale.place(0),
        allowance: (burn_down.granted_seconds > 0).then(|| Mark {
            at: scale.place(burn_down.granted_seconds),
            text: format!("Allowance {}", duration(burn_down.granted_seconds)),
        }),
        hours: scale.marks(),
        days: day_marks(burn_down, first_day),
        table: table(burn_down, first_day, &left, &over),
    })
}

fn left_steps(burn_down: &BurnDown) -> Result<Steps, DocumentError> {
    burn_down.points.iter().map(|point| Ok((position(point.at)?, point.left_seconds.max(0)))).collect()
}

/// Overage adds up: each step holds all of it so far, and the first holds none.
fn overage_steps(burn_down: &BurnDown) -> Result<Steps, DocumentError> {
    let mut sum = 0_i64;
    let mut steps = Vec::with_capacity(burn_down.overage.len() + 1);
    if let Some(first) = burn_down.overage.first() {
        steps.push((position(first.at)?, 0));
    }
    for step in &burn_down.overage {
        sum = sum.saturating_add(step.seconds);
        steps.push((position(step.at)?, sum));
    }
    Ok(steps)
}

fn position(at: f64) -> Result<f64, DocumentError> {
    if (0.0..=1.0).contains(&at) { Ok(at) } else { Err(DocumentError::ChartPosition) }
}

/// Turns steps into the corners of a line that runs to the right edge. Corners
/// that would fall onto each other on paper are left out.
fn corners(steps: &Steps, place: impl Fn(i64) -> f64) -> Vec<(f64, f64)> {
    let Some(first) = steps.first() else {
        return Vec::new();
    };
    let mut level = place(first.1);
    let mut corners = vec![(first.0, level)];
    for (at, value) in steps.iter().skip(1) {
        let at = (at * STEPS).round() / STEPS;
        if corners.last().is_some_and(|last| last.0 < at) {
            corners.push((at, level));
        } else if let [.., before, last] = corners.as_slice()
            && before.0 == last.0
        {
            corners.pop();
        }
        level = place(*value);
        corners.push((at, level));
    }
    corners.push((1.0, level));
    corners
}

/// The vertical scale: whole label steps above and below zero.
struct Scale {
    top: i64,
    bottom: i64,
    step: i64,
}

impl Scale {
    fn new(burn_down: &BurnDown, left: &Steps, over: &Steps) -> Self {
        let most_left = left.iter().map(|step| step.1).max().unwrap_or(0);
        let top = most_left.max(burn_down.granted_seconds).max(HOUR);
        let bottom = over.iter().map(|step| step.1).max().unwrap_or(0).max(0);
        let fits = |step: i64| up(top, step).saturating_add(up(bottom, step)) <= step.saturating_mul(SPACES_MAX);
        let largest = (top.saturating_add(bottom) / 3).max(HOUR);
        let step = LABEL_STEPS.into_iter().find(|step| fits(*step)).unwrap_or(largest);
        Self { top: up(top, step), bottom: up(bottom, step), step }
    }

    /// Where a value stands, 0 at the top.
    fn place(&self, seconds: i64) -> f64 {
        let whole = self.top.saturating_add(self.bottom);
        self.top.saturating_sub(seconds) as f64 / whole as f64
    }

    fn marks(&self) -> Vec<Mark> {
        let steps = -(self.bottom / self.step)..=self.top / self.step;
        steps
            .map(|index| index.saturating_mul(self.step))
            .map(|value| Mark { at: self.place(value), text: hours(value, self.step) })
            .collect()
    }
}

/// The next whole step from zero.
fn up(seconds: i64, step: i64) -> i64 {
    seconds.saturating_add(step - 1) / step * step
}

fn hours(seconds: i64, step: i64) -> String {
    if step % HOUR == 0 { format!("{} h", seconds.abs() / HOUR) } else { format!("{} h", duration(seconds.abs())) }
}

/// Every how many days the chart has a label.
fn day_step(days: u16) -> usize {
    match days {
        0..=10 => 1,
        11..=35 => 7,
        _ => usize::from(days.div_ceil(5)),
    }
}

fn day_marks(burn_down: &BurnDown, first_day: Date) -> Vec<Mark> {
    let days = (0..burn_down.days).step_by(day_step(burn_down.days));
    days.map(|day| Mark {
        at: f64::from(day) / f64::from(burn_down.days),
        text: day_and_month(first_day.saturating_add(i64::from(day).days())),
    })
    .collect()
}

/// The numbers of the chart: a row of days, what was left, what was over.
fn table(burn_down: &BurnDown, first_day: Date, left: &Steps, over: &Steps) -> Vec<Vec<String>> {
    let marks = day_marks(burn_down, first_day);
    let row = |title: &str, name: &dyn Fn(&Mark) -> String, last: String| {
        let middle = marks.iter().map(name);
        std::iter::once(title.to_owned()).chain(middle).chain([last]).collect::<Vec<_>>()
    };
    let value = |steps: &Steps, at: f64| duration(value_at(steps, at).unwrap_or(0));
    let mut rows = vec![
        row("At the start of", &|mark| mark.text.clone(), "End".to_owned()),
        row("Left", &|mark| value(left, mark.at), value(left, 1.0)),
    ];
    if !over.is_empty() {
        rows.push(row("Beyond so far", &|mark| value(over, mark.at), value(over, 1.0)));
    }
    rows
}

/// What held at a moment: the last step that is not after it.
fn value_at(steps: &Steps, at: f64) -> Option<i64> {
    steps.iter().take_while(|step| step.0 <= at).last().map(|step| step.1)
}

fn alt(burn_down: &BurnDown, first_day: Date, left: &Steps, over: &Steps) -> String {
    let last_day = first_day.saturating_add((i64::from(burn_down.days) - 1).max(0).days());
    let range = date_range(first_day, last_day);
    let start = duration(left.first().map_or(0, |step| step.1));
    let end = duration(left.last().map_or(0, |step| step.1));
    let granted = duration(burn_down.granted_seconds);
    let overage = over.last().map_or(0, |step| step.1);
    let beyond = if overage > 0 { format!("overage came to {}", duration(overage)) } else { "there was no overage".to_owned() };
    format!(
        "Line chart of the time left, {range}, in hours and minutes. Allowance {granted}; \
         {start} left at the start, {end} at the end; {beyond}."
    )
}
