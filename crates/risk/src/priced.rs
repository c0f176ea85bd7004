//! Programs without memory: each incident has its price whatever else happens, so that months are sums. The prices are the
//! billing engine's own. What has pools, a reserve or a cap is billed month after month instead.

use quarterhour_billing::agreement::{Agreement, Prepaid};
use quarterhour_billing::{BillingError, TimeEntry};

use crate::candidate::{Contestant, Course, Ground, MonthCost};
use crate::control::Weights;
use crate::demand::{Demand, Severe};
use crate::history::Incident;
use crate::number::float_i64;
use crate::path::{Horizon, Listed, Path, entries_of, typical, within};
use crate::sliced::days;

/// The price list of a program without memory.
#[derive(Clone, Debug)]
pub struct Priced {
    /// By month: what it costs without any work.
    base: Vec<MonthCost>,
    /// By position in the urn: the days that an incident takes, and what it adds to a month on plain days; none where no days of the
    /// horizon are plain enough.
    incidents: Vec<(usize, Option<Price>)>,
    /// What they add on plain days, as a sum that is known exactly, minor units.
    weights: Weights,
}

/// What an incident adds to a month, minor units and seconds: without pools nothing else changes.
#[derive(Clone, Copy, Debug)]
struct Price {
    net: i64,
    beyond: i64,
    worked: i64,
}

/// Does what happens in one month, or before within it, change what an hour costs?
#[must_use]
pub fn has_memory(agreement: Option<&Agreement>) -> bool {
    agreement.is_some_and(|agreement| !matches!(agreement.prepaid, Prepaid::Nothing) || agreement.guard.cap.is_some())
}

/// One contestant on the simulated months.
#[derive(Clone, Copy)]
struct Stage<'a> {
    ground: Ground<'a>,
    contestant: &'a Contestant,
    horizon: &'a Horizon,
    devices: &'a Listed,
}

impl Priced {
    /// Prices every incident of a demand's urn under a contestant; nothing for a program with memory.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up, which is a fault of the engine.
    pub fn new(
        ground: Ground<'_>,
        contestant: &Contestant,
        demand: &Demand,
        (horizon, devices): (&Horizon, &Listed),
    ) -> Result<Option<Self>, BillingError> {
        if has_memory(contestant.agreement()) {
            return Ok(None);
        }
        let stage = Stage { ground, contestant, horizon, devices };
        let months = horizon.periods().count();
        let base: Result<Vec<MonthCost>, BillingError> = (0..months).map(|month| stage.month(month, Vec::new())).collect();
        let weights = Weights { usual: Vec::new(), severe: Vec::new(), beyond: None };
        let mut priced = Self { base: base?, incidents: Vec::new(), weights };
        let price = |(_, incident): (f64, &Incident)| {
            let days = days(incident);
            let at = horizon.plain_day(incident.weekday, days);
            Ok((days, at.map(|(month, day)| priced.price(stage, &[(incident, day)], month)).transpose()?))
        };
        let incidents: Result<Vec<_>, BillingError> = demand.urn.shares().map(price).collect();
        priced.incidents = incidents?;
        priced.weights.usual = priced.incidents.iter().map(|(_, price)| price.map_or(0.0, |price| float_i64(price.net))).collect();
        let severe: Result<Vec<f64>, BillingError> = demand.severe.iter().map(|severe| priced.severe(stage, severe, demand)).collect();
        priced.weights.severe = severe?;
        Ok(Some(priced))
    }

    /// The price list as a sum over a course; what falls on other than plain days is left at its usual price.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// What an hour of a severe event adds.
    fn severe(&self, stage: Stage<'_>, severe: &Severe, demand: &Demand) -> Result<f64, BillingError> {
        let incident = typical(severe, demand);
        let at = stage.horizon.plain_day(incident.weekday, days(&incident));
        let price = at.map(|(month, day)| self.price(stage, &[(&incident, day)], month)).transpose()?;
        Ok(price.map_or(0.0, |price| float_i64(price.net)) / incident.hours())
    }

    /// What incidents add to the month in which they begin, each on its day.
    fn price(&self, stage: Stage<'_>, incidents: &[(&Incident, usize)], month: usize) -> Result<Price, BillingError> {
        // All of their pieces belong to the month, however long they go on.
        let end = stage.horizon.midnight((month + 1, 0)).unwrap_or(i64::MAX);
        let days = incidents.iter().map(|(incident, day)| (*incident, (month, *day)));
        let mut entries = entries_of(days, stage.horizon, stage.devices);
        for entry in &mut entries {
            entry.started_at = within(entry.started_at, end);
        }
        let (billed, base) = (stage.month(month, entries)?, self.base.get(month).copied().unwrap_or_default());
        Ok(Price { net: billed.net - base.net, beyond: billed.beyond - base.beyond, worked: billed.worked - base.worked })
    }

    /// What a course comes to.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::new`] does: severe events, and what falls on other than plain days, are priced as they come.
    pub fn course(
        &self,
        ground: Ground<'_>,
        contestant: &Contestant,
        (path, demand): (&Path, &Demand),
        (horizon, devices): (&Horizon, &Listed),
    ) -> Result<Course, BillingError> {
        let stage = Stage { ground, contestant, horizon, devices };
        let mut course = Course::default();
        for (number, (drawn, base)) in path.months.iter().zip(&self.base).enumerate() {
            let mut month = *base;
            // What falls on other than plain days, or is severe, is billed together.
            let mut rest: Vec<(&Incident, usize)> = Vec::new();
            for (position, day) in &drawn.usual {
                let (Ok(position), Ok(day)) = (usize::try_from(*position), usize::try_from(*day)) else { continue };
                match self.incidents.get(position) {
                    Some((days, Some(price))) if horizon.is_plain((number, day), *days) => price.add_to(&mut month),
                    _ => rest.extend(demand.urn.get(position).map(|incident| (incident, day))),
                }
            }
            rest.extend(drawn.severe.iter().map(|drawn| (&drawn.incident, usize::try_from(drawn.day).unwrap_or(0))));
            if !rest.is_empty() {
                self.price(stage, &rest, number)?.add_to(&mut month);
            }
            course.months.push(month);
        }
        Ok(course)
    }
}

impl Price {
    fn add_to(self, month: &mut MonthCost) {
        month.net += self.net;
        month.beyond += self.beyond;
        month.worked += self.worked;
    }
}

impl Stage<'_> {
    /// One month with these entries.
    fn month(self, number: usize, entries: Vec<TimeEntry>) -> Result<MonthCost, BillingError> {
        let Some(period) = self.horizon.periods().nth(number) else { return Ok(MonthCost::default()) };
        let course = self.contestant.bill(self.ground, period, &[entries], |_, _| {})?;
        Ok(course.months.first().copied().unwrap_or_default())
    }
}
