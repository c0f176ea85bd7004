//! The quick line of the timesheet: `acme printer 25m helpdesk`. It reads words; it knows no database and no clock.
//!
//! First the client, by its code or the start of its name; then, in any order, a duration, a time or a span, a day,
//! the tier, the work type, the ticket, the device and marks. What is left is the note. Quoted words are always note.

use jiff::civil::{Date, Time, Weekday};

/// The longest duration of the line: a slip is more likely than a longer one.
const MINUTES_MAX: u32 = 24 * 60;

/// A word that cannot be taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The word as it was typed; empty when something is missing.
    pub word: String,
    /// What was found and what was expected.
    pub message: String,
}

impl Mistake {
    /// A mistake of a word.
    pub fn new(word: impl Into<String>, message: impl Into<String>) -> Self {
        Self { word: word.into(), message: message.into() }
    }
}

/// The words that mean something behind the client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vocabulary<'a> {
    /// Tiers.
    pub tiers: &'a [String],
    /// Work types.
    pub work_types: &'a [String],
    /// The client's devices.
    pub devices: &'a [String],
    /// The client's tickets.
    pub tickets: &'a [String],
    /// The day it is at the client's.
    pub today: Option<Date>,
}

/// What was read behind the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quick {
    /// The ticket.
    pub ticket: Option<String>,
    /// The tier.
    pub tier: Option<String>,
    /// The work type.
    pub work_type: Option<String>,
    /// The device.
    pub device: Option<String>,
    /// The day.
    pub date: Option<Date>,
    /// The start.
    pub time: Option<Time>,
    /// The end of a span.
    pub until: Option<Time>,
    /// Minutes.
    pub minutes: Option<u32>,
    /// `!free`.
    pub free: bool,
    /// `!our-error`.
    pub our_error: bool,
    /// Everything else.
    pub note: String,
    /// Readings that another person could have meant otherwise.
    pub told: Vec<String>,
    /// Words that cannot be taken.
    pub mistakes: Vec<Mistake>,
}

/// Finds the client at the beginning of a line among pairs of code and name: its position, and the rest of the line.
///
/// # Errors
///
/// Says which clients it could be, or which is the nearest.
pub fn client<'t>(line: &'t str, clients: &[(&str, &str)]) -> Result<(usize, &'t str), Mistake> {
    let line = line.trim_start();
    let Some(first) = line.split_whitespace().next() else {
        return Err(Mistake::new("", "expected a client first, then what was done and how long it took"));
    };
    let (rest, typed) = (line.get(first.len()..).unwrap_or(""), first.to_lowercase());
    let exact = clients.iter().position(|(code, _)| *code == first);
    let exact = exact.or_else(|| clients.iter().position(|(code, _)| code.to_lowercase() == typed));
    let begins = |(code, name): &(&str, &str)| code.to_lowercase().starts_with(&typed) || name.to_lowercase().starts_with(&typed);
    let all = (0..clients.len()).filter(|index| clients.get(*index).is_some_and(begins));
    let mut found: Vec<usize> = exact.map_or_else(|| all.collect(), |exact| vec![exact]);
    let (mut typed, mut rest) = (typed, rest);
    // Further words belong to the client as long as they go on with a name.
    while let Some(word) = rest.split_whitespace().next() {
        let longer = format!("{typed} {}", word.to_lowercase());
        let is_longer =
            |index: &usize| clients.get(*index).is_some_and(|(_, name)| goes_on(&name.to_lowercase(), &longer, found.len() > 1));
        let narrowed: Vec<usize> = found.iter().copied().filter(is_longer).collect();
        if narrowed.is_empty() {
            break;
        }
        let end = rest.len() - rest.trim_start().len() + word.len();
        (found, typed, rest) = (narrowed, longer, rest.get(end..).unwrap_or(""));
    }
    match found.as_slice() {
        [only] => Ok((*only, rest)),
        [] => Err(Mistake::new("", unknown_client(&typed, clients))),
        several => Err(Mistake::new(first, several_clients(several, clients))),
    }
}

/// Does a name go on with these words? The last one may be cut short only where it decides between clients.
fn goes_on(name: &str, words: &str, decides: bool) -> bool {
    name.strip_prefix(words).is_some_and(|after| decides || after.is_empty() || after.starts_with(' '))
}

fn unknown_client(typed: &str, clients: &[(&str, &str)]) -> String {
    let nearest = clients.iter().map(|(code, _)| (distance(typed, &code.to_lowercase()), code)).min();
    match nearest.filter(|(distance, code)| *distance <= 2.min(code.chars().count() / 3)) {
        Some((_, code)) => format!("no client begins with \u{201c}{typed}\u{201d}; did you mean {code}?"),
        None => format!("no client begins with \u{201c}{typed}\u{201d}; expected a code or the start of a name first"),
    }
}

fn several_clients(found: &[usize], clients: &[(&str, &str)]) -> String {
    let codes: Vec<&str> = found.iter().filter_map(|index| clients.get(*index)).map(|(code, _)| *code).take(4).collect();
    let more = if found.len() > codes.len() { " or others" } else { "" };
    format!("could be {}{more}; type more of it", codes.join(", "))
}

/// Letters to change, add or leave out between two words.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut before = index;
        let mut last = index + 1;
        for (place, wanted) in row.iter_mut().skip(1).zip(&other) {
            let best = (before + usize::from(letter != *wanted)).min(*place + 1).min(last + 1);
            before = *place;
            last = best;
            *place = best;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// Reads what stands behind the client.
#[must_use]
pub fn read(rest: &str, vocabulary: &Vocabulary<'_>) -> Quick {
    let words = words(rest);
    let mut reader = Reader { vocabulary, quick: Quick::default(), note: Vec::new() };
    let mut index = 0;
    while let Some((word, quoted)) = words.get(index) {
        index += 1;
        if *quoted {
            reader.note.push((*word).to_owned());
        } else if word.eq_ignore_ascii_case("on") && words.get(index).is_some_and(|(next, _)| reader.on_device(next)) {
            index += 1;
        } else if let Some((next, false)) = words.get(index)
            && is_split_duration(word, next)
        {
            index += 1;
            reader.word(&format!("{word}{next}"));
        } else {
            reader.word(word);
        }
    }
    reader.end()
}

/// `25 min`, `1.5 h`: a number and its unit with a space between them.
fn is_split_duration(number: &str, unit: &str) -> bool {
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',');
    is_number && unit.bytes().all(|byte| byte.is_ascii_alphabetic()) && minutes_of(&format!("{number}{unit}")).is_some()
}

/// Words, and whether they are quoted.
fn words(text: &str) -> Vec<(&str, bool)> {
    let mut words = Vec::new();
    for (index, piece) in text.split('"').enumerate() {
        if index % 2 == 1 {
            words.push((piece.trim(), true));
        } else {
            words.extend(piece.split_whitespace().map(|word| (word, false)));
        }
    }
    words.retain(|(word, _)| !word.is_empty());
    words
}

struct Reader<'v, 'a> {
    vocabulary: &'v Vocabulary<'a>,
    quick: Quick,
    note: Vec<String>,
}

impl Reader<'_, '_> {
    fn word(&mut self, word: &str) {
        if let Some(mark) = word.strip_prefix('!') {
            self.mark(word, mark);
        } else if let Some(ticket) = word.strip_prefix('#') {
            self.ticket(word, ticket);
        } else if let Some(day) = word.strip_prefix('@').or_else(|| word.parse::<Date>().is_ok().then_some(word)) {
            self.at(word, day);
        } else if !(self.span(word) || self.time(word) || self.duration(word) || self.known(word)) {
            self.note.push(word.to_owned());
        }
    }

    fn mistake(&mut self, word: &str, message: impl Into<String>) {
        self.quick.mistakes.push(Mistake::new(word, message));
    }

    fn mark(&mut self, word: &str, mark: &str) {
        match mark.to_lowercase().as_str() {
            "free" | "courtesy" => self.quick.free = true,
            "our-error" | "error" | "ours" => self.quick.our_error = true,
            _ => self.mistake(word, "is no mark; expected !free or !our-error"),
        }
    }

    fn ticket(&mut self, word: &str, ticket: &str) {
        if ticket.is_empty() {
            return self.mistake(word, "names no ticket; expected one such as #T-1001");
        }
        let known = self.vocabulary.tickets.iter().find(|known| known.eq_ignore_ascii_case(ticket));
        self.take_ticket(word, known.map_or(ticket, String::as_str).to_owned());
    }

    fn take_ticket(&mut self, word: &str, ticket: String) {
        match &self.quick.ticket {
            Some(before) if *before != ticket => {
                let message = format!("is a second ticket beside {before}; expected one");
                self.mistake(word, message);
            }
            _ => self.quick.ticket = Some(ticket),
        }
    }

    fn at(&mut self, word: &str, text: &str) {
        if let Some(read) = time_of(text) {
            return self.take_time(word, read);
        }
        match self.day(&text.to_lowercase()) {
            Some(_) if self.quick.date.is_some() => self.mistake(word, "is a second day; expected one"),
            Some(date) => self.quick.date = Some(date),
            None => self.mistake(word, "is no day; expected @yesterday, @mon or a date such as @2026-11-23"),
        }
    }

    /// Today, yesterday, the last weekday of a name, or a date.
    fn day(&self, text: &str) -> Option<Date> {
        let today = self.vocabulary.today?;
        match text {
            "today" => Some(today),
            "yesterday" => today.yesterday().ok(),
            _ => match weekday(text) {
                Some(weekday) => today.nth_weekday(-1, weekday).ok(),
                None => text.parse().ok().filter(|_| text.len() == 10),
            },
        }
    }

    /// `9:15-9:40`.
    fn span(&mut self, word: &str) -> bool {
        let Some((from, until)) = word.split_once(['-', '\u{2013}']) else { return false };
        let (Some(from), Some(until)) = (time_of(from), time_of(until)) else { return false };
        self.take_time(word, from);
        match until {
            Ok(until) => self.quick.until = Some(until),
            Err(message) => self.mistake(word, message),
        }
        true
    }

    /// `9:15`; `0:45` is a duration.
    fn time(&mut self, word: &str) -> bool {
        if word.starts_with("0:") {
            return false;
        }
        let Some(read) = time_of(word) else { return false };
        self.take_time(word, read);
        true
    }

    fn take_time(&mut self, word: &str, read: Result<Time, String>) {
        match read {
            Ok(_) if self.quick.time.is_some() => self.mistake(word, "is a second time; expected one, or a span such as 9:15-9:40"),
            Ok(time) => self.quick.time = Some(time),
            Err(message) => self.mistake(word, message),
        }
    }

    fn duration(&mut self, word: &str) -> bool {
        match minutes_of(word) {
            None => return false,
            Some(Ok(_)) if self.quick.minutes.is_some() => self.mistake(word, "is a second duration; expected one"),
            Some(Ok(minutes)) => self.quick.minutes = Some(minutes),
            Some(Err(message)) => self.mistake(word, message),
        }
        true
    }

    /// A tier, a work type, a ticket or a device of the client by its name.
    fn known(&mut self, word: &str) -> bool {
        let find = |list: &[String]| list.iter().find(|known| known.eq_ignore_ascii_case(word)).cloned();
        if let Some(tier) = find(self.vocabulary.tiers) {
            match self.quick.tier.clone().filter(|before| *before != tier) {
                Some(before) => {
                    self.mistake(word, format!("is a second tier beside {before}; expected one. Quote a word of the note: \"{word}\""))
                }
                None => self.quick.tier = Some(tier),
            }
        } else if let Some(kind) = find(self.vocabulary.work_types) {
            match self.quick.work_type.clone().filter(|before| *before != kind) {
                Some(before) => {
                    self.mistake(
                        word,
                        format!("is a second work type beside {before}; expected one. Quote a word of the note: \"{word}\""),
                    );
                }
                None => self.quick.work_type = Some(kind),
            }
        } else if let Some(ticket) = find(self.vocabulary.tickets) {
            self.take_ticket(word, ticket);
        } else if let Some(device) = find(self.vocabulary.devices) {
            // The name reads well in the note, too.
            self.note.push(word.to_owned());
            self.take_device(word, device);
        } else {
            return false;
        }
        true
    }

    /// `on acme-ws003`; false when the word is no device, so that it belongs to the note.
    fn on_device(&mut self, word: &str) -> bool {
        let typed = word.to_lowercase();
        let devices = self.vocabulary.devices;
        let found: Vec<&String> = devices.iter().filter(|device| device.to_lowercase().starts_with(&typed)).collect();
        let exact = found.iter().find(|device| device.to_lowercase() == typed);
        match (exact, found.as_slice()) {
            (Some(device), _) => self.take_device(word, (*device).clone()),
            (None, [device]) => self.take_device(word, (*device).clone()),
            _ => return false,
        }
        true
    }

    fn take_device(&mut self, word: &str, device: String) {
        match &self.quick.device {
            Some(before) if *before != device => {
                let message = format!("is a second device beside {before}; expected one");
                self.mistake(word, message);
            }
            _ => self.quick.device = Some(device),
        }
    }

    /// A word of the note that was perhaps meant otherwise.
    fn doubt(&self, word: &str) -> Option<String> {
        let lower = word.to_lowercase();
        if self.quick.date.is_none() && (matches!(lower.as_str(), "today" | "yesterday") || is_weekday(&lower)) {
            return Some(format!("\u{201c}{word}\u{201d} is a word of the note; write @{lower} for the day"));
        }
        let digits = lower.strip_prefix('-').unwrap_or(&lower);
        let is_number = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && self.quick.minutes.is_none() && self.quick.until.is_none() {
            return Some(format!("\u{201c}{word}\u{201d} is a word of the note; write {digits}m for minutes"));
        }
        let days = ["yesterday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let day = days.iter().find(|day| self.quick.date.is_none() && is_slip(&lower, day));
        if let Some(day) = day {
            return Some(format!("\u{201c}{word}\u{201d} is a word of the note; did you mean @{day}?"));
        }
        // What an entry has anyway is nothing that a slip of the keys would lose.
        let words = self.vocabulary.tiers.iter().chain(self.vocabulary.work_types);
        let words = words.filter(|known| !matches!(known.as_str(), "technician" | "remote"));
        let near = |known: &&String| known.chars().count() >= 5 && is_slip(&lower, &known.to_lowercase());
        let missing = self.quick.tier.is_none() || self.quick.work_type.is_none();
        let meant = words.filter(|_| missing).find(near)?;
        Some(format!("\u{201c}{word}\u{201d} is a word of the note; did you mean {meant}?"))
    }

    fn end(self) -> Quick {
        let doubts: Vec<String> = self.note.iter().filter(|word| !word.contains(' ')).filter_map(|word| self.doubt(word)).collect();
        let mut quick = self.quick;
        quick.told.extend(doubts);
        quick.note = self.note.join(" ");
        let early = quick.time.filter(|time| (1..6).contains(&time.hour()) && quick.minutes.is_none() && quick.until.is_none());
        if let Some(time) = early {
            let (hour, minute) = (time.hour(), time.minute());
            quick.told.push(format!("{hour}:{minute:02} is read as a time of day; write {hour}h{minute:02} for a duration"));
        }
        quick
    }
}

/// One letter too many, too few or another, or two the wrong way round?
fn is_slip(typed: &str, meant: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    match distance(typed, meant) {
        1 => true,
        2 => sorted(typed) == sorted(meant),
        _ => false,
    }
}

/// A weekday in full: `mon` and `sun` are more often something else.
fn is_weekday(text: &str) -> bool {
    text.ends_with("day") && weekday(text).is_some_and(|_| text.len() >= 6)
}

fn weekday(text: &str) -> Option<Weekday> {
    let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let index = names.iter().position(|name| text.len() >= 3 && name.starts_with(text))?;
    Weekday::from_monday_zero_offset(i8::try_from(index).ok()?).ok()
}

/// `9:15`, `14:05`, `9:15am`, `2pm`: a time of day, or what is wrong with it. None for other words.
#[must_use]
pub fn time_of(word: &str) -> Option<Result<Time, String>> {
    let lower = word.to_lowercase();
    let half = ["am", "pm"].into_iter().find(|half| lower.ends_with(half));
    let plain = half.map_or(lower.as_str(), |half| lower.trim_end_matches(half));
    let (hour, minute) = match (plain.split_once(':'), half) {
        (Some((hour, minute)), _) if minute.len() == 2 => (hour, minute),
        (None, Some(_)) => (plain, "00"),
        _ => return None,
    };
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i8>().ok())?;
    let (hour, minute) = (number(hour)?, number(minute)?);
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => -1,
        Some("pm") => hour % 12 + 12,
        Some(_) => hour % 12,
        None => hour,
    };
    Some(Time::new(hour, minute, 0, 0).map_err(|_| "is no time of day; expected one such as 9:15 or 14:05".to_owned()))
}

/// `25m`, `1h`, `1h30`, `1.5h`, `0:45`: minutes, or what is wrong with them. None for other words.
#[must_use]
pub fn minutes_of(word: &str) -> Option<Result<u32, String>> {
    let word = word.to_lowercase().replace(',', ".");
    let checked = |minutes: u32| match minutes {
        0 => Err("is no time at all; expected at least a minute".to_owned()),
        minutes if minutes > MINUTES_MAX => Err("is more than a day; expected at most 24h".to_owned()),
        minutes => Ok(minutes),
    };
    if let Some(minutes) = word.strip_prefix("0:") {
        return two_digits(minutes).map(checked);
    }
    let end = word.find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))?;
    let (number, unit) = word.split_at(end);
    if !number.contains(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    match unit {
        "m" | "min" | "mins" | "minutes" => Some(
            number.parse::<u32>().map_err(|_| "is no whole number of minutes; expected one such as 25m".to_owned()).and_then(checked),
        ),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(decimal_hours(number).and_then(checked)),
        _ => {
            let minutes = unit.strip_prefix('h')?;
            let minutes = two_digits(minutes.strip_suffix('m').unwrap_or(minutes))?;
            let hours = number.parse::<u32>().ok()?;
            Some(checked(hours.saturating_mul(60).saturating_add(minutes)))
        }
    }
}

fn two_digits(text: &str) -> Option<u32> {
    let plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|minutes| plain && *minutes < 60)
}

/// Hours with decimals as whole minutes.
fn decimal_hours(number: &str) -> Result<u32, String> {
    let wrong = || "is no number of hours; expected one such as 1.5h or 1h30".to_owned();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u32 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| wrong())? };
    if fraction.len() > 4 || fraction.contains('.') {
        return Err(wrong());
    }
    let scale = 10_u32.pow(u32::try_from(fraction.len()).unwrap_or(0));
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<u32>().map_err(|_| wrong())? };
    let minutes = part * 60;
    if minutes % scale != 0 {
        let up = whole.saturating_mul(60).saturating_add(minutes.div_ceil(scale));
        return Err(format!("is no whole number of minutes; expected one such as {up}m"));
    }
    Ok(whole.saturating_mul(60).saturating_add(minutes / scale))
}

#[cfg(test)]
#[path = "quick_entry_tests.rs"]
mod tests;
