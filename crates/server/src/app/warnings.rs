//! What a book-keeper wants to know before invoices go out.

use std::collections::BTreeMap;

use quarterhour_billing::{Client, Currency, Day, Fate, Part, Period, PriceSource, Statement, TimeEntry};

use crate::hours::{counted, hours};

/// Warnings about the statements and entries of one client's period. `before` has the device counts of its statements of the period before.
pub fn of_period(
    client: &Client,
    statements: &[Statement],
    entries: &[TimeEntry],
    before: &BTreeMap<Option<String>, i64>,
) -> Vec<String> {
    let mut warnings = Vec::new();
    for statement in statements {
        let Some(name) = &statement.agreement else {
            warnings.push(format!("no agreement: {} charged by the rate card", hours(statement.time.charged)));
            continue;
        };
        let counts = client.agreements.as_slice().iter().find(|it| it.name == *name).is_some_and(counts_devices);
        let count = total(statement);
        if counts && count == 0 {
            warnings.push(format!("{name}: no devices to count"));
        }
        if let Some(last) = before.get(&statement.agreement).filter(|last| jumped(**last, count)) {
            warnings.push(format!("{name}: the device count went from {last} to {count}"));
        }
        if statement.time.held > 0 {
            warnings.push(format!("{name}: {} of overage held for approval", hours(statement.time.held)));
        }
        for late in statement.late.iter().filter(|late| !late.entries.is_empty()) {
            warnings.push(format!("{name}: late time of {} ({})", late.period, counted(late.entries.len(), "entry")));
        }
    }
    let without_ticket = entries.iter().filter(|entry| entry.ticket.is_empty()).count();
    if without_ticket > 0 {
        warnings.push(format!("{} without ticket", counted(without_ticket, "entry")));
    }
    let unlisted = entries.iter().filter(|entry| entry.device == quarterhour_billing::WorkedOn::Unlisted).count();
    if unlisted > 0 {
        warnings.push(format!("{} on devices that are not on the list", counted(unlisted, "entry")));
    }
    warnings
}

/// Work that the rate card priced for a client in another currency: its numbers were taken as they are.
pub fn foreign(statements: &[Statement], home: Currency) -> Option<String> {
    let is_foreign = |statement: &&Statement| statement.currency != home;
    let by_card = |part: &Part| match part.fate {
        Fate::Overage(price) | Fate::Held(price) | Fate::Charged { price, .. } => matches!(price.source, PriceSource::RateCard(_)),
        _ => false,
    };
    let statement = statements.iter().filter(is_foreign).find(|statement| statement.parts.iter().any(by_card))?;
    let (code, home) = (statement.currency.code(), home.code());
    Some(format!("work is priced by the rate card, whose {home} numbers are billed as {code}: give the agreement rates of its own"))
}

/// The devices behind a statement's count.
pub fn total(statement: &Statement) -> i64 {
    statement.count.listed().map(|(_, number)| number).sum()
}

/// A client whose agreements have all ended or not begun, and who has devices: is somebody forgotten?
pub fn lapsed(client: &Client, period: Period) -> Option<String> {
    let (first, last): (Day, Day) = (period.first_day(), period.end().previous());
    let in_force = client.agreements.as_slice().iter().any(|agreement| agreement.days_in(period).is_some());
    let ended = client.agreements.as_slice().iter().filter_map(|agreement| agreement.ends).filter(|ends| *ends <= first).max();
    let devices = client.devices.iter().filter(|device| device.counts_on(last)).count();
    let ended = ended.filter(|_| !in_force && devices > 0)?;
    Some(format!("no agreement since {ended}, with {devices} devices in service"))
}

fn jumped(before: i64, now: i64) -> bool {
    (now - before).abs() * 5 > before.max(5)
}

fn counts_devices(agreement: &quarterhour_billing::agreement::Agreement) -> bool {
    use quarterhour_billing::agreement::{AllowanceSize, FeeBasis, Prepaid, ReserveSize, TimePools};
    let by_fee = agreement.fee.as_ref().is_some_and(|fee| matches!(fee.basis, FeeBasis::PerDevice(_)));
    let by_pool = match &agreement.prepaid {
        Prepaid::Time(TimePools { allowance: Some(allowance), .. }) => matches!(allowance.size, AllowanceSize::PerDevice(_)),
        Prepaid::Money(reserve) => matches!(reserve.size, ReserveSize::PerDevice { .. }),
        Prepaid::Time(_) | Prepaid::Nothing => false,
    };
    by_fee || by_pool
}
