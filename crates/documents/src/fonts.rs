//! The fonts and what they cover.
//!
//! A character that no font covers stops a PDF/A, so coverage is asked before
//! typesetting, not after.

use typst::foundations::Bytes;
use typst::text::{Font, FontBook, is_default_ignorable};

use crate::error::DocumentError;

const WORDS: usize = 0x11_0000 / 64;

/// The fonts of a renderer in the order in which they are tried.
pub(crate) struct Fonts {
    fonts: Vec<Font>,
    families: Vec<Family>,
}

/// One family and the characters that all its faces cover.
struct Family {
    name: String,
    covered: Vec<u64>,
}

impl Fonts {
    /// The bundled fonts, with `extra` fonts tried right after the main one.
    pub(crate) fn new(extra: Vec<Vec<u8>>) -> Result<Self, DocumentError> {
        let mut fonts: Vec<Font> = read(notosans::REGULAR_TTF).collect();
        fonts.extend(read(notosans::BOLD_TTF));
        for bytes in extra {
            let found: Vec<Font> = Font::iter(Bytes::new(bytes)).collect();
            if found.is_empty() {
                return Err(DocumentError::Fonts);
            }
            fonts.extend(found);
        }
        fonts.extend(read(dejavu::sans::regular()));
        fonts.extend(read(dejavu::sans::bold()));
        fonts.extend(read(epaint_default_fonts::NOTO_EMOJI_REGULAR));
        let families = families(&fonts);
        Ok(Self { fonts, families })
    }

    pub(crate) fn book(&self) -> FontBook {
        FontBook::from_fonts(&self.fonts)
    }

    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    /// The family names, for the template.
    pub(crate) fn family_names(&self) -> Vec<String> {
        self.families.iter().map(|family| family.name.clone()).collect()
    }

    /// Whether one family has every character of `cluster`. Characters of one
    /// cluster must come from one font, or the typesetter shows none of them.
    pub(crate) fn cover(&self, cluster: &str) -> bool {
        self.families.iter().any(|family| cluster.chars().all(|c| family.covers(c)))
    }
}

impl Family {
    fn covers(&self, c: char) -> bool {
        if is_default_ignorable(c) {
            return true;
        }
        let code = c as u32 as usize;
        self.covered.get(code / 64).is_some_and(|word| word >> (code % 64) & 1 == 1)
    }
}

fn read(bytes: &'static [u8]) -> impl Iterator<Item = Font> {
    Font::iter(Bytes::new(bytes))
}

/// Groups the fonts by family. Which face of a family is used depends on the
/// weight, so that a character counts only when all faces have it.
fn families(fonts: &[Font]) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for font in fonts {
        let covered = covered(font);
        let name = font.info().family.clone();
        match families.iter_mut().find(|family| family.name == name) {
            Some(family) => {
                family.covered.iter_mut().zip(covered).for_each(|(all, one)| *all &= one);
            }
            None => families.push(Family { name, covered }),
        }
    }
    families
}

fn covered(font: &Font) -> Vec<u64> {
    let mut words = vec![0_u64; WORDS];
    for code in font.info().coverage.iter() {
        if let Some(word) = words.get_mut(code as usize / 64) {
            *word |= 1 << (code % 64);
        }
    }
    words
}
