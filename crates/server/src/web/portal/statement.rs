//! Statements of the own account: the list, one with every minute, its proof, and how to check it.

use askama::Template;
use axum::extract::{Path, State};
use quarterhour_billing::Period;

use crate::app::actor::Actor;
use crate::app::context::{App, Context};
use crate::app::money::price;
use crate::app::paper::{number_text, quantity_words};
use crate::app::statement::StatementView;
use crate::app::why::{Answer as Outcome, Why};
use crate::dates;
use crate::error::AppError;
use crate::hours::hours;
use crate::web::chart::{BurnDown, Chart};
use crate::web::fate::plain_hours;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::portal::OWN;
use crate::web::portal::work::{WorkView, amount};
use crate::web::respond::{Answer, Download, Failure, page};
use crate::web::routes::Area;

pub(super) fn area() -> Area {
    Area::default()
        .get("/portal/statements", OWN, list)
        .get("/portal/statements/{period}", OWN, show)
        .get("/portal/statements/{period}/proof.json", OWN, proof)
        .get("/portal/statements/{period}/entries/{entry}", OWN, explain)
        .get("/portal/verify", OWN, verify)
}

#[derive(Template)]
#[template(path = "portal/statements.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    path: String,
    month: String,
    agreement: String,
    is_issued: bool,
    is_running: bool,
    draws_time: bool,
    available: i64,
    used: i64,
    overage: i64,
    held: i64,
    lost: i64,
    worked: i64,
    total: String,
}

async fn list(State(app): State<App>, here: Here) -> Answer<ListPage> {
    let actor = here.actor();
    let frame = here.frame(&app, "portal-statements", "Statements");
    let rows = app
        .run(move |app| {
            let (client_id, _) = app.own_account(&actor)?;
            let running = app.client_summary(client_id)?.running;
            let mut months = app.months(client_id)?;
            months.reverse();
            let rows = months.into_iter().map(|month| Row {
                path: format!("/portal/statements/{}", month.period),
                month: dates::month(month.period),
                agreement: month.statement.agreement.clone().unwrap_or_default(),
                is_issued: month.is_issued,
                is_running: month.period == running,
                draws_time: month.draws_time,
                available: month.available(),
                used: month.time().used,
                overage: month.time().overage,
                held: month.time().held,
                lost: if month.is_issued { month.time().forfeited } else { 0 },
                worked: month.time().actual,
                total: amount(&month.statement.total, &month.statement.currency),
            });
            Ok(rows.collect())
        })
        .await?;
    page(ListPage { frame, rows })
}

#[derive(Template)]
#[template(path = "portal/statement.html")]
struct ShowPage {
    frame: Frame,
    period: String,
    month: String,
    is_issued: bool,
    is_running: bool,
    earlier: String,
    later: String,
    parts: Vec<Part>,
}

/// A statement of the month; most months have one.
struct Part {
    heading: String,
    program: String,
    figures: Vec<(&'static str, String, &'static str)>,
    /// How the hours add up: label, time, sign.
    balance: Vec<(&'static str, String, &'static str)>,
    chart: Option<Chart>,
    lines: Vec<LineView>,
    net: String,
    tax: String,
    total: String,
    reserve: Vec<(&'static str, String)>,
    devices: Vec<(String, i64)>,
    notes: Vec<String>,
    alerts: Vec<String>,
    work: Vec<WorkView>,
    /// The invoice's number as it is printed, and its path.
    invoice: Option<(String, String)>,
    sha256: String,
}

struct LineView {
    text: String,
    quantity: String,
    price: String,
    amount: String,
}

async fn show(State(app): State<App>, here: Here, Path(period): Path<String>) -> Answer<ShowPage> {
    let (actor, period) = (here.actor(), read_period(&period)?);
    let frame = here.frame(&app, "portal-statements", format!("Statement of {}", dates::month(period)));
    page(app.run(move |app| statement(app, &actor, period, frame)).await?)
}

/// The period of a path.
fn read_period(text: &str) -> Result<Period, AppError> {
    Period::parse(text).ok_or_else(|| AppError::not_found("month"))
}

fn statement(app: &Context, actor: &Actor, period: Period, frame: Frame) -> Result<ShowPage, AppError> {
    let (client_id, code) = app.own_account(actor)?;
    let found = app.statements(actor, &code, period)?;
    if found.statements.is_empty() {
        return Err(AppError::not_found("statement of this month"));
    }
    let titles = app.own_titles(actor)?;
    let at = if found.is_running { Some(app.own_overview(actor)?.seconds_into) } else { None };
    let summary = app.client_summary(client_id)?;
    let parts = found.statements.iter().enumerate().map(|(index, view)| {
        let body = &view.body;
        let chart = BurnDown::of_body(&format!("burn-down-{index}"), body, at, summary.forecast_of(body));
        let text = period.to_string();
        let work = body.entries.iter().map(|entry| WorkView::of(entry, &text, &titles)).collect();
        Part { chart: chart.map(|chart| chart.chart()), work, ..Part::of(view, found.is_issued) }
    });
    let path = |period: Period| format!("/portal/statements/{period}");
    let (first, last) = found.range;
    Ok(ShowPage {
        frame,
        period: period.to_string(),
        month: dates::month(period),
        is_issued: found.is_issued,
        is_running: found.is_running,
        earlier: if period > first { path(period.previous()) } else { String::new() },
        later: if period < last { path(period.next()) } else { String::new() },
        parts: parts.collect(),
    })
}

impl Part {
    fn of(view: &StatementView, is_issued: bool) -> Self {
        let (body, report) = (&view.body, &view.body.statement);
        let time = &report.time;
        let code = report.currency.as_ref();
        let lines = report.lines.iter().map(|line| LineView {
            text: body.line_text(line),
            quantity: quantity_words(&line.quantity, line.unit.as_ref()),
            price: price(&line.price, report.currency.as_ref()),
            amount: amount(&line.amount, code),
        });
        let reserve = report.reserve.as_ref().map(|reserve| {
            let rows = [
                ("Carried over", &reserve.opening),
                ("Granted", &reserve.granted),
                ("Used", &reserve.used),
                ("Ended unused", &reserve.forfeited),
                ("Carried on", &reserve.closing),
            ];
            rows.map(|(label, text)| (label, amount(text, code))).to_vec()
        });
        let invoice = view.issued.as_ref().and_then(|issued| issued.invoice.as_ref());
        Self {
            heading: report.agreement.clone().unwrap_or_else(|| "Work without an agreement".to_owned()),
            program: report.program.to_string(),
            figures: figures(view, is_issued),
            balance: balance(view, is_issued),
            chart: None,
            lines: lines.collect(),
            net: amount(&report.net, code),
            tax: amount(&report.tax, code),
            total: amount(&report.total, code),
            reserve: reserve.unwrap_or_default(),
            devices: report.count.listed().map(|(class, count)| (class.name().to_owned(), count)).collect(),
            notes: body.notes.clone(),
            alerts: body.alerts.clone(),
            work: Vec::new(),
            invoice: invoice.map(|it| (number_text(it.number), format!("/portal/invoices/{}", it.number))),
            sha256: view.issued.as_ref().map(|issued| issued.sha256.clone()).unwrap_or_default(),
        }
        .without_time_of(time.actual)
    }

    /// A statement of fees alone has no figures of work.
    fn without_time_of(mut self, actual: i64) -> Self {
        if actual == 0 && self.balance.is_empty() {
            self.figures.clear();
        }
        self
    }
}

fn figures(view: &StatementView, is_issued: bool) -> Vec<(&'static str, String, &'static str)> {
    let time = &view.body.statement.time;
    let left = view.body.left();
    let mut figures = Vec::new();
    if view.body.draws_time {
        figures.push((if is_issued { "Not used" } else { "Left" }, left, ""));
        figures.push(("Used", time.used, "good"));
        figures.push(("Overage", time.overage, "over"));
        figures.push(("Held", time.held, "over"));
        figures.push((if is_issued { "Lost" } else { "Lost at the end" }, time.forfeited, "lost"));
    }
    let others = [
        ("Covered", time.included, "good"),
        ("Charged", time.charged, ""),
        ("Own staff", time.internal, "lost"),
        ("Free", time.courtesy, "lost"),
    ];
    figures.extend(others.into_iter().filter(|(_, seconds, _)| *seconds > 0));
    figures.into_iter().map(|(label, seconds, tone)| (label, plain_hours(seconds), if seconds == 0 { "" } else { tone })).collect()
}

/// `opening + granted + restored = used + forfeited + closing`, in words.
fn balance(view: &StatementView, is_issued: bool) -> Vec<(&'static str, String, &'static str)> {
    if !view.body.draws_time {
        return Vec::new();
    }
    let time = &view.body.statement.time;
    let lost = if is_issued { "Lost: ended unused" } else { "Would be lost at the end" };
    let kept = if is_issued { "Carried on into later months" } else { "Would carry on into later months" };
    let rows = [
        ("Carried over from before", time.opening, "+", true),
        ("Granted this month", time.granted, "+", true),
        ("Given back to late work", time.restored, "+", time.restored != 0),
        ("Used", time.used, "\u{2212}", true),
        (lost, time.forfeited, "\u{2212}", true),
        (kept, time.closing, "=", true),
    ];
    let shown = rows.into_iter().filter(|(.., shown)| *shown);
    shown.map(|(label, seconds, sign, _)| (label, hours(seconds), sign)).collect()
}

async fn proof(State(app): State<App>, here: Here, Path(period): Path<String>) -> Result<Download, Failure> {
    let (actor, period) = (here.actor(), read_period(&period)?);
    let (name, content) = app.run(move |app| app.own_proof(&actor, period)).await?;
    Ok(Download { name, media_type: "application/json", content, inline: false })
}

#[derive(Template)]
#[template(path = "portal/entry.html")]
struct WhyPage {
    frame: Frame,
    crumbs: [(String, String); 2],
    work: WorkView,
    why: Why,
}

impl WhyPage {
    fn tone(answer: &Outcome) -> &'static str {
        match *answer {
            Outcome::Decided => "good",
            Outcome::No => "plain",
            Outcome::NotAsked => "lost",
        }
    }
}

async fn explain(State(app): State<App>, here: Here, Path((period, entry)): Path<(String, String)>) -> Answer<WhyPage> {
    let (actor, period) = (here.actor(), read_period(&period)?);
    let frame = here.frame(&app, "portal-statements", "Why it counted");
    let (why, work) = app
        .run(move |app| {
            let (_, code) = app.own_account(&actor)?;
            let why = app.why(&actor, &code, period, &entry)?;
            let work = WorkView::of(&why.entry, &period.to_string(), &app.own_titles(&actor)?);
            Ok((why, work))
        })
        .await?;
    let month = (format!("/portal/statements/{period}"), dates::month(period));
    page(WhyPage { frame, crumbs: [("/portal/statements".to_owned(), "Statements".to_owned()), month], work, why })
}

#[derive(Template)]
#[template(path = "portal/verify.html")]
struct VerifyPage {
    frame: Frame,
    code: String,
    /// The last entry's number and hash.
    head: Option<(i64, String)>,
    /// The last issued month.
    period: Option<String>,
    /// What to run.
    command: String,
}

async fn verify(State(app): State<App>, here: Here) -> Answer<VerifyPage> {
    let actor = here.actor();
    let frame = here.frame(&app, "portal-statements", "Check it yourself");
    let (code, head, period) = app
        .run(move |app| {
            let (client_id, code) = app.own_account(&actor)?;
            let issued = app.client_summary(client_id)?.issued.map(|period| period.to_string());
            Ok((code, app.own_head(&actor)?.map(|head| (head.seq, head.hash)), issued))
        })
        .await?;
    let command = head.as_ref().zip(period.as_ref());
    let command = command.map(|((_, hash), period)| format!("quarterhour verify {code}-{period}.proof.json --head {hash}"));
    page(VerifyPage { frame, code, head, period, command: command.unwrap_or_default() })
}
