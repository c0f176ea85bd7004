//! Many years of one client's hours, and what they cost under several tariffs on the very same hours.
//!
//! It is for questions about chances that want a million years and floats will do; a few hundred years that the billing engine
//! bills to the cent are those of [`crate::comparison`].
//!
//! Years are drawn in blocks of 256, and each block has a stream of ChaCha8 of its own, so that nothing depends on the number of
//! threads. On one core a million years of eight tickets a month take well below a second ticket by ticket, and about a tenth of
//! one from the law of the month.

mod figures;
mod hours;
mod tariff;

pub use figures::Figures;
pub use hours::Hours;
pub use tariff::Tariff;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::estimate::Estimate;
use crate::number::{float, sum};
use hours::{BLOCK, Block};
use tariff::Priced;

/// How many years are drawn, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Years.
    pub years: usize,
    /// Months of each.
    pub months: usize,
    /// The seed from which all of them follow.
    pub seed: u64,
}

/// Years cannot be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YearsError {
    /// There are fewer than two years, or no months in them.
    #[error("at least two years of at least one month are needed")]
    TooFew,
    /// A tariff has a number that is not finite or below nought, a block of no hours, or too few or too many rates.
    #[error("tariff {number} has a number that makes no sense, or not a rate for each of the {kinds} kinds of hours")]
    BadTariff {
        /// Which, from nought.
        number: usize,
        /// The kinds of hours.
        kinds: usize,
    },
}

/// Years that were drawn and priced.
#[derive(Clone, Debug)]
pub struct Years {
    run: Run,
    /// What each year cost, by tariff.
    costs: Vec<Vec<f64>>,
    /// What was added up beside, by tariff.
    sums: Vec<Sums>,
}

/// Sums and sums of squares over years: months with overage, hours lost, hours left.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    over: [f64; 2],
    lost: [f64; 2],
    left: [f64; 2],
}

impl Sums {
    fn add(&mut self, year: &Priced, years: usize) {
        for (sums, values) in [(&mut self.over, &year.over), (&mut self.lost, &year.lost), (&mut self.left, &year.left)] {
            *sums = figures::sums_of(values.get(..years).unwrap_or(values), |value| value);
        }
    }

    /// The sums of blocks, in their order.
    fn all<'a>(blocks: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let of =
            |pick: fn(&Self) -> [f64; 2]| [0, 1].map(|at: usize| sum(blocks.clone().filter_map(|own| pick(own).get(at).copied())));
        Self { over: of(|own| own.over), lost: of(|own| own.lost), left: of(|own| own.left) }
    }
}

/// Draws years and prices each under all tariffs.
///
/// # Errors
///
/// Fails with fewer than two years or no months, and for a tariff that makes no sense.
pub fn draw(hours: &Hours, tariffs: &[Tariff], run: Run) -> Result<Years, YearsError> {
    let kinds = hours.kinds();
    if run.years < 2 || run.months == 0 {
        return Err(YearsError::TooFew);
    }
    if let Some(number) = tariffs.iter().position(|tariff| !tariff.is_sound(kinds)) {
        return Err(YearsError::BadTariff { number, kinds });
    }
    let mut costs = vec![vec![0.0; run.years]; tariffs.len()];
    let mut blocks: Vec<Vec<&mut [f64]>> = (0..run.years.div_ceil(BLOCK)).map(|_| Vec::with_capacity(tariffs.len())).collect();
    for costs in &mut costs {
        blocks.iter_mut().zip(costs.chunks_mut(BLOCK)).for_each(|(block, part)| block.push(part));
    }
    let seeded = ChaCha8Rng::seed_from_u64(run.seed);
    let sums: Vec<Vec<Sums>> = (0_u64..)
        .zip(blocks)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map_init(
            || (Block::new(hours, run.months), Priced::new()),
            |(block, year), (number, parts)| {
                let mut random = seeded.clone();
                random.set_stream(number);
                block.draw(hours, &mut random);
                let price = |(tariff, part): (&Tariff, &mut [f64])| {
                    let mut sums = Sums::default();
                    tariff.price(block, year);
                    part.iter_mut().zip(&year.cost).for_each(|(slot, cost)| *slot = *cost);
                    if tariff.is_ahead() {
                        sums.add(year, part.len());
                    }
                    sums
                };
                tariffs.iter().zip(parts).map(price).collect()
            },
        )
        .collect();
    let sums = (0..tariffs.len()).map(|number| Sums::all(sums.iter().filter_map(move |block| block.get(number)))).collect();
    Ok(Years { run, costs, sums })
}

impl Years {
    /// What each year cost, by tariff, money.
    #[must_use]
    pub fn costs(&self) -> &[Vec<f64>] {
        &self.costs
    }

    /// The figures of each tariff, in their order.
    #[must_use]
    pub fn figures(&self) -> Vec<Figures> {
        self.costs.iter().zip(&self.sums).map(|(costs, sums)| Figures::new(costs, sums, self.run)).collect()
    }

    /// The chance that one tariff costs less than another on the same hours, by their numbers from nought; a tie counts half.
    /// Nothing where there is no such tariff.
    #[must_use]
    pub fn cheaper(&self, one: usize, other: usize) -> Option<Estimate> {
        let (one, other) = (self.costs.get(one)?, self.costs.get(other)?);
        let (mut less, mut ties) = (0_u32, 0_u32);
        for (one, other) in one.iter().zip(other) {
            less += u32::from(one < other);
            ties += u32::from(one == other);
        }
        let (count, less, ties) = (float(one.len()), f64::from(less), f64::from(ties));
        let value = (less + ties / 2.0) / count;
        // As in `estimate::share`: never without doubt.
        let guarded = (less + ties / 2.0 + 1.0) / (count + 2.0);
        Some(Estimate { value, error: (guarded * (1.0 - guarded) / (count + 2.0)).sqrt() })
    }
}
