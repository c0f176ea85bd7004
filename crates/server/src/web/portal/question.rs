//! Questions from the portal, and their answers.

use askama::Template;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::actor::Actor;
use crate::app::context::{App, Context};
use crate::dates;
use crate::error::AppError;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::portal::{OWN, device};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};
use crate::web::routes::Area;

pub(super) fn area() -> Area {
    Area::default().get("/portal/questions", OWN, list).post("/portal/questions", OWN, ask)
}

/// A question as its client reads it.
pub(super) struct Asked {
    pub(super) about: String,
    pub(super) body: String,
    pub(super) by: String,
    pub(super) at: String,
    /// Text, by whom, when.
    pub(super) answer: Option<(String, String, String)>,
}

impl Asked {
    /// The questions of the actor's client, the newest first; of one topic, or all.
    pub(super) fn list(app: &Context, actor: &Actor, topic: Option<&str>) -> Result<Vec<Self>, AppError> {
        let (client_id, code) = app.own_account(actor)?;
        let books = app.books()?;
        let zone = books.setup.client(&code).map_or("UTC", |(_, client)| client.client.clock.name());
        let rows = app.questions_of_client(client_id)?.into_iter().filter(|row| topic.is_none_or(|topic| row.topic == topic));
        let asked = rows.map(|row| Self {
            about: about(&row.topic, &row.reference),
            at: dates::moment(row.asked_at, zone),
            body: row.body,
            by: row.asked_by,
            answer: row.answer.map(|(text, by, at)| (text, by, dates::moment(at, zone))),
        });
        Ok(asked.collect())
    }
}

fn about(topic: &str, reference: &str) -> String {
    match (topic, reference) {
        ("devices", _) => "the list of devices".to_owned(),
        ("statement", period) => match quarterhour_billing::Period::parse(period) {
            Some(period) => format!("the statement of {}", dates::month(period)),
            None => "a statement".to_owned(),
        },
        ("invoice", number) => format!("invoice {number}"),
        ("held", number) => format!("held overage number {number}, refused"),
        _ => "something else".to_owned(),
    }
}

#[derive(Template)]
#[template(path = "portal/questions.html")]
struct QuestionsPage {
    frame: Frame,
    code: String,
    questions: Vec<Asked>,
    form: QuestionForm,
    problems: Problems,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct QuestionForm {
    topic: String,
    reference: String,
    body: String,
    once: String,
}

async fn list(State(app): State<App>, here: Here) -> Answer<QuestionsPage> {
    page(questions_page(&app, &here, QuestionForm::default(), Problems::default()).await?)
}

async fn questions_page(app: &App, here: &Here, form: QuestionForm, problems: Problems) -> Result<QuestionsPage, AppError> {
    let actor = here.actor();
    let frame = here.frame(app, "portal-questions", "Questions");
    app.run(move |app| {
        let (_, code) = app.own_account(&actor)?;
        Ok(QuestionsPage { frame, code, questions: Asked::list(app, &actor, None)?, form, problems })
    })
    .await
}

async fn ask(State(app): State<App>, here: Here, Form(form): Form<QuestionForm>) -> Result<Response, Failure> {
    let (actor, typed) = (here.actor(), form.clone());
    let topic = if form.topic.is_empty() { "other".to_owned() } else { form.topic.clone() };
    let asked = app.run(move |app| {
        let QuestionForm { reference, body, once, .. } = &typed;
        let sent = [topic.as_bytes(), reference.as_bytes(), body.as_bytes()];
        app.once(&actor, (once, &sent), || app.ask_question(&actor, &topic, reference, body))
    });
    match asked.await {
        Ok(_) => {
            let to = if form.topic == "devices" { "/portal/devices" } else { "/portal/questions" };
            Ok(Done::at(to).saying("Your question is with us. The answer appears here.").into_response())
        }
        Err(error) => {
            let problems = Problems::of_error(error)?;
            if form.topic == "devices" {
                return Ok(page_with_problems(device::devices_page(&app, &here, form.body, problems).await?)?.into_response());
            }
            Ok(page_with_problems(questions_page(&app, &here, form, problems).await?)?.into_response())
        }
    }
}
