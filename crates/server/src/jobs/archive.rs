//! Uploaded files of the books: which are taken, and how they become an archive.

use quarterhour_books::SetupFiles;
use quarterhour_store::statements::job_input;
use quarterhour_store::{ProviderId, Tx};
use uuid::Uuid;

use crate::app::import::Archive;
use crate::error::AppError;

/// The most files that an upload may have.
pub const FILES_MAX: usize = 5_000;

/// The list of an upload's files, kept beside them.
const LIST: &str = "files";
const NEEDED: [&str; 4] = ["provider.toml", "clients.csv", "devices.csv", "time_entries.csv"];

/// The name in the books of a file that a browser sends: its path without the folder that was chosen.
/// None for a file that the books do not have.
#[must_use]
pub fn is_wanted(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let last = parts.pop()?;
    if NEEDED.contains(&last) {
        return Some(last.to_owned());
    }
    // Without the folder's name, as when single files were chosen, an agreement is known by its ending.
    let in_agreements = parts.last().is_none_or(|folder| *folder == "agreements");
    let stem = last.strip_suffix(".toml").filter(|stem| !stem.is_empty() && !stem.starts_with('.'))?;
    in_agreements.then(|| format!("agreements/{stem}.toml"))
}

/// Checks that an upload is complete, and adds the list of its files.
///
/// # Errors
///
/// Names the files that are missing.
pub fn check_files(mut files: Vec<(String, Vec<u8>)>) -> Result<Vec<(String, Vec<u8>)>, AppError> {
    let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !files.iter().any(|(other, _)| other == name)).collect();
    if !missing.is_empty() {
        let message = format!("{} missing; expected the folder of the books as `quarterhour export` writes it", missing.join(", "));
        return Err(AppError::field("files", message));
    }
    files.sort();
    files.dedup_by(|one, other| one.0 == other.0);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let list = names.join("\n").into_bytes();
    files.push((LIST.to_owned(), list));
    Ok(files)
}

/// The archive of a job's files.
///
/// # Errors
///
/// Fails when they are gone.
pub fn read(tx: &mut Tx, provider: ProviderId, job_id: Uuid) -> Result<Archive, AppError> {
    let gone = || AppError::user("the uploaded files are gone", "upload the folder again");
    let list = job_input::find(tx, provider, job_id, LIST)?.ok_or_else(gone)?;
    let names = String::from_utf8_lossy(&list.content).into_owned();
    let mut archive = Archive { name: "the uploaded folder".to_owned(), files: SetupFiles::default(), entries: Vec::new() };
    for name in names.lines() {
        let content = job_input::find(tx, provider, job_id, name)?.ok_or_else(gone)?.content;
        match name {
            "provider.toml" => archive.files.provider = content,
            "clients.csv" => archive.files.clients = content,
            "devices.csv" => archive.files.devices = content,
            "time_entries.csv" => archive.entries = content,
            other => {
                let stem = other.trim_start_matches("agreements/").trim_end_matches(".toml");
                archive.files.agreements.push((stem.to_owned(), content));
            }
        }
    }
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_with_and_without_the_folder_that_was_chosen() {
        assert_eq!(is_wanted("books/provider.toml").as_deref(), Some("provider.toml"));
        assert_eq!(is_wanted("time_entries.csv").as_deref(), Some("time_entries.csv"));
        assert_eq!(is_wanted("books/agreements/acme.toml").as_deref(), Some("agreements/acme.toml"));
        assert_eq!(is_wanted("acme.toml").as_deref(), Some("agreements/acme.toml"));
        assert_eq!(is_wanted("books/notes.txt"), None);
        assert_eq!(is_wanted("books/agreements/.hidden.toml"), None);
        assert_eq!(is_wanted(""), None);
    }

    #[test]
    fn an_incomplete_upload_names_what_is_missing() {
        let error = check_files(vec![("provider.toml".to_owned(), Vec::new())]).expect_err("files are missing");
        assert!(error.to_string().contains("clients.csv, devices.csv, time_entries.csv missing"), "{error}");
    }
}
