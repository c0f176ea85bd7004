//! Moments as people read them, in the provider's time zone.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::app::context::App;

/// How moments are written.
#[derive(Clone, Debug)]
pub struct Moments {
    zone: TimeZone,
    now: Timestamp,
}

impl Moments {
    /// In the provider's time zone.
    #[must_use]
    pub fn of(app: &App) -> Self {
        let name = app.books().map(|books| books.setup.provider.time_zone.clone()).unwrap_or_default();
        let zone = TimeZoneDatabase::bundled().get(&name).unwrap_or(TimeZone::UTC);
        Self { zone, now: app.clock.now() }
    }

    /// The time zone.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// As `25 Nov 2026, 14:03`.
    #[must_use]
    pub fn at(&self, at: &Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%-d %b %Y, %H:%M").to_string()
    }

    /// As `25 Nov 2026`.
    #[must_use]
    pub fn day(&self, at: &Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%-d %b %Y").to_string()
    }

    /// How long ago, as far as a day; then the day.
    #[must_use]
    pub fn ago(&self, at: &Timestamp) -> String {
        match self.now.as_second() - at.as_second() {
            ..90 => "just now".to_owned(),
            seconds @ 90..3600 => format!("{} minutes ago", seconds / 60),
            3600..7200 => "an hour ago".to_owned(),
            seconds @ 7200..86_400 => format!("{} hours ago", seconds / 3600),
            _ => self.day(at),
        }
    }

    /// How long ago, or `never`.
    #[must_use]
    pub fn ago_or_never(&self, at: &Option<Timestamp>) -> String {
        at.as_ref().map_or_else(|| "never".to_owned(), |at| self.ago(at))
    }
}

/// What a browser is, from what it says about itself: `Firefox on Linux`.
#[must_use]
pub fn browser_name(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 8] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |list: &[(&str, &'static str)]| list.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("A browser on {system}"),
        (None, None) if agent.is_empty() => "An unknown browser".to_owned(),
        (None, None) => agent.split(['/', ' ']).next().unwrap_or(agent).chars().take(30).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
        assert_eq!(browser_name(chrome), "Chrome on Linux");
        assert_eq!(browser_name("curl/8.5.0"), "curl");
        assert_eq!(browser_name(""), "An unknown browser");
    }
}
