//! `provider.toml`: who runs the platform, business hours, holidays and the rate card.

use quarterhour_billing::agreement::RateTable;
use quarterhour_billing::{Calendar, Currency, Day, Terms, Words};

use crate::agreement::read_rate;
use crate::section::{Document, Item, Section};

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const KNOWN: &str = "name, country, currency, time_zone, hours, holidays, rate, or for invoices: email, phone, website, \
                     street, city, postcode, region, tax_id, bank, terms, payment_days";

/// The provider as its file says.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// Two letters, ISO 3166.
    pub country: String,
    /// What clients pay in, unless they say otherwise.
    pub currency: Currency,
    /// The IANA name of its time zone, that of clients unless they say otherwise.
    pub time_zone: String,
    /// What invoices print besides, by key: street, city, postcode, region, tax_id, email, phone, website, bank, terms.
    pub letterhead: Vec<(&'static str, String)>,
    /// Days until an invoice is due.
    pub payment_days: u32,
    /// Calendar and rate card.
    pub terms: Terms,
}

impl Provider {
    /// A text of the letterhead; empty when there is none.
    #[must_use]
    pub fn letterhead(&self, key: &str) -> &str {
        self.letterhead.iter().find(|(other, _)| *other == key).map_or("", |(_, text)| text.as_str())
    }
}

/// Reads the provider. Problems are added to the document's list.
pub fn read(document: Document<'_>, words: &mut Words) -> Option<Provider> {
    let mut root = document.parse()?;
    let name = root.need("name", "the provider's name").and_then(|item| item.text("the provider's name"));
    let country = root.take("country").and_then(|item| item.text("a country such as US")).unwrap_or_default();
    let currency = root.need("currency", "a currency such as USD").and_then(|item| currency(&item));
    let time_zone = root.need("time_zone", "a time zone such as America/New_York").and_then(|item| time_zone(&item));
    let hours = root.section("hours").map(week).unwrap_or_default();
    let holidays = root.take("holidays").map(|item| item.list("dates")).unwrap_or_default();
    let holidays: Vec<Day> = holidays.iter().filter_map(Item::date).collect();
    let rates = root.sections("rate").into_iter().filter_map(|rate| read_rate(rate, words, false)).collect();
    let rates = RateTable(rates);
    if !rates.0.iter().any(|rate| rate.tier.is_none() && rate.work_type.is_none()) {
        root.problem("no default rate; expected a `[[rate]]` with `hourly` and neither `tier` nor `work_type`".to_owned());
    }
    let texts = ["email", "phone", "website", "street", "city", "postcode", "region", "tax_id", "bank", "terms"];
    let mut text = |key| root.take(key).and_then(|item| Some((key, item.text("a text of at most 200 characters")?)));
    let letterhead = texts.into_iter().filter_map(&mut text).collect();
    let payment_days = root.take("payment_days").and_then(|item| item.whole(0, 365)).unwrap_or(14);
    root.finish(KNOWN);
    let terms = Terms { calendar: Calendar::new(hours, holidays), rates };
    Some(Provider { name: name?, country, currency: currency?, time_zone: time_zone?, letterhead, payment_days, terms })
}

fn currency(item: &Item<'_>) -> Option<Currency> {
    let code = item.text("a currency such as USD")?;
    let currency = Currency::parse(&code);
    if currency.is_none() {
        item.problem(format!("`{code}`; expected a currency of ISO 4217 such as USD"));
    }
    currency
}

fn time_zone(item: &Item<'_>) -> Option<String> {
    let name = item.text("a time zone such as America/New_York")?;
    let known = jiff::tz::TimeZoneDatabase::bundled().get(&name).is_ok();
    if !known {
        item.problem(format!("`{name}`; expected an IANA time zone such as America/New_York"));
    }
    known.then_some(name)
}

fn week(mut section: Section<'_>) -> [Vec<(i64, i64)>; 7] {
    let week = WEEKDAYS.map(|day| section.take(day).map(|item| day_hours(&item)).unwrap_or_default());
    section.finish("mon, tue, wed, thu, fri, sat or sun");
    week
}

/// `08:00-12:00,13:00-18:00` as seconds of the day; hours that touch are one stretch.
fn day_hours(item: &Item<'_>) -> Vec<(i64, i64)> {
    let expected = "hours such as \"08:00-12:00,13:00-18:00\", ascending";
    let Some(text) = item.text(expected) else { return Vec::new() };
    let mut hours: Vec<(i64, i64)> = Vec::new();
    for stretch in text.split(',') {
        let times = stretch.trim().split_once('-').and_then(|(open, close)| Some((time_of_day(open)?, time_of_day(close)?)));
        match (times, hours.last_mut()) {
            (Some((open, close)), Some(last)) if open == last.1 && open < close => last.1 = close,
            (Some((open, close)), last) if open < close && last.as_ref().is_none_or(|last| last.1 < open) => hours.push((open, close)),
            _ => {
                item.problem(format!("`{text}`; expected {expected}"));
                return Vec::new();
            }
        }
    }
    hours
}

fn time_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once(':')?;
    let plain = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str, most| text.parse::<i64>().ok().filter(|it| plain(text) && *it <= most);
    let (hour, minute) = (number(hour, 24)?, number(minute, 59)?);
    (hour < 24 || minute == 0).then_some(hour * 3600 + minute * 60)
}
