//! The full form of a time entry: new, changed, taken out and brought back, with what it does shown beside it.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::actor::{Actor, Permission};
use crate::app::context::{App, Context};
use crate::app::effect;
use crate::app::entry_form::{EntryForm, at_fields};
use crate::app::quick_draft::EntryWords;
use crate::app::seen::{as_marked, mark, whatever};
use crate::app::time_entry::Draft;
use crate::app::timer::is_forgotten;
use crate::error::AppError;
use crate::web::fate::{EffectView, plain_hours};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Done, Failure, Page, page, page_with_problems};
use crate::web::routes::{Access, Area};
use crate::web::time;

const LOG: Access = Access::May(Permission::LogTime);
/// Tickets that a form offers: the latest.
const TICKETS_MAX: usize = 60;
/// The fields that show their own problems.
const FIELDS: &[&str] = &["client", "ticket", "technician", "date", "time", "end", "minutes", "tier", "work_type", "device", "note"];

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default()
        .get("/time/entries/new", LOG, new)
        .post("/time/entries", LOG, create)
        .post("/time/entries/preview", LOG, preview)
        .get("/time/entries/{id}", LOG, show)
        .post("/time/entries/{id}", LOG, change)
        .post("/time/entries/{id}/delete", LOG, delete)
        .post("/time/entries/{id}/restore", LOG, restore)
}

#[derive(Template)]
#[template(path = "time/entry.html")]
struct EntryPage {
    frame: Frame,
    /// The entry that is changed; empty for a new one.
    id: String,
    form: EntryForm,
    problems: Problems,
    look: LookView,
    clients: Vec<(String, String)>,
    tiers: Vec<String>,
    work_types: Vec<String>,
    technicians: Vec<(String, String)>,
    /// Does it end the timer?
    timer: bool,
    /// How long a timer runs that was most likely forgotten.
    forgotten: String,
    /// Does it stand on an issued statement?
    issued: bool,
    locked: String,
    seen: String,
}

impl EntryPage {
    fn billing(&self) -> &str {
        if self.form.billing.is_empty() { "billable" } else { &self.form.billing }
    }
}

/// What changes as one types: the effect, and what the client has.
#[derive(Template, Default)]
#[template(path = "time/entry_look.html")]
struct LookView {
    client: String,
    zone: String,
    effect: Option<EffectView>,
    told: Vec<String>,
    problems: Vec<String>,
    is_twice: bool,
    second: bool,
    tickets: Vec<(String, String)>,
    devices: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct NewQuery {
    client: String,
    ticket: String,
    date: String,
    copy: String,
    timer: String,
    who: String,
}

/// The form with what is not a field of the entry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct SentForm {
    #[serde(flatten)]
    entry: EntryForm,
    /// The entry that is changed.
    id: String,
    /// It ends the timer.
    timer: String,
    /// The mark of the entry as the form was opened with it.
    seen: String,
    /// Made with the page: a new entry is saved once, however often it is sent.
    once: String,
    /// Look at what it would do first.
    look: String,
}

/// A form that is to be shown.
struct Shown {
    id: String,
    form: EntryForm,
    problems: Problems,
    timer: bool,
    issued: bool,
    /// The mark of the entry as it is; empty for a new one.
    seen: String,
    /// Why it can only be read; empty where it can be changed.
    locked: String,
}

impl Shown {
    fn of(form: EntryForm) -> Self {
        Self {
            id: String::new(),
            form,
            problems: Problems::default(),
            timer: false,
            issued: false,
            seen: String::new(),
            locked: String::new(),
        }
    }
}

async fn new(State(app): State<App>, here: Here, Query(query): Query<NewQuery>) -> Result<Page<EntryPage>, Failure> {
    let actor = here.actor();
    let shown = app.run(move |app| first_form(app, &actor, query)).await?;
    page(entry_page(&app, &here, shown).await?)
}

/// The form of a new entry: from the timer, as a copy, or empty with the present time.
fn first_form(app: &Context, actor: &Actor, query: NewQuery) -> Result<Shown, AppError> {
    let books = app.books()?;
    if !query.timer.is_empty() {
        let draft = app.timer_draft(actor)?;
        return Ok(Shown { timer: true, ..Shown::of(EntryForm::of(&books, &draft)) });
    }
    if !query.copy.is_empty() {
        let draft = own_entry(app, actor, &query.copy)?.0;
        return Ok(Shown::of(EntryForm { minutes: String::new(), ..EntryForm::of(&books, &draft) }));
    }
    let code = if books.setup.client(&query.client).is_some() { query.client } else { String::new() };
    let now = app.clock.now().as_second();
    let technician = if query.who.is_empty() { actor.technician.clone() } else { query.who };
    let draft = Draft { client: code, technician, started_at: now - now.rem_euclid(60), billable: true, ..Draft::default() };
    let form = EntryForm::of(&books, &draft);
    let date = if query.date.is_empty() { form.date.clone() } else { query.date };
    Ok(Shown::of(EntryForm { date, time: String::new(), minutes: String::new(), ticket: query.ticket, ..form }))
}

/// An entry that the person may see here: the own, or anybody's for those who log for others.
fn own_entry(app: &Context, actor: &Actor, id: &str) -> Result<(Draft, bool), AppError> {
    let (draft, _, issued) = app.entry(id)?;
    if draft.technician != actor.technician {
        actor.require(Permission::LogTimeOfOthers)?;
    }
    Ok((draft, issued))
}

/// Why somebody can only read an entry; empty for whoever may change it.
fn locked(actor: &Actor, draft: &Draft, issued: bool) -> String {
    match (actor.may(Permission::LogTimeOfOthers), draft.technician == actor.technician, issued) {
        (true, ..) | (false, true, false) => String::new(),
        (false, true, true) => "The month of this entry is issued; a dispatcher or the book-keeper can correct it.".to_owned(),
        (false, false, _) => format!("{} worked here; who worked changes it, or a dispatcher.", draft.technician),
    }
}

async fn entry_page(app: &App, here: &Here, shown: Shown) -> Result<EntryPage, AppError> {
    let actor = here.actor();
    let title = match (shown.id.is_empty(), shown.timer) {
        (false, _) => "Time entry",
        (true, true) => "Stop the timer",
        (true, false) => "Log time",
    };
    let frame = here.frame(app, "time", title);
    let running = here.visit.timer.as_ref().map(|timer| timer.started_at.as_second()).filter(|_| shown.timer);
    app.run(move |app| {
        let books = app.books()?;
        let now = app.clock.now().as_second();
        let words = EntryWords::of(&books);
        let forgotten = running.filter(|since| is_forgotten(*since, now)).map(|since| plain_hours((now - since) / 60 * 60));
        let mut look = if shown.locked.is_empty() { look(app, &actor, &shown.form, &shown.id)? } else { LookView::default() };
        // The fields say it themselves.
        look.problems.clear();
        Ok(EntryPage {
            frame,
            clients: books.setup.clients.iter().map(|it| (it.row.code.clone(), it.row.field("name").to_owned())).collect(),
            tiers: words.tiers,
            work_types: words.work_types,
            technicians: app.technicians(&actor)?.into_iter().map(|name| (name.clone(), name)).collect(),
            timer: shown.timer,
            forgotten: forgotten.unwrap_or_default(),
            issued: shown.issued,
            locked: shown.locked,
            seen: shown.seen,
            id: shown.id,
            form: shown.form,
            problems: shown.problems,
            look,
        })
    })
    .await
}

/// What a form would do, and what its client has.
fn look(app: &Context, actor: &Actor, form: &EntryForm, id: &str) -> Result<LookView, AppError> {
    let mut view = LookView { second: form.second.is_some(), ..LookView::default() };
    let books = app.books()?;
    match app.read_entry_form(actor, form) {
        Ok(read) => {
            view.told = read.told;
            view.is_twice = read.is_twice;
            view.know(app, &read.draft.client)?;
            match app.entry_effect(actor, &read.draft, Some(id).filter(|id| !id.is_empty())) {
                Ok(effect) => view.effect = Some(EffectView::of(&effect)),
                Err(AppError::Invalid(problems)) => view.problems.extend(problems.into_iter().map(|it| it.message)),
                Err(error @ AppError::Forbidden { .. }) => view.problems.push(error.to_string()),
                Err(error) => return Err(error),
            }
        }
        Err(AppError::Invalid(problems)) => {
            if books.setup.client(&form.client).is_some() {
                view.know(app, &form.client)?;
            }
            view.problems = problems.into_iter().map(|it| format!("{}: {}", label(&it.field), it.message)).collect();
        }
        Err(error) => return Err(error),
    }
    Ok(view)
}

fn label(field: &str) -> &str {
    match field {
        "client" => "Client",
        "time" => "Start",
        "date" => "Day",
        "minutes" => "Time",
        "end" => "End",
        "device" => "Device",
        other => other,
    }
}

impl LookView {
    /// Takes over the client's name, time zone, tickets and devices.
    fn know(&mut self, app: &Context, code: &str) -> Result<(), AppError> {
        let books = app.books()?;
        let Some((position, client)) = books.setup.client(code) else { return Ok(()) };
        let id = usize::try_from(position).ok().and_then(|position| books.client_ids.get(position)).copied();
        client.row.field("name").clone_into(&mut self.client);
        client.client.clock.name().clone_into(&mut self.zone);
        let tickets = id.map(|id| app.tickets_of_client(id)).transpose()?.unwrap_or_default();
        self.tickets = tickets.into_iter().take(TICKETS_MAX).map(|it| (it.ticket, it.title)).collect();
        let today = app.clock.today(&client.client.clock);
        self.devices = client.client.devices.iter().filter(|it| it.counts_on(today)).map(|it| it.name.clone()).collect();
        Ok(())
    }
}

async fn preview(State(app): State<App>, here: Here, Form(sent): Form<SentForm>) -> Result<Page<LookView>, Failure> {
    let actor = here.actor();
    let view = app.run(move |app| look(app, &actor, &sent.entry, &sent.id)).await?;
    page(view)
}

async fn create(State(app): State<App>, here: Here, Form(sent): Form<SentForm>) -> Result<Response, Failure> {
    let (actor, form, ends_timer, once) = (here.actor(), sent.entry.clone(), !sent.timer.is_empty(), sent.once);
    if !sent.look.is_empty() {
        return looked(&app, &here, Shown { timer: ends_timer, ..Shown::of(sent.entry) }).await;
    }
    let saved = app
        .run(move |app| {
            let read = app.read_entry_form(&actor, &form)?;
            let saved = if ends_timer {
                Some(app.save_with_timer(&actor, &read.draft)?)
            } else {
                time::save_once(app, &actor, read.draft.clone(), (&once, format!("{form:?}").as_bytes()))?
            };
            let who = if read.draft.technician == actor.technician { "" } else { &read.draft.technician };
            let back = time::back_to(app, read.draft.started_at, who)?;
            let said = saved.as_ref().map(|saved| said("saved", &read.draft, saved.late_for.is_some()));
            Ok((said, saved.map(|saved| saved.id).unwrap_or_default(), back))
        })
        .await;
    match saved {
        Ok((Some(said), id, back)) => Ok(Done::at(back).saying_with_undo(said, format!("/time/entries/{id}/delete")).into_response()),
        Ok((None, _, back)) => Ok(Done::at(back).saying("It was saved already.").into_response()),
        Err(error) => {
            let shown = Shown { problems: Problems::of_error(at_fields(error))?, timer: ends_timer, ..Shown::of(sent.entry) };
            Ok(page_with_problems(entry_page(&app, &here, shown).await?)?.into_response())
        }
    }
}

/// The form again with what it would do, for browsers without a script.
async fn looked(app: &App, here: &Here, shown: Shown) -> Result<Response, Failure> {
    let (actor, form) = (here.actor(), shown.form.clone());
    let wrong = app.run(move |app| Ok(app.read_entry_form(&actor, &form).err())).await?;
    let problems = wrong.map(|error| Problems::of_error(at_fields(error))).transpose()?.unwrap_or_default();
    Ok(page(entry_page(app, here, Shown { problems, ..shown }).await?).into_response())
}

fn said(what: &str, draft: &Draft, late: bool) -> String {
    let late = if late { " Its month is issued: it goes on the next open statement." } else { "" };
    format!("{} min for {} {what}.{late}", draft.minutes, draft.client)
}

async fn show(State(app): State<App>, here: Here, Path(id): Path<String>) -> Result<Page<EntryPage>, Failure> {
    let actor = here.actor();
    let shown = app
        .run(move |app| {
            let (draft, _, issued) = app.entry(&id)?;
            let locked = locked(&actor, &draft, issued);
            Ok(Shown { id, issued, locked, seen: mark(&draft), ..Shown::of(EntryForm::of(&*app.books()?, &draft)) })
        })
        .await?;
    page(entry_page(&app, &here, shown).await?)
}

async fn change(State(app): State<App>, here: Here, Path(id): Path<String>, Form(sent): Form<SentForm>) -> Result<Response, Failure> {
    let (actor, form, changed, marked) = (here.actor(), sent.entry.clone(), id.clone(), sent.seen);
    if !sent.look.is_empty() {
        return looked(&app, &here, Shown { id, seen: marked, ..Shown::of(sent.entry) }).await;
    }
    let typed = marked.clone();
    let saved = app
        .run(move |app| {
            let (before, issued) = own_entry(app, &actor, &changed)?;
            let read = match app.read_entry_form(&actor, &form) {
                Ok(read) => read,
                Err(error) => return Ok(Err((error, issued, mark(&before)))),
            };
            match app.change_entry(&actor, &changed, &read.draft, &|now| as_marked(now, &marked)) {
                Ok(saved) => {
                    let who = if read.draft.technician == actor.technician { "" } else { &read.draft.technician };
                    let back = time::back_to(app, read.draft.started_at, who)?;
                    let what = if before == read.draft { "is as it was" } else { "changed" };
                    Ok(Ok((said(what, &read.draft, saved.late_for.is_some()), back)))
                }
                Err(error) => Ok(Err((error, issued, mark(&before)))),
            }
        })
        .await?;
    match saved {
        Ok((said, back)) => Ok(Done::at(back).saying(said).into_response()),
        Err((error, issued, now)) => {
            let problems = Problems::of_error(at_fields(error))?;
            let seen = problems.next_mark(now, typed);
            let shown = Shown { id, issued, seen, problems, ..Shown::of(sent.entry) };
            Ok(page_with_problems(entry_page(&app, &here, shown).await?)?.into_response())
        }
    }
}

async fn delete(State(app): State<App>, here: Here, Path(id): Path<String>) -> Result<Done, Failure> {
    let (actor, gone) = (here.actor(), id.clone());
    let (draft, bill, back) = app
        .run(move |app| {
            let (entry, ..) = app.entry(&gone)?;
            let client_id = app.client_by_code(&entry.client)?;
            let before = app.client_summary(client_id)?.open_net();
            let draft = app.delete_entry(&actor, &gone, &whatever)?;
            let after = app.client_summary(client_id)?;
            let bill = effect::bill_words(after.open_net() - before, after.currency);
            let who = if draft.technician == actor.technician { "" } else { &draft.technician };
            let back = time::back_to(app, draft.started_at, who)?;
            Ok((draft, bill, back))
        })
        .await?;
    Ok(Done::at(back).saying_with_undo(said("taken out", &draft, false) + &bill, format!("/time/entries/{id}/restore")))
}

async fn restore(State(app): State<App>, here: Here, Path(id): Path<String>) -> Result<Done, Failure> {
    let actor = here.actor();
    let back = app
        .run(move |app| {
            app.restore_entry(&actor, &id)?;
            let (draft, ..) = app.entry(&id)?;
            let who = if draft.technician == actor.technician { "" } else { &draft.technician };
            time::back_to(app, draft.started_at, who)
        })
        .await?;
    Ok(Done::at(back).saying("The entry is back as it was."))
}
