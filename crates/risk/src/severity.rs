//! The hours that one ticket takes: families of distributions on nought and above. It counts no tickets.

use num_complex::Complex64;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Exp1, StandardNormal};
use serde::{Deserialize, Serialize};
use statrs::function::beta::{beta_reg, ln_beta};

use crate::number::{float, index, sum};
use crate::special::{gamma_q, ln_gamma, normal_cdf};

/// Hours of one ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Exponential.
    Exponential {
        /// Its mean, hours.
        mean: f64,
    },
    /// Gamma; the mean is shape x scale.
    Gamma {
        /// Above 0.
        shape: f64,
        /// Hours.
        scale: f64,
    },
    /// The logarithm is normal.
    Lognormal {
        /// The mean of the logarithm of hours.
        mu: f64,
        /// Its standard deviation.
        sigma: f64,
    },
    /// Burr XII: P(X > x) = (1 + (x / scale)^power)^-tail. Its mean is finite if power x tail > 1.
    Burr {
        /// How fast it rises from nought.
        power: f64,
        /// How thin the tail is.
        tail: f64,
        /// Hours.
        scale: f64,
    },
    /// Uniform between two numbers of hours.
    Uniform {
        /// From.
        from: f64,
        /// To.
        to: f64,
    },
    /// Values with their probabilities: what was observed, or what is billed in steps.
    Points(Vec<(f64, f64)>),
    /// One of several, with their probabilities.
    Mixture(Vec<(f64, Severity)>),
    /// Rounded up to a whole number of steps.
    RoundedUp {
        /// Hours.
        step: f64,
        /// What is rounded.
        of: Box<Severity>,
    },
    /// No more than so many hours.
    Capped {
        /// Hours.
        cap: f64,
        /// What is cut.
        of: Box<Severity>,
    },
}

/// A tail beyond this probability is left out where a lattice has to end.
const TAIL: f64 = 1e-18;
/// A lattice has at most so many points.
pub(crate) const LATTICE_MAX: usize = 1 << 20;

impl Severity {
    /// The values that were observed, each as likely as the others.
    #[must_use]
    pub fn empirical(values: &[f64]) -> Self {
        let share = 1.0 / float(values.len());
        Self::weighted(values.iter().map(|value| (*value, share)).collect())
    }

    /// Values with their probabilities, in any order; equal values are put together.
    #[must_use]
    pub fn weighted(mut points: Vec<(f64, f64)>) -> Self {
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        points.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0.0 };
            same
        });
        Self::Points(points)
    }

    /// P(X > x).
    #[must_use]
    pub fn survival(&self, x: f64) -> f64 {
        if x < 0.0 {
            return 1.0;
        }
        match self {
            Self::Exponential { mean } => (-x / mean).exp(),
            Self::Gamma { shape, scale } => gamma_q(*shape, x / scale),
            Self::Lognormal { mu, sigma } => normal_cdf((mu - x.ln()) / sigma),
            Self::Burr { power, tail, scale } => (-tail * (x / scale).powf(*power).ln_1p()).exp(),
            Self::Uniform { from, to } => ((to - x) / (to - from)).clamp(0.0, 1.0),
            Self::Points(points) => sum(points.iter().filter(|(value, _)| *value > x).map(|(_, share)| *share)),
            Self::Mixture(parts) => sum(parts.iter().map(|(share, part)| share * part.survival(x))),
            // Above x once rounded: the next step below or at x was passed.
            Self::RoundedUp { step, of } => of.survival((x / step + 1e-9).floor() * step),
            Self::Capped { cap, of } => {
                if x < *cap {
                    of.survival(x)
                } else {
                    0.0
                }
            }
        }
    }

    /// E[(X - x)+], hours.
    #[must_use]
    pub fn excess(&self, x: f64) -> f64 {
        if x <= 0.0 {
            return self.moment(1) - x;
        }
        match self {
            Self::Exponential { mean } => mean * (-x / mean).exp(),
            Self::Gamma { shape, scale } => {
                let z = x / scale;
                let tail = gamma_q(*shape, z);
                let step = (shape * z.ln() - z - ln_gamma(shape + 1.0)).exp();
                shape * scale * (tail + step) - x * tail
            }
            Self::Lognormal { mu, sigma } => {
                let z = (mu - x.ln()) / sigma;
                (mu + sigma * sigma / 2.0).exp() * normal_cdf(z + sigma) - x * normal_cdf(z)
            }
            Self::Burr { power, tail, scale } => {
                let (a, b) = (tail - 1.0 / power, 1.0 / power);
                if a <= 0.0 {
                    return f64::INFINITY;
                }
                let below = 1.0 / (1.0 + (x / scale).powf(*power));
                scale / power * ln_beta(a, b).exp() * beta_reg(a, b, below)
            }
            Self::Uniform { from, to } => {
                if x <= *from {
                    f64::midpoint(*from, *to) - x
                } else {
                    (to - x).max(0.0).powi(2) / (2.0 * (to - from))
                }
            }
            Self::Points(points) => sum(points.iter().map(|(value, share)| share * (value - x).max(0.0))),
            Self::Mixture(parts) => sum(parts.iter().map(|(share, part)| share * part.excess(x))),
            Self::RoundedUp { step, .. } => {
                let lattice = self.lattice(*step, LATTICE_MAX);
                sum(lattice.iter().enumerate().map(|(at, share)| share * (float(at) * step - x).max(0.0)))
            }
            Self::Capped { cap, of } => {
                if x < *cap {
                    of.excess(x) - of.excess(*cap)
                } else {
                    0.0
                }
            }
        }
    }

    /// E[X^power] for a power of 1, 2 or 3; may be infinite.
    #[must_use]
    pub fn moment(&self, power: u8) -> f64 {
        let r = f64::from(power);
        match self {
            Self::Exponential { mean } => mean.powi(i32::from(power)) * (1..=power).map(f64::from).product::<f64>(),
            Self::Gamma { shape, scale } => (0..power).map(|at| (shape + f64::from(at)) * scale).product(),
            Self::Lognormal { mu, sigma } => (r * mu + r * r * sigma * sigma / 2.0).exp(),
            Self::Burr { power: c, tail, scale } => {
                if c * tail <= r {
                    return f64::INFINITY;
                }
                tail * scale.powf(r) * ln_beta(tail - r / c, 1.0 + r / c).exp()
            }
            Self::Uniform { from, to } => (to.powf(r + 1.0) - from.powf(r + 1.0)) / ((r + 1.0) * (to - from)),
            Self::Points(points) => sum(points.iter().map(|(value, share)| share * value.powi(i32::from(power)))),
            Self::Mixture(parts) => sum(parts.iter().map(|(share, part)| share * part.moment(power))),
            Self::RoundedUp { step, of } => rounded_moment(of, *step, power),
            Self::Capped { cap, of } => capped_moment(of, *cap, power),
        }
    }

    /// The mean, hours.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.moment(1)
    }

    /// The variance, hours squared.
    #[must_use]
    pub fn variance(&self) -> f64 {
        (self.moment(2) - self.moment(1).powi(2)).max(0.0)
    }

    /// E[exp(-s X)] for a complex s with a real part of nought or more; nothing where there is no exact way to it.
    #[must_use]
    pub fn transform(&self, s: Complex64) -> Option<Complex64> {
        Some(match self {
            Self::Exponential { mean } => (Complex64::ONE + s * *mean).inv(),
            Self::Gamma { shape, scale } => (Complex64::ONE + s * *scale).powf(-shape),
            Self::Lognormal { mu, sigma } => lognormal_transform(*mu, *sigma, s),
            Self::Burr { .. } => return None,
            Self::Uniform { from, to } => ((-s * *from).exp() - (-s * *to).exp()) / (s * (to - from)),
            Self::Points(points) => points.iter().map(|(value, share)| (-s * *value).exp() * *share).sum(),
            Self::Mixture(parts) => {
                let mut total = Complex64::ZERO;
                for (share, part) in parts {
                    total += part.transform(s)? * *share;
                }
                total
            }
            Self::RoundedUp { step, .. } => {
                let lattice = self.lattice(*step, LATTICE_MAX);
                lattice.iter().enumerate().map(|(at, share)| (-s * (float(at) * step)).exp() * *share).sum()
            }
            Self::Capped { .. } => return None,
        })
    }

    /// Is the distribution smooth above nought, so that its transform can be turned back point by point?
    #[must_use]
    pub fn is_smooth(&self) -> bool {
        match self {
            Self::Exponential { .. } | Self::Gamma { .. } | Self::Lognormal { .. } => true,
            Self::Mixture(parts) => parts.iter().all(|(_, part)| part.is_smooth()),
            Self::Burr { .. } | Self::Uniform { .. } | Self::Points(_) | Self::RoundedUp { .. } | Self::Capped { .. } => false,
        }
    }

    /// Does every value have a probability of nought, so that a quantile function without steps belongs to it?
    #[must_use]
    pub fn has_density(&self) -> bool {
        match self {
            Self::Burr { .. } | Self::Uniform { .. } => true,
            Self::Mixture(parts) => parts.iter().all(|(_, part)| part.has_density()),
            _ => self.is_smooth(),
        }
    }

    /// The step of the lattice that holds all values, hours; nothing for a distribution that has a density.
    #[must_use]
    pub fn step(&self) -> Option<f64> {
        match self {
            Self::Points(points) => common_step(points.iter().map(|(value, _)| *value)),
            Self::RoundedUp { step, .. } => Some(*step),
            Self::Mixture(parts) => {
                let steps: Option<Vec<f64>> = parts.iter().map(|(_, part)| part.step()).collect();
                common_step(steps?.into_iter())
            }
            Self::Capped { cap, of } => common_step([of.step()?, *cap].into_iter()),
            _ => None,
        }
    }

    /// Probabilities of 0, 1, 2... steps, at most so many. The values must lie on the lattice.
    #[must_use]
    pub fn lattice(&self, step: f64, points_max: usize) -> Vec<f64> {
        match self {
            Self::Points(points) => {
                let at = |value: f64| index(value / step + 0.5);
                let last = points.iter().map(|(value, _)| at(*value)).max().unwrap_or(0);
                let mut lattice = vec![0.0; (last + 1).min(points_max)];
                for (value, share) in points {
                    if let Some(slot) = lattice.get_mut(at(*value)) {
                        *slot += share;
                    }
                }
                lattice
            }
            Self::Mixture(parts) => {
                let mut lattice = Vec::new();
                for (share, part) in parts {
                    let own = part.lattice(step, points_max);
                    lattice.resize(lattice.len().max(own.len()), 0.0);
                    lattice.iter_mut().zip(own).for_each(|(slot, value)| *slot += share * value);
                }
                lattice
            }
            _ => {
                let mut lattice = Vec::new();
                let mut above = 1.0;
                while lattice.len() < points_max && (above > TAIL || lattice.is_empty()) {
                    let next = self.survival(float(lattice.len()) * step);
                    lattice.push(above - next);
                    above = next;
                }
                lattice
            }
        }
    }

    /// The same with every value multiplied.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        match self {
            Self::Exponential { mean } => Self::Exponential { mean: mean * factor },
            Self::Gamma { shape, scale } => Self::Gamma { shape: *shape, scale: scale * factor },
            Self::Lognormal { mu, sigma } => Self::Lognormal { mu: mu + factor.ln(), sigma: *sigma },
            Self::Burr { power, tail, scale } => Self::Burr { power: *power, tail: *tail, scale: scale * factor },
            Self::Uniform { from, to } => Self::Uniform { from: from * factor, to: to * factor },
            Self::Points(points) => Self::Points(points.iter().map(|(value, share)| (value * factor, *share)).collect()),
            Self::Mixture(parts) => Self::Mixture(parts.iter().map(|(share, part)| (*share, part.scaled(factor))).collect()),
            Self::RoundedUp { step, of } => Self::RoundedUp { step: step * factor, of: Box::new(of.scaled(factor)) },
            Self::Capped { cap, of } => Self::Capped { cap: cap * factor, of: Box::new(of.scaled(factor)) },
        }
    }

    /// One draw.
    pub fn sample(&self, random: &mut impl Rng) -> f64 {
        match self {
            Self::Exponential { mean } => mean * Distribution::<f64>::sample(&Exp1, random),
            Self::Gamma { shape, scale } => rand_distr::Gamma::new(*shape, *scale).map_or(0.0, |gamma| gamma.sample(random)),
            Self::Lognormal { mu, sigma } => (mu + sigma * Distribution::<f64>::sample(&StandardNormal, random)).exp(),
            Self::Burr { power, tail, scale } => {
                let above: f64 = 1.0 - random.random::<f64>();
                scale * (above.powf(-1.0 / tail) - 1.0).powf(1.0 / power)
            }
            Self::Uniform { from, to } => from + (to - from) * random.random::<f64>(),
            Self::Points(points) => {
                let mut left: f64 = random.random();
                let found = points.iter().find(|(_, share)| {
                    left -= share;
                    left < 0.0
                });
                found.or(points.last()).map_or(0.0, |(value, _)| *value)
            }
            Self::Mixture(parts) => {
                let mut left: f64 = random.random();
                let found = parts.iter().find(|(share, _)| {
                    left -= share;
                    left < 0.0
                });
                found.or(parts.last()).map_or(0.0, |(_, part)| part.sample(random))
            }
            Self::RoundedUp { step, of } => (of.sample(random) / step).ceil() * step,
            Self::Capped { cap, of } => of.sample(random).min(*cap),
        }
    }
}

/// E[(steps that X takes, in hours)^power], added up from the chances of taking more than each number of steps.
fn rounded_moment(of: &Severity, step: f64, power: u8) -> f64 {
    let raise = |steps: usize| float(steps).powi(i32::from(power));
    let mut total = 0.0;
    for taken in 0..LATTICE_MAX * 8 {
        let term = (raise(taken + 1) - raise(taken)) * of.survival(float(taken) * step);
        total += term;
        if term < 1e-18 * total {
            break;
        }
    }
    total * step.powi(i32::from(power))
}

/// E[min(X, cap)^power], as power x the integral of x^(power-1) P(X > x), by Gauss-Legendre on pieces.
fn capped_moment(of: &Severity, cap: f64, power: u8) -> f64 {
    if power == 1 {
        return of.moment(1) - of.excess(cap);
    }
    let (r, pieces) = (f64::from(power), 256_usize);
    let width = cap / float(pieces);
    let nodes = [(0.0, 8.0 / 9.0), (0.6_f64.sqrt(), 5.0 / 9.0), (-0.6_f64.sqrt(), 5.0 / 9.0)];
    let at = |x: f64| r * x.powf(r - 1.0) * of.survival(x);
    let piece = |number: usize| -> f64 {
        nodes.iter().map(|(node, weight)| weight * at((float(number) + 0.5 + node / 2.0) * width)).sum::<f64>() * width / 2.0
    };
    sum((0..pieces).map(piece))
}

/// The largest step, in millionths of an hour, of which all values are multiples; nothing below a second's half.
fn common_step(values: impl Iterator<Item = f64>) -> Option<f64> {
    const UNIT: f64 = 720_000.0;
    let mut common = 0_usize;
    for value in values {
        let units = value * UNIT;
        if (units - units.round()).abs() > 1e-6 {
            return None;
        }
        let (mut a, mut b) = (common, index(units.round()));
        while b > 0 {
            (a, b) = (b, a % b);
        }
        common = a;
    }
    (common >= 100).then(|| float(common) / UNIT)
}

/// The transform of a lognormal, by the trapezoidal rule on the line through the saddle point of the integrand
/// exp(-s e^(mu + sigma z) - z^2 / 2): z0 = -W(s e^mu sigma^2) / sigma, with W of Lambert.
fn lognormal_transform(mu: f64, sigma: f64, s: Complex64) -> Complex64 {
    if s == Complex64::ZERO {
        return Complex64::ONE;
    }
    let scaled = s * mu.exp();
    let saddle = lambert(scaled * (sigma * sigma));
    let centre = -saddle / sigma;
    // The wider the law, the sooner the double exponential turns: nodes lie closer than in proportion to sigma.
    let closer = (0.15 / sigma.powi(4)).max(0.07 / sigma).min(0.15 / sigma);
    let step = (0.3 / (Complex64::ONE + saddle).norm().sqrt()).min(closer);
    // s e^(mu + sigma z) grows by the same factor from node to node, so that only the outer exponential is left to compute.
    let middle = scaled * (centre * sigma).exp();
    let at = |grown: Complex64, u: f64| {
        let z = centre + u;
        (-grown - z * z / 2.0).exp()
    };
    let mut total = at(middle, 0.0);
    let largest = total.norm_sqr().max(f64::MIN_POSITIVE);
    for direction in [1.0, -1.0] {
        let factor = (direction * step * sigma).exp();
        let mut grown = middle;
        for number in 1..2_000_usize {
            grown *= factor;
            let term = at(grown, direction * step * float(number));
            total += term;
            if term.norm_sqr() < 1e-35 * largest {
                break;
            }
        }
    }
    total * (step / (2.0 * std::f64::consts::PI).sqrt())
}

/// The principal branch of W, w e^w = z, for a real part of nought or more.
fn lambert(z: Complex64) -> Complex64 {
    let mut w = (Complex64::ONE + z).ln();
    if z.norm() > 3.0 {
        w -= w.ln() * 0.8;
    }
    for _ in 0..20 {
        let e = w.exp();
        let off = w * e - z;
        let step = off / (e * (w + 1.0) - (w + 2.0) * off / (w * 2.0 + 2.0));
        w -= step;
        if step.norm() <= 1e-14 * w.norm().max(1e-300) {
            break;
        }
    }
    w
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Severity> {
        let lognormal = Severity::Lognormal { mu: -1.0, sigma: 1.0 };
        vec![
            Severity::Exponential { mean: 0.75 },
            Severity::Gamma { shape: 1.5, scale: 0.4 },
            Severity::Burr { power: 1.8, tail: 3.0, scale: 0.6 },
            Severity::Uniform { from: 0.25, to: 1.5 },
            Severity::empirical(&[0.25, 0.5, 0.25, 4.0]),
            Severity::RoundedUp { step: 0.25, of: Box::new(lognormal.clone()) },
            Severity::Capped { cap: 2.0, of: Box::new(lognormal.clone()) },
            Severity::Mixture(vec![(0.8, lognormal.clone()), (0.2, Severity::Gamma { shape: 2.0, scale: 1.0 })]),
            lognormal,
        ]
    }

    /// The excess is the integral of the survival function above a point, and the first moment that from nought.
    #[test]
    fn excess_and_survival_agree() {
        for severity in all() {
            for x in [0.3, 1.1, 2.9] {
                let width = 1e-3;
                let integral = sum((0..4_000_u32).map(|at| severity.survival(x + width * (f64::from(at) + 0.5)) * width));
                let wanted = severity.excess(x) - severity.excess(x + 4.0);
                assert!((integral - wanted).abs() < 2e-4, "{severity:?} at {x}: {integral} is not {wanted}");
            }
        }
    }

    #[test]
    fn transforms_begin_with_the_moments() {
        for severity in all() {
            let s = Complex64::new(1e-4, 0.0);
            let Some(transform) = severity.transform(s) else { continue };
            let series = 1.0 - s.re * severity.moment(1) + s.re.powi(2) / 2.0 * severity.moment(2);
            assert!((transform.re - series).abs() < 1e-10, "{severity:?}: {transform} is not {series}");
        }
    }

    #[test]
    fn samples_have_the_moments() {
        use rand::SeedableRng;
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        for severity in all() {
            let drawn: Vec<f64> = (0..200_000).map(|_| severity.sample(&mut random)).collect();
            let mean = crate::number::mean(&drawn);
            let error = 5.0 * (severity.variance() / 200_000.0).sqrt();
            assert!((mean - severity.mean()).abs() < error, "{severity:?}: {mean} is not {}", severity.mean());
        }
    }

    #[test]
    fn a_lattice_has_the_mean_of_what_it_stands_for() {
        let rounded = Severity::RoundedUp { step: 0.25, of: Box::new(Severity::Exponential { mean: 0.5 }) };
        let exact = 0.25 / (1.0 - (-0.5_f64).exp());
        assert!((rounded.mean() - exact).abs() < 1e-12, "{} is not {exact}", rounded.mean());
        assert_eq!(Severity::empirical(&[0.25, 0.5, 0.75]).step(), Some(0.25));
        assert_eq!(Severity::empirical(&[0.3, 0.1]).step(), Some(0.1));
    }
}
