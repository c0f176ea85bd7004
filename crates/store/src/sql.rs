//! The text of one statement, written with `sql!`.
//! Not a query builder: what is written is what runs.

/// One static statement.
///
/// Only `sql!` makes one, only this crate can use it, and the check in
/// `tests/contract/checks.rs` reads every `sql!` of the crate from its source.
/// So no statement reaches a database unchecked. (A linker section, as `linkme`
/// uses, would need `unsafe`, which the workspace forbids.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sql(&'static str);

impl Sql {
    /// For the macro `sql!` alone.
    pub(crate) const fn registered(text: &'static str) -> Self {
        Self(text)
    }

    /// The statement with `$1` placeholders, as PostgreSQL reads it.
    pub(crate) const fn text(self) -> &'static str {
        self.0
    }

    /// The table that an `insert into table (columns) values (…)` fills.
    pub(crate) fn table(self) -> &'static str {
        self.target().split_whitespace().next().unwrap_or_default()
    }

    /// The `table (columns)` of an `insert into table (columns) values (…)`.
    pub(crate) fn target(self) -> &'static str {
        let text = self.0.strip_prefix("insert into ").unwrap_or(self.0);
        text.split_once(" values ").map_or(text, |(target, _)| target)
    }
}

/// The same statement for SQLite, whose numbered placeholders begin with `?`.
pub(crate) fn for_sqlite(text: &str) -> String {
    text.replace('$', "?")
}

/// Writes a statement: `sql!("select … where provider_id = $1")`.
///
/// `no_provider = "reason"` excuses a statement that is not bound to a provider,
/// `scans = "reason"` one that reads a whole table.
macro_rules! sql {
    ($text:literal) => {
        $crate::sql::Sql::registered($text)
    };
    ($text:literal, no_provider = $reason:literal) => {
        $crate::sql::Sql::registered($text)
    };
    ($text:literal, scans = $reason:literal) => {
        $crate::sql::Sql::registered($text)
    };
}

pub(crate) use sql;
