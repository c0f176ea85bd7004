//! The second factor: codes of an app that change every half minute, and recovery codes for when the app is lost.

use jiff::Timestamp;
use quarterhour_store::statements::recovery_code::{self, RecoveryCode};
use quarterhour_store::statements::user::{self, User};
use quarterhour_store::{ProviderId, Tx};
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Totp};
use uuid::Uuid;

use crate::app::actor::Actor;
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::keys::{Keys, random, readable};
use crate::app::session::own_session;
use crate::error::AppError;

/// Recovery codes that a person gets.
pub const RECOVERY_CODES: usize = 10;
const PURPOSE: &str = "totp";
const SECRET_BYTES: usize = 20;

/// A second factor that is offered and not switched on yet.
#[derive(Debug)]
pub struct Offer {
    /// What the browser carries until the first code.
    pub carried: String,
    /// The secret in letters, to be typed where nothing can be scanned.
    pub secret: String,
    /// The address that the square of dots holds.
    pub url: String,
}

#[derive(Serialize, Deserialize)]
struct Carried {
    user_id: Uuid,
    secret: Vec<u8>,
}

fn build(secret: Vec<u8>, issuer: &str, account: &str) -> Result<Totp, AppError> {
    // A colon separates the two in the address.
    let plain = |text: &str| text.replace(':', " ");
    let builder = Builder::new().with_secret(secret).with_issuer(Some(plain(issuer))).with_account_name(plain(account));
    builder.build().map_err(|error| AppError::fault(format!("a second factor cannot be made: {error}")))
}

/// A secret is bound to its person: in the row of another it opens nothing.
fn sealed_for(user_id: Uuid) -> String {
    format!("totp of {user_id}")
}

/// The step of a code that fits now, a step before or a step after.
///
/// # Errors
///
/// Fails when the secret was sealed with another key.
pub fn step_of(keys: &Keys, (user_id, sealed): (Uuid, &[u8]), code: &str, now: i64) -> Result<Option<i64>, AppError> {
    let totp = build(keys.open(&sealed_for(user_id), sealed)?, "", "account")?;
    let digits: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let step = totp.check(&digits, u64::try_from(now).unwrap_or(0));
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

impl Context {
    /// Offers a second factor.
    ///
    /// # Errors
    ///
    /// Fails when the person has one, or is no longer there.
    pub fn offer_totp(&self, actor: &Actor) -> Result<Offer, AppError> {
        own_session(actor)?;
        let user = self.own_user(actor)?;
        if user.totp_sealed.is_some() {
            return Err(AppError::conflict("the app is set up already", "remove it first to set up another one"));
        }
        let secret = random::<SECRET_BYTES>()?.to_vec();
        self.offer(&user, secret)
    }

    /// The same offer once more, after a code that did not fit.
    ///
    /// # Errors
    ///
    /// Fails when it took too long.
    pub fn same_offer(&self, actor: &Actor, carried: &str) -> Result<Offer, AppError> {
        let user = self.own_user(actor)?;
        let content = self.carried::<Carried>(PURPOSE, carried).map(|carried| carried.content);
        let content = content.filter(|content| content.user_id == actor.user_id).ok_or_else(over)?;
        self.offer(&user, content.secret)
    }

    fn offer(&self, user: &User, secret: Vec<u8>) -> Result<Offer, AppError> {
        let totp = build(secret.clone(), &self.provider_name(), &user.email)?;
        let url = totp.to_url().map_err(|error| AppError::fault(format!("a second factor cannot be shown: {error}")))?;
        let carried = self.carry(PURPOSE, &Carried { user_id: user.user_id, secret })?;
        Ok(Offer { carried, secret: totp.secret().to_base32(), url })
    }

    /// Switches the second factor on by its first code; returns the recovery codes, which are never shown again.
    ///
    /// # Errors
    ///
    /// Refuses a code that does not fit.
    pub fn switch_totp_on(&self, actor: &Actor, carried: &str, code: &str) -> Result<Vec<String>, AppError> {
        own_session(actor)?;
        let carried = self.carried::<Carried>(PURPOSE, carried).filter(|it| it.content.user_id == actor.user_id).ok_or_else(over)?;
        let sealed = self.keys.seal(&sealed_for(actor.user_id), &carried.content.secret)?;
        let step = step_of(&self.keys, (actor.user_id, &sealed), code, self.clock.now().as_second())?;
        let step = step.ok_or_else(|| AppError::field("code", "this code does not fit; is the clock of the phone right?"))?;
        if !self.use_up(&carried) {
            return Err(over());
        }
        let codes = new_codes()?;
        self.store.write(|tx| {
            let user = user::find(tx, actor.provider, actor.user_id)?.ok_or(AppError::SignedOut)?;
            if user.totp_sealed.is_some() {
                return Err(AppError::conflict("the app is set up already", "remove it first to set up another one"));
            }
            user::update_totp(tx, actor.provider, actor.user_id, Some(&sealed), step)?;
            self.replace_recovery_codes(tx, actor, &codes)?;
            self.record(tx, actor, Change::new("switched the second factor on", "user", actor.user_id.to_string()))
        })?;
        Ok(codes)
    }

    /// Switches the second factor off; the recovery codes go with it.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn switch_totp_off(&self, actor: &Actor) -> Result<(), AppError> {
        own_session(actor)?;
        self.store.write(|tx| {
            user::update_totp(tx, actor.provider, actor.user_id, None, 0)?;
            recovery_code::delete_of_user(tx, actor.provider, actor.user_id)?;
            self.record(tx, actor, Change::new("switched the second factor off", "user", actor.user_id.to_string()))
        })
    }

    /// New recovery codes; the old ones are worth nothing from now on.
    ///
    /// # Errors
    ///
    /// Refuses people without a second factor.
    pub fn renew_recovery_codes(&self, actor: &Actor) -> Result<Vec<String>, AppError> {
        own_session(actor)?;
        let codes = new_codes()?;
        self.store.write(|tx| {
            let user = user::find(tx, actor.provider, actor.user_id)?.ok_or(AppError::SignedOut)?;
            if user.totp_sealed.is_none() {
                return Err(AppError::conflict("there is no second factor", "set up the app first"));
            }
            self.replace_recovery_codes(tx, actor, &codes)?;
            self.record(tx, actor, Change::new("renewed the recovery codes", "user", actor.user_id.to_string()))
        })?;
        Ok(codes)
    }

    /// Recovery codes of the own person that were not used.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn recovery_codes_left(&self, actor: &Actor) -> Result<i64, AppError> {
        Ok(self.store.read(|tx| recovery_code::count_unused(tx, actor.provider, actor.user_id))?)
    }

    fn replace_recovery_codes(&self, tx: &mut Tx, actor: &Actor, codes: &[String]) -> Result<(), AppError> {
        recovery_code::delete_of_user(tx, actor.provider, actor.user_id)?;
        let user_id = actor.user_id;
        let rows = codes.iter().map(|code| RecoveryCode { user_id, code_hash: self.code_hash(user_id, code), used_at: None });
        recovery_code::insert_many(tx, actor.provider, rows)?;
        Ok(())
    }

    /// Uses a recovery code; false when it is none, or was used.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn use_recovery_code(&self, tx: &mut Tx, provider: ProviderId, user: &User, code: &str) -> Result<bool, AppError> {
        let (hash, now): (String, Timestamp) = (self.code_hash(user.user_id, code), self.clock.now());
        Ok(recovery_code::use_once(tx, provider, user.user_id, &hash, now)?)
    }

    /// What is kept of a code. It is short, so the key of this installation goes into it: whoever has the database
    /// alone cannot try all codes.
    fn code_hash(&self, user_id: Uuid, code: &str) -> String {
        let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        self.keys.sign("recovery code", &format!("{user_id} {}", plain.to_ascii_lowercase()))
    }
}

fn new_codes() -> Result<Vec<String>, AppError> {
    (0..RECOVERY_CODES).map(|_| readable(2)).collect()
}

fn over() -> AppError {
    AppError::user("setting up the app took too long", "begin again")
}
