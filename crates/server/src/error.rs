//! What goes wrong in a use case: one sentence, a hint, and what the terminal, a page and the API make of it.

use std::path::Path;

use quarterhour_billing::BillingError;
use quarterhour_books::Problem;
use quarterhour_store::StoreError;

/// The exit code of a fault of this program.
pub const PROGRAM_FAULT: u8 = 4;

/// A field of a form or of a request that cannot be taken as it is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldProblem {
    /// The field's name.
    pub field: String,
    /// What was found and what was expected.
    pub message: String,
}

impl FieldProblem {
    /// A problem of a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// How shares of a question are told to whoever asked it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shares {
    /// As they are computed with: 0.05.
    #[default]
    Plain,
    /// As forms have them: 5.
    InPercent,
}

/// Numbers of a question, each with what it may be.
#[derive(Debug, Default)]
pub struct Ranges {
    problems: Vec<FieldProblem>,
    shares: Shares,
}

impl Ranges {
    /// None yet, for whoever has shares like that.
    #[must_use]
    pub fn new(shares: Shares) -> Self {
        Self { problems: Vec::new(), shares }
    }

    /// A number has to be from one to another.
    pub fn within(&mut self, field: &str, value: f64, low: f64, high: f64) {
        if !(low..=high).contains(&value) {
            let value = if value.abs() < 1e15 { value.to_string() } else { format!("{value:e}") };
            self.problems.push(FieldProblem::new(field, format!("{value} is not from {low} to {high}")));
        }
    }

    /// A share has to be from one to another.
    pub fn share(&mut self, field: &str, value: f64, low: f64, high: f64) {
        let factor = if self.shares == Shares::InPercent { 100.0 } else { 1.0 };
        // Without the noise of the product.
        let [value, low, high] = [value, low, high].map(|number| (number * factor * 1e6).round() / 1e6);
        self.within(field, value, low, high);
    }

    /// Refuses what does not fit.
    ///
    /// # Errors
    ///
    /// Names each field, and what was expected.
    pub fn checked(self) -> Result<(), AppError> {
        if self.problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(self.problems)) }
    }
}

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The books have mistakes.
    #[error("the books in {folder} have mistakes; nothing was changed")]
    Books {
        /// The folder.
        folder: String,
        /// What is wrong.
        problems: Vec<Problem>,
    },
    /// A file or folder cannot be read or written.
    #[error("cannot {verb} {path}: {source}")]
    File {
        /// What was tried.
        verb: &'static str,
        /// Where.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The database refuses or fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A statement does not add up.
    #[error(transparent)]
    Billing(#[from] BillingError),
    /// Fields that cannot be taken as they are.
    #[error("{}", fields_sentence(.0))]
    Invalid(Vec<FieldProblem>),
    /// Nobody is signed in, or no longer.
    #[error("sign in first")]
    SignedOut,
    /// The person or token may not.
    #[error("this account may not {needs}")]
    Forbidden {
        /// The missing permission, in words.
        needs: &'static str,
    },
    /// The person may, but not by this token.
    #[error("this token was made without the scope to {needs}")]
    OutOfScope {
        /// The missing permission, in words.
        needs: &'static str,
    },
    /// There is no such thing, or it is not for this person.
    #[error("there is no {what} here")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// It is other than the one who asked believes.
    #[error("{message}")]
    Conflict {
        /// What is other.
        message: String,
        /// What to do.
        hint: String,
    },
    /// It changed since the one who asks has seen it.
    #[error("it changed since it was read")]
    Changed,
    /// Too many tries.
    #[error("too many requests; try again in {}", crate::hours::counted(usize::try_from(*seconds).unwrap_or(usize::MAX), "second"))]
    TooMany {
        /// When to try again.
        seconds: u64,
    },
    /// Anything the user can mend, with a hint.
    #[error("{message}")]
    User {
        /// What is wrong.
        message: String,
        /// How to mend it.
        hint: String,
    },
    /// A fault of the program or of the machine.
    #[error("{message}")]
    Fault {
        /// What happened.
        message: String,
    },
}

fn fields_sentence(problems: &[FieldProblem]) -> String {
    problems.iter().map(|problem| format!("{}: {}", problem.field, problem.message)).collect::<Vec<_>>().join("; ")
}

impl AppError {
    /// A file that cannot be read or written.
    pub fn file(verb: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::File { verb, path: path.display().to_string(), source }
    }

    /// Something the user can mend.
    pub fn user(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::User { message: message.into(), hint: hint.into() }
    }

    /// The same, said of one of many clients, where the user can mend it.
    #[must_use]
    pub fn about(self, client: &str) -> Self {
        match self {
            Self::User { message, hint } => Self::User { message: format!("{client}: {message}"), hint },
            Self::Invalid(problems) => Self::Invalid(
                problems.into_iter().map(|it| FieldProblem { message: format!("{client}: {}", it.message), ..it }).collect(),
            ),
            other => other,
        }
    }

    /// One field that cannot be taken.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldProblem::new(field, message)])
    }

    /// Something that is not there, or not for this person.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }

    /// Something that changed meanwhile.
    pub fn conflict(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Conflict { message: message.into(), hint: hint.into() }
    }

    /// A fault of the program or of the machine.
    pub fn fault(message: impl std::fmt::Display) -> Self {
        Self::Fault { message: message.to_string() }
    }

    /// What to do about it; empty when there is nothing more to say.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Books { .. } => "mend the lines above and run the command again".to_owned(),
            Self::File { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => "check the path; `quarterhour init DIR` writes an example folder".to_owned(),
                std::io::ErrorKind::PermissionDenied => "check who may read and write there".to_owned(),
                std::io::ErrorKind::StorageFull => "free some space and run the command again".to_owned(),
                _ => String::new(),
            },
            Self::Store(StoreError::Missing { .. }) => {
                "bring a folder in with `quarterhour import DIR`; --db names another database".to_owned()
            }
            Self::Billing(_) => "nothing was issued; this is a fault of the program: please report it with the books".to_owned(),
            Self::Forbidden { .. } => "ask whoever manages the people here".to_owned(),
            Self::OutOfScope { .. } => "make a token with that scope".to_owned(),
            Self::User { hint, .. } | Self::Conflict { hint, .. } => hint.clone(),
            Self::Changed => "read it again, then decide".to_owned(),
            Self::Store(_)
            | Self::Invalid(_)
            | Self::SignedOut
            | Self::NotFound { .. }
            | Self::TooMany { .. }
            | Self::Fault { .. } => String::new(),
        }
    }

    /// 2: wrong input; 3: something outside failed; 4: a fault of the program.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. } => 3,
            Self::Store(StoreError::BadLocation { .. }) => 2,
            Self::Store(_) => 3,
            Self::Billing(_) | Self::Fault { .. } => PROGRAM_FAULT,
            Self::Books { .. }
            | Self::User { .. }
            | Self::Invalid(_)
            | Self::SignedOut
            | Self::Forbidden { .. }
            | Self::OutOfScope { .. }
            | Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::Changed
            | Self::TooMany { .. } => 2,
        }
    }

    /// The status of an answer over HTTP.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Books { .. } | Self::Invalid(_) | Self::User { .. } | Self::Store(StoreError::ZeroByte) => 422,
            Self::SignedOut => 401,
            Self::Forbidden { .. } | Self::OutOfScope { .. } => 403,
            Self::NotFound { .. } => 404,
            Self::Conflict { .. } | Self::Store(StoreError::Refused { .. }) => 409,
            Self::Changed => 412,
            Self::TooMany { .. } => 429,
            Self::Store(error) if error.is_retryable() => 503,
            Self::File { .. } | Self::Store(_) | Self::Billing(_) | Self::Fault { .. } => 500,
        }
    }
}
