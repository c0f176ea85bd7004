//! A great many years in floats against exact values: without memory by the law itself, with memory by going through every course.

use quarterhour_risk::estimate::Estimate;
use quarterhour_risk::frequency::Frequency;
use quarterhour_risk::law::{Compound, Exact, Grid, Grids, Overages, Table, blocks_bought, chance_of_less};
use quarterhour_risk::severity::Severity;
use quarterhour_risk::years::{self, Figures, Hours, Run, Tariff, Years, YearsError};

const RUN: Run = Run { years: 200_000, months: 12, seed: 17 };

fn near(name: &str, got: Estimate, wanted: f64) {
    assert!((got.value - wanted).abs() < 4.0 * got.error, "{name}: {got:?} is not {wanted}");
    // An error that is too large would agree with anything.
    assert!(got.error < 0.02 * wanted.abs().max(0.05), "{name}: {got:?}");
}

fn lognormal() -> Compound {
    Compound::of(Frequency::Poisson { mean: 8.0 }, Severity::Lognormal { mu: -1.0, sigma: 1.0 })
}

/// Two kinds of tickets, few of each, so that many months have none.
fn sparse() -> Compound {
    let mut compound = Compound::of(Frequency::NegativeBinomial { mean: 1.2, size: 0.8 }, Severity::Gamma { shape: 1.5, scale: 0.5 });
    compound.parts.extend(Compound::of(Frequency::Poisson { mean: 0.1 }, Severity::Exponential { mean: 4.0 }).parts);
    compound
}

fn rounded() -> Compound {
    let severity = Severity::RoundedUp { step: 0.25, of: Box::new(Severity::Exponential { mean: 0.5 }) };
    Compound::of(Frequency::Poisson { mean: 5.0 }, severity)
}

/// Both ways to draw a month.
fn both(compound: &Compound) -> [(&'static str, Hours); 2] {
    let month = Table::of_month(compound, &mut Grids::new()).expect("finite hours");
    [("by ticket", Hours::by_ticket(compound).expect("finite hours")), ("by month", Hours::by_month(vec![month]))]
}

fn draw(hours: &Hours, tariffs: &[Tariff]) -> Years {
    years::draw(hours, tariffs, RUN).expect("sound tariffs")
}

#[test]
fn programs_without_memory_agree_with_the_exact_law() {
    let mut grids = Grids::new();
    for (compound, allowance) in [(lognormal(), 5.0), (sparse(), 2.0), (rounded(), 3.0)] {
        let (fee, overage, rate) = (100.0 * allowance, 135.0, 120.0);
        let tariffs = [Tariff::Hourly { rate }, Tariff::use_it_or_lose_it(fee, allowance, overage), Tariff::Fixed { fee: 610.0 }];
        let year = compound.over(12);
        let (month, year) = (Exact::new(&compound, 60.0), Exact::new(&year, 400.0));
        let reach = 12.0 * month.excess(allowance) + 14.0 * 12.0_f64.sqrt() * compound.deviation();
        let is_smooth = compound.parts.iter().all(|part| part.severity.is_smooth());
        for (way, hours) in both(&compound) {
            let drawn = draw(&hours, &tariffs);
            let figures = drawn.figures();
            let [ad_hoc, pool, fixed]: &[Figures; 3] = figures.as_slice().try_into().expect("three tariffs");
            near(way, ad_hoc.mean, 12.0 * compound.mean() * rate);
            assert!((ad_hoc.deviation / (12.0_f64.sqrt() * compound.deviation() * rate) - 1.0).abs() < 0.03, "{way}");
            near(way, pool.mean, 12.0 * (fee + overage * month.excess(allowance)));
            near(way, pool.lost_hours, 12.0 * month.shortfall(allowance));
            near(way, pool.overage_chance, 1.0 - month.cdf(allowance));
            assert_eq!((fixed.mean.value, fixed.deviation, fixed.p95.value), (7_320.0, 0.0, 7_320.0));
            // In steps the quantiles are steps.
            if !is_smooth {
                for (share, got) in [(0.5, ad_hoc.median), (0.9, ad_hoc.p90), (0.95, ad_hoc.p95)] {
                    assert!((got.value - year.quantile(share) * rate).abs() <= 0.25 * rate + 1e-9, "{way} {got:?}");
                }
                continue;
            }
            near(way, ad_hoc.median, year.quantile(0.5) * rate);
            near(way, ad_hoc.p90, year.quantile(0.9) * rate);
            near(way, ad_hoc.p95, year.quantile(0.95) * rate);
            near(way, ad_hoc.tail95, year.tail_mean(0.95) * rate);
            let overages = Overages::new(&compound, (allowance, 12), reach, 1 << 15, &mut grids).total;
            near(way, pool.p90, 12.0 * fee + overage * overages.quantile(0.9));
            near(way, pool.p95, 12.0 * fee + overage * overages.quantile(0.95));
            near(way, pool.tail95, 12.0 * fee + overage * overages.tail_mean(0.95));
            let grid = Grid::new(&compound, compound.mean() + 14.0 * compound.deviation(), 1 << 15, &mut grids);
            let difference = |hours: f64| rate * hours - fee - overage * (hours - allowance).max(0.0);
            near(way, drawn.cheaper(0, 1).expect("two"), chance_of_less(&grid, 12, difference, &mut grids));
            near(way, drawn.cheaper(0, 2).expect("three"), year.cdf(7_320.0 / rate));
            assert!((drawn.cheaper(1, 0).expect("two").value + drawn.cheaper(0, 1).expect("two").value - 1.0).abs() < 1e-12);
        }
    }
}

#[test]
fn blocks_without_expiry_agree_with_their_closed_form() {
    for (compound, hours) in [(lognormal(), 10.0), (sparse(), 4.0), (rounded(), 5.0)] {
        let bought = blocks_bought(&compound.over(12), hours);
        for (way, source) in both(&compound) {
            let figures = draw(&source, &[Tariff::Blocks { hours, price: 3.0 }]).figures();
            near(way, figures[0].mean, 3.0 * bought);
            near(way, figures[0].left_hours, bought * hours - 12.0 * compound.mean());
        }
    }
}

/// What pools of a tariff leave after a course of months: overage and lost hours, written down plainly.
fn plainly(course: &[f64], allowance: f64, rolls: usize) -> [f64; 3] {
    let (mut pools, mut overage, mut lost) = (Vec::new(), 0.0, 0.0);
    for (month, hours) in course.iter().enumerate() {
        pools.push((month + rolls, allowance));
        let mut need = *hours;
        for (_, pool) in &mut pools {
            let used = need.min(*pool);
            (need, *pool) = (need - used, *pool - used);
        }
        overage += need;
        lost += pools.iter().filter(|(end, _)| *end == month).map(|(_, pool)| pool).sum::<f64>();
        pools.retain(|(end, _)| *end != month);
    }
    [overage, lost, pools.iter().map(|(_, pool)| pool).sum()]
}

#[test]
fn programs_with_memory_agree_with_every_possible_course_taken_together() {
    let sizes = [(0.0, 0.35), (1.0, 0.4), (5.0, 0.25)];
    let months = 6_usize;
    let compound =
        Compound::of(Frequency::Binomial { trials: 1, share: 0.65 }, Severity::Points(vec![(1.0, 0.4 / 0.65), (5.0, 0.25 / 0.65)]));
    let run = Run { years: 100_000, months, seed: 5 };
    for rolls in [0, 1, 2, 9] {
        let mut expected = [0.0; 3];
        for number in 0..3_usize.pow(6) {
            let course: Vec<(f64, f64)> = (0..6).map(|month| sizes[number / 3_usize.pow(month) % 3]).collect();
            let chance: f64 = course.iter().map(|(_, chance)| chance).product();
            let hours: Vec<f64> = course.iter().map(|(hours, _)| *hours).collect();
            expected.iter_mut().zip(plainly(&hours, 2.0, rolls)).for_each(|(sum, value)| *sum += chance * value);
        }
        // A reserve of 200 at 100 an hour is two hours.
        let tariffs = [Tariff::Pool { fee: 7.0, hours: 2.0, rolls, overage: 100.0 }, Tariff::budget(7.0, 200.0, rolls, 100.0)];
        for (way, hours) in both(&compound) {
            let drawn = years::draw(&hours, &tariffs, run).expect("sound tariffs");
            let figures = drawn.figures();
            near(way, figures[0].mean, 42.0 + 100.0 * expected[0]);
            assert!((figures[0].lost_hours.value - expected[1]).abs() <= 4.0 * figures[0].lost_hours.error, "{way} {rolls}");
            assert!((figures[0].left_hours.value - expected[2]).abs() <= 4.0 * figures[0].left_hours.error, "{way} {rolls}");
            assert_eq!(figures[0], figures[1]);
        }
    }
}

#[test]
fn kinds_of_hours_have_rates_of_their_own() {
    let compound = sparse();
    let mut grids = Grids::new();
    let kinds = compound.parts.iter().map(|part| Compound { parts: vec![part.clone()] });
    let laws = kinds.map(|kind| Table::of_month(&kind, &mut grids).expect("finite hours")).collect();
    let mut money = compound.scaled(1.0);
    money.parts.iter_mut().zip([70.0, 150.0]).for_each(|(part, rate)| part.severity = part.severity.scaled(rate));
    let year = money.over(12);
    let exact = Exact::new(&year, 0.0);
    for hours in [Hours::by_ticket(&compound).expect("finite hours"), Hours::by_month(laws)] {
        let figures = draw(&hours, &[Tariff::ByKind { fee: 20.0, rates: vec![70.0, 150.0] }, Tariff::Hourly { rate: 1.0 }]).figures();
        near("customized", figures[0].mean, 240.0 + year.mean());
        near("customized", figures[0].p95, 240.0 + exact.quantile(0.95));
        near("all hours", figures[1].mean, 12.0 * compound.mean());
    }
}

#[test]
fn a_tie_at_the_allowance_is_no_overage() {
    let compound = Compound::of(Frequency::Binomial { trials: 3, share: 1.0 }, Severity::Points(vec![(0.1, 1.0)]));
    // Three times a tenth is a little more than three tenths in floats.
    let tariffs = [Tariff::use_it_or_lose_it(0.0, 0.3, 1.0), Tariff::Blocks { hours: 0.3, price: 1.0 }];
    let figures = years::draw(&Hours::by_ticket(&compound).expect("hours"), &tariffs, Run { years: 512, months: 1, seed: 1 })
        .expect("years")
        .figures();
    assert_eq!((figures[0].overage_chance.value, figures[1].mean.value), (0.0, 1.0));
}

#[test]
fn nothing_to_do_and_nothing_allowed() {
    let none = Compound::of(Frequency::Poisson { mean: 0.0 }, Severity::Exponential { mean: 1.0 });
    let tariffs = [
        Tariff::Hourly { rate: 120.0 },
        Tariff::use_it_or_lose_it(90.0, 1.0, 150.0),
        Tariff::Blocks { hours: 10.0, price: 1_000.0 },
        Tariff::budget(90.0, 60.0, 2, 120.0),
    ];
    for hours in [Hours::by_ticket(&none), Hours::by_ticket(&Compound::default()), Some(both(&none)[1].1.clone())] {
        let figures = draw(&hours.expect("no hours"), &tariffs).figures();
        let costs: Vec<f64> = figures.iter().map(|figures| figures.tail95.value).collect();
        assert_eq!(costs, [0.0, 1_080.0, 0.0, 1_080.0]);
        assert_eq!((figures[1].lost_hours.value, figures[3].lost_hours.value, figures[3].left_hours.value), (12.0, 5.0, 1.0));
    }
    // An allowance of nought: every hour is overage, and a month without hours has none.
    let compound = sparse();
    for (way, hours) in both(&compound) {
        let drawn = draw(&hours, &[Tariff::use_it_or_lose_it(0.0, 0.0, 120.0), Tariff::Hourly { rate: 120.0 }]);
        let figures = drawn.figures();
        near(way, figures[0].overage_chance, 1.0 - compound.none());
        assert_eq!(figures[0].lost_hours.value, 0.0);
        assert!((figures[0].mean.value / figures[1].mean.value - 1.0).abs() < 1e-12);
    }
}

#[test]
fn years_are_the_same_on_any_number_of_threads() {
    let tariffs =
        [Tariff::Hourly { rate: 120.0 }, Tariff::budget(300.0, 300.0, 2, 120.0), Tariff::Blocks { hours: 7.0, price: 800.0 }];
    for (_, hours) in both(&sparse()) {
        let on = |threads: usize, seed: u64, years: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| years::draw(&hours, &tariffs, Run { years, months: 12, seed }).expect("sound tariffs"))
        };
        let (one, two, other) = (on(1, 3, 5_001), on(2, 3, 5_001), on(1, 4, 5_001));
        assert_eq!(one.costs(), two.costs());
        assert_eq!(one.figures(), two.figures());
        assert_ne!(one.costs(), other.costs());
        // More years begin with the same ones.
        assert_eq!(on(2, 3, 9_000).costs()[1][..5_001], one.costs()[1]);
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_its_number() {
    let hours = Hours::by_ticket(&sparse()).expect("finite hours");
    let run = |tariff: Tariff, run: Run| years::draw(&hours, &[Tariff::Fixed { fee: 1.0 }, tariff], run).err();
    let few = Run { years: 1, ..RUN };
    assert_eq!(run(Tariff::Fixed { fee: 1.0 }, few), Some(YearsError::TooFew));
    assert_eq!(run(Tariff::Fixed { fee: 1.0 }, Run { months: 0, ..RUN }), Some(YearsError::TooFew));
    for tariff in [
        Tariff::Hourly { rate: f64::NAN },
        Tariff::Fixed { fee: -1.0 },
        Tariff::Blocks { hours: 0.0, price: 1.0 },
        Tariff::budget(1.0, 1.0, 2, 0.0),
        Tariff::ByKind { fee: 0.0, rates: vec![1.0] },
    ] {
        assert_eq!(run(tariff, RUN), Some(YearsError::BadTariff { number: 1, kinds: 2 }));
    }
}
