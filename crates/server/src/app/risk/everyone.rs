//! Every client's programs beside each other, in a line each: who is on a program that does not suit.

use quarterhour_risk::comparison::Figures;
use rayon::prelude::*;
use serde::Serialize;

use crate::app::risk::comparison::{Contender, Detail, compare};
use crate::app::risk::office::Office;
use crate::app::risk::question::Question;
use crate::error::AppError;

/// One client. Money of a year in whole units of its currency.
#[derive(Clone, Debug, Serialize)]
pub struct ClientLine {
    /// The client's code.
    pub client: String,
    /// What money is in.
    pub currency: String,
    /// Expected tickets a month.
    pub tickets: f64,
    /// Simulated years.
    pub courses: usize,
    /// The agreement of today; none without one.
    pub today: Option<Choice>,
    /// The program with the lowest average year.
    pub cheapest: Choice,
    /// The program with the lowest P95.
    pub calmest: Choice,
}

/// A program in a client's line.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// Its name.
    pub name: String,
    /// A year's cost on average.
    pub mean: f64,
    /// In nineteen of twenty years it costs less.
    pub p95: f64,
    /// The chance of at least one month with overage.
    pub overage_chance: f64,
}

impl Choice {
    fn of(contender: &Contender) -> Self {
        let Figures { mean, p95, overage_chance, .. } = &contender.figures;
        Self { name: contender.name.clone(), mean: mean.value, p95: p95.value, overage_chance: overage_chance.value }
    }
}

/// Compares the programs for every client, in order of their codes; `done` hears of each that is.
///
/// # Errors
///
/// Fails as [`compare`] does.
pub fn everyone(office: &Office, question: &Question, done: impl Fn() + Sync) -> Result<Vec<ClientLine>, AppError> {
    let one = |code: &str| {
        let report = compare(office, code, question, &[], Detail::Figures).map_err(|error| error.about(code))?;
        done();
        let lowest = |of: fn(&Figures) -> f64| {
            let found = report.contenders.iter().min_by(|one, other| of(&one.figures).total_cmp(&of(&other.figures)));
            found.map(Choice::of).ok_or_else(|| AppError::fault("a comparison without programs"))
        };
        Ok(ClientLine {
            cheapest: lowest(|figures| figures.mean.value)?,
            calmest: lowest(|figures| figures.p95.value)?,
            today: report.contenders.iter().find(|contender| contender.is_today()).map(Choice::of),
            client: report.client,
            currency: report.currency,
            tickets: report.tickets,
            courses: report.courses,
        })
    };
    office.setup.clients.par_iter().map(|client| one(&client.client.code)).collect()
}
