//! The sentences of the dashboard: what is the matter, since when or until when, and where it is mended.

use std::collections::BTreeMap;

use quarterhour_billing::Currency;

use crate::app::dashboard::{Dashboard, HeldOfClient, LongTimer, Overdue, Unbilled};
use crate::app::live::{Flags, Reserve, Summary};
use crate::app::money;
use crate::dates;
use crate::hours::hours;
use crate::web::client_head::client_path;

/// Lines of a kind that are shown at once; the others are behind one click.
const SHOWN: usize = 5;
/// Lines of a kind at all: more of them are a list of their own.
const LINES_MAX: usize = 25;

/// Things of one kind that need somebody.
#[derive(Debug)]
pub struct Need {
    /// The id of the section.
    pub id: &'static str,
    /// What they are.
    pub title: &'static str,
    /// How many.
    pub count: usize,
    /// A list of all of them: path and words; may be empty.
    pub all: (&'static str, &'static str),
    lines: Vec<Line>,
}

impl Need {
    /// The lines that are shown at once.
    #[must_use]
    pub fn first(&self) -> &[Line] {
        self.lines.get(..SHOWN.min(self.lines.len())).unwrap_or_default()
    }

    /// The lines behind one click.
    #[must_use]
    pub fn others(&self) -> &[Line] {
        self.lines.get(SHOWN..).unwrap_or_default()
    }
}

/// One thing.
#[derive(Debug, Default)]
pub struct Line {
    /// The sentence.
    pub text: String,
    /// More about it.
    pub under: String,
    /// Where it is mended.
    pub path: String,
    /// A mark at the end of the line.
    pub badge: String,
    /// The tone of the mark.
    pub tone: &'static str,
}

/// Everything that needs somebody, the most urgent kind first.
pub fn needs(dashboard: &Dashboard) -> Vec<Need> {
    let urgent_loss = dashboard.losing.iter().any(|(summary, _)| summary.business_days_left <= 3);
    let near = need("near", "Over their hours, or soon", ("/clients", "All clients"), dashboard.near.iter().map(|it| near(it)));
    let losing = need("losing", "Hours about to be lost", ("", ""), dashboard.losing.iter().map(|(it, lost)| losing(it, *lost)));
    let (one, other) = if urgent_loss { (losing, near) } else { (near, losing) };
    let flagged = dashboard.flagged.iter().flat_map(|(summary, flags)| flagged(summary, flags));
    let kinds = [
        need("timers", "Timers that run for hours", ("/time", "Timesheet"), dashboard.timers.iter().map(timer)),
        one,
        other,
        need("held", "Overage waiting for approval", ("/billing/held", "All held overage"), dashboard.held.iter().map(held)),
        need("questions", "Questions of clients", ("/questions", "All questions"), dashboard.questions.iter().map(question)),
        need("unbilled", "Months to bill", ("/billing", "Billing"), dashboard.unbilled.iter().map(unbilled)),
        need("overdue", "Overdue invoices", ("/billing/aging", "Aging"), dashboard.overdue.iter().map(overdue)),
        need("flagged", "Entries to look at", ("", ""), flagged),
    ];
    kinds.into_iter().filter(|need| need.count > 0).collect()
}

fn need(id: &'static str, title: &'static str, all: (&'static str, &'static str), lines: impl Iterator<Item = Line>) -> Need {
    let mut lines: Vec<Line> = lines.collect();
    let count = lines.len();
    lines.truncate(LINES_MAX);
    Need { id, title, count, all, lines }
}

fn plain(seconds: i64) -> String {
    hours(seconds / 60 * 60)
}

fn days(number: i64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn business_days(summary: &Summary) -> String {
    match summary.business_days_left {
        0 => "no business day left".to_owned(),
        left => format!("{} left", days(i64::try_from(left).unwrap_or(0), "business day")),
    }
}

fn near(summary: &Summary) -> Line {
    let Some(now) = &summary.now else { return Line::default() };
    let (name, path) = (&summary.name, client_path(&summary.code));
    if let Some(reserve) = now.funded_reserve() {
        return near_reserve(summary, reserve, path);
    }
    let used = format!("{} of {} used", hours(now.used()), hours(now.available()));
    let dry = summary.forecast.and_then(|forecast| forecast.exhausted_on).map(|day| dates::near(&day));
    let badge = format!("{} %", now.percent_used());
    if now.beyond() > 0 {
        let end = summary.forecast.filter(|forecast| forecast.overage > now.beyond() + 900).map(|it| plain(it.overage));
        let since = dry.map(|day| format!("ran dry on {day}")).unwrap_or_else(|| used.clone());
        let under = end.map_or_else(|| since.clone(), |end| format!("{since}; {end} over by the end of the month at this pace"));
        let text = if now.available() > 0 {
            format!("{name} is {} over its {}", hours(now.beyond()), hours(now.available()))
        } else {
            format!("{name} has used {} beyond its pools", hours(now.beyond()))
        };
        return Line { text, under, path, badge: "over".to_owned(), tone: "over" };
    }
    let under = format!("{used}, {}", business_days(summary));
    match dry.filter(|_| summary.forecast.is_some_and(|forecast| !forecast.is_exhausted)) {
        Some(day) => Line { text: format!("{name} runs dry on {day} at this pace"), under, path, badge, tone: "plain" },
        None => Line { text: format!("{name} has {} left", hours(now.left())), under, path, badge, tone: "plain" },
    }
}

/// A reserve in percent: not everybody who sees the dashboard may see money.
fn near_reserve(summary: &Summary, reserve: &Reserve, path: String) -> Line {
    let name = &summary.name;
    let dry = summary.reserve_forecast.and_then(|forecast| forecast.exhausted_on).map(|day| dates::near(&day));
    let badge = format!("{} %", reserve.percent_used());
    if reserve.left() <= 0 {
        let under = dry.map(|day| format!("since {day} work is billed on top")).unwrap_or_default();
        return Line { text: format!("{name} has used up its reserve"), under, path, badge, tone: "over" };
    }
    let left = reserve.left() * 100 / reserve.put;
    let under = format!("{left} % left, {}", business_days(summary));
    match dry {
        Some(day) => Line { text: format!("{name} uses up its reserve on {day} at this pace"), under, path, badge, tone: "plain" },
        None => Line {
            text: format!("{name} has {left} % of its reserve left"),
            under: business_days(summary),
            path,
            badge,
            tone: "plain",
        },
    }
}

fn losing(summary: &Summary, lost: i64) -> Line {
    let used = summary.now.as_ref().map(|now| format!("{} of {} used", hours(now.used()), hours(now.available())));
    Line {
        text: format!("{} is about to lose {}", summary.name, plain(lost)),
        under: used.unwrap_or_default(),
        path: client_path(&summary.code),
        badge: business_days(summary),
        tone: "lost",
    }
}

fn flagged(summary: &Summary, flags: &Flags) -> impl Iterator<Item = Line> {
    let kinds = [
        (flags.without_agreement, "outside any agreement", "no-agreement"),
        (flags.without_ticket, "without a ticket", "no-ticket"),
        (flags.unlisted_device, "on devices that are not on the list", "unlisted"),
    ];
    let (name, code) = (summary.name.clone(), summary.code.clone());
    kinds.into_iter().filter(|(count, ..)| *count > 0).map(move |(count, what, flag)| {
        let entries = if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
        Line { text: format!("{name}: {entries} {what}"), path: format!("/clients/{code}/entries?flag={flag}"), ..Line::default() }
    })
}

fn held(held: &HeldOfClient) -> Line {
    let pieces = if held.count == 1 { "1 entry".to_owned() } else { format!("{} entries", held.count) };
    Line {
        text: format!("{}: {} held past the cap", held.client, plain(held.seconds)),
        under: format!("{pieces}, {} if it is released", money::shown(held.amount, held.currency)),
        path: "/billing/held".to_owned(),
        ..Line::default()
    }
}

fn unbilled(unbilled: &Unbilled) -> Line {
    let clients = days(i64::try_from(unbilled.clients).unwrap_or(0), "client");
    Line {
        text: format!("{} is not billed yet", dates::month(unbilled.period)),
        under: format!("{clients}, {} net", amounts(&unbilled.net)),
        path: format!("/billing/{}", unbilled.period),
        badge: format!("over for {}", days(unbilled.days + 1, "day")),
        tone: "plain",
    }
}

fn amounts(net: &BTreeMap<&'static str, i64>) -> String {
    let shown = net.iter().filter_map(|(code, amount)| Some(money::shown(*amount, Currency::parse(code)?)));
    shown.collect::<Vec<_>>().join(" and ")
}

fn overdue(row: &Overdue) -> Line {
    Line {
        text: format!("{} has not paid {}", row.client, crate::app::paper::number_text(row.number)),
        under: row.currency.map(|currency| format!("{} open", money::shown(row.amount, currency))).unwrap_or_default(),
        path: format!("/billing/invoices/{}", row.number),
        badge: format!("{} late", days(row.days, "day")),
        tone: if row.days > 30 { "bad" } else { "over" },
    }
}

fn question(asked: &crate::app::dashboard::Asked) -> Line {
    let mut body: String = asked.body.chars().take(120).collect();
    if body.len() < asked.body.len() {
        body.push('…');
    }
    Line {
        text: format!("{}, {}{}: {body}", asked.by, asked.client, if asked.refuses { ", refuses held overage" } else { "" }),
        under: format!("asked on {}", dates::near(&asked.on)),
        path: "/questions".to_owned(),
        ..Line::default()
    }
}

fn timer(timer: &LongTimer) -> Line {
    let whose = if timer.person.is_empty() { "Your timer".to_owned() } else { format!("The timer of {}", timer.person) };
    Line {
        text: format!("{whose} for {} has run for {}", timer.client, plain(timer.seconds)),
        path: "/time".to_owned(),
        ..Line::default()
    }
}
