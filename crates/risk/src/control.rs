//! Sums over a course that are known exactly: hours, what a price list makes of them, what lies beyond an allowance. Simulated
//! costs lean on them.

use num_complex::Complex64;

use crate::comparison::Plan;
use crate::demand::Demand;
use crate::estimate::{Control, Estimate};
use crate::frequency::Frequency;
use crate::law::{Compound, Grid, Grids, Part, overage_in_moods};
use crate::number::{float, index, sum};
use crate::path::{DrawnMonth, Path};
use crate::severity::Severity;

/// With fewer courses nothing is asked of quantiles.
const COURSES_MIN: usize = 128;
/// A sum of fewer weights a course stands on a few values, with gaps between its quantiles.
const COUNTED_MIN: f64 = 50.0;
/// Tickets of which a month has so many times more or fewer than its mean come in rare bunches.
const BUNCHED: f64 = 1.5;
/// Points of a law for a standard deviation of the usual work.
const SEEN: f64 = 3.0;
/// Points of a law.
const POINTS: usize = 1 << 11;

/// What each incident of an urn, and each hour of a severe event, adds to a sum.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// By position in the urn.
    pub usual: Vec<f64>,
    /// By kind of severe event: an hour of it.
    pub severe: Vec<f64>,
    /// Of each month only what lies beyond so much; all of it if none. Only for months that are alike.
    pub(crate) beyond: Option<f64>,
}

impl Weights {
    /// The hours of a demand's incidents.
    #[must_use]
    pub fn hours(demand: &Demand) -> Self {
        let usual = (0..demand.urn.len()).map(|position| demand.urn.hours(position)).collect();
        Self { usual, severe: vec![1.0; demand.severe.len()], beyond: None }
    }

    /// What a course adds up to.
    #[must_use]
    pub fn of(&self, path: &Path) -> f64 {
        path.months.iter().map(|month| (self.of_month(month) - self.beyond.unwrap_or(0.0)).max(0.0)).sum()
    }

    fn of_month(&self, month: &DrawnMonth) -> f64 {
        let usual = month.usual.iter().filter_map(|(position, _)| self.usual.get(usize::try_from(*position).ok()?)).sum::<f64>();
        let severe = month.severe.iter().filter_map(|drawn| Some(self.severe.get(drawn.kind)? * drawn.incident.hours()));
        usual + severe.sum::<f64>()
    }

    /// What tickets and what severe events add on average, over all months and without an allowance.
    #[must_use]
    pub fn means(&self, demand: &Demand) -> (f64, f64) {
        let tickets = sum(demand.usual.tickets.iter().map(|frequency| frequency.mean()));
        let usual = sum(self.usual.iter().zip(demand.urn.shares()).map(|(weight, (share, _))| weight * share));
        let years = float(demand.usual.tickets.len()) / 12.0;
        let severe = demand.severe.iter().zip(&self.severe).map(|(severe, weight)| weight * severe.a_year * severe.hours.mean());
        (tickets * usual, years * sum(severe))
    }

    /// The sum as a control for courses that are still to be drawn.
    #[must_use]
    pub fn control(&self, demand: &Demand, plan: Plan) -> Control {
        let law = Law::new(self, demand);
        let mut control = Control { mean: law.mean, ..Control::default() };
        if control.mean > 0.0 && (self.beyond.is_some() || law.is_dense() && plan.courses_max >= COURSES_MIN) {
            let never = self.beyond.is_some_and(|allowance| law.is_always_above(allowance));
            // What is always passed is taken off, and no more.
            let off = if never { self.beyond.unwrap_or(0.0) * float(law.months().len()) } else { 0.0 };
            let beyond = self.beyond.filter(|_| !never);
            let grid = beyond.map_or_else(|| law.total(), |allowance| law.beyond(allowance));
            (control.mean, control.error) = (grid.mean() - off, beyond.map_or(0.0, |_| grid.error_near(0.0)));
            let finest = law.finest(if beyond.is_some() { 1 } else { law.months().len() });
            let known_up_to = if grid.step() > finest { 0.0 } else { grid.cdf(grid.hours()) };
            // A law that lies at nought that often has no such quantile, and what lies past the grid is not known.
            let known = [0.5, 0.9, 0.95].into_iter().filter(|share| *share > grid.none() + 0.01 && *share < known_up_to - 0.01);
            control.above = self.beyond.filter(|_| known_up_to > 0.0).map(|_| 1.0 - grid.none());
            control.tail_mean =
                (known_up_to > 0.99).then(|| (0.95, Estimate { value: grid.tail_mean(0.95) - off, error: control.error }));
            // A quantile of what comes in steps is one of them, and the law is read smoothly between.
            let step = law.usual.as_ref().and_then(Severity::step).unwrap_or(0.0);
            let error = control.error.hypot(step / 12.0_f64.sqrt());
            control.quantiles = known.map(|share| (share, Estimate { value: grid.quantile(share) - off, error })).collect();
        }
        control
    }
}

/// The law of a sum: of tickets that come in other numbers each month, and of rare events.
struct Law<'a> {
    demand: &'a Demand,
    usual: Option<Severity>,
    rare: Vec<Part>,
    mean: f64,
}

impl<'a> Law<'a> {
    fn new(weights: &Weights, demand: &'a Demand) -> Self {
        let shares: Vec<(f64, f64)> = weights.usual.iter().copied().zip(demand.urn.shares().map(|(share, _)| share)).collect();
        let rare = demand.severe.iter().zip(&weights.severe).filter(|(severe, weight)| severe.a_year > 0.0 && **weight > 0.0);
        let rare = rare.map(|(severe, weight)| Part {
            frequency: Frequency::Poisson { mean: severe.a_year / 12.0 },
            severity: severe.hours.scaled(*weight),
        });
        let (usual, severe) = weights.means(demand);
        let law = (!shares.is_empty()).then(|| Severity::weighted(shares));
        Self { demand, usual: law, rare: rare.collect(), mean: usual + severe }
    }

    fn months(&self) -> &[Frequency] {
        &self.demand.usual.tickets
    }

    /// The share of the usual that counts.
    fn counted(&self) -> f64 {
        self.usual.as_ref().map_or(0.0, |severity| severity.survival(0.0))
    }

    /// Is its sum one of enough tickets that count, or of events alone, whose hours are never alike?
    fn is_dense(&self) -> bool {
        let tickets = sum(self.months().iter().map(|frequency| frequency.mean())) * self.counted();
        tickets == 0.0 || tickets >= COUNTED_MIN
    }

    /// Points that lie further apart do not tell the law of so many months.
    ///
    /// Where tickets come in rare bunches, few of them are as likely as many: the law is no smooth one, and a ticket's hours count.
    /// Rare events stretch a law far beyond the usual work, whose swings have to be seen all the same.
    fn finest(&self, months: usize) -> f64 {
        let Some(usual) = &self.usual else { return f64::INFINITY };
        let hours = usual.mean() / self.counted();
        let bunched = self.months().iter().any(|frequency| frequency.variance().sqrt() > BUNCHED * frequency.mean());
        let bunch = if bunched && hours > 0.0 { 2.0 * hours } else { f64::INFINITY };
        let alone = |frequency: &Frequency| Part { frequency: *frequency, severity: usual.clone() };
        let variance =
            sum(self.months().iter().take(months).map(|frequency| Compound { parts: vec![alone(frequency)] }.deviation().powi(2)));
        if self.rare.is_empty() || variance <= 0.0 { bunch } else { bunch.min(variance.sqrt() / SEEN) }
    }

    /// One month in a mood.
    fn month(&self, frequency: Frequency, mood: f64) -> Compound {
        let usual = self.usual.iter().map(|severity| Part { frequency: frequency.times(mood), severity: severity.clone() });
        Compound { parts: usual.chain(self.rare.iter().cloned()).collect() }
    }

    /// All months together.
    fn total(&self) -> Grid {
        let variance = sum(self.months().iter().map(|frequency| self.month(*frequency, 1.0).deviation().powi(2)));
        let moods = self.demand.usual.moods(variance.sqrt() / self.mean);
        let reach = (self.mean + 8.0 * variance.sqrt()) * moods.iter().map(|(_, mood)| *mood).fold(1.0, f64::max);
        let doubt = sum(moods.iter().map(|(share, mood)| share * (mood - 1.0).powi(2)));
        // So many that the law is seen on each side of its middle.
        let swing = (variance + doubt * self.mean * self.mean).sqrt();
        let points = (reach * 2.0 / swing * 16.0).max(reach * 4.0 / self.finest(self.months().len()));
        let points = index(points).clamp(POINTS, POINTS * 16).next_power_of_two();
        let step = reach * 2.0 / float(points);
        let severities: Vec<&Severity> = self.usual.iter().chain(self.rare.iter().map(|part| &part.severity)).collect();
        let usual = usize::from(self.usual.is_some());
        let like: Vec<(Frequency, f64)> =
            self.months().chunk_by(|one, other| one == other).filter_map(|own| Some((*own.first()?, float(own.len())))).collect();
        let law = |at: &[Complex64]| {
            let rare = at.iter().skip(usual).zip(&self.rare).map(|(z, part)| part.frequency.ln_generating(*z));
            let rare = rare.sum::<Complex64>() * float(self.months().len());
            let in_mood = |(share, mood): &(f64, f64)| -> Complex64 {
                let of = |z: &Complex64| -> Complex64 {
                    like.iter().map(|(frequency, months)| frequency.times(*mood).ln_generating(*z) * months).sum()
                };
                (at.iter().take(usual).map(of).sum::<Complex64>() + rare).exp() * share
            };
            moods.iter().map(in_mood).sum::<Complex64>()
        };
        let nought: Vec<Complex64> =
            self.usual.iter().map(|_| 1.0 - self.counted()).chain(self.rare.iter().map(|_| 0.0)).map(Complex64::from).collect();
        Grid::of_severities(&severities, (points, step), (self.mean, law(&nought).re), law, &mut Grids::new())
    }

    /// One month in each mood with its share, of months that are alike.
    fn moods(&self) -> Vec<(f64, Compound)> {
        let Some(first) = self.months().first().copied() else { return Vec::new() };
        let month = self.month(first, 1.0);
        let noise = month.deviation() / (month.mean() * float(self.months().len()).sqrt());
        let in_mood = |(share, mood)| (share, self.month(first, mood));
        self.demand.usual.moods(noise).into_iter().map(in_mood).collect()
    }

    /// Is every month above an allowance but for one in millions?
    fn is_always_above(&self, allowance: f64) -> bool {
        self.moods().iter().all(|(_, mood)| mood.mean() - 6.0 * mood.deviation() > allowance)
    }

    /// What lies beyond an allowance in each month, added up over months that are alike.
    fn beyond(&self, allowance: f64) -> Grid {
        let moods = self.moods();
        let months = u32::try_from(self.months().len()).unwrap_or(u32::MAX);
        let most = |of: &dyn Fn(&Compound) -> f64| moods.iter().map(|(_, mood)| of(mood)).fold(0.0, f64::max);
        let (mean, swing) = (most(&|mood| (mood.mean() - allowance).max(0.0)), most(&Compound::deviation));
        let hours = f64::from(months) * (mean + swing / 2.0) + 8.0 * f64::from(months).sqrt() * swing;
        // A fourth of the points is read; six for a standard deviation of the month.
        let reach = allowance + 2.0 * hours;
        let points = (reach / swing.max(1e-9) * 24.0).max(reach * 4.0 / self.finest(1));
        let points = index(points).clamp(POINTS * 2, POINTS * 8).next_power_of_two();
        overage_in_moods(&moods, (allowance, months), hours, points, &mut Grids::new())
    }
}

#[cfg(test)]
mod tests {
    use quarterhour_billing::{Billing, DeviceClass, Period, Words};

    use super::*;
    use crate::demand::{Severe, SevereWork, Urn, Usual};
    use crate::history::{Incident, Piece, PieceOn};
    use crate::law::Exact;

    fn demand(tickets: f64, minutes: impl Iterator<Item = u32>) -> Demand {
        let mut words = Words::default();
        let (tier, work_type) = (words.intern("helpdesk"), words.intern("remote"));
        let piece = |minutes| Piece { after: 0, minutes, tier, work_type, on: PieceOn::Nothing, billing: Billing::Billable };
        let incidents = minutes.map(|minutes| (1.0, Incident { weekday: 0, pieces: vec![piece(minutes)] }));
        Demand {
            usual: Usual { tickets: vec![Frequency::Poisson { mean: tickets }; 12], doubt: None },
            urn: Urn::new(incidents),
            severe: Vec::new(),
            severe_work: SevereWork { tier, work_type },
        }
    }

    fn plan() -> Plan {
        Plan::usual(Period::parse("2027-01").unwrap_or_else(|| unreachable!("a period")), 1)
    }

    /// Thousands of tickets, each far shorter than the points of the law are apart: a normal law with its skewness knows the quantile.
    #[test]
    fn many_short_tickets_do_not_widen_the_law() {
        let demand = demand(2_000.0, (2..30).map(|number| number * 3 % 23 + 1));
        let control = Weights::hours(&demand).control(&demand, plan());
        let [mean, variance, third] =
            Compound { parts: vec![Part { frequency: demand.usual.tickets[0].over(12), severity: demand.urn.severity() }] }
                .cumulants();
        for (share, z) in [(0.5, 0.0), (0.9, 1.281_551_566), (0.95, 1.644_853_627)] {
            let expected = mean + variance.sqrt() * z + third / variance * (z * z - 1.0) / 6.0;
            let got = control.quantiles.iter().find(|(own, _)| (own - share).abs() < 1e-9).map_or(f64::NAN, |(_, known)| known.value);
            assert!((got - expected).abs() < 0.01 * variance.sqrt(), "{share}: {got} is not {expected}, of {}", variance.sqrt());
        }
    }

    /// Tickets that come in very few months, by the hundred: as many as a gamma law of the shape of their sizes.
    #[test]
    fn bunches_are_as_wide_as_they_are() {
        let mut demand = demand(1.0, std::iter::once(30));
        for frequency in &mut demand.usual.tickets {
            *frequency = Frequency::NegativeBinomial { mean: 81.25, size: 0.02 };
        }
        for doubt in [None, Some(1_000.0)] {
            demand.usual.doubt = doubt;
            let control = Weights::hours(&demand).control(&demand, plan());
            for (share, known) in control.quantiles {
                let expected = crate::special::gamma_quantile(0.24, share) / 0.24 * 487.5;
                assert!((known.value / expected - 1.0).abs() < 0.02, "{share}: {} is not {expected}", known.value);
            }
        }
    }

    /// What lies beyond an allowance in such months, against months drawn by the hundred thousand.
    #[test]
    fn bunches_beyond_an_allowance_are_known() {
        use rand::SeedableRng;
        let mut demand = demand(1.0, std::iter::once(30));
        for frequency in &mut demand.usual.tickets {
            *frequency = Frequency::NegativeBinomial { mean: 81.25, size: 0.02 };
        }
        let control = Weights { beyond: Some(10.0), ..Weights::hours(&demand) }.control(&demand, plan());
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        let month = |random: &mut _| (f64::from(demand.usual.tickets[0].sample(random)) / 2.0 - 10.0).max(0.0);
        let years: Vec<f64> = (0..100_000).map(|_| (0..12).map(|_| month(&mut random)).sum()).collect();
        let plain = Control::default();
        for (share, known) in &control.quantiles {
            let drawn = crate::estimate::quantile_with(&years, *share, &plain);
            let doubt = 4.0 * drawn.error.hypot(known.error);
            assert!((drawn.value - known.value).abs() < doubt, "{share}: {known:?} is not {drawn:?}");
        }
        let drawn = crate::estimate::mean_with(&years, &plain);
        assert!((drawn.value - control.mean).abs() < 4.0 * drawn.error.hypot(control.error), "{} is not {drawn:?}", control.mean);
    }

    /// Three tickets of four hours take twelve hours: a month of exactly its allowance has no overage.
    #[test]
    fn a_tie_is_no_overage() {
        let mut demand = demand(3.0, std::iter::once(240));
        for rare in [0.0, 0.02] {
            demand.severe = vec![Severe::new("crash", rare, Severity::Gamma { shape: 4.0, scale: 3.0 }, DeviceClass::Server)];
            for allowance in [8.0, 12.0, 14.0, 16.0] {
                let control = Weights { beyond: Some(allowance), ..Weights::hours(&demand) }.control(&demand, plan());
                let month = Compound { parts: vec![Part { frequency: demand.usual.tickets[0], severity: demand.urn.severity() }] };
                let none = Exact::new(&month, 40.0).cdf(allowance).powi(12) * (-rare).exp();
                let above = control.above.expect("a chance");
                assert!((above - (1.0 - none)).abs() < 0.01, "{allowance} h, {rare} a year: {above} is not {}", 1.0 - none);
            }
        }
    }

    /// An allowance that is a small part of the work: what lies beyond it is nearly all.
    #[test]
    fn a_small_allowance_is_taken_off_each_month() {
        let demand = demand(60.0, (1..40).map(|number| number * 7));
        let hours = Weights::hours(&demand);
        let (all, rest) = (hours.control(&demand, plan()), Weights { beyond: Some(0.05), ..hours }.control(&demand, plan()));
        assert!((all.mean - rest.mean - 0.6).abs() < 1e-3, "{} and {}", all.mean, rest.mean);
        for ((_, whole), (share, beyond)) in all.quantiles.iter().zip(&rest.quantiles) {
            let (whole, beyond) = (whole.value, beyond.value);
            assert!((whole - beyond - 0.6).abs() < 0.02, "{share}: {whole} and {beyond}");
        }
        assert_eq!((all.quantiles.len(), rest.quantiles.len()), (3, 3));
    }
}
