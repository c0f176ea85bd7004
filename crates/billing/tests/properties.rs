//! What holds for all books: order does not matter, twice is once, nothing is lost.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/random.rs"]
mod random_books;
#[path = "common/work.rs"]
mod random_work;

use std::collections::BTreeMap;

use common::{Books, Files, read, through_json};
use proptest::prelude::*;
use quarterhour_billing::{
    Bulk, Carried, Fate, LineKind, Period, Slice, Statement, TimeTotals, allows_bulk, bill_bulk, slices, split, statement_report,
};
use random_books::files;
use random_work::{Work, work};

fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

fn months() -> (Period, Period) {
    (period("2026-01"), period("2026-05"))
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn books(files: &Files) -> Books {
    read(files).unwrap_or_else(|problems| unreachable!("{}", problems.iter().map(|it| format!("{it}\n")).collect::<String>()))
}

/// All statements as JSON.
fn reports(billed: &[(Period, Vec<Statement>)]) -> Vec<String> {
    let statements = billed.iter().flat_map(|(_, statements)| statements);
    statements.map(|statement| serde_json::to_string(&statement_report("acme", statement)).unwrap()).collect()
}

/// The lines behind the header in another order.
fn shuffled(text: &str, seed: u64) -> String {
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default();
    let mut rest: Vec<&str> = lines.collect();
    rest.sort_by_key(|line| {
        let start = seed ^ 0xcbf2_9ce4_8422_2325;
        line.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)).rotate_left(17)
    });
    rest.iter().fold(format!("{head}\n"), |text, line| text + line + "\n")
}

fn check_entries(books: &Books, statement: &Statement) {
    let entries = books.by_period();
    let entries = entries.get(&statement.period).map_or(&[][..], Vec::as_slice);
    let mut placed: BTreeMap<u32, i64> = BTreeMap::new();
    for part in &statement.parts {
        *placed.entry(part.entry).or_default() += part.seconds;
    }
    for billed in &statement.billed {
        let entry = &entries[usize::try_from(billed.entry).unwrap()];
        let courtesy = entry.billing != quarterhour_billing::Billing::Billable;
        assert_eq!(billed.actual, entry.seconds());
        assert!(!courtesy || billed.billable == 0, "courtesy is never billable");
        let expected = if courtesy { billed.actual } else { billed.billable };
        assert_eq!(placed.get(&billed.entry), Some(&expected), "each second of {} has a part", entry.id);
    }
    assert_eq!(placed.len(), statement.billed.len());
}

fn check_time(statement: &Statement) {
    let time = &statement.time;
    assert_eq!(time.opening + time.granted + time.restored, time.used + time.forfeited + time.closing);
    let parts =
        |wanted: fn(&Fate) -> bool| statement.parts.iter().filter(|part| wanted(&part.fate)).map(|part| part.seconds).sum::<i64>();
    let drawn = parts(|fate| matches!(fate, Fate::Drawn { .. }));
    assert_eq!(time.billable, drawn + time.overage + time.charged + time.included + time.internal + time.held);
    assert_eq!(time.overage, parts(|fate| matches!(fate, Fate::Overage(_))));
    assert_eq!(time.held, parts(|fate| matches!(fate, Fate::Held(_))));
    assert_eq!(time.charged, parts(|fate| matches!(fate, Fate::Charged { .. } | Fate::InTicket { .. })));
    let burn = |fate: &Fate| if let Fate::Drawn { burn, .. } = fate { *burn } else { 0 };
    assert_eq!(time.used, statement.parts.iter().map(|part| burn(&part.fate)).sum::<i64>());
    for pool in &statement.pools {
        let mine = |fate: &Fate| matches!(fate, Fate::Drawn { pool: Some(number), .. } if *number == pool.number);
        let burned: i64 = statement.parts.iter().filter(|part| mine(&part.fate)).map(|part| burn(&part.fate)).sum();
        assert!(pool.left >= 0 && pool.left + burned <= pool.granted, "no pool gives more than it has");
    }
    let charged =
        |name| statement.lines.iter().filter(move |line| line.kind.name() == name).filter_map(|line| line.seconds).sum::<i64>();
    assert_eq!(charged("overage"), time.overage, "all overage is printed");
}

fn check_money(statement: &Statement) {
    assert_eq!(statement.net, statement.lines.iter().map(|line| line.amount).sum::<i64>(), "sum of lines = net");
    assert_eq!(statement.total, statement.net + statement.tax);
    if let Some(reserve) = statement.reserve {
        assert_eq!(reserve.opening + reserve.granted, reserve.used + reserve.forfeited + reserve.closing);
    }
    assert!(statement.lines.is_sorted_by_key(|line| line.kind), "lines are in order of their kinds");
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn every_second_and_every_cent_has_its_place((files, _) in files()) {
        let books = books(&files);
        let (from, until) = months();
        let billed = books.bill_all(from, until);
        for statement in billed.iter().flat_map(|(_, statements)| statements) {
            check_entries(&books, statement);
            check_time(statement);
            check_money(statement);
        }
        let entries: usize = billed.iter().flat_map(|(_, statements)| statements).map(|statement| statement.billed.len()).sum();
        prop_assert_eq!(entries, books.entries.rows, "each entry is on one statement");
    }

    #[test]
    fn the_order_of_typing_does_not_matter((files, _) in files(), seed: u64) {
        let mut other = files.clone();
        other.entries = shuffled(&files.entries, seed);
        other.devices = shuffled(&files.devices, seed);
        other.agreements.reverse();
        let (from, until) = months();
        prop_assert_eq!(reports(&books(&files).bill_all(from, until)), reports(&books(&other).bill_all(from, until)));
    }

    #[test]
    fn twice_is_once_and_month_by_month_through_json_is_in_one_go((files, _) in files()) {
        let books = books(&files);
        let (from, until) = months();
        let at_once = books.bill_all(from, until);
        prop_assert_eq!(reports(&at_once), reports(&books.bill_all(from, until)));
        let (mut stored, entries) = (serde_json::to_string(&Carried::default()).unwrap(), books.by_period());
        for (period, statements) in at_once {
            let carried: Carried = serde_json::from_str(&stored).unwrap();
            let own = entries.get(&period).map_or(&[][..], Vec::as_slice);
            let once = books.bill(period, carried.clone(), own, &[]).unwrap();
            let twice = books.bill(period, carried, own, &[]).unwrap();
            prop_assert_eq!(&once.carried, &twice.carried);
            prop_assert_eq!(&once.carried, &through_json(&once.carried));
            prop_assert_eq!(reports(&[(period, once.statements)]), reports(&[(period, statements)]));
            stored = serde_json::to_string(&once.carried).unwrap();
        }
    }

    #[test]
    fn closing_is_the_next_opening((files, _) in files()) {
        let books = books(&files);
        let (from, until) = months();
        let billed = books.bill_all(from, until);
        for pair in billed.windows(2) {
            let left: i64 = pair[0].1.iter().map(|statement| statement.time.closing).sum();
            let taken: i64 = pair[1].1.iter().map(|statement| statement.time.opening).sum();
            let passed_within: i64 = passed_within(&pair[0].1) - passed_within(&pair[1].1);
            prop_assert_eq!(left, taken + passed_within, "{} and {}", pair[0].0, pair[1].0);
        }
    }
}

/// Blocks that pass between two agreements of one period are in a closing and an opening of that period.
fn passed_within(statements: &[Statement]) -> i64 {
    let second = statements.iter().find(|statement| statement.agreement.as_deref() == Some("renewed"));
    let both = statements.iter().any(|statement| statement.agreement.as_deref() == Some("acme"));
    second.filter(|_| both).map_or(0, |statement| statement.time.opening)
}

/// Agreements under which more work never costs less: no weights below 1, no cap, no tickets, no blocks bought on demand
/// (one that is bought earlier can spare overage later), rounding by entry.
fn monotone(after_hours: &'static str) -> impl Strategy<Value = String> {
    let start = format!("starts = 2026-01-01\n[weights]\nafter_hours = \"{after_hours}\"\ntiers = {{ senior = \"2\" }}\n");
    let prices = format!("[overage]\nrate = \"187.50\"\n[prices]\nafter_hours_price = \"{after_hours}\"\n");
    let block = "[[block]]\nbought = 2026-01-10\nhours = 9\nprice = \"900\"\nexpires_months = 1\n";
    prop_oneof![
        Just(format!("program = \"ad-hoc\"\n{start}{prices}")),
        Just(format!("program = \"block-of-time\"\n{start}{prices}{block}")),
        (0..900_u32, 0..3_u32).prop_map(move |(minutes, periods)| format!(
            "program = \"use-it-or-lose-it\"\n{start}{prices}{block}[allowance]\nfixed_minutes = {minutes}\nrollover = {{ periods = {periods} }}\n"
        )),
    ]
}

fn cost(clauses: &str, work: &[Work]) -> i64 {
    let mut files = Files::default().agreement("acme", clauses);
    for (position, work) in work.iter().enumerate() {
        files.entries.push_str(&work.row(position));
    }
    let (from, until) = months();
    books(&files).bill_all(from, until).iter().flat_map(|(_, statements)| statements).map(|statement| statement.total).sum()
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn more_work_never_costs_less(clauses in monotone("1.5"), mut work in prop::collection::vec(work(), 1..25), more in work()) {
        let before = cost(&clauses, &work);
        work.push(more);
        prop_assert!(cost(&clauses, &work) >= before);
    }

    #[test]
    fn a_longer_entry_never_costs_less(clauses in monotone("1"), mut work in prop::collection::vec(work(), 1..25), longer in 0..300_u32) {
        let before = cost(&clauses, &work);
        if let Some(first) = work.first_mut() {
            // Bands cost the same here: what rounding adds is shared over them in proportion, so an entry that grows
            // into the cheaper band may cost less.
            first.minutes += longer;
        }
        prop_assert!(cost(&clauses, &work) >= before);
    }

    #[test]
    fn a_fee_per_device_follows_the_count(number in 1..30_usize, removed in 0..30_usize, method in prop::sample::select(vec!["first-day", "last-day", "peak", "average"])) {
        let left = number.saturating_sub(removed);
        let fee = |devices: usize| {
            let clauses = format!(
                "program = \"fixed-rate\"\nstarts = 2026-01-01\n[fee]\nper_device = {{ workstation = \"31.25\" }}\ncount = \"{method}\"\n\
                 [included]\nclasses = [\"workstation\"]\n"
            );
            let mut files = Files::default().agreement("acme", &clauses);
            (0..devices).for_each(|at| files.devices.push_str(&format!("acme,ws-{at},workstation,2026-01-01,\n")));
            let billed = books(&files).bill_all(period("2026-01"), period("2026-01"));
            billed.iter().flat_map(|(_, statements)| statements).map(|statement| statement.net).sum::<i64>()
        };
        prop_assert_eq!(fee(number) - fee(left), i64::try_from(number - left).unwrap() * 3125);
    }
}

/// Each month's amounts by kind of line, and seconds, but for what bulk does not know: actual time of entries, and courtesy.
type Months = Vec<Vec<(Vec<Sum>, TimeTotals)>>;
type Sum = (LineKind, Option<i64>, i64);

fn shown(statements: &[Statement]) -> Vec<(Vec<Sum>, TimeTotals)> {
    let of = |statement: &Statement| {
        let time = TimeTotals { actual: 0, courtesy: 0, ..statement.time };
        let mut lines: Vec<Sum> = statement.lines.iter().map(|line| (line.kind, line.seconds, line.amount)).collect();
        lines.sort_unstable();
        (!lines.is_empty() || time != TimeTotals::default()).then_some((lines, time))
    };
    statements.iter().filter_map(of).collect()
}

/// The same months by the entry, and in bulk.
fn both_ways(books: &Books) -> (Months, Months) {
    let (terms, client) = (&books.setup.provider.terms, &books.client().client);
    let rounding = client.agreements.as_slice().first().map_or_else(Default::default, |agreement| agreement.rounding);
    let (from, until) = months();
    let entries = books.by_period();
    let (mut carried, mut period, mut found) = (Carried::default(), from, Vec::new());
    while period <= until {
        let own = entries.get(&period).map_or(&[][..], Vec::as_slice);
        let (mut kinds, mut work): (Vec<quarterhour_billing::TimeEntry>, Vec<Slice>) = (Vec::new(), Vec::new());
        for slice in slices(&rounding, &terms.calendar, &client.clock, own) {
            let entry = &own[usize::try_from(slice.entry).unwrap()];
            let alike = |kind: &quarterhour_billing::TimeEntry| {
                (kind.tier, kind.work_type, kind.device) == (entry.tier, entry.work_type, entry.device)
            };
            let kind = kinds.iter().position(alike).unwrap_or_else(|| {
                kinds.push(entry.clone());
                kinds.len() - 1
            });
            work.push(Slice { entry: u32::try_from(kind).unwrap(), ..slice });
        }
        let bulk = Bulk { kinds: &kinds, slices: &work };
        let billed = bill_bulk(terms, &books.entries.words, client, period, carried, bulk).unwrap();
        found.push(shown(&billed.statements));
        carried = billed.carried;
        period = period.next();
    }
    let by_entry = books.bill_all(from, until).iter().map(|(_, statements)| shown(statements)).collect();
    (by_entry, found)
}

proptest! {
    #![proptest_config(config(3_000))]

    #[test]
    fn bulk_gives_what_each_slice_would(clauses in random_books::clauses(), work in prop::collection::vec(work(), 0..60)) {
        let mut files = Files::default().agreement("acme", &starting_at_once(&clauses));
        files.devices.push_str("acme,ws-1,workstation,2026-01-01,2026-02-20\nacme,ws-2,workstation,2026-01-11,\nacme,srv-1,server,2025-01-01,\n");
        work.iter().enumerate().for_each(|(position, work)| files.entries.push_str(&work.row(position)));
        let books = books(&files);
        let agreement = books.client().client.agreements.as_slice().first();
        if allows_bulk(&books.setup.provider.terms, agreement) {
            let (by_entry, in_bulk) = both_ways(&books);
            prop_assert_eq!(by_entry, in_bulk);
        }
    }
}

/// The clauses with the first of January as the start.
fn starting_at_once(clauses: &str) -> String {
    let line = |line: &str| if line.starts_with("starts") { "starts = 2026-01-01\n".to_owned() } else { format!("{line}\n") };
    clauses.lines().map(line).collect()
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn splits_lose_nothing(total in -1_000_000_000_i64..1_000_000_000, weights in prop::collection::vec(0..100_000_u32, 1..40)) {
        let shares = split(total, &weights);
        prop_assert_eq!(shares.iter().sum::<i64>(), total);
        let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        for (share, weight) in shares.iter().zip(&weights).filter(|_| sum > 0) {
            let error = i128::from(*share) * sum - i128::from(total) * i128::from(*weight);
            prop_assert!(error.abs() < sum, "a share is within one unit of its exact part");
        }
    }
}
