//! What surrounds every answer: headers, refusals of other sites, sizes, health.

use axum::body::Body;
use axum::http::Request;

use crate::support::{OWNER, Site};

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
