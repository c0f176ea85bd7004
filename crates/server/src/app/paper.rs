//! From a frozen statement to the document that is printed. It adds nothing up.

use jiff::civil::Date;
use quarterhour_billing::ReserveReport;
use quarterhour_documents as documents;

use crate::app::body::{EntryBody, Party, StatementBody};
use crate::app::device_effect::class_words;
use crate::app::money;
use crate::hours::hours;

/// When an invoice was issued, and under which number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// None: a draft.
    pub number: Option<i64>,
    /// The day of issue.
    pub issued_on: Date,
    /// The day it is due.
    pub due_on: Date,
}

/// An invoice's number as it is printed and named.
pub fn number_text(number: i64) -> String {
    format!("INV-{number:06}")
}

/// The document of a statement.
pub fn document(body: &StatementBody, issue: &Issue) -> documents::InvoiceDocument {
    let report = &body.statement;
    let last_day = body.period.end().previous().date();
    documents::InvoiceDocument {
        paper: documents::Paper::of_country(&body.provider.country),
        status: match issue.number {
            Some(number) => documents::DocumentStatus::Issued { number: number_text(number) },
            None => documents::DocumentStatus::Draft,
        },
        provider: party(&body.provider),
        client: party(&body.client),
        logo: None,
        issued_on: issue.issued_on,
        due_on: Some(issue.due_on),
        period: documents::Period { name: crate::dates::month(body.period), first_day: body.period.first_day().date(), last_day },
        currency: report.currency.to_string(),
        agreement: report.agreement.clone(),
        program: report.program.to_string(),
        lines: lines(body),
        amounts: documents::Amounts { net: money::grouped(&report.net), taxes: taxes(body), total: money::grouped(&report.total) },
        payment_terms: issue.number.map(|_| payment_terms(body, issue)),
        terms: some(&body.terms),
        statement: Some(statement(body, issue.number.is_some())),
        burn_down: burn_down(body),
        devices: devices(body),
        time_entries: body.entries.iter().map(entry).collect(),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A party as documents have it.
pub fn party(party: &Party) -> documents::Party {
    documents::Party {
        name: party.name.clone(),
        code: some(&party.code),
        address: party.address.clone(),
        tax_id: some(&party.tax_id),
        email: some(&party.email),
    }
}

/// A line's quantity and unit as people read them: hours, minutes and seconds of time as `1:13:45` and `h`, all else as it is.
#[must_use]
pub fn quantity(quantity: &str, unit: &str) -> (String, String) {
    let seconds_each = match unit {
        "hour" => 3600,
        "minute" => 60,
        "second" => 1,
        _ if quantity == "1" => return (quantity.to_owned(), unit.to_owned()),
        _ => return (money::grouped(quantity), class_words(unit, 2)),
    };
    // Results write hours with two decimals at most, minutes and seconds whole.
    let (whole, fraction) = quantity.split_once('.').unwrap_or((quantity, ""));
    let hundredths = format!("{whole}{fraction:0<2}").parse::<i64>().ok().filter(|_| fraction.len() <= 2);
    match hundredths.map(|it| it * seconds_each).filter(|it| it % 100 == 0) {
        Some(seconds) => (hours(seconds / 100).trim_end_matches(" h").to_owned(), "h".to_owned()),
        None => (quantity.to_owned(), unit.to_owned()),
    }
}

/// A line's quantity with its unit, for pages: `1:13:45 h`, `1 month`.
#[must_use]
pub fn quantity_words(count: &str, unit: &str) -> String {
    let (count, unit) = quantity(count, unit);
    format!("{count} {unit}")
}

fn lines(body: &StatementBody) -> Vec<documents::InvoiceLine> {
    let currency = body.statement.currency.as_ref();
    let lines = body.statement.lines.iter().map(|line| (line, quantity(&line.quantity, line.unit.as_ref()))).map(
        |(line, (quantity, unit))| documents::InvoiceLine {
            kind: line.kind.to_string(),
            text: body.line_text(line),
            quantity,
            unit,
            price: money::price(&line.price, currency),
            amount: money::grouped(&line.amount),
        },
    );
    lines.collect()
}

fn taxes(body: &StatementBody) -> Vec<documents::TaxLine> {
    let (percent, report) = (body.tax_percent.clone(), &body.statement);
    if percent == "0" {
        return Vec::new();
    }
    vec![documents::TaxLine { name: None, percent, net: money::grouped(&report.net), tax: money::grouped(&report.tax) }]
}

fn payment_terms(body: &StatementBody, issue: &Issue) -> String {
    let bank = if body.bank.is_empty() { String::new() } else { format!(" to {}", body.bank) };
    format!("Please pay by {}{bank}.", crate::dates::full(&issue.due_on))
}

fn statement(body: &StatementBody, is_issued: bool) -> documents::Statement {
    let time = &body.statement.time;
    documents::Statement {
        sentence: some(&sentence(body, is_issued)),
        time: documents::TimeStatement {
            opening: time.opening,
            granted: time.granted,
            restored: time.restored,
            used: time.used,
            forfeited: time.forfeited,
            closing: time.closing,
            overage: time.overage,
            charged: time.charged,
            included: time.included,
            internal: time.internal,
            courtesy: time.courtesy,
            held: time.held,
        },
        reserve: body.statement.reserve.as_ref().map(|reserve| documents::ReserveStatement {
            opening: money::grouped(&reserve.opening),
            granted: money::grouped(&reserve.granted),
            used: money::grouped(&reserve.used),
            forfeited: money::grouped(&reserve.forfeited),
            closing: money::grouped(&reserve.closing),
        }),
    }
}

/// What the period was like, in words; a draft says what is unused so far.
pub fn sentence(body: &StatementBody, is_issued: bool) -> String {
    let time = &body.statement.time;
    let mut sentences = Vec::new();
    if body.draws_time {
        let from = match body.statement.count.listed().next() {
            Some((class, count)) if time.granted > 0 => format!(" for {count} {}", class_words(class.name(), count)),
            _ => String::new(),
        };
        let available = time.available();
        sentences.push(format!("You had {}{from} and used {}.", hours(available), hours(time.used)));
        if time.forfeited > 0 {
            let ended = if is_issued { "ended unused" } else { "are unused so far" };
            sentences.push(format!("{} {ended}.", hours(time.forfeited)));
        }
        if time.closing > 0 {
            sentences.push(format!("{} remain for later.", hours(time.closing)));
        }
        if time.overage > 0 {
            sentences.push(format!("{} went beyond and are billed as overage.", hours(time.overage)));
            let late: i64 = body.entries.iter().filter(|entry| entry.late_for.is_some()).map(EntryBody::overage).sum();
            if late > 0 {
                sentences.push(format!("{} of that belong to earlier months.", hours(late)));
            }
        }
    }
    sentences.extend(body.statement.reserve.as_ref().map(|reserve| reserve_sentences(reserve, body, is_issued)));
    if time.held > 0 {
        sentences.push(format!("{} wait for approval and are not billed.", hours(time.held)));
    }
    if !body.alerts.is_empty() {
        sentences.push(format!("The allowance was used to {}.", body.alerts.join(", ")));
    }
    sentences.extend(body.notes.iter().cloned());
    sentences.join(" ")
}

/// What became of the money of a reserve.
fn reserve_sentences(reserve: &ReserveReport, body: &StatementBody, is_issued: bool) -> String {
    let currency = &body.statement.currency;
    let shown = |amount: &str| format!("{currency} {}", money::grouped(amount));
    let is_some = |amount: &str| amount.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let put_in = if is_some(&reserve.opening) {
        format!("{} were in the budget from before, and {} were put in", shown(&reserve.opening), shown(&reserve.granted))
    } else {
        format!("You had {} in the budget", shown(&reserve.granted))
    };
    let mut said = format!("{put_in}; {} were used.", shown(&reserve.used));
    if is_some(&reserve.forfeited) {
        let ended = if is_issued { "ended unused" } else { "are unused so far" };
        said.push_str(&format!(" {} {ended}.", shown(&reserve.forfeited)));
    }
    if is_some(&reserve.closing) {
        said.push_str(&format!(" {} remain for later.", shown(&reserve.closing)));
    }
    said
}

fn burn_down(body: &StatementBody) -> Option<documents::BurnDown> {
    if !body.draws_time {
        return None;
    }
    let days = body.period.days();
    let fraction = |at: i64| to_f64(at) / to_f64(days * quarterhour_billing::DAY_SECONDS);
    let points = body.burn_down.iter().map(|step| documents::BurnPoint { at: fraction(step.at), left_seconds: step.left });
    let steps = body.burn_down.iter().zip(body.burn_down.iter().skip(1));
    let overage = steps.filter(|(before, step)| step.overage > before.overage);
    let overage =
        overage.map(|(before, step)| documents::OverageStep { at: fraction(step.at), seconds: step.overage - before.overage });
    let time = &body.statement.time;
    let granted_seconds = time.available();
    Some(documents::BurnDown {
        days: u16::try_from(days).ok()?,
        granted_seconds,
        points: points.collect(),
        overage: overage.collect(),
    })
}

/// Seconds of a month fit a float exactly; only the chart sees them.
fn to_f64(seconds: i64) -> f64 {
    i32::try_from(seconds).map_or(0.0, f64::from)
}

fn devices(body: &StatementBody) -> Vec<documents::Device> {
    let devices = body.devices.iter().map(|device| documents::Device {
        class: device.class.clone(),
        name: device.name.clone(),
        site: some(&device.site),
        in_service_on: device.in_service.date(),
    });
    devices.collect()
}

fn entry(entry: &EntryBody) -> documents::TimeEntry {
    let late = entry.late_for.filter(|_| !entry.released);
    let late = late.map(|_| format!("{}: ", entry.late_words())).unwrap_or_default();
    let parts = entry.parts.iter().map(|part| documents::EntryPart { text: format!("{late}{}", part.why), seconds: part.seconds });
    documents::TimeEntry {
        started_at: entry.started_local,
        ticket: some(&entry.ticket),
        technician: entry.technician.clone(),
        note: entry.note.clone(),
        actual_seconds: entry.actual,
        billable_seconds: entry.billable,
        parts: parts.collect(),
    }
}
