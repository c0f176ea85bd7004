//! Provider, clients, devices and agreements that are wrong: file, line, column, found, expected.

mod common;

use common::{files, setup_problems};
use quarterhour_books::SetupFiles;

fn with_provider(text: &str) -> Vec<String> {
    setup_problems(&SetupFiles { provider: text.into(), ..files() })
}

fn with_clients(text: &str) -> Vec<String> {
    setup_problems(&SetupFiles { clients: text.into(), ..files() })
}

fn with_devices(rows: &str) -> Vec<String> {
    setup_problems(&SetupFiles { devices: format!("client,name,class,in_service,retired\n{rows}").into(), ..files() })
}

fn with_agreements(agreements: &[(&str, &str)]) -> Vec<String> {
    let agreements = agreements.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    setup_problems(&SetupFiles { agreements, ..files() })
}

#[test]
fn a_provider_has_a_known_currency_and_time_zone() {
    let problems = with_provider("name = \"N\"\ncurrency = \"usd\"\ntime_zone = \"Eastern\"\n[[rate]]\nhourly = 1\n");
    let expected = [
        "provider.toml:2: column 1, `currency`: `usd`; expected a currency of ISO 4217 such as USD",
        "provider.toml:3: column 1, `time_zone`: `Eastern`; expected an IANA time zone such as America/New_York",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn what_a_provider_lacks_is_named() {
    let expected = [
        "provider.toml:1: column 1: `name` is missing; expected the provider's name",
        "provider.toml:1: column 1: `currency` is missing; expected a currency such as USD",
        "provider.toml:1: column 1: `time_zone` is missing; expected a time zone such as America/New_York",
        "provider.toml:1: column 1: no default rate; expected a `[[rate]]` with `hourly` and neither `tier` nor `work_type`",
    ];
    assert_eq!(with_provider(""), expected);
}

#[test]
fn business_hours_are_ascending() {
    for hours in
        ["18:00-08:00", "08:00", "8:00-18:00", "08:00-25:00", "08:00-12:00,11:00-18:00", "08:00-24:30", "08:60-18:00", "+8:00-18:00"]
    {
        let problems = with_provider(&format!("{}[hours]\nmon = \"{hours}\"\n", common::PROVIDER));
        let expected = "hours such as \"08:00-12:00,13:00-18:00\", ascending";
        assert_eq!(problems, [format!("provider.toml:7: column 1, `hours.mon`: `{hours}`; expected {expected}")]);
    }
    let problems = with_provider(&format!("{}[hours]\nmonday = \"08:00-18:00\"\n", common::PROVIDER));
    assert_eq!(problems, ["provider.toml:7: column 1, `hours.monday`: an unknown key; expected mon, tue, wed, thu, fri, sat or sun"]);
}

#[test]
fn toml_that_is_none_is_refused_with_its_line() {
    let problems = with_provider("name = \"N\"\ncurrency = USD\n");
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("provider.toml:2: column 12, `TOML`: "), "{problems:?}");
    let problems = with_provider(&format!("holidays = [\"2026-12-25\"]\n{}", common::PROVIDER));
    assert_eq!(problems, ["provider.toml:1: column 13, `holidays`: `2026-12-25`; expected a date such as 2026-01-31, without quotes"]);
}

#[test]
fn a_client_has_a_code_of_its_own_a_known_currency_time_zone_and_tax() {
    let rows = "acme,Acme,USD,America/New_York,8.25\nbeta,Beta,usd,Berlin,8.123456\nacme,Again,,,\ngold,Gold,XAU,,101\n,,,,-1\n";
    let expected = [
        "clients.csv:3: currency: `usd`; expected a currency of ISO 4217 such as USD",
        "clients.csv:3: time_zone: `Berlin`; expected an IANA time zone such as America/New_York",
        "clients.csv:3: tax_percent: `8.123456`; expected a percentage from 0 to 100 such as 8.25",
        "clients.csv:4: code: `acme` is already in line 2; expected each code once",
        "clients.csv:5: currency: `XAU`; expected a currency of ISO 4217 such as USD",
        "clients.csv:5: tax_percent: `101`; expected a percentage from 0 to 100 such as 8.25",
        "clients.csv:6: code: nothing; expected a text",
        "clients.csv:6: name: nothing; expected a text",
        "clients.csv:6: tax_percent: `-1`; expected a percentage from 0 to 100 such as 8.25",
    ];
    assert_eq!(with_clients(&format!("code,name,currency,time_zone,tax_percent\n{rows}")), expected);
}

#[test]
fn columns_of_clients_are_known_and_complete() {
    let known = "code, name, email, currency, time_zone, tax_percent, street, city, postcode, region, country, tax_id";
    let expected = [
        format!("clients.csv:1: `mail`: an unknown column; expected {known}"),
        "clients.csv:1: name: the column is missing from the header".to_owned(),
    ];
    assert_eq!(with_clients("code,mail\nacme,x\n"), expected);
}

#[test]
fn a_device_has_a_known_client_a_class_and_dates() {
    let rows = "nobody,a,workstation,2026-01-01,\nacme,b,laptop,2026-01-01,\nacme,c,server,2026-02-30,\nacme,d,server,01.02.2026,\n\
                acme,e,server,2026-02-01,2026-01-31\nacme,f,server,,\nacme,g,server,2026-1-1,\nacme,h,server,2026-01-01T00:00,\n";
    let expected = [
        "devices.csv:2: client: `nobody`; expected a code of clients.csv",
        "devices.csv:3: class: `laptop`; expected workstation, server, firewall, switch, printer, other",
        "devices.csv:4: in_service: `2026-02-30`; expected a date such as 2026-01-31",
        "devices.csv:5: in_service: `01.02.2026`; expected a date such as 2026-01-31",
        "devices.csv:6: retired: `2026-01-31`; expected a day on or after `in_service`",
        "devices.csv:7: in_service: nothing; expected a date such as 2026-01-31",
        "devices.csv:8: in_service: `2026-1-1`; expected a date such as 2026-01-31",
        "devices.csv:9: in_service: `2026-01-01T00:00`; expected a date such as 2026-01-31",
    ];
    assert_eq!(with_devices(rows), expected);
}

#[test]
fn a_device_is_not_in_service_twice_at_once() {
    let rows = "acme,a,server,2026-03-01,\nacme,a,server,2026-01-01,2026-03-02\nacme,b,server,2026-01-01,2026-02-01\nacme,b,server,2026-02-01,\n";
    let expected = ["devices.csv:2: name: `a` is in service twice at once, see line 3; expected the first to be retired"];
    assert_eq!(with_devices(rows), expected);
    let rows = "acme,a,server,2026-01-01,\nacme,a,server,2026-01-01,\n";
    let expected = ["devices.csv:3: name: `a` is in service twice at once, see line 2; expected the first to be retired"];
    assert_eq!(with_devices(rows), expected);
}

#[test]
fn overlapping_agreements_are_both_named() {
    let agreement = |dates: &str| format!("client = \"acme\"\nprogram = \"ad-hoc\"\n{dates}\n");
    let (first, second) = (agreement("starts = 2026-01-01\nends = 2026-07-01"), agreement("starts = 2026-06-30"));
    let expected = "agreements/new.toml: agreements `old` and `new` are both in force on 2026-06-30; \
                    end `old` on or before the day `new` starts";
    assert_eq!(with_agreements(&[("new", &second), ("old", &first)]), [expected]);
    let same_day = agreement("starts = 2026-07-01");
    assert!(with_agreements(&[("old", &first), ("new", &same_day)]).is_empty());
}

#[test]
fn an_agreement_names_a_known_client() {
    let problems = with_agreements(&[("a", "program = \"ad-hoc\"\nstarts = 2026-01-01\nclient = \"nobody\"\n")]);
    assert_eq!(problems, ["agreements/a.toml:3: column 1, `client`: `nobody`; expected a code of clients.csv"]);
}

#[test]
fn what_an_agreement_lacks_is_named() {
    let expected = [
        "agreements/a.toml:1: column 1: `client` is missing; expected the code of a client",
        "agreements/a.toml:1: column 1: `program` is missing; expected the name of a program",
        "agreements/a.toml:1: column 1: `starts` is missing; expected the first day in force",
    ];
    assert_eq!(with_agreements(&[("a", "")]), expected);
}

#[test]
fn values_of_an_agreement_have_their_kind() {
    let text = "client = \"acme\"\nprogram = \"customized\"\nstarts = \"2026-01-01\"\nends = 2026-01-01T00:00:00\n\
        [allowance]\nminutes = { workstation = 15.5, laptop = 1 }\nrollover = 3\n[rounding]\nincrement = 0\nscope = \"day\"\n\
        [[block]]\nbought = 2026-01-01\nhours = \"0.00001\"\nprice = 1e3\n[weights]\nafter_hours = \"51\"\n[guard]\nthresholds = [\"50\"]\n";
    let expected = [
        "agreements/a.toml:3: column 1, `starts`: `2026-01-01`; expected a date such as 2026-01-31, without quotes",
        "agreements/a.toml:4: column 1, `ends`: a datetime; expected a date such as 2026-01-31, without quotes",
        "agreements/a.toml:6: column 33, `allowance.minutes.laptop`: an unknown class of devices; \
         expected workstation, server, firewall, switch, printer, other",
        "agreements/a.toml:6: column 13, `allowance.minutes.workstation`: `15.5`; expected a whole number from 0 to 1000000",
        "agreements/a.toml:7: column 1, `allowance.rollover`: `3`; expected a table: `[allowance.rollover]` with its keys below",
        "agreements/a.toml:9: column 1, `rounding.increment`: `0`; expected a whole number from 1 to 1440",
        "agreements/a.toml:10: column 1, `rounding.scope`: `day`; expected \"entry\", \"ticket-day\", \"ticket\"",
        "agreements/a.toml:13: column 1, `block.hours`: `0.00001`; expected hours: at most 4 decimals",
        "agreements/a.toml:14: column 1, `block.price`: `1e3`; expected a price: a decimal number such as 187.50",
        "agreements/a.toml:16: column 1, `weights.after_hours`: 51; expected at most 50",
        "agreements/a.toml:18: column 15, `guard.thresholds`: `50`; expected a whole number from 1 to 1000",
    ];
    assert_eq!(with_agreements(&[("a", text)]), expected);
}

#[test]
fn hours_of_a_block_are_whole_seconds() {
    for hours in ["0", "0.0001"] {
        let block = format!("[[block]]\nbought = 2026-01-01\nhours = \"{hours}\"\nprice = 1\n");
        let text = format!("client = \"acme\"\nprogram = \"block-of-time\"\nstarts = 2026-01-01\n{block}");
        let expected =
            format!("agreements/a.toml:6: column 1, `block.hours`: {hours} hours; expected more than 0 and a whole number of seconds");
        assert_eq!(with_agreements(&[("a", &text)]), [expected]);
    }
}

#[test]
fn problems_of_all_files_are_listed_together_and_nothing_is_read() {
    let files = SetupFiles {
        provider: "name = 1\n".into(),
        clients: "code\nacme\n".into(),
        devices: "client\n".into(),
        agreements: vec![("a".to_owned(), b"x = 1".to_vec())],
    };
    let problems = setup_problems(&files);
    for file in ["provider.toml", "clients.csv", "devices.csv", "agreements/a.toml"] {
        assert!(problems.iter().any(|problem| problem.starts_with(file)), "{file}: {problems:#?}");
    }
}

#[test]
fn the_problems_of_each_file_are_capped_with_a_count() {
    let rows: String = (0..250).map(|at| format!("acme,d-{at},laptop,2026-01-01,\n")).collect();
    let problems = with_devices(&rows);
    assert_eq!(problems.len(), 101);
    assert_eq!(problems.last().map(String::as_str), Some("devices.csv: and 150 more"));
}
