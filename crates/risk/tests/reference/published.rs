//! Values from textbooks and papers.

use num_complex::Complex64;
use quarterhour_risk::frequency::Frequency;
use quarterhour_risk::law::{Compound, Exact, inversion};
use quarterhour_risk::severity::Severity;
use serde_json::Value;

use crate::table::{Check, number, rows};

#[test]
fn published_values_are_met() {
    let mut check = Check::default();
    for row in rows("published") {
        let (model, at) = (row.json("model"), row.number("arg"));
        let Some(severity) = severity(&model["sev"]) else {
            // One-sided stable with index 1/2: its mean is infinite, its transform is exp(-sqrt(2 s)).
            let Frequency::Poisson { mean } = frequency(&model) else { panic!("a Poisson number") };
            let transform = |s: Complex64| (((-(s * 2.0).sqrt()).exp() - 1.0) * mean).exp();
            let above = |x: f64| if x > 0.0 { inversion::survival(transform, x, f64::INFINITY) } else { 1.0 - (-mean).exp() };
            check.near(&row, above(at - 0.5) - above(at + 0.5), 1e-8);
            continue;
        };
        let compound = Compound::of(frequency(&model), severity);
        let exact = Exact::new(&compound, at);
        let got = match row.get("quantity") {
            "pmf" => exact.cdf(at) - if at > 0.0 { exact.cdf(at - 1.0) } else { 0.0 },
            "cdf" => exact.cdf(at),
            "sf" => 1.0 - exact.cdf(at),
            "stoploss_E[(S-d)+]" => exact.excess(at),
            "quantile" => exact.quantile(at),
            "tvar" => exact.tail_mean(at),
            _ => {
                check.unknown(&row);
                continue;
            }
        };
        check.near(&row, got, if row.get("quantity") == "quantile" { 1e-7 } else { 1e-8 });
    }
    check.finish("published");
}

fn frequency(model: &Value) -> Frequency {
    let text = model["freq"].as_str().expect("a frequency");
    let numbers: Vec<f64> =
        text.split_whitespace().skip(1).map(|word| word.rsplit('=').next().unwrap_or(word).parse().expect("a number")).collect();
    match text.split_whitespace().next().unwrap_or_default() {
        "poisson" => Frequency::Poisson { mean: numbers[0] },
        "geometric" => Frequency::NegativeBinomial { mean: numbers[0], size: 1.0 },
        "negative-binomial" => Frequency::NegativeBinomial { mean: numbers[0], size: numbers[1] },
        "binomial" => Frequency::Binomial { trials: format!("{}", numbers[0]).parse().expect("a whole number"), share: numbers[1] },
        name => panic!("unknown frequency {name}"),
    }
}

fn severity(value: &Value) -> Option<Severity> {
    if let Some(points) = value.as_object() {
        return Some(Severity::Points(points.iter().map(|(at, share)| (at.parse().expect("a number"), number(share))).collect()));
    }
    let text = value.as_str().expect("a severity");
    let numbers: Vec<f64> =
        text.split(|letter: char| !letter.is_ascii_digit() && letter != '.').filter_map(|word| word.parse().ok()).collect();
    Some(match text.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default() {
        "gamma" if text.contains("rate") => Severity::Gamma { shape: numbers[0], scale: 1.0 / numbers[1] },
        "gamma" => Severity::Gamma { shape: numbers[0], scale: numbers[1] },
        "exponential" => Severity::Exponential { mean: numbers[0] },
        "uniform" => Severity::Uniform { from: numbers[0], to: numbers[1] },
        "Levy" => return None,
        name => panic!("unknown severity {name}"),
    })
}
