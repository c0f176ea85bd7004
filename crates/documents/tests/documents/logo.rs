//! Logos: pictures are shown, anything else is refused with a reason.

use quarterhour_documents::{DocumentError, InvoiceDocument, Logo, LogoFormat, Renderer};

use crate::extract::text;
use crate::samples::usual;

const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 80">
    <rect width="80" height="80" rx="16" fill="#1f4e79"/>
    <path d="M20 60V20l40 40V20" fill="none" stroke="#ffffff" stroke-width="9"/>
    <rect x="100" y="24" width="190" height="14" rx="7" fill="#1b2430"/>
    <rect x="100" y="48" width="120" height="10" rx="5" fill="#5a6675"/>
</svg>"##;

/// One transparent pixel.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

fn with_logo(format: LogoFormat, bytes: Vec<u8>) -> InvoiceDocument {
    let mut document = usual(2, 2);
    document.logo = Some(Logo { format, bytes, alt: Some("Northgate".to_owned()) });
    document
}

fn png() -> Vec<u8> {
    let json = format!("{{\"format\":\"png\",\"bytes\":\"{PNG}\"}}");
    serde_json::from_str::<Logo>(&json).expect("a logo").bytes
}

#[test]
fn svg_and_png_logos_are_shown() {
    let renderer = Renderer::new();
    let svg = renderer.render(&with_logo(LogoFormat::Svg, SVG.into())).expect("an SVG logo renders");
    text("logo", &svg);
    let png = renderer.render(&with_logo(LogoFormat::Png, png())).expect("a PNG logo renders");
    assert!(svg.starts_with(b"%PDF") && png.starts_with(b"%PDF"));
}

#[test]
fn what_is_no_picture_is_refused() {
    let mut huge = png();
    huge[16..20].copy_from_slice(&[0, 1, 0, 0]);
    for (format, bytes) in [(LogoFormat::Png, b"GIF89a".to_vec()), (LogoFormat::Png, huge), (LogoFormat::Png, vec![0; (1 << 20) + 1])]
    {
        let refused = Renderer::new().render(&with_logo(format, bytes));
        assert!(matches!(refused, Err(DocumentError::Logo(_))), "{refused:?}");
    }
    for bytes in [b"<svg".to_vec(), Vec::new(), b"\xFF\xFE".to_vec()] {
        assert!(Renderer::new().render(&with_logo(LogoFormat::Svg, bytes)).is_err());
    }
}

#[test]
fn a_logo_cannot_reach_other_files() {
    let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><image href="/etc/passwd" width="9" height="9"/><image href="data.json" width="9" height="9"/></svg>"#;
    let rendered = Renderer::new().render(&with_logo(LogoFormat::Svg, svg.into()));
    assert!(rendered.is_err(), "a logo that points elsewhere must be refused");
}
