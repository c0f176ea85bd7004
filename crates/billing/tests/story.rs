//! Two years of one client from a seed: an allowance that rolls over, blocks, a renewal on the very day, late time,
//! devices that come and go. What must hold is checked every period.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Books, Files, read, through_json};
use quarterhour_billing::agreement::Agreement;
use quarterhour_billing::{Carried, Day, DeviceClass, LateBatch, Period, Returned, Statement, TimeEntry};

const FIRST: &str = "program = \"use-it-or-lose-it\"\nstarts = 2025-01-01\nends = 2026-01-15\n\
    [fee]\nper_device = { workstation = \"31.25\", server = \"90\" }\nproration = \"daily\"\n\
    [allowance]\nenvironment = \"heavy\"\nrollover = { periods = 2, cap_percent = 50 }\n\
    [overage]\nrate = \"187.50\"\n[weights]\nafter_hours = \"1.5\"\n[rounding]\nscope = \"ticket-day\"\n\
    [[block]]\nbought = 2025-03-10\nhours = 10\nprice = \"1100\"\nexpires_months = 6\n\
    [[block]]\nbought = 2025-11-20\nhours = 25\nprice = \"2600\"\n";
const RENEWED: &str = "program = \"use-it-or-lose-it\"\nstarts = 2026-01-15\nends = 2027-01-01\n\
    [fee]\nper_device = { workstation = \"33\", server = \"95\" }\n\
    [allowance]\nenvironment = \"heavy\"\nrollover = { periods = 1 }\n\
    [overage]\nrate = \"195\"\n[weights]\ntiers = { senior = \"2\" }\n\
    [[block]]\nbought = 2026-06-01\nhours = 5\nprice = \"600\"\nexpires_months = 1\n";

/// Numbers from a seed (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let at = self.roll(u64::try_from(words.len()).unwrap());
        words[usize::try_from(at).unwrap()]
    }
}

/// The client's books; work that came in late is named with the period in which it was typed.
fn books(seed: u64) -> (Books, BTreeMap<String, Period>) {
    let mut dice = Dice(seed);
    let mut files = Files::default().agreement("acme", FIRST).agreement("acme-2026", RENEWED);
    for at in 0..30 {
        let (class, come, go) = (dice.pick(&["workstation", "workstation", "server"]), dice.roll(23), dice.roll(24));
        let day = |month: u64, day: u64| format!("{}-{:02}-{:02}", 2025 + month / 12, month % 12 + 1, day);
        let retired = if go > come { day(go, 1 + dice.roll(28)) } else { String::new() };
        files.devices.push_str(&format!("acme,d-{at},{class},{},{retired}\n", day(come, 1 + dice.roll(28))));
    }
    let mut late = BTreeMap::new();
    for at in 0..360 {
        let day = Period::parse("2025-01").unwrap().first_day().date();
        let day = day.checked_add(jiff::Span::new().days(i64::try_from(dice.roll(730)).unwrap())).unwrap();
        // Every third month is quiet, so that its allowance is not used up.
        let quiet = day.month() % 3 == 0 && dice.roll(10) > 0;
        let minutes = if quiet { "5" } else { dice.pick(&["5", "10", "15", "25", "40", "60", "95", "240"]) };
        let (tier, ticket) = (dice.pick(&["helpdesk", "", "senior"]), dice.roll(60));
        let (hour, minute, mark) = (dice.roll(24), dice.roll(60), dice.pick(&[",", ",", ",", "false,", ",provider"]));
        let row = format!("e{at:03},acme,T-{ticket},{day}T{hour:02}:{minute:02}:00-05:00,{minutes},{tier},,,{mark}\n");
        files.entries.push_str(&row);
        if dice.roll(12) == 0 {
            let typed = Day::from_date(day).period().plus(1 + u32::try_from(dice.roll(2)).unwrap());
            late.insert(format!("e{at:03}"), typed);
        }
    }
    (read(&files).unwrap(), late)
}

/// The late work of one issued period under one agreement.
struct Late {
    of: Period,
    agreement: Agreement,
    before: Vec<TimeEntry>,
    entries: Vec<TimeEntry>,
}

/// What was typed in `now` for issued periods.
fn late_work(books: &Books, typed: &BTreeMap<String, Period>, now: Period) -> Vec<Late> {
    let mut all = Vec::new();
    for (of, entries) in books.by_period().into_iter().filter(|(of, _)| *of < now) {
        for agreement in books.client().client.agreements.as_slice() {
            let own = |entry: &&TimeEntry| agreement.in_force_on(books.client().client.clock.day(entry.started_at));
            let typed_in = |entry: &TimeEntry| typed.get(entry.id.as_str()).copied().unwrap_or(of);
            let new: Vec<TimeEntry> = entries.iter().filter(own).filter(|entry| typed_in(entry) == now).cloned().collect();
            let before = entries.iter().filter(own).filter(|entry| typed_in(entry) < now).cloned().collect();
            if !new.is_empty() {
                all.push(Late { of, agreement: agreement.clone(), before, entries: new });
            }
        }
    }
    all
}

/// One issued period.
struct Issued {
    period: Period,
    statements: Vec<Statement>,
    carried: Carried,
}

fn live_through(books: &Books, typed: &BTreeMap<String, Period>) -> Vec<Issued> {
    let (mut carried, mut issued) = (Carried::default(), Vec::new());
    let by_period = books.by_period();
    let mut period = Period::parse("2025-01").unwrap();
    while period <= Period::parse("2027-03").unwrap() {
        let all = by_period.get(&period).map_or(&[][..], Vec::as_slice);
        let in_time: Vec<TimeEntry> =
            all.iter().filter(|entry| typed.get(entry.id.as_str()).is_none_or(|at| *at <= period)).cloned().collect();
        let late = late_work(books, typed, period);
        let batches = late.iter().map(|late| LateBatch {
            period: late.of,
            terms: &books.setup.provider.terms,
            agreement: Some(&late.agreement),
            draws_time: true,
            before: &late.before,
            entries: &late.entries,
            credits: &[],
            returned: Returned::default(),
            released: &[],
            written_off: &[],
        });
        let billed = books.bill(period, carried, &in_time, &batches.collect::<Vec<_>>()).unwrap();
        carried = through_json(&billed.carried);
        issued.push(Issued { period, statements: billed.statements, carried: carried.clone() });
        period = period.next();
    }
    issued
}

fn check_statement(books: &Books, statement: &Statement, seen: &mut BTreeSet<String>) {
    let time = &statement.time;
    assert_eq!(time.opening + time.granted + time.restored, time.used + time.forfeited + time.closing);
    assert_eq!(statement.net, statement.lines.iter().map(|line| line.amount).sum::<i64>());
    assert_eq!(time.held, 0, "nobody agreed on a cap");
    let by_period = books.by_period();
    let own: Vec<&TimeEntry> = by_period.get(&statement.period).into_iter().flatten().collect();
    for late in &statement.late {
        assert!(late.period < statement.period, "only issued periods have late time");
        assert!(late.entries.iter().all(|entry| seen.insert(entry.id.to_string())), "nothing is billed twice");
    }
    let fee: i64 =
        statement.lines.iter().filter(|line| line.kind.name() == "fee" && line.unit != "part-month").map(|line| line.amount).sum();
    let starts = if statement.agreement.as_deref() == Some("acme") { "2025-01" } else { "2026-01" };
    let prices = if starts == "2025-01" { (3125, 9000) } else { (3300, 9500) };
    if fee > 0 {
        let count = |class| statement.count.of(class);
        assert_eq!(
            fee,
            count(DeviceClass::Workstation) * prices.0 + count(DeviceClass::Server) * prices.1,
            "the fee follows the count"
        );
    }
    let late_ids: BTreeSet<&str> = statement.late.iter().flat_map(|late| &late.entries).map(|entry| entry.id.as_str()).collect();
    let in_time = statement.billed.len();
    assert!(own.iter().filter(|entry| !late_ids.contains(entry.id.as_str())).count() >= in_time);
}

/// Grants and restores are what was used, forfeited and is left, from the first day to this one.
fn check_ledger(issued: &[Issued]) {
    let statements = || issued.iter().flat_map(|issued| &issued.statements);
    let sum = |of: fn(&Statement) -> i64| statements().map(of).sum::<i64>();
    let put_in = sum(|statement| statement.time.granted + statement.time.restored);
    let taken_out = sum(|statement| statement.time.used + statement.time.forfeited);
    let pools =
        issued.last().map(|issued| issued.carried.agreements.values().flat_map(|state| &state.pools).map(|pool| pool.left).sum());
    assert_eq!(put_in, taken_out + pools.unwrap_or(0));
}

/// Lives through two years; returns the seconds that late time was given back.
fn live(seed: u64) -> i64 {
    let (books, typed) = books(seed);
    let issued = live_through(&books, &typed);
    let mut seen = BTreeSet::new();
    for at in 1..=issued.len() {
        let Issued { period, statements, .. } = &issued[at - 1];
        check_ledger(&issued[..at]);
        statements.iter().for_each(|statement| check_statement(&books, statement, &mut seen));
        let late: usize = statements.iter().flat_map(|statement| &statement.late).map(|late| late.entries.len()).sum();
        assert_eq!(late, typed.values().filter(|typed| *typed == period).count(), "all late time of {period} is there");
    }
    let billed = |statement: &Statement| statement.billed.len() + statement.late.iter().map(|late| late.billed.len()).sum::<usize>();
    let billed: usize = issued.iter().flat_map(|issued| &issued.statements).map(billed).sum();
    assert_eq!(billed, books.entries.rows, "each entry is on one statement");
    let renewed = issued.iter().find(|issued| issued.period == Period::parse("2026-01").unwrap()).unwrap();
    let [before, after] = &renewed.statements[..] else { unreachable!("the renewal's month has two statements") };
    assert_eq!(before.time.closing, after.time.opening, "blocks pass on the very day");
    let end = issued.last().unwrap();
    assert!(end.carried.agreements.values().all(|state| state.pools.is_empty()), "everything is forfeited or used in the end");
    issued.iter().flat_map(|issued| &issued.statements).map(|statement| statement.time.restored).sum()
}

#[test]
fn two_years_of_one_client_add_up_every_period() {
    let restored: Vec<i64> = (1..=12).map(|seed| live(seed * 7919)).collect();
    assert!(restored.iter().filter(|seconds| **seconds > 0).count() >= 6, "late time was given back: {restored:?}");
}
