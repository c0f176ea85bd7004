//! Small correct books, so that each test spoils one thing. It checks nothing.

use quarterhour_books::{EntryBook, Problem, Setup, SetupFiles, entries, setup};

pub const PROVIDER: &str =
    "name = \"Northgate IT\"\ncurrency = \"USD\"\ntime_zone = \"America/New_York\"\n[[rate]]\nhourly = \"120\"\n";
pub const HEADER: &str = "id,client,ticket,technician,started_at,minutes,tier,work_type,device,billable,cause,note\n";

/// Correct books of one client.
pub fn files() -> SetupFiles {
    SetupFiles {
        provider: PROVIDER.into(),
        clients: "code,name\nacme,Acme\n".into(),
        devices: "client,name,class,in_service\n".into(),
        agreements: Vec::new(),
    }
}

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// The messages of books without their entries; none when they are read.
#[allow(dead_code, clippy::allow_attributes, reason = "not every test file spoils a setup")]
pub fn setup_problems(files: &SetupFiles) -> Vec<String> {
    setup::read(files).err().map_or(Vec::new(), |problems| texts(&problems))
}

/// The setup of correct books.
#[allow(dead_code, clippy::allow_attributes, reason = "not every test file reads entries")]
pub fn correct() -> Setup {
    setup::read(&files()).expect("these books are correct")
}

/// Reads a `time_entries.csv` beside correct books.
#[allow(dead_code, clippy::allow_attributes, reason = "not every test file reads entries")]
pub fn entries_of(bytes: &[u8]) -> Result<EntryBook, Vec<String>> {
    entries::read(&correct(), bytes).map_err(|problems| texts(&problems))
}

/// The messages of rows behind the full header.
#[allow(dead_code, clippy::allow_attributes, reason = "not every test file reads entries")]
pub fn row_problems(rows: &str) -> Vec<String> {
    entries_of(format!("{HEADER}{rows}").as_bytes()).err().unwrap_or_default()
}
