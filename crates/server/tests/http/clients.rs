//! Clients: the list, the forms, a client's page with its notes, entries, questions and tickets.

use axum::http::Method;

use crate::support::{APPROVER, BOOK_KEEPER, DISPATCHER, OWNER, Site, TECHNICIAN};

const NEW: [(&str, &str); 4] =
    [("code", "zelkova"), ("name", "Zelkova Labs"), ("email", "office@zelkova.example"), ("currency", "eur")];

#[tokio::test]
async fn the_list_is_searched_filtered_sorted_and_kept_as_a_file() {
    let site = Site::demo();
    let technician = site.person(TECHNICIAN);
    technician.get("/clients").await.ok().shows("Alder Dental Group").shows("Yew Tree Publishing").shows("24 clients");
    technician.get("/clients?q=ALDER").await.ok().shows("Alder Dental Group").hides("Birch &");
    technician.get("/clients?program=budget").await.ok().shows("Maple County Schools").hides("Alder Dental Group");
    technician.get("/clients?state=no-agreement").await.ok().shows("Yew Tree Publishing").hides("Alder Dental Group");
    technician.get("/clients?state=no-agreement&q=alder").await.ok().shows("None of them");
    let sorted = technician.get("/clients?sort=-name").await.ok().text();
    assert!(sorted.find("Yew Tree Publishing") < sorted.find("Alder Dental Group"));
    let file = technician.get("/clients.csv?q=alder").await.ok().text();
    assert_eq!(file.lines().count(), 2, "{file}");
    assert!(file.starts_with("code,name,program,period,"), "{file}");
}

#[tokio::test]
async fn a_client_is_added_with_its_mistakes_named_at_their_fields() {
    let site = Site::demo();
    let dispatcher = site.person(DISPATCHER);
    let wrong =
        [("code", ""), ("name", "Z"), ("currency", "XXQ"), ("time_zone", "Mars/Olympus"), ("tax_percent", "101"), ("email", "nobody")];
    let page = dispatcher.post("/add-client", &wrong).await.is(422);
    for field in ["p-code", "p-currency", "p-time_zone", "p-tax_percent", "p-email"] {
        assert!(page.text().contains(&format!("id=\"{field}\"")), "{field} has no problem");
    }
    assert_eq!(dispatcher.post("/add-client", &NEW).await.leads_to(), "/clients/zelkova");
    dispatcher.get("/clients/zelkova").await.ok().shows("Zelkova Labs").shows("No agreement is in force");
    dispatcher.get("/clients/zelkova/edit").await.ok().shows("value=\"EUR\"");
    dispatcher.post("/add-client", &NEW).await.is(422).shows("is taken");
    site.person(TECHNICIAN).post("/add-client", &NEW).await.forbidden();
}

#[tokio::test]
async fn a_change_that_touches_open_periods_is_shown_before_it_is_saved() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let same = [("name", "Alder Dental"), ("email", "billing@alder.example")];
    let page = owner.get("/clients/alder/edit").await.ok().text();
    let value = |name: &str| {
        let at = page.find(&format!("name=\"{name}\"")).map_or("", |at| &page[at..]);
        at.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
    };
    let (currency, zone, tax) = (value("currency"), value("time_zone"), value("tax_percent"));
    let with = |extra: &[(&str, &str)]| -> Vec<(String, String)> {
        let fields = same.iter().chain(extra);
        let mut all: Vec<(String, String)> = vec![
            ("currency".to_owned(), currency.clone()),
            ("time_zone".to_owned(), zone.clone()),
            ("tax_percent".to_owned(), tax.clone()),
        ];
        for (name, value) in fields {
            all.retain(|(other, _)| other != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        all
    };
    async fn post(caller: &crate::support::Caller, fields: Vec<(String, String)>) -> crate::support::Reply {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        caller.post("/clients/alder/edit", &fields).await
    }
    assert_eq!(post(&owner, with(&[])).await.leads_to(), "/clients/alder", "a name needs no second look");
    let shown =
        post(&owner, with(&[("tax_percent", "19")])).await.ok().shows("will be taxed at 19 percent").shows("What is issued stays");
    let sure = shown
        .text()
        .split("name=\"sure\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("what is confirmed")
        .to_owned();
    owner.get("/clients/alder/edit").await.ok().hides("value=\"19\"");
    assert_eq!(post(&owner, with(&[("tax_percent", "19"), ("sure", &sure)])).await.leads_to(), "/clients/alder");
    owner.get("/clients/alder/edit").await.ok().shows("value=\"19\"");
}

#[tokio::test]
async fn a_clients_page_shows_hours_first_and_money_to_those_who_may() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    owner
        .get("/clients/cedar")
        .await
        .ok()
        .shows("November 2026")
        .shows("Left")
        .shows("burn-down-0")
        .shows("/billing/invoices/")
        .shows("Carla Cedar");
    owner.get("/clients/cedar?period=2026-03").await.ok().shows("March 2026").shows("issued").shows("Lost");
    owner.get("/clients/cedar?period=1999-01").await.ok().shows("Nothing was agreed");
    owner.get("/clients/nobody").await.not_found();
    let technician = site.person(TECHNICIAN);
    technician.get("/clients/cedar").await.ok().shows("November 2026").hides("/billing/").hides("before tax").hides("All versions");
    site.person(APPROVER).get("/clients/cedar").await.forbidden();
}

#[tokio::test]
async fn notes_come_go_and_come_back() {
    let site = Site::demo();
    let (technician, dispatcher) = (site.person(TECHNICIAN), site.person(DISPATCHER));
    technician.post("/clients/alder/notes", &[("body", "  ")]).await.is(422).shows("what the others should know");
    technician.post("/clients/alder/notes", &[("body", "The key is <under> the mat.")]).await.leads_to();
    let page = dispatcher.get("/clients/alder").await.ok().shows("The key is &#60;under&#62; the mat.").text();
    let path = page
        .split("action=\"")
        .find(|part| part.contains("/notes/"))
        .and_then(|part| part.split('"').next())
        .expect("a note")
        .to_owned();
    assert_eq!(dispatcher.post(&path, &[]).await.leads_to(), "/clients/alder#notes");
    dispatcher.get("/clients/alder").await.ok().hides("the mat");
    dispatcher.post(&path, &[]).await.not_found();
    let back = path.replace("/delete", "/restore");
    site.person(OWNER).post(&back.replace("/alder/", "/birch/"), &[]).await.not_found();
    assert_eq!(technician.post(&back, &[]).await.leads_to(), "/clients/alder#notes");
    technician.get("/clients/alder").await.ok().shows("the mat");
}

#[tokio::test]
async fn a_technician_keeps_the_notes_of_others() {
    let site = Site::demo();
    site.person(OWNER).post("/clients/alder/notes", &[("body", "Pays late.")]).await.leads_to();
    let page = site.person(OWNER).get("/clients/alder").await.text();
    let path = page
        .split("action=\"")
        .find(|part| part.contains("/notes/"))
        .and_then(|part| part.split('"').next())
        .expect("a note")
        .to_owned();
    site.person(TECHNICIAN).get("/clients/alder").await.ok().shows("Pays late.").hides(&path);
    site.person(TECHNICIAN).post(&path, &[]).await.forbidden();
}

#[tokio::test]
async fn entries_say_where_each_part_went_and_why() {
    let site = Site::demo();
    let technician = site.person(TECHNICIAN);
    technician.get("/clients/cedar/entries").await.ok().shows("November 2026").shows("drawn from the allowance");
    technician
        .get("/clients/cedar/entries?period=2026-03&flag=held")
        .await
        .ok()
        .shows("held for approval")
        .hides("drawn from the allowance");
    technician.get("/clients/alder/entries?flag=no-ticket").await.ok().shows("All open months").shows("No ticket");
    technician.get("/clients/cedar/entries?period=2026-03&q=no+such+thing").await.ok().shows("No entries");
    let file = technician.get("/clients/cedar/entries.csv?period=2026-03").await.ok().text();
    assert!(file.starts_with("id,statement,agreement,late_for,"), "{}", file.lines().next().unwrap_or_default());
    assert!(file.lines().count() > 50);
}

#[tokio::test]
async fn a_question_is_answered_once() {
    let site = Site::demo();
    let (dispatcher, keeper) = (site.person(DISPATCHER), site.person(BOOK_KEEPER));
    let list = dispatcher.get("/questions").await.ok().shows("cedar-ws012").text();
    let path = list
        .split("href=\"")
        .find(|part| part.contains("/questions/"))
        .and_then(|part| part.split('"').next())
        .expect("a question")
        .to_owned();
    dispatcher.post(&path, &[("answer", "")]).await.is(422).shows("expected an answer");
    dispatcher.post(&path, &[("answer", "It is retired since 1 November.")]).await.leads_to();
    keeper.post(&path, &[("answer", "No idea.")]).await.is(422).shows("answered it meanwhile");
    dispatcher.get(&path).await.ok().shows("It is retired since 1 November.");
    dispatcher.get("/questions").await.ok().hides("cedar-ws012");
    site.person(TECHNICIAN).get("/questions").await.forbidden();
}

#[tokio::test]
async fn a_ticket_gets_a_title() {
    let site = Site::demo();
    let dispatcher = site.person(DISPATCHER);
    dispatcher.post("/clients/alder/tickets", &[("ticket", ""), ("title", "x")]).await.is(422);
    dispatcher.post("/clients/alder/tickets", &[("ticket", "T-1"), ("title", "Move to the new office")]).await.leads_to();
    dispatcher.post("/clients/alder/tickets", &[("ticket", "T-1"), ("title", "Move to the old office")]).await.leads_to();
    dispatcher.get("/clients/alder/tickets").await.ok().shows("Move to the old office").hides("Move to the new office");
    site.person(TECHNICIAN).get("/clients/alder/tickets").await.ok().shows("Move to the old office").hides("Set the title");
}

#[tokio::test]
async fn a_client_that_was_added_by_mistake_can_be_deleted_and_no_other() {
    let site = Site::demo();
    let (owner, dispatcher) = (site.person(OWNER), site.person(DISPATCHER));
    for code in ["two words", "a/b", "what?", "50%"] {
        owner.post("/add-client", &[("code", code), ("name", "Typo")]).await.is(422).shows("expected a short name without spaces");
    }
    owner.post("/add-client", &[("code", "typo"), ("name", "Typo")]).await.leads_to();
    owner.post("/add-client", &[("code", "TYPO"), ("name", "Other")]).await.is(422).shows("is taken");
    owner.get("/clients/typo/edit").await.ok().shows("Delete typo");
    dispatcher.post("/time/quick", &[("line", "typo printer 5m")]).await.leads_to();
    owner.post("/clients/typo/delete", &[]).await.is(409).shows("has time entries");
    owner.post("/clients/cedar/delete", &[]).await.is(409).shows("has devices, agreements");
    site.person(TECHNICIAN).post("/clients/cedar/delete", &[]).await.forbidden();
    owner.post("/add-client", &[("code", "slip"), ("name", "Slip")]).await.leads_to();
    assert_eq!(owner.post("/clients/slip/delete", &[]).await.leads_to(), "/clients");
    owner.get("/clients/slip").await.not_found();
    owner.get("/clients").await.ok().hides("/clients/slip");
    owner.post("/add-client", &[("code", "slip"), ("name", "Slip")]).await.leads_to();
    let titled = serde_json::json!({ "title": "Printer" });
    site.token(OWNER, "books time").json(Method::PUT, "/api/v1/clients/slip/tickets/T-1", &titled).await.ok();
    site.token(OWNER, "books").call(Method::DELETE, "/api/v1/clients/slip").await.is(204);
}

#[tokio::test]
async fn an_agreement_that_ended_takes_its_hours_along() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let token = site.token(OWNER, "read");
    let before = token.get("/api/v1/clients/cedar/month").await.ok().value();
    assert!(before["left"].as_i64().is_some_and(|left| left > 0), "{before}");
    owner.post("/clients/cedar/agreements/cedar/end", &[("ends", "2026-11-20")]).await.leads_to();
    let after = token.get("/api/v1/clients/cedar/month").await.ok().value();
    assert_eq!(after["left"], 0);
    assert!(after["forecast"].is_null(), "{after}");
    owner.get("/clients/cedar").await.ok().shows("ended unused").hides("are lost at the end of the month");
    site.person(APPROVER).get("/portal").await.ok().shows("0:00").hides("are lost if they are not used");
    owner.get("/").await.ok().hides("Cedar Dental is about to lose");
}
