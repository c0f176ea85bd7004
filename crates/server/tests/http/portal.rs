//! The client portal: a client sees its own account and nothing else; an approver decides.

use quarterhour_server::app::actor::{Actor, Channel, Role};
use quarterhour_server::app::held::HeldFilter;

use crate::support::{APPROVER, CONTACT, DISPATCHER, OTHER_CLIENT, OWNER, Site};

const PAGES: [&str; 8] = [
    "/portal",
    "/portal/statements",
    "/portal/statements/2026-11",
    "/portal/statements/2026-03",
    "/portal/verify",
    "/portal/invoices",
    "/portal/devices",
    "/portal/approvals",
];

/// The numbers of cedar's held overage.
fn held(site: &Site) -> Vec<i64> {
    let mut actor = Actor::command_line(site.app.provider().expect("a provider"));
    actor.channel = Channel::Program;
    let filter = HeldFilter { client_id: Some(site.app.client_by_code("cedar").expect("cedar")), undecided: true };
    site.app.held_list(&actor, filter).expect("held").iter().map(|held| held.number).collect()
}

#[tokio::test]
async fn a_client_sees_its_hours_first_and_what_becomes_of_them() {
    let site = Site::demo();
    let carla = site.person(APPROVER);
    let page =
        carla.get("/portal").await.ok().shows("left this month, of 15:00 h").shows("are lost if they are not used by 30 Nov 2026");
    page.shows("What was done").shows("Drawn from the allowance").shows("burn-down");
    for path in PAGES {
        carla.get(path).await.ok();
        site.person(CONTACT).get(path).await.ok();
        site.person(OWNER).get(path).await.forbidden();
    }
    let invoices = carla.get("/portal/invoices").await.ok().text();
    let path = invoices.split("href=\"").find(|rest| rest.starts_with("/portal/invoices/")).expect("an invoice");
    let path = path.split('"').next().expect("a path").to_owned();
    carla.get(&path).await.ok().shows("The statement behind it");
    site.person(OTHER_CLIENT).get(&path).await.not_found();
    site.person(OTHER_CLIENT).get(&format!("{path}.pdf")).await.not_found();
}

#[tokio::test]
async fn a_client_meets_no_name_of_another_and_no_note_of_the_provider() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    owner.post("/clients/hazel/notes", &[("body", "a note that no client reads")]).await;
    for (email, own, other) in [(APPROVER, "cedar", "hazel"), (OTHER_CLIENT, "hazel", "cedar")] {
        let person = site.person(email);
        for path in PAGES {
            let reply = person.get(path).await;
            if reply.status == 200 {
                reply.hides(&format!("{other}-")).hides("a note that no client reads");
            }
        }
        person.get(&format!("/clients/{own}")).await.forbidden();
        person.get("/time").await.forbidden();
        person.get("/questions").await.forbidden();
    }
}

#[tokio::test]
async fn a_statement_explains_its_minutes_and_can_be_proven() {
    let site = Site::demo();
    let carla = site.person(APPROVER);
    let page = carla.get("/portal/statements/2026-03").await.ok().shows("How the hours add up").shows("Held for approval").text();
    let entry = page.split("href=\"").find(|rest| rest.contains("/entries/")).expect("an entry");
    let entry = entry.split('"').next().expect("a path").to_owned();
    carla.get(&entry).await.ok().shows("Worked").shows("decided");
    site.person(OTHER_CLIENT).get(&entry).await.not_found();
    let proof = carla.get("/portal/statements/2026-03/proof.json").await.ok();
    assert_eq!(proof.value()["client"], "cedar");
    let read = quarterhour_server::app::proof::read(&proof.body).expect("a proof");
    assert!(quarterhour_server::app::proof::faults(&read, Some(&read.head.hash)).is_empty());
    carla.get("/portal/verify").await.ok().shows(&read.head.hash).shows("quarterhour verify cedar-2026-10.proof.json --head");
    let own = site.person(OTHER_CLIENT).get("/portal/statements/2026-03/proof.json").await.ok();
    assert_eq!(own.value()["client"], "hazel");
    carla.get("/portal/statements/2026-11/proof.json").await.not_found();
    carla.get("/portal/statements/1999-01").await.not_found();
    carla.get("/portal/statements/nonsense").await.not_found();
}

#[tokio::test]
async fn an_approver_releases_with_name_and_reason_on_record() {
    let site = Site::demo();
    let carla = site.person(APPROVER);
    let numbers = held(&site);
    assert!(numbers.len() > 2, "the demo holds overage of cedar");
    let [first, second] = [numbers[0].to_string(), numbers[1].to_string()];
    carla.get("/portal/approvals").await.ok().shows("March 2026").shows("Release: bill it");
    let nameless = [("period", "2026-03"), ("number", first.as_str()), ("reason", " ")];
    carla.post("/portal/approvals/release", &nameless).await.is(422).shows("a few words that stay on record");
    carla.post("/portal/approvals/release", &[("period", "2026-03"), ("reason", "crash")]).await.is(422).shows("None is chosen");
    let both = [("period", "2026-03"), ("number", first.as_str()), ("number", second.as_str()), ("reason", "the server crash")];
    carla.post("/portal/approvals/release", &both).await.leads_to();
    carla.get("/portal/approvals").await.ok().shows("released").shows("Carla Cedar").shows("the server crash");
    assert_eq!(held(&site).len(), numbers.len() - 2);
    carla.post("/portal/approvals/release", &both).await.is(422).shows("is released already");
}

#[tokio::test]
async fn a_refusal_writes_nothing_off_and_reaches_the_provider() {
    let site = Site::demo();
    let (carla, owner) = (site.person(APPROVER), site.person(OWNER));
    let numbers = held(&site);
    let first = numbers[0].to_string();
    let refused = [("period", "2026-03"), ("number", first.as_str()), ("reason", "nobody ordered that")];
    carla.post("/portal/approvals/refuse", &refused).await.leads_to();
    assert_eq!(held(&site).len(), numbers.len(), "it stays held");
    carla.get("/portal/approvals").await.ok().shows("nobody ordered that").shows("It stays unbilled");
    owner.get("/questions").await.ok().shows("nobody ordered that").shows("held overage that it refuses");
    carla.post("/portal/approvals/refuse", &refused).await.is(422).shows("refused number");
    let question = owner.get("/questions").await.text();
    let path = question.split("nobody ordered that").next().and_then(|it| it.rsplit("href=\"").next()?.split('"').next());
    let path = path.expect("a question").to_owned();
    owner.get(&path).await.ok().shows("USD 37.50").shows("/billing/held");
    site.person(DISPATCHER).get(&path).await.ok().hides("USD").hides("/billing/held");
    // Whoever refused may come back on it.
    carla.get("/portal/approvals").await.ok().shows("Release it after all").hides("\" checked>");
    carla.post("/portal/approvals/release", &refused).await.leads_to();
    assert_eq!(held(&site).len(), numbers.len() - 1);
}

#[tokio::test]
async fn a_contact_and_another_client_decide_nothing() {
    let site = Site::demo();
    let number = held(&site)[0].to_string();
    let decision = [("period", "2026-03"), ("number", number.as_str()), ("reason", "why not")];
    for what in ["release", "refuse"] {
        let path = format!("/portal/approvals/{what}");
        site.person(CONTACT).post(&path, &decision).await.forbidden();
        site.person(OWNER).post(&path, &decision).await.forbidden();
        site.person(OTHER_CLIENT).post(&path, &decision).await.not_found();
    }
    site.person(CONTACT).get("/portal/approvals").await.ok().hides("Release: bill it").shows("an approver of your company decides");
    site.person(OTHER_CLIENT).get("/portal/approvals").await.ok().shows("Nothing is held");
}

#[tokio::test]
async fn a_question_about_devices_is_asked_and_answered() {
    let site = Site::demo();
    let (chris, owner) = (site.person(CONTACT), site.person(OWNER));
    chris.post("/portal/questions", &[("topic", "devices"), ("body", "")]).await.is(422).shows("Is this list right?");
    chris.post("/portal/questions", &[("topic", "nonsense"), ("body", "x")]).await.is(422);
    let to = chris.post("/portal/questions", &[("topic", "devices"), ("body", "printer 7 is <b>gone</b>")]).await.leads_to();
    assert_eq!(to, "/portal/devices");
    chris.get("/portal/devices").await.ok().shows("printer 7 is").hides("<b>gone</b>").shows("waits for an answer");
    owner.get("/questions").await.ok().shows("printer 7 is");
    site.person(OTHER_CLIENT).get("/portal/questions").await.ok().hides("printer 7");
}

#[test]
fn no_person_of_a_client_writes_off() {
    let site = Site::demo();
    let mut actor = Actor::command_line(site.app.provider().expect("a provider"));
    actor.role = Role::Approver;
    actor.client_id = site.app.client_by_code("cedar").ok();
    let number = held(&site)[0];
    let refused = site.app.decide_held(&actor, number, quarterhour_server::app::held::Verdict::WriteOff, "", "please");
    assert_eq!(refused.map(|_| ()).map_err(|error| error.status()), Err(403));
}
