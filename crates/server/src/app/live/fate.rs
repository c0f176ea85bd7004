//! Where the entries of open statements go, in seconds by fate: what a timesheet shows of each. It keeps no words.

use crate::app::body::EntryBody;
use crate::app::outcome::RunResult;

/// Where an entry of an open statement goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntryFate {
    /// Seconds after rounding.
    pub billable: u32,
    /// Drawn from pools.
    pub drawn: u32,
    /// Beyond the pools.
    pub overage: u32,
    /// Beyond the cap.
    pub held: u32,
    /// Charged by a rate, or within a ticket's price.
    pub charged: u32,
    /// Covered by a fixed rate.
    pub included: u32,
    /// Kept by the client's own staff.
    pub internal: u32,
    /// Not counted.
    pub courtesy: u32,
}

impl EntryFate {
    /// The fate of an entry on a statement.
    #[must_use]
    pub fn of(entry: &EntryBody) -> Self {
        let mut fate = Self { billable: seconds(entry.billable), ..Self::default() };
        for part in &entry.parts {
            let slot = match part.fate.as_str() {
                "drawn" => &mut fate.drawn,
                "overage" => &mut fate.overage,
                "held" => &mut fate.held,
                "charged" | "in-ticket" => &mut fate.charged,
                "included" => &mut fate.included,
                "internal" => &mut fate.internal,
                "courtesy" => &mut fate.courtesy,
                _ => continue,
            };
            *slot = slot.saturating_add(seconds(part.seconds));
        }
        fate
    }
}

fn seconds(seconds: i64) -> u32 {
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}

/// The fates of all entries on open statements, to be looked up by id.
#[derive(Clone, Debug, Default)]
pub struct Fates(Vec<(Box<str>, EntryFate)>);

impl Fates {
    /// Collects them.
    #[must_use]
    pub fn of(result: &RunResult) -> Self {
        let bodies = result.outcomes.iter().filter_map(|outcome| outcome.body.as_ref());
        let mut list: Vec<(Box<str>, EntryFate)> = bodies
            .flat_map(|body| &body.entries)
            .filter(|it| !it.released)
            .map(|it| (Box::from(it.id.as_str()), EntryFate::of(it)))
            .collect();
        list.sort_by(|(one, _), (other, _)| one.cmp(other));
        list.shrink_to_fit();
        Self(list)
    }

    /// The fate of an entry; none when it is on no open statement.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<EntryFate> {
        let place = self.0.binary_search_by(|(other, _)| other.as_ref().cmp(id)).ok()?;
        self.0.get(place).map(|(_, fate)| *fate)
    }
}
