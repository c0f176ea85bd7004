//! What a command says when it fails: one sentence, a hint, an exit code.

use std::path::Path;

use quarterhour_billing::BillingError;
use quarterhour_books::Problem;
use quarterhour_store::StoreError;

/// The exit code of a fault of this program.
pub const PROGRAM_FAULT: u8 = 4;

/// Why a command failed.
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
    /// Anything the user can mend, with a hint.
    #[error("{message}")]
    User {
        /// What is wrong.
        message: String,
        /// How to mend it.
        hint: String,
    },
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

    /// What to do about it; empty when there is nothing more to say.
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
            Self::Store(_) => String::new(),
            Self::Billing(_) => "nothing was issued; this is a fault of the program: please report it with the books".to_owned(),
            Self::User { hint, .. } => hint.clone(),
        }
    }

    /// 2: wrong input; 3: something outside failed; 4: a fault of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Books { .. } | Self::User { .. } | Self::Store(StoreError::BadLocation { .. }) => 2,
            Self::File { .. } | Self::Store(_) => 3,
            Self::Billing(_) => PROGRAM_FAULT,
        }
    }
}
