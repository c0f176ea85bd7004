//! Single values of a law by whichever way is exact for it. It makes no tables to keep.

use num_complex::Complex64;

use crate::law::{Compound, Grid, Grids, Lattice, inversion};
use crate::number::root;

/// Points of the finer grid where neither a lattice nor an inversion will do.
const POINTS: usize = 1 << 15;

/// A law, ready to be asked.
#[derive(Debug)]
pub struct Exact<'a> {
    compound: &'a Compound,
    way: Way,
    /// The standard deviation.
    width: f64,
}

#[derive(Debug)]
enum Way {
    Lattice(Box<Lattice>),
    Inversion,
    Grid(Box<Grid>),
}

impl<'a> Exact<'a> {
    /// Makes ready for questions up to `hours`.
    #[must_use]
    pub fn new(compound: &'a Compound, hours: f64) -> Self {
        let way = match Lattice::new(compound, hours) {
            Some(lattice) => Way::Lattice(Box::new(lattice)),
            None if compound.parts.iter().all(|part| part.severity.is_smooth()) => Way::Inversion,
            None => Way::Grid(Box::new(Grid::new(compound, hours * 2.0, POINTS, &mut Grids::new()))),
        };
        Self { compound, way, width: compound.deviation() }
    }

    fn transform(&self) -> impl Fn(Complex64) -> Complex64 + '_ {
        |s| self.compound.transform(s).unwrap_or(Complex64::new(f64::NAN, 0.0))
    }

    /// P(S <= x).
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        match &self.way {
            Way::Lattice(lattice) => lattice.cdf(x),
            Way::Grid(grid) => grid.cdf(x),
            Way::Inversion if x < 0.0 => 0.0,
            Way::Inversion if x == 0.0 => self.compound.none(),
            Way::Inversion => 1.0 - inversion::survival(self.transform(), x, self.width).clamp(0.0, 1.0),
        }
    }

    /// E[(x - S)+], hours.
    #[must_use]
    pub fn shortfall(&self, x: f64) -> f64 {
        match &self.way {
            _ if x <= 0.0 => 0.0,
            Way::Lattice(lattice) => lattice.shortfall(x),
            Way::Grid(grid) => grid.shortfall(x),
            Way::Inversion => (x - self.compound.mean() + self.excess(x)).max(0.0),
        }
    }

    /// E[(S - x)+], hours.
    #[must_use]
    pub fn excess(&self, x: f64) -> f64 {
        let mean = self.compound.mean();
        match &self.way {
            Way::Inversion if x > 0.0 => inversion::excess(self.transform(), mean, x, self.width).max(0.0),
            _ => mean - x + self.shortfall(x),
        }
    }

    /// The standard deviation of (S - x)+, hours; nothing where the law is known on a grid only.
    #[must_use]
    pub fn excess_deviation(&self, x: f64) -> Option<f64> {
        let [mean, variance, _] = self.compound.cumulants();
        let square = match &self.way {
            Way::Lattice(lattice) => lattice.excess_square(x),
            Way::Grid(_) => return None,
            Way::Inversion => inversion::excess_square(self.transform(), (mean, variance + mean * mean), x, self.width),
        };
        Some((square - self.excess(x).powi(2)).max(0.0).sqrt())
    }

    /// The least x with P(S <= x) of at least the share.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        match &self.way {
            Way::Lattice(lattice) => lattice.quantile(share).unwrap_or(f64::INFINITY),
            Way::Grid(grid) => grid.quantile(share),
            Way::Inversion => self.inverted_quantile(share),
        }
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
        root(|x| self.cdf(x) - share, low, high)
    }

    /// The mean of the worst cases beyond the quantile, hours.
    #[must_use]
    pub fn tail_mean(&self, share: f64) -> f64 {
        let quantile = self.quantile(share);
        quantile + self.excess(quantile) / (1.0 - share)
    }
}
