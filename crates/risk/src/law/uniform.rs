//! Hours of few tickets that are uniform between two numbers: by the number of tickets, each with the law of Irwin and Hall. The
//! law of the sum has corners that a transform does not bring back.

use crate::frequency::Frequency;
use crate::number::{float, index, sum};

/// With more tickets on average the law is smooth enough for a grid, and the alternating sums lose too much.
const TICKETS_MAX: f64 = 12.0;
/// Numbers of tickets past this chance are left out.
const CHANCE_MIN: f64 = 1e-17;

/// Tickets with uniform hours.
#[derive(Clone, Debug)]
pub(crate) struct Uniforms {
    from: f64,
    width: f64,
    /// The chances of 0, 1, 2... tickets.
    chances: Vec<f64>,
}

impl Uniforms {
    /// Nothing where there are too many tickets for it.
    pub(crate) fn new(frequency: Frequency, (from, to): (f64, f64)) -> Option<Self> {
        if frequency.mean() > TICKETS_MAX || frequency.variance() > 4.0 * TICKETS_MAX || to <= from {
            return None;
        }
        let (mut chances, mut below) = (Vec::new(), 0.0);
        for count in 0..1_000 {
            let chance = frequency.probability(count);
            chances.push(chance);
            below += chance;
            if f64::from(count) > frequency.mean() && (chance < CHANCE_MIN || below >= 1.0) {
                break;
            }
        }
        Some(Self { from, width: to - from, chances })
    }

    /// The sum over the numbers of tickets of their chance and a function of their number and of what is left of `x` beyond the least
    /// they take, in widths.
    fn total(&self, x: f64, of: impl Fn(u32, f64) -> f64) -> f64 {
        let own = |(count, chance): (u32, &f64)| chance * of(count, (x - f64::from(count) * self.from) / self.width);
        sum((0..).zip(&self.chances).map(own))
    }

    /// P(S <= x).
    pub(crate) fn cdf(&self, x: f64) -> f64 {
        self.total(x, |count, left| power(count, left, 0))
    }

    /// E[(x - S)+].
    pub(crate) fn shortfall(&self, x: f64) -> f64 {
        self.width * self.total(x, |count, left| power(count, left, 1))
    }

    /// E[(S - x)+].
    pub(crate) fn excess(&self, x: f64) -> f64 {
        self.width * self.total(x, |count, left| power(count, f64::from(count) - left, 1))
    }

    /// E[((S - x)+)^2].
    pub(crate) fn excess_square(&self, x: f64) -> f64 {
        self.width.powi(2) * self.total(x, |count, left| power(count, f64::from(count) - left, 2))
    }
}

/// E[((z - U)+)^power] for the sum U of so many uniforms between 0 and 1, and a power of 0, 1 or 2: the chance that U is at most z for 0.
fn power(count: u32, z: f64, power: u32) -> f64 {
    let n = f64::from(count);
    if z < 0.0 {
        return 0.0;
    }
    // U lies around its middle: E[(z - U)^power], and by it what lies above z.
    let off = z - n / 2.0;
    let whole = match power {
        0 => 1.0,
        1 => off,
        _ => off * off + n / 12.0,
    };
    if count == 0 || z >= n {
        return whole;
    }
    if off > 0.0 {
        let above = self::power(count, n - z, power);
        return if power == 1 { whole + above } else { whole - above };
    }
    // The terms of the alternating sum, each from the one before but for the power: (-1)^k C(n, k) (z - k)^(n + power).
    let (mut ways, mut total) = (1.0, 0.0);
    let order = n + f64::from(power);
    let falling = sum((1..=count + power).map(|factor| f64::from(factor).ln()));
    for number in 0..=index(z) {
        let rest = z - float(number);
        if rest > 0.0 {
            total += ways * (order * rest.ln() - falling).exp();
        }
        ways *= -(n - float(number)) / float(number + 1);
    }
    total * if power == 2 { 2.0 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_uniforms_make_a_triangle() {
        for (z, wanted) in [(0.5, 0.125), (1.0, 0.5), (1.5, 0.875), (2.0, 1.0), (3.0, 1.0)] {
            assert!((power(2, z, 0) - wanted).abs() < 1e-15, "{z}");
        }
        // E[(z - U)+] by integration of z^2 / 2, and E[(z - U)^2] = 1 / 6 at the middle.
        assert!((power(2, 0.5, 1) - 0.5_f64.powi(3) / 6.0).abs() < 1e-15);
        assert!((power(2, 1.0, 2) - 1.0 / 12.0).abs() < 1e-15);
        assert!((power(2, 3.0, 1) - 2.0).abs() < 1e-15 && (power(2, 3.0, 2) - (4.0 + 1.0 / 6.0)).abs() < 1e-15);
    }

    /// The chance that one ticket of 1 to 3 hours and no other came, and all values by hand where at most one can lie below.
    #[test]
    fn few_tickets_have_corners_where_they_are() {
        let law = Uniforms::new(Frequency::Poisson { mean: 1.0 }, (1.0, 3.0)).expect("few tickets");
        let none = (-1.0_f64).exp();
        assert!((law.cdf(1.0) - none).abs() < 1e-15 && (law.cdf(2.0) - none * 1.5).abs() < 1e-15);
        assert!((law.shortfall(2.0) - (2.0 * none + none * 0.25)).abs() < 1e-14);
        for x in [0.0, 0.5, 1.0, 2.5, 3.0, 7.0, 20.0] {
            assert!((law.excess(x) - (2.0 - x + law.shortfall(x))).abs() < 1e-13, "{x}");
        }
        // The second moment: a variance of E[X^2] = 13 / 3, and the mean squared.
        assert!((law.excess_square(0.0) - (13.0 / 3.0 + 4.0)).abs() < 1e-12);
    }
}
