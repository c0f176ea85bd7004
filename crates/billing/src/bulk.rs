//! Many slices of a few kinds, for questions about thousands of possible months: what is alike is placed at once. The statement is
//! the one that each slice by itself would give, but for the words of its lines, its parts and devices, and for thresholds.

use crate::agreement::{Agreement, Prepaid};
use crate::engine::{Client, Terms};
use crate::entry::TimeEntry;
use crate::number::Decimal;
use crate::place::{Placed, Placer, Rules, Slice};
use crate::time::{Band, Day};
use crate::word::Words;
use crate::work::{Purse, Work, pick};

/// A period's work: slices in the order in which they draw, each of one of a few kinds.
#[derive(Clone, Copy, Debug)]
pub struct Bulk<'a> {
    /// One entry for each kind: its tier, work type and device count.
    pub kinds: &'a [TimeEntry],
    /// Slices, whose entry is the position of their kind.
    pub slices: &'a [Slice],
}

/// Can an agreement's work be billed in bulk? Prices by the ticket need to know each ticket.
#[must_use]
pub fn allows_bulk(terms: &Terms, agreement: Option<&Agreement>) -> bool {
    let own = agreement.map_or(&[][..], |agreement| &agreement.prices.rates.0);
    own.iter().chain(&terms.rates.0).all(|rate| rate.per_ticket.is_none())
}

/// The seconds that a slice of some kind burns of an agreement's pools of time, while they last; nought for work that does not draw.
#[must_use]
pub fn burn(terms: &Terms, words: &Words, client: &Client, agreement: &Agreement, kind: &TimeEntry, slice: &Slice) -> i64 {
    let draws_time = matches!(agreement.prepaid, Prepaid::Time(_));
    let rules = Rules { terms, client, words, agreement: Some(agreement), late_for: None, draws_time, overage_before: 0 };
    if rules.is_included(kind, slice.day) {
        return 0;
    }
    rules.drawing_weight(slice.band, kind).map_or(0, |weight| weight.times(slice.seconds))
}

/// Places the slices of a period.
pub(crate) fn place(rules: Rules<'_>, bulk: Bulk<'_>, purse: Purse<'_>) -> Work {
    let Purse { state, next_pool, .. } = purse;
    let placer =
        Placer { rules, entries: bulk.kinds, state, next_pool, threshold_base: 0, brief: true, spent: 0, placed: Placed::default() };
    let mut heap = Heap {
        placer,
        slots: vec![Slot::default(); bulk.kinds.len() * 2],
        room: 0,
        until: bulk.slices.first().map(|slice| slice.day),
        holds: rules.holds(),
    };
    for slice in bulk.slices {
        // Pools begin and end with days: what waits is placed before others serve.
        if heap.until.is_some_and(|until| slice.day >= until) {
            heap.place_waiting();
            heap.look(slice.day);
        }
        heap.add(slice);
    }
    heap.place_waiting();
    let mut placed = heap.placer.placed;
    // What was worked is only known as what is billed.
    placed.time.billable = bulk.slices.iter().map(|slice| slice.seconds).sum();
    placed.time.actual = placed.time.billable;
    Work { billed: Vec::new(), placed }
}

/// Slices that wait to be placed together.
struct Heap<'a, 's> {
    placer: Placer<'a, 's>,
    /// By kind and band.
    slots: Vec<Slot>,
    /// Seconds that pools still give beyond what waits.
    room: i64,
    /// The day on which other pools serve.
    until: Option<Day>,
    holds: bool,
}

/// One kind of work in one band.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Looked up once: its weight, none if it does not draw from pools of time.
    weight: Option<Option<Decimal>>,
    /// Looked up once for some days: does a fee include it, and until when this is so.
    included: Option<(bool, Option<Day>)>,
    /// What waits.
    waiting: Option<Slice>,
}

impl Heap<'_, '_> {
    fn add(&mut self, slice: &Slice) {
        let Some(kind) = pick(self.placer.entries, slice.entry) else { return };
        let position = usize::try_from(slice.entry).unwrap_or(usize::MAX).saturating_mul(2);
        let Some(slot) = self.slots.get_mut(position.saturating_add(usize::from(slice.band == Band::AfterHours))) else { return };
        let lasting = slot.included.filter(|(_, until)| until.is_none_or(|until| slice.day < until));
        let (included, _) = lasting.unwrap_or_else(|| {
            let included = (self.placer.rules.is_included(kind, slice.day), self.placer.rules.same_device_until(kind, slice.day));
            *slot.included.insert(included)
        });
        if included {
            self.placer.placed.time.included += slice.seconds;
            return;
        }
        let weight = *slot.weight.get_or_insert_with(|| self.placer.rules.drawing_weight(slice.band, kind));
        let (burn, whole) = weight.map_or((0, true), |weight| (weight.times(slice.seconds), weight.is_whole(slice.seconds)));
        // While the pools last, and again when nothing can fill them, order does not matter; a burn that is rounded stands alone.
        let lasts = burn <= self.room && whole;
        if lasts || (self.room == 0 && whole && !self.holds && !self.placer.may_replenish(slice.day)) {
            match &mut slot.waiting {
                Some(waiting) => waiting.seconds += slice.seconds,
                None => slot.waiting = Some(*slice),
            }
            if lasts && burn > 0 {
                self.room -= burn;
                if self.room == 0 {
                    self.place_waiting();
                    self.look(slice.day);
                }
            }
        } else {
            self.place_waiting();
            self.placer.place(slice);
            self.look(slice.day);
        }
    }

    fn place_waiting(&mut self) {
        for slot in &mut self.slots {
            if let Some(slice) = slot.waiting.take() {
                self.placer.place(&slice);
            }
        }
    }

    /// What the pools that serve a day give, and until when it is those.
    fn look(&mut self, day: Day) {
        let pools = &self.placer.state.pools;
        let over = self.placer.rules.is_over(day);
        self.room = pools.iter().filter(|pool| !over && pool.serves(day)).map(|pool| pool.left).sum();
        let begin = pools.iter().map(|pool| pool.granted_on);
        let ends = self.placer.rules.agreement.and_then(|agreement| agreement.ends);
        self.until = begin.chain(pools.iter().filter_map(|pool| pool.expires_on)).chain(ends).filter(|other| *other > day).min();
    }
}
