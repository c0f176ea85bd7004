//! `init`: a commented example folder to start from.

use std::fs;
use std::path::Path;

use crate::session::Session;
use quarterhour_server::app::folder::write_file;
use quarterhour_server::error::AppError;

const FILES: [(&str, &str); 9] = [
    ("provider.toml", include_str!("../../example/provider.toml")),
    ("clients.csv", include_str!("../../example/clients.csv")),
    ("devices.csv", include_str!("../../example/devices.csv")),
    ("time_entries.csv", include_str!("../../example/time_entries.csv")),
    ("README.md", include_str!("../../example/README.md")),
    ("agreements/acme.toml", include_str!("../../example/agreements/acme.toml")),
    ("agreements/harbor.toml", include_str!("../../example/agreements/harbor.toml")),
    ("agreements/lakeside.toml", include_str!("../../example/agreements/lakeside.toml")),
    ("agreements/summit.toml", include_str!("../../example/agreements/summit.toml")),
];

/// Runs the command.
///
/// # Errors
///
/// Fails where there is something already, or where nothing can be written.
pub fn run(session: &Session, folder: &Path) -> Result<(), AppError> {
    make_empty(folder)?;
    let agreements = folder.join("agreements");
    fs::create_dir_all(&agreements).map_err(|error| AppError::file("make", &agreements, error))?;
    for (name, content) in FILES {
        write_file(&folder.join(name), content.as_bytes())?;
    }
    let shown = folder.display();
    session.say(&format!("An example provider with four clients is in {shown}. Try:\n  quarterhour bill 2026-02 --books {shown}"));
    Ok(())
}

/// Makes a folder that must not exist or be empty.
///
/// # Errors
///
/// Fails where there is something already.
pub fn make_empty(folder: &Path) -> Result<(), AppError> {
    let filled = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if filled || folder.is_file() {
        let message = format!("{} is there already and not empty", folder.display());
        return Err(AppError::user(message, "name a new folder: nothing is overwritten"));
    }
    fs::create_dir_all(folder).map_err(|error| AppError::file("make", folder, error))
}
