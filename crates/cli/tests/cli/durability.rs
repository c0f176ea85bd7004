//! Killed in the middle, or two at once: nothing is half done, nothing is done twice.

use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::books::Books;
use crate::support::{Office, on_both};

const CLIENTS: u32 = 60;
const ISSUE: &str = "bill 2026-01..2026-02 --issue --date 2026-07-01";

/// Numbers and amounts of what was issued.
#[derive(Debug, PartialEq)]
struct Issued {
    table: String,
    json: Value,
}

impl Issued {
    fn of(office: &Office) -> Self {
        let table = office.run("bill 2026-01..2026-02").ok();
        Self { table, json: office.json("bill 2026-01..2026-02 --json") }
    }

    /// What a run issues that nobody disturbs.
    fn undisturbed(office: &Office) -> Self {
        let calm = office.another();
        calm.run(&format!("import {}", office.folder.join("books").display())).ok();
        calm.run(ISSUE).ok();
        Self::of(&calm)
    }
}

/// Starts the program again and again and kills it a little later each time, until it comes to its end.
/// Returns how often it was killed.
fn kill_until_done(office: &Office, arguments: &str, step: Duration, mut check: impl FnMut()) -> u32 {
    for round in 1..1000 {
        let mut child = office.start(arguments);
        sleep(step * round);
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            assert!(status.success(), "round {round}");
            return round - 1;
        }
        child.kill().expect("it is killed with SIGKILL");
        child.wait().expect("it ends");
        check();
    }
    unreachable!("the program never came to its end")
}

on_both! {
    fn a_run_that_is_killed_again_and_again_issues_everything_once(office: &Office) {
        Books::of_many(office, CLIENTS);
        let expected = Issued::undisturbed(office);
        office.import();
        let mut partly = 0;
        let kills = kill_until_done(office, ISSUE, Duration::from_millis(5), || {
            let table = office.run("bill 2026-01..2026-02").ok();
            partly += u32::from(table.contains("of 60 issued"));
        });
        println!("killed {kills} times, {partly} times in the middle");
        assert!(kills > 0);
        assert_eq!(Issued::of(office), expected);
        office.is_well();
    }
}

on_both! {
    fn two_runs_at_once_issue_everything_once(office: &Office) {
        Books::of_many(office, CLIENTS);
        let expected = Issued::undisturbed(office);
        office.import();
        let runs = [office.start(ISSUE), office.start(ISSUE), office.start(ISSUE)];
        for mut run in runs {
            assert!(run.wait().expect("it ends").success());
        }
        assert_eq!(Issued::of(office), expected);
        office.is_well();
    }
}

on_both! {
    fn an_import_that_is_killed_leaves_nothing_half_done(office: &Office) {
        let books = Books::of_many(office, CLIENTS);
        let before = office.json("bill 2026-01 --books books --json");
        kill_until_done(office, "import books", Duration::from_millis(3), || {
            let answer = office.run("bill 2026-01 --json");
            if answer.code == Some(0) {
                assert_eq!(serde_json::from_str::<Value>(&answer.out).expect("JSON"), before);
            } else {
                assert!(matches!(answer.code, Some(2 | 3)), "{answer:?}");
                assert!(answer.err.contains("hint: bring a folder in"), "{}", answer.err);
            }
        });
        books.write("time_entries.csv", &books.read("time_entries.csv").replace(",kim,", ",lee,").replace("T10:00:00Z,", "T10:00:00Z,1"));
        let after = office.json("bill 2026-01 --books books --json");
        assert_ne!(before, after);
        kill_until_done(office, "import books", Duration::from_millis(3), || {
            let now = office.json("bill 2026-01 --json");
            assert!(now == before || now == after);
        });
        assert_eq!(office.json("bill 2026-01 --json"), after);
        office.is_well();
    }
}

on_both! {
    fn an_import_during_an_issue_is_not_lost_and_issues_nothing_twice(office: &Office) {
        let books = Books::of_many(office, CLIENTS);
        office.import();
        books.write("time_entries.csv", &books.read("time_entries.csv").replace(",kim,", ",lee,"));
        let mut issue = office.start(ISSUE);
        let import = office.run("import books").ok();
        assert!(import.contains("960"), "{import}");
        let done = issue.wait().expect("it ends");
        assert!(matches!(done.code(), Some(0 | 2)), "the run is told to start again, or was faster");
        office.run(ISSUE).ok();
        office.is_well();
        let again = office.import();
        assert!(again.lines().any(|line| line.split_whitespace().collect::<Vec<_>>() == ["time", "entries", "0", "0", "960", "0"]), "{again}");
    }
}
