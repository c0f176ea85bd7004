//! The result of a bill run: statements by period, with what a book-keeper should look at.

use std::collections::BTreeMap;

use quarterhour_billing::{Period, PeriodReport, Statement, StatementReport, Terms, Words, statement_report};

use crate::app::body::{Freezer, StatementBody};
use crate::app::paper::Issue;
use crate::app::run::{ClientPeriod, OpenClient, bill_open_periods};
use crate::app::warnings;
use crate::error::AppError;

/// One statement of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The period.
    pub period: Period,
    /// The numbers.
    pub report: StatementReport,
    /// Set when it was issued before.
    pub issue: Option<Issue>,
    /// Everything that is printed, where it was asked for.
    pub body: Option<StatementBody>,
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The period.
    pub period: Period,
    /// The client's code.
    pub client: String,
    /// What it is.
    pub text: String,
}

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub struct RunResult {
    /// By period, client and agreement.
    pub outcomes: Vec<Outcome>,
    /// By period and client.
    pub warnings: Vec<Warning>,
}

impl RunResult {
    /// Puts the results of clients (in order of their codes) in order of periods.
    pub fn collect(clients: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::default();
        for client in clients {
            all.outcomes.extend(client.outcomes);
            all.warnings.extend(client.warnings);
        }
        all.outcomes.sort_by_key(|outcome| outcome.period);
        all.warnings.sort_by_key(|warning| warning.period);
        all
    }

    /// The periods as section 13 of the rules has them.
    pub fn reports(&self, (from, until): (Period, Period)) -> Vec<PeriodReport<'_>> {
        let mut by_period: BTreeMap<Period, Vec<&StatementReport>> = BTreeMap::new();
        for outcome in &self.outcomes {
            by_period.entry(outcome.period).or_default().push(&outcome.report);
        }
        let periods = std::iter::successors(Some(from), |period| Some(period.next())).take_while(|period| *period <= until);
        periods.map(|period| PeriodReport { period, statements: by_period.remove(&period).unwrap_or_default() }).collect()
    }
}

/// Bills the open periods of one client and keeps those of `from..=until`.
///
/// # Errors
///
/// Fails when a statement does not add up.
pub fn bill_client(
    terms: &Terms,
    words: &Words,
    open: OpenClient<'_>,
    (from, until): (Period, Period),
    freezer: Option<&Freezer<'_>>,
) -> Result<RunResult, AppError> {
    let client = open.client;
    let mut result = RunResult::default();
    let mut before = BTreeMap::new();
    bill_open_periods(terms, words, open, until, |billed| {
        let ClientPeriod { period, statements, entries: own, .. } = billed;
        if period >= from {
            let texts = warnings::of_period(&client.client, &statements, own, &before);
            let home = freezer.map(|freezer| freezer.setup.provider.currency);
            let texts = texts
                .into_iter()
                .chain(home.and_then(|home| warnings::foreign(&statements, home)))
                .chain(warnings::lapsed(&client.client, period));
            let code = &client.client.code;
            result.warnings.extend(texts.map(|text| Warning { period, client: code.clone(), text }));
            result.outcomes.extend(statements.iter().map(|statement| Outcome {
                period,
                report: statement_report(code, statement),
                issue: None,
                body: freezer.map(|freezer| freezer.freeze(client, statement, own)),
            }));
        }
        before = counts(&statements);
    })?;
    Ok(result)
}

/// The device counts by agreement.
fn counts(statements: &[Statement]) -> BTreeMap<Option<String>, i64> {
    statements.iter().map(|statement| (statement.agreement.clone(), warnings::total(statement))).collect()
}
