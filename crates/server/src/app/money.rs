//! Money as texts and as minor units. It rounds nothing.

use quarterhour_billing::{Currency, Decimal};

/// Minor units of an amount as results print it: digits, a point, the digits of the minor unit.
#[must_use]
pub fn minor(amount: &str) -> Option<i64> {
    amount.replace('.', "").parse().ok()
}

/// Reads what a person types as an amount: `1250`, `1,250.00`, `1250.5`. Not more decimals than the currency has.
///
/// # Errors
///
/// Says what was expected.
pub fn parse(text: &str, currency: Currency) -> Result<i64, String> {
    let plain: String = text.trim().chars().filter(|letter| !matches!(letter, ',' | ' ' | '\'' | '\u{a0}')).collect();
    let digits = usize::from(currency.digits());
    let expected = || {
        let example = if digits == 0 { "1250".to_owned() } else { format!("1250.{}", "0".repeat(digits)) };
        format!("`{}`; expected an amount such as {example}", text.trim())
    };
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
    let text = currency.format(amount.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(whole, fraction)| (whole, Some(fraction)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if amount < 0 { "\u{2212}" } else { "" };
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    format!("{sign}{} {grouped}{fraction}", currency.code())
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
