//! A statement: a client's period under one agreement, with every second accounted for.

use serde::{Deserialize, Serialize};

use crate::agreement::Program;
use crate::device::DeviceCount;
use crate::entry::TimeEntry;
use crate::number::{Currency, Decimal, HourlyPrice};
use crate::pool::Pool;
use crate::time::{Band, Day, Period};

/// A period of one client under one agreement, or of its work without one.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The agreement's name.
    pub agreement: Option<String>,
    /// What it was sold as; ad-hoc without agreement.
    pub program: Program,
    /// The period.
    pub period: Period,
    /// The client's currency.
    pub currency: Currency,
    /// Did work draw on pools of time, used up or not?
    pub draws_time: bool,
    /// The counted devices, where a clause counts.
    pub count: DeviceCount,
    /// Positions in the client's device list of the devices behind the count (on the clause's day).
    pub counted_devices: Vec<usize>,
    /// Seconds.
    pub time: TimeTotals,
    /// The reserve's money.
    pub reserve: Option<ReserveTotals>,
    /// What is charged.
    pub lines: Vec<Line>,
    /// Sum of the lines, in minor units.
    pub net: i64,
    /// Tax, in minor units.
    pub tax: i64,
    /// Net and tax.
    pub total: i64,
    /// Actual and billable time of each entry.
    pub billed: Vec<BilledEntry>,
    /// Where each second went, in the order of drawing.
    pub parts: Vec<Part>,
    /// Late time of issued periods that this statement bills.
    pub late: Vec<LateWork>,
    /// The pools as they stood at the close, used-up and expired ones among them.
    pub pools: Vec<Pool>,
    /// Dated entries for the ledger, but for the draws, which follow from the parts.
    pub movements: Vec<Movement>,
    /// Thresholds that were crossed.
    pub alerts: Vec<Alert>,
    /// Sentences for the client, such as what forfeited blocks had cost.
    pub notes: Vec<String>,
}

impl Statement {
    /// Is there nothing to show: no lines, entries, grants or opening balance?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let reserve = self.reserve.is_none_or(|reserve| reserve.opening == 0 && reserve.granted == 0);
        let time = self.time.opening == 0 && self.time.granted == 0 && self.time.billable == 0;
        self.lines.is_empty() && self.billed.is_empty() && self.late.is_empty() && time && reserve
    }
}

/// Seconds of a statement: `opening + granted + restored = used + forfeited + closing`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeTotals {
    /// In pools at the start.
    pub opening: i64,
    /// Put into pools.
    pub granted: i64,
    /// Given back to late time.
    pub restored: i64,
    /// Burn drawn from pools.
    pub used: i64,
    /// Ended unused.
    pub forfeited: i64,
    /// What rolls on, remains in blocks or passes on.
    pub closing: i64,
    /// Billable time that no pool covered.
    pub overage: i64,
    /// Billable time charged by the rates, drawn on a reserve or within a ticket's price.
    pub charged: i64,
    /// Billable time that a fixed rate covers.
    pub included: i64,
    /// Billable time kept by the client's own staff.
    pub internal: i64,
    /// Actual time that does not count.
    pub courtesy: i64,
    /// Overage past the cap, not billed yet.
    pub held: i64,
    /// Actual time of all entries.
    pub actual: i64,
    /// Billable time of all entries but courtesy.
    pub billable: i64,
}

impl TimeTotals {
    /// Seconds that were put into pools, what was left from before among them.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.opening + self.granted + self.restored
    }
}

/// Money of a reserve, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReserveTotals {
    /// Left from earlier periods.
    pub opening: i64,
    /// Granted in this one.
    pub granted: i64,
    /// Taken by charged lines.
    pub used: i64,
    /// Ended unused.
    pub forfeited: i64,
    /// What rolls on.
    pub closing: i64,
}

/// What a line is for, in the order in which lines are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// The fixed fee.
    Fee,
    /// A service line.
    Service,
    /// A block that was bought.
    Block,
    /// Tickets at a price each.
    Ticket,
    /// Charged time.
    Time,
    /// Overage.
    Overage,
    /// What a reserve takes off.
    Reserve,
    /// Late time of an issued period.
    Late,
    /// A correction of an issued period.
    Adjustment,
}

impl LineKind {
    /// Its name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fee => "fee",
            Self::Service => "service",
            Self::Block => "block",
            Self::Ticket => "ticket",
            Self::Time => "time",
            Self::Overage => "overage",
            Self::Reserve => "reserve",
            Self::Late => "late",
            Self::Adjustment => "adjustment",
        }
    }
}

/// A printed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is for.
    pub kind: LineKind,
    /// For people.
    pub text: String,
    /// The tier of charged time.
    pub tier: Option<String>,
    /// The work type of charged time.
    pub work_type: Option<String>,
    /// The band of charged time.
    pub band: Option<Band>,
    /// Seconds of charged time.
    pub seconds: Option<i64>,
    /// How many, a plain decimal.
    pub quantity: String,
    /// Of what.
    pub unit: &'static str,
    /// The price of one (of an hour, for time), a plain decimal.
    pub price: String,
    /// In minor units.
    pub amount: i64,
}

/// An entry with its actual and billable time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BilledEntry {
    /// Its position among the period's entries.
    pub entry: u32,
    /// Seconds worked.
    pub actual: i64,
    /// Seconds after rounding; none for courtesy.
    pub billable: i64,
}

/// Where a piece of an entry went, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The entry's position among the period's entries.
    pub entry: u32,
    /// Inside or outside business hours.
    pub band: Band,
    /// The start of its slice in Unix seconds.
    pub started_at: i64,
    /// Billable seconds; actual ones for courtesy.
    pub seconds: i64,
    /// Where they went.
    pub fate: Fate,
}

/// Where time went, with the clause that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Not billable by the entry's own mark.
    CourtesyNotBillable,
    /// The provider's own error or rework.
    CourtesyProviderCause,
    /// A slice of no seconds.
    Nothing,
    /// The fixed-rate clause covers it.
    Included,
    /// The client's own staff keep this tier.
    Internal,
    /// A pool covered it.
    Drawn {
        /// The pool's number; none when there was nothing to burn.
        pool: Option<u32>,
        /// Seconds taken from it.
        burn: i64,
    },
    /// No pool covered it.
    Overage(Priced),
    /// Overage past the cap, kept for the client's approval.
    Held(Priced),
    /// Charged by the hour.
    Charged {
        /// The price.
        price: Priced,
        /// A reserve pays as far as it reaches.
        on_reserve: bool,
    },
    /// Within the price of its ticket.
    InTicket {
        /// The price of the ticket.
        price: Decimal,
        /// A reserve pays as far as it reaches.
        on_reserve: bool,
    },
}

/// A price an hour and where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Priced {
    /// With the after-hours multiplier in it.
    pub hourly: HourlyPrice,
    /// The clause it came from.
    pub source: PriceSource,
}

/// The clause that gave a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceSource {
    /// The agreement's `[[prices.rate]]` at this position.
    AgreementRate(u16),
    /// The provider's `[[rate]]` at this position.
    RateCard(u16),
    /// `overage.tiers`.
    OverageTier,
    /// `overage.rate`.
    OverageRate,
}

/// Late time of one issued period on a later statement.
#[derive(Clone, Debug)]
pub struct LateWork {
    /// The issued period.
    pub period: Period,
    /// The late entries.
    pub entries: Vec<TimeEntry>,
    /// Actual and billable time of each.
    pub billed: Vec<BilledEntry>,
    /// Where each second went.
    pub parts: Vec<Part>,
}

/// What happened to a pool or a reserve on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MovementKind {
    /// Time was put into a pool.
    Grant,
    /// A block came from the agreement before.
    Receive,
    /// Forfeited time was given back to late time.
    Restore,
    /// Time was taken out by work.
    Draw,
    /// Overage was held back.
    Hold,
    /// Held overage was released for billing.
    Release,
    /// Held overage was written off.
    WriteOff,
    /// Time ended unused.
    Forfeit,
    /// Time was carried on.
    Roll,
    /// A block went on to the next agreement.
    Pass,
    /// Money was put into the reserve.
    ReserveGrant,
    /// Money was taken out by charged lines.
    ReserveDraw,
    /// Money ended unused.
    ReserveForfeit,
    /// Money was carried on.
    ReserveRoll,
}

impl MovementKind {
    /// Its name in the ledger.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Receive => "receive",
            Self::Restore => "restore",
            Self::Draw => "draw",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::WriteOff => "write-off",
            Self::Forfeit => "forfeit",
            Self::Roll => "roll",
            Self::Pass => "pass",
            Self::ReserveGrant => "reserve-grant",
            Self::ReserveDraw => "reserve-draw",
            Self::ReserveForfeit => "reserve-forfeit",
            Self::ReserveRoll => "reserve-roll",
        }
    }
}

/// One dated entry of the hour ledger, before it is chained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// What happened.
    pub kind: MovementKind,
    /// The local day.
    pub on: Day,
    /// The pool's number.
    pub pool: Option<u32>,
    /// The time entry's id.
    pub entry: Option<String>,
    /// Seconds; minor units of money for a reserve.
    pub quantity: i64,
    /// A few words.
    pub note: String,
}

/// A threshold that was crossed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Percent of the period's grant.
    pub percent: u32,
    /// The entry that crossed it.
    pub entry: String,
    /// The local day of its slice.
    pub on: Day,
}
