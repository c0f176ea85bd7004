//! What a period puts into pools, and what its close takes out: grants, forfeits, rolls, blocks that pass.

use crate::agreement::{
    Agreement, Allowance, AllowanceSize, Prepaid, Proration, Reserve, ReserveSize, Rollover, Settlement, TimePools,
};
use crate::device::{Device, DeviceClass, DeviceCount};
use crate::number::{Currency, Decimal, half_up_i64, plain_hours};
use crate::pool::{AgreementState, MoneyPool, Pool, PoolKind};
use crate::statement::{Movement, MovementKind, ReserveTotals};
use crate::time::{Day, Period};

/// A period of an agreement: its days in force, and the days of the whole period.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) period: Period,
    /// The first day in force.
    pub(crate) from: Day,
    /// The first day no longer in force.
    pub(crate) to: Day,
}

impl Span {
    /// Days in force and days of the period.
    pub(crate) fn days(&self) -> (i64, i64) {
        (self.to.since(self.from), self.period.days())
    }
}

/// Grants the allowance (when one is due) and the blocks bought in the span.
pub(crate) fn grant_time(agreement: &Agreement, pools: &TimePools, devices: &[Device], span: Span, next_pool: &mut u32) -> Vec<Pool> {
    let mut granted = Vec::new();
    let mut new = |kind, granted_on, expires_on, seconds, price| {
        granted.push(Pool { number: *next_pool, kind, granted_on, expires_on, granted: seconds, left: seconds, price });
        *next_pool += 1;
    };
    if let Some((seconds, expires_on)) = pools.allowance.as_ref().and_then(|it| due_allowance(agreement, it, devices, span)) {
        new(PoolKind::Allowance, span.from, Some(expires_on), seconds, None);
    }
    for block in pools.blocks.iter().filter(|block| span.from <= block.bought && block.bought < span.to) {
        new(PoolKind::Block, block.bought, block.expires_on(), block.seconds, Some(block.price));
    }
    granted
}

/// The seconds of the allowance that a span grants, and when they expire; none within a settled group.
fn due_allowance(agreement: &Agreement, allowance: &Allowance, devices: &[Device], span: Span) -> Option<(i64, Day)> {
    let seconds = match &allowance.size {
        AllowanceSize::Fixed(minutes) => i64::from(*minutes) * 60,
        AllowanceSize::PerDevice(minutes) => {
            let count = DeviceCount::take(devices, allowance.count, span.from, span.to);
            device_minutes(minutes, &count) * 60
        }
    };
    match allowance.settlement {
        Settlement::Monthly(Proration::Daily) if span.days().0 < span.days().1 => {
            let (days, of) = span.days();
            let minutes = half_up_i64(i128::from(seconds) * i128::from(days), i128::from(of) * 60);
            Some((minutes * 60, span.to))
        }
        Settlement::Monthly(_) => Some((seconds, span.to)),
        Settlement::Months(months) => {
            let month = span.period.since(agreement.starts.period());
            let first = month.rem_euclid(i32::try_from(months).unwrap_or(i32::MAX)) == 0;
            let end = span.period.plus(months).first_day();
            first.then(|| (seconds * i64::from(months), agreement.ends.map_or(end, |ends| ends.min(end))))
        }
    }
}

fn device_minutes(minutes: &[(DeviceClass, u32)], count: &DeviceCount) -> i64 {
    minutes.iter().map(|(class, minutes)| i64::from(*minutes) * count.of(*class)).sum()
}

/// Grants the reserve of a span, in minor units.
pub(crate) fn grant_reserve(reserve: &Reserve, devices: &[Device], span: Span, currency: Currency) -> i64 {
    let (days, of) = match reserve.proration {
        Proration::Daily => span.days(),
        Proration::None => (1, 1),
    };
    match &reserve.size {
        ReserveSize::Fixed(amount) => currency.amount(*amount, days, of),
        ReserveSize::PerDevice { minutes, rate } => {
            let count = DeviceCount::take(devices, reserve.count, span.from, span.to);
            currency.amount(*rate, device_minutes(minutes, &count) * days, of * 60)
        }
    }
}

/// What a close did.
#[derive(Debug, Default)]
pub(crate) struct Closed {
    pub(crate) forfeited: i64,
    pub(crate) movements: Vec<Movement>,
    /// Blocks that go on to the next agreement, used up or not.
    pub(crate) passed: Vec<Pool>,
    pub(crate) notes: Vec<String>,
    brief: bool,
}

/// How a span ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The agreement goes on.
    GoesOn,
    /// It ends, and another starts that very day.
    Renewed,
    /// It ends.
    Over,
}

/// How pools of time are closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Close {
    pub(crate) rollover: Option<Rollover>,
    pub(crate) span: Span,
    pub(crate) ending: Ending,
    /// Nobody reads the movements.
    pub(crate) brief: bool,
}

/// Closes the pools of time of a span: each is kept, rolled, passed on or forfeited.
pub(crate) fn close_time(state: &mut AgreementState, close: Close, next_pool: &mut u32) -> Closed {
    let Close { rollover, span, ending, brief } = close;
    let mut closed = Closed { brief, ..Closed::default() };
    for mut pool in std::mem::take(&mut state.pools) {
        let expired = pool.expired_by(span.to);
        let block = pool.kind == PoolKind::Block;
        if block && !expired && ending == Ending::Renewed {
            closed.note(MovementKind::Pass, span.to, &pool, pool.left);
            closed.passed.push(pool);
        } else if !expired && ending == Ending::GoesOn {
            state.pools.push(pool);
        } else {
            let rolled = if ending == Ending::GoesOn { roll(&pool, rollover, span, next_pool) } else { None };
            let kept = rolled.as_ref().map_or(0, |rolled| rolled.left);
            let lost = pool.left - kept;
            closed.forfeited += lost;
            let on = pool.expires_on.map_or(span.to, |expires| expires.min(span.to));
            closed.note(MovementKind::Forfeit, on, &pool, lost);
            if block && lost > 0 {
                closed.notes.push(forfeited_block(&pool, lost, ending));
            }
            pool.left = kept;
            closed.note(MovementKind::Roll, on, &pool, kept);
            state.pools.extend(rolled);
        }
    }
    crate::pool::sort(&mut state.pools);
    closed
}

fn forfeited_block(pool: &Pool, lost: i64, ending: Ending) -> String {
    let price = pool.price.unwrap_or(Decimal::ZERO);
    let why = if ending == Ending::GoesOn { "expired" } else { "ended with the agreement" };
    let (lost, granted) = (plain_hours(lost), plain_hours(pool.granted));
    format!("The {} {why} with {lost} of {granted} h unused; it had cost {price}.", pool.label())
}

/// The part of an allowance that lives on.
fn roll(pool: &Pool, rollover: Option<Rollover>, span: Span, next_pool: &mut u32) -> Option<Pool> {
    let rollover = rollover.filter(|rollover| rollover.periods > 0 && pool.kind == PoolKind::Allowance)?;
    let left = pool.left.min(rollover.cap_percent.percent_of(pool.granted));
    if left == 0 {
        return None;
    }
    let number = *next_pool;
    *next_pool += 1;
    let expires_on = Some(span.period.plus(rollover.periods).end());
    Some(Pool { number, kind: PoolKind::Rolled, granted_on: pool.granted_on, expires_on, granted: left, left, price: None })
}

impl Closed {
    fn note(&mut self, kind: MovementKind, on: Day, pool: &Pool, quantity: i64) {
        if quantity != 0 && !self.brief {
            self.movements.push(Movement { kind, on, pool: Some(pool.number), entry: None, quantity, note: pool.label() });
        }
    }
}

/// Grants, draws and closes the reserve of a span. Money that rolled before goes first.
pub(crate) fn settle_reserve(
    state: &mut AgreementState,
    reserve: &Reserve,
    granted: i64,
    wanted: i64,
    span: Span,
    ending: Ending,
) -> ReserveTotals {
    let opening = state.reserve.iter().map(|pool| pool.left).sum();
    let mut totals = ReserveTotals { opening, granted, ..ReserveTotals::default() };
    let pool = MoneyPool { granted_in: span.period, serves_until: span.period, granted, left: granted };
    state.reserve.push(pool);
    let mut left = wanted;
    for pool in &mut state.reserve {
        let taken = left.min(pool.left).max(0);
        pool.left -= taken;
        left -= taken;
        totals.used += taken;
    }
    for pool in &mut state.reserve {
        let mut kept = if pool.serves_until > span.period { pool.left } else { 0 };
        if pool.granted_in == span.period {
            pool.serves_until = span.period.plus(reserve.rollover.periods);
            let cap = reserve.rollover.cap_percent.percent_of(pool.granted);
            kept = if reserve.rollover.periods > 0 { pool.left.min(cap) } else { 0 };
        }
        if ending != Ending::GoesOn {
            kept = 0;
        }
        totals.forfeited += pool.left - kept;
        totals.closing += kept;
        pool.left = kept;
    }
    state.reserve.retain(|pool| pool.left > 0);
    totals
}

/// The rollover clause of what an agreement prepays in time.
pub(crate) fn time_rollover(agreement: &Agreement) -> Option<Rollover> {
    match &agreement.prepaid {
        Prepaid::Time(TimePools { allowance: Some(allowance), .. }) => Some(allowance.rollover),
        _ => None,
    }
}
