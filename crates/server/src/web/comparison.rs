//! The programs beside each other for one client: sliders on one side, what a year costs on the other.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use quarterhour_risk::comparison::Figures;
use quarterhour_risk::standard::seats;
use uuid::Uuid;

use crate::app::actor::Permission;
use crate::app::context::{App, Context};
use crate::app::money::{exact, rounded};
use crate::app::risk::comparison::{Contender, Detail, Report, compare};
use crate::app::risk::kept::KeptComparison;
use crate::app::risk::question::{HoursLaw, Question};
use crate::app::risk::{rests_on, words};
use crate::dates;
use crate::error::{AppError, FieldProblem, Shares};
use crate::hours::whole_percent;
use crate::web::chart::{Chart, Densities, Ridge};
use crate::web::client_head::{ClientHead, client_path};
use crate::web::comparison_parts::{WholeParts, cost_curve, fan};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Download, Failure, page};
use crate::web::routes::{Access, Area};
use crate::web::slider::{Pairs, Slider, numbers, trimmed};

/// The routes.
#[must_use]
pub fn area() -> Area {
    let see = Access::May(Permission::SeeBilling);
    let edit = Access::May(Permission::EditAgreements);
    Area::default()
        .get("/clients/{code}/comparison", see, show)
        .get("/clients/{code}/comparison.pdf", see, pdf)
        .post("/clients/{code}/comparison/preview", see, preview)
        .post("/clients/{code}/comparisons", edit, keep)
        .get("/clients/{code}/comparisons/{comparison}/pdf", see, kept_pdf)
        .post("/clients/{code}/comparisons/{comparison}/share", edit, share)
        .post("/clients/{code}/comparisons/{comparison}/hide", edit, hide)
        .post("/clients/{code}/comparisons/{comparison}/delete", edit, delete)
}

#[derive(Template)]
#[template(path = "comparison/show.html")]
struct ShowPage {
    frame: Frame,
    head: ClientHead,
    groups: Vec<(&'static str, Vec<Slider>)>,
    law: String,
    laws: Vec<(&'static str, &'static str)>,
    longest: String,
    seasons: bool,
    seed: u64,
    problems: Problems,
    may_keep: bool,
    kept: Vec<KeptRow>,
    result: ResultPart,
}

/// A comparison that was kept.
struct KeptRow {
    path: String,
    /// The page with the same inputs.
    again: String,
    made: String,
    first: String,
    is_shared: bool,
    /// The books are no longer those that it was made from.
    is_stale: bool,
}

/// The part of the page that follows the sliders.
#[derive(Template)]
#[template(path = "comparison/result.html")]
struct ResultPart {
    result: Option<Shown>,
    /// What must be mended first.
    waiting: Vec<FieldProblem>,
}

struct Shown {
    report: Report,
    rows: Vec<Row>,
    densities: Chart,
    curve: Chart,
    fan: Option<Chart>,
    break_evens: Vec<String>,
    uncertainty: String,
    /// How the past was looked at beside the simulation, in sentences.
    checks: Vec<String>,
    whole: Option<WholeParts>,
}

impl Shown {
    /// The program that costs least on average.
    fn cheapest(&self) -> Option<&Row> {
        let costs = self.report.contenders.iter().map(|it| it.figures.mean.value);
        self.rows.iter().zip(costs).min_by(|one, other| one.1.total_cmp(&other.1)).map(|(row, _)| row)
    }
}

struct Row {
    name: String,
    because: String,
    is_today: bool,
    mean: String,
    range: String,
    median: String,
    p90: String,
    p95: String,
    error: String,
    tail: String,
    worst_month: String,
    overage: String,
    lost: String,
    an_hour: String,
    a_seat: String,
    regret: String,
    carried: String,
    pros: Vec<String>,
    cons: Vec<String>,
}

async fn show(State(app): State<App>, here: Here, Path(code): Path<String>, Query(pairs): Query<Pairs>) -> Answer<ShowPage> {
    let (actor, frame) = (here.actor(), here.clone());
    let page_of = move |app: &App| {
        let head = ClientHead::of(app, &actor, &code)?;
        let (question, wrong) = read(&pairs);
        let typed = |field: &str| {
            let text = wrong.iter().find(|problem| problem.field == field).and_then(|_| pairs.iter().find(|(name, _)| name == field));
            text.map(|(_, text)| text.clone())
        };
        let longest = typed("longest").unwrap_or_else(|| question.longest.map_or(String::new(), trimmed));
        let result = if wrong.is_empty() {
            result(app, &code, &question, Detail::Whole)?
        } else {
            ResultPart { result: None, waiting: wrong.clone() }
        };
        let seats = match &result.result {
            Some(Shown { report, .. }) => (report.seats.workstations, report.seats.servers, f64::from(report.allowance_minutes)),
            None => {
                let office = app.office()?;
                let (_, client) = office.client(&code)?;
                let listed = seats(client, office.until.next().first_day());
                (listed.workstations, listed.servers, 15.0)
            }
        };
        let problems = if wrong.is_empty() { Problems::default() } else { Problems::of_error(AppError::Invalid(wrong))? };
        let frame = frame.frame(app, "clients", format!("Programs for {}", head.name));
        let kept = app.kept_comparisons(&actor, &code)?;
        let mark = app.office()?.mark(&head.code)?;
        let kept = kept.iter().map(|kept| KeptRow::new(kept, &head, (&frame.zone, &mark))).collect();
        let may_keep = actor.may(Permission::EditAgreements);
        Ok(ShowPage {
            may_keep,
            kept,
            frame,
            groups: sliders(&question, seats),
            law: question.law.map_or("", HoursLaw::name).to_owned(),
            laws: std::iter::once(("", "as they were")).chain(HoursLaw::ALL.map(|(name, _)| (name, name))).collect(),
            longest,
            seasons: question.seasons,
            seed: question.seed,
            head,
            problems,
            result,
        })
    };
    page(app.run(page_of).await?)
}

async fn preview(State(app): State<App>, Path(code): Path<String>, Form(pairs): Form<Pairs>) -> Answer<ResultPart> {
    let part = move |app: &App| match question(&pairs) {
        Ok(question) => result(app, &code, &question, Detail::Quick),
        Err(AppError::Invalid(waiting)) => Ok(ResultPart { result: None, waiting }),
        Err(other) => Err(other),
    };
    page(app.run(part).await?)
}

impl KeptRow {
    fn new(kept: &KeptComparison, head: &ClientHead, (zone, mark): (&str, &str)) -> Self {
        Self {
            path: head.at(&format!("comparisons/{}", kept.id)),
            again: format!("{}?{}", head.at("comparison"), pairs_of(&kept.question)),
            made: format!("{}, {}", dates::moment(kept.made_at, zone), kept.made_by),
            first: said_of(kept),
            is_shared: kept.is_shared,
            is_stale: !kept.books_mark.is_empty() && kept.books_mark != mark,
        }
    }
}

async fn keep(State(app): State<App>, here: Here, Path(code): Path<String>, Form(pairs): Form<Pairs>) -> Result<Done, Failure> {
    let (actor, to) = (here.actor(), format!("{}/comparison?{}", client_path(&code), queried(&pairs)));
    app.run(move |app| app.keep_comparison(&actor, &code, &question(&pairs)?)).await?;
    Ok(Done::at(to).saying("The comparison is kept. It can be shared with the client now."))
}

type OfClient = Path<(String, Uuid)>;

async fn kept_pdf(State(app): State<App>, here: Here, Path((code, id)): OfClient) -> Result<Download, Failure> {
    let (actor, name) = (here.actor(), format!("programs-{code}.pdf"));
    let content = app.run(move |app| app.kept_comparison_pdf(&actor, &code, id)).await?;
    Ok(Download::pdf(name, content))
}

async fn share(State(app): State<App>, here: Here, Path((code, id)): OfClient) -> Result<Done, Failure> {
    let (actor, to) = (here.actor(), format!("{}/comparison", client_path(&code)));
    app.run(move |app| app.share_comparison(&actor, &code, id, true)).await?;
    Ok(Done::at(to).saying("The client sees the comparison in the portal."))
}

async fn hide(State(app): State<App>, here: Here, Path((code, id)): OfClient) -> Result<Done, Failure> {
    let (actor, to) = (here.actor(), format!("{}/comparison", client_path(&code)));
    app.run(move |app| app.share_comparison(&actor, &code, id, false)).await?;
    Ok(Done::at(to).saying("The client no longer sees the comparison."))
}

async fn delete(State(app): State<App>, here: Here, Path((code, id)): OfClient) -> Result<Done, Failure> {
    let (actor, to) = (here.actor(), format!("{}/comparison", client_path(&code)));
    app.run(move |app| app.delete_comparison(&actor, &code, id)).await?;
    Ok(Done::at(to).saying("The comparison is deleted."))
}

async fn pdf(State(app): State<App>, Path(code): Path<String>, Query(pairs): Query<Pairs>) -> Result<Download, Failure> {
    let name = format!("programs-{code}.pdf");
    let content = app.run(move |app| app.comparison_pdf(&code, &question(&pairs)?)).await?;
    Ok(Download::pdf(name, content))
}

/// What a kept comparison is about: what it assumes, the prices that were moved, and what came of it.
fn said_of(kept: &KeptComparison) -> String {
    let summary = &kept.paper.summary;
    let assumed = summary.first().filter(|_| summary.len() > 1 && summary.iter().any(|said| said.starts_with("Assumed")));
    let prices = |question: &Question| {
        let minutes = question.pricing.allowance_minutes.unwrap_or(0);
        sliders(question, (0.0, 0.0, f64::from(minutes))).into_iter().skip(1).flat_map(|(_, sliders)| sliders).collect::<Vec<_>>()
    };
    let moved = prices(&kept.question).into_iter().zip(prices(&Question::default()));
    let moved = moved.filter(|(own, usual)| own.shown() != usual.shown());
    let moved: Vec<String> = moved.map(|(own, _)| format!("{}: {} {}.", own.label, own.shown(), own.unit)).collect();
    let result = summary.iter().find(|said| said.starts_with("On average")).or(summary.last());
    assumed.into_iter().chain(&moved).chain(result).cloned().collect::<Vec<_>>().join(" ")
}

/// What a field of the form is called.
pub(crate) fn label_of(field: &str) -> &'static str {
    let sliders = sliders(&Question::default(), (0.0, 0.0, 0.0)).into_iter().flat_map(|(_, sliders)| sliders);
    let found = sliders.into_iter().find(|slider| slider.name == field).map(|slider| slider.label);
    found.unwrap_or(match field {
        "longest" => "Longest ticket",
        "law" => "Hours of a ticket",
        "seed" => "Seed",
        _ => "The question",
    })
}

/// The fields of the form for a question that was asked before.
fn pairs_of(question: &Question) -> String {
    let pricing = &question.pricing;
    let mut pairs: Vec<(&str, String)> = vec![
        ("seed", question.seed.to_string()),
        ("tickets", percent(question.tickets)),
        ("hours", percent(question.hours)),
        ("crashes", question.crashes.to_string()),
        ("viruses", question.viruses.to_string()),
        ("growth", percent(question.growth)),
        ("committed_discount", percent(pricing.committed_discount)),
        ("overage_premium", percent(pricing.overage_premium)),
        ("block_discount", percent(pricing.block_discount)),
        ("fixed_premium", percent(pricing.fixed_premium)),
        ("cost_share", percent(pricing.cost_share)),
        ("margin", percent(pricing.margin)),
    ];
    let counts =
        [("workstations", question.workstations), ("servers", question.servers), ("allowance_minutes", pricing.allowance_minutes)];
    pairs.extend(counts.into_iter().filter_map(|(name, count)| Some((name, count?.to_string()))));
    pairs.extend(question.longest.map(|hours| ("longest", trimmed(hours))));
    pairs.extend(question.law.map(|law| ("law", law.name().to_owned())));
    pairs.extend(question.seasons.then(|| ("seasons", "yes".to_owned())));
    queried(&pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn percent(share: f64) -> String {
    trimmed(share * 100.0)
}

fn queried(pairs: &Pairs) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The fields of the form that hold numbers.
const FIELDS: [&str; 16] = [
    "seed",
    "workstations",
    "servers",
    "tickets",
    "hours",
    "crashes",
    "viruses",
    "growth",
    "longest",
    "allowance_minutes",
    "committed_discount",
    "overage_premium",
    "block_discount",
    "fixed_premium",
    "cost_share",
    "margin",
];

/// A question from the fields of the form; what is not said is as usual.
fn question(pairs: &Pairs) -> Result<Question, AppError> {
    let (question, problems) = read(pairs);
    if problems.is_empty() { Ok(question) } else { Err(AppError::Invalid(problems)) }
}

/// The same as far as it can be read, and what is wrong with the rest.
fn read(pairs: &Pairs) -> (Question, Vec<FieldProblem>) {
    let (mut question, mut problems) = (Question::default(), Vec::new());
    for (name, text) in pairs.iter().filter(|(_, text)| !text.trim().is_empty()) {
        match name.as_str() {
            "law" => {
                question.law = HoursLaw::parse(text.trim());
                if question.law.is_none() {
                    problems.push(FieldProblem::new("law", format!("there is no law `{text}`")));
                }
            }
            "seasons" => question.seasons = true,
            _ => {}
        }
    }
    let (read, wrong) = numbers(pairs, &FIELDS);
    problems.extend(wrong);
    for (name, number) in read {
        let is_count = ["seed", "workstations", "servers", "allowance_minutes"].contains(&name);
        if is_count && !(number.fract() == 0.0 && (0.0..4e9).contains(&number)) {
            problems.push(FieldProblem::new(name, format!("`{number}` is not a whole number of 0 or more")));
            continue;
        }
        let count = u32::try_from(quarterhour_risk::number::index(number.max(0.0))).ok();
        let percent = number / 100.0;
        match name {
            "seed" => question.seed = u64::from(count.unwrap_or(1)),
            "workstations" => question.workstations = count,
            "servers" => question.servers = count,
            "tickets" => question.tickets = percent,
            "hours" => question.hours = percent,
            "crashes" => question.crashes = number,
            "viruses" => question.viruses = number,
            "growth" => question.growth = percent,
            "longest" => question.longest = Some(number),
            "allowance_minutes" => question.pricing.allowance_minutes = count,
            "committed_discount" => question.pricing.committed_discount = percent,
            "overage_premium" => question.pricing.overage_premium = percent,
            "block_discount" => question.pricing.block_discount = percent,
            "fixed_premium" => question.pricing.fixed_premium = percent,
            "cost_share" => question.pricing.cost_share = percent,
            "margin" => question.pricing.margin = percent,
            _ => {}
        }
    }
    if let Err(AppError::Invalid(wrong)) = question.checked(Shares::InPercent) {
        problems.extend(wrong);
    }
    (question, problems)
}

fn result(app: &Context, code: &str, question: &Question, detail: Detail) -> Result<ResultPart, AppError> {
    let office = app.office()?;
    let report = compare(&office, code, question, &[], detail)?;
    Ok(ResultPart { result: Some(Shown::new(report)), waiting: Vec::new() })
}

impl Shown {
    fn new(report: Report) -> Self {
        let rows = report.contenders.iter().map(|contender| Row::new(contender, &report.currency)).collect();
        let money = |value: f64| format!("{} {}", report.currency, rounded(value));
        let ridge = |contender: &Contender| {
            let density = contender.density.as_ref()?;
            let figures = &contender.figures;
            Some(Ridge {
                label: contender.name.clone(),
                from: density.from,
                step: density.step,
                values: density.values.clone(),
                median: figures.median.value,
                p95: figures.p95.value,
                words: [money(figures.median.value), money(figures.p95.value)],
            })
        };
        let densities = Densities {
            id: "densities".to_owned(),
            title: "A year's cost under each program".to_owned(),
            ridges: report.contenders.iter().filter_map(ridge).collect(),
        };
        let break_evens = words::by_demand(&report);
        let uncertainty = report.uncertainty();
        let (curve, fan) = (cost_curve(&report), fan(&report));
        let checks = rests_on::fitted(&report).into_iter().chain(rests_on::redrawn(&report)).collect();
        let whole = report.evidence.is_some().then(|| WholeParts::new(&report));
        Self { rows, densities: densities.chart(), curve, fan, break_evens, uncertainty, checks, whole, report }
    }
}

impl Row {
    fn new(contender: &Contender, currency: &str) -> Self {
        let it: &Figures = &contender.figures;
        Self {
            name: contender.name.clone(),
            because: contender.because.clone(),
            is_today: contender.is_today(),
            mean: rounded(it.mean.value),
            range: contender.mean_range_text(),
            median: rounded(it.median.value),
            p90: rounded(it.p90.value),
            p95: rounded(it.p95.value),
            error: rounded(it.p95.error.ceil()),
            tail: rounded(it.tail_mean95.value),
            worst_month: rounded(it.worst_month_p95.value),
            overage: words::overage(contender, whole_percent),
            lost: words::lost_hours(it),
            an_hour: it.price_per_hour.map_or(String::new(), |price| exact(price, currency)),
            a_seat: it.price_per_seat.map_or(String::new(), |price| exact(price, currency)),
            regret: rounded(it.regret.value),
            carried: it.carried_by_client.map_or(String::new(), |carried| whole_percent(carried.clamp(0.0, 9.99))),
            pros: contender.pros.clone(),
            cons: contender.cons.clone(),
        }
    }
}

fn sliders(question: &Question, (workstations, servers, minutes): (f64, f64, f64)) -> Vec<(&'static str, Vec<Slider>)> {
    let slider = |name, label, value, reach, unit| Slider { name, label, value, reach, unit };
    let pricing = &question.pricing;
    let reach = |count: f64| (count * 2.5 / 10.0).ceil() * 10.0;
    vec![
        (
            "The client",
            vec![
                slider("workstations", "Workstations", workstations, (0.0, reach(workstations).max(20.0), 1.0), ""),
                slider("servers", "Servers", servers, (0.0, reach(servers).max(10.0), 1.0), ""),
                slider("tickets", "Tickets a workstation", question.tickets * 100.0, (0.0, 300.0, 5.0), "% of expected"),
                slider("hours", "Time a ticket", question.hours * 100.0, (10.0, 300.0, 5.0), "% of expected"),
                slider("crashes", "Server crashes", question.crashes, (0.0, 10.0, 0.5), "times expected"),
                slider("viruses", "Viruses on every machine", question.viruses, (0.0, 2.0, 0.02), "a year"),
                slider("growth", "Growth of tickets", question.growth * 100.0, (-50.0, 100.0, 5.0), "% a year"),
            ],
        ),
        (
            "The prices",
            vec![
                slider("allowance_minutes", "Allowance a workstation", minutes, (0.0, 60.0, 5.0), "minutes"),
                slider("committed_discount", "Discount on the allowance", pricing.committed_discount * 100.0, (0.0, 60.0, 1.0), "%"),
                slider("overage_premium", "Premium on overage", pricing.overage_premium * 100.0, (0.0, 150.0, 5.0), "%"),
                slider("block_discount", "Discount on blocks", pricing.block_discount * 100.0, (0.0, 60.0, 1.0), "%"),
                slider("fixed_premium", "Premium of the fixed rate", pricing.fixed_premium * 100.0, (0.0, 150.0, 5.0), "%"),
                slider("margin", "Margin the provider wants", pricing.margin * 100.0, (0.0, 90.0, 1.0), "%"),
                slider("cost_share", "Cost of the provider's hour", pricing.cost_share * 100.0, (0.0, 99.0, 1.0), "% of its price"),
            ],
        ),
    ]
}
