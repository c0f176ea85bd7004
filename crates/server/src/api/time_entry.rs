//! Time entries: logged one by one or many at once, looked at before they are saved, changed, taken out and back.

use axum::extract::State;
use jiff::Timestamp;
use quarterhour_billing::Period;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::answer::{Answer, Created, Listed, Nothing};
use crate::api::endpoints::{Endpoints, PREFIX, named};
use crate::api::extract::{Body, Caller, IfMatch, Params, Segment};
use crate::api::once::{Maybe, Once};
use crate::api::page::{Page, cursor};
use crate::api::problem::Problem;
use crate::api::words::{instant, period, text};
use crate::app::actor::{Actor, Permission};
use crate::app::context::{App, Context};
use crate::app::effect::Effect;
use crate::app::idempotency::{Kept, Keyed, Known};
use crate::app::seen::as_seen;
use crate::app::time_entry::{Draft, Saved};
use crate::app::time_entry_page::{EntryQuery, StandingEntry};
use crate::error::{AppError, FieldProblem};
use crate::web::routes::Access;

/// The most entries of one request.
const BULK_MAX: usize = 1000;
/// The longest note, as the books have it.
const NOTE_MAX: usize = 20_000;

/// The operations.
pub fn endpoints() -> Endpoints {
    let (see, log) = (Access::May(Permission::SeeClients), Access::May(Permission::LogTime));
    Endpoints::of(
        "Time entries",
        "Work: who, when, how long, for whom. Open entries change freely; after the issue a change is a correction.",
    )
    .get("/time-entries", see, named("listTimeEntries", "List time entries, by client and start"), list)
    .post_alone("/time-entries", log, named("createTimeEntry", "Log time"), create)
    .post_alone("/time-entries/bulk", log, named("createTimeEntries", "Log up to 1,000 entries, all or none"), create_many)
    .post_alone(
        "/time-entries/effect",
        log,
        named("previewTimeEntry", "See what an entry would do to the client's hours and bill"),
        effect,
    )
    .get("/time-entries/{entry}", see, named("getTimeEntry", "Read a time entry"), show)
    .put("/time-entries/{entry}", log, named("changeTimeEntry", "Change a time entry"), change)
    .delete("/time-entries/{entry}", log, named("deleteTimeEntry", "Take a time entry out"), remove)
    .post("/time-entries/{entry}/restore", log, named("restoreTimeEntry", "Bring a deleted time entry back"), restore)
}

/// Whose error was it?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Work that the client needed.
    #[default]
    Client,
    /// Rework or the provider's own error: courtesy.
    Provider,
}

/// Work to be logged.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTimeEntry {
    /// The client's code.
    #[schema(example = "acme", min_length = 1, max_length = 200)]
    pub client: String,
    /// The ticket; may be empty.
    #[serde(default)]
    #[schema(example = "T-1042", max_length = 200)]
    pub ticket: String,
    /// Who worked; left out: you.
    #[serde(default)]
    #[schema(nullable = false, max_length = 200)]
    pub technician: Option<String>,
    /// When the work began.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T14:05:00+01:00")]
    pub started_at: String,
    /// How long it took.
    #[schema(minimum = 1, maximum = 44640, example = 25)]
    pub minutes: u32,
    /// The skill that was needed; left out: `technician`.
    #[serde(default)]
    #[schema(example = "helpdesk", max_length = 200)]
    pub tier: String,
    /// The kind of work; left out: `remote`.
    #[serde(default)]
    #[schema(example = "remote", max_length = 200)]
    pub work_type: String,
    /// The device; may be empty.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub device: String,
    /// Does it count?
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub billable: bool,
    /// Why the work was needed.
    #[serde(default)]
    pub cause: Cause,
    /// What was done; the client reads it.
    #[serde(default)]
    #[schema(max_length = 20_000)]
    pub note: String,
}

fn yes() -> bool {
    true
}

impl NewTimeEntry {
    fn draft(&self, actor: &Actor) -> Result<Draft, Problem> {
        let started_at = instant("started_at", &self.started_at)?.as_second();
        let technician = self.technician.clone().filter(|it| !it.is_empty()).unwrap_or_else(|| actor.technician.clone());
        for (name, value) in [("ticket", &self.ticket), ("technician", &technician), ("note", &self.note), ("device", &self.device)] {
            text(name, value, if name == "note" { NOTE_MAX } else { 200 })?;
        }
        if self.minutes == 0 {
            return Err(Problem::field("minutes", "no time at all; expected at least 1, or delete the entry"));
        }
        Ok(Draft {
            client: self.client.clone(),
            ticket: self.ticket.clone(),
            technician,
            started_at,
            minutes: self.minutes,
            tier: self.tier.clone(),
            work_type: self.work_type.clone(),
            device: self.device.clone(),
            billable: self.billable,
            provider_cause: self.cause == Cause::Provider,
            note: self.note.clone(),
        })
    }
}

/// A time entry.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TimeEntry {
    /// Its id.
    pub id: String,
    /// The client's code.
    pub client: String,
    /// The ticket; may be empty.
    pub ticket: String,
    /// Who worked.
    pub technician: String,
    /// When the work began.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// How long it took.
    pub minutes: u32,
    /// The skill that was needed.
    pub tier: String,
    /// The kind of work.
    pub work_type: String,
    /// The device; may be empty.
    pub device: String,
    /// Does it count?
    pub billable: bool,
    /// Why the work was needed.
    pub cause: Cause,
    /// What was done.
    pub note: String,
    /// The period that it belongs to.
    #[schema(example = "2026-11")]
    pub period: String,
    /// Set for late time: that period is issued, and this is billed on the next open statement.
    pub late_for: Option<String>,
    /// Does it stand on an issued statement? Then a change is a correction.
    pub issued: bool,
}

impl TimeEntry {
    fn new(id: &str, draft: &Draft, at: Period, late_for: Option<Period>, issued: bool) -> Self {
        let or = |text: &str, usual: &str| if text.is_empty() { usual.to_owned() } else { text.to_owned() };
        Self {
            id: id.to_owned(),
            client: draft.client.clone(),
            ticket: draft.ticket.clone(),
            technician: draft.technician.clone(),
            started_at: Timestamp::from_second(draft.started_at).map(|it| it.to_string()).unwrap_or_default(),
            minutes: draft.minutes,
            tier: or(&draft.tier, "technician"),
            work_type: or(&draft.work_type, "remote"),
            device: draft.device.clone(),
            billable: draft.billable,
            cause: if draft.provider_cause { Cause::Provider } else { Cause::Client },
            note: draft.note.clone(),
            period: at.to_string(),
            late_for: late_for.map(|it| it.to_string()),
            issued,
        }
    }

    /// An entry as it stands.
    #[must_use]
    pub fn standing(it: &StandingEntry) -> Self {
        Self::new(&it.id, &it.draft, it.period, it.late_for, it.issued)
    }

    fn saved(draft: &Draft, saved: &Saved) -> Self {
        Self::new(&saved.id, draft, saved.period, saved.late_for, false)
    }

    /// Where it is.
    fn at(&self) -> String {
        format!("{PREFIX}/time-entries/{}", crate::api::words::segment(&self.id))
    }
}

/// Which time entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TimeEntryFilter {
    /// Entries on the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    after: Option<String>,
    /// Of this client.
    client: Option<String>,
    /// Of this technician.
    technician: Option<String>,
    /// Of this period.
    #[param(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$", example = "2026-11")]
    period: Option<String>,
    /// That began at or after this instant.
    #[param(format = DateTime)]
    from: Option<String>,
    /// That began before this instant.
    #[param(format = DateTime)]
    until: Option<String>,
}

async fn list(State(app): State<App>, _: Caller, Params(filter): Params<TimeEntryFilter>) -> Result<Listed<TimeEntry>, Problem> {
    let page = Page::of(filter.limit, filter.after.as_ref());
    let (limit, after) = (page.limit()?, page.after()?.map(|key| place(&key)).transpose()?);
    let bound = |name: &str, text: &Option<String>, other: i64| -> Result<i64, Problem> {
        Ok(text.as_deref().map(|text| instant(name, text)).transpose()?.map_or(other, Timestamp::as_second))
    };
    let span = bound("from", &filter.from, i64::MIN)?..bound("until", &filter.until, i64::MAX)?;
    let of = filter.period.as_deref().map(|text| period("period", text)).transpose()?;
    let (client, technician) = (filter.client, filter.technician.unwrap_or_default());
    let mut entries = app
        .run(move |app| {
            let client_id = client.as_deref().map(|code| app.client_by_code(code)).transpose()?;
            app.entry_page(&EntryQuery { client_id, technician, span: Some(span), period: of, after, limit: limit + 1 })
        })
        .await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let key = |it: &StandingEntry| format!("{}\n{}\n{}", it.draft.client, it.draft.started_at, it.id);
    let next = entries.last().filter(|_| more).map(|last| cursor(&key(last)));
    Ok(Listed { items: entries.iter().map(TimeEntry::standing).collect(), next })
}

/// Where a page begins: client, start, id.
fn place(key: &str) -> Result<(String, i64, String), Problem> {
    let mut parts = key.splitn(3, '\n');
    let (client, started_at, id) = (parts.next(), parts.next().and_then(|it| it.parse().ok()), parts.next());
    match (client, started_at, id) {
        (Some(client), Some(started_at), Some(id)) => Ok((client.to_owned(), started_at, id.to_owned())),
        _ => Err(Problem::malformed("`after` is a cursor of another list")),
    }
}

async fn show(State(app): State<App>, _: Caller, Segment(id): Segment<String>) -> Result<Answer<TimeEntry>, Problem> {
    let (entry, _) = app.run(move |app| app.standing_entry(&id)).await?;
    Ok(Answer(TimeEntry::standing(&entry)))
}

async fn create(
    State(app): State<App>,
    Caller(actor): Caller,
    once: Once,
    Body(body): Body<NewTimeEntry>,
) -> Result<Maybe<Created<TimeEntry>>, Problem> {
    let (keyed, draft) = (once.keyed(&actor, &body), body.draft(&actor)?);
    let written = app
        .run(move |app| {
            let write = |mut views: Vec<TimeEntry>| {
                let view = views.pop().ok_or_else(|| AppError::fault("an entry was not saved"))?;
                Ok(Created { at: view.at(), view })
            };
            write_once(app, &actor, &[draft], keyed.as_ref(), write)
        })
        .await?;
    written.answer()
}

/// Several entries to be logged.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTimeEntries {
    /// The entries: all are saved, or none.
    #[schema(min_items = 1, max_items = 1000)]
    pub entries: Vec<NewTimeEntry>,
}

/// Entries that were logged, in the order of the request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TimeEntries {
    /// The entries.
    pub entries: Vec<TimeEntry>,
}

async fn create_many(
    State(app): State<App>,
    Caller(actor): Caller,
    once: Once,
    Body(body): Body<NewTimeEntries>,
) -> Result<Maybe<Created<TimeEntries>>, Problem> {
    if !(1..=BULK_MAX).contains(&body.entries.len()) {
        return Err(Problem::field("entries", format!("{} entries; expected 1 to {BULK_MAX}", body.entries.len())));
    }
    let keyed = once.keyed(&actor, &body);
    let (mut drafts, mut problems) = (Vec::new(), Vec::new());
    for (index, entry) in body.entries.iter().enumerate() {
        match entry.draft(&actor) {
            Ok(draft) => drafts.push(draft),
            Err(Problem::App(AppError::Invalid(found))) => {
                problems.extend(found.into_iter().map(|it| FieldProblem::new(format!("entries.{index}.{}", it.field), it.message)));
            }
            Err(problem) => return Err(problem),
        }
    }
    if !problems.is_empty() {
        return Err(AppError::Invalid(problems).into());
    }
    let written = app
        .run(move |app| {
            let write = |entries| Ok(Created { at: format!("{PREFIX}/time-entries"), view: TimeEntries { entries } });
            write_once(app, &actor, &drafts, keyed.as_ref(), write)
        })
        .await?;
    written.answer()
}

/// What came of a write with a key.
enum Written<O> {
    Now(O),
    Known(Known),
}

impl<O> Written<O> {
    fn answer(self) -> Result<Maybe<O>, Problem> {
        match self {
            Self::Now(now) => Ok(Maybe::Now(now)),
            Self::Known(known) => match Once::answer(known)? {
                Some(again) => Ok(Maybe::Again(again)),
                None => Err(AppError::conflict("another request with this key was undone", "send the request again").into()),
            },
        }
    }
}

/// Saves entries; a key is kept with the answer in the same transaction, so that a crash leaves both or none.
fn write_once<V: Serialize>(
    app: &Context,
    actor: &Actor,
    drafts: &[Draft],
    keyed: Option<&Keyed>,
    view: impl FnOnce(Vec<TimeEntry>) -> Result<Created<V>, AppError>,
) -> Result<Written<Created<V>>, AppError> {
    if let Some(keyed) = keyed {
        match app.known(keyed)? {
            Known::New => {}
            known => return Ok(Written::Known(known)),
        }
    }
    let (mut created, mut taken) = (None, false);
    let saved = app.save_entries_in(actor, drafts, |tx, saved| {
        let views = drafts.iter().zip(saved).map(|(draft, saved)| TimeEntry::saved(draft, saved)).collect();
        let done = view(views)?;
        if let Some(keyed) = keyed {
            let body = serde_json::to_string(&done.view).map_err(AppError::fault)?;
            let kept = Kept { status: 201, location: Some(done.at.clone()), body };
            if !app.keep(tx, keyed, &kept)? {
                taken = true;
                return Err(AppError::conflict("this key was used meanwhile", "send the request again"));
            }
        }
        created = Some(done);
        Ok(())
    });
    match (saved, keyed) {
        (Err(_), Some(keyed)) if taken => Ok(Written::Known(app.known(keyed)?)),
        (saved, _) => {
            saved?;
            created.map(Written::Now).ok_or_else(|| AppError::fault("an entry was not saved"))
        }
    }
}

/// A part of an entry, and what becomes of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Part {
    /// courtesy, included, internal, drawn, overage, held, charged, in-ticket or nothing.
    pub fate: String,
    /// Why, for people.
    pub why: String,
    /// business or after-hours.
    pub band: String,
    /// Seconds.
    pub seconds: i64,
    /// Seconds that it takes from a pool.
    pub burn: i64,
}

impl Part {
    /// A part of a statement's entry.
    #[must_use]
    pub fn new(part: &crate::app::body::PartBody) -> Self {
        let (fate, why, band) = (part.fate.clone(), part.why.clone(), part.band.name().to_owned());
        Self { fate, why, band, seconds: part.seconds, burn: part.burn }
    }
}

/// What an entry would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntryEffect {
    /// The period that it belongs to.
    #[schema(example = "2026-11")]
    pub period: String,
    /// Set for late time: that period is issued.
    pub late_for: Option<String>,
    /// The agreement that it falls under; null: the rate card.
    pub agreement: Option<String>,
    /// Seconds after rounding.
    pub billable: i64,
    /// Where they would go.
    pub parts: Vec<Part>,
    /// Seconds in pools before it.
    pub left_before: i64,
    /// Seconds in pools after it.
    pub left_after: i64,
    /// What the client pays more, before tax.
    #[schema(example = "37.50")]
    pub cost: String,
    /// The currency.
    #[schema(example = "USD")]
    pub currency: String,
    /// All that in a sentence.
    pub sentence: String,
}

impl From<Effect> for EntryEffect {
    fn from(it: Effect) -> Self {
        let currency = quarterhour_billing::Currency::parse(&it.currency);
        Self {
            period: it.period.to_string(),
            late_for: it.late_for.map(|it| it.to_string()),
            agreement: it.agreement,
            billable: it.billable,
            parts: it.parts.iter().map(Part::new).collect(),
            left_before: it.left_before,
            left_after: it.left_after,
            cost: currency.map_or_else(|| it.cost.to_string(), |currency| currency.format(it.cost)),
            currency: it.currency,
            sentence: it.sentence,
        }
    }
}

/// What a preview is of.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EffectOf {
    /// The id of an entry that it would replace.
    replacing: Option<String>,
}

async fn effect(
    State(app): State<App>,
    Caller(actor): Caller,
    Params(of): Params<EffectOf>,
    Body(body): Body<NewTimeEntry>,
) -> Result<Answer<EntryEffect>, Problem> {
    let draft = body.draft(&actor)?;
    let effect = app.run(move |app| app.entry_effect(&actor, &draft, of.replacing.as_deref())).await?;
    Ok(Answer(effect.into()))
}

async fn change(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(id): Segment<String>,
    seen: IfMatch,
    Body(body): Body<NewTimeEntry>,
) -> Result<Answer<TimeEntry>, Problem> {
    let draft = body.draft(&actor)?;
    let expected = expected(&app, &id, &seen).await?;
    let run = app.run(move |app| {
        let saved = app.change_entry(&actor, &id, &draft, &|now| as_seen(expected.as_ref(), now))?;
        app.standing_entry(&saved.id)
    });
    let (entry, _) = run.await?;
    Ok(Answer(TimeEntry::standing(&entry)))
}

async fn remove(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(id): Segment<String>,
    seen: IfMatch,
) -> Result<Nothing, Problem> {
    let expected = expected(&app, &id, &seen).await?;
    app.run(move |app| app.delete_entry(&actor, &id, &|now| as_seen(expected.as_ref(), now))).await?;
    Ok(Nothing)
}

/// What the caller has seen, if it names a version.
async fn expected(app: &App, id: &str, seen: &IfMatch) -> Result<Option<Draft>, Problem> {
    if !seen.is_given() {
        return Ok(None);
    }
    let id = id.to_owned();
    let (entry, _) = app.run(move |app| app.standing_entry(&id)).await?;
    seen.check(&TimeEntry::standing(&entry))?;
    Ok(Some(entry.draft))
}

async fn restore(State(app): State<App>, Caller(actor): Caller, Segment(id): Segment<String>) -> Result<Answer<TimeEntry>, Problem> {
    let (entry, _) = app
        .run(move |app| {
            let saved = app.restore_entry(&actor, &id)?;
            app.standing_entry(&saved.id)
        })
        .await?;
    Ok(Answer(TimeEntry::standing(&entry)))
}
