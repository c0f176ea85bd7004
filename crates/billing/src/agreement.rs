//! An agreement: a program as a validated set of clauses. It does no arithmetic.
//!
//! The engine does not know six programs, it knows clauses. What cannot be combined has no
//! place here: prepaid is time, money or neither, so a reserve beside an allowance cannot be written down.

use crate::device::{CountMethod, DeviceClass};
use crate::number::Decimal;
use crate::time::{Day, Period};
use crate::word::Word;

/// The name that an agreement was sold under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Each hour worked, in arrears.
    AdHoc,
    /// Hours in advance.
    BlockOfTime,
    /// A fixed fee for hours by workstation; unused ones are lost.
    UseItOrLoseIt,
    /// A base fee and a money reserve.
    Budget,
    /// A fee per listed device, unlimited work on it.
    FixedRate,
    /// Service lines and any of the clauses.
    Customized,
}

impl Program {
    /// All programs.
    pub const ALL: [Self; 6] = [Self::AdHoc, Self::BlockOfTime, Self::UseItOrLoseIt, Self::Budget, Self::FixedRate, Self::Customized];

    /// Its name in books and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AdHoc => "ad-hoc",
            Self::BlockOfTime => "block-of-time",
            Self::UseItOrLoseIt => "use-it-or-lose-it",
            Self::Budget => "budget",
            Self::FixedRate => "fixed-rate",
            Self::Customized => "customized",
        }
    }

    /// The program of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.name() == name)
    }

    /// Clauses that this program cannot have.
    #[must_use]
    pub fn refused_clauses(self) -> &'static [&'static str] {
        match self {
            Self::AdHoc => &["allowance", "block", "auto_replenish", "reserve", "included"],
            Self::BlockOfTime => &["allowance", "reserve", "included"],
            Self::UseItOrLoseIt => &["reserve", "included"],
            Self::Budget => &["allowance", "block", "auto_replenish", "included"],
            Self::FixedRate => &["allowance", "reserve"],
            Self::Customized => &[],
        }
    }

    /// The clause without which this program is not what its name says.
    #[must_use]
    pub fn required_clause(self) -> Option<&'static str> {
        match self {
            Self::UseItOrLoseIt => Some("allowance"),
            Self::Budget => Some("reserve"),
            Self::FixedRate => Some("included"),
            Self::AdHoc | Self::BlockOfTime | Self::Customized => None,
        }
    }
}

/// What one client and the provider signed, with the dates in force.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// Its name, the name of its file.
    pub name: String,
    /// What it was sold as.
    pub program: Program,
    /// The first day in force.
    pub starts: Day,
    /// The first day no longer in force.
    pub ends: Option<Day>,
    /// The fixed fee.
    pub fee: Option<Fee>,
    /// What the client pays ahead for.
    pub prepaid: Prepaid,
    /// Overage rates.
    pub overage: OverageRates,
    /// How actual time becomes billable time.
    pub rounding: Rounding,
    /// How fast time burns.
    pub weights: Weights,
    /// Rates of its own.
    pub prices: Prices,
    /// What a fixed rate covers.
    pub included: Option<Included>,
    /// Service lines, in file order.
    pub services: Vec<Service>,
    /// Tiers kept by the client's own staff.
    pub internal_tiers: Vec<Word>,
    /// Warnings and the cap on overage.
    pub guard: Guard,
}

impl Agreement {
    /// Is it in force on a day?
    #[must_use]
    pub fn in_force_on(&self, day: Day) -> bool {
        self.starts <= day && self.ends.is_none_or(|ends| day < ends)
    }

    /// The days `[from, to)` of a period in force, if any.
    #[must_use]
    pub fn days_in(&self, period: Period) -> Option<(Day, Day)> {
        let from = self.starts.max(period.first_day());
        let to = self.ends.unwrap_or_else(|| period.end()).min(period.end());
        (from < to).then_some((from, to))
    }

    /// How the first counting clause counts: of allowance, reserve and fee.
    #[must_use]
    pub fn count_method(&self) -> Option<CountMethod> {
        match &self.prepaid {
            Prepaid::Time(TimePools { allowance: Some(allowance), .. }) => Some(allowance.count),
            Prepaid::Money(reserve) => Some(reserve.count),
            Prepaid::Time(_) | Prepaid::Nothing => self.fee.as_ref().map(|fee| fee.count),
        }
    }
}

/// Two agreements of one client that are in force on the same day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("agreements `{first}` and `{second}` are both in force on {day}")]
pub struct Overlap {
    /// The one that starts first.
    pub first: String,
    /// The one that starts while the first is in force.
    pub second: String,
    /// The first such day.
    pub day: Day,
}

/// The agreements of one client, in order of their dates, never two on one day.
#[derive(Clone, Debug, Default)]
pub struct Agreements(Vec<Agreement>);

impl Agreements {
    /// Puts agreements in order.
    ///
    /// # Errors
    ///
    /// Names each pair of neighbours that are both in force on a day.
    pub fn new(mut agreements: Vec<Agreement>) -> Result<Self, Vec<Overlap>> {
        agreements.sort_by(|one, other| (one.starts, &one.name).cmp(&(other.starts, &other.name)));
        let mut overlaps = Vec::new();
        let mut longest: Option<&Agreement> = None;
        for agreement in &agreements {
            if let Some(before) = longest.filter(|before| before.in_force_on(agreement.starts)) {
                let (first, second) = (before.name.clone(), agreement.name.clone());
                overlaps.push(Overlap { first, second, day: agreement.starts });
            }
            let lasts_longer = |before: &Agreement| before.ends.is_some_and(|end| agreement.ends.is_none_or(|other| other > end));
            if longest.is_none_or(lasts_longer) {
                longest = Some(agreement);
            }
        }
        if overlaps.is_empty() { Ok(Self(agreements)) } else { Err(overlaps) }
    }

    /// The agreements, earliest first.
    #[must_use]
    pub fn as_slice(&self) -> &[Agreement] {
        &self.0
    }

    /// The agreement in force on a day, with its position.
    #[must_use]
    pub fn on(&self, day: Day) -> Option<(usize, &Agreement)> {
        self.0.iter().enumerate().find(|(_, agreement)| agreement.in_force_on(day))
    }
}

/// Whether a clause is scaled by the days in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Proration {
    /// Whole, however few days.
    #[default]
    None,
    /// By days in force / days of the period.
    Daily,
}

/// When a fee falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BilledWhen {
    /// At the period's start.
    #[default]
    Advance,
    /// At its end.
    Arrears,
}

/// The fixed fee of a period.
#[derive(Clone, Debug)]
pub struct Fee {
    /// What it is made of.
    pub basis: FeeBasis,
    /// When it falls due.
    pub billed: BilledWhen,
    /// When the devices are counted.
    pub count: CountMethod,
    /// Scaled in a part of a month?
    pub proration: Proration,
}

/// What a fee is made of.
#[derive(Clone, Debug)]
pub enum FeeBasis {
    /// One price.
    Flat(Decimal),
    /// A price for each device of a class.
    PerDevice(Vec<(DeviceClass, Decimal)>),
}

/// What a client pays ahead for: time, money or nothing.
#[derive(Clone, Debug)]
pub enum Prepaid {
    /// Nothing: work is charged, unless blocks pass to the agreement.
    Nothing,
    /// Pools of time.
    Time(TimePools),
    /// A reserve of money.
    Money(Reserve),
}

/// Pools of time that one agreement may have behind each other.
#[derive(Clone, Debug)]
pub struct TimePools {
    /// The period's allowance.
    pub allowance: Option<Allowance>,
    /// Blocks, by purchase date.
    pub blocks: Vec<Block>,
    /// Blocks that are bought when every pool is dry.
    pub auto_replenish: Option<AutoReplenish>,
}

/// Time granted each period.
#[derive(Clone, Debug)]
pub struct Allowance {
    /// How much.
    pub size: AllowanceSize,
    /// When the devices are counted.
    pub count: CountMethod,
    /// What happens to unused time.
    pub rollover: Rollover,
    /// How it meets the calendar.
    pub settlement: Settlement,
    /// Work types that never draw.
    pub excludes: Vec<Word>,
}

/// How an allowance's size follows.
#[derive(Clone, Debug)]
pub enum AllowanceSize {
    /// Minutes for each device of a class.
    PerDevice(Vec<(DeviceClass, u32)>),
    /// Minutes, whatever the devices.
    Fixed(u32),
}

/// Monthly, perhaps prorated; or several months granted at once, which cannot be prorated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Granted and closed each period.
    Monthly(Proration),
    /// Granted for so many periods at once (two or more).
    Months(u32),
}

/// What of the unused lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollover {
    /// For how many later periods; 0: lost.
    pub periods: u32,
    /// At most this percentage of the grant.
    pub cap_percent: Decimal,
}

/// Prepaid hours.
#[derive(Clone, Debug)]
pub struct Block {
    /// The day it was bought.
    pub bought: Day,
    /// Seconds in it.
    pub seconds: i64,
    /// What it cost.
    pub price: Decimal,
    /// Months until it expires; none: never.
    pub expires_months: Option<u32>,
}

impl Block {
    /// The first day on which it no longer serves.
    #[must_use]
    pub fn expires_on(&self) -> Option<Day> {
        self.expires_months.map(|months| self.bought.plus_months(months).next())
    }
}

/// Blocks that are bought by themselves.
#[derive(Clone, Debug)]
pub struct AutoReplenish {
    /// Seconds in each.
    pub seconds: i64,
    /// The price of each.
    pub price: Decimal,
    /// At most so many in a period.
    pub max_per_period: usize,
}

/// Money set aside each period.
#[derive(Clone, Debug)]
pub struct Reserve {
    /// How much.
    pub size: ReserveSize,
    /// When the devices are counted.
    pub count: CountMethod,
    /// What happens to the unused.
    pub rollover: Rollover,
    /// Scaled in a part of a month?
    pub proration: Proration,
    /// Work types that never draw.
    pub excludes: Vec<Word>,
}

/// How a reserve's size follows.
#[derive(Clone, Debug)]
pub enum ReserveSize {
    /// Minutes for each device of a class, at a rate an hour.
    PerDevice {
        /// Minutes by class.
        minutes: Vec<(DeviceClass, u32)>,
        /// Money an hour.
        rate: Decimal,
    },
    /// One amount.
    Fixed(Decimal),
}

/// Rates of overage.
#[derive(Clone, Debug, Default)]
pub struct OverageRates {
    /// For every tier without its own.
    pub rate: Option<Decimal>,
    /// By tier.
    pub tiers: Vec<(Word, Decimal)>,
}

/// What rounding adds up before it rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RoundingScope {
    /// Each entry.
    #[default]
    Entry,
    /// Same ticket, tier, work type and local day of the start.
    TicketDay,
    /// Same ticket, tier and work type within the period.
    Ticket,
}

/// How actual time becomes billable time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounding {
    /// Up to a multiple of so many minutes, at least 1.
    pub increment: u32,
    /// At least so many minutes.
    pub minimum: u32,
    /// What is added up first.
    pub scope: RoundingScope,
}

impl Default for Rounding {
    fn default() -> Self {
        Self { increment: 15, minimum: 15, scope: RoundingScope::Entry }
    }
}

impl Rounding {
    /// Billable seconds for a group's actual seconds: the least multiple of the increment that is at
    /// least the minimum. Zero stays zero.
    #[must_use]
    pub fn round(&self, seconds: i64) -> i64 {
        if seconds == 0 {
            return 0;
        }
        let step = i64::from(self.increment) * 60;
        let least = seconds.max(i64::from(self.minimum) * 60);
        (least + step - 1).div_euclid(step) * step
    }
}

/// How fast billable time burns.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    /// Outside business hours.
    pub after_hours: Option<Decimal>,
    /// By tier.
    pub tiers: Vec<(Word, Decimal)>,
}

/// Prices of the agreement's own.
#[derive(Clone, Debug)]
pub struct Prices {
    /// Multiplies after-hours charged and overage time.
    pub after_hours_price: Decimal,
    /// Its rates.
    pub rates: RateTable,
}

impl Default for Prices {
    fn default() -> Self {
        Self { after_hours_price: Decimal::ONE, rates: RateTable::default() }
    }
}

/// A rate an hour, for a tier, a work type, both or everything else.
#[derive(Clone, Debug)]
pub struct Rate {
    /// For one tier.
    pub tier: Option<Word>,
    /// For one work type.
    pub work_type: Option<Word>,
    /// Money an hour.
    pub hourly: Decimal,
    /// Priced per ticket first.
    pub per_ticket: Option<PerTicket>,
}

/// A price for a ticket.
#[derive(Clone, Copy, Debug)]
pub struct PerTicket {
    /// Once for each ticket.
    pub price: Decimal,
    /// Billable seconds in that price, over the ticket's life.
    pub includes_seconds: i64,
}

/// Rates; the most specific wins.
#[derive(Clone, Debug, Default)]
pub struct RateTable(pub Vec<Rate>);

impl RateTable {
    /// The most specific rate: (tier + work type), (work type), (tier), default. With its position.
    #[must_use]
    pub fn find(&self, tier: Word, work_type: Word) -> Option<(usize, &Rate)> {
        let fits = |rate: &Rate| rate.tier.is_none_or(|it| it == tier) && rate.work_type.is_none_or(|it| it == work_type);
        let rank = |rate: &Rate| (rate.work_type.is_some(), rate.tier.is_some());
        let fitting = self.0.iter().enumerate().filter(|(_, rate)| fits(rate));
        fitting.max_by_key(|(position, rate)| (rank(rate), std::cmp::Reverse(*position)))
    }
}

/// What a fixed rate covers.
#[derive(Clone, Debug)]
pub struct Included {
    /// Classes of listed devices.
    pub classes: Vec<DeviceClass>,
    /// Work types that it does not cover.
    pub excluded_work_types: Vec<Word>,
    /// Tiers that it does not cover.
    pub excluded_tiers: Vec<Word>,
}

/// A service line.
#[derive(Clone, Debug)]
pub struct Service {
    /// What the client reads.
    pub name: String,
    /// What is counted.
    pub unit: ServiceUnit,
    /// The price of one.
    pub price: Decimal,
}

/// What a service line counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceUnit {
    /// Devices of a class: those on the first day, or an agreed number.
    Device(DeviceClass, Option<u32>),
    /// So many users.
    User(u32),
    /// So many sites.
    Site(u32),
    /// So many times.
    Flat(u32),
}

impl ServiceUnit {
    /// Its name in books and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Device(class, _) => class.name(),
            Self::User(_) => "user",
            Self::Site(_) => "site",
            Self::Flat(_) => "flat",
        }
    }
}

/// Warnings and the cap on overage.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Percentages of the period's grant, ascending.
    pub thresholds: Vec<u32>,
    /// The cap on a period's overage.
    pub cap: Option<Cap>,
}

/// A cap on a period's overage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// Money.
    pub amount: Decimal,
    /// What happens past it.
    pub on_cap: OnCap,
}

/// What happens past a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCap {
    /// Worked and shown, billed once released.
    Hold,
    /// Billed all the same.
    Bill,
}
