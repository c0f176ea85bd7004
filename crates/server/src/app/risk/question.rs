//! What is asked of a comparison: a client as it is or as it might be, prices, and agreements that somebody drafted.

use quarterhour_risk::fit::severity::Family;
use quarterhour_risk::portfolio::Seats;
use quarterhour_risk::standard::{Pricing, PricingError};
use serde::{Deserialize, Serialize};

use crate::error::{AppError, Ranges, Shares};

/// What is asked: a client as it is, or as it might be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// All draws follow from it.
    pub seed: u64,
    /// Workstations; none: as many as today.
    pub workstations: Option<u32>,
    /// Servers; none: as many as today.
    pub servers: Option<u32>,
    /// Tickets a workstation, as a factor of what is expected.
    pub tickets: f64,
    /// Hours a ticket, as a factor.
    pub hours: f64,
    /// Server crashes, as a factor.
    pub crashes: f64,
    /// Viruses a year that reach every workstation.
    pub viruses: f64,
    /// Hours a workstation that one takes.
    pub virus_hours: f64,
    /// Growth of tickets a year, a share of one; below nought for shrinking.
    pub growth: f64,
    /// Months of the year as the past shows them, where it does; else all alike.
    pub seasons: bool,
    /// No ticket takes longer than so many hours; none: as they were.
    pub longest: Option<f64>,
    /// The law of a ticket's hours, fitted to the client's own; none: the tickets as they were.
    pub law: Option<HoursLaw>,
    /// How programs are priced.
    pub pricing: Pricing,
    /// Standard error of every P95, as a share of it.
    pub precision: f64,
}

/// A law of a ticket's hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HoursLaw {
    /// Memoryless.
    Exponential,
    /// The logarithm is normal: the usual one for service desks.
    Lognormal,
    /// With a lighter tail.
    Gamma,
    /// With a tail of any weight.
    Weibull,
    /// Burr XII, with a heavy tail.
    BurrXii,
}

impl HoursLaw {
    /// All laws with their names.
    pub const ALL: [(&'static str, Self); 5] = [
        ("exponential", Self::Exponential),
        ("lognormal", Self::Lognormal),
        ("gamma", Self::Gamma),
        ("weibull", Self::Weibull),
        ("burr-xii", Self::BurrXii),
    ];

    /// The law of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(own, _)| *own == name).map(|(_, law)| law)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, law)| *law == self).map_or("", |(name, _)| name)
    }

    pub(super) fn family(self) -> Family {
        match self {
            Self::Exponential => Family::Exponential,
            Self::Lognormal => Family::Lognormal,
            Self::Gamma => Family::Gamma,
            Self::Weibull => Family::Weibull,
            Self::BurrXii => Family::Burr,
        }
    }
}

impl Default for Question {
    fn default() -> Self {
        Self {
            seed: 1,
            workstations: None,
            servers: None,
            tickets: 1.0,
            hours: 1.0,
            crashes: 1.0,
            viruses: 0.02,
            virus_hours: 0.75,
            growth: 0.0,
            seasons: false,
            longest: None,
            law: None,
            pricing: Pricing::default(),
            precision: 0.01,
        }
    }
}

impl Question {
    /// Refuses numbers that make no sense.
    ///
    /// # Errors
    ///
    /// Names each field, and what was expected.
    pub fn checked(&self, shares: Shares) -> Result<(), AppError> {
        let mut ranges = Ranges::new(shares);
        ranges.within("workstations", f64::from(self.workstations.unwrap_or(0)), 0.0, 5_000.0);
        ranges.within("servers", f64::from(self.servers.unwrap_or(0)), 0.0, 1_000.0);
        ranges.share("tickets", self.tickets, 0.0, 100.0);
        ranges.share("hours", self.hours, 0.01, 100.0);
        ranges.within("crashes", self.crashes, 0.0, 1_000.0);
        ranges.within("viruses", self.viruses, 0.0, 50.0);
        ranges.within("virus_hours", self.virus_hours, 0.01, 40.0);
        ranges.share("growth", self.growth, -0.9, 5.0);
        ranges.within("longest", self.longest.unwrap_or(1.0), 0.1, 1_000.0);
        ranges.within("precision", self.precision, 0.0005, 0.5);
        if let Err(error) = self.pricing.checked() {
            let PricingError { field, value, low, high, is_share } = error;
            if is_share { ranges.share(field, value, low, high) } else { ranges.within(field, value, low, high) }
        }
        ranges.checked()
    }
}

impl Question {
    /// The same with the machines of today.
    #[must_use]
    pub fn with_todays_devices(&self) -> Self {
        Self { workstations: None, servers: None, ..self.clone() }
    }

    /// What is assumed of the client that is not so today, in words: a client with so many seats as listed.
    #[must_use]
    pub fn assumed(&self, today: Seats) -> Vec<String> {
        let usual = Self::default();
        let mut said = Vec::new();
        let mut counted = |asked: Option<u32>, today: f64, one: &str| {
            if let Some(asked) = asked.filter(|asked| (f64::from(*asked) - today).abs() > 0.5) {
                said.push(format!("{} ({today:.0} today)", crate::hours::counted(usize::try_from(asked).unwrap_or(0), one)));
            }
        };
        counted(self.workstations, today.workstations, "workstation");
        counted(self.servers, today.servers, "server");
        let changes = [(self.tickets, "tickets"), (self.hours, "hours of a ticket")];
        for (factor, what) in changes.into_iter().filter(|(factor, _)| (factor - 1.0).abs() > 1e-9) {
            said.push(format!("{what} {:+.0}\u{a0}%", (factor - 1.0) * 100.0).replace('-', "\u{2212}"));
        }
        if self.growth.abs() > 1e-9 {
            let verb = if self.growth > 0.0 { "growing" } else { "shrinking" };
            said.push(format!("tickets {verb} by {:.0}\u{a0}% a year", self.growth.abs() * 100.0));
        }
        if (self.crashes - 1.0).abs() > 1e-9 {
            said.push(match self.crashes {
                crashes if crashes <= 0.0 => "no server crashes".to_owned(),
                crashes => format!("server crashes {crashes} times as often"),
            });
        }
        if (self.viruses - usual.viruses).abs() > 1e-9 || (self.virus_hours - usual.virus_hours).abs() > 1e-9 {
            said.push(match self.viruses {
                viruses if viruses <= 0.0 => "no viruses".to_owned(),
                viruses => format!("{viruses} viruses a year, {} a workstation", exact_hours(self.virus_hours)),
            });
        }
        if self.seasons {
            said.push("months of the year as in the years before".to_owned());
        }
        said.extend(self.longest.map(|hours| format!("no ticket longer than {}", exact_hours(hours))));
        said.extend(self.law.map(|law| format!("hours of a ticket by the {} law", law.name())));
        said
    }
}

/// Hours with all their digits: `1 hour`, `0.75 hours`.
pub(super) fn exact_hours(hours: f64) -> String {
    if (hours - 1.0).abs() < 1e-9 { "1 hour".to_owned() } else { format!("{hours} hours") }
}

/// An agreement that somebody drafted, beside the six programs.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is called.
    pub name: String,
    /// Its text, as in the books.
    pub text: String,
}
