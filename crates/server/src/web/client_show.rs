//! A client's page: the hours of a month first, then all that stands behind them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use quarterhour_billing::{Currency, DeviceClass, Period};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::body::StatementBody;
use crate::app::client::ClientPerson;
use crate::app::client_entries::part_words;
use crate::app::client_state::{ClientState, forecast_sentence};
use crate::app::context::{App, Context};
use crate::app::device_effect::class_words;
use crate::app::history::Month;
use crate::app::live::Summary;
use crate::app::money;
use crate::app::month_time::MonthTime;
use crate::app::paper::number_text;
use crate::app::question::QuestionView;
use crate::dates;
use crate::error::AppError;
use crate::web::chart::{self, BurnDown, Chart, Multiples, seconds_into};
use crate::web::client_head::ClientHead;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// Entries that the page shows.
const RECENT: usize = 8;
/// Questions and notes that the page shows.
const LATEST: usize = 12;

/// The routes.
#[must_use]
pub fn area() -> Area {
    let log = Access::May(Permission::LogTime);
    Area::default()
        .get("/clients/{code}", Access::May(Permission::SeeClients), show)
        .post("/clients/{code}/notes", log, add_note)
        .post("/clients/{code}/notes/{note}/delete", log, delete_note)
        .post("/clients/{code}/notes/{note}/restore", log, restore_note)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ShowQuery {
    period: String,
}

#[derive(Template)]
#[template(path = "client/show.html")]
struct ShowPage {
    frame: Frame,
    head: ClientHead,
    month: MonthView,
    /// The burn-down of each statement that draws on pools.
    charts: Vec<(String, Chart)>,
    multiples: Multiples,
    counts: Vec<(i64, String)>,
    agreement: Option<AgreementView>,
    program: String,
    may_see_agreements: bool,
    statements: Vec<StatementRow>,
    may_answer: bool,
    questions: Vec<QuestionRow>,
    notes: Vec<NoteRow>,
    note: String,
    problems: Problems,
    recent: Vec<EntryRow>,
    people: Vec<ClientPerson>,
    may_manage_people: bool,
}

/// The month that is shown.
#[derive(Default)]
struct MonthView {
    name: String,
    is_running: bool,
    is_issued: bool,
    earlier: String,
    later: String,
    draws_time: bool,
    left: i64,
    available: i64,
    used: i64,
    beyond: i64,
    held: i64,
    /// Overage that belongs to earlier months and is billed in this one.
    late: i64,
    lost: i64,
    worked: i64,
    charged: i64,
    included: i64,
    business_days_left: usize,
    forecast: String,
    is_over: bool,
    has_statement: bool,
    /// Left in a reserve of money and what was put into it; empty for who may not see money.
    reserve: Option<(String, String)>,
    /// Net before tax for people; empty for who may not see money.
    net: String,
    entries: String,
}

struct AgreementView {
    name: String,
    program: String,
    sentences: Vec<String>,
}

struct StatementRow {
    month: String,
    agreement: String,
    path: String,
    state: &'static str,
    tone: &'static str,
    used: i64,
    overage: i64,
    held: i64,
    lost: i64,
    invoice: Option<(String, String)>,
    total: String,
    payment: String,
    is_overdue: bool,
}

/// A question with its moments in words.
pub(crate) struct QuestionRow {
    pub(crate) question: QuestionView,
    pub(crate) asked: String,
    pub(crate) answered: String,
    pub(crate) path: String,
}

impl QuestionRow {
    pub(crate) fn of(question: QuestionView, zone: &str) -> Self {
        let asked = dates::moment(question.asked_at, zone);
        let answered = question.answer.as_ref().map(|(_, _, at)| dates::moment(*at, zone)).unwrap_or_default();
        let path = format!("{}/questions/{}", crate::web::client_head::client_path(&question.code), question.id);
        Self { question, asked, answered, path }
    }
}

struct NoteRow {
    id: Uuid,
    body: String,
    author: String,
    written: String,
    may_delete: bool,
}

struct EntryRow {
    started: String,
    ticket: String,
    note: String,
    who: String,
    actual: i64,
    parts: Vec<(String, &'static str)>,
    path: String,
}

/// The tone of a fate.
pub(crate) fn tone(fate: &str, is_after_hours: bool) -> &'static str {
    match fate {
        "overage" | "held" => "over",
        "drawn" if is_after_hours => "night",
        "drawn" => "good",
        "courtesy" | "internal" | "nothing" | "included" => "lost",
        _ => "",
    }
}

async fn show(State(app): State<App>, here: Here, Path(code): Path<String>, Query(query): Query<ShowQuery>) -> Answer<ShowPage> {
    page(show_page(app, here, code, query, (String::new(), Problems::default())).await?)
}

async fn show_page(app: App, here: Here, code: String, query: ShowQuery, form: (String, Problems)) -> Result<ShowPage, Failure> {
    let page = app.run(move |app| {
        let (actor, client_id) = (here.actor(), app.client_by_code(&code)?);
        let head = ClientHead::of(app, &actor, &code)?;
        let frame = here.frame(app, "clients", head.name.clone());
        let summary = app.client_summary(client_id)?;
        let period = Period::parse(&query.period).unwrap_or(summary.running);
        let months = app.months(client_id)?;
        let (bodies, is_issued) = app.statements_of_period(client_id, period)?;
        let month = month_view(&head, &summary, (period, is_issued), &bodies, &months);
        let charts = charts(app, &summary, &bodies, head.can_see_money)?;
        let agreement = agreement(app, &actor, client_id)?;
        let notes = app.notes(client_id)?.into_iter().take(LATEST).map(|note| NoteRow {
            id: note.id,
            may_delete: head.can_edit || note.author == actor.name,
            written: dates::moment(note.at, &head.zone),
            body: note.body,
            author: note.author,
        });
        let (waiting, answered): (Vec<_>, Vec<_>) =
            app.questions_of_client(client_id)?.into_iter().partition(|it| it.answer.is_none());
        let questions = waiting.into_iter().chain(answered);
        Ok(ShowPage {
            frame,
            month,
            charts,
            multiples: multiples(&head, &summary, &months),
            counts: counts(&summary, &bodies),
            program: match summary.now.as_ref().filter(|now| now.report.agreement.is_some()) {
                Some(now) => now.report.program.to_string(),
                None => "no agreement".to_owned(),
            },
            agreement,
            may_see_agreements: actor.may(Permission::SeeAgreements),
            statements: statements(app, &head, &summary, &months)?,
            may_answer: actor.may(Permission::AnswerQuestions),
            questions: questions.take(LATEST).map(|question| QuestionRow::of(question, &head.zone)).collect(),
            notes: notes.collect(),
            note: form.0,
            problems: form.1,
            recent: recent(&bodies, &actor),
            people: app.people_of_client(client_id)?,
            may_manage_people: actor.may(Permission::ManageUsers),
            head,
        })
    });
    Ok(page.await?)
}

/// The shown month in numbers: all its statements together.
fn month_view(
    head: &ClientHead,
    summary: &Summary,
    (period, is_issued): (Period, bool),
    bodies: &[StatementBody],
    months: &[Arc<Month>],
) -> MonthView {
    let is_running = period == summary.running;
    let (first, last) = (months.first().map(|month| month.period), months.iter().map(|month| month.period).max());
    let at = |period: Period| format!("{}?period={period}", head.path);
    let sum = |of: fn(&StatementBody) -> i64| bodies.iter().map(of).sum::<i64>();
    let time = MonthTime::of(bodies);
    let beyond = time.beyond();
    let has_reserve = summary.now.as_ref().is_some_and(|now| now.reserve.is_some());
    let net: i64 = bodies.iter().filter_map(|body| money::minor(&body.statement.net)).sum();
    MonthView {
        name: dates::month(period),
        is_running,
        is_issued,
        earlier: first.filter(|first| *first < period).map(|_| at(period.previous())).unwrap_or_default(),
        later: last.filter(|last| period < *last).map(|_| at(period.next())).unwrap_or_default(),
        draws_time: bodies.iter().any(|body| body.draws_time),
        left: time.left,
        available: time.available(),
        used: time.used,
        beyond,
        held: time.held,
        late: time.late,
        lost: if is_issued { sum(|body| body.statement.time.forfeited) } else { time.ended },
        worked: sum(|body| body.statement.time.actual),
        charged: sum(|body| body.statement.time.charged),
        included: sum(|body| body.statement.time.included + body.statement.time.internal),
        business_days_left: summary.business_days_left,
        forecast: match is_running {
            true if head.can_see_money || !has_reserve => forecast_sentence(summary),
            _ => String::new(),
        },
        is_over: is_running
            && (beyond > 0 || ClientState::Over.has(summary) || summary.forecast.is_some_and(|forecast| forecast.overage > 0)),
        has_statement: !bodies.is_empty(),
        reserve: reserve(summary, bodies, is_issued, head.can_see_money),
        net: if head.can_see_money { money::shown(net, summary.currency) } else { String::new() },
        entries: format!("{}?period={period}", head.at("entries")),
    }
}

/// What is left in the reserves of a month, and what was put into them: in percent for whoever sees no money.
fn reserve(summary: &Summary, bodies: &[StatementBody], is_issued: bool, sees_money: bool) -> Option<(String, String)> {
    let reserves: Vec<_> = bodies.iter().filter_map(|body| body.statement.reserve.as_ref()).collect();
    let sum =
        |of: fn(&quarterhour_billing::ReserveReport) -> &String| reserves.iter().filter_map(|it| money::minor(of(it))).sum::<i64>();
    let put = sum(|it| &it.opening) + sum(|it| &it.granted);
    let left = if is_issued { sum(|it| &it.closing) } else { put - sum(|it| &it.used) };
    if !sees_money {
        return (put > 0).then(|| (format!("{} %", left * 100 / put), "what was put into it".to_owned()));
    }
    (!reserves.is_empty()).then(|| (money::shown(left, summary.currency), money::shown(put, summary.currency)))
}

fn charts(app: &Context, summary: &Summary, bodies: &[StatementBody], sees_money: bool) -> Result<Vec<(String, Chart)>, AppError> {
    let books = app.books()?;
    let client = books.setup.client(&summary.code).map(|(_, client)| client);
    let now = app.clock.now().as_second();
    let drawn = bodies.iter().filter(|body| body.draws_time || sees_money).enumerate();
    let charts = drawn.filter_map(|(index, body)| {
        let is_running = body.period == summary.running;
        let at = client.filter(|_| is_running).map(|client| seconds_into(body.period, &client.client.clock, now));
        let name = body.statement.agreement.clone().unwrap_or_default();
        Some((name, BurnDown::of_body(&format!("burn-down-{index}"), body, at, summary.forecast_of(body))?.chart()))
    });
    Ok(charts.collect())
}

fn multiples(head: &ClientHead, summary: &Summary, months: &[Arc<Month>]) -> Multiples {
    let mut bars: Vec<(Period, chart::Month)> = Vec::new();
    for month in months {
        let is_running = month.period == summary.running;
        let new = chart::Month::of(month.period, month.time(), format!("{}?period={}", head.path, month.period), is_running);
        match bars.last_mut().filter(|(period, _)| *period == month.period) {
            Some((_, bar)) => {
                let fields = [
                    (&mut bar.used, new.used),
                    (&mut bar.lost, new.lost),
                    (&mut bar.rest, new.rest),
                    (&mut bar.overage, new.overage),
                    (&mut bar.other, new.other),
                ];
                fields.into_iter().for_each(|(sum, more)| *sum += more);
            }
            None => bars.push((month.period, new)),
        }
    }
    Multiples { id: "months".to_owned(), months: bars.into_iter().map(|(_, bar)| bar).collect() }
}

fn counts(summary: &Summary, bodies: &[StatementBody]) -> Vec<(i64, String)> {
    let shown = bodies.iter().rfind(|body| body.statement.agreement.is_some()).map(|body| &body.statement.count);
    let count = shown.or_else(|| summary.now.as_ref().map(|now| &now.report.count));
    let listed = |class: DeviceClass| count.map_or(0, |count| count.of(class));
    let all = DeviceClass::ALL.into_iter().map(|class| (listed(class), class_words(class.name(), listed(class))));
    all.filter(|(number, _)| *number > 0).collect()
}

fn agreement(app: &Context, actor: &Actor, client_id: Uuid) -> Result<Option<AgreementView>, AppError> {
    if !actor.may(Permission::SeeAgreements) {
        return Ok(None);
    }
    let found = app.agreement_sentences(client_id)?;
    Ok(found.map(|(version, clauses)| AgreementView {
        sentences: clauses.into_iter().flat_map(|clause| clause.sentences).take(6).collect(),
        program: version.program.to_owned(),
        name: version.name,
    }))
}

fn statements(app: &Context, head: &ClientHead, summary: &Summary, months: &[Arc<Month>]) -> Result<Vec<StatementRow>, AppError> {
    let invoices = if head.can_see_money { app.invoices_of_client(summary.client_id)? } else { Default::default() };
    let today = summary.today.date();
    let rows = months.iter().rev().map(|month| {
        // A client may have changed its currency since.
        let currency = Currency::parse(&month.statement.currency).unwrap_or(summary.currency);
        let agreement = month.statement.agreement.clone().unwrap_or_default();
        let invoice = invoices.get(&(month.period.to_string(), agreement.clone()));
        let is_running = month.period == summary.running;
        let (state, tone) = match (month.is_issued, is_running) {
            (true, _) => ("issued", "good"),
            (false, true) => ("running", "plain"),
            (false, false) => ("not issued", "over"),
        };
        let is_overdue = invoice.is_some_and(|invoice| invoice.left > 0 && invoice.due_on < today);
        let payment = invoice.map(|invoice| match invoice.left {
            0 => "paid".to_owned(),
            left if left < 0 => format!("{} too much", shown(-left, currency)),
            left => format!("{} open, due {}", shown(left, currency), dates::full(&invoice.due_on)),
        });
        StatementRow {
            month: dates::month(month.period),
            path: format!("/billing/statements/{}/{}", head.path.trim_start_matches("/clients/"), month.period),
            state,
            tone,
            used: if month.draws_time {
                month.time().used
            } else {
                month.time().charged + month.time().included + month.time().internal
            },
            overage: month.time().overage,
            held: month.time().held,
            lost: if month.is_issued { month.time().forfeited } else { 0 },
            invoice: invoice.map(|invoice| (number_text(invoice.number), format!("/billing/invoices/{}", invoice.number))),
            total: if head.can_see_money {
                money::minor(&month.statement.total).map(|it| shown(it, currency)).unwrap_or_default()
            } else {
                String::new()
            },
            payment: payment.unwrap_or_default(),
            is_overdue,
            agreement,
        }
    });
    Ok(rows.collect())
}

fn shown(amount: i64, currency: Currency) -> String {
    money::shown(amount, currency)
}

/// Where an entry is read and, by whoever may, changed; empty for whoever logs no time.
pub(super) fn entry_path(actor: &Actor, id: &str) -> String {
    if actor.may(Permission::LogTime) { format!("/time/entries/{}", crate::web::client_head::in_query(id)) } else { String::new() }
}

fn recent(bodies: &[StatementBody], actor: &Actor) -> Vec<EntryRow> {
    let mut entries: Vec<_> = bodies.iter().flat_map(|body| &body.entries).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.started_at));
    let rows = entries.into_iter().take(RECENT).map(|entry| EntryRow {
        started: dates::wall(entry.started_local),
        ticket: entry.ticket.clone(),
        note: entry.note.clone(),
        who: entry.technician.clone(),
        actual: entry.actual,
        parts: entry
            .parts
            .iter()
            .map(|part| (part_words(part), tone(&part.fate, part.band == quarterhour_billing::Band::AfterHours)))
            .collect(),
        path: entry_path(actor, &entry.id),
    });
    rows.collect()
}

#[derive(Deserialize)]
struct NoteForm {
    #[serde(default)]
    body: String,
    #[serde(default)]
    once: String,
}

async fn add_note(
    State(app): State<App>,
    here: Here,
    Path(code): Path<String>,
    Form(form): Form<NoteForm>,
) -> Result<Response, Failure> {
    let (actor, at, body, once) = (here.actor(), code.clone(), form.body.clone(), form.once.clone());
    let added = app.run(move |app| {
        let typed = [at.as_bytes(), body.as_bytes()];
        app.once(&actor, (&once, &typed), || app.add_note(&actor, &at, &body))
    });
    match added.await {
        Ok(_) => {
            Ok(Done::at(format!("{}#notes", crate::web::client_head::client_path(&code))).saying("The note is there.").into_response())
        }
        Err(error) => {
            let problems = Problems::of_error(error)?;
            let page = show_page(app, here, code, ShowQuery::default(), (form.body, problems)).await?;
            Ok(page_with_problems(page).into_response())
        }
    }
}

async fn delete_note(State(app): State<App>, here: Here, Path((code, note)): Path<(String, Uuid)>) -> Result<Done, Failure> {
    let (actor, at) = (here.actor(), code.clone());
    app.run(move |app| app.delete_note(&actor, &at, note)).await?;
    let path = crate::web::client_head::client_path(&code);
    Ok(Done::at(format!("{path}#notes")).saying_with_undo("The note is gone.", format!("{path}/notes/{note}/restore")))
}

async fn restore_note(State(app): State<App>, here: Here, Path((code, note)): Path<(String, Uuid)>) -> Result<Done, Failure> {
    let (actor, at) = (here.actor(), code.clone());
    app.run(move |app| app.restore_note(&actor, &at, note)).await?;
    Ok(Done::at(format!("{}#notes", crate::web::client_head::client_path(&code))).saying("The note is back."))
}
