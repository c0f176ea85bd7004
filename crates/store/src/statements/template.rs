//! Starting points for agreements: their text without client and dates.
//! Not the agreements made from them.

use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `templates`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The id.
    pub template_id: Uuid,
    /// The name, unique for the provider.
    pub name: String,
    /// What it is for, in a sentence.
    pub summary: String,
    /// The text.
    pub source_toml: String,
}

const INSERT: Sql = sql!(
    "insert into templates (
        provider_id, template_id, name, summary, source_toml
    ) values (
        $1, $2, $3, $4, $5
    )"
);

/// Adds a template.
///
/// # Errors
///
/// Fails when the id or name exists already, the provider is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &Template) -> Result<(), StoreError> {
    tx.exec_one(INSERT, &params(&provider, row), "the template")
}

/// Replaces all columns of the template.
///
/// # Errors
///
/// Fails when it is not there, its name exists already, or the database fails.
pub fn update(tx: &mut Tx, provider: ProviderId, row: &Template) -> Result<(), StoreError> {
    let sql = sql!(
        "update templates set name = $3, summary = $4, source_toml = $5
        where provider_id = $1 and template_id = $2"
    );
    tx.exec_one(sql, &params(&provider, row), "the template")
}

/// The template with this id.
///
/// # Errors
///
/// Fails when the database does.
pub fn find(tx: &mut Tx, provider: ProviderId, template_id: Uuid) -> Result<Option<Template>, StoreError> {
    let sql = sql!(
        "select
            template_id, name, summary, source_toml
        from templates where provider_id = $1 and template_id = $2"
    );
    tx.opt(sql, &[&provider.0, &template_id], read)
}

/// All templates, by name.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_all(tx: &mut Tx, provider: ProviderId) -> Result<Vec<Template>, StoreError> {
    let sql = sql!(
        "select
            template_id, name, summary, source_toml
        from templates where provider_id = $1
        order by name"
    );
    tx.list(sql, &[&provider.0], read)
}

/// Removes a template, and says whether it was there.
///
/// # Errors
///
/// Fails when the database does.
pub fn delete(tx: &mut Tx, provider: ProviderId, template_id: Uuid) -> Result<bool, StoreError> {
    let sql = sql!("delete from templates where provider_id = $1 and template_id = $2");
    Ok(tx.exec(sql, &[&provider.0, &template_id])? == 1)
}

fn params<'a>(provider: &'a ProviderId, row: &'a Template) -> Vec<&'a dyn Param> {
    vec![&provider.0, &row.template_id, &row.name, &row.summary, &row.source_toml]
}

fn read(row: &mut Row) -> Result<Template, StoreError> {
    Ok(Template { template_id: row.next()?, name: row.next()?, summary: row.next()?, source_toml: row.next()? })
}
