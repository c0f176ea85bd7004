//! A strict reader of RFC 4180 CSV over text in memory, without a copy where no quote is escaped.
//! It refuses what lenient readers repair in silence: a quote inside a plain field, text behind a
//! closing quote, a quote that never closes. It knows nothing of columns.

use std::borrow::Cow;

/// A record that is not CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvError {
    /// The line, from 1.
    pub line: usize,
    /// The field, from 1.
    pub field: usize,
    /// What is wrong.
    pub message: &'static str,
}

/// Reads records one after the other.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    /// Reads `text`, whose first line has the number `line`.
    #[must_use]
    pub fn new(text: &'a str, line: usize) -> Self {
        Self { text, at: 0, line }
    }

    /// The byte at which the next record begins.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// The line at which the next record begins.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Reads the next record into `fields`; empty lines are passed over. Returns its first line.
    ///
    /// # Errors
    ///
    /// Names the line and field; the reader goes on behind that line.
    pub fn next(&mut self, fields: &mut Vec<Cow<'a, str>>) -> Option<Result<usize, CsvError>> {
        let bytes = self.text.as_bytes();
        while let Some(b'\r' | b'\n') = bytes.get(self.at) {
            self.line += usize::from(bytes.get(self.at) == Some(&b'\n'));
            self.at += 1;
        }
        if self.at >= bytes.len() {
            return None;
        }
        fields.clear();
        let first_line = self.line;
        loop {
            let field = match self.field() {
                Ok(field) => field,
                Err(message) => {
                    let error = CsvError { line: self.line, field: fields.len() + 1, message };
                    self.skip_line();
                    return Some(Err(error));
                }
            };
            fields.push(field);
            match bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'\r') if bytes.get(self.at + 1) == Some(&b'\n') => {
                    self.at += 2;
                    self.line += 1;
                    return Some(Ok(first_line));
                }
                Some(b'\n') => {
                    self.at += 1;
                    self.line += 1;
                    return Some(Ok(first_line));
                }
                None => return Some(Ok(first_line)),
                Some(_) => {
                    let message = "expected a comma or the end of the line behind a field";
                    let error = CsvError { line: self.line, field: fields.len(), message };
                    self.skip_line();
                    return Some(Err(error));
                }
            }
        }
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or("")
    }

    fn skip_line(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
        self.at = memchr::memchr(b'\n', rest).map_or(self.text.len(), |end| self.at + end + 1);
        self.line += 1;
    }

    /// One field, up to the comma or line end behind it.
    fn field(&mut self) -> Result<Cow<'a, str>, &'static str> {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) == Some(&b'"') {
            return self.quoted();
        }
        let from = self.at;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b',' | b'\n' => break,
                b'\r' if bytes.get(self.at + 1) == Some(&b'\n') => break,
                b'"' => return Err("expected a field with a quote in it to be quoted, and the quote doubled"),
                _ => self.at += 1,
            }
        }
        Ok(Cow::Borrowed(self.slice(from, self.at)))
    }

    /// A quoted field; a doubled quote in it is one quote.
    fn quoted(&mut self) -> Result<Cow<'a, str>, &'static str> {
        let bytes = self.text.as_bytes();
        let mut from = self.at + 1;
        let mut whole = Cow::Borrowed("");
        loop {
            let rest = bytes.get(from..).unwrap_or(&[]);
            let Some(length) = memchr::memchr(b'"', rest) else {
                return Err("expected a closing quote before the end of the file; is the file cut off?");
            };
            let end = from + length;
            if bytes.get(end + 1) == Some(&b'"') {
                whole.to_mut().push_str(self.slice(from, end + 1));
                from = end + 2;
                continue;
            }
            let last = self.slice(from, end);
            self.line += memchr::memchr_iter(b'\n', bytes.get(self.at..end).unwrap_or(&[])).count();
            self.at = end + 1;
            return Ok(if whole.is_empty() { Cow::Borrowed(last) } else { Cow::Owned(whole.into_owned() + last) });
        }
    }
}

/// Writes one record; fields are quoted where they must be.
pub fn write_record(out: &mut String, fields: &[&str]) {
    for (position, field) in fields.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        if field.contains(['"', ',', '\n', '\r']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(field);
        }
    }
    out.push('\n');
}

/// Splits text behind a header into two halves at a record's end, if that can be told cheaply.
///
/// In RFC 4180 a line end is a record's end where the quotes before it are even in number.
#[must_use]
pub fn halves(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut at = bytes.len() / 2;
    let mut quotes = memchr::memchr_iter(b'"', bytes.get(..at)?).count();
    loop {
        let rest = bytes.get(at..)?;
        let next = memchr::memchr2(b'"', b'\n', rest)?;
        at += next + 1;
        if rest.get(next) == Some(&b'"') {
            quotes += 1;
        } else if quotes % 2 == 0 {
            return text.split_at_checked(at);
        }
    }
}
