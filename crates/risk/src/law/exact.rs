//! Single values of a law by whichever way is exact for it. It makes no tables to keep.

use num_complex::Complex64;

use crate::law::mixed::Mixed;
use crate::law::uniform::Uniforms;
use crate::law::{Compound, Grid, Grids, Lattice, inversion};
use crate::number::root;
use crate::severity::Severity;

/// Points of the finer grid where neither a lattice nor an inversion will do.
const POINTS: usize = 1 << 15;

/// A law, ready to be asked.
#[derive(Debug)]
pub struct Exact<'a> {
    compound: &'a Compound,
    way: Way,
    /// The values that can be asked for, hours.
    reach: f64,
    /// The narrowest stretch over which the law changes.
    width: f64,
}

#[derive(Debug)]
enum Way {
    Lattice(Box<Lattice>),
    Inversion,
    Mixed(Box<Mixed>),
    Uniforms(Uniforms),
    Grid(Box<Grid>),
}

/// With so many times the reach at most a quantile is looked for.
const REACH_MAX: f64 = 1e9;

impl<'a> Exact<'a> {
    /// Makes ready for questions up to `hours`. Others are answered, too, but take longer.
    #[must_use]
    pub fn new(compound: &'a Compound, hours: f64) -> Self {
        let (way, reach) = Self::way(compound, hours.max(0.0));
        Self { compound, way, reach, width: compound.narrowest() }
    }

    /// The way that is exact, and how far it reaches.
    fn way(compound: &Compound, hours: f64) -> (Way, f64) {
        if let Some(lattice) = Lattice::new(compound, hours) {
            return (Way::Lattice(Box::new(lattice)), hours);
        }
        if compound.parts.iter().all(|part| part.severity.is_smooth()) {
            return (Way::Inversion, f64::INFINITY);
        }
        if let [part] = &compound.parts[..]
            && let Severity::Uniform { from, to } = part.severity
            && let Some(uniforms) = Uniforms::new(part.frequency, (from, to))
        {
            return (Way::Uniforms(uniforms), f64::INFINITY);
        }
        if let Some(mixed) = Mixed::new(compound, hours) {
            return (Way::Mixed(Box::new(mixed)), hours);
        }
        // A grid over too short a stretch is no law.
        let hours = hours.max(compound.mean());
        (Way::Grid(Box::new(Grid::new(compound, hours * 2.0, POINTS, &mut Grids::new()))), hours)
    }

    /// The same law ready for a larger value, where this one does not reach it.
    fn further(&self, x: f64) -> Option<Self> {
        (x > self.reach && x.is_finite()).then(|| Self::new(self.compound, x))
    }

    fn transform(&self) -> impl Fn(Complex64) -> Complex64 + '_ {
        |s| self.compound.transform(s).unwrap_or(Complex64::new(f64::NAN, 0.0))
    }

    /// P(S <= x).
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        if let Some(further) = self.further(x) {
            return further.cdf(x);
        }
        match &self.way {
            Way::Lattice(lattice) => lattice.cdf(x),
            Way::Uniforms(uniforms) => uniforms.cdf(x),
            Way::Mixed(mixed) => mixed.cdf(x),
            Way::Grid(grid) => grid.cdf(x),
            Way::Inversion if x < 0.0 => 0.0,
            Way::Inversion if x == 0.0 => self.compound.none(),
            Way::Inversion => 1.0 - inversion::survival(self.transform(), x, self.width).clamp(0.0, 1.0),
        }
    }

    /// E[(x - S)+], hours.
    #[must_use]
    pub fn shortfall(&self, x: f64) -> f64 {
        if let Some(further) = self.further(x) {
            return further.shortfall(x);
        }
        match &self.way {
            _ if x <= 0.0 => 0.0,
            Way::Lattice(lattice) => lattice.shortfall(x),
            Way::Uniforms(uniforms) => uniforms.shortfall(x),
            Way::Mixed(mixed) => mixed.shortfall(x),
            Way::Grid(grid) => grid.shortfall(x),
            Way::Inversion => (x - self.compound.mean() + self.excess(x)).max(0.0),
        }
    }

    /// E[(S - x)+], hours.
    #[must_use]
    pub fn excess(&self, x: f64) -> f64 {
        if let Some(further) = self.further(x) {
            return further.excess(x);
        }
        let mean = self.compound.mean();
        match &self.way {
            Way::Uniforms(uniforms) if x > 0.0 => uniforms.excess(x),
            Way::Mixed(mixed) if x > 0.0 => mixed.excess(x),
            Way::Inversion if x > 0.0 => inversion::excess(self.transform(), mean, x, self.width).max(0.0),
            _ => mean - x + self.shortfall(x),
        }
    }

    /// The standard deviation of (S - x)+, hours; nothing where the law is known on a grid only.
    #[must_use]
    pub fn excess_deviation(&self, x: f64) -> Option<f64> {
        if let Some(further) = self.further(x) {
            return further.excess_deviation(x);
        }
        let [mean, variance, _] = self.compound.cumulants();
        let square = match &self.way {
            Way::Uniforms(uniforms) => uniforms.excess_square(x),
            Way::Mixed(mixed) => mixed.excess_square(x),
            Way::Lattice(lattice) => lattice.excess_square(x),
            Way::Grid(_) => return None,
            Way::Inversion => inversion::excess_square(self.transform(), (mean, variance + mean * mean), x, self.width),
        };
        Some((square - self.excess(x).powi(2)).max(0.0).sqrt())
    }

    /// The least x with P(S <= x) of at least the share.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let found = match &self.way {
            Way::Lattice(lattice) => lattice.quantile(share),
            Way::Grid(grid) => Some(grid.quantile(share)).filter(|found| *found < self.reach),
            Way::Mixed(mixed) if mixed.cdf(self.reach) < share => None,
            Way::Inversion | Way::Uniforms(_) | Way::Mixed(_) => Some(self.inverted_quantile(share)),
        };
        found.unwrap_or_else(|| {
            let enough = self.compound.mean() + if self.width.is_finite() { 6.0 * self.compound.deviation() } else { 0.0 };
            let next = (self.reach * 2.0).max(enough);
            if share < 1.0 && next < REACH_MAX { Self::new(self.compound, next).quantile(share) } else { f64::INFINITY }
        })
    }

    fn inverted_quantile(&self, share: f64) -> f64 {
        if share <= self.compound.none() {
            return 0.0;
        }
        let mut high = self.compound.mean() + if self.width.is_finite() { self.width } else { self.compound.mean() };
        let mut low = 0.0;
        while self.cdf(high) < share && high < 1e12 {
            low = high;
            high *= 2.0;
        }
        let found = root(|x| self.cdf(x) - share, low, high);
        match &self.way {
            Way::Mixed(mixed) => mixed.atom(found, share).unwrap_or(found),
            _ => found,
        }
    }

    /// The mean of the worst cases beyond the quantile, hours.
    #[must_use]
    pub fn tail_mean(&self, share: f64) -> f64 {
        let quantile = self.quantile(share);
        quantile + self.excess(quantile) / (1.0 - share)
    }
}
