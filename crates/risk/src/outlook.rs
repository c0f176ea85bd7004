//! What a client's visits teach about the rest of a running month: rates by business day, shrunk to the portfolio's.

use quarterhour_billing::{Day, Period};
use rayon::prelude::*;
use serde::Serialize;

use crate::drift::Drift;
use crate::fit::count::{ClientMonth, DISPERSION_WIDTH, common_dispersion, shrunk_dispersion};
use crate::forecast::{MonthEnd, MonthSoFar, Rate};
use crate::number::{float, sum};
use crate::seen::{Month, Seen};
use crate::severity::Severity;
use crate::visits::Visit;
use crate::workday::{Worth, bunching};

/// What a client's own visits weigh against the others': visits.
const SEVERITY_WEIGHT: f64 = 25.0;
/// Steps of the lattice that hours are put on: a quarter hour, unless an agreement bills finer.
const STEP: f64 = 0.25;
/// The dispersion of months before any was seen: a month is within half and one and a half times the mean in two of three cases.
const ASSUMED: f64 = 0.2;
/// A month so many months back counts half.
const HALF_LIFE: f64 = 6.0;
/// The variance of what is common to all clients in a month.
const COMMON: f64 = 0.03;

/// What all clients together teach, before a month and in its first days.
#[derive(Clone, Debug)]
pub struct Outlook {
    dispersion: f64,
    /// Variance / mean - 1 of the visits of a day, over all clients.
    bunching: f64,
    pooled: Vec<f64>,
    worth: Worth,
    drift: Drift,
}

/// What all clients together had in the first days of a month, against what was expected.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    came: f64,
    expected: f64,
}

impl std::iter::Sum for Pace {
    fn sum<I: Iterator<Item = Self>>(paces: I) -> Self {
        paces.fold(Self::default(), |sum, own| Self { came: sum.came + own.came, expected: sum.expected + own.expected })
    }
}

/// How sure a forecast is allowed to be: past forecasts were as often above each share as the corrected one says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// Where what came lay within past forecasts, as shares, in order.
    pub seen: Vec<f64>,
}

/// With fewer past forecasts than this nothing is corrected.
const CALIBRATED_FROM: usize = 60;

impl Calibration {
    /// From shares in any order.
    #[must_use]
    pub fn new(mut seen: Vec<f64>) -> Self {
        seen.retain(|share| share.is_finite());
        seen.sort_by(f64::total_cmp);
        Self { seen }
    }

    /// Past forecasts that correct the next ones; nought as long as they are too few.
    #[must_use]
    pub fn corrects_by(&self) -> usize {
        if self.seen.len() < CALIBRATED_FROM { 0 } else { self.seen.len() }
    }

    /// The share that a forecast has to be read at, so that what comes stays below with a chance of `share`. The correction is drawn
    /// back to none while few forecasts were seen.
    #[must_use]
    pub fn corrected(&self, share: f64) -> f64 {
        if self.corrects_by() == 0 {
            return share;
        }
        let empirical = crate::number::quantile_of_sorted(&self.seen, share).unwrap_or(share);
        let trust = float(self.seen.len()) / (float(self.seen.len()) + 40.0);
        (trust * empirical + (1.0 - trust) * share).clamp(0.001, 0.999)
    }
}

impl Outlook {
    /// Learns from all clients' months before one.
    #[must_use]
    pub fn learn<'a>(all: impl Iterator<Item = &'a Seen> + Clone, period: Period) -> Self {
        let worth = Worth::learn(all.clone(), period);
        let months: Vec<Vec<ClientMonth>> = all.clone().map(|seen| client_months(seen, period, &worth)).collect();
        let count = months.iter().filter(|months| months.len() > 1).map(Vec::len).sum::<usize>();
        let fitted = common_dispersion(&months).map_or(ASSUMED, |fitted| fitted.dispersion);
        let weight = float(count) / (float(count) + 12.0);
        let pooled: Vec<f64> =
            all.clone().flat_map(|seen| seen.before(period)).flat_map(Month::visits).map(|visit| visit.hours).collect();
        let every = pooled.len().div_ceil(4_000).max(1);
        let (squares, means) = bunching(all.clone().flat_map(|seen| seen.before(period)), &worth);
        let bunching = if means > 0.0 { (squares / means - 1.0).max(0.0) } else { 0.0 };
        Self {
            dispersion: weight * fitted + (1.0 - weight) * ASSUMED,
            bunching,
            pooled: pooled.into_iter().step_by(every).collect(),
            drift: Drift::learn(all, period, (&worth, bunching)),
            worth,
        }
    }

    /// Does nothing speak for any hours yet?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pooled.is_empty()
    }

    /// What all clients together had before each of some days of a month, and what was expected of them. Their rates are looked up
    /// once.
    #[must_use]
    pub fn paces(&self, all: &[&Seen], period: Period, days: &[Day]) -> Vec<Pace> {
        let rates: Vec<Option<f64>> = all.par_iter().map(|seen| Some(self.rate(seen, period)?.mean())).collect();
        let on_day = |on: &Day| all.iter().zip(&rates).filter_map(|(seen, rate)| self.so_far(seen, (period, *on), (*rate)?)).sum();
        days.iter().map(on_day).collect()
    }

    /// What a client had before a day of a month, and what was expected of it.
    #[must_use]
    pub fn pace(&self, seen: &Seen, at: (Period, Day)) -> Pace {
        self.rate(seen, at.0).and_then(|rate| self.so_far(seen, at, rate.mean())).unwrap_or_default()
    }

    fn so_far(&self, seen: &Seen, (period, on): (Period, Day), rate: f64) -> Option<Pace> {
        let month = seen.month(period)?;
        Some(Pace { came: float(month.before(on).len()), expected: rate * self.worth.between(month, period.first_day(), on) })
    }

    /// The hours of a client's month from the day `from` to the day before `until`, seen at the beginning of the day `on`; nothing
    /// where neither the client's past nor the month so far shows any work. `others` is the pace of all clients, this one among them.
    #[must_use]
    pub fn month_end(&self, seen: &Seen, (period, on): (Period, Day), (from, until): (Day, Day), others: Pace) -> Option<MonthEnd> {
        let month = seen.month(period)?;
        let so_far = month.before(on);
        let hours = sum(so_far.iter().filter(|visit| visit.day >= from).map(|visit| visit.hours));
        let bunching = self.bunching_of(seen, period);
        let rate = self.rate(seen, period)?;
        let own = self.so_far(seen, (period, on), rate.mean())?;
        let common = self.common(Pace { came: others.came - own.came, expected: others.expected - own.expected });
        // Visits that come in bunches say less than so many that come for themselves, and the first days less than any.
        let less = 1.0 + bunching + self.drift.own * own.came;
        let gone = self.worth.between(month, period.first_day(), on);
        let rate = Rate { days: rate.days / common, ..rate }.after(own.came / less, gone / less).doubted(self.drift.own);
        let severity = self.severity(seen, period, so_far);
        let days_left = self.worth.between(month, on.max(from), until);
        Some(MonthSoFar { rate, severity, severe: Vec::new(), days_left, hours, bunching }.end())
    }

    /// The factor by which this month differs for everybody, as far as the other clients show it.
    fn common(&self, others: Pace) -> f64 {
        if others.expected <= 0.0 {
            return 1.0;
        }
        let chance = (1.0 + self.bunching) / others.expected + self.drift.common;
        let trust = COMMON / (COMMON + chance);
        (1.0 + trust * (others.came / others.expected - 1.0)).clamp(0.2, 5.0)
    }

    /// What is known of visits a business day in this month, before it began.
    ///
    /// The client's own months give the mean, late ones more than early ones; how surely follows from their number, and how much
    /// months differ from the dispersion.
    fn rate(&self, seen: &Seen, period: Period) -> Option<Rate> {
        let months = client_months(seen, period, &self.worth);
        let (mut visits, mut days, mut weights, mut squares) = (0.0, 0.0, 0.0, 0.0);
        for (age, month) in months.iter().rev().enumerate() {
            let weight = 0.5_f64.powf(float(age) / HALF_LIFE);
            visits += weight * f64::from(month.tickets);
            days += weight * month.exposure;
            weights += weight;
            squares += weight * weight;
        }
        if days <= 0.0 {
            return None;
        }
        let own = shrunk_dispersion(&months, self.dispersion.max(1e-4), DISPERSION_WIDTH).unwrap_or(self.dispersion);
        // Half a visit stands for what was not seen, so that a quiet client can have one.
        let mean = (visits + 0.5) / (days + 10.0);
        let doubt = (1.0 + self.bunching) / (visits + 0.5) + own * squares / (weights * weights);
        let shape = 1.0 / (doubt + own);
        Some(Rate { shape, days: shape / mean })
    }

    /// The bunching of a client's own days, drawn towards that of all clients.
    fn bunching_of(&self, seen: &Seen, period: Period) -> f64 {
        let (squares, means) = bunching(seen.before(period), &self.worth);
        let own = if means > 0.0 { (squares / means - 1.0).max(0.0) } else { self.bunching };
        let weight = means / (means + 40.0);
        weight * own + (1.0 - weight) * self.bunching
    }

    /// Hours of a visit: the client's own ones, the others for what they lack.
    fn severity(&self, seen: &Seen, period: Period, current: &[Visit]) -> Severity {
        let past = seen.before(period).flat_map(Month::visits);
        let own: Vec<f64> = past.chain(current).map(|visit| visit.hours).collect();
        let share = float(own.len()) / (float(own.len()) + SEVERITY_WEIGHT);
        let share = if self.pooled.is_empty() { 1.0 } else { share };
        let mut points: Vec<(f64, f64)> = Vec::new();
        for (values, weight) in [(&own, share), (&self.pooled, 1.0 - share)] {
            let each = weight / float(values.len().max(1));
            let on_lattice = |hours: &f64| crate::number::float_i64(crate::number::round_i64(hours / STEP).max(1)) * STEP;
            points.extend(values.iter().filter(|_| each > 0.0).map(|hours| (on_lattice(hours), each)));
        }
        let total = sum(points.iter().map(|(_, weight)| *weight));
        if total <= 0.0 {
            return Severity::Points(vec![(STEP * 2.0, 1.0)]);
        }
        Severity::weighted(points.into_iter().map(|(hours, weight)| (hours, weight / total)).collect())
    }
}

fn client_months(seen: &Seen, period: Period, worth: &Worth) -> Vec<ClientMonth> {
    let month =
        |month: &Month| ClientMonth { tickets: u32::try_from(month.visits().len()).unwrap_or(u32::MAX), exposure: worth.month(month) };
    seen.before(period).map(month).collect()
}
