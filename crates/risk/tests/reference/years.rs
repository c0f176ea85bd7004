//! A million drawn years against the rows of a year under each program, within four standard errors.

use std::collections::BTreeMap;

use quarterhour_risk::estimate::Estimate;
use quarterhour_risk::law::{Compound, Grids, Part, Table};
use quarterhour_risk::severity::Severity;
use quarterhour_risk::years::{self, Figures, Hours, Run, Tariff, Years};
use serde_json::Value;

use crate::table::{Row, compound, number, rows};

#[test]
fn a_million_years_cost_what_the_reference_says() {
    let models: BTreeMap<String, Value> =
        rows("ladder").iter().map(|row| (row.get("model_id").to_owned(), row.json("model"))).collect();
    let mut by_params: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows("programs") {
        by_params.entry(row.get("params").to_owned()).or_default().push(row);
    }
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for rows in by_params.values() {
        let params = rows[0].json("params");
        let model = &params["model"];
        let model = compound(model.as_str().map_or(model, |name| models.get(name).unwrap_or_else(|| panic!("no model {name}"))));
        let Some((model, tariffs)) = program(&params, &model) else { continue };
        for (way, hours) in both(&model) {
            let drawn = years::draw(&hours, &tariffs, Run { years: 1_000_000, months: 12, seed: 29 }).expect("sound tariffs");
            let figures = drawn.figures();
            for row in rows {
                let Some(got) = estimate(&drawn, &figures, row.get("quantity")) else { continue };
                checked += 1;
                let wanted = row.number("value");
                if !((got.value - wanted).abs() < 4.0 * got.error && got.error < 0.03 * wanted) {
                    wrong.push(format!("{} {way}: {got:?} is not {wanted}", row.get("id")));
                }
            }
        }
    }
    eprintln!("years: {checked} rows, both ways");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// What is drawn for a group of rows; nothing for blocks that expire.
fn program(params: &Value, model: &Compound) -> Option<(Compound, Vec<Tariff>)> {
    let of = |name: &str| number(&params[name]);
    if params.get("allowance_h").is_some() {
        let pool = Tariff::use_it_or_lose_it(of("uioli_fee"), of("allowance_h"), of("overage_rate"));
        return Some((model.clone(), vec![Tariff::Hourly { rate: of("adhoc_rate") }, pool]));
    }
    params.get("tier1_rate")?;
    // Poisson tickets of several kinds are apart from each other: a part for each kind.
    let [part] = &model.parts[..] else { panic!("one part") };
    let Severity::Mixture(kinds) = &part.severity else { panic!("a mixture") };
    let parts = kinds.iter().map(|(share, kind)| Part { frequency: part.frequency.times(*share), severity: kind.clone() }).collect();
    let rates = (0..kinds.len()).map(|position| of(if position == 0 { "tier1_rate" } else { "tier2_rate" })).collect();
    Some((Compound { parts }, vec![Tariff::ByKind { fee: 0.0, rates }]))
}

fn both(model: &Compound) -> [(&'static str, Hours); 2] {
    let mut grids = Grids::new();
    let kinds = model.parts.iter().map(|part| Compound { parts: vec![part.clone()] });
    let laws = kinds.map(|kind| Table::of_month(&kind, &mut grids).expect("finite hours")).collect();
    [("by ticket", Hours::by_ticket(model).expect("finite hours")), ("by month", Hours::by_month(laws))]
}

fn estimate(drawn: &Years, figures: &[Figures], quantity: &str) -> Option<Estimate> {
    let (first, last) = (figures.first()?, figures.last()?);
    let own = if quantity.contains("UIOLI") { last } else { first };
    // The standard error of a deviation is about its value by the root of twice the years, and more for long tails.
    let deviation = |figures: &Figures| Estimate { value: figures.deviation, error: figures.deviation / 700.0 };
    Some(match quantity {
        "P(annual UIOLI cost < annual adhoc cost)" => drawn.cheaper(1, 0)?,
        "E[annual forfeited hours]" => last.lost_hours,
        _ if quantity.contains("adhoc rate at which") => return None,
        _ if quantity.starts_with("E[") => own.mean,
        _ if quantity.starts_with("SD[") => deviation(own),
        _ if quantity.starts_with("TVaR0.95") => own.tail95,
        _ if quantity.starts_with("q0.5[") => own.median,
        _ if quantity.starts_with("q0.95[") => own.p95,
        _ if quantity.starts_with("q0.9[") => own.p90,
        _ => return None,
    })
}
