//! The heads of the hour ledgers, to be published, and when they were last verified.

use jiff::Timestamp;
use quarterhour_books::csv::write_record;
use quarterhour_store::statements::ledger;
use serde::Serialize;

use crate::app::actor::{Actor, Permission};
use crate::app::context::Context;
use crate::app::job::{JobView, Work};
use crate::error::AppError;

/// The end of one client's ledger.
#[derive(Clone, Debug, Serialize)]
pub struct Head {
    /// The client's code.
    pub client: String,
    /// How many entries it has.
    pub entries: i64,
    /// The period of the last one.
    pub period: String,
    /// The hash of the last one: who has it can tell whether anything before was changed.
    pub hash: String,
}

/// The heads with the last check.
#[derive(Clone, Debug)]
pub struct Heads {
    /// By client.
    pub heads: Vec<Head>,
    /// The last check that came to an end.
    pub verified: Option<JobView>,
    /// A check that is under way.
    pub verifying: Option<JobView>,
}

#[derive(Serialize)]
struct Published<'a> {
    form: &'static str,
    provider: &'a str,
    made_at: Timestamp,
    heads: &'a [Head],
}

impl Context {
    /// The heads of all clients' ledgers.
    ///
    /// # Errors
    ///
    /// Refuses who may not see billing.
    pub fn heads(&self, actor: &Actor) -> Result<Heads, AppError> {
        actor.require(Permission::SeeBilling)?;
        let books = self.books()?;
        let rows = self.store.read(|tx| ledger::list_heads(tx, actor.provider))?;
        let head = |row: ledger::LedgerEntry| Head {
            client: books.code(row.client_id).to_owned(),
            entries: row.seq,
            period: row.period,
            hash: row.hash,
        };
        let mut heads: Vec<Head> = rows.into_iter().map(head).collect();
        heads.sort_by(|one, other| one.client.cmp(&other.client));
        let checks: Vec<JobView> = self.recent_jobs(actor)?.into_iter().filter(|job| job.work == Work::Verify).collect();
        let verified = checks.iter().find(|job| job.is_finished()).cloned();
        let verifying = checks.into_iter().find(|job| !job.is_finished());
        Ok(Heads { heads, verified, verifying })
    }

    /// The heads as JSON, to be published.
    ///
    /// # Errors
    ///
    /// Refuses who may not see billing.
    pub fn heads_json(&self, actor: &Actor) -> Result<String, AppError> {
        let heads = self.heads(actor)?.heads;
        let provider = self.provider_name();
        let published = Published { form: "quarterhour-heads-1", provider: &provider, made_at: self.clock.now(), heads: &heads };
        serde_json::to_string_pretty(&published).map_err(AppError::fault)
    }

    /// The heads as CSV.
    ///
    /// # Errors
    ///
    /// Refuses who may not see billing.
    pub fn heads_csv(&self, actor: &Actor) -> Result<String, AppError> {
        let mut text = String::new();
        write_record(&mut text, &["client", "entries", "period", "hash"]);
        for head in self.heads(actor)?.heads {
            write_record(&mut text, &[&head.client, &head.entries.to_string(), &head.period, &head.hash]);
        }
        Ok(text)
    }
}
