//! The fits against reference values: every `ref_fit_*.csv` of the folder in `QUARTERHOUR_REF`, or of `shared/ref`
//! beside the repository. A row names a quantity and its data in words, which are read here in a general way. What
//! is not understood fails by name; rows whose data file is absent are counted and passed over.

use std::fs;
use std::path::Path;

use quarterhour_risk::fit::credibility::{self, Credibility, Period};
use quarterhour_risk::fit::rate::{self, ClientTotal, RateFit, RateLaw};
use quarterhour_risk::fit::severity::{self, Family, SeverityFit, SeverityLaw};
use quarterhour_risk::fit::{count, goodness};

use crate::table::{Row as Record, fields, files, folder, records};

/// For what is reckoned, and for what is searched.
const CLOSED: f64 = 1e-8;
const SEARCHED: f64 = 1e-6;

/// A client's periods: the value, its weight, and their product as a count where it is one.
#[derive(Clone, Debug, Default)]
struct Portfolio {
    names: Vec<String>,
    periods: Vec<Vec<Period>>,
    totals: Vec<ClientTotal>,
}

/// What a row's data stand for.
#[derive(Clone, Debug)]
enum Material {
    Portfolio(Portfolio),
    Values(Vec<f64>),
    /// The data file is not in the folder.
    Absent,
}

type Answer = Result<(f64, f64), String>;

impl Material {
    fn parse(words: &str, folder: &Path) -> Result<Self, String> {
        if let Some(name) = words.split([' ', '(', ')', ',', ';', '"']).find(|word| word.starts_with("ref_data_")) {
            let Ok(text) = fs::read_to_string(folder.join(name)) else { return Ok(Self::Absent) };
            return Self::of_file(&text).ok_or_else(|| format!("{name} is not understood"));
        }
        if let Some((values, frequencies)) = words.split_once("with frequencies") {
            return Self::of_frequencies(values, frequencies).ok_or_else(|| format!("`{words}` is not understood"));
        }
        let list = words.split_once(':').map_or(words, |(_, list)| list);
        let values: Result<Vec<f64>, _> = list.split([' ', ',', ';']).filter(|word| !word.is_empty()).map(str::parse).collect();
        values.ok().filter(|values| !values.is_empty()).map(Self::Values).ok_or_else(|| format!("`{words}` is not understood"))
    }

    /// `counts 0..7` and `70,38,17,10,9,3,2,1 (a source)`.
    fn of_frequencies(values: &str, frequencies: &str) -> Option<Self> {
        let (first, _) = values.trim().rsplit(' ').next()?.split_once("..")?;
        let first: u32 = first.parse().ok()?;
        let list = frequencies.split('(').next()?;
        let frequencies: Result<Vec<usize>, _> = list.split([' ', ',']).filter(|word| !word.is_empty()).map(str::parse).collect();
        let values = frequencies.ok()?.into_iter().zip(first..).flat_map(|(often, value)| vec![f64::from(value); often]);
        Some(Self::Values(values.collect()))
    }

    fn of_file(text: &str) -> Option<Self> {
        let rows = records(text);
        let Record(first) = rows.first()?;
        if first.contains_key("ratio.1") {
            return Some(Self::Portfolio(Portfolio::of_wide(&rows)));
        }
        if first.contains_key("client") || first.contains_key("state") {
            return Portfolio::of_long(&rows).map(Self::Portfolio);
        }
        // A plain column, or the last one beside row numbers.
        let last = |line: &str| fields(line).last().and_then(|field| field.trim().parse::<f64>().ok());
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let named = usize::from(lines.first().is_some_and(|line| last(line).is_none()));
        lines.into_iter().skip(named).map(last).collect::<Option<Vec<f64>>>().map(Self::Values)
    }
}

impl Portfolio {
    fn client(&mut self, name: &str) -> Option<(&mut Vec<Period>, &mut ClientTotal)> {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
            self.periods.push(Vec::new());
            self.totals.push(ClientTotal { tickets: 0, exposure: 0.0 });
        }
        let at = self.position(name)?;
        self.periods.get_mut(at).zip(self.totals.get_mut(at))
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// A line for each client: `ratio.1`, `weight.1` and so on; an empty or missing one is left out.
    fn of_wide(rows: &[Record]) -> Self {
        let mut portfolio = Self::default();
        for (at, Record(row)) in rows.iter().enumerate() {
            let number = |name: String| row.get(&name).and_then(|field| field.trim().parse::<f64>().ok());
            let periods: Vec<Period> = (1..=row.len())
                .filter_map(|period| number(format!("ratio.{period}")).zip(number(format!("weight.{period}"))))
                .map(|(value, weight)| Period { value, weight })
                .collect();
            let name = row.get("state").or_else(|| row.get("client")).cloned().unwrap_or_else(|| (at + 1).to_string());
            if let Some((own, _)) = portfolio.client(&name) {
                own.extend(periods);
            }
        }
        portfolio
    }

    /// A line for each client and month, with a weight and either a count or a value.
    fn of_long(rows: &[Record]) -> Option<Self> {
        let mut portfolio = Self::default();
        for Record(row) in rows {
            let number =
                |names: &[&str]| names.iter().find_map(|name| row.get(*name)).and_then(|field| field.trim().parse::<f64>().ok());
            let name = row.get("client").or_else(|| row.get("state"))?;
            let weight = number(&["workstations", "weight", "exposure"])?;
            let (own, total) = portfolio.client(name)?;
            let tickets = number(&["tickets", "count"]);
            let value = number(&["value", "ratio"]).or(tickets.map(|tickets| if weight > 0.0 { tickets / weight } else { 0.0 }))?;
            own.push(Period { value, weight });
            total.exposure += weight;
            total.tickets += format!("{:.0}", tickets.unwrap_or(0.0)).parse::<u32>().ok()?;
        }
        Some(portfolio)
    }
}

/// A row of a reference file.
struct Row {
    id: String,
    quantity: String,
    wanted: f64,
}

/// The value that we give, and the tolerance.
fn answer(row: &Row, material: &Material) -> Answer {
    let quantity = row.quantity.as_str();
    let unknown = || format!("the quantity `{quantity}` is not known for this kind of data");
    match material {
        Material::Absent => Err("absent".to_owned()),
        Material::Portfolio(portfolio)
            if ["gamma_poisson", "posterior", "P(N_next"].iter().any(|start| quantity.starts_with(start)) =>
        {
            let fit = rate::fit(&portfolio.totals).map_err(|error| error.to_string())?;
            rate_answer(quantity, portfolio, fit).map(|value| (value, SEARCHED)).ok_or_else(unknown)
        }
        Material::Portfolio(portfolio) => {
            let fit = credibility::fit(&portfolio.periods).map_err(|error| error.to_string())?;
            let tolerance = if quantity.contains("iterative") { SEARCHED } else { CLOSED };
            credibility_answer(row, portfolio, &fit).map(|value| (value, tolerance)).ok_or_else(unknown)
        }
        Material::Values(values) if quantity.starts_with("nb_") => {
            let counts: Result<Vec<u32>, _> = values.iter().map(|value| value.to_string().parse()).collect();
            let counts = counts.map_err(|_| "a count is not a whole number".to_owned())?;
            count_answer(quantity, &counts)?.ok_or_else(unknown)
        }
        Material::Values(values) => severity_answer(quantity, values)?.ok_or_else(unknown),
    }
}

/// What stands behind the word `client`.
fn client_of(quantity: &str) -> Option<&str> {
    quantity.split_once(" client ")?.1.split([',', ' ']).next()
}

fn rate_answer(quantity: &str, portfolio: &Portfolio, fit: RateFit) -> Option<f64> {
    let (shape, rate) = match fit.law {
        RateLaw::Gamma { shape, rate } => (shape, rate),
        RateLaw::Pooled { .. } => (f64::INFINITY, f64::INFINITY),
    };
    let posterior =
        client_of(quantity).and_then(|name| portfolio.totals.get(portfolio.position(name)?)).map(|total| fit.law.posterior(*total));
    if quantity.starts_with("gamma_poisson_mle_alpha") {
        Some(shape)
    } else if quantity.starts_with("gamma_poisson_mle_beta") {
        Some(rate)
    } else if quantity.starts_with("gamma_poisson_marginal_loglik") {
        Some(fit.log_likelihood)
    } else if quantity.starts_with("posterior_mean_rate") {
        Some(posterior?.mean())
    } else if let Some(rest) = quantity.strip_prefix("P(N_next<=") {
        let count = rest.split_once(')')?.0.trim().parse().ok()?;
        let exposure = quantity.rsplit_once('=')?.1.trim().parse().ok()?;
        Some(posterior?.predictive(exposure).cdf(count))
    } else {
        None
    }
}

/// The client is named in the quantity, or is the number at the end of the id, from 1.
fn credibility_answer(row: &Row, portfolio: &Portfolio, fit: &Credibility) -> Option<f64> {
    let iterative = row.quantity.contains("iterative");
    let premiums = if iterative { &fit.iterative } else { &fit.unbiased };
    let number: String = row.id.chars().rev().take_while(char::is_ascii_digit).collect::<Vec<_>>().into_iter().rev().collect();
    let named = client_of(&row.quantity).map(|name| portfolio.position(name));
    let position = named.unwrap_or_else(|| number.parse::<usize>().ok()?.checked_sub(1));
    let client = position.and_then(|position| premiums.clients.get(position));
    if row.quantity.starts_with("within_variance") {
        fit.within_variance
    } else if row.quantity.starts_with("between_variance") {
        if !iterative && row.wanted < 0.0 { fit.between_estimate } else { Some(premiums.between_variance) }
    } else if row.quantity.starts_with("collective_mean") {
        Some(premiums.collective_mean)
    } else if row.quantity.starts_with("credibility_factor") {
        Some(client?.factor)
    } else if row.quantity.starts_with("credibility_premium") {
        Some(client?.premium)
    } else {
        None
    }
}

fn count_answer(quantity: &str, counts: &[u32]) -> Result<Option<(f64, f64)>, String> {
    let fit = count::fit(counts).map_err(|error| error.to_string())?;
    Ok(match quantity {
        "nb_mle_size" => Some((fit.law.size().unwrap_or(f64::INFINITY), SEARCHED)),
        "nb_mle_mean" => Some((fit.law.mean(), CLOSED)),
        "nb_loglik" => Some((fit.log_likelihood, SEARCHED)),
        _ => None,
    })
}

/// `mle_gamma_shape` and the like; `mme_` for moments.
fn severity_answer(quantity: &str, hours: &[f64]) -> Result<Option<(f64, f64)>, String> {
    let mut parts = quantity.splitn(3, '_');
    let method = match parts.next() {
        Some("mle") => severity::fit,
        Some("mme") => severity::fit_by_moments,
        _ => return Ok(None),
    };
    let family = match parts.next() {
        Some("exp" | "exponential") => Family::Exponential,
        Some("lnorm" | "lognormal") => Family::Lognormal,
        Some("gamma") => Family::Gamma,
        Some("weibull") => Family::Weibull,
        Some("burr") => Family::Burr,
        _ => return Ok(None),
    };
    let fit = method(family, hours).map_err(|error| error.to_string())?;
    let name = parts.next().unwrap_or_default();
    let tolerance = if matches!(family, Family::Exponential | Family::Lognormal) { CLOSED } else { SEARCHED };
    let value = parameter(fit, name).or(distance(fit.law, hours, name)?);
    Ok(value.map(|value| (value, tolerance)))
}

fn parameter(fit: SeverityFit, name: &str) -> Option<f64> {
    match (name, fit.law) {
        ("loglik", _) => Some(fit.log_likelihood),
        ("aic" | "AIC", _) => Some(fit.aic),
        ("mean", law) => Some(law.mean()),
        ("rate", SeverityLaw::Exponential { mean }) => Some(1.0 / mean),
        ("scale", SeverityLaw::Exponential { mean }) => Some(mean),
        ("mu", SeverityLaw::Lognormal { mu, .. }) => Some(mu),
        ("sigma", SeverityLaw::Lognormal { sigma, .. }) => Some(sigma),
        ("shape", SeverityLaw::Gamma { shape, .. } | SeverityLaw::Weibull { shape, .. }) => Some(shape),
        ("scale", SeverityLaw::Gamma { scale, .. } | SeverityLaw::Weibull { scale, .. } | SeverityLaw::Burr { scale, .. }) => {
            Some(scale)
        }
        ("rate", SeverityLaw::Gamma { scale, .. }) => Some(1.0 / scale),
        ("shape1" | "c", SeverityLaw::Burr { power, .. }) => Some(power),
        ("shape2" | "k", SeverityLaw::Burr { tail, .. }) => Some(tail),
        _ => None,
    }
}

fn distance(law: SeverityLaw, hours: &[f64], name: &str) -> Result<Option<f64>, String> {
    let distances = goodness::distances_of(law, hours).map_err(|error| error.to_string())?;
    Ok(match name {
        "KS" => Some(distances.kolmogorov_smirnov),
        "AD" => Some(distances.anderson_darling),
        "CvM" => Some(distances.cramer_von_mises),
        _ => None,
    })
}

/// What the rows of a file came to.
#[derive(Default)]
struct Outcome {
    compared: usize,
    absent: usize,
    failures: Vec<String>,
    worst: f64,
    worst_id: String,
}

impl Outcome {
    fn compare(&mut self, row: &Row, material: &Material) {
        let (got, tolerance) = match answer(row, material) {
            Ok(answer) => answer,
            Err(reason) => return self.failures.push(format!("{} {}: {reason}", row.id, row.quantity)),
        };
        self.compared += 1;
        let error =
            if got == row.wanted { 0.0 } else { (got - row.wanted).abs() / if row.wanted == 0.0 { 1.0 } else { row.wanted.abs() } };
        if error > self.worst {
            (self.worst, self.worst_id) = (error, row.id.clone());
        }
        if error.is_nan() || error > tolerance {
            self.failures.push(format!("{} {}: {got:e} is not {:e} (off by {error:.1e})", row.id, row.quantity, row.wanted));
        }
    }

    fn of_file(path: &Path, folder: &Path) -> Self {
        let mut outcome = Self::default();
        let mut material = Err("there is no row above".to_owned());
        for record in records(&fs::read_to_string(path).unwrap_or_default()) {
            let field = |name: &str| record.get(name);
            if field("data") != "as above" {
                material = Material::parse(field("data"), folder);
            }
            let number = field("value").split(' ').next().unwrap_or_default();
            let wanted = number.trim_end_matches(',').parse::<f64>().map_err(|_| format!("the value `{number}` is no number"));
            let id = field("id").to_owned();
            match (&material, &wanted) {
                (Ok(Material::Absent), _) => outcome.absent += 1,
                (Ok(material), Ok(wanted)) => {
                    outcome.compare(&Row { id, quantity: field("quantity").to_owned(), wanted: *wanted }, material)
                }
                (Err(reason), _) | (_, Err(reason)) => outcome.failures.push(format!("{id}: {reason}")),
            }
        }
        outcome
    }
}

#[test]
fn fits_are_those_of_the_reference() {
    let mut failures = Vec::new();
    for path in files("fit") {
        let outcome = Outcome::of_file(&path, &folder());
        eprintln!(
            "{}: {} rows compared, the largest relative error is {:.1e} ({}); {} rows without their data file",
            path.display(),
            outcome.compared,
            outcome.worst,
            outcome.worst_id,
            outcome.absent
        );
        assert!(outcome.compared + outcome.absent + outcome.failures.len() > 0, "{} has no rows", path.display());
        failures.extend(outcome.failures);
    }
    assert!(failures.is_empty(), "{} rows differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn data_are_read_in_a_general_way() {
    let values = |words: &str| match Material::parse(words, Path::new("nowhere")) {
        Ok(Material::Values(values)) => values,
        _ => Vec::new(),
    };
    assert_eq!(values("counts 1..3 with frequencies 2,0,1 (somebody 1900)"), [1.0, 1.0, 3.0]);
    assert_eq!(values("counts: 4 0 12"), [4.0, 0.0, 12.0]);
    assert!(matches!(Material::parse("copied to ref_data_x.csv, from R", Path::new("nowhere")), Ok(Material::Absent)));
    assert!(Material::parse("something else", Path::new("nowhere")).is_err());
    assert!(matches!(Material::of_file("0.5\n1.25\n"), Some(Material::Values(values)) if values == [0.5, 1.25]));
    assert!(
        matches!(Material::of_file("\"\",\"serving\"\n\"1\",30\n\"2\",10\n"), Some(Material::Values(values)) if values == [30.0, 10.0])
    );
    assert!(matches!(Material::of_file("hours\n0.5\n1.25\n"), Some(Material::Values(values)) if values == [0.5, 1.25]));
    let long = Material::of_file("client,month,workstations,tickets\nA,1,10,5\nB,1,4,2\nA,2,10,7\n");
    assert!(matches!(long, Some(Material::Portfolio(portfolio)) if portfolio.totals.first().is_some_and(|total| total.tickets == 12)));
}

#[test]
fn an_unknown_quantity_is_a_failure() {
    let row = Row { id: "X".to_owned(), quantity: "mle_cauchy_scale".to_owned(), wanted: 1.0 };
    assert!(answer(&row, &Material::Values(vec![1.0, 2.0])).is_err_and(|reason| reason.contains("mle_cauchy_scale")));
}
