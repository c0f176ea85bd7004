//! One possible course of some months: the entries that the billing engine will see. Every draw follows from a seed and a number.

use quarterhour_billing::{Billing, Client, Day, DeviceClass, Period, TimeEntry, WorkedOn};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::demand::{Demand, more};
use crate::history::{Incident, Piece, PieceOn};
use crate::number::index;

/// The months that are simulated.
#[derive(Clone, Debug)]
pub struct Horizon {
    months: Vec<Month>,
}

#[derive(Clone, Debug)]
struct Month {
    period: Period,
    /// The local midnight of each day, in Unix seconds.
    midnights: Vec<i64>,
    /// Monday is 0.
    first_weekday: usize,
}

impl Horizon {
    /// So many months from a first one on, by the client's clock.
    #[must_use]
    pub fn new(client: &Client, first: Period, months: u32) -> Self {
        let month = |number: u32| {
            let period = first.plus(number);
            let day = period.first_day();
            let days = period.end().since(day);
            let midnights = (0..days).map(|after| midnight(client, day, after)).collect();
            Month { period, midnights, first_weekday: day.weekday() }
        };
        Self { months: (0..months).map(month).collect() }
    }

    /// The months.
    pub fn periods(&self) -> impl Iterator<Item = Period> + '_ {
        self.months.iter().map(|month| month.period)
    }
}

/// The instant of a local midnight, so many days after a day.
fn midnight(client: &Client, day: Day, after: i64) -> i64 {
    let local = (day.since(Day::of_local(0)) + after) * quarterhour_billing::DAY_SECONDS;
    let offset = |at: i64| client.clock.local(at).0 - at;
    local - offset(local - offset(local))
}

/// The entries of each month, by start and id.
#[derive(Clone, Debug, Default)]
pub struct Path {
    /// By month.
    pub months: Vec<Vec<TimeEntry>>,
    /// Hours that count, in all months.
    pub hours: f64,
    /// Tickets, in all months.
    pub tickets: u32,
    /// By month: the positions in the urn of the incidents that begin in it.
    pub drawn: Vec<Vec<u32>>,
    /// By month: the severe events that begin in it.
    pub events: Vec<Vec<Incident>>,
}

/// Draws course number `number` of a seed.
#[must_use]
pub fn draw(demand: &Demand, horizon: &Horizon, devices: &Listed, seed: u64, number: u64) -> Path {
    draw_with(demand, horizon, devices, (seed, number), &[])
}

/// The same with factors on the tickets of each month, such as a shock that others feel, too.
#[must_use]
pub fn draw_with(demand: &Demand, horizon: &Horizon, devices: &Listed, (seed, number): (u64, u64), shocks: &[f64]) -> Path {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(number);
    let (mood, mut path) = (demand.usual.mood(number), Path::default());
    let mut entries: Vec<TimeEntry> = Vec::new();
    for (position, month) in horizon.months.iter().enumerate() {
        let shock = shocks.get(position).copied().unwrap_or(1.0);
        let tickets = demand.usual.tickets.get(position).map_or(0, |frequency| more(*frequency, mood * shock).sample(&mut random));
        let mut drawn = Vec::new();
        for _ in 0..if demand.urn.is_empty() { 0 } else { tickets } {
            let position = demand.urn.position(random.random());
            let Some(incident) = demand.urn.get(position) else { break };
            drawn.push(u32::try_from(position).unwrap_or(u32::MAX));
            path.tickets += 1;
            place(&mut entries, incident, month, devices, (path.tickets, random.random()));
            path.hours += incident.hours();
        }
        let mut severe_events = Vec::new();
        for severe in &demand.severe {
            let events = crate::frequency::Frequency::Poisson { mean: severe.a_year / 12.0 }.sample(&mut random);
            for _ in 0..events {
                path.tickets += 1;
                let incident = severe_incident(severe.hours.sample(&mut random), demand);
                place(&mut entries, &incident, month, devices, (path.tickets, random.random()));
                path.hours += incident.hours();
                severe_events.push(incident);
            }
        }
        path.drawn.push(drawn);
        path.events.push(severe_events);
    }
    entries.sort_by(|one, other| (one.started_at, &one.id).cmp(&(other.started_at, &other.id)));
    path.months = split(entries, horizon);
    path
}

/// A device of each class, by its position in the client's list.
#[derive(Clone, Debug)]
pub struct Listed([Option<u32>; 6]);

impl Listed {
    /// Looks them up.
    #[must_use]
    pub fn of(client: &Client) -> Self {
        Self(DeviceClass::ALL.map(|class| {
            let position = client.devices.iter().position(|device| device.class == class);
            position.and_then(|position| u32::try_from(position).ok())
        }))
    }

    fn worked_on(&self, on: PieceOn) -> WorkedOn {
        match on {
            PieceOn::Nothing => WorkedOn::NoDevice,
            PieceOn::Unlisted => WorkedOn::Unlisted,
            PieceOn::Class(class) => {
                let position = DeviceClass::ALL.iter().position(|other| *other == class);
                position.and_then(|position| *self.0.get(position)?).map_or(WorkedOn::Unlisted, WorkedOn::Listed)
            }
        }
    }
}

/// Puts an incident on a day of the month with its weekday.
fn place(entries: &mut Vec<TimeEntry>, incident: &Incident, month: &Month, devices: &Listed, (ticket, share): (u32, f64)) {
    let first = (incident.weekday + 7 - month.first_weekday) % 7;
    let weeks = (month.midnights.len() - first).div_ceil(7);
    let day = first + 7 * index(share * crate::number::float(weeks)).min(weeks - 1);
    let Some(midnight) = month.midnights.get(day) else { return };
    for piece in &incident.pieces {
        let number = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        entries.push(TimeEntry {
            id: digits(number).as_str().into(),
            ticket: digits(ticket).as_str().into(),
            started_at: midnight + piece.after,
            minutes: piece.minutes,
            tier: piece.tier,
            work_type: piece.work_type,
            device: devices.worked_on(piece.on),
            billing: piece.billing,
        });
    }
}

/// The entries of one incident alone, in the first month: those that start within it.
#[must_use]
pub fn lone_entries(incident: &Incident, horizon: &Horizon, devices: &Listed) -> Vec<TimeEntry> {
    let mut entries = Vec::with_capacity(incident.pieces.len());
    let Some(month) = horizon.months.first() else { return entries };
    // All of its pieces belong to the month, however long it goes on.
    let end = month.midnights.last().map_or(i64::MAX, |last| last + 86_399);
    place(&mut entries, incident, month, devices, (1, 0.0));
    for entry in &mut entries {
        entry.started_at = entry.started_at.min(end);
    }
    entries.sort_by(|one, other| (one.started_at, &one.id).cmp(&(other.started_at, &other.id)));
    entries
}

/// A number as text of nine digits, so that text sorts as numbers do.
fn digits(number: u32) -> Digits {
    let mut text = *b"000000000";
    let mut rest = number;
    for slot in text.iter_mut().rev() {
        *slot = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    Digits(text)
}

struct Digits([u8; 9]);

impl Digits {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A severe event as work of at most eight hours a day, beginning on a weekday's morning.
fn severe_incident(hours: f64, demand: &Demand) -> Incident {
    let work = demand.severe_work;
    let mut left = u32::try_from(index((hours * 60.0).round().clamp(1.0, 60_000.0))).unwrap_or(1);
    let (mut pieces, mut day) = (Vec::new(), 0_i64);
    while left > 0 {
        let minutes = left.min(480);
        let (tier, work_type, on) = (work.tier, work.work_type, PieceOn::Class(work.on));
        pieces.push(Piece { after: day * 86_400 + 9 * 3_600, minutes, tier, work_type, on, billing: Billing::Billable });
        left -= minutes;
        day += 1;
    }
    Incident { weekday: 2, pieces }
}

/// The entries of each month; what starts after the last month is left out.
fn split(entries: Vec<TimeEntry>, horizon: &Horizon) -> Vec<Vec<TimeEntry>> {
    let mut months: Vec<Vec<TimeEntry>> = Vec::with_capacity(horizon.months.len());
    let mut entries = entries.into_iter().peekable();
    for (position, _) in horizon.months.iter().enumerate() {
        let end = horizon.months.get(position + 1).and_then(|next| next.midnights.first());
        let last = horizon.months.last().and_then(|last| last.midnights.last()).map_or(i64::MIN, |last| last + 86_400);
        let end = end.copied().unwrap_or(last);
        let mut own = Vec::new();
        while let Some(entry) = entries.next_if(|entry| entry.started_at < end) {
            own.push(entry);
        }
        months.push(own);
    }
    months
}
