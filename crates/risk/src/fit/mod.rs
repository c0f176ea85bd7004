//! Parameters of demand from what was observed, and how far they can be trusted.
//! It forecasts nothing and prices nothing: it hands over rates, laws and intervals.
//!
//! * [`credibility`]: how far a client's own mean is believed against the portfolio's (Bühlmann-Straub).
//! * [`rate`]: tickets per workstation-month of each client (gamma-Poisson).
//! * [`count`]: how much more monthly tickets vary than a Poisson would.
//! * [`severity`]: the hours of one ticket.
//! * [`goodness`]: whether a fitted law and its data agree.
//! * [`interval`]: how far any statistic can be trusted (bootstrap).
//!
//! Everything follows from its arguments. Where something is drawn, the seed is an argument and each replicate
//! has a stream of its own, so no result depends on the order of work.

pub mod count;
pub mod credibility;
mod dispersion;
pub mod goodness;
pub mod interval;
pub mod rate;
pub mod severity;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// How often something is drawn anew, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicates {
    /// How many.
    pub count: usize,
    /// The seed from which all of them follow.
    pub seed: u64,
}

impl Replicates {
    /// A generator for each replicate, on a stream of its own.
    pub(crate) fn streams(self) -> impl Iterator<Item = ChaCha8Rng> {
        let seeded = ChaCha8Rng::seed_from_u64(self.seed);
        (0_u64..).take(self.count).map(move |number| {
            let mut stream = seeded.clone();
            stream.set_stream(number);
            stream
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn a_replicate_does_not_depend_on_the_others() {
        let first =
            |count: usize| -> Vec<u64> { Replicates { count, seed: 5 }.streams().map(|mut stream| stream.next_u64()).collect() };
        let (few, many) = (first(3), first(9));
        assert_eq!(many.get(..3), Some(few.as_slice()));
        let mut distinct = many.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 9);
    }
}
