//! The books of a database, read back through the same reader as a folder.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use quarterhour_billing::{Carried, Period, TimeEntry};
use quarterhour_books::csv::write_record;
use quarterhour_books::rows::{CLIENT_COLUMNS, DEVICE_COLUMNS, EntryRow};
use quarterhour_books::{BookClient, EntryReader, Setup, SetupFiles, setup};
use quarterhour_store::statements::{agreement, client, closing, counter, device, provider, time_entry};
use quarterhour_store::{ProviderId, Store, Tx};
use uuid::Uuid;

use crate::error::AppError;

/// The counter that every import moves on: a bill run notices that the books changed under it.
pub const BOOKS_VERSION: &str = "books-version";

/// What the names of the counters of clients begin with.
pub const CLIENT_VERSIONS: &str = "client:";

/// The counter of a client's entries and issued periods: whoever raises it holds the client until the commit.
pub fn client_version(client_id: Uuid) -> String {
    format!("{CLIENT_VERSIONS}{client_id}")
}

/// The last issued period of a client, and what it carries on.
#[derive(Clone, Debug)]
pub struct Closed {
    /// The period.
    pub period: Period,
    /// What it carries on.
    pub carried: Carried,
}

/// The books of a database without their entries.
pub struct StoredBooks {
    /// The provider's id.
    pub provider_id: ProviderId,
    /// The provider's file.
    pub provider_text: String,
    /// Provider, clients, devices, agreements.
    pub setup: Setup,
    /// The id of each client, in the order of the setup.
    pub client_ids: Vec<Uuid>,
    /// The position of each client's id.
    pub positions: HashMap<Uuid, usize>,
    /// The text of each agreement by name.
    pub agreement_texts: HashMap<String, String>,
    /// The last issued period of each client, in the order of the setup.
    pub closed: Vec<Option<Closed>>,
    /// The version of the books.
    pub version: i64,
    /// For each client, in the order of the setup, a digest of all that its statements are computed from but its entries.
    pub digests: Vec<u64>,
}

/// Opens the database of earlier imports.
///
/// # Errors
///
/// Fails when there is none, or it cannot be used.
pub fn open(db: &str) -> Result<Store, AppError> {
    Ok(Store::open_existing(db)?)
}

/// The provider of a database.
///
/// # Errors
///
/// Fails when nothing was imported.
pub fn provider(tx: &mut Tx) -> Result<provider::Provider, AppError> {
    provider::find_first(tx)?
        .ok_or_else(|| AppError::user("the database holds no books", "bring a folder in with `quarterhour import DIR`"))
}

/// The files of the books but the time entries, as an export writes them.
///
/// # Errors
///
/// Fails when nothing was imported, or the database fails.
pub fn files(tx: &mut Tx) -> Result<(provider::Provider, SetupFiles), AppError> {
    let provider = provider(tx)?;
    let id = provider.provider_id;
    let mut clients = client::list_all(tx, id)?;
    clients.sort_by(|one, other| one.code.cmp(&other.code));
    let codes: HashMap<Uuid, &str> = clients.iter().map(|client| (client.client_id, client.code.as_str())).collect();
    let mut agreements: Vec<(String, Vec<u8>)> =
        agreement::list_all(tx, id)?.into_iter().map(|it| (it.name, it.source_toml.into_bytes())).collect();
    agreements.sort();
    let files = SetupFiles {
        provider: provider.settings_toml.clone().into_bytes(),
        clients: clients_csv(&clients).into_bytes(),
        devices: devices_csv(device::list_all(tx, id)?, &codes).into_bytes(),
        agreements,
    };
    Ok((provider, files))
}

/// Clients as the file of the books.
pub(super) fn clients_csv(clients: &[client::Client]) -> String {
    let mut text = String::new();
    write_record(&mut text, &CLIENT_COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());
    for it in clients {
        let fields = [
            &it.code,
            &it.name,
            &it.email,
            &it.currency,
            &it.time_zone,
            &it.tax_percent,
            &it.street,
            &it.city,
            &it.postcode,
            &it.region,
            &it.country,
            &it.tax_id,
        ];
        write_record(&mut text, &fields.map(String::as_str));
    }
    text
}

/// Devices as the file of the books, by client, name and day; the first is in line 2.
pub(super) fn devices_csv(mut devices: Vec<device::Device>, codes: &HashMap<Uuid, &str>) -> String {
    let code = |device: &device::Device| codes.get(&device.client_id).copied().unwrap_or("");
    devices.sort_by(|one, other| (code(one), &one.name, one.in_service_on).cmp(&(code(other), &other.name, other.in_service_on)));
    let mut text = String::new();
    write_record(&mut text, &DEVICE_COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());
    for it in &devices {
        let (from, to) = (it.in_service_on.to_string(), it.retired_on.map(|date| date.to_string()).unwrap_or_default());
        write_record(&mut text, &[code(it), &it.name, &it.class, &from, &to, &it.serial, &it.site]);
    }
    text
}

/// Reads everything but the entries.
///
/// # Errors
///
/// Fails when the stored books do not fit together, or the database fails.
pub fn read(tx: &mut Tx) -> Result<StoredBooks, AppError> {
    let (provider, files) = files(tx)?;
    let provider_id = provider.provider_id;
    let setup = setup::read(&files).map_err(|problems| AppError::Books { folder: "the database".to_owned(), problems })?;
    let by_code: HashMap<String, Uuid> = client::list_all(tx, provider_id)?.into_iter().map(|it| (it.code, it.client_id)).collect();
    let client_ids: Vec<Uuid> = setup.clients.iter().filter_map(|client| by_code.get(&client.row.code).copied()).collect();
    let positions: HashMap<Uuid, usize> = client_ids.iter().enumerate().map(|(position, id)| (*id, position)).collect();
    let mut closed = vec![None; client_ids.len()];
    for row in closing::list_last(tx, provider_id)? {
        let slot = positions.get(&row.client_id).and_then(|position| closed.get_mut(*position));
        if let Some(slot) = slot {
            *slot = Some(read_closing(&row)?);
        }
    }
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let agreement_texts: HashMap<String, String> = files.agreements.into_iter().map(|(name, bytes)| (name, text(bytes))).collect();
    let digests = setup.clients.iter().map(|client| digest(client, &provider.settings_toml, &agreement_texts)).collect();
    Ok(StoredBooks {
        provider_id,
        provider_text: provider.settings_toml,
        digests,
        agreement_texts,
        setup,
        client_ids,
        positions,
        closed,
        version: counter::find_last_number(tx, provider_id, BOOKS_VERSION)?.unwrap_or(0),
    })
}

fn digest(client: &BookClient, provider: &str, agreements: &HashMap<String, String>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (provider, &client.row.code, &client.row.fields).hash(&mut hasher);
    for device in &client.client.devices {
        (&device.name, device.class, device.in_service, device.retired, &device.serial, &device.site).hash(&mut hasher);
    }
    for agreement in client.client.agreements.as_slice() {
        (&agreement.name, agreements.get(&agreement.name)).hash(&mut hasher);
    }
    hasher.finish()
}

/// Reads what a closed period carries on.
///
/// # Errors
///
/// Names the row that makes no sense.
pub fn read_closing(row: &closing::Closing) -> Result<Closed, AppError> {
    let period = Period::parse(&row.period);
    let carried = serde_json::from_str(&row.carried_json).ok();
    let (Some(period), Some(carried)) = (period, carried) else {
        let message = format!("the closing of {} for client {} cannot be read", row.period, row.client_id);
        return Err(AppError::user(message, "restore the database from a backup"));
    };
    Ok(Closed { period, carried })
}

/// A stored entry as a row of the books.
pub fn entry_row<'r>(row: &'r time_entry::TimeEntry, code: &'r str) -> EntryRow<'r> {
    EntryRow {
        line: 0,
        id: &row.entry_id,
        client: code,
        ticket: &row.ticket,
        technician: &row.technician,
        started_at: row.started_at,
        minutes: u32::try_from(row.minutes).unwrap_or(u32::MAX),
        tier: &row.tier,
        work_type: &row.work_type,
        device: &row.device,
        billable: row.billable,
        provider_cause: row.cause == "provider",
        note: &row.note,
    }
}

impl StoredBooks {
    /// The digest of a client's part of the books.
    pub fn digest(&self, id: Uuid) -> u64 {
        self.positions.get(&id).and_then(|position| self.digests.get(*position)).copied().unwrap_or_default()
    }

    /// The code of a client's id.
    pub fn code(&self, id: Uuid) -> &str {
        let position = self.positions.get(&id);
        position.and_then(|position| self.setup.clients.get(*position)).map_or("", |client| client.row.code.as_str())
    }

    /// Turns a stored row into an entry of the engine.
    pub fn entry(&self, reader: &mut EntryReader<'_>, row: &time_entry::TimeEntry) -> Option<(usize, TimeEntry)> {
        let (_, entry) = reader.entry(&entry_row(row, self.code(row.client_id)))?;
        Some((*self.positions.get(&row.client_id)?, entry))
    }
}
