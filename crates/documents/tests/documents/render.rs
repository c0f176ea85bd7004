//! What every rendered document must be: complete, stable, archivable.

use quarterhour_documents::{
    BurnDown, BurnPoint, DocumentError, DocumentStatus, InvoiceDocument, OverageStep, Renderer, ReserveStatement, TimeEntry,
};

use crate::extract::{pages, text};
use crate::samples::usual;

fn render(document: &InvoiceDocument) -> Vec<u8> {
    Renderer::new().render(document).expect("the document renders")
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let document = usual(30, 40);
    let renderer = Renderer::new();
    let first = renderer.render(&document).expect("the document renders");
    renderer.render(&usual(1, 1)).expect("another document renders");
    assert_eq!(first, renderer.render(&document).expect("the document renders again"));
    assert_eq!(first, render(&document), "another renderer must agree");
}

#[test]
fn documents_that_differ_have_different_identifiers() {
    let mut other = usual(1, 1);
    other.client.name.push('!');
    assert_ne!(render(&usual(1, 1)), render(&other));
}

#[test]
fn the_document_declares_both_standards() {
    let pdf = render(&usual(3, 3));
    let metadata = String::from_utf8_lossy(&pdf);
    assert!(metadata.contains("<pdfaid:part>3</pdfaid:part>"));
    assert!(metadata.contains("<pdfaid:conformance>A</pdfaid:conformance>"));
    assert!(metadata.contains("<pdfuaid:part>1</pdfuaid:part>"));
    assert!(metadata.contains("2026-04-01"), "the date is the day of issue");
}

#[test]
fn a_usual_invoice_shows_its_numbers() {
    let Some(text) = text("usual", &render(&usual(30, 40))) else {
        return;
    };
    for words in ["Invoice", "2026-0173", "Acme Optics Ltd", "EUR 1933.75", "VAT 19% of 1625.00", "Due by 15 April 2026"] {
        assert!(text.contains(words), "`{words}` is missing");
    }
    for words in ["Allowance 10:00", "acme-ws-029", "T-4139", "overage at 187.50/h", "40 entries"] {
        assert!(text.contains(words), "`{words}` is missing in the annex");
    }
}

#[test]
fn a_credit_note_names_its_invoice_and_asks_for_no_money() {
    let mut document = usual(0, 0);
    document.status = DocumentStatus::Credit { number: "CN-000007".to_owned(), invoice: "INV-000173".to_owned() };
    (document.due_on, document.statement, document.burn_down, document.payment_terms) = (None, None, None, None);
    let Some(text) = text("credit", &render(&document)) else {
        return;
    };
    for words in ["Credit note", "CN-000007", "For invoice", "Credited to invoice INV-000173"] {
        assert!(text.contains(words), "`{words}` is missing in {text}");
    }
    assert!(!text.contains("Due by") && !text.contains("Statement,"));
}

#[test]
fn a_draft_says_that_it_is_one_on_every_page() {
    let mut document = usual(3, 60);
    document.status = DocumentStatus::Draft;
    let Some(text) = text("draft", &render(&document)) else {
        return;
    };
    for page in text.split('\u{C}').filter(|page| !page.trim().is_empty()) {
        assert!(page.contains("Draft invoice"));
    }
    assert!(text.contains("Not issued"));
    assert!(!text.contains("2026-0173"));
}

#[test]
fn an_invoice_without_entries_says_so() {
    let Some(text) = text("no-entries", &render(&usual(0, 0))) else {
        return;
    };
    assert!(text.contains("There was no work in this period."));
}

#[test]
fn an_invoice_with_nothing_at_all_is_still_an_invoice() {
    let mut document = usual(0, 0);
    document.lines.clear();
    document.amounts.taxes.clear();
    document.payment_terms = None;
    document.terms = None;
    document.statement = None;
    document.burn_down = None;
    document.due_on = None;
    document.agreement = None;
    document.provider.address.clear();
    let pdf = render(&document);
    let Some(text) = text("bare", &pdf) else {
        return;
    };
    assert!(text.contains("Page 1 of 1"));
    assert!(text.contains("Nothing is billed"));
}

#[test]
fn two_thousand_entries_repeat_the_header_and_the_number_on_every_page() {
    let pdf = render(&usual(120, 2_000));
    let Some(text) = text("long", &pdf) else {
        return;
    };
    let pages = pages(&text);
    assert!(pages.len() > 50);
    for (index, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("Page {} of {}", index + 1, pages.len())));
        assert!(page.contains("Invoice 2026-0173"));
    }
    let headers = pages.iter().filter(|page| page.contains("Where the time went")).count();
    assert!(headers >= pages.len() - 5);
    assert!(text.contains("T-6099"));
}

#[test]
fn a_reserve_and_a_chart_without_overage_are_shown() {
    let mut document = usual(3, 2);
    let statement = document.statement.as_mut().expect("a statement");
    statement.reserve = Some(ReserveStatement {
        opening: "120.00".to_owned(),
        granted: "800.00".to_owned(),
        used: "415.50".to_owned(),
        forfeited: "0.00".to_owned(),
        closing: "504.50".to_owned(),
    });
    document.burn_down = Some(BurnDown {
        days: 92,
        granted_seconds: 5_400,
        points: vec![BurnPoint { at: 0.0, left_seconds: 5_400 }, BurnPoint { at: 0.4, left_seconds: 1_830 }],
        overage: Vec::new(),
    });
    let Some(text) = text("reserve", &render(&document)) else {
        return;
    };
    for words in ["504.50", "Allowance 1:30", "0:30:30", "20 Mar"] {
        assert!(text.contains(words), "`{words}` is missing");
    }
    assert!(!text.contains("Overage so far"));
}

#[test]
fn a_chart_without_points_is_still_a_chart() {
    let mut document = usual(0, 0);
    document.burn_down = Some(BurnDown { days: 0, granted_seconds: 0, points: Vec::new(), overage: Vec::new() });
    assert!(render(&document).starts_with(b"%PDF"));
    let point = BurnPoint { at: 1.0, left_seconds: i64::MAX };
    let step = OverageStep { at: 0.0, seconds: i64::MAX };
    document.burn_down = Some(BurnDown { days: u16::MAX, granted_seconds: i64::MIN, points: vec![point; 3], overage: vec![step; 3] });
    assert!(render(&document).starts_with(b"%PDF"));
}

#[test]
fn too_many_entries_are_refused() {
    let mut document = usual(0, 1);
    let entry: TimeEntry = document.time_entries[0].clone();
    document.time_entries = vec![entry; 20_001];
    let refused = Renderer::new().render(&document).expect_err("more than fit");
    let expected = DocumentError::TooLarge { what: "time entries", found: 20_001, most: 20_000 };
    assert_eq!(refused, expected);
}

#[test]
fn a_chart_position_outside_the_period_is_refused() {
    for at in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let mut document = usual(0, 0);
        document.burn_down.as_mut().expect("a chart").points[0].at = at;
        assert_eq!(Renderer::new().render(&document), Err(DocumentError::ChartPosition));
    }
}

#[test]
fn a_document_survives_json() {
    let document = usual(2, 3);
    let json = serde_json::to_string(&document).expect("it can be written");
    let read: InvoiceDocument = serde_json::from_str(&json).expect("it can be read");
    assert_eq!(document, read);
}
