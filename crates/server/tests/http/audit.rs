//! The audit log: it has what happened, is searched and exported, and tells no secret.

use crate::browser::{Browser, stored};
use crate::support::{CONTACT, OWNER, Site, TECHNICIAN};

#[tokio::test]
async fn what_people_do_is_in_the_log_and_secrets_are_not() {
    let site = Site::demo();
    let mut technician = Browser::at(&site, "198.51.100.7").signed_in(TECHNICIAN).await;
    let (secret, codes) = technician.with_app(&site).await;
    technician.post("/account/tokens", &[("name", "reports"), ("scope", "read"), ("days", "30")]).await.ok();
    technician.post("/account", &[("name", "Ana Lopez")]).await.leads_to();
    technician.post("/sign-out", &[]).await.leads_to();
    Browser::at(&site, "192.0.2.9").sign_in(TECHNICIAN, "my old password 1").await.is(422);
    Browser::at(&site, "192.0.2.9").sign_in("typed@elsewhere.example", "my old password 1").await.is(422);
    let owner = site.person(OWNER);
    let page = owner.get("/audit").await.ok();
    let page =
        page.shows("signed in").shows("switched the second factor on").shows("reports").shows("signed out").shows("failed to sign in");
    let page = page.shows("198.51.100.7").shows("<del>Ana</del>").shows("<ins>Ana Lopez</ins>");
    let page = page.hides("my old password 1").hides("typed@elsewhere.example").hides(&secret).hides(&codes[0]);
    page.hides("argon2");
    let export = owner.get("/audit/export.jsonl").await.ok();
    assert!(export.header("content-disposition").contains("audit.jsonl"));
    let export = export.hides("my old password 1").hides("typed@elsewhere.example").hides("argon2").hides("qh_");
    for line in export.text().lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("a line is an object");
    }
}

#[tokio::test]
async fn the_log_is_searched_by_person_noun_date_and_text() {
    let site = Site::demo();
    Browser::new(&site).signed_in(TECHNICIAN).await;
    site.app.clock.advance(3 * 24 * 3600);
    Browser::new(&site).signed_in(CONTACT).await;
    let owner = site.person(OWNER);
    let (ana, chris) = (stored(&site, TECHNICIAN), stored(&site, CONTACT));
    let row = |name: &str| format!("<td data-label=\"Who\">{name}</td>");
    owner.get(&format!("/audit?person={}", ana.user_id)).await.ok().shows(&row(&ana.name)).hides(&row(&chris.name));
    owner.get("/audit?from=2026-11-28").await.ok().shows(&row(&chris.name)).hides(&row(&ana.name));
    owner.get("/audit?until=2026-11-26&q=SIGNED").await.ok().shows(&row(&ana.name)).hides(&row(&chris.name));
    owner.get("/audit?kind=webhook").await.ok().shows("Nothing found");
    owner.get("/audit?q=no+such+thing").await.ok().shows("Nothing found");
    owner.get("/audit?client=nowhere").await.ok().shows("Nothing found");
    owner.get("/audit?from=yesterday").await.is(422).shows("Expected a date");
    let csv = owner.get("/audit/export.csv?q=signed+in&from=2026-11-28").await.ok().text();
    assert!(csv.starts_with("at,actor,") && csv.contains(&chris.name) && !csv.contains("Ana,"), "{csv}");
}

#[tokio::test]
async fn long_logs_come_in_pages_and_whole_in_an_export() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    for number in 0..120 {
        owner.post("/account", &[("name", &format!("Olivia {number}"))]).await.leads_to();
    }
    let mut path = "/audit?kind=user".to_owned();
    let mut seen = 0;
    loop {
        let page = owner.get(&path).await.ok().text();
        seen += page.matches("<tr id=\"a-").count();
        let Some(older) = page.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()) else { break };
        path = older.replace("&#38;", "&").replace("&amp;", "&");
    }
    let lines = owner.get("/audit/export.jsonl?kind=user").await.ok().text().lines().count();
    assert!(seen >= 121, "{seen}");
    assert_eq!(seen, lines);
}

#[tokio::test]
async fn a_name_is_no_formula_in_an_export() {
    let site = Site::demo();
    site.person(TECHNICIAN).post("/account", &[("name", "=HYPERLINK(\"http://evil.example\")")]).await.leads_to();
    site.person(TECHNICIAN).post("/sign-out", &[]).await.leads_to();
    let csv = site.person(OWNER).get("/audit/export.csv").await.ok().text();
    assert!(csv.contains("'=HYPERLINK") && !csv.contains(",=HYPERLINK") && !csv.contains(",\"=HYPERLINK"), "{csv}");
}
