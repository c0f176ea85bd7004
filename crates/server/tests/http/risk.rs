//! The provider's side and staffing: their pages, and all questions about risk by the API.

use quarterhour_risk::number::float;
use quarterhour_server::app::money::grouped;
use quarterhour_server::app::risk::comparison::{Detail, compare};
use quarterhour_server::app::risk::forecast::{forecast, measure};
use quarterhour_server::app::risk::provider_side::{Inquiry, provider_side};
use quarterhour_server::app::risk::question::Question;
use quarterhour_server::app::risk::staffing::{Target, staff};
use serde::Serialize;
use serde_json::Value;

use crate::browser::between;
use crate::support::{APPROVER, BOOK_KEEPER, Caller, DISPATCHER, OWNER, Site, TECHNICIAN};

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).expect("JSON")
}

#[tokio::test]
async fn the_portfolio_shows_what_all_agreements_may_earn() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let page = owner.get("/billing/portfolio").await.ok().text();
    let office = site.app.office().expect("an office");
    let side = provider_side(&office, Inquiry::default()).expect("the provider's side");
    let figures = &side.figures;
    for number in [figures.mean, figures.spread, figures.p5, figures.p1, figures.revenue, side.promised.storm_cost] {
        let shown = grouped(&format!("{number:.0}"));
        assert!(page.contains(&shown), "{shown} is not on the page");
    }
    let thinnest = figures.clients.first().expect("a client");
    let first = between(&page, "<tbody><tr><th scope=\"row\"><a class=\"row-link\" href=\"/clients/", "/");
    assert_eq!(first, thinnest.client, "the thinnest margin comes first");
    assert!(page.contains("Average margin") && page.contains("c-ridge") && !page.contains("NaN"), "{page}");
    assert_eq!(page, owner.get("/billing/portfolio").await.text(), "the same seed gives the same page");
    site.person(BOOK_KEEPER).get("/billing/portfolio").await.ok().shows("Average margin");
}

#[tokio::test]
async fn the_portfolio_follows_its_sliders() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let said = async |fields: &[(&str, &str)]| owner.post("/billing/portfolio/preview", fields).await.ok().text();
    let loss = |page: &str| between(&between(page, "Chance of a loss</span>", "</div>"), "\">", "</span>");
    let usual = said(&[]).await;
    assert_eq!(loss(&usual), "0.0 %");
    assert_eq!(loss(&said(&[("cost_share", "900")]).await), "100.0 %");
    assert!(said(&[("staff_hours", "0")]).await.contains("0 hours a month are not enough in 100.0 % of months"));
    assert!(said(&[("staff_hours", "100000")]).await.contains("100,000 hours a month are not enough in 0.0 % of months"));
    assert_ne!(usual, said(&[("shock", "40")]).await);
    assert_ne!(usual, said(&[("seed", "2")]).await);
    // What a page shows is what its own sliders send.
    assert_eq!(usual, said(&[("seed", "1"), ("cost_share", "55"), ("unknown", "x")]).await);
}

#[tokio::test]
async fn numbers_of_the_portfolio_that_make_no_sense_are_told_at_their_slider() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    for (field, wrong) in [
        ("cost_share", "-5"),
        ("cost_share", "NaN"),
        ("staff_hours", "many"),
        ("staff_hours", "1e99"),
        ("shock", "-1"),
        ("shock", "inf"),
    ] {
        let answer = owner.post("/billing/portfolio/preview", &[(field, wrong)]).await.ok().text();
        assert!(answer.contains(&format!("data-problem=\"{field}\"")), "{field}: {answer}");
        let page = owner.get(&format!("/billing/portfolio?{field}={wrong}")).await.ok().shows("has-problem").text();
        assert!(page.contains(&format!("id=\"p-{field}\"")), "{field}");
    }
    owner.post("/billing/portfolio/preview", &[("cost_share", "-5")]).await.ok().shows("-5 is not from 0 to 1000");
}

#[tokio::test]
async fn staffing_shows_who_is_enough_and_what_more_would_cost() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let page = owner.get("/billing/staffing").await.ok().text();
    let staffing = staff(&site.app.office().expect("an office"), Target::default()).expect("a staffing");
    let enough = staffing.plan.recommended().expect("a staffing to choose");
    for tier in &enough.staffing {
        assert!(page.contains(&format!("{} × {}", tier.technicians, tier.tier)), "{}", tier.tier);
    }
    for option in &staffing.plan.options {
        let shown = grouped(&format!("{:.0}", option.cost_a_month));
        assert!(page.contains(&format!(">{shown}<")), "{shown} is not on the page");
    }
    assert!(page.contains("When tickets come") && page.contains("P95 wait") && page.contains("leave, meetings"), "{page}");
    let more = owner.get("/billing/staffing?tickets=300").await.ok().text();
    assert_ne!(between(&page, "Enough: ", "<"), between(&more, "Enough: ", "<"));
    assert!(more.contains("value=\"300\""), "what was typed stays");
}

#[tokio::test]
async fn targets_that_make_no_sense_are_told_at_their_field() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    for (field, wrong) in [
        ("within", "-1"),
        ("share", "101"),
        ("share", "NaN"),
        ("cost_share", "much"),
        ("paid_hours", "0"),
        ("paid_hours", "1e300"),
        ("tickets", "-100"),
    ] {
        let page = owner.get(&format!("/billing/staffing?{field}={wrong}")).await.ok().hides("Enough: ").text();
        assert!(page.contains(&format!("id=\"p-{field}\"")), "{field}: {page}");
        assert!(page.contains(&format!("value=\"{wrong}\"")), "{field}: what was typed stays");
    }
    owner.get("/billing/staffing?share=101").await.ok().shows("101 is not from 0 to 100");
}

#[tokio::test]
async fn margins_and_costs_are_for_those_who_may_see_billing() {
    let site = Site::demo();
    for email in [TECHNICIAN, DISPATCHER, APPROVER] {
        let person = site.person(email);
        person.get("/billing/portfolio").await.forbidden();
        person.post("/billing/portfolio/preview", &[]).await.forbidden();
        person.get("/billing/staffing").await.forbidden();
    }
    let technician = site.token(TECHNICIAN, "read time");
    for path in ["clients/cedar/comparison", "portfolio", "staffing"] {
        technician.get(&format!("/api/v1/{path}")).await.forbidden();
    }
    technician.get("/api/v1/clients/cedar/forecast").await.ok();
    let approver = site.token(APPROVER, "read");
    for path in ["clients/cedar/comparison", "clients/cedar/forecast", "forecast", "backtest", "portfolio", "staffing"] {
        approver.get(&format!("/api/v1/{path}")).await.forbidden();
    }
}

async fn read(caller: &Caller, path: &str) -> Value {
    caller.get(&format!("/api/v1/{path}")).await.ok().value()
}

#[tokio::test]
async fn the_api_gives_the_numbers_of_the_functions() {
    let site = Site::demo();
    let token = site.token(OWNER, "read");
    let office = site.app.office().expect("an office");
    let question = Question { seed: 7, workstations: Some(12), tickets: 1.5, ..Question::default() };
    let report = compare(&office, "cedar", &question, &[], Detail::Whole).expect("a comparison");
    assert_eq!(read(&token, "clients/cedar/comparison?seed=7&workstations=12&tickets=1.5").await, value(&report));
    let all = forecast(&office, &[]).expect("forecasts");
    let listed = read(&token, "forecast").await;
    assert_eq!((&listed["items"], &listed["next"]), (&value(&all), &Value::Null));
    let cedar = all.iter().find(|one| one.client == "cedar").expect("cedar's forecast");
    assert_eq!(read(&token, "clients/cedar/forecast").await, value(cedar));
    assert_eq!(read(&token, "backtest").await, value(&measure(&office)));
    let inquiry = Inquiry { courses: 100, staff_hours: Some(300.0), shock: Some(0.2), ..Inquiry::default() };
    let side = provider_side(&office, inquiry).expect("the provider's side");
    assert_eq!(read(&token, "portfolio?courses=100&staff_hours=300&shock=0.2").await, value(&side));
    let target = Target { hours: 0.5, tickets: 2.0, ..Target::default() };
    assert_eq!(read(&token, "staffing?within=0.5&tickets=2").await, value(&staff(&office, target).expect("a staffing")));
}

#[tokio::test]
async fn the_description_names_every_field_that_is_sent() {
    let site = Site::demo();
    let token = site.token(OWNER, "read");
    let document = read(&token, "openapi.json").await;
    let names = |value: &Value| -> Vec<String> {
        let mut names: Vec<String> = value.as_object().expect("an object").keys().cloned().collect();
        names.sort();
        names
    };
    for (path, schema) in [
        ("clients/cedar/comparison", "Comparison"),
        ("clients/cedar/forecast", "Forecast"),
        ("backtest", "Backtest"),
        ("portfolio", "Portfolio"),
        ("staffing", "Staffing"),
    ] {
        let described = &document["components"]["schemas"][schema]["properties"];
        let sent = read(&token, path).await;
        assert_eq!(names(&sent), names(described), "{path}");
        for (name, field) in sent.as_object().expect("an object") {
            let kind = match field {
                Value::Null => "null",
                Value::String(_) => "string",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
                Value::Number(number) if number.is_f64() => "number",
                Value::Number(_) => "integer",
                Value::Bool(_) => "boolean",
            };
            let told = described[name]["type"].to_string();
            assert!(told.contains(kind) || (kind == "integer" && told.contains("number")), "{path}, {name}: {kind} is not {told}");
        }
    }
}

#[tokio::test]
async fn questions_that_make_no_sense_are_problems_at_the_field() {
    let site = Site::demo();
    let token = site.token(OWNER, "read");
    for (path, field) in [
        ("clients/cedar/comparison?tickets=-1", "tickets"),
        ("clients/cedar/comparison?hours=NaN", "hours"),
        ("clients/cedar/comparison?workstations=30000", "workstations"),
        ("clients/cedar/comparison?precision=0", "precision"),
        ("clients/cedar/comparison?margin=1", "margin"),
        ("clients/cedar/comparison?tickets=100&workstations=5000", "tickets"),
        ("portfolio?cost_share=-1", "cost_share"),
        ("portfolio?staff_hours=NaN", "staff_hours"),
        ("portfolio?courses=19", "courses"),
        ("portfolio?courses=20000", "courses"),
        ("portfolio?shock=1e99", "shock"),
        ("staffing?share=1.5", "share"),
        ("staffing?tickets=1000", "tickets"),
        ("staffing?paid_hours=-inf", "paid_hours"),
    ] {
        let refused = token.get(&format!("/api/v1/{path}")).await.is(422).value();
        assert_eq!(refused["fields"][0]["field"], field, "{path}: {refused}");
    }
    for path in ["clients/cedar/comparison?tickets=many", "portfolio?courses=-1", "staffing?within=", "portfolio?colour=red"] {
        let parameter = path.split(['?', '=']).nth(1).unwrap_or_default().to_owned();
        token.get(&format!("/api/v1/{path}")).await.is(400).shows(&parameter);
    }
    token.get("/api/v1/clients/nobody/comparison").await.not_found();
    token.get("/api/v1/clients/nobody/forecast").await.not_found();
}

#[tokio::test]
async fn many_who_ask_at_once_are_all_answered() {
    let site = Site::demo();
    let token = site.token(OWNER, "read");
    let asked = (0..8).map(|number| {
        let token = token.clone();
        let path = format!("/api/v1/portfolio?courses=20&seed={}", number % 3);
        tokio::spawn(async move { token.get(&path).await.ok().value() })
    });
    let asked: Vec<_> = asked.collect();
    for (number, answer) in asked.into_iter().enumerate() {
        let answer = answer.await.expect("an answer");
        assert_eq!(answer["plan"]["seed"].as_f64(), Some(float(number % 3)));
    }
}
