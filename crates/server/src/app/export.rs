//! Writes the books of the database back into a folder.

use std::fs;
use std::path::Path;

use quarterhour_books::csv::write_record;
use quarterhour_books::rows::ENTRY_COLUMNS;
use quarterhour_store::Store;
use quarterhour_store::statements::{client, time_entry};

use crate::app::folder::write_file;
use crate::app::stored;
use crate::error::AppError;

/// Writes everything, and returns the number of time entries.
///
/// # Errors
///
/// Fails when the database or the folder does.
pub fn export(store: &Store, folder: &Path) -> Result<usize, AppError> {
    store.read(|tx| {
        let (provider, files) = stored::files(tx)?;
        let id = provider.provider_id;
        let agreements = folder.join("agreements");
        fs::create_dir_all(&agreements).map_err(|error| AppError::file("make", &agreements, error))?;
        write_file(&folder.join("provider.toml"), &files.provider)?;
        write_file(&folder.join("clients.csv"), &files.clients)?;
        write_file(&folder.join("devices.csv"), &files.devices)?;
        for (name, text) in &files.agreements {
            write_file(&agreements.join(format!("{name}.toml")), text)?;
        }
        let codes: std::collections::HashMap<_, _> =
            client::list_all(tx, id)?.into_iter().map(|client| (client.client_id, client.code)).collect();
        let mut text = String::new();
        write_record(&mut text, &ENTRY_COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());
        let mut count = 0;
        time_entry::each_latest(tx, id, |row| {
            count += 1;
            let code = codes.get(&row.client_id).map_or("", String::as_str);
            write_entry(&mut text, &row, code);
            Ok::<(), AppError>(())
        })?;
        write_file(&folder.join("time_entries.csv"), text.as_bytes())?;
        Ok(count)
    })
}

fn write_entry(text: &mut String, row: &time_entry::TimeEntry, code: &str) {
    let started_at = jiff::Timestamp::from_second(row.started_at).map(|at| at.to_string()).unwrap_or_default();
    let (minutes, billable) = (row.minutes.to_string(), row.billable.to_string());
    let fields = [
        row.entry_id.as_str(),
        code,
        &row.ticket,
        &row.technician,
        &started_at,
        &minutes,
        &row.tier,
        &row.work_type,
        &row.device,
        &billable,
        &row.cause,
        &row.note,
    ];
    write_record(text, &fields);
}
