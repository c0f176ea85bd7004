//! A time entry as the engine sees it: what decides money and hours, and nothing else.

use compact_str::CompactString;

use crate::word::Word;

/// The most minutes that one entry may have: 366 days.
pub const MINUTES_MAX: u32 = 527_040;

/// Work that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeEntry {
    /// Its id in the books, unique within a provider.
    pub id: CompactString,
    /// The ticket it belongs to; may be empty.
    pub ticket: CompactString,
    /// Its start in Unix seconds.
    pub started_at: i64,
    /// Actual minutes.
    pub minutes: u32,
    /// The skill that the work needed.
    pub tier: Word,
    /// What kind of work it was.
    pub work_type: Word,
    /// The device that was worked on.
    pub device: WorkedOn,
    /// Does it count at all?
    pub billing: Billing,
}

impl TimeEntry {
    /// Actual time in seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        i64::from(self.minutes) * 60
    }
}

/// The device that an entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkedOn {
    /// None.
    NoDevice,
    /// One of the client's list: the position of the first device with that name, the list sorted by name.
    Listed(u32),
    /// A name that is not on the client's list.
    Unlisted,
}

/// Whether an entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billing {
    /// It counts.
    Billable,
    /// Courtesy: marked as not billable.
    NotBillable,
    /// Courtesy: the provider's own error or rework.
    ProviderCause,
}
