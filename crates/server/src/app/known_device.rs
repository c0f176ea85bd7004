//! The browsers on which a person signed in before. The cookie is signed, not stored: it opens nothing,
//! it only keeps the person's tries to sign in apart from those of strangers.

use uuid::Uuid;

use crate::app::context::Context;
use crate::app::keys::{random, same};
use crate::error::AppError;

/// How long a browser stays known, in seconds.
pub const KNOWN_SECONDS: i64 = 365 * 24 * 3600;
/// People whom one browser remembers.
const PEOPLE_MAX: usize = 6;
const PURPOSE: &str = "known device";

/// One entry of the cookie: `person-random-since-signature`.
struct Entry<'c> {
    text: &'c str,
    person: Uuid,
    device: &'c str,
}

impl Context {
    /// The device by which a person is known in a browser, from its cookie.
    #[must_use]
    pub fn known_device(&self, cookie: &str, user_id: Uuid) -> Option<String> {
        self.device_entries(cookie).into_iter().find(|entry| entry.person == user_id).map(|entry| entry.device.to_owned())
    }

    /// The cookie with a person added.
    ///
    /// # Errors
    ///
    /// Fails when the system has no random bytes.
    pub fn with_known_device(&self, cookie: &str, user_id: Uuid) -> Result<String, AppError> {
        let device: String = random::<8>()?.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = format!("{}-{device}-{}", user_id.simple(), self.clock.now().as_second());
        let signature = self.keys.sign(PURPOSE, &text);
        let others = self.device_entries(cookie).into_iter().filter(|entry| entry.person != user_id).take(PEOPLE_MAX - 1);
        let mut entries = vec![format!("{text}-{signature}")];
        entries.extend(others.map(|entry| entry.text.to_owned()));
        Ok(entries.join("."))
    }

    /// The entries that are ours and not over.
    fn device_entries<'c>(&self, cookie: &'c str) -> Vec<Entry<'c>> {
        cookie.split('.').take(PEOPLE_MAX).filter_map(|text| self.device_entry(text)).collect()
    }

    fn device_entry<'c>(&self, text: &'c str) -> Option<Entry<'c>> {
        let (signed, signature) = text.rsplit_once('-')?;
        let mut parts = signed.split('-');
        let (person, device, since) = (parts.next()?, parts.next()?, parts.next()?.parse::<i64>().ok()?);
        let fresh = self.clock.now().as_second() - since < KNOWN_SECONDS;
        let ours = fresh && same(&self.keys.sign(PURPOSE, signed), signature);
        ours.then_some(Entry { text, person: Uuid::parse_str(person).ok()?, device })
    }
}
