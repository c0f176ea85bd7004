//! How a client stands in its running month: near its allowance, over it, about to lose time. Words for a forecast.

use crate::app::live::{Forecast, Reserve, Summary};
use crate::app::money;
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
        let reserve = now.funded_reserve();
        match self {
            Self::Near if reserve.is_some() => reserve.is_some_and(|reserve| reserve.left() > 0 && near_reserve(client, reserve)),
            Self::Over if reserve.is_some() => reserve.is_some_and(|reserve| reserve.left() <= 0),
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

/// Is a reserve nearly used up, or on the way there?
#[must_use]
pub fn near_reserve(client: &Summary, reserve: &Reserve) -> bool {
    let dry = client.reserve_forecast.is_some_and(|forecast| forecast.exhausted_on.is_some());
    reserve.percent_used() >= NEAR_PERCENT || dry
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

/// How the running period is likely to end, in a few words; empty where nothing runs down. Of a reserve it names no money:
/// not everybody who sees the list may see that.
#[must_use]
pub fn forecast_words(client: &Summary) -> String {
    let Some(now) = client.now.as_ref() else { return String::new() };
    let month = now.first_day.strftime("%b");
    let dry = |forecast: &Forecast| forecast.exhausted_on.map(|day| day.date().day());
    if let Some(reserve) = now.funded_reserve() {
        let Some(forecast) = client.reserve_forecast else { return "too early to say".to_owned() };
        return match dry(&forecast) {
            Some(day) if forecast.is_exhausted => format!("used up on {day} {month}"),
            Some(day) => format!("dry on {day} {month}"),
            None if forecast.is_exhausted => "used up".to_owned(),
            None => format!("{} % unused", forecast.unused * 100 / reserve.put),
        };
    }
    if !now.draws_time {
        return String::new();
    }
    let Some(forecast) = client.forecast else { return "too early to say".to_owned() };
    match dry(&forecast) {
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

/// What becomes of a reserve by the end of the period.
fn reserve_sentence(client: &Summary, reserve: &Reserve) -> String {
    let Some(forecast) = client.reserve_forecast else { return "It is too early in the month for a forecast.".to_owned() };
    let shown = |amount: i64| money::shown(amount, client.currency);
    let day = forecast.exhausted_on.map(|day| format!(" on {}", crate::dates::near(&day.date()))).unwrap_or_default();
    if forecast.is_exhausted {
        return match reserve.beyond {
            0 => format!("The reserve was used up{day}; further work is billed on top."),
            beyond => format!("The reserve was used up{day}; {} of work is billed on top so far.", shown(beyond)),
        };
    }
    if day.is_empty() {
        return format!("At this pace {} of the reserve are left at the end of the month.", shown(forecast.unused));
    }
    format!("At this pace the reserve is used up{day}, and {} are billed on top by the end of the month.", shown(forecast.overage))
}

/// As [`forecast_words`], as a sentence for the client's own page.
#[must_use]
pub fn forecast_sentence(client: &Summary) -> String {
    let Some(now) = client.now.as_ref() else { return "Nothing is agreed or logged this month.".to_owned() };
    if let Some(reserve) = now.funded_reserve() {
        return reserve_sentence(client, reserve);
    }
    if !now.draws_time {
        return match now.report.agreement {
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
