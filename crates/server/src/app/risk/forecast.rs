//! The end of the running month for each client, and how good such forecasts were in the past. It saves nothing.

use quarterhour_billing::agreement::{Agreement, Prepaid, TimePools};
use quarterhour_billing::{Client, Day, Period, Pool, PoolKind, Statement};
use quarterhour_books::BookClient;
use quarterhour_risk::backtest::{Backtest, Subject, backtest, calibration};
use quarterhour_risk::law::Exact;
use quarterhour_risk::number::{float, float_i64};
use quarterhour_risk::outlook::{Calibration, Outlook, Pace};
use quarterhour_risk::seen::Seen;
use quarterhour_risk::visits::{Counting, open_days, visits};
use rayon::prelude::*;
use serde::Serialize;

use crate::app::risk::office::Office;
use crate::error::AppError;

/// The end of a client's month, as far as it can be told.
#[derive(Clone, Debug, Serialize)]
pub struct Forecast {
    /// The client's code.
    pub client: String,
    /// The agreement in force; none: work by the rate card.
    pub agreement: Option<String>,
    /// The month.
    pub period: Period,
    /// The day on whose morning it is told.
    pub on: Day,
    /// Business days of the month, or of the agreement's part of it.
    pub business_days: f64,
    /// Business days that are left, that day among them.
    pub days_left: f64,
    /// Hours that count so far.
    pub hours: f64,
    /// Hours in pools for the month; none where nothing is drawn.
    pub available: Option<f64>,
    /// Hours of blocks that the agreement can still buy by itself in the month; overage begins beyond them.
    pub can_buy: f64,
    /// Hours at the month's end, on average.
    pub mean: f64,
    /// Hours at the month's end: quantiles at 5, 10, 25, 50, 75, 90 and 95 percent.
    pub quantiles: Vec<(f64, f64)>,
    /// The chance of overage.
    pub overage_chance: Option<f64>,
    /// Hours of overage, on average.
    pub overage_hours: Option<f64>,
    /// Hours that end unused, on average.
    pub unused_hours: Option<f64>,
    /// The first day on which the hours are as likely used up as not.
    pub used_up_on: Option<Day>,
    /// The first day on which the chance of that is one in ten.
    pub used_up_early: Option<Day>,
    /// How many past forecasts the intervals were corrected by.
    pub corrected_by: usize,
}

/// Every client's visits, read once.
pub struct Visits {
    seen: Vec<Seen>,
    first: Period,
    last: Period,
}

impl Visits {
    /// Reads the visits of all clients up to the month of a day, as the agreement of that day counts hours.
    #[must_use]
    pub fn read(office: &Office, on: Day) -> Self {
        let last = on.period();
        let calendar = &office.setup.provider.terms.calendar;
        let histories = office.portfolio.histories().iter();
        let first = histories.filter_map(|history| history.months.first()).map(|month| month.period).min().unwrap_or(last);
        let seen = office.setup.clients.par_iter().zip(&office.entries).map(|(client, entries)| {
            let client = &client.client;
            let agreement = counted_by(client, on);
            let visits = visits(client, calendar, &Counting::of(agreement), entries);
            let own = visits.first().map_or(last, |visit| visit.day.period());
            Seen::new(client, calendar, &visits, (own.min(last), last))
        });
        Self { seen: seen.collect(), first, last }
    }

    fn subjects<'a>(&'a self, office: &'a Office) -> Vec<Subject<'a>> {
        office.setup.clients.iter().zip(&self.seen).map(|(client, seen)| Subject { client: &client.client, seen }).collect()
    }
}

/// The agreement that a month's forecast is about: the one in force on a day, or the next that begins in its month.
fn about(client: &Client, on: Day) -> Option<&Agreement> {
    let all = client.agreements.as_slice();
    let in_force = all.iter().rev().find(|agreement| agreement.in_force_on(on));
    in_force.or_else(|| all.iter().find(|agreement| agreement.starts > on && agreement.days_in(on.period()).is_some()))
}

/// The agreement by which hours are counted: the one that a forecast is about, or the last one before.
fn counted_by(client: &Client, on: Day) -> Option<&Agreement> {
    about(client, on).or_else(|| client.agreements.as_slice().iter().rev().find(|agreement| agreement.starts < on))
}

/// Measures forecasts of the past: every month that is over, and of the last one what is known.
#[must_use]
pub fn measure(office: &Office) -> Backtest {
    office.measured.get_or_init(|| measured(office)).clone()
}

fn measured(office: &Office) -> Backtest {
    let visits = Visits::read(office, office.until.first_day());
    let known = office
        .setup
        .clients
        .iter()
        .zip(&office.entries)
        .filter_map(|(client, entries)| Some(client.client.clock.day(entries.last()?.started_at)));
    // Books may end within a month: what is not known is not forecast.
    let end = known
        .max()
        .map_or(office.until.end(), |last| if office.until.end().since(last) > 4 { last.next() } else { office.until.end() });
    let subjects = visits.subjects(office);
    backtest(&subjects, &office.setup.provider.terms.calendar, (visits.first, visits.last), end)
}

/// Forecasts the running month of some clients, or of all.
///
/// # Errors
///
/// Fails for an unknown client, or when a statement does not add up.
pub fn forecast(office: &Office, codes: &[String]) -> Result<Vec<Forecast>, AppError> {
    for code in codes {
        office.client(code)?;
    }
    let period = office.today.period();
    let visits = Visits::read(office, office.today);
    let subjects = visits.subjects(office);
    let calendar = &office.setup.provider.terms.calendar;
    let outlook = Outlook::learn(visits.seen.iter(), period);
    let corrected = office.calibration.get_or_init(|| calibration(&subjects, calendar, (visits.first, office.until)));
    // What all clients have so far says something about each.
    let paces = visits.seen.iter().map(|seen| outlook.pace(seen, (period, office.today)));
    let told = Told { outlook: &outlook, corrected, others: paces.sum() };
    let wanted = office.setup.clients.par_iter().enumerate();
    let wanted = wanted.filter(|(_, client)| codes.is_empty() || codes.contains(&client.client.code));
    let all: Result<Vec<Option<Forecast>>, AppError> = wanted
        .map(|(position, client)| {
            let seen = visits.seen.get(position);
            seen.map_or(Ok(None), |seen| one(office, (position, client, seen), told))
        })
        .collect();
    Ok(all?.into_iter().flatten().collect())
}

/// What all clients' forecasts share.
#[derive(Clone, Copy)]
struct Told<'a> {
    outlook: &'a Outlook,
    corrected: &'a Calibration,
    others: Pace,
}

fn one(office: &Office, (position, client, seen): (usize, &BookClient, &Seen), told: Told<'_>) -> Result<Option<Forecast>, AppError> {
    let Told { outlook, corrected, others } = told;
    let (period, on) = (office.today.period(), office.today);
    let agreement = about(&client.client, on);
    let (from, until) = agreement.and_then(|own| own.days_in(period)).unwrap_or((period.first_day(), period.end()));
    let Some(end) = outlook.month_end(seen, (period, on), (from, until), others) else { return Ok(None) };
    let pools = agreement.map_or(Ok(None), |agreement| pools(office, position, agreement))?;
    let available = pools.map(|it| it.available);
    let enough = pools.map(|it| it.available + it.can_buy);
    let law = Exact::new(&end.to_come, end.to_come.mean() + 12.0 * end.to_come.deviation() + 1.0);
    let quantiles = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95].map(|share| (share, end.hours + law.quantile(corrected.corrected(share))));
    let used_up = |share: f64| available.and_then(|available| used_up(seen, told, (on, from, until), (available, share)));
    let days = open_days(&client.client, &office.setup.provider.terms.calendar, period);
    let days = |from: Day| float(days.iter().filter(|day| from <= **day && **day < until).count());
    Ok(Some(Forecast {
        client: client.client.code.clone(),
        agreement: agreement.map(|agreement| agreement.name.clone()),
        period,
        on,
        business_days: days(from),
        days_left: days(from.max(on)),
        hours: end.hours,
        mean: end.mean(),
        quantiles: quantiles.to_vec(),
        overage_chance: enough.map(|enough| end.chance_above(enough).clamp(0.0, 1.0)),
        overage_hours: enough.map(|enough| end.overage(enough).max(0.0)),
        unused_hours: available.map(|available| end.forfeited(available).max(0.0)),
        used_up_on: used_up(0.5),
        used_up_early: used_up(0.1),
        available,
        can_buy: pools.map_or(0.0, |it| it.can_buy),
        corrected_by: corrected.corrects_by(),
    }))
}

/// Hours that an agreement gives in a month.
#[derive(Clone, Copy, Debug, Default)]
struct Pools {
    /// In pools.
    available: f64,
    /// In blocks that are bought by themselves as soon as they are needed.
    can_buy: f64,
}

/// Hours in an agreement's pools of the running month, by the engine; none where it does not draw on pools of time.
fn pools(office: &Office, position: usize, agreement: &Agreement) -> Result<Option<Pools>, AppError> {
    let period = office.today.period();
    let Prepaid::Time(clauses) = &agreement.prepaid else { return Ok(None) };
    // What comes later is not known yet.
    let statement = office.statement(position, agreement, (period, office.today))?;
    let pools = |it: Statement| Pools { available: hours_of(it.time.available()), can_buy: can_buy(clauses, &it.pools, period) };
    Ok(Some(statement.map_or(Pools::default(), pools)))
}

/// Hours of blocks that can still be bought in a month beside those in its pools.
fn can_buy(clauses: &TimePools, pools: &[Pool], period: Period) -> f64 {
    let Some(clause) = &clauses.auto_replenish else { return 0.0 };
    let is_dated = |pool: &Pool| clauses.blocks.iter().any(|block| (block.bought, block.seconds) == (pool.granted_on, pool.granted));
    let bought = pools.iter().filter(|pool| pool.kind == PoolKind::Block && pool.granted_on.period() == period && !is_dated(pool));
    float(clause.max_per_period.saturating_sub(bought.count())) * hours_of(clause.seconds)
}

fn hours_of(seconds: i64) -> f64 {
    float_i64(seconds) / 3_600.0
}

/// The first day by whose end the hours that serve from a day on are used up with a chance of `share`.
fn used_up(seen: &Seen, told: Told<'_>, (on, from, until): (Day, Day, Day), (available, share): (f64, f64)) -> Option<Day> {
    let period = on.period();
    if let Some(day) = seen.day_of((period, from, on), available) {
        return Some(day);
    }
    let mut day = on.max(from);
    while day < until {
        let by_then = told.outlook.month_end(seen, (period, on), (from, day.next()), told.others)?;
        if by_then.chance_above(available) >= share {
            return Some(day);
        }
        day = day.next();
    }
    None
}
