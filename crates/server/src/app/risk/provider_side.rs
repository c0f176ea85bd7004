//! The provider's side of all its agreements: margins, what was promised ahead, and whether the staff can do it. It saves nothing.

use std::collections::BTreeMap;

use quarterhour_billing::{Carried, Period, PoolKind};
use quarterhour_risk::book::{BookFigures, BookPlan, Position, Years, draw, seen_shock};
use quarterhour_risk::candidate::Candidate;
use quarterhour_risk::number::{decimal, float, float_i64, minor_units, sum};
use quarterhour_risk::portfolio::Prior;
use quarterhour_risk::standard::{COST_SHARE, default_hour, seats, worked_hour};
use rayon::prelude::*;
use serde::Serialize;

use crate::app::risk::asked::{BY_RATE_CARD, as_it_might_be, virus};
use crate::app::risk::office::Office;
use crate::app::risk::question::Question;
use crate::app::run::{OpenClient, bill_open_periods};
use crate::error::{AppError, Ranges, Shares};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inquiry {
    /// All draws follow from it.
    pub seed: u64,
    /// Simulated years.
    pub courses: usize,
    /// What an hour of staff costs, as a share of the price by the rate card of the billable time that it becomes.
    pub cost_share: f64,
    /// Hours that the staff can work in a month.
    pub staff_hours: Option<f64>,
    /// The common shock; none: as the past shows it.
    pub shock: Option<f64>,
}

impl Default for Inquiry {
    fn default() -> Self {
        Self { seed: 1, courses: 400, cost_share: COST_SHARE, staff_hours: None, shock: None }
    }
}

/// What was promised ahead and not worked yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Promised {
    /// Hours left in blocks.
    pub block_hours: f64,
    /// What they were bought for, whole units of the provider's currency; blocks in other currencies are left out.
    pub block_money: f64,
    /// Hours left in this month's allowances and what rolled over.
    pub allowance_hours: f64,
    /// What it costs in staff to work all of them at once.
    pub storm_cost: f64,
}

/// The provider's side.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderSide {
    /// How it was computed.
    pub plan: BookPlan,
    /// What money is in.
    pub currency: String,
    /// The figures.
    pub figures: BookFigures,
    /// What was promised ahead.
    pub promised: Promised,
    /// Clients that pay in another currency, whose margins are left out.
    pub left_out: Vec<String>,
}

/// Simulates the agreements of today.
///
/// # Errors
///
/// Refuses numbers that make no sense, and fails when a statement does not add up.
pub fn provider_side(office: &Office, inquiry: Inquiry) -> Result<ProviderSide, AppError> {
    inquiry.checked(Shares::Plain)?;
    Ok(Book::draw(office, inquiry.draws(office))?.side(inquiry))
}

/// What simulated years follow from, but for the agreements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draws {
    /// All draws follow from it.
    pub seed: u64,
    /// Simulated years.
    pub courses: usize,
    /// The common shock.
    pub shock: f64,
}

/// Simulated years of an office. What an hour costs and how many the staff has can be asked of them again and again.
pub struct Book {
    plan: BookPlan,
    /// What an hour is sold for.
    hour: f64,
    currency: String,
    years: Years,
    /// Without what it costs to work it.
    promised: Promised,
    left_out: Vec<String>,
}

impl Book {
    /// Simulates the agreements of today.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up.
    pub fn draw(office: &Office, draws: Draws) -> Result<Self, AppError> {
        let (first, currency) = (office.until.next(), office.setup.provider.currency);
        let left_out = office.setup.clients.iter().filter(|client| client.client.currency != currency);
        let Draws { seed, courses, shock } = draws;
        let plan = BookPlan { seed, first, months: 12, courses, shock, hour_cost: 0.0, staff_hours: None };
        Ok(Self {
            plan,
            hour: default_hour(&office.setup.provider.terms.rates),
            currency: currency.code().to_owned(),
            years: draw(office.ground(), &positions(office)?, plan)?,
            promised: promised(office)?,
            left_out: left_out.map(|client| client.client.code.clone()).collect(),
        })
    }

    /// The figures for one cost of an hour and one staff.
    #[must_use]
    pub fn side(&self, inquiry: Inquiry) -> ProviderSide {
        let hour_cost = self.hour * inquiry.cost_share;
        let storm_cost = (self.promised.block_hours + self.promised.allowance_hours) * hour_cost;
        ProviderSide {
            plan: BookPlan { hour_cost, staff_hours: inquiry.staff_hours, ..self.plan },
            currency: self.currency.clone(),
            figures: self.years.figures(hour_cost, inquiry.staff_hours),
            promised: Promised { storm_cost, ..self.promised.clone() },
            left_out: self.left_out.clone(),
        }
    }
}

/// Every client that pays in the provider's currency, under the agreement in force.
fn positions(office: &Office) -> Result<Vec<Position>, AppError> {
    let (day, currency) = (office.until.next().first_day(), office.setup.provider.currency);
    let rates = &office.setup.provider.terms.rates;
    let (usual, usual_hour) = (Question::default(), default_hour(rates));
    let mut positions = Vec::new();
    for (number, client) in office.setup.clients.iter().enumerate() {
        let client = &client.client;
        if client.currency != currency {
            continue;
        }
        let seats = seats(client, office.today);
        let (mut demand, _) = office.portfolio.demand(number, seats, 12, &office.trade);
        if demand.mean() <= 0.0 && client.agreements.as_slice().is_empty() {
            continue;
        }
        demand.severe.extend(virus(seats, &usual));
        let candidate = match office.in_force(client) {
            Some(agreement) => Candidate::going_on(&agreement.name, agreement, day, office.blocks_left(number, agreement)?),
            None => Candidate { name: BY_RATE_CARD.to_owned(), agreement: None },
        };
        let minor = minor_units(currency);
        let client = as_it_might_be(client, &usual, (office.today, day));
        let hour = if usual_hour > 0.0 { worked_hour(rates, &demand.urn) / usual_hour } else { 1.0 };
        positions.push(Position { code: client.code.clone(), client, candidate: candidate.approved(), demand, minor, hour });
    }
    Ok(positions)
}

/// The most hours that were worked in one of the last twelve months, for the clients that are looked at.
#[must_use]
pub fn busiest_month(office: &Office) -> f64 {
    let from = (1..12).fold(office.until, |period, _| period.previous());
    let mut minutes: BTreeMap<Period, u64> = BTreeMap::new();
    for (client, entries) in office.setup.clients.iter().zip(&office.entries) {
        let client = &client.client;
        if client.currency != office.setup.provider.currency {
            continue;
        }
        for entry in entries {
            let period = client.clock.day(entry.started_at).period();
            if (from..=office.until).contains(&period) {
                *minutes.entry(period).or_default() += u64::from(entry.minutes);
            }
        }
    }
    minutes.into_values().max().map_or(0.0, |minutes| float(usize::try_from(minutes).unwrap_or(usize::MAX)) / 60.0)
}

impl Inquiry {
    /// What the years of this inquiry are drawn from.
    #[must_use]
    pub fn draws(self, office: &Office) -> Draws {
        Draws { seed: self.seed, courses: self.courses, shock: self.shock.unwrap_or_else(|| shock(office)) }
    }

    /// Refuses numbers that make no sense.
    ///
    /// # Errors
    ///
    /// Names each field, and what was expected.
    pub fn checked(self, shares: Shares) -> Result<(), AppError> {
        let mut ranges = Ranges::new(shares);
        ranges.share("cost_share", self.cost_share, 0.0, 10.0);
        ranges.within("staff_hours", self.staff_hours.unwrap_or(1.0), 0.0, 1e7);
        ranges.share("shock", self.shock.unwrap_or(0.0), 0.0, 2.0);
        ranges.within("courses", float(self.courses), 20.0, 20_000.0);
        ranges.checked()
    }
}

/// The common shock of the past, at least a little, to a tenth of a percent: nobody knows more of it.
fn shock(office: &Office) -> f64 {
    let clients = office.portfolio.histories().iter().map(|history| {
        let mean = f64::from(history.tickets()) / history.exposure().max(1.0);
        let month = |month: &quarterhour_risk::history::MonthSeen| {
            let expected = mean * month.workstations().max(1.0);
            (f64::from(month.tickets), expected, expected + Prior::default().dispersion * expected * expected)
        };
        history.months.iter().map(month).collect()
    });
    let seen = seen_shock(&clients.collect::<Vec<_>>()).max(0.05);
    (seen * 1_000.0).round() / 1_000.0
}

/// What is in the pools of all clients today.
fn promised(office: &Office) -> Result<Promised, AppError> {
    let period = office.today.period();
    let all: Result<Vec<Promised>, AppError> = office
        .setup
        .clients
        .par_iter()
        .zip(&office.entries)
        .filter(|(client, _)| client.client.currency == office.setup.provider.currency)
        .map(|(client, entries)| {
            let mut own = Promised::default();
            let open = OpenClient { client, carried: Carried::default(), first_open: None, entries, late: Vec::new() };
            bill_open_periods(&office.setup.provider.terms, &office.words, open, period, |billed| {
                if billed.period != period {
                    return;
                }
                for pool in billed.statements.iter().flat_map(|statement| &statement.pools).filter(|pool| pool.left > 0) {
                    let hours = float_i64(pool.left) / 3_600.0;
                    if pool.kind == PoolKind::Block {
                        own.block_hours += hours;
                        let price = pool.price.map_or(0.0, decimal);
                        own.block_money += price * float_i64(pool.left) / float_i64(pool.granted.max(1));
                    } else {
                        own.allowance_hours += hours;
                    }
                }
            })?;
            Ok(own)
        })
        .collect();
    let all = all?;
    let of = |of: fn(&Promised) -> f64| sum(all.iter().map(of));
    let (block_hours, allowance_hours) = (of(|it| it.block_hours), of(|it| it.allowance_hours));
    Ok(Promised { block_hours, block_money: of(|it| it.block_money), allowance_hours, storm_cost: 0.0 })
}
