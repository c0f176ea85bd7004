//! The timesheet: a week or a day of a technician, and the quick line above it.

use crate::app::actor::{Actor, Permission};
use crate::app::context::{App, Context};
use crate::app::idempotency::{Kept, Keyed, Known};
use crate::app::quick_draft::{QuickReading, QuickWork};
use crate::app::time_entry::{Draft, Saved};
use crate::app::timer::{Former, is_forgotten};
use crate::app::timesheet::{self, Sheet, SheetDay, SheetEntry, Week};
use crate::dates;
use crate::error::AppError;
use crate::web::client_head::in_query;
use crate::web::fate::{self, EffectView, plain_hours};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Done, Download, Failure, Page, page, page_with_problems};
use crate::web::routes::{Access, Area};
use crate::web::timer;
use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::Zoned;
use jiff::civil::Date;
use serde::Deserialize;

/// A week with more entries lists one day.
const LISTED_MAX: usize = 120;

const LOG: Access = Access::May(Permission::LogTime);

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/time", LOG, show).get("/time/sheet.csv", LOG, sheet_csv).post("/time/quick", LOG, quick).post(
        "/time/quick/preview",
        LOG,
        quick_preview,
    )
}

/// Which sheet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SheetQuery {
    week: String,
    day: String,
    who: String,
    /// The client that the quick line begins with.
    client: String,
}

impl SheetQuery {
    /// The address of a sheet.
    fn path(week: Week, day: Option<Date>, who: &str) -> String {
        let day = day.map(|day| format!("&day={day}")).unwrap_or_default();
        let who = if who.is_empty() { String::new() } else { format!("&who={}", in_query(who)) };
        format!("/time?week={week}{day}{who}")
    }
}

#[derive(Template)]
#[template(path = "time/show.html")]
pub(super) struct TimePage {
    frame: Frame,
    week: String,
    week_name: String,
    span: String,
    before: String,
    after: String,
    now: Option<String>,
    whole: Option<String>,
    csv: String,
    days: Vec<DayView>,
    total: String,
    count: usize,
    /// Whose sheet, where it is not the own.
    who: String,
    technician: String,
    technicians: Vec<(String, String)>,
    /// A line as one could type it.
    example: String,
    quick: QuickView,
    forgotten: Option<String>,
}

/// A day of the page.
struct DayView {
    name: String,
    path: String,
    is_today: bool,
    total: String,
    count: usize,
    /// Nothing, where the week is so full that only one day is open.
    entries: Vec<EntryView>,
}

/// An entry of the page.
struct EntryView {
    id: String,
    span: String,
    elsewhere: String,
    client_name: String,
    ticket: String,
    title: String,
    work: String,
    device: String,
    length: String,
    note: String,
    badges: Vec<(&'static str, String)>,
    overlap: String,
    gap: String,
}

/// The quick line with what it would do.
#[derive(Template, Default)]
#[template(path = "time/quick_effect.html")]
pub(super) struct QuickView {
    line: String,
    client: String,
    /// What was read: labels and values.
    read: Vec<(&'static str, String)>,
    told: Vec<String>,
    mistakes: Vec<(String, String)>,
    effect: Option<EffectView>,
    is_timer: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct QuickForm {
    line: String,
    week: String,
    who: String,
    look: String,
    /// Made with the page: the line is logged once, however often it is sent.
    once: String,
}

async fn show(State(app): State<App>, here: Here, Query(query): Query<SheetQuery>) -> Result<Page<TimePage>, Failure> {
    let line = if query.client.is_empty() { String::new() } else { format!("{} ", query.client) };
    time_page(&app, &here, query, QuickView { line, ..QuickView::default() }).await.map(|it| Page(it, axum::http::StatusCode::OK))
}

/// The page of a sheet, with a quick line.
async fn time_page(app: &App, here: &Here, query: SheetQuery, quick: QuickView) -> Result<TimePage, Failure> {
    let (actor, wanted) = (here.actor(), query.clone());
    let (sheet, technicians, client) = app
        .run(move |app| {
            let (sheet, technicians) = load(app, &actor, &wanted)?;
            let client = app.books()?.setup.clients.first().map_or_else(|| "acme".to_owned(), |client| client.row.code.clone());
            Ok((sheet, technicians, client))
        })
        .await?;
    let day = query.day.parse::<Date>().ok();
    let actor = &here.visit.actor;
    let who = if sheet.technician == actor.technician { String::new() } else { sheet.technician.clone() };
    let is_now = Week::of(sheet.today) == sheet.week;
    let mut shown: Vec<&SheetDay> = sheet.days.iter().filter(|it| day.is_none_or(|day| it.date == day)).collect();
    if is_now {
        // Where one works is at the top.
        shown.reverse();
    }
    let open = open_day(&sheet, day);
    let path = |week: Week| SheetQuery::path(week, None, &who);
    let now = app.clock.now().as_second();
    let running = here.visit.timer.as_ref().map(|timer| timer.started_at.as_second()).filter(|since| is_forgotten(*since, now));
    let title = if who.is_empty() { "Time".to_owned() } else { format!("Time of {who}") };
    Ok(TimePage {
        frame: here.frame(app, "time", title),
        week: sheet.week.to_string(),
        week_name: format!("Week {}", sheet.week.monday().iso_week_date().week()),
        span: span(&sheet, day),
        before: path(sheet.week.plus(-1)),
        after: path(sheet.week.plus(1)),
        now: (!is_now).then(|| path(Week::of(sheet.today))),
        whole: day.map(|_| path(sheet.week)),
        csv: format!("/time/sheet.csv?week={}&who={}", sheet.week, in_query(&who)),
        total: plain_hours(shown.iter().map(|day| day.minutes()).sum::<i64>() * 60),
        count: shown.iter().map(|day| day.entries.len()).sum(),
        days: shown.into_iter().map(|it| DayView::of(it, &sheet, &who, (day, open))).collect(),
        technicians: technicians.into_iter().map(|name| (name.clone(), name)).collect(),
        example: format!("{client} printer 25m helpdesk"),
        technician: sheet.technician,
        forgotten: running.map(|since| plain_hours((now - since) / 60 * 60)),
        who,
        quick,
    })
}

fn load(app: &Context, actor: &Actor, query: &SheetQuery) -> Result<(Sheet, Vec<String>), AppError> {
    let who = if query.who.is_empty() { actor.technician.as_str() } else { &query.who };
    let day = query.day.parse::<Date>().ok().map(Week::of);
    let week = if query.week.is_empty() { day } else { Some(Week::parse(&query.week).ok_or_else(|| AppError::not_found("week"))?) };
    Ok((app.timesheet(actor, week, who)?, app.technicians(actor)?))
}

/// The one day whose entries are listed, where a week has more of them than anybody reads at once.
fn open_day(sheet: &Sheet, selected: Option<Date>) -> Option<Date> {
    if selected.is_some() || sheet.count() <= LISTED_MAX {
        return None;
    }
    let full = |day: &&SheetDay| !day.entries.is_empty();
    let today = sheet.days.iter().filter(full).find(|day| day.date == sheet.today);
    today.or_else(|| sheet.days.iter().find(full)).map(|day| day.date)
}

fn span(sheet: &Sheet, day: Option<Date>) -> String {
    let (first, last) = (sheet.week.monday(), sheet.week.plus(1).monday().yesterday().unwrap_or(sheet.week.monday()));
    match day {
        Some(day) => dates::full(&day),
        None => format!("{} to {}", dates::near(&first), dates::full(&last)),
    }
}

impl DayView {
    fn of(day: &SheetDay, sheet: &Sheet, who: &str, (selected, open): (Option<Date>, Option<Date>)) -> Self {
        let path = SheetQuery::path(sheet.week, selected.is_none().then_some(day.date), who);
        let is_open = open.is_none_or(|open| open == day.date);
        Self {
            name: dates::near(&day.date),
            path,
            is_today: day.date == sheet.today,
            total: plain_hours(day.minutes() * 60),
            count: day.entries.len(),
            entries: if is_open { day.entries.iter().map(EntryView::of).collect() } else { Vec::new() },
        }
    }
}

fn clock(at: &Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

impl EntryView {
    fn of(entry: &SheetEntry) -> Self {
        let elsewhere = entry.elsewhere.as_ref().map(|there| {
            let place = there.time_zone().iana_name().unwrap_or("").rsplit('/').next().unwrap_or("").replace('_', " ");
            format!("{} in {place}", clock(there))
        });
        let minutes = |minutes: i64| if minutes > 0 { plain_hours(minutes * 60) } else { String::new() };
        Self {
            id: entry.id.clone(),
            span: format!("{}\u{2013}{}", clock(&entry.started), clock(&entry.ended)),
            elsewhere: elsewhere.unwrap_or_default(),
            client_name: entry.client_name.clone(),
            ticket: entry.ticket.clone(),
            title: entry.title.clone(),
            work: format!("{}, {}", entry.tier, entry.work_type),
            device: entry.device.clone(),
            length: plain_hours(entry.minutes * 60),
            note: entry.note.clone(),
            badges: badges(entry),
            overlap: minutes(entry.overlap),
            gap: minutes(entry.gap),
        }
    }

    /// The words to find it by, for a label.
    fn label(&self) -> String {
        format!("{} of {}, {}", self.length, self.client_name, self.span)
    }
}

fn badges(entry: &SheetEntry) -> Vec<(&'static str, String)> {
    let mut badges = entry.fate.as_ref().map(fate::badges).unwrap_or_default();
    if let Some(period) = entry.late_for {
        let what = if entry.corrected { "correction of" } else { "late for" };
        badges.push(("night", format!("{what} {}", dates::month(period))));
    }
    if entry.issued {
        badges.push(("plain", "issued".to_owned()));
    }
    badges
}

async fn sheet_csv(State(app): State<App>, here: Here, Query(query): Query<SheetQuery>) -> Result<Download, Failure> {
    let actor = here.actor();
    let (sheet, _) = app.run(move |app| load(app, &actor, &query)).await?;
    let name = format!("time-{}-{}.csv", sheet.technician, sheet.week);
    Ok(Download::csv(name, timesheet::csv(&sheet)))
}

/// Reads a line and looks at what it would do.
fn look(app: &Context, actor: &Actor, form: &QuickForm) -> Result<(QuickReading, QuickView), AppError> {
    let who = if form.who.is_empty() { actor.technician.as_str() } else { &form.who };
    if form.line.trim().is_empty() {
        return Ok((QuickReading::default(), QuickView::default()));
    }
    let reading = app.read_quick(actor, &form.line, who)?;
    let mut view = QuickView { line: form.line.clone(), ..QuickView::of(&reading) };
    let looked = match &reading.work {
        Some(QuickWork::Entry(draft)) => app.entry_effect(actor, draft, None).map(Some),
        Some(QuickWork::Timer(start)) => app.check_timer(actor, start).map(|()| None),
        None => Ok(None),
    };
    match looked {
        Ok(effect) => view.effect = effect.as_ref().map(EffectView::of),
        Err(AppError::Invalid(problems)) => view.mistakes.extend(problems.into_iter().map(|it| (it.field, it.message))),
        Err(error) => return Err(error),
    }
    Ok((reading, view))
}

impl QuickView {
    fn of(reading: &QuickReading) -> Self {
        let quick = &reading.quick;
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let minutes = match &reading.work {
            Some(QuickWork::Entry(draft)) => format!("{} min", draft.minutes),
            _ => String::new(),
        };
        let start = reading.start.map(dates::wall).unwrap_or_default();
        let mark = if quick.our_error { "our own error" } else { "not billable" };
        let mark = if quick.our_error || quick.free { mark } else { "" };
        let read = [
            ("Time", minutes),
            ("Start", start),
            ("Ticket", text(&quick.ticket)),
            ("Tier", text(&quick.tier)),
            ("Work", text(&quick.work_type)),
            ("Device", text(&quick.device)),
            ("Marked", mark.to_owned()),
            ("Note", quick.note.clone()),
        ];
        Self {
            client: reading.client_name.clone(),
            read: read.into_iter().filter(|(_, value)| !value.is_empty() && !reading.client.is_empty()).collect(),
            told: quick.told.clone(),
            mistakes: quick.mistakes.iter().map(|it| (it.word.clone(), it.message.clone())).collect(),
            is_timer: matches!(reading.work, Some(QuickWork::Timer(_))),
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        self.client.is_empty() && self.mistakes.is_empty()
    }
}

async fn quick_preview(State(app): State<App>, here: Here, Form(form): Form<QuickForm>) -> Result<Page<QuickView>, Failure> {
    let actor = here.actor();
    let (_, view) = app.run(move |app| look(app, &actor, &form)).await?;
    page(view)
}

async fn quick(State(app): State<App>, here: Here, Form(form): Form<QuickForm>) -> Result<Response, Failure> {
    let (actor, typed) = (here.actor(), form.clone());
    let (reading, view) = app.run(move |app| look(app, &actor, &typed)).await?;
    let query = SheetQuery { week: form.week.clone(), who: form.who.clone(), ..SheetQuery::default() };
    if reading.work.is_none() || !view.mistakes.is_empty() {
        let view = if view.is_empty() { QuickView { mistakes: vec![nothing_typed()], ..view } } else { view };
        return Ok(page_with_problems(time_page(&app, &here, query, view).await?).into_response());
    }
    if !form.look.is_empty() {
        return Ok(page(time_page(&app, &here, query, view).await?).into_response());
    }
    match reading.work {
        Some(QuickWork::Timer(start)) => timer::start_or_ask(&app, &here, start, Former::Ask).await,
        Some(QuickWork::Entry(draft)) => {
            let (actor, who) = (here.actor(), form.who);
            let said = format!("{} min for {} saved. {}", draft.minutes, reading.client_name, view.effect_sentence());
            let (once, line) = (form.once, form.line);
            let (saved, back) = app
                .run(move |app| {
                    let saved = save_once(app, &actor, draft.clone(), (&once, line.as_bytes()))?;
                    Ok((saved, back_to(app, draft.started_at, &who)?))
                })
                .await?;
            Ok(match saved {
                Some(saved) => Done::at(back).saying_with_undo(said, format!("/time/entries/{}/delete", saved.id)).into_response(),
                None => Done::at(back).saying("It was logged already.").into_response(),
            })
        }
        None => Ok(Done::at("/time").into_response()),
    }
}

/// Saves an entry unless the same page, by its mark `once`, has saved the same form or line; none: it has.
pub(super) fn save_once(app: &Context, actor: &Actor, draft: Draft, (once, typed): (&str, &[u8])) -> Result<Option<Saved>, AppError> {
    if once.is_empty() {
        return Ok(Some(app.save_entry(actor, &draft)?));
    }
    let keyed = &Keyed::of_page(actor, once, &[typed]);
    match app.known(keyed)? {
        Known::Done(_) | Known::AtWork => return Ok(None),
        // The page was sent before with something else: this is meant.
        Known::Other => return Ok(Some(app.save_entry(actor, &draft)?)),
        Known::New => {}
    }
    let mut taken = false;
    let saved = app.save_entries_in(actor, &[draft], |tx, _| {
        let kept = Kept { status: 303, location: None, body: String::new() };
        taken = !app.keep(tx, keyed, &kept)?;
        if taken { Err(AppError::conflict("it was logged meanwhile", "look at the sheet")) } else { Ok(()) }
    });
    match saved {
        Err(_) if taken => Ok(None),
        saved => Ok(saved?.pop()),
    }
}

fn nothing_typed() -> (String, String) {
    (String::new(), "type a client, what was done, and how long it took".to_owned())
}

impl QuickView {
    fn effect_sentence(&self) -> String {
        self.effect.as_ref().map(|effect| effect.sentence.clone()).unwrap_or_default()
    }
}

/// The sheet of the week in which work began.
pub(super) fn back_to(app: &Context, started_at: i64, who: &str) -> Result<String, AppError> {
    let zone = crate::app::wall_clock::zone(&app.books()?.setup.provider.time_zone);
    let day = crate::app::wall_clock::reading(&zone, started_at).date();
    Ok(SheetQuery::path(Week::of(day), None, who))
}
