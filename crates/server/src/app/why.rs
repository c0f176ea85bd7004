//! Why a minute of work counted as it did: the conditions of section 5 of the rules, in their order, with the one
//! that decided, and the clause that made billable time differ from actual time.

use quarterhour_billing::agreement::{Agreement, Prepaid, Rounding, RoundingScope};
use quarterhour_billing::{Band, Period, Words};
use quarterhour_books::setup;
use quarterhour_store::statements::{closing, terms, time_entry};
use uuid::Uuid;

use crate::app::actor::Actor;
use crate::app::body::{EntryBody, PartBody, StatementBody};
use crate::app::context::Context;
use crate::app::live::ClientLive;
use crate::app::open_books::TermsText;
use crate::error::AppError;
use crate::hours::hours;

/// How a condition came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It did not apply; the next one was asked.
    No,
    /// It decided.
    Decided,
    /// It was not asked any more.
    NotAsked,
}

impl Answer {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Decided => "decided",
            Self::NotAsked => "not asked",
        }
    }
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What was asked.
    pub question: &'static str,
    /// How it came out.
    pub answer: Answer,
    /// Why; empty for what was not asked.
    pub because: String,
}

/// The way of one part of an entry.
#[derive(Clone, Debug)]
pub struct PartWay {
    /// The part.
    pub part: PartBody,
    /// The conditions in order.
    pub conditions: Vec<Condition>,
}

/// Everything about one entry.
#[derive(Clone, Debug)]
pub struct Why {
    /// The entry.
    pub entry: EntryBody,
    /// The agreement it was placed by; empty without one.
    pub agreement: String,
    /// The device that it names; empty without one.
    pub device: String,
    /// How actual time became billable time.
    pub rounding: String,
    /// The other entries that were rounded together with it: id, actual seconds.
    pub together: Vec<(String, i64)>,
    /// How weights made time burn, if they did.
    pub weight: String,
    /// Its parts.
    pub parts: Vec<PartWay>,
}

impl Context {
    /// Explains an entry of a client's statement of a period. A client's people get their own explained.
    ///
    /// # Errors
    ///
    /// Fails for an unknown client, and an entry that the statement does not have.
    pub fn why(&self, actor: &Actor, code: &str, period: Period, entry_id: &str) -> Result<Why, AppError> {
        let of = self.statements(actor, code, period)?;
        let found = of.statements.iter().find_map(|view| {
            let entry = view.body.entries.iter().find(|entry| entry.id == entry_id)?;
            Some((&view.body, entry))
        });
        let (body, entry) = found.ok_or_else(|| AppError::not_found("time entry on this statement"))?;
        let device = self.store.read(|tx| time_entry::list_revisions(tx, actor.provider, entry_id))?.pop();
        let device = device.map(|row| row.device).unwrap_or_default();
        let live = self.client_live(of.client_id)?;
        let terms = entry.late_for.or_else(|| of.is_issued.then_some(period));
        let (agreement, words) = self.agreement_of(actor, &live, terms, body, entry)?;
        Ok(explain(body, entry, agreement.as_ref(), &words, device))
    }

    /// The agreement by which an entry was placed: of the terms of an issued period, or of today's books.
    fn agreement_of(
        &self,
        actor: &Actor,
        live: &ClientLive,
        issued: Option<Period>,
        body: &StatementBody,
        entry: &EntryBody,
    ) -> Result<(Option<Agreement>, Words), AppError> {
        let clock = &live.client()?.client.clock;
        let in_force = |agreement: &Agreement| agreement.in_force_on(clock.day(entry.started_at));
        let named = |agreement: &Agreement| match entry.late_for {
            Some(_) => in_force(agreement),
            None => Some(&agreement.name) == body.statement.agreement.as_ref(),
        };
        let Some(period) = issued else {
            let agreements = live.client()?.client.agreements.as_slice();
            return Ok((agreements.iter().find(|agreement| named(agreement)).cloned(), live.words().clone()));
        };
        let mut words = Words::default();
        let Some(text) = self.terms_text(actor, live.client_id, period)? else { return Ok((None, words)) };
        let agreements = text.agreements.iter().filter_map(|(name, text)| setup::read_agreement(name, text, &mut words).ok());
        let agreements: Vec<Agreement> = agreements.collect();
        Ok((agreements.into_iter().find(named), words))
    }

    fn terms_text(&self, actor: &Actor, client_id: Uuid, period: Period) -> Result<Option<TermsText>, AppError> {
        self.store.read(|tx| {
            let text = period.to_string();
            let closings = closing::list_of_client(tx, actor.provider, client_id)?;
            let closing = closings.into_iter().filter(|row| row.period >= text).min_by(|one, other| one.period.cmp(&other.period));
            let Some(closing) = closing else { return Ok(None) };
            let content = terms::load(tx, actor.provider, &closing.terms_hash)?.content;
            serde_json::from_str(&content).map(Some).map_err(AppError::fault)
        })
    }
}

fn explain(body: &StatementBody, entry: &EntryBody, agreement: Option<&Agreement>, words: &Words, device: String) -> Why {
    let rounding = agreement.map(|agreement| agreement.rounding).unwrap_or_default();
    let is_courtesy = entry.parts.iter().any(|part| part.fate == "courtesy");
    let together = if is_courtesy || entry.released { Vec::new() } else { group(body, entry, &rounding) };
    let replaced = entry.replaces.zip(entry.late_for).map(|(before, period)| {
        let month = crate::dates::month(period);
        format!(" It replaces what was counted for {month}: {}, {} of it drawn.", hours(before.billable), hours(before.burn))
    });
    let parts = entry.parts.iter().map(|part| {
        let conditions = conditions(part, entry, agreement, words, &device);
        PartWay { part: part.clone(), conditions }
    });
    Why {
        rounding: if entry.released {
            format!("Its time was counted and rounded in {}.", entry.late_for.map(crate::dates::month).unwrap_or_default())
        } else if is_courtesy {
            "Courtesy is shown with its actual time and not rounded.".to_owned()
        } else {
            rounded(entry, &rounding, &together) + &replaced.unwrap_or_default()
        },
        weight: weight(entry, agreement, words),
        parts: parts.collect(),
        agreement: agreement.map(|agreement| agreement.name.clone()).unwrap_or_default(),
        entry: entry.clone(),
        together,
        device,
    }
}

/// The other entries that are rounded together with this one.
fn group(body: &StatementBody, entry: &EntryBody, rounding: &Rounding) -> Vec<(String, i64)> {
    if rounding.scope == RoundingScope::Entry {
        return Vec::new();
    }
    let same = |other: &&EntryBody| {
        let key = |it: &EntryBody| (it.ticket.clone(), it.tier.clone(), it.work_type.clone(), it.late_for);
        let same_day = rounding.scope == RoundingScope::Ticket || other.started_local.date() == entry.started_local.date();
        let counts = other.parts.iter().all(|part| part.fate != "courtesy");
        other.id != entry.id && key(other) == key(entry) && same_day && counts
    };
    body.entries.iter().filter(same).map(|other| (other.id.clone(), other.actual)).collect()
}

fn rounded(entry: &EntryBody, rounding: &Rounding, together: &[(String, i64)]) -> String {
    let clause = match (rounding.increment, rounding.minimum) {
        (increment, minimum) if minimum <= increment => format!("up to a multiple of {increment} min"),
        (increment, minimum) => format!("up to a multiple of {increment} min, at least {minimum} min"),
    };
    let scope = match rounding.scope {
        RoundingScope::Entry => "each entry",
        RoundingScope::TicketDay => "the work on a ticket in a day",
        RoundingScope::Ticket => "the work on a ticket in the month",
    };
    let (actual, billable) = (hours(entry.actual), hours(entry.billable));
    let changed =
        if entry.actual == entry.billable { format!("{actual} stay {billable}") } else { format!("{actual} became {billable}") };
    let sum: i64 = together.iter().map(|(_, seconds)| seconds).sum::<i64>() + entry.actual;
    let of = if together.is_empty() {
        String::new()
    } else {
        format!(
            " With {} more of the same ticket, tier and work type that is {}; what rounding adds goes to the last.",
            together.len(),
            hours(sum)
        )
    };
    format!("{changed}: {scope} is rounded {clause}.{of}")
}

fn weight(entry: &EntryBody, agreement: Option<&Agreement>, words: &Words) -> String {
    let Some(agreement) = agreement.filter(|_| entry.parts.iter().any(|part| part.burn > 0 && part.burn != part.seconds)) else {
        return String::new();
    };
    let by_tier = agreement.weights.tiers.iter().find(|(tier, _)| words.name(*tier) == entry.tier);
    let by_tier = by_tier.map(|(_, weight)| format!("tier {} burns {weight} times as fast", entry.tier));
    let after_hours = entry.parts.iter().any(|part| part.band == Band::AfterHours);
    let by_band =
        agreement.weights.after_hours.filter(|_| after_hours).map(|weight| format!("after hours burns {weight} times as fast"));
    let clauses: Vec<String> = by_tier.into_iter().chain(by_band).collect();
    let highest = if clauses.len() > 1 { "; the higher one counts, they never compound" } else { "" };
    format!("{}{highest}.", clauses.join(", "))
}

/// The position of the condition that decided.
fn decided(part: &PartBody) -> usize {
    match part.fate.as_str() {
        "courtesy" => 0,
        "included" => 1,
        "internal" => 2,
        "drawn" | "overage" | "held" => 3,
        _ if part.is_on_reserve() => 3,
        _ => 4,
    }
}

fn conditions(part: &PartBody, entry: &EntryBody, agreement: Option<&Agreement>, words: &Words, device: &str) -> Vec<Condition> {
    let decided = decided(part);
    let reasons = [
        "it is billable, and not our own error".to_owned(),
        not_included(entry, agreement, words, device),
        not_internal(entry, agreement, words),
        not_drawn(entry, agreement, words),
        String::new(),
    ];
    let questions = [
        "Courtesy: not billable, or our own error?",
        "Included: covered by a fixed rate?",
        "Internal: kept by the client's own staff?",
        "Drawn: from an allowance, a block or a reserve?",
        "Charged: by the rates",
    ];
    let conditions = questions.into_iter().zip(reasons).enumerate().map(|(position, (question, reason))| {
        let (answer, because) = match position.cmp(&decided) {
            std::cmp::Ordering::Less => (Answer::No, reason),
            std::cmp::Ordering::Equal => (Answer::Decided, because(part, entry.released)),
            std::cmp::Ordering::Greater => (Answer::NotAsked, String::new()),
        };
        Condition { question, answer, because }
    });
    conditions.collect()
}

fn because(part: &PartBody, released: bool) -> String {
    let band = match part.band {
        Band::Business => "in business hours",
        Band::AfterHours => "after hours",
    };
    match part.fate.as_str() {
        "overage" if released => part.why.clone(),
        "overage" => format!("the pools were used up: {} ({band})", part.why),
        "held" => format!("the pools were used up, and the price would pass the agreed cap: {} ({band})", part.why),
        _ => format!("{} ({band})", part.why),
    }
}

fn not_included(entry: &EntryBody, agreement: Option<&Agreement>, words: &Words, device: &str) -> String {
    let Some(agreement) = agreement else { return "no agreement was in force on that day".to_owned() };
    let Some(included) = &agreement.included else { return "the agreement has no fixed rate for work".to_owned() };
    let named = |list: &[quarterhour_billing::Word], name: &str| list.iter().any(|word| words.name(*word) == name);
    if named(&included.excluded_tiers, &entry.tier) {
        return format!("the fixed rate leaves out tier {}", entry.tier);
    }
    if named(&included.excluded_work_types, &entry.work_type) {
        return format!("the fixed rate leaves out work of type {}", entry.work_type);
    }
    let classes: Vec<&str> = included.classes.iter().map(|class| class.name()).collect();
    format!("device {device} was not in service that day as one of: {}", classes.join(", "))
}

fn not_internal(entry: &EntryBody, agreement: Option<&Agreement>, words: &Words) -> String {
    match agreement.map(|agreement| agreement.internal_tiers.as_slice()) {
        None => "no agreement was in force on that day".to_owned(),
        Some([]) => "the agreement leaves no tier to the client's own staff".to_owned(),
        Some(tiers) => {
            let tiers: Vec<&str> = tiers.iter().map(|tier| words.name(*tier)).collect();
            format!("tier {} is not one of: {}", entry.tier, tiers.join(", "))
        }
    }
}

fn not_drawn(entry: &EntryBody, agreement: Option<&Agreement>, words: &Words) -> String {
    let Some(agreement) = agreement else { return "no agreement was in force on that day".to_owned() };
    let excludes = match &agreement.prepaid {
        Prepaid::Money(reserve) => reserve.excludes.as_slice(),
        Prepaid::Time(pools) => pools.allowance.as_ref().map_or(&[][..], |allowance| allowance.excludes.as_slice()),
        Prepaid::Nothing => &[],
    };
    if excludes.iter().any(|word| words.name(*word) == entry.work_type) {
        return format!("work of type {} does not draw by the agreement", entry.work_type);
    }
    "the agreement has no allowance, blocks or reserve".to_owned()
}
