//! What two people do to one thing, what one sends twice, and what is taken back.

use quarterhour_server::app::actor::Actor;

use crate::browser::{between, borrowed, fields_of, set};
use crate::support::{BOOK_KEEPER, Caller, DISPATCHER, OWNER, Site, TECHNICIAN};

/// A hidden field of a page.
async fn hidden(caller: &Caller, path: &str, name: &str) -> String {
    between(&caller.get(path).await.ok().text(), &format!("name=\"{name}\" value=\""), "\"")
}

#[tokio::test]
async fn a_form_is_not_saved_over_a_change_that_came_between() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let changed = async |caller: &Caller, path: &str, class: &str, changes: &[(&str, &str)]| {
        let mut fields = fields_of(&caller.get(path).await.ok().text(), class);
        changes.iter().for_each(|(name, value)| set(&mut fields, name, value));
        fields
    };
    let path = "/clients/cedar/edit";
    let first = changed(&owner, path, "form", &[("city", "Bath")]).await;
    let second = changed(&owner, path, "form", &[("city", "Bristol")]).await;
    owner.post(path, &borrowed(&first)).await.leads_to();
    // A mistake is no way around it.
    let mut mistaken = second.clone();
    set(&mut mistaken, "name", "");
    let page = owner.post(path, &borrowed(&mistaken)).await.is(422).hides("Somebody else changed this").text();
    let mut mended = fields_of(&page, "form");
    set(&mut mended, "name", "Cedar Creek Clinic");
    let refused = owner.post(path, &borrowed(&mended)).await.is(422).shows("Somebody else changed this").text();
    assert!(refused.contains("value=\"Bristol\""), "what was typed is still there");
    let city = || site.app.client_draft("cedar").expect("cedar").city;
    assert_eq!(city(), "Bath");
    // Who has read that may put the own version in its place.
    owner.post(path, &borrowed(&fields_of(&refused, "form"))).await.leads_to();
    assert_eq!(city(), "Bristol");

    let path = "/settings/rates";
    let first = changed(&owner, path, "form", &[("rate.1.hourly", "81")]).await;
    let second = changed(&owner, path, "form", &[("rate.2.hourly", "82")]).await;
    owner.post(path, &borrowed(&first)).await.leads_to();
    owner.post(path, &borrowed(&second)).await.is(422).shows("Somebody else changed this").shows("value=\"82\"");
    owner.get(path).await.ok().shows("value=\"81\"").hides("value=\"82\"");

    let (ana, desk) = (site.person(TECHNICIAN), site.person(DISPATCHER));
    let delete = ana.post("/time/quick", &[("line", "cedar printer 25m helpdesk")]).await.undo();
    let path = delete.trim_end_matches("/delete").to_owned();
    let first = changed(&desk, &path, "form full", &[("minutes", "20")]).await;
    let second = changed(&ana, &path, "form full", &[("note", "with a note")]).await;
    desk.post(&path, &borrowed(&first)).await.leads_to();
    ana.post(&path, &borrowed(&second)).await.is(422).shows("Somebody else changed this");
    ana.get(&path).await.ok().shows("value=\"20\"").hides("with a note");
}

#[tokio::test]
async fn what_is_sent_twice_is_added_once() {
    let site = Site::demo();
    let (owner, ana) = (site.person(OWNER), site.person(TECHNICIAN));
    let once = hidden(&ana, "/time/entries/new", "once").await;
    let entry =
        [("client", "cedar"), ("date", "2026-11-24"), ("time", "09:00"), ("minutes", "20"), ("note", "twice sent"), ("once", &once)];
    ana.post("/time/entries", &entry).await.leads_to();
    let sheet = ana.post("/time/entries", &entry).await.leads_to();
    assert_eq!(ana.get(&sheet).await.ok().text().matches("twice sent").count(), 1);

    let path = "/clients/ironwood/agreements/ironwood";
    let once = hidden(&owner, path, "once").await;
    let block = [("bought", "2026-11-20"), ("hours", "10"), ("price", "1000.00"), ("once", once.as_str())];
    let blocks = || {
        let books = site.app.books().expect("books");
        books.agreement_texts.get("ironwood").expect("its agreement").matches("2026-11-20").count()
    };
    let sold = owner.post(&format!("{path}/block"), &block).await;
    let undo = sold.undo();
    sold.leads_to();
    owner.post(&format!("{path}/block"), &block).await.leads_to();
    assert_eq!(blocks(), 1);
    site.person(TECHNICIAN).post(&undo, &[]).await.forbidden();
    owner.post(&undo, &[]).await.leads_to();
    assert_eq!(blocks(), 0);
    owner.post(&undo, &[]).await.not_found();

    let carla = site.person(crate::support::APPROVER);
    let once = hidden(&carla, "/portal/questions", "once").await;
    for _ in 0..2 {
        carla.post("/portal/questions", &[("body", "Is this asked once?"), ("once", &once)]).await.leads_to();
    }
    assert_eq!(carla.get("/portal/questions").await.ok().text().matches("Is this asked once?").count(), 1);
    for (body, count) in [("a note", 1), ("a note", 1), ("another note", 1)] {
        owner.post("/clients/cedar/notes", &[("body", body), ("once", "same")]).await.leads_to();
        assert_eq!(owner.get("/clients/cedar").await.ok().text().matches(&format!(">{body}<")).count(), count);
    }
}

#[tokio::test]
async fn settings_and_clients_are_as_before_after_an_undo() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let actor: Actor = site.app.program().expect("the program acts");
    let settings = || site.app.provider_settings(&actor).expect("settings").settings;
    let before = settings();
    let day = before.holidays.first().expect("a holiday").clone();
    let removed = owner.post("/settings/calendar/holidays/remove", &[("day", &day)]).await;
    let undo = removed.undo();
    assert_ne!(settings(), before);
    site.person(BOOK_KEEPER).post(&undo, &[]).await.forbidden();
    owner.post(&undo, &[]).await.leads_to();
    assert_eq!(settings(), before);

    let saved = owner.post("/settings/rates", &[("rate.0.hourly", "99")]).await;
    assert_ne!(settings().rates, before.rates);
    let undo = saved.undo();
    // Another change came after: it is not taken back with this one.
    owner.post("/settings/company", &[("phone", "1")]).await.leads_to();
    owner.post(&undo, &[]).await.is(412);
    assert_ne!(settings().rates, before.rates);

    let client = site.app.client_draft("cedar").expect("cedar");
    let mut fields = fields_of(&owner.get("/clients/cedar/edit").await.ok().text(), "form");
    set(&mut fields, "name", "Cedar Brook Clinic");
    let changed = owner.post("/clients/cedar/edit", &borrowed(&fields)).await;
    let undo = changed.undo();
    assert_eq!(site.app.client_draft("cedar").expect("cedar").name, "Cedar Brook Clinic");
    site.person(TECHNICIAN).post(&undo, &[]).await.forbidden();
    owner.post(&undo, &[]).await.leads_to();
    assert_eq!(site.app.client_draft("cedar").expect("cedar"), client);
    owner.post("/clients/alder/undo", &[]).await.not_found();

    let keeper = site.person(BOOK_KEEPER);
    let list = keeper.get("/billing/invoices?state=open").await.ok().text();
    let invoice = format!("/billing/invoices/{}", between(&list, "href=\"/billing/invoices/", "\""));
    let sent = keeper.post(&format!("{invoice}/sent"), &[("on", "2026-11-24")]).await;
    let undo = sent.undo();
    keeper.get(&invoice).await.ok().shows("24 Nov 2026");
    keeper.post(&undo, &[]).await.leads_to();
    keeper.get(&invoice).await.ok().shows("Mark as sent").shows("Noted as not sent");
}

#[tokio::test]
async fn without_a_script_the_server_asks_before_a_step_that_stays() {
    let site = Site::demo();
    let carla = site.person(crate::support::APPROVER);
    let page = carla.get("/portal/approvals").await.ok().text();
    let number = between(&page, "name=\"number\" value=\"", "\"");
    let question = between(&page, "name=\"ask\" value=\"", "\"");
    assert!(question.starts_with("Release {chosen}"), "{question}");
    let held = || site.app.held(&site.app.program().expect("the program"), number.parse().expect("a number")).expect("held").state;
    let fields = [("number", number.as_str()), ("reason", "it was us"), ("ask", &question)];
    let asked = carla.post("/portal/approvals/release", &fields).await.ok().shows("Release what you chose").text();
    assert_eq!(held(), "held");
    let sent = fields_of(&asked, "form");
    assert_eq!(borrowed(&sent), [("number", number.as_str()), ("reason", "it was us")]);
    carla.post("/portal/approvals/release", &borrowed(&sent)).await.leads_to();
    assert_eq!(held(), "released");
    // Who may not is refused all the same, whatever is asked.
    site.person(TECHNICIAN).post("/portal/approvals/release", &borrowed(&sent)).await.forbidden();
    site.stranger().post("/portal/approvals/release", &fields).await.is(401);
}

#[tokio::test]
async fn without_a_script_the_full_form_shows_what_time_does_before_it_is_saved() {
    let site = Site::demo();
    let ana = site.person(TECHNICIAN);
    let form = |minutes: &'static str| {
        [
            ("client", "cedar"),
            ("date", "2026-11-24"),
            ("time", "09:00"),
            ("minutes", minutes),
            ("note", "only looked at"),
            ("look", "1"),
        ]
    };
    let once = hidden(&ana, "/time/entries/new", "once").await;
    let looked = ana.post("/time/entries", &form("20")).await.ok().shows("value=\"20\"").text();
    assert!(looked.contains("Left") || looked.contains("left"), "what it does is shown");
    assert_ne!(between(&looked, "name=\"once\" value=\"", "\""), once);
    ana.post("/time/entries", &form("soon")).await.ok().shows("class=\"problem\"");
    ana.get("/time").await.ok().hides("only looked at");
}
