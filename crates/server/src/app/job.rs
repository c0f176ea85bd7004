//! Long work: ordered by a person, done by the runner in `jobs`, looked at on a page that may be closed meanwhile.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use quarterhour_billing::Period;
use quarterhour_store::ProviderId;
use quarterhour_store::statements::{job, job_input};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::app::actor::{Actor, Channel, Permission, Role};
use crate::app::context::Context;
use crate::app::import::Summary;
use crate::error::AppError;

/// How many jobs the list shows.
const RECENT: i64 = 50;

/// What a job does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "kebab-case")]
pub enum Work {
    /// Issues a period for all clients (no codes) or for these.
    Issue {
        /// The period.
        period: Period,
        /// The codes.
        clients: Vec<String>,
        /// The date on the invoices.
        issued_on: Date,
    },
    /// Looks what an import of uploaded files would change.
    TryImport,
    /// Imports the files that another job looked at.
    Import {
        /// The job with the files.
        inputs: Uuid,
    },
    /// Checks every ledger, statement, invoice and balance.
    Verify,
}

impl Work {
    /// Its name in the database.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Issue { .. } => "issue",
            Self::TryImport => "try-import",
            Self::Import { .. } => "import",
            Self::Verify => "verify",
        }
    }

    /// What it is, for people.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Issue { period, clients, .. } if clients.is_empty() => format!("Issue {period}"),
            Self::Issue { period, clients, .. } => format!("Issue {period} for {}", clients.join(", ")),
            Self::TryImport => "Look at books to import".to_owned(),
            Self::Import { .. } => "Import books".to_owned(),
            Self::Verify => "Verify the ledger".to_owned(),
        }
    }

    fn permission(&self) -> Permission {
        match self {
            Self::Issue { .. } => Permission::Bill,
            Self::TryImport | Self::Import { .. } => Permission::ManageSettings,
            Self::Verify => Permission::SeeBilling,
        }
    }
}

/// Who ordered a job, as the audit log will name it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct By {
    user_id: Uuid,
    name: String,
    channel: String,
    address: String,
}

impl By {
    fn actor(&self, provider: ProviderId) -> Actor {
        let channel = match self.channel.as_str() {
            "web" => Channel::Session(String::new()),
            "api" => Channel::Token(Uuid::nil(), Vec::new()),
            _ => Channel::Program,
        };
        Actor {
            provider,
            user_id: self.user_id,
            name: self.name.clone(),
            technician: String::new(),
            // The right to the work was asked for when it was ordered.
            role: Role::Owner,
            client_id: None,
            channel,
            address: self.address.clone(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Arguments {
    #[serde(flatten)]
    work: Work,
    by: By,
}

/// What came of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was done, in sentences.
    pub said: Vec<String>,
    /// What was not, or is wrong.
    pub faults: Vec<String>,
    /// What an import did or would do.
    pub import: Option<Summary>,
    /// The heads of the ledgers that were checked: code, number of entries, hash.
    pub heads: Vec<(String, i64, String)>,
}

/// A job as pages and the API show it.
#[derive(Clone, Debug)]
pub struct JobView {
    /// Its id.
    pub id: Uuid,
    /// What it does.
    pub work: Work,
    /// `queued`, `running`, `done` or `failed`.
    pub state: String,
    /// Steps done.
    pub done: i64,
    /// Steps in all; none while that is not known.
    pub total: i64,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Why it failed.
    pub fault: Option<String>,
    /// Who ordered it.
    pub created_by: String,
    /// When it was ordered.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl JobView {
    /// What it is, for people.
    #[must_use]
    pub fn title(&self) -> String {
        self.work.title()
    }

    /// Has it ended?
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished_at.is_some()
    }

    /// How far it is, in percent.
    #[must_use]
    pub fn percent(&self) -> i64 {
        if self.state == "done" { 100 } else { (self.done * 100).checked_div(self.total).unwrap_or(0).clamp(0, 100) }
    }
}

/// A job that was claimed.
pub struct Claimed {
    /// Its id.
    pub id: Uuid,
    /// What to do.
    pub work: Work,
    /// For whom.
    pub actor: Actor,
}

impl Claimed {
    /// Reads a claimed row.
    ///
    /// # Errors
    ///
    /// Fails for one that another version of the program wrote.
    pub fn read(provider: ProviderId, row: &job::Job) -> Result<Self, AppError> {
        let Arguments { work, by } = serde_json::from_str(&row.arguments_json)
            .map_err(|error| AppError::fault(format!("the job {} cannot be read: {error}", row.job_id)))?;
        Ok(Self { id: row.job_id, work, actor: by.actor(provider) })
    }
}

/// Jobs under way in this process: how far they are, and whether they should stop.
#[derive(Debug, Default)]
pub struct JobBoard {
    ordered: Notify,
    stopping: AtomicBool,
    progress: Mutex<HashMap<Uuid, (i64, i64)>>,
}

impl JobBoard {
    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, (i64, i64)>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the runner to stop at the next step; the rest is done after the next start.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.ordered.notify_one();
    }

    /// Should it stop?
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Waits for the next order.
    pub async fn wait(&self) {
        self.ordered.notified().await;
    }

    /// Notes how far a job is.
    pub fn note(&self, id: Uuid, done: i64, total: i64) {
        self.lock().insert(id, (done, total));
    }

    /// Forgets a job that ended.
    pub fn forget(&self, id: Uuid) {
        self.lock().remove(&id);
    }
}

impl Context {
    /// Orders a job; returns its id.
    ///
    /// # Errors
    ///
    /// Refuses what the actor may not.
    pub fn order_job(&self, actor: &Actor, work: &Work) -> Result<Uuid, AppError> {
        self.order_job_with(actor, work, Vec::new())
    }

    /// Orders a job with files; returns its id.
    ///
    /// # Errors
    ///
    /// Refuses what the actor may not.
    pub fn order_job_with(&self, actor: &Actor, work: &Work, inputs: Vec<(String, Vec<u8>)>) -> Result<Uuid, AppError> {
        actor.require(work.permission())?;
        let (user_id, name) = (actor.user_id, actor.name.clone());
        let by = By { user_id, name, channel: actor.channel.name().to_owned(), address: actor.address.clone() };
        let row = job::Job {
            job_id: Uuid::now_v7(),
            kind: work.kind().to_owned(),
            arguments_json: serde_json::to_string(&Arguments { work: work.clone(), by }).map_err(AppError::fault)?,
            state: "queued".to_owned(),
            done: 0,
            total: 0,
            result_json: None,
            fault: None,
            created_by: actor.name.clone(),
            created_at: self.clock.now(),
            leased_until: None,
            finished_at: None,
        };
        self.store.write(|tx| {
            job::insert(tx, actor.provider, &row)?;
            for (name, content) in inputs {
                job_input::insert(tx, actor.provider, &job_input::JobInput { job_id: row.job_id, name, content })?;
            }
            Ok::<_, AppError>(())
        })?;
        self.jobs.ordered.notify_one();
        Ok(row.job_id)
    }

    /// Orders that the files that a job looked at are imported; returns the id of the new job.
    ///
    /// # Errors
    ///
    /// Refuses what the actor may not, and fails for a job that looked at no files.
    pub fn order_import(&self, actor: &Actor, looked: Uuid) -> Result<Uuid, AppError> {
        if self.job(actor, looked)?.work != Work::TryImport {
            return Err(AppError::not_found("upload"));
        }
        self.order_job(actor, &Work::Import { inputs: looked })
    }

    /// A job.
    ///
    /// # Errors
    ///
    /// Fails for an unknown id.
    pub fn job(&self, actor: &Actor, id: Uuid) -> Result<JobView, AppError> {
        let row = self.store.read(|tx| job::find(tx, actor.provider, id))?;
        let row = row.ok_or_else(|| AppError::not_found("job"))?;
        let view = self.job_view(row)?;
        if actor.may(view.work.permission()) { Ok(view) } else { Err(AppError::not_found("job")) }
    }

    /// The jobs of late that the actor may see, the newest first.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn recent_jobs(&self, actor: &Actor) -> Result<Vec<JobView>, AppError> {
        let rows = self.store.read(|tx| job::list_recent(tx, actor.provider, RECENT))?;
        let views = rows.into_iter().filter_map(|row| self.job_view(row).ok());
        Ok(views.filter(|view| actor.may(view.work.permission())).collect())
    }

    fn job_view(&self, row: job::Job) -> Result<JobView, AppError> {
        let Arguments { work, .. } = serde_json::from_str(&row.arguments_json).map_err(AppError::fault)?;
        let (done, total) = self.jobs.lock().get(&row.job_id).copied().unwrap_or((row.done, row.total));
        let outcome = row.result_json.as_deref().map(serde_json::from_str).transpose().map_err(AppError::fault)?;
        Ok(JobView {
            id: row.job_id,
            work,
            state: row.state,
            done,
            total,
            outcome,
            fault: row.fault,
            created_by: row.created_by,
            created_at: row.created_at,
            finished_at: row.finished_at,
        })
    }
}
