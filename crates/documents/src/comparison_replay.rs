//! The client's own months under each program, as the rows of a table.
//!
//! It compares numbers to find the cheapest of a month; it adds up nothing that is printed.

use serde::Serialize;

use crate::comparison::ReplayedMonths;
use crate::comparison_words::Shortener;

/// So many months are printed whole; of more, the last year is.
const MONTHS_WHOLE: usize = 14;
const MONTHS_SHOWN: usize = 12;
/// Characters of a month's name.
const MONTH_MAX: usize = 10;
/// Costs closer together than this, as a share, are equal.
const SAME: f64 = 1e-9;

#[derive(Debug, Serialize)]
pub(crate) struct ReplayView {
    heads: Vec<String>,
    rows: Vec<ReplayRow>,
    /// All months together; none where no text was given.
    total: Option<ReplayRow>,
    note: String,
}

#[derive(Debug, Serialize)]
struct ReplayRow {
    name: String,
    cells: Vec<ReplayCell>,
}

#[derive(Debug, Serialize)]
struct ReplayCell {
    text: String,
    cheapest: bool,
}

/// Makes the table; none without months or programs.
pub(crate) fn replay_view(replay: &ReplayedMonths, labels: &[String], short: Shortener<'_>) -> Option<ReplayView> {
    let count = replay.months.len();
    if count == 0 || labels.is_empty() {
        return None;
    }
    let first = if count > MONTHS_WHOLE { count - MONTHS_SHOWN } else { 0 };
    let cost = |program: usize, month: usize| replay.costs.get(program).and_then(|costs| costs.get(month)).copied();
    let text = |program: usize, month: usize| replay.texts.get(program).and_then(|texts| texts.get(month));
    let row = |(month, name): (usize, &String)| {
        let costs = (0..labels.len()).map(|program| cost(program, month)).collect();
        let texts = (0..labels.len()).map(|program| text(program, month).map_or("", String::as_str)).collect();
        ReplayRow { name: short.text(name, MONTH_MAX), cells: cells(costs, texts, short) }
    };
    let whole = |program: usize| match replay.total_values.get(program) {
        Some(total) => Some(*total),
        None => replay.costs.get(program).filter(|costs| costs.len() == count).map(|costs| costs.iter().sum()),
    };
    let total = replay.totals.iter().any(|text| !text.is_empty()).then(|| ReplayRow {
        name: format!("All {count}"),
        cells: cells(
            (0..labels.len()).map(whole).collect(),
            (0..labels.len()).map(|program| replay.totals.get(program).map_or("", String::as_str)).collect(),
            short,
        ),
    });
    let note = if first > 0 { format!("The last {MONTHS_SHOWN} of {count} months.") } else { String::new() };
    let rows = replay.months.iter().enumerate().skip(first).map(row).collect();
    Some(ReplayView { heads: labels.to_vec(), rows, total, note })
}

/// The cells of a row. The cheapest is marked, unless all cost the same, or it costs nothing: then it was paid for in another month.
fn cells(costs: Vec<Option<f64>>, texts: Vec<&str>, short: Shortener<'_>) -> Vec<ReplayCell> {
    let known = || costs.iter().flatten().copied();
    let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let near = (most - least).abs() * SAME + least.abs() * SAME;
    let is_cheapest = |cost: Option<f64>| least != 0.0 && most - least > near && cost.is_some_and(|cost| cost - least <= near);
    costs.iter().zip(texts).map(|(cost, text)| ReplayCell { text: short.amount(text), cheapest: is_cheapest(*cost) }).collect()
}
