//! Books for the tests: the example folder of `init`, and made-up ones of many clients.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Office, program};

const ENTRY_COLUMNS: &str = "id,client,ticket,technician,started_at,minutes,tier,work_type,device,billable,cause,note\n";

/// A folder of books that a test changes.
pub struct Books(PathBuf);

impl Books {
    /// The example of `init`: acme, harbor, lakeside and summit, January to March 2026.
    pub fn example(office: &Office) -> Self {
        let path = office.folder.join("books");
        let status = program().args(["init", "--quiet"]).arg(&path).status().expect("the program starts");
        assert!(status.success());
        Self(path)
    }

    /// One client `acme` with 40 workstations (10 hours a month, lost when unused; overage at 187.50)
    /// and these time entries: id, day and hour, minutes.
    pub fn acme(office: &Office, entries: &[(&str, &str, u32)]) -> Self {
        Self::with_agreement(office, "", entries)
    }

    /// As `acme`, with more clauses in the agreement.
    pub fn with_agreement(office: &Office, clauses: &str, entries: &[(&str, &str, u32)]) -> Self {
        let books = Self(office.folder.join("books"));
        fs::create_dir_all(books.0.join("agreements")).expect("a folder");
        books.write("provider.toml", PROVIDER);
        books.write("clients.csv", "code,name,currency,time_zone,tax_percent\nacme,Acme Dental,USD,UTC,10\n");
        let devices: String = (1..=40).map(|number| format!("acme,ws{number:02},workstation,2025-01-01\n")).collect();
        books.write("devices.csv", &format!("client,name,class,in_service\n{devices}"));
        books.write("agreements/acme.toml", &format!("{ACME}{clauses}"));
        books.write("time_entries.csv", ENTRY_COLUMNS);
        for (id, start, minutes) in entries {
            books.add_entry(id, "acme", start, *minutes);
        }
        books
    }

    /// So many clients with two months of work each.
    pub fn of_many(office: &Office, clients: u32) -> Self {
        let books = Self::acme(office, &[]);
        fs::remove_file(books.0.join("agreements/acme.toml")).expect("it was written");
        let (mut rows, mut devices, mut entries) = (String::new(), String::new(), ENTRY_COLUMNS.to_owned());
        for number in 0..clients {
            let code = format!("c{number:03}");
            let _ = writeln!(rows, "{code},Client {number},USD,UTC,5");
            for device in 0..4 {
                let _ = writeln!(devices, "{code},ws{device},workstation,2025-01-01");
            }
            for month in 1..=2 {
                for day in 1..=8 {
                    let _ = writeln!(
                        entries,
                        "{code}-{month}-{day},{code},T{day},kim,2026-0{month}-0{day}T10:00:00Z,{},,,,,,",
                        7 + number % 20
                    );
                }
            }
            books.write(&format!("agreements/{code}.toml"), &ACME.replace("acme", &code));
        }
        books.write("clients.csv", &format!("code,name,currency,time_zone,tax_percent\n{rows}"));
        books.write("devices.csv", &format!("client,name,class,in_service\n{devices}"));
        books.write("time_entries.csv", &entries);
        books
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).expect("a file of the books")
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("the folder can be written");
    }

    /// Replaces a text that must be there once.
    pub fn replace(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert_eq!(text.matches(old).count(), 1, "{old} in {name}");
        self.write(name, &text.replace(old, new));
    }

    /// Adds a row or a clause.
    pub fn add(&self, name: &str, text: &str) {
        self.write(name, &(self.read(name) + text));
    }

    /// Adds an entry that starts at such as `2026-01-12T10`, in UTC.
    pub fn add_entry(&self, id: &str, client: &str, start: &str, minutes: u32) {
        self.add("time_entries.csv", &format!("{id},{client},T-1,kim,{start}:00:00Z,{minutes},,,,,,\n"));
    }
}

const PROVIDER: &str = r#"name = "Northgate IT"
country = "US"
currency = "USD"
time_zone = "UTC"
holidays = []
[hours]
mon = "08:00-18:00"
tue = "08:00-18:00"
wed = "08:00-18:00"
thu = "08:00-18:00"
fri = "08:00-18:00"
[[rate]]
hourly = "150.00"
"#;

const ACME: &str = r#"client = "acme"
program = "use-it-or-lose-it"
starts = 2026-01-01
[fee]
flat = "1250.00"
[allowance]
environment = "stable"
[overage]
rate = "187.50"
"#;
