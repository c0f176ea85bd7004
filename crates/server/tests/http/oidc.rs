//! Single sign-on, against a provider made up for the tests on this machine.

use std::sync::{Arc, Mutex};

use axum::extract::{Form, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use quarterhour_server::app::settings::OidcSettings;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::browser::{Browser, stored};
use crate::support::{OWNER, Site, TECHNICIAN};

const SECRET: &str = "the secret of the client at the other side";

/// What the other side says of whoever comes.
#[derive(Clone, Debug, Default)]
struct Says {
    subject: String,
    email: String,
    verified: bool,
    nonce: String,
    challenge: String,
    /// Sign with another key.
    forged: bool,
}

#[derive(Clone)]
struct There {
    address: String,
    says: Arc<Mutex<Says>>,
}

async fn discovery(State(there): State<There>) -> Json<Value> {
    let address = there.address;
    Json(json!({
        "issuer": address,
        "authorization_endpoint": format!("{address}/authorize"),
        "token_endpoint": format!("{address}/token"),
        "jwks_uri": format!("{address}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["HS256"],
    }))
}

async fn token(State(there): State<There>, Form(form): Form<Vec<(String, String)>>) -> Json<Value> {
    let says = there.says.lock().expect("not poisoned").clone();
    let field = |name: &str| form.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone()).unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier").as_bytes()));
    if challenge != says.challenge || field("code") != "a-code" {
        return Json(json!({ "error": "invalid_grant" }));
    }
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({
        "iss": there.address, "aud": "quarterhour", "sub": says.subject, "iat": now, "exp": now + 60,
        "nonce": says.nonce, "email": says.email, "email_verified": says.verified,
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
    let key = if says.forged { "another key" } else { SECRET };
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Json(json!({ "access_token": "x", "token_type": "Bearer", "id_token": format!("{text}.{signature}") }))
}

/// Begins the other side, and a site that knows it.
async fn both() -> (Site, There) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let there = There { address: address.clone(), says: Arc::default() };
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/keys", get(|| async { Json(json!({ "keys": [] })) }))
        .route("/token", post(token))
        .with_state(there.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = OidcSettings {
        issuer: address,
        client_id: "quarterhour".to_owned(),
        client_secret: SECRET.to_owned(),
        label: "Northgate account".to_owned(),
    };
    (Site::demo_with(|it| it.oidc = Some(settings)), there)
}

/// Goes to the other side, which says who it is; returns the path back.
async fn departs(browser: &mut Browser, there: &There, subject: &str, email: &str, verified: bool) -> String {
    let url = Url::parse(&browser.get("/sign-in/oidc?next=/account").await.leads_to()).expect("an address");
    assert!(url.as_str().starts_with(&format!("{}/authorize?", there.address)), "{url}");
    let value = |name: &str| url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned()).expect("a value");
    assert_eq!(value("redirect_uri"), "http://127.0.0.1:8080/sign-in/oidc/return");
    assert_eq!(value("code_challenge_method"), "S256");
    *there.says.lock().expect("not poisoned") = Says {
        subject: subject.to_owned(),
        email: email.to_owned(),
        verified,
        nonce: value("nonce"),
        challenge: value("code_challenge"),
        forged: false,
    };
    format!("/sign-in/oidc/return?code=a-code&state={}", value("state"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verified_address_that_is_known_gets_in_and_is_linked_for_good() {
    let (site, there) = both().await;
    let mut browser = Browser::new(&site);
    browser.get("/sign-in").await.ok().shows("Northgate account");
    let back = departs(&mut browser, &there, "s-1", "ANA@northgate.example", true).await;
    assert_eq!(browser.get(&back).await.leads_to(), "/account");
    browser.get("/account").await.ok().shows(TECHNICIAN);
    assert!(browser.get(&back).await.status.is_client_error(), "a way back is gone once");
    // The subject stays the person's, whatever address it has later.
    let mut later = Browser::new(&site);
    let back = departs(&mut later, &there, "s-1", OWNER, true).await;
    later.get(&back).await.leads_to();
    later.get("/account").await.ok().shows(TECHNICIAN);
    // Somebody else who got the address is somebody else.
    let mut other = Browser::new(&site);
    let back = departs(&mut other, &there, "s-2", TECHNICIAN, true).await;
    other.get(&back).await.is(422).shows("did not let you in");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_or_not_verified_does_not_get_in() {
    let (site, there) = both().await;
    for (subject, email, verified) in [("s-3", "nobody@elsewhere.example", true), ("s-4", OWNER, false), ("s-5", "", true)] {
        let mut browser = Browser::new(&site);
        let back = departs(&mut browser, &there, subject, email, verified).await;
        browser.get(&back).await.is(422);
        assert_eq!(browser.session(), "");
    }
    assert_eq!(stored(&site, OWNER).oidc_subject, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_or_from_another_journey_is_refused() {
    let (site, there) = both().await;
    let tampered: [fn(&mut Says); 3] = [|it| it.forged = true, |it| it.nonce = "another".into(), |it| it.challenge = "another".into()];
    for tamper in tampered {
        let mut browser = Browser::new(&site);
        let back = departs(&mut browser, &there, "s-1", OWNER, true).await;
        tamper(&mut there.says.lock().expect("not poisoned"));
        browser.get(&back).await.is(422);
        assert_eq!(browser.session(), "");
    }
    let (mut attacker, mut victim) = (Browser::new(&site), Browser::new(&site));
    let back = departs(&mut attacker, &there, "s-1", TECHNICIAN, true).await;
    victim.get(&back).await.is(422);
    departs(&mut victim, &there, "s-1", TECHNICIAN, true).await;
    victim.get(&back).await.is(422);
    assert_eq!(victim.session(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_factor_and_being_shut_out_hold_there_too() {
    let (site, there) = both().await;
    Browser::new(&site).signed_in(OWNER).await.with_app(&site).await;
    let mut browser = Browser::new(&site);
    let back = departs(&mut browser, &there, "s-1", OWNER, true).await;
    assert!(browser.get(&back).await.leads_to().starts_with("/sign-in/code"));
    assert_eq!(browser.session(), "");
    let id = stored(&site, TECHNICIAN).user_id;
    site.person(OWNER).post(&format!("/users/{id}/disable"), &[]).await.leads_to();
    let back = departs(&mut browser, &there, "s-2", TECHNICIAN, true).await;
    browser.get(&back).await.is(422);
    assert_eq!(browser.session(), "");
}

#[tokio::test]
async fn without_it_there_is_no_way_there() {
    let site = Site::demo();
    site.stranger().get("/sign-in").await.ok().hides("/sign-in/oidc");
    site.stranger().get("/sign-in/oidc").await.not_found();
}
