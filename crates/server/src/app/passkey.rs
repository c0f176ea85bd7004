//! Passkeys: keys of a phone, a computer or a stick, instead of password and code. They are bound to the public address.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use quarterhour_store::statements::{passkey, user};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use webauthn_rs::fake::{FakePasskeyDistribution, WebauthnFakeCredentialGenerator};
use webauthn_rs::prelude::{
    Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse,
    Webauthn, WebauthnBuilder, WebauthnError,
};

use crate::app::actor::Actor;
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::session::{Proof, own_session};
use crate::app::sign_in::{Browser, Next, email_key};
use crate::app::user::{User, plain_name};
use crate::error::AppError;

const ADDING: &str = "passkey to add";
const SHOWING: &str = "passkey to show";
const KIND: &str = "passkey";
/// Passkeys that a person may have.
const KEYS_MAX: usize = 20;
/// What the browser carries while a passkey is shown is filled up to a multiple of this, so that its length does not
/// tell whether there is such an account.
const FILL: usize = 4096;

/// What the browser needs for a passkey, and what it brings back with it.
#[derive(Debug, Serialize)]
pub struct Ceremony {
    /// The options of `navigator.credentials`: `publicKey`.
    #[serde(flatten)]
    pub options: Value,
    /// What it carries for us.
    pub carried: String,
}

#[derive(Serialize, Deserialize)]
struct Adding {
    user_id: Uuid,
    state: PasskeyRegistration,
}

#[derive(Serialize, Deserialize)]
struct Showing {
    /// None for an account that is not there or has no passkey.
    user_id: Option<Uuid>,
    state: PasskeyAuthentication,
    fill: String,
}

/// A passkey in the list of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyView {
    /// The id of the credential.
    pub id: String,
    /// The name that the person gave it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

fn refused(error: &WebauthnError) -> AppError {
    tracing::debug!("a passkey was refused: {error}");
    AppError::user("this passkey does not fit here", "use one that was added to this account, or the password")
}

impl Context {
    /// Can there be passkeys? They need a name instead of a number as the public address, and TLS but on this machine.
    #[must_use]
    pub fn has_passkeys(&self) -> bool {
        let address = &self.settings.public_url;
        address.domain().is_some_and(|domain| self.settings.is_secure() || domain == "localhost")
    }

    fn webauthn(&self) -> Result<Webauthn, AppError> {
        let none = || AppError::user("there are no passkeys at this address", "they need a public address with a name and TLS");
        let domain = self.settings.public_url.domain().filter(|_| self.has_passkeys()).ok_or_else(none)?;
        let name = self.provider_name();
        let built = WebauthnBuilder::new(domain, &self.settings.public_url).and_then(|builder| builder.rp_name(&name).build());
        built.map_err(|error| AppError::fault(format!("passkeys cannot be set up: {error}")))
    }

    /// The passkeys of the own person.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn own_passkeys(&self, actor: &Actor) -> Result<Vec<PasskeyView>, AppError> {
        let rows = self.store.read(|tx| passkey::list_of_user(tx, actor.provider, actor.user_id))?;
        let view = |row: passkey::Passkey| PasskeyView {
            id: row.credential_id,
            name: row.name,
            created_at: row.created_at,
            used_at: row.used_at,
        };
        let mut views: Vec<PasskeyView> = rows.into_iter().map(view).collect();
        views.sort_by_key(|view| view.created_at);
        Ok(views)
    }

    /// Begins to add a passkey.
    ///
    /// # Errors
    ///
    /// Fails where there are no passkeys, or too many.
    pub fn begin_adding_passkey(&self, actor: &Actor) -> Result<Ceremony, AppError> {
        own_session(actor)?;
        let (webauthn, user) = (self.webauthn()?, self.own_user(actor)?);
        let keys = self.passkeys_of(&user)?;
        if keys.len() >= KEYS_MAX {
            return Err(AppError::conflict(format!("there are {KEYS_MAX} passkeys"), "remove one that is not needed any more"));
        }
        let known = keys.iter().map(|key| key.cred_id().clone()).collect();
        let begun = webauthn.start_passkey_registration(user.user_id, &user.email, &user.name, Some(known));
        let (options, state) = begun.map_err(|error| refused(&error))?;
        let carried = self.carry(ADDING, &Adding { user_id: user.user_id, state })?;
        Ok(Ceremony { options: serde_json::to_value(options).map_err(AppError::fault)?, carried })
    }

    /// Adds a passkey.
    ///
    /// # Errors
    ///
    /// Refuses what the browser brings when it does not fit.
    pub fn add_passkey(&self, actor: &Actor, carried: &str, name: &str, credential: Value) -> Result<(), AppError> {
        own_session(actor)?;
        let name = plain_name(name).map_err(|problem| AppError::field("name", problem))?;
        let carried = self.carried::<Adding>(ADDING, carried).filter(|it| it.content.user_id == actor.user_id).ok_or_else(over)?;
        let credential: RegisterPublicKeyCredential = read(credential)?;
        let key =
            self.webauthn()?.finish_passkey_registration(&credential, &carried.content.state).map_err(|error| refused(&error))?;
        if !self.use_up(&carried) {
            return Err(over());
        }
        let row = passkey::Passkey {
            user_id: actor.user_id,
            credential_id: id_of(&key),
            name,
            passkey_json: serde_json::to_string(&key).map_err(AppError::fault)?,
            created_at: self.clock.now(),
            used_at: None,
        };
        self.store.write(|tx| {
            if passkey::find_by_credential(tx, actor.provider, &row.credential_id)?.is_some() {
                return Err(AppError::conflict("this passkey is in use already", "choose another one"));
            }
            passkey::insert(tx, actor.provider, &row)?;
            self.record(tx, actor, Change::new("added", KIND, row.credential_id.clone()).after(&row.name))
        })
    }

    /// Gives an own passkey another name.
    ///
    /// # Errors
    ///
    /// Fails when there is no such passkey of this person.
    pub fn rename_passkey(&self, actor: &Actor, id: &str, name: &str) -> Result<(), AppError> {
        own_session(actor)?;
        let name = plain_name(name).map_err(|problem| AppError::field("name", problem))?;
        self.store.write(|tx| {
            let before = find(&passkey::list_of_user(tx, actor.provider, actor.user_id)?, id)?;
            passkey::rename(tx, actor.provider, actor.user_id, id, &name)?;
            self.record(tx, actor, Change::new("renamed", KIND, id).before(&before).after(&name))
        })
    }

    /// Removes an own passkey.
    ///
    /// # Errors
    ///
    /// Fails when there is no such passkey of this person.
    pub fn remove_passkey(&self, actor: &Actor, id: &str) -> Result<(), AppError> {
        own_session(actor)?;
        self.store.write(|tx| {
            let before = find(&passkey::list_of_user(tx, actor.provider, actor.user_id)?, id)?;
            passkey::delete(tx, actor.provider, actor.user_id, id)?;
            self.record(tx, actor, Change::new("removed", KIND, id).before(&before))
        })
    }

    /// Begins to sign in by passkey. An account that is not there is answered like any other.
    ///
    /// # Errors
    ///
    /// Fails where there are no passkeys.
    pub fn begin_passkey_sign_in(&self, email: &str) -> Result<Ceremony, AppError> {
        let (provider, key) = (self.provider()?, email_key(email));
        let user = self.store.read(|tx| user::find_by_email_key(tx, provider, &key))?;
        let keys = user.as_ref().map_or_else(|| Ok(Vec::new()), |user| self.passkeys_of(user))?;
        self.begin_showing(&key, user.map(|user| user.user_id), &keys)
    }

    /// Begins to prove once more who it is, by passkey.
    ///
    /// # Errors
    ///
    /// Fails where there are no passkeys.
    pub fn begin_passkey_confirm(&self, actor: &Actor) -> Result<Ceremony, AppError> {
        own_session(actor)?;
        let user = self.own_user(actor)?;
        let keys = self.passkeys_of(&user)?;
        self.begin_showing(&user.email_key, Some(user.user_id), &keys)
    }

    fn begin_showing(&self, email_key: &str, user_id: Option<Uuid>, keys: &[Passkey]) -> Result<Ceremony, AppError> {
        let begun = self.webauthn()?.start_passkey_authentication(keys);
        let (options, state) = begun.map_err(|error| refused(&error))?;
        let made_up = if keys.is_empty() { self.made_up_ids(email_key)? } else { Vec::new() };
        let options = plain_options(&options, &made_up)?;
        let mut showing = Showing { user_id: user_id.filter(|_| !keys.is_empty()), state, fill: String::new() };
        let length = serde_json::to_vec(&showing).map_or(0, |text| text.len());
        showing.fill = " ".repeat(FILL - length % FILL);
        Ok(Ceremony { options, carried: self.carry(SHOWING, &showing)? })
    }

    /// Ids of passkeys for an account without any, the same each time.
    fn made_up_ids(&self, email_key: &str) -> Result<Vec<String>, AppError> {
        let key = self.keys.sign("made-up passkeys", "key");
        let generator = WebauthnFakeCredentialGenerator::<FakePasskeyDistribution>::new(key.as_bytes());
        let ids = generator.and_then(|generator| generator.generate(email_key.as_bytes())).map_err(|error| refused(&error))?;
        Ok(ids.iter().map(|id| URL_SAFE_NO_PAD.encode(id)).collect())
    }

    /// Signs in by passkey. A passkey is never made to wait: it cannot be guessed.
    ///
    /// # Errors
    ///
    /// Refuses what the browser brings when it does not fit.
    pub fn passkey_sign_in(&self, carried: &str, credential: Value, browser: &Browser) -> Result<Next, AppError> {
        let user = self.show_passkey(carried, credential)?;
        self.after_first_factor(&user, Proof::Passkey, browser)
    }

    /// Proves once more who it is, by passkey.
    ///
    /// # Errors
    ///
    /// Refuses what does not fit, and passkeys of others.
    pub fn confirm_by_passkey(&self, actor: &Actor, carried: &str, credential: Value) -> Result<(), AppError> {
        own_session(actor)?;
        let user = self.show_passkey(carried, credential)?;
        if user.user_id != actor.user_id {
            return Err(refused(&WebauthnError::CredentialNotFound));
        }
        self.proved_again(actor, Proof::Passkey)
    }

    fn show_passkey(&self, carried: &str, credential: Value) -> Result<User, AppError> {
        let (provider, now) = (self.provider()?, self.clock.now());
        let carried = self.carried::<Showing>(SHOWING, carried).ok_or_else(over)?;
        let credential: PublicKeyCredential = read(credential)?;
        let shown =
            self.webauthn()?.finish_passkey_authentication(&credential, &carried.content.state).map_err(|error| refused(&error))?;
        if !self.use_up(&carried) {
            return Err(over());
        }
        let user_id = carried.content.user_id.ok_or_else(|| refused(&WebauthnError::CredentialNotFound))?;
        self.store.write(|tx| {
            let user = user::find(tx, provider, user_id)?.filter(|user| user.disabled_at.is_none());
            let user = user.ok_or_else(|| refused(&WebauthnError::CredentialNotFound))?;
            // It may have been removed since the sign-in began.
            let rows = passkey::list_of_user(tx, provider, user_id)?;
            let id = URL_SAFE_NO_PAD.encode(shown.cred_id());
            let row =
                rows.into_iter().find(|row| row.credential_id == id).ok_or_else(|| refused(&WebauthnError::CredentialNotFound))?;
            let mut key: Passkey = serde_json::from_str(&row.passkey_json).map_err(AppError::fault)?;
            key.update_credential(&shown);
            let json = serde_json::to_string(&key).map_err(AppError::fault)?;
            passkey::update_used(tx, provider, user_id, &id, &json, now)?;
            Ok(user)
        })
    }

    fn passkeys_of(&self, user: &User) -> Result<Vec<Passkey>, AppError> {
        let provider = self.provider()?;
        let rows = self.store.read(|tx| passkey::list_of_user(tx, provider, user.user_id))?;
        rows.iter().map(|row| serde_json::from_str(&row.passkey_json).map_err(AppError::fault)).collect()
    }
}

/// The options without what tells real passkeys from made-up ones.
fn plain_options(options: &RequestChallengeResponse, made_up: &[String]) -> Result<Value, AppError> {
    let mut value = serde_json::to_value(options).map_err(AppError::fault)?;
    let allowed = value.pointer_mut("/publicKey/allowCredentials").ok_or_else(|| AppError::fault("no list of passkeys"))?;
    let real = allowed.as_array().into_iter().flatten().filter_map(|it| it.get("id").and_then(Value::as_str).map(str::to_owned));
    let ids: Vec<String> = real.chain(made_up.iter().cloned()).collect();
    *allowed = ids.iter().map(|id| serde_json::json!({ "type": "public-key", "id": id })).collect();
    Ok(value)
}

fn id_of(key: &Passkey) -> String {
    URL_SAFE_NO_PAD.encode(key.cred_id())
}

fn find(rows: &[passkey::Passkey], id: &str) -> Result<String, AppError> {
    let row = rows.iter().find(|row| row.credential_id == id);
    row.map(|row| row.name.clone()).ok_or_else(|| AppError::not_found("passkey"))
}

fn read<T: serde::de::DeserializeOwned>(credential: Value) -> Result<T, AppError> {
    serde_json::from_value(credential).map_err(|_| AppError::user("the browser sent no passkey", "try again"))
}

fn over() -> AppError {
    AppError::user("that took too long, or was done already", "begin again")
}
