//! The annex as the template takes it: ready-made words, in order.
//!
//! What the annex means is in `annex.rs`; how it looks is in the template.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::annex::{Device, EntryPart, ReserveStatement, Statement, TimeEntry, TimeStatement};
use crate::chart::{ChartView, chart};
use crate::document::InvoiceDocument;
use crate::error::DocumentError;
use crate::format::{date_range, duration, moment, short_date};
use crate::text::Cleaner;
use crate::view::{Fact, MEDIUM, NARROW, WIDE, block, capitalised};

/// Rows with more text than this may break across pages.
const ROW_CHARACTERS_MAX: usize = 600;
const ROW_LINES_MAX: usize = 12;
/// A row names at most this many devices, so that it never fills a page.
const NAMES_MAX: usize = 100;
/// At most this many classes are counted by name above the list of devices.
const CLASSES_MAX: usize = 8;

#[derive(Debug, Serialize)]
pub(crate) struct AnnexView {
    heading: String,
    sentence: String,
    pool: Vec<Fact>,
    other: Vec<Fact>,
    reserve: Vec<Fact>,
    chart: Option<ChartView>,
    device_count: String,
    devices: Vec<[String; 4]>,
    entry_count: String,
    entries: Vec<EntryView>,
}

/// One row of the table of time entries. Short names keep the data small.
#[derive(Debug, Serialize)]
struct EntryView {
    at: String,
    who: String,
    ticket: String,
    note: String,
    actual: String,
    billable: String,
    parts: String,
    tall: bool,
}

/// Puts the annex into words; nothing when there is nothing to show.
pub(crate) fn annex_view(document: &InvoiceDocument, cleaner: Cleaner<'_>) -> Result<Option<AnnexView>, DocumentError> {
    let statement = document.statement.as_ref();
    let nothing =
        statement.is_none() && document.burn_down.is_none() && document.devices.is_empty() && document.time_entries.is_empty();
    if nothing {
        return Ok(None);
    }
    let period = &document.period;
    let sentence = statement.and_then(|statement| statement.sentence.as_deref());
    let reserve = statement.and_then(|statement| statement.reserve.as_ref());
    let burn_down = document.burn_down.as_ref();
    Ok(Some(AnnexView {
        heading: format!("Statement, {}", date_range(period.first_day, period.last_day)),
        sentence: block(sentence, cleaner),
        pool: statement.map(pool).unwrap_or_default(),
        other: statement.map(|statement| other(&statement.time)).unwrap_or_default(),
        reserve: reserve.map(|reserve| reserve_view(reserve, cleaner)).unwrap_or_default(),
        chart: burn_down.map(|burn_down| chart(burn_down, period.first_day)).transpose()?,
        device_count: device_count(&document.devices, cleaner),
        devices: device_rows(&document.devices, cleaner),
        entry_count: entry_count(&document.time_entries),
        entries: document.time_entries.iter().map(|entry| entry_view(entry, cleaner)).collect(),
    }))
}

fn times<const N: usize>(facts: [(&str, i64); N]) -> Vec<Fact> {
    facts.into_iter().map(|(label, time)| (label.to_owned(), duration(time))).collect()
}

/// The six times that must balance; none where there is no pool.
fn pool(statement: &Statement) -> Vec<Fact> {
    let time = &statement.time;
    if [time.opening, time.granted, time.restored, time.used].iter().all(|time| *time == 0) {
        return Vec::new();
    }
    times([
        ("From before", time.opening),
        ("Granted", time.granted),
        ("Given back", time.restored),
        ("Used", time.used),
        ("Lost", time.forfeited),
        ("Carried on", time.closing),
    ])
}

/// Time beside the pool, as far as there is some.
fn other(time: &TimeStatement) -> Vec<Fact> {
    let all = [
        ("Overage", time.overage),
        ("Charged", time.charged),
        ("Covered", time.included),
        ("Own staff", time.internal),
        ("Free", time.courtesy),
        ("Held", time.held),
    ];
    all.into_iter().filter(|(_, time)| *time != 0).map(|(label, time)| (label.to_owned(), duration(time))).collect()
}

fn reserve_view(reserve: &ReserveStatement, cleaner: Cleaner<'_>) -> Vec<Fact> {
    let fact = |label: &str, text: &str| (label.to_owned(), cleaner.line(text, MEDIUM));
    vec![
        fact("From before", &reserve.opening),
        fact("Granted", &reserve.granted),
        fact("Used", &reserve.used),
        fact("Lost", &reserve.forfeited),
        fact("Carried on", &reserve.closing),
    ]
}

/// `42 devices: workstation 40, server 2.`, classes in the order of the list.
fn device_count(devices: &[Device], cleaner: Cleaner<'_>) -> String {
    let mut classes: Vec<(&str, usize)> = Vec::new();
    for device in devices {
        match classes.iter_mut().find(|class| class.0 == device.class) {
            Some(class) => class.1 += 1,
            None => classes.push((&device.class, 1)),
        }
    }
    let counts: Vec<String> =
        classes.into_iter().take(CLASSES_MAX).map(|(class, count)| format!("{} {count}", cleaner.line(class, MEDIUM))).collect();
    format!("{}: {}.", counted(devices.len(), "device", "devices"), counts.join(", "))
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A row for the devices of one class and site that came on one day: `Workstation, 3: pc-01, pc-02, pc-03`.
/// A list of a hundred devices is a few lines to read, and every one is named.
fn device_rows(devices: &[Device], cleaner: Cleaner<'_>) -> Vec<[String; 4]> {
    let mut groups: BTreeMap<_, (usize, Vec<String>)> = BTreeMap::new();
    for (position, device) in devices.iter().enumerate() {
        let key = (&device.class, &device.site, device.in_service_on);
        let group = groups.entry(key).or_insert_with(|| (position, Vec::new()));
        group.1.push(cleaner.line(&device.name, MEDIUM));
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (position, _))| *position);
    let chunks = groups.iter().flat_map(|(key, (_, names))| names.chunks(NAMES_MAX).map(move |names| (key, names)));
    chunks
        .map(|((class, site, since), names)| {
            [
                format!("{}, {}", capitalised(&cleaner.line(class, MEDIUM)), names.len()),
                names.join(", "),
                cleaner.line(site.as_deref().unwrap_or_default(), MEDIUM),
                short_date(*since),
            ]
        })
        .collect()
}

fn entry_count(entries: &[TimeEntry]) -> String {
    let sum = |seconds: fn(&TimeEntry) -> i64| duration(entries.iter().map(seconds).fold(0, i64::saturating_add));
    format!(
        "{}: {} of work, {} billable. Times are hours, minutes and, where there are any, seconds.",
        counted(entries.len(), "entry", "entries"),
        sum(|entry| entry.actual_seconds),
        sum(|entry| entry.billable_seconds),
    )
}

fn entry_view(entry: &TimeEntry, cleaner: Cleaner<'_>) -> EntryView {
    let part = |part: &EntryPart| format!("{} {}", duration(part.seconds), cleaner.line(&part.text, MEDIUM));
    let ticket = cleaner.line(entry.ticket.as_deref().unwrap_or_default(), WIDE);
    let note = cleaner.block(&entry.note, WIDE);
    let parts = entry.parts.iter().map(part).collect::<Vec<_>>().join("\n");
    let who = cleaner.line(&entry.technician, NARROW);
    EntryView {
        tall: is_tall(&[&ticket, &note, &parts, &who]),
        at: moment(entry.started_at),
        who,
        ticket,
        note,
        actual: duration(entry.actual_seconds),
        billable: duration(entry.billable_seconds),
        parts,
    }
}

/// Whether a row may be too high to stay on one page.
fn is_tall(texts: &[&str]) -> bool {
    let characters: usize = texts.iter().map(|text| text.len()).sum();
    let lines: usize = texts.iter().map(|text| text.matches('\n').count()).sum();
    characters > ROW_CHARACTERS_MAX || lines > ROW_LINES_MAX
}
