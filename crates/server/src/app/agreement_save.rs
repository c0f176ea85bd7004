//! Saves the form of an agreement: as a new one, in place, or as a new version from a day on.

use quarterhour_billing::Day;

use crate::app::actor::Actor;
use crate::app::agreement::{AgreementView, Mode, Versions};
use crate::app::agreement_form::AgreementForm;
use crate::app::context::Context;
use crate::error::{AppError, FieldProblem};

impl AgreementForm {
    /// The form with which the edit of an agreement begins.
    #[must_use]
    pub fn of_edit(view: &AgreementView, versions: &Versions, is_taken: impl Fn(&str) -> bool) -> Self {
        let mut form = view.form.clone();
        let from = versions.usual_start().max(view.version.starts.next());
        let apply = if view.version.standing == crate::app::agreement::Standing::Future { "place" } else { "version" };
        form.set("apply", apply);
        form.set("from", from.to_string());
        form.set("new_name", versions.free_name(from, is_taken));
        form.set("seen", view.seen.clone());
        form
    }
}

impl Context {
    /// Saves a form, or only tries to; `editing` names the agreement that it began with. Returns the name under which it is saved.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field; nothing is saved then.
    pub fn save_agreement(
        &self,
        actor: &Actor,
        code: &str,
        editing: Option<&str>,
        form: &AgreementForm,
        mode: Mode,
    ) -> Result<String, AppError> {
        let Some(editing) = editing else {
            let name = form.get("name").to_owned();
            let text = self.agreement_text(code, &name, form)?;
            self.add_agreement(actor, code, &name, &text, mode)?;
            return Ok(name);
        };
        if form.get("apply") == "place" {
            let text = self.agreement_text(code, editing, form)?;
            self.change_agreement(actor, code, (editing, form.get("seen")), &text, mode)?;
            return Ok(editing.to_owned());
        }
        let name = form.get("new_name").to_owned();
        let from = form.get("from").to_owned();
        let mut version = form.clone();
        version.set("starts", from.clone());
        if let Ok(day) = from.parse().map(Day::from_date) {
            // Blocks that were bought before stay with the version before, and pass on with what is left of them.
            version.keep_blocks(|bought| bought >= day);
        }
        let saved = self
            .agreement_text(code, &name, &version)
            .and_then(|text| self.revise_agreement(actor, code, (editing, form.get("seen")), (&name, &text), mode));
        saved.map_err(of_version)?;
        Ok(name)
    }

    /// The text of a form, once the reader of the books accepts it.
    fn agreement_text(&self, code: &str, name: &str, form: &AgreementForm) -> Result<String, AppError> {
        let mut form = form.clone();
        form.set("client", code);
        let mut words = self.books()?.setup.words.clone();
        form.read(name, &mut words).map(|(_, text)| text).map_err(AppError::Invalid)
    }
}

/// The form of a new version calls the first day and the name otherwise.
fn of_version(error: AppError) -> AppError {
    let AppError::Invalid(problems) = error else { return error };
    let renamed = problems.into_iter().map(|problem| match problem.field.as_str() {
        "starts" => FieldProblem::new("from", problem.message),
        "name" => FieldProblem::new("new_name", problem.message),
        _ => problem,
    });
    AppError::Invalid(renamed.collect())
}
