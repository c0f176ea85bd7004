//! `portfolio`: the provider's side of all its agreements.

use quarterhour_server::app::money::{exact, rounded};
use quarterhour_server::app::risk::provider_side::{Inquiry, ProviderSide, provider_side};
use quarterhour_server::error::AppError;
use quarterhour_server::hours::{percent, whole_percent};

use crate::args::PortfolioArguments;
use crate::commands::compare::{json, office};
use crate::session::Session;
use crate::show::out::out;
use crate::show::table::{Align, Table, plain};

/// Runs the command.
///
/// # Errors
///
/// Fails as the use case does.
pub fn run(session: &Session, arguments: &PortfolioArguments) -> Result<(), AppError> {
    let office = office(session, &arguments.source)?;
    let inquiry = Inquiry {
        seed: arguments.seed,
        courses: arguments.courses,
        cost_share: arguments.cost_share,
        staff_hours: arguments.staff_hours,
        shock: arguments.shock,
    };
    let side = provider_side(&office, inquiry)?;
    if arguments.source.json { json(&side) } else { out(&text(&side)) }
}

fn text(side: &ProviderSide) -> String {
    let columns = [
        ("client", Align::Left),
        ("pays", Align::Right),
        ("hours", Align::Right),
        ("margin", Align::Right),
        ("bad year (P5)", Align::Right),
        ("chance of loss", Align::Right),
    ];
    let money = rounded;
    let mut table = Table::new(&columns);
    let figures = &side.figures;
    for it in &figures.clients {
        let chance = percent(it.loss_chance.value);
        table.row(vec![plain(&it.client), money(it.revenue), money(it.hours), money(it.mean), money(it.p5), chance]);
    }
    let hours: f64 = figures.clients.iter().map(|it| it.hours).sum();
    let chance = percent(figures.loss_chance.value);
    table.total(vec!["all".to_owned(), money(figures.revenue), money(hours), money(figures.mean), money(figures.p5), chance]);
    let mut text = format!("A year under today's agreements, {}; the thinnest margins first.\n{}", side.currency, table.render());
    let quantiles: Vec<String> =
        figures.month_hours.iter().map(|(share, hours)| format!("{hours:.0} h at {}", whole_percent(*share))).collect();
    text += &format!("Hours of a month over all clients: {}.\n", quantiles.join(", "));
    if let (Some(staff), Some(month), Some(year)) = (side.plan.staff_hours, &figures.short_month, &figures.short_year) {
        text += &format!(
            "With {staff:.0} hours of staff, {} of months are short, and {} of years have such a month.\n",
            percent(month.value),
            percent(year.value)
        );
    }
    let promised = &side.promised;
    text += &format!(
        "Promised ahead: {:.0} hours in blocks (paid: {}), {:.0} hours in allowances. If all were called at once: {} of staff.\n",
        promised.block_hours,
        money(promised.block_money),
        promised.allowance_hours,
        money(promised.storm_cost)
    );
    text += &format!(
        "{} years from seed {}; a common shock of {:.0} % a month; an hour at the usual price costs {}.\n",
        side.plan.courses,
        side.plan.seed,
        side.plan.shock * 100.0,
        exact(side.plan.hour_cost, &side.currency)
    );
    if !side.left_out.is_empty() {
        text += &format!("Left out, because they pay in another currency: {}.\n", plain(&side.left_out.join(", ")));
    }
    text
}
