//! The devices of clients, with the days on which they are counted.
//! Not the counting.

use std::borrow::Borrow;

use jiff::civil::Date;
use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `devices`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The id.
    pub device_id: Uuid,
    /// Whose device it is.
    pub client_id: Uuid,
    /// The name in the books.
    pub name: String,
    /// The class that decides the fee.
    pub class: String,
    /// The first day it counts.
    pub in_service_on: Date,
    /// The first day it does not count any more.
    pub retired_on: Option<Date>,
    /// The serial number, or empty.
    pub serial: String,
    /// Where it stands, or empty.
    pub site: String,
}

const INSERT: Sql = sql!(
    "insert into devices (
        provider_id, device_id, client_id, name, class, in_service_on, retired_on, serial,
        site
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8, $9
    )"
);

/// Adds devices and says how many.
///
/// # Errors
///
/// Fails when a row exists already or its client is missing, or the database fails.
pub fn insert_many<R: Borrow<Device>>(
    tx: &mut Tx,
    provider: ProviderId,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, StoreError> {
    tx.insert_many(INSERT, provider, rows, params)
}

/// Adds a device.
///
/// # Errors
///
/// Fails when it exists already or its client is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Device) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the device")
}

/// Replaces all columns of the device.
///
/// # Errors
///
/// Fails when it is not there, or the database fails.
pub fn update(tx: &mut Tx, provider: ProviderId, row: &Device) -> Result<(), StoreError> {
    let sql = sql!(
        "update devices set
            client_id = $3, name = $4, class = $5, in_service_on = $6, retired_on = $7,
            serial = $8, site = $9
        where provider_id = $1 and device_id = $2"
    );
    tx.exec_one(sql, &params(&provider, row), "the device")
}

/// Removes a device, and says whether it was there. Whether issued periods counted it is
/// for the caller to know.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, device_id: Uuid) -> Result<bool, StoreError> {
    let sql = sql!("delete from devices where provider_id = $1 and device_id = $2");
    Ok(tx.exec(sql, &[&provider.0, &device_id])? == 1)
}

/// The device with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, device_id: Uuid) -> Result<Option<Device>, StoreError> {
    let sql = sql!(
        "select
            device_id, client_id, name, class, in_service_on, retired_on, serial, site
        from devices where provider_id = $1 and device_id = $2"
    );
    tx.opt(sql, &[&provider.0, &device_id], read)
}

/// All devices of a client, by name and first day.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<Device>, StoreError> {
    let sql = sql!(
        "select
            device_id, client_id, name, class, in_service_on, retired_on, serial, site
        from devices where provider_id = $1 and client_id = $2 order by name, in_service_on"
    );
    tx.list(sql, &[&provider.0, &client_id], read)
}

/// All devices, by client, name and first day.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Device>, StoreError> {
    let sql = sql!(
        "select
            device_id, client_id, name, class, in_service_on, retired_on, serial, site
        from devices where provider_id = $1 order by client_id, name, in_service_on"
    );
    tx.list(sql, &[&provider.0], read)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Device) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.device_id,
        &row.client_id,
        &row.name,
        &row.class,
        &row.in_service_on,
        &row.retired_on,
        &row.serial,
        &row.site,
    ]
}

fn read(row: &mut Row) -> Result<Device, StoreError> {
    Ok(Device {
        device_id: row.next()?,
        client_id: row.next()?,
        name: row.next()?,
        class: row.next()?,
        in_service_on: row.next()?,
        retired_on: row.next()?,
        serial: row.next()?,
        site: row.next()?,
    })
}
