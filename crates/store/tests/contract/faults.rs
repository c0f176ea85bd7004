//! Faults of files, in the words an operator reads.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use quarterhour_store::statements::{client, time_entry};
use quarterhour_store::testing::TestDatabase;
use quarterhour_store::{Store, StoreError};

use crate::support::{Books, refused_to_open, sample_client, sample_entry};

#[test]
fn a_file_of_another_kind_is_left_as_it_is() {
    let database = TestDatabase::sqlite().expect("a folder");
    let text = "provider,client\nnot a database\n".repeat(50);
    fs::write(database.location(), &text).expect("a file");
    let refused = refused_to_open(database.location());
    assert!(refused.contains("is not a database of this program"), "{refused}");
    assert_eq!(fs::read_to_string(database.location()).expect("the file"), text);
}

#[test]
fn a_database_of_another_program_is_left_as_it_is() {
    let books = Books::on(TestDatabase::sqlite());
    books.write(|tx| tx.raw("alter table schema_migrations rename to their_table"));
    let refused = refused_to_open(books.database.location());
    assert!(refused.contains("is not a database of this program"), "{refused}");
}

#[test]
fn a_path_that_cannot_be_opened_says_so() {
    let database = TestDatabase::sqlite().expect("a folder");
    let refused = refused_to_open(&format!("{}/none/books.db", database.location()));
    assert!(refused.contains("cannot be opened") && refused.contains("folder exists"), "{refused}");
    fs::create_dir(database.location()).expect("a folder");
    let refused = refused_to_open(database.location());
    assert!(refused.contains("cannot be opened"), "{refused}");
}

#[test]
fn a_file_that_another_process_writes_is_busy_after_a_while() {
    let books = Books::on(TestDatabase::sqlite());
    let other = Store::open(books.database.location()).expect("a second store");
    let began = Instant::now();
    let refused = books.write(|_| Ok(other.write(|tx| client::list_all(tx, books.provider))));
    assert!(matches!(refused, Err(StoreError::Busy { .. })), "{refused:?}");
    assert!(refused.is_err_and(|it| it.to_string().contains("another process is writing") && it.is_retryable()));
    assert!(began.elapsed() >= Duration::from_secs(4));
    // Opening needs no lock.
    let reopened = books.write(|_| {
        Ok(thread::scope(|scope| scope.spawn(|| Store::open(books.database.location()).is_ok()).join().expect("no panic")))
    });
    assert!(reopened);
}

#[test]
fn a_full_disk_saves_nothing() {
    let books = Books::on(TestDatabase::sqlite());
    // The limit holds for the connection, as a full disk holds for the file.
    let refused = books.refused(|tx| {
        tx.raw("pragma max_page_count = 60")?;
        let rows = (0..20_000).map(|n| sample_entry(books.clients[0], &format!("n{n}"), n));
        time_entry::insert_many(tx, books.provider, rows)
    });
    assert!(refused.contains("is full; nothing was saved"), "{refused}");
    assert!(books.read(|tx| time_entry::list_late_unbilled(tx, books.provider)).is_empty());
    books.write(|tx| tx.raw("pragma max_page_count = 4294967294"));
    books.write(|tx| client::insert_many(tx, books.provider, [sample_client("after")]));
}

#[test]
fn a_damaged_file_says_so() {
    let books = Books::on(TestDatabase::sqlite());
    let rows = (0..5000).map(|n| sample_entry(books.clients[0], &format!("n{n}"), n));
    books.write(|tx| time_entry::insert_many(tx, books.provider, rows));
    let Books { store, provider, database, .. } = books;
    drop(store);
    let mut bytes = fs::read(database.location()).expect("the file");
    let pages = bytes.len() / 4096;
    for page in pages / 2..pages {
        bytes[page * 4096..(page + 1) * 4096].fill(0xA5);
    }
    fs::write(database.location(), bytes).expect("the damage");
    let store = Store::open(database.location()).expect("its first pages are sound");
    let refused = store.read(|tx| time_entry::each_latest(tx, provider, |_| Ok(())));
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
}

#[test]
fn a_value_of_another_program_is_not_taken_for_zero() {
    let books = Books::on(TestDatabase::sqlite());
    books.write(|tx| tx.raw("update providers set created_at = 'yesterday'"));
    let refused = books.store.read(quarterhour_store::statements::provider::find_first);
    assert!(matches!(refused, Err(StoreError::BadValue { .. })), "{refused:?}");
}

#[test]
fn a_store_shows_its_place_only() {
    let books = Books::on(TestDatabase::postgres());
    let shown = format!("{:?} {}", books.store, books.store.place());
    assert!(shown.contains("postgres://postgres@"), "{shown}");
    assert!(!shown.contains("test-password"), "{shown}");
}
