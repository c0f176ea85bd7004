//! The provider's side: what all agreements together may earn or lose, and whether the staff can do what was promised.

use askama::Template;
use axum::extract::{Form, Query, State};
use quarterhour_risk::book::ClientMargin;

use crate::app::actor::Permission;
use crate::app::context::{App, Context};
use crate::app::money::rounded;
use crate::app::risk::cache::page_courses;
use crate::app::risk::office::Office;
use crate::app::risk::provider_side::{Inquiry, ProviderSide, busiest_month};
use crate::error::{AppError, FieldProblem, Shares};
use crate::hours::{counted, percent};
use crate::web::chart::{Chart, Margins};
use crate::web::client_head::client_path;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, page};
use crate::web::routes::{Access, Area};
use crate::web::slider::{Pairs, Slider, only_numbers, seed};

/// The routes.
#[must_use]
pub fn area() -> Area {
    let see = Access::May(Permission::SeeBilling);
    Area::default().get("/billing/portfolio", see, show).post("/billing/portfolio/preview", see, preview)
}

#[derive(Template)]
#[template(path = "provider_side/show.html")]
struct PortfolioPage {
    frame: Frame,
    sliders: Vec<Slider>,
    seed: u64,
    problems: Problems,
    result: ResultPart,
}

/// The part of the page that follows the sliders.
#[derive(Template)]
#[template(path = "provider_side/result.html")]
struct ResultPart {
    result: Option<Shown>,
    /// What must be mended first.
    waiting: Vec<FieldProblem>,
}

struct Shown {
    currency: String,
    mean: String,
    of_revenue: String,
    spread: String,
    p5: String,
    p1: String,
    loss: String,
    loss_tone: &'static str,
    chart: Option<Chart>,
    hours: Vec<(String, String)>,
    staff: Vec<String>,
    promised: Vec<(&'static str, String, String)>,
    rows: Vec<Row>,
    sum: Row,
    left_out: String,
    rests_on: Vec<String>,
}

struct Row {
    name: String,
    path: String,
    revenue: String,
    mean: String,
    ratio: String,
    p5: String,
    loss: String,
    hours: String,
    is_thin: bool,
}

async fn show(State(app): State<App>, here: Here, Query(pairs): Query<Pairs>) -> Answer<PortfolioPage> {
    let shown = move |app: &App| {
        let office = app.office()?;
        let usual = usual(&office);
        let (inquiry, problems) = match inquiry(&pairs, usual) {
            Ok(inquiry) => (inquiry, Problems::default()),
            Err(error) => (usual, Problems::of_error(error)?),
        };
        let side = if problems.is_empty() { Some(app.provider_side(&office, inquiry)?) } else { None };
        let asked = Inquiry { shock: Some(inquiry.draws(&office).shock), ..inquiry };
        let most = side.as_ref().and_then(|side| side.figures.month_hours.last()).map_or(0.0, |(_, hours)| *hours);
        let result = side.map(|side| Shown::new(&office, &side));
        Ok((sliders(asked, most), inquiry.seed, problems, ResultPart { result, waiting: Vec::new() }))
    };
    let (sliders, seed, problems, result) = app.run_in_turn(shown).await?;
    page(PortfolioPage { frame: here.frame(&app, "billing", "Portfolio"), sliders, seed, problems, result })
}

async fn preview(State(app): State<App>, Form(pairs): Form<Pairs>) -> Answer<ResultPart> {
    let part = move |app: &Context| {
        let office = app.office()?;
        match inquiry(&pairs, usual(&office)) {
            Ok(inquiry) => {
                let side = app.provider_side(&office, inquiry)?;
                Ok(ResultPart { result: Some(Shown::new(&office, &side)), waiting: Vec::new() })
            }
            Err(AppError::Invalid(waiting)) => Ok(ResultPart { result: None, waiting }),
            Err(other) => Err(other),
        }
    };
    page(app.run_in_turn(move |app| part(app)).await?)
}

/// What is asked unless somebody says otherwise. The staff is taken to manage what it managed in its busiest month.
fn usual(office: &Office) -> Inquiry {
    let busiest = busiest_month(office);
    let step = step_of(busiest);
    let courses = page_courses(office.setup.clients.len());
    Inquiry { courses, staff_hours: Some((busiest / step).ceil() * step), ..Inquiry::default() }
}

/// A slider of hours moves by about a hundredth of them.
fn step_of(hours: f64) -> f64 {
    if hours < 100.0 { 1.0 } else { 10_f64.powf((hours.log10() - 1.0).floor()) }
}

fn inquiry(pairs: &Pairs, usual: Inquiry) -> Result<Inquiry, AppError> {
    let mut inquiry = usual;
    for (name, number) in only_numbers(pairs, &["seed", "cost_share", "staff_hours", "shock"])? {
        match name {
            "seed" => inquiry.seed = seed(number),
            "cost_share" => inquiry.cost_share = number / 100.0,
            "staff_hours" => inquiry.staff_hours = Some(number),
            // As the past shows it, to a tenth of a percent.
            _ => inquiry.shock = Some((number * 10.0).round() / 1_000.0),
        }
    }
    inquiry.checked(Shares::InPercent)?;
    Ok(inquiry)
}

fn sliders(inquiry: Inquiry, most: f64) -> Vec<Slider> {
    let staff = inquiry.staff_hours.unwrap_or(0.0);
    let step = step_of(staff);
    let reach = (most.max(staff) * 1.5 / step).ceil() * step;
    let slider = |name, label, value, reach, unit| Slider { name, label, value, reach, unit };
    vec![
        slider("cost_share", "Cost of an hour of staff", inquiry.cost_share * 100.0, (0.0, 150.0, 1.0), "% of its price"),
        slider("staff_hours", "Hours the staff can work", staff, (0.0, reach.max(20.0), step), "a month"),
        slider("shock", "Swing that all share", inquiry.shock.unwrap_or(0.0) * 100.0, (0.0, 60.0, 0.1), "% a month"),
    ]
}

impl Shown {
    fn new(office: &Office, side: &ProviderSide) -> Self {
        let figures = &side.figures;
        let hours: f64 = figures.clients.iter().map(|it| it.hours).sum();
        let sum = Row {
            name: "All".to_owned(),
            path: String::new(),
            revenue: rounded(figures.revenue),
            mean: rounded(figures.mean),
            ratio: ratio(figures.mean, figures.revenue),
            p5: rounded(figures.p5),
            loss: percent(figures.loss_chance.value),
            hours: rounded(hours),
            is_thin: false,
        };
        let loss = figures.loss_chance;
        Self {
            currency: side.currency.clone(),
            mean: rounded(figures.mean),
            of_revenue: format!("of {} that clients pay: {}", rounded(figures.revenue), ratio(figures.mean, figures.revenue)),
            spread: rounded(figures.spread),
            p5: rounded(figures.p5),
            p1: rounded(figures.p1),
            loss: percent(loss.value),
            loss_tone: if loss.value >= 0.05 { "over" } else { "" },
            chart: chart(side),
            hours: figures.month_hours.iter().map(|(share, hours)| (format!("P{:.0}", share * 100.0), rounded(*hours))).collect(),
            staff: staff(side),
            promised: promised(side),
            rows: figures.clients.iter().map(|it| Row::new(office, it)).collect(),
            sum,
            left_out: side.left_out.join(", "),
            rests_on: rests_on(office, side),
        }
    }
}

impl Row {
    fn new(office: &Office, it: &ClientMargin) -> Self {
        let client = office.setup.client(&it.client);
        Self {
            name: client.map_or(it.client.as_str(), |(_, client)| client.row.field("name")).to_owned(),
            path: format!("{}/comparison", client_path(&it.client)),
            revenue: rounded(it.revenue),
            mean: rounded(it.mean),
            ratio: ratio(it.mean, it.revenue),
            p5: rounded(it.p5),
            loss: percent(it.loss_chance.value),
            hours: rounded(it.hours),
            is_thin: it.p5 < 0.0,
        }
    }
}

fn ratio(margin: f64, revenue: f64) -> String {
    if revenue > 0.0 { format!("{} %", rounded(margin / revenue * 100.0)) } else { String::new() }
}

fn chart(side: &ProviderSide) -> Option<Chart> {
    let figures = &side.figures;
    let density = figures.density.as_ref()?;
    let words = |value: f64| format!("{} {}", side.currency, rounded(value));
    let mark = |label, value: f64| (label, value, words(value));
    Some(
        Margins {
            id: "margins".to_owned(),
            title: "What is left of a year".to_owned(),
            from: density.from,
            step: density.step,
            values: density.values.clone(),
            marks: vec![
                mark("one year in a hundred less than", figures.p1),
                mark("one year in twenty less than", figures.p5),
                mark("on average", figures.mean),
            ],
        }
        .chart(),
    )
}

/// Whether the staff can do it.
fn staff(side: &ProviderSide) -> Vec<String> {
    let (Some(hours), Some(month), Some(year)) = (side.plan.staff_hours, side.figures.short_month, side.figures.short_year) else {
        return Vec::new();
    };
    let error = |error: f64| format!("± {:.1}", error * 100.0);
    vec![
        format!(
            "{} hours a month are not enough in {} of months ({} points of error).",
            rounded(hours),
            percent(month.value),
            error(month.error)
        ),
        format!("{} of years have at least one such month ({}).", percent(year.value), error(year.error)),
    ]
}

fn promised(side: &ProviderSide) -> Vec<(&'static str, String, String)> {
    let it = &side.promised;
    let paid = format!("bought for {} {}", side.currency, rounded(it.block_money));
    vec![
        ("Hours left in blocks", rounded(it.block_hours), paid),
        ("Hours left in allowances", rounded(it.allowance_hours), "of this month, and what rolled over".to_owned()),
        ("A storm costs", rounded(it.storm_cost), format!("{} of staff, if all of it is called at once", side.currency)),
    ]
}

fn rests_on(office: &Office, side: &ProviderSide) -> Vec<String> {
    let plan = &side.plan;
    let clients = side.figures.clients.len();
    vec![
        format!(
            "{} simulated years of {} under today's agreements, from {}, billed by the engine that bills real months. More clients mean \
             fewer years, so that the page answers in a few seconds; the command and the API take more. Seed {}.",
            plan.courses,
            counted(clients, "client"),
            crate::dates::month(plan.first),
            plan.seed
        ),
        format!(
            "P1 is read off the {} worst of these years: take it as a hint. Shares have a standard error; that of the chance of a loss \
             is {:.1} points.",
            (quarterhour_risk::number::float(plan.courses) / 100.0).ceil(),
            side.figures.loss_chance.error * 100.0
        ),
        format!(
            "Clients need what their own past and the other clients' show, up to {}. In a month that is bad for all, everybody has more \
             trouble: a swing of {:.1} %.",
            crate::dates::month(office.until),
            plan.shock * 100.0
        ),
        format!(
            "Margin is what clients pay before tax less {:.2} {} for an hour at the usual price of the rate card: by client more or less, \
             as its work is rounded up and priced. Rent, tools and idle hours are not in it.",
            plan.hour_cost, side.currency
        ),
        "The hours the staff can work stand, unless you move them, at what was worked in the busiest of the last twelve months."
            .to_owned(),
    ]
}
