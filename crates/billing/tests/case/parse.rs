//! The text of a case file as cases. Every word that it does not know stops the test.

use quarterhour_billing::Period;

/// A piece of text with its line.
#[derive(Clone, Debug)]
pub struct Text {
    pub line: usize,
    pub text: String,
}

/// One case.
#[derive(Clone, Debug, Default)]
pub struct Case {
    pub file: String,
    pub line: usize,
    pub title: String,
    pub provider: Option<String>,
    pub client: String,
    pub agreements: Vec<(String, String)>,
    pub devices: Vec<Text>,
    pub work: Vec<Text>,
    pub corrections: Vec<Corrections>,
    pub expected: Vec<Expected>,
    pub refused: Option<Vec<Text>>,
}

/// What is taken back of an issued period.
#[derive(Clone, Debug)]
pub struct Corrections {
    pub of: Period,
    pub billed_in: Period,
    pub lines: Vec<Text>,
}

/// The expected statement of a period.
#[derive(Clone, Debug)]
pub struct Expected {
    pub line: usize,
    pub period: Period,
    /// The agreement; empty for work without one, none for the only statement, whatever its name.
    pub agreement: Option<String>,
    /// No statement at all.
    pub nothing: bool,
    pub lines: Vec<Text>,
}

/// First words of the lines of an expected statement.
pub const WORDS: [&str; 22] = [
    "hours",
    "count",
    "counted",
    "reserve",
    "money",
    "fee",
    "service",
    "block",
    "ticket",
    "time",
    "overage",
    "late",
    "adjustment",
    "net",
    "part",
    "alert",
    "note",
    "ledger",
    "entry",
    "due",
    "total",
    "program",
];
/// Words of an entry that need another behind them.
const PAIRS: [&str; 3] = ["ticket", "on", "entered"];
/// Words of an entry that stand alone.
const MARKS: [&str; 9] =
    ["helpdesk", "technician", "senior", "remote", "onsite", "project", "patching", "not-billable", "provider-error"];

/// Reads the cases of a file.
pub fn cases(file: &str, text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
    let mut rest = &lines[..];
    while let Some(((line, head), behind)) = rest.split_first() {
        let length = behind.iter().position(|(_, text)| !text.is_empty() && !text.starts_with(' ')).unwrap_or(behind.len());
        let (body, next) = behind.split_at(length);
        rest = next;
        if head.is_empty() || head.starts_with('#') {
            assert!(body.iter().all(|(_, text)| text.is_empty()), "{file}:{line}: indented lines without a head");
        } else if let Some(title) = head.strip_prefix("case: ") {
            cases.push(Case { file: file.to_owned(), line: *line, title: title.to_owned(), ..Case::default() });
        } else {
            let case = cases.last_mut().unwrap_or_else(|| panic!("{file}:{line}: expected `case: ` first"));
            section(case, *line, head, body);
        }
    }
    for case in &cases {
        let complete = case.refused.is_some() || !case.expected.is_empty();
        assert!(complete, "{}:{}: a case without `expect` or `refused`", case.file, case.line);
    }
    cases
}

fn section(case: &mut Case, line: usize, head: &str, body: &[(usize, &str)]) {
    let place = format!("{}:{line}", case.file);
    let head = head.split(" # ").next().unwrap_or(head);
    let (head, behind) = head.split_once(':').unwrap_or_else(|| panic!("{place}: expected a head with a colon"));
    let words: Vec<&str> = head.split_whitespace().collect();
    let period = |text: &str| Period::parse(text).unwrap_or_else(|| panic!("{place}: `{text}` is no period"));
    match words.as_slice() {
        ["provider"] => case.provider = Some(raw(body)),
        ["client"] => case.client = behind.trim().to_owned(),
        ["agreement"] => case.agreements.push(("acme".to_owned(), raw(body))),
        ["agreement", name] => case.agreements.push(((*name).to_owned(), raw(body))),
        ["devices"] => case.devices = plain(body),
        ["work"] => {
            case.work = plain(body);
            case.work.iter().for_each(|entry| check_entry(&case.file, entry));
        }
        ["corrections", "of", of, "in", billed_in] => {
            case.corrections.push(Corrections { of: period(of), billed_in: period(billed_in), lines: plain(body) });
        }
        ["refused"] => case.refused = Some(plain(body)),
        ["expect", of, name @ ..] => {
            let lines = plain(body);
            lines.iter().for_each(|text| check_expected(&case.file, text));
            let agreement = name.first().map(|name| if *name == "no-agreement" { String::new() } else { (*name).to_owned() });
            let nothing = behind.trim() == "nothing";
            assert!(nothing || behind.trim().is_empty(), "{place}: `{behind}` is no word of a case");
            case.expected.push(Expected { line, period: period(of), agreement, nothing, lines });
        }
        _ => panic!("{place}: `{head}` is no head of a case"),
    }
}

/// The lines as they are, without the indent.
fn raw(body: &[(usize, &str)]) -> String {
    body.iter().map(|(_, text)| format!("{}\n", text.strip_prefix("  ").unwrap_or(text))).collect()
}

/// The lines without explanation, spaces made single.
fn plain(body: &[(usize, &str)]) -> Vec<Text> {
    let lines = body.iter().map(|(line, text)| {
        let text = text.split(" # ").next().unwrap_or("");
        Text { line: *line, text: text.split_whitespace().collect::<Vec<_>>().join(" ") }
    });
    lines.filter(|text| !text.text.is_empty() && !text.text.starts_with('#')).collect()
}

fn check_expected(file: &str, text: &Text) {
    let word = text.text.split([' ', ':']).next().unwrap_or("");
    assert!(WORDS.contains(&word), "{file}:{}: `{word}` is no word of a case", text.line);
}

fn check_entry(file: &str, text: &Text) {
    let mut words = text.text.split(' ').skip(5);
    while let Some(word) = words.next() {
        let known = MARKS.contains(&word) || (PAIRS.contains(&word) && words.next().is_some());
        assert!(known, "{file}:{}: `{word}` is no word of an entry", text.line);
    }
}
