//! Clients one by one: added, changed, and what a change of currency or time zone does to what is open.

use quarterhour_billing::{Currency, LocalClock, Period};
use quarterhour_store::statements::client::{self, Client};
use quarterhour_store::statements::{closing, counter, ticket, time_entry, user};
use quarterhour_store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::live::ClientLive;
use crate::app::money;
use crate::app::seen::Seen;
use crate::app::stored::{BOOKS_VERSION, StoredBooks};
use crate::app::trial;
use crate::error::{AppError, FieldProblem};

const KIND: &str = "client";
/// Entries so close to the edge of the issued periods are looked at one by one.
const EDGE_SECONDS: i64 = 2 * quarterhour_billing::DAY_SECONDS;

/// A client as somebody writes it. Empty currency and time zone are the provider's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientDraft {
    /// The short name, unique; it stays.
    pub code: String,
    /// The name on invoices.
    pub name: String,
    /// Where invoices go.
    pub email: String,
    /// A currency of ISO 4217.
    pub currency: String,
    /// An IANA time zone.
    pub time_zone: String,
    /// A percentage.
    pub tax_percent: String,
    /// Street and number.
    pub street: String,
    /// City.
    pub city: String,
    /// Postcode.
    pub postcode: String,
    /// State or region.
    pub region: String,
    /// Country.
    pub country: String,
    /// The client's tax number.
    pub tax_id: String,
}

/// One of a client's own people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientPerson {
    /// Its id.
    pub id: Uuid,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Approver or contact.
    pub role: String,
    /// Shut out?
    pub is_out: bool,
}

impl ClientDraft {
    fn of(row: Client) -> Self {
        Self {
            code: row.code,
            name: row.name,
            email: row.email,
            currency: row.currency,
            time_zone: row.time_zone,
            tax_percent: row.tax_percent,
            street: row.street,
            city: row.city,
            postcode: row.postcode,
            region: row.region,
            country: row.country,
            tax_id: row.tax_id,
        }
    }

    /// As it is stored; spaces around what was typed mean nothing.
    fn row(&self, client_id: Uuid) -> Client {
        let tidy = |text: &str| text.trim().to_owned();
        Client {
            client_id,
            code: tidy(&self.code),
            name: tidy(&self.name),
            email: tidy(&self.email),
            currency: tidy(&self.currency).to_ascii_uppercase(),
            time_zone: tidy(&self.time_zone),
            tax_percent: tidy(&self.tax_percent),
            street: tidy(&self.street),
            city: tidy(&self.city),
            postcode: tidy(&self.postcode),
            region: tidy(&self.region),
            country: tidy(&self.country),
            tax_id: tidy(&self.tax_id),
        }
    }
}

impl Context {
    /// The id of a client's code.
    ///
    /// # Errors
    ///
    /// Fails for an unknown code.
    pub fn client_by_code(&self, code: &str) -> Result<Uuid, AppError> {
        let books = self.books()?;
        let position = books.setup.client(code).and_then(|(position, _)| usize::try_from(position).ok());
        let id = position.and_then(|position| books.client_ids.get(position)).copied();
        id.ok_or_else(|| AppError::not_found("client"))
    }

    /// The client's own people: name, address, role, and whether they are shut out.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn people_of_client(&self, client_id: Uuid) -> Result<Vec<ClientPerson>, AppError> {
        let provider = self.provider()?;
        let users = self.store.read(|tx| user::list_all(tx, provider))?;
        let own = users.into_iter().filter(|user| user.client_id == Some(client_id));
        Ok(own
            .map(|it| ClientPerson { id: it.user_id, name: it.name, email: it.email, role: it.role, is_out: it.disabled_at.is_some() })
            .collect())
    }

    /// A client as it is written.
    ///
    /// # Errors
    ///
    /// Fails for an unknown code.
    pub fn client_draft(&self, code: &str) -> Result<ClientDraft, AppError> {
        let provider = self.provider()?;
        let row = self.store.read(|tx| client::find_by_code(tx, provider, code))?;
        row.map(ClientDraft::of).ok_or_else(|| AppError::not_found("client"))
    }

    /// Adds a client and returns its code.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed or not right; nothing is saved then.
    pub fn add_client(&self, actor: &Actor, draft: &ClientDraft) -> Result<String, AppError> {
        actor.require(Permission::EditClients)?;
        let books = self.books()?;
        let row = draft.row(Uuid::now_v7());
        check(&books, &row)?;
        if row.code.contains(|letter: char| letter.is_whitespace() || "/\\?#%".contains(letter)) {
            let message = format!("`{}`; expected a short name without spaces, such as `acme`", row.code);
            return Err(AppError::field("code", message));
        }
        self.store.write(|tx| {
            // `Acme` beside `acme` would be taken for each other.
            let lower = row.code.to_lowercase();
            if client::list_all(tx, actor.provider)?.iter().any(|other| other.code.to_lowercase() == lower) {
                let message = format!("`{}` is taken; expected a code that no other client has", row.code);
                return Err(AppError::field("code", message));
            }
            counter::next_number(tx, actor.provider, BOOKS_VERSION)?;
            client::insert(tx, actor.provider, &row)?;
            let change = Change::new("created", KIND, &row.code).of_client(row.client_id).after(&ClientDraft::of(row.clone()));
            self.emit_client(tx, &row.code, "client")?;
            self.record(tx, actor, change)
        })?;
        self.books_changed();
        Ok(row.code)
    }

    /// Changes a client. Its code stays.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed or not right; nothing is saved then.
    pub fn change_client(&self, actor: &Actor, code: &str, draft: &ClientDraft, seen: Seen<'_, ClientDraft>) -> Result<(), AppError> {
        actor.require(Permission::EditClients)?;
        let books = self.books()?;
        self.store.write(|tx| {
            // First, so that no period is issued between the look and the change.
            counter::next_number(tx, actor.provider, BOOKS_VERSION)?;
            let before = client::find_by_code(tx, actor.provider, code)?.ok_or_else(|| AppError::not_found("client"))?;
            seen(&ClientDraft::of(before.clone()))?;
            let row = Client { code: before.code.clone(), ..draft.row(before.client_id) };
            if row == before {
                return Ok(());
            }
            check(&books, &row)?;
            refuse_split_periods(tx, &books, &row)?;
            refuse_other_digits(tx, &books, &row)?;
            client::update(tx, actor.provider, &row)?;
            let change = Change::new("changed", KIND, code).of_client(row.client_id);
            self.record(tx, actor, change.before(&ClientDraft::of(before)).after(&ClientDraft::of(row)))?;
            self.emit_client(tx, code, "client")
        })?;
        self.books_changed();
        Ok(())
    }

    /// Deletes a client of which nothing is on record: one that was added by mistake.
    ///
    /// # Errors
    ///
    /// Refuses a client with devices, agreements, time, documents, notes or people.
    pub fn delete_client(&self, actor: &Actor, code: &str, seen: Seen<'_, ClientDraft>) -> Result<(), AppError> {
        actor.require(Permission::EditClients)?;
        let kept = |what: &str| {
            let message = format!("`{code}` has {what}; only a client of which nothing is on record can be deleted");
            AppError::conflict(message, "end its agreement and retire its devices instead: then nothing is billed any more")
        };
        self.store.write(|tx| {
            counter::next_number(tx, actor.provider, BOOKS_VERSION)?;
            let row = client::find_by_code(tx, actor.provider, code)?.ok_or_else(|| AppError::not_found("client"))?;
            seen(&ClientDraft::of(row.clone()))?;
            // Titles of tickets on which no time was spent go with the client.
            ticket::delete_of_client(tx, actor.provider, row.client_id)?;
            match client::delete(tx, actor.provider, row.client_id) {
                Err(StoreError::Refused { .. }) => return Err(kept("devices, agreements, statements, notes or people")),
                deleted => deleted?,
            };
            let mut has_time = false;
            time_entry::each_between(tx, actor.provider, Some(&[row.client_id]), i64::MIN..i64::MAX, |_| {
                has_time = true;
                Ok::<(), AppError>(())
            })?;
            if has_time {
                return Err(kept("time entries"));
            }
            self.emit_client(tx, code, "client")?;
            self.record(tx, actor, Change::new("deleted", KIND, code).before(&ClientDraft::of(row)))
        })?;
        self.books_changed();
        Ok(())
    }

    /// What a change of currency, time zone or tax would do to the open periods, in sentences; none when it does nothing.
    ///
    /// # Errors
    ///
    /// Refuses what could not be saved.
    pub fn client_change_effect(&self, code: &str, draft: &ClientDraft) -> Result<Vec<String>, AppError> {
        let books = self.books()?;
        let live = self.client_live(self.client_by_code(code)?)?;
        self.store.read(|tx| {
            let before = client::find(tx, books.provider_id, live.client_id)?.ok_or_else(|| AppError::not_found("client"))?;
            let row = Client { code: before.code.clone(), ..draft.row(before.client_id) };
            check(&books, &row)?;
            if (&row.currency, &row.time_zone, &row.tax_percent) == (&before.currency, &before.time_zone, &before.tax_percent) {
                return Ok(Vec::new());
            }
            refuse_split_periods(tx, &books, &row)?;
            refuse_other_digits(tx, &books, &row)?;
            let devices = quarterhour_store::statements::device::list_of_client(tx, books.provider_id, live.client_id)?;
            let trial = trial::books_of(&books, &row, devices).map_err(fields)?;
            let compared = trial::compare(tx, &books, trial, live.running)?;
            Ok(sentences(&live, &compared.after))
        })
    }
}

/// Checks a client by the rules of the books, and that pages can link to it.
fn check(books: &StoredBooks, row: &Client) -> Result<(), AppError> {
    let mut problems = match trial::books_of(books, row, Vec::new()) {
        Ok(_) => Vec::new(),
        Err(found) => match fields(found) {
            AppError::Invalid(problems) => problems,
            other => return Err(other),
        },
    };
    if matches!(row.code.as_str(), "." | "..") {
        problems.push(FieldProblem::new("code", "`.` and `..`; expected a short name such as `acme`"));
    }
    let plausible = row.email.is_empty() || row.email.split_once('@').is_some_and(|(to, at)| !to.is_empty() && !at.is_empty());
    if !plausible {
        problems.push(FieldProblem::new("email", format!("`{}`; expected an address such as office@example.com", row.email)));
    }
    if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
}

/// The problems of a client's row at the fields of its form.
fn fields(problems: Vec<quarterhour_books::Problem>) -> AppError {
    let problems = problems.into_iter().map(|it| FieldProblem::new(it.column.unwrap_or_else(|| "code".to_owned()), it.message));
    AppError::Invalid(problems.collect())
}

/// A time zone may not move work over the edge of what is issued: it would be billed twice, or never.
fn refuse_split_periods(tx: &mut Tx, books: &StoredBooks, row: &Client) -> Result<(), AppError> {
    let Some(known) = books.positions.get(&row.client_id).and_then(|position| books.setup.clients.get(*position)) else {
        return Ok(());
    };
    let Some(issued) = closing::find_last(tx, books.provider_id, row.client_id)?.and_then(|it| Period::parse(&it.period)) else {
        return Ok(());
    };
    let zone = if row.time_zone.is_empty() { books.setup.provider.time_zone.as_str() } else { row.time_zone.as_str() };
    if known.client.clock.name() == zone {
        return Ok(());
    }
    let time_zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let clock = LocalClock::new(zone, &time_zone);
    let edge = issued.end().since(quarterhour_billing::Day::of_local(0)) * quarterhour_billing::DAY_SECONDS;
    let is_issued = |clock: &LocalClock, at: i64| clock.day(at).period() <= issued;
    let mut crossing = None;
    time_entry::each_between(tx, books.provider_id, Some(&[row.client_id]), edge - EDGE_SECONDS..edge + EDGE_SECONDS, |entry| {
        if is_issued(&known.client.clock, entry.started_at) != is_issued(&clock, entry.started_at) {
            crossing = Some(entry.entry_id);
        }
        Ok::<_, AppError>(())
    })?;
    crossing.map_or(Ok(()), |entry| {
        let message = format!(
            "`{zone}` would move time entry {entry} over the end of {issued}, which is issued; expected a zone with the same month for it"
        );
        Err(AppError::field("time_zone", message))
    })
}

/// Money that rolls on is kept in minor units: another number of digits would make it a hundred times as much.
fn refuse_other_digits(tx: &mut Tx, books: &StoredBooks, row: &Client) -> Result<(), AppError> {
    let Some(known) = books.positions.get(&row.client_id).and_then(|position| books.setup.clients.get(*position)) else {
        return Ok(());
    };
    let currency = Currency::parse(&row.currency).unwrap_or(books.setup.provider.currency);
    if currency.digits() == known.client.currency.digits() {
        return Ok(());
    }
    let last = closing::find_last(tx, books.provider_id, row.client_id)?;
    let closed = last.map(|row| crate::app::stored::read_closing(&row)).transpose()?;
    let money = closed.is_some_and(|it| it.carried.agreements.values().any(|state| !state.reserve.is_empty()));
    if money {
        let message = format!(
            "{} has other digits than the reserve that rolls on; expected a currency such as {}",
            currency.code(),
            known.client.currency.code()
        );
        return Err(AppError::field("currency", message));
    }
    Ok(())
}

fn sentences(before: &ClientLive, after: &ClientLive) -> Vec<String> {
    let (Ok(was), Ok(is)) = (before.client(), after.client()) else { return Vec::new() };
    let open: Vec<Period> = before.result.outcomes.iter().map(|outcome| outcome.period).collect();
    let span = match (open.first(), open.last()) {
        (Some(first), Some(last)) if first == last => format!("The open period {first}"),
        (Some(first), Some(last)) => format!("The open periods {first} to {last}"),
        _ => "Every period to come".to_owned(),
    };
    let mut list = Vec::new();
    if was.client.currency != is.client.currency {
        list.push(format!(
            "{span} will be billed in {}: the prices of agreements and rate card keep their numbers, they are not converted.",
            is.client.currency.code()
        ));
    }
    if was.client.clock.name() != is.client.clock.name() {
        let period = |live: &quarterhour_books::BookClient, at: i64| live.client.clock.day(at).period();
        let moved = before.entries().iter().filter(|entry| period(was, entry.started_at) != period(is, entry.started_at)).count();
        let moved = match moved {
            0 => "no open time entry moves to another month".to_owned(),
            1 => "1 open time entry moves to another month".to_owned(),
            more => format!("{more} open time entries move to another month"),
        };
        list.push(format!("Days, months and business hours follow {} from now on: {moved}.", is.client.clock.name()));
    }
    if was.client.tax_percent != is.client.tax_percent {
        list.push(format!("{span} will be taxed at {} percent.", is.client.tax_percent));
    }
    for outcome in &after.result.outcomes {
        let same =
            before.result.outcomes.iter().find(|it| (it.period, &it.report.agreement) == (outcome.period, &outcome.report.agreement));
        let total =
            |report: &quarterhour_billing::StatementReport, currency| money::minor(&report.total).map(|it| money::shown(it, currency));
        let then = same.and_then(|it| total(&it.report, was.client.currency));
        let now = total(&outcome.report, is.client.currency);
        if let Some((then, now)) = then.zip(now).filter(|(then, now)| then != now) {
            list.push(format!("{} goes from {then} to {now}, tax included.", outcome.period));
        }
    }
    if before.closed.is_some() {
        list.push("What is issued stays as it is.".to_owned());
    }
    list
}
