//! Months of clients that are kept back from issuing.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::answer::{All, Nothing};
use crate::api::endpoints::{Endpoints, named};
use crate::api::extract::{Body, Caller, Segment};
use crate::api::problem::Problem;
use crate::api::words::{period, text};
use crate::app::actor::Permission;
use crate::app::context::App;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let (see, bill) = (Access::May(Permission::SeeBilling), Access::May(Permission::Bill));
    let one = "/clients/{client}/kept-back/{period}";
    Endpoints::of("Months kept back", "A client's open month that runs leave out until somebody releases it.")
        .get("/kept-back", see, named("listKeptBack", "List the months that are kept back"), list)
        .put(one, bill, named("keepBack", "Keep an open month back from issuing"), keep)
        .delete(one, bill, named("releaseMonth", "Release a month that was kept back"), release)
}

/// A month that is kept back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeptBack {
    /// The client's code.
    client: String,
    /// The period.
    period: String,
    /// Why.
    reason: String,
    /// Who keeps it back.
    kept_by: String,
    /// Since when.
    #[schema(format = DateTime)]
    kept_at: String,
}

async fn list(State(app): State<App>, Caller(actor): Caller) -> Result<All<KeptBack>, Problem> {
    let found = app
        .run(move |app| {
            let kept = app.kept_months(&actor)?;
            let rows = kept.iter().map(|row| KeptBack {
                client: app.client_code(row.client_id),
                period: row.period.clone(),
                reason: row.reason.clone(),
                kept_by: row.kept_by.clone(),
                kept_at: row.kept_at.to_string(),
            });
            let mut rows: Vec<KeptBack> = rows.collect();
            rows.sort_by(|one, other| (&one.client, &one.period).cmp(&(&other.client, &other.period)));
            Ok(rows)
        })
        .await?;
    Ok(All(found))
}

/// Why a month is kept back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// The reason, on record with the name of whoever keeps it back.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

async fn keep(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((code, month)): Segment<(String, String)>,
    Body(body): Body<Keep>,
) -> Result<Nothing, Problem> {
    let month = period("period", &month)?;
    text("reason", &body.reason, 500)?;
    app.run(move |app| app.keep_back(&actor, &code, month, &body.reason)).await?;
    Ok(Nothing)
}

async fn release(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((code, month)): Segment<(String, String)>,
) -> Result<Nothing, Problem> {
    let month = period("period", &month)?;
    app.run(move |app| app.release_month(&actor, &code, month)).await?;
    Ok(Nothing)
}
