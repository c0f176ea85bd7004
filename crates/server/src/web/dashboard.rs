//! The dashboard: what needs a person today.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::live::Summary;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, page};
use crate::web::routes::{Access, Area};

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/", Access::May(Permission::SeeClients), show)
}

#[derive(Template)]
#[template(path = "dashboard/show.html")]
struct DashboardPage {
    frame: Frame,
    clients: Vec<Arc<Summary>>,
}

async fn show(State(app): State<App>, here: Here) -> Answer<DashboardPage> {
    let clients = app.run(|app| app.summaries()).await?;
    page(DashboardPage { frame: here.frame(&app, "dashboard", "Dashboard"), clients })
}
