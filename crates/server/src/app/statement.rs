//! A client's statements of a period, issued or open, as pages and the API show them.

use quarterhour_billing::Period;
use quarterhour_store::statements::{closing, invoice, statement};
use quarterhour_store::{ProviderId, Tx};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::bill_store::read_body;
use crate::app::body::StatementBody;
use crate::app::context::Context;
use crate::app::invoice::may_see;
use crate::error::AppError;

/// One statement.
#[derive(Clone, Debug)]
pub struct StatementView {
    /// Everything that it says.
    pub body: StatementBody,
    /// Set when it is issued.
    pub issued: Option<IssuedStatementFacts>,
}

/// What is known of an issued statement besides.
#[derive(Clone, Debug)]
pub struct IssuedStatementFacts {
    /// The hash that the ledger holds.
    pub sha256: String,
    /// The invoice; none for a statement without lines.
    pub invoice: Option<invoice::Invoice>,
}

impl StatementView {
    /// The agreement's name; empty for work without one.
    #[must_use]
    pub fn agreement(&self) -> &str {
        self.body.statement.agreement.as_deref().unwrap_or("")
    }

    /// Seconds that were in pools.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.body.available()
    }
}

/// A client's statements of a period.
#[derive(Clone, Debug)]
pub struct ClientPeriod {
    /// The client.
    pub client_id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The period.
    pub period: Period,
    /// Is it issued?
    pub is_issued: bool,
    /// Does it run today?
    pub is_running: bool,
    /// By agreement.
    pub statements: Vec<StatementView>,
    /// What a book-keeper should look at, for open ones.
    pub warnings: Vec<String>,
    /// The first period that can be shown, and the last.
    pub range: (Period, Period),
}

impl Context {
    /// A client's statements of a period: as they were issued, or as they would be now. A client's people see
    /// their own.
    ///
    /// # Errors
    ///
    /// Fails for an unknown client, or when the database or the engine fails.
    pub fn statements(&self, actor: &Actor, code: &str, period: Period) -> Result<ClientPeriod, AppError> {
        let client_id = self.client_by_code(code)?;
        may_see(actor, client_id, "client")?;
        let live = self.client_live(client_id)?;
        let is_issued = live.is_issued(period);
        let (statements, first) = self.store.read(|tx| {
            let first = closing::list_of_client(tx, actor.provider, client_id)?.first().and_then(|row| Period::parse(&row.period));
            let statements = if is_issued { read_statements(tx, actor.provider, client_id, period)? } else { Vec::new() };
            Ok::<_, AppError>((statements, first))
        })?;
        let open = live.outcomes(period).filter_map(|outcome| outcome.body.clone());
        let open = open.map(|body| StatementView { body, issued: None });
        let first_open = live.result.outcomes.first().map(|outcome| outcome.period);
        let warnings = live.result.warnings.iter().filter(|warning| warning.period == period && actor.may(Permission::SeeBilling));
        Ok(ClientPeriod {
            client_id,
            code: code.to_owned(),
            name: live.client()?.row.field("name").to_owned(),
            period,
            is_issued,
            is_running: live.running == period,
            statements: statements.into_iter().chain(open).collect(),
            warnings: warnings.map(|warning| warning.text.clone()).collect(),
            range: (first.or(first_open).unwrap_or(live.running), live.running),
        })
    }
}

fn read_statements(tx: &mut Tx, provider: ProviderId, client_id: Uuid, period: Period) -> Result<Vec<StatementView>, AppError> {
    let text = period.to_string();
    let invoices = invoice::list_of_client(tx, provider, client_id)?;
    let rows = statement::list_of_client_period(tx, provider, client_id, &text)?;
    let views = rows.into_iter().map(|row| {
        let invoice = invoices.iter().find(|it| it.period == row.period && it.agreement == row.agreement).cloned();
        let body = read_body(&row)?;
        Ok(StatementView { body, issued: Some(IssuedStatementFacts { sha256: row.sha256, invoice }) })
    });
    views.collect()
}
