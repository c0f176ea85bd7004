//! One agreement file: from TOML to a validated set of clauses.

use quarterhour_billing::agreement::{
    Agreement, Allowance, AllowanceSize, AutoReplenish, BilledWhen, Block, Cap, Fee, FeeBasis, Guard, Included, OnCap, OverageRates,
    PerTicket, Prepaid, Prices, Program, Proration, Rate, RateTable, Reserve, ReserveSize, Rollover, Rounding, RoundingScope, Service,
    ServiceUnit, Settlement, TimePools, Weights,
};
use quarterhour_billing::{CountMethod, Day, Decimal, DeviceClass, Word, Words};

use crate::section::{Document, Item, Section};

const CLAUSES: &str = "client, program, starts, ends, fee, allowance, overage, rounding, weights, prices, block, \
                       auto_replenish, reserve, included, service, internal or guard";
const MINUTES_MAX: u32 = 1_000_000;
/// The largest multiplier of a price and weight of time.
const MULTIPLIER_MAX: u32 = 50;
const PRORATIONS: [(&str, Proration); 2] = [("none", Proration::None), ("daily", Proration::Daily)];

/// An agreement file that was read: the client's code and the agreement.
#[derive(Clone, Debug)]
pub struct AgreementFile {
    /// The code of the client.
    pub client: String,
    /// The byte at which the client is named, for problems found later.
    pub client_at: usize,
    /// What it says.
    pub agreement: Agreement,
}

/// Reads an agreement. Problems are added to the document's list; the result counts only when there are none.
pub fn read(document: Document<'_>, name: &str, words: &mut Words) -> Option<AgreementFile> {
    let mut root = document.parse()?;
    let client = root.need("client", "the code of a client");
    let client_at = client.as_ref().map_or(0, Item::at);
    let client = client.and_then(|item| item.text("the code of a client"));
    let programs = Program::ALL.map(|program| (program.name(), program));
    let program = root.need("program", "the name of a program").and_then(|item| item.choice(&programs));
    let starts = root.need("starts", "the first day in force").and_then(|item| item.date());
    let ends = root.take("ends").and_then(|item| ends_after(&item, starts));
    if let Some(program) = program {
        check_program(&root, program);
    }
    let dates = starts.map(|starts| (starts, ends));
    let mut clauses = Clauses { words, dates };
    let agreement = Agreement {
        name: name.to_owned(),
        program: program.unwrap_or(Program::Customized),
        starts: starts.unwrap_or_else(|| Day::of_local(0)),
        ends,
        fee: root.section("fee").and_then(|section| clauses.fee(section)),
        prepaid: clauses.prepaid(&mut root),
        overage: root.section("overage").map(|section| clauses.overage(section)).unwrap_or_default(),
        rounding: root.section("rounding").map(rounding).unwrap_or_default(),
        weights: root.section("weights").map(|section| clauses.weights(section)).unwrap_or_default(),
        prices: root.section("prices").map(|section| clauses.prices(section)).unwrap_or_default(),
        included: root.section("included").map(|section| clauses.included(section)),
        services: root.sections("service").into_iter().filter_map(service).collect(),
        internal_tiers: root.section("internal").map(|section| clauses.internal(section)).unwrap_or_default(),
        guard: root.section("guard").map(guard).unwrap_or_default(),
    };
    root.finish(CLAUSES);
    Some(AgreementFile { client: client?, client_at, agreement })
}

fn ends_after(item: &Item<'_>, starts: Option<Day>) -> Option<Day> {
    let ends = item.date()?;
    if starts.is_some_and(|starts| ends <= starts) {
        item.problem(format!("{ends}; expected a day after `starts`: `ends` is the first day no longer in force"));
    }
    Some(ends)
}

/// A program is a named set of clauses: some it must have, some it cannot.
fn check_program(root: &Section<'_>, program: Program) {
    for (key, at) in root.keys() {
        if program.refused_clauses().contains(&key) {
            let message = format!("{} agreement cannot have the clause `{key}`; `customized` may combine clauses", named(program));
            root.problem_at(at, key, message);
        }
    }
    if let Some(clause) = program.required_clause().filter(|clause| !root.has(clause)) {
        root.problem(format!("{} agreement needs the clause `[{clause}]`", named(program)));
    }
    let time = ["allowance", "block", "auto_replenish"];
    if let Some((_, at)) = root.keys().find(|(key, _)| *key == "reserve").filter(|_| time.iter().any(|key| root.has(key))) {
        root.problem_at(at, "reserve", "a reserve beside an allowance or blocks; expected one of them".to_owned());
    }
}

/// A program's name with its article.
fn named(program: Program) -> String {
    let article = if program == Program::AdHoc { "an" } else { "a" };
    format!("{article} {}", program.name())
}

struct Clauses<'w> {
    words: &'w mut Words,
    dates: Option<(Day, Option<Day>)>,
}

impl Clauses<'_> {
    fn word(&mut self, item: &Item<'_>, expected: &str) -> Option<Word> {
        item.text(expected).map(|name| self.words.intern(&name))
    }

    fn word_list(&mut self, item: Option<Item<'_>>, expected: &str) -> Vec<Word> {
        let items = item.map(|item| item.list(expected)).unwrap_or_default();
        items.iter().filter_map(|item| self.word(item, expected)).collect()
    }

    fn word_prices(&mut self, section: Option<Section<'_>>, expected: &str) -> Vec<(Word, Decimal)> {
        let items = section.map(|mut section| section.take_all()).unwrap_or_default();
        items.into_iter().filter_map(|(tier, item)| Some((self.words.intern(&tier), item.decimal(expected)?))).collect()
    }

    fn fee(&mut self, mut section: Section<'_>) -> Option<Fee> {
        let flat = section.take("flat").map(|item| item.decimal("a price"));
        let per_device = section.section("per_device").map(class_prices);
        let basis = match (flat, per_device) {
            (Some(flat), None) => flat.map(FeeBasis::Flat),
            (None, Some(prices)) => Some(FeeBasis::PerDevice(prices)),
            _ => {
                section.problem("expected either `flat` or `per_device`".to_owned());
                None
            }
        };
        let billed = section.take("billed");
        let billed = billed.and_then(|item| item.choice(&[("advance", BilledWhen::Advance), ("arrears", BilledWhen::Arrears)]));
        let count = count(&mut section).unwrap_or_default();
        let proration = proration(&mut section);
        section.finish("flat, per_device, billed, count or proration");
        Some(Fee { basis: basis?, billed: billed.unwrap_or_default(), count, proration })
    }

    fn prepaid(&mut self, root: &mut Section<'_>) -> Prepaid {
        let allowance = root.section("allowance").map(|section| self.allowance(section));
        let sections = root.sections("block");
        let mut blocks: Vec<Block> = sections.into_iter().filter_map(|section| self.block(section)).collect();
        blocks.sort_by_key(|block| block.bought);
        let auto_replenish = root.section("auto_replenish").map(auto_replenish);
        let reserve = root.section("reserve").map(|section| self.reserve(section));
        match reserve {
            Some(reserve) => reserve.map_or(Prepaid::Nothing, Prepaid::Money),
            None if allowance.is_none() && blocks.is_empty() && auto_replenish.is_none() => Prepaid::Nothing,
            None => {
                let (allowance, auto_replenish) = (allowance.flatten(), auto_replenish.flatten());
                Prepaid::Time(TimePools { allowance, blocks, auto_replenish })
            }
        }
    }

    fn allowance(&mut self, mut section: Section<'_>) -> Option<Allowance> {
        let size = allowance_size(&mut section);
        let method = count(&mut section);
        let rollover = rollover(&mut section);
        let months = section.take("settle_months");
        let proration = proration(&mut section);
        let settled = months.as_ref().and_then(|item| item.whole(1, 120)).unwrap_or(1);
        let settlement = if settled > 1 { Settlement::Months(settled) } else { Settlement::Monthly(proration) };
        if let Some(item) = months.filter(|_| settled > 1) {
            if proration == Proration::Daily {
                item.problem("`settle_months` above 1 cannot stand beside `proration`".to_owned());
            }
            if method.is_some_and(|method| method != CountMethod::FirstDay) {
                item.problem("`settle_months` above 1 counts on the first day; remove `count`".to_owned());
            }
        }
        let excludes = self.word_list(section.take("excludes"), "work types");
        section.finish("environment, minutes, fixed_minutes, count, rollover, settle_months, proration or excludes");
        Some(Allowance { size: size?, count: method.unwrap_or_default(), rollover, settlement, excludes })
    }

    fn reserve(&mut self, mut section: Section<'_>) -> Option<Reserve> {
        let fixed = section.take("fixed_amount").map(|item| item.decimal("an amount of money"));
        let minutes = section.section("minutes").map(class_minutes);
        let rate = section.take("rate");
        let size = match (fixed, minutes) {
            (Some(amount), None) => amount.map(ReserveSize::Fixed),
            (None, Some(minutes)) => {
                let rate = rate.as_ref().and_then(|item| item.decimal("a price an hour"));
                if rate.is_none() {
                    section.problem("`minutes` needs a `rate`: the price of an hour".to_owned());
                }
                rate.map(|rate| ReserveSize::PerDevice { minutes, rate })
            }
            _ => {
                section.problem("expected either `minutes` with `rate`, or `fixed_amount`".to_owned());
                None
            }
        };
        let rollover = rollover(&mut section);
        let method = count(&mut section).unwrap_or_default();
        let proration = proration(&mut section);
        let excludes = self.word_list(section.take("excludes"), "work types");
        section.finish("minutes, rate, fixed_amount, rollover, count, proration or excludes");
        Some(Reserve { size: size?, count: method, rollover, proration, excludes })
    }

    fn block(&mut self, mut section: Section<'_>) -> Option<Block> {
        let bought = section.need("bought", "the purchase date");
        let day = bought.as_ref().and_then(Item::date);
        if let (Some(item), Some(day), Some((starts, ends))) = (bought, day, self.dates)
            && (day < starts || ends.is_some_and(|ends| day >= ends))
        {
            item.problem(format!("{day} is outside the agreement's dates; expected a day from `starts` to the day before `ends`"));
        }
        let seconds = section.need("hours", "hours").and_then(|item| hours(&item));
        let price = section.need("price", "a price").and_then(|item| item.decimal("a price"));
        let months = section.take("expires_months").map(|item| item.whole(1, 1200));
        section.finish("bought, hours, price or expires_months");
        Some(Block { bought: day?, seconds: seconds?, price: price?, expires_months: months.flatten() })
    }

    fn overage(&mut self, mut section: Section<'_>) -> OverageRates {
        let rate = section.take("rate").and_then(|item| item.decimal("a price an hour"));
        let tiers = self.word_prices(section.section("tiers"), "a price an hour");
        section.finish("rate or tiers");
        OverageRates { rate, tiers }
    }

    fn weights(&mut self, mut section: Section<'_>) -> Weights {
        let after_hours = section.take("after_hours").and_then(|item| weight(&item));
        let tiers = section.section("tiers").map(|mut tiers| tiers.take_all()).unwrap_or_default();
        let tiers = tiers.into_iter().filter_map(|(tier, item)| Some((self.words.intern(&tier), weight(&item)?))).collect();
        section.finish("after_hours or tiers");
        Weights { after_hours, tiers }
    }

    fn prices(&mut self, mut section: Section<'_>) -> Prices {
        let multiplier = section.take("after_hours_price").and_then(|item| multiplier(&item));
        let rates = section.sections("rate").into_iter().filter_map(|rate| read_rate(rate, self.words, true)).collect();
        section.finish("after_hours_price or rate");
        Prices { after_hours_price: multiplier.unwrap_or(Decimal::ONE), rates: RateTable(rates) }
    }

    fn included(&mut self, mut section: Section<'_>) -> Included {
        let choices = DeviceClass::ALL.map(|class| (class.name(), class));
        let classes = section.need("classes", "a list of device classes");
        let classes = classes.map(|item| item.list("device classes")).unwrap_or_default();
        let classes = classes.iter().filter_map(|item| item.choice(&choices)).collect();
        let mut excludes = section.section("excludes");
        let mut list = |key: &str, expected: &str| {
            let item = excludes.as_mut().and_then(|excludes| excludes.take(key));
            self.word_list(item, expected)
        };
        let (excluded_work_types, excluded_tiers) = (list("work_types", "work types"), list("tiers", "tiers"));
        if let Some(excludes) = excludes {
            excludes.finish("work_types or tiers");
        }
        section.finish("classes or excludes");
        Included { classes, excluded_work_types, excluded_tiers }
    }

    fn internal(&mut self, mut section: Section<'_>) -> Vec<Word> {
        let tiers = section.need("tiers", "a list of tiers");
        let tiers = self.word_list(tiers, "tiers");
        section.finish("tiers");
        tiers
    }
}

/// A `[[rate]]` of an agreement or of the rate card.
pub(crate) fn read_rate(mut section: Section<'_>, words: &mut Words, with_tickets: bool) -> Option<Rate> {
    let mut word = |key: &str| section.take(key).and_then(|item| item.text("a name")).map(|name| words.intern(&name));
    let (tier, work_type) = (word("tier"), word("work_type"));
    let hourly = section.need("hourly", "a price an hour").and_then(|item| item.decimal("a price an hour"));
    let mut known = "tier, work_type or hourly";
    let mut per_ticket = None;
    if with_tickets {
        known = "tier, work_type, hourly, per_ticket or includes_minutes";
        let price = section.take("per_ticket").map(|item| item.decimal("a price a ticket"));
        let minutes = section.take("includes_minutes");
        if let Some(item) = minutes.as_ref().filter(|_| price.is_none()) {
            item.problem("`includes_minutes` needs `per_ticket`".to_owned());
        }
        let includes_seconds = i64::from(minutes.and_then(|item| item.whole(0, MINUTES_MAX)).unwrap_or(0)) * 60;
        per_ticket = price.flatten().map(|price| PerTicket { price, includes_seconds });
    }
    section.finish(known);
    Some(Rate { tier, work_type, hourly: hourly?, per_ticket })
}

fn allowance_size(section: &mut Section<'_>) -> Option<AllowanceSize> {
    let environment = section.take("environment");
    let environment = environment.map(|item| item.choice(&[("stable", 15), ("heavy", 30)]));
    let minutes = section.section("minutes").map(class_minutes);
    let fixed = section.take("fixed_minutes").map(|item| item.whole(0, MINUTES_MAX));
    match (environment, minutes, fixed) {
        (Some(minutes), None, None) => minutes.map(|minutes| AllowanceSize::PerDevice(vec![(DeviceClass::Workstation, minutes)])),
        (None, Some(minutes), None) => Some(AllowanceSize::PerDevice(minutes)),
        (None, None, Some(minutes)) => minutes.map(AllowanceSize::Fixed),
        _ => {
            section.problem("expected one of `environment`, `minutes` and `fixed_minutes`".to_owned());
            None
        }
    }
}

fn class_items<'a>(mut section: Section<'a>) -> Vec<(DeviceClass, Item<'a>)> {
    let names = DeviceClass::ALL.map(DeviceClass::name).join(", ");
    let items = section.take_all().into_iter().filter_map(|(key, item)| {
        let class = DeviceClass::parse(&key);
        if class.is_none() {
            item.problem(format!("an unknown class of devices; expected {names}"));
        }
        Some((class?, item))
    });
    items.collect()
}

fn class_prices(section: Section<'_>) -> Vec<(DeviceClass, Decimal)> {
    let items = class_items(section).into_iter();
    items.filter_map(|(class, item)| Some((class, item.decimal("a price")?))).collect()
}

fn class_minutes(section: Section<'_>) -> Vec<(DeviceClass, u32)> {
    let items = class_items(section).into_iter();
    items.filter_map(|(class, item)| Some((class, item.whole(0, MINUTES_MAX)?))).collect()
}

fn count(section: &mut Section<'_>) -> Option<CountMethod> {
    section.take("count").and_then(|item| item.choice(&CountMethod::ALL))
}

fn proration(section: &mut Section<'_>) -> Proration {
    section.take("proration").and_then(|item| item.choice(&PRORATIONS)).unwrap_or_default()
}

fn rollover(section: &mut Section<'_>) -> Rollover {
    let hundred = Decimal::whole(100);
    let Some(mut rollover) = section.section("rollover") else { return Rollover { periods: 0, cap_percent: hundred } };
    let periods = rollover.take("periods").and_then(|item| item.whole(0, 120)).unwrap_or(0);
    let cap = rollover.take("cap_percent").and_then(|item| {
        let cap = item.decimal("a percentage from 0 to 100")?;
        if cap > hundred {
            item.problem(format!("{cap}; expected a percentage from 0 to 100"));
        }
        Some(cap)
    });
    rollover.finish("periods or cap_percent");
    Rollover { periods, cap_percent: cap.unwrap_or(hundred) }
}

fn hours(item: &Item<'_>) -> Option<i64> {
    let hours = item.decimal("hours")?;
    let seconds = hours.hours_to_seconds().filter(|seconds| *seconds > 0);
    if seconds.is_none() {
        item.problem(format!("{hours} hours; expected more than 0 and a whole number of seconds"));
    }
    seconds
}

fn weight(item: &Item<'_>) -> Option<Decimal> {
    multiplier(item).filter(|weight| {
        if weight.is_zero() {
            item.problem("0; expected a weight above 0".to_owned());
        }
        !weight.is_zero()
    })
}

fn multiplier(item: &Item<'_>) -> Option<Decimal> {
    let multiplier = item.decimal("a multiplier")?;
    if multiplier > Decimal::whole(MULTIPLIER_MAX) {
        item.problem(format!("{multiplier}; expected at most {MULTIPLIER_MAX}"));
        return None;
    }
    Some(multiplier)
}

fn auto_replenish(mut section: Section<'_>) -> Option<AutoReplenish> {
    let seconds = section.need("hours", "hours").and_then(|item| hours(&item));
    let price = section.need("price", "a price").and_then(|item| item.decimal("a price"));
    let most = section.take("max_per_period").map_or(Some(1), |item| item.whole(0, 1000));
    section.finish("hours, price or max_per_period");
    Some(AutoReplenish { seconds: seconds?, price: price?, max_per_period: usize::try_from(most?).ok()? })
}

fn rounding(mut section: Section<'_>) -> Rounding {
    let increment = section.take("increment").and_then(|item| item.whole(1, 1440)).unwrap_or(15);
    let minimum = section.take("minimum").and_then(|item| item.whole(0, 1440)).unwrap_or(increment);
    let scopes = [("entry", RoundingScope::Entry), ("ticket-day", RoundingScope::TicketDay), ("ticket", RoundingScope::Ticket)];
    let scope = section.take("scope").and_then(|item| item.choice(&scopes)).unwrap_or_default();
    section.finish("increment, minimum or scope");
    Rounding { increment, minimum, scope }
}

fn service(mut section: Section<'_>) -> Option<Service> {
    let name = section.need("name", "a text").and_then(|item| item.text("a text"));
    let price = section.need("price", "a price").and_then(|item| item.decimal("a price"));
    let count = section.take("count").map(|item| item.whole(0, 1_000_000));
    let agreed = count.flatten();
    let device = |class: DeviceClass| (class.name(), ServiceUnit::Device(class, agreed));
    let mut units = DeviceClass::ALL.map(device).to_vec();
    units.push(("user", ServiceUnit::User(agreed.unwrap_or(0))));
    units.push(("site", ServiceUnit::Site(agreed.unwrap_or(1))));
    units.push(("flat", ServiceUnit::Flat(agreed.unwrap_or(1))));
    let unit = section.need("unit", "what is counted").and_then(|item| item.choice(&units));
    if matches!(unit, Some(ServiceUnit::User(_))) && count.is_none() {
        section.problem("a service by `user` needs a `count`".to_owned());
    }
    section.finish("name, unit, price or count");
    Some(Service { name: name?, unit: unit?, price: price? })
}

fn guard(mut section: Section<'_>) -> Guard {
    let thresholds = section.take("thresholds").map(|item| item.list("percentages")).unwrap_or_default();
    let mut thresholds: Vec<u32> = thresholds.iter().filter_map(|item| item.whole(1, 1000)).collect();
    thresholds.sort_unstable();
    thresholds.dedup();
    let cap = section.section("cap").and_then(|mut cap| {
        let amount = cap.need("amount", "an amount of money").and_then(|item| item.decimal("an amount of money"));
        let on_cap = cap.need("on_cap", "\"hold\" or \"bill\"");
        let on_cap = on_cap.and_then(|item| item.choice(&[("hold", OnCap::Hold), ("bill", OnCap::Bill)]));
        cap.finish("amount or on_cap");
        Some(Cap { amount: amount?, on_cap: on_cap? })
    });
    section.finish("thresholds or cap");
    Guard { thresholds, cap }
}
