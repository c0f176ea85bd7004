//! A client's devices: the dated list, the steps that change it with what each does, and the counts with their evidence.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use quarterhour_billing::DeviceClass;
use quarterhour_books::csv::write_record;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::actor::Permission;
use crate::app::client_entries::plain_cell;
use crate::app::context::{App, Context};
use crate::app::device::{DeviceDraft, DeviceRow, DeviceStep};
use crate::app::device_effect::{DeviceEffect, change_words, class_words};
use crate::app::history::CountHistory;
use crate::app::seen::whatever;
use crate::dates;
use crate::error::AppError;
use crate::web::client_head::{ClientHead, client_path, in_query};
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Download, Failure, page, page_with_problems};
use crate::web::routes::{Access, Area};

/// Devices that the page shows; a search narrows the rest.
const SHOWN_MAX: usize = 600;

/// The routes.
#[must_use]
pub fn area() -> Area {
    let (see, edit) = (Access::May(Permission::SeeClients), Access::May(Permission::EditClients));
    Area::default()
        .get("/clients/{code}/devices", see, list)
        .get("/clients/{code}/devices.csv", see, list_csv)
        .get("/clients/{code}/device-counts", see, counts)
        .get("/clients/{code}/add-device", edit, add_form)
        .post("/clients/{code}/add-device", edit, add)
        .post("/clients/{code}/add-device/effect", edit, add_effect)
        .get("/clients/{code}/devices/{device}", edit, show)
        .post("/clients/{code}/devices/{device}", edit, correct)
        .post("/clients/{code}/devices/{device}/effect", edit, correct_effect)
        .post("/clients/{code}/devices/{device}/retire", edit, retire)
        .post("/clients/{code}/devices/{device}/retire/effect", edit, retire_effect)
        .post("/clients/{code}/devices/{device}/replace", edit, replace)
        .post("/clients/{code}/devices/{device}/replace/effect", edit, replace_effect)
        .post("/clients/{code}/devices/{device}/delete", edit, delete)
        .post("/clients/{code}/devices/{device}/undo", edit, undo)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    show: String,
    class: String,
    q: String,
}

impl ListQuery {
    fn takes(&self, row: &DeviceRow, today: Date) -> bool {
        let text = self.q.trim().to_lowercase();
        let fields = [&row.name, &row.serial, &row.site, &row.class];
        let found = text.is_empty() || fields.iter().any(|field| field.to_lowercase().contains(&text));
        let shown = match self.show.as_str() {
            "all" => true,
            "retired" => row.retired.is_some_and(|retired| retired <= today),
            _ => row.retired.is_none_or(|retired| retired > today),
        };
        found && shown && (self.class.is_empty() || self.class == row.class)
    }

    fn with(&self, show: &str) -> String {
        let parts = [("show", show), ("class", self.class.as_str()), ("q", &self.q)];
        let parts = parts.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", in_query(value)));
        parts.collect::<Vec<_>>().join("&")
    }
}

/// A device of the list.
struct Row {
    row: DeviceRow,
    path: String,
    in_service: String,
    retired: String,
    state: &'static str,
    tone: &'static str,
}

impl Row {
    fn of(row: DeviceRow, head: &ClientHead, today: Date) -> Self {
        let (state, tone) = state(&row, today);
        Self {
            path: format!("{}/{}", head.at("devices"), row.id),
            in_service: dates::full(&row.in_service),
            retired: row.retired.map(|day| dates::full(&day)).unwrap_or_default(),
            row,
            state,
            tone,
        }
    }
}

fn state(row: &DeviceRow, today: Date) -> (&'static str, &'static str) {
    if row.never_counts() {
        ("never counts", "lost")
    } else if row.in_service > today {
        ("to come", "night")
    } else if row.counts_on(today) {
        ("in service", "good")
    } else {
        ("retired", "lost")
    }
}

#[derive(Template)]
#[template(path = "device/list.html")]
struct ListPage {
    frame: Frame,
    head: ClientHead,
    here: String,
    rows: Vec<Row>,
    hidden: usize,
    has_any: bool,
    /// Number and class of those in service today.
    today: Vec<String>,
    shows: Vec<(String, String)>,
    show: String,
    classes: Vec<(String, String)>,
    query: ListQuery,
    csv: String,
}

async fn list(State(app): State<App>, here: Here, Path(code): Path<String>, Query(query): Query<ListQuery>) -> Answer<ListPage> {
    let shown = app.run(move |app| {
        let (head, client_id) = (ClientHead::of(app, &here.actor(), &code)?, app.client_by_code(&code)?);
        let (all, today) = (app.devices(client_id)?, today(app, &code)?);
        let number = |class: DeviceClass| all.iter().filter(|row| row.class == class.name() && row.counts_on(today)).count();
        let numbers = DeviceClass::ALL.map(|class| (class, number(class)));
        let path = head.at("devices");
        let at = |show: &str| format!("{path}?{}", query.with(show));
        let mut matching: Vec<DeviceRow> = all.iter().filter(|row| query.takes(row, today)).cloned().collect();
        let hidden = matching.len().saturating_sub(SHOWN_MAX);
        matching.truncate(SHOWN_MAX);
        let kind = if matches!(query.show.as_str(), "all" | "retired") { query.show.clone() } else { "service".to_owned() };
        Ok(ListPage {
            frame: here.frame(app, "clients", format!("Devices of {}", head.name)),
            rows: matching.into_iter().map(|row| Row::of(row, &head, today)).collect(),
            hidden,
            has_any: !all.is_empty(),
            today: numbers.into_iter().filter(|(_, number)| *number > 0).map(|(class, number)| number_words(class, number)).collect(),
            shows: [("service", "In service"), ("retired", "Retired"), ("all", "All")]
                .map(|(key, text)| (at(key), text.to_owned()))
                .to_vec(),
            show: at(&kind),
            classes: class_options("Every class"),
            csv: format!("{path}.csv"),
            here: path,
            query,
            head,
        })
    });
    page(shown.await?)
}

fn number_words(class: DeviceClass, number: usize) -> String {
    format!("{number} {}", class_words(class.name(), i64::try_from(number).unwrap_or(i64::MAX)))
}

fn class_options(first: &str) -> Vec<(String, String)> {
    let classes = DeviceClass::ALL.map(|class| (class.name().to_owned(), class.name().to_owned()));
    std::iter::once((String::new(), first.to_owned())).chain(classes).collect()
}

/// The day on the client's clock.
fn today(app: &Context, code: &str) -> Result<Date, AppError> {
    let books = app.books()?;
    let (_, client) = books.setup.client(code).ok_or_else(|| AppError::not_found("client"))?;
    Ok(app.clock.today(&client.client.clock).date())
}

/// The list as a file that can be imported again.
async fn list_csv(State(app): State<App>, Path(code): Path<String>) -> Result<Download, Failure> {
    let (rows, name) = app.run(move |app| Ok((app.devices(app.client_by_code(&code)?)?, format!("devices-{code}.csv")))).await?;
    let mut out = String::new();
    write_record(&mut out, &["name", "class", "in_service", "retired", "serial", "site"]);
    for row in &rows {
        let (from, to) = (row.in_service.to_string(), row.retired.map(|day| day.to_string()).unwrap_or_default());
        write_record(&mut out, &[&plain_cell(&row.name), &row.class, &from, &to, &plain_cell(&row.serial), &plain_cell(&row.site)]);
    }
    Ok(Download::csv(name, out))
}

#[derive(Template)]
#[template(path = "device/counts.html")]
struct CountsPage {
    frame: Frame,
    head: ClientHead,
    here: String,
    history: CountHistory,
}

async fn counts(State(app): State<App>, here: Here, Path(code): Path<String>) -> Answer<CountsPage> {
    let shown = app.run(move |app| {
        let head = ClientHead::of(app, &here.actor(), &code)?;
        let history = app.count_history(app.client_by_code(&code)?)?;
        let frame = here.frame(app, "clients", format!("Device counts of {}", head.name));
        Ok(CountsPage { frame, here: head.at("devices"), head, history })
    });
    page(shown.await?)
}

/// What a step does, shown under its form.
#[derive(Template)]
#[template(path = "device/effect.html")]
struct EffectPart {
    effect: DeviceEffect,
    problems: Vec<String>,
}

async fn effect(app: &App, code: String, step: DeviceStep) -> Answer<EffectPart> {
    match app.run(move |app| app.device_effect(&code, &step)).await {
        Ok(effect) => page(EffectPart { effect, problems: Vec::new() }),
        Err(AppError::Invalid(problems)) => {
            let problems = problems.into_iter().map(|it| it.message).collect();
            page(EffectPart { effect: DeviceEffect::default(), problems })
        }
        Err(AppError::Conflict { message, .. }) => page(EffectPart { effect: DeviceEffect::default(), problems: vec![message] }),
        Err(other) => Err(other.into()),
    }
}

/// The form of a step: `look` shows what it does, anything else takes it.
#[derive(Clone, Debug, Default, Deserialize)]
struct StepForm {
    #[serde(flatten)]
    draft: DeviceDraft,
    #[serde(default)]
    on: String,
    #[serde(default, rename = "do")]
    action: String,
}

#[derive(Template)]
#[template(path = "device/form.html")]
struct FormPage {
    frame: Frame,
    head: ClientHead,
    /// The device; none for a new one.
    device: Option<Row>,
    form: StepForm,
    /// The form that was sent: add, correct, retire or replace.
    sent: &'static str,
    problems: Problems,
    effect: Option<DeviceEffect>,
    classes: Vec<(String, String)>,
}

impl FormPage {
    fn problem(&self, form: &str, field: &str) -> &str {
        if self.sent == form { self.problems.of(field) } else { "" }
    }

    fn effect_of(&self, form: &str) -> Option<&DeviceEffect> {
        self.effect.as_ref().filter(|_| self.sent == form)
    }

    fn is_sent(&self, form: &str) -> bool {
        self.sent == form
    }
}

/// What the page of a form shows beside what was typed.
struct Sent {
    form: Option<StepForm>,
    name: &'static str,
    problems: Problems,
    effect: Option<DeviceEffect>,
}

impl Sent {
    fn nothing() -> Self {
        Self { form: None, name: "", problems: Problems::default(), effect: None }
    }
}

async fn form_page(app: App, here: Here, code: String, device: Option<Uuid>, sent: Sent) -> Result<FormPage, Failure> {
    let shown = app.run(move |app| {
        let (head, client_id) = (ClientHead::of(app, &here.actor(), &code)?, app.client_by_code(&code)?);
        let today = today(app, &code)?;
        let row = device.map(|id| app.device(client_id, id)).transpose()?;
        let draft = row.as_ref().map_or_else(
            || DeviceDraft { class: "workstation".to_owned(), in_service: today.to_string(), ..DeviceDraft::default() },
            DeviceRow::draft,
        );
        let usual = StepForm { draft, on: today.to_string(), action: String::new() };
        let title = row.as_ref().map_or_else(|| "Add a device".to_owned(), |row| row.name.clone());
        Ok(FormPage {
            frame: here.frame(app, "clients", title),
            device: row.map(|row| Row::of(row, &head, today)),
            form: sent.form.unwrap_or(usual),
            sent: sent.name,
            problems: sent.problems,
            effect: sent.effect,
            classes: class_options("").into_iter().skip(1).collect(),
            head,
        })
    });
    Ok(shown.await?)
}

async fn add_form(State(app): State<App>, here: Here, Path(code): Path<String>) -> Answer<FormPage> {
    page(form_page(app, here, code, None, Sent::nothing()).await?)
}

async fn show(State(app): State<App>, here: Here, Path((code, id)): Path<(String, Uuid)>) -> Answer<FormPage> {
    page(form_page(app, here, code, Some(id), Sent::nothing()).await?)
}

/// One form with its step.
struct Step {
    name: &'static str,
    device: Option<Uuid>,
    step: DeviceStep,
}

/// Takes the step of a form, or shows what it does where that was asked for.
async fn submit(app: App, here: Here, code: String, form: StepForm, step: Step) -> Result<Response, Failure> {
    let Step { name, device, step } = step;
    let (actor, at, look) = (here.actor(), code.clone(), form.action == "look");
    let taken = app
        .run(move |app| {
            if look {
                return Ok((Some(app.device_effect(&at, &step)?), None));
            }
            Ok((None, Some(app.change_devices(&actor, &at, &step, &whatever)?)))
        })
        .await;
    let sent = match taken {
        Ok((_, Some((changes, undo)))) => {
            let said = changes.iter().map(change_words).collect::<Vec<_>>().join(". ");
            let path = format!("{}/devices", client_path(&code));
            return Ok(Done::at(path.clone()).saying_with_undo(short(&said), format!("{path}/{undo}/undo")).into_response());
        }
        Ok((effect, None)) => Sent { form: Some(form), name, problems: Problems::default(), effect },
        Err(error) => Sent { form: Some(form), name, problems: Problems::of_error(error)?, effect: None },
    };
    let has_problems = !sent.problems.is_empty();
    let shown = form_page(app, here, code, device, sent).await?;
    Ok(if has_problems { page_with_problems(shown).into_response() } else { page(shown).into_response() })
}

/// A word about what was done travels in a cookie, so it is kept short.
fn short(text: &str) -> String {
    let cut: String = text.chars().take(240).collect();
    if cut.len() < text.len() { format!("{cut}\u{2026}") } else { format!("{cut}.") }
}

async fn add(State(app): State<App>, here: Here, Path(code): Path<String>, Form(form): Form<StepForm>) -> Result<Response, Failure> {
    let step = Step { name: "add", device: None, step: DeviceStep::Add(form.draft.clone()) };
    submit(app, here, code, form, step).await
}

async fn add_effect(State(app): State<App>, Path(code): Path<String>, Form(form): Form<StepForm>) -> Answer<EffectPart> {
    effect(&app, code, DeviceStep::Add(form.draft)).await
}

type Named = Path<(String, Uuid)>;

async fn correct(
    State(app): State<App>,
    here: Here,
    Path((code, id)): Named,
    Form(form): Form<StepForm>,
) -> Result<Response, Failure> {
    let step = Step { name: "correct", device: Some(id), step: DeviceStep::Correct(id, form.draft.clone()) };
    submit(app, here, code, form, step).await
}

async fn correct_effect(State(app): State<App>, Path((code, id)): Named, Form(form): Form<StepForm>) -> Answer<EffectPart> {
    effect(&app, code, DeviceStep::Correct(id, form.draft)).await
}

async fn retire(State(app): State<App>, here: Here, Path((code, id)): Named, Form(form): Form<StepForm>) -> Result<Response, Failure> {
    let step = Step { name: "retire", device: Some(id), step: DeviceStep::Retire(id, form.on.clone()) };
    let form = keep_draft(&app, &code, id, form).await?;
    submit(app, here, code, form, step).await
}

/// A form that asks for a day only leaves the other forms of the page as they were.
async fn keep_draft(app: &App, code: &str, id: Uuid, form: StepForm) -> Result<StepForm, Failure> {
    let code = code.to_owned();
    let draft = app.run(move |app| Ok(app.device(app.client_by_code(&code)?, id)?.draft())).await?;
    Ok(StepForm { draft, ..form })
}

async fn retire_effect(State(app): State<App>, Path((code, id)): Named, Form(form): Form<StepForm>) -> Answer<EffectPart> {
    effect(&app, code, DeviceStep::Retire(id, form.on)).await
}

async fn replace(
    State(app): State<App>,
    here: Here,
    Path((code, id)): Named,
    Form(form): Form<StepForm>,
) -> Result<Response, Failure> {
    let step = Step { name: "replace", device: Some(id), step: DeviceStep::Replace(id, form.on.clone(), form.draft.clone()) };
    submit(app, here, code, form, step).await
}

async fn replace_effect(State(app): State<App>, Path((code, id)): Named, Form(form): Form<StepForm>) -> Answer<EffectPart> {
    effect(&app, code, DeviceStep::Replace(id, form.on, form.draft)).await
}

async fn delete(State(app): State<App>, here: Here, Path((code, id)): Named) -> Result<Response, Failure> {
    let form = keep_draft(&app, &code, id, StepForm::default()).await?;
    let step = Step { name: "delete", device: Some(id), step: DeviceStep::Delete(id) };
    submit(app, here, code, form, step).await
}

async fn undo(State(app): State<App>, here: Here, Path((code, id)): Named) -> Result<Done, Failure> {
    let (actor, at) = (here.actor(), code.clone());
    let number = app.run(move |app| app.undo_devices(&actor, &at, id)).await?;
    let said = if number == 1 {
        "Undone: the device is as it was.".to_owned()
    } else {
        format!("Undone: {number} devices are as they were.")
    };
    Ok(Done::at(format!("{}/devices", client_path(&code))).saying(said))
}
