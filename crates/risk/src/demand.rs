//! What a client will need: how many tickets each month, which ones, and rare severe events. It draws nothing.

use quarterhour_billing::{Billing, DeviceClass, Word};
use rand::Rng;
use rand_distr::Distribution;
use serde::{Deserialize, Serialize};

use crate::frequency::Frequency;
use crate::history::{Incident, Piece, PieceOn};
use crate::law::{Compound, Part};
use crate::number::{float, sum};
use crate::severity::Severity;
use crate::special::{gamma_quantile, normal_cdf, normal_pdf};

/// Incidents to draw from, with their weights.
#[derive(Clone, Debug, Default)]
pub struct Urn {
    incidents: Vec<Incident>,
    /// Hours that count, of each.
    hours: Vec<f64>,
    /// Weights added up to each incident, the last is 1.
    up_to: Vec<f64>,
    /// For each of equal parts of the share: the first position that may be meant.
    guide: Vec<usize>,
}

/// Parts of the share for each incident.
const GUIDE: usize = 2;

impl Urn {
    /// From incidents with weights above nought.
    #[must_use]
    pub fn new(weighted: impl IntoIterator<Item = (f64, Incident)>) -> Self {
        let (mut incidents, mut up_to, mut total) = (Vec::new(), Vec::new(), 0.0);
        for (weight, incident) in weighted.into_iter().filter(|(weight, _)| *weight > 0.0) {
            total += weight;
            up_to.push(total);
            incidents.push(incident);
        }
        up_to.iter_mut().for_each(|weight| *weight /= total);
        let parts = incidents.len() * GUIDE;
        let guide = (0..parts).map(|part| up_to.partition_point(|weight| *weight <= float(part) / float(parts))).collect();
        Self { hours: incidents.iter().map(Incident::hours).collect(), incidents, up_to, guide }
    }

    /// The position of the incident at a share between 0 and 1.
    #[must_use]
    pub fn position(&self, share: f64) -> usize {
        let part = crate::number::index(share * float(self.guide.len())).min(self.guide.len().saturating_sub(1));
        let first = self.guide.get(part).copied().unwrap_or(0);
        let before = self.up_to.iter().skip(first).take_while(|weight| **weight <= share).count();
        (first + before).min(self.incidents.len().saturating_sub(1))
    }

    /// The incident at a position.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<&Incident> {
        self.incidents.get(position)
    }

    /// Hours that count, of the incident at a position.
    #[must_use]
    pub fn hours(&self, position: usize) -> f64 {
        self.hours.get(position).copied().unwrap_or(0.0)
    }

    /// The weekday on which the incident at a position begins; Monday is 0.
    #[must_use]
    pub fn weekday(&self, position: usize) -> usize {
        self.incidents.get(position).map_or(0, |incident| incident.weekday)
    }

    /// How many incidents are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.incidents.len()
    }

    /// Is it empty?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.incidents.is_empty()
    }

    /// Incidents with their shares.
    pub fn shares(&self) -> impl Iterator<Item = (f64, &Incident)> {
        let before = std::iter::once(&0.0).chain(&self.up_to);
        self.incidents.iter().zip(self.up_to.iter().zip(before)).map(|(incident, (to, from))| (to - from, incident))
    }

    /// The hours of one draw.
    #[must_use]
    pub fn severity(&self) -> Severity {
        Severity::weighted(self.shares().map(|(share, incident)| (incident.hours(), share)).collect())
    }

    /// Mean hours of one draw.
    #[must_use]
    pub fn mean(&self) -> f64 {
        sum(self.shares().map(|(share, incident)| share * incident.hours()))
    }

    /// The same with all hours multiplied.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let incidents: Vec<Incident> = self.incidents.iter().map(|incident| incident.scaled(factor)).collect();
        Self {
            hours: incidents.iter().map(Incident::hours).collect(),
            incidents,
            up_to: self.up_to.clone(),
            guide: self.guide.clone(),
        }
    }

    /// The same with no incident longer than so many hours: what goes beyond is left out.
    #[must_use]
    pub fn capped(&self, hours: f64) -> Self {
        self.shaped(|own, _| own.min(hours))
    }

    /// The same incidents with other hours: from an incident's own, and the share of incidents up to the middle of it when they are
    /// sorted by their hours.
    #[must_use]
    pub fn shaped(&self, hours: impl Fn(f64, f64) -> f64) -> Self {
        let mut sorted: Vec<(usize, f64, &Incident)> =
            self.shares().enumerate().map(|(position, (share, incident))| (position, share, incident)).collect();
        sorted.sort_by(|one, other| self.hours(one.0).total_cmp(&self.hours(other.0)));
        let mut before = 0.0;
        let shaped = sorted.into_iter().map(|(position, share, incident)| {
            let own = self.hours(position);
            let wanted = hours(own, before + share / 2.0);
            before += share;
            let changed = if own > 0.0 && (wanted - own).abs() > 1e-12 { incident.scaled(wanted / own) } else { incident.clone() };
            (share, changed)
        });
        Self::new(shaped)
    }

    /// Incidents as a law of hours says, one for each of so many equal shares, each of a single piece of work. The shorter ones are
    /// helpdesk work, as `shares` of tiers says, the longest the last tier's.
    #[must_use]
    pub fn of_law(law: &Severity, count: usize, shares: &[(f64, Word)], work_type: Word) -> Self {
        let incident = |number: usize| {
            let share = (float(number) + 0.5) / float(count);
            let mut left = share;
            let tier = shares.iter().find(|(part, _)| {
                left -= part;
                left < 0.0
            });
            let tier = tier.or(shares.last()).map(|(_, tier)| *tier)?;
            let hours = quantile(law, share);
            let minutes = u32::try_from(crate::number::index((hours * 60.0).round().clamp(1.0, 30_000.0))).unwrap_or(1);
            // Spread over the working week, from nine to five.
            let (weekday, hour) = (number % 5, 9 + i64::try_from(number % 8).unwrap_or(0));
            let piece = Piece { after: hour * 3_600, minutes, tier, work_type, on: PieceOn::Nothing, billing: Billing::Billable };
            Some((1.0, Incident { weekday, pieces: vec![piece] }))
        };
        Self::new((0..count).filter_map(incident))
    }
}

/// The hours that are not passed with a chance of `share`.
fn quantile(law: &Severity, share: f64) -> f64 {
    let mut high = law.mean().max(1e-3);
    while law.survival(high) > 1.0 - share && high < 1e6 {
        high *= 2.0;
    }
    crate::number::root(|x| 1.0 - law.survival(x) - share, 0.0, high)
}

/// A rare event that no month's average shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Severe {
    /// What people call it.
    pub name: String,
    /// How many a year, for all the client's machines together.
    pub a_year: f64,
    /// Its hours.
    pub hours: Severity,
    /// The device that they are worked on.
    pub on: DeviceClass,
}

/// Work on a severe event ends after so many hours: four months of eight hours a day.
pub const SEVERE_MAX: f64 = 1_000.0;

impl Severe {
    /// An event whose hours end at [`SEVERE_MAX`].
    #[must_use]
    pub fn new(name: &str, a_year: f64, hours: Severity, on: DeviceClass) -> Self {
        let ends = hours.survival(SEVERE_MAX) > 1e-9;
        let hours = if ends { Severity::Capped { cap: SEVERE_MAX, of: Box::new(hours) } } else { hours };
        Self { name: name.to_owned(), a_year, hours, on }
    }
}

/// Tickets of each month, and the doubt about them: in truth there may be more or fewer in all of them.
#[derive(Clone, Debug)]
pub struct Usual {
    /// By month, on average over the doubt.
    pub tickets: Vec<Frequency>,
    /// The shape of a gamma law with mean 1, of which each course's factor is drawn: a doubt as large as that about the rate of so many
    /// tickets. None without doubt.
    pub doubt: Option<f64>,
}

/// Factors lie so many standard deviations of a normal score to each side.
const SCORES: f64 = 4.5;

impl Usual {
    /// With a doubt like that about the rate of so many tickets.
    #[must_use]
    pub fn new(tickets: Vec<Frequency>, shape: f64) -> Self {
        Self { tickets, doubt: Some(shape).filter(|shape| shape.is_finite() && *shape > 0.0) }
    }

    /// The factor of a course.
    pub fn mood(&self, random: &mut impl Rng) -> f64 {
        let law = self.doubt.and_then(|shape| rand_distr::Gamma::new(shape, 1.0 / shape).ok());
        law.map_or(1.0, |law| law.sample(random))
    }

    /// Factors with their shares that stand for all of them, where chance scatters sums by `noise` of their mean: so near to each other
    /// that no gap is left between the laws in two of them.
    #[must_use]
    pub fn moods(&self, noise: f64) -> Vec<(f64, f64)> {
        let Some(shape) = self.doubt else { return vec![(1.0, 1.0)] };
        let doubt = shape.sqrt().recip();
        let step = (0.8 * noise / noise.hypot(doubt) / (1.0 + doubt)).clamp(0.1, 0.75);
        let each_side = i32::try_from(crate::number::index(SCORES / step)).unwrap_or(0);
        let mood = |number: i32| {
            let score = f64::from(number) * step;
            (normal_pdf(score), gamma_quantile(shape, normal_cdf(score)) / shape)
        };
        let moods: Vec<(f64, f64)> = (-each_side..=each_side).map(mood).collect();
        let total = sum(moods.iter().map(|(share, _)| *share));
        let mean = sum(moods.iter().map(|(share, mood)| share * mood)) / total;
        moods.into_iter().map(|(share, mood)| (share / total, mood / mean)).collect()
    }
}

/// A client's needs over some months.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Tickets of each month.
    pub usual: Usual,
    /// What they are.
    pub urn: Urn,
    /// Rare events.
    pub severe: Vec<Severe>,
    /// How the work on a rare event is entered.
    pub severe_work: SevereWork,
}

/// How work on a rare event is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SevereWork {
    /// The skill that it needs.
    pub tier: Word,
    /// The kind of work.
    pub work_type: Word,
}

impl Demand {
    /// The law of one month's hours, without the doubt; of an empty one past the end.
    #[must_use]
    pub fn month(&self, number: usize) -> Compound {
        let tickets = self.usual.tickets.get(number).map(|frequency| Part { frequency: *frequency, severity: self.urn.severity() });
        let severe = self
            .severe
            .iter()
            .filter(|severe| severe.a_year > 0.0)
            .map(|severe| Part { frequency: Frequency::Poisson { mean: severe.a_year / 12.0 }, severity: severe.hours.clone() });
        let usual = tickets.filter(|_| !self.urn.is_empty());
        Compound { parts: usual.into_iter().chain(severe).collect() }
    }

    /// Is every month's number of tickets of the same law?
    #[must_use]
    pub fn has_like_months(&self) -> bool {
        self.usual.tickets.windows(2).all(|pair| pair.first() == pair.last())
    }

    /// Hours over all months, on average.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let tickets = sum(self.usual.tickets.iter().map(|frequency| frequency.mean()));
        let severe = sum(self.severe.iter().map(|severe| severe.a_year * severe.hours.mean()));
        let usual = if self.urn.is_empty() { 0.0 } else { tickets * self.urn.mean() };
        usual + severe * float(self.usual.tickets.len()) / 12.0
    }

    /// The same with other numbers of tickets, hours and severe events.
    #[must_use]
    pub fn scaled(&self, tickets: f64, hours: f64, severe: f64) -> Self {
        let rare = |event: &Severe| Severe { a_year: event.a_year * severe, ..event.clone() };
        Self {
            usual: Usual {
                tickets: self.usual.tickets.iter().map(|frequency| frequency.times(tickets)).collect(),
                doubt: self.usual.doubt,
            },
            urn: if (hours - 1.0).abs() < 1e-12 { self.urn.clone() } else { self.urn.scaled(hours) },
            severe: self.severe.iter().map(rare).collect(),
            severe_work: self.severe_work,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urn(minutes: &[u32]) -> Urn {
        let mut words = quarterhour_billing::Words::default();
        let (tier, work_type) = (words.intern("helpdesk"), words.intern("remote"));
        let piece = |minutes: u32| Piece { after: 0, minutes, tier, work_type, on: PieceOn::Nothing, billing: Billing::Billable };
        Urn::new(minutes.iter().map(|minutes| (1.0, Incident { weekday: 0, pieces: vec![piece(*minutes)] })))
    }

    #[test]
    fn a_share_finds_the_incident_whose_weight_holds_it() {
        let weights = [0.1, 3.0, 0.4, 0.4, 2.0, 0.1];
        let one = urn(&[10]);
        let urn = Urn::new(weights.iter().filter_map(|weight| Some((*weight, one.get(0)?.clone()))));
        let total: f64 = weights.iter().sum();
        for number in 0..6_000_u32 {
            let share = f64::from(number) / 6_000.0;
            let mut left = share;
            let expected = weights.iter().take_while(|weight| {
                left -= *weight / total;
                left >= 0.0
            });
            let expected = expected.count();
            let near = |at: usize| (weights.iter().take(at + 1).sum::<f64>() / total - share).abs() < 1e-9;
            let got = urn.position(share);
            assert!(got == expected || near(got.min(expected)), "{share}: {got} is not {expected}");
        }
    }

    #[test]
    fn a_cap_leaves_shorter_incidents_alone() {
        let capped = urn(&[30, 600, 90]).capped(2.0);
        let mut hours: Vec<f64> = (0..capped.len()).map(|position| capped.hours(position)).collect();
        hours.sort_by(f64::total_cmp);
        assert_eq!(hours, [0.5, 1.5, 2.0]);
    }

    #[test]
    fn shaped_hours_keep_their_order_and_take_the_law_s_values() {
        let shaped = urn(&[90, 30]).shaped(|_, share| share * 4.0);
        let mut hours: Vec<f64> = (0..2).map(|position| shaped.hours(position)).collect();
        hours.sort_by(f64::total_cmp);
        assert_eq!(hours, [1.0, 3.0]);
    }
}
