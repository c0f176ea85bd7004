//! Changes of settings and clients that are taken back, as long as nothing came after them.

use quarterhour_store::statements::audit;
use serde::de::DeserializeOwned;

use crate::app::actor::Actor;
use crate::app::client::ClientDraft;
use crate::app::company::ProviderSettings;
use crate::app::context::Context;
use crate::app::seen::as_seen;
use crate::error::AppError;

impl Context {
    /// Takes the last change of a part of the settings back, such as of the `rate card`.
    ///
    /// # Errors
    ///
    /// Refuses when the settings are no longer as that change left them.
    pub fn undo_settings(&self, actor: &Actor, what: &str) -> Result<(), AppError> {
        let (before, after): (ProviderSettings, ProviderSettings) = self.last_change(actor, "settings", what)?;
        self.change_provider(actor, what, |now| {
            as_seen(Some(&after), now)?;
            *now = before;
            Ok(())
        })
    }

    /// Takes the last change of a client back.
    ///
    /// # Errors
    ///
    /// Refuses when the client is no longer as that change left it.
    pub fn undo_client(&self, actor: &Actor, code: &str) -> Result<(), AppError> {
        let (before, after): (ClientDraft, ClientDraft) = self.last_change(actor, "client", code)?;
        self.change_client(actor, code, &before, &|now| as_seen(Some(&after), now))
    }

    /// What the last change of a thing found and what it left, as the audit log has it.
    fn last_change<T: DeserializeOwned>(&self, actor: &Actor, kind: &str, id: &str) -> Result<(T, T), AppError> {
        let last = self.store.read(|tx| audit::list_of_subject(tx, actor.provider, kind, id, 1))?.pop();
        let texts = last.and_then(|last| Some((last.before_json?, last.after_json?)));
        let (before, after) = texts.ok_or_else(|| AppError::not_found("change to take back"))?;
        let read = |text: &str| serde_json::from_str(text).map_err(AppError::fault);
        Ok((read(&before)?, read(&after)?))
    }
}
