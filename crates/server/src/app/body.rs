//! What a statement says, frozen: everything that its pages, its PDF and its proof need, as plain data.
//! It is stored with an issued statement and never read again from anything that can change.

use std::collections::{HashMap, HashSet};

use quarterhour_billing::{
    Band, Client, Fate, HourlyPrice, LateWork, LineReport, LocalClock, MovementKind, Part, Period, Pool, PoolKind, PriceSource,
    Priced, Returned, Statement, StatementReport, TimeEntry, Word, Words, statement_report,
};
use quarterhour_books::rows::EntryRow;
use quarterhour_books::{BookClient, Setup};
use serde::{Deserialize, Serialize};

use crate::app::money;

/// What the engine does not need of entries, and a statement says.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// The words of entries, by id.
    pub words: HashMap<String, EntryDetail>,
    /// Held overage that was released and that the next statement bills.
    pub released: Vec<Released>,
}

impl Details {
    /// Keeps the words of an entry.
    pub fn insert(&mut self, id: String, words: EntryDetail) {
        self.words.insert(id, words);
    }
}

/// An entry of an issued period whose held overage was released.
#[derive(Clone, Debug)]
pub struct Released {
    /// The client's code.
    pub client: String,
    /// The agreement's name; none for work without one.
    pub agreement: Option<String>,
    /// The entry with what was released of it.
    pub entry: EntryBody,
}

/// The words of an entry.
#[derive(Clone, Debug, Default)]
pub struct EntryDetail {
    /// Who worked.
    pub technician: String,
    /// Free text.
    pub note: String,
    /// What it had counted where it corrects an entry of an issued statement.
    pub replaces: Option<Returned>,
}

impl EntryDetail {
    /// The words of an entry that corrects none.
    pub fn new(technician: String, note: String) -> Self {
        Self { technician, note, replaces: None }
    }

    /// The words of a row.
    pub fn of(row: &EntryRow<'_>) -> Self {
        Self::new(row.technician.to_owned(), row.note.to_owned())
    }
}

/// A frozen statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatementBody {
    /// The period.
    pub period: Period,
    /// The numbers, as section 13 of the rules has them.
    pub statement: StatementReport,
    /// Who bills.
    pub provider: Party,
    /// Who pays.
    pub client: Party,
    /// Tax on everything, a plain decimal.
    pub tax_percent: String,
    /// Days until an invoice is due.
    pub payment_days: u32,
    /// Terms that the invoice prints.
    pub terms: String,
    /// Bank account that the invoice prints.
    pub bank: String,
    /// Does work draw on pools of time?
    pub draws_time: bool,
    /// The devices behind the count.
    pub devices: Vec<CountedDevice>,
    /// Every entry, with where each second went.
    pub entries: Vec<EntryBody>,
    /// The pools, as the period ran: for the burn-down chart.
    pub burn_down: Vec<BurnStep>,
    /// A reserve of money, as the period ran: what is left, and what was charged beyond it, in minor units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserve_burn: Vec<BurnStep>,
    /// Sentences for the client.
    pub notes: Vec<String>,
    /// Thresholds that were crossed: percent, day and entry.
    pub alerts: Vec<String>,
}

/// Who bills or pays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Party {
    /// The name.
    pub name: String,
    /// The client's code.
    pub code: String,
    /// Lines of the address.
    pub address: Vec<String>,
    /// The country; empty on statements of before.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub country: String,
    /// The tax number.
    pub tax_id: String,
    /// The e-mail address.
    pub email: String,
}

/// A device that was counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountedDevice {
    /// What it is.
    pub class: String,
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub site: String,
    /// Since when.
    pub in_service: quarterhour_billing::Day,
}

/// An entry on a statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EntryBody {
    /// Its id.
    pub id: String,
    /// Set for late time and for released overage: the issued period that it belongs to.
    pub late_for: Option<Period>,
    /// Is it overage that was held in that period and is released? Its time was counted there, so it has none here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
    /// What it had counted before, where it corrects an entry that is on an issued statement already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Returned>,
    /// The ticket.
    pub ticket: String,
    /// Who worked.
    pub technician: String,
    /// The tier.
    pub tier: String,
    /// The work type.
    pub work_type: String,
    /// Free text.
    pub note: String,
    /// Its start in Unix seconds.
    pub started_at: i64,
    /// Its start on the client's wall clock.
    pub started_local: jiff::civil::DateTime,
    /// Seconds worked.
    pub actual: i64,
    /// Seconds after rounding.
    pub billable: i64,
    /// Where they went.
    pub parts: Vec<PartBody>,
}

/// A piece of an entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartBody {
    /// What happened to it: courtesy, included, internal, drawn, overage, held, charged, in-ticket or nothing.
    pub fate: String,
    /// Why, for people.
    pub why: String,
    /// Inside or outside business hours.
    pub band: Band,
    /// Seconds.
    pub seconds: i64,
    /// Seconds taken from a pool.
    pub burn: i64,
    /// The price an hour, where it was charged.
    pub hourly: Option<HourlyPrice>,
}

/// How the reason of a charge ends that a reserve pays as far as it reaches.
const ON_RESERVE: &str = ", on the reserve";

/// What late time draws on.
const GIVEN_BACK: &str = "time given back";

impl PartBody {
    /// Does a reserve pay for it as far as it reaches?
    #[must_use]
    pub fn is_on_reserve(&self) -> bool {
        self.why.ends_with(ON_RESERVE)
    }
}

/// A moment at which the pools changed, or the reserve.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct BurnStep {
    /// Seconds on the wall clock since the period began.
    pub at: i64,
    /// Left after it: seconds in pools, minor units in a reserve.
    pub left: i64,
    /// Beyond them up to it.
    pub overage: i64,
}

impl EntryBody {
    /// Seconds of overage that are billed.
    #[must_use]
    pub fn overage(&self) -> i64 {
        self.seconds_of("overage")
    }

    /// Seconds beyond the pools, held ones among them.
    #[must_use]
    pub fn beyond(&self) -> i64 {
        self.overage() + self.seconds_of("held")
    }

    /// Seconds of one fate.
    #[must_use]
    pub fn seconds_of(&self, fate: &str) -> i64 {
        self.parts.iter().filter(|part| part.fate == fate).map(|part| part.seconds).sum()
    }

    /// What it has to do with an issued period: `late for March 2026`. Empty for work of the statement's own period.
    #[must_use]
    pub fn late_words(&self) -> String {
        let Some(month) = self.late_for.map(crate::dates::month) else { return String::new() };
        match self.replaces {
            Some(before) => format!("corrects {month}, in place of {}", crate::hours::hours(before.billable)),
            None if self.released => format!("released from {month}"),
            None => format!("late for {month}"),
        }
    }
}

impl StatementBody {
    /// What a line says. Released overage is billed as late time is; where it is nothing else, the line says so.
    #[must_use]
    pub fn line_text(&self, line: &LineReport) -> String {
        let Some(of) = line.text.strip_prefix("Late time ") else { return line.text.clone() };
        let period = of.strip_prefix("of ").and_then(|of| Period::parse(of.split(',').next()?));
        let counts = |entry: &&EntryBody| {
            let (tier, work_type) = (Some(entry.tier.as_str()), Some(entry.work_type.as_str()));
            entry.late_for == period && tier == line.tier.as_deref() && work_type == line.work_type.as_deref()
        };
        let (released, late): (Vec<_>, Vec<_>) = self.entries.iter().filter(counts).partition(|entry| entry.released);
        match (released.is_empty(), late.iter().any(|entry| entry.overage() > 0)) {
            (true, _) => line.text.clone(),
            (false, true) => format!("Late time and released overage {of}"),
            (false, false) => format!("Released overage {of}"),
        }
    }

    /// Seconds that were put into pools, what was left from before among them.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.statement.time.available()
    }

    /// Seconds in pools after the last step: nothing any more once the agreement has ended within the period.
    #[must_use]
    pub fn left(&self) -> i64 {
        let rest = self.available() - self.statement.time.used;
        // Curves that were frozen by an earlier version end too high where time was given back.
        self.burn_down.last().map_or(rest, |last| last.left.min(rest))
    }

    /// Seconds of overage, held ones among them, that belong to issued periods: late time and what was released.
    #[must_use]
    pub fn late_beyond(&self) -> i64 {
        self.entries.iter().filter(|entry| entry.late_for.is_some()).map(EntryBody::beyond).sum()
    }

    /// What was put into a reserve, what was left from before among it, in minor units; none without one.
    #[must_use]
    pub fn reserve_put(&self) -> Option<i64> {
        let reserve = self.statement.reserve.as_ref()?;
        Some(money::minor(&reserve.opening).unwrap_or(0) + money::minor(&reserve.granted).unwrap_or(0))
    }
}

/// Freezes statements.
pub struct Freezer<'a> {
    /// Provider and clients.
    pub setup: &'a Setup,
    /// The names of tiers and work types.
    pub words: &'a Words,
    /// Words of the entries.
    pub details: &'a Details,
}

impl Freezer<'_> {
    /// Freezes one statement; `entries` are those of the period.
    pub fn freeze(&self, client: &BookClient, statement: &Statement, entries: &[TimeEntry]) -> StatementBody {
        let provider = &self.setup.provider;
        let mut bodies = self.entries(&client.client, statement, &statement.parts, &statement.billed, entries, None);
        for LateWork { period, entries, billed, parts } in &statement.late {
            bodies.extend(self.entries(&client.client, statement, parts, billed, entries, Some(*period)));
            let name = statement.agreement.as_deref();
            let own = |it: &&Released| it.client == *client.client.code && it.agreement.as_deref() == name;
            let released = self.details.released.iter().filter(own).map(|it| &it.entry);
            bodies.extend(released.filter(|entry| entry.late_for == Some(*period)).cloned());
        }
        let days = |alert: &quarterhour_billing::Alert| {
            let ticket =
                entries.iter().find(|entry| entry.id == alert.entry).map(|entry| entry.ticket.as_str()).filter(|it| !it.is_empty());
            let ticket = ticket.map(|ticket| format!(" (ticket {ticket})")).unwrap_or_default();
            format!("{} % on {}{ticket}", alert.percent, crate::dates::full(&alert.on))
        };
        let client_side = client_party(client, &provider.country);
        StatementBody {
            period: statement.period,
            statement: statement_report(&client.client.code, statement),
            provider: provider_party(self.setup, &client_side.country),
            client: client_side,
            tax_percent: client.client.tax_percent.to_string(),
            payment_days: provider.payment_days,
            terms: provider.letterhead("terms").to_owned(),
            bank: provider.letterhead("bank").to_owned(),
            draws_time: statement.draws_time,
            devices: counted_devices(&client.client, statement),
            entries: bodies,
            burn_down: burn_down(&client.client.clock, statement),
            reserve_burn: reserve_burn(&client.client.clock, statement, entries),
            notes: statement.notes.clone(),
            alerts: statement.alerts.iter().map(days).collect(),
        }
    }

    fn entries(
        &self,
        client: &Client,
        statement: &Statement,
        parts: &[Part],
        billed: &[quarterhour_billing::BilledEntry],
        entries: &[TimeEntry],
        late_for: Option<Period>,
    ) -> Vec<EntryBody> {
        let mut by_entry: HashMap<u32, Vec<PartBody>> = HashMap::new();
        for part in parts {
            by_entry.entry(part.entry).or_default().push(part_body(part, statement));
        }
        let bodies = billed.iter().filter_map(|billed| {
            let entry = entries.get(usize::try_from(billed.entry).ok()?)?;
            let detail = self.details.words.get(entry.id.as_str()).cloned().unwrap_or_default();
            let name = |word: Word| self.words.name(word).to_owned();
            let mut parts = by_entry.remove(&billed.entry).unwrap_or_default();
            if let (Some(before), Some(period)) = (detail.replaces, late_for) {
                let burn: i64 = parts.iter().map(|part| part.burn).sum();
                let more = if burn > before.burn { format!(" and {GIVEN_BACK}") } else { String::new() };
                let former = format!("its former time in {}{more}", crate::dates::month(period));
                parts.iter_mut().filter(|part| part.burn > 0).for_each(|part| part.why = part.why.replace(GIVEN_BACK, &former));
            }
            Some(EntryBody {
                id: entry.id.to_string(),
                late_for,
                released: false,
                replaces: detail.replaces,
                ticket: entry.ticket.to_string(),
                technician: detail.technician,
                tier: name(entry.tier),
                work_type: name(entry.work_type),
                note: detail.note,
                started_at: entry.started_at,
                started_local: wall_clock(&client.clock, entry.started_at),
                actual: billed.actual,
                billable: billed.billable,
                parts,
            })
        });
        bodies.collect()
    }
}

/// An instant on a client's wall clock.
pub fn wall_clock(clock: &LocalClock, instant: i64) -> jiff::civil::DateTime {
    let (local, _) = clock.local(instant);
    let local = jiff::Timestamp::from_second(local).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    local.to_zoned(jiff::tz::TimeZone::UTC).datetime()
}

/// The provider as documents name it; its country is left out of its address where it is `home`.
pub fn provider_party(setup: &Setup, home: &str) -> Party {
    let provider = &setup.provider;
    let text = |key: &str| provider.letterhead(key).to_owned();
    Party {
        name: provider.name.clone(),
        code: String::new(),
        address: address_lines(text, &provider.country, home),
        country: provider.country.clone(),
        tax_id: text("tax_id"),
        email: text("email"),
    }
}

fn client_party(client: &BookClient, home: &str) -> Party {
    let field = |name: &str| client.row.field(name).to_owned();
    let country = Some(field("country")).filter(|country| !country.is_empty()).unwrap_or_else(|| home.to_owned());
    Party {
        name: field("name"),
        code: client.row.code.clone(),
        address: address_lines(field, &country, home),
        country,
        tax_id: field("tax_id"),
        email: field("email"),
    }
}

/// The lines of an address as its country writes them; the country itself only where it is not the one at home.
fn address_lines(field: impl Fn(&str) -> String, country: &str, home: &str) -> Vec<String> {
    let [street, postcode, city, region] = ["street", "postcode", "city", "region"].map(field);
    let joined = |parts: &[&str], joint: &str| {
        let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
        parts.join(joint)
    };
    let town = match country.to_uppercase().as_str() {
        "US" | "CA" => joined(&[&city, &joined(&[&region, &postcode], " ")], ", "),
        "GB" | "IE" | "AU" | "NZ" => joined(&[&city, &region, &postcode], " "),
        _ => joined(&[&postcode, &city, &region], " "),
    };
    let abroad = if country.eq_ignore_ascii_case(home) { String::new() } else { country.to_owned() };
    [street, town, abroad].into_iter().filter(|line| !line.is_empty()).collect()
}

fn counted_devices(client: &Client, statement: &Statement) -> Vec<CountedDevice> {
    let devices = statement.counted_devices.iter().filter_map(|position| client.devices.get(*position));
    let mut devices: Vec<_> = devices.collect();
    devices.sort_by(|one, other| (one.class, &one.name).cmp(&(other.class, &other.name)));
    let counted = devices.into_iter().map(|device| CountedDevice {
        class: device.class.name().to_owned(),
        name: device.name.clone(),
        site: device.site.clone(),
        in_service: device.in_service,
    });
    counted.collect()
}

fn part_body(part: &Part, statement: &Statement) -> PartBody {
    let currency = statement.currency.code();
    let at = |priced: &Priced| {
        format!("{currency} {} an hour, {}", money::price(&priced.hourly.to_string(), currency), source(priced.source))
    };
    let (fate, why, hourly, burn) = match part.fate {
        Fate::CourtesyNotBillable => ("courtesy", "courtesy: marked not billable".to_owned(), None, 0),
        Fate::CourtesyProviderCause => ("courtesy", "courtesy: our own error".to_owned(), None, 0),
        Fate::Nothing => ("nothing", "no billable time".to_owned(), None, 0),
        Fate::Included => ("included", "covered by the fixed rate".to_owned(), None, 0),
        Fate::Internal => ("internal", "done by your own staff".to_owned(), None, 0),
        Fate::Drawn { pool, burn } => ("drawn", drawn(pool, burn, part.seconds, statement), None, burn),
        Fate::Overage(price) => ("overage", format!("overage at {}", at(&price)), Some(price.hourly), 0),
        Fate::Held(price) => ("held", format!("held for approval at {}", at(&price)), Some(price.hourly), 0),
        Fate::Charged { price, on_reserve } => {
            let reserve = if on_reserve { ON_RESERVE } else { "" };
            ("charged", format!("charged at {}{reserve}", at(&price)), Some(price.hourly), 0)
        }
        Fate::InTicket { price, .. } => ("in-ticket", format!("within the ticket's price of {currency} {price}"), None, 0),
    };
    let (fate, band, seconds) = (fate.to_owned(), part.band, part.seconds);
    PartBody { fate, why, band, seconds, burn, hourly }
}

fn drawn(pool: Option<u32>, burn: i64, seconds: i64, statement: &Statement) -> String {
    let label = statement
        .pools
        .iter()
        .find(|it| Some(it.number) == pool)
        .map_or_else(|| GIVEN_BACK.to_owned(), |pool| pool_words(pool, statement.period));
    let weight = if burn == seconds { String::new() } else { format!(" as {}", crate::hours::hours(burn)) };
    format!("drawn from {label}{weight}")
}

/// What a client calls a pool.
fn pool_words(pool: &Pool, period: Period) -> String {
    let month = crate::dates::month(pool.granted_on.period());
    match pool.kind {
        PoolKind::Restored => GIVEN_BACK.to_owned(),
        PoolKind::Rolled => format!("time rolled over from {month}"),
        PoolKind::Allowance if pool.granted_on.period() == period => "the allowance".to_owned(),
        PoolKind::Allowance => format!("the allowance of {month}"),
        PoolKind::Block => format!("the block of {}", crate::dates::full(&pool.granted_on.date())),
    }
}

fn source(source: PriceSource) -> &'static str {
    match source {
        PriceSource::AgreementRate(_) => "by the agreement",
        PriceSource::RateCard(_) => "by the rate card",
        PriceSource::OverageTier => "the overage rate of the tier",
        PriceSource::OverageRate => "the overage rate",
    }
}

/// Seconds on the wall clock since a statement's period began.
fn seconds_into(clock: &LocalClock, statement: &Statement, instant: i64) -> i64 {
    let begin = statement.period.first_day().since(quarterhour_billing::Day::of_local(0));
    clock.local(instant).0 - begin * quarterhour_billing::DAY_SECONDS
}

/// The pools over the period, step by step.
fn burn_down(clock: &LocalClock, statement: &Statement) -> Vec<BurnStep> {
    let begin = statement.period.first_day();
    let mut changes: Vec<(i64, i64, i64)> = Vec::new();
    for movement in &statement.movements {
        let at = movement.on.since(begin) * quarterhour_billing::DAY_SECONDS;
        match movement.kind {
            // What is given back to late time is drawn by it at once, so it is not here.
            MovementKind::Grant => changes.push((at, movement.quantity, 0)),
            // An agreement or a block that ends within the period takes its rest along.
            MovementKind::Forfeit | MovementKind::Pass if movement.on < statement.period.end() => {
                changes.push((at, -movement.quantity, 0))
            }
            _ => {}
        }
    }
    for part in &statement.parts {
        let at = seconds_into(clock, statement, part.started_at);
        match part.fate {
            Fate::Drawn { burn, .. } if burn > 0 => changes.push((at, -burn, 0)),
            Fate::Overage(_) | Fate::Held(_) => changes.push((at, 0, part.seconds)),
            _ => {}
        }
    }
    steps(statement, statement.time.opening, changes)
}

/// A reserve over the period, step by step: what it paid, and what was charged once it was empty. Lines are rounded as a
/// whole and steps one by one, so the last step is set to what the statement says.
fn reserve_burn(clock: &LocalClock, statement: &Statement, entries: &[TimeEntry]) -> Vec<BurnStep> {
    let Some(reserve) = statement.reserve else { return Vec::new() };
    let (mut left, mut changes, mut tickets) = (reserve.opening + reserve.granted, Vec::new(), HashSet::new());
    for part in &statement.parts {
        let ticket = || entries.get(usize::try_from(part.entry).unwrap_or(usize::MAX)).map(|entry| &entry.ticket);
        let amount = match part.fate {
            Fate::Charged { price, on_reserve: true } => price.hourly.amount(part.seconds, statement.currency),
            Fate::InTicket { price, on_reserve: true } if tickets.insert(ticket()) => statement.currency.amount(price, 1, 1),
            _ => continue,
        };
        let paid = amount.min(left);
        left -= paid;
        changes.push((seconds_into(clock, statement, part.started_at), -paid, amount - paid));
    }
    let mut steps = steps(statement, reserve.opening + reserve.granted, changes);
    if let [_, .., last] = steps.as_mut_slice() {
        last.left = reserve.opening + reserve.granted - reserve.used;
    }
    steps
}

/// Changes of what is left and of what is beyond, as steps in order.
fn steps(statement: &Statement, opening: i64, mut changes: Vec<(i64, i64, i64)>) -> Vec<BurnStep> {
    let length = statement.period.days() * quarterhour_billing::DAY_SECONDS;
    changes.sort_by_key(|(at, ..)| *at);
    let mut step = BurnStep { at: 0, left: opening, overage: 0 };
    let mut steps = vec![step];
    for (at, left, overage) in changes {
        step = BurnStep { at: at.clamp(0, length), left: step.left + left, overage: step.overage + overage };
        match steps.last_mut() {
            Some(last) if last.at == step.at => *last = step,
            _ => steps.push(step),
        }
    }
    steps
}
