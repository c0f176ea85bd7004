//! A statement as the lines of a case: the same words, so that texts can be compared.

use std::collections::BTreeMap;

use quarterhour_billing::agreement::Agreement;
use quarterhour_billing::{Currency, Fate, Line, MovementKind, Part, Statement, TimeEntry, TimeTotals, due_from};

use crate::common::Books;

/// The lines of a statement by their first words.
pub type Rendered = BTreeMap<&'static str, Vec<String>>;

/// Writes a statement. `entries` are those of its period.
pub fn render(books: &Books, agreement: Option<&Agreement>, statement: &Statement, entries: &[TimeEntry]) -> Rendered {
    let mut all = Rendered::new();
    let currency = statement.currency;
    put(&mut all, "hours", listed(&hours(&statement.time)));
    let (worked, billable) = (duration(statement.time.actual), duration(statement.time.billable));
    put(&mut all, "total", vec![format!("total: worked {worked}, billable {billable}")]);
    let count: Vec<String> = statement.count.listed().map(|(class, number)| format!("{number} {}", class.name())).collect();
    put(&mut all, "count", vec![format!("count: {}", count.join(", ")).trim_end().to_owned()]);
    let devices = &books.client().client.devices;
    let names: Vec<&str> = statement.counted_devices.iter().map(|index| devices[*index].name.as_str()).collect();
    put(&mut all, "counted", vec![format!("counted: {}", names.join(", "))]);
    put(&mut all, "program", vec![format!("program: {}", statement.program.name())]);
    put(&mut all, "due", vec![format!("due {}", due_from(agreement, statement.period))]);
    if let Some(reserve) = statement.reserve {
        let parts = [
            ("opening", reserve.opening),
            ("granted", reserve.granted),
            ("used", reserve.used),
            ("forfeited", reserve.forfeited),
            ("closing", reserve.closing),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(_, minor)| *minor != 0).map(|(word, minor)| format!("{word} {}", currency.format(*minor))).collect();
        put(&mut all, "money", vec![format!("money: {}", parts.join(", "))]);
    }
    for line in &statement.lines {
        put(&mut all, line.kind.name(), vec![printed(line, currency)]);
    }
    let (net, tax, total) = (currency.format(statement.net), currency.format(statement.tax), currency.format(statement.total));
    put(&mut all, "net", vec![format!("net {net}, tax {tax}, total {total}")]);
    put(&mut all, "part", statement.parts.iter().map(|part| part_line(part, statement, entries)).collect());
    for late in &statement.late {
        put(&mut all, "part", late.parts.iter().map(|part| part_line(part, statement, &late.entries)).collect());
    }
    let late = statement.late.iter().flat_map(|late| late.billed.iter().map(|billed| (billed, &late.entries[..])));
    let billed = statement.billed.iter().map(|billed| (billed, entries)).chain(late);
    let billed = billed.map(|(billed, entries)| {
        let id = &entries[usize::try_from(billed.entry).unwrap()].id;
        format!("entry {id}: worked {}, billable {}", duration(billed.actual), duration(billed.billable))
    });
    put(&mut all, "entry", billed.collect());
    let alerts = statement.alerts.iter().map(|alert| format!("alert {}% at {} on {}", alert.percent, alert.entry, alert.on));
    put(&mut all, "alert", alerts.collect());
    put(&mut all, "note", statement.notes.iter().map(|note| format!("note: {note}")).collect());
    put(&mut all, "ledger", ledger(statement, currency));
    all
}

fn put(all: &mut Rendered, word: &'static str, lines: Vec<String>) {
    if !lines.is_empty() {
        all.entry(word).or_default().extend(lines);
    }
}

fn listed(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { vec![format!("hours: {text}")] }
}

fn hours(time: &TimeTotals) -> String {
    let parts = [
        ("opening", time.opening),
        ("granted", time.granted),
        ("restored", time.restored),
        ("used", time.used),
        ("forfeited", time.forfeited),
        ("closing", time.closing),
        ("overage", time.overage),
        ("charged", time.charged),
        ("included", time.included),
        ("internal", time.internal),
        ("courtesy", time.courtesy),
        ("held", time.held),
    ];
    let parts = parts.iter().filter(|(_, seconds)| *seconds != 0);
    parts.map(|(word, seconds)| format!("{word} {}", duration(*seconds))).collect::<Vec<_>>().join(", ")
}

/// `7:30`, or `7:30:20` where there are seconds.
pub fn duration(seconds: i64) -> String {
    let (sign, all) = (if seconds < 0 { "-" } else { "" }, seconds.abs());
    let (hours, minutes, rest) = (all / 3600, all / 60 % 60, all % 60);
    if rest == 0 { format!("{sign}{hours}:{minutes:02}") } else { format!("{sign}{hours}:{minutes:02}:{rest:02}") }
}

fn printed(line: &Line, currency: Currency) -> String {
    let mut words = vec![line.kind.name().to_owned()];
    words.extend(line.tier.clone());
    words.extend(line.work_type.clone());
    words.extend(line.band.map(|band| band.name().to_owned()));
    let Line { quantity, unit, price, .. } = line;
    words.push(format!("{quantity} {unit} at {price} = {}", currency.format(line.amount)));
    words.join(" ")
}

fn part_line(part: &Part, statement: &Statement, entries: &[TimeEntry]) -> String {
    let id = &entries[usize::try_from(part.entry).unwrap()].id;
    let pool = |number: Option<u32>| number.and_then(|number| statement.pools.iter().find(|pool| pool.number == number));
    let fate = match part.fate {
        Fate::CourtesyNotBillable => "courtesy, not billable".to_owned(),
        Fate::CourtesyProviderCause => "courtesy, provider's error".to_owned(),
        Fate::Nothing => "nothing".to_owned(),
        Fate::Included => "included".to_owned(),
        Fate::Internal => "internal".to_owned(),
        Fate::Drawn { pool: number, burn } => {
            let label = pool(number).map_or_else(|| "time given back".to_owned(), quarterhour_billing::Pool::label);
            format!("drawn, {} from the {label}", duration(burn))
        }
        Fate::Overage(price) => format!("overage at {}", price.hourly),
        Fate::Held(price) => format!("held at {}", price.hourly),
        Fate::Charged { price, on_reserve: false } => format!("charged at {}", price.hourly),
        Fate::Charged { price, on_reserve: true } => format!("charged at {}, on the reserve", price.hourly),
        Fate::InTicket { price, on_reserve: false } => format!("within the ticket at {price}"),
        Fate::InTicket { price, on_reserve: true } => format!("within the ticket at {price}, on the reserve"),
    };
    format!("part {id}: {} {} {fate}", duration(part.seconds), part.band.name())
}

fn ledger(statement: &Statement, currency: Currency) -> Vec<String> {
    let money = [MovementKind::ReserveGrant, MovementKind::ReserveDraw, MovementKind::ReserveForfeit, MovementKind::ReserveRoll];
    let quantity = |kind, quantity| if money.contains(&kind) { currency.format(quantity) } else { duration(quantity) };
    let line = |it: &quarterhour_billing::Movement| {
        format!("ledger {} {} {}, {}", it.on, it.kind.name(), quantity(it.kind, it.quantity), it.note)
    };
    statement.movements.iter().map(line).collect()
}
