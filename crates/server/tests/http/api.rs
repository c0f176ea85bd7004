//! The manners of the API: versions, keys of writes, cursors, bulk, the rate limit and problems.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::support::{Caller, OWNER, Reply, Site, TECHNICIAN};

const SCOPES: &str = "read time books billing admin";

/// Sends JSON, or no body, with one more header.
async fn with(caller: &Caller, method: Method, path: &str, header: (&str, &str), body: Option<&Value>) -> Reply {
    let request = Request::builder().method(method).uri(path).header(header.0, header.1);
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    caller.send(request.expect("a request")).await
}

/// Changes a thing with the version that was seen, and then again with the same one, which is an older one by then.
async fn changes_once(owner: &Caller, path: &str, change: impl Fn(&mut Value, &str)) {
    let seen = owner.get(path).await.ok();
    let tag = seen.header("etag");
    with(owner, Method::GET, path, ("if-none-match", &tag), None).await.is(304);
    let (mut first, mut second) = (seen.value(), seen.value());
    change(&mut first, "1");
    change(&mut second, "2");
    with(owner, Method::PUT, path, ("if-match", &tag), Some(&first)).await.ok();
    let between = owner.get(path).await.ok();
    let refused = with(owner, Method::PUT, path, ("if-match", &tag), Some(&second)).await.is(412);
    assert!(refused.text().contains("changed since it was read"), "{path}: {}", refused.text());
    assert_eq!(owner.get(path).await.ok().value(), between.value(), "{path} was written over");
    with(owner, Method::PUT, path, ("if-match", &between.header("etag")), Some(&second)).await.ok();
    owner.json(Method::PUT, path, &first).await.ok();
}

/// Leaves only what may be sent.
fn keep(value: &mut Value, fields: &[&str]) {
    if let Some(object) = value.as_object_mut() {
        object.retain(|name, _| fields.contains(&name.as_str()));
    }
}

#[tokio::test]
async fn nobody_writes_over_a_change_that_came_between() {
    let site = Site::demo();
    let owner = site.token(OWNER, SCOPES);
    changes_once(&owner, "/api/v1/company", |it, mark| it["phone"] = json!(format!("555 {mark}"))).await;
    changes_once(&owner, "/api/v1/rate-card", |it, mark| it["rates"][0]["hourly"] = json!(format!("15{mark}.00"))).await;
    changes_once(&owner, "/api/v1/calendar", |it, mark| it["holidays"] = json!([format!("2027-12-0{mark}")])).await;
    changes_once(&owner, "/api/v1/clients/cedar", |it, mark| it["street"] = json!(format!("{mark} Main St"))).await;

    let device = &owner.get("/api/v1/clients/cedar/devices").await.ok().value()["items"][0];
    let path = format!("/api/v1/clients/cedar/devices/{}", device["id"].as_str().expect("an id"));
    changes_once(&owner, &path, |it, mark| {
        it["site"] = json!(format!("floor {mark}"));
        keep(it, &["name", "class", "in_service", "retired", "serial", "site"]);
    })
    .await;

    let people = owner.get("/api/v1/people").await.ok().value();
    let ana = people["items"].as_array().into_iter().flatten().find(|it| it["email"] == TECHNICIAN).expect("a technician");
    changes_once(&owner, &format!("/api/v1/people/{}", ana["id"].as_str().expect("an id")), |it, mark| {
        it["name"] = json!(format!("Ana {mark}"));
        keep(it, &["name", "email", "role", "client", "technician"]);
    })
    .await;

    let template = json!({ "name": "Small office", "toml": "program = \"ad-hoc\"\n" });
    let template = owner.json(Method::POST, "/api/v1/templates", &template).await.is(201).header("location");
    changes_once(&owner, &template, |it, mark| {
        it["summary"] = json!(mark);
        keep(it, &["name", "summary", "toml"]);
    })
    .await;
    let hook = json!({ "url": "https://hooks.example/1", "events": ["time_entry.changed"] });
    let hook = owner.json(Method::POST, "/api/v1/webhooks", &hook).await.is(201).header("location");
    changes_once(&owner, &hook, |it, mark| {
        it["url"] = json!(format!("https://hooks.example/{mark}x"));
        keep(it, &["url", "events", "active"]);
    })
    .await;
    let entry =
        json!({ "client": "cedar", "started_at": "2026-11-24T09:00:00-05:00", "minutes": 20, "tier": "helpdesk", "note": "printer" });
    let entry = owner.json(Method::POST, "/api/v1/time-entries", &entry).await.is(201).header("location");
    changes_once(&owner, &entry, |it, mark| {
        it["note"] = json!(mark);
        keep(it, &["client", "started_at", "minutes", "tier", "note", "technician"]);
    })
    .await;

    for path in [&path, &template, &hook, &entry] {
        with(&owner, Method::DELETE, path, ("if-match", "\"other\""), None).await.is(412);
    }
    for path in [&template, &hook, &entry] {
        let tag = owner.get(path).await.ok().header("etag");
        with(&owner, Method::DELETE, path, ("if-match", &tag), None).await.is(204);
    }
}

#[tokio::test]
async fn a_write_with_a_key_happens_once() {
    let site = Site::demo();
    let technician = site.token(TECHNICIAN, "read time");
    let entry = json!({ "client": "cedar", "started_at": "2026-11-24T09:00:00-05:00", "minutes": 20, "tier": "helpdesk" });
    let path = "/api/v1/time-entries";
    let first = with(&technician, Method::POST, path, ("idempotency-key", "k-1"), Some(&entry)).await.is(201);
    let again = with(&technician, Method::POST, path, ("idempotency-key", "k-1"), Some(&entry)).await.is(201);
    assert_eq!((first.value(), first.header("location")), (again.value(), again.header("location")));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (String::new(), "true".to_owned()));
    let mut other = entry.clone();
    other["minutes"] = json!(25);
    let refused = with(&technician, Method::POST, path, ("idempotency-key", "k-1"), Some(&other)).await.is(422);
    assert_eq!(refused.value()["type"], "/api/reference#key-reused");
    // A key belongs to one account.
    let owner = site.token(OWNER, SCOPES);
    let theirs = with(&owner, Method::POST, path, ("idempotency-key", "k-1"), Some(&entry)).await.is(201);
    assert_ne!(theirs.value()["id"], first.value()["id"]);
    // What failed may be sent again with its key.
    let mut wrong = entry;
    wrong["minutes"] = json!(100_000);
    with(&technician, Method::POST, path, ("idempotency-key", "k-2"), Some(&wrong)).await.is(422);
    with(&technician, Method::POST, path, ("idempotency-key", "k-2"), Some(&other)).await.is(201);
}

#[tokio::test]
async fn pages_by_cursor_hold_each_thing_once() {
    let site = Site::demo();
    let owner = site.token(OWNER, SCOPES);
    for (list, key) in [("clients", "code"), ("time-entries?client=cedar", "id"), ("invoices", "number"), ("audit", "id")] {
        let sign = if list.contains('?') { '&' } else { '?' };
        let ids =
            |value: &Value| -> Vec<String> { value["items"].as_array().into_iter().flatten().map(|it| it[key].to_string()).collect() };
        let whole = ids(&owner.get(&format!("/api/v1/{list}{sign}limit=200")).await.ok().value());
        let (mut seen, mut after) = (Vec::new(), String::new());
        while seen.len() < whole.len() {
            let page = owner.get(&format!("/api/v1/{list}{sign}limit=7{after}")).await.ok();
            let value = page.value();
            assert_eq!(page.header("link").is_empty(), value["next"].is_null(), "{list}");
            seen.extend(ids(&value));
            match value["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        seen.truncate(whole.len());
        assert!(whole.len() > 7, "{list} fits on one page");
        assert_eq!(seen, whole, "{list}");
        owner.get(&format!("/api/v1/{list}{sign}limit=0")).await.is(400);
        owner.get(&format!("/api/v1/{list}{sign}after=*")).await.is(400);
        owner.get(&format!("/api/v1/{list}{sign}colour=red")).await.is(400).shows("colour");
    }
}

#[tokio::test]
async fn a_bulk_of_entries_is_saved_whole_or_not_at_all() {
    let site = Site::demo();
    let technician = site.token(TECHNICIAN, "read time");
    let entry =
        |minutes: u32| json!({ "client": "cedar", "started_at": "2026-11-24T09:00:00-05:00", "minutes": minutes, "tier": "helpdesk" });
    let count = async || {
        technician.get("/api/v1/time-entries?client=cedar&period=2026-11&limit=200").await.ok().value()["items"]
            .as_array()
            .map(Vec::len)
    };
    let before = count().await;
    let path = "/api/v1/time-entries/bulk";
    let refused = technician.json(Method::POST, path, &json!({ "entries": [entry(20), entry(100_000)] })).await.is(422);
    assert_eq!(refused.value()["fields"][0]["field"], "entries.1.minutes");
    assert_eq!(count().await, before);
    technician.json(Method::POST, path, &json!({ "entries": [entry(20), entry(25)] })).await.is(201);
    assert_eq!(count().await, before.map(|before| before + 2));
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_when_to_go_on() {
    let site = Site::demo_with(|settings| settings.requests_a_minute = 5);
    let owner = site.token(OWNER, SCOPES);
    let left = owner.get("/api/v1/me").await.ok().header("ratelimit-remaining");
    assert_eq!(left, "4");
    for _ in 0..4 {
        owner.get("/api/v1/me").await.ok();
    }
    let refused = owner.get("/api/v1/me").await.is(429);
    let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(refused.header("content-type"), "application/problem+json");
    site.token(TECHNICIAN, "read").get("/api/v1/me").await.ok();
}

#[tokio::test]
async fn files_of_the_pages_are_there_for_programs_too() {
    let site = Site::demo();
    let (owner, token) = (site.person(OWNER), site.token(OWNER, "read books"));
    for (page, path) in [
        ("/billing/2026-10/invoices.csv", "/api/v1/exports/invoices?from=2026-10"),
        ("/billing/2026-10/lines.csv", "/api/v1/exports/lines?from=2026-10&until=2026-10"),
        ("/billing/export?what=payments&from=2026-01&until=2026-11", "/api/v1/exports/payments?from=2026-01&until=2026-11"),
    ] {
        let (shown, read) = (owner.get(page).await.ok(), token.get(path).await.ok());
        assert_eq!(shown.header("content-disposition"), read.header("content-disposition"));
        assert_eq!(shown.text(), read.text());
        assert!(read.text().lines().count() > 1, "{path} has no rows");
    }
    let ad_hoc = token.get("/api/v1/clients?program=ad-hoc&limit=200").await.ok().value();
    let programs = ad_hoc["items"].as_array().expect("clients").iter().map(|it| it["program"].clone());
    let programs: Vec<Value> = programs.collect();
    assert!(!programs.is_empty() && programs.iter().all(|it| it == "ad-hoc"), "{programs:?}");
}

#[tokio::test]
async fn problems_say_what_is_wrong() {
    let site = Site::demo();
    let owner = site.token(OWNER, SCOPES);
    let send = async |method: Method, path: &str, kind: &str, body: &str| {
        let request = Request::builder().method(method).uri(path).header("content-type", kind);
        owner.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    };
    let json = "application/json";
    for (reply, status, name, words) in [
        (owner.get("/api/v1/nothing").await, 404, "not-found", ""),
        (owner.call(Method::PATCH, "/api/v1/clients").await, 405, "method", ""),
        (send(Method::POST, "/api/v1/clients", "text/plain", "x").await, 415, "media-type", ""),
        (send(Method::POST, "/api/v1/clients", json, "{\"code\":").await, 400, "malformed", "line 1"),
        (send(Method::POST, "/api/v1/clients", json, "{\"code\":\"x\",\"nmae\":\"y\"}").await, 422, "invalid", "nmae"),
        (owner.get("/api/v1/clients?program=usl").await, 422, "invalid", "use-it-or-lose-it"),
        (owner.get("/api/v1/audit?kind=entry").await, 422, "invalid", "time entry"),
        (owner.get("/api/v1/exports/everything?from=2026-10").await, 404, "not-found", ""),
        (owner.get("/api/v1/exports/lines?from=2026-13").await, 422, "invalid", "2026-11"),
        (owner.get("/api/v1/exports/lines?from=2026-10&until=2026-09").await, 422, "invalid", "until"),
        (owner.get("/api/v1/clients/cedar/drafts/2026-10").await, 404, "not-found", ""),
        (site.stranger().get("/api/v1/clients").await, 401, "signed-out", ""),
    ] {
        assert_eq!(reply.header("content-type"), "application/problem+json", "{}", reply.text());
        let reply = reply.is(status).shows(words);
        assert_eq!(reply.value()["type"], format!("/api/reference#{name}"));
    }
}

#[tokio::test]
async fn a_month_is_kept_back_and_released_by_programs() {
    let site = Site::demo();
    let (owner, technician) = (site.token(OWNER, SCOPES), site.token(TECHNICIAN, "read time"));
    let (path, reason) = ("/api/v1/clients/cedar/kept-back/2026-11", json!({ "reason": "a dispute" }));
    technician.json(Method::PUT, path, &reason).await.is(403);
    technician.get("/api/v1/kept-back").await.is(403);
    owner.json(Method::PUT, "/api/v1/clients/cedar/kept-back/2026-10", &reason).await.is(409).shows("is issued");
    owner.json(Method::PUT, path, &json!({ "reason": "" })).await.is(422);
    owner.json(Method::PUT, path, &reason).await.is(204);
    owner.json(Method::PUT, path, &reason).await.is(409);
    let kept = owner.get("/api/v1/kept-back").await.ok().value();
    assert_eq!((&kept["items"][0]["client"], &kept["items"][0]["period"]), (&json!("cedar"), &json!("2026-11")));
    owner.call(Method::DELETE, path).await.is(204);
    owner.call(Method::DELETE, path).await.is(404);
    assert_eq!(owner.get("/api/v1/kept-back").await.ok().value()["items"], json!([]));

    // A token that was made for less says so, not that its person may not.
    let read_only = site.token(OWNER, "read");
    read_only.json(Method::PUT, path, &reason).await.is(403).shows("made without the scope");
    let sent = "/api/v1/invoices/3/sent";
    owner.json(Method::POST, sent, &json!({ "on": "2026-11-24" })).await.ok();
    owner.call(Method::DELETE, sent).await.is(204);
    assert_eq!(owner.get("/api/v1/invoices/3").await.ok().value()["sent_at"], Value::Null);
}
