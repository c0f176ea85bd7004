//! The hours of one ticket: five families, fitted by likelihood or by moments, and the best of them.
//! Whether a fitted law and its data agree at all is in [`goodness`](crate::fit::goodness).

mod burr;
mod law;
mod likelihood;
mod moments;

pub use law::SeverityLaw;

use crate::number::{float, mean, sum};

/// A family of laws of hours above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// One parameter: the mean.
    Exponential,
    /// The logarithm is normal.
    Lognormal,
    /// A sum of exponentials, with any shape.
    Gamma,
    /// A power of an exponential.
    Weibull,
    /// Burr XII: like a Weibull below and like a Pareto above.
    Burr,
}

impl Family {
    /// All families, those with fewer parameters first.
    pub const ALL: [Self; 5] = [Self::Exponential, Self::Lognormal, Self::Gamma, Self::Weibull, Self::Burr];

    /// How many parameters it has.
    #[must_use]
    pub fn parameters(self) -> usize {
        match self {
            Self::Exponential => 1,
            Self::Lognormal | Self::Gamma | Self::Weibull => 2,
            Self::Burr => 3,
        }
    }
}

/// Hours to which nothing can be fitted, or not this family.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SeverityError {
    /// No hours at all.
    #[error("there are no hours to fit")]
    Empty,
    /// A value that is not a finite number above 0.
    #[error("value {position} is {value}, not a finite number of hours above 0")]
    NotPositive {
        /// Its position, from 0.
        position: usize,
        /// The value.
        value: f64,
    },
    /// Less than two distinct values; nearer to each other than one part in 10^9 they count as equal.
    #[error("there are less than two distinct values")]
    NoSpread,
    /// The likelihood of the Burr family rises without end towards a Weibull: that is the law to take.
    #[error("the Burr family is likeliest at its limit, a Weibull")]
    WeibullLimit,
    /// The likelihood of the Burr family rises without end towards a Pareto that begins at a least value.
    #[error("the Burr family is likeliest at its limit, a Pareto")]
    ParetoLimit,
    /// The parameters or the likelihood are too large or too small for a float.
    #[error("the fit does not fit into floats")]
    OutOfRange,
}

/// A law fitted to hours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeverityFit {
    /// The law with its parameters.
    pub law: SeverityLaw,
    /// The sum of the logarithms of its density at the hours.
    pub log_likelihood: f64,
    /// Akaike's criterion, 2 x parameters - 2 x log-likelihood: the smaller, the better.
    pub aic: f64,
    /// How many values.
    pub values: usize,
}

/// The best of several families, with all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The one with the smallest criterion; of equals, the one with fewer parameters.
    pub best: SeverityFit,
    /// Each family, in the order that was asked for, with its fit or why it has none.
    pub report: Vec<(Family, Result<SeverityFit, SeverityError>)>,
}

/// Fits a family to hours by maximum likelihood.
///
/// # Errors
///
/// Fails when the hours are not usable, and for a Burr that is likeliest at one of its limits.
pub fn fit(family: Family, hours: &[f64]) -> Result<SeverityFit, SeverityError> {
    let sample = Sample::new(hours)?;
    let law = match family {
        Family::Exponential => likelihood::exponential(&sample),
        Family::Lognormal => likelihood::lognormal(&sample),
        Family::Gamma => likelihood::gamma(&sample),
        Family::Weibull => likelihood::weibull(&sample),
        Family::Burr => burr::fit(&sample)?,
    };
    sample.judge(law)
}

/// Fits a family to hours by the method of moments: the law has the mean and the variance of the hours (divided by
/// n). For the Burr, whose third moment need not exist, it is the mean, the variance and the skewness of the
/// logarithms, which always do.
///
/// # Errors
///
/// Fails when the hours are not usable, and for a Burr when the logarithms are as skewed as at one of its limits.
pub fn fit_by_moments(family: Family, hours: &[f64]) -> Result<SeverityFit, SeverityError> {
    let sample = Sample::new(hours)?;
    let law = match family {
        Family::Exponential => likelihood::exponential(&sample),
        Family::Lognormal => moments::lognormal(&sample),
        Family::Gamma => moments::gamma(&sample),
        Family::Weibull => moments::weibull(&sample),
        Family::Burr => moments::burr(&sample)?,
    };
    sample.judge(law)
}

/// Fits some families by maximum likelihood and takes the one with the smallest criterion of Akaike.
///
/// # Errors
///
/// Fails when no family can be fitted: with the first family's reason, or [`SeverityError::Empty`] without families.
pub fn best(families: &[Family], hours: &[f64]) -> Result<Selection, SeverityError> {
    let report: Vec<(Family, Result<SeverityFit, SeverityError>)> =
        families.iter().map(|family| (*family, fit(*family, hours))).collect();
    let fits = report.iter().filter_map(|(_, fit)| fit.as_ref().ok());
    let rank = |one: &&SeverityFit, other: &&SeverityFit| {
        one.aic.total_cmp(&other.aic).then(one.law.family().parameters().cmp(&other.law.family().parameters()))
    };
    match fits.min_by(rank).copied() {
        Some(best) => Ok(Selection { best, report }),
        None => Err(report.into_iter().find_map(|(_, fit)| fit.err()).unwrap_or(SeverityError::Empty)),
    }
}

/// Values this close to each other count as equal, as a share.
const CLOSE: f64 = 1e-9;

/// Hours that something can be fitted to: all above nought, two of them distinct.
struct Sample {
    values: Vec<f64>,
    /// The mean of the hours.
    mean: f64,
    /// The mean of their logarithms.
    log_mean: f64,
    /// Each logarithm less that mean.
    logs: Vec<f64>,
}

impl Sample {
    fn new(hours: &[f64]) -> Result<Self, SeverityError> {
        if hours.is_empty() {
            return Err(SeverityError::Empty);
        }
        if let Some((position, value)) = hours.iter().enumerate().find(|(_, value)| !(value.is_finite() && **value > 0.0)) {
            return Err(SeverityError::NotPositive { position, value: *value });
        }
        let least = hours.iter().copied().fold(f64::INFINITY, f64::min);
        let most = hours.iter().copied().fold(0.0, f64::max);
        if most - least <= CLOSE * most {
            return Err(SeverityError::NoSpread);
        }
        let (mean, plain): (f64, Vec<f64>) = (mean(hours), hours.iter().map(|value| value.ln()).collect());
        let log_mean = self::mean(&plain);
        // The logarithms are taken again around their mean, so that what is close stays distinct.
        let centre = log_mean.exp();
        let logs: Vec<f64> = hours.iter().map(|value| (value / centre).ln()).collect();
        let rest = self::mean(&logs);
        let logs = logs.iter().map(|log| log - rest).collect();
        Ok(Self { values: hours.to_vec(), mean, log_mean, logs })
    }

    /// How many values.
    fn count(&self) -> f64 {
        float(self.values.len())
    }

    /// The law with its likelihood.
    fn judge(&self, law: SeverityLaw) -> Result<SeverityFit, SeverityError> {
        let log_likelihood = sum(self.values.iter().map(|value| law.ln_density(*value)));
        if !log_likelihood.is_finite() || !law.is_usable() {
            return Err(SeverityError::OutOfRange);
        }
        let aic = 2.0 * float(law.family().parameters()) - 2.0 * log_likelihood;
        Ok(SeverityFit { law, log_likelihood, aic, values: self.values.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS: [f64; 10] = [0.25, 0.5, 0.5, 0.75, 1.0, 1.25, 1.5, 2.5, 4.0, 9.0];

    type Method = fn(Family, &[f64]) -> Result<SeverityFit, SeverityError>;

    fn methods() -> [Method; 2] {
        [fit, fit_by_moments]
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for family in Family::ALL {
            for method in methods() {
                assert_eq!(method(family, &[]), Err(SeverityError::Empty));
                assert_eq!(method(family, &[1.0]), Err(SeverityError::NoSpread));
                assert_eq!(method(family, &[0.3, 0.3, 0.3]), Err(SeverityError::NoSpread));
                for value in [0.0, -0.5, f64::INFINITY] {
                    assert_eq!(method(family, &[1.0, value]), Err(SeverityError::NotPositive { position: 1, value }));
                }
                assert!(matches!(method(family, &[f64::NAN, 1.0]), Err(SeverityError::NotPositive { position: 0, .. })));
            }
        }
    }

    #[test]
    fn fits_carry_their_criterion() -> Result<(), SeverityError> {
        for family in Family::ALL {
            for method in methods() {
                let fitted = method(family, &HOURS)?;
                assert_eq!((fitted.law.family(), fitted.values), (family, 10));
                let likelihood = sum(HOURS.iter().map(|hours| fitted.law.ln_density(*hours)));
                assert_eq!(fitted.log_likelihood, likelihood);
                assert_eq!(fitted.aic, 2.0 * float(family.parameters()) - 2.0 * likelihood);
            }
            assert!(fit(family, &HOURS)?.log_likelihood >= fit_by_moments(family, &HOURS)?.log_likelihood, "{family:?}");
        }
        Ok(())
    }

    /// Minutes or hours: the law is the same, with another scale.
    #[test]
    fn a_unit_of_time_is_a_matter_of_taste() -> Result<(), SeverityError> {
        let minutes: Vec<f64> = HOURS.iter().map(|hours| hours * 60.0).collect();
        for family in Family::ALL {
            for method in methods() {
                let (in_hours, in_minutes) = (method(family, &HOURS)?, method(family, &minutes)?);
                let shift = in_hours.log_likelihood - in_minutes.log_likelihood - 10.0 * 60.0_f64.ln();
                assert!(shift.abs() < 1e-9, "{family:?}: {shift}");
                assert!((in_hours.law.cdf(1.7) - in_minutes.law.cdf(102.0)).abs() < 1e-7, "{family:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn values_that_hardly_differ_and_values_that_differ_wildly_are_fitted() {
        let samples: [&[f64]; 4] = [&[1.0, 1.000_001, 1.000_002], &[1e-9, 1.0, 1e9, 3.0], &[1e-200, 1e200], &[1e-300, 1e300, 1.0]];
        for hours in samples {
            for family in Family::ALL {
                for method in methods() {
                    if let Ok(fitted) = method(family, hours) {
                        assert!(fitted.log_likelihood.is_finite() && fitted.aic.is_finite(), "{fitted:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_best_has_the_smallest_criterion() -> Result<(), SeverityError> {
        let chosen = best(&Family::ALL, &HOURS)?;
        assert_eq!(chosen.report.len(), 5);
        for (family, fitted) in &chosen.report {
            assert!(fitted.as_ref().is_ok_and(|fitted| fitted.aic >= chosen.best.aic), "{family:?}");
        }
        assert_eq!(best(&[], &HOURS), Err(SeverityError::Empty));
        assert_eq!(best(&Family::ALL, &[2.0]), Err(SeverityError::NoSpread));
        assert_eq!(best(&[Family::Gamma], &HOURS)?.best, fit(Family::Gamma, &HOURS)?);
        Ok(())
    }

    #[test]
    fn a_family_without_a_fit_does_not_stop_the_others() -> Result<(), SeverityError> {
        // Bounded above: there is no heavy tail, so the Burr goes to its limit.
        let even: Vec<f64> = (1..=40).map(f64::from).collect();
        let chosen = best(&Family::ALL, &even)?;
        assert_eq!(chosen.report.last().map(|(_, fit)| fit.clone()), Some(Err(SeverityError::WeibullLimit)));
        assert_eq!(chosen.best.law.family(), Family::Weibull);
        Ok(())
    }
}
