//! A quick line made into an entry or a timer, with the books, the clock and the client's wall clock.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use quarterhour_books::BookClient;
use quarterhour_store::statements::ticket;

use crate::app::actor::{Actor, Permission};
use crate::app::context::Context;
use crate::app::quick_entry::{self, Mistake, Quick, Vocabulary};
use crate::app::stored::StoredBooks;
use crate::app::time_entry::Draft;
use crate::app::timer::TimerStart;
use crate::app::wall_clock::{self, Moment};
use crate::error::AppError;

/// The longest line; a longer one was pasted by mistake.
const LETTERS_MAX: usize = 2000;
/// The longest span of times: `22:00-6:00` is a night, `9:40-9:15` a slip.
pub const SPAN_MINUTES_MAX: i64 = 16 * 60;

/// What a quick line stands for.
#[derive(Clone, Debug)]
pub enum QuickWork {
    /// Work that was done.
    Entry(Draft),
    /// Work that goes on: no duration was given.
    Timer(TimerStart),
}

/// A quick line that was read.
#[derive(Clone, Debug, Default)]
pub struct QuickReading {
    /// The client's code; empty when there is none yet.
    pub client: String,
    /// The client's name.
    pub client_name: String,
    /// The start on the client's wall clock.
    pub start: Option<DateTime>,
    /// Nothing, as long as there are mistakes.
    pub work: Option<QuickWork>,
    /// What was read.
    pub quick: Quick,
}

/// A start and minutes.
struct Span {
    started_at: i64,
    minutes: Option<u32>,
}

impl Context {
    /// Reads a quick line for a technician.
    ///
    /// # Errors
    ///
    /// Fails when the database does. Mistakes of the line are in the reading.
    pub fn read_quick(&self, actor: &Actor, line: &str, technician: &str) -> Result<QuickReading, AppError> {
        actor.require(Permission::LogTime)?;
        if line.chars().nth(LETTERS_MAX).is_some() {
            let mistake = Mistake::new("", format!("the line is longer than {LETTERS_MAX} letters; expected one entry"));
            return Ok(QuickReading { quick: Quick { mistakes: vec![mistake], ..Quick::default() }, ..QuickReading::default() });
        }
        let books = self.books()?;
        let names: Vec<(&str, &str)> =
            books.setup.clients.iter().map(|client| (client.row.code.as_str(), client.row.field("name"))).collect();
        let (position, rest) = match quick_entry::client(line, &names) {
            Ok(found) => found,
            Err(mistake) => {
                let quick = Quick { mistakes: vec![mistake], ..Quick::default() };
                return Ok(QuickReading { quick, ..QuickReading::default() });
            }
        };
        let client = books.setup.clients.get(position).ok_or_else(|| AppError::not_found("client"))?;
        let zone = wall_clock::zone(client.client.clock.name());
        let now = self.clock.now().as_second();
        let today = wall_clock::reading(&zone, now).date();
        let words = EntryWords::of(&books);
        let devices: Vec<String> = client.client.devices.iter().map(|device| device.name.clone()).collect();
        let tickets = self.tickets_of(&books, position)?;
        let vocabulary = Vocabulary {
            tiers: &words.tiers,
            work_types: &words.work_types,
            devices: &devices,
            tickets: &tickets,
            today: Some(today),
        };
        let mut quick = quick_entry::read(rest, &vocabulary);
        let span = span(&mut quick, &zone, today, now);
        let mut reading = QuickReading {
            client: client.row.code.clone(),
            client_name: client.row.field("name").to_owned(),
            start: span.as_ref().map(|span| wall_clock::reading(&zone, span.started_at).datetime()),
            work: None,
            quick,
        };
        if reading.quick.mistakes.is_empty() {
            reading.work = span.map(|span| work(&reading.quick, client, span, technician));
        }
        Ok(reading)
    }

    fn tickets_of(&self, books: &StoredBooks, position: usize) -> Result<Vec<String>, AppError> {
        let Some(client_id) = books.client_ids.get(position).copied() else { return Ok(Vec::new()) };
        let rows = self.store.read(|tx| ticket::list_of_client(tx, books.provider_id, client_id))?;
        Ok(rows.into_iter().map(|row| row.ticket).collect())
    }
}

/// The tiers and work types of the books, for forms and lines.
#[derive(Clone, Debug, Default)]
pub struct EntryWords {
    /// Tiers: the usual three, and the provider's own.
    pub tiers: Vec<String>,
    /// Work types: the usual three, and the provider's own.
    pub work_types: Vec<String>,
}

impl EntryWords {
    /// Those that the rate card and the agreements name, beside the usual ones.
    #[must_use]
    pub fn of(books: &StoredBooks) -> Self {
        let mut words = Self {
            tiers: ["helpdesk", "technician", "senior"].map(str::to_owned).to_vec(),
            work_types: ["remote", "onsite", "project"].map(str::to_owned).to_vec(),
        };
        let named = |word| books.setup.words.name(word).to_owned();
        let card = &books.setup.provider.terms.rates;
        let agreements = books.setup.clients.iter().flat_map(|client| client.client.agreements.as_slice());
        for rate in card.0.iter().chain(agreements.flat_map(|agreement| &agreement.prices.rates.0)) {
            words.add(rate.tier.map(named), rate.work_type.map(named));
        }
        words
    }

    fn add(&mut self, tier: Option<String>, work_type: Option<String>) {
        for (list, word) in [(&mut self.tiers, tier), (&mut self.work_types, work_type)] {
            if let Some(word) = word.filter(|word| !list.contains(word)) {
                list.push(word);
            }
        }
    }
}

fn work(quick: &Quick, client: &BookClient, span: Span, technician: &str) -> QuickWork {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let code = client.row.code.clone();
    match span.minutes {
        Some(minutes) => QuickWork::Entry(Draft {
            client: code,
            ticket: text(&quick.ticket),
            technician: technician.to_owned(),
            started_at: span.started_at,
            minutes,
            tier: text(&quick.tier),
            work_type: text(&quick.work_type),
            device: text(&quick.device),
            billable: !quick.free,
            provider_cause: quick.our_error,
            note: quick.note.clone(),
        }),
        None => QuickWork::Timer(TimerStart {
            client: code,
            ticket: text(&quick.ticket),
            tier: text(&quick.tier),
            work_type: text(&quick.work_type),
            note: quick.note.clone(),
            // Without a time it starts now, to the second.
            started_at: quick.time.is_some().then_some(span.started_at),
        }),
    }
}

/// When the work began and how long it took; mistakes go to the reading.
fn span(quick: &mut Quick, zone: &TimeZone, today: Date, now: i64) -> Option<Span> {
    let date = quick.date.unwrap_or(today);
    let Some(time) = quick.time else {
        return span_until_now(quick, date, today, now);
    };
    let started_at = instant(quick, zone, date.to_datetime(time))?;
    let from_span = match quick.until {
        Some(until) => Some(span_minutes(quick, zone, date, (started_at, time, until))?),
        None => None,
    };
    if let (Some(given), Some(minutes)) = (quick.minutes, from_span)
        && given != minutes
    {
        quick
            .mistakes
            .push(Mistake::new("", format!("the span is of {minutes} minutes, the duration of {given}; expected one of them")));
    }
    let minutes = from_span.or(quick.minutes);
    if minutes.is_none() && date != today {
        quick.mistakes.push(Mistake::new("", "how long? Add a duration such as 25m, or the end: 9:15-9:40"));
    } else if started_at > now {
        let clock = time.strftime("%H:%M");
        if minutes.is_none() {
            quick.mistakes.push(Mistake::new("", format!("{clock} is still to come; a timer starts now or earlier")));
        } else {
            let message = format!("{clock} is still to come; expected work that is done. Add @yesterday if it was the day before");
            quick.mistakes.push(Mistake::new("", message));
        }
    }
    Some(Span { started_at, minutes })
}

/// Without a time, work ended just now.
fn span_until_now(quick: &mut Quick, date: Date, today: Date, now: i64) -> Option<Span> {
    if date != today {
        quick.mistakes.push(Mistake::new("", format!("when on {date}? Add a time such as 9:15")));
        return None;
    }
    let minute = now - now.rem_euclid(60);
    let minutes = quick.minutes;
    Some(Span { started_at: minute - i64::from(minutes.unwrap_or(0)) * 60, minutes })
}

fn instant(quick: &mut Quick, zone: &TimeZone, local: DateTime) -> Option<i64> {
    match wall_clock::moment(zone, local) {
        Moment::Once(instant) => Some(instant),
        Moment::Twice { first, .. } => {
            quick.told.push(wall_clock::twice_words(zone, local, false));
            Some(first)
        }
        Moment::Never => {
            quick.mistakes.push(Mistake::new("", wall_clock::never_words(zone, local)));
            None
        }
    }
}

fn span_minutes(quick: &mut Quick, zone: &TimeZone, date: Date, (started_at, time, until): (i64, Time, Time)) -> Option<u32> {
    let over_midnight = until <= time;
    let end_on = if over_midnight { date.tomorrow().ok()? } else { date };
    let end = instant(quick, zone, end_on.to_datetime(until))?;
    let minutes = (end - started_at) / 60;
    if !(1..=SPAN_MINUTES_MAX).contains(&minutes) {
        let (from, to) = (time.strftime("%H:%M"), until.strftime("%H:%M"));
        quick.mistakes.push(Mistake::new(format!("{from}-{to}"), "ends before it begins; expected a span such as 9:15-9:40"));
        return None;
    }
    if over_midnight {
        quick.told.push(format!("ends on {end_on}"));
    }
    u32::try_from(minutes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span_of(line: &str, now: &str) -> (Quick, Option<(String, Option<u32>)>) {
        let zone = wall_clock::zone("America/New_York");
        let now = now.parse::<jiff::Timestamp>().expect("an instant").as_second();
        let today = wall_clock::reading(&zone, now).date();
        let mut quick = quick_entry::read(line, &Vocabulary { today: Some(today), ..Vocabulary::default() });
        let found = span(&mut quick, &zone, today, now);
        let shown = found.map(|span| (wall_clock::reading(&zone, span.started_at).datetime().to_string(), span.minutes));
        (quick, shown)
    }

    fn started(line: &str) -> Option<(String, Option<u32>)> {
        span_of(line, "2026-11-25T15:30:20Z").1
    }

    fn mistake(line: &str, now: &str) -> String {
        span_of(line, now).0.mistakes.into_iter().map(|it| it.message).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn work_without_a_time_ended_just_now() {
        assert_eq!(started("printer 25m"), Some(("2026-11-25T10:05:00".to_owned(), Some(25))));
        assert_eq!(started("printer"), Some(("2026-11-25T10:30:00".to_owned(), None)), "a timer");
    }

    #[test]
    fn times_days_and_spans_are_on_the_wall_clock_of_the_client() {
        assert_eq!(started("9:15 25m"), Some(("2026-11-25T09:15:00".to_owned(), Some(25))));
        assert_eq!(started("9:15-9:40"), Some(("2026-11-25T09:15:00".to_owned(), Some(25))));
        assert_eq!(started("@yesterday 9:15-9:40"), Some(("2026-11-24T09:15:00".to_owned(), Some(25))));
        assert_eq!(started("@mon 22:30-00:15"), Some(("2026-11-23T22:30:00".to_owned(), Some(105))));
        assert_eq!(started("9:15"), Some(("2026-11-25T09:15:00".to_owned(), None)), "a timer since then");
    }

    #[test]
    fn what_is_missing_or_does_not_fit_is_told() {
        let now = "2026-11-25T15:30:20Z";
        assert_eq!(mistake("@yesterday 25m", now), "when on 2026-11-24? Add a time such as 9:15");
        assert_eq!(mistake("@yesterday 9:15", now), "how long? Add a duration such as 25m, or the end: 9:15-9:40");
        assert_eq!(mistake("16:00", now), "16:00 is still to come; a timer starts now or earlier");
        assert!(mistake("9:40-9:15", now).contains("ends before it begins"));
        assert!(mistake("9:15-9:40 30m", now).contains("the span is of 25 minutes, the duration of 30"));
        assert!(mistake("16:00 25m", now).contains("Add @yesterday"));
    }

    #[test]
    fn clocks_that_go_forward_or_back_are_told() {
        assert!(mistake("@2026-03-08 2:30 25m", "2026-03-09T15:00:00Z").contains("02:30 does not exist on 2026-03-08"));
        let (quick, found) = span_of("@2026-11-01 1:30 25m", "2026-11-02T15:00:00Z");
        assert!(quick.told.iter().any(|it| it.contains("comes twice")), "{quick:?}");
        assert_eq!(found.map(|it| it.1), Some(Some(25)));
        let night = span_of("@2026-11-01 00:30-3:00", "2026-11-02T15:00:00Z").1;
        assert_eq!(night.map(|it| it.1), Some(Some(210)), "an hour longer than the clock shows");
    }
}
