//! What laws, inversions, forecasts and queues cost, on one core and from memory.

use divan::{Bencher, black_box};
use quarterhour_risk::fit::credibility;
use quarterhour_risk::frequency::Frequency;
use quarterhour_risk::law::{Compound, Exact, Grid, Grids, Overages};
use quarterhour_risk::severity::Severity;
use quarterhour_risk::staffing::day::{BusinessDay, SteadyDay};

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
