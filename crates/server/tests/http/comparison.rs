//! The comparison of programs: its page, its answers to sliders, what is kept and what a client sees of it.

use crate::browser::between;
use crate::support::{APPROVER, BOOK_KEEPER, CONTACT, DISPATCHER, OTHER_CLIENT, OWNER, Site, TECHNICIAN};

#[tokio::test]
async fn programs_are_compared_and_follow_the_sliders() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let page = owner.get("/clients/cedar/comparison").await.ok();
    let page =
        page.shows("use-it-or-lose-it").shows("Fewer or more tickets").shows("Questions to ask").shows("today&#39;s: cedar").text();
    assert_eq!(page, owner.get("/clients/cedar/comparison").await.text(), "the same seed gives the same page");
    let path = "/clients/cedar/comparison/preview";
    let said =
        async |fields: &[(&str, &str)]| between(&owner.post(path, fields).await.ok().text(), "<ul class=\"stack-small\">", "</ul>");
    let usual = said(&[]).await;
    assert_ne!(usual, said(&[("tickets", "200")]).await);
    assert_ne!(usual, said(&[("workstations", "10")]).await);
    // Nobody there, nothing to do: a fee is a fee, and nothing is divided by nought.
    let none = said(&[("workstations", "0"), ("servers", "0"), ("tickets", "0"), ("crashes", "0"), ("viruses", "0")]).await;
    assert!(!none.contains("NaN") && !none.contains("inf"), "{none}");
}

#[tokio::test]
async fn a_whole_report_shows_own_months_scenarios_and_how_well_laws_fit() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let page = owner.get("/clients/cedar/comparison").await.ok();
    let page = page.shows("The client's own months").shows("What would happen if").shows("A third fewer workstations");
    let page = page.shows("What the past says by itself").shows("lognormal").shows("At the provider's margin");
    page.shows("were drawn anew").shows("Why: use-it-or-lose-it").hides("Press Show");
    let quick = owner.post("/clients/cedar/comparison/preview", &[]).await.ok();
    quick.shows("Press Show").hides("What would happen if");
}

#[tokio::test]
async fn the_model_can_be_changed_and_is_kept() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let path = "/clients/cedar/comparison/preview";
    let capped = owner.post(path, &[("longest", "0.5"), ("law", "lognormal"), ("seasons", "yes")]).await.ok();
    let capped = capped.shows("No ticket takes longer than 0.5 hours").shows("follow the lognormal law");
    let table = |text: &str| between(text, "aria-label=\"Figures by program\"", "</table>");
    assert_ne!(table(&capped.text()), table(&owner.post(path, &[]).await.ok().text()));
    for (field, value) in [("law", "cauchy"), ("longest", "0"), ("longest", "long")] {
        let answer = owner.post(path, &[(field, value)]).await.ok().text();
        assert!(answer.contains(&format!("data-problem=\"{field}\"")), "{field}: {answer}");
        owner.get(&format!("/clients/cedar/comparison?{field}={value}")).await.ok().shows("has-problem");
    }
    owner.post("/clients/cedar/comparisons", &[("law", "gamma"), ("longest", "6"), ("seasons", "yes")]).await.leads_to();
    let page = owner.get("/clients/cedar/comparison").await.ok().text();
    let again = between(&page, "<a class=\"button small\" href=\"", "\"").replace("&#38;", "&").replace("&amp;", "&");
    assert!(again.contains("law=gamma") && again.contains("longest=6") && again.contains("seasons=yes"), "{again}");
}

#[tokio::test]
async fn numbers_that_make_no_sense_are_told_at_their_slider() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    for (field, value) in [
        ("workstations", "-1"),
        ("workstations", "1.5"),
        ("servers", "1e30"),
        ("tickets", "-5"),
        ("hours", "nine"),
        ("growth", "1e99"),
        ("crashes", "NaN"),
        ("margin", "100"),
    ] {
        let answer = owner.post("/clients/cedar/comparison/preview", &[(field, value)]).await.ok().text();
        assert!(answer.contains(&format!("data-problem=\"{field}\"")), "{field}: {answer}");
        owner.get(&format!("/clients/cedar/comparison?{field}={value}")).await.ok().shows("has-problem");
    }
    // In the units of the form.
    for (field, value, said) in [
        ("tickets", "-5", "-5 is not from 0 to 10000"),
        ("growth", "-95", "-95 is not from -90 to 500"),
        ("margin", "99.5", "99.5 is not from 0 to 99"),
    ] {
        owner.post("/clients/cedar/comparison/preview", &[(field, value)]).await.ok().shows(said);
    }
    owner.get("/clients/nobody/comparison").await.not_found();
    owner.post("/clients/cedar/comparison/preview", &[("unknown", "three")]).await.ok().shows("Figures by program");
}

#[tokio::test]
async fn a_kept_comparison_is_seen_by_the_client_once_it_is_shared() {
    let site = Site::demo();
    let (owner, carla, hanna) = (site.person(OWNER), site.person(APPROVER), site.person(OTHER_CLIENT));
    owner.post("/clients/cedar/comparisons", &[("seed", "7"), ("tickets", "120")]).await.leads_to();
    let page = owner.get("/clients/cedar/comparison").await.ok().shows("Kept comparisons").text();
    let path = format!("/clients/cedar/comparisons/{}", between(&page, "formaction=\"/clients/cedar/comparisons/", "/"));
    // The inputs are on record and open the same comparison again.
    assert!(page.contains("seed=7&amp;tickets=120") || page.contains("seed=7&#38;tickets=120"), "{page}");
    let pdf = owner.get(&format!("{path}/pdf")).await.ok();
    assert_eq!(pdf.header("content-type"), "application/pdf");
    let id = path.rsplit('/').next().expect("an id").to_owned();
    let own = format!("/portal/programs/{id}/pdf");
    carla.get("/portal/programs").await.ok().shows("No comparison yet");
    carla.get(&own).await.not_found();
    owner.post(&format!("{path}/share"), &[]).await.leads_to();
    let seen = carla.get("/portal/programs").await.ok().shows("use-it-or-lose-it").shows("Questions to ask us");
    assert_eq!(seen.text().matches("<figure").count(), 2, "densities and curve");
    carla.get(&own).await.ok();
    site.person(CONTACT).get("/portal/programs").await.ok().shows("use-it-or-lose-it");
    hanna.get("/portal/programs").await.ok().shows("No comparison yet");
    hanna.get(&own).await.not_found();
    owner.get(&format!("/clients/hazel/comparisons/{id}/pdf")).await.not_found();
    owner.post(&format!("{path}/hide"), &[]).await.leads_to();
    carla.get(&own).await.not_found();
    owner.post(&format!("{path}/delete"), &[]).await.leads_to();
    owner.get("/clients/cedar/comparison").await.ok().hides("Kept comparisons");
    owner.post(&format!("{path}/delete"), &[]).await.not_found();
}

#[tokio::test]
async fn prices_are_compared_by_those_who_may_see_them() {
    let site = Site::demo();
    for email in [TECHNICIAN, DISPATCHER, APPROVER] {
        site.person(email).get("/clients/cedar/comparison").await.forbidden();
        site.person(email).get("/clients/cedar/comparison.pdf").await.forbidden();
        site.person(email).post("/clients/cedar/comparisons", &[]).await.forbidden();
    }
    site.person(BOOK_KEEPER).get("/clients/cedar/comparison").await.ok().shows("Keep");
    let pdf = site.person(BOOK_KEEPER).get("/clients/cedar/comparison.pdf?workstations=12").await.ok();
    assert!(pdf.body.starts_with(b"%PDF-1.7"));
}

#[tokio::test]
async fn the_end_of_a_month_is_told_with_its_chances() {
    let site = Site::demo();
    let technician = site.person(TECHNICIAN);
    let page = technician.get("/clients/cedar").await.ok().text();
    assert!(page.contains("data-later=\"/clients/cedar/month-end\""), "the client's page brings it");
    let page = technician.get("/clients/cedar/month-end").await.ok().shows("As likely as not the month ends at");
    page.shows("The chance of overage is").shows("business days are left").shows("forecasts of past months");
    technician.get("/clients/nobody/month-end").await.not_found();
    site.person(APPROVER).get("/clients/cedar/month-end").await.forbidden();
}
