//! The statements of one client: issued ones as they are on record, open ones as they stand. It changes nothing.

use quarterhour_billing::{Period, StatementReport};
use quarterhour_store::statements::{invoice, statement};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::bill_store::read_body;
use crate::app::body::StatementBody;
use crate::app::context::Context;
use crate::error::AppError;

/// A statement without its entries.
#[derive(Clone, Debug, Deserialize)]
pub struct StatementHead {
    /// The period.
    pub period: Period,
    /// The numbers.
    pub statement: StatementReport,
    /// Is it final?
    #[serde(skip)]
    pub issued: bool,
}

/// A statement with everything that it says.
#[derive(Clone, Debug)]
pub struct WholeStatement {
    /// What it says.
    pub body: StatementBody,
    /// Is it final?
    pub issued: bool,
    /// The number of its invoice.
    pub invoice: Option<i64>,
}

impl Context {
    /// All statements of a client, by period and agreement.
    ///
    /// # Errors
    ///
    /// Fails for an unknown client, or when the database or the engine fails.
    pub fn statement_heads(&self, client_id: Uuid) -> Result<Vec<StatementHead>, AppError> {
        let live = self.client_live(client_id)?;
        let rows = self.store.read(|tx| statement::list_of_client(tx, live.books.provider_id, client_id))?;
        let wrong = |row: &statement::Statement| AppError::fault(format!("the statement of {} cannot be read", row.period));
        let mut heads = Vec::with_capacity(rows.len());
        for row in &rows {
            let head: StatementHead = serde_json::from_str(&row.body_json).map_err(|_| wrong(row))?;
            heads.push(StatementHead { issued: true, ..head });
        }
        let last = heads.iter().map(|head| head.period).max();
        let open = live.result.outcomes.iter().filter(|outcome| last.is_none_or(|last| outcome.period > last));
        heads.extend(open.map(|it| StatementHead { period: it.period, statement: it.report.clone(), issued: false }));
        Ok(heads)
    }

    /// The statements of a client's period with their entries, by agreement.
    ///
    /// # Errors
    ///
    /// Fails for an unknown client, a period without statements, or when the database or the engine fails.
    pub fn whole_statements(&self, client_id: Uuid, period: Period) -> Result<Vec<WholeStatement>, AppError> {
        let live = self.client_live(client_id)?;
        let provider = live.books.provider_id;
        let mut found = self.store.read(|tx| {
            let rows = statement::list_of_client_period(tx, provider, client_id, &period.to_string())?;
            let invoices = if rows.is_empty() { Vec::new() } else { invoice::list_of_client(tx, provider, client_id)? };
            rows.iter()
                .map(|row| {
                    let of_row = |it: &&invoice::Invoice| it.period == row.period && it.agreement == row.agreement;
                    let invoice = invoices.iter().find(of_row).map(|it| it.number);
                    Ok(WholeStatement { body: read_body(row)?, issued: true, invoice })
                })
                .collect::<Result<Vec<_>, AppError>>()
        })?;
        if found.is_empty() {
            let bodies = live.outcomes(period).filter_map(|outcome| outcome.body.clone());
            found = bodies.map(|body| WholeStatement { body, issued: false, invoice: None }).collect();
        }
        if found.is_empty() { Err(AppError::not_found(format!("statement of {period}"))) } else { Ok(found) }
    }
}
