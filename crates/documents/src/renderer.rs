//! From document to PDF.
//!
//! It keeps nothing between documents but the fonts and the template.

use jiff::civil::Date;
use serde::Serialize;
use typst::diag::SourceDiagnostic;
use typst::foundations::{Bytes, Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::comparison::ComparisonPaper;
use crate::comparison_view::comparison_view;
use crate::document::{InvoiceDocument, Logo, LogoFormat};
use crate::error::DocumentError;
use crate::fonts::Fonts;
use crate::text::Cleaner;
use crate::view::document_view;
use crate::world::{DocumentWorld, Shared, Template};

/// More than any real invoice has; each takes time and memory.
const ROWS_MAX: usize = 20_000;
const LOGO_BYTES_MAX: usize = 1 << 20;
const LOGO_SIDE_MAX: u32 = 4096;

/// Renders invoices and comparisons. Making one reads the fonts, so make it once.
pub struct Renderer {
    shared: Shared,
    standards: PdfStandards,
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer {
    /// A renderer with the bundled fonts: Noto Sans, DejaVu Sans, Noto Emoji.
    ///
    /// They cover Latin, Greek, Cyrillic, Arabic, Hebrew and most symbols.
    /// Other characters are shown as a box; see [`Renderer::with_fonts`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_fonts(Vec::new()).expect("the bundled fonts can be read")
    }

    /// A renderer with more fonts, given as the bytes of TTF, OTF or TTC files.
    ///
    /// They are asked for what Noto Sans lacks, before the other bundled fonts:
    /// with `NotoSansCJK-Regular.ttc`, Chinese is shown.
    ///
    /// # Errors
    ///
    /// Fails when one of the files holds no font.
    pub fn with_fonts(extra: Vec<Vec<u8>>) -> Result<Self, DocumentError> {
        let standards = PdfStandards::new(&[PdfStandard::A_3a, PdfStandard::Ua_1])
            .map_err(|error| DocumentError::Typesetting(error.message().to_string()))?;
        Ok(Self { shared: Shared::new(Fonts::new(extra)?), standards })
    }

    /// Renders one document as PDF/A-3a and PDF/UA-1.
    ///
    /// The same document gives the same bytes, and a document never fails for
    /// its text: what cannot be shown becomes a box.
    ///
    /// # Errors
    ///
    /// Fails when the document is too large, a chart position is no fraction,
    /// or the logo is no picture.
    pub fn render(&self, document: &InvoiceDocument) -> Result<Vec<u8>, DocumentError> {
        check_sizes(document)?;
        document.logo.as_ref().map_or(Ok(()), check_logo)?;
        let families = self.shared.fonts.family_names();
        let view = document_view(document, Cleaner::new(&self.shared.fonts), families)?;
        self.fill(Template::Invoice, &view, document.logo.as_ref(), document.issued_on)
    }

    /// Renders a comparison of programs: four pages, PDF/A-3a and PDF/UA-1.
    ///
    /// The same paper gives the same bytes, and it never fails for its text.
    ///
    /// # Errors
    ///
    /// Fails when there are more than ten programs or a series is too long, a
    /// number cannot be drawn, or the logo is no picture.
    pub fn render_comparison(&self, paper: &ComparisonPaper) -> Result<Vec<u8>, DocumentError> {
        paper.logo.as_ref().map_or(Ok(()), check_logo)?;
        let view = comparison_view(paper, Cleaner::new(&self.shared.fonts), self.shared.fonts.family_names())?;
        self.fill(Template::Comparison, &view, paper.logo.as_ref(), paper.made_on)
    }

    /// Fills a template with data.
    fn fill(&self, template: Template, view: &impl Serialize, logo: Option<&Logo>, date: Date) -> Result<Vec<u8>, DocumentError> {
        let data = serde_json::to_string(view).map_err(|error| DocumentError::Typesetting(error.to_string()))?;
        let world = DocumentWorld {
            shared: &self.shared,
            template,
            data: Bytes::from_string(data.clone()),
            logo: logo.map(|logo| Bytes::new(logo.bytes.clone())),
        };
        let pdf = self.typeset(&world, data, date);
        comemo::evict(EVICT_AGE);
        pdf
    }

    fn typeset(&self, world: &DocumentWorld<'_>, ident: String, date: Date) -> Result<Vec<u8>, DocumentError> {
        let paged = typst::compile::<PagedDocument>(world).output.map_err(typesetting)?;
        let options = PdfOptions {
            ident: Smart::Custom(ident),
            creator: Smart::Custom(Some("Quarterhour".to_owned())),
            timestamp: midnight(date).map(Timestamp::new_utc),
            standards: self.standards.clone(),
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&paged, &options).map_err(typesetting)
    }
}

/// How many documents long the typesetter may remember a result. What one
/// document shares with the next stays warm; the rest is dropped.
const EVICT_AGE: usize = 1;

fn midnight(date: Date) -> Option<Datetime> {
    let month = u8::try_from(date.month()).ok()?;
    let day = u8::try_from(date.day()).ok()?;
    Datetime::from_ymd_hms(i32::from(date.year()), month, day, 0, 0, 0)
}

fn typesetting(errors: impl IntoIterator<Item = SourceDiagnostic>) -> DocumentError {
    let messages: Vec<String> = errors.into_iter().map(|error| error.message.to_string()).collect();
    DocumentError::Typesetting(messages.join("; "))
}

fn check_sizes(document: &InvoiceDocument) -> Result<(), DocumentError> {
    let chart = document.burn_down.as_ref();
    let sizes = [
        ("lines", document.lines.len()),
        ("tax categories", document.amounts.taxes.len()),
        ("devices", document.devices.len()),
        ("time entries", document.time_entries.len()),
        ("chart points", chart.map_or(0, |chart| chart.points.len() + chart.overage.len())),
    ];
    match sizes.into_iter().find(|(_, found)| *found > ROWS_MAX) {
        Some((what, found)) => Err(DocumentError::TooLarge { what, found, most: ROWS_MAX }),
        None => Ok(()),
    }
}

/// Refuses pictures that would take much memory to open.
fn check_logo(logo: &Logo) -> Result<(), DocumentError> {
    if logo.bytes.len() > LOGO_BYTES_MAX {
        return Err(DocumentError::Logo("it has more than 1 MiB".to_owned()));
    }
    match logo.format {
        LogoFormat::Svg => Ok(()),
        LogoFormat::Png => match png_sides(&logo.bytes) {
            Some((width, height)) if width.max(height) <= LOGO_SIDE_MAX => Ok(()),
            Some(_) => Err(DocumentError::Logo("a side has more than 4096 pixels".to_owned())),
            None => Err(DocumentError::Logo("it is not a PNG".to_owned())),
        },
    }
}

/// Width and height, which stand at fixed places in every PNG.
fn png_sides(bytes: &[u8]) -> Option<(u32, u32)> {
    bytes.starts_with(b"\x89PNG\r\n\x1a\n").then_some(())?;
    let side = |at: usize| {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(four))
    };
    Some((side(16)?, side(20)?))
}
