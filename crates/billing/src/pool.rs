//! Pools of prepaid time and money: what is granted, drawn, forfeited and rolled on.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::number::Decimal;
use crate::time::{Day, Period};

/// What a pool of time is, in the order in which pools are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PoolKind {
    /// What an issued period forfeited, given back to late time.
    Restored,
    /// Allowance of an earlier period that rolled on.
    Rolled,
    /// This period's allowance.
    Allowance,
    /// A prepaid block.
    Block,
}

/// Prepaid time with a grant date and an expiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Its number, unique for the client.
    pub number: u32,
    /// What it is.
    pub kind: PoolKind,
    /// The first day it serves.
    pub granted_on: Day,
    /// The first day it no longer serves.
    pub expires_on: Option<Day>,
    /// Seconds granted.
    pub granted: i64,
    /// Seconds left.
    pub left: i64,
    /// What a block cost.
    pub price: Option<Decimal>,
}

impl Pool {
    /// Does it serve work that starts on a day?
    #[must_use]
    pub fn serves(&self, day: Day) -> bool {
        self.granted_on <= day && !self.expired_by(day)
    }

    /// Is it over on a day?
    #[must_use]
    pub fn expired_by(&self, day: Day) -> bool {
        self.expires_on.is_some_and(|expires| expires <= day)
    }

    /// What a client calls it.
    #[must_use]
    pub fn label(&self) -> String {
        let month = self.granted_on.period();
        match self.kind {
            PoolKind::Restored => "time given back".to_owned(),
            PoolKind::Rolled => format!("rolled over from {month}"),
            PoolKind::Allowance => format!("allowance of {month}"),
            PoolKind::Block => format!("block of {}", self.granted_on),
        }
    }
}

/// The order in which pools are drawn: by kind, earliest expiry, earliest grant.
fn order(pool: &Pool) -> (PoolKind, bool, Option<Day>, Day, u32) {
    (pool.kind, pool.expires_on.is_none(), pool.expires_on, pool.granted_on, pool.number)
}

/// Puts pools in the order in which they are drawn.
pub(crate) fn sort(pools: &mut [Pool]) {
    pools.sort_by_key(order);
}

/// Puts a pool among others that are in the order in which they are drawn; its place.
pub(crate) fn insert(pools: &mut Vec<Pool>, pool: Pool) -> usize {
    let place = pools.partition_point(|other| order(other) < order(&pool));
    pools.insert(place, pool);
    place
}

/// The seconds left in pools.
#[must_use]
pub(crate) fn left(pools: &[Pool]) -> i64 {
    pools.iter().map(|pool| pool.left).sum()
}

/// Money of a reserve, granted for one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyPool {
    /// The period that granted it.
    pub granted_in: Period,
    /// The last period that it serves.
    pub serves_until: Period,
    /// Minor units granted.
    pub granted: i64,
    /// Minor units left.
    pub left: i64,
}

/// What the next period takes over from the ones before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// By the agreement's name; an empty name stands for work without agreement.
    pub agreements: BTreeMap<String, AgreementState>,
    /// The number of the next pool.
    pub next_pool: u32,
}

/// What one agreement carries on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementState {
    /// Pools of time.
    pub pools: Vec<Pool>,
    /// Pools of money, earliest first.
    pub reserve: Vec<MoneyPool>,
    /// Blocks passed to it, used up or not.
    pub received_blocks: bool,
    /// Billable seconds used of a ticket's price, by tier and ticket (joined by U+001F).
    pub tickets: BTreeMap<CompactString, i64>,
    /// What issued periods left for late time.
    pub closed: BTreeMap<Period, ClosedPeriod>,
}

/// What late time of a closed period meets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedPeriod {
    /// Forfeited seconds that were not given back yet.
    pub restorable: i64,
    /// Overage billed so far, in the exact units of the cap.
    #[serde(with = "as_text")]
    pub(crate) overage: i128,
}

/// 128-bit numbers as text: JSON readers elsewhere lose their digits.
mod as_text {
    pub(super) fn serialize<S: serde::Serializer>(value: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        let text: String = serde::Deserialize::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
