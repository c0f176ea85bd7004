//! The people who sign in, managed by the owner: in, changed, shut out, and back in by a link.

use std::collections::HashMap;

use jiff::Timestamp;
use quarterhour_store::statements::{api_token, counter, invitation, passkey, recovery_code, session, user};
use quarterhour_store::{ProviderId, Tx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::actor::{Actor, Channel, Permission, Role};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::events::Event;
use crate::app::seen::Seen;
use crate::app::session::close_all;
use crate::app::sign_in::email_key;
use crate::error::{AppError, FieldProblem};

pub use quarterhour_store::statements::user::User;

const KIND: &str = "user";
const NAME_MAX: usize = 100;
const EMAIL_MAX: usize = 254;

/// A person as the owner writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDraft {
    /// The name.
    pub name: String,
    /// The address by which the person signs in.
    pub email: String,
    /// The role.
    pub role: String,
    /// The client's code, for an approver or a contact.
    #[serde(default)]
    pub client: String,
    /// The name that time entries carry, for people of the provider. Empty: the name.
    #[serde(default)]
    pub technician: String,
}

/// Whether somebody may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserState {
    /// Yes.
    Active,
    /// Not yet: the link was not used.
    Invited,
    /// No longer.
    Disabled,
}

impl UserState {
    /// In a word.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Invited => "invited",
            Self::Disabled => "disabled",
        }
    }
}

/// A person in the list.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// The id.
    pub user_id: Uuid,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The role.
    pub role: &'static str,
    /// The client's code; empty for people of the provider.
    pub client: String,
    /// The name that time entries carry.
    pub technician: String,
    /// When the person was last here.
    pub seen_at: Option<Timestamp>,
    /// Is there an app with codes?
    pub has_totp: bool,
    /// Passkeys.
    pub passkeys: i64,
    /// May the person sign in?
    pub state: UserState,
}

impl Person {
    fn of(user: &User, client: String, seen_at: Option<Timestamp>, passkeys: i64) -> Self {
        let opened = user.password_hash.is_some() || user.oidc_subject.is_some() || passkeys > 0;
        Self {
            user_id: user.user_id,
            name: user.name.clone(),
            email: user.email.clone(),
            role: Role::parse(&user.role).map_or("unknown", Role::name),
            client,
            technician: user.technician.clone(),
            seen_at,
            has_totp: user.totp_sealed.is_some(),
            passkeys,
            state: match (user.disabled_at, opened) {
                (Some(_), _) => UserState::Disabled,
                (None, true) => UserState::Active,
                (None, false) => UserState::Invited,
            },
        }
    }

    /// Is there more than a password?
    #[must_use]
    pub fn has_second_factor(&self) -> bool {
        self.has_totp || self.passkeys > 0
    }
}

/// What the audit log keeps of a person.
#[derive(Serialize)]
struct Record<'u> {
    name: &'u str,
    email: &'u str,
    role: &'u str,
    technician: &'u str,
    client_id: Option<Uuid>,
}

impl<'u> Record<'u> {
    fn of(user: &'u User) -> Self {
        let User { name, email, role, technician, client_id, .. } = user;
        Self { name, email, role, technician, client_id: *client_id }
    }
}

impl Context {
    /// Everybody who can sign in or could.
    ///
    /// # Errors
    ///
    /// Refuses whoever may not manage people.
    pub fn people(&self, actor: &Actor) -> Result<Vec<Person>, AppError> {
        actor.require(Permission::ManageUsers)?;
        self.store.read(|tx| self.people_in(tx, actor.provider))
    }

    fn people_in(&self, tx: &mut Tx, provider: ProviderId) -> Result<Vec<Person>, AppError> {
        let users = user::list_all(tx, provider)?;
        let seen: HashMap<Uuid, Timestamp> = session::list_last_seen(tx, provider)?.into_iter().collect();
        let keys: HashMap<Uuid, i64> = passkey::list_counts(tx, provider)?.into_iter().collect();
        let person = |user: &User| {
            let client = user.client_id.map(|id| self.client_code(id)).unwrap_or_default();
            Person::of(user, client, seen.get(&user.user_id).copied(), keys.get(&user.user_id).copied().unwrap_or(0))
        };
        Ok(users.iter().map(person).collect())
    }

    /// One person.
    ///
    /// # Errors
    ///
    /// Refuses whoever may not manage people; fails for an unknown one.
    pub fn person(&self, actor: &Actor, user_id: Uuid) -> Result<Person, AppError> {
        one_of(self.people(actor)?, user_id)
    }

    /// Adds a person; returns the id and the link by which it sets its password.
    ///
    /// # Errors
    ///
    /// Says which field cannot be taken.
    pub fn invite(&self, actor: &Actor, draft: &UserDraft) -> Result<(Uuid, String), AppError> {
        actor.require(Permission::ManageUsers)?;
        let mut user = new_user(self.clock.now());
        self.fill(&mut user, draft)?;
        let token = self.store.write(|tx| {
            counter::lock_provider(tx, actor.provider)?;
            refuse_token(actor, &user)?;
            refuse_taken(tx, actor.provider, &user)?;
            user::insert(tx, actor.provider, &user)?;
            self.record(
                tx,
                actor,
                of_client(Change::new("invited", KIND, user.user_id.to_string()), &user).after(&Record::of(&user)),
            )?;
            self.new_invitation(tx, actor.provider, user.user_id)
        })?;
        Ok((user.user_id, token))
    }

    /// Changes who a person is. A person that changes sides or clients is signed out everywhere.
    ///
    /// # Errors
    ///
    /// Says which field cannot be taken; the last owner stays one.
    pub fn change_person(&self, actor: &Actor, user_id: Uuid, draft: &UserDraft, seen: Seen<'_, Person>) -> Result<(), AppError> {
        actor.require(Permission::ManageUsers)?;
        self.store.write(|tx| {
            counter::lock_provider(tx, actor.provider)?;
            seen(&one_of(self.people_in(tx, actor.provider)?, user_id)?)?;
            let before = find(tx, actor.provider, user_id)?;
            let mut after = before.clone();
            self.fill(&mut after, draft)?;
            refuse_taken(tx, actor.provider, &after)?;
            if (&before.email_key, &before.role) != (&after.email_key, &after.role) {
                refuse_token(actor, &before)?;
                refuse_token(actor, &after)?;
                // A link that went to another address, or was meant for another role, opens nothing any more.
                invitation::delete_of_user(tx, actor.provider, user_id)?;
            }
            let lost_owner = before.role == Role::Owner.name() && after.role != Role::Owner.name() && before.disabled_at.is_none();
            if lost_owner {
                refuse_last_owner(tx, actor.provider)?;
            }
            user::update(tx, actor.provider, &after)?;
            if before.client_id != after.client_id {
                close_all(tx, actor.provider, user_id, None)?;
                revoke_tokens(tx, actor.provider, user_id, self.clock.now())?;
            }
            let change = of_client(Change::new("changed", KIND, user_id.to_string()), &after);
            self.record(tx, actor, change.before(&Record::of(&before)).after(&Record::of(&after)))
        })?;
        self.events.tell(Event::Person(user_id));
        Ok(())
    }

    /// Shuts a person out at once: sessions, tokens and links end.
    ///
    /// # Errors
    ///
    /// Refuses the last owner, and oneself.
    pub fn disable_person(&self, actor: &Actor, user_id: Uuid) -> Result<(), AppError> {
        actor.require(Permission::ManageUsers)?;
        if actor.user_id == user_id {
            return Err(AppError::conflict("nobody can shut themselves out", "ask another owner"));
        }
        let now = self.clock.now();
        self.store.write(|tx| {
            counter::lock_provider(tx, actor.provider)?;
            let user = find(tx, actor.provider, user_id)?;
            if user.disabled_at.is_some() {
                return Ok(());
            }
            if user.role == Role::Owner.name() {
                refuse_last_owner(tx, actor.provider)?;
            }
            user::set_disabled(tx, actor.provider, user_id, Some(now))?;
            close_all(tx, actor.provider, user_id, None)?;
            revoke_tokens(tx, actor.provider, user_id, now)?;
            self.record(tx, actor, of_client(Change::new("disabled", KIND, user_id.to_string()), &user).after(&Record::of(&user)))
        })?;
        self.events.tell(Event::Person(user_id));
        Ok(())
    }

    /// Lets a person sign in again.
    ///
    /// # Errors
    ///
    /// Fails for an unknown person.
    pub fn enable_person(&self, actor: &Actor, user_id: Uuid) -> Result<(), AppError> {
        actor.require(Permission::ManageUsers)?;
        self.store.write(|tx| {
            let user = find(tx, actor.provider, user_id)?;
            if user.disabled_at.is_none() {
                return Ok(());
            }
            // What was begun at the very moment of shutting out ends here.
            close_all(tx, actor.provider, user_id, None)?;
            revoke_tokens(tx, actor.provider, user_id, self.clock.now())?;
            user::set_disabled(tx, actor.provider, user_id, None)?;
            self.record(tx, actor, of_client(Change::new("enabled", KIND, user_id.to_string()), &user).after(&Record::of(&user)))
        })
    }

    /// A new link by which a person sets a password; earlier ones are worth nothing from now on.
    ///
    /// # Errors
    ///
    /// Refuses people who are shut out.
    pub fn renew_link(&self, actor: &Actor, user_id: Uuid) -> Result<String, AppError> {
        actor.require(Permission::ManageUsers)?;
        self.store.write(|tx| {
            let user = find(tx, actor.provider, user_id)?;
            refuse_token(actor, &user)?;
            if user.disabled_at.is_some() {
                return Err(AppError::conflict(format!("{} is disabled", user.name), "enable the person first"));
            }
            self.record(tx, actor, of_client(Change::new("made a link", KIND, user_id.to_string()), &user))?;
            self.new_invitation(tx, actor.provider, user_id)
        })
    }

    /// Takes app, recovery codes and passkeys away from somebody who lost them; sessions end.
    ///
    /// # Errors
    ///
    /// Fails for an unknown person.
    pub fn reset_second_factor(&self, actor: &Actor, user_id: Uuid) -> Result<(), AppError> {
        actor.require(Permission::ManageUsers)?;
        self.store.write(|tx| {
            let user = find(tx, actor.provider, user_id)?;
            refuse_token(actor, &user)?;
            user::update_totp(tx, actor.provider, user_id, None, 0)?;
            recovery_code::delete_of_user(tx, actor.provider, user_id)?;
            for key in passkey::list_of_user(tx, actor.provider, user_id)? {
                passkey::delete(tx, actor.provider, user_id, &key.credential_id)?;
            }
            close_all(tx, actor.provider, user_id, None)?;
            self.record(tx, actor, of_client(Change::new("reset the second factor", KIND, user_id.to_string()), &user))
        })?;
        self.events.tell(Event::Person(user_id));
        Ok(())
    }

    /// Changes the own name.
    ///
    /// # Errors
    ///
    /// Refuses an empty or endless one.
    pub fn change_own_name(&self, actor: &Actor, name: &str) -> Result<(), AppError> {
        crate::app::session::own_session(actor)?;
        let name = plain_name(name).map_err(|problem| AppError::field("name", problem))?;
        self.store.write(|tx| {
            // The whole row is written, so nobody may change the role meanwhile.
            counter::lock_provider(tx, actor.provider)?;
            let before = find(tx, actor.provider, actor.user_id)?;
            let after = User { name, ..before.clone() };
            refuse_taken(tx, actor.provider, &after)?;
            user::update(tx, actor.provider, &after)?;
            let change = of_client(Change::new("changed", KIND, actor.user_id.to_string()), &after);
            self.record(tx, actor, change.before(&Record::of(&before)).after(&Record::of(&after)))
        })
    }

    /// Changes the own password; all other sessions and open links end.
    ///
    /// # Errors
    ///
    /// Refuses passwords that are too short or easy.
    pub fn change_own_password(&self, actor: &Actor, password: &str) -> Result<(), AppError> {
        let own = crate::app::session::own_session(actor)?;
        let user = self.own_user(actor)?;
        let hash = self.new_password(&user, password)?;
        self.store.write(|tx| {
            user::update_password(tx, actor.provider, actor.user_id, &hash)?;
            close_all(tx, actor.provider, actor.user_id, Some(own))?;
            self.record(tx, actor, of_client(Change::new("changed the password", KIND, actor.user_id.to_string()), &user))
        })?;
        self.events.tell(Event::Person(actor.user_id));
        Ok(())
    }

    /// The hash of a password that fits a person.
    ///
    /// # Errors
    ///
    /// Refuses what is too short or easy to guess.
    pub fn new_password(&self, user: &User, password: &str) -> Result<String, AppError> {
        let lower = password.to_lowercase();
        let letters: std::collections::HashSet<char> = lower.chars().collect();
        let mailbox = user.email_key.split('@').next().unwrap_or_default();
        let easy =
            letters.len() < 5 || lower == user.email_key || (mailbox.len() > 4 && lower.replace(mailbox, "").chars().count() < 6);
        if easy && password.chars().count() >= crate::app::password::LENGTH_MIN {
            return Err(AppError::field("password", "that is easy to guess; a few unrelated words do well"));
        }
        crate::app::password::hash(password)
    }

    /// Checks a draft and writes it into a person.
    fn fill(&self, user: &mut User, draft: &UserDraft) -> Result<(), AppError> {
        let mut problems = Vec::new();
        let mut take = |field: &str, read: Result<String, String>| match read {
            Ok(text) => text,
            Err(message) => {
                problems.push(FieldProblem::new(field, message));
                String::new()
            }
        };
        user.name = take("name", plain_name(&draft.name));
        user.email = take("email", plain_email(&draft.email));
        user.email_key = email_key(&user.email);
        let role = Role::parse(&draft.role);
        user.role = take("role", role.map(|role| role.name().to_owned()).ok_or_else(|| "choose what the person does".to_owned()));
        let of_client = role.is_some_and(Role::is_of_client);
        user.client_id = if of_client { self.client_of_code(&draft.client).map_err(|it| take("client", Err(it))).ok() } else { None };
        user.technician = match (of_client, draft.technician.trim()) {
            (true, _) => String::new(),
            (false, "") => user.name.clone(),
            (false, technician) => take("technician", plain_name(technician)),
        };
        if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
    }

    fn client_of_code(&self, code: &str) -> Result<Uuid, String> {
        let books = self.books().map_err(|error| error.to_string())?;
        let position = books.setup.client(code.trim()).and_then(|(position, _)| usize::try_from(position).ok());
        let id = position.and_then(|position| books.client_ids.get(position)).copied();
        id.ok_or_else(|| "choose the client that the person belongs to".to_owned())
    }
}

/// A person with nothing filled in.
#[must_use]
pub fn new_user(now: Timestamp) -> User {
    User {
        user_id: Uuid::now_v7(),
        client_id: None,
        email: String::new(),
        email_key: String::new(),
        name: String::new(),
        technician: String::new(),
        role: String::new(),
        password_hash: None,
        totp_sealed: None,
        totp_step_last: 0,
        oidc_subject: None,
        created_at: now,
        disabled_at: None,
    }
}

fn of_client<'a>(change: Change<'a>, user: &User) -> Change<'a> {
    match user.client_id {
        Some(client_id) => change.of_client(client_id),
        None => change,
    }
}

fn one_of(people: Vec<Person>, user_id: Uuid) -> Result<Person, AppError> {
    people.into_iter().find(|person| person.user_id == user_id).ok_or_else(|| AppError::not_found("person"))
}

fn find(tx: &mut Tx, provider: ProviderId, user_id: Uuid) -> Result<User, AppError> {
    user::find(tx, provider, user_id)?.ok_or_else(|| AppError::not_found("person"))
}

/// Two people with one address could not be told apart, and two with one name on entries could change each other's.
fn refuse_taken(tx: &mut Tx, provider: ProviderId, user: &User) -> Result<(), AppError> {
    let mut problems = Vec::new();
    for other in user::list_all(tx, provider)?.iter().filter(|other| other.user_id != user.user_id) {
        if other.email_key == user.email_key {
            problems.push(FieldProblem::new("email", format!("{} has this address", other.name)));
        }
        // Notes, decisions and invoices carry the name.
        let side_by_side = other.client_id.is_none() || other.client_id == user.client_id;
        if side_by_side && other.name.to_lowercase() == user.name.to_lowercase() {
            problems.push(FieldProblem::new("name", "somebody else here has this name; expected one that tells the two apart"));
        }
        if !user.technician.is_empty() && other.technician.to_lowercase() == user.technician.to_lowercase() {
            problems.push(FieldProblem::new("technician", format!("the time of {} carries this name", other.name)));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
}

/// A token opens no other way in: neither its own person's, which would lift its scopes and its end, nor an owner's.
fn refuse_token(actor: &Actor, user: &User) -> Result<(), AppError> {
    let is_token = matches!(actor.channel, Channel::Token(..));
    if is_token && (user.user_id == actor.user_id || user.role == Role::Owner.name()) {
        return Err(AppError::Forbidden { needs: "decide by a token how an owner or its own person signs in; sign in for that" });
    }
    Ok(())
}

fn refuse_last_owner(tx: &mut Tx, provider: ProviderId) -> Result<(), AppError> {
    if user::count_owners(tx, provider)? > 1 {
        return Ok(());
    }
    Err(AppError::conflict("this is the last owner", "make somebody else an owner first"))
}

fn revoke_tokens(tx: &mut Tx, provider: ProviderId, user_id: Uuid, now: Timestamp) -> Result<(), AppError> {
    for token in api_token::list_of_user(tx, provider, user_id)? {
        api_token::revoke(tx, provider, token.token_id, now)?;
    }
    Ok(())
}

/// A name on one line.
///
/// # Errors
///
/// Says what was expected.
pub fn plain_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 {
        return Err("expected a name".to_owned());
    }
    if length > NAME_MAX || name.chars().any(char::is_control) {
        return Err(format!("expected one line of at most {NAME_MAX} characters"));
    }
    Ok(name.to_owned())
}

/// An e-mail address, as far as its form goes.
///
/// # Errors
///
/// Says what was expected.
pub fn plain_email(email: &str) -> Result<String, String> {
    let email = email.trim();
    let parts = email.split_once('@').filter(|(mailbox, host)| !mailbox.is_empty() && host.contains('.') && !host.contains('@'));
    let strange = |letter: char| letter.is_whitespace() || letter.is_control() || "<>(),;:\"\\".contains(letter);
    if parts.is_none() || email.len() > EMAIL_MAX || email.chars().any(strange) || email.ends_with('.') {
        return Err("expected an address such as ann@example.com".to_owned());
    }
    Ok(email.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for right in ["ann@example.com", " a.b+c@sub.example.org ", "jürgen@bücher.example"] {
            assert!(plain_email(right).is_ok(), "{right}");
        }
        for wrong in
            ["", "ann", "@example.com", "ann@", "ann@host", "a b@example.com", "a@b@example.com", "a@example.com\n", "<a@b.c>"]
        {
            let read = plain_email(wrong);
            assert!(read.is_err() || wrong.ends_with('\n'), "{wrong}");
        }
    }
}
