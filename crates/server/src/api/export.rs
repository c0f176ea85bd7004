//! Files for accounting programs, and drafts of invoices.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::answer::{CsvFile, Pdf};
use crate::api::endpoints::{Endpoints, named};
use crate::api::extract::{Caller, Params, Segment};
use crate::api::problem::Problem;
use crate::api::words::period;
use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::money_export::What;
use crate::web::respond::Download;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let see = Access::May(Permission::SeeBilling);
    Endpoints::of("Exports", "Files for accounting programs, and drafts of what is not issued yet.")
        .get("/exports/{what}", see, named("exportMoney", "Export `invoices`, `lines`, `payments` or `credit-notes` as CSV"), export)
        .get(
            "/clients/{client}/drafts/{period}",
            see,
            named("getDraftPdf", "Read an open statement as the PDF it would become"),
            draft,
        )
}

/// The months of an export, 36 at most.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// The first month.
    #[param(example = "2026-10")]
    from: String,
    /// The last month; without it, the first one.
    #[param(example = "2026-10")]
    until: Option<String>,
}

async fn export(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(what): Segment<String>,
    Params(span): Params<Span>,
) -> Result<CsvFile, Problem> {
    let what = What::parse(&what).ok_or_else(|| Problem::not_found("export"))?;
    let from = period("from", &span.from)?;
    let until = span.until.as_deref().map_or(Ok(from), |until| period("until", until))?;
    let text = app.run(move |app| app.export_money(&actor, what, (from, until))).await?;
    Ok(CsvFile(Download::csv(what.file_name(from, until), text)))
}

/// Which open statement.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfAgreement {
    /// The agreement's name; without it, the work outside any agreement.
    #[serde(default)]
    agreement: String,
}

async fn draft(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((code, month)): Segment<(String, String)>,
    Params(of): Params<OfAgreement>,
) -> Result<Pdf, Problem> {
    let month = period("period", &month)?;
    let name = format!("{month}-{code}-draft.pdf");
    let content = app.run(move |app| app.draft_pdf(&actor, &code, month, &of.agreement)).await?;
    Ok(Pdf(Download::pdf(name, content)))
}
