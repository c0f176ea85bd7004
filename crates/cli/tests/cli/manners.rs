//! What every command owes its user: an example, an exit code, a hint, results alone on standard output.

use std::fs;

use serde_json::Value;

use crate::books::Books;
use crate::support::{Answer, Folder, Office, on_both, program};

fn run(arguments: &[&str]) -> Answer {
    Answer::of(program().args(arguments).output().expect("the program starts"))
}

#[test]
fn the_help_of_each_command_has_an_example() {
    let commands = [
        "",
        "demo",
        "serve",
        "init",
        "import",
        "export",
        "bill",
        "statement",
        "held",
        "held release",
        "held write-off",
        "users",
        "users add",
        "users link",
        "verify",
        "doctor",
        "completions",
    ];
    for command in commands {
        let mut words: Vec<&str> = command.split_whitespace().collect();
        words.push("--help");
        let said = run(&words).ok();
        let examples = said.split_once("Example").map_or("", |(_, examples)| examples);
        assert!(
            examples.contains(&format!("quarterhour {command}")) || examples.contains(&format!(" {command}")),
            "{command}: {said}"
        );
    }
}

#[test]
fn no_command_and_unknown_commands_are_wrong_input() {
    for words in [&[][..], &["bil"], &["bill"], &["bill", "2026-01", "--jsn"], &["held", "release", "one"], &["statement", "acme"]] {
        let answer = run(words);
        assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""), "{words:?}");
        assert!(!answer.err.is_empty());
    }
}

#[test]
fn periods_that_are_none_are_wrong_input() {
    for period in ["2026-13", "2026", "2026-1", "october", "2026-03..2026-01", "2026-01..", ""] {
        let said = run(&["bill", period]).fails(2);
        assert!(said.contains("error: invalid value") && said.contains("expected"), "{period}: {said}");
    }
}

on_both! {
    fn unknown_clients_are_wrong_input_with_a_hint(office: &Office) {
        Books::example(office);
        office.import();
        for command in ["bill 2026-01 --client nobody", "bill 2026-01 --client nobody --issue", "statement nobody 2026-01", "bill 2026-01 --books books --client nobody"] {
            let answer = office.run(command);
            assert_eq!(answer.out, "", "{command}");
            let said = answer.fails(2);
            assert!(said.contains("error: there is no client `nobody`\nhint: "), "{command}: {said}");
        }
    }
}

#[test]
fn a_missing_database_is_an_outside_failure_with_a_hint_and_is_not_made() {
    let folder = Folder::new();
    let db = folder.join("none.db");
    let db = db.to_str().expect("a plain path");
    for command in [
        "bill 2026-01",
        "bill 2026-01 --issue",
        "statement acme 2026-01",
        "held",
        "held release 1 --by a --reason b",
        "users",
        "users link a@example.com",
        "verify",
        "doctor",
        "export copy",
    ] {
        let words: Vec<&str> = ["--db", db].into_iter().chain(command.split(' ')).collect();
        let answer = run(&words);
        assert_eq!(answer.out, "", "{command}");
        let said = answer.fails(3);
        assert!(
            said.contains("error: there is no database at") && said.contains("hint: bring a folder in with `quarterhour import DIR`"),
            "{command}: {said}"
        );
        assert_eq!(fs::read_dir(folder.path()).into_iter().flatten().count(), 0, "{command}");
    }
}

#[test]
fn folders_and_files_that_are_missing_are_named() {
    let folder = Folder::new();
    let missing = folder.join("missing");
    let missing = missing.to_str().expect("a plain path");
    let said = run(&["bill", "2026-01", "--books", missing]).fails(3);
    assert!(said.contains("missing/provider.toml") && said.contains("hint: check the path"), "{said}");
    let db = folder.join("new.db");
    let said = run(&["--db", db.to_str().expect("a plain path"), "import", missing]).fails(3);
    assert!(said.contains("missing/provider.toml"), "{said}");
}

#[test]
fn what_is_no_database_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    let letter = folder.join("letter.txt");
    fs::write(&letter, "dear reader").expect("written");
    let said = run(&["--db", letter.to_str().expect("a plain path"), "doctor"]).fails(3);
    assert!(said.contains("is not a database of this program"), "{said}");
    assert_eq!(fs::read_to_string(&letter).expect("a file"), "dear reader");
    for address in ["mysql://localhost/books", ""] {
        let said = run(&["--db", address, "doctor"]).fails(2);
        assert!(said.contains("the location of the database cannot be understood"), "{said}");
    }
}

#[test]
fn the_database_can_be_named_by_the_environment() {
    let office = &Office::on_sqlite();
    Books::example(office);
    office.import();
    let output =
        program().env("QUARTERHOUR_DB", office.database.location()).args(["bill", "2026-01"]).output().expect("the program starts");
    assert_eq!(Answer::of(output).ok(), office.run("bill 2026-01").ok());
}

#[test]
fn an_address_of_no_server_fails_without_telling_the_password() {
    let answer = run(&["--db", "postgres://me:secret-word@127.0.0.1:1/books", "doctor"]);
    let said = answer.fails(3);
    assert!(!said.contains("secret-word"), "{said}");
}

on_both! {
    fn standard_output_is_json_alone_and_quiet_is_silent(office: &Office) {
        let books = Books::example(office);
        books.add_entry("late-night", "acme", "2026-02-10T03", 900);
        assert_eq!(office.run("import books --quiet").err, "");
        let loud = office.run("bill 2026-02 --json");
        assert!(loud.err.contains("! 2026-02 acme: ") && loud.err.contains("held for approval"), "{}", loud.err);
        let quiet = office.run("--quiet bill 2026-02 --json");
        assert_eq!(quiet.err, "");
        assert_eq!(loud.out, quiet.out);
        serde_json::from_str::<Value>(&loud.out).expect("standard output is JSON");
        for command in ["bill 2026-01 -q", "bill 2026-01..2026-02 --issue --quiet", "bill 2026-02 --out files --client summit -q", "statement acme 2026-01 -q", "statement acme 2026-01 --proof p.json -q", "held -q", "held release 1 --by a --reason b -q", "verify -q", "doctor -q", "export copy -q", "init other -q"] {
            let answer = office.run(command);
            assert_eq!(answer.err, "", "{command}");
            answer.ok();
        }
    }
}

#[test]
fn one_period_is_an_object_and_several_are_a_list() {
    let office = &Office::on_sqlite();
    Books::example(office);
    assert!(office.json("bill 2026-01 --books books --json").is_object());
    assert_eq!(office.json("bill 2026-01..2026-03 --books books --json").as_array().map(Vec::len), Some(3));
    assert_eq!(office.json("bill 2030-01 --books books --client summit --json")["period"], "2030-01");
}

#[test]
fn issuing_straight_from_a_folder_is_refused() {
    let said = run(&["bill", "2026-01", "--books", "books", "--issue"]).fails(2);
    assert!(said.contains("--issue"), "{said}");
}

#[test]
fn init_refuses_a_folder_that_is_not_empty() {
    let folder = Folder::new();
    let target = folder.join("books");
    let target = target.to_str().expect("a plain path");
    assert_eq!(run(&["init", target]).ok(), "");
    fs::write(folder.join("books/clients.csv"), "mine").expect("written");
    let said = run(&["init", target]).fails(2);
    assert!(said.contains("is there already and not empty\nhint: name a new folder: nothing is overwritten"), "{said}");
    assert_eq!(fs::read_to_string(folder.join("books/clients.csv")).expect("a file"), "mine");
    fs::write(folder.join("file"), "mine").expect("written");
    run(&["init", folder.join("file").to_str().expect("a plain path")]).fails(2);
}

#[test]
fn completions_are_there_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]).ok();
        assert!(script.contains("quarterhour") && script.contains("write-off"), "{shell}");
    }
}

#[test]
fn the_demo_finishes_and_the_same_seed_makes_the_same_books() {
    let folder = Folder::new();
    let demo = |name: &str, seed: &str| {
        let path = folder.join(name);
        let said = run(&["demo", path.to_str().expect("a plain path"), "--no-pdf", "--no-serve", "--quiet", "--seed", seed]).ok();
        assert!(said.contains("Who paid overage") && said.contains("Go on from here"), "{said}");
        let files = ["provider.toml", "clients.csv", "devices.csv", "time_entries.csv", "agreements/cedar.toml"];
        files.map(|file| fs::read_to_string(path.join("books").join(file)).expect("a file of the books"))
    };
    let first = demo("one", "7");
    assert_eq!(demo("two", "7"), first);
    assert_ne!(demo("two", "8"), first, "an earlier demo is replaced");
    let db = folder.join("one/demo.db");
    let said = run(&["--db", db.to_str().expect("a plain path"), "doctor"]).ok();
    assert!(said.ends_with("All is well.\n"), "{said}");
    fs::create_dir(folder.join("mine")).expect("a folder");
    fs::write(folder.join("mine/letter"), "dear").expect("written");
    run(&["demo", folder.join("mine").to_str().expect("a plain path")]).fails(2);
}
