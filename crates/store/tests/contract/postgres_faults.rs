//! Faults of servers and of the way to them, in the words an operator reads.

use std::net::TcpListener;

use quarterhour_store::StoreError;
use quarterhour_store::statements::client;
use quarterhour_store::testing::TestDatabase;

use crate::support::{Books, refused_to_open, sample_client};

#[test]
fn a_server_that_is_away_cannot_be_reached() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let refused = refused_to_open(&format!("postgres://anna:s3cret@127.0.0.1:{port}/books"));
    let place = format!("postgres://anna@127.0.0.1:{port}/books");
    assert!(refused.contains(&format!("server of {place} cannot be reached")), "{refused}");
    assert!(!refused.contains("s3cret"), "{refused}");
}

#[test]
fn a_host_that_does_not_exist_cannot_be_reached() {
    let refused = refused_to_open("postgres://anna:s3cret@no-such-host.invalid/books");
    assert!(refused.contains("cannot be reached") && !refused.contains("s3cret"), "{refused}");
}

#[test]
fn a_program_that_is_no_server_cannot_be_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let other = std::thread::spawn(move || drop(listener.accept()));
    let refused = refused_to_open(&format!("postgres://anna@127.0.0.1:{port}/books"));
    assert!(refused.contains("cannot be reached"), "{refused}");
    other.join().expect("no panic");
}

#[test]
fn a_wrong_or_missing_password_says_so() {
    let database = TestDatabase::postgres().expect("a server");
    database.run_as_administrator("create role anna login password 'right'").map_or_else(drop, drop);
    for credentials in ["anna:wr0ng", "anna"] {
        let (_, rest) = database.location().split_once('@').expect("an authority");
        let refused = refused_to_open(&format!("postgres://{credentials}@{rest}"));
        assert!(refused.contains("does not accept this user or password"), "{refused}");
        assert!(!refused.contains("wr0ng"), "{refused}");
    }
    database.run_as_administrator("drop role anna").expect("cleanup");
}

#[test]
fn a_database_that_does_not_exist_says_so() {
    let database = TestDatabase::postgres().expect("a server");
    let refused = refused_to_open(&database.location().replace("/quarterhour_", "/nothing_"));
    assert!(refused.contains("has no database of that name") && refused.contains("createdb"), "{refused}");
}

#[test]
fn a_user_without_rights_says_so() {
    let database = TestDatabase::postgres().expect("a server");
    drop(database.run_as_administrator("create role berta login password 'right'"));
    let (_, rest) = database.location().split_once('@').expect("an authority");
    let refused = refused_to_open(&format!("postgres://berta:right@{rest}"));
    assert!(refused.contains("permission denied") && refused.contains("missing right"), "{refused}");
    database.run_as_administrator("drop role berta").expect("cleanup");
}

#[test]
fn a_connection_lost_in_the_middle_saves_nothing_and_the_next_step_works() {
    let books = Books::on(TestDatabase::postgres());
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    let refused = books.store.write(|tx| {
        client::insert_many(tx, books.provider, [sample_client("lost")])?;
        books.database.run_as_administrator(cut).expect("the connections are cut");
        client::insert_many(tx, books.provider, [sample_client("lost too")])
    });
    assert!(matches!(refused, Err(StoreError::ConnectionLost { .. })), "{refused:?}");
    assert_eq!(books.read(|tx| client::list_all(tx, books.provider)).len(), 2);
    books.write(|tx| client::insert_many(tx, books.provider, [sample_client("kept")]));
    // An idle connection that was cut is replaced without a word.
    books.database.run_as_administrator(cut).expect("the connections are cut");
    assert_eq!(books.read(|tx| client::list_all(tx, books.provider)).len(), 3);
}

#[test]
fn a_connection_lost_while_saving_is_told_apart() {
    let books = Books::on(TestDatabase::postgres());
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    let refused = books.store.write(|tx| {
        client::insert_many(tx, books.provider, [sample_client("lost")])?;
        books.database.run_as_administrator(cut).expect("the connections are cut");
        Ok(())
    });
    assert!(matches!(refused, Err(StoreError::CommitUnknown { .. })), "{refused:?}");
    assert_eq!(books.read(|tx| client::list_all(tx, books.provider)).len(), 2);
}

#[test]
fn a_failed_statement_that_was_swallowed_does_not_commit() {
    let books = Books::on(TestDatabase::postgres());
    let refused = books.refused(|tx| {
        client::insert_many(tx, books.provider, [sample_client("half")])?;
        drop(client::insert_many(tx, books.provider, [sample_client("acme")]));
        Ok(())
    });
    assert!(refused.contains("transaction is aborted"), "{refused}");
    assert_eq!(books.read(|tx| client::list_all(tx, books.provider)).len(), 2);
}

#[test]
fn writers_that_wait_for_each_other_are_told_to_try_again() {
    let books = Books::on(TestDatabase::postgres());
    let change = |code: &'static str| {
        move |tx: &mut quarterhour_store::Tx| tx.raw(&format!("update clients set city = city || '.' where code = '{code}'"))
    };
    let barrier = std::sync::Barrier::new(2);
    let run = |first, second| {
        books.store.write(|tx| {
            change(first)(tx)?;
            barrier.wait();
            change(second)(tx)
        })
    };
    let results = std::thread::scope(|scope| {
        let one = scope.spawn(|| run("acme", "zeta"));
        let two = scope.spawn(|| run("zeta", "acme"));
        [one, two].map(|it| it.join().expect("no panic"))
    });
    let failed: Vec<StoreError> = results.into_iter().filter_map(Result::err).collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].is_retryable() && matches!(failed[0], StoreError::Conflict { .. }), "{failed:?}");
}
