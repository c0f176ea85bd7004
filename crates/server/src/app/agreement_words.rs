//! An agreement in plain sentences, clause by clause, with the client's devices of a day. It bills nothing.

use quarterhour_billing::agreement::{
    Agreement, Allowance, AllowanceSize, AutoReplenish, BilledWhen, Block, Fee, FeeBasis, Guard, Included, OnCap, Prepaid, Prices,
    Proration, Rate, Reserve, ReserveSize, Rollover, RoundingScope, Service, ServiceUnit, Settlement, TimePools,
};
use quarterhour_billing::{Client, CountMethod, Currency, Day, Decimal, DeviceClass, DeviceCount, Terms, Word, Words};
use serde::Serialize;

use crate::app::money;
use crate::dates;
use crate::hours::capital;

/// A clause in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClauseWords {
    /// The clause's name in the file.
    pub clause: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it says.
    pub sentences: Vec<String>,
}

/// What is needed to read an agreement aloud.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// The names of its tiers and work types.
    pub words: &'a Words,
    /// The client, with its devices.
    pub client: &'a Client,
    /// The provider's rate card.
    pub terms: &'a Terms,
    /// The day on which devices are counted.
    pub on: Day,
}

/// The name of a clause for people.
#[must_use]
pub fn title(clause: &str) -> &'static str {
    match clause {
        "fee" => "Fee",
        "allowance" => "Allowance",
        "block" => "Blocks of hours",
        "auto_replenish" => "Auto-replenish",
        "reserve" => "Reserve",
        "included" => "Included work",
        "overage" => "Overage",
        "rounding" => "Rounding",
        "weights" => "Weights",
        "prices" => "Prices",
        "service" => "Services",
        "internal" => "Own staff",
        "guard" => "Guard",
        _ => "Agreement",
    }
}

/// All sentences of an agreement, in the order of its clauses.
#[must_use]
pub fn sentences(reading: Reading<'_>) -> Vec<String> {
    clauses(reading).into_iter().flat_map(|clause| clause.sentences).collect()
}

/// The clauses of an agreement in plain words; those it does not have are left out, but for what follows from that.
#[must_use]
pub fn clauses(reading: Reading<'_>) -> Vec<ClauseWords> {
    let agreement = reading.agreement;
    let (allowance, blocks, replenish, reserve) = match &agreement.prepaid {
        Prepaid::Time(TimePools { allowance, blocks, auto_replenish }) => {
            (allowance.as_ref(), blocks.as_slice(), auto_replenish.as_ref(), None)
        }
        Prepaid::Money(reserve) => (None, &[][..], None, Some(reserve)),
        Prepaid::Nothing => (None, &[][..], None, None),
    };
    let all = [
        ("fee", agreement.fee.as_ref().map(|fee| reading.fee(fee)).unwrap_or_default()),
        ("service", agreement.services.iter().map(|service| reading.service(service)).collect()),
        ("allowance", allowance.map(|allowance| reading.allowance(allowance)).unwrap_or_default()),
        ("block", blocks.iter().map(|block| reading.block(block)).collect()),
        ("auto_replenish", replenish.map(|clause| vec![reading.auto_replenish(clause)]).unwrap_or_default()),
        ("reserve", reserve.map(|reserve| reading.reserve(reserve)).unwrap_or_default()),
        ("included", agreement.included.as_ref().map(|included| reading.included(included)).unwrap_or_default()),
        ("internal", reading.internal()),
        ("overage", reading.overage()),
        ("rounding", vec![reading.rounding()]),
        ("weights", reading.weights()),
        ("prices", reading.prices(&agreement.prices)),
        ("guard", reading.guard(&agreement.guard)),
    ];
    let said = all.into_iter().filter(|(_, sentences): &(_, Vec<String>)| !sentences.is_empty());
    said.map(|(clause, sentences)| ClauseWords { clause, title: title(clause), sentences }).collect()
}

impl Reading<'_> {
    fn currency(&self) -> Currency {
        self.client.currency
    }

    /// A price with its currency, exact.
    fn price(&self, price: Decimal) -> String {
        let currency = self.currency();
        let rounded = currency.amount(price, 1, 1);
        if currency.format_plain(rounded) == price.to_string() {
            money::shown(rounded, currency)
        } else {
            format!("{} {price}", currency.code())
        }
    }

    fn count(&self, method: CountMethod) -> DeviceCount {
        DeviceCount::take(&self.client.devices, method, self.on, self.on.next())
    }

    fn name(&self, word: Word) -> &str {
        self.words.name(word)
    }

    fn names(&self, words: &[Word]) -> Vec<String> {
        words.iter().map(|word| self.name(*word).to_owned()).collect()
    }

    fn fee(&self, fee: &Fee) -> Vec<String> {
        let billed = if fee.billed == BilledWhen::Advance { "in advance" } else { "at the month's end" };
        let mut sentences = match &fee.basis {
            FeeBasis::Flat(price) => vec![format!("{} a month, billed {billed}.", self.price(*price))],
            FeeBasis::PerDevice(prices) => {
                let count = self.count(fee.count);
                let parts: Vec<String> = prices
                    .iter()
                    .map(|(class, price)| format!("{} × {}", devices(count.of(*class), *class), self.price(*price)))
                    .collect();
                let sum: i64 = prices.iter().map(|(class, price)| self.currency().amount(*price, count.of(*class), 1)).sum();
                let sum = money::shown(sum, self.currency());
                let how = "fewer devices, lower fee";
                vec![format!("{} = {sum} a month, billed {billed}; {how}.", or_nothing(&parts.join(" + ")))]
            }
        };
        if matches!(fee.basis, FeeBasis::PerDevice(_)) {
            sentences.extend(counted(fee.count));
        }
        if fee.proration == Proration::Daily {
            sentences.push("A part of a month costs its share by days.".to_owned());
        }
        sentences
    }

    fn service(&self, service: &Service) -> String {
        let count = self.count(CountMethod::FirstDay);
        let (number, what) = match service.unit {
            ServiceUnit::Device(class, None) => (count.of(class), devices(count.of(class), class)),
            ServiceUnit::Device(class, Some(agreed)) => {
                (i64::from(agreed), format!("{} as agreed", devices(i64::from(agreed), class)))
            }
            ServiceUnit::User(users) => (i64::from(users), many(i64::from(users), "user")),
            ServiceUnit::Site(sites) => (i64::from(sites), many(i64::from(sites), "site")),
            ServiceUnit::Flat(times) => (i64::from(times), String::new()),
        };
        let (price, sum) =
            (self.price(service.price), money::shown(self.currency().amount(service.price, number, 1), self.currency()));
        let name = &service.name;
        match (what.is_empty(), number) {
            (true, 1) => format!("{name}: {price} a month."),
            (true, _) => format!("{name}: {number} × {price} = {sum} a month."),
            (false, _) => format!("{name}: {what} × {price} = {sum} a month."),
        }
    }

    fn allowance(&self, allowance: &Allowance) -> Vec<String> {
        let months = match allowance.settlement {
            Settlement::Months(months) => i64::from(months),
            Settlement::Monthly(_) => 1,
        };
        let (times, every) = if months > 1 {
            (format!(" × {months} months"), format!("every {months} months, granted at once"))
        } else {
            (String::new(), "a month".to_owned())
        };
        let unused = unused_words(allowance.rollover, "hours");
        let (first, by_device) = match &allowance.size {
            AllowanceSize::Fixed(minutes) => (length(i64::from(*minutes) * months), false),
            AllowanceSize::PerDevice(minutes) => {
                let count = self.count(allowance.count);
                (format!("{}{times} = {}", minutes_by_class(minutes, &count), length(total_minutes(minutes, &count) * months)), true)
            }
        };
        let mut sentences = vec![format!("{first} {every}; {unused}.")];
        if by_device && months == 1 {
            sentences.extend(counted(allowance.count));
        }
        if allowance.settlement == Settlement::Monthly(Proration::Daily) {
            sentences.push("A part of a month grants its share by days.".to_owned());
        }
        if !allowance.excludes.is_empty() {
            sentences.push(format!(
                "{} work never draws on these hours; it is charged.",
                capital(&listed(&self.names(&allowance.excludes), "and"))
            ));
        }
        sentences
    }

    fn block(&self, block: &Block) -> String {
        let hours = length(block.seconds / 60);
        let until = block
            .expires_on()
            .map_or_else(|| "never expires".to_owned(), |day| format!("serves until {}", dates::full(&day.previous())));
        format!("A block of {hours} for {}, bought on {}, {until}.", self.price(block.price), dates::full(&block.bought))
    }

    fn auto_replenish(&self, clause: &AutoReplenish) -> String {
        let times = match clause.max_per_period {
            1 => "once a month".to_owned(),
            2 => "twice a month".to_owned(),
            more => format!("{more} times a month"),
        };
        format!(
            "When every pool is dry, {} for {} are bought at once, at most {times}.",
            length(clause.seconds / 60),
            self.price(clause.price)
        )
    }

    fn reserve(&self, reserve: &Reserve) -> Vec<String> {
        let unused = unused_words(reserve.rollover, "money");
        let mut sentences = match &reserve.size {
            ReserveSize::Fixed(amount) => vec![format!("{} set aside a month; {unused}.", self.price(*amount))],
            ReserveSize::PerDevice { minutes, rate } => {
                let count = self.count(reserve.count);
                let total = total_minutes(minutes, &count);
                let amount = money::shown(self.currency().amount(*rate, total, 60), self.currency());
                let parts = minutes_by_class(minutes, &count);
                vec![format!("{parts} = {} at {} = {amount} set aside a month; {unused}.", length(total), self.price(*rate))]
            }
        };
        if matches!(reserve.size, ReserveSize::PerDevice { .. }) {
            sentences.extend(counted(reserve.count));
        }
        sentences.push("Work is taken from it; what it does not cover is billed.".to_owned());
        if reserve.proration == Proration::Daily {
            sentences.push("A part of a month sets aside its share by days.".to_owned());
        }
        if !reserve.excludes.is_empty() {
            sentences.push(format!("{} work is never taken from it.", capital(&listed(&self.names(&reserve.excludes), "and"))));
        }
        sentences
    }

    fn included(&self, included: &Included) -> Vec<String> {
        let classes: Vec<String> = included.classes.iter().map(|class| plural(*class)).collect();
        let mut sentences =
            vec![format!("All work on listed {} is included, and work that names no device.", or_nothing(&listed(&classes, "and")))];
        let mut excluded = self.names(&included.excluded_work_types);
        excluded.extend(self.names(&included.excluded_tiers));
        if !excluded.is_empty() {
            sentences.push(format!("{} work is not: it is charged.", capital(&listed(&excluded, "and"))));
        }
        sentences
    }

    fn internal(&self) -> Vec<String> {
        let tiers = self.names(&self.agreement.internal_tiers);
        if tiers.is_empty() {
            return Vec::new();
        }
        vec![format!("The client's own staff keep {} work: it is shown and never charged.", listed(&tiers, "and"))]
    }

    fn overage(&self) -> Vec<String> {
        let overage = &self.agreement.overage;
        let has_pools = matches!(self.agreement.prepaid, Prepaid::Time(_));
        if !has_pools {
            return Vec::new();
        }
        let tiers: Vec<String> =
            overage.tiers.iter().map(|(tier, price)| format!("{} for {}", self.price(*price), self.name(*tier))).collect();
        let sentence = match (overage.rate, tiers.is_empty()) {
            (Some(rate), true) => format!("Work beyond that costs {} an hour.", self.price(rate)),
            (Some(rate), false) => format!("Work beyond that costs {} an hour, {}.", self.price(rate), listed(&tiers, "and")),
            (None, true) => "Work beyond that costs the usual rate.".to_owned(),
            (None, false) => format!("Work beyond that costs {} an hour, and the usual rate for the rest.", listed(&tiers, "and")),
        };
        vec![sentence]
    }

    fn rounding(&self) -> String {
        let rounding = self.agreement.rounding;
        let what = match rounding.scope {
            RoundingScope::Entry => "Each entry is",
            RoundingScope::TicketDay => "Each ticket's work of a day is added up and",
            RoundingScope::Ticket => "Each ticket's work of a month is added up and",
        };
        let least =
            if rounding.minimum > rounding.increment { format!(", at least {} minutes", rounding.minimum) } else { String::new() };
        if rounding.increment == 1 {
            format!("{what} billed to the minute{least}.")
        } else {
            format!("{what} rounded up to {} minutes{least}.", rounding.increment)
        }
    }

    fn weights(&self) -> Vec<String> {
        let weights = &self.agreement.weights;
        let after_hours = weights.after_hours.map(|weight| format!("After hours, time burns {weight} times as fast."));
        let tiers =
            weights.tiers.iter().map(|(tier, weight)| format!("{} work burns {weight} times as fast.", capital(self.name(*tier))));
        let mut sentences: Vec<String> = after_hours.into_iter().chain(tiers).collect();
        if sentences.len() > 1 {
            sentences.push("Where several apply, the highest counts.".to_owned());
        }
        sentences
    }

    fn prices(&self, prices: &Prices) -> Vec<String> {
        let mut sentences: Vec<String> = prices.rates.0.iter().map(|rate| self.rate(rate)).collect();
        if !prices.rates.0.iter().any(|rate| rate.tier.is_none() && rate.work_type.is_none()) {
            let other = if sentences.is_empty() { "Charged work" } else { "Other charged work" };
            let card: Vec<String> = self.terms.rates.0.iter().map(|rate| self.card_rate(rate)).collect();
            sentences.push(format!("{other} costs by the rate card: {}.", listed(&card, "and")));
        }
        if prices.after_hours_price != Decimal::ONE {
            sentences.push(format!("After hours, charged and overage work costs {} times the rate.", prices.after_hours_price));
        }
        sentences
    }

    fn rate(&self, rate: &Rate) -> String {
        let (hourly, kind) = (self.price(rate.hourly), self.kind(rate));
        match rate.per_ticket {
            Some(per_ticket) => {
                let minutes = per_ticket.includes_seconds / 60;
                let within = if minutes > 0 { format!(" with {} in it", length(minutes)) } else { String::new() };
                let ticket = kind.map_or_else(|| "A ticket".to_owned(), |kind| format!("A {kind} ticket"));
                format!("{ticket} costs {}{within}, then {hourly} an hour.", self.price(per_ticket.price))
            }
            None => format!(
                "{} costs {hourly} an hour.",
                kind.map_or_else(|| "Work".to_owned(), |kind| format!("{} work", capital(&kind)))
            ),
        }
    }

    fn card_rate(&self, rate: &Rate) -> String {
        let price = self.price(rate.hourly);
        self.kind(rate).map_or_else(|| format!("{price} an hour"), |kind| format!("{price} for {kind}"))
    }

    /// The tier and work type that a rate is for.
    fn kind(&self, rate: &Rate) -> Option<String> {
        let names: Vec<&str> = [rate.tier, rate.work_type].into_iter().flatten().map(|word| self.name(word)).collect();
        (!names.is_empty()).then(|| names.join(" "))
    }

    fn guard(&self, guard: &Guard) -> Vec<String> {
        let mut sentences = Vec::new();
        if !guard.thresholds.is_empty() {
            let percents: Vec<String> = guard.thresholds.iter().map(ToString::to_string).collect();
            sentences.push(format!("A notice goes out at {} % of the month's hours.", listed(&percents, "and")));
        }
        if let Some(cap) = guard.cap {
            let what = if cap.on_cap == OnCap::Hold { "is held until the client approves it" } else { "is billed all the same" };
            sentences.push(format!("Overage past {} a month {what}.", self.price(cap.amount)));
        }
        sentences
    }
}

/// How devices are counted, where it is not the usual way.
fn counted(method: CountMethod) -> Option<String> {
    let how = match method {
        CountMethod::FirstDay => return None,
        CountMethod::LastDay => "on the last day of the month",
        CountMethod::Peak => "at their most within the month",
        CountMethod::Average => "on the average of the month",
    };
    Some(format!("Devices are counted {how}."))
}

fn unused_words(rollover: Rollover, what: &str) -> String {
    let verb = if what == "hours" { ("are", "roll") } else { ("is", "rolls") };
    match rollover.periods {
        0 => format!("unused {what} {} lost", verb.0),
        periods => {
            let months = if periods == 1 { "one more month".to_owned() } else { format!("{periods} more months") };
            let cap = rollover.cap_percent;
            let cap = if cap == Decimal::whole(100) { String::new() } else { format!(", at most {cap} % of the grant") };
            format!("unused {what} {} on for {months}{cap}", verb.1)
        }
    }
}

fn minutes_by_class(minutes: &[(DeviceClass, u32)], count: &DeviceCount) -> String {
    let parts: Vec<String> =
        minutes.iter().map(|(class, minutes)| format!("{} × {minutes} min", devices(count.of(*class), *class))).collect();
    or_nothing(&parts.join(" + "))
}

fn total_minutes(minutes: &[(DeviceClass, u32)], count: &DeviceCount) -> i64 {
    minutes.iter().map(|(class, minutes)| i64::from(*minutes) * count.of(*class)).sum()
}

fn or_nothing(text: &str) -> String {
    if text.is_empty() { "nothing".to_owned() } else { text.to_owned() }
}

/// Minutes as `10 h`, `10 h 30 min` or `45 min`.
#[must_use]
pub fn length(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, rest) => format!("{rest} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}

fn many(number: i64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A number of devices: `1 switch`, `3 switches`.
#[must_use]
pub fn devices(number: i64, class: DeviceClass) -> String {
    let one = if class == DeviceClass::Other { "other device" } else { class.name() };
    if number == 1 { format!("1 {one}") } else { format!("{number} {}", plural(class)) }
}

fn plural(class: DeviceClass) -> String {
    match class {
        DeviceClass::Switch => "switches".to_owned(),
        DeviceClass::Other => "other devices".to_owned(),
        class => format!("{}s", class.name()),
    }
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn listed(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use quarterhour_billing::agreement::Agreements;
    use quarterhour_billing::{Device, LocalClock, Period};
    use quarterhour_books::setup;

    use super::*;

    fn spoken(text: &str) -> Vec<String> {
        let mut words = Words::default();
        let rates =
            setup::read_provider_text("name = \"N\"\ncurrency = \"USD\"\ntime_zone = \"UTC\"\n[[rate]]\nhourly = 120\n", &mut words);
        let terms = rates.expect("a provider").terms;
        let on = Period::parse("2026-06").expect("a period").first_day();
        let device = |number: usize| Device {
            name: format!("ws{number}"),
            class: DeviceClass::Workstation,
            in_service: on,
            retired: None,
            serial: String::new(),
            site: String::new(),
        };
        let client = Client {
            code: "acme".to_owned(),
            currency: Currency::parse("USD").expect("a currency"),
            clock: Arc::new(LocalClock::new("UTC", &jiff::tz::TimeZone::UTC)),
            tax_percent: Decimal::ZERO,
            devices: (0..40).map(device).collect(),
            agreements: Agreements::default(),
        };
        let text = format!("client = \"acme\"\nstarts = 2026-01-01\n{text}");
        let agreement = setup::read_agreement("acme", &text, &mut words).expect("an agreement");
        sentences(Reading { agreement: &agreement, words: &words, client: &client, terms: &terms, on })
    }

    #[test]
    fn a_use_it_or_lose_it_agreement_reads_like_a_letter() {
        let text = "program = \"use-it-or-lose-it\"\n[fee]\nflat = \"1250.00\"\n[allowance]\nenvironment = \"stable\"\n\
                    excludes = [\"project\"]\n[overage]\nrate = 150\ntiers = { senior = 225 }\n[rounding]\nscope = \"ticket-day\"\n\
                    [weights]\nafter_hours = \"1.5\"\n[guard]\nthresholds = [75, 100]\ncap = { amount = 500, on_cap = \"hold\" }\n";
        assert_eq!(
            spoken(text),
            [
                "USD 1,250.00 a month, billed in advance.",
                "40 workstations × 15 min = 10 h a month; unused hours are lost.",
                "Project work never draws on these hours; it is charged.",
                "Work beyond that costs USD 150.00 an hour, USD 225.00 for senior.",
                "Each ticket's work of a day is added up and rounded up to 15 minutes.",
                "After hours, time burns 1.5 times as fast.",
                "Charged work costs by the rate card: USD 120.00 an hour.",
                "A notice goes out at 75 and 100 % of the month's hours.",
                "Overage past USD 500.00 a month is held until the client approves it.",
            ]
        );
    }

    #[test]
    fn money_set_aside_and_tickets_are_worked_out() {
        let text = "program = \"budget\"\n[reserve]\nminutes = { workstation = 30 }\nrate = 105\nrollover = { periods = 2 }\n\
                    [[prices.rate]]\ntier = \"helpdesk\"\nhourly = 70\nper_ticket = \"17\"\nincludes_minutes = 15\n";
        let said = spoken(text);
        assert_eq!(
            said.first().map(String::as_str),
            Some(
                "40 workstations × 30 min = 20 h at USD 105.00 = USD 2,100.00 set aside a month; unused money rolls on for 2 more months."
            )
        );
        assert!(said.contains(&"A helpdesk ticket costs USD 17.00 with 15 min in it, then USD 70.00 an hour.".to_owned()), "{said:?}");
    }
}
