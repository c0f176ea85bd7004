//! One client's period: from entries and what was carried on, to statements and what is carried on next.

use std::sync::Arc;

use crate::agreement::{Agreement, Agreements, Prepaid, Program, RateTable};
use crate::bulk::{self, Bulk};
use crate::device::{CountMethod, Device, DeviceCount};
use crate::entry::{TimeEntry, WorkedOn};
use crate::fee::{self, Pen};
use crate::grant::{self, Closed, Ending, Span};
use crate::late::{self, LateBatch};
use crate::number::{Currency, Decimal};
use crate::place::{Placed, Rules};
use crate::pool::{self, AgreementState, Carried, ClosedPeriod, Pool, PoolKind};
use crate::statement::{Line, Movement, MovementKind, ReserveTotals, Statement, TimeTotals};
use crate::time::{Calendar, Day, LocalClock, Period};
use crate::word::Words;
use crate::work::{Purse, Work, place_entries};

/// The provider's calendar and rate card.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Business hours and holidays.
    pub calendar: Calendar,
    /// Rates for everyone; one of them is the default.
    pub rates: RateTable,
}

/// A client as the engine sees it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its code in the books.
    pub code: String,
    /// What it pays in.
    pub currency: Currency,
    /// Its time zone.
    pub clock: Arc<LocalClock>,
    /// Tax on everything.
    pub tax_percent: Decimal,
    /// Its devices, sorted by name.
    pub devices: Vec<Device>,
    /// Its agreements.
    pub agreements: Agreements,
}

impl Client {
    /// What stood for a listed device, at whatever dates.
    pub(crate) fn listed(&self, worked_on: WorkedOn) -> impl Iterator<Item = &Device> {
        let first = if let WorkedOn::Listed(first) = worked_on { usize::try_from(first).ok() } else { None };
        let listed = first.and_then(|first| self.devices.get(first..)).unwrap_or(&[]);
        listed.iter().take_while(|device| listed.first().is_some_and(|one| one.name == device.name))
    }
}

/// A result that breaks the identity of section 9; nothing may be issued from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillingError {
    /// The statement's time does not add up.
    #[error("client {client}, {period}: opening + granted + restored is not used + forfeited + closing ({time:?})")]
    TimeIdentity {
        /// The client's code.
        client: String,
        /// The period.
        period: Period,
        /// The numbers.
        time: Box<TimeTotals>,
    },
    /// The reserve's money does not add up.
    #[error("client {client}, {period}: the reserve's opening + granted is not used + forfeited + closing")]
    ReserveIdentity {
        /// The client's code.
        client: String,
        /// The period.
        period: Period,
    },
}

/// A client's period, billed.
#[derive(Clone, Debug)]
pub struct BilledPeriod {
    /// Statements that show something, work without agreement first, then by agreement.
    pub statements: Vec<Statement>,
    /// What the next period takes over.
    pub carried: Carried,
}

/// Bills one period of one client.
///
/// `entries` are the client's entries that start in the period, in order of start and id; `carried`
/// is what the period before returned; `late` is time of issued periods that came since.
///
/// # Errors
///
/// Fails when a statement does not add up, which is a fault of this program.
pub fn bill_period(
    terms: &Terms,
    words: &Words,
    client: &Client,
    period: Period,
    carried: Carried,
    entries: &[TimeEntry],
    late: &[LateBatch<'_>],
) -> Result<BilledPeriod, BillingError> {
    finish(PeriodRun { terms, words, client, period, carried, entries, late, bulk: None })
}

/// The same for work in bulk, of a client whose one agreement (or none) is in force for the whole period.
///
/// # Errors
///
/// Fails when a statement does not add up, which is a fault of this program.
pub fn bill_bulk(
    terms: &Terms,
    words: &Words,
    client: &Client,
    period: Period,
    carried: Carried,
    bulk: Bulk<'_>,
) -> Result<BilledPeriod, BillingError> {
    finish(PeriodRun { terms, words, client, period, carried, entries: bulk.kinds, late: &[], bulk: Some(bulk) })
}

fn finish(mut run: PeriodRun<'_>) -> Result<BilledPeriod, BillingError> {
    let by_agreement = run.split_entries();
    let mut statements = Vec::new();
    for (position, own) in by_agreement {
        // In bulk nothing waits beside the one agreement.
        if run.bulk.is_some() && position.is_none() && own.is_empty() {
            continue;
        }
        let agreement = position.and_then(|position| run.client.agreements.as_slice().get(position));
        let statement = run.bill_agreement(agreement, own);
        check(run.client, &statement)?;
        if !statement.is_empty() {
            statements.push(statement);
        }
    }
    statements.sort_by(|one, other| one.agreement.cmp(&other.agreement));
    Ok(BilledPeriod { statements, carried: run.carried })
}

fn check(client: &Client, statement: &Statement) -> Result<(), BillingError> {
    let (period, time) = (statement.period, statement.time);
    let client = || client.code.clone();
    if time.available() != time.used + time.forfeited + time.closing {
        return Err(BillingError::TimeIdentity { client: client(), period, time: Box::new(time) });
    }
    let balanced = |it: ReserveTotals| it.opening + it.granted == it.used + it.forfeited + it.closing;
    if !statement.reserve.is_none_or(balanced) {
        return Err(BillingError::ReserveIdentity { client: client(), period });
    }
    Ok(())
}

pub(crate) struct PeriodRun<'a> {
    terms: &'a Terms,
    words: &'a Words,
    client: &'a Client,
    period: Period,
    carried: Carried,
    entries: &'a [TimeEntry],
    late: &'a [LateBatch<'a>],
    /// In place of the entries, which are its kinds then.
    bulk: Option<Bulk<'a>>,
}

impl<'a> PeriodRun<'a> {
    /// The agreements of the period (none stands for work without one) with the positions of their entries.
    /// Agreements come in order of their dates, so that blocks pass from one to the next.
    fn split_entries(&self) -> Vec<(Option<usize>, Vec<u32>)> {
        let agreements = self.client.agreements.as_slice();
        let concerns = |agreement: &Agreement| {
            agreement.days_in(self.period).is_some()
                || self.late.iter().any(|batch| batch.is_for(Some(agreement)))
                || self.carried.agreements.get(&agreement.name).is_some_and(|state| self.is_left_over(agreement, state))
        };
        let mut groups: Vec<(Option<usize>, Vec<u32>)> = vec![(None, Vec::new())];
        let positions = (0..).zip(agreements).filter(|(_, agreement)| concerns(agreement));
        groups.extend(positions.map(|(position, _): (usize, _)| (Some(position), Vec::new())));
        let whole = |agreement: &Agreement| {
            agreement.starts <= self.period.first_day() && agreement.ends.is_none_or(|ends| ends >= self.period.end())
        };
        if let Some(only) = agreements.iter().position(whole) {
            let all = groups.iter_mut().filter(|(position, _)| *position == Some(only));
            all.for_each(|(_, own)| own.extend((0..).take(self.entries.len())));
            return groups;
        }
        for (index, entry) in (0..).zip(self.entries) {
            let on = self.client.agreements.on(self.client.clock.day(entry.started_at));
            let position = on.map(|(position, _)| position);
            if let Some((_, own)) = groups.iter_mut().find(|(other, _)| *other == position) {
                own.push(index);
            }
        }
        groups
    }

    /// Bills the entries of one agreement, or those without one.
    fn bill_agreement(&mut self, agreement: Option<&'a Agreement>, own: Vec<u32>) -> Statement {
        let name = agreement.map_or("", |agreement| agreement.name.as_str());
        let carried = self.carried.agreements.remove_entry(name);
        let (name, mut state) = carried.unwrap_or_else(|| (name.to_owned(), AgreementState::default()));
        let span = agreement.and_then(|it| it.days_in(self.period)).map(|(from, to)| Span { period: self.period, from, to });
        let first_day = self.period.first_day();
        let left_over = agreement.filter(|it| self.is_left_over(it, &state));
        let left_over = left_over.map(|_| Span { period: self.period, from: first_day, to: first_day });
        let opening = pool::left(&state.pools);
        let received = received(agreement, span, &state.pools);
        let granted = self.grant(agreement, span, &mut state);
        let draws_time = draws_time(agreement, &state);
        let rules = Rules {
            terms: self.terms,
            client: self.client,
            words: self.words,
            agreement,
            late_for: None,
            draws_time,
            overage_before: 0,
        };
        let mut next_pool = self.carried.next_pool;
        let purse = Purse { state: &mut state, next_pool: &mut next_pool, threshold_base: granted.threshold_base };
        let mut work = match self.bulk {
            Some(bulk) if !own.is_empty() => bulk::place(rules, bulk, purse),
            _ => place_entries(rules, self.entries, &own, purse),
        };
        let late = late::bill(self, agreement, &mut state, &mut next_pool, &mut work.placed);
        work.placed.time.opening = opening;
        work.placed.time.granted += granted.seconds;
        work.placed.movements.splice(0..0, received.into_iter().chain(granted.movements));
        let settled = span.or(left_over);
        let mut statement = self.statement(agreement, settled, work, granted.lines, &mut state);
        statement.late = late;
        self.close(agreement, settled, &mut state, &mut statement, &mut next_pool);
        self.carried.next_pool = next_pool;
        if state != AgreementState::default() {
            self.carried.agreements.insert(name, state);
        }
        statement
    }

    fn pen(&self) -> Pen {
        Pen { currency: self.client.currency, brief: self.bulk.is_some() }
    }

    /// Was its end set to this period's first day after the period before was closed as if it went on?
    /// Then what it has left ends or passes on now, on a statement of no days.
    fn is_left_over(&self, agreement: &Agreement, state: &AgreementState) -> bool {
        let ended = agreement.ends == Some(self.period.first_day());
        ended && (pool::left(&state.pools) > 0 || state.reserve.iter().any(|pool| pool.left > 0))
    }

    /// Puts what the period grants into the state.
    fn grant(&mut self, agreement: Option<&Agreement>, span: Option<Span>, state: &mut AgreementState) -> Granted {
        let mut granted = Granted::default();
        let (Some(agreement), Some(span)) = (agreement, span) else { return granted };
        granted.lines = fee::fee_lines(agreement, &self.client.devices, span, self.pen());
        if let Prepaid::Time(pools) = &agreement.prepaid {
            let new = grant::grant_time(agreement, pools, &self.client.devices, span, &mut self.carried.next_pool);
            for pool in &new {
                granted.add(pool, self.pen());
            }
            if self.bulk.is_none() {
                granted.movements = new.iter().map(granted_pool).collect();
            }
            state.pools.extend(new);
            pool::sort(&mut state.pools);
        }
        let allowances = state.pools.iter().filter(|pool| pool.kind == PoolKind::Allowance);
        granted.threshold_base = allowances.map(|pool| pool.left).sum();
        granted
    }

    /// Puts lines, reserve and totals together.
    fn statement(
        &self,
        agreement: Option<&Agreement>,
        span: Option<Span>,
        work: Work,
        mut lines: Vec<Line>,
        state: &mut AgreementState,
    ) -> Statement {
        let currency = self.client.currency;
        let Placed { time, charges, parts, mut movements, alerts, overage, bought, .. } = work.placed;
        lines.extend(replenished_lines(agreement, &bought, self.pen()));
        let wanted = charges.reserve_share(currency);
        match self.bulk {
            Some(_) => lines.extend(charges.into_brief_lines(currency)),
            None => lines.extend(charges.into_lines(self.words, currency)),
        }
        let reserve = self.settle_reserve(agreement, span, wanted, state, &mut movements);
        if let Some(used) = reserve.map(|reserve| reserve.used).filter(|used| *used > 0) {
            lines.push(self.pen().reserve(used));
        }
        lines.sort_by_key(|line| line.kind);
        let net = lines.iter().map(|line| line.amount).sum();
        let tax = self.client.tax_percent.percent_of(net);
        let (count, counted_devices) = if self.bulk.is_none() { self.count(agreement, span) } else { Default::default() };
        state.closed.insert(self.period, ClosedPeriod { restorable: 0, overage });
        Statement {
            agreement: agreement.map(|agreement| agreement.name.clone()),
            program: agreement.map_or(Program::AdHoc, |agreement| agreement.program),
            period: self.period,
            currency,
            draws_time: draws_time(agreement, state),
            count,
            counted_devices,
            time,
            reserve,
            lines,
            net,
            tax,
            total: net + tax,
            billed: work.billed,
            parts,
            late: Vec::new(),
            pools: if self.bulk.is_none() { state.pools.clone() } else { Vec::new() },
            movements,
            alerts,
            notes: Vec::new(),
        }
    }

    fn settle_reserve(
        &self,
        agreement: Option<&Agreement>,
        span: Option<Span>,
        wanted: i64,
        state: &mut AgreementState,
        movements: &mut Vec<Movement>,
    ) -> Option<ReserveTotals> {
        let (agreement, span) = (agreement?, span?);
        let Prepaid::Money(reserve) = &agreement.prepaid else { return None };
        let in_force = span.from < span.to;
        let granted = if in_force { grant::grant_reserve(reserve, &self.client.devices, span, self.client.currency) } else { 0 };
        let ending = self.ending(agreement, span);
        let totals = grant::settle_reserve(state, reserve, granted, wanted, span, ending);
        let moved = [
            (MovementKind::ReserveGrant, span.from, totals.granted),
            (MovementKind::ReserveDraw, span.to, totals.used),
            (MovementKind::ReserveForfeit, span.to, totals.forfeited),
            (MovementKind::ReserveRoll, span.to, totals.closing),
        ];
        let moved = moved.into_iter().filter(|(.., quantity)| *quantity != 0 && self.bulk.is_none());
        movements.extend(moved.map(|(kind, on, quantity)| Movement {
            kind,
            on,
            pool: None,
            entry: None,
            quantity,
            note: format!("reserve of {}", self.period),
        }));
        Some(totals)
    }

    /// The devices that the statement shows, and which they are.
    fn count(&self, agreement: Option<&Agreement>, span: Option<Span>) -> (DeviceCount, Vec<usize>) {
        let in_force = span.filter(|span| span.from < span.to);
        let Some((method, span)) = agreement.and_then(Agreement::count_method).zip(in_force) else {
            return (DeviceCount::default(), Vec::new());
        };
        let devices = &self.client.devices;
        let counted = |device: &Device| match method {
            CountMethod::FirstDay => device.counts_on(span.from),
            CountMethod::LastDay => device.counts_on(span.to.previous()),
            CountMethod::Peak | CountMethod::Average => {
                device.in_service < span.to && device.retired.is_none_or(|retired| retired > span.from.max(device.in_service))
            }
        };
        let positions = devices.iter().enumerate().filter(|(_, device)| counted(device)).map(|(position, _)| position);
        (DeviceCount::take(devices, method, span.from, span.to), positions.collect())
    }

    /// How the agreement's days in a period end.
    fn ending(&self, agreement: &Agreement, span: Span) -> Ending {
        let Some(ends) = agreement.ends.filter(|ends| *ends <= span.to) else { return Ending::GoesOn };
        if self.successor(ends).is_some() { Ending::Renewed } else { Ending::Over }
    }

    fn successor(&self, day: Day) -> Option<&'a Agreement> {
        self.client.agreements.as_slice().iter().find(|agreement| agreement.starts == day)
    }

    /// Forfeits, rolls and passes on what is left.
    fn close(
        &mut self,
        agreement: Option<&Agreement>,
        span: Option<Span>,
        state: &mut AgreementState,
        statement: &mut Statement,
        next_pool: &mut u32,
    ) {
        let mut closed = Closed::default();
        if let Some((agreement, span)) = agreement.zip(span) {
            let ending = self.ending(agreement, span);
            let had_blocks = state.pools.iter().any(|pool| pool.kind == PoolKind::Block);
            let close = grant::Close { rollover: grant::time_rollover(agreement), span, ending, brief: self.bulk.is_some() };
            closed = grant::close_time(state, close, next_pool);
            if ending == Ending::Renewed && had_blocks {
                self.pass_on(span.to, std::mem::take(&mut closed.passed), statement);
            }
        }
        statement.time.forfeited = closed.forfeited;
        statement.time.closing += pool::left(&state.pools);
        statement.movements.append(&mut closed.movements);
        statement.notes.append(&mut closed.notes);
        let record = state.closed.entry(self.period).or_default();
        record.restorable = closed.forfeited;
        if *record == ClosedPeriod::default() {
            state.closed.remove(&self.period);
        }
        if let Some(agreement) = agreement.filter(|it| it.ends.is_some_and(|ends| ends <= self.period.end())) {
            assert!(pool::left(&state.pools) == 0, "agreement {} ended with time in its pools", agreement.name);
        }
    }

    /// Gives blocks to the agreement that starts on a day.
    fn pass_on(&mut self, day: Day, blocks: Vec<Pool>, statement: &mut Statement) {
        let Some(successor) = self.successor(day) else { return };
        statement.time.closing += pool::left(&blocks);
        let heir = self.carried.agreements.entry(successor.name.clone()).or_default();
        heir.received_blocks |= !blocks.is_empty();
        heir.pools.extend(blocks);
        pool::sort(&mut heir.pools);
    }
}

/// Does work draw on pools of time, used up or not: an allowance, blocks of its own or passed to it?
fn draws_time(agreement: Option<&Agreement>, state: &AgreementState) -> bool {
    state.received_blocks || agreement.is_some_and(|agreement| matches!(agreement.prepaid, Prepaid::Time(_)))
}

/// The blocks that an agreement took over, in the period in which it starts.
fn received(agreement: Option<&Agreement>, span: Option<Span>, pools: &[Pool]) -> Vec<Movement> {
    let starts = agreement.zip(span).filter(|(agreement, span)| agreement.starts == span.from);
    let Some((_, Span { from: on, .. })) = starts else { return Vec::new() };
    let moved = pools.iter().filter(|pool| pool.left > 0).map(|pool| Movement {
        kind: MovementKind::Receive,
        on,
        pool: Some(pool.number),
        entry: None,
        quantity: pool.left,
        note: pool.label(),
    });
    moved.collect()
}

/// What a period granted.
#[derive(Debug, Default)]
struct Granted {
    seconds: i64,
    threshold_base: i64,
    lines: Vec<Line>,
    movements: Vec<Movement>,
}

impl Granted {
    fn add(&mut self, pool: &Pool, pen: Pen) {
        self.seconds += pool.granted;
        if let Some(price) = pool.price {
            self.lines.push(pen.block(price, || format!("Block bought on {}", pool.granted_on)));
        }
    }
}

fn granted_pool(pool: &Pool) -> Movement {
    let (on, quantity, note) = (pool.granted_on, pool.granted, pool.label());
    Movement { kind: MovementKind::Grant, on, pool: Some(pool.number), entry: None, quantity, note }
}

/// The lines of blocks that auto-replenish bought, by day.
fn replenished_lines(agreement: Option<&Agreement>, bought: &[Day], pen: Pen) -> Vec<Line> {
    let Some(Prepaid::Time(pools)) = agreement.map(|agreement| &agreement.prepaid) else { return Vec::new() };
    let Some(clause) = &pools.auto_replenish else { return Vec::new() };
    let line = |day: &Day| pen.block(clause.price, || format!("Block bought on {day} by auto-replenish"));
    bought.iter().map(line).collect()
}

impl<'a> PeriodRun<'a> {
    /// The rules by which a late batch is placed: those of its own period.
    pub(crate) fn late_rules(&self, batch: &LateBatch<'a>, overage_before: i128) -> Rules<'a> {
        let agreement = batch.agreement;
        Rules {
            terms: batch.terms,
            client: self.client,
            words: self.words,
            agreement,
            late_for: Some(batch.period),
            draws_time: batch.draws_time,
            overage_before,
        }
    }

    pub(crate) fn period_start(&self) -> Day {
        self.period.first_day()
    }

    pub(crate) fn late_batches(&self) -> &'a [LateBatch<'a>] {
        self.late
    }
}

/// A statement's due day: fees in advance fall due at the period's start, the rest at its end.
#[must_use]
pub fn due_from(agreement: Option<&Agreement>, period: Period) -> Day {
    let arrears = agreement.is_none_or(|agreement| fee::in_arrears(agreement.fee.as_ref()));
    if arrears { period.end() } else { period.first_day() }
}
