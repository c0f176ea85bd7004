//! The same site on PostgreSQL: pages are read, time is logged, a payment comes in.

use axum::http::Method;
use serde_json::json;

use crate::support::{BOOK_KEEPER, OWNER, Site, TECHNICIAN};

#[tokio::test]
async fn the_site_works_on_a_server_database_as_on_a_file() {
    let (site, _database) = tokio::task::spawn_blocking(Site::demo_on_postgres).await.expect("a site");
    let owner = site.person(OWNER);
    for path in ["/", "/clients", "/clients/cedar", "/billing/2026-10", "/billing/invoices", "/audit", "/users"] {
        owner.get(path).await.ok();
    }
    let entry = json!({ "client": "fir", "started_at": "2026-11-25T14:00:00Z", "minutes": 25, "note": "logged on a server database" });
    let logged = site.token(TECHNICIAN, "read time").json(Method::POST, "/api/v1/time-entries", &entry).await.is(201);
    let id = logged.value()["id"].as_str().unwrap_or_default().to_owned();
    owner.get("/clients/fir").await.ok().shows("logged on a server database");
    owner.get(&format!("/time/entries/{id}")).await.ok().shows("logged on a server database");
    let payment = [("amount", "10.00"), ("on", "2026-11-20"), ("method", "bank transfer"), ("reference", "")];
    site.person(BOOK_KEEPER).post("/billing/invoices/300/payments", &payment).await.leads_to();
}
