//! What a client's own entries say: whole incidents, and what each month saw. It fits nothing.

use std::collections::BTreeMap;

use quarterhour_billing::{Billing, Client, CountMethod, DeviceClass, DeviceCount, Period, TimeEntry, Word, WorkedOn};

use crate::number::float_i64;

/// Work on one ticket that is further apart than this is another incident: 14 days.
const APART: i64 = 14 * 86_400;
/// A ticket that is worked on for longer than this is a label, such as "Patch day", and each of its days an incident: 42 days.
const STANDING: i64 = 42 * 86_400;

/// A piece of work within an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Seconds on the wall clock since the first local midnight of the incident.
    pub after: i64,
    /// Actual minutes.
    pub minutes: u32,
    /// The skill.
    pub tier: Word,
    /// The kind of work.
    pub work_type: Word,
    /// What it was done on.
    pub on: PieceOn,
    /// Does it count?
    pub billing: Billing,
}

/// What a piece of work was done on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceOn {
    /// No device is named.
    Nothing,
    /// A device of the list.
    Class(DeviceClass),
    /// A device that is not on the list.
    Unlisted,
}

/// A ticket's work from its first entry on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Monday is 0.
    pub weekday: usize,
    /// Its pieces, by time.
    pub pieces: Vec<Piece>,
}

impl Incident {
    /// Minutes that count.
    #[must_use]
    pub fn minutes(&self) -> u32 {
        let counted = self.pieces.iter().filter(|piece| piece.billing == Billing::Billable);
        counted.fold(0, |sum, piece| sum.saturating_add(piece.minutes))
    }

    /// Hours that count.
    #[must_use]
    pub fn hours(&self) -> f64 {
        f64::from(self.minutes()) / 60.0
    }

    /// The same with its minutes multiplied, each piece at least a minute unless it was none.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let minutes = |minutes: u32| {
            let scaled = crate::number::index((f64::from(minutes) * factor).round().clamp(0.0, 500_000.0));
            u32::try_from(scaled).unwrap_or(0).max(u32::from(minutes > 0))
        };
        let pieces = self.pieces.iter().map(|piece| Piece { minutes: minutes(piece.minutes), ..*piece }).collect();
        Self { weekday: self.weekday, pieces }
    }
}

/// One month of a client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonthSeen {
    /// The month.
    pub period: Period,
    /// Incidents that began in it and count.
    pub tickets: u32,
    /// Actual hours that count, of entries that start in it.
    pub hours: f64,
    /// Devices on its first day.
    pub devices: DeviceCount,
}

impl MonthSeen {
    /// Workstations on the first day.
    #[must_use]
    pub fn workstations(&self) -> f64 {
        float_i64(self.devices.of(DeviceClass::Workstation))
    }

    /// Workstations, servers and firewalls on the first day: the seats of the price yardsticks.
    #[must_use]
    pub fn endpoints(&self) -> f64 {
        let classes = [DeviceClass::Workstation, DeviceClass::Server, DeviceClass::Firewall];
        float_i64(classes.into_iter().map(|class| self.devices.of(class)).sum())
    }
}

/// A client's past.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Every month of the window, quiet ones among them.
    pub months: Vec<MonthSeen>,
    /// Incidents that count, in order of their start.
    pub incidents: Vec<(Period, Incident)>,
    /// Hours that did not count.
    pub courtesy_hours: f64,
}

impl History {
    /// Reads a client's entries, by start and id, from its first month that has anything to `until`; at most `months` of them.
    #[must_use]
    pub fn read(client: &Client, entries: &[TimeEntry], until: Period, months: u32) -> Self {
        let clock = &client.clock;
        // Where no work counts there is nothing to learn from: the time may not be kept here yet.
        if !entries.iter().any(|entry| entry.billing == Billing::Billable && entry.minutes > 0) {
            return Self::default();
        }
        let first_entry = entries.first().map(|entry| clock.day(entry.started_at).period());
        let first_agreement = client.agreements.as_slice().first().map(|agreement| agreement.starts.period());
        let earliest = [first_entry, first_agreement].into_iter().flatten().min();
        let Some(first) = earliest.filter(|first| *first <= until) else { return Self::default() };
        let wanted = i32::try_from(months.max(1)).unwrap_or(i32::MAX) - 1;
        let mut from = first;
        while until.since(from) > wanted {
            from = from.next();
        }
        let mut history = Self { months: Vec::new(), incidents: incidents(client, entries, from, until), courtesy_hours: 0.0 };
        let mut period = from;
        while period <= until {
            let day = period.first_day();
            let devices = DeviceCount::take(&client.devices, CountMethod::FirstDay, day, period.end());
            let tickets = history.incidents.iter().filter(|(own, _)| *own == period).count();
            history.months.push(MonthSeen { period, tickets: u32::try_from(tickets).unwrap_or(u32::MAX), hours: 0.0, devices });
            period = period.next();
        }
        for entry in entries {
            let period = clock.day(entry.started_at).period();
            let hours = f64::from(entry.minutes) / 60.0;
            let Some(month) = history.months.iter_mut().find(|month| month.period == period) else { continue };
            if entry.billing == Billing::Billable { month.hours += hours } else { history.courtesy_hours += hours }
        }
        history
    }

    /// Hours that count, in all months.
    #[must_use]
    pub fn hours(&self) -> f64 {
        crate::number::sum(self.months.iter().map(|month| month.hours))
    }

    /// Tickets in all months.
    #[must_use]
    pub fn tickets(&self) -> u32 {
        self.months.iter().fold(0, |sum, month| sum.saturating_add(month.tickets))
    }

    /// Had it workstations in any month?
    #[must_use]
    pub fn has_workstations(&self) -> bool {
        self.months.iter().any(|month| month.workstations() > 0.0)
    }

    /// Workstations added up over the months; a month without any counts as one, so that a rate can be had.
    #[must_use]
    pub fn exposure(&self) -> f64 {
        crate::number::sum(self.months.iter().map(|month| month.workstations().max(1.0)))
    }
}

/// Whole incidents that begin in a window of months and have time that counts.
fn incidents(client: &Client, entries: &[TimeEntry], from: Period, until: Period) -> Vec<(Period, Incident)> {
    let mut open: BTreeMap<(&str, i64), usize> = BTreeMap::new();
    let mut found: Vec<(Period, i64, Incident)> = Vec::new();
    for (entry, began) in entries.iter().zip(began(client, entries)) {
        let (local, _) = client.clock.local(entry.started_at);
        let position = *open.entry((entry.ticket.as_str(), began)).or_insert_with(|| {
            let day = quarterhour_billing::Day::of_local(local);
            let midnight = local - local.rem_euclid(86_400);
            found.push((day.period(), midnight, Incident { weekday: day.weekday(), pieces: Vec::new() }));
            found.len() - 1
        });
        if let Some((_, midnight, incident)) = found.get_mut(position) {
            incident.pieces.push(piece(client, entry, local - *midnight));
        }
    }
    let counted = found.into_iter().filter(|(period, _, incident)| from <= *period && *period <= until && incident.minutes() > 0);
    counted.map(|(period, _, incident)| (period, incident)).collect()
}

/// When the incident of each entry began: the instant of its first entry, or the local day where the ticket is a label for work
/// that comes again and again. Entries without a ticket count as one ticket, and so as a label.
fn began(client: &Client, entries: &[TimeEntry]) -> Vec<i64> {
    // By ticket: when its running incident began, and its last entry. By ticket and beginning: the last entry.
    let (mut running, mut ends) = (BTreeMap::<&str, (i64, i64)>::new(), BTreeMap::<(&str, i64), i64>::new());
    let mut firsts = Vec::with_capacity(entries.len());
    for entry in entries {
        let (ticket, at) = (entry.ticket.as_str(), entry.started_at);
        let first = running.get(ticket).filter(|(_, last)| at - last <= APART).map_or(at, |(first, _)| *first);
        running.insert(ticket, (first, at));
        ends.insert((ticket, first), at);
        firsts.push(first);
    }
    let began = |(entry, first): (&TimeEntry, i64)| {
        let ticket = entry.ticket.as_str();
        let is_label = ticket.is_empty() || ends.get(&(ticket, first)).is_some_and(|end| end - first > STANDING);
        if is_label { client.clock.local(entry.started_at).0.div_euclid(86_400) } else { first }
    };
    entries.iter().zip(firsts).map(began).collect()
}

fn piece(client: &Client, entry: &TimeEntry, after: i64) -> Piece {
    let on = match entry.device {
        WorkedOn::NoDevice => PieceOn::Nothing,
        WorkedOn::Unlisted => PieceOn::Unlisted,
        WorkedOn::Listed(position) => {
            // The name may have stood for several devices: the one in service on the day is meant.
            let day = client.clock.day(entry.started_at);
            let named = client.devices.get(usize::try_from(position).unwrap_or(usize::MAX)..).unwrap_or(&[]);
            let same = named.iter().take_while(|device| named.first().is_some_and(|one| one.name == device.name));
            let counted = same.into_iter().find(|device| device.counts_on(day));
            counted.map_or(PieceOn::Unlisted, |device| PieceOn::Class(device.class))
        }
    };
    Piece { after, minutes: entry.minutes, tier: entry.tier, work_type: entry.work_type, on, billing: entry.billing }
}
