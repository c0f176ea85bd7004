//! Databases and rows for the tests.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use quarterhour_store::statements::client::{self, Client};
use quarterhour_store::statements::provider::{self, Provider};
use quarterhour_store::statements::time_entry::TimeEntry;
use quarterhour_store::statements::user::User;
use quarterhour_store::testing::TestDatabase;
use quarterhour_store::{ProviderId, Store, StoreError, Tx};
use uuid::Uuid;

/// The tables that only grow.
pub const APPEND_ONLY: [&str; 8] =
    ["closings", "terms", "statements", "invoices", "ledger_entries", "audit_entries", "payments", "credit_notes"];

/// Runs a test on both databases: a test on SQLite and one on PostgreSQL.
macro_rules! on_both {
    ($(#[$about:meta])* fn $name:ident($books:ident: &Books) $body:block) => {
        mod $name {
            use super::*;

            $(#[$about])*
            fn check($books: &Books) $body

            #[test]
            fn on_sqlite() {
                check(&Books::on(TestDatabase::sqlite()));
            }

            #[test]
            fn on_postgres() {
                check(&Books::on(TestDatabase::postgres()));
            }
        }
    };
}

pub(crate) use on_both;

/// An open store with a provider and two clients.
pub struct Books {
    pub store: Store,
    pub provider: ProviderId,
    /// The ids of the clients `acme` and `zeta`, in order of their ids.
    pub clients: [Uuid; 2],
    pub database: TestDatabase,
}

impl Books {
    /// Sets up the books of a test.
    pub fn on(database: Result<TestDatabase, String>) -> Self {
        let database = database.expect("a test database");
        let store = Store::open(database.location()).expect("the store opens");
        let provider = ProviderId(Uuid::now_v7());
        let rows = [sample_client("acme"), sample_client("zeta")];
        let clients = rows.each_ref().map(|it| it.client_id);
        let books = Self { store, provider, clients, database };
        books.write(|tx| {
            provider::insert(tx, &sample_provider(provider))?;
            client::insert_many(tx, provider, &rows).map(drop)
        });
        books
    }

    /// Adds a second provider, whose clients have the same ids as the first one's: what
    /// is done for one of the two must never reach the other.
    pub fn stranger(&self) -> ProviderId {
        let stranger = ProviderId(Uuid::now_v7());
        let clients = self.clients.map(|client_id| Client { client_id, ..sample_client(&client_id.to_string()) });
        self.write(|tx| {
            provider::insert(tx, &sample_provider(stranger))?;
            client::insert_many(tx, stranger, clients).map(drop)
        });
        stranger
    }

    /// Runs a transaction that must succeed.
    pub fn write<T>(&self, step: impl FnOnce(&mut Tx) -> Result<T, StoreError>) -> T {
        self.store.write(step).expect("the transaction succeeds")
    }

    /// Reads, which must succeed.
    pub fn read<T>(&self, step: impl FnOnce(&mut Tx) -> Result<T, StoreError>) -> T {
        self.store.read(step).expect("the reading succeeds")
    }

    /// The sentence of a transaction that must fail.
    pub fn refused<T>(&self, step: impl FnOnce(&mut Tx) -> Result<T, StoreError>) -> String {
        self.store.write(step).err().expect("the transaction fails").to_string()
    }
}

/// The sentence with which a database must not open.
pub fn refused_to_open(location: &str) -> String {
    Store::open(location).expect_err("the store must not open").to_string()
}

pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub const FIRST: Date = date(2026, 1, 31);

pub fn sample_provider(provider_id: ProviderId) -> Provider {
    Provider {
        provider_id,
        name: "Acme Support".to_owned(),
        settings_toml: "name = \"Acme Support\"\n".to_owned(),
        created_at: instant("2026-01-02T03:04:05.123456Z"),
    }
}

pub fn sample_client(code: &str) -> Client {
    Client {
        client_id: Uuid::now_v7(),
        code: code.to_owned(),
        name: format!("{code} Gmbh & Söhne 株式会社"),
        email: String::new(),
        currency: "EUR".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        tax_percent: "19".to_owned(),
        street: "Lange Straße 1".to_owned(),
        city: "Köln".to_owned(),
        postcode: "01234".to_owned(),
        region: String::new(),
        country: "DE".to_owned(),
        tax_id: "DE123".to_owned(),
    }
}

pub fn sample_user(email: &str, role: &str) -> User {
    User {
        user_id: Uuid::now_v7(),
        client_id: None,
        email: email.to_owned(),
        email_key: email.to_lowercase(),
        name: format!("{email} Müller"),
        technician: String::new(),
        role: role.to_owned(),
        password_hash: None,
        totp_sealed: None,
        totp_step_last: 0,
        oidc_subject: None,
        created_at: instant("2026-01-02T03:04:05.000006Z"),
        disabled_at: None,
    }
}

pub fn sample_entry(client_id: Uuid, entry_id: &str, started_at: i64) -> TimeEntry {
    TimeEntry {
        entry_id: entry_id.to_owned(),
        revision: 0,
        client_id,
        ticket: "T-1".to_owned(),
        technician: "Ann".to_owned(),
        started_at,
        minutes: 25,
        tier: "2".to_owned(),
        work_type: "remote".to_owned(),
        device: "pc-7".to_owned(),
        billable: true,
        cause: String::new(),
        note: "🙂 changed the $1 setting".to_owned(),
        late_for: None,
        billed_in: None,
    }
}
