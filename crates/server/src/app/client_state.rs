//! How a client stands in its running month: near its allowance, over it, about to lose time. Words for a forecast.

use crate::app::live::Summary;
use crate::hours::hours;

/// From this percentage on a client is near its allowance.
const NEAR_PERCENT: i64 = 90;
/// Hours that will be lost are worth a look this many business days before the end.
const LOSING_BUSINESS_DAYS: usize = 8;
/// And from this much on, in seconds and in percent of the pool.
const LOSING_SECONDS: i64 = 1800;
const LOSING_PERCENT: i64 = 25;

/// What a list can show alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientState {
    /// Close to the end of the prepaid time, or on the way past it.
    Near,
    /// Beyond it.
    Over,
    /// About to lose unused time.
    Losing,
    /// Without an agreement today.
    NoAgreement,
}

impl ClientState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Near, Self::Over, Self::Losing, Self::NoAgreement];

    /// Its name in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Near => "near",
            Self::Over => "over",
            Self::Losing => "losing",
            Self::NoAgreement => "no-agreement",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Near => "Near the limit",
            Self::Over => "Over",
            Self::Losing => "Losing hours",
            Self::NoAgreement => "No agreement",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Is a client in it?
    #[must_use]
    pub fn has(self, client: &Summary) -> bool {
        let Some(now) = &client.now else { return self == Self::NoAgreement };
        match self {
            Self::Near => {
                let dry = client.forecast.is_some_and(|forecast| forecast.exhausted_on.is_some());
                now.draws_time && now.beyond() == 0 && now.available() > 0 && (now.percent_used() >= NEAR_PERCENT || dry)
            }
            Self::Over => now.draws_time && now.beyond() > 0,
            Self::Losing => losing(client) > 0,
            Self::NoAgreement => now.report.agreement.is_none(),
        }
    }
}

/// Seconds that will be lost at the end of the running period at this pace; 0 when there is still time to use them.
#[must_use]
pub fn losing(client: &Summary) -> i64 {
    let Some(now) = client.now.as_ref().filter(|now| now.draws_time) else { return 0 };
    if client.business_days_left > LOSING_BUSINESS_DAYS {
        return 0;
    }
    // What the close would forfeit if nobody worked any more, less the work that is to be expected.
    let unused = client.forecast.map_or(now.left(), |forecast| forecast.unused);
    let lost = now.time().forfeited.min(unused).max(0);
    if lost >= LOSING_SECONDS && lost * 100 >= now.available() * LOSING_PERCENT { lost } else { 0 }
}

/// How the running period is likely to end, in a few words; empty where no pool is drawn.
#[must_use]
pub fn forecast_words(client: &Summary) -> String {
    let Some(now) = client.now.as_ref().filter(|now| now.draws_time) else { return String::new() };
    let Some(forecast) = client.forecast else { return "too early to say".to_owned() };
    let dry = forecast.exhausted_on.map(|day| day.date().day());
    let month = now.first_day.strftime("%b");
    match dry {
        Some(day) if forecast.is_exhausted => format!("used up on {day} {month}"),
        Some(day) => format!("dry on {day} {month}, {} over", hours(forecast.overage / 60 * 60)),
        None if forecast.is_exhausted => "used up".to_owned(),
        None => format!("{} unused", hours(forecast.unused / 60 * 60)),
    }
}

/// What a month has beside pools of time, in words: charged, included or kept by the client's own staff.
#[must_use]
pub fn beside_words(time: &quarterhour_billing::TimeTotals) -> String {
    let kinds = [(time.charged, "charged"), (time.included, "included"), (time.internal, "by own staff")];
    let kinds = kinds.into_iter().filter(|(seconds, _)| *seconds > 0).map(|(seconds, word)| format!("{} {word}", hours(seconds)));
    kinds.collect::<Vec<_>>().join(", ")
}

/// As [`forecast_words`], as a sentence for the client's own page.
#[must_use]
pub fn forecast_sentence(client: &Summary) -> String {
    let Some(now) = client.now.as_ref() else { return "Nothing is agreed or logged this month.".to_owned() };
    if !now.draws_time {
        return match now.report.agreement {
            Some(_) if now.report.reserve.is_some() => {
                "Work is taken from a reserve of money; what it does not cover is billed.".to_owned()
            }
            Some(_) => "The agreement has no pools of time: nothing runs down.".to_owned(),
            None => "No agreement is in force: work is charged by the rate card.".to_owned(),
        };
    }
    let Some(forecast) = client.forecast else { return "It is too early in the month for a forecast.".to_owned() };
    let month = now.first_day.strftime("%b");
    let over = hours(forecast.overage / 60 * 60);
    match forecast.exhausted_on.map(|day| day.date().day()) {
        Some(day) if forecast.is_exhausted => {
            format!("Used up on {day} {month}; at this pace {over} of overage at the end of the month.")
        }
        Some(day) => format!("At this pace the pools run dry on {day} {month}, with {over} of overage at the end of the month."),
        None if forecast.is_exhausted => format!("Used up; at this pace {over} of overage at the end of the month."),
        None => {
            let (unused, lost) = (hours(forecast.unused / 60 * 60), losing(client));
            match lost {
                0 => format!("At this pace {unused} are left at the end of the month."),
                _ if lost >= forecast.unused => format!("At this pace {unused} are lost at the end of the month."),
                _ => format!("At this pace {unused} are left at the end of the month, and {} of that is lost.", hours(lost / 60 * 60)),
            }
        }
    }
}
