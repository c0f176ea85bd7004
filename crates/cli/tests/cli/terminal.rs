//! On a terminal, in a pipe and into a full disk.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::books::Books;
use crate::support::{Office, program};

const COMMANDS: [&str; 9] = [
    "bill 2026-01..2026-03",
    "bill 2026-01..2026-03 --json",
    "statement acme 2026-01",
    "held",
    "verify",
    "doctor",
    "verify acme.json",
    "completions bash",
    "import books",
];

/// The example with January issued, and a proof of it.
fn issued() -> Office {
    let office = Office::on_sqlite();
    Books::example(&office);
    office.import();
    office.issue("2026-01");
    office.run("statement acme 2026-01 --proof acme.json").ok();
    office
}

#[test]
fn without_a_terminal_there_are_no_escapes() {
    let office = issued();
    for command in COMMANDS {
        let answer = office.run(command);
        assert!(!answer.out.contains('\u{1b}') && !answer.err.contains('\u{1b}'), "{command}");
    }
    let coloured = office.run("bill 2026-01 --color always").ok();
    assert!(coloured.contains("\u{1b}[1m"), "{coloured}");
}

#[test]
fn on_a_terminal_there_are_colours_unless_told_otherwise() {
    let office = issued();
    let on_terminal = |variables: &[(&str, &str)], arguments: &str| {
        let binary = env!("CARGO_BIN_EXE_quarterhour");
        let line = format!("{binary} --db {} {arguments} bill 2026-01", office.database.location());
        let mut command = std::process::Command::new("script");
        command
            .args(["-qec", &line, "/dev/null"])
            .env_remove("NO_COLOR")
            .env("TERM", "xterm-256color")
            .envs(variables.iter().copied());
        command.stdin(Stdio::null()).output().ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(said) = on_terminal(&[], "") else {
        eprintln!("skipped: there is no `script` to make a terminal");
        return;
    };
    assert!(said.contains("\u{1b}[1m"), "{said}");
    for (variables, arguments) in [(&[("NO_COLOR", "1")][..], ""), (&[("TERM", "dumb")], ""), (&[], "--color never")] {
        let said = on_terminal(variables, arguments).unwrap_or_default();
        assert!(said.contains("INV-000001") && !said.contains("\u{1b}["), "{variables:?} {arguments}: {said:?}");
    }
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let office = issued();
    for command in COMMANDS {
        let words: Vec<&str> = command.split(' ').collect();
        let mut child = office.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        drop(child.stdout.take());
        let answer = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        assert_eq!(answer.status.code(), Some(0), "{command}: {said}");
        assert!(!said.contains("error") && !said.contains("panicked"), "{command}: {said}");
    }
}

#[test]
fn standard_error_without_a_reader_changes_nothing() {
    let office = issued();
    for (command, code) in [("bill 2026-02", 0), ("bill 2026-02 --issue", 0), ("export copy", 0), ("bill 2026-02 --client nobody", 2)]
    {
        let words: Vec<&str> = command.split(' ').collect();
        let mut child = office.command(&words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
        drop(child.stderr.take());
        assert_eq!(child.wait().expect("it ends").code(), Some(code), "{command}");
    }
}

#[test]
fn head_gets_its_line() {
    let office = issued();
    let mut child = office
        .command(&["bill", "2020-01..2060-12"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert!(line.starts_with("2020-01"), "{line}");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_full_disk_under_standard_output_is_an_outside_failure() {
    let office = issued();
    for command in COMMANDS {
        let Ok(full) = File::options().write(true).open("/dev/full") else { return };
        let words: Vec<&str> = command.split(' ').collect();
        let answer = office.command(&words).stdout(full).output().expect("the program starts");
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        assert_eq!(answer.status.code(), Some(3), "{command}: {said}");
        assert!(said.contains("error: cannot write standard output"), "{command}: {said}");
    }
}

#[test]
fn escapes_in_books_are_refused_and_never_reach_the_terminal() {
    let esc = "\u{1b}]0;owned\u{7}\u{1b}[2J";
    let office = Office::on_sqlite();
    for (file, old, new) in [
        ("clients.csv", "Acme Dental", "EVIL"),
        ("time_entries.csv", "Backup failed, restarted", "EVIL"),
        ("time_entries.csv", "e0007,acme,T-1003", "e0007,acme,EVIL"),
        ("time_entries.csv", "id,client,ticket", "EVIL,client,ticket"),
        ("provider.toml", "Northgate IT", "EVIL"),
        ("provider.toml", "Northgate IT", "\\u001b[2J"),
        ("agreements/acme.toml", "program = \"use-it-or-lose-it\"", "program = \"EVIL\""),
        ("agreements/acme.toml", "excludes ", "EVIL"),
    ] {
        let books = Books::example(&office);
        let text = books.read(file);
        assert!(text.contains(old), "{old} in {file}");
        books.write(file, &text.replacen(old, &new.replace("EVIL", esc), 1));
        for command in ["bill 2026-01 --books books", "import books", "statement acme 2026-01"] {
            let answer = office.run(command);
            assert!(answer.code == Some(2) || command.starts_with("statement"), "{file}: {answer:?}");
            assert!(!(answer.out + &answer.err).contains(['\u{1b}', '\u{7}']), "{file}: {command}");
        }
        std::fs::remove_dir_all(books.path()).expect("removed");
    }
}

#[test]
fn escapes_that_got_into_the_database_do_not_reach_the_terminal() {
    let office = issued();
    let esc = "char(27) || '[2J' || char(7)";
    office
        .sql(&format!("update time_entries set ticket = 'T' || {esc}, technician = 'x' || {esc}, note = {esc}"))
        .expect("open entries may change");
    for command in ["bill 2026-02", "statement acme 2026-02", "statement harbor 2026-03", "export copy", "doctor"] {
        let answer = office.run(command);
        assert!(!(answer.out + &answer.err).contains(['\u{1b}', '\u{7}']), "{command}");
    }
}

#[test]
fn escapes_in_a_proof_and_on_the_command_line_do_not_reach_the_terminal() {
    let office = issued();
    let proof = std::fs::read_to_string(office.folder.join("acme.json")).expect("the proof");
    for (old, new) in [
        ("\"client\": \"acme\"", "\"client\": \"\\u001b[2J\""),
        ("\"form\": \"", "\"\\u001b[2J\": \""),
        ("\"period\": \"2026-01\"", "\"period\": \"\\u001b[2J\""),
    ] {
        assert!(proof.contains(old), "{old}");
        std::fs::write(office.folder.join("evil.json"), proof.replacen(old, new, 1)).expect("written");
        let answer = office.run("verify evil.json");
        assert_ne!(answer.code, Some(0));
        assert!(!(answer.out + &answer.err).contains('\u{1b}'), "{old}");
    }
    let output = program().args(["bill", "2026-01", "--books", "\u{1b}[2J"]).output().expect("the program starts");
    assert!(!output.stderr.contains(&0x1b), "{}", String::from_utf8_lossy(&output.stderr));
}
