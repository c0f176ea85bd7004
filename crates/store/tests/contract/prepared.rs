//! Both databases prepare every statement and agree about it, and SQLite's plan
//! reads no whole table.

use quarterhour_store::statements::time_entry;
use quarterhour_store::testing::TestDatabase;

use crate::source::statements;
use crate::support::{Books, sample_entry};

#[test]
fn both_databases_prepare_every_statement_alike() {
    let sqlite = Books::on(TestDatabase::sqlite());
    let postgres = Books::on(TestDatabase::postgres());
    let mut wrong = Vec::new();
    for statement in statements() {
        // The catalogues are the one thing that only one database has.
        if statement.no_provider.as_ref().is_some_and(|reason| reason.contains("catalogue")) {
            continue;
        }
        let (file, text) = (&statement.file, &statement.text);
        let inspected = [&sqlite, &postgres].map(|books| {
            let result = books.store.read(|tx| tx.inspect(text));
            result.unwrap_or_else(|error| unreachable!("{file}: {text}: {error}"))
        });
        let [in_sqlite, in_postgres] = inspected;
        assert_eq!(in_sqlite.parameters, in_postgres.parameters, "{file}: {text}");
        assert_eq!(in_sqlite.columns, in_postgres.columns, "{file}: {text}");
        let excused = statement.scans.is_some() || statement.no_provider.is_some();
        let whole = in_sqlite.plan.iter().find(|line| reads_whole_table(text, line));
        if whole.is_some() && !excused {
            wrong.push(format!("{file}: {text}\n{:#?}", in_sqlite.plan));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Indexes that hold only the rows that wait for something.
const NARROW: [&str; 5] = ["time_entries_late_unbilled", "holds_open", "questions_open", "receivables_open", "jobs_open"];

/// Most stores have one provider, so a search by provider alone reads the whole table.
/// That is as it should be for a statement without another condition, in an index
/// of few rows only, and for the list of clients (`k`) that leads to their rows.
fn reads_whole_table(text: &str, line: &str) -> bool {
    let by_provider_alone = line.starts_with("SEARCH") && line.ends_with("(provider_id=?)");
    let is_narrow = NARROW.iter().any(|index| line.contains(index)) || line.starts_with("SEARCH k ");
    let has_conditions = text.split(" where ").skip(1).any(|it| it.contains(" and "));
    line.starts_with("SCAN") && !line.contains("CONSTANT") || by_provider_alone && has_conditions && !is_narrow
}

#[test]
fn the_streams_of_an_import_need_no_sorting() {
    let books = Books::on(TestDatabase::sqlite());
    streams_need_no_sorting(&books);
    // A large import ends with statistics, and the plans are made from them.
    let rows = (0..20_000).map(|n| sample_entry(books.clients[n % 2], &format!("n{n:05}"), n as i64));
    books.write(|tx| time_entry::insert_many(tx, books.provider, rows));
    streams_need_no_sorting(&books);
}

fn streams_need_no_sorting(books: &Books) {
    let mut seen = 0;
    for statement in statements().iter().filter(|it| it.file.ends_with("time_entry.rs")) {
        if statement.text.contains("in (") || !statement.text.contains("order by") || statement.text.contains(" or ") {
            continue;
        }
        let plan = books.read(|tx| tx.inspect(&statement.text)).plan;
        assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{}\n{plan:#?}", statement.text);
        seen += 1;
    }
    assert!(seen >= 4, "the streams are found");
}
