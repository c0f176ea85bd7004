//! Agreements: read as text, as JSON and in plain words; tried, added, revised and ended.

use axum::extract::State;
use quarterhour_billing::Day;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::answer::{All, Answer, Created, Nothing};
use crate::api::endpoints::{Endpoints, PREFIX, named};
use crate::api::extract::{Body, Caller, IfMatch, Segment};
use crate::api::problem::Problem;
use crate::api::statement::TimeView;
use crate::api::words::{date, segment, text};
use crate::app::actor::{Actor, Permission};
use crate::app::agreement::Mode;
use crate::app::agreement::{AgreementView, Standing, Version};
use crate::app::agreement_preview::{Month, Preview, Side};
use crate::app::agreement_words::ClauseWords;
use crate::app::context::App;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let (see, edit) = (Access::May(Permission::SeeAgreements), Access::May(Permission::EditAgreements));
    let (at, one) = ("/clients/{client}/agreements", "/clients/{client}/agreements/{agreement}");
    Endpoints::of("Agreements", "What a client and the provider signed, as dated versions of a TOML text.")
        .get(at, see, named("listAgreements", "List a client's agreements, the latest first"), list)
        .post(at, edit, named("createAgreement", "Add an agreement; it starts in open periods only"), create)
        .post_alone(
            "/clients/{client}/agreements/preview",
            edit,
            named("previewAgreement", "See what an agreement says, and this month's statement under it"),
            preview,
        )
        .get(one, see, named("getAgreement", "Read an agreement as text, as JSON and in plain words"), show)
        .put(one, edit, named("changeAgreement", "Change an agreement under which nothing is issued"), change)
        .delete(one, edit, named("deleteAgreement", "Take out an agreement under which nothing is issued"), remove)
        .post(
            "/clients/{client}/agreements/{agreement}/versions",
            edit,
            named("reviseAgreement", "Add a new version, which ends this one on its first day"),
            revise,
        )
        .post("/clients/{client}/agreements/{agreement}/end", edit, named("endAgreement", "End an agreement, or let it go on"), end)
        .post(
            "/clients/{client}/agreements/{agreement}/blocks",
            edit,
            named("sellBlock", "Add a block of hours that was bought"),
            sell,
        )
}

/// An agreement of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgreementInList {
    /// Its name, unique among all clients.
    name: String,
    /// Its program.
    program: String,
    /// The first day in force.
    #[schema(format = Date)]
    starts: String,
    /// The first day no longer in force.
    #[schema(format = Date)]
    ends: Option<String>,
    /// future, in-force or ended.
    standing: String,
    /// Was anything issued under it? Then it is changed by a new version.
    locked: bool,
}

impl AgreementInList {
    fn new(it: &Version) -> Self {
        let standing = match it.standing {
            Standing::Future => "future",
            Standing::InForce => "in-force",
            Standing::Ended => "ended",
        };
        Self {
            name: it.name.clone(),
            program: it.program.to_owned(),
            starts: it.starts.to_string(),
            ends: it.ends.map(|day| day.to_string()),
            standing: standing.to_owned(),
            locked: it.is_locked,
        }
    }
}

/// A clause in plain words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Clause {
    /// Its name in the text.
    clause: String,
    /// Its name for people.
    title: String,
    /// What it says.
    sentences: Vec<String>,
}

impl Clause {
    fn new(it: &ClauseWords) -> Self {
        Self { clause: it.clause.to_owned(), title: it.title.to_owned(), sentences: it.sentences.clone() }
    }
}

/// An agreement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Agreement {
    /// What it is and since when.
    version: AgreementInList,
    /// Its text.
    toml: String,
    /// The same as JSON.
    #[schema(value_type = Object)]
    terms: Value,
    /// The same in plain words.
    clauses: Vec<Clause>,
}

impl Agreement {
    fn new(it: &AgreementView) -> Self {
        let table: toml::Table = toml::from_str(&it.text).unwrap_or_default();
        Self {
            version: AgreementInList::new(&it.version),
            toml: it.text.clone(),
            terms: json_of(toml::Value::Table(table)),
            clauses: it.clauses.iter().map(Clause::new).collect(),
        }
    }
}

/// TOML as JSON; dates become texts.
fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(key, value)| (key, json_of(value))).collect::<Map<_, _>>()),
        toml::Value::Array(list) => Value::Array(list.into_iter().map(json_of).collect()),
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
    }
}

/// An agreement to be added.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgreement {
    /// Its name, unique among all clients.
    #[schema(example = "acme-2027", min_length = 1, max_length = 200)]
    name: String,
    /// Its text, as `docs/reference/books.md` describes it.
    #[schema(
        example = "client = \"acme\"\nprogram = \"use-it-or-lose-it\"\nstarts = 2027-01-01\n\n[fee]\nflat = \"1250.00\"\n\n[allowance]\nenvironment = \"stable\"\n",
        max_length = 50_000
    )]
    toml: String,
}

/// The text of an agreement.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreementText {
    /// The text.
    #[schema(max_length = 50_000)]
    toml: String,
}

/// An agreement to be tried.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriedAgreement {
    /// The text.
    #[schema(max_length = 50_000)]
    toml: String,
    /// The name of an agreement in whose place it stands.
    #[serde(default)]
    #[schema(max_length = 200)]
    replacing: Option<String>,
}

/// What an agreement does to a month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgreementPreview {
    /// What it says in plain words.
    clauses: Vec<Clause>,
    currency: String,
    /// The months that it is tried on.
    months: Vec<PreviewMonth>,
}

/// A month as it is and as it would be.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewMonth {
    /// The month.
    #[schema(example = "2026-11")]
    period: String,
    /// Its entries.
    entries: usize,
    before: PreviewSide,
    after: PreviewSide,
}

/// The numbers of a month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewSide {
    /// Seconds.
    time: TimeView,
    /// Before tax.
    net: String,
}

impl AgreementPreview {
    fn new(it: &Preview) -> Self {
        let side = |side: &Side| PreviewSide { time: (&side.time).into(), net: it.currency.format(side.net) };
        let month = |month: &Month| PreviewMonth {
            period: month.period.to_string(),
            entries: month.entries,
            before: side(&month.before),
            after: side(&month.after),
        };
        Self {
            clauses: it.clauses.iter().map(Clause::new).collect(),
            currency: it.currency.code().to_owned(),
            months: it.months.iter().map(month).collect(),
        }
    }
}

async fn list(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(client): Segment<String>,
) -> Result<All<AgreementInList>, Problem> {
    let versions = app.run(move |app| app.agreements_of(&actor, &client)).await?;
    Ok(All(versions.versions.iter().map(AgreementInList::new).collect()))
}

async fn show(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, name)): Segment<(String, String)>,
) -> Result<Answer<Agreement>, Problem> {
    Ok(Answer(Agreement::new(&app.run(move |app| app.agreement(&actor, &client, &name)).await?)))
}

async fn create(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(client): Segment<String>,
    Body(body): Body<NewAgreement>,
) -> Result<Created<Agreement>, Problem> {
    text("toml", &body.toml, 50_000)?;
    text("name", &body.name, 200)?;
    let at = place(&client, &body.name);
    let view = app
        .run(move |app| {
            app.client_by_code(&client)?;
            app.add_agreement(&actor, &client, &body.name, &body.toml, Mode::Keep)?;
            app.agreement(&actor, &client, &body.name)
        })
        .await?;
    Ok(Created { at, view: Agreement::new(&view) })
}

fn place(client: &str, name: &str) -> String {
    format!("{PREFIX}/clients/{}/agreements/{}", segment(client), segment(name))
}

async fn preview(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(client): Segment<String>,
    Body(body): Body<TriedAgreement>,
) -> Result<Answer<AgreementPreview>, Problem> {
    text("toml", &body.toml, 50_000)?;
    let preview = app.run(move |app| {
        let form = app.agreement_form_of(&client, &body.toml)?;
        app.preview_agreement(&actor, &client, &form, body.replacing.as_deref())
    });
    Ok(Answer(AgreementPreview::new(&preview.await?)))
}

/// What the caller has seen, as the editor names it; empty where no version is named.
async fn seen_text(app: &App, actor: &Actor, client: &str, name: &str, seen: &IfMatch) -> Result<String, Problem> {
    if !seen.is_given() {
        return Ok(String::new());
    }
    let (actor, client, name) = (actor.clone(), client.to_owned(), name.to_owned());
    let view = app.run(move |app| app.agreement(&actor, &client, &name)).await?;
    seen.check(&Agreement::new(&view))?;
    Ok(view.seen)
}

async fn change(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, name)): Segment<(String, String)>,
    seen: IfMatch,
    Body(body): Body<AgreementText>,
) -> Result<Answer<Agreement>, Problem> {
    text("toml", &body.toml, 50_000)?;
    let before = seen_text(&app, &actor, &client, &name, &seen).await?;
    let view = app
        .run(move |app| {
            app.change_agreement(&actor, &client, (&name, &before), &body.toml, Mode::Keep)?;
            app.agreement(&actor, &client, &name)
        })
        .await?;
    Ok(Answer(Agreement::new(&view)))
}

async fn remove(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, name)): Segment<(String, String)>,
    seen: IfMatch,
) -> Result<Nothing, Problem> {
    let before = seen_text(&app, &actor, &client, &name, &seen).await?;
    app.run(move |app| app.delete_agreement(&actor, &client, &name, &before)).await?;
    Ok(Nothing)
}

async fn revise(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, name)): Segment<(String, String)>,
    Body(body): Body<NewAgreement>,
) -> Result<Created<Agreement>, Problem> {
    text("toml", &body.toml, 50_000)?;
    text("name", &body.name, 200)?;
    let at = place(&client, &body.name);
    let view = app
        .run(move |app| {
            app.revise_agreement(&actor, &client, (&name, ""), (&body.name, &body.toml), Mode::Keep)?;
            app.agreement(&actor, &client, &body.name)
        })
        .await?;
    Ok(Created { at, view: Agreement::new(&view) })
}

/// When an agreement ends.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreementEnd {
    /// The first day no longer in force; null: it goes on.
    #[schema(format = Date, example = "2027-01-01")]
    on: Option<String>,
}

async fn end(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, name)): Segment<(String, String)>,
    Body(body): Body<AgreementEnd>,
) -> Result<Answer<Agreement>, Problem> {
    let on = body.on.as_deref().map(|text| date("on", text)).transpose()?.map(Day::from_date);
    let view = app
        .run(move |app| {
            app.end_agreement(&actor, &client, &name, on)?;
            app.agreement(&actor, &client, &name)
        })
        .await?;
    Ok(Answer(Agreement::new(&view)))
}

/// A block of hours.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBlock {
    /// The day on which it is bought.
    #[schema(format = Date, example = "2026-11-20")]
    bought: String,
    /// Hours, a decimal.
    #[schema(example = "20", max_length = 20)]
    hours: String,
    /// What it costs, a decimal.
    #[schema(example = "2200.00", max_length = 20)]
    price: String,
    /// Months until it expires; left out: never.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1200)]
    expires_months: Option<u32>,
}

async fn sell(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, name)): Segment<(String, String)>,
    Body(body): Body<NewBlock>,
) -> Result<Answer<Agreement>, Problem> {
    date("bought", &body.bought)?;
    for (field, value) in [("hours", &body.hours), ("price", &body.price)] {
        text(field, value, 20)?;
    }
    let months = body.expires_months.map(|it| it.to_string()).unwrap_or_default();
    let block = [("bought", body.bought), ("hours", body.hours), ("price", body.price), ("expires_months", months)];
    let block = block.map(|(key, value)| (key.to_owned(), value));
    let view = app
        .run(move |app| {
            app.sell_block(&actor, &client, &name, &block)?;
            app.agreement(&actor, &client, &name)
        })
        .await?;
    Ok(Answer(Agreement::new(&view)))
}
