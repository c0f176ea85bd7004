//! What somebody has seen of the thing that it changes, so that nobody writes over a change that came between.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::AppError;

/// Looks at a thing within the transaction, before it is changed; refuses when it is not what the caller has seen.
pub type Seen<'a, T> = &'a dyn Fn(&T) -> Result<(), AppError>;

/// Takes the thing as it is.
///
/// # Errors
///
/// Never.
pub fn whatever<T>(_: &T) -> Result<(), AppError> {
    Ok(())
}

/// A mark of a thing as it is: another thing has another one.
#[must_use]
pub fn mark(thing: &impl Serialize) -> String {
    mark_of(&serde_json::to_vec(thing).unwrap_or_default())
}

/// A mark of bytes.
#[must_use]
pub fn mark_of(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    URL_SAFE_NO_PAD.encode(hash.first_chunk::<16>().copied().unwrap_or_default())
}

/// Takes the thing only as it was when a form was opened; an empty mark takes it as it is.
///
/// # Errors
///
/// Refuses a thing that is another by now.
pub fn as_marked(thing: &impl Serialize, marked: &str) -> Result<(), AppError> {
    if marked.is_empty() || marked == mark(thing) { Ok(()) } else { Err(AppError::Changed) }
}

/// Takes the thing only as it was seen, if it was.
///
/// # Errors
///
/// Refuses a thing that is another by now.
pub fn as_seen<T: PartialEq>(seen: Option<&T>, now: &T) -> Result<(), AppError> {
    if seen.is_none_or(|seen| seen == now) { Ok(()) } else { Err(AppError::Changed) }
}
