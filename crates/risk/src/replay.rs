//! A client's own months, billed again under a candidate: what each would have cost, and why. It draws nothing.

use quarterhour_billing::{BillingError, Client, Period, Statement, TimeEntry};
use serde::Serialize;

use crate::candidate::{Candidate, Contestant, Ground, MonthCost, by_month};

/// One month under a candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplayedMonth {
    /// The month.
    pub period: Period,
    /// What it came to.
    #[serde(flatten)]
    pub cost: MonthCost,
    /// The printed lines: what for, and minor units.
    pub lines: Vec<(String, i64)>,
}

/// A candidate on a client's own months.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replay {
    /// The candidate's name.
    pub name: String,
    /// By month.
    pub months: Vec<ReplayedMonth>,
    /// Net of all months less what is left in blocks, minor units.
    pub total: i64,
}

/// Bills a client's months from `first` to `until` under a candidate. One that began before `first` is billed from its own first
/// month on, so that what it carries along is there.
///
/// # Errors
///
/// Fails when a statement does not add up, which is a fault of the engine.
pub fn replay(
    ground: Ground<'_>,
    client: &Client,
    candidate: &Candidate,
    entries: &[TimeEntry],
    (first, until): (Period, Period),
) -> Result<Replay, BillingError> {
    let contestant = Contestant::new(client, candidate);
    let began = contestant.agreement().map_or(first, |agreement| agreement.starts.period().min(first));
    let months = by_month(client, entries, (began, until));
    let mut replayed = Vec::with_capacity(months.len());
    let course = contestant.bill(ground, began, &months, |period, statements| replayed.push((period, lines(statements))))?;
    let joined = replayed.into_iter().zip(&course.months).filter(|((period, _), _)| *period >= first);
    let months: Vec<ReplayedMonth> = joined.map(|((period, lines), cost)| ReplayedMonth { period, cost: *cost, lines }).collect();
    let total = months.iter().map(|month| month.cost.net).sum::<i64>() - course.left;
    Ok(Replay { name: candidate.name.clone(), months, total })
}

fn lines(statements: &[Statement]) -> Vec<(String, i64)> {
    statements.iter().flat_map(|statement| &statement.lines).map(|line| (line.text.clone(), line.amount)).collect()
}
