//! Late time is as if it had been in time, but last in order.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/work.rs"]
mod random_work;

use common::{Books, Files, read, through_json};
use proptest::prelude::*;
use quarterhour_billing::{Band, Carried, Credit, Decimal, HourlyPrice, LateBatch, LineKind, Period, Returned, Statement, TimeEntry};
use random_work::{Work, work};

fn january() -> Period {
    Period::parse("2026-01").unwrap()
}

fn books(clauses: &str, work: &[Work]) -> Books {
    let mut files = Files::default().agreement("acme", clauses);
    for (position, work) in work.iter().enumerate() {
        files.entries.push_str(&work.row(position));
    }
    read(&files).unwrap()
}

/// January with the entries in time, then February with the late ones.
fn bill(books: &Books, in_time: &[TimeEntry], late: &[TimeEntry], credits: &[Credit], returned: Returned) -> [Vec<Statement>; 2] {
    let january_billed = books.bill(january(), Carried::default(), in_time, &[]).unwrap();
    let agreement = books.client().client.agreements.as_slice().first().unwrap();
    let batch = LateBatch {
        period: january(),
        terms: &books.setup.provider.terms,
        agreement: Some(agreement),
        draws_time: matches!(agreement.prepaid, quarterhour_billing::agreement::Prepaid::Time(_)),
        before: in_time,
        entries: late,
        credits,
        returned,
        released: &[],
        written_off: &[],
    };
    let february = books.bill(january().next(), through_json(&january_billed.carried), &[], &[batch]).unwrap();
    [january_billed.statements, february.statements]
}

fn sum(statements: &[Statement], of: fn(&Statement) -> i64) -> i64 {
    statements.iter().map(of).sum()
}

/// Work in January: in time before the 19th, late from the 20th on, so that it is last in order.
fn january_work() -> impl Strategy<Value = (Vec<Work>, usize)> {
    let on = |days: std::ops::Range<u32>| (work(), days).prop_map(|(work, day)| Work { day, ..work });
    (prop::collection::vec(on(0..18), 0..12), prop::collection::vec(on(19..31), 1..8)).prop_map(|(mut in_time, late)| {
        let split = in_time.len();
        in_time.extend(late);
        (in_time, split)
    })
}

fn rules() -> impl Strategy<Value = String> {
    let tail = prop::sample::select(vec![
        "",
        "[weights]\nafter_hours = \"1.5\"\ntiers = { senior = \"2\" }\n",
        "[rounding]\nincrement = 60\nscope = \"ticket\"\n",
        "[rounding]\nincrement = 30\nminimum = 45\nscope = \"ticket-day\"\n",
    ]);
    (0..4000_u32, tail).prop_map(|(minutes, tail)| {
        format!("program = \"use-it-or-lose-it\"\nstarts = 2026-01-01\n[allowance]\nfixed_minutes = {minutes}\nexcludes = [\"project\"]\n{tail}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn late_time_costs_what_it_had_cost_last_in_order(clauses in rules(), (work, split) in january_work()) {
        let books = books(&clauses, &work);
        let all = books.by_period().remove(&january()).unwrap_or_default();
        let in_time = |entry: &&TimeEntry| work.get(..split).unwrap().iter().enumerate().any(|(at, _)| entry.id == format!("e{at:03}"));
        let (early, late): (Vec<TimeEntry>, Vec<TimeEntry>) = all.iter().cloned().partition(|entry| in_time(&entry));
        let [at_once, _] = bill(&books, &all, &[], &[], Returned::default());
        let [january, february] = bill(&books, &early, &late, &[], Returned::default());
        for of in [|it: &Statement| it.time.overage, |it: &Statement| it.time.billable, |it: &Statement| it.time.charged, |it: &Statement| it.time.courtesy] {
            prop_assert_eq!(sum(&at_once, of), sum(&january, of) + sum(&february, of));
        }
        let restored = sum(&february, |it| it.time.restored);
        prop_assert_eq!(sum(&at_once, |it| it.time.used), sum(&january, |it| it.time.used) + restored);
        prop_assert_eq!(sum(&at_once, |it| it.time.forfeited), sum(&january, |it| it.time.forfeited) - restored);
        prop_assert!(restored <= sum(&january, |it| it.time.forfeited), "not more is given back than was forfeited");
        for statement in &february {
            let printed: i64 = statement.lines.iter().filter(|line| line.kind == LineKind::Late).filter_map(|line| line.seconds).sum();
            prop_assert_eq!(printed, statement.time.overage + statement.time.charged);
            let time = statement.time;
            prop_assert_eq!(time.opening + time.granted + time.restored, time.used + time.forfeited + time.closing);
            for (billed, entry) in statement.late.iter().flat_map(|late| late.billed.iter().zip(&late.entries)) {
                prop_assert_eq!(billed.actual, entry.seconds());
            }
        }
    }

    #[test]
    fn a_credit_mirrors_its_charge(cents in 1..30_000_u32, seconds in 1..40_000_i64) {
        let clauses = "program = \"ad-hoc\"\nstarts = 2026-01-01\n";
        let entry = Work { day: 4, minute: 600, minutes: 15, words: "technician,remote,".to_owned(), ticket: 0, mark: "," };
        let books = books(clauses, &[entry]);
        let all = books.by_period().remove(&january()).unwrap_or_default();
        let price = Decimal::parse(&format!("{}.{:02}", cents / 100, cents % 100)).unwrap();
        let hourly = HourlyPrice::new(price, Decimal::ONE);
        let word = |name| books.entries.words.find(name).unwrap();
        let credit = Credit { tier: word("technician"), work_type: word("remote"), band: Band::Business, hourly, seconds };
        let [_, february] = bill(&books, &all, &[], &[credit, credit], Returned::default());
        let line = &february[0].lines[0];
        prop_assert_eq!(line.kind, LineKind::Adjustment);
        prop_assert_eq!(line.seconds, Some(-2 * seconds), "credits of one price are one line");
        prop_assert_eq!(line.amount, -hourly.amount(2 * seconds, february[0].currency));
    }
}
