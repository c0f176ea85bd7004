//! Passwords: argon2id with 19 MiB, two passes, and only a few at a time, so that signing in cannot fill the memory.

use std::sync::{Condvar, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::error::AppError;

/// The shortest password that is taken.
pub const LENGTH_MIN: usize = 12;
/// The longest password that is taken.
pub const LENGTH_MAX: usize = 200;
/// Hashes worked out at a time.
const AT_ONCE: usize = 2;
/// Those who may wait for a place; more would hold up everything else.
const WAITING_MAX: usize = 8;
/// A hash that no password has, so that an unknown account takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$6Bd5wP0YrYwpNcYGmsXrSiJz1bSYdfYbCQXqKp3zWQI";

/// Places that are free, and how many wait for one.
#[derive(Debug)]
struct Places {
    free: usize,
    waiting: usize,
}

static PLACES: Mutex<Places> = Mutex::new(Places { free: AT_ONCE, waiting: 0 });
static FREED: Condvar = Condvar::new();

/// A place among those who may hash at a time.
struct Place;

impl Place {
    fn take() -> Result<Self, AppError> {
        let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
        if places.free == 0 && places.waiting >= WAITING_MAX {
            return Err(AppError::TooMany { seconds: 1 });
        }
        places.waiting += 1;
        let mut places = FREED.wait_while(places, |places| places.free == 0).unwrap_or_else(PoisonError::into_inner);
        places.waiting -= 1;
        places.free -= 1;
        Ok(Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        PLACES.lock().unwrap_or_else(PoisonError::into_inner).free += 1;
        FREED.notify_one();
    }
}

fn argon() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// The hash of a new password.
///
/// # Errors
///
/// Refuses passwords that are too short or too long.
pub fn hash(password: &str) -> Result<String, AppError> {
    let length = password.chars().count();
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&length) {
        let message = format!("{length} characters; expected {LENGTH_MIN} to {LENGTH_MAX}. A few unrelated words do well");
        return Err(AppError::field("password", message));
    }
    let _place = Place::take()?;
    let hash = argon()
        .hash_password(password.as_bytes())
        .map_err(|error| AppError::fault(format!("a password cannot be hashed: {error}")))?;
    Ok(hash.to_string())
}

/// Is it the password? Without a hash it is not, after the same time.
///
/// # Errors
///
/// Refuses when too many wait already.
pub fn verify(password: &str, hash: Option<&str>) -> Result<bool, AppError> {
    let _place = Place::take()?;
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY));
    let right = parsed.is_ok_and(|parsed| argon().verify_password(password.as_bytes(), &parsed).is_ok());
    Ok(right && hash.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let hashed = hash("correct horse battery").expect("hashed");
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(verify("correct horse battery", Some(&hashed)).expect("a place"));
        assert!(!verify("correct horse batterx", Some(&hashed)).expect("a place"));
        assert!(!verify("correct horse battery", None).expect("a place"));
        assert!(hash("short").is_err());
    }
}
