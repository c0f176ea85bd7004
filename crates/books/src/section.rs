//! A TOML file as sections whose keys are taken one by one; what is left over is an unknown key.

use quarterhour_billing::{Day, Decimal};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::{Problem, Problems, shown};

/// A TOML file being read.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The file, relative to the folder.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Where problems go.
    pub problems: &'a Problems,
}

impl<'a> Document<'a> {
    /// Parses the file into its root section.
    pub fn parse(self) -> Option<Section<'a>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            self.add(at, "TOML", error.message().to_owned());
        }
        errors.is_empty().then(|| Section::new(self, String::new(), 0, table.into_inner()))
    }

    /// Adds a problem at a byte of the text.
    pub fn add(&self, at: usize, key: &str, message: String) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let column = 1 + before.rsplit('\n').next().unwrap_or("").chars().count();
        let column = Some(if key.is_empty() { format!("column {column}") } else { format!("column {column}, `{key}`") });
        self.problems.add(Problem { file: self.file.to_owned(), line: Some(line), column, message });
    }
}

/// A value with its key's full name and its place.
#[derive(Debug)]
pub struct Item<'a> {
    document: Document<'a>,
    name: String,
    at: usize,
    value: DeValue<'a>,
}

/// A table of a TOML file.
#[derive(Debug)]
pub struct Section<'a> {
    document: Document<'a>,
    name: String,
    at: usize,
    items: Vec<(String, Item<'a>)>,
}

impl<'a> Section<'a> {
    fn new(document: Document<'a>, name: String, at: usize, table: DeTable<'a>) -> Self {
        let path = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
        let items = table.into_iter().map(|(key, value)| {
            let at = key.span().start;
            let key = key.into_inner().into_owned();
            (key.clone(), Item { document, name: path(&key), at, value: value.into_inner() })
        });
        let mut items: Vec<_> = items.collect();
        items.sort_by_key(|(_, item)| item.at);
        Self { document, name, at, items }
    }

    /// Takes a key.
    pub fn take(&mut self, key: &str) -> Option<Item<'a>> {
        let position = self.items.iter().position(|(name, _)| name == key)?;
        Some(self.items.remove(position).1)
    }

    /// Is the key there?
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.items.iter().any(|(name, _)| name == key)
    }

    /// Takes a key that must be there.
    pub fn need(&mut self, key: &str, expected: &str) -> Option<Item<'a>> {
        let item = self.take(key);
        if item.is_none() {
            self.problem(format!("`{key}` is missing; expected {expected}"));
        }
        item
    }

    /// Takes a table.
    pub fn section(&mut self, key: &str) -> Option<Section<'a>> {
        self.take(key).and_then(Item::section)
    }

    /// Takes a list of tables.
    pub fn sections(&mut self, key: &str) -> Vec<Section<'a>> {
        let Some(item) = self.take(key) else { return Vec::new() };
        item.list(&format!("tables `[[{key}]]`")).into_iter().filter_map(Item::section).collect()
    }

    /// Takes all keys that are left.
    pub fn take_all(&mut self) -> Vec<(String, Item<'a>)> {
        std::mem::take(&mut self.items)
    }

    /// The bytes at which the keys begin, with their names.
    pub fn keys(&self) -> impl Iterator<Item = (&str, usize)> {
        self.items.iter().map(|(key, item)| (key.as_str(), item.at))
    }

    /// Reports a problem of the whole section.
    pub fn problem(&self, message: String) {
        self.document.add(self.at, &self.name, message);
    }

    /// Reports a problem at a byte.
    pub fn problem_at(&self, at: usize, key: &str, message: String) {
        self.document.add(at, key, message);
    }

    /// Reports keys that nobody took.
    pub fn finish(self, known: &str) {
        for (_, item) in &self.items {
            item.problem(format!("an unknown key; expected {known}"));
        }
    }
}

impl<'a> Item<'a> {
    /// Where it stands.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Reports a problem of this value.
    pub fn problem(&self, message: String) {
        self.document.add(self.at, &self.name, message);
    }

    fn wrong<T>(&self, expected: &str) -> Option<T> {
        let found = match &self.value {
            DeValue::String(text) => shown(text),
            DeValue::Integer(number) => shown(number.as_str()),
            DeValue::Float(number) => shown(number.as_str()),
            other => format!("a {}", other.type_str()),
        };
        self.problem(format!("{found}; expected {expected}"));
        None
    }

    /// A table.
    pub fn section(self) -> Option<Section<'a>> {
        match self.value {
            DeValue::Table(table) => Some(Section::new(self.document, self.name, self.at, table)),
            _ => self.wrong(&format!("a table: `[{}]` with its keys below", self.name)),
        }
    }

    /// The items of an array.
    pub fn list(self, expected: &str) -> Vec<Item<'a>> {
        let DeValue::Array(array) = self.value else {
            self.wrong::<()>(&format!("a list of {expected}"));
            return Vec::new();
        };
        let (document, name) = (self.document, self.name);
        let item = |value: Spanned<DeValue<'a>>| {
            let at = value.span().start;
            Item { document, name: name.clone(), at, value: value.into_inner() }
        };
        array.into_iter().map(item).collect()
    }

    /// A text of at most 200 characters without control characters, not empty.
    pub fn text(&self, expected: &str) -> Option<String> {
        let DeValue::String(text) = &self.value else { return self.wrong(expected) };
        let fits = !text.trim().is_empty() && text.trim() == text && text.chars().count() <= 200;
        if fits && !text.chars().any(char::is_control) { Some(text.to_string()) } else { self.wrong(expected) }
    }

    /// A decimal, written as a text or as a number.
    pub fn decimal(&self, expected: &str) -> Option<Decimal> {
        let text = match &self.value {
            DeValue::String(text) => text.as_ref(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => return self.wrong(expected),
        };
        match Decimal::parse(text) {
            Ok(decimal) => Some(decimal),
            Err(error) => self.wrong(&format!("{expected}: {}", error.to_string().trim_start_matches("expected "))),
        }
    }

    /// A whole number within limits.
    pub fn whole(&self, least: u32, most: u32) -> Option<u32> {
        let expected = format!("a whole number from {least} to {most}");
        let DeValue::Integer(number) = &self.value else { return self.wrong(&expected) };
        let parsed = number.as_str().parse().ok().filter(|_| number.radix() == 10);
        let parsed = parsed.filter(|number| (least..=most).contains(number));
        if parsed.is_none() { self.wrong(&expected) } else { parsed }
    }

    /// A date.
    pub fn date(&self) -> Option<Day> {
        let expected = "a date such as 2026-01-31, without quotes";
        let DeValue::Datetime(value) = &self.value else { return self.wrong(expected) };
        let date = value.date.filter(|_| value.time.is_none() && value.offset.is_none());
        let Some(date) = date else { return self.wrong(expected) };
        let (year, month, day) = (i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
        let civil = jiff::civil::Date::new(year, month, day).ok().filter(|date| (1990..2100).contains(&date.year()));
        if civil.is_none() { self.wrong("a date from 1990 to 2099") } else { civil.map(Day::from_date) }
    }

    /// One of a list of names.
    pub fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        let expected = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let DeValue::String(text) = &self.value else { return self.wrong(&expected) };
        let found = choices.iter().find(|(name, _)| name == text);
        if found.is_none() { self.wrong(&expected) } else { found.map(|(_, value)| *value) }
    }
}
