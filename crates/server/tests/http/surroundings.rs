//! What surrounds every answer: headers, refusals of other sites, sizes, health.

use axum::body::Body;
use axum::http::Request;

use crate::support::{Caller, OWNER, Site, TECHNICIAN};

#[tokio::test]
async fn every_answer_has_a_strict_policy() {
    let site = Site::demo();
    for path in ["/sign-in", "/", "/nowhere", "/health"] {
        let reply = site.person(OWNER).get(path).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn another_site_cannot_post() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let request = Request::post("/sign-out").header(name, value).header("host", "127.0.0.1:8080");
        owner.send(request.body(Body::empty()).expect("a request")).await.forbidden();
    }
    owner.get("/").await.ok();
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let site = Site::demo();
    let long = "x".repeat(3 << 20);
    let reply = site.stranger().post("/sign-in", &[("email", &long), ("password", "x")]).await;
    assert_eq!(reply.status.as_u16(), 413);
}

#[tokio::test]
async fn health_and_readiness_are_open_and_metrics_are_not() {
    let site = Site::demo();
    site.stranger().get("/health").await.ok().shows("ok");
    site.stranger().get("/ready").await.ok().shows("ready");
    site.stranger().get("/metrics").await.not_found();
}

#[tokio::test]
async fn a_wrong_path_is_a_page_with_a_way_out() {
    let site = Site::demo();
    site.person(OWNER).get("/nowhere").await.not_found().shows("Go to the start page");
    let reply = site.stranger().get("/api/nowhere").await.not_found();
    assert_eq!(reply.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn a_browser_is_refused_by_a_page_with_a_way_out() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    for (method, path) in [("GET", "/sign-out"), ("GET", "/clients/cedar/devices/nonsense"), ("GET", "/nowhere")] {
        let request = Request::builder().method(method).uri(path).header("accept", "text/html,*/*");
        let reply = owner.send(request.body(Body::empty()).expect("a request")).await;
        assert!(reply.status.is_client_error(), "{path}: {}", reply.status);
        reply.shows("Go to the start page");
    }
}

/// Zero bytes in every kind of input: no text has one, and PostgreSQL keeps none.
async fn zero_bytes_are_refused(site: &Site, technician: &Caller) {
    let owner = site.person(OWNER);
    let stranger = site.stranger();
    for (caller, path, fields) in [
        (&stranger, "/sign-in", vec![("email", "a\0b@example.com"), ("password", "x")]),
        (technician, "/time/timer/start", vec![("client", "fir"), ("note", "a\0b")]),
        (technician, "/time/quick", vec![("line", "fir printer\0 25m")]),
        (&owner, "/clients/fir/notes", vec![("body", "a\0b")]),
        (&owner, "/billing/invoices/300/payments", vec![("amount", "1.00"), ("on", "2026-11-20"), ("method", "a\0b")]),
    ] {
        let status = caller.post(path, &fields).await.status.as_u16();
        assert!(matches!(status, 401 | 404 | 422), "{path}: {status}");
    }
    for path in ["/clients/a%00b", "/time?who=a%00b", "/clients?search=%00", "/audit?who=%00", "/api/v1/clients/a%00b"] {
        let status = owner.get(path).await.status.as_u16();
        assert!(matches!(status, 200 | 404 | 422), "{path}: {status}");
    }
}

#[tokio::test]
async fn a_zero_byte_is_refused_everywhere() {
    let site = Site::demo();
    zero_bytes_are_refused(&site, &site.person(TECHNICIAN)).await;
}

#[test]
fn a_zero_byte_is_refused_on_a_server_database_too() {
    let (site, _database) = Site::demo_on_postgres();
    let technician = site.person(TECHNICIAN);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(zero_bytes_are_refused(&site, &technician));
}

#[tokio::test]
async fn a_word_of_what_was_done_stays_on_this_host_and_on_tls() {
    let site = Site::demo_at("https://support.example.com");
    let said = site.person(TECHNICIAN).post("/time/quick", &[("line", "fir printer 25m")]).await;
    let all = said.headers.get_all("set-cookie").iter().filter_map(|it| it.to_str().ok()).collect::<Vec<_>>();
    let word = all.iter().find(|it| it.contains("-flash=")).expect("a word");
    assert!(word.starts_with("__Host-quarterhour-flash=") && word.contains("; Secure"), "{word}");
}

#[tokio::test]
async fn an_id_of_a_request_is_kept_only_if_it_is_short_and_plain() {
    let site = Site::demo();
    for (sent, kept) in [("req-1.a:2", true), ("<script>", false), (&"x".repeat(65), false)] {
        let request = Request::get("/health").header("x-request-id", sent).body(Body::empty()).expect("a request");
        let id = site.stranger().send(request).await.header("x-request-id");
        assert_eq!(id == sent, kept, "{sent} {id}");
        assert!(!id.is_empty());
    }
}

#[tokio::test]
async fn behind_a_proxy_only_its_own_word_about_an_address_counts() {
    let site = Site::demo_with(|settings| settings.trust_proxy = true);
    let request =
        Request::post("/sign-in").header("x-forwarded-for", "198.51.100.7").header("x-forwarded-for", "10.0.0.1, 203.0.113.9");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let password = Site::password().replace(' ', "+");
    let body = Body::from(format!("email={OWNER}&password={password}"));
    let reply = site.stranger().send(request.body(body).expect("a request")).await;
    assert_eq!(reply.status.as_u16(), 303);
    site.person(OWNER).get("/audit").await.ok().shows("203.0.113.9").hides("198.51.100.7");
}
