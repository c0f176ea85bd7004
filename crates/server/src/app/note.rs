//! Notes about clients, for the provider's own people: written, taken out, and back again.

use quarterhour_store::statements::audit;
use quarterhour_store::statements::note::{self, Note};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::events::Event;
use crate::error::AppError;

const KIND: &str = "note";
/// The most characters of a note.
const LENGTH_MAX: usize = 10_000;

/// A note as pages show it and as the audit log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteView {
    /// Its id.
    pub id: Uuid,
    /// The text.
    pub body: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at: jiff::Timestamp,
}

impl NoteView {
    fn of(row: Note) -> Self {
        Self { id: row.note_id, body: row.body, author: row.author, at: row.created_at }
    }

    fn row(&self, client_id: Uuid) -> Note {
        Note { client_id, note_id: self.id, body: self.body.clone(), author: self.author.clone(), created_at: self.at }
    }
}

impl Context {
    /// The notes about a client, the newest first.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn notes(&self, client_id: Uuid) -> Result<Vec<NoteView>, AppError> {
        let provider = self.provider()?;
        let rows = self.store.read(|tx| note::list_of_client(tx, provider, client_id))?;
        Ok(rows.into_iter().map(NoteView::of).collect())
    }

    /// Writes a note.
    ///
    /// # Errors
    ///
    /// Refuses an empty one, or who may not.
    pub fn add_note(&self, actor: &Actor, code: &str, body: &str) -> Result<(), AppError> {
        actor.require(Permission::LogTime)?;
        let client_id = self.client_by_code(code)?;
        let body = body.trim().replace("\r\n", "\n");
        if body.is_empty() {
            return Err(AppError::field("body", "nothing; expected what the others should know"));
        }
        let length = body.chars().count();
        if length > LENGTH_MAX {
            return Err(AppError::field("body", format!("{length} characters; expected at most {LENGTH_MAX}")));
        }
        let view = NoteView { id: Uuid::now_v7(), body, author: actor.name.clone(), at: self.clock.now() };
        self.store.write(|tx| {
            note::insert(tx, actor.provider, &view.row(client_id))?;
            self.record(tx, actor, Change::new("created", KIND, view.id.to_string()).of_client(client_id).after(&view))
        })?;
        self.events.tell(Event::Client { client_id, code: code.to_owned() });
        Ok(())
    }

    /// Takes a note out: the own one, or anybody's for those who change clients.
    ///
    /// # Errors
    ///
    /// Fails when it is not there, or refuses.
    pub fn delete_note(&self, actor: &Actor, code: &str, id: Uuid) -> Result<(), AppError> {
        actor.require(Permission::LogTime)?;
        let client_id = self.client_by_code(code)?;
        self.store.write(|tx| {
            let rows = note::list_of_client(tx, actor.provider, client_id)?;
            let row = rows.into_iter().find(|row| row.note_id == id).ok_or_else(|| AppError::not_found("note"))?;
            if row.author != actor.name {
                actor.require(Permission::EditClients)?;
            }
            note::delete(tx, actor.provider, client_id, id)?;
            let change = Change::new("deleted", KIND, id.to_string()).of_client(client_id);
            self.record(tx, actor, change.before(&NoteView::of(row)))
        })?;
        self.events.tell(Event::Client { client_id, code: code.to_owned() });
        Ok(())
    }

    /// Brings a note back that was taken out.
    ///
    /// # Errors
    ///
    /// Fails when it was not taken out, or is there again.
    pub fn restore_note(&self, actor: &Actor, code: &str, id: Uuid) -> Result<(), AppError> {
        actor.require(Permission::LogTime)?;
        let client_id = self.client_by_code(code)?;
        let lost = || AppError::not_found("deleted note");
        self.store.write(|tx| {
            let last = audit::list_of_subject(tx, actor.provider, KIND, &id.to_string(), 1)?.pop().ok_or_else(lost)?;
            let before =
                last.before_json.filter(|_| last.action == "deleted" && last.client_id == Some(client_id)).ok_or_else(lost)?;
            let view: NoteView = serde_json::from_str(&before).map_err(|_| lost())?;
            note::insert(tx, actor.provider, &view.row(client_id))?;
            self.record(tx, actor, Change::new("restored", KIND, id.to_string()).of_client(client_id).after(&view))
        })?;
        self.events.tell(Event::Client { client_id, code: code.to_owned() });
        Ok(())
    }
}
