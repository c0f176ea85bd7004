//! What a change of devices does to counts, prepaid time and fees, before it is saved.

use quarterhour_billing::{Currency, Day, DeviceClass, Period, StatementReport};
use quarterhour_store::statements::closing;
use serde::Serialize;
use uuid::Uuid;

use crate::app::context::Context;
use crate::app::device::{self, DeviceChange, DeviceRow, DeviceStep};
use crate::app::money;
use crate::app::outcome::RunResult;
use crate::app::trial::{self, Comparison};
use crate::dates;
use crate::error::AppError;
use crate::hours::capital;

/// A change so far ahead is not billed to see what it does.
const MONTHS_AHEAD: i32 = 14;

/// What a change of devices does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeviceEffect {
    /// One for each open period that changes, the running and the next one always.
    pub periods: Vec<PeriodEffect>,
    /// All that in sentences.
    pub sentences: Vec<String>,
    /// What changes, device by device, in the words of the list.
    pub changes: Vec<String>,
}

/// What a change does to one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeriodEffect {
    /// The period.
    pub period: Period,
    /// Class, number before and number after, of the agreement's count.
    pub count: Vec<(String, i64, i64)>,
    /// Seconds that are granted, before and after.
    pub granted: (i64, i64),
    /// What is put into a reserve, before and after, in minor units.
    pub reserve: (i64, i64),
    /// Net, before and after, in minor units.
    pub net: (i64, i64),
    /// Both amounts for people.
    pub net_words: (String, String),
}

impl PeriodEffect {
    /// Does it change anything here?
    #[must_use]
    pub fn changes(&self) -> bool {
        self.granted.0 != self.granted.1
            || self.reserve.0 != self.reserve.1
            || self.net.0 != self.net.1
            || self.count.iter().any(|(_, before, after)| before != after)
    }

    /// Devices before and after.
    #[must_use]
    pub fn total(&self) -> (i64, i64) {
        self.count.iter().fold((0, 0), |(one, two), (_, before, after)| (one + before, two + after))
    }
}

impl Context {
    /// What a step would do.
    ///
    /// # Errors
    ///
    /// Refuses a step that could not be taken.
    pub fn device_effect(&self, code: &str, step: &DeviceStep) -> Result<DeviceEffect, AppError> {
        let client_id = self.client_by_code(code)?;
        let rows = self.devices(client_id)?;
        let books = self.books()?;
        let changes = device::plan(&books, client_id, &rows, step)?;
        self.effect_of_changes(client_id, &changes)
    }

    /// What changes would do.
    ///
    /// # Errors
    ///
    /// Refuses changes that could not be made.
    pub fn effect_of_changes(&self, client_id: Uuid, changes: &[DeviceChange]) -> Result<DeviceEffect, AppError> {
        let books = self.books()?;
        let position = books.positions.get(&client_id).and_then(|position| books.setup.clients.get(*position));
        let client = position.ok_or_else(|| AppError::not_found("client"))?;
        let running = self.clock.today(&client.client.clock).period();
        let from = changes.iter().filter_map(DeviceChange::first_day).min();
        let last = changes.iter().filter_map(DeviceChange::first_day).max().map_or(running, Day::period);
        // A device that comes on the 2nd counts from the 1st of the month after.
        let until = running.next().max(if last.since(running) <= MONTHS_AHEAD { last.next() } else { running });
        let currency = client.client.currency;
        let (compared, issued) = self.store.read(|tx| {
            let rows = device::rows(tx, &books, client_id)?;
            let trial = device::check_all(tx, &books, client_id, &rows, changes)?;
            let issued = closing::find_last(tx, books.provider_id, client_id)?.and_then(|row| Period::parse(&row.period));
            Ok::<_, AppError>((trial::compare(tx, &books, trial, until)?, issued))
        })?;
        let periods = periods(&compared, (running, until), currency);
        let mut effect = DeviceEffect { changes: words(changes), periods, ..DeviceEffect::default() };
        effect.sentences = sentences(&effect.periods, until, currency);
        if let Some(issued) = issued.filter(|issued| from.is_some_and(|from| from < issued.end())) {
            effect.sentences.push(format!("Issued statements, up to {}, keep their count.", dates::month(issued)));
        }
        if last.since(running) > MONTHS_AHEAD {
            effect.sentences.push(format!("It begins in {}, too far ahead to say more.", dates::month(last)));
        }
        Ok(effect)
    }
}

fn periods(compared: &Comparison, (running, until): (Period, Period), currency: Currency) -> Vec<PeriodEffect> {
    // Where nothing is issued, all that was ever agreed is open.
    let outcomes = compared.before.result.outcomes.iter().chain(&compared.after.result.outcomes);
    let open = compared.before.closed.as_ref().map(|closed| closed.period.next());
    let first = open.or_else(|| outcomes.map(|outcome| outcome.period).min()).unwrap_or(running).min(running);
    let all = std::iter::successors(Some(first), |period| Some(period.next())).take_while(|period| *period <= until);
    let effects = all.map(|period| {
        let (before, after) = (reports(&compared.before.result, period), reports(&compared.after.result, period));
        let sum = |list: &[&StatementReport]| {
            let granted: i64 = list.iter().map(|report| report.time.granted).sum();
            let net: i64 = list.iter().filter_map(|report| money::minor(&report.net)).sum();
            let reserve: i64 = list.iter().filter_map(|report| money::minor(&report.reserve.as_ref()?.granted)).sum();
            (granted, reserve, net)
        };
        let ((granted, put, net), (granted_then, put_then, net_then)) = (sum(&before), sum(&after));
        let net_words = (money::shown(net, currency), money::shown(net_then, currency));
        PeriodEffect {
            period,
            count: counts(&before, &after),
            granted: (granted, granted_then),
            reserve: (put, put_then),
            net: (net, net_then),
            net_words,
        }
    });
    effects.filter(|effect| effect.changes() || effect.period == running || effect.period == running.next()).collect()
}

fn reports(result: &RunResult, period: Period) -> Vec<&StatementReport> {
    let named = result.outcomes.iter().filter(|outcome| outcome.period == period && outcome.report.agreement.is_some());
    named.map(|outcome| &outcome.report).collect()
}

/// The counts of the agreement that is in force last in the period.
fn counts(before: &[&StatementReport], after: &[&StatementReport]) -> Vec<(String, i64, i64)> {
    let of = |list: &[&StatementReport], class: DeviceClass| list.last().map_or(0, |report| report.count.of(class));
    let all = DeviceClass::ALL.into_iter().map(|class| (class.name().to_owned(), of(before, class), of(after, class)));
    all.filter(|(_, before, after)| *before > 0 || *after > 0).collect()
}

/// A class for a number of devices.
#[must_use]
pub fn class_words(class: &str, number: i64) -> String {
    match (class, number) {
        ("other", _) => "other devices".to_owned(),
        (_, 1) => class.to_owned(),
        ("switch", _) => "switches".to_owned(),
        _ => format!("{class}s"),
    }
}

/// `+15 min`, `−1:30 h`.
fn time_step(seconds: i64) -> String {
    let sign = if seconds < 0 { "\u{2212}" } else { "+" };
    let plain = seconds.abs();
    if plain < 7200 && plain % 60 == 0 { format!("{sign}{} min", plain / 60) } else { format!("{sign}{}", crate::hours::hours(plain)) }
}

fn sentences(periods: &[PeriodEffect], until: Period, currency: Currency) -> Vec<String> {
    let changed: Vec<&PeriodEffect> = periods.iter().filter(|effect| effect.changes()).collect();
    if changed.is_empty() {
        return vec!["No count, prepaid time or fee changes.".to_owned()];
    }
    // The same step month after month is said once.
    let same = |one: &&PeriodEffect, other: &&PeriodEffect| {
        other.period == one.period.next() && step(one) == step(other) && one.count == other.count
    };
    changed.chunk_by(|one, other| same(one, other)).filter_map(|group| sentence(group, until, currency)).collect()
}

fn step(effect: &PeriodEffect) -> (i64, i64, i64) {
    (effect.granted.1 - effect.granted.0, effect.reserve.1 - effect.reserve.0, effect.net.1 - effect.net.0)
}

fn sentence(group: &[&PeriodEffect], until: Period, currency: Currency) -> Option<String> {
    let (effect, last) = (group.first()?, group.last()?);
    let counts: Vec<String> = effect
        .count
        .iter()
        .filter(|(_, before, after)| before != after)
        .map(|(class, before, after)| format!("from {before} to {after} {}", class_words(class, *after)))
        .collect();
    let (granted, put, net) = step(effect);
    let mut results = Vec::new();
    if granted != 0 {
        results.push(format!("{} of prepaid time", time_step(granted)));
    }
    let amount = |amount: i64| format!("{}{}", if amount < 0 { "\u{2212}" } else { "+" }, money::shown(amount.abs(), currency));
    if put != 0 {
        results.push(format!("{} in the reserve", amount(put)));
    }
    if net != 0 {
        results.push(format!("{} before tax", amount(net)));
    }
    let goes_on = last.period >= until;
    let when = match (goes_on, group.len()) {
        (true, _) => format!("{} and after", dates::month(effect.period)),
        (false, 1) => dates::month(effect.period),
        (false, _) => format!("{} to {}", dates::month(effect.period), dates::month(last.period)),
    };
    // Lines by device change without a count of prepaid time.
    let counts = if counts.is_empty() { "In".to_owned() } else { format!("{} in", capital(&counts.join(", "))) };
    let a_month = if goes_on || group.len() > 1 { " a month" } else { "" };
    let results = if results.is_empty() { "no prepaid time or fee changes".to_owned() } else { results.join(", ") + a_month };
    Some(format!("{counts} {when}: {results}."))
}

/// The changes device by device, in words.
#[must_use]
pub fn words(changes: &[DeviceChange]) -> Vec<String> {
    changes.iter().map(change_words).collect()
}

/// One change in words.
#[must_use]
pub fn change_words(change: &DeviceChange) -> String {
    match (&change.before, &change.after) {
        (None, Some(new)) => {
            let until = new.retired.map(|day| format!(", until {}", dates::full(&day))).unwrap_or_default();
            format!("{} ({}) comes into service on {}{until}", new.name, new.class, dates::full(&new.in_service))
        }
        (Some(old), None) => format!("{} ({}) is taken out of the list", old.name, old.class),
        (Some(old), Some(new)) if DeviceRow { retired: new.retired, ..old.clone() } == *new => match new.retired {
            Some(day) => format!("{} ({}) is retired on {}", new.name, new.class, dates::full(&day)),
            None => format!("{} ({}) is back in service", new.name, new.class),
        },
        (Some(old), Some(new)) => {
            let mut parts = Vec::new();
            let mut differs = |what: &str, from: &str, to: &str| {
                if from != to {
                    let or = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
                    parts.push(format!("{what} {} \u{2192} {}", or(from), or(to)));
                }
            };
            differs("name", &old.name, &new.name);
            differs("class", &old.class, &new.class);
            differs("in service", &dates::full(&old.in_service), &dates::full(&new.in_service));
            let day = |day: Option<jiff::civil::Date>| day.map(|day| dates::full(&day)).unwrap_or_default();
            differs("retired", &day(old.retired), &day(new.retired));
            differs("serial", &old.serial, &new.serial);
            differs("site", &old.site, &new.site);
            let parts = if parts.is_empty() { "as it was".to_owned() } else { parts.join(", ") };
            format!("{}: {parts}", new.name)
        }
        (None, None) => String::new(),
    }
}
