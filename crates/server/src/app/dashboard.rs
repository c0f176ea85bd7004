//! What needs a person today, in numbers: from the summaries of all clients and a few lists of the database.
//! Not the words for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use quarterhour_billing::{Currency, Period};
use quarterhour_store::Tx;
use quarterhour_store::statements::{hold, question, receivable, timer, user};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::client_state::ClientState;
use crate::app::context::Context;
use crate::app::held::TOPIC;
use crate::app::live::{Flags, OpenStatement, Summary};
use crate::app::money;
use crate::app::open_books::HeldPart;
use crate::app::stored::StoredBooks;
use crate::error::AppError;

/// A pool is near its end from this share on, in percent.
/// Unused hours are worth a word from this share of the pool on, in percent.
const UNUSED_PERCENT: i64 = 25;
/// They are worth it when so few business days are left.
const LOSING_DAYS: usize = 8;
/// A timer that runs for so long was forgotten, probably.
const TIMER_SECONDS: i64 = 4 * 3600;
/// Clients in the overview of the month.
const CRITICAL_MAX: usize = 8;

/// What needs a person today. What the person may not see is empty.
#[derive(Clone, Debug, Default)]
pub struct Dashboard {
    /// The provider's day.
    pub today: Option<Date>,
    /// Clients that are over their allowance or will be, the worst first.
    pub near: Vec<Arc<Summary>>,
    /// Clients about to lose hours, with the seconds, the most first.
    pub losing: Vec<(Arc<Summary>, i64)>,
    /// Clients with entries that somebody should look at.
    pub flagged: Vec<(Arc<Summary>, Flags)>,
    /// Held overage that waits for a decision.
    pub held: Vec<HeldOfClient>,
    /// Periods that are over and not issued, the oldest first.
    pub unbilled: Vec<Unbilled>,
    /// Invoices that are past their day, the oldest first.
    pub overdue: Vec<Overdue>,
    /// Questions of clients, the oldest first.
    pub questions: Vec<Asked>,
    /// Timers that run for hours.
    pub timers: Vec<LongTimer>,
    /// The clients whose pools are used most.
    pub critical: Vec<Arc<Summary>>,
    /// All clients.
    pub clients: usize,
}

/// Held overage of one client.
#[derive(Clone, Debug)]
pub struct HeldOfClient {
    /// The client's name.
    pub client: String,
    /// How many pieces.
    pub count: usize,
    /// Seconds.
    pub seconds: i64,
    /// What it would cost, in minor units.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
}

/// A period that is over and not issued.
#[derive(Clone, Debug)]
pub struct Unbilled {
    /// The period.
    pub period: Period,
    /// Clients with something to bill.
    pub clients: usize,
    /// Net amounts by currency.
    pub net: BTreeMap<&'static str, i64>,
    /// Days since its end.
    pub days: i64,
}

/// An invoice that is past its day.
#[derive(Clone, Debug)]
pub struct Overdue {
    /// Its number.
    pub number: i64,
    /// The client's name.
    pub client: String,
    /// Days since it was due.
    pub days: i64,
    /// What is open, in minor units.
    pub amount: i64,
    /// The currency; none for one that is not known.
    pub currency: Option<Currency>,
}

/// A question of a client.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The client's name.
    pub client: String,
    /// Who asked.
    pub by: String,
    /// The provider's day on which it was asked.
    pub on: Date,
    /// The question.
    pub body: String,
    /// Does it refuse held overage?
    pub refuses: bool,
}

/// A timer that runs for hours.
#[derive(Clone, Debug)]
pub struct LongTimer {
    /// Whose it is; empty for the own.
    pub person: String,
    /// The client's name.
    pub client: String,
    /// Since when, in seconds.
    pub seconds: i64,
}

/// The rows behind a dashboard.
#[derive(Default)]
struct Rows {
    holds: Vec<hold::Hold>,
    receivables: Vec<receivable::Receivable>,
    questions: Vec<question::Question>,
    timers: Vec<timer::Timer>,
    people: Vec<user::User>,
}

impl Rows {
    fn read(tx: &mut Tx, actor: &Actor) -> Result<Self, AppError> {
        let (provider, mut rows) = (actor.provider, Self::default());
        if actor.may(Permission::SeeBilling) {
            rows.holds = hold::list_open(tx, provider)?;
            rows.receivables = receivable::list_open(tx, provider)?;
        }
        if actor.may(Permission::AnswerQuestions) {
            rows.questions = question::list_open(tx, provider)?;
        }
        if actor.may(Permission::LogTimeOfOthers) {
            rows.timers = timer::list_all(tx, provider)?;
        } else {
            rows.timers.extend(timer::find(tx, provider, actor.user_id)?);
        }
        if rows.timers.iter().any(|timer| timer.user_id != actor.user_id) {
            rows.people = user::list_all(tx, provider)?;
        }
        Ok(rows)
    }
}

impl Context {
    /// What needs a person today, as far as this one may see it.
    ///
    /// # Errors
    ///
    /// Refuses who may not see clients; fails when the database or the engine does.
    pub fn dashboard(&self, actor: &Actor) -> Result<Dashboard, AppError> {
        actor.require(Permission::SeeClients)?;
        let (books, summaries) = (self.books()?, self.summaries()?);
        let rows = self.store.read(|tx| Rows::read(tx, actor))?;
        let now = self.clock.now();
        let today = day(&books, now);
        let mut dashboard = Dashboard {
            today: Some(today),
            near: near(&summaries),
            losing: losing(&summaries),
            critical: critical(&summaries),
            clients: summaries.len(),
            held: held(&books, rows.holds),
            overdue: overdue(&books, rows.receivables, today),
            questions: rows.questions.into_iter().map(|row| asked(&books, row)).collect(),
            timers: long_timers(&books, actor, rows.timers, &rows.people, now),
            ..Dashboard::default()
        };
        if actor.may(Permission::LogTimeOfOthers) {
            dashboard.flagged = flagged(&summaries);
        }
        if actor.may(Permission::SeeBilling) {
            dashboard.unbilled = unbilled(&summaries, today);
        }
        Ok(dashboard)
    }
}

/// The provider's day of a moment.
fn day(books: &StoredBooks, at: Timestamp) -> Date {
    let zone = jiff::tz::TimeZone::get(&books.setup.provider.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone).date()
}

fn name(books: &StoredBooks, client_id: Uuid) -> String {
    let client = books.positions.get(&client_id).and_then(|position| books.setup.clients.get(*position));
    client.map(|client| client.row.field("name").to_owned()).unwrap_or_default()
}

/// The running statement of a client that draws on prepaid hours.
fn drawing(summary: &Summary) -> Option<&OpenStatement> {
    summary.now.as_ref().filter(|statement| statement.draws_time && (statement.available() > 0 || statement.beyond() > 0))
}

fn near(summaries: &[Arc<Summary>]) -> Vec<Arc<Summary>> {
    let is_near = |summary: &&Arc<Summary>| ClientState::Near.has(summary) || ClientState::Over.has(summary);
    let mut near: Vec<_> = summaries.iter().filter(is_near).cloned().collect();
    near.sort_by_key(|summary| {
        let beyond = drawing(summary).map_or(0, OpenStatement::beyond);
        let dry = summary.forecast.or(summary.reserve_forecast).and_then(|forecast| forecast.exhausted_on);
        (std::cmp::Reverse(beyond), dry.is_none(), dry, summary.name.clone())
    });
    near
}

/// What is lost at the end of the period if work goes on as it did, where there is time to do something about it.
fn losing(summaries: &[Arc<Summary>]) -> Vec<(Arc<Summary>, i64)> {
    let lost = |summary: &Arc<Summary>| {
        let (now, forecast) = (drawing(summary)?, summary.forecast?);
        // What would be forfeited if the period ended now; blocks and what rolls on are not.
        let lost = forecast.unused.min(now.time().forfeited);
        let soon = summary.business_days_left <= LOSING_DAYS && lost >= 1800 && lost * 100 >= now.available() * UNUSED_PERCENT;
        soon.then(|| (Arc::clone(summary), lost))
    };
    let mut losing: Vec<_> = summaries.iter().filter_map(lost).collect();
    losing.sort_by_key(|(summary, lost)| (std::cmp::Reverse(*lost), summary.name.clone()));
    losing
}

fn critical(summaries: &[Arc<Summary>]) -> Vec<Arc<Summary>> {
    let mut all: Vec<_> = summaries.iter().filter(|summary| drawing(summary).is_some()).collect();
    all.sort_by_key(|summary| {
        let share = drawing(summary).map_or(0, |now| if now.available() == 0 { i64::MAX } else { now.percent_used() });
        (std::cmp::Reverse(share), &summary.name)
    });
    all.into_iter().take(CRITICAL_MAX).cloned().collect()
}

fn flagged(summaries: &[Arc<Summary>]) -> Vec<(Arc<Summary>, Flags)> {
    let count = |flags: &Flags| flags.without_ticket + flags.without_agreement + flags.unlisted_device;
    let mut flagged: Vec<_> = summaries.iter().map(|it| (Arc::clone(it), it.flags)).filter(|(_, flags)| count(flags) > 0).collect();
    flagged.sort_by_key(|(summary, flags)| (std::cmp::Reverse((flags.without_agreement, count(flags))), summary.name.clone()));
    flagged
}

fn unbilled(summaries: &[Arc<Summary>], today: Date) -> Vec<Unbilled> {
    let mut periods: BTreeMap<Period, Unbilled> = BTreeMap::new();
    for summary in summaries {
        let mut last = None;
        for statement in summary.unbilled() {
            let period = statement.period;
            let days = period.end().date().until(today).map_or(0, |span| i64::from(span.get_days()));
            let unbilled = periods.entry(period).or_insert_with(|| Unbilled { period, clients: 0, net: BTreeMap::new(), days });
            unbilled.clients += usize::from(last != Some(period));
            *unbilled.net.entry(summary.currency.code()).or_default() += money::minor(&statement.report.net).unwrap_or(0);
            last = Some(period);
        }
    }
    periods.into_values().collect()
}

fn held(books: &StoredBooks, rows: Vec<hold::Hold>) -> Vec<HeldOfClient> {
    let mut clients: BTreeMap<Uuid, HeldOfClient> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.state == "held") {
        let client = books.positions.get(&row.client_id).and_then(|position| books.setup.clients.get(*position));
        let part = serde_json::from_str::<HeldPart>(&row.body_json).ok();
        let Some((client, part)) = client.zip(part) else { continue };
        let currency = client.client.currency;
        let client = client.row.field("name").to_owned();
        let held = clients.entry(row.client_id).or_insert(HeldOfClient { client, count: 0, seconds: 0, amount: 0, currency });
        held.count += 1;
        held.seconds += part.seconds;
        held.amount += part.hourly.amount(part.seconds, currency);
    }
    let mut held: Vec<_> = clients.into_values().collect();
    held.sort_by(|one, other| (other.seconds, &one.client).cmp(&(one.seconds, &other.client)));
    held
}

fn overdue(books: &StoredBooks, rows: Vec<receivable::Receivable>, today: Date) -> Vec<Overdue> {
    let late = rows.into_iter().filter(|row| row.due_on < today && row.total > row.paid + row.credited);
    let mut overdue: Vec<_> = late
        .map(|row| Overdue {
            number: row.number,
            client: name(books, row.client_id),
            days: row.due_on.until(today).map_or(0, |span| i64::from(span.get_days())),
            amount: row.total - row.paid - row.credited,
            currency: Currency::parse(&row.currency),
        })
        .collect();
    overdue.sort_by_key(|row| (std::cmp::Reverse(row.days), row.number));
    overdue
}

fn asked(books: &StoredBooks, row: question::Question) -> Asked {
    let refuses = row.topic == TOPIC;
    Asked { client: name(books, row.client_id), by: row.asked_by, on: day(books, row.asked_at), body: row.body, refuses }
}

fn long_timers(books: &StoredBooks, actor: &Actor, rows: Vec<timer::Timer>, people: &[user::User], now: Timestamp) -> Vec<LongTimer> {
    let long = rows.into_iter().filter_map(|row| {
        let seconds = now.as_second() - row.started_at.as_second();
        let person = people.iter().find(|person| person.user_id == row.user_id && row.user_id != actor.user_id);
        let person = person.map(|person| person.name.clone()).unwrap_or_default();
        (seconds >= TIMER_SECONDS).then(|| LongTimer { person, client: name(books, row.client_id), seconds })
    });
    long.collect()
}
