//! The rows of the three CSV files, checked field by field. References between files are the folder's matter.

use quarterhour_billing::{Billing, Currency, Day, Decimal, Device, DeviceClass, EARLIEST, LATEST, MINUTES_MAX};

use crate::problem::shown;
use crate::table::{Column, Row, optional, required};

/// The columns of `clients.csv`.
pub const CLIENT_COLUMNS: &[Column] = &[
    required("code"),
    required("name"),
    optional("email"),
    optional("currency"),
    optional("time_zone"),
    optional("tax_percent"),
    optional("street"),
    optional("city"),
    optional("postcode"),
    optional("region"),
    optional("country"),
    optional("tax_id"),
];

/// The columns of `devices.csv`.
pub const DEVICE_COLUMNS: &[Column] = &[
    required("client"),
    required("name"),
    required("class"),
    required("in_service"),
    optional("retired"),
    optional("serial"),
    optional("site"),
];

/// The columns of `time_entries.csv`.
pub const ENTRY_COLUMNS: &[Column] = &[
    required("id"),
    required("client"),
    optional("ticket"),
    optional("technician"),
    required("started_at"),
    required("minutes"),
    optional("tier"),
    optional("work_type"),
    optional("device"),
    optional("billable"),
    optional("cause"),
    Column { name: "note", required: false, length_max: 20_000 },
];

/// A row of `clients.csv`, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientRow {
    /// Its code, unique.
    pub code: String,
    /// The other fields, in the order of [`CLIENT_COLUMNS`].
    pub fields: [String; 11],
}

impl ClientRow {
    /// A field by its column's name; empty when there is none.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        let position = CLIENT_COLUMNS.iter().skip(1).position(|column| column.name == name);
        position.and_then(|position| self.fields.get(position)).map_or("", String::as_str)
    }
}

/// A client's currency, time zone and tax, where its row says them.
#[derive(Clone, Debug, Default)]
pub struct ClientTerms {
    /// What it pays in.
    pub currency: Option<Currency>,
    /// The IANA name of its time zone.
    pub time_zone: Option<String>,
    /// Tax on everything.
    pub tax_percent: Decimal,
}

/// Reads a row of `clients.csv`.
pub fn client(row: &Row<'_, '_>) -> (ClientRow, ClientTerms) {
    let code = row.name(0).to_owned();
    row.name(1);
    let position = |name: &str| CLIENT_COLUMNS.iter().position(|column| column.name == name).unwrap_or(0);
    let fields = std::array::from_fn(|index| row.text(index + 1).to_owned());
    let (currency_at, zone_at, tax_at) = (position("currency"), position("time_zone"), position("tax_percent"));
    let currency = Some(row.get(currency_at)).filter(|code| !code.is_empty()).and_then(|code| {
        let currency = Currency::parse(code);
        if currency.is_none() {
            row.problem(currency_at, format!("{}; expected a currency of ISO 4217 such as USD", shown(code)));
        }
        currency
    });
    let time_zone = Some(row.get(zone_at)).filter(|name| !name.is_empty()).map(str::to_owned);
    if time_zone.as_ref().is_some_and(|name| jiff::tz::TimeZoneDatabase::bundled().get(name).is_err()) {
        row.problem(zone_at, format!("{}; expected an IANA time zone such as America/New_York", shown(row.get(zone_at))));
    }
    let tax = row.get(tax_at);
    let tax_percent = if tax.is_empty() { Ok(Decimal::ZERO) } else { Decimal::parse(tax) };
    let tax_percent = tax_percent.ok().filter(|percent| *percent <= Decimal::whole(100)).unwrap_or_else(|| {
        row.problem(tax_at, format!("{}; expected a percentage from 0 to 100 such as 8.25", shown(tax)));
        Decimal::ZERO
    });
    (ClientRow { code, fields }, ClientTerms { currency, time_zone, tax_percent })
}

/// Reads a row of `devices.csv`: the client's code and the device.
pub fn device(row: &Row<'_, '_>) -> Option<(String, Device)> {
    let client = row.name(0).to_owned();
    let name = row.name(1).to_owned();
    let class = DeviceClass::parse(row.get(2));
    if class.is_none() {
        let names = DeviceClass::ALL.map(DeviceClass::name).join(", ");
        row.problem(2, format!("{}; expected {names}", shown(row.get(2))));
    }
    let in_service = date(row, 3);
    let retired = if row.get(4).is_empty() { None } else { date(row, 4) };
    if in_service.zip(retired).is_some_and(|(from, to)| to < from) {
        row.problem(4, format!("{}; expected a day on or after `in_service`", shown(row.get(4))));
    }
    let (serial, site) = (row.text(5).to_owned(), row.text(6).to_owned());
    Some((client, Device { name, class: class?, in_service: in_service?, retired, serial, site }))
}

fn date(row: &Row<'_, '_>, column: usize) -> Option<Day> {
    let text = row.get(column);
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = text.parse::<jiff::civil::Date>().ok().filter(|date| plain && (1970..2100).contains(&date.year()));
    if date.is_none() {
        row.problem(column, format!("{}; expected a date such as 2026-01-31", shown(text)));
    }
    date.map(Day::from_date)
}

/// A row of `time_entries.csv`, borrowed from the file.
#[derive(Clone, Debug)]
pub struct EntryRow<'r> {
    /// Its line.
    pub line: usize,
    /// Its id, unique.
    pub id: &'r str,
    /// The client's code.
    pub client: &'r str,
    /// The ticket; may be empty.
    pub ticket: &'r str,
    /// Who worked.
    pub technician: &'r str,
    /// Its start in Unix seconds.
    pub started_at: i64,
    /// Actual minutes.
    pub minutes: u32,
    /// The tier, `technician` where the row has none.
    pub tier: &'r str,
    /// The work type, `remote` where the row has none.
    pub work_type: &'r str,
    /// The device's name; may be empty.
    pub device: &'r str,
    /// As the row says.
    pub billable: bool,
    /// As the row says.
    pub provider_cause: bool,
    /// Free text.
    pub note: &'r str,
}

impl EntryRow<'_> {
    /// Whether it counts.
    #[must_use]
    pub fn billing(&self) -> Billing {
        match (self.provider_cause, self.billable) {
            (true, _) => Billing::ProviderCause,
            (false, false) => Billing::NotBillable,
            (false, true) => Billing::Billable,
        }
    }
}

/// Reads a row of `time_entries.csv`.
pub fn entry<'r>(row: &'r Row<'_, '_>) -> Option<EntryRow<'r>> {
    let started_at = instant(row.get(4));
    if let Err(expected) = started_at {
        row.problem(4, format!("{}; expected {expected}", shown(row.get(4))));
    }
    let minutes = minutes(row.get(5));
    if minutes.is_none() {
        row.problem(5, format!("{}; expected whole minutes from 0 to {MINUTES_MAX}", shown(row.get(5))));
    }
    let or = |text: &'r str, other: &'r str| if text.is_empty() { other } else { text };
    let billable = flag(row, 9, [("true", true), ("false", false)], true);
    let provider_cause = flag(row, 10, [("client", false), ("provider", true)], false);
    Some(EntryRow {
        line: row.line,
        id: row.name(0),
        client: row.get(1),
        ticket: row.text(2),
        technician: row.text(3),
        started_at: started_at.ok()?,
        minutes: minutes?,
        tier: or(row.text(6), "technician"),
        work_type: or(row.text(7), "remote"),
        device: row.text(8),
        billable,
        provider_cause,
        note: row.text(11),
    })
}

fn minutes(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|minutes| plain && *minutes <= MINUTES_MAX)
}

fn flag(row: &Row<'_, '_>, column: usize, values: [(&str, bool); 2], default: bool) -> bool {
    let text = row.get(column);
    if text.is_empty() {
        return default;
    }
    values.iter().find(|(name, _)| *name == text).map_or_else(
        || {
            row.problem(column, format!("{}; expected {} or {}", shown(text), values[0].0, values[1].0));
            default
        },
        |(_, value)| *value,
    )
}

/// Reads an instant of RFC 3339 with its offset, in Unix seconds; a fraction of a second is dropped.
///
/// # Errors
///
/// Says what was expected.
pub fn instant(text: &str) -> Result<i64, &'static str> {
    const EXPECTED: &str = "a time of RFC 3339 with its offset such as 2026-01-31T09:30:00-05:00";
    let bytes = text.as_bytes();
    let (Some(stamp), Some(rest)) = (bytes.get(..19), bytes.get(19..)) else { return Err(EXPECTED) };
    let number = |from: usize, to: usize| digits(stamp.get(from..to).unwrap_or(&[]));
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    let marked = marks.iter().all(|(at, mark)| stamp.get(*at) == Some(mark)) && matches!(stamp.get(10), Some(b'T' | b't'));
    let fields = (number(0, 4), number(5, 7), number(8, 10), number(11, 13), number(14, 16), number(17, 19));
    let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) = fields else { return Err(EXPECTED) };
    if !marked || hour > 23 || minute > 59 || second > 59 || !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return Err(EXPECTED);
    }
    let offset = offset(fraction_end(rest).ok_or(EXPECTED)?).ok_or(EXPECTED)?;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    if (EARLIEST..LATEST).contains(&seconds) { Ok(seconds) } else { Err("a time from 1990 to 2099") }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// What stands behind the fraction of a second, if there is one.
fn fraction_end(rest: &[u8]) -> Option<&[u8]> {
    let Some(fraction) = rest.strip_prefix(b".") else { return Some(rest) };
    let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=9).contains(&length).then(|| fraction.get(length..)).flatten()
}

fn offset(text: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match text {
        [b'Z' | b'z'] => return Some(0),
        [b'+', a, b, b':', c, d] => (1, digits(&[*a, *b])?, digits(&[*c, *d])?),
        [b'-', a, b, b':', c, d] => (-1, digits(&[*a, *b])?, digits(&[*c, *d])?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar, counted from March so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}
