//! The pages of billing: what they show, to whom, and why a minute counted.

use axum::http::Method;
use quarterhour_server::jobs::runner;

use crate::support::{APPROVER, BOOK_KEEPER, DISPATCHER, OWNER, Site, TECHNICIAN};

#[tokio::test]
async fn the_months_show_what_is_open_and_what_was_issued() {
    let site = Site::demo();
    let page = site.person(BOOK_KEEPER).get("/billing").await.ok();
    page.shows("November 2026").shows("running").shows("24 statements").shows("/billing/2026-10").shows("issued");
}

#[tokio::test]
async fn a_run_lists_every_statement_with_its_change_and_totals() {
    let site = Site::demo();
    let keeper = site.person(BOOK_KEEPER);
    let page = keeper.get("/billing/2026-10").await.ok();
    page.shows("Cedar Creek Clinic").shows("INV-000").shows("24 statements in USD").shows("Since last month");
    let page = keeper.get("/billing/2026-10?q=cedar&sort=-total").await.ok();
    page.shows("Cedar Creek Clinic").hides("Willow Bank");
    let page = keeper.get("/billing/2026-11").await.ok();
    page.shows("Still running").shows("Entries without ticket").hides("/billing/2026-11/issue\"");
    keeper.get("/billing/2031-01").await.ok().shows("It has not begun");
    keeper.get("/billing/2019-01").await.ok().shows("Nothing in this month");
    keeper.get("/billing/never").await.not_found();
}

#[tokio::test]
async fn a_statement_says_why_of_every_entry() {
    let site = Site::demo();
    let keeper = site.person(BOOK_KEEPER);
    let page = keeper.get("/billing/statements/cedar/2026-10").await.ok();
    let page = page.shows("There was").shows("15:15 h").shows("behind the count").shows("What is billed").text();
    let whys: Vec<&str> =
        page.split("href=\"").filter_map(|part| part.split('"').next()).filter(|path| path.contains("/why?")).collect();
    assert!(whys.len() > 20, "each entry can be asked: {}", whys.len());
    let mut decided = Vec::new();
    for why in whys {
        let page = keeper.get(&why.replace("&amp;", "&").replace("&#38;", "&")).await.ok();
        let text = page.shows("this decided").shows("rounded up to a multiple of 15 min").text();
        for word in ["The pools were used up", "Drawn from", "Charged at"] {
            if text.contains(word) && !decided.contains(&word) {
                decided.push(word);
            }
        }
    }
    assert_eq!(decided.len(), 3, "{decided:?}");
    keeper.get("/billing/statements/cedar/2026-10/why?entry=none").await.not_found();
    keeper.get("/billing/statements/cedar/2026-10/proof.json").await.ok().shows("quarterhour-proof-1");
    keeper.get("/billing/statements/cedar/2026-11/proof.json").await.is(422);
    let pdf = keeper.get("/billing/statements/cedar/2026-11/draft.pdf?agreement=cedar").await.ok();
    assert!(pdf.body.starts_with(b"%PDF-") && pdf.header("content-type") == "application/pdf");
}

#[tokio::test]
async fn money_is_for_those_who_bill() {
    let site = Site::demo();
    for path in ["/billing", "/billing/2026-10", "/billing/invoices", "/billing/invoices/3/pdf", "/billing/aging", "/jobs"] {
        for person in [TECHNICIAN, DISPATCHER, APPROVER] {
            site.person(person).get(path).await.forbidden();
        }
        site.person(OWNER).get(path).await.ok();
    }
}

#[tokio::test]
async fn exports_are_complete_and_refuse_odd_ranges() {
    let site = Site::demo();
    let keeper = site.person(BOOK_KEEPER);
    let text = keeper.get("/billing/export?what=invoices&from=2026-09&until=2026-10").await.ok().text();
    let invoices = text.lines().skip(1).count();
    assert_eq!(
        text.lines().filter(|line| line.contains(",2026-10,")).count()
            + text.lines().filter(|line| line.contains(",2026-09,")).count(),
        invoices
    );
    assert!(invoices > 40, "{invoices}");
    keeper.get("/billing/2026-10/lines.csv").await.ok().shows("number,period,client");
    keeper.get("/billing/export?what=payments&from=2026-01&until=2026-11").await.ok().shows(",payment,");
    keeper.get("/billing/export?what=invoices&from=2026-10&until=2026-09").await.is(422);
    keeper.get("/billing/export?what=secrets&from=2026-10&until=2026-10").await.not_found();
    keeper.get("/billing/aging.csv").await.ok().shows("client,name,currency");
    keeper.get("/billing/ledger.csv").await.ok().shows("client,entries,period,hash");
}

#[tokio::test]
async fn released_overage_is_listed_with_its_why_where_it_is_billed_and_is_not_this_months() {
    let site = Site::demo();
    let (keeper, token) = (site.person(BOOK_KEEPER), site.token(BOOK_KEEPER, "read"));
    let held = token.get("/api/v1/held?client=cedar&undecided=true").await.ok().value();
    let piece = &held["items"][0];
    let (number, entry) = (piece["number"].as_i64().expect("a number"), piece["entry"].as_str().expect("an entry").to_owned());
    let seconds = piece["seconds"].as_i64().expect("seconds");
    let before = token.get("/api/v1/clients/cedar/month").await.ok().value();
    let keys = site.token(BOOK_KEEPER, "time read");
    let path = format!("/api/v1/time-entries/{entry}");
    keys.call(Method::DELETE, &path).await.is(409).shows("release it or write it off first");

    let reason = [("period", "2026-03"), ("number", &number.to_string()), ("reason", "the server crash")];
    site.person(APPROVER).post("/portal/approvals/release", &reason).await.leads_to();
    let after = token.get("/api/v1/clients/cedar/month").await.ok().value();
    for field in ["overage", "percent_used", "forecast", "used"] {
        assert_eq!(before[field], after[field], "what was released belongs to March: {field}");
    }
    assert_ne!(before["net"], after["net"], "it is billed now");

    let statement = token.get("/api/v1/clients/cedar/statements/2026-11").await.ok().value();
    let entries = statement["items"][0]["entries"].as_array().or_else(|| statement["statements"][0]["entries"].as_array());
    let released = entries.expect("entries").iter().find(|it| it["released"] == true).expect("it is listed");
    assert_eq!(
        (released["id"].as_str(), released["late_for"].as_str(), released["actual"].as_i64()),
        (Some(&*entry), Some("2026-03"), Some(0))
    );
    assert_eq!(released["parts"][0]["seconds"].as_i64(), Some(seconds));
    let why = released["parts"][0]["why"].as_str().expect("why");
    assert!(
        why.starts_with("overage held in March 2026, released by Carla Cedar on ") && why.contains("(the server crash), at USD "),
        "{why}"
    );
    keeper.get("/billing/statements/cedar/2026-11").await.ok().shows("released from March 2026").shows("the server crash");
    keeper
        .get(&format!("/billing/statements/cedar/2026-11/why?entry={entry}"))
        .await
        .ok()
        .shows("It was worked in March 2026 and held");
    keeper.get("/clients/cedar/entries?period=2026-11&flag=overage").await.ok().shows("released from March 2026");
    site.person(APPROVER).get("/portal/statements/2026-11").await.ok().shows("released from March 2026");

    // Once it is issued, a correction takes back what the month and the release were billed.
    site.app.clock.advance(7 * 86_400);
    let form = [("issued_on", "2026-12-02"), ("client", "cedar")];
    keeper.post("/billing/2026-11/issue", &form).await.leads_to();
    assert!(runner::try_once(&site.app).expect("the job"));
    keeper.get("/billing/statements/cedar/2026-11").await.ok().shows("Issued").shows("released from March 2026");
    let token = site.token(BOOK_KEEPER, "time read");
    let before = token.get("/api/v1/clients/cedar/statements/2026-12").await.ok().value();
    assert!(!before.to_string().contains("adjustment"), "{before}");
    token.call(Method::DELETE, &path).await.is(204);
    let after = token.get("/api/v1/clients/cedar/statements/2026-12").await.ok().value();
    let lines = after["statements"][0]["statement"]["lines"].as_array().expect("lines").iter();
    let back: i64 = lines.filter(|it| it["kind"] == "adjustment").filter_map(|it| it["seconds"].as_i64()).sum();
    assert_eq!(back, -seconds, "{after}");
}

#[tokio::test]
async fn a_decision_that_lacks_something_keeps_what_was_typed() {
    let site = Site::demo();
    let keeper = site.person(BOOK_KEEPER);
    let sent = [("group", "cedar-2026-03"), ("number", "3"), ("reason", "agreed by phone"), ("by", "")];
    let page = keeper.post("/billing/held/release", &sent).await.is(422).shows("Who at the client released it");
    page.shows("value=\"agreed by phone\"").shows("name=\"number\" value=\"3\"").shows("checked");
    keeper.post("/billing/held/write-off", &[("group", "cedar-2026-03"), ("reason", "x")]).await.is(422).shows("None is chosen");
}
