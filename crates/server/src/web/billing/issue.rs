//! Issuing: a page that names what will be issued, and the order.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use jiff::civil::Date;
use quarterhour_billing::Period;
use serde::Deserialize;

use crate::app::actor::Actor;
use crate::app::billing::{Run, RunRow, Sum, sums};
use crate::app::context::App;
use crate::app::money;
use crate::error::AppError;
use crate::web::billing::{crumbs, period_of, totals};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct IssueQuery {
    client: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct IssueForm {
    issued_on: String,
    client: Option<String>,
}

#[derive(Template)]
#[template(path = "billing/issue.html")]
pub(super) struct IssuePage {
    frame: Frame,
    crumbs: Vec<(String, String)>,
    month_path: String,
    beside: String,
    period: Period,
    client: Option<RunRow>,
    statements: usize,
    clients: usize,
    sums: Vec<(Sum, String, String)>,
    totals: String,
    warnings: usize,
    /// Statements that are kept back.
    kept_back: usize,
    issued_on: String,
    problems: Problems,
    earlier: Vec<(Period, usize)>,
    is_over: bool,
}

impl IssuePage {
    fn new(app: &App, here: &Here, run: Run, code: Option<&str>, issued_on: String) -> Self {
        let open: Vec<&RunRow> = run.rows.iter().filter(|row| row.is_due() && code.is_none_or(|code| row.code == code)).collect();
        let mut clients: Vec<&str> = open.iter().map(|row| row.code.as_str()).collect();
        clients.dedup();
        let totalled: Vec<Sum> = match code {
            None => sums(open.iter().copied()),
            Some(_) => {
                open.iter().map(|row| Sum { currency: row.currency, count: 1, net: row.net, tax: row.tax, total: row.total }).collect()
            }
        };
        let shown = |sum: &Sum| (*sum, money::shown(sum.net, sum.currency), money::shown(sum.total, sum.currency));
        let title = format!("Issue {}", crate::dates::month(run.period));
        Self {
            frame: here.frame(app, "billing", title),
            client: code.and_then(|_| open.first().map(|row| (*row).clone())),
            statements: open.len(),
            clients: clients.len(),
            totals: totals(&totalled),
            sums: totalled.iter().map(shown).collect(),
            kept_back: run.rows.iter().filter(|row| row.kept_back.is_some()).count(),
            warnings: open.iter().map(|row| row.warnings.len()).sum(),
            problems: Problems::default(),
            beside: String::new(),
            crumbs: crumbs(run.period, &[]),
            month_path: format!("/billing/{}", run.period),
            period: run.period,
            is_over: run.is_over,
            earlier: run.earlier,
            issued_on,
        }
    }
}

pub(super) async fn confirm(
    State(app): State<App>,
    here: Here,
    Path(period): Path<String>,
    Query(query): Query<IssueQuery>,
) -> Answer<IssuePage> {
    let period = period_of(&period)?;
    page(asked(&app, here, period, query.client, None).await?)
}

async fn asked(app: &App, here: Here, period: Period, client: Option<String>, date: Option<String>) -> Result<IssuePage, AppError> {
    app.run(move |app| {
        let run = app.run_of(&here.actor(), period)?;
        let date = date.unwrap_or_else(|| app.today().to_string());
        Ok(IssuePage::new(app, &here, run, client.as_deref().filter(|code| !code.is_empty()), date))
    })
    .await
}

pub(super) async fn order(State(app): State<App>, here: Here, Path(period): Path<String>, Form(form): Form<IssueForm>) -> Response {
    let ordered = async {
        let period = period_of(&period)?;
        let (actor, client, date) = (here.actor(), form.client.clone(), form.issued_on.clone());
        let job = app.run(move |app| order_issue(app, &actor, period, client.as_deref(), &date)).await;
        match job {
            Ok(id) => Ok::<_, AppError>(Done::at(format!("/jobs/{id}")).into_response()),
            Err(error) => {
                let problems = Problems::of_error(error)?;
                let beside = problems.beside(&["issued_on"]);
                let shown = asked(&app, here, period, form.client, Some(form.issued_on)).await?;
                Ok(page_with_problems(IssuePage { problems, beside, ..shown }).into_response())
            }
        }
    };
    ordered.await.unwrap_or_else(|error| Failure(error).into_response())
}

fn order_issue(app: &App, actor: &Actor, period: Period, client: Option<&str>, date: &str) -> Result<uuid::Uuid, AppError> {
    let issued_on: Date = date.trim().parse().map_err(|_| AppError::field("issued_on", "expected a day such as 2026-11-02"))?;
    let clients: Vec<String> = client.filter(|code| !code.is_empty()).map(str::to_owned).into_iter().collect();
    app.order_issue(actor, period, &clients, issued_on)
}
