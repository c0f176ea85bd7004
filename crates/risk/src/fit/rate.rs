//! Tickets per unit of exposure of each client, for example per workstation-month: gamma-Poisson over a portfolio.
//! It looks at a client's totals only; how months differ is in [`count`](crate::fit::count).
//!
//! A client's true rate is drawn from a gamma with shape alpha and rate beta, its tickets from a Poisson with the
//! mean rate x exposure. Both parameters are where the marginal likelihood of all clients is highest. A client's
//! rate, once n tickets came from an exposure of w, is a gamma with shape alpha + n and rate beta + w.
//! Source: Klugman, Panjer and Willmot, Loss Models, chapters on parametric empirical Bayes.

use crate::fit::dispersion::{Cell, Peak, peak};
use crate::frequency::Frequency;

/// What one client showed in all its months.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClientTotal {
    /// Tickets.
    pub tickets: u32,
    /// For example workstation-months.
    pub exposure: f64,
}

/// What was observed cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RateError {
    /// There is no client, or none with exposure.
    #[error("no client has an exposure above 0")]
    NoExposure,
    /// An exposure below 0 or not finite.
    #[error("client {client} has the exposure {exposure}")]
    BadExposure {
        /// The position of the client, from 0.
        client: usize,
        /// Its exposure.
        exposure: f64,
    },
    /// Tickets came from nothing.
    #[error("client {client} has {tickets} tickets without exposure")]
    TicketsWithoutExposure {
        /// The position of the client, from 0.
        client: usize,
        /// Its tickets.
        tickets: u32,
    },
}

/// What is known of a rate of tickets per unit of exposure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RateLaw {
    /// It differs between clients, or is not certain for one.
    Gamma {
        /// Alpha, or alpha + n for a client.
        shape: f64,
        /// Beta, or beta + w for a client, in units of exposure.
        rate: f64,
    },
    /// All clients have one and the same: nothing in the portfolio speaks for more than chance. Alpha and beta are
    /// infinite, and this is their ratio. It is 0 when there were no tickets at all, which is then all that is known.
    Pooled {
        /// Tickets per unit of exposure.
        rate: f64,
    },
}

/// The rates of a portfolio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateFit {
    /// How rates are spread over clients.
    pub law: RateLaw,
    /// The logarithm of the marginal likelihood, without the terms ln n! and n ln w that no parameter touches.
    pub log_likelihood: f64,
    /// Clients with exposure.
    pub clients: usize,
}

/// Fits the spread of rates to a portfolio by marginal maximum likelihood.
///
/// One client alone, and clients that differ no more than by chance, give [`RateLaw::Pooled`]. Clients without
/// exposure say nothing and are passed over.
///
/// # Errors
///
/// Fails without any exposure, with one that is not usable, and with tickets that came from none.
pub fn fit(clients: &[ClientTotal]) -> Result<RateFit, RateError> {
    let cells = cells(clients)?;
    let count = cells.len();
    if count == 0 {
        return Err(RateError::NoExposure);
    }
    let Peak { dispersion, rates, log_likelihood } = peak(&[cells]);
    let rate = rates.first().copied().unwrap_or(0.0);
    let law = if dispersion > 0.0 {
        RateLaw::Gamma { shape: 1.0 / dispersion, rate: 1.0 / (dispersion * rate) }
    } else {
        RateLaw::Pooled { rate }
    };
    Ok(RateFit { law, log_likelihood, clients: count })
}

/// Clients are the cells of one group: given the mean rate, a client's tickets are negative binomial with the size
/// alpha.
fn cells(clients: &[ClientTotal]) -> Result<Vec<Cell>, RateError> {
    let mut cells = Vec::with_capacity(clients.len());
    for (client, &ClientTotal { tickets, exposure }) in clients.iter().enumerate() {
        if !exposure.is_finite() || exposure < 0.0 {
            return Err(RateError::BadExposure { client, exposure });
        }
        if exposure > 0.0 {
            cells.push(Cell { count: f64::from(tickets), exposure });
        } else if tickets > 0 {
            return Err(RateError::TicketsWithoutExposure { client, tickets });
        }
    }
    Ok(cells)
}

impl RateLaw {
    /// The mean rate.
    #[must_use]
    pub fn mean(self) -> f64 {
        match self {
            Self::Gamma { shape, rate } => shape / rate,
            Self::Pooled { rate } => rate,
        }
    }

    /// The variance of the rate; 0 for a pooled one.
    #[must_use]
    pub fn variance(self) -> f64 {
        match self {
            Self::Gamma { shape, rate } => shape / rate / rate,
            Self::Pooled { .. } => 0.0,
        }
    }

    /// What is known of a client's rate once its tickets were seen; its mean is (alpha + n) / (beta + w).
    /// A pooled rate stays as it is. An exposure of 0 with no tickets changes nothing.
    #[must_use]
    pub fn posterior(self, client: ClientTotal) -> Self {
        match self {
            Self::Gamma { shape, rate } => Self::Gamma { shape: shape + f64::from(client.tickets), rate: rate + client.exposure },
            Self::Pooled { rate } => Self::Pooled { rate },
        }
    }

    /// The law of the tickets of a period with some exposure, both chance and doubt about the rate included.
    #[must_use]
    pub fn predictive(self, exposure: f64) -> Frequency {
        match self {
            Self::Gamma { shape, rate } => Frequency::NegativeBinomial { size: shape, mean: shape / rate * exposure },
            Self::Pooled { rate } => Frequency::Poisson { mean: rate * exposure },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::sum;
    use crate::special::{digamma, ln_gamma};

    fn clients(of: &[(u32, f64)]) -> Vec<ClientTotal> {
        of.iter().map(|(tickets, exposure)| ClientTotal { tickets: *tickets, exposure: *exposure }).collect()
    }

    #[test]
    fn both_scores_vanish_at_the_fit() -> Result<(), RateError> {
        let portfolio = clients(&[(30, 10.0), (2, 12.0), (55, 60.0), (0, 3.0), (900, 400.0)]);
        let fitted = fit(&portfolio)?;
        let RateLaw::Gamma { shape, rate } = fitted.law else { return Err(RateError::NoExposure) };
        let each =
            |part: &dyn Fn(f64, f64) -> f64| sum(portfolio.iter().map(|client| part(f64::from(client.tickets), client.exposure)));
        let in_shape = each(&|n, w| digamma(shape + n) - digamma(shape) + (rate / (rate + w)).ln());
        let in_rate = each(&|n, w| shape / rate - (shape + n) / (rate + w));
        assert!(in_shape.abs() < 1e-12 && in_rate.abs() < 1e-12, "{in_shape} {in_rate}");
        let likelihood = each(&|n, w| ln_gamma(shape + n) - ln_gamma(shape) + shape * rate.ln() - (shape + n) * (rate + w).ln());
        assert!((fitted.log_likelihood / likelihood - 1.0).abs() < 1e-12);
        assert_eq!(fitted.clients, 5);
        Ok(())
    }

    #[test]
    fn a_unit_of_exposure_is_a_matter_of_taste() -> Result<(), RateError> {
        let in_months = fit(&clients(&[(30, 10.0), (2, 12.0), (55, 60.0)]))?;
        let in_days = fit(&clients(&[(30, 300.0), (2, 360.0), (55, 1_800.0)]))?;
        assert!((in_months.law.mean() / in_days.law.mean() / 30.0 - 1.0).abs() < 1e-12);
        assert!((in_months.law.variance() / in_days.law.variance() / 900.0 - 1.0).abs() < 1e-10);
        Ok(())
    }

    /// A large client without tickets among small ones with many: the pooled rate is far from the mean one.
    #[test]
    fn a_large_client_without_tickets_does_not_hide_the_others() -> Result<(), RateError> {
        let portfolio = clients(&[(300, 3.0), (0, 900.0), (40, 2.0), (7, 5.0)]);
        let fitted = fit(&portfolio)?;
        let RateLaw::Gamma { shape, rate } = fitted.law else { return Err(RateError::NoExposure) };
        let left = sum(portfolio.iter().map(|client| shape / rate - (shape + f64::from(client.tickets)) / (rate + client.exposure)));
        assert!(left.abs() < 1e-12 * fitted.law.mean() && fitted.law.mean() > 10.0, "{fitted:?}");
        Ok(())
    }

    #[test]
    fn clients_that_do_not_differ_are_pooled() -> Result<(), RateError> {
        for portfolio in [clients(&[(10, 10.0), (11, 10.0), (60, 60.0)]), clients(&[(7, 3.5)]), clients(&[(7, 3.5), (0, 0.0)])] {
            let fitted = fit(&portfolio)?;
            let tickets = sum(portfolio.iter().map(|client| f64::from(client.tickets)));
            let exposure = sum(portfolio.iter().map(|client| client.exposure));
            assert_eq!(fitted.law, RateLaw::Pooled { rate: tickets / exposure });
            assert!((fitted.log_likelihood - (tickets * (tickets / exposure).ln() - tickets)).abs() < 1e-11);
        }
        Ok(())
    }

    #[test]
    fn no_tickets_at_all_are_a_rate_of_nought() -> Result<(), RateError> {
        let fitted = fit(&clients(&[(0, 10.0), (0, 20.0)]))?;
        assert_eq!((fitted.law, fitted.log_likelihood), (RateLaw::Pooled { rate: 0.0 }, 0.0));
        assert_eq!(fitted.law.predictive(5.0).cdf(0), 1.0);
        Ok(())
    }

    #[test]
    fn a_client_moves_from_the_portfolio_to_its_own_rate() {
        let prior = RateLaw::Gamma { shape: 2.0, rate: 4.0 };
        assert_eq!(prior.posterior(ClientTotal { tickets: 0, exposure: 0.0 }), prior);
        let after = prior.posterior(ClientTotal { tickets: 10, exposure: 8.0 });
        assert_eq!(after, RateLaw::Gamma { shape: 12.0, rate: 12.0 });
        assert_eq!((after.mean(), after.variance()), (1.0, 1.0 / 12.0));
        assert_eq!(after.predictive(3.0), Frequency::NegativeBinomial { size: 12.0, mean: 3.0 });
        let pooled = RateLaw::Pooled { rate: 0.5 };
        assert_eq!(pooled.posterior(ClientTotal { tickets: 10, exposure: 8.0 }), pooled);
        assert_eq!((pooled.mean(), pooled.variance(), pooled.predictive(4.0)), (0.5, 0.0, Frequency::Poisson { mean: 2.0 }));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        assert_eq!(fit(&[]), Err(RateError::NoExposure));
        assert_eq!(fit(&clients(&[(0, 0.0)])), Err(RateError::NoExposure));
        assert_eq!(fit(&clients(&[(1, 1.0), (3, 0.0)])), Err(RateError::TicketsWithoutExposure { client: 1, tickets: 3 }));
        assert_eq!(fit(&clients(&[(1, -1.0)])), Err(RateError::BadExposure { client: 0, exposure: -1.0 }));
        assert!(matches!(fit(&clients(&[(1, f64::NAN)])), Err(RateError::BadExposure { client: 0, .. })));
    }
}
