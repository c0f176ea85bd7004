//! The months: what is open, what was issued.

use askama::Template;
use axum::extract::State;

use crate::app::actor::Permission;
use crate::app::billing::{Month, Sum};
use crate::app::context::App;
use crate::app::money;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, page};

#[derive(Template)]
#[template(path = "billing/months.html")]
pub(super) struct MonthsPage {
    frame: Frame,
    months: Vec<Row>,
    from: String,
    until: String,
    can_import: bool,
}

struct Row {
    month: Month,
    open_sums: Vec<String>,
    issued_sums: Vec<String>,
}

fn shown(sums: &[Sum]) -> Vec<String> {
    sums.iter().map(|sum| money::shown(sum.total, sum.currency)).collect()
}

pub(super) async fn show(State(app): State<App>, here: Here) -> Answer<MonthsPage> {
    let actor = here.actor();
    let months = app.run(move |app| app.billing_months(&actor)).await?;
    let issued = || months.iter().filter(|month| month.invoices > 0).map(|month| month.period.to_string());
    let (from, until) = (
        issued().next_back().unwrap_or_default(),
        months.first().filter(|_| issued().next().is_some()).map(|month| month.period.to_string()).unwrap_or_default(),
    );
    let rows =
        months.into_iter().map(|month| Row { open_sums: shown(&month.open_sums), issued_sums: shown(&month.issued_sums), month });
    page(MonthsPage {
        can_import: here.visit.actor.may(Permission::ManageSettings),
        frame: here.frame(&app, "billing", "Billing"),
        months: rows.collect(),
        from,
        until,
    })
}
