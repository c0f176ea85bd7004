//! The full form of a time entry: what was typed on the client's wall clock, and the entry that it stands for.

use jiff::civil::{Date, DateTime, Time};
use serde::Deserialize;

use crate::app::actor::Actor;
use crate::app::context::Context;
use crate::app::quick_draft::SPAN_MINUTES_MAX;
use crate::app::quick_entry;
use crate::app::stored::StoredBooks;
use crate::app::time_entry::{Draft, check};
use crate::app::wall_clock::{self, Moment};
use crate::error::{AppError, FieldProblem};

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EntryForm {
    /// The client's code or name.
    pub client: String,
    /// The ticket.
    pub ticket: String,
    /// Who worked; the person itself where it is empty.
    pub technician: String,
    /// The day of the start.
    pub date: String,
    /// The time of the start.
    pub time: String,
    /// The time of the end.
    pub end: String,
    /// How long it took: `25`, `25m`, `1h30`, `1:30`.
    pub minutes: String,
    /// The tier.
    pub tier: String,
    /// The work type.
    pub work_type: String,
    /// The device.
    pub device: String,
    /// `free`: it does not count.
    pub billing: String,
    /// For the client.
    pub note: String,
    /// Where the time comes twice: the second one is meant.
    pub second: Option<String>,
}

/// A form that was read.
#[derive(Clone, Debug)]
pub struct ReadForm {
    /// The entry.
    pub draft: Draft,
    /// Readings that another person could have meant otherwise.
    pub told: Vec<String>,
    /// Does the time come twice on that day?
    pub is_twice: bool,
}

impl EntryForm {
    /// The form of an entry, on the client's wall clock.
    #[must_use]
    pub fn of(books: &StoredBooks, draft: &Draft) -> Self {
        let zone = books.setup.client(&draft.client).map(|(_, client)| wall_clock::zone(client.client.clock.name()));
        let zone = zone.unwrap_or_else(|| wall_clock::zone(&books.setup.provider.time_zone));
        let started = wall_clock::reading(&zone, draft.started_at);
        let second = match wall_clock::moment(&zone, started.datetime()) {
            Moment::Twice { second, .. } => second == draft.started_at,
            _ => false,
        };
        let billing = match (draft.provider_cause, draft.billable) {
            (true, _) => "our-error",
            (false, false) => "free",
            (false, true) => "billable",
        };
        let with_seconds = started.second() != 0;
        Self {
            client: draft.client.clone(),
            ticket: draft.ticket.clone(),
            technician: draft.technician.clone(),
            date: started.date().to_string(),
            time: started.strftime(if with_seconds { "%H:%M:%S" } else { "%H:%M" }).to_string(),
            end: String::new(),
            minutes: draft.minutes.to_string(),
            tier: draft.tier.clone(),
            work_type: draft.work_type.clone(),
            device: draft.device.clone(),
            billing: billing.to_owned(),
            note: draft.note.clone(),
            second: second.then(|| "on".to_owned()),
        }
    }
}

impl Context {
    /// Reads a form.
    ///
    /// # Errors
    ///
    /// Lists the fields that cannot be taken as they are.
    pub fn read_entry_form(&self, actor: &Actor, form: &EntryForm) -> Result<ReadForm, AppError> {
        let books = self.books()?;
        let mut problems = Vec::new();
        let technician = if form.technician.trim().is_empty() { &actor.technician } else { form.technician.trim() };
        let client = client_of(&books, &form.client).unwrap_or_else(|problem| {
            problems.push(problem);
            String::new()
        });
        let zone =
            books.setup.client(&client).map(|(_, client)| client.client.clock.name()).unwrap_or(&books.setup.provider.time_zone);
        let now = self.clock.now().as_second();
        let mut reader = Reader { form, zone: wall_clock::zone(zone), now, problems, told: Vec::new(), is_twice: false };
        let start = reader.start();
        let started_at = start.and_then(|local| reader.instant("time", local));
        let minutes = reader.minutes(start, started_at);
        let Reader { problems, mut told, is_twice, .. } = reader;
        let (started_at, minutes) = match (started_at, minutes) {
            (Some(started_at), Some(minutes)) if problems.is_empty() => (started_at, minutes),
            _ => return Err(AppError::Invalid(problems)),
        };
        let draft = Draft {
            client,
            ticket: form.ticket.trim().to_owned(),
            technician: technician.to_owned(),
            started_at,
            minutes,
            tier: form.tier.trim().to_owned(),
            work_type: form.work_type.trim().to_owned(),
            device: form.device.trim().to_owned(),
            billable: form.billing != "free",
            provider_cause: form.billing == "our-error",
            note: form.note.trim().replace("\r\n", "\n"),
        };
        check(&books, std::slice::from_ref(&draft), now).map_err(at_fields)?;
        let devices = books.setup.client(&draft.client).map(|(_, client)| client.client.devices.as_slice()).unwrap_or_default();
        if !draft.device.is_empty() && devices.iter().all(|device| device.name != draft.device) {
            told.push(format!("the device list has no \u{201c}{}\u{201d}: it counts as a device that is not covered", draft.device));
        }
        Ok(ReadForm { draft, told, is_twice })
    }
}

/// The start of an entry is two fields of the form.
#[must_use]
pub fn at_fields(error: AppError) -> AppError {
    let AppError::Invalid(problems) = error else { return error };
    let place = |mut problem: FieldProblem| {
        if problem.field == "started_at" {
            "time".clone_into(&mut problem.field);
        }
        problem
    };
    AppError::Invalid(problems.into_iter().map(place).collect())
}

/// The code of a client that was typed as code, name or the start of either.
fn client_of(books: &StoredBooks, text: &str) -> Result<String, FieldProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldProblem::new("client", "nothing; expected the code or the name of a client"));
    }
    let names: Vec<(&str, &str)> = books.setup.clients.iter().map(|it| (it.row.code.as_str(), it.row.field("name"))).collect();
    match quick_entry::client(text, &names) {
        Ok((position, rest)) if rest.trim().is_empty() => Ok(names.get(position).map_or("", |(code, _)| code).to_owned()),
        Ok(_) => Err(FieldProblem::new("client", format!("there is no client `{text}`; expected a code or a name"))),
        Err(mistake) => Err(FieldProblem::new("client", mistake.message)),
    }
}

struct Reader<'a> {
    form: &'a EntryForm,
    zone: jiff::tz::TimeZone,
    now: i64,
    problems: Vec<FieldProblem>,
    told: Vec<String>,
    is_twice: bool,
}

impl Reader<'_> {
    fn problem(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(FieldProblem::new(field, message));
    }

    fn start(&mut self) -> Option<DateTime> {
        let date = self.form.date.trim().parse::<Date>().ok();
        if date.is_none() {
            self.problem("date", format!("`{}`; expected a day such as 2026-11-23", self.form.date.trim()));
        }
        let is_today = date == Some(wall_clock::reading(&self.zone, self.now).date());
        if self.form.time.trim().is_empty() && self.form.end.trim().is_empty() && is_today {
            // As in the quick line: it ended just now.
            let minutes = duration(self.form.minutes.trim()).unwrap_or(0);
            return Some(wall_clock::reading(&self.zone, self.now - self.now.rem_euclid(60) - i64::from(minutes) * 60).datetime());
        }
        let time = time(&self.form.time);
        if time.is_none() {
            self.problem("time", format!("`{}`; expected a time such as 09:15", self.form.time.trim()));
        }
        Some(date?.to_datetime(time?))
    }

    fn instant(&mut self, field: &str, local: DateTime) -> Option<i64> {
        match wall_clock::moment(&self.zone, local) {
            Moment::Once(instant) => Some(instant),
            Moment::Twice { first, second } => {
                self.is_twice = true;
                let later = self.form.second.is_some();
                self.told.push(wall_clock::twice_words(&self.zone, local, later));
                Some(if later { second } else { first })
            }
            Moment::Never => {
                self.problem(field, wall_clock::never_words(&self.zone, local));
                None
            }
        }
    }

    /// From the duration, the end, or both if they agree.
    fn minutes(&mut self, start: Option<DateTime>, started_at: Option<i64>) -> Option<u32> {
        let typed = self.form.minutes.trim();
        let given = if typed.is_empty() { None } else { Some(duration(typed)) };
        if let Some(Err(message)) = &given {
            self.problem("minutes", message.clone());
            return None;
        }
        let given = given.and_then(Result::ok);
        if given == Some(0) {
            self.problem("minutes", "no time at all; expected at least 1, or delete the entry");
            return None;
        }
        if self.form.end.trim().is_empty() {
            if given.is_none() {
                self.problem("minutes", "nothing; expected minutes such as 25, or the end");
            }
            return given;
        }
        let until = self.until(start?, started_at?)?;
        match given {
            Some(given) if given != until => {
                self.problem("end", format!("{until} minutes after the start, and not {given}; expected one of the two"));
                None
            }
            _ => Some(until),
        }
    }

    fn until(&mut self, start: DateTime, started_at: i64) -> Option<u32> {
        let Some(end) = time(&self.form.end) else {
            self.problem("end", format!("`{}`; expected a time such as 09:40", self.form.end.trim()));
            return None;
        };
        let over_midnight = end <= start.time();
        let on = if over_midnight { start.date().tomorrow().ok()? } else { start.date() };
        let ended_at = self.instant("end", on.to_datetime(end))?;
        let minutes = (ended_at - started_at) / 60;
        if over_midnight && minutes > SPAN_MINUTES_MAX {
            self.problem("end", "before the start; expected a later time, or the night's end of at most 16 hours");
            return None;
        }
        if over_midnight {
            self.told.push(format!("ends on {on}"));
        }
        u32::try_from(minutes).ok()
    }
}

fn time(text: &str) -> Option<Time> {
    let text = text.trim();
    match quick_entry::time_of(text) {
        Some(read) => read.ok(),
        None => text.parse().ok(),
    }
}

/// `25`, `25m`, `1h30`, `1.5h`, `1:30`.
fn duration(text: &str) -> Result<u32, String> {
    let expected = || format!("`{text}`; expected minutes such as 25 or 1h30");
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| expected());
    }
    if let Some((hours, minutes)) = text.split_once(':') {
        let digits = |part: &str, length| part.len() <= length && part.bytes().all(|byte| byte.is_ascii_digit());
        let minutes: Option<u32> = minutes.parse().ok().filter(|read| digits(minutes, 2) && *read < 60);
        let hours: Option<u32> = hours.parse().ok().filter(|_| digits(hours, 3));
        return hours.zip(minutes).map(|(hours, minutes)| hours * 60 + minutes).ok_or_else(expected);
    }
    match quick_entry::minutes_of(text) {
        Some(read) => read.map_err(|message| format!("`{text}` {message}")),
        None => Err(expected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_read_in_every_form() {
        for (text, minutes) in
            [("25", 25), ("0", 0), ("25m", 25), ("1h30", 90), ("1.5h", 90), ("1:30", 90), ("0:45", 45), ("12:00", 720)]
        {
            assert_eq!(duration(text), Ok(minutes), "{text}");
        }
        for wrong in ["x", "-5", "1:75", "1:", "25.5m", "99999999999"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    fn reader(form: &EntryForm) -> Reader<'_> {
        let zone = wall_clock::zone("America/New_York");
        Reader { form, zone, now: 0, problems: Vec::new(), told: Vec::new(), is_twice: false }
    }

    fn minutes(date: &str, time: &str, minutes: &str, end: &str) -> Result<u32, String> {
        let form = EntryForm {
            date: date.to_owned(),
            time: time.to_owned(),
            minutes: minutes.to_owned(),
            end: end.to_owned(),
            ..EntryForm::default()
        };
        let mut reader = reader(&form);
        let start = reader.start();
        let started_at = start.and_then(|local| reader.instant("time", local));
        let found = reader.minutes(start, started_at);
        found.filter(|_| reader.problems.is_empty()).ok_or_else(|| reader.problems.iter().map(|it| it.field.clone()).collect())
    }

    #[test]
    fn an_end_gives_the_minutes_and_must_agree_with_them() {
        assert_eq!(minutes("2026-11-23", "09:15", "", "09:40"), Ok(25));
        assert_eq!(minutes("2026-11-23", "09:15", "25", "09:40"), Ok(25));
        assert_eq!(minutes("2026-11-23", "09:15", "30", "09:40"), Err("end".to_owned()));
        assert_eq!(minutes("2026-11-23", "22:30", "", "00:15"), Ok(105));
        assert_eq!(minutes("2026-11-23", "09:15", "", ""), Err("minutes".to_owned()));
        assert_eq!(minutes("2026-11-23", "", "25", ""), Err("time".to_owned()));
    }

    #[test]
    fn clocks_that_change_are_heeded() {
        assert_eq!(minutes("2026-03-08", "02:30", "25", ""), Err("time".to_owned()), "that hour is skipped");
        assert_eq!(minutes("2026-03-08", "01:30", "", "03:30"), Ok(60), "an hour shorter than the clock shows");
        assert_eq!(minutes("2026-11-01", "00:30", "", "03:00"), Ok(210), "an hour longer");
    }
}
