//! Whether a fitted law and its data agree: three distances, a p-value, and a word. It chooses no law.
//!
//! Parameters that were fitted to the data bring the law nearer to them than the usual tables allow for. So the
//! p-value is drawn: samples from the fitted law, each fitted anew, and how many of them lie further off.
//! Source: Stute, Gonzáles Manteiga and Presedo Quindimil, Bootstrap based goodness-of-fit tests, 1993; the
//! computing formulas are those of D'Agostino and Stephens, Goodness-of-Fit Techniques, 1986, chapter 4.

use crate::fit::Replicates;
use crate::fit::severity::{self, Family, SeverityError, SeverityFit, SeverityLaw};
use crate::number::{float, sum};

/// With fewer values than this no law can be refuted, and none is judged.
pub const VALUES_MIN: usize = 8;
/// From this p-value on, a law fits.
pub const FITS_FROM: f64 = 0.10;
/// Below this p-value, it does not.
pub const REFUTED_BELOW: f64 = 0.01;
/// With less than this share of samples that could be fitted anew, there is no p-value.
const REFITTED_MIN: f64 = 0.9;

/// How far a law and its data are from each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distances {
    /// Kolmogorov and Smirnov: the largest gap between both distribution functions, 0 to 1.
    pub kolmogorov_smirnov: f64,
    /// Anderson and Darling, A^2: squared gaps, with more weight on both tails.
    pub anderson_darling: f64,
    /// Cramér and von Mises, W^2: squared gaps.
    pub cramer_von_mises: f64,
}

/// There is nothing to compare.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GoodnessError {
    /// No values.
    #[error("there are no values to compare with")]
    Empty,
    /// A value is below the one before it, or not a number.
    #[error("value {position} is not in ascending order")]
    NotSorted {
        /// Its position, from 0.
        position: usize,
    },
    /// The distribution function gave something that is no probability.
    #[error("the distribution function is {share} at {value}")]
    NotAProbability {
        /// What it gave.
        share: f64,
        /// Where.
        value: f64,
    },
    /// The family could not be fitted.
    #[error(transparent)]
    Severity(#[from] SeverityError),
    /// Too few of the samples could be drawn or fitted anew.
    #[error("only {fitted} of {asked} samples could be fitted")]
    TooFewReplicates {
        /// Samples that could.
        fitted: usize,
        /// All samples.
        asked: usize,
    },
}

/// A law's fit in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Fewer than [`VALUES_MIN`] values: nothing can be said.
    TooFew,
    /// The data look as if they came from it.
    Fits,
    /// The data would look like that once in ten to a hundred times.
    Doubtful,
    /// The data hardly came from it.
    DoesNotFit,
}

impl Verdict {
    /// The word for a number of values and a p-value.
    #[must_use]
    pub fn of(values: usize, p_value: f64) -> Self {
        if values < VALUES_MIN || p_value.is_nan() {
            Self::TooFew
        } else if p_value >= FITS_FROM {
            Self::Fits
        } else if p_value >= REFUTED_BELOW {
            Self::Doubtful
        } else {
            Self::DoesNotFit
        }
    }
}

/// How well a family fits some hours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The fit.
    pub fit: SeverityFit,
    /// Its distances from the hours.
    pub distances: Distances,
    /// The share of samples from the law, fitted anew, that are at least as far from it by each distance; the hours
    /// themselves count as one of them, so none is 0. Nothing with fewer than [`VALUES_MIN`] values.
    pub p_values: Option<Distances>,
    /// By the distance of Anderson and Darling, which sees tails best.
    pub verdict: Verdict,
}

/// The distances of sorted values from a continuous distribution function.
///
/// Where that is 0 or 1 within rounding, the logarithms of Anderson and Darling are taken next to it, so the
/// distance is large and never infinite.
///
/// # Errors
///
/// Fails without values, when they are not in ascending order, and when the function gives no probability.
pub fn distances(sorted: &[f64], cdf: impl Fn(f64) -> f64) -> Result<Distances, GoodnessError> {
    distances_with(sorted, &cdf, |value| (1.0 - cdf(value)).max(f64::EPSILON / 2.0))
}

/// The same with the share above a value, which keeps its digits where the share below is 1 within rounding.
fn distances_with(sorted: &[f64], cdf: impl Fn(f64) -> f64, survival: impl Fn(f64) -> f64) -> Result<Distances, GoodnessError> {
    if sorted.is_empty() {
        return Err(GoodnessError::Empty);
    }
    let (mut shares, mut above) = (Vec::with_capacity(sorted.len()), Vec::with_capacity(sorted.len()));
    let mut before = f64::NEG_INFINITY;
    for (position, &value) in sorted.iter().enumerate() {
        if value.is_nan() || value < before {
            return Err(GoodnessError::NotSorted { position });
        }
        let share = cdf(value);
        if !(0.0..=1.0).contains(&share) {
            return Err(GoodnessError::NotAProbability { share, value });
        }
        shares.push(share);
        above.push(survival(value));
        before = value;
    }
    Ok(distances_of_shares(&shares, &above))
}

fn distances_of_shares(shares: &[f64], above: &[f64]) -> Distances {
    let count = float(shares.len());
    let ranked = || shares.iter().enumerate().map(|(position, share)| (float(position), *share));
    let gaps = ranked().map(|(rank, share)| (share - rank / count).max((rank + 1.0) / count - share));
    let squares = ranked().map(|(rank, share)| (share - (2.0 * rank + 1.0) / (2.0 * count)).powi(2));
    // Of a share and its counterpart the smaller one has all digits.
    let ln = |share: f64, other: f64| if share < 0.5 { share.max(f64::MIN_POSITIVE).ln() } else { (-other).ln_1p() };
    let pairs = || shares.iter().zip(above);
    let tails = ranked()
        .zip(pairs().zip(pairs().rev()))
        .map(|((rank, _), ((share, more), (mirrored, beyond)))| (2.0 * rank + 1.0) * (ln(*share, *more) + ln(*beyond, *mirrored)));
    Distances {
        kolmogorov_smirnov: gaps.fold(0.0, f64::max),
        anderson_darling: -count - sum(tails) / count,
        cramer_von_mises: 1.0 / (12.0 * count) + sum(squares),
    }
}

/// Fits a family to hours, and judges the fit by samples that are drawn from it and fitted anew.
///
/// A few hundred replicates tell the verdicts apart; fewer than 99 cannot show that a law does not fit.
///
/// # Errors
///
/// Fails when the family cannot be fitted, and when hardly any sample can be.
pub fn judge(family: Family, hours: &[f64], replicates: Replicates) -> Result<Judgement, GoodnessError> {
    let fit = severity::fit(family, hours)?;
    let distances = distances_of(fit.law, hours)?;
    if hours.len() < VALUES_MIN {
        return Ok(Judgement { fit, distances, p_values: None, verdict: Verdict::TooFew });
    }
    let mut drawn = Vec::with_capacity(replicates.count);
    for mut stream in replicates.streams() {
        let sample: Vec<f64> = hours.iter().map(|_| fit.law.sample(&mut stream)).collect();
        drawn.extend(refit(family, &sample).and_then(|law| distances_of(law, &sample)).ok());
    }
    if drawn.is_empty() || float(drawn.len()) < REFITTED_MIN * float(replicates.count) {
        return Err(GoodnessError::TooFewReplicates { fitted: drawn.len(), asked: replicates.count });
    }
    let p_values = p_values(&distances, &drawn);
    let verdict = Verdict::of(hours.len(), p_values.anderson_darling);
    Ok(Judgement { fit, distances, p_values: Some(p_values), verdict })
}

/// The distances of hours, in any order, from a law.
///
/// # Errors
///
/// Fails as [`distances`] does.
pub fn distances_of(law: SeverityLaw, hours: &[f64]) -> Result<Distances, GoodnessError> {
    let mut sorted = hours.to_vec();
    sorted.sort_by(f64::total_cmp);
    distances_with(&sorted, |value| law.cdf(value), |value| law.survival(value))
}

/// The law of a sample; a Burr that runs to a Weibull is that Weibull.
fn refit(family: Family, sample: &[f64]) -> Result<SeverityLaw, GoodnessError> {
    let fitted = match severity::fit(family, sample) {
        Err(SeverityError::WeibullLimit) => severity::fit(Family::Weibull, sample),
        other => other,
    };
    Ok(fitted?.law)
}

fn p_values(observed: &Distances, drawn: &[Distances]) -> Distances {
    let share = |of: fn(&Distances) -> f64| {
        let beyond = drawn.iter().filter(|distances| of(distances) >= of(observed)).count();
        float(beyond + 1) / float(drawn.len() + 1)
    };
    Distances {
        kolmogorov_smirnov: share(|distances| distances.kolmogorov_smirnov),
        anderson_darling: share(|distances| distances.anderson_darling),
        cramer_von_mises: share(|distances| distances.cramer_von_mises),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const SOME: Replicates = Replicates { count: 199, seed: 23 };

    fn drawn(law: SeverityLaw, count: usize, seed: u64) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| law.sample(&mut random)).collect()
    }

    /// Values 0.2 and 0.6 of a uniform, by hand.
    #[test]
    fn distances_can_be_reckoned_by_hand() -> Result<(), GoodnessError> {
        let got = distances(&[0.2, 0.6], |value| value)?;
        assert!((got.kolmogorov_smirnov - 0.4).abs() < 1e-15);
        assert!((got.cramer_von_mises - (1.0 / 24.0 + 0.05 * 0.05 + 0.15 * 0.15)).abs() < 1e-15);
        let tails = (0.2_f64.ln() + 0.4_f64.ln()) + 3.0 * (0.6_f64.ln() + 0.8_f64.ln());
        assert!((got.anderson_darling - (-2.0 - tails / 2.0)).abs() < 1e-14);
        Ok(())
    }

    #[test]
    fn no_distance_is_infinite() -> Result<(), GoodnessError> {
        let got = distances(&[1.0, 2.0, 3.0], |value| if value < 2.5 { 0.0 } else { 1.0 })?;
        assert!(got.anderson_darling.is_finite() && got.anderson_darling > 100.0, "{got:?}");
        assert!((got.kolmogorov_smirnov - 2.0 / 3.0).abs() < 1e-15);
        Ok(())
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let uniform = |value: f64| value;
        assert_eq!(distances(&[], uniform), Err(GoodnessError::Empty));
        assert_eq!(distances(&[0.5, 0.4], uniform), Err(GoodnessError::NotSorted { position: 1 }));
        assert_eq!(distances(&[f64::NAN], uniform), Err(GoodnessError::NotSorted { position: 0 }));
        assert_eq!(distances(&[0.5, 1.5], uniform), Err(GoodnessError::NotAProbability { share: 1.5, value: 1.5 }));
        assert!(matches!(distances(&[0.5], |_| f64::NAN), Err(GoodnessError::NotAProbability { .. })));
        assert_eq!(judge(Family::Gamma, &[0.0, 1.0], SOME), Err(SeverityError::NotPositive { position: 0, value: 0.0 }.into()));
        let hours = drawn(SeverityLaw::Exponential { mean: 1.0 }, 20, 1);
        let none = judge(Family::Gamma, &hours, Replicates { count: 0, seed: 1 });
        assert_eq!(none, Err(GoodnessError::TooFewReplicates { fitted: 0, asked: 0 }));
    }

    #[test]
    fn few_values_are_not_judged() -> Result<(), GoodnessError> {
        let judged = judge(Family::Gamma, &[0.5, 1.0, 1.5, 2.0, 3.0, 3.5, 4.0], SOME)?;
        assert_eq!((judged.p_values, judged.verdict), (None, Verdict::TooFew));
        Ok(())
    }

    #[test]
    fn a_law_fits_its_own_draws_and_not_those_of_another() -> Result<(), GoodnessError> {
        let hours = drawn(SeverityLaw::Lognormal { mu: -0.5, sigma: 1.1 }, 250, 8);
        assert_eq!(judge(Family::Lognormal, &hours, SOME)?.verdict, Verdict::Fits);
        assert_eq!(judge(Family::Exponential, &hours, SOME)?.verdict, Verdict::DoesNotFit);
        assert_eq!(judge(Family::Gamma, &hours, SOME)?, judge(Family::Gamma, &hours, SOME)?);
        Ok(())
    }

    #[test]
    fn a_burr_is_judged_although_some_samples_are_weibulls() -> Result<(), GoodnessError> {
        let hours = drawn(SeverityLaw::Burr { power: 1.5, tail: 2.0, scale: 1.0 }, 60, 4);
        assert_eq!(judge(Family::Burr, &hours, Replicates { count: 40, seed: 2 })?.verdict, Verdict::Fits);
        Ok(())
    }

    /// The mean p-value over many samples from the law itself is one half, and a tenth of them lie below a tenth.
    #[test]
    fn p_values_are_even() -> Result<(), GoodnessError> {
        let (samples, mut total, mut low) = (150_u64, 0.0, 0.0);
        for seed in 0..samples {
            let hours = drawn(SeverityLaw::Gamma { shape: 1.4, scale: 0.5 }, 20, 1_000 + seed);
            let judged = judge(Family::Gamma, &hours, Replicates { count: 99, seed })?;
            let p = judged.p_values.map_or(f64::NAN, |values| values.anderson_darling);
            total += p / 150.0;
            low += f64::from(u8::from(p < 0.1)) / 150.0;
        }
        assert!((total - 0.5).abs() < 0.08 && (low - 0.1).abs() < 0.08, "{total} {low}");
        Ok(())
    }

    #[test]
    fn verdicts_have_their_limits() {
        let words = [(7, 0.9), (8, 0.1), (8, 0.099), (8, 0.01), (8, 0.009), (8, f64::NAN)].map(|(values, p)| Verdict::of(values, p));
        let wanted = [Verdict::TooFew, Verdict::Fits, Verdict::Doubtful, Verdict::Doubtful, Verdict::DoesNotFit, Verdict::TooFew];
        assert_eq!(words, wanted);
    }
}
