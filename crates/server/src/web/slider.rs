//! Numbers of forms: sliders, and what comes back of them. What a number means is decided where it is asked for.

use crate::error::{AppError, FieldProblem};

/// The fields of a query or a form, by name.
pub type Pairs = Vec<(String, String)>;

/// What a slider moves; `ui::slider` draws it.
#[derive(Clone, Debug)]
pub struct Slider {
    /// The field.
    pub name: &'static str,
    /// What it says.
    pub label: &'static str,
    /// Where it stands.
    pub value: f64,
    /// The least, the most, and what lies between two places.
    pub reach: (f64, f64, f64),
    /// Behind the number.
    pub unit: &'static str,
}

impl Slider {
    /// The least.
    #[must_use]
    pub fn low(&self) -> String {
        trimmed(self.reach.0)
    }

    /// The most; never less than where it stands.
    #[must_use]
    pub fn high(&self) -> String {
        trimmed(self.reach.1.max(self.value))
    }

    /// What lies between two places.
    #[must_use]
    pub fn step(&self) -> String {
        trimmed(self.reach.2)
    }

    /// Where it stands.
    #[must_use]
    pub fn shown(&self) -> String {
        trimmed(self.value)
    }
}

/// A number without the noise of fractions.
#[must_use]
pub fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The numbers of the known fields, and each field that holds none; empty ones are left out, and so are fields that nobody knows.
#[must_use]
pub fn numbers(pairs: &Pairs, known: &[&'static str]) -> (Vec<(&'static str, f64)>, Vec<FieldProblem>) {
    let (mut numbers, mut problems) = (Vec::new(), Vec::new());
    for (name, text) in pairs {
        let Some(name) = known.iter().find(|known| *known == name) else { continue };
        let text = text.trim();
        match text.parse::<f64>() {
            _ if text.is_empty() => {}
            Ok(number) if number.is_finite() => numbers.push((*name, number)),
            _ => problems.push(FieldProblem::new(*name, format!("`{text}` is not a number such as 1.5"))),
        }
    }
    (numbers, problems)
}

/// The same where all of them have to be numbers.
///
/// # Errors
///
/// Names each field that holds no number.
pub fn only_numbers(pairs: &Pairs, known: &[&'static str]) -> Result<Vec<(&'static str, f64)>, AppError> {
    let (numbers, problems) = numbers(pairs, known);
    if problems.is_empty() { Ok(numbers) } else { Err(AppError::Invalid(problems)) }
}

/// A seed: a whole number, what does not fit is brought near.
#[must_use]
pub fn seed(number: f64) -> u64 {
    u64::try_from(quarterhour_risk::number::index(number.clamp(0.0, 1e9))).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_told_at_its_field() {
        let pairs =
            |list: &[(&str, &str)]| list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<Pairs>();
        let read = numbers(&pairs(&[("a", " 2.5 "), ("b", ""), ("c", "-3"), ("other", "x")]), &["a", "b", "c"]);
        assert_eq!(read, (vec![("a", 2.5), ("c", -3.0)], Vec::new()));
        for wrong in ["x", "NaN", "inf", "1e999", "1,5"] {
            let (_, problems) = numbers(&pairs(&[("a", "1"), ("b", wrong)]), &["a", "b"]);
            assert_eq!(problems.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(), ["b"]);
        }
    }

    #[test]
    fn numbers_are_shown_without_noise() {
        assert_eq!([trimmed(40.0), trimmed(5.40), trimmed(0.1 + 0.2), trimmed(-100.0)], ["40", "5.4", "0.3", "-100"]);
    }
}
