//! A year under each program.

use std::collections::BTreeMap;

use quarterhour_risk::law::{Compound, Exact, Grid, Grids, Overages, Part, chance_of_less, expiring_blocks};
use quarterhour_risk::severity::Severity;
use serde_json::Value;

use crate::table::{Check, Row, compound, number, rows};

#[test]
fn a_year_costs_what_the_reference_says() {
    let models: BTreeMap<String, Value> =
        rows("ladder").iter().map(|row| (row.get("model_id").to_owned(), row.json("model"))).collect();
    let mut by_params: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows("programs") {
        by_params.entry(row.get("params").to_owned()).or_default().push(row);
    }
    let mut check = Check::default();
    for rows in by_params.values() {
        let params = rows[0].json("params");
        let model = &params["model"];
        let model = match model.as_str() {
            Some(name) => compound(models.get(name).unwrap_or_else(|| panic!("no model {name} in the ladder"))),
            None => compound(model),
        };
        if params.get("allowance_h").is_some() {
            use_it_or_lose_it(&mut check, rows, &params, &model);
        } else if params.get("tier1_rate").is_some() {
            customized(&mut check, rows, &params, &model);
        } else {
            blocks(&mut check, rows, &params, &model);
        }
    }
    check.finish("programs");
}

/// The share in names such as `q0.95[annual cost]`.
fn share(quantity: &str) -> f64 {
    let digits: String = quantity.chars().skip_while(|letter| !letter.is_ascii_digit()).take_while(|letter| *letter != '[').collect();
    digits.parse().unwrap_or(f64::NAN)
}

fn use_it_or_lose_it(check: &mut Check, rows: &[Row], params: &Value, model: &Compound) {
    let of = |name: &str| number(&params[name]);
    let months = u32::try_from(params["months"].as_u64().expect("months")).expect("few months");
    let (allowance, rate, fee, overage) = (of("allowance_h"), of("adhoc_rate"), of("uioli_fee"), of("overage_rate"));
    let all = f64::from(months);
    let mut grids = Grids::new();
    let (exact, year) = (Exact::new(model, allowance), model.over(months));
    let year = Exact::new(&year, 0.0);
    let deviation = model.deviation();
    let reach = all * exact.excess(allowance) + 14.0 * all.sqrt() * deviation;
    let overages = Overages::new(model, (allowance, months), reach, 1 << 17, &mut grids);
    for row in rows {
        let quantity = row.get("quantity");
        match quantity {
            "E[annual adhoc cost]" => check.near(row, all * model.mean() * rate, 1e-12),
            "SD[annual adhoc cost]" => check.near(row, all.sqrt() * deviation * rate, 1e-12),
            "E[annual UIOLI cost]" => check.near(row, all * (fee + overage * exact.excess(allowance)), 1e-8),
            "SD[annual UIOLI cost]" => {
                check.near(row, all.sqrt() * overage * exact.excess_deviation(allowance).expect("a deviation"), 1e-8);
            }
            "E[annual forfeited hours]" => check.near(row, all * exact.shortfall(allowance), 1e-8),
            "P(annual UIOLI cost < annual adhoc cost)" => {
                let hours = model.mean() + 14.0 * deviation;
                let month = Grid::new(model, hours, 1 << 16, &mut grids);
                let chance =
                    chance_of_less(&month, months, |hours| fee + overage * (hours - allowance).max(0.0) - rate * hours, &mut grids);
                check.near(row, chance, 1e-4);
            }
            _ if quantity.contains("adhoc rate at which") => {
                check.near(row, (fee + overage * exact.excess(allowance)) / model.mean(), 1e-8);
            }
            _ if quantity.starts_with('q') && quantity.contains("adhoc") => {
                check.near(row, year.quantile(share(quantity)) * rate, 1e-7);
            }
            _ if quantity.starts_with("TVaR") && quantity.contains("adhoc") => {
                check.near(row, year.tail_mean(share(quantity)) * rate, 1e-7);
            }
            _ if quantity.starts_with('q') => check.near(row, all * fee + overage * overages.total.quantile(share(quantity)), 1e-7),
            _ if quantity.starts_with("TVaR") => {
                check.near(row, all * fee + overage * overages.total.tail_mean(share(quantity)), 1e-7)
            }
            _ => check.unknown(row),
        }
    }
}

/// The first kind of hours at one rate, the others at another: money in place of hours.
fn customized(check: &mut Check, rows: &[Row], params: &Value, model: &Compound) {
    let [part] = &model.parts[..] else { panic!("one part") };
    let Severity::Mixture(kinds) = &part.severity else { panic!("a mixture") };
    let rate = |position: usize| number(&params[if position == 0 { "tier1_rate" } else { "tier2_rate" }]);
    let kinds = kinds.iter().enumerate().map(|(position, (share, kind))| (*share, kind.scaled(rate(position)))).collect();
    let year = Compound { parts: vec![Part { frequency: part.frequency, severity: Severity::Mixture(kinds) }] }.over(12);
    let exact = Exact::new(&year, 0.0);
    for row in rows {
        match row.get("quantity") {
            "E[annual customised cost]" => check.near(row, year.mean(), 1e-12),
            "SD[annual customised cost]" => check.near(row, year.deviation(), 1e-12),
            quantity if quantity.starts_with('q') => check.near(row, exact.quantile(share(quantity)), 1e-7),
            quantity if quantity.starts_with("TVaR") => check.near(row, exact.tail_mean(share(quantity)), 1e-7),
            _ => check.unknown(row),
        }
    }
}

fn blocks(check: &mut Check, rows: &[Row], params: &Value, model: &Compound) {
    let whole = |name: &str| usize::try_from(params[name].as_u64().expect("a whole number")).expect("a small one");
    let month = Grid::new(model, model.mean() + 40.0 * model.deviation(), 1 << 15, &mut Grids::new());
    let block = number(&params["block_h"]);
    let expected = expiring_blocks(&month, (block, whole("expiry_months"), whole("horizon_months")), 480);
    for row in rows {
        // What the reference's own last correction was, and rounding.
        let tolerance = row.get("agree").parse::<f64>().unwrap_or(1e-6).max(1e-7);
        match row.get("quantity") {
            "E[blocks bought]" => check.near(row, expected.bought, tolerance),
            "E[hours forfeited by expiry]" => check.near(row, expected.forfeited, tolerance),
            "E[balance at the end]" => check.near(row, expected.left, tolerance),
            _ => check.unknown(row),
        }
    }
}
