//! The id of a provider, which every statement takes first.

use std::fmt;

use uuid::Uuid;

/// Who runs the support programs. All rows of a provider carry its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderId(pub Uuid);

impl fmt::Display for ProviderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
