//! What all commands share: where the data is, how much is said, what day it is.

use jiff::civil::Date;

use crate::show::out::err;

/// One run of the program.
pub struct Session {
    /// The database: a file or an address.
    pub db: String,
    /// Say only results and errors.
    pub quiet: bool,
}

impl Session {
    /// Says a sentence on standard error, unless quiet.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            err(text);
        }
    }

    /// Today, by the machine's clock and time zone.
    pub fn today(&self) -> Date {
        let now = jiff::Timestamp::now();
        now.to_zoned(jiff::tz::TimeZone::try_system().unwrap_or(jiff::tz::TimeZone::UTC)).date()
    }
}
