//! Fees, service lines and bought blocks: what a period costs before anyone works.

use crate::agreement::{Agreement, Fee, FeeBasis, Proration, Service, ServiceUnit};
use crate::device::{Device, DeviceCount};
use crate::grant::Span;
use crate::number::{Currency, Decimal};
use crate::statement::{Line, LineKind};

/// The fee and service lines of a span, in printed order.
pub(crate) fn fee_lines(agreement: &Agreement, devices: &[Device], span: Span, currency: Currency) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(fee) = &agreement.fee {
        let prorated = fee.proration == Proration::Daily && span.days().0 < span.days().1;
        match &fee.basis {
            FeeBasis::Flat(price) => lines.push(fee_line(agreement, *price, None, prorated.then_some(span), currency)),
            FeeBasis::PerDevice(prices) => {
                for (class, number) in DeviceCount::take(devices, fee.count, span.from, span.to).listed() {
                    let price = prices.iter().find(|(other, _)| *other == class).map(|(_, price)| *price);
                    let per_device = Some((class.name(), number));
                    lines.extend(price.map(|price| fee_line(agreement, price, per_device, prorated.then_some(span), currency)));
                }
            }
        }
    }
    if agreement.services.is_empty() {
        return lines;
    }
    let count = DeviceCount::take(devices, crate::device::CountMethod::FirstDay, span.from, span.to);
    lines.extend(agreement.services.iter().filter_map(|service| service_line(service, &count, currency)));
    lines
}

fn fee_line(
    agreement: &Agreement,
    price: Decimal,
    per_device: Option<(&'static str, i64)>,
    prorated: Option<Span>,
    currency: Currency,
) -> Line {
    let number = per_device.map_or(1, |(_, number)| number);
    let what = per_device.map_or(String::new(), |(class, number)| format!(", {number} x {class}"));
    let program = agreement.program.name();
    match prorated {
        Some(span) => {
            let (days, of) = span.days();
            let amount = currency.amount(price, number * days, of);
            let text = format!("Fee, {program}{what}, {days} of {of} days");
            line(LineKind::Fee, text, 1, "part-month", currency.format_plain(amount), amount)
        }
        None => {
            let unit = per_device.map_or("month", |(class, _)| class);
            let amount = currency.amount(price, number, 1);
            line(LineKind::Fee, format!("Fee, {program}{what}"), number, unit, price.to_string(), amount)
        }
    }
}

fn service_line(service: &Service, count: &DeviceCount, currency: Currency) -> Option<Line> {
    let number = match service.unit {
        ServiceUnit::Device(class, agreed) => agreed.map_or_else(|| count.of(class), i64::from),
        ServiceUnit::User(number) | ServiceUnit::Site(number) | ServiceUnit::Flat(number) => i64::from(number),
    };
    let amount = currency.amount(service.price, number, 1);
    let unit = service.unit.name();
    (number > 0).then(|| line(LineKind::Service, service.name.clone(), number, unit, service.price.to_string(), amount))
}

/// The line of one bought block.
pub(crate) fn block_line(price: Decimal, text: String, currency: Currency) -> Line {
    line(LineKind::Block, text, 1, "block", price.to_string(), currency.amount(price, 1, 1))
}

/// The line that a reserve takes off.
pub(crate) fn reserve_line(used: i64, currency: Currency) -> Line {
    line(LineKind::Reserve, "Covered by the reserve".to_owned(), 1, "month", currency.format_plain(-used), -used)
}

fn line(kind: LineKind, text: String, quantity: i64, unit: &'static str, price: String, amount: i64) -> Line {
    let (tier, work_type, band, seconds) = (None, None, None, None);
    Line { kind, text, tier, work_type, band, seconds, quantity: quantity.to_string(), unit, price, amount }
}

/// Is a fee billed at the period's end?
#[must_use]
pub(crate) fn in_arrears(fee: Option<&Fee>) -> bool {
    fee.is_none_or(|fee| fee.billed == crate::agreement::BilledWhen::Arrears)
}
