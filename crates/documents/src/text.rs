//! Makes text from anywhere safe to typeset and still readable.
//!
//! It changes no meaning: what cannot be shown becomes a visible box.

use typst::text::is_default_ignorable;
use unicode_segmentation::UnicodeSegmentation;

use crate::fonts::Fonts;

/// Stands for a character that cannot be shown.
pub(crate) const REPLACEMENT: char = '\u{25A1}';
/// Invites a line break inside a word that is too long for its column.
const BREAK: char = '\u{200B}';
/// Longer text is cut, with a note that it was.
const CHARACTERS_MAX: usize = 4_000;
/// A character with more marks on it would cover its neighbours.
const MARKS_MAX: usize = 6;
/// How far apart the breaks in a long word are.
const BREAK_EVERY: usize = 4;

/// Cleans text against the fonts of one renderer.
#[derive(Clone, Copy)]
pub(crate) struct Cleaner<'a> {
    fonts: &'a Fonts,
}

/// What to do with line breaks in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    Join,
    Keep,
}

impl<'a> Cleaner<'a> {
    pub(crate) fn new(fonts: &'a Fonts) -> Self {
        Self { fonts }
    }

    /// One line of text. Words longer than `word_max` characters may break.
    pub(crate) fn line(self, text: &str, word_max: usize) -> String {
        self.clean(text, word_max, Lines::Join)
    }

    /// Text that keeps its own line breaks.
    pub(crate) fn block(self, text: &str, word_max: usize) -> String {
        self.clean(text, word_max, Lines::Keep)
    }

    fn clean(self, text: &str, word_max: usize, lines: Lines) -> String {
        let shown = if is_plain(text) { text.trim().to_owned() } else { self.show(text.trim(), lines) };
        break_long_words(shown, word_max)
    }

    fn show(self, text: &str, lines: Lines) -> String {
        let mut shown = String::with_capacity(text.len());
        for (index, cluster) in text.graphemes(true).enumerate() {
            if index == CHARACTERS_MAX {
                shown.push_str(" … (cut)");
                break;
            }
            self.show_cluster(cluster, lines, &mut shown);
        }
        shown
    }

    fn show_cluster(self, cluster: &str, lines: Lines, shown: &mut String) {
        if let "\r\n" | "\n" | "\r" | "\u{85}" | "\u{2028}" | "\u{2029}" = cluster {
            shown.push(if lines == Lines::Keep { '\n' } else { ' ' });
        } else if cluster == "\t" {
            shown.push(' ');
        } else if cluster.chars().any(is_never_shown) {
            shown.push(REPLACEMENT);
        } else {
            let kept: String = cluster.chars().filter(|c| !is_dropped(*c)).take(1 + MARKS_MAX).collect();
            self.push_covered(&kept, shown);
        }
    }

    /// Appends the cluster, or what one font has of its beginning and a box.
    fn push_covered(self, cluster: &str, shown: &mut String) {
        if self.fonts.cover(cluster) {
            shown.push_str(cluster);
            return;
        }
        let ends = cluster.char_indices().map(|(index, _)| index).skip(1);
        let starts = ends.filter_map(|end| cluster.get(..end));
        let longest = starts.take_while(|start| self.fonts.cover(start)).last();
        shown.push_str(longest.unwrap_or_default());
        shown.push(REPLACEMENT);
    }
}

/// Whether the text is short and plain, as nearly all text is.
fn is_plain(text: &str) -> bool {
    text.len() <= CHARACTERS_MAX && text.bytes().all(|byte| (0x20..0x7F).contains(&byte))
}

/// Characters that a PDF/A must not contain, even where a font has them.
fn is_never_shown(c: char) -> bool {
    c.is_control() || matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' | '\u{FFF0}'..='\u{FFFF}')
}

/// Characters without a look of their own, dropped without a trace: marks of
/// direction could turn an amount around, the rest shows nothing anyway. The
/// joiners stay, because they shape their neighbours.
fn is_dropped(c: char) -> bool {
    is_default_ignorable(c) && !matches!(c, '\u{200C}' | '\u{200D}')
}

/// Puts invisible break points into words longer than `word_max`.
fn break_long_words(text: String, word_max: usize) -> String {
    if text.split([' ', '\n']).all(|word| word.len() <= word_max) {
        return text;
    }
    let mut broken = String::with_capacity(text.len() * 2);
    for part in text.split_inclusive([' ', '\n']) {
        if part.trim_end().chars().count() <= word_max {
            broken.push_str(part);
        } else {
            break_word(part, &mut broken);
        }
    }
    broken
}

fn break_word(word: &str, broken: &mut String) {
    for (index, cluster) in word.graphemes(true).enumerate() {
        if index > 0 && index % BREAK_EVERY == 0 {
            broken.push(BREAK);
        }
        broken.push_str(cluster);
    }
}
