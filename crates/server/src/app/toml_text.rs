//! TOML written line by line, with the field of a form that each line came from.

use std::fmt::Write as _;

use jiff::civil::Date;
use quarterhour_books::Problem;

use crate::error::FieldProblem;

/// A text that grows by whole lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TomlText {
    /// The text.
    pub text: String,
    /// The fields by their lines, ascending.
    marks: Vec<(usize, String)>,
    line: usize,
}

impl TomlText {
    /// Adds a line that came from a field.
    pub fn add(&mut self, field: &str, content: &str) {
        self.line += 1;
        self.marks.push((self.line, field.to_owned()));
        let _ = writeln!(self.text, "{content}");
    }

    /// Adds `key = value`.
    pub fn key(&mut self, field: &str, key: &str, value: &str) {
        let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let key = if bare { key.to_owned() } else { quoted(key) };
        self.add(field, &format!("{key} = {value}"));
    }

    /// Adds an empty line and the head of a table.
    pub fn head(&mut self, field: &str, head: &str) {
        self.line += 1;
        self.text.push('\n');
        self.add(field, head);
    }

    /// A problem of the text at the field that it came from; an empty field stands for the whole form.
    /// `lines_before` counts lines that were read before this text.
    #[must_use]
    pub fn at_field(&self, problem: &Problem, lines_before: usize) -> FieldProblem {
        let line = problem.line.unwrap_or(0).saturating_sub(lines_before);
        let message = problem.message.replace(", without quotes", "");
        if line == 0 || problem.column.as_ref().is_none_or(|column| !column.contains('`')) {
            return FieldProblem::new("", message);
        }
        let field = self.marks.iter().rev().find(|(other, _)| *other <= line).map_or("", |(_, field)| field.as_str());
        match message.strip_prefix('`').and_then(|rest| rest.split_once("` is missing")) {
            Some((key, expected)) => FieldProblem::new(format!("{field}.{key}"), format!("missing{expected}")),
            None => FieldProblem::new(field, message),
        }
    }
}

/// A text on one line, with what TOML forbids in it escaped.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// A whole number, or a text that the reader refuses with what it expected.
#[must_use]
pub fn whole(text: &str) -> String {
    let digits = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u32>().ok().filter(|_| digits);
    number.map_or_else(|| quoted(text), |number| number.to_string())
}

/// A date, or a text that the reader refuses with what it expected.
#[must_use]
pub fn date(text: &str) -> String {
    let parsed = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
    parsed.map_or_else(|| quoted(text), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_read_back_as_it_was() {
        for text in ["", "plain", "say \"no\" \\ twice", "tab\tnew\nline\u{7f}", "Gingko Traduções ☕"] {
            let table: toml::Table = toml::from_str(&format!("it = {}", quoted(text))).expect("TOML");
            assert_eq!(table.get("it").and_then(toml::Value::as_str), Some(text));
        }
    }

    #[test]
    fn only_real_dates_and_numbers_stand_bare() {
        assert_eq!((date("2026-02-28").as_str(), date("2026-02-30").as_str()), ("2026-02-28", "\"2026-02-30\""));
        assert_eq!((whole("007").as_str(), whole("1.5").as_str(), whole("-1").as_str()), ("7", "\"1.5\"", "\"-1\""));
    }
}
