//! `staffing`: how many technicians of each tier answer in time, and what one more or less changes.

use quarterhour_server::app::money::rounded;
use quarterhour_server::app::risk::staffing::{Staffing, Target, staff};
use quarterhour_server::error::AppError;
use quarterhour_server::hours::{percent, whole_percent};

use crate::args::StaffingArguments;
use crate::commands::compare::{json, office};
use crate::session::Session;
use crate::show::out::out;
use crate::show::table::{Align, Table, plain};

/// Runs the command.
///
/// # Errors
///
/// Fails as the use case does.
pub fn run(session: &Session, arguments: &StaffingArguments) -> Result<(), AppError> {
    let office = office(session, &arguments.source)?;
    let target = Target {
        hours: arguments.within,
        share: arguments.share,
        cost_share: arguments.cost_share,
        paid_hours: arguments.paid_hours,
        tickets: arguments.tickets,
        seed: arguments.seed,
    };
    let staffing = staff(&office, target)?;
    if arguments.source.json { json(&staffing) } else { out(&text(&staffing, target)) }
}

fn text(staffing: &Staffing, target: Target) -> String {
    let columns = [
        ("staff", Align::Right),
        ("who", Align::Left),
        ("a month", Align::Right),
        ("in time", Align::Right),
        ("mean wait, h", Align::Right),
        ("P95 wait, h", Align::Right),
        ("busy", Align::Right),
        ("", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for option in &staffing.plan.options {
        let who: Vec<String> = option.staffing.iter().map(|tier| format!("{} x {}", tier.technicians, plain(&tier.tier))).collect();
        let first = option.outcome.first_response.as_ref();
        table.row(vec![
            option.technicians.to_string(),
            who.join(", "),
            rounded(option.cost_a_month),
            or_dash(option.lowest_within_target.map(|share| percent(share.value))),
            or_dash(first.map(|answers| format!("{:.2}", answers.mean_wait_hours.value))),
            or_dash(first.map(|answers| format!("{:.2}", answers.p95_wait_hours))),
            or_dash(option.outcome.utilisation.map(whole_percent)),
            if option.recommended { "<- enough".to_owned() } else { String::new() },
        ]);
    }
    format!(
        "{} tickets in {:.0} weeks. Wanted: {:.0} % of tickets taken up within {} of business time, in every tier. {} a month.\n{}\
         By simulation of {} weeks with the desk's own hours, arrivals and handle times; leave and meetings are not in it.\n",
        staffing.tickets_seen,
        staffing.weeks_seen,
        target.share * 100.0,
        hours(target.hours),
        staffing.currency,
        table.render(),
        staffing.question.span.weeks
    )
}

/// `1 hour`, `1.5 hours`.
fn hours(hours: f64) -> String {
    if (hours - 1.0).abs() < 1e-9 { "1 hour".to_owned() } else { format!("{hours} hours") }
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}
