//! What a year of hours costs under a program reduced to numbers. A bill comes from the billing engine alone.

use crate::years::hours::{BLOCK, Block};

/// Hours that are less than this past an allowance are within it: sums of floats may be off by their last digits.
const WITHIN: f64 = 1e-9;

/// A program in numbers: money a month, an hour or a block, and hours.
#[derive(Clone, Debug, PartialEq)]
pub enum Tariff {
    /// Ad-hoc: each hour is paid.
    Hourly {
        /// Money an hour.
        rate: f64,
    },
    /// Hours of each kind have their own rate, beside a fee: a customized program.
    ByKind {
        /// Money a month.
        fee: f64,
        /// Money an hour, for each kind of the hours.
        rates: Vec<f64>,
    },
    /// A fee buys hours each month; more is overage. Use-it-or-lose-it, with hours that live on for some months or do not.
    Pool {
        /// Money a month.
        fee: f64,
        /// Hours a month.
        hours: f64,
        /// How many later months unused hours live on.
        rolls: usize,
        /// Money an hour of overage.
        overage: f64,
    },
    /// Block of time without expiry: whenever no hours are left, the next block is bought; none at the start.
    Blocks {
        /// Hours of a block.
        hours: f64,
        /// Money for a block.
        price: f64,
    },
    /// Fixed-rate: a fee for everything.
    Fixed {
        /// Money a month.
        fee: f64,
    },
}

impl Tariff {
    /// Use-it-or-lose-it: a fee, hours a month that are lost when unused, money for an hour of overage.
    #[must_use]
    pub fn use_it_or_lose_it(fee: f64, hours: f64, overage: f64) -> Self {
        Self::Pool { fee, hours, rolls: 0, overage }
    }

    /// A budget: a fee that includes a reserve of money, which lives on for some months and pays hours at a rate; what it does not
    /// cover is billed at that rate. The reserve is the hours that it pays.
    #[must_use]
    pub fn budget(fee: f64, reserve: f64, rolls: usize, rate: f64) -> Self {
        Self::Pool { fee, hours: reserve / rate, rolls, overage: rate }
    }

    /// Are all numbers finite, none below nought and none missing? `kinds` is the number of kinds of hours.
    pub(super) fn is_sound(&self, kinds: usize) -> bool {
        let fine = |values: &[f64]| values.iter().all(|value| value.is_finite() && *value >= 0.0);
        match self {
            Self::Hourly { rate } => fine(&[*rate]),
            Self::ByKind { fee, rates } => fine(&[*fee]) && fine(rates) && rates.len() == kinds,
            Self::Pool { fee, hours, overage, .. } => fine(&[*fee, *hours, *overage]),
            Self::Blocks { hours, price } => fine(&[*hours, *price]) && *hours > 0.0,
            Self::Fixed { fee } => fine(&[*fee]),
        }
    }

    /// Are hours paid ahead, so that some can be lost or left, or be too few?
    pub(super) fn is_ahead(&self) -> bool {
        matches!(self, Self::Pool { .. } | Self::Blocks { .. })
    }

    /// Prices a block of years.
    pub(super) fn price(&self, block: &Block, year: &mut Priced) {
        let months = crate::number::float(block.all().len() / BLOCK);
        year.reset();
        match self {
            Self::Fixed { fee } => year.cost.fill(fee * months),
            Self::Hourly { rate } => add_scaled(&mut year.cost, block.all(), *rate),
            Self::ByKind { fee, rates } => {
                year.cost.fill(fee * months);
                rates.iter().zip(&block.kinds).for_each(|(rate, hours)| add_scaled(&mut year.cost, hours, *rate));
            }
            Self::Blocks { hours, price } => blocks(block, (*hours, *price), year),
            Self::Pool { fee, hours, rolls, overage } => {
                if *rolls == 0 {
                    lose(block, *hours, year);
                } else {
                    roll(block, *hours, *rolls, year);
                }
                year.cost.iter_mut().for_each(|cost| *cost = fee * months + *cost * overage);
            }
        }
    }
}

/// What a block of years costs, each year for itself.
#[derive(Clone, Debug)]
pub(super) struct Priced {
    /// Money.
    pub cost: Vec<f64>,
    /// Months with overage.
    pub over: Vec<f64>,
    /// Hours that were paid ahead and lost.
    pub lost: Vec<f64>,
    /// Hours that were paid ahead and are left at the end.
    pub left: Vec<f64>,
}

impl Priced {
    pub fn new() -> Self {
        Self { cost: vec![0.0; BLOCK], over: vec![0.0; BLOCK], lost: vec![0.0; BLOCK], left: vec![0.0; BLOCK] }
    }

    fn reset(&mut self) {
        [&mut self.cost, &mut self.over, &mut self.lost, &mut self.left].into_iter().for_each(|values| values.fill(0.0));
    }
}

fn add_scaled(sums: &mut [f64], hours: &[f64], rate: f64) {
    for month in hours.chunks_exact(BLOCK) {
        sums.iter_mut().zip(month).for_each(|(sum, hours)| *sum += rate * hours);
    }
}

/// Without expiry and with nothing at the start, the blocks bought are those that cover all hours so far.
fn blocks(block: &Block, (hours, price): (f64, f64), year: &mut Priced) {
    add_scaled(&mut year.cost, block.all(), 1.0);
    for (cost, left) in year.cost.iter_mut().zip(&mut year.left) {
        let bought = ((*cost - WITHIN) / hours).ceil().max(0.0);
        *left = (bought * hours - *cost).max(0.0);
        *cost = bought * price;
    }
}

/// Overage hours in place of cost; what is unused is lost.
fn lose(block: &Block, allowance: f64, year: &mut Priced) {
    for month in block.all().chunks_exact(BLOCK) {
        let sums = year.cost.iter_mut().zip(&mut year.over).zip(&mut year.lost);
        for (((cost, over), lost), hours) in sums.zip(month) {
            let past = hours - allowance;
            let overage = if past > 0.0 { past } else { 0.0 };
            *cost += overage;
            *lost += overage - past;
            *over += if past > WITHIN { 1.0 } else { 0.0 };
        }
    }
}

/// Overage hours in place of cost; what is unused lives on for `rolls` months, and the oldest is used first.
fn roll(block: &Block, allowance: f64, rolls: usize, year: &mut Priced) {
    // Pools from the oldest to the newest.
    let mut pools = vec![vec![0.0; BLOCK]; rolls + 1];
    let mut need = vec![0.0; BLOCK];
    for month in block.all().chunks_exact(BLOCK) {
        need.copy_from_slice(month);
        if let Some(newest) = pools.last_mut() {
            newest.fill(allowance);
        }
        for pool in &mut pools {
            for (need, pool) in need.iter_mut().zip(pool) {
                let used = if *need < *pool { *need } else { *pool };
                *need -= used;
                *pool -= used;
            }
        }
        for ((cost, over), need) in year.cost.iter_mut().zip(&mut year.over).zip(&need) {
            *cost += need;
            *over += if *need > WITHIN { 1.0 } else { 0.0 };
        }
        if let Some(oldest) = pools.first() {
            year.lost.iter_mut().zip(oldest).for_each(|(lost, hours)| *lost += hours);
        }
        pools.rotate_left(1);
    }
    // The last place holds what has just been lost.
    for pool in pools.iter().take(rolls) {
        year.left.iter_mut().zip(pool).for_each(|(left, hours)| *left += hours);
    }
}
