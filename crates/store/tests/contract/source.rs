//! Reads every `sql!` of the crate from its source.

use std::fs;
use std::path::{Path, PathBuf};

/// A statement as it stands in the source.
pub struct Statement {
    pub file: String,
    pub text: String,
    /// Why it is not bound to a provider, if it is not.
    pub no_provider: Option<String>,
    /// Why it reads a whole table, if it does.
    pub scans: Option<String>,
}

/// All statements of the crate.
pub fn statements() -> Vec<Statement> {
    let mut found = Vec::new();
    for (file, text) in sources("src") {
        // The definition of the macro is not a use of it.
        if file == "src/sql.rs" {
            continue;
        }
        assert!(!text.contains("Sql::registered"), "{file}: only sql! makes a statement");
        let mut rest = text.as_str();
        while let Some((_, after)) = rest.split_once("sql!(") {
            let (statement, after) = parse(&file, after);
            found.push(statement);
            rest = after;
        }
    }
    assert!(found.len() > 30, "the statements are found");
    found
}

/// The files of a folder of the crate with their text.
pub fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join(folder)];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the crate") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(root).expect("a path of the crate").display().to_string();
        (name, fs::read_to_string(path).expect("a source"))
    };
    files.iter().map(read).collect()
}

/// Parses `"text", reason = "…")`.
fn parse<'a>(file: &str, source: &'a str) -> (Statement, &'a str) {
    let (text, mut rest) = literal(file, source);
    let mut statement = Statement { file: file.to_owned(), text, no_provider: None, scans: None };
    if let Some(after) = rest.strip_prefix(',').map(str::trim_start) {
        rest = after;
        if let Some((word, after)) = rest.split_once('=').filter(|_| !rest.starts_with(')')) {
            let (reason, after) = literal(file, after);
            rest = after;
            match word.trim() {
                "no_provider" => statement.no_provider = Some(reason),
                "scans" => statement.scans = Some(reason),
                other => assert_eq!(other, "", "{file}: an unknown word after a statement"),
            }
        }
    }
    let rest = rest.strip_prefix(')').expect("sql! holds one literal and perhaps a reason");
    (statement, rest)
}

/// Parses a string literal without escapes; gives the rest without white space.
fn literal<'a>(file: &str, source: &'a str) -> (String, &'a str) {
    let source = source.trim_start().strip_prefix('"').expect("sql! takes a literal");
    let (text, rest) = source.split_once('"').expect("a literal ends");
    assert!(!text.contains('\\'), "{file}: no escapes in a statement");
    (text.split_whitespace().collect::<Vec<_>>().join(" "), rest.trim_start())
}
