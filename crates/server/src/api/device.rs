//! Devices: a dated list for each client, changed one by one or from a CSV file.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::answer::{Answer, Created, Listed, Nothing};
use crate::api::endpoints::{Endpoints, PREFIX, named};
use crate::api::extract::{Body, Caller, IfMatch, Params, Segment};
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::words::{date, segment, text};
use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::device::{DeviceDraft, DeviceRow, DeviceStep};
use crate::app::device_effect::DeviceEffect;
use crate::app::device_import::{DeviceFile, ImportPlan};
use crate::app::seen::whatever;
use crate::error::AppError;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let (see, edit) = (Access::May(Permission::SeeClients), Access::May(Permission::EditClients));
    let at = "/clients/{client}/devices";
    let one = "/clients/{client}/devices/{device}";
    Endpoints::of("Devices", "Dated things on a client's network. Their count makes allowances and fees.")
        .get(at, see, named("listDevices", "List a client's devices, by name"), list)
        .post(at, edit, named("createDevice", "Put a device in service"), create)
        .get(one, see, named("getDevice", "Read a device"), show)
        .put(one, edit, named("changeDevice", "Correct a device"), change)
        .delete(one, edit, named("deleteDevice", "Take out a device that was never counted on an issued statement"), remove)
        .post("/clients/{client}/devices/{device}/retire", edit, named("retireDevice", "Retire a device from a day on"), retire)
        .post(
            "/clients/{client}/devices/{device}/replace",
            edit,
            named("replaceDevice", "Retire a device on a day and put another in its place"),
            replace,
        )
        .post_alone(
            "/clients/{client}/devices/import/preview",
            see,
            named("previewDeviceImport", "See what a CSV file would change, and what the counts become"),
            preview,
        )
        .post("/clients/{client}/devices/import", edit, named("importDevices", "Bring in the CSV file that was looked at"), import)
}

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceClass {
    Workstation,
    Server,
    Firewall,
    Switch,
    Printer,
    Other,
}

/// A device to be written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// What the client calls it.
    #[schema(example = "FRONT-DESK-1", min_length = 1, max_length = 200)]
    name: String,
    /// What it is.
    class: DeviceClass,
    /// The first day it counts.
    #[schema(format = Date, example = "2026-11-01")]
    in_service: String,
    /// The first day it no longer counts.
    #[serde(default)]
    #[schema(format = Date)]
    retired: Option<String>,
    /// The serial number.
    #[serde(default)]
    #[schema(max_length = 200)]
    serial: String,
    /// Where it stands.
    #[serde(default)]
    #[schema(max_length = 200)]
    site: String,
}

impl NewDevice {
    fn draft(self) -> Result<DeviceDraft, Problem> {
        date("in_service", &self.in_service)?;
        self.retired.as_deref().map(|it| date("retired", it)).transpose()?;
        for (name, value) in [("name", &self.name), ("serial", &self.serial), ("site", &self.site)] {
            text(name, value, 200)?;
        }
        let class = serde_json::to_value(self.class).ok().and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default();
        Ok(DeviceDraft {
            name: self.name,
            class,
            in_service: self.in_service,
            retired: self.retired.unwrap_or_default(),
            serial: self.serial,
            site: self.site,
        })
    }
}

/// A device.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Device {
    /// Its id.
    id: Uuid,
    /// What the client calls it.
    name: String,
    /// workstation, server, firewall, switch, printer or other.
    class: String,
    /// The first day it counts.
    #[schema(format = Date)]
    in_service: String,
    /// The first day it no longer counts.
    #[schema(format = Date)]
    retired: Option<String>,
    /// The serial number.
    serial: String,
    /// Where it stands.
    site: String,
}

impl Device {
    /// A device of the list.
    #[must_use]
    pub fn new(row: DeviceRow) -> Self {
        let (in_service, retired) = (row.in_service.to_string(), row.retired.map(|date| date.to_string()));
        Self { id: row.id, name: row.name, class: row.class, in_service, retired, serial: row.serial, site: row.site }
    }
}

/// Which devices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DeviceFilter {
    /// Devices on the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    pub after: Option<String>,
    /// Of this class.
    #[param(inline)]
    pub class: Option<DeviceClass>,
    /// That count on this day.
    #[param(format = Date)]
    pub on: Option<String>,
}

impl DeviceFilter {
    /// The devices that fit, in pages.
    ///
    /// # Errors
    ///
    /// Refuses a date, limit or cursor that is none.
    pub fn pages(&self, rows: Vec<DeviceRow>) -> Result<Listed<Device>, Problem> {
        let on = self.on.as_deref().map(|it| date("on", it)).transpose()?;
        let class = self.class.and_then(|it| serde_json::to_value(it).ok()).and_then(|it| it.as_str().map(str::to_owned));
        let fits = |row: &DeviceRow| on.is_none_or(|on| row.counts_on(on)) && class.as_ref().is_none_or(|class| row.class == *class);
        let key = |row: &DeviceRow| format!("{}\n{}\n{}", row.name, row.in_service, row.id);
        Page::of(self.limit, self.after.as_ref()).cut(rows.into_iter().filter(fits), key, Device::new)
    }
}

async fn list(
    State(app): State<App>,
    _: Caller,
    Segment(client): Segment<String>,
    Params(filter): Params<DeviceFilter>,
) -> Result<Listed<Device>, Problem> {
    let rows = app.run(move |app| app.devices(app.client_by_code(&client)?)).await?;
    filter.pages(rows)
}

async fn create(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(client): Segment<String>,
    Body(body): Body<NewDevice>,
) -> Result<Created<Device>, Problem> {
    let (step, code) = (DeviceStep::Add(body.draft()?), client.clone());
    let row = app
        .run(move |app| {
            let (_, id) = app.change_devices(&actor, &client, &step, &whatever)?;
            app.device(app.client_by_code(&client)?, id)
        })
        .await?;
    Ok(Created { at: format!("{PREFIX}/clients/{}/devices/{}", segment(&code), row.id), view: Device::new(row) })
}

async fn show(State(app): State<App>, _: Caller, Segment((client, id)): Segment<(String, Uuid)>) -> Result<Answer<Device>, Problem> {
    Ok(Answer(Device::new(app.run(move |app| app.device(app.client_by_code(&client)?, id)).await?)))
}

async fn change(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, id)): Segment<(String, Uuid)>,
    seen: IfMatch,
    Body(body): Body<NewDevice>,
) -> Result<Answer<Device>, Problem> {
    let step = DeviceStep::Correct(id, body.draft()?);
    let row = app
        .run(move |app| {
            app.change_devices(&actor, &client, &step, &|before| seen.check(&Device::new(before.clone())))?;
            app.device(app.client_by_code(&client)?, id)
        })
        .await?;
    Ok(Answer(Device::new(row)))
}

async fn remove(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, id)): Segment<(String, Uuid)>,
    seen: IfMatch,
) -> Result<Nothing, Problem> {
    let step = DeviceStep::Delete(id);
    app.run(move |app| app.change_devices(&actor, &client, &step, &|before| seen.check(&Device::new(before.clone())))).await?;
    Ok(Nothing)
}

/// When a device goes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retirement {
    /// The first day it no longer counts.
    #[schema(format = Date, example = "2026-11-30")]
    on: String,
}

async fn retire(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, id)): Segment<(String, Uuid)>,
    Body(body): Body<Retirement>,
) -> Result<Answer<Device>, Problem> {
    date("on", &body.on)?;
    let row = app
        .run(move |app| {
            app.change_devices(&actor, &client, &DeviceStep::Retire(id, body.on), &whatever)?;
            app.device(app.client_by_code(&client)?, id)
        })
        .await?;
    Ok(Answer(Device::new(row)))
}

async fn replace(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment((client, id)): Segment<(String, Uuid)>,
    Body(body): Body<NewDevice>,
) -> Result<Created<Device>, Problem> {
    let (draft, code) = (body.draft()?, client.clone());
    let row = app
        .run(move |app| {
            let step = DeviceStep::Replace(id, draft.in_service.clone(), draft);
            let (changes, _) = app.change_devices(&actor, &client, &step, &whatever)?;
            let new = changes.into_iter().filter_map(|change| change.after).next_back();
            new.ok_or_else(|| AppError::fault("a device was not written"))
        })
        .await?;
    Ok(Created { at: format!("{PREFIX}/clients/{}/devices/{}", segment(&code), row.id), view: Device::new(row) })
}

/// A CSV file of devices.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceCsv {
    /// The text, with a header: name, class, in_service and perhaps retired, serial, site.
    #[schema(example = "name,class,in_service\nFRONT-DESK-1,workstation,2026-11-01\n", max_length = 500_000)]
    csv: String,
    /// Devices in service that the file does not name are retired on this day; left out: they stay.
    #[serde(default)]
    #[schema(format = Date)]
    retire_missing: Option<String>,
}

/// A CSV file that was looked at.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceCsvSeen {
    /// The text.
    #[schema(max_length = 500_000)]
    csv: String,
    /// As in the preview.
    #[serde(default)]
    #[schema(format = Date)]
    retire_missing: Option<String>,
    /// `digest` of the preview: what is brought in is what was shown.
    #[schema(max_length = 200)]
    digest: String,
}

/// What a CSV file would change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeviceImport {
    /// How many are new.
    new: usize,
    /// How many are other than before.
    changed: usize,
    /// How many are retired because the file does not name them.
    retired: usize,
    /// How many are as before.
    same: usize,
    /// Devices in service that the file does not name, and that stay.
    missing: Vec<String>,
    /// What changes, device by device, in words.
    changes: Vec<String>,
    /// What it does to counts, prepaid time and fees, in sentences.
    effect: Vec<String>,
    /// The counts of the periods that it touches.
    periods: Vec<CountChange>,
    /// Names this plan, for the import itself.
    digest: String,
}

/// The counts of a period before and after.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CountChange {
    /// The period.
    #[schema(example = "2026-11")]
    period: String,
    /// Class by class.
    count: Vec<ClassChange>,
    /// Seconds granted before.
    granted_before: i64,
    /// Seconds granted after.
    granted_after: i64,
}

/// The count of a class before and after.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClassChange {
    class: String,
    before: i64,
    after: i64,
}

impl DeviceImport {
    fn new(plan: ImportPlan) -> Self {
        let DeviceEffect { periods, sentences, changes } = plan.effect;
        let periods = periods.into_iter().map(|it| CountChange {
            period: it.period.to_string(),
            count: it.count.into_iter().map(|(class, before, after)| ClassChange { class, before, after }).collect(),
            granted_before: it.granted.0,
            granted_after: it.granted.1,
        });
        Self {
            new: plan.new,
            changed: plan.changed,
            retired: plan.retired,
            same: plan.same,
            missing: plan.missing,
            changes,
            effect: sentences,
            periods: periods.collect(),
            digest: plan.digest,
        }
    }
}

fn file(csv: String, retire_missing: Option<String>) -> Result<DeviceFile, Problem> {
    retire_missing.as_deref().map(|it| date("retire_missing", it)).transpose()?;
    text("csv", &csv, 500_000)?;
    Ok(DeviceFile { content: csv.into_bytes(), retire_missing })
}

async fn preview(
    State(app): State<App>,
    _: Caller,
    Segment(client): Segment<String>,
    Body(body): Body<DeviceCsv>,
) -> Result<Answer<DeviceImport>, Problem> {
    let file = file(body.csv, body.retire_missing)?;
    let plan = app.run(move |app| app.device_import_plan(&client, &file)).await?;
    if !plan.problems.is_empty() {
        return Err(crate::error::AppError::Books { folder: "the file".to_owned(), problems: plan.problems }.into());
    }
    Ok(Answer(DeviceImport::new(plan)))
}

async fn import(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(client): Segment<String>,
    Body(body): Body<DeviceCsvSeen>,
) -> Result<Answer<DeviceImport>, Problem> {
    let file = file(body.csv, body.retire_missing)?;
    let (plan, _) = app.run(move |app| app.import_devices(&actor, &client, &file, &body.digest)).await?;
    Ok(Answer(DeviceImport::new(plan)))
}
