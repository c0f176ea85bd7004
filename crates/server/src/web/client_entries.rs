//! Every entry of a client's period: actual, billable, where each part went and why.

use askama::Template;
use axum::extract::{Path, Query, State};
use quarterhour_billing::{Band, Period};
use serde::Deserialize;

use crate::app::actor::{Actor, Permission};
use crate::app::client_entries::{self, EntryFilter, EntrySums, Flag, ListedEntry, part_words};
use crate::app::context::App;
use crate::dates;
use crate::web::client_head::{ClientHead, in_query};
use crate::web::client_show::entry_path;
use crate::web::client_show::tone;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, Download, Failure, page};
use crate::web::routes::{Access, Area};

/// Entries on one page.
const PAGE: usize = 200;

/// The routes.
#[must_use]
pub fn area() -> Area {
    let see = Access::May(Permission::SeeClients);
    Area::default().get("/clients/{code}/entries", see, show).get("/clients/{code}/entries.csv", see, csv)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct EntriesQuery {
    period: String,
    flag: String,
    q: String,
    page: usize,
}

impl EntriesQuery {
    /// What is asked for. Without a period: the running one, or all open ones where something is looked for.
    fn filter(&self, running: Period) -> EntryFilter {
        let flag = Flag::parse(&self.flag);
        let all_open = self.period == "open" || (self.period.is_empty() && flag.is_some());
        let period = Period::parse(&self.period).unwrap_or(running);
        EntryFilter { period: (!all_open).then_some(period), flag, text: self.q.clone() }
    }

    /// The query with another period and flag.
    fn with(&self, period: &str, flag: &str) -> String {
        let parts = [("period", period), ("flag", flag), ("q", &self.q)];
        let parts = parts.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", in_query(value)));
        parts.collect::<Vec<_>>().join("&")
    }
}

#[derive(Template)]
#[template(path = "client/entries.html")]
struct EntriesPage {
    frame: Frame,
    head: ClientHead,
    here: String,
    /// What is shown: a month, or all open periods.
    name: String,
    period: String,
    earlier: String,
    later: String,
    open: String,
    shows_open: bool,
    /// Where an agreement is made, for entries that have none.
    new_agreement: String,
    flags: Vec<(String, String)>,
    flag: String,
    query: EntriesQuery,
    rows: Vec<Row>,
    number: usize,
    sums: EntrySums,
    csv: String,
    newer: String,
    older: String,
}

struct Row {
    path: String,
    started: String,
    ticket: String,
    who: String,
    how: String,
    note: String,
    actual: i64,
    billable: i64,
    parts: Vec<(String, &'static str)>,
    badges: Vec<(&'static str, &'static str)>,
    statement: String,
    is_issued: bool,
}

impl Row {
    fn of(listed: &ListedEntry, actor: &Actor) -> Self {
        let entry = &listed.entry;
        let how = [entry.tier.as_str(), entry.work_type.as_str(), listed.device.as_str()];
        let late = entry.late_for.map(|_| format!(", {}", entry.late_words())).unwrap_or_default();
        Self {
            path: entry_path(actor, &entry.id),
            started: dates::wall(entry.started_local),
            ticket: entry.ticket.clone(),
            who: entry.technician.clone(),
            how: how.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", "),
            note: entry.note.clone(),
            actual: entry.actual,
            billable: entry.billable,
            parts: entry.parts.iter().map(|part| (part_words(part), tone(&part.fate, part.band == Band::AfterHours))).collect(),
            badges: listed.flags.iter().map(|flag| (flag.words(), badge(*flag))).collect(),
            statement: format!(
                "{}{}{late}",
                dates::month(listed.period),
                listed.agreement.as_deref().map(|it| format!(", {it}")).unwrap_or_default()
            ),
            is_issued: listed.is_issued,
        }
    }
}

fn badge(flag: Flag) -> &'static str {
    match flag {
        Flag::NoTicket | Flag::Unlisted => "",
        Flag::NoAgreement => "bad",
        Flag::Late => "night",
        Flag::Overage | Flag::Held => "over",
    }
}

async fn show(State(app): State<App>, here: Here, Path(code): Path<String>, Query(query): Query<EntriesQuery>) -> Answer<EntriesPage> {
    let (actor, wanted) = (here.actor(), query.clone());
    let (head, filter, found) = app
        .run(move |app| {
            let (head, client_id) = (ClientHead::of(app, &actor, &code)?, app.client_by_code(&code)?);
            let filter = wanted.filter(app.client_live(client_id)?.running);
            let found = app.client_entries(client_id, &filter)?;
            Ok((head, filter, found))
        })
        .await?;
    let may_agree = here.actor().may(Permission::EditAgreements);
    let period = filter.period.map_or_else(|| "open".to_owned(), |period| period.to_string());
    let flag = filter.flag.map(Flag::name).unwrap_or_default();
    let at = |period: &str, flag: &str| format!("{}?{}", head.at("entries"), query.with(period, flag));
    let mut flags = vec![(at(&period, ""), "All".to_owned())];
    flags.extend(Flag::ALL.map(|it| (at(&period, it.name()), it.words().to_owned())));
    let first = query.page.saturating_mul(PAGE).min(found.entries.len());
    let rows: Vec<Row> = found.entries.iter().skip(first).take(PAGE).map(|entry| Row::of(entry, &here.actor())).collect();
    let paged = |page: usize| format!("{}&page={page}", at(&period, flag));
    page(EntriesPage {
        frame: here.frame(&app, "clients", format!("Entries of {}", head.name)),
        name: filter.period.map_or_else(|| "All open months".to_owned(), dates::month),
        earlier: filter.period.map(|it| at(&it.previous().to_string(), flag)).unwrap_or_default(),
        later: filter.period.map(|it| at(&it.next().to_string(), flag)).unwrap_or_default(),
        open: at("open", flag),
        shows_open: filter.period.is_none(),
        flag: at(&period, flag),
        here: head.at("entries"),
        newer: if first > 0 { paged(query.page - 1) } else { String::new() },
        older: if first + rows.len() < found.entries.len() { paged(query.page + 1) } else { String::new() },
        number: found.entries.len(),
        csv: format!("{}.csv?{}", head.at("entries"), query.with(&period, flag)),
        sums: found.sums,
        new_agreement: if filter.flag == Some(Flag::NoAgreement) && may_agree { head.at("agreements/new") } else { String::new() },
        period,
        flags,
        rows,
        query,
        head,
    })
}

async fn csv(State(app): State<App>, Path(code): Path<String>, Query(query): Query<EntriesQuery>) -> Result<Download, Failure> {
    let (content, name) = app
        .run(move |app| {
            let client_id = app.client_by_code(&code)?;
            let filter = query.filter(app.client_live(client_id)?.running);
            let period = filter.period.map_or_else(|| "open".to_owned(), |period| period.to_string());
            Ok((client_entries::csv(&app.client_entries(client_id, &filter)?), format!("entries-{code}-{period}.csv")))
        })
        .await?;
    Ok(Download::csv(name, content))
}
