//! Why a minute counted: the conditions in their order, with the one that decided.

use askama::Template;
use axum::extract::{Path, Query, State};
use serde::Deserialize;

use crate::app::context::App;
use crate::app::why::Why;
use crate::web::billing::statement::tone;
use crate::web::billing::{crumbs, period_of, statement_path};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, page};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WhyQuery {
    entry: String,
}

#[derive(Template)]
#[template(path = "billing/why.html")]
pub(super) struct WhyPage {
    frame: Frame,
    crumbs: Vec<(String, String)>,
    path: String,
    why: Why,
    started: String,
}

impl WhyPage {
    fn tone(&self, fate: &str) -> &'static str {
        tone(fate)
    }
}

pub(super) async fn show(
    State(app): State<App>,
    here: Here,
    Path((code, period)): Path<(String, String)>,
    Query(query): Query<WhyQuery>,
) -> Answer<WhyPage> {
    let (actor, period) = (here.actor(), period_of(&period)?);
    let path = statement_path(&code, period);
    let (why, name) = app
        .run(move |app| {
            let why = app.why(&actor, &code, period, &query.entry)?;
            let books = app.books()?;
            let name = books.setup.client(&code).map_or(code.clone(), |(_, client)| client.row.field("name").to_owned());
            Ok((why, name))
        })
        .await?;
    page(WhyPage {
        frame: here.frame(&app, "billing", "Why it counted so"),
        started: crate::dates::wall(why.entry.started_local),
        crumbs: crumbs(period, &[(&path, &name)]),
        path,
        why,
    })
}
