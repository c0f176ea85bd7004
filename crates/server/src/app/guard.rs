//! Who tried to sign in too often. It slows guessing down without shutting the right person out:
//! a device on which the person signed in before is never counted together with strangers.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use crate::error::AppError;

/// Failures that are forgiven before it gets slow.
const FREE_FAILURES: u32 = 5;
/// Failures are forgotten after so many seconds.
const FORGET_SECONDS: i64 = 900;
/// The longest wait in seconds.
const WAIT_MAX: i64 = 300;
/// Keys that are kept at most.
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
    /// The network that it comes from.
    network: String,
    /// Set where the browser shows that this account signed in there before.
    pub known_device: Option<String>,
}

impl Attempt {
    /// A try for an account from a network address.
    #[must_use]
    pub fn new(account: impl Into<String>, address: &str, known_device: Option<String>) -> Self {
        Self { account: account.into(), network: network(address), known_device }
    }

    /// What is counted, with the failures that are free. A known device counts by itself, so that nobody elsewhere
    /// can use up its tries. An unknown one counts by account and network, by network alone, and with all strangers.
    fn keys(&self) -> Vec<(String, u32)> {
        let Self { account, network, known_device } = self;
        match known_device {
            Some(device) => vec![(format!("device {device} for {account}"), FREE_FAILURES)],
            None => vec![
                (format!("account {account} from {network}"), FREE_FAILURES),
                (format!("network {network}"), FREE_FAILURES * 6),
                (format!("strangers for {account}"), FREE_FAILURES * 10),
            ],
        }
    }
}

/// The network of an address: whoever has one address of IPv6 has 64 bits of them.
fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => format!("{}/64", Ipv6Addr::from(u128::from(address) >> 64 << 64)),
        _ => address.to_owned(),
    }
}

impl LoginGuard {
    /// Lets a try pass, or says when to come again. A try that passes counts as failed until [`LoginGuard::succeeded`]
    /// says otherwise: tries that come all at once are no better than one after the other.
    ///
    /// # Errors
    ///
    /// Refuses tries that come too quickly.
    pub fn admit(&self, attempt: &Attempt, now: i64) -> Result<(), AppError> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = attempt.keys();
        let waits = keys.iter().filter_map(|(key, free)| {
            let failures = failures.get(key).filter(|it| now - it.last < FORGET_SECONDS)?;
            Some(failures.open_at(*free) - now)
        });
        if let Some(wait) = waits.max().filter(|wait| *wait > 0) {
            return Err(AppError::TooMany { seconds: u64::try_from(wait).unwrap_or(1) });
        }
        if failures.len() + keys.len() > KEYS_MAX {
            make_room(&mut failures, now);
        }
        for (key, _) in keys {
            let entry = failures.entry(key).or_insert(Failures { count: 0, last: now });
            let forgotten = now - entry.last >= FORGET_SECONDS;
            *entry = Failures { count: if forgotten { 1 } else { entry.count.saturating_add(1) }, last: now };
        }
        Ok(())
    }

    /// A try came through: it is no failure, and those of the same place before it are forgotten. What strangers
    /// did to the account, and what else came from the network, stays.
    pub fn succeeded(&self, attempt: &Attempt) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for (position, (key, _)) in attempt.keys().into_iter().enumerate() {
            let empty = failures.get_mut(&key).is_some_and(|it| {
                it.count = it.count.saturating_sub(1);
                it.count == 0
            });
            if empty || position == 0 {
                failures.remove(&key);
            }
        }
    }
}

/// Forgets what is old, then what never got slow; only then everything.
fn make_room(failures: &mut HashMap<String, Failures>, now: i64) {
    failures.retain(|_, it| now - it.last < FORGET_SECONDS);
    if failures.len() > KEYS_MAX / 2 {
        failures.retain(|_, it| it.count > FREE_FAILURES);
    }
    if failures.len() > KEYS_MAX / 2 {
        failures.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(address: &str, known_device: Option<&str>) -> Attempt {
        Attempt::new("ann@example.com", address, known_device.map(str::to_owned))
    }

    #[test]
    fn guessing_gets_slow_and_is_forgiven_later() {
        let guard = LoginGuard::default();
        let stranger = attempt("192.0.2.1", None);
        for _ in 0..=FREE_FAILURES {
            guard.admit(&stranger, 0).expect("the first tries are free");
        }
        assert!(guard.admit(&stranger, 1).is_err());
        guard.admit(&stranger, 2).expect("after the wait");
        assert!(guard.admit(&stranger, 3).is_err(), "the wait grows");
        guard.admit(&stranger, 2 + FORGET_SECONDS).expect("forgotten");
    }

    #[test]
    fn strangers_cannot_shut_a_known_device_out() {
        let guard = LoginGuard::default();
        let admitted = (0..200).filter(|host| guard.admit(&attempt(&format!("192.0.2.{host}"), None), 0).is_ok()).count();
        assert!(admitted < 60, "{admitted} tries passed");
        assert!(guard.admit(&attempt("198.51.100.7", None), 1).is_err(), "a stranger waits");
        guard.admit(&attempt("198.51.100.7", Some("d1")), 1).expect("the person's own device does not");
    }

    #[test]
    fn a_network_of_ipv6_is_one_stranger() {
        let guard = LoginGuard::default();
        let admitted = (0..100).filter(|host| guard.admit(&attempt(&format!("2001:db8::{host}"), None), 0).is_ok()).count();
        assert_eq!(admitted, 6);
    }

    #[test]
    fn a_try_that_comes_through_forgives_its_own_place_only() {
        let guard = LoginGuard::default();
        let (here, there) = (attempt("192.0.2.1", None), attempt("192.0.2.2", None));
        for _ in 0..=FREE_FAILURES {
            guard.admit(&there, 0).expect("free");
        }
        for _ in 0..FREE_FAILURES {
            guard.admit(&here, 0).expect("free");
        }
        guard.succeeded(&here);
        guard.admit(&here, 0).expect("forgiven");
        assert!(guard.admit(&there, 1).is_err(), "not forgiven");
    }

    #[test]
    fn a_flood_of_names_does_not_forgive_a_guesser() {
        let guard = LoginGuard::default();
        let guesser = attempt("192.0.2.1", None);
        while guard.admit(&guesser, 0).is_ok() {}
        for number in 0..40_000 {
            let _ = guard.admit(&Attempt::new(format!("a{number}"), &format!("10.{}.{}.1", number / 250, number % 250), None), 0);
        }
        assert!(guard.admit(&guesser, 0).is_err());
    }
}
