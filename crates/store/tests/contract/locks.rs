//! Writers at once, and transactions that end badly.

use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;

use quarterhour_store::statements::{client, counter, provider};
use quarterhour_store::testing::TestDatabase;
use quarterhour_store::{ProviderId, Store, StoreError};
use uuid::Uuid;

use crate::support::{Books, on_both, sample_client};

/// Says to the child where its database is.
const CHILD_LOCATION: &str = "QUARTERHOUR_TEST_CHILD_LOCATION";
const CHILD_PROVIDER: &str = "QUARTERHOUR_TEST_CHILD_PROVIDER";

on_both! {
    fn writers_of_two_stores_take_turns(books: &Books) {
        let other = Store::open(books.database.location()).expect("a second store");
        let stores = [&books.store, &other, &books.store, &other];
        let mut numbers: Vec<i64> = thread::scope(|scope| {
            let threads = stores.map(|store| scope.spawn(move || {
                let next = |_| store.write(|tx| {
                    counter::lock_provider(tx, books.provider)?;
                    counter::next_number(tx, books.provider, "invoices")
                });
                (0..25).map(next).collect::<Result<Vec<i64>, StoreError>>().expect("all writes succeed")
            }));
            threads.into_iter().flat_map(|it| it.join().expect("no panic")).collect()
        });
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=100).collect::<Vec<i64>>());
    }
}

on_both! {
    fn a_reader_sees_one_moment_and_never_waits(books: &Books) {
        let count = |tx: &mut _| client::list_all(tx, books.provider).map(|rows| rows.len());
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| books.read(|tx| {
                assert_eq!(count(tx)?, 2);
                barrier.wait();
                barrier.wait();
                assert_eq!(count(tx)?, 2, "the commit in between is not seen");
                Ok(())
            }));
            barrier.wait();
            books.write(|tx| {
                client::insert_many(tx, books.provider, [sample_client("mid")])?;
                assert_eq!(books.read(count), 2, "a reader does not wait for the writer");
                Ok(())
            });
            barrier.wait();
        });
        assert_eq!(books.read(count), 3);
    }
}

on_both! {
    fn a_panic_in_the_middle_rolls_back(books: &Books) {
        let result = catch_unwind(AssertUnwindSafe(|| books.store.write(|tx| {
            client::insert_many(tx, books.provider, [sample_client("lost")])?;
            assert_eq!(1, 2, "a bug of the caller");
            Ok::<(), StoreError>(())
        })));
        assert!(result.is_err());
        assert_eq!(books.read(|tx| client::list_all(tx, books.provider)).len(), 2);
        books.write(|tx| client::insert_many(tx, books.provider, [sample_client("kept")]));
        assert_eq!(books.read(|tx| client::list_all(tx, books.provider)).len(), 3);
    }
}

on_both! {
    fn a_reading_transaction_cannot_write(books: &Books) {
        let refused = books.store.read(|tx| provider::update_settings(tx, books.provider, "x", "x"));
        assert!(matches!(refused, Err(StoreError::ReadOnly { .. })), "{refused:?}");
    }
}

on_both! {
    fn an_error_that_was_swallowed_is_not_committed_by_half(books: &Books) {
        let refused = books.store.write(|tx| {
            client::insert_many(tx, books.provider, [sample_client("half")])?;
            drop(client::insert_many(tx, books.provider, [sample_client("acme")]));
            Err::<(), _>(StoreError::NotFound { what: "the end".to_owned() })
        });
        assert!(refused.is_err());
        assert_eq!(books.read(|tx| client::list_all(tx, books.provider)).len(), 2);
    }
}

on_both! {
    fn a_process_killed_in_the_middle_leaves_nothing(books: &Books) {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "locks::the_process_that_is_killed", "--nocapture"])
            .env(CHILD_LOCATION, books.database.location())
            .env(CHILD_PROVIDER, books.provider.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the child starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("in the middle")), "the child gets to the middle");
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        assert_eq!(books.read(|tx| client::list_all(tx, books.provider)).len(), 2);
        books.write(|tx| counter::lock_provider(tx, books.provider));
    }
}

/// Not a test of its own: the child of the test above.
#[test]
fn the_process_that_is_killed() {
    let (Ok(location), Ok(provider)) = (std::env::var(CHILD_LOCATION), std::env::var(CHILD_PROVIDER)) else {
        return;
    };
    let provider = ProviderId(provider.parse::<Uuid>().expect("an id"));
    let store = Store::open(&location).expect("the store opens");
    let written = store.write(|tx| {
        counter::lock_provider(tx, provider)?;
        let rows = (0..5000).map(|n| sample_client(&format!("c{n}")));
        client::insert_many(tx, provider, rows)?;
        println!("in the middle");
        std::io::stdout().flush().expect("the output");
        // Waits for ever: the parent never writes.
        std::io::stdin().read_line(&mut String::new()).expect("the input");
        Ok::<(), StoreError>(())
    });
    written.expect("never gets here");
}
