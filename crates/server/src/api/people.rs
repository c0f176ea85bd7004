//! People, their tokens, and the audit log of what they did.

use axum::extract::State;
use jiff::Timestamp;
use quarterhour_store::statements::audit::AuditEntry;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::answer::{All, Answer, Created, Listed, Nothing};
use crate::api::endpoints::{Endpoints, PREFIX, named};
use crate::api::extract::{Body, Caller, IfMatch, Params, Proved, Segment};
use crate::api::page::{Page, cursor};
use crate::api::problem::Problem;
use crate::api::words::{instant, text, word};
use crate::app::actor::{Channel, Permission};
use crate::app::api_token::TokenView;
use crate::app::audit::{AuditFilter, NOUNS};
use crate::app::context::App;
use crate::app::user::{Person as PersonView, UserDraft, UserState};
use crate::web::invitation;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let (manage, audit) = (Access::May(Permission::ManageUsers), Access::May(Permission::SeeAudit));
    let people = Endpoints::of("People", "Those who sign in: invited, changed, shut out.")
        .get("/people", manage, named("listPeople", "List people"), list)
        .post("/people", manage, named("invitePerson", "Invite somebody; the answer holds the link, this once"), invite)
        .get("/people/{person}", manage, named("getPerson", "Read a person"), show)
        .put("/people/{person}", manage, named("changePerson", "Change a person"), change)
        .post("/people/{person}/disable", manage, named("disablePerson", "Shut a person out at once"), disable)
        .post("/people/{person}/enable", manage, named("enablePerson", "Let a person in again"), enable)
        .delete(
            "/people/{person}/second-factor",
            manage,
            named("resetSecondFactor", "Take a person's second factors and recovery codes away"),
            reset_factor,
        )
        .get("/people/{person}/tokens", manage, named("listTokensOfPerson", "List a person's tokens, the newest first"), tokens_of)
        .delete("/people/{person}/tokens/{token}", manage, named("revokeTokenOfPerson", "Revoke a person's token"), revoke_of)
        .post("/people/{person}/link", manage, named("renewLink", "Make a new link; the answer holds it, this once"), link);
    let tokens = Endpoints::of("Tokens", "The caller's own API tokens. New ones are made in the browser.")
        .get("/me", Access::SignedIn, named("getMe", "Read who asks, and for which provider"), me)
        .get("/tokens", Access::SignedIn, named("listTokens", "List the own tokens, the newest first"), tokens)
        .delete("/tokens/{token}", Access::SignedIn, named("revokeToken", "Revoke a token of one's own"), revoke);
    let audit = Endpoints::of("Audit", "Who changed what, when and from where.").get(
        "/audit",
        audit,
        named("listAudit", "List changes, the newest first"),
        audit_list,
    );
    people.and(tokens).and(audit)
}

/// A person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Person {
    id: Uuid,
    name: String,
    email: String,
    /// owner, book-keeper, dispatcher, technician, approver or contact.
    role: String,
    /// The client of a client's person; empty for the provider's own.
    client: String,
    /// The name on time entries.
    technician: String,
    /// active, invited or disabled.
    state: String,
    /// Is there more than a password?
    second_factor: bool,
    #[schema(format = DateTime)]
    seen_at: Option<String>,
}

impl Person {
    fn new(it: &PersonView) -> Self {
        let state = match it.state {
            UserState::Active => "active",
            UserState::Invited => "invited",
            UserState::Disabled => "disabled",
        };
        Self {
            id: it.user_id,
            name: it.name.clone(),
            email: it.email.clone(),
            role: it.role.to_owned(),
            client: it.client.clone(),
            technician: it.technician.clone(),
            state: state.to_owned(),
            second_factor: it.has_second_factor(),
            seen_at: it.seen_at.map(|at| at.to_string()),
        }
    }
}

/// A person to be written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The person signs in with it.
    #[schema(example = "ann@example.com", max_length = 200)]
    email: String,
    /// owner, book-keeper, dispatcher, technician, approver or contact.
    #[schema(example = "technician", max_length = 20)]
    role: String,
    /// The client's code, for approvers and contacts.
    #[serde(default)]
    #[schema(max_length = 200)]
    client: String,
    /// The name on time entries; empty: the name.
    #[serde(default)]
    #[schema(max_length = 100)]
    technician: String,
}

impl NewPerson {
    fn draft(self) -> Result<UserDraft, Problem> {
        let Self { name, email, role, client, technician } = self;
        for (field, value) in [("name", &name), ("email", &email), ("role", &role), ("client", &client), ("technician", &technician)] {
            text(field, value, 200)?;
        }
        Ok(UserDraft { name, email, role, client, technician })
    }
}

/// A person with the link by which it sets a password.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonWithLink {
    person: Person,
    /// It works once, for seven days, and is shown this once.
    link: String,
}

async fn list(State(app): State<App>, Caller(actor): Caller, Params(page): Params<Page>) -> Result<Listed<Person>, Problem> {
    let people = app.run(move |app| app.people(&actor)).await?;
    page.cut(people, |it| format!("{}\n{}", it.name, it.user_id), |it| Person::new(&it))
}

async fn show(State(app): State<App>, Caller(actor): Caller, Segment(id): Segment<Uuid>) -> Result<Answer<Person>, Problem> {
    Ok(Answer(Person::new(&app.run(move |app| app.person(&actor, id)).await?)))
}

async fn invite(
    State(app): State<App>,
    Proved(actor): Proved,
    Body(body): Body<NewPerson>,
) -> Result<Created<PersonWithLink>, Problem> {
    let draft = body.draft()?;
    let (person, token) = app
        .run(move |app| {
            let (id, token) = app.invite(&actor, &draft)?;
            Ok((app.person(&actor, id)?, token))
        })
        .await?;
    let link = app.settings.link(&format!("{}{token}", invitation::PATH));
    Ok(Created { at: format!("{PREFIX}/people/{}", person.user_id), view: PersonWithLink { person: Person::new(&person), link } })
}

async fn change(
    State(app): State<App>,
    Proved(actor): Proved,
    Segment(id): Segment<Uuid>,
    seen: IfMatch,
    Body(body): Body<NewPerson>,
) -> Result<Answer<Person>, Problem> {
    let draft = body.draft()?;
    let person = app
        .run(move |app| {
            app.change_person(&actor, id, &draft, &|before| seen.check(&Person::new(before)))?;
            app.person(&actor, id)
        })
        .await?;
    Ok(Answer(Person::new(&person)))
}

async fn disable(State(app): State<App>, Caller(actor): Caller, Segment(id): Segment<Uuid>) -> Result<Answer<Person>, Problem> {
    let person = app
        .run(move |app| {
            app.disable_person(&actor, id)?;
            app.person(&actor, id)
        })
        .await?;
    Ok(Answer(Person::new(&person)))
}

async fn enable(State(app): State<App>, Caller(actor): Caller, Segment(id): Segment<Uuid>) -> Result<Answer<Person>, Problem> {
    let person = app
        .run(move |app| {
            app.enable_person(&actor, id)?;
            app.person(&actor, id)
        })
        .await?;
    Ok(Answer(Person::new(&person)))
}

async fn link(State(app): State<App>, Proved(actor): Proved, Segment(id): Segment<Uuid>) -> Result<Answer<PersonWithLink>, Problem> {
    let (person, token) = app
        .run(move |app| {
            let token = app.renew_link(&actor, id)?;
            Ok((app.person(&actor, id)?, token))
        })
        .await?;
    let link = app.settings.link(&format!("{}{token}", invitation::PATH));
    Ok(Answer(PersonWithLink { person: Person::new(&person), link }))
}

/// An API token.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Token {
    id: Uuid,
    name: String,
    /// What it may do.
    scopes: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    used_at: Option<String>,
    /// revoked or expired; null while it opens something.
    ended: Option<String>,
}

impl Token {
    fn new(it: TokenView) -> Self {
        Self {
            id: it.token_id,
            name: it.name,
            scopes: it.scopes.split_whitespace().map(str::to_owned).collect(),
            created_at: it.created_at.to_string(),
            expires_at: it.expires_at.to_string(),
            used_at: it.used_at.map(|at| at.to_string()),
            ended: Some(it.ended).filter(|it| !it.is_empty()).map(str::to_owned),
        }
    }
}

async fn tokens(State(app): State<App>, Caller(actor): Caller) -> Result<All<Token>, Problem> {
    Ok(All(app.run(move |app| app.own_tokens(&actor)).await?.into_iter().map(Token::new).collect()))
}

async fn tokens_of(State(app): State<App>, Caller(actor): Caller, Segment(person): Segment<Uuid>) -> Result<All<Token>, Problem> {
    Ok(All(app.run(move |app| app.tokens(&actor, person)).await?.into_iter().map(Token::new).collect()))
}

async fn revoke_of(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((person, token)): Segment<(Uuid, Uuid)>,
) -> Result<Nothing, Problem> {
    app.run(move |app| app.revoke_token(&actor, person, token)).await?;
    Ok(Nothing)
}

async fn reset_factor(State(app): State<App>, Proved(actor): Proved, Segment(person): Segment<Uuid>) -> Result<Nothing, Problem> {
    app.run(move |app| app.reset_second_factor(&actor, person)).await?;
    Ok(Nothing)
}

/// Who asks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    id: Uuid,
    name: String,
    /// owner, book-keeper, dispatcher, technician, approver or contact.
    role: String,
    /// The client of a client's person; empty for the provider's own.
    client: String,
    /// The name on time entries.
    technician: String,
    /// The scopes of the token; null for a session, which has all of its role.
    scopes: Option<Vec<String>>,
    /// The provider's name.
    provider: String,
}

async fn me(State(app): State<App>, Caller(actor): Caller) -> Result<Answer<Me>, Problem> {
    Ok(Answer(Me {
        id: actor.user_id,
        role: actor.role.name().to_owned(),
        client: actor.client_id.map(|id| app.client_code(id)).unwrap_or_default(),
        scopes: match &actor.channel {
            Channel::Token(_, scopes) => Some(scopes.iter().map(|scope| scope.name().to_owned()).collect()),
            _ => None,
        },
        provider: app.provider_name(),
        name: actor.name,
        technician: actor.technician,
    }))
}

async fn revoke(State(app): State<App>, Caller(actor): Caller, Segment(id): Segment<Uuid>) -> Result<Nothing, Problem> {
    app.run(move |app| app.revoke_token(&actor, actor.user_id, id)).await?;
    Ok(Nothing)
}

/// A change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Change {
    id: Uuid,
    #[schema(format = DateTime)]
    at: String,
    /// Who did it.
    actor: String,
    /// The person's id; null for the program itself.
    actor_id: Option<Uuid>,
    /// web, api, command-line or program.
    channel: String,
    /// The network address.
    address: String,
    /// What was done, such as created or changed.
    action: String,
    /// To what, such as time entry.
    kind: String,
    /// Which one.
    subject: String,
    /// The code of the client that it is about.
    client: Option<String>,
    /// What was before.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// What is after.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
}

impl Change {
    fn new(app: &App, row: AuditEntry) -> Self {
        // A change of one text is a text there.
        let json = |text: Option<String>| {
            let value: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
            value.map(|value| if value.is_object() { value } else { serde_json::json!({ "value": value }) })
        };
        Self {
            id: row.audit_id,
            at: row.at.to_string(),
            actor: row.actor_name,
            actor_id: row.actor_id,
            channel: row.channel,
            address: row.address,
            action: row.action,
            kind: row.subject_kind,
            subject: row.subject_id,
            client: row.client_id.map(|id| app.client_code(id)).filter(|code| !code.is_empty()),
            before: json(row.before_json),
            after: json(row.after_json),
        }
    }
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Changes on the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    after: Option<String>,
    /// By this person.
    person: Option<Uuid>,
    /// Of this noun, such as `time entry`.
    kind: Option<String>,
    /// About this client.
    client: Option<String>,
    /// At or after this instant.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before this instant.
    #[param(format = DateTime)]
    until: Option<String>,
    /// With this text anywhere, in any case.
    search: Option<String>,
}

async fn audit_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Params(query): Params<AuditQuery>,
) -> Result<Listed<Change>, Problem> {
    let page = Page::of(query.limit, query.after.as_ref());
    let limit = page.limit()?;
    let wrong = || Problem::malformed("`after` is a cursor of another list");
    let before = page.after()?.map(|key| Uuid::parse_str(&key).map_err(|_| wrong())).transpose()?;
    let at = |name: &str, text: &Option<String>| -> Result<Option<Timestamp>, Problem> {
        text.as_deref().map(|text| instant(name, text)).transpose()
    };
    let (from, until) = (at("from", &query.from)?, at("until", &query.until)?);
    let kind = query.kind.map(|kind| word("kind", kind, &NOUNS)).transpose()?.unwrap_or_default();
    let (items, next) = app
        .run(move |app| {
            let client_id = query.client.as_deref().map(|code| app.client_by_code(code)).transpose()?;
            let text = query.search.unwrap_or_default();
            let filter = AuditFilter { actor_id: query.person, kind, client_id, from, until, text };
            let page = app.audit_page(&actor, &filter, before, limit)?;
            let items: Vec<Change> = page.entries.into_iter().map(|row| Change::new(app, row)).collect();
            Ok((items, page.older.map(|id| cursor(&id.to_string()))))
        })
        .await?;
    Ok(Listed { items, next })
}
