//! Charts of statements: what they show is taken from statements, summaries and forecasts.

use quarterhour_billing::{Band, LocalClock, Period, TimeTotals};

use crate::app::body::{BurnStep, StatementBody};
use crate::app::live::{Forecast, Summary};
use crate::dates;
use crate::web::chart::{AfterHours, BurnDown, Month, Outlook, Step};

/// Seconds on a client's wall clock since a period began.
#[must_use]
pub fn seconds_into(period: Period, clock: &LocalClock, now: i64) -> i64 {
    let begin = period.first_day().since(quarterhour_billing::Day::of_local(0)) * quarterhour_billing::DAY_SECONDS;
    clock.local(now).0 - begin
}

impl BurnDown {
    /// The burn-down of a statement. `now` is [`seconds_into`] its period, none when it is over.
    #[must_use]
    pub fn of_body(id: &str, body: &StatementBody, now: Option<i64>, forecast: Option<&Forecast>) -> Self {
        let time = &body.statement.time;
        let chart = Self::of_steps(id, body.period, &body.burn_down, time.opening + time.granted + time.restored);
        Self { after_hours: after_hours(body), now, outlook: forecast.map(|it| outlook(it, chart.available)), ..chart }
    }

    /// The burn-down of a client's running period, without the marks of after-hours work.
    #[must_use]
    pub fn of_summary(id: &str, summary: &Summary) -> Option<Self> {
        let statement = summary.now.as_ref()?;
        let chart = Self::of_steps(id, statement.period, &statement.burn_down, statement.available());
        let now = (summary.today.since(statement.period.first_day()) + 1) * quarterhour_billing::DAY_SECONDS;
        Some(Self { now: Some(now), outlook: summary.forecast.map(|it| outlook(&it, chart.available)), ..chart })
    }

    fn of_steps(id: &str, period: Period, steps: &[BurnStep], available: i64) -> Self {
        let step = |step: &BurnStep| Step { at: step.at, left: step.left, overage: step.overage };
        Self {
            id: id.to_owned(),
            month: dates::month(period),
            month_short: period.first_day().date().strftime("%b").to_string(),
            days: period.days(),
            first_weekday: period.first_day().weekday(),
            available,
            steps: steps.iter().map(step).collect(),
            ..Self::default()
        }
    }
}

fn outlook(forecast: &Forecast, available: i64) -> Outlook {
    let dry_on = forecast.exhausted_on.filter(|_| !forecast.is_exhausted).map(|day| i64::from(day.date().day()));
    Outlook { end: if forecast.overage > 0 { -forecast.overage } else { (available - forecast.demand).max(0) }, dry_on }
}

/// What work outside business hours took from the pools. An entry's later parts start as far in as the earlier ones are long.
fn after_hours(body: &StatementBody) -> Vec<AfterHours> {
    let begin = body.period.first_day().date();
    let mut found = Vec::new();
    for entry in body.entries.iter().filter(|entry| entry.late_for.is_none()) {
        let start = seconds_between(begin, entry.started_local);
        let whole: i64 = entry.parts.iter().map(|part| part.seconds).sum();
        let mut before = 0;
        for part in &entry.parts {
            if part.band == Band::AfterHours && part.burn > 0 {
                let shift = if whole > 0 { entry.actual * before / whole } else { 0 };
                found.push(AfterHours { at: start + shift, burn: part.burn });
            }
            before += part.seconds;
        }
    }
    found
}

fn seconds_between(begin: jiff::civil::Date, at: jiff::civil::DateTime) -> i64 {
    at.duration_since(begin.at(0, 0, 0, 0)).as_secs()
}

impl Month {
    /// A month of a statement; what is left of a running one is not lost yet.
    #[must_use]
    pub fn of(period: Period, time: &TimeTotals, path: impl Into<String>, is_running: bool) -> Self {
        let left = time.opening + time.granted + time.restored - time.used;
        Self {
            name: dates::month(period),
            label: dates::month_short(period),
            used: time.used,
            lost: if is_running { 0 } else { time.forfeited },
            rest: if is_running { left } else { time.closing },
            overage: time.overage + time.held,
            other: time.charged + time.included,
            path: path.into(),
            is_running,
        }
    }
}
