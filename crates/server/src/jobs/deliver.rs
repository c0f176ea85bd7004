//! Sends what webhooks are to be told, outside of requests. What waits is in the database, so a restart loses nothing;
//! what was sent and not noted is sent again, with the same id.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quarterhour_store::statements::delivery::{self, Attempt, Delivery};
use quarterhour_store::statements::job_input;
use quarterhour_store::statements::webhook::{self, Webhook};
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use uuid::Uuid;

use crate::app::context::App;
use crate::app::keys::hmac_hex;
use crate::app::webhook::PURPOSE;
use crate::app::webhook_address::{check_address, check_url};
use crate::error::AppError;
use crate::jobs::threshold;

/// How often it looks for what waits.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// What is taken up at once.
const BATCH: i64 = 200;
/// A delivery that is being sent is left alone for so long; then whoever sent it is taken for dead.
const LEASE_SECONDS: i64 = 60;
/// Webhooks that are called at the same time.
const HOOKS_AT_ONCE: usize = 8;
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Seconds until the next try, ten in a little more than a day.
const WAITS: [i64; 9] = [10, 30, 120, 600, 1800, 3600, 4 * 3600, 8 * 3600, 12 * 3600];
/// What was delivered or given up is kept for so long.
const KEPT_DAYS: i64 = 30;
/// An upload that was looked at waits for so long to be imported.
const UPLOAD_DAYS: i64 = 7;

/// Delivers until it is dropped.
pub struct Deliverer {
    stop: Arc<AtomicBool>,
}

impl Drop for Deliverer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Begins to deliver.
///
/// # Errors
///
/// Fails when the machine gives no thread.
pub fn begin(app: &App) -> Result<Deliverer, AppError> {
    let stop = Arc::new(AtomicBool::new(false));
    let sender = Sender { app: app.clone(), agent: agent(), busy: Arc::default(), stop: Arc::clone(&stop) };
    thread::Builder::new().name("webhooks".to_owned()).spawn(move || sender.run()).map_err(AppError::fault)?;
    Ok(Deliverer { stop })
}

#[derive(Clone)]
struct Sender {
    app: App,
    agent: Agent,
    /// Webhooks that are being called: a slow one holds up nobody else.
    busy: Arc<Mutex<HashSet<Uuid>>>,
    stop: Arc<AtomicBool>,
}

impl Sender {
    fn run(&self) {
        let mut watch = threshold::Watch::new(&self.app);
        let mut looks: u64 = 0;
        while !self.stop.load(Ordering::Relaxed) {
            if let Err(error) = watch.look(&self.app) {
                tracing::warn!("thresholds cannot be looked at: {error}");
            }
            if let Err(error) = self.look() {
                tracing::warn!("webhooks cannot be looked at: {error}");
                thread::sleep(LOOK_EVERY * 8);
            }
            if looks.is_multiple_of(14_400)
                && let Err(error) = self.forget()
            {
                tracing::warn!("old deliveries cannot be removed: {error}");
            }
            looks += 1;
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Takes up what is due, a thread for each webhook.
    fn look(&self) -> Result<(), AppError> {
        let Some(provider) = self.app.find_provider()? else { return Ok(()) };
        let now = self.app.clock.now();
        let due = self.app.store.read(|tx| delivery::list_due(tx, provider, now, BATCH))?;
        let mut by_hook: BTreeMap<Uuid, Vec<Delivery>> = BTreeMap::new();
        for row in due {
            by_hook.entry(row.webhook_id).or_default().push(row);
        }
        for (hook, rows) in by_hook {
            {
                let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
                if busy.len() >= HOOKS_AT_ONCE || !busy.insert(hook) {
                    continue;
                }
            }
            let sender = self.clone();
            let thread = thread::Builder::new().name("webhook".to_owned()).spawn(move || {
                if let Err(error) = sender.send_all(hook, &rows) {
                    tracing::warn!(webhook.id = %hook, "a webhook cannot be served: {error}");
                }
                sender.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&hook);
            });
            if thread.is_err() {
                self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&hook);
            }
        }
        Ok(())
    }

    fn send_all(&self, hook: Uuid, rows: &[Delivery]) -> Result<(), AppError> {
        for row in rows {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let Some((hook, row)) = self.take(hook, row.delivery_id)? else { continue };
            let answer = self.send(&hook, &row);
            self.note(&hook, &row, answer)?;
        }
        Ok(())
    }

    /// Takes a delivery for a while, if it still waits.
    fn take(&self, hook: Uuid, id: Uuid) -> Result<Option<(Webhook, Delivery)>, AppError> {
        let (provider, now) = (self.app.provider()?, self.app.clock.now());
        self.app.store.write(|tx| {
            let Some(hook) = webhook::find(tx, provider, hook)? else { return Ok(None) };
            let waits = |row: &Delivery| row.state == "waiting" && row.due_at <= now;
            let Some(row) = delivery::find(tx, provider, id)?.filter(waits) else { return Ok(None) };
            let (attempts, due_at, fault) = (row.attempts + 1, later(now, LEASE_SECONDS), row.fault.clone());
            let (state, due_at, fault) = if hook.is_active {
                ("waiting", due_at, fault)
            } else {
                ("given-up", now, Some("the webhook is switched off".to_owned()))
            };
            let attempt = Attempt { state: state.to_owned(), attempts, due_at, status: row.status, fault, delivered_at: None };
            delivery::record(tx, provider, id, &attempt)?;
            Ok(hook.is_active.then_some((hook, Delivery { attempts, ..row })))
        })
    }

    /// Sends a delivery; the status that was answered, or why there is none.
    fn send(&self, hook: &Webhook, row: &Delivery) -> Result<u16, String> {
        check_url(&hook.url).map_err(|error| error.to_string())?;
        let secret = self.app.keys.open(PURPOSE, &hook.secret_sealed).map_err(|error| error.to_string())?;
        let at = self.app.clock.now().as_second();
        let request = self
            .agent
            .post(&hook.url)
            .header("Content-Type", "application/json")
            .header("Quarterhour-Event", &row.event)
            .header("Quarterhour-Delivery", row.delivery_id.to_string())
            .header("Quarterhour-Signature", signature(&secret, at, &row.payload_json));
        let response = request.send(row.payload_json.as_bytes()).map_err(|error| error.to_string())?;
        Ok(response.status().as_u16())
    }

    /// Notes how a try went.
    fn note(&self, hook: &Webhook, row: &Delivery, answer: Result<u16, String>) -> Result<(), AppError> {
        let (provider, now) = (self.app.provider()?, self.app.clock.now());
        let attempt = attempt_of(row.attempts, &answer, now, fastrand::i64(0..=100));
        let gone = answer == Ok(410);
        if attempt.state == "given-up" {
            tracing::warn!(webhook.id = %hook.webhook_id, delivery.id = %row.delivery_id, "gave up a delivery to a webhook");
        }
        self.app.store.write(|tx| {
            // Gone with its webhook, perhaps.
            if delivery::find(tx, provider, row.delivery_id)?.is_some() {
                delivery::record(tx, provider, row.delivery_id, &attempt)?;
            }
            if let Some(hook) = webhook::find(tx, provider, hook.webhook_id)?.filter(|_| gone) {
                webhook::update(tx, provider, &Webhook { is_active: false, ..hook })?;
            }
            Ok(())
        })
    }

    /// Removes what nobody asks for any more: old deliveries, and uploads that were looked at and left.
    fn forget(&self) -> Result<(), AppError> {
        let Some(provider) = self.app.find_provider()? else { return Ok(()) };
        let before = |days: i64| later(self.app.clock.now(), -days * 86_400);
        self.app.store.write(|tx| {
            for job in job_input::list_ended_before(tx, provider, before(UPLOAD_DAYS))? {
                job_input::delete_of_job(tx, provider, job)?;
            }
            delivery::delete_finished_before(tx, provider, before(KEPT_DAYS))
        })?;
        Ok(())
    }
}

/// The header by which a receiver knows that a message is ours and new.
#[must_use]
pub fn signature(secret: &[u8], at: i64, body: &str) -> String {
    format!("t={at},v1={}", hmac_hex(secret, format!("{at}.{body}").as_bytes()))
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

/// What a try leaves: `percent` of a fifth of the wait is added, so that not all come back at once.
fn attempt_of(attempts: i64, answer: &Result<u16, String>, now: Timestamp, percent: i64) -> Attempt {
    let status = answer.as_ref().ok().map(|status| i64::from(*status));
    if matches!(answer, Ok(200..=299)) {
        let state = "delivered".to_owned();
        return Attempt { state, attempts, due_at: now, status, fault: None, delivered_at: Some(now) };
    }
    let fault = match answer {
        Ok(410) => "answered 410: gone, so the webhook was switched off".to_owned(),
        Ok(status @ 300..=399) => format!("answered {status}: redirects are not followed"),
        Ok(status) => format!("answered {status}"),
        Err(said) => said.chars().take(300).collect(),
    };
    let wait = usize::try_from(attempts - 1).ok().and_then(|index| WAITS.get(index)).filter(|_| status != Some(410));
    let state = if wait.is_some() { "waiting" } else { "given-up" }.to_owned();
    let due_at = wait.map_or(now, |wait| later(now, wait + wait * percent / 500));
    Attempt { state, attempts, due_at, status, fault: Some(fault), delivered_at: None }
}

fn agent() -> Agent {
    let config = Config::builder()
        .timeout_resolve(Some(CONNECT_WITHIN))
        .timeout_connect(Some(CONNECT_WITHIN))
        .timeout_global(Some(ANSWER_WITHIN))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .max_idle_connections(0)
        .user_agent(concat!("Quarterhour/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::with_parts(config, DefaultConnector::default(), CheckedResolver::default())
}

/// Looks names up, and refuses addresses that webhooks may not go to: what is checked is what is called.
#[derive(Debug, Default)]
struct CheckedResolver(DefaultResolver);

impl Resolver for CheckedResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.0.resolve(uri, config, timeout)?;
        match found.iter().map(|address| address.ip()).map(checked).find_map(Result::err) {
            Some(said) => Err(ureq::Error::Other(said.into())),
            None => Ok(found),
        }
    }
}

fn checked(address: IpAddr) -> Result<(), String> {
    check_address(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T10:00:00Z".parse().expect("an instant")
    }

    #[test]
    fn ten_tries_take_about_a_day() {
        let failed = Err("no answer".to_owned());
        let mut at = now();
        for attempts in 1..=9 {
            let attempt = attempt_of(attempts, &failed, at, 50);
            assert_eq!(attempt.state, "waiting");
            at = attempt.due_at;
        }
        let hours = (at.as_second() - now().as_second()) / 3600;
        assert!((24..36).contains(&hours), "{hours}");
        assert_eq!(attempt_of(10, &failed, at, 0).state, "given-up");
    }

    #[test]
    fn only_success_is_delivered_and_gone_is_final() {
        assert_eq!(attempt_of(1, &Ok(204), now(), 0).state, "delivered");
        assert_eq!(attempt_of(1, &Ok(302), now(), 0).state, "waiting");
        assert_eq!(attempt_of(1, &Ok(500), now(), 0).state, "waiting");
        assert_eq!(attempt_of(1, &Ok(410), now(), 0).state, "given-up");
    }

    #[test]
    fn a_signature_is_of_the_time_and_the_body() {
        let signed = signature(b"whsec_test", 1_790_000_000, "{}");
        assert_eq!(signed, "t=1790000000,v1=1c2847ad1f8158a1da978f36627ac1f07f7fd027321ac9ad40bccc06743f8396".to_owned());
    }
}
