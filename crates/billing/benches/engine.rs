//! How many time entries the engine bills in a second, on one core and from memory.

use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use jiff::tz::TimeZoneDatabase;
use quarterhour_billing::agreement::{
    Agreement, Agreements, Allowance, AllowanceSize, Fee, FeeBasis, Guard, OverageRates, Prepaid, Prices, Program, Proration, Rate,
    RateTable, Rollover, Rounding, RoundingScope, Settlement, TimePools, Weights,
};
use quarterhour_billing::{
    Billing, Calendar, Carried, Client, CountMethod, Currency, Day, Decimal, Device, DeviceClass, LocalClock, Period, Terms,
    TimeEntry, Word, Words, WorkedOn, bill_period,
};

const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];
/// Entries of one client in its month, as of 2,000 clients with five million entries a year.
const ENTRIES_OF_CLIENT: u32 = 208;
const WORKSTATIONS: u32 = 60;

fn main() {
    divan::main();
}

/// Every client has an allowance by workstation, rounding by entry and no weights.
#[divan::bench(args = SIZES)]
fn uniform(bencher: Bencher<'_, '_>, entries: u32) {
    run(bencher, entries, &[Clauses::Plain]);
}

/// Rounding by ticket and day, after-hours weights and prices, and clients without prepaid time between plain ones.
#[divan::bench(args = SIZES)]
fn mixed(bencher: Bencher<'_, '_>, entries: u32) {
    run(bencher, entries, &[Clauses::Plain, Clauses::Weighted, Clauses::Charged]);
}

/// What the agreement of a client says.
#[derive(Clone, Copy)]
enum Clauses {
    Plain,
    Weighted,
    Charged,
}

struct Case {
    terms: Terms,
    words: Words,
    clients: Vec<(Client, Vec<TimeEntry>)>,
}

fn run(bencher: Bencher<'_, '_>, entries: u32, clauses: &[Clauses]) {
    let case = case(entries, clauses);
    bencher.counter(ItemsCount::new(entries)).bench(|| bill(black_box(&case)));
}

/// Bills every client's month and adds up the statements.
fn bill(case: &Case) -> i64 {
    let period = Period::parse("2026-01").expect("a period");
    let totals = case.clients.iter().map(|(client, entries)| {
        let carried = Carried::default();
        let billed = bill_period(&case.terms, &case.words, client, period, carried, entries, &[]).expect("it adds up");
        billed.statements.iter().map(|statement| statement.total).sum::<i64>()
    });
    totals.sum()
}

fn case(entries: u32, clauses: &[Clauses]) -> Case {
    let mut words = Words::default();
    let tiers = ["helpdesk", "technician", "senior"].map(|name| words.intern(name));
    let work_type = words.intern("remote");
    let week = std::array::from_fn(|day| if day < 5 { vec![(8 * 3600, 18 * 3600)] } else { Vec::new() });
    let rate = |tier, hourly| Rate { tier, work_type: None, hourly: decimal(hourly), per_ticket: None };
    let rates = RateTable(vec![rate(None, "125.00"), rate(Some(tiers[0]), "75.00")]);
    let terms = Terms { calendar: Calendar::new(week, Vec::new()), rates };
    let zone = TimeZoneDatabase::bundled().get("America/New_York").expect("a time zone");
    let clock = Arc::new(LocalClock::new("America/New_York", &zone));
    let mut dice = Dice(7);
    let count = entries.div_ceil(ENTRIES_OF_CLIENT);
    let clients = (0..count).zip(clauses.iter().cycle()).map(|(number, clauses)| {
        let own = ENTRIES_OF_CLIENT.min(entries - number * ENTRIES_OF_CLIENT);
        (client(number, &clock, agreement(*clauses, tiers[2])), work(number, own, tiers, work_type, &mut dice))
    });
    Case { terms, clients: clients.collect(), words }
}

fn client(number: u32, clock: &Arc<LocalClock>, agreement: Agreement) -> Client {
    let device = |number| Device {
        name: format!("w{number:03}"),
        class: DeviceClass::Workstation,
        in_service: day("2025-01-01"),
        retired: None,
        serial: String::new(),
        site: String::new(),
    };
    Client {
        code: format!("c{number:05}"),
        currency: Currency::parse("USD").expect("a currency"),
        clock: Arc::clone(clock),
        tax_percent: decimal("8.25"),
        devices: (0..WORKSTATIONS).map(device).collect(),
        agreements: Agreements::new(vec![agreement]).expect("one agreement"),
    }
}

fn agreement(clauses: Clauses, senior: Word) -> Agreement {
    let allowance = Allowance {
        size: AllowanceSize::PerDevice(vec![(DeviceClass::Workstation, 15)]),
        count: CountMethod::FirstDay,
        rollover: Rollover { periods: 0, cap_percent: Decimal::whole(100) },
        settlement: Settlement::Monthly(Proration::None),
        excludes: Vec::new(),
    };
    let time = Prepaid::Time(TimePools { allowance: Some(allowance), blocks: Vec::new(), auto_replenish: None });
    let heavy = Weights { after_hours: Some(decimal("1.5")), tiers: vec![(senior, decimal("1.25"))] };
    let after_hours = Prices { after_hours_price: decimal("1.5"), rates: RateTable::default() };
    let (program, prepaid, weights, prices, scope) = match clauses {
        Clauses::Plain => (Program::UseItOrLoseIt, time, Weights::default(), Prices::default(), RoundingScope::Entry),
        Clauses::Weighted => (Program::UseItOrLoseIt, time, heavy, after_hours, RoundingScope::TicketDay),
        Clauses::Charged => (Program::AdHoc, Prepaid::Nothing, Weights::default(), after_hours, RoundingScope::TicketDay),
    };
    Agreement {
        name: "agreement".to_owned(),
        program,
        starts: day("2026-01-01"),
        ends: None,
        fee: Some(Fee {
            basis: FeeBasis::Flat(decimal("1800.00")),
            billed: Default::default(),
            count: CountMethod::FirstDay,
            proration: Proration::None,
        }),
        prepaid,
        overage: OverageRates { rate: Some(decimal("187.50")), tiers: Vec::new() },
        rounding: Rounding { increment: 15, minimum: 15, scope },
        weights,
        prices,
        included: None,
        services: Vec::new(),
        internal_tiers: Vec::new(),
        guard: Guard::default(),
    }
}

/// A month of work, in order of start; three entries to a ticket, three in four with the helpdesk.
fn work(client: u32, count: u32, tiers: [Word; 3], work_type: Word, dice: &mut Dice) -> Vec<TimeEntry> {
    let mut starts: Vec<i64> = (0..count).map(|_| 1_767_243_600 + i64::from(dice.roll(31 * 1440)) * 60).collect();
    starts.sort_unstable();
    let entry = |(number, started_at): (u32, i64)| TimeEntry {
        id: format!("e{:08}", client * ENTRIES_OF_CLIENT + number).into(),
        ticket: format!("t{}", (client * ENTRIES_OF_CLIENT + number) / 3).into(),
        started_at,
        minutes: 1 + dice.roll(30),
        tier: [tiers[0], tiers[0], tiers[0], tiers[1 + usize::from(dice.roll(4) == 0)]][dice.roll(4) as usize],
        work_type,
        device: WorkedOn::NoDevice,
        billing: Billing::Billable,
    };
    (0..).zip(starts).map(entry).collect()
}

/// Numbers that look random and are the same each time (Steele, Lea and Flood's SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed >> 33) % u64::from(sides)) as u32
    }
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).expect("a decimal")
}

fn day(text: &str) -> Day {
    Day::from_date(text.parse().expect("a date"))
}
