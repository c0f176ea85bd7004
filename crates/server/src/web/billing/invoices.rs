//! The list of invoices.

use askama::Template;
use axum::extract::{Query, State};
use serde::Deserialize;

use crate::app::context::App;
use crate::app::invoice::{InvoiceFilter, InvoiceRow, Standing};
use crate::app::money;
use crate::web::client_head::in_query;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, page};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    q: String,
    state: String,
    client: String,
    before: Option<i64>,
}

impl ListQuery {
    fn path(&self, state: &str, before: Option<i64>) -> String {
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        let parts = [("q", self.q.as_str()), ("state", state), ("client", &self.client), ("before", &before)];
        let parts: Vec<String> =
            parts.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", in_query(value))).collect();
        if parts.is_empty() { "/billing/invoices".to_owned() } else { format!("/billing/invoices?{}", parts.join("&")) }
    }
}

struct Row {
    row: InvoiceRow,
    number: String,
    total: String,
    balance: String,
    standing: (String, &'static str),
}

/// A standing in words, with its tone.
pub(super) fn standing(standing: Standing) -> (String, &'static str) {
    match standing {
        Standing::Open => ("open".to_owned(), "plain"),
        Standing::Overdue(1) => ("1 day overdue".to_owned(), "bad"),
        Standing::Overdue(days) => (format!("{days} days overdue"), "bad"),
        Standing::Paid => ("paid".to_owned(), "good"),
        Standing::Credited => ("credited".to_owned(), "lost"),
        Standing::InCredit => ("in the client's favour".to_owned(), "over"),
        Standing::Nothing => ("nothing to pay".to_owned(), "lost"),
    }
}

impl Row {
    fn of(row: InvoiceRow) -> Self {
        Self {
            number: row.number(),
            total: money::shown(row.invoice.total, row.currency),
            balance: if row.balance() == 0 { String::new() } else { money::shown(row.balance(), row.currency) },
            standing: standing(row.standing),
            row,
        }
    }
}

#[derive(Template)]
#[template(path = "billing/invoices.html")]
pub(super) struct InvoicesPage {
    frame: Frame,
    rows: Vec<Row>,
    query: ListQuery,
    states: Vec<(String, String)>,
    state: String,
    older: String,
    newer: String,
    is_filtered: bool,
}

pub(super) async fn list(State(app): State<App>, here: Here, Query(query): Query<ListQuery>) -> Answer<InvoicesPage> {
    let actor = here.actor();
    let filter =
        InvoiceFilter { state: query.state.clone(), client: query.client.clone(), search: query.q.clone(), before: query.before };
    let found = app.run(move |app| app.invoices(&actor, &filter)).await?;
    let states = [
        ("", "All"),
        ("open", "Open"),
        ("overdue", "Overdue"),
        ("paid", "Paid"),
        ("credited", "Credited"),
        ("in-credit", "In credit"),
    ];
    page(InvoicesPage {
        frame: here.frame(&app, "billing", "Invoices"),
        rows: found.rows.into_iter().map(Row::of).collect(),
        states: states.map(|(state, text)| (query.path(state, None), text.to_owned())).to_vec(),
        state: query.path(&query.state, None),
        older: found.next.map(|next| query.path(&query.state, Some(next))).unwrap_or_default(),
        newer: query.before.map(|_| query.path(&query.state, None)).unwrap_or_default(),
        is_filtered: !(query.q.is_empty() && query.state.is_empty() && query.client.is_empty()),
        query,
    })
}
