//! What clients owe, by how long it has been due.

use askama::Template;
use axum::extract::State;

use crate::app::aging::{Aging, AgingRow, BUCKETS};
use crate::app::context::App;
use crate::app::money;
use crate::web::billing::plain;
use crate::web::chart::{self, Bar, Chart};
use crate::web::client_head::in_query;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, Download, Failure, page};

struct Row {
    name: String,
    path: String,
    buckets: Vec<(String, bool)>,
    owed: String,
    in_credit: String,
}

struct Part {
    code: &'static str,
    chart: Chart,
    rows: Vec<Row>,
    sum: Row,
    overdue: String,
    owed: String,
    invoices: String,
    tone: &'static str,
}

impl Part {
    fn of(aging: &Aging) -> Self {
        let currency = aging.currency;
        let bars = BUCKETS.iter().zip(aging.sum.buckets).enumerate().map(|(index, (label, amount))| Bar {
            label: (*label).to_owned(),
            amount,
            words: if amount == 0 { "–".to_owned() } else { money::shown(amount, currency) },
            is_late: index > 0,
        });
        let title = format!("Open invoices in {} by age", currency.code());
        let chart = chart::Aging { id: format!("aging-{}", currency.code()), title, bars: bars.collect() }.chart();
        let row = |row: &AgingRow| Row {
            name: row.name.clone(),
            path: format!("/billing/invoices?state=open&client={}", in_query(&row.code)),
            buckets: row
                .buckets
                .iter()
                .enumerate()
                .map(|(index, amount)| (digits(*amount, currency), index > 0 && *amount > 0))
                .collect(),
            owed: plain(row.owed(), currency),
            in_credit: digits(row.in_credit, currency),
        };
        Self {
            code: currency.code(),
            invoices: crate::hours::counted(aging.sum.invoices, "invoice"),
            tone: if aging.sum.overdue() > 0 { "over" } else { "" },
            chart,
            rows: aging.rows.iter().map(row).collect(),
            sum: row(&aging.sum),
            overdue: money::shown(aging.sum.overdue(), currency),
            owed: money::shown(aging.sum.owed(), currency),
        }
    }
}

fn digits(amount: i64, currency: quarterhour_billing::Currency) -> String {
    if amount == 0 { String::new() } else { plain(amount, currency) }
}

#[derive(Template)]
#[template(path = "billing/aging.html")]
pub(super) struct AgingPage {
    frame: Frame,
    parts: Vec<Part>,
}

pub(super) async fn show(State(app): State<App>, here: Here) -> Answer<AgingPage> {
    let actor = here.actor();
    let aging = app.run(move |app| app.aging(&actor)).await?;
    page(AgingPage { frame: here.frame(&app, "billing", "What is owed"), parts: aging.iter().map(Part::of).collect() })
}

pub(super) async fn csv(State(app): State<App>, here: Here) -> Result<Download, Failure> {
    let actor = here.actor();
    let (text, today) = app.run(move |app| Ok((app.aging_csv(&actor)?, app.today()))).await?;
    Ok(Download::csv(format!("aging-{today}.csv"), text))
}
