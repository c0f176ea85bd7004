//! Imports a million time entries into both databases and reads them back.
//! Not a test: it prints times and their share of the bars.
//!
//! `cargo bench -p quarterhour-store` (other sizes: `-- 100000`). The PostgreSQL
//! server is started with its own defaults, flushing to disk as in production.

use std::error::Error;
use std::time::Instant;

use quarterhour_store::statements::client::{self, Client};
use quarterhour_store::statements::provider::{self, Provider};
use quarterhour_store::statements::time_entry::{self, TimeEntry};
use quarterhour_store::testing::{Server, TestDatabase};
use quarterhour_store::{ProviderId, Store, StoreError};
use uuid::Uuid;

const CLIENTS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().filter_map(|it| it.parse().ok()).next().unwrap_or(1_000_000);
    println!("{count} time entries; the bars are for a million");
    for (order, shuffled) in [("ids in order", false), ("ids shuffled", true)] {
        let file = TestDatabase::sqlite()?;
        measure(&format!("SQLite, {order}"), file.location(), count, shuffled, 10.0)?;
        drop(file);
        let server = Server::start("")?;
        measure(&format!("PostgreSQL, {order}"), server.url(), count, shuffled, 20.0)?;
    }
    Ok(())
}

fn measure(name: &str, location: &str, count: usize, shuffled: bool, bar: f64) -> Result<(), StoreError> {
    let store = Store::open(location)?;
    let provider = ProviderId(Uuid::now_v7());
    let clients: Vec<Uuid> = (0..CLIENTS).map(|_| Uuid::now_v7()).collect();
    store.write(|tx| {
        provider::insert(tx, &sample_provider(provider))?;
        client::insert_many(tx, provider, clients.iter().map(|id| sample_client(*id)))
    })?;
    let rows = (0..count).map(|index| sample_entry(index, count, shuffled, &clients));
    let began = Instant::now();
    store.write(|tx| time_entry::insert_many(tx, provider, rows))?;
    let share = count as f64 / 1_000_000.0;
    report(name, "import", began, bar * share);

    let began = Instant::now();
    let mut seen = 0;
    store.read(|tx| {
        time_entry::each_latest(tx, provider, |_| {
            seen += 1;
            Ok::<(), StoreError>(())
        })
    })?;
    assert_eq!(seen, count, "all rows come back");
    report(name, "read by id", began, bar * share);

    let began = Instant::now();
    let mut minutes = 0;
    let span = 1_700_000_000..1_900_000_000;
    store.read(|tx| {
        time_entry::each_between(tx, provider, None, span, |row| {
            minutes += row.minutes;
            Ok::<(), StoreError>(())
        })
    })?;
    assert!(minutes > 0, "all rows come back");
    report(name, "read by client and start", began, bar * share);
    Ok(())
}

fn report(name: &str, what: &str, began: Instant, bar: f64) {
    let seconds = began.elapsed().as_secs_f64();
    println!("{name:26} {what:26} {seconds:7.2} s   {:4.0} % of {bar} s", 100.0 * seconds / bar);
}

fn sample_provider(provider_id: ProviderId) -> Provider {
    Provider { provider_id, name: "Acme".to_owned(), settings_toml: String::new(), created_at: jiff::Timestamp::UNIX_EPOCH }
}

fn sample_client(client_id: Uuid) -> Client {
    let empty = String::new;
    Client {
        client_id,
        code: client_id.to_string(),
        name: empty(),
        email: empty(),
        currency: "EUR".to_owned(),
        time_zone: "UTC".to_owned(),
        tax_percent: empty(),
        street: empty(),
        city: empty(),
        postcode: empty(),
        region: empty(),
        country: empty(),
        tax_id: empty(),
    }
}

/// The entry at an index. A step prime to the count visits all ids out of order.
fn sample_entry(index: usize, count: usize, shuffled: bool, clients: &[Uuid]) -> TimeEntry {
    let id = if shuffled { index * 7_368_787 % count } else { index };
    TimeEntry {
        entry_id: format!("TE-{id:07}"),
        revision: 0,
        client_id: clients.get(id * 31 % CLIENTS).copied().unwrap_or_default(),
        ticket: format!("INC-{:06}", id / 3),
        technician: format!("technician {}", id % 40),
        started_at: 1_700_000_000 + id as i64 * 95,
        minutes: 5 + (id % 115) as i64,
        tier: "2".to_owned(),
        work_type: "remote".to_owned(),
        device: format!("pc-{:04}", id % 5000),
        billable: id % 10 != 0,
        cause: "printer".to_owned(),
        note: format!("Looked at ticket {id} and changed the driver."),
        late_for: None,
        billed_in: None,
    }
}
