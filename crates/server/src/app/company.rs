//! The provider's own settings: company, rate card, business hours, holidays. They are its `provider.toml`, written anew.

use quarterhour_billing::{Currency, Period, Words};
use quarterhour_books::provider::Provider;
use quarterhour_books::setup;
use quarterhour_store::statements::{closing, counter, provider};
use serde::{Deserialize, Serialize};

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::stored::BOOKS_VERSION;
use crate::app::toml_text::{TomlText, date, quoted, whole};
use crate::error::{AppError, FieldProblem};

/// The keys of the company's texts, in the order of the file.
pub const TEXTS: [&str; 15] = [
    "name",
    "street",
    "postcode",
    "city",
    "region",
    "country",
    "tax_id",
    "email",
    "phone",
    "website",
    "bank",
    "terms",
    "payment_days",
    "currency",
    "time_zone",
];
/// The days of a week as the file names them.
pub const WEEKDAYS: [(&str, &str); 7] = [
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
];

/// A row of the rate card as somebody types it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateRow {
    /// For one tier; empty: for all.
    pub tier: String,
    /// For one work type; empty: for all.
    pub work_type: String,
    /// Money an hour.
    pub hourly: String,
}

/// The provider's settings as somebody types them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSettings {
    /// The texts of [`TEXTS`].
    pub texts: [String; 15],
    /// Hours of each weekday, such as `08:00-12:00, 13:00-18:00`; empty: closed.
    pub hours: [String; 7],
    /// Days without business hours.
    pub holidays: Vec<String>,
    /// The rate card.
    pub rates: Vec<RateRow>,
}

/// The provider's settings with what pages say about them.
#[derive(Clone, Debug)]
pub struct SettingsView {
    /// The settings.
    pub settings: ProviderSettings,
    /// The currency.
    pub currency: Currency,
    /// Tiers and work types in use.
    pub words: Vec<String>,
    /// The earliest period that is open for any client; none: nothing is issued yet.
    pub open_from: Option<Period>,
}

impl ProviderSettings {
    /// A text by its key.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        let position = TEXTS.iter().position(|other| *other == key);
        position.and_then(|position| self.texts.get(position)).map_or("", String::as_str)
    }

    /// Changes a text by its key.
    pub fn set_text(&mut self, key: &str, value: &str) {
        let position = TEXTS.iter().position(|other| *other == key);
        if let Some(text) = position.and_then(|position| self.texts.get_mut(position)) {
            value.trim().clone_into(text);
        }
    }

    /// Reads the settings of a file that was accepted before.
    ///
    /// # Errors
    ///
    /// Fails for a text that is no TOML.
    pub fn read(text: &str) -> Result<Self, AppError> {
        let table: toml::Table = toml::from_str(text).map_err(|error| AppError::fault(error.message()))?;
        let mut settings = Self::default();
        for key in TEXTS {
            settings.set_text(key, &table.get(key).map(plain).unwrap_or_default());
        }
        if settings.text("payment_days").is_empty() {
            settings.set_text("payment_days", "14");
        }
        if let Some(hours) = table.get("hours").and_then(toml::Value::as_table) {
            settings.hours = WEEKDAYS.map(|(key, _)| hours.get(key).map(plain).unwrap_or_default());
        }
        let list = |key: &str| table.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
        settings.holidays = list("holidays").iter().map(plain).collect();
        settings.holidays.sort();
        let rate = |value: &toml::Value| {
            let key = |key: &str| value.get(key).map(plain).unwrap_or_default();
            RateRow { tier: key("tier"), work_type: key("work_type"), hourly: key("hourly") }
        };
        settings.rates = list("rate").iter().map(rate).collect();
        Ok(settings)
    }

    /// The file's text, with the field of each line.
    fn write(&self) -> TomlText {
        let mut toml = TomlText::default();
        for (key, text) in TEXTS.into_iter().zip(&self.texts).filter(|(_, text)| !text.is_empty()) {
            toml.key(key, key, &if key == "payment_days" { whole(text) } else { quoted(text) });
        }
        if !self.holidays.is_empty() {
            toml.add("holidays", "holidays = [");
            for (row, day) in self.holidays.iter().enumerate() {
                toml.add(&format!("holidays.{row}"), &format!("    {},", date(day)));
            }
            toml.add("holidays", "]");
        }
        toml.head("hours", "[hours]");
        for ((key, _), hours) in WEEKDAYS.into_iter().zip(&self.hours).filter(|(_, hours)| !hours.is_empty()) {
            toml.key(&format!("hours.{key}"), key, &quoted(&hours.replace(' ', "")));
        }
        for (row, rate) in self.rates.iter().enumerate() {
            toml.head(&format!("rate.{row}"), "[[rate]]");
            for (key, value) in [("tier", &rate.tier), ("work_type", &rate.work_type), ("hourly", &rate.hourly)] {
                if !value.is_empty() {
                    toml.key(&format!("rate.{row}.{key}"), key, &quoted(value));
                }
            }
        }
        toml
    }

    /// The file's text, once the reader of the books accepts it.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field.
    pub fn to_text(&self) -> Result<(String, Provider), AppError> {
        let toml = self.write();
        let read = setup::read_provider_text(&toml.text, &mut Words::default());
        let provider = read.map_err(|problems| AppError::Invalid(problems.iter().map(|it| at_field(&toml, it)).collect()))?;
        Ok((toml.text, provider))
    }
}

/// A key that is missing altogether has no line, so its name is in the message.
fn at_field(toml: &TomlText, problem: &quarterhour_books::Problem) -> FieldProblem {
    let found = toml.at_field(problem, 0);
    if !found.field.is_empty() {
        return found;
    }
    match found.message.strip_prefix('`').and_then(|rest| rest.split_once("` is missing")) {
        Some((key, expected)) => FieldProblem::new(key, format!("missing{expected}")),
        None if found.message.starts_with("no default rate") => {
            FieldProblem::new("rate", "no default rate; expected one row with neither tier nor work type")
        }
        None => found,
    }
}

/// A value as somebody would type it.
fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Datetime(date) => date.to_string(),
        _ => String::new(),
    }
}

impl Context {
    /// The provider's settings.
    ///
    /// # Errors
    ///
    /// Refuses who may not change them.
    pub fn provider_settings(&self, actor: &Actor) -> Result<SettingsView, AppError> {
        actor.require(Permission::ManageSettings)?;
        let books = self.books()?;
        let closed = self.store.read(|tx| closing::list_last(tx, books.provider_id))?;
        let open_from = closed.iter().filter_map(|row| Period::parse(&row.period)).min().map(Period::next);
        Ok(SettingsView {
            settings: ProviderSettings::read(&books.provider_text)?,
            currency: books.setup.provider.currency,
            words: books.setup.words.all().map(|(_, name)| name.to_owned()).collect(),
            open_from,
        })
    }

    /// Changes the provider's settings; what an edit leaves alone stays as it is.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field; nothing is saved then.
    pub fn change_provider(
        &self,
        actor: &Actor,
        what: &str,
        edit: impl FnOnce(&mut ProviderSettings) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        actor.require(Permission::ManageSettings)?;
        self.store.write(|tx| {
            counter::next_number(tx, actor.provider, BOOKS_VERSION)?;
            let row = provider::find(tx, actor.provider)?.ok_or_else(|| AppError::not_found("provider"))?;
            let before = ProviderSettings::read(&row.settings_toml)?;
            let mut after = before.clone();
            edit(&mut after)?;
            let (text, read) = after.to_text()?;
            if before.text("currency") != after.text("currency") && !closing::list_last(tx, actor.provider)?.is_empty() {
                let message = format!(
                    "statements were issued in {}; expected it to stay, give a client a currency of its own instead",
                    before.text("currency")
                );
                return Err(AppError::field("currency", message));
            }
            provider::update_settings(tx, actor.provider, &read.name, &text)?;
            self.record(tx, actor, Change::new("changed", "settings", what).before(&before).after(&after))?;
            Ok::<_, AppError>(())
        })?;
        self.books_changed();
        Ok(())
    }
}

/// Dates in a text, whatever stands between them.
///
/// # Errors
///
/// Names the first word that is no date.
pub fn dates_in(text: &str) -> Result<Vec<String>, AppError> {
    let mut dates = Vec::new();
    for word in text.split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';')).filter(|word| !word.is_empty()) {
        let parsed: Option<jiff::civil::Date> = word.parse().ok();
        let Some(date) = parsed.filter(|date| date.to_string() == word) else {
            return Err(AppError::field("holidays", format!("`{word}`; expected dates such as 2026-12-25")));
        };
        dates.push(date.to_string());
    }
    Ok(dates)
}

/// Business hours in a sentence: `Monday to Thursday 08:00-18:00, Friday 08:00-17:00; closed on Saturday and Sunday.`
#[must_use]
pub fn hours_sentence(hours: &[String; 7]) -> String {
    let mut groups: Vec<(usize, usize, &str)> = Vec::new();
    for (day, text) in hours.iter().enumerate() {
        match groups.last_mut() {
            Some((_, last, other)) if *other == text && *last + 1 == day => *last = day,
            _ => groups.push((day, day, text)),
        }
    }
    let name = |day: usize| WEEKDAYS.get(day).map_or("", |(_, name)| name);
    let days = |first: usize, last: usize| match last - first {
        0 => name(first).to_owned(),
        1 => format!("{} and {}", name(first), name(last)),
        _ => format!("{} to {}", name(first), name(last)),
    };
    let open = groups.iter().filter(|(.., text)| !text.is_empty());
    let open: Vec<String> =
        open.map(|(first, last, text)| format!("{} {}", days(*first, *last), text.replace(',', " and "))).collect();
    let closed = groups.iter().filter(|(.., text)| text.is_empty());
    let closed: Vec<String> = closed.map(|(first, last, _)| days(*first, *last)).collect();
    match (open.is_empty(), closed.is_empty()) {
        (true, _) => "No business hours: all work is after hours.".to_owned(),
        (false, true) => format!("Business hours are {}.", open.join(", ")),
        (false, false) => format!("Business hours are {}; closed on {}.", open.join(", "), closed.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"Northgate IT\"\ncurrency = \"USD\"\ntime_zone = \"America/New_York\"\nholidays = [2026-12-25, 2026-01-01]\n\
                        bank = \"First \\\"Bank\\\"\"\n[hours]\nmon = \"08:00-12:00,13:00-18:00\"\ntue = \"08:00-18:00\"\nwed = \"08:00-18:00\"\n\
                        [[rate]]\nhourly = 125\n[[rate]]\ntier = \"senior\"\nhourly = \"185.00\"\n";

    #[test]
    fn settings_are_written_as_they_were_read() {
        let settings = ProviderSettings::read(TEXT).expect("settings");
        let (text, provider) = settings.to_text().expect("a text");
        assert_eq!((provider.name.as_str(), provider.payment_days), ("Northgate IT", 14));
        assert_eq!(ProviderSettings::read(&text).expect("settings"), settings);
        assert_eq!(
            hours_sentence(&settings.hours),
            "Business hours are Monday 08:00-12:00 and 13:00-18:00, Tuesday and Wednesday 08:00-18:00; closed on Thursday to Sunday."
        );
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        let mut settings = ProviderSettings::read(TEXT).expect("settings");
        settings.set_text("name", "");
        settings.set_text("payment_days", "soon");
        settings.hours = std::array::from_fn(|day| if day == 1 { "8-17".to_owned() } else { String::new() });
        settings.holidays.push("2026-02-30".to_owned());
        settings.rates.remove(0);
        settings.rates.push(RateRow { tier: "helpdesk".to_owned(), ..RateRow::default() });
        let Err(AppError::Invalid(problems)) = settings.to_text() else { unreachable!("expected problems") };
        let mut fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["holidays.2", "hours.tue", "name", "payment_days", "rate", "rate.1.hourly"], "{problems:?}");
    }

    #[test]
    fn pasted_dates_are_found_between_anything() {
        assert_eq!(dates_in("2026-12-25, 2027-01-01\n2027-07-04;").expect("dates"), ["2026-12-25", "2027-01-01", "2027-07-04"]);
        assert!(dates_in("Christmas").is_err());
    }
}
