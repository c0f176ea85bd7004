//! Brings a schema up to date: numbered files, one text for both databases.
//! Applied files never change; what was applied is kept by checksum.

use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::sql::{Sql, sql};
use crate::store::Store;
use crate::tx::Tx;

/// One numbered file.
struct Migration {
    number: i64,
    name: &'static str,
    text: &'static str,
}

/// All files in their order. A test compares them with the folder.
const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "0001_create_books", text: include_str!("../migrations/0001_create_books.sql") },
    Migration {
        number: 2,
        name: "0002_create_issued_documents",
        text: include_str!("../migrations/0002_create_issued_documents.sql"),
    },
    Migration { number: 3, name: "0003_add_people", text: include_str!("../migrations/0003_add_people.sql") },
    Migration { number: 4, name: "0004_add_the_office", text: include_str!("../migrations/0004_add_the_office.sql") },
    Migration { number: 5, name: "0005_add_jobs_and_webhooks", text: include_str!("../migrations/0005_add_jobs_and_webhooks.sql") },
    Migration {
        number: 6,
        name: "0006_list_time_by_technician",
        text: include_str!("../migrations/0006_list_time_by_technician.sql"),
    },
    Migration { number: 7, name: "0007_keep_months_back", text: include_str!("../migrations/0007_keep_months_back.sql") },
    Migration { number: 8, name: "0008_comparisons", text: include_str!("../migrations/0008_comparisons.sql") },
    Migration {
        number: 9,
        name: "0009_mark_books_of_comparisons",
        text: include_str!("../migrations/0009_mark_books_of_comparisons.sql"),
    },
];

/// The table of applied files is local to the coordinator and has no provider.
const CREATE_LIST: &str = "create table if not exists schema_migrations (
    number {int} not null primary key, name {text} not null, checksum {text} not null){table_end}";

/// What is known about an applied file.
struct Applied {
    number: i64,
    name: String,
    checksum: String,
}

/// Applies what is missing, all in one transaction.
///
/// # Errors
///
/// Fails when the schema is newer than this program or was made from other texts;
/// then nothing was changed.
pub(crate) fn run(store: &Store) -> Result<(), StoreError> {
    // The common case takes no lock, so that a busy database can still be opened.
    if store.read(|tx| if is_set_up(tx)? { missing(tx, store.place()) } else { Ok(MIGRATIONS) })?.is_empty() {
        return Ok(());
    }
    store.write(|tx| {
        let dialect = tx.dialect();
        // Whoever comes second waits here and then finds everything applied.
        tx.batch(dialect.migration_lock())?;
        tx.batch(&dialect.expand(CREATE_LIST))?;
        for migration in missing(tx, store.place())? {
            tx.batch(&dialect.expand(migration.text))?;
            let record = sql!(
                "insert into schema_migrations (number, name, checksum) values ($1, $2, $3)",
                no_provider = "the schema belongs to all providers"
            );
            tx.exec(record, &[&migration.number, &migration.name, &checksum(migration.text)])?;
        }
        tx.batch(dialect.first_statistics())
    })
}

/// Whether any migration was ever run here.
pub(crate) fn is_set_up(tx: &mut Tx) -> Result<bool, StoreError> {
    let text = tx.dialect().finds_schema();
    Ok(tx.opt(text, &[], |row| row.next::<i64>())?.is_some())
}

/// The files that are still to be applied, after a look at those that were.
fn missing(tx: &mut Tx, place: &str) -> Result<&'static [Migration], StoreError> {
    let list: Sql = sql!(
        "select number, name, checksum from schema_migrations order by number",
        no_provider = "the schema belongs to all providers"
    );
    let applied = tx.list(list, &[], |row| Ok(Applied { number: row.next()?, name: row.next()?, checksum: row.next()? }))?;
    let known = MIGRATIONS.last().map_or(0, |it| it.number);
    if let Some(newer) = applied.iter().map(|it| it.number).find(|number| *number > known) {
        return Err(StoreError::NewerSchema { place: place.to_owned(), found: newer, known });
    }
    for (row, migration) in applied.iter().zip(MIGRATIONS) {
        if row.number != migration.number || row.checksum != checksum(migration.text) {
            return Err(StoreError::ChangedSchema { place: place.to_owned(), name: row.name.clone() });
        }
    }
    Ok(MIGRATIONS.get(applied.len()..).unwrap_or_default())
}

fn checksum(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    #[test]
    fn every_file_of_the_folder_is_listed_in_its_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder of migrations")
            .map(|file| file.expect("a file").file_name().display().to_string())
            .collect();
        files.sort();
        let listed: Vec<String> = MIGRATIONS.iter().map(|it| format!("{}.sql", it.name)).collect();
        assert_eq!(files, listed);
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.number, index as i64 + 1);
            assert!(migration.name.starts_with(&format!("{:04}_", migration.number)));
            assert!(migration.text.starts_with("-- Why: "), "{}", migration.name);
        }
    }

    #[test]
    fn every_type_word_is_known_to_both_databases() {
        for migration in MIGRATIONS {
            for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                let text = dialect.expand(migration.text);
                assert!(!text.contains(['{', '}']), "{}: {text}", migration.name);
            }
        }
    }
}
