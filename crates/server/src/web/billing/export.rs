//! CSV of invoices, lines, payments and credit notes.

use axum::extract::{Path, Query, State};
use quarterhour_billing::Period;
use serde::Deserialize;

use crate::app::context::App;
use crate::app::money_export::What;
use crate::error::AppError;
use crate::web::billing::period_of;
use crate::web::frame::Here;
use crate::web::respond::{Download, Failure};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RangeQuery {
    what: String,
    from: String,
    until: String,
}

pub(super) async fn range(State(app): State<App>, here: Here, Query(query): Query<RangeQuery>) -> Result<Download, Failure> {
    let what = What::parse(&query.what).ok_or_else(|| AppError::not_found("export"))?;
    let (from, until) = (period_of(&query.from)?, period_of(&query.until)?);
    file(app, here, what, (from, until)).await
}

pub(super) async fn invoices(State(app): State<App>, here: Here, Path(period): Path<String>) -> Result<Download, Failure> {
    let period = period_of(&period)?;
    file(app, here, What::Invoices, (period, period)).await
}

pub(super) async fn lines(State(app): State<App>, here: Here, Path(period): Path<String>) -> Result<Download, Failure> {
    let period = period_of(&period)?;
    file(app, here, What::Lines, (period, period)).await
}

async fn file(app: App, here: Here, what: What, (from, until): (Period, Period)) -> Result<Download, Failure> {
    let actor = here.actor();
    let text = app.run(move |app| app.export_money(&actor, what, (from, until))).await?;
    Ok(Download::csv(what.file_name(from, until), text))
}
