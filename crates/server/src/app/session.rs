//! Sessions: who is behind a cookie or a token, and how a session begins and ends.

use jiff::{SignedDuration, Timestamp};
use quarterhour_store::statements::api_token;
use quarterhour_store::statements::session::{self, Session};
use quarterhour_store::statements::timer::{self, Timer};
use quarterhour_store::statements::user::User;
use uuid::Uuid;

use crate::app::actor::{Actor, Channel, Role, Scope};
use crate::app::context::Context;
use crate::app::keys::{new_token, token_hash};
use crate::error::AppError;

/// A session is touched at most so often: each touch is a write.
const TOUCH_SECONDS: i64 = 60;

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The network address.
    pub address: String,
    /// What the browser says it is.
    pub agent: String,
}

/// Somebody with a session.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Who it is.
    pub actor: Actor,
    /// Since when the person last proved who it is: by password, code or passkey.
    pub proved_at: Timestamp,
    /// The timer that runs.
    pub timer: Option<Timer>,
}

impl Context {
    /// Who is behind a session cookie; none when it is over.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn visit(&self, cookie: &str, origin: &Origin) -> Result<Option<Visit>, AppError> {
        let Some(provider) = self.find_provider()? else { return Ok(None) };
        let (hash, now) = (token_hash(cookie), self.clock.now());
        let found = self.store.read(|tx| {
            let Some((session, user)) = session::find_with_user(tx, provider, &hash)? else { return Ok(None) };
            let timer = if user.client_id.is_none() { timer::find(tx, provider, user.user_id)? } else { None };
            Ok::<_, AppError>(Some((session, user, timer)))
        })?;
        let Some((session, user, timer)) = found.filter(|(session, user, _)| session.expires_at > now && user.disabled_at.is_none())
        else {
            return Ok(None);
        };
        if now.as_second() - session.seen_at.as_second() >= TOUCH_SECONDS {
            self.store.write(|tx| session::touch(tx, provider, &hash, now))?;
        }
        let Some(role) = Role::parse(&user.role) else { return Ok(None) };
        let actor = Actor {
            provider,
            user_id: user.user_id,
            name: user.name,
            technician: user.technician,
            role,
            client_id: user.client_id,
            channel: Channel::Session(hash),
            address: origin.address.clone(),
        };
        Ok(Some(Visit { actor, proved_at: session.proved_at, timer }))
    }

    /// Who is behind an API token; none when it is unknown, over or revoked.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn bearer(&self, token: &str, origin: &Origin) -> Result<Option<Actor>, AppError> {
        let Some(provider) = self.find_provider()? else { return Ok(None) };
        let now = self.clock.now();
        let found = self.store.read(|tx| api_token::find_with_user(tx, provider, &token_hash(token)))?;
        let valid = found.filter(|(token, user)| token.expires_at > now && token.revoked_at.is_none() && user.disabled_at.is_none());
        let Some((token, user)) = valid else { return Ok(None) };
        if token.used_at.is_none_or(|used| now.as_second() - used.as_second() >= TOUCH_SECONDS) {
            self.store.write(|tx| api_token::touch(tx, provider, token.token_id, now))?;
        }
        let Some(role) = Role::parse(&user.role) else { return Ok(None) };
        let scopes = token.scopes.split_whitespace().filter_map(Scope::parse).collect();
        Ok(Some(Actor {
            provider,
            user_id: user.user_id,
            name: user.name,
            technician: user.technician,
            role,
            client_id: user.client_id,
            channel: Channel::Token(token.token_id, scopes),
            address: origin.address.clone(),
        }))
    }

    /// Begins a session and returns what the cookie holds.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn begin_session(&self, user: &User, origin: &Origin, strong: bool) -> Result<String, AppError> {
        let (provider, now, token) = (self.provider()?, self.clock.now(), new_token()?);
        let lasts = SignedDuration::from_hours(i64::from(self.settings.session_hours));
        let row = Session {
            session_hash: token_hash(&token),
            user_id: user.user_id,
            created_at: now,
            seen_at: now,
            expires_at: now.checked_add(lasts).unwrap_or(Timestamp::MAX),
            proved_at: now,
            strong,
            address: origin.address.clone(),
            agent: origin.agent.chars().take(200).collect(),
        };
        self.store.write(|tx| session::insert(tx, provider, &row))?;
        Ok(token)
    }

    /// Ends the session of a request.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn end_session(&self, actor: &Actor) -> Result<(), AppError> {
        if let Channel::Session(hash) = &actor.channel {
            self.store.write(|tx| session::delete(tx, actor.provider, hash))?;
        }
        Ok(())
    }

    /// Ends all sessions of a person, but perhaps one.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn end_sessions(&self, user_id: Uuid, except: Option<&str>) -> Result<(), AppError> {
        let provider = self.provider()?;
        self.store.write(|tx| session::delete_of_user(tx, provider, user_id, except))?;
        Ok(())
    }
}

impl Context {
    /// Signs a person in by address and password; returns what the cookie holds.
    ///
    /// # Errors
    ///
    /// Refuses a wrong address or password with the same words, and tries that come too quickly.
    pub fn sign_in(
        &self,
        email: &str,
        password: &str,
        attempt: &crate::app::guard::Attempt,
        origin: &Origin,
    ) -> Result<String, AppError> {
        let (provider, now) = (self.provider()?, self.clock.now().as_second());
        self.login_guard.check(attempt, now)?;
        let key = email.trim().to_lowercase();
        let user = self.store.read(|tx| quarterhour_store::statements::user::find_by_email_key(tx, provider, &key))?;
        let hash = user.as_ref().filter(|user| user.disabled_at.is_none()).and_then(|user| user.password_hash.as_deref());
        let right = crate::app::password::verify(password, hash);
        match user.filter(|_| right) {
            Some(user) => {
                self.login_guard.succeeded(attempt);
                self.begin_session(&user, origin, false)
            }
            None => {
                self.login_guard.failed(attempt, now);
                Err(AppError::user("this address and password do not belong together", "try again, or ask for a new invitation"))
            }
        }
    }
}
