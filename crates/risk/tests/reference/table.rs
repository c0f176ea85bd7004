//! Rows of the reference files, and how far a result may be from them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use quarterhour_risk::frequency::Frequency;
use quarterhour_risk::law::{Compound, Part};
use quarterhour_risk::severity::Severity;
use serde_json::Value;

/// A row by its column names.
pub struct Row(pub BTreeMap<String, String>);

impl Row {
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |field| field.trim())
    }

    pub fn number(&self, name: &str) -> f64 {
        self.get(name).parse().unwrap_or_else(|_| panic!("{}: column {name} holds {:?}", self.get("id"), self.get(name)))
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(self.get(name)).unwrap_or_else(|error| panic!("{}: {name}: {error}", self.get("id")))
    }
}

/// The folder that `QUARTERHOUR_REF` names, or the shared one.
pub fn folder() -> PathBuf {
    let named = std::env::var_os("QUARTERHOUR_REF").map(PathBuf::from);
    named.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/ref")))
}

/// The files `ref_KIND_*.csv`; none, with a message, where they are not there.
pub fn files(kind: &str) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder()).into_iter().flatten();
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with(&format!("ref_{kind}_")) && name.ends_with(".csv")
    };
    let mut files: Vec<PathBuf> = listed.filter_map(|entry| Some(entry.ok()?.path())).filter(named).collect();
    files.sort();
    if files.is_empty() {
        eprintln!("skipped: no ref_{kind}_*.csv in {}", folder().display());
    }
    files
}

/// The rows of all files of a kind.
pub fn rows(kind: &str) -> Vec<Row> {
    files(kind).iter().flat_map(|path| records(&std::fs::read_to_string(path).expect("a reference file"))).collect()
}

/// Rows by the names in the first line.
pub fn records(text: &str) -> Vec<Row> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty()).map(fields);
    let columns = lines.next().unwrap_or_default();
    lines.map(|line| Row(columns.iter().cloned().zip(line).collect())).collect()
}

/// The fields of a line; a quoted one may hold commas, and doubled quotes.
pub fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.trim_end_matches(['\r', '\n']).chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => field.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(letter),
        }
    }
    fields.push(field);
    fields
}

#[test]
fn lines_are_split_at_commas_outside_quotes() {
    assert_eq!(fields("a,\"b, \"\"c\"\"\",,d\r"), ["a", "b, \"c\"", "", "d"]);
    assert_eq!(fields(r#""{""T"": ""20/60""}",b"#), [r#"{"T": "20/60"}"#, "b"]);
}

/// Compares results with rows, and fails at the end with all that are off.
#[derive(Default)]
pub struct Check {
    wrong: Vec<String>,
    worst: f64,
    rows: usize,
}

impl Check {
    /// `tolerance` is taken as absolute and relative.
    pub fn near(&mut self, row: &Row, got: f64, tolerance: f64) {
        let wanted = row.number("value");
        let off = (got - wanted).abs() / (1.0 + wanted.abs());
        self.rows += 1;
        self.worst = self.worst.max(off / tolerance);
        if (got - wanted).abs() > tolerance * (1.0 + wanted.abs()) || got.is_nan() {
            self.wrong.push(format!("{}: {got} is not {wanted}, off by {off:e}", row.get("id")));
        }
    }

    pub fn unknown(&mut self, row: &Row) {
        self.wrong.push(format!("{}: unknown quantity {:?}", row.get("id"), row.get("quantity")));
    }

    pub fn finish(self, name: &str) {
        eprintln!("{name}: {} rows, the worst at {:.3} of its tolerance", self.rows, self.worst);
        assert!(self.wrong.is_empty(), "\n{}\n", self.wrong.join("\n"));
    }
}

/// A number, written as one or as text.
pub fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => match text.split_once('/') {
            Some((above, below)) => above.parse::<f64>().expect("a number") / below.parse::<f64>().expect("a number"),
            None => text.parse().expect("a number"),
        },
        _ => value.as_f64().expect("a number"),
    }
}

pub fn severity(value: &Value) -> Severity {
    let list = value.as_array().expect("a severity");
    let at = |position: usize| number(&list[position]);
    match list[0].as_str().expect("a name") {
        "ln" => Severity::Lognormal { mu: at(1), sigma: at(2) },
        "gam" => Severity::Gamma { shape: at(1), scale: at(2) },
        "exp" => Severity::Exponential { mean: at(1) },
        "disc" => {
            Severity::Points(list[1].as_array().expect("points").iter().map(|point| (number(&point[0]), number(&point[1]))).collect())
        }
        "mix" => {
            Severity::Mixture(list[1].as_array().expect("parts").iter().map(|part| (number(&part[0]), severity(&part[1]))).collect())
        }
        "rup" => Severity::RoundedUp { step: at(1), of: Box::new(severity(&list[2])) },
        name => panic!("unknown severity {name}"),
    }
}

pub fn frequency(value: &Value) -> Frequency {
    let at = |position: usize| number(&value[position]);
    match value[0].as_str().expect("a name") {
        "poi" => Frequency::Poisson { mean: at(1) },
        "nb" => Frequency::NegativeBinomial { mean: at(1), size: at(2) },
        name => panic!("unknown frequency {name}"),
    }
}

pub fn compound(value: &Value) -> Compound {
    let parts = value.as_array().expect("parts").iter();
    Compound { parts: parts.map(|part| Part { frequency: frequency(&part[0]), severity: severity(&part[1]) }).collect() }
}
