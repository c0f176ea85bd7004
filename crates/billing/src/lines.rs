//! From charges to printed lines: each sum is one line, and its amount is rounded once.

use crate::number::{Currency, Decimal, HOUR, HourlyPrice};
use crate::statement::{Line, LineKind};
use crate::time::{Band, Period};
use crate::word::{Word, Words};

/// What charged and overage time is added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeKey {
    pub(crate) kind: LineKind,
    pub(crate) tier: Word,
    pub(crate) work_type: Word,
    pub(crate) band: Band,
    pub(crate) hourly: HourlyPrice,
    pub(crate) on_reserve: bool,
    /// The issued period that late time or a correction belongs to.
    pub(crate) period: Option<Period>,
}

/// What tickets at a price are added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TicketKey {
    pub(crate) tier: Word,
    pub(crate) price: Decimal,
    pub(crate) period: Option<Period>,
}

/// Tickets at a price.
#[derive(Clone, Copy, Debug, Default)]
struct TicketCount {
    all: i64,
    on_reserve: i64,
}

/// The charges of one statement, added up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Charges {
    times: Vec<(TimeKey, i64)>,
    tickets: Vec<(TicketKey, TicketCount)>,
}

impl Charges {
    /// Adds seconds of charged or overage time.
    pub(crate) fn add_time(&mut self, key: TimeKey, seconds: i64) {
        match self.times.iter_mut().find(|(other, _)| *other == key) {
            Some((_, sum)) => *sum += seconds,
            None => self.times.push((key, seconds)),
        }
    }

    /// Adds a ticket.
    pub(crate) fn add_ticket(&mut self, key: TicketKey, on_reserve: bool) {
        if !self.tickets.iter().any(|(other, _)| *other == key) {
            self.tickets.push((key, TicketCount::default()));
        }
        if let Some((_, count)) = self.tickets.iter_mut().find(|(other, _)| *other == key) {
            count.all += 1;
            count.on_reserve += i64::from(on_reserve);
        }
    }

    /// Adds the charges of late time, whose keys name their period.
    pub(crate) fn append(&mut self, other: Self) {
        for (key, seconds) in other.times {
            self.add_time(key, seconds);
        }
        self.tickets.extend(other.tickets);
    }

    /// What a reserve may pay: the printed amounts of the lines that draw on it.
    pub(crate) fn reserve_share(&self, currency: Currency) -> i64 {
        let times = self.times.iter().filter(|(key, _)| key.on_reserve);
        let tickets = self.tickets.iter().filter(|(key, _)| key.period.is_none());
        times.map(|(key, seconds)| key.hourly.amount(*seconds, currency)).sum::<i64>()
            + tickets.map(|(key, count)| currency.amount(key.price, count.on_reserve, 1)).sum::<i64>()
    }

    /// The amounts of all charges as lines without words, for bulk.
    pub(crate) fn into_brief_lines(self, currency: Currency) -> Vec<Line> {
        let times = self.times.iter().filter(|(_, seconds)| *seconds != 0);
        times.map(|(key, seconds)| Line::brief(key.kind, Some(*seconds), key.hourly.amount(*seconds, currency))).collect()
    }

    /// The printed lines of all charges, in order.
    pub(crate) fn into_lines(mut self, words: &Words, currency: Currency) -> Vec<Line> {
        self.times.retain(|(_, seconds)| *seconds != 0);
        self.tickets.sort_by(|(one, _), (other, _)| {
            (one.period, words.name(one.tier), one.price).cmp(&(other.period, words.name(other.tier), other.price))
        });
        self.times.sort_by(|(one, _), (other, _)| {
            let key = |it: &TimeKey| (it.kind, it.band, it.hourly, it.period);
            let names = |it: &TimeKey| (words.name(it.tier), words.name(it.work_type));
            (one.kind, names(one), key(one)).cmp(&(other.kind, names(other), key(other)))
        });
        let tickets = self.tickets.iter().map(|(key, count)| ticket_line(key, count.all, words, currency));
        let mut lines: Vec<Line> = tickets.collect();
        lines.extend(self.times.iter().map(|(key, seconds)| time_line(key, *seconds, words, currency)));
        lines.sort_by_key(|line| line.kind);
        lines
    }
}

impl Line {
    /// A line without words.
    pub(crate) fn brief(kind: LineKind, seconds: Option<i64>, amount: i64) -> Self {
        let (tier, work_type, band, unit) = (None, None, None, "");
        Self { kind, text: String::new(), tier, work_type, band, seconds, quantity: String::new(), unit, price: String::new(), amount }
    }
}

fn ticket_line(key: &TicketKey, count: i64, words: &Words, currency: Currency) -> Line {
    let tier = words.name(key.tier);
    let (kind, text) = match key.period {
        None => (LineKind::Ticket, format!("Tickets, {tier}")),
        Some(period) => (LineKind::Late, format!("Late tickets of {period}, {tier}")),
    };
    Line {
        kind,
        text,
        tier: Some(tier.to_owned()),
        work_type: None,
        band: None,
        seconds: None,
        quantity: count.to_string(),
        unit: "ticket",
        price: key.price.to_string(),
        amount: currency.amount(key.price, count, 1),
    }
}

fn time_line(key: &TimeKey, seconds: i64, words: &Words, currency: Currency) -> Line {
    let (tier, work_type) = (words.name(key.tier), words.name(key.work_type));
    let what = match (key.kind, key.period) {
        (LineKind::Overage, _) => "Overage".to_owned(),
        (LineKind::Late, Some(period)) => format!("Late time of {period}"),
        (LineKind::Adjustment, Some(period)) => format!("Correction of {period}"),
        _ => "Time".to_owned(),
    };
    let (quantity, unit) = quantity(seconds);
    Line {
        kind: key.kind,
        text: format!("{what}, {tier}, {work_type}, {}", key.band.name()),
        tier: Some(tier.to_owned()),
        work_type: Some(work_type.to_owned()),
        band: Some(key.band),
        seconds: Some(seconds),
        quantity,
        unit,
        price: key.hourly.to_string(),
        amount: key.hourly.amount(seconds, currency),
    }
}

/// Seconds as a printed quantity: hours when exact in two decimals, else minutes, else seconds.
fn quantity(seconds: i64) -> (String, &'static str) {
    if seconds % (HOUR / 100) == 0 {
        (crate::number::plain(i128::from(seconds / (HOUR / 100)), 2), "hour")
    } else if seconds % 60 == 0 {
        ((seconds / 60).to_string(), "minute")
    } else {
        (seconds.to_string(), "second")
    }
}
