//! What becomes of a changed time entry: replaced while its period is open, a correction beside it once it is issued.

use quarterhour_billing::Period;

/// The latest stored revision of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latest {
    /// Its number; 0 as the entry came.
    pub revision: i64,
    /// The period that it belongs to.
    pub period: Period,
    /// Is it late time or a correction of an issued period?
    pub late: bool,
    /// Has a statement taken it as such?
    pub billed_late: bool,
}

impl Latest {
    /// Does it stand on an issued statement?
    #[must_use]
    pub fn is_frozen(&self, issued: Option<Period>) -> bool {
        if self.late { self.billed_late } else { is_issued(self.period, issued) }
    }
}

/// How a changed entry is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// As a new revision beside the issued one: a correction of this period.
    Correct {
        /// The new number.
        revision: i64,
        /// The issued period that it corrects.
        late_for: Period,
    },
    /// The pending correction goes: the entry is again what was issued.
    TakeBack,
    /// In place.
    Replace {
        /// Set for late time: the issued period.
        late_for: Option<Period>,
    },
    /// Not at all: what was issued to one client cannot go to another.
    RefuseOtherClient,
}

/// Is a period issued, when the last issued one is known?
#[must_use]
pub fn is_issued(period: Period, issued: Option<Period>) -> bool {
    issued.is_some_and(|last| period <= last)
}

/// What to do with an entry that changed. `period` is that of its new start; `same_client` whether the client stays;
/// `as_before` whether it is again as the revision before the latest.
#[must_use]
pub fn step(latest: Latest, period: Period, issued: Option<Period>, same_client: bool, as_before: bool) -> Step {
    let frozen = latest.is_frozen(issued);
    if !same_client && (frozen || latest.revision > 0) {
        return Step::RefuseOtherClient;
    }
    let late_for = is_issued(period, issued).then_some(period);
    if frozen {
        return Step::Correct { revision: latest.revision + 1, late_for: late_for.unwrap_or(latest.period) };
    }
    if latest.revision > 0 && as_before {
        return Step::TakeBack;
    }
    Step::Replace { late_for: if latest.revision > 0 { late_for.or(Some(latest.period)) } else { late_for } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        Period::parse(text).expect("a period")
    }

    fn latest(revision: i64, of: &str, late: bool, billed_late: bool) -> Latest {
        Latest { revision, period: period(of), late, billed_late }
    }

    #[test]
    fn an_open_entry_is_replaced_and_an_issued_one_corrected() {
        let march = Some(period("2026-03"));
        let (april, old) = (latest(0, "2026-04", false, false), latest(0, "2026-02", false, false));
        assert_eq!(step(april, period("2026-04"), march, true, false), Step::Replace { late_for: None });
        assert_eq!(step(april, period("2026-03"), march, true, false), Step::Replace { late_for: march });
        assert_eq!(step(old, period("2026-02"), march, true, false), Step::Correct { revision: 1, late_for: period("2026-02") });
        assert_eq!(step(old, period("2026-05"), march, true, false), Step::Correct { revision: 1, late_for: period("2026-02") });
        assert_eq!(step(old, period("2026-02"), march, false, false), Step::RefuseOtherClient);
        assert_eq!(step(april, period("2026-04"), march, false, false), Step::Replace { late_for: None });
    }

    #[test]
    fn a_pending_correction_is_replaced_or_taken_back() {
        let march = Some(period("2026-03"));
        let pending = latest(1, "2026-02", true, false);
        assert_eq!(step(pending, period("2026-02"), march, true, true), Step::TakeBack);
        assert_eq!(step(pending, period("2026-06"), march, true, false), Step::Replace { late_for: Some(period("2026-02")) });
        let billed = latest(1, "2026-02", true, true);
        assert_eq!(step(billed, period("2026-02"), march, true, true), Step::Correct { revision: 2, late_for: period("2026-02") });
    }
}
