//! What people say about clients: tickets' titles, notes among colleagues, questions of clients with their answers.

use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::answer::{Answer, Created, Listed, Nothing};
use crate::api::endpoints::{Endpoints, PREFIX, named};
use crate::api::extract::{Body, Caller, Params, Segment};
use crate::api::page::{Page, newest_first};
use crate::api::problem::Problem;
use crate::api::words::{segment, text};
use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::note::NoteView;
use crate::app::question::QuestionView;
use crate::app::ticket::TicketView;
use crate::error::AppError;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let see = Access::May(Permission::SeeClients);
    let (log, answer) = (Access::May(Permission::LogTime), Access::May(Permission::AnswerQuestions));
    let notes = "/clients/{client}/notes";
    let tickets = Endpoints::of("Tickets", "References with a title; their work is in the time entries that name them.")
        .get(
            "/clients/{client}/tickets",
            see,
            named("listTickets", "List a client's tickets with the work of the last half year"),
            tickets,
        )
        .put("/clients/{client}/tickets/{ticket}", log, named("nameTicket", "Give a ticket a title"), name_ticket);
    let notes = Endpoints::of("Notes", "What the provider's people tell each other about a client. The client never sees it.")
        .get(notes, see, named("listNotes", "List the notes about a client, the newest first"), list_notes)
        .post(notes, log, named("createNote", "Write a note"), add_note)
        .delete("/clients/{client}/notes/{note}", log, named("deleteNote", "Take a note out"), delete_note);
    let questions = Endpoints::of("Questions", "What clients ask from their portal, and the answers.")
        .get(
            "/questions",
            see,
            named("listOpenQuestions", "List the questions that wait for an answer, the oldest first"),
            open_questions,
        )
        .get("/clients/{client}/questions", see, named("listQuestions", "List a client's questions, the newest first"), questions)
        .post("/clients/{client}/questions/{question}/answer", answer, named("answerQuestion", "Answer a question"), answer_question);
    tickets.and(notes).and(questions)
}

/// A ticket with its work.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ticket {
    /// The reference.
    ticket: String,
    /// The title; may be empty.
    title: String,
    /// Time entries of the last half year.
    entries: usize,
    /// Seconds worked on them.
    actual: i64,
    /// When the last one began.
    #[schema(format = DateTime)]
    last_at: Option<String>,
}

impl Ticket {
    fn new(it: TicketView) -> Self {
        let last_at = it.last_at.and_then(|at| Timestamp::from_second(at).ok()).map(|at| at.to_string());
        Self { ticket: it.ticket, title: it.title, entries: it.entries, actual: it.actual, last_at }
    }
}

/// A ticket's title.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketTitle {
    /// One line; may be empty.
    #[schema(max_length = 200)]
    title: String,
}

/// The part of a list that is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TicketFilter {
    /// Tickets on the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    after: Option<String>,
    /// With this in reference or title, in any case.
    search: Option<String>,
}

async fn tickets(
    State(app): State<App>,
    _: Caller,
    Segment(client): Segment<String>,
    Params(filter): Params<TicketFilter>,
) -> Result<Listed<Ticket>, Problem> {
    let views = app.run(move |app| app.tickets_of_client(app.client_by_code(&client)?)).await?;
    let search = filter.search.map(|it| it.to_lowercase());
    let found = |it: &TicketView| {
        search.as_ref().is_none_or(|text| it.ticket.to_lowercase().contains(text) || it.title.to_lowercase().contains(text))
    };
    let key = |it: &TicketView| format!("{}\n{}", newest_first(it.last_at.unwrap_or(0)), it.ticket);
    Page::of(filter.limit, filter.after.as_ref()).cut(views.into_iter().filter(found), key, Ticket::new)
}

async fn name_ticket(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, ticket)): Segment<(String, String)>,
    Body(body): Body<TicketTitle>,
) -> Result<Answer<Ticket>, Problem> {
    text("title", &body.title, 200)?;
    text("ticket", &ticket, 500)?;
    let view = app
        .run(move |app| {
            app.set_ticket_title(&actor, &client, &ticket, &body.title)?;
            let views = app.tickets_of_client(app.client_by_code(&client)?)?;
            views.into_iter().find(|it| it.ticket == ticket.trim()).ok_or_else(|| AppError::not_found("ticket"))
        })
        .await?;
    Ok(Answer(Ticket::new(view)))
}

/// A note about a client.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Note {
    /// Its id.
    id: Uuid,
    /// The text.
    body: String,
    /// Who wrote it.
    author: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

impl Note {
    fn new(it: NoteView) -> Self {
        Self { id: it.id, body: it.body, author: it.author, at: it.at.to_string() }
    }
}

/// A text to be written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The text.
    #[schema(min_length = 1, max_length = 5000)]
    body: String,
}

async fn list_notes(
    State(app): State<App>,
    _: Caller,
    Segment(client): Segment<String>,
    Params(page): Params<Page>,
) -> Result<Listed<Note>, Problem> {
    let notes = app.run(move |app| app.notes(app.client_by_code(&client)?)).await?;
    page.cut(notes, |it| format!("{}\n{}", newest_first(it.at.as_microsecond()), it.id), Note::new)
}

async fn add_note(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(client): Segment<String>,
    Body(body): Body<Text>,
) -> Result<Created<Note>, Problem> {
    text("body", &body.body, 5000)?;
    let code = client.clone();
    let note = app
        .run(move |app| {
            app.add_note(&actor, &client, &body.body)?;
            let own = app.notes(app.client_by_code(&client)?)?.into_iter().filter(|note| note.author == actor.name);
            own.max_by_key(|note| (note.at, note.id)).ok_or_else(|| AppError::not_found("note"))
        })
        .await?;
    Ok(Created { at: format!("{PREFIX}/clients/{}/notes", segment(&code)), view: Note::new(note) })
}

async fn delete_note(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, id)): Segment<(String, Uuid)>,
) -> Result<Nothing, Problem> {
    app.run(move |app| app.delete_note(&actor, &client, id)).await?;
    Ok(Nothing)
}

/// A client's question.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Question {
    /// Its id.
    pub id: Uuid,
    /// The client's code.
    client: String,
    /// devices, statement, invoice, held or other.
    topic: String,
    /// Which one; may be empty.
    reference: String,
    /// The question.
    body: String,
    /// Who asked.
    asked_by: String,
    /// When.
    #[schema(format = DateTime)]
    asked_at: String,
    /// The answer.
    answer: Option<String>,
    /// Who answered.
    answered_by: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
}

impl Question {
    /// A question of the list.
    #[must_use]
    pub fn new(it: QuestionView) -> Self {
        let (answer, by, at) = it.answer.map_or((None, None, None), |(text, by, at)| (Some(text), Some(by), Some(at.to_string())));
        Self {
            id: it.id,
            client: it.code,
            topic: it.topic,
            reference: it.reference,
            body: it.body,
            asked_by: it.asked_by,
            asked_at: it.asked_at.to_string(),
            answer,
            answered_by: by,
            answered_at: at,
        }
    }
}

async fn open_questions(State(app): State<App>, _: Caller, Params(page): Params<Page>) -> Result<Listed<Question>, Problem> {
    let found = app.run(|app| app.open_questions()).await?;
    page.cut(found, |it| format!("{:020}\n{}", it.asked_at.as_microsecond(), it.id), Question::new)
}

async fn questions(
    State(app): State<App>,
    _: Caller,
    Segment(client): Segment<String>,
    Params(page): Params<Page>,
) -> Result<Listed<Question>, Problem> {
    let found = app.run(move |app| app.questions_of_client(app.client_by_code(&client)?)).await?;
    page.cut(found, newest_question, Question::new)
}

/// The newest question first.
#[must_use]
pub fn newest_question(it: &QuestionView) -> String {
    format!("{}\n{}", newest_first(it.asked_at.as_microsecond()), it.id)
}

async fn answer_question(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, id)): Segment<(String, Uuid)>,
    Body(body): Body<Text>,
) -> Result<Answer<Question>, Problem> {
    text("body", &body.body, 5000)?;
    let view = app
        .run(move |app| {
            app.answer_question(&actor, &client, id, &body.body)?;
            let all = app.questions_of_client(app.client_by_code(&client)?)?;
            all.into_iter().find(|it| it.id == id).ok_or_else(|| AppError::not_found("question"))
        })
        .await?;
    Ok(Answer(Question::new(view)))
}
