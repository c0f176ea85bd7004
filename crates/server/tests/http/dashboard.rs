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

#[tokio::test]
async fn a_budget_past_its_reserve_is_over_with_a_chart_and_no_money_for_technicians() {
    let site = Site::demo();
    let (keeper, ana) = (site.person(BOOK_KEEPER), site.person(TECHNICIAN));
    keeper.get("/").await.ok().shows("Maple County Schools has used up its reserve").shows("work is billed on top");
    keeper.get("/clients?state=over").await.ok().shows("Maple County Schools").shows("over the reserve");
    keeper
        .get("/clients/maple")
        .await
        .ok()
        .shows("Reserve of November 2026")
        .shows("The reserve was used up on")
        .shows("billed on top so far");
    ana.get("/clients/maple").await.ok().shows("Left in the reserve").hides("7,927").hides("Reserve of November");
    ana.get("/").await.ok().shows("has used up its reserve").hides("USD");
}
