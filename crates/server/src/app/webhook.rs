//! Webhooks: who is told of what, and what is to be told, written in the transaction of the change itself.
//! It sends nothing; `jobs/deliver.rs` does.

use jiff::Timestamp;
use quarterhour_billing::Period;
use quarterhour_store::Tx;
use quarterhour_store::statements::counter;
use quarterhour_store::statements::delivery::{self, Attempt, Delivery};
use quarterhour_store::statements::webhook::{self, Webhook};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::keys::new_token;
use crate::app::seen::Seen;
use crate::app::time_entry::Draft;
use crate::app::webhook_address;
use crate::error::AppError;

const KIND: &str = "webhook";
/// What secrets are sealed for.
pub const PURPOSE: &str = "webhook";
/// The largest message; a larger one says only what happened.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// The most webhooks of a provider.
const HOOKS_MAX: usize = 20;

/// Something that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookEvent {
    /// Its name.
    pub name: &'static str,
    /// When it happens.
    pub text: &'static str,
}

const fn event(name: &'static str, text: &'static str) -> HookEvent {
    HookEvent { name, text }
}

/// A time entry was logged.
pub const ENTRY_CREATED: HookEvent = event("time_entry.created", "A time entry was logged or brought back.");
/// A time entry was changed.
pub const ENTRY_CHANGED: HookEvent = event("time_entry.changed", "A time entry was changed or corrected.");
/// A time entry was taken out.
pub const ENTRY_DELETED: HookEvent = event("time_entry.deleted", "A time entry was taken out.");
/// A client was added or changed.
pub const CLIENT_CHANGED: HookEvent = event("client.changed", "A client, its devices or its agreements were added or changed.");
/// Overage is held.
pub const HOLD_CREATED: HookEvent = event("hold.created", "Overage past a cap was held for a client's approval.");
/// Held overage was decided.
pub const HOLD_DECIDED: HookEvent = event("hold.decided", "Held overage was released, refused or written off.");
/// A period was issued.
pub const PERIOD_ISSUED: HookEvent = event("period.issued", "A client's period was issued.");
/// An invoice was issued.
pub const INVOICE_ISSUED: HookEvent = event("invoice.issued", "An invoice was issued.");
/// An invoice was paid.
pub const INVOICE_PAID: HookEvent = event("invoice.paid", "A payment left nothing open of an invoice.");
/// A threshold was crossed.
pub const THRESHOLD_CROSSED: HookEvent =
    event("threshold.crossed", "A client's work crossed a threshold of its allowance, once a period and threshold.");
/// A client asked.
pub const QUESTION_ASKED: HookEvent = event("question.asked", "A client asked something in the portal.");
/// A job ended.
pub const JOB_FINISHED: HookEvent = event("job.finished", "An import or a bill run ended.");
/// A test.
pub const TEST: HookEvent = event("test", "Sent by hand to try a webhook. It comes whatever is chosen.");

/// All events that can be chosen.
pub const EVENTS: [HookEvent; 12] = [
    ENTRY_CREATED,
    ENTRY_CHANGED,
    ENTRY_DELETED,
    CLIENT_CHANGED,
    HOLD_CREATED,
    HOLD_DECIDED,
    PERIOD_ISSUED,
    INVOICE_ISSUED,
    INVOICE_PAID,
    THRESHOLD_CROSSED,
    QUESTION_ASKED,
    JOB_FINISHED,
];

/// A webhook as somebody writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookDraft {
    /// Where to.
    pub url: String,
    /// Names of events.
    pub events: Vec<String>,
    /// Is anything told at all?
    pub is_active: bool,
}

/// A webhook without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HookView {
    /// Its id.
    pub id: Uuid,
    /// Where to.
    pub url: String,
    /// Names of events.
    pub events: Vec<String>,
    /// Is anything told at all?
    pub is_active: bool,
    /// Since when.
    pub created_at: Timestamp,
}

impl HookView {
    fn of(row: &Webhook) -> Self {
        let events = row.events.split_whitespace().map(str::to_owned).collect();
        Self { id: row.webhook_id, url: row.url.clone(), events, is_active: row.is_active, created_at: row.created_at }
    }
}

/// What is sent.
#[derive(Serialize)]
struct Message<'a> {
    id: Uuid,
    r#type: &'a str,
    created_at: Timestamp,
    provider: Uuid,
    data: &'a Value,
}

impl Context {
    /// Writes down that something is to be told; whoever listens hears of it after the commit.
    ///
    /// # Errors
    ///
    /// Fails when the database does; then the change is not made either.
    pub fn emit(&self, tx: &mut Tx, event: HookEvent, data: &impl Serialize) -> Result<(), AppError> {
        self.emit_all(tx, event, [data])
    }

    /// As [`Context::emit`], several times.
    ///
    /// # Errors
    ///
    /// Fails when the database does; then the changes are not made either.
    pub fn emit_all<S: Serialize>(&self, tx: &mut Tx, event: HookEvent, all: impl IntoIterator<Item = S>) -> Result<(), AppError> {
        let hooks = webhook::list_all(tx, self.provider()?)?;
        let listens = |hook: &&Webhook| hook.is_active && hook.events.split_whitespace().any(|name| name == event.name);
        let hooks: Vec<Uuid> = hooks.iter().filter(listens).map(|hook| hook.webhook_id).collect();
        if hooks.is_empty() {
            return Ok(());
        }
        all.into_iter().try_for_each(|data| self.enqueue(tx, &hooks, event, &data))
    }

    /// Lets webhooks be told that a client changed: the client itself, its devices or its agreements.
    ///
    /// # Errors
    ///
    /// Fails when the database does; then the change is not made either.
    pub fn emit_client(&self, tx: &mut Tx, code: &str, what: &str) -> Result<(), AppError> {
        self.emit(tx, CLIENT_CHANGED, &json!({ "client": code, "what": what }))
    }

    /// Does anybody listen to an event?
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn is_heard(&self, event: HookEvent) -> Result<bool, AppError> {
        let provider = self.provider()?;
        let hooks = self.store.read(|tx| webhook::list_all(tx, provider))?;
        Ok(hooks.iter().any(|hook| hook.is_active && hook.events.split_whitespace().any(|name| name == event.name)))
    }

    fn enqueue(&self, tx: &mut Tx, hooks: &[Uuid], event: HookEvent, data: &impl Serialize) -> Result<(), AppError> {
        let (provider, now) = (self.provider()?, self.clock.now());
        let data = serde_json::to_value(data).map_err(AppError::fault)?;
        let message = Message { id: Uuid::now_v7(), r#type: event.name, created_at: now, provider: provider.0, data: &data };
        let mut payload_json = serde_json::to_string(&message).map_err(AppError::fault)?;
        if payload_json.len() > MESSAGE_BYTES_MAX {
            let message = Message { data: &json!({ "left_out": true }), ..message };
            payload_json = serde_json::to_string(&message).map_err(AppError::fault)?;
        }
        let rows = hooks.iter().map(|hook| Delivery {
            delivery_id: Uuid::now_v7(),
            webhook_id: *hook,
            event: event.name.to_owned(),
            payload_json: payload_json.clone(),
            state: "waiting".to_owned(),
            attempts: 0,
            due_at: now,
            status: None,
            fault: None,
            created_at: now,
            delivered_at: None,
        });
        delivery::insert_many(tx, provider, rows)?;
        Ok(())
    }

    /// All webhooks.
    ///
    /// # Errors
    ///
    /// Refuses those who may not.
    pub fn webhooks(&self, actor: &Actor) -> Result<Vec<HookView>, AppError> {
        actor.require(Permission::ManageSettings)?;
        Ok(self.store.read(|tx| webhook::list_all(tx, actor.provider))?.iter().map(HookView::of).collect())
    }

    /// A webhook with its latest deliveries.
    ///
    /// # Errors
    ///
    /// Fails for an unknown id.
    pub fn webhook(&self, actor: &Actor, id: Uuid, limit: i64) -> Result<(HookView, Vec<Delivery>), AppError> {
        actor.require(Permission::ManageSettings)?;
        self.store.read(|tx| {
            let hook = find(tx, actor, id)?;
            Ok((HookView::of(&hook), delivery::list_of_webhook(tx, actor.provider, id, limit)?))
        })
    }

    /// One delivery.
    ///
    /// # Errors
    ///
    /// Fails for an unknown id.
    pub fn delivery(&self, actor: &Actor, hook: Uuid, id: Uuid) -> Result<Delivery, AppError> {
        actor.require(Permission::ManageSettings)?;
        let found = self.store.read(|tx| delivery::find(tx, actor.provider, id))?;
        found.filter(|row| row.webhook_id == hook).ok_or_else(|| AppError::not_found("delivery"))
    }

    /// Adds a webhook; returns it with the secret, which is shown this once.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed or not right.
    pub fn add_webhook(&self, actor: &Actor, draft: &HookDraft) -> Result<(HookView, String), AppError> {
        actor.require(Permission::ManageSettings)?;
        check(draft)?;
        let secret = format!("whsec_{}", new_token()?);
        let row = Webhook {
            webhook_id: Uuid::now_v7(),
            url: webhook_address::check_url(&draft.url)?.to_string(),
            events: draft.events.join(" "),
            secret_sealed: self.keys.seal(PURPOSE, secret.as_bytes())?,
            is_active: draft.is_active,
            created_at: self.clock.now(),
        };
        self.store.write(|tx| {
            if webhook::list_all(tx, actor.provider)?.len() >= HOOKS_MAX {
                return Err(AppError::user(format!("there are {HOOKS_MAX} webhooks already"), "remove one first"));
            }
            webhook::insert(tx, actor.provider, &row)?;
            self.record(tx, actor, Change::new("created", KIND, row.webhook_id.to_string()).after(&HookView::of(&row)))
        })?;
        Ok((HookView::of(&row), secret))
    }

    /// Changes a webhook.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed or not right.
    pub fn change_webhook(&self, actor: &Actor, id: Uuid, draft: &HookDraft, seen: Seen<'_, HookView>) -> Result<HookView, AppError> {
        actor.require(Permission::ManageSettings)?;
        check(draft)?;
        self.store.write(|tx| {
            counter::lock_provider(tx, actor.provider)?;
            let before = find(tx, actor, id)?;
            seen(&HookView::of(&before))?;
            let (url, events) = (webhook_address::check_url(&draft.url)?.to_string(), draft.events.join(" "));
            let row = Webhook { url, events, is_active: draft.is_active, ..before.clone() };
            webhook::update(tx, actor.provider, &row)?;
            let change = Change::new("changed", KIND, id.to_string());
            self.record(tx, actor, change.before(&HookView::of(&before)).after(&HookView::of(&row)))?;
            Ok(HookView::of(&row))
        })
    }

    /// Gives a webhook another secret, which is shown this once. The old one signs nothing any more.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed.
    pub fn renew_webhook_secret(&self, actor: &Actor, id: Uuid) -> Result<(HookView, String), AppError> {
        actor.require(Permission::ManageSettings)?;
        let secret = format!("whsec_{}", new_token()?);
        let secret_sealed = self.keys.seal(PURPOSE, secret.as_bytes())?;
        let view = self.store.write(|tx| {
            let row = Webhook { secret_sealed, ..find(tx, actor, id)? };
            webhook::update(tx, actor.provider, &row)?;
            self.record(tx, actor, Change::new("renewed the secret of", KIND, id.to_string()))?;
            Ok::<_, AppError>(HookView::of(&row))
        })?;
        Ok((view, secret))
    }

    /// Removes a webhook with its deliveries.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed, and an unknown id.
    pub fn delete_webhook(&self, actor: &Actor, id: Uuid, seen: Seen<'_, HookView>) -> Result<HookView, AppError> {
        actor.require(Permission::ManageSettings)?;
        self.store.write(|tx| {
            counter::lock_provider(tx, actor.provider)?;
            let before = HookView::of(&find(tx, actor, id)?);
            seen(&before)?;
            webhook::delete(tx, actor.provider, id)?;
            self.record(tx, actor, Change::new("deleted", KIND, id.to_string()).before(&before))?;
            Ok(before)
        })
    }

    /// Sends a test.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed, and a webhook that is switched off.
    pub fn test_webhook(&self, actor: &Actor, id: Uuid) -> Result<(), AppError> {
        actor.require(Permission::ManageSettings)?;
        self.store.write(|tx| {
            if !find(tx, actor, id)?.is_active {
                return Err(AppError::conflict("this webhook is switched off", "switch it on first"));
            }
            self.enqueue(tx, &[id], TEST, &json!({ "asked_by": actor.name }))
        })
    }

    /// Sends a delivery again, now; its id stays the same, so that a receiver can tell.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed, and an unknown id.
    pub fn send_again(&self, actor: &Actor, hook: Uuid, id: Uuid) -> Result<(), AppError> {
        actor.require(Permission::ManageSettings)?;
        self.store.write(|tx| {
            if !find(tx, actor, hook)?.is_active {
                return Err(AppError::conflict("this webhook is switched off", "switch it on first"));
            }
            let row = delivery::find(tx, actor.provider, id)?.filter(|row| row.webhook_id == hook);
            let row = row.ok_or_else(|| AppError::not_found("delivery"))?;
            let due_at = self.clock.now();
            let attempt =
                Attempt { state: "waiting".to_owned(), attempts: 0, due_at, status: row.status, fault: None, delivered_at: None };
            Ok(delivery::record(tx, actor.provider, id, &attempt)?)
        })
    }
}

/// A time entry as it is told.
#[must_use]
pub fn entry_data(id: &str, draft: &Draft, period: Period, late_for: Option<Period>) -> Value {
    let started_at = Timestamp::from_second(draft.started_at).map(|at| at.to_string()).unwrap_or_default();
    let cause = if draft.provider_cause { "provider" } else { "client" };
    json!({
        "id": id, "client": draft.client, "ticket": draft.ticket, "technician": draft.technician, "started_at": started_at,
        "minutes": draft.minutes, "tier": draft.tier, "work_type": draft.work_type, "device": draft.device,
        "billable": draft.billable, "cause": cause, "note": draft.note, "period": period, "late_for": late_for,
    })
}

fn find(tx: &mut Tx, actor: &Actor, id: Uuid) -> Result<Webhook, AppError> {
    webhook::find(tx, actor.provider, id)?.ok_or_else(|| AppError::not_found("webhook"))
}

fn check(draft: &HookDraft) -> Result<(), AppError> {
    webhook_address::check_url(&draft.url)?;
    if draft.events.is_empty() {
        return Err(AppError::field("events", "none chosen; expected at least one"));
    }
    let unknown = draft.events.iter().find(|name| EVENTS.iter().all(|event| event.name != name.as_str()));
    match unknown {
        Some(name) => {
            let known: Vec<&str> = EVENTS.iter().map(|event| event.name).collect();
            let name: String = name.chars().take(50).collect();
            Err(AppError::field("events", format!("there is no event `{name}`; expected one of {}", known.join(", "))))
        }
        None => Ok(()),
    }
}
