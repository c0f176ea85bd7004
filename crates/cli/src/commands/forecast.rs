//! `forecast` and `backtest`: where the running month will end, and how good such forecasts were.

use quarterhour_risk::backtest::Backtest;
use quarterhour_server::app::risk::forecast::{Forecast, forecast, measure};
use quarterhour_server::error::AppError;
use quarterhour_server::hours::{percent, whole_percent};

use crate::args::BooksSource;
use crate::commands::compare::{json, office};
use crate::session::Session;
use crate::show::out::out;
use crate::show::table::{Align, Table, plain};

/// Forecasts the running month.
///
/// # Errors
///
/// Fails as the use case does.
pub fn run(session: &Session, clients: &[String], source: &BooksSource) -> Result<(), AppError> {
    let office = office(session, source)?;
    let told = forecast(&office, clients)?;
    if source.json { json(&told) } else { out(&table(&told)) }
}

fn table(told: &[Forecast]) -> String {
    let Some(first) = told.first() else { return "Nothing to forecast: no work is on record.\n".to_owned() };
    let columns = [
        ("client", Align::Left),
        ("so far", Align::Right),
        ("available", Align::Right),
        ("10 %", Align::Right),
        ("middle", Align::Right),
        ("90 %", Align::Right),
        ("overage", Align::Right),
        ("over h", Align::Right),
        ("unused h", Align::Right),
        ("used up", Align::Left),
    ];
    let mut table = Table::new(&columns);
    let hours = |hours: f64| format!("{:.1}", (hours * 10.0).round() / 10.0 + 0.0);
    let maybe = |value: Option<f64>, shown: fn(f64) -> String| value.map_or("-".to_owned(), shown);
    for it in told {
        let at = |share: f64| {
            it.quantiles.iter().find(|(own, _)| (own - share).abs() < 1e-9).map_or("-".to_owned(), |(_, value)| hours(*value))
        };
        table.row(vec![
            plain(&it.client),
            hours(it.hours),
            maybe(it.available, |value| format!("{value:.1}")) + &bought(it.can_buy),
            at(0.1),
            at(0.5),
            at(0.9),
            maybe(it.overage_chance, whole_percent),
            it.overage_hours.map_or("-".to_owned(), hours),
            it.unused_hours.map_or("-".to_owned(), hours),
            it.used_up_on.map_or(String::new(), |day| day.to_string()),
        ]);
    }
    format!(
        "Hours that count at the end of {}, seen on the morning of {}; {:.0} of {:.0} business days are left.\n{}{}{}",
        first.period,
        first.on,
        first.days_left,
        first.business_days,
        table.render(),
        if told.iter().any(|it| it.can_buy > 0.0) { "+: hours of blocks that the agreement can still buy by itself.\n" } else { "" },
        corrected(first.corrected_by)
    )
}

fn bought(hours: f64) -> String {
    if hours > 0.0 { format!(" +{hours:.0}") } else { String::new() }
}

fn corrected(by: usize) -> String {
    if by == 0 {
        String::new()
    } else {
        format!("Intervals were corrected by {by} past forecasts; `quarterhour backtest` measures them.\n")
    }
}

/// Measures forecasts on months that are over.
///
/// # Errors
///
/// Fails as the use case does.
pub fn backtest(session: &Session, source: &BooksSource) -> Result<(), AppError> {
    let office = office(session, source)?;
    let measured = measure(&office);
    if source.json { json(&measured) } else { out(&text(&measured)) }
}

fn text(measured: &Backtest) -> String {
    if measured.forecasts == 0 {
        return "Nothing to measure: it takes at least two months of work.\n".to_owned();
    }
    let mut table = Table::new(&[("interval", Align::Right), ("held", Align::Right), ("mean width, h", Align::Right)]);
    for it in &measured.coverage {
        table.row(vec![whole_percent(it.share), percent(it.held), format!("{:.1}", it.width)]);
    }
    let columns = [("forecast", Align::Left), ("CRPS, h", Align::Right), ("pinball 0.5", Align::Right), ("pinball 0.9", Align::Right)];
    let mut scores = Table::new(&columns);
    let row = |name: &str, crps: f64, pinball: [f64; 2]| {
        let [middle, high] = pinball;
        vec![name.to_owned(), format!("{crps:.3}"), format!("{middle:.3}"), format!("{high:.3}")]
    };
    scores.row(row("this forecast", measured.crps, measured.pinball));
    for it in &measured.baselines {
        scores.row(row(&it.name, it.crps, it.pinball));
    }
    let places: Vec<String> = measured.places.iter().map(ToString::to_string).collect();
    format!(
        "{} forecasts of {} months and {} clients, each from what was known then.\n{}\n{}\nOutcomes by tenths of their forecasts, even if all is well: {}\n",
        measured.forecasts,
        measured.months,
        measured.clients,
        table.render(),
        scores.render(),
        places.join(" ")
    )
}
