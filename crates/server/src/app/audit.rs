//! The audit log: who changed what, when and from where, with what was before and after. It only grows.

use quarterhour_store::Tx;
use quarterhour_store::statements::audit::{self, AuditEntry};
use serde::Serialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Channel};
use crate::app::context::Context;
use crate::error::AppError;

/// One change, to be written in the transaction that makes it.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// What was done, such as `created`, `changed`, `issued`.
    pub action: &'a str,
    /// The noun, such as `time entry`.
    pub kind: &'a str,
    /// Which one.
    pub id: String,
    /// The client it is about.
    pub client_id: Option<Uuid>,
    before: Option<String>,
    after: Option<String>,
}

impl<'a> Change<'a> {
    /// A change of a noun.
    pub fn new(action: &'a str, kind: &'a str, id: impl Into<String>) -> Self {
        Self { action, kind, id: id.into(), client_id: None, before: None, after: None }
    }

    /// The client it is about.
    #[must_use]
    pub fn of_client(mut self, client_id: Uuid) -> Self {
        self.client_id = Some(client_id);
        self
    }

    /// What was before. Never a secret.
    #[must_use]
    pub fn before(mut self, value: &impl Serialize) -> Self {
        self.before = serde_json::to_string(value).ok();
        self
    }

    /// What is after. Never a secret.
    #[must_use]
    pub fn after(mut self, value: &impl Serialize) -> Self {
        self.after = serde_json::to_string(value).ok();
        self
    }
}

impl Context {
    /// Writes a change into the audit log.
    ///
    /// # Errors
    ///
    /// Fails when the database does; then the change is not made either.
    pub fn record(&self, tx: &mut Tx, actor: &Actor, change: Change<'_>) -> Result<(), AppError> {
        write(tx, actor, self.clock.now(), change)
    }
}

/// Writes a change that was made at a moment into the audit log.
///
/// # Errors
///
/// Fails when the database does; then the change is not made either.
pub fn write(tx: &mut Tx, actor: &Actor, at: jiff::Timestamp, change: Change<'_>) -> Result<(), AppError> {
    let by_person = matches!(actor.channel, Channel::Session(_) | Channel::Token(..));
    let row = AuditEntry {
        audit_id: Uuid::now_v7(),
        at,
        actor_id: by_person.then_some(actor.user_id),
        actor_name: actor.name.clone(),
        channel: actor.channel.name().to_owned(),
        address: actor.address.clone(),
        action: change.action.to_owned(),
        client_id: change.client_id,
        subject_kind: change.kind.to_owned(),
        subject_id: change.id,
        before_json: change.before,
        after_json: change.after,
    };
    Ok(audit::insert(tx, actor.provider, &row)?)
}
