//! What a client sees of its own account: the month that runs, what becomes of the rest, its proofs.
//! The client is always that of the actor, never one that a request names.

use std::collections::HashMap;
use std::sync::Arc;

use quarterhour_billing::agreement::{Agreement, Allowance, Prepaid, Settlement, TimePools};
use quarterhour_billing::ledger::LedgerHead;
use quarterhour_billing::{Day, Period};
use quarterhour_store::statements::{ledger, ticket};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::body::StatementBody;
use crate::app::context::Context;
use crate::app::live::Summary;
use crate::app::proof;
use crate::dates;
use crate::error::AppError;
use crate::hours::hours;

/// A client's running month.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The client in numbers.
    pub summary: Arc<Summary>,
    /// The statements of the running period as they stand, that of today's agreement first.
    pub statements: Vec<StatementBody>,
    /// What becomes of what is left, in sentences.
    pub rest: Vec<String>,
    /// Seconds into the running period, on the client's wall clock.
    pub seconds_into: i64,
    /// The titles of tickets.
    pub titles: HashMap<String, String>,
}

/// What decides about unused time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rest {
    /// Seconds that would be lost at the end of the period.
    lost: i64,
    /// Seconds that would live on.
    kept: i64,
    /// The first day of the next period.
    next: Option<Day>,
    /// Business days until then.
    business_days: usize,
    /// Periods for which an allowance rolls.
    rolls: u32,
    /// Months that are settled together.
    settles: u32,
    /// Does the agreement have blocks?
    has_blocks: bool,
    /// The first day on which a block ends that may hold time now.
    block_ends: Option<Day>,
}

impl Context {
    /// The id and code of the client whose person acts.
    ///
    /// # Errors
    ///
    /// Refuses everybody else.
    pub fn own_account(&self, actor: &Actor) -> Result<(Uuid, String), AppError> {
        actor.require(Permission::SeeOwnAccount)?;
        let client_id = actor.own_client()?;
        match self.client_code(client_id) {
            code if code.is_empty() => Err(AppError::not_found("account")),
            code => Ok((client_id, code)),
        }
    }

    /// The running month of the actor's client.
    ///
    /// # Errors
    ///
    /// Refuses the provider's people.
    pub fn own_overview(&self, actor: &Actor) -> Result<Overview, AppError> {
        let (client_id, _) = self.own_account(actor)?;
        let (live, summary) = (self.client_live(client_id)?, self.client_summary(client_id)?);
        let client = &live.client()?.client;
        let named = live.running_outcome().and_then(|outcome| outcome.report.agreement.clone());
        let mut statements: Vec<StatementBody> = live.outcomes(live.running).filter_map(|outcome| outcome.body.clone()).collect();
        statements.sort_by_key(|body| body.statement.agreement != named);
        let agreement = client.agreements.on(summary.today).map(|(_, agreement)| agreement);
        let rest = statements.first().zip(agreement).map(|(body, agreement)| rest(body, agreement, &summary));
        let begin = live.running.first_day().since(Day::of_local(0)) * quarterhour_billing::DAY_SECONDS;
        Ok(Overview {
            rest: rest.map(|rest| rest.sentences()).unwrap_or_default(),
            seconds_into: client.clock.local(self.clock.now().as_second()).0 - begin,
            titles: self.own_titles(actor)?,
            summary,
            statements,
        })
    }

    /// The titles of the tickets of the actor's client.
    ///
    /// # Errors
    ///
    /// Refuses the provider's people.
    pub fn own_titles(&self, actor: &Actor) -> Result<HashMap<String, String>, AppError> {
        let (client_id, _) = self.own_account(actor)?;
        let rows = self.store.read(|tx| ticket::list_of_client(tx, actor.provider, client_id))?;
        Ok(rows.into_iter().map(|row| (row.ticket, row.title)).collect())
    }

    /// The proof of an issued period of the actor's client, as a file.
    ///
    /// # Errors
    ///
    /// Refuses the provider's people; fails for a period that is not issued.
    pub fn own_proof(&self, actor: &Actor, period: Period) -> Result<(String, Vec<u8>), AppError> {
        let (client_id, code) = self.own_account(actor)?;
        if !self.client_live(client_id)?.is_issued(period) {
            return Err(AppError::not_found("issued statement of this month"));
        }
        let proof = proof::make(&self.store, &code, period)?;
        let text = serde_json::to_vec_pretty(&proof).map_err(AppError::fault)?;
        Ok((format!("{code}-{period}.proof.json"), text))
    }

    /// The end of the hour ledger of the actor's client, which the provider publishes; none before the first issue.
    ///
    /// # Errors
    ///
    /// Refuses the provider's people.
    pub fn own_head(&self, actor: &Actor) -> Result<Option<LedgerHead>, AppError> {
        let (client_id, _) = self.own_account(actor)?;
        let last = self.store.read(|tx| ledger::find_head(tx, actor.provider, client_id))?;
        Ok(last.map(|row| LedgerHead { seq: row.seq, hash: row.hash }))
    }
}

/// What decides about the unused time of a statement that runs.
fn rest(body: &StatementBody, agreement: &Agreement, summary: &Summary) -> Rest {
    let time = &body.statement.time;
    // Where the pools run dry at this pace, nothing is about to be lost.
    let runs_dry = summary.forecast.is_some_and(|forecast| forecast.exhausted_on.is_some());
    let mut rest = Rest {
        lost: if runs_dry { 0 } else { time.forfeited.min(body.left()) },
        kept: time.closing,
        next: Some(body.period.end()),
        business_days: summary.business_days_left,
        ..Rest::default()
    };
    if let Prepaid::Time(TimePools { allowance, blocks, auto_replenish }) = &agreement.prepaid {
        if let Some(Allowance { rollover, settlement, .. }) = allowance {
            rest.rolls = rollover.periods;
            rest.settles = if let Settlement::Months(months) = settlement { *months } else { 0 };
        }
        rest.has_blocks = !blocks.is_empty() || auto_replenish.is_some();
        let ends = blocks.iter().filter(|block| block.bought <= summary.today).filter_map(|block| block.expires_on());
        rest.block_ends = ends.filter(|day| *day > summary.today).min();
    }
    rest
}

impl Rest {
    fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if let Some(last) = self.next.filter(|_| self.lost > 0).map(Day::previous) {
            let days = match self.business_days {
                0 => "no business day is left".to_owned(),
                1 => "1 business day left".to_owned(),
                days => format!("{days} business days left"),
            };
            sentences.push(format!("{} are lost if they are not used by {}: {days}.", hours(self.lost), dates::full(&last)));
        }
        if self.kept > 0 {
            sentences.push(self.kept_sentence());
        }
        sentences
    }

    fn kept_sentence(&self) -> String {
        let kept = hours(self.kept);
        match (self.has_blocks, self.block_ends) {
            (true, Some(day)) => {
                format!("{kept} stays in your block of hours; the first of it ends on {}.", dates::full(&day.previous()))
            }
            (true, None) => format!("{kept} stays in your block of hours, which has no end."),
            (false, _) if self.settles > 1 => {
                format!("{kept} stays for the rest of the {} months that are settled together.", self.settles)
            }
            (false, _) => match self.rolls {
                0 => format!("{kept} carries on into the next month."),
                1 => format!("{kept} rolls over into the next month."),
                months => format!("{kept} rolls over, for {months} months."),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::from_date(text.parse().expect("a date"))
    }

    #[test]
    fn a_client_reads_what_becomes_of_the_rest() {
        let lost = Rest { lost: 9000, next: Some(day("2026-12-01")), business_days: 6, ..Rest::default() };
        assert_eq!(lost.sentences(), ["2:30 h are lost if they are not used by 30 Nov 2026: 6 business days left."]);
        let rolls = Rest { kept: 3600, rolls: 2, ..Rest::default() };
        assert_eq!(rolls.sentences(), ["1:00 h rolls over, for 2 months."]);
        let block = Rest { kept: 43_200, has_blocks: true, block_ends: Some(day("2027-02-04")), ..Rest::default() };
        assert_eq!(block.sentences(), ["12:00 h stays in your block of hours; the first of it ends on 3 Feb 2027."]);
        let settled = Rest { kept: 3600, settles: 3, ..Rest::default() };
        assert_eq!(settled.sentences(), ["1:00 h stays for the rest of the 3 months that are settled together."]);
        assert!(Rest::default().sentences().is_empty());
    }
}
