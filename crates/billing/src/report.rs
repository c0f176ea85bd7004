//! A statement as the JSON of section 13: times in seconds, money as texts. It only writes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::device::DeviceCount;
use crate::number::Currency;
use crate::statement::{Line, ReserveTotals, Statement, TimeTotals};
use crate::time::Period;

/// The result of a bill run for one period.
#[derive(Clone, Debug, Serialize)]
pub struct PeriodReport<'a> {
    /// The period.
    pub period: Period,
    /// By client, then agreement.
    pub statements: Vec<&'a StatementReport>,
}

/// One statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatementReport {
    /// The client's code.
    pub client: String,
    /// The agreement's name.
    pub agreement: Option<String>,
    /// The program's name.
    pub program: Cow<'static, str>,
    /// The currency's code.
    pub currency: Cow<'static, str>,
    /// Devices by class.
    #[serde(with = "count")]
    pub count: DeviceCount,
    /// Seconds.
    pub time: TimeTotals,
    /// Money of the reserve.
    pub reserve: Option<ReserveReport>,
    /// Printed lines.
    pub lines: Vec<LineReport>,
    /// Sum of the lines.
    pub net: String,
    /// Tax on it.
    pub tax: String,
    /// Both.
    pub total: String,
}

/// Money of a reserve.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReserveReport {
    /// Left from earlier periods.
    pub opening: String,
    /// Granted in this one.
    pub granted: String,
    /// Taken by charged lines.
    pub used: String,
    /// Ended unused.
    pub forfeited: String,
    /// What rolls on.
    pub closing: String,
}

/// One line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LineReport {
    /// What it is for.
    pub kind: Cow<'static, str>,
    /// For people.
    pub text: String,
    /// The tier of charged time.
    pub tier: Option<String>,
    /// The work type of charged time.
    pub work_type: Option<String>,
    /// The band of charged time.
    pub band: Option<Cow<'static, str>>,
    /// Seconds of charged time.
    pub seconds: Option<i64>,
    /// A plain decimal.
    pub quantity: String,
    /// Of what.
    pub unit: Cow<'static, str>,
    /// A plain decimal.
    pub price: String,
    /// With the digits of the minor unit.
    pub amount: String,
}

mod count {
    use std::collections::BTreeMap;

    use serde::de::Deserialize;
    use serde::ser::{SerializeMap, Serializer};

    use crate::device::{DeviceClass, DeviceCount};

    pub(super) fn serialize<S: Serializer>(count: &DeviceCount, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (class, number) in count.listed() {
            map.serialize_entry(class.name(), &number)?;
        }
        map.end()
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<DeviceCount, D::Error> {
        let map: BTreeMap<DeviceClass, i64> = BTreeMap::deserialize(deserializer)?;
        Ok(DeviceCount::from_classes(|class| map.get(&class).copied().unwrap_or(0)))
    }
}

/// Writes a statement of a client.
#[must_use]
pub fn statement_report(client: &str, statement: &Statement) -> StatementReport {
    let currency = statement.currency;
    StatementReport {
        client: client.to_owned(),
        agreement: statement.agreement.clone(),
        program: statement.program.name().into(),
        currency: currency.code().into(),
        count: statement.count,
        time: statement.time,
        reserve: statement.reserve.map(|reserve| reserve_report(&reserve, currency)),
        lines: statement.lines.iter().map(|line| line_report(line, currency)).collect(),
        net: currency.format(statement.net),
        tax: currency.format(statement.tax),
        total: currency.format(statement.total),
    }
}

fn reserve_report(reserve: &ReserveTotals, currency: Currency) -> ReserveReport {
    ReserveReport {
        opening: currency.format(reserve.opening),
        granted: currency.format(reserve.granted),
        used: currency.format(reserve.used),
        forfeited: currency.format(reserve.forfeited),
        closing: currency.format(reserve.closing),
    }
}

fn line_report(line: &Line, currency: Currency) -> LineReport {
    LineReport {
        kind: line.kind.name().into(),
        text: line.text.clone(),
        tier: line.tier.clone(),
        work_type: line.work_type.clone(),
        band: line.band.map(|band| band.name().into()),
        seconds: line.seconds,
        quantity: line.quantity.clone(),
        unit: line.unit.into(),
        price: line.price.clone(),
        amount: currency.format(line.amount),
    }
}
