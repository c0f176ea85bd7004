//! Overage past the cap: listed, released by the client's approver, refused by the client or written off by the provider.
//!
//! A refusal decides nothing: the work stays held, and the provider reads why in a question of the topic `held`.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use quarterhour_billing::{Band, Currency, Period};
use quarterhour_store::statements::time_entry::{HeldOf, TimeEntry};
use quarterhour_store::statements::{counter, hold, question, time_entry};
use quarterhour_store::{ProviderId, Tx};
use serde::Serialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::{self, Change};
use crate::app::context::Context;
use crate::app::open_books::HeldPart;
use crate::app::stored::{StoredBooks, client_version};
use crate::app::webhook::HOLD_DECIDED;
use crate::error::AppError;
use crate::hours::capital;

/// The noun of the audit log.
const KIND: &str = "held overage";
/// The topic of questions that refuse.
pub const TOPIC: &str = "held";
/// The longest reason that is kept.
const REASON_MAX: usize = 500;
/// The longest name of who decided.
const NAME_MAX: usize = 200;

/// Which held overage is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldFilter {
    /// Of one client.
    pub client_id: Option<Uuid>,
    /// Only what still waits for a decision.
    pub undecided: bool,
}

/// A piece of held overage.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// Its number.
    pub number: i64,
    /// The client's id.
    pub client_id: Uuid,
    /// The client's code.
    pub client: String,
    /// The client's name.
    pub client_name: String,
    /// The issued period.
    pub period: Period,
    /// The agreement's name; empty for work without one.
    pub agreement: String,
    /// The time entry.
    pub entry: String,
    /// Its ticket.
    pub ticket: String,
    /// Who worked.
    pub technician: String,
    /// What was done.
    pub note: String,
    /// Its start on the client's wall clock.
    pub started: DateTime,
    /// The tier.
    pub tier: String,
    /// The work type.
    pub work_type: String,
    /// The band.
    pub band: Band,
    /// Seconds that are held.
    pub seconds: i64,
    /// The price an hour, a plain decimal.
    pub hourly: String,
    /// What it costs when it is released, before tax, in minor units.
    pub amount: i64,
    /// The currency's code.
    pub currency: String,
    /// `held`, `released` or `written-off`.
    pub state: String,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// The period whose statement took the decision.
    pub billed_in: Option<String>,
    /// The client's refusal, while the overage is held.
    pub refusal: Option<Refusal>,
}

impl Held {
    /// Does it wait for a decision?
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.state == "held"
    }

    /// The currency.
    #[must_use]
    pub fn money(&self) -> Option<Currency> {
        Currency::parse(&self.currency)
    }
}

/// A client's refusal of held overage.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    /// The question that carries it.
    pub question_id: Uuid,
    /// Who refused.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// What the provider answered.
    pub answer: Option<String>,
    /// All numbers that were refused with it.
    pub numbers: String,
}

/// What becomes of held overage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is billed on the next open statement.
    Release,
    /// It is never billed.
    WriteOff,
}

impl Verdict {
    /// The state in the database.
    #[must_use]
    pub fn state(self) -> &'static str {
        match self {
            Self::Release => "released",
            Self::WriteOff => "written-off",
        }
    }

    /// What follows, for people.
    #[must_use]
    pub fn consequence(self) -> &'static str {
        match self {
            Self::Release => "billed on the next open statement",
            Self::WriteOff => "never billed",
        }
    }
}

/// A decision about one number.
#[derive(Clone, Debug, Serialize)]
pub struct HeldDecision {
    /// The number in the list.
    pub number: i64,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Who decided.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Writes a decision: for the client that the number belongs to, or only if it is this client's.
/// Returns what was held and the new version of the client's entries. The audit row is written with it.
///
/// # Errors
///
/// Refuses a decision without name or reason, an unknown number and one that is decided already.
pub fn decide(
    tx: &mut Tx,
    actor: &Actor,
    client_id: Option<Uuid>,
    decision: &HeldDecision,
    at: Timestamp,
) -> Result<(hold::Hold, i64), AppError> {
    let provider = actor.provider;
    if decision.by.trim().is_empty() || decision.reason.trim().is_empty() {
        return Err(AppError::user("a decision needs a name and a reason", "--by \"Ann Lee\" --reason \"server crash\""));
    }
    let row = find(tx, provider, client_id, decision.number)?;
    // Raised first: an issue of the same client waits, or is waited for.
    let version = counter::next_number(tx, provider, &client_version(row.client_id))?;
    let row = find(tx, provider, Some(row.client_id), decision.number)?;
    undecided(&row)?;
    let made = hold::Decision {
        state: decision.verdict.state().to_owned(),
        decided_by: decision.by.trim().to_owned(),
        decided_at: at,
        reason: decision.reason.trim().to_owned(),
    };
    hold::decide(tx, provider, row.client_id, &row.hold_id, &made)?;
    let change = Change::new(decision.verdict.state(), KIND, row.hold_id.as_str());
    audit::write(tx, actor, at, change.of_client(row.client_id).after(decision))?;
    answer_refusal(tx, provider, &row, decision, at)?;
    Ok((row, version))
}

fn find(tx: &mut Tx, provider: ProviderId, client_id: Option<Uuid>, number: i64) -> Result<hold::Hold, AppError> {
    let hold_id = number.to_string();
    let found = match client_id {
        Some(client_id) => hold::find(tx, provider, client_id, &hold_id)?,
        None => hold::list_open(tx, provider)?.into_iter().chain(hold::list_all(tx, provider)?).find(|row| row.hold_id == hold_id),
    };
    let none = || match client_id {
        // To a client, another client's number is no different from none.
        Some(_) => AppError::not_found("held overage of this number"),
        None => AppError::user(format!("nothing is held under number {number}"), "`quarterhour held` shows the list"),
    };
    found.ok_or_else(none)
}

fn undecided(row: &hold::Hold) -> Result<(), AppError> {
    if row.state == "held" {
        return Ok(());
    }
    let by = row.decided_by.as_deref().unwrap_or("somebody");
    let why = row.reason.as_deref().unwrap_or("no reason");
    Err(AppError::conflict(format!("number {} is {} already", row.hold_id, row.state), format!("by {by}: {why}")))
}

impl Context {
    /// Held overage, the undecided first, then the latest decisions. A client's people see their own.
    ///
    /// # Errors
    ///
    /// Refuses who may see neither clients nor an own account.
    pub fn held_list(&self, actor: &Actor, filter: HeldFilter) -> Result<Vec<Held>, AppError> {
        let client_id = self.client_of(actor, filter.client_id)?;
        let books = self.books()?;
        self.store.read(|tx| {
            let provider = actor.provider;
            let mut rows = match client_id {
                Some(client_id) => hold::list_of_client(tx, provider, client_id)?,
                None if filter.undecided => hold::list_open(tx, provider)?,
                None => hold::list_all(tx, provider)?,
            };
            rows.retain(|row| !filter.undecided || row.state == "held");
            let (held, questions) = match client_id {
                Some(id) => (HeldOf::Client(id), question::list_of_client(tx, provider, id)?),
                None if filter.undecided => (HeldOf::Open, question::list_of_topic(tx, provider, TOPIC)?),
                None => (HeldOf::All, question::list_of_topic(tx, provider, TOPIC)?),
            };
            let entries = time_entry::list_held(tx, provider, held)?;
            let entries: HashMap<&str, &TimeEntry> = entries.iter().map(|entry| (entry.entry_id.as_str(), entry)).collect();
            let mut list = Vec::with_capacity(rows.len());
            for row in rows {
                let entry = entries.get(row.entry_id.as_str()).copied();
                list.extend(listed(&books, row, entry, &questions)?);
            }
            list.sort_by_key(|held| (!held.is_undecided(), std::cmp::Reverse(held.decided_at), held.number));
            Ok(list)
        })
    }

    /// How many pieces of the client's held overage wait for its decision; what it refused does not.
    ///
    /// # Errors
    ///
    /// Refuses who sees no client's held overage.
    pub fn count_held(&self, actor: &Actor) -> Result<usize, AppError> {
        let client_id = actor.own_client()?;
        self.store.read(|tx| {
            let questions = question::list_of_client(tx, actor.provider, client_id)?;
            let rows = hold::list_of_client(tx, actor.provider, client_id)?;
            let waits = |row: &&hold::Hold| row.state == "held" && refusal(&questions, client_id, &row.hold_id).is_none();
            Ok(rows.iter().filter(waits).count())
        })
    }

    /// One piece of held overage.
    ///
    /// # Errors
    ///
    /// Fails for an unknown number and, for a client's people, for another client's.
    pub fn held(&self, actor: &Actor, number: i64) -> Result<Held, AppError> {
        let client_id = self.client_of(actor, None)?;
        let books = self.books()?;
        let none = || AppError::not_found("held overage of this number");
        self.store.read(|tx| {
            let row = find(tx, actor.provider, client_id, number).map_err(|_| none())?;
            let questions = question::list_of_client(tx, actor.provider, row.client_id)?;
            let entry = time_entry::list_revisions(tx, actor.provider, &row.entry_id)?.pop();
            listed(&books, row, entry.as_ref(), &questions)?.ok_or_else(none)
        })
    }

    /// Decides: the client's approver releases; the provider writes off, or notes that an approver (`by`) released.
    ///
    /// # Errors
    ///
    /// Refuses who may not, a decision without reason, an unknown number and one that is decided already.
    pub fn decide_held(&self, actor: &Actor, number: i64, verdict: Verdict, by: &str, reason: &str) -> Result<Held, AppError> {
        self.decide_held_all(actor, &[number], verdict, by, reason)?;
        self.held(actor, number)
    }

    /// As [`Context::decide_held`] for several numbers at once, all or none.
    ///
    /// # Errors
    ///
    /// Refuses as [`Context::decide_held`] does, and an empty list.
    pub fn decide_held_all(&self, actor: &Actor, numbers: &[i64], verdict: Verdict, by: &str, reason: &str) -> Result<(), AppError> {
        let (client_id, by) = self.decider(actor, verdict, by)?;
        let (reason, numbers) = (reason_of(reason)?, some_of(numbers)?);
        let changed = self.store.write(|tx| {
            let mut changed = Vec::with_capacity(numbers.len());
            for number in numbers {
                let decision = HeldDecision { number, verdict, by: by.clone(), reason: reason.clone() };
                let (row, version) = decide(tx, actor, client_id, &decision, self.clock.now())?;
                self.emit(tx, HOLD_DECIDED, &self.decided(&row, decision.verdict.state(), &decision.by, &decision.reason))?;
                changed.push((row.client_id, version));
            }
            Ok::<_, AppError>(changed)
        })?;
        for (client_id, version) in changed {
            self.client_changed(client_id, version);
        }
        Ok(())
    }

    /// Puts the client's refusal on record: the work stays held, and the provider is told why.
    ///
    /// # Errors
    ///
    /// Refuses who may not, a refusal without reason, an unknown number, and one that is decided or refused already.
    pub fn refuse_held(&self, actor: &Actor, number: i64, reason: &str) -> Result<Held, AppError> {
        self.refuse_held_all(actor, &[number], reason)?;
        self.held(actor, number)
    }

    /// As [`Context::refuse_held`] for several numbers at once, all or none: one question to the provider.
    ///
    /// # Errors
    ///
    /// Refuses as [`Context::refuse_held`] does, and an empty list.
    pub fn refuse_held_all(&self, actor: &Actor, numbers: &[i64], reason: &str) -> Result<(), AppError> {
        actor.require(Permission::DecideOwnHeld)?;
        let client_id = actor.own_client()?;
        let (reason, numbers) = (reason_of(reason)?, some_of(numbers)?);
        let version = self.store.write(|tx| {
            let provider = actor.provider;
            let version = counter::next_number(tx, provider, &client_version(client_id))?;
            let questions = question::list_of_client(tx, provider, client_id)?;
            for number in &numbers {
                let row = find(tx, provider, Some(client_id), *number)?;
                undecided(&row)?;
                if let Some(before) = refusal(&questions, row.client_id, &row.hold_id) {
                    let message = format!("{} refused number {number} already", before.by);
                    return Err(AppError::conflict(message, "the provider was told and will come back to you"));
                }
                self.emit(tx, HOLD_DECIDED, &self.decided(&row, "refused", &actor.name, &reason))?;
                self.record(tx, actor, Change::new("refused", KIND, row.hold_id).of_client(client_id).after(&reason))?;
            }
            let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
            let asked = question::Question {
                client_id,
                question_id: Uuid::now_v7(),
                topic: TOPIC.to_owned(),
                reference: numbers.join(" "),
                body: reason,
                asked_by: actor.name.clone(),
                asked_at: self.clock.now(),
                answer: None,
                answered_by: None,
                answered_at: None,
            };
            question::insert(tx, provider, &asked)?;
            Ok::<_, AppError>(version)
        })?;
        self.client_changed(client_id, version);
        Ok(())
    }

    /// What webhooks are told of a decision.
    fn decided(&self, row: &hold::Hold, state: &str, by: &str, reason: &str) -> serde_json::Value {
        serde_json::json!({
            "number": row.hold_id.parse::<i64>().unwrap_or_default(), "client": self.client_code(row.client_id),
            "period": row.period, "entry": row.entry_id, "state": state, "by": by, "reason": reason,
        })
    }

    /// Whose held overage somebody sees: a client's person the own, the provider's people what they ask for.
    fn client_of(&self, actor: &Actor, wanted: Option<Uuid>) -> Result<Option<Uuid>, AppError> {
        if actor.role.is_of_client() {
            actor.require(Permission::SeeOwnAccount)?;
            return Ok(Some(actor.own_client()?));
        }
        actor.require(Permission::SeeBilling)?;
        Ok(wanted)
    }

    /// Who decides, with the name on record, and for which client only.
    fn decider(&self, actor: &Actor, verdict: Verdict, by: &str) -> Result<(Option<Uuid>, String), AppError> {
        if actor.role.is_of_client() {
            actor.require(Permission::DecideOwnHeld)?;
            if verdict == Verdict::WriteOff {
                return Err(AppError::Forbidden { needs: "write off held overage" });
            }
            return Ok((Some(actor.own_client()?), actor.name.clone()));
        }
        actor.require(Permission::Bill)?;
        match (verdict, by.trim()) {
            (Verdict::Release, "") => Err(AppError::field("by", "who at the client released it; expected the approver's name")),
            (Verdict::Release, by) if by.chars().count() > NAME_MAX => {
                Err(AppError::field("by", format!("is too long; expected at most {NAME_MAX} characters")))
            }
            (Verdict::Release, by) => Ok((None, format!("{by} (noted by {})", actor.name))),
            (Verdict::WriteOff, _) => Ok((None, actor.name.clone())),
        }
    }
}

/// The last decision about what a client refused answers the refusal.
fn answer_refusal(
    tx: &mut Tx,
    provider: ProviderId,
    row: &hold::Hold,
    decision: &HeldDecision,
    at: Timestamp,
) -> Result<(), AppError> {
    let questions = question::list_of_client(tx, provider, row.client_id)?;
    let Some(waiting) = refusal(&questions, row.client_id, &row.hold_id).filter(|refusal| refusal.answer.is_none()) else {
        return Ok(());
    };
    for other in waiting.numbers.split(' ') {
        if hold::find(tx, provider, row.client_id, other)?.is_some_and(|other| other.state == "held") {
            return Ok(());
        }
    }
    let answer = question::Answer {
        answer: format!("{}: {}", capital(decision.verdict.state()), decision.reason),
        answered_by: decision.by.clone(),
        answered_at: at,
    };
    Ok(question::answer(tx, provider, row.client_id, waiting.question_id, &answer)?)
}

fn reason_of(text: &str) -> Result<String, AppError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AppError::field("reason", "is empty; expected a few words that stay on record"));
    }
    if text.chars().count() > REASON_MAX {
        return Err(AppError::field("reason", format!("is too long; expected at most {REASON_MAX} characters")));
    }
    Ok(text.to_owned())
}

/// The numbers, each once.
fn some_of(numbers: &[i64]) -> Result<Vec<i64>, AppError> {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() { Err(AppError::field("number", "none is chosen; expected at least one")) } else { Ok(numbers) }
}

/// The client's refusal of a number: the latest that names it.
fn refusal(questions: &[question::Question], client_id: Uuid, hold_id: &str) -> Option<Refusal> {
    let is_of = |it: &question::Question| it.topic == TOPIC && it.client_id == client_id;
    let names = |it: &&question::Question| is_of(it) && it.reference.split(' ').any(|number| number == hold_id);
    questions.iter().find(names).cloned().map(|it| Refusal {
        question_id: it.question_id,
        by: it.asked_by,
        at: it.asked_at,
        reason: it.body,
        answer: it.answer,
        numbers: it.reference,
    })
}

/// A row with its entry; none for a client that the books do not have.
fn listed(
    books: &StoredBooks,
    row: hold::Hold,
    entry: Option<&TimeEntry>,
    questions: &[question::Question],
) -> Result<Option<Held>, AppError> {
    let wrong = || AppError::fault(format!("the held overage of number {} cannot be read", row.hold_id));
    let part: HeldPart = serde_json::from_str(&row.body_json).map_err(|_| wrong())?;
    let (period, number) = (Period::parse(&row.period).ok_or_else(wrong)?, row.hold_id.parse().map_err(|_| wrong())?);
    let Some(client) = books.positions.get(&row.client_id).and_then(|position| books.setup.clients.get(*position)) else {
        return Ok(None);
    };
    let started = entry.map_or(0, |entry| client.client.clock.local(entry.started_at).0);
    let started = Timestamp::from_second(started).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let text = |field: fn(&TimeEntry) -> &String| entry.map(field).cloned().unwrap_or_default();
    let currency = client.client.currency;
    Ok(Some(Held {
        number,
        client_id: row.client_id,
        client: client.row.code.clone(),
        client_name: client.row.field("name").to_owned(),
        period,
        refusal: refusal(questions, row.client_id, &row.hold_id),
        agreement: row.agreement,
        ticket: text(|entry| &entry.ticket),
        technician: text(|entry| &entry.technician),
        note: text(|entry| &entry.note),
        entry: row.entry_id,
        started,
        band: part.band,
        seconds: part.seconds,
        hourly: part.hourly.to_string(),
        amount: part.hourly.amount(part.seconds, currency),
        currency: currency.code().to_owned(),
        tier: part.tier,
        work_type: part.work_type,
        state: row.state,
        decided_by: row.decided_by,
        decided_at: row.decided_at,
        reason: row.reason,
        billed_in: row.billed_in,
    }))
}
