//! From actual to billable time: rounding by entry, ticket and day, or ticket.

use crate::agreement::{Rounding, RoundingScope};
use crate::entry::{Billing, TimeEntry};
use crate::time::{Day, LocalClock};
use crate::word::Word;

/// The day comes first: entries are in order of it already, which makes sorting quick.
type GroupKey<'a> = (Option<Day>, &'a str, Word, Word);

/// Billable seconds of each entry; courtesy entries have none.
///
/// `before` are entries of the same period that were billed earlier: late time pays only what
/// it adds to its group. All entries are in order of start and id; what rounding adds goes to
/// the group's last entry.
#[must_use]
pub fn billable(rounding: &Rounding, clock: &LocalClock, before: &[TimeEntry], entries: &[TimeEntry]) -> Vec<i64> {
    let counts = |entry: &TimeEntry| entry.billing == Billing::Billable;
    let own = |entry: &TimeEntry| if counts(entry) { rounding.round(entry.seconds()) } else { 0 };
    let mut result: Vec<i64> = entries.iter().map(own).collect();
    if rounding.scope == RoundingScope::Entry {
        return result;
    }
    let key = |entry| group_key(rounding.scope, clock, entry);
    let mut members: Vec<(GroupKey<'_>, Option<usize>, i64)> =
        before.iter().filter(|entry| counts(entry)).map(|entry| (key(entry), None, entry.seconds())).collect();
    let new = entries.iter().enumerate().filter(|(_, entry)| counts(entry));
    members.extend(new.map(|(position, entry)| (key(entry), Some(position), entry.seconds())));
    members.sort_unstable();
    for group in members.chunk_by(|one, other| one.0 == other.0) {
        share(rounding, group, &mut result);
    }
    result
}

fn group_key<'a>(scope: RoundingScope, clock: &LocalClock, entry: &'a TimeEntry) -> GroupKey<'a> {
    let day = (scope == RoundingScope::TicketDay).then(|| clock.day(entry.started_at));
    (day, entry.ticket.as_str(), entry.tier, entry.work_type)
}

/// Gives each entry of a group its actual time and the last one what rounding adds. Where earlier
/// rounding had already paid for some of it, the first entries get less.
fn share(rounding: &Rounding, group: &[(GroupKey<'_>, Option<usize>, i64)], result: &mut [i64]) {
    let earlier: i64 = group.iter().filter(|(_, position, _)| position.is_none()).map(|(.., seconds)| seconds).sum();
    let total: i64 = group.iter().map(|(.., seconds)| seconds).sum();
    let mut left = rounding.round(total) - rounding.round(earlier);
    let mut last = None;
    for (_, position, seconds) in group {
        let Some(slot) = position.and_then(|position| result.get_mut(position)) else { continue };
        *slot = left.min(*seconds);
        left -= *slot;
        last = *position;
    }
    if let Some(slot) = last.and_then(|position| result.get_mut(position)) {
        *slot += left;
    }
}
