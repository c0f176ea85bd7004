//! Long work: it survives a restart, an upload is looked at before it is imported.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use quarterhour_server::app::job::Work;
use quarterhour_server::app::stored;
use quarterhour_server::jobs::runner;
use quarterhour_store::statements::job;

use crate::support::{BOOK_KEEPER, Caller, OWNER, Reply, Site};

const EDGE: &str = "edge-of-parts";

async fn upload(caller: &Caller, files: &[(&str, Vec<u8>)]) -> Reply {
    let mut body = Vec::new();
    for (name, content) in files {
        let head = format!(
            "--{EDGE}\r\ncontent-disposition: form-data; name=\"folder\"; filename=\"books/{name}\"\r\ncontent-type: text/plain\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{EDGE}--\r\n").as_bytes());
    let request = Request::post("/settings/import").header(CONTENT_TYPE, format!("multipart/form-data; boundary={EDGE}"));
    caller.send(request.body(Body::from(body)).expect("a request")).await
}

/// The books of a site as files, with one more client.
fn files(site: &Site) -> Vec<(&'static str, Vec<u8>)> {
    let (_, files) = site.app.store.read(stored::files).expect("the books");
    let mut clients = String::from_utf8(files.clients).expect("text");
    clients.push_str("zebra,Zebra Zoo,,USD,America/New_York,,,,,,,\n");
    let header = "id,client,ticket,technician,started_at,minutes,tier,work_type,device,billable,cause,note\n";
    let entries = format!("{header}zebra-1,zebra,t,Ana,2026-11-20T10:00:00Z,30,,,,,,\n");
    let mut all = vec![
        ("provider.toml", files.provider),
        ("clients.csv", clients.into_bytes()),
        ("devices.csv", files.devices),
        ("time_entries.csv", entries.into_bytes()),
        ("notes.txt", b"left alone".to_vec()),
    ];
    let (name, text) = files.agreements.into_iter().next().expect("an agreement");
    all.push((Box::leak(format!("agreements/{name}.toml").into_boxed_str()), text));
    all
}

#[tokio::test]
async fn an_upload_is_looked_at_and_then_imported() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    owner.get("/settings/import").await.ok().shows("webkitdirectory");
    let files = files(&site);
    let looked = upload(&owner, &files).await.leads_to();
    assert!(runner::try_once(&site.app).expect("the look"));
    owner.get(&looked).await.ok().shows("What would change").shows("Nothing is changed yet").shows("Import it");
    assert!(site.app.client_by_code("zebra").is_err(), "a look changes nothing");
    let id = looked.trim_start_matches("/jobs/").to_owned();
    let imported = owner.post(&format!("/settings/import/{id}"), &[]).await.leads_to();
    assert!(runner::try_once(&site.app).expect("the import"));
    owner.get(&imported).await.ok().shows("The books are in");
    assert!(site.app.client_by_code("zebra").is_ok());
    owner.get("/billing/2026-11").await.ok().shows("Zebra Zoo");
    // The files are gone with the import.
    let again = owner.post(&format!("/settings/import/{id}"), &[]).await.leads_to();
    assert!(runner::try_once(&site.app).expect("the job"));
    owner.get(&again).await.ok().shows("The uploaded files are gone");
}

#[tokio::test]
async fn an_upload_with_mistakes_changes_nothing_and_says_where() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    upload(&owner, &[("provider.toml", Vec::new())]).await.is(422).shows("time_entries.csv missing");
    let mut files = files(&site);
    files[1].1 = b"code,nonsense\nx,y\n".to_vec();
    let looked = upload(&owner, &files).await.leads_to();
    assert!(runner::try_once(&site.app).expect("the look"));
    owner.get(&looked).await.ok().shows("failed").shows("clients.csv").shows("nonsense");
    site.person(BOOK_KEEPER).get(&looked).await.not_found();
    site.person(BOOK_KEEPER).get("/settings/import").await.forbidden();
}

#[tokio::test]
async fn a_job_that_was_cut_off_is_taken_up_again() {
    let site = Site::demo();
    let app = &site.app;
    let actor = app.program().expect("the program acts");
    let id = app.order_job(&actor, &Work::Verify).expect("ordered");
    let now = app.clock.now();
    let lease = now.checked_add(jiff::SignedDuration::from_secs(60)).expect("a minute later");
    // Another process takes it, and dies.
    let taken = app.store.write(|tx| job::claim(tx, actor.provider, now, lease)).expect("claimed");
    assert_eq!(taken.map(|job| job.job_id), Some(id));
    assert!(!runner::try_once(app).expect("nothing to do while the lease lasts"));
    app.clock.advance(61);
    assert!(runner::try_once(app).expect("taken up"));
    let view = app.job(&actor, id).expect("the job");
    assert_eq!((view.state.as_str(), view.percent()), ("done", 100));
    assert!(view.outcome.expect("an outcome").faults.is_empty());
    site.person(BOOK_KEEPER).get("/jobs").await.ok().shows("Verify the ledger");
    site.person(BOOK_KEEPER).get("/jobs/none").await.not_found();
}

#[tokio::test]
async fn a_server_that_stops_leaves_its_job_to_the_next_start() {
    let site = Site::demo();
    let app = &site.app;
    app.clock.advance(7 * 86_400);
    let actor = app.program().expect("the program acts");
    let november = quarterhour_billing::Period::parse("2026-11").expect("a period");
    let id = app.order_issue(&actor, november, &[], jiff::civil::date(2026, 12, 2)).expect("ordered");
    app.jobs.stop();
    assert!(runner::try_once(app).expect("it began"));
    let view = app.job(&actor, id).expect("the job");
    assert_eq!(view.state, "running", "one client is issued, the rest waits");
    let waits = app.store.read(|tx| job::is_waiting(tx, actor.provider, app.clock.now())).expect("read");
    assert!(waits, "the next start takes it up at once");
}
