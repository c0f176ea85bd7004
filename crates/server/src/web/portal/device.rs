//! The devices that are counted this month, and the question whether the list is right.

use askama::Template;
use axum::extract::State;

use crate::app::body::CountedDevice;
use crate::app::context::App;
use crate::dates;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::portal::OWN;
use crate::web::portal::question::Asked;
use crate::web::problems::Problems;
use crate::web::respond::{Answer, page};
use crate::web::routes::Area;

pub(super) fn area() -> Area {
    Area::default().get("/portal/devices", OWN, show)
}

#[derive(Template)]
#[template(path = "portal/devices.html")]
pub(super) struct DevicesPage {
    frame: Frame,
    code: String,
    month: String,
    /// By class: its name, the devices.
    classes: Vec<(String, Vec<CountedDevice>)>,
    /// Devices in service that no clause counts: name, class.
    others: Vec<(String, String)>,
    total: usize,
    questions: Vec<Asked>,
    body: String,
    problems: Problems,
}

async fn show(State(app): State<App>, here: Here) -> Answer<DevicesPage> {
    page(devices_page(&app, &here, String::new(), Problems::default()).await?)
}

/// The page, with a question that was typed.
pub(super) async fn devices_page(
    app: &App,
    here: &Here,
    body: String,
    problems: Problems,
) -> Result<DevicesPage, crate::error::AppError> {
    let actor = here.actor();
    let frame = here.frame(app, "portal-devices", "Devices");
    app.run(move |app| {
        let (client_id, code) = app.own_account(&actor)?;
        let overview = app.own_overview(&actor)?;
        let mut classes: Vec<(String, Vec<CountedDevice>)> = Vec::new();
        for device in overview.statements.iter().flat_map(|body| body.devices.iter().cloned()) {
            match classes.iter_mut().find(|(class, _)| *class == device.class) {
                Some((_, list)) if list.iter().any(|other| other.name == device.name) => {}
                Some((_, list)) => list.push(device),
                None => classes.push((device.class.clone(), vec![device])),
            }
        }
        let live = app.client_live(client_id)?;
        let counted = |name: &str| classes.iter().any(|(_, list)| list.iter().any(|device| device.name == name));
        let mut others: Vec<(String, String)> = (live.client()?.client.devices.iter())
            .filter(|device| device.counts_on(overview.summary.today) && !counted(&device.name))
            .map(|device| (device.name.clone(), device.class.name().to_owned()))
            .collect();
        others.sort();
        let questions = Asked::list(app, &actor, Some("devices"))?;
        let total = classes.iter().map(|(_, list)| list.len()).sum();
        let month = dates::month(overview.summary.running);
        Ok(DevicesPage { frame, code, month, classes, others, total, questions, body, problems })
    })
    .await
}
