//! What came out of a simulated desk: utilisation, waits and shares within the target, each with its standard error.
//! It simulates nothing.
//!
//! Standard errors are those of batch means: the measured weeks are put into at most [`BATCHES_MAX`] batches of equal
//! length, and a share or mean is the ratio of two sums over them. Waits of one week are alike, those of different
//! batches hardly, unless the desk is close to its capacity.

use serde::Serialize;

use crate::number::{float, index, quantile_of_sorted, sum};

use super::desk::{DrawnDesk, Tier};
use super::desk_run::{Answer, Record, Team};

/// The most batches into which the measured weeks are put.
pub const BATCHES_MAX: usize = 40;
/// Hours below which a wait counts as none, and by which it may miss its target: what rounding can add.
const ROUNDING_HOURS: f64 = 1e-9;

/// An estimate and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// How tickets were taken up, in business hours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Answers {
    /// How many there were in the measured weeks.
    pub tickets: usize,
    /// The share that waited at all.
    pub delayed: Estimate,
    /// The mean wait, those that did not wait included.
    pub mean_wait_hours: Estimate,
    /// The wait that 95 of 100 do not exceed.
    pub p95_wait_hours: f64,
    /// The share that was taken up within the target of its tier.
    pub within_target: Estimate,
}

/// What happened in one tier.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TierOutcome {
    /// Its name.
    pub tier: String,
    /// The technicians who belong to it.
    pub technicians: usize,
    /// The share of their business time in which they worked, for whichever tier; nothing without technicians.
    pub utilisation: Option<f64>,
    /// The tickets that waited when the measured weeks ended. Many mean that the desk cannot keep up.
    pub waiting_at_end: usize,
    /// Its tickets, whoever took them, escalated ones included; nothing when there were none.
    pub answers: Option<Answers>,
    /// The same by priority, the most urgent first; empty for a desk without priorities.
    pub priorities: Vec<PriorityOutcome>,
}

/// What happened to the tickets of one priority in one tier.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PriorityOutcome {
    /// Its name.
    pub priority: String,
    /// Its tickets; nothing when there were none.
    pub answers: Option<Answers>,
}

/// What happened at a desk in the measured weeks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeskOutcome {
    /// The measured weeks.
    pub weeks: usize,
    /// The share of all technicians' business time in which they worked; nothing without technicians.
    pub utilisation: Option<f64>,
    /// New tickets until their first response, in whichever tier they start; nothing when there were none.
    pub first_response: Option<Answers>,
    /// From the first tier on.
    pub tiers: Vec<TierOutcome>,
}

impl DeskOutcome {
    pub(super) fn new(drawn: &DrawnDesk<'_>, teams: &[Team], record: &Record) -> Self {
        let hours = drawn.week.business_hours * float(drawn.span.weeks);
        let batches = Batches::of(drawn);
        let staffed = |wanted: &dyn Fn(&Team) -> bool| -> (usize, Option<f64>) {
            let these = || teams.iter().zip(&record.busy_hours).filter(|(team, _)| wanted(team));
            let technicians: usize = these().map(|(team, _)| team.technicians).sum();
            let busy = sum(these().map(|(_, busy)| *busy));
            (technicians, (technicians > 0).then(|| busy / (float(technicians) * hours)))
        };
        let tier = |(place, tier): (usize, &Tier)| {
            let (technicians, utilisation) = staffed(&|team| team.tier == place);
            let waiting_at_end = record.waiting_at_end.get(place).copied().unwrap_or(0);
            let answers = batches.answers(record.answers.iter().filter(|answer| answer.tier == place));
            let priorities = priorities(drawn, &batches, record, place);
            TierOutcome { tier: tier.name.clone(), technicians, utilisation, waiting_at_end, answers, priorities }
        };
        Self {
            weeks: drawn.span.weeks,
            utilisation: staffed(&|_| true).1,
            first_response: batches.answers(record.answers.iter().filter(|answer| answer.new)),
            tiers: drawn.desk.tiers.iter().enumerate().map(tier).collect(),
        }
    }
}

/// The tickets of a tier by priority.
fn priorities(drawn: &DrawnDesk<'_>, batches: &Batches, record: &Record, tier: usize) -> Vec<PriorityOutcome> {
    let of = |place: usize| record.answers.iter().filter(move |answer| answer.tier == tier && answer.priority == place);
    let named = drawn.desk.priorities.iter().enumerate();
    named.map(|(place, priority)| PriorityOutcome { priority: priority.name.clone(), answers: batches.answers(of(place)) }).collect()
}

/// The batches of the measured weeks, and the targets of the tiers.
struct Batches {
    from: f64,
    hours: f64,
    count: usize,
    targets: Vec<f64>,
}

/// Sums over the answers of one batch.
#[derive(Clone, Copy, Default)]
struct Batch {
    tickets: f64,
    delayed: f64,
    wait: f64,
    within: f64,
}

impl Batches {
    fn of(drawn: &DrawnDesk<'_>) -> Self {
        let weeks = drawn.span.weeks.div_ceil(BATCHES_MAX);
        Self {
            from: float(drawn.span.warm_up_weeks) * drawn.week.business_hours,
            hours: float(weeks) * drawn.week.business_hours,
            count: drawn.span.weeks.div_ceil(weeks),
            targets: drawn.desk.tiers.iter().map(|tier| tier.target_hours).collect(),
        }
    }

    /// Statistics of some answers; nothing for none.
    fn answers<'a>(&self, answers: impl Iterator<Item = &'a Answer>) -> Option<Answers> {
        let mut batches = vec![Batch::default(); self.count];
        let mut waits = Vec::new();
        for answer in answers {
            let place = index((answer.joined_at - self.from) / self.hours).min(self.count - 1);
            let target = self.targets.get(answer.tier).copied().unwrap_or(0.0);
            if let Some(batch) = batches.get_mut(place) {
                batch.tickets += 1.0;
                batch.delayed += f64::from(u8::from(answer.wait > ROUNDING_HOURS));
                batch.wait += answer.wait;
                batch.within += f64::from(u8::from(answer.wait <= target + ROUNDING_HOURS));
            }
            waits.push(answer.wait);
        }
        waits.sort_by(f64::total_cmp);
        Some(Answers {
            tickets: waits.len(),
            p95_wait_hours: quantile_of_sorted(&waits, 0.95)?,
            delayed: ratio(&batches, |batch| batch.delayed),
            mean_wait_hours: ratio(&batches, |batch| batch.wait),
            within_target: ratio(&batches, |batch| batch.within),
        })
    }
}

/// A sum for each ticket, with its standard error from the differences between the batches.
fn ratio(batches: &[Batch], part: impl Fn(&Batch) -> f64) -> Estimate {
    let tickets = sum(batches.iter().map(|batch| batch.tickets));
    let value = sum(batches.iter().map(&part)) / tickets;
    let squares = sum(batches.iter().map(|batch| (part(batch) - value * batch.tickets).powi(2)));
    let count = float(batches.len());
    Estimate { value, standard_error: (squares * count / (count - 1.0)).sqrt() / tickets }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_batches_have_the_standard_error_of_their_means() {
        let batch = |wait: f64| Batch { tickets: 10.0, delayed: 0.0, wait, within: 10.0 };
        let batches = [batch(10.0), batch(20.0), batch(30.0)];
        let mean = ratio(&batches, |batch| batch.wait);
        assert!((mean.value - 2.0).abs() < 1e-15 && (mean.standard_error - (1.0_f64 / 3.0).sqrt()).abs() < 1e-15, "{mean:?}");
        assert_eq!(ratio(&batches, |batch| batch.within), Estimate { value: 1.0, standard_error: 0.0 });
    }

    #[test]
    fn no_answers_have_no_statistics() {
        let batches = Batches { from: 0.0, hours: 40.0, count: 2, targets: vec![1.0] };
        assert_eq!(batches.answers([].iter()), None);
        let answer = |joined_at: f64, wait: f64| Answer { tier: 0, priority: 0, joined_at, wait, new: true };
        let answers = batches.answers([answer(1.0, 0.0), answer(41.0, 1.0), answer(80.0, 3.0)].iter());
        let shares = answers.map(|answers| (answers.tickets, answers.delayed.value, answers.within_target.value));
        assert_eq!(shares, Some((3, 2.0 / 3.0, 2.0 / 3.0)));
    }
}
