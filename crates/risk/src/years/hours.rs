//! The hours of many years at once, a block of years on one stream of random numbers. It knows no prices.

use rand::{Rng, RngExt};

use crate::law::{Compound, Table};
use crate::number::index;

/// Years of a block. A block is drawn and priced while it is in the nearest memory.
pub(super) const BLOCK: usize = 256;

/// Where a month's hours come from, all months being alike and apart from each other.
#[derive(Clone, Debug)]
pub struct Hours {
    kinds: Vec<Kind>,
}

/// Hours of one kind, such as those of one part of a compound.
#[derive(Clone, Debug)]
enum Kind {
    /// Ticket by ticket: how many, and the hours of each.
    Tickets { count: Box<Table>, hours: Box<Table> },
    /// A month in one draw.
    Month(Table),
}

impl Hours {
    /// Ticket by ticket; each part of the compound is a kind of its own.
    ///
    /// Nothing where a number of tickets or the mean of their hours is not finite, see [`Table`].
    #[must_use]
    pub fn by_ticket(compound: &Compound) -> Option<Self> {
        let kind = |part: &crate::law::Part| {
            let count = Table::of_frequency(part.frequency)?;
            // Hours of tickets that never come need not make sense.
            let hours = if part.frequency.mean() > 0.0 { Table::of_severity(&part.severity)? } else { count.clone() };
            Some(Kind::Tickets { count: Box::new(count), hours: Box::new(hours) })
        };
        Some(Self { kinds: compound.parts.iter().map(kind).collect::<Option<_>>()? })
    }

    /// Month by month, from the law of the hours of each kind; one law of all hours together is the quickest.
    #[must_use]
    pub fn by_month(laws: Vec<Table>) -> Self {
        Self { kinds: laws.into_iter().map(Kind::Month).collect() }
    }

    /// How many kinds there are.
    #[must_use]
    pub fn kinds(&self) -> usize {
        self.kinds.len()
    }
}

/// The hours of a block of years: a row of [`BLOCK`] years for each month.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// By kind, the rows one after the other.
    pub kinds: Vec<Vec<f64>>,
    /// Of all kinds together; empty where there is one kind only.
    sums: Vec<f64>,
    bits: Vec<u64>,
    counts: Vec<f64>,
    tickets: Vec<f64>,
}

impl Block {
    pub fn new(hours: &Hours, months: usize) -> Self {
        let one = hours.kinds.len() == 1;
        Self {
            kinds: vec![vec![0.0; months * BLOCK]; hours.kinds.len()],
            sums: vec![0.0; if one { 0 } else { months * BLOCK }],
            bits: vec![0; BLOCK],
            counts: vec![0.0; BLOCK],
            tickets: Vec::new(),
        }
    }

    /// The hours of all kinds together, the rows one after the other.
    pub fn all(&self) -> &[f64] {
        match self.kinds.as_slice() {
            [only] => only,
            _ => &self.sums,
        }
    }

    /// Draws the hours of all kinds anew.
    pub fn draw(&mut self, hours: &Hours, random: &mut impl Rng) {
        let Self { kinds, sums, bits, counts, tickets } = self;
        for (kind, values) in hours.kinds.iter().zip(kinds.iter_mut()) {
            for row in values.chunks_exact_mut(BLOCK) {
                bits.resize(BLOCK, 0);
                random.fill(bits.as_mut_slice());
                match kind {
                    Kind::Month(table) => table.fill(bits, row),
                    Kind::Tickets { count, hours } => {
                        count.fill(bits, counts);
                        let all = index(counts.iter().sum());
                        bits.resize(all, 0);
                        random.fill(bits.as_mut_slice());
                        tickets.resize(all, 0.0);
                        hours.fill(bits, tickets);
                        share_out(tickets, counts, row);
                    }
                }
            }
        }
        sums.fill(0.0);
        for kind in kinds {
            sums.iter_mut().zip(kind).for_each(|(total, own)| *total += *own);
        }
    }
}

/// Gives each year as many tickets as came in it.
fn share_out(tickets: &[f64], counts: &[f64], row: &mut [f64]) {
    let mut left = tickets;
    for (slot, count) in row.iter_mut().zip(counts) {
        let (own, rest) = left.split_at(index(*count).min(left.len()));
        *slot = own.iter().sum();
        left = rest;
    }
}
