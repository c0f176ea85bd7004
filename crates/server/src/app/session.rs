//! Sessions: who is behind a cookie or a token, and how a session begins and ends. Not how somebody proves who it is.

use jiff::{SignedDuration, Timestamp};
use quarterhour_store::ProviderId;
use quarterhour_store::statements::api_token;
use quarterhour_store::statements::session::{self, Session};
use quarterhour_store::statements::timer::{self, Timer};
use quarterhour_store::statements::user::User;
use uuid::Uuid;

use crate::app::actor::{Actor, Channel, Role, Scope};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::events::Event;
use crate::app::keys::{new_token, token_hash};
use crate::error::AppError;

/// A session is touched at most so often: each touch is a write.
const TOUCH_SECONDS: i64 = 60;
/// How long a proof counts for steps that matter, such as a new password.
const PROOF_SECONDS: i64 = 15 * 60;
/// Sessions that one person has at most; the oldest ends for a new one.
const SESSIONS_MAX: usize = 40;

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

impl Actor {
    /// A stored person as the one who acts; none when the role is unknown.
    #[must_use]
    pub fn of_user(provider: ProviderId, user: &User, channel: Channel, origin: &Origin) -> Option<Self> {
        Some(Self {
            provider,
            user_id: user.user_id,
            name: user.name.clone(),
            technician: user.technician.clone(),
            role: Role::parse(&user.role)?,
            client_id: user.client_id,
            channel,
            address: origin.address.clone(),
        })
    }
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
        let valid = found.filter(|(session, user, _)| session.expires_at > now && user.disabled_at.is_none());
        let Some((session, user, timer)) = valid else { return Ok(None) };
        if now.as_second() - session.seen_at.as_second() >= TOUCH_SECONDS {
            self.store.write(|tx| session::touch(tx, provider, &hash, now))?;
        }
        let actor = Actor::of_user(provider, &user, Channel::Session(hash), origin);
        Ok(actor.map(|actor| Visit { actor, proved_at: session.proved_at, timer }))
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
        let scopes = token.scopes.split_whitespace().filter_map(Scope::parse).collect();
        Ok(Actor::of_user(provider, &user, Channel::Token(token.token_id, scopes), origin))
    }

    /// Begins a session and returns what the cookie holds. The session that the browser showed ends:
    /// what somebody may have planted there is worth nothing afterwards.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn begin_session(&self, user: &User, origin: &Origin, how: Proof, before: Option<&str>) -> Result<String, AppError> {
        let (provider, now, token) = (self.provider()?, self.clock.now(), new_token()?);
        let lasts = SignedDuration::from_hours(i64::from(self.settings.session_hours));
        let row = Session {
            session_hash: token_hash(&token),
            user_id: user.user_id,
            created_at: now,
            seen_at: now,
            expires_at: now.checked_add(lasts).unwrap_or(Timestamp::MAX),
            proved_at: now,
            strong: how.is_strong(),
            address: origin.address.clone(),
            agent: origin.agent.chars().take(200).collect(),
        };
        let actor = Actor::of_user(provider, user, Channel::Session(row.session_hash.clone()), origin);
        let actor = actor.ok_or_else(|| AppError::fault(format!("the role `{}` is unknown", user.role)))?;
        self.store.write(|tx| {
            if let Some(before) = before {
                session::delete(tx, provider, &token_hash(before))?;
            }
            session::delete_expired(tx, provider, now)?;
            let oldest = session::list_of_user(tx, provider, user.user_id)?.into_iter().skip(SESSIONS_MAX - 1);
            for session in oldest {
                session::delete(tx, provider, &session.session_hash)?;
            }
            session::insert(tx, provider, &row)?;
            self.record(tx, &actor, Change::new("signed in", "user", user.user_id.to_string()).after(&how.words()))
        })?;
        Ok(token)
    }

    /// Ends the session of a request.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn end_session(&self, actor: &Actor) -> Result<(), AppError> {
        let Channel::Session(hash) = &actor.channel else { return Ok(()) };
        self.store.write(|tx| {
            session::delete(tx, actor.provider, hash)?;
            self.record(tx, actor, Change::new("signed out", "user", actor.user_id.to_string()))
        })?;
        self.events.tell(Event::Person(actor.user_id));
        Ok(())
    }

    /// Ends another session of the own person, named by the first letters of its hash as the list shows it.
    ///
    /// # Errors
    ///
    /// Fails when there is no such session of this person.
    pub fn end_own_session(&self, actor: &Actor, name: &str) -> Result<(), AppError> {
        self.store.write(|tx| {
            let sessions = session::list_of_user(tx, actor.provider, actor.user_id)?;
            let session = sessions.into_iter().find(|session| session_name(session) == name);
            let session = session.ok_or_else(|| AppError::not_found("session"))?;
            session::delete(tx, actor.provider, &session.session_hash)?;
            self.record(tx, actor, Change::new("ended a session", "user", actor.user_id.to_string()))
        })?;
        self.events.tell(Event::Person(actor.user_id));
        Ok(())
    }

    /// Ends all sessions of the own person but the one of this request; returns how many.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn end_other_sessions(&self, actor: &Actor) -> Result<u64, AppError> {
        let own = own_session(actor)?;
        let ended = self.store.write(|tx| {
            let ended = session::delete_of_user(tx, actor.provider, actor.user_id, Some(own))?;
            self.record(tx, actor, Change::new("signed out elsewhere", "user", actor.user_id.to_string()))?;
            Ok::<_, AppError>(ended)
        })?;
        self.events.tell(Event::Person(actor.user_id));
        Ok(ended)
    }

    /// Where the own person is signed in, this session first.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn own_sessions(&self, actor: &Actor) -> Result<Vec<SessionView>, AppError> {
        let (own, now) = (own_session(actor)?, self.clock.now());
        let rows = self.store.read(|tx| session::list_of_user(tx, actor.provider, actor.user_id))?;
        let mut views: Vec<SessionView> =
            rows.iter().filter(|row| row.expires_at > now).map(|row| SessionView::of(row, row.session_hash == own)).collect();
        views.sort_by_key(|view| (!view.is_own, std::cmp::Reverse(view.seen_at)));
        Ok(views)
    }

    /// Did the person prove lately who it is?
    #[must_use]
    pub fn is_proved(&self, visit: &Visit) -> bool {
        self.clock.now().as_second() - visit.proved_at.as_second() < PROOF_SECONDS
    }

    /// Notes that the person of a session proved once more who it is.
    ///
    /// # Errors
    ///
    /// Fails when the session ended meanwhile.
    pub fn proved_again(&self, actor: &Actor, how: Proof) -> Result<(), AppError> {
        let (own, now) = (own_session(actor)?, self.clock.now());
        self.store.write(|tx| {
            let (session, _) = session::find_with_user(tx, actor.provider, own)?.ok_or(AppError::SignedOut)?;
            session::update_proved(tx, actor.provider, own, now, session.strong || how.is_strong())?;
            self.record(tx, actor, Change::new("confirmed", "user", actor.user_id.to_string()).after(&how.words()))
        })
    }
}

/// A session in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// How it is named in paths.
    pub name: String,
    /// Is it the session of this request?
    pub is_own: bool,
    /// What the browser says it is.
    pub agent: String,
    /// The network address.
    pub address: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// Was more than one factor shown?
    pub strong: bool,
}

impl SessionView {
    fn of(row: &Session, is_own: bool) -> Self {
        let Session { agent, address, created_at, seen_at, strong, .. } = row.clone();
        Self { name: session_name(row), is_own, agent, address, created_at, seen_at, strong }
    }
}

/// By what somebody proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A password.
    Password,
    /// A password, or another service, and a code of the app or of the list.
    SecondFactor,
    /// A passkey.
    Passkey,
    /// An invitation or a new password by link.
    Link,
    /// An OpenID Connect provider.
    OpenId,
    /// The first run.
    Setup,
}

impl Proof {
    /// Was it more than one factor?
    #[must_use]
    pub fn is_strong(self) -> bool {
        matches!(self, Self::SecondFactor | Self::Passkey)
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Password => "by password",
            Self::SecondFactor => "with a second factor",
            Self::Passkey => "by passkey",
            Self::Link => "by link",
            Self::OpenId => "by single sign-on",
            Self::Setup => "at the first run",
        }
    }
}

/// The session of a request; tokens have none.
///
/// # Errors
///
/// Refuses whoever came in another way: what belongs to a person is not for tokens.
pub fn own_session(actor: &Actor) -> Result<&str, AppError> {
    match &actor.channel {
        Channel::Session(hash) => Ok(hash),
        _ => Err(AppError::Forbidden { needs: "do this without signing in" }),
    }
}

/// How a session is named on pages and in paths: a part of its hash, which opens nothing.
#[must_use]
pub fn session_name(session: &Session) -> String {
    token_hash(&session.session_hash).chars().take(16).collect()
}

/// Ends all that a person has open: sessions and invitations.
///
/// # Errors
///
/// Fails when the database does.
pub fn close_all(tx: &mut quarterhour_store::Tx, provider: ProviderId, user_id: Uuid, except: Option<&str>) -> Result<(), AppError> {
    session::delete_of_user(tx, provider, user_id, except)?;
    quarterhour_store::statements::invitation::delete_of_user(tx, provider, user_id)?;
    Ok(())
}
