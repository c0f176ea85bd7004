//! The clock of the use cases: the machine's, or one that stands still for tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use quarterhour_billing::{Day, LocalClock};

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine.
    Machine,
    /// A moment that was set, in Unix seconds.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at a moment.
    #[must_use]
    pub fn set(at: Timestamp) -> Self {
        Self::Set(Arc::new(AtomicI64::new(at.as_second())))
    }

    /// Moves a clock that stands still; the machine's goes on by itself.
    pub fn advance(&self, seconds: i64) {
        if let Self::Set(at) = self {
            at.fetch_add(seconds, Ordering::Relaxed);
        }
    }

    /// The moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Machine => Timestamp::now(),
            Self::Set(at) => Timestamp::from_second(at.load(Ordering::Relaxed)).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }

    /// The day it is in a time zone.
    #[must_use]
    pub fn today(&self, zone: &LocalClock) -> Day {
        zone.day(self.now().as_second())
    }
}
