//! `import` and `export`.

use std::path::Path;

use quarterhour_store::Store;

use crate::commands::init::make_empty;
use crate::session::Session;
use crate::show::out::out;
use crate::show::progress;
use crate::show::table::{Align, Table, plain};
use quarterhour_server::app::import::{self, Summary, Tally};
use quarterhour_server::app::{export, stored};
use quarterhour_server::error::AppError;

/// Imports a folder and says what came in.
///
/// # Errors
///
/// Fails as the use case does.
pub fn import(session: &Session, folder: &Path) -> Result<(), AppError> {
    let store = Store::open(&session.db)?;
    let bar = progress::bar(session.quiet, "Importing", 0);
    let summary = import::import(&store, folder, |steps| {
        bar.inc_length(steps);
        bar.inc(steps);
    })?;
    bar.finish_and_clear();
    out(&text(&summary))
}

fn text(summary: &Summary) -> String {
    let columns =
        [("", Align::Left), ("new", Align::Right), ("changed", Align::Right), ("same", Align::Right), ("only here", Align::Right)];
    let mut table = Table::new(&columns);
    let rows = [
        ("clients", &summary.clients),
        ("devices", &summary.devices),
        ("agreements", &summary.agreements),
        ("time entries", &summary.entries),
    ];
    for (name, Tally { new, changed, same, kept }) in rows {
        table.row(vec![name.to_owned(), new.to_string(), changed.to_string(), same.to_string(), kept.to_string()]);
    }
    let mut text = table.render();
    if summary.late > 0 {
        text += &format!("{} new entries belong to issued periods: late time on the next statement.\n", summary.late);
    }
    if summary.corrections > 0 {
        text += &format!("{} changed entries belong to issued periods: corrections on the next statement.\n", summary.corrections);
    }
    if summary.entries.kept > 0 {
        text += "Entries that are only in the database stay; set their minutes to 0 to take them out.\n";
    }
    text.extend(summary.remarks.iter().map(|remark| format!("{}\n", plain(remark))));
    text
}

/// Exports the books into a new folder.
///
/// # Errors
///
/// Fails as the use case does.
pub fn export(session: &Session, folder: &Path) -> Result<(), AppError> {
    let store = stored::open(&session.db)?;
    make_empty(folder)?;
    let count = export::export(&store, folder)?;
    session.say(&format!("The books with {count} time entries are in {}.", folder.display()));
    Ok(())
}
