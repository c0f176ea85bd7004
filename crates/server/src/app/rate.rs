//! How many requests one token, person or address may send to the API. Counted in memory; it forgets at a restart.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// After so many requests, those who sent none for a minute are forgotten.
const FORGET_EVERY: u64 = 10_000;

/// The limits of all who send requests.
#[derive(Default)]
pub struct Rates {
    limiter: OnceLock<Option<Limiter>>,
    count: AtomicU64,
    clock: RwLock<DefaultClock>,
}

/// What is left to somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Requests a minute; none: no limit.
    pub limit: Option<u32>,
    /// Requests that are left at once.
    pub remaining: Option<u32>,
    /// Seconds until the whole limit is there again, or, when refused, until the next request.
    pub seconds: u64,
}

impl Rates {
    /// Counts a request. `limit` is requests a minute; 0: no limit.
    ///
    /// # Errors
    ///
    /// Refuses one that is too much, with the seconds to wait.
    pub fn check(&self, key: &str, limit: u32) -> Result<Rate, Rate> {
        let limiter = self.limiter.get_or_init(|| {
            let quota = Quota::per_minute(NonZeroU32::new(limit)?);
            Some(RateLimiter::dashmap(quota).with_middleware::<StateInformationMiddleware>())
        });
        let Some(limiter) = limiter else { return Ok(Rate::default()) };
        if self.count.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limiter.retain_recent();
        }
        match limiter.check_key(&key.to_owned()) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let seconds = u64::from(limit.saturating_sub(remaining)) * 60 / u64::from(limit.max(1));
                Ok(Rate { limit: Some(limit), remaining: Some(remaining), seconds })
            }
            Err(until) => {
                let now = self.clock.read().unwrap_or_else(PoisonError::into_inner).now();
                let seconds = until.wait_time_from(now).as_secs() + 1;
                Err(Rate { limit: Some(limit), remaining: Some(0), seconds })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_limit_of_its_own() {
        let rates = Rates::default();
        for left in [1, 0] {
            assert_eq!(rates.check("one", 2).map(|rate| rate.remaining), Ok(Some(left)));
        }
        let refused = rates.check("one", 2).expect_err("the third one");
        assert!(refused.seconds > 0 && refused.remaining == Some(0));
        assert!(rates.check("other", 2).is_ok());
    }

    #[test]
    fn no_limit_is_no_limit() {
        let rates = Rates::default();
        assert!((0..1000).all(|_| rates.check("one", 0).is_ok()));
    }
}
