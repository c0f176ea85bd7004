//! A sample comparison of programs, with as many programs and months as a test wants.

use jiff::civil::date;
use quarterhour_documents::{
    AllowanceLine, BreakEven, ComparisonPaper, Contender, DemandCurve, FanMonth, Paper, Party, ProviderQuestion, ReplayedMonths,
    TradeYardstick,
};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Name, what it is, how it is priced; then mean, median, P95, the client's share, and what a ticket more a month adds to a year.
type Program = (&'static str, &'static str, &'static str, [f64; 5]);

const PROGRAMS: [Program; 9] = [
    (
        "Ad-hoc",
        "Every hour worked is billed afterwards.",
        "Each hour by the rate card: 118.40 on average for this client's work.",
        [21_400.0, 20_900.0, 27_800.0, 1.0, 610.0],
    ),
    (
        "Block of time",
        "Hours are bought ahead at a lower price, and keep for a year.",
        "Blocks of 45 hours, about 3 months of work, for 4,795.20 each: 10 % under the rate card. The next is bought when one is used up.",
        [19_900.0, 19_500.0, 25_900.0, 0.93, 560.0],
    ),
    (
        "Use it or lose it",
        "A fixed fee includes hours each month; those not used are lost.",
        "30 minutes a workstation (12.0 hours) for 1,207.68 a month, 15 % under the rate card; overage 148.00 an hour, 25 % above it.",
        [20_600.0, 19_800.0, 26_300.0, 0.71, 390.0],
    ),
    (
        "Budget",
        "A base fee and a reserve of money that rolls on for two months.",
        "1,657.60 a month are set aside: 30 minutes a workstation and an hour a server at 118.40. What is not used lasts two more months.",
        [21_900.0, 21_700.0, 24_900.0, 0.58, 300.0],
    ),
    (
        "Fixed rate",
        "One fee for each listed device, whatever happens.",
        "79.20 a workstation and 61.50 a server a month: the expected work, and 20 % for the risk that the provider takes.",
        [24_960.0, 24_960.0, 24_960.0, 0.0, 0.0],
    ),
    (
        "Customized",
        "Services a device, entry-level tickets at an entry-level price.",
        "29.60 a workstation for monitoring; an entry-level ticket is 18.00 with its first quarter hour, other work by the rate card.",
        [20_900.0, 20_500.0, 25_300.0, 0.66, 420.0],
    ),
    (
        "Acme care",
        "The agreement that you have today, begun anew.",
        "The agreement that the client has today, begun anew on the first day.",
        [22_700.0, 22_100.0, 29_400.0, 0.79, 520.0],
    ),
    (
        "Draft A",
        "Use it or lose it with half an hour a workstation.",
        "As drafted: 1,500 a month with 12 hours.",
        [22_100.0, 21_900.0, 24_700.0, 0.41, 220.0],
    ),
    (
        "Draft B",
        "Fixed rate without servers, which are charged by the hour.",
        "As drafted: 58.00 a workstation; servers by the rate card.",
        [23_300.0, 23_000.0, 26_100.0, 0.22, 130.0],
    ),
];

/// A usual comparison with this many programs, up to nine, and months of replay.
pub fn comparison(programs: usize, months: usize) -> ComparisonPaper {
    let programs = &PROGRAMS[..programs];
    ComparisonPaper {
        paper: Paper::A4,
        provider: Party {
            name: "Northgate IT Support GmbH".to_owned(),
            address: vec!["Hafenstraße 12".to_owned(), "20457 Hamburg".to_owned(), "Germany".to_owned()],
            email: Some("hello@northgate.example".to_owned()),
            ..Party::default()
        },
        logo: None,
        client_name: "Acme Optics Ltd".to_owned(),
        title: "Which support program fits you?".to_owned(),
        made_on: date(2026, 4, 1),
        currency: "EUR".to_owned(),
        summary: texts(&[
            "In 36 months you had 184 tickets: about 26 a month of 35 minutes each, 15 hours a month.",
            "On average Block of time costs least: EUR 19,900 a year. In a bad year, one in twenty, it costs EUR 25,900 or more.",
            "The best protection against a bad year is Budget: nineteen of twenty years stay below EUR 24,900, and an average year is EUR 21,900.",
            "Under Use it or lose it at least one month goes over its hours in about 1 year in 2, and 31 hours worth EUR 3,900 end unused in an average year.",
        ]),
        contenders: programs.iter().map(contender).collect(),
        month_fan: MONTHS.iter().enumerate().map(fan_month).collect(),
        months_past: 0,
        allowance: Some(AllowanceLine { label: "Included today: 10 h".to_owned(), hours: 10.0 }),
        curve: curve(programs),
        break_evens: break_evens(),
        replay: replay(programs, months),
        advice: texts(&[
            "Take Use it or lose it if you want a known fee and a partner who gains from preventing trouble.",
            "Ask for a cap: overage beyond EUR 500 a month waits for your approval.",
            "Look at the hours again after six months; your printers alone took 22 of the last 100.",
        ]),
        questions: questions(),
        assumptions: assumptions(),
        yardsticks: yardsticks(),
        uncertainty: "The averages are exact to about 0.4 %, and the bad years to about 1 %. What is not known is larger: your own rate of \
            tickets lies between 0.9 and 1.3 a workstation in eight of ten cases, which moves every figure but the fixed rate by up to 18 %."
            .to_owned(),
        seed_line: "Repeat it: quarterhour compare ACME --seed 1 on the books of 31 March 2026, version 0.1.0.".to_owned(),
    }
}

pub fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// `12345.6` as `12,346`.
pub fn money(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn contender((name, line, price, figures): &Program) -> Contender {
    let [mean, median, p95, share, _] = *figures;
    Contender {
        name: (*name).to_owned(),
        program_line: (*line).to_owned(),
        price_line: (*price).to_owned(),
        mean: format!("EUR {}", money(mean)),
        mean_range: format!("{} to {}", money(mean * 0.88), money(mean * 1.17)),
        median: format!("EUR {}", money(median)),
        p90: format!("EUR {}", money(median + (p95 - median) * 0.76)),
        p95: format!("EUR {}", money(p95)),
        tail95: format!("EUR {}", money(p95 + (p95 - median) * 0.24)),
        worst_month: format!("EUR {}", money(mean / 12.0 + (p95 - median) * 0.4)),
        overage_chance: if share > 0.3 { "1 year in 2" } else { "never" }.to_owned(),
        lost_hours: if *name == "Use it or lose it" { "31.2" } else { "0.0" }.to_owned(),
        lost_money: if *name == "Use it or lose it" { "3,900" } else { "0" }.to_owned(),
        per_hour: format!("{:.2}", mean / 182.0),
        per_seat: format!("{:.2}", mean / 12.0 / 26.0),
        carried_by_client: format!("{:.0} %", share * 100.0),
        carried_share: Some(share),
        mean_value: mean,
        p50_value: median,
        p95_value: p95,
        density: density(median, p95),
        pros: texts(&["A known fee, hours set aside for the client, and a reason for the provider to prevent trouble."]),
        cons: texts(&[
            "Hours beyond the allowance cost more than by the rate card.",
            "31 hours worth EUR 3,900 end unused in an average year.",
            "Two of three years lie within EUR 3,300 of the average.",
        ]),
        is_today: *name == "Acme care",
    }
}

/// A hill that rises faster than it falls; a single peak where nothing spreads.
fn density(median: f64, p95: f64) -> Vec<(f64, f64)> {
    let (left, right) = ((p95 - median) / 2.2, (p95 - median) / 1.6);
    let height = |cost: f64| {
        let width = if cost < median { left } else { right };
        (-0.5 * ((cost - median) / width.max(1.0)).powi(2)).exp() / (left + right).max(1.0)
    };
    (0..96).map(|step| median * 0.5 + f64::from(step) * median / 95.0).map(|cost| (cost, height(cost))).collect()
}

fn fan_month((index, label): (usize, &&str)) -> FanMonth {
    let hours = 13.0 + 3.0 * (index as f64 * 0.8).sin() + index as f64 * 0.2;
    let at = |share: f64| hours * share;
    FanMonth {
        label: (*label).to_owned(),
        p5: at(0.35),
        p10: at(0.45),
        p25: at(0.68),
        p50: at(0.95),
        p75: at(1.3),
        p90: at(1.75),
        p95: at(2.1),
    }
}

fn curve(programs: &[Program]) -> DemandCurve {
    let tickets: Vec<f64> = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0].map(|factor| factor * 26.0).to_vec();
    let cost =
        |mean: f64, slope: f64, tickets: f64| mean + slope * (tickets - 26.0) + slope.min(400.0) * 0.01 * (tickets - 26.0).powi(2);
    let costs = |(_, _, _, [mean, _, _, _, slope]): &Program| tickets.iter().map(|at| cost(*mean, *slope, *at).max(0.0)).collect();
    DemandCurve { costs: programs.iter().map(costs).collect(), tickets, expected: Some(26.0) }
}

fn break_evens() -> Vec<BreakEven> {
    let point = |sentence: &str, tickets: f64, contender: usize| BreakEven {
        sentence: sentence.to_owned(),
        tickets: Some(tickets),
        contender: Some(contender),
    };
    vec![
        point("Below 28 tickets a month (16.5 hours) Block of time is cheaper, above it Use it or lose it.", 28.7, 1),
        point("Below 34 tickets a month (19.8 hours) Use it or lose it is cheaper, above it Fixed rate.", 33.6, 4),
        point("Below 23 tickets a month (13.4 hours) Ad-hoc is cheaper, above it Use it or lose it.", 22.4, 2),
    ]
}

fn replay(programs: &[Program], months: usize) -> ReplayedMonths {
    let name = |month: usize| format!("{} {}", MONTHS[month % 12], 2023 + month / 12);
    let cost = |program: usize, month: usize| {
        let [mean, median, p95, _, _] = programs[program].3;
        mean / 12.0 + (p95 - median) / 6.0 * (month as f64 * 1.7 + program as f64 * 0.2).sin()
    };
    let costs: Vec<Vec<f64>> = (0..programs.len()).map(|program| (0..months).map(|month| cost(program, month)).collect()).collect();
    ReplayedMonths {
        months: (0..months).map(name).collect(),
        texts: costs.iter().map(|costs| costs.iter().map(|cost| money(*cost)).collect()).collect(),
        total_values: Vec::new(),
        totals: costs.iter().map(|costs| money(costs.iter().sum())).collect(),
        costs,
    }
}

fn questions() -> Vec<ProviderQuestion> {
    let ask = |question: &str, why: &str, answer: Option<&str>| ProviderQuestion {
        question: question.to_owned(),
        why: why.to_owned(),
        answer: answer.map(str::to_owned),
    };
    vec![
        ask(
            "Does the fee fall when we have fewer workstations?",
            "A fee that only rises is paid for machines that are gone.",
            Some(
                "Hours and per-device fees follow the dated device list, both ways. A flat fee does not: it changes by a new version of the agreement.",
            ),
        ),
        ask(
            "What is the smallest step that is billed?",
            "Ten calls of five minutes are fifty minutes, or two and a half hours.",
            Some(
                "A quarter hour, added up over a ticket's day before it is rounded; each entry shows its actual and its billable minutes.",
            ),
        ),
        ask(
            "What does `unlimited` leave out?",
            "Projects, devices that are not listed and some kinds of work are often charged.",
            Some("The fixed rate covers work on listed workstations, servers and firewalls; devices that are not listed are charged."),
        ),
        ask(
            "What happens in the month in which a server dies?",
            "One bad event costs more than a year of small ones.",
            Some("A crash is expected 0.31 times a year here; the figures of bad years hold it."),
        ),
        ask("How fast do you answer, and can we see it?", "A promise that is not measured is a hope.", None),
        ask(
            "Is our network documented, and do we get the documents?",
            "Without them every change of provider starts from nought.",
            None,
        ),
        ask(
            "Are we told before we go over, and can we stop it?",
            "Surprise overage is the most disputed line of a bill.",
            Some("Warnings are sent at agreed shares of the hours, and overage beyond a cap can be held for your approval."),
        ),
    ]
}

fn assumptions() -> Vec<String> {
    texts(&[
        "Tickets: 1.08 a workstation a month (own 1.11, all clients 0.94); the client's own figure counts 82 %. In eight of ten cases the true rate lies between 0.90 and 1.30.",
        "Hours: 0.58 a ticket, drawn as whole incidents from the client's own (74 %) and the provider's others; months up to 2026-03.",
        "Months vary: the variance of tickets is mean + 0.041 x mean^2 (negative binomial).",
        "Server crashes (incidents of 8 hours and more): 0.31 a year, times 1. Viruses: 0.02 a year, 0.75 hours a workstation.",
        "1,408 years of 12 months were drawn from seed 1 and billed by the billing engine, the same for every program.",
        "Hours that are left in blocks at the end of a year count as money that is still there.",
        "Taxes are left out. Prices of the six programs follow the provider's rate card by the stated discounts and premiums; an offer may differ.",
    ])
}

fn yardsticks() -> Vec<TradeYardstick> {
    let row = |what: &str, value: &str, source: &str| TradeYardstick {
        what: what.to_owned(),
        value: value.to_owned(),
        source: source.to_owned(),
    };
    vec![
        row("Tickets that entry-level staff can solve", "80 %", "series of articles on support programs"),
        row(
            "Price of an entry-level ticket",
            "USD 14 to 20 a call",
            "the same; MetricNet's cost a ticket, North America, is about USD 22",
        ),
        row("Senior technician", "USD 100 to 250 an hour", "series of articles on support programs"),
        row("Reactive hours an endpoint a month", "15 minutes or less", "the trade's measure of managed service; AGMSP Coaching"),
    ]
}
