//! The first page of the portal: hours left, what becomes of them, and what this month's work was.

use askama::Template;
use axum::extract::State;

use crate::app::actor::{Actor, Permission};
use crate::app::body::StatementBody;
use crate::app::client_state::forecast_sentence;
use crate::app::context::{App, Context};
use crate::app::month_time::MonthTime;
use crate::app::portal::Overview;
use crate::dates;
use crate::error::AppError;
use crate::web::chart::{BurnDown, Chart};
use crate::web::fate::plain_hours;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::portal::OWN;
use crate::web::portal::work::{WorkView, amount};
use crate::web::respond::{Answer, page};
use crate::web::routes::Area;

pub(super) fn area() -> Area {
    Area::default().get("/portal", OWN, show)
}

#[derive(Template)]
#[template(path = "portal/home.html")]
struct HomePage {
    frame: Frame,
    code: String,
    client: String,
    month: String,
    hero: Hero,
    rest: Vec<String>,
    forecast: String,
    charts: Vec<Chart>,
    figures: Vec<(&'static str, String, &'static str)>,
    /// Seconds beyond the cap in the running month.
    held_now: i64,
    /// Held overage of issued months that waits: number and amount.
    waiting: usize,
    may_decide: bool,
    work: Vec<WorkView>,
    notes: Vec<String>,
    statement_path: String,
}

/// The first thing on the page.
struct Hero {
    figure: String,
    unit: &'static str,
    label: String,
    tone: &'static str,
}

async fn show(State(app): State<App>, here: Here) -> Answer<HomePage> {
    let actor = here.actor();
    let frame = here.frame(&app, "portal", "Hours");
    page(app.run(move |app| home(app, &actor, frame)).await?)
}

fn home(app: &Context, actor: &Actor, frame: Frame) -> Result<HomePage, AppError> {
    let Overview { summary, statements, rest, seconds_into, titles } = app.own_overview(actor)?;
    let waiting = app.count_held(actor)?;
    let period = summary.running.to_string();
    let charts = statements.iter().enumerate().filter_map(|(index, body)| {
        let id = format!("burn-down-{index}");
        Some(BurnDown::of_body(&id, body, Some(seconds_into), summary.forecast_of(body))?.chart())
    });
    let mut entries: Vec<_> = statements.iter().flat_map(|body| &body.entries).collect();
    entries.sort_by(|one, other| (other.started_at, &other.id).cmp(&(one.started_at, &one.id)));
    Ok(HomePage {
        frame,
        code: summary.code.clone(),
        client: summary.name.clone(),
        month: dates::month(summary.running),
        hero: Hero::of(&statements),
        rest,
        forecast: if summary.now.as_ref().is_some_and(|now| now.draws_time || now.reserve.is_some()) {
            forecast_sentence(&summary)
        } else {
            String::new()
        },
        charts: charts.collect(),
        figures: figures(&statements),
        held_now: statements.iter().map(|body| body.statement.time.held).sum(),
        waiting,
        may_decide: actor.may(Permission::DecideOwnHeld),
        work: entries.into_iter().map(|entry| WorkView::of(entry, &period, &titles)).collect(),
        notes: statements.iter().flat_map(|body| body.notes.clone()).collect(),
        statement_path: format!("/portal/statements/{period}"),
    })
}

impl Hero {
    fn of(statements: &[StatementBody]) -> Self {
        let Some(body) = statements.first() else {
            let label = "worked this month. No agreement is in force: work is charged by the rate card.".to_owned();
            return Self { figure: "0:00".to_owned(), unit: "h", label, tone: "" };
        };
        let (report, time) = (&body.statement, &body.statement.time);
        let currency = report.currency.as_ref();
        if body.draws_time {
            let month = MonthTime::of(statements);
            let (available, beyond, left) = (month.available(), month.beyond(), month.left);
            let more = if beyond > 0 { format!("; {} h more were needed", plain_hours(beyond)) } else { String::new() };
            let label = format!("left this month, of {} h{more}", plain_hours(available));
            return Self { figure: plain_hours(left), unit: "h", label, tone: if beyond > 0 { "over" } else { "" } };
        }
        if let Some(reserve) = &report.reserve {
            let read = |text: &str| crate::app::money::minor(text).unwrap_or(0);
            let available = read(&reserve.opening) + read(&reserve.granted);
            let left = available - read(&reserve.used);
            let shown = |amount: i64| {
                quarterhour_billing::Currency::parse(currency).map_or_else(String::new, |it| crate::app::money::shown(amount, it))
            };
            let label = format!("left of this month's reserve of {}", shown(available));
            return Self { figure: shown(left), unit: "", label, tone: if left <= 0 { "over" } else { "" } };
        }
        let label = match (time.included, time.charged) {
            (included, 0) if included > 0 => "worked this month, covered by your fixed rate".to_owned(),
            (0, _) => format!("worked this month: {} so far", amount(&report.net, currency)),
            (included, charged) => {
                format!("worked this month: {} h covered, {} h charged", plain_hours(included), plain_hours(charged))
            }
        };
        Self { figure: plain_hours(time.actual), unit: "h", label, tone: "" }
    }
}

/// Label, figure, tone.
fn figures(statements: &[StatementBody]) -> Vec<(&'static str, String, &'static str)> {
    let sum = |of: fn(&quarterhour_billing::TimeTotals) -> i64| statements.iter().map(|body| of(&body.statement.time)).sum::<i64>();
    let all = [
        ("Used", sum(|time| time.used), "good"),
        ("Overage", sum(|time| time.overage), "over"),
        ("Held for you to decide", sum(|time| time.held), "over"),
        ("Covered by the fixed rate", sum(|time| time.included), "good"),
        ("Charged by the hour", sum(|time| time.charged), ""),
        ("Free of charge", sum(|time| time.courtesy), "lost"),
        ("Worked", sum(|time| time.actual), ""),
    ];
    let shown = all.into_iter().filter(|(_, seconds, _)| *seconds > 0);
    shown.map(|(label, seconds, tone)| (label, plain_hours(seconds), tone)).collect()
}
