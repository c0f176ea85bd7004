//! The audit log: searched, read, and exported as CSV or as JSON lines.

use std::convert::Infallible;

use askama::Template;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use quarterhour_books::csv::write_record;
use serde::{Deserialize, Serialize};
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::{AuditEntry, AuditFilter, Difference, NOUNS, differences};
use crate::app::context::App;
use crate::error::AppError;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::moment::Moments;
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

const MAY: Access = Access::May(Permission::SeeAudit);
const ON_A_PAGE: usize = 50;
const IN_A_PIECE: usize = 500;

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/audit", MAY, show).get("/audit/export.csv", MAY, export_csv).get("/audit/export.jsonl", MAY, export_json)
}

/// What is looked for, as it stands in the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Search {
    q: String,
    person: String,
    kind: String,
    client: String,
    from: String,
    until: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    before: String,
}

#[derive(Template)]
#[template(path = "audit/show.html")]
struct AuditLogPage {
    frame: Frame,
    search: Search,
    people: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
    clients: Vec<(String, String)>,
    entries: Vec<Row>,
    /// The address of this search without a cursor, to be gone on from.
    query: String,
    older: String,
    newest: String,
    problems: Problems,
}

/// An entry as it is shown.
struct Row {
    id: Uuid,
    at: String,
    who: String,
    did: String,
    what: String,
    client: String,
    how: String,
    differences: Vec<Difference>,
}

impl Row {
    fn of(app: &App, moments: &Moments, people: &[(String, String)], entry: AuditEntry) -> Self {
        let named = people.iter().find(|(id, _)| *id == entry.subject_id).map(|(_, name)| name.clone());
        let how = if entry.address.is_empty() { entry.channel.clone() } else { format!("{} from {}", entry.channel, entry.address) };
        Self {
            id: entry.audit_id,
            at: moments.at(&entry.at),
            differences: differences(entry.before_json.as_deref(), entry.after_json.as_deref()),
            what: match (entry.subject_kind.as_str(), named) {
                // What somebody does to the own account needs no name twice.
                ("user", _) if entry.actor_id.is_some_and(|id| id.to_string() == entry.subject_id) => String::new(),
                ("user", Some(name)) => name,
                ("user", None) => "user".to_owned(),
                // The id of a passkey says nothing to people; its name is what was changed.
                ("passkey" | "API token", _) => entry.subject_kind.clone(),
                ("payment", _) => invoice_of(&entry).map_or_else(|| "payment".to_owned(), |invoice| format!("payment of {invoice}")),
                (kind, _) => format!("{kind} {}", entry.subject_id),
            },
            client: entry.client_id.map(|id| app.client_code(id)).unwrap_or_default(),
            who: entry.actor_name,
            did: entry.action,
            how,
        }
    }

    /// Are its differences shown at once? Each with few letters, and few of them.
    fn is_short(&self) -> bool {
        let letters: usize = self.differences.iter().map(|it| it.field.len() + it.before.len() + it.after.len()).sum();
        self.differences.len() < 2 || (self.differences.len() < 5 && letters < 160)
    }
}

/// The invoice that a payment is for.
fn invoice_of(entry: &AuditEntry) -> Option<String> {
    let kept: serde_json::Value = serde_json::from_str(entry.after_json.as_deref().or(entry.before_json.as_deref())?).ok()?;
    kept.get("invoice")?.as_str().map(str::to_owned)
}

impl AuditLogPage {
    /// Is the log filtered by more than a text?
    fn is_filtered(&self) -> bool {
        let Search { person, kind, client, from, until, .. } = &self.search;
        [person, kind, client, from, until].into_iter().any(|it| !it.is_empty())
    }
}

fn filter(app: &App, search: &Search, zone: &TimeZone) -> Result<AuditFilter, AppError> {
    let day = |text: &str, field: &str, plus: i64| {
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || AppError::field(field, "expected a date such as 2026-11-25");
        let date: Date = text.parse().map_err(|_| wrong())?;
        let date = date.checked_add(jiff::Span::new().days(plus)).map_err(|_| wrong())?;
        date.to_zoned(zone.clone()).map(|zoned| Some(zoned.timestamp())).map_err(|_| wrong())
    };
    let books = app.books()?;
    let client_id = books.setup.client(&search.client).and_then(|(position, _)| usize::try_from(position).ok());
    let client_id = client_id.and_then(|position| books.client_ids.get(position)).copied();
    let unknown = !search.client.is_empty() && client_id.is_none();
    Ok(AuditFilter {
        actor_id: if search.person.is_empty() { None } else { Some(Uuid::parse_str(&search.person).unwrap_or(Uuid::nil())) },
        kind: search.kind.clone(),
        client_id: if unknown { Some(Uuid::nil()) } else { client_id },
        from: day(&search.from, "from", 0)?,
        until: day(&search.until, "until", 1)?,
        text: search.q.clone(),
    })
}

fn query_of(search: &Search) -> String {
    let pairs = [
        ("q", &search.q),
        ("person", &search.person),
        ("kind", &search.kind),
        ("client", &search.client),
        ("from", &search.from),
        ("until", &search.until),
    ];
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn people(app: &App, actor: &Actor) -> Result<Vec<(String, String)>, AppError> {
    let people = if actor.may(Permission::ManageUsers) { app.people(actor)? } else { Vec::new() };
    Ok(people.into_iter().map(|person| (person.user_id.to_string(), person.name)).collect())
}

fn choice(all: &str, list: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    std::iter::once((String::new(), all.to_owned())).chain(list).collect()
}

async fn show(State(app): State<App>, here: Here, Query(search): Query<Search>) -> Answer<AuditLogPage> {
    let moments = Moments::of(&app);
    let (actor, wanted, zone) = (here.actor(), search.clone(), moments.zone().clone());
    let before = Uuid::parse_str(&search.before).ok();
    let (found, people, books) = app
        .run(move |app| {
            let filter = filter(app, &wanted, &zone);
            let found = filter.and_then(|filter| app.audit_page(&actor, &filter, before, ON_A_PAGE));
            Ok((found, people(app, &actor)?, app.books()?))
        })
        .await?;
    let (found, problems) = match found {
        Ok(found) => (found, Problems::default()),
        Err(error) => (Default::default(), Problems::of_error(error)?),
    };
    let query = query_of(&search);
    let older = found.older.map(|id| format!("/audit?{query}{}before={id}", if query.is_empty() { "" } else { "&" }));
    let clients = books.setup.clients.iter().map(|client| (client.row.code.clone(), client.row.field("name").to_owned()));
    let wrong = !problems.is_empty();
    let shown = AuditLogPage {
        frame: here.frame(&app, "settings", "Audit log"),
        kinds: choice("Everything", NOUNS.map(|kind| (kind.to_owned(), kind.to_owned()))),
        clients: choice("All clients", clients),
        entries: found.entries.into_iter().map(|entry| Row::of(&app, &moments, &people, entry)).collect(),
        people: choice("Everybody", people),
        newest: if search.before.is_empty() { String::new() } else { format!("/audit?{query}") },
        older: older.unwrap_or_default(),
        query,
        search,
        problems,
    };
    if wrong { page_with_problems(shown) } else { page(shown) }
}

#[derive(Clone, Copy)]
enum Form {
    Csv,
    JsonLines,
}

const COLUMNS: [&str; 11] = ["at", "actor", "actor_id", "channel", "address", "action", "kind", "id", "client", "before", "after"];

impl Form {
    fn head(self) -> String {
        let mut text = String::new();
        if matches!(self, Self::Csv) {
            write_record(&mut text, &COLUMNS);
        }
        text
    }

    fn line(self, client: &str, entry: &AuditEntry, text: &mut String) {
        let (at, actor_id) = (entry.at.to_string(), entry.actor_id.map(|id| id.to_string()).unwrap_or_default());
        let (before, after) = (entry.before_json.as_deref().unwrap_or_default(), entry.after_json.as_deref().unwrap_or_default());
        let texts = [
            at.as_str(),
            &entry.actor_name,
            &actor_id,
            &entry.channel,
            &entry.address,
            &entry.action,
            &entry.subject_kind,
            &entry.subject_id,
            client,
            before,
            after,
        ];
        match self {
            Self::Csv => {
                let cells = texts.map(harmless);
                write_record(text, &cells.each_ref().map(String::as_str));
            }
            Self::JsonLines => {
                let value = |json: &str| serde_json::from_str(json).unwrap_or(serde_json::Value::Null);
                let mut object = serde_json::Map::new();
                for (column, cell) in COLUMNS.iter().zip(texts) {
                    let is_json = matches!(*column, "before" | "after");
                    object.insert((*column).to_owned(), if is_json { value(cell) } else { cell.into() });
                }
                text.push_str(&serde_json::Value::Object(object).to_string());
                text.push('\n');
            }
        }
    }
}

/// A text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

async fn export_csv(State(app): State<App>, here: Here, Query(search): Query<Search>) -> Result<Response, Failure> {
    export(&app, here.actor(), &search, Form::Csv, ("audit.csv", "text/csv; charset=utf-8")).await
}

async fn export_json(State(app): State<App>, here: Here, Query(search): Query<Search>) -> Result<Response, Failure> {
    export(&app, here.actor(), &search, Form::JsonLines, ("audit.jsonl", "application/jsonl")).await
}

/// Streams the log, the newest first, piece by piece: however long it is, one piece is in memory.
async fn export(app: &App, actor: Actor, search: &Search, form: Form, (name, media_type): (&str, &str)) -> Result<Response, Failure> {
    let (wanted, zone) = (search.clone(), Moments::of(app).zone().clone());
    let filter = app.run(move |app| filter(app, &wanted, &zone)).await?;
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<String, Infallible>>(2);
    let app = app.clone();
    tokio::spawn(async move {
        let mut piece = form.head();
        let mut before = None;
        loop {
            if !piece.is_empty() && sender.send(Ok(std::mem::take(&mut piece))).await.is_err() {
                return;
            }
            let (actor, filter) = (actor.clone(), filter.clone());
            let page = match app.run(move |app| app.audit_page(&actor, &filter, before, IN_A_PIECE)).await {
                Ok(page) => page,
                Err(error) => return tracing::error!("an export of the audit log broke off: {error}"),
            };
            for entry in &page.entries {
                form.line(&entry.client_id.map(|id| app.client_code(id)).unwrap_or_default(), entry, &mut piece);
            }
            before = page.older;
            if before.is_none() {
                let _ = sender.send(Ok(piece)).await;
                return;
            }
        }
    });
    let headers = [
        (CONTENT_TYPE, media_type.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(receiver))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_no_formulas() {
        assert_eq!(harmless("=1+1"), "'=1+1");
        assert_eq!(harmless("a=1"), "a=1");
    }
}
