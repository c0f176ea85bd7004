//! The text of an agreement as a form, for callers that write text. It saves nothing.

use quarterhour_books::setup;

use crate::app::agreement::{by_field, client_at};
use crate::app::agreement_form::AgreementForm;
use crate::app::context::Context;
use crate::error::AppError;

impl Context {
    /// The form of an agreement's text for a client.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field.
    pub fn agreement_form_of(&self, code: &str, text: &str) -> Result<AgreementForm, AppError> {
        let books = self.books()?;
        let (_, client) = client_at(&books, code)?;
        let mut words = books.setup.words.clone();
        let agreement = setup::read_agreement("draft", text, &mut words).map_err(|problems| by_field(&problems))?;
        Ok(AgreementForm::of(&agreement, &words, code, client.client.currency))
    }
}
