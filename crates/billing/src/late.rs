//! Late time: entries of an issued period. What that period forfeited is given back first, the
//! rest is billed by that period's rates on the statement of the next open one. Issued stays as it is.

use serde::{Deserialize, Serialize};

use crate::agreement::{Agreement, Rounding};
use crate::engine::{PeriodRun, Terms};
use crate::entry::TimeEntry;
use crate::lines::{Charges, TimeKey};
use crate::number::HourlyPrice;
use crate::place::{Placed, Rules};
use crate::pool::{AgreementState, Pool, PoolKind};
use crate::rounding;
use crate::statement::{LateWork, LineKind, Movement, MovementKind};
use crate::time::{Band, Period};
use crate::word::Word;
use crate::work::{Purse, place_rounded};

/// Late time and corrections of one issued period under one agreement.
#[derive(Clone, Debug)]
pub struct LateBatch<'a> {
    /// The issued period.
    pub period: Period,
    /// The rate card and calendar of that period.
    pub terms: &'a Terms,
    /// The agreement as it was in that period; none for work without one.
    pub agreement: Option<&'a Agreement>,
    /// Did the agreement draw on pools of time then?
    pub draws_time: bool,
    /// What that period has billed already, in order of start and id: rounding counts it.
    pub before: &'a [TimeEntry],
    /// The late entries, in order of start and id.
    pub entries: &'a [TimeEntry],
    /// Charges of entries that were corrected, to take back.
    pub credits: &'a [Credit],
    /// What entries that were corrected had counted before.
    pub returned: Returned,
    /// Held overage that the client released.
    pub released: &'a [Credit],
    /// Held overage that the provider wrote off.
    pub written_off: &'a [Credit],
}

impl LateBatch<'_> {
    /// Does it belong to this agreement?
    #[must_use]
    pub fn is_for(&self, agreement: Option<&Agreement>) -> bool {
        self.agreement.map(|it| &it.name) == agreement.map(|it| &it.name)
    }
}

/// What corrected entries had counted before their new version: it takes its place, and is not counted twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// Seconds drawn from pools: they are free for the new version.
    pub burn: i64,
    /// Seconds worked.
    pub actual: i64,
    /// Seconds after rounding.
    pub billable: i64,
}

impl std::ops::AddAssign for Returned {
    fn add_assign(&mut self, more: Self) {
        self.burn += more.burn;
        self.actual += more.actual;
        self.billable += more.billable;
    }
}

/// A charge to take back, or held overage to decide about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Its tier.
    pub tier: Word,
    /// Its work type.
    pub work_type: Word,
    /// Its band.
    pub band: Band,
    /// Its price.
    pub hourly: HourlyPrice,
    /// Its seconds.
    pub seconds: i64,
}

/// Bills the late batches of one agreement into a statement's sums.
pub(crate) fn bill(
    run: &PeriodRun<'_>,
    agreement: Option<&Agreement>,
    state: &mut AgreementState,
    next_pool: &mut u32,
    placed: &mut Placed,
) -> Vec<LateWork> {
    let batches = run.late_batches().iter().filter(|batch| batch.is_for(agreement));
    batches.map(|batch| bill_batch(run, batch, state, next_pool, placed)).collect()
}

fn bill_batch(
    run: &PeriodRun<'_>,
    batch: &LateBatch<'_>,
    state: &mut AgreementState,
    next_pool: &mut u32,
    placed: &mut Placed,
) -> LateWork {
    let closed = state.closed.get(&batch.period).copied().unwrap_or_default();
    let rules = run.late_rules(batch, closed.overage);
    let is_overage = |credit: &&Credit| rules.is_overage(credit.work_type);
    let credited: i128 = batch.credits.iter().filter(is_overage).map(|credit| credit.hourly.exact(credit.seconds)).sum();
    let rules = Rules { overage_before: closed.overage - credited, ..rules };
    let rounding = batch.agreement.map_or(Rounding::default(), |agreement| agreement.rounding);
    let billable = rounding::billable(&rounding, &rules.client.clock, batch.before, batch.entries);
    let own: Vec<u32> = (0..).take(batch.entries.len()).collect();
    let free = closed.restorable + batch.returned.burn;
    let mut then = late_state(batch.period, free, *next_pool, state);
    *next_pool += 1;
    let mut unused = 0;
    let purse = Purse { state: &mut then, next_pool: &mut unused, threshold_base: 0 };
    let mut work = place_rounded(rules, batch.entries, &own, &billable, purse);
    let used = work.placed.time.used;
    let restored = (used - batch.returned.burn).max(0);
    let record = state.closed.entry(batch.period).or_default();
    record.restorable = free - used;
    record.overage += work.placed.overage - credited;
    state.tickets = then.tickets;
    if restored > 0 {
        let (on, note) = (run.period_start(), format!("late time of {}", batch.period));
        for kind in [MovementKind::Restore, MovementKind::Draw] {
            placed.movements.push(Movement { kind, on, pool: None, entry: None, quantity: restored, note: note.clone() });
        }
    }
    work.placed.time.used = restored;
    work.placed.time.restored = restored;
    work.placed.time.actual -= batch.returned.actual;
    work.placed.time.billable -= batch.returned.billable;
    add(placed, &mut work.placed);
    credit(batch, &mut placed.charges);
    decide(run, batch, state, placed);
    LateWork { period: batch.period, entries: batch.entries.to_vec(), billed: work.billed, parts: work.placed.parts }
}

/// The state that late time meets: one pool with what may be given back, and the tickets.
fn late_state(period: Period, free: i64, number: u32, state: &AgreementState) -> AgreementState {
    let pool = Pool {
        number,
        kind: PoolKind::Restored,
        granted_on: period.previous().first_day(),
        expires_on: None,
        granted: free,
        left: free,
        price: None,
    };
    AgreementState { pools: vec![pool], tickets: state.tickets.clone(), ..AgreementState::default() }
}

fn add(placed: &mut Placed, late: &mut Placed) {
    let (sum, more) = (&mut placed.time, &late.time);
    sum.restored += more.restored;
    sum.used += more.used;
    sum.overage += more.overage;
    sum.charged += more.charged;
    sum.included += more.included;
    sum.internal += more.internal;
    sum.courtesy += more.courtesy;
    sum.held += more.held;
    sum.actual += more.actual;
    sum.billable += more.billable;
    placed.charges.append(std::mem::take(&mut late.charges));
}

/// Bills released overage by that period's prices, and notes what was written off.
fn decide(run: &PeriodRun<'_>, batch: &LateBatch<'_>, state: &mut AgreementState, placed: &mut Placed) {
    let mut note = |kind, seconds| {
        let (on, note) = (run.period_start(), format!("held overage of {}", batch.period));
        placed.movements.push(Movement { kind, on, pool: None, entry: None, quantity: seconds, note });
    };
    for held in batch.written_off {
        note(MovementKind::WriteOff, held.seconds);
    }
    for held in batch.released {
        note(MovementKind::Release, held.seconds);
        let Credit { tier, work_type, band, hourly, seconds } = *held;
        let (kind, period) = (LineKind::Late, Some(batch.period));
        placed.charges.add_time(TimeKey { kind, tier, work_type, band, hourly, on_reserve: false, period }, seconds);
        placed.time.overage += seconds;
        state.closed.entry(batch.period).or_default().overage += hourly.exact(seconds);
    }
}

fn credit(batch: &LateBatch<'_>, charges: &mut Charges) {
    for credit in batch.credits {
        let Credit { tier, work_type, band, hourly, seconds } = *credit;
        let (kind, period) = (LineKind::Adjustment, Some(batch.period));
        charges.add_time(TimeKey { kind, tier, work_type, band, hourly, on_reserve: false, period }, -seconds);
    }
}
