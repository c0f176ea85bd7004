//! How far expected costs can be trusted: many draws of what is not known for sure, the rate of tickets and the hours of each, and
//! the costs that each of them leads to. It knows no programs: a closure makes costs of a draw.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::fit::Replicates;
use crate::law::{Compound, Grid, Grids, Lattice};
use crate::number::{float, quantile_of_sorted, sorted, sum};

/// One draw, as factors of what is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    /// Times the tickets.
    pub rate: f64,
    /// Times the hours of each ticket.
    pub hours: f64,
}

/// What is not known for sure of a client; both factors have a mean of 1 and are apart from each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doubt {
    /// The shape of the gamma distribution of the rate: about the tickets seen, and those the prior stands for. Above 0.
    pub rate_shape: f64,
    /// The standard deviation of the logarithm of the hours' factor, which is lognormal: about that of a ticket's hours divided by
    /// their mean and by the root of the tickets seen. 0 for none.
    pub hours_deviation: f64,
}

impl Doubt {
    /// Draws both factors, each replicate on a stream of its own. A shape that is not a number above 0 leaves the rate at 1.
    #[must_use]
    pub fn draws(&self, replicates: Replicates) -> Vec<Draw> {
        let gamma = rand_distr::Gamma::new(self.rate_shape, 1.0 / self.rate_shape).ok();
        let draw = |mut random: rand_chacha::ChaCha8Rng| {
            let rate = gamma.map_or(1.0, |gamma| random.sample(gamma));
            let normal: f64 = StandardNormal.sample(&mut random);
            Draw { rate, hours: (self.hours_deviation * (normal - self.hours_deviation / 2.0)).exp() }
        };
        replicates.streams().map(draw).collect()
    }
}

/// Where an expected cost lies in eight of ten draws, and its middle.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Band {
    /// One of ten draws is below.
    pub low: f64,
    /// Half of the draws are below.
    pub middle: f64,
    /// Nine of ten draws are below.
    pub high: f64,
}

/// The band of each candidate's cost, in the order in which `costs` gives the costs of all candidates for a draw. Nothing for no
/// draws.
#[must_use]
pub fn bands<const CANDIDATES: usize>(draws: &[Draw], mut costs: impl FnMut(Draw) -> [f64; CANDIDATES]) -> Option<[Band; CANDIDATES]> {
    if draws.is_empty() {
        return None;
    }
    let mut columns = [const { Vec::new() }; CANDIDATES];
    for draw in draws {
        columns.iter_mut().zip(costs(*draw)).for_each(|(column, cost)| column.push(cost));
    }
    Some(columns.map(|column| {
        let sorted = sorted(column);
        let at = |share: f64| quantile_of_sorted(&sorted, share).unwrap_or(f64::NAN);
        Band { low: at(0.1), middle: at(0.5), high: at(0.9) }
    }))
}

/// The overage of a client at any rate of tickets within a range: the laws at a few rates, and a polynomial in the logarithm of the
/// rate between them (Chebyshev's points, the barycentric formula).
#[derive(Clone, Debug)]
pub struct Overage {
    mean: f64,
    nodes: Vec<Node>,
    /// How far the polynomial was off where it was tried, hours a month.
    off: f64,
}

#[derive(Clone, Debug)]
struct Node {
    ln_rate: f64,
    law: Law,
}

#[derive(Clone, Debug)]
enum Law {
    Lattice(Lattice),
    Grid(Grid),
}

/// Intervals between the points at first, and at most.
const INTERVALS_MIN: usize = 8;
const INTERVALS_MAX: usize = 64;
/// The polynomial is good enough when it was off by no more than this, times the mean hours.
const NEAR: f64 = 1e-8;

impl Overage {
    /// For the rates and hours of some draws, and allowances up to `hours_max` a month.
    ///
    /// Nothing for no draws, for factors that are not numbers above nought, and where mean or variance of the hours is not finite.
    #[must_use]
    pub fn new(compound: &Compound, draws: &[Draw], hours_max: f64) -> Option<Self> {
        let rates = || draws.iter().map(|draw| draw.rate);
        let (low, high) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
        let (mean, smallest) = (compound.mean(), draws.iter().map(|draw| draw.hours).fold(f64::INFINITY, f64::min));
        let most = compound.times(high);
        let reach = (most.mean() + 12.0 * most.deviation()).max(hours_max / smallest) * 1.01;
        // A number that is no number fails, too.
        let sound = low > 0.0 && smallest > 0.0 && high.is_finite() && reach.is_finite() && reach > 0.0;
        if !sound || draws.iter().any(|draw| draw.rate.is_nan() || draw.hours.is_nan()) {
            return None;
        }
        let mut grids = Grids::new();
        let (middle, half) = (f64::midpoint(low.ln(), high.ln()), (high / low).ln() / 2.0);
        let mut node = |place: f64| {
            // A range of one rate alone still needs points that differ.
            let ln_rate = middle + half.max(1e-3) * (std::f64::consts::PI * place).cos();
            let at = compound.times(ln_rate.exp());
            let law = match Lattice::new(&at, reach) {
                Some(lattice) => Law::Lattice(lattice),
                None => Law::Grid(Grid::new(&at, reach, 1 << 14, &mut grids)),
            };
            Node { ln_rate, law }
        };
        let places = |intervals: usize| (0..=intervals).map(move |number| float(number) / float(intervals));
        let mut nodes: Vec<Node> = places(INTERVALS_MIN).map(&mut node).collect();
        let mut own = Self { mean, nodes: Vec::new(), off: f64::INFINITY };
        let mut intervals = INTERVALS_MIN;
        while intervals < INTERVALS_MAX && own.off > NEAR * mean {
            own.nodes = nodes;
            intervals *= 2;
            let between: Vec<Node> = places(intervals).skip(1).step_by(2).map(&mut node).collect();
            own.off = between.iter().map(|node| own.off_at(node, hours_max)).fold(0.0, f64::max);
            nodes = Vec::with_capacity(intervals + 1);
            let mut between = between.into_iter();
            for node in std::mem::take(&mut own.nodes) {
                nodes.push(node);
                nodes.extend(between.next());
            }
        }
        own.nodes = nodes;
        Some(own)
    }

    /// How far the polynomial is off at the rate of a node, at some levels up to the largest.
    fn off_at(&self, node: &Node, hours_max: f64) -> f64 {
        let levels = [0.1, 0.3, 0.6, 1.0].map(|part| part * hours_max);
        levels.into_iter().map(|level| (self.between(node.ln_rate, level) - node.law.excess(level)).abs()).fold(0.0, f64::max)
    }

    /// The expected hours of a month.
    #[must_use]
    pub fn hours(&self, draw: Draw) -> f64 {
        self.mean * draw.rate * draw.hours
    }

    /// The expected overage of a month past an allowance, both in hours; for the draws and up to the hours it was made for.
    #[must_use]
    pub fn excess(&self, draw: Draw, allowance: f64) -> f64 {
        (draw.hours * self.between(draw.rate.ln(), allowance / draw.hours)).max(0.0)
    }

    /// How far the polynomial was off where it was last tried with half of the points that it now has, hours a month: a bound in
    /// practice.
    #[must_use]
    pub fn off(&self) -> f64 {
        self.off
    }

    fn between(&self, ln_rate: f64, level: f64) -> f64 {
        let last = self.nodes.len().saturating_sub(1);
        let terms = self.nodes.iter().enumerate().map(|(number, node)| {
            let sign = if number % 2 == 0 { 1.0 } else { -1.0 };
            let weight = if number == 0 || number == last { sign / 2.0 } else { sign };
            (weight, node)
        });
        if let Some(node) = self.nodes.iter().find(|node| (ln_rate - node.ln_rate).abs() < 1e-14) {
            return node.law.excess(level);
        }
        let parts: Vec<(f64, f64)> = terms.map(|(weight, node)| (weight / (ln_rate - node.ln_rate), node.law.excess(level))).collect();
        sum(parts.iter().map(|(weight, value)| weight * value)) / sum(parts.iter().map(|(weight, _)| *weight))
    }
}

impl Law {
    fn excess(&self, hours: f64) -> f64 {
        match self {
            Self::Lattice(lattice) => lattice.excess(hours),
            Self::Grid(grid) => grid.excess(hours),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frequency::Frequency;
    use crate::law::Exact;
    use crate::severity::Severity;

    const THOUSAND: Replicates = Replicates { count: 1_000, seed: 3 };

    fn small() -> Compound {
        Compound::of(Frequency::Poisson { mean: 8.0 }, Severity::Lognormal { mu: -1.0, sigma: 1.0 })
    }

    #[test]
    fn draws_have_a_mean_of_one_and_the_spread_of_the_doubt() {
        let doubt = Doubt { rate_shape: 40.0, hours_deviation: 0.2 };
        let draws = doubt.draws(Replicates { count: 20_000, seed: 9 });
        let rates: Vec<f64> = draws.iter().map(|draw| draw.rate).collect();
        let hours: Vec<f64> = draws.iter().map(|draw| draw.hours).collect();
        for (values, deviation) in [(&rates, 1.0 / 40.0_f64.sqrt()), (&hours, (0.04_f64.exp() - 1.0).sqrt())] {
            let (mean, got) = (crate::number::mean(values), crate::estimate::deviation(values));
            assert!((mean - 1.0).abs() < 4.0 * deviation / 20_000.0_f64.sqrt(), "{mean}");
            assert!((got / deviation - 1.0).abs() < 0.03, "{got} is not {deviation}");
        }
        assert!(crate::estimate::covariance(&rates, &hours).abs() < 1e-3);
        assert_eq!(doubt.draws(THOUSAND), draws_again(doubt));
        assert!(Doubt { rate_shape: 9.0, hours_deviation: 0.0 }.draws(THOUSAND).iter().all(|draw| draw.hours == 1.0));
    }

    fn draws_again(doubt: Doubt) -> Vec<Draw> {
        doubt.draws(Replicates { count: 2_000, seed: 3 }).into_iter().take(1_000).collect()
    }

    /// Against the law of each draw itself, for laws with a density, in steps, and from several kinds of tickets.
    #[test]
    fn the_polynomial_is_as_good_as_each_draw_by_itself() {
        let severity = Severity::RoundedUp { step: 0.25, of: Box::new(Severity::Exponential { mean: 0.6 }) };
        let mut mixed =
            Compound::of(Frequency::NegativeBinomial { mean: 20.0, size: 6.0 }, Severity::Gamma { shape: 1.5, scale: 0.5 });
        mixed.parts.extend(Compound::of(Frequency::Poisson { mean: 0.1 }, Severity::Lognormal { mu: 2.0, sigma: 0.5 }).parts);
        for compound in [small(), Compound::of(Frequency::Poisson { mean: 6.0 }, severity), mixed] {
            for doubt in [Doubt { rate_shape: 60.0, hours_deviation: 0.15 }, Doubt { rate_shape: 3.0, hours_deviation: 0.5 }] {
                let draws = doubt.draws(THOUSAND);
                let overage = Overage::new(&compound, &draws, 20.0).expect("finite hours");
                assert!(overage.off() < 1e-8 * compound.mean(), "{compound:?}: {}", overage.off());
                for draw in draws.iter().step_by(9) {
                    let own = compound.times(draw.rate).scaled(draw.hours);
                    // Steps that were scaled are no steps of seconds: their law is asked for at scaled hours.
                    let unscaled = compound.times(draw.rate);
                    for allowance in [2.5, 5.0, 20.0] {
                        let level = allowance / draw.hours;
                        let wanted = draw.hours * Exact::new(&unscaled, level + 1.0).excess(level);
                        let got = overage.excess(*draw, allowance);
                        assert!((got - wanted).abs() < 1e-6, "{draw:?} past {allowance}: {got} is not {wanted}");
                    }
                    assert!((overage.hours(*draw) - own.mean()).abs() < 1e-9 * own.mean());
                }
            }
        }
    }

    #[test]
    fn the_band_of_ad_hoc_work_is_that_of_the_rate() {
        let (compound, doubt) = (small(), Doubt { rate_shape: 50.0, hours_deviation: 0.0 });
        let draws = doubt.draws(Replicates { count: 20_000, seed: 4 });
        let overage = Overage::new(&compound, &draws, 5.0).expect("finite hours");
        let cost = |draw: Draw| [overage.hours(draw) * 1_440.0, 6_000.0 + 1_620.0 * overage.excess(draw, 5.0), 7_800.0];
        let [ad_hoc, use_it_or_lose_it, fixed] = bands(&draws, cost).expect("draws");
        let mean = compound.mean() * 1_440.0;
        // The quantiles of a gamma variable with this shape, by its distribution function.
        for (share, got) in [(0.1, ad_hoc.low), (0.5, ad_hoc.middle), (0.9, ad_hoc.high)] {
            let below = crate::special::gamma_p(50.0, got / mean * 50.0);
            assert!((below - share).abs() < 4.0 * (share * (1.0 - share) / 20_000.0_f64).sqrt(), "{below} is not {share}");
        }
        // The dearer of both moves less, and a fixed fee does not move.
        assert!(use_it_or_lose_it.low < use_it_or_lose_it.middle && use_it_or_lose_it.middle < use_it_or_lose_it.high);
        assert!(use_it_or_lose_it.high - use_it_or_lose_it.low < ad_hoc.high - ad_hoc.low);
        assert_eq!(fixed, Band { low: 7_800.0, middle: 7_800.0, high: 7_800.0 });
    }

    #[test]
    fn edges_are_plain() {
        let one = Draw { rate: 1.0, hours: 1.0 };
        assert_eq!(bands(&[], |_| [0.0]), None);
        assert!(Overage::new(&small(), &[], 5.0).is_none());
        assert!(Overage::new(&small(), &[Draw { rate: 0.0, hours: 1.0 }], 5.0).is_none());
        assert!(Overage::new(&small(), &[one, Draw { rate: f64::NAN, hours: 1.0 }], 5.0).is_none());
        let overage = Overage::new(&small(), &[one], 5.0).expect("one draw");
        assert!((overage.excess(one, 5.0) - 1.003_471_088_239_754).abs() < 1e-8);
        assert!((overage.excess(one, 0.0) - small().mean()).abs() < 1e-8);
        let none = Compound::of(Frequency::Poisson { mean: 0.0 }, Severity::Exponential { mean: 1.0 });
        assert!(Overage::new(&none, &[one], 5.0).expect("no tickets").excess(one, 5.0) < 1e-11);
    }
}
