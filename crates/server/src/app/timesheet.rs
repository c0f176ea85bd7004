//! The timesheet: a technician's week, day by day, with gaps, overlaps and where each entry goes. It changes nothing.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use quarterhour_billing::Period;
use quarterhour_books::BookClient;
use quarterhour_books::csv::write_record;
use quarterhour_store::statements::{time_entry, user};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::client_entries::plain_cell;
use crate::app::context::Context;
use crate::app::import::period_of;
use crate::app::live::{EntryFate, Summary};
use crate::app::stored::StoredBooks;
use crate::app::wall_clock;
use crate::error::AppError;

/// A shorter break between two entries is none.
const GAP_MINUTES: i64 = 15;

/// A week of the calendar, as `2026-W47`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week(ISOWeekDate);

impl Week {
    /// The week that holds a day.
    #[must_use]
    pub fn of(day: Date) -> Self {
        let week = day.iso_week_date();
        Self(ISOWeekDate::new(week.year(), week.week(), Weekday::Monday).unwrap_or(week))
    }

    /// Reads `2026-W47`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, week) = text.split_once("-W")?;
        let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(week, 2) {
            return None;
        }
        let week = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()?;
        (1990..2100).contains(&week.year()).then_some(Self(week))
    }

    /// Its Monday.
    #[must_use]
    pub fn monday(self) -> Date {
        self.0.date()
    }

    /// So many weeks later.
    #[must_use]
    pub fn plus(self, weeks: i32) -> Self {
        self.monday().checked_add(weeks.weeks()).map_or(self, Self::of)
    }
}

impl std::fmt::Display for Week {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:04}-W{:02}", self.0.year(), self.0.week())
    }
}

/// A technician's week.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The week.
    pub week: Week,
    /// Whose.
    pub technician: String,
    /// Monday to Sunday.
    pub days: Vec<SheetDay>,
    /// The day it is at the provider's.
    pub today: Date,
}

/// A day of it.
#[derive(Clone, Debug)]
pub struct SheetDay {
    /// The day.
    pub date: Date,
    /// Its entries by start.
    pub entries: Vec<SheetEntry>,
}

/// An entry of it.
#[derive(Clone, Debug)]
pub struct SheetEntry {
    /// Its id.
    pub id: String,
    /// The client's code.
    pub client: String,
    /// The client's name.
    pub client_name: String,
    /// The ticket.
    pub ticket: String,
    /// The ticket's title.
    pub title: String,
    /// The start on the provider's wall clock.
    pub started: Zoned,
    /// The end there.
    pub ended: Zoned,
    /// The start on the client's wall clock, where that reads otherwise.
    pub elsewhere: Option<Zoned>,
    /// The tier.
    pub tier: String,
    /// The work type.
    pub work_type: String,
    /// The device.
    pub device: String,
    /// Actual minutes.
    pub minutes: i64,
    /// The note.
    pub note: String,
    /// Where it goes, while its period is open.
    pub fate: Option<EntryFate>,
    /// Does it stand on an issued statement? Then a change is a correction.
    pub issued: bool,
    /// The issued period that it came too late for, or that it corrects.
    pub late_for: Option<Period>,
    /// Is it a correction?
    pub corrected: bool,
    /// Minutes that it overlaps with the entries before it.
    pub overlap: i64,
    /// Minutes without an entry before it, on the same day.
    pub gap: i64,
}

impl SheetDay {
    /// Actual minutes.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        self.entries.iter().map(|entry| entry.minutes).sum()
    }
}

impl Sheet {
    /// Actual minutes.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        self.days.iter().map(SheetDay::minutes).sum()
    }

    /// How many entries there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.days.iter().map(|day| day.entries.len()).sum()
    }
}

impl Context {
    /// A technician's week: the own, or anybody's for those who log for others.
    ///
    /// # Errors
    ///
    /// Refuses others' sheets to who may not see them.
    pub fn timesheet(&self, actor: &Actor, week: Option<Week>, technician: &str) -> Result<Sheet, AppError> {
        actor.require(Permission::LogTime)?;
        if technician != actor.technician {
            actor.require(Permission::LogTimeOfOthers)?;
        }
        let books = self.books()?;
        let zone = wall_clock::zone(&books.setup.provider.time_zone);
        let today = wall_clock::reading(&zone, self.clock.now().as_second()).date();
        let week = week.unwrap_or_else(|| Week::of(today));
        let begin = |day: Date| day.to_zoned(zone.clone()).map_or(0, |zoned| zoned.timestamp().as_second());
        let span = begin(week.monday())..begin(week.plus(1).monday());
        let rows = self.store.read(|tx| time_entry::list_of_technician_between(tx, books.provider_id, technician, span))?;
        let mut builder = Builder { app: self, books: &books, zone, summaries: HashMap::new() };
        let mut entries = Vec::with_capacity(rows.len());
        for (row, title) in rows {
            entries.extend(builder.entry(row, title)?);
        }
        Ok(Sheet { week, technician: technician.to_owned(), days: days(week, entries), today })
    }

    /// The names whose sheets somebody may look at: the own, or everybody's.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn technicians(&self, actor: &Actor) -> Result<Vec<String>, AppError> {
        if !actor.may(Permission::LogTimeOfOthers) {
            return Ok(vec![actor.technician.clone()]);
        }
        let mut names = self.store.read(|tx| {
            let mut names = time_entry::list_technicians(tx, actor.provider)?;
            let people = user::list_all(tx, actor.provider)?;
            names.extend(people.into_iter().filter(|it| it.client_id.is_none() && it.disabled_at.is_none()).map(|it| it.technician));
            Ok::<_, AppError>(names)
        })?;
        names.push(actor.technician.clone());
        names.retain(|name| !name.is_empty());
        names.sort();
        names.dedup();
        Ok(names)
    }
}

struct Builder<'a> {
    app: &'a Context,
    books: &'a StoredBooks,
    zone: TimeZone,
    summaries: HashMap<Uuid, Arc<Summary>>,
}

impl Builder<'_> {
    fn summary(&mut self, client_id: Uuid) -> Result<Arc<Summary>, AppError> {
        if let Some(summary) = self.summaries.get(&client_id) {
            return Ok(Arc::clone(summary));
        }
        let summary = self.app.client_summary(client_id)?;
        self.summaries.insert(client_id, Arc::clone(&summary));
        Ok(summary)
    }

    fn entry(&mut self, row: time_entry::TimeEntry, title: String) -> Result<Option<SheetEntry>, AppError> {
        let summary = self.summary(row.client_id)?;
        let client = self.books.positions.get(&row.client_id).and_then(|position| self.books.setup.clients.get(*position));
        let Some(client) = client else { return Ok(None) };
        let late_for = row.late_for.as_deref().and_then(Period::parse);
        let period = period_of(self.books, row.client_id, row.started_at);
        let issued = match late_for {
            Some(_) => row.billed_in.is_some(),
            None => summary.issued.is_some_and(|last| period <= last),
        };
        let started = wall_clock::reading(&self.zone, row.started_at);
        Ok(Some(SheetEntry {
            fate: summary.fates.find(&row.entry_id),
            client: client.row.code.clone(),
            client_name: client.row.field("name").to_owned(),
            title,
            ended: wall_clock::reading(&self.zone, row.started_at + row.minutes * 60),
            elsewhere: elsewhere(client, row.started_at, &started),
            id: row.entry_id,
            ticket: row.ticket,
            tier: row.tier,
            work_type: row.work_type,
            device: row.device,
            minutes: row.minutes,
            note: row.note,
            corrected: row.revision > 0,
            started,
            issued,
            late_for,
            overlap: 0,
            gap: 0,
        }))
    }
}

fn elsewhere(client: &BookClient, started_at: i64, here: &Zoned) -> Option<Zoned> {
    if here.time_zone().iana_name() == Some(client.client.clock.name()) {
        return None;
    }
    let there = wall_clock::reading(&wall_clock::zone(client.client.clock.name()), started_at);
    (there.datetime() != here.datetime()).then_some(there)
}

/// Entries by day, with gaps and overlaps.
fn days(week: Week, mut entries: Vec<SheetEntry>) -> Vec<SheetDay> {
    let dates = std::iter::successors(Some(week.monday()), |date| date.tomorrow().ok()).take(7);
    let mut days: Vec<SheetDay> = dates.map(|date| SheetDay { date, entries: Vec::new() }).collect();
    let mut end: Option<Zoned> = None;
    for entry in &mut entries {
        if let Some(end) = end.as_ref().filter(|_| entry.minutes > 0) {
            let between = (entry.started.timestamp().as_second() - end.timestamp().as_second()).div_euclid(60);
            entry.overlap = (-between).clamp(0, entry.minutes);
            let same_day = end.date() == entry.started.date();
            entry.gap = if same_day && between >= GAP_MINUTES { between } else { 0 };
        }
        if entry.minutes > 0 && end.as_ref().is_none_or(|end| *end < entry.ended) {
            end = Some(entry.ended.clone());
        }
    }
    for entry in entries {
        let date = entry.started.date();
        if let Some(day) = days.iter_mut().find(|day| day.date == date) {
            day.entries.push(entry);
        }
    }
    days
}

/// A sheet as CSV.
#[must_use]
pub fn csv(sheet: &Sheet) -> String {
    let mut out = String::new();
    let head = [
        "date",
        "start",
        "end",
        "minutes",
        "client",
        "ticket",
        "title",
        "technician",
        "tier",
        "work_type",
        "device",
        "note",
        "state",
        "id",
    ];
    write_record(&mut out, &head);
    for entry in sheet.days.iter().flat_map(|day| &day.entries) {
        let state = match (entry.issued, entry.late_for) {
            (true, _) => "issued",
            (false, Some(_)) => "late",
            (false, None) => "open",
        };
        let clock = |at: &Zoned| at.strftime("%H:%M").to_string();
        let texts = [&entry.ticket, &entry.title, &sheet.technician, &entry.tier, &entry.work_type, &entry.device, &entry.note];
        let [ticket, title, technician, tier, work_type, device, note] = texts.map(|text| plain_cell(text));
        let (date, minutes) = (entry.started.date().to_string(), entry.minutes.to_string());
        let fields = [
            &date,
            &clock(&entry.started),
            &clock(&entry.ended),
            &minutes,
            &entry.client,
            &ticket,
            &title,
            &technician,
            &tier,
            &work_type,
            &device,
            &note,
            &state.to_owned(),
            &entry.id,
        ];
        write_record(&mut out, &fields.map(String::as_str));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_those_of_the_calendar() {
        let week = Week::parse("2026-W47").expect("a week");
        assert_eq!((week.monday().to_string().as_str(), week.to_string().as_str()), ("2026-11-16", "2026-W47"));
        assert_eq!(week.plus(6).to_string(), "2026-W53");
        assert_eq!(week.plus(7).to_string(), "2027-W01");
        assert_eq!(Week::of(jiff::civil::date(2027, 1, 3)).to_string(), "2026-W53");
        for wrong in ["2026-W54", "2026-47", "26-W47", "2026-W7", "9999-W01", "2026-W+1"] {
            assert_eq!(Week::parse(wrong), None, "{wrong}");
        }
    }

    fn entry(start: &str, minutes: i64) -> SheetEntry {
        let zone = wall_clock::zone("America/New_York");
        let started: jiff::Timestamp = start.parse().expect("an instant");
        let text = String::new;
        SheetEntry {
            id: text(),
            client: text(),
            client_name: text(),
            ticket: text(),
            title: text(),
            started: wall_clock::reading(&zone, started.as_second()),
            ended: wall_clock::reading(&zone, started.as_second() + minutes * 60),
            elsewhere: None,
            tier: text(),
            work_type: text(),
            device: text(),
            minutes,
            note: text(),
            fate: None,
            issued: false,
            late_for: None,
            corrected: false,
            overlap: 0,
            gap: 0,
        }
    }

    #[test]
    fn gaps_and_overlaps_are_counted_against_all_entries_before() {
        let week = Week::parse("2026-W47").expect("a week");
        let list = vec![
            entry("2026-11-16T14:00:00Z", 60),
            entry("2026-11-16T14:30:00Z", 10),
            entry("2026-11-16T14:50:00Z", 20),
            entry("2026-11-16T15:20:00Z", 5),
            entry("2026-11-16T16:00:00Z", 5),
            entry("2026-11-17T16:00:00Z", 5),
        ];
        let days = days(week, list);
        let seen: Vec<(i64, i64)> = days.iter().flat_map(|day| &day.entries).map(|it| (it.overlap, it.gap)).collect();
        assert_eq!(seen, [(0, 0), (10, 0), (10, 0), (0, 0), (0, 35), (0, 0)]);
        assert_eq!(days.iter().map(SheetDay::minutes).collect::<Vec<_>>(), [100, 5, 0, 0, 0, 0, 0]);
    }
}
