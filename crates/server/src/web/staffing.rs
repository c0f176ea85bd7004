//! How many technicians of each tier answer in time, from the desk's own past.

use askama::Template;
use axum::extract::{Query, State};
use quarterhour_risk::staffing::outcome::{Answers, TierOutcome};
use quarterhour_risk::staffing::plan::StaffingOption;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::money::{grouped, rounded};
use crate::app::risk::staffing::{Staffing, Target};
use crate::error::{AppError, Shares};
use crate::hours::{percent, whole_percent};
use crate::web::chart::{Arrivals, Chart, StaffingColumn, Staffings};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, page};
use crate::web::routes::{Access, Area};
use crate::web::slider::{Pairs, only_numbers, seed, trimmed};

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/billing/staffing", Access::May(Permission::SeeBilling), show)
}

#[derive(Template)]
#[template(path = "staffing/show.html")]
struct StaffingPage {
    frame: Frame,
    fields: Vec<Field>,
    seed: u64,
    problems: Problems,
    result: Option<Shown>,
}

/// A number to type.
struct Field {
    name: &'static str,
    label: &'static str,
    value: String,
    unit: &'static str,
    hint: &'static str,
}

struct Shown {
    currency: String,
    enough: Option<Enough>,
    options: Vec<OptionRow>,
    costs: Chart,
    arrivals: Chart,
    rests_on: Vec<String>,
}

/// The staffing to choose.
struct Enough {
    who: String,
    cost: String,
    in_time: String,
    busy: String,
    delayed: String,
    tiers: Vec<TierRow>,
}

struct TierRow {
    tier: String,
    technicians: usize,
    busy: String,
    tickets: String,
    delayed: String,
    mean: String,
    p95: String,
    in_time: String,
}

struct OptionRow {
    technicians: usize,
    who: String,
    cost: String,
    in_time: String,
    delayed: String,
    mean: String,
    p95: String,
    busy: String,
    is_enough: bool,
}

async fn show(State(app): State<App>, here: Here, Query(pairs): Query<Pairs>) -> Answer<StaffingPage> {
    let shown = move |app: &App| {
        let (target, refused) = match target(&pairs) {
            Ok(target) => (target, None),
            Err(error) => (Target::default(), Some(error)),
        };
        let found = match refused {
            Some(error) => Err(error),
            None => app.office().and_then(|office| app.staffing(&office, target)),
        };
        let (result, problems) = match found {
            Ok(staffing) => (Some(Shown::new(&staffing)), Problems::default()),
            Err(error) => (None, Problems::of_error(error)?),
        };
        Ok((fields(target, &pairs), target.seed, problems, result))
    };
    let (fields, seed, problems, result) = app.run_in_turn(shown).await?;
    page(StaffingPage { frame: here.frame(&app, "billing", "Staffing"), fields, seed, problems, result })
}

fn target(pairs: &Pairs) -> Result<Target, AppError> {
    let mut target = Target::default();
    for (name, number) in only_numbers(pairs, &["within", "share", "cost_share", "paid_hours", "tickets", "seed"])? {
        match name {
            "within" => target.hours = number,
            "share" => target.share = number / 100.0,
            "cost_share" => target.cost_share = number / 100.0,
            "paid_hours" => target.paid_hours = number,
            "tickets" => target.tickets = number / 100.0,
            _ => target.seed = seed(number),
        }
    }
    target.checked(Shares::InPercent)?;
    Ok(target)
}

/// The fields with what was typed, or with what is usual.
fn fields(target: Target, pairs: &Pairs) -> Vec<Field> {
    let field = |name, label, value: f64, unit, hint| {
        let typed = pairs.iter().find(|(own, text)| own == name && !text.trim().is_empty());
        Field { name, label, value: typed.map_or_else(|| trimmed(value), |(_, text)| text.clone()), unit, hint }
    };
    vec![
        field("within", "Taken up within", target.hours, "h", "business hours"),
        field("share", "For so many tickets", target.share * 100.0, "%", "in every tier"),
        field("tickets", "Tickets", target.tickets * 100.0, "%", "of what was seen"),
        field("cost_share", "Cost of a paid hour", target.cost_share * 100.0, "%", "of its price on the rate card"),
        field("paid_hours", "Paid hours", target.paid_hours, "h", "a technician a month"),
    ]
}

fn of_answers(answers: Option<&Answers>, of: impl Fn(&Answers) -> String) -> String {
    answers.map_or("–".to_owned(), of)
}

fn hours(hours: f64) -> String {
    format!("{hours:.2} h")
}

fn who(option: &StaffingOption) -> String {
    let parts: Vec<String> = option.staffing.iter().map(|tier| format!("{} \u{d7} {}", tier.technicians, tier.tier)).collect();
    parts.join(", ")
}

fn in_time(option: &StaffingOption) -> String {
    option.lowest_within_target.map_or("–".to_owned(), |share| percent(share.value))
}

impl Shown {
    fn new(staffing: &Staffing) -> Self {
        let plan = &staffing.plan;
        let column = |option: &StaffingOption| StaffingColumn {
            technicians: option.technicians,
            cost: option.cost_a_month,
            in_time: option.lowest_within_target.map_or("–".to_owned(), |share| whole_percent(share.value)),
            is_enough: option.recommended,
        };
        let costs = Staffings {
            id: "costs".to_owned(),
            title: format!("What each staffing costs a month, {}", staffing.currency),
            columns: plan.options.iter().map(column).collect(),
        };
        let arrivals = Arrivals {
            id: "arrivals".to_owned(),
            title: "New tickets an hour, by weekday and hour".to_owned(),
            per_hour: staffing.question.desk.arrivals.per_hour,
        };
        Self {
            currency: staffing.currency.clone(),
            enough: plan.recommended().map(Enough::new),
            options: plan.options.iter().map(OptionRow::new).collect(),
            costs: costs.chart(),
            arrivals: arrivals.chart(),
            rests_on: rests_on(staffing),
        }
    }
}

impl Enough {
    fn new(option: &StaffingOption) -> Self {
        Self {
            who: who(option),
            cost: rounded(option.cost_a_month),
            in_time: in_time(option),
            busy: option.outcome.utilisation.map_or("–".to_owned(), whole_percent),
            delayed: of_answers(option.outcome.first_response.as_ref(), |it| percent(it.delayed.value)),
            tiers: option.outcome.tiers.iter().map(TierRow::new).collect(),
        }
    }
}

impl TierRow {
    fn new(it: &TierOutcome) -> Self {
        let answers = it.answers.as_ref();
        Self {
            tier: it.tier.clone(),
            technicians: it.technicians,
            busy: it.utilisation.map_or("–".to_owned(), whole_percent),
            tickets: of_answers(answers, |it| grouped(&it.tickets.to_string())),
            delayed: of_answers(answers, |it| percent(it.delayed.value)),
            mean: of_answers(answers, |it| hours(it.mean_wait_hours.value)),
            p95: of_answers(answers, |it| hours(it.p95_wait_hours)),
            in_time: of_answers(answers, |it| {
                format!("{} ± {:.1}", percent(it.within_target.value), it.within_target.standard_error * 100.0)
            }),
        }
    }
}

impl OptionRow {
    fn new(option: &StaffingOption) -> Self {
        let first = option.outcome.first_response.as_ref();
        Self {
            technicians: option.technicians,
            who: who(option),
            cost: rounded(option.cost_a_month),
            in_time: in_time(option),
            delayed: of_answers(first, |it| percent(it.delayed.value)),
            mean: of_answers(first, |it| hours(it.mean_wait_hours.value)),
            p95: of_answers(first, |it| hours(it.p95_wait_hours)),
            busy: option.outcome.utilisation.map_or("–".to_owned(), whole_percent),
            is_enough: option.recommended,
        }
    }
}

fn rests_on(staffing: &Staffing) -> Vec<String> {
    let span = staffing.question.span;
    vec![
        format!(
            "{} tickets in {:.0} weeks of the desk's own past: when they came, how long each tier worked on them, and how many went on to the next tier.",
            grouped(&staffing.tickets_seen.to_string()),
            staffing.weeks_seen
        ),
        format!(
            "{} simulated weeks from seed {}, the same tickets for every staffing. What is behind ± is one standard error.",
            span.weeks, span.seed
        ),
        "Technicians take tickets in the provider's business hours, one at a time, those of their own tier first; a dearer tier helps the cheaper ones when it has none. All are there all the time: leave, meetings and travel are not in it, so count them on top.".to_owned(),
        "Waits are business hours. In time is the share of the tier that does worst; delay and waits of a staffing are those of new tickets until somebody takes them up.".to_owned(),
    ]
}
