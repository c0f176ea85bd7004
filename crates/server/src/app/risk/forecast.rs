//! The end of the running month for each client, and how good such forecasts were in the past. It saves nothing.

use quarterhour_billing::agreement::{Agreement, Prepaid};
use quarterhour_billing::{Carried, Client, Day, Period};
use quarterhour_books::BookClient;
use quarterhour_risk::backtest::{Backtest, Subject, backtest, calibration};
use quarterhour_risk::forecast::MonthEnd;
use quarterhour_risk::law::Exact;
use quarterhour_risk::outlook::{Calibration, Outlook, Pace, Seen};
use quarterhour_risk::visits::{Counting, business_days, is_business, visits};
use rayon::prelude::*;
use serde::Serialize;

use crate::app::risk::office::Office;
use crate::app::run::{OpenClient, bill_open_periods};
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
    /// Business days of the month, and those that are left.
    pub business_days: f64,
    /// Business days that are left, that day among them.
    pub days_left: f64,
    /// Hours that count so far.
    pub hours: f64,
    /// Hours in pools for the month; none where nothing is drawn.
    pub available: Option<f64>,
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
    /// Reads the visits of all clients up to a month.
    #[must_use]
    pub fn read(office: &Office, last: Period) -> Self {
        let calendar = &office.setup.provider.terms.calendar;
        let histories = office.portfolio.histories().iter();
        let first = histories.filter_map(|history| history.months.first()).map(|month| month.period).min().unwrap_or(last);
        let seen = office.setup.clients.par_iter().zip(&office.entries).map(|(client, entries)| {
            let client = &client.client;
            let agreement = agreement_of(client, last);
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

/// The agreement that is in force in a month.
fn in_force(client: &Client, period: Period) -> Option<&Agreement> {
    client.agreements.as_slice().iter().find(|agreement| agreement.days_in(period).is_some())
}

/// The agreement by which hours are counted: the one in force, or the last one before.
fn agreement_of(client: &Client, period: Period) -> Option<&Agreement> {
    let before = || client.agreements.as_slice().iter().rev().find(|agreement| agreement.starts < period.end());
    in_force(client, period).or_else(before)
}

/// Measures forecasts of the past: every month that is over, and of the last one what is known.
#[must_use]
pub fn measure(office: &Office) -> Backtest {
    office.measured.get_or_init(|| measured(office)).clone()
}

fn measured(office: &Office) -> Backtest {
    let visits = Visits::read(office, office.until);
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
    let visits = Visits::read(office, period);
    let subjects = visits.subjects(office);
    let calendar = &office.setup.provider.terms.calendar;
    let outlook = Outlook::learn(visits.seen.iter(), period);
    let corrected = office.calibration.get_or_init(|| calibration(&subjects, calendar, (visits.first, office.until)));
    // What all clients have so far says something about each.
    let paces = office.setup.clients.iter().zip(&visits.seen).map(|(client, seen)| {
        let (_, gone) = business_days(&client.client, calendar, period, office.today);
        outlook.pace(seen, (period, office.today), gone)
    });
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
    let calendar = &office.setup.provider.terms.calendar;
    let (all, gone) = business_days(&client.client, calendar, period, on);
    let Some(end) = outlook.month_end(seen, (period, on), (all, gone), others) else { return Ok(None) };
    let available = available(office, position, client, period)?;
    let law = Exact::new(&end.to_come, end.to_come.mean() + 12.0 * end.to_come.deviation() + 1.0);
    let quantiles = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95].map(|share| (share, end.hours + law.quantile(corrected.corrected(share))));
    let used_up = |share: f64| available.and_then(|available| used_up(office, (client, seen), told, (period, on), (available, share)));
    Ok(Some(Forecast {
        client: client.client.code.clone(),
        agreement: in_force(&client.client, period).map(|agreement| agreement.name.clone()),
        period,
        on,
        business_days: all,
        days_left: all - gone,
        hours: end.hours,
        mean: end.mean(),
        quantiles: quantiles.to_vec(),
        overage_chance: available.map(|available| end.chance_above(available)),
        overage_hours: available.map(|available| end.overage(available)),
        unused_hours: available.map(|available| end.forfeited(available)),
        used_up_on: used_up(0.5),
        used_up_early: used_up(0.1),
        available,
        corrected_by: corrected.corrects_by(),
    }))
}

/// Hours in the pools of a month, by the engine; none where nothing draws on pools of time.
fn available(office: &Office, position: usize, client: &BookClient, period: Period) -> Result<Option<f64>, AppError> {
    let draws = in_force(&client.client, period).is_some_and(|agreement| matches!(agreement.prepaid, Prepaid::Time(_)));
    if !draws {
        return Ok(None);
    }
    let entries = office.entries.get(position).map_or(&[][..], Vec::as_slice);
    let open = OpenClient { client, carried: Carried::default(), first_open: None, entries, late: Vec::new() };
    let mut seconds = None;
    bill_open_periods(&office.setup.provider.terms, &office.words, open, period, |billed| {
        if billed.period == period {
            let drawing = billed.statements.iter().filter(|statement| statement.draws_time);
            seconds = Some(drawing.map(|statement| statement.time.available()).sum::<i64>());
        }
    })?;
    Ok(seconds.map(|seconds| quarterhour_risk::number::float_i64(seconds) / 3_600.0))
}

/// The first day by whose end the hours are used up with a chance of `share`.
fn used_up(
    office: &Office,
    (client, seen): (&BookClient, &Seen),
    told: Told<'_>,
    (period, on): (Period, Day),
    (available, share): (f64, f64),
) -> Option<Day> {
    if let Some(day) = seen.day_of(period, available, on) {
        return Some(day);
    }
    let calendar = &office.setup.provider.terms.calendar;
    let (_, gone) = business_days(&client.client, calendar, period, on);
    let (mut day, mut worked) = (on, 0.0);
    while day < period.end() {
        worked += f64::from(u8::from(is_business(&client.client, calendar, day)));
        let by_then: MonthEnd = told.outlook.month_end(seen, (period, on), (gone + worked, gone), told.others)?;
        if by_then.chance_above(available) >= share {
            return Some(day);
        }
        day = day.next();
    }
    None
}
