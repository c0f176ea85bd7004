//! How much more the tickets of a month vary than a Poisson would: the negative binomial and its dispersion k.
//! How often tickets come at all is in [`rate`](crate::fit::rate).
//!
//! The variance of a month is m + k m^2, and k = 1 / size. The likelihood is highest at a finite size exactly when
//! the variance of the counts (divided by n) is above their mean (Anscombe 1950; Levin and Reeds 1977). Otherwise
//! its limit is Poisson, which is what comes back, with k = 0.

use crate::fit::dispersion::{Cell, group_score, peak};
use crate::frequency::Frequency;
use crate::number::{float, mean, root, sum};
use crate::special::ln_gamma;

/// How far apart the dispersions of clients are taken to lie, as the standard deviation of ln k around the
/// portfolio's: two of three clients within a factor of two. A dozen months tell a client's own k only to within
/// a factor of about two, so the width itself cannot be read off a usual portfolio and is fixed.
pub const DISPERSION_WIDTH: f64 = 0.7;

/// What one client showed in one month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClientMonth {
    /// Tickets.
    pub tickets: u32,
    /// For example workstations. A month of exposure 0 without tickets says nothing and is passed over.
    pub exposure: f64,
}

/// What was observed cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CountError {
    /// There are no counts, or no months with exposure.
    #[error("there are no counts to fit")]
    Empty,
    /// An exposure below 0 or not finite, or tickets without any.
    #[error("month {month} of client {client} has {tickets} tickets with the exposure {exposure}")]
    BadMonth {
        /// The position of the client, from 0.
        client: usize,
        /// The position of the month, from 0.
        month: usize,
        /// Its tickets.
        tickets: u32,
        /// Its exposure.
        exposure: f64,
    },
    /// A dispersion or a width has to be finite and not below 0, a width above 0.
    #[error("the dispersion {dispersion} with the width {width} is no place to shrink to")]
    BadTarget {
        /// The portfolio's k.
        dispersion: f64,
        /// The width of ln k.
        width: f64,
    },
}

/// A law fitted to counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountFit {
    /// Its mean is that of the counts.
    pub law: Frequency,
    /// The logarithm of the probability of all counts.
    pub log_likelihood: f64,
    /// How many counts.
    pub counts: usize,
}

/// One dispersion for a whole portfolio.
#[derive(Clone, Debug, PartialEq)]
pub struct CommonDispersion {
    /// k; 0 is Poisson.
    pub dispersion: f64,
    /// Tickets per unit of exposure of each client, in their order; nothing for one without exposure.
    pub rates: Vec<Option<f64>>,
    /// The logarithm of the probability of all months.
    pub log_likelihood: f64,
    /// Months with exposure.
    pub months: usize,
}

impl CommonDispersion {
    /// The law of a month with some mean.
    #[must_use]
    pub fn law(&self, mean: f64) -> Frequency {
        Frequency::dispersed(mean, self.dispersion)
    }
}

/// Fits a negative binomial to counts by maximum likelihood, or its Poisson limit to counts that vary no more than
/// that, all noughts among them.
///
/// # Errors
///
/// Fails without counts.
pub fn fit(counts: &[u32]) -> Result<CountFit, CountError> {
    if counts.is_empty() {
        return Err(CountError::Empty);
    }
    let peak = peak(&[unit_cells(counts)]);
    let law = Frequency::dispersed(peak.rates.first().copied().unwrap_or(0.0), peak.dispersion);
    let orders = sum(counts.iter().map(|count| ln_gamma(f64::from(*count) + 1.0)));
    Ok(CountFit { law, log_likelihood: peak.log_likelihood - orders, counts: counts.len() })
}

/// The negative binomial with the mean and the variance of counts (divided by n - 1): k = (variance - mean) / mean^2;
/// Poisson where that is not above 0.
///
/// # Errors
///
/// Fails without counts.
pub fn fit_by_moments(counts: &[u32]) -> Result<Frequency, CountError> {
    if counts.is_empty() {
        return Err(CountError::Empty);
    }
    let values: Vec<f64> = counts.iter().map(|count| f64::from(*count)).collect();
    let mean = mean(&values);
    let freedom = float(values.len() - 1).max(1.0);
    let variance = sum(values.iter().map(|value| (value - mean).powi(2))) / freedom;
    Ok(Frequency::dispersed(mean, if variance > mean { (variance - mean) / (mean * mean) } else { 0.0 }))
}

/// The slope of the log-likelihood of counts in the dispersion k, at the best mean: above 0 where a larger k, and so
/// a smaller size, is likelier. At k = 0 it is n (variance - mean) / 2 with the variance divided by n. For counts
/// that are all 0 it is 0 everywhere, for they say nothing of k.
///
/// # Errors
///
/// Fails without counts, and for a dispersion below 0 or not finite.
pub fn dispersion_score(counts: &[u32], dispersion: f64) -> Result<f64, CountError> {
    if counts.is_empty() {
        return Err(CountError::Empty);
    }
    if !dispersion.is_finite() || dispersion < 0.0 {
        return Err(CountError::BadTarget { dispersion, width: DISPERSION_WIDTH });
    }
    Ok(group_score(&unit_cells(counts), dispersion))
}

/// Fits one dispersion to the months of all clients by profile likelihood: each client has a rate of its own, the
/// likeliest one for that k, and a month has the mean rate x exposure.
///
/// Rates that are fitted to few months take some of the variance with them, so with less than about six months a
/// client k comes out somewhat small.
///
/// # Errors
///
/// Fails without months with exposure, and with a month that is not usable.
pub fn common_dispersion(clients: &[Vec<ClientMonth>]) -> Result<CommonDispersion, CountError> {
    let mut groups = Vec::with_capacity(clients.len());
    for (client, months) in clients.iter().enumerate() {
        groups.push(cells(client, months)?);
    }
    let months = groups.iter().map(Vec::len).sum();
    if months == 0 {
        return Err(CountError::Empty);
    }
    let peak = peak(&groups);
    let constants = groups.iter().flatten().map(|cell| cell.count * cell.exposure.ln() - ln_gamma(cell.count + 1.0));
    let rates = groups.iter().zip(&peak.rates).map(|(cells, rate)| (!cells.is_empty()).then_some(*rate)).collect();
    Ok(CommonDispersion { dispersion: peak.dispersion, rates, log_likelihood: peak.log_likelihood + sum(constants), months })
}

/// A client's own dispersion, drawn towards the portfolio's: where the client's profile likelihood, times a prior in
/// which ln k is normal around the portfolio's ln k with the given width, has its peak uphill from the portfolio's.
///
/// Without months it is the portfolio's, with very many the client's own likeliest. Where the portfolio is Poisson
/// (k = 0) so is each client. [`DISPERSION_WIDTH`] is a width for lack of a better one.
///
/// # Errors
///
/// Fails with a month that is not usable, a portfolio's k below 0, or a width that is not above 0.
pub fn shrunk_dispersion(months: &[ClientMonth], portfolio: f64, width: f64) -> Result<f64, CountError> {
    if !(portfolio.is_finite() && portfolio >= 0.0 && width.is_finite() && width > 0.0) {
        return Err(CountError::BadTarget { dispersion: portfolio, width });
    }
    let cells = cells(0, months)?;
    if portfolio == 0.0 || cells.is_empty() {
        return Ok(portfolio);
    }
    // The slope of the posterior in u = ln(k / portfolio).
    let slope = |u: f64| {
        let dispersion = portfolio * u.exp();
        dispersion * group_score(&cells, dispersion) - u / (width * width)
    };
    let uphill = if slope(0.0) >= 0.0 { 1.0 } else { -1.0 };
    let (mut from, mut step) = (0.0, width / 2.0);
    for _ in 0..60 {
        let to = from + uphill * step;
        if slope(to) * uphill <= 0.0 {
            return Ok(portfolio * root(slope, from, to).exp());
        }
        from = to;
        step *= 1.5;
    }
    Ok(portfolio * from.exp())
}

fn unit_cells(counts: &[u32]) -> Vec<Cell> {
    counts.iter().map(|count| Cell { count: f64::from(*count), exposure: 1.0 }).collect()
}

/// The months that count.
fn cells(client: usize, months: &[ClientMonth]) -> Result<Vec<Cell>, CountError> {
    let mut cells = Vec::with_capacity(months.len());
    for (month, &ClientMonth { tickets, exposure }) in months.iter().enumerate() {
        if !exposure.is_finite() || exposure < 0.0 || (exposure == 0.0 && tickets > 0) {
            return Err(CountError::BadMonth { client, month, tickets, exposure });
        }
        if exposure > 0.0 {
            cells.push(Cell { count: f64::from(tickets), exposure });
        }
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WILD: [u32; 12] = [2, 5, 24, 2, 7, 8, 5, 6, 10, 18, 10, 14];
    const TAME: [u32; 12] = [8, 9, 7, 8, 10, 9, 8, 7, 9, 8, 8, 9];

    fn months(of: &[(u32, f64)]) -> Vec<ClientMonth> {
        of.iter().map(|(tickets, exposure)| ClientMonth { tickets: *tickets, exposure: *exposure }).collect()
    }

    fn log_likelihood(law: Frequency, counts: &[u32]) -> f64 {
        sum(counts.iter().map(|count| law.ln_probability(*count)))
    }

    #[test]
    fn a_fit_is_likelier_than_its_neighbours() -> Result<(), CountError> {
        let fitted = fit(&WILD)?;
        let (mean, k) = (fitted.law.mean(), fitted.law.dispersion());
        assert!((fitted.log_likelihood - log_likelihood(fitted.law, &WILD)).abs() < 1e-12);
        for near in [Frequency::dispersed(mean, k * 1.01), Frequency::dispersed(mean, k / 1.01), Frequency::dispersed(mean * 1.01, k)]
        {
            assert!(log_likelihood(near, &WILD) < fitted.log_likelihood);
        }
        assert!(dispersion_score(&WILD, k)?.abs() < 1e-9);
        Ok(())
    }

    #[test]
    fn counts_that_vary_less_than_by_chance_are_poisson() -> Result<(), CountError> {
        let alone: [u32; 1] = [4];
        let noughts: [u32; 3] = [0, 0, 0];
        for counts in [TAME.as_slice(), &alone, &noughts] {
            let fitted = fit(counts)?;
            assert_eq!(fitted.law.size(), None);
            assert_eq!(fit_by_moments(counts)?.size(), None);
            assert!((fitted.log_likelihood - log_likelihood(fitted.law, counts)).abs() < 1e-12);
        }
        assert!(dispersion_score(&TAME, 0.0)? < 0.0);
        assert_eq!(dispersion_score(&noughts, 0.0)?, 0.0);
        assert_eq!(dispersion_score(&noughts, 2.0)?, 0.0);
        Ok(())
    }

    #[test]
    fn moments_can_be_reckoned_by_hand() -> Result<(), CountError> {
        // Mean 4, variance (16 + 0 + 16) / 2 = 16, k = 12 / 16.
        assert_eq!(fit_by_moments(&[0, 4, 8])?, Frequency::dispersed(4.0, 0.75));
        assert!((dispersion_score(&[0, 4, 8], 0.0)? - 3.0 * (32.0 / 3.0 - 4.0) / 2.0).abs() < 1e-12);
        Ok(())
    }

    #[test]
    fn one_client_with_even_months_is_a_plain_sample() -> Result<(), CountError> {
        let even: Vec<(u32, f64)> = WILD.iter().map(|count| (*count, 20.0)).collect();
        let (common, plain) = (common_dispersion(&[months(&even)])?, fit(&WILD)?);
        assert!((common.dispersion / plain.law.dispersion() - 1.0).abs() < 1e-12);
        assert!((common.log_likelihood - plain.log_likelihood).abs() < 1e-11);
        assert!(common.rates.first().copied().flatten().is_some_and(|rate| (rate * 20.0 - plain.law.mean()).abs() < 1e-12));
        assert_eq!((common.months, common.law(3.0)), (12, Frequency::dispersed(3.0, common.dispersion)));
        Ok(())
    }

    #[test]
    fn clients_with_different_means_share_their_dispersion() -> Result<(), CountError> {
        let small: Vec<(u32, f64)> = WILD.iter().map(|count| (*count, 5.0)).collect();
        let large: Vec<(u32, f64)> = WILD.iter().map(|count| (*count * 40, 80.0)).collect();
        let common = common_dispersion(&[months(&small), Vec::new(), months(&large)])?;
        assert_eq!(common.rates.get(1), Some(&None));
        // The large client's counts vary as much in share, and by chance hardly at all.
        assert!(common.dispersion > fit(&WILD)?.law.dispersion() && common.dispersion < 0.6, "{}", common.dispersion);
        let none = common_dispersion(&[months(&[(0, 3.0), (0, 4.0)])])?;
        assert_eq!((none.dispersion, none.log_likelihood), (0.0, 0.0));
        Ok(())
    }

    #[test]
    fn little_evidence_stays_at_the_portfolio_and_much_leaves_it() -> Result<(), CountError> {
        let own = fit(&WILD)?.law.dispersion();
        let once: Vec<(u32, f64)> = WILD.iter().map(|count| (*count, 1.0)).collect();
        let often: Vec<(u32, f64)> = once.iter().copied().cycle().take(12_000).collect();
        let portfolio = 0.05;
        assert_eq!(shrunk_dispersion(&[], portfolio, DISPERSION_WIDTH)?, portfolio);
        assert_eq!(shrunk_dispersion(&months(&once), 0.0, DISPERSION_WIDTH)?, 0.0);
        let between = shrunk_dispersion(&months(&once), portfolio, DISPERSION_WIDTH)?;
        assert!(between > portfolio && between < own, "{between}");
        let much = shrunk_dispersion(&months(&often), portfolio, DISPERSION_WIDTH)?;
        assert!((much / own - 1.0).abs() < 1e-2, "{much} is not {own}");
        let narrow = shrunk_dispersion(&months(&once), portfolio, 1e-6)?;
        assert!((narrow / portfolio - 1.0).abs() < 1e-6);
        let tame: Vec<(u32, f64)> = TAME.iter().map(|count| (*count, 1.0)).collect();
        assert!(shrunk_dispersion(&months(&tame), portfolio, DISPERSION_WIDTH)? < portfolio);
        Ok(())
    }

    #[test]
    fn the_shrunk_dispersion_is_the_mode_of_its_posterior() -> Result<(), CountError> {
        let (portfolio, width) = (0.2, 0.5);
        let mode = shrunk_dispersion(&months(&[(3, 1.0), (9, 2.0), (0, 0.5), (30, 2.0)]), portfolio, width)?;
        let cells = cells(0, &months(&[(3, 1.0), (9, 2.0), (0, 0.5), (30, 2.0)]))?;
        let slope = mode * group_score(&cells, mode) - (mode / portfolio).ln() / (width * width);
        assert!(slope.abs() < 1e-12, "{slope}");
        Ok(())
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        assert_eq!(fit(&[]), Err(CountError::Empty));
        assert_eq!(fit_by_moments(&[]), Err(CountError::Empty));
        assert_eq!(dispersion_score(&[], 1.0), Err(CountError::Empty));
        assert!(matches!(dispersion_score(&[1], -1.0), Err(CountError::BadTarget { .. })));
        assert_eq!(common_dispersion(&[months(&[(0, 0.0)])]), Err(CountError::Empty));
        let tickets_from_none = Err(CountError::BadMonth { client: 1, month: 0, tickets: 2, exposure: 0.0 });
        assert_eq!(common_dispersion(&[Vec::new(), months(&[(2, 0.0)])]), tickets_from_none);
        assert!(matches!(common_dispersion(&[months(&[(2, f64::NAN)])]), Err(CountError::BadMonth { .. })));
        assert!(matches!(shrunk_dispersion(&[], -0.1, 0.5), Err(CountError::BadTarget { .. })));
        assert!(matches!(shrunk_dispersion(&[], 0.1, 0.0), Err(CountError::BadTarget { .. })));
    }
}
