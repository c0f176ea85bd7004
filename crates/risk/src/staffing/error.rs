//! What can be wrong with a question about staffing, and the checks that say so. It computes nothing.

/// Why a question about staffing has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StaffingError {
    /// A number that makes no sense.
    #[error("{what} must be {rule}, but it is {value}")]
    BadNumber {
        /// What the number is.
        what: &'static str,
        /// What it has to be.
        rule: &'static str,
        /// What it is.
        value: f64,
    },
    /// Something that is needed was not given.
    #[error("there must be at least one {what}")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// A count beyond what can be reckoned with.
    #[error("{count} {what} are more than the {most} that can be reckoned with")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: f64,
        /// How many there may be.
        most: f64,
    },
    /// More work arrives than can be done, so the queue grows without end.
    #[error("there is work for {load} technicians and there are {servers}: the queue grows without end")]
    Overloaded {
        /// The technicians that the work would keep busy all the time, in erlangs.
        load: f64,
        /// The technicians there are.
        servers: usize,
    },
    /// The work can be done, but by so little that the steady state is too far away to be found.
    #[error("there is work for {load} technicians and there are {servers}: the queue is too long to be reckoned with")]
    NearlyOverloaded {
        /// The technicians that the work would keep busy all the time, in erlangs.
        load: f64,
        /// The technicians there are.
        servers: usize,
    },
    /// A tier with work that nobody can take.
    #[error("tier `{tier}` has work, but nobody serves it")]
    NobodyServes {
        /// The tier.
        tier: String,
    },
    /// A name that is not among the tiers.
    #[error("there is no tier `{name}`")]
    UnknownTier {
        /// The name.
        name: String,
    },
    /// A name that two tiers have.
    #[error("there are two tiers `{name}`")]
    TwoTiers {
        /// The name.
        name: String,
    },
    /// A tier of which nobody knows what a technician costs.
    #[error("tier `{tier}` has no post")]
    NoPost {
        /// The tier.
        tier: String,
    },
    /// A tier with two posts.
    #[error("tier `{tier}` has two posts")]
    TwoPosts {
        /// The tier.
        tier: String,
    },
    /// No staffing that was tried reaches the target.
    #[error("even {technicians} technicians do not reach the target")]
    TargetOutOfReach {
        /// The largest staffing that was tried.
        technicians: usize,
    },
}

/// A finite number, nought or above.
pub(super) fn not_negative(what: &'static str, value: f64) -> Result<f64, StaffingError> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(StaffingError::BadNumber { what, rule: "a number, nought or above", value })
    }
}

/// A finite number above nought.
pub(super) fn above_nought(what: &'static str, value: f64) -> Result<f64, StaffingError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(StaffingError::BadNumber { what, rule: "a number above nought", value })
    }
}

/// A share from nought to one, both included.
pub(super) fn share(what: &'static str, value: f64) -> Result<f64, StaffingError> {
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(StaffingError::BadNumber { what, rule: "a share from 0 to 1", value }) }
}

/// A share below one: what a queue can reach with finitely many servers.
pub(super) fn reachable_share(what: &'static str, value: f64) -> Result<f64, StaffingError> {
    if (0.0..1.0).contains(&value) {
        Ok(value)
    } else {
        Err(StaffingError::BadNumber { what, rule: "a share from 0 to below 1", value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_number_says_what_it_is() {
        let error = not_negative("the arrival rate", f64::NAN).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("the arrival rate must be a number, nought or above, but it is NaN"));
        assert!(above_nought("x", 0.0).is_err() && above_nought("x", f64::INFINITY).is_err() && above_nought("x", 1e-300).is_ok());
        assert!(share("x", 1.0).is_ok() && share("x", -0.1).is_err() && share("x", f64::NAN).is_err());
        assert!(reachable_share("x", 1.0).is_err() && reachable_share("x", 0.0).is_ok());
    }
}
