//! How far a client's own mean is believed against the portfolio's: the model of Bühlmann and Straub.
//! It knows no tickets and no hours: a value per unit of weight in each period is all it needs.
//!
//! With X_i the weighted mean of client i, w_i its weight and z_i = w_i a / (w_i a + s2), the premium is
//! z_i X_i + (1 - z_i) m, where m is the mean of the X_i weighted by the z_i.
//! Source: Bühlmann and Gisler, A Course in Credibility Theory and its Applications, 2005, chapter 4.

use crate::number::{float, root, sum};

/// What one client showed in one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// For example tickets per workstation, or hours per workstation.
    pub value: f64,
    /// For example workstations. A period of weight 0 is ignored.
    pub weight: f64,
}

/// What was observed cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CredibilityError {
    /// There is no client, or none with a period of some weight.
    #[error("no client has a period with a weight above 0")]
    Empty,
    /// A weight below 0, or a value or a weight that is not a finite number.
    #[error("period {period} of client {client} has the value {value} with the weight {weight}")]
    NotUsable {
        /// The position of the client, from 0.
        client: usize,
        /// The position of the period, from 0.
        period: usize,
        /// Its value.
        value: f64,
        /// Its weight.
        weight: f64,
    },
}

/// The whole model, with the between variance estimated in both usual ways.
#[derive(Clone, Debug, PartialEq)]
pub struct Credibility {
    /// s2: the variance of a value of weight 1 around its client's mean. Nothing when no client has two periods.
    pub within_variance: Option<f64>,
    /// a as the unbiased formula gives it, which may be below 0. Nothing with less than two clients, or without a
    /// within variance.
    pub between_estimate: Option<f64>,
    /// With the unbiased estimate of a, cut off at 0.
    pub unbiased: Premiums,
    /// With the estimate of Bichsel and Straub, the root of a = sum z_i (X_i - m)^2 / (clients - 1). It is above 0
    /// exactly where the unbiased one is.
    pub iterative: Premiums,
}

/// What follows from one between variance.
#[derive(Clone, Debug, PartialEq)]
pub struct Premiums {
    /// a: the variance of the clients' true means. When it is 0 nobody differs, and every z is 0.
    pub between_variance: f64,
    /// m: the clients' means weighted by z; weighted by weight when every z is 0.
    pub collective_mean: f64,
    /// One for each client given, in their order.
    pub clients: Vec<ClientPremium>,
}

/// What is expected of one client, per unit of weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClientPremium {
    /// The sum of its weights.
    pub weight: f64,
    /// Its own mean; nothing for a client without periods.
    pub own_mean: Option<f64>,
    /// z: the share of its own mean in its premium, 0 to 1.
    pub factor: f64,
    /// The expected value.
    pub premium: f64,
}

/// A client's weight and its own mean.
#[derive(Clone, Copy)]
struct Own {
    weight: f64,
    mean: f64,
}

/// Fits the model to the periods of each client; a period that is missing is left out of its list.
///
/// A client without periods has z = 0 and the collective mean. One client alone, or clients with one period each,
/// cannot show how clients differ: then a is 0 and everyone has the collective mean by weights.
///
/// # Errors
///
/// Fails when there is nothing to average, and when a value or weight is not usable.
pub fn fit(clients: &[Vec<Period>]) -> Result<Credibility, CredibilityError> {
    check(clients)?;
    let owns: Vec<Option<Own>> = clients.iter().map(|periods| own(periods)).collect();
    let known: Vec<Own> = owns.iter().flatten().copied().collect();
    if known.is_empty() {
        return Err(CredibilityError::Empty);
    }
    let within_variance = within(clients, &owns);
    let between_estimate = within_variance.and_then(|within| between_unbiased(&known, within));
    let between = between_estimate.unwrap_or(0.0).max(0.0);
    let within = within_variance.unwrap_or(0.0);
    let iterative = if between > 0.0 { between_iterative(&known, within, between) } else { 0.0 };
    Ok(Credibility {
        within_variance,
        between_estimate,
        unbiased: premiums(&owns, within, between),
        iterative: premiums(&owns, within, iterative),
    })
}

fn check(clients: &[Vec<Period>]) -> Result<(), CredibilityError> {
    for (client, periods) in clients.iter().enumerate() {
        for (period, &Period { value, weight }) in periods.iter().enumerate() {
            if !(value.is_finite() && weight.is_finite() && weight >= 0.0) {
                return Err(CredibilityError::NotUsable { client, period, value, weight });
            }
        }
    }
    Ok(())
}

/// The periods that count.
fn weighed(periods: &[Period]) -> impl Iterator<Item = &Period> {
    periods.iter().filter(|period| period.weight > 0.0)
}

fn own(periods: &[Period]) -> Option<Own> {
    let weight = sum(weighed(periods).map(|period| period.weight));
    (weight > 0.0).then(|| Own { weight, mean: sum(weighed(periods).map(|period| period.weight * period.value)) / weight })
}

/// s2; nothing without degrees of freedom.
fn within(clients: &[Vec<Period>], owns: &[Option<Own>]) -> Option<f64> {
    let known = || clients.iter().zip(owns).filter_map(|(periods, own)| own.map(|own| (periods, own)));
    let freedom: usize = known().map(|(periods, _)| weighed(periods).count() - 1).sum();
    let squares =
        known().flat_map(|(periods, own)| weighed(periods).map(move |period| period.weight * (period.value - own.mean).powi(2)));
    (freedom > 0).then(|| sum(squares) / float(freedom))
}

/// a by the unbiased formula; nothing for less than two clients.
fn between_unbiased(known: &[Own], within: f64) -> Option<f64> {
    let weight = sum(known.iter().map(|own| own.weight));
    let mean = mean_by_weight(known);
    let squares = sum(known.iter().map(|own| own.weight * (own.mean - mean).powi(2)));
    let spread = weight - sum(known.iter().map(|own| own.weight * (own.weight / weight)));
    (known.len() > 1).then(|| (squares - float(known.len() - 1) * within) / spread)
}

/// The root of a = sum z_i (X_i - m)^2 / (r - 1) above 0.
///
/// Divided by a, the right side falls strictly in a and tends to 0. At 0 it is above 1 exactly when the unbiased
/// estimate is positive, so there is one root, and it lies between 0 and any a with a ratio below 1.
fn between_iterative(known: &[Own], within: f64, start: f64) -> f64 {
    let others = float(known.len() - 1);
    let squares = |between: f64| {
        let mean = collective(known, within, between);
        sum(known.iter().map(|own| factor(*own, within, between) * (own.mean - mean).powi(2)))
    };
    if within == 0.0 {
        return squares(start) / others;
    }
    let ratio = |between: f64| {
        let mean = collective(known, within, between);
        sum(known.iter().map(|own| own.weight * (own.mean - mean).powi(2) / (own.weight * between + within))) / others - 1.0
    };
    let mut most = start;
    for _ in 0..2_000 {
        if ratio(most) <= 0.0 {
            break;
        }
        most *= 2.0;
    }
    root(ratio, 0.0, most)
}

fn factor(own: Own, within: f64, between: f64) -> f64 {
    if between > 0.0 { own.weight * between / (own.weight * between + within) } else { 0.0 }
}

fn mean_by_weight(known: &[Own]) -> f64 {
    sum(known.iter().map(|own| own.weight * own.mean)) / sum(known.iter().map(|own| own.weight))
}

/// m. The factors are divided by a, so that they keep their ratios when a is near 0, and are weights when it is 0.
fn collective(known: &[Own], within: f64, between: f64) -> f64 {
    if between <= 0.0 {
        return mean_by_weight(known);
    }
    let share = |own: &Own| own.weight / (own.weight * between + within);
    sum(known.iter().map(|own| share(own) * own.mean)) / sum(known.iter().map(share))
}

fn premiums(owns: &[Option<Own>], within: f64, between: f64) -> Premiums {
    let known: Vec<Own> = owns.iter().flatten().copied().collect();
    let collective_mean = collective(&known, within, between);
    let premium = |own: &Option<Own>| match *own {
        None => ClientPremium { weight: 0.0, own_mean: None, factor: 0.0, premium: collective_mean },
        Some(own) => {
            let factor = factor(own, within, between);
            let premium = factor * own.mean + (1.0 - factor) * collective_mean;
            ClientPremium { weight: own.weight, own_mean: Some(own.mean), factor, premium }
        }
    };
    Premiums { between_variance: between, collective_mean, clients: owns.iter().map(premium).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn periods(of: &[(f64, f64)]) -> Vec<Period> {
        of.iter().map(|(value, weight)| Period { value: *value, weight: *weight }).collect()
    }

    fn near(got: f64, wanted: f64) {
        assert!((got - wanted).abs() <= 1e-13 * wanted.abs().max(1.0), "{got} is not {wanted}");
    }

    /// Both estimates meet where all weights are equal: s2 = 2, means 1, 5 and 9, a = 16 - 2 / 2 = 15.
    #[test]
    fn a_balanced_portfolio_can_be_reckoned_by_hand() -> Result<(), CredibilityError> {
        let fitted =
            fit(&[periods(&[(0.0, 1.0), (2.0, 1.0)]), periods(&[(4.0, 1.0), (6.0, 1.0)]), periods(&[(8.0, 1.0), (10.0, 1.0)])])?;
        near(fitted.within_variance.unwrap_or(0.0), 2.0);
        for premiums in [&fitted.unbiased, &fitted.iterative] {
            near(premiums.between_variance, 15.0);
            near(premiums.collective_mean, 5.0);
            let premium: Vec<f64> = premiums.clients.iter().map(|client| client.premium).collect();
            near(sum(premium.iter().copied()), 15.0);
            near(premium.first().copied().unwrap_or(0.0), 1.25);
        }
        Ok(())
    }

    #[test]
    fn clients_that_do_not_differ_have_the_mean_by_weights() -> Result<(), CredibilityError> {
        let fitted = fit(&[periods(&[(0.0, 1.0), (10.0, 3.0)]), periods(&[(10.0, 2.0), (6.0, 2.0)])])?;
        assert!(fitted.between_estimate.is_some_and(|between| between < 0.0));
        for premiums in [&fitted.unbiased, &fitted.iterative] {
            assert_eq!(premiums.between_variance, 0.0);
            near(premiums.collective_mean, 7.75);
            assert!(premiums.clients.iter().all(|client| client.factor == 0.0 && client.premium == premiums.collective_mean));
        }
        Ok(())
    }

    #[test]
    fn a_single_client_has_its_own_mean() -> Result<(), CredibilityError> {
        let fitted = fit(&[periods(&[(1.0, 1.0), (4.0, 2.0)])])?;
        assert_eq!(fitted.between_estimate, None);
        near(fitted.unbiased.collective_mean, 3.0);
        assert_eq!(fitted.unbiased.clients.first().map(|client| (client.factor, client.premium)), Some((0.0, 3.0)));
        Ok(())
    }

    #[test]
    fn single_periods_cannot_tell_chance_from_difference() -> Result<(), CredibilityError> {
        let fitted = fit(&[periods(&[(1.0, 1.0)]), periods(&[(4.0, 2.0)])])?;
        assert_eq!((fitted.within_variance, fitted.between_estimate), (None, None));
        assert!(fitted.iterative.clients.iter().all(|client| client.premium == 3.0 && client.factor == 0.0));
        Ok(())
    }

    #[test]
    fn a_client_without_periods_has_the_collective_mean() -> Result<(), CredibilityError> {
        let with = |extra: Vec<Period>| fit(&[periods(&[(1.0, 1.0), (2.0, 1.0)]), extra, periods(&[(8.0, 4.0), (9.0, 4.0)])]);
        let (none, nought) = (with(Vec::new())?, with(periods(&[(7.0, 0.0)]))?);
        assert_eq!(none, nought);
        let client = none.unbiased.clients.get(1).copied();
        assert_eq!(client, Some(ClientPremium { weight: 0.0, own_mean: None, factor: 0.0, premium: none.unbiased.collective_mean }));
        Ok(())
    }

    #[test]
    fn clients_without_any_chance_are_believed_wholly() -> Result<(), CredibilityError> {
        let fitted = fit(&[periods(&[(1.0, 1.0), (1.0, 5.0)]), periods(&[(3.0, 2.0), (3.0, 1.0)])])?;
        assert_eq!(fitted.within_variance, Some(0.0));
        assert!(fitted.iterative.clients.iter().all(|client| client.factor == 1.0 && Some(client.premium) == client.own_mean));
        near(fitted.iterative.between_variance, 2.0);
        near(fitted.iterative.collective_mean, 2.0);
        Ok(())
    }

    #[test]
    fn the_iterative_estimate_solves_its_equation() -> Result<(), CredibilityError> {
        let fitted = fit(&[
            periods(&[(1.0, 10.0), (1.3, 12.0)]),
            periods(&[(2.2, 900.0), (2.1, 950.0)]),
            periods(&[(1.6, 3.0), (1.4, 4.0), (2.2, 1.0)]),
        ])?;
        let premiums = &fitted.iterative;
        let squares =
            premiums.clients.iter().map(|client| client.factor * (client.own_mean.unwrap_or(0.0) - premiums.collective_mean).powi(2));
        near(sum(squares) / 2.0 / premiums.between_variance, 1.0);
        assert!(premiums.between_variance > 0.0);
        Ok(())
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        assert_eq!(fit(&[]), Err(CredibilityError::Empty));
        assert_eq!(fit(&[Vec::new(), periods(&[(1.0, 0.0)])]), Err(CredibilityError::Empty));
        for (value, weight) in [(f64::NAN, 1.0), (1.0, -1.0), (1.0, f64::INFINITY)] {
            let refused = fit(&[periods(&[(1.0, 1.0)]), periods(&[(1.0, 1.0), (value, weight)])]);
            assert!(matches!(refused, Err(CredibilityError::NotUsable { client: 1, period: 1, .. })), "{refused:?}");
        }
    }
}
