//! Fees, service lines and bought blocks: what a period costs before anyone works.

use crate::agreement::{Agreement, Fee, FeeBasis, Proration, Service, ServiceUnit};
use crate::device::{Device, DeviceCount};
use crate::grant::Span;
use crate::number::{Currency, Decimal};
use crate::statement::{Line, LineKind};

/// How lines are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    pub(crate) currency: Currency,
    /// Nobody reads their words.
    pub(crate) brief: bool,
}

/// The fee and service lines of a span, in printed order.
pub(crate) fn fee_lines(agreement: &Agreement, devices: &[Device], span: Span, pen: Pen) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(fee) = &agreement.fee {
        let prorated = fee.proration == Proration::Daily && span.days().0 < span.days().1;
        match &fee.basis {
            FeeBasis::Flat(price) => lines.push(fee_line(agreement, *price, None, prorated.then_some(span), pen)),
            FeeBasis::PerDevice(prices) => {
                for (class, number) in DeviceCount::take(devices, fee.count, span.from, span.to).listed() {
                    let price = prices.iter().find(|(other, _)| *other == class).map(|(_, price)| *price);
                    let per_device = Some((class.name(), number));
                    lines.extend(price.map(|price| fee_line(agreement, price, per_device, prorated.then_some(span), pen)));
                }
            }
        }
    }
    if agreement.services.is_empty() {
        return lines;
    }
    let count = DeviceCount::take(devices, crate::device::CountMethod::FirstDay, span.from, span.to);
    lines.extend(agreement.services.iter().filter_map(|service| service_line(service, &count, pen)));
    lines
}

fn fee_line(agreement: &Agreement, price: Decimal, per_device: Option<(&'static str, i64)>, prorated: Option<Span>, pen: Pen) -> Line {
    let (class, number) = per_device.unwrap_or(("month", 1));
    let what = || per_device.map_or(String::new(), |(class, number)| format!(", {number} x {class}"));
    let program = agreement.program.name();
    match prorated {
        Some(span) => {
            let (days, of) = span.days();
            let amount = pen.currency.amount(price, number * days, of);
            let text = || format!("Fee, {program}{}, {days} of {of} days", what());
            pen.line(LineKind::Fee, text, (1, "part-month"), || pen.currency.format_plain(amount), amount)
        }
        None => {
            let amount = pen.currency.amount(price, number, 1);
            let text = || format!("Fee, {program}{}", what());
            pen.line(LineKind::Fee, text, (number, class), || price.to_string(), amount)
        }
    }
}

fn service_line(service: &Service, count: &DeviceCount, pen: Pen) -> Option<Line> {
    let number = match service.unit {
        ServiceUnit::Device(class, agreed) => agreed.map_or_else(|| count.of(class), i64::from),
        ServiceUnit::User(number) | ServiceUnit::Site(number) | ServiceUnit::Flat(number) => i64::from(number),
    };
    let amount = pen.currency.amount(service.price, number, 1);
    let (text, price) = (|| service.name.clone(), || service.price.to_string());
    (number > 0).then(|| pen.line(LineKind::Service, text, (number, service.unit.name()), price, amount))
}

impl Pen {
    /// The line of one bought block.
    pub(crate) fn block(self, price: Decimal, text: impl FnOnce() -> String) -> Line {
        self.line(LineKind::Block, text, (1, "block"), || price.to_string(), self.currency.amount(price, 1, 1))
    }

    /// The line that a reserve takes off.
    pub(crate) fn reserve(self, used: i64) -> Line {
        let (text, price) = (|| "Covered by the reserve".to_owned(), || self.currency.format_plain(-used));
        self.line(LineKind::Reserve, text, (1, "month"), price, -used)
    }

    fn line(
        self,
        kind: LineKind,
        text: impl FnOnce() -> String,
        (quantity, unit): (i64, &'static str),
        price: impl FnOnce() -> String,
        amount: i64,
    ) -> Line {
        let brief = Line::brief(kind, None, amount);
        if self.brief { brief } else { Line { text: text(), quantity: quantity.to_string(), unit, price: price(), ..brief } }
    }
}

/// Is a fee billed at the period's end?
#[must_use]
pub(crate) fn in_arrears(fee: Option<&Fee>) -> bool {
    fee.is_none_or(|fee| fee.billed == crate::agreement::BilledWhen::Arrears)
}
