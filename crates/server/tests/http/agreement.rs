//! The editor of agreements: what it shows, what it saves, and what it refuses.

use quarterhour_billing::agreement::{Agreement, FeeBasis, Prepaid};
use quarterhour_billing::{Currency, Words};
use quarterhour_books::setup;
use quarterhour_server::app::agreement_form::AgreementForm;
use quarterhour_server::app::demo::{self, Stage};

use crate::browser::{borrowed, fields_of, set};
use crate::support::{APPROVER, BOOK_KEEPER, DISPATCHER, OWNER, Site};

/// The fields of the editor that a browser would send.
fn fields(html: &str) -> Vec<(String, String)> {
    fields_of(html, "editor")
}

/// The order of classes in a table says nothing.
fn sorted(mut agreement: Agreement) -> Agreement {
    if let Some(FeeBasis::PerDevice(prices)) = agreement.fee.as_mut().map(|fee| &mut fee.basis) {
        prices.sort();
    }
    match &mut agreement.prepaid {
        Prepaid::Time(pools) => {
            if let Some(quarterhour_billing::agreement::AllowanceSize::PerDevice(minutes)) =
                pools.allowance.as_mut().map(|allowance| &mut allowance.size)
            {
                minutes.sort_unstable();
            }
        }
        Prepaid::Money(reserve) => {
            if let quarterhour_billing::agreement::ReserveSize::PerDevice { minutes, .. } = &mut reserve.size {
                minutes.sort_unstable();
            }
        }
        Prepaid::Nothing => {}
    }
    agreement.overage.tiers.sort_unstable();
    agreement.weights.tiers.sort_unstable();
    agreement
}

/// A text, its form, and the form's text mean the same.
#[track_caller]
fn survives(name: &str, text: &str) {
    let mut words = Words::default();
    let agreement = setup::read_agreement(name, text, &mut words).unwrap_or_else(|problems| unreachable!("{name}: {problems:?}"));
    let form = AgreementForm::of(&agreement, &words, "acme", Currency::parse("USD").expect("a currency"));
    let (again, written) = form.read(name, &mut words).unwrap_or_else(|problems| unreachable!("{name}: {problems:?}\n{text}"));
    assert_eq!(format!("{:?}", sorted(agreement)), format!("{:?}", sorted(again)), "{text}\n---\n{written}");
    // A browser sends it as pairs, rows numbered as they are shown.
    assert_eq!(form.read(name, &mut words).expect("again").1, written);
}

/// The agreements in the cases of the engine: what stands under `agreement:` lines, with two spaces before each line.
fn agreements_of_cases() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../billing/tests/cases");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the cases") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if !line.starts_with("agreement") || !line.trim_end().ends_with(':') {
                continue;
            }
            let mut body = "client = \"acme\"\n".to_owned();
            while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
                body.push_str(line.trim_start());
                body.push('\n');
            }
            found.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), body));
        }
    }
    found
}

#[test]
fn every_agreement_of_the_cases_and_of_the_demo_survives_its_form() {
    let mut seen = 0;
    for (name, text) in agreements_of_cases() {
        if setup::read_agreement(&name, &text, &mut Words::default()).is_ok() {
            survives(&name, &text);
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} agreements");
    let folder = std::env::temp_dir().join(format!("quarterhour-forms-{}", std::process::id()));
    demo::write(&folder, Stage::new(jiff::civil::date(2026, 11, 25), 1), 1).expect("the demo's books");
    for entry in std::fs::read_dir(folder.join("agreements")).expect("agreements") {
        let path = entry.expect("a file").path();
        survives(&path.display().to_string(), &std::fs::read_to_string(&path).expect("a text"));
    }
    drop(std::fs::remove_dir_all(folder));
}

#[test]
fn every_problem_of_a_form_is_at_one_of_its_fields() {
    let mut form = AgreementForm::default();
    for (name, value) in [
        ("client", "acme"),
        ("program", "customized"),
        ("starts", "tomorrow"),
        ("on.fee", "1"),
        ("fee.basis", "flat"),
        ("fee.flat", "a lot"),
        ("on.block", "1"),
        ("block.0.bought", "2026-01-01"),
        ("block.0.price", "1.00001"),
        ("on.overage", "1"),
        ("overage.tiers.0.tier", "senior"),
        ("overage.tiers.0.rate", "-5"),
        ("overage.tiers.1.rate", "5"),
        ("on.rounding", "1"),
        ("rounding.increment", "0"),
        ("on.service", "1"),
        ("service.0.name", "Backup"),
        ("service.0.unit", "user"),
        ("service.0.price", "5"),
        ("on.guard", "1"),
        ("guard.thresholds", "50, x"),
        ("guard.cap.amount", "5"),
    ] {
        form.set(name, value);
    }
    let problems = form.read("acme", &mut Words::default()).expect_err("problems");
    let mut fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    fields.sort_unstable();
    let expected = [
        "block.0.hours",
        "block.0.price",
        "fee.flat",
        "guard.cap.on_cap",
        "guard.thresholds",
        "overage.tiers.0.rate",
        "overage.tiers.1.tier",
        "rounding.increment",
        "service.0",
        "starts",
    ];
    assert_eq!(fields, expected, "{problems:?}");
}

#[tokio::test]
async fn an_agreement_is_shown_in_plain_words() {
    let site = Site::demo();
    let page = site.person(DISPATCHER).get("/clients/cedar/agreements/cedar").await.ok();
    let page = page.shows("min = ").shows("unused hours are lost").shows("Work beyond that costs USD 150.00 an hour");
    page.hides("/edit").hides("Sell a block");
    site.person(OWNER).get("/clients/cedar/agreements").await.ok().shows("in force").shows("use-it-or-lose-it");
    site.person(OWNER).get("/clients/cedar/agreements/alder").await.not_found();
}

#[tokio::test]
async fn an_edit_of_an_issued_agreement_starts_a_new_version() {
    let site = Site::demo();
    let owner = site.person(BOOK_KEEPER);
    let mut sent = fields(&owner.get("/clients/cedar/agreements/cedar/edit").await.ok().text());
    set(&mut sent, "fee.flat", "4000");
    let to = owner.post("/clients/cedar/agreements/cedar/edit", &borrowed(&sent)).await.leads_to();
    assert_eq!(to, "/clients/cedar/agreements/cedar-2026-12");
    owner.get(&to).await.ok().shows("USD 4,000.00 a month").shows("planned");
    owner.get("/clients/cedar/agreements/cedar").await.ok().shows("to 30 Nov 2026").hides("USD 4,000.00");
    // Deleting the version lets the one before go on, and undo brings it back.
    owner.post("/clients/cedar/agreements/cedar-2026-12/delete", &[]).await.is(303);
    owner.get("/clients/cedar/agreements/cedar").await.ok().hides("to 30 Nov 2026");
    owner.post("/clients/cedar/agreements/cedar-2026-12/restore", &[]).await.is(303);
    owner.get("/clients/cedar/agreements/cedar").await.ok().shows("to 30 Nov 2026");
}

#[tokio::test]
async fn an_agreement_is_never_edited_backwards() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let sent = fields(&owner.get("/clients/cedar/agreements/cedar/edit").await.ok().text());
    let mut early = sent.clone();
    set(&mut early, "from", "2026-05-01");
    owner.post("/clients/cedar/agreements/cedar/edit", &borrowed(&early)).await.is(422).shows("in an issued period");
    let mut place = sent.clone();
    set(&mut place, "apply", "place");
    set(&mut place, "starts", "2025-09-01");
    owner.post("/clients/cedar/agreements/cedar/edit", &borrowed(&place)).await.is(422).shows("stays as it is");
    owner.post("/clients/cedar/agreements/cedar/delete", &[]).await.is(422).shows("stays as it is");
    owner.post("/clients/cedar/agreements/cedar/end", &[("ends", "2026-03-01")]).await.is(422).shows("in an issued period");
    // Two people at once: the second is told.
    owner.post("/clients/cedar/agreements/cedar/end", &[("ends", "2027-01-01")]).await.is(303);
    owner.post("/clients/cedar/agreements/cedar/edit", &borrowed(&sent)).await.is(422).shows("changed by somebody else");
}

#[tokio::test]
async fn what_is_wrong_is_said_at_the_field_and_kept() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let mut sent = fields(&owner.get("/clients/cedar/agreements/cedar/edit").await.ok().text());
    set(&mut sent, "fee.flat", "much");
    set(&mut sent, "new_name", "alder");
    let page = owner.post("/clients/cedar/agreements/cedar/edit", &borrowed(&sent)).await.is(422);
    page.shows("value=\"much\"").shows("id=\"p-fee.flat\"").shows("`much`; expected a price");
    set(&mut sent, "fee.flat", "10");
    owner.post("/clients/cedar/agreements/cedar/edit", &borrowed(&sent)).await.is(422).shows("id=\"p-new_name\"").shows("is taken");
}

#[tokio::test]
async fn a_preview_bills_the_month_under_the_edit_and_saves_nothing() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let mut sent = fields(&owner.get("/clients/cedar/agreements/cedar/edit").await.ok().text());
    let path = "/clients/cedar/agreements/cedar/edit/preview";
    owner.post(path, &borrowed(&sent)).await.ok().shows("The same amount");
    set(&mut sent, "fee.flat", "99999");
    set(&mut sent, "allowance.size", "fixed_minutes");
    set(&mut sent, "allowance.fixed_minutes", "600");
    owner.post(path, &borrowed(&sent)).await.ok().shows(" more").shows("99,999.00").shows("10 h a month; unused hours are lost");
    set(&mut sent, "fee.flat", "");
    owner
        .post(path, &borrowed(&sent))
        .await
        .ok()
        .shows("It can be saved once this is right")
        .shows("data-problem=\"fee.flat\"")
        .shows("Fee");
    set(&mut sent, "fee.flat", "10");
    set(&mut sent, "from", "2026-10-05");
    let early = owner.post(path, &borrowed(&sent)).await.ok();
    early.shows("data-problem=\"from\"").shows("is in an issued period").shows("under this edit");
    owner.get("/clients/cedar/agreements/cedar").await.ok().hides("99,999");
}

#[tokio::test]
async fn a_new_agreement_begins_with_a_template_or_a_program() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    owner.post("/clients/cedar/agreements/cedar/end", &[("ends", "2026-12-15")]).await.is(303);
    let page =
        owner.get("/clients/cedar/agreements/new").await.ok().shows("Level 3: Managed").shows("A copy of an earlier one").text();
    let template = page.split("?template=").nth(1).and_then(|rest| rest.split('"').next()).expect("a template").to_owned();
    owner.get(&format!("/clients/cedar/agreements/new?template={template}")).await.ok().shows("value=\"2026-12-15\"");
    let page = owner.get("/clients/cedar/agreements/new?program=fixed-rate").await.ok();
    let page = page.hides("id=\"clause-allowance\"").hides("id=\"clause-reserve\"").text();
    let mut sent = fields(&page);
    set(&mut sent, "fee.per_device.workstation", "50");
    let to = owner.post("/clients/cedar/agreements/new", &borrowed(&sent)).await.leads_to();
    owner.get(&to).await.ok().shows("All work on listed workstations, servers and firewalls is included");
    // It overlaps with itself under another name.
    set(&mut sent, "name", "cedar-twice");
    owner.post("/clients/cedar/agreements/new", &borrowed(&sent)).await.is(422).shows("are both in force on 2026-12-15");
}

#[tokio::test]
async fn rows_and_programs_change_without_a_script() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let mut sent = fields(&owner.get("/clients/teak/agreements/new?program=block-of-time").await.ok().text());
    set(&mut sent, "add", "block");
    let page = owner.post("/clients/teak/agreements/new", &borrowed(&sent)).await.ok().shows("name=\"block.1.hours\"").text();
    let mut sent = fields(&page);
    set(&mut sent, "program", "budget");
    set(&mut sent, "step", "program");
    let page = owner.post("/clients/teak/agreements/new", &borrowed(&sent)).await.ok();
    page.shows("id=\"clause-reserve\"").hides("id=\"clause-block\"");
}

#[tokio::test]
async fn a_block_is_sold_on_an_open_day() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let path = "/clients/ironwood/agreements/ironwood/block";
    let block = [("bought", "2026-11-20"), ("hours", "10"), ("price", "1000"), ("expires_months", "6")];
    assert_eq!(owner.post(path, &block).await.leads_to(), "/clients/ironwood/agreements/ironwood");
    owner.get("/clients/ironwood/agreements/ironwood").await.ok().shows("A block of 10 h for USD 1,000.00, bought on 20 Nov 2026");
    let early = [("bought", "2026-02-03"), ("hours", "10"), ("price", "1000")];
    owner.post(path, &early).await.is(422).shows("in an issued period");
    owner.post(path, &[("bought", "2026-11-20"), ("price", "x")]).await.is(422).shows("id=\"p-hours\"").shows("id=\"p-price\"");
    owner.post(path, &[]).await.is(422);
}

#[tokio::test]
async fn a_month_of_two_agreements_has_one_sum_everywhere() {
    let site = Site::demo();
    let owner = site.person(OWNER);
    let token = site.token(OWNER, "read");
    let edit = "/clients/cedar/agreements/cedar/edit";
    let mut sent = fields(&owner.get(edit).await.ok().text());
    set(&mut sent, "from", "2026-11-20");
    let preview = owner.post(&format!("{edit}/preview"), &borrowed(&sent)).await.ok().shows("in force from 20 Nov 2026").text();
    let told = preview.split("<tfoot>").nth(1).and_then(|foot| foot.split("<td class=\"num\">").nth(2)?.split('<').next());
    let told = told.expect("a sum").replace(',', "");
    owner.post(edit, &borrowed(&sent)).await.leads_to();
    let month = token.get("/api/v1/clients/cedar/month").await.ok().value();
    let statements = token.get("/api/v1/clients/cedar/statements/2026-11").await.ok().value();
    let list = statements["statements"].as_array().expect("statements");
    assert_eq!(list.len(), 2);
    let sum = |of: &str| list.iter().filter_map(|it| it["statement"]["time"][of].as_i64()).sum::<i64>();
    assert_eq!(month["used"].as_i64(), Some(sum("used")), "{month}");
    assert_eq!(month["available"].as_i64(), Some(sum("opening") + sum("granted") + sum("restored")));
    let net: f64 = list.iter().filter_map(|it| it["statement"]["net"].as_str()?.parse::<f64>().ok()).sum();
    assert_eq!(month["net"].as_str(), Some(format!("{net:.2}").as_str()));
    assert_eq!(month["net"].as_str(), Some(told.as_str()), "the preview said it");
    let left = month["left"].as_i64().expect("seconds");
    let shown = format!("{}:{:02}", left / 3600, left / 60 % 60);
    owner.get("/clients/cedar").await.ok().shows(&shown);
    site.person(APPROVER).get("/portal").await.ok().shows(&shown);
}
