//! Programs without memory: each incident has its price whatever else happens, so that months are sums. The prices are the
//! billing engine's own. What has pools, a reserve or a cap is billed month after month instead.

use quarterhour_billing::agreement::{Agreement, Prepaid};
use quarterhour_billing::{BillingError, TimeEntry};

use crate::candidate::{Contestant, Course, Ground, MonthCost};
use crate::demand::Demand;
use crate::history::Incident;
use crate::path::{DayAt, Horizon, Listed, Path, lone_entries};
use crate::sliced::days;

/// The price list of a program without memory.
#[derive(Clone, Debug)]
pub struct Priced {
    /// By month: what it costs without any work.
    base: Vec<MonthCost>,
    /// By position in the urn: the days that an incident takes, and what it adds to a month on plain days; none where no days of the
    /// horizon are plain enough.
    incidents: Vec<(usize, Option<MonthCost>)>,
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
        let mut priced = Self { base: base?, incidents: Vec::new() };
        let price = |(_, incident): (f64, &Incident)| {
            let days = days(incident);
            let at = horizon.plain_day(incident.weekday, days);
            Ok((days, at.map(|at| priced.price(stage, incident, at)).transpose()?))
        };
        let incidents: Result<Vec<_>, BillingError> = demand.urn.shares().map(price).collect();
        priced.incidents = incidents?;
        Ok(Some(priced))
    }

    /// What an incident that begins on a day adds to its month.
    fn price(&self, stage: Stage<'_>, incident: &Incident, at: DayAt) -> Result<MonthCost, BillingError> {
        let mut entries = lone_entries(incident, at, stage.horizon, stage.devices);
        // All of its pieces belong to the month, however long it goes on.
        let end = stage.horizon.midnight((at.0 + 1, 0)).unwrap_or(i64::MAX);
        for entry in &mut entries {
            entry.started_at = entry.started_at.min(end - 1);
        }
        Ok(less(stage.month(at.0, entries)?, self.base.get(at.0).copied().unwrap_or_default()))
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
            for (position, day) in &drawn.usual {
                let (Ok(position), Ok(day)) = (usize::try_from(*position), usize::try_from(*day)) else { continue };
                let at = (number, day);
                match self.incidents.get(position) {
                    Some((days, Some(price))) if horizon.is_plain(at, *days) => add(&mut month, *price),
                    _ => {
                        if let Some(incident) = demand.urn.get(position) {
                            add(&mut month, self.price(stage, incident, at)?);
                        }
                    }
                }
            }
            for (incident, day) in &drawn.severe {
                add(&mut month, self.price(stage, incident, (number, usize::try_from(*day).unwrap_or(0)))?);
            }
            course.months.push(month);
        }
        Ok(course)
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

fn add(month: &mut MonthCost, more: MonthCost) {
    month.net += more.net;
    month.beyond += more.beyond;
    month.worked += more.worked;
    month.overage += more.overage;
    month.granted += more.granted;
    month.forfeited += more.forfeited;
    month.forfeited_money += more.forfeited_money;
}

fn less(month: MonthCost, base: MonthCost) -> MonthCost {
    MonthCost {
        net: month.net - base.net,
        beyond: month.beyond - base.beyond,
        worked: month.worked - base.worked,
        overage: month.overage - base.overage,
        granted: month.granted - base.granted,
        forfeited: month.forfeited - base.forfeited,
        forfeited_money: month.forfeited_money - base.forfeited_money,
    }
}
