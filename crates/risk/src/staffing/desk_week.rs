//! A desk's week, cut wherever the arrival rate or the opening changes, with two clocks: the time on the wall and the
//! business time. It draws nothing.

use crate::number::float;

use super::desk::{ArrivalPattern, OpeningHours};
use super::error::StaffingError;

/// A week of a desk.
#[derive(Clone, Debug)]
pub(super) struct Week {
    /// The stretches of the week in which tickets can arrive or technicians work, from Monday midnight.
    pub(super) stretches: Vec<Stretch>,
    /// The business hours of the week.
    pub(super) business_hours: f64,
}

/// A part of an hour with one arrival rate, in which the desk is open or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stretch {
    pub(super) weekday: usize,
    pub(super) hours: f64,
    pub(super) rate_per_hour: f64,
    pub(super) open: bool,
    /// The business hours of the week before it.
    business_before: f64,
}

impl Week {
    /// Cuts the week.
    ///
    /// # Errors
    ///
    /// Fails when the hours of a day are not in their order or not on the clock, and when the desk never opens.
    pub(super) fn new(opening: &OpeningHours, arrivals: &ArrivalPattern) -> Result<Self, StaffingError> {
        let mut week = Self { stretches: Vec::new(), business_hours: 0.0 };
        for (weekday, (open, rates)) in opening.days.iter().zip(&arrivals.per_hour).enumerate() {
            let (from, to) = open.map_or((24.0, 24.0), |open| (open.from_hour, open.to_hour));
            if !(0.0..=24.0).contains(&from) {
                return Err(StaffingError::BadNumber { what: "an opening hour", rule: "from 0 to 24", value: from });
            }
            if open.is_some() && !(to > from && to <= 24.0) {
                return Err(StaffingError::BadNumber { what: "a closing hour", rule: "after opening and at most 24", value: to });
            }
            for (hour, rate) in rates.iter().enumerate() {
                let (start, end) = (float(hour), float(hour + 1));
                let (opens, closes) = (from.clamp(start, end), to.clamp(start, end));
                week.add(weekday, opens - start, *rate, false);
                week.add(weekday, closes - opens, *rate, true);
                week.add(weekday, end - closes, *rate, false);
            }
        }
        if week.business_hours > 0.0 { Ok(week) } else { Err(StaffingError::Missing { what: "business hour" }) }
    }

    fn add(&mut self, weekday: usize, hours: f64, rate_per_hour: f64, open: bool) {
        if hours > 0.0 {
            self.stretches.push(Stretch { weekday, hours, rate_per_hour, open, business_before: self.business_hours });
            self.business_hours += if open { hours } else { 0.0 };
        }
    }

    /// The business time, from the first week on, of a moment so many hours into a stretch. While the desk is closed
    /// it stands still, also from Sunday to Monday.
    pub(super) fn business_time(&self, week: usize, stretch: &Stretch, hours_in: f64) -> f64 {
        if !stretch.open && stretch.business_before == self.business_hours {
            return float(week + 1) * self.business_hours;
        }
        float(week) * self.business_hours + stretch.business_before + if stretch.open { hours_in } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::desk::OpenHours;
    use super::*;
    use crate::number::sum;

    #[test]
    fn hours_are_cut_at_opening_and_closing() -> Result<(), StaffingError> {
        let week = Week::new(&OpeningHours::weekdays(8.5, 17.25), &ArrivalPattern::constant(2.0))?;
        assert_eq!(week.business_hours, 5.0 * 8.75);
        assert_eq!(sum(week.stretches.iter().map(|stretch| stretch.hours)), 168.0);
        assert_eq!(sum(week.stretches.iter().filter(|stretch| stretch.open).map(|stretch| stretch.hours)), 5.0 * 8.75);
        assert_eq!(week.stretches.len(), 168 + 10);
        Ok(())
    }

    #[test]
    fn a_desk_may_open_and_close_within_one_hour() -> Result<(), StaffingError> {
        let mut opening = OpeningHours { days: [None; 7] };
        if let Some(day) = opening.days.first_mut() {
            *day = Some(OpenHours { from_hour: 9.25, to_hour: 9.75 });
        }
        let week = Week::new(&opening, &ArrivalPattern::constant(1.0))?;
        assert_eq!((week.business_hours, week.stretches.len()), (0.5, 170));
        Ok(())
    }

    #[test]
    fn business_time_stands_still_until_the_next_opening() -> Result<(), StaffingError> {
        let week = Week::new(&OpeningHours::weekdays(9.0, 17.0), &ArrivalPattern::constant(1.0))?;
        let (first, last) = (week.stretches.first(), week.stretches.last());
        assert_eq!(first.map(|stretch| week.business_time(3, stretch, 0.5)), Some(120.0));
        assert_eq!(last.map(|stretch| week.business_time(2, stretch, 0.5)), Some(120.0));
        Ok(())
    }

    #[test]
    fn hours_that_are_none_are_refused() {
        let arrivals = ArrivalPattern::constant(1.0);
        for (from, to) in [(17.0, 9.0), (9.0, 9.0), (-1.0, 9.0), (9.0, 25.0), (f64::NAN, 9.0), (9.0, f64::NAN)] {
            assert!(
                matches!(Week::new(&OpeningHours::weekdays(from, to), &arrivals), Err(StaffingError::BadNumber { .. })),
                "{from} {to}"
            );
        }
        assert!(matches!(Week::new(&OpeningHours { days: [None; 7] }, &arrivals), Err(StaffingError::Missing { .. })));
    }
}
