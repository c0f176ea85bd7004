//! What somebody has seen of the thing that it changes, so that nobody writes over a change that came between.

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
