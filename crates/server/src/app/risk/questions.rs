//! What a client should ask before it signs, with answers where the platform has them. It computes nothing.

use quarterhour_risk::portfolio::Knowledge;
use serde::Serialize;

use crate::app::money;
use crate::app::risk::comparison::Contender;
use crate::app::risk::facts::Facts;
use crate::app::risk::scenario::{self, Scenario};
use crate::hours::counted;

/// A question that a client should ask, with an answer where there is one.
#[derive(Clone, Debug, Serialize)]
pub struct AskedQuestion {
    /// The question.
    pub question: String,
    /// Why it matters.
    pub why: String,
    /// What the platform knows.
    pub answer: Option<String>,
}

/// What to ask before signing.
#[must_use]
pub fn questions(facts: &Facts, contenders: &[Contender], knowledge: &Knowledge, scenarios: &[Scenario]) -> Vec<AskedQuestion> {
    let ask = |question: &str, why: &str, answer: Option<String>| AskedQuestion {
        question: question.to_owned(),
        why: why.to_owned(),
        answer,
    };
    let percent = |share: f64| format!("{:.0}\u{a0}%", share * 100.0);
    let increments = contenders.iter().find_map(|contender| contender.text.as_deref()).filter(|text| text.contains("increment = 15"));
    let steps = increments.map(|_| {
        format!(
            "A quarter hour, added up over a ticket's day before it is rounded. On average {:.0} actual minutes of a ticket become {:.0} billable ones; each entry shows both.",
            facts.actual_minutes, facts.billable_minutes
        )
    });
    let unlisted = facts.unlisted.map_or(String::new(), |share| {
        format!(" In the past {} of the billable hours were on devices that are not listed.", percent(share))
    });
    let prompt = facts.same_day.map(|share| {
        format!(
            "{} of the past tickets were worked on within a single day. When a ticket was opened is not recorded here, so the time to the first answer is not measured.",
            percent(share)
        )
    });
    let listed = (facts.devices > 0).then(|| {
        format!(
            "The device list, which the client sees in the portal and can take away as a file, holds {} devices, {}. Diagrams, passwords and procedures are not kept here.",
            facts.devices,
            match (facts.with_serial, facts.with_site) {
                (0, 0) => "none of them with a serial number or a site".to_owned(),
                (serial, site) => format!("{serial} of them with a serial number, {site} with a site"),
            }
        )
    });
    let courtesy = facts.courtesy.filter(|share| *share > 0.0).map(|share| {
        format!(
            "{} of the past hours were given as courtesy: they are on the statements with their reason, and cost nothing.",
            percent(share)
        )
    });
    vec![
        ask(
            "Does the fee fall when we have fewer workstations?",
            "A fee that only rises is paid for machines that are gone.",
            Some(shrinking(contenders, scenarios)),
        ),
        ask(
            "What is the smallest step that is billed?",
            "Ten calls of five minutes are fifty minutes, or two and a half hours.",
            steps,
        ),
        ask(
            "What does “unlimited” leave out?",
            "Projects, devices that are not listed and some kinds of work are often charged.",
            Some(format!(
                "The fixed rate covers work on listed workstations, servers and firewalls; devices that are not listed are charged.{unlisted}"
            )),
        ),
        ask(
            "What happens in the month in which a server dies?",
            "One bad event costs more than a year of small ones.",
            Some(crashing(contenders, knowledge, facts.severe, scenarios)),
        ),
        ask("How fast do you answer, and can we see it?", "A promise that is not measured is a hope.", prompt),
        ask(
            "Is our network documented, and do we get the documents?",
            "Without them every change of provider starts from nought.",
            listed,
        ),
        ask(
            "Do we pay for your mistakes?",
            "Rework and the provider's own errors belong on the statement, and not on the bill.",
            courtesy.or_else(|| Some("Time that the provider caused itself is marked as such, shown, and never billed.".to_owned())),
        ),
        ask(
            "Are we told before we go over, and can we stop it?",
            "Surprise overage is the most disputed line of a bill.",
            Some(
                "Warnings are sent at agreed shares of the hours, and overage beyond a cap can be held for your approval.".to_owned(),
            ),
        ),
    ]
}

/// What one crash more costs, where it was simulated.
fn crashing(contenders: &[Contender], knowledge: &Knowledge, seen: usize, scenarios: &[Scenario]) -> String {
    let seen = match seen {
        0 => String::new(),
        seen => format!(
            "In the past {} there {} {} of eight hours and more. ",
            counted(knowledge.months, "month"),
            if seen == 1 { "was" } else { "were" },
            counted(seen, "incident")
        ),
    };
    let years = (1.0 / knowledge.severe_a_year.max(1e-6)).round();
    let expected = match years {
        years if years < 1.5 => {
            format!("{seen}A crash is expected {:.1} times a year here; the figures of bad years hold it.", knowledge.severe_a_year)
        }
        years if years <= 50.0 => {
            format!(
                "{seen}A crash is expected once in about {years:.0} years here, by all clients together; the figures of bad years hold it."
            )
        }
        _ => format!("{seen}A crash is hardly expected here."),
    };
    let Some(crash) = scenarios.iter().find(|scenario| scenario.name == scenario::CRASH) else { return expected };
    let more = |program: &str| {
        let at = contenders.iter().position(|it| it.program == program)?;
        Some((crash.costs.get(at)?.value - contenders.get(at)?.figures.mean.value).max(0.0))
    };
    let said: Vec<String> = ["ad-hoc", "use-it-or-lose-it", "fixed-rate"]
        .into_iter()
        .filter_map(|program| Some(format!("{program} {}", money::rounded(more(program)?))))
        .collect();
    format!("{expected} One more costs on average: {}.", said.join(", "))
}

/// What an average year costs a client that shrinks, where it was simulated.
fn shrinking(contenders: &[Contender], scenarios: &[Scenario]) -> String {
    let general =
        "Hours and per-device fees follow the dated device list, both ways; a flat fee changes by a new version of the agreement.";
    let Some(smaller) = scenarios.iter().find(|scenario| scenario.name == scenario::SMALLER) else { return general.to_owned() };
    let change = |at: usize| {
        let (before, after) = (contenders.get(at)?.figures.mean.value, smaller.costs.get(at)?.value);
        (before > 0.0).then(|| (1.0 - after / before) * 100.0)
    };
    let today = contenders.iter().position(Contender::is_today);
    let saved = |name: &str, share: f64| format!("{name} {:.0}\u{a0}%", share.max(0.0));
    let mut said: Vec<String> = ["fixed-rate", "use-it-or-lose-it", "customized"]
        .into_iter()
        .filter_map(|program| Some(saved(program, change(contenders.iter().position(|it| it.program == program)?)?)))
        .collect();
    said.extend(today.and_then(change).map(|share| saved("today's agreement", share)));
    format!("{general} A third fewer workstations save {}.", said.join(", "))
}
