//! The list of clients, and the forms by which they are added and changed.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use quarterhour_books::csv::write_record;
use serde::Deserialize;

use crate::app::actor::Permission;
use crate::app::client::ClientDraft;
use crate::app::client_entries::plain_cell;
use crate::app::client_state::{ClientState, beside_words, forecast_words};
use crate::app::context::App;
use crate::app::live::{OpenStatement, Summary};
use crate::app::seen::{as_marked, mark, whatever};
use crate::web::chart::reserve_bar;
use crate::web::client_head::{ClientHead, client_path, in_query};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Download, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// The routes.
#[must_use]
pub fn area() -> Area {
    let (see, edit) = (Access::May(Permission::SeeClients), Access::May(Permission::EditClients));
    Area::default()
        .get("/clients", see, list)
        .get("/clients.csv", see, list_csv)
        .get("/add-client", edit, add_form)
        .post("/add-client", edit, add)
        .get("/clients/{code}/edit", edit, edit_form)
        .post("/clients/{code}/edit", edit, change)
        .post("/clients/{code}/delete", edit, delete)
        .post("/clients/{code}/undo", edit, undo)
}

/// What the list shows, and in which order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    q: String,
    program: String,
    state: String,
    sort: String,
}

impl ListQuery {
    /// The path of the list with these filters, another state and without an order.
    fn path(&self, state: &str) -> String {
        let parts = [("q", self.q.as_str()), ("program", &self.program), ("state", state)];
        let parts: Vec<String> =
            parts.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", in_query(value))).collect();
        if parts.is_empty() { "/clients".to_owned() } else { format!("/clients?{}", parts.join("&")) }
    }

    fn takes(&self, client: &Summary) -> bool {
        let text = self.q.trim().to_lowercase();
        let found = text.is_empty() || client.name.to_lowercase().contains(&text) || client.code.to_lowercase().contains(&text);
        let program = self.program.is_empty() || program_of(client) == self.program;
        found && program && ClientState::parse(&self.state).is_none_or(|state| state.has(client))
    }

    fn order(&self, clients: &mut [Arc<Summary>]) {
        let (down, key) = self.sort.strip_prefix('-').map_or((false, self.sort.as_str()), |key| (true, key));
        let worth = |client: &Summary| {
            let now = client.now.as_ref();
            match key {
                "left" => now.map_or(i64::MIN, |now| if now.draws_time { now.left() - now.beyond() } else { i64::MAX }),
                "used" => now.map_or(0, |now| now.used()),
                "available" => now.map_or(0, |now| now.available()),
                "over" => now.map_or(0, |now| now.beyond()),
                "forecast" => client.forecast.map_or(i64::MIN / 2, |forecast| forecast.overage - forecast.unused),
                "flags" => i64::try_from(looks(client).len()).unwrap_or(0),
                _ => 0,
            }
        };
        match key {
            "program" => clients.sort_by_cached_key(|client| (program_of(client).to_owned(), client.name.to_lowercase())),
            "" | "name" => clients.sort_by_cached_key(|client| client.name.to_lowercase()),
            _ => clients.sort_by_key(|client| worth(client)),
        }
        if down {
            clients.reverse();
        }
    }
}

/// The program of today; empty without an agreement.
fn program_of(client: &Summary) -> &str {
    client.now.as_ref().filter(|now| now.report.agreement.is_some()).map_or("", |now| now.report.program.as_ref())
}

/// One client of the list.
struct Row {
    code: String,
    path: String,
    name: String,
    program: String,
    draws_time: bool,
    /// The bar of a reserve.
    reserve: Option<String>,
    used: i64,
    available: i64,
    beyond: i64,
    /// Time beside pools.
    other: i64,
    beside: String,
    forecast: String,
    is_dry: bool,
    days_left: usize,
    looks: Vec<Look>,
}

/// Something to look at: tone, words, where it leads.
struct Look {
    tone: &'static str,
    text: String,
    path: String,
}

fn looks(client: &Summary) -> Vec<Look> {
    let (path, flags) = (client_path(&client.code), &client.flags);
    let entries = |flag: &str| format!("{path}/entries?flag={flag}");
    let held = client.now.as_ref().map_or(0, |now| now.time().held);
    let all = [
        (held > 0, "over", "held".to_owned(), entries("held")),
        (flags.without_ticket > 0, "", format!("{} without ticket", flags.without_ticket), entries("no-ticket")),
        (flags.without_agreement > 0, "bad", format!("{} without agreement", flags.without_agreement), entries("no-agreement")),
        (flags.unlisted_device > 0, "", format!("{} unlisted", flags.unlisted_device), entries("unlisted")),
        (flags.late, "night", "late time".to_owned(), entries("late")),
        (client.unbilled().next().is_some(), "plain", "not issued".to_owned(), path.clone()),
    ];
    all.into_iter().filter(|(is_set, ..)| *is_set).map(|(_, tone, text, path)| Look { tone, text, path }).collect()
}

impl Row {
    fn of(client: &Summary) -> Self {
        let now = client.now.as_ref();
        let time = now.map(|now| *now.time()).unwrap_or_default();
        Self {
            path: client_path(&client.code),
            name: client.name.clone(),
            program: program_of(client).to_owned(),
            draws_time: now.is_some_and(|now| now.draws_time),
            reserve: now.and_then(OpenStatement::funded_reserve).map(|it| reserve_bar(it.percent_used())),
            used: now.map_or(0, OpenStatement::used),
            // What ended with a version is neither used nor left.
            available: now.map_or(0, |now| now.available() - now.month.ended),
            beyond: now.map_or(0, |now| now.beyond()),
            other: time.charged + time.included + time.internal,
            beside: beside_words(&time),
            forecast: forecast_words(client),
            is_dry: client
                .forecast
                .or(client.reserve_forecast)
                .is_some_and(|forecast| forecast.exhausted_on.is_some() || forecast.is_exhausted),
            days_left: client.business_days_left,
            looks: looks(client),
            code: client.code.clone(),
        }
    }
}

/// Sums over the clients that are shown.
#[derive(Default)]
struct Sums {
    used: i64,
    available: i64,
    beyond: i64,
    other: i64,
}

#[derive(Template)]
#[template(path = "client/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    sums: Sums,
    query: ListQuery,
    /// Path and text of each state, with its number.
    states: Vec<(String, String)>,
    state: String,
    programs: Vec<(String, String)>,
    sort_path: String,
    csv: String,
    has_any: bool,
    can_edit: bool,
}

async fn list(State(app): State<App>, here: Here, Query(query): Query<ListQuery>) -> Answer<ListPage> {
    let all = app.run(|app| app.summaries()).await?;
    let can_edit = here.actor().may(Permission::EditClients);
    let plain = ListQuery { state: String::new(), ..query.clone() };
    let number = |state: ClientState| all.iter().filter(|client| plain.takes(client) && state.has(client)).count();
    let mut states = vec![(query.path(""), "All".to_owned())];
    states.extend(ClientState::ALL.map(|state| (query.path(state.name()), format!("{} {}", state.words(), number(state)))));
    let programs = programs(&all);
    let mut shown: Vec<Arc<Summary>> = all.iter().filter(|client| query.takes(client)).cloned().collect();
    query.order(&mut shown);
    let rows: Vec<Row> = shown.iter().map(|client| Row::of(client)).collect();
    let sums = rows.iter().fold(Sums::default(), |sums, row| Sums {
        used: sums.used + row.used,
        available: sums.available + row.available,
        beyond: sums.beyond + row.beyond,
        other: sums.other + row.other,
    });
    let path = query.path(&query.state);
    let joint = if path.contains('?') { '&' } else { '?' };
    page(ListPage {
        frame: here.frame(&app, "clients", "Clients"),
        rows,
        sums,
        states,
        state: path.clone(),
        programs,
        sort_path: format!("{path}{joint}sort="),
        csv: path.replacen("/clients", "/clients.csv", 1),
        has_any: !all.is_empty(),
        can_edit,
        query,
    })
}

fn programs(all: &[Arc<Summary>]) -> Vec<(String, String)> {
    let mut names: Vec<&str> = all.iter().map(|client| program_of(client)).filter(|program| !program.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let named = names.into_iter().map(|name| (name.to_owned(), name.to_owned()));
    std::iter::once((String::new(), "Every program".to_owned())).chain(named).collect()
}

async fn list_csv(State(app): State<App>, Query(query): Query<ListQuery>) -> Result<Download, Failure> {
    let mut clients = app.run(|app| app.summaries()).await?;
    clients.retain(|client| query.takes(client));
    query.order(&mut clients);
    let mut out = String::new();
    let head = [
        "code",
        "name",
        "program",
        "period",
        "available_minutes",
        "used_minutes",
        "overage_minutes",
        "forecast_overage_minutes",
        "entries",
        "without_ticket",
    ];
    write_record(&mut out, &head);
    for client in &clients {
        let row = Row::of(client);
        let minutes = |seconds: i64| (seconds / 60).to_string();
        let fields = [
            plain_cell(&client.code),
            plain_cell(&client.name),
            row.program.clone(),
            client.running.to_string(),
            minutes(row.available),
            minutes(row.used),
            minutes(row.beyond),
            client.forecast.map(|forecast| minutes(forecast.overage)).unwrap_or_default(),
            client.flags.entries.to_string(),
            client.flags.without_ticket.to_string(),
        ];
        write_record(&mut out, &fields.each_ref().map(String::as_str));
    }
    Ok(Download::csv("clients.csv".to_owned(), out))
}

#[derive(Template)]
#[template(path = "client/form.html")]
struct FormPage {
    frame: Frame,
    /// The client that is changed; none for a new one.
    head: Option<ClientHead>,
    draft: ClientDraft,
    problems: Problems,
    /// The mark of the client as it is; empty for a new one.
    seen: String,
    /// What a change does to open periods; to be read before it is saved.
    effect: Vec<String>,
    zones: Vec<String>,
    currency_hint: String,
    zone_hint: String,
}

impl FormPage {
    fn new(app: &App, here: &Here, head: Option<ClientHead>, draft: ClientDraft) -> Result<Self, Failure> {
        let books = app.books()?;
        let title = if head.is_some() { "Change the client" } else { "Add a client" };
        let database = jiff::tz::TimeZoneDatabase::bundled();
        let zones = database.available().map(|zone| zone.to_string()).filter(|zone| zone.contains('/')).collect();
        let provider = &books.setup.provider;
        Ok(Self {
            frame: here.frame(app, "clients", title),
            head,
            draft,
            problems: Problems::default(),
            seen: String::new(),
            effect: Vec::new(),
            zones,
            currency_hint: format!(
                "Three letters of ISO 4217. Empty: {}. In another one, prices keep their numbers: give the agreement rates of its own.",
                provider.currency.code()
            ),
            zone_hint: format!("It cuts days and months. Empty: {}.", provider.time_zone),
        })
    }
}

async fn add_form(State(app): State<App>, here: Here) -> Answer<FormPage> {
    page(FormPage::new(&app, &here, None, ClientDraft::default())?)
}

async fn add(State(app): State<App>, here: Here, Form(draft): Form<ClientDraft>) -> Result<Response, Failure> {
    let (actor, new) = (here.actor(), draft.clone());
    match app.run(move |app| app.add_client(&actor, &new)).await {
        Ok(code) => {
            let said = format!("{} is a client now. Give it an agreement and its devices next.", draft.name.trim());
            Ok(Done::at(client_path(&code)).saying(said).into_response())
        }
        Err(error) => {
            let problems = Problems::of_error(error)?;
            Ok(page_with_problems(FormPage { problems, ..FormPage::new(&app, &here, None, draft)? }).into_response())
        }
    }
}

async fn edit_form(State(app): State<App>, here: Here, Path(code): Path<String>) -> Answer<FormPage> {
    let actor = here.actor();
    let (head, draft) = app.run(move |app| Ok((ClientHead::of(app, &actor, &code)?, app.client_draft(&code)?))).await?;
    page(FormPage { seen: mark(&draft), ..FormPage::new(&app, &here, Some(head), draft)? })
}

async fn delete(State(app): State<App>, here: Here, Path(code): Path<String>) -> Result<Done, Failure> {
    let (actor, at) = (here.actor(), code.clone());
    app.run(move |app| app.delete_client(&actor, &at, &whatever)).await?;
    Ok(Done::at("/clients").saying(format!("{code} is deleted.")))
}

async fn undo(State(app): State<App>, here: Here, Path(code): Path<String>) -> Result<Done, Failure> {
    let (actor, at) = (here.actor(), client_path(&code));
    app.run(move |app| app.undo_client(&actor, &code)).await?;
    Ok(Done::at(at).saying("The client is as it was before."))
}

/// The form of a change; `sure` once its effect was shown.
#[derive(Deserialize)]
struct ChangeForm {
    #[serde(flatten)]
    draft: ClientDraft,
    #[serde(default)]
    sure: String,
    /// The mark of the client as the form was opened with it.
    #[serde(default)]
    seen: String,
}

async fn change(
    State(app): State<App>,
    here: Here,
    Path(code): Path<String>,
    Form(form): Form<ChangeForm>,
) -> Result<Response, Failure> {
    let ChangeForm { draft, sure, seen } = form;
    let (actor, new, at, marked) = (here.actor(), draft.clone(), code.clone(), seen.clone());
    let changed = app.run(move |app| {
        let effect = app.client_change_effect(&at, &new)?;
        // What was shown is what is confirmed: another effect is shown again.
        if effect.is_empty() || sure == effect.join(" ") {
            app.change_client(&actor, &at, &new, &|now| as_marked(now, &marked))?;
            return Ok(Vec::new());
        }
        Ok(effect)
    });
    let (problems, effect) = match changed.await {
        Ok(effect) if effect.is_empty() => {
            let (at, undo) = (client_path(&code), format!("{}/undo", client_path(&code)));
            return Ok(Done::at(at).saying_with_undo("The client is changed.", undo).into_response());
        }
        Ok(effect) => (Problems::default(), effect),
        Err(error) => (Problems::of_error(error)?, Vec::new()),
    };
    let actor = here.actor();
    let (head, now) = app.run(move |app| Ok((ClientHead::of(app, &actor, &code)?, mark(&app.client_draft(&code)?)))).await?;
    let seen = problems.next_mark(now, seen);
    let is_shown = !problems.is_empty();
    let draft = ClientDraft { code: head.code.clone(), ..draft };
    let form = FormPage { problems, effect, seen, ..FormPage::new(&app, &here, Some(head), draft)? };
    Ok(if is_shown { page_with_problems(form).into_response() } else { page(form).into_response() })
}
