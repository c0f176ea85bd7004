//! Tickets: references with a title, and the work that names them. A service desk is elsewhere.

use std::collections::BTreeMap;

use quarterhour_billing::DAY_SECONDS;
use quarterhour_store::statements::ticket::{self, Ticket};
use quarterhour_store::statements::time_entry;
use serde::Serialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::events::Event;
use crate::error::AppError;

const KIND: &str = "ticket";
/// Work so far back is added up.
const DAYS_BACK: i64 = 190;

/// A ticket with its work of the last half year.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TicketView {
    /// The reference.
    pub ticket: String,
    /// The title; may be empty.
    pub title: String,
    /// Time entries.
    pub entries: usize,
    /// Actual seconds.
    pub actual: i64,
    /// The start of the last entry in Unix seconds; none without work.
    pub last_at: Option<i64>,
    /// When it was last worked on or given its first title, in Unix seconds.
    pub seen_at: i64,
    /// The last entry's day on the client's wall clock.
    pub last_on: Option<jiff::civil::Date>,
}

impl Context {
    /// The tickets of a client that have a title or work of the last half year, the latest first.
    ///
    /// # Errors
    ///
    /// Fails for an unknown client, or when the database does.
    pub fn tickets_of_client(&self, client_id: Uuid) -> Result<Vec<TicketView>, AppError> {
        let books = self.books()?;
        let position = books.positions.get(&client_id).and_then(|position| books.setup.clients.get(*position));
        let clock = &position.ok_or_else(|| AppError::not_found("client"))?.client.clock;
        let now = self.clock.now().as_second();
        let mut views: BTreeMap<String, TicketView> = BTreeMap::new();
        self.store.read(|tx| {
            for row in ticket::list_of_client(tx, books.provider_id, client_id)? {
                let seen_at = row.created_at.as_second();
                let view = TicketView { ticket: row.ticket.clone(), title: row.title, seen_at, ..TicketView::default() };
                views.insert(row.ticket, view);
            }
            let span = now - DAYS_BACK * DAY_SECONDS..now + 2 * DAY_SECONDS;
            time_entry::each_between(tx, books.provider_id, Some(&[client_id]), span, |row| {
                if row.ticket.is_empty() {
                    return Ok(());
                }
                if !views.contains_key(&row.ticket) {
                    views.insert(row.ticket.clone(), TicketView { ticket: row.ticket.clone(), ..TicketView::default() });
                }
                if let Some(view) = views.get_mut(&row.ticket) {
                    view.entries += 1;
                    view.actual += row.minutes * 60;
                    view.last_at = view.last_at.max(Some(row.started_at));
                    view.seen_at = view.seen_at.max(row.started_at);
                }
                Ok::<_, AppError>(())
            })
        })?;
        let mut list: Vec<TicketView> = views.into_values().collect();
        for view in &mut list {
            view.last_on = view.last_at.map(|at| clock.day(at).date());
        }
        list.sort_by(|one, other| (other.seen_at, &one.ticket).cmp(&(one.seen_at, &other.ticket)));
        Ok(list)
    }

    /// Gives a ticket a title.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed or not right.
    pub fn set_ticket_title(&self, actor: &Actor, code: &str, reference: &str, title: &str) -> Result<(), AppError> {
        actor.require(Permission::EditClients)?;
        let client_id = self.client_by_code(code)?;
        let (reference, title) = (reference.trim(), title.trim());
        let short = |field: &str, text: &str, most: usize| {
            let wrong = text.chars().count() > most || text.chars().any(char::is_control);
            if wrong { Err(AppError::field(field, format!("expected one line of at most {most} characters"))) } else { Ok(()) }
        };
        if reference.is_empty() {
            return Err(AppError::field("ticket", "nothing; expected the ticket's number or name"));
        }
        short("ticket", reference, 500)?;
        short("title", title, 200)?;
        self.store.write(|tx| {
            let before = ticket::find(tx, actor.provider, client_id, reference)?;
            let created_at = before.as_ref().map_or_else(|| self.clock.now(), |row| row.created_at);
            let row = Ticket { client_id, ticket: reference.to_owned(), title: title.to_owned(), created_at };
            ticket::upsert(tx, actor.provider, &row)?;
            let text = |title: &str| serde_json::json!({ "ticket": reference, "title": title });
            let change = Change::new("changed", KIND, reference).of_client(client_id).after(&text(title));
            let change = if let Some(before) = before { change.before(&text(&before.title)) } else { change };
            self.record(tx, actor, change)
        })?;
        self.events.tell(Event::Client { client_id, code: code.to_owned() });
        Ok(())
    }
}
