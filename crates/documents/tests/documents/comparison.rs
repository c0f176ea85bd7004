//! The comparison: complete, stable, and four pages whatever is put into it.

use quarterhour_documents::{ComparisonPaper, DocumentError, Logo, LogoFormat, Paper, Renderer};

use crate::comparison_samples::{comparison, money, texts};
use crate::extract::{boxes, pages, text};

fn render(paper: &ComparisonPaper) -> Vec<u8> {
    Renderer::new().render_comparison(paper).expect("the comparison renders")
}

/// Renders on both sizes of paper; looks for four pages on which no words touch.
fn four_pages(name: &str, paper: &ComparisonPaper) -> Option<String> {
    let mut first = None;
    for (size, suffix) in [(Paper::A4, "a4"), (Paper::Letter, "letter")] {
        let name = format!("comparison-{name}-{suffix}");
        let pdf = render(&ComparisonPaper { paper: size, ..paper.clone() });
        let text = text(&name, &pdf)?;
        assert_eq!(pages(&text).len(), 4, "{name} has another number of pages");
        for (index, page) in pages(&text).iter().enumerate() {
            assert!(page.contains(&format!("Page {} of 4", index + 1)), "{name}: {page}");
        }
        for page in boxes(&name) {
            page.check(&name);
        }
        first.get_or_insert(text);
    }
    first
}

/// The words of a text with single spaces, as if it had no lines.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_usual_comparison_shows_its_sentences_and_figures() {
    let paper = comparison(7, 36);
    let Some(text) = four_pages("usual", &paper) else {
        return;
    };
    let pages: Vec<String> = pages(&text).into_iter().map(flowing).collect();
    for sentence in &paper.summary {
        assert!(pages[0].contains(sentence), "`{sentence}` is missing in {}", pages[0]);
    }
    for words in
        ["Which support program fits you?", "Acme Optics Ltd", "1 April 2026", "hello@northgate.example", "today", "19,900", "31.2"]
    {
        assert!(pages[0].contains(words), "`{words}` is missing on page 1");
    }
    for words in ["The risk", "24,364", "27,436", "Included today: 10 h", "1 in 20 above 36 h", "71 %", "the same every year"] {
        assert!(pages[1].contains(words), "`{words}` is missing on page 2");
    }
    for words in
        ["The details", "Jan 2025", "Dec 2025", "All 36", "The last 12 of 36 months.", "tickets a month", "113.19 a billable hour"]
    {
        assert!(pages[2].contains(words), "`{words}` is missing on page 3");
    }
    assert!(!pages[2].contains("Dec 2024"), "older months are in the total only");
    for words in ["Before you sign", "“unlimited”", "USD 14 to 20 a call", "--seed 1", "by up to 18 %"] {
        assert!(pages[3].contains(words), "`{words}` is missing on page 4");
    }
}

#[test]
fn any_number_of_programs_and_months_takes_four_pages() {
    for (programs, months) in [(0, 0), (1, 0), (1, 1), (2, 3), (6, 12), (7, 0), (7, 14), (8, 15), (9, 60)] {
        four_pages(&format!("{programs}-{months}"), &comparison(programs, months));
    }
    let mut most = comparison(9, 60);
    most.contenders.push(most.contenders[2].clone());
    most.curve.costs.push(most.curve.costs[2].clone());
    four_pages("10-60", &most);
}

#[test]
fn no_history_and_no_charts_are_said_in_words() {
    let mut paper = comparison(7, 0);
    paper.month_fan.clear();
    paper.curve.tickets.clear();
    paper.contenders.iter_mut().for_each(|it| {
        it.density.clear();
        it.carried_share = None;
    });
    (paper.allowance, paper.break_evens, paper.advice, paper.questions) = (None, Vec::new(), Vec::new(), Vec::new());
    (paper.assumptions, paper.yardsticks) = (Vec::new(), Vec::new());
    (paper.uncertainty, paper.seed_line) = (String::new(), String::new());
    let Some(text) = four_pages("bare", &paper) else {
        return;
    };
    let text = flowing(&text);
    for words in ["no months of yours", "no forecast of single months", "no figures for other levels", "no risk to carry"] {
        assert!(text.contains(words), "`{words}` is missing");
    }
}

#[test]
fn months_that_were_stand_before_those_to_come() {
    let mut paper = comparison(7, 12);
    paper.months_past = 5;
    for (number, it) in paper.month_fan.iter_mut().take(5).enumerate() {
        let hours = [11.0, 17.5, 9.0, 31.0, 14.0][number];
        (it.p5, it.p10, it.p25, it.p50, it.p75, it.p90, it.p95) = (hours, hours, hours, hours, hours, hours, hours);
    }
    let Some(text) = four_pages("past", &paper) else {
        return;
    };
    assert!(flowing(&text).contains("your last months as they were"));
    paper.months_past = 99;
    let text = four_pages("all-past", &paper).unwrap_or_default();
    assert!(!flowing(&text).contains("your last months as they were"));
}

#[test]
fn costs_without_any_spread_are_drawn() {
    let mut paper = comparison(7, 12);
    for it in &mut paper.contenders {
        (it.p50_value, it.p95_value, it.mean_value) = (24_000.0, 24_000.0, 24_000.0);
        it.density = vec![(24_000.0, 1.0)];
    }
    four_pages("calm", &paper);
    for it in &mut paper.contenders {
        (it.p50_value, it.p95_value, it.mean_value) = (0.0, 0.0, 0.0);
    }
    paper.curve.costs.iter_mut().flatten().for_each(|cost| *cost = 0.0);
    paper.month_fan.truncate(1);
    four_pages("nothing", &paper);
}

/// The same comparison with all amounts in another currency.
fn exchanged(currency: &str, rate: f64) -> ComparisonPaper {
    let mut paper = comparison(7, 36);
    currency.clone_into(&mut paper.currency);
    for it in &mut paper.contenders {
        let shown = |value: f64| format!("{currency} {}", money(value * rate));
        (it.mean, it.median, it.p95) = (shown(it.mean_value), shown(it.p50_value), shown(it.p95_value));
        it.mean_range = format!("{} to {}", money(it.mean_value * rate * 0.88), money(it.mean_value * rate * 1.17));
        (it.p90, it.tail95) = (shown(it.p95_value * 0.95), shown(it.p95_value * 1.05));
        (it.worst_month, it.lost_money, it.per_hour, it.per_seat) = (shown(4_000.0), shown(3_900.0), shown(118.0), shown(68.0));
        for value in [&mut it.mean_value, &mut it.p50_value, &mut it.p95_value] {
            *value *= rate;
        }
        it.density.iter_mut().for_each(|point| *point = (point.0 * rate, point.1 / rate));
    }
    paper.curve.costs.iter_mut().flatten().for_each(|cost| *cost *= rate);
    let replay = &mut paper.replay;
    replay.costs.iter_mut().flatten().for_each(|cost| *cost *= rate);
    replay.texts = replay.costs.iter().map(|costs| costs.iter().map(|cost| money(*cost)).collect()).collect();
    replay.totals = replay.costs.iter().map(|costs| money(costs.iter().sum())).collect();
    paper
}

#[test]
fn yen_and_huge_amounts_fit() {
    if let Some(text) = four_pages("yen", &exchanged("JPY", 163.0)) {
        let text = flowing(&text);
        for words in ["3,488,200", "JPY million a year", "Amounts in JPY"] {
            assert!(text.contains(words), "`{words}` is missing");
        }
        assert!(!text.contains("JPY 3,488,200"), "the currency is not repeated in tables");
    }
    four_pages("huge", &exchanged("VND", 1_234_567.0));
    four_pages("vast", &exchanged("IRR", 9_876_543_210.0));
    four_pages("tiny", &exchanged("BTC", 0.000_001));
}

#[test]
fn programs_far_apart_keep_their_labels() {
    let mut paper = comparison(7, 12);
    let cheap = &mut paper.contenders[1];
    (cheap.p50_value, cheap.mean_value, cheap.p95_value) = (120.0, 180.0, 900.0);
    (cheap.mean, cheap.p95) = ("180".to_owned(), "900".to_owned());
    cheap.density.iter_mut().for_each(|point| point.0 /= 200.0);
    let dear = &mut paper.contenders[2];
    (dear.p50_value, dear.mean_value, dear.p95_value) = (-2_000.0, 40_000.0, 260_000.0);
    four_pages("apart", &paper);
}

/// Every text of a paper, to be changed.
fn every_text(paper: &mut ComparisonPaper, change: impl Fn(&mut String)) {
    let party = &mut paper.provider;
    party.address.iter_mut().chain(&mut party.email).chain([&mut party.name]).for_each(&change);
    [&mut paper.client_name, &mut paper.title, &mut paper.currency, &mut paper.uncertainty, &mut paper.seed_line]
        .into_iter()
        .for_each(&change);
    paper.summary.iter_mut().chain(&mut paper.advice).chain(&mut paper.assumptions).for_each(&change);
    for it in &mut paper.contenders {
        let names = [&mut it.name, &mut it.program_line, &mut it.price_line, &mut it.overage_chance, &mut it.carried_by_client];
        let amounts = [&mut it.mean, &mut it.median, &mut it.p90, &mut it.p95, &mut it.tail95, &mut it.worst_month];
        let rest = [&mut it.lost_hours, &mut it.lost_money, &mut it.per_hour, &mut it.per_seat];
        names.into_iter().chain(amounts).chain(rest).chain(&mut it.pros).chain(&mut it.cons).for_each(&change);
    }
    paper.month_fan.iter_mut().for_each(|it| change(&mut it.label));
    paper.allowance.iter_mut().for_each(|it| change(&mut it.label));
    paper.break_evens.iter_mut().for_each(|it| change(&mut it.sentence));
    let replay = &mut paper.replay;
    replay.months.iter_mut().chain(replay.texts.iter_mut().flatten()).chain(&mut replay.totals).for_each(&change);
    for it in &mut paper.questions {
        [&mut it.question, &mut it.why].into_iter().chain(&mut it.answer).for_each(&change);
    }
    for it in &mut paper.yardsticks {
        [&mut it.what, &mut it.value, &mut it.source].into_iter().for_each(&change);
    }
}

/// A comparison in which every list is longer than what is shown.
fn overfull(programs: usize) -> ComparisonPaper {
    let mut paper = comparison(programs, 60);
    let long = |text: &String| std::iter::repeat_n(text.clone(), 3);
    paper.summary = paper.summary.iter().flat_map(long).collect();
    paper.advice = paper.advice.iter().flat_map(long).collect();
    paper.assumptions = paper.assumptions.iter().flat_map(long).collect();
    paper.questions = [paper.questions.clone(), paper.questions.clone()].concat();
    paper.yardsticks = [paper.yardsticks.clone(), paper.yardsticks.clone()].concat();
    paper.break_evens = [paper.break_evens.clone(), paper.break_evens.clone(), paper.break_evens.clone()].concat();
    for it in &mut paper.contenders {
        it.pros = it.pros.iter().flat_map(long).collect();
        it.cons = it.cons.iter().flat_map(long).collect();
    }
    paper
}

#[test]
fn long_lists_say_how_much_they_leave_out() {
    let Some(text) = four_pages("overfull", &overfull(9)) else {
        return;
    };
    for (words, times) in [("and 5 more", 1), ("and 12 more", 1), ("and 4 more", 1), ("and 6 more", 2), ("and 2 more", 1)] {
        assert!(text.matches(words).count() >= times, "`{words}` is missing in {text}");
    }
}

#[test]
fn long_texts_are_shortened_and_nothing_touches() {
    let mut paper = overfull(9);
    every_text(&mut paper, |text| text.push_str(&" and then some more of the same, as people write".repeat(20)));
    for it in &mut paper.contenders {
        (it.mean, it.p95, it.worst_month) =
            ("EUR 123,456,789,012".to_owned(), "EUR 223,456,789,012".to_owned(), "12,345,678.90".to_owned());
    }
    if let Some(text) = four_pages("long", &paper) {
        assert!(text.contains('…'));
    }
}

#[test]
fn long_names_of_clients_and_programs_stay_in_their_places() {
    let mut paper = comparison(7, 36);
    paper.client_name =
        "Donaudampfschifffahrtsgesellschaft Erste Allgemeine Verwaltungs- und Beteiligungsgesellschaft mbH & Co. KG, Wien".to_owned();
    paper.provider.name = "The Very Long Established Northern Information Technology Support and Consulting Company Ltd".to_owned();
    for it in &mut paper.contenders {
        it.name = format!("{} for Donaudampfschifffahrtsgesellschaften", it.name);
    }
    if let Some(text) = four_pages("names", &paper) {
        assert!(flowing(&text).contains("Beteiligungsgesell"), "the name is shown up to its limit");
    }
}

#[test]
fn every_field_takes_every_kind_of_text() {
    let renderer = Renderer::new();
    let long_word = "W".repeat(400);
    let marks = format!("Z{}", "\u{0300}\u{0316}".repeat(60));
    for (index, hostile) in [
        "",
        " ",
        "\u{0}",
        "tab\tand\r\nlines\n\n\nend\u{85}\u{2028}\u{2029}",
        "😀 👩‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽 ☎️ ©️",
        "日本語の伝票、한국어 청구서，发票",
        "فاتورة رقم ١٢٣ — חשבונית 456",
        "\u{202E}0091 latot\u{202C} \u{2066}x\u{2069} \u{200F}",
        "हिन्दी বাংলা ไทย ქართული አማርኛ ᏣᎳᎩ",
        "\u{FFFE}\u{FFFF}\u{FEFF}\u{FFFD}\u{E000}\u{10FFFF}\u{E0041}\u{1F3F4}",
        "#panic(\"x\") *bold* _it_ $x^2$ <label> @ref \\ `raw` = head // no /* no */ [b] {c}",
        &long_word,
        &marks,
    ]
    .into_iter()
    .enumerate()
    {
        let mut paper = comparison(7, 14);
        every_text(&mut paper, |text| hostile.clone_into(text));
        let pdf = renderer.render_comparison(&paper);
        assert!(pdf.is_ok(), "{hostile:?}: {pdf:?}");
        let name = format!("comparison-hostile-{index}");
        if let Some(text) = text(&name, &pdf.unwrap_or_default()) {
            assert_eq!(pages(&text).len(), 4, "{hostile:?}");
            boxes(&name).iter().for_each(|page| page.check(&name));
        }
    }
}

#[test]
fn emoji_and_scripts_without_a_font_show_as_boxes_beside_the_rest() {
    let mut paper = comparison(7, 12);
    paper.client_name = "東京 Optics 😀 Zürich".to_owned();
    paper.contenders[1].name = "Block 😀 数".to_owned();
    if let Some(text) = four_pages("scripts", &paper) {
        assert!(text.contains("□□ Optics"), "{text}");
        assert!(text.contains("Block"));
    }
}

#[test]
fn markup_shows_as_it_was_typed() {
    let mut paper = comparison(2, 0);
    paper.summary = texts(&["#panic() *bold* $x$ @ref = h"]);
    if let Some(text) = four_pages("markup", &paper) {
        assert!(text.contains("#panic() *bold* $x$ @ref = h"));
    }
}

#[test]
fn the_same_comparison_gives_the_same_bytes() {
    let renderer = Renderer::new();
    let first = renderer.render_comparison(&comparison(7, 36)).expect("it renders");
    renderer.render_comparison(&comparison(2, 1)).expect("another renders");
    assert_eq!(first, renderer.render_comparison(&comparison(7, 36)).expect("it renders again"));
    assert_eq!(first, render(&comparison(7, 36)), "another renderer must agree");
    let mut other = comparison(7, 36);
    other.client_name.push('!');
    assert_ne!(first, render(&other));
}

#[test]
fn the_comparison_declares_both_standards_and_its_day() {
    let pdf = render(&comparison(7, 36));
    let metadata = String::from_utf8_lossy(&pdf);
    for words in
        ["<pdfaid:part>3</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>", "<pdfuaid:part>1</pdfuaid:part>", "2026-04-01"]
    {
        assert!(metadata.contains(words), "`{words}` is missing");
    }
}

#[test]
fn a_logo_stands_at_the_top_and_what_is_no_picture_is_refused() {
    let svg = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 80"><rect width="300" height="80" rx="16" fill="#1f4e79"/></svg>"##;
    let mut paper = comparison(7, 12);
    paper.logo = Some(Logo { format: LogoFormat::Svg, bytes: svg.into(), alt: None });
    if let Some(text) = four_pages("logo", &paper) {
        assert!(text.contains("Northgate IT Support GmbH"), "the name stands beside the logo");
    }
    paper.logo = Some(Logo { format: LogoFormat::Png, bytes: b"GIF89a".to_vec(), alt: None });
    assert!(matches!(Renderer::new().render_comparison(&paper), Err(DocumentError::Logo(_))));
}

#[test]
fn what_cannot_be_drawn_is_refused_with_the_chart_named() {
    let renderer = Renderer::new();
    let mut many = comparison(9, 0);
    many.contenders.extend(comparison(2, 0).contenders);
    let refused = DocumentError::TooLarge { what: "programs", found: 11, most: 10 };
    assert_eq!(renderer.render_comparison(&many), Err(refused));
    for value in [f64::NAN, f64::INFINITY, 1e300] {
        let mut papers = vec![comparison(2, 2); 4];
        papers[0].contenders[1].density[3].1 = value;
        papers[1].month_fan[0].p95 = value;
        papers[2].curve.costs[0][0] = value;
        papers[3].replay.costs[1][1] = value;
        for (paper, chart) in papers.iter().zip(["a year's cost", "the months ahead", "cost against demand", "the months replayed"]) {
            assert_eq!(renderer.render_comparison(paper), Err(DocumentError::ChartValue(chart)));
        }
    }
}

#[test]
fn lists_of_different_lengths_are_no_fault() {
    let mut paper = comparison(7, 12);
    paper.curve.costs.truncate(3);
    paper.curve.costs[0].clear();
    paper.replay.texts.truncate(2);
    paper.replay.texts[1].truncate(5);
    paper.replay.costs.clear();
    paper.replay.totals.truncate(1);
    paper.break_evens[0].contender = Some(99);
    paper.break_evens[1].tickets = Some(1e9);
    paper.contenders[0].density.reverse();
    paper.contenders[2].carried_share = Some(1.7);
    four_pages("uneven", &paper);
}

#[test]
fn a_comparison_survives_json() {
    let paper = comparison(9, 60);
    let json = serde_json::to_string(&paper).expect("it can be written");
    let read: ComparisonPaper = serde_json::from_str(&json).expect("it can be read");
    assert_eq!(paper, read);
}
