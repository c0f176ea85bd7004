//! What the annex shows: the statement, the chart, the devices, the entries.
//!
//! Times are whole seconds. Nothing here is added up or checked; the billing
//! engine did that.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

/// A client's period on one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// What became of the allowance, in one sentence for people.
    #[serde(default)]
    pub sentence: Option<String>,
    /// The time, to the second.
    pub time: TimeStatement,
    /// The money reserve, for programs that have one.
    #[serde(default)]
    pub reserve: Option<ReserveStatement>,
}

/// The time of a statement in seconds.
///
/// `opening + granted + restored = used + forfeited + closing`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeStatement {
    /// In the pools when the period began.
    pub opening: i64,
    /// Put into the pools.
    pub granted: i64,
    /// Given back after it was forfeited.
    pub restored: i64,
    /// Drawn from the pools.
    pub used: i64,
    /// Lost unused.
    pub forfeited: i64,
    /// In the pools when the period ended.
    pub closing: i64,
    /// Beyond the pools, billed at the overage rate.
    pub overage: i64,
    /// Billed at an hourly rate or per ticket.
    pub charged: i64,
    /// Covered by a fee.
    pub included: i64,
    /// Done by the client's own staff.
    pub internal: i64,
    /// Given for free.
    pub courtesy: i64,
    /// Held back until somebody decides.
    pub held: i64,
}

/// The money of a reserve, as text in the digits of the currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReserveStatement {
    /// In the reserve when the period began.
    pub opening: String,
    /// Put into it.
    pub granted: String,
    /// Drawn from it.
    pub used: String,
    /// Lost unused.
    pub forfeited: String,
    /// In the reserve when the period ended.
    pub closing: String,
}

/// How the pool ran down over the period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurnDown {
    /// The days in the period.
    pub days: u16,
    /// The allowance that the dashed line shows.
    pub granted_seconds: i64,
    /// What was left, each time that it changed, in order.
    pub points: Vec<BurnPoint>,
    /// Each time that overage arose, in order.
    #[serde(default)]
    pub overage: Vec<OverageStep>,
}

/// What was left in the pool from one moment on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurnPoint {
    /// The moment as a fraction of the period: 0 is its start, 1 its end.
    pub at: f64,
    /// The seconds left from then on.
    pub left_seconds: i64,
}

/// Overage that arose at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverageStep {
    /// The moment as a fraction of the period: 0 is its start, 1 its end.
    pub at: f64,
    /// The seconds of overage that came on top then.
    pub seconds: i64,
}

/// One device behind the count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Its class, such as `workstation`.
    pub class: String,
    /// Its name on the network.
    pub name: String,
    /// Where it stands.
    #[serde(default)]
    pub site: Option<String>,
    /// The first day that it counted.
    pub in_service_on: Date,
}

/// One piece of work and what it cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeEntry {
    /// When the work began, in the client's time zone.
    pub started_at: DateTime,
    /// The ticket's name or number.
    #[serde(default)]
    pub ticket: Option<String>,
    /// Who did the work.
    pub technician: String,
    /// What was done. May be long and have several lines.
    #[serde(default)]
    pub note: String,
    /// The time that the work took.
    pub actual_seconds: i64,
    /// The time that the agreement makes of it.
    pub billable_seconds: i64,
    /// Where each part of the time went, and why.
    pub parts: Vec<EntryPart>,
}

/// Part of a time entry with one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryPart {
    /// The reason, such as `drawn from March allowance`.
    pub text: String,
    /// How much of the time.
    pub seconds: i64,
}
