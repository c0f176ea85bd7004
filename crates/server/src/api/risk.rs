//! What may come: programs beside each other, the end of the running month, all agreements together, how many technicians.

use std::sync::Arc;

use axum::extract::State;
use quarterhour_risk::backtest::Backtest;
use quarterhour_risk::standard::Pricing;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::answer::{All, Answer};
use crate::api::endpoints::{Endpoints, named};
use crate::api::extract::{Caller, Params, Segment};
use crate::api::problem::Problem;
use crate::api::told::Told;
use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::risk::comparison::{Detail, Report, compare};
use crate::app::risk::forecast::{Forecast, forecast, measure};
use crate::app::risk::provider_side::{Inquiry, ProviderSide};
use crate::app::risk::question::{HoursLaw, Question};
use crate::app::risk::staffing::{Staffing, Target};
use crate::error::AppError;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let (see, bill) = (Access::May(Permission::SeeClients), Access::May(Permission::SeeBilling));
    Endpoints::of("Risk", "What programs, agreements and the running month may come to, with the chances. Nothing is saved.")
        .get("/clients/{client}/comparison", bill, named("compareClient", "Compare a client's year under every program"), comparison)
        .get("/clients/{client}/forecast", see, named("forecastClient", "Forecast the end of a client's running month"), one_forecast)
        .get("/forecast", see, named("forecastAll", "Forecast the end of the running month of all clients"), all_forecasts)
        .get("/backtest", see, named("backtest", "Measure how good such forecasts were"), backtest)
        .get("/portfolio", bill, named("portfolio", "Add up what all agreements may earn or lose in a year"), portfolio)
        .get("/staffing", bill, named("staffing", "Plan how many technicians answer in time"), staffing)
}

/// What is asked of a comparison. Shares are shares of one: 0.1 is ten percent.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ComparisonQuery {
    /// All draws follow from it.
    #[param(maximum = 4_294_967_295_u32, default = 1)]
    seed: Option<u32>,
    /// Workstations; as many as today unless given.
    #[param(maximum = 5_000)]
    workstations: Option<u32>,
    /// Servers; as many as today unless given.
    #[param(maximum = 1_000)]
    servers: Option<u32>,
    /// Tickets a workstation, as a factor of what is expected; at most 6,000 tickets a month in all.
    #[param(minimum = 0.0, maximum = 100.0, default = 1.0)]
    tickets: Option<f64>,
    /// Hours a ticket, as a factor of what is expected.
    #[param(minimum = 0.01, maximum = 100.0, default = 1.0)]
    hours: Option<f64>,
    /// Server crashes, as a factor of what is expected.
    #[param(minimum = 0.0, maximum = 1_000.0, default = 1.0)]
    crashes: Option<f64>,
    /// Viruses a year that reach every workstation.
    #[param(minimum = 0.0, maximum = 50.0, default = 0.02)]
    viruses: Option<f64>,
    /// Hours a workstation that one takes.
    #[param(minimum = 0.01, maximum = 40.0, default = 0.75)]
    virus_hours: Option<f64>,
    /// Growth of tickets a year; below nought for shrinking.
    #[param(minimum = -0.9, maximum = 5.0, default = 0.0)]
    growth: Option<f64>,
    /// Months of the year with more or fewer tickets, as in the years before.
    #[param(default = false)]
    seasons: Option<bool>,
    /// No ticket takes longer than so many hours.
    #[param(minimum = 0.1, maximum = 1_000.0)]
    longest: Option<f64>,
    /// The law of a ticket's hours, fitted to the client's own: `exponential`, `lognormal`, `gamma`, `weibull` or `burr-xii`; the tickets
    /// as they were unless given.
    #[param(inline)]
    law: Option<HoursLaw>,
    /// The standard error of every P95, as a share of it.
    #[param(minimum = 0.000_5, maximum = 0.5, default = 0.01)]
    precision: Option<f64>,
    /// Taken off for hours that are bought in a block.
    #[param(minimum = 0.0, exclusive_maximum = 1.0, default = 0.08)]
    block_discount: Option<f64>,
    /// Months of usual work that a block is sized for.
    #[param(minimum = 0.0, maximum = 100.0, default = 3.0)]
    block_months: Option<f64>,
    /// Taken off for hours of an allowance.
    #[param(minimum = 0.0, exclusive_maximum = 1.0, default = 0.12)]
    committed_discount: Option<f64>,
    /// Put on hours beyond the allowance.
    #[param(minimum = 0.0, maximum = 100.0, default = 0.2)]
    overage_premium: Option<f64>,
    /// Put on the expected work of a fixed rate.
    #[param(minimum = 0.0, maximum = 100.0, default = 0.25)]
    fixed_premium: Option<f64>,
    /// Minutes a workstation a month of the use-it-or-lose-it program; 15 or 30, by what is expected, unless given.
    #[param(maximum = 6_000)]
    allowance_minutes: Option<u32>,
    /// Minutes a workstation a month of a budget's reserve.
    #[param(maximum = 6_000, default = 30)]
    reserve_minutes: Option<u32>,
    /// Hours' worth of monitoring a workstation a month.
    #[param(minimum = 0.0, maximum = 100.0, default = 0.08)]
    service_hours: Option<f64>,
    /// The price of an entry-level ticket, as hours' worth of the entry-level rate.
    #[param(minimum = 0.0, maximum = 100.0, default = 0.24)]
    ticket_hours: Option<f64>,
    /// What an hour costs the provider, as a share of its price.
    #[param(minimum = 0.0, exclusive_maximum = 1.0, default = 0.55)]
    cost_share: Option<f64>,
    /// The least share of a price that the provider wants to keep.
    #[param(minimum = 0.0, exclusive_maximum = 1.0, default = 0.3)]
    margin: Option<f64>,
}

impl ComparisonQuery {
    fn question(&self) -> Question {
        let (usual, prices) = (Question::default(), Pricing::default());
        Question {
            seed: self.seed.map_or(usual.seed, u64::from),
            workstations: self.workstations,
            servers: self.servers,
            tickets: self.tickets.unwrap_or(usual.tickets),
            hours: self.hours.unwrap_or(usual.hours),
            crashes: self.crashes.unwrap_or(usual.crashes),
            viruses: self.viruses.unwrap_or(usual.viruses),
            virus_hours: self.virus_hours.unwrap_or(usual.virus_hours),
            growth: self.growth.unwrap_or(usual.growth),
            seasons: self.seasons.unwrap_or(usual.seasons),
            longest: self.longest,
            law: self.law,
            precision: self.precision.unwrap_or(usual.precision),
            pricing: Pricing {
                block_discount: self.block_discount.unwrap_or(prices.block_discount),
                block_months: self.block_months.unwrap_or(prices.block_months),
                committed_discount: self.committed_discount.unwrap_or(prices.committed_discount),
                overage_premium: self.overage_premium.unwrap_or(prices.overage_premium),
                fixed_premium: self.fixed_premium.unwrap_or(prices.fixed_premium),
                allowance_minutes: self.allowance_minutes,
                reserve_minutes: self.reserve_minutes.unwrap_or(prices.reserve_minutes),
                service_hours: self.service_hours.unwrap_or(prices.service_hours),
                ticket_hours: self.ticket_hours.unwrap_or(prices.ticket_hours),
                cost_share: self.cost_share.unwrap_or(prices.cost_share),
                margin: self.margin.unwrap_or(prices.margin),
            },
        }
    }
}

async fn comparison(
    State(app): State<App>,
    _: Caller,
    Segment(client): Segment<String>,
    Params(query): Params<ComparisonQuery>,
) -> Result<Answer<Told<Report>>, Problem> {
    let question = query.question();
    let report = app
        .run_in_turn(move |app| {
            app.client_by_code(&client)?;
            let office = app.office()?;
            compare(&office, &client, &question, &[], Detail::Whole)
        })
        .await?;
    Ok(Answer(Told(Arc::new(report))))
}

async fn one_forecast(State(app): State<App>, _: Caller, Segment(client): Segment<String>) -> Result<Answer<Told<Forecast>>, Problem> {
    let told = app
        .run_in_turn(move |app| {
            app.client_by_code(&client)?;
            let told = forecast(&*app.office()?, &[client])?;
            told.into_iter().next().ok_or_else(|| AppError::not_found("work on record to forecast from"))
        })
        .await?;
    Ok(Answer(Told(Arc::new(told))))
}

async fn all_forecasts(State(app): State<App>, _: Caller) -> Result<All<Told<Forecast>>, Problem> {
    let told = app.run_in_turn(|app| forecast(&*app.office()?, &[])).await?;
    Ok(All(told.into_iter().map(|one| Told(Arc::new(one))).collect()))
}

async fn backtest(State(app): State<App>, _: Caller) -> Result<Answer<Told<Backtest>>, Problem> {
    let measured = app.run_in_turn(|app| Ok(measure(&*app.office()?))).await?;
    Ok(Answer(Told(Arc::new(measured))))
}

/// What is asked about all agreements.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PortfolioQuery {
    /// All draws follow from it.
    #[param(maximum = 4_294_967_295_u32, default = 1)]
    seed: Option<u32>,
    /// Simulated years; at most 80,000 divided by the number of clients.
    #[param(minimum = 20, maximum = 20_000, default = 400)]
    courses: Option<u32>,
    /// What an hour of staff costs, as a share of the price by the rate card of the billable time that it becomes.
    #[param(minimum = 0.0, maximum = 10.0, default = 0.55)]
    cost_share: Option<f64>,
    /// Hours that the staff can work in a month; not looked at unless given.
    #[param(minimum = 0.0, maximum = 10_000_000.0)]
    staff_hours: Option<f64>,
    /// The swing that all clients share in a month, a share of one; as the past shows it unless given.
    #[param(minimum = 0.0, maximum = 2.0)]
    shock: Option<f64>,
}

async fn portfolio(
    State(app): State<App>,
    _: Caller,
    Params(query): Params<PortfolioQuery>,
) -> Result<Answer<Told<ProviderSide>>, Problem> {
    let usual = Inquiry::default();
    let inquiry = Inquiry {
        seed: query.seed.map_or(usual.seed, u64::from),
        courses: query.courses.map_or(usual.courses, |courses| usize::try_from(courses).unwrap_or(usize::MAX)),
        cost_share: query.cost_share.unwrap_or(usual.cost_share),
        staff_hours: query.staff_hours,
        shock: query.shock,
    };
    let side = app.run_in_turn(move |app| app.provider_side(&app.office()?, inquiry)).await?;
    Ok(Answer(Told(Arc::new(side))))
}

/// What is asked of the desk.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct StaffingQuery {
    /// Business hours within which a ticket should be taken up.
    #[param(minimum = 0.0, maximum = 1_000.0, default = 1.0)]
    within: Option<f64>,
    /// The share of tickets for which that should hold.
    #[param(minimum = 0.0, maximum = 1.0, default = 0.9)]
    share: Option<f64>,
    /// What a paid hour costs, as a share of the rate card's price.
    #[param(minimum = 0.0, maximum = 10.0, default = 0.4)]
    cost_share: Option<f64>,
    /// Hours that a technician is paid for in a month.
    #[param(minimum = 1.0, maximum = 744.0, default = 160.0)]
    paid_hours: Option<f64>,
    /// Tickets, as a factor of what was seen.
    #[param(minimum = 0.0, maximum = 10.0, default = 1.0)]
    tickets: Option<f64>,
    /// All draws follow from it.
    #[param(maximum = 4_294_967_295_u32, default = 1)]
    seed: Option<u32>,
}

async fn staffing(State(app): State<App>, _: Caller, Params(query): Params<StaffingQuery>) -> Result<Answer<Told<Staffing>>, Problem> {
    let usual = Target::default();
    let target = Target {
        hours: query.within.unwrap_or(usual.hours),
        share: query.share.unwrap_or(usual.share),
        cost_share: query.cost_share.unwrap_or(usual.cost_share),
        paid_hours: query.paid_hours.unwrap_or(usual.paid_hours),
        tickets: query.tickets.unwrap_or(usual.tickets),
        seed: query.seed.map_or(usual.seed, u64::from),
    };
    Ok(Answer(Told(app.run_in_turn(move |app| app.staffing(&app.office()?, target)).await?)))
}
