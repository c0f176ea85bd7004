//! The provider's settings: company, rate card, calendar; and the templates of agreements.

use std::collections::BTreeMap;

use axum::extract::State;
use quarterhour_store::statements::template::Template as Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::answer::{All, Answer, Created, Nothing};
use crate::api::endpoints::{Endpoints, PREFIX, named};
use crate::api::extract::{Body, Caller, IfMatch, Segment};
use crate::api::problem::Problem;
use crate::api::words::{date, text};
use crate::app::actor::{Actor, Permission};
use crate::app::company::{ProviderSettings, RateRow, WEEKDAYS};
use crate::app::context::App;
use crate::app::template::TemplateDraft;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let manage = Access::May(Permission::ManageSettings);
    let (see, edit) = (Access::May(Permission::SeeAgreements), Access::May(Permission::EditAgreements));
    let settings = Endpoints::of("Settings", "Company, rate card and calendar.")
        .get("/company", manage, named("getCompany", "Read the company's data"), company)
        .put("/company", manage, named("changeCompany", "Change the company's data; what is left out stays"), change_company)
        .get("/rate-card", manage, named("getRateCard", "Read the rate card"), rate_card)
        .put("/rate-card", manage, named("changeRateCard", "Replace the rate card"), change_rate_card)
        .get("/calendar", manage, named("getCalendar", "Read business hours and holidays"), calendar)
        .put("/calendar", manage, named("changeCalendar", "Replace business hours and holidays"), change_calendar);
    let templates = Endpoints::of("Templates", "Starting points for agreements: their text without client and dates.")
        .get("/templates", see, named("listTemplates", "List templates by name"), templates)
        .post("/templates", edit, named("createTemplate", "Add a template"), create_template)
        .get("/templates/{template}", see, named("getTemplate", "Read a template"), template)
        .put("/templates/{template}", edit, named("changeTemplate", "Change a template"), change_template)
        .delete("/templates/{template}", edit, named("deleteTemplate", "Take a template out"), delete_template);
    settings.and(templates)
}

macro_rules! company {
    ($($(#[$meta:meta])* $key:ident,)*) => {
        /// What invoices and pages say of the company.
        #[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct Company {
            $($(#[$meta])* #[serde(default)] #[schema(max_length = 2000, nullable = false)] $key: Option<String>,)*
        }

        impl Company {
            fn of(settings: &ProviderSettings) -> Self {
                Self { $($key: Some(settings.text(stringify!($key)).to_owned()),)* }
            }

            fn check(&self) -> Result<(), Problem> {
                $(if let Some(value) = &self.$key { text(stringify!($key), value, 2000)?; })*
                Ok(())
            }

            fn put(&self, settings: &mut ProviderSettings) {
                $(if let Some(value) = &self.$key { settings.set_text(stringify!($key), value); })*
            }
        }
    };
}

company! {
    /// The name on invoices.
    name,
    street,
    postcode,
    city,
    region,
    country,
    tax_id,
    email,
    phone,
    website,
    /// The bank account that invoices print.
    bank,
    /// The terms that invoices print.
    terms,
    /// Days until an invoice is due.
    payment_days,
    /// A currency of ISO 4217.
    currency,
    /// An IANA time zone.
    time_zone,
}

async fn settings(app: &App, actor: Actor) -> Result<ProviderSettings, Problem> {
    Ok(app.run(move |app| app.provider_settings(&actor)).await?.settings)
}

async fn company(State(app): State<App>, Caller(actor): Caller) -> Result<Answer<Company>, Problem> {
    Ok(Answer(Company::of(&settings(&app, actor).await?)))
}

async fn change_company(
    State(app): State<App>,
    Caller(actor): Caller,
    seen: IfMatch,
    Body(body): Body<Company>,
) -> Result<Answer<Company>, Problem> {
    body.check()?;
    let by = actor.clone();
    app.run(move |app| {
        app.change_provider(&by, "company", |settings| {
            seen.check(&Company::of(settings))?;
            body.put(settings);
            Ok(())
        })
    })
    .await?;
    Ok(Answer(Company::of(&settings(&app, actor).await?)))
}

/// The price of an hour.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// For one tier; empty: for all.
    #[serde(default)]
    #[schema(max_length = 200)]
    tier: String,
    /// For one work type; empty: for all.
    #[serde(default)]
    #[schema(max_length = 200)]
    work_type: String,
    /// A decimal.
    #[schema(example = "150.00", max_length = 20)]
    hourly: String,
}

/// The rate card.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateCard {
    /// The prices; one with neither tier nor work type is the default.
    #[schema(min_items = 1, max_items = 500)]
    rates: Vec<Rate>,
}

impl RateCard {
    fn of(settings: &ProviderSettings) -> Self {
        let rate = |it: &RateRow| Rate { tier: it.tier.clone(), work_type: it.work_type.clone(), hourly: it.hourly.clone() };
        Self { rates: settings.rates.iter().map(rate).collect() }
    }
}

async fn rate_card(State(app): State<App>, Caller(actor): Caller) -> Result<Answer<RateCard>, Problem> {
    Ok(Answer(RateCard::of(&settings(&app, actor).await?)))
}

async fn change_rate_card(
    State(app): State<App>,
    Caller(actor): Caller,
    seen: IfMatch,
    Body(body): Body<RateCard>,
) -> Result<Answer<RateCard>, Problem> {
    if body.rates.len() > 500 {
        return Err(Problem::field("rates", "more than 500"));
    }
    for (index, rate) in body.rates.iter().enumerate() {
        for (name, value, most) in [("tier", &rate.tier, 200), ("work_type", &rate.work_type, 200), ("hourly", &rate.hourly, 20)] {
            text(&format!("rates.{index}.{name}"), value, most)?;
        }
    }
    let (by, rates) = (actor.clone(), body.rates.into_iter());
    let rates: Vec<RateRow> = rates.map(|it| RateRow { tier: it.tier, work_type: it.work_type, hourly: it.hourly }).collect();
    app.run(move |app| {
        app.change_provider(&by, "rate card", |settings| {
            seen.check(&RateCard::of(settings))?;
            settings.rates = rates;
            Ok(())
        })
    })
    .await?;
    Ok(Answer(RateCard::of(&settings(&app, actor).await?)))
}

/// Business hours and holidays.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Hours by weekday (`mon` to `sun`), such as `08:00-12:00, 13:00-18:00`; empty or left out: closed.
    #[schema(example = json!({ "mon": "08:00-18:00" }))]
    hours: BTreeMap<String, String>,
    /// Days without business hours.
    #[serde(default)]
    #[schema(max_items = 1000, example = json!(["2026-12-25"]))]
    holidays: Vec<String>,
}

impl Calendar {
    fn of(settings: &ProviderSettings) -> Self {
        let hours = WEEKDAYS.iter().zip(&settings.hours).map(|((key, _), hours)| ((*key).to_owned(), hours.clone()));
        Self { hours: hours.collect(), holidays: settings.holidays.clone() }
    }
}

async fn calendar(State(app): State<App>, Caller(actor): Caller) -> Result<Answer<Calendar>, Problem> {
    Ok(Answer(Calendar::of(&settings(&app, actor).await?)))
}

async fn change_calendar(
    State(app): State<App>,
    Caller(actor): Caller,
    seen: IfMatch,
    Body(body): Body<Calendar>,
) -> Result<Answer<Calendar>, Problem> {
    if let Some(unknown) = body.hours.keys().find(|key| WEEKDAYS.iter().all(|(day, _)| day != key)) {
        return Err(Problem::field("hours", format!("`{}`; expected mon to sun", unknown.chars().take(20).collect::<String>())));
    }
    if body.holidays.len() > 1000 {
        return Err(Problem::field("holidays", "more than 1000"));
    }
    body.hours.values().try_for_each(|hours| text("hours", hours, 200))?;
    body.holidays.iter().try_for_each(|day| date("holidays", day).map(drop))?;
    let by = actor.clone();
    let hours = WEEKDAYS.map(|(key, _)| body.hours.get(key).cloned().unwrap_or_default());
    let mut holidays = body.holidays;
    holidays.sort();
    holidays.dedup();
    app.run(move |app| {
        app.change_provider(&by, "calendar", |settings| {
            seen.check(&Calendar::of(settings))?;
            (settings.hours, settings.holidays) = (hours, holidays);
            Ok(())
        })
    })
    .await?;
    Ok(Answer(Calendar::of(&settings(&app, actor).await?)))
}

/// A template.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Template {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// What it is for.
    summary: String,
    /// Its text.
    toml: String,
}

impl Template {
    fn new(row: Row) -> Self {
        Self { id: row.template_id, name: row.name, summary: row.summary, toml: row.source_toml }
    }
}

/// A template to be written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTemplate {
    /// Its name.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 200)]
    summary: String,
    /// Its text: an agreement without client and dates.
    #[schema(example = "program = \"ad-hoc\"\n", max_length = 50_000)]
    toml: String,
}

async fn templates(State(app): State<App>, Caller(actor): Caller) -> Result<All<Template>, Problem> {
    Ok(All(app.run(move |app| app.templates(&actor)).await?.into_iter().map(Template::new).collect()))
}

async fn template(State(app): State<App>, Caller(actor): Caller, Segment(id): Segment<Uuid>) -> Result<Answer<Template>, Problem> {
    Ok(Answer(Template::new(app.run(move |app| app.template(&actor, id)).await?.0)))
}

async fn save(app: &App, actor: Actor, id: Option<Uuid>, seen: IfMatch, body: NewTemplate) -> Result<Template, Problem> {
    text("toml", &body.toml, 50_000)?;
    text("name", &body.name, 80)?;
    text("summary", &body.summary, 200)?;
    let row = app
        .run(move |app| {
            let form = app.form_of_template(&body.toml)?;
            let draft = TemplateDraft { name: body.name, summary: body.summary, form };
            let id = app.save_template(&actor, id, &draft, &|before| seen.check(&Template::new(before.clone())))?;
            Ok(app.template(&actor, id)?.0)
        })
        .await?;
    Ok(Template::new(row))
}

async fn create_template(
    State(app): State<App>,
    Caller(actor): Caller,
    Body(body): Body<NewTemplate>,
) -> Result<Created<Template>, Problem> {
    let view = save(&app, actor, None, IfMatch::default(), body).await?;
    Ok(Created { at: format!("{PREFIX}/templates/{}", view.id), view })
}

async fn change_template(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(id): Segment<Uuid>,
    seen: IfMatch,
    Body(body): Body<NewTemplate>,
) -> Result<Answer<Template>, Problem> {
    Ok(Answer(save(&app, actor, Some(id), seen, body).await?))
}

async fn delete_template(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(id): Segment<Uuid>,
    seen: IfMatch,
) -> Result<Nothing, Problem> {
    app.run(move |app| app.delete_template(&actor, id, &|before| seen.check(&Template::new(before.clone())))).await?;
    Ok(Nothing)
}
