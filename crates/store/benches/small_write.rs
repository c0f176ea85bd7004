//! What a request costs that writes one small row, and one that only looks who is signed in.
//! Not a test: divan prints the times; the median is the number to look at.
//!
//! `cargo bench -p quarterhour-store --bench small_write`. The file is in the folder for
//! temporary files (`TMPDIR`), so that should be on a disk. The PostgreSQL server is
//! started with its own defaults, flushing to disk as in production.

use divan::{Bencher, black_box};
use jiff::Timestamp;
use quarterhour_store::statements::audit::{self, AuditEntry};
use quarterhour_store::statements::provider::{self, Provider};
use quarterhour_store::statements::session::{self, Session};
use quarterhour_store::statements::user::{self, User};
use quarterhour_store::testing::{Server, TestDatabase};
use quarterhour_store::{ProviderId, Store, StoreError};
use uuid::Uuid;

/// A database with one provider, one user and one session.
struct Office {
    store: Store,
    provider: ProviderId,
}

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 2000, sample_size = 1)]
fn sqlite_write(bencher: Bencher) {
    let file = TestDatabase::sqlite().expect("a folder");
    write(bencher, file.location());
}

#[divan::bench(sample_count = 2000)]
fn sqlite_who_is_signed_in(bencher: Bencher) {
    let file = TestDatabase::sqlite().expect("a folder");
    look(bencher, file.location());
}

#[divan::bench(sample_count = 2000, sample_size = 1)]
fn postgres_write(bencher: Bencher) {
    let server = Server::start("").expect("a server");
    write(bencher, server.url());
}

#[divan::bench(sample_count = 2000, sample_size = 1)]
fn postgres_who_is_signed_in(bencher: Bencher) {
    let server = Server::start("").expect("a server");
    look(bencher, server.url());
}

fn write(bencher: Bencher, location: &str) {
    let office = set_up(location).expect("it is set up");
    bencher.with_inputs(sample_audit_entry).bench_local_refs(|row| {
        office.store.write(|tx| audit::insert(tx, office.provider, row)).expect("it is written");
    });
}

fn look(bencher: Bencher, location: &str) {
    let office = set_up(location).expect("it is set up");
    bencher.bench_local(|| {
        let found = office.store.read(|tx| session::find_with_user(tx, office.provider, black_box("cookie")));
        found.expect("it reads").expect("the session")
    });
}

fn set_up(location: &str) -> Result<Office, StoreError> {
    let store = Store::open(location)?;
    let provider = ProviderId(Uuid::now_v7());
    let row =
        Provider { provider_id: provider, name: "Acme".to_owned(), settings_toml: String::new(), created_at: Timestamp::UNIX_EPOCH };
    let user = sample_user();
    store.write(|tx| {
        provider::insert(tx, &row)?;
        user::insert(tx, provider, &user)?;
        session::insert(tx, provider, &sample_session(user.user_id))
    })?;
    Ok(Office { store, provider })
}

fn sample_user() -> User {
    User {
        user_id: Uuid::now_v7(),
        client_id: None,
        email: "ann@acme.example".to_owned(),
        email_key: "ann@acme.example".to_owned(),
        name: "Ann".to_owned(),
        technician: "Ann".to_owned(),
        role: "owner".to_owned(),
        password_hash: Some("$argon2id$".to_owned()),
        totp_sealed: None,
        totp_step_last: 0,
        oidc_subject: None,
        created_at: Timestamp::UNIX_EPOCH,
        disabled_at: None,
    }
}

fn sample_session(user_id: Uuid) -> Session {
    Session {
        session_hash: "cookie".to_owned(),
        user_id,
        created_at: Timestamp::UNIX_EPOCH,
        seen_at: Timestamp::UNIX_EPOCH,
        expires_at: Timestamp::MAX,
        proved_at: Timestamp::UNIX_EPOCH,
        strong: true,
        address: "192.0.2.1".to_owned(),
        agent: "Firefox".to_owned(),
    }
}

fn sample_audit_entry() -> AuditEntry {
    AuditEntry {
        audit_id: Uuid::now_v7(),
        at: Timestamp::UNIX_EPOCH,
        actor_id: None,
        actor_name: "Ann".to_owned(),
        channel: "web".to_owned(),
        address: "192.0.2.1".to_owned(),
        action: "device.update".to_owned(),
        client_id: None,
        subject_kind: "device".to_owned(),
        subject_id: "laptop-7".to_owned(),
        before_json: Some("{\"site\":\"Bonn\"}".to_owned()),
        after_json: Some("{\"site\":\"Ulm\"}".to_owned()),
    }
}
