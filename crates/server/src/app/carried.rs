//! What the browser carries for us between two requests, such as a sign-in that waits for its second factor:
//! sealed, for one purpose, for minutes, and usable once. Nothing of it is kept here but what was used up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::app::context::Context;
use crate::app::keys::new_token;
use crate::error::AppError;

/// The longest that something is carried, in seconds.
pub const CARRIED_SECONDS: i64 = 600;

/// What was used up, until it is over by itself.
#[derive(Debug, Default)]
pub struct UsedUp {
    ids: Mutex<HashMap<String, i64>>,
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    id: String,
    until: i64,
    content: T,
}

/// Opened, and not used up yet.
#[derive(Debug)]
pub struct Carried<T> {
    id: String,
    until: i64,
    /// What was sealed.
    pub content: T,
}

impl Context {
    /// Seals something for the browser.
    ///
    /// # Errors
    ///
    /// Fails when the system has no random bytes.
    pub fn carry<T: Serialize>(&self, purpose: &str, content: &T) -> Result<String, AppError> {
        let envelope = Envelope { id: new_token()?, until: self.clock.now().as_second() + CARRIED_SECONDS, content };
        let text = serde_json::to_vec(&envelope).map_err(AppError::fault)?;
        Ok(URL_SAFE_NO_PAD.encode(self.keys.seal(&format!("carried {purpose}"), &text)?))
    }

    /// Opens it again; nothing for what is over, used up or not ours.
    #[must_use]
    pub fn carried<T: DeserializeOwned>(&self, purpose: &str, text: &str) -> Option<Carried<T>> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let opened = self.keys.open(&format!("carried {purpose}"), &sealed).ok()?;
        let Envelope { id, until, content } = serde_json::from_slice(&opened).ok()?;
        let used = self.used_up.ids.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&id);
        (until > self.clock.now().as_second() && !used).then_some(Carried { id, until, content })
    }

    /// Uses it up; false when somebody else was quicker.
    #[must_use]
    pub fn use_up<T>(&self, carried: &Carried<T>) -> bool {
        let now = self.clock.now().as_second();
        let mut ids = self.used_up.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.retain(|_, until| *until > now);
        ids.insert(carried.id.clone(), carried.until).is_none()
    }
}
