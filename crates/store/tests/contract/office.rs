//! Timers, tickets, notes, questions, files, templates and the audit log.

use jiff::{SignedDuration, Timestamp};
use quarterhour_store::statements::audit::{self, AuditEntry};
use quarterhour_store::statements::comparison::{self, Comparison};
use quarterhour_store::statements::file::{self, File};
use quarterhour_store::statements::kept_back::{self, KeptBack};
use quarterhour_store::statements::note::{self, Note};
use quarterhour_store::statements::question::{self, Answer, Question};
use quarterhour_store::statements::template::{self, Template};
use quarterhour_store::statements::ticket::{self, Ticket};
use quarterhour_store::statements::timer::{self, Timer};
use quarterhour_store::statements::user;
use quarterhour_store::testing::TestDatabase;
use quarterhour_store::{ProviderId, StoreError};
use uuid::Uuid;

use crate::support::{Books, instant, on_both, sample_user};

fn noon() -> Timestamp {
    instant("2026-05-01T12:00:00.000001Z")
}

on_both! {
    fn a_person_has_one_timer(books: &Books) {
        let stranger = books.stranger();
        let [acme, zeta] = books.clients;
        let users = [sample_user("ann@acme.example", "owner"), sample_user("bob@acme.example", "technician")];
        let row = |user_id, client_id| Timer {
            user_id,
            client_id,
            ticket: "T-1".to_owned(),
            tier: "2".to_owned(),
            work_type: "remote".to_owned(),
            note: String::new(),
            started_at: noon(),
        };
        let [ann, bob] = users.each_ref().map(|it| it.user_id);
        let rows = [row(ann, acme), row(bob, acme)];
        for provider in [books.provider, stranger] {
            books.write(|tx| users.iter().try_for_each(|row| user::insert(tx, provider, row)));
            books.write(|tx| rows.iter().try_for_each(|row| timer::upsert(tx, provider, row)));
        }
        let other = Timer {
            ticket: String::new(),
            tier: "3".to_owned(),
            work_type: "onsite".to_owned(),
            note: "moved on".to_owned(),
            started_at: noon() + SignedDuration::from_secs(60),
            ..row(ann, zeta)
        };
        books.write(|tx| timer::upsert(tx, books.provider, &other));
        let found = |user_id| books.read(|tx| timer::find(tx, books.provider, user_id));
        assert_eq!(found(ann), Some(other.clone()), "replaced");
        assert_eq!(books.read(|tx| timer::list_all(tx, books.provider)), [other, rows[1].clone()]);
        let stop = |user_id| books.write(|tx| timer::delete(tx, books.provider, user_id));
        assert_eq!((stop(bob), stop(bob)), (true, false));
        assert_eq!(found(bob), None);
        assert_eq!(books.read(|tx| timer::list_all(tx, stranger)), rows);
        let refused = books.refused(|tx| timer::upsert(tx, books.provider, &row(Uuid::now_v7(), acme)));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
    }
}

on_both! {
    fn a_ticket_keeps_its_first_day_when_its_title_changes(books: &Books) {
        let stranger = books.stranger();
        let [acme, zeta] = books.clients;
        let row = |client_id, ticket: &str, title: &str| Ticket {
            client_id,
            ticket: ticket.to_owned(),
            title: title.to_owned(),
            created_at: noon(),
        };
        let rows = [row(acme, "T-1", "Printer 🖨"), row(acme, "T-2", "Mail"), row(zeta, "T-1", "VPN")];
        for provider in [books.provider, stranger] {
            books.write(|tx| rows.iter().try_for_each(|row| ticket::upsert(tx, provider, row)));
        }
        let again = Ticket { created_at: noon() + SignedDuration::from_hours(9), ..row(acme, "T-1", "Printer and scanner") };
        books.write(|tx| ticket::upsert(tx, books.provider, &again));
        let changed = row(acme, "T-1", "Printer and scanner");
        let found = |ticket: &'static str| books.read(|tx| ticket::find(tx, books.provider, acme, ticket));
        assert_eq!(found("T-1"), Some(changed.clone()));
        assert_eq!(found("T-3"), None);
        let of_acme = books.read(|tx| ticket::list_of_client(tx, books.provider, acme));
        assert_eq!(of_acme, [changed, rows[1].clone()]);
        assert_eq!(books.read(|tx| ticket::list_all(tx, books.provider)).len(), 3);
        assert_eq!(books.read(|tx| ticket::list_all(tx, stranger)), rows);
        let delete = || books.write(|tx| ticket::delete_of_client(tx, books.provider, acme));
        assert_eq!((delete(), delete()), (2, 0));
        assert_eq!(books.read(|tx| ticket::list_all(tx, books.provider)), [rows[2].clone()]);
        assert_eq!(books.read(|tx| ticket::list_all(tx, stranger)), rows);
        let refused = books.refused(|tx| ticket::upsert(tx, books.provider, &row(Uuid::now_v7(), "T-1", "")));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
    }
}

on_both! {
    fn notes_are_read_from_the_newest_on(books: &Books) {
        let stranger = books.stranger();
        let [acme, zeta] = books.clients;
        let row = |client_id, body: &str| Note {
            client_id,
            note_id: Uuid::now_v7(),
            body: body.to_owned(),
            author: "Ann".to_owned(),
            created_at: noon(),
        };
        let rows = [row(acme, "pays late"), row(acme, "pays now"), row(zeta, "friendly")];
        for provider in [books.provider, stranger] {
            books.write(|tx| rows.iter().try_for_each(|row| note::insert(tx, provider, row)));
        }
        let of_acme = |provider| books.read(|tx| note::list_of_client(tx, provider, acme));
        assert_eq!(of_acme(books.provider), [rows[1].clone(), rows[0].clone()]);
        let delete = |client_id| books.write(|tx| note::delete(tx, books.provider, client_id, rows[1].note_id));
        assert_eq!((delete(zeta), delete(acme), delete(acme)), (false, true, false));
        assert_eq!(of_acme(books.provider), rows[..1]);
        assert_eq!(of_acme(stranger), [rows[1].clone(), rows[0].clone()]);
        let refused = books.refused(|tx| note::insert(tx, books.provider, &rows[0]));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}

on_both! {
    fn a_question_is_answered_once(books: &Books) {
        let stranger = books.stranger();
        let [acme, zeta] = books.clients;
        let row = |client_id, body: &str| Question {
            client_id,
            question_id: Uuid::now_v7(),
            topic: "invoice".to_owned(),
            reference: "7".to_owned(),
            body: body.to_owned(),
            asked_by: "Kim".to_owned(),
            asked_at: noon(),
            answer: None,
            answered_by: None,
            answered_at: None,
        };
        let rows = [row(zeta, "Why?"), row(acme, "What?"), row(acme, "When?")];
        for provider in [books.provider, stranger] {
            books.write(|tx| rows.iter().try_for_each(|row| question::insert(tx, provider, row)));
        }
        let open = |provider| books.read(|tx| question::list_open(tx, provider));
        assert_eq!(open(books.provider), rows, "the oldest first");
        let answer = Answer { answer: "Since March.".to_owned(), answered_by: "Ann".to_owned(), answered_at: noon() };
        let reply = |tx: &mut _| question::answer(tx, books.provider, acme, rows[1].question_id, &answer);
        books.write(reply);
        assert!(books.refused(reply).contains("has no answer yet"), "answered once");
        let refused = books.refused(|tx| question::answer(tx, books.provider, acme, rows[0].question_id, &answer));
        assert!(refused.contains("has no answer yet"), "another client's: {refused}");
        let answered = Question {
            answer: Some(answer.answer),
            answered_by: Some(answer.answered_by),
            answered_at: Some(answer.answered_at),
            ..rows[1].clone()
        };
        let found = |client_id| books.read(|tx| question::find(tx, books.provider, client_id, rows[1].question_id));
        assert_eq!((found(acme), found(zeta)), (Some(answered.clone()), None));
        assert_eq!(open(books.provider), [rows[0].clone(), rows[2].clone()]);
        let of_acme = books.read(|tx| question::list_of_client(tx, books.provider, acme));
        assert_eq!(of_acme, [rows[2].clone(), answered.clone()], "the newest first");
        let topic = |topic: &str| books.read(|tx| question::list_of_topic(tx, books.provider, topic));
        assert_eq!(topic("invoice"), [rows[2].clone(), answered, rows[0].clone()], "of all clients, the newest first");
        assert!(topic("device").is_empty());
        assert_eq!(open(stranger), rows);
    }
}

on_both! {
    fn a_file_is_replaced_and_removed(books: &Books) {
        let stranger = books.stranger();
        let logo = File {
            name: "logo".to_owned(),
            media_type: "image/png".to_owned(),
            content: (0..=255).cycle().take(100_000).collect(),
            changed_at: noon(),
        };
        for provider in [books.provider, stranger] {
            books.write(|tx| file::upsert(tx, provider, &logo));
        }
        let found = |provider| books.read(|tx| file::find(tx, provider, "logo"));
        assert_eq!(found(books.provider).as_ref(), Some(&logo));
        let other = File { media_type: "image/svg+xml".to_owned(), content: Vec::new(), changed_at: instant("2027-01-01T00:00:00Z"), ..logo.clone() };
        books.write(|tx| file::upsert(tx, books.provider, &other));
        assert_eq!(found(books.provider), Some(other));
        assert!(books.write(|tx| file::delete(tx, books.provider, "logo")));
        assert!(!books.write(|tx| file::delete(tx, books.provider, "logo")));
        assert_eq!((found(books.provider), found(stranger)), (None, Some(logo)));
    }
}

on_both! {
    fn templates_have_names_of_their_own(books: &Books) {
        let stranger = books.stranger();
        let row = |name: &str| Template {
            template_id: Uuid::now_v7(),
            name: name.to_owned(),
            summary: "Twenty hours a month.".to_owned(),
            source_toml: "hours = 20\n".to_owned(),
        };
        let rows = [row("gold"), row("silver")];
        for provider in [books.provider, stranger] {
            books.write(|tx| rows.iter().rev().try_for_each(|row| template::insert(tx, provider, row)));
        }
        assert_eq!(books.read(|tx| template::list_all(tx, books.provider)), rows);
        let mut changed = Template { name: "gold".to_owned(), ..rows[1].clone() };
        let refused = books.refused(|tx| template::update(tx, books.provider, &changed));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let refused = books.refused(|tx| template::insert(tx, books.provider, &row("gold")));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let refused = books.refused(|tx| template::update(tx, books.provider, &row("bronze")));
        assert_eq!(refused, "the template is not in the database");
        changed.name = "platinum".to_owned();
        changed.summary = String::new();
        changed.source_toml = "hours = 40\n".to_owned();
        books.write(|tx| template::update(tx, books.provider, &changed));
        let found = || books.read(|tx| template::find(tx, books.provider, rows[1].template_id));
        assert_eq!(found(), Some(changed));
        let delete = || books.write(|tx| template::delete(tx, books.provider, rows[1].template_id));
        assert_eq!((delete(), delete(), found()), (true, false, None));
        assert_eq!(books.read(|tx| template::list_all(tx, stranger)), rows);
    }
}

pub fn sample_audit_entry(subject: &str) -> AuditEntry {
    AuditEntry {
        audit_id: Uuid::now_v7(),
        at: noon(),
        actor_id: Some(Uuid::now_v7()),
        actor_name: "Ann".to_owned(),
        channel: "web".to_owned(),
        address: "192.0.2.1".to_owned(),
        action: "changed".to_owned(),
        client_id: None,
        subject_kind: "device".to_owned(),
        subject_id: subject.to_owned(),
        before_json: None,
        after_json: Some("{}".to_owned()),
    }
}

/// The log of a provider, from the first entry on.
fn log(books: &Books, provider: ProviderId) -> Vec<AuditEntry> {
    let mut rows = Vec::new();
    books.read(|tx| {
        audit::each_in_order(tx, provider, |row| {
            rows.push(row);
            Ok::<(), StoreError>(())
        })
    });
    rows
}

on_both! {
    fn the_audit_log_is_read_in_pages_and_by_subject(books: &Books) {
        let stranger = books.stranger();
        let mut rows: Vec<AuditEntry> = (0..7).map(|n| sample_audit_entry(["a", "b"][n % 2])).collect();
        rows[4].subject_kind = "client".to_owned();
        rows[5] = AuditEntry { actor_id: None, client_id: Some(books.clients[0]), before_json: Some("[]".to_owned()), after_json: None, ..rows[5].clone() };
        for provider in [books.provider, stranger] {
            books.write(|tx| audit::insert(tx, provider, &rows[6]));
            assert_eq!(books.write(|tx| audit::insert_many(tx, provider, &rows[..6])), 6);
        }
        assert_eq!(log(books, books.provider), rows);
        let newest: Vec<&AuditEntry> = rows.iter().rev().collect();
        let page = |before, limit| books.read(|tx| audit::list_page(tx, books.provider, before, None, limit));
        assert_eq!(page(None, 3).iter().collect::<Vec<_>>(), newest[..3]);
        assert_eq!(page(Some(newest[2].audit_id), 3).iter().collect::<Vec<_>>(), newest[3..6]);
        assert_eq!(page(Some(newest[5].audit_id), 3).iter().collect::<Vec<_>>(), newest[6..]);
        assert!(page(Some(newest[6].audit_id), 3).is_empty());
        let about = |kind: &'static str, limit| books.read(|tx| audit::list_of_subject(tx, books.provider, kind, "a", limit));
        assert_eq!(about("device", 9), [6, 2, 0].map(|it| rows[it].clone()));
        assert_eq!(about("device", 1), rows[6..]);
        assert_eq!(about("client", 9), rows[4..5]);
        let refused = books.refused(|tx| audit::insert(tx, books.provider, &rows[0]));
        assert!(refused.contains("the same key exists already"), "{refused}");
        assert_eq!(log(books, stranger), rows);
    }
}

on_both! {
    fn months_are_kept_back_and_released(books: &Books) {
        let stranger = books.stranger();
        let [acme, zeta] = books.clients;
        let row = |client_id, period: &str| KeptBack {
            client_id,
            period: period.to_owned(),
            reason: "a dispute".to_owned(),
            kept_by: "Ann".to_owned(),
            kept_at: noon(),
        };
        let rows = [row(acme, "2026-03"), row(acme, "2026-04"), row(zeta, "2026-03")];
        books.write(|tx| rows.iter().try_for_each(|row| kept_back::insert(tx, books.provider, row)));
        let mut listed = books.read(|tx| kept_back::list(tx, books.provider));
        listed.sort_by_key(|row| (row.client_id != acme, row.period.clone()));
        assert_eq!(listed, rows);
        assert_eq!(books.read(|tx| kept_back::list(tx, stranger)), []);
        let find = |provider, period| books.read(|tx| kept_back::find(tx, provider, acme, period));
        assert_eq!((find(books.provider, "2026-04"), find(books.provider, "2026-05")), (Some(rows[1].clone()), None));
        assert_eq!(find(stranger, "2026-04"), None);
        let delete = |period| books.write(|tx| kept_back::delete(tx, books.provider, acme, period));
        assert_eq!((delete("2026-05"), delete("2026-04"), delete("2026-04")), (false, true, false));
        let refused = books.refused(|tx| kept_back::insert(tx, books.provider, &rows[0]));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}

on_both! {
    fn comparisons_are_kept_shared_and_taken_away(books: &Books) {
        let stranger = books.stranger();
        let [acme, zeta] = books.clients;
        let row = |client_id, number: u128| Comparison {
            client_id,
            comparison_id: uuid::Uuid::from_u128(number),
            question_json: "{\"seed\":7}".to_owned(),
            paper_json: "{}".to_owned(),
            books_mark: "months up to 2026-09".to_owned(),
            is_shared: false,
            made_by: "Ann".to_owned(),
            made_at: noon(),
        };
        let rows = [row(acme, 1), row(acme, 2), row(zeta, 3)];
        books.write(|tx| rows.iter().try_for_each(|row| comparison::insert(tx, books.provider, row)));
        let list = |provider, limit| books.read(|tx| comparison::list_of_client(tx, provider, acme, limit));
        assert_eq!(list(books.provider, 9), [rows[1].clone(), rows[0].clone()]);
        assert_eq!((list(books.provider, 1).len(), list(stranger, 9).len()), (1, 0));
        let id = rows[0].comparison_id;
        let share = |client| books.write(|tx| comparison::update_shared(tx, books.provider, client, id, true));
        assert_eq!((share(zeta), share(acme)), (false, true));
        let find = |provider, client| books.read(|tx| comparison::find(tx, provider, client, id));
        assert_eq!(find(books.provider, acme), Some(Comparison { is_shared: true, ..rows[0].clone() }));
        assert_eq!((find(books.provider, zeta), find(stranger, acme)), (None, None));
        let delete = |client| books.write(|tx| comparison::delete(tx, books.provider, client, id));
        assert_eq!((delete(zeta), delete(acme), delete(acme)), (false, true, false));
        let refused = books.refused(|tx| comparison::insert(tx, books.provider, &rows[1]));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}
