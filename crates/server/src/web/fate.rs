//! How the fates of work look: their words and tones, and the effect of an entry before it is saved.

pub use quarterhour_billing::plain_hours;

use crate::app::body::PartBody;
use crate::app::effect::Effect;
use crate::app::live::EntryFate;
use crate::dates;
use crate::hours::hours;

/// The tone and the word of a fate, for a badge.
#[must_use]
pub fn badge(fate: &str) -> (&'static str, &'static str) {
    match fate {
        "drawn" | "included" => ("good", "covered"),
        "overage" => ("over", "overage"),
        "held" => ("bad", "held"),
        "charged" => ("plain", "charged"),
        "in-ticket" => ("plain", "in the ticket's price"),
        "internal" => ("lost", "own staff"),
        "courtesy" => ("lost", "courtesy"),
        _ => ("lost", "no time"),
    }
}

/// The badges of an entry of an open statement: one where it went one way, else one for each way with its time.
#[must_use]
pub fn badges(fate: &EntryFate) -> Vec<(&'static str, String)> {
    let ways = [
        ("drawn", fate.drawn),
        ("included", fate.included),
        ("charged", fate.charged),
        ("overage", fate.overage),
        ("held", fate.held),
        ("internal", fate.internal),
        ("courtesy", fate.courtesy),
    ];
    let taken: Vec<(&str, u32)> = ways.into_iter().filter(|(_, seconds)| *seconds > 0).collect();
    match taken.as_slice() {
        [] => vec![("lost", "no time".to_owned())],
        [(fate, _)] => {
            let (tone, word) = badge(fate);
            vec![(tone, word.to_owned())]
        }
        several => several
            .iter()
            .map(|(fate, seconds)| {
                let (tone, word) = badge(fate);
                (tone, format!("{} {word}", plain_hours(i64::from(*seconds))))
            })
            .collect(),
    }
}

/// A part of an entry with its badge.
#[derive(Clone, Debug)]
pub struct PartView {
    /// Its time.
    pub time: String,
    /// The tone of the badge.
    pub tone: &'static str,
    /// The word of the badge.
    pub word: &'static str,
    /// Why.
    pub why: String,
    /// Is it outside business hours?
    pub after_hours: bool,
}

impl PartView {
    /// The view of a part.
    #[must_use]
    pub fn of(part: &PartBody) -> Self {
        let (tone, word) = badge(&part.fate);
        let after_hours = part.band == quarterhour_billing::Band::AfterHours;
        Self { time: plain_hours(part.seconds), tone, word, why: part.why.clone(), after_hours }
    }
}

/// What an entry would do, for the part of a page that is shown before saving.
#[derive(Clone, Debug)]
pub struct EffectView {
    /// All in a sentence.
    pub sentence: String,
    /// The tone of the note: over, bad, night, good or nothing.
    pub tone: &'static str,
    /// Where the seconds would go.
    pub parts: Vec<PartView>,
    /// Prepaid time before and after, where it matters.
    pub left: Option<(String, String)>,
    /// The month that is issued already.
    pub late_for: Option<String>,
}

impl EffectView {
    /// The view of an effect.
    #[must_use]
    pub fn of(effect: &Effect) -> Self {
        let has = |fate: &str| effect.parts.iter().any(|part| part.fate == fate);
        let tone = if has("held") {
            "bad"
        } else if has("overage") {
            "over"
        } else if effect.late_for.is_some() {
            "night"
        } else if has("drawn") || has("included") {
            "good"
        } else {
            ""
        };
        Self {
            sentence: effect.sentence.clone(),
            tone,
            parts: effect.parts.iter().map(PartView::of).collect(),
            left: effect.draws_time.then(|| (hours(effect.left_before), hours(effect.left_after))),
            late_for: effect.late_for.map(dates::month),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_went_one_way_has_one_badge_and_a_split_one_says_how_much() {
        let fate = EntryFate { billable: 900, drawn: 900, ..EntryFate::default() };
        assert_eq!(badges(&fate), [("good", "covered".to_owned())]);
        let split = EntryFate { billable: 1500, drawn: 780, overage: 720, ..EntryFate::default() };
        assert_eq!(badges(&split), [("good", "0:13 covered".to_owned()), ("over", "0:12 overage".to_owned())]);
        assert_eq!(badges(&EntryFate::default()), [("lost", "no time".to_owned())]);
    }
}
