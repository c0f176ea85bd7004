//! Writes that are sent again: the answer to a write that named a key is kept for a day, sealed, and given again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use quarterhour_store::Tx;
use quarterhour_store::statements::idempotency::{self, IdempotencyKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::actor::{Actor, Channel};
use crate::app::context::Context;
use crate::error::AppError;

const PURPOSE: &str = "idempotency";
/// How long an answer is kept.
const KEPT_HOURS: i64 = 24;

/// A write that named a key.
#[derive(Clone, Debug)]
pub struct Keyed {
    owner: Uuid,
    key: String,
    request_hash: String,
}

/// An answer that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The status.
    pub status: u16,
    /// The place of what was made.
    pub location: Option<String>,
    /// The body.
    pub body: String,
}

/// What is known of a key.
#[derive(Debug)]
pub enum Known {
    /// Nothing: go on.
    New,
    /// It was done, with this answer.
    Done(Kept),
    /// It is at work, or broke off.
    AtWork,
    /// It was another request.
    Other,
}

impl Keyed {
    /// A write of somebody with a key; `request` is everything that makes it this request.
    #[must_use]
    pub fn new(actor: &Actor, key: String, request: &[&[u8]]) -> Self {
        let owner = match actor.channel {
            Channel::Token(id, _) => id,
            _ => actor.user_id,
        };
        let mut hash = Sha256::new();
        for part in request {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(part);
        }
        Self { owner, key, request_hash: STANDARD.encode(hash.finalize()) }
    }

    /// What was typed on a page, by the page's mark.
    #[must_use]
    pub fn of_page(actor: &Actor, once: &str, typed: &[&[u8]]) -> Self {
        Self::new(actor, format!("page-{once}"), typed)
    }
}

impl Context {
    /// What is known of a key.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn known(&self, keyed: &Keyed) -> Result<Known, AppError> {
        let provider = self.provider()?;
        let oldest = self.oldest_kept();
        let found = self.store.read(|tx| idempotency::find(tx, provider, keyed.owner, &keyed.key))?;
        let Some(found) = found.filter(|row| row.created_at >= oldest) else { return Ok(Known::New) };
        if found.request_hash != keyed.request_hash {
            return Ok(Known::Other);
        }
        if found.status == 0 {
            return Ok(Known::AtWork);
        }
        let sealed = STANDARD.decode(&found.answer).map_err(AppError::fault)?;
        let opened = self.keys.open(PURPOSE, &sealed)?;
        Ok(Known::Done(serde_json::from_slice(&opened).map_err(AppError::fault)?))
    }

    /// Takes a key for a write that is about to begin; says what is known if somebody else has it.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn reserve(&self, keyed: &Keyed) -> Result<Known, AppError> {
        let provider = self.provider()?;
        let (row, oldest) = (self.key_row(keyed, 0, String::new()), self.oldest_kept());
        let free = self.store.write(|tx| {
            idempotency::delete_before(tx, provider, oldest)?;
            idempotency::insert_new(tx, provider, &row)
        })?;
        if free { Ok(Known::New) } else { self.known(keyed) }
    }

    /// Keeps the answer of a write that took its key before it began.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn complete(&self, keyed: &Keyed, kept: &Kept) -> Result<(), AppError> {
        let (provider, answer) = (self.provider()?, self.sealed(kept)?);
        self.store.write(|tx| idempotency::complete(tx, provider, keyed.owner, &keyed.key, i64::from(kept.status), &answer))?;
        Ok(())
    }

    /// Frees the key of a write that was refused: nothing was done.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn free(&self, keyed: &Keyed) -> Result<(), AppError> {
        let provider = self.provider()?;
        self.store.write(|tx| idempotency::delete(tx, provider, keyed.owner, &keyed.key))?;
        Ok(())
    }

    /// Keeps a key with its answer in the transaction of the write itself. False: somebody else has the key.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn keep(&self, tx: &mut Tx, keyed: &Keyed, kept: &Kept) -> Result<bool, AppError> {
        let provider = self.provider()?;
        let row = self.key_row(keyed, i64::from(kept.status), self.sealed(kept)?);
        idempotency::delete_before(tx, provider, self.oldest_kept())?;
        Ok(idempotency::insert_new(tx, provider, &row)?)
    }

    /// Does what a form asks for unless the same page, by its mark `once`, has done the same before; none: it has.
    /// Without a mark it is done.
    ///
    /// # Errors
    ///
    /// Those of the work; then the page may be sent again.
    pub fn once<T>(
        &self,
        actor: &Actor,
        (once, typed): (&str, &[&[u8]]),
        work: impl FnOnce() -> Result<T, AppError>,
    ) -> Result<Option<T>, AppError> {
        if once.is_empty() {
            return work().map(Some);
        }
        let keyed = Keyed::of_page(actor, once, typed);
        match self.reserve(&keyed)? {
            Known::New => {}
            Known::Done(_) | Known::AtWork => return Ok(None),
            // The page was sent before with something else: this is meant.
            Known::Other => return work().map(Some),
        }
        match work() {
            Ok(done) => {
                self.complete(&keyed, &Kept { status: 303, location: None, body: String::new() })?;
                Ok(Some(done))
            }
            Err(error) => {
                self.free(&keyed)?;
                Err(error)
            }
        }
    }

    fn key_row(&self, keyed: &Keyed, status: i64, answer: String) -> IdempotencyKey {
        IdempotencyKey {
            owner_id: keyed.owner,
            idempotency_key: keyed.key.clone(),
            request_hash: keyed.request_hash.clone(),
            status,
            answer,
            created_at: self.clock.now(),
        }
    }

    fn sealed(&self, kept: &Kept) -> Result<String, AppError> {
        let text = serde_json::to_vec(kept).map_err(AppError::fault)?;
        Ok(STANDARD.encode(self.keys.seal(PURPOSE, &text)?))
    }

    fn oldest_kept(&self) -> jiff::Timestamp {
        self.clock.now().checked_sub(SignedDuration::from_hours(KEPT_HOURS)).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}
