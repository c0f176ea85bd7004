//! Shortens the comparison's texts, so that four pages are enough for any of them.
//!
//! It leaves out from the end only, and says so.

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use crate::text::Cleaner;
use crate::view::{MEDIUM, NARROW, WIDE};

/// Characters of an amount.
const AMOUNT_MAX: usize = 20;
/// Stands for something that there is not.
const NOTHING: &str = "\u{2013}";

/// Some sentences, and how many were left out behind them.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    items: Vec<String>,
    /// `and 3 more`, or nothing.
    more: String,
}

/// Cleans and shortens the texts of one comparison.
#[derive(Clone, Copy)]
pub(crate) struct Shortener<'a> {
    cleaner: Cleaner<'a>,
    currency: &'a str,
}

impl<'a> Shortener<'a> {
    pub(crate) fn new(cleaner: Cleaner<'a>, currency: &'a str) -> Self {
        Self { cleaner, currency: currency.trim() }
    }

    /// One line of at most so many characters.
    pub(crate) fn text(self, text: &str, most: usize) -> String {
        self.cleaner.line(&shortened(&quoted(text), most), WIDE)
    }

    /// The same, with a dash where there is none.
    pub(crate) fn cell(self, text: &str, most: usize) -> String {
        self.or(text, most, NOTHING)
    }

    /// The same, with another text where there is none.
    pub(crate) fn or(self, text: &str, most: usize, other: &str) -> String {
        let text = self.text(text, most);
        if text.is_empty() { other.to_owned() } else { text }
    }

    /// A name for a narrow place. It breaks at its hyphens rather than elsewhere.
    pub(crate) fn label(self, name: &str, most: usize) -> String {
        let name = shortened(name, most);
        let is_breakable = name.split([' ', '-']).all(|part| part.chars().count() <= NARROW);
        self.cleaner.line(&name, if is_breakable { WIDE } else { NARROW })
    }

    /// An amount without its currency, which the page names once.
    pub(crate) fn amount(self, text: &str) -> String {
        let text = text.trim();
        let rest = text.strip_prefix(self.currency).filter(|rest| rest.starts_with([' ', '\u{A0}', '\u{202F}']));
        let amount = self.cleaner.line(&shortened(rest.unwrap_or(text), AMOUNT_MAX), MEDIUM);
        if amount.is_empty() { NOTHING.to_owned() } else { amount }
    }

    /// The first sentences of a list. Empty ones do not count.
    pub(crate) fn list(self, texts: &[String], items_max: usize, most: usize) -> Listed {
        let texts: Vec<&String> = texts.iter().filter(|text| !text.trim().is_empty()).collect();
        let items = texts.iter().take(items_max).map(|text| self.text(text, most)).collect();
        Listed { items, more: self.more(texts.len(), items_max) }
    }

    /// What stands behind a list that was too long.
    pub(crate) fn more(self, found: usize, items_max: usize) -> String {
        if found > items_max { format!("and {} more", found - items_max) } else { String::new() }
    }
}

/// What stands between backticks, between quotation marks.
fn quoted(text: &str) -> String {
    let mut parts = text.split('`');
    let mut quoted = parts.next().unwrap_or_default().to_owned();
    while let Some(inside) = parts.next() {
        match parts.next() {
            Some(outside) => quoted.extend(["\u{201C}", inside, "\u{201D}", outside]),
            None => quoted.extend(["`", inside]),
        }
    }
    quoted
}

/// The beginning of a text, up to the end of a word where there is one near.
fn shortened(text: &str, most: usize) -> String {
    let text = text.trim();
    let Some((end, _)) = text.grapheme_indices(true).nth(most) else {
        return text.to_owned();
    };
    let begin = text.get(..end).unwrap_or_default();
    let begin = begin.graphemes(true).take(most.saturating_sub(1)).collect::<String>();
    let word = begin.rfind([' ', '\n']).filter(|at| *at * 3 > begin.len() * 2);
    let begin = word.and_then(|at| begin.get(..at)).unwrap_or(&begin);
    format!("{}…", begin.trim_end_matches([' ', ',', ';', ':', '.', '\n']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_stays_as_it_is() {
        assert_eq!(shortened(" Every bad month is the client's. ", 33), "Every bad month is the client's.");
    }

    #[test]
    fn backticks_become_quotation_marks_in_pairs() {
        assert_eq!(quoted("`a` or `b c`: `"), "\u{201C}a\u{201D} or \u{201C}b c\u{201D}: `");
        assert_eq!(quoted("plain"), "plain");
    }

    #[test]
    fn a_long_text_ends_with_a_whole_word_and_an_ellipsis() {
        assert_eq!(shortened("Every bad month, is the client's.", 20), "Every bad month…");
        assert_eq!(shortened("Donaudampfschifffahrt", 10), "Donaudamp…");
    }

    #[test]
    fn a_character_of_many_parts_is_not_torn() {
        assert_eq!(shortened("👩‍🚀👩‍🚀👩‍🚀👩‍🚀", 3), "👩‍🚀👩‍🚀…");
    }
}
