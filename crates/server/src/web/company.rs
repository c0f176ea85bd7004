//! Company data, rate card, hours and holidays: forms over the provider's file.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::actor::Permission;
use crate::app::agreement_form::AgreementForm;
use crate::app::agreement_start::Vocabulary;
use crate::app::company::{ProviderSettings, RateRow, SettingsView, TEXTS, WEEKDAYS, dates_in, hours_sentence};
use crate::app::context::App;
use crate::app::seen::{as_marked, mark};
use crate::dates;
use crate::error::AppError;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// The routes.
#[must_use]
pub fn area() -> Area {
    let manage = Access::May(Permission::ManageSettings);
    Area::default()
        .get("/settings/company", manage, show_company)
        .post("/settings/company", manage, save_company)
        .get("/settings/rates", manage, show_rates)
        .post("/settings/rates", manage, save_rates)
        .get("/settings/calendar", manage, show_calendar)
        .post("/settings/calendar", manage, save_hours)
        .post("/settings/calendar/holidays", manage, add_holidays)
        .post("/settings/calendar/holidays/remove", manage, remove_holiday)
        .post("/settings/undo/{what}", manage, undo)
}

type Pairs = Form<Vec<(String, String)>>;

#[derive(Template)]
#[template(path = "settings/company.html")]
struct CompanyPage {
    frame: Frame,
    settings: ProviderSettings,
    problems: Problems,
    has_logo: bool,
    zones: Vec<String>,
    seen: String,
}

#[derive(Template)]
#[template(path = "settings/rates.html")]
struct RatesPage {
    frame: Frame,
    rates: Vec<RateRow>,
    currency: &'static str,
    open: String,
    vocabulary: Vocabulary,
    problems: Problems,
    seen: String,
}

#[derive(Template)]
#[template(path = "settings/calendar.html")]
struct CalendarPage {
    frame: Frame,
    settings: ProviderSettings,
    sentence: String,
    open: String,
    /// Holidays by year, the latest year first; each with its weekday.
    years: Vec<(String, Vec<(String, String)>)>,
    typed: String,
    problems: Problems,
    seen: String,
}

/// Which periods a change of rates or hours reaches.
fn open_words(view: &SettingsView) -> String {
    match view.open_from {
        Some(period) => format!(
            "Issued periods stay as they are. Open periods, from {} on, are billed by what is saved here.",
            dates::month(period)
        ),
        None => "Nothing is issued yet: all periods are billed by what is saved here.".to_owned(),
    }
}

/// Time zones as far as the machine's library knows them.
fn zones() -> Vec<String> {
    jiff::tz::TimeZoneDatabase::bundled().available().map(|zone| zone.as_str().to_owned()).collect()
}

async fn view(app: &App, here: &Here) -> Result<SettingsView, Failure> {
    let actor = here.actor();
    Ok(app.run(move |app| app.provider_settings(&actor)).await?)
}

async fn company_page(app: &App, here: &Here, problems: Problems) -> Result<CompanyPage, Failure> {
    let settings = view(app, here).await?.settings;
    let has_logo = app.run(|app| app.stored_logo()).await?.is_some();
    let (frame, seen) = (here.frame(app, "settings", "Company and logo"), mark(&texts(&settings)));
    Ok(CompanyPage { frame, settings, problems, has_logo, zones: zones(), seen })
}

/// The company's page with what is wrong with an upload.
pub(super) async fn show_problems(app: &App, here: &Here, error: AppError) -> Result<Response, Failure> {
    let page = company_page(app, here, Problems::of_error(error)?).await?;
    Ok(page_with_problems(page).into_response())
}

async fn show_company(State(app): State<App>, here: Here) -> Answer<CompanyPage> {
    page(company_page(&app, &here, Problems::default()).await?)
}

async fn save_company(State(app): State<App>, here: Here, Form(pairs): Pairs) -> Result<Response, Failure> {
    let (actor, typed) = (here.actor(), pairs.clone());
    let seen = seen_in(&pairs).to_owned();
    let saved = app.run(move |app| {
        app.change_provider(&actor, "company", |settings| {
            as_marked(&texts(settings), seen_in(&pairs))?;
            set_texts(settings, &pairs);
            Ok(())
        })
    });
    match saved.await {
        Ok(()) => {
            Ok(Done::at("/settings/company").saying_with_undo("The company was saved.", "/settings/undo/company").into_response())
        }
        Err(error) => {
            let mut page = company_page(&app, &here, Problems::of_error(error)?).await?;
            page.seen = page.problems.next_mark(page.seen, seen);
            set_texts(&mut page.settings, &typed);
            Ok(page_with_problems(page).into_response())
        }
    }
}

/// What the form of the company shows.
fn texts(settings: &ProviderSettings) -> Vec<&str> {
    TEXTS.iter().map(|name| settings.text(name)).collect()
}

/// The mark of what a form was opened with; empty without one.
fn seen_in(pairs: &[(String, String)]) -> &str {
    pairs.iter().find(|(name, _)| name == "seen").map_or("", |(_, mark)| mark.as_str())
}

fn set_texts(settings: &mut ProviderSettings, pairs: &[(String, String)]) {
    for (name, value) in pairs.iter().filter(|(name, _)| TEXTS.contains(&name.as_str())) {
        settings.set_text(name, value);
    }
}

async fn rates_page(app: &App, here: &Here, problems: Problems) -> Result<RatesPage, Failure> {
    let view = view(app, here).await?;
    let vocabulary = app.run(|app| app.vocabulary()).await?;
    Ok(RatesPage {
        frame: here.frame(app, "settings", "Rate card"),
        open: open_words(&view),
        currency: view.currency.code(),
        seen: mark(&view.settings.rates),
        rates: view.settings.rates,
        vocabulary,
        problems,
    })
}

async fn show_rates(State(app): State<App>, here: Here) -> Answer<RatesPage> {
    page(rates_page(&app, &here, Problems::default()).await?)
}

/// The rows of the rate card that say something.
fn rates_of(pairs: Vec<(String, String)>) -> Vec<RateRow> {
    let form = AgreementForm::from_pairs(pairs);
    let rows = form.rows("rate").into_iter().map(|row| format!("rate.{row}")).filter(|row| !form.is_blank(row));
    let text = |row: &str, key: &str| form.get(&format!("{row}.{key}")).to_owned();
    rows.map(|row| RateRow { tier: text(&row, "tier"), work_type: text(&row, "work_type"), hourly: text(&row, "hourly") }).collect()
}

async fn save_rates(State(app): State<App>, here: Here, Form(pairs): Pairs) -> Result<Response, Failure> {
    let adds = pairs.iter().any(|(name, _)| name == "add");
    let (actor, seen, rates) = (here.actor(), seen_in(&pairs).to_owned(), rates_of(pairs));
    if adds {
        let mut page = rates_page(&app, &here, Problems::default()).await?;
        page.seen = seen;
        page.rates = rates;
        page.rates.push(RateRow::default());
        return Ok(crate::web::respond::Page(page, axum::http::StatusCode::OK).into_response());
    }
    let (typed, marked) = (rates.clone(), seen.clone());
    let saved = app.run(move |app| {
        app.change_provider(&actor, "rate card", |settings| {
            as_marked(&settings.rates, &seen)?;
            set_rates(settings, rates)
        })
    });
    match saved.await {
        Ok(()) => Ok(Done::at("/settings/rates").saying_with_undo("The rate card was saved.", "/settings/undo/rates").into_response()),
        Err(error) => {
            let mut page = rates_page(&app, &here, Problems::of_error(error)?).await?;
            page.seen = page.problems.next_mark(page.seen, marked);
            page.rates = typed;
            Ok(page_with_problems(page).into_response())
        }
    }
}

fn set_rates(settings: &mut ProviderSettings, rates: Vec<RateRow>) -> Result<(), AppError> {
    for (row, rate) in rates.iter().enumerate() {
        let twin = rates.iter().take(row).any(|other| other.tier == rate.tier && other.work_type == rate.work_type);
        if twin {
            let message = "this tier and work type have a rate already; expected one row for both together";
            return Err(AppError::field(format!("rate.{row}.hourly"), message));
        }
    }
    settings.rates = rates;
    Ok(())
}

async fn calendar_page(app: &App, here: &Here, problems: Problems) -> Result<CalendarPage, Failure> {
    let view = view(app, here).await?;
    let mut years: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for day in &view.settings.holidays {
        let year = day.get(..4).unwrap_or_default().to_owned();
        let weekday =
            day.parse::<jiff::civil::Date>().map(|date| date.strftime("%-d %B, %A").to_string()).unwrap_or_else(|_| day.clone());
        match years.last_mut() {
            Some((last, days)) if *last == year => days.push((day.clone(), weekday)),
            _ => years.push((year, vec![(day.clone(), weekday)])),
        }
    }
    years.reverse();
    Ok(CalendarPage {
        frame: here.frame(app, "settings", "Hours and holidays"),
        sentence: hours_sentence(&view.settings.hours),
        seen: mark(&view.settings.hours),
        open: open_words(&view),
        settings: view.settings,
        years,
        typed: String::new(),
        problems,
    })
}

async fn show_calendar(State(app): State<App>, here: Here) -> Answer<CalendarPage> {
    page(calendar_page(&app, &here, Problems::default()).await?)
}

async fn save_hours(State(app): State<App>, here: Here, Form(pairs): Pairs) -> Result<Response, Failure> {
    if WEEKDAYS.iter().any(|(key, _)| !pairs.iter().any(|(name, _)| *name == format!("hours.{key}"))) {
        return Err(Failure(AppError::field("hours", "the hours of a day are missing; expected all seven days, empty ones closed")));
    }
    let seen = seen_in(&pairs).to_owned();
    let form = AgreementForm::from_pairs(pairs);
    let hours: [String; 7] = WEEKDAYS.map(|(key, _)| form.get(&format!("hours.{key}")).to_owned());
    let (actor, typed, marked) = (here.actor(), hours.clone(), seen.clone());
    let saved = app.run(move |app| {
        app.change_provider(&actor, "business hours", |settings| {
            as_marked(&settings.hours, &seen)?;
            settings.hours = hours;
            Ok(())
        })
    });
    match saved.await {
        Ok(()) => Ok(Done::at("/settings/calendar")
            .saying_with_undo("The business hours were saved.", "/settings/undo/hours")
            .into_response()),
        Err(error) => {
            let mut page = calendar_page(&app, &here, Problems::of_error(error)?).await?;
            page.seen = page.problems.next_mark(page.seen, marked);
            page.settings.hours = typed;
            Ok(page_with_problems(page).into_response())
        }
    }
}

#[derive(Debug, Default, Deserialize)]
struct Holidays {
    #[serde(default)]
    holidays: String,
    #[serde(default)]
    day: String,
}

async fn add_holidays(State(app): State<App>, here: Here, Form(form): Form<Holidays>) -> Result<Response, Failure> {
    let (actor, typed) = (here.actor(), form.holidays.clone());
    let saved = app.run(move |app| {
        let days = dates_in(&format!("{} {}", form.day, form.holidays))?;
        if days.is_empty() {
            return Err(AppError::field("day", "missing; expected a date"));
        }
        app.change_provider(&actor, "holidays", |settings| {
            settings.holidays.extend(days);
            settings.holidays.sort();
            settings.holidays.dedup();
            Ok(())
        })
    });
    match saved.await {
        Ok(()) => {
            Ok(Done::at("/settings/calendar").saying_with_undo("The holidays were saved.", "/settings/undo/holidays").into_response())
        }
        Err(error) => {
            let mut page = calendar_page(&app, &here, Problems::of_error(error)?).await?;
            page.typed = typed;
            Ok(page_with_problems(page).into_response())
        }
    }
}

async fn remove_holiday(State(app): State<App>, here: Here, Form(form): Form<Holidays>) -> Result<Done, Failure> {
    let actor = here.actor();
    let day = form.day.parse::<jiff::civil::Date>().map_err(|_| AppError::not_found("holiday on this day"))?.to_string();
    let wanted = day.clone();
    app.run(move |app| {
        app.change_provider(&actor, "holidays", |settings| {
            let before = settings.holidays.len();
            settings.holidays.retain(|other| *other != wanted);
            if settings.holidays.len() == before { Err(AppError::not_found("holiday on this day")) } else { Ok(()) }
        })
    })
    .await?;
    Ok(Done::at("/settings/calendar").saying_with_undo(format!("{day} is no longer a holiday."), "/settings/undo/holidays"))
}

/// Takes the last change of a page of settings back.
async fn undo(State(app): State<App>, here: Here, Path(what): Path<String>) -> Result<Done, Failure> {
    let (name, back) = match what.as_str() {
        "company" => ("company", "/settings/company"),
        "rates" => ("rate card", "/settings/rates"),
        "hours" => ("business hours", "/settings/calendar"),
        "holidays" => ("holidays", "/settings/calendar"),
        _ => return Err(Failure(AppError::not_found("settings"))),
    };
    let actor = here.actor();
    app.run(move |app| app.undo_settings(&actor, name)).await?;
    Ok(Done::at(back).saying("It is as it was before."))
}

impl CompanyPage {
    fn general(&self) -> String {
        let mut shown = TEXTS.to_vec();
        shown.push("logo");
        let beside = self.problems.beside(&shown);
        if beside.is_empty() { self.problems.general().to_owned() } else { beside.trim_start_matches(": ").to_owned() }
    }
}

impl RatesPage {
    fn problem(&self, row: &usize, key: &str) -> &str {
        self.problems.of(&self.field_name(row, key))
    }

    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    fn field_name(&self, row: &usize, key: &str) -> String {
        format!("rate.{row}.{key}")
    }

    fn general(&self) -> String {
        let shown: Vec<String> =
            (0..self.rates.len()).flat_map(|row| ["tier", "work_type", "hourly"].map(|key| format!("rate.{row}.{key}"))).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        let beside = self.problems.beside(&shown);
        if beside.is_empty() { self.problems.general().to_owned() } else { beside.trim_start_matches("rate: ").to_owned() }
    }
}

impl CalendarPage {
    /// The days of the week with their key, name, hours and what is wrong.
    fn week(&self) -> Vec<(String, &'static str, &str, &str)> {
        let days = WEEKDAYS.into_iter().zip(&self.settings.hours);
        days.map(|((key, name), hours)| {
            let field = format!("hours.{key}");
            let problem = self.problems.of(&field);
            (field, name, hours.as_str(), problem)
        })
        .collect()
    }

    fn general(&self) -> String {
        let fields = WEEKDAYS.map(|(key, _)| format!("hours.{key}"));
        let mut shown: Vec<&str> = fields.iter().map(String::as_str).collect();
        shown.extend(["holidays", "day"]);
        let beside = self.problems.beside(&shown);
        if beside.is_empty() { self.problems.general().to_owned() } else { beside.trim_start_matches(": ").to_owned() }
    }
}
