//! Questions that clients ask from their portal, and the answers.

use quarterhour_store::statements::question::{self, Answer, Question};
use serde::Serialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::events::Event;
use crate::app::webhook::QUESTION_ASKED;
use crate::error::AppError;

const KIND: &str = "question";
/// The most characters of a question or an answer.
const LENGTH_MAX: usize = 5000;
/// Questions of one client that may wait at once.
const OPEN_MAX: usize = 50;

/// A question as pages show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuestionView {
    /// Its id.
    pub id: Uuid,
    /// The client.
    pub client_id: Uuid,
    /// The client's code.
    pub code: String,
    /// The client's name.
    pub client: String,
    /// What it is about: `devices`, `statement`, `invoice`, `held` (a refusal) or `other`.
    pub topic: String,
    /// Which one; may be empty.
    pub reference: String,
    /// The question.
    pub body: String,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: jiff::Timestamp,
    /// The answer, who wrote it, and when.
    pub answer: Option<(String, String, jiff::Timestamp)>,
}

impl QuestionView {
    /// A page of the provider that shows what it is about; the client's where there is no better one, and for whoever may
    /// not see billing.
    #[must_use]
    pub fn about(&self, sees_billing: bool) -> String {
        let code = url::form_urlencoded::byte_serialize(self.code.as_bytes()).collect::<String>().replace('+', "%20");
        let plain = self.reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match self.topic.as_str() {
            "devices" => format!("/clients/{code}/devices"),
            "statement" | "invoice" | "held" if !sees_billing => format!("/clients/{code}"),
            "statement" if plain && !self.reference.is_empty() => format!("/billing/statements/{code}/{}", self.reference),
            "invoice" if plain && !self.reference.is_empty() => format!("/billing/invoices/{}", self.reference),
            "held" => "/billing/held".to_owned(),
            _ => format!("/clients/{code}"),
        }
    }

    /// What it is about, in a word or two.
    #[must_use]
    pub fn topic_words(&self) -> String {
        match (self.topic.as_str(), self.reference.as_str()) {
            ("devices", _) => "the device list".to_owned(),
            ("statement", "") => "a statement".to_owned(),
            ("statement", period) => format!("the statement of {}", crate::dates::month_of(period)),
            ("invoice", "") => "an invoice".to_owned(),
            ("invoice", number) => format!("invoice {number}"),
            ("held", numbers) => {
                let numbers: Vec<&str> = numbers.split(' ').collect();
                let noun = if numbers.len() == 1 { "piece" } else { "pieces" };
                format!("held overage that it refuses, {noun} {}", numbers.join(", "))
            }
            _ => "something else".to_owned(),
        }
    }
}

impl Context {
    /// The questions that wait for an answer, the oldest first.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn open_questions(&self) -> Result<Vec<QuestionView>, AppError> {
        let provider = self.provider()?;
        let rows = self.store.read(|tx| question::list_open(tx, provider))?;
        self.question_views(rows)
    }

    /// The questions of a client, the newest first.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn questions_of_client(&self, client_id: Uuid) -> Result<Vec<QuestionView>, AppError> {
        let provider = self.provider()?;
        let rows = self.store.read(|tx| question::list_of_client(tx, provider, client_id))?;
        self.question_views(rows)
    }

    fn question_views(&self, rows: Vec<Question>) -> Result<Vec<QuestionView>, AppError> {
        let books = self.books()?;
        let name = |client_id: Uuid| {
            let position = books.positions.get(&client_id).and_then(|position| books.setup.clients.get(*position));
            position.map(|client| client.row.field("name").to_owned()).unwrap_or_default()
        };
        let views = rows.into_iter().map(|row| QuestionView {
            id: row.question_id,
            client_id: row.client_id,
            code: books.code(row.client_id).to_owned(),
            client: name(row.client_id),
            topic: row.topic,
            reference: row.reference,
            body: row.body,
            asked_by: row.asked_by,
            asked_at: row.asked_at,
            answer: row.answer.zip(row.answered_by).zip(row.answered_at).map(|((text, by), at)| (text, by, at)),
        });
        Ok(views.collect())
    }

    /// A client's person asks.
    ///
    /// # Errors
    ///
    /// Refuses an empty question, an unknown topic, or who may not.
    pub fn ask_question(&self, actor: &Actor, topic: &str, reference: &str, body: &str) -> Result<Uuid, AppError> {
        actor.require(Permission::SeeOwnAccount)?;
        let client_id = actor.own_client()?;
        let body = tidy(body, "body", "what you want to know")?;
        if !matches!(topic, "devices" | "statement" | "invoice" | "other") {
            return Err(AppError::field("topic", "expected devices, statement, invoice or other"));
        }
        if reference.chars().count() > 200 || reference.chars().any(char::is_control) {
            return Err(AppError::field("reference", "expected a period or the number of an invoice"));
        }
        let row = Question {
            client_id,
            question_id: Uuid::now_v7(),
            topic: topic.to_owned(),
            reference: reference.trim().to_owned(),
            body,
            asked_by: actor.name.clone(),
            asked_at: self.clock.now(),
            answer: None,
            answered_by: None,
            answered_at: None,
        };
        self.store.write(|tx| {
            let waiting = question::list_of_client(tx, actor.provider, client_id)?;
            if waiting.iter().filter(|row| row.answered_at.is_none()).count() >= OPEN_MAX {
                let message = format!("{OPEN_MAX} questions wait for an answer already");
                return Err(AppError::conflict(message, "call us, or wait for the answers"));
            }
            question::insert(tx, actor.provider, &row)?;
            let told = serde_json::json!({
                "id": row.question_id, "client": self.client_code(client_id), "topic": row.topic,
                "reference": row.reference, "body": row.body, "asked_by": row.asked_by,
            });
            self.emit(tx, QUESTION_ASKED, &told)?;
            let after = serde_json::json!({ "topic": row.topic, "reference": row.reference, "body": row.body });
            self.record(tx, actor, Change::new("asked", KIND, row.question_id.to_string()).of_client(client_id).after(&after))
        })?;
        self.events.tell(Event::Client { client_id, code: self.client_code(client_id) });
        Ok(row.question_id)
    }

    /// Answers a question; returns the client's code.
    ///
    /// # Errors
    ///
    /// Refuses an empty answer, one that was answered before, or who may not.
    pub fn answer_question(&self, actor: &Actor, code: &str, id: Uuid, answer: &str) -> Result<(), AppError> {
        actor.require(Permission::AnswerQuestions)?;
        let client_id = self.client_by_code(code)?;
        let answer = tidy(answer, "answer", "an answer")?;
        let row = Answer { answer, answered_by: actor.name.clone(), answered_at: self.clock.now() };
        self.store.write(|tx| {
            let asked = question::find(tx, actor.provider, client_id, id)?.ok_or_else(|| AppError::not_found("question"))?;
            if let Some(by) = asked.answered_by {
                return Err(AppError::conflict(format!("{by} answered it meanwhile"), "open the client's page to read the answer"));
            }
            question::answer(tx, actor.provider, client_id, id, &row)?;
            let after = serde_json::json!({ "answer": row.answer });
            let before = serde_json::json!({ "body": asked.body });
            self.record(tx, actor, Change::new("answered", KIND, id.to_string()).of_client(client_id).before(&before).after(&after))
        })?;
        self.events.tell(Event::Client { client_id, code: code.to_owned() });
        Ok(())
    }
}

fn tidy(text: &str, field: &str, expected: &str) -> Result<String, AppError> {
    let text = text.trim().replace("\r\n", "\n");
    let length = text.chars().count();
    if text.is_empty() {
        return Err(AppError::field(field, format!("nothing; expected {expected}")));
    }
    if length > LENGTH_MAX {
        return Err(AppError::field(field, format!("{length} characters; expected at most {LENGTH_MAX}")));
    }
    Ok(text)
}
