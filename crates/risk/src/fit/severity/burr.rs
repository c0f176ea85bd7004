//! Maximum likelihood for the Burr XII family, or the name of the limit to which it runs.
//!
//! Written with κ = 1 / tail and z = power ln x - intercept, the density of ln x has the logarithm
//! ln power + z - (1 + 1 / κ) ln(1 + κ e^z), which at κ = 0 is that of a Weibull. For a fixed κ it is concave in
//! power and intercept, so Newton's steps find its only peak from anywhere. Left is the profile in κ: the sign of
//! its slope is looked at on a grid of ln κ, each fall through nought is a peak, and the highest counts, unless
//! one of the limits is higher: κ = 0, a Weibull, or an endless κ, a Pareto.

use super::law::{SeverityLaw, ln_one_plus_exp};
use super::{Sample, SeverityError};
use crate::number::{float, root, sum};
use crate::rising::score_ratio;

/// The grid of ln κ goes from minus this to this in steps of 1.
const LN_INVERSE_MAX: i32 = 14;

/// A line z = slope y + intercept through standardised logarithms y.
#[derive(Clone, Copy)]
struct Line {
    slope: f64,
    intercept: f64,
}

/// The likeliest power, tail and scale.
pub(super) fn fit(sample: &Sample) -> Result<SeverityLaw, SeverityError> {
    let deviation = (sum(sample.logs.iter().map(|log| log * log)) / sample.count()).sqrt();
    let profile = Profile { logs: sample.logs.iter().map(|log| log / deviation).collect() };
    let (inverse, line) = profile.peak()?;
    let power = line.slope / deviation;
    // z = ln κ + power ln(x / scale) with e^z in place of κ (x / scale)^power: the scale takes the κ along.
    let scale = (sample.log_mean - (line.intercept + inverse.ln()) / power).exp();
    Ok(SeverityLaw::Burr { power, tail: 1.0 / inverse, scale })
}

/// The likelihood of standardised logarithms.
struct Profile {
    logs: Vec<f64>,
}

impl Profile {
    /// The highest peak in κ, with its line.
    fn peak(&self) -> Result<(f64, Line), SeverityError> {
        let weibull = self.line(0.0, Line { slope: 1.0, intercept: 0.0 });
        let mut best: Result<(f64, Line), SeverityError> = Err(SeverityError::WeibullLimit);
        let mut highest = self.log_likelihood(0.0, weibull);
        let mut line = weibull;
        let mut below: Option<(f64, f64)> = None;
        for step in -LN_INVERSE_MAX..=LN_INVERSE_MAX {
            let ln_inverse = f64::from(step);
            line = self.line(ln_inverse.exp(), line);
            let slope = self.slope(ln_inverse.exp(), line);
            let fall = below.filter(|(_, before)| *before > 0.0 && slope <= 0.0);
            let end = step == LN_INVERSE_MAX && slope > 0.0;
            let candidate = if let Some((from, _)) = fall { self.refine(from, ln_inverse, line) } else { (ln_inverse.exp(), line) };
            if fall.is_some() || end {
                let height = self.log_likelihood(candidate.0, candidate.1);
                if height > highest {
                    highest = height;
                    best = if end { Err(SeverityError::ParetoLimit) } else { Ok(candidate) };
                }
            }
            below = Some((ln_inverse, slope));
        }
        best
    }

    /// The peak between two points of the grid.
    fn refine(&self, from: f64, to: f64, start: Line) -> (f64, Line) {
        let mut line = start;
        let ln_inverse = root(
            |ln_inverse| {
                line = self.line(ln_inverse.exp(), line);
                self.slope(ln_inverse.exp(), line)
            },
            from,
            to,
        );
        (ln_inverse.exp(), self.line(ln_inverse.exp(), line))
    }

    /// The likeliest line for one κ, by Newton's steps that are halved until they climb.
    fn line(&self, inverse: f64, start: Line) -> Line {
        let mut line = start;
        let mut height = self.log_likelihood(inverse, line);
        for _ in 0..200 {
            let (step, gain) = self.newton(inverse, line);
            let mut share = 1.0;
            let mut next = line.moved(step, share);
            let mut at_next = self.log_likelihood(inverse, next);
            // Near the peak a step gains less than rounding, and is taken as it is.
            while gain > 1e-9 && share > 1e-12 && (at_next.is_nan() || at_next <= height) {
                share /= 2.0;
                next = line.moved(step, share);
                at_next = self.log_likelihood(inverse, next);
            }
            (line, height) = (next, at_next);
            if gain.is_nan() || gain <= 1e-24 * float(self.logs.len()) {
                break;
            }
        }
        line
    }

    /// Newton's step, and twice what it would gain on a parabola.
    fn newton(&self, inverse: f64, line: Line) -> (Line, f64) {
        let count = float(self.logs.len());
        let (mut in_slope, mut in_intercept) = (count / line.slope, 0.0);
        let (mut square, mut product, mut plain) = (count / (line.slope * line.slope), 0.0, 0.0);
        for log in &self.logs {
            let away = (-line.at(*log)).exp();
            // (1 + κ) e^z / (1 + κ e^z), and its slope in z.
            let pull = (1.0 + inverse) / (away + inverse);
            let bend = if away < f64::INFINITY { pull * away / (away + inverse) } else { 0.0 };
            in_slope += (1.0 - pull) * log;
            in_intercept += 1.0 - pull;
            square += bend * log * log;
            product += bend * log;
            plain += bend;
        }
        let determinant = square * plain - product * product;
        let step = Line {
            slope: (in_slope * plain - in_intercept * product) / determinant,
            intercept: (in_intercept * square - in_slope * product) / determinant,
        };
        let gain = in_slope * step.slope + in_intercept * step.intercept;
        (step, gain)
    }

    fn log_likelihood(&self, inverse: f64, line: Line) -> f64 {
        let each = self.logs.iter().map(|log| {
            let z = line.at(*log);
            let above = if inverse > 0.0 { (1.0 + inverse) * (ln_one_plus_exp(z + inverse.ln()) / inverse) } else { z.exp() };
            line.slope.ln() + z - above
        });
        sum(each)
    }

    /// The slope of the profile in κ.
    fn slope(&self, inverse: f64, line: Line) -> f64 {
        let each = self.logs.iter().map(|log| {
            let z = line.at(*log);
            let (hits, swell) = (z.exp(), inverse * z.exp());
            let share = 1.0 / ((-z).exp() + inverse);
            let curved = if swell < 0.05 {
                hits * hits * score_ratio(swell)
            } else {
                (ln_one_plus_exp(z + inverse.ln()) - inverse * share) / (inverse * inverse)
            };
            curved - share
        });
        sum(each)
    }
}

impl Line {
    fn at(self, log: f64) -> f64 {
        self.slope * log + self.intercept
    }

    /// A step along; a slope stays above nought.
    fn moved(self, step: Self, share: f64) -> Self {
        let slope = self.slope + share * step.slope;
        Self { slope: slope.max(self.slope / 8.0), intercept: self.intercept + share * step.intercept }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::super::{Family, fit as fit_family, fit_by_moments};
    use super::*;
    use crate::number::minimise;

    fn drawn(law: SeverityLaw, count: usize, seed: u64) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| law.sample(&mut random)).collect()
    }

    fn likelihood(hours: &[f64], power: f64, tail: f64, scale: f64) -> f64 {
        sum(hours.iter().map(|value| SeverityLaw::Burr { power, tail, scale }.ln_density(*value)))
    }

    #[test]
    fn the_fit_is_what_a_search_in_three_variables_finds() -> Result<(), SeverityError> {
        for (law, seed) in [
            (SeverityLaw::Burr { power: 1.6, tail: 1.5, scale: 0.8 }, 1),
            (SeverityLaw::Burr { power: 3.0, tail: 0.6, scale: 2.0 }, 2),
            (SeverityLaw::Lognormal { mu: -0.7, sigma: 1.0 }, 3),
        ] {
            let hours = drawn(law, 300, seed);
            let fitted = fit_family(Family::Burr, &hours)?;
            let SeverityLaw::Burr { power, tail, scale } = fit_by_moments(Family::Burr, &hours)?.law else {
                return Err(SeverityError::Empty);
            };
            let of = |logs: &[f64]| match logs {
                [power, tail, scale] => -likelihood(&hours, power.exp(), tail.exp(), scale.exp()),
                _ => f64::NAN,
            };
            let (_, least) = minimise(of, &[power.ln(), tail.ln(), scale.ln()], &[0.2, 0.2, 0.2]);
            assert!((fitted.log_likelihood + least).abs() < 1e-8, "{fitted:?} is not {least}");
            assert!(fitted.log_likelihood >= -least - 1e-10);
        }
        Ok(())
    }

    #[test]
    fn all_three_scores_vanish() -> Result<(), SeverityError> {
        let hours = drawn(SeverityLaw::Burr { power: 2.0, tail: 1.2, scale: 1.0 }, 200, 9);
        let SeverityLaw::Burr { power, tail, scale } = fit_family(Family::Burr, &hours)?.law else { return Err(SeverityError::Empty) };
        let parts: Vec<(f64, f64)> =
            hours.iter().map(|value| (value / scale).ln()).map(|log| (log, 1.0 / (1.0 + (-power * log).exp()))).collect();
        let in_tail = sum(parts.iter().map(|(log, _)| 1.0 / tail - ln_one_plus_exp(power * log)));
        let in_scale = sum(parts.iter().map(|(_, share)| 1.0 - (tail + 1.0) * share));
        let in_power = sum(parts.iter().map(|(log, share)| 1.0 / power + log - (tail + 1.0) * share * log));
        assert!(in_tail.abs() < 1e-8 && in_scale.abs() < 1e-8 && in_power.abs() < 1e-8, "{in_tail} {in_scale} {in_power}");
        Ok(())
    }

    #[test]
    fn a_light_tail_runs_to_a_weibull() {
        let hours: Vec<f64> = (1..=30).map(f64::from).collect();
        assert_eq!(fit_family(Family::Burr, &hours), Err(SeverityError::WeibullLimit));
    }

    #[test]
    fn a_sharp_beginning_runs_to_a_pareto() {
        let hours: Vec<f64> = (0..50).map(|number| (1.0 - (f64::from(number) + 0.5) / 50.0).powf(-0.8)).collect();
        assert_eq!(fit_family(Family::Burr, &hours), Err(SeverityError::ParetoLimit));
        assert_eq!(fit_family(Family::Burr, &[1.0, 2.0]), Err(SeverityError::ParetoLimit));
    }
}
