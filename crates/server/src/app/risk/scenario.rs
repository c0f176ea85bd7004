//! What would happen if: a busier year, a smaller firm, one crash more; and the client's own months drawn anew. The agreements stay as
//! they were offered.

use quarterhour_billing::Client;
use quarterhour_risk::candidate::{Candidate, Ground};
use quarterhour_risk::comparison::Plan;
use quarterhour_risk::estimate::Estimate;
use quarterhour_risk::field::Field;
use quarterhour_risk::history::History;
use quarterhour_risk::resample::PastMonths;
use rayon::prelude::*;
use serde::Serialize;

use crate::app::risk::asked::{Asked, MONTHS};
use crate::app::risk::office::Office;
use crate::app::risk::question::Question;
use crate::error::AppError;

/// Simulated years of each scenario: their means lean on exact hours.
const COURSES: usize = 64;
/// Years that are drawn from the client's own months.
const REDRAWN: usize = 256;

/// The scenario of a client that shrinks.
pub const SMALLER: &str = "A third fewer workstations";

/// The scenario of one server crash more.
pub const CRASH: &str = "One server crash more a year";
const EXPECTED: &str = "As expected";

/// One turn of events, and what a year costs then.
#[derive(Clone, Debug, Serialize)]
pub struct Scenario {
    /// What happens.
    pub name: String,
    /// Tickets a month.
    pub tickets: f64,
    /// Hours a month.
    pub hours: f64,
    /// Mean cost of a year by contender, whole units of the currency.
    pub costs: Vec<Estimate>,
}

/// The client's own months drawn anew, without any law behind them.
#[derive(Clone, Debug, Serialize)]
pub struct Redrawn {
    /// Years that were drawn.
    pub courses: usize,
    /// Mean cost of a year by contender, whole units of the currency.
    pub means: Vec<Estimate>,
    /// In nineteen of twenty years it costs less, by contender.
    pub p95: Vec<Estimate>,
}

/// What the contenders are measured with.
#[derive(Clone, Copy)]
pub(super) struct Contest<'a> {
    pub(super) office: &'a Office,
    pub(super) position: usize,
    pub(super) client: &'a Client,
    pub(super) ground: Ground<'a>,
    pub(super) candidates: &'a [Candidate],
    pub(super) plan: Plan,
    pub(super) minor: f64,
}

/// A change of what is asked, or of what happens beside it.
enum Turn {
    Question(Question),
    OneCrashMore,
}

/// All scenarios that make sense for the client. `means` are the costs of an average year by contender.
///
/// # Errors
///
/// Fails when a statement does not add up, which is a fault of the engine.
pub(super) fn scenarios(contest: Contest<'_>, question: &Question, means: &[f64]) -> Result<Vec<Scenario>, AppError> {
    let base = Asked::new(contest.office, contest.position, contest.client, question);
    let with = |change: &dyn Fn(&mut Question)| {
        let mut changed = question.clone();
        change(&mut changed);
        Turn::Question(changed)
    };
    let workstations = base.seats.workstations;
    let sized = |factor: f64| {
        let count = quarterhour_risk::number::index((workstations * factor).round());
        with(&|changed| changed.workstations = u32::try_from(count).ok())
    };
    let mut turns = vec![
        ("Three of ten tickets fewer", with(&|changed| changed.tickets *= 0.7)),
        ("Half as many tickets again", with(&|changed| changed.tickets *= 1.5)),
        ("Each ticket takes a third longer", with(&|changed| changed.hours *= 4.0 / 3.0)),
    ];
    if workstations >= 3.0 {
        turns.push((SMALLER, sized(2.0 / 3.0)));
        turns.push(("A third more workstations", sized(4.0 / 3.0)));
    }
    if base.seats.servers > 0.0 {
        turns.push((CRASH, Turn::OneCrashMore));
    }
    if workstations > 0.0 {
        turns.push(("A virus on every machine, once more a year", with(&|changed| changed.viruses += 1.0)));
    }
    let one = |(name, turn): (&str, Turn)| {
        let mut asked = match &turn {
            Turn::Question(changed) => Asked::new(contest.office, contest.position, contest.client, changed),
            Turn::OneCrashMore => Asked::new(contest.office, contest.position, contest.client, question),
        };
        if let (Turn::OneCrashMore, Some(crash)) = (&turn, asked.demand.severe.first_mut()) {
            crash.a_year += 1.0;
        }
        let courses = base.few(COURSES);
        let plan = Plan { courses_min: courses, courses_max: courses, ..contest.plan };
        let field = Field::new(contest.ground, &asked.client, (&asked.demand, plan.first, plan.months), contest.candidates)?;
        let run = field.run(plan)?;
        let costs: Vec<Estimate> = run.costs(contest.minor).iter().map(|costs| run.mean(costs)).collect();
        Ok(Scenario { name: name.to_owned(), tickets: asked.tickets(), hours: asked.demand.mean() / f64::from(MONTHS), costs })
    };
    turns.insert(0, (EXPECTED, Turn::Question(question.clone())));
    let mut all: Vec<Scenario> = turns.into_par_iter().map(one).collect::<Result<_, AppError>>()?;
    // What the same few years cost without a change is taken off, and the mean of all years put in its place.
    let expected = all.remove(0);
    for scenario in &mut all {
        for ((cost, few), mean) in scenario.costs.iter_mut().zip(&expected.costs).zip(means) {
            cost.value += mean - few.value;
        }
    }
    Ok(all)
}

/// The client's own months drawn anew; none where there are too few.
///
/// # Errors
///
/// Fails when a statement does not add up, which is a fault of the engine.
pub(super) fn redrawn(contest: Contest<'_>, question: &Question, asked: &Asked<'_>) -> Result<Option<Redrawn>, AppError> {
    // Months as they were cannot follow another law of hours, nor a client without the workstations that they had.
    let history = contest.office.portfolio.histories().get(contest.position);
    let had = history.is_some_and(History::has_workstations);
    if question.law.is_some() || question.longest.is_some() || (had && asked.seats.workstations < 1.0) {
        return Ok(None);
    }
    let grown = question.tickets * (1.0 + question.growth).sqrt();
    let past = history.and_then(|history| PastMonths::new(history, (asked.seats.workstations, grown), contest.office.trade.severe));
    let Some(past) = past.map(|past| past.longer(question.hours)) else { return Ok(None) };
    let plan = Plan { courses_min: asked.few(REDRAWN), ..contest.plan };
    let field = Field::new(contest.ground, &asked.client, (past.demand(), plan.first, plan.months), contest.candidates)?;
    let run = past.run(&field, plan)?;
    let costs = run.costs(contest.minor);
    Ok(Some(Redrawn {
        courses: run.count(),
        means: costs.iter().map(|costs| run.mean(costs)).collect(),
        p95: costs.iter().map(|costs| run.quantile(costs, 0.95)).collect(),
    }))
}
