//! Every route, with everybody who must be refused: generated from the list of routes, so that none is forgotten.

use axum::http::{Method, StatusCode};
use quarterhour_server::app::actor::{Permission, Role};
use quarterhour_server::web;
use quarterhour_server::web::routes::{Access, Route};

use crate::support::{APPROVER, BOOK_KEEPER, CONTACT, Caller, DISPATCHER, OTHER_CLIENT, OWNER, Site, TECHNICIAN};

/// Something real for each parameter of a path: the client is `cedar`, and what is asked for is cedar's.
fn real(name: &str) -> &'static str {
    match name {
        "code" | "client" => "cedar",
        "comparison" => "01936b5e-0000-7000-8000-000000000001",
        "period" => "2026-03",
        "number" | "credit" | "invoice" | "held" => "3",
        "week" => "2026-W47",
        "agreement" | "name" => "cedar",
        "what" => "company",
        "bought" => "2026-11-20",
        "hours" => "10",
        "entry" | "id" | "person" | "device" | "note" | "question" | "job" | "user" | "token" | "template" | "webhook"
        | "delivery" | "credential" | "session" | "ticket" | "payment" | "hold" | "invitation" | "key" | "year" | "date" | "hash"
        | "kind" | "file" => "01936b5e-0000-7000-8000-000000000001",
        other => unreachable!("access.rs knows nothing for the parameter `{other}` of a path; add it to `real`"),
    }
}

/// The path of a route with something real in it.
fn path(route: &Route) -> String {
    let parts = route.path.split('/').map(|part| {
        let Some((before, rest)) = part.split_once('{') else { return part.to_owned() };
        let (name, after) = rest.split_once('}').unwrap_or((rest, ""));
        format!("{before}{}{after}", real(name.trim_start_matches('*')))
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn call(caller: &Caller, route: &Route) -> (StatusCode, String) {
    let reply = match route.method {
        Method::POST if !route.path.starts_with("/api/") => caller.post(&path(route), &[]).await,
        _ => caller.call(route.method.clone(), &path(route)).await,
    };
    let to = reply.header("location");
    (reply.status, to)
}

/// The stream of events never ends, so it is not read here.
fn guarded() -> Vec<Route> {
    let routes = web::routes();
    let routes = routes.routes().iter().filter(|route| route.access != Access::Anyone && route.path != "/live");
    routes.cloned().collect()
}

#[tokio::test]
async fn a_stranger_is_refused_everywhere() {
    let site = Site::demo();
    let stranger = site.stranger();
    for route in guarded() {
        let (status, to) = call(&stranger, &route).await;
        let sent_away = status == StatusCode::SEE_OTHER && to.starts_with("/sign-in?next=");
        assert!(sent_away || status == StatusCode::UNAUTHORIZED, "{} {}: {status} {to}", route.method, route.path);
    }
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_everywhere() {
    let site = Site::demo();
    let mut caller = site.stranger();
    caller.token = Some("qh_made_up".to_owned());
    for route in guarded() {
        let (status, to) = call(&caller, &route).await;
        let sent_away = status == StatusCode::SEE_OTHER && to.starts_with("/sign-in?next=");
        assert!(sent_away || status == StatusCode::UNAUTHORIZED, "{} {}: {status} {to}", route.method, route.path);
    }
}

const PEOPLE: [(Role, &str); 6] = [
    (Role::Owner, OWNER),
    (Role::BookKeeper, BOOK_KEEPER),
    (Role::Dispatcher, DISPATCHER),
    (Role::Technician, TECHNICIAN),
    (Role::Approver, APPROVER),
    (Role::Contact, CONTACT),
];

#[tokio::test]
async fn a_lesser_role_is_refused_everywhere() {
    let site = Site::demo();
    let mut refused = 0;
    for (role, email) in PEOPLE {
        let person = site.person(email);
        for route in guarded() {
            let Access::May(permission) = route.access else { continue };
            if !role.may(permission) {
                let (status, to) = call(&person, &route).await;
                // The start of the provider's pages leads a client's person to the portal.
                let is_start = route.path == "/" && role.is_of_client();
                assert_eq!(is_start, to == "/portal", "{} {}", role.name(), route.path);
                let expected = if is_start { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
                assert_eq!(status, expected, "{} may {} {}", role.name(), route.method, route.path);
                refused += 1;
            }
        }
    }
    assert!(refused > 10, "the routes are found");
}

#[tokio::test]
async fn whoever_may_read_a_page_is_let_in() {
    let site = Site::demo();
    for (role, email) in PEOPLE {
        let person = site.person(email);
        for route in guarded().into_iter().filter(|route| route.method == Method::GET) {
            let allowed = match route.access {
                Access::May(permission) => role.may(permission),
                _ => true,
            };
            if allowed {
                let (status, to) = call(&person, &route).await;
                let refused = matches!(status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED) || to.starts_with("/sign-in");
                // PDFs are made by a second process of the program, which the tests are not; the browser's journey opens one.
                let broken = status.is_server_error() && !route.path.ends_with("pdf");
                assert!(!refused && !broken, "{} GET {}: {status} {to}", role.name(), route.path);
            }
        }
    }
}

#[tokio::test]
async fn another_client_reaches_nothing_by_any_id() {
    let site = Site::demo();
    let other = site.person(OTHER_CLIENT);
    for route in guarded() {
        let named = route.path.contains("{number}") || route.path.contains("{id}") || route.path.contains("{code}");
        let for_clients = matches!(route.access, Access::May(Permission::SeeOwnAccount | Permission::DecideOwnHeld));
        if named && for_clients {
            let (status, to) = call(&other, &route).await;
            let refused = matches!(status.as_u16(), 400 | 403 | 404 | 409 | 415 | 422);
            assert!(refused, "{} {}: {status} {to}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn no_page_of_the_provider_is_open_to_a_client() {
    for route in guarded() {
        if let Access::May(permission) = route.access {
            let portal = route.path.starts_with("/portal") || route.path.starts_with("/api/v1/account");
            assert_eq!(portal, permission.is_of_client(), "{} {}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn who_may_not_see_billing_reads_no_money_by_the_api_either() {
    let site = Site::demo();
    for email in [TECHNICIAN, DISPATCHER] {
        let token = site.token(email, "read");
        for path in ["held", "held/3", "clients/cedar/statements", "clients/cedar/statements/2026-10", "periods/2026-10"] {
            token.get(&format!("/api/v1/{path}")).await.forbidden();
        }
        assert!(token.get("/api/v1/clients/cedar/month").await.ok().value()["net"].is_null());
        let clients = token.get("/api/v1/clients").await.ok().value();
        assert!(clients["items"].as_array().is_some_and(|it| !it.is_empty() && it.iter().all(|it| it["net"].is_null())));
    }
    let keeper = site.token(BOOK_KEEPER, "read");
    assert!(keeper.get("/api/v1/clients/cedar/month").await.ok().value()["net"].is_string());
    let own = site.token(CONTACT, "read");
    assert!(own.get("/api/v1/account/month").await.ok().value()["net"].is_string());
}
