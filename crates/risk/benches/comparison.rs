//! What a comparison of six programs costs for a small and a large client, to 1 % of every P95.

use std::sync::Arc;

use divan::{Bencher, black_box};
use jiff::tz::TimeZone;
use quarterhour_billing::agreement::{
    Agreement, Agreements, Allowance, AllowanceSize, AutoReplenish, Fee, FeeBasis, Guard, Included, OverageRates, Prepaid, Prices,
    Program, Proration, Rate, RateTable, Reserve, ReserveSize, Rollover, Rounding, RoundingScope, Settlement, TimePools, Weights,
};
use quarterhour_billing::{
    Billing, Calendar, Client, CountMethod, Currency, Decimal, Device, DeviceClass, LocalClock, Period, Terms, Word, Words,
};
use quarterhour_risk::candidate::{Candidate, Ground};
use quarterhour_risk::comparison::Plan;
use quarterhour_risk::demand::{Demand, Severe, SevereWork, Urn, Usual};
use quarterhour_risk::field::Field;
use quarterhour_risk::frequency::Frequency;
use quarterhour_risk::history::{Incident, Piece, PieceOn};
use quarterhour_risk::severity::Severity;

fn main() {
    divan::main();
}

struct World {
    terms: Terms,
    words: Words,
    client: Client,
    demand: Demand,
    candidates: Vec<Candidate>,
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap_or(Decimal::ONE)
}

fn first() -> Period {
    Period::parse("2027-01").unwrap_or_else(|| unreachable!("a period"))
}

/// A client of so many workstations with so many tickets a month.
fn world(workstations: u32, tickets: f64) -> World {
    let mut words = Words::default();
    let tiers = ["helpdesk", "technician", "senior"].map(|tier| words.intern(tier));
    let [remote, onsite] = ["remote", "onsite"].map(|kind| words.intern(kind));
    let rate = |tier, hourly| Rate { tier, work_type: None, hourly: decimal(hourly), per_ticket: None };
    let [helpdesk, _, senior] = tiers;
    let rates = RateTable(vec![rate(None, "120"), rate(Some(helpdesk), "90"), rate(Some(senior), "180")]);
    let week = std::array::from_fn(|day| if day < 5 { vec![(8 * 3_600, 18 * 3_600)] } else { Vec::new() });
    let device = |number: u32| Device {
        name: format!("ws-{number:04}"),
        class: DeviceClass::Workstation,
        in_service: first().first_day(),
        retired: None,
        serial: String::new(),
        site: String::new(),
    };
    let client = Client {
        code: "acme".to_owned(),
        currency: Currency::parse("USD").unwrap_or_else(|| unreachable!("a currency")),
        clock: Arc::new(LocalClock::new("America/New_York", &TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC))),
        tax_percent: Decimal::ZERO,
        devices: (0..workstations).map(device).collect(),
        agreements: Agreements::default(),
    };
    let demand = Demand {
        usual: Usual::new(vec![Frequency::dispersed(tickets, 0.05); 12], 400.0),
        urn: Urn::new((0..600).map(|number| (1.0, incident(number, tiers, remote)))),
        severe: vec![Severe {
            name: "Server crash".to_owned(),
            a_year: 0.2,
            hours: Severity::Gamma { shape: 4.0, scale: 3.0 },
            on: DeviceClass::Server,
        }],
        severe_work: SevereWork { tier: senior, work_type: onsite },
    };
    let terms = Terms { calendar: Calendar::new(week, Vec::new()), rates };
    World { terms, words, client, demand, candidates: candidates(workstations) }
}

fn incident(number: u32, tiers: [Word; 3], work_type: Word) -> Incident {
    let tier = |number: u32| tiers[if number.is_multiple_of(5) { 1 } else { usize::from(number.is_multiple_of(17)) * 2 }];
    let piece = |later: u32| Piece {
        after: i64::from(number * 37 % 11 + 8 + 24 * later) * 3_600,
        minutes: 3 + number * 13 % 40,
        tier: tier(number + later),
        work_type,
        on: PieceOn::Nothing,
        billing: Billing::Billable,
    };
    let pieces = 1 + u32::from(number.is_multiple_of(4));
    Incident { weekday: usize::try_from(number % 5).unwrap_or(0), pieces: (0..pieces).map(piece).collect() }
}

fn candidates(workstations: u32) -> Vec<Candidate> {
    let minutes = workstations * 15;
    let fee = |amount: u32| {
        let basis = FeeBasis::Flat(Decimal::whole(amount));
        Some(Fee { basis, count: CountMethod::FirstDay, billed: Default::default(), proration: Proration::None })
    };
    let allowance = Allowance {
        size: AllowanceSize::Fixed(minutes),
        count: CountMethod::FirstDay,
        rollover: Rollover { periods: 0, cap_percent: Decimal::ZERO },
        settlement: Settlement::Monthly(Proration::None),
        excludes: Vec::new(),
    };
    let replenish = AutoReplenish { seconds: i64::from(minutes) * 180, price: Decimal::whole(minutes * 6), max_per_period: 8 };
    let reserve = Reserve {
        size: ReserveSize::Fixed(Decimal::whole(minutes * 2)),
        count: CountMethod::FirstDay,
        rollover: Rollover { periods: 2, cap_percent: Decimal::whole(100) },
        proration: Proration::None,
        excludes: Vec::new(),
    };
    let included = Included { classes: DeviceClass::ALL.to_vec(), excluded_tiers: Vec::new(), excluded_work_types: Vec::new() };
    let pools = |allowance, auto_replenish| Prepaid::Time(TimePools { allowance, auto_replenish, blocks: Vec::new() });
    let candidate = |name: &str, program, fee, prepaid, included| {
        let agreement = Agreement {
            name: name.to_owned(),
            program,
            starts: first().first_day(),
            ends: None,
            fee,
            prepaid,
            overage: OverageRates { rate: Some(decimal("150")), tiers: Vec::new() },
            rounding: Rounding { increment: 15, minimum: 15, scope: RoundingScope::TicketDay },
            weights: Weights { after_hours: Some(decimal("1.5")), tiers: Vec::new() },
            prices: Prices { after_hours_price: decimal("1.5"), ..Prices::default() },
            included,
            services: Vec::new(),
            internal_tiers: Vec::new(),
            guard: Guard::default(),
        };
        Candidate { name: name.to_owned(), agreement: Some(agreement) }
    };
    vec![
        candidate("ad-hoc", Program::AdHoc, None, Prepaid::Nothing, None),
        candidate("block-of-time", Program::BlockOfTime, None, pools(None, Some(replenish)), None),
        candidate("use-it-or-lose-it", Program::UseItOrLoseIt, fee(minutes * 2), pools(Some(allowance), None), None),
        candidate("budget", Program::Budget, fee(minutes * 2), Prepaid::Money(reserve), None),
        candidate("fixed-rate", Program::FixedRate, fee(minutes * 3), Prepaid::Nothing, Some(included)),
        candidate("customized", Program::Customized, fee(minutes), Prepaid::Nothing, None),
    ]
}

fn compare(bencher: Bencher<'_, '_>, workstations: u32, tickets: f64) {
    let world = world(workstations, tickets);
    let ground = Ground { terms: &world.terms, words: &world.words };
    bencher.bench_local(|| {
        let World { client, demand, candidates, .. } = black_box(&world);
        let field = Field::new(ground, client, (demand, first(), 12), candidates)?;
        let run = field.run(Plan { courses_min: 128, ..Plan::usual(first(), 1) })?;
        Ok::<usize, quarterhour_billing::BillingError>(run.count())
    });
}

/// Twenty workstations, twelve tickets a month.
#[divan::bench]
fn six_programs_small(bencher: Bencher<'_, '_>) {
    compare(bencher, 20, 12.0);
}

/// A hundred and thirty workstations, three hundred tickets a month.
#[divan::bench]
fn six_programs_large(bencher: Bencher<'_, '_>) {
    compare(bencher, 130, 300.0);
}
