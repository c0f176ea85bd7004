//! Exact numbers: prices, multipliers, percentages, currencies and the one rounding they share.
//! No floats, and no amount of money without the currency's minor unit in sight.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Steps of one whole in a [`Decimal`]: four decimals.
const SCALE: i64 = 10_000;
/// The largest decimal that is accepted: a thousand million.
const LARGEST: i64 = 1_000_000_000 * SCALE;
/// Seconds of an hour.
pub const HOUR: i64 = 3_600;

/// Divides and rounds to the nearest whole; a half goes away from zero.
///
/// For the positive numbers of a bill that is "half up"; a credit mirrors the charge it takes back.
///
/// # Panics
///
/// Panics when `den` is not positive, which no caller can do.
#[must_use]
pub fn half_up(num: i128, den: i128) -> i128 {
    assert!(den > 0, "a divisor must be positive");
    if num >= 0 { (num * 2 + den) / (den * 2) } else { -((-num * 2 + den) / (den * 2)) }
}

/// [`half_up`] for results that fit 64 bits.
///
/// # Panics
///
/// Panics when the result leaves 64 bits: limits on every input keep it far inside.
#[must_use]
pub fn half_up_i64(num: i128, den: i128) -> i64 {
    let rounded = half_up(num, den);
    assert!(i64::try_from(rounded).is_ok(), "a sum left the range of 64 bits");
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

/// A decimal of up to four places, never negative: a price, a multiplier, a percentage or hours.
///
/// ```
/// use quarterhour_billing::Decimal;
/// assert_eq!(Decimal::parse("187.50").unwrap().to_string(), "187.5");
/// assert!(Decimal::parse("1.00001").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i64);

/// Why a text is not a [`Decimal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// It is not written as digits with an optional point.
    #[error("expected a decimal number such as 187.50")]
    Malformed,
    /// More than four decimals.
    #[error("expected at most 4 decimals")]
    TooFine,
    /// Above a thousand million.
    #[error("expected a number up to 1000000000")]
    TooLarge,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(SCALE);

    /// A whole number.
    #[must_use]
    pub fn whole(value: u32) -> Self {
        Self(i64::from(value) * SCALE)
    }

    /// Reads digits with an optional point and one to four decimals.
    ///
    /// # Errors
    ///
    /// Refuses signs, exponents, more than four decimals and numbers above a thousand million.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(DecimalError::Malformed);
        }
        if fraction.len() > 4 {
            return Err(DecimalError::TooFine);
        }
        let whole: i64 = whole.parse().map_err(|_| DecimalError::TooLarge)?;
        let fraction: i64 = format!("{fraction:0<4}").parse().map_err(|_| DecimalError::Malformed)?;
        let value = whole.checked_mul(SCALE).and_then(|scaled| scaled.checked_add(fraction));
        value.filter(|value| *value <= LARGEST).map(Self).ok_or(DecimalError::TooLarge)
    }

    /// Is it nought?
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Ten-thousandths.
    #[must_use]
    pub(crate) fn steps(self) -> i128 {
        i128::from(self.0)
    }

    /// This many hours as seconds, or nothing when that is not a whole number of seconds.
    #[must_use]
    pub fn hours_to_seconds(self) -> Option<i64> {
        let seconds = self.0.checked_mul(HOUR)?;
        (seconds % SCALE == 0).then_some(seconds / SCALE)
    }

    /// This share of `value`, taken as a multiplier, half up.
    #[must_use]
    pub fn times(self, value: i64) -> i64 {
        if self == Self::ONE {
            return value;
        }
        half_up_i64(i128::from(value) * self.steps(), i128::from(SCALE))
    }

    /// Is this multiple of `value` whole, so that nothing is rounded?
    #[must_use]
    pub fn is_whole(self, value: i64) -> bool {
        self == Self::ONE || i128::from(value) * self.steps() % i128::from(SCALE) == 0
    }

    /// `value` divided by this multiplier, half up.
    #[must_use]
    pub fn divide(self, value: i64) -> i64 {
        if self == Self::ONE {
            return value;
        }
        half_up_i64(i128::from(value) * i128::from(SCALE), self.steps())
    }

    /// This many percent of `value`, half up.
    #[must_use]
    pub fn percent_of(self, value: i64) -> i64 {
        half_up_i64(i128::from(value) * self.steps(), 100 * i128::from(SCALE))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&plain(i128::from(self.0), 4))
    }
}

impl Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A price an hour with its multiplier already in it: eight decimals, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HourlyPrice(i64);

impl HourlyPrice {
    /// `rate` an hour, times `multiplier`.
    ///
    /// # Panics
    ///
    /// Panics when the product leaves 64 bits; [`Decimal::parse`] and the limit on multipliers keep it inside.
    #[must_use]
    pub fn new(rate: Decimal, multiplier: Decimal) -> Self {
        let product = rate.0.checked_mul(multiplier.0);
        assert!(product.is_some(), "an hourly price left the range of 64 bits");
        Self(product.unwrap_or(i64::MAX))
    }

    /// What `seconds` cost, not rounded, in units that only compare: hundred-millionths of money x seconds.
    #[must_use]
    pub(crate) fn exact(self, seconds: i64) -> i128 {
        i128::from(seconds) * i128::from(self.0)
    }

    /// An amount of money in the units of [`Self::exact`].
    #[must_use]
    pub(crate) fn exact_amount(money: Decimal) -> i128 {
        money.steps() * i128::from(SCALE) * i128::from(HOUR)
    }

    /// What `seconds` cost, rounded half up once, in minor units.
    #[must_use]
    pub fn amount(self, seconds: i64, currency: Currency) -> i64 {
        let scale = i128::from(SCALE) * i128::from(SCALE);
        half_up_i64(self.exact(seconds) * currency.minor_scale(), i128::from(HOUR) * scale)
    }
}

impl fmt::Display for HourlyPrice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&plain(i128::from(self.0), 8))
    }
}

impl Serialize for HourlyPrice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for HourlyPrice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Self)
    }
}

/// A currency of ISO 4217 with the digits of its minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    code: iso_currency::Currency,
    digits: u8,
}

impl Currency {
    /// Finds a currency by its code of three capital letters; codes without a minor unit (gold) are none.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(code)?;
        let digits = u8::try_from(currency.exponent()?).ok()?;
        (digits <= 4).then_some(Self { code: currency, digits })
    }

    /// Its code, such as `USD`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code.code()
    }

    /// Digits behind the point: 2 for USD, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn digits(self) -> u8 {
        self.digits
    }

    /// Minor units in one unit.
    fn minor_scale(self) -> i128 {
        10_i128.pow(u32::from(self.digits))
    }

    /// `price x numerator / denominator` in minor units, half up once.
    #[must_use]
    pub fn amount(self, price: Decimal, numerator: i64, denominator: i64) -> i64 {
        let num = price.steps() * i128::from(numerator) * self.minor_scale();
        half_up_i64(num, i128::from(denominator) * i128::from(SCALE))
    }

    /// Minor units with all the digits of the currency: `1250.00`.
    #[must_use]
    pub fn format(self, minor: i64) -> String {
        let digits = usize::from(self.digits);
        let sign = if minor < 0 { "-" } else { "" };
        let scale = 10_u64.pow(u32::from(self.digits));
        let (whole, fraction) = (minor.unsigned_abs() / scale, minor.unsigned_abs() % scale);
        if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction:0digits$}") }
    }

    /// Minor units as a plain decimal without trailing zeros: `1250`.
    #[must_use]
    pub fn format_plain(self, minor: i64) -> String {
        plain(i128::from(minor), self.digits)
    }
}

/// A plain decimal with commas between groups of three digits: `1,250.00`.
#[must_use]
pub fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("\u{2212}", digits));
    let whole = digits.find('.').unwrap_or(digits.len());
    let mut grouped = sign.to_owned();
    for (index, letter) in digits.chars().enumerate() {
        if index > 0 && index < whole && (whole - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(letter);
    }
    grouped
}

/// Hours and minutes, with seconds only where there are any: `120:00`, `0:07`, `1:00:30`.
#[must_use]
pub fn plain_hours(seconds: i64) -> String {
    let (sign, seconds) = (if seconds < 0 { "-" } else { "" }, seconds.unsigned_abs());
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { format!("{sign}{hours}:{minutes:02}") } else { format!("{sign}{hours}:{minutes:02}:{rest:02}") }
}

/// `value / 10^digits` without trailing zeros.
pub(crate) fn plain(value: i128, digits: u8) -> String {
    let scale = 10_u128.pow(u32::from(digits));
    let (whole, fraction) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    let sign = if value < 0 { "-" } else { "" };
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = format!("{fraction:0width$}", width = usize::from(digits));
    format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

/// Shares `total` over `weights` by the largest remainder, so that no unit is lost.
///
/// Ties go to the earlier weight. Weights that are all nought give everything to the first.
///
/// ```
/// assert_eq!(quarterhour_billing::split(100, &[1, 1, 1]), vec![34, 33, 33]);
/// ```
#[must_use]
pub fn split(total: i64, weights: &[u32]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let exact = |weight: u32| i128::from(total) * i128::from(weight);
    let mut shares: Vec<i64> =
        weights.iter().map(|weight| if sum == 0 { 0 } else { i64::try_from(exact(*weight).div_euclid(sum)).unwrap_or(0) }).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    let remainder = |index: &usize| weights.get(*index).map_or(0, |weight| if sum == 0 { 0 } else { exact(*weight).rem_euclid(sum) });
    order.sort_by_key(|index| std::cmp::Reverse(remainder(index)));
    let mut left = total - shares.iter().sum::<i64>();
    for index in order.iter().cycle().take(if sum == 0 { 1 } else { weights.len() }) {
        let take = if sum == 0 { left } else { left.min(1) };
        if let Some(share) = shares.get_mut(*index) {
            *share += take;
        }
        left -= take;
    }
    assert!(weights.is_empty() || shares.iter().sum::<i64>() == total, "a split must not lose a cent");
    shares
}
