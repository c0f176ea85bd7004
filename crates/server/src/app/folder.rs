//! A books folder on disk: its files in, its files out.

use std::fs;
use std::path::Path;

use quarterhour_books::{EntryBook, Problem, Setup, SetupFiles, entries, setup};

use rayon::prelude::*;

use crate::error::AppError;

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 4 << 30;

/// Reads the files of a folder but the time entries.
///
/// # Errors
///
/// Names the file that is missing or cannot be read.
pub fn read_setup_files(folder: &Path) -> Result<SetupFiles, AppError> {
    let mut agreements = read_agreement_files(&folder.join("agreements"))?;
    agreements.sort();
    Ok(SetupFiles {
        provider: read_file(&folder.join("provider.toml"))?,
        clients: read_file(&folder.join("clients.csv"))?,
        devices: read_file(&folder.join("devices.csv"))?,
        agreements,
    })
}

/// Name without ending and content of each TOML file of a folder, which may be missing.
fn read_agreement_files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, AppError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let unreadable = |error| AppError::file("read", folder, error);
    let listed: Result<Vec<_>, _> = fs::read_dir(folder).map_err(unreadable)?.collect();
    let paths = listed.map_err(unreadable)?.into_iter().map(|entry| entry.path());
    let named = paths.filter_map(|path| {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        (path.extension().is_some_and(|ending| ending == "toml") && !name.starts_with('.')).then_some((name, path))
    });
    named.collect::<Vec<_>>().into_par_iter().map(|(name, path)| Ok((name, read_file(&path)?))).collect()
}

/// Reads `time_entries.csv`.
///
/// # Errors
///
/// Fails when the file is missing or cannot be read.
pub fn read_entries_file(folder: &Path) -> Result<Vec<u8>, AppError> {
    read_file(&folder.join("time_entries.csv"))
}

/// Reads and checks the time entries, block by block and on all cores.
///
/// # Errors
///
/// Lists what is wrong in them.
pub fn read_entries(folder: &Path, setup: &Setup) -> Result<EntryBook, AppError> {
    let path = folder.join("time_entries.csv");
    let file = fs::File::open(&path).map_err(|error| AppError::file("read", &path, error))?;
    let read = entries::read_from(setup, file).map_err(|error| AppError::file("read", &path, error))?;
    read.map_err(|problems| books_error(folder, problems))
}

/// Reads and checks everything but the time entries.
///
/// # Errors
///
/// Lists what is wrong.
pub fn read_setup(folder: &Path) -> Result<Setup, AppError> {
    setup::read(&read_setup_files(folder)?).map_err(|problems| books_error(folder, problems))
}

/// The error of a folder with mistakes.
pub fn books_error(folder: &Path, problems: Vec<Problem>) -> AppError {
    AppError::Books { folder: folder.display().to_string(), problems }
}

fn read_file(path: &Path) -> Result<Vec<u8>, AppError> {
    let size = fs::metadata(path).map_err(|error| AppError::file("read", path, error))?.len();
    if size > FILE_BYTES_MAX {
        let message = format!("{} has {size} bytes; expected at most {FILE_BYTES_MAX}", path.display());
        return Err(AppError::user(message, "split the folder by year"));
    }
    fs::read(path).map_err(|error| AppError::file("read", path, error))
}

/// Writes a file through a neighbour that is renamed, so that no half file is ever seen.
///
/// # Errors
///
/// Fails when the folder cannot be written.
pub fn write_file(path: &Path, content: &[u8]) -> Result<(), AppError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let neighbour = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = fs::write(&neighbour, content).and_then(|()| fs::rename(&neighbour, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&neighbour);
        AppError::file("write", path, error)
    })
}
