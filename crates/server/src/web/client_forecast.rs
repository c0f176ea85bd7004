//! How a client's running month will end, with its chances: a page of its own, and a part of the client's page that comes later.

use askama::Template;
use axum::extract::{Path, State};
use quarterhour_risk::number::{index, round_i64};

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::money::grouped;
use crate::app::risk::forecast::{Forecast, forecast};
use crate::dates;
use crate::hours::{counted, hours, whole_percent};
use crate::web::client_head::ClientHead;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, page};
use crate::web::routes::{Access, Area};

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/clients/{code}/month-end", Access::May(Permission::SeeClients), show)
}

#[derive(Template)]
#[template(path = "client/month_end.html")]
struct MonthEndPage {
    frame: Frame,
    head: ClientHead,
    month: String,
    sentences: Vec<String>,
    rests_on: String,
}

async fn show(State(app): State<App>, here: Here, Path(code): Path<String>) -> Answer<MonthEndPage> {
    let (actor, frame) = (here.actor(), here.clone());
    let page_of = move |app: &App| {
        let head = ClientHead::of(app, &actor, &code)?;
        let office = app.office()?;
        let told = forecast(&office, std::slice::from_ref(&head.code))?;
        let told = told.first();
        Ok(MonthEndPage {
            month: dates::month(office.today.period()),
            sentences: told.map(sentences).unwrap_or_default(),
            rests_on: told.map(rests_on).unwrap_or_default(),
            frame: frame.frame(app, "clients", format!("How the month will end for {}", head.name)),
            head,
        })
    };
    page(app.run_in_turn(page_of).await?)
}

/// Hours for reading, such as `15:12 h`.
fn said(value: f64) -> String {
    hours(round_i64(value * 60.0) * 60)
}

fn chance(share: f64) -> String {
    match share {
        share if share < 0.005 => "less than 1 %".to_owned(),
        share if share > 0.995 => "more than 99 %".to_owned(),
        share => whole_percent(share),
    }
}

fn sentences(forecast: &Forecast) -> Vec<String> {
    let at = |share: f64| forecast.quantiles.iter().find(|(own, _)| (own - share).abs() < 1e-9).map_or(0.0, |(_, hours)| *hours);
    let of =
        forecast.available.filter(|available| *available > 0.0).map_or(String::new(), |available| format!(" of {}", said(available)));
    let mut all = vec![format!(
        "As likely as not the month ends at {}{of}; in eight of ten cases between {} and {}.",
        said(at(0.5)),
        said(at(0.1)),
        said(at(0.9))
    )];
    let (Some(available), Some(share), Some(over), Some(unused)) =
        (forecast.available, forecast.overage_chance, forecast.overage_hours, forecast.unused_hours)
    else {
        return all;
    };
    let is_used_up = forecast.hours >= available;
    let beyond = forecast.hours - available - forecast.can_buy;
    all.push(match () {
        () if beyond > 0.0 => {
            format!("The hours are used up: {} are overage already, and {} on average at the end.", said(beyond), said(over))
        }
        () if is_used_up => {
            format!("The hours are used up already. The chance of overage is {}, {} on average.", chance(share), said(over))
        }
        () => {
            format!("The chance of overage is {}, {} on average; {} end unused on average.", chance(share), said(over), said(unused))
        }
    });
    if forecast.can_buy > 0.0 {
        all.push(format!("Before there is overage, the agreement buys up to {} more in blocks.", said(forecast.can_buy)));
    }
    if is_used_up {
        return all;
    }
    let day = |day: quarterhour_billing::Day| dates::near(&day.date());
    // That hours last until the last day says nothing that the chance of overage does not.
    let before_the_end = |day: &quarterhour_billing::Day| day.next() < forecast.on.period().end();
    match (forecast.used_up_early.filter(before_the_end), forecast.used_up_on.filter(before_the_end)) {
        (Some(early), Some(middle)) if early != middle => {
            all.push(format!("The hours are used up by {} as likely as not, and by {} in one of ten cases.", day(middle), day(early)));
        }
        (_, Some(middle)) => all.push(format!("The hours are used up by {} as likely as not.", day(middle))),
        (Some(early), None) => all.push(format!("In one of ten cases the hours are used up by {}.", day(early))),
        (None, None) => {}
    }
    all
}

fn rests_on(forecast: &Forecast) -> String {
    let corrected = match forecast.corrected_by {
        0 => "The intervals are not corrected yet: too few months were forecast before.".to_owned(),
        count => format!("The intervals are corrected by {} forecasts of past months.", grouped(&count.to_string())),
    };
    format!(
        "Told on the morning of {}: {:.0} of {} {} left. {corrected}",
        dates::near(&forecast.on.date()),
        forecast.days_left,
        counted(index(forecast.business_days), "business day"),
        if forecast.days_left == 1.0 { "is" } else { "are" }
    )
}
