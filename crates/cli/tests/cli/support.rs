//! Runs the program, and gives each test a folder and a database of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use quarterhour_store::testing::TestDatabase;
use quarterhour_store::{Store, StoreError};
use serde_json::Value;

/// Runs a test on both databases: a test on SQLite and one on PostgreSQL.
macro_rules! on_both {
    ($(#[$about:meta])* fn $name:ident($office:ident: &Office) $body:block) => {
        mod $name {
            use super::*;

            $(#[$about])*
            fn check($office: &Office) $body

            #[test]
            fn on_sqlite() {
                check(&Office::on_sqlite());
            }

            #[test]
            fn on_postgres() {
                check(&Office::on_postgres());
            }
        }
    };
}

pub(crate) use on_both;

/// The program, with nothing of the environment that changes what it says.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterhour"));
    command.env_remove("QUARTERHOUR_DB").env_remove("NO_COLOR").env("TZ", "UTC").env("TERM", "xterm-256color");
    command.stdin(Stdio::null());
    command
}

/// What a run of the program said.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Answer {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The result of a run that must succeed.
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self.out
    }

    /// What a run that must fail in this way said on standard error.
    pub fn fails(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self.err
    }

    /// The faults that a check must have found.
    pub fn finds(self) -> String {
        assert_eq!(self.code, Some(1), "{}\n{}", self.out, self.err);
        self.out
    }
}

/// A fresh folder, removed when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("quarterhour-cli-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a temporary folder");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A folder and an empty database.
pub struct Office {
    pub folder: Folder,
    pub database: TestDatabase,
}

impl Office {
    pub fn on_sqlite() -> Self {
        Self { folder: Folder::new(), database: TestDatabase::sqlite().expect("a folder for a database") }
    }

    pub fn on_postgres() -> Self {
        Self { folder: Folder::new(), database: TestDatabase::postgres().expect("a PostgreSQL server") }
    }

    /// Another empty database of the same kind.
    pub fn another(&self) -> Self {
        if self.database.is_postgres() { Self::on_postgres() } else { Self::on_sqlite() }
    }

    /// The program on this database, in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path()).args(["--db", self.database.location()]).args(arguments);
        command
    }

    /// Runs the program; the arguments are words between spaces.
    pub fn run(&self, arguments: &str) -> Answer {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        Answer::of(self.command(&words).output().expect("the program starts"))
    }

    /// Starts the program and leaves it running.
    pub fn start(&self, arguments: &str) -> Child {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        let mut command = self.command(&words);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
    }

    /// The JSON of a run that must succeed.
    pub fn json(&self, arguments: &str) -> Value {
        serde_json::from_str(&self.run(arguments).ok()).expect("standard output is JSON")
    }

    /// Issues a period on a day that does not change.
    pub fn issue(&self, periods: &str) {
        self.run(&format!("bill {periods} --issue --date 2026-07-01")).ok();
    }

    /// The folder `books`, brought into the database.
    pub fn import(&self) -> String {
        self.run("import books").ok()
    }

    /// `doctor` and `verify` find nothing.
    pub fn is_well(&self) {
        let said = self.run("doctor").ok();
        assert!(said.ends_with("All is well.\n"), "{said}");
        self.run("verify").ok();
    }

    /// Runs SQL from outside of the program.
    pub fn sql(&self, text: &str) -> Result<(), StoreError> {
        let store = Store::open_existing(self.database.location())?;
        store.write(|tx| tx.raw(text))
    }

    /// Runs SQL as somebody who took away what keeps issued rows as they are.
    pub fn tamper(&self, table: &str, text: &str) {
        let free = if self.database.is_postgres() {
            format!("drop trigger {table}_no_change on {table};")
        } else {
            format!("drop trigger {table}_no_update; drop trigger {table}_no_delete;")
        };
        self.sql(&format!("{free} {text};")).expect("the database lets its owner do it");
    }
}

/// The lines of the only statement of a period as `kind quantity unit price amount`.
pub fn lines(period: &Value) -> Vec<String> {
    let lines = period["statements"][0]["lines"].as_array().into_iter().flatten();
    let text =
        |line: &Value| ["kind", "quantity", "unit", "price", "amount"].map(|name| line[name].as_str().unwrap_or("?").to_owned());
    lines.map(|line| text(line).join(" ")).collect()
}

/// The seconds of the only statement of a period, by the name of a field of `time`.
pub fn seconds(period: &Value, field: &str) -> i64 {
    period["statements"][0]["time"][field].as_i64().expect("a number of seconds")
}

/// The row of a table that begins with these words, its cells between spaces.
pub fn row(table: &str, begin: &str) -> String {
    let line = table.lines().find(|line| line.trim_start().starts_with(begin));
    line.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}
