//! A CSV file with a header: columns in any order, known by name, none unknown, none twice.

use crate::csv::{Reader, Record};
use crate::problem::{Problem, Problems, shown};

/// A column of a file.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// Must the header have it?
    pub required: bool,
    /// The most characters in a field.
    pub length_max: usize,
}

/// A required column of short fields.
pub const fn required(name: &'static str) -> Column {
    Column { name, required: true, length_max: 200 }
}

/// A column that may be missing.
pub const fn optional(name: &'static str) -> Column {
    Column { name, required: false, length_max: 500 }
}

/// A file with its header read.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    file: &'static str,
    columns: &'static [Column],
    /// For each known column its place in a record.
    places: Vec<Option<usize>>,
    width: usize,
    /// The records behind the header.
    pub body: &'a str,
    /// The line at which they begin.
    pub first_line: usize,
}

/// Checks the encoding of a file and returns its text.
///
/// # Errors
///
/// Names the line of the first byte that is not UTF-8, or a NUL.
pub fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Problem> {
    let problem = |at: usize, message: &str| {
        let before = bytes.get(..at).unwrap_or(bytes);
        let line = Some(1 + memchr::memchr_iter(b'\n', before).count());
        let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        let column = Some(format!("character {}", String::from_utf8_lossy(before.get(start..).unwrap_or(&[])).chars().count() + 1));
        Problem { file: file.to_owned(), line, column, message: message.to_owned() }
    };
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(problem(0, "the file is UTF-16; expected UTF-8 (in a spreadsheet: save it as \"CSV UTF-8\")"));
    }
    let body = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    if let Some(at) = memchr::memchr(0, bytes) {
        return Err(problem(at, "a NUL byte; expected text"));
    }
    std::str::from_utf8(body)
        .map_err(|error| problem(error.valid_up_to() + bytes.len() - body.len(), "a byte that is not UTF-8; save the file as UTF-8"))
}

/// The text of bytes that are UTF-8 without a NUL.
#[must_use]
pub fn plain_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|_| memchr::memchr(0, bytes).is_none())
}

impl<'a> Table<'a> {
    /// Reads the header. Problems are added; nothing is returned where the rows cannot be read.
    pub fn open(file: &'static str, columns: &'static [Column], text: &'a str, problems: &Problems) -> Option<Self> {
        let add = |column: Option<String>, message: String| {
            problems.add(Problem { file: file.to_owned(), line: Some(1), column, message });
        };
        let mut reader = Reader::new(text, 1);
        let mut record = Record::default();
        match reader.next(&mut record) {
            None => add(None, format!("the file is empty; expected a header: {}", names(columns))),
            Some(Err(error)) => add(Some(format!("field {}", error.field)), error.message.to_owned()),
            Some(Ok(_)) => {}
        }
        if record.is_empty() || !problems.is_empty() {
            return None;
        }
        let header: Vec<&str> = record.iter().collect();
        if header.len() == 1 && header.iter().any(|name| name.contains([';', '\t'])) {
            add(None, "columns separated by semicolons or tabs; expected commas".to_owned());
            return None;
        }
        for (position, name) in header.iter().enumerate() {
            if !columns.iter().any(|column| column.name == *name) {
                add(Some(shown(name)), format!("an unknown column; expected {}", names(columns)));
            } else if header.iter().take(position).any(|other| other == name) {
                add(Some(shown(name)), "the column is there twice".to_owned());
            }
        }
        for column in columns.iter().filter(|column| column.required) {
            if !header.contains(&column.name) {
                add(Some(column.name.to_owned()), "the column is missing from the header".to_owned());
            }
        }
        let places = columns.iter().map(|column| header.iter().position(|name| *name == column.name)).collect();
        let (body, first_line) = (text.get(reader.position()..).unwrap_or(""), reader.line());
        problems.is_empty().then_some(Self { file, columns, places, width: header.len(), body, first_line })
    }

    /// Reads the rows of a stretch of the body that begins at `first_line`.
    pub fn rows(&self, stretch: &'a str, first_line: usize, problems: &Problems, mut each: impl FnMut(&Row<'_, 'a>)) {
        let mut reader = Reader::new(stretch, first_line);
        let mut record = Record::default();
        while let Some(result) = reader.next(&mut record) {
            let problem =
                |line, column, message| problems.add(Problem { file: self.file.to_owned(), line: Some(line), column, message });
            match result {
                Err(error) => problem(error.line, Some(format!("field {}", error.field)), error.message.to_owned()),
                Ok(line) if record.len() != self.width => {
                    let found = if record.len() == 1 { "1 field".to_owned() } else { format!("{} fields", record.len()) };
                    problem(line, None, format!("{found}; expected {} as in the header", self.width));
                }
                Ok(line) => each(&Row { table: self, line, record: &record, problems }),
            }
        }
    }
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

/// One row.
#[derive(Debug)]
pub struct Row<'r, 'a> {
    table: &'r Table<'a>,
    /// Its first line.
    pub line: usize,
    record: &'r Record<'a>,
    problems: &'r Problems,
}

impl Row<'_, '_> {
    /// The field of the column at a position in the file's list of columns; empty where the file lacks it.
    #[must_use]
    pub fn get(&self, column: usize) -> &str {
        let place = self.table.places.get(column).copied().flatten();
        place.and_then(|place| self.record.get(place)).unwrap_or("")
    }

    /// Reports a problem at a column.
    pub fn problem(&self, column: usize, message: String) {
        let name = self.table.columns.get(column).map_or("", |column| column.name).to_owned();
        self.problems.add(Problem { file: self.table.file.to_owned(), line: Some(self.line), column: Some(name), message });
    }

    /// A field that is not too long and has no control characters (a note may have line breaks and tabs).
    pub fn text(&self, column: usize) -> &str {
        let field = self.get(column);
        let column_rule = self.table.columns.get(column);
        let length_max = column_rule.map_or(500, |column| column.length_max);
        if field.len() > length_max && field.chars().count() > length_max {
            self.problem(column, format!("{} characters; expected at most {length_max}", field.chars().count()));
        }
        if self.record.has_controls() && has_forbidden(field, length_max > 500) {
            self.problem(column, format!("a control character in {}; expected plain text", shown(field)));
        }
        field
    }

    /// A text that must be there.
    pub fn name(&self, column: usize) -> &str {
        let field = self.text(column);
        let trimmed = field.trim();
        if trimmed.is_empty() {
            self.problem(column, "nothing; expected a text".to_owned());
        } else if trimmed.len() != field.len() {
            self.problem(column, format!("{} begins or ends with a space", shown(field)));
        }
        field
    }
}

/// Is there a control character that may not be? Prose may have line breaks and tabs.
fn has_forbidden(field: &str, prose: bool) -> bool {
    let forbidden = |byte: u8| byte == 0x7f || (byte < 0x20 && !(prose && matches!(byte, b'\n' | b'\r' | b'\t')));
    field.bytes().any(forbidden)
}
