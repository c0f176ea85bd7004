//! The timer of a person: started, stopped into a time entry, or thrown away. It is in the database and survives a reload.

use jiff::Timestamp;
use quarterhour_store::Tx;
use quarterhour_store::statements::timer::{self, Timer};
use serde::Serialize;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::time_entry::{self, Draft, Saved, client_id};
use crate::error::AppError;

const KIND: &str = "timer";
/// A timer that runs longer was most likely forgotten.
const FORGOTTEN_SECONDS: i64 = 10 * 3600;

/// What a timer is started for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TimerStart {
    /// The client's code.
    pub client: String,
    /// The ticket; may be empty.
    pub ticket: String,
    /// The tier; may be empty.
    pub tier: String,
    /// The work type; may be empty.
    pub work_type: String,
    /// The note.
    pub note: String,
    /// When the work began; now, where nothing is said.
    pub started_at: Option<i64>,
}

/// What becomes of a timer that runs while another is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Former {
    /// Nothing is done: the person is asked.
    Ask,
    /// It becomes a time entry.
    Save,
    /// It is thrown away.
    Discard,
}

/// What starting a timer led to.
#[derive(Clone, Debug)]
pub enum Started {
    /// It runs; the former one became an entry.
    Running(Option<Saved>),
    /// Another runs already: the person is to say what becomes of it.
    Asking(Box<Draft>),
}

/// Minutes from a start to an end, rounded up, at least one.
#[must_use]
pub fn minutes_between(start: i64, end: i64) -> u32 {
    u32::try_from((end - start + 59).div_euclid(60).max(1)).unwrap_or(1)
}

/// Does a timer run so long that it was most likely forgotten?
#[must_use]
pub fn is_forgotten(started_at: i64, now: i64) -> bool {
    now - started_at > FORGOTTEN_SECONDS
}

impl Context {
    /// The entry that the person's timer would become now.
    ///
    /// # Errors
    ///
    /// Fails when none runs.
    pub fn timer_draft(&self, actor: &Actor) -> Result<Draft, AppError> {
        actor.require(Permission::LogTime)?;
        let running = self.store.read(|tx| timer::find(tx, actor.provider, actor.user_id))?;
        running.map(|running| self.draft_of(actor, &running)).ok_or_else(|| AppError::not_found("timer"))
    }

    /// Starts the person's timer.
    ///
    /// # Errors
    ///
    /// Refuses an unknown client, a start in the future, and a former timer that cannot be saved as it is.
    pub fn start_timer(&self, actor: &Actor, start: &TimerStart, former: Former) -> Result<Started, AppError> {
        let row = self.timer_row(actor, start)?;
        let running = self.store.read(|tx| timer::find(tx, actor.provider, actor.user_id))?;
        match (running.map(|running| self.draft_of(actor, &running)), former) {
            (Some(draft), Former::Ask) => Ok(Started::Asking(Box::new(draft))),
            (Some(draft), Former::Save) => {
                let mut saved = self.save_entries_in(actor, &[draft], |tx, _| self.put_timer(tx, actor, &row, start))?;
                Ok(Started::Running(saved.pop()))
            }
            (Some(_), Former::Discard) | (None, _) => {
                self.store.write(|tx| self.put_timer(tx, actor, &row, start))?;
                Ok(Started::Running(None))
            }
        }
    }

    /// Could a timer be started so? What could not be saved at its end is refused now.
    ///
    /// # Errors
    ///
    /// As [`Context::start_timer`].
    pub fn check_timer(&self, actor: &Actor, start: &TimerStart) -> Result<(), AppError> {
        self.timer_row(actor, start).map(drop)
    }

    fn timer_row(&self, actor: &Actor, start: &TimerStart) -> Result<Timer, AppError> {
        actor.require(Permission::LogTime)?;
        let (books, now) = (self.books()?, self.clock.now());
        let client_id = client_id(&books, &start.client)?;
        let started_at = start.started_at.map_or(Ok(now), Timestamp::from_second).map_err(AppError::fault)?;
        if started_at > now {
            return Err(AppError::field("started_at", "is still to come; a timer starts now or earlier"));
        }
        let row = Timer {
            user_id: actor.user_id,
            client_id,
            ticket: start.ticket.clone(),
            tier: start.tier.clone(),
            work_type: start.work_type.clone(),
            note: start.note.clone(),
            started_at,
        };
        time_entry::check(&books, &[self.draft_of(actor, &row)], now.as_second())?;
        Ok(row)
    }

    fn put_timer(&self, tx: &mut Tx, actor: &Actor, row: &Timer, start: &TimerStart) -> Result<(), AppError> {
        timer::upsert(tx, actor.provider, row)?;
        self.record(tx, actor, Change::new("started", KIND, actor.user_id).of_client(row.client_id).after(start))
    }

    /// Stops the person's timer and saves it as a time entry.
    ///
    /// # Errors
    ///
    /// Fails when none runs, or the entry cannot be saved; then the timer goes on.
    pub fn stop_timer(&self, actor: &Actor) -> Result<(Draft, Saved), AppError> {
        let draft = self.timer_draft(actor)?;
        let saved = self.save_with_timer(actor, &draft)?;
        Ok((draft, saved))
    }

    /// Saves an entry and ends the person's timer with it.
    ///
    /// # Errors
    ///
    /// Fails when none runs, or the entry cannot be saved; then the timer goes on.
    pub fn save_with_timer(&self, actor: &Actor, draft: &Draft) -> Result<Saved, AppError> {
        let mut saved = self.save_entries_in(actor, std::slice::from_ref(draft), |tx, _| {
            // Whoever stops it twice saves it once.
            if timer::delete(tx, actor.provider, actor.user_id)? { Ok(()) } else { Err(AppError::not_found("timer")) }
        })?;
        saved.pop().ok_or_else(|| AppError::fault("an entry was not saved"))
    }

    /// Throws the person's timer away; returns what it would have become.
    ///
    /// # Errors
    ///
    /// Fails when none runs.
    pub fn discard_timer(&self, actor: &Actor) -> Result<Draft, AppError> {
        let draft = self.timer_draft(actor)?;
        self.store.write(|tx| {
            if !timer::delete(tx, actor.provider, actor.user_id)? {
                return Err(AppError::not_found("timer"));
            }
            self.record(tx, actor, Change::new("discarded", KIND, actor.user_id).before(&draft))
        })?;
        Ok(draft)
    }

    fn draft_of(&self, actor: &Actor, running: &Timer) -> Draft {
        let started_at = running.started_at.as_second();
        Draft {
            client: self.client_code(running.client_id),
            ticket: running.ticket.clone(),
            technician: actor.technician.clone(),
            started_at,
            minutes: minutes_between(started_at, self.clock.now().as_second()),
            tier: running.tier.clone(),
            work_type: running.work_type.clone(),
            device: String::new(),
            billable: true,
            provider_cause: false,
            note: running.note.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_rounded_up_and_never_none() {
        assert_eq!([0, 1, 60, 61, 3600].map(|end| minutes_between(0, end)), [1, 1, 1, 2, 60]);
        assert!(is_forgotten(0, 36_001) && !is_forgotten(0, 36_000));
    }
}
