//! Where a slice goes: included, internal, drawn, overage, held or charged. Section 5 to 7 of the rules.
//! It decides about one slice at a time; the order of slices is the caller's.

use compact_str::CompactString;

use crate::agreement::{Agreement, OnCap, PerTicket, Prepaid, RateTable};
use crate::engine::{Client, Terms};
use crate::entry::{TimeEntry, WorkedOn};
use crate::lines::{Charges, TicketKey, TimeKey};
use crate::number::{Decimal, HourlyPrice};
use crate::pool::{self, AgreementState, Pool, PoolKind};
use crate::statement::{Alert, Fate, LineKind, Movement, MovementKind, Part, PriceSource, Priced, TimeTotals};
use crate::time::{Band, Day, Period};
use crate::word::{Word, Words};

/// A part of an entry in one band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The entry's position.
    pub entry: u32,
    /// Its start in Unix seconds.
    pub started_at: i64,
    /// The local day of its start.
    pub day: Day,
    /// Billable seconds.
    pub seconds: i64,
    /// Its band.
    pub band: Band,
}

/// The rules that slices are placed by.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) terms: &'a Terms,
    pub(crate) client: &'a Client,
    pub(crate) words: &'a Words,
    pub(crate) agreement: Option<&'a Agreement>,
    /// Set for late time: the issued period that it belongs to.
    pub(crate) late_for: Option<Period>,
    /// Work draws on pools of time, used up or not.
    pub(crate) draws_time: bool,
    /// What the period has billed as overage before, in the exact units of the cap: late time counts on.
    pub(crate) overage_before: i128,
}

/// What placing slices adds up to.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    pub(crate) time: TimeTotals,
    pub(crate) charges: Charges,
    pub(crate) parts: Vec<Part>,
    pub(crate) movements: Vec<Movement>,
    pub(crate) alerts: Vec<Alert>,
    /// The days on which auto-replenish bought blocks.
    pub(crate) bought: Vec<Day>,
    /// Overage billed, in the exact units of the cap.
    pub(crate) overage: i128,
    /// Burn of the period, drawn or not, for the thresholds.
    pub(crate) burned: i64,
    /// The next threshold to watch.
    pub(crate) threshold: usize,
}

/// Places slices one after the other.
pub(crate) struct Placer<'a, 's> {
    pub(crate) rules: Rules<'a>,
    pub(crate) entries: &'a [TimeEntry],
    pub(crate) state: &'s mut AgreementState,
    pub(crate) next_pool: &'s mut u32,
    /// The period's grant, which thresholds are percentages of.
    pub(crate) threshold_base: i64,
    /// Nobody reads where each part went.
    pub(crate) brief: bool,
    /// So many of the first pools are known to be used up.
    pub(crate) spent: usize,
    pub(crate) placed: Placed,
}

impl Placer<'_, '_> {
    /// Decides about one slice.
    pub(crate) fn place(&mut self, slice: &Slice) {
        let Some(entry) = usize::try_from(slice.entry).ok().and_then(|index| self.entries.get(index)) else { return };
        let day = slice.day;
        if self.rules.is_included(entry, day) {
            self.placed.time.included += slice.seconds;
            self.push(slice, slice.seconds, Fate::Included);
        } else if self.rules.agreement.is_some_and(|agreement| agreement.internal_tiers.contains(&entry.tier)) {
            self.placed.time.internal += slice.seconds;
            self.push(slice, slice.seconds, Fate::Internal);
        } else if slice.seconds == 0 {
            self.push(slice, 0, Fate::Nothing);
        } else {
            match self.rules.prepaid_for(entry.work_type) {
                Draws::Time => self.draw(slice, entry, day),
                Draws::Reserve => self.charge(slice, entry, true),
                Draws::Nothing => self.charge(slice, entry, false),
            }
        }
    }

    fn push(&mut self, slice: &Slice, seconds: i64, fate: Fate) {
        if !self.brief {
            let Slice { entry, started_at, band, .. } = *slice;
            self.placed.parts.push(Part { entry, band, started_at, seconds, fate });
        }
    }

    /// Draws a slice's burn from the pools; what is left is overage.
    fn draw(&mut self, slice: &Slice, entry: &TimeEntry, day: Day) {
        let weight = self.rules.weight(entry.tier, slice.band);
        let burn = weight.times(slice.seconds);
        let first = self.placed.parts.len();
        let mut left = self.take(slice, day, burn);
        while left > 0 && self.replenish(day) {
            left = self.take(slice, day, left);
        }
        let overage = weight.divide(left);
        self.placed.time.used += burn - left;
        self.share_drawn(slice, first, (slice.seconds - overage).max(0), burn - left);
        self.watch_thresholds(entry, day, burn);
        let left = Slice { seconds: overage, ..*slice };
        match self.rules.agreement.map(|agreement| &agreement.prepaid) {
            _ if overage == 0 => {}
            // Blocks that passed to an agreement with a reserve go first; the reserve pays for the rest.
            Some(Prepaid::Money(_)) => self.charge(&left, entry, true),
            _ => self.overage(slice, entry, overage),
        }
    }

    /// Takes burn from the pools that serve the day, in order; returns what they could not give.
    fn take(&mut self, slice: &Slice, day: Day, burn: i64) -> i64 {
        let mut left = burn;
        if self.rules.is_over(day) {
            return left;
        }
        // Hundreds of blocks may be bought in a period: used-up ones are not looked at again.
        let used_up = |pools: &[Pool]| pools.iter().take_while(|pool| pool.left == 0).count();
        self.spent += self.state.pools.get(self.spent..).map_or(0, used_up);
        for pool in self.state.pools.iter_mut().skip(self.spent).filter(|pool| pool.left > 0 && pool.serves(day)) {
            let taken = left.min(pool.left);
            if taken == 0 {
                break;
            }
            pool.left -= taken;
            left -= taken;
            if !self.brief {
                let fate = Fate::Drawn { pool: Some(pool.number), burn: taken };
                let Slice { entry, started_at, band, .. } = *slice;
                self.placed.parts.push(Part { entry, band, started_at, seconds: 0, fate });
            }
        }
        left
    }

    /// Shares a slice's drawn billable seconds over its draws, in proportion to their burn.
    fn share_drawn(&mut self, slice: &Slice, first: usize, seconds: i64, burned: i64) {
        let draws = self.placed.parts.get_mut(first..).unwrap_or(&mut []);
        let Some((last, others)) = draws.split_last_mut() else {
            if seconds > 0 {
                self.push(slice, seconds, Fate::Drawn { pool: None, burn: 0 });
            }
            return;
        };
        let mut left = seconds;
        for part in others {
            if let Fate::Drawn { burn, .. } = part.fate {
                let share = i128::from(seconds) * i128::from(burn) / i128::from(burned.max(1));
                part.seconds = i64::try_from(share).unwrap_or(0);
                left -= part.seconds;
            }
        }
        last.seconds = left;
    }

    /// Buys the next block, if the agreement still may in this period.
    fn replenish(&mut self, day: Day) -> bool {
        let Some(clause) = self.rules.auto_replenish().filter(|_| self.may_replenish(day)) else {
            return false;
        };
        self.placed.bought.push(day);
        self.placed.time.granted += clause.seconds;
        let number = *self.next_pool;
        *self.next_pool += 1;
        let (granted, price) = (clause.seconds, Some(clause.price));
        let kind = PoolKind::Block;
        let bought = Pool { number, kind, granted_on: day, expires_on: None, granted, left: granted, price };
        self.spent = self.spent.min(pool::insert(&mut self.state.pools, bought));
        if !self.brief {
            let note = "block bought by auto-replenish".to_owned();
            let kind = MovementKind::Grant;
            self.placed.movements.push(Movement { kind, on: day, pool: Some(number), entry: None, quantity: granted, note });
        }
        true
    }

    /// May the agreement buy one more block in this period?
    pub(crate) fn may_replenish(&self, day: Day) -> bool {
        let clause = self.rules.auto_replenish().filter(|_| !self.rules.is_over(day));
        clause.is_some_and(|clause| self.placed.bought.len() < clause.max_per_period)
    }

    fn watch_thresholds(&mut self, entry: &TimeEntry, day: Day, burn: i64) {
        let Some(agreement) = self.rules.agreement.filter(|_| self.threshold_base > 0) else { return };
        self.placed.burned += burn;
        while let Some(percent) = agreement.guard.thresholds.get(self.placed.threshold) {
            if self.placed.burned * 100 < i64::from(*percent) * self.threshold_base {
                break;
            }
            self.placed.threshold += 1;
            self.placed.alerts.push(Alert { percent: *percent, entry: entry.id.to_string(), on: day });
        }
    }

    /// Bills overage, or holds it when it would pass the cap.
    fn overage(&mut self, slice: &Slice, entry: &TimeEntry, seconds: i64) {
        let Some(price) = self.rules.overage_price(entry, slice.band) else { return };
        let exact = price.hourly.exact(seconds);
        let hold = self.rules.agreement.and_then(|agreement| agreement.guard.cap).is_some_and(|cap| {
            cap.on_cap == OnCap::Hold
                && self.rules.overage_before + self.placed.overage + exact > HourlyPrice::exact_amount(cap.amount)
        });
        if hold {
            self.placed.time.held += seconds;
            self.push(slice, seconds, Fate::Held(price));
            return;
        }
        self.placed.overage += exact;
        self.placed.time.overage += seconds;
        let key = self.rules.time_key(LineKind::Overage, entry, slice.band, price.hourly, false);
        self.placed.charges.add_time(key, seconds);
        self.push(slice, seconds, Fate::Overage(price));
    }

    /// Charges a slice by ticket or by the hour.
    fn charge(&mut self, slice: &Slice, entry: &TimeEntry, on_reserve: bool) {
        let Some(found) = self.rules.rate(entry.tier, entry.work_type) else { return };
        self.placed.time.charged += slice.seconds;
        let in_ticket = found.per_ticket.map_or(0, |per_ticket| self.by_ticket(slice, entry, per_ticket, on_reserve));
        let seconds = slice.seconds - in_ticket;
        if seconds > 0 {
            let price = self.rules.priced(found.hourly, found.source, slice.band);
            let key = self.rules.time_key(LineKind::Time, entry, slice.band, price.hourly, on_reserve);
            self.placed.charges.add_time(key, seconds);
            self.push(slice, seconds, Fate::Charged { price, on_reserve });
        }
    }

    /// Counts the ticket when it is new, and returns the seconds that its price includes.
    fn by_ticket(&mut self, slice: &Slice, entry: &TimeEntry, per_ticket: PerTicket, on_reserve: bool) -> i64 {
        let key = CompactString::from(format!("{}\u{1f}{}", self.rules.words.name(entry.tier), entry.ticket));
        if !self.state.tickets.contains_key(&key) {
            let key = TicketKey { tier: entry.tier, price: per_ticket.price, period: self.rules.late_for };
            self.placed.charges.add_ticket(key, on_reserve);
        }
        let used = self.state.tickets.entry(key).or_default();
        let seconds = (per_ticket.includes_seconds - *used).clamp(0, slice.seconds);
        *used += seconds;
        if seconds > 0 {
            self.push(slice, seconds, Fate::InTicket { price: per_ticket.price, on_reserve });
        }
        seconds
    }
}

/// What a slice draws on.
enum Draws {
    Time,
    Reserve,
    Nothing,
}

/// A rate that was found.
struct FoundRate {
    hourly: Decimal,
    per_ticket: Option<PerTicket>,
    source: PriceSource,
}

impl<'a> Rules<'a> {
    /// What work of a kind weighs that draws from pools of time; none for work that does not draw.
    pub(crate) fn drawing_weight(&self, band: Band, entry: &TimeEntry) -> Option<Decimal> {
        let internal = self.agreement.is_some_and(|agreement| agreement.internal_tiers.contains(&entry.tier));
        let draws = !internal && matches!(self.prepaid_for(entry.work_type), Draws::Time);
        draws.then(|| self.weight(entry.tier, band))
    }

    /// The first day after a day on which the device of an entry is another or none; none if there is no such day.
    pub(crate) fn same_device_until(&self, entry: &TimeEntry, day: Day) -> Option<Day> {
        let listed = self.client.listed(entry.device);
        listed.flat_map(|device| [Some(device.in_service), device.retired]).flatten().filter(|other| *other > day).min()
    }

    pub(crate) fn is_included(&self, entry: &TimeEntry, day: Day) -> bool {
        let Some(included) = self.agreement.and_then(|agreement| agreement.included.as_ref()) else {
            return false;
        };
        if included.excluded_tiers.contains(&entry.tier) || included.excluded_work_types.contains(&entry.work_type) {
            return false;
        }
        match entry.device {
            WorkedOn::NoDevice => true,
            WorkedOn::Unlisted => false,
            WorkedOn::Listed(_) => {
                let mut listed = self.client.listed(entry.device);
                listed.any(|device| device.counts_on(day) && included.classes.contains(&device.class))
            }
        }
    }

    fn prepaid_for(&self, work_type: Word) -> Draws {
        let (reserve, excludes) = match self.agreement.map(|agreement| &agreement.prepaid) {
            Some(Prepaid::Money(reserve)) => (true, &reserve.excludes[..]),
            Some(Prepaid::Time(pools)) => (false, pools.allowance.as_ref().map_or(&[][..], |it| &it.excludes[..])),
            Some(Prepaid::Nothing) | None => (false, &[][..]),
        };
        if excludes.contains(&work_type) {
            Draws::Nothing
        } else if self.draws_time {
            Draws::Time
        } else if reserve {
            Draws::Reserve
        } else {
            Draws::Nothing
        }
    }

    /// Was a charge for this work type overage? Else it was charged, or a reserve paid for it.
    pub(crate) fn is_overage(&self, work_type: Word) -> bool {
        let on_reserve = self.agreement.is_some_and(|agreement| matches!(agreement.prepaid, Prepaid::Money(_)));
        matches!(self.prepaid_for(work_type), Draws::Time) && !on_reserve
    }

    /// Does overage beyond a cap wait for approval?
    pub(crate) fn holds(&self) -> bool {
        self.agreement.and_then(|agreement| agreement.guard.cap).is_some_and(|cap| cap.on_cap == OnCap::Hold)
    }

    /// Has the agreement ended by a day? Its pools are forfeited or passed on then, and late time is
    /// placed as if it had not.
    pub(crate) fn is_over(&self, day: Day) -> bool {
        let ends = self.agreement.and_then(|agreement| agreement.ends).filter(|_| self.late_for.is_none());
        ends.is_some_and(|ends| ends <= day)
    }

    fn auto_replenish(&self) -> Option<&'a crate::agreement::AutoReplenish> {
        match self.agreement.map(|agreement| &agreement.prepaid) {
            Some(Prepaid::Time(pools)) if self.late_for.is_none() => pools.auto_replenish.as_ref(),
            _ => None,
        }
    }

    /// The highest of the weights that apply; they never compound.
    fn weight(&self, tier: Word, band: Band) -> Decimal {
        let Some(agreement) = self.agreement else { return Decimal::ONE };
        let by_tier = agreement.weights.tiers.iter().find(|(other, _)| *other == tier).map(|(_, weight)| *weight);
        let by_band = agreement.weights.after_hours.filter(|_| band == Band::AfterHours);
        by_tier.max(by_band).unwrap_or(Decimal::ONE)
    }

    fn rate(&self, tier: Word, work_type: Word) -> Option<FoundRate> {
        let find = |table: &RateTable, source: fn(u16) -> PriceSource| {
            let (position, rate) = table.find(tier, work_type)?;
            let source = source(u16::try_from(position).unwrap_or(u16::MAX));
            Some(FoundRate { hourly: rate.hourly, per_ticket: rate.per_ticket, source })
        };
        let own = self.agreement.and_then(|agreement| find(&agreement.prices.rates, PriceSource::AgreementRate));
        own.or_else(|| find(&self.terms.rates, PriceSource::RateCard))
    }

    fn overage_price(&self, entry: &TimeEntry, band: Band) -> Option<Priced> {
        let overage = self.agreement.map(|agreement| &agreement.overage);
        let by_tier = overage.and_then(|rates| rates.tiers.iter().find(|(tier, _)| *tier == entry.tier));
        if let Some((_, rate)) = by_tier {
            return Some(self.priced(*rate, PriceSource::OverageTier, band));
        }
        if let Some(rate) = overage.and_then(|rates| rates.rate) {
            return Some(self.priced(rate, PriceSource::OverageRate, band));
        }
        self.rate(entry.tier, entry.work_type).map(|found| self.priced(found.hourly, found.source, band))
    }

    fn priced(&self, hourly: Decimal, source: PriceSource, band: Band) -> Priced {
        let multiplier = self.agreement.filter(|_| band == Band::AfterHours);
        let multiplier = multiplier.map_or(Decimal::ONE, |agreement| agreement.prices.after_hours_price);
        Priced { hourly: HourlyPrice::new(hourly, multiplier), source }
    }

    fn time_key(&self, kind: LineKind, entry: &TimeEntry, band: Band, hourly: HourlyPrice, on_reserve: bool) -> TimeKey {
        let kind = if self.late_for.is_some() { LineKind::Late } else { kind };
        let (tier, work_type, period) = (entry.tier, entry.work_type, self.late_for);
        TimeKey { kind, tier, work_type, band, hourly, on_reserve: on_reserve && period.is_none(), period }
    }
}
