//! The narrow door through which the typesetter sees the outside.
//!
//! There are three files: the template, the data and the logo. There is no
//! file system, no package, no clock.

use std::sync::OnceLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::fonts::Fonts;

const TEMPLATE: &str = include_str!("../templates/invoice.typ");

/// What every document of one renderer shares.
pub(crate) struct Shared {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    template: Source,
    pub(crate) fonts: Fonts,
}

impl Shared {
    pub(crate) fn new(fonts: Fonts) -> Self {
        Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(fonts.book()),
            template: Source::new(paths().template, TEMPLATE.to_owned()),
            fonts,
        }
    }
}

/// The world of one document.
pub(crate) struct DocumentWorld<'a> {
    pub(crate) shared: &'a Shared,
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
        paths().template
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == paths().template { Ok(self.shared.template.clone()) } else { Err(refused()) }
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

/// The three virtual paths. The typesetter keeps every path for ever, so that
/// there must never be one per document.
struct Paths {
    template: FileId,
    data: FileId,
    logo: FileId,
}

fn paths() -> &'static Paths {
    static PATHS: OnceLock<Paths> = OnceLock::new();
    PATHS.get_or_init(|| Paths { template: intern("invoice.typ"), data: intern("data.json"), logo: intern("logo") })
}

fn intern(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("a plain file name is a path");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

fn refused() -> FileError {
    FileError::AccessDenied
}
