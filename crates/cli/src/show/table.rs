//! Tables of text with aligned columns and a total row.

use crate::show::style;

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
    totals: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(title, align)| ((*title).to_owned(), *align)).collect();
        Self { columns, rows: Vec::new(), totals: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Adds a row under the line.
    pub fn total(&mut self, cells: Vec<String>) {
        self.totals.push(cells);
    }

    /// The table as lines of text.
    pub fn render(&self) -> String {
        let all = || self.rows.iter().chain(&self.totals);
        let cell = |row: &Vec<String>, index: usize| row.get(index).map_or(0, |text| width(text));
        let widths: Vec<usize> = (self.columns.iter().enumerate())
            .map(|(index, (title, _))| all().map(|row| cell(row, index)).max().unwrap_or(0).max(width(title)))
            .collect();
        let line = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).zip(&self.columns).map(|((text, width), (_, align))| pad(text, *width, *align));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        let titles: Vec<String> = self.columns.iter().map(|(title, _)| title.clone()).collect();
        let mut text = style::bold(line(&titles).trim_end()) + "\n";
        text.extend(self.rows.iter().map(|row| line(row)));
        if !self.totals.is_empty() {
            text += &style::dim(&"─".repeat(widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1)));
            text.push('\n');
            text.extend(self.totals.iter().map(|row| style::bold(line(row).trim_end()) + "\n"));
        }
        text
    }
}

/// Columns that a text takes on a terminal; wide characters take two.
fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

fn pad(text: &str, width_wanted: usize, align: Align) -> String {
    let space = " ".repeat(width_wanted.saturating_sub(width(text)));
    if align == Align::Left { format!("{text}{space}") } else { format!("{space}{text}") }
}

/// As `plain`, for texts of several lines.
pub fn plain_lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

/// Makes text from books safe for a terminal: control characters, escapes among them, become visible.
pub fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}
