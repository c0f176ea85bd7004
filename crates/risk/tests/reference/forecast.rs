//! The end of a month seen from within, and the scores of forecasts.

use quarterhour_risk::forecast::{MonthSoFar, Rate};
use quarterhour_risk::frequency::Frequency;
use quarterhour_risk::law::Part;
use quarterhour_risk::score;
use quarterhour_risk::severity::Severity;
use serde_json::Value;

use crate::table::{Check, compound, number, rows, severity};

#[test]
fn forecasts_and_their_scores_are_those_of_the_reference() {
    let models = rows("ladder");
    let mut check = Check::default();
    for row in rows("forecast") {
        let (params, quantity) = (row.json("params"), row.get("quantity").to_owned());
        let of = |name: &str| number(&params[name]);
        let got = match quantity.as_str() {
            "CRPS gamma" => score::crps_of_gamma(of("shape"), of("scale"), of("y")),
            "CRPS lognormal" => score::crps_of_lognormal(of("mu"), of("sigma"), of("y")),
            "CRPS Poisson" => score::crps_of_count(Frequency::Poisson { mean: of("lam") }, of("y")),
            "CRPS negative binomial" => {
                score::crps_of_count(Frequency::NegativeBinomial { mean: of("mean"), size: of("size") }, of("y"))
            }
            "CRPS compound" => {
                let name = params["model"].as_str().expect("a model");
                let model = models.iter().find(|row| row.get("model_id") == name).expect("the model's rows").json("model");
                score::crps_of_compound(&compound(&model), of("y"))
            }
            "pinball loss" => score::pinball(of("alpha"), of("q"), of("y")),
            _ => match month_end(&params, &quantity) {
                Some(value) => value,
                None => {
                    check.unknown(&row);
                    continue;
                }
            },
        };
        check.near(&row, got, 1e-7);
    }
    check.finish("forecast");
}

fn month_end(params: &Value, quantity: &str) -> Option<f64> {
    let of = |name: &str| number(&params[name]);
    let crash = params["crash_rate_per_day_lnmu_lnsigma"].as_array().map(|crash| Part {
        frequency: Frequency::Poisson { mean: number(&crash[0]) },
        severity: Severity::Lognormal { mu: number(&crash[1]), sigma: number(&crash[2]) },
    });
    let so_far = MonthSoFar {
        rate: Rate { shape: of("prior_shape"), days: of("prior_rate_days") }.after(of("tickets_so_far"), of("days_elapsed")),
        severity: severity(&params["severity"]),
        severe: crash.into_iter().collect(),
        days_left: of("days_remaining"),
        hours: of("hours_so_far"),
        bunching: 0.0,
    };
    let (end, allowance) = (so_far.end(), of("allowance"));
    Some(match quantity {
        "E[month-end hours]" => end.mean(),
        "P(month-end hours > allowance)" => end.chance_above(allowance),
        "E[overage hours]" => end.overage(allowance),
        "E[forfeited hours]" => end.forfeited(allowance),
        _ => {
            let share = quantity.strip_prefix('q')?.split(' ').next()?.parse().ok()?;
            end.quantile(share)
        }
    })
}
