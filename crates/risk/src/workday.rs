//! What a day is worth: desks have busy Mondays and quiet Fridays, and a little work on days off.

use quarterhour_billing::{Calendar, Client, Day, Period};

use crate::number::{float, sum};
use crate::seen::{Month, Seen};
use crate::visits::open_days;

/// Business days by weekday, and days off.
const KINDS: usize = 8;
/// The kind of a day off.
const OFF: usize = 7;
/// What a day off is worth before any was seen, in business days.
const OFF_WORTH: f64 = 0.03;
/// How far weekdays lie apart from each other, as a variance around 1.
const BETWEEN: f64 = 0.04;
/// How much days of one kind vary for all clients together, beyond chance: storms, school holidays, a bridge day.
const COMMON: f64 = 0.05;

/// The kind of each day of a month.
pub(crate) fn kinds(client: &Client, calendar: &Calendar, period: Period) -> Vec<usize> {
    let open = open_days(client, calendar, period);
    let days = (0..period.days()).map(|offset| period.first_day().plus(offset));
    days.map(|day| if open.binary_search(&day).is_ok() { day.weekday() } else { OFF }).collect()
}

/// What each kind of day is worth, in business days: these are worth 1 on average.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Worth([f64; KINDS]);

impl Worth {
    /// Learns from the months of all clients before one. What few days say is drawn towards all being alike.
    pub(crate) fn learn<'a>(all: impl Iterator<Item = &'a Seen>, period: Period) -> Self {
        let (mut seen, mut clients) = ([(0.0, 0.0); KINDS], 0.0);
        for client in all {
            clients += f64::from(u8::from(client.before(period).next().is_some()));
            for (kind, visits) in client.before(period).flat_map(Month::days) {
                if let Some((days, own)) = seen.get_mut(kind) {
                    *days += 1.0;
                    *own += visits;
                }
            }
        }
        let business = || seen.iter().take(OFF);
        let (days, visits) = (sum(business().map(|it| it.0)), sum(business().map(|it| it.1)));
        let rate = visits / days.max(1.0);
        let mut kind = 0;
        let worth = seen.map(|(days, own)| {
            let assumed = if kind == OFF { OFF_WORTH } else { 1.0 };
            kind += 1;
            if rate <= 0.0 || days <= 0.0 {
                return assumed;
            }
            // A day of one kind is the same day for all clients.
            let doubt = COMMON * clients / days + 1.0 / (rate * days);
            assumed + BETWEEN / (BETWEEN + doubt) * (own / days / rate - assumed)
        });
        let mean = sum(worth.iter().zip(business()).map(|(own, (days, _))| own * days)) / days.max(1.0);
        Self(if mean > 0.0 { worth.map(|own| own / mean) } else { worth })
    }

    /// The days of a month from one to the day before another, in business days.
    pub(crate) fn between(&self, month: &Month, from: Day, until: Day) -> f64 {
        sum(month.kinds(from, until).iter().map(|kind| self.of(*kind)))
    }

    /// A whole month, in business days; one at least.
    pub(crate) fn month(&self, month: &Month) -> f64 {
        self.between(month, month.period.first_day(), month.period.end()).max(1.0)
    }

    /// What a kind of day is worth.
    pub(crate) fn of(&self, kind: usize) -> f64 {
        self.0.get(kind).copied().unwrap_or(1.0)
    }
}

/// How much more the visits of a day vary than by chance alone, for some months: squared deviations from what was expected of each
/// day, and what was expected, both added up. Their ratio is 1 where nothing but chance is at work.
pub(crate) fn bunching<'a>(months: impl Iterator<Item = &'a Month>, worth: &Worth) -> (f64, f64) {
    months.fold((0.0, 0.0), |(squares, means), month| {
        let days = worth.month(month);
        let rate = float(month.visits().len()) / days;
        let off = |(kind, visits): (usize, f64)| (visits - rate * worth.of(kind)).powi(2);
        (squares + sum(month.days().map(off)) * days / (days - 1.0).max(1.0), means + rate * days)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visits::Visit;
    use crate::visits::tests::{client, week};

    fn period(text: &str) -> Period {
        Period::parse(text).expect("a period")
    }

    /// So many visits on each weekday of a year, Monday first.
    fn seen(calendar: &Calendar, by_weekday: [usize; 7]) -> Seen {
        let (first, until) = (period("2025-01"), period("2025-12"));
        let days = std::iter::successors(Some(first.first_day()), |day| Some(day.next())).take_while(|day| *day < until.end());
        let visits: Vec<Visit> =
            days.flat_map(|day| std::iter::repeat_n(Visit { day, hours: 0.5 }, by_weekday[day.weekday()])).collect();
        Seen::new(&client(), calendar, &visits, (first, until.next()))
    }

    #[test]
    fn busy_mondays_and_work_at_weekends_are_learned() {
        let calendar = Calendar::new(week(5), Vec::new());
        let seen = seen(&calendar, [6, 4, 4, 4, 2, 1, 1]);
        let worth = Worth::learn(std::iter::once(&seen), period("2026-01"));
        let [monday, tuesday, friday, off] = [0, 1, 4, OFF].map(|kind| worth.of(kind));
        assert!((1.35..1.5).contains(&monday) && (0.97..1.03).contains(&tuesday), "{worth:?}");
        assert!((0.5..0.65).contains(&friday) && (0.2..0.26).contains(&off), "{worth:?}");
        // Business days are worth 1 on average, so that a rate by business days stays one.
        let january = seen.month(period("2026-01")).expect("a month");
        let all = worth.month(january);
        assert!((all - 22.0 - 9.0 * off).abs() < 0.5, "{all}");
    }

    #[test]
    fn without_a_past_all_business_days_are_alike() {
        let calendar = Calendar::new(week(5), Vec::new());
        let nothing = seen(&calendar, [0; 7]);
        let worth = Worth::learn(std::iter::once(&nothing), period("2026-01"));
        assert_eq!([0, 1, 2, 3, 4, OFF].map(|kind| worth.of(kind)), [1.0, 1.0, 1.0, 1.0, 1.0, OFF_WORTH]);
    }

    #[test]
    fn a_provider_that_is_never_open_works_on_any_day() {
        let calendar = Calendar::new(week(0), Vec::new());
        let kinds = kinds(&client(), &calendar, period("2025-02"));
        assert_eq!((kinds.len(), kinds.first().copied(), kinds.contains(&OFF)), (28, Some(5), false));
    }

    #[test]
    fn chance_alone_is_no_bunching() {
        let calendar = Calendar::new(week(5), Vec::new());
        let seen = seen(&calendar, [4, 4, 4, 4, 4, 0, 0]);
        let worth = Worth::learn(std::iter::once(&seen), period("2026-01"));
        let (squares, means) = bunching(seen.before(period("2026-01")), &worth);
        assert!(squares / means < 0.1, "the same number each day varies less than by chance: {squares} {means}");
    }
}
