//! The form of an agreement: fields named by the keys of its file, taken from an agreement.
//! How the fields become a file's text is in `agreement_text`.

use std::collections::{BTreeMap, BTreeSet};

use quarterhour_billing::agreement::{
    Agreement, Allowance, AllowanceSize, AutoReplenish, BilledWhen, Block, Fee, FeeBasis, Guard, Included, OnCap, OverageRates,
    Prepaid, Prices, Proration, Rate, Reserve, ReserveSize, Rollover, Rounding, RoundingScope, Service, ServiceUnit, Settlement,
    TimePools, Weights,
};
use quarterhour_billing::{CountMethod, Currency, Decimal, DeviceClass, Word, Words};

/// The day that stands in templates where an agreement has its own.
pub const TEMPLATE_DAY: &str = "2000-01-01";
/// The lists of rows.
const ROWS: [&str; 5] = ["block", "overage.tiers", "weights.tiers", "prices.rate", "service"];
/// The most values that a form takes.
const VALUES_MAX: usize = 4_000;

/// The fields of an agreement's form by name. A name may have several values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgreementForm {
    values: BTreeMap<String, Vec<String>>,
}

impl AgreementForm {
    /// The fields that a browser sent.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs.into_iter().take(VALUES_MAX) {
            form.values.entry(name).or_default().push(value.trim().to_owned());
        }
        form
    }

    /// The first value of a name that is not empty; an empty text for none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.all(name).iter().find(|value| !value.is_empty()).map_or("", String::as_str)
    }

    /// All values of a name.
    #[must_use]
    pub fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Was the name sent at all, even empty?
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Is a clause switched on?
    #[must_use]
    pub fn has(&self, clause: &str) -> bool {
        !self.get(&format!("on.{clause}")).is_empty()
    }

    /// Switches a clause on.
    pub fn switch_on(&mut self, clause: &str) {
        self.set(format!("on.{clause}"), "1");
    }

    /// Switches a clause off.
    pub fn switch_off(&mut self, clause: &str) {
        self.values.remove(&format!("on.{clause}"));
    }

    /// Gives a name one value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.values.insert(name.into(), vec![value.into()]);
    }

    /// Gives a name many values.
    pub fn set_all(&mut self, name: impl Into<String>, values: impl IntoIterator<Item = String>) {
        self.values.insert(name.into(), values.into_iter().collect());
    }

    /// The words of a list: ticked ones, and those typed with commas between them.
    #[must_use]
    pub fn words(&self, name: &str) -> Vec<String> {
        let more = self.all(&format!("{name}.more")).iter().flat_map(|text| text.split(',')).map(|word| word.trim().to_owned());
        let mut seen = BTreeSet::new();
        let words = self.all(name).iter().cloned().chain(more).filter(|word| !word.is_empty());
        words.filter(|word| seen.insert(word.clone())).collect()
    }

    /// The numbers of the rows under a name, in order: `2` for `block.2.hours`.
    #[must_use]
    pub fn rows(&self, prefix: &str) -> Vec<usize> {
        let start = format!("{prefix}.");
        let names = self.values.range(start.clone()..).take_while(|(name, _)| name.starts_with(&start));
        let numbers = names.filter_map(|(name, _)| name.strip_prefix(&start)?.split_once('.')?.0.parse().ok());
        numbers.collect::<BTreeSet<usize>>().into_iter().collect()
    }

    /// Is there anything in a row?
    #[must_use]
    pub fn is_blank(&self, row: &str) -> bool {
        let start = format!("{row}.");
        let mut values = self.values.range(start.clone()..).take_while(|(name, _)| name.starts_with(&start));
        values.all(|(_, values)| values.iter().all(String::is_empty))
    }

    /// Leaves rows out in which nothing was said, and numbers the others from 0.
    pub fn tidy_rows(&mut self) {
        for prefix in ROWS {
            let numbers = self.rows(prefix);
            let mut next = 0;
            for number in numbers {
                let start = format!("{prefix}.{number}.");
                let names: Vec<String> = self.values.keys().filter(|name| name.starts_with(&start)).cloned().collect();
                let row: Vec<(String, Vec<String>)> = names.iter().filter_map(|name| self.values.remove_entry(name)).collect();
                // A unit is always chosen, so it does not make a row.
                let says = |(name, values): &(String, Vec<String>)| !name.ends_with(".unit") && values.iter().any(|it| !it.is_empty());
                if row.iter().any(says) {
                    let moved = row.into_iter().map(|(name, values)| (name.replacen(&start, &format!("{prefix}.{next}."), 1), values));
                    self.values.extend(moved);
                    next += 1;
                }
            }
        }
    }

    /// Adds an empty row to a list of rows.
    pub fn add_row(&mut self, prefix: &str) {
        if ROWS.contains(&prefix) {
            let number = self.rows(prefix).last().map_or(0, |last| last + 1);
            // An empty list shows an empty row by itself.
            self.set(format!("{prefix}.{}.tier", number.max(1)), "");
        }
    }

    /// Takes a row out.
    pub fn remove_row(&mut self, row: &str) {
        let start = format!("{row}.");
        self.values.retain(|name, _| !name.starts_with(&start));
    }

    /// Adds fields of another form where this one has none.
    pub fn fill_from(&mut self, other: &Self) {
        for (name, values) in &other.values {
            self.values.entry(name.clone()).or_insert_with(|| values.clone());
        }
    }

    /// The form of an agreement of a client.
    #[must_use]
    pub fn of(agreement: &Agreement, words: &Words, client: &str, currency: Currency) -> Self {
        let mut filler = Filler { form: Self::default(), words, digits: usize::from(currency.digits()) };
        filler.form.set("client", client);
        filler.form.set("program", agreement.program.name());
        filler.form.set("starts", agreement.starts.to_string());
        filler.form.set("ends", agreement.ends.map(|ends| ends.to_string()).unwrap_or_default());
        filler.fill(agreement);
        filler.form
    }
}

/// Writes clauses into a form.
struct Filler<'a> {
    form: AgreementForm,
    words: &'a Words,
    digits: usize,
}

impl Filler<'_> {
    fn fill(&mut self, agreement: &Agreement) {
        if let Some(fee) = &agreement.fee {
            self.fee(fee);
        }
        match &agreement.prepaid {
            Prepaid::Nothing => {}
            Prepaid::Time(pools) => self.pools(pools),
            Prepaid::Money(reserve) => self.reserve(reserve),
        }
        self.overage(&agreement.overage);
        self.rounding(agreement.rounding);
        self.weights(&agreement.weights);
        self.prices(&agreement.prices);
        if let Some(included) = &agreement.included {
            self.included(included);
        }
        self.services(&agreement.services);
        if !agreement.internal_tiers.is_empty() {
            self.form.switch_on("internal");
            self.word_list("internal.tiers", &agreement.internal_tiers);
        }
        self.guard(&agreement.guard);
    }

    /// A price with at least the digits of the currency.
    fn price(&self, price: Decimal) -> String {
        let text = price.to_string();
        let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        match (digits, self.digits) {
            (_, 0) => text,
            (0, most) => format!("{text}.{}", "0".repeat(most)),
            (given, most) => format!("{text}{}", "0".repeat(most.saturating_sub(given))),
        }
    }

    fn word_list(&mut self, name: &str, words: &[Word]) {
        let names: Vec<String> = words.iter().map(|word| self.words.name(*word).to_owned()).collect();
        self.form.set_all(name, names);
    }

    fn word_rows(&mut self, prefix: &str, column: &str, rows: &[(Word, Decimal)], as_price: bool) {
        for (row, (word, value)) in rows.iter().enumerate() {
            let value = if as_price { self.price(*value) } else { value.to_string() };
            self.form.set(format!("{prefix}.{row}.tier"), self.words.name(*word));
            self.form.set(format!("{prefix}.{row}.{column}"), value);
        }
    }

    fn class_minutes(&mut self, prefix: &str, minutes: &[(DeviceClass, u32)]) {
        for (class, minutes) in minutes {
            self.form.set(format!("{prefix}.{}", class.name()), minutes.to_string());
        }
    }

    fn rollover(&mut self, clause: &str, rollover: Rollover) {
        self.form.set(format!("{clause}.rollover.periods"), rollover.periods.to_string());
        self.form.set(format!("{clause}.rollover.cap_percent"), rollover.cap_percent.to_string());
    }

    fn fee(&mut self, fee: &Fee) {
        self.form.switch_on("fee");
        match &fee.basis {
            FeeBasis::Flat(price) => {
                self.form.set("fee.basis", "flat");
                self.form.set("fee.flat", self.price(*price));
            }
            FeeBasis::PerDevice(prices) => {
                self.form.set("fee.basis", "per_device");
                for (class, price) in prices {
                    self.form.set(format!("fee.per_device.{}", class.name()), self.price(*price));
                }
            }
        }
        self.form.set("fee.billed", if fee.billed == BilledWhen::Advance { "advance" } else { "arrears" });
        self.form.set("fee.count", count_name(fee.count));
        self.form.set("fee.proration", proration_name(fee.proration));
    }

    fn pools(&mut self, pools: &TimePools) {
        if let Some(allowance) = &pools.allowance {
            self.allowance(allowance);
        }
        for (row, Block { bought, seconds, price, expires_months }) in pools.blocks.iter().enumerate() {
            self.form.switch_on("block");
            self.form.set(format!("block.{row}.bought"), bought.to_string());
            self.form.set(format!("block.{row}.hours"), hours_text(*seconds));
            self.form.set(format!("block.{row}.price"), self.price(*price));
            self.form.set(format!("block.{row}.expires_months"), expires_months.map(|it| it.to_string()).unwrap_or_default());
        }
        if let Some(AutoReplenish { seconds, price, max_per_period }) = pools.auto_replenish {
            self.form.switch_on("auto_replenish");
            self.form.set("auto_replenish.hours", hours_text(seconds));
            self.form.set("auto_replenish.price", self.price(price));
            self.form.set("auto_replenish.max_per_period", max_per_period.to_string());
        }
    }

    fn allowance(&mut self, allowance: &Allowance) {
        self.form.switch_on("allowance");
        match &allowance.size {
            AllowanceSize::Fixed(minutes) => {
                self.form.set("allowance.size", "fixed_minutes");
                self.form.set("allowance.fixed_minutes", minutes.to_string());
            }
            AllowanceSize::PerDevice(minutes) => {
                let size = match minutes.as_slice() {
                    [(DeviceClass::Workstation, 15)] => "stable",
                    [(DeviceClass::Workstation, 30)] => "heavy",
                    _ => "minutes",
                };
                self.form.set("allowance.size", size);
                self.class_minutes("allowance.minutes", minutes);
            }
        }
        self.form.set("allowance.count", count_name(allowance.count));
        self.rollover("allowance", allowance.rollover);
        let (months, proration) = match allowance.settlement {
            Settlement::Monthly(proration) => (1, proration),
            Settlement::Months(months) => (months, Proration::None),
        };
        self.form.set("allowance.settle_months", months.to_string());
        self.form.set("allowance.proration", proration_name(proration));
        self.word_list("allowance.excludes", &allowance.excludes);
    }

    fn reserve(&mut self, reserve: &Reserve) {
        self.form.switch_on("reserve");
        match &reserve.size {
            ReserveSize::Fixed(amount) => {
                self.form.set("reserve.size", "fixed_amount");
                self.form.set("reserve.fixed_amount", self.price(*amount));
            }
            ReserveSize::PerDevice { minutes, rate } => {
                self.form.set("reserve.size", "minutes");
                self.class_minutes("reserve.minutes", minutes);
                self.form.set("reserve.rate", self.price(*rate));
            }
        }
        self.form.set("reserve.count", count_name(reserve.count));
        self.form.set("reserve.proration", proration_name(reserve.proration));
        self.rollover("reserve", reserve.rollover);
        self.word_list("reserve.excludes", &reserve.excludes);
    }

    fn overage(&mut self, overage: &OverageRates) {
        if overage.rate.is_none() && overage.tiers.is_empty() {
            return;
        }
        self.form.switch_on("overage");
        self.form.set("overage.rate", overage.rate.map(|rate| self.price(rate)).unwrap_or_default());
        self.word_rows("overage.tiers", "rate", &overage.tiers, true);
    }

    fn rounding(&mut self, rounding: Rounding) {
        self.form.switch_on("rounding");
        self.form.set("rounding.increment", rounding.increment.to_string());
        self.form.set("rounding.minimum", rounding.minimum.to_string());
        let scope = match rounding.scope {
            RoundingScope::Entry => "entry",
            RoundingScope::TicketDay => "ticket-day",
            RoundingScope::Ticket => "ticket",
        };
        self.form.set("rounding.scope", scope);
    }

    fn weights(&mut self, weights: &Weights) {
        if weights.after_hours.is_none() && weights.tiers.is_empty() {
            return;
        }
        self.form.switch_on("weights");
        self.form.set("weights.after_hours", weights.after_hours.map(|it| it.to_string()).unwrap_or_default());
        self.word_rows("weights.tiers", "weight", &weights.tiers, false);
    }

    fn prices(&mut self, prices: &Prices) {
        if prices.after_hours_price == Decimal::ONE && prices.rates.0.is_empty() {
            return;
        }
        self.form.switch_on("prices");
        self.form.set("prices.after_hours_price", prices.after_hours_price.to_string());
        for (row, Rate { tier, work_type, hourly, per_ticket }) in prices.rates.0.iter().enumerate() {
            let name = |word: &Option<Word>| word.map(|word| self.words.name(word).to_owned()).unwrap_or_default();
            let (tier, work_type, hourly) = (name(tier), name(work_type), self.price(*hourly));
            self.form.set(format!("prices.rate.{row}.tier"), tier);
            self.form.set(format!("prices.rate.{row}.work_type"), work_type);
            self.form.set(format!("prices.rate.{row}.hourly"), hourly);
            if let Some(per_ticket) = per_ticket {
                let (price, minutes) = (self.price(per_ticket.price), per_ticket.includes_seconds / 60);
                self.form.set(format!("prices.rate.{row}.per_ticket"), price);
                self.form.set(format!("prices.rate.{row}.includes_minutes"), minutes.to_string());
            }
        }
    }

    fn included(&mut self, included: &Included) {
        self.form.switch_on("included");
        self.form.set_all("included.classes", included.classes.iter().map(|class| class.name().to_owned()));
        self.word_list("included.excludes.work_types", &included.excluded_work_types);
        self.word_list("included.excludes.tiers", &included.excluded_tiers);
    }

    fn services(&mut self, services: &[Service]) {
        for (row, Service { name, unit, price }) in services.iter().enumerate() {
            self.form.switch_on("service");
            let count = match unit {
                ServiceUnit::Device(_, agreed) => agreed.map(|it| it.to_string()).unwrap_or_default(),
                ServiceUnit::User(count) | ServiceUnit::Site(count) | ServiceUnit::Flat(count) => count.to_string(),
            };
            let price = self.price(*price);
            self.form.set(format!("service.{row}.name"), name.clone());
            self.form.set(format!("service.{row}.unit"), unit.name());
            self.form.set(format!("service.{row}.price"), price);
            self.form.set(format!("service.{row}.count"), count);
        }
    }

    fn guard(&mut self, guard: &Guard) {
        if guard.thresholds.is_empty() && guard.cap.is_none() {
            return;
        }
        self.form.switch_on("guard");
        let thresholds: Vec<String> = guard.thresholds.iter().map(ToString::to_string).collect();
        self.form.set("guard.thresholds", thresholds.join(", "));
        if let Some(cap) = guard.cap {
            let amount = self.price(cap.amount);
            self.form.set("guard.cap.amount", amount);
            self.form.set("guard.cap.on_cap", if cap.on_cap == OnCap::Hold { "hold" } else { "bill" });
        }
    }
}

/// Seconds as hours, a plain decimal. They came from such a decimal, so nothing is lost.
#[must_use]
pub fn hours_text(seconds: i64) -> String {
    let steps = seconds * 10_000 / 3_600;
    let (whole, fraction) = (steps / 10_000, steps % 10_000);
    if fraction == 0 { whole.to_string() } else { format!("{whole}.{fraction:04}").trim_end_matches('0').to_owned() }
}

fn count_name(count: CountMethod) -> &'static str {
    CountMethod::ALL.iter().find(|(_, other)| *other == count).map_or("first-day", |(name, _)| name)
}

fn proration_name(proration: Proration) -> &'static str {
    if proration == Proration::Daily { "daily" } else { "none" }
}
