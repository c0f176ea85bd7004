//! Charts of statements: what they show is taken from statements, summaries and forecasts.

use quarterhour_billing::{Band, Currency, LocalClock, Period, TimeTotals};

use crate::app::body::{BurnStep, PartBody, StatementBody};
use crate::app::live::Forecast;
use crate::dates;
use crate::web::chart::{AfterHours, BurnDown, Month, Outlook, Step, Unit};

/// Seconds on a client's wall clock since a period began.
#[must_use]
pub fn seconds_into(period: Period, clock: &LocalClock, now: i64) -> i64 {
    let begin = period.first_day().since(quarterhour_billing::Day::of_local(0)) * quarterhour_billing::DAY_SECONDS;
    clock.local(now).0 - begin
}

impl BurnDown {
    /// The burn-down of a statement that has pools of time or a reserve of money. `now` is [`seconds_into`] its period,
    /// none when it is over; a forecast counts what the statement does.
    #[must_use]
    pub fn of_body(id: &str, body: &StatementBody, now: Option<i64>, forecast: Option<&Forecast>) -> Option<Self> {
        let reserve = body.reserve_put().filter(|_| !body.draws_time && !body.reserve_burn.is_empty());
        let chart = match reserve {
            None if !body.draws_time => return None,
            None => {
                let time = &body.statement.time;
                Self::of_steps(id, body.period, &body.burn_down, time.available())
            }
            Some(put) => {
                let unit = Currency::parse(&body.statement.currency).map_or(Unit::Time, Unit::Money);
                Self { unit, ..Self::of_steps(id, body.period, &body.reserve_burn, put) }
            }
        };
        Some(Self { after_hours: after_hours(body), now, outlook: forecast.map(|it| outlook(it, chart.available)), ..chart })
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
    let currency = Currency::parse(&body.statement.currency).filter(|_| !body.draws_time);
    let mut found = Vec::new();
    for entry in body.entries.iter().filter(|entry| entry.late_for.is_none()) {
        let start = seconds_between(begin, entry.started_local);
        let whole: i64 = entry.parts.iter().map(|part| part.seconds).sum();
        let mut before = 0;
        for part in &entry.parts {
            let taken = taken(part, currency);
            if part.band == Band::AfterHours && taken > 0 {
                let shift = if whole > 0 { entry.actual * before / whole } else { 0 };
                found.push(AfterHours { at: start + shift, burn: taken });
            }
            before += part.seconds;
        }
    }
    found
}

/// What a part took from pools of time, or with a currency from a reserve.
fn taken(part: &PartBody, currency: Option<Currency>) -> i64 {
    match (currency, part.hourly) {
        (None, _) => part.burn,
        (Some(currency), Some(hourly)) if part.is_on_reserve() => hourly.amount(part.seconds, currency),
        (Some(_), _) => 0,
    }
}

fn seconds_between(begin: jiff::civil::Date, at: jiff::civil::DateTime) -> i64 {
    at.duration_since(begin.at(0, 0, 0, 0)).as_secs()
}

impl Month {
    /// A month of a statement; what is left of a running one is not lost yet.
    #[must_use]
    pub fn of(period: Period, time: &TimeTotals, path: impl Into<String>, is_running: bool) -> Self {
        let left = time.available() - time.used;
        Self {
            name: dates::month(period),
            label: dates::month_short(period),
            used: time.used,
            lost: if is_running { 0 } else { time.forfeited },
            rest: if is_running { left } else { time.closing },
            overage: time.overage,
            other: time.charged + time.included,
            path: path.into(),
            is_running,
        }
    }
}
