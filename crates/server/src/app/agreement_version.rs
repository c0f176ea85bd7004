//! The versions of a client's agreements with their dates, as pages show them. It changes nothing.

use jiff::Timestamp;
use quarterhour_billing::{Currency, Day};
use serde::Serialize;
use uuid::Uuid;

use crate::app::agreement::fits_name;
use crate::app::agreement_form::AgreementForm;
use crate::app::agreement_words::ClauseWords;

/// Where an agreement stands in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It has not begun.
    Future,
    /// It is in force today.
    InForce,
    /// It is over.
    Ended,
}

impl Standing {
    /// Its name for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Future => "planned",
            Self::InForce => "in force",
            Self::Ended => "ended",
        }
    }

    /// The tone in which it is shown.
    #[must_use]
    pub fn tone(self) -> &'static str {
        match self {
            Self::Future => "night",
            Self::InForce => "good",
            Self::Ended => "lost",
        }
    }
}

/// One version among the agreements of a client.
#[derive(Clone, Debug, Serialize)]
pub struct Version {
    /// Its name.
    pub name: String,
    /// Its program.
    pub program: &'static str,
    /// The first day in force.
    pub starts: Day,
    /// The first day no longer in force.
    pub ends: Option<Day>,
    /// Where it stands today.
    pub standing: Standing,
    /// Is a period issued in which it was in force?
    pub is_locked: bool,
    /// Who changed it last, and when.
    pub changed: Option<(String, Timestamp)>,
}

impl Version {
    /// Is it over?
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.standing == Standing::Ended
    }

    /// Who changed it last, and on which day of a time zone.
    #[must_use]
    pub fn last_change(&self, zone: &str) -> String {
        let words = |(who, at): &(String, Timestamp)| format!("{who}, {}", crate::dates::day_in(*at, zone));
        self.changed.as_ref().map_or_else(|| "as imported".to_owned(), words)
    }
}

/// The agreements of a client.
#[derive(Clone, Debug)]
pub struct Versions {
    /// The client's id.
    pub client_id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub client: String,
    /// What it pays in.
    pub currency: Currency,
    /// The local day.
    pub today: Day,
    /// The first day that is not issued; none: everything is open.
    pub first_open: Option<Day>,
    /// The versions, the latest first.
    pub versions: Vec<Version>,
}

impl Versions {
    /// The version of a name.
    #[must_use]
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// The day from which a change applies unless another is asked for: the first day of the next period.
    #[must_use]
    pub fn usual_start(&self) -> Day {
        let next = self.today.period().next().first_day();
        self.first_open.map_or(next, |first| first.max(next))
    }

    /// A name that is free for a version that starts on a day: `acme-2026-12`.
    #[must_use]
    pub fn free_name(&self, starts: Day, is_taken: impl Fn(&str) -> bool) -> String {
        // Names are in file names and links; codes may have any letters.
        let code: String = self.code.chars().filter(|letter| fits_name(*letter)).collect();
        let code = if code.trim_start_matches('.').is_empty() { "agreement".to_owned() } else { code };
        let plain = if self.versions.is_empty() { code } else { format!("{code}-{}", starts.period()) };
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        std::iter::once(plain.clone()).chain(numbered.take(99)).find(|name| !is_taken(name)).unwrap_or(plain)
    }
}

/// One agreement, to be read or edited.
#[derive(Clone, Debug)]
pub struct AgreementView {
    /// The version among the client's.
    pub version: Version,
    /// Its text.
    pub text: String,
    /// Tells this text from a later one.
    pub seen: String,
    /// Its clauses in plain words.
    pub clauses: Vec<ClauseWords>,
    /// Its form.
    pub form: AgreementForm,
    /// May blocks be bought under it?
    pub takes_blocks: bool,
}
