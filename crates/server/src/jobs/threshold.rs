//! Notices when a client's work crosses a threshold of its allowance, and lets webhooks be told, once a period and threshold.
//! A counter for each remembers that it was told, so a restart tells nothing twice.

use std::collections::BTreeSet;

use quarterhour_billing::Period;
use quarterhour_store::statements::counter;
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;
use uuid::Uuid;

use crate::app::context::App;
use crate::app::events::Event;
use crate::app::webhook::THRESHOLD_CROSSED;
use crate::error::AppError;

/// Looks at clients that changed.
pub struct Watch {
    events: Receiver<Event>,
    /// Everybody is to be looked at: at the start, and when changes were missed.
    all: bool,
    /// Did nobody listen at the last look?
    was_deaf: bool,
}

/// What is told.
#[derive(Serialize)]
struct Crossed<'a> {
    client: &'a str,
    agreement: Option<&'a str>,
    period: Period,
    percent: u32,
    said: &'a str,
}

impl Watch {
    /// Begins to listen.
    pub fn new(app: &App) -> Self {
        Self { events: app.events.listen(), all: true, was_deaf: false }
    }

    /// Looks at those who changed since the last look.
    pub fn look(&mut self, app: &App) -> Result<(), AppError> {
        let mut clients = BTreeSet::new();
        loop {
            match self.events.try_recv() {
                Ok(Event::Client { client_id, .. }) => drop(clients.insert(client_id)),
                Ok(Event::Books) | Err(TryRecvError::Lagged(_)) => self.all = true,
                Ok(Event::Job(_) | Event::Person(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if app.find_provider()?.is_none() || (!self.all && !self.was_deaf && clients.is_empty()) {
            return Ok(());
        }
        if !app.is_heard(THRESHOLD_CROSSED)? {
            self.was_deaf = true;
            return Ok(());
        }
        // Whoever begins to listen is not told what was crossed before.
        let is_old = std::mem::take(&mut self.was_deaf);
        self.all |= is_old;
        if std::mem::take(&mut self.all) {
            clients.extend(app.books()?.client_ids.iter().copied());
        }
        clients.into_iter().try_for_each(|client_id| tell(app, client_id, is_old))
    }
}

/// Tells what a client has crossed and was not told; what is old is only noted.
fn tell(app: &App, client_id: Uuid, is_old: bool) -> Result<(), AppError> {
    let live = match app.client_live(client_id) {
        Ok(live) => live,
        Err(AppError::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    let (provider, client) = (app.provider()?, &live.client()?.row.code);
    for outcome in live.outcomes(live.running) {
        let agreement = outcome.report.agreement.as_deref();
        for said in outcome.body.iter().flat_map(|body| &body.alerts) {
            let Some(percent) = said.split_once(' ').and_then(|(percent, _)| percent.parse().ok()) else { continue };
            let name = format!("threshold:{client_id}:{}:{}:{percent}", outcome.period, agreement.unwrap_or(""));
            if app.store.read(|tx| counter::find_last_number(tx, provider, &name))?.is_some() {
                continue;
            }
            app.store.write(|tx| {
                if counter::next_number(tx, provider, &name)? == 1 && !is_old {
                    app.emit(tx, THRESHOLD_CROSSED, &Crossed { client, agreement, period: outcome.period, percent, said })?;
                }
                Ok::<_, AppError>(())
            })?;
        }
    }
    Ok(())
}
