//! The audit log: who changed what, when and from where, with what was before and after. It only grows.

use jiff::Timestamp;
use quarterhour_billing::Currency;
use quarterhour_store::Tx;
use quarterhour_store::statements::audit;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

pub use quarterhour_store::statements::audit::AuditEntry;

use crate::app::actor::{Actor, Channel, Permission};
use crate::app::context::Context;
use crate::app::money;
use crate::error::AppError;

/// One change, to be written in the transaction that makes it.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// What was done, such as `created`, `changed`, `issued`.
    pub action: &'a str,
    /// The noun, such as `time entry`.
    pub kind: &'a str,
    /// Which one.
    pub id: String,
    /// The client it is about.
    pub client_id: Option<Uuid>,
    before: Option<String>,
    after: Option<String>,
}

impl<'a> Change<'a> {
    /// A change of a noun.
    pub fn new(action: &'a str, kind: &'a str, id: impl Into<String>) -> Self {
        Self { action, kind, id: id.into(), client_id: None, before: None, after: None }
    }

    /// The client it is about.
    #[must_use]
    pub fn of_client(mut self, client_id: Uuid) -> Self {
        self.client_id = Some(client_id);
        self
    }

    /// What was before. Never a secret.
    #[must_use]
    pub fn before(mut self, value: &impl Serialize) -> Self {
        self.before = serde_json::to_string(value).ok();
        self
    }

    /// What is after. Never a secret.
    #[must_use]
    pub fn after(mut self, value: &impl Serialize) -> Self {
        self.after = serde_json::to_string(value).ok();
        self
    }
}

impl Context {
    /// Writes a change into the audit log.
    ///
    /// # Errors
    ///
    /// Fails when the database does; then the change is not made either.
    pub fn record(&self, tx: &mut Tx, actor: &Actor, change: Change<'_>) -> Result<(), AppError> {
        write(tx, actor, self.clock.now(), change)
    }
}

/// Writes a change that was made at a moment into the audit log.
///
/// # Errors
///
/// Fails when the database does; then the change is not made either.
pub fn write(tx: &mut Tx, actor: &Actor, at: Timestamp, change: Change<'_>) -> Result<(), AppError> {
    let by_person = matches!(actor.channel, Channel::Session(_) | Channel::Token(..));
    let row = AuditEntry {
        audit_id: Uuid::now_v7(),
        at,
        actor_id: by_person.then_some(actor.user_id),
        actor_name: actor.name.clone(),
        channel: actor.channel.name().to_owned(),
        address: actor.address.clone(),
        action: change.action.to_owned(),
        client_id: change.client_id,
        subject_kind: change.kind.to_owned(),
        subject_id: change.id,
        before_json: change.before,
        after_json: change.after,
    };
    Ok(audit::insert(tx, actor.provider, &row)?)
}

/// The nouns that the log knows.
pub const NOUNS: [&str; 23] = [
    "agreement",
    "API token",
    "books",
    "client",
    "comparison",
    "credit note",
    "device",
    "device list",
    "held overage",
    "invoice",
    "note",
    "passkey",
    "payment",
    "period",
    "provider",
    "question",
    "settings",
    "template",
    "ticket",
    "time entry",
    "timer",
    "user",
    "webhook",
];

/// What is looked for in the audit log. Empty fields look for nothing.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// The person who did it.
    pub actor_id: Option<Uuid>,
    /// The noun.
    pub kind: String,
    /// The client that it is about.
    pub client_id: Option<Uuid>,
    /// From when on.
    pub from: Option<Timestamp>,
    /// Until before when.
    pub until: Option<Timestamp>,
    /// A text in any field, whatever its case.
    pub text: String,
}

impl AuditFilter {
    fn takes(&self, row: &AuditEntry) -> bool {
        let contains = |text: &str| text.to_lowercase().contains(&self.text);
        let texts = [&row.actor_name, &row.address, &row.action, &row.subject_kind, &row.subject_id];
        self.actor_id.is_none_or(|id| row.actor_id == Some(id) || row.subject_id == id.to_string())
            && (self.kind.is_empty() || row.subject_kind == self.kind)
            && self.client_id.is_none_or(|id| row.client_id == Some(id))
            && self.from.is_none_or(|from| row.at >= from)
            && self.until.is_none_or(|until| row.at < until)
            && (self.text.is_empty()
                || texts.into_iter().any(|text| contains(text))
                || [&row.before_json, &row.after_json].into_iter().flatten().any(|json| contains(json)))
    }
}

/// A page of the log.
#[derive(Clone, Debug, Default)]
pub struct AuditPage {
    /// The entries, the newest first.
    pub entries: Vec<AuditEntry>,
    /// Where older ones go on; none at the end.
    pub older: Option<Uuid>,
}

/// Rows that are read at a time.
const CHUNK: i64 = 500;
/// Rows that are looked at for one page at most; a rare word goes on by a link, not by a long wait.
const LOOKED_AT_MAX: usize = 20_000;

impl Context {
    /// A page of the audit log.
    ///
    /// # Errors
    ///
    /// Refuses whoever may not read it.
    pub fn audit_page(&self, actor: &Actor, filter: &AuditFilter, before: Option<Uuid>, size: usize) -> Result<AuditPage, AppError> {
        actor.require(Permission::SeeAudit)?;
        let filter = AuditFilter { text: filter.text.trim().to_lowercase(), ..filter.clone() };
        let mut cursor = before;
        let mut page = AuditPage::default();
        let mut looked_at = 0;
        loop {
            let rows = self.store.read(|tx| audit::list_page(tx, actor.provider, cursor, filter.until, CHUNK))?;
            let last = i64::try_from(rows.len()).unwrap_or(CHUNK) < CHUNK;
            for row in rows {
                looked_at += 1;
                cursor = Some(row.audit_id);
                if filter.from.is_some_and(|from| row.at < from) {
                    return Ok(page);
                }
                if filter.takes(&row) {
                    page.entries.push(row);
                }
                if page.entries.len() >= size {
                    page.older = cursor;
                    return Ok(page);
                }
            }
            if last {
                return Ok(page);
            }
            if looked_at >= LOOKED_AT_MAX {
                page.older = cursor;
                return Ok(page);
            }
        }
    }
}

/// One field of a change: its name, what it was and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field; empty when the thing is one text.
    pub field: String,
    /// What it was; empty when it is new.
    pub before: String,
    /// What it is; empty when it is gone.
    pub after: String,
}

/// The fields that differ between before and after. What stayed is left out.
#[must_use]
pub fn differences(before: Option<&str>, after: Option<&str>) -> Vec<Difference> {
    let read = |json: Option<&str>| json.and_then(|json| serde_json::from_str::<Value>(json).ok()).unwrap_or(Value::Null);
    let mut list = Vec::new();
    compare("", &read(before), &read(after), &mut list);
    list
}

fn compare(field: &str, before: &Value, after: &Value, list: &mut Vec<Difference>) {
    if before == after || (is_empty(before) && is_empty(after)) {
        return;
    }
    if let Some((before, after)) = tables(before, after) {
        return compare(field.rsplit_once('.').map_or("", |(parent, _)| parent), &before, &after, list);
    }
    let empty = serde_json::Map::new();
    let object = |value: &Value| value.is_object() || value.is_null();
    if object(before) && object(after) {
        let (before, after) = (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
        let currency = [after, before].into_iter().find_map(|it| Currency::parse(it.get("currency")?.as_str()?));
        let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
        for name in names {
            let path = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
            let value = |of: &serde_json::Map<String, Value>| in_money(name, of.get(name).unwrap_or(&Value::Null), currency);
            compare(&path, &value(before), &value(after), list);
        }
        return;
    }
    list.push(Difference { field: field.to_owned(), before: shown(before), after: shown(after) });
}

/// Texts that are tables of TOML, as agreements are: what differs in them is told key by key.
fn tables(before: &Value, after: &Value) -> Option<(Value, Value)> {
    let table = |value: &Value| match value {
        Value::Null => Some(Value::Null),
        Value::String(text) if text.contains('\n') => toml::from_str(text).ok(),
        _ => None,
    };
    let is_text = before.is_string() || after.is_string();
    table(before).zip(table(after)).filter(|_| is_text)
}

/// Minor units beside a currency, as people read money.
fn in_money(name: &str, value: &Value, currency: Option<Currency>) -> Value {
    match (value.as_i64(), currency) {
        (Some(amount), Some(currency)) if matches!(name, "amount" | "net" | "tax" | "total") => {
            Value::String(money::shown(amount, currency))
        }
        _ => value.clone(),
    }
}

/// Nothing, or a list of nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.iter().all(|it| !it.is_object() && !it.is_array()) => {
            list.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_listed() {
        let list =
            differences(Some(r#"{"name":"Ann","role":"owner","old":1}"#), Some(r#"{"name":"Ann B","role":"owner","new":{"a":true}}"#));
        let list: Vec<(&str, &str, &str)> = list.iter().map(|it| (it.field.as_str(), it.before.as_str(), it.after.as_str())).collect();
        assert_eq!(list, [("name", "Ann", "Ann B"), ("old", "1", ""), ("new.a", "", "true")]);
        assert_eq!(differences(None, Some("\"by password\"")).len(), 1);
        assert!(differences(None, None).is_empty());
        let paid = differences(None, Some(r#"{"currency":"USD","amount":125050,"kind":"payment"}"#));
        assert!(paid.iter().any(|it| it.field == "amount" && it.after == "USD 1,250.50"), "{paid:?}");
        let agreement =
            |minutes: u32| serde_json::json!({ "name": "a", "text": format!("name = \"a\"\n[prepaid]\nminutes = {minutes}\n") });
        let (before, after) = (agreement(15).to_string(), agreement(30).to_string());
        let list = differences(Some(&before), Some(&after));
        assert_eq!((list.len(), list[0].field.as_str(), list[0].after.as_str()), (1, "prepaid.minutes", "30"));
    }
}
