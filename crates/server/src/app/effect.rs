//! What a change does to a client's hours and bill: the open statements before and after it.

use quarterhour_billing::{Currency, Period};
use serde::Serialize;

use crate::app::body::{EntryBody, PartBody, StatementBody};
use crate::app::live::ClientLive;
use crate::app::money;
use crate::app::outcome::{Outcome, RunResult};
use crate::hours::{capital, hours};

/// What an entry would do.
#[derive(Clone, Debug, Serialize)]
pub struct Effect {
    /// The period that it belongs to.
    pub period: Period,
    /// Set for late time and corrections: that period is issued, and this is billed on the next open statement.
    pub late_for: Option<Period>,
    /// The agreement that it falls under; none: the rate card.
    pub agreement: Option<String>,
    /// Billable seconds of the entry.
    pub billable: i64,
    /// Where its seconds would go.
    pub parts: Vec<PartBody>,
    /// Seconds in pools before it.
    pub left_before: i64,
    /// Seconds in pools after it.
    pub left_after: i64,
    /// Do pools of time matter here?
    pub draws_time: bool,
    /// What the client pays more before tax, in minor units.
    pub cost: i64,
    /// What the entry itself costs more, in minor units: the rest is other work that it moves.
    pub own_cost: i64,
    /// Seconds of other work that it moves beyond the pools; below zero: back into them.
    pub moved: i64,
    /// The currency's code.
    pub currency: String,
    /// All that in a sentence, such as `12 min of 25 are overage: USD 37.50`.
    pub sentence: String,
}

/// Compares a client's open statements with what they would be; `id` is the entry that changed.
#[must_use]
pub fn of(before: &ClientLive, after: &RunResult, id: &str, period: Period, late_for: Option<Period>) -> Effect {
    let found = after.outcomes.iter().find_map(|outcome| {
        let body = outcome.body.as_ref()?;
        Some((outcome, body, body.entries.iter().find(|entry| entry.id == id)?))
    });
    let same = found.and_then(|(outcome, ..)| twin(&before.result, outcome));
    let currency = before.client().map_or(before.books.setup.provider.currency, |client| client.client.currency);
    let cost = net(after) - net(&before.result);
    let entry = found.map(|(.., entry)| entry);
    let left_after = found.map_or(0, |(_, body, _)| body.left());
    let mut effect = Effect {
        period,
        late_for,
        agreement: found.and_then(|(outcome, ..)| outcome.report.agreement.clone()),
        billable: entry.map_or(0, |entry| entry.billable),
        parts: entry.map(|entry| entry.parts.clone()).unwrap_or_default(),
        left_before: same.and_then(|outcome| outcome.body.as_ref()).map_or(left_after, StatementBody::left),
        left_after,
        draws_time: found.is_some_and(|(_, body, _)| body.draws_time),
        cost,
        own_cost: cost,
        moved: 0,
        currency: currency.code().to_owned(),
        sentence: String::new(),
    };
    let mut entries = before.result.outcomes.iter().filter_map(|outcome| outcome.body.as_ref()).flat_map(|body| &body.entries);
    let former = entries.find(|entry| entry.id == id);
    let (own, was) = (entry.map_or(0, EntryBody::beyond), former.map_or(0, EntryBody::beyond));
    effect.moved = all_beyond(after) - all_beyond(&before.result) - (own - was);
    let price = |entry: &EntryBody| -> i64 {
        let charged = entry.parts.iter().filter(|part| matches!(part.fate.as_str(), "overage" | "charged") && !part.is_on_reserve());
        charged.filter_map(|part| Some(part.hourly?.amount(part.seconds, currency))).sum()
    };
    effect.own_cost = if effect.moved == 0 { cost } else { entry.map_or(0, price) - former.map_or(0, price) };
    effect.sentence = sentence(&effect, entry, former.is_some(), currency);
    effect
}

/// Seconds beyond pools in all open statements, held ones among them.
fn all_beyond(result: &RunResult) -> i64 {
    result.outcomes.iter().map(|outcome| outcome.report.time.overage + outcome.report.time.held).sum()
}

fn twin<'a>(result: &'a RunResult, outcome: &Outcome) -> Option<&'a Outcome> {
    result.outcomes.iter().find(|other| other.period == outcome.period && other.report.agreement == outcome.report.agreement)
}

/// The net amount of all open statements.
fn net(result: &RunResult) -> i64 {
    result.outcomes.iter().filter_map(|outcome| money::minor(&outcome.report.net)).sum()
}

/// Minutes for people, hours from two hours on.
fn length(seconds: i64) -> String {
    if seconds < 7200 && seconds % 60 == 0 { format!("{} min", seconds / 60) } else { hours(seconds) }
}

/// What the bill makes of it: the cost of a new entry, the change by one that was there before.
fn cost_words(cost: i64, existed: bool, currency: Currency) -> String {
    let shown = money::shown(cost, currency);
    match (existed, cost) {
        (false, _) => shown,
        (true, 0) => "the bill does not change".to_owned(),
        (true, cost) => format!("the bill changes by {}{shown}", if cost > 0 { "+" } else { "" }),
    }
}

/// ` The bill changes by −USD 92.50.`; nothing where it stays as it is.
#[must_use]
pub fn bill_words(cost: i64, currency: Currency) -> String {
    if cost == 0 { String::new() } else { format!(" {}.", capital(&cost_words(cost, true, currency))) }
}

fn sentence(effect: &Effect, entry: Option<&EntryBody>, existed: bool, currency: Currency) -> String {
    let Some(entry) = entry else { return "It is on no open statement.".to_owned() };
    let sum = |fate: &str| entry.seconds_of(fate);
    let all = length(entry.billable);
    let cost = cost_words(effect.own_cost, existed, currency);
    // A part of the entry with its share: `12 min of 25 min are`, or `All 25 min are`.
    let share = |fate: &str| {
        let seconds = sum(fate);
        if seconds >= entry.billable { format!("All {all} are") } else { format!("{} of {all} are", length(seconds)) }
    };
    let late = effect.late_for.map(|period| format!("{period} is issued: this goes on the next open statement. ")).unwrap_or_default();
    let text = if sum("courtesy") > 0 {
        format!("{} of courtesy: shown to the client, not counted.", length(entry.actual))
    } else if sum("held") > 0 {
        format!("{} overage past the cap: held for the client's approval.", share("held"))
    } else if sum("overage") > 0 {
        format!("{} overage: {cost}.", share("overage"))
    } else if sum("charged") > 0 || sum("in-ticket") > 0 {
        let on_reserve = effect.cost == 0 && entry.parts.iter().any(|part| part.why.contains("on the reserve"));
        if on_reserve { format!("{all} charged, and the reserve pays for it.") } else { format!("{all} charged: {cost}.") }
    } else if sum("included") > 0 {
        format!("{all} covered by the fixed rate.")
    } else if sum("internal") > 0 {
        format!("{all} kept by the client's own staff: shown only.")
    } else if sum("drawn") > 0 {
        let more = if effect.moved == 0 && effect.cost > 0 && !existed {
            format!(" A block is bought for it: {cost}.")
        } else {
            String::new()
        };
        format!("{all} from prepaid hours; {} left after it.{more}", hours(effect.left_after))
    } else {
        "No billable time.".to_owned()
    };
    let moved = match effect.moved {
        0 => String::new(),
        moved => {
            let way = if moved > 0 { "goes beyond the pools with it" } else { "comes back into the pools with it" };
            let bill = money::shown(effect.cost.abs(), currency);
            let bill = match effect.cost {
                0 => "does not change".to_owned(),
                1.. => format!("grows by {bill}"),
                _ => format!("shrinks by {bill}"),
            };
            format!(" {} of other work {way}; in all the bill {bill}.", length(moved.abs()))
        }
    };
    // What the sentence has not named: a charge that falls away, or one that was corrected.
    let is_named = text.contains(&cost) || effect.moved != 0;
    let changed = if is_named { String::new() } else { bill_words(effect.cost, currency) };
    late + &text + &moved + &changed
}

#[cfg(test)]
mod tests {
    use quarterhour_billing::Band;

    use super::*;

    fn entry(parts: &[(&str, i64, &str)]) -> EntryBody {
        let part = |(fate, minutes, why): &(&str, i64, &str)| PartBody {
            fate: (*fate).to_owned(),
            why: (*why).to_owned(),
            band: Band::Business,
            seconds: minutes * 60,
            burn: 0,
            hourly: None,
        };
        let billable = parts.iter().map(|(_, minutes, _)| minutes * 60).sum();
        EntryBody {
            id: "e1".to_owned(),
            late_for: None,
            released: false,
            replaces: None,
            ticket: String::new(),
            technician: String::new(),
            tier: String::new(),
            work_type: String::new(),
            note: String::new(),
            started_at: 0,
            started_local: jiff::civil::DateTime::constant(2026, 11, 25, 9, 0, 0, 0),
            actual: billable,
            billable,
            parts: parts.iter().map(part).collect(),
        }
    }

    fn said(parts: &[(&str, i64, &str)], cost: i64, existed: bool, late_for: Option<&str>) -> String {
        let effect = Effect {
            period: Period::parse("2026-11").expect("a period"),
            late_for: late_for.and_then(Period::parse),
            agreement: None,
            billable: 0,
            parts: Vec::new(),
            left_before: 7200,
            left_after: 5700,
            draws_time: true,
            cost,
            own_cost: cost,
            moved: 0,
            currency: "USD".to_owned(),
            sentence: String::new(),
        };
        sentence(&effect, Some(&entry(parts)), existed, Currency::parse("USD").expect("a currency"))
    }

    #[test]
    fn an_effect_is_one_sentence_with_the_money_in_it() {
        let split = [("drawn", 13, ""), ("overage", 12, "")];
        assert_eq!(said(&split, 3750, false, None), "12 min of 25 min are overage: USD 37.50.");
        assert_eq!(said(&[("overage", 25, "")], 7813, false, None), "All 25 min are overage: USD 78.13.");
        assert_eq!(said(&[("drawn", 25, "")], 0, false, None), "25 min from prepaid hours; 1:35 h left after it.");
        let moved = "25 min from prepaid hours; 1:35 h left after it. A block is bought for it: USD 37.50.";
        assert_eq!(said(&[("drawn", 25, "")], 3750, false, None), moved);
        assert_eq!(said(&[("courtesy", 25, "")], 0, false, None), "25 min of courtesy: shown to the client, not counted.");
        assert_eq!(said(&[("held", 25, "")], 0, false, None), "All 25 min are overage past the cap: held for the client's approval.");
        let reserve = [("charged", 25, "charged at USD 105 an hour, on the reserve")];
        assert_eq!(said(&reserve, 0, false, None), "25 min charged, and the reserve pays for it.");
    }

    #[test]
    fn a_change_says_how_the_bill_changes_and_late_time_where_it_goes() {
        assert_eq!(said(&[("overage", 25, "")], 0, true, None), "All 25 min are overage: the bill does not change.");
        assert_eq!(said(&[("overage", 25, "")], 3750, true, None), "All 25 min are overage: the bill changes by +USD 37.50.");
        let less = "All 25 min are overage: the bill changes by \u{2212}USD 37.50.";
        assert_eq!(said(&[("overage", 25, "")], -3750, true, None), less);
        let free = "25 min of courtesy: shown to the client, not counted. The bill changes by \u{2212}USD 37.50.";
        assert_eq!(said(&[("courtesy", 25, "")], -3750, true, None), free);
        let late = said(&[("overage", 25, "")], 3750, false, Some("2026-10"));
        assert!(late.starts_with("2026-10 is issued: this goes on the next open statement. All 25 min"), "{late}");
    }
}
