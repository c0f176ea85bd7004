//! Contestants on the same courses, each billed in the quickest way that gives its bill: by price list without memory, in bulk with it,
//! by the entry where prices need to know each ticket.

use quarterhour_billing::agreement::{Agreement, Allowance, Prepaid, Settlement};
use quarterhour_billing::{BillingError, Client, Period, allows_bulk};
use rayon::prelude::*;

use crate::candidate::{Candidate, Contestant, Course, Ground};
use crate::control::Weights;
use crate::demand::Demand;
use crate::number::float_i64;
use crate::path::{Horizon, Listed, Path, draw};
use crate::priced::Priced;
use crate::sliced::Sliced;

/// Contestants of one client, and the months on which they meet.
pub struct Field<'a> {
    ground: Ground<'a>,
    /// What the client needs.
    pub demand: &'a Demand,
    horizon: Horizon,
    devices: Listed,
    first: Period,
    contestants: Vec<Contestant>,
    ways: Vec<Way>,
    sliced: Vec<Sliced<'a>>,
}

/// How a contestant is billed.
enum Way {
    Priced(Priced),
    /// With the slices at a position.
    Bulk(usize),
    ByEntry,
}

impl<'a> Field<'a> {
    /// Prices and slices what the contestants need.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up, which is a fault of the engine.
    pub fn new(
        ground: Ground<'a>,
        client: &'a Client,
        (demand, first, months): (&'a Demand, Period, u32),
        candidates: &[Candidate],
    ) -> Result<Self, BillingError> {
        let contestants: Vec<Contestant> = candidates.iter().map(|candidate| Contestant::new(client, candidate)).collect();
        let calendar = &ground.terms.calendar;
        let (horizon, devices) = (Horizon::new(client, calendar, first, months), Listed::of(client, first.first_day()));
        let stage = (&horizon, &devices);
        let priced: Result<Vec<Option<Priced>>, BillingError> =
            contestants.par_iter().map(|contestant| Priced::new(ground, contestant, demand, stage)).collect();
        let (mut ways, mut sliced): (Vec<Way>, Vec<Sliced<'_>>) = (Vec::new(), Vec::new());
        for (contestant, priced) in contestants.iter().zip(priced?) {
            let agreement = contestant.agreement();
            ways.push(match priced {
                Some(priced) => Way::Priced(priced),
                None if allows_bulk(ground.terms, agreement) => {
                    let rounding = agreement.map_or_else(Default::default, |agreement| agreement.rounding);
                    Way::Bulk(sliced.iter().position(|own| own.rounding() == rounding).unwrap_or_else(|| {
                        sliced.push(Sliced::new(rounding, (calendar, client), demand, stage));
                        sliced.len() - 1
                    }))
                }
                None => Way::ByEntry,
            });
        }
        Ok(Self { ground, demand, first, contestants, ways, sliced, horizon, devices })
    }

    /// The names of the contestants.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.contestants.iter().map(|contestant| contestant.name.as_str())
    }

    /// Sums that are known exactly and go with the contestants' costs: hours, what price lists make of them, and what is burned of pools.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up, which is a fault of the engine.
    pub fn sums(&self) -> Result<Vec<Weights>, BillingError> {
        let mut sums = vec![Weights::hours(self.demand)];
        for at in 0..self.contestants.len() {
            sums.extend(self.sum(at)?.filter(|own| !sums.contains(own)));
        }
        Ok(sums)
    }

    /// The sum that goes with one contestant's cost.
    fn sum(&self, at: usize) -> Result<Option<Weights>, BillingError> {
        match (self.ways.get(at), self.bulk(at)) {
            (Some(Way::Priced(priced)), _) => Ok(Some(priced.weights().clone())),
            (_, Some((contestant, agreement, sliced))) => self.burns(contestant, agreement, sliced),
            _ => Ok(None),
        }
    }

    /// A contestant with an agreement that is billed in bulk.
    fn bulk(&self, at: usize) -> Option<(&Contestant, &Agreement, &Sliced<'a>)> {
        let Some(Way::Bulk(sliced)) = self.ways.get(at) else { return None };
        let contestant = self.contestants.get(at)?;
        Some((contestant, contestant.agreement()?, self.sliced.get(*sliced)?))
    }

    /// What one contestant burns of its pools, and what it is charged for work that never draws from them; nothing if it has no such
    /// pools or no such work.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up, which is a fault of the engine.
    pub fn burned_and_charged(&self, at: usize) -> Result<Option<[Weights; 2]>, BillingError> {
        let (Some(burned), Some((contestant, _, sliced))) = (self.sum(at)?, self.bulk(at)) else { return Ok(None) };
        let charged = sliced.charges((self.ground, contestant, self.first), self.demand, (&self.horizon, &self.devices))?;
        Ok(charged.usual.iter().any(|price| *price > 0.0).then_some([burned, charged]))
    }

    /// What is burned of a contestant's pools of time; only what lies beyond the allowance where each month stands for itself.
    fn burns(&self, contestant: &Contestant, agreement: &Agreement, sliced: &Sliced<'_>) -> Result<Option<Weights>, BillingError> {
        let Prepaid::Time(pools) = &agreement.prepaid else { return Ok(None) };
        let mut burns = sliced.burns(self.ground, agreement, self.demand, (&self.horizon, &self.devices));
        let monthly =
            |allowance: &Allowance| matches!(allowance.settlement, Settlement::Monthly(_)) && allowance.rollover.periods == 0;
        let alone = pools.blocks.is_empty() && pools.auto_replenish.is_none() && pools.allowance.as_ref().is_some_and(monthly);
        if alone && self.demand.has_like_months() {
            let granted =
                contestant.bill(self.ground, self.first, &[Vec::new()], |_, _| {})?.months.first().map_or(0, |it| it.granted);
            burns.beyond = (granted > 0).then(|| float_i64(granted) / 3_600.0);
        }
        Ok(Some(burns))
    }

    /// So many courses from number 0 on, without their bills.
    pub fn drawn(&self, seed: u64, courses: usize) -> impl IndexedParallelIterator<Item = Path> {
        (0..courses)
            .into_par_iter()
            .map(move |number| draw(self.demand, &self.horizon, (seed, u64::try_from(number).unwrap_or(0)), &[]))
    }

    /// Draws course number `number` of a seed, with factors on the tickets of each month (none: as expected), and bills it for every
    /// contestant.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up, which is a fault of the engine.
    pub fn course(&self, (seed, number): (u64, usize), shocks: &[f64]) -> Result<(Path, Vec<Course>), BillingError> {
        let path = draw(self.demand, &self.horizon, (seed, u64::try_from(number).unwrap_or(0)), shocks);
        let courses = self.bill(&path)?;
        Ok((path, courses))
    }

    /// The months on which they meet.
    #[must_use]
    pub fn horizon(&self) -> &Horizon {
        &self.horizon
    }

    /// Bills a path for every contestant.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up, which is a fault of the engine.
    pub fn bill(&self, path: &Path) -> Result<Vec<Course>, BillingError> {
        let stage = (&self.horizon, &self.devices);
        let months: Vec<_> = self.sliced.iter().map(|sliced| sliced.months(path, self.demand, stage)).collect();
        let by_entry = self.ways.iter().any(|way| matches!(way, Way::ByEntry));
        let entries = if by_entry { path.entries(self.demand, &self.horizon, &self.devices) } else { Vec::new() };
        let one = |(contestant, way): (&Contestant, &Way)| match way {
            Way::Priced(priced) => priced.course(self.ground, contestant, (path, self.demand), stage),
            Way::Bulk(at) => {
                let kinds = self.sliced.get(*at).map_or(&[][..], Sliced::kinds);
                contestant.bill_bulk(self.ground, self.first, kinds, months.get(*at).map_or(&[][..], Vec::as_slice))
            }
            Way::ByEntry => contestant.bill(self.ground, self.first, &entries, |_, _| {}),
        };
        self.contestants.iter().zip(&self.ways).map(one).collect()
    }
}
