//! A client's past drawn anew, and the seasons of a portfolio.

use std::sync::Arc;

use jiff::tz::TimeZone;
use quarterhour_billing::agreement::{Agreements, Rate, RateTable};
use quarterhour_billing::{
    Billing, Calendar, Client, Currency, Decimal, Device, DeviceClass, LocalClock, Period, Terms, TimeEntry, Word, Words, WorkedOn,
};
use quarterhour_risk::candidate::{Candidate, Ground};
use quarterhour_risk::comparison::Plan;
use quarterhour_risk::estimate::mean_with;
use quarterhour_risk::field::Field;
use quarterhour_risk::history::History;
use quarterhour_risk::portfolio::{Portfolio, Prior, Seats, Trade};
use quarterhour_risk::resample::{MONTHS_MIN, PastMonths};

fn period(text: &str) -> Period {
    Period::parse(text).expect("a period")
}

fn client() -> Client {
    let device = |number: u32| Device {
        name: format!("ws-{number}"),
        class: DeviceClass::Workstation,
        in_service: period("2020-01").first_day(),
        retired: None,
        serial: String::new(),
        site: String::new(),
    };
    Client {
        code: "acme".to_owned(),
        currency: Currency::parse("USD").expect("a currency"),
        clock: Arc::new(LocalClock::new("UTC", &TimeZone::UTC)),
        tax_percent: Decimal::ZERO,
        devices: (0..10).map(device).collect(),
        agreements: Agreements::default(),
    }
}

/// One hour's entries, as many as wanted in each month from 2023-01 on.
fn entries(tickets: &[u32], (tier, work_type): (Word, Word)) -> Vec<TimeEntry> {
    let mut all = Vec::new();
    for (month, count) in (0..).zip(tickets) {
        let first = period("2023-01").plus(month).first_day();
        let midnight = first.since(quarterhour_billing::Day::of_local(0)) * 86_400;
        for number in 0..*count {
            let id = format!("{month:03}-{number:03}");
            all.push(TimeEntry {
                ticket: id.as_str().into(),
                id: id.as_str().into(),
                started_at: midnight + i64::from(number % 25) * 86_400 + 10 * 3_600 + i64::from(number),
                minutes: 60,
                tier,
                work_type,
                device: WorkedOn::NoDevice,
                billing: Billing::Billable,
            });
        }
    }
    all
}

fn history(tickets: &[u32], words: &mut Words) -> History {
    let kind = (words.intern("helpdesk"), words.intern("remote"));
    let until = period("2023-01").plus(u32::try_from(tickets.len()).expect("few") - 1);
    History::read(&client(), &entries(tickets, kind), until, 60)
}

#[test]
fn months_drawn_anew_have_the_mean_of_the_past_and_cost_what_the_engine_says() {
    let mut words = Words::default();
    let trade = Trade::usual(&mut words);
    let tickets = [4, 9, 2, 7, 5, 5, 8, 1, 6, 3, 10, 12];
    let past = PastMonths::new(&history(&tickets, &mut words), (20.0, 1.0), trade.severe).expect("enough months");
    let rate = Rate { tier: None, work_type: None, hourly: Decimal::whole(100), per_ticket: None };
    let week = std::array::from_fn(|_| vec![(0, 86_400)]);
    let terms = Terms { calendar: Calendar::new(week, Vec::new()), rates: RateTable(vec![rate]) };
    let ground = Ground { terms: &terms, words: &words };
    let (client, first) = (client(), period("2024-01"));
    let candidates = [Candidate { name: "ad-hoc".to_owned(), agreement: None }];
    let field = Field::new(ground, &client, (past.demand(), first, 12), &candidates).expect("a field");
    let run = past.run(&field, Plan { courses_min: 800, ..Plan::usual(first, 5) }).expect("a run");
    // Twice as many workstations: twice the 72 hours of the past.
    assert!((run.hours.mean - 144.0).abs() < 1e-9);
    let drawn = run.hours.drawn.iter().sum::<f64>() / 800.0;
    assert!((drawn - 144.0).abs() < 4.0, "{drawn}");
    for (course, hours) in run.courses[0].iter().zip(&run.hours.drawn) {
        assert_eq!(quarterhour_risk::number::float_i64(course.cost()), hours * 10_000.0);
    }
    assert!((mean_with(&run.costs(100.0)[0], &run.hours).value - 14_400.0).abs() < 1e-6);
}

#[test]
fn too_short_a_past_is_not_drawn_anew() {
    let mut words = Words::default();
    let trade = Trade::usual(&mut words);
    let short = history(&[3; MONTHS_MIN - 1], &mut words);
    assert!(PastMonths::new(&short, (10.0, 1.0), trade.severe).is_none());
    assert!(PastMonths::new(&History::default(), (10.0, 1.0), trade.severe).is_none());
}

#[test]
fn seasons_are_seen_where_years_agree_and_not_where_they_do_not() {
    let mut words = Words::default();
    let year = |december: u32| [&[10_u32; 11][..], &[december]].concat();
    let alike = [year(40), year(38), year(42)].concat();
    let portfolio = Portfolio::learn(vec![history(&alike, &mut words)], Prior::default());
    let seasons = portfolio.seasons().expect("Decembers differ");
    assert!(seasons[11] > 2.0 && seasons[3] < 1.0, "{seasons:?}");
    assert!((seasons.iter().sum::<f64>() / 12.0 - 1.0).abs() < 1e-9);
    let chance: Vec<u32> = (0..36_u32).map(|month| 6 + month * 7 % 11).collect();
    assert_eq!(Portfolio::learn(vec![history(&chance, &mut words)], Prior::default()).seasons(), None);
    assert_eq!(Portfolio::learn(vec![history(&year(40), &mut words)], Prior::default()).seasons(), None);
}

#[test]
fn a_ticket_that_is_used_again_and_again_is_a_label_and_no_incident() {
    let mut words = Words::default();
    let kind = (words.intern("helpdesk"), words.intern("remote"));
    // An hour a week, once with a name for each week, once always with the same one, once with none.
    let named = |name: fn(usize) -> String| -> Vec<TimeEntry> {
        let first = period("2023-01").first_day().since(quarterhour_billing::Day::of_local(0)) * 86_400 + 36_000;
        (0..52)
            .map(|week| {
                let at = first + i64::try_from(week).expect("few") * 7 * 86_400;
                let (tier, work_type) = kind;
                let id = format!("{week:02}");
                let (device, billing) = (WorkedOn::NoDevice, Billing::Billable);
                let ticket = name(week).as_str().into();
                TimeEntry { ticket, id: id.as_str().into(), started_at: at, minutes: 60, tier, work_type, device, billing }
            })
            .collect()
    };
    let read = |entries: &[TimeEntry]| History::read(&client(), entries, period("2023-12"), 60);
    let weekly = read(&named(|week| format!("Patch day {week}")));
    assert_eq!((weekly.tickets(), weekly.incidents.len()), (52, 52));
    for label in [read(&named(|_| "Patch day".to_owned())), read(&named(|_| String::new()))] {
        assert_eq!(label.incidents, weekly.incidents);
        assert_eq!(label.months, weekly.months);
    }
    // A ticket that comes back within two weeks and is done within six is one incident.
    let project = read(&named(|week| format!("Move {}", week / 4)));
    assert_eq!(project.incidents.len(), 13);
    assert!(project.incidents.iter().all(|(_, incident)| incident.minutes() == 240));
}

#[test]
fn tickets_of_a_client_that_worked_without_workstations_are_not_multiplied_by_those_it_has_now() {
    let mut words = Words::default();
    let (trade, kind) = (Trade::usual(&mut words), (words.intern("helpdesk"), words.intern("remote")));
    let without = Client { devices: Vec::new(), ..client() };
    let tickets = [7, 6, 8, 7, 5, 9, 7, 6, 8, 7, 7, 7];
    let history = History::read(&without, &entries(&tickets, kind), period("2023-12"), 60);
    let portfolio = Portfolio::learn(vec![history], Prior::default());
    for workstations in [0.0, 20.0] {
        let seats = Seats { workstations, endpoints: workstations, servers: 0.0 };
        let (demand, knowledge) = portfolio.demand(0, seats, 12, &trade);
        let mean = demand.usual.tickets[0].mean();
        assert!((6.5..7.1).contains(&mean), "{workstations}: {mean}");
        assert!(!knowledge.by_workstation);
    }
}
