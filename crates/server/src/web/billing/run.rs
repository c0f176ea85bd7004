//! The run of a month: every statement with what changed, before and after it is issued.

use std::cmp::Reverse;

use askama::Template;
use axum::extract::{Path, Query, State};
use quarterhour_billing::{Day, Period};
use serde::Deserialize;

use crate::app::actor::Permission;
use crate::app::billing::{Run, RunRow, RunState, Sum, WarningGroup};
use crate::app::context::App;
use crate::app::money;
use crate::app::paper::number_text;
use crate::web::billing::{period_of, plain, statement_path};
use crate::web::client_head::in_query;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, page};

/// What the list shows, and in which order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunQuery {
    q: String,
    show: String,
    sort: String,
}

impl RunQuery {
    fn takes(&self, row: &RunRow) -> bool {
        let text = self.q.trim().to_lowercase();
        let found = text.is_empty() || row.name.to_lowercase().contains(&text) || row.code.to_lowercase().contains(&text);
        found && is_shown(&self.show, row)
    }

    fn order(&self, rows: &mut [RunRow]) {
        let (down, key) = self.sort.strip_prefix('-').map_or((false, self.sort.as_str()), |key| (true, key));
        let worth = |row: &RunRow| match key {
            "available" => row.available(),
            "used" => row.time.used,
            "lost" => row.time.forfeited,
            "overage" => row.time.overage + row.time.held,
            "net" => row.net,
            "total" => row.total,
            "change" => row.change().unwrap_or(i64::MIN),
            _ => 0,
        };
        match key {
            "" | "name" => rows.sort_by_cached_key(|row| row.name.to_lowercase()),
            "state" => rows.sort_by_key(|row| Reverse(row.state)),
            _ => rows.sort_by_key(worth),
        }
        if down {
            rows.reverse();
        }
    }

    fn path(&self, period: Period, show: &str) -> String {
        let parts = [("q", self.q.as_str()), ("show", show)];
        let parts: Vec<String> =
            parts.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", in_query(value))).collect();
        if parts.is_empty() { format!("/billing/{period}") } else { format!("/billing/{period}?{}", parts.join("&")) }
    }
}

/// A change that a person should look at: a tenth up or down, and not of a few cents.
fn has_jumped(row: &RunRow) -> bool {
    row.change_percent().is_some_and(|percent| percent.abs() >= 10) || (row.last == Some(0) && row.total != 0)
}

fn is_shown(show: &str, row: &RunRow) -> bool {
    match show {
        "open" => !row.is_issued(),
        "issued" => row.is_issued(),
        "overage" => row.time.overage + row.time.held > 0,
        "changed" => has_jumped(row),
        "look" => !row.warnings.is_empty(),
        _ => true,
    }
}

/// A statement of the list.
struct Row {
    id: String,
    path: String,
    row: RunRow,
    net: String,
    tax: String,
    total: String,
    change: String,
    change_percent: String,
    change_tone: &'static str,
    number: Option<String>,
    issue_path: String,
}

impl Row {
    fn of(row: RunRow, period: Period) -> Self {
        let currency = row.currency;
        let number = match row.state {
            RunState::Issued(number) => number,
            RunState::Open => None,
        };
        let sign = |number: i64| if number > 0 { "+" } else { "" };
        let change = row.change().filter(|change| *change != 0);
        Self {
            id: format!("{}-{}", row.code, row.agreement.as_deref().unwrap_or("")),
            path: statement_path(&row.code, period),
            net: plain(row.net, currency),
            tax: if row.tax == 0 { String::new() } else { plain(row.tax, currency) },
            total: money::shown(row.total, currency),
            change: change.map(|change| format!("{}{}", sign(change), plain(change, currency))).unwrap_or_default(),
            change_percent: match (row.change_percent(), change) {
                (Some(percent), Some(_)) => format!("{}{percent} %", sign(percent)).replace('-', "\u{2212}"),
                (None, _) if row.last.is_none() => "new".to_owned(),
                _ => String::new(),
            },
            change_tone: if has_jumped(&row) { "strong" } else { "muted" },
            number: number.map(number_text),
            issue_path: format!("/billing/{period}/issue?client={}", in_query(&row.code)),
            row,
        }
    }
}

#[derive(Template)]
#[template(path = "billing/run.html")]
pub(super) struct RunPage {
    frame: Frame,
    period: Period,
    month_path: String,
    previous: Period,
    next: Period,
    is_over: bool,
    has_begun: bool,
    rows: Vec<Row>,
    has_any: bool,
    sums: Vec<SumRow>,
    groups: Vec<WarningGroup>,
    earlier: Vec<(Period, usize)>,
    held: usize,
    open: usize,
    /// Open ones that are not kept back.
    due: usize,
    issued: usize,
    can_issue: bool,
    may_bill: bool,
    query: RunQuery,
    shows: Vec<(String, String)>,
    show: String,
    sort_path: String,
}

struct SumRow {
    sum: Sum,
    net: String,
    tax: String,
    total: String,
}

pub(super) async fn show(
    State(app): State<App>,
    here: Here,
    Path(period): Path<String>,
    Query(query): Query<RunQuery>,
) -> Answer<RunPage> {
    let (actor, period) = (here.actor(), period_of(&period)?);
    let may_bill = actor.may(Permission::Bill);
    let today = Day::from_date(app.today()).period();
    let run = app.run(move |app| app.run_of(&actor, period)).await?;
    let can_issue = may_bill && run.can_issue();
    let (open, due) = (run.open(), run.due());
    let shows = shows(&run, &query);
    let Run { rows, sums, groups, earlier, held, is_over, .. } = run;
    let issued = rows.len() - open;
    let has_any = !rows.is_empty();
    let mut rows: Vec<RunRow> = rows.into_iter().filter(|row| query.takes(row)).collect();
    query.order(&mut rows);
    let sum_row = |sum: Sum| SumRow {
        net: plain(sum.net, sum.currency),
        tax: plain(sum.tax, sum.currency),
        total: money::shown(sum.total, sum.currency),
        sum,
    };
    let path = query.path(period, &query.show);
    let joint = if path.contains('?') { '&' } else { '?' };
    page(RunPage {
        frame: here.frame(&app, "billing", crate::dates::month(period)),
        period,
        month_path: format!("/billing/{period}"),
        previous: period.previous(),
        next: period.next(),
        is_over,
        has_begun: has_any || is_over || period <= today,
        rows: rows.into_iter().map(|row| Row::of(row, period)).collect(),
        has_any,
        sums: sums.into_iter().map(sum_row).collect(),
        groups,
        earlier,
        held,
        open,
        due,
        issued,
        can_issue,
        may_bill,
        shows,
        show: path.clone(),
        sort_path: format!("{path}{joint}sort="),
        query,
    })
}

fn shows(run: &Run, query: &RunQuery) -> Vec<(String, String)> {
    let kinds = [
        ("", "All"),
        ("open", "Open"),
        ("issued", "Issued"),
        ("overage", "Overage"),
        ("changed", "Changed by 10 % or more"),
        ("look", "To look at"),
    ];
    let number = |show: &str| run.rows.iter().filter(|row| is_shown(show, row)).count();
    kinds.map(|(show, text)| (query.path(run.period, show), format!("{text} {}", number(show)))).to_vec()
}
