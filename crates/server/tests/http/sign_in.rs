//! Signing in: words, waits, second factors, sessions. Nobody gets in who should not, and nobody can be shut out.

use crate::browser::{Browser, code_of, stored};
use crate::support::{CONTACT, OWNER, Site, TECHNICIAN};

#[tokio::test]
async fn the_right_password_opens_and_a_wrong_one_says_no_more_than_an_unknown_address() {
    let site = Site::demo();
    let mut browser = Browser::new(&site);
    let wrong = browser.sign_in(OWNER, "not the password").await.is(422).text().replace(OWNER, "");
    let unknown = browser.sign_in("nobody@northgate.example", "not the password").await.is(422).text();
    assert_eq!(wrong, unknown.replace("nobody@northgate.example", ""));
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    let reply = browser.sign_in(" OLIVIA@Northgate.example ", Site::password()).await;
    for cookie in reply.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().expect("text");
        assert!(cookie.contains("; HttpOnly; SameSite=Lax") && cookie.contains("; Path=/"), "{cookie}");
    }
    assert_eq!(reply.leads_to(), "/");
    browser.get("/").await.ok();
}

#[tokio::test]
async fn people_go_where_they_wanted_and_clients_to_their_portal() {
    let site = Site::demo();
    let mut browser = Browser::new(&site);
    let fields = [("email", OWNER), ("password", Site::password()), ("next", "/users?x=1")];
    assert_eq!(browser.post("/sign-in", &fields).await.leads_to(), "/users?x=1");
    let fields = [("email", OWNER), ("password", Site::password()), ("next", "//evil.example")];
    assert_eq!(Browser::new(&site).post("/sign-in", &fields).await.leads_to(), "/");
    assert_eq!(Browser::new(&site).sign_in(CONTACT, Site::password()).await.leads_to(), "/portal");
}

#[tokio::test]
async fn guessing_gets_slow_from_one_place() {
    let site = Site::demo();
    let mut browser = Browser::at(&site, "192.0.2.1");
    for _ in 0..6 {
        browser.sign_in(TECHNICIAN, "a wrong password").await.is(422);
    }
    let reply = browser.sign_in(TECHNICIAN, Site::password()).await.is(429);
    assert!(reply.header("retry-after").parse::<i64>().expect("seconds") >= 1);
    site.app.clock.advance(20);
    browser.sign_in(TECHNICIAN, Site::password()).await.leads_to();
}

#[tokio::test]
async fn lock_out_cannot_be_used_to_shut_somebody_out() {
    let site = Site::demo();
    let mut own = Browser::at(&site, "198.51.100.7").signed_in(OWNER).await;
    own.post("/sign-out", &[]).await.leads_to();
    for host in 0..70 {
        Browser::at(&site, &format!("192.0.2.{host}")).sign_in(OWNER, "a guess of a bot").await;
    }
    let mut stranger = Browser::at(&site, "203.0.113.9");
    stranger.sign_in(OWNER, Site::password()).await.is(429);
    own.sign_in(OWNER, Site::password()).await.leads_to();
    // Another person at the stranger's address is not concerned.
    stranger.sign_in(TECHNICIAN, Site::password()).await.leads_to();
}

#[tokio::test]
async fn a_made_up_device_is_no_known_device() {
    let site = Site::demo();
    let mut browser = Browser::at(&site, "192.0.2.1");
    let own = stored(&site, OWNER).user_id.simple().to_string();
    for number in 0..6 {
        let made_up = format!("{own}-{number:016x}-{}-{}", site.app.clock.now().as_second(), "0".repeat(64));
        browser.cookies.insert("quarterhour-device".to_owned(), made_up);
        browser.sign_in(OWNER, "a wrong password").await.is(422);
    }
    browser.sign_in(OWNER, "a wrong password").await.is(429);
}

#[tokio::test]
async fn a_session_that_was_planted_is_worth_nothing_after_signing_in() {
    let site = Site::demo();
    let mut attacker = Browser::new(&site).signed_in(CONTACT).await;
    let planted = attacker.session();
    let mut victim = Browser::new(&site);
    victim.cookies.insert("quarterhour".to_owned(), planted.clone());
    victim.sign_in(OWNER, Site::password()).await.leads_to();
    assert_ne!(victim.session(), planted);
    attacker.get("/account").await.leads_to();
    let mut made_up = Browser::new(&site);
    made_up.cookies.insert("quarterhour".to_owned(), "chosen-by-somebody".to_owned());
    made_up.sign_in(OWNER, Site::password()).await.leads_to();
    assert_ne!(made_up.session(), "chosen-by-somebody");
}

#[tokio::test]
async fn there_is_no_session_before_the_second_factor_and_a_code_works_once() {
    let site = Site::demo();
    let mut browser = Browser::new(&site).signed_in(OWNER).await;
    let (secret, codes) = browser.with_app(&site).await;
    assert_eq!(codes.len(), 10);
    browser.post("/sign-out", &[]).await.leads_to();
    site.app.clock.advance(60);
    let code = code_of(&secret, site.app.clock.now());

    assert_eq!(browser.sign_in(OWNER, Site::password()).await.leads_to(), "/sign-in/code");
    assert_eq!(browser.session(), "");
    browser.get("/").await.leads_to();
    browser.post("/sign-in/code", &[("code", "000000")]).await.is(422);
    browser.post("/sign-in/code", &[("code", &code)]).await.leads_to();
    browser.get("/").await.ok();

    let mut again = Browser::new(&site);
    again.sign_in(OWNER, Site::password()).await.leads_to();
    again.post("/sign-in/code", &[("code", &code)]).await.is(422).shows("used before");
    // The step before counts as used, too.
    let earlier = code_of(&secret, site.app.clock.now().checked_sub(jiff::SignedDuration::from_secs(30)).expect("a moment"));
    again.post("/sign-in/code", &[("code", &earlier)]).await.is(422);
}

#[tokio::test]
async fn the_code_of_setting_up_does_not_sign_in() {
    let site = Site::demo();
    let mut browser = Browser::new(&site).signed_in(OWNER).await;
    let (secret, _) = browser.with_app(&site).await;
    let mut other = Browser::new(&site);
    other.sign_in(OWNER, Site::password()).await.leads_to();
    let code = code_of(&secret, site.app.clock.now());
    other.post("/sign-in/code", &[("code", &code)]).await.is(422);
}

#[tokio::test]
async fn a_recovery_code_works_once_and_new_ones_replace_the_old() {
    let site = Site::demo();
    let mut browser = Browser::new(&site).signed_in(OWNER).await;
    let (_, codes) = browser.with_app(&site).await;
    let typed = codes[0].to_uppercase().replace('-', " ");
    let mut other = Browser::new(&site);
    other.sign_in(OWNER, Site::password()).await.leads_to();
    other.post("/sign-in/code", &[("code", &typed)]).await.leads_to();
    other.get("/account/security").await.ok().shows("9 recovery codes left");
    let mut again = Browser::new(&site);
    again.sign_in(OWNER, Site::password()).await.leads_to();
    again.post("/sign-in/code", &[("code", &codes[0])]).await.is(422);
    browser.post("/account/recovery-codes", &[]).await.ok();
    again.post("/sign-in/code", &[("code", &codes[1])]).await.is(422);
}

#[tokio::test]
async fn a_started_sign_in_is_over_after_ten_minutes_or_a_new_password() {
    let site = Site::demo();
    let mut browser = Browser::new(&site).signed_in(OWNER).await;
    let (secret, _) = browser.with_app(&site).await;
    let mut slow = Browser::new(&site);
    slow.sign_in(OWNER, Site::password()).await.leads_to();
    site.app.clock.advance(601);
    let code = code_of(&secret, site.app.clock.now());
    assert_eq!(slow.post("/sign-in/code", &[("code", &code)]).await.leads_to(), "/sign-in");
    let mut thief = Browser::new(&site);
    thief.sign_in(OWNER, Site::password()).await.leads_to();
    let fields = [("password", "an entirely other one"), ("again", "an entirely other one")];
    browser.post("/account/password", &fields).await.leads_to();
    site.app.clock.advance(30);
    let code = code_of(&secret, site.app.clock.now());
    thief.post("/sign-in/code", &[("code", &code)]).await.is(422).shows("took too long");
}

#[tokio::test]
async fn codes_cannot_be_guessed_quickly() {
    let site = Site::demo();
    Browser::new(&site).signed_in(OWNER).await.with_app(&site).await;
    let mut thief = Browser::at(&site, "192.0.2.1");
    thief.sign_in(OWNER, Site::password()).await.leads_to();
    for number in 0..6 {
        thief.post("/sign-in/code", &[("code", &format!("{number:06}"))]).await.is(422);
    }
    thief.post("/sign-in/code", &[("code", "000007")]).await.is(429);
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let site = Site::demo();
    let mut browser = Browser::new(&site).signed_in(OWNER).await;
    let kept = browser.session();
    browser.post("/sign-out", &[]).await.leads_to();
    assert_eq!(browser.session(), "");
    browser.cookies.insert("quarterhour".to_owned(), kept);
    assert!(browser.get("/").await.leads_to().starts_with("/sign-in"));
}

#[tokio::test]
async fn passkeys_need_a_name_and_say_nothing_of_accounts() {
    let site = Site::demo();
    site.stranger().get("/sign-in/passkey").await.not_found();
    site.stranger().post("/sign-in/passkey/options", &[("email", OWNER)]).await.is(422);
    let named = Site::demo_at("http://localhost:8080");
    let ask = async |email: &str| named.stranger().post("/sign-in/passkey/options", &[("email", email)]).await.ok().value();
    let (known, unknown) = (ask(OWNER).await, ask("nobody@example.com").await);
    let shape = |value: &serde_json::Value| {
        let mut value = value.clone();
        value["publicKey"]["challenge"] = "".into();
        value["publicKey"]["allowCredentials"] = "".into();
        value["carried"] = value["carried"].as_str().expect("text").len().into();
        value
    };
    assert_eq!(shape(&known), shape(&unknown));
    let ids = |value: &serde_json::Value| value["publicKey"]["allowCredentials"].clone();
    assert!(!ids(&unknown).as_array().expect("a list").is_empty());
    assert_eq!(ids(&unknown), ids(&ask("nobody@example.com").await), "the same each time");
    assert_ne!(known["publicKey"]["challenge"], unknown["publicKey"]["challenge"]);
}
