//! What is wrong with books: file, line, column, what was expected. It decides nothing.

use std::cell::RefCell;
use std::fmt;

/// The most problems that are listed for one file.
pub const PROBLEMS_MAX: usize = 100;

/// One thing that is wrong, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the folder.
    pub file: String,
    /// The line, from 1; none when the whole file is meant.
    pub line: Option<usize>,
    /// The name of a CSV column, a TOML key, or the number of a character.
    pub column: Option<String>,
    /// What was found and what was expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        if let Some(column) = &self.column {
            write!(formatter, ": {column}")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

/// The problems of one file, at most [`PROBLEMS_MAX`]; the rest is counted.
#[derive(Debug, Default)]
pub struct Problems {
    found: RefCell<(Vec<Problem>, usize)>,
}

impl Problems {
    /// Adds one.
    pub fn add(&self, problem: Problem) {
        let mut found = self.found.borrow_mut();
        if found.0.len() < PROBLEMS_MAX {
            found.0.push(problem);
        } else {
            found.1 += 1;
        }
    }

    /// Is there any?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.borrow().0.is_empty()
    }

    /// The list by line, with a last line for those that were not listed.
    #[must_use]
    pub fn into_list(self) -> Vec<Problem> {
        let (mut list, more) = self.found.into_inner();
        list.sort_by_key(|problem| problem.line);
        if let Some(file) = list.first().map(|problem| problem.file.clone()).filter(|_| more > 0) {
            list.push(Problem { file, line: None, column: None, message: format!("and {more} more") });
        }
        list
    }
}

/// Shortens what was found for a message, control characters made visible.
#[must_use]
pub fn shown(text: &str) -> String {
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    let more = if text.chars().nth(60).is_some() { "…" } else { "" };
    format!("`{short}{more}`")
}
