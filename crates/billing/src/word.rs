//! Names that rates are looked up by (tiers and work types), as small numbers.

use std::collections::BTreeMap;

/// A tier or a work type, as a number of one [`Words`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(u32);

/// The tiers and work types of one provider's books.
#[derive(Clone, Debug, Default)]
pub struct Words {
    names: Vec<String>,
    numbers: BTreeMap<String, Word>,
}

impl Words {
    /// The word for a name; a new name gets the next number.
    pub fn intern(&mut self, name: &str) -> Word {
        if let Some(word) = self.numbers.get(name) {
            return *word;
        }
        let word = Word(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), word);
        word
    }

    /// The word of a known name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Word> {
        self.numbers.get(name).copied()
    }

    /// The name of a word of these words.
    #[must_use]
    pub fn name(&self, word: Word) -> &str {
        usize::try_from(word.0).ok().and_then(|index| self.names.get(index)).map_or("", String::as_str)
    }

    /// All words with their names, in the order of their numbers.
    pub fn all(&self) -> impl Iterator<Item = (Word, &str)> {
        (0..).map(Word).zip(self.names.iter().map(String::as_str))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

impl Word {
    /// Its number as a position.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}
