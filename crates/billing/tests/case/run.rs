//! A case from its texts to statements, and the comparison with what it expects.

use std::fmt::Write as _;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use quarterhour_billing::agreement::{Agreement, Prepaid};
use quarterhour_billing::{Band, Carried, Credit, Decimal, HourlyPrice, LateBatch, Period, Returned, Statement, TimeEntry};

use crate::common::{self, Books, Files, through_json};
use crate::parse::{Case, Expected, Text};
use crate::render::{Rendered, render};

/// Lines that are compared even where the case does not speak of them.
const ALWAYS: [&str; 13] =
    ["hours", "money", "fee", "service", "block", "ticket", "time", "overage", "reserve", "late", "adjustment", "alert", "note"];

/// Bills a case and compares.
pub fn check(case: &Case) -> Result<(), String> {
    let head = format!("{}:{}: {}\n", case.file, case.line, case.title);
    let files = files(case);
    match (common::read(&files), &case.refused) {
        (Err(problems), Some(expected)) => {
            let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
            let expected: Vec<&str> = expected.iter().map(|text| text.text.as_str()).collect();
            if found == expected { Ok(()) } else { Err(format!("{head}  expected {expected:#?}\n  found {found:#?}\n")) }
        }
        (Err(problems), None) => Err(problems.iter().fold(head, |text, problem| text + &format!("  {problem}\n"))),
        (Ok(_), Some(_)) => Err(format!("{head}  was not refused\n")),
        (Ok(books), None) => bill_and_compare(case, &books).map_err(|message| head + &message),
    }
}

fn bill_and_compare(case: &Case, books: &Books) -> Result<(), String> {
    let entered = entered(case);
    let by_period = books.by_period();
    let starts = books.client().client.agreements.as_slice().iter().map(|agreement| agreement.starts.period());
    let first = starts.chain(by_period.keys().copied()).min().ok_or("neither agreements nor work")?;
    let last = case.expected.iter().map(|expected| expected.period).max().unwrap_or(first);
    let (mut carried, mut message, mut period) = (Carried::default(), String::new(), first);
    while period <= last {
        let all = by_period.get(&period).map_or(&[][..], Vec::as_slice);
        let in_time = |entry: &&TimeEntry| !entered.iter().any(|(id, at)| *id == entry.id && *at > period);
        let own: Vec<TimeEntry> = all.iter().filter(in_time).cloned().collect();
        let late = late_work(case, books, period, &entered);
        let batches: Vec<LateBatch<'_>> = late.iter().map(|late| late.batch(books)).collect();
        let billed = books.bill(period, carried, &own, &batches).map_err(|error| error.to_string())?;
        carried = through_json(&billed.carried);
        let expected: Vec<&Expected> = case.expected.iter().filter(|expected| expected.period == period).collect();
        if !expected.is_empty() {
            compare(case, books, &expected, &billed.statements, &own, &mut message);
        }
        period = period.next();
    }
    if message.is_empty() { Ok(()) } else { Err(message) }
}

fn compare(case: &Case, books: &Books, expected: &[&Expected], statements: &[Statement], entries: &[TimeEntry], message: &mut String) {
    let wanted = expected.iter().filter(|expected| !expected.nothing).count();
    if wanted != statements.len() {
        let names: Vec<_> = statements.iter().map(|statement| &statement.agreement).collect();
        let _ = writeln!(message, "  expected {wanted} statements, found {names:?}");
    }
    for expected in expected.iter().filter(|expected| !expected.nothing) {
        let fits = |statement: &&Statement| {
            expected.agreement.as_ref().is_none_or(|name| statement.agreement.as_deref().unwrap_or("") == name)
        };
        let Some(statement) = statements.iter().find(fits) else { continue };
        let agreements = books.client().client.agreements.as_slice();
        let agreement = agreements.iter().find(|agreement| Some(&agreement.name) == statement.agreement.as_ref());
        let rendered = render(books, agreement, statement, entries);
        let difference = differences(expected, &rendered);
        if !difference.is_empty() {
            let _ = writeln!(message, "  {}:{}\n{difference}", case.file, expected.line);
        }
    }
}

fn differences(expected: &Expected, rendered: &Rendered) -> String {
    let mut words: Vec<&str> = ALWAYS.to_vec();
    words.extend(expected.lines.iter().map(first_word).filter(|word| !ALWAYS.contains(word)));
    words.sort_unstable();
    words.dedup();
    let mut difference = String::new();
    for word in words {
        let wanted: Vec<&str> = expected.lines.iter().filter(|text| first_word(text) == word).map(|text| text.text.as_str()).collect();
        let mut found: Vec<&str> = rendered.get(word).map_or(Vec::new(), |lines| lines.iter().map(String::as_str).collect());
        if matches!(word, "part" | "entry") {
            let ids: Vec<&str> = wanted.iter().filter_map(|line| line.split(':').next()).collect();
            found.retain(|line| line.split(':').next().is_some_and(|id| ids.contains(&id)));
        }
        if wanted != found {
            wanted.iter().for_each(|line| difference.push_str(&format!("    - {line}\n")));
            found.iter().for_each(|line| difference.push_str(&format!("    + {line}\n")));
        }
    }
    difference
}

fn first_word(text: &Text) -> &str {
    text.text.split([' ', ':']).next().unwrap_or("")
}

/// The books of a case as files.
fn files(case: &Case) -> Files {
    let mut files = Files::default();
    if let Some(provider) = &case.provider {
        files.provider.clone_from(provider);
    }
    let mut fields = [("currency", ""), ("zone", "America/New_York"), ("tax", "")];
    for pair in case.client.split(',').filter(|pair| !pair.is_empty()) {
        let (word, value) = pair.trim().split_once(' ').unwrap_or_else(|| panic!("{}:{}: `{pair}`", case.file, case.line));
        let field = fields.iter_mut().find(|(name, _)| *name == word);
        field.unwrap_or_else(|| panic!("{}:{}: `{word}` is no word of a client", case.file, case.line)).1 = value;
    }
    let [(_, currency), (_, zone), (_, tax)] = fields;
    files.clients = format!("code,name,currency,time_zone,tax_percent\nacme,Acme,{currency},{zone},{tax}\n");
    for (name, clauses) in &case.agreements {
        files = files.agreement(name, clauses);
    }
    case.devices.iter().for_each(|text| files.devices.push_str(&device_rows(&case.file, text)));
    case.work.iter().for_each(|text| files.entries.push_str(&entry_row(&case.file, text, zone)));
    files
}

/// `3 workstation from 2026-01-01 to 2026-02-01` (three of them, named `workstation-1` on) or `fw-1 firewall from 2026-01-01`.
fn device_rows(file: &str, text: &Text) -> String {
    let words: Vec<&str> = text.text.split(' ').collect();
    let (first, class, from, to) = match words.as_slice() {
        [first, class, "from", from] => (*first, *class, *from, ""),
        [first, class, "from", from, "to", to] => (*first, *class, *from, *to),
        _ => panic!("{file}:{}: `{}` is no device", text.line, text.text),
    };
    match first.parse::<u32>() {
        Ok(number) => (1..=number).map(|at| format!("acme,{class}-{}-{at},{class},{from},{to}\n", text.line)).collect(),
        Err(_) => format!("acme,{first},{class},{from},{to}\n"),
    }
}

/// `e1 2026-01-05 09:00 45 min senior project ticket T-1 on ws-1`, local time of the client.
fn entry_row(file: &str, text: &Text, zone: &str) -> String {
    let words: Vec<&str> = text.text.split(' ').collect();
    let [id, date, time, minutes, "min", rest @ ..] = words.as_slice() else {
        panic!("{file}:{}: `{}` is no entry", text.line, text.text)
    };
    let started_at = if date.contains('T') { (*date).to_owned() } else { instant(&format!("{date}T{time}"), zone) };
    let behind = |word: &str| rest.iter().position(|it| *it == word).and_then(|at| rest.get(at + 1)).unwrap_or(&"");
    let one_of = |words: &[&str]| rest.iter().find(|word| words.contains(word)).copied().unwrap_or("");
    let tier = one_of(&["helpdesk", "technician", "senior"]);
    let work_type = one_of(&["remote", "onsite", "project", "patching"]);
    let billable = if rest.contains(&"not-billable") { "false" } else { "" };
    let cause = if rest.contains(&"provider-error") { "provider" } else { "" };
    let (ticket, device) = (behind("ticket"), behind("on"));
    format!("{id},acme,{ticket},{started_at},{minutes},{tier},{work_type},{device},{billable},{cause}\n")
}

/// A local time as RFC 3339.
fn instant(local: &str, zone: &str) -> String {
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap_or(TimeZone::UTC);
    let local: DateTime = local.parse().unwrap_or_else(|error| panic!("`{local}`: {error}"));
    local.to_zoned(zone).unwrap().timestamp().to_string()
}

/// The ids of late entries with the period on whose statement they come.
fn entered(case: &Case) -> Vec<(String, Period)> {
    let late = case.work.iter().filter_map(|text| {
        let (before, period) = text.text.split_once(" entered ")?;
        Some((before.split(' ').next()?.to_owned(), Period::parse(period.split(' ').next()?)?))
    });
    late.collect()
}

/// Late time and corrections of one issued period, on the statement of a later one.
struct LateOwned {
    of: Period,
    agreement: Option<Agreement>,
    before: Vec<TimeEntry>,
    entries: Vec<TimeEntry>,
    corrected: Corrected,
}

/// What a period takes back of an issued one, or decides about its held time.
#[derive(Default)]
struct Corrected {
    credits: Vec<Credit>,
    released: Vec<Credit>,
    written_off: Vec<Credit>,
    returned: Returned,
}

impl LateOwned {
    fn batch<'a>(&'a self, books: &'a Books) -> LateBatch<'a> {
        LateBatch {
            period: self.of,
            terms: &books.setup.provider.terms,
            agreement: self.agreement.as_ref(),
            draws_time: self.agreement.as_ref().is_some_and(|agreement| matches!(agreement.prepaid, Prepaid::Time(_))),
            before: &self.before,
            entries: &self.entries,
            credits: &self.corrected.credits,
            returned: self.corrected.returned,
            released: &self.corrected.released,
            written_off: &self.corrected.written_off,
        }
    }
}

fn late_work(case: &Case, books: &Books, billed_in: Period, entered: &[(String, Period)]) -> Vec<LateOwned> {
    let mut late: Vec<LateOwned> = Vec::new();
    let came_in = |entry: &TimeEntry, own: Period| entered.iter().find(|(id, _)| *id == entry.id).map_or(own, |(_, at)| *at);
    for (of, all) in books.by_period().into_iter().filter(|(of, _)| *of < billed_in) {
        let entries: Vec<TimeEntry> = all.iter().filter(|entry| came_in(entry, of) == billed_in).cloned().collect();
        let lines = case.corrections.iter().filter(|it| it.of == of && it.billed_in == billed_in).flat_map(|it| &it.lines);
        let lines: Vec<&Text> = lines.collect();
        if entries.is_empty() && lines.is_empty() {
            continue;
        }
        let mut corrected = Corrected::default();
        lines.iter().for_each(|text| corrected.add(case, books, text));
        let before = all.iter().filter(|entry| came_in(entry, of) < billed_in).cloned().collect();
        let day = entries.first().map_or_else(|| of.first_day(), |entry| books.client().client.clock.day(entry.started_at));
        let agreement = books.client().client.agreements.on(day).map(|(_, agreement)| agreement.clone());
        late.push(LateOwned { of, agreement, before, entries, corrected });
    }
    late
}

impl Corrected {
    /// `credit technician remote business 0:30 at 120` (or `released`, `written-off`), or `returned 0:30`.
    fn add(&mut self, case: &Case, books: &Books, text: &Text) {
        let place = format!("{}:{}: `{}` is no correction", case.file, text.line, text.text);
        let words: Vec<&str> = text.text.split(' ').collect();
        match words.as_slice() {
            ["returned", time] => self.returned.burn += seconds(time),
            [what, tier, work_type, band, time, "at", price] => {
                let word = |name: &str| books.entries.words.find(name).unwrap_or_else(|| panic!("{place}"));
                let band = [Band::AfterHours, Band::Business].into_iter().find(|it| it.name() == *band).unwrap();
                let hourly = HourlyPrice::new(Decimal::parse(price).unwrap(), Decimal::ONE);
                let credit = Credit { tier: word(tier), work_type: word(work_type), band, hourly, seconds: seconds(time) };
                match *what {
                    "credit" => self.credits.push(credit),
                    "released" => self.released.push(credit),
                    "written-off" => self.written_off.push(credit),
                    _ => panic!("{place}"),
                }
            }
            _ => panic!("{place}"),
        }
    }
}

/// `0:30` in seconds.
fn seconds(time: &str) -> i64 {
    let (hours, minutes) = time.split_once(':').unwrap();
    hours.parse::<i64>().unwrap() * 3600 + minutes.parse::<i64>().unwrap() * 60
}
