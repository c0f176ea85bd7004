//! Text from anywhere: it is shown or boxed, and never breaks a document.

use quarterhour_documents::{DocumentStatus, InvoiceDocument, Renderer};

use crate::extract::text;
use crate::samples::usual;

/// Puts one text into every field that takes text.
fn fill(document: &mut InvoiceDocument, hostile: &str) {
    let hostile = || hostile.to_owned();
    document.status = DocumentStatus::Issued { number: hostile() };
    for party in [&mut document.provider, &mut document.client] {
        party.name = hostile();
        party.code = Some(hostile());
        party.address = vec![hostile(); 2];
        party.tax_id = Some(hostile());
        party.email = Some(hostile());
    }
    document.period.name = hostile();
    document.currency = hostile();
    document.agreement = Some(hostile());
    document.program = hostile();
    document.payment_terms = Some(hostile());
    document.terms = Some(hostile());
    for line in &mut document.lines {
        line.kind = hostile();
        line.text = hostile();
        line.unit = hostile();
        line.quantity = hostile();
        line.price = hostile();
        line.amount = hostile();
    }
    document.amounts.net = hostile();
    document.amounts.total = hostile();
    for tax in &mut document.amounts.taxes {
        tax.name = Some(hostile());
        tax.percent = hostile();
    }
    document.statement.as_mut().expect("a statement").sentence = Some(hostile());
    for device in &mut document.devices {
        device.class = hostile();
        device.name = hostile();
        device.site = Some(hostile());
    }
    for entry in &mut document.time_entries {
        entry.ticket = Some(hostile());
        entry.technician = hostile();
        entry.note = hostile();
        entry.parts.iter_mut().for_each(|part| part.text = hostile());
    }
}

fn render_with(hostile: &str) -> Vec<u8> {
    let mut document = usual(2, 2);
    fill(&mut document, hostile);
    let pdf = Renderer::new().render(&document);
    assert!(pdf.is_ok(), "{hostile:?}: {pdf:?}");
    pdf.unwrap_or_default()
}

#[test]
fn every_field_takes_every_kind_of_text() {
    let long_word = "W".repeat(400);
    let long_text = "A sentence that goes on. ".repeat(400);
    let marks = format!("Z{}", "\u{0300}\u{0316}".repeat(60));
    for hostile in [
        "",
        " ",
        "\u{0}",
        "a\u{0}b\u{1}\u{7F}\u{9B}c",
        "tab\tand\r\nlines\n\n\nend\u{85}\u{2028}\u{2029}",
        "😀 👩‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽 ☎️ ©️",
        "日本語の伝票、한국어 청구서，发票",
        "فاتورة رقم ١٢٣ — חשבונית 456",
        "\u{202E}0091 latot\u{202C} \u{2066}x\u{2069} \u{200F}",
        "हिन्दी বাংলা ไทย ქართული አማርኛ ᏣᎳᎩ",
        "e\u{301} क\u{20DD} 日\u{301} 😀\u{301} \u{301}",
        "\u{FFFE}\u{FFFF}\u{FEFF}\u{FFFD}\u{E000}\u{10FFFF}\u{E0041}\u{1F3F4}",
        "soft\u{AD}hyphen zero\u{200B}width join\u{200D}er word\u{2060}joiner",
        "﷽ 𝕳𝖊𝖑𝖑𝖔 ⅷ ﬁ ½ ① ㎏",
        "#panic(\"x\") *bold* _it_ $x^2$ <label> @ref \\ `raw` = head // no /* no */ [b] {c}",
        "\"}],\"total\":\"0.00\"",
        &long_word,
        &long_text,
        &marks,
    ] {
        assert!(render_with(hostile).starts_with(b"%PDF"), "{hostile:?}");
    }
}

#[test]
fn every_character_of_unicode_can_be_typeset() {
    let renderer = Renderer::new();
    let all: Vec<char> = ('\u{0}'..='\u{2FFFF}').chain('\u{E0000}'..='\u{E01FF}').collect();
    for block in all.chunks(16_384) {
        let mut document = usual(0, 64);
        document.statement.as_mut().expect("a statement").sentence = Some("bold and plain".to_owned());
        for (entry, chars) in document.time_entries.iter_mut().zip(block.chunks(256)) {
            entry.note = chars.iter().collect();
            entry.ticket = Some(chars.iter().flat_map(|c| ['x', *c, ' ']).collect());
            entry.parts[0].text = chars.iter().rev().flat_map(|c| ['\u{627}', *c, '\u{301}']).collect();
        }
        let result = renderer.render(&document);
        assert!(result.is_ok(), "from {:?}: {result:?}", block.first());
    }
}

#[test]
fn markup_shows_as_it_was_typed() {
    let markup = "#panic() *bold* $x$ @ref = h";
    let Some(text) = text("markup", &render_with(markup)) else {
        return;
    };
    assert!(text.matches(markup).count() >= 8, "{text}");
}

#[test]
fn a_character_without_a_font_becomes_a_box_and_the_rest_stays() {
    let mut document = usual(0, 1);
    document.time_entries[0].note = "Router 東京 is back".to_owned();
    let Some(text) = text("boxes", &Renderer::new().render(&document).expect("it renders")) else {
        return;
    };
    assert!(text.contains("Router □□ is back"), "{text}");
}

#[test]
fn direction_marks_cannot_turn_an_amount_around() {
    let mut document = usual(0, 0);
    document.amounts.total = "\u{202E}0091".to_owned();
    let Some(text) = text("direction", &Renderer::new().render(&document).expect("it renders")) else {
        return;
    };
    assert!(text.contains("EUR 0091"), "{text}");
}

#[test]
fn hebrew_and_arabic_are_shown() {
    let mut document = usual(0, 1);
    document.time_entries[0].note = "Mail שלום and سلام ok".to_owned();
    let Some(text) = text("right-to-left", &Renderer::new().render(&document).expect("it renders")) else {
        return;
    };
    assert!(!text.contains('□'), "{text}");
    assert!(text.contains("שלום") || text.contains("םולש"), "{text}");
}

#[test]
fn extra_fonts_must_be_fonts() {
    assert!(Renderer::with_fonts(vec![b"no font".to_vec()]).is_err());
}

#[test]
fn a_hostile_document_looks_like_an_invoice() {
    let mixed = format!(
        "Zürich 東京 😀👩‍🚀 שלום سلام e\u{301}z\u{334}\u{300}\u{316} \u{0}\u{7} *b* #f() {} end",
        "Donaudampfschifffahrtsgesellschaft".repeat(3)
    );
    let mut document = usual(6, 8);
    let plain = document.clone();
    fill(&mut document, &mixed);
    document.amounts = plain.amounts;
    document.currency = plain.currency;
    text("hostile", &Renderer::new().render(&document).expect("it renders"));
}
