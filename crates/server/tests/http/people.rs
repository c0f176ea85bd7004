//! People, managed and managing themselves: invitations, roles, sessions, tokens, the own account.

use axum::http::Method;
use quarterhour_server::app::events::Event;
use serde_json::json;
use uuid::Uuid;

use crate::browser::{Browser, between, stored};
use crate::support::{APPROVER, BOOK_KEEPER, CONTACT, Caller, DISPATCHER, OWNER, Reply, Site, TECHNICIAN};

const PASSWORD: &str = "a few unrelated words";

fn link(reply: Reply) -> String {
    let link = between(&reply.ok().text(), "<code>http://127.0.0.1:8080", "</code>");
    assert!(link.starts_with("/invitations/"), "{link}");
    link
}

async fn invite(owner: &Caller, name: &str, email: &str, role: &str, client: &str) -> Reply {
    owner.post("/users", &[("name", name), ("email", email), ("role", role), ("client", client), ("technician", "")]).await
}

#[tokio::test]
async fn an_invitation_opens_once() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let link = link(invite(&owner, "Nora New", "nora@northgate.example", "dispatcher", "").await);
    let mut browser = Browser::new(&site);
    let page = browser.get(&link).await.ok().shows("Nora New");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    browser.post(&link, &[("password", "short"), ("again", "short")]).await.is(422);
    browser.post(&link, &[("password", PASSWORD), ("again", "other words than these")]).await.is(422).shows("not the same");
    browser.post(&link, &[("password", PASSWORD), ("again", PASSWORD)]).await.leads_to();
    browser.get("/").await.ok().shows("Nora New");
    let mut second = Browser::new(&site);
    second.get(&link).await.not_found();
    second.post(&link, &[("password", PASSWORD), ("again", PASSWORD)]).await.not_found();
    second.sign_in("nora@northgate.example", PASSWORD).await.leads_to();
}

#[tokio::test]
async fn two_who_use_an_invitation_at_once_do_not_both_get_in() {
    let site = Site::demo();
    let link = link(invite(&site.person(OWNER), "Nora New", "nora@northgate.example", "dispatcher", "").await);
    let (mut one, mut other) = (Browser::new(&site), Browser::new(&site));
    let (first, second) = ("the words of the first", "the words of the second");
    let (first, second) = ([("password", first), ("again", first)], [("password", second), ("again", second)]);
    let (one, other) = tokio::join!(one.post(&link, &first), other.post(&link, &second));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
}

#[tokio::test]
async fn an_invitation_is_over_after_seven_days_or_by_a_newer_one() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let first = link(invite(&owner, "Nora New", "nora@northgate.example", "technician", "").await);
    let nora = stored(&site, "nora@northgate.example").user_id;
    let second = link(owner.post(&format!("/users/{nora}/link"), &[]).await);
    site.stranger().get(&first).await.not_found();
    site.stranger().get(&second).await.ok();
    site.app.clock.advance(7 * 24 * 3600 + 1);
    site.stranger().get(&second).await.not_found();
}

#[tokio::test]
async fn a_new_password_by_link_does_not_pass_the_second_factor_and_ends_sessions() {
    let site = Site::demo();
    let mut technician = Browser::new(&site).signed_in(TECHNICIAN).await;
    technician.with_app(&site).await;
    let id = stored(&site, TECHNICIAN).user_id;
    let link = link(site.person(OWNER).post(&format!("/users/{id}/link"), &[]).await);
    let mut browser = Browser::new(&site);
    assert_eq!(browser.post(&link, &[("password", PASSWORD), ("again", PASSWORD)]).await.leads_to(), "/sign-in/code");
    assert_eq!(browser.session(), "");
    assert!(technician.get("/").await.leads_to().starts_with("/sign-in"));
}

#[tokio::test]
async fn what_is_wrong_with_an_invitation_is_said_at_its_field() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    invite(&owner, "Ana Again", OWNER, "technician", "").await.is(422).shows("has this address");
    invite(&owner, "ana", "other@northgate.example", "technician", "").await.is(422).shows("carries this name");
    invite(&owner, "C", "c@cedar.example", "contact", "").await.is(422).shows("Choose the client that");
    invite(&owner, "C", "c@cedar.example", "king", "").await.is(422).shows("Choose what the person does");
    invite(&owner, "", "nothing", "owner", "").await.is(422).shows("ann@example.com");
}

#[tokio::test]
async fn the_last_owner_stays() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let (olivia, ana) = (stored(&site, OWNER).user_id, stored(&site, TECHNICIAN).user_id);
    let demote = [("name", "Olivia Grant"), ("email", OWNER), ("role", "technician"), ("technician", "Olivia")];
    owner.post(&format!("/users/{olivia}"), &demote).await.is(409).shows("last owner");
    owner.post(&format!("/users/{olivia}/disable"), &[]).await.is(409);
    let promote = [("name", "Ana"), ("email", TECHNICIAN), ("role", "owner"), ("technician", "Ana")];
    owner.post(&format!("/users/{ana}"), &promote).await.leads_to();
    // Two owners who shut each other out at once: one of them stays.
    let second = site.person(TECHNICIAN);
    let (by_olivia, by_ana) = (format!("/users/{ana}/disable"), format!("/users/{olivia}/disable"));
    let (one, other) = tokio::join!(owner.post(&by_olivia, &[]), second.post(&by_ana, &[]));
    let done = [one.status.as_u16(), other.status.as_u16()].iter().filter(|status| **status == 303).count();
    let provider = site.app.provider().expect("a provider");
    let owners = site.app.store.read(|tx| quarterhour_store::statements::user::count_owners(tx, provider)).expect("read");
    assert!(owners == 1 && done >= 1, "{owners} owners, {done} done");
}

#[tokio::test]
async fn whoever_is_shut_out_is_out_at_once() {
    let site = Site::demo();
    let mut technician = Browser::new(&site).signed_in(TECHNICIAN).await;
    let token = site.token(TECHNICIAN, "read");
    technician.get("/").await.ok();
    token.get("/api/v1/clients").await.ok();
    let (owner, id) = (site.person(OWNER), stored(&site, TECHNICIAN).user_id);
    owner.post(&format!("/users/{id}/disable"), &[]).await.leads_to();
    assert!(technician.get("/").await.leads_to().starts_with("/sign-in"));
    token.get("/api/v1/clients").await.is(401);
    technician.sign_in(TECHNICIAN, Site::password()).await.is(422).shows("do not belong together");
    owner.post(&format!("/users/{id}/link"), &[]).await.is(409);
    owner.post(&format!("/users/{id}/enable"), &[]).await.leads_to();
    assert!(technician.get("/").await.leads_to().starts_with("/sign-in"), "sessions do not come back");
    token.get("/api/v1/clients").await.is(401);
    technician.sign_in(TECHNICIAN, Site::password()).await.leads_to();
}

#[tokio::test]
async fn open_streams_end_with_the_session() {
    let site = Site::demo();
    let id = stored(&site, TECHNICIAN).user_id;
    let mut heard = site.app.events.listen();
    site.person(OWNER).post(&format!("/users/{id}/disable"), &[]).await.leads_to();
    assert_eq!(heard.try_recv().expect("an event"), Event::Person(id));
    site.person(OWNER).post(&format!("/users/{id}/enable"), &[]).await.leads_to();
    let technician = site.person(TECHNICIAN);
    listened(&site, &technician, id).await;
}

/// What a stream said until the person was signed out; `person` listens, `id` is theirs.
async fn listened(site: &Site, person: &Caller, id: Uuid) -> String {
    let others = async {
        loop {
            tokio::task::yield_now().await;
            site.app.events.tell(Event::Person(stored(site, OWNER).user_id));
            site.app.events.tell(Event::Person(id));
        }
    };
    tokio::select! {
        reply = person.get("/live") => reply.ok().text(),
        () = others => String::new(),
    }
}

#[tokio::test]
async fn a_page_learns_that_it_missed_a_change_while_it_loaded() {
    let site = Site::demo();
    let (technician, id) = (site.person(TECHNICIAN), stored(&site, TECHNICIAN).user_id);
    let count = |page: &str| between(page, "data-told=\"", "\"").parse().ok();
    let page = technician.get("/").await.ok().text();
    let before: u64 = count(&page).expect("a page says how many changes it has heard of");
    assert!(before <= site.app.events.count());
    site.app.events.tell(Event::Books);
    let stream = listened(&site, &technician, id).await;
    let told: u64 = between(&stream, "event: told\ndata: ", "\n").parse().expect("the stream begins with the count");
    assert!(told > before, "others changed something meanwhile: {told}");
}

#[tokio::test]
async fn a_role_that_was_taken_is_gone_at_once() {
    let site = Site::demo();
    let mut keeper = Browser::new(&site).signed_in(BOOK_KEEPER).await;
    let id = stored(&site, BOOK_KEEPER).user_id;
    let to_contact = [("name", "Ben Okafor"), ("email", BOOK_KEEPER), ("role", "contact"), ("client", "cedar"), ("technician", "")];
    site.person(OWNER).post(&format!("/users/{id}"), &to_contact).await.leads_to();
    assert!(keeper.get("/").await.leads_to().starts_with("/sign-in"));
    keeper.sign_in(BOOK_KEEPER, Site::password()).await.leads_to();
    keeper.get("/clients").await.forbidden();
}

#[tokio::test]
async fn only_an_owner_manages_people_and_reads_the_log() {
    let site = Site::demo();
    let olivia = stored(&site, OWNER).user_id;
    for email in [BOOK_KEEPER, DISPATCHER, TECHNICIAN, APPROVER, CONTACT] {
        let person = site.person(email);
        person.get("/users").await.forbidden();
        person.get("/audit").await.forbidden();
        person.get("/audit/export.csv").await.forbidden();
        person.post(&format!("/users/{olivia}/link"), &[]).await.forbidden();
        person.post(&format!("/users/{olivia}/second-factor"), &[]).await.forbidden();
    }
}

#[tokio::test]
async fn what_matters_asks_once_more_who_it_is() {
    let site = Site::demo();
    let mut browser = Browser::new(&site).signed_in(OWNER).await;
    site.app.clock.advance(15 * 60);
    let id = stored(&site, TECHNICIAN).user_id;
    let link = format!("/users/{id}/link");
    let steps: [(&str, &[(&str, &str)]); 6] = [
        ("/account/password", &[("password", PASSWORD), ("again", PASSWORD)]),
        ("/account/tokens", &[("name", "x"), ("scope", "read"), ("days", "30")]),
        ("/account/totp/off", &[]),
        ("/account/recovery-codes", &[]),
        ("/users", &[("name", "x"), ("email", "x@example.com"), ("role", "owner")]),
        (&link, &[]),
    ];
    for (path, fields) in steps {
        let to = browser.post(path, fields).await.leads_to();
        assert!(to.starts_with("/confirm?next="), "{path}: {to}");
    }
    browser.post("/confirm", &[("secret", "not it"), ("next", "/account/tokens")]).await.is(422);
    let fields = [("secret", Site::password()), ("next", "/account/tokens")];
    assert_eq!(browser.post("/confirm", &fields).await.leads_to(), "/account/tokens");
    browser.post("/account/tokens", steps[1].1).await.ok().shows("qh_");
    for _ in 0..6 {
        browser.post("/confirm", &[("secret", "a guess")]).await;
    }
    browser.post("/confirm", &fields).await.is(429);
}

#[tokio::test]
async fn a_token_is_shown_once_and_allows_its_scopes_only() {
    let site = Site::demo();
    let mut technician = Browser::new(&site).signed_in(TECHNICIAN).await;
    technician.post("/account/tokens", &[("name", "x"), ("scope", "admin"), ("days", "30")]).await.is(422);
    technician.post("/account/tokens", &[("name", "x"), ("scope", "read"), ("days", "4000")]).await.is(422);
    technician.post("/account/tokens", &[("name", ""), ("days", "30")]).await.is(422);
    let page = technician.post("/account/tokens", &[("name", "reports"), ("scope", "read"), ("days", "30")]).await.ok().text();
    let token = format!("qh_{}", between(&page, "<code>qh_", "</code>"));
    technician.get("/account/tokens").await.ok().shows("reports").hides(&token);
    let mut program = site.stranger();
    program.token = Some(token);
    program.get("/api/v1/clients").await.ok();
    let entry = json!({ "client": "cedar", "technician": "Ana", "started_at": "2026-11-25T14:00:00Z", "minutes": 5, "note": "x" });
    program.json(Method::POST, "/api/v1/time-entries", &entry).await.forbidden();
    // A token opens no page: what belongs to the person is not for programs.
    for path in ["/account", "/account/tokens", "/users", "/"] {
        assert!(program.get(path).await.leads_to().starts_with("/sign-in"), "{path}");
    }
    site.app.clock.advance(30 * 24 * 3600);
    program.get("/api/v1/clients").await.is(401);
}

#[tokio::test]
async fn a_token_is_revoked_by_its_person_or_an_owner_and_by_nobody_else() {
    let site = Site::demo();
    let tokens = [site.token(TECHNICIAN, "read"), site.token(TECHNICIAN, "read")];
    let technician = stored(&site, TECHNICIAN).user_id;
    let ids: Vec<String> = {
        let page = site.person(TECHNICIAN).get("/account/tokens").await.ok().text();
        page.split("/account/tokens/")
            .skip(1)
            .filter_map(|rest| rest.split("/revoke").next())
            .filter(|id| id.len() == 36)
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(ids.len(), 2);
    let mut stranger = Browser::new(&site).signed_in(CONTACT).await;
    stranger.post(&format!("/account/tokens/{}/revoke", ids[0]), &[]).await.not_found();
    tokens[0].get("/api/v1/clients").await.ok();
    site.person(TECHNICIAN).post(&format!("/account/tokens/{}/revoke", ids[0]), &[]).await.leads_to();
    site.person(OWNER).post(&format!("/users/{technician}/tokens/{}/revoke", ids[1]), &[]).await.leads_to();
    tokens[0].get("/api/v1/clients").await.is(401);
    tokens[1].get("/api/v1/clients").await.is(401);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let site = Site::demo();
    let mut here = Browser::new(&site).signed_in(CONTACT).await;
    let mut there = Browser::new(&site).signed_in(CONTACT).await;
    here.post("/account/password", &[("password", "aaaaaaaaaaaaaaaa"), ("again", "aaaaaaaaaaaaaaaa")])
        .await
        .is(422)
        .shows("easy to guess");
    here.post("/account/password", &[("password", PASSWORD), ("again", PASSWORD)]).await.leads_to();
    here.get("/account").await.ok();
    assert!(there.get("/account").await.leads_to().starts_with("/sign-in"));
    there.sign_in(CONTACT, Site::password()).await.is(422);
    there.sign_in(CONTACT, PASSWORD).await.leads_to();
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_own_person_only() {
    let site = Site::demo();
    let mut here = Browser::at(&site, "198.51.100.7").signed_in(TECHNICIAN).await;
    let mut there = Browser::at(&site, "203.0.113.5").signed_in(TECHNICIAN).await;
    let page = here.get("/account/sessions").await.ok().shows("203.0.113.5").shows("this one").text();
    let names = page.split("/account/sessions/").skip(1).filter_map(|rest| rest.split("/end\"").next());
    let name = names.filter(|name| name.len() == 16).last().expect("a session that can be ended");
    let end = format!("/account/sessions/{name}/end");
    let mut stranger = Browser::new(&site).signed_in(CONTACT).await;
    stranger.post(&end, &[]).await.not_found();
    there.get("/").await.ok();
    here.post(&end, &[]).await.leads_to();
    assert!(there.get("/").await.leads_to().starts_with("/sign-in"));
    let mut third = Browser::new(&site).signed_in(TECHNICIAN).await;
    here.post("/account/sessions/end-others", &[]).await.leads_to();
    assert!(third.get("/").await.leads_to().starts_with("/sign-in"));
    here.get("/").await.ok();
}

#[tokio::test]
async fn a_name_is_ones_own_to_choose_and_nothing_else() {
    let site = Site::demo();
    let technician = site.person(TECHNICIAN);
    let fields = [("name", "Ana <b>Lopez</b>"), ("role", "owner"), ("technician", "Ben"), ("email", OWNER)];
    technician.post("/account", &fields).await.leads_to();
    technician.get("/account").await.ok().hides("<b>Lopez</b>").shows("Technician");
    let ana = stored(&site, TECHNICIAN);
    assert_eq!((ana.name.as_str(), ana.role.as_str(), ana.technician.as_str()), ("Ana <b>Lopez</b>", "technician", "Ana"));
    technician.post("/account", &[("name", "  ")]).await.is(422);
}

#[tokio::test]
async fn a_lost_second_factor_is_reset_by_an_owner() {
    let site = Site::demo();
    let mut technician = Browser::new(&site).signed_in(TECHNICIAN).await;
    technician.with_app(&site).await;
    let id = stored(&site, TECHNICIAN).user_id;
    site.person(OWNER).get(&format!("/users/{id}")).await.ok().shows("Authenticator app");
    site.person(OWNER).post(&format!("/users/{id}/second-factor"), &[]).await.leads_to();
    assert!(technician.get("/").await.leads_to().starts_with("/sign-in"));
    assert_eq!(technician.sign_in(TECHNICIAN, Site::password()).await.leads_to(), "/");
}

#[tokio::test]
async fn a_token_opens_no_way_in_for_owners_or_for_its_own_person() {
    let site = Site::demo();
    let token = site.token(OWNER, "admin");
    let (olivia, ana) = (stored(&site, OWNER).user_id, stored(&site, TECHNICIAN).user_id);
    token.call(Method::POST, &format!("/api/v1/people/{olivia}/link")).await.forbidden().shows("by a token");
    token.call(Method::DELETE, &format!("/api/v1/people/{olivia}/second-factor")).await.forbidden();
    token.call(Method::POST, &format!("/api/v1/people/{ana}/link")).await.is(200);
    let person = |role: &str| json!({ "name": "Ana Diaz", "email": TECHNICIAN, "role": role });
    token.json(Method::PUT, &format!("/api/v1/people/{ana}"), &person("owner")).await.forbidden();
    let new = json!({ "name": "Otto", "email": "otto@northgate.example", "role": "owner" });
    token.json(Method::POST, "/api/v1/people", &new).await.forbidden();
    assert_eq!(stored(&site, TECHNICIAN).role, "technician");
}

#[tokio::test]
async fn an_invitation_ends_when_address_or_role_change() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    for (index, (email, role)) in
        [("right@northgate.example", "technician"), ("nora1@northgate.example", "book-keeper")].into_iter().enumerate()
    {
        let (name, first) = (format!("Nora {index}"), format!("nora{index}@northgate.example"));
        let link = link(invite(&owner, &name, &first, "technician", "").await);
        let path = format!("/users/{}", stored(&site, &first).user_id);
        site.stranger().get(&link).await.ok();
        owner.post(&path, &[("name", &name), ("email", email), ("role", role), ("client", ""), ("technician", "")]).await.leads_to();
        site.stranger().get(&link).await.not_found();
    }
}

#[tokio::test]
async fn nobody_takes_the_name_of_somebody_else() {
    let site = Site::demo();
    let ana = site.person(TECHNICIAN);
    ana.post("/account", &[("name", "olivia GRANT")]).await.is(422).shows("tells the two apart");
    site.person(APPROVER).post("/account", &[("name", "Olivia Grant")]).await.is(422);
    ana.post("/account", &[("name", "Ana Maria Diaz")]).await.leads_to();
    invite(&site.person(OWNER), "Olivia Grant", "o2@northgate.example", "owner", "").await.is(422).shows("tells the two apart");
}
