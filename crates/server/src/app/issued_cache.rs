//! What was issued, in numbers: kept in memory by period, since it never changes. Only a period that grows is read again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quarterhour_billing::{Currency, Period, TimeTotals};
use quarterhour_store::statements::{counter, invoice, statement};
use serde::Deserialize;
use serde::de::IgnoredAny;
use uuid::Uuid;

use crate::app::context::Context;
use crate::app::issue_client::INVOICES;
use crate::app::money::minor;
use crate::app::payment::currency_of;
use crate::error::AppError;

/// How many periods are kept.
const PERIODS_MAX: usize = 60;

/// An issued statement in numbers.
#[derive(Clone, Debug)]
pub struct IssuedStatement {
    /// The client.
    pub client_id: Uuid,
    /// The agreement.
    pub agreement: Option<String>,
    /// The program.
    pub program: String,
    /// The currency.
    pub currency: Currency,
    /// Seconds.
    pub time: TimeTotals,
    /// Net, in minor units.
    pub net: i64,
    /// Tax, in minor units.
    pub tax: i64,
    /// Both, in minor units.
    pub total: i64,
    /// The invoice's number; none for a statement without lines.
    pub number: Option<i64>,
}

/// An issued month in one currency.
#[derive(Clone, Debug)]
pub struct IssuedMonth {
    /// The period.
    pub period: Period,
    /// The currency.
    pub currency: Currency,
    /// Invoices.
    pub invoices: usize,
    /// Net, in minor units.
    pub net: i64,
    /// Net and tax, in minor units.
    pub total: i64,
}

/// The statements of a period, with how many there were when they were read.
type Counted = (usize, Arc<Vec<IssuedStatement>>);

/// What is kept.
#[derive(Default)]
pub struct IssuedCache {
    periods: Mutex<HashMap<Period, Counted>>,
    months: Mutex<Option<(i64, Arc<Vec<IssuedMonth>>)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The few fields of a statement's text that lists need.
#[derive(Deserialize)]
struct SlimBody {
    statement: SlimReport,
}

#[derive(Deserialize)]
struct SlimReport {
    agreement: Option<String>,
    program: String,
    currency: String,
    time: TimeTotals,
    #[expect(dead_code, reason = "lines are skipped, and must be there")]
    lines: IgnoredAny,
    net: String,
    tax: String,
    total: String,
}

impl Context {
    /// The issued statements of a period, by client and agreement. `closed` is the number of clients that have
    /// issued it: what is kept holds while that number does.
    ///
    /// # Errors
    ///
    /// Fails when a stored statement cannot be read.
    pub fn issued_statements(&self, period: Period, closed: usize) -> Result<Arc<Vec<IssuedStatement>>, AppError> {
        if let Some((_, statements)) = lock(&self.issued.periods).get(&period).filter(|(known, _)| *known == closed) {
            return Ok(Arc::clone(statements));
        }
        let statements = Arc::new(if closed == 0 { Vec::new() } else { self.read_issued(period)? });
        let mut periods = lock(&self.issued.periods);
        if periods.len() >= PERIODS_MAX {
            periods.clear();
        }
        periods.insert(period, (closed, Arc::clone(&statements)));
        Ok(statements)
    }

    fn read_issued(&self, period: Period) -> Result<Vec<IssuedStatement>, AppError> {
        let (provider, text) = (self.provider()?, period.to_string());
        let (rows, invoices) = self.store.read(|tx| {
            let rows = statement::list_by_period(tx, provider, &text)?;
            Ok::<_, AppError>((rows, invoice::list_by_period(tx, provider, &text)?))
        })?;
        let numbers: HashMap<(Uuid, &str), i64> =
            invoices.iter().map(|row| ((row.client_id, row.agreement.as_str()), row.number)).collect();
        rows.iter().map(|row| slim(row, numbers.get(&(row.client_id, row.agreement.as_str())).copied())).collect()
    }

    /// The issued months by currency, the latest first.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn issued_totals(&self) -> Result<Arc<Vec<IssuedMonth>>, AppError> {
        let provider = self.provider()?;
        let last = self.store.read(|tx| counter::find_last_number(tx, provider, INVOICES))?.unwrap_or(0);
        if let Some((_, months)) = lock(&self.issued.months).as_ref().filter(|(known, _)| *known == last) {
            return Ok(Arc::clone(months));
        }
        let rows = self.store.read(|tx| invoice::list_all(tx, provider))?;
        let mut months: HashMap<(Period, &str), IssuedMonth> = HashMap::new();
        for row in &rows {
            let Some(period) = Period::parse(&row.period) else { continue };
            let currency = currency_of(&row.currency)?;
            let month =
                months.entry((period, currency.code())).or_insert(IssuedMonth { period, currency, invoices: 0, net: 0, total: 0 });
            month.invoices += 1;
            month.net += row.net;
            month.total += row.total;
        }
        let mut months: Vec<IssuedMonth> = months.into_values().collect();
        months.sort_by(|one, other| (other.period, one.currency.code()).cmp(&(one.period, other.currency.code())));
        let months = Arc::new(months);
        *lock(&self.issued.months) = Some((last, Arc::clone(&months)));
        Ok(months)
    }
}

fn slim(row: &statement::Statement, number: Option<i64>) -> Result<IssuedStatement, AppError> {
    let wrong = || AppError::fault(format!("the statement of {} for client {} cannot be read", row.period, row.client_id));
    let SlimBody { statement } = serde_json::from_str(&row.body_json).map_err(|_| wrong())?;
    let amount = |text: &str| minor(text).ok_or_else(wrong);
    Ok(IssuedStatement {
        client_id: row.client_id,
        currency: currency_of(&statement.currency)?,
        net: amount(&statement.net)?,
        tax: amount(&statement.tax)?,
        total: amount(&statement.total)?,
        agreement: statement.agreement,
        program: statement.program,
        time: statement.time,
        number,
    })
}
