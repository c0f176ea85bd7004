//! What a comparison rests on, in words: assumptions, how well laws fit, the past drawn anew, figures of the trade. It computes nothing.

use quarterhour_billing::Currency;
use quarterhour_risk::comparison::Run;
use quarterhour_risk::number::mean;
use quarterhour_risk::portfolio::{Amount, Knowledge, Prior, Seats};
use serde::Serialize;

use crate::app::money;
use crate::app::risk::comparison::Report;
use crate::app::risk::office::Office;
use crate::app::risk::question::{Question, exact_hours};
use crate::app::risk::words::{named, whole};

/// A price or a figure of the trade to measure by.
#[derive(Clone, Debug, Serialize)]
pub struct Yardstick {
    /// What is measured.
    pub what: String,
    /// Its usual value.
    pub value: String,
    /// Where that is from.
    pub source: String,
}

/// What a rate of tickets counts.
#[must_use]
pub fn a_month(knowledge: &Knowledge) -> &'static str {
    if knowledge.by_workstation { "a workstation a month" } else { "a month" }
}

/// What the figures rest on: for a client with such seats, which may be moved from those of today.
#[must_use]
pub fn assumptions(
    knowledge: &Knowledge,
    (seats, is_moved): (Seats, bool),
    question: &Question,
    run: &Run,
    office: &Office,
) -> Vec<String> {
    let until = office.until;
    let seasons = match (question.seasons, office.portfolio.seasons()) {
        (true, Some(_)) => "Months of the year differ as in the years before, as far as those agree.",
        (true, None) => "The past shows no seasons: all months of the year are alike.",
        (false, _) => "All months of the year are alike but for chance and growth.",
    };
    let tickets = mean(&run.tickets) / f64::from(run.plan.months);
    let swing = (tickets + knowledge.dispersion * tickets * tickets).sqrt();
    let mut said = vec![
        format!("Tickets: {:.2} {} (own {}, {} {:.2}); the client's own figure counts {:.0}\u{a0}%. In eight of ten cases the true rate lies between {:.2} and {:.2}.",
            knowledge.rate,
            a_month(knowledge),
            knowledge.own_rate.map_or("none".to_owned(), |rate| format!("{rate:.2}")),
            if knowledge.others > 0 { "all clients together" } else { "published" },
            knowledge.pooled_rate,
            knowledge.rate_credibility * 100.0,
            knowledge.rate_interval.0,
            knowledge.rate_interval.1),
        format!("Hours: {:.2} a ticket, drawn as whole incidents from the client's own ({:.0}\u{a0}%) and {}; months up to {until}.",
            knowledge.hours_per_ticket,
            knowledge.hours_credibility * 100.0,
            if knowledge.others > 0 { "those of the provider's other clients" } else { "published figures" }),
        format!("Months differ: in two of three the tickets lie between {:.0} and {:.0}{}. {seasons}",
            (tickets - swing).max(0.0),
            tickets + swing,
            if knowledge.dispersion > 0.0 {
                format!(", which is more than by chance alone (a negative binomial law with a dispersion of {:.3})", knowledge.dispersion)
            } else {
                ", as by chance alone (a Poisson law)".to_owned()
            }),
        format!("Server crashes (incidents of 8 hours and more): {:.2} a year{}. Viruses: {} a year, {} a workstation.",
            knowledge.severe_a_year,
            if (question.crashes - 1.0).abs() > 1e-9 { format!(", times {}", question.crashes) } else { String::new() },
            question.viruses, exact_hours(question.virus_hours)),
        format!("{} years of 12 months were drawn and billed by the billing engine, the same for every program.", money::grouped(&run.count().to_string())),
        "Hours that are left in blocks at the end of a year count as money that is still there. Overage that an agreement holds for approval is billed as if it were approved; in the own months it is as it was.".to_owned(),
        "Taxes are left out. Prices of the six programs follow the provider's rate card by the stated discounts and premiums; an offer may differ.".to_owned(),
    ];
    if matches!(knowledge.amount, Amount::Nothing | Amount::Little) {
        let prior = Prior::default();
        said.push(format!(
            "Before anything is seen: {} tickets a workstation a month, between what MainSpring aims at (0.2 to 0.5) and sees without prevention (2), half of them longer than {:.0} minutes, and a crash in {:.0} server-years; hours and crashes are this project's assumptions. They count as {:.0} workstation-months and {:.0} tickets.",
            prior.tickets,
            prior.hours.0 * 60.0,
            1.0 / prior.severe,
            prior.tickets_weight,
            prior.hours_weight
        ));
    }
    if let Some(law) = question.law {
        said.push(format!("A ticket's hours follow the {} law, which was fitted to the client's own tickets.", law.name()));
    }
    if let Some(longest) = question.longest {
        said.push(format!("No ticket takes longer than {}.", exact_hours(longest)));
    }
    if knowledge.by_workstation && seats.workstations <= 0.0 {
        said.push("Without workstations the tickets of one are expected.".to_owned());
    }
    if is_moved {
        said.push("The own months are billed with the devices of those months, at prices made for the devices of today.".to_owned());
    }
    said
}

/// How well the best law fits, in a sentence.
#[must_use]
pub fn fitted(report: &Report) -> Option<String> {
    let best = report.evidence.as_ref()?.laws.first()?;
    let share = best
        .anderson_darling
        .1
        .map_or(String::new(), |share| format!(" ({:.0} of 100 samples from it would be further off)", share * 100.0));
    let why =
        if best.verdict == "fits" { "it says the same as the tickets themselves" } else { "so the tickets are drawn as they were" };
    Some(format!("Of the usual laws of a ticket's hours, {} comes nearest: it {}{share}; {why}.", best.family, best.verdict))
}

/// The client's own months drawn anew beside the simulated years, in a sentence.
#[must_use]
pub fn redrawn(report: &Report) -> Option<String> {
    let redrawn = report.redrawn.as_ref()?;
    let currency = Currency::parse(&report.currency)?;
    let at = report.contenders.iter().position(|it| it.program == "use-it-or-lose-it")?;
    let (mean, p95) = (redrawn.means.get(at)?, redrawn.p95.get(at)?);
    let figures = &report.contenders.get(at)?.figures;
    let beside = |own: f64, simulated: f64| if simulated > 0.0 { own / simulated - 1.0 } else { 0.0 };
    let (apart, bad) = (beside(mean.value, figures.mean.value), beside(p95.value, figures.p95.value));
    let so = match apart {
        apart if apart > 0.08 => " The past was dearer than expected: ask whether its worst month may come again.",
        apart if apart < -0.08 => " The past was cheaper than expected: rare events may not have come.",
        _ if bad.abs() > 0.12 => " On average both say the same; how bad a bad year is, the past alone knows less well.",
        _ => " Both say much the same.",
    };
    Some(format!(
        "As a check without any law, the own months were drawn anew {} times, three in a row: under {} an average year costs {} (simulated: {}), a bad one {} ({}).{so}",
        redrawn.courses,
        named("use-it-or-lose-it"),
        whole(mean.value, currency),
        whole(figures.mean.value, currency),
        whole(p95.value, currency),
        whole(figures.p95.value, currency)
    ))
}

/// Figures of the trade.
#[must_use]
pub fn yardsticks() -> Vec<Yardstick> {
    let row = |what: &str, value: &str, source: &str| Yardstick {
        what: what.to_owned(),
        value: value.to_owned(),
        source: source.to_owned(),
    };
    vec![
        row("Tickets that entry-level staff can solve", "80 %", "a series of articles on IT support programs"),
        row(
            "Price of an entry-level ticket",
            "USD 14 to 20 a call",
            "those articles; MetricNet has about USD 22 a ticket (metricnet.com)",
        ),
        row("Senior technician", "USD 100 to 250 an hour", "those articles on IT support programs"),
        row(
            "Tickets an endpoint a month",
            "0.2 to 0.5 aimed at, 2 without prevention",
            "MainSpring (gomainspring.com/our-clients/managing-it-costs)",
        ),
        row(
            "Reactive hours an endpoint a month (RHEM)",
            "15 minutes or less",
            "the trade's measure of managed service, by TruMethods (auvik.com/franklyit/podcast/007)",
        ),
    ]
}
