//! The six programs as a provider would offer them to one client: texts of agreements, priced by stated rules.
//! It reads no texts; that is the books' part.

use std::fmt::Write as _;

use quarterhour_billing::agreement::{RateTable, Rounding, RoundingScope};
use quarterhour_billing::{Billing, Currency, DeviceClass, Word, grouped};
use serde::{Deserialize, Serialize};

use crate::demand::Urn;
use crate::history::Incident;
use crate::number::{decimal, float, index, sum};
use crate::portfolio::Seats;

/// How a provider prices programs against its rate card. Shares of one: 0.1 is ten percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pricing {
    /// Taken off for hours that are bought in a block.
    pub block_discount: f64,
    /// Months of usual work that a block is sized for.
    pub block_months: f64,
    /// Taken off for hours that are paid every month, used or not.
    pub committed_discount: f64,
    /// Put on hours beyond the allowance.
    pub overage_premium: f64,
    /// Put on the expected work where the provider carries the risk of a fixed rate.
    pub fixed_premium: f64,
    /// Minutes a workstation a month; none: 15 in a stable environment, 30 for heavy users, by what is expected.
    pub allowance_minutes: Option<u32>,
    /// Minutes of a budget's reserve a workstation a month.
    pub reserve_minutes: u32,
    /// Hours' worth of monitoring a workstation a month, as a service.
    pub service_hours: f64,
    /// The price of an entry-level ticket with a quarter hour in it, as hours' worth of the entry-level rate.
    pub ticket_hours: f64,
    /// The share of the average price of an hour that the provider's staff costs it.
    pub cost_share: f64,
    /// The least share of a price that the provider wants to keep, for advice.
    pub margin: f64,
}

impl Default for Pricing {
    fn default() -> Self {
        Self {
            block_discount: 0.08,
            block_months: 3.0,
            committed_discount: 0.12,
            overage_premium: 0.2,
            fixed_premium: 0.25,
            allowance_minutes: None,
            reserve_minutes: 30,
            service_hours: 0.08,
            ticket_hours: 0.24,
            cost_share: COST_SHARE,
            margin: 0.3,
        }
    }
}

/// What an hour of staff costs by default, as a share of its price.
pub const COST_SHARE: f64 = 0.55;

/// A pricing that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field} is {value}, which is not from {low} to {high}")]
pub struct PricingError {
    /// The field.
    pub field: &'static str,
    /// What it holds.
    pub value: f64,
    /// The least that it may.
    pub low: f64,
    /// The most.
    pub high: f64,
    /// Is it a share, which some read in percent?
    pub is_share: bool,
}

impl Pricing {
    /// Checks every field.
    ///
    /// # Errors
    ///
    /// Names the first that is not usable.
    pub fn checked(self) -> Result<Self, PricingError> {
        let shares = [
            ("block_discount", self.block_discount, 0.99),
            ("committed_discount", self.committed_discount, 0.99),
            ("cost_share", self.cost_share, 0.99),
            ("margin", self.margin, 0.99),
            ("overage_premium", self.overage_premium, 100.0),
            ("fixed_premium", self.fixed_premium, 100.0),
        ];
        let numbers = [
            ("service_hours", self.service_hours, 100.0),
            ("ticket_hours", self.ticket_hours, 100.0),
            ("block_months", self.block_months, 100.0),
            ("allowance_minutes", f64::from(self.allowance_minutes.unwrap_or(0)), 6_000.0),
            ("reserve_minutes", f64::from(self.reserve_minutes), 6_000.0),
        ];
        let all = shares.map(|it| (it, true)).into_iter().chain(numbers.map(|it| (it, false)));
        for ((field, value, high), is_share) in all {
            if !(0.0..=high).contains(&value) {
                return Err(PricingError { field, value, low: 0.0, high, is_share });
            }
        }
        Ok(self)
    }
}

/// What prices follow from.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The client's currency.
    pub currency: Currency,
    /// The rate card.
    pub rates: &'a RateTable,
    /// The client's work.
    pub urn: &'a Urn,
    /// Expected tickets a month.
    pub tickets: f64,
    /// Expected hours of severe events a month: on servers, and on workstations.
    pub severe_hours: (f64, f64),
    /// What it has on its network.
    pub seats: Seats,
    /// How prices are made.
    pub pricing: Pricing,
}

/// A program as the text of an agreement file, with why it is priced so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// Its name, such as `use-it-or-lose-it`.
    pub name: String,
    /// The text, but for `client` and `starts`.
    pub text: String,
    /// How its prices were made, for people.
    pub because: String,
}

impl Basis<'_> {
    /// The average price of a billable hour of this client's work by the rate card, whole units of the currency.
    #[must_use]
    pub fn hour(&self) -> f64 {
        let (hours, money) = self.billable();
        if hours > 0.0 { money / hours } else { default_hour(self.rates) }
    }

    /// Billable hours of one ticket on average: rounded as all six programs round.
    #[must_use]
    pub fn billable_hours(&self) -> f64 {
        self.billable().0
    }

    /// The price by the rate card of the billable time that an hour of work becomes, on average.
    #[must_use]
    pub fn worked_hour(&self) -> f64 {
        worked_hour(self.rates, self.urn)
    }

    /// Billable hours of one ticket and their price by the rate card, on average: rounded as all six programs round.
    fn billable(&self) -> (f64, f64) {
        billable(self.rates, self.urn)
    }

    /// Expected billable hours a month, without severe events.
    #[must_use]
    pub fn hours(&self) -> f64 {
        self.tickets * self.billable_hours()
    }

    /// Minutes a workstation: what was asked for, or by what is expected.
    #[must_use]
    pub fn allowance_minutes(&self) -> u32 {
        let expected = self.hours() / self.seats.workstations.max(1.0) * 60.0;
        self.pricing.allowance_minutes.unwrap_or(if expected > 20.0 { 30 } else { 15 })
    }

    /// As the books write it.
    fn money(&self, value: f64) -> String {
        format!("{:.*}", usize::from(self.currency.digits()), value.max(0.0))
    }

    /// As people read it.
    fn read(&self, value: f64) -> String {
        grouped(&self.money(value))
    }

    /// The six programs, in the order in which they are always shown.
    #[must_use]
    pub fn offers(&self) -> Vec<Offer> {
        vec![self.ad_hoc(), self.block_of_time(), self.use_it_or_lose_it(), self.budget(), self.fixed_rate(), self.customized()]
    }

    fn ad_hoc(&self) -> Offer {
        let because = format!("Each hour by the rate card: {} on average for this client's work.", self.read(self.hour()));
        Offer { name: "ad-hoc".to_owned(), text: format!("program = \"ad-hoc\"\n\n{ROUNDING}{PRICES}"), because }
    }

    fn block_of_time(&self) -> Offer {
        let hours = ((self.hours() * self.pricing.block_months / 5.0).round() * 5.0).clamp(5.0, float(BLOCK_MAX));
        let price = self.hour() * (1.0 - self.pricing.block_discount) * hours;
        let (whole, price) = (index(hours), self.money(price));
        let mut text = "program = \"block-of-time\"\n\n".to_owned();
        let _ =
            write!(text, "[auto_replenish]\nhours = {whole}\nprice = \"{price}\"\nmax_per_period = 8\n\n{ROUNDING}{WEIGHTS}{PRICES}");
        let price = grouped(&price);
        let because = format!(
            "Blocks of {whole} hours, {}, for {price} each: {} under the rate card. The next is bought when one is used up.",
            if whole < BLOCK_MAX {
                format!("about {} months of work", self.pricing.block_months)
            } else {
                "the largest that are sold".to_owned()
            },
            percent(self.pricing.block_discount)
        );
        Offer { name: "block-of-time".to_owned(), text, because }
    }

    fn use_it_or_lose_it(&self) -> Offer {
        let minutes = self.allowance_minutes();
        let hours = f64::from(minutes) / 60.0 * self.seats.workstations;
        let price = hours * self.hour() * (1.0 - self.pricing.committed_discount);
        // By workstation, so that the fee follows the device list as the hours do.
        let by_workstation = self.seats.workstations > 0.0;
        let each = self.money(price / self.seats.workstations.max(1.0));
        // What the engine charges for all of them at that price.
        let price = each.parse().unwrap_or(0.0) * self.seats.workstations;
        let fee =
            if by_workstation { format!("[fee.per_device]\nworkstation = \"{each}\"") } else { "[fee]\nflat = \"0\"".to_owned() };
        let overage = self.money(self.hour() * (1.0 + self.pricing.overage_premium));
        let mut text = "program = \"use-it-or-lose-it\"\n\n".to_owned();
        let _ = write!(text, "{fee}\n\n[allowance]\nminutes = {{ workstation = {minutes} }}\n\n[overage]\nrate = \"{overage}\"\n\n");
        text.push_str(ROUNDING);
        text.push_str(WEIGHTS);
        text.push_str(PRICES);
        let (each, overage, above) = (grouped(&each), grouped(&overage), percent(self.pricing.overage_premium));
        let because = if by_workstation {
            let (fee, under) = (self.read(price), percent(self.pricing.committed_discount));
            format!(
                "{minutes} minutes a workstation ({hours:.1} hours) for {each} each, {fee} a month, {under} under the rate card; overage {overage} an hour, {above} above it."
            )
        } else {
            format!(
                "Hours come with workstations, and there are none: all work is overage at {overage} an hour, {above} above the rate card."
            )
        };
        Offer { name: "use-it-or-lose-it".to_owned(), text, because }
    }

    fn budget(&self) -> Offer {
        let minutes = self.pricing.reserve_minutes;
        let hours = f64::from(minutes) / 60.0 * self.seats.workstations + self.seats.servers;
        let rate = self.money(self.hour());
        let fee = self.money(hours * self.hour());
        let mut text = "program = \"budget\"\n\n".to_owned();
        let _ = write!(
            text,
            "[fee]\nflat = \"{fee}\"\n\n[reserve]\nminutes = {{ workstation = {minutes}, server = 60 }}\nrate = \"{rate}\"\nrollover = {{ periods = 2 }}\n\n{ROUNDING}{PRICES}"
        );
        let (fee, rate) = (grouped(&fee), grouped(&rate));
        let because = if hours > 0.0 {
            format!(
                "{fee} a month are set aside: {minutes} minutes a workstation and an hour a server at {rate}. What is not used lasts two more months."
            )
        } else {
            "Money is set aside by workstation and server, and there are none: all work is charged by the rate card.".to_owned()
        };
        Offer { name: "budget".to_owned(), text, because }
    }

    fn fixed_rate(&self) -> Offer {
        let load = 1.0 + self.pricing.fixed_premium;
        let (on_servers, on_workstations) = self.severe_hours;
        let (workstations, servers) = (self.seats.workstations, self.seats.servers);
        // What a client does not have cannot be paid for by the piece: the rest carries it.
        let usual = (self.hours() * self.hour() + on_workstations * self.highest()) * load;
        let severe = on_servers * self.highest() * load;
        let (usual, severe) = if servers > 0.0 { (usual, severe) } else { (usual + severe, 0.0) };
        if workstations <= 0.0 && servers <= 0.0 {
            let fee = self.money(usual);
            let text = format!(
                "program = \"fixed-rate\"\n\n[fee]\nflat = \"{fee}\"\n\n[included]\nclasses = [\"workstation\", \"server\", \"firewall\"]\n\n{ROUNDING}{PRICES}"
            );
            let fee = grouped(&fee);
            let because = format!(
                "{fee} a month, without devices to count by: the expected work, and {} for the risk that the provider takes.",
                percent(self.pricing.fixed_premium)
            );
            return Offer { name: "fixed-rate".to_owned(), text, because };
        }
        let (usual, severe) = if workstations > 0.0 { (usual, severe) } else { (0.0, usual + severe) };
        let (a_workstation, a_server) = (self.money(usual / workstations.max(1.0)), self.money(severe / servers.max(1.0)));
        let text = format!(
            "program = \"fixed-rate\"\n\n[fee.per_device]\nworkstation = \"{a_workstation}\"\nserver = \"{a_server}\"\n\n[included]\nclasses = [\"workstation\", \"server\", \"firewall\"]\n\n{ROUNDING}{PRICES}"
        );
        let each = [
            (workstations, format!("{} a workstation", grouped(&a_workstation))),
            (servers, format!("{} a server", grouped(&a_server))),
        ];
        let each: Vec<String> = each.into_iter().filter(|(count, _)| *count > 0.0).map(|(_, price)| price).collect();
        let because = format!(
            "{} a month: the expected work, and {} for the risk that the provider takes.",
            each.join(" and "),
            percent(self.pricing.fixed_premium)
        );
        Offer { name: "fixed-rate".to_owned(), text, because }
    }

    fn customized(&self) -> Offer {
        let service = self.money(self.hour() * self.pricing.service_hours);
        let entry = self.entry_level();
        let (hourly, ticket) = (self.money(entry), self.money(entry * self.pricing.ticket_hours));
        let text = format!(
            "program = \"customized\"\n\n{ROUNDING}{PRICES}\n[[prices.rate]]\ntier = \"helpdesk\"\nhourly = \"{hourly}\"\nper_ticket = \"{ticket}\"\nincludes_minutes = 15\n\n[[service]]\nname = \"Monitoring and documentation\"\nunit = \"workstation\"\nprice = \"{service}\"\n"
        );
        let (service, ticket) = (grouped(&service), grouped(&ticket));
        let because = format!(
            "{service} a workstation for monitoring; an entry-level ticket is {ticket} with its first quarter hour, other work by the rate card."
        );
        Offer { name: "customized".to_owned(), text, because }
    }

    /// The highest rate of a tier: what severe events need.
    fn highest(&self) -> f64 {
        self.rates.0.iter().filter(|rate| rate.work_type.is_none()).map(|rate| decimal(rate.hourly)).fold(0.0, f64::max)
    }

    /// The rate of entry-level work: the lowest that the rate card has for a tier, else the default.
    fn entry_level(&self) -> f64 {
        let tiers = self.rates.0.iter().filter(|rate| rate.tier.is_some() && rate.work_type.is_none());
        let lowest = tiers.map(|rate| decimal(rate.hourly)).fold(f64::INFINITY, f64::min);
        if lowest.is_finite() { lowest } else { default_hour(self.rates) }
    }
}

/// Hours of the largest block.
const BLOCK_MAX: usize = 2_000;

/// How all six programs round: up to a quarter hour, what was done for a ticket in a day added up first.
const TICKET_DAY: Rounding = Rounding { increment: 15, minimum: 15, scope: RoundingScope::TicketDay };

/// What is added up before it is rounded: actual seconds by tier, work type and day.
fn groups(incident: &Incident) -> Vec<(Word, Word, i64)> {
    let mut groups: Vec<((Word, Word, i64), i64)> = Vec::new();
    for piece in incident.pieces.iter().filter(|piece| piece.billing == Billing::Billable) {
        let key = (piece.tier, piece.work_type, piece.after.div_euclid(86_400));
        let seconds = i64::from(piece.minutes) * 60;
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, sum)) => *sum += seconds,
            None => groups.push((key, seconds)),
        }
    }
    groups.into_iter().map(|((tier, work_type, _), seconds)| (tier, work_type, seconds)).collect()
}

const ROUNDING: &str = "[rounding]\nincrement = 15\nscope = \"ticket-day\"\n\n";
const WEIGHTS: &str = "[weights]\nafter_hours = \"1.5\"\n\n";
const PRICES: &str = "[prices]\nafter_hours_price = \"1.5\"\n";

/// Billable hours of one ticket and their price by the rate card, on average: rounded as all six programs round.
fn billable(rates: &RateTable, urn: &Urn) -> (f64, f64) {
    let (mut hours, mut money) = (0.0, 0.0);
    for (share, incident) in urn.shares() {
        for (tier, work_type, seconds) in groups(incident) {
            let own = crate::number::float_i64(TICKET_DAY.round(seconds)) / 3_600.0;
            let rate = rates.find(tier, work_type).map_or(0.0, |(_, rate)| decimal(rate.hourly));
            hours += share * own;
            money += share * own * rate;
        }
    }
    (hours, money)
}

/// The price by the rate card of the billable time that an hour of work becomes, on average.
#[must_use]
pub fn worked_hour(rates: &RateTable, urn: &Urn) -> f64 {
    let actual = urn.mean();
    if actual > 0.0 { billable(rates, urn).1 / actual } else { default_hour(rates) }
}

/// The price of an hour that no tier or work type has a rate of its own for; nought without one.
#[must_use]
pub fn default_hour(rates: &RateTable) -> f64 {
    let default = rates.0.iter().find(|rate| rate.tier.is_none() && rate.work_type.is_none());
    default.map_or(0.0, |rate| decimal(rate.hourly))
}

fn percent(share: f64) -> String {
    format!("{:.0}\u{a0}%", share * 100.0)
}

/// Workstations, servers and endpoints of a client's list on a day.
#[must_use]
pub fn seats(client: &quarterhour_billing::Client, day: quarterhour_billing::Day) -> Seats {
    let count = |class: DeviceClass| {
        crate::number::float(client.devices.iter().filter(|device| device.class == class && device.counts_on(day)).count())
    };
    let (workstations, servers) = (count(DeviceClass::Workstation), count(DeviceClass::Server));
    Seats { workstations, servers, endpoints: sum([workstations, servers, count(DeviceClass::Firewall)]) }
}
