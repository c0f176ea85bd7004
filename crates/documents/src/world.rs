//! The narrow door through which the typesetter sees the outside.
//!
//! There are a few files: the templates, the data and the logo. There is no
//! file system, no package, no clock.

use std::sync::OnceLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::fonts::Fonts;

const INVOICE: &str = include_str!("../templates/invoice.typ");
const COMPARISON: &str = include_str!("../templates/comparison.typ");
const COMPARISON_CHARTS: &str = include_str!("../templates/comparison_charts.typ");

/// Which template a document begins with.
#[derive(Clone, Copy)]
pub(crate) enum Template {
    Invoice,
    Comparison,
}

/// What every document of one renderer shares.
pub(crate) struct Shared {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    templates: [Source; 3],
    pub(crate) fonts: Fonts,
}

impl Shared {
    pub(crate) fn new(fonts: Fonts) -> Self {
        Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(fonts.book()),
            templates: [
                Source::new(paths().invoice, INVOICE.to_owned()),
                Source::new(paths().comparison, COMPARISON.to_owned()),
                Source::new(paths().comparison_charts, COMPARISON_CHARTS.to_owned()),
            ],
            fonts,
        }
    }
}

/// The world of one document.
pub(crate) struct DocumentWorld<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) template: Template,
    pub(crate) data: Bytes,
    pub(crate) logo: Option<Bytes>,
}

impl World for DocumentWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.shared.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.shared.book
    }

    fn main(&self) -> FileId {
        match self.template {
            Template::Invoice => paths().invoice,
            Template::Comparison => paths().comparison,
        }
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.shared.templates.iter().find(|template| template.id() == id).cloned().ok_or_else(refused)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == paths().data {
            Ok(self.data.clone())
        } else if id == paths().logo {
            self.logo.clone().ok_or_else(refused)
        } else {
            Err(refused())
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shared.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// The virtual paths. The typesetter keeps every path for ever, so that
/// there must never be one per document.
struct Paths {
    invoice: FileId,
    comparison: FileId,
    comparison_charts: FileId,
    data: FileId,
    logo: FileId,
}

fn paths() -> &'static Paths {
    static PATHS: OnceLock<Paths> = OnceLock::new();
    PATHS.get_or_init(|| Paths {
        invoice: intern("invoice.typ"),
        comparison: intern("comparison.typ"),
        comparison_charts: intern("comparison_charts.typ"),
        data: intern("data.json"),
        logo: intern("logo"),
    })
}

fn intern(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("a plain file name is a path");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

fn refused() -> FileError {
    FileError::AccessDenied
}
