//! What a provider's clients teach together, and what follows for one of them: credibility, not hope.

use std::collections::BTreeMap;

use quarterhour_billing::{DeviceClass, Word, Words};
use serde::Serialize;

use crate::demand::{Demand, Severe, SevereWork, Urn, Usual};
use crate::fit::count::{ClientMonth, DISPERSION_WIDTH, common_dispersion, shrunk_dispersion};
use crate::fit::credibility::{self, ClientPremium, Period};
use crate::fit::rate::{ClientTotal, RateLaw, fit as fit_rates};
use crate::frequency::Frequency;
use crate::history::{History, Incident};
use crate::number::{float, sum};
use crate::severity::Severity;
use crate::special::gamma_quantile;

/// An incident of so many hours or more is a severe event: it is counted and drawn by itself.
pub const SEVERE_HOURS: f64 = 8.0;
/// Incidents of all clients that one client's urn holds at most.
const POOL_MAX: usize = 500;

/// How far clients differ in their hours a ticket, as a share of the mean: for what a client's own tickets do not say.
const CLIENTS_DIFFER: f64 = 0.3;

/// What is assumed before anything is seen. Each has its source on the last page of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Prior {
    /// Tickets a workstation a month.
    pub tickets: f64,
    /// How many workstation-months that is worth.
    pub tickets_weight: f64,
    /// Median and log-deviation of a ticket's hours.
    pub hours: (f64, f64),
    /// How many tickets that is worth.
    pub hours_weight: f64,
    /// Dispersion of a month's tickets: variance = mean + dispersion x mean^2.
    pub dispersion: f64,
    /// Severe events a server a year.
    pub severe: f64,
    /// How many server-years that is worth.
    pub severe_weight: f64,
    /// Median and log-deviation of their hours.
    pub severe_hours: (f64, f64),
}

impl Default for Prior {
    /// A quarter hour a workstation a month, as 0.6 tickets of 25 minutes.
    fn default() -> Self {
        Self {
            tickets: 0.6,
            tickets_weight: 12.0,
            hours: (0.29, 0.85),
            hours_weight: 10.0,
            dispersion: 0.08,
            severe: 0.08,
            severe_weight: 10.0,
            severe_hours: (12.0, 0.5),
        }
    }
}

/// Are a client's tickets told by workstation? Not where it worked without any.
fn by_workstation(history: &History) -> bool {
    history.months.is_empty() || history.has_workstations()
}

/// What a client's rate of tickets is multiplied by: its workstations, one at least.
fn exposed(history: &History, seats: Seats) -> f64 {
    if by_workstation(history) { seats.workstations.max(1.0) } else { 1.0 }
}

/// To a client without workstations the rate of the others counts as so many months of its own.
const WITHOUT_WORKSTATIONS: f64 = 0.5;

/// What a provider's clients teach together.
#[derive(Clone, Debug)]
pub struct Portfolio {
    prior: Prior,
    rates: RateLaw,
    dispersion: f64,
    hours: Vec<ClientPremium>,
    pool: Vec<Incident>,
    severe: SevereSeen,
    seasons: Option<[f64; 12]>,
    histories: Vec<History>,
}

#[derive(Clone, Debug, Default)]
struct SevereSeen {
    events: Vec<Incident>,
    server_years: f64,
}

/// What is known of one client, and how surely.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Knowledge {
    /// Months that were looked at.
    pub months: usize,
    /// Tickets in them.
    pub tickets: u32,
    /// Hours in them that count.
    pub hours: f64,
    /// Tickets a workstation a month: the client's own, none without tickets.
    pub own_rate: Option<f64>,
    /// The same over all clients.
    pub pooled_rate: f64,
    /// What is used.
    pub rate: f64,
    /// In eight of ten cases the true rate lies between.
    pub rate_interval: (f64, f64),
    /// How far the client's own rate is believed: 0 not at all, 1 wholly.
    pub rate_credibility: f64,
    /// Hours a ticket: the client's own.
    pub own_hours: Option<f64>,
    /// The same over all clients.
    pub pooled_hours: f64,
    /// What is used.
    pub hours_per_ticket: f64,
    /// How far the client's own hours are believed.
    pub hours_credibility: f64,
    /// How far off the hours a ticket may be: their standard error as a share of them.
    pub hours_error: f64,
    /// The dispersion of a month's tickets that is used.
    pub dispersion: f64,
    /// Severe events a year that are expected.
    pub severe_a_year: f64,
    /// Reactive hours an endpoint a month, expected.
    pub hours_per_endpoint: Option<f64>,
    /// How much there is to go by.
    pub amount: Amount,
    /// Other clients whose past was looked at.
    pub others: usize,
    /// Are rates by workstation? A client that never had one has them by the month.
    pub by_workstation: bool,
}

impl Knowledge {
    /// Needs as factors of the expected ones: the true ones lie between in eight of ten cases, by the doubt about tickets and about
    /// hours.
    #[must_use]
    pub fn needs_range(&self) -> (f64, f64) {
        let (low, high) = self.rate_interval;
        if !(self.rate > 0.0 && low > 0.0 && high > 0.0) {
            return (1.0, 1.0);
        }
        const EIGHT_OF_TEN: f64 = 1.2816;
        let hours = EIGHT_OF_TEN * self.hours_error;
        let out = |rate: f64| ((rate / self.rate).ln().abs()).hypot(hours).exp();
        (1.0 / out(low), out(high))
    }
}

/// How much there is to go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Amount {
    /// Nothing of this client: published figures and the provider's other clients.
    Nothing,
    /// Less than three months or thirty tickets.
    Little,
    /// Less than a year.
    Some,
    /// A year and more.
    Enough,
}

impl Portfolio {
    /// Learns from the histories of all clients of a provider.
    #[must_use]
    pub fn learn(histories: Vec<History>, prior: Prior) -> Self {
        let rates = learn_rates(&histories, prior);
        let dispersion = learn_dispersion(&histories, prior);
        let (mut severe, mut usual) = (SevereSeen::default(), Vec::new());
        for history in &histories {
            severe.server_years += sum(history.months.iter().map(servers)) / 12.0;
            for (_, incident) in &history.incidents {
                if is_severe(incident) { severe.events.push(incident.clone()) } else { usual.push(incident.clone()) }
            }
        }
        let hours = learn_hours(&histories);
        let pool: Vec<Incident> = thinned(usual.iter().collect()).into_iter().cloned().collect();
        let seasons = learn_seasons(&histories);
        Self { prior, rates, dispersion, hours, pool, severe, seasons, histories }
    }

    /// The histories.
    #[must_use]
    pub fn histories(&self) -> &[History] {
        &self.histories
    }

    /// How much more or fewer tickets each month of the year has, January first, with mean 1: over all clients, and only as far as the
    /// same months of different years agree. None where the past does not show any, or is shorter than two years.
    #[must_use]
    pub fn seasons(&self) -> Option<[f64; 12]> {
        self.seasons
    }

    /// The demand of a client over some months, with so many workstations and servers, and what is known of it.
    #[must_use]
    pub fn demand(&self, client: usize, seats: Seats, months: u32, words: &Trade) -> (Demand, Knowledge) {
        let nothing = History::default();
        let history = self.histories.get(client).unwrap_or(&nothing);
        let (rate, doubt) = self.rate(history);
        let (urn, hours) = self.urn(client, history, words);
        let dispersion = self.dispersion_of(history);
        // A client without servers has its severe events on workstations, as a quarter of a server would.
        let severe_a_year = self.severe_rate() * seats.servers.max(0.25);
        let on = if seats.servers > 0.0 { DeviceClass::Server } else { DeviceClass::Workstation };
        let mean = rate.mean() * exposed(history, seats);
        let usual = Usual::new(vec![Frequency::dispersed(mean, dispersion); usize::try_from(months).unwrap_or(0)], doubt);
        let severe = Severe::new("Server crash", severe_a_year, self.severe_hours(), on);
        let knowledge = self.knowledge(history, (rate, dispersion, severe_a_year), hours, seats);
        (Demand { usual, urn, severe: vec![severe], severe_work: words.severe }, knowledge)
    }

    /// What is known of a client's rate, with the shape of the doubt about it.
    fn rate(&self, history: &History) -> (RateLaw, f64) {
        let total = ClientTotal { tickets: usual_tickets(history), exposure: history.exposure() };
        let rate = self.rates_before(history).posterior(total);
        let doubt = match rate {
            RateLaw::Gamma { shape, .. } => shape,
            RateLaw::Pooled { .. } => f64::from(total.tickets) + self.prior.tickets_weight * self.prior.tickets,
        };
        (rate, doubt)
    }

    /// What is known of a client's rate before its tickets: that of all clients. Rates a workstation say next to nothing of a client
    /// that worked without any.
    fn rates_before(&self, history: &History) -> RateLaw {
        if by_workstation(history) {
            return self.rates;
        }
        RateLaw::Gamma { shape: self.rates.mean() * WITHOUT_WORKSTATIONS, rate: WITHOUT_WORKSTATIONS }
    }

    fn dispersion_of(&self, history: &History) -> f64 {
        let months = client_months(history);
        shrunk_dispersion(&months, self.dispersion.max(1e-4), DISPERSION_WIDTH).unwrap_or(self.dispersion)
    }

    /// Severe events a server a year: those of all clients.
    fn severe_rate(&self) -> f64 {
        let seen = float(self.severe.events.len());
        (self.prior.severe * self.prior.severe_weight + seen) / (self.prior.severe_weight + self.severe.server_years)
    }

    /// Hours of severe events: what was seen, and what is assumed, by their weights.
    fn severe_hours(&self) -> Severity {
        let (median, sigma) = self.prior.severe_hours;
        let assumed = Severity::Lognormal { mu: median.ln(), sigma };
        let seen: Vec<f64> = self.severe.events.iter().map(Incident::hours).collect();
        let weight = self.prior.severe * self.prior.severe_weight;
        let own = float(seen.len()) / (float(seen.len()) + weight);
        let capped = Severity::Capped { cap: 200.0, of: Box::new(assumed) };
        if seen.is_empty() { capped } else { Severity::Mixture(vec![(own, Severity::empirical(&seen)), (1.0 - own, capped)]) }
    }

    /// The client's own incidents as far as they are believed, the others' for the rest.
    fn urn(&self, client: usize, history: &History, words: &Trade) -> (Urn, Hours) {
        let own: Vec<&Incident> = history.incidents.iter().map(|(_, incident)| incident).filter(|it| !is_severe(it)).collect();
        let count = float(own.len());
        let credible = self.hours.get(client).map_or(0.0, |premium| premium.factor);
        // With one client alone nothing can be compared; its tickets then stand against the assumption's weight.
        let alone = count / (count + self.prior.hours_weight);
        let own_share = if own.is_empty() { 0.0 } else { credible.max(alone).min(1.0) };
        let own_hours = (!own.is_empty()).then(|| sum(own.iter().map(|it| it.hours())) / count);
        let known: Vec<f64> = own.iter().map(|it| it.hours()).collect();
        let own = thinned(own);
        let rest = if self.pool.is_empty() { self.assumed_incidents(words) } else { self.pool.clone() };
        let weight = |share: f64, count: usize| share / float(count.max(1));
        let (of_own, of_rest) = (weight(own_share, own.len()), weight(1.0 - own_share, rest.len()));
        let pooled_hours = sum(rest.iter().map(Incident::hours)) / float(rest.len().max(1));
        let own_error =
            own_hours.filter(|mean| *mean > 0.0).map_or(0.0, |mean| crate::estimate::deviation(&known) / mean / count.max(1.0).sqrt());
        // What the client's own tickets do not say is as unsure as clients differ.
        let error = (own_share * own_error).hypot((1.0 - own_share) * CLIENTS_DIFFER);
        let weighted = own.into_iter().map(|it| (of_own, it.clone())).chain(rest.into_iter().map(|it| (of_rest, it)));
        (Urn::new(weighted), Hours { error, own_share, own_hours, pooled_hours })
    }

    fn assumed_incidents(&self, words: &Trade) -> Vec<Incident> {
        let (median, sigma) = self.prior.hours;
        let law = Severity::Capped { cap: SEVERE_HOURS, of: Box::new(Severity::Lognormal { mu: median.ln(), sigma }) };
        Urn::of_law(&law, 200, &words.tiers, words.work_type).shares().map(|(_, incident)| incident.clone()).collect()
    }

    fn knowledge(&self, history: &History, (rate, dispersion, severe): (RateLaw, f64, f64), hours: Hours, seats: Seats) -> Knowledge {
        let (tickets, exposure) = (usual_tickets(history), history.exposure());
        let own_rate = (tickets > 0).then(|| f64::from(tickets) / exposure);
        let (pooled_rate, used) = (self.rates.mean(), rate.mean());
        let rate_credibility = match self.rates_before(history) {
            RateLaw::Gamma { rate, .. } => exposure / (exposure + rate),
            RateLaw::Pooled { .. } => 0.0,
        };
        let hours_per_ticket = hours.own_share * hours.own_hours.unwrap_or(0.0) + (1.0 - hours.own_share) * hours.pooled_hours;
        let severe_hours = severe * self.severe_hours().mean() / 12.0;
        let a_month = used * exposed(history, seats) * hours_per_ticket + severe_hours;
        Knowledge {
            months: history.months.len(),
            tickets: history.tickets(),
            hours: history.hours(),
            own_rate,
            pooled_rate,
            rate: used,
            rate_interval: interval(rate),
            rate_credibility,
            own_hours: hours.own_hours,
            pooled_hours: hours.pooled_hours,
            hours_per_ticket,
            hours_credibility: hours.own_share,
            hours_error: hours.error,
            dispersion,
            severe_a_year: severe,
            hours_per_endpoint: (seats.endpoints > 0.0).then(|| a_month / seats.endpoints),
            amount: amount(history),
            by_workstation: by_workstation(history),
            others: self.histories.iter().filter(|other| !std::ptr::eq(*other, history) && other.tickets() > 0).count(),
        }
    }
}

/// Of many incidents as many as an urn holds, evenly spread over their hours, so that these stay as they are on average.
fn thinned(mut incidents: Vec<&Incident>) -> Vec<&Incident> {
    let count = incidents.len();
    if count <= POOL_MAX {
        return incidents;
    }
    incidents.sort_by_key(|incident| incident.minutes());
    let at = |number: usize| incidents.get((2 * number + 1) * count / (2 * POOL_MAX)).copied();
    (0..POOL_MAX).filter_map(at).collect()
}

struct Hours {
    /// Standard error of the hours a ticket, as a share of them.
    error: f64,
    own_share: f64,
    own_hours: Option<f64>,
    pooled_hours: f64,
}

/// What a client has on its network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seats {
    /// Workstations.
    pub workstations: f64,
    /// Servers.
    pub servers: f64,
    /// Workstations, servers and firewalls.
    pub endpoints: f64,
}

/// The words of the trade in a provider's books.
#[derive(Clone, Debug)]
pub struct Trade {
    /// Tiers with the shares of tickets that they take, the shorter tickets first.
    pub tiers: Vec<(f64, Word)>,
    /// Usual work.
    pub work_type: Word,
    /// Work on a crash.
    pub severe: SevereWork,
}

impl Trade {
    /// Four of five tickets for the help desk, three of twenty for a technician, the rest for a senior.
    #[must_use]
    pub fn usual(words: &mut Words) -> Self {
        let [helpdesk, technician, senior] = ["helpdesk", "technician", "senior"].map(|tier| words.intern(tier));
        Self {
            tiers: vec![(0.8, helpdesk), (0.15, technician), (0.05, senior)],
            work_type: words.intern("remote"),
            severe: SevereWork { tier: senior, work_type: words.intern("onsite") },
        }
    }
}

/// Is it counted and drawn by itself?
#[must_use]
pub fn is_severe(incident: &Incident) -> bool {
    incident.hours() >= SEVERE_HOURS
}

fn servers(month: &crate::history::MonthSeen) -> f64 {
    crate::number::float_i64(month.devices.of(DeviceClass::Server))
}

fn usual_tickets(history: &History) -> u32 {
    let usual = history.incidents.iter().filter(|(_, incident)| !is_severe(incident)).count();
    u32::try_from(usual).unwrap_or(u32::MAX)
}

fn client_months(history: &History) -> Vec<ClientMonth> {
    let tickets = |month: &crate::history::MonthSeen| ClientMonth { tickets: month.tickets, exposure: month.workstations().max(1.0) };
    history.months.iter().map(tickets).collect()
}

/// The clients' rates, and the assumption as one more client of little weight.
fn learn_rates(histories: &[History], prior: Prior) -> RateLaw {
    let assumed = crate::number::index((prior.tickets * prior.tickets_weight).round());
    let assumed = ClientTotal { tickets: u32::try_from(assumed).unwrap_or(0), exposure: prior.tickets_weight };
    let seen = histories.iter().filter(|history| history.has_workstations());
    let totals: Vec<ClientTotal> =
        seen.map(|history| ClientTotal { tickets: usual_tickets(history), exposure: history.exposure() }).chain([assumed]).collect();
    let alone = RateLaw::Gamma { shape: prior.tickets * prior.tickets_weight, rate: prior.tickets_weight };
    if totals.len() < 3 {
        return alone;
    }
    match fit_rates(&totals).map(|fitted| fitted.law) {
        // Nobody differs, or not visibly: the pooled rate, believed as much as the assumption.
        Ok(RateLaw::Pooled { rate }) if rate > 0.0 => {
            RateLaw::Gamma { shape: rate * prior.tickets_weight, rate: prior.tickets_weight }
        }
        Ok(law @ RateLaw::Gamma { .. }) => law,
        _ => alone,
    }
}

fn learn_dispersion(histories: &[History], prior: Prior) -> f64 {
    let months: Vec<Vec<ClientMonth>> = histories.iter().map(client_months).collect();
    let seen = months.iter().map(Vec::len).sum::<usize>();
    let fitted = common_dispersion(&months).map_or(prior.dispersion, |fitted| fitted.dispersion);
    // A handful of months tells nothing of a variance: the assumption counts as twelve of them.
    let weight = float(seen) / (float(seen) + 12.0);
    weight * fitted + (1.0 - weight) * prior.dispersion
}

/// Hours a ticket by client and month, weighted by tickets.
fn learn_hours(histories: &[History]) -> Vec<ClientPremium> {
    let periods = |history: &History| -> Vec<Period> {
        let month = |month: &crate::history::MonthSeen| {
            let own = history.incidents.iter().filter(|(period, it)| *period == month.period && !is_severe(it));
            let (hours, count) = own.fold((0.0, 0.0), |(hours, count), (_, incident)| (hours + incident.hours(), count + 1.0));
            (count > 0.0).then(|| Period { value: hours / count, weight: count })
        };
        history.months.iter().filter_map(month).collect()
    };
    let clients: Vec<Vec<Period>> = histories.iter().map(periods).collect();
    credibility::fit(&clients).map_or_else(|_| Vec::new(), |fitted| fitted.unbiased.clients)
}

/// Each month of the year is a risk of its own, the years are what was seen of it (Bühlmann-Straub).
fn learn_seasons(histories: &[History]) -> Option<[f64; 12]> {
    // By year and month: tickets that came, and those that the clients' averages expect.
    let mut seen: BTreeMap<(i32, usize), (f64, f64)> = BTreeMap::new();
    for history in histories.iter().filter(|history| history.months.len() >= 12) {
        let rate = f64::from(history.tickets()) / history.exposure();
        for month in &history.months {
            let date = month.period.first_day().date();
            let number = usize::try_from(date.month() - 1).unwrap_or(0);
            let sums = seen.entry((i32::from(date.year()), number)).or_default();
            sums.0 += f64::from(month.tickets);
            sums.1 += rate * month.workstations().max(1.0);
        }
    }
    let mut years: [Vec<Period>; 12] = Default::default();
    for ((_, number), (came, expected)) in seen {
        if let Some(own) = years.get_mut(number).filter(|_| expected > 0.0) {
            own.push(Period { value: came / expected, weight: expected });
        }
    }
    if years.iter().any(|own| own.len() < 2) {
        return None;
    }
    let fitted = credibility::fit(&years).ok()?.unbiased;
    let factors: Vec<f64> = fitted.clients.iter().map(|premium| premium.premium).collect();
    let mean = crate::number::mean(&factors);
    let differ = factors.iter().any(|factor| (factor / mean - 1.0).abs() > 1e-9);
    let factors: [f64; 12] = factors.try_into().ok()?;
    (mean > 0.0 && differ).then(|| factors.map(|factor| factor / mean))
}

/// The middle eight tenths of what is known of a rate.
fn interval(rate: RateLaw) -> (f64, f64) {
    match rate {
        RateLaw::Pooled { rate } => (rate, rate),
        RateLaw::Gamma { shape, rate } => (gamma_quantile(shape, 0.1) / rate, gamma_quantile(shape, 0.9) / rate),
    }
}

fn amount(history: &History) -> Amount {
    match (history.months.len(), history.tickets()) {
        (0, _) | (_, 0) => Amount::Nothing,
        (months, tickets) if months < 3 || tickets < 30 => Amount::Little,
        (months, _) if months < 12 => Amount::Some,
        _ => Amount::Enough,
    }
}
