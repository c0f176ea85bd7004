//! Questions of clients that wait for an answer.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::context::{App, Context};
use crate::app::held::TOPIC;
use crate::app::money;
use crate::dates;
use crate::error::AppError;
use crate::hours::hours;
use crate::web::client_head::{ClientHead, client_path};
use crate::web::client_show::QuestionRow;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// The routes.
#[must_use]
pub fn area() -> Area {
    let answers = Access::May(Permission::AnswerQuestions);
    Area::default().get("/questions", answers, list).get("/clients/{code}/questions/{question}", answers, show).post(
        "/clients/{code}/questions/{question}",
        answers,
        answer,
    )
}

#[derive(Template)]
#[template(path = "question/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<QuestionRow>,
}

async fn list(State(app): State<App>, here: Here) -> Answer<ListPage> {
    let rows = app
        .run(|app| {
            let zone = app.books()?.setup.provider.time_zone.clone();
            Ok(app.open_questions()?.into_iter().map(|question| QuestionRow::of(question, &zone)).collect::<Vec<_>>())
        })
        .await?;
    page(ListPage { frame: here.frame(&app, "clients", "Questions of clients"), rows })
}

#[derive(Template)]
#[template(path = "question/show.html")]
struct ShowPage {
    frame: Frame,
    head: ClientHead,
    row: QuestionRow,
    /// The page that shows what it is about.
    about: String,
    /// What a refusal is about: work and amount.
    refused: Vec<(String, String)>,
    answer: String,
    problems: Problems,
}

async fn show(State(app): State<App>, here: Here, Path((code, id)): Path<(String, Uuid)>) -> Answer<ShowPage> {
    page(show_page(app, here, code, id, (String::new(), Problems::default())).await?)
}

async fn show_page(app: App, here: Here, code: String, id: Uuid, (answer, problems): (String, Problems)) -> Result<ShowPage, Failure> {
    let shown = app.run(move |app| {
        let (head, client_id) = (ClientHead::of(app, &here.actor(), &code)?, app.client_by_code(&code)?);
        let question = app.questions_of_client(client_id)?.into_iter().find(|question| question.id == id);
        let row = QuestionRow::of(question.ok_or_else(|| AppError::not_found("question"))?, &head.zone);
        let frame = here.frame(app, "clients", format!("A question of {}", head.name));
        let about = row.question.about(head.can_see_money);
        let refused = if head.can_see_money { refused(app, &here.actor(), &row)? } else { Vec::new() };
        Ok(ShowPage { frame, head, row, about, refused, answer, problems })
    });
    Ok(shown.await?)
}

/// The held overage that a refusal names, with its amounts.
fn refused(app: &Context, actor: &Actor, row: &QuestionRow) -> Result<Vec<(String, String)>, AppError> {
    if row.question.topic != TOPIC {
        return Ok(Vec::new());
    }
    let numbers = row.question.reference.split(' ').filter_map(|number| number.parse().ok());
    let pieces = numbers.map(|number| {
        let held = app.held(actor, number)?;
        let amount = held.money().map(|currency| money::shown(held.amount, currency)).unwrap_or_default();
        Ok((format!("{}, {} of {}: {}", dates::wall(held.started), hours(held.seconds), held.technician, held.note), amount))
    });
    pieces.collect()
}

#[derive(Deserialize)]
struct AnswerForm {
    #[serde(default)]
    answer: String,
}

async fn answer(
    State(app): State<App>,
    here: Here,
    Path((code, id)): Path<(String, Uuid)>,
    Form(form): Form<AnswerForm>,
) -> Result<Response, Failure> {
    let (actor, at, text) = (here.actor(), code.clone(), form.answer.clone());
    match app.run(move |app| app.answer_question(&actor, &at, id, &text)).await {
        Ok(()) => {
            Ok(Done::at(format!("{}#questions", client_path(&code))).saying("The answer is in the client's portal.").into_response())
        }
        Err(error) => {
            let problems = Problems::of_error(error)?;
            Ok(page_with_problems(show_page(app, here, code, id, (form.answer, problems)).await?).into_response())
        }
    }
}
