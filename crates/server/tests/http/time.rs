//! The timesheet, the quick line, the form of an entry and the timer, as technicians use them.

use axum::http::Method;
use quarterhour_billing::Period;
use quarterhour_server::app::body::EntryBody;

use crate::support::{Caller, DISPATCHER, OWNER, Reply, Site, TECHNICIAN};

async fn log(caller: &Caller, line: &str) -> Reply {
    caller.post("/time/quick", &[("line", line)]).await
}

#[tokio::test]
async fn a_line_is_logged_shown_undone_and_brought_back() {
    let site = Site::demo();
    let ana = site.person(TECHNICIAN);
    let saved = log(&ana, "hazel quick line of a test 25m helpdesk #T-77").await;
    let gone = saved.undo();
    assert!(saved.leads_to().starts_with("/time?week=2026-W48"));
    let sheet = ana.get("/time").await.ok().shows("quick line of a test").shows("T-77").shows("09:35\u{2013}10:00").text();
    let id = sheet.split("/time/entries/").nth(2).and_then(|rest| rest.split('"').next()).expect("an entry").to_owned();
    assert!(!id.is_empty());
    let deleted = ana.post(&gone, &[]).await;
    let back = deleted.undo();
    deleted.leads_to();
    ana.get("/time").await.ok().hides("quick line of a test");
    ana.post(&back, &[]).await.leads_to();
    ana.get("/time").await.ok().shows("quick line of a test");
    ana.post(&back, &[]).await.not_found();
}

#[tokio::test]
async fn the_effect_is_shown_before_anything_is_saved() {
    let site = Site::demo();
    let ana = site.person(TECHNICIAN);
    let preview = |line: &'static str| {
        let ana = ana.clone();
        async move { ana.post("/time/quick/preview", &[("line", line)]).await.ok() }
    };
    preview("cedar printer 25m helpdesk").await.shows("Cedar Creek Clinic").shows("25 min").shows("from prepaid hours");
    preview("cedar printer").await.shows("a timer starts");
    preview("xyzzy printer 25m").await.shows("No client begins with");
    preview("cedar printer 0:00").await.shows("no time at all");
    preview("").await;
    let look = ana.post("/time/quick", &[("line", "cedar looked at only 25m"), ("look", "1")]).await.ok().shows("from prepaid hours");
    look.shows("cedar looked at only 25m");
    ana.get("/time").await.ok().hides("looked at only");
}

#[tokio::test]
async fn mistakes_of_a_line_keep_what_was_typed() {
    let site = Site::demo();
    let ana = site.person(TECHNICIAN);
    let reply = log(&ana, "cedar kept as typed 25m 10m").await.is(422);
    reply.shows("cedar kept as typed 25m 10m").shows("second duration");
    log(&ana, "").await.is(422).shows("Type a client, what was done");
    log(&ana, "cedar \"<script>alert(1)</script>\" 25m").await.leads_to();
    ana.get("/time").await.ok().hides("<script>alert").shows("&#60;script&#62;");
}

#[tokio::test]
async fn a_technician_logs_own_time_only_and_a_dispatcher_everybody_s() {
    let site = Site::demo();
    let (ana, farah) = (site.person(TECHNICIAN), site.person(DISPATCHER));
    ana.get("/time?who=Ben").await.forbidden();
    ana.post("/time/quick", &[("line", "cedar for ben 25m"), ("who", "Ben")]).await.forbidden();
    farah.get("/time?who=Ana").await.ok().shows("Time of Ana");
    farah.post("/time/quick", &[("line", "cedar for ana 25m"), ("who", "Ana")]).await.leads_to();
    ana.get("/time").await.ok().shows("for ana");
    let csv = ana.get("/time/sheet.csv?week=2026-W48").await.ok().shows("for ana");
    assert!(csv.header("content-type").starts_with("text/csv"));
    ana.get("/time?week=2026-W99").await.not_found();
}

#[tokio::test]
async fn the_form_names_what_is_wrong_at_the_field_and_keeps_what_was_typed() {
    let site = Site::demo();
    let ana = site.person(TECHNICIAN);
    let fields =
        [("client", "cedar"), ("date", "2026-11-25"), ("time", "09:15"), ("minutes", "25"), ("end", "09:50"), ("note", "kept")];
    ana.post("/time/entries", &fields).await.is(422).shows("35 minutes after the start").shows("kept");
    let fields = [("client", "nobody"), ("date", "x"), ("time", ""), ("minutes", "")];
    let reply = ana.post("/time/entries", &fields).await.is(422);
    reply.shows("No client begins with").shows("expected a day").shows("expected a time").shows("expected minutes");
    let skipped = [("client", "cedar"), ("date", "2026-03-08"), ("time", "02:30"), ("minutes", "25")];
    ana.post("/time/entries", &skipped).await.is(422).shows("does not exist on 2026-03-08");
    let twice = [("client", "cedar"), ("date", "2026-11-01"), ("time", "01:30"), ("minutes", "25")];
    ana.post("/time/entries/preview", &twice).await.ok().shows("comes twice").shows("The second time");
}

#[tokio::test]
async fn an_entry_is_changed_copied_and_read_again_as_it_was_typed() {
    let site = Site::demo();
    let ana = site.person(TECHNICIAN);
    let fields = [
        ("client", "Cedar Creek Clinic"),
        ("date", "2026-11-24"),
        ("time", "9:15am"),
        ("end", "09:40"),
        ("note", "by form"),
        ("billing", "free"),
    ];
    let saved = ana.post("/time/entries", &fields).await;
    let path = saved.undo().trim_end_matches("/delete").to_owned();
    saved.leads_to();
    ana.get(&path).await.ok().shows("value=\"2026-11-24\"").shows("value=\"09:15\"").shows("value=\"25\"").shows("by form");
    let id = path.rsplit('/').next().expect("an id");
    let changed = [("client", "cedar"), ("date", "2026-11-24"), ("time", "09:15"), ("minutes", "1h30"), ("note", "by form, longer")];
    ana.post(&path, &changed).await.leads_to();
    ana.get(&path).await.ok().shows("value=\"90\"").shows("by form, longer");
    ana.get(&format!("/time/entries/new?copy={id}")).await.ok().shows("by form, longer");
    ana.get("/time/entries/no-such-entry").await.not_found();
    ana.post("/time/entries/no-such-entry/delete", &[]).await.not_found();
    site.person(DISPATCHER).get(&path).await.ok();
}

#[tokio::test]
async fn work_of_an_issued_month_becomes_a_correction_and_can_be_taken_back() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let period = Period::parse("2026-09").expect("a period");
    let client_id = site.app.client_by_code("cedar").expect("cedar");
    let bodies = site.app.statements_of_period(client_id, period).expect("statements").0;
    let entry = bodies[0].entries.iter().find(|entry| entry.billable > 0).expect("an entry").clone();
    let path = format!("/time/entries/{}", entry.id);
    owner.get(&path).await.ok().shows("The month of this entry is issued").shows("Save as a correction");
    let deleted = owner.post(&format!("{path}/delete"), &[]).await;
    let back = deleted.undo();
    deleted.leads_to();
    owner.get(&path).await.ok().shows("value=\"0\"");
    owner.post(&back, &[]).await.leads_to();
    owner.get(&path).await.ok().shows(&format!("value=\"{}\"", entry.actual / 60));
    let late = [("client", "cedar"), ("date", "2026-09-15"), ("time", "10:00"), ("minutes", "25"), ("note", "came late")];
    owner.post("/time/entries/preview", &late).await.ok().shows("2026-09 is issued");
    let saved = owner.post("/time/entries", &late).await;
    let undone = saved.undo();
    let sheet = saved.leads_to();
    owner.get(&sheet).await.ok().shows("late for September 2026");
    owner.post(&undone, &[]).await.leads_to();
    owner.get(&sheet).await.ok().hides("came late");
}

#[tokio::test]
async fn a_correction_takes_the_place_of_what_was_counted() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let period = Period::parse("2026-09").expect("a period");
    let client_id = site.app.client_by_code("cedar").expect("cedar");
    let statement_of = |period| site.app.statements_of_period(client_id, period).expect("statements").0.swap_remove(0);
    let issued = statement_of(period);
    let drawn = |entry: &&EntryBody| entry.parts.iter().all(|part| part.fate == "drawn") && entry.billable > 0;
    let entry = issued.entries.iter().find(drawn).expect("an entry that drew").clone();
    let running = Period::parse("2026-11").expect("a period");
    let before = statement_of(running).statement.time;

    let minutes = (entry.actual / 60 + 15).to_string();
    let (date, time) = (entry.started_local.date().to_string(), entry.started_local.time().strftime("%H:%M").to_string());
    let fields = [
        ("client", "cedar"),
        ("date", &date),
        ("time", &time),
        ("minutes", &minutes),
        ("ticket", &entry.ticket),
        ("tier", &entry.tier),
        ("work_type", &entry.work_type),
        ("note", "corrected"),
    ];
    owner.post(&format!("/time/entries/{}", entry.id), &fields).await.leads_to();
    let after = statement_of(running);
    let corrected = after.entries.iter().find(|it| it.id == entry.id).expect("the correction");
    let was = corrected.replaces.expect("what it replaces");
    assert_eq!((was.actual, was.billable), (entry.actual, entry.billable));
    assert_eq!(after.statement.time.actual - before.actual, 15 * 60, "only what is more was worked");
    assert_eq!(after.statement.time.billable - before.billable, corrected.billable - entry.billable);
    let why: Vec<_> = corrected.parts.iter().map(|part| part.why.as_str()).collect();
    assert!(why.iter().any(|why| why.starts_with("drawn from its former time in September 2026")), "{why:?}");
    let path = "/billing/statements/cedar/2026-11";
    owner.get(path).await.ok().shows("corrects September 2026, in place of");
}

#[tokio::test]
async fn a_timer_runs_in_the_frame_and_stops_into_an_entry() {
    let site = Site::demo();
    let ana = site.person(TECHNICIAN);
    log(&ana, "cedar timed work #T-9").await.leads_to();
    ana.get("/").await.ok().shows("id=\"timer\"").shows("T-9");
    site.app.clock.advance(12 * 60 + 5);
    ana.get("/clients").await.ok().shows("id=\"timer\"");
    let form = ana.post("/time/timer/stop", &[]).await.leads_to();
    ana.get(&form).await.ok().shows("value=\"13\"").shows("timed work");
    ana.get("/").await.ok().shows("id=\"timer\"");
    ana.post("/time/timer/stop", &[("then", "save")]).await.leads_to();
    ana.get("/time").await.ok().hides("id=\"timer\"").shows("timed work");
    ana.post("/time/timer/stop", &[("then", "save")]).await.not_found();
    ana.get("/time/entries/new?timer=1").await.not_found();
}

#[tokio::test]
async fn a_second_timer_asks_what_becomes_of_the_first() {
    let site = Site::demo();
    let ana = site.person(TECHNICIAN);
    ana.post("/time/timer/start", &[("client", "cedar"), ("note", "first")]).await.leads_to();
    site.app.clock.advance(600);
    let second = [("client", "hazel"), ("note", "second")];
    ana.post("/time/timer/start", &second).await.ok().shows("Save the 10 min and start");
    ana.get("/").await.ok().shows("Stop the timer of cedar");
    ana.post("/time/timer/start", &[&second[..], &[("former", "save")]].concat()).await.leads_to();
    ana.get("/time").await.ok().shows("first").shows("Stop the timer of hazel");
    let thrown = ana.post("/time/timer/discard", &[]).await;
    let back = thrown.undo();
    thrown.leads_to();
    ana.get("/time").await.ok().hides("Stop the timer of");
    ana.post(&back, &[]).await.leads_to();
    ana.get("/time").await.ok().shows("Stop the timer of hazel");
    site.app.clock.advance(11 * 3600);
    ana.get("/time").await.ok().shows("The timer has run for 11:00 h");
    ana.post("/time/timer/start", &[("client", "nobody")]).await.is(422);
}

#[tokio::test]
async fn a_line_that_is_sent_twice_is_logged_once() {
    let site = Site::demo();
    let technician = site.person(TECHNICIAN);
    let page = technician.get("/time").await.ok().text();
    let once = crate::browser::between(&page, "name=\"once\" value=\"", "\"");
    let count = || technician.get("/time");
    let fields = [("line", "hazel sent twice 5m helpdesk"), ("once", once.as_str())];
    let (first, second) = tokio::join!(technician.post("/time/quick", &fields), technician.post("/time/quick", &fields));
    first.leads_to();
    second.leads_to();
    technician.post("/time/quick", &fields).await.leads_to();
    assert_eq!(count().await.ok().text().matches("sent twice").count(), 1);
    technician.post("/time/quick", &[("line", "hazel sent twice 6m helpdesk"), ("once", once.as_str())]).await.leads_to();
    assert_eq!(count().await.ok().text().matches("sent twice").count(), 2, "another line of the same page is meant");
}

#[tokio::test]
async fn a_timer_takes_no_more_than_an_entry() {
    let site = Site::demo();
    let ana = site.person(TECHNICIAN);
    for (field, length) in [("note", 20_001), ("ticket", 600), ("tier", 600), ("work_type", 600)] {
        let long = "x".repeat(length);
        ana.post("/time/timer/start", &[("client", "fir"), (field, &long)]).await.is(422);
    }
    let line = format!("fir {}", "word ".repeat(600));
    ana.post("/time/quick", &[("line", &line)]).await.is(422).shows("longer than 2000 letters");
    ana.get("/time").await.ok().hides("class=\"timer\"");
}

#[tokio::test]
async fn a_technician_reads_what_others_did_and_what_is_issued_but_changes_neither() {
    let site = Site::demo();
    let (ana, desk) = (site.person(TECHNICIAN), site.person(DISPATCHER));
    let token = site.token(TECHNICIAN, "read time");
    let entry = |list: &serde_json::Value, own: bool| {
        let items = list["items"].as_array().expect("entries");
        let found = items.iter().find(|it| (it["technician"] == "Ana") == own).expect("an entry");
        found["id"].as_str().expect("an id").to_owned()
    };
    let issued = token.get("/api/v1/time-entries?from=2026-10-05T00:00:00Z&until=2026-10-20T00:00:00Z&limit=200").await.ok().value();
    let others = token.get("/api/v1/time-entries?from=2026-11-02T00:00:00Z&limit=200").await.ok().value();
    let (issued, others) = (entry(&issued, true), entry(&others, false));
    ana.get(&format!("/time/entries/{issued}")).await.ok().shows("a dispatcher or the book-keeper can correct it").hides("Save");
    ana.get(&format!("/time/entries/{others}")).await.ok().shows("worked here").hides("Save").hides("/delete");
    for id in [&issued, &others] {
        ana.post(&format!("/time/entries/{id}/delete"), &[]).await.forbidden();
        token.call(axum::http::Method::DELETE, &format!("/api/v1/time-entries/{id}")).await.forbidden();
    }
    desk.get(&format!("/time/entries/{issued}")).await.ok().shows("Save as a correction");
}

#[tokio::test]
async fn work_to_come_is_refused_and_a_start_left_empty_ended_just_now() {
    let site = Site::demo();
    let ana = site.person(TECHNICIAN);
    let form =
        |time: &'static str, minutes: &'static str| [("client", "fir"), ("date", "2026-11-25"), ("time", time), ("minutes", minutes)];
    ana.post("/time/entries", &form("23:40", "10")).await.is(422).shows("n the future");
    ana.post("/time/entries", &form("", "")).await.is(422);
    ana.post("/time/entries", &form("", "25")).await.leads_to();
    ana.get("/time").await.ok().shows("09:35\u{2013}10:00");
    let token = site.token(TECHNICIAN, "time");
    let body = serde_json::json!({ "client": "fir", "started_at": "2026-11-26T12:00:00Z", "minutes": 10 });
    token.json(axum::http::Method::POST, "/api/v1/time-entries", &body).await.is(422);
}

#[tokio::test]
async fn an_entry_of_a_deleted_client_does_not_come_back_to_another_with_its_code() {
    let site = Site::demo();
    let desk = site.person(DISPATCHER);
    let add = [("code", "passing"), ("name", "Passing Ltd")];
    desk.post("/add-client", &add).await.leads_to();
    let gone = log(&desk, "passing printer 25m").await.undo();
    let back = desk.post(&gone, &[]).await.undo();
    desk.post("/clients/passing/delete", &[]).await.leads_to();
    desk.post(&back, &[]).await.not_found();
    desk.post("/add-client", &add).await.leads_to();
    desk.post(&back, &[]).await.not_found();
    let books = site.app.books().expect("books");
    let gone = site.app.store.write(|tx| quarterhour_server::app::time_entry::hold_client(tx, &books, uuid::Uuid::now_v7()));
    assert_eq!(gone.expect_err("nobody writes for a client that is deleted").status(), 422);
}

#[tokio::test]
async fn what_could_not_be_saved_is_told_beside_the_line() {
    let site = Site::demo();
    let technician = site.person(TECHNICIAN);
    let line = format!("cedar #{}", "T".repeat(600));
    technician.post("/time/quick/preview", &[("line", &line)]).await.ok().shows("at most");
    technician.post("/time/quick", &[("line", &line)]).await.is(422).shows("at most").shows("name=\"line\"");
    let none = [("client", "cedar"), ("date", "2026-11-24"), ("time", "09:00"), ("minutes", "0"), ("technician", "ana")];
    technician.post("/time/entries", &none).await.is(422).shows("expected at least 1, or delete the entry");
}

#[tokio::test]
async fn issued_work_stays_in_its_month_and_a_wrong_year_is_told() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let token = site.token(OWNER, "read time");
    let entries = token.get("/api/v1/time-entries?client=cedar&period=2026-10&limit=200").await.ok().value();
    let issued =
        entries["items"].as_array().and_then(|it| it.iter().find(|it| it["late_for"].is_null())).expect("an issued entry").clone();
    let path = format!("/api/v1/time-entries/{}", issued["id"].as_str().expect("an id"));
    let moved = |started_at: &str| {
        serde_json::json!({
            "client": "cedar", "started_at": started_at, "minutes": issued["minutes"], "technician": issued["technician"], "tier": issued["tier"],
        })
    };
    token
        .json(Method::PUT, &path, &moved("2026-11-10T09:00:00-05:00"))
        .await
        .is(422)
        .shows("issued with October 2026 and stays there");
    token.json(Method::PUT, &path, &moved("2026-09-10T09:00:00-05:00")).await.is(422).shows("stays there");
    token.json(Method::PUT, &path, &moved("2026-10-10T09:00:00-05:00")).await.ok();
    // The correction that waits may move within the month, and no further.
    token.json(Method::PUT, &path, &moved("2026-11-10T09:00:00-05:00")).await.is(422).shows("stays there");
    token.json(Method::PUT, &path, &moved("2026-10-12T09:00:00-05:00")).await.ok();
    let old = [("client", "cedar"), ("date", "2024-11-20"), ("time", "09:00"), ("minutes", "15"), ("technician", "Ana")];
    owner.post("/time/entries", &old).await.is(422).shows("is the year right?");
    owner.post("/time/entries/preview", &old).await.ok().shows("is the year right?");
    // What is on record from then may be corrected and deleted all the same.
    let oldest = token.get("/api/v1/time-entries?client=cedar&period=2025-09&limit=1").await.ok().value()["items"][0].clone();
    let path = format!("/api/v1/time-entries/{}", oldest["id"].as_str().expect("an id"));
    token.call(Method::DELETE, &path).await.is(204);
}

#[tokio::test]
async fn a_deletion_says_what_it_does_to_the_bill() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let token = site.token(OWNER, "read time");
    let entry = serde_json::json!({ "client": "willow", "started_at": "2026-11-24T09:00:00-05:00", "minutes": 60, "tier": "helpdesk", "technician": "Ana" });
    let net =
        async || token.get("/api/v1/clients/willow/month").await.ok().value()["net"].as_str().and_then(|it| it.parse::<f64>().ok());
    let before = net().await.expect("an amount");
    let path = token.json(Method::POST, "/api/v1/time-entries", &entry).await.is(201).header("location");
    let cost = net().await.expect("an amount") - before;
    assert!(cost > 0.0, "{cost}");
    let id = path.rsplit('/').next().expect("an id");
    let reply = owner.post(&format!("/time/entries/{id}/delete"), &[]).await;
    let cookie = reply.cookies().into_iter().find_map(|it| it.strip_prefix("quarterhour-flash=").map(str::to_owned)).expect("a word");
    let flash = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, cookie).expect("base64");
    let flash = String::from_utf8(flash).expect("text");
    assert!(flash.contains(&format!("The bill changes by \u{2212}USD {cost:.2}.")), "{flash}");
}

#[tokio::test]
async fn time_that_is_given_back_to_late_work_is_not_left_for_other_work() {
    let site = Site::demo();
    let token = site.token(OWNER, "read time");
    let left = async || token.get("/api/v1/clients/hazel/month").await.ok().value()["left"].as_i64();
    let before = left().await;
    let late = serde_json::json!({ "client": "hazel", "started_at": "2026-10-20T10:00:00-04:00", "minutes": 30, "tier": "helpdesk", "technician": "Ana" });
    let effect = token.json(Method::POST, "/api/v1/time-entries/effect", &late).await.ok().value();
    assert_eq!((effect["left_before"].as_i64(), effect["left_after"].as_i64()), (before, before), "{effect}");
    token.json(Method::POST, "/api/v1/time-entries", &late).await.is(201);
    assert_eq!(left().await, before);
    let statement = token.get("/api/v1/clients/hazel/statements/2026-11").await.ok().value()["statements"][0].clone();
    assert_eq!(statement["statement"]["time"]["restored"], 1800, "{statement}");
    assert_eq!(statement["burn_down"].as_array().and_then(|it| it.last()?["left"].as_i64()), before);
}
