//! Random work of one client over three months.

use proptest::prelude::*;

/// An entry before it is a row.
#[derive(Clone, Debug)]
pub struct Work {
    pub day: u32,
    pub minute: u32,
    pub minutes: u32,
    pub words: String,
    pub ticket: u32,
    pub mark: &'static str,
}

/// Work on a day of the 90 from 1 January 2026.
pub fn work() -> impl Strategy<Value = Work> {
    let minutes = prop_oneof![Just(0_u32), 1..40_u32, Just(15_u32), Just(60_u32), 100..600_u32];
    let tiers = prop::sample::select(vec!["helpdesk", "technician", "senior", ""]);
    let types = prop::sample::select(vec!["remote", "onsite", "project", ""]);
    let device = prop::sample::select(vec!["", "ws-1", "srv-1", "elsewhere"]);
    let words = (tiers, types, device).prop_map(|(tier, work_type, device)| format!("{tier},{work_type},{device}"));
    let mark = prop::sample::select(vec![",", ",", ",", ",", "false,", ",provider"]);
    let place = (0..90_u32, 0..1440_u32, minutes);
    (place, words, 0..4_u32, mark).prop_map(|((day, minute, minutes), words, ticket, mark)| Work {
        day,
        minute,
        minutes,
        words,
        ticket,
        mark,
    })
}

impl Work {
    /// Its row, with an id from its position.
    pub fn row(&self, position: usize) -> String {
        let date = quarterhour_billing::Day::from_date(jiff::civil::date(2026, 1, 1)).date();
        let date = date.checked_add(jiff::Span::new().days(i64::from(self.day))).unwrap();
        let (hour, minute) = (self.minute / 60, self.minute % 60);
        let Self { minutes, words, ticket, mark, .. } = self;
        format!("e{position:03},acme,T-{ticket},{date}T{hour:02}:{minute:02}:00-05:00,{minutes},{words},{mark}\n")
    }
}
