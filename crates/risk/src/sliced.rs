//! Incidents that were rounded and cut at business hours once, so that a month of hundreds of them is billed in bulk. The bill is the
//! one that their entries would give.

use quarterhour_billing::agreement::{Agreement, Rounding};
use quarterhour_billing::{Band, Billing, BillingError, Calendar, Client, DAY_SECONDS, Day, Period, Slice, TimeEntry, burn, slices};

use crate::candidate::{Contestant, Ground};
use crate::control::Weights;
use crate::demand::{Demand, Severe};
use crate::history::{Incident, Piece, PieceOn};
use crate::number::float_i64;
use crate::path::{DayAt, Horizon, Listed, Path, lone_entries, split, typical};

/// The incidents of a demand under one way of rounding.
#[derive(Clone, Debug)]
pub struct Sliced<'a> {
    rounding: Rounding,
    calendar: &'a Calendar,
    client: &'a Client,
    /// One entry for each kind of work.
    kinds: Vec<TimeEntry>,
    /// By position in the urn.
    usual: Vec<Lone>,
}

/// One incident on plain days.
#[derive(Clone, Debug)]
struct Lone {
    /// Days from its first to its last.
    days: usize,
    /// None where no days of the horizon are plain enough.
    slices: Option<Vec<LoneSlice>>,
}

#[derive(Clone, Copy, Debug)]
struct LoneSlice {
    /// Seconds after the first midnight.
    after: i64,
    /// Days after the first.
    days: i64,
    kind: u32,
    band: Band,
    seconds: i64,
}

impl<'a> Sliced<'a> {
    /// Rounds and cuts the incidents of a demand's urn.
    #[must_use]
    pub fn new(
        rounding: Rounding,
        (calendar, client): (&'a Calendar, &'a Client),
        demand: &Demand,
        (horizon, devices): (&Horizon, &Listed),
    ) -> Self {
        let mut kinds: Vec<TimeEntry> = Vec::new();
        let work = demand.severe_work;
        let severe = demand.severe.iter().map(|severe| {
            let (tier, work_type, on) = (work.tier, work.work_type, PieceOn::Class(severe.on));
            Incident { weekday: 0, pieces: vec![Piece { after: 0, minutes: 0, tier, work_type, on, billing: Billing::Billable }] }
        });
        let severe: Vec<Incident> = severe.collect();
        for incident in demand.urn.shares().map(|(_, incident)| incident).chain(&severe) {
            for entry in lone_entries(incident, (0, 0), horizon, devices) {
                if !kinds.iter().any(|kind| alike(kind, &entry)) {
                    kinds.push(entry);
                }
            }
        }
        let mut sliced = Self { rounding, calendar, client, kinds, usual: Vec::new() };
        sliced.usual = demand.urn.shares().map(|(_, incident)| sliced.lone(incident, horizon, devices)).collect();
        sliced
    }

    /// The rounding that it stands for.
    #[must_use]
    pub fn rounding(&self) -> Rounding {
        self.rounding
    }

    /// One entry for each kind of work.
    #[must_use]
    pub fn kinds(&self) -> &[TimeEntry] {
        &self.kinds
    }

    /// What incidents burn of an agreement's pools of time while they last, hours.
    #[must_use]
    pub fn burns(&self, ground: Ground<'_>, agreement: &Agreement, demand: &Demand, stage: (&Horizon, &Listed)) -> Weights {
        let burned = |slices: &[Slice]| -> i64 { slices.iter().map(|slice| self.burn(ground, agreement, slice)).sum() };
        self.weights(demand, stage, |slices| float_i64(burned(slices)) / 3_600.0)
    }

    /// What is charged for that part of incidents that never draws from a contestant's pools of time, minor units.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up, which is a fault of the engine.
    pub fn charges(
        &self,
        bench: (Ground<'_>, &Contestant, Period),
        demand: &Demand,
        stage: (&Horizon, &Listed),
    ) -> Result<Weights, BillingError> {
        let (ground, contestant, first) = bench;
        let net = |slices: Vec<Slice>| {
            let months = contestant.bill_bulk(ground, first, &self.kinds, &[slices])?.months;
            Ok(months.first().map_or(0.0, |month| float_i64(month.net)))
        };
        let (nothing, mut fault) = (net(Vec::new())?, None);
        let weights = self.weights(demand, stage, |slices| {
            let draws = |slice: &&Slice| contestant.agreement().is_some_and(|agreement| self.burn(ground, agreement, slice) > 0);
            let rest: Vec<Slice> = slices.iter().filter(|slice| !draws(slice)).copied().collect();
            if rest.is_empty() { 0.0 } else { net(rest).map_err(|error| fault = Some(error)).unwrap_or(nothing) - nothing }
        });
        fault.map_or(Ok(weights), Err)
    }

    fn burn(&self, ground: Ground<'_>, agreement: &Agreement, slice: &Slice) -> i64 {
        let kind = usize::try_from(slice.entry).ok().and_then(|kind| self.kinds.get(kind));
        kind.map_or(0, |kind| burn(ground.terms, ground.words, self.client, agreement, kind, slice))
    }

    /// What the slices of each incident come to on plain days, and those of an hour of each kind of severe event.
    fn weights(&self, demand: &Demand, (horizon, devices): (&Horizon, &Listed), mut of: impl FnMut(&[Slice]) -> f64) -> Weights {
        let first = horizon.date((0, 0));
        let mut of = |lone: &Lone| of(&lone.slices.iter().flatten().map(|slice| slice.on(first, 0)).collect::<Vec<_>>());
        let usual = self.usual.iter().map(&mut of).collect();
        let severe = |severe: &Severe| {
            let incident = typical(severe, demand);
            of(&self.lone(&incident, horizon, devices)) / incident.hours()
        };
        Weights { usual, severe: demand.severe.iter().map(severe).collect(), beyond: None }
    }

    /// The slices of each month of a path, in the order in which they draw.
    #[must_use]
    pub fn months(&self, path: &Path, demand: &Demand, (horizon, devices): (&Horizon, &Listed)) -> Vec<Vec<Slice>> {
        let mut months: Vec<Vec<Slice>> = path.months.iter().map(|month| Vec::with_capacity(month.usual.len() + 8)).collect();
        for (number, month) in path.months.iter().enumerate() {
            for (position, day) in &month.usual {
                let at = (number, usize::try_from(*day).unwrap_or(0));
                let Some(position) = usize::try_from(*position).ok() else { continue };
                let Some(lone) = self.usual.get(position) else { continue };
                match (&lone.slices, horizon.midnight(at)) {
                    (Some(slices), Some(midnight)) if horizon.is_plain(at, lone.days) && horizon.is_within(at, lone.days) => {
                        if let Some(own) = months.get_mut(number) {
                            own.extend(slices.iter().map(|slice| slice.on(horizon.date(at), midnight)));
                        }
                    }
                    _ => {
                        if let Some(incident) = demand.urn.get(position) {
                            self.cut((incident, at), (horizon, devices), &mut months);
                        }
                    }
                }
            }
            for drawn in &month.severe {
                let at = (number, usize::try_from(drawn.day).unwrap_or(0));
                self.cut((&drawn.incident, at), (horizon, devices), &mut months);
            }
        }
        months.iter().map(|month| in_order(month)).collect()
    }

    /// Slices of an incident on days that are not all plain; it may go on in later months.
    fn cut(&self, (incident, at): (&Incident, DayAt), (horizon, devices): (&Horizon, &Listed), months: &mut [Vec<Slice>]) {
        let entries = split(lone_entries(incident, at, horizon, devices), horizon);
        for (own, entries) in months.iter_mut().zip(entries) {
            own.extend(self.of_entries(&entries));
        }
    }

    fn of_entries(&self, entries: &[TimeEntry]) -> Vec<Slice> {
        let mut found = slices(&self.rounding, self.calendar, &self.client.clock, entries);
        for slice in &mut found {
            let entry = usize::try_from(slice.entry).ok().and_then(|at| entries.get(at));
            let kind = entry.and_then(|entry| self.kinds.iter().position(|kind| alike(kind, entry)));
            slice.entry = kind.and_then(|kind| u32::try_from(kind).ok()).unwrap_or(u32::MAX);
        }
        found
    }

    fn lone(&self, incident: &Incident, horizon: &Horizon, devices: &Listed) -> Lone {
        let days = days(incident);
        let on_plain_days = |at: DayAt| {
            let midnight = horizon.midnight(at)?;
            let slices = self.of_entries(&lone_entries(incident, at, horizon, devices));
            let lone = |slice: &Slice| LoneSlice {
                after: slice.started_at - midnight,
                days: slice.day.since(horizon.date(at)),
                kind: slice.entry,
                band: slice.band,
                seconds: slice.seconds,
            };
            Some(slices.iter().map(lone).collect())
        };
        Lone { days, slices: horizon.plain_day(incident.weekday, days).and_then(on_plain_days) }
    }
}

impl LoneSlice {
    /// The slice of an incident that begins on a plain day.
    fn on(self, day: Day, midnight: i64) -> Slice {
        Slice { entry: self.kind, started_at: midnight + self.after, day: day.plus(self.days), seconds: self.seconds, band: self.band }
    }
}

/// Slices of a month by their start; those that start together as they came.
fn in_order(month: &[Slice]) -> Vec<Slice> {
    let first = month.iter().map(|slice| slice.started_at).min().unwrap_or(0);
    // The start and the place in one number: numbers are quicker to sort than slices to move.
    let key = |(place, slice): (u64, &Slice)| u64::try_from(slice.started_at - first).unwrap_or(0) << 32 | place;
    let mut keys: Vec<u64> = (0..).zip(month).map(key).collect();
    keys.sort_unstable();
    let mut ordered = Vec::with_capacity(month.len());
    ordered.extend(keys.into_iter().filter_map(|key| month.get(usize::try_from(key & u64::from(u32::MAX)).ok()?)).copied());
    ordered
}

/// Days from the first to the last on which an incident is worked on.
#[must_use]
pub fn days(incident: &Incident) -> usize {
    let last = incident.pieces.iter().map(|piece| piece.after + i64::from(piece.minutes) * 60).max().unwrap_or(0);
    usize::try_from(last.div_euclid(DAY_SECONDS) + 1).unwrap_or(usize::MAX)
}

fn alike(one: &TimeEntry, other: &TimeEntry) -> bool {
    (one.tier, one.work_type, one.device) == (other.tier, other.work_type, other.device)
}
