//! The tickets of a client: references with titles and their work.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::ticket::TicketView;
use crate::dates;
use crate::web::client_head::{ClientHead, client_path, in_query};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// Tickets that the page shows.
const SHOWN_MAX: usize = 150;

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/clients/{code}/tickets", Access::May(Permission::SeeClients), list).post(
        "/clients/{code}/tickets",
        Access::May(Permission::EditClients),
        set_title,
    )
}

struct Row {
    view: TicketView,
    last: String,
    entries_path: String,
}

#[derive(Template)]
#[template(path = "ticket/list.html")]
struct ListPage {
    frame: Frame,
    head: ClientHead,
    here: String,
    rows: Vec<Row>,
    hidden: usize,
    q: String,
    form: TitleForm,
    problems: Problems,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    q: String,
}

async fn list(State(app): State<App>, here: Here, Path(code): Path<String>, Query(query): Query<ListQuery>) -> Answer<ListPage> {
    page(list_page(app, here, code, query.q, (TitleForm::default(), Problems::default())).await?)
}

async fn list_page(
    app: App,
    here: Here,
    code: String,
    q: String,
    (form, problems): (TitleForm, Problems),
) -> Result<ListPage, Failure> {
    let shown = app.run(move |app| {
        let (head, client_id) = (ClientHead::of(app, &here.actor(), &code)?, app.client_by_code(&code)?);
        let mut views = app.tickets_of_client(client_id)?;
        let text = q.trim().to_lowercase();
        views.retain(|view| view.ticket.to_lowercase().contains(&text) || view.title.to_lowercase().contains(&text));
        let hidden = views.len().saturating_sub(SHOWN_MAX);
        let rows = views.into_iter().take(SHOWN_MAX).map(|view| Row {
            last: view.last_on.map(|day| dates::full(&day)).unwrap_or_default(),
            entries_path: format!(
                "{}?period={}&q={}",
                head.at("entries"),
                view.last_on.map_or_else(|| "open".to_owned(), |day| format!("{:04}-{:02}", day.year(), day.month())),
                in_query(&view.ticket)
            ),
            view,
        });
        let frame = here.frame(app, "clients", format!("Tickets of {}", head.name));
        Ok(ListPage { frame, here: head.at("tickets"), rows: rows.collect(), hidden, q, form, problems, head })
    });
    Ok(shown.await?)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct TitleForm {
    ticket: String,
    title: String,
}

async fn set_title(
    State(app): State<App>,
    here: Here,
    Path(code): Path<String>,
    Form(form): Form<TitleForm>,
) -> Result<Response, Failure> {
    let (actor, at, new) = (here.actor(), code.clone(), form.clone());
    match app.run(move |app| app.set_ticket_title(&actor, &at, &new.ticket, &new.title)).await {
        Ok(()) => {
            let path = format!("{}/tickets", client_path(&code));
            Ok(Done::at(path).saying(format!("Ticket {} has its title.", form.ticket.trim())).into_response())
        }
        Err(error) => {
            let problems = Problems::of_error(error)?;
            Ok(page_with_problems(list_page(app, here, code, String::new(), (form, problems)).await?).into_response())
        }
    }
}
