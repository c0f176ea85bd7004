//! Sample documents for tests and benches: a usual one, an empty one, a long one.

use jiff::civil::date;
use quarterhour_documents::{
    Amounts, BurnDown, BurnPoint, Device, DocumentStatus, EntryPart, InvoiceDocument, InvoiceLine, OverageStep, Paper, Party, Period,
    Statement, TaxLine, TimeEntry, TimeStatement,
};

const NOTES: [&str; 5] = [
    "Outlook asked for a password again and again. Removed the stale credential, signed in once, watched it for ten minutes.",
    "Printer on the second floor printed blank pages.",
    "Onboarding of a new colleague: account, mailbox, multi-factor sign-in, laptop handed over and explained. The docking station needed new firmware before both screens worked.",
    "VPN dropped every hour.",
    "Restored a folder from last night's backup; the file server was never at risk.",
];

/// A usual invoice: one page, and an annex with this many devices and entries.
pub fn usual(devices: usize, entries: usize) -> InvoiceDocument {
    InvoiceDocument {
        paper: Paper::A4,
        status: DocumentStatus::Issued { number: "2026-0173".to_owned() },
        provider: provider(),
        client: client(),
        logo: None,
        issued_on: date(2026, 4, 1),
        due_on: Some(date(2026, 4, 15)),
        period: Period { name: "2026-03".to_owned(), first_day: date(2026, 3, 1), last_day: date(2026, 3, 31) },
        currency: "EUR".to_owned(),
        agreement: Some("Acme care".to_owned()),
        program: "use-it-or-lose-it".to_owned(),
        lines: lines(),
        amounts: Amounts {
            net: "1625.00".to_owned(),
            taxes: vec![TaxLine {
                name: Some("VAT".to_owned()),
                percent: "19".to_owned(),
                net: "1625.00".to_owned(),
                tax: "308.75".to_owned(),
            }],
            total: "1933.75".to_owned(),
        },
        payment_terms: Some(
            "Please transfer the total within 14 days to\nIBAN DE89 3704 0044 0532 0130 00, with the invoice number as reference."
                .to_owned(),
        ),
        terms: Some("Allowance that is not used in a period is lost at its end, as agreed.".to_owned()),
        statement: Some(statement()),
        burn_down: Some(burn_down()),
        devices: (0..devices).map(device).collect(),
        time_entries: (0..entries).map(entry).collect(),
    }
}

fn provider() -> Party {
    Party {
        name: "Northgate IT Support GmbH".to_owned(),
        code: None,
        address: vec!["Hafenstraße 12".to_owned(), "20457 Hamburg".to_owned(), "Germany".to_owned()],
        tax_id: Some("DE 298 765 432".to_owned()),
        email: Some("billing@northgate.example".to_owned()),
    }
}

fn client() -> Party {
    Party {
        name: "Acme Optics Ltd".to_owned(),
        code: Some("ACME".to_owned()),
        address: vec!["4 Lens Street".to_owned(), "Dublin D02 X285".to_owned(), "Ireland".to_owned()],
        tax_id: Some("IE 6388047V".to_owned()),
        email: Some("accounts@acme.example".to_owned()),
    }
}

fn lines() -> Vec<InvoiceLine> {
    let line = |kind: &str, text: &str, quantity: &str, unit: &str, price: &str, amount: &str| InvoiceLine {
        kind: kind.to_owned(),
        text: text.to_owned(),
        quantity: quantity.to_owned(),
        unit: unit.to_owned(),
        price: price.to_owned(),
        amount: amount.to_owned(),
    };
    vec![
        line("fee", "Support for workstations, March 2026", "40", "workstation", "31.25", "1250.00"),
        line("service", "Backup of servers, March 2026", "2", "server", "46.875", "93.75"),
        line("overage", "Work beyond the allowance, technician, business hours", "1.5", "h", "187.50", "281.25"),
    ]
}

fn statement() -> Statement {
    Statement {
        sentence: Some(
            "Your 40 workstations gave you 10 hours of support in March. You used all of them, and 1 hour 30 minutes more.".to_owned(),
        ),
        time: TimeStatement { granted: 36_000, used: 36_000, overage: 5_400, courtesy: 900, ..TimeStatement::default() },
        reserve: None,
    }
}

fn burn_down() -> BurnDown {
    let point = |step: i32| BurnPoint { at: f64::from(step) / 24.0, left_seconds: i64::from(36_000 - step * 1800) };
    BurnDown {
        days: 31,
        granted_seconds: 36_000,
        points: (0..=20).map(point).collect(),
        overage: vec![OverageStep { at: 0.87, seconds: 3600 }, OverageStep { at: 0.95, seconds: 1800 }],
    }
}

fn device(index: usize) -> Device {
    Device {
        class: if index % 12 == 11 { "server" } else { "workstation" }.to_owned(),
        name: format!("acme-ws-{index:03}"),
        site: Some(if index.is_multiple_of(3) { "Dublin" } else { "Cork" }.to_owned()),
        in_service_on: date(2024, 1, 8).saturating_add(jiff::ToSpan::days(index as i64 * 11)),
    }
}

fn entry(index: usize) -> TimeEntry {
    let day = i8::try_from(index % 31 + 1).expect("a day of the month");
    let hour = i8::try_from(8 + index % 9).expect("an hour of the day");
    let drawn = EntryPart { text: "drawn from March allowance".to_owned(), seconds: 900 };
    let over = EntryPart { text: "overage at 187.50/h".to_owned(), seconds: 900 };
    let courtesy = EntryPart { text: "courtesy: provider's cause".to_owned(), seconds: 300 };
    TimeEntry {
        started_at: date(2026, 3, day).at(hour, 15, 0, 0),
        ticket: Some(format!("T-{}", 4100 + index)),
        technician: ["Anna Keller", "Ben Ortiz", "Chidi Eze"][index % 3].to_owned(),
        note: NOTES[index % NOTES.len()].to_owned(),
        actual_seconds: 1_500,
        billable_seconds: 1_800,
        parts: match index % 4 {
            0 => vec![drawn, over],
            1 => vec![drawn.clone(), courtesy],
            _ => vec![drawn],
        },
    }
}
