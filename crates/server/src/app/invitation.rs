//! Links by which a person sets a first or a new password: once, for seven days.

use jiff::SignedDuration;
use quarterhour_store::statements::invitation::{self, Invitation};
use quarterhour_store::statements::user;
use quarterhour_store::{ProviderId, Tx};
use uuid::Uuid;

use crate::app::actor::{Actor, Channel};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::events::Event;
use crate::app::keys::{new_token, token_hash};
use crate::app::session::{Proof, close_all};
use crate::app::sign_in::{Browser, Next};
use crate::app::user::User;
use crate::error::AppError;

/// How long a link works.
pub const LINK_DAYS: i64 = 7;

impl Context {
    /// Makes a link, and takes the earlier ones of the person back; returns its token.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn new_invitation(&self, tx: &mut Tx, provider: ProviderId, user_id: Uuid) -> Result<String, AppError> {
        let (token, now) = (new_token()?, self.clock.now());
        invitation::delete_of_user(tx, provider, user_id)?;
        let expires_at = now.checked_add(SignedDuration::from_hours(24 * LINK_DAYS)).map_err(AppError::fault)?;
        let row = Invitation { token_hash: token_hash(&token), user_id, created_at: now, expires_at, used_at: None };
        invitation::insert(tx, provider, &row)?;
        Ok(token)
    }

    /// The person that a link is for.
    ///
    /// # Errors
    ///
    /// Refuses links that are over, used or unknown, all with the same words.
    pub fn invited(&self, token: &str) -> Result<User, AppError> {
        let (provider, now) = (self.provider()?, self.clock.now());
        self.store.read(|tx| {
            let found = invitation::find(tx, provider, &token_hash(token))?;
            let open = found.filter(|it| it.used_at.is_none() && it.expires_at > now).ok_or_else(over)?;
            user::find(tx, provider, open.user_id)?.filter(|user| user.disabled_at.is_none()).ok_or_else(over)
        })
    }

    /// Sets the password by a link, which is used up, and signs in, up to the second factor. Other sessions end.
    ///
    /// # Errors
    ///
    /// Refuses links that are over or used, and passwords that are too short or easy.
    pub fn accept_invitation(&self, token: &str, password: &str, browser: &Browser) -> Result<Next, AppError> {
        let (provider, now) = (self.provider()?, self.clock.now());
        let user = self.invited(token)?;
        let hash = self.new_password(&user, password)?;
        self.store.write(|tx| {
            if !invitation::use_once(tx, provider, &token_hash(token), now)? {
                return Err(over());
            }
            user::update_password(tx, provider, user.user_id, &hash)?;
            close_all(tx, provider, user.user_id, None)?;
            let actor = Actor::of_user(provider, &user, Channel::Session(String::new()), &browser.origin).ok_or_else(over)?;
            self.record(tx, &actor, Change::new("set the password by link", "user", user.user_id.to_string()))
        })?;
        self.events.tell(Event::Person(user.user_id));
        let user = self.store.read(|tx| user::find(tx, provider, user.user_id))?.ok_or_else(over)?;
        self.after_first_factor(&user, Proof::Link, browser)
    }
}

fn over() -> AppError {
    AppError::NotFound { what: "open invitation: the link was used, is over, or was replaced by a newer one".to_owned() }
}
