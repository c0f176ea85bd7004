//! The same site on PostgreSQL: pages are read, time is logged, a payment comes in.

use axum::http::Method;
use serde_json::json;

use crate::support::{BOOK_KEEPER, OWNER, Site, TECHNICIAN};

// The driver of PostgreSQL runs on a runtime of its own, so what the test does by itself stays outside of this one.
#[test]
fn the_site_works_on_a_server_database_as_on_a_file() {
    let (site, _database) = Site::demo_on_postgres();
    let (owner, keeper, technician) = (site.person(OWNER), site.person(BOOK_KEEPER), site.token(TECHNICIAN, "read time"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for path in ["/", "/clients", "/clients/cedar", "/billing/2026-10", "/billing/invoices", "/audit", "/users"] {
            owner.get(path).await.ok();
        }
        let entry = json!({ "client": "fir", "started_at": "2026-11-25T14:00:00Z", "minutes": 25, "note": "logged on a server" });
        let logged = technician.json(Method::POST, "/api/v1/time-entries", &entry).await.is(201);
        let id = logged.value()["id"].as_str().unwrap_or_default().to_owned();
        owner.get("/clients/fir").await.ok().shows("logged on a server");
        owner.get(&format!("/time/entries/{id}")).await.ok().shows("logged on a server");
        let payment = [("amount", "10.00"), ("on", "2026-11-20"), ("method", "bank transfer"), ("reference", "")];
        keeper.post("/billing/invoices/300/payments", &payment).await.leads_to();
    });
}
