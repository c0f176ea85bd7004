//! The rules for Citus and for documents that are kept for ever, held on every
//! statement and migration.

use crate::source::{Statement, sources, statements};
use crate::support::APPEND_ONLY;

/// What differs between the databases, changes by itself, or does not route.
const FORBIDDEN: [&str; 14] = [
    "now()",
    "current_timestamp",
    "current_date",
    "current_time",
    "random(",
    "uuid(",
    "nextval",
    "strftime",
    "current_setting",
    "for update",
    "skip locked",
    "merge ",
    " like ",
    "sum(",
];

/// A table as a statement names it: its name, and its alias if it has one.
struct Mention<'a> {
    verb: &'a str,
    table: &'a str,
    alias: Option<&'a str>,
}

/// Every table that a statement names.
fn mentions(text: &str) -> Vec<Mention<'_>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    for (index, verb) in words.iter().enumerate() {
        // The update of a conflict has no table of its own.
        let names_table = matches!(*verb, "from" | "join" | "into") || (*verb == "update" && words.get(index + 1) != Some(&"set"));
        if names_table {
            let table = words.get(index + 1).expect("a table");
            let next = words.get(index + 2).copied().unwrap_or_default();
            let alias = (next.len() == 1 && next.chars().all(char::is_alphabetic)).then_some(next);
            found.push(Mention { verb, table, alias });
        }
    }
    found
}

fn bound() -> Vec<Statement> {
    statements().into_iter().filter(|it| it.no_provider.is_none()).collect()
}

#[test]
fn every_statement_binds_the_provider_on_each_table() {
    for Statement { file, text, .. } in bound() {
        let found = mentions(&text);
        assert!(!found.is_empty(), "{file}: {text}");
        for mention in &found {
            let bound = match (mention.verb, mention.alias) {
                ("into", _) => {
                    let text = text.replace("( ", "(");
                    text.contains(" (provider_id, ") && text.contains("values ($1, ")
                }
                (_, Some(alias)) => text.contains(&format!("{alias}.provider_id = $1")),
                (_, None) => found.len() == 1 && text.contains("where provider_id = $1"),
            };
            assert!(bound, "{file}: {} is not bound: {text}", mention.table);
        }
    }
}

#[test]
fn no_statement_uses_what_the_databases_understand_differently() {
    for Statement { file, text, .. } in statements() {
        let lower = text.to_lowercase();
        for word in FORBIDDEN {
            assert!(!lower.contains(word), "{file}: {word} in: {text}");
        }
        for after in text.split('$').skip(1) {
            assert!(after.starts_with(|it: char| it.is_ascii_digit()), "{file}: a lone $ in: {text}");
        }
    }
}

#[test]
fn no_statement_changes_what_is_kept_for_ever() {
    for Statement { file, text, .. } in statements() {
        assert!(!text.contains("truncate"), "{file}: {text}");
        for table in APPEND_ONLY {
            for verb in ["update", "delete from", "insert or replace into"] {
                assert!(!text.contains(&format!("{verb} {table}")), "{file}: {text}");
            }
            let upsert = text.contains(&format!("into {table} ")) && text.contains("do update");
            assert!(!upsert, "{file}: {text}");
        }
    }
    for (file, text) in sources("migrations") {
        for table in APPEND_ONLY.iter().filter(|table| text.contains(&format!("create table {table} "))) {
            assert!(text.contains(&format!("{{append_only:{table}}}")), "{file}: {table}");
        }
    }
}

#[test]
fn every_public_statement_is_run_by_the_contract() {
    let tests: String = sources("tests/contract").into_iter().map(|(_, text)| text).collect();
    for (file, text) in sources("src/statements") {
        let noun = file.trim_start_matches("src/statements/").trim_end_matches(".rs");
        for name in text.lines().filter_map(|line| line.strip_prefix("pub fn ")) {
            let name = name.split(['(', '<']).next().unwrap_or_default();
            assert!(tests.contains(&format!("{noun}::{name}")), "no test runs {noun}::{name}");
        }
    }
}

#[test]
fn every_key_of_a_migration_leads_with_the_provider() {
    for (file, text) in sources("migrations") {
        let text = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        for word in [" serial not null", " serial primary", "bigserial", "identity", "autoincrement", "set null", "rename constraint"]
        {
            assert!(!text.contains(word), "{file}: {word}");
        }
        for key in ["primary key (", "unique (", "foreign key ("] {
            for columns in text.split(key).skip(1) {
                assert!(columns.starts_with("provider_id"), "{file}: {key}{columns}");
            }
        }
        for index in text.split("create index ").skip(1).chain(text.split("create unique index ").skip(1)) {
            let columns = index.split_once('(').map(|(_, columns)| columns).unwrap_or_default();
            assert!(columns.starts_with("provider_id, "), "{file}: {index}");
        }
        for reference in text.split(" references ").skip(1) {
            let columns = reference.split_once('(').map(|(_, columns)| columns).unwrap_or_default();
            assert!(columns.starts_with("provider_id"), "{file}: {reference}");
        }
    }
}

/// A file of the folder `citus`.
fn citus_file(name: &str) -> String {
    let files = sources("citus").into_iter();
    files.filter(|(file, _)| file.ends_with(name)).map(|(_, text)| text).collect()
}

/// Every table of the migrations with its definition.
fn tables() -> Vec<(String, String)> {
    let migrations: String = sources("migrations").into_iter().map(|(_, text)| text).collect();
    let definitions = migrations.split("create table ").skip(1);
    definitions.map(|it| it.split("{table_end}").next().unwrap_or_default()).map(|it| (first_word(it), it.to_owned())).collect()
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

#[test]
fn every_table_is_distributed_after_its_parents_and_gets_its_keys_back() {
    let script = citus_file("citus.sql");
    let place = |table: &str| script.find(&format!("create_distributed_table('{table}', 'provider_id'"));
    for (table, definition) in tables() {
        assert!(place(&table).is_some(), "{table} is not distributed");
        for key in definition.split("constraint ").skip(1).filter(|it| it.contains("foreign key")) {
            let name = first_word(key);
            assert!(script.contains(&format!("drop constraint {name};")), "{name}");
            assert!(script.contains(&format!("add constraint {name}\n")), "{name}");
            let parent = key.split(" references ").nth(1).map(first_word).unwrap_or_default();
            assert!(place(&parent) < place(&table), "{table} before its parent");
        }
    }
}

/// Whether a statement of the crate needs this right on a table.
fn needs(table: &str, right: &str) -> bool {
    statements().iter().any(|Statement { text, .. }| match right {
        "insert" => text.starts_with(&format!("insert into {table} ")),
        "update" => {
            let upserts = text.starts_with(&format!("insert into {table} ")) && text.contains("do update");
            upserts || text.starts_with(&format!("update {table} "))
        }
        "delete" => text.starts_with(&format!("delete from {table} ")),
        // An update or delete with a condition reads too, and the role may look at all.
        _ => true,
    })
}

/// The rights that the roles get on a table.
fn granted<'a>(roles: &'a str, table: &str) -> Vec<&'a str> {
    let grants = roles
        .split("grant ")
        .skip(1)
        .filter_map(|grant| grant.split_once(" on")?.1.split_once("to quarterhour_app").map(|it| (grant, it.0)));
    let of_table = grants.filter(|(_, tables)| tables.split(',').any(|it| it.trim() == table));
    of_table.flat_map(|(grant, _)| grant.split(" on").next().unwrap_or_default().split(", ")).collect()
}

#[test]
fn every_table_has_the_rights_it_needs_and_loses_its_triggers_on_citus() {
    let (script, roles) = (citus_file("citus.sql"), citus_file("roles.sql"));
    for (table, _) in tables() {
        let needed: Vec<&str> = ["select", "insert", "update", "delete"].into_iter().filter(|right| needs(&table, right)).collect();
        assert_eq!(granted(&roles, &table), needed, "the rights of the role on {table}");
    }
    for table in APPEND_ONLY {
        let drop = format!("drop trigger if exists {table}_no_change on {table};");
        assert!(script.contains(&drop), "{table}");
    }
}
