//! `held`: overage past the cap, to be released or written off.

use quarterhour_billing::Currency;
use quarterhour_store::statements::hold;

use crate::args::{Decision, HeldAction};
use crate::session::Session;
use crate::show::out::out;
use crate::show::table::{Align, Table, plain};
use quarterhour_server::app::actor::Actor;
use quarterhour_server::app::held::{self, HeldDecision, Verdict};
use quarterhour_server::app::open_books::HeldPart;
use quarterhour_server::app::stored;
use quarterhour_server::error::AppError;
use quarterhour_server::hours::hours;

/// Runs the command.
///
/// # Errors
///
/// Fails when there is no such hold, or it is decided already.
pub fn run(session: &Session, action: Option<&HeldAction>) -> Result<(), AppError> {
    match action {
        None => list(session),
        Some(HeldAction::Release(decision)) => decide(session, decision, Verdict::Release),
        Some(HeldAction::WriteOff(decision)) => decide(session, decision, Verdict::WriteOff),
    }
}

fn list(session: &Session) -> Result<(), AppError> {
    let store = stored::open(&session.db)?;
    let (books, holds) = store.read(|tx| {
        let books = stored::read(tx)?;
        let mut holds = hold::list_all(tx, books.provider_id)?;
        holds.sort_by_key(|row| row.hold_id.parse::<i64>().unwrap_or(i64::MAX));
        Ok::<_, AppError>((books, holds))
    })?;
    let columns = [
        ("number", Align::Right),
        ("client", Align::Left),
        ("period", Align::Left),
        ("entry", Align::Left),
        ("time", Align::Right),
        ("amount", Align::Right),
        ("state", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for row in &holds {
        let currency = books.positions.get(&row.client_id).and_then(|position| books.setup.clients.get(*position));
        let currency = currency.map_or(books.setup.provider.currency, |client| client.client.currency);
        table.row(cells(row, books.code(row.client_id), currency));
    }
    if holds.is_empty() { out("Nothing is held.\n") } else { out(&table.render()) }
}

fn cells(row: &hold::Hold, code: &str, currency: Currency) -> Vec<String> {
    let held: Option<HeldPart> = serde_json::from_str(&row.body_json).ok();
    let time = held.as_ref().map(|held| hours(held.seconds)).unwrap_or_default();
    let amount = held.map(|held| format!("{} {}", currency.format(held.hourly.amount(held.seconds, currency)), currency.code()));
    let by = row.decided_by.as_deref().map(|by| format!(" by {}: {}", plain(by), plain(row.reason.as_deref().unwrap_or(""))));
    let state = format!("{}{}", row.state, by.unwrap_or_default());
    vec![row.hold_id.clone(), plain(code), row.period.clone(), plain(&row.entry_id), time, amount.unwrap_or_default(), state]
}

fn decide(session: &Session, decision: &Decision, verdict: Verdict) -> Result<(), AppError> {
    let made = HeldDecision { number: decision.number, verdict, by: decision.by.clone(), reason: decision.reason.clone() };
    let store = stored::open(&session.db)?;
    store.write(|tx| {
        let actor = Actor::command_line(stored::provider(tx)?.provider_id);
        held::decide(tx, &actor, None, &made, jiff::Timestamp::now())?;
        Ok::<_, AppError>(())
    })?;
    session.say(&format!("Number {} is {}: {}.", decision.number, verdict.state(), verdict.consequence()));
    Ok(())
}
