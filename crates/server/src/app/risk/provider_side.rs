//! The provider's side of all its agreements: margins, what was promised ahead, and whether the staff can do it. It saves nothing.

use quarterhour_billing::{Carried, PoolKind};
use quarterhour_risk::book::{BookFigures, BookPlan, Position, seen_shock, simulate};
use quarterhour_risk::candidate::Candidate;
use quarterhour_risk::number::{decimal, float_i64, minor_units, sum};
use quarterhour_risk::portfolio::Prior;
use quarterhour_risk::standard::{default_hour, seats};
use rayon::prelude::*;
use serde::Serialize;

use crate::app::risk::office::Office;
use crate::app::run::{OpenClient, bill_open_periods};
use crate::error::{AppError, FieldProblem};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inquiry {
    /// All draws follow from it.
    pub seed: u64,
    /// Simulated years.
    pub courses: usize,
    /// What an hour of staff costs, as a share of the rate card's default price.
    pub cost_share: f64,
    /// Hours that the staff can work in a month.
    pub staff_hours: Option<f64>,
    /// The common shock; none: as the past shows it.
    pub shock: Option<f64>,
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
    check(inquiry)?;
    let (first, currency) = (office.until.next(), office.setup.provider.currency);
    let mut left_out = Vec::new();
    let mut positions = Vec::new();
    for (number, client) in office.setup.clients.iter().enumerate() {
        let client = &client.client;
        if client.currency != currency {
            left_out.push(client.code.clone());
            continue;
        }
        let (demand, _) = office.portfolio.demand(number, seats(client, first.first_day()), 12, &office.trade);
        if demand.mean() <= 0.0 && client.agreements.as_slice().is_empty() {
            continue;
        }
        let day = first.first_day();
        let in_force = client.agreements.as_slice().iter().rev().find(|agreement| agreement.in_force_on(day));
        let candidate = match in_force {
            Some(agreement) => Candidate::starting(&agreement.name, agreement, day),
            None => Candidate { name: "rate card".to_owned(), agreement: None },
        };
        let minor = minor_units(currency);
        positions.push(Position { code: client.code.clone(), client: client.clone(), candidate, demand, minor });
    }
    let hour = default_hour(&office.setup.provider.terms.rates);
    let plan = BookPlan {
        seed: inquiry.seed,
        first,
        months: 12,
        courses: inquiry.courses,
        shock: inquiry.shock.unwrap_or_else(|| shock(office)),
        hour_cost: hour * inquiry.cost_share,
        staff_hours: inquiry.staff_hours,
    };
    let figures = simulate(office.ground(), &positions, plan)?;
    let promised = promised(office, plan.hour_cost)?;
    Ok(ProviderSide { plan, currency: currency.code().to_owned(), figures, promised, left_out })
}

fn check(inquiry: Inquiry) -> Result<(), AppError> {
    let mut problems = Vec::new();
    let mut within = |field: &str, value: f64, low: f64, high: f64| {
        if !(low..=high).contains(&value) {
            problems.push(FieldProblem::new(field, format!("{value} is not from {low} to {high}")));
        }
    };
    within("cost-share", inquiry.cost_share, 0.0, 10.0);
    within("staff-hours", inquiry.staff_hours.unwrap_or(1.0), 0.0, 1e7);
    within("shock", inquiry.shock.unwrap_or(0.0), 0.0, 2.0);
    within("courses", quarterhour_risk::number::float(inquiry.courses), 20.0, 20_000.0);
    if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
}

/// The common shock of the past, at least a little.
fn shock(office: &Office) -> f64 {
    let clients = office.portfolio.histories().iter().map(|history| {
        let mean = f64::from(history.tickets()) / history.exposure().max(1.0);
        let month = |month: &quarterhour_risk::history::MonthSeen| {
            let expected = mean * month.workstations().max(1.0);
            (f64::from(month.tickets), expected, expected + Prior::default().dispersion * expected * expected)
        };
        history.months.iter().map(month).collect()
    });
    seen_shock(&clients.collect::<Vec<_>>()).max(0.05)
}

/// What is in the pools of all clients today.
fn promised(office: &Office, hour_cost: f64) -> Result<Promised, AppError> {
    let period = office.today.period();
    let all: Result<Vec<Promised>, AppError> = office
        .setup
        .clients
        .par_iter()
        .zip(&office.entries)
        .map(|(client, entries)| {
            let mut own = Promised::default();
            let open = OpenClient { client, carried: Carried::default(), first_open: None, entries, late: Vec::new() };
            let same = client.client.currency == office.setup.provider.currency;
            bill_open_periods(&office.setup.provider.terms, &office.words, open, period, |billed| {
                if billed.period != period {
                    return;
                }
                for pool in billed.statements.iter().flat_map(|statement| &statement.pools).filter(|pool| pool.left > 0) {
                    let hours = float_i64(pool.left) / 3_600.0;
                    if pool.kind == PoolKind::Block {
                        own.block_hours += hours;
                        let price = pool.price.filter(|_| same).map_or(0.0, decimal);
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
    let storm_cost = (block_hours + allowance_hours) * hour_cost;
    Ok(Promised { block_hours, block_money: of(|it| it.block_money), allowance_hours, storm_cost })
}
