//! Simulated years against exact ones: without memory by the law itself, with memory by going through every possible course.

use std::sync::Arc;

use jiff::tz::TimeZone;
use quarterhour_billing::agreement::{
    Agreement, Agreements, Allowance, AllowanceSize, AutoReplenish, Fee, FeeBasis, Guard, OverageRates, Prepaid, Prices, Program,
    Proration, Rate, RateTable, Reserve, ReserveSize, Rollover, Rounding, RoundingScope, Settlement, TimePools, Weights,
};
use quarterhour_billing::{
    Billing, Calendar, Client, CountMethod, Currency, Day, Decimal, Device, DeviceClass, LocalClock, Period, Terms, TimeEntry, Words,
    WorkedOn,
};
use quarterhour_risk::candidate::{Candidate, Contestant, Course, Ground};
use quarterhour_risk::comparison::{Figures, Measure, Plan, Run};
use quarterhour_risk::demand::{Demand, Severe, SevereWork, Urn, Usual};
use quarterhour_risk::estimate::{Control, Estimate, deviation, mean_with, quantile_with, tail_mean_with};
use quarterhour_risk::field::Field;
use quarterhour_risk::frequency::Frequency;
use quarterhour_risk::history::{Incident, Piece, PieceOn};
use quarterhour_risk::law::{Compound, Exact, Grids, Overages};
use quarterhour_risk::path::{Horizon, Listed, lone_entries};
use quarterhour_risk::severity::Severity;

struct World {
    terms: Terms,
    words: Words,
    client: Client,
}

impl World {
    fn new() -> Self {
        let mut words = Words::default();
        words.intern("helpdesk");
        words.intern("remote");
        let rate = Rate { tier: None, work_type: None, hourly: Decimal::whole(120), per_ticket: None };
        let week = std::array::from_fn(|day| if day < 5 { vec![(8 * 3_600, 18 * 3_600)] } else { Vec::new() });
        let terms = Terms { calendar: Calendar::new(week, Vec::new()), rates: RateTable(vec![rate]) };
        let client = Client {
            code: "acme".to_owned(),
            currency: Currency::parse("USD").expect("a currency"),
            clock: Arc::new(LocalClock::new("UTC", &TimeZone::UTC)),
            tax_percent: Decimal::ZERO,
            devices: Vec::new(),
            agreements: Agreements::default(),
        };
        Self { terms, words, client }
    }

    fn ground(&self) -> Ground<'_> {
        Ground { terms: &self.terms, words: &self.words }
    }

    fn run(&self, candidates: &[Candidate], demand: &Demand, plan: Plan) -> Run {
        let field = Field::new(self.ground(), &self.client, (demand, plan.first, plan.months), candidates).expect("a field");
        field.run(plan).expect("a run")
    }

    fn incident(&self, minutes: u32) -> Incident {
        let word = |name: &str| self.words.find(name).expect("a word");
        let piece = Piece {
            after: 10 * 3_600,
            minutes,
            tier: word("helpdesk"),
            work_type: word("remote"),
            on: PieceOn::Nothing,
            billing: Billing::Billable,
        };
        Incident { weekday: 2, pieces: vec![piece] }
    }

    fn demand(&self, tickets: Frequency, months: usize, minutes: &[(f64, u32)]) -> Demand {
        let word = |name: &str| self.words.find(name).expect("a word");
        Demand {
            usual: Usual { tickets: vec![tickets; months], doubt: None },
            urn: Urn::new(minutes.iter().map(|(weight, minutes)| (*weight, self.incident(*minutes)))),
            severe: Vec::new(),
            severe_work: SevereWork { tier: word("helpdesk"), work_type: word("remote") },
        }
    }
}

fn first() -> Period {
    Period::parse("2027-01").expect("a period")
}

/// An agreement with exact rounding, so that hours are what they are.
fn agreement(name: &str, program: Program, fee: u32, prepaid: Prepaid) -> Candidate {
    let agreement = Agreement {
        name: name.to_owned(),
        program,
        starts: first().first_day(),
        ends: None,
        fee: Some(Fee {
            basis: FeeBasis::Flat(Decimal::whole(fee)),
            count: CountMethod::FirstDay,
            billed: Default::default(),
            proration: Proration::None,
        }),
        prepaid,
        overage: OverageRates { rate: Some(Decimal::whole(150)), tiers: Vec::new() },
        rounding: Rounding { increment: 1, minimum: 1, scope: RoundingScope::Entry },
        weights: Weights::default(),
        prices: Prices::default(),
        included: None,
        services: Vec::new(),
        internal_tiers: Vec::new(),
        guard: Guard::default(),
    };
    Candidate { name: name.to_owned(), agreement: Some(agreement) }
}

fn pools(allowance_minutes: u32, rolls: u32, auto_replenish: Option<AutoReplenish>) -> Prepaid {
    let allowance = (allowance_minutes > 0).then(|| Allowance {
        size: AllowanceSize::Fixed(allowance_minutes),
        count: CountMethod::FirstDay,
        rollover: Rollover { periods: rolls, cap_percent: Decimal::whole(100) },
        settlement: Settlement::Monthly(Proration::None),
        excludes: Vec::new(),
    });
    Prepaid::Time(TimePools { allowance, blocks: Vec::new(), auto_replenish })
}

fn plan(courses: usize, months: u32) -> Plan {
    Plan { seed: 11, months, first: first(), precision: 1e-9, courses_min: courses, courses_max: courses, tickets_max: usize::MAX }
}

const HOURS: [(f64, u32); 4] = [(0.4, 15), (0.3, 30), (0.2, 60), (0.1, 240)];

#[test]
fn simulated_years_agree_with_exact_ones_where_nothing_is_remembered() {
    let world = World::new();
    let tickets = Frequency::NegativeBinomial { mean: 14.0, size: 6.0 };
    let demand = world.demand(tickets, 12, &HOURS);
    let candidates = [
        agreement("ad-hoc", Program::AdHoc, 0, Prepaid::Nothing),
        agreement("use-it-or-lose-it", Program::UseItOrLoseIt, 1_000, pools(600, 0, None)),
    ];
    let run = world.run(&candidates, &demand, plan(4_096, 12));
    let measure = Measure { minor: 100.0, seats: 10.0, hour_cost: 60.0, value: 0 };
    let figures = run.figures(measure);
    let month = Compound::of(tickets, demand.urn.severity());
    let (year, mut grids) = (month.over(12), Grids::new());
    let exact = Exact::new(&year, 400.0);
    let within = |got: Estimate, wanted: f64| {
        assert!((got.value - wanted).abs() < 4.0 * got.error + 1e-6 * wanted, "{got:?} is not {wanted}");
    };
    within(figures[0].mean, 120.0 * year.mean());
    // A quantile of hours in quarter hours may lie anywhere within a step.
    let within_a_step = |got: Estimate, wanted: f64, step: f64| {
        assert!((got.value - wanted).abs() < 4.0 * got.error + step, "{got:?} is not {wanted}");
    };
    within_a_step(figures[0].p95, 120.0 * exact.quantile(0.95), 30.0);
    let overages = Overages::new(&month, (10.0, 12), 300.0, 1 << 15, &mut grids);
    within(figures[1].mean, 12_000.0 + 150.0 * overages.total.mean());
    within_a_step(figures[1].p95, 12_000.0 + 150.0 * overages.total.quantile(0.95), 37.5);
    within(figures[1].lost_hours, overages.forfeited);
    let none = Exact::new(&month, 10.0).cdf(10.0).powi(12);
    within(figures[1].overage_chance, 1.0 - none);
    // What the client does not carry is nothing for ad-hoc work.
    assert!((figures[0].carried_by_client.expect("it swings") - 1.0).abs() < 1e-9);
}

#[test]
fn a_run_is_the_same_on_any_number_of_threads() {
    let world = World::new();
    let demand = world.demand(Frequency::Poisson { mean: 6.0 }, 12, &HOURS);
    let candidates = [agreement("use-it-or-lose-it", Program::UseItOrLoseIt, 500, pools(300, 1, None))];
    let costs = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| world.run(&candidates, &demand, plan(300, 12)).costs(100.0))
    };
    assert_eq!(costs(1), costs(3));
}

/// Every course of some months in which one or no ticket comes, of two sizes, with its chance.
fn enumerate(world: &World, months: usize, share: f64, sizes: &[(f64, u32)]) -> Vec<(f64, Vec<Vec<TimeEntry>>)> {
    let mut courses: Vec<(f64, Vec<Option<u32>>)> = vec![(1.0, Vec::new())];
    for _ in 0..months {
        let mut next = Vec::new();
        for (chance, course) in &courses {
            let with = |minutes: Option<u32>, own: f64| {
                let mut longer = course.clone();
                longer.push(minutes);
                (chance * own, longer)
            };
            next.push(with(None, 1.0 - share));
            next.extend(sizes.iter().map(|(weight, minutes)| with(Some(*minutes), share * weight)));
        }
        courses = next;
    }
    let entries = |number: usize, minutes: &Option<u32>| {
        let period = first().plus(u32::try_from(number).expect("few"));
        let horizon = Horizon::new(&world.client, &world.terms.calendar, period, 1);
        let listed = Listed::of(&world.client, first().first_day());
        minutes.map_or(Vec::new(), |minutes| lone_entries(&world.incident(minutes), (0, 0), &horizon, &listed))
    };
    courses
        .into_iter()
        .map(|(chance, course)| (chance, course.iter().enumerate().map(|(number, minutes)| entries(number, minutes)).collect()))
        .collect()
}

#[test]
fn programs_with_memory_agree_with_every_possible_course_taken_together() {
    let world = World::new();
    let (share, sizes, months) = (0.7, [(0.6, 60), (0.4, 300)], 5);
    let demand = world.demand(Frequency::Binomial { trials: 1, share }, months, &sizes);
    let replenish = AutoReplenish { seconds: 4 * 3_600, price: Decimal::whole(400), max_per_period: 1 };
    let reserve = Reserve {
        size: ReserveSize::Fixed(Decimal::whole(200)),
        count: CountMethod::FirstDay,
        rollover: Rollover { periods: 2, cap_percent: Decimal::whole(100) },
        proration: Proration::None,
        excludes: Vec::new(),
    };
    let candidates = [
        agreement("rollover", Program::UseItOrLoseIt, 100, pools(120, 2, None)),
        agreement("blocks", Program::BlockOfTime, 0, pools(0, 0, Some(replenish))),
        agreement("budget", Program::Budget, 200, Prepaid::Money(reserve)),
    ];
    let few = u32::try_from(months).expect("few");
    let run = world.run(&candidates, &demand, plan(3_000, few));
    for (candidate, costs) in candidates.iter().zip(run.costs(100.0)) {
        let contestant = Contestant::new(&world.client, candidate);
        let expected: f64 = enumerate(&world, months, share, &sizes)
            .iter()
            .map(|(chance, months)| {
                chance * cents(contestant.bill(world.ground(), first(), months, |_, _| {}).expect("it adds up").cost())
            })
            .sum();
        let got = mean_with(&costs, &run.hours);
        assert!((got.value - expected).abs() < 4.0 * got.error, "{}: {got:?} is not {expected}", candidate.name);
    }
}

type Figure = fn(&Figures) -> Estimate;

/// The same figures from other seeds: they scatter as their errors say, around what very many courses say without any control.
#[test]
fn errors_are_as_large_as_figures_scatter() {
    const SEEDS: u32 = 40;
    let world = World::new();
    let sizes: Vec<(f64, u32)> = (1..=40).map(|number| (1.0 / f64::from(number), 5 + 7 * number)).collect();
    let mut demand = world.demand(Frequency::NegativeBinomial { mean: 14.0, size: 6.0 }, 12, &sizes);
    demand.usual = Usual::new(demand.usual.tickets, 60.0);
    let gamma = |mean: f64| Severity::Gamma { shape: 4.0, scale: mean / 4.0 };
    demand.severe.push(Severe::new("crash", 0.3, gamma(12.0), DeviceClass::Server));
    demand.severe.push(Severe::new("virus", 0.05, gamma(90.0), DeviceClass::Workstation));
    let replenish = AutoReplenish { seconds: 12 * 3_600, price: Decimal::whole(1_200), max_per_period: 9 };
    let reserve = Reserve {
        size: ReserveSize::Fixed(Decimal::whole(1_500)),
        count: CountMethod::FirstDay,
        rollover: Rollover { periods: 1, cap_percent: Decimal::whole(50) },
        proration: Proration::None,
        excludes: Vec::new(),
    };
    let candidates = [
        agreement("ad-hoc", Program::AdHoc, 0, Prepaid::Nothing),
        agreement("use-it-or-lose-it", Program::UseItOrLoseIt, 2_000, pools(1_800, 0, None)),
        agreement("blocks", Program::BlockOfTime, 0, pools(0, 0, Some(replenish))),
        agreement("budget", Program::Budget, 1_500, Prepaid::Money(reserve)),
    ];
    let measure = Measure { minor: 100.0, seats: 10.0, hour_cost: 60.0, value: 0 };
    let run = |seed: u64, courses: usize| world.run(&candidates, &demand, Plan { seed, ..plan(courses, 12) });
    let many = run(1_000, 24_000);
    let figures: Vec<_> = (0..SEEDS).map(|seed| run(u64::from(seed), 128).figures(measure)).collect();
    // A share below nought stands for the mean beyond it, and nought for the mean of all.
    let of: [(&str, f64, Figure); 4] = [
        ("mean", 0.0, |it| it.mean),
        ("median", 0.5, |it| it.median),
        ("P95", 0.95, |it| it.p95),
        ("tail", -0.95, |it| it.tail_mean95),
    ];
    for (at, costs) in many.costs(100.0).iter().enumerate() {
        for (what, share, figure) in of {
            let nothing = Control::default();
            let reference = match share {
                share if share > 0.0 => quantile_with(costs, share, &nothing),
                share if share < 0.0 => tail_mean_with(costs, -share, &nothing),
                _ => mean_with(costs, &nothing),
            };
            let own: Vec<Estimate> = figures.iter().map(|figures| figure(&figures[at])).collect();
            let values: Vec<f64> = own.iter().map(|it| it.value).collect();
            let said = (own.iter().map(|it| it.error.powi(2)).sum::<f64>() / f64::from(SEEDS)).sqrt();
            let (middle, scatter) = (values.iter().sum::<f64>() / f64::from(SEEDS), deviation(&values));
            let name = (&candidates[at].name, what);
            println!(
                "{name:?}: {middle:.1} against {:.1} +- {:.1}, scatters {scatter:.1}, says {said:.1}",
                reference.value, reference.error
            );
            assert!(scatter < 1.6 * said + 1e-6, "{name:?} scatters by {scatter} and says {said}");
            let doubt = reference.error.hypot(said);
            assert!((middle - reference.value).abs() < 3.0 * doubt, "{name:?}: {middle} is not {reference:?}");
        }
    }
}

/// Months as incidents that were rounded and cut once, against the entries of the same months: holidays, the change of the clocks,
/// work past midnight and past the month's end among them.
#[test]
fn what_is_billed_in_bulk_or_by_price_list_is_what_its_entries_cost() {
    let mut world = World::new();
    let holidays = ["2027-01-01", "2027-01-18", "2027-02-15", "2027-03-31"].map(|day| Day::from_date(day.parse().expect("a day")));
    let week = std::array::from_fn(|day| if day < 5 { vec![(9 * 3_600, 17 * 3_600)] } else { Vec::new() });
    world.terms.calendar = Calendar::new(week, holidays.to_vec());
    let zone = TimeZone::get("America/New_York").expect("a zone");
    world.client.clock = Arc::new(LocalClock::new("America/New_York", &zone));
    let senior = world.words.intern("senior");
    let mut demand = world.demand(Frequency::Poisson { mean: 14.0 }, 6, &HOURS);
    let incidents = (0..40_u32).map(|number| {
        let mut incident = world.incident(5 + number * 7 % 95);
        incident.weekday = usize::try_from(number % 7).expect("few");
        incident.pieces[0].after = i64::from(number * 37 % 24) * 3_600 + 1_200;
        if number % 3 == 0 {
            let later = Piece { after: incident.pieces[0].after + i64::from(number) * 7_200, tier: senior, ..incident.pieces[0] };
            incident.pieces.push(later);
        }
        (1.0, incident)
    });
    demand.urn = Urn::new(incidents);
    let prices = Prices { after_hours_price: Decimal::parse("1.5").expect("a price"), ..Prices::default() };
    let rounded = |mut candidate: Candidate, scope: RoundingScope| {
        if let Some(agreement) = &mut candidate.agreement {
            agreement.rounding = Rounding { increment: 15, minimum: 15, scope };
            agreement.prices = prices.clone();
            agreement.overage.tiers = vec![(senior, Decimal::whole(250))];
        }
        candidate
    };
    let replenish = AutoReplenish { seconds: 4 * 3_600, price: Decimal::whole(400), max_per_period: 2 };
    let candidates = [
        rounded(agreement("ad-hoc", Program::AdHoc, 0, Prepaid::Nothing), RoundingScope::TicketDay),
        rounded(agreement("rollover", Program::UseItOrLoseIt, 100, pools(600, 2, None)), RoundingScope::TicketDay),
        rounded(agreement("blocks", Program::BlockOfTime, 0, pools(0, 0, Some(replenish))), RoundingScope::Entry),
    ];
    let contestants: Vec<Contestant> = candidates.iter().map(|candidate| Contestant::new(&world.client, candidate)).collect();
    let field = Field::new(world.ground(), &world.client, (&demand, first(), 6), &candidates).expect("a field");
    let (horizon, devices) =
        (Horizon::new(&world.client, &world.terms.calendar, first(), 6), Listed::of(&world.client, first().first_day()));
    for number in 0..60 {
        let (path, courses) = field.course((3, number), &[]).expect("it adds up");
        let entries = path.entries(&demand, &horizon, &devices);
        for (contestant, course) in contestants.iter().zip(courses) {
            let by_entry = contestant.bill(world.ground(), first(), &entries, |_, _| {}).expect("it adds up");
            let (got, expected) = (course.cost(), by_entry.cost());
            // A price list rounds each incident to the cent, and counts what goes past the month's end in its month.
            let slack = if contestant.name == "ad-hoc" { expected / 50 } else { 0 };
            assert!((got - expected).abs() <= slack, "{}, course {number}: {got} is not {expected}", contestant.name);
            let worked = |course: &Course| course.months.iter().map(|month| month.worked).sum::<i64>();
            assert!(contestant.name == "ad-hoc" || worked(&course) == worked(&by_entry));
        }
    }
}

fn cents(minor: i64) -> f64 {
    quarterhour_risk::number::float_i64(minor) / 100.0
}

#[test]
fn nothing_at_all_costs_the_fee() {
    let world = World::new();
    let candidates = [
        agreement("ad-hoc", Program::AdHoc, 0, Prepaid::Nothing),
        agreement("use-it-or-lose-it", Program::UseItOrLoseIt, 90, pools(60, 0, None)),
    ];
    let demand = world.demand(Frequency::Poisson { mean: 0.0 }, 12, &[]);
    let run = world.run(&candidates, &demand, plan(32, 12));
    let figures = run.figures(Measure { minor: 100.0, seats: 0.0, hour_cost: 1.0, value: 0 });
    assert_eq!((figures[0].mean.value, figures[1].mean.value, figures[1].lost_hours.value), (0.0, 1_080.0, 12.0));
    assert_eq!((figures[0].price_per_hour, figures[0].price_per_seat, figures[0].carried_by_client), (None, None, None));
}

/// Part of the work is excluded from the allowance and charged: no single sum goes with the cost, but both together do.
#[test]
fn excluded_work_is_met_in_few_years() {
    let mut world = World::new();
    let project = world.words.intern("project");
    let mut demand = world.demand(Frequency::NegativeBinomial { mean: 14.0, size: 6.0 }, 12, &HOURS);
    let projects = (1..=5).map(|days| {
        let mut incident = world.incident(90 * days);
        incident.pieces.iter_mut().for_each(|piece| piece.work_type = project);
        (0.02, incident)
    });
    demand.urn = Urn::new(demand.urn.shares().map(|(share, incident)| (share, incident.clone())).chain(projects));
    demand.usual = Usual::new(demand.usual.tickets, 90.0);
    let mut prepaid = pools(600, 0, None);
    if let Prepaid::Time(TimePools { allowance: Some(allowance), .. }) = &mut prepaid {
        allowance.excludes.push(project);
    }
    let candidates = [agreement("hours and projects", Program::UseItOrLoseIt, 1_000, prepaid)];
    let plan = |seed, courses_max| Plan { seed, precision: 0.01, courses_min: 128, courses_max, ..plan(0, 12) };
    let many = world.run(&candidates, &demand, Plan { courses_min: 24_000, ..plan(1_000, 24_000) });
    let costs = many.costs(100.0).remove(0);
    let reference = [quantile_with(&costs, 0.95, &Control::default()), tail_mean_with(&costs, 0.95, &Control::default())];
    for seed in 0..12 {
        let run = world.run(&candidates, &demand, plan(seed, 4_096));
        assert_eq!(run.count(), 128);
        assert_eq!(run.sums.len(), 2, "what lies beyond the allowance, and the blend");
        let costs = run.costs(100.0).remove(0);
        let plain = quantile_with(&costs, 0.95, &Control::default());
        let p95 = run.quantile(&costs, 0.95);
        assert!(p95.error < 0.01 * p95.value && p95.error < plain.error / 2.0, "{p95:?} and {plain:?}");
        let figures = &run.figures(Measure { minor: 100.0, seats: 10.0, hour_cost: 60.0, value: 0 })[0];
        for (got, wanted) in [figures.p95, figures.tail_mean95].iter().zip(&reference) {
            assert!((got.value - wanted.value).abs() < 3.5 * got.error.hypot(wanted.error), "seed {seed}: {got:?} is not {wanted:?}");
        }
    }
}

/// Work that begins in the last month and goes on after it is billed whole, with memory as without.
#[test]
fn what_was_begun_is_finished() {
    let world = World::new();
    let mut demand = world.demand(Frequency::Poisson { mean: 1e-9 }, 1, &HOURS);
    demand.severe.push(Severe::new("rebuilding", 12.0, Severity::Gamma { shape: 40.0, scale: 2.0 }, DeviceClass::Server));
    let candidates =
        [agreement("ad-hoc", Program::AdHoc, 0, Prepaid::Nothing), agreement("hours", Program::UseItOrLoseIt, 0, pools(1, 0, None))];
    let run = world.run(&candidates, &demand, plan(200, 1));
    for (number, (ad_hoc, hours)) in run.courses[0].iter().zip(&run.courses[1]).enumerate() {
        let worked = |course: &Course| course.months.iter().map(|month| month.worked).sum::<i64>();
        assert_eq!(worked(ad_hoc), worked(hours), "course {number}");
    }
}

/// Work is on a device that is in service, wherever it stands in the list.
#[test]
fn retired_devices_are_not_worked_on() {
    let mut world = World::new();
    let day = |month: &str| Period::parse(month).expect("a period").first_day();
    let device = |name: &str, retired: Option<&str>| Device {
        name: name.to_owned(),
        class: DeviceClass::Workstation,
        serial: String::new(),
        site: String::new(),
        in_service: day("2026-01"),
        retired: retired.map(day),
    };
    world.client.devices = vec![device("gone", Some("2026-06")), device("going", Some("2027-03")), device("here", None)];
    let listed = Listed::of(&world.client, first().first_day());
    assert_eq!(listed.worked_on(PieceOn::Class(DeviceClass::Workstation)), WorkedOn::Listed(2));
    assert_eq!(listed.worked_on(PieceOn::Class(DeviceClass::Server)), WorkedOn::Unlisted);
}
