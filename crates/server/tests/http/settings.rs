//! Company, rate card, calendar, templates and logo.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;

use crate::support::{BOOK_KEEPER, Caller, OWNER, Reply, Site};

/// One transparent pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f,
    0x15, 0xc4, 0x89, 0, 0, 0, 13, b'I', b'D', b'A', b'T', 0x78, 0xda, 0x63, 0x64, 0x60, 0xf8, 0x5f, 0x0f, 0x00, 0x02, 0x87, 0x01,
    0x80, 0xeb, 0x47, 0xba, 0x92, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

async fn upload(caller: &Caller, content: &[u8]) -> Reply {
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"logo\"\r\n\r\n".to_vec();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request = Request::post("/settings/logo").header(CONTENT_TYPE, "multipart/form-data; boundary=x");
    caller.send(request.body(Body::from(body)).expect("a request")).await
}

#[tokio::test]
async fn the_overview_shows_each_role_its_own() {
    let site = Site::demo();
    site.person(OWNER).get("/settings").await.ok().shows("/settings/company").shows("/audit").shows("/users");
    site.person(BOOK_KEEPER).get("/settings").await.ok().shows("/settings/templates").hides("/audit").hides("/settings/rates");
}

#[tokio::test]
async fn company_data_is_saved_and_the_rest_stays() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    owner.get("/settings/company").await.ok().shows("value=\"Northgate IT\"").shows("America/New_York");
    owner.post("/settings/company", &[("name", "Northgate \"IT\" & Co"), ("payment_days", "30")]).await.is(303);
    let books = site.app.books().expect("books");
    let provider = &books.setup.provider;
    assert_eq!((provider.name.as_str(), provider.payment_days, provider.country.as_str()), ("Northgate \"IT\" & Co", 30, "US"));
    assert_eq!((provider.letterhead("city"), provider.terms.rates.0.len()), ("Portland", 4));
    let page = owner.post("/settings/company", &[("name", ""), ("payment_days", "soon"), ("time_zone", "Mars/Base")]).await.is(422);
    page.shows("id=\"p-name\"").shows("id=\"p-payment_days\"").shows("id=\"p-time_zone\"").shows("value=\"Mars/Base\"");
    owner.post("/settings/company", &[("currency", "EUR")]).await.is(422).shows("Statements were issued in USD");
}

#[tokio::test]
async fn the_rate_card_bills_open_periods() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    owner.get("/settings/rates").await.ok().shows("Open periods, from November 2026 on").shows("value=\"helpdesk\"");
    let rows = [("rate.0.hourly", "140"), ("rate.1.tier", "senior"), ("rate.1.hourly", "200.50"), ("rate.2.tier", "")];
    owner.post("/settings/rates", &rows).await.is(303);
    assert_eq!(site.app.books().expect("books").setup.provider.terms.rates.0.len(), 2);
    owner.post("/settings/rates", &[("rate.0.tier", "senior"), ("rate.0.hourly", "1")]).await.is(422).shows("No default rate");
    let wrong = owner.post("/settings/rates", &[("rate.0.hourly", "1"), ("rate.1.tier", "senior")]).await.is(422);
    wrong.shows("id=\"p-rate.1.hourly\"");
    let twice = [("rate.0.hourly", "1"), ("rate.1.hourly", "2")];
    owner.post("/settings/rates", &twice).await.is(422).shows("have a rate already");
    owner.post("/settings/rates", &[("rate.0.hourly", "1"), ("add", "rate")]).await.ok().shows("name=\"rate.1.hourly\"");
}

#[tokio::test]
async fn hours_and_holidays_are_kept_as_typed_until_they_are_right() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    owner
        .get("/settings/calendar")
        .await
        .ok()
        .shows("Monday to Thursday 08:00-18:00, Friday 08:00-17:00; closed on Saturday and Sunday");
    let week = |day: &str, hours: &str| -> Vec<(String, String)> {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        days.map(|it| (format!("hours.{it}"), if it == day { hours.to_owned() } else { String::new() })).into()
    };
    let post = async |day: &str, hours: &str| {
        let fields = week(day, hours);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        owner.post("/settings/calendar", &fields).await
    };
    owner.post("/settings/calendar", &[]).await.is(422).shows("expected all seven days");
    post("mon", "09:00-12:00, 13:00-17:00").await.is(303);
    owner.get("/settings/calendar").await.ok().shows("Monday 09:00-12:00 and 13:00-17:00; closed on Tuesday to Sunday");
    post("sat", "9-5").await.is(422).shows("id=\"p-hours.sat\"").shows("value=\"9-5\"");
    owner.post("/settings/calendar/holidays", &[("holidays", "2027-01-01, 2027-07-04")]).await.is(303);
    owner.get("/settings/calendar").await.ok().shows("4 July, Sunday");
    owner.post("/settings/calendar/holidays/remove", &[("day", "2027-07-04")]).await.is(303);
    owner.get("/settings/calendar").await.ok().hides("4 July, Sunday");
    owner.post("/settings/calendar/holidays", &[("holidays", "Christmas")]).await.is(422).shows("expected dates");
    owner.post("/settings/calendar/holidays", &[]).await.is(422);
}

#[tokio::test]
async fn a_template_that_was_deleted_does_not_come_back() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let page = owner.get("/settings/templates").await.ok().shows("Level 1: Basic").shows("Use it or lose it, heavy").text();
    let id = page.split("/settings/templates/").find_map(|rest| uuid::Uuid::parse_str(rest.get(..36)?).ok()).expect("a template");
    owner.get(&format!("/settings/templates/{id}")).await.ok().shows("id=\"preview\"");
    owner.post(&format!("/settings/templates/{id}/delete"), &[]).await.is(303);
    owner.get("/settings/templates").await.ok().hides(&id.to_string());
    let own = [
        ("name", "Ours"),
        ("summary", "As we like it"),
        ("program", "ad-hoc"),
        ("on.rounding", "1"),
        ("rounding.increment", "6"),
        ("rounding.scope", "entry"),
    ];
    owner.post("/settings/templates/new", &own).await.is(303);
    owner.get("/settings/templates").await.ok().shows("Ours").shows("As we like it");
    owner.post("/settings/templates/new", &own).await.is(422).shows("`Ours` is taken");
    let wrong = [("name", "Wrong"), ("program", "budget")];
    owner.post("/settings/templates/new", &wrong).await.is(422).shows("needs the clause");
    owner.post("/settings/templates/new/preview", &own).await.ok().shows("rounded up to 6 minutes");
}

#[tokio::test]
async fn a_logo_is_a_picture_and_runs_nothing() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    site.stranger().get("/logo").await.ok();
    upload(&owner, PNG).await.is(303);
    let logo = site.stranger().get("/logo").await.ok();
    assert_eq!((logo.header("content-type").as_str(), logo.body.as_slice()), ("image/png", PNG));
    assert_eq!(logo.header("content-security-policy"), "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    assert_eq!(logo.header("x-content-type-options"), "nosniff");
    upload(&owner, b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>").await.is(422).shows("shapes only");
    let broken = "<svg xmlns=\"http://www.w3.org/2000/svg\"><g>";
    upload(&owner, broken.as_bytes()).await.is(422).shows("cannot be drawn");
    upload(&owner, &[0; 300_000]).await.is(422).shows("at most 200 kB");
    upload(&owner, b"").await.is(422);
    assert!(site.app.stored_logo().expect("a logo").is_some());
    owner.post("/settings/logo/remove", &[]).await.is(303);
    assert!(site.app.stored_logo().expect("no logo").is_none());
    upload(&site.person(BOOK_KEEPER), PNG).await.forbidden();
}

#[tokio::test]
async fn a_holiday_that_is_not_there_is_not_taken_away() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    for day in ["2026-02-03", "nonsense", ""] {
        owner.post("/settings/calendar/holidays/remove", &[("day", day)]).await.not_found();
    }
}
