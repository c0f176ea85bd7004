//! The axes of the comparison's charts: where a number stands, and which round numbers are marked.
//!
//! Nothing here knows about paper or about what the numbers mean.

use serde::Serialize;

/// Numbers beyond this, or none at all, cannot be drawn.
const VALUE_MAX: f64 = 1e15;
/// What remains of a share after division, and is not a step of its own.
const CRUMB: f64 = 1e-9;

/// A label at a place on an axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Mark {
    pub(crate) at: f64,
    pub(crate) text: String,
}

/// Whether a number can be drawn.
pub(crate) fn is_drawable(value: f64) -> bool {
    value.abs() <= VALUE_MAX
}

/// A straight scale from one number to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    /// From the least to the most, with at most so many spaces between marks.
    pub(crate) fn exact(low: f64, high: f64, spaces: f64) -> Self {
        let high = if high > low { high } else { low + (low.abs() * 0.1).max(1.0) };
        Self { low, high, step: nice((high - low) / spaces) }
    }

    /// The same, widened to whole steps.
    pub(crate) fn whole(low: f64, high: f64, spaces: f64) -> Self {
        let Self { low, high, step } = Self::exact(low, high, spaces);
        Self { low: (low / step + CRUMB).floor() * step, high: (high / step - CRUMB).ceil() * step, step }
    }

    /// Where a number stands: 0 at the low end, 1 at the high one. What is beyond stands at the end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Whether a number is on the axis.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The round numbers on the axis.
    pub(crate) fn marks(&self, unit: Unit) -> Vec<Mark> {
        let first = (self.low / self.step - CRUMB).ceil();
        let count = ((self.high / self.step + CRUMB).floor() - first).max(0.0) as usize;
        let values = (0..=count).map(|index| (first + index as f64) * self.step);
        values.map(|value| Mark { at: self.place(value), text: unit.text(value, self.step) }).collect()
    }
}

/// The next of 1, 2, 2.5, 5 and 10 times a power of ten.
fn nice(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let times = [1.0, 2.0, 2.5, 5.0].into_iter().find(|times| least <= times * power * (1.0 + CRUMB));
    times.unwrap_or(10.0) * power
}

/// What the numbers of an axis are counted in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Unit {
    divisor: f64,
    /// `million`, or nothing.
    pub(crate) word: &'static str,
}

impl Unit {
    /// Single ones.
    pub(crate) const ONE: Self = Self { divisor: 1.0, word: "" };

    /// The one in which the largest number is short.
    pub(crate) fn of(largest: f64) -> Self {
        let units = [(1e12, "trillion"), (1e9, "billion"), (1e6, "million")];
        let found = units.into_iter().find(|(divisor, _)| largest.abs() >= *divisor);
        found.map_or(Self::ONE, |(divisor, word)| Self { divisor, word })
    }

    /// A number as far as the steps need it, with commas between thousands.
    fn text(self, value: f64, step: f64) -> String {
        let step = step / self.divisor;
        let decimals = (0..4).find(|digits| ((step * 10_f64.powi(*digits)).fract()).abs() < 1e-6).unwrap_or(4);
        let value = value / self.divisor;
        let digits = format!("{:.*}", decimals as usize, value.abs());
        let sign = if value < 0.0 && digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) { "\u{2212}" } else { "" };
        format!("{sign}{}", grouped(&digits))
    }
}

/// A number without decimals, with commas between thousands.
pub(crate) fn rounded(value: f64) -> String {
    Unit::ONE.text(value.round(), 1.0)
}

/// `12345.5` as `12,345.5`.
fn grouped(digits: &str) -> String {
    let whole = digits.find('.').unwrap_or(digits.len());
    let mut grouped = String::with_capacity(digits.len() + 4);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index < whole && (whole - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: Axis, unit: Unit) -> Vec<String> {
        axis.marks(unit).into_iter().map(|mark| mark.text).collect()
    }

    #[test]
    fn marks_are_round_numbers() {
        assert_eq!(
            texts(Axis::whole(0.0, 27_800.0, 6.0), Unit::ONE),
            ["0", "5,000", "10,000", "15,000", "20,000", "25,000", "30,000"]
        );
        assert_eq!(texts(Axis::exact(18.0, 47.0, 6.0), Unit::ONE), ["20", "25", "30", "35", "40", "45"]);
        assert_eq!(texts(Axis::whole(-3.0, 3.0, 3.0), Unit::ONE), ["\u{2212}4", "\u{2212}2", "0", "2", "4"]);
        assert_eq!(texts(Axis::whole(0.0, 1.0, 4.0), Unit::ONE), ["0.00", "0.25", "0.50", "0.75", "1.00"]);
    }

    #[test]
    fn large_numbers_are_counted_in_millions() {
        let unit = Unit::of(2_400_000.0);
        assert_eq!(unit.word, "million");
        assert_eq!(texts(Axis::whole(0.0, 2_400_000.0, 5.0), unit), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]);
    }

    #[test]
    fn an_axis_without_width_still_places_its_number() {
        let axis = Axis::exact(0.0, 0.0, 5.0);
        assert_eq!(axis.place(0.0), 0.0);
        assert!(!axis.marks(Unit::ONE).is_empty());
    }

    #[test]
    fn what_is_no_number_cannot_be_drawn() {
        assert!([f64::NAN, f64::INFINITY, -1e16].into_iter().all(|value| !is_drawable(value)));
        assert!(is_drawable(-1e15) && is_drawable(0.0));
    }
}
