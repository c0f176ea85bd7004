//! The commands: a use case, and its words on the terminal.

pub mod bill;
pub mod bill_store;
pub mod books;
pub mod check;
pub mod demo;
pub mod held;
pub mod init;
pub mod statement;

use std::path::Path;

use crate::error::AppError;

/// Serves PDFs to another process of this program until its input ends.
///
/// # Errors
///
/// Fails when a pipe breaks.
pub fn render_worker() -> Result<(), AppError> {
    let (input, output) = (std::io::stdin().lock(), std::io::BufWriter::new(std::io::stdout().lock()));
    quarterhour_documents::worker::serve(input, output).map_err(|error| AppError::file("read", Path::new("standard input"), error))
}
