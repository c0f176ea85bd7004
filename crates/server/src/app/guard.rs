//! Who tried to sign in too often. It slows guessing down without shutting the right person out:
//! a device on which the person signed in before is never counted together with strangers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::error::AppError;

/// Failures that are forgiven before it gets slow.
const FREE_FAILURES: u32 = 5;
/// Failures are forgotten after so many seconds.
const FORGET_SECONDS: i64 = 900;
/// The longest wait in seconds.
const WAIT_MAX: i64 = 300;
/// Keys that are kept at most; the oldest are forgotten first.
const KEYS_MAX: usize = 50_000;

/// Failures by key.
#[derive(Debug, Default)]
pub struct LoginGuard {
    failures: Mutex<HashMap<String, Failures>>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: i64,
}

impl Failures {
    /// The moment from which the next try counts.
    fn open_at(self, free: u32) -> i64 {
        let over = self.count.saturating_sub(free);
        if over == 0 { self.last } else { self.last + (1_i64 << over.min(9)).min(WAIT_MAX) }
    }
}

/// Where a try comes from.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The account that was named, in lower case.
    pub account: String,
    /// The network address.
    pub address: String,
    /// Set where the browser shows that this account signed in there before.
    pub known_device: Option<String>,
}

impl Attempt {
    /// What is counted, with the failures that are free. A known device counts by itself, so that nobody elsewhere
    /// can use up its tries. An unknown one counts by account and address, and by address alone.
    fn keys(&self) -> Vec<(String, u32)> {
        match &self.known_device {
            Some(device) => vec![(format!("device {device}"), FREE_FAILURES)],
            None => vec![
                (format!("account {} from {}", self.account, self.address), FREE_FAILURES),
                (format!("address {}", self.address), FREE_FAILURES * 6),
                (format!("strangers for {}", self.account), FREE_FAILURES * 10),
            ],
        }
    }
}

impl LoginGuard {
    /// Lets a try pass, or says when to come again.
    ///
    /// # Errors
    ///
    /// Refuses tries that come too quickly.
    pub fn check(&self, attempt: &Attempt, now: i64) -> Result<(), AppError> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = attempt.keys().into_iter().filter_map(|(key, free)| Some(failures.get(&key)?.open_at(free) - now));
        match waits.max().filter(|wait| *wait > 0) {
            Some(wait) => Err(AppError::TooMany { seconds: u64::try_from(wait).unwrap_or(1) }),
            None => Ok(()),
        }
    }

    /// Notes a failure.
    pub fn failed(&self, attempt: &Attempt, now: i64) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= KEYS_MAX {
            failures.retain(|_, it| now - it.last < FORGET_SECONDS);
        }
        if failures.len() >= KEYS_MAX {
            failures.clear();
        }
        for (key, _) in attempt.keys() {
            let entry = failures.entry(key).or_insert(Failures { count: 0, last: now });
            let forgotten = now - entry.last >= FORGET_SECONDS;
            *entry = Failures { count: if forgotten { 1 } else { entry.count.saturating_add(1) }, last: now };
        }
    }

    /// Forgets the failures of a try that came through, but for those of the address and of strangers.
    pub fn succeeded(&self, attempt: &Attempt) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((key, _)) = attempt.keys().first() {
            failures.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(address: &str, known_device: Option<&str>) -> Attempt {
        Attempt { account: "ann@example.com".into(), address: address.into(), known_device: known_device.map(str::to_owned) }
    }

    #[test]
    fn guessing_gets_slow_and_is_forgiven_later() {
        let guard = LoginGuard::default();
        let stranger = attempt("192.0.2.1", None);
        for _ in 0..FREE_FAILURES {
            guard.check(&stranger, 0).expect("the first tries are free");
            guard.failed(&stranger, 0);
        }
        guard.check(&stranger, 0).expect("one more");
        guard.failed(&stranger, 0);
        assert!(guard.check(&stranger, 1).is_err());
        guard.check(&stranger, 2).expect("after the wait");
        guard.check(&stranger, FORGET_SECONDS).expect("forgotten");
    }

    #[test]
    fn strangers_cannot_shut_a_known_device_out() {
        let guard = LoginGuard::default();
        for host in 0..200 {
            guard.failed(&attempt(&format!("192.0.2.{host}"), None), 0);
        }
        assert!(guard.check(&attempt("198.51.100.7", None), 1).is_err(), "a stranger waits");
        guard.check(&attempt("198.51.100.7", Some("d1")), 1).expect("the person's own device does not");
    }
}
