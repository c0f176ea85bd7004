//! What clients ask from the portal, and the answers.
//! Not the sending of either.

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `questions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The client who asks.
    pub client_id: Uuid,
    /// The id, a UUIDv7, so that ids are in order of time.
    pub question_id: Uuid,
    /// What it is about: `devices`, `statement`, `invoice` or `other`.
    pub topic: String,
    /// Which one, or empty.
    pub reference: String,
    /// The question.
    pub body: String,
    /// Who asked.
    pub asked_by: String,
    /// When it was asked; kept to the microsecond.
    pub asked_at: Timestamp,
    /// The answer.
    pub answer: Option<String>,
    /// Who answered.
    pub answered_by: Option<String>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
}

/// What the provider answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The text.
    pub answer: String,
    /// Who answers.
    pub answered_by: String,
    /// When; kept to the microsecond.
    pub answered_at: Timestamp,
}

const INSERT: Sql = sql!(
    "insert into questions (
        provider_id, client_id, question_id, topic, reference, body, asked_by, asked_at, answer,
        answered_by, answered_at
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
    )"
);

/// Adds a question.
///
/// # Errors
///
/// Fails when the id exists already, the client is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Question) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the question")
}

/// The question of a client with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, client_id: Uuid, question_id: Uuid) -> Result<Option<Question>, StoreError> {
    let sql = sql!(
        "select
            client_id, question_id, topic, reference, body, asked_by, asked_at, answer,
            answered_by, answered_at
        from questions where provider_id = $1 and client_id = $2 and question_id = $3"
    );
    tx.opt(sql, &[&provider.0, &client_id, &question_id], read)
}

/// All questions that wait for an answer, the oldest first.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_open(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Question>, StoreError> {
    let sql = sql!(
        "select
            client_id, question_id, topic, reference, body, asked_by, asked_at, answer,
            answered_by, answered_at
        from questions where provider_id = $1 and answered_at is null
        order by question_id"
    );
    tx.list(sql, &[&provider.0], read)
}

/// All questions of a client, the newest first.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<Question>, StoreError> {
    let sql = sql!(
        "select
            client_id, question_id, topic, reference, body, asked_by, asked_at, answer,
            answered_by, answered_at
        from questions where provider_id = $1 and client_id = $2
        order by question_id desc"
    );
    tx.list(sql, &[&provider.0, &client_id], read)
}

/// All questions of a topic, the newest first.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_topic(tx: &mut Tx, provider: ProviderId, topic: &str) -> Result<Vec<Question>, StoreError> {
    let sql = sql!(
        "select
            client_id, question_id, topic, reference, body, asked_by, asked_at, answer,
            answered_by, answered_at
        from questions where provider_id = $1 and topic = $2
        order by question_id desc",
        scans = "questions are few, and of few topics"
    );
    tx.list(sql, &[&provider.0, &topic], read)
}

/// Answers a question that has no answer yet.
///
/// # Errors
///
/// Fails when there is no such question without an answer, or the database fails.
pub fn answer(tx: &mut Tx, provider: ProviderId, client_id: Uuid, question_id: Uuid, answer: &Answer) -> Result<(), StoreError> {
    let sql = sql!(
        "update questions set answer = $4, answered_by = $5, answered_at = $6
        where provider_id = $1 and client_id = $2 and question_id = $3 and answered_at is null"
    );
    let what = "a question of this id that has no answer yet";
    tx.exec_one(sql, &[&provider.0, &client_id, &question_id, &answer.answer, &answer.answered_by, &answer.answered_at], what)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Question) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.client_id,
        &row.question_id,
        &row.topic,
        &row.reference,
        &row.body,
        &row.asked_by,
        &row.asked_at,
        &row.answer,
        &row.answered_by,
        &row.answered_at,
    ]
}

fn read(row: &mut Row) -> Result<Question, StoreError> {
    Ok(Question {
        client_id: row.next()?,
        question_id: row.next()?,
        topic: row.next()?,
        reference: row.next()?,
        body: row.next()?,
        asked_by: row.next()?,
        asked_at: row.next()?,
        answer: row.next()?,
        answered_by: row.next()?,
        answered_at: row.next()?,
    })
}
