//! What changed, told to everybody who listens: open pages, and whoever waits for a job. Nothing is kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, watch};
use uuid::Uuid;

/// Changes that may wait for a slow listener; one that falls further behind loads everything anew.
const WAITING_MAX: usize = 256;

/// Streams that one person may have open: a browser's tabs on a few devices.
const STREAMS_MAX: usize = 60;

/// Something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A client's hours: entries, holds, questions or a period that was issued.
    Client {
        /// Its id.
        client_id: Uuid,
        /// Its code.
        code: String,
    },
    /// Provider, clients, devices or agreements.
    Books,
    /// A job went on or ended.
    Job(Uuid),
    /// What a person may do changed, or where the person is signed in: open streams of the person begin anew.
    Person(Uuid),
}

/// The place where changes are told.
#[derive(Clone, Debug)]
pub struct Events {
    sender: broadcast::Sender<Event>,
    /// Grows with each change that is told.
    count: Arc<AtomicU64>,
    stopping: watch::Sender<bool>,
    /// How many streams each person has open.
    streams: Arc<Mutex<HashMap<Uuid, usize>>>,
}

/// A place of an open stream; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    streams: Arc<Mutex<HashMap<Uuid, usize>>>,
    person: Uuid,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = streams.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                streams.remove(&self.person);
            }
        }
    }
}

impl Default for Events {
    fn default() -> Self {
        // A server that starts anew counts from somewhere else: what a page had heard of before is not taken for now.
        let count = Arc::new(AtomicU64::new(Uuid::now_v7().as_u64_pair().0));
        Self { sender: broadcast::channel(WAITING_MAX).0, count, stopping: watch::Sender::new(false), streams: Arc::default() }
    }
}

impl Events {
    /// Tells a change. Nobody needs to listen.
    pub fn tell(&self, event: Event) {
        self.count.fetch_add(1, Ordering::AcqRel);
        let _ = self.sender.send(event);
    }

    /// Where the changes stand. A page that was made at one count and listens at another has missed something.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// Tells that the server stops: whoever listens lets go.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until the server stops.
    pub async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }

    /// A place for another stream of a person; none when too many are open.
    #[must_use]
    pub fn take_place(&self, person: Uuid) -> Option<Place> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let count = streams.entry(person).or_default();
        if *count >= STREAMS_MAX {
            return None;
        }
        *count += 1;
        Some(Place { streams: Arc::clone(&self.streams), person })
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }
}
