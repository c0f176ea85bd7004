//! The problems of a form, looked up by field while its page is rendered.

use crate::error::{AppError, FieldProblem};

/// What is wrong with a form; empty for one that was not sent yet.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    fields: Vec<FieldProblem>,
    general: String,
}

impl Problems {
    /// The problems that a person can mend.
    ///
    /// # Errors
    ///
    /// Gives every other error back: it belongs on a page of its own.
    pub fn of_error(error: AppError) -> Result<Self, AppError> {
        match error {
            AppError::Invalid(fields) => Ok(Self { fields, general: String::new() }),
            AppError::User { message, hint } => Ok(Self { fields: Vec::new(), general: sentence(&message, &hint) }),
            AppError::Conflict { message, hint } => Ok(Self { fields: Vec::new(), general: sentence(&message, &hint) }),
            AppError::Changed => Ok(Self { fields: Vec::new(), general: CHANGED.to_owned() }),
            other => Err(other),
        }
    }

    /// What is wrong with a field; empty when nothing is.
    #[must_use]
    pub fn of(&self, field: &str) -> &str {
        self.fields.iter().find(|problem| problem.field == field).map_or("", |problem| problem.message.as_str())
    }

    /// What is wrong with the form as a whole.
    #[must_use]
    pub fn general(&self) -> &str {
        &self.general
    }

    /// What is wrong with fields that the page does not show; empty when nothing is.
    #[must_use]
    pub fn beside(&self, shown: &[&str]) -> String {
        let hidden = self.fields.iter().filter(|problem| !shown.contains(&problem.field.as_str()));
        hidden.map(|problem| format!("{}: {}", problem.field, problem.message)).collect::<Vec<_>>().join("; ")
    }

    /// The mark of the thing for the form that is shown again: that of now for whoever was told that somebody else changed it,
    /// and the one that was sent else.
    #[must_use]
    pub fn next_mark(&self, now: String, sent: String) -> String {
        if self.general == CHANGED { now } else { sent }
    }

    /// Is nothing wrong?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.general.is_empty()
    }
}

const CHANGED: &str = "Somebody else changed this after you opened the page. What you typed is still here: compare it with the \
                       page in another tab, then save again to put yours in its place";

fn sentence(message: &str, hint: &str) -> String {
    let mut letters = hint.chars();
    let hint: String = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    if hint.is_empty() { message.to_owned() } else { format!("{message}. {hint}") }
}
