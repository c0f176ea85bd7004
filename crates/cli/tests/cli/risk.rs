//! Questions about risk from the command line: compare, forecast, backtest, staffing.

use serde_json::Value;

use crate::books::Books;
use crate::support::Office;

fn office() -> Office {
    let office = Office::on_sqlite();
    Books::example(&office);
    office
}

fn write(office: &Office, name: &str, text: &str) {
    std::fs::write(office.folder.join(name), text).expect("a file of the test's folder");
}

#[test]
fn a_folder_is_compared_without_a_database_and_the_same_twice() {
    let office = office();
    let command = "compare acme --books books --json --date 2026-04-10";
    let (first, second) = (office.run(command).ok(), office.run(command).ok());
    assert_eq!(first, second);
    let report: Value = serde_json::from_str(&first).expect("JSON");
    let names: Vec<&str> = report["contenders"].as_array().expect("programs").iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names[..6], ["ad-hoc", "block-of-time", "use-it-or-lose-it", "budget", "fixed-rate", "customized"]);
    for contender in report["contenders"].as_array().expect("programs") {
        let figures = &contender["figures"];
        let of = |name: &str| figures[name]["value"].as_f64().expect("a number");
        assert!(of("median") <= of("p90") && of("p90") <= of("p95") && of("p95") <= of("tail_mean95") + 1e-6, "{figures}");
    }
    assert_ne!(first, office.run(&format!("{command} --seed 2")).ok());
}

#[test]
fn an_imported_database_gives_the_answers_of_its_folder() {
    let office = office();
    office.import();
    for command in ["compare acme --date 2026-04-10", "forecast --date 2026-03-10", "staffing --date 2026-04-10"] {
        assert_eq!(office.run(command).ok(), office.run(&format!("{command} --books books")).ok(), "{command}");
    }
}

#[test]
fn all_clients_are_compared_in_a_line_each() {
    let office = office();
    let lines: Value = serde_json::from_str(&office.run("compare --all --books books --json --date 2026-04-10").ok()).expect("JSON");
    let one: Value = serde_json::from_str(&office.run("compare acme --books books --json --date 2026-04-10").ok()).expect("JSON");
    let line = lines.as_array().expect("a list").iter().find(|line| line["client"] == "acme").expect("acme");
    let contenders = one["contenders"].as_array().expect("programs");
    let found = contenders.iter().find(|it| it["name"] == line["cheapest"]["name"]).expect("a program of the six or today's");
    // A line draws fewer years than a whole report.
    let (quick, whole) = (line["cheapest"]["mean"].as_f64(), found["figures"]["mean"]["value"].as_f64());
    let (quick, whole) = (quick.expect("a number"), whole.expect("a number"));
    assert!((quick / whole - 1.0).abs() < 0.03, "{quick} is not {whole}");
    assert!(office.run("compare --all --books books --date 2026-04-10").ok().contains("least on average"));
    office.run("compare --all acme --books books").fails(2);
    office.run("compare --books books").fails(2);
}

#[test]
fn the_model_can_be_changed() {
    let office = office();
    let of = |arguments: &str| office.run(&format!("compare acme --books books --date 2026-04-10 {arguments}")).ok();
    assert!(of("--longest 1").contains("No ticket takes longer than 1 hour."));
    assert!(of("--law lognormal").contains("follow the lognormal law"));
    assert!(of("--seasons").contains("all months of the year are alike"));
    assert_ne!(of(""), of("--margin 0.7"));
    assert!(office.run("compare acme --books books --law cauchy").fails(2).contains("lognormal"));
}

#[test]
fn nonsense_is_refused_with_the_field() {
    let office = office();
    let refused = |arguments: &str| office.run(&format!("compare acme --books books {arguments}")).fails(2);
    assert!(refused("--tickets -1").contains("--tickets") || refused("--tickets=-1").contains("tickets"));
    assert!(refused("--hours 0").contains("hours"));
    assert!(refused("--workstations 99999999").contains("workstations"));
    assert!(refused("--precision 0").contains("precision"));
    assert!(office.run("compare nobody --books books").fails(2).contains("there is no client `nobody`"));
    write(&office, "offer.toml", "program = \"budget\"\n");
    assert!(refused("--draft offer.toml").contains("offer"));
    write(&office, "ad-hoc.toml", "program = \"ad-hoc\"\n");
    assert!(refused("--draft ad-hoc.toml").contains("called `ad-hoc`"));
}

#[test]
fn a_draft_is_compared_beside_the_programs_and_printed() {
    let office = office();
    write(
        &office,
        "offer.toml",
        "client = \"acme\"\nstarts = 2020-01-01\nprogram = \"use-it-or-lose-it\"\n[fee]\nflat = \"99.00\"\n[allowance]\nfixed_minutes = 60\n",
    );
    let said = office.run("compare acme --books books --date 2026-04-10 --draft offer.toml --pdf offer.pdf").ok();
    assert!(said.contains("\noffer "), "{said}");
    let pdf = std::fs::read(office.folder.join("offer.pdf")).expect("a PDF");
    assert!(pdf.starts_with(b"%PDF-1.7"));
}

#[test]
fn a_client_without_history_is_compared_by_what_is_usual() {
    let office = office();
    write(
        &office,
        "books/time_entries.csv",
        "id,client,ticket,technician,started_at,minutes,tier,work_type,device,billable,cause,note\n",
    );
    let said = office.run("compare acme --books books --date 2026-04-10").ok();
    assert!(said.contains("Nothing of this client was seen yet"), "{said}");
    assert!(office.run("staffing --books books --date 2026-04-10").fails(2).contains("no tickets"));
    assert!(office.run("backtest --books books --date 2026-04-10").ok().contains("Nothing to measure"));
    assert!(office.run("forecast --books books --date 2026-04-10").ok().contains("Nothing to forecast"));
}

#[test]
fn one_ticket_a_thousand_tickets_and_courtesy_only_are_answered() {
    let office = office();
    let head = "id,client,ticket,technician,started_at,minutes,tier,work_type,device,billable,cause,note\n";
    let many: String = (0..1_000)
        .map(|number| {
            format!("e{number},acme,T{number},Ana,2026-03-10T{:02}:{:02}:00Z,12,helpdesk,remote,,,,\n", 8 + number % 10, number % 60)
        })
        .collect();
    let one = "e1,acme,T1,Ana,2026-03-10T09:00:00Z,30,helpdesk,remote,,,,\n".to_owned();
    let courtesy = "e1,acme,T1,Ana,2026-03-10T09:00:00Z,30,helpdesk,remote,,false,,\n".to_owned();
    for rows in [one, many, courtesy] {
        write(&office, "books/time_entries.csv", &format!("{head}{rows}"));
        for command in ["compare acme --json", "forecast", "backtest --json"] {
            let said = office.run(&format!("{command} --books books --date 2026-04-10")).ok();
            assert!(!said.contains("NaN") && !said.contains("inf"), "{command}: {said}");
        }
    }
}

/// The example's clients have blocks, a reserve, a cap that holds, and services; each has had its agreement from the first month on.
#[test]
fn todays_agreement_costs_on_the_own_months_what_was_billed() {
    let office = office();
    for client in ["acme", "harbor", "lakeside", "summit"] {
        let report: Value =
            serde_json::from_str(&office.run(&format!("compare {client} --books books --json --date 2026-04-10")).ok()).expect("JSON");
        let contenders = report["contenders"].as_array().expect("programs");
        let name = format!("today's: {client}");
        let today = contenders.iter().find(|it| it["name"] == name.as_str()).expect("today's agreement");
        let months = today["replay"]["months"].as_array().expect("months");
        assert_eq!(months.len(), 3, "{client}");
        for month in months {
            let period = month["period"].as_str().expect("a month");
            let bill: Value = serde_json::from_str(&office.run(&format!("bill {period} --books books --client {client} --json")).ok())
                .expect("JSON");
            let net: i64 = bill["statements"].as_array().expect("statements").iter().map(|it| minor(&it["net"])).sum();
            assert_eq!(month["net"].as_i64(), Some(net), "{client} {period}");
        }
    }
}

/// An amount such as "570.00" in cents.
fn minor(amount: &Value) -> i64 {
    amount.as_str().expect("an amount").replace('.', "").parse().expect("a number")
}

#[test]
fn a_forecast_is_about_the_agreement_of_the_day_and_the_blocks_that_it_buys() {
    let office = office();
    let forecast = |client: &str, date: &str| -> Value {
        let said = office.run(&format!("forecast {client} --books books --json --date {date}")).ok();
        serde_json::from_str::<Value>(&said).expect("JSON")[0].clone()
    };
    // One block of five hours can be bought a month.
    assert_eq!(forecast("harbor", "2026-03-02")["can_buy"].as_f64(), Some(5.0));
    // From the middle of March on another agreement counts: its hours, its work, its days.
    let path = "books/agreements/acme.toml";
    let first = std::fs::read_to_string(office.folder.join(path)).expect("the agreement");
    write(&office, path, &first.replace("starts  = 2026-01-01", "starts  = 2026-01-01\nends = 2026-03-16"));
    let second = "client = \"acme\"\nprogram = \"use-it-or-lose-it\"\nstarts = 2026-03-16\n[allowance]\nfixed_minutes = 60\n[overage]\nrate = \"150.00\"\n";
    write(&office, "books/agreements/acme2.toml", second);
    let (before, after) = (forecast("acme", "2026-03-13"), forecast("acme", "2026-03-18"));
    assert_eq!((before["agreement"].as_str(), after["agreement"].as_str()), (Some("acme"), Some("acme2")));
    assert_eq!((before["business_days"].as_f64(), after["business_days"].as_f64()), (Some(10.0), Some(12.0)));
    assert!(after["available"].as_f64().expect("hours") < 1.0 + 1e-9, "{after}");
    assert!(
        after["hours"].as_f64() < before["hours"].as_f64(),
        "what was done under the first agreement is not counted again: {after}"
    );
    // After its end the first agreement has nothing to say.
    std::fs::remove_file(office.folder.join("books/agreements/acme2.toml")).expect("a file");
    let ended = forecast("acme", "2026-03-18");
    assert!(ended["agreement"].is_null() && ended["available"].is_null(), "{ended}");
}

#[test]
fn a_mistake_in_a_draft_is_told_with_its_own_line() {
    let office = office();
    write(&office, "offer.toml", "program = \"ad-hoc\"\n\n[rounding]\nincrement = 7000\n");
    let refused = office.run("compare acme --books books --draft offer.toml --date 2026-04-10").fails(2);
    assert!(refused.contains("offer.toml:4"), "{refused}");
}
