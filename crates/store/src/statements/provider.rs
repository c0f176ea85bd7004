//! Who runs the support programs, and the settings as they were written.
//! Not the meaning of the settings.

use jiff::Timestamp;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::Row;

/// A row of `providers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The id that leads every key.
    pub provider_id: ProviderId,
    /// The name for people.
    pub name: String,
    /// The source of `provider.toml`.
    pub settings_toml: String,
    /// When the store was set up; kept to the microsecond.
    pub created_at: Timestamp,
}

/// The provider of this store, if it has been set up.
///
/// # Errors
///
/// Fails when the database does.
pub fn find_first(tx: &mut Tx) -> Result<Option<Provider>, StoreError> {
    let sql = sql!(
        "select provider_id, name, settings_toml, created_at from providers order by provider_id limit 1",
        no_provider = "it finds the provider that all other statements bind"
    );
    tx.opt(sql, &[], read)
}

/// The provider with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId) -> Result<Option<Provider>, StoreError> {
    let sql = sql!("select provider_id, name, settings_toml, created_at from providers where provider_id = $1");
    tx.opt(sql, &[&provider.0], read)
}

/// Adds a provider.
///
/// # Errors
///
/// Fails when the provider exists, or the database fails.
pub fn insert(tx: &mut Tx, row: &Provider) -> Result<(), StoreError> {
    let sql = sql!("insert into providers (provider_id, name, settings_toml, created_at) values ($1, $2, $3, $4)");
    tx.exec_one(sql, &[&row.provider_id.0, &row.name, &row.settings_toml, &row.created_at], "the provider")
}

/// Replaces the name and the settings.
///
/// # Errors
///
/// Fails when there is no such provider, or the database fails.
pub fn update_settings(tx: &mut Tx, provider: ProviderId, name: &str, settings_toml: &str) -> Result<(), StoreError> {
    let sql = sql!("update providers set name = $2, settings_toml = $3 where provider_id = $1");
    tx.exec_one(sql, &[&provider.0, &name, &settings_toml], "the provider")
}

fn read(row: &mut Row) -> Result<Provider, StoreError> {
    Ok(Provider { provider_id: ProviderId(row.next()?), name: row.next()?, settings_toml: row.next()?, created_at: row.next()? })
}
