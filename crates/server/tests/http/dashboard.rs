//! The dashboard: what it says to whom, and that each line leads somewhere.

use crate::support::{APPROVER, BOOK_KEEPER, DISPATCHER, OWNER, Site, TECHNICIAN};

#[tokio::test]
async fn the_owner_sees_who_needs_something() {
    let site = Site::demo();
    let page = site.person(OWNER).get("/").await.ok().text();
    for words in
        ["Over their hours, or soon", "over its", "at this pace", "Hours about to be lost", "Overdue invoices", "without a ticket"]
    {
        assert!(page.contains(words), "`{words}` is not in:\n{page}");
    }
    assert!(page.contains("/entries?flag=no-ticket") && page.contains("/billing/invoices/") && page.contains("/billing/held"));
}

#[tokio::test]
async fn a_technician_sees_hours_and_no_money() {
    let site = Site::demo();
    let page = site.person(TECHNICIAN).get("/").await.ok().shows("over its");
    page.hides("USD").text();
    let page = site.person(TECHNICIAN).get("/").await.ok();
    page.hides("/billing").hides("/questions").hides("without a ticket");
}

#[tokio::test]
async fn a_dispatcher_sees_entries_and_questions_and_no_money() {
    let site = Site::demo();
    let page = site.person(DISPATCHER).get("/").await.ok();
    page.shows("without a ticket").shows("Questions of clients").hides("USD").hides("/billing");
}

#[tokio::test]
async fn a_book_keeper_sees_a_month_that_is_over_and_not_billed() {
    let site = Site::demo();
    // A week later the demo's running month is over.
    site.app.clock.advance(7 * 86_400);
    let page = site.person(BOOK_KEEPER).get("/").await.ok();
    page.shows("November 2026 is not billed yet").shows("href=\"/billing/2026-11\"").shows("24 clients");
}

#[tokio::test]
async fn a_clients_person_has_no_dashboard() {
    let site = Site::demo();
    assert_ne!(site.person(APPROVER).get("/").await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_word_is_said_once() {
    let site = Site::demo();
    let mut owner = site.person(OWNER);
    // {"text":"Saved.","undo":null}
    let flash = "quarterhour-flash=eyJ0ZXh0IjoiU2F2ZWQuIiwidW5kbyI6bnVsbH0";
    owner.cookie = owner.cookie.map(|cookie| format!("{cookie}; {flash}"));
    let page = owner.get("/").await.ok().shows("Saved.");
    assert!(page.cookies().contains(&"quarterhour-flash=".to_owned()), "{:?}", page.cookies());
}
