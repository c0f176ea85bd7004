//! A period's burn-down, drawn with characters.

use crate::show::style;
use crate::show::table::plain;
use quarterhour_server::app::body::StatementBody;
use quarterhour_server::app::paper::sentence;
use quarterhour_server::hours::hours;

const WIDTH: usize = 62;
const HEIGHT: usize = 8;

/// A statement in the terminal: title, burn-down, sentence.
pub fn statement(body: &StatementBody, is_issued: bool) -> String {
    let report = &body.statement;
    let title = format!("{} · {} · {} · {} {}", plain(&body.client.name), body.period, report.program, report.currency, report.total);
    let chart = if body.draws_time { burn_down(body) } else { String::new() };
    format!("{}\n{chart}{}\n", style::bold(&title), plain(&sentence(body, is_issued)))
}

/// What is left in the pools, a column for each half day.
fn burn_down(body: &StatementBody) -> String {
    let length = body.period.days() * quarterhour_billing::DAY_SECONDS;
    let top = body.burn_down.iter().map(|step| step.left).max().unwrap_or(0).max(1);
    let left_at = |column: usize| {
        let at = length * to_i64(column + 1) / to_i64(WIDTH);
        body.burn_down.iter().take_while(|step| step.at <= at).last().map_or(0, |step| step.left)
    };
    let first_overage = body.burn_down.iter().find(|step| step.overage > 0).map(|step| step.at);
    let mut text = String::new();
    for row in 0..HEIGHT {
        let label = if row == 0 { hours(top) } else { String::new() };
        text += &style::dim(&format!("{label:>10} │"));
        let cells: String = (0..WIDTH).map(|column| block(left_at(column), top, HEIGHT - 1 - row)).collect();
        text += &style::good(cells.trim_end());
        text.push('\n');
    }
    let over: String = (0..WIDTH)
        .map(|column| {
            let at = length * to_i64(column + 1) / to_i64(WIDTH);
            if first_overage.is_some_and(|first| first < at) { '▔' } else { ' ' }
        })
        .collect();
    text += &style::dim(&format!("{:>10} └{}\n", "0", "─".repeat(WIDTH)));
    if !over.trim().is_empty() {
        text += &format!("{:>10}  {}\n", "", style::warn(over.trim_end()));
    }
    text
}

/// The character of a cell: how much of its eighths is filled.
fn block(value: i64, top: i64, row: usize) -> char {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let filled = value * to_i64(HEIGHT * 8) / top - to_i64(row * 8);
    let index = usize::try_from(filled.clamp(0, 8)).unwrap_or(0);
    EIGHTHS.get(index).copied().unwrap_or(' ')
}

fn to_i64(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
