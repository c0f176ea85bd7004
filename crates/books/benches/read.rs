//! Reading time entries: books on all cores and on one, and what is hard to beat: one pass of the `csv`
//! crate into typed rows, which checks no ids, clients, times or texts and joins nothing.
//!
//! `BENCH_BOOKS=/path/to/folder` reads that folder's clients and time entries in place of made-up ones.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use quarterhour_books::{Setup, SetupFiles, entries, setup};
use serde::Deserialize;

const ROWS: usize = 500_000;
const CLIENTS: usize = 500;

fn main() {
    divan::main();
}

#[divan::bench]
fn books_on_all_cores(bencher: Bencher<'_, '_>) {
    let (setup, bytes) = books();
    let rows = typed_rows(&bytes);
    let counted = bencher.counter(BytesCount::new(bytes.len())).counter(ItemsCount::new(rows));
    counted.bench_local(|| entries::read(black_box(&setup), black_box(&bytes)).expect("good books"));
}

#[divan::bench]
fn books_on_one_core(bencher: Bencher<'_, '_>) {
    let (setup, bytes) = books();
    let rows = typed_rows(&bytes);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let counted = bencher.counter(BytesCount::new(bytes.len())).counter(ItemsCount::new(rows));
    counted.bench_local(|| one.install(|| entries::read(black_box(&setup), black_box(&bytes)).expect("good books")));
}

#[divan::bench]
fn csv_crate_typed_rows(bencher: Bencher<'_, '_>) {
    let (_, bytes) = books();
    let rows = typed_rows(&bytes);
    let counted = bencher.counter(BytesCount::new(bytes.len())).counter(ItemsCount::new(rows));
    counted.bench_local(|| typed_rows(black_box(&bytes)));
}

/// A row as the `csv` crate reads it with the least work: texts are borrowed, nothing is kept.
#[derive(Deserialize)]
struct TypedRow<'a> {
    id: &'a str,
    client: &'a str,
    ticket: &'a str,
    technician: &'a str,
    started_at: &'a str,
    minutes: u32,
    tier: &'a str,
    work_type: &'a str,
    device: &'a str,
    billable: bool,
    cause: &'a str,
    note: &'a str,
}

/// Reads all rows and returns how many there are.
fn typed_rows(bytes: &[u8]) -> usize {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().expect("a header").clone();
    let (mut record, mut rows) = (csv::StringRecord::new(), 0);
    while reader.read_record(&mut record).expect("a record") {
        black_box(record.deserialize::<TypedRow<'_>>(Some(&header)).expect("a typed row").all());
        rows += 1;
    }
    rows
}

impl TypedRow<'_> {
    /// All fields, so that none is left out by the compiler.
    fn all(&self) -> ([&str; 9], u32, bool) {
        let texts =
            [self.id, self.client, self.ticket, self.technician, self.started_at, self.tier, self.work_type, self.device, self.cause];
        black_box(self.note);
        (texts, self.minutes, self.billable)
    }
}

fn books() -> (Setup, Vec<u8>) {
    let folder = std::env::var_os("BENCH_BOOKS").map(PathBuf::from);
    let files = folder.as_deref().map_or_else(made_up_files, files);
    let bytes = folder.map_or_else(made_up_entries, |folder| read(&folder.join("time_entries.csv")));
    (setup::read(&files).expect("good books"), bytes)
}

fn files(folder: &Path) -> SetupFiles {
    let file = |name: &str| read(&folder.join(name));
    SetupFiles { provider: file("provider.toml"), clients: file("clients.csv"), devices: file("devices.csv"), agreements: Vec::new() }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file of the folder")
}

fn made_up_files() -> SetupFiles {
    let provider =
        "name = \"Big\"\ncountry = \"US\"\ncurrency = \"USD\"\ntime_zone = \"America/New_York\"\n[[rate]]\nhourly = \"125.00\"\n";
    let codes = (0..CLIENTS).map(|number| format!("c{number:05},Client {number}\n"));
    SetupFiles {
        provider: provider.into(),
        clients: ["code,name\n".to_owned()].into_iter().chain(codes).collect::<String>().into(),
        devices: "client,name,class,in_service\n".into(),
        agreements: Vec::new(),
    }
}

fn made_up_entries() -> Vec<u8> {
    let mut text = "id,client,ticket,technician,started_at,minutes,tier,work_type,device,billable,cause,note\n".to_owned();
    for row in 0..ROWS {
        let (client, ticket, minute) = (row * 7919 % CLIENTS, row / 3, row % 60);
        let (day, hour) = (row * 28 / ROWS + 1, row * 28 * 24 / ROWS % 24);
        let tier = ["helpdesk", "helpdesk", "helpdesk", "technician", "senior"][row * 31 % 5];
        let started_at = format_args!("2026-01-{day:02}T{hour:02}:{minute:02}:00Z");
        let line =
            format_args!("e{row:08},c{client:05},t{ticket},tech7,{started_at},{},{tier},remote,,true,client,call\n", row % 90 + 1);
        text.write_fmt(line).expect("memory takes all");
    }
    text.into()
}
