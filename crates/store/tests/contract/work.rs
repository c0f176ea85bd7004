//! Jobs and their inputs, webhooks and their deliveries, idempotency keys.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use jiff::{SignedDuration, Timestamp};
use quarterhour_store::statements::delivery::{self, Attempt, Delivery};
use quarterhour_store::statements::idempotency::{self, IdempotencyKey};
use quarterhour_store::statements::job::{self, Job};
use quarterhour_store::statements::job_input::{self, JobInput};
use quarterhour_store::statements::webhook::{self, Webhook};
use quarterhour_store::testing::TestDatabase;
use quarterhour_store::{ProviderId, Store};
use uuid::Uuid;

use crate::support::{Books, instant, on_both};

/// So many seconds after noon.
fn after(seconds: i64) -> Timestamp {
    instant("2026-05-01T12:00:00Z") + SignedDuration::from_secs(seconds)
}

fn sample_job(kind: &str) -> Job {
    Job {
        job_id: Uuid::now_v7(),
        kind: kind.to_owned(),
        arguments_json: "{}".to_owned(),
        state: "queued".to_owned(),
        done: 0,
        total: 0,
        result_json: None,
        fault: None,
        created_by: "Ann".to_owned(),
        created_at: after(0),
        leased_until: None,
        finished_at: None,
    }
}

fn insert_jobs(books: &Books, provider: ProviderId, rows: &[Job]) {
    books.write(|tx| rows.iter().try_for_each(|row| job::insert(tx, provider, row)));
}

on_both! {
    fn the_oldest_job_is_taken_first_and_only_once(books: &Books) {
        let stranger = books.stranger();
        let rows = ["import", "bill", "export"].map(sample_job);
        let claim = |now, until| books.write(|tx| job::claim(tx, books.provider, after(now), after(until)));
        assert_eq!(claim(0, 60), None);
        insert_jobs(books, stranger, &rows);
        assert_eq!(claim(0, 60), None, "another provider's");
        insert_jobs(books, books.provider, &rows);
        let taken = Job { state: "running".to_owned(), leased_until: Some(after(60)), ..rows[0].clone() };
        assert!(books.read(|tx| job::is_waiting(tx, books.provider, after(0))));
        assert_eq!(claim(0, 60), Some(taken.clone()));
        assert_eq!(claim(59, 119).expect("a job").job_id, rows[1].job_id);
        let again = claim(60, 120).expect("the first one's lease is over");
        assert_eq!((again.job_id, again.leased_until), (rows[0].job_id, Some(after(120))));
        assert_eq!(claim(60, 120).expect("a job").job_id, rows[2].job_id);
        assert_eq!(claim(60, 120), None);
        assert!(!books.read(|tx| job::is_waiting(tx, books.provider, after(60))));
        let recent = books.read(|tx| job::list_recent(tx, books.provider, 2));
        assert_eq!(recent.iter().map(|it| it.kind.as_str()).collect::<Vec<_>>(), ["export", "bill"]);
        let others = books.read(|tx| job::list_recent(tx, stranger, 9));
        assert!(others.iter().eq(rows.iter().rev()));
        let refused = books.refused(|tx| job::insert(tx, books.provider, &rows[0]));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}

on_both! {
    fn a_job_ends_once(books: &Books) {
        let rows = ["import", "bill"].map(sample_job);
        insert_jobs(books, books.provider, &rows);
        let [import, bill] = rows.each_ref().map(|it| it.job_id);
        let found = |job_id| books.read(|tx| job::find(tx, books.provider, job_id));
        let progress = |tx: &mut _| job::progress(tx, books.provider, import, 3, 9, after(90));
        assert!(books.refused(progress).contains("a running job"), "it is not yet taken");
        books.write(|tx| job::claim(tx, books.provider, after(0), after(60)));
        books.write(progress);
        let mut expected = Job {
            state: "running".to_owned(),
            done: 3,
            total: 9,
            leased_until: Some(after(90)),
            ..rows[0].clone()
        };
        assert_eq!(found(import).as_ref(), Some(&expected));
        let finish = |tx: &mut _| job::finish(tx, books.provider, import, "{\"rows\":9}", after(80));
        books.write(finish);
        expected.state = "done".to_owned();
        expected.result_json = Some("{\"rows\":9}".to_owned());
        expected.finished_at = Some(after(80));
        expected.leased_until = None;
        assert_eq!(found(import).as_ref(), Some(&expected));
        for refused in [
            books.refused(finish),
            books.refused(progress),
            books.refused(|tx| job::fail(tx, books.provider, import, "late", after(81))),
        ] {
            assert!(refused.contains("job of this id is not in the database"), "{refused}");
        }
        books.write(|tx| job::fail(tx, books.provider, bill, "the rate card is missing", after(82)));
        let failed = found(bill).expect("the job");
        assert_eq!((failed.state.as_str(), failed.fault.as_deref()), ("failed", Some("the rate card is missing")));
        assert_eq!(failed.finished_at, Some(after(82)));
        let claimed = books.write(|tx| job::claim(tx, books.provider, after(9999), after(99_999)));
        assert_eq!(claimed, None, "what has ended is not taken up");
        assert_eq!(found(Uuid::now_v7()), None);
    }
}

on_both! {
    fn workers_at_once_never_take_the_same_job(books: &Books) {
        let rows: Vec<Job> = (0..40).map(|n| sample_job(&format!("job {n}"))).collect();
        insert_jobs(books, books.provider, &rows);
        let other = Store::open(books.database.location()).expect("a second store");
        let barrier = Barrier::new(4);
        let work = |store: &Store| {
            let mut taken = Vec::new();
            barrier.wait();
            while let Some(job) = store.write(|tx| job::claim(tx, books.provider, after(0), after(60))).expect("it asks") {
                taken.push(job.job_id);
            }
            taken
        };
        let taken: Vec<Uuid> = thread::scope(|scope| {
            let stores = [&books.store, &other, &books.store, &other];
            let threads = stores.map(|store| scope.spawn(move || work(store)));
            threads.into_iter().flat_map(|it| it.join().expect("no panic")).collect()
        });
        assert_eq!(taken.len(), 40, "each once");
        assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), rows.iter().map(|it| it.job_id).collect());
    }
}

on_both! {
    fn the_bytes_of_a_job_come_back_and_go(books: &Books) {
        let stranger = books.stranger();
        let jobs = ["import", "bill"].map(sample_job);
        let row = |job: &Job, name: &str| JobInput {
            job_id: job.job_id,
            name: name.to_owned(),
            content: (0..=255).cycle().take(3_000_000).collect(),
        };
        let rows = [row(&jobs[0], "a.zip"), row(&jobs[0], "b.zip"), row(&jobs[1], "a.zip")];
        for provider in [books.provider, stranger] {
            insert_jobs(books, provider, &jobs);
            books.write(|tx| rows.iter().try_for_each(|row| job_input::insert(tx, provider, row)));
        }
        let found = |provider, job: &Job| books.read(|tx| job_input::find(tx, provider, job.job_id, "a.zip"));
        assert!(found(books.provider, &jobs[0]).as_ref() == Some(&rows[0]), "byte for byte");
        assert_eq!(books.write(|tx| job_input::delete_of_job(tx, books.provider, jobs[0].job_id)), 2);
        assert_eq!(books.write(|tx| job_input::delete_of_job(tx, books.provider, jobs[0].job_id)), 0);
        assert!(found(books.provider, &jobs[0]).is_none());
        assert!(found(books.provider, &jobs[1]).is_some() && found(stranger, &jobs[0]).is_some());
        let ended = Job { state: "done".to_owned(), result_json: Some("{}".to_owned()), finished_at: Some(after(10)), ..sample_job("try") };
        insert_jobs(books, books.provider, std::slice::from_ref(&ended));
        books.write(|tx| job_input::insert(tx, books.provider, &row(&ended, "a.zip")));
        let listed = |at| books.read(|tx| job_input::list_ended_before(tx, books.provider, at));
        assert_eq!((listed(after(10)), listed(after(11))), (vec![], vec![ended.job_id]), "one that waits keeps its bytes");
        let refused = books.refused(|tx| job_input::insert(tx, books.provider, &rows[2]));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let refused = books.refused(|tx| job_input::insert(tx, books.provider, &row(&sample_job("none"), "a.zip")));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
    }
}

fn sample_webhook(url: &str) -> Webhook {
    Webhook {
        webhook_id: Uuid::now_v7(),
        url: url.to_owned(),
        events: "invoice.issued payment.recorded".to_owned(),
        secret_sealed: vec![0, 255, 7],
        is_active: true,
        created_at: after(0),
    }
}

fn sample_delivery(webhook: &Webhook, due_at: Timestamp) -> Delivery {
    Delivery {
        delivery_id: Uuid::now_v7(),
        webhook_id: webhook.webhook_id,
        event: "invoice.issued".to_owned(),
        payload_json: "{\"number\":1}".to_owned(),
        state: "waiting".to_owned(),
        attempts: 0,
        due_at,
        status: None,
        fault: None,
        created_at: after(0),
        delivered_at: None,
    }
}

/// Two webhooks with two deliveries each, for both providers.
pub fn fill_webhooks(books: &Books, stranger: ProviderId) -> ([Webhook; 2], [Delivery; 4]) {
    let hooks = [sample_webhook("https://a.example/hook"), sample_webhook("https://b.example/hook")];
    let rows = [(0, 30), (0, 10), (1, 20), (1, 10)].map(|(hook, due)| sample_delivery(&hooks[hook], after(due)));
    for provider in [books.provider, stranger] {
        books.write(|tx| hooks.iter().try_for_each(|row| webhook::insert(tx, provider, row)));
        assert_eq!(books.write(|tx| delivery::insert_many(tx, provider, &rows)), 4);
    }
    (hooks, rows)
}

on_both! {
    fn a_webhook_goes_with_its_deliveries(books: &Books) {
        let stranger = books.stranger();
        let (hooks, rows) = fill_webhooks(books, stranger);
        let changed = Webhook {
            url: "https://c.example".to_owned(),
            events: String::new(),
            secret_sealed: vec![1],
            is_active: false,
            ..hooks[0].clone()
        };
        books.write(|tx| webhook::update(tx, books.provider, &changed));
        let found = |hook: &Webhook| books.read(|tx| webhook::find(tx, books.provider, hook.webhook_id));
        assert_eq!(found(&hooks[0]).as_ref(), Some(&changed));
        assert_eq!(books.read(|tx| webhook::list_all(tx, books.provider)), [changed, hooks[1].clone()]);
        let delete = || books.write(|tx| webhook::delete(tx, books.provider, hooks[0].webhook_id));
        assert_eq!((delete(), delete(), found(&hooks[0])), (true, false, None));
        let of = |provider, hook: &Webhook| books.read(|tx| delivery::list_of_webhook(tx, provider, hook.webhook_id, 9)).len();
        assert_eq!((of(books.provider, &hooks[0]), of(books.provider, &hooks[1])), (0, 2));
        assert_eq!((of(stranger, &hooks[0]), of(stranger, &hooks[1])), (2, 2));
        let refused = books.refused(|tx| delivery::insert_many(tx, books.provider, &rows[..1]));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
        let refused = books.refused(|tx| webhook::update(tx, books.provider, &hooks[0]));
        assert_eq!(refused, "the webhook is not in the database");
        let refused = books.refused(|tx| webhook::insert(tx, books.provider, &hooks[1]));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}

on_both! {
    fn deliveries_wait_until_they_are_due(books: &Books) {
        let stranger = books.stranger();
        let (hooks, rows) = fill_webhooks(books, stranger);
        let due = |provider, now, limit| {
            let found = books.read(|tx| delivery::list_due(tx, provider, after(now), limit));
            found.iter().map(|it| it.delivery_id).collect::<Vec<_>>()
        };
        let ids = rows.each_ref().map(|it| it.delivery_id);
        assert!(due(books.provider, 9, 9).is_empty());
        assert_eq!(due(books.provider, 20, 9), [ids[1], ids[3], ids[2]], "the longest waiting first");
        assert_eq!(due(books.provider, 99, 1), [ids[1]]);
        let failed = Attempt {
            state: "waiting".to_owned(),
            attempts: 1,
            due_at: after(50),
            status: Some(503),
            fault: Some("the other side is away".to_owned()),
            delivered_at: None,
        };
        let arrived = Attempt {
            state: "delivered".to_owned(),
            attempts: 2,
            status: Some(204),
            fault: None,
            delivered_at: Some(after(21)),
            ..failed.clone()
        };
        books.write(|tx| delivery::record(tx, books.provider, ids[1], &failed));
        books.write(|tx| delivery::record(tx, books.provider, ids[3], &arrived));
        assert_eq!(due(books.provider, 99, 9), [ids[2], ids[0], ids[1]]);
        let found = books.read(|tx| delivery::find(tx, books.provider, ids[3]));
        let Attempt { state, attempts, due_at, status, fault, delivered_at } = arrived;
        let expected = Delivery { state, attempts, due_at, status, fault, delivered_at, ..rows[3].clone() };
        assert_eq!(found, Some(expected));
        let newest = books.read(|tx| delivery::list_of_webhook(tx, books.provider, hooks[1].webhook_id, 1));
        assert_eq!(newest.iter().map(|it| it.delivery_id).collect::<Vec<_>>(), [ids[3]]);
        assert_eq!(due(stranger, 99, 9), [ids[1], ids[3], ids[2], ids[0]]);
        let refused = books.refused(|tx| delivery::record(tx, books.provider, Uuid::now_v7(), &failed));
        assert_eq!(refused, "the delivery is not in the database");
        let forget = |at| books.write(|tx| delivery::delete_finished_before(tx, books.provider, after(at)));
        assert_eq!((forget(0), forget(1), forget(1)), (0, 1, 0), "what waits stays");
        assert!(books.read(|tx| delivery::find(tx, books.provider, ids[3])).is_none());
        let lost = Attempt { state: "lost".to_owned(), ..failed };
        let refused = books.refused(|tx| delivery::record(tx, books.provider, ids[0], &lost));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
    }
}

on_both! {
    fn a_key_is_taken_once_and_keeps_its_answer(books: &Books) {
        let stranger = books.stranger();
        let owner = Uuid::now_v7();
        let row = |key: &str, seconds| IdempotencyKey {
            owner_id: owner,
            idempotency_key: key.to_owned(),
            request_hash: "ab12".to_owned(),
            status: 0,
            answer: String::new(),
            created_at: after(seconds),
        };
        let take = |provider, row: &IdempotencyKey| books.write(|tx| idempotency::insert_new(tx, provider, row));
        let first = row("k1", 0);
        assert!(take(books.provider, &first));
        let second = IdempotencyKey { request_hash: "cd34".to_owned(), ..row("k1", 5) };
        assert!(!take(books.provider, &second), "taken once");
        assert!(take(books.provider, &IdempotencyKey { owner_id: Uuid::now_v7(), ..first.clone() }), "somebody else's");
        assert!(take(stranger, &first));
        let found = |provider| books.read(|tx| idempotency::find(tx, provider, owner, "k1"));
        assert_eq!(found(books.provider).as_ref(), Some(&first), "the first one stays");
        books.write(|tx| idempotency::complete(tx, books.provider, owner, "k1", 201, "{\"id\":1}"));
        let done = IdempotencyKey { status: 201, answer: "{\"id\":1}".to_owned(), ..first.clone() };
        assert_eq!((found(books.provider), found(stranger)), (Some(done), Some(first)));
        let refused = books.refused(|tx| idempotency::complete(tx, books.provider, owner, "k9", 201, ""));
        assert_eq!(refused, "the idempotency key is not in the database");
        let free = || books.write(|tx| idempotency::delete(tx, books.provider, owner, "k1"));
        assert_eq!((free(), free()), (true, false));
        assert!(take(books.provider, &row("k1", 10)) && take(books.provider, &row("k2", 20)));
        assert_eq!(books.write(|tx| idempotency::delete_before(tx, books.provider, after(20))), 2, "k1 and somebody else's");
        assert_eq!(found(books.provider), None);
        assert!(books.read(|tx| idempotency::find(tx, books.provider, owner, "k2")).is_some());
        assert!(found(stranger).is_some());
    }
}
