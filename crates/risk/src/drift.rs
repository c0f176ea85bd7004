//! How far the two halves of a month lie apart, beyond chance: what came so far says less about what is to come than it seems to.

use std::collections::BTreeMap;
use std::ops::Add;

use quarterhour_billing::Period;

use crate::number::{float, sum};
use crate::seen::{Month, Seen};
use crate::workday::Worth;

/// The variance of a half's rate around its month's before any month was seen: a fifth up or down in two of three cases.
const ASSUMED: f64 = 0.05;
/// So many months weigh as much as what is assumed.
const MONTHS: f64 = 6.0;
/// Days of a month's first half.
const MIDDLE: i64 = 15;

/// The variance of a half's rate around its month's, as a share of its square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drift {
    /// Of one client.
    pub own: f64,
    /// Of all clients together.
    pub common: f64,
}

/// Visits and business days of the halves of a month.
#[derive(Clone, Copy, Debug, Default)]
struct Halves {
    visits: [f64; 2],
    days: [f64; 2],
}

impl Halves {
    fn new(month: &Month, worth: &Worth) -> Self {
        let (first, end) = (month.period.first_day(), month.period.end());
        let middle = first.plus(MIDDLE);
        let (all, early) = (float(month.visits().len()), float(month.before(middle).len()));
        Self { visits: [early, all - early], days: [worth.between(month, first, middle), worth.between(month, middle, end)] }
    }

    /// The squared distance of the halves' rates beyond what chance explains, and what a variance of 1 would add to it. Both are
    /// divided by the rate, so that months weigh by their visits.
    fn apart(&self, bunching: f64) -> Option<(f64, f64)> {
        let ([early, late], [first, second]) = (self.visits, self.days);
        let rate = (early + late) / (first + second);
        let told = first > 0.0 && second > 0.0 && rate > 0.0;
        let chance = rate * (1.0 + bunching) * (1.0 / first + 1.0 / second);
        told.then(|| (((early / first - late / second).powi(2) - chance) / (rate + 1.0), 2.0 * rate * rate / (rate + 1.0)))
    }
}

impl Add for Halves {
    type Output = Self;

    /// The visits of both. Their days are the same ones.
    fn add(self, other: Self) -> Self {
        let ([early, late], [also_early, also_late]) = (self.visits, other.visits);
        Self { visits: [early + also_early, late + also_late], days: other.days }
    }
}

impl Drift {
    /// Learns from the months of all clients before one, whose days bunch so much.
    pub(crate) fn learn<'a>(all: impl Iterator<Item = &'a Seen>, period: Period, (worth, bunching): (&Worth, f64)) -> Self {
        let (mut own, mut together): (Vec<Halves>, BTreeMap<Period, Halves>) = Default::default();
        for month in all.flat_map(|seen| seen.before(period)) {
            let halves = Halves::new(month, worth);
            own.push(halves);
            let sum = together.entry(month.period).or_default();
            *sum = *sum + halves;
        }
        let months = float(together.len());
        let of = |all: &mut dyn Iterator<Item = Halves>| {
            let apart: Vec<(f64, f64)> = all.filter_map(|halves| halves.apart(bunching)).collect();
            let (over, one) = (sum(apart.iter().map(|it| it.0)), sum(apart.iter().map(|it| it.1)));
            let seen = if one > 0.0 { (over / one).max(0.0) } else { ASSUMED };
            (months * seen + MONTHS * ASSUMED) / (months + MONTHS)
        };
        Self { own: of(&mut own.into_iter()), common: of(&mut together.into_values()) }
    }
}

#[cfg(test)]
mod tests {
    use quarterhour_billing::Calendar;

    use super::*;
    use crate::visits::Visit;
    use crate::visits::tests::{client, week};

    fn period(text: &str) -> Period {
        Period::parse(text).expect("a period")
    }

    /// Clients whose first half of a month has so many visits a day, and its second.
    fn drift(clients: usize, halves: impl Fn(usize, usize) -> [usize; 2]) -> Drift {
        let calendar = Calendar::new(week(7), Vec::new());
        let (first, until) = (period("2024-01"), period("2025-12"));
        let one = |client_number: usize| {
            let days = std::iter::successors(Some(first.first_day()), |day| Some(day.next())).take_while(|day| *day < until.end());
            let visits = days.flat_map(|day| {
                let month = usize::try_from(day.period().since(first)).expect("later");
                let [early, late] = halves(client_number, month);
                let count = if day.since(day.period().first_day()) < MIDDLE { early } else { late };
                std::iter::repeat_n(Visit { day, hours: 0.5 }, count)
            });
            Seen::new(&client(), &calendar, &visits.collect::<Vec<_>>(), (first, until))
        };
        let seen: Vec<Seen> = (0..clients).map(one).collect();
        let worth = Worth::learn(seen.iter(), until.next());
        Drift::learn(seen.iter(), until.next(), (&worth, 0.0))
    }

    #[test]
    fn even_months_leave_a_little_doubt_only() {
        let drift = drift(4, |_, _| [10, 10]);
        // 18 months that count, against the 6 that are assumed.
        let left = 6.0 * ASSUMED / 24.0;
        assert!((drift.own - left).abs() < 1e-9 && (drift.common - left).abs() < 1e-9, "{drift:?}");
    }

    #[test]
    fn what_clients_do_for_themselves_is_no_common_drift() {
        // Half of the clients go from 15 to 5, the others from 5 to 15: together nothing moves.
        let drift = drift(4, |client, _| if client % 2 == 0 { [15, 5] } else { [5, 15] });
        assert!((0.3..0.4).contains(&drift.own), "{drift:?}");
        assert!(drift.common < 0.02, "{drift:?}");
    }

    #[test]
    fn what_all_do_together_is() {
        let drift = drift(4, |_, month| if month % 2 == 0 { [15, 5] } else { [5, 15] });
        assert!((0.3..0.4).contains(&drift.common), "{drift:?}");
    }
}
