//! The few words in which the two databases differ.
//! All of them are here; no statement asks which database it runs on.

use crate::postgres_error::APPEND_ONLY_CODE;
use crate::sql::{Sql, sql};

/// Which database a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A type word with its meaning in SQLite and in PostgreSQL. Texts are ordered by
/// bytes in both, whatever the locale of the server is.
const WORDS: &[(&str, &str, &str)] = &[
    ("{uuid}", "blob", "uuid"),
    ("{blob}", "blob", "bytea"),
    ("{date}", "text", "date"),
    ("{timestamp}", "text", "timestamptz"),
    ("{bool}", "integer", "boolean"),
    ("{text}", "text", "text collate \"C\""),
    ("{int}", "integer", "bigint"),
    ("{table_end}", " strict, without rowid", ""),
];

impl Dialect {
    /// A migration in the words of this database. `{append_only:name}` makes the
    /// table `name` refuse changes.
    pub(crate) fn expand(self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, sqlite, postgres) in WORDS {
            text = text.replace(word, if self == Self::Sqlite { sqlite } else { postgres });
        }
        while let Some((before, rest)) = text.split_once("{append_only:") {
            let (table, after) = rest.split_once('}').unwrap_or((rest, ""));
            text = format!("{before}{}{after}", self.append_only(table));
        }
        text
    }

    fn append_only(self, table: &str) -> String {
        match self {
            Self::Sqlite => ["update", "delete"]
                .iter()
                .map(|verb| {
                    format!(
                        "create trigger {table}_no_{verb} before {verb} on {table} \
                         begin select raise(abort, '{table} is append-only'); end;\n"
                    )
                })
                .collect(),
            Self::Postgres => append_only_postgres(table),
        }
    }

    /// Makes a second process that runs migrations wait for the first.
    pub(crate) const fn migration_lock(self) -> &'static str {
        match self {
            // BEGIN IMMEDIATE holds the file already.
            Self::Sqlite => "select 1",
            // Migrations go through the coordinator, the one node this lock counts on.
            Self::Postgres => "select pg_advisory_xact_lock(8128496)",
        }
    }

    /// Tells the planner that a provider has many rows, before there are any.
    ///
    /// SQLite takes a search by `provider_id` alone for a narrow one, and would read all
    /// rows of a table rather than use an index with more columns. The numbers are made
    /// up; the `ANALYZE` at the end of a large import replaces those of its table.
    pub(crate) const fn first_statistics(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "analyze sqlite_schema;
                with indexes as (
                    select
                        t.name as tbl, case i.origin when 'pk' then t.name else i.name end as idx, i.name,
                        i.\"unique\" as is_unique, case i.partial when 1 then '1000' else '100000' end as total
                    from sqlite_schema t join pragma_index_list(t.name) i
                    where t.type = 'table'
                )
                insert into sqlite_stat1 (tbl, idx, stat)
                select n.tbl, n.idx, n.total || ' ' || (
                    select group_concat(
                        case
                            when c.seqno = 0 then n.total
                            when n.is_unique and c.seqno = (select max(seqno) from pragma_index_info(n.name)) then '1'
                            when c.seqno = 1 then '100'
                            else '10'
                        end, ' ')
                    from pragma_index_info(n.name) c
                ) || ' noskipscan'
                from indexes n
                where not exists (select 1 from sqlite_stat1 s where s.tbl = n.tbl and s.idx = n.idx);
                analyze sqlite_schema"
            }
            // The server gathers its own.
            Self::Postgres => "select 1",
        }
    }

    /// Finds a row when migrations ever ran here.
    pub(crate) const fn finds_schema(self) -> Sql {
        match self {
            Self::Sqlite => sql!(
                "select 1 from sqlite_schema where type = 'table' and name = 'schema_migrations'",
                no_provider = "a catalogue of SQLite, which only SQLite runs"
            ),
            Self::Postgres => sql!(
                "select 1::bigint from pg_class where oid = to_regclass('schema_migrations')",
                no_provider = "a catalogue of PostgreSQL, which only PostgreSQL runs"
            ),
        }
    }
}

/// Citus allows no triggers on distributed tables; there the rights of the role
/// keep the table append-only (`citus/roles.sql`).
fn append_only_postgres(table: &str) -> String {
    format!(
        "do $$ begin
  if exists (select 1 from pg_extension where extname = 'citus') then
    return;
  end if;
  create or replace function refuse_change() returns trigger language plpgsql as $refuse$ begin
    raise exception '% is append-only', tg_table_name using errcode = '{APPEND_ONLY_CODE}';
  end $refuse$;
  create trigger {table}_no_change before update or delete or truncate on {table}
    for each statement execute function refuse_change();
end $$;\n"
    )
}
