//! An agreement that might be signed, and what it makes of some months: billed by the engine itself, month after month.

use quarterhour_billing::agreement::{Agreement, Agreements, Block, OnCap, Prepaid};
use quarterhour_billing::{
    BilledPeriod, BillingError, Bulk, Carried, Client, Currency, Day, Decimal, LineKind, Period, Pool, PoolKind, Slice, Statement,
    Terms, TimeEntry, Words, bill_bulk, bill_period,
};
use serde::Serialize;

/// An agreement to compare; none stands for work by the rate card.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What people call it.
    pub name: String,
    /// The agreement.
    pub agreement: Option<Agreement>,
}

impl Candidate {
    /// As if the agreement began on a day and went on for ever: its blocks are bought as long after that day as after its own first.
    #[must_use]
    pub fn starting(name: &str, agreement: &Agreement, day: Day) -> Self {
        let began = agreement.starts;
        Self::from(name, agreement, day, |blocks| {
            for block in blocks {
                let later = u32::try_from(block.bought.period().since(began.period())).unwrap_or(0);
                let month = day.period().plus(later);
                let offset = block.bought.since(block.bought.period().first_day()).min(month.days() - 1);
                block.bought = if block.bought <= began { day } else { month.first_day().plus(offset).max(day) };
            }
        })
    }

    /// An agreement that goes on from a day, for ever.
    ///
    /// `left` is what its blocks still hold. Those that were bought in the year before are bought again a year later, but where it
    /// says itself what is bought by then.
    #[must_use]
    pub fn going_on(name: &str, agreement: &Agreement, day: Day, left: Vec<Block>) -> Self {
        Self::from(name, agreement, day, |blocks| {
            let known = blocks.iter().map(|block| block.bought).filter(|bought| *bought >= day).max();
            blocks.retain_mut(|block| {
                let is_past = block.bought < day;
                if is_past {
                    block.bought = block.bought.plus_months(12);
                }
                block.bought >= day && !(is_past && known.is_some_and(|known| block.bought <= known))
            });
            blocks.extend(left);
        })
    }

    /// An agreement as it was, on months that are over: from a day on where it began later, with its first blocks.
    #[must_use]
    pub fn since(name: &str, agreement: &Agreement, day: Day) -> Self {
        let began = agreement.starts;
        Self::from(name, agreement, began.min(day), |blocks| {
            let first = blocks.iter_mut().filter(|block| block.bought == began);
            first.for_each(|block| block.bought = began.min(day));
        })
    }

    fn from(name: &str, agreement: &Agreement, starts: Day, change: impl FnOnce(&mut Vec<Block>)) -> Self {
        let mut agreement = Agreement { name: name.to_owned(), starts, ends: None, ..agreement.clone() };
        if let Prepaid::Time(pools) = &mut agreement.prepaid {
            change(&mut pools.blocks);
            pools.blocks.sort_by_key(|block| block.bought);
        }
        Self { name: name.to_owned(), agreement: Some(agreement) }
    }

    /// Would overage beyond a cap wait for approval?
    #[must_use]
    pub fn holds(&self) -> bool {
        self.agreement.as_ref().and_then(|agreement| agreement.guard.cap).is_some_and(|cap| cap.on_cap == OnCap::Hold)
    }

    /// The same with all such overage billed, as if it were approved: work that nobody pays makes no program cheap.
    #[must_use]
    pub fn approved(&self) -> Self {
        let mut approved = self.clone();
        if self.holds() {
            approved.agreement.iter_mut().for_each(|agreement| agreement.guard.cap = None);
        }
        approved
    }
}

/// What one month came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MonthCost {
    /// Net, minor units.
    pub net: i64,
    /// Of it beyond the fixed fee: charged time, overage, blocks bought by themselves.
    pub beyond: i64,
    /// Seconds of billable time that were worked for it.
    pub worked: i64,
    /// Seconds of overage, held ones among them.
    pub overage: i64,
    /// Seconds that came into pools.
    pub granted: i64,
    /// Seconds that ended unused.
    pub forfeited: i64,
    /// Reserve that ended unused, minor units.
    pub forfeited_money: i64,
}

/// What some months came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Course {
    /// By month.
    pub months: Vec<MonthCost>,
    /// What is left in blocks at the end, at the price they were bought for, minor units.
    pub left: i64,
    /// Seconds left in blocks at the end.
    pub left_seconds: i64,
}

impl Course {
    /// What all months cost, without what is still there in blocks, minor units.
    #[must_use]
    pub fn cost(&self) -> i64 {
        self.months.iter().map(|month| month.net).sum::<i64>() - self.left
    }

    /// The dearest month, minor units.
    #[must_use]
    pub fn worst_month(&self) -> i64 {
        self.months.iter().map(|month| month.net).max().unwrap_or(0)
    }

    /// Does any month have overage?
    #[must_use]
    pub fn has_overage(&self) -> bool {
        self.months.iter().any(|month| month.overage > 0)
    }
}

/// What the engine needs beside the agreement.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Rate card and calendar.
    pub terms: &'a Terms,
    /// Names of tiers and work types.
    pub words: &'a Words,
}

/// A client under one candidate.
#[derive(Clone, Debug)]
pub struct Contestant {
    /// The candidate's name.
    pub name: String,
    /// The client, with that agreement only.
    pub client: Client,
}

impl Contestant {
    /// Puts a client under a candidate.
    #[must_use]
    pub fn new(client: &Client, candidate: &Candidate) -> Self {
        // One agreement cannot overlap with itself.
        let agreements = Agreements::new(candidate.agreement.iter().cloned().collect()).unwrap_or_default();
        Self { name: candidate.name.clone(), client: Client { agreements, ..client.clone() } }
    }

    /// Bills consecutive months, and hands each month's statements to `each`.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up, which is a fault of the engine.
    pub fn bill(
        &self,
        ground: Ground<'_>,
        first: Period,
        months: &[Vec<TimeEntry>],
        mut each: impl FnMut(Period, &[Statement]),
    ) -> Result<Course, BillingError> {
        let Ground { terms, words } = ground;
        self.go(first, months, |period, carried, entries: &Vec<TimeEntry>| {
            let billed = bill_period(terms, words, &self.client, period, carried, entries, &[])?;
            each(period, &billed.statements);
            Ok(billed)
        })
    }

    /// Bills consecutive months in bulk.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::bill`] does.
    pub fn bill_bulk(
        &self,
        ground: Ground<'_>,
        first: Period,
        kinds: &[TimeEntry],
        months: &[Vec<Slice>],
    ) -> Result<Course, BillingError> {
        let Ground { terms, words } = ground;
        self.go(first, months, |period, carried, slices: &Vec<Slice>| {
            bill_bulk(terms, words, &self.client, period, carried, Bulk { kinds, slices })
        })
    }

    fn go<Work>(
        &self,
        first: Period,
        months: &[Work],
        mut bill: impl FnMut(Period, Carried, &Work) -> Result<BilledPeriod, BillingError>,
    ) -> Result<Course, BillingError> {
        let (mut carried, mut period, mut course) = (Carried::default(), first, Course::default());
        for work in months {
            let billed = bill(period, carried, work)?;
            carried = billed.carried;
            course.months.push(month_cost(&billed.statements));
            period = period.next();
        }
        (course.left, course.left_seconds) = self.left(&carried);
        Ok(course)
    }

    /// The agreement; none for work by the rate card.
    #[must_use]
    pub fn agreement(&self) -> Option<&Agreement> {
        self.client.agreements.as_slice().first()
    }

    /// The money and the seconds that are still in blocks.
    fn left(&self, carried: &Carried) -> (i64, i64) {
        let pools = carried.agreements.values().flat_map(|state| &state.pools);
        let blocks = pools.filter(|pool| pool.kind == PoolKind::Block && pool.left > 0 && pool.granted > 0);
        let money = |pool: &Pool| pool.price.map_or(0, |price| self.client.currency.amount(price, pool.left, pool.granted));
        blocks.fold((0, 0), |(sum, seconds), pool| (sum + money(pool), seconds + pool.left))
    }
}

/// Blocks that expire later than so many months from now might as well never.
const EXPIRY_MAX: u32 = 600;

/// What blocks hold on the morning of a day, as blocks that are bought on it for what is left of their price.
#[must_use]
pub fn blocks_left(pools: &[Pool], currency: Currency, day: Day) -> Vec<Block> {
    let block = |pool: &Pool| {
        let serves = pool.kind == PoolKind::Block && pool.left > 0 && pool.granted > 0 && !pool.expired_by(day);
        let paid = currency.amount(pool.price?, pool.left, pool.granted);
        let price = Decimal::parse(&currency.format(paid)).ok()?;
        let lasts = |months: &u32| pool.expires_on.is_some_and(|expires| day.plus_months(*months).next() < expires);
        let expires_months = pool.expires_on.map(|_| (0..EXPIRY_MAX).take_while(lasts).map(|months| months + 1).last().unwrap_or(0));
        serves.then_some(Block { bought: day, seconds: pool.left, price, expires_months })
    };
    pools.iter().filter_map(block).collect()
}

/// A client's entries of each month from one to another.
#[must_use]
pub fn by_month(client: &Client, entries: &[TimeEntry], (first, until): (Period, Period)) -> Vec<Vec<TimeEntry>> {
    let mut months = vec![Vec::new(); usize::try_from(until.since(first) + 1).unwrap_or(0)];
    for entry in entries {
        let place = client.clock.day(entry.started_at).period().since(first);
        if let Some(month) = usize::try_from(place).ok().and_then(|place| months.get_mut(place)) {
            month.push(entry.clone());
        }
    }
    months
}

fn month_cost(statements: &[Statement]) -> MonthCost {
    let mut cost = MonthCost::default();
    for statement in statements {
        let time = &statement.time;
        cost.net += statement.net;
        cost.worked += time.billable;
        cost.overage += time.overage + time.held;
        cost.granted += time.granted;
        cost.forfeited += time.forfeited;
        cost.forfeited_money += statement.reserve.map_or(0, |reserve| reserve.forfeited);
        let beyond = statement.lines.iter().filter(|line| !matches!(line.kind, LineKind::Fee | LineKind::Service));
        cost.beyond += beyond.map(|line| line.amount).sum::<i64>();
    }
    cost
}
