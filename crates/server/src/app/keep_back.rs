//! Months of clients that the book-keeper keeps back from issuing while something is unclear.

use std::collections::HashMap;

use quarterhour_billing::Period;
use quarterhour_store::statements::kept_back::{self, KeptBack};
use quarterhour_store::statements::{closing, counter};
use quarterhour_store::{ProviderId, Tx};
use serde::Serialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::error::AppError;

const KIND: &str = "period";
/// The most letters of a reason.
const REASON_MAX: usize = 500;

/// All months that are kept back.
#[derive(Clone, Debug, Default)]
pub struct KeptMonths(HashMap<(Uuid, String), KeptBack>);

impl KeptMonths {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn read(tx: &mut Tx, provider: ProviderId) -> Result<Self, AppError> {
        let rows = kept_back::list(tx, provider)?;
        Ok(Self(rows.into_iter().map(|row| ((row.client_id, row.period.clone()), row)).collect()))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &KeptBack> {
        self.0.values()
    }

    /// A client's month, if it is kept back.
    #[must_use]
    pub fn of(&self, client_id: Uuid, period: Period) -> Option<&KeptBack> {
        self.0.get(&(client_id, period.to_string()))
    }
}

/// Who keeps a client's month back, and why: for the record of a run.
#[must_use]
pub fn kept_words(code: &str, kept: &KeptBack) -> String {
    format!("{code}: {} is kept back by {}: {}", kept.period, kept.kept_by, kept.reason)
}

/// What the audit log keeps.
#[derive(Serialize)]
struct Kept<'a> {
    period: &'a str,
    reason: &'a str,
}

impl Context {
    /// Keeps a client's open month back: runs leave it out until it is released.
    ///
    /// # Errors
    ///
    /// Refuses who may not bill, a month that is issued or kept back already, and a missing reason.
    pub fn keep_back(&self, actor: &Actor, code: &str, period: Period, reason: &str) -> Result<(), AppError> {
        actor.require(Permission::Bill)?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(AppError::field("reason", "missing; expected why it is kept back"));
        }
        if reason.chars().count() > REASON_MAX {
            return Err(AppError::field("reason", format!("longer than {REASON_MAX} letters")));
        }
        let (client_id, text) = (self.client_by_code(code)?, period.to_string());
        self.store.write(|tx| {
            // A run that issues the client waits, or is waited for.
            counter::lock_provider(tx, actor.provider)?;
            let last = closing::find_last(tx, actor.provider, client_id)?;
            if last.is_some_and(|last| last.period >= text) {
                return Err(AppError::conflict(
                    format!("{text} of {code} is issued"),
                    "what is wrong in it is put right by a credit note",
                ));
            }
            if let Some(kept) = kept_back::find(tx, actor.provider, client_id, &text)? {
                return Err(AppError::conflict(format!("{} keeps it back already", kept.kept_by), "release it first"));
            }
            let row = KeptBack {
                client_id,
                period: text.clone(),
                reason: reason.to_owned(),
                kept_by: actor.name.clone(),
                kept_at: self.clock.now(),
            };
            kept_back::insert(tx, actor.provider, &row)?;
            let change = Change::new("kept back", KIND, &text).of_client(client_id);
            self.record(tx, actor, change.after(&Kept { period: &text, reason }))
        })?;
        self.tell_client(client_id);
        Ok(())
    }

    /// Releases a month that was kept back: the next run issues it.
    ///
    /// # Errors
    ///
    /// Refuses who may not bill, and a month that is not kept back.
    pub fn release_month(&self, actor: &Actor, code: &str, period: Period) -> Result<(), AppError> {
        actor.require(Permission::Bill)?;
        let (client_id, text) = (self.client_by_code(code)?, period.to_string());
        self.store.write(|tx| {
            let kept = kept_back::find(tx, actor.provider, client_id, &text)?;
            let kept = kept.ok_or_else(|| AppError::not_found("month that is kept back"))?;
            kept_back::delete(tx, actor.provider, client_id, &text)?;
            let change = Change::new("released", KIND, &text).of_client(client_id);
            self.record(tx, actor, change.before(&Kept { period: &text, reason: &kept.reason }))
        })?;
        self.tell_client(client_id);
        Ok(())
    }

    /// All months that are kept back.
    ///
    /// # Errors
    ///
    /// Refuses who may not see billing.
    pub fn kept_months(&self, actor: &Actor) -> Result<KeptMonths, AppError> {
        actor.require(Permission::SeeBilling)?;
        self.store.read(|tx| KeptMonths::read(tx, actor.provider))
    }
}
