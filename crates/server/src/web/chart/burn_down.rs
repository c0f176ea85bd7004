//! The burn-down of a period: what is left in the pools or in a reserve, step by step, and what went beyond.

use std::fmt::Write as _;

use crate::web::chart::{Chart, Unit, escape, rect, text};

/// What a burn-down shows.
#[derive(Clone, Debug, Default)]
pub struct BurnDown {
    /// The id of the figure.
    pub id: String,
    /// What its numbers count.
    pub unit: Unit,
    /// The month, such as `November 2026`.
    pub month: String,
    /// Its name on the axis, such as `Nov`.
    pub month_short: String,
    /// Days of the period.
    pub days: i64,
    /// The weekday of its first day, Monday is 0.
    pub first_weekday: usize,
    /// What was put into the pools, opening among it.
    pub available: i64,
    /// The moments at which the pools changed, by time.
    pub steps: Vec<Step>,
    /// Work outside business hours.
    pub after_hours: Vec<AfterHours>,
    /// Seconds since the period began; none when it is over.
    pub now: Option<i64>,
    /// How it is likely to end.
    pub outlook: Option<Outlook>,
}

/// A moment at which the pools changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    /// Seconds since the period began.
    pub at: i64,
    /// Left in the pools.
    pub left: i64,
    /// Overage up to it.
    pub overage: i64,
}

/// Work outside business hours that took from the pools.
#[derive(Clone, Copy, Debug, Default)]
pub struct AfterHours {
    /// Seconds since the period began.
    pub at: i64,
    /// What it took.
    pub burn: i64,
}

/// How a period is likely to end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outlook {
    /// Left at the end; below zero what will be beyond.
    pub end: i64,
    /// The day of the month on which the pools run dry, from 1.
    pub dry_on: Option<i64>,
}

const DAY: i64 = 86_400;

/// The room for a drawing, in its own units.
struct Room {
    class: &'static str,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    ticks: i64,
}

const WIDE: Room =
    Room { class: "chart-wide", width: 720.0, height: 260.0, left: 44.0, right: 104.0, top: 22.0, bottom: 24.0, ticks: 5 };
const SMALL: Room =
    Room { class: "chart-small", width: 390.0, height: 250.0, left: 36.0, right: 10.0, top: 26.0, bottom: 22.0, ticks: 4 };

impl BurnDown {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let (left, over) = self.kinds();
        let mut legend = vec![("", left)];
        if !self.after_hours.is_empty() {
            legend.push(("night", "taken after hours"));
        }
        if self.overage() > 0 || self.outlook.is_some_and(|outlook| outlook.end < 0) {
            legend.push(("over", over));
        }
        if self.shown_outlook().is_some() {
            legend.push(("forecast", "forecast at this pace"));
        }
        Chart {
            id: self.id.clone(),
            title: self.title(),
            svg: [WIDE, SMALL].iter().map(|room| self.draw(room)).collect(),
            legend,
            head: vec!["Day", "Left", if matches!(self.unit, Unit::Time) { "Beyond the pools" } else { "Billed on top" }],
            rows: self.rows(),
        }
    }

    fn title(&self) -> String {
        let what = match self.unit {
            Unit::Time => "Hours",
            Unit::Money(_) => "Reserve",
        };
        format!("{what} of {}", self.month)
    }

    /// What its two areas are.
    fn kinds(&self) -> (&'static str, &'static str) {
        match self.unit {
            Unit::Time => ("left in the pools", "beyond the pools"),
            Unit::Money(_) => ("left in the reserve", "billed on top"),
        }
    }

    /// What it shows, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let last = self.last();
        let mut words = format!("{} available, {} left", self.unit.words(self.available), self.unit.words(last.left));
        if last.overage > 0 {
            let _ = write!(words, ", {} {}", self.unit.words(last.overage), self.kinds().1);
        }
        if let Some(outlook) = self.shown_outlook() {
            let end = if outlook.end < 0 { self.kinds().1 } else { "left" };
            let _ = write!(words, "; at this pace {} {end} at the end of the month", self.unit.about(outlook.end.abs()));
            if let Some(day) = outlook.dry_on {
                let _ = write!(words, ", dry on {day} {}", self.month_short);
            }
        }
        words
    }

    /// A row for each day on which something changed.
    fn rows(&self) -> Vec<Vec<String>> {
        let mut rows: Vec<(i64, Vec<String>)> = Vec::new();
        for step in &self.steps {
            let day = self.day_of(step.at);
            let row = vec![format!("{day} {}", self.month_short), self.unit.words(step.left), self.unit.words(step.overage)];
            match rows.last_mut() {
                Some((last, cells)) if *last == day => *cells = row,
                _ => rows.push((day, row)),
            }
        }
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn day_of(&self, at: i64) -> i64 {
        (at / DAY + 1).clamp(1, self.days.max(1))
    }

    fn length(&self) -> i64 {
        self.days.max(1) * DAY
    }

    fn last(&self) -> Step {
        self.steps.last().copied().unwrap_or(Step { at: 0, left: self.available, overage: 0 })
    }

    fn overage(&self) -> i64 {
        self.last().overage
    }

    /// The forecast, while the period runs.
    fn shown_outlook(&self) -> Option<Outlook> {
        self.outlook.filter(|_| self.now.is_some_and(|now| now < self.length()))
    }

    fn draw(&self, room: &Room) -> String {
        let scale = Scale::new(self, room);
        let mut svg = format!(
            "<svg class=\"{}\" viewBox=\"0 0 {:.0} {:.0}\" role=\"img\" aria-label=\"{}\"><title>{}</title><desc>{}</desc>",
            room.class,
            room.width,
            room.height,
            escape(&format!("{}: {}", self.title(), self.words())),
            escape(&self.title()),
            escape(&self.words())
        );
        self.ground(&mut svg, &scale);
        self.work(&mut svg, &scale);
        self.future(&mut svg, &scale);
        self.labels(&mut svg, &scale);
        svg.push_str("</svg>");
        svg
    }

    /// Weekends, grid, axis, days, the line of the allowance.
    fn ground(&self, svg: &mut String, scale: &Scale<'_>) {
        let room = scale.room;
        for day in 0..self.days {
            let weekday = (self.first_weekday + usize::try_from(day).unwrap_or(0)) % 7;
            if weekday >= 5 {
                let (from, to) = (scale.x(day * DAY), scale.x((day + 1) * DAY));
                rect(svg, "c-weekend", from, room.top, to - from, room.height - room.top - room.bottom);
            }
        }
        for tick in scale.ticks() {
            let y = scale.y(tick);
            let class = if tick == 0 { "c-axis" } else { "c-grid" };
            let _ = write!(svg, "<path class=\"{class}\" d=\"M{:.1} {y:.1}H{:.1}\"/>", room.left, room.width - room.right);
            text(svg, "t-soft", room.left - 8.0, y + 4.0, "end", &self.unit.tick(tick));
        }
        for day in [1, 8, 15, 22, 29].into_iter().filter(|day| *day <= self.days) {
            let label = if day == 1 { format!("1 {}", self.month_short) } else { day.to_string() };
            text(svg, "t-soft", scale.x((day - 1) * DAY), room.height - 6.0, "start", &label);
        }
        if self.available > 0 {
            let y = scale.y(self.available);
            let _ = write!(svg, "<path class=\"c-allowance\" d=\"M{:.1} {y:.1}H{:.1}\"/>", room.left, room.width - room.right);
        }
    }

    /// The pools as steps with an area, overage below, after-hours work as marks.
    fn work(&self, svg: &mut String, scale: &Scale<'_>) {
        let end = scale.x(self.now.unwrap_or(self.length()).min(self.length()));
        let zero = scale.y(0);
        let (mut left, mut over) = (String::new(), String::new());
        for step in &self.steps {
            let x = scale.x(step.at).min(end);
            if left.is_empty() {
                let _ = write!(left, "M{x:.1} {:.1}", scale.y(step.left));
            } else {
                let _ = write!(left, "H{x:.1}V{:.1}", scale.y(step.left));
            }
            if step.overage > 0 {
                if over.is_empty() {
                    let _ = write!(over, "M{x:.1} {zero:.1}");
                }
                let _ = write!(over, "H{x:.1}V{:.1}", scale.y(-step.overage));
            }
        }
        if !left.is_empty() {
            let start = scale.x(self.steps.first().map_or(0, |step| step.at));
            let _ = write!(svg, "<path class=\"c-left-area\" d=\"{left}H{end:.1}V{zero:.1}H{start:.1}Z\"/>");
            let _ = write!(svg, "<path class=\"c-left\" d=\"{left}H{end:.1}\"/>");
        }
        if !over.is_empty() {
            let _ = write!(svg, "<path class=\"c-over-area\" d=\"{over}H{end:.1}V{zero:.1}Z\"/>");
            let _ = write!(svg, "<path class=\"c-over-line\" d=\"{over}H{end:.1}\"/>");
        }
        let mut marks = String::new();
        for work in &self.after_hours {
            let Some(step) = self.steps.iter().min_by_key(|step| (step.at - work.at).abs()) else { continue };
            let (from, to) = (scale.y(step.left + work.burn), scale.y(step.left));
            let _ = write!(marks, "M{:.1} {:.1}V{:.1}", scale.x(step.at).min(end), from.min(to - 3.0), to);
        }
        if !marks.is_empty() {
            let _ = write!(svg, "<path class=\"c-night\" d=\"{marks}\"/>");
        }
    }

    /// Today, and how it goes on at this pace.
    fn future(&self, svg: &mut String, scale: &Scale<'_>) {
        let Some(now) = self.now.filter(|now| (0..self.length()).contains(now)) else { return };
        let (room, x) = (scale.room, scale.x(now));
        let _ = write!(svg, "<path class=\"c-today\" d=\"M{x:.1} {:.1}V{:.1}\"/>", room.top - 4.0, room.height - room.bottom);
        let anchor = if x > room.width * 0.75 {
            "end"
        } else if x < room.left + 30.0 {
            "start"
        } else {
            "middle"
        };
        text(svg, "t-strong", x, room.top - 9.0, anchor, "today");
        let Some(outlook) = self.outlook else { return };
        let last = self.last();
        let from = last.left.max(0) - last.overage;
        let mut path = format!("M{x:.1} {:.1}", scale.y(from));
        let dry = outlook.dry_on.filter(|_| from > 0 && outlook.end < 0).map(|day| scale.x(day * DAY).max(x));
        if let Some(dry) = dry {
            let zero = scale.y(0);
            let _ = write!(path, "L{dry:.1} {zero:.1}");
            let _ = write!(svg, "<path class=\"c-forecast\" d=\"{path}\"/>");
            path = format!("M{dry:.1} {zero:.1}");
        }
        let beyond = if outlook.end < 0 && (dry.is_some() || from <= 0) { " c-beyond" } else { "" };
        let _ = write!(path, "L{:.1} {:.1}", scale.x(self.length()), scale.y(outlook.end));
        let _ = write!(svg, "<path class=\"c-forecast{beyond}\" d=\"{path}\"/>");
        if let (Some(dry), Some(day)) = (dry, outlook.dry_on) {
            let _ = write!(svg, "<circle class=\"c-over\" cx=\"{dry:.1}\" cy=\"{:.1}\" r=\"3.5\"/>", scale.y(0));
            let anchor = if dry > room.width * 0.7 { "end" } else { "start" };
            // Close to today the words of what is left stand above the line.
            let y = if dry - x < 130.0 { scale.y(0) + 17.0 } else { scale.y(0) - 9.0 };
            text(svg, "t-over t-halo", dry, y, anchor, &format!("dry on {day} {}", self.month_short));
        }
    }

    /// Words at the end of the lines: beside them on a wide page, under them on a phone.
    fn labels(&self, svg: &mut String, scale: &Scale<'_>) {
        let (room, last) = (scale.room, self.last());
        let end = room.width - room.right;
        let beside = room.right > 60.0;
        let (class, label, at) = match last.overage {
            1.. => ("t-over", format!("{} over", self.unit.words(last.overage)), -last.overage),
            _ if self.available > 0 => ("t-left", format!("{} left", self.unit.words(last.left)), last.left),
            _ => return,
        };
        // What is left stays above the line of nothing, what is over below it.
        let floor = if last.overage > 0 { room.height - room.bottom } else { scale.y(0) };
        let under = |y: f64| if y + 18.0 < floor { y + 17.0 } else { y - 9.0 };
        let Some(outlook) = self.shown_outlook() else {
            let now = self.now.filter(|now| (0..self.length()).contains(now)).map(|now| scale.x(now));
            if let Some(now) = now.filter(|now| now + 90.0 < end) {
                text(svg, &format!("{class} t-halo"), now + 6.0, under(scale.y(at)), "start", &label);
            } else if beside {
                text(svg, class, end + 8.0, scale.y(at) + 4.0, "start", &label);
            } else {
                text(svg, &format!("{class} t-halo"), end, under(scale.y(at)), "end", &label);
            }
            return;
        };
        let now = scale.x(self.now.unwrap_or(self.length()));
        // What is beyond falls: under its line there is room to the left; above what is left, to the right.
        let over = last.overage > 0 && now > room.left + 90.0;
        let (x, y) = if over { (now - 6.0, under(scale.y(at))) } else { (now + 6.0, scale.y(at) - 8.0) };
        let anchor = if over || now > end - 90.0 { "end" } else { "start" };
        let (x, y) = if anchor == "end" { (x.min(now - 6.0), under(scale.y(at))) } else { (x, y) };
        text(svg, &format!("{class} t-halo"), x, y.max(room.top + 12.0), anchor, &label);
        let (end_of, what) = (self.unit.about(outlook.end.abs()), if outlook.end < 0 { "over" } else { "left" });
        let words = format!("{end_of} {what}");
        let y = scale.y(outlook.end);
        if beside {
            text(svg, "t-soft", end + 8.0, y + 4.0, "start", &words);
            if (scale.y(self.available) - y).abs() > 16.0 {
                text(
                    svg,
                    "t-soft",
                    end + 8.0,
                    scale.y(self.available) + 4.0,
                    "start",
                    &format!("{} in all", self.unit.about(self.available)),
                );
            }
        } else if end - now > 80.0 {
            text(svg, "t-soft t-halo", end, under(y), "end", &words);
        }
    }
}

/// From seconds to places.
struct Scale<'a> {
    room: &'a Room,
    length: i64,
    high: i64,
    low: i64,
    step: i64,
}

impl<'a> Scale<'a> {
    fn new(data: &BurnDown, room: &'a Room) -> Self {
        let left = data.steps.iter().map(|step| step.left).max().unwrap_or(0);
        let outlook = data.shown_outlook().map_or(0, |outlook| outlook.end);
        let high = data.available.max(left).max(outlook).max(0);
        let low = data.overage().max(-outlook).max(0);
        // Extremes would crush the rest: a forecast far beyond is cut off at twice the height above.
        let low = if data.overage() < low { low.min((high * 2).max(data.overage())) } else { low };
        let step = tick_step(data.unit.one(), high + low, room.ticks);
        let up = |seconds: i64| (seconds + step - 1) / step * step;
        let (high, low) = (up(high), up(low));
        Self { room, length: data.length(), high: if high + low == 0 { step } else { high }, low, step }
    }

    fn x(&self, at: i64) -> f64 {
        let width = self.room.width - self.room.left - self.room.right;
        self.room.left + at.clamp(0, self.length) as f64 * width / self.length as f64
    }

    fn y(&self, seconds: i64) -> f64 {
        let height = self.room.height - self.room.top - self.room.bottom;
        let seconds = seconds.clamp(-self.low, self.high);
        self.room.top + (self.high - seconds) as f64 * height / (self.high + self.low).max(1) as f64
    }

    fn ticks(&self) -> impl Iterator<Item = i64> {
        let (step, from, to) = (self.step, -self.low / self.step, self.high / self.step);
        (from..=to).map(move |index| index * step)
    }
}

/// A step of whole hours, or units of money, that a person counts in, for about so many lines.
fn tick_step(one: i64, span: i64, lines: i64) -> i64 {
    let mut size = one;
    loop {
        for factor in [1, 2, 5] {
            let step = size * factor;
            if span / step <= lines {
                return step;
            }
        }
        size *= 10;
    }
}
