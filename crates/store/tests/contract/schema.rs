//! Migrations, the script for Citus and the roles.

use std::thread;

use quarterhour_store::statements::invoice::{self, Invoice};
use quarterhour_store::statements::receivable::{self, Receivable};
use quarterhour_store::statements::{delivery, provider};
use quarterhour_store::testing::TestDatabase;
use quarterhour_store::{CITUS_DISTRIBUTE, CITUS_ROLES, Store, StoreError};

use crate::issued;
use crate::source::sources;
use crate::support::{APPEND_ONLY, Books, FIRST, on_both, refused_to_open};
use crate::work::fill_webhooks;

on_both! {
    fn a_second_opening_changes_nothing(books: &Books) {
        let again = Store::open(books.database.location()).expect("the store opens again");
        let found = again.read(provider::find_first).expect("it reads");
        assert_eq!(found.map(|it| it.provider_id), Some(books.provider));
        assert_eq!(again.place(), books.store.place());
    }
}

on_both! {
    fn a_newer_schema_is_refused(books: &Books) {
        books.write(|tx| tx.raw("insert into schema_migrations values (9999, '9999_of_the_future', 'x')"));
        let refused = refused_to_open(books.database.location());
        assert!(refused.contains("newer version of this program (schema 9999;"), "{refused}");
    }
}

on_both! {
    fn a_changed_migration_is_refused(books: &Books) {
        books.write(|tx| tx.raw("update schema_migrations set checksum = 'x' where number = 1"));
        let refused = refused_to_open(books.database.location());
        assert!(refused.contains("migration 0001_create_books differs"), "{refused}");
    }
}

on_both! {
    /// The books of the release before, with an issued invoice of something and one of nothing.
    fn invoices_that_were_issued_before_are_still_to_be_received(books: &Books) {
        let tables = tables_since("0003");
        let dropped: String = tables.iter().rev().map(|table| format!("drop table {table};")).collect();
        books.write(|tx| {
            tx.raw(&dropped)?;
            tx.raw("drop index holds_open; drop index agreements_by_client; drop index time_entries_by_technician")?;
            tx.raw("delete from schema_migrations where number > 2")?;
            invoice::insert_many(tx, books.provider, [(1, 1900), (2, 0)].map(|(number, total)| Invoice {
                number,
                client_id: books.clients[0],
                period: format!("2026-0{number}"),
                agreement: String::new(),
                issued_on: FIRST,
                due_on: FIRST,
                currency: "EUR".to_owned(),
                net: total,
                tax: 0,
                total,
                body_json: "{}".to_owned(),
            }))
        });
        let again = Store::open(books.database.location()).expect("it is brought up to date");
        let rows = again.read(|tx| receivable::list_page(tx, books.provider, None, 9)).expect("it reads");
        let expected = [(2, 0, false), (1, 1900, true)].map(|(number, total, is_open)| Receivable {
            number,
            client_id: books.clients[0],
            issued_on: FIRST,
            due_on: FIRST,
            currency: "EUR".to_owned(),
            total,
            paid: 0,
            credited: 0,
            is_open,
            sent_at: None,
            sent_by: None,
        });
        assert_eq!(rows, expected);
    }
}

/// The tables that the migrations made from this one on, parents first.
fn tables_since(number: &str) -> Vec<String> {
    let later = sources("migrations").into_iter().filter(|(file, _)| file.as_str() >= format!("migrations/{number}").as_str());
    let texts: String = later.map(|(_, text)| text).collect();
    texts.split("create table ").skip(1).filter_map(|it| it.split(' ').next()).map(str::to_owned).collect()
}

/// Many processes that start at once behave like many stores that do.
fn open_at_once(database: &TestDatabase) {
    let location = database.location();
    let results: Vec<Result<(), String>> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| Store::open(location).map(drop).map_err(|error| error.to_string()))).collect();
        threads.into_iter().map(|it| it.join().expect("no panic")).collect()
    });
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

#[test]
fn stores_that_start_at_once_do_not_collide_on_sqlite() {
    open_at_once(&TestDatabase::sqlite().expect("a folder"));
}

#[test]
fn stores_that_start_at_once_do_not_collide_on_postgres() {
    open_at_once(&TestDatabase::postgres().expect("a server"));
}

#[test]
fn an_existing_database_is_asked_for_and_not_made() {
    let file = TestDatabase::sqlite().expect("a folder");
    let server = TestDatabase::postgres().expect("a server");
    for database in [&file, &server] {
        let refused = Store::open_existing(database.location()).expect_err("nothing is there");
        assert!(matches!(refused, StoreError::Missing { .. }), "{refused}");
        Store::open(database.location()).map(drop).expect("it is made");
        Store::open_existing(database.location()).map(drop).expect("now it is there");
    }
    let empty = TestDatabase::sqlite().expect("a folder");
    std::fs::write(empty.location(), "").expect("an empty file");
    assert!(matches!(Store::open_existing(empty.location()), Err(StoreError::Missing { .. })));
}

/// Citus itself is not here, so its function is played by one that does nothing;
/// what is checked is that the script runs and gives all foreign keys back.
#[test]
fn the_script_for_citus_runs_and_keeps_the_foreign_keys() {
    let books = Books::on(TestDatabase::postgres());
    let keys = "create table key_count as select count(*) as n from pg_constraint where contype = 'f'";
    let stub = "create function create_distributed_table(text, text, colocate_with text default 'default')
        returns text language sql as 'select $1'";
    let same = "do $$ begin
        assert (select n from key_count) = (select count(*) from pg_constraint where contype = 'f');
        assert (select n from key_count) >= 10;
        assert not exists (select 1 from pg_trigger where not tgisinternal);
    end $$";
    for step in [keys, stub, CITUS_DISTRIBUTE, same] {
        books.database.run_as_administrator(step).expect("the step runs");
    }
}

/// Runs a text as the program's daily role.
fn run_as_role(books: &Books, text: &str) -> Result<(), StoreError> {
    books.store.write(|tx| {
        tx.raw("set local role quarterhour_app")?;
        tx.raw(text)
    })
}

#[test]
fn the_daily_role_can_add_documents_but_not_change_them() {
    let books = Books::on(TestDatabase::postgres());
    issued::fill(&books);
    // Without the triggers, as on Citus.
    let triggers = APPEND_ONLY.map(|table| format!("drop trigger {table}_no_change on {table};"));
    books.database.run_as_administrator(&triggers.concat()).expect("the triggers go");
    books.database.run_as_administrator(CITUS_ROLES).expect("the roles are made");
    let as_role = |text: &str| run_as_role(&books, text);
    for table in APPEND_ONLY {
        for change in ["update {} set provider_id = provider_id", "delete from {}", "truncate {}"] {
            let refused = as_role(&change.replace("{}", table)).expect_err("the role may not");
            assert!(matches!(refused, StoreError::NotAllowed { .. }), "{refused}");
        }
        as_role(&format!("insert into {table} select * from {table} where false")).expect("the role may add");
    }
    as_role("update clients set city = 'Bonn'").expect("the role may change the books");
    let (hooks, _) = fill_webhooks(&books, books.stranger());
    as_role("delete from webhooks").expect("the role may remove a webhook with its deliveries");
    assert!(books.read(|tx| delivery::list_of_webhook(tx, books.provider, hooks[0].webhook_id, 9)).is_empty());
    books.database.run_as_administrator("drop owned by quarterhour_app; drop role quarterhour_app").expect("cleanup");
}
