//! The provider's logo: checked when it comes, shown on pages and printed on invoices.

use jiff::civil::Date;
use quarterhour_documents::{Amounts, DocumentStatus, InvoiceDocument, Logo, LogoFormat, Paper, Party, Period};
use quarterhour_store::statements::file;
use serde::Serialize;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::keys::token_hash;
use crate::error::AppError;

/// The place of the file.
const NAME: &str = "logo";
/// The most bytes of a logo.
pub const LOGO_BYTES_MAX: usize = 200_000;
/// The most pixels of a side.
const SIDE_MAX: u32 = 4096;
/// The most shapes that are cut by others: each may double the work of the one around it.
const CUTS_MAX: usize = 8;
/// Elements that draw and do nothing else.
const DRAWING: [&str; 17] = [
    "svg",
    "g",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "defs",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "mask",
    "title",
    "desc",
];

/// A logo as it is served.
#[derive(Clone, Debug)]
pub struct StoredLogo {
    /// `image/png` or `image/svg+xml`.
    pub media_type: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// A logo as the audit log keeps it.
#[derive(Serialize)]
struct Kept {
    media_type: String,
    bytes: usize,
    hash: String,
}

impl Kept {
    fn of(row: &file::File) -> Self {
        let hash = token_hash(&String::from_utf8_lossy(&row.content));
        Self { media_type: row.media_type.clone(), bytes: row.content.len(), hash }
    }
}

impl Context {
    /// The logo, to be served.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn stored_logo(&self) -> Result<Option<StoredLogo>, AppError> {
        let Some(provider) = self.find_provider()? else { return Ok(None) };
        let row = self.store.read(|tx| file::find(tx, provider, NAME))?;
        Ok(row.map(|row| StoredLogo { media_type: row.media_type, content: row.content }))
    }

    /// Takes a picture as the logo.
    ///
    /// # Errors
    ///
    /// Says why a file is no logo.
    pub fn set_logo(&self, actor: &Actor, content: Vec<u8>) -> Result<(), AppError> {
        actor.require(Permission::ManageSettings)?;
        let media_type = check(&content).map_err(|message| AppError::field("logo", message))?;
        self.pdfs
            .render(trial(media_type, &content))
            .map_err(|_| AppError::field("logo", "the picture cannot be drawn; save it anew"))?;
        let row = file::File { name: NAME.to_owned(), media_type: media_type.to_owned(), content, changed_at: self.clock.now() };
        self.store.write(|tx| {
            let before = file::find(tx, actor.provider, NAME)?;
            file::upsert(tx, actor.provider, &row)?;
            let change = Change::new("changed", "settings", NAME).after(&Kept::of(&row));
            let change = before.iter().fold(change, |change, before| change.before(&Kept::of(before)));
            self.record(tx, actor, change)
        })
    }

    /// Takes the logo away.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn remove_logo(&self, actor: &Actor) -> Result<(), AppError> {
        actor.require(Permission::ManageSettings)?;
        self.store.write(|tx| {
            if let Some(before) = file::find(tx, actor.provider, NAME)? {
                file::delete(tx, actor.provider, NAME)?;
                self.record(tx, actor, Change::new("deleted", "settings", NAME).before(&Kept::of(&before)))?;
            }
            Ok(())
        })
    }
}

/// A small document with the picture: what cannot be drawn there would spoil every invoice.
fn trial(media_type: &str, content: &[u8]) -> InvoiceDocument {
    let format = if media_type == "image/png" { LogoFormat::Png } else { LogoFormat::Svg };
    let party = || Party { name: "Logo".to_owned(), code: None, address: Vec::new(), tax_id: None, email: None };
    let day = Date::constant(2026, 1, 1);
    InvoiceDocument {
        paper: Paper::A4,
        status: DocumentStatus::Draft,
        provider: party(),
        client: party(),
        logo: Some(Logo { format, bytes: content.to_vec(), alt: None }),
        issued_on: day,
        due_on: None,
        period: Period { name: "2026-01".to_owned(), first_day: day, last_day: day },
        currency: "USD".to_owned(),
        agreement: None,
        program: String::new(),
        lines: Vec::new(),
        amounts: Amounts { net: "0.00".to_owned(), taxes: Vec::new(), total: "0.00".to_owned() },
        payment_terms: None,
        terms: None,
        statement: None,
        burn_down: None,
        devices: Vec::new(),
        time_entries: Vec::new(),
    }
}

/// The media type of a picture that may be a logo.
fn check(content: &[u8]) -> Result<&'static str, String> {
    if content.is_empty() {
        return Err("no file was chosen".to_owned());
    }
    if content.len() > LOGO_BYTES_MAX {
        return Err(format!("{} kB; expected at most {} kB", content.len() / 1000, LOGO_BYTES_MAX / 1000));
    }
    if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        return check_png(content).map(|()| "image/png");
    }
    let text = std::str::from_utf8(content).map_err(|_| "expected a PNG or an SVG picture".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with("<svg") && !text.starts_with("<?xml") && !text.starts_with("<!--") {
        return Err("expected a PNG or an SVG picture".to_owned());
    }
    check_svg(text).map(|()| "image/svg+xml")
}

/// Walks the chunks of a PNG from its header to its end.
fn check_png(content: &[u8]) -> Result<(), String> {
    let broken = || "the PNG is broken".to_owned();
    let number = |at: usize| Some(u32::from_be_bytes(content.get(at..at + 4)?.try_into().ok()?));
    let (width, height) = number(16).zip(number(20)).ok_or_else(broken)?;
    if width == 0 || height == 0 || width.max(height) > SIDE_MAX {
        return Err(format!("{width} × {height} pixels; expected at most {SIDE_MAX} a side"));
    }
    let (mut at, mut pixels) = (8, false);
    loop {
        let length = usize::try_from(number(at).ok_or_else(broken)?).map_err(|_| broken())?;
        let kind = content.get(at + 4..at + 8).ok_or_else(broken)?;
        let is_first = at == 8;
        if is_first != (kind == b"IHDR") {
            return Err(broken());
        }
        pixels |= kind == b"IDAT";
        if kind == b"IEND" {
            return if pixels { Ok(()) } else { Err(broken()) };
        }
        at = at.checked_add(length).and_then(|at| at.checked_add(12)).ok_or_else(broken)?;
    }
}

/// Refuses everything in an SVG but drawing: no scripts, no links, no text, nothing from elsewhere.
fn check_svg(text: &str) -> Result<(), String> {
    let lower = text.to_ascii_lowercase();
    if lower.contains("<!doctype") || lower.contains("<!entity") || lower.contains("<![cdata") {
        return Err("the SVG has a document type; expected drawing only".to_owned());
    }
    let cuts: usize = ["mask=", "mask:", "clip-path=", "clip-path:"].iter().map(|use_of| lower.matches(use_of).count()).sum();
    if cuts > CUTS_MAX {
        return Err(format!("the SVG uses {cuts} masks and clip paths; expected at most {CUTS_MAX}, or a PNG"));
    }
    let mut rest = text;
    let mut has_root = false;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").ok_or("the SVG is broken")?.1;
            continue;
        }
        let (tag, after) = rest.split_once('>').ok_or("the SVG is broken")?;
        if tag.matches('"').count() % 2 + tag.matches('\'').count() % 2 > 0 {
            return Err("the SVG has a quote without its end, or `>` between quotes; expected `&gt;` there".to_owned());
        }
        rest = after;
        if tag.starts_with("?xml") && !tag.starts_with("?xml-") {
            continue;
        }
        let name =
            tag.trim_start_matches('/').split(|letter: char| letter.is_whitespace() || letter == '/').next().unwrap_or_default();
        if !DRAWING.contains(&name) {
            return Err(format!("the SVG has `<{}>`; expected shapes only, with text as outlines", shortened(name)));
        }
        has_root |= name == "svg";
        check_attributes(tag)?;
    }
    if has_root { Ok(()) } else { Err("expected an SVG picture".to_owned()) }
}

fn check_attributes(tag: &str) -> Result<(), String> {
    let lower = tag.to_ascii_lowercase();
    let scripted = lower.split(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '/'));
    let scripted = scripted.filter_map(|word| word.split_once('=')).any(|(name, _)| name.starts_with("on") || name.ends_with("href"));
    let pointed = lower.match_indices("url(").any(|(at, _)| {
        let target = lower.get(at + 4..).unwrap_or_default().trim_start_matches(['"', '\'', ' ']);
        !target.starts_with('#') && !target.starts_with("&quot;#")
    });
    if scripted || pointed || lower.contains("javascript:") || lower.contains("href") || lower.contains("@import") {
        return Err("the SVG points elsewhere or runs a script; expected drawing only".to_owned());
    }
    Ok(())
}

fn shortened(name: &str) -> String {
    name.chars().take(30).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = r##"<?xml version="1.0"?><!-- ours --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><path d="M0 0h9" fill="url(#a)"/></svg>"##;

    #[test]
    fn drawings_are_taken() {
        assert_eq!(check(SVG.as_bytes()), Ok("image/svg+xml"));
    }

    #[test]
    fn what_does_more_than_draw_is_refused() {
        for inside in [
            "<script>1</script>",
            "<path onload='x()'/>",
            "<path\nonclick=x />",
            "<image href='https://elsewhere.example/a.png'/>",
            "<a href='/'/>",
            "<path fill='url(https://elsewhere.example/#a)'/>",
            "<foreignObject/>",
            "<use xlink:href='#a'/>",
            "<style>@import 'a'</style>",
            "<text>Northgate</text>",
        ] {
            let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{inside}</svg>");
            assert!(check(svg.as_bytes()).is_err(), "{inside}");
        }
        let cut = |times: usize| {
            let cuts = "<g mask='url(#a)'>".repeat(times) + &"</g>".repeat(times);
            check(format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{cuts}</svg>").as_bytes())
        };
        assert!(cut(CUTS_MAX).is_ok() && cut(CUTS_MAX + 1).is_err());
        for content in [&b"GIF89a"[..], b"", b"\x89PNG\r\n\x1a\n", b"<html>", b"<!DOCTYPE svg><svg/>", &[0xff; 300_000]] {
            assert!(check(content).is_err());
        }
    }
}
