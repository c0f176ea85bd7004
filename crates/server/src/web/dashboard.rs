//! The dashboard: what needs a person today, each line a link that leads to the fix.

mod words;

use askama::Template;
use axum::extract::State;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::dashboard::Dashboard;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, page};
use crate::web::routes::{Access, Area};
use words::Need;

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/", Access::May(Permission::SeeClients), show)
}

#[derive(Template)]
#[template(path = "dashboard/show.html")]
struct DashboardPage {
    frame: Frame,
    needs: Vec<Need>,
    dashboard: Dashboard,
    may_edit: bool,
    may_import: bool,
}

async fn show(State(app): State<App>, here: Here) -> Answer<DashboardPage> {
    let actor = here.actor();
    let (may_edit, may_import) = (actor.may(Permission::EditClients), actor.may(Permission::ManageSettings));
    let dashboard = app.run(move |app| app.dashboard(&actor)).await?;
    let frame = here.frame(&app, "dashboard", "Today");
    page(DashboardPage { frame, needs: words::needs(&dashboard), dashboard, may_edit, may_import })
}
