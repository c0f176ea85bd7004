//! Comparisons that are kept, shared with the client, and taken away again.

use jiff::Timestamp;
use quarterhour_documents::ComparisonPaper;
use quarterhour_documents::worker::Request;
use quarterhour_store::statements::comparison;
use serde::Serialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::risk::comparison::{Detail, compare};
use crate::app::risk::question::Question;
use crate::error::AppError;

const KIND: &str = "comparison";
/// At most so many are listed, the newest.
const LISTED: i64 = 50;

/// A comparison that was kept.
#[derive(Clone, Debug)]
pub struct KeptComparison {
    /// Its id.
    pub id: Uuid,
    /// What was asked.
    pub question: Question,
    /// The document.
    pub paper: ComparisonPaper,
    /// What the books held then, in a line; empty for one that was kept before there were such lines.
    pub books_mark: String,
    /// May the client see it?
    pub is_shared: bool,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
}

#[derive(Serialize)]
struct Shared {
    shared: bool,
}

impl Context {
    /// Compares the programs for a client once more with these inputs, and keeps what came of it.
    ///
    /// # Errors
    ///
    /// Refuses who may not change agreements, and fails as the comparison does.
    pub fn keep_comparison(&self, actor: &Actor, code: &str, question: &Question) -> Result<Uuid, AppError> {
        actor.require(Permission::EditAgreements)?;
        let client_id = self.client_by_code(code)?;
        let office = self.office()?;
        let report = compare(&office, code, question, &[], Detail::Whole)?;
        let paper = self.comparison_paper(&office, &report)?;
        let id = Uuid::now_v7();
        let row = comparison::Comparison {
            client_id,
            comparison_id: id,
            question_json: json(question)?,
            paper_json: json(&paper)?,
            books_mark: office.mark(code)?,
            is_shared: false,
            made_by: actor.name.clone(),
            made_at: self.clock.now(),
        };
        self.store.write(|tx| {
            comparison::insert(tx, actor.provider, &row)?;
            self.record(tx, actor, Change::new("kept", KIND, id.to_string()).of_client(client_id).after(question))
        })?;
        self.tell_client(client_id);
        Ok(id)
    }

    /// The comparisons of a client, the newest first.
    ///
    /// # Errors
    ///
    /// Refuses who may not see billing, and an unknown client.
    pub fn kept_comparisons(&self, actor: &Actor, code: &str) -> Result<Vec<KeptComparison>, AppError> {
        actor.require(Permission::SeeBilling)?;
        self.comparisons_of(actor, self.client_by_code(code)?)
    }

    /// The comparisons that the provider shows to this person's own company.
    ///
    /// # Errors
    ///
    /// Refuses who has no own account.
    pub fn own_comparisons(&self, actor: &Actor) -> Result<Vec<KeptComparison>, AppError> {
        let (client_id, _) = self.own_account(actor)?;
        let mut all = self.comparisons_of(actor, client_id)?;
        all.retain(|kept| kept.is_shared);
        Ok(all)
    }

    fn comparisons_of(&self, actor: &Actor, client_id: Uuid) -> Result<Vec<KeptComparison>, AppError> {
        let rows = self.store.read(|tx| comparison::list_of_client(tx, actor.provider, client_id, LISTED))?;
        rows.into_iter().map(read).collect()
    }

    /// A kept comparison as a PDF, for the provider's people.
    ///
    /// # Errors
    ///
    /// Refuses who may not see billing, and one that is not there.
    pub fn kept_comparison_pdf(&self, actor: &Actor, code: &str, id: Uuid) -> Result<Vec<u8>, AppError> {
        actor.require(Permission::SeeBilling)?;
        let client_id = self.client_by_code(code)?;
        let row = self.store.read(|tx| comparison::find(tx, actor.provider, client_id, id))?;
        self.pdf_of(read(row.ok_or_else(|| AppError::not_found("comparison"))?)?)
    }

    /// A shared comparison as a PDF, for the client's own people.
    ///
    /// # Errors
    ///
    /// Refuses one that is not shared with the person's own company.
    pub fn own_comparison_pdf(&self, actor: &Actor, id: Uuid) -> Result<Vec<u8>, AppError> {
        let (client_id, _) = self.own_account(actor)?;
        let row = self.store.read(|tx| comparison::find(tx, actor.provider, client_id, id))?;
        let row = row.filter(|row| row.is_shared).ok_or_else(|| AppError::not_found("comparison"))?;
        self.pdf_of(read(row)?)
    }

    fn pdf_of(&self, kept: KeptComparison) -> Result<Vec<u8>, AppError> {
        self.pdfs.render_any(&Request::Comparison(Box::new(kept.paper)))
    }

    /// Shows a comparison in the client's portal, or hides it.
    ///
    /// # Errors
    ///
    /// Refuses who may not change agreements, and one that is not there.
    pub fn share_comparison(&self, actor: &Actor, code: &str, id: Uuid, shared: bool) -> Result<(), AppError> {
        actor.require(Permission::EditAgreements)?;
        let client_id = self.client_by_code(code)?;
        self.store.write(|tx| {
            if !comparison::update_shared(tx, actor.provider, client_id, id, shared)? {
                return Err(AppError::not_found("comparison"));
            }
            let action = if shared { "shared" } else { "hidden" };
            self.record(tx, actor, Change::new(action, KIND, id.to_string()).of_client(client_id).after(&Shared { shared }))
        })?;
        self.tell_client(client_id);
        Ok(())
    }

    /// Takes a comparison away.
    ///
    /// # Errors
    ///
    /// Refuses who may not change agreements, and one that is not there.
    pub fn delete_comparison(&self, actor: &Actor, code: &str, id: Uuid) -> Result<(), AppError> {
        actor.require(Permission::EditAgreements)?;
        let client_id = self.client_by_code(code)?;
        self.store.write(|tx| {
            let row = comparison::find(tx, actor.provider, client_id, id)?.ok_or_else(|| AppError::not_found("comparison"))?;
            comparison::delete(tx, actor.provider, client_id, id)?;
            let question: Question = serde_json::from_str(&row.question_json).unwrap_or_default();
            self.record(tx, actor, Change::new("deleted", KIND, id.to_string()).of_client(client_id).before(&question))
        })?;
        self.tell_client(client_id);
        Ok(())
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, AppError> {
    serde_json::to_string(value).map_err(AppError::fault)
}

fn read(row: comparison::Comparison) -> Result<KeptComparison, AppError> {
    let unreadable = |error: serde_json::Error| AppError::fault(format!("comparison {} cannot be read: {error}", row.comparison_id));
    Ok(KeptComparison {
        id: row.comparison_id,
        question: serde_json::from_str(&row.question_json).map_err(unreadable)?,
        paper: serde_json::from_str(&row.paper_json).map_err(unreadable)?,
        books_mark: row.books_mark.clone(),
        is_shared: row.is_shared,
        made_by: row.made_by.clone(),
        made_at: row.made_at,
    })
}
