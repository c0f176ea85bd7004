//! Money as texts and as minor units. It rounds nothing.

pub use quarterhour_billing::grouped;
use quarterhour_billing::{Currency, Decimal};

/// Minor units of an amount as results print it: digits, a point, the digits of the minor unit.
#[must_use]
pub fn minor(amount: &str) -> Option<i64> {
    amount.replace('.', "").parse().ok()
}

/// Reads what a person types as an amount: `1250`, `1,250.00`, `1250.5`. Not more decimals than the currency has.
/// Commas, spaces and apostrophes stand between groups of three digits only: `552,50` is refused, not read as 55,250.
///
/// # Errors
///
/// Says what was expected.
pub fn parse(text: &str, currency: Currency) -> Result<i64, String> {
    const BETWEEN: [char; 4] = [',', ' ', '\'', '\u{a0}'];
    let trimmed = text.trim();
    let typed = trimmed.split_once('.').map_or(trimmed, |(whole, _)| whole);
    let groups: Vec<&str> = typed.trim_start_matches('-').split(BETWEEN).collect();
    let is_grouped = groups.len() > 1;
    let is_odd = is_grouped && (groups[0].is_empty() || groups[0].len() > 3 || groups[1..].iter().any(|group| group.len() != 3));
    let plain: String = typed.chars().filter(|letter| !BETWEEN.contains(letter)).chain(trimmed[typed.len()..].chars()).collect();
    let digits = usize::from(currency.digits());
    let expected = || {
        let example = if digits == 0 { "1250".to_owned() } else { format!("1250.{}", "0".repeat(digits)) };
        format!("`{}`; expected an amount such as {example}", text.trim())
    };
    if is_odd {
        return Err(expected());
    }
    Decimal::parse(&plain).map_err(|_| expected())?;
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    if fraction.len() > digits {
        return Err(expected());
    }
    format!("{whole}{fraction:0<digits$}").parse().map_err(|_| expected())
}

/// An amount with its currency: `USD 1,250.00`.
#[must_use]
pub fn shown(amount: i64, currency: Currency) -> String {
    let sign = if amount < 0 { "\u{2212}" } else { "" };
    format!("{sign}{} {}", currency.code(), grouped(&currency.format(amount.abs())))
}

/// Whole units of a currency: `1,234`. Nothing is less than nought by a rounding.
#[must_use]
pub fn rounded(value: f64) -> String {
    grouped(&format!("{:.0}", value.round() + 0.0))
}

/// An average amount with the digits of its currency: `116.38`, or `116` of one without cents.
#[must_use]
pub fn exact(value: f64, currency: &str) -> String {
    let digits = Currency::parse(currency).map_or(2, |currency| usize::from(currency.digits()));
    grouped(&format!("{:.digits$}", value + 0.0))
}

/// A price with all digits of the currency, grouped: `1,160.00`.
#[must_use]
pub fn price(price: &str, currency: &str) -> String {
    let digits = Currency::parse(currency).map_or(0, |currency| usize::from(currency.digits()));
    let (whole, fraction) = price.split_once('.').unwrap_or((price, ""));
    if fraction.len() >= digits { grouped(price) } else { grouped(&format!("{whole}.{fraction:0<digits$}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("a currency")
    }

    #[test]
    fn amounts_are_read_to_the_minor_unit_and_no_further() {
        assert_eq!(parse("1,250.5", currency("USD")), Ok(125_050));
        assert_eq!(parse(" 1250 ", currency("USD")), Ok(125_000));
        assert_eq!(parse("1250", currency("JPY")), Ok(1250));
        assert_eq!(parse("1 234 567.89", currency("USD")), Ok(123_456_789));
        for decimal_comma in ["552,50", "1.250,00", "1,2500", ",500", "12,34,567"] {
            assert!(parse(decimal_comma, currency("USD")).is_err(), "{decimal_comma}");
        }
        assert_eq!(parse("0.125", currency("KWD")), Ok(125));
        for wrong in ["1.005", "-5", "", "ten", "1e3", "."] {
            assert!(parse(wrong, currency("USD")).is_err(), "{wrong}");
        }
        assert!(parse("1.5", currency("JPY")).is_err());
    }

    #[test]
    fn amounts_are_shown_with_their_currency() {
        assert_eq!(shown(123_456_789, currency("USD")), "USD 1,234,567.89");
        assert_eq!(shown(-5, currency("USD")), "\u{2212}USD 0.05");
        assert_eq!(shown(1234, currency("JPY")), "JPY 1,234");
    }
}
