//! Programs without memory: each incident has its price whatever else happens, so that months are sums. The prices are the
//! billing engine's own. What has pools, a reserve or a cap is billed month after month instead.

use quarterhour_billing::agreement::{Agreement, Prepaid};
use quarterhour_billing::{BillingError, TimeEntry};

use crate::candidate::{Contestant, Course, Ground, MonthCost};
use crate::demand::Demand;
use crate::history::Incident;
use crate::path::{Horizon, Listed, Path, lone_entries};

/// The price list of a program without memory.
#[derive(Clone, Debug)]
pub struct Priced {
    /// A month without any work.
    base: MonthCost,
    /// By position in the urn: what an incident adds to a month.
    incidents: Vec<MonthCost>,
}

/// Does what happens in one month, or before within it, change what an hour costs?
#[must_use]
pub fn has_memory(agreement: Option<&Agreement>) -> bool {
    agreement.is_some_and(|agreement| !matches!(agreement.prepaid, Prepaid::Nothing) || agreement.guard.cap.is_some())
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
        if has_memory(contestant.client.agreements.as_slice().first()) {
            return Ok(None);
        }
        let base = one_month(ground, contestant, horizon, Vec::new())?;
        let price = |incident: &Incident| {
            let billed = one_month(ground, contestant, horizon, lone_entries(incident, horizon, devices))?;
            Ok(less(billed, base))
        };
        let incidents: Result<Vec<MonthCost>, BillingError> = demand.urn.shares().map(|(_, incident)| price(incident)).collect();
        Ok(Some(Self { base, incidents: incidents? }))
    }

    /// What a course comes to.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::new`] does: severe events are priced as they come.
    pub fn course(
        &self,
        ground: Ground<'_>,
        contestant: &Contestant,
        path: &Path,
        (horizon, devices): (&Horizon, &Listed),
    ) -> Result<Course, BillingError> {
        let mut course = Course::default();
        for (drawn, events) in path.drawn.iter().zip(&path.events) {
            let mut month = self.base;
            for position in drawn {
                if let Some(price) = usize::try_from(*position).ok().and_then(|position| self.incidents.get(position)) {
                    add(&mut month, *price);
                }
            }
            for incident in events {
                let billed = one_month(ground, contestant, horizon, lone_entries(incident, horizon, devices))?;
                add(&mut month, less(billed, self.base));
            }
            course.months.push(month);
        }
        Ok(course)
    }
}

fn one_month(
    ground: Ground<'_>,
    contestant: &Contestant,
    horizon: &Horizon,
    entries: Vec<TimeEntry>,
) -> Result<MonthCost, BillingError> {
    let Some(first) = horizon.periods().next() else { return Ok(MonthCost::default()) };
    let course = contestant.bill(ground, first, &[entries], |_, _| {})?;
    Ok(course.months.first().copied().unwrap_or_default())
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
