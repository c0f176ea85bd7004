//! Webhooks: added, changed, tried, and the log of what was sent.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use quarterhour_store::statements::delivery::Delivery;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::seen::whatever;
use crate::app::webhook::{EVENTS, HookDraft, HookEvent, HookView};
use crate::error::AppError;
use crate::web::confirm;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::moment::Moments;
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page};
use crate::web::routes::{Access, Area};
use crate::web::sign_in::again;

const MAY: Access = Access::May(Permission::ManageSettings);
const LIST: &str = "/settings/webhooks";
const NEW: &str = "/settings/webhooks/new";
/// Deliveries on the page of a webhook.
const DELIVERIES: i64 = 50;

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default()
        .get(LIST, MAY, list)
        .post(LIST, MAY, add)
        .get(NEW, MAY, show_new)
        .get("/settings/webhooks/{webhook}", MAY, show)
        .post("/settings/webhooks/{webhook}", MAY, change)
        .post("/settings/webhooks/{webhook}/secret", MAY, renew)
        .post("/settings/webhooks/{webhook}/test", MAY, test)
        .post("/settings/webhooks/{webhook}/delete", MAY, delete)
        .get("/settings/webhooks/{webhook}/{delivery}", MAY, show_delivery)
        .post("/settings/webhooks/{webhook}/{delivery}/send", MAY, send_again)
}

/// A webhook as a form sends it.
#[derive(Clone, Debug, Default, Deserialize)]
struct Typed {
    #[serde(default)]
    url: String,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    active: String,
}

impl Typed {
    fn of(hook: &HookView) -> Self {
        let active = if hook.is_active { "on" } else { "" };
        Self { url: hook.url.clone(), events: hook.events.clone(), active: active.to_owned() }
    }

    fn draft(&self) -> HookDraft {
        HookDraft { url: self.url.clone(), events: self.events.clone(), is_active: !self.active.is_empty() }
    }

    fn has(&self, event: &HookEvent) -> bool {
        self.events.iter().any(|name| name == event.name)
    }
}

#[derive(Template)]
#[template(path = "webhooks/list.html")]
struct ListPage {
    frame: Frame,
    moments: Moments,
    hooks: Vec<(HookView, Option<Delivery>)>,
}

#[derive(Template)]
#[template(path = "webhooks/new.html")]
struct NewPage {
    frame: Frame,
    form: Typed,
    events: [HookEvent; 12],
    problems: Problems,
}

#[derive(Template)]
#[template(path = "webhooks/show.html")]
struct ShowPage {
    frame: Frame,
    moments: Moments,
    hook: HookView,
    deliveries: Vec<Delivery>,
    form: Typed,
    events: [HookEvent; 12],
    problems: Problems,
}

#[derive(Template)]
#[template(path = "webhooks/secret.html")]
struct SecretPage {
    frame: Frame,
    hook: HookView,
    secret: String,
}

#[derive(Template)]
#[template(path = "webhooks/delivery.html")]
struct DeliveryPage {
    frame: Frame,
    moments: Moments,
    hook: HookView,
    delivery: Delivery,
    message: String,
}

/// A state with its tone and words.
fn tone(delivery: &Delivery) -> &'static str {
    match delivery.state.as_str() {
        "delivered" => "good",
        "given-up" => "bad",
        _ if delivery.attempts > 0 => "over",
        _ => "plain",
    }
}

fn words(delivery: &Delivery) -> String {
    match (delivery.state.as_str(), delivery.attempts) {
        ("delivered", _) => "delivered".to_owned(),
        ("given-up", _) => "given up".to_owned(),
        (_, 0) => "waiting".to_owned(),
        (_, tries) => format!("failed {tries} of 10"),
    }
}

fn id(text: &str, what: &str) -> Result<Uuid, AppError> {
    Uuid::parse_str(text).map_err(|_| AppError::not_found(what))
}

fn path(hook: Uuid) -> String {
    format!("{LIST}/{hook}")
}

/// The host of a webhook, as its title.
fn host(hook: &HookView) -> String {
    url::Url::parse(&hook.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| hook.url.clone())
}

async fn list(State(app): State<App>, here: Here) -> Answer<ListPage> {
    let actor = here.actor();
    let hooks = app
        .run(move |app| {
            let hooks = app.webhooks(&actor)?.into_iter();
            hooks.map(|hook| Ok((hook.clone(), app.webhook(&actor, hook.id, 1)?.1.pop()))).collect::<Result<Vec<_>, AppError>>()
        })
        .await?;
    page(ListPage { frame: here.frame(&app, "settings", "Webhooks"), moments: Moments::of(&app), hooks })
}

fn new_page(app: &App, here: &Here, form: Typed) -> NewPage {
    NewPage { frame: here.frame(app, "settings", "Add a webhook"), form, events: EVENTS, problems: Problems::default() }
}

async fn show_new(State(app): State<App>, here: Here) -> Result<Response, Failure> {
    if let Some(first) = confirm::needed(&app, &here, NEW) {
        return Ok(first);
    }
    Ok(page(new_page(&app, &here, Typed { active: "on".to_owned(), ..Typed::default() })).into_response())
}

async fn add(State(app): State<App>, here: Here, Form(form): Form<Typed>) -> Result<Response, Failure> {
    if let Some(first) = confirm::needed(&app, &here, NEW) {
        return Ok(first);
    }
    let (actor, draft) = (here.actor(), HookDraft { is_active: true, ..form.draft() });
    match app.run(move |app| app.add_webhook(&actor, &draft)).await {
        Ok((hook, secret)) => Ok(page(secret_page(&app, &here, hook, secret)).into_response()),
        Err(error) => {
            let fresh = new_page(&app, &here, form);
            Ok(again(error, |problems| NewPage { problems, ..fresh }))
        }
    }
}

fn secret_page(app: &App, here: &Here, hook: HookView, secret: String) -> SecretPage {
    SecretPage { frame: here.frame(app, "settings", format!("Secret of {}", host(&hook))), hook, secret }
}

async fn show_page(app: &App, here: &Here, hook: &str) -> Result<ShowPage, Failure> {
    let (actor, hook) = (here.actor(), id(hook, "webhook")?);
    let (hook, deliveries) = app.run(move |app| app.webhook(&actor, hook, DELIVERIES)).await?;
    Ok(ShowPage {
        frame: here.frame(app, "settings", host(&hook)),
        moments: Moments::of(app),
        form: Typed::of(&hook),
        hook,
        deliveries,
        events: EVENTS,
        problems: Problems::default(),
    })
}

async fn show(State(app): State<App>, here: Here, Path(hook): Path<String>) -> Answer<ShowPage> {
    page(show_page(&app, &here, &hook).await?)
}

async fn change(State(app): State<App>, here: Here, Path(hook): Path<String>, Form(form): Form<Typed>) -> Result<Response, Failure> {
    let (actor, hook_id, draft) = (here.actor(), id(&hook, "webhook")?, form.draft());
    if let Some(first) = confirm::needed(&app, &here, &path(hook_id)) {
        return Ok(first);
    }
    match app.run(move |app| app.change_webhook(&actor, hook_id, &draft, &whatever)).await {
        Ok(_) => Ok(Done::at(path(hook_id)).saying("The changes are saved").into_response()),
        Err(error) => refused(&app, &here, &hook, Some(form), error).await,
    }
}

/// The page again, with why a step was refused.
async fn refused(app: &App, here: &Here, hook: &str, form: Option<Typed>, error: AppError) -> Result<Response, Failure> {
    if matches!(error, AppError::NotFound { .. }) {
        return Err(Failure(error));
    }
    let fresh = show_page(app, here, hook).await?;
    Ok(again(error, |problems| ShowPage { problems, form: form.unwrap_or_else(|| fresh.form.clone()), ..fresh }))
}

async fn renew(State(app): State<App>, here: Here, Path(hook): Path<String>) -> Result<Response, Failure> {
    let (actor, hook) = (here.actor(), id(&hook, "webhook")?);
    if let Some(first) = confirm::needed(&app, &here, &path(hook)) {
        return Ok(first);
    }
    let (hook, secret) = app.run(move |app| app.renew_webhook_secret(&actor, hook)).await?;
    Ok(page(secret_page(&app, &here, hook, secret)).into_response())
}

async fn test(State(app): State<App>, here: Here, Path(hook): Path<String>) -> Result<Response, Failure> {
    let (actor, hook_id) = (here.actor(), id(&hook, "webhook")?);
    match app.run(move |app| app.test_webhook(&actor, hook_id)).await {
        Ok(()) => Ok(Done::at(path(hook_id)).saying("A test is on its way; reload to see how it went").into_response()),
        Err(error) => refused(&app, &here, &hook, None, error).await,
    }
}

async fn delete(State(app): State<App>, here: Here, Path(hook): Path<String>) -> Result<Done, Failure> {
    let (actor, hook) = (here.actor(), id(&hook, "webhook")?);
    let gone = app.run(move |app| app.delete_webhook(&actor, hook, &whatever)).await?;
    Ok(Done::at(LIST).saying(format!("The webhook to {} is removed", host(&gone))))
}

async fn show_delivery(State(app): State<App>, here: Here, Path((hook, delivery)): Path<(String, String)>) -> Answer<DeliveryPage> {
    let (actor, hook, delivery) = (here.actor(), id(&hook, "webhook")?, id(&delivery, "delivery")?);
    let (hook, delivery) = app
        .run(move |app| {
            let (hook, _) = app.webhook(&actor, hook, 0)?;
            let delivery = app.delivery(&actor, hook.id, delivery)?;
            Ok((hook, delivery))
        })
        .await?;
    let message: serde_json::Value = serde_json::from_str(&delivery.payload_json).unwrap_or_default();
    let message = serde_json::to_string_pretty(&message).unwrap_or_default();
    let frame = here.frame(&app, "settings", delivery.event.clone());
    page(DeliveryPage { frame, moments: Moments::of(&app), hook, delivery, message })
}

async fn send_again(State(app): State<App>, here: Here, Path((hook, delivery)): Path<(String, String)>) -> Result<Response, Failure> {
    let (actor, hook_id, delivery) = (here.actor(), id(&hook, "webhook")?, id(&delivery, "delivery")?);
    match app.run(move |app| app.send_again(&actor, hook_id, delivery)).await {
        Ok(()) => Ok(Done::at(path(hook_id)).saying("It is sent again, with the same id").into_response()),
        Err(error) => refused(&app, &here, &hook, None, error).await,
    }
}
