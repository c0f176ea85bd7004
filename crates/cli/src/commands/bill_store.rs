//! `bill` on a database: issue if told so, then show.

use quarterhour_store::Store;

use crate::args::BillArguments;
use crate::session::Session;
use crate::show::progress;
use quarterhour_server::app::outcome::RunResult;
use quarterhour_server::app::{bill_store, issue, stored};
use quarterhour_server::error::AppError;

/// Issues the periods when told so, and returns what there is to show.
///
/// # Errors
///
/// Fails as the use cases do.
pub fn run(session: &Session, arguments: &BillArguments, today: jiff::civil::Date) -> Result<RunResult, AppError> {
    let store = stored::open(&session.db)?;
    if arguments.issue {
        let mut period = arguments.periods.0;
        while period <= arguments.periods.1 {
            issue_period(session, &store, arguments, period, today)?;
            period = period.next();
        }
    }
    bill_store::preview(&store, arguments.periods, &arguments.clients, arguments.out.is_some())
}

fn issue_period(
    session: &Session,
    store: &Store,
    arguments: &BillArguments,
    period: quarterhour_billing::Period,
    today: jiff::civil::Date,
) -> Result<(), AppError> {
    let bar = progress::bar(session.quiet, "Issuing", 0);
    let clients = if arguments.clients.is_empty() { 0 } else { arguments.clients.len() };
    bar.set_length(u64::try_from(clients).unwrap_or(0));
    let issued = issue::issue(store, period, &arguments.clients, today, |steps| bar.inc(steps))?;
    bar.finish_and_clear();
    let before = if issued.before > 0 { format!(", {} clients had been issued before", issued.before) } else { String::new() };
    session.say(&format!("{period}: {} invoices issued for {} clients{before}.", issued.invoices, issued.clients));
    issued.kept_back.iter().chain(&issued.left_out).for_each(|line| session.say(line));
    Ok(())
}
