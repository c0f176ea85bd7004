//! Entries rounded, cut at the bands and placed slice by slice, in the order in which slices draw.

use crate::agreement::Rounding;
use crate::entry::{Billing, TimeEntry};
use crate::place::{Placed, Placer, Rules, Slice};
use crate::pool::AgreementState;
use crate::rounding;
use crate::statement::{BilledEntry, Fate, Part};
use crate::time::{Calendar, LocalClock, Stretch};

/// What entries draw on.
pub(crate) struct Purse<'s> {
    /// Pools and tickets.
    pub(crate) state: &'s mut AgreementState,
    /// The number of the next pool.
    pub(crate) next_pool: &'s mut u32,
    /// The period's grant, which thresholds are percentages of.
    pub(crate) threshold_base: i64,
}

/// Entries rated and placed.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) billed: Vec<BilledEntry>,
    pub(crate) placed: Placed,
}

/// Rounds, slices and places the entries at `own` positions, in the order in which slices draw.
pub(crate) fn place_entries(rules: Rules<'_>, entries: &[TimeEntry], own: &[u32], purse: Purse<'_>) -> Work {
    let rounding = rules.agreement.map_or(Rounding::default(), |agreement| agreement.rounding);
    let billable = if own.len() == entries.len() {
        rounding::billable(&rounding, &rules.client.clock, &[], entries)
    } else {
        let chosen: Vec<TimeEntry> = own.iter().filter_map(|index| pick(entries, *index)).cloned().collect();
        rounding::billable(&rounding, &rules.client.clock, &[], &chosen)
    };
    place_rounded(rules, entries, own, &billable, purse)
}

pub(crate) fn pick(entries: &[TimeEntry], index: u32) -> Option<&TimeEntry> {
    entries.get(usize::try_from(index).ok()?)
}

/// Slices and places entries whose billable time is known.
pub(crate) fn place_rounded(rules: Rules<'_>, entries: &[TimeEntry], own: &[u32], billable: &[i64], purse: Purse<'_>) -> Work {
    let mut billed = Vec::with_capacity(own.len());
    let mut slices: Vec<Slice> = Vec::with_capacity(own.len());
    let mut pieces = Vec::new();
    let mut placed = Placed { parts: Vec::with_capacity(own.len() + 8), ..Placed::default() };
    for (index, billable) in own.iter().zip(billable) {
        let Some(entry) = pick(entries, *index) else { continue };
        let (actual, billable) = (entry.seconds(), *billable);
        billed.push(BilledEntry { entry: *index, actual, billable });
        placed.time.actual += actual;
        placed.time.billable += billable;
        rules.terms.calendar.cut(&rules.client.clock, entry.started_at, actual, &mut pieces);
        match entry.billing {
            Billing::Billable => slice_entry(*index, actual, billable, &pieces, &mut slices),
            Billing::NotBillable => courtesy(*index, actual, &pieces, Fate::CourtesyNotBillable, &mut placed),
            Billing::ProviderCause => courtesy(*index, actual, &pieces, Fate::CourtesyProviderCause, &mut placed),
        }
    }
    sort(&mut slices, entries);
    let Purse { state, next_pool, threshold_base } = purse;
    let mut placer = Placer { rules, entries, state, next_pool, threshold_base, brief: false, spent: 0, placed };
    for slice in &slices {
        placer.place(slice);
    }
    Work { billed, placed: placer.placed }
}

/// Entries (one period's, in order of start and id) rounded and cut at the bands, in the order in which they draw. Courtesy has
/// no slices.
#[must_use]
pub fn slices(rounding: &Rounding, calendar: &Calendar, clock: &LocalClock, entries: &[TimeEntry]) -> Vec<Slice> {
    let (mut slices, mut pieces) = (Vec::with_capacity(entries.len()), Vec::new());
    for ((index, entry), billable) in (0..).zip(entries).zip(rounding::billable(rounding, clock, &[], entries)) {
        if entry.billing == Billing::Billable {
            calendar.cut(clock, entry.started_at, entry.seconds(), &mut pieces);
            slice_entry(index, entry.seconds(), billable, &pieces, &mut slices);
        }
    }
    sort(&mut slices, entries);
    slices
}

/// Slices draw in order of their start, then of their entry's id.
fn sort(slices: &mut [Slice], entries: &[TimeEntry]) {
    let id = |slice: &Slice| pick(entries, slice.entry).map(|entry| entry.id.as_str());
    let order = |one: &Slice, other: &Slice| one.started_at.cmp(&other.started_at).then_with(|| id(one).cmp(&id(other)));
    if !slices.is_sorted_by(|one, other| order(one, other).is_le()) {
        slices.sort_by(order);
    }
}

/// Shares billable seconds over the bands in proportion to actual time; the last gets the rest.
fn slice_entry(entry: u32, actual: i64, billable: i64, pieces: &[Stretch], slices: &mut Vec<Slice>) {
    let mut left = billable;
    for (position, piece) in pieces.iter().enumerate() {
        let last = position + 1 == pieces.len();
        let seconds = if last { left } else { (billable * piece.seconds).div_euclid(actual.max(1)) };
        left -= seconds;
        let Stretch { started_at, day, band, .. } = *piece;
        slices.push(Slice { entry, started_at, day, seconds, band });
    }
}

fn courtesy(entry: u32, actual: i64, pieces: &[Stretch], fate: Fate, placed: &mut Placed) {
    placed.time.courtesy += actual;
    let Some(Stretch { started_at, band, .. }) = pieces.first().copied() else { return };
    placed.parts.push(Part { entry, band, started_at, seconds: actual, fate });
}
