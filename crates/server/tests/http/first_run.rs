//! The first run: every page leads to it, it is open to this machine and to whoever has the code, and it happens once.

use quarterhour_store::statements::{provider, user};

use crate::browser::Browser;
use crate::support::Site;

fn form<'a>(name: &'a str, email: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("name", name),
        ("country", "us"),
        ("currency", "USD"),
        ("time_zone", "America/New_York"),
        ("opens", "08:00"),
        ("closes", "18:00"),
        ("hourly", "125"),
        ("owner_name", "Olga Owner"),
        ("email", email),
        ("password", "a few unrelated words"),
    ];
    fields.extend(["mon", "tue", "wed", "thu", "fri"].map(|day| ("day", day)));
    fields
}

#[tokio::test]
async fn every_page_leads_to_the_first_run_and_it_ends_on_the_dashboard() {
    let site = Site::empty();
    let mut browser = Browser::new(&site);
    for path in ["/", "/clients", "/sign-in", "/account", "/nowhere"] {
        assert_eq!(browser.get(path).await.leads_to(), "/setup", "{path}");
    }
    browser.get("/api/v1/clients").await.is(422).shows("no provider yet");
    browser.get("/health").await.ok();
    browser.get("/setup").await.ok().shows("Set up your company").hides("Setup code");
    assert_eq!(browser.post("/setup", &form("Northgate IT", "olga@northgate.example")).await.leads_to(), "/");
    browser.get("/").await.ok().shows("Olga Owner");
    assert_eq!(browser.get("/setup").await.leads_to(), "/");
    Browser::new(&site).sign_in("olga@northgate.example", "a few unrelated words").await.leads_to();
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_what_was_typed_stays() {
    let site = Site::empty();
    let mut browser = Browser::new(&site);
    let mut fields = form("Northgate \"IT\"", "olga");
    for field in &mut fields {
        match field.0 {
            "currency" => field.1 = "XX",
            "password" => field.1 = "short",
            "hourly" => field.1 = "much",
            _ => {}
        }
    }
    let page = browser
        .post("/setup", &fields)
        .await
        .is(422)
        .shows("Olga Owner")
        .shows("ISO 4217")
        .shows("ann@example.com")
        .shows("12 to 200")
        .shows("an amount");
    page.hides("\"short\"");
    assert!(site.app.find_provider().expect("read").is_none());
}

#[tokio::test]
async fn a_stranger_on_the_network_needs_the_code() {
    let site = Site::empty();
    let mut stranger = Browser::at(&site, "192.0.2.66");
    stranger.get("/setup").await.ok().shows("Setup code");
    let mut fields = form("Evil", "evil@evil.example");
    stranger.post("/setup", &fields).await.is(422).shows("not the code");
    fields.push(("code", "aaaaa-aaaaa-aaaaa-aaaaa"));
    for _ in 0..6 {
        stranger.post("/setup", &fields).await;
    }
    stranger.post("/setup", &fields).await.is(429);
    // A page of another site that gave itself the address of this machine is no better.
    let mut rebound = Browser::new(&site);
    rebound.host = "evil.example:8080";
    rebound.post("/setup", &fields).await.is(422);
    let mut rebound = Browser::new(&site);
    rebound.old = true;
    rebound.post("/setup", &form("Evil", "evil@evil.example")).await.is(422);
    assert!(site.app.find_provider().expect("read").is_none());
    let code = site.app.setup_code().expect("a code").expect("not done");
    let mut invited = Browser::at(&site, "198.51.100.7");
    let mut fields = form("Northgate IT", "olga@northgate.example");
    fields.push(("code", &code));
    invited.post("/setup", &fields).await.leads_to();
    assert!(site.app.setup_code().expect("read").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_at_once_give_one_provider_and_one_owner() {
    let site = Site::empty();
    let mut browsers: Vec<Browser> = (0..4).map(|_| Browser::new(&site)).collect();
    let [a, b, c, d] = browsers.as_mut_slice() else { unreachable!("four of them") };
    let forms: Vec<_> = ["a", "b", "c", "d"].map(|name| format!("{name}@northgate.example")).to_vec();
    let forms: Vec<_> = ["A", "B", "C", "D"].into_iter().zip(&forms).map(|(name, email)| form(name, email)).collect();
    let replies = tokio::join!(
        a.post("/setup", &forms[0]),
        b.post("/setup", &forms[1]),
        c.post("/setup", &forms[2]),
        d.post("/setup", &forms[3])
    );
    let signed_in = [a, b, c, d].into_iter().filter(|browser| !browser.session().is_empty()).count();
    assert_eq!(signed_in, 1, "{replies:?}");
    let found = site.app.store.read(provider::find_first).expect("read").expect("a provider");
    let users = site.app.store.read(|tx| user::list_all(tx, found.provider_id)).expect("read");
    assert_eq!(users.len(), 1);
    assert_eq!(found.name.to_lowercase(), users[0].email.split('@').next().expect("a name"));
}

#[tokio::test]
async fn books_that_were_imported_ask_for_the_owner_only() {
    let site = Site::imported();
    let mut browser = Browser::new(&site);
    assert_eq!(browser.get("/clients").await.leads_to(), "/setup");
    browser.get("/setup").await.ok().shows("Set up the owner").hides("Business hours");
    let owner = [("owner_name", "Olga Owner"), ("email", "olga@northgate.example"), ("password", "a few unrelated words")];
    assert_eq!(browser.post("/setup", &owner).await.leads_to(), "/");
    browser.get("/clients").await.ok();
}
