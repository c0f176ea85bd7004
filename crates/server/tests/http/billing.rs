//! The pages of billing: what they show, to whom, and why a minute counted.

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
