//! A client's statements of a month: the time as an equation, lines, devices, the burn-down and every entry.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use quarterhour_billing::{Period, TimeTotals};
use quarterhour_store::statements::kept_back::KeptBack;
use serde::Deserialize;

use crate::app::actor::Permission;
use crate::app::body::{EntryBody, StatementBody};
use crate::app::context::App;
use crate::app::device_effect::class_words;
use crate::app::money;
use crate::app::money::price;
use crate::app::paper::{self, number_text, quantity_words};
use crate::app::payment::currency_of;
use crate::app::proof;
use crate::app::statement::{ClientPeriod, StatementView};
use crate::error::AppError;
use crate::hours::hours;
use crate::web::billing::{crumbs, period_of, statement_path};
use crate::web::chart::{BurnDown, Chart, seconds_into};
use crate::web::client_head::{client_path, in_query};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Download, Failure, page, page_with_problems};

/// One statement of the page.
struct Sheet {
    title: String,
    program: String,
    sentence: String,
    available: i64,
    time: TimeTotals,
    /// What is spent, lost and carried on.
    went: i64,
    words: Words,
    draws_time: bool,
    reserve: Option<quarterhour_billing::ReserveReport>,
    chart: Option<Chart>,
    lines: Vec<Line>,
    net: String,
    tax: String,
    tax_percent: String,
    total: String,
    body: StatementBody,
    entries: Vec<Entry>,
    number: Option<String>,
    sha256: String,
    draft_path: String,
}

/// Times with their unit.
struct Words {
    actual: String,
    overage: String,
    held: String,
    charged: String,
    included: String,
    internal: String,
    courtesy: String,
}

impl Words {
    fn of(time: &TimeTotals) -> Self {
        Self {
            actual: hours(time.actual),
            overage: hours(time.overage),
            held: hours(time.held),
            charged: hours(time.charged),
            included: hours(time.included),
            internal: hours(time.internal),
            courtesy: hours(time.courtesy),
        }
    }
}

struct Line {
    text: String,
    quantity: String,
    price: String,
    amount: String,
}

struct Entry {
    body: EntryBody,
    started: String,
    why_path: String,
    parts: Vec<Part>,
}

struct Part {
    tone: &'static str,
    fate: String,
    why: String,
    seconds: i64,
    is_after_hours: bool,
}

/// The tone of what happened to time.
pub(super) fn tone(fate: &str) -> &'static str {
    match fate {
        "drawn" => "good",
        "overage" => "over",
        "held" => "bad",
        "courtesy" | "nothing" => "lost",
        _ => "plain",
    }
}

impl Sheet {
    fn of(client: &ClientPeriod, view: &StatementView, now: Option<i64>) -> Result<Self, AppError> {
        let (body, report) = (&view.body, &view.body.statement);
        let currency = currency_of(&report.currency)?;
        let shown = |text: &str| money::minor(text).map_or_else(|| text.to_owned(), |minor| money::shown(minor, currency));
        let path = statement_path(&client.code, client.period);
        let agreement = view.agreement();
        let id = format!("burn-{}", if agreement.is_empty() { "none" } else { agreement });
        let chart = BurnDown::of_body(&id, body, now, None).map(|chart| chart.chart());
        let lines = report.lines.iter().map(|line| Line {
            text: body.line_text(line),
            quantity: quantity_words(&line.quantity, line.unit.as_ref()),
            price: price(&line.price, report.currency.as_ref()),
            amount: shown(&line.amount),
        });
        let issued = view.issued.as_ref();
        Ok(Self {
            title: if agreement.is_empty() { "Work without an agreement".to_owned() } else { agreement.to_owned() },
            program: report.program.to_string(),
            sentence: paper::sentence(body, view.issued.is_some()),
            available: view.available(),
            time: report.time,
            went: report.time.used + report.time.forfeited + report.time.closing,
            words: Words::of(&report.time),
            draws_time: body.draws_time,
            reserve: report.reserve.clone(),
            chart,
            lines: lines.collect(),
            net: shown(&report.net),
            tax: shown(&report.tax),
            tax_percent: body.tax_percent.clone(),
            total: shown(&report.total),
            entries: body.entries.iter().map(|entry| Entry::of(entry, &path)).collect(),
            number: issued.and_then(|issued| issued.invoice.as_ref()).map(|invoice| number_text(invoice.number)),
            sha256: issued.map(|issued| issued.sha256.clone()).unwrap_or_default(),
            draft_path: format!("{path}/draft.pdf?agreement={}", in_query(agreement)),
            body: body.clone(),
        })
    }
}

impl Entry {
    fn of(entry: &EntryBody, path: &str) -> Self {
        let parts = entry.parts.iter().map(|part| Part {
            tone: tone(&part.fate),
            fate: part.fate.clone(),
            why: part.why.clone(),
            seconds: part.seconds,
            is_after_hours: part.band == quarterhour_billing::Band::AfterHours,
        });
        Self {
            started: crate::dates::wall(entry.started_local),
            why_path: format!("{path}/why?entry={}", in_query(&entry.id)),
            parts: parts.collect(),
            body: entry.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "billing/statement.html")]
pub(super) struct StatementPage {
    frame: Frame,
    code: String,
    client_path: String,
    crumbs: Vec<(String, String)>,
    path: String,
    previous: Option<String>,
    next: Option<String>,
    is_issued: bool,
    is_running: bool,
    sheets: Vec<Sheet>,
    warnings: Vec<String>,
    issue_path: String,
    /// Who keeps the month back from issuing, and why.
    kept_back: Option<KeptBack>,
    may_keep: bool,
    problems: Problems,
}

pub(super) async fn show(State(app): State<App>, here: Here, Path((code, period)): Path<(String, String)>) -> Answer<StatementPage> {
    let period = period_of(&period)?;
    page(statement_page(&app, &here, code, period).await?)
}

async fn statement_page(app: &App, here: &Here, code: String, period: Period) -> Result<StatementPage, AppError> {
    let actor = here.actor();
    let may_bill = actor.may(Permission::Bill);
    let (client, now, kept_back) = app
        .run(move |app| {
            let client = app.statements(&actor, &code, period)?;
            let clock = app.client_live(client.client_id)?.client()?.client.clock.clone();
            let now = client.is_running.then(|| seconds_into(period, &clock, app.clock.now().as_second()));
            let kept = app.kept_months(&actor)?.of(client.client_id, period).filter(|_| !client.is_issued).cloned();
            Ok((client, now, kept))
        })
        .await?;
    let sheets = client.statements.iter().map(|view| Sheet::of(&client, view, now)).collect::<Result<Vec<_>, _>>()?;
    let (first, last) = client.range;
    let beside = |period: Period| statement_path(&client.code, period);
    let can_issue = may_bill && !client.is_issued && !client.is_running && !sheets.is_empty();
    Ok(StatementPage {
        frame: here.frame(app, "billing", format!("{}, {}", client.name, crate::dates::month(period))),
        client_path: client_path(&client.code),
        crumbs: crumbs(period, &[(&client_path(&client.code), &client.name)]),
        path: statement_path(&client.code, period),
        previous: (period > first).then(|| beside(period.previous())),
        next: (period < last).then(|| beside(period.next())),
        is_issued: client.is_issued,
        is_running: client.is_running,
        may_keep: may_bill && !client.is_issued && !sheets.is_empty(),
        issue_path: if can_issue && kept_back.is_none() {
            format!("/billing/{period}/issue?client={}", in_query(&client.code))
        } else {
            String::new()
        },
        kept_back,
        problems: Problems::default(),
        warnings: client.warnings,
        code: client.code,
        sheets,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct KeepForm {
    reason: String,
}

impl StatementPage {
    /// The devices behind a count by class, as `40 workstations, 1 server`.
    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    fn counted(&self, sheet: &Sheet) -> String {
        let classes = sheet.body.devices.chunk_by(|one, other| one.class == other.class);
        let words = classes.filter_map(|devices| {
            let number = i64::try_from(devices.len()).unwrap_or(i64::MAX);
            Some(format!("{number} {}", class_words(&devices.first()?.class, number)))
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// Keeps the month back from issuing.
pub(super) async fn keep_back(
    State(app): State<App>,
    here: Here,
    Path((code, period)): Path<(String, String)>,
    Form(form): Form<KeepForm>,
) -> Result<Response, Failure> {
    let (actor, period, at) = (here.actor(), period_of(&period)?, code.clone());
    match app.run(move |app| app.keep_back(&actor, &at, period, &form.reason)).await {
        Ok(()) => {
            let path = statement_path(&code, period);
            Ok(Done::at(&path).saying_with_undo("It is kept back: runs leave it out.", format!("{path}/release")).into_response())
        }
        Err(error) => {
            let problems = Problems::of_error(error)?;
            Ok(page_with_problems(StatementPage { problems, ..statement_page(&app, &here, code, period).await? }).into_response())
        }
    }
}

/// Releases a month that was kept back.
pub(super) async fn release(
    State(app): State<App>,
    here: Here,
    Path((code, period)): Path<(String, String)>,
) -> Result<Done, Failure> {
    let (actor, period, at) = (here.actor(), period_of(&period)?, code.clone());
    app.run(move |app| app.release_month(&actor, &at, period)).await?;
    Ok(Done::at(statement_path(&code, period)).saying("It is released: the next run issues it."))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DraftQuery {
    agreement: String,
}

pub(super) async fn draft(
    State(app): State<App>,
    here: Here,
    Path((code, period)): Path<(String, String)>,
    Query(query): Query<DraftQuery>,
) -> Result<Download, Failure> {
    let (actor, period) = (here.actor(), period_of(&period)?);
    let name = format!("{period}-{code}-draft.pdf");
    let content = app.run(move |app| app.draft_pdf(&actor, &code, period, &query.agreement)).await?;
    Ok(Download::pdf(name, content))
}

pub(super) async fn proof(State(app): State<App>, Path((code, period)): Path<(String, String)>) -> Result<Download, Failure> {
    let period = period_of(&period)?;
    let name = format!("{code}-{period}-proof.json");
    let proof = app.run(move |app| proof::make(&app.store, &code, period)).await?;
    let content = serde_json::to_vec_pretty(&proof).map_err(AppError::fault)?;
    Ok(Download { name, media_type: "application/json", content, inline: false })
}
