//! What laws, inversions, forecasts and queues cost, on one core and from memory.

use divan::{Bencher, black_box};
use quarterhour_risk::band::{Doubt, Overage, bands};
use quarterhour_risk::fit::{Replicates, credibility};
use quarterhour_risk::frequency::Frequency;
use quarterhour_risk::law::{Compound, Exact, Grid, Grids, Overages, Table};
use quarterhour_risk::severity::Severity;
use quarterhour_risk::staffing::day::{BusinessDay, SteadyDay};
use quarterhour_risk::years::{self, Hours, Run, Tariff};

fn main() {
    divan::main();
}

/// Eight tickets a month of about half an hour, with a long tail.
fn small() -> Compound {
    Compound::of(Frequency::Poisson { mean: 8.0 }, Severity::Lognormal { mu: -1.0, sigma: 1.0 })
}

/// The whole law of a month from grids of 2^13 and 2^14 points: error below 1e-8.
#[divan::bench]
fn whole_law(bencher: Bencher<'_, '_>) {
    let (model, mut grids) = (small(), Grids::new());
    bencher.bench_local(|| Grid::new(black_box(&model), 40.0, 1 << 14, &mut grids));
}

/// One value by inversion: an overage in expectation.
#[divan::bench]
fn one_value(bencher: Bencher<'_, '_>) {
    let model = small();
    let exact = Exact::new(&model, 5.0);
    bencher.bench_local(|| exact.excess(black_box(5.0)));
}

/// The expected cost of a year by the hour, under use-it-or-lose-it and with a fixed fee.
#[divan::bench]
fn expected_costs(bencher: Bencher<'_, '_>) {
    let model = small();
    bencher.bench_local(|| {
        let model = black_box(&model);
        let over = Exact::new(model, 5.0).excess(5.0);
        (12.0 * model.mean() * 120.0, 12.0 * (500.0 + 135.0 * over), 12.0 * 650.0)
    });
}

/// The law of a year's overage.
#[divan::bench]
fn year_of_overage(bencher: Bencher<'_, '_>) {
    let (model, mut grids) = (small(), Grids::new());
    bencher.bench_local(|| Overages::new(black_box(&model), (5.0, 12), 60.0, 1 << 14, &mut grids));
}

/// Hours in quarter hours, by Panjer's recursion.
#[divan::bench]
fn lattice(bencher: Bencher<'_, '_>) {
    let rounded = Severity::RoundedUp { step: 0.25, of: Box::new(Severity::Lognormal { mu: -1.0, sigma: 1.0 }) };
    let model = Compound::of(Frequency::Poisson { mean: 12.0 }, rounded);
    bencher.bench_local(|| Exact::new(black_box(&model), 10.0).excess(10.0));
}

/// Credibility over 200 clients of two years.
#[divan::bench]
fn credibility_of_200(bencher: Bencher<'_, '_>) {
    let period = |client: u32, month: u32| credibility::Period {
        value: f64::from((client * 7 + month * 13) % 11) / 10.0 + 0.2,
        weight: f64::from(client % 40 + 5),
    };
    let clients: Vec<Vec<credibility::Period>> = (0..200).map(|client| (0..24).map(|month| period(client, month)).collect()).collect();
    bencher.bench_local(|| credibility::fit(black_box(&clients)));
}

/// A day of nine technicians with its morning's backlog.
#[divan::bench]
fn business_day(bencher: Bencher<'_, '_>) {
    let rates = [8.0, 14.0, 16.0, 13.0, 9.0, 11.0, 13.0, 11.0, 7.0];
    bencher.bench_local(|| {
        let day = BusinessDay::hourly(black_box(&rates), 0.8, 15.0);
        SteadyDay::new(&day, 9, 0.55).map(|steady| steady.within(0.5))
    });
}

/// A client's month under six programs.
fn tariffs() -> Vec<Tariff> {
    vec![
        Tariff::Hourly { rate: 120.0 },
        Tariff::use_it_or_lose_it(500.0, 5.0, 135.0),
        Tariff::Blocks { hours: 10.0, price: 1_100.0 },
        Tariff::budget(550.0, 550.0, 2, 120.0),
        Tariff::ByKind { fee: 100.0, rates: vec![95.0] },
        Tariff::Fixed { fee: 650.0 },
    ]
}

/// A million years of eight tickets a month under all programs, on one thread, with all figures.
fn million_years(bencher: Bencher<'_, '_>, hours: impl Fn() -> Hours + Sync) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    let run = Run { years: 1_000_000, months: 12, seed: 1 };
    bencher
        .bench_local(|| pool.install(|| years::draw(&hours(), &tariffs(), run).map(|years| (years.figures(), years.cheaper(0, 1)))));
}

/// Ticket by ticket, all tables made anew.
#[divan::bench(threads = 1, sample_count = 5)]
fn million_years_by_ticket(bencher: Bencher<'_, '_>) {
    let model = small();
    million_years(bencher, || Hours::by_ticket(black_box(&model)).expect("finite hours"));
}

/// From the law of a month, which is made anew, too.
#[divan::bench(threads = 1, sample_count = 10)]
fn million_years_by_month(bencher: Bencher<'_, '_>) {
    let model = small();
    million_years(bencher, || {
        let month = Table::of_month(black_box(&model), &mut Grids::new()).expect("finite hours");
        Hours::by_month(vec![month])
    });
}

/// The tables alone: of a ticket's hours, and of a month's.
#[divan::bench]
fn table_of_a_ticket(bencher: Bencher<'_, '_>) {
    let severity = Severity::Lognormal { mu: -1.0, sigma: 1.0 };
    bencher.bench_local(|| Table::of_severity(black_box(&severity)));
}

#[divan::bench]
fn table_of_a_month(bencher: Bencher<'_, '_>) {
    let (model, mut grids) = (small(), Grids::new());
    bencher.bench_local(|| Table::of_month(black_box(&model), &mut grids));
}

/// The band of three programs over a thousand draws of the rate of tickets and the hours of each.
#[divan::bench]
fn band_of_a_thousand_draws(bencher: Bencher<'_, '_>) {
    let (model, doubt) = (small(), Doubt { rate_shape: 50.0, hours_deviation: 0.15 });
    bencher.bench_local(|| {
        let draws = doubt.draws(Replicates { count: 1_000, seed: 1 });
        let overage = Overage::new(black_box(&model), &draws, 5.0).expect("finite hours");
        bands(&draws, |draw| [1_440.0 * overage.hours(draw), 6_000.0 + 1_620.0 * overage.excess(draw, 5.0), 7_800.0])
    });
}
