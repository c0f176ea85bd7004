//! One possible course of some months: which incidents begin on which days. Every draw follows from a seed and a number.

use quarterhour_billing::{Billing, Calendar, Client, DAY_SECONDS, Day, DeviceClass, Period, TimeEntry, WorkedOn};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::demand::{Demand, SEVERE_MAX, Severe};
use crate::frequency::Frequency;
use crate::history::{Incident, Piece, PieceOn};
use crate::number::{float, index};

/// The months that are simulated.
#[derive(Clone, Debug)]
pub struct Horizon {
    months: Vec<Month>,
}

#[derive(Clone, Debug)]
struct Month {
    period: Period,
    first_day: Day,
    /// The local midnight of each day, in Unix seconds.
    midnights: Vec<i64>,
    /// For each day: how many plain days follow from it on, itself among them.
    plain: Vec<usize>,
    /// Monday is 0.
    first_weekday: usize,
}

/// A day of the horizon: the number of its month, and its own in it, both from 0.
pub type DayAt = (usize, usize);

impl Horizon {
    /// So many months from a first one on, by the client's clock and the provider's calendar.
    #[must_use]
    pub fn new(client: &Client, calendar: &Calendar, first: Period, months: u32) -> Self {
        // From the last day to the first.
        let mut run = usize::MAX / 2;
        let mut month = |number: u32| {
            let period = first.plus(number);
            let (day, mut date) = (period.first_day(), period.end());
            let midnights: Vec<i64> = (0..=date.since(day)).map(|after| midnight(client, day, after)).collect();
            let mut is_plain = |pair: &[i64]| {
                date = date.previous();
                let long = pair.last().zip(pair.first()).is_some_and(|(to, from)| to - from == DAY_SECONDS);
                run = if long && !calendar.is_holiday(date) { run + 1 } else { 0 };
                run
            };
            let mut plain: Vec<usize> = midnights.windows(2).rev().map(&mut is_plain).collect();
            plain.reverse();
            let own = midnights.split_last().map_or(Vec::new(), |(_, own)| own.to_vec());
            Month { period, first_day: day, midnights: own, plain, first_weekday: day.weekday() }
        };
        let mut months: Vec<Month> = (0..months).rev().map(&mut month).collect();
        months.reverse();
        Self { months }
    }

    /// The months.
    pub fn periods(&self) -> impl Iterator<Item = Period> + '_ {
        self.months.iter().map(|month| month.period)
    }

    /// The day of a month (both from 0) with a weekday, at a share of those that the month has.
    pub(crate) fn day(&self, month: usize, weekday: usize, share: f64) -> u32 {
        self.months.get(month).map_or(0, |month| month.day(weekday, share))
    }

    /// The first instant of a day.
    pub(crate) fn midnight(&self, (month, day): DayAt) -> Option<i64> {
        self.months.get(month)?.midnights.get(day).copied()
    }

    /// A day by the calendar.
    pub(crate) fn date(&self, (month, day): DayAt) -> Day {
        let first = self.months.get(month).map_or(Day::of_local(0), |month| month.first_day);
        first.plus(i64::try_from(day).unwrap_or(0))
    }

    /// Are so many days from a day on plain: without holidays, of 24 hours? Days after the last month are.
    pub(crate) fn is_plain(&self, (month, day): DayAt, days: usize) -> bool {
        self.months.get(month).and_then(|month| month.plain.get(day)).is_some_and(|run| *run >= days)
    }

    /// Are so many days from a day on within its month?
    pub(crate) fn is_within(&self, (month, day): DayAt, days: usize) -> bool {
        self.months.get(month).is_some_and(|month| day.saturating_add(days) <= month.midnights.len())
    }

    /// A day of a weekday (Monday is 0) from which on so many days are plain.
    pub(crate) fn plain_day(&self, weekday: usize, days: usize) -> Option<DayAt> {
        let all = self.months.iter().enumerate().flat_map(|(at, month)| (0..month.midnights.len()).map(move |day| (at, day)));
        let is_weekday = |(at, day): &DayAt| self.months.get(*at).is_some_and(|month| (month.first_weekday + day) % 7 == weekday % 7);
        all.filter(is_weekday).find(|at| self.is_plain(*at, days) && self.is_within(*at, days))
    }
}

/// The instant of a local midnight, so many days after a day.
fn midnight(client: &Client, day: Day, after: i64) -> i64 {
    let local = (day.since(Day::of_local(0)) + after) * DAY_SECONDS;
    let offset = |at: i64| client.clock.local(at).0 - at;
    local - offset(local - offset(local))
}

/// One course.
#[derive(Clone, Debug, Default)]
pub struct Path {
    /// By month.
    pub months: Vec<DrawnMonth>,
    /// Hours that count, in all months.
    pub hours: f64,
    /// Tickets, in all months.
    pub tickets: u32,
}

/// The incidents that begin in one month.
#[derive(Clone, Debug, Default)]
pub struct DrawnMonth {
    /// Usual ones: the position in the urn and the day of the month, both from 0.
    pub usual: Vec<(u32, u32)>,
    /// Severe events with the day of the month, from 0.
    pub severe: Vec<DrawnSevere>,
}

/// A severe event that was drawn.
#[derive(Clone, Debug)]
pub struct DrawnSevere {
    /// The position of its kind among those of the demand.
    pub kind: usize,
    /// Its work.
    pub incident: Incident,
    /// The day of the month, from 0.
    pub day: u32,
}

/// Draws course number `number` of a seed, with factors on the tickets of each month, such as a shock that others feel, too; months
/// without a factor are as expected.
#[must_use]
pub fn draw(demand: &Demand, horizon: &Horizon, (seed, number): (u64, u64), shocks: &[f64]) -> Path {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(number);
    let (mood, mut path) = (demand.usual.mood(&mut random), Path::default());
    let rare = rare(demand, (seed, number), horizon.months.len(), &mut random);
    for (position, month) in horizon.months.iter().enumerate() {
        let shock = shocks.get(position).copied().unwrap_or(1.0);
        let tickets = demand.usual.tickets.get(position).map_or(0, |frequency| frequency.times(mood * shock).sample(&mut random));
        let tickets = if demand.urn.is_empty() { 0 } else { tickets };
        let mut drawn = DrawnMonth { usual: Vec::with_capacity(usize::try_from(tickets).unwrap_or(0)), severe: Vec::new() };
        for _ in 0..tickets {
            let position = demand.urn.position(random.random());
            drawn.usual.push((u32::try_from(position).unwrap_or(u32::MAX), month.day(demand.urn.weekday(position), random.random())));
            path.hours += demand.urn.hours(position);
        }
        path.tickets += tickets;
        for (kind, severe) in
            rare.iter().filter(|(at, _)| *at == position).filter_map(|(_, kind)| Some((*kind, demand.severe.get(*kind)?)))
        {
            let incident = severe_incident(severe.hours.sample(&mut random), demand, severe.on);
            path.hours += incident.hours();
            path.tickets += 1;
            let day = month.day(incident.weekday, random.random());
            drawn.severe.push(DrawnSevere { kind, incident, day });
        }
        path.months.push(drawn);
    }
    path
}

/// Of so many courses in a row each has its own part of the law of how often rare events come.
const PARTS: u64 = 128;
/// More events than so many a year are not rare.
const RARE: f64 = 30.0;

/// The severe events of a course, each with its month and its kind. How many come is drawn from another part of its law in each of
/// [`PARTS`] courses, so that these have as many of them as can be expected.
fn rare(demand: &Demand, (seed, number): (u64, u64), months: usize, random: &mut ChaCha8Rng) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (kind, severe) in (0..).zip(&demand.severe) {
        let mean = severe.a_year * float(months) / 12.0;
        let mut order = ChaCha8Rng::seed_from_u64(seed ^ 0x5241_5245);
        order.set_stream(number / PARTS * 64 + kind);
        // The parts in an order of their own for each seed and kind: other clients' events come in other courses.
        let (times, first) = (order.random::<u64>() | 1, order.random::<u64>());
        let part = (number % PARTS).wrapping_mul(times).wrapping_add(first) % PARTS;
        let share =
            (f64::from(u32::try_from(part).unwrap_or(0)) + random.random::<f64>()) / float(usize::try_from(PARTS).unwrap_or(1));
        let events = if mean > RARE { Frequency::Poisson { mean }.sample(random) } else { poisson_quantile(mean, share) };
        for _ in 0..events {
            found.push((index(random.random::<f64>() * float(months)), usize::try_from(kind).unwrap_or(usize::MAX)));
        }
    }
    found
}

/// The quantile of a Poisson law.
fn poisson_quantile(mean: f64, share: f64) -> u32 {
    let (mut chance, mut below, mut events) = ((-mean).exp(), 0.0, 0);
    loop {
        below += chance;
        if share < below || chance < 1e-17 {
            return events;
        }
        events += 1;
        chance *= mean / f64::from(events);
    }
}

impl Month {
    /// The day with a weekday at a share of the month's, from 0.
    fn day(&self, weekday: usize, share: f64) -> u32 {
        let first = (weekday + 7 - self.first_weekday) % 7;
        let weeks = (self.midnights.len() - first).div_ceil(7);
        u32::try_from(first + 7 * index(share * float(weeks)).min(weeks - 1)).unwrap_or(0)
    }
}

impl Path {
    /// The incidents of all months with their days, in the order in which they were drawn.
    pub(crate) fn incidents<'a>(&'a self, demand: &'a Demand) -> impl Iterator<Item = (&'a Incident, DayAt)> {
        self.months.iter().enumerate().flat_map(move |(at, month)| {
            let usual = month.usual.iter().filter_map(|(position, day)| {
                let position = usize::try_from(*position).ok()?;
                Some((demand.urn.get(position)?, day))
            });
            let severe = month.severe.iter().map(|drawn| (&drawn.incident, &drawn.day));
            usual.chain(severe).map(move |(incident, day)| (incident, (at, usize::try_from(*day).unwrap_or(0))))
        })
    }

    /// Hours of all work on the incidents that begin in each month, courtesy among them.
    #[must_use]
    pub fn month_hours(&self, demand: &Demand) -> Vec<f64> {
        let mut hours = vec![0.0; self.months.len()];
        for (incident, (month, _)) in self.incidents(demand) {
            if let Some(sum) = hours.get_mut(month) {
                *sum += incident.pieces.iter().map(|piece| f64::from(piece.minutes)).sum::<f64>() / 60.0;
            }
        }
        hours
    }

    /// The entries of each month, by start and id; what starts after the last month is left out.
    #[must_use]
    pub fn entries(&self, demand: &Demand, horizon: &Horizon, devices: &Listed) -> Vec<Vec<TimeEntry>> {
        split(entries_of(self.incidents(demand), horizon, devices), horizon)
    }
}

/// A device of each class, by its position in the client's list.
#[derive(Clone, Debug)]
pub struct Listed([Option<u32>; 6]);

impl Listed {
    /// Looks for those that are in service from a day on.
    #[must_use]
    pub fn of(client: &Client, day: Day) -> Self {
        Self(DeviceClass::ALL.map(|class| {
            let all = client.devices.iter().enumerate().filter(|(_, device)| device.class == class);
            // The last of the best is taken: from the end on, it is the first.
            let best = all.rev().max_by_key(|(_, device)| (device.counts_on(day), device.retired.is_none()));
            best.and_then(|(position, _)| u32::try_from(position).ok())
        }))
    }

    /// What work is entered on.
    #[must_use]
    pub fn worked_on(&self, on: PieceOn) -> WorkedOn {
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

/// Puts an incident on a day.
fn place(entries: &mut Vec<TimeEntry>, incident: &Incident, midnight: Option<i64>, devices: &Listed, ticket: u32) {
    let Some(midnight) = midnight else { return };
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

/// The entries of incidents on their days, by start and id.
pub(crate) fn entries_of<'a>(
    incidents: impl Iterator<Item = (&'a Incident, DayAt)>,
    horizon: &Horizon,
    devices: &Listed,
) -> Vec<TimeEntry> {
    let mut entries = Vec::new();
    for (ticket, (incident, at)) in (1..).zip(incidents) {
        place(&mut entries, incident, horizon.midnight(at), devices, ticket);
    }
    entries.sort_by(|one, other| (one.started_at, &one.id).cmp(&(other.started_at, &other.id)));
    entries
}

/// The entries of one incident alone that begins on a day, by start and id.
#[must_use]
pub fn lone_entries(incident: &Incident, at: DayAt, horizon: &Horizon, devices: &Listed) -> Vec<TimeEntry> {
    entries_of(std::iter::once((incident, at)), horizon, devices)
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

/// A severe event of its usual length, or of a whole week where it takes longer, so that its days off are as many as of longer ones.
pub(crate) fn typical(severe: &Severe, demand: &Demand) -> Incident {
    severe_incident(severe.hours.mean().min(7.0 * 8.0), demand, severe.on)
}

/// A severe event as work of at most eight hours a day, beginning on a weekday's morning.
fn severe_incident(hours: f64, demand: &Demand, on: DeviceClass) -> Incident {
    let work = demand.severe_work;
    let mut left = u32::try_from(index((hours.min(SEVERE_MAX) * 60.0).round().max(1.0))).unwrap_or(1);
    let (mut pieces, mut day) = (Vec::new(), 0_i64);
    while left > 0 {
        let minutes = left.min(480);
        let (tier, work_type, on) = (work.tier, work.work_type, PieceOn::Class(on));
        pieces.push(Piece { after: day * 86_400 + 9 * 3_600, minutes, tier, work_type, on, billing: Billing::Billable });
        left -= minutes;
        day += 1;
    }
    Incident { weekday: 2, pieces }
}

/// A start before an end: as many days earlier as that takes, at the same time of day.
pub(crate) fn within(started_at: i64, end: i64) -> i64 {
    if started_at < end { started_at } else { started_at - ((started_at - end) / DAY_SECONDS + 1) * DAY_SECONDS }
}

/// Sorts entries into months. What would begin after the last belongs to it: work that was begun is finished.
pub(crate) fn split(entries: Vec<TimeEntry>, horizon: &Horizon) -> Vec<Vec<TimeEntry>> {
    let mut months: Vec<Vec<TimeEntry>> = Vec::with_capacity(horizon.months.len());
    let mut entries = entries.into_iter().peekable();
    let last = horizon.months.last().and_then(|last| last.midnights.last()).map_or(i64::MIN, |last| last + DAY_SECONDS);
    for (position, _) in horizon.months.iter().enumerate() {
        let end = horizon.midnight((position + 1, 0)).unwrap_or(last);
        let mut own = Vec::new();
        while let Some(entry) = entries.next_if(|entry| entry.started_at < end) {
            own.push(entry);
        }
        months.push(own);
    }
    if let Some(own) = months.last_mut().filter(|_| entries.peek().is_some()) {
        own.extend(entries.map(|entry| TimeEntry { started_at: within(entry.started_at, last), ..entry }));
        own.sort_by(|one, other| (one.started_at, &one.id).cmp(&(other.started_at, &other.id)));
    }
    months
}
