//! The whole law of a month's hours by Fourier transform, with exponential tilting.
//!
//! The hours of a ticket are spread to the points of a grid by second differences of their excess E[(X - x)+], which
//! keeps the mean and makes E[(x - S)+] too large by a term in h^2. Two grids, the second twice as fine, take that term
//! away (Richardson). Tilting by e^(-t k) keeps what lies past the grid's end from coming back at its beginning
//! (Grübel and Hermesmeier 1999); the lower half of the grid is read.

use std::sync::Arc;

use num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::law::{Compound, Part};
use crate::number::{float, index, root};
use crate::severity::Severity;

/// The tilt over the whole grid: what comes around is damped by e^-14, and rounding grows by at most e^7 in the lower half.
const TILT: f64 = 14.0;

/// Prepared transforms, to be used again for grids of the same size.
#[derive(Default)]
pub struct Grids {
    planner: RealFftPlanner<f64>,
}

impl std::fmt::Debug for Grids {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Grids")
    }
}

type Plans = (Arc<dyn RealToComplex<f64>>, Arc<dyn ComplexToReal<f64>>);

impl Grids {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn plans(&mut self, points: usize) -> Plans {
        (self.planner.plan_fft_forward(points), self.planner.plan_fft_inverse(points))
    }

    /// Turns probabilities on a grid into those of sums: `law` is what becomes of the transform at each point.
    pub(crate) fn transform(
        &mut self,
        parts: &[Vec<f64>],
        (points, tilt): (usize, f64),
        law: impl Fn(&[Complex64]) -> Complex64,
    ) -> Vec<f64> {
        let spectra = self.spectra(parts, (points, tilt));
        self.sums(&spectra, (points, tilt), law)
    }

    /// The transforms of tilted probabilities.
    fn spectra(&mut self, parts: &[Vec<f64>], (points, tilt): (usize, f64)) -> Vec<Vec<Complex64>> {
        let (forward, _) = self.plans(points);
        let tilt = tilt / float(points);
        let one = |part: &Vec<f64>| {
            let mut tilted = vec![0.0; points];
            let (step, mut factor) = ((-tilt).exp(), 1.0);
            for (slot, value) in tilted.iter_mut().zip(part) {
                *slot = value * factor;
                factor *= step;
            }
            let mut spectrum = forward.make_output_vec();
            let done = forward.process(&mut tilted, &mut spectrum);
            debug_assert!(done.is_ok(), "the lengths are those of the plan");
            spectrum
        };
        parts.iter().map(one).collect()
    }

    /// The probabilities of sums from the transforms of what is added.
    fn sums(&mut self, spectra: &[Vec<Complex64>], (points, tilt): (usize, f64), law: impl Fn(&[Complex64]) -> Complex64) -> Vec<f64> {
        let (_, inverse) = self.plans(points);
        let tilt = tilt / float(points);
        let mut spectrum = inverse.make_input_vec();
        let mut at = vec![Complex64::ZERO; spectra.len()];
        for (number, slot) in spectrum.iter_mut().enumerate() {
            at.iter_mut().zip(spectra).for_each(|(value, own)| *value = own.get(number).copied().unwrap_or_default());
            *slot = law(&at);
        }
        if let Some(first) = spectrum.first_mut() {
            first.im = 0.0;
        }
        if let Some(last) = spectrum.last_mut() {
            last.im = 0.0;
        }
        let mut values = inverse.make_output_vec();
        let done = inverse.process(&mut spectrum, &mut values);
        debug_assert!(done.is_ok(), "the lengths are those of the plan");
        let (step, mut factor) = (tilt.exp(), 1.0 / float(points));
        for value in &mut values {
            *value *= factor;
            factor *= step;
        }
        values
    }
}

/// A law on a grid: E[(x - S)+] at each point, from which all else is read.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Hours between points.
    step: f64,
    /// E[(x - S)+] at the points.
    shortfall: Vec<f64>,
    mean: f64,
    none: f64,
    /// How far the finer of the two grids was off, at the points.
    corrections: Vec<f64>,
    /// How far off what it was made from was.
    inherited: f64,
}

impl Grid {
    /// The law of a compound up to `hours`, with a point at `hours` exactly, from grids of `points` and half as many.
    ///
    /// Half of the points are read, the others hold what lies beyond; a heavy tail past twice the hours costs accuracy,
    /// which [`Self::error_bound`] tells.
    #[must_use]
    pub fn new(compound: &Compound, hours: f64, points: usize, grids: &mut Grids) -> Self {
        let step = hours * 2.0 / float(points);
        let of = |part: &Part| (0..=points).map(|at| part.severity.excess(float(at) * step)).collect();
        let excess: Vec<Vec<f64>> = compound.parts.iter().map(of).collect();
        Self::of_excess(&excess, step, (compound.mean(), compound.none()), |at| compound.generating(at), grids)
    }

    /// The law that `law` makes of the transforms of some variables, each given by its excess at nought, one, two... steps.
    pub(crate) fn of_excess(
        excess: &[Vec<f64>],
        step: f64,
        (mean, none): (f64, f64),
        law: impl Fn(&[Complex64]) -> Complex64,
        grids: &mut Grids,
    ) -> Self {
        let [fine, coarse] = [1, 2].map(|every| Spread::new(excess, every, step, grids));
        Self::between((&fine, &coarse), (mean, none), law, grids)
    }

    /// The law that `law` makes of the transforms of severities, on points that may lie further apart than the hours of a ticket.
    pub(crate) fn of_severities(
        severities: &[&Severity],
        (points, step): (usize, f64),
        (mean, none): (f64, f64),
        law: impl Fn(&[Complex64]) -> Complex64,
        grids: &mut Grids,
    ) -> Self {
        let [fine, coarse] = Spread::of_severities(severities, (points, step), grids);
        Self::between((&fine, &coarse), (mean, none), law, grids)
    }

    /// The laws that several compounds of the same severities have, likewise.
    pub(crate) fn of_each(compounds: &[&Compound], (points, step): (usize, f64), grids: &mut Grids) -> Vec<Self> {
        let parts = compounds.first().map_or(&[][..], |first| &first.parts);
        let severities: Vec<&Severity> = parts.iter().map(|part| &part.severity).collect();
        let [fine, coarse] = Spread::of_severities(&severities, (points, step), grids);
        let mut one = |own: &&Compound| Self::between((&fine, &coarse), (own.mean(), own.none()), |at| own.generating(at), grids);
        compounds.iter().map(&mut one).collect()
    }

    fn between(
        (fine, coarse): (&Spread, &Spread),
        (mean, none): (f64, f64),
        law: impl Fn(&[Complex64]) -> Complex64,
        grids: &mut Grids,
    ) -> Self {
        let step = coarse.step;
        let (fine, coarse) = (fine.shortfall(&law, grids), coarse.shortfall(&law, grids));
        let read = fine.len() / 4 + 1;
        let mut shortfall = Vec::with_capacity(read);
        let mut corrections = Vec::with_capacity(read);
        for (fine, coarse) in fine.iter().step_by(2).zip(&coarse).take(read) {
            let third = (coarse - fine) / 3.0;
            corrections.push(third.abs());
            shortfall.push(fine - third);
        }
        Self { step, shortfall, mean, none, corrections, inherited: 0.0 }
    }

    /// The same, made from laws that were off by so much.
    pub(crate) fn less_sure(self, error: f64) -> Self {
        Self { inherited: self.inherited + error, ..self }
    }

    /// Hours between points.
    #[must_use]
    pub fn step(&self) -> f64 {
        self.step
    }

    /// The hours at the last point.
    #[must_use]
    pub fn hours(&self) -> f64 {
        float(self.shortfall.len().saturating_sub(1)) * self.step
    }

    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// P(S = 0).
    #[must_use]
    pub fn none(&self) -> f64 {
        self.none
    }

    /// E[(x - S)+] at the points.
    #[must_use]
    pub fn shortfalls(&self) -> &[f64] {
        &self.shortfall
    }

    /// A bound of the error of E[(x - S)+]: the finer grid is never too small (spreading to neighbours only widens the law),
    /// and the extrapolated value lies below it by this much; what comes around the grid's end is added.
    #[must_use]
    pub fn error_bound(&self) -> f64 {
        self.inherited
            + self.corrections.iter().copied().fold(0.0, f64::max)
            + (-TILT).exp() * self.hours() * f64::from(u8::from(self.mean < f64::INFINITY)) * self.beyond()
    }

    /// The same bound for E[(S - x)+] near one x.
    #[must_use]
    pub fn error_near(&self, x: f64) -> f64 {
        let first = index(x / self.step + 0.5).saturating_sub(3);
        self.inherited + self.corrections.iter().skip(first).take(7).copied().fold(0.0, f64::max)
    }

    /// P(S > the last point).
    fn beyond(&self) -> f64 {
        (1.0 - self.cdf(self.hours())).max(0.0)
    }

    /// E[(x - S)+].
    #[must_use]
    pub fn shortfall(&self, x: f64) -> f64 {
        if x <= 0.0 { 0.0 } else { self.around(x).0 }
    }

    /// E[(S - x)+].
    #[must_use]
    pub fn excess(&self, x: f64) -> f64 {
        self.mean - x + self.shortfall(x)
    }

    /// P(S <= x).
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        if x < 0.0 {
            0.0
        } else if x == 0.0 {
            self.none
        } else {
            self.around(x).1.max(self.none).min(1.0)
        }
    }

    /// The density at x above nought.
    #[must_use]
    pub fn density(&self, x: f64) -> f64 {
        let width = self.step;
        ((self.cdf(x + width) - self.cdf((x - width).max(0.0))) / (width + width.min(x))).max(0.0)
    }

    /// The value and the slope at x of the polynomial through the seven nearest points.
    fn around(&self, x: f64) -> (f64, f64) {
        let at = (x / self.step).min(float(self.shortfall.len().saturating_sub(1)));
        let first = index(at + 0.5).saturating_sub(3).min(self.shortfall.len().saturating_sub(7));
        let (value, slope) = newton(self.shortfall.get(first..).unwrap_or_default(), at - float(first));
        (value, slope / self.step)
    }

    /// The hours that are not passed with a chance of `share`.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        if share <= self.none {
            return 0.0;
        }
        let (mut low, mut high) = (0, self.shortfall.len().saturating_sub(1));
        while low + 1 < high {
            let middle = usize::midpoint(low, high);
            if self.cdf(float(middle) * self.step) < share { low = middle } else { high = middle }
        }
        root(|x| self.cdf(x) - share, float(low) * self.step, float(high) * self.step)
    }

    /// The mean of the worst cases beyond the quantile.
    #[must_use]
    pub fn tail_mean(&self, share: f64) -> f64 {
        let quantile = self.quantile(share);
        quantile + self.excess(quantile) / (1.0 - share)
    }

    /// The integral of F (1 - F) over the grid: half the mean distance of two such months (Simpson).
    #[must_use]
    pub fn half_distance(&self) -> f64 {
        let last = self.shortfall.len().saturating_sub(1) / 2 * 2;
        let at = |number: usize| {
            let cdf = self.cdf(float(number) * self.step);
            cdf * (1.0 - cdf)
        };
        let weight = |number: usize| {
            if number == 0 || number == last {
                1.0
            } else if number % 2 == 1 {
                4.0
            } else {
                2.0
            }
        };
        crate::number::sum((0..=last).map(|number| weight(number) * at(number))) * self.step / 3.0
    }
}

/// Some variables on one grid, transformed.
struct Spread {
    spectra: Vec<Vec<Complex64>>,
    points: usize,
    step: f64,
}

impl Spread {
    /// From every `every`-th of their excess values, of which there is one more than points.
    fn new(excess: &[Vec<f64>], every: usize, step: f64, grids: &mut Grids) -> Self {
        Self::of_shares(&Self::shares(excess, every, step), step * float(every), grids)
    }

    /// Their probabilities on the points.
    fn shares(excess: &[Vec<f64>], every: usize, step: f64) -> Vec<Vec<f64>> {
        excess.iter().map(|excess| differences(excess.iter().step_by(every).copied(), step * float(every))).collect()
    }

    fn of_shares(shares: &[Vec<f64>], step: f64, grids: &mut Grids) -> Self {
        let points = shares.first().map_or(0, Vec::len);
        Self { spectra: grids.spectra(shares, (points, TILT)), points, step }
    }

    /// Of severities, on the fine and the coarse grid. Spreading hours to points leaves their mean and adds to their variance, which
    /// thousands of tickets add up; that is taken away again by a second difference (local moments, Gerber 1982).
    fn of_severities(severities: &[&Severity], (points, step): (usize, f64), grids: &mut Grids) -> [Self; 2] {
        let excess: Vec<Vec<f64>> =
            severities.iter().map(|severity| (0..=points).map(|at| severity.excess(float(at) * step)).collect()).collect();
        [1, 2].map(|every| {
            let shares = Self::shares(&excess, every, step);
            let mut spread = Self::of_shares(&shares, step * float(every), grids);
            let points = spread.points;
            // What a second difference does to a transform.
            let second = |number: usize| {
                let turn = std::f64::consts::TAU * float(number) / float(points);
                let one = Complex64::from_polar((-TILT / float(points)).exp(), -turn);
                one + one.inv() - 2.0
            };
            let second: Vec<Complex64> = (0..=points / 2).map(second).collect();
            for ((severity, shares), spectrum) in severities.iter().zip(shares).zip(&mut spread.spectra) {
                let square = |(at, share): (usize, f64)| share * float(at).powi(2);
                let added = crate::number::sum(shares.into_iter().enumerate().map(square)) - severity.moment(2) / spread.step.powi(2);
                // At most a fourth of a step squared: less is known of what lies past the grid's end.
                let half = if added.is_finite() { added.clamp(0.0, 0.25) / 2.0 } else { 0.0 };
                spectrum.iter_mut().zip(&second).for_each(|(value, second)| *value *= 1.0 - second * half);
            }
            spread
        })
    }

    /// E[(x - S)+] at the points, of the sum that `law` makes of them.
    fn shortfall(&self, law: &impl Fn(&[Complex64]) -> Complex64, grids: &mut Grids) -> Vec<f64> {
        let (mut below, mut value) = (0.0, 0.0);
        let mut shortfall = Vec::with_capacity(self.points);
        for probability in grids.sums(&self.spectra, (self.points, TILT), law) {
            shortfall.push(value);
            below += probability;
            value += below * self.step;
        }
        shortfall
    }
}

/// Probabilities on a grid with the given excesses: second differences by the step.
pub(crate) fn differences(excess: impl Iterator<Item = f64>, step: f64) -> Vec<f64> {
    let mut slope = -1.0;
    let mut before = None;
    let mut spread = Vec::new();
    for value in excess {
        if let Some(before) = before {
            let next = (value - before) / step;
            spread.push(next - slope);
            slope = next;
        }
        before = Some(value);
    }
    spread
}

/// The value and the slope at `x` of the polynomial through (0, y0), (1, y1), ... of the first seven values, or of fewer if
/// there are no more, by divided differences.
fn newton(values: &[f64], x: f64) -> (f64, f64) {
    const NODES: [f64; 7] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let mut level = [0.0; 7];
    level.iter_mut().zip(values).for_each(|(slot, value)| *slot = *value);
    let mut coefficients = [0.0; 7];
    for ((slot, order), _) in coefficients.iter_mut().zip(NODES).zip(values) {
        let [first, ..] = level;
        *slot = first;
        let mut next = level;
        next.rotate_left(1);
        level.iter_mut().zip(next).for_each(|(own, next)| *own = (next - *own) / (order + 1.0));
    }
    let (mut value, mut slope) = (0.0, 0.0);
    for (coefficient, node) in coefficients.into_iter().zip(NODES).rev() {
        slope = slope * (x - node) + value;
        value = value * (x - node) + coefficient;
    }
    (value, slope)
}
