//! The prepaid time of a client's month, over all its statements together.

use crate::app::body::StatementBody;

/// Seconds of pools, and of work beyond them. `used + left + ended` is all that there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthTime {
    /// Drawn.
    pub used: i64,
    /// Still there; on an issued statement: left at the end, before it was lost or carried on.
    pub left: i64,
    /// Ended unused before the month did: with an agreement, or with a block.
    pub ended: i64,
    /// Billed as overage, late time and released overage among it.
    pub overage: i64,
    /// Beyond the cap.
    pub held: i64,
    /// Overage and held time that belong to issued months.
    pub late: i64,
}

impl MonthTime {
    /// Of the statements of a month.
    pub fn of<'b>(bodies: impl IntoIterator<Item = &'b StatementBody>) -> Self {
        bodies.into_iter().map(Self::of_one).fold(Self::default(), |sum, one| Self {
            used: sum.used + one.used,
            left: sum.left + one.left,
            ended: sum.ended + one.ended,
            overage: sum.overage + one.overage,
            held: sum.held + one.held,
            late: sum.late + one.late,
        })
    }

    fn of_one(body: &StatementBody) -> Self {
        let time = &body.statement.time;
        let (rest, left) = (body.available() - time.used, body.left());
        Self {
            used: time.used,
            left,
            // What is gone otherwise passed to the next agreement, where it is counted.
            ended: (rest - left).clamp(0, time.forfeited.max(0)),
            overage: time.overage,
            held: time.held,
            late: body.late_beyond(),
        }
    }

    /// Seconds that were or are in pools.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.used + self.left + self.ended
    }

    /// Seconds of the month's own work beyond the pools, held ones among them.
    #[must_use]
    pub fn beyond(&self) -> i64 {
        self.overage + self.held - self.late
    }
}
