//! The rules of the six programs: agreements, devices and time entries in; statements and lines out.
//!
//! Pure: no IO, no clock, no randomness, no floats. Times are seconds, money is minor units.
//! It knows no files, no database and no pages.
#![warn(clippy::indexing_slicing, clippy::as_conversions, clippy::expect_used, clippy::float_arithmetic)]

pub mod agreement;
mod bulk;
mod device;
mod engine;
mod entry;
mod fee;
mod grant;
mod late;
pub mod ledger;
mod lines;
mod number;
mod place;
mod pool;
mod report;
mod rounding;
mod statement;
mod time;
mod word;
mod work;

pub use bulk::{Bulk, allows_bulk, burn};
pub use device::{CountMethod, Device, DeviceClass, DeviceCount};
pub use engine::{BilledPeriod, BillingError, Client, Terms, bill_bulk, bill_period, due_from};
pub use entry::{Billing, MINUTES_MAX, TimeEntry, WorkedOn};
pub use late::{Credit, LateBatch, Returned};
pub use number::{Currency, Decimal, DecimalError, HOUR, HourlyPrice, grouped, half_up, plain_hours, split};
pub use place::Slice;
pub use pool::{AgreementState, Carried, ClosedPeriod, MoneyPool, Pool, PoolKind};
pub use report::{LineReport, PeriodReport, ReserveReport, StatementReport, statement_report};
pub use statement::{
    Alert, BilledEntry, Fate, LateWork, Line, LineKind, Movement, MovementKind, Part, PriceSource, Priced, ReserveTotals, Statement,
    TimeTotals,
};
pub use time::{Band, Calendar, DAY_SECONDS, Day, EARLIEST, LATEST, LocalClock, Period, Stretch};
pub use word::{Word, Words};
pub use work::slices;
