//! The months of a client: what issued statements say, read slimly, and the open ones as they stand.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use quarterhour_billing::{Day, DeviceClass, Period, StatementReport, TimeTotals};
use quarterhour_store::statements::{invoice, receivable, statement};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::bill_store::read_body;
use crate::app::body::{CountedDevice, StatementBody};
use crate::app::context::Context;
use crate::app::live::ClientLive;
use crate::error::AppError;

/// How many months before the running one a client's pages show.
pub const MONTHS: u32 = 12;

/// One statement of a client, without its entries.
#[derive(Clone, Debug, Deserialize)]
pub struct Month {
    /// The period.
    pub period: Period,
    /// The numbers.
    pub statement: StatementReport,
    /// Does work draw on pools of time?
    pub draws_time: bool,
    /// The devices behind the count.
    pub devices: Vec<CountedDevice>,
    /// Is it final?
    #[serde(skip)]
    pub is_issued: bool,
}

impl Month {
    fn of(body: &StatementBody) -> Self {
        Self {
            period: body.period,
            statement: body.statement.clone(),
            draws_time: body.draws_time,
            devices: body.devices.clone(),
            is_issued: false,
        }
    }

    /// Seconds.
    #[must_use]
    pub fn time(&self) -> &TimeTotals {
        &self.statement.time
    }

    /// Seconds that were or are in pools.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.time().available()
    }

    /// Seconds beyond the pools, held ones among them.
    #[must_use]
    pub fn beyond(&self) -> i64 {
        self.time().overage + self.time().held
    }

    /// The devices of a class.
    #[must_use]
    pub fn count_of(&self, class: DeviceClass) -> i64 {
        self.statement.count.of(class)
    }
}

/// A client, its last issued period, and the period that runs.
type MonthsKey = (Uuid, Period, Period);
/// Months, shared by those who look at them.
type Months = Arc<[Arc<Month>]>;

/// The issued months of the clients that were looked at last.
#[derive(Default)]
pub struct IssuedMonths(Mutex<VecDeque<(MonthsKey, Months)>>);

/// Clients whose issued months are kept, some hundred kilobytes each.
const KEPT_MAX: usize = 12;

impl IssuedMonths {
    fn find(&self, key: MonthsKey) -> Option<Months> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(other, _)| *other == key)?;
        let found = kept.remove(place)?;
        let months = Arc::clone(&found.1);
        kept.push_back(found);
        Some(months)
    }

    fn keep(&self, key: MonthsKey, months: &Arc<[Arc<Month>]>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, _)| other.0 != key.0);
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((key, Arc::clone(months)));
    }
}

/// The count of a month with what stands behind it.
#[derive(Clone, Debug)]
pub struct CountedMonth {
    /// The period.
    pub period: Period,
    /// The agreement, where the period has several.
    pub agreement: String,
    /// Is it final?
    pub is_issued: bool,
    /// Number by class, in the order of the classes that the months have.
    pub numbers: Vec<i64>,
    /// All of them.
    pub total: i64,
    /// Came since the month before.
    pub came: Vec<String>,
    /// Went since the month before.
    pub went: Vec<String>,
    /// The devices: class, name, site, since when.
    pub devices: Vec<(String, String, String, Day)>,
}

/// An invoice in a list of months; amounts in minor units.
#[derive(Clone, Copy, Debug)]
pub struct InvoiceOfMonth {
    /// Its number.
    pub number: i64,
    /// The day by which it is to be paid.
    pub due_on: jiff::civil::Date,
    /// What it asks for.
    pub total: i64,
    /// What of it is still open.
    pub left: i64,
}

/// The counts of the last months, the latest first.
#[derive(Clone, Debug, Default)]
pub struct CountHistory {
    /// The classes that any month has.
    pub classes: Vec<String>,
    /// The months.
    pub months: Vec<CountedMonth>,
}

impl Context {
    /// The statements of a client's last months, the earliest first: issued ones as they are, open ones as they stand.
    ///
    /// # Errors
    ///
    /// Fails when a stored statement makes no sense, or the database or the engine fails.
    pub fn months(&self, client_id: Uuid) -> Result<Vec<Arc<Month>>, AppError> {
        let live = self.client_live(client_id)?;
        let mut months = self.issued_months(&live)?.to_vec();
        months.extend(live.result.outcomes.iter().filter_map(|outcome| outcome.body.as_ref()).map(|body| Arc::new(Month::of(body))));
        Ok(months)
    }

    /// What is issued never changes, so it is read once and kept for the clients that were looked at last.
    fn issued_months(&self, live: &ClientLive) -> Result<Arc<[Arc<Month>]>, AppError> {
        let Some(last) = live.closed.as_ref().map(|closed| closed.period) else { return Ok(Arc::default()) };
        let key = (live.client_id, last, live.running);
        if let Some(months) = self.live.issued_months.find(key) {
            return Ok(months);
        }
        let months: Arc<[Arc<Month>]> = self.read_issued_months(live, last)?.into_iter().map(Arc::new).collect();
        self.live.issued_months.keep(key, &months);
        Ok(months)
    }

    fn read_issued_months(&self, live: &ClientLive, last: Period) -> Result<Vec<Month>, AppError> {
        let provider = live.books.provider_id;
        let mut months = Vec::new();
        let mut period = std::iter::successors(Some(live.running), |period| Some(period.previous()));
        let mut period = period.nth(usize::try_from(MONTHS).unwrap_or(0)).unwrap_or(last);
        self.store.read(|tx| {
            while period <= last {
                for row in statement::list_of_client_period(tx, provider, live.client_id, &period.to_string())? {
                    let mut month: Month = serde_json::from_str(&row.body_json).map_err(|error| {
                        let message = format!("the statement of {period} for client {} cannot be read: {error}", live.client_id);
                        AppError::user(message, "restore the database from a backup")
                    })?;
                    month.is_issued = true;
                    months.push(month);
                }
                period = period.next();
            }
            Ok::<_, AppError>(())
        })?;
        Ok(months)
    }

    /// The statements of one period of a client with all they hold, and whether they are issued.
    ///
    /// # Errors
    ///
    /// Fails as [`Context::months`] does.
    pub fn statements_of_period(&self, client_id: Uuid, period: Period) -> Result<(Vec<StatementBody>, bool), AppError> {
        let live = self.client_live(client_id)?;
        if !live.is_issued(period) {
            return Ok((live.outcomes(period).filter_map(|outcome| outcome.body.clone()).collect(), false));
        }
        let (provider, text) = (live.books.provider_id, period.to_string());
        let rows = self.store.read(|tx| statement::list_of_client_period(tx, provider, client_id, &text))?;
        Ok((rows.iter().map(read_body).collect::<Result<_, _>>()?, true))
    }

    /// The invoices of a client, by period and agreement.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn invoices_of_client(&self, client_id: Uuid) -> Result<HashMap<(String, String), InvoiceOfMonth>, AppError> {
        let provider = self.provider()?;
        let (invoices, receivables) = self.store.read(|tx| {
            let invoices = invoice::list_of_client(tx, provider, client_id)?;
            Ok::<_, AppError>((invoices, receivable::list_of_client(tx, provider, client_id)?))
        })?;
        let open: HashMap<i64, i64> = receivables.iter().map(|row| (row.number, row.total - row.paid - row.credited)).collect();
        let found = invoices.into_iter().map(|row| {
            let left = open.get(&row.number).copied().unwrap_or(row.total);
            let invoice = InvoiceOfMonth { number: row.number, due_on: row.due_on, total: row.total, left };
            ((row.period, row.agreement), invoice)
        });
        Ok(found.collect())
    }

    /// The device counts of a client's last months with their evidence.
    ///
    /// # Errors
    ///
    /// Fails as [`Context::months`] does.
    pub fn count_history(&self, client_id: Uuid) -> Result<CountHistory, AppError> {
        Ok(count_history(&self.months(client_id)?))
    }
}

/// The counts of months, the latest first.
#[must_use]
pub fn count_history(months: &[Arc<Month>]) -> CountHistory {
    // A period with several agreements has a count of each.
    let by_period: Vec<&Month> = months.iter().map(Arc::as_ref).filter(|month| month.statement.agreement.is_some()).collect();
    let is_one_of_several = |period: Period| by_period.iter().filter(|month| month.period == period).count() > 1;
    let classes: Vec<DeviceClass> =
        DeviceClass::ALL.into_iter().filter(|class| by_period.iter().any(|month| month.count_of(*class) > 0)).collect();
    let mut counted = Vec::with_capacity(by_period.len());
    let mut before: Option<&Month> = None;
    for month in by_period.iter().copied() {
        let agreement = month.statement.agreement.clone().filter(|_| is_one_of_several(month.period)).unwrap_or_default();
        let numbers: Vec<i64> = classes.iter().map(|class| month.count_of(*class)).collect();
        let (came, went) = before.map(|before| difference(before, month)).unwrap_or_default();
        let devices = month.devices.iter().map(|it| (it.class.clone(), it.name.clone(), it.site.clone(), it.in_service)).collect();
        let (period, is_issued, total) = (month.period, month.is_issued, numbers.iter().sum());
        counted.push(CountedMonth { period, agreement, is_issued, numbers, total, came, went, devices });
        before = Some(month);
    }
    counted.reverse();
    CountHistory { classes: classes.iter().map(|class| class.name().to_owned()).collect(), months: counted }
}

/// The names that came and that went.
fn difference(before: &Month, after: &Month) -> (Vec<String>, Vec<String>) {
    let key = |device: &CountedDevice| (device.class.clone(), device.name.clone());
    let set = |month: &Month| month.devices.iter().map(key).collect::<HashSet<_>>();
    let (old, new) = (set(before), set(after));
    let names = |month: &Month, other: &HashSet<(String, String)>| {
        let left = month.devices.iter().filter(|device| !other.contains(&key(device)));
        left.map(|device| device.name.clone()).collect()
    };
    (names(after, &old), names(before, &new))
}
