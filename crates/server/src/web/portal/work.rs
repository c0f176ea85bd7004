//! A piece of work as its client reads it: when, what, who, where it went and why it counted.

use std::collections::HashMap;

use quarterhour_billing::Currency;

use crate::app::body::EntryBody;
use crate::app::money;
use crate::dates;
use crate::web::client_head::in_query;
use crate::web::fate::{PartView, plain_hours};

/// A piece of work.
pub(super) struct WorkView {
    /// Its start on the client's wall clock.
    pub(super) when: String,
    /// The ticket.
    pub(super) ticket: String,
    /// The title of the ticket.
    pub(super) title: String,
    /// What was done.
    pub(super) note: String,
    /// Who worked.
    pub(super) who: String,
    /// Tier and kind of work.
    pub(super) work: String,
    /// Time worked.
    pub(super) actual: String,
    /// Time after rounding, where it is other.
    pub(super) billable: String,
    /// Where it went, and why.
    pub(super) parts: Vec<PartView>,
    /// The month that it is late for.
    pub(super) late_for: String,
    /// The page that explains it.
    pub(super) path: String,
}

impl WorkView {
    /// The view of an entry on the statement of a period.
    pub(super) fn of(entry: &EntryBody, period: &str, titles: &HashMap<String, String>) -> Self {
        Self {
            when: dates::wall(entry.started_local),
            title: titles.get(&entry.ticket).cloned().unwrap_or_default(),
            ticket: entry.ticket.clone(),
            note: entry.note.clone(),
            who: entry.technician.clone(),
            work: format!("{}, {}", entry.tier, entry.work_type),
            actual: plain_hours(entry.actual),
            billable: if entry.billable == entry.actual { String::new() } else { plain_hours(entry.billable) },
            parts: entry.parts.iter().map(PartView::of).collect(),
            late_for: entry.late_words(),
            path: format!("/portal/statements/{period}/entries/{}", in_query(&entry.id).replace('+', "%20")),
        }
    }
}

/// An amount as results print it, with its currency: `USD 1,250.00`.
pub(super) fn amount(text: &str, code: &str) -> String {
    match (money::minor(text), Currency::parse(code)) {
        (Some(minor), Some(currency)) => money::shown(minor, currency),
        _ => format!("{code} {text}"),
    }
}
