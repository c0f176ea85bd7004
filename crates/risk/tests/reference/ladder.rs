//! Twelve models of a client's month.

use std::collections::BTreeMap;

use quarterhour_risk::law::{Compound, Exact, blocks_bought};

use crate::table::{Check, Row, compound, rows};

#[test]
fn laws_of_a_months_hours_are_those_of_the_ladder() {
    let mut models: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows("ladder") {
        models.entry(row.get("model").to_owned()).or_default().push(row);
    }
    let mut check = Check::default();
    for rows in models.values() {
        let model = compound(&rows[0].json("model"));
        let reach = rows.iter().filter(|row| !row.get("arg").is_empty()).map(|row| row.number("arg")).fold(0.0, f64::max);
        let reach = rows.iter().filter(|row| row.get("quantity") == "quantile").map(|row| row.number("value")).fold(reach, f64::max);
        let exact = Exact::new(&model, reach * 1.1 + 1.0);
        for row in rows {
            one(&mut check, &model, &exact, row);
        }
    }
    check.finish("ladder");
}

fn one(check: &mut Check, model: &Compound, exact: &Exact<'_>, row: &Row) {
    let is_lattice = model.parts.iter().all(|part| part.severity.step().is_some());
    let tolerance = if is_lattice { 1e-12 } else { 1e-8 };
    let [mean, variance, third] = model.cumulants();
    match row.get("quantity") {
        "mean" => check.near(row, mean, 1e-12),
        "sd" => check.near(row, variance.sqrt(), 1e-12),
        "skewness" => check.near(row, third / variance.powf(1.5), 1e-12),
        "P(S=0)" => check.near(row, exact.cdf(0.0), 1e-12),
        "cdf" => check.near(row, exact.cdf(row.number("arg")), tolerance),
        "forfeit_E[(d-S)+]" => check.near(row, exact.shortfall(row.number("arg")), tolerance),
        "stoploss_E[(S-d)+]" => check.near(row, exact.excess(row.number("arg")), tolerance),
        "sd_of_(S-d)+" => check.near(row, exact.excess_deviation(row.number("arg")).expect("a deviation"), 1e-8),
        "quantile" => check.near(row, exact.quantile(row.number("arg")), 1e-7),
        "tvar" => check.near(row, exact.tail_mean(row.number("arg")), tolerance.max(1e-8)),
        // One of these rows was cut off in its tail: its own second way differs by as much as ours does.
        "E[ceil(S_12months/B)]" => {
            let differs: f64 = row.get("independent_fft_check_rel").parse().unwrap_or(0.0);
            check.near(row, blocks_bought(&model.over(12), row.number("arg")), differs.max(1e-9));
        }
        _ => check.unknown(row),
    }
}
