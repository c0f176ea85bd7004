//! Signing in: by password, and by a second factor where there is one. A session begins only after the last step.

use quarterhour_store::Tx;
use quarterhour_store::statements::audit::{self, AuditEntry};
use quarterhour_store::statements::user::{self, User};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::actor::{Actor, Channel};
use crate::app::context::Context;
use crate::app::guard::Attempt;
use crate::app::keys::token_hash;
use crate::app::session::{Origin, Proof, own_session};
use crate::app::{password, totp};
use crate::error::AppError;

const PENDING: &str = "sign-in";

/// What a browser shows when somebody signs in there.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Where the request comes from.
    pub origin: Origin,
    /// The cookie of devices that are known.
    pub devices: String,
    /// The session cookie from before.
    pub session: Option<String>,
}

/// What comes after a step of signing in.
#[derive(Debug)]
pub enum Next {
    /// The person is in: what the session's and the devices' cookies hold.
    In {
        /// The session's cookie.
        session: String,
        /// The cookie of known devices.
        devices: String,
        /// The page that the person begins at.
        home: &'static str,
    },
    /// A second factor is asked for; the browser carries this until then.
    SecondFactor(String),
}

/// A sign-in that waits for its second factor.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pending {
    user_id: Uuid,
    /// The state of the person's secrets: a new password or factor makes it worthless.
    stamp: String,
}

/// Changes whenever the person's password or second factor does.
fn stamp(user: &User) -> String {
    let password = user.password_hash.as_deref().unwrap_or_default();
    token_hash(&format!("{password}\n{:?}", user.totp_sealed))
}

impl Context {
    /// Signs a person in by address and password, up to the second factor.
    ///
    /// # Errors
    ///
    /// Refuses a wrong address or password with the same words after the same time, and tries that come too quickly.
    pub fn sign_in(&self, email: &str, password: &str, browser: &Browser) -> Result<Next, AppError> {
        let (provider, now) = (self.provider()?, self.clock.now().as_second());
        let key = email_key(email);
        let user = self.store.read(|tx| user::find_by_email_key(tx, provider, &key))?;
        let known = user.as_ref().and_then(|user| self.known_device(&browser.devices, user.user_id));
        let attempt = Attempt::new(key, &browser.origin.address, known);
        self.login_guard.admit(&attempt, now)?;
        let enabled = user.as_ref().filter(|user| user.disabled_at.is_none());
        let hash = enabled.and_then(|user| user.password_hash.as_deref());
        if !password::verify(password, hash)? {
            self.record_failure(user.as_ref(), &browser.origin)?;
            return Err(AppError::user(
                "this address and password do not belong together",
                "try again, or ask whoever manages the people for a new link",
            ));
        }
        self.login_guard.succeeded(&attempt);
        match user {
            Some(user) => self.after_first_factor(&user, Proof::Password, browser),
            None => Err(AppError::fault("nobody has the right password")),
        }
    }

    /// Goes on to the second factor where the person has one, else into the session.
    ///
    /// # Errors
    ///
    /// Refuses people who were shut out.
    pub fn after_first_factor(&self, user: &User, how: Proof, browser: &Browser) -> Result<Next, AppError> {
        if user.disabled_at.is_some() {
            return Err(AppError::user("this account is switched off", "ask whoever manages the people"));
        }
        if user.totp_sealed.is_some() && how != Proof::Passkey {
            let pending = Pending { user_id: user.user_id, stamp: stamp(user) };
            return Ok(Next::SecondFactor(self.carry(PENDING, &pending)?));
        }
        self.enter(user, how, browser)
    }

    fn enter(&self, user: &User, how: Proof, browser: &Browser) -> Result<Next, AppError> {
        let session = self.begin_session(user, &browser.origin, how, browser.session.as_deref())?;
        let home = if user.client_id.is_some() { "/portal" } else { "/" };
        Ok(Next::In { session, devices: self.with_known_device(&browser.devices, user.user_id)?, home })
    }

    /// Is a sign-in waiting for its second factor?
    #[must_use]
    pub fn is_pending(&self, pending: &str) -> bool {
        self.carried::<Pending>(PENDING, pending).is_some()
    }

    /// Ends a sign-in by a code of the app, or by a recovery code.
    ///
    /// # Errors
    ///
    /// Refuses wrong codes, codes that were used, and tries that come too quickly.
    pub fn sign_in_code(&self, pending: &str, code: &str, browser: &Browser) -> Result<Next, AppError> {
        let over = || AppError::user("signing in took too long", "begin again");
        let pending = self.carried::<Pending>(PENDING, pending).ok_or_else(over)?;
        let (provider, user_id) = (self.provider()?, pending.content.user_id);
        let user = self.store.read(|tx| user::find(tx, provider, user_id))?;
        let user = user.filter(|user| user.disabled_at.is_none() && stamp(user) == pending.content.stamp).ok_or_else(over)?;
        let known = self.known_device(&browser.devices, user_id);
        let attempt = Attempt::new(format!("code of {user_id}"), &browser.origin.address, known);
        self.login_guard.admit(&attempt, self.clock.now().as_second())?;
        if !self.code_is_right(&user, code)? {
            self.record_failure(Some(&user), &browser.origin)?;
            return Err(AppError::field("code", "this code does not fit, or was used before; wait for the next one"));
        }
        self.login_guard.succeeded(&attempt);
        if !self.use_up(&pending) {
            return Err(over());
        }
        self.enter(&user, Proof::SecondFactor, browser)
    }

    /// Proves once more who it is, by password or, where there is none, by a code.
    ///
    /// # Errors
    ///
    /// Refuses what is wrong, and tries that come too quickly.
    pub fn confirm(&self, actor: &Actor, secret: &str) -> Result<(), AppError> {
        let session = own_session(actor)?;
        let user = self.own_user(actor)?;
        let attempt = Attempt::new(format!("confirm {}", user.user_id), &actor.address, Some(session.to_owned()));
        self.login_guard.admit(&attempt, self.clock.now().as_second())?;
        let (right, how) = match &user.password_hash {
            Some(hash) => (password::verify(secret, Some(hash))?, Proof::Password),
            None => (self.code_is_right(&user, secret)?, Proof::SecondFactor),
        };
        if !right {
            let origin = Origin { address: actor.address.clone(), agent: String::new() };
            self.record_failure(Some(&user), &origin)?;
            return Err(AppError::field("secret", "that is not it; try again"));
        }
        self.login_guard.succeeded(&attempt);
        self.proved_again(actor, how)
    }

    /// The stored person behind an actor.
    ///
    /// # Errors
    ///
    /// Fails when the person is gone.
    pub fn own_user(&self, actor: &Actor) -> Result<User, AppError> {
        self.store.read(|tx| user::find(tx, actor.provider, actor.user_id))?.ok_or(AppError::SignedOut)
    }

    /// Uses a code of the app up, or a recovery code.
    fn code_is_right(&self, user: &User, code: &str) -> Result<bool, AppError> {
        let Some(sealed) = &user.totp_sealed else { return Ok(false) };
        let provider = self.provider()?;
        let step = totp::step_of(&self.keys, (user.user_id, sealed), code, self.clock.now().as_second())?;
        self.store.write(|tx| match step {
            Some(step) => Ok(user::update_totp_step(tx, provider, user.user_id, step)?),
            None => self.use_recovery_code(tx, provider, user, code),
        })
    }

    /// Notes a failed try. What was typed is not kept: it is often a password in the wrong field.
    fn record_failure(&self, user: Option<&User>, origin: &Origin) -> Result<(), AppError> {
        let provider = self.provider()?;
        let name = user.map_or_else(|| "nobody known".to_owned(), |user| user.name.clone());
        let row = AuditEntry {
            audit_id: Uuid::now_v7(),
            at: self.clock.now(),
            actor_id: None,
            actor_name: name,
            channel: Channel::Session(String::new()).name().to_owned(),
            address: origin.address.clone(),
            action: "failed to sign in".to_owned(),
            client_id: user.and_then(|user| user.client_id),
            subject_kind: "user".to_owned(),
            subject_id: user.map_or_else(|| "unknown".to_owned(), |user| user.user_id.to_string()),
            before_json: None,
            after_json: None,
        };
        self.store.write(|tx: &mut Tx| Ok(audit::insert(tx, provider, &row)?))
    }
}

/// An address as it is looked up.
#[must_use]
pub fn email_key(email: &str) -> String {
    // No longer than an address can be: it is a key of what is counted in memory, too.
    email.trim().to_lowercase().chars().take(254).collect()
}
