//! The rules of ARCHITECTURE.md that can be read off the files. It runs nothing of the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 600;
const ARCHITECTURE_LINES_MAX: usize = 200;

/// Who may use whom. A new arrow or crate needs a page in docs/decisions.
const ARROWS: &[(&str, &[&str])] = &[
    ("billing", &[]),
    ("books", &["billing"]),
    ("cli", &["billing", "books", "documents", "risk", "server", "store"]),
    ("documents", &[]),
    ("risk", &["billing"]),
    ("server", &["billing", "books", "documents", "risk", "store"]),
    ("store", &[]),
];

/// Crates that take everything as arguments and give everything back.
const PURE: &[&str] = &["billing", "books", "documents", "risk"];

/// What a pure crate has no use for.
const OUTSIDE_WORLD: &[&str] = &[
    "std::fs",
    "std::env::",
    "std::net",
    "std::process",
    "std::thread::",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a folder and its folders, but hidden and built ones.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(listed) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in listed.map(|entry| entry.expect("an entry of the folder").path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || matches!(name.as_str(), "target" | "__pycache__" | "node_modules") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn ends_with(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|ending| endings.iter().any(|one| ending == *one))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| format!("cannot read {}: {error}", path.display()))
}

/// The path inside the repository.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    files(&root().join(folder)).into_iter().filter(|path| ends_with(path, &["rs"])).collect()
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let all = files(&root()).into_iter().filter(|path| ends_with(path, &["rs", "typ", "py", "js", "mjs", "css", "html"]));
    let lengths = all.map(|path| (shown(&path), read(&path).lines().count()));
    none(&lengths.filter(|(_, lines)| *lines > LINES_MAX).map(|(path, lines)| format!("{path}: {lines} lines")).collect::<Vec<_>>());
}

#[test]
fn the_architecture_page_stays_short() {
    let lines = read(&root().join("ARCHITECTURE.md")).lines().count();
    assert!(lines < ARCHITECTURE_LINES_MAX, "ARCHITECTURE.md has {lines} lines");
}

#[test]
fn each_source_file_says_first_what_it_is() {
    let sources = rust_files("crates").into_iter().filter(|path| path.components().any(|part| part.as_os_str() == "src"));
    none(&sources.filter(|path| !read(path).starts_with("//!")).map(|path| shown(&path)).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    // Put together here, so that this file does not find itself.
    let marks = [concat!("to", "do!("), concat!("unimpl", "emented!("), concat!("#[ig", "nore")];
    let mut wrong = Vec::new();
    for path in rust_files("crates") {
        for (number, line) in (1..).zip(read(&path).lines()) {
            wrong.extend(marks.iter().filter(|mark| line.contains(**mark)).map(|mark| format!("{}:{number}: {mark}", shown(&path))));
        }
    }
    none(&wrong);
}

#[test]
fn sql_is_in_the_store_only() {
    let pairs =
        [("\"select ", " from "), ("\"insert into ", "("), ("\"update ", " set "), ("\"delete from ", " "), ("\"create table ", "(")];
    let mut wrong = Vec::new();
    for path in files(&root().join("crates")).into_iter().filter(|path| !path.starts_with(root().join("crates/store"))) {
        if ends_with(&path, &["sql"]) {
            wrong.push(shown(&path));
        }
        if !ends_with(&path, &["rs"]) || !path.components().any(|part| part.as_os_str() == "src") {
            continue;
        }
        for (number, line) in (1..).zip(read(&path).to_lowercase().lines()) {
            if line.contains("sql!(") || pairs.iter().any(|(verb, rest)| line.contains(verb) && line.contains(rest)) {
                wrong.push(format!("{}:{number}: {}", shown(&path), line.trim()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn the_drivers_are_in_the_store_only() {
    let wrong = ["billing", "books", "cli", "documents"].iter().filter(|name| {
        let manifest = read(&root().join("crates").join(name).join("Cargo.toml"));
        manifest.lines().any(|line| line.starts_with("rusqlite") || line.starts_with("tokio"))
    });
    none(&wrong.map(|name| format!("crates/{name}/Cargo.toml")).collect::<Vec<_>>());
}

#[test]
fn crates_use_each_other_as_the_architecture_says() {
    let folders = fs::read_dir(root().join("crates")).expect("the folder of crates");
    let found: BTreeMap<String, BTreeSet<String>> = folders
        .map(|entry| entry.expect("a crate").path())
        .map(|path| (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), uses(&read(&path.join("Cargo.toml")))))
        .collect();
    let allowed: BTreeMap<String, BTreeSet<String>> =
        ARROWS.iter().map(|(name, used)| ((*name).to_owned(), used.iter().map(|name| (*name).to_owned()).collect())).collect();
    assert_eq!(found, allowed);
}

/// The crates of the workspace that a manifest depends on, tests aside.
fn uses(manifest: &str) -> BTreeSet<String> {
    let mut section = "";
    let mut found = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section == "[dependencies]"
            && let Some(name) = line.strip_prefix("quarterhour-")
        {
            found.insert(name.chars().take_while(|letter| letter.is_alphanumeric()).collect());
        }
    }
    found
}

#[test]
fn pure_crates_do_not_touch_the_outside_world() {
    let mut wrong = Vec::new();
    for path in PURE.iter().flat_map(|name| rust_files(&format!("crates/{name}/src"))) {
        for (number, line) in (1..).zip(read(&path).lines()) {
            let found = OUTSIDE_WORLD.iter().filter(|name| line.contains(**name));
            wrong.extend(found.map(|name| format!("{}:{number}: {name}", shown(&path))));
        }
    }
    none(&wrong);
}

#[test]
fn migrations_are_numbered_without_a_gap() {
    let migrations = files(&root().join("crates/store/migrations"));
    assert!(!migrations.is_empty());
    for (number, path) in (1..).zip(&migrations) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(name.starts_with(&format!("{number:04}_")) && name.ends_with(".sql"), "{name} stands where number {number} should be");
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut wrong = Vec::new();
    for path in files(&root()).into_iter().filter(|path| ends_with(path, &["md"])) {
        let text = read(&path);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            let outside = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !outside && !path.parent().unwrap_or(&path).join(target).exists() {
                wrong.push(format!("{}: {link}", shown(&path)));
            }
        }
    }
    none(&wrong);
}

#[test]
fn decisions_carry_their_date() {
    for path in files(&root().join("docs/decisions")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let date = name.get(..10).unwrap_or_default();
        assert!(date.parse::<jiff::civil::Date>().is_ok(), "{name}: expected a date first, such as 2026-11-23-why.md");
        assert!(read(&path).contains(date), "{name}: the page does not say its date");
    }
}
