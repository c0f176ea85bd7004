//! Webhooks: who is told of what, and how it went.

use axum::extract::State;
use jiff::Timestamp;
use quarterhour_store::statements::delivery::Delivery as Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::answer::{All, Answer, Created, Nothing};
use crate::api::endpoints::{Endpoints, PREFIX, named};
use crate::api::extract::{Body, Caller, IfMatch, Proved, Segment};
use crate::api::problem::Problem;
use crate::api::words::text;
use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::webhook::{EVENTS, HookDraft, HookView};
use crate::web::routes::Access;

/// Deliveries in the log of the API.
const DELIVERIES: i64 = 200;

/// The operations.
pub fn endpoints() -> Endpoints {
    let manage = Access::May(Permission::ManageSettings);
    let (at, one) = ("/webhooks", "/webhooks/{webhook}");
    Endpoints::of("Webhooks", "Addresses that are told when something happens, signed, and tried again until they answer.")
        .get("/webhook-events", manage, named("listWebhookEvents", "List what can be told"), events)
        .get(at, manage, named("listWebhooks", "List webhooks"), list)
        .post(at, manage, named("createWebhook", "Add a webhook; the answer holds its secret, this once"), create)
        .get(one, manage, named("getWebhook", "Read a webhook"), show)
        .put(one, manage, named("changeWebhook", "Change a webhook"), change)
        .delete(one, manage, named("deleteWebhook", "Remove a webhook with its deliveries"), remove)
        .post(
            "/webhooks/{webhook}/secret",
            manage,
            named("renewWebhookSecret", "Take a new secret; the answer holds it, this once"),
            renew,
        )
        .post("/webhooks/{webhook}/test", manage, named("testWebhook", "Send a test"), test)
        .get(
            "/webhooks/{webhook}/deliveries",
            manage,
            named("listDeliveries", "List the latest 200 deliveries, the newest first"),
            deliveries,
        )
        .post(
            "/webhooks/{webhook}/deliveries/{delivery}/send",
            manage,
            named("sendAgain", "Send a delivery again, with the same id"),
            send_again,
        )
}

/// Something that can be told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookEvent {
    /// Its name.
    name: String,
    /// When it happens.
    text: String,
}

/// A webhook to be written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where to: https, or http.
    #[schema(format = "uri", example = "https://example.com/quarterhour", max_length = 2000)]
    url: String,
    /// Names of events.
    #[schema(min_items = 1, max_items = 20, example = json!(["invoice.issued"]))]
    events: Vec<String>,
    /// Is anything told at all?
    #[serde(default = "yes")]
    #[schema(default = true)]
    active: bool,
}

fn yes() -> bool {
    true
}

impl NewWebhook {
    fn draft(self) -> Result<HookDraft, Problem> {
        text("url", &self.url, 2000)?;
        let mut events = self.events;
        events.sort();
        events.dedup();
        Ok(HookDraft { url: self.url, events, is_active: self.active })
    }
}

/// A webhook.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Webhook {
    /// Its id.
    id: Uuid,
    /// Where to.
    url: String,
    /// Names of events.
    events: Vec<String>,
    /// Is anything told at all?
    active: bool,
    /// Since when.
    #[schema(format = DateTime)]
    created_at: String,
}

impl Webhook {
    fn new(it: HookView) -> Self {
        Self { id: it.id, url: it.url, events: it.events, active: it.is_active, created_at: it.created_at.to_string() }
    }
}

/// A webhook with the secret that signs its messages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookWithSecret {
    /// The webhook.
    webhook: Webhook,
    /// The secret. It is shown this once.
    secret: String,
}

/// A message, and how it went.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// Its id, as in the header `Quarterhour-Delivery`.
    id: Uuid,
    /// What happened.
    event: String,
    /// waiting, delivered or given-up.
    state: String,
    /// How often it was tried.
    attempts: i64,
    /// When it is tried next.
    #[schema(format = DateTime)]
    next_at: Option<String>,
    /// The status that was last answered.
    status: Option<i64>,
    /// Why the last try failed.
    fault: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    delivered_at: Option<String>,
    /// What is sent.
    #[schema(value_type = Object)]
    message: Value,
}

impl Delivery {
    fn new(row: Row) -> Self {
        Self {
            id: row.delivery_id,
            event: row.event,
            next_at: (row.state == "waiting").then(|| row.due_at.to_string()),
            state: row.state,
            attempts: row.attempts,
            status: row.status,
            fault: row.fault,
            created_at: row.created_at.to_string(),
            delivered_at: row.delivered_at.as_ref().map(Timestamp::to_string),
            message: serde_json::from_str(&row.payload_json).unwrap_or_default(),
        }
    }
}

async fn events(State(_): State<App>, _: Caller) -> Result<All<WebhookEvent>, Problem> {
    Ok(All(EVENTS.iter().map(|it| WebhookEvent { name: it.name.to_owned(), text: it.text.to_owned() }).collect()))
}

async fn list(State(app): State<App>, Caller(actor): Caller) -> Result<All<Webhook>, Problem> {
    Ok(All(app.run(move |app| app.webhooks(&actor)).await?.into_iter().map(Webhook::new).collect()))
}

async fn create(
    State(app): State<App>,
    Proved(actor): Proved,
    Body(body): Body<NewWebhook>,
) -> Result<Created<WebhookWithSecret>, Problem> {
    let draft = body.draft()?;
    let (hook, secret) = app.run(move |app| app.add_webhook(&actor, &draft)).await?;
    let at = format!("{PREFIX}/webhooks/{}", hook.id);
    Ok(Created { at, view: WebhookWithSecret { webhook: Webhook::new(hook), secret } })
}

async fn show(State(app): State<App>, Caller(actor): Caller, Segment(id): Segment<Uuid>) -> Result<Answer<Webhook>, Problem> {
    let (hook, _) = app.run(move |app| app.webhook(&actor, id, 0)).await?;
    Ok(Answer(Webhook::new(hook)))
}

async fn change(
    State(app): State<App>,
    Proved(actor): Proved,
    Segment(id): Segment<Uuid>,
    seen: IfMatch,
    Body(body): Body<NewWebhook>,
) -> Result<Answer<Webhook>, Problem> {
    let draft = body.draft()?;
    let changed = app.run(move |app| app.change_webhook(&actor, id, &draft, &|before| seen.check(&Webhook::new(before.clone()))));
    Ok(Answer(Webhook::new(changed.await?)))
}

async fn remove(State(app): State<App>, Caller(actor): Caller, Segment(id): Segment<Uuid>, seen: IfMatch) -> Result<Nothing, Problem> {
    app.run(move |app| app.delete_webhook(&actor, id, &|before| seen.check(&Webhook::new(before.clone())))).await?;
    Ok(Nothing)
}

async fn renew(
    State(app): State<App>,
    Proved(actor): Proved,
    Segment(id): Segment<Uuid>,
) -> Result<Answer<WebhookWithSecret>, Problem> {
    let (hook, secret) = app.run(move |app| app.renew_webhook_secret(&actor, id)).await?;
    Ok(Answer(WebhookWithSecret { webhook: Webhook::new(hook), secret }))
}

async fn test(State(app): State<App>, Caller(actor): Caller, Segment(id): Segment<Uuid>) -> Result<Nothing, Problem> {
    app.run(move |app| app.test_webhook(&actor, id)).await?;
    Ok(Nothing)
}

async fn deliveries(State(app): State<App>, Caller(actor): Caller, Segment(id): Segment<Uuid>) -> Result<All<Delivery>, Problem> {
    let (_, rows) = app.run(move |app| app.webhook(&actor, id, DELIVERIES)).await?;
    Ok(All(rows.into_iter().map(Delivery::new).collect()))
}

async fn send_again(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((hook, id)): Segment<(Uuid, Uuid)>,
) -> Result<Nothing, Problem> {
    app.run(move |app| app.send_again(&actor, hook, id)).await?;
    Ok(Nothing)
}
