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
    /// Counts a request. `limit` is requests a minute; 0: no limit. One may weigh as much as several, so that who
    /// sends it has a part of the limit only.
    ///
    /// # Errors
    ///
    /// Refuses one that is too much, with the seconds to wait.
    pub fn check(&self, key: &str, limit: u32, weight: NonZeroU32) -> Result<Rate, Rate> {
        let limiter = self.limiter.get_or_init(|| {
            let quota = Quota::per_minute(NonZeroU32::new(limit)?);
            Some(RateLimiter::dashmap(quota).with_middleware::<StateInformationMiddleware>())
        });
        let Some(limiter) = limiter else { return Ok(Rate::default()) };
        if self.count.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limiter.retain_recent();
        }
        let whole = Some(limit / weight);
        match limiter.check_key_n(&key.to_owned(), weight) {
            Ok(Ok(state)) => {
                let remaining = state.remaining_burst_capacity();
                let seconds = u64::from(limit.saturating_sub(remaining)) * 60 / u64::from(limit.max(1));
                Ok(Rate { limit: whole, remaining: Some(remaining / weight), seconds })
            }
            Ok(Err(until)) => {
                let now = self.clock.read().unwrap_or_else(PoisonError::into_inner).now();
                let seconds = until.wait_time_from(now).as_secs() + 1;
                Err(Rate { limit: whole, remaining: Some(0), seconds })
            }
            // A limit smaller than one such request lets none of them through.
            Err(_) => Err(Rate { limit: Some(0), remaining: Some(0), seconds: 60 }),
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
            assert_eq!(rates.check("one", 2, NonZeroU32::MIN).map(|rate| rate.remaining), Ok(Some(left)));
        }
        let refused = rates.check("one", 2, NonZeroU32::MIN).expect_err("the third one");
        assert!(refused.seconds > 0 && refused.remaining == Some(0));
        assert!(rates.check("other", 2, NonZeroU32::MIN).is_ok());
    }

    #[test]
    fn a_heavy_request_uses_more_of_the_limit() {
        let (rates, weight) = (Rates::default(), NonZeroU32::new(10).expect("ten"));
        let left = rates.check("one", 25, weight).expect("the first");
        assert_eq!((left.limit, left.remaining), (Some(2), Some(1)));
        assert!(rates.check("one", 25, weight).is_ok());
        assert!(rates.check("one", 25, weight).is_err());
    }

    #[test]
    fn no_limit_is_no_limit() {
        let rates = Rates::default();
        assert!((0..1000).all(|_| rates.check("one", 0, NonZeroU32::MIN).is_ok()));
    }
}
