//! The published and high-precision values of staffing: every `ref_staffing_*.csv` of the folder that QUARTERHOUR_REF
//! names, or else of the shared one. Rows that are held back have the same kinds and need no new code.

use std::collections::BTreeMap;

use quarterhour_risk::staffing::StaffingError;
use quarterhour_risk::staffing::day::{BusinessDay, SteadyDay};
use quarterhour_risk::staffing::erlang::{ErlangC, Workload, blocking, least_servers};
use quarterhour_risk::staffing::erlang_a::ErlangA;
use serde_json::Value;

use crate::table::rows;

/// Absolute and relative; of formulas, and of the chain.
const FORMULA: f64 = 1e-9;
const CHAIN: f64 = 1e-6;

/// A number, or a text like `4.461` or `20/60`.
fn number(value: &Value) -> Option<f64> {
    let text = match value {
        Value::Number(number) => return number.as_f64(),
        Value::String(text) => text.trim(),
        _ => return None,
    };
    match text.split_once('/') {
        Some((above, below)) => Some(above.trim().parse::<f64>().ok()? / below.trim().parse::<f64>().ok()?),
        None => text.parse().ok(),
    }
}

struct Params(Value);

impl Params {
    fn number(&self, name: &str) -> f64 {
        self.0.get(name).and_then(number).unwrap_or_else(|| panic!("no number `{name}` in {}", self.0))
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        let list = self.0.get(name).and_then(Value::as_array).unwrap_or_else(|| panic!("no list `{name}` in {}", self.0));
        list.iter().map(|value| number(value).unwrap()).collect()
    }

    fn servers(&self) -> usize {
        format!("{}", self.number("servers")).parse().unwrap()
    }

    /// `lam`, or `arrivals` in a stretch `per`; and `handle`, in the same unit.
    fn workload(&self) -> Workload {
        let rate = if self.0.get("lam").is_some() { self.number("lam") } else { self.number("arrivals") / self.number("per") };
        Workload::new(rate, self.number("handle")).unwrap()
    }
}

/// The value of a quantity, or why there is none.
type Answer = Result<f64, String>;

fn unknown(quantity: &str) -> Answer {
    Err(format!("no rule for the quantity `{quantity}`"))
}

fn because(error: StaffingError) -> String {
    error.to_string()
}

fn erlang_c(quantity: &str, params: &Params) -> Answer {
    if quantity == "min_servers" {
        let least = least_servers(params.workload(), params.number("T"), params.number("SL")).map_err(because)?;
        return Ok(f64::from(u32::try_from(least).unwrap()));
    }
    let queue = ErlangC::new(params.workload(), params.servers()).map_err(because)?;
    match quantity {
        "P(wait>0)" => Ok(queue.delayed()),
        "mean_wait" => Ok(queue.mean_wait()),
        "P(wait<=T)" | "P(wait<=T) at min_servers" => queue.within(params.number("T")).map_err(because),
        "occupancy" => Ok(queue.occupancy()),
        "mean_queue" => Ok(queue.mean_queue()),
        _ => unknown(quantity),
    }
}

fn erlang_a(quantity: &str, params: &Params) -> Answer {
    let queue = ErlangA::new(params.workload(), params.number("patience"), params.servers()).map_err(because)?;
    match quantity {
        "P(offered wait>0)" => Ok(queue.delayed()),
        "P(abandon)" => Ok(queue.abandoned()),
        "mean_wait_all" => Ok(queue.mean_wait()),
        "mean_queue" => Ok(queue.mean_queue()),
        "occupancy" => Ok(queue.occupancy()),
        "P(offered wait>T)" => queue.offered_beyond(params.number("T")).map_err(because),
        "P(served and wait<=T)" => queue.served_within(params.number("T")).map_err(because),
        _ => unknown(quantity),
    }
}

fn chain(quantity: &str, params: &Params) -> Answer {
    let day = BusinessDay::hourly(&params.numbers("hourly_rates"), params.number("overnight_rate"), params.number("overnight_hours"));
    let steady = SteadyDay::new(&day, params.servers(), params.number("mean_handle_h")).map_err(because)?;
    let shares = || steady.within(params.number("T_business_h")).map_err(because);
    let value = match quantity {
        "P(first response within T business hours), all tickets" => shares()?.all,
        "same, tickets arriving in business hours" => shares()?.business,
        "same, tickets arriving overnight" => shares()?.overnight,
        "mean wait in business hours" => steady.mean_wait(),
        "mean number in system at opening" => Some(steady.mean_at_opening()),
        "mean number in system at closing" => Some(steady.mean_at_closing()),
        _ => return unknown(quantity),
    };
    value.ok_or_else(|| "no tickets".to_owned())
}

/// What this crate says, and how far it may be off.
fn answer(model: &str, quantity: &str, params: &Params) -> (Answer, f64) {
    match (model, quantity) {
        ("ErlangB", "blocking") => (blocking(params.number("load_erl"), params.servers()).map_err(because), FORMULA),
        ("ErlangB", _) => (unknown(quantity), FORMULA),
        ("ErlangC", _) => (erlang_c(quantity, params), FORMULA),
        ("ErlangA", _) => (erlang_a(quantity, params), FORMULA),
        ("M(t)/M/c business hours, frozen nights", _) => (chain(quantity, params), CHAIN),
        _ => (Err(format!("no rule for the model `{model}`")), FORMULA),
    }
}

#[test]
fn every_reference_value_is_met() {
    let (mut failures, mut compared, mut largest) = (Vec::new(), 0, BTreeMap::<String, (f64, String)>::new());
    for row in rows("staffing") {
        let (id, model, quantity) = (row.get("id"), row.get("model"), row.get("quantity"));
        let (wanted, params) = (row.number("value"), Params(row.json("params")));
        compared += 1;
        let (answer, tolerance) = answer(model, quantity, &params);
        let got = match answer {
            Ok(got) => got,
            Err(why) => {
                failures.push(format!("{id}, {quantity}: {why}"));
                continue;
            }
        };
        let error = (got - wanted).abs() / (1.0 + wanted.abs());
        let worst = largest.entry(model.to_owned()).or_default();
        if error >= worst.0 {
            *worst = (error, id.to_owned());
        }
        if error.is_nan() || error > tolerance {
            failures.push(format!("{id}, {quantity}: {got} is not {wanted}"));
        }
    }
    for (model, (error, id)) in &largest {
        println!("{model}: largest error {error:.1e} of 1 + value, at {id}");
    }
    assert!(failures.is_empty(), "{} of {compared} rows:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn numbers_may_be_written_as_text() {
    assert_eq!(number(&Value::from("20/60")), Some(20.0 / 60.0));
    assert_eq!(number(&Value::from(" 4.461")), Some(4.461));
    assert_eq!(number(&Value::from("some")), None);
}
