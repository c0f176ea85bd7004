//! Were past forecasts right? Each month is forecast again from what was known then, and compared with what came.

use quarterhour_billing::{Calendar, Client, Day, Period};
use rayon::prelude::*;
use serde::Serialize;

use crate::law::Lattice;
use crate::number::{float, index, mean, sum};
use crate::outlook::{Calibration, Outlook, Pace};
use crate::score::{crps_of_lattice, pinball};
use crate::seen::Seen;
use crate::visits::open_days;

/// Shares of a month's business days that are over when it is forecast.
const ORIGINS: [f64; 4] = [0.1, 0.3, 0.5, 0.75];
/// Intervals whose coverage is reported.
const INTERVALS: [f64; 3] = [0.5, 0.8, 0.95];

/// A client with its visits.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The client.
    pub client: &'a Client,
    /// Its visits by month.
    pub seen: &'a Seen,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Backtest {
    /// Forecasts that were made.
    pub forecasts: usize,
    /// Months that were forecast.
    pub months: usize,
    /// Clients with at least one forecast.
    pub clients: usize,
    /// For each interval: its share, how many of the outcomes it held, and how wide it was on average (hours).
    pub coverage: Vec<Coverage>,
    /// Mean score of the forecast: continuous ranked probability score, hours.
    pub crps: f64,
    /// Mean pinball loss at 0.5 and 0.9.
    pub pinball: [f64; 2],
    /// The same of simple forecasts.
    pub baselines: Vec<Baseline>,
    /// Where outcomes lay within their forecasts, in ten equal parts: even if all is well.
    pub places: [usize; 10],
}

/// How often an interval held what came.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// What it promises.
    pub share: f64,
    /// What it kept.
    pub held: f64,
    /// Its mean width, hours.
    pub width: f64,
}

/// A simple forecast to beat.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Baseline {
    /// What it does.
    pub name: String,
    /// Its score: the mean distance, hours.
    pub crps: f64,
    /// Its mean pinball loss at 0.5 and 0.9.
    pub pinball: [f64; 2],
}

#[derive(Clone, Debug)]
struct Tried {
    client: usize,
    /// Where the outcome lay: the chance of less, and of at most it.
    place: f64,
    came: f64,
    bounds: Vec<(f64, f64)>,
    crps: f64,
    quantiles: [f64; 2],
    baselines: [f64; 3],
}

/// Forecasts every month from `first` on to `until`, of which the last may end early at `end`, the day after the last that is known.
#[must_use]
pub fn backtest(subjects: &[Subject<'_>], calendar: &Calendar, (first, until): (Period, Period), end: Day) -> Backtest {
    let (mut all, mut calibration, mut months) = (Vec::new(), Calibration::default(), 0);
    let mut period = first;
    while period <= until {
        let tried = try_month(subjects, &calibration, calendar, (period, end), 1);
        if !tried.is_empty() {
            months += 1;
            all.extend(tried);
            calibration = Calibration::new(all.iter().map(|tried: &Tried| tried.place).collect());
        }
        period = period.next();
    }
    summary(&all, months)
}

/// So many past forecasts are enough to correct the next by.
const CALIBRATED_BY: usize = 3_000;

/// What past forecasts say of the next: with many clients those of every second, third ... of them, other ones each month.
#[must_use]
pub fn calibration(subjects: &[Subject<'_>], calendar: &Calendar, (first, until): (Period, Period)) -> Calibration {
    let months = usize::try_from(until.since(first) + 1).unwrap_or(1);
    let every = (subjects.len() * months * ORIGINS.len()).div_ceil(CALIBRATED_BY).max(1);
    let (mut places, mut period) = (Vec::new(), first);
    while period <= until {
        let tried = try_month(subjects, &Calibration::default(), calendar, (period, until.end()), every);
        places.extend(tried.iter().map(|tried| tried.place));
        period = period.next();
    }
    Calibration::new(places)
}

/// A day of a month on whose morning it is forecast: business days of the month as far as it is known, those that are gone, the day.
type Origin = (f64, f64, Day);

/// Forecasts one month of every so-manyth client.
fn try_month(
    subjects: &[Subject<'_>],
    calibration: &Calibration,
    calendar: &Calendar,
    (period, end): (Period, Day),
    every: usize,
) -> Vec<Tried> {
    let outlook = Outlook::learn(subjects.iter().map(|subject| subject.seen), period);
    if outlook.is_empty() {
        return Vec::new();
    }
    let month = usize::try_from(period.first_day().date().month()).unwrap_or(0);
    let chosen: Vec<(usize, Vec<Origin>)> = (0..subjects.len())
        .filter(|number| (number + month) % every == 0)
        .filter_map(|number| Some((number, origins(subjects.get(number)?.client, calendar, (period, end)))))
        .collect();
    // Clients of one time zone are looked at on the same days: what all had by then is added up once.
    let mut days: Vec<Day> = chosen.iter().flat_map(|(_, origins)| origins.iter().map(|(.., on)| *on)).collect();
    days.sort_unstable();
    days.dedup();
    let seen: Vec<&Seen> = subjects.iter().map(|subject| subject.seen).collect();
    let paces = outlook.paces(&seen, period, &days);
    let pace = |on: Day| days.iter().zip(&paces).find(|(day, _)| **day == on).map_or_else(Pace::default, |(_, pace)| *pace);
    let client = |(number, origins): &(usize, Vec<Origin>)| -> Vec<Tried> {
        let Some(subject) = subjects.get(*number) else { return Vec::new() };
        let one = |(known, gone, on): &Origin| {
            try_once((subject.seen, *number), (&outlook, calibration), (period, *on, end), (*known, *gone, pace(*on)))
        };
        origins.iter().filter_map(one).collect()
    };
    chosen.par_iter().flat_map_iter(client).collect()
}

fn origins(client: &Client, calendar: &Calendar, (period, end): (Period, Day)) -> Vec<Origin> {
    let open = open_days(client, calendar, period);
    let known = float(open.partition_point(|day| *day < end));
    let origin = |share: &f64| {
        let gone = (known * share).round();
        Some((known, gone, *open.get(index(gone))?))
    };
    ORIGINS.iter().filter_map(origin).collect()
}

fn try_once(
    (seen, client): (&Seen, usize),
    (outlook, calibration): (&Outlook, &Calibration),
    (period, on, until): (Period, Day, Day),
    (all, gone, others): (f64, f64, Pace),
) -> Option<Tried> {
    let end = outlook.month_end(seen, (period, on), (period.first_day(), until), others)?;
    let came = seen.hours(period);
    let reach = end.to_come.mean() + 10.0 * end.to_come.deviation() + (came - end.hours).max(0.0) + 2.0;
    let law = Lattice::new(&end.to_come, reach)?;
    let rest = came - end.hours;
    // Hours come in steps: the middle of the step that came.
    let place = f64::midpoint(law.cdf(rest), law.cdf(rest - law.step() * 0.5));
    let at = |share: f64| end.hours + law.quantile(calibration.corrected(share)).unwrap_or(reach);
    let bounds = INTERVALS.map(|share| (at(f64::midpoint(0.0, 1.0 - share)), at(f64::midpoint(1.0, share)))).to_vec();
    let before: Vec<f64> = seen.months.iter().filter(|own| own.period < period).map(|own| seen.hours(own.period)).collect();
    let last = before.last().copied().unwrap_or(0.0);
    let pace = if gone > 0.0 { end.hours / gone * all } else { last };
    Some(Tried {
        client,
        place,
        came,
        bounds,
        crps: crps_of_lattice(&law, rest),
        quantiles: [at(0.5), at(0.9)],
        baselines: [last, if before.is_empty() { 0.0 } else { mean(&before) }, pace],
    })
}

fn summary(all: &[Tried], months: usize) -> Backtest {
    let share = |of: &dyn Fn(&Tried) -> f64| mean(&all.iter().map(of).collect::<Vec<_>>());
    let coverage = INTERVALS.iter().enumerate().map(|(number, promised)| Coverage {
        share: *promised,
        held: share(&|tried| {
            tried.bounds.get(number).map_or(0.0, |(low, high)| f64::from(u8::from(*low <= tried.came && tried.came <= *high)))
        }),
        width: share(&|tried| tried.bounds.get(number).map_or(0.0, |(low, high)| high - low)),
    });
    let names = ["the month before", "the mean of all months before", "the pace so far"];
    let baselines = names.iter().enumerate().map(|(number, name)| {
        let at = |tried: &Tried| tried.baselines.get(number).copied().unwrap_or(0.0);
        Baseline {
            name: (*name).to_owned(),
            crps: share(&|tried| (tried.came - at(tried)).abs()),
            pinball: [0.5, 0.9].map(|level| share(&|tried| pinball(level, at(tried), tried.came))),
        }
    });
    let mut places = [0; 10];
    for tried in all {
        if let Some(slot) = places.get_mut(index(tried.place * 10.0).min(9)) {
            *slot += 1;
        }
    }
    let mut clients: Vec<usize> = all.iter().map(|tried| tried.client).collect();
    clients.sort_unstable();
    clients.dedup();
    let pinballs = [(0, 0.5), (1, 0.9)].map(|(number, level)| {
        sum(all.iter().map(|tried| pinball(level, tried.quantiles.get(number).copied().unwrap_or(0.0), tried.came))) / float(all.len())
    });
    Backtest {
        forecasts: all.len(),
        months,
        clients: clients.len(),
        coverage: coverage.collect(),
        crps: share(&|tried| tried.crps),
        pinball: pinballs,
        baselines: baselines.collect(),
        places,
    }
}
