//! Time entries and their corrections.

use quarterhour_store::StoreError;
use quarterhour_store::statements::ticket::{self, Ticket};
use quarterhour_store::statements::time_entry::{self, TimeEntry};
use quarterhour_store::testing::TestDatabase;

use crate::support::{Books, on_both, sample_entry};

/// Entries of both clients, one of them corrected for an issued period.
fn fill(books: &Books) -> Vec<TimeEntry> {
    let [acme, zeta] = books.clients;
    let mut corrected = sample_entry(acme, "b", 100);
    corrected.revision = 1;
    corrected.minutes = -25;
    corrected.late_for = Some("2026-03".to_owned());
    let mut late = sample_entry(zeta, "c", 50);
    late.late_for = Some("2026-02".to_owned());
    let rows = vec![
        sample_entry(acme, "B", 300),
        sample_entry(acme, "a", 200),
        sample_entry(acme, "b", 100),
        corrected,
        late,
        sample_entry(zeta, "d", 100),
    ];
    let count = books.write(|tx| time_entry::insert_many(tx, books.provider, rows.iter().rev()));
    assert_eq!(count, 6);
    rows
}

fn latest(books: &Books) -> Vec<TimeEntry> {
    let mut rows = Vec::new();
    books.read(|tx| {
        time_entry::each_latest(tx, books.provider, |row| {
            rows.push(row);
            Ok(())
        })
    });
    rows
}

fn names(rows: &[TimeEntry]) -> Vec<(&str, i64)> {
    rows.iter().map(|row| (row.entry_id.as_str(), row.revision)).collect()
}

on_both! {
    fn an_import_sees_the_latest_revision_of_each_entry(books: &Books) {
        assert!(latest(books).is_empty());
        let rows = fill(books);
        let seen = latest(books);
        assert_eq!(names(&seen), [("B", 0), ("a", 0), ("b", 1), ("c", 0), ("d", 0)]);
        assert_eq!(seen[2], rows[3], "all fields come back");
        let mut all = Vec::new();
        books.read(|tx| time_entry::each_revision(tx, books.provider, |row| {
            all.push(row);
            Ok::<(), StoreError>(())
        }));
        assert_eq!(all, rows, "by bytes of the id, then by revision");
    }
}

on_both! {
    fn a_span_has_the_entries_that_came_in_time(books: &Books) {
        fill(books);
        let [acme, zeta] = books.clients;
        let between = |clients: Option<&[_]>, span| {
            let mut rows = Vec::new();
            books.read(|tx| time_entry::each_between(tx, books.provider, clients, span, |row| {
                rows.push(format!("{} {}", row.entry_id, row.revision));
                Ok::<(), StoreError>(())
            }));
            rows
        };
        assert_eq!(between(None, 0..1000), ["b 0", "a 0", "B 0", "d 0"], "by client, then by start");
        assert_eq!(between(Some(&[zeta, acme, zeta]), 0..1000), ["b 0", "a 0", "B 0", "d 0"]);
        assert_eq!(between(Some(&[zeta]), 0..1000), ["d 0"]);
        assert_eq!(between(Some(&[acme]), 100..300), ["b 0", "a 0"], "the end is not in it");
        assert!(between(Some(&[]), 0..1000).is_empty());
    }
}

on_both! {
    fn a_stream_stops_at_the_error_of_its_reader(books: &Books) {
        fill(books);
        let mut seen = 0;
        let refused = books.refused(|tx| time_entry::each_revision(tx, books.provider, |row| {
            seen += 1;
            match row.entry_id.as_str() {
                "a" => Err(StoreError::NotFound { what: "enough".to_owned() }),
                _ => Ok(()),
            }
        }));
        assert_eq!((refused.as_str(), seen), ("enough is not in the database", 2));
        assert_eq!(latest(books).len(), 5, "the connection is still good");
    }
}

on_both! {
    fn a_late_row_waits_until_a_statement_takes_it(books: &Books) {
        fill(books);
        let [acme, _] = books.clients;
        let waiting = |books: &Books| books.read(|tx| time_entry::list_late_unbilled(tx, books.provider));
        assert_eq!(names(&waiting(books)), [("b", 1), ("c", 0)]);
        let april = |books: &Books| {
            let rows = books.read(|tx| time_entry::list_of_period(tx, books.provider, acme, "2026-04", 150..250));
            rows.into_iter().map(|row| (row.entry_id, row.revision)).collect::<Vec<_>>()
        };
        assert_eq!(april(books), [("a".to_owned(), 0)]);
        let take = |tx: &mut _| time_entry::mark_late_billed(tx, books.provider, "b", 1, "2026-04");
        books.write(take);
        assert_eq!(names(&waiting(books)), [("c", 0)]);
        assert_eq!(april(books), [("b".to_owned(), 1), ("a".to_owned(), 0)]);
        let taken = |late_for| books.read(|tx| time_entry::list_late_billed(tx, books.provider, acme, late_for));
        assert_eq!(names(&taken("2026-03")), [("b", 1)]);
        assert!(taken("2026-02").is_empty());
        let refused = books.refused(take);
        assert!(refused.contains("not yet billed is not in the database"), "{refused}");
        let refused = books.refused(|tx| time_entry::mark_late_billed(tx, books.provider, "a", 0, "2026-04"));
        assert!(refused.contains("not yet billed is not in the database"), "{refused}");
    }
}

on_both! {
    fn only_open_rows_change(books: &Books) {
        let rows = fill(books);
        let mut open = rows[0].clone();
        open.minutes = 40;
        open.billable = false;
        open.client_id = books.clients[1];
        open.late_for = Some("2026-01".to_owned());
        books.write(|tx| time_entry::update_open(tx, books.provider, &open));
        assert_eq!(latest(books)[0], open);
        books.write(|tx| time_entry::mark_late_billed(tx, books.provider, "B", 0, "2026-02"));
        let refused = books.refused(|tx| time_entry::update_open(tx, books.provider, &open));
        assert!(refused.contains("an open time entry"), "{refused}");
        open.entry_id = "a".to_owned();
        open.client_id = uuid::Uuid::now_v7();
        let refused = books.refused(|tx| time_entry::update_open(tx, books.provider, &open));
        assert!(refused.contains("there is no client"), "{refused}");
        let delete = |entry, revision| {
            books.store.write(|tx| time_entry::delete_pending_revision(tx, books.provider, entry, revision))
        };
        assert!(delete("B", 0).is_err(), "billed");
        assert!(delete("a", 0).is_err(), "not late");
        assert!(delete("b", 1).is_ok());
        assert!(delete("b", 1).is_err(), "gone");
        assert_eq!(names(&latest(books)), [("B", 0), ("a", 0), ("b", 0), ("c", 0), ("d", 0)]);
    }
}

on_both! {
    fn one_entry_is_added_and_removed_with_its_corrections_in_view(books: &Books) {
        fill(books);
        let stranger = books.stranger();
        let [acme, _] = books.clients;
        let row = sample_entry(acme, "e", 400);
        for provider in [books.provider, stranger] {
            books.write(|tx| time_entry::insert(tx, provider, &row));
        }
        let revisions = |provider, entry| books.read(|tx| time_entry::list_revisions(tx, provider, entry));
        assert_eq!(revisions(books.provider, "e").first(), Some(&row));
        assert_eq!(names(&revisions(books.provider, "b")), [("b", 0), ("b", 1)]);
        let refused = books.refused(|tx| time_entry::insert(tx, books.provider, &row));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let unknown = sample_entry(uuid::Uuid::now_v7(), "f", 400);
        let refused = books.refused(|tx| time_entry::insert(tx, books.provider, &unknown));
        assert!(refused.contains("there is no client"), "{refused}");
        for entry in ["b", "c", "z"] {
            let refused = books.refused(|tx| time_entry::delete_open(tx, books.provider, entry));
            assert!(refused.contains("without corrections is not in the database"), "{entry}: {refused}");
        }
        books.write(|tx| time_entry::delete_open(tx, books.provider, "e"));
        assert!(revisions(books.provider, "e").is_empty());
        assert_eq!(revisions(stranger, "e"), [row]);
        assert_eq!(latest(books).len(), 5);
    }
}

on_both! {
    fn the_entries_of_a_client_are_listed_from_the_last_on(books: &Books) {
        fill(books);
        let stranger = books.stranger();
        let [acme, zeta] = books.clients;
        let between = |provider, span, limit| {
            let rows = books.read(|tx| time_entry::list_of_client_between(tx, provider, acme, span, limit));
            rows.into_iter().map(|it| format!("{} {}", it.entry_id, it.revision)).collect::<Vec<_>>()
        };
        assert_eq!(between(books.provider, 0..1000, 9), ["B 0", "a 0", "b 1", "b 0"]);
        assert_eq!(between(books.provider, 0..1000, 3), ["B 0", "a 0", "b 1"]);
        assert_eq!(between(books.provider, 100..300, 9), ["a 0", "b 1", "b 0"], "the end is not in it");
        assert!(between(stranger, 0..1000, 9).is_empty());
        let late = |provider, client| books.read(|tx| time_entry::list_late_unbilled_of_client(tx, provider, client));
        assert_eq!(names(&late(books.provider, acme)), [("b", 1)]);
        assert_eq!(names(&late(books.provider, zeta)), [("c", 0)]);
        assert!(late(stranger, acme).is_empty());
        books.write(|tx| time_entry::mark_late_billed(tx, books.provider, "b", 1, "2026-04"));
        assert!(late(books.provider, acme).is_empty());
    }
}

on_both! {
    fn an_insert_that_fails_leaves_nothing(books: &Books) {
        fill(books);
        let [acme, _] = books.clients;
        let mut rows: Vec<TimeEntry> = (0..3000).map(|n| sample_entry(acme, &format!("n{n}"), n)).collect();
        rows.push(sample_entry(acme, "d", 1));
        let refused = books.refused(|tx| time_entry::insert_many(tx, books.provider, &rows));
        assert!(refused.contains("the same key exists already"), "{refused}");
        rows.pop();
        rows.push(sample_entry(uuid::Uuid::now_v7(), "e", 1));
        let refused = books.refused(|tx| time_entry::insert_many(tx, books.provider, &rows));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
        assert_eq!(latest(books).len(), 5);
        assert_eq!(books.write(|tx| time_entry::insert_many(tx, books.provider, &rows[..0])), 0);
    }
}

on_both! {
    fn a_large_insert_ends_with_fresh_plans(books: &Books) {
        let [acme, zeta] = books.clients;
        let rows = (0..20_000).map(|n| sample_entry([acme, zeta][n % 2], &format!("n{n:05}"), n as i64));
        assert_eq!(books.write(|tx| time_entry::insert_many(tx, books.provider, rows)), 20_000);
        assert_eq!(latest(books).len(), 20_000);
    }
}

on_both! {
    fn a_page_of_entries_goes_on_behind_the_last_one(books: &Books) {
        let rows = fill(books);
        let [acme, _] = books.clients;
        let page = |span: std::ops::Range<i64>, after: &str, technician: &str, limit| {
            books.read(|tx| time_entry::list_latest_after(tx, books.provider, acme, span, (after, technician), limit))
        };
        assert_eq!(names(&page(0..1000, "", "", 10)), [("b", 1), ("a", 0), ("B", 0)], "each entry once, as it is now");
        assert_eq!(names(&page(0..1000, "", "", 2)), [("b", 1), ("a", 0)]);
        assert_eq!(names(&page(200..1000, "a", "", 2)), [("B", 0)]);
        assert_eq!(names(&page(0..300, "", &rows[0].technician, 10)), [("b", 1), ("a", 0)]);
        assert!(page(0..1000, "", "nobody", 10).is_empty());
    }
}

on_both! {
    fn a_technician_s_week_has_the_entries_as_they_are_now(books: &Books) {
        let [acme, zeta] = books.clients;
        let entry = |client, id: &str, at, who: &str| TimeEntry { technician: who.to_owned(), ..sample_entry(client, id, at) };
        let moved = TimeEntry { revision: 1, late_for: Some("2026-03".to_owned()), ..entry(acme, "c", 150, "Ben") };
        let rows = [
            entry(zeta, "b", 100, "Ana"),
            entry(acme, "a", 100, "Ana"),
            entry(acme, "c", 150, "Ana"),
            moved,
            entry(acme, "d", 199, "Ana"),
            entry(acme, "e", 200, "Ana"),
        ];
        books.write(|tx| time_entry::insert_many(tx, books.provider, &rows));
        let titled = Ticket { client_id: zeta, ticket: rows[0].ticket.clone(), title: "Printer".to_owned(), created_at: jiff::Timestamp::UNIX_EPOCH };
        books.write(|tx| ticket::upsert(tx, books.provider, &titled));
        let rows = |who: &str| books.read(|tx| time_entry::list_of_technician_between(tx, books.provider, who, 100..200));
        let week = |who: &str| rows(who).into_iter().map(|(row, _)| row).collect::<Vec<_>>();
        let titles: Vec<String> = rows("Ana").into_iter().map(|(_, title)| title).collect();
        assert_eq!(titles, ["", "Printer", ""], "the title is that of the client's own ticket");
        assert_eq!(names(&week("Ana")), [("a", 0), ("b", 0), ("d", 0)], "c went to Ben, e is a later week");
        assert_eq!(names(&week("Ben")), [("c", 1)]);
        assert!(week("ana").is_empty());
        assert_eq!(books.read(|tx| time_entry::list_technicians(tx, books.provider)), ["Ana", "Ben"]);
    }
}
