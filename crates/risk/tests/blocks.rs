//! Agreements with dated blocks: going on from today, begun anew, and on months that are over.

use std::sync::Arc;

use jiff::tz::TimeZone;
use quarterhour_billing::agreement::{Agreement, Agreements, Block, Prepaid, Rate, RateTable};
use quarterhour_billing::{
    Billing, Calendar, Carried, Client, Currency, Day, Decimal, LocalClock, Period, Statement, Terms, TimeEntry, Words, WorkedOn,
    bill_period,
};
use quarterhour_books::setup::read_agreement;
use quarterhour_risk::candidate::{Candidate, Contestant, Ground, blocks_left, by_month};
use quarterhour_risk::replay::replay;

const QUARTERLY: &str = r#"
client = "acme"
program = "block-of-time"
starts = 2025-02-01
[overage]
rate = "200.00"
[[block]]
bought = 2025-02-01
hours = 15
price = "1500.00"
expires_months = 12
[[block]]
bought = 2025-05-15
hours = 15
price = "1500.00"
expires_months = 12
[[block]]
bought = 2025-08-15
hours = 15
price = "1500.00"
expires_months = 12
[[block]]
bought = 2025-11-15
hours = 15
price = "1500.00"
expires_months = 12
"#;

struct Firm {
    terms: Terms,
    words: Words,
    client: Client,
    entries: Vec<TimeEntry>,
    agreement: Agreement,
}

impl Firm {
    /// Four hours of work in the middle of each month of 2025.
    fn new() -> Self {
        let mut words = Words::default();
        let agreement = read_agreement("acme", QUARTERLY, &mut words).expect("an agreement");
        let (tier, work_type) = (words.intern("helpdesk"), words.intern("remote"));
        let week = std::array::from_fn(|_| vec![(0, 86_400)]);
        let rate = Rate { tier: None, work_type: None, hourly: Decimal::whole(120), per_ticket: None };
        let terms = Terms { calendar: Calendar::new(week, Vec::new()), rates: RateTable(vec![rate]) };
        let client = Client {
            code: "acme".to_owned(),
            currency: Currency::parse("USD").expect("a currency"),
            clock: Arc::new(LocalClock::new("UTC", &TimeZone::UTC)),
            tax_percent: Decimal::ZERO,
            devices: Vec::new(),
            agreements: Agreements::new(vec![agreement.clone()]).expect("one agreement"),
        };
        let entry = |month: u32| {
            let id = format!("t{month}");
            let day = period("2025-01").plus(month).first_day().plus(13);
            TimeEntry {
                ticket: id.as_str().into(),
                id: id.as_str().into(),
                started_at: day.since(Day::of_local(0)) * 86_400 + 36_000,
                minutes: 240,
                tier,
                work_type,
                device: WorkedOn::NoDevice,
                billing: Billing::Billable,
            }
        };
        Self { terms, words, client, entries: (0..12).map(entry).collect(), agreement }
    }

    fn ground(&self) -> Ground<'_> {
        Ground { terms: &self.terms, words: &self.words }
    }
}

fn period(text: &str) -> Period {
    Period::parse(text).expect("a period")
}

fn blocks(candidate: &Candidate) -> &[Block] {
    match candidate.agreement.as_ref().map(|agreement| &agreement.prepaid) {
        Some(Prepaid::Time(pools)) => &pools.blocks,
        _ => &[],
    }
}

fn bought(candidate: &Candidate) -> Vec<String> {
    blocks(candidate).iter().map(|block| block.bought.to_string()).collect()
}

#[test]
fn the_own_months_cost_to_the_cent_what_was_billed() {
    let firm = Firm::new();
    let (first, until) = (period("2025-02"), period("2025-12"));
    let past = Candidate::since("today's: acme", &firm.agreement, first.first_day());
    let replayed = replay(firm.ground(), &firm.client, &past, &firm.entries, (first, until)).expect("a replay");
    let (mut carried, mut month) = (Carried::default(), first);
    let mut billed = Vec::new();
    while month <= until {
        let own: Vec<TimeEntry> =
            firm.entries.iter().filter(|entry| firm.client.clock.day(entry.started_at).period() == month).cloned().collect();
        let result = bill_period(&firm.terms, &firm.words, &firm.client, month, carried, &own, &[]).expect("a bill");
        carried = result.carried;
        billed.push(result.statements.iter().map(|statement| statement.net).sum::<i64>());
        month = month.next();
    }
    assert_eq!(replayed.months.iter().map(|month| month.cost.net).collect::<Vec<_>>(), billed);
    assert_eq!(billed.iter().sum::<i64>(), 620_000, "four blocks, and an hour on the day before the second");
}

#[test]
fn months_before_a_window_carry_what_is_left_into_it() {
    let firm = Firm::new();
    let (first, until) = (period("2025-04"), period("2025-04"));
    let past = Candidate::since("today's: acme", &firm.agreement, first.first_day());
    let replayed = replay(firm.ground(), &firm.client, &past, &firm.entries, (first, until)).expect("a replay");
    // 8 of 15 hours are used up by the end of March: April draws on the rest.
    let month = replayed.months.first().expect("a month");
    assert_eq!((replayed.months.len(), month.cost.net, month.cost.overage), (1, 0, 0));
}

#[test]
fn an_agreement_goes_on_with_what_is_left_and_with_as_many_blocks_a_year() {
    let firm = Firm::new();
    let day = period("2026-01").first_day();
    let as_it_is = Candidate { name: "acme".to_owned(), agreement: Some(firm.agreement.clone()) };
    let months = by_month(&firm.client, &firm.entries, (period("2025-02"), period("2025-12")));
    let mut pools = Vec::new();
    let close = |_: Period, statements: &[Statement]| pools = statements.iter().flat_map(|it| it.pools.clone()).collect();
    Contestant::new(&firm.client, &as_it_is).bill(firm.ground(), period("2025-02"), &months, close).expect("bills");
    let left = blocks_left(&pools, firm.client.currency, day);
    // 60 hours were bought and 43 used, another was overage: the block of August is drawn on, the one of November whole.
    assert_eq!(left.iter().map(|block| block.seconds / 3_600).sum::<i64>(), 17);
    assert!(left.iter().all(|block| block.bought == day));
    assert_eq!(left.iter().map(|block| block.expires_months).collect::<Vec<_>>(), [Some(8), Some(11)]);
    let going_on = Candidate::going_on("today's: acme", &firm.agreement, day, left);
    assert_eq!(bought(&going_on), ["2026-01-01", "2026-01-01", "2026-02-01", "2026-05-15", "2026-08-15", "2026-11-15"]);
}

#[test]
fn a_block_bought_a_year_ago_to_the_day_is_bought_once_a_year() {
    let mut firm = Firm::new();
    let day = period("2026-02").first_day();
    let going_on = Candidate::going_on("acme", &firm.agreement, day, Vec::new());
    assert_eq!(bought(&going_on), ["2026-02-01", "2026-05-15", "2026-08-15", "2026-11-15"]);
    // Where the agreement itself says what is bought, nothing is made up before it.
    if let Prepaid::Time(pools) = &mut firm.agreement.prepaid {
        pools.blocks.push(Block { bought: period("2026-06").first_day(), ..pools.blocks[0].clone() });
    }
    let going_on = Candidate::going_on("acme", &firm.agreement, day, Vec::new());
    assert_eq!(bought(&going_on), ["2026-06-01", "2026-08-15", "2026-11-15"]);
}

#[test]
fn a_draft_begins_anew_with_its_blocks_as_far_apart_as_it_says() {
    let firm = Firm::new();
    let anew = Candidate::starting("draft", &firm.agreement, period("2026-09").first_day());
    assert_eq!(bought(&anew), ["2026-09-01", "2026-12-15", "2027-03-15", "2027-06-15"]);
}
