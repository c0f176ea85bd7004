//! How well usual laws describe a client's past, and how far its plain averages can be trusted. It changes no comparison: that draws
//! whole incidents as they were.

use rayon::prelude::*;
use serde::Serialize;

use crate::fit::Replicates;
use crate::fit::count::{self, CountError};
use crate::fit::goodness::{Verdict, judge};
use crate::fit::interval::{Interval, bootstrap};
use crate::fit::severity::{Family, SeverityLaw};
use crate::history::{History, Incident, MonthSeen};
use crate::number::{float, sum};

/// Hours of at most so many incidents are fitted, spread over the whole past.
const HOURS_MAX: usize = 200;
/// Samples that are drawn from each fitted law, to see how far off they lie.
const JUDGED: usize = 199;
/// Times that the past is drawn anew for an interval.
const REDRAWN: usize = 1_000;
/// The share of cases between both ends of an interval.
const SHARE: f64 = 0.8;

/// What a client's past says by itself, without the provider's other clients.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// Tickets a workstation a month; whole months are drawn anew.
    pub rate: Option<Range>,
    /// Hours a ticket that count; whole incidents are drawn anew.
    pub hours_per_ticket: Option<Range>,
    /// Hours of a month that count; whole months are drawn anew.
    pub month_hours: Option<Range>,
    /// The law of a month's tickets; none with fewer than three months or without tickets.
    pub counts: Option<CountEvidence>,
    /// Laws of a ticket's hours that could be fitted, the best first (Akaike's criterion).
    pub laws: Vec<LawEvidence>,
    /// Incidents whose hours were fitted.
    pub fitted: usize,
}

/// An average with the interval that holds the true one in eight of ten cases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    /// What was seen.
    pub observed: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// How a client's tickets vary from month to month.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CountEvidence {
    /// Tickets a month.
    pub mean: f64,
    /// The variance is mean + dispersion x mean^2: 0 for a Poisson law. By maximum likelihood.
    pub dispersion: f64,
    /// The same by the mean and the variance alone.
    pub dispersion_by_moments: f64,
    /// The interval of the latter.
    pub dispersion_range: Option<Range>,
    /// Months.
    pub months: usize,
}

/// One law of a ticket's hours.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LawEvidence {
    /// Its family, such as `lognormal`.
    pub family: &'static str,
    /// Its parameters by name; scales in hours.
    pub parameters: Vec<(&'static str, f64)>,
    /// Its mean hours.
    pub mean: f64,
    /// Akaike's criterion: the lowest is the best.
    pub aic: f64,
    /// The largest gap between law and data (Kolmogorov and Smirnov), and the share of samples from the law that are further off.
    pub kolmogorov_smirnov: (f64, Option<f64>),
    /// The distance with weight on the tails (Anderson and Darling), and the share of samples that are further off.
    pub anderson_darling: (f64, Option<f64>),
    /// The same in a word.
    pub verdict: &'static str,
}

/// Looks at a client's past. The same seed gives the same intervals and shares.
#[must_use]
pub fn evidence(history: &History, seed: u64) -> Evidence {
    let redrawn = Replicates { count: REDRAWN, seed };
    let months = &history.months;
    let of_months = |statistic: &dyn Fn(&[MonthSeen]) -> f64| bootstrap(months, SHARE, redrawn, statistic).ok().map(Range::from);
    let hours: Vec<f64> = history.incidents.iter().map(|(_, incident)| incident.hours()).filter(|hours| *hours > 0.0).collect();
    let every = hours.len().div_ceil(HOURS_MAX).max(1);
    let fitted: Vec<f64> = hours.iter().copied().step_by(every).collect();
    let mut laws: Vec<LawEvidence> = Family::ALL.par_iter().filter_map(|family| law(*family, &fitted, seed)).collect();
    laws.sort_by(|one, other| one.aic.total_cmp(&other.aic));
    Evidence {
        rate: of_months(&rate),
        hours_per_ticket: bootstrap(&hours, SHARE, redrawn, crate::number::mean).ok().map(Range::from),
        month_hours: of_months(&|months| sum(months.iter().map(|month| month.hours)) / float(months.len())),
        counts: counts(months, redrawn),
        laws,
        fitted: fitted.len(),
    }
}

impl From<Interval> for Range {
    fn from(interval: Interval) -> Self {
        Self { observed: interval.observed, low: interval.low, high: interval.high }
    }
}

fn rate(months: &[MonthSeen]) -> f64 {
    let exposure = sum(months.iter().map(|month| month.workstations().max(1.0)));
    sum(months.iter().map(|month| f64::from(month.tickets))) / exposure
}

fn counts(months: &[MonthSeen], redrawn: Replicates) -> Option<CountEvidence> {
    let tickets: Vec<u32> = months.iter().map(|month| month.tickets).collect();
    if tickets.len() < 3 || tickets.iter().all(|count| *count == 0) {
        return None;
    }
    let by_moments = |counts: &[u32]| -> Result<f64, CountError> { Ok(count::fit_by_moments(counts)?.dispersion()) };
    let fitted = count::fit(&tickets).ok()?;
    let range = bootstrap(&tickets, SHARE, redrawn, |drawn| by_moments(drawn).unwrap_or(f64::NAN));
    Some(CountEvidence {
        mean: fitted.law.mean(),
        dispersion: fitted.law.dispersion(),
        dispersion_by_moments: by_moments(&tickets).ok()?,
        dispersion_range: range.ok().map(Range::from),
        months: tickets.len(),
    })
}

fn law(family: Family, hours: &[f64], seed: u64) -> Option<LawEvidence> {
    let judged = judge(family, hours, Replicates { count: JUDGED, seed }).ok()?;
    let (name, parameters) = named(judged.fit.law);
    let shares = judged.p_values;
    Some(LawEvidence {
        family: name,
        parameters,
        mean: judged.fit.law.mean(),
        aic: judged.fit.aic,
        kolmogorov_smirnov: (judged.distances.kolmogorov_smirnov, shares.map(|shares| shares.kolmogorov_smirnov)),
        anderson_darling: (judged.distances.anderson_darling, shares.map(|shares| shares.anderson_darling)),
        verdict: match judged.verdict {
            Verdict::TooFew => "has too few to say",
            Verdict::Fits => "fits",
            Verdict::Doubtful => "is doubtful",
            Verdict::DoesNotFit => "does not fit",
        },
    })
}

fn named(law: SeverityLaw) -> (&'static str, Vec<(&'static str, f64)>) {
    match law {
        SeverityLaw::Exponential { mean } => ("exponential", vec![("mean", mean)]),
        SeverityLaw::Lognormal { mu, sigma } => ("lognormal", vec![("mu", mu), ("sigma", sigma)]),
        SeverityLaw::Gamma { shape, scale } => ("gamma", vec![("shape", shape), ("scale", scale)]),
        SeverityLaw::Weibull { shape, scale } => ("weibull", vec![("shape", shape), ("scale", scale)]),
        SeverityLaw::Burr { power, tail, scale } => ("burr-xii", vec![("power", power), ("tail", tail), ("scale", scale)]),
    }
}

/// The hours below which a fitted law has so large a share, in hours.
#[must_use]
pub fn quantile_of(law: SeverityLaw, share: f64) -> f64 {
    let mut high = law.mean().clamp(1e-3, 1e4);
    while law.cdf(high) < share && high < 1e5 {
        high *= 2.0;
    }
    crate::number::root(|hours| law.cdf(hours) - share, 0.0, high)
}

/// The law of a family fitted to a client's own usual incidents; none where it cannot be.
#[must_use]
pub fn fitted(history: &History, family: Family) -> Option<SeverityLaw> {
    let own = history.incidents.iter().map(|(_, incident)| incident).filter(|incident| !crate::portfolio::is_severe(incident));
    let hours: Vec<f64> = own.map(Incident::hours).filter(|hours| *hours > 0.0).collect();
    crate::fit::severity::fit(family, &hours).ok().map(|fit| fit.law).filter(|law| law.mean().is_finite())
}

#[cfg(test)]
mod tests {
    use quarterhour_billing::{DeviceCount, Period};

    use super::*;

    fn history(months: u32) -> History {
        let first = Period::parse("2025-01").unwrap_or_else(|| unreachable!("a period"));
        let seen = |number: u32| MonthSeen {
            period: first.plus(number),
            tickets: 8 + number % 5,
            hours: f64::from(8 + number % 5) * 0.5,
            devices: DeviceCount::from_classes(|_| 10),
        };
        History { months: (0..months).map(seen).collect(), incidents: Vec::new(), courtesy_hours: 0.0 }
    }

    #[test]
    fn averages_lie_within_their_intervals_which_few_months_make_wide() {
        let (many, few) = (evidence(&history(60), 3), evidence(&history(4), 3));
        let width = |evidence: &Evidence| evidence.rate.map_or(0.0, |range| range.high - range.low);
        for evidence in [&many, &few] {
            let range = evidence.rate.unwrap_or_else(|| unreachable!("there are months"));
            assert!(range.low <= range.observed && range.observed <= range.high, "{range:?}");
        }
        assert!(width(&few) > 2.0 * width(&many));
        assert_eq!(many.counts.map(|counts| counts.months), Some(60));
        // Tickets that vary less than chance would have no dispersion.
        assert_eq!(many.counts.map(|counts| counts.dispersion), Some(0.0));
    }

    #[test]
    fn nothing_seen_says_nothing() {
        assert_eq!(evidence(&History::default(), 1), Evidence::default());
        assert_eq!(evidence(&history(2), 1).counts, None);
    }

    #[test]
    fn a_quantile_is_where_the_law_says() {
        let law = SeverityLaw::Exponential { mean: 2.0 };
        assert!((quantile_of(law, 0.5) - 2.0 * 2.0_f64.ln()).abs() < 1e-9);
    }
}
