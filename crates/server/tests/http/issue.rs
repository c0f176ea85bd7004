//! Issuing a month while the office works: once, completely, and no work is lost.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use quarterhour_billing::Period;
use quarterhour_server::app::context::App;
use quarterhour_server::app::issue::{self, Order};
use quarterhour_server::app::time_entry::Draft;
use quarterhour_server::jobs::runner;
use quarterhour_store::statements::{counter, time_entry};

use crate::support::{BOOK_KEEPER, Site, TECHNICIAN};

const NOVEMBER: &str = "2026-11";
/// Noon of 24 November 2026 in UTC.
const WORKED_AT: i64 = 1_795_521_600;

/// A week later the running month is over.
fn after_november() -> Site {
    let site = Site::demo();
    site.app.clock.advance(7 * 86_400);
    site
}

fn invoices(app: &App) -> i64 {
    let provider = app.provider().expect("a provider");
    app.store.read(|tx| counter::find_last_number(tx, provider, "invoice")).expect("read").unwrap_or(0)
}

fn work(client: &str) -> Draft {
    Draft {
        client: client.to_owned(),
        ticket: "meanwhile".to_owned(),
        technician: "Ana".to_owned(),
        started_at: WORKED_AT,
        minutes: 30,
        billable: true,
        ..Draft::default()
    }
}

/// The period for which an entry came too late.
fn late_for(app: &App, id: &str) -> Option<String> {
    let provider = app.provider().expect("a provider");
    let rows = app.store.read(|tx| time_entry::list_revisions(tx, provider, id)).expect("read");
    rows.last().expect("the entry is kept").late_for.clone()
}

fn is_on_statement(app: &App, client: &str, id: &str) -> bool {
    let actor = app.program().expect("the program acts");
    let november = Period::parse(NOVEMBER).expect("a period");
    let shown = app.statements(&actor, client, november).expect("the client's statements");
    assert!(shown.is_issued, "{client}");
    shown.statements.iter().any(|view| view.body.entries.iter().any(|entry| entry.id == id))
}

#[tokio::test]
async fn issuing_twice_issues_once() {
    let site = after_november();
    let keeper = site.person(BOOK_KEEPER);
    keeper.get("/billing/2026-11").await.ok().shows("Issue 24 statements");
    keeper.get("/billing/2026-11/issue").await.ok().shows("Issue 24 statements of November 2026").shows("USD");
    let before = invoices(&site.app);
    let first = keeper.post("/billing/2026-11/issue", &[("issued_on", "2026-12-02")]).await.leads_to();
    let second = keeper.post("/billing/2026-11/issue", &[("issued_on", "2026-12-02")]).await.leads_to();
    keeper.get(&first).await.ok().shows("Waits for its turn");
    assert!(runner::try_once(&site.app).expect("the first job"));
    let issued = invoices(&site.app);
    assert!(issued > before + 15, "{issued}");
    keeper.get(&first).await.ok().shows("invoices issued for 24 clients");
    assert!(runner::try_once(&site.app).expect("the second job"));
    assert!(!runner::try_once(&site.app).expect("no more jobs"));
    assert_eq!(invoices(&site.app), issued);
    keeper.get(&second).await.ok().shows("0 invoices issued for 0 clients");
    keeper.get("/billing/2026-11").await.ok().shows("Issued: 24 statements").hides("Issue 24");
    keeper.get("/billing/2026-11/issue").await.ok().shows("Nothing is open");
    let verify = keeper.post("/billing/ledger/verify", &[]).await.leads_to();
    assert!(runner::try_once(&site.app).expect("the check"));
    keeper.get(&verify).await.ok().shows("checked").hides("What is wrong");
    keeper.get("/billing/ledger").await.ok().shows("Nothing is wrong");
}

#[tokio::test]
async fn a_month_that_is_kept_back_stays_open_until_it_is_released() {
    let site = after_november();
    let keeper = site.person(BOOK_KEEPER);
    let statement = "/billing/statements/cedar/2026-11";
    keeper.post(&format!("{statement}/keep-back"), &[("reason", " ")]).await.is(422).shows("Missing; expected why");
    site.person(TECHNICIAN).post(&format!("{statement}/keep-back"), &[("reason", "mine")]).await.forbidden();
    keeper.post("/billing/statements/cedar/2026-10/keep-back", &[("reason", "late")]).await.is(422).shows("is issued");
    let kept = keeper.post(&format!("{statement}/keep-back"), &[("reason", "they dispute T-1")]).await;
    let release = kept.undo();
    keeper.post(&format!("{statement}/keep-back"), &[("reason", "again")]).await.is(422).shows("keeps it back already");
    keeper.get(statement).await.ok().shows("they dispute T-1").hides("/billing/2026-11/issue?client=cedar");
    keeper.get("/billing/2026-11").await.ok().shows("Issue 23 statements").shows("they dispute T-1");
    keeper.get("/billing/2026-11/issue").await.ok().shows("1 statement is kept back and stays open");
    let alone = [("issued_on", "2026-12-02"), ("client", "cedar")];
    keeper.post("/billing/2026-11/issue", &alone).await.is(422).shows("kept back by");
    let job = keeper.post("/billing/2026-11/issue", &[("issued_on", "2026-12-02")]).await.leads_to();
    assert!(runner::try_once(&site.app).expect("the job"));
    keeper.get(&job).await.ok().shows("issued for 23 clients").shows("they dispute T-1");
    keeper.get(statement).await.ok().shows("Over, and not issued");

    // The next month is issued for all others, and cedar's waits behind the one that is kept back.
    site.app.clock.advance(31 * 86_400);
    let keeper = site.person(BOOK_KEEPER);
    keeper.get("/billing/2026-12").await.ok().hides("Issue the earlier months first");
    let december = [("issued_on", "2027-01-02")];
    let job = keeper.post("/billing/2026-12/issue", &december).await.leads_to();
    assert!(runner::try_once(&site.app).expect("the job"));
    keeper.get(&job).await.ok().shows("issued for 23 clients").shows("2026-11 is kept back by");

    keeper.post(&release, &[]).await.leads_to();
    keeper.post(&release, &[]).await.not_found();
    for (month, on) in [("2026-11", "2027-01-02"), ("2026-12", "2027-01-02")] {
        let job = keeper.post(&format!("/billing/{month}/issue"), &[("issued_on", on)]).await.leads_to();
        assert!(runner::try_once(&site.app).expect("the job"));
        keeper.get(&job).await.ok().shows("issued for 1 client.");
    }
}

#[tokio::test]
async fn a_month_that_runs_and_odd_dates_are_refused() {
    let site = Site::demo();
    let keeper = site.person(BOOK_KEEPER);
    keeper.post("/billing/2026-11/issue", &[("issued_on", "2026-11-25")]).await.is(422).shows("2026-11 is not over");
    let site = after_november();
    let keeper = site.person(BOOK_KEEPER);
    keeper.post("/billing/2026-11/issue", &[("issued_on", "2026-12-24")]).await.is(422).shows("until today");
    keeper.post("/billing/2026-11/issue", &[("issued_on", "soon")]).await.is(422).shows("Expected a day");
    site.person(TECHNICIAN).post("/billing/2026-11/issue", &[("issued_on", "2026-12-02")]).await.forbidden();
    assert!(!runner::try_once(&site.app).expect("nothing was ordered"));
}

#[tokio::test]
async fn one_client_can_be_issued_alone() {
    let site = after_november();
    let keeper = site.person(BOOK_KEEPER);
    let form = [("issued_on", "2026-12-02"), ("client", "cedar")];
    let job = keeper.post("/billing/2026-11/issue", &form).await.leads_to();
    assert!(runner::try_once(&site.app).expect("the job"));
    keeper.get(&job).await.ok().shows("1 invoice issued for 1 client.");
    keeper.get("/billing/2026-11").await.ok().shows("23 statements open, 1 issued");
}

#[tokio::test]
async fn work_logged_in_the_middle_of_a_run_is_on_the_statement_or_late() {
    let site = after_november();
    let app = &site.app;
    let actor = app.program().expect("the program acts");
    let november = Period::parse(NOVEMBER).expect("a period");
    let order = Order {
        period: november,
        codes: &[],
        issued_on: jiff::civil::date(2026, 12, 2),
        actor: &actor,
        now: app.clock.now(),
        tell: None,
    };
    let mut logged = Vec::new();
    let issued = issue::run(&app.store, &order, |step| {
        if let Some((client_id, version)) = step.written {
            app.client_changed(client_id, version);
        }
        if step.done == 1 {
            // Clients come by code: alder is issued, yew is not.
            for client in ["alder", "yew"] {
                logged.push((client, app.save_entry(&actor, &work(client))?.id));
            }
        }
        Ok(())
    })
    .expect("the run goes on");
    assert_eq!((issued.clients, issued.left_out.len()), (24, 0));
    let [alder, yew] = logged.as_slice() else { unreachable!("two entries were logged") };
    assert_eq!(late_for(app, &alder.1).as_deref(), Some(NOVEMBER), "it came after the statement");
    assert!(!is_on_statement(app, "alder", &alder.1));
    assert_eq!(late_for(app, &yew.1), None);
    assert!(is_on_statement(app, "yew", &yew.1), "it came before the statement");
}

#[tokio::test]
async fn fifty_people_at_work_lose_nothing_to_a_run() {
    let site = after_november();
    let app = &site.app;
    let actor = app.program().expect("the program acts");
    let clients = ["alder", "birch", "cedar", "fir", "hazel", "maple", "quince", "teak", "willow", "yew"];
    let is_over = AtomicBool::new(false);
    let logged = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (actor, is_over) = (&actor, &is_over);
                scope.spawn(move || {
                    let mut logged = Vec::new();
                    let turns = clients.iter().cycle().skip(writer * 3);
                    for client in turns.take_while(|_| !is_over.load(Ordering::Relaxed)).take(400) {
                        logged.push((*client, app.save_entry(actor, &work(client)).expect("an entry is saved at any time").id));
                    }
                    logged
                })
            })
            .collect();
        let order = Order {
            period: Period::parse(NOVEMBER).expect("a period"),
            codes: &[],
            issued_on: jiff::civil::date(2026, 12, 2),
            actor: &actor,
            now: app.clock.now(),
            tell: None,
        };
        let issued = issue::run(&app.store, &order, |step| {
            if let Some((client_id, version)) = step.written {
                app.client_changed(client_id, version);
            }
            Ok(())
        })
        .expect("the run comes to its end");
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(issued.clients, 24);
        writers.into_iter().flat_map(|writer| writer.join().expect("the writer is well")).collect::<Vec<_>>()
    });
    let ids: HashSet<&str> = logged.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(ids.len(), logged.len());
    let mut late = 0;
    for (client, id) in &logged {
        let is_late = late_for(app, id).is_some();
        late += usize::from(is_late);
        assert_ne!(is_late, is_on_statement(app, client, id), "{client} {id} is on the statement or late, and not both");
    }
    println!("{} entries were logged during the run, {late} of them late", logged.len());
}
