//! Clients: the list with the month of each, and what invoices say of them.

use std::sync::Arc;

use axum::extract::State;
use quarterhour_billing::agreement::Program;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::answer::{Answer, Created, Listed, Nothing};
use crate::api::endpoints::{Endpoints, PREFIX, named};
use crate::api::extract::{Body, Caller, IfMatch, Params, Segment};
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::words::{program, segment, text};
use crate::app::actor::{Actor, Permission};
use crate::app::client::ClientDraft;
use crate::app::context::App;
use crate::app::live::{OpenStatement, Summary};
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let (see, edit) = (Access::May(Permission::SeeClients), Access::May(Permission::EditClients));
    Endpoints::of("Clients", "The companies that are supported.")
        .get("/clients", see, named("listClients", "List clients with their month, by code"), list)
        .post("/clients", edit, named("createClient", "Add a client"), create)
        .get("/clients/{client}", see, named("getClient", "Read a client"), show)
        .put("/clients/{client}", edit, named("changeClient", "Change a client; its code stays"), change)
        .delete("/clients/{client}", edit, named("deleteClient", "Delete a client of which nothing is on record"), delete)
        .get("/clients/{client}/month", see, named("getClientMonth", "Read a client's month: used, left, overage, forecast"), month)
}

/// A client.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The short name, unique; it stays.
    #[schema(example = "acme", min_length = 1, max_length = 200, pattern = "^[^\\s/\\\\?#%]+$")]
    code: String,
    /// The name on invoices.
    #[schema(example = "Acme Ltd", min_length = 1, max_length = 200)]
    name: String,
    /// Where invoices go.
    #[serde(default)]
    #[schema(max_length = 200)]
    email: String,
    /// A currency of ISO 4217; left out: the provider's.
    #[serde(default)]
    #[schema(example = "USD", max_length = 3)]
    currency: String,
    /// An IANA time zone; left out: the provider's.
    #[serde(default)]
    #[schema(example = "America/New_York", max_length = 100)]
    time_zone: String,
    /// A percentage, a decimal.
    #[serde(default)]
    #[schema(example = "19", max_length = 20)]
    tax_percent: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    street: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    city: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    postcode: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    region: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    country: String,
    /// The client's tax number.
    #[serde(default)]
    #[schema(max_length = 200)]
    tax_id: String,
}

impl Client {
    fn draft(self) -> Result<ClientDraft, Problem> {
        let named = [
            ("code", &self.code),
            ("name", &self.name),
            ("email", &self.email),
            ("currency", &self.currency),
            ("time_zone", &self.time_zone),
            ("tax_percent", &self.tax_percent),
            ("street", &self.street),
            ("city", &self.city),
            ("postcode", &self.postcode),
            ("region", &self.region),
            ("country", &self.country),
            ("tax_id", &self.tax_id),
        ];
        for (name, value) in named {
            text(name, value, 200)?;
        }
        let Self { code, name, email, currency, time_zone, tax_percent, street, city, postcode, region, country, tax_id } = self;
        Ok(ClientDraft { code, name, email, currency, time_zone, tax_percent, street, city, postcode, region, country, tax_id })
    }

    fn of(draft: ClientDraft) -> Self {
        let ClientDraft { code, name, email, currency, time_zone, tax_percent, street, city, postcode, region, country, tax_id } =
            draft;
        Self { code, name, email, currency, time_zone, tax_percent, street, city, postcode, region, country, tax_id }
    }
}

/// A client's running period in numbers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClientMonth {
    /// The client's code.
    code: String,
    /// The client's name.
    name: String,
    currency: String,
    /// The period that runs today.
    #[schema(example = "2026-11")]
    period: String,
    /// The last issued period.
    issued: Option<String>,
    /// The agreement in force; null: the rate card.
    agreement: Option<String>,
    /// Its program.
    program: String,
    /// Does work draw on pools of time?
    draws_time: bool,
    /// Seconds that were or are in pools.
    available: i64,
    /// Seconds taken from them.
    used: i64,
    /// Seconds left in them.
    left: i64,
    /// Seconds beyond them, held ones among them.
    overage: i64,
    /// What was used of the pools, in percent; past 100 with overage.
    percent_used: i64,
    /// What the running statement comes to, before tax; null for whoever may not see billing.
    net: Option<String>,
    /// Days of the period after today.
    days_left: i64,
    /// How the period is likely to end, once there is something to go by.
    forecast: Option<ForecastView>,
    /// Entries on days without agreement, and the like.
    needs: Needs,
    /// Statements of periods that are over and not issued.
    unbilled_periods: usize,
}

/// How a period is likely to end.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ForecastView {
    /// Seconds taken from pools and beyond them at the end.
    demand: i64,
    /// Seconds beyond the pools at the end.
    overage: i64,
    /// Seconds of the allowance that end unused.
    unused: i64,
    /// The day on which the pools run dry, or ran dry.
    #[schema(format = Date)]
    exhausted_on: Option<String>,
}

/// Open entries that need a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Needs {
    /// Without a ticket.
    without_ticket: usize,
    /// On days without an agreement.
    without_agreement: usize,
    /// On devices that are not listed.
    unlisted_device: usize,
    /// Late time that no statement has taken.
    late: bool,
}

impl ClientMonth {
    /// A client in numbers.
    #[must_use]
    pub fn new(it: &Summary, actor: &Actor) -> Self {
        let now = it.now.as_ref();
        let sees_money = actor.may(Permission::SeeBilling) || actor.may(Permission::SeeOwnAccount);
        let seconds = |of: fn(&OpenStatement) -> i64| now.map_or(0, of);
        Self {
            code: it.code.clone(),
            name: it.name.clone(),
            currency: it.currency.code().to_owned(),
            period: it.running.to_string(),
            issued: it.issued.map(|it| it.to_string()),
            agreement: now.and_then(|it| it.report.agreement.clone()),
            program: program_of(it).to_owned(),
            draws_time: now.is_some_and(|it| it.draws_time),
            available: seconds(OpenStatement::available),
            used: seconds(|it| it.used()),
            left: seconds(OpenStatement::left),
            overage: seconds(OpenStatement::beyond),
            percent_used: seconds(OpenStatement::percent_used),
            net: sees_money.then(|| it.currency.format(it.running_net())),
            days_left: it.days_left,
            forecast: it.forecast.map(|it| ForecastView {
                demand: it.demand,
                overage: it.overage,
                unused: it.unused,
                exhausted_on: it.exhausted_on.map(|day| day.to_string()),
            }),
            needs: Needs {
                without_ticket: it.flags.without_ticket,
                without_agreement: it.flags.without_agreement,
                unlisted_device: it.flags.unlisted_device,
                late: it.flags.late,
            },
            unbilled_periods: it.unbilled().count(),
        }
    }
}

/// Which clients.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ClientFilter {
    /// Clients on the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    after: Option<String>,
    /// With this in code or name, in any case.
    search: Option<String>,
    /// Under this program.
    program: Option<String>,
    /// Who used at least so many percent of the pools.
    #[param(minimum = 0, maximum = 10_000)]
    used_percent_min: Option<u16>,
}

/// The program of the running month: ad-hoc without an agreement.
fn program_of(of: &Summary) -> &str {
    of.now.as_ref().map_or(Program::AdHoc.name(), |now| &now.report.program)
}

async fn list(
    State(app): State<App>,
    Caller(actor): Caller,
    Params(filter): Params<ClientFilter>,
) -> Result<Listed<ClientMonth>, Problem> {
    let page = Page::of(filter.limit, filter.after.as_ref());
    let search = filter.search.map(|it| it.to_lowercase());
    let under = filter.program.as_deref().map(|text| program("program", text)).transpose()?;
    let least = filter.used_percent_min.map(i64::from);
    if least.is_some_and(|least| least > 10_000) {
        return Err(Problem::malformed("`used_percent_min` is more than 10000"));
    }
    let summaries = app.run(|app| app.summaries()).await?;
    let wanted = |it: &&Arc<Summary>| {
        let found = search.as_ref().is_none_or(|text| it.code.to_lowercase().contains(text) || it.name.to_lowercase().contains(text));
        let same = under.is_none_or(|program| program_of(it) == program.name());
        found && same && least.is_none_or(|least| it.now.as_ref().is_some_and(|now| now.draws_time && now.percent_used() >= least))
    };
    page.cut(summaries.iter().filter(wanted), |it| it.code.clone(), |it| ClientMonth::new(it, &actor))
}

async fn create(State(app): State<App>, Caller(actor): Caller, Body(body): Body<Client>) -> Result<Created<Client>, Problem> {
    let draft = body.draft()?;
    let view = app
        .run(move |app| {
            let code = app.add_client(&actor, &draft)?;
            app.client_draft(&code)
        })
        .await?;
    Ok(Created { at: format!("{PREFIX}/clients/{}", segment(&view.code)), view: Client::of(view) })
}

async fn show(State(app): State<App>, _: Caller, Segment(code): Segment<String>) -> Result<Answer<Client>, Problem> {
    Ok(Answer(Client::of(app.run(move |app| app.client_draft(&code)).await?)))
}

async fn change(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(code): Segment<String>,
    seen: IfMatch,
    Body(body): Body<Client>,
) -> Result<Answer<Client>, Problem> {
    if body.code != code {
        return Err(Problem::field("code", "another one than in the path; the code stays"));
    }
    let draft = body.draft()?;
    let view = app
        .run(move |app| {
            app.change_client(&actor, &code, &draft, &|before| seen.check(&Client::of(before.clone())))?;
            app.client_draft(&code)
        })
        .await?;
    Ok(Answer(Client::of(view)))
}

async fn delete(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(code): Segment<String>,
    seen: IfMatch,
) -> Result<Nothing, Problem> {
    app.run(move |app| app.delete_client(&actor, &code, &|before| seen.check(&Client::of(before.clone())))).await?;
    Ok(Nothing)
}

async fn month(State(app): State<App>, Caller(actor): Caller, Segment(code): Segment<String>) -> Result<Answer<ClientMonth>, Problem> {
    let summary = app.run(move |app| app.client_summary(app.client_by_code(&code)?)).await?;
    Ok(Answer(ClientMonth::new(&summary, &actor)))
}
