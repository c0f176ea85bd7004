//! Blocks of hours: how many are bought over some months, without expiry in closed form, with expiry month by month.

use std::f64::consts::PI;

use num_complex::Complex64;

use crate::law::{Compound, Grid, Lattice};
use crate::number::{float, index, sum};

/// The expected number of blocks of `hours` that cover all hours of a compound: E[ceil(S / hours)].
///
/// The sum of a Fourier series for smooth hours: mean / B + (1 - P(S = 0)) / 2 + sum of Im f(2 pi n / B) / (pi n), with f the
/// characteristic function; a sum of tails where hours come in steps.
#[must_use]
pub fn blocks_bought(compound: &Compound, hours: f64) -> f64 {
    if compound.parts.iter().all(|part| part.severity.step().is_some()) {
        return by_tails(compound, hours);
    }
    let mut total = compound.mean() / hours + (1.0 - compound.none()) / 2.0;
    for number in 1..200_000_usize {
        let at = Complex64::new(0.0, -2.0 * PI * float(number) / hours);
        let Some(value) = compound.transform(at) else { break };
        total += value.im / (PI * float(number));
        if value.norm() / float(number) < 1e-14 {
            break;
        }
    }
    total
}

fn by_tails(compound: &Compound, hours: f64) -> f64 {
    let [mean, variance, _] = compound.cumulants();
    // As far as the steps are not too many.
    let reach = |widths: &f64| Lattice::new(compound, mean + widths * (variance.sqrt() + hours));
    let Some(lattice) = [40.0, 20.0, 12.0, 8.0].iter().find_map(reach) else { return f64::NAN };
    // What is past the lattice's end counts by its hours, and half a block for the last.
    let more = |at: usize| {
        let blocks = float(at) * lattice.step() / hours;
        (blocks - 1e-9).ceil().max(0.0) - blocks
    };
    let known: f64 = sum(lattice.probabilities().iter().copied());
    let rounded = sum(lattice.probabilities().iter().enumerate().map(|(at, share)| share * more(at)));
    mean / hours + rounded + (1.0 - known) / 2.0
}

/// What becomes of blocks that expire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpiringBlocks {
    /// Blocks bought.
    pub bought: f64,
    /// Hours that expired unused.
    pub forfeited: f64,
    /// Hours left at the end.
    pub left: f64,
}

/// Expected purchases and losses where a block serves `expiry` months, from an empty start.
///
/// Each month: what the balance covers is taken from it; if it is not enough, as many whole blocks are bought as are needed, and
/// the balance is as old as they. At a month's end it grows a month older, and what has reached `expiry` is lost.
/// A dynamic program over balance and age on `points` intervals of a block, the law spread by its own shortfall.
#[must_use]
pub fn expiring_blocks(month: &Grid, (block, expiry, months): (f64, usize, usize), points: usize) -> ExpiringBlocks {
    let coarse = on_grid(month, (block, expiry, months), points);
    let fine = on_grid(month, (block, expiry, months), points * 2);
    let better = |coarse: f64, fine: f64| fine + (fine - coarse) / 3.0;
    ExpiringBlocks {
        bought: better(coarse.bought, fine.bought),
        forfeited: better(coarse.forfeited, fine.forfeited),
        left: better(coarse.left, fine.left),
    }
}

fn on_grid(month: &Grid, (block, expiry, months): (f64, usize, usize), points: usize) -> ExpiringBlocks {
    let step = block / float(points);
    let last = index(month.hours() / step);
    let excess = (0..=last).map(|at| month.excess(float(at) * step));
    let law = crate::law::grid::differences(excess, step);
    // Balance by age: nought hours are kept apart, because nothing ages there.
    let mut balances: Vec<Vec<f64>> = vec![vec![0.0; points + 1]; expiry];
    if let Some(first) = balances.first_mut().and_then(|ages| ages.first_mut()) {
        *first = 1.0;
    }
    let mut result = ExpiringBlocks { bought: 0.0, forfeited: 0.0, left: 0.0 };
    let usage = Usage { law: &law, none: month.none(), points };
    for _ in 0..months {
        let mut next: Vec<Vec<f64>> = vec![vec![0.0; points + 1]; expiry];
        let mut fresh = vec![0.0; points + 1];
        for (age, ages) in balances.iter().enumerate() {
            if let Some(kept) = next.get_mut(age) {
                result.bought += usage.step(ages, kept, &mut fresh);
            }
        }
        if let Some(youngest) = next.first_mut() {
            youngest.iter_mut().zip(&fresh).for_each(|(slot, value)| *slot += value);
        }
        // The oldest are lost, the others grow older; nobody has blocks of nought months then but those that lost all.
        let lost = next.pop().unwrap_or_default();
        result.forfeited += sum(lost.iter().enumerate().map(|(at, share)| float(at) * step * share));
        let mut empty = vec![0.0; points + 1];
        if let Some(slot) = empty.first_mut() {
            *slot = sum(lost);
        }
        next.insert(0, empty);
        balances = next;
    }
    result.left = sum(balances.iter().flat_map(|ages| ages.iter().enumerate().map(|(at, share)| float(at) * step * share)));
    result
}

/// The law of a month's hours on the intervals of a block.
struct Usage<'a> {
    law: &'a [f64],
    /// The chance of no hours at all, which is part of the first probability.
    none: f64,
    /// Intervals of a block.
    points: usize,
}

impl Usage<'_> {
    /// Moves the balances of one age through a month: what stays goes to `kept`, what buys to `fresh`. Returns blocks bought.
    ///
    /// Hours that meet a balance or a whole block exactly stand for some just below and some just above: half buys one more.
    fn step(&self, ages: &[f64], kept: &mut [f64], fresh: &mut [f64]) -> f64 {
        let mut bought = 0.0;
        for (balance, share) in ages.iter().enumerate().filter(|(_, share)| **share > 1e-18) {
            for (used, chance) in self.law.iter().enumerate() {
                let mass = share * chance;
                if used < balance {
                    add(kept, balance - used, mass);
                    continue;
                }
                let missing = used - balance;
                let (blocks, left) = (missing.div_ceil(self.points), missing.next_multiple_of(self.points) - missing);
                if left > 0 {
                    bought += mass * float(blocks);
                    add(fresh, left, mass);
                    continue;
                }
                // No hours on an empty balance buy nothing; what was spread there from above does.
                let stays = if used == 0 { share * self.none } else { mass / 2.0 };
                bought += stays * float(blocks) + (mass - stays) * float(blocks + 1);
                add(if blocks == 0 { kept } else { fresh }, 0, stays);
                add(fresh, self.points, mass - stays);
            }
        }
        bought
    }
}

fn add(law: &mut [f64], at: usize, mass: f64) {
    if let Some(slot) = law.get_mut(at) {
        *slot += mass;
    }
}
