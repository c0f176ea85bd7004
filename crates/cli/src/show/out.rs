//! Results on standard output, words beside them on standard error.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use quarterhour_server::error::AppError;

/// Writes a result. A reader that has seen enough, as `head` has, is no error.
///
/// # Errors
///
/// Fails when it cannot be written, for example to a full disk.
pub fn out(text: &str) -> Result<(), AppError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(AppError::file("write", Path::new("standard output"), error)),
        _ => Ok(()),
    }
}

/// Says a sentence on standard error. Where nobody reads it, it is lost: there is no other place to say so.
pub fn err(text: &str) {
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}
