//! A comparison in words: sentences for an owner, what speaks for and against, questions to ask. It computes nothing.

use quarterhour_billing::Currency;
use quarterhour_risk::advice::{Advice, ProgramAdvice};
use quarterhour_risk::comparison::Figures;
use quarterhour_risk::curve::{BreakEven, CurvePoint};
use quarterhour_risk::number::{index, round_i64};
use quarterhour_risk::portfolio::{Amount, Knowledge};

use crate::app::money;
use crate::app::risk::asked::BY_RATE_CARD;
use crate::app::risk::comparison::{Contender, Report};
use crate::hours::{capital, counted};

/// An amount in whole units of the currency, for reading.
#[must_use]
pub fn whole(value: f64, currency: Currency) -> String {
    format!("{} {}", currency.code(), money::rounded(value.clamp(-1e15, 1e15)))
}

/// One chance in words: `1 in 4`, `almost never`.
#[must_use]
pub fn chance(share: f64) -> String {
    match share {
        share if share < 0.005 => "almost never".to_owned(),
        share if share >= 0.95 => "practically every year".to_owned(),
        share if share > 0.925 => "about 19 years in 20".to_owned(),
        share if share <= 0.5 => format!("about 1 year in {:.0}", (1.0 / share).round()),
        share => format!("about {:.0} years in 10", (share * 10.0).round()),
    }
}

/// How likely a program goes over its hours; a dash for one that has none to go over.
#[must_use]
pub fn overage(contender: &Contender, words: impl Fn(f64) -> String) -> String {
    let share = contender.figures.overage_chance.value;
    if contender.program == "use-it-or-lose-it" || share >= 0.005 { words(share) } else { "\u{2013}".to_owned() }
}

/// Hours that end unused in an average year; a dash where it is money that does.
#[must_use]
pub fn lost_hours(figures: &Figures) -> String {
    if figures.lost_hours.value < 0.05 && figures.lost_money >= 1.0 {
        "\u{2013}".to_owned()
    } else {
        money::rounded(figures.lost_hours.value)
    }
}

/// The result in sentences.
#[must_use]
pub fn sentences(contenders: &[Contender], knowledge: &Knowledge, needs: Needs<'_>, currency: Currency) -> Vec<String> {
    let mut said = Vec::new();
    if !needs.assumed.is_empty() {
        said.push(format!("Assumed, and not so today: {}.", needs.assumed.join("; ")));
    }
    said.push(known(knowledge, needs));
    if let Some(cheapest) = cheapest(contenders) {
        let figures = &cheapest.figures;
        if cost_alike(contenders) {
            said.push(format!("All programs cost the same: {} a year.", whole(figures.mean.value, currency)));
            return said;
        }
        let bad = whole(figures.p95.value, currency);
        let bad = if figures.mean.value > figures.p95.value {
            format!("Nineteen of twenty years cost at most {bad}, and the twentieth far more.")
        } else {
            format!("In a bad year, one in twenty, it costs {bad} or more.")
        };
        let (name, mean) = (named(&cheapest.name), whole(figures.mean.value, currency));
        let is_calmest = calmest(contenders).is_some_and(|calmest| calmest.name == cheapest.name);
        let calm = if is_calmest { " It is the best protection against a bad year, too." } else { "" };
        said.push(format!("On average {name} costs least: {mean} a year. {bad}{calm}"));
        let today = contenders.iter().find(|it| it.is_today() && it.name != cheapest.name);
        said.extend(today.map(|today| {
            // As the reader would take them from each other.
            let more = today.figures.mean.value.round() - figures.mean.value.round();
            let (now, more) = (whole(today.figures.mean.value, currency), whole(more, currency));
            format!("{} costs {now} in an average year: {more} more.", capital(&named(&today.name)))
        }));
    }
    let cheapest = cheapest(contenders).map_or("", |it| it.name.as_str());
    if let Some(calmest) = calmest(contenders).filter(|calmest| calmest.name != cheapest) {
        let figures = &calmest.figures;
        let (mean, p95) = (whole(figures.mean.value, currency), whole(figures.p95.value, currency));
        let how = if figures.spread < 0.5 {
            format!("every year costs {mean}")
        } else if figures.mean.value > figures.p95.value {
            format!("nineteen of twenty years cost at most {p95}; the twentieth can cost so much more that the average is {mean}")
        } else {
            format!("nineteen of twenty years cost at most {p95}, and an average year is {mean}")
        };
        said.push(format!("The best protection against a bad year is {}: {how}.", named(&calmest.name)));
    }
    if let Some(program) = contenders.iter().find(|contender| contender.program == "use-it-or-lose-it") {
        let figures = &program.figures;
        let lost = if figures.lost_hours.value < 0.5 { "hardly any hours end unused".to_owned() } else { unused(figures, currency) };
        said.push(format!(
            "Under {} at least one month goes over its hours {}, and {lost}.",
            named(&program.name),
            chance(figures.overage_chance.value)
        ));
    }
    said
}

/// The program with the lowest figures, the first of which counts most, each to the whole unit.
fn least(contenders: &[Contender], of: impl Fn(&Figures) -> [f64; 3]) -> Option<&Contender> {
    contenders.iter().min_by_key(|it| of(&it.figures).map(round_i64))
}

/// The program that costs least on average; of two alike the calmer one.
fn cheapest(contenders: &[Contender]) -> Option<&Contender> {
    least(contenders, |figures| [figures.mean.value, figures.p95.value, figures.tail_mean95.value])
}

/// The program whose bad year costs least; of two alike the one whose worst years do.
fn calmest(contenders: &[Contender]) -> Option<&Contender> {
    least(contenders, |figures| [figures.p95.value, figures.tail_mean95.value, figures.mean.value])
}

/// Do all programs cost the same in an average and in a bad year, to the whole unit?
fn cost_alike(contenders: &[Contender]) -> bool {
    let all = |of: fn(&Figures) -> f64| {
        let costs = contenders.iter().map(|it| of(&it.figures));
        costs.clone().fold(f64::NEG_INFINITY, f64::max) - costs.fold(f64::INFINITY, f64::min) < 0.5
    };
    all(|figures| figures.mean.value) && all(|figures| figures.p95.value)
}

/// Whole tickets: `1 ticket`, `12 tickets`.
#[must_use]
pub fn tickets(tickets: f64) -> String {
    counted(index(tickets.max(0.0) + 0.5), "ticket")
}

/// Whole hours: `1 hour`, `12 hours`.
fn hours(hours: f64) -> String {
    counted(index(hours.max(0.0) + 0.5), "hour")
}

/// The hours that end unused, and what they had cost.
fn unused(figures: &Figures, currency: Currency) -> String {
    let hours = hours(figures.lost_hours.value);
    let verb = if hours == "1 hour" { "ends" } else { "end" };
    format!("{hours} worth {} {verb} unused in an average year", whole(figures.lost_money, currency))
}

/// A program's name within a sentence.
pub(super) fn named(name: &str) -> String {
    match name {
        "ad-hoc" => "ad-hoc work by the rate card".to_owned(),
        "block-of-time" => "a block of time".to_owned(),
        "use-it-or-lose-it" => "use-it-or-lose-it".to_owned(),
        "budget" => "a budget".to_owned(),
        "fixed-rate" => "a fixed rate".to_owned(),
        "customized" => "a customized agreement".to_owned(),
        BY_RATE_CARD => "today's work by the rate card".to_owned(),
        other if other.starts_with("today's: ") => "today's agreement".to_owned(),
        other => format!("“{other}”"),
    }
}

/// What a client is expected to need.
#[derive(Clone, Copy)]
pub struct Needs<'a> {
    /// Tickets a month.
    pub tickets: f64,
    /// Hours of a ticket.
    pub hours: f64,
    /// Hours a month, rare events among them.
    pub worked: f64,
    /// Hours a month as they are counted, if they are.
    pub count: Option<f64>,
    /// What is assumed that is not so today.
    pub assumed: &'a [String],
}

/// What is known, and what is expected.
fn known(knowledge: &Knowledge, needs: Needs<'_>) -> String {
    let Needs { tickets: expected, hours, worked, count, assumed } = needs;
    let tickets =
        format!("{} {}", money::grouped(&knowledge.tickets.to_string()), if knowledge.tickets == 1 { "ticket" } else { "tickets" });
    let months = counted(knowledge.months, "month");
    let seen = if knowledge.tickets == 1 { "was" } else { "were" };
    let others = if knowledge.others > 0 { "the provider's other clients and on published ones" } else { "published ones" };
    let basis = match knowledge.amount {
        Amount::Nothing => format!("Nothing of this client was seen yet; the figures rest on {others}, so take them with care"),
        Amount::Little if knowledge.rate_credibility > 0.7 => {
            format!("Only {tickets} in {months} {seen} seen; the figures can be far off")
        }
        Amount::Little => format!("Only {tickets} in {months} {seen} seen; the figures lean on {others} and can be far off"),
        Amount::Some => format!("{tickets} in {months} {seen} seen"),
        Amount::Enough => format!("{tickets} in {months} {seen} seen, enough to go by"),
    };
    let about = if expected < 10.0 { format!("{expected:.1}") } else { format!("{expected:.0}") };
    let count = count
        .filter(|count| *count > 0.0)
        .map_or(String::new(), |count| format!(" Rounded up, and weighed after hours, they count as about {count:.1}."));
    let rare = if worked - expected * hours > 0.05 { ", rare events among it" } else { "" };
    format!(
        "{basis}. {} about {about} tickets a month of {} each, {worked:.1} hours of work a month{rare}.{count}",
        if assumed.is_empty() { "Expect" } else { "With what is assumed expect" },
        counted(index((hours * 60.0).round()), "minute")
    )
}

/// The cheapest programs by demand, from the least on: the point of the curve at which each is first seen to be it, and where it
/// overtakes the one before.
#[must_use]
pub fn crossings(report: &Report) -> Vec<((&CurvePoint, &str), Option<&BreakEven>)> {
    let name = |at: usize| report.contenders.get(at).map_or("", |it| it.name.as_str());
    let mut found: Vec<((&CurvePoint, &str), Option<&BreakEven>)> = Vec::new();
    for point in &report.curve {
        let costs = point.costs.iter().enumerate();
        let Some((now, _)) = costs.min_by(|one, other| one.1.total_cmp(other.1)) else { continue };
        let last = found.last().map(|((_, last), _)| *last);
        if last != Some(name(now)) {
            let crossing = report.break_evens.iter().find(|it| last == Some(it.below.as_str()) && it.above == name(now));
            found.push(((point, name(now)), crossing));
        }
    }
    found
}

/// Which program is the cheapest from how many tickets a month on.
#[must_use]
pub fn by_demand(report: &Report) -> Vec<String> {
    let said = |(number, ((point, name), crossing)): (usize, ((&CurvePoint, &str), Option<&BreakEven>))| match crossing {
        _ if number == 0 => format!("With few tickets, {} costs least.", named(name)),
        Some(it) => format!("From {} a month ({:.1} hours of work) on, {} does.", tickets(it.tickets), it.hours, named(name)),
        None => format!("At about {} a month, {} does.", tickets(point.tickets), named(name)),
    };
    crossings(report).into_iter().enumerate().map(said).collect()
}

/// What a program is, in a sentence.
#[must_use]
pub fn program_line(program: &str) -> &'static str {
    match program {
        "ad-hoc" => "Each hour worked is paid, afterwards.",
        "block-of-time" => "Hours are bought ahead at a lower price.",
        "use-it-or-lose-it" => "A fixed fee for hours by workstation; unused ones are lost.",
        "budget" => "Money is set aside each month; the unused lasts two more months.",
        "fixed-rate" => "A fee by device for unlimited work on it.",
        _ => "Service lines and prices as agreed.",
    }
}

/// What is said of an agreement that holds overage beyond a cap.
pub const HELD: &str = "Overage beyond its cap waits for approval: here all of it is billed, as if it were approved.";

/// Which programs the figures speak for, in a sentence for the client.
#[must_use]
pub fn suggestion(contenders: &[Contender]) -> Vec<String> {
    let (Some(cheapest), Some(calmest)) = (cheapest(contenders), calmest(contenders)) else {
        return Vec::new();
    };
    if cost_alike(contenders) {
        return vec!["By the figures no program is better than another: all cost the same.".to_owned()];
    }
    vec![if cheapest.name == calmest.name {
        format!("By the figures {} suits best: it costs least on average, and in a bad year.", named(&cheapest.name))
    } else {
        let (cheapest, calmest) = (named(&cheapest.name), named(&calmest.name));
        format!("By the figures {cheapest} suits who looks at the average, and {calmest} who fears a bad year.")
    }]
}

/// Why a ratio may cost another amount than the same hours in the table of figures.
pub const RATIOS: &str =
    "Ratios are reckoned from the hours of each month; the figures of the programs bill every ticket, so the two differ a little.";

/// The advice in sentences.
#[must_use]
pub fn advice(advice: Option<&Advice>, currency: Currency) -> Vec<String> {
    let Some(advice) = advice.filter(|advice| advice.minutes_used.is_some()) else {
        return vec!["Without workstations there is no ratio to advise on: ask for a price by the hour or by the service.".to_owned()];
    };
    let at = |minutes: u32| advice.ratios.iter().find(|ratio| ratio.minutes == minutes);
    let environment = if advice.is_heavy { "heavy" } else { "stable" };
    let mut said = vec![format!(
        "The work comes to {} billable minutes a workstation a month ({:.0} an endpoint): a {environment} environment.",
        minutes(advice.minutes_used.unwrap_or(0.0)),
        advice.hours_per_endpoint.unwrap_or(0.0) * 60.0
    )];
    if let Some(ratio) = at(advice.lowest_mean) {
        said.push(if ratio.minutes == 0 {
            format!(
                "Under use-it-or-lose-it, no hours at all cost least on average, with each paid as it comes: {} a year; {}.",
                whole(ratio.mean, currency),
                sure(advice.sure)
            )
        } else {
            format!(
                "Under use-it-or-lose-it, {} minutes a workstation cost least on average: {} a month, and {} a year with overage; {}.",
                ratio.minutes,
                whole(ratio.fee, currency),
                whole(ratio.mean, currency),
                sure(advice.sure)
            )
        });
    }
    if let Some(ratio) = at(advice.lowest_p95).filter(|ratio| ratio.minutes != advice.lowest_mean) {
        said.push(format!(
            "Whoever fears a bad year more takes {} minutes: nineteen of twenty years cost at most {}, and {} end unused in an average one.",
            ratio.minutes,
            whole(ratio.p95, currency),
            hours(ratio.lost_hours)
        ));
    }
    said
}

/// Minutes a workstation, with a tenth where it says on which side of the limit between stable and heavy they lie.
fn minutes(minutes: f64) -> String {
    if (19.0..21.0).contains(&minutes) { format!("{minutes:.1}") } else { format!("{minutes:.0}") }
}

fn sure(share: f64) -> &'static str {
    match share {
        share if share > 0.99 => "the next is clearly dearer",
        share if share > 0.9 => "the next is probably dearer",
        _ => "the next is about as good",
    }
}

/// What speaks for a program, and what against it.
#[must_use]
pub fn pros_and_cons(program: &str, figures: &Figures, currency: Currency) -> (Vec<String>, Vec<String>) {
    let money = whole(figures.lost_money, currency);
    let lost = if figures.lost_hours.value >= 0.5 {
        format!("{}.", unused(figures, currency))
    } else {
        format!("{money} of the reserve end unused in an average year.")
    };
    let swing = if figures.spread < 0.5 {
        "Every year costs the same.".to_owned()
    } else {
        let (median, p90) = (whole(figures.median.value, currency), whole(figures.p90.value, currency));
        if median == p90 {
            format!("Nine of ten years cost {median}, few more.")
        } else {
            format!("Half of the years cost at most {median}, nine of ten at most {p90}.")
        }
    };
    let (pros, cons): (Vec<&str>, Vec<&str>) = match program {
        "ad-hoc" => (
            vec!["Nothing is paid for what is not used."],
            vec!["Every bad month is the client's.", "The provider earns on trouble, and nothing on preventing it."],
        ),
        "block-of-time" => (
            vec!["A lower price an hour; unused hours keep."],
            vec!["Money is paid ahead; a bad month buys the next block early.", "Ask what happens to hours that expire."],
        ),
        "use-it-or-lose-it" => (
            vec!["A known fee, hours set aside for the client, and a reason for the provider to prevent trouble."],
            vec!["Hours beyond the allowance cost more than by the rate card."],
        ),
        "budget" => (
            vec!["Unused money lasts for two more months; a busy month is smoothed."],
            vec![if figures.lost_money >= 0.02 * figures.mean.value {
                "More is set aside than most months need."
            } else {
                "What is set aside is used up, and more is charged beside it."
            }],
        ),
        "fixed-rate" => (
            vec!["The same bill in a good and in a bad year: the provider carries the risk."],
            vec![
                "The price holds a premium for that risk.",
                "“Unlimited” leaves out devices that are not listed, and projects where they are excluded.",
            ],
        ),
        _ => (
            vec!["Entry-level tickets at an entry-level price; each service is paid where it is needed."],
            vec!["More lines to understand, and work beyond them is charged."],
        ),
    };
    let mut pros: Vec<String> = pros.into_iter().map(str::to_owned).collect();
    let mut cons: Vec<String> = cons.into_iter().map(str::to_owned).collect();
    if figures.lost_hours.value >= 0.5 || figures.lost_money >= 1.0 {
        cons.push(lost);
    }
    if figures.mean.value.round() > figures.p95.value.round() {
        cons.push("One year in twenty costs far more: so much that the average lies above the other nineteen.".to_owned());
    }
    if figures.spread < 0.03 * figures.mean.value {
        pros.push(swing)
    } else {
        cons.push(swing)
    }
    (pros, cons)
}

/// Which program suits at the provider's margin, in sentences.
#[must_use]
pub fn program_advice(advice: Option<&ProgramAdvice>, currency: Currency) -> Vec<String> {
    let Some(advice) = advice else { return Vec::new() };
    let at = |name: &str| advice.programs.iter().find(|program| program.name == name);
    let mut said = Vec::new();
    let costs = || advice.programs.iter().map(|program| program.mean);
    if costs().fold(f64::NEG_INFINITY, f64::max) - costs().fold(f64::INFINITY, f64::min) < 0.5 {
        let cost = costs().next().map_or(String::new(), |cost| whole(cost, currency));
        let share = advice.margin * 100.0;
        return vec![format!(
            "With every program priced so that the provider keeps {share:.0}\u{a0}% of it, all cost the same: {cost} a year."
        )];
    }
    if let Some(best) = at(&advice.lowest_mean) {
        let sure = match advice.sure {
            share if share > 0.99 => "clearly",
            share if share > 0.9 => "probably",
            _ => "by a hair",
        };
        said.push(format!(
            "With every program priced so that the provider keeps {:.0}\u{a0}% of it, {} costs {sure} least on average: {} a year.",
            advice.margin * 100.0,
            named(&best.name),
            whole(best.mean, currency)
        ));
    }
    let (calmest, safest) = (at(&advice.lowest_p95), at(&advice.lowest_regret));
    if let (Some(calmest), Some(safest)) = (calmest, safest) {
        let bad_year = format!("nineteen of twenty years cost at most {}", whole(calmest.p95, currency));
        let regret = format!("on average it costs {} more than the best program of the same year", whole(safest.regret, currency));
        said.push(if calmest.name == safest.name {
            let who = if calmest.name == advice.lowest_mean {
                "it is the same".to_owned()
            } else {
                format!("it is {}", named(&calmest.name))
            };
            format!("Against a bad year and against regret {who}: {bad_year}, and {regret}.")
        } else {
            format!(
                "Against a bad year {} is best: {bad_year}. Against regret it is {}: {regret}.",
                named(&calmest.name),
                named(&safest.name)
            )
        });
    }
    said
}
