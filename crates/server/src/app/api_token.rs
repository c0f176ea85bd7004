//! Tokens by which programs act for a person: made, listed and revoked. They are shown once and kept as hashes.

use jiff::{SignedDuration, Timestamp};
use quarterhour_store::statements::api_token::{self, ApiToken};
use serde::Serialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission, Role, Scope};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::keys::{new_token, token_hash};
use crate::app::session::own_session;
use crate::app::user::plain_name;
use crate::error::{AppError, FieldProblem};

/// What every token begins with, so that a leaked one is found and known.
pub const PREFIX: &str = "qh_";
/// The days that a token may last.
pub const DAYS: [i64; 3] = [30, 90, 365];
/// Tokens in force that a person may have.
const TOKENS_MAX: usize = 50;
const KIND: &str = "API token";

/// A token in a list.
#[derive(Clone, Debug, Serialize)]
pub struct TokenView {
    /// The id.
    pub token_id: Uuid,
    /// The name.
    pub name: String,
    /// The scopes.
    pub scopes: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
    /// Why it opens nothing any more; empty while it does.
    pub ended: &'static str,
}

impl TokenView {
    fn of(row: ApiToken, now: Timestamp) -> Self {
        let ApiToken { token_id, name, scopes, created_at, expires_at, used_at, revoked_at, .. } = row;
        let ended = match revoked_at {
            Some(_) => "revoked",
            None if expires_at <= now => "expired",
            None => "",
        };
        Self { token_id, name, scopes, created_at, expires_at, used_at, ended }
    }
}

/// A token as somebody asks for it.
#[derive(Clone, Debug, Default)]
pub struct TokenDraft {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// How long it lasts.
    pub days: i64,
}

/// The scopes that mean something for a role.
#[must_use]
pub fn scopes_of(role: Role) -> Vec<Scope> {
    let useful = |scope: &Scope| {
        Permission::ALL.into_iter().any(|it| scope.covers(it) && role.may(it) && (it.is_read() == (*scope == Scope::Read)))
    };
    Scope::ALL.into_iter().filter(useful).collect()
}

impl Context {
    /// Makes a token for the own person; returns it, for the only time.
    ///
    /// # Errors
    ///
    /// Says which field cannot be taken. A token cannot make tokens.
    pub fn create_token(&self, actor: &Actor, draft: &TokenDraft) -> Result<String, AppError> {
        own_session(actor)?;
        let now = self.clock.now();
        let (name, scopes) = check(actor.role, draft)?;
        let token = format!("{PREFIX}{}", new_token()?);
        let row = ApiToken {
            token_id: Uuid::now_v7(),
            token_hash: token_hash(&token),
            user_id: actor.user_id,
            name,
            scopes,
            created_at: now,
            expires_at: now.checked_add(SignedDuration::from_hours(24 * draft.days)).map_err(AppError::fault)?,
            used_at: None,
            revoked_at: None,
        };
        self.store.write(|tx| {
            let others = api_token::list_of_user(tx, actor.provider, actor.user_id)?;
            if others.iter().filter(|it| it.revoked_at.is_none() && it.expires_at > now).count() >= TOKENS_MAX {
                return Err(AppError::conflict(format!("{TOKENS_MAX} tokens are in force"), "revoke one that is not needed any more"));
            }
            api_token::insert(tx, actor.provider, &row)?;
            let change = Change::new("created", KIND, row.token_id.to_string()).after(&TokenView::of(row.clone(), now));
            self.record(tx, actor, change)
        })?;
        Ok(token)
    }

    /// The own tokens, the newest first.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn own_tokens(&self, actor: &Actor) -> Result<Vec<TokenView>, AppError> {
        self.tokens(actor, actor.user_id)
    }

    /// The tokens of a person, the newest first.
    ///
    /// # Errors
    ///
    /// Refuses those of others, but to whoever manages people.
    pub fn tokens(&self, actor: &Actor, user_id: Uuid) -> Result<Vec<TokenView>, AppError> {
        if user_id != actor.user_id {
            actor.require(Permission::ManageUsers)?;
        }
        let now = self.clock.now();
        let rows = self.store.read(|tx| api_token::list_of_user(tx, actor.provider, user_id))?;
        Ok(rows.into_iter().map(|row| TokenView::of(row, now)).collect())
    }

    /// Revokes a token of a person at once; false when it had ended.
    ///
    /// # Errors
    ///
    /// Refuses those of others, but to whoever manages people.
    pub fn revoke_token(&self, actor: &Actor, user_id: Uuid, token_id: Uuid) -> Result<bool, AppError> {
        // A token that leaked does not end the others.
        if user_id != actor.user_id || own_session(actor).is_err() {
            actor.require(Permission::ManageUsers)?;
        }
        let now = self.clock.now();
        self.store.write(|tx| {
            let row = api_token::list_of_user(tx, actor.provider, user_id)?.into_iter().find(|it| it.token_id == token_id);
            let row = row.ok_or_else(|| AppError::not_found("token"))?;
            let revoked = api_token::revoke(tx, actor.provider, token_id, now)?;
            if revoked {
                let change = Change::new("revoked", KIND, token_id.to_string()).before(&TokenView::of(row, now));
                self.record(tx, actor, change)?;
            }
            Ok(revoked)
        })
    }
}

fn check(role: Role, draft: &TokenDraft) -> Result<(String, String), AppError> {
    let mut problems = Vec::new();
    let name = plain_name(&draft.name).map_err(|it| problems.push(FieldProblem::new("name", it))).unwrap_or_default();
    let offered = scopes_of(role);
    let asked: Vec<&str> = draft.scopes.iter().map(String::as_str).collect();
    let scopes: Vec<&str> = offered.iter().map(|scope| scope.name()).filter(|name| asked.contains(name)).collect();
    if scopes.is_empty() || asked.iter().any(|name| !scopes.contains(name)) {
        let names: Vec<&str> = offered.iter().map(|scope| scope.name()).collect();
        problems.push(FieldProblem::new("scopes", format!("expected one or more of {}", names.join(", "))));
    }
    if !DAYS.contains(&draft.days) {
        problems.push(FieldProblem::new("days", "expected 30, 90 or 365 days"));
    }
    if problems.is_empty() { Ok((name, scopes.join(" "))) } else { Err(AppError::Invalid(problems)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(role: Role) -> Vec<&'static str> {
        scopes_of(role).into_iter().map(Scope::name).collect()
    }

    #[test]
    fn only_scopes_that_mean_something_are_offered() {
        assert_eq!(names(Role::Owner), ["read", "time", "books", "billing", "admin"]);
        assert_eq!(names(Role::BookKeeper), ["read", "time", "books", "billing"]);
        assert_eq!(names(Role::Technician), ["read", "time"]);
        assert_eq!(names(Role::Approver), ["read", "billing"]);
        assert_eq!(names(Role::Contact), ["read"]);
    }

    #[test]
    fn a_token_needs_a_name_a_scope_and_an_end() {
        let draft = TokenDraft { name: " ".into(), scopes: vec!["admin".into()], days: 7 };
        let Err(AppError::Invalid(problems)) = check(Role::Technician, &draft) else { unreachable!("it was taken") };
        let fields: Vec<&str> = problems.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["name", "scopes", "days"]);
    }
}
